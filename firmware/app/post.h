/* What clerk and courier leave for each other. Neither ever waits for the other, and nothing can
 * run full: the newest value takes the place of the one before, since the log itself is the queue.
 * One of each; any thread. */
#ifndef PARVIS_APP_POST_H
#define PARVIS_APP_POST_H

#include "base/cc.h"
#include "store/batch.h"

#include <stdbool.h>
#include <stdint.h>

struct post;

/* What the clerk has durable. */
struct post_state {
	struct chain self;
	uint32_t openings; /* of the log: another than before means another self */
	uint64_t seq;      /* the highest number of self; 0: none yet */
	uint64_t latest;   /* its stamp */
};

/* What the courier wants of the clerk. */
struct post_orders {
	bool new_epoch;      /* this box was rolled back: open the log anew */
	bool peers;          /* there are new rows of other boxes */
	uint64_t seen_stamp; /* a peer's: the next rows come after it; 0 = none */
};

NODISCARD int post_open(struct post **out);
void post_close(struct post *p);

/* The clerk's side. */
void post_committed(struct post *p, const struct post_state *state);
/* Takes what was ordered since; false: nothing. */
bool post_take_orders(struct post *p, struct post_orders *out);
/* Called, from the courier's thread, whenever there is something to take. */
void post_on_order(struct post *p, void (*wake)(void *context), void *context);

/* The courier's side. False while the log has not been open yet. */
bool post_look(struct post *p, struct post_state *out);
/* Adds to what waits to be taken. */
void post_order(struct post *p, const struct post_orders *orders);
/* Readable when the clerk has committed since post_look(). */
int post_fd(const struct post *p);

#endif
