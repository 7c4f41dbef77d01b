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
	uint8_t device[DEVICE_ID_SIZE];
	uint32_t epoch;
	int64_t chain;
	uint64_t seq; /* of our newest row; 0 = none */
	uint64_t hlc; /* the latest seen */
	uint8_t hash[ROW_HASH_SIZE];
	/* To open anew with. */
	char path[PATH_MAX], venue[ID_SIZE], vfs[64], synchronous[8];
	int64_t start_ms;
	uint8_t boot[BOOT_ID_SIZE];
};

/* Reads chain head and figures from the database. */
NODISCARD int log_refold(struct log *l);

/* Opens the database of a writer and prepares its statements; log_disconnect() undoes it. */
NODISCARD int log_connect(struct log *l);
void log_disconnect(struct log *l);

/* log_prior(), its statement being prepared. */
NODISCARD int log_read_prior(
	struct log *l, const uint8_t ticket[TICKET_HASH_SIZE], struct prior *out);

/* Distinct tickets, walk-ins' badges not among them, with an entry to a venue that was not undone.
 */
NODISCARD int log_registered(struct log *l, const char *venue, uint64_t *out);

#endif
