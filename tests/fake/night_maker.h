/* Makes a whole night: a dozen boxes at as many venues, guests who come, move, leave and come back,
 * walk-ins, refusals, corrections, restarts, outages in which boxes do not hear of each other (so
 * that tickets come in twice) and clocks that are wrong. The same plan gives the same night. What
 * it gives is in the real formats: an event's folder, the data directories of the boxes, sealed
 * copies. One thread; what cannot be done ends the program: this is for tests. */
#ifndef PARVIS_TESTS_FAKE_NIGHT_MAKER_H
#define PARVIS_TESTS_FAKE_NIGHT_MAKER_H

#include "event/issuer.h"
#include "store/batch.h"
#include "store/device_key.h"

#include <stdbool.h>
#include <stdint.h>

#define NIGHT_EVENT     "nuit-2016"
#define NIGHT_OPENS_MS  INT64_C(1481220000000) /* 8 December 2016, 19:00 in Paris */
#define NIGHT_SPAN_MS   (6LL * 3600 * 1000)
#define NIGHT_BOXES_MAX 64
#define NIGHT_VENUES    10
#define NIGHT_EPOCHS    4 /* at most, of a box */

struct night_plan {
	uint64_t seed;
	unsigned boxes;        /* 1 … NIGHT_BOXES_MAX */
	unsigned wrong_clocks; /* of these: three hours ahead, 40 minutes behind, 1970, in turn */
	size_t rows;           /* in all */
};

struct made_box {
	struct device_key *key;
	uint8_t seed[32], device[DEVICE_ID_SIZE];
	const char *venue;
	char door[ID_SIZE];
	int64_t clock_off_ms; /* what its clock has too much */
	struct row *rows;     /* in the order that they were written */
	size_t count, room;
	uint64_t out_from, out_to; /* row numbers of the night between which it heard nobody */
};

struct made_night {
	struct made_box boxes[NIGHT_BOXES_MAX];
	unsigned box_count;
	size_t rows;
	struct issuer *issuer;
	uint8_t issuer_seed[32];
};

void night_make(struct made_night *out, const struct night_plan *plan);
void night_unmake(struct made_night *n);

/* The event's folder: event.ini with ten venues, keys/issuing.key, keys/boxes. */
void night_make_event(const struct made_night *n, const char *dir);

/* The box's data directory as it was after its first `rows` rows: log.db, device.key. */
void night_make_data(const struct made_box *box, const char *dir, size_t rows);

/* A sealed copy of the same, in parts of about `rows_a_part` (0: as few as can be). */
void night_make_sealed(const struct made_night *n, const struct made_box *box, const char *path,
	size_t rows, size_t rows_a_part);

/* Writes rows into a new log as they are, good or not. */
void night_make_log(const char *path, const uint8_t device[DEVICE_ID_SIZE], const char *venue,
	const struct row *rows, size_t count);

/* SplitMix64: the dice. */
uint64_t night_roll(uint64_t *state);

#endif
