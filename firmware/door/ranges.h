/* Which numbers of a chain of rows somebody has: ranges in order, apart from each other, never
 * empty. A set of fixed size: what does not fit is left out, so the set may say less than is so,
 * never more. Saying less costs a row that is sent again; saying more would lose one. Pure values.
 */
#ifndef PARVIS_DOOR_RANGES_H
#define PARVIS_DOOR_RANGES_H

#include "base/cc.h"

#include <stdbool.h>
#include <stdint.h>

#define RANGES_MAX 64

struct range {
	uint64_t first, last; /* 1 or more; both within */
};

struct ranges {
	uint32_t count;
	struct range at[RANGES_MAX];
};

/* Adds first … last. False where the set is full and something had to be left out: the highest
 * numbers are. */
bool ranges_add(struct ranges *r, uint64_t first, uint64_t last);

/* Takes first … last out. Where that would need one range more than there is room for, the highest
 * range is left out. */
void ranges_cut(struct ranges *r, uint64_t first, uint64_t last);

/* Adds all of another set, with the same result as ranges_add(). */
bool ranges_join(struct ranges *r, const struct ranges *other);

bool ranges_have(const struct ranges *r, uint64_t number);
bool ranges_have_all(const struct ranges *r, uint64_t first, uint64_t last);

/* The highest number n such that 1 … n are all there; 0 = not even 1. */
uint64_t ranges_contiguous(const struct ranges *r);
uint64_t ranges_highest(const struct ranges *r);
uint64_t ranges_total(const struct ranges *r);

/* The first range that is missing from `from` on, up to `until`. False: nothing is. */
bool ranges_gap(const struct ranges *r, uint64_t from, uint64_t until, struct range *out);

bool ranges_equal(const struct ranges *a, const struct ranges *b);

/* *out: what of `want` is not in `have`. False where *out was full and the highest are left out of
 * it. */
bool ranges_missing(const struct ranges *have, const struct ranges *want, struct ranges *out);

#endif
