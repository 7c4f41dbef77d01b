/* The stick's thread: copies when it is asked, mirrors what comes later, and tells what became of
 * the stick. */
#include "app/stick.h"

#include "store/device_key.h"
#include "store/log.h"
#include "tests/fake/store_bench.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_MS 20000

struct bench {
	char *dir;
	char data[256], stick_dir[256];
	struct device_key *key;
	struct issuer *issuer;
	struct log *log;
	struct stick *stick;
	struct stick_status status;
};

static int open_bench(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	uint8_t seed[32] = { 9 };
	b->dir = store_bench_dir();
	snprintf(b->data, sizeof(b->data), "%s/data", b->dir);
	snprintf(b->stick_dir, sizeof(b->stick_dir), "%s/stick", b->dir);
	assert_int_equal(device_key_open(&b->key, NULL, b->data), 0);
	assert_int_equal(issuer_from_seed(&b->issuer, seed), 0);
	struct log_setup log = { .dir = b->data,
		.venue = BENCH_VENUE,
		.start_ms = BENCH_START_MS,
		.synchronous = "OFF" };
	device_key_id(b->key, log.device);
	assert_int_equal(log_open(&b->log, &log), 0);
	struct stick_setup setup = { .dir = b->stick_dir,
		.data_dir = b->data,
		.event_id = "nuit",
		.has_organiser = true,
		.mirror_ms = 20 };
	issuer_public(b->issuer, setup.organiser);
	assert_int_equal(stick_start(&b->stick, &setup), 0);
	*state = b;
	return 0;
}

static int close_bench(void **state)
{
	struct bench *b = *state;
	stick_stop(b->stick);
	log_close(b->log);
	device_key_close(b->key);
	issuer_close(b->issuer);
	store_bench_remove(b->dir);
	free(b->dir);
	free(b);
	return 0;
}

static void write_rows(struct bench *b, int count)
{
	struct admission_rules rules = { .reentry = true };
	struct log_result result;
	strcpy(rules.venue, BENCH_VENUE);
	strcpy(rules.door, "north");
	for (int i = 0; i < count; i++) {
		struct log_request r = store_bench_hand(&rules, ROW_WALK_IN, i);
		assert_int_equal(log_record(b->log, &r, &result), 0);
	}
}

/* Until it tells of this state and, unless 0, of this last row. */
static void wait_for(struct bench *b, enum stick_state state, uint64_t last)
{
	struct pollfd p = { .fd = stick_fd(b->stick), .events = POLLIN };
	while (b->status.state != state || (last && b->status.last_seq != last)) {
		if (poll(&p, 1, WAIT_MS) <= 0)
			fail_msg("waited for %s, it is %s at %llu", stick_names[state],
				stick_names[b->status.state],
				(unsigned long long)b->status.last_seq);
		(void)stick_next(b->stick, &b->status);
	}
}

static unsigned files_on_stick(const struct bench *b)
{
	DIR *d = opendir(b->stick_dir);
	unsigned n = 0;
	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static void the_log_is_copied_and_mirrored(void **state)
{
	struct bench *b = *state;
	write_rows(b, 120);
	assert_int_equal(mkdir(b->stick_dir, 0700), 0);
	wait_for(b, STICK_READY, 0);
	assert_int_equal(files_on_stick(b), 0); /* nothing that nobody asked for */
	stick_ask(b->stick);
	wait_for(b, STICK_MIRROR, 120);
	assert_int_equal(b->status.rows, 120);
	assert_int_equal(b->status.total, 120);
	assert_true(b->status.copied_ms > 0);
	assert_int_equal(files_on_stick(b), 1);
	write_rows(b, 3);
	wait_for(b, STICK_MIRROR, 123);
	stick_ask(b->stick); /* it is under way */
	write_rows(b, 1);
	wait_for(b, STICK_MIRROR, 124);
	assert_int_equal(files_on_stick(b), 1);
}

static void a_stick_may_go_and_come(void **state)
{
	struct bench *b = *state;
	char elsewhere[300];
	write_rows(b, 5);
	assert_int_equal(mkdir(b->stick_dir, 0700), 0);
	wait_for(b, STICK_READY, 0);
	stick_ask(b->stick);
	wait_for(b, STICK_MIRROR, 5);
	snprintf(elsewhere, sizeof(elsewhere), "%s/pulled", b->dir);
	assert_int_equal(rename(b->stick_dir, elsewhere), 0);
	wait_for(b, STICK_NONE, 0);
	assert_int_equal(rename(elsewhere, b->stick_dir), 0);
	wait_for(b, STICK_READY, 0);
	stick_ask(b->stick);
	wait_for(b, STICK_MIRROR, 5);
}

static void nothing_is_copied_that_nobody_could_open(void **state)
{
	struct bench *b = *state;
	struct stick_setup setup = { .dir = b->stick_dir, .data_dir = b->data, .event_id = "nuit" };
	stick_stop(b->stick);
	assert_int_equal(mkdir(b->stick_dir, 0700), 0);
	assert_int_equal(stick_start(&b->stick, &setup), 0);
	wait_for(b, STICK_READY, 0);
	stick_ask(b->stick);
	wait_for(b, STICK_NO_KEY, 0);
	assert_int_equal(files_on_stick(b), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_log_is_copied_and_mirrored, open_bench, close_bench),
		cmocka_unit_test_setup_teardown(a_stick_may_go_and_come, open_bench, close_bench),
		cmocka_unit_test_setup_teardown(
			nothing_is_copied_that_nobody_could_open, open_bench, close_bench),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
