/* The power goes, at every moment of an evening, and nothing that was green is lost.
 *
 * An evening is recorded on a disk in memory (tests/fake/cut_disk.h). Its journal is then walked:
 * before, between and after all operations, and in every way in which a medium may have kept what
 * no sync covers, the disk is rebuilt and the log opened on it by the code that ships. Most
 * evenings go through several cuts: the next boot goes on from a disk that a cut has left.
 *
 * A test like this is worth what it notices. So the same walk is also made over evenings that must
 * lose: synchronous=NORMAL and OFF, a green light before COMMIT, a disk that lies about syncs. */
#include "tests/fake/cut_disk.h"
#include "tests/fake/cut_replay.h"
#include "tests/fake/cut_vfs.h"
#include "tests/fake/evening.h"

#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define RECORDED "cut-recorded"
#define REPLAYED "cut-replayed"

struct course {
	const char *synchronous;
	bool early_green; /* the light first, COMMIT later */
	bool lies;        /* the disk answers syncs and does nothing */
	bool faults;      /* calls fail now and then */
};

struct tally {
	size_t cuts, lost, evenings, rows, failed, checkpoints, faults;
	char first[EVENING_FAULT + 200];
};

struct world {
	struct cut_disk *recorded, *replayed;
	struct cut_vfs *vfs;
	struct evening evening;
	const struct course *course;
	struct tally *tally;
	uint64_t seed, dice;
	unsigned boot;
	size_t green; /* rows that were green before this boot */
};

static char dir[] = "/tmp/parvis-cut-XXXXXX";

/* --- one cut --------------------------------------------------------------------------------- */

static void judge(struct world *w, const struct cut_replay *r, enum cut_kind kind, size_t green)
{
	char what[EVENING_FAULT] = "";
	struct log_setup setup = evening_setup(dir, REPLAYED, NULL);
	struct evening_claim claim = { .green = green, .strangers = w->course->faults };
	cut_replay_image(r, kind, cut_random(&w->dice), w->replayed);
	w->tally->cuts++;
	if (evening_holds(&w->evening, &claim, &setup, what))
		return;
	if (w->tally->lost++ == 0)
		snprintf(w->tally->first, sizeof(w->tally->first),
			"seed %llu, boot %u, cut after operation %zu of %zu, %s, %zu green: %s",
			(unsigned long long)w->seed, w->boot, cut_replay_done(r),
			w->recorded->op_count, cut_kind_names[kind], green, what);
}

/* Whether the newest operation changes nothing in sight: all of it was there already. */
static bool was_sync(const struct world *w, const struct cut_replay *r)
{
	size_t done = cut_replay_done(r);
	enum cut_op_kind kind = done ? w->recorded->ops[done - 1].kind : CUT_MARK;
	return kind == CUT_SYNC || kind == CUT_SYNC_DIR;
}

/* Every kind of cut at this moment. Those that must give a disk that was looked at already, with
 * as many green, are left out and not counted. */
static void judge_all(struct world *w, const struct cut_replay *r, size_t green, bool new_lost)
{
	if (!was_sync(w, r))
		judge(w, r, CUT_KEPT, green);
	if (cut_replay_pending(r) == 0)
		return;
	if (new_lost)
		judge(w, r, CUT_LOST, green);
	for (int kind = CUT_SECTORS; kind < CUT_KIND_COUNT; kind++)
		judge(w, r, (enum cut_kind)kind, green);
}

/* How many rows were green when the operation before this moment was done. */
static size_t green_now(const struct world *w, const struct cut_replay *r, size_t green)
{
	size_t done = cut_replay_done(r);
	bool said = done > 0 && w->recorded->ops[done - 1].kind == CUT_MARK;
	return said ? w->recorded->ops[done - 1].offset : green;
}

static void walk(struct world *w, size_t cuts_wanted)
{
	struct cut_replay *r = cut_replay_new(w->recorded);
	size_t durable_seen = SIZE_MAX, green_seen = SIZE_MAX, green = w->green;
	do {
		green = green_now(w, r, green);
		bool fresh = durable_seen != cut_replay_durable(r) || green_seen != green;
		durable_seen = cut_replay_durable(r);
		green_seen = green;
		judge_all(w, r, green, fresh);
	} while (w->tally->cuts < cuts_wanted && cut_replay_step(r));
	cut_replay_free(r);
}

/* --- one boot -------------------------------------------------------------------------------- */

/* The disk is as good as full: a few thousand bytes more, and no more until it heals. */
static void fill_disk(struct world *w)
{
	const struct cut_disk *d = w->recorded;
	size_t used = 0;
	for (size_t i = 0; i < d->file_count; i++)
		used += d->files[i]->linked ? d->files[i]->live.size : 0;
	w->recorded->limit = used + 1 + cut_random(&w->dice) % 6000;
}

static void trouble(struct world *w)
{
	static const int codes[CUT_CALL_COUNT] = { [CUT_CALL_WRITE] = SQLITE_IOERR_WRITE,
		[CUT_CALL_SYNC] = SQLITE_IOERR_FSYNC,
		[CUT_CALL_TRUNCATE] = SQLITE_IOERR_TRUNCATE,
		[CUT_CALL_READ] = SQLITE_IOERR_READ };
	if (!w->course->faults || cut_random(&w->dice) % 2)
		return;
	enum cut_call call = (enum cut_call)(cut_random(&w->dice) % (CUT_CALL_COUNT + 1));
	unsigned after = (unsigned)(cut_random(&w->dice) % 8);
	unsigned times = 1 + (unsigned)(cut_random(&w->dice) % 3);
	if (call == CUT_CALL_COUNT)
		fill_disk(w);
	else
		cut_vfs_fail(w->vfs, call, after, times, codes[call]);
}

static void heal(struct world *w)
{
	w->recorded->limit = 0;
	for (int call = 0; call < CUT_CALL_COUNT; call++)
		cut_vfs_fail(w->vfs, (enum cut_call)call, 0, 0, 0);
}

static void one_guest(struct world *w, struct log *l)
{
	trouble(w);
	if (w->course->early_green)
		cut_disk_mark(w->recorded, w->evening.count + 1);
	int error = evening_step(&w->evening, l);
	heal(w);
	if (!w->course->faults)
		assert_int_equal(error, 0);
	if (!error && !w->course->early_green)
		cut_disk_mark(w->recorded, w->evening.count);
	w->tally->rows += !error;
	w->tally->failed += error != 0;
}

/* The recording ends where the power goes; what closing the log does afterwards is not in it,
 * unless the program ended in peace. */
static void record_boot(struct world *w, unsigned guests, bool in_peace)
{
	struct log_setup setup = evening_setup(dir, RECORDED, w->course->synchronous);
	struct log *l = NULL;
	trouble(w);
	int error = log_open(&l, &setup);
	heal(w);
	if (error)
		assert_int_equal(log_open(&l, &setup), 0);
	/* What the log has shown at its start may have left the house already. */
	assert_int_equal(evening_reread(&w->evening, l), 0);
	cut_disk_mark(w->recorded, w->evening.count);
	for (unsigned i = 0; i < guests; i++)
		one_guest(w, l);
	if (in_peace) {
		log_close(l);
		return;
	}
	w->recorded->recording = false;
	log_close(l);
}

static void count_checkpoints(struct world *w)
{
	const struct cut_disk *d = w->recorded;
	const struct cut_file *db = cut_disk_find(d, d->files[0]->name);
	for (size_t i = 0; i < d->op_count; i++)
		w->tally->checkpoints +=
			d->ops[i].kind == CUT_SYNC && d->files[d->ops[i].file] == db;
}

/* The next boot finds what a cut in the last third of this one has left, or goes on where the
 * program was killed. */
static void reboot(struct world *w)
{
	struct cut_disk *next = cut_disk_new();
	struct cut_replay *r = cut_replay_new(w->recorded);
	size_t ops = w->recorded->op_count;
	size_t at = ops - cut_random(&w->dice) % (ops / 3 + 1);
	while (cut_replay_done(r) < at && cut_replay_step(r))
		w->green = green_now(w, r, w->green);
	if (cut_random(&w->dice) % 2) {
		cut_replay_go_on(r, next);
	} else {
		enum cut_kind kind = (enum cut_kind)(cut_random(&w->dice) % CUT_KIND_COUNT);
		cut_replay_image(r, kind, cut_random(&w->dice), next);
		cut_disk_record(next);
	}
	cut_replay_free(r);
	cut_vfs_use(w->vfs, next);
	cut_disk_free(w->recorded);
	w->recorded = next;
	evening_reboot(&w->evening);
	w->boot++;
}

/* --- one evening ----------------------------------------------------------------------------- */

/* A checkpoint after so few pages that there are several, with restarts of the WAL between; one
 * evening in four leaves the threshold that the log asks for itself. */
static int autocheckpoint_of(uint64_t seed)
{
	static const int pages[] = { 8, 24, 60, 0 };
	return pages[seed % ARRAY_LEN(pages)];
}

/* One evening in eight begins with a log that is not small any more. */
static void fill_beforehand(struct world *w)
{
	struct log_setup setup = evening_setup(dir, RECORDED, NULL);
	struct log *l = NULL;
	if (w->boot > 0 || w->seed % 8 != 3)
		return;
	assert_int_equal(log_open(&l, &setup), 0);
	for (int i = 0; i < 120; i++)
		assert_int_equal(evening_step(&w->evening, l), 0);
	log_close(l);
	w->green = w->evening.count;
	cut_disk_record(w->recorded);
}

static void evening(
	const struct course *course, uint64_t seed, size_t cuts_wanted, struct tally *tally)
{
	struct world w = { .course = course, .tally = tally, .seed = seed, .dice = seed };
	w.recorded = cut_disk_new();
	w.recorded->lies = course->lies;
	cut_disk_record(w.recorded);
	w.replayed = cut_disk_new();
	w.vfs = cut_vfs_new(RECORDED, w.recorded, autocheckpoint_of(seed));
	struct cut_vfs *replay_vfs = cut_vfs_new(REPLAYED, w.replayed, 0);
	evening_init(&w.evening, seed);
	bool must_lose = course->synchronous || course->early_green || course->lies;
	unsigned boots = must_lose ? 1 : 3;
	while (w.boot < boots) {
		fill_beforehand(&w);
		record_boot(&w, 12 + (unsigned)(cut_random(&w.dice) % 16), w.boot % 2);
		count_checkpoints(&w);
		walk(&w, cuts_wanted);
		if (w.boot + 1 == boots || tally->cuts >= cuts_wanted)
			break;
		reboot(&w);
	}
	tally->evenings++;
	tally->faults += cut_vfs_failed(w.vfs);
	evening_free(&w.evening);
	cut_vfs_free(w.vfs);
	cut_vfs_free(replay_vfs);
	cut_disk_free(w.recorded);
	cut_disk_free(w.replayed);
}

/* A failure names its seed; PARVIS_CUT_SEED begins with that evening. */
static uint64_t first_seed(void)
{
	const char *asked = getenv("PARVIS_CUT_SEED");
	return asked ? strtoull(asked, NULL, 10) : 1;
}

static struct tally evenings(const char *name, const struct course *course, size_t cuts)
{
	struct tally tally = { 0 };
	struct timespec from, to;
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (uint64_t seed = first_seed(); tally.cuts < cuts; seed++)
		evening(course, seed, cuts, &tally);
	clock_gettime(CLOCK_MONOTONIC, &to);
	print_message("# %zu cuts, %zu lost: %s; %zu evenings, %zu rows, %zu more failed, %zu "
		      "checkpoints, %zu faults met, %ld s\n",
		tally.cuts, tally.lost, name, tally.evenings, tally.rows, tally.failed,
		tally.checkpoints, tally.faults, (long)(to.tv_sec - from.tv_sec));
	if (tally.lost)
		print_message("# first: %s\n", tally.first);
	return tally;
}

static size_t cuts_of_this_run(void)
{
	const char *asked = getenv("PARVIS_CUTS");
	if (asked)
		return strtoul(asked, NULL, 10);
	if (getenv("PARVIS_SHORT"))
		return 500;
	return getenv("PARVIS_LONG") ? 204800 : 20480;
}

static void test_nothing_green_is_lost(void **state)
{
	(void)state;
	struct tally t = evenings("every cut", &(struct course){ 0 }, cuts_of_this_run());
	assert_int_equal(t.lost, 0);
	assert_true(t.cuts >= 500);
	assert_true(t.checkpoints > t.evenings);
}

static void test_faults_and_cuts(void **state)
{
	(void)state;
	struct course course = { .faults = true };
	size_t cuts = cuts_of_this_run() / 8;
	struct tally t = evenings("failing calls and cuts", &course, cuts < 500 ? 500 : cuts);
	assert_int_equal(t.lost, 0);
	assert_true(t.faults > 0 && t.failed > 0);
}

/* --- what must lose -------------------------------------------------------------------------- */

static void test_synchronous_normal_loses(void **state)
{
	(void)state;
	struct course course = { .synchronous = "NORMAL" };
	assert_true(evenings("synchronous=NORMAL", &course, 500).lost > 0);
}

static void test_synchronous_off_loses(void **state)
{
	(void)state;
	struct course course = { .synchronous = "OFF" };
	assert_true(evenings("synchronous=OFF", &course, 500).lost > 0);
}

static void test_green_before_commit_loses(void **state)
{
	(void)state;
	struct course course = { .early_green = true };
	assert_true(evenings("green before COMMIT", &course, 500).lost > 0);
}

static void test_lying_disk_loses(void **state)
{
	(void)state;
	struct course course = { .lies = true };
	assert_true(evenings("a disk that lies", &course, 500).lost > 0);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	char lock[sizeof(dir) + 16];
	snprintf(lock, sizeof(lock), "%s/log.lock", dir);
	unlink(lock);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_green_is_lost),
		cmocka_unit_test(test_faults_and_cuts),
		cmocka_unit_test(test_synchronous_normal_loses),
		cmocka_unit_test(test_synchronous_off_loses),
		cmocka_unit_test(test_green_before_commit_loses),
		cmocka_unit_test(test_lying_disk_loses),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
