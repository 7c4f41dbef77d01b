#include "door/repeat.h"

#include <string.h>

bool repeat_seen(struct repeat *r, const uint8_t hash[TICKET_HASH_SIZE], int64_t mono_ms)
{
	size_t slot = 0; /* a free one, else the one longest unseen */
	for (size_t i = 0; i < REPEAT_CODES; i++) {
		if (r->codes[i].used && !memcmp(r->codes[i].hash, hash, TICKET_HASH_SIZE)) {
			bool held = mono_ms - r->codes[i].seen_ms < REPEAT_GAP_MS;
			r->codes[i].seen_ms = mono_ms;
			return held;
		}
		if (!r->codes[slot].used)
			continue;
		if (!r->codes[i].used || r->codes[i].seen_ms < r->codes[slot].seen_ms)
			slot = i;
	}
	memcpy(r->codes[slot].hash, hash, TICKET_HASH_SIZE);
	r->codes[slot].seen_ms = mono_ms;
	r->codes[slot].used = true;
	return false;
}

void repeat_clear(struct repeat *r)
{
	*r = (struct repeat){ 0 };
}
