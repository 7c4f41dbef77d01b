/* A list of people to make tickets for, read row by row: CSV in UTF-8, with or without BOM, `,` `;`
 * or tab, whose first line names the columns: name, and if there are any type and venue, in any
 * order; other columns are passed over. Empty rows are left out. No state; any thread. */
#ifndef PARVIS_EVENT_NAMES_CSV_H
#define PARVIS_EVENT_NAMES_CSV_H

#include "event/event.h"

#include <stdio.h>

#define NAMES_CELL_MAX 1024 /* bytes */

struct names_row {
	const char *name;         /* never "" */
	const char *type, *venue; /* "" where the file says nothing */
	uint64_t line;            /* of the file, from 1 */
};

/* Takes one row; non-zero stops the reading and is returned. */
typedef int names_take(void *context, const struct names_row *row);

/* Reads the stream to its end. Problems are told as `path:line: what and remedy`, without names in
 * them. -EINVAL where a row or the file was refused: later rows are then still read, so that all is
 * told at once, but no longer given. -EIO, -ENOMEM, or what take gave. */
NODISCARD int names_csv_read(FILE *in, const char *path, names_take *take, void *take_context,
	event_problem *problem, void *problem_context);

#endif
