#include "event/roster_seen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 1024 /* a power of two */

/* The slot that holds the hash, or the free one where it belongs. The hash is keyed, so its first
 * bytes are as good as random even for codes chosen to collide. */
static struct roster_slot *find(struct roster_slot *slots, size_t size, const uint8_t *hash)
{
	uint64_t start;
	memcpy(&start, hash, sizeof(start));
	size_t i = (size_t)start & (size - 1);
	while (slots[i].line && memcmp(slots[i].hash, hash, TICKET_HASH_SIZE))
		i = (i + 1) & (size - 1);
	return &slots[i];
}

static int grow(struct roster_seen *s)
{
	size_t size = s->size ? 2 * s->size : FIRST_SIZE;
	struct roster_slot *slots = calloc(size, sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i < s->size; i++)
		if (s->slots[i].line)
			*find(slots, size, s->slots[i].hash) = s->slots[i];
	free(s->slots);
	s->slots = slots;
	s->size = size;
	return 0;
}

int roster_seen_add(struct roster_seen *s, const uint8_t hash[TICKET_HASH_SIZE], uint64_t line,
	uint64_t *earlier)
{
	if (2 * s->used >= s->size && grow(s))
		return -ENOMEM;
	struct roster_slot *slot = find(s->slots, s->size, hash);
	*earlier = slot->line;
	if (slot->line)
		return 0;
	memcpy(slot->hash, hash, TICKET_HASH_SIZE);
	slot->line = line;
	s->used++;
	return 0;
}

void roster_seen_free(struct roster_seen *s)
{
	free(s->slots);
	*s = (struct roster_seen){ 0 };
}
