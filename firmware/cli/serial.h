/* The serial of an event's bundles: a number in a file of the event's folder that only grows. */
#ifndef PARVIS_CLI_SERIAL_H
#define PARVIS_CLI_SERIAL_H

#include "base/cc.h"

#include <stdint.h>

#define SERIAL_FILE "bundle.serial"

/* Takes the next number, from 1 on; durable when this gives 0, so that no number is given twice,
 * not even to two who ask at once. -EBADMSG where the file holds no number, otherwise what the
 * system says. */
NODISCARD int serial_next(const char *event_dir, uint64_t *out);

#endif
