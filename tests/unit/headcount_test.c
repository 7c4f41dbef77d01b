#include "door/headcount.h"

#include "base/cc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define START_MS (INT64_C(1481220000) * 1000) /* 2016-12-08T18:00:00Z */
#define ROWS     2000

static const char *const venues[] = { "numa", "laruche", "schoollab" };

static struct row row_of(enum row_kind kind, enum verdict v, enum direction way, int64_t wall_ms)
{
	struct row r = {
		.kind = kind, .verdict = v, .direction = way, .at = { .wall_ms = wall_ms }
	};
	strcpy(r.venue, "numa");
	if (kind == ROW_SCAN)
		r.ticket[0] = 1;
	return r;
}

static struct headcount numa(void)
{
	struct headcount h;
	headcount_init(&h, "numa", START_MS);
	return h;
}

static void an_evening_adds_up(void **state)
{
	(void)state;
	struct headcount h = numa();
	struct row rows[] = {
		row_of(ROW_SCAN, VERDICT_ADMIT, DIRECTION_IN, START_MS + 1),
		row_of(ROW_SCAN, VERDICT_MOVED, DIRECTION_IN, START_MS + 2),
		row_of(ROW_WALK_IN, VERDICT_ADMIT, DIRECTION_IN, START_MS + 3),
		row_of(ROW_SCAN, VERDICT_EXIT, DIRECTION_OUT, START_MS + 4),
		row_of(ROW_SCAN, VERDICT_EXIT, DIRECTION_NONE, START_MS + 4),
		row_of(ROW_SCAN, VERDICT_READMIT, DIRECTION_IN, START_MS + 5),
		row_of(ROW_SCAN, VERDICT_ALREADY_IN, DIRECTION_NONE, START_MS + 6),
		row_of(ROW_WALK_IN, VERDICT_FULL, DIRECTION_NONE, START_MS + 7),
		row_of(ROW_SCAN, VERDICT_TEST_OK, DIRECTION_NONE, START_MS + 8),
		row_of(ROW_SCAN, VERDICT_STAFF, DIRECTION_NONE, START_MS + 9),
	};
	rows[1].overridden = true;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		headcount_apply(&h, &rows[i]);
	assert_int_equal(h.in, 4);
	assert_int_equal(h.out, 1);
	assert_int_equal(headcount_present(&h), 3);
	assert_int_equal(h.walk_ins, 1);
	assert_int_equal(h.refused, 2);
	assert_int_equal(h.refused_for[VERDICT_ALREADY_IN], 1);
	assert_int_equal(h.refused_for[VERDICT_FULL], 1);
	assert_int_equal(h.moved_in, 1);
	assert_int_equal(h.readmitted, 1);
	assert_int_equal(h.overridden, 1);
	assert_int_equal(h.tests, 1);
	assert_int_equal(h.rows, ARRAY_LEN(rows));
	assert_int_equal(h.arrivals[0], 4);
	assert_int_equal(h.last_entry_ms, START_MS + 5);
	assert_int_equal(h.peak_present, 3);
	assert_int_equal(h.peak_ms, START_MS + 3);
}

static void an_undo_takes_back_what_its_row_added(void **state)
{
	(void)state;
	struct headcount h = numa();
	struct row walk_in = row_of(ROW_WALK_IN, VERDICT_ADMIT, DIRECTION_IN, START_MS);
	headcount_apply(&h, &walk_in);
	headcount_apply(&h, &walk_in);
	struct row adjust = row_of(ROW_ADJUST, VERDICT_NONE, DIRECTION_NONE, START_MS);
	adjust.amount = -1;
	headcount_apply(&h, &adjust);
	assert_int_equal(headcount_present(&h), 1);

	struct row undo = row_of(ROW_UNDO, VERDICT_NONE, DIRECTION_NONE, START_MS);
	undo.amount = -1; /* of the correction */
	headcount_apply(&h, &undo);
	assert_int_equal(headcount_present(&h), 2);
	assert_int_equal(h.undone_walk_ins, 0);

	undo.amount = 1; /* of a walk-in */
	undo.direction = DIRECTION_IN;
	headcount_apply(&h, &undo);
	assert_int_equal(headcount_present(&h), 1);
	assert_int_equal(h.undone_walk_ins, 1);
	assert_int_equal(h.walk_ins, 2);
	assert_int_equal(h.in, 2);
	assert_int_equal(h.arrivals[0], 2);

	undo.ticket[3] = 9; /* of a ticket's entry */
	headcount_apply(&h, &undo);
	assert_int_equal(headcount_present(&h), 0);
	assert_int_equal(h.undone_walk_ins, 1);
}

static void another_venue_changes_nothing_but_takes_a_guest_away(void **state)
{
	(void)state;
	struct headcount h = numa();
	struct row in = row_of(ROW_SCAN, VERDICT_ADMIT, DIRECTION_IN, START_MS);
	headcount_apply(&h, &in);
	struct headcount before = h;
	strcpy(in.venue, "laruche");
	headcount_apply(&h, &in);
	assert_memory_equal(&h, &before, sizeof(h));

	struct row moved = row_of(ROW_SCAN, VERDICT_MOVED, DIRECTION_IN, START_MS);
	strcpy(moved.venue, "laruche");
	headcount_apply(&h, &moved); /* had gone out of wherever they were */
	assert_memory_equal(&h, &before, sizeof(h));
	strcpy(moved.from_venue, "numa");
	headcount_apply(&h, &moved);
	assert_int_equal(h.out, 1);
	assert_int_equal(headcount_present(&h), 0);
	assert_int_equal(h.rows, 1);

	struct row undo = row_of(ROW_UNDO, VERDICT_NONE, DIRECTION_IN, START_MS);
	undo.amount = 1;
	strcpy(undo.venue, "laruche");
	strcpy(undo.from_venue, "numa");
	headcount_apply(&h, &undo); /* they never left */
	assert_int_equal(headcount_present(&h), 1);
	assert_int_equal(h.rows, 1);
}

static void arrivals_fall_into_ten_minutes(void **state)
{
	(void)state;
	struct headcount h;
	headcount_init(&h, "numa", START_MS + 599999);
	assert_int_equal(h.arrivals_start_ms, START_MS);
	static const struct {
		int64_t after_ms;
		int bucket;
	} cases[] = { { 0, 0 }, { ARRIVALS_BUCKET_MS - 1, 0 }, { ARRIVALS_BUCKET_MS, 1 },
		{ (int64_t)ARRIVALS_BUCKETS * ARRIVALS_BUCKET_MS - 1, ARRIVALS_BUCKETS - 1 } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t before = h.arrivals[cases[i].bucket];
		struct row r =
			row_of(ROW_SCAN, VERDICT_ADMIT, DIRECTION_IN, START_MS + cases[i].after_ms);
		headcount_apply(&h, &r);
		assert_int_equal(h.arrivals[cases[i].bucket], before + 1);
	}
	static const int64_t outside[] = { START_MS - 1, 0, INT64_MIN, INT64_MAX,
		START_MS + (int64_t)ARRIVALS_BUCKETS * ARRIVALS_BUCKET_MS };
	uint32_t before[ARRIVALS_BUCKETS];
	memcpy(before, h.arrivals, sizeof(before));
	for (size_t i = 0; i < ARRAY_LEN(outside); i++) {
		struct row r = row_of(ROW_SCAN, VERDICT_ADMIT, DIRECTION_IN, outside[i]);
		headcount_apply(&h, &r);
	}
	assert_memory_equal(before, h.arrivals, sizeof(before));
	assert_int_equal(h.in, ARRAY_LEN(cases) + ARRAY_LEN(outside));
}

static void the_chart_begins_on_the_ten_minutes_before(void **state)
{
	(void)state;
	struct headcount h;
	headcount_init(&h, "numa", -1);
	assert_int_equal(h.arrivals_start_ms, -ARRIVALS_BUCKET_MS);
	headcount_init(&h, "numa", -ARRIVALS_BUCKET_MS);
	assert_int_equal(h.arrivals_start_ms, -ARRIVALS_BUCKET_MS);
	headcount_init(&h, "numa", INT64_MIN);
	headcount_init(&h, "numa", INT64_MAX);
	assert_int_equal(h.arrivals_start_ms % ARRIVALS_BUCKET_MS, 0);
}

/* Rows come from peers too. */
static void hostile_amounts_stop_at_the_ends(void **state)
{
	(void)state;
	struct headcount h = numa();
	struct row r = row_of(ROW_ADJUST, VERDICT_NONE, DIRECTION_NONE, START_MS);
	r.amount = INT64_MAX;
	headcount_apply(&h, &r);
	headcount_apply(&h, &r);
	assert_int_equal(headcount_present(&h), INT64_MAX);
	r.kind = ROW_UNDO;
	r.amount = INT64_MIN;
	assert_int_equal(headcount_effect(&r), INT64_MAX);
	headcount_apply(&h, &r);
	headcount_apply(&h, &r);
	assert_int_equal(headcount_present(&h), INT64_MAX);
	r.kind = ROW_SCAN;
	r.verdict = (enum verdict)VERDICT_COUNT;
	headcount_apply(&h, &r);
	r.verdict = (enum verdict) - 1;
	headcount_apply(&h, &r);
	assert_int_equal(h.refused, 0);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static struct row random_row(uint64_t *seed)
{
	struct row r = { .kind = (enum row_kind)(1 + next_random(seed) % 4) };
	strcpy(r.venue, venues[next_random(seed) % 3]);
	r.at.wall_ms = START_MS + (int64_t)(next_random(seed) % 50000000) - 1000000;
	if (r.kind == ROW_ADJUST || r.kind == ROW_UNDO) {
		r.amount = (int64_t)(next_random(seed) % 3) - 1;
		r.direction = (enum direction)(next_random(seed) % 3);
		r.ticket[0] = next_random(seed) % 2;
		return r;
	}
	r.verdict = (enum verdict)(next_random(seed) % VERDICT_COUNT);
	r.direction = verdict_admits(r.verdict)   ? DIRECTION_IN
		      : r.verdict == VERDICT_EXIT ? DIRECTION_OUT
						  : DIRECTION_NONE;
	r.overridden = next_random(seed) % 4 == 0;
	if (r.verdict == VERDICT_MOVED)
		strcpy(r.from_venue, venues[next_random(seed) % 3]);
	return r;
}

static struct row rows[ROWS];

static void fill_rows(uint64_t seed)
{
	for (size_t i = 0; i < ROWS; i++)
		rows[i] = random_row(&seed);
}

/* The fold of a log that grew row by row, over any number of restarts, is the fold of the whole:
 * a kept headcount carries everything that the next row needs. */
static void folding_in_pieces_is_folding_at_once(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		fill_rows(seed);
		struct headcount whole = numa();
		for (size_t i = 0; i < ROWS; i++)
			headcount_apply(&whole, &rows[i]);
		struct headcount pieces = numa();
		uint64_t cuts = seed;
		for (size_t i = 0; i < ROWS;) {
			struct headcount kept;
			memcpy(&kept, &pieces, sizeof(kept));
			size_t end = i + next_random(&cuts) % 200;
			for (; i < ROWS && i < end; i++)
				headcount_apply(&kept, &rows[i]);
			memcpy(&pieces, &kept, sizeof(pieces));
		}
		assert_memory_equal(&whole, &pieces, sizeof(whole));
	}
}

/* Every figure but the peak, which is about order, is the same in any order. */
static void figures_do_not_depend_on_order(void **state)
{
	(void)state;
	uint64_t seed = 99;
	fill_rows(seed);
	struct headcount first = numa();
	for (size_t i = 0; i < ROWS; i++)
		headcount_apply(&first, &rows[i]);
	for (size_t i = ROWS - 1; i > 0; i--) {
		size_t j = next_random(&seed) % (i + 1);
		struct row swap = rows[i];
		rows[i] = rows[j];
		rows[j] = swap;
	}
	struct headcount second = numa();
	for (size_t i = 0; i < ROWS; i++)
		headcount_apply(&second, &rows[i]);
	second.peak_present = first.peak_present;
	second.peak_ms = first.peak_ms;
	assert_memory_equal(&first, &second, sizeof(first));
}

/* present is the sum of what each row adds, less those whom other venues have since seen. */
static void present_is_the_sum_of_effects(void **state)
{
	(void)state;
	fill_rows(7);
	struct headcount h = numa();
	int64_t sum = 0;
	int64_t peak = 0;
	for (size_t i = 0; i < ROWS; i++) {
		bool here = !strcmp(rows[i].venue, "numa");
		bool left = rows[i].verdict == VERDICT_MOVED && !strcmp(rows[i].from_venue, "numa");
		headcount_apply(&h, &rows[i]);
		sum += here ? headcount_effect(&rows[i]) : -left;
		peak = sum > peak ? sum : peak;
		assert_int_equal(headcount_present(&h), sum);
		assert_int_equal(h.peak_present, peak);
	}
	assert_true(peak > 0);
	uint64_t refused = 0;
	for (size_t v = 0; v < VERDICT_COUNT; v++)
		refused += h.refused_for[v];
	assert_int_equal(refused, h.refused);
}

static void sums_of_parts_are_the_whole(void **state)
{
	(void)state;
	uint64_t seed = 12;
	fill_rows(5);
	struct headcount all = numa();
	for (size_t i = 0; i < ROWS; i++)
		headcount_apply(&all, &rows[i]);
	for (int k = 0; k < 20; k++) {
		struct headcount a = numa(), b = numa();
		for (size_t i = 0; i < ROWS; i++)
			headcount_apply(next_random(&seed) % 3 ? &a : &b, &rows[i]);
		int64_t peak = a.peak_present > b.peak_present ? a.peak_present : b.peak_present;
		headcount_sum(&a, &b);
		assert_true(a.peak_present >= peak);
		assert_true(a.peak_present >= headcount_present(&all));
		a.peak_present = all.peak_present;
		a.peak_ms = all.peak_ms;
		assert_memory_equal(&a, &all, sizeof(a));
	}
}

/* A door that only lets people out sees fewer than nobody; the sum is right. */
static void a_part_may_be_below_nobody(void **state)
{
	(void)state;
	struct headcount in = numa(), out = numa();
	struct row row = row_of(ROW_SCAN, VERDICT_ADMIT, DIRECTION_IN, START_MS + 1);
	for (int i = 0; i < 3; i++)
		headcount_apply(&in, &row);
	row = row_of(ROW_SCAN, VERDICT_EXIT, DIRECTION_OUT, START_MS + 2);
	headcount_apply(&out, &row);
	assert_int_equal(headcount_present(&out), -1);
	headcount_sum(&out, &in);
	assert_int_equal(headcount_present(&out), 2);
	assert_int_equal(out.peak_present, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_evening_adds_up),
		cmocka_unit_test(an_undo_takes_back_what_its_row_added),
		cmocka_unit_test(another_venue_changes_nothing_but_takes_a_guest_away),
		cmocka_unit_test(arrivals_fall_into_ten_minutes),
		cmocka_unit_test(the_chart_begins_on_the_ten_minutes_before),
		cmocka_unit_test(hostile_amounts_stop_at_the_ends),
		cmocka_unit_test(folding_in_pieces_is_folding_at_once),
		cmocka_unit_test(figures_do_not_depend_on_order),
		cmocka_unit_test(present_is_the_sum_of_effects),
		cmocka_unit_test(sums_of_parts_are_the_whole),
		cmocka_unit_test(a_part_may_be_below_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
