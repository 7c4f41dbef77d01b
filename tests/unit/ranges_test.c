#include "door/ranges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NUMBERS 256

static uint64_t dice(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

static void holds_its_form(const struct ranges *r)
{
	assert_true(r->count <= RANGES_MAX);
	for (uint32_t i = 0; i < r->count; i++) {
		assert_true(r->at[i].first >= 1 && r->at[i].first <= r->at[i].last);
		if (i)
			assert_true(r->at[i].first > r->at[i - 1].last + 1);
	}
}

static void says_what_an_array_of_flags_says(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		bool flags[NUMBERS + 2] = { false };
		struct ranges r = { .count = 0 };
		uint64_t s = seed;
		for (int step = 0; step < 30; step++) {
			uint64_t first = 1 + dice(&s) % NUMBERS, last = first + dice(&s) % 9;
			if (last > NUMBERS)
				last = NUMBERS;
			assert_true(ranges_add(&r, first, last));
			for (uint64_t n = first; n <= last; n++)
				flags[n] = true;
			holds_its_form(&r);
			first = 1 + dice(&s) % NUMBERS;
			last = dice(&s) % 2 ? first : first + dice(&s) % 20;
			ranges_cut(&r, first, last);
			for (uint64_t n = first; n <= last && n <= NUMBERS; n++)
				flags[n] = false;
			holds_its_form(&r);
		}
		uint64_t total = 0, highest = 0, contiguous = 0;
		for (uint64_t n = 1; n <= NUMBERS; n++) {
			assert_int_equal(ranges_have(&r, n), flags[n]);
			total += flags[n];
			if (flags[n])
				highest = n;
			if (flags[n] && contiguous == n - 1)
				contiguous = n;
		}
		assert_int_equal(ranges_total(&r), total);
		assert_int_equal(ranges_highest(&r), highest);
		assert_int_equal(ranges_contiguous(&r), contiguous);
	}
}

static void finds_every_gap(void **state)
{
	(void)state;
	struct ranges r = { .count = 0 };
	struct range gap;
	assert_true(ranges_gap(&r, 0, 5, &gap));
	assert_true(gap.first == 1 && gap.last == 5);
	ranges_add(&r, 3, 4);
	ranges_add(&r, 8, 9);
	assert_true(ranges_gap(&r, 1, 9, &gap));
	assert_true(gap.first == 1 && gap.last == 2);
	assert_true(ranges_gap(&r, 3, 9, &gap));
	assert_true(gap.first == 5 && gap.last == 7);
	assert_false(ranges_gap(&r, 8, 9, &gap));
	assert_true(ranges_gap(&r, 8, 12, &gap));
	assert_true(gap.first == 10 && gap.last == 12);
	assert_false(ranges_gap(&r, 5, 4, &gap));
}

static void a_full_set_says_less_never_more(void **state)
{
	(void)state;
	struct ranges r = { .count = 0 };
	for (uint64_t i = 0; i < RANGES_MAX; i++)
		assert_true(ranges_add(&r, 10 + 2 * i, 10 + 2 * i));
	assert_false(ranges_add(&r, 1000, 1001));
	assert_false(ranges_have(&r, 1000));
	assert_false(ranges_add(&r, 1, 2));
	assert_true(ranges_have(&r, 1) && ranges_have(&r, 2));
	assert_false(ranges_have(&r, 10 + 2 * (RANGES_MAX - 1)));
	holds_its_form(&r);
	/* Whatever joins two ranges makes room. */
	assert_true(ranges_add(&r, 11, 11));
	assert_int_equal(r.count, RANGES_MAX - 1);
	assert_true(ranges_add(&r, 1000, 1001));
}

static void the_ends_of_numbers_do_not_wrap(void **state)
{
	(void)state;
	struct ranges r = { .count = 0 };
	ranges_add(&r, UINT64_MAX, UINT64_MAX);
	ranges_add(&r, UINT64_MAX - 1, UINT64_MAX - 1);
	assert_int_equal(r.count, 1);
	ranges_add(&r, 0, 3);
	assert_int_equal(r.count, 1);
	ranges_add(&r, 5, 4);
	assert_int_equal(r.count, 1);
	ranges_add(&r, 1, UINT64_MAX);
	assert_int_equal(r.count, 1);
	assert_true(ranges_contiguous(&r) == UINT64_MAX);
}

static void what_is_missing_is_the_difference(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct ranges have = { .count = 0 }, want = { .count = 0 }, missing;
		uint64_t s = seed;
		for (int i = 0; i < 10; i++) {
			uint64_t a = 1 + dice(&s) % NUMBERS, b = 1 + dice(&s) % NUMBERS;
			ranges_add(&have, a, a + dice(&s) % 9);
			ranges_add(&want, b, b + dice(&s) % 20);
		}
		assert_true(ranges_missing(&have, &want, &missing));
		holds_its_form(&missing);
		for (uint64_t n = 1; n < NUMBERS + 30; n++)
			assert_int_equal(ranges_have(&missing, n),
				ranges_have(&want, n) && !ranges_have(&have, n));
	}
	struct ranges all = { .count = 1, .at = { { 1, UINT64_MAX } } }, none = { 0 }, missing;
	assert_true(ranges_missing(&none, &all, &missing));
	assert_true(ranges_equal(&missing, &all));
	assert_true(ranges_missing(&all, &all, &missing));
	assert_true(ranges_equal(&missing, &none));
}

static void joining_is_adding_each(void **state)
{
	(void)state;
	struct ranges a = { .count = 0 }, b = { .count = 0 };
	ranges_add(&a, 1, 3);
	ranges_add(&b, 4, 6);
	ranges_add(&b, 9, 9);
	assert_true(ranges_join(&a, &b));
	assert_int_equal(a.count, 2);
	assert_true(ranges_have_all(&a, 1, 6) && !ranges_have_all(&a, 1, 7));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_an_array_of_flags_says),
		cmocka_unit_test(finds_every_gap),
		cmocka_unit_test(a_full_set_says_less_never_more),
		cmocka_unit_test(the_ends_of_numbers_do_not_wrap),
		cmocka_unit_test(what_is_missing_is_the_difference),
		cmocka_unit_test(joining_is_adding_each),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
