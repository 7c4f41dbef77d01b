/* When `parvis collect --broker --once` ends: when all that is to be had is here, or when nothing
 * has moved for so long that it is not going to be. One thread. */
#ifndef PARVIS_CLI_COLLECT_ONCE_H
#define PARVIS_CLI_COLLECT_ONCE_H

#include "cli/collecting.h"

#include <stdbool.h>
#include <stdint.h>

enum once_state {
	ONCE_GOES_ON,
	ONCE_ALL_HERE,
	ONCE_MISSING,   /* boxes have written rows that do not come */
	ONCE_NO_BROKER, /* none was reached */
	ONCE_CUT_OFF,   /* one was, and it did not come back */
	ONCE_DEAF,      /* it does not let us hear */
	ONCE_NO_STORE,  /* the store does not take what came */
};

/* Zeroed, but for patience_ms. */
struct once {
	int64_t patience_ms;
	int64_t moved_ms; /* monotonic: rows were committed, or the first connection came */
	uint64_t rows;
	bool connected;
};

enum once_state once_look(struct once *o, const struct collecting *c, int64_t mono_ms);

/* Says on stderr what is wrong with this end, if something is; gives the exit status. */
int once_end(enum once_state state, const struct collecting *c);

#endif
