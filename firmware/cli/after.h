/* What the subcommands of the morning after share: an event's folder and the store of its night. */
#ifndef PARVIS_CLI_AFTER_H
#define PARVIS_CLI_AFTER_H

#include "cli/aside.h"
#include "event/event.h"
#include "night/figures.h"
#include "store/night.h"

#include <stdio.h>

/* Overwrites the password in the address of a store, which is an argument of this process. */
void after_hide_password(const char *where);

/* night_open(), of an argument whose password is overwritten before. */
NODISCARD int after_night(struct night **out, const char *where, const char *event_id,
	enum night_open how, char why[NIGHT_WHY_SIZE]);

/* Opens the event and its store (`where` NULL: the event's folder). CLI_OK, or what to exit with:
 * the error was told then. *event and *night only on CLI_OK; the caller releases both. */
NODISCARD int after_open(struct event **event, struct night **night, const char *command,
	const char *event_dir, const char *where);

/* The same, folded. */
NODISCARD int after_figures(struct event **event, struct figures **out, const char *command,
	const char *event_dir, const char *where);

/* Tells that something could not be done; gives CLI_FAILED. */
int after_failed(const char *command, const char *what, int error);

/* The moment that results name as theirs: --date (may be NULL), else SOURCE_DATE_EPOCH, else the
 * event's end, so that the same store gives the same bytes. CLI_OK or CLI_USAGE, told. */
NODISCARD int after_date(
	int64_t *out_ms, const char *command, const char *date, const struct event *e);

/* Where a result goes: a file that comes into being whole, or standard output ("-" or NULL). */
struct after_out {
	struct aside aside;
	bool to_file;
};
NODISCARD int after_begin(struct after_out *o, const char *command, const char *path);
NODISCARD int after_write(void *context, const void *bytes, size_t len);
/* error: what the writing gave. Ends it, and tells what is wrong. CLI_OK or CLI_FAILED. */
NODISCARD int after_end(struct after_out *o, const char *command, const char *path, int error);

#endif
