/* A bounded queue of values copied in and copied out, between threads. Nothing in it is ever
 * overwritten: a full mailbox refuses, and the sender decides. The descriptor is readable while
 * something waits, so that it joins a poll() loop. Any thread may put, get or close its end. */
#ifndef PARVIS_BASE_MAILBOX_H
#define PARVIS_BASE_MAILBOX_H

#include "base/cc.h"

#include <stddef.h>

struct mailbox;

/* *out is set only on success; release with mailbox_close(). item_size is in bytes, capacity in
 * items, both at least 1. -ENOMEM, or what eventfd() says. */
NODISCARD int mailbox_open(struct mailbox **out, size_t item_size, size_t capacity);

/* NULL is allowed. Nobody may be inside a call of the same mailbox. */
void mailbox_close(struct mailbox *m);

/* Copies the item in. -EAGAIN when full: the mailbox is then unchanged. */
NODISCARD int mailbox_put(struct mailbox *m, const void *item);

/* Copies the oldest item out. -EAGAIN when empty. */
NODISCARD int mailbox_get(struct mailbox *m, void *item);

/* As mailbox_get(), but waits up to timeout_ms (-1: for ever) for an item; -ETIMEDOUT. */
NODISCARD int mailbox_wait(struct mailbox *m, void *item, int timeout_ms);

/* Readable (POLLIN) while at least one item waits. Owned by the mailbox. */
int mailbox_fd(const struct mailbox *m);

#endif
