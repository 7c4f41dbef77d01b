/* Badges on paper, in a thread of its own: keeps the queue (store/print_queue.h), draws, hands one
 * label at a time to the printer and waits for what becomes of it. Whatever the printer does, the
 * door goes on.
 *
 * A badge comes out once. What the printer answers, or still remembers of a job by its name, is
 * believed. One case is beyond anybody's knowledge: a printer that loses its memory (switched off)
 * in the moment between the label coming out and its saying so. That badge is printed again: a
 * guest with two labels of the same code is better off than one with none. */
#ifndef PARVIS_APP_PRINTING_H
#define PARVIS_APP_PRINTING_H

#include "base/cc.h"
#include "door/desk.h"

#include <stdint.h>

struct printing;

struct printing_setup {
	const char *data_dir, *uri, *assets;
	uint32_t width_um, height_um; /* of a label */
	int64_t labels;               /* the roll's, when it is new; -1: count on */
	const char *event_title, *venue_name;
};

struct printing_news {
	enum printer_trouble trouble;
	int64_t labels_left; /* -1: never counted */
	uint32_t waiting;    /* badges not printed yet */
};

/* Starts the thread; the setup's strings must outlive it. -EINVAL: no URI of a printer. */
NODISCARD int printing_start(struct printing **out, const struct printing_setup *setup);

/* Ends it, within a few seconds; what was not printed is when it is started again. NULL is
 * allowed. */
void printing_stop(struct printing *p);

/* Takes a badge to be printed. When the queue's disk is slower than a hundred guests, the badge is
 * only on the screen; the log has a line. */
void printing_put(struct printing *p, const struct desk_badge *badge);

/* -EAGAIN: nothing has changed. */
NODISCARD int printing_next(struct printing *p, struct printing_news *out);

/* Readable while printing_next() has something. */
int printing_fd(const struct printing *p);

#endif
