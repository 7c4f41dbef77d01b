/* What a box says of itself: that it is there, its figures, and which rows it has. */
#include "sync/box_parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define FEW_CHAINS      16 /* up to so many, each `have` tells of all */
#define FULL_EVERY      4  /* and of more, every so manyth */
#define FLOW_MS         6000
#define FULL_AGAIN_MS   10000
#define COUNT_LAZY_MS   15000
#define ASK_AGAIN_MS    2000
#define ASK_BACK_MS     6000
#define ASK_TOGETHER_MS 1000

static void own_topic(const struct sync_box *s, enum topic_kind kind, char out[TOPIC_SIZE])
{
	struct topic t = { .kind = kind };
	memcpy(t.event, s->setup.event, sizeof(t.event));
	memcpy(t.venue, s->setup.venue, sizeof(t.venue));
	memcpy(t.device, s->setup.self.device, sizeof(t.device));
	topic_write(&t, out);
}

static char *write_state(struct sync_box *s, bool online, bool leaving, size_t *len)
{
	struct message_state m;
	memset(&m, 0, sizeof(m));
	m.online = online;
	m.leaving = leaving;
	memcpy(m.venue, s->setup.venue, sizeof(m.venue));
	memcpy(m.door, s->setup.door, sizeof(m.door));
	memcpy(m.program, s->setup.program, sizeof(m.program));
	m.epoch = s->chains[s->self].id.epoch;
	memcpy(m.key, s->setup.key, sizeof(m.key));
	m.wall_ms = s->now.wall_ms;
	m.trust = s->now.trust;
	return message_write_state(&m, len);
}

char *sync_box_will(struct sync_box *s, char topic[TOPIC_SIZE], size_t *len)
{
	own_topic(s, TOPIC_STATE, topic);
	return write_state(s, false, false, len);
}

char *sync_box_goodbye(struct sync_box *s, char topic[TOPIC_SIZE], size_t *len)
{
	own_topic(s, TOPIC_STATE, topic);
	return write_state(s, false, true, len);
}

void box_tell_state(struct sync_box *s)
{
	char topic[TOPIC_SIZE];
	size_t len = 0;
	char *text = write_state(s, true, false, &len);
	own_topic(s, TOPIC_STATE, topic);
	box_publish(s, topic, text, len, true);
}

void box_tell_count(struct sync_box *s)
{
	char topic[TOPIC_SIZE];
	size_t len = 0;
	struct message_count *m = &s->count_out;
	const struct sync_figures *f = &s->figures;
	memset(m, 0, sizeof(*m));
	memcpy(m->venue, s->setup.venue, sizeof(m->venue));
	memcpy(m->door, s->setup.door, sizeof(m->door));
	m->wall_ms = s->now.wall_ms;
	m->trust = s->now.trust;
	m->stamp = s->latest;
	m->queued = box_queued(s);
	m->present = f->present;
	m->people = f->people;
	m->entries = f->entries;
	m->capacity_seats = s->setup.capacity_seats;
	m->last_ten = f->last_ten;
	m->ten_before = f->ten_before;
	m->counters = f->counters;
	memcpy(m->at, f->at, f->counters * sizeof(m->at[0]));
	m->moved_count = f->moved_count;
	memcpy(m->moved, f->moved, f->moved_count * sizeof(m->moved[0]));
	own_topic(s, TOPIC_COUNT, topic);
	char *text = message_write_count(m, &len);
	box_publish(s, topic, text, len, true);
	s->counted_ms = s->now.mono_ms;
	s->count_due = s->count_lazy = false;
}

/* --- have --- */

static void begin_have(struct sync_box *s, bool asks)
{
	struct message_chains *m = &s->chains_out;
	m->from_collector = false;
	memcpy(m->sender, s->setup.self.device, sizeof(m->sender));
	m->epoch = s->chains[s->self].id.epoch;
	m->asks = asks;
	m->wall_ms = s->now.wall_ms;
	m->trust = s->now.trust;
	m->stamp = s->latest;
	m->count = 0;
}

static void end_have(struct sync_box *s)
{
	char topic[TOPIC_SIZE];
	size_t len = 0;
	char *text = message_write_chains(&s->chains_out, &len);
	own_topic(s, TOPIC_HAVE, topic);
	box_publish(s, topic, text, len, false);
	s->chains_out.count = 0;
}

static void add_have(struct sync_box *s, const struct known_chain *c)
{
	struct message_chains *m = &s->chains_out;
	if (m->count == MESSAGE_CHAINS_MAX)
		end_have(s);
	m->at[m->count].chain = c->id;
	m->at[m->count++].have = c->held;
}

static void tell_have(struct sync_box *s, bool full)
{
	begin_have(s, false);
	for (size_t i = 0; i < s->chain_count; i++) {
		struct known_chain *c = &s->chains[i];
		if (!c->held.count || !(full || c->fresh || i == s->self))
			continue;
		add_have(s, c);
		c->fresh = false;
	}
	/* Even if there is nothing to tell of: that we are here. */
	end_have(s);
	s->have_at_ms = s->now.mono_ms + HAVE_MS - HAVE_MS / 4 + (int64_t)box_dice(s, HAVE_MS / 2);
	s->haves++;
}

void box_tell_full(struct sync_box *s)
{
	tell_have(s, true);
	s->full_ms = s->now.mono_ms;
	s->full_at_ms = 0;
}

void box_tell_soon(struct sync_box *s)
{
	int64_t at = s->now.mono_ms + 200 + (int64_t)box_dice(s, 2000);
	if (s->full_ms && at < s->full_ms + FULL_AGAIN_MS)
		at = s->full_ms + FULL_AGAIN_MS;
	if (!s->full_at_ms)
		s->full_at_ms = at;
}

static int64_t ask_due(const struct sync_box *s)
{
	int64_t at = INT64_MAX;
	for (size_t i = 0; s->hears_rows && i < s->chain_count; i++)
		if (s->chains[i].gap && s->chains[i].ask_at_ms < at)
			at = s->chains[i].ask_at_ms;
	/* While a backlog comes in, what is missing is most likely behind it. */
	if (at != INT64_MAX && s->flow_ms && at < s->flow_ms + FLOW_MS)
		at = s->flow_ms + FLOW_MS;
	if (at != INT64_MAX && s->asked_ms && at < s->asked_ms + ASK_AGAIN_MS)
		at = s->asked_ms + ASK_AGAIN_MS;
	return at;
}

static void ask(struct sync_box *s)
{
	begin_have(s, true);
	for (size_t i = 0; i < s->chain_count && s->chains_out.count < MESSAGE_CHAINS_MAX; i++) {
		struct known_chain *c = &s->chains[i];
		if (!c->gap || c->ask_at_ms > s->now.mono_ms + ASK_TOGETHER_MS)
			continue;
		add_have(s, c);
		c->ask_at_ms = s->now.mono_ms +
			       ((int64_t)ASK_BACK_MS << (c->asked < 5 ? c->asked : 5)) +
			       (int64_t)box_dice(s, ASK_BACK_MS / 2);
		c->asked++;
	}
	end_have(s);
	s->asked_ms = s->now.mono_ms;
}

/* --- time --- */

static int64_t count_due(const struct sync_box *s)
{
	if (s->count_due)
		return s->counted_ms + COUNT_SOON_MS;
	return s->counted_ms + (s->count_lazy ? COUNT_LAZY_MS : COUNT_MS);
}

void box_tell_tick(struct sync_box *s)
{
	int64_t now = s->now.mono_ms;
	if (!s->up)
		return;
	if (count_due(s) <= now)
		box_tell_count(s);
	if (s->full_at_ms && s->full_at_ms <= now)
		box_tell_full(s);
	if (s->have_at_ms <= now && (s->chain_count <= FEW_CHAINS || s->haves % FULL_EVERY == 0))
		box_tell_full(s);
	else if (s->have_at_ms <= now)
		tell_have(s, false);
	if (ask_due(s) <= now)
		ask(s);
}

int64_t box_tell_due(const struct sync_box *s)
{
	if (!s->up)
		return INT64_MAX;
	int64_t at = count_due(s), asks = ask_due(s);
	if (s->full_at_ms && s->full_at_ms < at)
		at = s->full_at_ms;
	if (s->have_at_ms < at)
		at = s->have_at_ms;
	return asks < at ? asks : at;
}
