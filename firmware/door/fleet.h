/* Every venue of the event as this box last heard of it: plain values, for screens. What is old
 * says how old it is; a figure without an age is never shown. */
#ifndef PARVIS_DOOR_FLEET_H
#define PARVIS_DOOR_FLEET_H

#include "base/cc.h"
#include "door/ticket.h"

#include <stdbool.h>
#include <stdint.h>

/* A figure older than this is called out of date. */
#define FLEET_STALE_MS 150000

struct fleet_venue {
	char id[ID_SIZE];
	bool known;            /* somebody has spoken for it at all */
	int64_t present;       /* people there now */
	uint64_t entries;      /* admissions, MOVED and READMIT included */
	uint64_t people;       /* distinct tickets and walk-ins that came */
	uint64_t last_ten;     /* entries of the last ten minutes */
	uint64_t ten_before;   /* and of the ten before: the trend */
	int64_t heard_mono_ms; /* our monotonic clock when the figure came; its age is from here …
				*/
	int64_t aged_ms;       /* … plus what it was old then */
	uint32_t queued;       /* rows that its boxes have not got to the collector yet */
	uint8_t boxes, boxes_lost; /* of these, last will or silent */
};

/* Age of a venue's figure in ms; never negative. */
int64_t fleet_age_ms(const struct fleet_venue *v, int64_t mono_ms);

enum link_state {
	LINK_OFF,     /* no broker is configured */
	LINK_DOWN,    /* none can be reached */
	LINK_UP,      /* connected */
	LINK_NO_ACK,  /* connected, and what is published is never acknowledged: an access list, or
			 no  collector */
	LINK_REFUSED, /* the broker refuses this box: shut out, or a wrong certificate */
	LINK_STATES
};

/* What a volunteer needs to know of the sync. */
struct link_status {
	enum link_state state;
	bool local;           /* through the venue's own broker, not the event's */
	bool collector;       /* a collector has been heard in the last three minutes */
	uint64_t queued;      /* our rows that no collector has committed */
	int64_t oldest_ms;    /* wall time of the oldest of these; 0 = none */
	int64_t clock_off_ms; /* ours minus what peers and collector have; 0 while within a minute
			       */
	uint32_t doors;   /* other boxes of this venue that were heard in the last three minutes */
	uint32_t pairs;   /* tickets of this venue that came in twice */
	bool twin;        /* another box speaks as this one */
	int64_t since_ms; /* wall time since which it is so */
};

#endif
