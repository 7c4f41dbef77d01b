/* A table of counts made fit to be published: nothing below RELEASE_LEAST can be read from it or
 * worked out of it. Counts below are hidden; further ones are hidden until nobody who has every
 * published figure, its rounding and its sums can prove of any hidden count that it is below
 * RELEASE_LEAST; what is left is rounded to fives.
 *
 * The proof is a flow. Rows, columns and the whole are nodes, each count is an edge that leads from
 * its row to its column, each sum an edge between the whole and a row or a column; what sums up is
 * what flows in and out again. A published figure v says that the edge carries v − 2 … v + 2 (and
 * no less than RELEASE_LEAST), a hidden one nothing. The true table is such a flow, so the largest
 * value that an edge can have is found by pushing round trips through it (Ford and Fulkerson), and
 * it is exact: whoever solves the same inequalities comes no closer. */
#ifndef PARVIS_NIGHT_RELEASE_H
#define PARVIS_NIGHT_RELEASE_H

#include "base/cc.h"

#include <stdbool.h>
#include <stdint.h>

#define RELEASE_LEAST 11
#define RELEASE_STEP  5

/* Counts by row and column; the last row holds the sums of columns, the last column those of rows,
 * where they meet is the sum of all. */
struct release {
	uint32_t rows, columns; /* without the sums */
	uint32_t *counts;       /* [(rows + 1) × (columns + 1)] */
	bool *hidden;           /* as many */
};

/* All zero, nothing hidden. -ENOMEM. Release with release_free(). */
NODISCARD int release_make(struct release *out, uint32_t rows, uint32_t columns);
void release_free(struct release *r);

/* Adds to a count and to its sums. */
void release_add(struct release *r, uint32_t row, uint32_t column, uint32_t count);

/* Hides the counts and sums below RELEASE_LEAST, and nothing else: not fit to be published. */
void release_hide_small(struct release *r);

/* Hides what has to be. -ENOMEM. */
NODISCARD int release_protect(struct release *r);

/* How many hidden counts can be proven to be below RELEASE_LEAST. -ENOMEM. */
NODISCARD int release_audit(const struct release *r, uint32_t *proven);

static inline uint32_t release_at(const struct release *r, uint32_t row, uint32_t column)
{
	return row * (r->columns + 1) + column;
}

/* What is published in place of a count that is not hidden. */
uint32_t release_rounded(uint32_t count);

#endif
