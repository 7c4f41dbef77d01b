/* The log: DIR/log.db, SQLite in WAL mode with synchronous=FULL and one writing connection. It is
 * the truth; everything else is folded from it. Rows are only ever added. A row that log_record()
 * has returned is durable: the power may go the moment after.
 *
 * One thread writes (the app's clerk). Any other process may read with log_open_reader(), at any
 * time. sqlite3 does not leave store/.
 *
 * The bytes under a row's chain hash (BLAKE2b-256), every integer little-endian and every string
 * preceded by its length in one byte: see log_row_hash() in row_hash.c. */
#ifndef PARVIS_STORE_LOG_H
#define PARVIS_STORE_LOG_H

#include "base/cc.h"
#include "door/headcount.h"
#include "door/row.h"

#include <stdbool.h>
#include <stddef.h>

struct log;

struct log_setup {
	const char *dir;   /* the data directory; made (0700) if missing */
	const char *venue; /* whose headcount is kept */
	int64_t start_ms;  /* of its arrivals chart */
	uint8_t boot[BOOT_ID_SIZE];
	/* The log must be there already: to open anew what was open before, since a directory that
	 * has vanished is to come back with its rows, not empty. -ENOENT where it is not. */
	bool existing;
	const char *vfs; /* SQLite VFS by name; NULL = the system's */
	/* For the power-cut test alone, to show that it notices: NULL = FULL. */
	const char *synchronous;
};

/* Opens for writing, creating the database and this device's identity at first, and folds the
 * headcount. A second writer is refused with -EBUSY. -ENOSPC, -EROFS, -EACCES, -EIO; -EBADMSG where
 * the file is not a log of ours or of a newer version (it is left as it is), or where its newest
 * row is not the one that was written last: a chain that lost its end is not continued. *out only
 * on success. */
NODISCARD int log_open(struct log **out, const struct log_setup *setup);

/* Opens for reading, a running writer or a read-only disk notwithstanding. -ENOENT: no log. */
NODISCARD int log_open_reader(struct log **out, const char *dir);

/* NULL is allowed. */
void log_close(struct log *l);

/* What is to be decided and written, in one transaction. */
struct log_request {
	enum row_kind kind;
	enum source source;
	struct when now;
	const struct admission_rules *rules;
	const struct ticket *ticket; /* SCAN; else NULL */
	bool override;
	int64_t amount;  /* ADJUST */
	uint64_t undoes; /* UNDO: a seq of this device and epoch */
	const char *operator;
};

struct log_result {
	struct row row;
	struct prior prior; /* what was known of the ticket before */
	struct headcount count;
	uint64_t registered_in; /* distinct tickets of the roster with an entry here not undone */
};

/* BEGIN IMMEDIATE; prior rows; admission_decide(); the row; COMMIT. On failure nothing of it is
 * kept, *out is untouched and the log stays usable: -ENOSPC, -EROFS, -EIO, -EBUSY; -ESTALE where
 * the file is no longer at its path, so that no later start would find the row; -ENOENT for an
 * UNDO of a row that is not there, counts nothing, is an undo itself, or was undone before; -EINVAL
 * for an ADJUST by 0 or rules of another venue than log_open() was given. A writer only.
 *
 * Should the disk fail in the midst of COMMIT and the program die before the next row, the row may
 * be found there after all: it then counts, although nobody saw green. */
NODISCARD int log_record(struct log *l, const struct log_request *request, struct log_result *out);

/* What log_record() would decide, writing nothing. A writer only. */
NODISCARD int log_would(struct log *l, const struct log_request *request, struct decision *out,
	struct prior *prior);

/* A writer's kept figures; a reader calls log_recount(). */
void log_headcount(const struct log *l, struct headcount *out, uint64_t *registered_in);

/* The venue of the newest row: whose figures a reader wants who names none. -ENOENT: no rows. */
NODISCARD int log_last_venue(struct log *l, char out[ID_SIZE]);

/* Calls `take` with every row in (device, epoch, seq) order; non-zero stops and is returned. */
NODISCARD int log_each(
	struct log *l, int (*take)(void *context, const struct row *row), void *context);

/* Folds one venue's rows anew. */
NODISCARD int log_recount(
	struct log *l, const char *venue, int64_t start_ms, struct headcount *out);

struct log_verdict {
	bool good;
	uint64_t rows;
	uint8_t device[DEVICE_ID_SIZE]; /* of the first bad row */
	uint32_t epoch;
	uint64_t seq;
	char what[160];
};

/* Whether the database is whole (integrity_check), each chain unbroken, each numbering without a
 * gap, each row's values in range, the stored head the newest row, and the recount equal to the
 * kept headcount. 0 even if it is not good; -errno when it could not be judged. */
NODISCARD int log_verify(struct log *l, struct log_verdict *out);

/* The chain hash of a row: over everything in it but `hash` itself. */
void log_row_hash(const struct row *row, uint8_t out[ROW_HASH_SIZE]);

#endif
