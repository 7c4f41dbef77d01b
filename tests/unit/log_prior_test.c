/* What the log knows of one ticket, asked beside a writer that goes on writing. */
#include "store/log.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define START_MS INT64_C(1481220000000)

static const struct admission_rules rules = {
	.venue = "numa", .door = "nord", .doorway = DOOR_BOTH, .reentry = true
};

static struct log *open_log(const char *dir)
{
	struct log *l = NULL;
	struct log_setup setup = { .dir = dir, .venue = "numa", .start_ms = START_MS };
	assert_int_equal(log_open(&l, &setup), 0);
	return l;
}

static struct log_result scan(struct log *l, uint8_t number, int64_t second)
{
	struct ticket ticket = { .kind = TICKET_SIGNED, .hash = { number } };
	struct log_result result;
	struct log_request r = { .kind = ROW_SCAN,
		.source = SOURCE_TOUCH,
		.now = { .wall_ms = START_MS + second * 1000,
			.mono_ms = second * 1000,
			.trust = TRUST_SYNCED },
		.rules = &rules,
		.ticket = &ticket,
		.operator= "volunteer" };
	assert_int_equal(log_record(l, &r, &result), 0);
	return result;
}

static void assert_prior(struct log *l, uint8_t number, enum direction last, int64_t second)
{
	const uint8_t hash[TICKET_HASH_SIZE] = { number };
	struct prior p;
	memset(&p, 0xff, sizeof(p));
	assert_int_equal(log_prior(l, hash, NULL, &p), 0);
	assert_int_equal(p.last, last);
	assert_int_equal(p.wall_ms, last == DIRECTION_NONE ? 0 : START_MS + second * 1000);
	assert_string_equal(p.venue, last == DIRECTION_NONE ? "" : "numa");
	assert_string_equal(p.door, last == DIRECTION_NONE ? "" : "nord");
}

static void a_reader_follows_the_writer(void **state)
{
	struct log *writer = open_log(*state), *reader = NULL;
	assert_int_equal(log_open_reader(&reader, *state), 0);
	assert_prior(reader, 1, DIRECTION_NONE, 0);
	struct log_result in = scan(writer, 1, 10);
	assert_int_equal(in.row.verdict, VERDICT_ADMIT);
	assert_string_equal(in.row.operator, "volunteer");
	assert_prior(reader, 1, DIRECTION_IN, 10);
	assert_prior(writer, 1, DIRECTION_IN, 10);
	assert_prior(reader, 2, DIRECTION_NONE, 0);
	scan(writer, 1, 300);
	assert_prior(reader, 1, DIRECTION_OUT, 300);
	struct log_result result;
	struct log_request undo = { .kind = ROW_UNDO,
		.source = SOURCE_TOUCH,
		.now = { .wall_ms = START_MS + 310000, .trust = TRUST_SYNCED },
		.rules = &rules,
		.undoes = 2,
		.operator= "volunteer" };
	assert_int_equal(log_record(writer, &undo, &result), 0);
	assert_prior(reader, 1, DIRECTION_IN, 10);
	const uint8_t none[TICKET_HASH_SIZE] = { 0 };
	struct prior p;
	assert_int_equal(log_prior(reader, none, NULL, &p), 0);
	assert_int_equal(p.last, DIRECTION_NONE);
	log_close(reader);
	log_close(writer);
}

static int set_up(void **state)
{
	char *dir = strdup("/tmp/parvis-prior-XXXXXX");
	*state = dir;
	return dir && mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "log.db", "log.db-wal", "log.db-shm", "log.lock" };
	int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unlinkat(dir, names[i], 0);
	close(dir);
	rmdir(*state);
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_reader_follows_the_writer, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
