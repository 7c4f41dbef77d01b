/* The one door to zxing-cpp, which is C++: Debian 12 has 1.4, Debian 13 has 2.3. What it throws
 * ends here. One thread. */
#ifndef PARVIS_SCAN_SYMBOL_H
#define PARVIS_SCAN_SYMBOL_H

#include "scan/decode.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How hard to look; the flags are or'ed. */
enum symbol_search {
	SYMBOL_LOCAL = 0,          /* black and white by the average of the surroundings */
	SYMBOL_GLOBAL = 1 << 0,    /* by the histogram of the whole picture: quick */
	SYMBOL_HARDER = 1 << 1,    /* every row, not every third or so */
	SYMBOL_UNREADABLE = 1 << 2 /* report codes, too, that were seen and could not be read */
};

struct symbol {
	bool seen; /* a code was found: corners are set */
	bool read; /* and its text is whole and error-free */
	size_t len;
	char text[CODE_MAX];
	float corners[4][2]; /* pixels of the picture, as struct decoded orders them */
};

/* Looks for QR codes (model 2 only: no Micro QR, no other kind) and gives the largest that can be
 * read, else the largest seen. The text is the symbol's bytes where they are UTF-8 or binary; a
 * declared or recognised older charset is re-coded to UTF-8. A piece of a structured append is seen
 * but never read: a part of a text is not a text. So is what exceeds CODE_MAX. Always fills
 * *out. */
void symbol_find(const struct luma *picture, unsigned search, struct symbol *out);

#ifdef __cplusplus
}
#endif

#endif
