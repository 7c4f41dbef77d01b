/* What putting a night together costs, in one run on one disk, each step in a process of its own:
 *
 *   rows a second of checking (hashes, chains) and taking them into the store, at a tenth of the
 *   size and at the whole: growth; and of taking the same rows again;
 *   the same rows through sqlite3's own INSERT OR IGNORE, prepared, in transactions of the same
 *   size, into a table with the row's columns and the key (device, epoch, seq);
 *   making the file canonical, and reading it in each order;
 *   `parvis report` on the tenth and on the whole, the program itself, as PDF;
 *   the most memory that a step had.
 *
 * usage: bench_night [DIR]   (default: a new directory under $TMPDIR or /tmp); run where $B
 * (build/release) has the program.
 * BENCH_NIGHT (500000) rows. Making the rows is not counted. Figures: `name value unit`. */
#include "store/db.h"
#include "store/log.h"
#include "store/night.h"
#include "store/row_sql.h"
#include "tests/fake/store_bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BOXES   40
#define BATCHES 400 /* a transaction */
#define START   INT64_C(1481220000000)

struct figures {
	double seconds;
	uint64_t rows;
};

static void must(int error, const char *what)
{
	if (!error)
		return;
	fprintf(stderr, "bench_night: %s: %s\n", what, strerror(-error));
	exit(1);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- the rows --------------------------------------------------------------------------------- */

static struct row rows[BATCHES * BATCH_ROWS_MAX];
static struct batch batches[BATCHES];

static void make_row(struct row *row, const struct row *last, uint32_t box, uint64_t seq)
{
	uint64_t dice = (uint64_t)box << 40 | seq;
	dice = (dice ^ dice >> 30) * 0xbf58476d1ce4e5b9;
	dice = (dice ^ dice >> 27) * 0x94d049bb133111eb;
	*row = (struct row){ .epoch = box + 1,
		.seq = seq,
		.at = { START + (int64_t)seq * 80 + (int64_t)(dice % 60), (int64_t)seq * 80,
			TRUST_SYNCED },
		.kind = ROW_SCAN,
		.source = SOURCE_SCANNER,
		.verdict = dice % 11 ? VERDICT_ADMIT : VERDICT_ALREADY_IN,
		.registered = true };
	row->direction = dice % 11 ? DIRECTION_IN : DIRECTION_NONE;
	row->hlc = (uint64_t)row->at.wall_ms << 16;
	memset(row->device, (int)(box + 1), sizeof(row->device));
	uint64_t ticket = dice % 4000000 * 0x9e3779b97f4a7c15;
	memcpy(row->ticket, &ticket, sizeof(ticket));
	row->ticket[15] = 1;
	snprintf(row->venue, sizeof(row->venue), "venue-%u", box / 2);
	strcpy(row->door, box % 2 ? "north" : "south");
	if (seq > 1)
		memcpy(row->before, last->hash, sizeof(row->before));
	log_row_hash(row, row->hash);
}

/* Fills the next transaction's batches of a box; gives how many. */
static size_t make_batches(uint32_t box, uint64_t *seq, uint64_t most, struct row *last)
{
	size_t count = 0;
	while (count < BATCHES && *seq < most) {
		struct row *first = &rows[count * BATCH_ROWS_MAX];
		size_t n = 0;
		for (; n < BATCH_ROWS_MAX && *seq < most; n++) {
			make_row(&first[n], last, box, ++*seq);
			*last = first[n];
		}
		batches[count++] = (struct batch){ .rows = first, .count = n };
	}
	return count;
}

/* --- the steps -------------------------------------------------------------------------------- */

struct step {
	const char *dir;
	uint64_t rows;
	struct night *night;
	sqlite3 *db;
	sqlite3_stmt *insert;
};

static void take(struct step *s, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (batch_check(&batches[i]) != BATCH_SIGNATURE)
			must(-EBADMSG, "checking");
	must(night_take(s->night, batches, count, "bench", START, NULL), "taking");
}

static void insert(struct step *s, size_t count)
{
	must(db_exec(s->db, "BEGIN IMMEDIATE"), "inserting");
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < batches[i].count; k++) {
			row_bind(s->insert, &batches[i].rows[k]);
			must(db_run(s->insert), "inserting");
		}
	must(db_exec(s->db, "COMMIT"), "inserting");
}

static struct figures all_boxes(struct step *s, void (*use)(struct step *s, size_t count))
{
	struct figures f = { 0 };
	for (uint32_t box = 0; box < BOXES; box++) {
		uint64_t seq = 0, most = s->rows / BOXES;
		struct row last = { 0 };
		for (size_t count; (count = make_batches(box, &seq, most, &last)) > 0;) {
			double from = now();
			use(s, count);
			f.seconds += now() - from;
		}
		f.rows += most;
	}
	return f;
}

static void open_night(struct step *s, const char *name)
{
	char why[NIGHT_WHY_SIZE];
	must(night_open(&s->night, store_bench_path(s->dir, name), "bench", NIGHT_WRITE, why),
		"opening");
}

static struct figures merge_tenth(struct step *s)
{
	s->rows /= 10;
	open_night(s, "tenth.db");
	struct figures f = all_boxes(s, take);
	night_close(s->night);
	return f;
}

static struct figures merge(struct step *s)
{
	open_night(s, "night.db");
	struct figures f = all_boxes(s, take);
	night_close(s->night);
	return f;
}

static struct figures plain(struct step *s)
{
	must(db_open(&s->db, store_bench_path(s->dir, "plain.db"),
		     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
		"opening");
	must(db_exec(s->db, "PRAGMA page_size=8192; PRAGMA journal_mode=WAL;"
			    "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=2000;"
			    "PRAGMA cache_size=-32768;"
			    "CREATE TABLE entry (" ROW_COLUMNS
			    ", PRIMARY KEY (device, epoch, seq)) WITHOUT ROWID"),
		"making the table");
	must(db_prepare(s->db, &s->insert,
		     "INSERT OR IGNORE INTO entry (" ROW_COLUMNS
		     ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"),
		"preparing");
	struct figures f = all_boxes(s, insert);
	sqlite3_finalize(s->insert);
	sqlite3_close(s->db);
	return f;
}

static struct figures settle(struct step *s)
{
	open_night(s, "night.db");
	double from = now();
	must(night_settle(s->night), "settling");
	struct figures f = { now() - from, s->rows };
	night_close(s->night);
	return f;
}

static int count_row(void *context, const struct row *row)
{
	*(uint64_t *)context += row->seq > 0;
	return 0;
}

static struct figures read_in(struct step *s, enum night_order order)
{
	struct figures f = { 0 };
	open_night(s, "night.db");
	double from = now();
	must(night_each(s->night, order, count_row, &f.rows), "reading");
	f.seconds = now() - from;
	night_close(s->night);
	return f;
}

static struct figures read_by_chain(struct step *s)
{
	return read_in(s, NIGHT_BY_CHAIN);
}

static struct figures read_by_time(struct step *s)
{
	return read_in(s, NIGHT_BY_TIME);
}

static struct figures read_by_ticket(struct step *s)
{
	return read_in(s, NIGHT_BY_TICKET);
}

static void write_event(const char *dir)
{
	FILE *f = fopen(store_bench_path(dir, "event.ini"), "we");
	must(f ? 0 : -errno, "event.ini");
	fputs("[event]\nid = bench\ntitle = Bench\nopens = 2016-12-08T19:00:00+01:00\n"
	      "closes = 2016-12-09T01:00:00+01:00\ntimezone = Europe/Paris\nlanguages = en\n",
		f);
	for (int i = 0; i < BOXES / 2; i++)
		fprintf(f, "[venue venue-%d]\nname = Venue %d\n", i, i);
	must(fclose(f) ? -errno : 0, "event.ini");
}

/* In place of this process: what it has of memory is the program's. */
static struct figures report_on(struct step *s, const char *name)
{
	const char *b = getenv("B");
	char parvis[4096];
	snprintf(parvis, sizeof(parvis), "%s/parvis", b ? b : "build/release");
	execl(parvis, "parvis", "report", "--event", s->dir, "--store",
		store_bench_path(s->dir, name), "--format", "pdf", "--out",
		store_bench_path(s->dir, "report.pdf"), (char *)NULL);
	must(-errno, parvis);
	return (struct figures){ 0 };
}

static struct figures report_tenth(struct step *s)
{
	return report_on(s, "tenth.db");
}

static struct figures report(struct step *s)
{
	return report_on(s, "night.db");
}

/* --- the run ---------------------------------------------------------------------------------- */

/* In a process of its own, so that its memory is its own. */
static struct figures measure(
	const char *name, struct figures (*run)(struct step *s), const char *dir, uint64_t count)
{
	struct figures f = { 0 };
	struct rusage usage = { 0 };
	int ends[2], status = 1;
	if (pipe(ends))
		must(-errno, "pipe");
	pid_t child = fork();
	if (child == 0) {
		struct step s = { .dir = dir, .rows = count };
		f = run(&s);
		ssize_t n = write(ends[1], &f, sizeof(f));
		_exit(n != sizeof(f));
	}
	close(ends[1]);
	ssize_t n = read(ends[0], &f, sizeof(f));
	close(ends[0]);
	if (wait4(child, &status, 0, &usage) < 0 || status || n != sizeof(f))
		must(-EIO, name);
	double rate = f.seconds > 0 ? (double)f.rows / f.seconds : 0;
	printf("%s_rate %.0f rows/s\n%s_time %.2f s\n%s_memory %ld MiB\n", name, rate, name,
		f.seconds, name, usage.ru_maxrss / 1024);
	fflush(stdout);
	return f;
}

/* The program's own time and memory, from its start to its end. */
static double measure_report(struct figures (*run)(struct step *s), const char *dir, uint64_t count)
{
	struct rusage usage = { 0 };
	int status = 1;
	double from = now();
	pid_t child = fork();
	if (child == 0) {
		struct step s = { .dir = dir };
		run(&s);
		_exit(1);
	}
	if (wait4(child, &status, 0, &usage) < 0 || status)
		must(-EIO, "report");
	double seconds = now() - from;
	printf("report on %llu rows: %.2f s, %ld MiB\n", (unsigned long long)count, seconds,
		usage.ru_maxrss / 1024);
	fflush(stdout);
	return seconds;
}

static double rate(struct figures f)
{
	return (double)f.rows / f.seconds;
}

int main(int argc, char **argv)
{
	const char *given = getenv("BENCH_NIGHT");
	uint64_t count = given ? strtoull(given, NULL, 10) : 500000;
	char *dir = argc > 1 ? argv[1] : store_bench_dir();
	if (count < 4 * BOXES)
		count = 4 * BOXES;
	printf("night_rows %llu rows\n", (unsigned long long)count);
	struct figures base = measure("insert_or_ignore", plain, dir, count);
	unlink(store_bench_path(dir, "plain.db"));
	struct figures tenth = measure("merge_tenth", merge_tenth, dir, count);
	struct figures whole = measure("merge", merge, dir, count);
	struct figures settled = measure("settle", settle, dir, count);
	measure("merge_again", merge, dir, count);
	measure("read_by_chain", read_by_chain, dir, count);
	measure("read_by_time", read_by_time, dir, count);
	measure("read_by_ticket", read_by_ticket, dir, count);
	write_event(dir);
	double small = measure_report(report_tenth, dir, tenth.rows);
	double large = measure_report(report, dir, whole.rows);
	printf("merge_against_insert %.2f\n", rate(whole) / rate(base));
	printf("merge_and_settle_against_insert %.2f\n",
		(double)whole.rows / (whole.seconds + settled.seconds) / rate(base));
	printf("merge_growth %.2f of linear\n", rate(tenth) / rate(whole));
	printf("report_growth %.2f of linear\n",
		large * (double)tenth.rows / (small * (double)whole.rows));
	if (argc < 2)
		store_bench_remove(dir);
	return 0;
}
