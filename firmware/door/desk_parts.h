/* What the desk's own files share; nobody else includes it. desk.c: steps, time, and what is
 * asked of the store. desk_input.c: hands.
 * desk_walk_in.c: the keyboard of those without a ticket.
 * desk_search.c: guests by name. desk_fleet.c: other venues, pairs, the sync, the stick.
 * desk_result.c: the store's answers. desk_screen.c: what is to be seen. All of them change a desk
 * in place and add to *out. */
#ifndef PARVIS_DOOR_DESK_PARTS_H
#define PARVIS_DOOR_DESK_PARTS_H

#include "door/desk.h"

/* The name that rows carry which a volunteer's hand has made. */
#define DESK_VOLUNTEER "volunteer"

/* Shows a screen, and forgets the result that was there with all that hung on it. */
void desk_go(struct desk *d, enum screen_id id, const struct when *now, struct desk_effects *out);

/* `home`; the fault screen in place of SCAN while the store has failed. */
void desk_go_home(struct desk *d, const struct when *now, struct desk_effects *out);

/* Takes a row to be written: at the end of this step, or when those before it are. */
void desk_ask(struct desk *d, const struct desk_request *request, struct desk_effects *out);

/* The result's text, its override and a PIN being typed for it: no longer wanted. */
void desk_drop_result(struct desk *d, struct desk_effects *out);

void desk_chime(struct desk_effects *out, enum chime chime);
void desk_start_cue(
	struct desk *d, const struct cue *cue, const struct when *now, struct desk_effects *out);

/* The guest has gone: the house's language, text size and theme again. */
void desk_end_guest(struct desk *d, struct desk_effects *out);

/* The result on the screen is over: the guest's session too, unless it is a volunteer's. */
void desk_close_result(struct desk *d, const struct when *now, struct desk_effects *out);

/* The fault screen comes before the volunteers': these are no longer what results return to. */
void desk_send_staff_home(struct desk *d);

/* Ends a volunteer's session, and a PIN being typed. */
void desk_leave_staff(struct desk *d, const struct when *now, struct desk_effects *out);

/* How long the result on the screen stays. */
int desk_hold_ms(const struct desk *d);

void desk_wipe_pin(struct desk *d);
void desk_open_pin(struct desk *d, const struct when *now);
bool desk_has_stopped(const struct desk *d);
bool desk_is_dirty(const struct desk *d);
enum pin_state desk_pin_state(const struct desk *d, const struct when *now);

/* I have no ticket, where badges are made: the keyboard. And what is touched there. */
void desk_open_walk_in(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_come_in(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_key(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_variant(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_walk_in_back(struct desk *d, const struct desk_event *e, struct desk_effects *out);

/* Guests by name. */
void desk_open_search(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_show_found(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_pick_found(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_search_back(struct desk *d, const struct desk_event *e, struct desk_effects *out);

/* A key was pressed there; false: in vain. */
void desk_search_typed(struct desk *d, bool has_changed, struct desk_effects *out);

/* Wipes whom a search has found. */
void desk_forget_found(struct desk *d);

/* At the end of a step: whether a staff session was open before it. */
void desk_watch_staff(
	struct desk *d, const struct desk_event *e, bool before, struct desk_effects *out);

/* A screen of the volunteers', whose touches keep the session open. */
bool desk_is_staff_screen(const struct desk *d);

/* Other venues, pairs and the sync: the volunteers' screens of them. */
void desk_open_fleet(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_open_pairs(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_turn_list(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_close_list(struct desk *d, const struct desk_event *e, struct desk_effects *out);

int64_t desk_staff_idle_ms(const struct desk *d);
void desk_open_series(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_show_series(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_series(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_open_stick(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_copy(struct desk *d, const struct desk_event *e, struct desk_effects *out);

/* What of them is to be seen on the screen in out. */
void desk_fill_fleet(const struct desk *d, const struct when *now, struct screen *out);

/* What is known of the seats of the place that a guest is sent to: place_known and what follows. */
void desk_show_seats(
	const struct desk *d, const struct desk_venue *v, const struct when *now, struct screen *s);

/* The nearest other venue that is known, lately enough, to have room; NULL. */
const struct desk_venue *desk_nearest_room(const struct desk *d, const struct when *now);

/* A venue of the event, NULL: not one of them. */
const struct desk_venue *desk_venue(const struct desk *d, const char *id);

/* The name of a venue; NULL: not one of the event's. */
const char *desk_venue_name(const struct desk *d, const char *id);

/* Events. */
void desk_tap(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_hold(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_typed(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_button(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_pin_result(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_recorded(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_found(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_failed(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_fleet(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_link(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_stick(struct desk *d, const struct desk_event *e, struct desk_effects *out);
void desk_pairs(struct desk *d, const struct desk_event *e, struct desk_effects *out);

#endif
