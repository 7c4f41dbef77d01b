#include "store/roster.h"

#include "base/log.h"
#include "base/text.h"
#include "event/code.h"
#include "store/db.h"
#include "store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum statement { FIND, PUT, REVOKE, COUNT, STATEMENTS };

static const char *const statements[] = {
	[FIND] = "SELECT venue, type, sealed, known, revoked FROM ticket WHERE hash = ?1",
	[PUT] = ("INSERT INTO ticket (hash, venue, type, sealed, known, revoked)"
		 " VALUES (?1, ?2, ?3, ?4, 1, 0) ON CONFLICT (hash) DO UPDATE SET"
		 " venue = ?2, type = ?3, sealed = ?4, known = 1"),
	[REVOKE] = ("INSERT INTO ticket (hash, venue, type, known, revoked)"
		    " VALUES (?1, '', '', 0, ?2) ON CONFLICT (hash) DO UPDATE SET revoked = ?2"),
	[COUNT] = "SELECT count(*) FROM ticket WHERE known AND NOT revoked AND venue IN (?1, '')",
};
static_assert(ARRAY_LEN(statements) == STATEMENTS, "every statement needs its text");

struct roster {
	const struct event *event;
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	struct stat seen; /* the file that a reader last looked at */
	int lock;         /* of an import; else -1 */
	bool writable;    /* an import that is not committed */
	char dir[PATH_MAX], path[PATH_MAX + 16], aside[PATH_MAX + 32];
};

/* What a ticket's row says. */
struct entry {
	char venue[ID_SIZE], type[TICKET_NAME_SIZE], name[TICKET_NAME_SIZE];
	bool known, revoked;
};

/* --- names under seal ------------------------------------------------------------------------- */

#define NONCE_SIZE  crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define SEALED_SIZE (NONCE_SIZE + TICKET_NAME_SIZE + crypto_aead_xchacha20poly1305_ietf_ABYTES)

static void name_key(const struct event *e, const char *code, size_t len, uint8_t out[32])
{
	static const char use[] = "parvis-name-1";
	crypto_generichash_state state;
	crypto_generichash_init(&state, e->hash_key, sizeof(e->hash_key), 32);
	crypto_generichash_update(&state, (const uint8_t *)use, sizeof(use));
	crypto_generichash_update(&state, (const uint8_t *)code, len);
	crypto_generichash_final(&state, out, 32);
	sodium_memzero(&state, sizeof(state));
}

/* Every name is sealed at the same length, which would tell something, too. */
static void seal(const struct event *e, const char *code, size_t len,
	const char name[TICKET_NAME_SIZE], uint8_t out[SEALED_SIZE])
{
	uint8_t key[32];
	name_key(e, code, len, key);
	randombytes_buf(out, NONCE_SIZE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + NONCE_SIZE, NULL, (const uint8_t *)name,
		TICKET_NAME_SIZE, NULL, 0, NULL, out, key);
	sodium_memzero(key, sizeof(key));
}

static bool unseal(const struct event *e, const char *code, size_t len,
	const uint8_t sealed[SEALED_SIZE], char out[TICKET_NAME_SIZE])
{
	uint8_t key[32];
	name_key(e, code, len, key);
	int failed = crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *)out, NULL, NULL,
		sealed + NONCE_SIZE, SEALED_SIZE - NONCE_SIZE, NULL, 0, sealed, key);
	sodium_memzero(key, sizeof(key));
	bool good = !failed && memchr(out, 0, TICKET_NAME_SIZE);
	if (!good)
		memset(out, 0, TICKET_NAME_SIZE);
	return good;
}

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

static int prepare(struct roster *r)
{
	int error = 0;
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

static int put_key(struct roster *r)
{
	uint8_t key[16];
	key_name(r->event, key);
	sqlite3_stmt *s = NULL;
	int error = db_prepare(r->db, &s, "INSERT INTO meta (key, value) VALUES ('key', ?1)");
	if (error)
		return error;
	db_bind_blob(s, 1, key, sizeof(key));
	error = db_run(s);
	sqlite3_finalize(s);
	return error;
}

/* No journal: a file that was not finished is thrown away. The cache holds a large roster, whose
 * rows come in no order. */
static int connect_import(struct roster *r)
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
			"PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-131072; BEGIN");
	if (!error && fresh)
		error = db_exec(r->db, roster_schema_tables);
	if (!error && fresh)
		error = put_key(r);
	return error ? error : prepare(r);
}

static int start_import(struct roster *r)
{
	int error = lock_import(r);
	if (error)
		return error;
	r->writable = true;
	if (unlink(r->aside) && errno != ENOENT)
		return -errno;
	error = copy_aside(r);
	return error && error != -ENOENT ? error : connect_import(r);
}

int roster_open_import(struct roster **out, const char *event_dir, const struct event *e)
{
	struct roster *r;
	int error = make(&r, event_dir, e);
	if (error)
		return error;
	error = start_import(r);
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

/* -ENOENT: nothing is known of the code. */
static int look_up(struct roster *r, const uint8_t hash[TICKET_HASH_SIZE], const char *code,
	size_t len, struct entry *out)
{
	sqlite3_stmt *s = r->statements[FIND];
	uint8_t sealed[SEALED_SIZE];
	*out = (struct entry){ 0 };
	db_bind_blob(s, 1, hash, TICKET_HASH_SIZE);
	int rc = sqlite3_step(s);
	int error = rc == SQLITE_DONE ? -ENOENT : db_error(r->db, rc);
	if (rc == SQLITE_ROW) {
		out->known = sqlite3_column_int(s, 3) != 0;
		out->revoked = sqlite3_column_int(s, 4) != 0;
		if (!db_take_text(s, 0, out->venue, sizeof(out->venue)) ||
			!db_take_text(s, 1, out->type, sizeof(out->type)))
			error = -EBADMSG;
		if (db_take_blob(s, 2, sealed, sizeof(sealed)))
			(void)unseal(r->event, code, len, sealed, out->name);
	}
	sqlite3_reset(s);
	return error;
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
	uint8_t hash[TICKET_HASH_SIZE];
	struct entry entry;
	follow(r);
	code_hash(r->event, code, len, hash);
	int error = look_up(r, hash, code, len, &entry);
	if (!error)
		fill(ticket, &entry);
	sodium_memzero(&entry, sizeof(entry));
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

static int write_entry(struct roster *r, const uint8_t hash[TICKET_HASH_SIZE], const char *code,
	size_t len, const struct entry *entry)
{
	uint8_t sealed[SEALED_SIZE];
	sqlite3_stmt *s = r->statements[PUT];
	db_bind_blob(s, 1, hash, TICKET_HASH_SIZE);
	db_bind_text(s, 2, entry->venue);
	db_bind_text(s, 3, entry->type);
	sqlite3_bind_null(s, 4);
	if (entry->name[0]) {
		seal(r->event, code, len, entry->name, sealed);
		db_bind_blob(s, 4, sealed, sizeof(sealed));
	}
	return db_run(s);
}

int roster_put(struct roster *r, const char *code, size_t len, const char *name, const char *type,
	const char *venue, enum roster_change *change)
{
	uint8_t hash[TICKET_HASH_SIZE];
	struct entry old, new = { .known = true };
	int error = check_code(r, len);
	if (error)
		return error;
	if (!text_copy(new.venue, sizeof(new.venue), venue))
		return -ENAMETOOLONG;
	text_copy(new.name, sizeof(new.name), name);
	text_copy(new.type, sizeof(new.type), type);
	code_hash(r->event, code, len, hash);
	error = look_up(r, hash, code, len, &old);
	if (error && error != -ENOENT)
		return error;
	enum roster_change is = error || !old.known ? ROSTER_NEW : ROSTER_UPDATED;
	if (!error && is_same(&old, &new))
		is = ROSTER_SAME;
	error = is == ROSTER_SAME ? 0 : write_entry(r, hash, code, len, &new);
	if (!error)
		*change = is;
	return error;
}

int roster_revoke(struct roster *r, const char *code, size_t len, bool revoked)
{
	uint8_t hash[TICKET_HASH_SIZE];
	int error = check_code(r, len);
	if (error)
		return error;
	code_hash(r->event, code, len, hash);
	sqlite3_stmt *s = r->statements[REVOKE];
	db_bind_blob(s, 1, hash, sizeof(hash));
	db_bind_integer(s, 2, revoked);
	return db_run(s);
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
