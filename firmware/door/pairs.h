/* Two entries that both stand: the same ticket came in by two doors that could not talk. Neither
 * was wrong when it was given, so neither is taken back; a person judges. Found by folding one
 * ticket's rows in the order of (hlc, device, epoch, seq), so that the order of their arrival
 * changes nothing. Pure. */
#ifndef PARVIS_DOOR_PAIRS_H
#define PARVIS_DOOR_PAIRS_H

#include "door/row.h"

#include <stddef.h>

/* One of the two entries. */
struct pair_side {
	uint8_t device[DEVICE_ID_SIZE];
	uint32_t epoch;
	uint64_t seq, hlc;
	struct when at;
	char venue[ID_SIZE], door[ID_SIZE];
};

struct pair {
	uint8_t ticket[TICKET_HASH_SIZE];
	struct pair_side first, second; /* in that order */
};

#define PAIRS_PER_TICKET 8

/* Sorts `rows`, each once and all of one ticket, in place, and gives its pairs: an entry that was
 * not undone, while one of another chain stood at the same venue, that says ADMIT or READMIT. Had
 * its door known of the one before it would have said ALREADY_IN; a volunteer cannot set that
 * aside. MOVED is no pair, and neither is an entry at another venue. Three entries are two pairs,
 * each of neighbours. Gives how many there are, of which at most PAIRS_PER_TICKET are in out. */
size_t pairs_find(struct row *rows, size_t count, struct pair out[PAIRS_PER_TICKET]);

/* (hlc, device, epoch, seq): the one order of rows everywhere. <0, 0, >0. */
int row_order(const struct row *a, const struct row *b);

#endif
