/* The reading of a keyboard wedge, against a libevdev of the test's own. What keys mean is tested
 * in scanner_test.c, and there is a test with the kernel's own devices there too. */
#include "port/scanner.h"

#include "tests/fake/evdev_fake.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/input-event-codes.h>

static char folder[64], node[96];
static int bell; /* rings when there is something to read */
static struct scanner *scanner;
static struct scanner_code code;

static int plug_in(void **state)
{
	(void)state;
	char spec[128];
	evdev_fake_reset();
	snprintf(folder, sizeof(folder), "/tmp/parvis-wedge.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(node, sizeof(node), "%s/event0", folder);
	snprintf(spec, sizeof(spec), "evdev:%s", node);
	bell = mkfifo(node, 0600) ? -1 : open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return bell < 0 || scanner_open(&scanner, spec) ? -1 : 0;
}

static int unplug(void **state)
{
	(void)state;
	scanner_close(scanner);
	close(bell);
	unlink(node);
	return rmdir(folder) || evdev_fake.devices || evdev_fake.grabbed ? -1 : 0;
}

static void ring(void)
{
	assert_int_equal(write(bell, "!", 1), 1);
}

static void press(uint16_t key)
{
	evdev_fake_key(key, 1);
	evdev_fake_key(key, 0);
}

static void assert_next(const char *text, bool overlong)
{
	assert_int_equal(scanner_read(scanner, &code, 2000), 0);
	assert_int_equal(code.len, strlen(text));
	assert_memory_equal(code.text, text, code.len);
	assert_int_equal(code.overlong, overlong);
}

/* More keys than one read takes, two codes, and one wake-up for all of it. */
static void test_reads_all(void **state)
{
	(void)state;
	assert_int_equal(scanner_read(scanner, &code, 0), -ETIMEDOUT);
	assert_int_equal(evdev_fake.grabbed, 1);
	char expected[301] = "";
	for (int i = 0; i < 300; i++) {
		press(KEY_A);
		expected[i] = 'a';
	}
	press(KEY_ENTER);
	press(KEY_B);
	press(KEY_KPENTER);
	press(KEY_C);
	ring();
	assert_next(expected, false);
	assert_next("b", false);
	assert_next("c", false); /* by silence */
	assert_int_equal(scanner_read(scanner, &code, 20), -ETIMEDOUT);
}

/* Keys lost in the kernel: what is left of the code is no ticket, and the next one is whole. */
static void test_lost_keys(void **state)
{
	(void)state;
	press(KEY_A);
	evdev_fake_key(KEY_LEFTSHIFT, 1); /* its release is among what is lost */
	evdev_fake_drop();
	press(KEY_B);
	press(KEY_ENTER);
	press(KEY_C);
	press(KEY_ENTER);
	ring();
	assert_int_equal(scanner_read(scanner, &code, 2000), 0);
	assert_true(code.overlong);
	assert_next("c", false);
}

static void test_caps_lock(void **state)
{
	(void)state;
	evdev_fake.caps_lock = true;
	press(KEY_A);
	press(KEY_ENTER);
	ring();
	assert_next("A", false);
}

static void test_vanishes(void **state)
{
	(void)state;
	press(KEY_A);
	ring();
	int begun = scanner_read(scanner, &code, 0);
	assert_true(begun == -ETIMEDOUT || !begun); /* a busy machine may end it by silence */
	evdev_fake.read_error = -ENODEV;
	ring();
	assert_int_equal(scanner_read(scanner, &code, 1000), -ENODEV);
	assert_int_equal(evdev_fake.devices, 0);
	assert_int_equal(evdev_fake.grabbed, 0);
	evdev_fake.read_error = 0;
	press(KEY_B);
	press(KEY_ENTER);
	ring();
	int error = -ENODEV;
	for (int i = 0; error == -ENODEV && i < 20; i++)
		error = scanner_read(scanner, &code, 200);
	assert_int_equal(error, 0);
	assert_int_equal(code.len, 1); /* not what was begun before */
	assert_int_equal(code.text[0], 'b');
}

static void test_cannot_be_had(void **state)
{
	(void)state;
	evdev_fake.grab_error = -EBUSY; /* unless it is ours alone, keys go elsewhere too */
	assert_int_equal(scanner_read(scanner, &code, 10), -ENODEV);
	assert_int_equal(evdev_fake.devices, 0);
	evdev_fake.grab_error = 0;
	evdev_fake.no_enter = true;
	assert_int_equal(scanner_read(scanner, &code, 600), -ENODEV);
	assert_int_equal(evdev_fake.devices, 0);
	evdev_fake.no_enter = false;
	assert_int_equal(scanner_read(scanner, &code, 600), -ETIMEDOUT);
	assert_int_equal(evdev_fake.grabbed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reads_all, plug_in, unplug),
		cmocka_unit_test_setup_teardown(test_lost_keys, plug_in, unplug),
		cmocka_unit_test_setup_teardown(test_caps_lock, plug_in, unplug),
		cmocka_unit_test_setup_teardown(test_vanishes, plug_in, unplug),
		cmocka_unit_test_setup_teardown(test_cannot_be_had, plug_in, unplug),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
