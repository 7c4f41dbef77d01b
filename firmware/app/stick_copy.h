/* One sealed copy of this box's log on one stick (night/sealed.h has the format), a step at a time.
 *
 *   NAME.parvis-log.part   written from the start, synced, and then renamed over
 *   NAME.parvis-log        which is whole, then, and only grows: each addition is one part behind
 *                          the last, and synced
 *
 * So whenever the stick is pulled out, the file of that name is the copy of before or a newer one;
 * an addition that was cut short is seen by its reader and passed over. A copy of an earlier
 * session is not gone on with, since only the organiser can open it: a new one takes its place.
 *
 * No thread of its own; one thread a handle. */
#ifndef PARVIS_APP_STICK_COPY_H
#define PARVIS_APP_STICK_COPY_H

#include "base/cc.h"
#include "event/issuer.h"
#include "store/device_key.h"

#include <stdbool.h>
#include <stdint.h>

struct stick_copy;

struct stick_copy_setup {
	const char *dir;      /* of the stick */
	const char *data_dir; /* whose log */
	const char *event_id;
	uint8_t organiser[ISSUER_PUBLIC_SIZE]; /* to whom it is sealed */
	const struct device_key *key;
	int64_t now_ms;
};

/* Begins. What the setup points to outlives it. *at_stick: whether the error (-errno) is the
 * stick's and not the box's. *out only on success; release with stick_copy_close(). */
NODISCARD int stick_copy_open(
	struct stick_copy **out, const struct stick_copy_setup *setup, bool *at_stick);

/* Copies a little more; *more: there is more to do. When there is not, all that the log had at
 * stick_copy_open() or stick_copy_renew() is on the stick, durably. After an error only
 * stick_copy_close() is left; *at_stick as above. */
NODISCARD int stick_copy_step(struct stick_copy *c, bool *more, bool *at_stick);

/* Looks what the log has by now, once all is copied: goes on where there is anything new. */
NODISCARD int stick_copy_renew(struct stick_copy *c, bool *more, bool *at_stick);

struct stick_copy_progress {
	uint64_t rows, total, last_seq;
};
void stick_copy_progress(const struct stick_copy *c, struct stick_copy_progress *out);

/* What was not whole yet is removed, if the stick still lets it be. NULL is allowed. */
void stick_copy_close(struct stick_copy *c);

#endif
