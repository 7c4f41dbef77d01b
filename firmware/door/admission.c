#include "door/admission.h"

#include "base/cc.h"

#include <string.h>

/* Tickets whose kind alone decides. VERDICT_NONE: the rules have the next word. */
static const enum verdict by_kind[] = {
	[TICKET_NOT_ONE] = VERDICT_NOT_A_TICKET,
	[TICKET_UNKNOWN] = VERDICT_NONE, /* a volunteer may have let it in, or it is a badge */
	[TICKET_FORGED] = VERDICT_FORGED,
	[TICKET_SIGNED] = VERDICT_NONE,
	[TICKET_ROSTER] = VERDICT_NONE,
	[TICKET_TEST] = VERDICT_TEST_OK,
	[TICKET_STAFF] = VERDICT_STAFF, /* unless taken back or out of its time */
};
static_assert(ARRAY_LEN(by_kind) == TICKET_KIND_COUNT, "every kind of ticket needs an answer");

static struct decision answer(enum verdict verdict, enum direction direction)
{
	return (struct decision){ .verdict = verdict, .direction = direction };
}

/* Whole seconds, rounded down on either side of 1970: limits are in seconds, and a limit's whole
 * second is inside it. */
static int64_t seconds(int64_t ms)
{
	return ms / 1000 - (ms % 1000 < 0);
}

/* What the window says: NONE, NOT_YET or EXPIRED. *doubt is set where a limit stands against the
 * guest, or might, on a clock that cannot tell:
 *   SYNCED  judges both limits.
 *   FREE    lags if it is wrong. "Run out" is therefore sure; "not yet" may only be the lag.
 *   UNSET   says nothing, so that every limit is in doubt. */
static enum verdict judge_window(const struct ticket *t, const struct when *now, bool *doubt)
{
	int64_t now_s = seconds(now->wall_ms);
	bool early = t->valid_from_s && now_s < t->valid_from_s;
	bool late = t->valid_until_s && now_s > t->valid_until_s;
	*doubt = false;
	if (now->trust == TRUST_UNSET) {
		*doubt = t->valid_from_s || t->valid_until_s;
		return VERDICT_NONE;
	}
	if (late)
		return VERDICT_EXPIRED;
	if (early && now->trust == TRUST_SYNCED)
		return VERDICT_NOT_YET;
	*doubt = early;
	return VERDICT_NONE;
}

static bool is_known(const struct ticket *t, const struct prior *prior)
{
	return (t->kind != TICKET_UNKNOWN || prior->walk_in) && !t->foreign_item;
}

static bool is_for_here(const struct admission_rules *rules, const struct ticket *t)
{
	return !t->foreign_venue && (!t->venue[0] || !strcmp(t->venue, rules->venue));
}

/* The first rule that stands against an entry and that a volunteer may set aside. */
static enum verdict barrier(const struct admission_rules *rules, const struct ticket *t,
	const struct prior *prior, const struct when *now, bool *doubt)
{
	enum verdict window = judge_window(t, now, doubt);
	if (window != VERDICT_NONE)
		return window;
	if (!is_known(t, prior))
		return VERDICT_UNKNOWN;
	return is_for_here(rules, t) ? VERDICT_NONE : VERDICT_WRONG_VENUE;
}

static bool was_here(const struct admission_rules *rules, const struct prior *prior)
{
	return !strcmp(prior->venue, rules->venue);
}

/* What an entry would be, going by the log alone. No reentry means that a guest who went out, of
 * whichever venue, has had their evening; a guest who never went out is only on the move. */
static enum verdict entry_of(const struct admission_rules *rules, const struct prior *prior)
{
	bool here = was_here(rules, prior);
	if (prior->last == DIRECTION_NONE)
		return VERDICT_ADMIT;
	if (prior->last == DIRECTION_IN)
		return here ? VERDICT_ALREADY_IN : VERDICT_MOVED;
	if (!rules->reentry)
		return VERDICT_ALREADY_IN;
	return here ? VERDICT_READMIT : VERDICT_MOVED;
}

/* Elapsed time is the difference of two wall clocks, which may both have been set in between: one
 * that was unset, or a difference below zero, proves no dwelling. */
static bool has_dwelt(const struct prior *prior, const struct when *now)
{
	int64_t elapsed_ms;
	if (prior->trust == TRUST_UNSET || now->trust == TRUST_UNSET)
		return false;
	if (__builtin_sub_overflow(now->wall_ms, prior->wall_ms, &elapsed_ms))
		return false;
	return elapsed_ms >= ADMISSION_DWELL_MS;
}

static bool is_going_out(
	const struct admission_rules *rules, const struct prior *prior, const struct when *now)
{
	if (prior->last != DIRECTION_IN || !was_here(rules, prior))
		return false;
	if (rules->doorway == DOOR_EXIT)
		return true;
	return rules->doorway == DOOR_BOTH && has_dwelt(prior, now);
}

static bool is_full(const struct admission_rules *rules, int64_t present)
{
	return rules->capacity_seats && present >= (int64_t)rules->capacity_seats;
}

static struct decision decide_entry(const struct admission_rules *rules, const struct ticket *t,
	const struct prior *prior, int64_t present, const struct when *now, bool override)
{
	bool doubt;
	enum verdict against = barrier(rules, t, prior, now, &doubt);
	if (against != VERDICT_NONE && !override)
		return answer(against, DIRECTION_NONE);
	struct decision d = answer(entry_of(rules, prior), DIRECTION_IN);
	if (d.verdict == VERDICT_ALREADY_IN)
		return answer(VERDICT_ALREADY_IN, DIRECTION_NONE);
	if (is_full(rules, present) && !override)
		return answer(VERDICT_FULL, DIRECTION_NONE);
	d.overridden = against != VERDICT_NONE || is_full(rules, present);
	d.time_doubt = doubt;
	/* Counted out there only if no row has done so already. */
	if (d.verdict == VERDICT_MOVED && prior->last == DIRECTION_IN)
		memcpy(d.from_venue, prior->venue, sizeof(d.from_venue));
	return d;
}

/* A lost card is taken back like a ticket, and last year's has run out. */
static struct decision decide_staff(const struct ticket *t, const struct when *now, bool override)
{
	bool doubt;
	enum verdict window = judge_window(t, now, &doubt);
	if (t->revoked)
		return answer(VERDICT_REVOKED, DIRECTION_NONE);
	return answer(window == VERDICT_NONE || override ? VERDICT_STAFF : window, DIRECTION_NONE);
}

struct decision admission_decide(const struct admission_rules *rules, const struct ticket *ticket,
	const struct prior *prior, int64_t present, const struct when *now, bool override)
{
	CHECK((unsigned)ticket->kind < TICKET_KIND_COUNT);
	if (ticket->kind == TICKET_STAFF)
		return decide_staff(ticket, now, override);
	if (by_kind[ticket->kind] != VERDICT_NONE)
		return answer(by_kind[ticket->kind], DIRECTION_NONE);
	if (ticket->revoked)
		return answer(VERDICT_REVOKED, DIRECTION_NONE);
	/* Whoever was counted in may go out, however they came in. */
	if (is_going_out(rules, prior, now))
		return answer(VERDICT_EXIT, DIRECTION_OUT);
	/* Never counted in here: good-bye all the same, but nobody is taken off the figure. */
	if (rules->doorway == DOOR_EXIT)
		return answer(
			is_known(ticket, prior) ? VERDICT_EXIT : VERDICT_UNKNOWN, DIRECTION_NONE);
	return decide_entry(rules, ticket, prior, present, now, override);
}

struct decision admission_walk_in(
	const struct admission_rules *rules, int64_t present, bool override)
{
	bool full = is_full(rules, present);
	if (full && !override)
		return answer(VERDICT_FULL, DIRECTION_NONE);
	struct decision d = answer(VERDICT_ADMIT, DIRECTION_IN);
	d.overridden = full;
	return d;
}
