/* What the files of the peers' rows share. */
#ifndef PARVIS_STORE_PEERS_PRIVATE_H
#define PARVIS_STORE_PEERS_PRIVATE_H

#include "store/db.h"
#include "store/peers.h"

#include <limits.h>

/* The number of a row in `entry`: its chain's, then its own, as in the log. */
#define PEERS_SEQ_BITS  40
#define PEERS_CHAIN_MAX (INT64_C(1) << (63 - PEERS_SEQ_BITS))

static inline int64_t peers_row_id(int64_t chain, uint64_t seq)
{
	return chain << PEERS_SEQ_BITS | (int64_t)seq;
}

enum peers_statement {
	PEERS_BEGIN,
	PEERS_COMMIT,
	PEERS_CHAIN,     /* its number */
	PEERS_ADD_CHAIN, /* from here on a writer's */
	PEERS_HASHES,
	PEERS_NEIGHBOUR,
	PEERS_INSERT,
	PEERS_SIGN,
	PEERS_HELD_AROUND,
	PEERS_HELD_DROP,
	PEERS_HELD_ADD,
	PEERS_ARRIVED,
	PEERS_PRIOR, /* from here on anybody's */
	PEERS_OF_TICKET,
	PEERS_NEWS,
	PEERS_ROWS,
	PEERS_STATEMENTS
};

struct peers {
	sqlite3 *db;
	sqlite3_stmt *statements[PEERS_STATEMENTS]; /* prepared when first used */
	bool writes;
	char path[PATH_MAX];
};

/* A statement by its number. */
NODISCARD int peers_statement(struct peers *p, enum peers_statement which, sqlite3_stmt **out);

/* -ENOENT. */
NODISCARD int peers_chain_number(struct peers *p, const struct chain *chain, int64_t *out);

#endif
