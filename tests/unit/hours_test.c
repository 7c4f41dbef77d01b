#include "app/hours.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define OPENS  INT64_C(1481220000000)
#define CLOSES (OPENS + INT64_C(5) * 60 * 60 * 1000)

static void an_event_is_never_disturbed(void **state)
{
	(void)state;
	static const struct {
		int64_t at;
		enum trust trust;
		bool closed;
	} rows[] = {
		{ OPENS - HOURS_MARGIN_MS - 1, TRUST_SYNCED, true },
		{ OPENS - HOURS_MARGIN_MS, TRUST_SYNCED, false },
		{ OPENS, TRUST_SYNCED, false },
		{ CLOSES, TRUST_SYNCED, false },
		{ CLOSES + HOURS_MARGIN_MS, TRUST_SYNCED, false },
		{ CLOSES + HOURS_MARGIN_MS + 1, TRUST_SYNCED, true },
		/* A clock that nobody vouches for says nothing. */
		{ OPENS - 100 * HOURS_MARGIN_MS, TRUST_FREE, false },
		{ CLOSES + 100 * HOURS_MARGIN_MS, TRUST_FREE, false },
		{ CLOSES + 100 * HOURS_MARGIN_MS, TRUST_UNSET, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct when now = { .wall_ms = rows[i].at, .trust = rows[i].trust };
		assert_int_equal(hours_closed(OPENS, CLOSES, now), rows[i].closed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(an_event_is_never_disturbed) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
