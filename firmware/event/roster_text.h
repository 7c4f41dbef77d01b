/* Inside event/: the encoding of registration files and the form of names. Pure but for the
 * stream; any thread. */
#ifndef PARVIS_EVENT_ROSTER_TEXT_H
#define PARVIS_EVENT_ROSTER_TEXT_H

#include "base/cc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What the whole file says of its encoding. */
struct roster_encoding {
	bool begins_with_bom;
	bool has_utf8;     /* characters beyond ASCII that are UTF-8 */
	uint64_t bad_line; /* the first line that is not UTF-8, from 1; 0: all are */
};

/* Reads to the end. -EIO. */
NODISCARD int roster_encoding_find(FILE *in, struct roster_encoding *out);

/* Bytes of CP1252 as UTF-8; out holds 3 n. Gives the length; the five bytes that have no character
 * there become U+FFFD and set *undefined. A table of our own: iconv's may not be installed. */
size_t roster_from_cp1252(char *out, const char *in, size_t n, bool *undefined);

/* Copies text that is UTF-8 composed (NFC), without what cannot be shown but the joiners that many
 * scripts' names need, without space at its ends, cut at a character. */
void roster_clean(char *out, size_t capacity, const char *in, size_t len);

#endif
