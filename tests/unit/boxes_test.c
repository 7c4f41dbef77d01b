/* The organiser's list of boxes: what is added is there, whole, whatever happens in between. */
#include "event/boxes.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64], keys[80], path[96];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/parvis-boxes-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(keys, sizeof(keys), "%s/keys", dir);
	snprintf(path, sizeof(path), "%s/boxes", keys);
	return mkdir(keys, 0700);
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(keys) || rmdir(dir);
}

static struct boxes_entry an_entry(uint8_t device, const char *venue, uint64_t serial)
{
	struct boxes_entry e = {
		.device = { device }, .door = "main", .serial = serial, .made_ms = 1481140800123
	};
	snprintf(e.venue, sizeof(e.venue), "%s", venue);
	return e;
}

static void add(uint8_t device, const char *venue, uint64_t serial)
{
	struct boxes_entry e = an_entry(device, venue, serial);
	assert_int_equal(boxes_add(dir, &e), 0);
}

static void what_is_added_is_there(void **state)
{
	struct boxes b;
	struct stat st;
	uint8_t nobody[16] = { 9 };
	(void)state;
	assert_int_equal(boxes_load(&b, dir), -ENOENT);
	add(2, "numa", 1);
	add(1, "liberte", 2);
	add(2, "numa", 3);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(boxes_load(&b, dir), 0);
	assert_int_equal(b.count, 3);
	struct boxes_entry e = an_entry(2, "numa", 3);
	assert_memory_equal(boxes_newest(&b, e.device), &e, sizeof(e));
	assert_int_equal(boxes_standing(&b, e.device), BOXES_GOOD);
	assert_int_equal(boxes_standing(&b, nobody), BOXES_UNKNOWN);
	assert_null(boxes_newest(&b, nobody));
	boxes_free(&b);
}

static void who_is_shut_out_stays_so(void **state)
{
	struct boxes b;
	uint8_t two[16] = { 2 }, four[16] = { 4 };
	(void)state;
	add(2, "numa", 1);
	add(2, "numa", 2);
	add(3, "liberte", 3);
	assert_int_equal(boxes_revoke(dir, four, 5000), -ENOENT);
	assert_int_equal(boxes_revoke(dir, two, 5000), 0);
	assert_int_equal(boxes_revoke(dir, two, 6000), 0);
	add(2, "numa", 4); /* not even by a line that is made later */
	assert_int_equal(boxes_load(&b, dir), 0);
	assert_int_equal(b.count, 4);
	assert_int_equal(boxes_standing(&b, two), BOXES_REVOKED);
	assert_int_equal(b.at[0].revoked_ms, 5000);
	assert_int_equal(b.at[1].revoked_ms, 5000);
	assert_int_equal(boxes_generation(&b, "numa", "main"), 1);
	assert_int_equal(boxes_generation(&b, "numa", "side"), 0);
	assert_int_equal(boxes_generation(&b, "liberte", "main"), 0);
	boxes_free(&b);
	add(4, "numa", 5);
	assert_int_equal(boxes_revoke(dir, four, 7000), 0);
	assert_int_equal(boxes_load(&b, dir), 0);
	assert_int_equal(boxes_generation(&b, "numa", "main"), 2);
	boxes_free(&b);
}

/* Power went while a line was written: the rest is as it was. */
static void a_line_that_was_cut_off_is_passed_over(void **state)
{
	struct boxes b;
	(void)state;
	add(1, "numa", 1);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	for (off_t cut = 1; cut < st.st_size; cut++) {
		add(2, "liberte", 2);
		assert_int_equal(truncate(path, st.st_size + cut), 0);
		assert_int_equal(boxes_load(&b, dir), 0);
		assert_int_equal(b.count, 1);
		boxes_free(&b);
	}
	add(3, "jardin", 3);
	assert_int_equal(boxes_load(&b, dir), 0);
	assert_int_equal(b.count, 2);
	assert_string_equal(b.at[1].venue, "jardin");
	boxes_free(&b);
}

static void what_is_no_line_is_refused(void **state)
{
#define DEVICE "00112233445566778899aabbccddeeff "
#define MADE   " 2016-12-07T20:00:00.123Z "
	static const char *const bad[] = {
		"\n",
		DEVICE "numa main 1" MADE "\n",
		DEVICE "numa main 1" MADE "- -\n",
		DEVICE "numa main 0" MADE "-\n",
		DEVICE "numa main x" MADE "-\n",
		DEVICE "Numa main 1" MADE "-\n",
		DEVICE "numa main 1 2016-12-07T20:00:00 -\n",
		DEVICE "numa main 1" MADE "yes\n",
		"0011 numa main 1" MADE "-\n",
		DEVICE "../etc main 1" MADE "-\n",
	};
	struct boxes b;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (boxes_parse(&b, bad[i], strlen(bad[i])) != -EBADMSG)
			fail_msg("%s", bad[i]);
	static const char good[] = DEVICE "numa main 1" MADE "-\n";
	assert_int_equal(boxes_parse(&b, good, sizeof(good) - 1), 0);
	assert_int_equal(b.count, 1);
	boxes_free(&b);
	assert_int_equal(boxes_parse(&b, good, sizeof(good)), 0); /* a NUL of no line */
	assert_int_equal(b.count, 1);
	boxes_free(&b);
	assert_int_equal(boxes_parse(&b, "", 0), 0);
	assert_int_equal(b.count, 0);
	boxes_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_added_is_there, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(who_is_shut_out_stays_so, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(
			a_line_that_was_cut_off_is_passed_over, make_dir, remove_dir),
		cmocka_unit_test(what_is_no_line_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
