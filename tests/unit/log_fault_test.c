/* The log on disks that fail: every change to a file fails in turn, in several ways, once or for
 * good; a full disk; a read-only one. After each, what was told to be durable is there exactly
 * once, nothing else is, and the log goes on. */
#include "tests/fake/store_bench.h"
#include "tests/fake/vfs_faults.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
/* after setjmp.h, stdarg.h, stddef.h, which it needs */
#include <cmocka.h>

#define GUESTS     3
#define FAULTS_MAX 400

static const struct admission_rules rules = {
	.venue = BENCH_VENUE, .door = "main", .doorway = DOOR_ENTRY
};

static int admit(struct log *l, unsigned guest, struct log_result *out)
{
	struct ticket t = store_bench_ticket(guest);
	struct log_request r = store_bench_scan(&rules, &t, guest);
	return log_record(l, &r, out);
}

static bool is_told(int error)
{
	return error == -ENOSPC || error == -EIO || error == -EROFS || error == -ENOENT;
}

/* Each guest tries until the answer is durable; the disk heals after the first failure. */
static void check_in_everybody(struct log *l, unsigned *failed)
{
	for (unsigned guest = 0; guest < GUESTS; guest++) {
		struct log_result out = { .registered_in = 99 };
		int error = admit(l, guest, &out);
		if (error) {
			assert_true(is_told(error));
			assert_int_equal(out.registered_in, 99);
			*failed += vfs_faults_heal();
			assert_int_equal(admit(l, guest, &out), 0);
		}
		assert_int_equal(out.row.verdict, VERDICT_ADMIT);
		assert_int_equal(out.row.seq, guest + 1);
		assert_int_equal(headcount_present(&out.count), guest + 1);
		assert_int_equal(out.registered_in, guest + 1);
	}
}

static void expect_good(const char *dir, uint64_t rows)
{
	struct log *l = NULL;
	struct log_verdict v;
	assert_int_equal(store_bench_open(&l, dir, NULL), 0);
	assert_int_equal(log_verify(l, &v), 0);
	if (!v.good)
		fail_msg("row %llu: %s", (unsigned long long)v.seq, v.what);
	assert_int_equal(v.rows, rows);
	log_close(l);
}

/* One evening with the n-th change failing; false when there were fewer. */
static bool evening(enum fault fault, unsigned n, bool lasting)
{
	char *dir = store_bench_dir();
	struct log *l = NULL;
	unsigned failed = 0;
	vfs_faults_arm(fault, n, lasting);
	int error = store_bench_open(&l, dir, VFS_FAULTS);
	if (error) {
		assert_true(is_told(error));
		assert_null(l);
		failed += vfs_faults_heal();
		assert_int_equal(store_bench_open(&l, dir, VFS_FAULTS), 0);
	}
	check_in_everybody(l, &failed);
	log_close(l);
	failed += vfs_faults_heal();
	expect_good(dir, GUESTS);
	store_bench_remove(dir);
	free(dir);
	return failed > 0;
}

static void every_change_fails_in_turn(void **state)
{
	(void)state;
	for (int fault = FAULT_FULL; fault <= FAULT_LIE; fault++) {
		for (int lasting = 0; lasting <= 1; lasting++) {
			unsigned n = 1;
			while (n < FAULTS_MAX && evening((enum fault)fault, n, lasting))
				n++;
			assert_in_range(n, 30, FAULTS_MAX - 1);
		}
	}
}

/* A disk that stays bad refuses every guest, and nobody is counted. */
static void a_bad_disk_counts_nobody(void **state)
{
	char *dir = store_bench_dir();
	struct log *l = NULL;
	struct log_result out;
	(void)state;
	assert_int_equal(store_bench_open(&l, dir, VFS_FAULTS), 0);
	assert_int_equal(admit(l, 0, &out), 0);
	vfs_faults_arm(FAULT_ERROR, 1, true);
	for (unsigned i = 1; i < 10; i++)
		assert_int_equal(admit(l, i, &out), -EIO);
	struct headcount count;
	uint64_t registered;
	log_headcount(l, &count, &registered);
	assert_int_equal(headcount_present(&count), 1);
	vfs_faults_arm(FAULT_FULL, 1, true);
	assert_int_equal(admit(l, 10, &out), -ENOSPC);
	vfs_faults_heal();
	assert_int_equal(admit(l, 11, &out), 0);
	assert_int_equal(out.row.seq, 2);
	assert_int_equal(headcount_present(&out.count), 2);
	log_close(l);
	expect_good(dir, 2);
	store_bench_remove(dir);
	free(dir);
}

/* --- real file systems, mounted where nobody else sees them ----------------------------------- */

#define NOT_PERMITTED 77

/* Runs a check in a process with mounts of its own; skips where that is not permitted. */
static void with_own_mounts(int (*check)(const char *dir))
{
	char *dir = store_bench_dir();
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
			_exit(NOT_PERMITTED);
		_exit(check(dir));
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	store_bench_remove(dir);
	free(dir);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_PERMITTED) {
		print_message("# skipped: mounting is not permitted here\n");
		skip();
	}
	if (status)
		fail_msg(
			"the check at line %d of this file does not hold", WEXITSTATUS(status) * 2);
}

/* The exit status has eight bits: half the line is near enough to find it. */
#define HOLDS(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return __LINE__ / 2;                                                       \
	} while (0)

static bool reads(const char *dir, uint64_t rows)
{
	struct log *reader = NULL;
	struct log_verdict v;
	if (log_open_reader(&reader, dir))
		return false;
	bool good = !log_verify(reader, &v) && v.good && v.rows == rows;
	log_close(reader);
	return good;
}

static int a_small_disk(const char *dir)
{
	struct log *l = NULL;
	struct log_result out;
	if (mount("tmpfs", dir, "tmpfs", 0, "size=256k"))
		return NOT_PERMITTED;
	HOLDS(!store_bench_open(&l, dir, NULL));
	unsigned guest = 0;
	int error = 0;
	while (guest < 5000 && !(error = admit(l, guest, &out)))
		guest++;
	HOLDS(error == -ENOSPC && guest > 20);
	HOLDS(admit(l, guest, &out) == -ENOSPC);
	HOLDS(reads(dir, guest));
	HOLDS(!mount("tmpfs", dir, "tmpfs", MS_REMOUNT, "size=4m"));
	for (unsigned i = 0; i < 200; i++, guest++)
		HOLDS(!admit(l, guest, &out) && out.row.seq == guest + 1);
	HOLDS(headcount_present(&out.count) == (int64_t)guest);
	log_close(l);
	HOLDS(reads(dir, guest));
	return 0;
}

static int write_rows(const char *dir, unsigned rows)
{
	struct log *l = NULL;
	struct log_result out;
	HOLDS(!store_bench_open(&l, dir, NULL));
	for (unsigned i = 0; i < rows; i++)
		HOLDS(!admit(l, i, &out));
	log_close(l);
	return 0;
}

/* As a power cut leaves it: rows in the write-ahead log alone, no index of it. */
static int leave_behind(const char *dir, const char *copy, unsigned rows)
{
	struct log *l = NULL;
	struct log_result out;
	HOLDS(!store_bench_open(&l, dir, NULL));
	for (unsigned i = 0; i < rows; i++)
		HOLDS(!admit(l, i, &out));
	char sql[1024];
	snprintf(sql, sizeof(sql), "cp '%s/log.db' '%s/log.db-wal' '%s'", dir, dir, copy);
	HOLDS(!system(sql)); /* another process: reading here would drop SQLite's locks */
	log_close(l);
	return 0;
}

static int a_read_only_disk(const char *dir)
{
	struct log *l = NULL;
	if (mount("tmpfs", dir, "tmpfs", 0, "size=4m"))
		return NOT_PERMITTED;
	HOLDS(!write_rows(dir, 30));
	HOLDS(!mount("tmpfs", dir, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=4m"));
	HOLDS(store_bench_open(&l, dir, NULL) == -EROFS && !l);
	HOLDS(reads(dir, 30));
	HOLDS(!mount("tmpfs", dir, "tmpfs", MS_REMOUNT, "size=4m"));
	HOLDS(!store_bench_open(&l, dir, NULL));
	struct log_result out;
	HOLDS(!admit(l, 30, &out) && headcount_present(&out.count) == 31);
	log_close(l);
	return 0;
}

static int a_read_only_disk_after_a_cut(const char *dir)
{
	if (mount("tmpfs", dir, "tmpfs", 0, "size=4m"))
		return NOT_PERMITTED;
	const char *copy = store_bench_path(dir, "cut");
	const char *live = store_bench_path(dir, "live");
	HOLDS(!mkdir(copy, 0700));
	HOLDS(!leave_behind(live, copy, 30));
	HOLDS(!access(store_bench_path(copy, "log.db-wal"), F_OK));
	HOLDS(access(store_bench_path(copy, "log.db-shm"), F_OK));
	HOLDS(!mount("tmpfs", dir, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=4m"));
	HOLDS(reads(copy, 30));
	HOLDS(reads(copy, 30));
	return 0;
}

/* Rows that a file takes after it was moved away or removed are rows that nobody will find. */
static void a_log_that_has_gone(void **state)
{
	(void)state;
	char *dir = store_bench_dir();
	const char *path = store_bench_path(dir, "log.db");
	const char *away = store_bench_path(dir, "away.db");
	struct log *l = NULL;
	struct log_result out = { .registered_in = 99 };
	assert_int_equal(store_bench_open(&l, dir, NULL), 0);
	assert_int_equal(admit(l, 0, &out), 0);
	assert_int_equal(rename(path, away), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(admit(l, 1, &out), -ESTALE);
	assert_int_equal(rename(away, path), 0);
	assert_int_equal(admit(l, 1, &out), 0);
	assert_int_equal(out.row.seq, 2);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(admit(l, 2, &out), -ESTALE);
	log_close(l);
	struct log_setup again = { .dir = dir, .venue = BENCH_VENUE, .existing = true };
	assert_int_equal(log_open(&l, &again), -ENOENT);
	assert_int_not_equal(access(path, F_OK), 0);
	store_bench_remove(dir);
	free(dir);
}

static void on_a_full_disk(void **state)
{
	(void)state;
	with_own_mounts(a_small_disk);
}

static void on_a_read_only_disk(void **state)
{
	(void)state;
	with_own_mounts(a_read_only_disk);
}

static void on_a_read_only_disk_after_a_cut(void **state)
{
	(void)state;
	with_own_mounts(a_read_only_disk_after_a_cut);
}

int main(void)
{
	vfs_faults_install();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_change_fails_in_turn),
		cmocka_unit_test(a_bad_disk_counts_nobody),
		cmocka_unit_test(a_log_that_has_gone),
		cmocka_unit_test(on_a_full_disk),
		cmocka_unit_test(on_a_read_only_disk),
		cmocka_unit_test(on_a_read_only_disk_after_a_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
