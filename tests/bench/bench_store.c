/* What a check-in costs the disk, in one run on one disk:
 *
 *   durable check-ins a second through log_record(), against a bare loop of a prepared INSERT and
 *   its COMMIT in SQLite, with the same page size, pragmas and row; batches of both alternate, so
 *   that a busy disk slows both;
 *   bytes written to disk for each check-in, checkpoints included (/proc/self/io);
 *   roster_find() + log_record() with a large roster against a small one, medians.
 *
 * usage: bench_store [DIR]   (default: a new directory under $TMPDIR or /tmp)
 * BENCH_CHECKINS (2000), BENCH_ROSTER (1000000) in the environment change the sizes. Figures are
 * printed as `name value unit`, one a line. */
#include "store/log.h"
#include "store/roster.h"
#include "store/row_sql.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH       100
#define SMALL       1000
#define VENUE       "hall"
#define EVENING_MS  INT64_C(1481220000000) /* 2016-12-08T18:00:00Z */
#define CODE_FORMAT "BENCH-%07u"

struct bare {
	sqlite3 *db;
	sqlite3_stmt *insert;
};

struct written {
	unsigned long long asked, to_disk; /* bytes */
};

static void must(int error, const char *what)
{
	if (!error)
		return;
	fprintf(stderr, "bench_store: %s: %s\n", what, strerror(-error));
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static unsigned from_environment(const char *name, unsigned fallback)
{
	const char *text = getenv(name);
	long value = text ? strtol(text, NULL, 10) : 0;
	return value > 0 && value < 100000000 ? (unsigned)value : fallback;
}

static struct written written_so_far(void)
{
	struct written w = { 0 };
	char line[128];
	AUTO_FILE in = fopen("/proc/self/io", "re");
	while (in && fgets(line, sizeof(line), in)) {
		(void)sscanf(line, "wchar: %llu", &w.asked);
		(void)sscanf(line, "write_bytes: %llu", &w.to_disk);
	}
	return w;
}

/* --- the two loops ---------------------------------------------------------------------------- */

static struct log *open_log(const char *dir, const char *name)
{
	char path[PATH_MAX + 64];
	struct log *l = NULL;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	must(log_open(&l,
		     &(struct log_setup){ .dir = path, .venue = VENUE, .start_ms = EVENING_MS }),
		path);
	return l;
}

static void check_in(struct log *l, const struct ticket *ticket, unsigned n, struct row *row)
{
	static const struct admission_rules rules = {
		.venue = VENUE, .door = "main", .doorway = DOOR_ENTRY, .reentry = true
	};
	struct log_request request = { .kind = ROW_SCAN,
		.source = SOURCE_CAMERA,
		.now = { EVENING_MS + n * 1000, n * 1000, TRUST_SYNCED },
		.rules = &rules,
		.ticket = ticket };
	struct log_result result;
	must(log_record(l, &request, &result), "log_record");
	if (row)
		*row = result.row;
}

/* Tickets come in no order, as guests do. */
static struct ticket guest(unsigned n)
{
	struct ticket t = { .kind = TICKET_SIGNED };
	uint64_t mixed = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
	memcpy(t.hash, &mixed, sizeof(mixed));
	memcpy(t.hash + 8, &n, sizeof(n));
	return t;
}

static struct bare open_bare(const char *dir)
{
	char path[PATH_MAX + 64];
	struct bare b;
	snprintf(path, sizeof(path), "%s/bare.db", dir);
	must(db_open(&b.db, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL), path);
	must(db_exec(b.db,
		     "PRAGMA page_size=1024; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
		     "PRAGMA wal_autocheckpoint=1000; PRAGMA journal_size_limit=1048576;"
		     "CREATE TABLE entry (" ROW_COLUMNS ", id INTEGER PRIMARY KEY)"),
		"bare table");
	must(db_prepare(b.db, &b.insert, ROW_INSERT), "bare insert");
	return b;
}

static void close_bare(struct bare *b)
{
	sqlite3_finalize(b->insert);
	sqlite3_close(b->db);
}

/* The row of the last check-in again: the same bytes, none of the work. */
static void bare_batch(struct bare *b, struct row *row)
{
	for (unsigned i = 0; i < BATCH; i++) {
		row->seq++;
		row_bind(b->insert, row);
		db_bind_integer(b->insert, ROW_INSERT_ID, (int64_t)row->seq);
		must(db_run(b->insert), "bare INSERT");
	}
}

static void bench_rate(const char *dir, unsigned checkins)
{
	struct log *l = open_log(dir, "rate");
	struct bare b = open_bare(dir);
	struct row row;
	struct written spent = { 0 };
	int64_t log_ns = 0, bare_ns = 0;
	unsigned n = 0;
	while (n < checkins) {
		struct written before = written_so_far();
		int64_t start = now_ns();
		for (unsigned i = 0; i < BATCH; i++, n++) {
			struct ticket t = guest(n);
			check_in(l, &t, n, &row);
		}
		log_ns += now_ns() - start;
		struct written after = written_so_far();
		spent.asked += after.asked - before.asked;
		spent.to_disk += after.to_disk - before.to_disk;
		start = now_ns();
		bare_batch(&b, &row);
		bare_ns += now_ns() - start;
	}
	log_close(l);
	close_bare(&b);
	printf("durable_checkins %.0f per second\n", n * 1e9 / (double)log_ns);
	printf("bare_insert_commit %.0f per second\n", n * 1e9 / (double)bare_ns);
	printf("checkins_to_bare %.2f ratio\n", (double)bare_ns / (double)log_ns);
	printf("written_per_checkin %.0f bytes to disk (%.0f asked for)\n",
		(double)spent.to_disk / n, (double)spent.asked / n);
}

/* --- admission with a large roster ------------------------------------------------------------ */

static void make_roster(const char *dir, unsigned entries, const struct event *e)
{
	struct roster *r = NULL;
	must(roster_open_import(&r, dir, e), dir);
	for (unsigned i = 0; i < entries; i++) {
		char code[32];
		enum roster_change change;
		int len = snprintf(code, sizeof(code), CODE_FORMAT, i);
		must(roster_put(r, code, (size_t)len, "A Guest", "visitor", "", &change),
			"roster_put");
	}
	must(roster_commit(r), "roster_commit");
	roster_close(r);
}

static int compare(const void *a, const void *b)
{
	int64_t x, y;
	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

static int64_t median(int64_t *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

struct door {
	struct roster *roster;
	struct log *log;
	unsigned entries;
	int64_t *find_ns, *all_ns;
};

static void admit(struct door *d, unsigned n)
{
	char code[32];
	struct ticket t = { .kind = TICKET_UNKNOWN };
	unsigned which = (unsigned)((n + UINT64_C(1)) * 2654435761 % d->entries);
	int len = snprintf(code, sizeof(code), CODE_FORMAT, which);
	t.hash[0] = (uint8_t)which;
	memcpy(t.hash + 1, &n, sizeof(n));
	int64_t start = now_ns();
	must(roster_find(d->roster, code, (size_t)len, &t), "roster_find");
	d->find_ns[n] = now_ns() - start;
	CHECK(t.kind == TICKET_ROSTER);
	check_in(d->log, &t, n, NULL);
	d->all_ns[n] = now_ns() - start;
}

static void open_door(struct door *d, const char *dir, const char *name, unsigned entries,
	unsigned checkins, const struct event *e)
{
	char path[PATH_MAX + 64];
	d->log = open_log(dir, name);
	d->entries = entries;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	make_roster(path, entries, e);
	must(roster_open(&d->roster, path, e), path);
	d->find_ns = calloc(checkins, sizeof(*d->find_ns));
	d->all_ns = calloc(checkins, sizeof(*d->all_ns));
	CHECK(d->find_ns && d->all_ns);
}

static void close_door(struct door *d)
{
	roster_close(d->roster);
	log_close(d->log);
	free(d->find_ns);
	free(d->all_ns);
}

static void bench_roster(const char *dir, unsigned checkins, unsigned large)
{
	static const struct event e = { .id = "bench", .hash_key = { 1, 2, 3 } };
	struct door doors[2];
	open_door(&doors[0], dir, "small", SMALL, checkins, &e);
	open_door(&doors[1], dir, "large", large, checkins, &e);
	for (unsigned n = 0; n < checkins; n++) {
		admit(&doors[n % 2], n);
		admit(&doors[1 - n % 2], n);
	}
	double find[2], all[2];
	for (int i = 0; i < 2; i++) {
		find[i] = (double)median(doors[i].find_ns, checkins) / 1000;
		all[i] = (double)median(doors[i].all_ns, checkins) / 1000;
		printf("admission_roster_%u %.0f us median (lookup %.1f us)\n", doors[i].entries,
			all[i], find[i]);
		close_door(&doors[i]);
	}
	printf("admission_large_to_small %.2f ratio (lookup alone %.2f)\n", all[1] / all[0],
		find[1] / find[0]);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

int main(int argc, char **argv)
{
	char dir[PATH_MAX];
	const char *tmp = getenv("TMPDIR");
	snprintf(dir, sizeof(dir), "%s/parvis-bench-XXXXXX",
		argc > 1 ? argv[1]
		: tmp    ? tmp
			 : "/tmp");
	if (!mkdtemp(dir))
		must(-errno, dir);
	unsigned checkins = from_environment("BENCH_CHECKINS", 2000);
	bench_rate(dir, checkins);
	bench_roster(
		dir, checkins < 1000 ? checkins : 1000, from_environment("BENCH_ROSTER", 1000000));
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}
