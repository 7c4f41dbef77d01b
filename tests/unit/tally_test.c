#include "night/tally.h"

#include "door/headcount.h"
#include "door/hlc.h"
#include "tests/fake/night_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GUESTS 4000

static struct event *event;
static struct night_rows night;

static void problem(void *context, bool fatal, const char *text)
{
	(void)context;
	if (fatal)
		print_message("%s\n", text);
}

static int set_up(void **state)
{
	(void)state;
	if (event_load(&event, "assets/demo", problem, NULL))
		return -1;
	night_rows_make(&night, event, 8, GUESTS);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	night_rows_free(&night);
	event_free(event);
	return 0;
}

static void feed(struct tally *t, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(tally_row(t, &rows[i]), 0);
}

static struct figures *fold(const struct row *rows, size_t count)
{
	struct tally *t;
	struct figures *f;
	assert_int_equal(tally_open(&t, event, NULL), 0);
	feed(t, rows, count);
	assert_int_equal(tally_finish(t, &f), 0);
	tally_close(t);
	return f;
}

/* --- against folds told the long way -----------------------------------------------------------
 */

static int order(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	if (x->hlc != y->hlc)
		return x->hlc < y->hlc ? -1 : 1;
	int devices = memcmp(x->device, y->device, DEVICE_ID_SIZE);
	return devices ? devices : x->seq < y->seq ? -1 : x->seq > y->seq;
}

static struct row *by_time(void)
{
	struct row *rows = calloc(night.count, sizeof(*rows));
	assert_non_null(rows);
	memcpy(rows, night.rows, night.count * sizeof(*rows));
	qsort(rows, night.count, sizeof(*rows), order);
	return rows;
}

static void presence_is_the_headcount_of_the_door(void **state)
{
	(void)state;
	struct figures *f = fold(night.rows, night.count);
	struct row *rows = by_time();
	for (uint32_t v = 0; v < event->venue_count; v++) {
		const struct figures_venue *got = figures_venue(f, event->venues[v].id);
		struct headcount h;
		headcount_init(&h, got->id, f->start_ms + 2 * 3600 * 1000);
		for (size_t i = 0; i < night.count; i++)
			headcount_apply(&h, &rows[i]);
		assert_int_equal(got->present, headcount_present(&h));
		assert_int_equal(got->entries + got->undone, h.in);
		assert_int_equal(got->refused, h.refused);
		assert_int_equal(got->tests, h.tests);
		assert_int_equal(got->moved_in, h.moved_in);
		assert_int_equal(got->adjustments, h.adjustments);
		/* A peak that a departure to elsewhere has not yet lowered is the door's own: the
		 * headcount looks at its rows only. */
		assert_true(got->peak_present >= h.peak_present - 1);
		assert_true(got->peak_present <= h.peak_present + 1);
	}
	free(rows);
	figures_free(f);
}

struct seen {
	uint8_t ticket[TICKET_HASH_SIZE];
	char venue[ID_SIZE];
	bool registered;
};

static int by_ticket(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int tickets = memcmp(x->ticket, y->ticket, TICKET_HASH_SIZE);
	return tickets ? tickets : strcmp(x->venue, y->venue);
}

static bool taken_back(const struct row *r)
{
	for (size_t i = 0; i < night.count; i++) {
		const struct row *u = &night.rows[i];
		if (u->kind == ROW_UNDO && u->undoes == r->seq && u->epoch == r->epoch &&
			!memcmp(u->device, r->device, DEVICE_ID_SIZE))
			return true;
	}
	return false;
}

static void people_are_distinct_tickets_and_walk_ins(void **state)
{
	(void)state;
	static const uint8_t none[TICKET_HASH_SIZE];
	struct figures *f = fold(night.rows, night.count);
	struct seen *seen = calloc(night.count, sizeof(*seen));
	size_t count = 0, nameless = 0, tickets = 0, at_first = 0, nameless_at_first = 0;
	const char *first = event->venues[0].id;
	assert_non_null(seen);
	for (size_t i = 0; i < night.count; i++) {
		const struct row *r = &night.rows[i];
		if (r->direction != DIRECTION_IN || r->kind == ROW_UNDO ||
			(r->kind == ROW_WALK_IN && taken_back(r)))
			continue;
		if (!memcmp(r->ticket, none, sizeof(none))) {
			nameless++;
			nameless_at_first += !strcmp(r->venue, first);
			continue;
		}
		memcpy(seen[count].ticket, r->ticket, TICKET_HASH_SIZE);
		strcpy(seen[count++].venue, r->venue);
	}
	qsort(seen, count, sizeof(*seen), by_ticket);
	for (size_t i = 0; i < count; i++) {
		bool same = i && !memcmp(seen[i].ticket, seen[i - 1].ticket, TICKET_HASH_SIZE);
		tickets += !same;
		if (!strcmp(seen[i].venue, first))
			at_first += !same || strcmp(seen[i - 1].venue, first) != 0;
	}
	assert_int_equal(f->night.tickets, tickets);
	assert_int_equal(f->night.people, tickets + nameless);
	assert_int_equal(f->venues[0].tickets, at_first);
	assert_int_equal(f->venues[0].people, at_first + nameless_at_first);
	assert_int_equal(f->night.walk_ins - f->night.badges, nameless);
	free(seen);
	figures_free(f);
}

static void the_figures_add_up(void **state)
{
	(void)state;
	struct figures *f = fold(night.rows, night.count);
	uint64_t moves = 0, rows = 0, doors = 0;
	for (uint32_t v = 0; v < f->venue_count; v++) {
		const struct figures_venue *x = &f->venues[v];
		uint64_t arrivals = x->outside, reasons = 0;
		for (uint32_t s = 0; s < f->slot_count; s++) {
			arrivals += x->slots[s].arrivals;
			assert_true(x->slots[s].present_most >= x->slots[s].present);
			assert_true(x->slots[s].present_most <= x->peak_present);
		}
		for (int r = 0; r < VERDICT_COUNT; r++)
			reasons += x->refused_for[r];
		assert_int_equal(arrivals, x->entries);
		assert_int_equal(reasons, x->refused);
		assert_int_equal(x->slots[f->slot_count - 1].present, x->present);
		rows += x->rows;
	}
	for (size_t m = 0; m < f->move_count; m++) {
		const struct figures_move *x = &f->moves[m];
		assert_true(x->from < f->venue_count && x->to < f->venue_count && x->count > 0);
		assert_true(
			!m || x[-1].from < x->from || (x[-1].from == x->from && x[-1].to < x->to));
		moves += x->count;
	}
	for (size_t d = 0; d < f->door_count; d++) {
		doors += f->doors[d].entries;
		assert_true(f->doors[d].busiest_minute > 0);
	}
	assert_int_equal(rows, night.count);
	assert_int_equal(moves, f->night.moved_in);
	assert_int_equal(moves, f->night.moved_out);
	assert_int_equal(doors, f->night.entries + f->night.undone);
	assert_int_equal(f->box_count, night.box_count);
	assert_int_equal(f->missing_rows, 0);
	assert_int_equal(f->broken_total, 0);
	assert_true(f->pairs_total > 0);
	assert_true(f->night.undone > 0);
	for (size_t b = 0; b < f->box_count; b++)
		assert_false(figures_clock_doubt(&f->boxes[b]));
	figures_free(f);
}

/* A box each, and a guest who goes from each to the next; the last ones are too many. */
static void ten_thousand_venues_are_told_apart(void **state)
{
	(void)state;
	const unsigned boxes = FIGURES_VENUES_MAX + 2;
	struct tally *t;
	struct figures *f;
	struct row row = night.rows[0];
	assert_int_equal(tally_open(&t, event, NULL), 0);
	const unsigned of_event = event->venue_count;
	row.kind = ROW_SCAN;
	row.direction = DIRECTION_IN;
	row.verdict = VERDICT_MOVED;
	row.undoes = 0;
	row.seq = 1;
	row.ticket[0] = 1;
	for (unsigned i = 0; i < boxes; i++) {
		uint32_t id = htobe32(i + 1);
		memset(row.device, 0, sizeof(row.device));
		memcpy(row.device, &id, sizeof(id));
		snprintf(row.venue, sizeof(row.venue), "venue-%u", i);
		snprintf(row.from_venue, sizeof(row.from_venue), "venue-%u", i ? i - 1 : 0);
		row.hlc += 1 << 16;
		assert_int_equal(tally_row(t, &row), 0);
	}
	assert_int_equal(tally_finish(t, &f), 0);
	assert_int_equal(f->venue_count, FIGURES_VENUES_MAX + 1);
	assert_int_equal(f->night.entries, boxes);
	assert_int_equal(f->night.people, 1);
	assert_string_equal(f->venues[of_event + 5000].id, "venue-5000");
	assert_int_equal(f->venues[of_event + 5000].entries, 1);
	assert_int_equal(f->venues[FIGURES_VENUES_MAX].entries, of_event + 2);
	uint64_t moved = 0;
	for (size_t m = 0; m < f->move_count; m++) {
		moved += f->moves[m].count;
		assert_true(f->moves[m].to == f->moves[m].from + 1 ||
			    f->moves[m].to == FIGURES_VENUES_MAX);
	}
	assert_int_equal(moved, boxes - 1);
	figures_free(f);
	tally_close(t);
}

/* --- what is missing, broken or doubtful -------------------------------------------------------
 */

static void a_gap_and_a_lost_end_are_named(void **state)
{
	(void)state;
	const struct night_box *b = &night.boxes[3];
	struct night_chain chain = { .signed_to = UINT64_MAX };
	struct tally *t;
	struct figures *f;
	memcpy(chain.chain.device, b->device, DEVICE_ID_SIZE);
	chain.chain.epoch = night.rows[b->first].epoch;
	ranges_add(&chain.held, 1, 10);
	ranges_add(&chain.held, 21, b->count);
	assert_int_equal(tally_open(&t, event, NULL), 0);
	assert_int_equal(tally_chain(t, &chain, b->count + 5), 0);
	feed(t, night.rows + b->first, 10);
	feed(t, night.rows + b->first + 20, b->count - 20);
	assert_int_equal(tally_finish(t, &f), 0);
	tally_close(t);
	assert_int_equal(f->missing_rows, 15);
	assert_int_equal(f->gap_count, 2);
	assert_int_equal(f->gaps[0].first, b->count + 1);
	assert_int_equal(f->gaps[0].last, b->count + 5);
	assert_int_equal(f->gaps[1].first, 11);
	assert_int_equal(f->gaps[1].last, 20);
	assert_int_equal(f->boxes[0].missing, 15);
	figures_free(f);
}

static void a_row_that_does_not_follow_is_located(void **state)
{
	(void)state;
	const struct night_box *b = &night.boxes[1];
	struct row *rows = calloc(b->count, sizeof(*rows));
	assert_non_null(rows);
	memcpy(rows, night.rows + b->first, b->count * sizeof(*rows));
	rows[41].before[3] ^= 1;
	struct figures *f = fold(rows, b->count);
	assert_int_equal(f->broken_total, 1);
	assert_int_equal(f->broken[0].seq, 42);
	assert_int_equal(figures_doubtful_rows(f), 1);
	figures_free(f);
	free(rows);
}

static void rows_out_of_order_are_refused(void **state)
{
	(void)state;
	struct tally *t;
	assert_int_equal(tally_open(&t, event, NULL), 0);
	assert_int_equal(tally_row(t, &night.rows[1]), 0);
	assert_int_equal(tally_row(t, &night.rows[0]), -EINVAL);
	tally_close(t);
}

static void wrong_clocks_are_told_and_put_right(void **state)
{
	(void)state;
	struct night_rows other;
	night_rows_make(&other, event, 9, GUESTS);
	uint64_t entries = other.boxes[0].count;
	night_rows_clock(&other, 0, -INT64_C(40) * 365 * 86400000, TRUST_UNSET);
	/* Others told it the time: its stamps are right although its wall is not. */
	for (size_t i = 0; i < other.boxes[0].count; i++) {
		struct row *r = &other.rows[other.boxes[0].first + i];
		r->hlc = hlc_next(0, r->at.wall_ms + INT64_C(40) * 365 * 86400000) + i;
	}
	struct figures *f = fold(other.rows, other.count);
	assert_true(figures_clock_doubt(&f->boxes[0]));
	assert_int_equal(f->boxes[0].trust[TRUST_UNSET], entries);
	assert_int_equal(f->boxes[0].elsewhen, entries);
	assert_int_equal(f->night.outside, 0);
	for (size_t b = 1; b < f->box_count; b++)
		assert_false(figures_clock_doubt(&f->boxes[b]));
	figures_free(f);
	night_rows_free(&other);
}

static void an_outage_is_what_waited(void **state)
{
	(void)state;
	const struct night_box *b = &night.boxes[2];
	const struct row *rows = night.rows + b->first;
	struct night_chain chain = { .signed_to = UINT64_MAX };
	struct tally *t;
	struct figures *f;
	memcpy(chain.chain.device, b->device, DEVICE_ID_SIZE);
	chain.chain.epoch = rows[0].epoch;
	assert_int_equal(tally_open(&t, event, NULL), 0);
	assert_int_equal(tally_chain(t, &chain, 0), 0);
	for (uint64_t i = 1; i <= 20; i++)
		assert_int_equal(tally_receipt(t, i, i, rows[i - 1].at.wall_ms + 900, "broker"), 0);
	int64_t back = rows[39].at.wall_ms + 300000;
	assert_int_equal(tally_receipt(t, 21, 40, back, "broker"), 0);
	assert_int_equal(tally_receipt(t, 41, b->count, back + 86400000, "/media/stick"), 0);
	feed(t, rows, b->count);
	assert_int_equal(tally_finish(t, &f), 0);
	tally_close(t);
	assert_int_equal(f->outages_total, 1);
	assert_int_equal(f->outages[0].from_ms, rows[20].at.wall_ms);
	assert_int_equal(f->outages[0].until_ms, back);
	assert_int_equal(f->outages[0].rows, 20);
	assert_int_equal(f->boxes[0].longest_outage_ms, back - rows[20].at.wall_ms);
	assert_string_equal(f->outages[0].venue, b->venue);
	figures_free(f);
}

/* Whoever writes rows may write any that are let in: nothing overflows, which the sanitizers see.
 */
static void extreme_rows_are_only_wrong(void **state)
{
	(void)state;
	static const int64_t walls[] = { ROW_MS_MAX, -ROW_MS_MAX, 0 };
	struct row *rows = calloc(night.count, sizeof(*rows));
	assert_non_null(rows);
	memcpy(rows, night.rows, night.count * sizeof(*rows));
	for (size_t i = 0; i < night.count; i++) {
		struct row *r = &rows[i];
		r->at.wall_ms = walls[i % 3];
		r->at.mono_ms = walls[(i + 1) % 3];
		if (r->kind == ROW_ADJUST || r->kind == ROW_UNDO)
			r->amount = i % 2 ? ROW_AMOUNT_MAX : -ROW_AMOUNT_MAX;
		else if (i % 5 == 0 && !r->undoes) {
			r->kind = ROW_ADJUST;
			r->verdict = VERDICT_NONE;
			r->direction = DIRECTION_NONE;
			r->amount = ROW_AMOUNT_MAX;
		}
		assert_null(row_wrong(r));
	}
	figures_free(fold(rows, night.count));
	free(rows);
}

static void nothing_is_a_night_too(void **state)
{
	(void)state;
	struct figures *f = fold(NULL, 0);
	assert_int_equal(f->night.entries, 0);
	assert_int_equal(f->venue_count, event->venue_count);
	assert_int_equal(f->night.peak_ms, 0);
	figures_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_thousand_venues_are_told_apart),
		cmocka_unit_test(presence_is_the_headcount_of_the_door),
		cmocka_unit_test(people_are_distinct_tickets_and_walk_ins),
		cmocka_unit_test(the_figures_add_up),
		cmocka_unit_test(a_gap_and_a_lost_end_are_named),
		cmocka_unit_test(a_row_that_does_not_follow_is_located),
		cmocka_unit_test(rows_out_of_order_are_refused),
		cmocka_unit_test(wrong_clocks_are_told_and_put_right),
		cmocka_unit_test(an_outage_is_what_waited),
		cmocka_unit_test(extreme_rows_are_only_wrong),
		cmocka_unit_test(nothing_is_a_night_too),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
