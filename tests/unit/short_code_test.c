/* The code that people read aloud. */
#include "event/short_code.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void is_first_forty_bits(void **state)
{
	(void)state;
	static const struct {
		uint8_t hash[TICKET_HASH_SIZE];
		const char *text;
	} cases[] = {
		{ { 0 }, "0000-0000" },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff }, "ZZZZ-ZZZZ" },
		{ { 0x00, 0x44, 0x32, 0x14, 0xc7 }, "0123-4567" },
		{ { 0x42, 0x54, 0xb6, 0x35, 0xcf }, "89AB-CDEF" },
		{ { 0x84, 0x65, 0x3a, 0x56, 0xd7 }, "GHJK-MNPQ" },
		{ { 0xc6, 0x75, 0xbe, 0x77, 0xdf }, "RSTV-WXYZ" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[SHORT_CODE_SIZE];
		short_code(cases[i].hash, out);
		assert_string_equal(out, cases[i].text);
	}
}

static void rest_of_the_hash_stays_unsaid(void **state)
{
	(void)state;
	uint8_t a[TICKET_HASH_SIZE] = { 1, 2, 3, 4, 5 }, b[TICKET_HASH_SIZE] = { 1, 2, 3, 4, 5 };
	char of_a[SHORT_CODE_SIZE], of_b[SHORT_CODE_SIZE];
	memset(b + 5, 0xee, sizeof(b) - 5);
	short_code(a, of_a);
	short_code(b, of_b);
	assert_string_equal(of_a, of_b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_first_forty_bits),
		cmocka_unit_test(rest_of_the_hash_stays_unsaid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
