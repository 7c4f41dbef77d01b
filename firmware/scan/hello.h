/* How a reading process that somebody else has started, a service manager for each connection to a
 * socket, gets what a child of ours is born with: the first message over the connection carries the
 * frame slot and a leash.
 *
 * The leash is the read end of a pipe whose other end the program keeps. When that end is closed,
 * on purpose or by the program's death, the kernel kills whoever holds the leash, also a process
 * that hangs, is stopped or was taken over: of another user, it could be killed in no other way.
 *
 * One thread. */
#ifndef PARVIS_SCAN_HELLO_H
#define PARVIS_SCAN_HELLO_H

#include "base/cc.h"

#define HELLO_MAGIC 0x50515248U

/* The program's side. Calls at the socket of `path`, which never waits, and hands over the slot.
 * 0: *channel, a nonblocking SOCK_SEQPACKET, and *leash are the caller's. -errno: nobody is there
 * or has time, and nothing has changed. */
NODISCARD int hello_call(const char *path, int slot_fd, int *channel, int *leash);

/* The reading process's side: waits for the message on `connection` and moves everything to the
 * places of scan/reply.h. Its other descriptors from there on are closed. -EBADMSG: another
 * message, or a slot of another size or one that could still be cut. -errno. */
NODISCARD int hello_take(int connection);

#endif
