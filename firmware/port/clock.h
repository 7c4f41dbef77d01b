/* The clocks of this machine. Any thread. */
#ifndef PARVIS_PORT_CLOCK_H
#define PARVIS_PORT_CLOCK_H

#include "base/when.h"

/* Now. The trust is SYNCED where the kernel follows a time source (adjtimex), FREE where not, and
 * UNSET where the wall is earlier than floor_ms: the newest moment known to have passed. */
struct when clock_now(int64_t floor_ms);

/* This boot's identity: /proc/sys/kernel/random/boot_id as 16 bytes; zeros where unknown. */
void clock_boot_id(uint8_t out[16]);

#endif
