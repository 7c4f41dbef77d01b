#include "sync/box_parts.h"

#include <stdlib.h>
#include <string.h>

#define ASK_FIRST_MS 3000
#define ASK_MOST_MS  300000

static bool same(const struct chain *a, const struct chain *b)
{
	return a->epoch == b->epoch && !memcmp(a->device, b->device, sizeof(a->device));
}

struct known_chain *box_chain(struct sync_box *s, const struct chain *id)
{
	for (size_t i = 0; i < s->chain_count; i++)
		if (same(&s->chains[i].id, id))
			return &s->chains[i];
	return NULL;
}

/* Room for one more of `size` bytes; false without memory. */
static bool has_room(void **items, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return true;
	size_t more = *room ? 2 * *room : 8;
	void *grown = realloc(*items, more * size);
	if (!grown)
		return false;
	*items = grown;
	*room = more;
	return true;
}

/* One of which nobody has shown a row: whoever talks can make up as many as there is room for. */
static struct known_chain *a_rumour(struct sync_box *s)
{
	for (size_t i = 0; i < s->chain_count; i++) {
		size_t k = (s->rumour + i) % s->chain_count;
		struct known_chain *c = &s->chains[k];
		if (k == s->self || c->own || c->held.count)
			continue;
		s->rumour = k + 1;
		return c;
	}
	return NULL;
}

struct known_chain *box_chain_add(struct sync_box *s, const struct chain *id)
{
	struct known_chain *c = box_chain(s, id);
	if (c)
		return c;
	void *items = s->chains;
	if (s->chain_count == SYNC_CHAINS_MAX) {
		c = a_rumour(s);
	} else if (has_room(&items, s->chain_count, &s->chain_room, sizeof(*c))) {
		s->chains = items;
		c = &s->chains[s->chain_count++];
	}
	if (!c) {
		box_refuse(s, SYNC_REFUSED_FULL, "chains");
		return NULL;
	}
	memset(c, 0, sizeof(*c));
	c->id = *id;
	c->fresh = true;
	return c;
}

struct peer *box_peer(struct sync_box *s, const uint8_t device[DEVICE_ID_SIZE])
{
	for (size_t i = 0; i < s->peer_count; i++)
		if (!memcmp(s->peers[i].device, device, DEVICE_ID_SIZE))
			return &s->peers[i];
	return NULL;
}

struct peer *box_peer_add(struct sync_box *s, const uint8_t device[DEVICE_ID_SIZE])
{
	struct peer *p = box_peer(s, device);
	if (p)
		return p;
	void *items = s->peers;
	if (s->peer_count == SYNC_PEERS_MAX ||
		!has_room(&items, s->peer_count, &s->peer_room, sizeof(*p))) {
		box_refuse(s, SYNC_REFUSED_FULL, "boxes");
		return NULL;
	}
	s->peers = items;
	p = &s->peers[s->peer_count++];
	memset(p, 0, sizeof(*p));
	memcpy(p->device, device, DEVICE_ID_SIZE);
	return p;
}

/* The lowest number that somebody has and that is missing here. 0 = none. */
static uint64_t lowest_missing(const struct known_chain *c)
{
	for (uint32_t i = 0; i < c->exists.count; i++) {
		struct range gap;
		if (ranges_gap(&c->held, c->exists.at[i].first, c->exists.at[i].last, &gap))
			return gap.first;
	}
	return 0;
}

/* While rows still come in, the lowest that is missing moves on, and nobody is asked. */
void box_look_for_gap(struct sync_box *s, struct known_chain *c)
{
	uint64_t gap = lowest_missing(c);
	if (gap == c->gap)
		return;
	c->gap = gap;
	c->asked = 0;
	c->ask_at_ms = s->now.mono_ms + ASK_FIRST_MS + (int64_t)box_dice(s, ASK_FIRST_MS);
}

void box_exists(struct sync_box *s, struct known_chain *c, const struct ranges *have)
{
	ranges_join(&c->exists, have);
	box_look_for_gap(s, c);
}

void box_unsafe(const struct known_chain *c, struct ranges *out)
{
	out->count = 0;
	if (c->own)
		ranges_missing(&c->safe, &c->held, out);
}

uint64_t box_queued(const struct sync_box *s)
{
	uint64_t queued = 0;
	struct ranges unsafe;
	for (size_t i = 0; i < s->chain_count; i++) {
		box_unsafe(&s->chains[i], &unsafe);
		queued += ranges_total(&unsafe);
	}
	return queued;
}
