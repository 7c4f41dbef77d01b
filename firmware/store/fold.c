/* What is folded from the rows: a venue's figures. */
#include "store/log_private.h"
#include "store/row_sql.h"

#include <errno.h>
#include <string.h>

typedef int take_row(void *context, const struct row *row);

static int each(sqlite3 *db, sqlite3_stmt *s, take_row *take, void *context)
{
	int rc;
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct row row;
		if (row_read(s, &row))
			return -EBADMSG;
		int stop = take(context, &row);
		if (stop)
			return stop;
	}
	return db_error(db, rc);
}

int log_each(struct log *l, int (*take)(void *context, const struct row *row), void *context)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(l->db, &s, "SELECT " ROW_COLUMNS " FROM entry ORDER BY id");
	if (!error)
		error = each(l->db, s, take, context);
	sqlite3_finalize(s);
	return error;
}

static int apply(void *context, const struct row *row)
{
	headcount_apply(context, row);
	return 0;
}

int log_recount(struct log *l, const char *venue, int64_t start_ms, struct headcount *out)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(l->db, &s,
		"SELECT " ROW_COLUMNS " FROM entry WHERE venue = ?1 OR from_venue = ?1"
		" ORDER BY hlc, device, epoch, seq");
	if (error)
		return error;
	db_bind_text(s, 1, venue);
	struct headcount count;
	headcount_init(&count, venue, start_ms);
	error = each(l->db, s, apply, &count);
	sqlite3_finalize(s);
	if (!error)
		*out = count;
	return error;
}

int log_last_venue(struct log *l, char out[ID_SIZE])
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(l->db, &s, "SELECT venue FROM entry ORDER BY id DESC LIMIT 1");
	if (error)
		return error;
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		error = db_take_text(s, 0, out, ID_SIZE) ? 0 : -EBADMSG;
	else
		error = rc == SQLITE_DONE ? -ENOENT : db_error(l->db, rc);
	sqlite3_finalize(s);
	return error;
}

int log_refold(struct log *l)
{
	struct headcount count;
	uint64_t registered_in = 0;
	int error = log_find_chain(l);
	if (!error)
		error = log_recount(l, l->venue, l->start_ms, &count);
	if (!error)
		error = log_registered(l, l->venue, &registered_in);
	if (error)
		return error;
	l->count = count;
	l->registered_in = registered_in;
	l->stale = false;
	return 0;
}
