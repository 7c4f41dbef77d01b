#include "store/roster.h"

#include "base/log.h"
#include "base/text.h"
#include "store/roster_private.h"
#include "store/schema.h"

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const statements[] = {
	[FIND] = "SELECT hash, venue, type, sealed, known, revoked FROM ticket WHERE id = ?1",
	[PUT] = ("INSERT OR REPLACE INTO ticket (id, hash, venue, type, sealed, known, revoked)"
		 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
	[ADD] = ("INSERT INTO ticket (id, hash, venue, type, sealed, known, revoked)"
		 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
	[COUNT] = "SELECT count(*) FROM ticket WHERE known AND NOT revoked AND venue IN (?1, '')",
};
static_assert(ARRAY_LEN(statements) == STATEMENTS, "every statement needs its text");

/* --- opening ---------------------------------------------------------------------------------- */

void roster_disconnect(struct roster *r)
{
	for (int i = 0; i < STATEMENTS; i++) {
		sqlite3_finalize(r->statements[i]);
		r->statements[i] = NULL;
	}
	sqlite3_finalize(r->add_many);
	r->add_many = NULL;
	int rc = sqlite3_close(r->db);
	CHECK(rc == SQLITE_OK);
	r->db = NULL;
}

/* A name for the hash key that does not give it away. */
void roster_key_name(const struct event *e, uint8_t out[16])
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
	roster_key_name(r->event, ours);
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

int roster_prepare(struct roster *r)
{
	int error = read_stretch(r);
	for (int i = 0; !error && i < STATEMENTS; i++)
		error = db_prepare(r->db, &r->statements[i], statements[i]);
	return error;
}

int roster_connect_reader(struct roster *r)
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
		error = roster_prepare(r);
	if (error)
		roster_disconnect(r);
	else
		r->seen = st;
	return error;
}

int roster_make(struct roster **out, const char *event_dir, const struct event *e)
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
	int error = roster_make(&r, event_dir, e);
	if (error)
		return error;
	error = roster_connect_reader(r);
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
	roster_disconnect(r);
	if (r->writable)
		unlink(r->aside);
	cc_close_fd(&r->lock);
	free(r);
}

/* --- looking up --------------------------------------------------------------------- */

static int64_t id_of(const uint8_t hash[TICKET_HASH_SIZE])
{
	uint64_t start;
	memcpy(&start, hash, sizeof(start));
	return (int64_t)(be64toh(start) >> 1);
}

/* hash, secret: of a code that was hashed, stretched before, or NULL. */
int roster_place_of(const struct roster *r, const char *code, size_t len, const uint8_t *hash,
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
int roster_look_up(
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
	next.add_many = NULL;
	int error = roster_connect_reader(&next);
	r->seen = st;
	if (error) {
		log_warning("the new roster cannot be read (%s): the door keeps the one before",
			strerror(-error));
		return;
	}
	roster_disconnect(r);
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
	int error = roster_place_of(r, code, len, NULL, NULL, &place);
	if (error)
		return error;
	error = roster_look_up(r, &place, code, len, &entry);
	if (!error)
		fill(ticket, &entry);
	sodium_memzero(&entry, sizeof(entry));
	sodium_memzero(&place, sizeof(place));
	return error == -ENOENT ? 0 : error;
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
