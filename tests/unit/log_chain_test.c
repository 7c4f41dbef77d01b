/* Chains: one for each opening that has written, none for those that have not, one line of hashes
 * through all of them, and no number twice whatever is put back. */
#include "store/log.h"

#include "tests/fake/store_bench.h"

#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
/* after setjmp.h, stdarg.h, stddef.h, which it needs */
#include <cmocka.h>

static const struct admission_rules entry = {
	.venue = BENCH_VENUE, .door = "main", .doorway = DOOR_ENTRY, .reentry = true
};

static unsigned guests; /* of this process: a guest each time another */

static struct log *open_as(const char *dir, uint8_t device)
{
	struct log *l = NULL;
	struct log_setup setup = { .dir = dir,
		.venue = BENCH_VENUE,
		.start_ms = BENCH_START_MS,
		.boot = "boot-boot-boot-" };
	memset(setup.device, device, sizeof(setup.device));
	assert_int_equal(log_open(&l, &setup), 0);
	return l;
}

static struct row admit(struct log *l)
{
	guests++;
	struct ticket t = store_bench_ticket(guests);
	struct log_request r = store_bench_scan(&entry, &t, guests);
	struct log_result out;
	assert_int_equal(log_record(l, &r, &out), 0);
	assert_int_equal(out.row.verdict, VERDICT_ADMIT);
	return out.row;
}

struct chains {
	struct log_chain at[64];
	size_t count;
};

static int collect(void *context, const struct log_chain *chain)
{
	struct chains *all = context;
	assert_true(all->count < ARRAY_LEN(all->at));
	all->at[all->count++] = *chain;
	return 0;
}

static struct chains chains_of(const char *dir)
{
	struct chains all = { .count = 0 };
	struct log *reader = NULL;
	assert_int_equal(log_open_reader(&reader, dir), 0);
	assert_int_equal(log_chains(reader, collect, &all), 0);
	log_close(reader);
	return all;
}

static void expect(const char *dir, bool good, const char *what)
{
	struct log *reader = NULL;
	struct log_verdict v;
	assert_int_equal(log_open_reader(&reader, dir), 0);
	assert_int_equal(log_verify(reader, &v), 0);
	log_close(reader);
	if (v.good != good || (what && !strstr(v.what, what)))
		fail_msg("good %d, seq %llu: %s", v.good, (unsigned long long)v.seq, v.what);
}

static void alter(const char *dir, const char *sql)
{
	sqlite3 *db;
	char *message = NULL;
	assert_int_equal(sqlite3_open(store_bench_path(dir, "log.db"), &db), SQLITE_OK);
	if (sqlite3_exec(db,
		    "DROP TRIGGER IF EXISTS entry_is_not_changed;"
		    "DROP TRIGGER IF EXISTS entry_is_not_removed;",
		    0, 0, 0) ||
		sqlite3_exec(db, sql, NULL, NULL, &message))
		fail_msg("%s: %s", sql, message ? message : "triggers");
	sqlite3_close(db);
}

static void each_opening_that_writes_is_a_chain(void **state)
{
	const char *dir = *state;
	struct row last = { 0 };
	for (unsigned i = 1; i <= 12; i++) {
		struct log *l = open_as(dir, 0);
		struct chain self;
		log_self(l, &self);
		for (unsigned k = 1; k <= i; k++) {
			struct row row = admit(l);
			assert_int_equal(row.seq, k);
			assert_int_equal(row.epoch, self.epoch);
			assert_memory_equal(row.before, last.hash, ROW_HASH_SIZE);
			assert_true(row.hlc > last.hlc);
			last = row;
		}
		log_close(l);
	}
	struct chains all = chains_of(dir);
	assert_int_equal(all.count, 12);
	for (size_t i = 0; i < all.count; i++) {
		assert_int_equal(all.at[i].rows, i + 1);
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(all.at[i].chain.epoch, all.at[k].chain.epoch);
		assert_memory_equal(all.at[i].chain.device, all.at[0].chain.device, DEVICE_ID_SIZE);
	}
	expect(dir, true, NULL);
}

static void a_crash_loop_makes_no_chains(void **state)
{
	const char *dir = *state;
	for (int i = 0; i < 20; i++)
		log_close(open_as(dir, 0));
	assert_int_equal(chains_of(dir).count, 0);
	expect(dir, true, NULL);
	struct log *l = open_as(dir, 0);
	admit(l);
	log_close(l);
	for (int i = 0; i < 20; i++)
		log_close(open_as(dir, 0));
	assert_int_equal(chains_of(dir).count, 1);
	expect(dir, true, NULL);
}

static void a_device_may_be_given(void **state)
{
	const char *dir = *state;
	struct log *l = open_as(dir, 7);
	struct row row = admit(l);
	log_close(l);
	for (size_t i = 0; i < DEVICE_ID_SIZE; i++)
		assert_int_equal(row.device[i], 7);
	l = open_as(dir, 8);
	assert_int_equal(admit(l).device[0], 8);
	log_close(l);
	l = open_as(dir, 0); /* the file's own, as if no other had been */
	row = admit(l);
	assert_memory_not_equal(row.device, "\7\7\7\7", 4);
	assert_memory_not_equal(row.device, "\10\10\10\10", 4);
	log_close(l);
	assert_int_equal(chains_of(dir).count, 3);
	expect(dir, true, NULL);
}

static void yesterday_s_copy_gives_no_number_twice(void **state)
{
	const char *dir = *state;
	struct log *l = open_as(dir, 7);
	admit(l);
	log_close(l);
	char copy[300];
	snprintf(copy, sizeof(copy), "%s", store_bench_path(dir, "copy"));
	store_bench_copy(store_bench_path(dir, "log.db"), copy);
	struct row seen[20];
	for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
		store_bench_copy(copy, store_bench_path(dir, "log.db"));
		l = open_as(dir, 7);
		seen[i] = admit(l);
		log_close(l);
		expect(dir, true, NULL);
		for (size_t k = 0; k < i; k++)
			assert_false(seen[k].epoch == seen[i].epoch && seen[k].seq == seen[i].seq);
	}
}

static void rows_are_fetched_by_chain_and_number(void **state)
{
	const char *dir = *state;
	struct row wrote[2][9], read[9];
	struct chain chain[2];
	for (size_t c = 0; c < 2; c++) {
		struct log *l = open_as(dir, 0);
		memset(wrote[c], 0, sizeof(wrote[c]));
		for (size_t i = 0; i < 9; i++)
			wrote[c][i] = admit(l);
		log_self(l, &chain[c]);
		log_close(l);
	}
	struct log *reader = NULL;
	size_t n = 99;
	assert_int_equal(log_open_reader(&reader, dir), 0);
	memset(read, 0, sizeof(read));
	for (size_t c = 0; c < 2; c++) {
		for (size_t first = 1; first <= 9; first++) {
			assert_int_equal(log_fetch(reader, &chain[c], first, read, 4, &n), 0);
			assert_int_equal(n, 10 - first < 4 ? 10 - first : 4);
			assert_memory_equal(read, &wrote[c][first - 1], n * sizeof(*read));
		}
		assert_int_equal(log_fetch(reader, &chain[c], 10, read, 9, &n), 0);
		assert_int_equal(n, 0);
		assert_int_equal(log_fetch(reader, &chain[c], 0, read, 9, &n), 0);
		assert_int_equal(n, 0);
	}
	chain[0].epoch ^= 1;
	assert_int_equal(log_fetch(reader, &chain[0], 1, read, 9, &n), 0);
	assert_int_equal(n, 0);
	log_close(reader);
}

static void rows_come_after_what_a_peer_has_said(void **state)
{
	const char *dir = *state;
	struct log *l = open_as(dir, 0);
	uint64_t stamp = admit(l).hlc + (UINT64_C(5) << 32);
	log_seen_stamp(l, stamp);
	log_seen_stamp(l, stamp - 1000);
	assert_int_equal(admit(l).hlc, stamp + 1);
	log_seen_stamp(l, UINT64_MAX);
	log_seen_stamp(l, UINT64_C(1) << 63);
	assert_int_equal(admit(l).hlc, stamp + 2);
	log_close(l);
	l = open_as(dir, 0);
	assert_int_equal(admit(l).hlc, stamp + 3);
	log_close(l);
	expect(dir, true, NULL);
}

static void write_three_chains(const char *dir)
{
	for (int c = 0; c < 3; c++) {
		struct log *l = open_as(dir, 0);
		for (int i = 0; i < 4; i++)
			admit(l);
		log_close(l);
	}
}

static void what_is_missing_of_any_chain_is_found(void **state)
{
	static const struct {
		const char *sql, *what;
		bool opens;
	} cases[] = {
		{ "SELECT 1", NULL, true },
		{ "DELETE FROM entry WHERE id = (1 << 40) + 4", "the chain is broken", true },
		{ "DELETE FROM entry WHERE id >> 40 = 1", "the chain before it is missing", true },
		{ "DELETE FROM entry WHERE id >> 40 = 2; DELETE FROM chain WHERE number = 2",
			"the chain before it is missing", true },
		{ "DELETE FROM entry WHERE id >> 40 = 3", "the end is missing", false },
		{ "DELETE FROM entry WHERE id >> 40 = 3; DELETE FROM chain WHERE number = 3",
			"the end is missing", false },
		{ "DELETE FROM entry WHERE id = (3 << 40) + 4", "the end is missing", false },
		{ "DELETE FROM chain WHERE number = 2", "under the number of another row", true },
		{ "UPDATE chain SET epoch = epoch + 1 WHERE number = 1",
			"under the number of another row", true },
		{ "INSERT INTO chain VALUES (4, zeroblob(16), 5)", "that has no rows", false },
	};
	char whole[300];
	const char *dir = *state;
	write_three_chains(dir);
	snprintf(whole, sizeof(whole), "%s", store_bench_path(dir, "whole"));
	store_bench_copy(store_bench_path(dir, "log.db"), whole);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		store_bench_copy(whole, store_bench_path(dir, "log.db"));
		alter(dir, cases[i].sql);
		expect(dir, !cases[i].what, cases[i].what);
		struct log *l = NULL;
		int error = store_bench_open(&l, dir, NULL);
		if (error != (cases[i].opens ? 0 : -EBADMSG))
			fail_msg("%s: %d", cases[i].sql, error);
		log_close(l);
	}
}

/* As the version before this wrote it: one chain, told by meta. */
static void make_version_1(const char *dir)
{
	alter(dir, "INSERT INTO meta SELECT 'epoch', epoch FROM chain;"
		   "INSERT OR IGNORE INTO meta VALUES ('epoch', 1);"
		   "INSERT INTO meta VALUES ('chain', 1);"
		   "DROP TABLE chain; ALTER TABLE head DROP COLUMN chain; PRAGMA user_version=1");
}

static void a_log_of_version_1_is_taken_over(void **state)
{
	const char *dir = *state;
	struct log *l = open_as(dir, 0), *reader = NULL;
	struct row first = admit(l);
	struct row last = admit(l);
	log_close(l);
	make_version_1(dir);
	assert_int_equal(log_open_reader(&reader, dir), -EBADMSG);
	l = open_as(dir, 0);
	struct row next = admit(l);
	log_close(l);
	assert_memory_equal(next.before, last.hash, ROW_HASH_SIZE);
	assert_memory_equal(next.device, first.device, DEVICE_ID_SIZE);
	struct chains all = chains_of(dir);
	assert_int_equal(all.count, 2);
	assert_int_equal(all.at[0].rows, 2);
	assert_int_equal(all.at[0].chain.epoch, first.epoch);
	expect(dir, true, NULL);
}

static void an_empty_log_of_version_1_too(void **state)
{
	const char *dir = *state;
	log_close(open_as(dir, 0));
	make_version_1(dir);
	struct log *l = open_as(dir, 0);
	admit(l);
	log_close(l);
	assert_int_equal(chains_of(dir).count, 1);
	expect(dir, true, NULL);
}

static void only_this_opening_s_rows_are_undone(void **state)
{
	const char *dir = *state;
	struct log *l = open_as(dir, 0);
	for (int i = 0; i < 3; i++)
		admit(l);
	log_close(l);
	l = open_as(dir, 0);
	struct row mine = admit(l);
	struct log_request r = store_bench_hand(&entry, ROW_UNDO, 9000);
	struct log_result out;
	r.undoes = 2;
	assert_int_equal(log_record(l, &r, &out), -ENOENT);
	r.undoes = 1;
	assert_int_equal(log_record(l, &r, &out), 0);
	assert_memory_equal(out.row.ticket, mine.ticket, TICKET_HASH_SIZE);
	assert_int_equal(headcount_present(&out.count), 3);
	log_close(l);
	expect(dir, true, NULL);
}

#define IN_A_DIRECTORY(test)                                                                       \
	cmocka_unit_test_setup_teardown(test, store_bench_set_up, store_bench_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_DIRECTORY(each_opening_that_writes_is_a_chain),
		IN_A_DIRECTORY(a_crash_loop_makes_no_chains),
		IN_A_DIRECTORY(a_device_may_be_given),
		IN_A_DIRECTORY(yesterday_s_copy_gives_no_number_twice),
		IN_A_DIRECTORY(rows_are_fetched_by_chain_and_number),
		IN_A_DIRECTORY(rows_come_after_what_a_peer_has_said),
		IN_A_DIRECTORY(what_is_missing_of_any_chain_is_found),
		IN_A_DIRECTORY(a_log_of_version_1_is_taken_over),
		IN_A_DIRECTORY(an_empty_log_of_version_1_too),
		IN_A_DIRECTORY(only_this_opening_s_rows_are_undone),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
