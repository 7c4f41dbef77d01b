#include "port/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#include <cmocka.h>

/* Stands before libc's: the kernel's answer is the test's. */
static int timex_result, timex_status;
static unsigned timex_modes;

int adjtimex(struct timex *t)
{
	timex_modes |= t->modes;
	t->status = timex_status;
	if (timex_result < 0)
		errno = ENOSYS;
	return timex_result;
}

static void test_trust(void **state)
{
	(void)state;
	static const struct {
		const char *why;
		int result, status;
		enum trust trust;
	} cases[] = {
		{ "steered", TIME_OK, STA_PLL, TRUST_SYNCED },
		{ "steered, a leap second to come", TIME_INS, STA_PLL | STA_INS, TRUST_SYNCED },
		{ "in a leap second", TIME_OOP, STA_PLL, TRUST_SYNCED },
		{ "never steered", TIME_ERROR, STA_UNSYNC, TRUST_FREE },
		{ "in error", TIME_ERROR, STA_PLL, TRUST_FREE },
		{ "said to be unsynchronised", TIME_OK, STA_UNSYNC, TRUST_FREE },
		{ "a kernel that will not say", -1, 0, TRUST_FREE },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		timex_result = cases[i].result;
		timex_status = cases[i].status;
		int64_t wall_ms = clock_now(0).wall_ms;
		if (clock_now(0).trust != cases[i].trust)
			fail_msg("%s", cases[i].why);
		assert_int_equal(clock_now(wall_ms).trust, cases[i].trust);
		/* Behind what has happened: wrong, whoever steers it. */
		assert_int_equal(clock_now(wall_ms + 3600000).trust, TRUST_UNSET);
		assert_int_equal(clock_now(INT64_MAX).trust, TRUST_UNSET);
		assert_int_equal(clock_now(INT64_MIN).trust, cases[i].trust);
	}
	assert_int_equal(timex_modes, 0); /* asked only, never set */
}

static void test_now(void **state)
{
	(void)state;
	struct when before = clock_now(0);
	time_t wall = time(NULL);
	struct timespec mono;
	clock_gettime(CLOCK_MONOTONIC, &mono);
	struct when after = clock_now(0);
	assert_true(before.mono_ms <= (int64_t)mono.tv_sec * 1000 + mono.tv_nsec / 1000000);
	assert_true(after.mono_ms >= (int64_t)mono.tv_sec * 1000 + mono.tv_nsec / 1000000);
	assert_true(before.wall_ms / 1000 <= wall + 1 && after.wall_ms / 1000 >= wall - 1);
}

static void test_boot_id(void **state)
{
	(void)state;
	uint8_t id[16], again[16], zeros[16] = { 0 };
	char text[64] = "", hex[33] = "", expected[33] = "";
	memset(id, 0xaa, sizeof(id));
	clock_boot_id(id);
	clock_boot_id(again);
	assert_memory_equal(id, again, sizeof(id));
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	if (!f) {
		assert_memory_equal(id, zeros, sizeof(id));
		print_message("# skipped: this kernel tells no boot id\n");
		skip();
	}
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	for (size_t i = 0, n = 0; text[i] && text[i] != '\n'; i++)
		if (text[i] != '-' && n < 32)
			expected[n++] = text[i];
	for (size_t i = 0; i < sizeof(id); i++)
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	assert_string_equal(hex, expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_now),
		cmocka_unit_test(test_boot_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
