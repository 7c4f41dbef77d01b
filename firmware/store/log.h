/* The log: DIR/log.db, SQLite in WAL mode with synchronous=FULL and one writing connection. It is
 * the truth; everything else is folded from it. Rows are only ever added. A row that log_record()
 * has returned is durable: the power may go the moment after.
 *
 * One thread writes (the app's clerk). Any other process may read with log_open_reader(), at any
 * time. sqlite3 does not leave store/.
 *
 * Each opening by a writer begins a chain of its own: a new random epoch, entered into the file
 * with the first row, so that a crash loop makes no chains and no copy of an older file, put back,
 * can ever give a number twice. The first row of a chain carries the hash of the row before it in
 * the file, of the chain before: the whole log is one line of hashes.
 *
 * The bytes under a row's chain hash (BLAKE2b-256), every integer little-endian and every string
 * preceded by its length in one byte: see log_row_hash() in row_hash.c. */
#ifndef PARVIS_STORE_LOG_H
#define PARVIS_STORE_LOG_H

#include "base/cc.h"
#include "door/headcount.h"
#include "door/row.h"
#include "store/batch.h"

#include <stdbool.h>
#include <stddef.h>

struct log;

struct log_setup {
	const char *dir;   /* the data directory; made (0700) if missing */
	const char *venue; /* whose headcount is kept */
	int64_t start_ms;  /* of its arrivals chart */
	uint8_t boot[BOOT_ID_SIZE];
	uint8_t device[DEVICE_ID_SIZE]; /* whose rows these are; all zero: whom the file names */
	/* The log must be there already: to open anew what was open before, since a directory that
	 * has vanished is to come back with its rows, not empty. -ENOENT where it is not. */
	bool existing;
	const char *vfs; /* SQLite VFS by name; NULL = the system's */
	/* For the power-cut test alone, to show that it notices: NULL = FULL. */
	const char *synchronous;
};

/* Opens for writing, creating the database and a random device at first, and folds the headcount. A
 * log of version 1 is taken over. A second writer is refused with -EBUSY. -ENOSPC, -EROFS, -EACCES,
 * -EIO; -EBADMSG where the file is not a log of ours or of a newer version (it is left as it is),
 * or where its newest row is not the one that was written last: a chain that lost its end is not
 * continued. *out only on success. */
NODISCARD int log_open(struct log **out, const struct log_setup *setup);

/* Opens for reading, a running writer or a read-only disk notwithstanding. -ENOENT: no log. */
NODISCARD int log_open_reader(struct log **out, const char *dir);

/* The same of a file that may have another name than log.db. */
NODISCARD int log_open_reader_file(struct log **out, const char *path);

/* NULL is allowed. */
void log_close(struct log *l);

/* What the rows of other boxes say, which are not in this log (store/peers.h). */
struct log_known {
	struct prior prior; /* of the ticket that is asked for */
	uint64_t stamp;     /* of the row that says so; 0: none does */
	int64_t present;    /* what their rows add to the venue's people present */
};

/* What is to be decided and written, in one transaction. */
struct log_request {
	enum row_kind kind;
	enum source source;
	struct when now;
	const struct admission_rules *rules;
	/* SCAN; WALK_IN: the badge that was made for the guest (its hash is all that counts, and
	 * the row carries it only if they come in), or NULL; else NULL. */
	const struct ticket *ticket;
	bool override;
	int64_t amount;  /* ADJUST */
	uint64_t undoes; /* UNDO: a seq of the chain that is written now */
	const char *operator;
	/* The decision takes the later of what this log knows of the ticket and of what they do,
	 * and counts everybody as present. NULL: there are none. */
	const struct log_known *others;
};

struct log_result {
	struct row row;
	struct prior prior;     /* what was known of the ticket before */
	struct headcount count; /* of this log's rows, as all that follows */
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

/* What is known of a ticket: its newest row that counts and was not undone, of this log or of the
 * others (NULL: none); nothing is all zero. A reader sees what is durable, and waits for no writer.
 */
NODISCARD int log_prior(struct log *l, const uint8_t ticket[TICKET_HASH_SIZE],
	const struct log_known *others, struct prior *out);

/* Whether a ticket of the roster has an entry here that was not undone. A writer only. */
NODISCARD int log_entered(struct log *l, const uint8_t ticket[TICKET_HASH_SIZE], bool *out);

/* A writer's kept figures; a reader calls log_recount(). */
void log_headcount(const struct log *l, struct headcount *out, uint64_t *registered_in);

/* The chain that is written now; of a reader the newest. Without a row it is nowhere yet. */
void log_self(const struct log *l, struct chain *out);

/* A peer's stamp: the rows that come now are later. One that no clock can have is passed over. */
void log_seen_stamp(struct log *l, uint64_t stamp);

struct log_chain {
	struct chain chain;
	uint64_t rows; /* numbers 1 … rows are there, all of this box's */
};

/* Calls `take` with every chain, oldest first; non-zero stops and is returned. */
NODISCARD int log_chains(
	struct log *l, int (*take)(void *context, const struct log_chain *chain), void *context);

/* Up to `most` rows of a chain from number `first` on; *count: how many there were. */
NODISCARD int log_fetch(struct log *l, const struct chain *chain, uint64_t first, struct row *rows,
	size_t most, size_t *count);

/* The newest `most` rows of a ticket that count and were not undone; *count: how many. */
NODISCARD int log_ticket(struct log *l, const uint8_t ticket[TICKET_HASH_SIZE], struct row *rows,
	size_t most, size_t *count);

/* The venue of the newest row: whose figures a reader wants who names none. -ENOENT: no rows. */
NODISCARD int log_last_venue(struct log *l, char out[ID_SIZE]);

/* Calls `take` with every row in the order that they were written; non-zero stops and is returned.
 */
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

/* Whether the database is whole (integrity_check), the line of hashes unbroken from the first row
 * to the last, no chain missing, each numbering without a gap, each row's values in range, the
 * stored head the newest row, and the recount equal to the kept headcount. 0 even if it is not
 * good; -errno when it could not be judged. */
NODISCARD int log_verify(struct log *l, struct log_verdict *out);

/* The chain hash of a row: over everything in it but `hash` itself. */
void log_row_hash(const struct row *row, uint8_t out[ROW_HASH_SIZE]);

#endif
