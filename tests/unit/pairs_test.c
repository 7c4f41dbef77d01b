#include "door/pairs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define MOST 8

/* A row told in a few words: at which moment, by which chain, what. */
struct told {
	uint64_t hlc;
	uint8_t device;
	uint64_t seq;
	enum verdict verdict;
	uint64_t undoes;
	const char *venue; /* NULL: "mairie" */
	bool overridden;
};

static const struct {
	const char *why;
	struct told rows[MOST];
	size_t pairs;
	uint64_t first, second; /* stamps of the first pair's sides */
} evenings[] = {
	{ "one entry is none", { { 1, 1, 1, VERDICT_ADMIT } }, 0, 0, 0 },
	{ "two doors that could not talk",
		{ { 1, 1, 1, VERDICT_ADMIT }, { 2, 2, 1, VERDICT_ADMIT } }, 1, 1, 2 },
	{ "at the very same stamp", { { 5, 1, 1, VERDICT_ADMIT }, { 5, 2, 1, VERDICT_ADMIT } }, 1,
		5, 5 },
	{ "a refused second try is none",
		{ { 1, 1, 1, VERDICT_ADMIT }, { 2, 2, 1, VERDICT_ALREADY_IN } }, 0, 0, 0 },
	{ "gone out in between",
		{ { 1, 1, 1, VERDICT_ADMIT }, { 2, 1, 2, VERDICT_EXIT },
			{ 3, 2, 1, VERDICT_ADMIT } },
		0, 0, 0 },
	{ "back at two doors",
		{ { 1, 1, 1, VERDICT_ADMIT }, { 2, 1, 2, VERDICT_EXIT },
			{ 3, 2, 1, VERDICT_READMIT }, { 4, 1, 3, VERDICT_READMIT } },
		1, 3, 4 },
	{ "moved is none",
		{ { 1, 1, 1, VERDICT_ADMIT }, { 2, 2, 1, VERDICT_MOVED, 0, "ruche" },
			{ 3, 1, 2, VERDICT_MOVED } },
		0, 0, 0 },
	{ "another venue that did not know is none",
		{ { 1, 1, 1, VERDICT_ADMIT }, { 2, 2, 1, VERDICT_ADMIT, 0, "ruche" } }, 0, 0, 0 },
	{ "the second was undone",
		{ { 1, 1, 1, VERDICT_ADMIT }, { 2, 2, 1, VERDICT_ADMIT },
			{ 3, 2, 2, VERDICT_NONE, 1 } },
		0, 0, 0 },
	{ "the first was undone",
		{ { 1, 1, 1, VERDICT_ADMIT }, { 2, 2, 1, VERDICT_ADMIT },
			{ 3, 1, 2, VERDICT_NONE, 1 } },
		0, 0, 0 },
	{ "an undo of another chain's row of that number is of no account",
		{ { 1, 1, 1, VERDICT_ADMIT }, { 2, 2, 1, VERDICT_ADMIT },
			{ 3, 3, 2, VERDICT_NONE, 1 } },
		1, 1, 2 },
	{ "an exit that was undone leaves the first standing",
		{ { 1, 1, 1, VERDICT_ADMIT }, { 2, 1, 2, VERDICT_EXIT },
			{ 3, 1, 3, VERDICT_NONE, 2 }, { 4, 2, 1, VERDICT_ADMIT } },
		1, 1, 4 },
	{ "full was set aside, not knowing",
		{ { 1, 1, 1, VERDICT_ADMIT }, { 2, 2, 1, VERDICT_ADMIT, 0, NULL, true } }, 1, 1,
		2 },
	{ "three doors are two pairs",
		{ { 1, 1, 1, VERDICT_ADMIT }, { 2, 2, 1, VERDICT_ADMIT },
			{ 3, 3, 1, VERDICT_ADMIT } },
		2, 1, 2 },
	{ "eight rows of an evening",
		{ { 1, 1, 1, VERDICT_ADMIT }, { 2, 2, 1, VERDICT_ADMIT }, { 3, 1, 2, VERDICT_EXIT },
			{ 4, 2, 2, VERDICT_READMIT }, { 5, 3, 1, VERDICT_ADMIT },
			{ 6, 3, 2, VERDICT_NONE, 1 }, { 7, 1, 3, VERDICT_READMIT },
			{ 8, 2, 3, VERDICT_EXIT } },
		2, 1, 2 },
};

static struct row row_of(const struct told *t)
{
	struct row row = { .epoch = 1,
		.seq = t->seq,
		.hlc = t->hlc,
		.kind = t->undoes ? ROW_UNDO : ROW_SCAN,
		.verdict = t->verdict,
		.undoes = t->undoes,
		.overridden = t->overridden };
	row.device[0] = t->device;
	row.ticket[0] = 9;
	strcpy(row.venue, t->venue ? t->venue : "mairie");
	if (verdict_admits(t->verdict))
		row.direction = DIRECTION_IN;
	if (t->verdict == VERDICT_EXIT)
		row.direction = DIRECTION_OUT;
	return row;
}

static void assert_evening(size_t e, const struct row *rows, size_t count, struct pair *expected)
{
	struct row copy[MOST];
	struct pair pairs[PAIRS_PER_TICKET];
	memset(pairs, 0, sizeof(pairs));
	memcpy(copy, rows, count * sizeof(*rows));
	size_t found = pairs_find(copy, count, pairs);
	if (found != evenings[e].pairs)
		fail_msg("%s: %zu pairs", evenings[e].why, found);
	if (found) {
		assert_int_equal(pairs[0].first.hlc, evenings[e].first);
		assert_int_equal(pairs[0].second.hlc, evenings[e].second);
		assert_int_equal(pairs[0].ticket[0], 9);
	}
	if (expected)
		assert_memory_equal(pairs, expected, sizeof(pairs));
}

/* Heap's algorithm: every order of the rows. */
static void every_order(size_t e, struct row *rows, size_t n, size_t count, struct pair *expected)
{
	if (n <= 1) {
		assert_evening(e, rows, count, expected);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		every_order(e, rows, n - 1, count, expected);
		size_t other = n % 2 ? 0 : i;
		struct row aside = rows[n - 1];
		rows[n - 1] = rows[other];
		rows[other] = aside;
	}
}

static void the_order_of_arrival_changes_nothing(void **state)
{
	(void)state;
	for (size_t e = 0; e < ARRAY_LEN(evenings); e++) {
		struct row rows[MOST], sorted[MOST];
		struct pair expected[PAIRS_PER_TICKET];
		size_t count = 0;
		while (count < MOST && evenings[e].rows[count].hlc) {
			rows[count] = row_of(&evenings[e].rows[count]);
			count++;
		}
		assert_evening(e, rows, count, NULL);
		memset(expected, 0, sizeof(expected));
		memcpy(sorted, rows, sizeof(sorted));
		assert_int_equal(pairs_find(sorted, count, expected), evenings[e].pairs);
		every_order(e, rows, count, count, expected);
	}
}

static void more_pairs_than_there_is_room_for_are_counted(void **state)
{
	(void)state;
	struct row rows[40];
	struct pair pairs[PAIRS_PER_TICKET];
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		rows[i] = row_of(&(struct told){ 40 - i, (uint8_t)(i + 1), 1, VERDICT_ADMIT });
	assert_int_equal(pairs_find(rows, ARRAY_LEN(rows), pairs), 39);
	assert_int_equal(pairs[PAIRS_PER_TICKET - 1].second.hlc, PAIRS_PER_TICKET + 1);
	assert_int_equal(pairs_find(rows, 0, pairs), 0);
}

static void rows_have_one_order(void **state)
{
	(void)state;
	struct row a = row_of(&(struct told){ 1, 1, 1, VERDICT_ADMIT }), b = a;
	assert_int_equal(row_order(&a, &b), 0);
	b.seq = 2;
	assert_true(row_order(&a, &b) < 0 && row_order(&b, &a) > 0);
	a.epoch = 2;
	assert_true(row_order(&a, &b) > 0 && row_order(&b, &a) < 0);
	b.device[0] = 2;
	assert_true(row_order(&a, &b) < 0 && row_order(&b, &a) > 0);
	a.hlc = 2;
	assert_true(row_order(&a, &b) > 0 && row_order(&b, &a) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_of_arrival_changes_nothing),
		cmocka_unit_test(more_pairs_than_there_is_room_for_are_counted),
		cmocka_unit_test(rows_have_one_order),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
