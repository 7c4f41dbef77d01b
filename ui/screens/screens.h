/* The screens, one function and one file each, and what they share. Called by ui/render.c, dry and
 * then wet; see ui/page.h. */
#ifndef PARVIS_UI_SCREENS_H
#define PARVIS_UI_SCREENS_H

#include "ui/page.h"

void screen_scan(struct page *p);
void screen_result(struct page *p);
void screen_help(struct page *p);
void screen_pin(struct page *p);
void screen_headcount(struct page *p);
void screen_fault(struct page *p);
void screen_adopt(struct page *p);
void screen_walk_in(struct page *p);
void screen_search(struct page *p);
void screen_fleet(struct page *p);
void screen_pairs(struct page *p);
void screen_stick(struct page *p);
void screen_series(struct page *p);

/* The page without its margins and its header line, which is drawn: bold, then soft in gentler
 * type, and at the end the state of the door and the time. */
struct box screen_frame(struct page *p, const char *bold, const char *soft);

/* What is known of a fault: a name for lists, what is wrong, what to do. */
struct fault_words {
	const char *name, *what, *remedy;
};
struct fault_words screen_fault_words(const struct page *p, unsigned bit);

/* Cuts a strip off the bottom of rest that says in words which of these faults there are; nothing
 * when there are none. */
void screen_notice(struct page *p, struct box *rest, uint32_t faults);

/* … and these, in other words; nothing for "". */
void screen_strip(struct page *p, struct box *rest, const char *text);

/* How the sync does, for volunteers: the line of the header or, upright, one cut off the top of
 * rest; and, as a strip, what a person should do about it. Nothing where there is no sync. */
void screen_link_line(struct page *p, struct box *rest);
void screen_link_strip(struct page *p, struct box *rest);
/* The line's words, "" = none, and the dot before them. */
void screen_link_text(const struct page *p, char out[STRING_SIZE], struct colour *dot);

/* Cuts the foot of a list off the bottom of rest: back, the pages before and after where there are
 * any, one key more (NULL: none), and a line of text. `shown`: how many are on this page. */
void screen_list_foot(
	struct page *p, struct box *rest, uint32_t shown, const char *text, const struct key *more);

/* Cuts a line of small type off the bottom of rest that says which bundle is in force, so that
 * boxes can be compared; nothing when there is none. */
void screen_box_line(struct page *p, struct box *rest);

/* A name joined to a list: "Numa · OGP MeetUp". An empty name adds nothing. */
void screen_join(char *out, size_t capacity, const char *name);

/* The languages of the event as keys, the one in use filled. Gives how many. */
size_t screen_languages(const struct page *p, struct key keys[LANGUAGE_COUNT]);

/* Cuts the keys off the bottom of rest: the main ones at the start, aids at the end of the same
 * row, or below them where one row is not enough. */
void screen_foot(struct page *p, struct box *rest, const struct key *main, size_t main_count,
	const struct key *aids, size_t aid_count);

/* Colour of a bar that fills up: sky, then amber, then red. */
struct colour screen_fill_colour(const struct page *p, double part);

#endif
