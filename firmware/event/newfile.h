/* Inside event/: a small file that comes into being whole, readable by its owner alone, and never
 * in the place of another. Any thread. */
#ifndef PARVIS_EVENT_NEWFILE_H
#define PARVIS_EVENT_NEWFILE_H

#include "base/cc.h"

#include <stddef.h>

/* Writes the bytes aside, then gives them the name; durable when it gives 0. -EEXIST where the
 * name is taken, by whatever; otherwise what the system says. A failed call leaves nothing, but for
 * one that is cut off: `name.HEX`. The name has at most 40 bytes. */
NODISCARD int newfile_write(int dir_fd, const char *name, const void *bytes, size_t len);

#endif
