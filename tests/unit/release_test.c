#include "night/release.h"

#include "base/cc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static uint64_t dice = 11;

static uint32_t below(uint32_t n)
{
	uint64_t z = (dice += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((z ^ (z >> 31)) % n);
}

/* Few, some or many people; now and then a row or a column that is nearly empty. */
static struct release any_table(uint32_t rows, uint32_t columns)
{
	struct release r;
	uint32_t busy = 1 + below(60);
	assert_int_equal(release_make(&r, rows, columns), 0);
	for (uint32_t i = 0; i < rows; i++)
		for (uint32_t j = 0; j < columns; j++)
			release_add(&r, i, j, below(4) ? below(busy) : below(12));
	return r;
}

static uint32_t published(const struct release *r)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < r->rows; i++)
		for (uint32_t j = 0; j < r->columns; j++)
			n += !r->hidden[release_at(r, i, j)];
	return n;
}

static void nothing_small_can_be_proven(void **state)
{
	(void)state;
	int tables = getenv("PARVIS_SHORT") ? 60 : 200;
	uint32_t shown = 0, broken = 0;
	for (int i = 0; i < tables; i++) {
		struct release r = any_table(1 + below(12), 1 + below(30));
		uint32_t proven = 0;
		release_hide_small(&r);
		assert_int_equal(release_audit(&r, &proven), 0);
		broken += proven > 0;
		assert_int_equal(release_protect(&r), 0);
		assert_int_equal(release_audit(&r, &proven), 0);
		assert_int_equal(proven, 0);
		for (uint32_t k = 0; k < (r.rows + 1) * (r.columns + 1); k++)
			assert_true(r.hidden[k] || r.counts[k] >= RELEASE_LEAST);
		shown += published(&r);
		release_free(&r);
	}
	assert_true(shown > 0);
	/* Hiding the small ones alone does not do. */
	assert_true(broken > (uint32_t)tables / 4);
}

static void the_only_small_one_of_its_row_and_column_has_company(void **state)
{
	(void)state;
	struct release r;
	assert_int_equal(release_make(&r, 3, 3), 0);
	for (uint32_t i = 0; i < 3; i++)
		for (uint32_t j = 0; j < 3; j++)
			release_add(&r, i, j, i == 1 && j == 1 ? 4 : 40 + 10 * i + j);
	uint32_t proven = 0;
	release_hide_small(&r);
	assert_int_equal(release_audit(&r, &proven), 0);
	assert_int_equal(proven, 1);
	assert_int_equal(release_protect(&r), 0);
	assert_true(published(&r) <= 5);
	assert_true(published(&r) > 0);
	release_free(&r);
}

static void a_night_of_a_few_is_not_told(void **state)
{
	(void)state;
	struct release r;
	assert_int_equal(release_make(&r, 2, 2), 0);
	release_add(&r, 0, 1, 3);
	assert_int_equal(release_protect(&r), 0);
	for (uint32_t k = 0; k < 9; k++)
		assert_true(r.hidden[k]);
	release_free(&r);
}

static void figures_are_rounded_to_the_nearest_five(void **state)
{
	(void)state;
	assert_int_equal(release_rounded(11), 10);
	assert_int_equal(release_rounded(12), 10);
	assert_int_equal(release_rounded(13), 15);
	assert_int_equal(release_rounded(17), 15);
	assert_int_equal(release_rounded(3623), 3625);
}

static void a_large_event_takes_no_long(void **state)
{
	(void)state;
	uint32_t rows = getenv("PARVIS_SHORT") ? 40 : 256;
	struct release r = any_table(rows, 60);
	uint32_t proven = 0;
	assert_int_equal(release_protect(&r), 0);
	assert_int_equal(release_audit(&r, &proven), 0);
	assert_int_equal(proven, 0);
	release_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_small_can_be_proven),
		cmocka_unit_test(the_only_small_one_of_its_row_and_column_has_company),
		cmocka_unit_test(a_night_of_a_few_is_not_told),
		cmocka_unit_test(figures_are_rounded_to_the_nearest_five),
		cmocka_unit_test(a_large_event_takes_no_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
