/* Inside event/: which codes a file has had, and where. A hash table of keyed hashes that grows
 * with the file: 24 bytes a slot, at most half full. */
#ifndef PARVIS_EVENT_ROSTER_SEEN_H
#define PARVIS_EVENT_ROSTER_SEEN_H

#include "base/cc.h"
#include "door/ticket.h"

#include <stddef.h>
#include <stdint.h>

struct roster_slot {
	uint8_t hash[TICKET_HASH_SIZE];
	uint64_t line; /* 0: free */
};

/* All zero at first; release with roster_seen_free(). */
struct roster_seen {
	struct roster_slot *slots;
	size_t size, used;
};

/* Remembers the code's line. *earlier is the line where it stood before, 0 for a new one. -ENOMEM.
 */
NODISCARD int roster_seen_add(struct roster_seen *s, const uint8_t hash[TICKET_HASH_SIZE],
	uint64_t line, uint64_t *earlier);

void roster_seen_free(struct roster_seen *s);

#endif
