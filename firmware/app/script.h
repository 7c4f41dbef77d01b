/* A rehearsal: plays a scripted evening against the real store, reading process and screens, with a
 * clock that the script sets. Each verdict is a line of JSON on standard output. */
#ifndef PARVIS_APP_SCRIPT_H
#define PARVIS_APP_SCRIPT_H

#include "app/kiosk.h"

/* Plays options->script to its end. 0: every line held. 1: one did not; it is named on standard
 * error, and the rest was not played. 3: the file cannot be read. */
NODISCARD int script_play(struct kiosk *k, const struct options *options);

#endif
