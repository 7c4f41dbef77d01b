/* The disk whose power can be cut, and SQLite on it: what tests/flow/cut_test.c stands on. */
#include "tests/fake/cut_disk.h"
#include "tests/fake/cut_replay.h"
#include "tests/fake/cut_vfs.h"

#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SECTOR 512
#define SEEDS  200

/* --- the disk -------------------------------------------------------------------------------- */

static struct cut_disk *disk, *found;
static struct cut_replay *replay;

static int set_up(void **state)
{
	(void)state;
	disk = cut_disk_new();
	found = cut_disk_new();
	replay = NULL;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	cut_replay_free(replay);
	cut_disk_free(disk);
	cut_disk_free(found);
	return 0;
}

static void put(struct cut_file *f, char letter, size_t length, size_t offset)
{
	char bytes[8 * SECTOR];
	assert_true(length <= sizeof(bytes));
	memset(bytes, letter, length);
	assert_int_equal(cut_disk_write(disk, f, bytes, length, offset), 0);
}

/* A file of eight sectors of 'a' that is durable before the recording begins. */
static struct cut_file *durable_file(void)
{
	struct cut_file *f = cut_disk_create(disk, "f");
	put(f, 'a', 8 * SECTOR, 0);
	cut_disk_record(disk);
	return f;
}

/* What a cut at the end of the journal leaves of "f". NULL: nothing. */
static const struct cut_bytes *cut_at_end(enum cut_kind kind, uint64_t seed)
{
	if (!replay) {
		replay = cut_replay_new(disk);
		while (cut_replay_step(replay))
			continue;
	}
	cut_replay_image(replay, kind, seed, found);
	const struct cut_file *f = cut_disk_find(found, "f");
	return f ? &f->live : NULL;
}

static bool is_all(const struct cut_bytes *b, char letter, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (b->at[i] != (uint8_t)letter)
			return false;
	return true;
}

static void test_synced_bytes_stay_in_every_kind_of_cut(void **state)
{
	(void)state;
	struct cut_file *f = durable_file();
	put(f, 'b', SECTOR, SECTOR);
	cut_disk_sync(disk, f);
	for (int kind = 0; kind < CUT_KIND_COUNT; kind++) {
		const struct cut_bytes *b = cut_at_end((enum cut_kind)kind, 7);
		assert_non_null(b);
		assert_int_equal(b->size, 8 * SECTOR);
		assert_true(is_all(b, 'a', 0, SECTOR));
		assert_true(is_all(b, 'b', SECTOR, 2 * SECTOR));
	}
	assert_int_equal(cut_replay_pending(replay), 0);
}

static void test_what_was_not_synced_is_lost_or_kept(void **state)
{
	(void)state;
	struct cut_file *f = durable_file();
	put(f, 'b', SECTOR, SECTOR);
	put(f, 'c', SECTOR, 8 * SECTOR);
	const struct cut_bytes *b = cut_at_end(CUT_LOST, 1);
	assert_int_equal(b->size, 8 * SECTOR);
	assert_true(is_all(b, 'a', 0, 8 * SECTOR));
	b = cut_at_end(CUT_KEPT, 1);
	assert_int_equal(b->size, 9 * SECTOR);
	assert_true(is_all(b, 'b', SECTOR, 2 * SECTOR));
	assert_int_equal(cut_replay_pending(replay), 2);
}

static void test_a_sync_is_of_one_file(void **state)
{
	(void)state;
	struct cut_file *f = durable_file();
	struct cut_file *other = cut_disk_create(disk, "other");
	put(f, 'b', SECTOR, 0);
	cut_disk_sync(disk, other);
	assert_true(is_all(cut_at_end(CUT_LOST, 1), 'a', 0, 8 * SECTOR));
}

static void test_a_lying_disk_syncs_nothing(void **state)
{
	(void)state;
	struct cut_file *f = durable_file();
	disk->lies = true;
	put(f, 'b', SECTOR, 0);
	cut_disk_sync(disk, f);
	assert_true(is_all(cut_at_end(CUT_LOST, 1), 'a', 0, 8 * SECTOR));
}

static void test_names_last_with_their_directory_alone(void **state)
{
	(void)state;
	cut_disk_record(disk);
	struct cut_file *f = cut_disk_create(disk, "f");
	put(f, 'a', SECTOR, 0);
	cut_disk_sync(disk, f);
	assert_null(cut_at_end(CUT_LOST, 1));
	assert_non_null(cut_at_end(CUT_KEPT, 1));
	cut_disk_sync_dir(disk);
	cut_replay_free(replay);
	replay = NULL;
	assert_int_equal(cut_at_end(CUT_LOST, 1)->size, SECTOR);
}

static void test_a_deleted_file_may_come_back(void **state)
{
	(void)state;
	cut_disk_delete(disk, durable_file());
	put(cut_disk_create(disk, "f"), 'n', SECTOR, 0);
	assert_true(is_all(cut_at_end(CUT_LOST, 1), 'a', 0, 8 * SECTOR));
	const struct cut_bytes *b = cut_at_end(CUT_KEPT, 1);
	assert_int_equal(b->size, SECTOR);
	assert_true(is_all(b, 'n', 0, SECTOR));
}

static void test_a_truncation_is_lost_or_kept(void **state)
{
	(void)state;
	cut_disk_truncate(disk, durable_file(), SECTOR);
	assert_int_equal(cut_at_end(CUT_LOST, 1)->size, 8 * SECTOR);
	assert_int_equal(cut_at_end(CUT_KEPT, 1)->size, SECTOR);
}

static void test_sectors_are_old_or_new_each_by_itself(void **state)
{
	(void)state;
	unsigned mixed = 0;
	put(durable_file(), 'b', 4 * SECTOR, 100);
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		const struct cut_bytes *b = cut_at_end(CUT_SECTORS, seed);
		unsigned arrived = 0;
		for (size_t s = 1; s < 4; s++) {
			bool is_new = is_all(b, 'b', s * SECTOR, (s + 1) * SECTOR);
			assert_true(is_new || is_all(b, 'a', s * SECTOR, (s + 1) * SECTOR));
			arrived += is_new;
		}
		assert_true(is_all(b, 'a', 0, 100));
		assert_true(is_all(b, 'a', 4 * SECTOR + 100, 8 * SECTOR));
		mixed += arrived > 0 && arrived < 3;
	}
	assert_true(mixed > SEEDS / 4);
}

static void test_only_the_newest_write_is_torn(void **state)
{
	(void)state;
	unsigned torn = 0;
	struct cut_file *f = durable_file();
	put(f, 'b', SECTOR, 0);
	put(f, 'c', SECTOR, 4 * SECTOR);
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		const struct cut_bytes *b = cut_at_end(CUT_TORN, seed);
		assert_true(is_all(b, 'b', 0, SECTOR));
		assert_true(is_all(b, 'a', SECTOR, 4 * SECTOR));
		assert_true(is_all(b, 'a', 5 * SECTOR, 8 * SECTOR));
		torn += !is_all(b, 'c', 4 * SECTOR, 5 * SECTOR) &&
			!is_all(b, 'a', 4 * SECTOR, 5 * SECTOR);
	}
	assert_true(torn > SEEDS / 8);
}

static void test_writes_arrive_in_any_order(void **state)
{
	(void)state;
	unsigned later_alone = 0;
	struct cut_file *f = durable_file();
	put(f, 'b', SECTOR, 0);
	put(f, 'c', SECTOR, SECTOR);
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		const struct cut_bytes *b = cut_at_end(CUT_WRITES, seed);
		later_alone += is_all(b, 'a', 0, SECTOR) && is_all(b, 'c', SECTOR, 2 * SECTOR);
	}
	assert_in_range(later_alone, SEEDS / 8, SEEDS / 2);
}

static void test_junk_stays_where_the_write_would_have_gone(void **state)
{
	(void)state;
	unsigned nonsense = 0;
	size_t from = 2 * SECTOR + 100, to = from + 10;
	put(durable_file(), 'b', to - from, from);
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		const struct cut_bytes *b = cut_at_end(CUT_JUNK, seed);
		assert_true(is_all(b, 'a', 0, from));
		assert_true(is_all(b, 'a', to, 8 * SECTOR));
		nonsense += !is_all(b, 'a', from, to) && !is_all(b, 'b', from, to);
	}
	assert_in_range(nonsense, SEEDS / 8, SEEDS / 2);
}

static void test_a_killed_program_leaves_all_but_nothing_durable(void **state)
{
	(void)state;
	put(durable_file(), 'b', SECTOR, 0);
	(void)cut_at_end(CUT_LOST, 1);
	struct cut_disk *next = cut_disk_new();
	cut_replay_go_on(replay, next);
	assert_true(is_all(&cut_disk_find(next, "f")->live, 'b', 0, SECTOR));
	cut_replay_free(replay);
	replay = cut_replay_new(next);
	assert_true(cut_replay_step(replay));
	assert_true(is_all(cut_at_end(CUT_LOST, 1), 'a', 0, 8 * SECTOR));
	cut_replay_free(replay);
	replay = NULL;
	cut_disk_free(next);
}

static void test_a_full_disk_takes_nothing_of_a_write(void **state)
{
	(void)state;
	struct cut_file *f = durable_file();
	disk->limit = 9 * SECTOR;
	put(f, 'b', SECTOR, 8 * SECTOR);
	assert_int_equal(cut_disk_write(disk, f, "c", 1, 9 * SECTOR), -ENOSPC);
	assert_int_equal(f->live.size, 9 * SECTOR);
	put(f, 'c', SECTOR, 0);
	disk->limit = 0;
	put(f, 'd', SECTOR, 9 * SECTOR);
}

/* --- SQLite on it ---------------------------------------------------------------------------- */

static struct cut_vfs *vfs;

static int set_up_vfs(void **state)
{
	(void)set_up(state);
	vfs = cut_vfs_new("cut-test", disk, 4);
	return 0;
}

static int tear_down_vfs(void **state)
{
	cut_vfs_free(vfs);
	return tear_down(state);
}

static sqlite3 *connect(int flags)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open_v2("/d/t.db", &db, flags, "cut-test"), SQLITE_OK);
	sqlite3_extended_result_codes(db, 1);
	return db;
}

static int run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static sqlite3 *new_table(void)
{
	sqlite3 *db = connect(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	assert_int_equal(run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
				 "CREATE TABLE t (x)"),
		SQLITE_OK);
	return db;
}

static int count(sqlite3 *db)
{
	sqlite3_stmt *s = NULL;
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM t", -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	int n = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return n;
}

static void test_connections_share_wal_and_locks(void **state)
{
	(void)state;
	sqlite3 *writer = new_table();
	sqlite3 *other = connect(SQLITE_OPEN_READWRITE);
	assert_int_equal(run(writer, "BEGIN IMMEDIATE; INSERT INTO t VALUES (1)"), SQLITE_OK);
	assert_int_equal(count(other), 0);
	assert_int_equal(run(other, "BEGIN IMMEDIATE"), SQLITE_BUSY);
	assert_int_equal(run(writer, "COMMIT"), SQLITE_OK);
	assert_int_equal(count(other), 1);
	assert_int_equal(run(other, "INSERT INTO t VALUES (2)"), SQLITE_OK);
	assert_int_equal(count(writer), 2);
	assert_int_equal(sqlite3_close(writer), SQLITE_OK);
	assert_non_null(cut_disk_find(disk, "/d/t.db-wal"));
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	assert_null(cut_disk_find(disk, "/d/t.db-wal"));
}

static void test_checkpoints_come_when_told(void **state)
{
	(void)state;
	sqlite3 *db = new_table();
	size_t before = cut_disk_find(disk, "/d/t.db")->live.size;
	assert_int_equal(run(db, "PRAGMA wal_autocheckpoint=1000"), SQLITE_OK);
	for (int i = 0; i < 20; i++)
		assert_int_equal(run(db, "INSERT INTO t VALUES (randomblob(3000))"), SQLITE_OK);
	assert_true(cut_disk_find(disk, "/d/t.db")->live.size > before);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_faults_are_met_and_heal(void **state)
{
	(void)state;
	sqlite3 *db = new_table();
	cut_vfs_fail(vfs, CUT_CALL_WRITE, 1, 1, SQLITE_FULL);
	assert_int_equal(run(db, "INSERT INTO t VALUES (1)"), SQLITE_FULL);
	assert_int_equal(run(db, "INSERT INTO t VALUES (2)"), SQLITE_OK);
	cut_vfs_fail(vfs, CUT_CALL_SYNC, 0, 1, SQLITE_IOERR_FSYNC);
	assert_int_equal(run(db, "INSERT INTO t VALUES (3)"), SQLITE_IOERR_FSYNC);
	assert_int_equal(run(db, "INSERT INTO t VALUES (4)"), SQLITE_OK);
	assert_int_equal(cut_vfs_failed(vfs), 2);
	cut_vfs_fail(vfs, CUT_CALL_WRITE, 0, 100, SQLITE_FULL);
	assert_int_equal(run(db, "INSERT INTO t VALUES (5)"), SQLITE_FULL);
	cut_vfs_fail(vfs, CUT_CALL_WRITE, 0, 0, 0);
	assert_int_equal(count(db), 2);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void test_a_read_only_disk_refuses_changes(void **state)
{
	(void)state;
	sqlite3 *db = new_table();
	cut_vfs_read_only(vfs, true);
	assert_int_equal(run(db, "INSERT INTO t VALUES (1)") & 0xff, SQLITE_READONLY);
	assert_int_equal(count(db), 0);
	cut_vfs_read_only(vfs, false);
	assert_int_equal(run(db, "INSERT INTO t VALUES (1)"), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	cut_vfs_read_only(vfs, true);
	sqlite3 *missing = NULL;
	int rc = sqlite3_open_v2(
		"/d/no.db", &missing, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "cut-test");
	assert_int_equal(rc, SQLITE_CANTOPEN);
	assert_int_equal(sqlite3_system_errno(missing), EROFS);
	sqlite3_close(missing);
}

static void test_a_new_wal_syncs_the_directory(void **state)
{
	(void)state;
	cut_disk_record(disk);
	sqlite3 *db = new_table();
	replay = cut_replay_new(disk);
	while (cut_replay_step(replay))
		continue;
	cut_replay_image(replay, CUT_LOST, 1, found);
	assert_non_null(cut_disk_find(found, "/d/t.db"));
	assert_non_null(cut_disk_find(found, "/d/t.db-wal"));
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

#define DISK_TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
#define VFS_TEST(t)  cmocka_unit_test_setup_teardown(t, set_up_vfs, tear_down_vfs)

int main(void)
{
	const struct CMUnitTest tests[] = {
		DISK_TEST(test_synced_bytes_stay_in_every_kind_of_cut),
		DISK_TEST(test_what_was_not_synced_is_lost_or_kept),
		DISK_TEST(test_a_sync_is_of_one_file),
		DISK_TEST(test_a_lying_disk_syncs_nothing),
		DISK_TEST(test_names_last_with_their_directory_alone),
		DISK_TEST(test_a_deleted_file_may_come_back),
		DISK_TEST(test_a_truncation_is_lost_or_kept),
		DISK_TEST(test_sectors_are_old_or_new_each_by_itself),
		DISK_TEST(test_only_the_newest_write_is_torn),
		DISK_TEST(test_writes_arrive_in_any_order),
		DISK_TEST(test_junk_stays_where_the_write_would_have_gone),
		DISK_TEST(test_a_killed_program_leaves_all_but_nothing_durable),
		DISK_TEST(test_a_full_disk_takes_nothing_of_a_write),
		VFS_TEST(test_connections_share_wal_and_locks),
		VFS_TEST(test_checkpoints_come_when_told),
		VFS_TEST(test_faults_are_met_and_heal),
		VFS_TEST(test_a_read_only_disk_refuses_changes),
		VFS_TEST(test_a_new_wal_syncs_the_directory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
