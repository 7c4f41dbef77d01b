/* The event's venues as the desk lists them: ours first, then by how far it is on foot, those that
 * nobody knows how far at the end; an index by identifier; and room for what is heard of them. The
 * strings stay the event's. Made once, for one thread. */
#ifndef PARVIS_APP_VENUES_H
#define PARVIS_APP_VENUES_H

#include "door/desk.h"
#include "event/event.h"

struct venues {
	struct desk_venue *list;   /* event->venue_count of each */
	uint32_t *by_id;           /* places in list */
	struct fleet_venue *fleet; /* in list's order; the desk's to write */
};

/* -ENOMEM. *out is set only on success; release with venues_free(). */
NODISCARD int venues_list(
	struct venues *out, const struct event *event, const struct event_venue *own);
void venues_free(struct venues *v);

#endif
