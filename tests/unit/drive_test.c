/* Where sticks are mounted, and a directory in a stick's place. */
#include "port/drive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char mountinfo[] =
	"22 1 179:2 / / rw,relatime shared:1 - ext4 /dev/mmcblk0p2 rw\n"
	"30 22 179:1 / /boot/firmware rw,relatime shared:2 - vfat /dev/mmcblk0p1 rw\n"
	"31 22 8:1 / /media/parvis-sda1 rw,nosuid,nodev,noexec shared:3 - vfat /dev/sda1 rw\n"
	"32 22 8:17 / /run/media/ada/MA\\040CL\\303\\211 rw shared:4 - exfat /dev/sdb1 rw\n"
	"33 22 8:18 / /mediathek rw shared:5 - ext4 /dev/sdb2 rw\n"
	"34 22 8:18 / /mnt rw shared:6 - ext4 /dev/sdb2 rw\n"
	"35 22 8:33 / /run/parvis-stick rw shared:6 - vfat /dev/sdc1 rw\n"
	"36 22 8:x / /media/odd\n"
	"\n"
	"37 22 8:49";

static void mounts_are_found_where_sticks_are(void **state)
{
	static const struct {
		unsigned major, minor;
		enum drive_mount how;
		const char *path;
	} cases[] = {
		{ 179, 2, DRIVE_AS_DISK, "" },
		{ 179, 1, DRIVE_AS_DISK, "" }, /* the box's own boot partition is no stick */
		{ 8, 1, DRIVE_AS_STICK, "/media/parvis-sda1" },
		{ 8, 17, DRIVE_AS_STICK, "/run/media/ada/MA CLÉ" },
		{ 8, 18, DRIVE_AS_STICK, "/mnt" },
		{ 8, 33, DRIVE_AS_STICK, "/run/parvis-stick" },
		{ 8, 49, DRIVE_NOWHERE, "" },
		{ 9, 1, DRIVE_NOWHERE, "" },
	};
	char path[PATH_MAX];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		*path = '\0';
		assert_int_equal(drive_mounted_at(mountinfo, cases[i].major, cases[i].minor, path),
			cases[i].how);
		assert_string_equal(path, cases[i].path);
	}
	assert_int_equal(drive_mounted_at("", 8, 1, path), DRIVE_NOWHERE);
}

static void a_directory_is_a_stick_while_it_is_there(void **state)
{
	char dir[] = "/tmp/parvis-drive-XXXXXX", stick[64];
	struct drive *d;
	struct drive_news news;
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(stick, sizeof(stick), "%s/stick", dir);
	assert_int_equal(drive_open(&d, stick), 0);
	assert_int_equal(drive_fd(d), -1);
	drive_look(d, &news);
	assert_int_equal(news.state, DRIVE_NONE);
	assert_int_equal(mkdir(stick, 0700), 0);
	drive_look(d, &news);
	assert_int_equal(news.state, DRIVE_IN);
	assert_string_equal(news.dir, stick);
	rmdir(stick);
	drive_look(d, &news);
	assert_int_equal(news.state, DRIVE_NONE);
	drive_close(d);
	rmdir(dir);
}

/* What is plugged in here is this host's business: only that looking does no harm. */
static void sticks_are_looked_for(void **state)
{
	struct drive *d;
	(void)state;
	int error = drive_open(&d, NULL);
	if (error)
		skip(); /* no udev here */
	assert_true(drive_fd(d) >= 0);
	drive_close(d);
	drive_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts_are_found_where_sticks_are),
		cmocka_unit_test(a_directory_is_a_stick_while_it_is_there),
		cmocka_unit_test(sticks_are_looked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
