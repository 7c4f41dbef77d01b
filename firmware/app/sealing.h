/* The sealed copy of this box's log in memory, made by a thread of its own, once: for showing it as
 * a series of codes. It is written by app/stick_copy.h into a directory for the moment, so that it
 * is the same as on a stick. One thread owns a struct sealing. */
#ifndef PARVIS_APP_SEALING_H
#define PARVIS_APP_SEALING_H

#include "app/stick.h"

struct sealing;

/* Begins. Of the setup (app/stick.h) what tells whose log it is and to whom it is sealed is used;
 * its strings outlive it. *out only on success; release with sealing_stop(). */
NODISCARD int sealing_start(struct sealing **out, const struct stick_setup *setup);

/* Waits for what is under way. NULL is allowed. */
void sealing_stop(struct sealing *s);

/* Readable once it is done. */
int sealing_fd(const struct sealing *s);

/* True once, when it is done: *error is 0 and *file, *len are the caller's, for free(); or -errno.
 * -EFBIG: it is larger than a series can be. */
NODISCARD bool sealing_take(struct sealing *s, uint8_t **file, size_t *len, int *error);

#endif
