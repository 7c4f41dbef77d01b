#include "door/headcount.h"

#include "base/text.h"

#include <string.h>

/* Rows of a peer may carry any amount: the sum stops at the ends rather than wrap. */
static int64_t plus(int64_t a, int64_t b)
{
	int64_t sum;
	if (__builtin_add_overflow(a, b, &sum))
		return b < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

static int64_t minus(int64_t a, int64_t b)
{
	int64_t difference;
	if (__builtin_sub_overflow(a, b, &difference))
		return b < 0 ? INT64_MAX : INT64_MIN;
	return difference;
}

void headcount_init(struct headcount *h, const char *venue, int64_t start_ms)
{
	*h = (struct headcount){ 0 };
	text_copy(h->venue, sizeof(h->venue), venue);
	int64_t past = start_ms % ARRIVALS_BUCKET_MS;
	h->arrivals_start_ms = minus(start_ms, past < 0 ? past + ARRIVALS_BUCKET_MS : past);
}

int64_t headcount_present(const struct headcount *h)
{
	int64_t through_the_door = (int64_t)(h->in - h->out);
	return minus(plus(through_the_door, h->adjustments), h->undone);
}

int64_t headcount_effect(const struct row *row)
{
	if (row->kind == ROW_ADJUST)
		return row->amount;
	if (row->kind == ROW_UNDO)
		return minus(0, row->amount);
	if (row->direction == DIRECTION_IN)
		return 1;
	return row->direction == DIRECTION_OUT ? -1 : 0;
}

static void apply_arrival(struct headcount *h, int64_t wall_ms)
{
	if (wall_ms > h->last_entry_ms)
		h->last_entry_ms = wall_ms;
	int64_t since_ms;
	if (__builtin_sub_overflow(wall_ms, h->arrivals_start_ms, &since_ms) || since_ms < 0)
		return;
	int64_t bucket = since_ms / ARRIVALS_BUCKET_MS;
	if (bucket < ARRIVALS_BUCKETS)
		h->arrivals[bucket]++;
}

static void apply_entry(struct headcount *h, const struct row *row)
{
	h->in++;
	h->walk_ins += row->kind == ROW_WALK_IN;
	h->moved_in += row->verdict == VERDICT_MOVED;
	h->readmitted += row->verdict == VERDICT_READMIT;
	h->overridden += row->overridden;
	apply_arrival(h, row->at.wall_ms);
}

/* The answer to a code, or to a guest without one. */
static void apply_answer(struct headcount *h, const struct row *row)
{
	if (row->direction == DIRECTION_IN)
		apply_entry(h, row);
	h->out += row->direction == DIRECTION_OUT;
	h->tests += row->verdict == VERDICT_TEST_OK;
	if ((unsigned)row->verdict < VERDICT_COUNT && verdict_refuses(row->verdict)) {
		h->refused++;
		h->refused_for[row->verdict]++;
	}
}

static bool has_ticket(const struct row *row)
{
	static const uint8_t none[TICKET_HASH_SIZE];
	return memcmp(row->ticket, none, sizeof(none)) != 0;
}

static void apply_undo(struct headcount *h, const struct row *row)
{
	h->undone = plus(h->undone, row->amount);
	h->undone_walk_ins += row->direction == DIRECTION_IN && !has_ticket(row);
}

static void apply_here(struct headcount *h, const struct row *row)
{
	h->rows++;
	if (row->kind == ROW_SCAN || row->kind == ROW_WALK_IN)
		apply_answer(h, row);
	else if (row->kind == ROW_ADJUST)
		h->adjustments = plus(h->adjustments, row->amount);
	else if (row->kind == ROW_UNDO)
		apply_undo(h, row);
	int64_t present = headcount_present(h);
	if (present > h->peak_present) {
		h->peak_present = present;
		h->peak_ms = row->at.wall_ms;
	}
}

/* A guest of ours whom another venue has seen; or who, after an undo there, was never gone. */
static void apply_departure(struct headcount *h, const struct row *row)
{
	if (row->verdict == VERDICT_MOVED)
		h->out++;
	else if (row->kind == ROW_UNDO)
		h->undone = minus(h->undone, 1);
}

void headcount_apply(struct headcount *h, const struct row *row)
{
	if (!strcmp(row->venue, h->venue))
		apply_here(h, row);
	else if (!strcmp(row->from_venue, h->venue))
		apply_departure(h, row);
}

static void sum_figures(struct headcount *h, const struct headcount *other)
{
	h->in += other->in;
	h->out += other->out;
	h->walk_ins += other->walk_ins;
	h->refused += other->refused;
	for (size_t i = 0; i < VERDICT_COUNT; i++)
		h->refused_for[i] += other->refused_for[i];
	h->moved_in += other->moved_in;
	h->readmitted += other->readmitted;
	h->overridden += other->overridden;
	h->tests += other->tests;
	h->rows += other->rows;
	h->adjustments = plus(h->adjustments, other->adjustments);
	h->undone = plus(h->undone, other->undone);
	h->undone_walk_ins = plus(h->undone_walk_ins, other->undone_walk_ins);
	for (size_t i = 0; i < ARRIVALS_BUCKETS; i++)
		h->arrivals[i] += other->arrivals[i];
}

void headcount_sum(struct headcount *h, const struct headcount *other)
{
	CHECK(h->arrivals_start_ms == other->arrivals_start_ms);
	sum_figures(h, other);
	if (other->last_entry_ms > h->last_entry_ms)
		h->last_entry_ms = other->last_entry_ms;
	if (other->peak_present > h->peak_present) {
		h->peak_present = other->peak_present;
		h->peak_ms = other->peak_ms;
	}
	int64_t present = headcount_present(h);
	if (present > h->peak_present) {
		h->peak_present = present;
		h->peak_ms = h->last_entry_ms;
	}
}
