/* What the log and the roster share of SQLite: opening, statements, and its result codes as errno.
 * Only store/ includes this. A handle belongs to one thread at a time. */
#ifndef PARVIS_STORE_DB_H
#define PARVIS_STORE_DB_H

#include "base/cc.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens with extended result codes, a busy timeout and sorting in memory. flags: SQLITE_OPEN_…;
 * vfs NULL: the system's. *out only on success; release with sqlite3_close(). */
NODISCARD int db_open(sqlite3 **out, const char *path, int flags, const char *vfs);

/* Opens for reading, the directory's or the disk's being read-only notwithstanding, with what a
 * crash left in the write-ahead log. -ENOENT: no such file. */
NODISCARD int db_open_reader(sqlite3 **out, const char *path);

/* The same of a copy that was broken off: what is there of a file that is shorter than it says,
 * which SQLite refuses unless it is told to bear a damaged one. */
NODISCARD int db_open_broken_off(sqlite3 **out, const char *path);

/* Opens a file that nobody changes while it is open. */
NODISCARD int db_open_unchanging(sqlite3 **out, const char *path);

/* The negative errno of a result code; 0 for SQLITE_OK, ROW and DONE. db may be NULL. */
int db_error(sqlite3 *db, int rc);

NODISCARD int db_exec(sqlite3 *db, const char *sql);

/* A statement that is kept. */
NODISCARD int db_prepare(sqlite3 *db, sqlite3_stmt **out, const char *sql);

/* Runs a statement that gives no row, and resets it. */
NODISCARD int db_run(sqlite3_stmt *s);

/* The first column of the first row; -ENOENT where there is none. */
NODISCARD int db_integer(sqlite3 *db, const char *sql, int64_t *out);

/* Whether the database is one of `application` of a version that we read. *fresh: it is empty. */
NODISCARD int db_identify(sqlite3 *db, int64_t application, int64_t version, bool *fresh);

void db_bind_text(sqlite3_stmt *s, int at, const char *text);
void db_bind_text_of(sqlite3_stmt *s, int at, const char *text, size_t len); /* not terminated */
void db_bind_blob(sqlite3_stmt *s, int at, const void *bytes, size_t size);
void db_bind_integer(sqlite3_stmt *s, int at, int64_t value);

/* Copies a column out when it has exactly this size, or fits with its terminator. False where the
 * column is of another type or size. */
NODISCARD bool db_take_blob(sqlite3_stmt *s, int at, void *out, size_t size);
NODISCARD bool db_take_text(sqlite3_stmt *s, int at, char *out, size_t capacity);

/* A directory (0700), durably, if there is none. */
NODISCARD int db_make_dir(const char *dir);

/* Rows that a killed writer or a power cut has left in the write-ahead log may be in the kernel's
 * memory alone: before anybody hears of them they are synced, and copied into the file. A full disk
 * only puts off the copying: the sync comes first. -EBUSY: others were at it for two seconds. */
NODISCARD int db_make_durable(sqlite3 *db);

/* Makes what was created in a directory last. */
NODISCARD int db_sync_dir(const char *dir);

#endif
