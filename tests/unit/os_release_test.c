#include "port/os_release.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void says(const char *text, const char *expected)
{
	char path[] = "/tmp/parvis-os-release-XXXXXX", version[SYSTEM_VERSION_SIZE] = "before";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	assert_int_equal(os_release_version(path, version), *expected != '\0');
	unlink(path);
	assert_string_equal(version, expected);
}

static void a_box_says_which_version_it_runs(void **state)
{
	(void)state;
	says("NAME=Parvis\nID=parvis\nID_LIKE=debian\nVERSION_ID=0.1.0+20261122142022\n"
	     "PRETTY_NAME=\"Parvis 0.1.0+20261122142022\"\n",
		"0.1.0+20261122142022");
	says("VERSION_ID=\"2.0\"\nID=\"parvis\"\n", "2.0");
}

static void another_system_has_none(void **state)
{
	(void)state;
	says("PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nVERSION_ID=\"13\"\nID=debian\n", "");
	says("ID=parvis\n", "");
	says("ID=parvisimo\nVERSION_ID=1\n", "");
	says("", "");
	says("ID=parvis\n\x01\xff garbage \xc3\n=\nVERSION_ID=1\n", "");
	char version[SYSTEM_VERSION_SIZE];
	assert_false(os_release_version("/nonexistent", version));
	assert_string_equal(version, "");
}

static void what_is_too_long_is_cut(void **state)
{
	(void)state;
	says("ID=parvis\nVERSION_ID=0123456789012345678901234567890123456789\n",
		"0123456789012345678901234567890");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_box_says_which_version_it_runs),
		cmocka_unit_test(another_system_has_none),
		cmocka_unit_test(what_is_too_long_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
