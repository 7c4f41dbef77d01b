/* Inside store/: what looking up in the roster and importing it share. */
#ifndef PARVIS_STORE_ROSTER_PRIVATE_H
#define PARVIS_STORE_ROSTER_PRIVATE_H

#include "store/db.h"
#include "store/roster.h"
#include "store/seal.h"

#include <limits.h>
#include <sys/stat.h>

enum statement { FIND, PUT, ADD, COUNT, STATEMENTS };

struct roster {
	const struct event *event;
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	sqlite3_stmt *add_many;         /* of an import, from its first use on */
	struct stat seen;               /* the file that a reader last looked at */
	int lock;                       /* of an import; else -1 */
	bool writable;                  /* an import that is not committed */
	uint8_t nonce[SEAL_NONCE_SIZE]; /* of the name sealed last */
	bool stretch;                   /* weak codes are stretched in this file */
	bool flushed;                   /* an import whose rows are all durable */
	int64_t last_id;                /* no row of an import has a higher one */
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

/* Everything but a file. */
NODISCARD int roster_make(struct roster **out, const char *event_dir, const struct event *e);

/* A name for the hash key that does not give it away. */
void roster_key_name(const struct event *e, uint8_t out[16]);

NODISCARD int roster_connect_reader(struct roster *r);
NODISCARD int roster_prepare(struct roster *r);
void roster_disconnect(struct roster *r);

/* hash, secret: of a code that was hashed, stretched before, or NULL. */
NODISCARD int roster_place_of(const struct roster *r, const char *code, size_t len,
	const uint8_t *hash, const uint8_t *secret, struct place *out);

/* -ENOENT: nothing is known of the code; place->id is then where it belongs. */
NODISCARD int roster_look_up(
	struct roster *r, struct place *place, const char *code, size_t len, struct entry *out);

#endif
