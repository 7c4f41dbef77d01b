#include "sync/collector_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BOXES_MAX  65536
#define CHAINS_MAX (1 << 20)

uint64_t collector_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* --- spans --- */

void span_get(const struct span *s, struct ranges *out)
{
	if (s->many) {
		*out = *s->many;
		return;
	}
	out->count = s->count;
	memcpy(out->at, s->few, s->count * sizeof(s->few[0]));
}

/* Without memory it says less than is so, which costs a row that is sent again. */
void span_set(struct span *s, const struct ranges *r)
{
	if (r->count > ARRAY_LEN(s->few) && !s->many)
		s->many = malloc(sizeof(*s->many));
	if (r->count <= ARRAY_LEN(s->few)) {
		span_free(s);
		s->count = r->count;
	} else if (s->many) {
		*s->many = *r;
		return;
	} else {
		s->count = ARRAY_LEN(s->few);
	}
	memcpy(s->few, r->at, s->count * sizeof(s->few[0]));
}

void span_free(struct span *s)
{
	free(s->many);
	s->many = NULL;
	s->count = 0;
}

bool span_has_all(const struct span *s, uint64_t first, uint64_t last)
{
	if (s->many)
		return ranges_have_all(s->many, first, last);
	for (uint32_t i = 0; i < s->count; i++)
		if (s->few[i].first <= first && s->few[i].last >= last)
			return true;
	return last < first;
}

uint64_t span_missing(const struct span *s, uint64_t last)
{
	uint64_t missing = last;
	const struct range *at = s->many ? s->many->at : s->few;
	uint32_t count = s->many ? s->many->count : s->count;
	for (uint32_t i = 0; i < count && at[i].first <= last; i++)
		missing -= (at[i].last < last ? at[i].last : last) - at[i].first + 1;
	return missing;
}

uint64_t span_total(const struct span *s)
{
	uint64_t total = 0;
	if (s->many)
		return ranges_total(s->many);
	for (uint32_t i = 0; i < s->count; i++)
		total += s->few[i].last - s->few[i].first + 1;
	return total;
}

/* --- boxes and chains --- */

static size_t box_slot(const struct collector *c, const uint8_t device[DEVICE_ID_SIZE])
{
	uint64_t hash;
	memcpy(&hash, device, sizeof(hash));
	size_t i = (size_t)collector_mix(hash) & (c->box_index_room - 1);
	while (c->box_index[i] &&
		memcmp(c->boxes[c->box_index[i] - 1].device, device, DEVICE_ID_SIZE) != 0)
		i = (i + 1) & (c->box_index_room - 1);
	return i;
}

static bool grow_boxes(struct collector *c)
{
	size_t room = c->box_room ? 2 * c->box_room : 64;
	void *boxes = realloc(c->boxes, room * sizeof(c->boxes[0]));
	if (boxes)
		c->boxes = boxes;
	void *states = realloc(c->states, room * sizeof(c->states[0]));
	if (states)
		c->states = states;
	uint32_t *index = calloc(2 * room, sizeof(index[0]));
	if (!boxes || !states || !index) {
		free(index);
		return false;
	}
	free(c->box_index);
	c->box_index = index;
	c->box_index_room = 2 * room;
	c->box_room = room;
	for (size_t i = 0; i < c->box_count; i++)
		c->box_index[box_slot(c, c->boxes[i].device)] = (uint32_t)i + 1;
	return true;
}

uint32_t collector_box_of(struct collector *c, const uint8_t device[DEVICE_ID_SIZE], bool add)
{
	size_t slot = c->box_index_room ? box_slot(c, device) : 0;
	if (c->box_index_room && c->box_index[slot])
		return c->box_index[slot] - 1;
	if (!add || c->box_count == BOXES_MAX)
		return NONE;
	if (c->box_count == c->box_room) {
		if (!grow_boxes(c))
			return NONE;
		slot = box_slot(c, device);
	}
	uint32_t n = (uint32_t)c->box_count++;
	memset(&c->boxes[n], 0, sizeof(c->boxes[n]));
	memcpy(c->boxes[n].device, device, DEVICE_ID_SIZE);
	c->states[n] = (struct col_state){ .first_chain = NONE,
		.venue = -1,
		.acked_ms = INT64_MIN / 2,
		.known = !c->known || c->known(c->known_context, device) };
	c->boxes[n].rejected = !c->states[n].known;
	c->box_index[slot] = n + 1;
	c->boxes_changed = true;
	return n;
}

uint32_t collector_chain_of(struct collector *c, const struct chain *id, bool add)
{
	uint32_t box = collector_box_of(c, id->device, add);
	if (box == NONE)
		return NONE;
	for (uint32_t i = c->states[box].first_chain; i != NONE; i = c->chains[i].next)
		if (c->chains[i].id.epoch == id->epoch)
			return i;
	if (!add || c->chain_count == CHAINS_MAX)
		return NONE;
	if (c->chain_count == c->chain_room) {
		size_t room = c->chain_room ? 2 * c->chain_room : 64;
		void *chains = realloc(c->chains, room * sizeof(c->chains[0]));
		if (!chains)
			return NONE;
		c->chains = chains;
		c->chain_room = room;
	}
	uint32_t n = (uint32_t)c->chain_count++;
	c->chains[n] =
		(struct col_chain){ .id = *id, .box = box, .next = c->states[box].first_chain };
	c->states[box].first_chain = n;
	return n;
}

/* --- venues --- */

static uint64_t hash_of(const char *text)
{
	uint64_t h = 7;
	for (; *text; text++)
		h = collector_mix(h ^ (uint8_t)*text);
	return h;
}

static size_t venue_slot(const struct collector *c, const char *id)
{
	size_t i = (size_t)hash_of(id) & (c->venue_index_room - 1);
	while (c->venue_index[i] && strcmp(c->setup.venues[c->venue_index[i] - 1], id) != 0)
		i = (i + 1) & (c->venue_index_room - 1);
	return i;
}

int collector_index_venues(struct collector *c)
{
	c->venue_index_room = 8;
	while (c->venue_index_room < 2 * c->setup.venue_count)
		c->venue_index_room *= 2;
	c->venue_index = calloc(c->venue_index_room, sizeof(c->venue_index[0]));
	if (!c->venue_index)
		return -ENOMEM;
	for (size_t i = 0; i < c->setup.venue_count; i++)
		c->venue_index[venue_slot(c, c->setup.venues[i])] = (uint32_t)i + 1;
	return 0;
}

size_t collector_venue_of(const struct collector *c, const char *id)
{
	size_t slot = venue_slot(c, id);
	return c->venue_index[slot] ? c->venue_index[slot] - 1 : c->setup.venue_count;
}

bool collector_push(uint32_t **list, size_t *count, size_t *room, uint32_t item)
{
	if (*count == *room) {
		size_t more = *room ? 2 * *room : 64;
		void *grown = realloc(*list, more * sizeof(**list));
		if (!grown)
			return false;
		*list = grown;
		*room = more;
	}
	(*list)[(*count)++] = item;
	return true;
}
