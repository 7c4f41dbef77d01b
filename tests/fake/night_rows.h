/* The rows of a whole night, made of dice: guests come to the venues of an event, move on, go and
 * come back; some have no ticket, some are refused; volunteers correct and undo. Two boxes at the
 * larger venues. The same seed gives the same night. The caller owns every value. */
#ifndef PARVIS_TESTS_NIGHT_ROWS_H
#define PARVIS_TESTS_NIGHT_ROWS_H

#include "event/event.h"
#include "store/device_key.h"

#include <stddef.h>

#define NIGHT_ROWS_BOXES 32

struct night_box {
	struct device_key *key;
	uint8_t device[DEVICE_ID_SIZE];
	char venue[ID_SIZE], door[ID_SIZE];
	size_t first, count;  /* of its rows */
	int64_t clock_off_ms; /* its wall clock against the true one */
	enum trust trust;
};

struct night_rows {
	struct row *rows; /* in the order of the chains, each box one chain */
	size_t count;
	struct night_box boxes[NIGHT_ROWS_BOXES];
	size_t box_count;
};

/* About 1.9 rows a guest; every fourth came by foot of no ticket. Each chain's hashes are right. */
void night_rows_make(struct night_rows *out, const struct event *e, uint64_t seed, size_t guests);
void night_rows_free(struct night_rows *n);

/* The box's wall clock was off by so much, whatever trust it said. Hashes are made anew. */
void night_rows_clock(struct night_rows *n, size_t box, int64_t off_ms, enum trust trust);

#endif
