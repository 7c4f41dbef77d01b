/* The dialects of registration files: which headers a seller's export has, in French and English,
 * and what they mean. Headers are compared normalised: without case, accents, a byte order mark or
 * anything but letters, digits and `#` (runs of the rest count as one space). Pure, any thread. */
#ifndef PARVIS_EVENT_DIALECT_H
#define PARVIS_EVENT_DIALECT_H

#include "base/cc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dialect {
	DIALECT_AUTO, /* as an order: find out */
	DIALECT_GENERIC,
	DIALECT_PRETIX,
	DIALECT_EVENTBRITE,
	DIALECT_LUMA,
	DIALECT_HELLOASSO,
	DIALECT_WEEZEVENT,
	DIALECT_BILLETWEB,
	DIALECT_HIEVENTS,
	DIALECT_COUNT
};

enum field {
	FIELD_CODE,
	FIELD_NAME,  /* the whole name; wins over the two below where a row has it */
	FIELD_FIRST, /* joined in the file's order */
	FIELD_LAST,
	FIELD_EMAIL,
	FIELD_TYPE,
	FIELD_VENUE,
	FIELD_SESSION, /* a session, subevent or date: may name a venue */
	FIELD_STATUS,
	FIELD_VALID, /* yes or no */
	FIELD_COUNT,
	FIELD_KNOWN = FIELD_COUNT, /* a header of the dialect that tells us nothing */
	FIELD_UNKNOWN
};

#define DIALECT_HEADER_SIZE 96
#define DIALECT_COLUMNS_MAX 256
#define DIALECT_NO_COLUMN   UINT16_MAX

/* What became of a file's headers. */
struct dialect_match {
	enum dialect dialect;
	uint16_t columns[FIELD_COUNT];   /* DIALECT_NO_COLUMN where there is none */
	bool taken[DIALECT_COLUMNS_MAX]; /* the dialect knows this header */
	unsigned known;                  /* headers of the file that it knows */
	bool certain;                    /* enough of them to take it unasked */
	/* Two columns of the same header that only one can be; DIALECT_NO_COLUMN: none. */
	uint16_t twice;
	char why[200]; /* the headers that decided, for people */
};

const char *dialect_name(enum dialect d);

/* By name ("auto" too); false where there is none. */
NODISCARD bool dialect_by_name(const char *name, enum dialect *out);

const char *field_name(enum field f);

/* Where the code stands in that seller's exports, for a file that lacks it. */
const char *dialect_remedy(enum dialect d);

/* A header as it is compared; cut to fit. */
void dialect_normalise(const char *header, size_t len, char out[DIALECT_HEADER_SIZE]);

/* Finds the dialect of normalised headers (DIALECT_AUTO), or reads them in the one given. Without a
 * dialect that fits well it is generic. */
void dialect_match(enum dialect wanted, const char (*headers)[DIALECT_HEADER_SIZE], size_t count,
	struct dialect_match *out);

/* Whether this dialect's exporter puts an apostrophe before what a spreadsheet would calculate. */
bool dialect_guards_cells(enum dialect d);

/* Undoes that in place; gives the new length. */
size_t dialect_unguard(char *cell, size_t len);

enum standing { STANDING_GOOD, STANDING_REVOKED, STANDING_UNKNOWN };

/* What a status, or a yes or no under FIELD_VALID, says of a registration. A pending one is not
 * good yet. An empty cell is good. */
enum standing dialect_standing(enum field field, const char *text, size_t len);

#endif
