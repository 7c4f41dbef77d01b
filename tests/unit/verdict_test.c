#include "door/verdict.h"

#include "base/cc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void every_name_finds_its_verdict(void **state)
{
	(void)state;
	for (int v = 0; v < VERDICT_COUNT; v++) {
		enum verdict found = VERDICT_COUNT;
		assert_non_null(verdict_names[v]);
		assert_true(verdict_from_name(verdict_names[v], &found));
		assert_int_equal(found, v);
	}
}

static void what_is_no_name_finds_none(void **state)
{
	(void)state;
	static const char *const wrong[] = { "", "admit", "ADMIT ", "ADMITT", "ADMI", "COUNT" };
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		enum verdict found = VERDICT_FULL;
		assert_false(verdict_from_name(wrong[i], &found));
		assert_int_equal(found, VERDICT_FULL);
	}
}

/* The values are written to logs that outlive this program. */
static void values_are_as_logged(void **state)
{
	(void)state;
	assert_int_equal(VERDICT_ADMIT, 1);
	assert_int_equal(VERDICT_ALREADY_IN, 5);
	assert_int_equal(VERDICT_FULL, 13);
	assert_int_equal(VERDICT_STORE_FAILED, 16);
}

static void three_verdicts_admit_and_nine_refuse(void **state)
{
	(void)state;
	int admit = 0;
	int refuse = 0;
	for (int i = 0; i < VERDICT_COUNT; i++) {
		enum verdict v = (enum verdict)i;
		admit += verdict_admits(v);
		refuse += verdict_refuses(v);
		assert_false(verdict_admits(v) && verdict_refuses(v));
	}
	assert_int_equal(admit, 3);
	assert_int_equal(refuse, 9);
	assert_true(verdict_admits(VERDICT_ADMIT) && verdict_admits(VERDICT_READMIT) &&
		    verdict_admits(VERDICT_MOVED));
	static const enum verdict neither[] = { VERDICT_NONE, VERDICT_EXIT, VERDICT_TEST_OK,
		VERDICT_STAFF, VERDICT_STORE_FAILED };
	for (size_t i = 0; i < ARRAY_LEN(neither); i++)
		assert_false(verdict_refuses(neither[i]) || verdict_admits(neither[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_finds_its_verdict),
		cmocka_unit_test(what_is_no_name_finds_none),
		cmocka_unit_test(values_are_as_logged),
		cmocka_unit_test(three_verdicts_admit_and_nine_refuse),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
