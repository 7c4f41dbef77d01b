#include "sync/box_parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define FLOW_BYTES     2000 /* a message of rows that is of a backlog */
#define ASKED_APART_MS 4000
#define ASKED_AGAIN_MS 120000
#define EPOCH_APART_MS 60000

static void hear_peer(struct sync_box *s, struct peer *p, const char *venue, bool retained)
{
	bool is_new = !p->is_live || s->now.mono_ms - p->heard_ms >= HEAR_MS;
	if (venue) {
		memcpy(p->venue, venue, sizeof(p->venue));
		box_subscribe_rows(s, p);
	}
	if (retained)
		return;
	p->is_live = true;
	p->gone = false;
	p->heard_ms = s->now.mono_ms;
	if (is_new)
		box_tell_soon(s);
}

/* A collector that comes back wants to know who has something for it. */
static void hear_collector(struct sync_box *s)
{
	if ((!s->collector_ms || s->now.mono_ms - s->collector_ms >= COUNT_MS) && box_queued(s))
		s->count_due = true;
	s->collector_ms = s->now.mono_ms;
	s->collector_here = true;
}

/* --- state, count --- */

static void hear_state(struct sync_box *s, const struct topic *t, const struct sync_input *in)
{
	struct message_state m;
	struct message_why why;
	uint8_t id[DEVICE_ID_SIZE];
	if (!message_read_state(&m, in->payload, in->size, &why)) {
		box_refuse(s, why.version ? SYNC_REFUSED_VERSION : SYNC_REFUSED_FORM, why.text);
		return;
	}
	device_id_of(m.key, id);
	if (memcmp(id, t->device, sizeof(id)) != 0) {
		box_refuse(s, SYNC_REFUSED_FORM, "state: the key is not that of its device");
		return;
	}
	if (box_is_self(s, t->device)) {
		if (m.online && !in->retained && m.epoch != s->chains[s->self].id.epoch)
			box_saw_twin(s, m.wall_ms);
		return;
	}
	struct peer *p = box_peer_add(s, t->device);
	if (!p)
		return;
	bool was_live = p->is_live;
	p->online = m.online;
	/* A new epoch is a new start: what it has may be less than before. */
	if (m.online && !in->retained && m.epoch != p->epoch)
		p->is_live = false;
	p->epoch = m.epoch;
	hear_peer(s, p, m.venue, in->retained || !m.online);
	p->is_live |= was_live;
	p->gone = !m.online;
	s->fleet_dirty = true;
	if (m.online && !in->retained)
		box_saw_clock(s, t->device, m.wall_ms, m.trust);
}

static void count_exists(struct sync_box *s, const uint8_t device[DEVICE_ID_SIZE])
{
	const struct message_count *m = &s->count_in;
	for (uint32_t i = 0; i < m->counters; i++) {
		struct chain id = { .epoch = m->at[i].epoch };
		struct ranges rows = { .count = 0 };
		memcpy(id.device, device, sizeof(id.device));
		if (!m->at[i].rows)
			continue;
		struct known_chain *c = box_chain_add(s, &id);
		ranges_add(&rows, 1, m->at[i].rows);
		if (c)
			box_exists(s, c, &rows);
	}
}

static void hear_count(struct sync_box *s, const struct topic *t, const struct sync_input *in)
{
	struct message_why why;
	if (box_is_self(s, t->device))
		return;
	if (!message_read_count(&s->count_in, in->payload, in->size, &why)) {
		box_refuse(s, why.version ? SYNC_REFUSED_VERSION : SYNC_REFUSED_FORM, why.text);
		return;
	}
	struct peer *p = box_peer_add(s, t->device);
	if (!p)
		return;
	hear_peer(s, p, s->count_in.venue, in->retained);
	box_heard_count(s, p, &s->count_in, in->retained);
	box_saw_stamp(s, s->count_in.stamp);
	if (!in->retained)
		box_saw_clock(s, t->device, s->count_in.wall_ms, s->count_in.trust);
	if (s->setup.reach == REACH_EVENT || !strcmp(s->count_in.venue, s->setup.venue))
		count_exists(s, t->device);
}

/* --- ev --- */

static struct store_under_way *free_store(struct sync_box *s)
{
	for (size_t i = 0; i < STORES_MAX; i++)
		if (!s->stores[i].id)
			return &s->stores[i];
	return NULL;
}

static bool is_being_stored(const struct sync_box *s, const struct batch *b)
{
	for (size_t i = 0; i < STORES_MAX; i++) {
		const struct store_under_way *u = &s->stores[i];
		if (u->id && u->chain.epoch == b->rows[0].epoch &&
			!memcmp(u->chain.device, b->rows[0].device, DEVICE_ID_SIZE) &&
			u->first <= b->rows[0].seq && u->last >= b->rows[b->count - 1].seq)
			return true;
	}
	return false;
}

static void store(struct sync_box *s, struct known_chain *c, const struct batch *b)
{
	struct store_under_way *u = free_store(s);
	if (!u) {
		box_refuse(s, SYNC_REFUSED_BUSY, "");
		return;
	}
	*u = (struct store_under_way){ .id = ++s->last_id,
		.chain = c->id,
		.first = b->rows[0].seq,
		.last = b->rows[b->count - 1].seq };
	s->emit(s->context, &(struct sync_effect){
				    .kind = SYNC_STORE, .id = u->id, .chain = c->id, .batch = b });
}

/* What others have of an epoch that has only just been drawn is a lie, which may be told for ever.
 */
static void want_epoch(struct sync_box *s)
{
	if (s->wants_epoch || (s->epoch_ms && s->now.mono_ms - s->epoch_ms < EPOCH_APART_MS))
		return;
	s->wants_epoch = true;
	s->epoch_ms = s->now.mono_ms;
	s->emit(s->context, &(struct sync_effect){ .kind = SYNC_NEW_EPOCH });
}

static bool is_too_much(const struct sync_box *s, const struct known_chain *of, size_t more)
{
	uint64_t all = more, device = more;
	for (size_t i = 0; i < s->chain_count; i++) {
		const struct known_chain *c = &s->chains[i];
		uint64_t rows = c->own ? 0 : ranges_total(&c->held);
		all += rows;
		if (!memcmp(c->id.device, of->id.device, DEVICE_ID_SIZE))
			device += rows;
	}
	return all > SYNC_ROWS_MAX || device > SYNC_DEVICE_ROWS_MAX;
}

static void take_batch(struct sync_box *s, struct batch *b)
{
	const struct row *last = &b->rows[b->count - 1];
	struct chain id = { .epoch = last->epoch };
	struct ranges rows = { .count = 0 };
	memcpy(id.device, last->device, sizeof(id.device));
	struct known_chain *c = box_chain_add(s, &id);
	if (!c)
		return;
	if (c == &s->chains[s->self]) {
		if (last->seq > c->logged)
			want_epoch(s);
		return;
	}
	box_was_sent(s, c, b->rows[0].seq, last->seq);
	/* The log has these; the others may not go where rows are twice. */
	while (b->count && b->rows[0].seq <= c->logged) {
		b->rows++;
		b->count--;
	}
	if (!b->count || ranges_have_all(&c->held, b->rows[0].seq, last->seq))
		return;
	if (is_too_much(s, c, b->count)) {
		box_refuse(s, SYNC_REFUSED_FULL, "rows");
		return;
	}
	ranges_add(&rows, b->rows[0].seq, last->seq);
	box_exists(s, c, &rows);
	box_saw_stamp(s, last->hlc);
	if (!is_being_stored(s, b))
		store(s, c, b);
}

static void hear_ev(struct sync_box *s, const struct topic *t, const struct sync_input *in)
{
	struct message_why why;
	struct batch b;
	if (in->size >= FLOW_BYTES)
		s->flow_ms = s->now.mono_ms;
	/* Brokers send back what we have published. */
	if (box_is_self(s, t->device))
		return;
	if (!message_read_batch(&b, s->rows, in->payload, in->size, &why)) {
		box_refuse(s, why.version ? SYNC_REFUSED_VERSION : SYNC_REFUSED_FORM, why.text);
		return;
	}
	enum batch_wrong wrong = batch_check(&b);
	if (wrong) {
		box_refuse(s, SYNC_REFUSED_BATCH, batch_wrong_texts[wrong]);
		return;
	}
	struct peer *p = box_peer_add(s, t->device);
	if (p)
		hear_peer(s, p, NULL, in->retained);
	take_batch(s, &b);
}

/* By a collector, because we asked. */
static void hear_given(struct sync_box *s, const struct topic *t, const struct sync_input *in)
{
	struct message_why why;
	struct batch b;
	if (in->retained || !box_is_self(s, t->device))
		return;
	if (in->size >= FLOW_BYTES)
		s->flow_ms = s->now.mono_ms;
	if (!message_read_batch(&b, s->rows, in->payload, in->size, &why)) {
		box_refuse(s, why.version ? SYNC_REFUSED_VERSION : SYNC_REFUSED_FORM, why.text);
		return;
	}
	enum batch_wrong wrong = batch_check(&b);
	if (wrong)
		box_refuse(s, SYNC_REFUSED_BATCH, batch_wrong_texts[wrong]);
	else
		take_batch(s, &b);
}

void box_stored(struct sync_box *s, const struct sync_input *in)
{
	struct store_under_way *u = NULL;
	for (size_t i = 0; i < STORES_MAX; i++)
		if (s->stores[i].id && s->stores[i].id == in->id)
			u = &s->stores[i];
	struct known_chain *c = u ? box_chain(s, &u->chain) : NULL;
	if (u)
		u->id = 0;
	if (!c)
		return;
	if (in->twin || in->failed) {
		/* Not again at once: neither a liar nor a full disk is gone the next second. */
		c->gap = 0;
		box_look_for_gap(s, c);
		c->asked = 4;
		c->ask_at_ms = s->now.mono_ms + HAVE_MS + (int64_t)box_dice(s, HAVE_MS);
		if (in->twin)
			box_refuse(s, SYNC_REFUSED_TWIN, "");
		return;
	}
	ranges_join(&c->held, &in->held);
	c->fresh = true;
	box_look_for_gap(s, c);
}

/* --- have, ack --- */

static bool reaches(const struct sync_box *s, const struct topic *t)
{
	return s->setup.reach == REACH_EVENT || !strcmp(t->venue, s->setup.venue);
}

/* What the sender has may be more than we have, and what it asks for may be here. */
static void compare(struct sync_box *s, bool again)
{
	const struct message_chains *m = &s->chains_in;
	for (uint32_t i = 0; i < m->count; i++) {
		struct known_chain *c = m->at[i].have.count ? box_chain_add(s, &m->at[i].chain)
							    : box_chain(s, &m->at[i].chain);
		if (!c)
			continue;
		if (c == &s->chains[s->self] && ranges_highest(&m->at[i].have) > c->logged)
			want_epoch(s);
		box_exists(s, c, &m->at[i].have);
		/* Who has it is there now, however long nobody has answered. */
		int64_t soon = s->now.mono_ms + HAVE_MS / 10 + (int64_t)box_dice(s, HAVE_MS / 10);
		if (c->gap && ranges_have(&m->at[i].have, c->gap) && c->ask_at_ms > soon &&
			!m->from_collector)
			c->ask_at_ms = soon;
		if (m->asks)
			box_asked(s, c, &m->at[i].have, again);
	}
}

static void hear_have(struct sync_box *s, const struct topic *t, const struct sync_input *in)
{
	/* A collector asks here only after it has asked the device itself. */
	bool again = true;
	struct message_why why;
	const struct message_chains *m = &s->chains_in;
	if (!message_read_chains(&s->chains_in, in->payload, in->size, &why) ||
		memcmp(m->sender, t->device, sizeof(m->sender)) != 0) {
		box_refuse(s, why.version ? SYNC_REFUSED_VERSION : SYNC_REFUSED_FORM, why.text);
		return;
	}
	if (in->retained || !reaches(s, t))
		return;
	if (box_is_self(s, m->sender)) {
		if (m->epoch != s->chains[s->self].id.epoch)
			box_saw_twin(s, m->wall_ms);
		return;
	}
	box_saw_stamp(s, m->stamp);
	box_saw_clock(s, m->sender, m->wall_ms, m->trust);
	if (m->from_collector) {
		hear_collector(s);
	} else {
		struct peer *p = box_peer_add(s, m->sender);
		if (!p)
			return;
		p->epoch = m->epoch;
		hear_peer(s, p, t->venue, false);
		int64_t ago = s->now.mono_ms - p->asked_ms;
		again = p->asked_ms && ago >= ASKED_APART_MS && ago < ASKED_AGAIN_MS;
		if (m->asks)
			p->asked_ms = s->now.mono_ms;
	}
	compare(s, again);
}

static void hear_ack(struct sync_box *s, const struct topic *t, const struct sync_input *in)
{
	struct message_why why;
	const struct message_chains *m = &s->chains_in;
	if (!message_read_chains(&s->chains_in, in->payload, in->size, &why) ||
		!m->from_collector) {
		box_refuse(s, why.version ? SYNC_REFUSED_VERSION : SYNC_REFUSED_FORM, why.text);
		return;
	}
	if (!in->retained) {
		hear_collector(s);
		box_saw_clock(s, m->sender, m->wall_ms, m->trust);
	}
	box_saw_stamp(s, m->stamp);
	for (uint32_t i = 0; i < m->count; i++) {
		const struct message_chain *told = &m->at[i];
		if (memcmp(told->chain.device, t->device, DEVICE_ID_SIZE) != 0)
			continue;
		struct known_chain *c = told->have.count ? box_chain_add(s, &told->chain)
							 : box_chain(s, &told->chain);
		if (!c)
			continue;
		if (c == &s->chains[s->self] && ranges_highest(&told->have) > c->logged) {
			want_epoch(s);
			continue;
		}
		box_exists(s, c, &told->have);
		box_acked(s, c, &told->have);
	}
}

/* --- fleet --- */

static void hear_fleet(struct sync_box *s, const struct topic *t, const struct sync_input *in)
{
	struct message_why why;
	if (!message_read_fleet(&s->fleet_in, in->payload, in->size, &why) ||
		s->fleet_in.page != t->page) {
		box_refuse(s, why.version ? SYNC_REFUSED_VERSION : SYNC_REFUSED_FORM, why.text);
		return;
	}
	if (in->retained)
		return;
	hear_collector(s);
	box_heard_fleet(s, &s->fleet_in);
}

void box_hear(struct sync_box *s, const struct sync_input *in)
{
	static void (*const hear[TOPIC_KINDS])(
		struct sync_box *, const struct topic *, const struct sync_input *) = {
		[TOPIC_STATE] = hear_state,
		[TOPIC_COUNT] = hear_count,
		[TOPIC_EV] = hear_ev,
		[TOPIC_GIVEN] = hear_given,
		[TOPIC_HAVE] = hear_have,
		[TOPIC_ACK] = hear_ack,
		[TOPIC_FLEET] = hear_fleet,
	};
	struct topic t;
	if (!topic_read(&t, in->topic))
		box_refuse(s, SYNC_REFUSED_FORM, "topic");
	else if (strcmp(t.event, s->setup.event) != 0)
		box_refuse(s, SYNC_REFUSED_EVENT, "");
	/* Who has gone deletes what was retained by an empty message. */
	else if (in->size)
		hear[t.kind](s, &t, in);
}
