/* Inside store/: the organiser's store in PostgreSQL. night_pg_sql.c has its words, night_pg.c
 * opens and takes, night_pg_read.c reads. */
#ifndef PARVIS_STORE_NIGHT_PG_H
#define PARVIS_STORE_NIGHT_PG_H

#include "store/night_private.h"

#include <libpq-fe.h>

/* The columns of `entry`, in the order in which rows are sent and read. */
#define NIGHT_PG_COLUMNS                                                                           \
	"device, epoch, seq, hlc, boot, wall_ms, mono_ms, trust, kind, source, verdict,"           \
	" direction, time_doubt, overridden, registered, ticket, venue, door, from_venue,"         \
	" operator, amount, undoes, before, hash, signed"
#define NIGHT_PG_COLUMN_COUNT 25

enum night_pg_step {
	NIGHT_PG_CHAINS,
	NIGHT_PG_LOCK,
	NIGHT_PG_KEYS,
	NIGHT_PG_WITNESSES,
	/* Of stretches that are all new: */
	NIGHT_PG_NEW_PRUNE,
	NIGHT_PG_NEW_SIGNATURES,
	NIGHT_PG_NEW_ISLANDS,
	/* Of any others: */
	NIGHT_PG_ROWS,
	NIGHT_PG_SIGN,
	NIGHT_PG_OTHERS,
	NIGHT_PG_OTHERS_SIGN,
	NIGHT_PG_BETTER,
	NIGHT_PG_SINK,
	NIGHT_PG_DROP,
	NIGHT_PG_RISE,
	NIGHT_PG_RISEN,
	NIGHT_PG_PRUNE,
	NIGHT_PG_SIGNATURES,
	NIGHT_PG_ISLANDS,
	/* Of both: */
	NIGHT_PG_HELD,
	NIGHT_PG_STEPS
};

extern const char *const night_pg_migrations[];
extern const int night_pg_migration_count;
extern const char night_pg_session[];
extern const char night_pg_all_new[]; /* whether nothing of the stretches is held: t or f */
extern const char *const night_pg_take[NIGHT_PG_STEPS];

struct night_pg {
	struct night base;
	PGconn *pg;
	bool writes;
	unsigned reading; /* cursors that are open */
	char *buffer;     /* what is being sent */
	size_t used, size;
};

/* Runs statements; -errno, with the server's word for it in night_why(). rows, unless NULL: how
 * many the last one touched. */
NODISCARD int night_pg_run(struct night_pg *n, const char *sql, uint64_t *rows);

/* Says what the connection says; gives an error for it. */
int night_pg_failed(struct night_pg *n, const PGresult *result);

int night_pg_held(struct night *base, const struct chain *chain, struct ranges *out);
int night_pg_stretch(struct night *base, const struct chain *chain, uint64_t first, uint64_t most,
	struct row rows[BATCH_ROWS_MAX], struct batch *out);
int night_pg_chains(struct night *base, int (*take)(void *context, const struct night_chain *chain),
	void *context);
int night_pg_each(struct night *base, enum night_order order,
	int (*take)(void *context, const struct row *row), void *context);
int night_pg_contradictions(
	struct night *base, int (*take)(void *context, const struct row *row), void *context);
int night_pg_receipts(struct night *base, const struct chain *chain,
	int (*take)(void *context, uint64_t first, uint64_t last, int64_t received_ms,
		const char *source),
	void *context);
int night_pg_promised(struct night *base, const struct chain *chain, uint64_t *promised);
int night_pg_marks(struct night *base, int (*take)(void *context, const struct night_flaw *flaw),
	void *context);

#endif
