#include "store/people_write.h"

#include "store/people_parts.h"
#include "store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Rows are written GROUP by one statement, which halves what a row costs, and one by one where a
 * batch has no more. SQLite numbers them itself: so it knows that each goes to the end. */
#define GROUP   16
#define COLUMNS 10
#define INSERT                                                                                      \
	"INSERT INTO person (hash, code, name, email, type, venue, source, known, revoked, secret)" \
	" VALUES"
#define VALUES "(?,?,?,?,?,?,?,?,?,?)"

struct people_write {
	sqlite3 *db;
	sqlite3_stmt *one, *group;
	char path[PATH_MAX + 32];
};

static int put_key(struct people_write *w, const struct event *e)
{
	uint8_t key[16];
	sqlite3_stmt *s = NULL;
	int error = db_prepare(w->db, &s, "INSERT INTO meta (key, value) VALUES ('key', ?1)");
	if (error)
		return error;
	people_key_name(e, key);
	db_bind_blob(s, 1, key, sizeof(key));
	error = db_run(s);
	sqlite3_finalize(s);
	return error;
}

static int prepare(struct people_write *w)
{
	char sql[sizeof(INSERT) + GROUP * sizeof("," VALUES)] = INSERT VALUES;
	int error = db_prepare(w->db, &w->one, sql);
	char *p = sql + strlen(sql);
	for (int i = 1; i < GROUP; i++)
		p = stpcpy(p, "," VALUES);
	return error ? error : db_prepare(w->db, &w->group, sql);
}

static int create(struct people_write *w, const struct event *e)
{
	if (unlink(w->path) && errno != ENOENT)
		return -errno;
	AUTO_FD fd = open(w->path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int error = db_open(&w->db, w->path, SQLITE_OPEN_READWRITE, NULL);
	if (!error)
		error = db_exec(w->db, people_schema_file);
	if (!error)
		error = db_exec(w->db,
			"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
			"PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-4096; BEGIN");
	if (!error)
		error = db_exec(w->db, people_schema_tables);
	if (!error)
		error = put_key(w, e);
	if (!error)
		error = prepare(w);
	return error;
}

static void disconnect(struct people_write *w)
{
	sqlite3_finalize(w->one);
	sqlite3_finalize(w->group);
	sqlite3_close(w->db);
	w->one = w->group = NULL;
	w->db = NULL;
}

int people_write_open(struct people_write **out, const char *path, const struct event *e)
{
	struct people_write *w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	int error = strlen(path) < sizeof(w->path) ? 0 : -ENAMETOOLONG;
	if (!error) {
		strcpy(w->path, path);
		error = create(w, e);
	}
	if (error)
		people_write_close(w);
	else
		*out = w;
	return error;
}

void people_write_close(struct people_write *w)
{
	if (!w)
		return;
	disconnect(w);
	free(w);
}

/* The row stays until the statement has run. */
static void bind_row(sqlite3_stmt *s, int at, const struct people_row *row)
{
	db_bind_blob(s, at++, row->hash, TICKET_HASH_SIZE);
	for (int t = 0; t < ROW_TEXTS; t++)
		db_bind_text_of(s, at++, row->text[t], row->length[t]);
	db_bind_integer(s, at++, row->known);
	db_bind_integer(s, at++, row->revoked);
	if (row->has_secret)
		db_bind_blob(s, at, row->secret, SEAL_SECRET_SIZE);
	else
		sqlite3_bind_null(s, at);
}

int people_write_batch(struct people_write *w, const struct row_batch *b)
{
	struct people_row rows[GROUP];
	size_t at = 0, count;
	int error = 0;
	do {
		count = 0;
		while (count < GROUP && batch_take(b, &at, &rows[count]))
			count++;
		for (size_t i = 0; count == GROUP && i < GROUP; i++)
			bind_row(w->group, (int)i * COLUMNS + 1, &rows[i]);
		if (count == GROUP)
			error = db_run(w->group);
		for (size_t i = 0; !error && count < GROUP && i < count; i++) {
			bind_row(w->one, 1, &rows[i]);
			error = db_run(w->one);
		}
	} while (!error && count == GROUP);
	return error;
}

int people_write_finish(struct people_write *w, uint64_t weak)
{
	char sql[96];
	snprintf(sql, sizeof(sql), "INSERT INTO meta (key, value) VALUES ('weak', %llu); COMMIT",
		(unsigned long long)weak);
	int error = db_exec(w->db, sql);
	disconnect(w);
	AUTO_FD fd = error ? -1 : open(w->path, O_RDONLY | O_CLOEXEC);
	if (!error && (fd < 0 || fsync(fd)))
		error = -errno;
	return error;
}
