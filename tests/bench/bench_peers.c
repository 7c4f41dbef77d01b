/* What it costs a guest that other doors' rows arrive: the time of a check-in, as the clerk does it
 * (what the neighbours know, COMMIT, what is new), alone and while another thread takes 400 rows a
 * second into peers.db, in batches of fifty (a backlog) and one by one (a busy evening). Guests
 * come every few milliseconds. The directory is argv[1], $TMPDIR or /tmp: name the disk to measure.
 */
#include "app/neighbours.h"
#include "store/peers.h"
#include "tests/fake/chain_maker.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define VENUE        "hall"
#define EVENING_MS   INT64_C(1481220000000)
#define ROWS_A_S     400
#define PAUSE_NS     4000000
#define OPENING_ROWS 24000
#define TURNS        20

struct door {
	struct log *log;
	struct neighbours *neighbours;
	unsigned guests;
};

struct filler {
	const char *dir;
	size_t batch; /* rows */
	atomic_bool stop;
	uint64_t rows;
};

static void must(int error, const char *what)
{
	if (!error)
		return;
	fprintf(stderr, "bench_peers: %s: %s\n", what, strerror(-error));
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void sleep_until(int64_t ns)
{
	struct timespec t = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* --- the other doors ---------------------------------------------------------------------------
 */

static void *fill(void *context)
{
	struct filler *f = context;
	struct peers *p = NULL;
	struct chain_maker m;
	struct row rows[BATCH_ROWS_MAX];
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), 10); /* as the courier */
	must(peers_open(&p, f->dir), "peers.db");
	static uint32_t epoch;
	chain_maker_open(&m, 10, ++epoch, VENUE, "south"); /* one turn at a time */
	int64_t next = now_ns();
	while (!atomic_load(&f->stop)) {
		for (size_t i = 0; i < f->batch; i++)
			rows[i] = chain_maker_entry(&m, 1000000 + (uint32_t)m.last.seq);
		struct batch b = chain_maker_batch(&m, rows, f->batch);
		uint64_t fresh;
		must(batch_check(&b) == BATCH_GOOD ? 0 : -EBADMSG, "batch");
		must(peers_store(p, &b, &fresh), "peers_store");
		f->rows += fresh;
		next += (int64_t)f->batch * 1000000000 / ROWS_A_S;
		sleep_until(next);
	}
	chain_maker_close(&m);
	peers_close(p);
	return NULL;
}

/* --- this one ----------------------------------------------------------------------------------
 */

static int64_t check_in(struct door *d)
{
	static const struct admission_rules rules = {
		.venue = VENUE, .door = "main", .doorway = DOOR_ENTRY, .reentry = true
	};
	struct ticket t = { .kind = TICKET_SIGNED, .registered = true };
	uint64_t mixed = ++d->guests * UINT64_C(0x9e3779b97f4a7c15);
	memcpy(t.hash, &mixed, sizeof(mixed));
	struct log_known others;
	struct log_request r = { .kind = ROW_SCAN,
		.source = SOURCE_CAMERA,
		.now = { EVENING_MS + d->guests, d->guests, TRUST_SYNCED },
		.rules = &rules,
		.ticket = &t,
		.others = &others };
	struct log_result out;
	bool more;
	int64_t start = now_ns();
	neighbours_know(d->neighbours, t.hash, &others);
	must(log_record(d->log, &r, &out), "log_record");
	neighbours_add(d->neighbours, &out);
	int64_t took = now_ns() - start;
	(void)neighbours_refresh(d->neighbours, d->log, 100, &more);
	return took;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

struct times {
	double p50_us, p99_us, max_us;
};

/* What is measured, in turns of which each sees the machine as the others do. What disturbs the
 * machine spoils a turn or two: of the turns' figures the median is taken. */
struct course {
	const char *name;
	size_t batch; /* rows of other doors that come at once; 0: none come */
	int64_t *ns;  /* of one turn */
	size_t count, turns;
	int64_t p50_ns[TURNS], p99_ns[TURNS], max_ns;
};

static void measure(struct door *d, struct course *c, unsigned checkins)
{
	int64_t next = now_ns();
	for (unsigned i = 0; i < checkins; i++) {
		c->ns[c->count++] = check_in(d);
		next += PAUSE_NS;
		sleep_until(next);
	}
}

static void end_turn(struct course *c)
{
	qsort(c->ns, c->count, sizeof(*c->ns), compare);
	c->p50_ns[c->turns] = c->ns[c->count / 2];
	c->p99_ns[c->turns++] = c->ns[c->count * 99 / 100];
	if (c->ns[c->count - 1] > c->max_ns)
		c->max_ns = c->ns[c->count - 1];
	c->count = 0;
}

static void take_turn(struct door *d, const char *dir, struct course *c, unsigned checkins)
{
	struct filler f = { .dir = dir, .batch = c->batch };
	pthread_t thread;
	if (c->batch)
		must(-pthread_create(&thread, NULL, fill, &f), "thread");
	measure(d, c, checkins);
	atomic_store(&f.stop, true);
	if (c->batch)
		pthread_join(thread, NULL);
	end_turn(c);
}

static struct times times_of(struct course *c)
{
	qsort(c->p50_ns, c->turns, sizeof(*c->p50_ns), compare);
	qsort(c->p99_ns, c->turns, sizeof(*c->p99_ns), compare);
	return (struct times){ (double)c->p50_ns[c->turns / 2] / 1e3,
		(double)c->p99_ns[c->turns / 2] / 1e3, (double)c->max_ns / 1e3 };
}

static void run_courses(struct door *d, const char *dir, unsigned checkins)
{
	struct course courses[] = {
		{ .name = "offline" },
		{ .name = "with_400_rows_a_second_in_batches", .batch = BATCH_ROWS_MAX },
		{ .name = "with_400_rows_a_second_one_by_one", .batch = 1 },
		{ .name = "offline_again" },
	};
	for (size_t i = 0; i < ARRAY_LEN(courses); i++) {
		courses[i].ns = calloc(checkins / TURNS, sizeof(int64_t));
		must(courses[i].ns ? 0 : -ENOMEM, "memory");
	}
	for (unsigned turn = 0; turn < TURNS; turn++)
		for (size_t i = 0; i < ARRAY_LEN(courses); i++)
			take_turn(d, dir, &courses[i], checkins / TURNS);
	struct times offline = times_of(&courses[0]);
	for (size_t i = 0; i < ARRAY_LEN(courses); i++) {
		struct times t = times_of(&courses[i]);
		printf("checkin_%s %.0f us median, %.0f us p99, %.0f us at most; p99 %.2f of "
		       "offline\n",
			courses[i].name, t.p50_us, t.p99_us, t.max_us, t.p99_us / offline.p99_us);
		free(courses[i].ns);
	}
}

/* Opening anew with a whole evening of other doors' rows: what a guest at the door waits for. */
static void measure_opening(struct door *d, const char *dir)
{
	struct peers *p = NULL;
	struct chain_maker m;
	struct row rows[BATCH_ROWS_MAX];
	must(peers_open(&p, dir), "peers.db");
	chain_maker_open(&m, 99, 7, VENUE, "east");
	for (size_t n = 0; n < OPENING_ROWS; n += BATCH_ROWS_MAX) {
		uint64_t fresh;
		for (size_t i = 0; i < BATCH_ROWS_MAX; i++)
			rows[i] = chain_maker_entry(&m, 5000000 + (uint32_t)m.last.seq);
		struct batch b = chain_maker_batch(&m, rows, BATCH_ROWS_MAX);
		must(peers_store(p, &b, &fresh), "peers_store");
	}
	bool more;
	neighbours_reset(d->neighbours);
	int64_t start = now_ns();
	(void)neighbours_refresh(d->neighbours, d->log, 0, &more);
	printf("opening_with_%d_rows_of_others %.0f ms\n", OPENING_ROWS,
		(double)(now_ns() - start) / 1e6);
	chain_maker_close(&m);
	peers_close(p);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

int main(int argc, char **argv)
{
	char dir[PATH_MAX];
	const char *tmp = getenv("TMPDIR"), *wanted = getenv("BENCH_CHECKINS");
	unsigned checkins = wanted && atoi(wanted) > 0 ? (unsigned)atoi(wanted) : 6000;
	struct door d = { .guests = 0 };
	snprintf(dir, sizeof(dir), "%.4000s/parvis-bench-XXXXXX",
		argc > 1 ? argv[1]
		: tmp    ? tmp
			 : "/tmp");
	if (!mkdtemp(dir))
		must(-errno, dir);
	must(log_open(&d.log,
		     &(struct log_setup){ .dir = dir, .venue = VENUE, .start_ms = EVENING_MS }),
		dir);
	must(neighbours_open(&d.neighbours, dir, VENUE, EVENING_MS), "neighbours");
	run_courses(&d, dir, checkins < TURNS ? TURNS : checkins);
	measure_opening(&d, dir);
	neighbours_close(d.neighbours);
	log_close(d.log);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}
