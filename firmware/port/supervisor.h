/* Who watches over this program: systemd, by the datagrams of sd_notify(3). It is told once that
 * the program is ready, and again and again that its main loop goes round; when it no longer hears
 * that, it ends the program and starts it anew. Without a supervisor nothing is sent. Main thread.
 */
#ifndef PARVIS_PORT_SUPERVISOR_H
#define PARVIS_PORT_SUPERVISOR_H

#include "base/cc.h"

#include <stdint.h>

struct supervisor;

/* Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, so that children do
 * not speak in this program's name: to be called while there is one thread. *out is NULL where
 * nobody watches. -EINVAL for an address that is none, -ENOMEM, -errno. *out only on success. */
NODISCARD int supervisor_open(struct supervisor **out);

/* NULL is allowed, here and below. */
void supervisor_close(struct supervisor *s);

/* The main loop has gone round; now_ms: monotonic. Sends as often as is asked for and no oftener,
 * never waits, and tries again the next time where the other end is full. */
void supervisor_alive(struct supervisor *s, int64_t now_ms);

#endif
