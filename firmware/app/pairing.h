/* A pairing code, held to a box that looks for its bundle:
 *   parvis-pair:http://HOST:PORT/PATH#KEY
 * KEY, 64 hex digits, opens what the server sends (event/passage.h): on the way nobody sees or
 * changes it, and what was not sealed with that key is not taken. */
#ifndef PARVIS_APP_PAIRING_H
#define PARVIS_APP_PAIRING_H

#include "base/cc.h"
#include "event/passage.h"

#include <stdbool.h>
#include <stddef.h>

#define PAIRING_PREFIX  "parvis-pair:"
#define PAIRING_URL_MAX 512

struct pairing {
	char url[PAIRING_URL_MAX];
	uint8_t key[PASSAGE_KEY_SIZE];
};

/* Reads the text of a code: printable ASCII alone, http or https. False for anything else. */
NODISCARD bool pairing_read(struct pairing *out, const char *text, size_t len);

/* Downloads the bundle to a new file `path`, replacing what lies there. -EBADMSG where it was not
 * sealed with the code's key or is no bundle; the errors of download(), -errno. A failed call
 * leaves no file. Blocks for up to a minute. */
NODISCARD int pairing_fetch(const struct pairing *p, const char *path);

#endif
