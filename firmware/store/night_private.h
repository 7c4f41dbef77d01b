/* Inside store/: what the two kinds of the organiser's store share. */
#ifndef PARVIS_STORE_NIGHT_PRIVATE_H
#define PARVIS_STORE_NIGHT_PRIVATE_H

#include "store/night.h"

/* One a kind; each call as in night.h. */
struct night_kind {
	void (*close)(struct night *n);
	int (*take)(struct night *n, const struct batch *batches, size_t count, const char *source,
		int64_t received_ms, struct night_taken *out);
	int (*held)(struct night *n, const struct chain *chain, struct ranges *out);
	int (*stretch)(struct night *n, const struct chain *chain, uint64_t first, uint64_t most,
		struct row rows[BATCH_ROWS_MAX], struct batch *out);
	int (*chains)(struct night *n, int (*take)(void *context, const struct night_chain *chain),
		void *context);
	int (*each)(struct night *n, enum night_order order,
		int (*take)(void *context, const struct row *row), void *context);
	int (*contradictions)(
		struct night *n, int (*take)(void *context, const struct row *row), void *context);
	int (*receipts)(struct night *n, const struct chain *chain,
		int (*take)(void *context, uint64_t first, uint64_t last, int64_t received_ms,
			const char *source),
		void *context);
	int (*promise)(struct night *n, const struct chain *chain, uint64_t promised);
	int (*promised)(struct night *n, const struct chain *chain, uint64_t *promised);
	int (*mark)(struct night *n, const struct night_flaw *flaws, size_t count);
	int (*marks)(struct night *n, int (*take)(void *context, const struct night_flaw *flaw),
		void *context);
	int (*settle)(struct night *n);
};

/* The head of each kind's own struct. */
struct night {
	const struct night_kind *kind;
	char why[NIGHT_WHY_SIZE];
};

/* *out only on success. */
NODISCARD int night_sqlite_open(struct night **out, const char *path, const char *event_id,
	enum night_open how, char why[NIGHT_WHY_SIZE]);

NODISCARD int night_pg_open(struct night **out, const char *url, const char *event_id,
	enum night_open how, char why[NIGHT_WHY_SIZE]);

/* --- what rows are in a column of numbers ----------------------------------------------------- */

/* kind, source, verdict, direction, trust and the marks of a row in one number. */
uint32_t night_pack(const struct row *row, bool is_signed);
#define NIGHT_SIGNED (UINT32_C(1) << 20)

/* False where a value is out of its range. */
NODISCARD bool night_unpack(uint32_t what, struct row *row);

#endif
