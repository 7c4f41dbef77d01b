/* What a box says of its venue to those who only look: folded from every row that is here, its own
 * and its peers', each once, in any order. One thread. */
#ifndef PARVIS_APP_TALLY_H
#define PARVIS_APP_TALLY_H

#include "base/cc.h"
#include "door/headcount.h"

struct tally;

struct tally_figures {
	int64_t present, people; /* people: distinct tickets, and walk-ins without a badge */
	uint64_t entries;
	uint64_t last_ten, ten_before; /* entries of the ten minutes before now_ms, and before */
};

NODISCARD int tally_open(struct tally **out, const char *venue);
void tally_close(struct tally *t);

/* -ENOMEM: the row counts in all but `people`. *again: the row is of a ticket that has come in here
 * by two chains, which may be a pair (door/pairs.h). */
NODISCARD int tally_row(struct tally *t, const struct row *row, bool *again);

void tally_figures(const struct tally *t, int64_t now_ms, struct tally_figures *out);

#endif
