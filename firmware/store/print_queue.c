#include "store/print_queue.h"

#include "base/text.h"
#include "store/db.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define APPLICATION 0x50727651
#define VERSION     1

enum statement { PUT, FIRST, MARK, DONE, COUNT_LABEL, FORGET, WAITING, STATEMENTS };

static const char *const texts[] = {
	[PUT] = "INSERT INTO badge (name, code) VALUES (?1, ?2)",
	[FIRST] = "SELECT number, state, job, name, code FROM badge ORDER BY number LIMIT 1",
	[MARK] = "UPDATE badge SET state = ?2, job = ?3 WHERE number = ?1",
	[DONE] = "DELETE FROM badge WHERE number = ?1",
	[COUNT_LABEL] = "UPDATE meta SET value = value - 1 WHERE key = 'labels' AND value > 0",
	[FORGET] = "DELETE FROM badge WHERE name = ?1 OR code = ?2",
	[WAITING] = "SELECT count(*) FROM badge",
};
static_assert(ARRAY_LEN(texts) == STATEMENTS, "every statement needs its text");

struct print_queue {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	char id[9];
};

/* PERSIST would keep the journal's pages, and DELETE leaves them on free blocks of the disk, where
 * a file of the same name no longer covers them: TRUNCATE is DELETE without the directory. What is
 * left in all of them is only what was written before the deletion; EXTRA makes the end of a
 * transaction as lasting as its start. A number is never used twice (AUTOINCREMENT): the printer
 * knows badges by it. */
static const char settings[] = "PRAGMA journal_mode=TRUNCATE;"
			       "PRAGMA synchronous=EXTRA;"
			       "PRAGMA secure_delete=ON;"
			       "PRAGMA locking_mode=EXCLUSIVE;";
static const char schema[] =
	"PRAGMA application_id=0x50727651;"
	"PRAGMA user_version=1;"
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE badge (number INTEGER PRIMARY KEY AUTOINCREMENT,"
	" state INTEGER NOT NULL DEFAULT 0, job INTEGER NOT NULL DEFAULT 0,"
	" name TEXT NOT NULL, code TEXT NOT NULL) STRICT;";

static int create(struct print_queue *q)
{
	uint8_t random[4];
	char hex[9];
	sqlite3_stmt *s = NULL;
	randombytes_buf(random, sizeof(random));
	text_hex(hex, random, sizeof(random));
	int error = db_exec(q->db, "BEGIN IMMEDIATE");
	if (!error)
		error = db_exec(q->db, schema);
	if (!error)
		error = db_prepare(q->db, &s, "INSERT INTO meta (key, value) VALUES ('id', ?1)");
	if (!error) {
		db_bind_text(s, 1, hex);
		error = db_run(s);
	}
	sqlite3_finalize(s);
	return error ? error : db_exec(q->db, "COMMIT");
}

static int read_id(struct print_queue *q)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(q->db, &s, "SELECT value FROM meta WHERE key = 'id'");
	if (error)
		return error;
	int rc = sqlite3_step(s);
	error = db_error(q->db, rc);
	if (!error && (rc != SQLITE_ROW || !db_take_text(s, 0, q->id, sizeof(q->id))))
		error = -EBADMSG;
	sqlite3_finalize(s);
	return error;
}

static int connect(struct print_queue *q, const char *path)
{
	bool fresh = false;
	int error = db_open(&q->db, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	if (!error)
		error = db_exec(q->db, settings);
	if (!error)
		error = db_identify(q->db, APPLICATION, VERSION, &fresh);
	if (!error && fresh)
		error = create(q);
	if (!error)
		error = read_id(q);
	for (size_t i = 0; i < STATEMENTS && !error; i++)
		error = db_prepare(q->db, &q->statements[i], texts[i]);
	return error;
}

int print_queue_open(struct print_queue **out, const char *dir)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/print.db", dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	if (mkdir(dir, 0700) && errno != EEXIST)
		return -errno;
	struct print_queue *q = calloc(1, sizeof(*q));
	if (!q)
		return -ENOMEM;
	int error = connect(q, path);
	if (!error && chmod(path, 0600))
		error = -errno;
	if (!error)
		error = db_sync_dir(dir);
	if (error) {
		print_queue_close(q);
		return error;
	}
	*out = q;
	return 0;
}

void print_queue_close(struct print_queue *q)
{
	if (!q)
		return;
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(q->statements[i]);
	sqlite3_close(q->db);
	free(q);
}

const char *print_queue_id(const struct print_queue *q)
{
	return q->id;
}

/* Bound values stay in a statement until the next: names are not left there. */
static int run(sqlite3_stmt *s)
{
	int error = db_run(s);
	sqlite3_clear_bindings(s);
	return error;
}

int print_queue_put(struct print_queue *q, const char *name, const char *code)
{
	sqlite3_stmt *s = q->statements[PUT];
	db_bind_text(s, 1, name);
	db_bind_text(s, 2, code);
	return run(s);
}

int print_queue_first(struct print_queue *q, struct print_badge *out)
{
	sqlite3_stmt *s = q->statements[FIRST];
	struct print_badge b = { 0 };
	int rc = sqlite3_step(s);
	int error = rc == SQLITE_DONE ? -ENOENT : db_error(q->db, rc);
	if (rc == SQLITE_ROW) {
		b.number = (uint64_t)sqlite3_column_int64(s, 0);
		b.state = (enum print_state)sqlite3_column_int(s, 1);
		b.job = sqlite3_column_int(s, 2);
		if (!db_take_text(s, 3, b.name, sizeof(b.name)) ||
			!db_take_text(s, 4, b.code, sizeof(b.code)) || b.state > PRINT_SENT)
			error = -EBADMSG;
	}
	sqlite3_reset(s);
	if (!error)
		*out = b;
	return error;
}

int print_queue_mark(struct print_queue *q, uint64_t number, enum print_state state, int32_t job)
{
	sqlite3_stmt *s = q->statements[MARK];
	db_bind_integer(s, 1, (int64_t)number);
	db_bind_integer(s, 2, state);
	db_bind_integer(s, 3, job);
	return run(s);
}

int print_queue_done(struct print_queue *q, uint64_t number)
{
	int error = db_exec(q->db, "BEGIN IMMEDIATE");
	if (error)
		return error;
	db_bind_integer(q->statements[DONE], 1, (int64_t)number);
	error = run(q->statements[DONE]);
	if (!error)
		error = run(q->statements[COUNT_LABEL]);
	if (!error)
		error = db_exec(q->db, "COMMIT");
	if (error && !sqlite3_get_autocommit(q->db))
		(void)!db_exec(q->db, "ROLLBACK");
	return error;
}

int print_queue_forget(struct print_queue *q, const char *name, const char *code, uint64_t *count)
{
	sqlite3_stmt *s = q->statements[FORGET];
	*count = 0;
	if (name)
		db_bind_text(s, 1, name);
	if (code)
		db_bind_text(s, 2, code);
	int error = run(s);
	if (!error)
		*count = (uint64_t)sqlite3_changes64(q->db);
	return error;
}

int print_queue_waiting(struct print_queue *q, uint64_t *out)
{
	sqlite3_stmt *s = q->statements[WAITING];
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*out = (uint64_t)sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return db_error(q->db, rc);
}

int print_queue_labels(struct print_queue *q, int64_t *out)
{
	int64_t labels = -1;
	int error = db_integer(q->db, "SELECT value FROM meta WHERE key = 'labels'", &labels);
	if (error && error != -ENOENT)
		return error;
	*out = error ? -1 : labels;
	return 0;
}

int print_queue_set_labels(struct print_queue *q, int64_t labels)
{
	sqlite3_stmt *s = NULL;
	if (labels < 0)
		return -EINVAL;
	int error = db_prepare(
		q->db, &s, "INSERT OR REPLACE INTO meta (key, value) VALUES ('labels', ?1)");
	if (error)
		return error;
	db_bind_integer(s, 1, labels);
	error = db_run(s);
	sqlite3_finalize(s);
	return error;
}
