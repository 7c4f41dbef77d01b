/* What the subcommands that take an event folder share. */
#ifndef PARVIS_CLI_FOLDER_H
#define PARVIS_CLI_FOLDER_H

#include "base/when.h"
#include "event/event.h"
#include "store/roster.h"

#include <limits.h>

/* Prints a problem on standard error; context is not used. Not all are fatal: those that are not
 * begin with "note: ". */
void folder_problem(void *context, bool fatal, const char *text);

/* Says what is wrong with a file of the folder (NULL: with the folder) on standard error, as
 * `DIR/name: what`, the folder's name escaped. */
void folder_say(const char *dir, const char *name, const char *what);

/* Loads the event, having told every problem. Gives CLI_OK, CLI_NO for a bad event or CLI_FAILED;
 * *out is set only for CLI_OK, release with event_free(). */
NODISCARD int folder_open(struct event **out, const char *dir);

/* Calls `take` with each code: those of argv, and for "-" each line of standard input without its
 * line end (LF or CRLF) or, before the first, a byte order mark: the file may come from Windows.
 * The first result that is not CLI_OK or CLI_NO ends it and is returned; otherwise CLI_NO if there
 * was one. */
NODISCARD int folder_codes(
	char **codes, int (*take)(void *context, const char *code, size_t len), void *context);

/* Opens the event's roster. *out is NULL where it has none, else release with roster_close().
 * CLI_OK, or CLI_FAILED with the reason told, and what helps. */
NODISCARD int folder_roster(struct roster **out, const char *dir, const struct event *e);

/* Where fonts and schemas are: what --assets says, or what is found beside the program, in `found`.
 * NULL, told, where there is neither. */
NODISCARD const char *folder_assets(const char *given, char found[PATH_MAX]);

/* The moment that an answer is for: now, or `at` (NULL: nothing) as if by a clock that can be
 * trusted. After folder_open(): without an offset it is the event's time. CLI_OK or CLI_USAGE,
 * told. */
NODISCARD int folder_moment(struct when *out, const char *at);

#endif
