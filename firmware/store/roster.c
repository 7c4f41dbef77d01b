#include "store/roster.h"

#include "base/log.h"
#include "base/text.h"
#include "store/db.h"
#include "store/schema.h"
#include "store/seal.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum statement { FIND, PUT, ADD, COUNT, STATEMENTS };

static const char *const statements[] = {
	[FIND] = "SELECT hash, venue, type, sealed, known, revoked FROM ticket WHERE id = ?1",
	[PUT] = ("INSERT OR REPLACE INTO ticket (id, hash, venue, type, sealed, known, revoked)"
		 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
	[ADD] = ("INSERT INTO ticket (id, hash, venue, type, sealed, known, revoked)"
		 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
	[COUNT] = "SELECT count(*) FROM ticket WHERE known AND NOT revoked AND venue IN (?1, '')",
};
static_assert(ARRAY_LEN(statements) == STATEMENTS, "every statement needs its text");

struct roster {
	const struct event *event;
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	struct stat seen;               /* the file that a reader last looked at */
	int lock;                       /* of an import; else -1 */
	bool writable;                  /* an import that is not committed */
	uint8_t nonce[SEAL_NONCE_SIZE]; /* of the name sealed last */
	bool stretch;                   /* weak codes are stretched in this file */
	char dir[PATH_MAX], path[PATH_MAX + 16], aside[PATH_MAX + 32];
};

/* Where a code's row is: under the first 63 bits of its name, or where another has these under
 * the next number that is free. */
struct place {
	int64_t id;
	uint8_t hash[TICKET_HASH_SIZE];
	uint8_t secret[SEAL_SECRET_SIZE];
	bool stretched;
};

/* What a ticket's row says. */
struct entry {
	char venue[ID_SIZE], type[TICKET_NAME_SIZE], name[TICKET_NAME_SIZE];
	bool known, revoked;
};

/* --- opening ---------------------------------------------------------------------------------- */

static void disconnect(struct roster *r)
{
	for (int i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(r->statements[i]);
		r->statements[i] = NULL;
	}
	int rc = sqlite3_close(r->db);
	CHECK(rc == SQLITE_OK);
	r->db = NULL;
}

/* A name for the hash key that does not give it away. */
static void key_name(const struct event *e, uint8_t out[16])
{
	static const char use[] = "parvis-roster-key";
	crypto_generichash(
		out, 16, (const uint8_t *)use, sizeof(use), e->hash_key, sizeof(e->hash_key));
}

static int check_key(struct roster *r)
{
	uint8_t ours[16], theirs[16];
	sqlite3_stmt *s = NULL;
	int error = db_prepare(r->db, &s, "SELECT value FROM meta WHERE key = 'key'");
	if (error)
		return error;
	int rc = sqlite3_step(s);
	error = db_error(r->db, rc);
	key_name(r->event, ours);
	if (!error && (rc != SQLITE_ROW || !db_take_blob(s, 0, theirs, sizeof(theirs))))
		error = -EBADMSG;
	if (!error && memcmp(ours, theirs, sizeof(ours)))
		error = -EKEYREJECTED;
	sqlite3_finalize(s);
	return error;
}

static int read_stretch(struct roster *r)
{
	int64_t value = 0;
	int error = db_integer(r->db, "SELECT value FROM meta WHERE key = 'stretch'", &value);
	r->stretch = value != 0;
	return error == -ENOENT ? -EBADMSG : error;
}

static int prepare(struct roster *r)
{
	int error = read_stretch(r);
	for (int i = 0; !error && i < STATEMENTS; i++)
		error = db_prepare(r->db, &r->statements[i], statements[i]);
	return error;
}

static int connect_reader(struct roster *r)
{
	struct stat st;
	if (stat(r->path, &st))
		return -errno;
	int error = db_open_unchanging(&r->db, r->path);
	bool fresh = false;
	if (!error)
		error = db_identify(r->db, ROSTER_APPLICATION, ROSTER_VERSION, &fresh);
	if (!error)
		error = fresh ? -EBADMSG : check_key(r);
	if (!error)
		error = prepare(r);
	if (error)
		disconnect(r);
	else
		r->seen = st;
	return error;
}

static int make(struct roster **out, const char *event_dir, const struct event *e)
{
	struct roster *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->event = e;
	r->lock = -1;
	if (!text_copy(r->dir, sizeof(r->dir), event_dir) || sodium_init() < 0) {
		free(r);
		return -ENAMETOOLONG;
	}
	snprintf(r->path, sizeof(r->path), "%s/roster.db", r->dir);
	snprintf(r->aside, sizeof(r->aside), "%s.import", r->path);
	*out = r;
	return 0;
}

int roster_open(struct roster **out, const char *event_dir, const struct event *e)
{
	struct roster *r;
	int error = make(&r, event_dir, e);
	if (error)
		return error;
	error = connect_reader(r);
	if (error) {
		roster_close(r);
		return error;
	}
	*out = r;
	return 0;
}

void roster_close(struct roster *r)
{
	if (!r)
		return;
	disconnect(r);
	if (r->writable)
		unlink(r->aside);
	cc_close_fd(&r->lock);
	free(r);
}

/* --- importing -------------------------------------------------------------------------------- */

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
	int error = connect_reader(r);
	if (error)
		return error;
	sqlite3_stmt *s = NULL;
	error = db_prepare(r->db, &s, "VACUUM INTO ?1");
	if (!error) {
		db_bind_text(s, 1, r->aside);
		error = db_run(s);
	}
	sqlite3_finalize(s);
	disconnect(r);
	if (!error && chmod(r->aside, r->seen.st_mode & 07777))
		error = -errno;
	return error;
}

static int put_meta(struct roster *r, bool stretch)
{
	uint8_t key[16];
	key_name(r->event, key);
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
	return error ? error : prepare(r);
}

static int begin_aside(struct roster *r)
{
	r->writable = true;
	randombytes_buf(r->nonce, sizeof(r->nonce));
	return unlink(r->aside) && errno != ENOENT ? -errno : 0;
}

int roster_lock(struct roster **out, const char *event_dir, const struct event *e)
{
	struct roster *r;
	int error = make(&r, event_dir, e);
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

static int put_in_place(struct roster *r)
{
	AUTO_FD fd = open(r->aside, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) || rename(r->aside, r->path))
		return -errno;
	r->writable = false;
	return db_sync_dir(r->dir);
}

int roster_commit(struct roster *r)
{
	if (!r->writable)
		return -EROFS;
	int error = db_exec(r->db, "COMMIT");
	return error ? error : put_in_place(r);
}

/* --- looking up, changing --------------------------------------------------------------------- */

static int64_t id_of(const uint8_t hash[TICKET_HASH_SIZE])
{
	uint64_t start;
	memcpy(&start, hash, sizeof(start));
	return (int64_t)(be64toh(start) >> 1);
}

/* hash, secret: of a code that was hashed, stretched before, or NULL. */
static int place_of(const struct roster *r, const char *code, size_t len, const uint8_t *hash,
	const uint8_t *secret, struct place *out)
{
	int error = 0;
	out->stretched = r->stretch && seal_is_weak(code, len);
	if (out->stretched && secret)
		memcpy(out->secret, secret, SEAL_SECRET_SIZE);
	else if (out->stretched)
		error = seal_stretch(r->event, code, len, out->secret);
	if (error)
		return error;
	if (hash && !out->stretched)
		memcpy(out->hash, hash, sizeof(out->hash));
	else
		seal_row(r->event, code, len, out->stretched ? out->secret : NULL, out->hash);
	out->id = id_of(out->hash);
	return 0;
}

static int read_row(struct roster *r, const struct place *place, const char *code, size_t len,
	struct entry *out)
{
	sqlite3_stmt *s = r->statements[FIND];
	uint8_t sealed[SEAL_SIZE];
	out->known = sqlite3_column_int(s, 4) != 0;
	out->revoked = sqlite3_column_int(s, 5) != 0;
	if (!db_take_text(s, 1, out->venue, sizeof(out->venue)) ||
		!db_take_text(s, 2, out->type, sizeof(out->type)))
		return -EBADMSG;
	if (db_take_blob(s, 3, sealed, sizeof(sealed)))
		seal_open(r->event, code, len, place->stretched ? place->secret : NULL, sealed,
			out->name);
	return 0;
}

/* -ENOENT: nothing is known of the code; place->id is then where it belongs. */
static int look_up(
	struct roster *r, struct place *place, const char *code, size_t len, struct entry *out)
{
	sqlite3_stmt *s = r->statements[FIND];
	*out = (struct entry){ 0 };
	for (;; place->id++) {
		uint8_t hash[TICKET_HASH_SIZE];
		db_bind_integer(s, 1, place->id);
		int rc = sqlite3_step(s);
		int error = rc == SQLITE_DONE ? -ENOENT : db_error(r->db, rc);
		bool is_it = false;
		if (rc == SQLITE_ROW) {
			if (!db_take_blob(s, 0, hash, sizeof(hash)))
				error = -EBADMSG;
			is_it = !error && !memcmp(hash, place->hash, sizeof(hash));
			if (is_it)
				error = read_row(r, place, code, len, out);
		}
		sqlite3_reset(s);
		if (error || is_it)
			return error;
	}
}

/* Goes over to the file that an import has put in place. A file that cannot be read leaves the
 * door with the one it had. */
static void follow(struct roster *r)
{
	struct stat st;
	if (r->lock >= 0 || stat(r->path, &st) ||
		(st.st_ino == r->seen.st_ino && st.st_dev == r->seen.st_dev))
		return;
	struct roster next = *r;
	next.db = NULL;
	memset(next.statements, 0, sizeof(next.statements));
	int error = connect_reader(&next);
	r->seen = st;
	if (error) {
		log_warning("the new roster cannot be read (%s): the door keeps the one before",
			strerror(-error));
		return;
	}
	disconnect(r);
	*r = next;
}

static void fill(struct ticket *ticket, const struct entry *entry)
{
	ticket->revoked = entry->revoked;
	if (!entry->known || ticket->kind == TICKET_TEST || ticket->kind == TICKET_STAFF)
		return;
	memcpy(ticket->name, entry->name, sizeof(ticket->name));
	ticket->registered = true;
	if (ticket->kind == TICKET_SIGNED)
		return;
	ticket->kind = TICKET_ROSTER;
	memcpy(ticket->venue, entry->venue, sizeof(ticket->venue));
}

int roster_find(struct roster *r, const char *code, size_t len, struct ticket *ticket)
{
	struct place place;
	struct entry entry;
	follow(r);
	int error = place_of(r, code, len, NULL, NULL, &place);
	if (error)
		return error;
	error = look_up(r, &place, code, len, &entry);
	if (!error)
		fill(ticket, &entry);
	sodium_memzero(&entry, sizeof(entry));
	sodium_memzero(&place, sizeof(place));
	return error == -ENOENT ? 0 : error;
}

static int check_code(const struct roster *r, size_t len)
{
	if (!r->writable)
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

static int write_row(struct roster *r, enum statement which, const struct place *place,
	const char *code, size_t len, const struct entry *entry)
{
	uint8_t sealed[SEAL_SIZE];
	sqlite3_stmt *s = r->statements[which];
	db_bind_integer(s, 1, place->id);
	db_bind_blob(s, 2, place->hash, TICKET_HASH_SIZE);
	db_bind_text(s, 3, entry->venue);
	db_bind_text(s, 4, entry->type);
	sqlite3_bind_null(s, 5);
	if (entry->name[0]) {
		seal_name(r->event, code, len, place->stretched ? place->secret : NULL, entry->name,
			r->nonce, sealed);
		db_bind_blob(s, 5, sealed, sizeof(sealed));
	}
	db_bind_integer(s, 6, entry->known);
	db_bind_integer(s, 7, entry->revoked);
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
	error = place_of(r, code, len, NULL, NULL, &place);
	if (error)
		return error;
	error = look_up(r, &place, code, len, &old);
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

int roster_add(struct roster *r, const struct roster_person *row)
{
	struct place place;
	struct entry entry;
	int error = check_code(r, row->code_len);
	if (error)
		return error;
	if (!fill_entry(&entry, row->name, row->type, row->venue, row->known))
		return -ENAMETOOLONG;
	entry.revoked = row->revoked;
	error = place_of(r, row->code, row->code_len, row->hash, row->secret, &place);
	if (error)
		return error;
	error = write_row(r, ADD, &place, row->code, row->code_len, &entry);
	if (!error || sqlite3_errcode(r->db) != SQLITE_CONSTRAINT_PRIMARYKEY)
		return error;
	struct entry other;
	error = look_up(r, &place, row->code, row->code_len, &other);
	if (error != -ENOENT)
		return error ? error : -EEXIST;
	return write_row(r, ADD, &place, row->code, row->code_len, &entry);
}

int roster_revoke(struct roster *r, const char *code, size_t len, bool revoked)
{
	struct place place;
	struct entry entry;
	int error = check_code(r, len);
	if (!error)
		error = place_of(r, code, len, NULL, NULL, &place);
	if (error)
		return error;
	error = look_up(r, &place, code, len, &entry);
	if (error && error != -ENOENT)
		return error;
	entry.revoked = revoked;
	return write_row(r, PUT, &place, code, len, &entry);
}

int roster_count(struct roster *r, const char *venue, uint64_t *out)
{
	sqlite3_stmt *s = r->statements[COUNT];
	db_bind_text(s, 1, venue);
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*out = (uint64_t)sqlite3_column_int64(s, 0);
	int error = db_error(r->db, rc);
	sqlite3_reset(s);
	return error;
}
