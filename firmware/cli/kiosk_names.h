/* Inside cli/: the index of names that goes into a bundle where volunteers may search. */
#ifndef PARVIS_CLI_KIOSK_NAMES_H
#define PARVIS_CLI_KIOSK_NAMES_H

#include "base/cc.h"
#include "event/event.h"

#include <stdbool.h>

/* Seals the names of this venue's guests, and of every venue's, from DIR/people.db under the staff
 * PIN, which is asked for at a terminal, or read from standard input with pin_stdin. *fd becomes a
 * file without a name, to be closed, or -1 where the event has no search, no PIN or no people (the
 * last two are told). The exit status; what is wrong is told. */
NODISCARD int kiosk_names(
	const char *event_dir, const struct event *e, const char *venue, bool pin_stdin, int *fd);

#endif
