/* What a screen and a report say of a ticket that came in twice does not depend on the order in
 * which its rows arrived: every permutation of up to eight of them. */
#include "door/headcount.h"
#include "door/pairs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EVENTS_MAX 8

static uint64_t state;

static uint64_t dice(uint64_t n)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (state >> 33) % n;
}

/* An evening of one ticket at two venues and three doors that cannot talk. */
static void make_evening(struct row *rows, size_t count)
{
	uint64_t seq[3] = { 0 };
	static const enum verdict ins[] = { VERDICT_ADMIT, VERDICT_READMIT, VERDICT_MOVED };
	for (size_t i = 0; i < count; i++) {
		struct row *r = &rows[i];
		size_t door = dice(3);
		*r = (struct row){ .epoch = 1 + (uint32_t)door,
			.seq = ++seq[door],
			/* Stamps meet now and then: then the device decides. */
			.hlc = (UINT64_C(1481220000000) + dice(count)) << 16,
			.kind = ROW_SCAN,
			.source = SOURCE_CAMERA };
		r->device[0] = (uint8_t)door;
		memset(r->ticket, 7, sizeof(r->ticket));
		snprintf(r->venue, sizeof(r->venue), "venue%d", door == 2);
		snprintf(r->door, sizeof(r->door), "door%zu", door);
		uint64_t what = dice(10);
		if (what < 6) {
			r->direction = DIRECTION_IN;
			r->verdict = ins[dice(3)];
		} else if (what < 8) {
			r->direction = DIRECTION_OUT;
			r->verdict = VERDICT_EXIT;
		} else if (seq[door] > 1) {
			r->kind = ROW_UNDO;
			r->undoes = 1 + dice(seq[door] - 1);
			r->direction = DIRECTION_IN;
			r->amount = 1;
		} else {
			r->verdict = VERDICT_ALREADY_IN;
		}
		r->hash[0] = (uint8_t)i;
	}
}

struct expectation {
	struct pair pairs[PAIRS_PER_TICKET];
	size_t found;
	struct headcount venue[2];
	uint64_t permutations;
};

static void fold(const struct row *rows, size_t count, struct headcount venue[2])
{
	headcount_init(&venue[0], "venue0", 0);
	headcount_init(&venue[1], "venue1", 0);
	for (size_t i = 0; i < count; i++) {
		headcount_apply(&venue[0], &rows[i]);
		headcount_apply(&venue[1], &rows[i]);
	}
	/* A peak is of one order of events, the only figure that is. */
	venue[0].peak_present = venue[1].peak_present = 0;
	venue[0].peak_ms = venue[1].peak_ms = 0;
}

static void compare(struct expectation *e, const struct row *rows, size_t count)
{
	struct row copy[EVENTS_MAX];
	struct expectation now = { .found = 0 };
	memcpy(copy, rows, count * sizeof(*rows));
	fold(rows, count, now.venue);
	now.found = pairs_find(copy, count, now.pairs);
	if (!e->permutations++) {
		uint64_t n = e->permutations;
		*e = now;
		e->permutations = n;
		return;
	}
	assert_int_equal(now.found, e->found);
	for (size_t i = 0; i < now.found && i < PAIRS_PER_TICKET; i++) {
		const struct pair *a = &now.pairs[i], *b = &e->pairs[i];
		assert_true(a->first.epoch == b->first.epoch && a->first.seq == b->first.seq);
		assert_true(a->second.epoch == b->second.epoch && a->second.seq == b->second.seq);
		assert_true(a->first.hlc == b->first.hlc && a->second.hlc == b->second.hlc);
	}
	assert_memory_equal(now.venue, e->venue, sizeof(now.venue));
}

/* Heap's algorithm. */
static void permute(struct expectation *e, struct row *rows, size_t count, size_t n)
{
	if (n <= 1) {
		compare(e, rows, count);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		permute(e, rows, count, n - 1);
		size_t other = n % 2 ? 0 : i;
		struct row aside = rows[other];
		rows[other] = rows[n - 1];
		rows[n - 1] = aside;
	}
}

static void every_order_of_up_to_eight_rows_gives_the_same(void **unused)
{
	(void)unused;
	uint64_t evenings = getenv("PARVIS_SHORT") ? 3 : getenv("PARVIS_LONG") ? 400 : 30;
	uint64_t factorial = 1, with_pairs = 0;
	for (size_t count = 1; count <= EVENTS_MAX; count++) {
		factorial *= count;
		uint64_t times = count < 7 ? 200 : evenings;
		for (uint64_t k = 0; k < times; k++) {
			struct row rows[EVENTS_MAX];
			struct expectation e = { .found = 0 };
			state = k * 8 + count;
			make_evening(rows, count);
			permute(&e, rows, count, count);
			assert_int_equal(e.permutations, factorial);
			with_pairs += e.found > 0;
		}
	}
	assert_true(with_pairs > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_order_of_up_to_eight_rows_gives_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
