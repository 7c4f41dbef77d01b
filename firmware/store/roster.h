/* The roster: DIR/roster.db in the event's folder. It holds no code and no name in the clear: a row
 * is found by the keyed hash of its code, and its name is sealed (XChaCha20-Poly1305) under a key
 * that only the code gives. Weak codes (fewer than 60 bits by length and alphabet) are stretched
 * with Argon2id first, in a file that says so: store/seal.h tells what that can do and what not.
 * Looking up such a code takes up to 100 ms. One thread at a time; sqlite3 inside.
 *
 * The file is never changed in place: an import writes a new one aside, which takes the old one's
 * name when it is committed. So it can be read from a read-only disk, a power cut leaves the old
 * one, and a running door goes over to the new one by itself at its next roster_find(). */
#ifndef PARVIS_STORE_ROSTER_H
#define PARVIS_STORE_ROSTER_H

#include "base/cc.h"
#include "door/ticket.h"
#include "event/event.h"

struct roster;

/* Opens for reading. -ENOENT where the event has no roster: not an error for a door. -EBADMSG: the
 * file is no roster, or of a newer version; -EKEYREJECTED: it was made with another hash key (the
 * event's key was changed since: import anew). The event outlives the roster. */
NODISCARD int roster_open(struct roster **out, const char *event_dir, const struct event *e);

/* Opens for an import, creating it: everything until roster_commit() is one transaction. Another
 * import at the same time is refused with -EBUSY. -EBADMSG, -EKEYREJECTED as above. */
NODISCARD int roster_open_import(struct roster **out, const char *event_dir, const struct event *e);

/* Takes the import's lock alone, and later begins a roster that is empty and will take the place of
 * the one there, whatever that is. Where `stretch` is false its weak codes are not stretched.
 * -EBUSY as above; -EINVAL where it has begun already. */
NODISCARD int roster_lock(struct roster **out, const char *event_dir, const struct event *e);
NODISCARD int roster_begin_new(struct roster *r, bool stretch);

/* NULL is allowed. An import that was not committed leaves no trace. */
void roster_close(struct roster *r);

/* Fills venue, name, revoked, registered and turns the kind to TICKET_ROSTER when the roster knows
 * the code. What a verified signature says stays: a TICKET_SIGNED keeps kind, venue and limits, and
 * gets name and revoked. Where only a revocation is known, only `revoked` changes. Test codes and
 * staff cards are left alone, but for `revoked`. A name that cannot be opened is left empty. -errno
 * when the file cannot be read; *ticket is then untouched. */
NODISCARD int roster_find(struct roster *r, const char *code, size_t len, struct ticket *ticket);

/* The rest needs roster_open_import() or roster_begin_new(): -EROFS otherwise, and after
 * roster_flush() or roster_commit(). */

enum roster_change { ROSTER_NEW, ROSTER_UPDATED, ROSTER_SAME };

/* name, type and venue are terminated and may be ""; a name is cut to TICKET_NAME_SIZE at a whole
 * character. -ENAMETOOLONG for a code longer than CODE_MAX; -EINVAL for an empty one. */
NODISCARD int roster_put(struct roster *r, const char *code, size_t len, const char *name,
	const char *type, const char *venue, enum roster_change *change);

struct roster_person {
	const char *code;
	size_t code_len;
	const char *name, *type, *venue; /* as for roster_put() */
	bool known, revoked;             /* not known: nobody is registered, the row only revokes */
	const uint8_t *hash;             /* code_hash() of the code, or NULL */
	const uint8_t *secret;           /* what seal_stretch() made of the code, or NULL */
};

/* Adds a code that the file does not have (-EEXIST otherwise). Fastest in the order of code_hash(),
 * where a million rows need no more memory than one. */
NODISCARD int roster_add(struct roster *r, const struct roster_person *row);

/* The same for many rows; those before one that fails may have been added. Rows in order that come
 * ROSTER_GROUP at once are written by one statement, which halves what a row costs. */
#define ROSTER_GROUP 16
NODISCARD int roster_add_many(struct roster *r, const struct roster_person *rows, size_t count);

/* Marks a code, known or not, as revoked (or good again). */
NODISCARD int roster_revoke(struct roster *r, const char *code, size_t len, bool revoked);

/* Makes what was put durable, aside, so that the commit has but to rename: another thread may do so
 * while the caller makes another file durable. Nothing can be put after it. */
NODISCARD int roster_flush(struct roster *r);

/* The new roster is durable and in its place when this gives 0; on failure the old one stays. */
NODISCARD int roster_commit(struct roster *r);

/* How many people are registered for this venue, those for every venue included; who was revoked
 * is not. Reader or import. */
NODISCARD int roster_count(struct roster *r, const char *venue, uint64_t *out);

#endif
