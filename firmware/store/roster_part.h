/* A roster for one box: what a venue's door needs of the organiser's, and nothing of the others'
 * guests. Any thread; sqlite3 inside. */
#ifndef PARVIS_STORE_ROSTER_PART_H
#define PARVIS_STORE_ROSTER_PART_H

#include "base/cc.h"
#include "event/event.h"

#include <stdint.h>

/* Writes DIR/roster.db's rows of this venue and of every venue to the file `path`, which must not
 * be there yet; names stay sealed as they are. Of tickets for other venues only those revoked are
 * kept, as bare hashes. No byte of a row that was left out is in the new file. *count is how many
 * people are registered. `path`.part is used meanwhile. The errors of roster_open(), -ENOENT where
 * the event has no roster, -EEXIST, -errno; a failed call leaves neither file. The caller makes the
 * file durable. */
NODISCARD int roster_part(const char *event_dir, const struct event *e, const char *venue,
	const char *path, uint64_t *count);

#endif
