#include "event/pin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

/* Of 2016, as assets/demo has it. */
#define DEMO                                                                                       \
	"$argon2id$v=19$m=32768,t=2,p=1$SJebiFKFechhMce86FHWMA$"                                   \
	"OrFPVR8FZ3MYZ4Iu/Zz3JRS8RJrEV7dUijkoh9+8+Sg"
#define SALT "$SJebiFKFechhMce86FHWMA"
#define HASH "$OrFPVR8FZ3MYZ4Iu/Zz3JRS8RJrEV7dUijkoh9+8+Sg"

static void four_to_twelve_digits_are_a_pin(void **state)
{
	static const char *const bad[] = { "", "1", "123", "1234567890123", "12a4", " 1234",
		"1234 ", "1234\n", "-1234", "12.4", "\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4" };
	(void)state;
	assert_true(pin_is_one("0000"));
	assert_true(pin_is_one("123456789012"));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(pin_is_one(bad[i]));
}

static void a_hash_matches_its_pin_and_no_other(void **state)
{
	char hash[PIN_HASH_SIZE], again[PIN_HASH_SIZE];
	(void)state;
	assert_int_equal(pin_hash("4711", hash), 0);
	assert_true(pin_is_hash(hash));
	assert_true(pin_matches(hash, "4711"));
	assert_false(pin_matches(hash, "4712"));
	assert_false(pin_matches(hash, "47110"));
	assert_false(pin_matches(hash, ""));
	assert_int_equal(pin_hash("4711", again), 0);
	assert_string_not_equal(hash, again); /* salted */
}

static void the_demo_pin_matches(void **state)
{
	(void)state;
	assert_true(pin_matches(DEMO, "2016"));
	assert_false(pin_matches(DEMO, "2017"));
}

static void what_is_no_pin_is_not_hashed(void **state)
{
	char hash[PIN_HASH_SIZE] = "untouched";
	(void)state;
	assert_int_equal(pin_hash("123", hash), -EINVAL);
	assert_int_equal(pin_hash("abcd", hash), -EINVAL);
	assert_string_equal(hash, "untouched");
}

/* A hash comes from a file: one that costs gigabytes or minutes would stop the kiosk. */
static void only_affordable_argon2id_strings_are_taken(void **state)
{
	static const char *const good[] = {
		DEMO,
		"$argon2id$v=19$m=65536,t=16,p=1" SALT HASH,
		"$argon2id$v=19$m=8,t=1,p=1" SALT HASH,
	};
	static const char *const bad[] = {
		"",
		"2016",
		"$argon2i$v=19$m=32768,t=2,p=1" SALT HASH,
		"$argon2id$v=16$m=32768,t=2,p=1" SALT HASH,
		"$argon2id$v=19$m=65537,t=2,p=1" SALT HASH,
		"$argon2id$v=19$m=4294967297,t=2,p=1" SALT HASH,
		"$argon2id$v=19$m=99999999999999999999999999999,t=2,p=1" SALT HASH,
		"$argon2id$v=19$m=7,t=2,p=1" SALT HASH,
		"$argon2id$v=19$m=0,t=2,p=1" SALT HASH,
		"$argon2id$v=19$m=032768,t=2,p=1" SALT HASH,
		"$argon2id$v=19$m=32768,t=17,p=1" SALT HASH,
		"$argon2id$v=19$m=32768,t=0,p=1" SALT HASH,
		"$argon2id$v=19$m=32768,t=2,p=2" SALT HASH,
		"$argon2id$v=19$m=32768,t=2,p=1" SALT,
		"$argon2id$v=19$m=32768,t=2,p=1" HASH,
		"$argon2id$v=19$m=32768,t=2,p=1" SALT HASH "$",
		"$argon2id$v=19$m=32768,t=2,p=1" SALT HASH "A",
		"$argon2id$v=19$m=32768,t=2,p=1" SALT HASH "=",
		"$argon2id$v=19$m=32768,t=2,p=1$$",
		"$argon2id$v=19$m=-1,t=2,p=1" SALT HASH,
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(pin_is_hash(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		print_message("# %s\n", bad[i]);
		assert_false(pin_is_hash(bad[i]));
		assert_false(pin_matches(bad[i], "2016"));
	}
}

static void an_overlong_string_is_no_hash(void **state)
{
	char text[512];
	(void)state;
	memset(text, 'A', sizeof(text));
	memcpy(text, DEMO, strlen(DEMO));
	text[sizeof(text) - 1] = '\0';
	assert_false(pin_is_hash(text));
	assert_false(pin_matches(text, "2016"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_to_twelve_digits_are_a_pin),
		cmocka_unit_test(a_hash_matches_its_pin_and_no_other),
		cmocka_unit_test(the_demo_pin_matches),
		cmocka_unit_test(what_is_no_pin_is_not_hashed),
		cmocka_unit_test(only_affordable_argon2id_strings_are_taken),
		cmocka_unit_test(an_overlong_string_is_no_hash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
