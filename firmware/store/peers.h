/* DIR/peers.db: the rows of other boxes (and of this one's earlier lives that its own log has
 * lost), as they came over the network, and how far our own are known to be safe elsewhere. Nothing
 * here is green on this box, and all of it can be had again: WAL with synchronous=NORMAL, so that
 * taking in a whole venue costs the door's own disk syncs nothing. A damaged file is set aside
 * (peers.db.damaged) and begun anew, with a warning.
 *
 * A set: the same rows in any order, any number of times, give the same rows and figures.
 *
 * One thread writes (app's sync); others read through a handle of their own each (the clerk). One
 * thread a handle. */
#ifndef PARVIS_STORE_PEERS_H
#define PARVIS_STORE_PEERS_H

#include "base/cc.h"
#include "door/headcount.h"
#include "door/ranges.h"
#include "store/batch.h"

struct peers;

/* Opens for writing; makes the file and `dir` where there are none. What is damaged, or no file of
 * ours, is set aside. -ENOSPC, -EROFS, -EACCES, -EIO. */
NODISCARD int peers_open(struct peers **out, const char *dir);

/* -ENOENT: there is none (yet); -EBADMSG: the writer will set it aside. A reader hardly waits for
 * anybody: -EBUSY. */
NODISCARD int peers_open_reader(struct peers **out, const char *dir);

/* NULL is allowed. */
void peers_close(struct peers *p);

/* Whether the file that is open is no longer the one at its path: close, and open again. */
bool peers_has_moved(struct peers *p);

/* Keeps rows that batch_check() has found good; known ones are passed over. One transaction.
 * *fresh: how many were new. -EBADMSG where a row contradicts one that is held (same number, other
 * hash, or a neighbour that does not follow): nothing of the batch is kept, and the caller says
 * that somebody speaks with another's key. -ENOSPC, -EIO, …; -EINVAL: it is not signed. */
NODISCARD int peers_store(struct peers *p, const struct batch *b, uint64_t *fresh);

/* Which rows of a chain are here. */
NODISCARD int peers_held(struct peers *p, const struct chain *chain, struct ranges *out);

/* Every chain with rows here, by device and epoch. Non-zero from `take` stops and is returned. */
NODISCARD int peers_chains(struct peers *p,
	int (*take)(void *context, const struct chain *chain, const struct ranges *held),
	void *context);

/* Rows from `first` on, without a gap, that end in a signed row, for handing on: the last of `most`
 * that is signed, or, where none of these is, the last of BATCH_ROWS_MAX. out->count 0: `first` is
 * not here. */
NODISCARD int peers_fetch(struct peers *p, const struct chain *chain, uint64_t first, uint64_t most,
	struct row rows[BATCH_ROWS_MAX], struct batch *out);

/* Our own chains: what a collector has committed. Union with what is known. */
NODISCARD int peers_safe_add(struct peers *p, const struct chain *chain, const struct ranges *safe);
NODISCARD int peers_safe(struct peers *p, const struct chain *chain, struct ranges *out);

/* What these rows say of a ticket: its newest row that counts and was not undone, as log_prior().
 * hlc of that row in *stamp, 0 for none: the later of this and of the log's own is what is known.
 */
NODISCARD int peers_prior(struct peers *p, const uint8_t ticket[TICKET_HASH_SIZE],
	struct prior *out, uint64_t *stamp);

/* The newest `most` rows of a ticket that count and were not undone; *count: how many there were.
 */
NODISCARD int peers_ticket(struct peers *p, const uint8_t ticket[TICKET_HASH_SIZE],
	struct row *rows, size_t most, size_t *count);

/* The part of a venue's figures that these rows add, but for its peak; sums with the log's own
 * (headcount_sum()). Folded anew from every row: who needs it often follows peers_news(). */
NODISCARD int peers_headcount(
	struct peers *p, const char *venue, int64_t start_ms, struct headcount *out);

/* Rows in the order that they came, for who follows: those after *cursor (0 at first), whole
 * stretches of up to BATCH_ROWS_MAX, until at least `most` were taken or nothing is left. *cursor
 * moves on with each stretch. A non-zero answer of `take` stops and is returned. *more: whether
 * there may be more. The cursor is good for as long as peers_has_moved() says false. */
NODISCARD int peers_news(struct peers *p, uint64_t *cursor, size_t most,
	int (*take)(void *context, const struct row *row), void *context, bool *more);

/* The latest stamp that is held; 0 = no rows. */
NODISCARD int peers_latest(struct peers *p, uint64_t *stamp);

/* Calls `take` with every row in (device, epoch, seq) order. */
NODISCARD int peers_each(
	struct peers *p, int (*take)(void *context, const struct row *row), void *context);

#endif
