#include "door/desk.h"

#include "door/desk_parts.h"

#include <string.h>

#define MINUTE_MS 60000

bool desk_has_stopped(const struct desk *d)
{
	return d->faults & FAULTS_STOP;
}

void desk_chime(struct desk_effects *out, enum chime chime)
{
	out->set |= EFFECT_CHIME;
	out->chime = chime;
}

void desk_start_cue(
	struct desk *d, const struct cue *cue, const struct when *now, struct desk_effects *out)
{
	d->cue = cue;
	d->cue_started_ms = now->mono_ms;
	out->cue = cue;
	out->set |= EFFECT_CUE;
}

void desk_drop_result(struct desk *d, struct desk_effects *out)
{
	if (d->last_held)
		out->set |= EFFECT_FORGET;
	d->last_held = false;
	d->may_override = false;
	d->badge_refused = false;
	memset(d->refused_name, 0, sizeof(d->refused_name));
	memset(d->screen.name, 0, sizeof(d->screen.name));
	memset(d->screen.badge, 0, sizeof(d->screen.badge));
	memset(&d->screen.keyboard, 0, sizeof(d->screen.keyboard));
	desk_forget_found(d);
	if (d->after_pin_override)
		desk_wipe_pin(d);
	d->after_pin_override = false;
}

void desk_go(struct desk *d, enum screen_id id, const struct when *now, struct desk_effects *out)
{
	desk_drop_result(d, out);
	d->screen.id = id;
	d->shown_ms = now->mono_ms;
	out->set |= EFFECT_SCREEN;
}

void desk_go_home(struct desk *d, const struct when *now, struct desk_effects *out)
{
	bool stopped = d->home == SCREEN_SCAN && desk_has_stopped(d);
	desk_go(d, stopped ? SCREEN_FAULT : d->home, now, out);
}

bool desk_is_dirty(const struct desk *d)
{
	return d->screen.language != d->setup.language || d->screen.theme != THEME_NIGHT ||
	       d->screen.text_percent != 100;
}

void desk_end_guest(struct desk *d, struct desk_effects *out)
{
	if (!desk_is_dirty(d))
		return;
	d->screen.language = d->setup.language;
	d->screen.theme = THEME_NIGHT;
	d->screen.text_percent = 100;
	out->set |= EFFECT_SCREEN;
}

void desk_close_result(struct desk *d, const struct when *now, struct desk_effects *out)
{
	if (d->home == SCREEN_SCAN)
		desk_end_guest(d, out);
	desk_go_home(d, now, out);
}

void desk_send_staff_home(struct desk *d)
{
	if (d->home == SCREEN_PIN)
		desk_wipe_pin(d);
	d->home = SCREEN_SCAN;
}

bool desk_is_staff_screen(const struct desk *d)
{
	static const uint32_t theirs =
		1U << SCREEN_PIN | 1U << SCREEN_HEADCOUNT | 1U << SCREEN_SEARCH |
		1U << SCREEN_FLEET | 1U << SCREEN_PAIRS | 1U << SCREEN_STICK | 1U << SCREEN_SERIES;
	return theirs & 1U << d->screen.id;
}

void desk_leave_staff(struct desk *d, const struct when *now, struct desk_effects *out)
{
	bool showing = desk_is_staff_screen(d);
	desk_wipe_pin(d);
	d->screen.staff = false;
	d->home = SCREEN_SCAN;
	if (showing)
		desk_go_home(d, now, out);
	desk_end_guest(d, out);
	out->set |= EFFECT_SCREEN;
}

void desk_ask(struct desk *d, const struct desk_request *request, struct desk_effects *out)
{
	if (d->waiting_count == DESK_WAITING_MAX) {
		desk_chime(out, CHIME_FAULT);
		if (request->kind == ROW_SCAN)
			out->set |= EFFECT_FORGET;
		return;
	}
	d->waiting[d->waiting_count++] = *request;
}

/* Whether a row is still worth writing, now that those before it are: the figure of people present
 * is never corrected below nobody, and one row is never undone twice. */
static bool is_wanted(struct desk *d, struct desk_request *r)
{
	if (r->kind == ROW_ADJUST && r->amount < 0)
		return headcount_present(&d->screen.count) > 0;
	if (r->kind == ROW_UNDO)
		r->undoes = d->last_seq;
	return r->kind != ROW_UNDO || r->undoes;
}

static void write_next(struct desk *d, struct desk_effects *out)
{
	while (!d->busy && d->waiting_count) {
		struct desk_request next = d->waiting[0];
		d->waiting_count--;
		memmove(d->waiting, d->waiting + 1, d->waiting_count * sizeof(next));
		memset(d->waiting + d->waiting_count, 0, sizeof(next)); /* it may have had a name */
		if (!is_wanted(d, &next))
			continue;
		d->pending = next;
		d->busy = true;
		out->request = next;
		out->set |= EFFECT_RECORD;
	}
}

static void end_staff_in_time(struct desk *d, const struct when *now, struct desk_effects *out)
{
	bool open = d->screen.staff || d->home != SCREEN_SCAN || d->after_pin_override;
	if (open && now->mono_ms - d->staff_touched_ms >= desk_staff_idle_ms(d))
		desk_leave_staff(d, now, out);
}

static void end_result_in_time(struct desk *d, const struct when *now, struct desk_effects *out)
{
	if (d->screen.id != SCREEN_RESULT || now->mono_ms - d->shown_ms < desk_hold_ms(d))
		return;
	desk_close_result(d, now, out);
}

static void end_guest_in_time(struct desk *d, const struct when *now, struct desk_effects *out)
{
	int64_t idle_ms = now->mono_ms - d->touched_ms;
	if (d->screen.id == SCREEN_HELP && idle_ms >= DESK_HELP_MS) {
		desk_go_home(d, now, out);
		desk_end_guest(d, out);
	}
	if (d->screen.id == SCREEN_WALK_IN && idle_ms >= DESK_WALK_IN_MS) {
		desk_go_home(d, now, out);
		desk_end_guest(d, out);
	}
	bool idle = d->screen.id == SCREEN_SCAN || d->screen.id == SCREEN_FAULT;
	if (idle && idle_ms >= DESK_GUEST_IDLE_MS)
		desk_end_guest(d, out);
}

/* Whatever has run out by now ends before the event is looked at: a tap on what is no longer
 * offered does nothing, however late the last tick was. */
static void pass_time(struct desk *d, const struct when *now, struct desk_effects *out)
{
	end_staff_in_time(d, now, out);
	end_result_in_time(d, now, out);
	end_guest_in_time(d, now, out);
	if (d->cue && !cue_left_ms(d->cue, now->mono_ms - d->cue_started_ms))
		d->cue = NULL;
	int64_t minute = now->wall_ms / MINUTE_MS;
	if (minute != d->minute || d->screen.id == SCREEN_RESULT ||
		desk_pin_state(d, now) == PIN_WAIT)
		out->set |= EFFECT_SCREEN;
	d->minute = minute;
}

static void tick(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	(void)d;
	(void)e;
	(void)out;
}

/* A camera sees a code many times a second; a hand scanner's trigger is pulled on purpose, and is
 * answered every time. */
static void code(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	if (d->busy)
		return;
	bool camera = e->code.source == SOURCE_CAMERA;
	if (camera && repeat_seen(&d->held, e->code.hash, e->now.mono_ms))
		return;
	if (d->screen.id == SCREEN_RESULT && d->home == SCREEN_SCAN)
		desk_end_guest(d, out);
	desk_go_home(d, &e->now, out);
	/* This code's text takes the place of the one before: see struct desk_request. */
	out->set &= ~(uint32_t)EFFECT_FORGET;
	d->touched_ms = e->now.mono_ms;
	memcpy(d->last_hash, e->code.hash, sizeof(d->last_hash));
	d->last_found = false;
	struct desk_request r = { .kind = ROW_SCAN, .source = e->code.source };
	memcpy(r.hash, e->code.hash, sizeof(r.hash));
	desk_ask(d, &r, out);
}

static void corners(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	if (e->corners.seen || d->screen.corners_seen)
		out->set |= EFFECT_SCREEN;
	d->screen.corners_seen = e->corners.seen;
	for (int i = 0; i < 4; i++)
		for (int axis = 0; axis < 2; axis++) {
			float at = e->corners.at[i][axis];
			/* Written so that what is not a number becomes 0 too. */
			d->screen.corners[i][axis] = at >= 0 ? (at <= 1 ? at : 1) : 0;
		}
}

static void lens_clear(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	(void)e;
	(void)out;
	repeat_clear(&d->held);
}

static void faults(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	bool had_stopped = desk_has_stopped(d);
	d->faults = (d->faults & ~e->faults.mask) | (e->faults.on & e->faults.mask);
	out->set |= EFFECT_SCREEN;
	if (desk_has_stopped(d) == had_stopped)
		return;
	if (!had_stopped) {
		desk_send_staff_home(d);
		desk_go_home(d, &e->now, out);
		return;
	}
	/* Whoever still holds up a code that could not be written is answered now. */
	repeat_clear(&d->held);
	if (d->screen.id == SCREEN_FAULT)
		desk_go_home(d, &e->now, out);
}

static void printer(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	bool trouble = e->printer.trouble != PRINTER_FINE;
	d->screen.has_printer = true;
	d->screen.printer = e->printer.trouble;
	d->screen.labels_left = e->printer.labels_left;
	d->screen.badges_waiting = e->printer.waiting;
	d->faults = (d->faults & ~(uint32_t)FAULT_PRINTER) | (trouble ? FAULT_PRINTER : 0);
	out->set |= EFFECT_SCREEN;
}

static void (*const steps[])(
	struct desk *d, const struct desk_event *e, struct desk_effects *out) = {
	[DESK_TICK] = tick,
	[DESK_CODE] = code,
	[DESK_CORNERS] = corners,
	[DESK_LENS_CLEAR] = lens_clear,
	[DESK_RECORDED] = desk_recorded,
	[DESK_FAILED] = desk_failed,
	[DESK_TAP] = desk_tap,
	[DESK_BUTTON] = desk_button,
	[DESK_PIN_RESULT] = desk_pin_result,
	[DESK_FAULTS] = faults,
	[DESK_HOLD] = desk_hold,
	[DESK_TYPED] = desk_typed,
	[DESK_PRINTER] = printer,
	[DESK_FOUND] = desk_found,
	[DESK_FLEET] = desk_fleet,
	[DESK_LINK] = desk_link,
	[DESK_STICK] = desk_stick,
	[DESK_SERIES] = desk_series,
	[DESK_PAIRS] = desk_pairs,
};

void desk_step(struct desk *d, const struct desk_event *event, struct desk_effects *out)
{
	CHECK((unsigned)event->kind < ARRAY_LEN(steps));
	bool staff = d->screen.staff;
	*out = (struct desk_effects){ 0 };
	pass_time(d, &event->now, out);
	steps[event->kind](d, event, out);
	desk_watch_staff(d, event, staff, out);
	write_next(d, out);
}

void desk_init(struct desk *d, const struct desk_setup *setup, const struct headcount *count,
	uint64_t registered_in, const struct when *now)
{
	*d = (struct desk){ .setup = *setup,
		.shown_ms = now->mono_ms,
		.touched_ms = now->mono_ms,
		.staff_touched_ms = now->mono_ms,
		.no_ticket_ms = now->mono_ms - DESK_DOUBLE_TAP_MS,
		.minute = now->wall_ms / MINUTE_MS };
	d->screen = (struct screen){ .id = SCREEN_SCAN,
		.language = setup->language,
		.text_percent = 100,
		.count = *count,
		.registered = setup->registered,
		.registered_in = registered_in,
		.labels_left = -1,
		.place = { .name = "", .address = "" } };
}

void desk_recount(
	struct desk *d, const struct headcount *count, uint64_t registered, uint64_t registered_in)
{
	d->screen.count = *count;
	d->screen.registered = registered;
	d->screen.registered_in = registered_in;
	d->last_seq = 0; /* the number may be another row's there */
}

void desk_counted(struct desk *d, const struct headcount *count, uint64_t registered_in)
{
	d->screen.count = *count;
	d->screen.registered_in = registered_in;
}

bool desk_ready(const struct desk *d)
{
	return !d->busy;
}
