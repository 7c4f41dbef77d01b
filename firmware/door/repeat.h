/* The same code held to the lens counts once. A code that the camera keeps seeing is answered the
 * first time only; it is new again after REPEAT_GAP_MS without it. Several codes held side by side
 * are each remembered. Pure; one thread. */
#ifndef PARVIS_DOOR_REPEAT_H
#define PARVIS_DOOR_REPEAT_H

#include "door/ticket.h"

#define REPEAT_GAP_MS 2500
#define REPEAT_CODES  8

struct repeat {
	struct {
		uint8_t hash[TICKET_HASH_SIZE];
		int64_t seen_ms;
		bool used;
	} codes[REPEAT_CODES];
};

/* Notes that the camera sees this code now (monotonic ms). True: it was already being held. */
bool repeat_seen(struct repeat *r, const uint8_t hash[TICKET_HASH_SIZE], int64_t mono_ms);

/* The lens is known to be clear: whatever comes next is new. */
void repeat_clear(struct repeat *r);

#endif
