/* A pairing code, held to a box that looks for its bundle:
 *   parvis-pair:http://HOST:PORT/PATH#HASH
 * HASH is the BLAKE2b-256 of the bundle in 64 hex digits: what the server sends is the bundle that
 * the code names, or nothing. */
#ifndef PARVIS_APP_PAIRING_H
#define PARVIS_APP_PAIRING_H

#include "base/cc.h"
#include "event/bundle.h"

#include <stdbool.h>
#include <stddef.h>

#define PAIRING_PREFIX  "parvis-pair:"
#define PAIRING_URL_MAX 512

struct pairing {
	char url[PAIRING_URL_MAX];
	uint8_t hash[BUNDLE_HASH_SIZE];
};

/* Reads the text of a code: printable ASCII alone, http or https. False for anything else. */
NODISCARD bool pairing_read(struct pairing *out, const char *text, size_t len);

/* Downloads the bundle to a new file `path`, replacing what lies there. -EBADMSG where it is not
 * the one of the code; the errors of download(), -errno. A failed call leaves no file. Blocks for
 * up to 20 s. */
NODISCARD int pairing_fetch(const struct pairing *p, const char *path);

#endif
