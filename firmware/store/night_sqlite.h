/* Inside store/: the organiser's store as a SQLite file. The files of it: night_sqlite.c opens and
 * knows names, night_take.c writes, night_read.c reads, night_settle.c makes it canonical. */
#ifndef PARVIS_STORE_NIGHT_SQLITE_H
#define PARVIS_STORE_NIGHT_SQLITE_H

#include "store/db.h"
#include "store/night_private.h"

#include <limits.h>

/* "PrvN" and "Prvr". */
#define NIGHT_APPLICATION    0x5072764e
#define NIGHT_VERSION        1
#define RECEIPTS_APPLICATION 0x50727672
#define RECEIPTS_VERSION     1

#define NIGHT_SEQ_BITS  40
#define NIGHT_CHAIN_MAX (INT64_C(1) << (63 - NIGHT_SEQ_BITS))

static inline int64_t night_id(int64_t chain, uint64_t seq)
{
	return chain << NIGHT_SEQ_BITS | (int64_t)seq;
}

/* What many rows share, kept once. */
struct place {
	uint8_t boot[BOOT_ID_SIZE];
	char venue[ID_SIZE], door[ID_SIZE], from_venue[ID_SIZE], operator[OPERATOR_SIZE];
};

#define PLACES_KEPT 1024
#define CHAINS_KEPT 256

struct place_slot {
	int64_t id; /* 0 = empty */
	struct place place;
};

struct chain_slot {
	int64_t id;
	struct chain chain;
};

enum night_statement {
	NIGHT_BEGIN,
	NIGHT_COMMIT,
	NIGHT_UNSETTLE,
	NIGHT_FIND_CHAIN,
	NIGHT_ADD_CHAIN,
	NIGHT_SET_KEY,
	NIGHT_FIND_PLACE,
	NIGHT_ADD_PLACE,
	NIGHT_LOOK_PLACE,
	NIGHT_ADD_ROW,
	NIGHT_LOOK_ROWS,
	NIGHT_SIGN_ROW,
	NIGHT_DROP_ROW,
	NIGHT_HELD_LEFT,
	NIGHT_HELD_RIGHT,
	NIGHT_HELD_DROP,
	NIGHT_HELD_PUT,
	NIGHT_HELD_ALL,
	NIGHT_SIGNATURE_PUT,
	NIGHT_SIGNATURE_PRUNE,
	NIGHT_OTHER_PUT,
	NIGHT_OTHER_SIGN,
	NIGHT_OTHER_BEST,
	NIGHT_OTHER_RISE,
	NIGHT_OTHER_SINK,
	NIGHT_OTHER_DROP,
	NIGHT_PROMISE,
	NIGHT_MARK,
	NIGHT_STATEMENTS
};

struct night_sqlite {
	struct night base;
	sqlite3 *db, *receipts; /* receipts: NULL where there are none to read */
	sqlite3_stmt *statements[NIGHT_STATEMENTS];
	char path[PATH_MAX], receipts_path[PATH_MAX], lock_path[PATH_MAX], dir[PATH_MAX];
	char event[ID_SIZE];
	bool writes;
	int lock; /* shared, as long as the file is open; -1: nothing could be locked */
	struct place_slot *by_place, *by_id; /* PLACES_KEPT each */
	struct chain_slot *chains;           /* CHAINS_KEPT */
};

extern const char night_schema_file[];
extern const char night_schema_tables[];

/* Fills a new file's `meta` and `word`, within the transaction that makes its tables. */
NODISCARD int night_put_meta(sqlite3 *db, const char *event, bool settled);

NODISCARD int night_connect(struct night_sqlite *n, char why[NIGHT_WHY_SIZE]);
void night_disconnect(struct night_sqlite *n);

/* Says what failed, for night_why(); gives `error` back. */
int night_failed(struct night_sqlite *n, int error, const char *doing);

/* The number of a chain: 0 where it is not there and `add` is not set. */
NODISCARD int night_chain_id(
	struct night_sqlite *n, const struct chain *chain, bool add, int64_t *out);
NODISCARD int night_place_id(struct night_sqlite *n, const struct row *row, int64_t *out);

/* Fills in what the place gives. */
NODISCARD int night_place_read(struct night_sqlite *n, int64_t id, struct row *row);

/* What is remembered of names may be of a transaction that was taken back. */
void night_forget(struct night_sqlite *n);

/* --- rows in SQL --- */

#define NIGHT_COLUMNS      "id, hlc, wall_ms, mono_ms, what, place, ticket, amount, undoes, before, hash"
#define NIGHT_COLUMN_COUNT 11

/* Fills in all but device and epoch from a statement over NIGHT_COLUMNS. */
NODISCARD int night_row_read(struct night_sqlite *n, sqlite3_stmt *s, struct row *row);
void night_row_bind(
	sqlite3_stmt *s, const struct row *row, int64_t id, int64_t place, bool is_signed);

struct chain_list {
	struct chain_slot *at; /* in the order of (device, epoch); free() */
	size_t count;
};
NODISCARD int night_list_chains(struct night_sqlite *n, struct chain_list *out);

/* --- the calls --- */

int night_sqlite_take(struct night *base, const struct batch *batches, size_t count,
	const char *source, int64_t received_ms, struct night_taken *out);
int night_sqlite_promise(struct night *base, const struct chain *chain, uint64_t promised);
int night_sqlite_promised(struct night *base, const struct chain *chain, uint64_t *promised);
int night_sqlite_held(struct night *base, const struct chain *chain, struct ranges *out);
int night_sqlite_chains(struct night *base,
	int (*take)(void *context, const struct night_chain *chain), void *context);
int night_sqlite_each(struct night *base, enum night_order order,
	int (*take)(void *context, const struct row *row), void *context);
int night_sqlite_contradictions(
	struct night *base, int (*take)(void *context, const struct row *row), void *context);
int night_sqlite_receipts(struct night *base, const struct chain *chain,
	int (*take)(void *context, uint64_t first, uint64_t last, int64_t received_ms,
		const char *source),
	void *context);
int night_sqlite_mark(struct night *base, const struct night_flaw *flaws, size_t count);
int night_sqlite_marks(struct night *base,
	int (*take)(void *context, const struct night_flaw *flaw), void *context);
int night_sqlite_settle(struct night *base);

/* A stretch of rows that came first just now. */
struct stretch {
	struct chain chain;
	uint64_t first, last;
};
NODISCARD int night_note_receipts(struct night_sqlite *n, const struct stretch *stretches,
	size_t count, const struct batch *batches, size_t batch_count, const char *source,
	int64_t received_ms);

int night_sqlite_stretch(struct night *base, const struct chain *chain, uint64_t first,
	uint64_t most, struct row rows[BATCH_ROWS_MAX], struct batch *out);
/* Into the file of receipts: the signature of each batch that has one. */
NODISCARD int night_put_witnesses(sqlite3 *db, const struct batch *batches, size_t count);

#endif
