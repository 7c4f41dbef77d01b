/* The organiser's store: every row of every box, once. DIR/night.db (SQLite) by default,
 * postgresql://… at scale; one interface, a const table behind it. A set: taking the same rows in
 * any order, from any sources, any number of times gives the same rows, and after night_settle()
 * the same bytes (SQLite). When and from whom a row came first is kept apart, in
 * DIR/night-receipts.db (a table of its own in PostgreSQL), since that does depend on the order.
 *
 * Two rows that claim one number: the better witnessed is kept in the table of rows (signed before
 * unsigned, then the lower hash), every other in `contradiction`: marked, never hidden.
 *
 * In SQLite the rows are in `entry`, compactly; the view `night` has them in words. In PostgreSQL
 * they are in `entry` as they are, with a view for each question (store/night_pg.c).
 *
 * One thread a handle; several processes at a time may take rows. */
#ifndef PARVIS_STORE_NIGHT_H
#define PARVIS_STORE_NIGHT_H

#include "base/cc.h"
#include "door/ranges.h"
#include "store/row_line.h"

#include <stdbool.h>
#include <stdint.h>

struct night;

#define NIGHT_WHY_SIZE    256
#define NIGHT_SOURCE_SIZE 128

enum night_open { NIGHT_READ, NIGHT_WRITE };

/* where: an event's folder, a path that ends in .db, or postgresql://…. event_id: rows are kept for
 * one event; another's store is refused (-EKEYREJECTED). `why` says what is wrong and what to do,
 * without a password. -ENOENT (NIGHT_READ), -EBADMSG, -EACCES, -EHOSTUNREACH, … *out only on
 * success. */
NODISCARD int night_open(struct night **out, const char *where, const char *event_id,
	enum night_open how, char why[NIGHT_WHY_SIZE]);

/* NULL is allowed. */
void night_close(struct night *n);

/* What to put into `why` afterwards: the store's own word for the last failure. */
const char *night_why(const struct night *n);

#define NIGHT_SEQ_MAX ((UINT64_C(1) << 40) - 1)

struct night_taken {
	uint64_t fresh, known, contradicting; /* rows */
};

/* Takes batches in one transaction and commits: 0 means that they are durable (fsync,
 * synchronous_commit). batch_check() has judged each: BATCH_GOOD, or, for rows out of a copied log,
 * BATCH_SIGNATURE. -EINVAL for what is no stretch of one chain, or a number past NIGHT_SEQ_MAX. On
 * failure nothing of the call is kept. `source` names where they came from ("broker", a path);
 * `received_ms` is this machine's wall time. out may be NULL. */
NODISCARD int night_take(struct night *n, const struct batch *batches, size_t count,
	const char *source, int64_t received_ms, struct night_taken *out);

/* Which rows of a chain are here, so that they can be acknowledged. */
NODISCARD int night_held(struct night *n, const struct chain *chain, struct ranges *out);

/* Rows of a chain from number `first` on, up to the last of `most` that its device has signed: they
 * can be handed on. Where it has signed none of these, up to the last of BATCH_ROWS_MAX: a gap may
 * be smaller than what was signed. `out` is that batch, in `rows`; of count 0 where there is none.
 * -EINVAL for a number that no row has. */
NODISCARD int night_stretch(struct night *n, const struct chain *chain, uint64_t first,
	uint64_t most, struct row rows[BATCH_ROWS_MAX], struct batch *out);

struct night_chain {
	struct chain chain;
	struct ranges held;
	uint64_t rows, signed_to; /* the highest number that a signature vouches for */
	bool truncated;           /* `held` had no room for every range: the highest are left out */
	uint64_t promised;        /* night_promise() */
	uint64_t contradictions;
	int64_t first_ms, last_ms; /* wall times of its first and its last row; 0 without rows */
};

/* Every chain that has rows or a promise, in the order of (device, epoch). Non-zero from `take`
 * stops and is returned. The store must not be changed meanwhile by the same handle; the same for
 * all that call back. */
NODISCARD int night_chains(struct night *n,
	int (*take)(void *context, const struct night_chain *chain), void *context);

enum night_order {
	NIGHT_BY_CHAIN,  /* (device, epoch, seq) */
	NIGHT_BY_TIME,   /* row_order() */
	NIGHT_BY_TICKET, /* (ticket, row_order()): rows without a ticket are left out */
};

/* Memory is bounded whatever the order; what must be sorted goes through a nameless file beside
 * the store. NIGHT_BY_TICKET leaves boot, before and hash at zero: less to sort. Non-zero from
 * `take` stops and is returned. */
NODISCARD int night_each(struct night *n, enum night_order order,
	int (*take)(void *context, const struct row *row), void *context);

/* The rows that lost their number to another, in the order of (device, epoch, seq, hash). */
NODISCARD int night_contradictions(
	struct night *n, int (*take)(void *context, const struct row *row), void *context);

/* When the rows of a chain were first received: one call for each stretch, in order. */
NODISCARD int night_receipts(struct night *n, const struct chain *chain,
	int (*take)(void *context, uint64_t first, uint64_t last, int64_t received_ms,
		const char *source),
	void *context);

/* What a box said of itself that is no row: a sealed copy that ended early, the head it promised.
 * Kept so that a report can say what is missing. promised: the highest number that somebody has
 * seen it claim. */
NODISCARD int night_promise(struct night *n, const struct chain *chain, uint64_t promised);
NODISCARD int night_promised(struct night *n, const struct chain *chain, uint64_t *promised);

/* That some copy had a row of this number that was not as its box wrote it: what was tampered with
 * stays marked, whatever good copies come. A set like the rows. */
struct night_flaw {
	struct chain chain;
	uint64_t seq;
	enum row_flaw flaw;
};
NODISCARD int night_mark(struct night *n, const struct night_flaw *flaws, size_t count);
NODISCARD int night_marks(
	struct night *n, int (*take)(void *context, const struct night_flaw *flaw), void *context);

/* Makes the file what it would be had the rows come in order (SQLite; nothing to do elsewhere): a
 * new one is written aside, synced and renamed. -EBUSY while anybody else has it open: the rows are
 * safe all the same, and the next one settles. Quick where nothing has come since the last time. */
NODISCARD int night_settle(struct night *n);

#endif
