#include "store/people.h"

#include "store/people_parts.h"
#include "store/schema.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void people_key_name(const struct event *e, uint8_t out[16])
{
	static const char use[] = "parvis-people-key";
	crypto_generichash(
		out, 16, (const uint8_t *)use, sizeof(use), e->hash_key, sizeof(e->hash_key));
}

static int check_key(struct people *p)
{
	uint8_t ours[16], theirs[16];
	sqlite3_stmt *s = NULL;
	int error = db_prepare(p->db, &s, "SELECT value FROM meta WHERE key = 'key'");
	if (error)
		return error;
	int rc = sqlite3_step(s);
	error = db_error(p->db, rc);
	if (!error && (rc != SQLITE_ROW || !db_take_blob(s, 0, theirs, sizeof(theirs))))
		error = -EBADMSG;
	sqlite3_finalize(s);
	people_key_name(p->event, ours);
	if (!error && memcmp(ours, theirs, sizeof(ours)))
		error = -EKEYREJECTED;
	return error;
}

static int connect(struct people *p, const char *path)
{
	bool fresh = false;
	int64_t weak = 0;
	int error = db_open_unchanging(&p->db, path);
	if (!error)
		error = db_identify(p->db, PEOPLE_APPLICATION, PEOPLE_VERSION, &fresh);
	if (!error)
		error = fresh ? -EBADMSG : check_key(p);
	if (!error)
		error = db_exec(p->db, "PRAGMA cache_size=-2048");
	if (!error)
		error = db_integer(p->db, "SELECT value FROM meta WHERE key = 'weak'", &weak);
	if (!error)
		error = db_prepare(p->db, &p->rows,
			"SELECT hash, code, name, email, type, venue, source, known, revoked,"
			" secret FROM person ORDER BY id");
	p->weak = (uint64_t)weak;
	return error;
}

int people_open(struct people **out, const char *event_dir, const struct event *e)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/people.db", event_dir);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	if (access(path, F_OK))
		return -errno;
	struct people *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->event = e;
	int error = sodium_init() < 0 ? -EIO : connect(p, path);
	if (error) {
		people_close(p);
		return error;
	}
	*out = p;
	return 0;
}

void people_close(struct people *p)
{
	if (!p)
		return;
	sqlite3_finalize(p->rows);
	sqlite3_close(p->db);
	free(p);
}

static bool take_row(sqlite3_stmt *s, struct people_row *out)
{
	size_t all = 0;
	for (int i = 0; i < ROW_TEXTS; i++) {
		const char *text = (const char *)sqlite3_column_text(s, i + 1);
		size_t length = (size_t)sqlite3_column_bytes(s, i + 1);
		all += length + 1;
		if (!text || all > ROW_TEXTS_MAX || memchr(text, 0, length))
			return false;
		out->text[i] = text;
		out->length[i] = (uint16_t)length;
	}
	out->line = 0;
	out->kind = CHANGE_PUT;
	out->known = sqlite3_column_int(s, 7) != 0;
	out->revoked =
		(uint8_t)((unsigned)sqlite3_column_int(s, 8) & (PEOPLE_BY_SELLER | PEOPLE_BY_HAND));
	out->has_secret = db_take_blob(s, 9, out->secret, sizeof(out->secret));
	return db_take_blob(s, 0, out->hash, sizeof(out->hash)) && out->length[ROW_CODE] >= 1 &&
	       out->length[ROW_CODE] <= CODE_MAX;
}

static int next_of(sqlite3 *db, sqlite3_stmt *s, struct people_row *out)
{
	int rc = sqlite3_step(s);
	if (rc == SQLITE_DONE)
		return 0;
	if (rc != SQLITE_ROW)
		return db_error(db, rc);
	return take_row(s, out) ? 1 : -EBADMSG;
}

int people_next(struct people *p, struct people_row *out)
{
	return next_of(p->db, p->rows, out);
}

int people_each(
	struct people *p, int (*take)(void *context, const struct person *who), void *context)
{
	struct people_row row;
	sqlite3_stmt *s = NULL;
	int result = db_prepare(p->db, &s,
		"SELECT hash, code, name, email, type, venue, source, known, revoked, secret"
		" FROM person ORDER BY venue, name, code");
	if (result)
		return result;
	while ((result = next_of(p->db, s, &row)) > 0) {
		struct person who = row_person(&row);
		result = take(context, &who);
		if (result)
			break;
	}
	sqlite3_finalize(s);
	return result;
}

int people_groups(
	struct people *p, int (*take)(void *context, const struct people_group *g), void *context)
{
	sqlite3_stmt *s = NULL;
	int rc = SQLITE_DONE;
	int result = db_prepare(p->db, &s,
		"SELECT venue, type, source, count(*), sum(revoked <> 0) FROM person"
		" WHERE known GROUP BY 1, 2, 3 ORDER BY 1, 2, 3");
	while (!result && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct people_group g = {
			.venue = (const char *)sqlite3_column_text(s, 0),
			.type = (const char *)sqlite3_column_text(s, 1),
			.source = (const char *)sqlite3_column_text(s, 2),
			.registered = (uint64_t)sqlite3_column_int64(s, 3),
			.revoked = (uint64_t)sqlite3_column_int64(s, 4),
		};
		result = g.venue && g.type && g.source ? take(context, &g) : -EBADMSG;
	}
	if (!result)
		result = db_error(p->db, rc);
	sqlite3_finalize(s);
	return result;
}
