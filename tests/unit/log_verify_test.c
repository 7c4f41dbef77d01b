/* That a log which is not as it was written is told from one that is, and which row is the first
 * to be wrong. */
#include "tests/fake/store_bench.h"

#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* after setjmp.h, stdarg.h, stddef.h, which it needs */
#include <cmocka.h>

#define ROWS 60

static const struct admission_rules rules = { .venue = BENCH_VENUE,
	.door = "main",
	.doorway = DOOR_BOTH,
	.reentry = true,
	.capacity_seats = 20 };

/* One log of every kind of row, written once and copied for each test. */
static char *original;

static int write_original(void **state)
{
	(void)state;
	original = store_bench_dir();
	struct log *l = NULL;
	assert_int_equal(store_bench_open(&l, original, NULL), 0);
	for (unsigned i = 1; i <= ROWS; i++) {
		struct ticket t = store_bench_ticket(i % 23);
		struct log_request r = store_bench_scan(&rules, &t, i * 60);
		if (i % 10 == 3)
			r = store_bench_hand(&rules, ROW_WALK_IN, i * 60);
		if (i % 10 == 5)
			r = store_bench_hand(&rules, ROW_ADJUST, i * 60);
		if (i % 10 == 7) {
			r = store_bench_hand(&rules, ROW_UNDO, i * 60);
			r.undoes = i - 2;
			r.operator= "anne";
		}
		struct log_result out;
		assert_int_equal(log_record(l, &r, &out), 0);
	}
	log_close(l);
	return 0;
}

static int remove_original(void **state)
{
	(void)state;
	store_bench_remove(original);
	free(original);
	return 0;
}

static int copy_it(void **state)
{
	char *dir = store_bench_dir();
	store_bench_copy(store_bench_path(original, "log.db"), store_bench_path(dir, "log.db"));
	*state = dir;
	return 0;
}

/* Copies the log anew and lets somebody with SQLite at it. */
static void tamper(const char *dir, const char *sql)
{
	sqlite3 *db;
	char *message = NULL;
	unlink(store_bench_path(dir, "log.db-wal"));
	unlink(store_bench_path(dir, "log.db-shm"));
	store_bench_copy(store_bench_path(original, "log.db"), store_bench_path(dir, "log.db"));
	assert_int_equal(sqlite3_open(store_bench_path(dir, "log.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				 "DROP TRIGGER entry_is_not_changed;"
				 "DROP TRIGGER entry_is_not_removed;",
				 0, 0, 0),
		SQLITE_OK);
	int rc = sqlite3_exec(db, sql, NULL, NULL, &message);
	if (rc != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	sqlite3_close(db);
}

static struct log_verdict verdict(const char *dir)
{
	struct log *reader = NULL;
	struct log_verdict v;
	assert_int_equal(log_open_reader(&reader, dir), 0);
	assert_int_equal(log_verify(reader, &v), 0);
	log_close(reader);
	return v;
}

static void expect_bad(const char *dir, const char *sql, uint64_t seq)
{
	tamper(dir, sql);
	struct log_verdict v = verdict(dir);
	if (v.good || v.seq != seq || !v.what[0])
		fail_msg("%s: good %d, seq %llu (not %llu): %s", sql, v.good,
			(unsigned long long)v.seq, (unsigned long long)seq, v.what);
}

static void an_untouched_log_is_good(void **state)
{
	struct log_verdict v = verdict(*state);
	if (!v.good)
		fail_msg("row %llu: %s", (unsigned long long)v.seq, v.what);
	assert_int_equal(v.rows, ROWS);
}

static void an_empty_log_is_good(void **state)
{
	char *dir = store_bench_dir();
	struct log *l = NULL;
	struct log_verdict v;
	(void)state;
	assert_int_equal(store_bench_open(&l, dir, NULL), 0);
	assert_int_equal(log_verify(l, &v), 0);
	assert_true(v.good);
	assert_int_equal(v.rows, 0);
	log_close(l);
	store_bench_remove(dir);
	free(dir);
}

/* Each leaves a value that could stand there, so that the hash alone tells. */
static const char *const changes[] = {
	"hlc = hlc + 1",
	"boot = randomblob(16)",
	"wall_ms = wall_ms + 1",
	"mono_ms = mono_ms - 1",
	"trust = (trust + 1) % 3",
	"source = 1 + source % 4",
	"verdict = (verdict + 1) % 5",
	"direction = (direction + 1) % 3",
	"time_doubt = 1 - time_doubt",
	"overridden = 1 - overridden",
	"registered = 1 - registered",
	"ticket = CASE WHEN ticket IS NULL THEN randomblob(16) ELSE NULL END",
	"ticket = randomblob(16)",
	"venue = venue || 'x'",
	"door = 'side'",
	"from_venue = 'attic'",
	"operator = operator || 'x'",
	"amount = amount + 1",
	"undoes = CASE WHEN undoes IS NULL THEN 1 ELSE NULL END",
	"before = randomblob(32)",
	"hash = randomblob(32)",
	/* and values that could not */
	"epoch = 0",
	"kind = 9",
	"trust = -1",
	"verdict = 4000000000",
	"source = 0",
	"direction = 3",
	"hlc = -1",
	"boot = x'00'",
	"ticket = zeroblob(16)",
	"venue = ''",
	"door = 'longer than an identifier can be'",
	"operator = 'an' || char(0) || 'ne'",
	"hash = x''",
};

static void every_changed_value_is_found(void **state)
{
	srand(4);
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		for (int k = 0; k < 3; k++) {
			char sql[256];
			int seq = k == 0 ? 1 : k == 1 ? ROWS : 2 + rand() % (ROWS - 2);
			snprintf(sql, sizeof(sql), "UPDATE entry SET %s WHERE seq = %d", changes[i],
				seq);
			tamper(*state, sql);
			struct log_verdict v = verdict(*state);
			/* A row of another epoch leaves a gap where it was, or begins with one. */
			bool there = v.seq == (uint64_t)seq || !strncmp(changes[i], "epoch", 5);
			if (v.good || !there)
				fail_msg("%s: good %d, row %llu: %s", sql, v.good,
					(unsigned long long)v.seq, v.what);
		}
	}
}

static void a_removed_row_is_found(void **state)
{
	for (int seq = 1; seq <= ROWS; seq += 7) {
		char sql[128];
		snprintf(sql, sizeof(sql), "DELETE FROM entry WHERE seq = %d", seq);
		expect_bad(*state, sql, (uint64_t)seq + 1);
	}
}

static void a_lost_end_is_found(void **state)
{
	expect_bad(*state, "DELETE FROM entry WHERE seq = 60", 60);
	expect_bad(*state, "DELETE FROM entry WHERE seq > 40", 41);
	expect_bad(*state, "DELETE FROM entry", 1);
	struct log *l = NULL;
	assert_int_equal(store_bench_open(&l, *state, NULL), -EBADMSG); /* nor is it continued */
	assert_null(l);
}

static void an_inserted_row_is_found(void **state)
{
	static const char columns[] =
		"hlc, boot, wall_ms, mono_ms, trust, kind, source, verdict, direction, time_doubt,"
		" overridden, registered, ticket, venue, door, from_venue, operator, amount, NULL, before, hash"
		" FROM entry WHERE seq = ";
	char sql[512];
	snprintf(sql, sizeof(sql), "INSERT INTO entry SELECT id + 60, device, epoch, 61, %s1",
		columns);
	expect_bad(*state, sql, 61);
	snprintf(sql, sizeof(sql), "INSERT INTO entry SELECT id + 100, device, epoch, 5, %s5",
		columns);
	expect_bad(*state, sql, 5);
	snprintf(sql, sizeof(sql), "INSERT INTO entry SELECT id << 1, zeroblob(16), epoch, 1, %s1",
		columns);
	expect_bad(*state, sql, 1);
}

static void swapped_rows_are_found(void **state)
{
	expect_bad(*state,
		"UPDATE entry SET seq = 1000 WHERE seq = 20; UPDATE entry SET seq = 20 WHERE seq = 21;"
		"UPDATE entry SET seq = 21 WHERE seq = 1000",
		20);
	expect_bad(*state,
		"UPDATE entry SET id = id + 1000 WHERE seq = 20;"
		"UPDATE entry SET id = id - 1 WHERE seq = 21;"
		"UPDATE entry SET id = id - 999 WHERE seq = 20",
		20);
}

static void figures_that_do_not_follow_are_found(void **state)
{
	static const char *const figures[] = { "entries", "exits", "present", "refused",
		"registered_in" };
	for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
		char sql[128];
		snprintf(sql, sizeof(sql), "UPDATE head SET %s = %s + 1", figures[i], figures[i]);
		expect_bad(*state, sql, ROWS);
	}
	expect_bad(*state, "UPDATE head SET venue = 'attic'", ROWS);
	expect_bad(*state, "UPDATE head SET hash = randomblob(32)", ROWS);
	expect_bad(*state, "UPDATE head SET seq = 59", ROWS);
	expect_bad(*state, "UPDATE head SET seq = 61", ROWS + 1);
	expect_bad(*state, "DELETE FROM head", ROWS);
}

/* The file of a log is not short of bytes that SQLite does not look at (free space in a page);
 * whatever else is hit must be told, and nothing may crash. */
static void damaged_files_never_pass_for_others(void **state)
{
	const char *path = store_bench_path(*state, "log.db");
	size_t len, wrong = 0;
	AUTO_FREE char *bytes = store_bench_read(path, &len);
	struct log_verdict v;
	srand(5);
	for (int i = 0; i < 400; i++) {
		size_t at = (size_t)rand() % len;
		char kept = bytes[at];
		bytes[at] = (char)(bytes[at] ^ (1 << rand() % 8));
		store_bench_write(path, bytes, len);
		bytes[at] = kept;
		struct log *reader = NULL;
		if (log_open_reader(&reader, *state)) {
			wrong++;
			continue;
		}
		int error = log_verify(reader, &v);
		wrong += error || !v.good;
		if (!error && v.good)
			assert_int_equal(v.rows, ROWS);
		log_close(reader);
	}
	assert_true(wrong > 200);
}

static void a_cut_file_is_found(void **state)
{
	const char *path = store_bench_path(*state, "log.db");
	size_t len;
	AUTO_FREE char *bytes = store_bench_read(path, &len);
	for (size_t keep = 100; keep < len; keep += 700) {
		struct log *reader = NULL;
		struct log_verdict v;
		store_bench_write(path, bytes, keep);
		if (log_open_reader(&reader, *state))
			continue;
		if (log_verify(reader, &v) == 0)
			assert_false(v.good);
		log_close(reader);
	}
}

#define ON_A_COPY(test) cmocka_unit_test_setup_teardown(test, copy_it, store_bench_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_COPY(an_untouched_log_is_good),
		ON_A_COPY(an_empty_log_is_good),
		ON_A_COPY(every_changed_value_is_found),
		ON_A_COPY(a_removed_row_is_found),
		ON_A_COPY(a_lost_end_is_found),
		ON_A_COPY(an_inserted_row_is_found),
		ON_A_COPY(swapped_rows_are_found),
		ON_A_COPY(figures_that_do_not_follow_are_found),
		ON_A_COPY(damaged_files_never_pass_for_others),
		ON_A_COPY(a_cut_file_is_found),
	};
	return cmocka_run_group_tests(tests, write_original, remove_original);
}
