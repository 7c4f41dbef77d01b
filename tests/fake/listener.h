/* In place of a service manager: starts a program for each connection to a socket of whole
 * datagrams, with that connection as descriptor 3 and no others but the first three. */
#ifndef PARVIS_FAKE_LISTENER_H
#define PARVIS_FAKE_LISTENER_H

#include "base/cc.h"

/* A listening socket at `path`, or -errno. */
NODISCARD int listener_bind(const char *path);

/* Waits for one connection and starts program, with `argument` where that is not NULL. The child's
 * pid, or -errno. */
NODISCARD int listener_start_one(int listening, const char *program, const char *argument);

#endif
