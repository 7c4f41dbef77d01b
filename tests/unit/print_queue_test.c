#include "store/print_queue.h"

#include "tests/fake/store_bench.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define CODE "PB0123456789ABCDEFGHJKMNPQ"

static struct print_queue *must_open(const char *dir)
{
	struct print_queue *q = NULL;
	assert_int_equal(print_queue_open(&q, dir), 0);
	return q;
}

static bool is_on_disk(const char *dir, const char *text)
{
	bool found = false;
	char path[512];
	DIR *d = opendir(dir);
	for (struct dirent *e; (e = readdir(d));) {
		static char bytes[4 << 20];
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		FILE *f = fopen(path, "r");
		size_t n = f ? fread(bytes, 1, sizeof(bytes), f) : 0;
		found |= memmem(bytes, n, text, strlen(text)) != NULL;
		if (f)
			fclose(f);
	}
	closedir(d);
	return found;
}

static void badges_come_out_in_their_order_after_any_restart(void **state)
{
	struct print_queue *q = must_open(*state);
	struct print_badge b;
	uint64_t waiting;
	char id[16];
	strcpy(id, print_queue_id(q));
	assert_int_equal(strlen(id), 8);
	assert_int_equal(print_queue_first(q, &b), -ENOENT);
	assert_int_equal(print_queue_put(q, "Zoé", CODE), 0);
	assert_int_equal(print_queue_put(q, "", CODE), 0);
	print_queue_close(q);
	q = must_open(*state);
	assert_string_equal(print_queue_id(q), id);
	assert_int_equal(print_queue_first(q, &b), 0);
	assert_int_equal(b.number, 1);
	assert_int_equal(b.state, PRINT_WAITING);
	assert_string_equal(b.name, "Zoé");
	assert_string_equal(b.code, CODE);
	assert_int_equal(print_queue_mark(q, 1, PRINT_SENT, 42), 0);
	print_queue_close(q);
	q = must_open(*state);
	assert_int_equal(print_queue_first(q, &b), 0);
	assert_int_equal(b.state, PRINT_SENT);
	assert_int_equal(b.job, 42);
	assert_int_equal(print_queue_done(q, 1), 0);
	assert_int_equal(print_queue_first(q, &b), 0);
	assert_int_equal(b.number, 2);
	assert_int_equal(print_queue_done(q, 2), 0);
	assert_int_equal(print_queue_waiting(q, &waiting), 0);
	assert_int_equal(waiting, 0);
	print_queue_close(q);
	/* The printer knows badges by their number: none is ever used again. */
	q = must_open(*state);
	assert_int_equal(print_queue_put(q, "Ada", CODE), 0);
	assert_int_equal(print_queue_first(q, &b), 0);
	assert_int_equal(b.number, 3);
	print_queue_close(q);
}

static void what_is_printed_is_forgotten(void **state)
{
	struct print_queue *q = must_open(*state);
	char name[TICKET_NAME_SIZE];
	struct print_badge b;
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "Planted-Name-Of-%04d-%030d", i, i);
		assert_int_equal(print_queue_put(q, name, CODE), 0);
	}
	assert_true(is_on_disk(*state, "Planted-Name"));
	for (int i = 0; i < 300; i++) {
		assert_int_equal(print_queue_first(q, &b), 0);
		snprintf(name, sizeof(name), "Name-Of-%04d-", i);
		if (i % 30 == 0)
			assert_true(is_on_disk(*state, name));
		assert_int_equal(print_queue_mark(q, b.number, PRINT_SENDING, 0), 0);
		assert_int_equal(print_queue_mark(q, b.number, PRINT_SENT, i), 0);
		assert_int_equal(print_queue_done(q, b.number), 0);
		if (i % 30 == 0)
			assert_false(is_on_disk(*state, name)); /* with the queue still open */
	}
	assert_false(is_on_disk(*state, "Planted"));
	assert_false(is_on_disk(*state, CODE));
	print_queue_close(q);
	assert_false(is_on_disk(*state, "Planted"));
}

static void labels_are_counted_once_somebody_has(void **state)
{
	struct print_queue *q = must_open(*state);
	int64_t labels;
	assert_int_equal(print_queue_labels(q, &labels), 0);
	assert_int_equal(labels, -1);
	assert_int_equal(print_queue_set_labels(q, -1), -EINVAL);
	for (uint64_t i = 1; i <= 4; i++)
		assert_int_equal(print_queue_put(q, "", CODE), 0);
	assert_int_equal(print_queue_done(q, 1), 0);
	assert_int_equal(print_queue_labels(q, &labels), 0);
	assert_int_equal(labels, -1);
	assert_int_equal(print_queue_set_labels(q, 2), 0);
	for (uint64_t i = 2; i <= 4; i++) {
		assert_int_equal(print_queue_done(q, i), 0);
		assert_int_equal(print_queue_labels(q, &labels), 0);
		assert_int_equal(labels, i == 2 ? 1 : 0); /* never below */
	}
	print_queue_close(q);
}

static void only_its_owner_may_use_it(void **state)
{
	struct print_queue *q = must_open(*state), *other = NULL;
	char path[512];
	struct stat st;
	assert_int_equal(print_queue_put(q, "", CODE), 0);
	int error = print_queue_open(&other, *state);
	assert_int_equal(error, -EBUSY);
	assert_null(other);
	print_queue_close(q);
	snprintf(path, sizeof(path), "%s/print.db", (char *)*state);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void what_is_no_queue_is_left_alone(void **state)
{
	struct print_queue *q = NULL;
	char path[512], text[64] = "";
	snprintf(path, sizeof(path), "%s/print.db", (char *)*state);
	FILE *f = fopen(path, "w");
	fputs("This is somebody's shopping list: milk, bread, and a QR code.", f);
	fclose(f);
	assert_int_equal(print_queue_open(&q, *state), -EBADMSG);
	assert_null(q);
	f = fopen(path, "r");
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	assert_memory_equal(text, "This is somebody's", 18);
	assert_true(print_queue_open(&q, "/proc/nowhere") < 0);
}

/* A file may grow no further: what a full disk is to a writer. */
static void a_full_disk_takes_nothing_and_loses_nothing(void **state)
{
	struct print_queue *q = must_open(*state);
	struct rlimit before, tight;
	uint64_t taken = 0, waiting;
	int error = 0;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	tight = before;
	tight.rlim_cur = 32768;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
	while (taken < 5000 && !error) {
		error = print_queue_put(q, "Somebody-With-A-Name-That-Takes-Room", CODE);
		taken += !error;
	}
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_in_range(taken, 10, 4999);
	assert_true(error < 0);
	assert_int_equal(print_queue_waiting(q, &waiting), 0);
	assert_int_equal(waiting, taken);
	assert_int_equal(print_queue_put(q, "", CODE), 0); /* there is room again */
	print_queue_close(q);
	q = must_open(*state);
	assert_int_equal(print_queue_waiting(q, &waiting), 0);
	assert_int_equal(waiting, taken + 1);
	print_queue_close(q);
}

static void somebody_who_asks_is_forgotten_and_nobody_else(void **state)
{
	struct print_queue *q = must_open(*state);
	uint64_t count;
	assert_int_equal(print_queue_put(q, "Quentin Forgotten", CODE), 0);
	assert_int_equal(print_queue_put(q, "", "PBFORGETTENCODE0000000000"), 0);
	assert_int_equal(print_queue_put(q, "Someone Else", CODE), 0);
	print_queue_close(q);
	assert_true(is_on_disk(*state, "Quentin"));
	q = must_open(*state);
	assert_int_equal(print_queue_forget(q, NULL, NULL, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(
		print_queue_forget(q, "Quentin Forgotten", "PBFORGETTENCODE0000000000", &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(print_queue_waiting(q, &count), 0);
	assert_int_equal(count, 1);
	print_queue_close(q);
	assert_false(is_on_disk(*state, "Quentin"));
	assert_false(is_on_disk(*state, "PBFORGETTEN"));
	assert_true(is_on_disk(*state, "Someone Else"));
}

#define IN_A_DIRECTORY(test)                                                                       \
	cmocka_unit_test_setup_teardown(test, store_bench_set_up, store_bench_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_DIRECTORY(badges_come_out_in_their_order_after_any_restart),
		IN_A_DIRECTORY(what_is_printed_is_forgotten),
		IN_A_DIRECTORY(somebody_who_asks_is_forgotten_and_nobody_else),
		IN_A_DIRECTORY(labels_are_counted_once_somebody_has),
		IN_A_DIRECTORY(only_its_owner_may_use_it),
		IN_A_DIRECTORY(what_is_no_queue_is_left_alone),
		IN_A_DIRECTORY(a_full_disk_takes_nothing_and_loses_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
