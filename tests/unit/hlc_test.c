#include "door/hlc.h"

#include "base/cc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WALL_MAX ((INT64_C(1) << 48) - 1)

static void a_later_wall_sets_the_stamp(void **state)
{
	(void)state;
	uint64_t stamp = hlc_next(0, 1481220000000);
	assert_int_equal(hlc_wall_ms(stamp), 1481220000000);
	assert_int_equal(stamp & 0xffff, 0);
	assert_true(hlc_next(stamp, 1481220000001) == (uint64_t)1481220000001 << 16);
}

static void the_same_millisecond_counts(void **state)
{
	(void)state;
	uint64_t stamp = hlc_next(0, 1000);
	assert_true(hlc_next(stamp, 1000) == stamp + 1);
	assert_true(hlc_next(stamp, 999) == stamp + 1);
	assert_true(hlc_next(stamp, INT64_MIN) == stamp + 1);
}

static void walls_out_of_range_count_as_the_nearest(void **state)
{
	(void)state;
	assert_true(hlc_next(0, -1) == 1);
	assert_int_equal(hlc_wall_ms(hlc_next(0, INT64_MAX)), WALL_MAX);
	assert_int_equal(hlc_wall_ms(hlc_next(0, WALL_MAX + 1)), WALL_MAX);
}

static void a_full_counter_carries_and_the_last_stamp_stays(void **state)
{
	(void)state;
	uint64_t full = (uint64_t)1000 << 16 | 0xffff;
	assert_true(hlc_next(full, 1000) == (uint64_t)1001 << 16);
	assert_true(hlc_next(UINT64_MAX, 5) == UINT64_MAX);
	assert_true(hlc_merge(3, UINT64_MAX, 5) == UINT64_MAX);
}

static void a_merge_is_after_both(void **state)
{
	(void)state;
	uint64_t ours = (uint64_t)1000 << 16 | 7;
	uint64_t theirs = (uint64_t)1000 << 16 | 9;
	assert_true(hlc_merge(ours, theirs, 500) == theirs + 1);
	assert_true(hlc_merge(theirs, ours, 500) == theirs + 1);
	assert_true(hlc_merge(ours, theirs, 2000) == (uint64_t)2000 << 16);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* A wall clock that jumps anywhere, and peers whose clocks do. */
static void it_never_goes_back(void **state)
{
	(void)state;
	uint64_t seed = 20161208;
	uint64_t last = 0;
	for (int i = 0; i < 100000; i++) {
		int64_t wall_ms = (int64_t)(next_random(&seed) >> 20) - (INT64_C(1) << 42);
		uint64_t seen = next_random(&seed) >> (next_random(&seed) % 40 + 2);
		uint64_t next = i % 3 ? hlc_next(last, wall_ms) : hlc_merge(last, seen, wall_ms);
		assert_true(next > last);
		assert_true(i % 3 || next > seen);
		last = next;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_later_wall_sets_the_stamp),
		cmocka_unit_test(the_same_millisecond_counts),
		cmocka_unit_test(walls_out_of_range_count_as_the_nearest),
		cmocka_unit_test(a_full_counter_carries_and_the_last_stamp_stays),
		cmocka_unit_test(a_merge_is_after_both),
		cmocka_unit_test(it_never_goes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
