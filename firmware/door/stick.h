/* A stick in the box, and the sealed copy of the log on it: plain values, for screens. */
#ifndef PARVIS_DOOR_STICK_H
#define PARVIS_DOOR_STICK_H

#include <stdint.h>

enum stick_state {
	STICK_NONE,    /* none is in */
	STICK_READY,   /* one is in, and nothing was asked of it */
	STICK_COPYING, /* `rows` of `total` are on it */
	STICK_MIRROR,  /* all are, to `last_seq`; while it stays in, new ones follow */
	STICK_GONE,    /* pulled out before the copy was whole */
	STICK_FULL,    /* … no room left: what was there before is as it was */
	STICK_READ_ONLY,
	STICK_BROKEN,  /* it gives errors */
	STICK_STRANGE, /* a file system that is not taken, or one that cannot be mounted here */
	STICK_NO_KEY,  /* the box has no key to sign with, or none to seal to */
	STICK_NO_LOG,  /* the box's own log cannot be read */
	STICK_STATES
};

/* "none", "ready", "copying", …: for scripts. */
extern const char *const stick_names[STICK_STATES];

struct stick_status {
	enum stick_state state;
	uint64_t rows, total; /* of the log; of other boxes' rows there may be more */
	uint64_t last_seq;    /* of the newest row that is on it */
	int64_t copied_ms;    /* wall time of the last whole copy or addition; 0 = none yet */
};

#endif
