/* Acknowledgements, and what is asked for. An acknowledgement names everything that is committed of
 * a chain, so its box knows what to send; where the box is gone, whoever else has the rows is asked
 * on the venue's topic. */
#include "sync/collector_parts.h"

#include <stdlib.h>
#include <string.h>

#define ASK_MOST_MS 120000

void collector_dirty(struct collector *c, uint32_t chain)
{
	struct col_chain *k = &c->chains[chain];
	struct col_state *s = &c->states[k->box];
	k->dirty = true;
	if (s->dirty)
		return;
	s->dirty = collector_push(&c->dirty, &c->dirty_count, &c->dirty_room, k->box);
	if (s->acked_ms + ACK_MS < c->dirty_due_ms)
		c->dirty_due_ms = s->acked_ms + ACK_MS;
}

void collector_dirty_box(struct collector *c, uint32_t box)
{
	for (uint32_t i = c->states[box].first_chain; i != NONE; i = c->chains[i].next)
		collector_dirty(c, i);
}

static bool lacks(const struct col_chain *k)
{
	return k->exists_to && !span_has_all(&k->held, 1, k->exists_to);
}

void collector_exists(struct collector *c, uint32_t chain, uint64_t to)
{
	struct col_chain *k = &c->chains[chain];
	if (to > k->exists_to)
		k->exists_to = to;
	if (k->lacking || !lacks(k))
		return;
	k->lacking = collector_push(&c->lacking, &c->lacking_count, &c->lacking_room, chain);
	k->asked = 0;
	k->ask_ms = c->now.mono_ms + LACK_MS;
	if (k->ask_ms < c->lacking_due_ms)
		c->lacking_due_ms = k->ask_ms;
}

void collector_begin_chains(struct collector *c, bool asks)
{
	struct message_chains *m = &c->chains_out;
	m->from_collector = true;
	memcpy(m->sender, c->setup.id, sizeof(m->sender));
	m->epoch = 0;
	m->asks = asks;
	m->wall_ms = c->now.wall_ms;
	m->stamp = c->latest;
	m->trust = c->now.trust;
	m->count = 0;
}

void collector_add_chain(struct collector *c, const struct col_chain *k)
{
	struct message_chain *m = &c->chains_out.at[c->chains_out.count++];
	m->chain = k->id;
	span_get(&k->held, &m->have);
}

void collector_publish_chains(struct collector *c, struct topic *t)
{
	char name[TOPIC_SIZE];
	size_t len = 0;
	memcpy(t->event, c->setup.event, sizeof(t->event));
	topic_write(t, name);
	char *text = message_write_chains(&c->chains_out, &len);
	collector_publish(c, name, text, len);
	c->chains_out.count = 0;
}

static void acknowledge(struct collector *c, uint32_t box)
{
	struct topic t = { .kind = TOPIC_ACK };
	memcpy(t.device, c->boxes[box].device, DEVICE_ID_SIZE);
	collector_begin_chains(c, false);
	for (uint32_t i = c->states[box].first_chain; i != NONE; i = c->chains[i].next) {
		if (!c->chains[i].dirty)
			continue;
		c->chains[i].dirty = false;
		collector_add_chain(c, &c->chains[i]);
		if (c->chains_out.count == MESSAGE_CHAINS_MAX)
			collector_publish_chains(c, &t);
	}
	if (c->chains_out.count)
		collector_publish_chains(c, &t);
	c->states[box].acked_ms = c->now.mono_ms;
}

void collector_echo(struct collector *c)
{
	struct topic t = { .kind = TOPIC_ACK };
	memcpy(t.device, c->setup.id, sizeof(t.device));
	c->echo_ms = c->now.mono_ms;
	collector_begin_chains(c, false);
	collector_publish_chains(c, &t);
}

/* Asks whoever else may have it. */
static void ask_venue(struct collector *c, const struct col_chain *k)
{
	struct topic t = { .kind = TOPIC_HAVE };
	if (!*c->boxes[k->box].venue)
		return;
	memcpy(t.venue, c->boxes[k->box].venue, sizeof(t.venue));
	memcpy(t.device, c->setup.id, sizeof(t.device));
	collector_begin_chains(c, true);
	collector_add_chain(c, k);
	collector_publish_chains(c, &t);
}

static void tick_lacking(struct collector *c)
{
	if (c->lacking_due_ms > c->now.mono_ms)
		return;
	c->lacking_due_ms = INT64_MAX;
	for (size_t i = 0; i < c->lacking_count;) {
		struct col_chain *k = &c->chains[c->lacking[i]];
		if (!lacks(k) || !c->states[k->box].known) {
			k->lacking = false;
			c->lacking[i] = c->lacking[--c->lacking_count];
			continue;
		}
		if (k->ask_ms <= c->now.mono_ms && collector_may_publish(c)) {
			int64_t wait = (int64_t)(2 * LACK_MS) << (k->asked < 5 ? k->asked : 5);
			collector_dirty(c, c->lacking[i]);
			if (k->asked >= PEERS_AFTER || c->states[k->box].gone)
				ask_venue(c, k);
			k->asked++;
			k->ask_ms = c->now.mono_ms + (wait < ASK_MOST_MS ? wait : ASK_MOST_MS);
		}
		if (k->ask_ms < c->lacking_due_ms)
			c->lacking_due_ms = k->ask_ms;
		i++;
	}
}

/* Boxes wait in their order for room on the connection. An acknowledgement says all that is held of
 * a chain, so while its box waits nothing piles up but what it will say. */
void collector_ack_tick(struct collector *c)
{
	if (!c->up)
		return;
	tick_lacking(c);
	if (c->dirty_due_ms > c->now.mono_ms)
		return;
	c->dirty_due_ms = INT64_MAX;
	size_t kept = 0, i = 0;
	for (; i < c->dirty_count && collector_may_publish(c); i++) {
		uint32_t box = c->dirty[i];
		int64_t due_ms = c->states[box].acked_ms + ACK_MS;
		if (due_ms > c->now.mono_ms) {
			if (due_ms < c->dirty_due_ms)
				c->dirty_due_ms = due_ms;
			c->dirty[kept++] = box;
			continue;
		}
		c->states[box].dirty = false;
		acknowledge(c, box);
	}
	if (i < c->dirty_count)
		c->dirty_due_ms = c->now.mono_ms;
	memmove(&c->dirty[kept], &c->dirty[i], (c->dirty_count - i) * sizeof(c->dirty[0]));
	c->dirty_count -= i - kept;
}

int64_t collector_ack_due(const struct collector *c)
{
	if (!collector_may_publish(c))
		return INT64_MAX;
	return c->dirty_due_ms < c->lacking_due_ms ? c->dirty_due_ms : c->lacking_due_ms;
}
