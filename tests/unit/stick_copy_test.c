/* A sealed copy onto a stick that is pulled out, fills up or fails at every step: what bears the
 * copy's name is always the copy of before or a newer one, and it reads. */
#include "app/stick_copy.h"

#include "night/sealed.h"
#include "store/log.h"
#include "tests/fake/stick_pull.h"
#include "tests/fake/store_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define EVENT "nuit"
/* In the log when a copy begins, and when it is renewed: the first is several parts. */
#define ROWS_FIRST 1200
#define ROWS_LATER 1300

/* In place of the C library's, for all of this program. */
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
	return stick_pull_write(fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at)
{
	return stick_pull_write(fd, bytes, size, at);
}

struct bench {
	char *dir;
	char stick[256], data[256], copy[512];
	struct issuer *issuer;
	struct device_key *key;
	struct stick_copy_setup setup;
};

static struct log *open_log(const struct bench *b, const char *data)
{
	struct log_setup setup = {
		.dir = data, .venue = BENCH_VENUE, .start_ms = BENCH_START_MS, .synchronous = "OFF"
	};
	struct log *log;
	device_key_id(b->key, setup.device);
	assert_int_equal(log_open(&log, &setup), 0);
	return log;
}

/* As if the door went on in one session: rows are added to the log that is open. */
static void write_rows(struct log *log, int count)
{
	struct admission_rules rules = { .reentry = true };
	struct log_result result;
	strcpy(rules.venue, BENCH_VENUE);
	strcpy(rules.door, "north");
	for (int i = 0; i < count; i++) {
		struct log_request r = store_bench_hand(&rules, ROW_WALK_IN, i);
		assert_int_equal(log_record(log, &r, &result), 0);
	}
}

static int open_bench(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	uint8_t seed[32] = { 9 }, device[DEVICE_ID_SIZE];
	char name[SEALED_NAME_SIZE], log1[300], log2[300];
	b->dir = store_bench_dir();
	snprintf(b->stick, sizeof(b->stick), "%s/stick", b->dir);
	snprintf(b->data, sizeof(b->data), "%s/data", b->dir);
	snprintf(log1, sizeof(log1), "%s/log1", b->dir);
	snprintf(log2, sizeof(log2), "%s/log2", b->dir);
	assert_int_equal(mkdir(b->stick, 0700) | mkdir(log1, 0700) | mkdir(log2, 0700), 0);
	assert_int_equal(issuer_from_seed(&b->issuer, seed), 0);
	seed[0] = 7;
	assert_int_equal(device_key_from_seed(&b->key, seed), 0);
	struct log *log = open_log(b, log2);
	write_rows(log, ROWS_FIRST);
	log_close(log);
	store_bench_copy(store_bench_path(log2, "log.db"), store_bench_path(log1, "log.db"));
	log = open_log(b, log2);
	write_rows(log, ROWS_LATER - ROWS_FIRST);
	log_close(log);
	b->setup = (struct stick_copy_setup){ .dir = b->stick,
		.data_dir = b->data,
		.event_id = EVENT,
		.key = b->key,
		.now_ms = BENCH_START_MS };
	issuer_public(b->issuer, b->setup.organiser);
	device_key_id(b->key, device);
	sealed_name(EVENT, device, name);
	snprintf(b->copy, sizeof(b->copy), "%s/%s", b->stick, name);
	*state = b;
	return 0;
}

static int close_bench(void **state)
{
	struct bench *b = *state;
	issuer_close(b->issuer);
	device_key_close(b->key);
	store_bench_remove(b->dir);
	free(b->dir);
	free(b);
	return 0;
}

/* The log's data directory is one of the two. */
static void use_log(const struct bench *b, const char *which)
{
	unlink(b->data);
	assert_int_equal(symlink(which, b->data), 0);
}

/* --- reading the copy --------------------------------------------------------------------------
 */

struct seen {
	uint64_t rows;
	unsigned cut_short, faults;
	uint8_t last[ROW_HASH_SIZE];
};

static int take_header(void *context, const struct sealed_header *header)
{
	(void)context, (void)header;
	return 0;
}

static int take_promise(void *context, const struct chain *chain, uint64_t last)
{
	(void)context, (void)chain, (void)last;
	return 0;
}

static int take_batch(void *context, const struct batch *batch)
{
	struct seen *s = context;
	assert_int_equal(batch_check(batch), BATCH_GOOD);
	for (size_t i = 0; i < batch->count; i++) {
		/* In the log's order, none left out: each carries the hash of the one before. */
		assert_true(!s->rows || !memcmp(batch->rows[i].before, s->last, ROW_HASH_SIZE));
		memcpy(s->last, batch->rows[i].hash, ROW_HASH_SIZE);
		s->rows++;
	}
	return 0;
}

static int take_fault(void *context, enum sealed_wrong wrong, int64_t number, uint64_t offset)
{
	struct seen *s = context;
	(void)number, (void)offset;
	s->cut_short += wrong == SEALED_CUT_SHORT;
	s->faults += wrong != SEALED_CUT_SHORT;
	return 0;
}

/* How many rows the copy on the stick has; -1: there is none. */
static int64_t rows_on_stick(const struct bench *b)
{
	struct seen seen = { 0 };
	struct sealed_reader reader = { &seen, take_header, take_promise, take_batch, take_fault };
	int fd = open(b->copy, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	assert_int_equal(sealed_read(fd, b->issuer, EVENT, &reader, NULL), SEALED_GOOD);
	close(fd);
	assert_int_equal(seen.faults, 0);
	assert_true(seen.cut_short <= 1);
	return (int64_t)seen.rows;
}

/* --- copying -----------------------------------------------------------------------------------
 */

static int go_on(struct stick_copy *c, int error, bool more)
{
	bool at_stick;
	while (!error && more)
		error = stick_copy_step(c, &more, &at_stick);
	return error;
}

/* A copy and one addition; how far it came, in rows that the caller was told are on the stick. */
static int64_t copy_and_add(const struct bench *b, int *error)
{
	struct stick_copy *c = NULL;
	struct stick_copy_progress p = { 0 };
	bool more = true, at_stick;
	int64_t told = -1;
	use_log(b, "log1");
	*error = stick_copy_open(&c, &b->setup, &at_stick);
	if (*error)
		return told;
	*error = go_on(c, 0, true);
	if (!*error) {
		stick_copy_progress(c, &p);
		told = (int64_t)p.rows;
		use_log(b, "log2");
		*error = stick_copy_renew(c, &more, &at_stick);
		*error = go_on(c, *error, more);
	}
	if (!*error) {
		stick_copy_progress(c, &p);
		told = (int64_t)p.rows;
	}
	stick_copy_close(c);
	return told;
}

static void clear_stick(const struct bench *b)
{
	char part[600];
	snprintf(part, sizeof(part), "%s.part", b->copy);
	unlink(b->copy);
	unlink(part);
}

static void a_copy_is_whole_and_grows(void **state)
{
	struct bench *b = *state;
	struct stick_copy *c;
	struct stick_copy_progress p;
	bool more, at_stick;
	clear_stick(b);
	stick_pull_begin();
	use_log(b, "log1");
	assert_int_equal(stick_copy_open(&c, &b->setup, &at_stick), 0);
	assert_int_equal(rows_on_stick(b), -1); /* no name before it is whole */
	assert_int_equal(go_on(c, 0, true), 0);
	assert_int_equal(rows_on_stick(b), ROWS_FIRST);
	stick_copy_progress(c, &p);
	assert_int_equal(p.rows, ROWS_FIRST);
	assert_int_equal(p.total, ROWS_FIRST);
	assert_int_equal(p.last_seq, ROWS_FIRST);
	size_t steps = stick_pull_steps();
	assert_int_equal(stick_copy_renew(c, &more, &at_stick), 0);
	assert_false(more); /* nothing new: nothing is written */
	assert_int_equal(stick_pull_steps(), steps + 1);
	use_log(b, "log2");
	assert_int_equal(stick_copy_renew(c, &more, &at_stick), 0);
	assert_true(more);
	assert_int_equal(go_on(c, 0, true), 0);
	assert_int_equal(rows_on_stick(b), ROWS_LATER);
	stick_copy_progress(c, &p);
	assert_int_equal(p.rows, ROWS_LATER);
	assert_int_equal(p.last_seq, ROWS_LATER - ROWS_FIRST); /* of another opening of the log */
	stick_copy_close(c);
	assert_int_equal(rows_on_stick(b), ROWS_LATER);
	assert_false(stick_pull_hasty());
}

/* What was on the stick is `before` rows (-1: nothing), and the step fails in this way. */
static void pull(const struct bench *b, int64_t before, size_t step, enum stick_pull how, int code)
{
	int error;
	stick_pull_at(step, how, code);
	int64_t told = copy_and_add(b, &error);
	int64_t there = rows_on_stick(b);
	if (error && error != -code)
		fail_msg("step %zu: %s", step, strerror(-error));
	if (there < before || there < told || there > ROWS_LATER)
		fail_msg("step %zu, way %d: %lld rows, there were %lld, and %lld were told", step,
			(int)how, (long long)there, (long long)before, (long long)told);
	assert_false(stick_pull_hasty());
}

static void every_step_may_be_the_last(void **state)
{
	static const int codes[] = { EIO, ENOSPC, EROFS, ENODEV };
	struct bench *b = *state;
	size_t len, steps;
	int error;
	clear_stick(b);
	stick_pull_begin();
	assert_int_equal(copy_and_add(b, &error), ROWS_LATER);
	steps = stick_pull_steps();
	assert_true(steps >= 10);
	/* An older copy, of an earlier session. */
	clear_stick(b);
	stick_pull_begin();
	struct stick_copy *c;
	bool at_stick;
	use_log(b, "log1");
	assert_int_equal(stick_copy_open(&c, &b->setup, &at_stick), 0);
	assert_int_equal(go_on(c, 0, true), 0);
	stick_copy_close(c);
	char *older = store_bench_read(b->copy, &len);
	for (int had = 0; had < 2; had++)
		for (size_t step = 0; step < steps; step++)
			for (int how = 0; how < STICK_PULLS; how++)
				for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
					clear_stick(b);
					if (had)
						store_bench_write(b->copy, older, len);
					stick_pull_begin();
					pull(b, had ? ROWS_FIRST : -1, step, (enum stick_pull)how,
						codes[i]);
				}
	free(older);
	/* Afterwards the same stick takes a copy as if nothing had been. */
	stick_pull_begin();
	assert_int_equal(copy_and_add(b, &error), ROWS_LATER);
	assert_int_equal(error, 0);
	assert_int_equal(rows_on_stick(b), ROWS_LATER);
}

static void what_is_missing_is_said(void **state)
{
	struct bench *b = *state;
	struct stick_copy *c;
	bool at_stick = true;
	clear_stick(b);
	stick_pull_begin();
	use_log(b, "nowhere");
	assert_int_equal(stick_copy_open(&c, &b->setup, &at_stick), -ENOENT);
	assert_false(at_stick); /* the box's own log */
	use_log(b, "log1");
	struct stick_copy_setup setup = b->setup;
	memset(setup.organiser, 0, sizeof(setup.organiser)); /* nothing can be sealed to this */
	assert_int_equal(stick_copy_open(&c, &setup, &at_stick), -EINVAL);
	assert_false(at_stick);
	assert_int_equal(rows_on_stick(b), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_whole_and_grows),
		cmocka_unit_test(every_step_may_be_the_last),
		cmocka_unit_test(what_is_missing_is_said),
	};
	return cmocka_run_group_tests(tests, open_bench, close_bench);
}
