#include "night/release.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONE  UINT32_MAX
#define ROUND (RELEASE_STEP / 2)

int release_make(struct release *out, uint32_t rows, uint32_t columns)
{
	size_t n = (size_t)(rows + 1) * (columns + 1);
	*out = (struct release){ rows, columns, calloc(n, sizeof(*out->counts)),
		calloc(n, sizeof(*out->hidden)) };
	if (out->counts && out->hidden)
		return 0;
	release_free(out);
	return -ENOMEM;
}

void release_free(struct release *r)
{
	free(r->counts);
	free(r->hidden);
	*r = (struct release){ 0 };
}

void release_add(struct release *r, uint32_t row, uint32_t column, uint32_t count)
{
	r->counts[release_at(r, row, column)] += count;
	r->counts[release_at(r, row, r->columns)] += count;
	r->counts[release_at(r, r->rows, column)] += count;
	r->counts[release_at(r, r->rows, r->columns)] += count;
}

uint32_t release_rounded(uint32_t count)
{
	return (count + ROUND) / RELEASE_STEP * RELEASE_STEP;
}

void release_hide_small(struct release *r)
{
	size_t n = (size_t)(r->rows + 1) * (r->columns + 1);
	for (size_t i = 0; i < n; i++)
		r->hidden[i] = r->counts[i] < RELEASE_LEAST;
}

/* --- the flow ----------------------------------------------------------------------------------
 */

/* Nodes: rows, columns, then the whole on the side of the rows and on that of the columns. The edge
 * of a count leads from its row to its column; of a row's sum from `whole` to the row; of a
 * column's sum from the column to `end`; of the sum of all from `end` to `whole`. */
struct flow {
	const struct release *r;
	uint32_t *now;  /* what each edge carries */
	uint32_t *from; /* by node: the node that it was reached from, or NONE */
	uint32_t *queue;
	uint32_t nodes;
};

static uint32_t whole(const struct release *r)
{
	return r->rows + r->columns;
}

static uint32_t end(const struct release *r)
{
	return r->rows + r->columns + 1;
}

static uint32_t tail_of(const struct release *r, uint32_t row, uint32_t column)
{
	if (row < r->rows)
		return column < r->columns ? row : whole(r);
	return column < r->columns ? r->rows + column : end(r);
}

static uint32_t head_of(const struct release *r, uint32_t row, uint32_t column)
{
	if (row < r->rows)
		return column < r->columns ? r->rows + column : row;
	return column < r->columns ? end(r) : whole(r);
}

/* The edge between two nodes in either direction: NONE where there is none. */
static uint32_t edge_between(const struct release *r, uint32_t a, uint32_t b, bool *forward)
{
	uint32_t low = a < b ? a : b, high = a < b ? b : a, at = NONE;
	if (low < r->rows && high >= r->rows && high < whole(r))
		at = release_at(r, low, high - r->rows);
	else if (low < r->rows && high == whole(r))
		at = release_at(r, low, r->columns);
	else if (low >= r->rows && low < whole(r) && high == end(r))
		at = release_at(r, r->rows, low - r->rows);
	else if (low == whole(r) && high == end(r))
		at = release_at(r, r->rows, r->columns);
	if (at == NONE)
		return NONE;
	uint32_t row = at / (r->columns + 1), column = at % (r->columns + 1);
	*forward = tail_of(r, row, column) == a;
	return at;
}

/* By how much an edge can carry more (forward) or less, as far as the published table tells. */
static uint32_t slack(const struct flow *f, uint32_t edge, bool forward)
{
	uint32_t shown = release_rounded(f->r->counts[edge]), now = f->now[edge];
	if (f->r->hidden[edge])
		return forward ? UINT32_MAX / 2 : now;
	uint32_t least = shown < RELEASE_LEAST + ROUND ? RELEASE_LEAST : shown - ROUND;
	return forward ? shown + ROUND - now : now - least;
}

/* A way from `start` to `goal` that does not use the edge `but`. */
static bool find_way(struct flow *f, uint32_t start, uint32_t goal, uint32_t but)
{
	uint32_t first = 0, count = 0;
	memset(f->from, 0xff, f->nodes * sizeof(*f->from));
	f->from[start] = start;
	f->queue[count++] = start;
	while (first < count) {
		uint32_t a = f->queue[first++];
		for (uint32_t b = 0; b < f->nodes; b++) {
			bool forward;
			uint32_t edge =
				f->from[b] == NONE ? edge_between(f->r, a, b, &forward) : NONE;
			if (edge == NONE || edge == but || !slack(f, edge, forward))
				continue;
			f->from[b] = a;
			if (b == goal)
				return true;
			f->queue[count++] = b;
		}
	}
	return false;
}

static void push(struct flow *f, uint32_t start, uint32_t goal, uint32_t edge, uint32_t most)
{
	bool forward;
	uint32_t amount = most;
	for (uint32_t b = goal; b != start; b = f->from[b]) {
		uint32_t on = edge_between(f->r, f->from[b], b, &forward);
		uint32_t room = slack(f, on, forward);
		amount = room < amount ? room : amount;
	}
	for (uint32_t b = goal; b != start; b = f->from[b]) {
		uint32_t on = edge_between(f->r, f->from[b], b, &forward);
		f->now[on] += forward ? amount : 0 - amount;
	}
	f->now[edge] += amount;
}

/* Whether a table that says the same could have RELEASE_LEAST or more there. What was pushed stays:
 * it is another such table. */
static bool could_be_large(struct flow *f, uint32_t row, uint32_t column)
{
	const struct release *r = f->r;
	uint32_t edge = release_at(r, row, column);
	uint32_t start = head_of(r, row, column), goal = tail_of(r, row, column);
	while (f->now[edge] < RELEASE_LEAST) {
		if (!find_way(f, start, goal, edge))
			return false;
		push(f, start, goal, edge, RELEASE_LEAST - f->now[edge]);
	}
	return true;
}

static int open_flow(struct flow *f, const struct release *r)
{
	size_t n = (size_t)(r->rows + 1) * (r->columns + 1);
	*f = (struct flow){ .r = r, .nodes = r->rows + r->columns + 2 };
	f->now = calloc(n, sizeof(*f->now));
	f->from = calloc(f->nodes, sizeof(*f->from));
	f->queue = calloc(f->nodes, sizeof(*f->queue));
	if (!f->now || !f->from || !f->queue)
		return -ENOMEM;
	memcpy(f->now, r->counts, n * sizeof(*f->now));
	return 0;
}

static void close_flow(struct flow *f)
{
	free(f->now);
	free(f->from);
	free(f->queue);
}

/* --- hiding ------------------------------------------------------------------------------------
 */

/* The smallest published count beside this one, in its row or column; then a sum; NONE where all is
 * hidden. */
static uint32_t next_to_hide(const struct release *r, uint32_t row, uint32_t column)
{
	uint32_t best = NONE;
	for (int sums = 0; sums < 2 && best == NONE; sums++) {
		for (uint32_t i = 0; i < r->columns + (uint32_t)sums; i++) {
			uint32_t at = release_at(r, row, i);
			if (!r->hidden[at] && (best == NONE || r->counts[at] < r->counts[best]))
				best = at;
		}
		for (uint32_t i = 0; i < r->rows + (uint32_t)sums; i++) {
			uint32_t at = release_at(r, i, column);
			if (!r->hidden[at] && (best == NONE || r->counts[at] < r->counts[best]))
				best = at;
		}
	}
	return best;
}

/* One count after the other: what was hidden for one helps the next. */
static void protect(struct release *r, struct flow *f)
{
	bool again = true;
	while (again) {
		again = false;
		for (uint32_t row = 0; row <= r->rows; row++)
			for (uint32_t column = 0; column <= r->columns; column++) {
				uint32_t at = release_at(r, row, column);
				while (r->hidden[at] && !could_be_large(f, row, column)) {
					uint32_t more = next_to_hide(r, row, column);
					if (more == NONE)
						break;
					r->hidden[more] = true;
					again = true;
				}
			}
	}
}

/* A night on which nobody's count could be hidden among others is not told at all. */
static void give_up(struct release *r)
{
	size_t n = (size_t)(r->rows + 1) * (r->columns + 1);
	for (size_t i = 0; i < n; i++)
		r->hidden[i] = true;
}

int release_protect(struct release *r)
{
	struct flow f;
	uint32_t proven = 0;
	int error = open_flow(&f, r);
	if (!error) {
		release_hide_small(r);
		protect(r, &f);
	}
	close_flow(&f);
	if (!error)
		error = release_audit(r, &proven);
	if (!error && proven)
		give_up(r);
	return error;
}

int release_audit(const struct release *r, uint32_t *proven)
{
	struct flow f;
	int error = open_flow(&f, r);
	*proven = 0;
	for (uint32_t row = 0; !error && row <= r->rows; row++)
		for (uint32_t column = 0; column <= r->columns; column++)
			*proven += r->hidden[release_at(r, row, column)] &&
				   !could_be_large(&f, row, column);
	close_flow(&f);
	return error;
}
