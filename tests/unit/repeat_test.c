#include "door/repeat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static bool seen(struct repeat *r, uint8_t code, int64_t mono_ms)
{
	uint8_t hash[TICKET_HASH_SIZE];
	memset(hash, code, sizeof(hash));
	return repeat_seen(r, hash, mono_ms);
}

static void a_held_code_is_new_once(void **state)
{
	(void)state;
	struct repeat r = { 0 };
	assert_false(seen(&r, 1, 0));
	for (int64_t ms = 33; ms < 60000; ms += 33)
		assert_true(seen(&r, 1, ms));
}

static void it_is_new_again_after_the_gap(void **state)
{
	(void)state;
	struct repeat r = { 0 };
	assert_false(seen(&r, 1, 1000));
	assert_true(seen(&r, 1, 1000 + REPEAT_GAP_MS - 1));
	assert_false(seen(&r, 1, 1000 + REPEAT_GAP_MS - 1 + REPEAT_GAP_MS));
}

static void every_byte_of_the_hash_counts(void **state)
{
	(void)state;
	struct repeat r = { 0 };
	uint8_t hash[TICKET_HASH_SIZE] = { 0 };
	assert_false(repeat_seen(&r, hash, 0));
	hash[TICKET_HASH_SIZE - 1] = 1;
	assert_false(repeat_seen(&r, hash, 1));
}

static void codes_side_by_side_are_each_remembered(void **state)
{
	(void)state;
	struct repeat r = { 0 };
	for (uint8_t code = 0; code < REPEAT_CODES; code++)
		assert_false(seen(&r, code, code));
	for (int64_t ms = 100; ms < 5000; ms += 100)
		for (uint8_t code = 0; code < REPEAT_CODES; code++)
			assert_true(seen(&r, code, ms));
}

static void one_too_many_takes_the_place_of_the_longest_unseen(void **state)
{
	(void)state;
	struct repeat r = { 0 };
	for (uint8_t code = 0; code < REPEAT_CODES; code++)
		seen(&r, code, code);
	assert_true(seen(&r, 0, 50)); /* now code 1 is the longest unseen */
	assert_false(seen(&r, 100, 51));
	assert_true(seen(&r, 0, 52));
	for (uint8_t code = 2; code < REPEAT_CODES; code++)
		assert_true(seen(&r, code, 53));
	assert_false(seen(&r, 1, 54));
}

static void a_clear_lens_forgets(void **state)
{
	(void)state;
	struct repeat r = { 0 };
	seen(&r, 1, 0);
	seen(&r, 2, 0);
	repeat_clear(&r);
	assert_false(seen(&r, 1, 1));
	assert_false(seen(&r, 2, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_held_code_is_new_once),
		cmocka_unit_test(it_is_new_again_after_the_gap),
		cmocka_unit_test(every_byte_of_the_hash_counts),
		cmocka_unit_test(codes_side_by_side_are_each_remembered),
		cmocka_unit_test(one_too_many_takes_the_place_of_the_longest_unseen),
		cmocka_unit_test(a_clear_lens_forgets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
