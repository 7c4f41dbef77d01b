#include "ui/screens/screens.h"

#include "base/text.h"
#include "ui/draw.h"
#include "ui/keyboard.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#define ROW_GAP  12.0
#define ROW_HIGH 116.0

/* --- what was found, in a line --- */

static void say(char *out, size_t capacity, const struct page *p, enum string id, const char *arg)
{
	const char *const args[] = { arg };
	string_fill(out, capacity, string_of(p->screen->language, id), args, 1);
}

static void say_count(
	char out[STRING_SIZE], const struct page *p, enum string id, uint32_t n, const char *more)
{
	char digits[32];
	const char *const args[] = { digits, more };
	string_number(digits, sizeof(digits), p->screen->language, n);
	string_fill(out, STRING_SIZE, string_plural(p->screen->language, id, n), args, 2);
}

static void summary(const struct page *p, char out[STRING_SIZE])
{
	const struct screen *s = p->screen;
	char shown[32];
	string_number(shown, sizeof(shown), s->language, s->found_count);
	if (s->found_total > s->found_count)
		say_count(out, p, STRING_SEARCH_MORE, s->found_total, shown);
	else if (s->found_total)
		say_count(out, p, STRING_SEARCH_FOUND, s->found_total, "");
	else if (*s->keyboard.text && !s->found_pending)
		text_copy(out, STRING_SIZE, string_of(s->language, STRING_SEARCH_NOBODY));
	else
		text_copy(out, STRING_SIZE, string_of(s->language, STRING_SEARCH_HINT));
}

/* Where somebody came in or went out: another venue's name, or the door as people say it. */
static void where(char out[STRING_SIZE], const struct screen_found *f)
{
	text_copy(out, STRING_SIZE, f->venue ? f->venue : f->door);
	if (!f->venue)
		out[0] = (char)toupper((unsigned char)out[0]);
}

static void state_line(const struct page *p, const struct screen_found *f, char out[STRING_SIZE])
{
	static const enum string states[FOUND_STATES] = {
		[FOUND_NOT_YET] = STRING_SEARCH_NOT_YET,
		[FOUND_IN] = STRING_SEARCH_IN,
		[FOUND_OUT] = STRING_SEARCH_OUT,
		[FOUND_REVOKED] = STRING_SEARCH_REVOKED,
	};
	char hm[8] = "–:–", place[STRING_SIZE], type[TICKET_NAME_SIZE];
	if (f->at.wall_ms && f->at.trust != TRUST_UNSET)
		when_hm(f->at.wall_ms, hm);
	say(out, STRING_SIZE, p, states[f->state], hm);
	if (f->state == FOUND_IN || f->state == FOUND_OUT) {
		where(place, f);
		screen_join(out, STRING_SIZE, place);
	}
	string_clean(type, sizeof(type), f->type);
	screen_join(out, STRING_SIZE, type);
}

/* --- the list --- */

static void draw_found(struct page *p, struct box b, size_t i)
{
	static const struct colour *const dots[FOUND_STATES] = {
		[FOUND_NOT_YET] = &theme_good,
		[FOUND_IN] = &theme_warn,
		[FOUND_OUT] = &theme_good,
		[FOUND_REVOKED] = &theme_bad,
	};
	const struct screen_found *f = &p->screen->found[i];
	struct type bold = { 30, 600, p->palette->text, ALIGN_START, false };
	struct type soft = { 22, 400, p->palette->soft, ALIGN_START, false };
	struct key key = { .control = (enum control)(CONTROL_FOUND_0 + (int)i),
		.kind = BUTTON_ROW };
	char line[STRING_SIZE], name[TICKET_NAME_SIZE];
	string_clean(name, sizeof(name), f->name);
	state_line(p, f, line);
	text_copy(key.label, sizeof(key.label), *name ? name : "–");
	text_copy(key.spoken, sizeof(key.spoken), key.label);
	screen_join(key.spoken, sizeof(key.spoken), line);
	key_draw(p, b, &key);
	struct colour under = p->on;
	p->on = p->palette->panel;
	struct box in = box_inset(b, 24, 10), dot = box_start(&in, 18);
	box_start(&in, 14);
	draw_dot(p, dot.x + 9, b.y + b.h / 2, 9, *dots[f->state]);
	text_draw_line(p, box_top(&in, in.h * 0.56), key.label, &bold);
	text_draw_line(p, in, line, &soft);
	p->on = under;
}

static void draw_list(struct page *p, struct box rest)
{
	size_t count = p->screen->found_count, columns = page_upright(p) ? 1 : 2;
	size_t rows = SCREEN_FOUND_MAX / columns;
	double h = fmin((rest.h - ROW_GAP * (double)(rows - 1)) / (double)rows, ROW_HIGH);
	double w = (rest.w - GAP * (double)(columns - 1)) / (double)columns;
	for (size_t i = 0; i < count; i++)
		draw_found(p,
			(struct box){ rest.x + (w + GAP) * (double)(i / rows),
				rest.y + (h + ROW_GAP) * (double)(i % rows), w, h },
			i);
}

/* --- the name --- */

static void draw_name(struct page *p, struct box *rest)
{
	struct key find = key_of(p, CONTROL_FIND, BUTTON_PRIMARY);
	bool upright = page_upright(p),
	     offered = p->screen->found_count && !p->screen->found_pending;
	struct box row = box_top(rest, KEYBOARD_FIELD_HIGH);
	if (!upright) {
		struct box end = box_end(&row, fmax(row.w * 0.3, 240));
		if (offered)
			key_draw(p, end, &find);
		box_end(&row, 24);
	}
	keyboard_draw_field(p, row);
	box_top(rest, 12);
	if (upright) {
		struct box under = box_top(rest, 96);
		if (offered)
			key_draw(p, under, &find);
		box_top(rest, 16);
	}
}

void screen_search(struct page *p)
{
	struct type note = { 24, 400, p->palette->soft, ALIGN_START, false };
	char text[2 * STRING_SIZE];
	page_begin(p, GROUND_NIGHT);
	struct box rest = screen_frame(p, string_of(p->screen->language, STRING_SEARCH_TITLE), "");
	struct key back = key_of(p, CONTROL_BACK, BUTTON_PLAIN);
	bool list = p->screen->found_list;
	note.ink = p->palette->soft; /* the theme's, now that it is known */
	if (!list)
		draw_name(p, &rest);
	summary(p, text);
	if (list)
		screen_join(
			text, sizeof(text), string_of(p->screen->language, STRING_SEARCH_TOUCH));
	text_flow(p, &rest, text, &note, 16);
	screen_foot(p, &rest, &back, 1, NULL, 0);
	if (list)
		draw_list(p, rest);
	else
		keyboard_draw(p, rest);
}
