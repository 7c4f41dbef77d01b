/* Making a roster: rows are written into a file aside, which takes the roster's name at the end. */
#include "base/text.h"
#include "store/roster_private.h"
#include "store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int lock_import(struct roster *r)
{
	char path[PATH_MAX + 16];
	snprintf(path, sizeof(path), "%s/roster.lock", r->dir);
	r->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (r->lock < 0)
		return -errno;
	if (flock(r->lock, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return 0;
}

static int copy_aside(struct roster *r)
{
	int error = roster_connect_reader(r);
	if (error)
		return error;
	sqlite3_stmt *s = NULL;
	error = db_prepare(r->db, &s, "VACUUM INTO ?1");
	if (!error) {
		db_bind_text(s, 1, r->aside);
		error = db_run(s);
	}
	sqlite3_finalize(s);
	roster_disconnect(r);
	if (!error && chmod(r->aside, r->seen.st_mode & 07777))
		error = -errno;
	return error;
}

static int put_meta(struct roster *r, bool stretch)
{
	uint8_t key[16];
	roster_key_name(r->event, key);
	sqlite3_stmt *s = NULL;
	int error = db_prepare(
		r->db, &s, "INSERT INTO meta (key, value) VALUES ('key', ?1), ('stretch', ?2)");
	if (error)
		return error;
	db_bind_blob(s, 1, key, sizeof(key));
	db_bind_integer(s, 2, stretch);
	error = db_run(s);
	sqlite3_finalize(s);
	return error;
}

/* No journal: a file that was not finished is thrown away. Rows of roster_add() come in
 * order and need no cache to speak of. */
static int connect_import(struct roster *r, bool stretch)
{
	bool fresh = false;
	int error = db_open(&r->db, r->aside, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	if (!error)
		error = db_identify(r->db, ROSTER_APPLICATION, ROSTER_VERSION, &fresh);
	if (!error && fresh)
		error = db_exec(r->db, roster_schema_file);
	if (!error)
		error = db_exec(r->db,
			"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
			"PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-8192; BEGIN");
	if (!error && fresh)
		error = db_exec(r->db, roster_schema_tables);
	if (!error && fresh)
		error = put_meta(r, stretch);
	else if (!error)
		r->last_id = INT64_MAX;
	return error ? error : roster_prepare(r);
}

static int begin_aside(struct roster *r)
{
	r->writable = true;
	r->last_id = -1;
	randombytes_buf(r->nonce, sizeof(r->nonce));
	return unlink(r->aside) && errno != ENOENT ? -errno : 0;
}

int roster_lock(struct roster **out, const char *event_dir, const struct event *e)
{
	struct roster *r;
	int error = roster_make(&r, event_dir, e);
	if (error)
		return error;
	error = lock_import(r);
	if (error) {
		roster_close(r);
		return error;
	}
	*out = r;
	return 0;
}

int roster_begin_new(struct roster *r, bool stretch)
{
	int error = r->lock < 0 || r->db ? -EINVAL : begin_aside(r);
	return error ? error : connect_import(r, stretch);
}

int roster_open_import(struct roster **out, const char *event_dir, const struct event *e)
{
	struct roster *r;
	int error = roster_lock(&r, event_dir, e);
	if (error)
		return error;
	error = begin_aside(r);
	if (!error)
		error = copy_aside(r);
	if (!error || error == -ENOENT)
		error = connect_import(r, true);
	if (error) {
		roster_close(r);
		return error;
	}
	*out = r;
	return 0;
}

int roster_flush(struct roster *r)
{
	if (!r->writable || r->flushed)
		return -EROFS;
	int error = db_exec(r->db, "COMMIT");
	AUTO_FD fd = error ? -1 : open(r->aside, O_RDONLY | O_CLOEXEC);
	if (!error && (fd < 0 || fsync(fd)))
		error = -errno;
	r->flushed = !error;
	return error;
}

int roster_commit(struct roster *r)
{
	int error = !r->writable ? -EROFS : r->flushed ? 0 : roster_flush(r);
	if (!error && rename(r->aside, r->path))
		error = -errno;
	if (error)
		return error;
	r->writable = false;
	return db_sync_dir(r->dir);
}

/* --- rows ------------------------------------------------------------------------------------- */

static int check_code(const struct roster *r, size_t len)
{
	if (!r->writable || r->flushed)
		return -EROFS;
	if (len == 0)
		return -EINVAL;
	return len > CODE_MAX ? -ENAMETOOLONG : 0;
}

static bool is_same(const struct entry *a, const struct entry *b)
{
	return a->known && !strcmp(a->name, b->name) && !strcmp(a->type, b->type) &&
	       !strcmp(a->venue, b->venue);
}

/* A row's seven values from the parameter `at` on. They must stay until the statement has run. */
static void bind_row(struct roster *r, sqlite3_stmt *s, int at, const struct place *place,
	const struct entry *entry, const uint8_t sealed[SEAL_SIZE])
{
	db_bind_integer(s, at, place->id);
	db_bind_blob(s, at + 1, place->hash, TICKET_HASH_SIZE);
	db_bind_text(s, at + 2, entry->venue);
	db_bind_text(s, at + 3, entry->type);
	if (entry->name[0])
		db_bind_blob(s, at + 4, sealed, SEAL_SIZE);
	else
		sqlite3_bind_null(s, at + 4);
	db_bind_integer(s, at + 5, entry->known);
	db_bind_integer(s, at + 6, entry->revoked);
	if (place->id > r->last_id)
		r->last_id = place->id;
}

static void seal(struct roster *r, const struct place *place, const char *code, size_t len,
	const struct entry *entry, uint8_t sealed[SEAL_SIZE])
{
	if (entry->name[0])
		seal_name(r->event, code, len, place->stretched ? place->secret : NULL, entry->name,
			r->nonce, sealed);
}

static int write_row(struct roster *r, enum statement which, const struct place *place,
	const char *code, size_t len, const struct entry *entry)
{
	uint8_t sealed[SEAL_SIZE];
	sqlite3_stmt *s = r->statements[which];
	seal(r, place, code, len, entry, sealed);
	bind_row(r, s, 1, place, entry, sealed);
	return db_run(s);
}

static bool fill_entry(
	struct entry *out, const char *name, const char *type, const char *venue, bool known)
{
	*out = (struct entry){ .known = known };
	text_copy(out->name, sizeof(out->name), name);
	text_copy(out->type, sizeof(out->type), type);
	return text_copy(out->venue, sizeof(out->venue), venue);
}

int roster_put(struct roster *r, const char *code, size_t len, const char *name, const char *type,
	const char *venue, enum roster_change *change)
{
	struct place place;
	struct entry old, new;
	int error = check_code(r, len);
	if (error)
		return error;
	if (!fill_entry(&new, name, type, venue, true))
		return -ENAMETOOLONG;
	error = roster_place_of(r, code, len, NULL, NULL, &place);
	if (error)
		return error;
	error = roster_look_up(r, &place, code, len, &old);
	if (error && error != -ENOENT)
		return error;
	enum roster_change is = error || !old.known ? ROSTER_NEW : ROSTER_UPDATED;
	if (!error && is_same(&old, &new))
		is = ROSTER_SAME;
	new.revoked = old.revoked;
	error = is == ROSTER_SAME ? 0 : write_row(r, PUT, &place, code, len, &new);
	if (!error)
		*change = is;
	return error;
}

/* Checks a row and gives where it belongs if nothing is there. */
static int prepare_row(
	struct roster *r, const struct roster_person *row, struct place *place, struct entry *entry)
{
	int error = check_code(r, row->code_len);
	if (error)
		return error;
	if (!fill_entry(entry, row->name, row->type, row->venue, row->known))
		return -ENAMETOOLONG;
	entry->revoked = row->revoked;
	return roster_place_of(r, row->code, row->code_len, row->hash, row->secret, place);
}

static int add_at(struct roster *r, const struct roster_person *row, struct place *place,
	const struct entry *entry)
{
	int error = write_row(r, ADD, place, row->code, row->code_len, entry);
	if (!error || sqlite3_errcode(r->db) != SQLITE_CONSTRAINT_PRIMARYKEY)
		return error;
	struct entry other;
	error = roster_look_up(r, place, row->code, row->code_len, &other);
	if (error != -ENOENT)
		return error ? error : -EEXIST;
	return write_row(r, ADD, place, row->code, row->code_len, entry);
}

int roster_add(struct roster *r, const struct roster_person *row)
{
	struct place place;
	struct entry entry;
	int error = prepare_row(r, row, &place, &entry);
	return error ? error : add_at(r, row, &place, &entry);
}

/* --- many rows -------------------------------------------------------------------------------- */

struct group {
	struct place places[ROSTER_GROUP];
	struct entry entries[ROSTER_GROUP];
	uint8_t sealed[ROSTER_GROUP][SEAL_SIZE];
};

static int prepare_add_many(struct roster *r)
{
	char sql[96 + ROSTER_GROUP * sizeof("(?,?,?,?,?,?,?),")];
	char *p = stpcpy(
		sql, "INSERT INTO ticket (id, hash, venue, type, sealed, known, revoked) VALUES");
	for (int i = 0; i < ROSTER_GROUP; i++)
		p = stpcpy(p, i ? ",(?,?,?,?,?,?,?)" : "(?,?,?,?,?,?,?)");
	return r->add_many ? 0 : db_prepare(r->db, &r->add_many, sql);
}

/* Whether every row goes behind the one before, the first behind all that are there: then nothing
 * can stand in its place, and one statement may write them all. */
static bool goes_on_end(const struct roster *r, const struct group *g)
{
	int64_t last = r->last_id;
	for (size_t i = 0; i < ROSTER_GROUP; last = g->places[i++].id)
		if (g->places[i].id <= last)
			return false;
	return true;
}

static int add_one_by_one(struct roster *r, const struct roster_person *rows, struct group *g)
{
	int error = 0;
	for (size_t i = 0; !error && i < ROSTER_GROUP; i++)
		error = add_at(r, &rows[i], &g->places[i], &g->entries[i]);
	return error;
}

static int add_group(struct roster *r, const struct roster_person *rows)
{
	struct group g;
	int error = prepare_add_many(r);
	for (size_t i = 0; !error && i < ROSTER_GROUP; i++)
		error = prepare_row(r, &rows[i], &g.places[i], &g.entries[i]);
	if (error)
		return error;
	if (!goes_on_end(r, &g))
		return add_one_by_one(r, rows, &g);
	for (size_t i = 0; i < ROSTER_GROUP; i++) {
		seal(r, &g.places[i], rows[i].code, rows[i].code_len, &g.entries[i], g.sealed[i]);
		bind_row(r, r->add_many, (int)i * 7 + 1, &g.places[i], &g.entries[i], g.sealed[i]);
	}
	return db_run(r->add_many);
}

int roster_add_many(struct roster *r, const struct roster_person *rows, size_t count)
{
	int error = 0;
	size_t i = 0;
	for (; !error && count - i >= ROSTER_GROUP; i += ROSTER_GROUP)
		error = add_group(r, rows + i);
	for (; !error && i < count; i++)
		error = roster_add(r, &rows[i]);
	return error;
}

/* --- taking back ------------------------------------------------------------------------------ */

int roster_revoke(struct roster *r, const char *code, size_t len, bool revoked)
{
	struct place place;
	struct entry entry;
	int error = check_code(r, len);
	if (!error)
		error = roster_place_of(r, code, len, NULL, NULL, &place);
	if (error)
		return error;
	error = roster_look_up(r, &place, code, len, &entry);
	if (error && error != -ENOENT)
		return error;
	entry.revoked = revoked;
	return write_row(r, PUT, &place, code, len, &entry);
}
