/* What the subcommands that take an event folder share. */
#ifndef PARVIS_CLI_FOLDER_H
#define PARVIS_CLI_FOLDER_H

#include "event/event.h"

/* Prints a problem on standard error; context is not used. Not all are fatal: those that are not
 * begin with "note: ". */
void folder_problem(void *context, bool fatal, const char *text);

/* Loads the event, having told every problem. Gives CLI_OK, CLI_NO for a bad event or CLI_FAILED;
 * *out is set only for CLI_OK, release with event_free(). */
NODISCARD int folder_open(struct event **out, const char *dir);

/* Calls `take` with each code: those of argv, and for "-" each line of standard input without its
 * line end (LF or CRLF) or, before the first, a byte order mark: the file may come from Windows.
 * The first result that is not CLI_OK or CLI_NO ends it and is returned; otherwise CLI_NO if there
 * was one. */
NODISCARD int folder_codes(
	char **codes, int (*take)(void *context, const char *code, size_t len), void *context);

/* Says on standard error why the roster of an event cannot be opened and what helps: error is what
 * roster_open() or roster_open_import() gave. CLI_FAILED. */
int folder_roster_failed(const char *dir, int error);

#endif
