/* A registration file, read row by row: CSV of one of the dialects (event/dialect.h) with `,` `;`
 * or tab, CRLF or LF, in UTF-8 with or without BOM, or CP1252. All or nothing: the caller commits
 * what it was given only when the whole file was good. A code that is there twice is not noticed
 * here: store/people.h sorts them. */
#ifndef PARVIS_EVENT_ROSTER_CSV_H
#define PARVIS_EVENT_ROSTER_CSV_H

#include "event/dialect.h"
#include "event/event.h"

#include <stdio.h>

#define ROSTER_CELL_MAX   4096
#define ROSTER_EMAIL_SIZE 256

struct roster_entry {
	const char *code; /* 1 … CODE_MAX bytes, no NUL */
	size_t code_len;
	/* NFC, without hidden and control characters but for the joiners U+200C and U+200D; cut at
	 * a character to fit. */
	char name[TICKET_NAME_SIZE];
	char type[64]; /* the name of the event's item where it is one, by name or number */
	char email[ROSTER_EMAIL_SIZE];
	char venue[ID_SIZE]; /* "" = every venue; one of the event's otherwise */
	bool revoked;        /* cancelled, refunded, declined, not approved yet, not valid */
	uint64_t line;       /* of the file, from 1 */
};

struct roster_csv_options {
	enum dialect dialect;
	const char *map;   /* NULL, or FIELD=HEADER,… with the fields' names of dialect.h */
	const char *venue; /* NULL, or the venue's id that every row is for */
};

struct roster_csv_report {
	uint64_t rows, rejected;
	uint64_t revoked;        /* of the rows */
	uint64_t without_code;   /* not good and without a code: left out */
	uint64_t unknown_status; /* a status that no dialect knows: taken as good */
	uint64_t unplaced;       /* a session or date that names no venue: for every venue */
	bool cp1252;
	struct dialect_match match; /* of which dialect, and why */
};

/* Takes one good row; non-zero stops the reading and is returned. */
typedef int roster_row(void *context, const struct roster_entry *entry);

/* Reads the stream to its end, twice: first for its encoding (what cannot be rewound is copied to a
 * temporary file). Problems are told as `path:line: what and remedy`, without codes or names in
 * them. -EINVAL when any row or the file was refused; -EIO, -ENOMEM. options NULL: find out.
 * progress (may be NULL) is called about every 1 % with bytes read. */
NODISCARD int roster_csv_read(FILE *in, const char *path, const struct event *e,
	const struct roster_csv_options *options, roster_row *take, void *take_context,
	event_problem *problem, void *problem_context,
	void (*progress)(void *context, uint64_t bytes), void *progress_context,
	struct roster_csv_report *report);

#endif
