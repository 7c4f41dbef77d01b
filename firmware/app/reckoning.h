/* What a box says of its venue to those who only look: folded from every row that is here, its own
 * and its peers', each once, in any order. One thread. */
#ifndef PARVIS_APP_RECKONING_H
#define PARVIS_APP_RECKONING_H

#include "base/cc.h"
#include "door/headcount.h"

struct reckoning;

struct reckoning_figures {
	int64_t present, people; /* people: distinct tickets, and walk-ins without a badge */
	uint64_t entries;
	uint64_t last_ten, ten_before; /* entries of the ten minutes before now_ms, and before */
};

NODISCARD int reckoning_open(struct reckoning **out, const char *venue);
void reckoning_close(struct reckoning *t);

/* -ENOMEM: the row counts in all but `people`. *again: the row is of a ticket that has come in here
 * by two chains, which may be a pair (door/pairs.h). */
NODISCARD int reckoning_row(struct reckoning *t, const struct row *row, bool *again);

void reckoning_figures(const struct reckoning *t, int64_t now_ms, struct reckoning_figures *out);

#endif
