/* Waiting, for the devices of this room: monotonic milliseconds and one descriptor or none. */
#ifndef PARVIS_PORT_WAIT_H
#define PARVIS_PORT_WAIT_H

#include "base/cc.h"

#include <stdint.h>

/* Milliseconds since boot. */
int64_t wait_now_ms(void);

/* The moment timeout_ms from now; a negative timeout is far beyond any evening. */
int64_t wait_until(int timeout_ms);

/* Waits until fd (or nothing, when -1) is readable or in error, or until_ms has come. 1 when there
 * is something to read, 0 at until_ms, -errno. */
NODISCARD int wait_readable(int fd, int64_t until_ms);

/* As wait_readable(-1, until_ms): a pause that signals do not cut short. */
void wait_pause(int64_t until_ms);

#endif
