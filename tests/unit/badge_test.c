/* A walk-in's badge: a code that nobody signed, good by the row that carries its hash. */
#include "event/badge.h"

#include "event/code.h"
#include "store/log.h"
#include "tests/fake/store_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define START_MS 1481220000000

static const struct admission_rules entry = {
	.venue = "numa", .door = "main", .doorway = DOOR_ENTRY, .reentry = true, .capacity_seats = 3
};
static const struct admission_rules way_out = {
	.venue = "numa", .door = "garden", .doorway = DOOR_EXIT, .reentry = true
};

static struct log *open_log(const char *dir)
{
	struct log *l = NULL;
	struct log_setup setup = { .dir = dir, .venue = "numa", .start_ms = START_MS };
	assert_int_equal(log_open(&l, &setup), 0);
	return l;
}

static struct log_result record(struct log *l, enum row_kind kind,
	const struct admission_rules *rules, const struct ticket *t, int64_t second)
{
	struct log_result out;
	struct log_request r = { .kind = kind,
		.source = SOURCE_TOUCH,
		.now = { START_MS + second * 1000, second * 1000, TRUST_SYNCED },
		.rules = rules,
		.ticket = t };
	if (kind == ROW_UNDO) {
		r.undoes = (uint64_t)second;
		r.now.wall_ms = START_MS + 900000;
	}
	assert_int_equal(log_record(l, &r, &out), 0);
	return out;
}

static struct log_result scan(
	struct log *l, const struct admission_rules *rules, const struct ticket *t, int64_t second)
{
	return record(l, ROW_SCAN, rules, t, second);
}

static const struct ticket a_badge = { .kind = TICKET_UNKNOWN, .hash = { 7, 7, 7 } };

static void check_log(struct log *l)
{
	struct log_verdict v;
	assert_int_equal(log_verify(l, &v), 0);
	if (!v.good)
		fail_msg("row %d: %s", (int)v.seq, v.what);
}

static void a_badge_goes_out_and_comes_in_again(void **state)
{
	struct log *l = open_log(*state);
	assert_int_equal(scan(l, &entry, &a_badge, 1).row.verdict, VERDICT_UNKNOWN);
	struct log_result in = record(l, ROW_WALK_IN, &entry, &a_badge, 2);
	assert_int_equal(in.row.verdict, VERDICT_ADMIT);
	assert_memory_equal(in.row.ticket, a_badge.hash, TICKET_HASH_SIZE);
	assert_int_equal(in.registered_in, 0); /* on no roster */
	assert_int_equal(scan(l, &entry, &a_badge, 3).row.verdict, VERDICT_ALREADY_IN);
	log_close(l);
	l = open_log(*state); /* from the file alone */
	struct log_result out = scan(l, &way_out, &a_badge, 100);
	assert_int_equal(out.row.verdict, VERDICT_EXIT);
	assert_int_equal(out.row.direction, DIRECTION_OUT);
	assert_int_equal(headcount_present(&out.count), 0);
	assert_true(out.prior.walk_in);
	/* Whoever has gone out by that door is wished good-bye again, and counted once. */
	assert_int_equal(scan(l, &way_out, &a_badge, 101).row.verdict, VERDICT_EXIT);
	struct log_result again = scan(l, &entry, &a_badge, 200);
	assert_int_equal(again.row.verdict, VERDICT_READMIT);
	assert_false(again.row.overridden);
	assert_int_equal(headcount_present(&again.count), 1);
	assert_int_equal(again.registered_in, 0);
	check_log(l);
	log_close(l);
}

static void a_walk_in_that_was_undone_makes_no_badge_good(void **state)
{
	struct log *l = open_log(*state);
	struct log_result in = record(l, ROW_WALK_IN, &entry, &a_badge, 1);
	record(l, ROW_UNDO, &entry, NULL, (int64_t)in.row.seq);
	struct log_result after = scan(l, &entry, &a_badge, 1000);
	assert_int_equal(after.row.verdict, VERDICT_UNKNOWN);
	assert_false(after.prior.walk_in);
	check_log(l);
	log_close(l);
}

static void a_full_house_makes_no_badge(void **state)
{
	static const uint8_t none[TICKET_HASH_SIZE];
	struct log *l = open_log(*state);
	for (int i = 0; i < 3; i++)
		record(l, ROW_WALK_IN, &entry, NULL, i);
	struct log_result full = record(l, ROW_WALK_IN, &entry, &a_badge, 5);
	assert_int_equal(full.row.verdict, VERDICT_FULL);
	assert_memory_equal(full.row.ticket, none, sizeof(none));
	assert_int_equal(scan(l, &way_out, &a_badge, 6).row.verdict, VERDICT_UNKNOWN);
	check_log(l);
	log_close(l);
}

static void registered_guests_are_counted_as_before(void **state)
{
	struct log *l = open_log(*state);
	struct ticket guest = { .kind = TICKET_ROSTER, .hash = { 1 }, .registered = true };
	record(l, ROW_WALK_IN, &entry, &a_badge, 1);
	assert_int_equal(scan(l, &entry, &guest, 2).registered_in, 1);
	scan(l, &way_out, &a_badge, 3);
	assert_int_equal(scan(l, &entry, &a_badge, 4).registered_in, 1);
	check_log(l);
	log_close(l);
}

static void codes_are_opaque_and_none_is_made_twice(void **state)
{
	(void)state;
	static char made[2000][BADGE_CODE_SIZE];
	struct event e = { .hash_key = { 1, 2, 3 } };
	for (size_t i = 0; i < ARRAY_LEN(made); i++) {
		struct ticket t;
		char brief[16];
		badge_make(made[i]);
		assert_int_equal(strlen(made[i]), 28);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(made[i], made[j]);
		/* A door that has not seen the row asks its roster, as for any seller's code. */
		code_read(&e, made[i], strlen(made[i]), &t);
		assert_int_equal(t.kind, TICKET_UNKNOWN);
		badge_short(brief, made[i]);
		assert_int_equal(strlen(brief), 9);
		assert_memory_equal(brief, made[i] + 2, 4);
		assert_memory_equal(brief + 5, made[i] + 6, 4);
	}
	char brief[16];
	badge_short(brief, "");
	assert_string_equal(brief, "");
	badge_short(brief, "PBX");
	assert_string_equal(brief, "X");
}

#define IN_A_DIRECTORY(test)                                                                       \
	cmocka_unit_test_setup_teardown(test, store_bench_set_up, store_bench_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_DIRECTORY(a_badge_goes_out_and_comes_in_again),
		IN_A_DIRECTORY(a_walk_in_that_was_undone_makes_no_badge_good),
		IN_A_DIRECTORY(a_full_house_makes_no_badge),
		IN_A_DIRECTORY(registered_guests_are_counted_as_before),
		cmocka_unit_test(codes_are_opaque_and_none_is_made_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
