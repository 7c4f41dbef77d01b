/* The figures of one venue, folded from log rows one at a time. Folding a log from the start
 * always gives what folding it as it grew gave. Pure; the caller owns the values. */
#ifndef PARVIS_DOOR_HEADCOUNT_H
#define PARVIS_DOOR_HEADCOUNT_H

#include "door/row.h"

#define ARRIVALS_BUCKET_MS (10 * 60 * 1000)
#define ARRIVALS_BUCKETS   72 /* twelve hours */

struct headcount {
	char venue[ID_SIZE];
	uint64_t in;       /* entries: admissions and walk-ins, MOVED and READMIT included */
	uint64_t out;      /* exits, and guests that a later row saw enter another venue */
	uint64_t walk_ins; /* entries without a ticket */
	uint64_t refused;  /* refusals of every reason */
	uint64_t refused_for[VERDICT_COUNT];
	uint64_t moved_in, readmitted, overridden, tests;
	uint64_t rows;       /* rows of this venue folded so far */
	int64_t adjustments; /* sum of ±1 */
	int64_t undone;      /* what undone rows had added to present */
	int64_t undone_walk_ins;
	int64_t peak_present, peak_ms; /* wall time of the row that reached it; 0: never above 0 */
	int64_t last_entry_ms;
	/* Entries by ten minutes of wall time from arrivals_start_ms, a multiple of ten minutes.
	 * Entries outside the twelve hours are in `in` but in no bucket. */
	int64_t arrivals_start_ms;
	uint32_t arrivals[ARRIVALS_BUCKETS];
};

/* start_ms: where the arrivals chart begins (the event's opening), rounded down. */
void headcount_init(struct headcount *h, const char *venue, int64_t start_ms);

/* in − out + adjustments − undone. */
int64_t headcount_present(const struct headcount *h);

/* Folds a row in. Rows of other venues change nothing, but for a MOVED row whose from_venue is
 * this one, which counts out here, and for the undo of one. Arrivals and walk-ins of undone rows
 * are left in `in`; the undo is in `undone`. */
void headcount_apply(struct headcount *h, const struct row *row);

/* Adds the figures of other rows of the same venue: folding two sets of rows apart and adding them
 * gives what folding all of them gives, but for the peak, which depends on the order that nobody
 * knows any more. It is the greatest of both, and of what is present now. */
void headcount_sum(struct headcount *h, const struct headcount *other);

/* What a row adds to `present` of its own venue: +1, −1, amount, −amount or 0. */
int64_t headcount_effect(const struct row *row);

#endif
