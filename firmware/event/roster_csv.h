/* A registration file, read row by row: CSV with the columns code,name,type,venue in any order
 * (code alone is required), `,` `;` or tab, UTF-8 with or without BOM, CRLF or LF. All or nothing:
 * the caller commits what it was given only when the whole file was good. */
#ifndef PARVIS_EVENT_ROSTER_CSV_H
#define PARVIS_EVENT_ROSTER_CSV_H

#include "event/event.h"

#include <stdio.h>

#define ROSTER_CELL_MAX 4096

struct roster_entry {
	const char *code; /* 1 … CODE_MAX bytes, no NUL */
	size_t code_len;
	/* Without hidden and control characters but for the joiners U+200C and U+200D; cut at a
	 * character to fit. NFC is not enforced yet. */
	char name[TICKET_NAME_SIZE];
	char type[64];
	char venue[ID_SIZE]; /* "" = every venue; one of the event's otherwise */
	uint64_t line;       /* of the file, from 1 */
};

struct roster_csv_report {
	uint64_t rows, rejected;
};

/* Takes one good row; non-zero stops the reading and is returned. */
typedef int roster_row(void *context, const struct roster_entry *entry);

/* Reads the stream to its end. Problems are told as `path:line: what and remedy`, without codes or
 * names in them. -EINVAL when any row or the file was refused; -EIO, -ENOMEM. progress (may be
 * NULL) is called about every 1 % with bytes read. */
NODISCARD int roster_csv_read(FILE *in, const char *path, const struct event *e, roster_row *take,
	void *take_context, event_problem *problem, void *problem_context,
	void (*progress)(void *context, uint64_t bytes), void *progress_context,
	struct roster_csv_report *report);

#endif
