/* What is to be seen at a moment, and when that changes next: derived, never stored. */
#include "door/desk_parts.h"

#include <string.h>

#define MINUTE_MS 60000

/* How often a result's bar moves. */
#define BAR_MS 50

/* A badge is there to be photographed. */
int desk_hold_ms(const struct desk *d)
{
	return *d->screen.badge ? DESK_BADGE_MS : cue_of(d->screen.verdict)->hold_ms;
}

static int64_t result_left_ms(const struct desk *d, const struct when *now)
{
	int64_t left_ms = desk_hold_ms(d) - (now->mono_ms - d->shown_ms);
	return left_ms > 0 ? left_ms : 0;
}

/* 0 would say "stays until touched": the last moment is 1. */
static uint16_t left_permille(const struct desk *d, const struct when *now)
{
	int hold_ms = desk_hold_ms(d);
	if (d->screen.id != SCREEN_RESULT || !hold_ms)
		return 0;
	int64_t left = result_left_ms(d, now) * 1000 / hold_ms;
	return (uint16_t)(left < 1 ? 1 : left > 1000 ? 1000 : left);
}

static uint16_t pin_wait_s(const struct desk *d, const struct when *now)
{
	int64_t left_s = (d->pin_blocked_until_ms - now->mono_ms + 999) / 1000;
	if (left_s <= 0)
		return 0;
	return left_s > UINT16_MAX ? UINT16_MAX : (uint16_t)left_s;
}

static void fill_place(const struct desk *d, struct screen *out)
{
	out->event_title = d->setup.event_title;
	out->venue_name = d->setup.venue_name;
	out->venue_address = d->setup.venue_address;
	out->debate = d->setup.debate;
	out->door = d->setup.rules.door;
	out->languages = d->setup.languages;
	out->capacity_seats = d->setup.rules.capacity_seats;
}

void desk_screen(const struct desk *d, const struct when *now, struct screen *out)
{
	*out = d->screen;
	fill_place(d, out);
	out->now = *now;
	out->faults = d->faults;
	out->camera = d->setup.has_camera && !(d->faults & FAULT_CAMERA);
	out->scanner = d->setup.has_scanner;
	out->corners_seen = d->screen.corners_seen && out->camera;
	out->can_override = d->may_override && d->screen.id == SCREEN_RESULT;
	out->left_permille = left_permille(d, now);
	out->pin = desk_pin_state(d, now);
	out->pin_digits = (uint8_t)strlen(d->pin);
	out->pin_wait_s = out->pin == PIN_WAIT ? pin_wait_s(d, now) : 0;
	out->pin_for_override = d->after_pin_override;
	out->can_undo = d->last_seq != 0;
	desk_fill_fleet(d, now, out);
	/* Nobody here sees how long the queue outside is, and a guess would be worse than none. */
}

static bool is_writing_an_answer(const struct desk *d)
{
	return d->busy && (d->pending.kind == ROW_SCAN || d->pending.kind == ROW_WALK_IN);
}

/* The door stays open for the guest before, who may be half through it. */
uint8_t desk_lamps(const struct desk *d, const struct when *now)
{
	uint8_t on = d->cue ? cue_lamps(d->cue, now->mono_ms - d->cue_started_ms) : 0;
	if (is_writing_an_answer(d))
		on &= LAMP_DOOR;
	bool over = !d->cue || !cue_left_ms(d->cue, now->mono_ms - d->cue_started_ms);
	if (desk_has_stopped(d) && over)
		on |= LAMP_RED;
	return on;
}

/* The sooner of two; what has no time left of its own (0 or less) is no reason to wake. */
static int64_t sooner(int64_t a, int64_t b)
{
	return b > 0 && b < a ? b : a;
}

int64_t desk_staff_idle_ms(const struct desk *d)
{
	bool shows = d->screen.id == SCREEN_SERIES && d->series.state == SERIES_SHOWN;
	return shows ? DESK_SERIES_MS : DESK_STAFF_IDLE_MS;
}

static int64_t staff_left_ms(const struct desk *d, const struct when *now)
{
	if (!d->screen.staff && d->home == SCREEN_SCAN && !d->after_pin_override)
		return 0;
	return desk_staff_idle_ms(d) - (now->mono_ms - d->staff_touched_ms);
}

static int64_t guest_left_ms(const struct desk *d, const struct when *now)
{
	int64_t idle_ms = now->mono_ms - d->touched_ms;
	if (d->screen.id == SCREEN_HELP)
		return DESK_HELP_MS - idle_ms;
	if (d->screen.id == SCREEN_WALK_IN)
		return DESK_WALK_IN_MS - idle_ms;
	return desk_is_dirty(d) ? DESK_GUEST_IDLE_MS - idle_ms : 0;
}

int desk_next_ms(const struct desk *d, const struct when *now)
{
	int64_t next = sooner(1000, MINUTE_MS - now->wall_ms % MINUTE_MS);
	next = sooner(next, staff_left_ms(d, now));
	next = sooner(next, guest_left_ms(d, now));
	next = sooner(next, d->pin_blocked_until_ms - now->mono_ms);
	if (d->screen.id == SCREEN_SERIES && d->series.state == SERIES_SHOWN)
		next = sooner(next, d->series.frame_ms / 4);
	if (d->cue)
		next = sooner(next, cue_left_ms(d->cue, now->mono_ms - d->cue_started_ms));
	if (d->screen.id == SCREEN_RESULT) {
		int64_t left_ms = result_left_ms(d, now);
		next = sooner(next, left_ms > 0 ? left_ms : 1);
		next = sooner(next, BAR_MS);
	}
	return (int)next;
}
