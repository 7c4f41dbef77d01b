/* The roster: DIR/roster.db in the event's folder. It holds no code and no name in the clear: a row
 * is found by the keyed hash of its code, and its name is sealed (XChaCha20-Poly1305) under a key
 * that only the code gives. A code of little entropy can be guessed by whoever has both this file
 * and the event's hash key. One thread at a time; sqlite3 inside. */
#ifndef PARVIS_STORE_ROSTER_H
#define PARVIS_STORE_ROSTER_H

#include "base/cc.h"
#include "door/ticket.h"
#include "event/event.h"

struct roster;

/* Opens for reading. -ENOENT where the event has no roster: not an error for a door. */
NODISCARD int roster_open(struct roster **out, const char *event_dir, const struct event *e);

/* Opens for an import, creating it: everything until roster_commit() is one transaction. Another
 * import at the same time is refused with -EBUSY. */
NODISCARD int roster_open_import(struct roster **out, const char *event_dir, const struct event *e);

/* NULL is allowed. An import that was not committed leaves no trace. */
void roster_close(struct roster *r);

/* Fills venue, name, revoked and turns the kind to TICKET_ROSTER when the roster knows the code;
 * otherwise only `revoked` may change (a revoked signed ticket). -errno when the file cannot be
 * read; *ticket is then untouched. */
NODISCARD int roster_find(struct roster *r, const char *code, size_t len, struct ticket *ticket);

enum roster_change { ROSTER_NEW, ROSTER_UPDATED, ROSTER_SAME };

NODISCARD int roster_put(struct roster *r, const char *code, size_t len, const char *name,
	const char *type, const char *venue, enum roster_change *change);

/* Marks a code, known or not, as revoked (or good again). */
NODISCARD int roster_revoke(struct roster *r, const char *code, size_t len, bool revoked);

NODISCARD int roster_commit(struct roster *r);

/* How many people are registered for this venue, those for every venue included. */
NODISCARD int roster_count(struct roster *r, const char *venue, uint64_t *out);

#endif
