/* Writes the store of a night that was made of dice (tests/fake/night_rows.h) into an event's
 * folder.
 *
 *   night_rows EVENT-DIR GUESTS [whole]
 *
 * Unless it is to be whole, a box lost rows, one had no link for a while, and two had wrong clocks.
 * Prints how many rows there are. */
#include "tests/fake/night_rows.h"
#include "store/night.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOST_FROM 120
#define LOST_TO   163

static void problem(void *context, bool fatal, const char *text)
{
	(void)context;
	if (fatal)
		fprintf(stderr, "%s\n", text);
}

/* The box that had no link has its rows of an hour come at once. */
static int64_t receipt(const struct event *e, const struct row *r, bool no_link)
{
	int64_t from = e->opens_ms + 4200000, until = from + 2700000;
	if (no_link && r->at.wall_ms >= from && r->at.wall_ms < until)
		return until;
	return r->at.wall_ms + 700;
}

static int take(struct night *n, const struct event *e, const struct night_rows *all, size_t box,
	bool whole)
{
	const struct night_box *b = &all->boxes[box];
	for (size_t i = 0; i < b->count;) {
		const struct row *rows = all->rows + b->first + i;
		size_t count = b->count - i < BATCH_ROWS_MAX ? b->count - i : BATCH_ROWS_MAX;
		int64_t at = receipt(e, &rows[0], !whole && box == 4) - b->clock_off_ms;
		for (size_t k = 1; k < count; k++)
			if (receipt(e, &rows[k], !whole && box == 4) - b->clock_off_ms > at + 20000)
				count = k;
		if (!whole && box == 2 && i < LOST_TO && i + count > LOST_FROM) {
			if (i >= LOST_FROM) {
				i = i + count < LOST_TO ? i + count : LOST_TO;
				continue;
			}
			count = LOST_FROM - i;
		}
		struct batch batch = { .rows = rows, .count = count, .is_signed = true };
		device_key_public(b->key, batch.key);
		device_key_sign_head(b->key, &rows[count - 1], batch.signature);
		if (night_take(n, &batch, 1, "broker", at, NULL))
			return -1;
		i += count;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct event *e;
	struct night *n;
	struct night_rows all;
	char why[NIGHT_WHY_SIZE] = "";
	bool whole = argc == 4 && !strcmp(argv[3], "whole");
	if ((argc != 3 && !whole) || event_load(&e, argv[1], problem, NULL))
		return 2;
	night_rows_make(&all, e, 2016, (size_t)strtoull(argv[2], NULL, 10));
	if (!whole) {
		night_rows_clock(&all, 6, -INT64_C(46) * 365 * 86400000, TRUST_UNSET);
		night_rows_clock(&all, 9, 23 * 60000, TRUST_FREE);
	}
	if (night_open(&n, argv[1], e->id, NIGHT_WRITE, why)) {
		fprintf(stderr, "%s\n", why);
		return 3;
	}
	int failed = 0;
	for (size_t b = 0; b < all.box_count && !failed; b++)
		failed = take(n, e, &all, b, whole);
	printf("%zu rows\n", all.count);
	failed = failed || night_settle(n);
	night_close(n);
	night_rows_free(&all);
	event_free(e);
	return failed ? 3 : 0;
}
