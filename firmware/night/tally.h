/* Folds the rows of a night into its figures (night/figures.h). Rows come once each, in the order
 * (device, epoch, seq), as night_each(NIGHT_BY_CHAIN) gives them; what is known of a chain comes
 * before its rows. Memory is bounded, whatever the number of rows: what has to be put in another
 * order (presence by time, people by ticket) goes through files without names (store/sorter.h).
 *
 * One thread. */
#ifndef PARVIS_NIGHT_TALLY_H
#define PARVIS_NIGHT_TALLY_H

#include "base/cc.h"
#include "night/figures.h"
#include "store/night.h"

struct tally;

/* spool_dir: where the nameless files go; NULL: $TMPDIR or /tmp. The event outlives the tally. *out
 * only on success; release with tally_close(). -ENOMEM. */
NODISCARD int tally_open(struct tally **out, const struct event *e, const char *spool_dir);

/* NULL is allowed. */
void tally_close(struct tally *t);

/* A chain is about to begin: what the store says of it, and the highest number that was promised
 * (0: none). -ENOMEM. */
NODISCARD int tally_chain(struct tally *t, const struct night_chain *chain, uint64_t promised);

/* When rows of the chain that is about to begin were received, in the order of their numbers.
 * Stretches from anything but the broker (a stick, a copied folder) say nothing about a link.
 * -ENOMEM. */
NODISCARD int tally_receipt(
	struct tally *t, uint64_t first, uint64_t last, int64_t received_ms, const char *source);

/* -EINVAL for a row out of order; -ENOMEM, -ENOSPC, … */
NODISCARD int tally_row(struct tally *t, const struct row *row);

/* People registered for a venue ("" = for every one) and not revoked. */
void tally_registered(struct tally *t, const char *venue, uint64_t people);

/* Ends the fold. *out only on success; release with figures_free(). The tally can then only be
 * closed. */
NODISCARD int tally_finish(struct tally *t, struct figures **out);

/* All of the above from a store and the event's folder (its people.db, where there is one). */
NODISCARD int tally_night(
	struct figures **out, struct night *n, const struct event *e, const char *event_dir);

/* Where a row is placed in the figures: its wall time, or its hybrid clock's where the wall clock
 * was surely wrong, or is outside [from, until) and the hybrid clock's is not. */
int64_t tally_moment(const struct row *row, int64_t from_ms, int64_t until_ms);

#endif
