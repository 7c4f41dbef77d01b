/* The log: what a row says, that figures are folds, who may write, and that rows last. Faulty
 * disks are in log_fault_test.c, damaged logs in log_verify_test.c. */
#include "store/log.h"

#include "tests/fake/store_bench.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
/* after setjmp.h, stdarg.h, stddef.h, which it needs */
#include <cmocka.h>

static const struct admission_rules entry = {
	.venue = BENCH_VENUE, .door = "main", .doorway = DOOR_ENTRY, .reentry = true
};
static const struct admission_rules way_out = {
	.venue = BENCH_VENUE, .door = "garden", .doorway = DOOR_EXIT, .reentry = true
};

static struct log *must_open(const char *dir)
{
	struct log *l = NULL;
	assert_int_equal(store_bench_open(&l, dir, NULL), 0);
	return l;
}

static struct log_result scan(
	struct log *l, const struct admission_rules *rules, unsigned ticket, int64_t second)
{
	struct ticket t = store_bench_ticket(ticket);
	struct log_request r = store_bench_scan(rules, &t, second);
	struct log_result out;
	assert_int_equal(log_record(l, &r, &out), 0);
	return out;
}

static int undo(struct log *l, uint64_t seq, struct log_result *out)
{
	struct log_request r = store_bench_hand(&entry, ROW_UNDO, 9000);
	r.undoes = seq;
	r.operator= "volunteer";
	return log_record(l, &r, out);
}

static void a_row_says_all_that_was_asked(void **state)
{
	struct log *l = must_open(*state);
	struct log_result a = scan(l, &entry, 7, 10);
	struct ticket t = store_bench_ticket(7);
	assert_int_equal(a.row.seq, 1);
	assert_true(a.row.epoch > 0 && a.row.epoch < UINT32_C(1) << 31);
	assert_int_equal(a.row.verdict, VERDICT_ADMIT);
	assert_int_equal(a.row.direction, DIRECTION_IN);
	assert_int_equal(a.row.kind, ROW_SCAN);
	assert_int_equal(a.row.source, SOURCE_CAMERA);
	assert_int_equal(a.row.at.wall_ms, BENCH_START_MS + 10000);
	assert_int_equal(a.row.at.mono_ms, 10000);
	assert_int_equal(a.row.at.trust, TRUST_SYNCED);
	assert_memory_equal(a.row.ticket, t.hash, sizeof(t.hash));
	assert_memory_equal(a.row.boot, "boot-boot-boot-", BOOT_ID_SIZE);
	assert_string_equal(a.row.venue, BENCH_VENUE);
	assert_string_equal(a.row.door, "main");
	assert_int_equal(a.prior.last, DIRECTION_NONE);
	assert_int_equal(headcount_present(&a.count), 1);
	assert_int_equal(a.registered_in, 1);
	struct log_result b = scan(l, &entry, 8, 11);
	assert_int_equal(b.row.seq, 2);
	assert_memory_equal(b.row.before, a.row.hash, ROW_HASH_SIZE);
	assert_memory_equal(b.row.device, a.row.device, DEVICE_ID_SIZE);
	log_close(l);
}

struct rows {
	struct row *rows;
	size_t count, capacity;
};

static int collect(void *context, const struct row *row)
{
	struct rows *all = context;
	assert_true(all->count < all->capacity);
	all->rows[all->count++] = *row;
	return 0;
}

static void rows_come_back_as_they_were_written(void **state)
{
	struct log *l = must_open(*state);
	struct row wrote[6], read[6];
	memset(wrote, 0, sizeof(wrote));
	wrote[0] = scan(l, &entry, 1, 1).row;
	wrote[1] = scan(l, &way_out, 1, 2).row;
	struct log_result out;
	struct log_request r = store_bench_hand(&entry, ROW_WALK_IN, 3);
	assert_int_equal(log_record(l, &r, &out), 0);
	wrote[2] = out.row;
	r = store_bench_hand(&entry, ROW_ADJUST, 4);
	r.amount = -1;
	r.operator= "anne";
	assert_int_equal(log_record(l, &r, &out), 0);
	wrote[3] = out.row;
	assert_int_equal(undo(l, 3, &out), 0);
	wrote[4] = out.row;
	struct ticket t = { .kind = TICKET_FORGED, .hash = { 9 } };
	r = store_bench_scan(&entry, &t, INT64_MIN / 1000);
	r.now.trust = TRUST_UNSET;
	assert_int_equal(log_record(l, &r, &out), 0);
	wrote[5] = out.row;
	log_close(l);
	l = must_open(*state);
	struct rows all = { .rows = read, .capacity = 6 };
	assert_int_equal(log_each(l, collect, &all), 0);
	assert_int_equal(all.count, 6);
	for (size_t i = 0; i < 6; i++) {
		uint8_t a[ROW_HASH_SIZE];
		log_row_hash(&read[i], a);
		assert_memory_equal(a, wrote[i].hash, sizeof(a));
		assert_memory_equal(read[i].hash, wrote[i].hash, sizeof(a));
		assert_int_equal(read[i].seq, i + 1);
	}
	assert_int_equal(read[3].amount, -1);
	assert_string_equal(read[3].operator, "anne");
	assert_int_equal(read[4].undoes, 3);
	log_close(l);
}

static int stop_at_two(void *context, const struct row *row)
{
	(void)context;
	return row->seq == 2 ? 42 : 0;
}

static void each_stops_when_told(void **state)
{
	struct log *l = must_open(*state);
	for (unsigned i = 0; i < 3; i++)
		scan(l, &entry, i, i);
	assert_int_equal(log_each(l, stop_at_two, NULL), 42);
	log_close(l);
}

static void already_in_tells_when_and_where(void **state)
{
	struct log *l = must_open(*state);
	scan(l, &entry, 1, 100);
	struct admission_rules other = entry;
	strcpy(other.door, "side");
	struct log_result r = scan(l, &other, 1, 200);
	assert_int_equal(r.row.verdict, VERDICT_ALREADY_IN);
	assert_int_equal(r.prior.last, DIRECTION_IN);
	assert_int_equal(r.prior.wall_ms, BENCH_START_MS + 100000);
	assert_string_equal(r.prior.door, "main");
	assert_string_equal(r.prior.venue, BENCH_VENUE);
	/* A refusal is no entry: the next answer still names the first. */
	r = scan(l, &entry, 1, 300);
	assert_int_equal(r.prior.wall_ms, BENCH_START_MS + 100000);
	assert_int_equal(headcount_present(&r.count), 1);
	log_close(l);
}

static void an_undone_row_is_as_if_it_had_not_been(void **state)
{
	struct log *l = must_open(*state);
	struct log_result r;
	scan(l, &entry, 1, 100);             /* 1 */
	assert_int_equal(undo(l, 1, &r), 0); /* 2 */
	assert_int_equal(headcount_present(&r.count), 0);
	assert_int_equal(r.registered_in, 0);
	assert_int_equal(r.row.amount, 1);
	assert_string_equal(r.row.operator, "volunteer");
	assert_int_equal(scan(l, &entry, 1, 300).row.verdict, VERDICT_ADMIT);  /* 3 */
	assert_int_equal(scan(l, &way_out, 1, 400).row.verdict, VERDICT_EXIT); /* 4 */
	assert_int_equal(undo(l, 4, &r), 0);
	assert_int_equal(r.row.amount, -1);
	assert_int_equal(headcount_present(&r.count), 1);
	r = scan(l, &entry, 1, 500);
	assert_int_equal(r.row.verdict, VERDICT_ALREADY_IN);
	assert_int_equal(r.prior.wall_ms, BENCH_START_MS + 300000);
	log_close(l);
}

static void what_cannot_be_undone(void **state)
{
	struct log *l = must_open(*state);
	struct log_result r = { .registered_in = 77 };
	assert_int_equal(undo(l, 0, &r), -ENOENT);
	assert_int_equal(undo(l, 1, &r), -ENOENT);
	scan(l, &entry, 1, 1); /* 1 */
	scan(l, &entry, 1, 2); /* 2: ALREADY_IN counts nothing */
	assert_int_equal(undo(l, 2, &r), -ENOENT);
	assert_int_equal(undo(l, 3, &r), -ENOENT);
	assert_int_equal(undo(l, UINT64_MAX, &r), -ENOENT);
	assert_int_equal(r.registered_in, 77);
	assert_int_equal(undo(l, 1, &r), 0); /* 3 */
	assert_int_equal(undo(l, 1, &r), -ENOENT);
	assert_int_equal(undo(l, 3, &r), -ENOENT); /* an undo is not undone */
	assert_int_equal(scan(l, &entry, 1, 3).row.seq, 4);
	log_close(l);
}

static void requests_that_make_no_sense_are_refused(void **state)
{
	struct log *l = must_open(*state);
	struct log_result out;
	struct log_request r = store_bench_hand(&entry, ROW_ADJUST, 1);
	r.amount = 0;
	assert_int_equal(log_record(l, &r, &out), -EINVAL);
	struct admission_rules elsewhere = entry;
	strcpy(elsewhere.venue, "attic");
	r = store_bench_hand(&elsewhere, ROW_WALK_IN, 1);
	assert_int_equal(log_record(l, &r, &out), -EINVAL);
	log_close(l);
}

static void would_writes_nothing(void **state)
{
	struct log *l = must_open(*state);
	scan(l, &entry, 1, 1);
	struct ticket t = store_bench_ticket(1);
	struct log_request r = store_bench_scan(&entry, &t, 5);
	struct decision d;
	struct prior p;
	assert_int_equal(log_would(l, &r, &d, &p), 0);
	assert_int_equal(d.verdict, VERDICT_ALREADY_IN);
	assert_int_equal(p.wall_ms, BENCH_START_MS + 1000);
	t = store_bench_ticket(2);
	assert_int_equal(log_would(l, &r, &d, &p), 0);
	assert_int_equal(d.verdict, VERDICT_ADMIT);
	assert_int_equal(scan(l, &entry, 3, 6).row.seq, 2);
	log_close(l);
}

static void the_hybrid_clock_never_goes_back(void **state)
{
	static const int64_t walls[] = { 1481220000000, 0, INT64_MAX, INT64_MIN, 5, INT64_MAX,
		1481220000000 };
	struct log *l = must_open(*state);
	uint64_t last = 0;
	for (size_t i = 0; i < ARRAY_LEN(walls); i++) {
		struct log_request r = store_bench_hand(&entry, ROW_WALK_IN, 0);
		struct log_result out;
		r.now.wall_ms = walls[i];
		assert_int_equal(log_record(l, &r, &out), 0);
		assert_true(out.row.hlc > last && out.row.hlc <= INT64_MAX);
		/* Others take it. */
		assert_null(row_wrong(&out.row));
		last = out.row.hlc;
		log_close(l);
		l = must_open(*state);
	}
	struct log_verdict v;
	assert_int_equal(log_verify(l, &v), 0);
	assert_true(v.good);
	log_close(l);
}

/* --- folds ------------------------------------------------------------------------------------ */

#define OPERATIONS 3000
#define TICKETS    40

static uint64_t registered_by_hand(const struct row *rows, size_t n)
{
	bool in[TICKETS] = { false };
	for (size_t i = 0; i < n; i++) {
		bool undone = false;
		for (size_t j = i + 1; j < n && !undone; j++)
			undone = rows[j].undoes == rows[i].seq;
		unsigned ticket;
		memcpy(&ticket, rows[i].ticket + 1, sizeof(ticket));
		if (rows[i].registered && rows[i].direction == DIRECTION_IN && !undone)
			in[ticket] = true;
	}
	uint64_t sum = 0;
	for (size_t i = 0; i < TICKETS; i++)
		sum += in[i];
	return sum;
}

static struct log_request any_request(
	const struct admission_rules *rules, struct ticket *t, unsigned i)
{
	static const enum row_kind kinds[] = { ROW_SCAN, ROW_SCAN, ROW_SCAN, ROW_SCAN, ROW_SCAN,
		ROW_WALK_IN, ROW_ADJUST, ROW_UNDO };
	static const enum ticket_kind tickets[] = { TICKET_ROSTER, TICKET_ROSTER, TICKET_ROSTER,
		TICKET_SIGNED, TICKET_UNKNOWN, TICKET_FORGED, TICKET_TEST };
	enum row_kind kind = kinds[(size_t)rand() % ARRAY_LEN(kinds)];
	struct log_request r = store_bench_hand(rules, kind, (int64_t)i * 7);
	*t = store_bench_ticket((unsigned)rand() % TICKETS);
	t->kind = tickets[(size_t)rand() % ARRAY_LEN(tickets)];
	t->registered = t->kind == TICKET_ROSTER || (t->kind == TICKET_SIGNED && rand() % 2);
	r.ticket = kind == ROW_SCAN ? t : NULL;
	r.override = rand() % 4 == 0;
	r.amount = kind == ROW_ADJUST ? (rand() % 2 ? 1 : -1) : 0;
	r.undoes = kind == ROW_UNDO ? (uint64_t)rand() % (i + 1) : 0;
	return r;
}

static void check_recount(struct log *l, const struct log_result *kept)
{
	struct headcount count;
	assert_int_equal(log_recount(l, BENCH_VENUE, BENCH_START_MS, &count), 0);
	assert_memory_equal(&count, &kept->count, sizeof(count));
}

static void kept_figures_are_those_of_a_recount(void **state)
{
	struct log *l = must_open(*state);
	struct row *rows = calloc(OPERATIONS, sizeof(*rows));
	struct admission_rules rules = entry;
	rules.doorway = DOOR_BOTH;
	rules.capacity_seats = 25;
	size_t n = 0;
	srand(20161208);
	for (unsigned i = 0; i < OPERATIONS; i++) {
		struct ticket t;
		struct log_result out;
		rules.reentry = rand() % 3 != 0;
		struct log_request r = any_request(&rules, &t, i);
		int error = log_record(l, &r, &out);
		assert_true(!error || (error == -ENOENT && r.kind == ROW_UNDO));
		if (error)
			continue;
		rows[n++] = out.row;
		assert_int_equal(out.row.seq, n);
		struct headcount count;
		headcount_init(&count, BENCH_VENUE, BENCH_START_MS);
		for (size_t j = 0; j < n; j++)
			headcount_apply(&count, &rows[j]);
		assert_memory_equal(&count, &out.count, sizeof(count));
		if (n % 20 == 0)
			assert_int_equal(registered_by_hand(rows, n), out.registered_in);
		if (n % 50 == 0)
			check_recount(l, &out);
	}
	struct headcount before, after;
	uint64_t in_before, in_after;
	log_headcount(l, &before, &in_before);
	log_close(l);
	l = must_open(*state);
	log_headcount(l, &after, &in_after);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(in_before, in_after);
	struct log_verdict v;
	assert_int_equal(log_verify(l, &v), 0);
	assert_true(v.good);
	assert_int_equal(v.rows, n);
	log_close(l);
	free(rows);
}

/* --- who may open it -------------------------------------------------------------------------- */

static void a_second_writer_is_refused(void **state)
{
	struct log *l = must_open(*state), *second = NULL;
	assert_int_equal(store_bench_open(&second, *state, NULL), -EBUSY);
	assert_null(second);
	pid_t child = fork();
	if (child == 0)
		_exit(store_bench_open(&second, *state, NULL) == -EBUSY ? 0 : 1);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	scan(l, &entry, 1, 1);
	log_close(l);
	log_close(must_open(*state));
}

static void the_directory_is_made_and_closed_to_others(void **state)
{
	const char *dir = store_bench_path(*state, "data");
	struct log *l = must_open(dir);
	struct stat st;
	assert_int_equal(stat(dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	log_close(l);
	assert_int_equal(store_bench_open(&l, store_bench_path(*state, "no/such"), NULL), -ENOENT);
	store_bench_write(store_bench_path(*state, "file"), "x", 1);
	assert_true(store_bench_open(&l, store_bench_path(*state, "file"), NULL) < 0);
}

static void what_is_not_a_log_is_left_alone(void **state)
{
	static const char *const making[] = {
		"CREATE TABLE a (b); INSERT INTO a VALUES (1)",
		"PRAGMA user_version=1",
		"PRAGMA application_id=0x5072764c; PRAGMA user_version=3; CREATE TABLE a (b)",
	};
	const char *path = store_bench_path(*state, "log.db");
	for (size_t i = 0; i <= ARRAY_LEN(making); i++) {
		unlink(path);
		sqlite3 *db;
		if (i == ARRAY_LEN(making)) {
			store_bench_write(
				path, "these are minutes of a meeting, not a database", 46);
		} else {
			assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
			assert_int_equal(sqlite3_exec(db, making[i], 0, 0, 0), SQLITE_OK);
			sqlite3_close(db);
		}
		size_t before, after;
		char *a = store_bench_read(path, &before);
		struct log *l = NULL;
		assert_int_equal(store_bench_open(&l, *state, NULL), -EBADMSG);
		assert_int_equal(log_open_reader(&l, *state), -EBADMSG);
		assert_null(l);
		char *b = store_bench_read(path, &after);
		assert_int_equal(before, after);
		assert_memory_equal(a, b, after);
		free(a);
		free(b);
	}
}

static void rows_cannot_be_changed_or_removed(void **state)
{
	struct log *l = must_open(*state);
	scan(l, &entry, 1, 1);
	log_close(l);
	sqlite3 *db;
	assert_int_equal(sqlite3_open(store_bench_path(*state, "log.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE entry SET verdict = 2", 0, 0, 0) & 0xff,
		SQLITE_CONSTRAINT);
	assert_int_equal(sqlite3_exec(db, "DELETE FROM entry", 0, 0, 0) & 0xff, SQLITE_CONSTRAINT);
	sqlite3_close(db);
}

/* --- readers ---------------------------------------------------------------------------------- */

static void a_reader_finds_no_log(void **state)
{
	struct log *l = NULL;
	assert_int_equal(log_open_reader(&l, *state), -ENOENT);
	assert_null(l);
	log_close(NULL);
}

static void the_newest_venue(void **state)
{
	char venue[ID_SIZE] = "untouched";
	struct log *l = must_open(*state), *reader = NULL;
	assert_int_equal(log_open_reader(&reader, *state), 0);
	assert_int_equal(log_last_venue(reader, venue), -ENOENT);
	scan(l, &entry, 1, 1);
	assert_int_equal(log_last_venue(reader, venue), 0);
	assert_string_equal(venue, BENCH_VENUE);
	log_close(reader);
	log_close(l);
}

/* A writer in a process of its own, never closed, as if killed; then gone. */
static void write_and_die(const char *dir, unsigned rows)
{
	pid_t child = fork();
	if (child == 0) {
		struct log *l = NULL;
		if (store_bench_open(&l, dir, NULL))
			_exit(1);
		for (unsigned i = 0; i < rows; i++) {
			struct ticket t = store_bench_ticket(i);
			struct log_request r = store_bench_scan(&entry, &t, i);
			struct log_result out;
			if (log_record(l, &r, &out))
				_exit(2);
		}
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_reader_sees_what_a_killed_writer_left(void **state)
{
	write_and_die(*state, 50);
	struct log *reader = NULL;
	struct headcount count;
	assert_int_equal(log_open_reader(&reader, *state), 0);
	assert_int_equal(log_recount(reader, BENCH_VENUE, 0, &count), 0);
	assert_int_equal(count.in, 50);
	log_close(reader);
	struct log *l = must_open(*state);
	struct log_result next = scan(l, &entry, 100, 1);
	assert_int_equal(headcount_present(&next.count), 51);
	log_close(l);
}

static void readers_read_while_rows_are_written(void **state)
{
	struct log *l = must_open(*state);
	scan(l, &entry, 0, 0);
	log_close(l);
	pid_t child = fork();
	if (child == 0) {
		if (store_bench_open(&l, *state, NULL))
			_exit(1);
		for (unsigned i = 1; i <= 300; i++) {
			struct ticket t = store_bench_ticket(i);
			struct log_request r = store_bench_scan(&entry, &t, i);
			struct log_result out;
			if (log_record(l, &r, &out))
				_exit(2);
		}
		log_close(l);
		_exit(0);
	}
	int status = -1;
	uint64_t rows = 0;
	for (int i = 0; i < 100000 && waitpid(child, &status, WNOHANG) == 0; i++) {
		struct log *reader = NULL;
		struct log_verdict v;
		assert_int_equal(log_open_reader(&reader, *state), 0);
		assert_int_equal(log_verify(reader, &v), 0);
		if (!v.good)
			fail_msg("row %d: %s", (int)v.seq, v.what);
		assert_true(v.rows >= rows);
		rows = v.rows;
		log_close(reader);
	}
	assert_int_equal(status, 0);
	l = must_open(*state);
	struct log_result next = scan(l, &entry, 1000, 1000);
	assert_int_equal(headcount_present(&next.count), 302);
	log_close(l);
}

#define IN_A_DIRECTORY(test)                                                                       \
	cmocka_unit_test_setup_teardown(test, store_bench_set_up, store_bench_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_DIRECTORY(a_row_says_all_that_was_asked),
		IN_A_DIRECTORY(rows_come_back_as_they_were_written),
		IN_A_DIRECTORY(each_stops_when_told),
		IN_A_DIRECTORY(already_in_tells_when_and_where),
		IN_A_DIRECTORY(an_undone_row_is_as_if_it_had_not_been),
		IN_A_DIRECTORY(what_cannot_be_undone),
		IN_A_DIRECTORY(requests_that_make_no_sense_are_refused),
		IN_A_DIRECTORY(would_writes_nothing),
		IN_A_DIRECTORY(the_hybrid_clock_never_goes_back),
		IN_A_DIRECTORY(kept_figures_are_those_of_a_recount),
		IN_A_DIRECTORY(a_second_writer_is_refused),
		IN_A_DIRECTORY(the_directory_is_made_and_closed_to_others),
		IN_A_DIRECTORY(what_is_not_a_log_is_left_alone),
		IN_A_DIRECTORY(rows_cannot_be_changed_or_removed),
		IN_A_DIRECTORY(a_reader_finds_no_log),
		IN_A_DIRECTORY(the_newest_venue),
		IN_A_DIRECTORY(a_reader_sees_what_a_killed_writer_left),
		IN_A_DIRECTORY(readers_read_while_rows_are_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
