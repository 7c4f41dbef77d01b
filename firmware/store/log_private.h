/* What the files of the log share. */
#ifndef PARVIS_STORE_LOG_PRIVATE_H
#define PARVIS_STORE_LOG_PRIVATE_H

#include "store/db.h"
#include "store/log.h"

#include <limits.h>

/* The number of a row in `entry`: its chain's, then its own. */
#define LOG_SEQ_BITS  40
#define LOG_CHAIN_MAX (INT64_C(1) << (63 - LOG_SEQ_BITS))

static inline int64_t log_row_id(int64_t chain, uint64_t seq)
{
	return chain << LOG_SEQ_BITS | (int64_t)seq;
}

enum log_statement {
	LOG_BEGIN,
	LOG_COMMIT,
	LOG_ENTER_CHAIN,
	LOG_INSERT,
	LOG_SET_HEAD,
	LOG_PRIOR,
	LOG_ENTERED,
	LOG_TARGET,
	LOG_STATEMENTS
};

struct log {
	sqlite3 *db;
	sqlite3_stmt *statements[LOG_STATEMENTS]; /* of a writer */
	int lock;                                 /* a descriptor; -1: a reader */
	bool stale; /* what follows is to be read anew before the next row */
	struct headcount count;
	uint64_t registered_in;
	/* The chain that is written now; of a reader the newest. */
	uint8_t device[DEVICE_ID_SIZE];
	uint32_t epoch;              /* 0: to be drawn */
	int64_t chain;               /* its number */
	bool entered;                /* the file knows it: it has a row */
	uint64_t seq;                /* of its newest row; 0 = none */
	uint64_t hlc;                /* the latest seen */
	uint8_t hash[ROW_HASH_SIZE]; /* of the newest row, of whichever chain */
	/* To open anew with. */
	char path[PATH_MAX], venue[ID_SIZE], vfs[64], synchronous[8];
	int64_t start_ms;
	uint8_t boot[BOOT_ID_SIZE];
	uint8_t given[DEVICE_ID_SIZE]; /* all zero: the device that the file names */
};

/* The number of a chain; -ENOENT. */
NODISCARD int log_chain_number(struct log *l, const struct chain *chain, int64_t *out);

/* Reads chain head and figures from the database. */
NODISCARD int log_refold(struct log *l);

/* Where our chain stands, and the newest row of all. Draws an epoch where there is none, or where
 * rows are gone that were written: their numbers are never given out again. */
NODISCARD int log_find_chain(struct log *l);

/* Opens the database of a writer and prepares its statements; log_disconnect() undoes it. */
NODISCARD int log_connect(struct log *l);
void log_disconnect(struct log *l);

/* log_prior(), its statement being prepared. */
NODISCARD int log_read_prior(struct log *l, const uint8_t ticket[TICKET_HASH_SIZE],
	const struct log_known *others, struct prior *out);

/* Distinct tickets, walk-ins' badges not among them, with an entry to a venue that was not undone.
 */
NODISCARD int log_registered(struct log *l, const char *venue, uint64_t *out);

#endif
