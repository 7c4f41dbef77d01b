/* A roster for one box: what a venue's door needs of the organiser's. Of the other venues' guests
 * that is where to send them, and nobody's name. Any thread; sqlite3 inside. */
#ifndef PARVIS_STORE_ROSTER_PART_H
#define PARVIS_STORE_ROSTER_PART_H

#include "base/cc.h"
#include "event/event.h"

#include <stdint.h>

/* Writes DIR/roster.db's rows of this venue and of every venue to the file `path`, which must not
 * be there yet; names stay sealed as they are. Tickets for other venues keep their hash, their
 * venue and whether they were revoked, so that a guest at the wrong door is told the right one; no
 * byte of their names and types is in the new file. *count is how many
 * people are registered. `path`.part is used meanwhile. The errors of roster_open(), -ENOENT where
 * the event has no roster, -EEXIST, -errno; a failed call leaves neither file. The caller makes the
 * file durable. */
NODISCARD int roster_part(const char *event_dir, const struct event *e, const char *venue,
	const char *path, uint64_t *count);

#endif
