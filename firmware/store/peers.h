/* DIR/peers.db: the rows of other boxes (and of this one's earlier lives that its own log has
 * lost), as they came over the network, and how far our own are known to be safe elsewhere. Nothing
 * here is green on this box, and all of it can be had again: WAL with synchronous=NORMAL, so that
 * taking in a whole venue costs the door's own disk syncs nothing. A damaged file is set aside
 * (peers.db.damaged) and begun anew, with a warning.
 *
 * One thread writes (app's sync); the clerk reads through a connection of its own. */
#ifndef PARVIS_STORE_PEERS_H
#define PARVIS_STORE_PEERS_H

#include "base/cc.h"
#include "door/headcount.h"
#include "door/pairs.h"
#include "door/ranges.h"
#include "store/batch.h"

struct peers;

NODISCARD int peers_open(struct peers **out, const char *dir);

/* -ENOENT: there is none (yet). */
NODISCARD int peers_open_reader(struct peers **out, const char *dir);

/* NULL is allowed. */
void peers_close(struct peers *p);

/* Keeps rows that batch_check() has found good; known ones are passed over. One transaction.
 * *fresh: how many were new. -EBADMSG where a row contradicts one that is held (same number, other
 * hash, or a neighbour that does not follow): nothing of the batch is kept, and the caller says
 * that somebody speaks with another's key. -ENOSPC, -EIO, … */
NODISCARD int peers_store(struct peers *p, const struct batch *b, uint64_t *fresh);

/* Which rows of a chain are here. */
NODISCARD int peers_held(struct peers *p, const struct chain *chain, struct ranges *out);

/* Every chain with rows here. Non-zero from `take` stops and is returned. */
NODISCARD int peers_chains(struct peers *p,
	int (*take)(void *context, const struct chain *chain, const struct ranges *held),
	void *context);

/* Up to BATCH_ROWS_MAX rows from `first` on that end in a signed row, for handing on: what `rows`
 * has room for. out->count 0: none such. */
NODISCARD int peers_fetch(struct peers *p, const struct chain *chain, uint64_t first,
	struct row rows[BATCH_ROWS_MAX], struct batch *out);

/* Our own chains: what a collector has committed. Union with what is known. */
NODISCARD int peers_safe_add(struct peers *p, const struct chain *chain, const struct ranges *safe);
NODISCARD int peers_safe(struct peers *p, const struct chain *chain, struct ranges *out);

/* What these rows say of a ticket: its newest row that counts and was not undone, as log_prior().
 * hlc of that row in *stamp, 0 for none: the later of this and of the log's own is what is known.
 */
NODISCARD int peers_prior(struct peers *p, const uint8_t ticket[TICKET_HASH_SIZE],
	struct prior *out, uint64_t *stamp);

/* The part of a venue's figures that these rows add, but for its peak; sums with the log's own
 * (headcount_sum()). Quick: kept up by peers_store(). */
NODISCARD int peers_headcount(struct peers *p, const char *venue, struct headcount *out);

/* The latest stamp that is held; 0 = no rows. */
NODISCARD int peers_latest(struct peers *p, uint64_t *stamp);

/* Calls `take` with every row in (device, epoch, seq) order. */
NODISCARD int peers_each(
	struct peers *p, int (*take)(void *context, const struct row *row), void *context);

#endif
