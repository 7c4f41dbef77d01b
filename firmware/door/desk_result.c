/* The store's answers: what was written becomes lights, sound and a result; what could not be
 * written becomes neither green nor a figure. */
#include "base/cc.h"
#include "base/text.h"
#include "door/desk_parts.h"

#include <string.h>

/* What a volunteer may take on themself. */
static const bool overridable[VERDICT_COUNT] = {
	[VERDICT_FULL] = true,
	[VERDICT_WRONG_VENUE] = true,
	[VERDICT_NOT_YET] = true,
	[VERDICT_EXPIRED] = true,
	[VERDICT_UNKNOWN] = true,
};

static struct when limit_at(int64_t seconds, enum trust trust)
{
	int64_t ms;
	if (__builtin_mul_overflow(seconds, (int64_t)1000, &ms))
		ms = seconds < 0 ? INT64_MIN : INT64_MAX;
	return (struct when){ .wall_ms = ms, .trust = trust };
}

static void show_limit(struct screen *s, const struct ticket *t, enum trust trust)
{
	if (s->verdict == VERDICT_NOT_YET)
		s->limit = limit_at(t->valid_from_s, trust);
	else if (s->verdict == VERDICT_EXPIRED)
		s->limit = limit_at(t->valid_until_s, trust);
}

/* The time and place of the earlier entry, and where a ticket for elsewhere is good. */
static void show_places(struct desk *d, const struct desk_event *e)
{
	const struct ticket *t = &e->recorded.ticket;
	const struct prior *prior = &e->recorded.prior;
	struct screen *s = &d->screen;
	if (s->verdict == VERDICT_ALREADY_IN) {
		s->prior = (struct when){ .wall_ms = prior->wall_ms, .trust = prior->trust };
		text_copy(s->prior_door, sizeof(s->prior_door), prior->door);
	}
	if (s->verdict == VERDICT_ALREADY_IN || s->verdict == VERDICT_MOVED) {
		const struct desk_venue *from = desk_venue(d, prior->venue);
		bool here = !strcmp(prior->venue, d->setup.rules.venue);
		s->prior_venue = from && !here ? from->place.name : NULL;
	}
	const struct desk_venue *to = NULL;
	if (s->verdict == VERDICT_WRONG_VENUE && !t->foreign_venue)
		to = desk_venue(d, t->venue);
	if (to) {
		s->place = to->place;
		desk_show_seats(d, to, &e->now, s);
	}
}

/* Where there is room: nowhere is said of a place that may be full by now. */
static void show_room(struct desk *d, const struct when *now)
{
	const struct desk_venue *to = desk_nearest_room(d, now);
	if (d->screen.verdict != VERDICT_FULL || !to)
		return;
	d->screen.place = to->place;
	desk_show_seats(d, to, now, &d->screen);
}

static void clear_result(struct screen *s)
{
	s->verdict = VERDICT_NONE;
	s->walk_in = s->time_doubt = s->overridden = false;
	memset(s->name, 0, sizeof(s->name));
	memset(s->badge, 0, sizeof(s->badge));
	s->badge_prints = false;
	memset(s->prior_door, 0, sizeof(s->prior_door));
	s->entry_number = 0;
	s->prior = s->limit = (struct when){ 0 };
	s->prior_venue = NULL;
	s->place = (struct screen_place){ .name = "", .address = "" };
	s->place_known = s->place_no_limit = false;
	s->place_free = 0;
}

/* A name is for the guest who holds the ticket: it is shown to nobody who was refused, since a
 * ticket that is inside already may be a copy. */
static void fill_result(struct desk *d, const struct desk_event *e)
{
	struct screen *s = &d->screen;
	const struct row *row = &e->recorded.row;
	clear_result(s);
	s->verdict = row->verdict;
	s->walk_in = row->kind == ROW_WALK_IN;
	s->time_doubt = row->time_doubt;
	s->overridden = row->overridden;
	if (verdict_admits(row->verdict))
		s->entry_number = e->recorded.count.in;
	show_room(d, &e->now);
	if (s->walk_in) {
		text_copy(s->badge, sizeof(s->badge), e->recorded.badge);
		if (*s->badge)
			text_copy(s->name, sizeof(s->name), d->pending.name);
		s->badge_prints = *s->badge && s->has_printer;
		return;
	}
	if (verdict_admits(row->verdict) || row->verdict == VERDICT_EXIT)
		text_copy(s->name, sizeof(s->name), e->recorded.ticket.name);
	show_limit(s, &e->recorded.ticket, row->at.trust);
	show_places(d, e);
}

static void give_verdict(
	struct desk *d, enum verdict v, const struct when *now, struct desk_effects *out)
{
	out->verdict = v;
	out->source = d->pending.source;
	out->set |= EFFECT_VERDICT;
	desk_start_cue(d, cue_of(v), now, out);
}

static bool may_override(const struct desk *d)
{
	return overridable[d->screen.verdict] && !d->pending.override &&
	       d->setup.rules.doorway != DOOR_EXIT;
}

static void show_result(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	bool scan = d->pending.kind == ROW_SCAN;
	desk_go(d, SCREEN_RESULT, &e->now, out);
	fill_result(d, e);
	d->may_override = may_override(d);
	d->last_held = scan && d->may_override;
	if (scan && !d->last_held)
		out->set |= EFFECT_FORGET;
	if (d->screen.verdict == VERDICT_STAFF && !d->screen.staff)
		desk_open_pin(d, &e->now);
	else if (d->screen.verdict == VERDICT_STAFF)
		d->home = SCREEN_HEADCOUNT;
	give_verdict(d, d->screen.verdict, &e->now, out);
}

/* The name goes out with the effect, or waits for a volunteer who lets its owner in; it is kept
 * nowhere else, but for the greeting. */
static void hand_over_badge(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	if (*e->recorded.badge) {
		text_copy(out->badge.name, sizeof(out->badge.name), d->pending.name);
		text_copy(out->badge.code, sizeof(out->badge.code), e->recorded.badge);
		out->set |= EFFECT_PRINT;
	} else if (d->may_override) {
		d->badge_refused = d->pending.badge;
		memcpy(d->refused_name, d->pending.name, sizeof(d->refused_name));
	}
}

/* The time that the store took is not time without the code. */
static void hold_on(struct desk *d, const struct when *now)
{
	if (d->pending.kind == ROW_SCAN && d->pending.source == SOURCE_CAMERA)
		(void)repeat_seen(&d->held, d->pending.hash, now->mono_ms);
}

static void note_undo(struct desk *d, const struct row *row)
{
	if (row->kind == ROW_UNDO)
		d->last_seq = 0;
	else if (headcount_effect(row))
		d->last_seq = row->seq;
}

void desk_recorded(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	if (!d->busy)
		return;
	d->busy = false;
	hold_on(d, &e->now);
	d->faults &= ~(uint32_t)FAULTS_STOP; /* it has just been written */
	d->screen.count = e->recorded.count;
	d->screen.registered_in = e->recorded.registered_in;
	note_undo(d, &e->recorded.row);
	out->set |= EFFECT_SCREEN;
	if (d->pending.kind == ROW_SCAN || d->pending.kind == ROW_WALK_IN)
		show_result(d, e, out);
	else
		desk_chime(out, CHIME_TAP);
	if (d->pending.kind == ROW_WALK_IN)
		hand_over_badge(d, e, out);
	memset(d->pending.name, 0, sizeof(d->pending.name));
	if (d->screen.id == SCREEN_FAULT)
		desk_go_home(d, &e->now, out);
}

/* With the cause known, the fault screen says it and stays; else the failure is a result like any
 * other, and ends. What was waiting behind it would fail the same way, and has not been counted:
 * the sound and the screen say so. */
void desk_failed(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	if (!d->busy)
		return;
	d->busy = false;
	if (d->pending.kind == ROW_SCAN || d->waiting_count)
		out->set |= EFFECT_FORGET; /* an override may have waited */
	memset(d->pending.name, 0, sizeof(d->pending.name));
	memset(d->waiting, 0, sizeof(d->waiting));
	d->waiting_count = 0;
	hold_on(d, &e->now);
	d->faults |= e->failed.fault & FAULTS_STOP;
	out->set |= EFFECT_SCREEN;
	bool answer = d->pending.kind == ROW_SCAN || d->pending.kind == ROW_WALK_IN;
	if (d->pending.kind == ROW_UNDO && !desk_has_stopped(d))
		d->last_seq = 0; /* there is nothing to undo after all */
	if (!answer && !desk_has_stopped(d)) {
		desk_chime(out, CHIME_FAULT);
		return;
	}
	if (desk_has_stopped(d))
		desk_send_staff_home(d);
	desk_go(d, desk_has_stopped(d) ? SCREEN_FAULT : SCREEN_RESULT, &e->now, out);
	clear_result(&d->screen);
	d->screen.verdict = VERDICT_STORE_FAILED;
	if (answer)
		give_verdict(d, VERDICT_STORE_FAILED, &e->now, out);
	else
		desk_start_cue(d, cue_of(VERDICT_STORE_FAILED), &e->now, out);
}
