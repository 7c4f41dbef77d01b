#include "sync/box_parts.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BACKLOG_ROWS 200   /* so many that wait are a backlog; it is over at a quarter */
#define ALONE_MS     5000  /* without a collector to take a backlog */
#define BACKLOG_MS   30000 /* with one */
#define LOOK_MS      10000 /* how often the status is looked at when nothing happens */
#define DENIED_MS    60000 /* after so long a subscription that was refused is tried again */

/* A stamp of the hybrid clock beyond the year 2200 is nobody's honest time. */
#define STAMP_MOST ((uint64_t)7258118400000 << 16)

const char *const sync_refusal_texts[] = {
	[SYNC_REFUSED_VERSION] = "a message of another version of the protocol",
	[SYNC_REFUSED_FORM] = "a message that is not well formed",
	[SYNC_REFUSED_EVENT] = "a message of another event",
	[SYNC_REFUSED_BATCH] = "rows that cannot be right",
	[SYNC_REFUSED_TWIN] = "rows that contradict those that are held",
	[SYNC_REFUSED_FULL] = "no room for more",
	[SYNC_REFUSED_BUSY] = "rows, too many at once: they will be asked for again",
	[SYNC_REFUSED_UNSIGNED] = "to send rows of an earlier identity, which nobody can sign",
};
static_assert(ARRAY_LEN(sync_refusal_texts) == SYNC_REFUSALS, "every reason needs a text");

/* splitmix64: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators" (2014). */
uint64_t box_dice(struct sync_box *s, uint64_t below)
{
	uint64_t z = (s->dice += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % below;
}

void box_refuse(struct sync_box *s, enum sync_refusal reason, const char *detail)
{
	char why[160];
	s->refusals[reason]++;
	if (s->refusal_told[reason] || !s->emit)
		return;
	s->refusal_told[reason] = true;
	snprintf(why, sizeof(why), "%s%s%s", sync_refusal_texts[reason], *detail ? ": " : "",
		detail);
	s->emit(s->context, &(struct sync_effect){ .kind = SYNC_REFUSED, .why = why });
}

uint64_t sync_refused(const struct sync_box *s, enum sync_refusal reason)
{
	return s->refusals[reason];
}

bool box_is_self(const struct sync_box *s, const uint8_t device[DEVICE_ID_SIZE])
{
	return !memcmp(s->setup.self.device, device, DEVICE_ID_SIZE);
}

int box_publish(struct sync_box *s, const char *topic, char *text, size_t len, bool retain)
{
	int id = ++s->last_id;
	if (text)
		s->emit(s->context, &(struct sync_effect){ .kind = SYNC_PUBLISH,
					    .id = id,
					    .topic = topic,
					    .payload = text,
					    .size = len,
					    .qos = 1,
					    .retain = retain });
	free(text);
	return id;
}

void box_subscribe(struct sync_box *s, const char *topic)
{
	s->subscribing++;
	s->emit(s->context,
		&(struct sync_effect){
			.kind = SYNC_SUBSCRIBE, .id = ++s->last_id, .topic = topic, .qos = 1 });
}

/* The rows of a door of our venue, by its name. */
void box_subscribe_rows(struct sync_box *s, struct peer *p)
{
	struct topic t = { .kind = TOPIC_EV };
	char name[TOPIC_SIZE];
	if (s->setup.reach == REACH_EVENT || !s->hears_rows || p->subscribed ||
		strcmp(p->venue, s->setup.venue) != 0)
		return;
	memcpy(t.event, s->setup.event, sizeof(t.event));
	memcpy(t.device, p->device, sizeof(t.device));
	topic_write(&t, name);
	box_subscribe(s, name);
	p->subscribed = true;
}

void box_subscribe_acks(struct sync_box *s, const uint8_t device[DEVICE_ID_SIZE])
{
	struct topic t = { .kind = TOPIC_ACK };
	char name[TOPIC_SIZE], hex[2 * DEVICE_ID_SIZE + 1];
	text_hex(hex, device, DEVICE_ID_SIZE);
	size_t i = 0;
	while (i < OWN_NAMES_MAX && *s->own_names[i] && strcmp(s->own_names[i], hex) != 0)
		i++;
	if (i == OWN_NAMES_MAX || *s->own_names[i])
		return;
	memcpy(s->own_names[i], hex, sizeof(hex));
	memcpy(t.event, s->setup.event, sizeof(t.event));
	memcpy(t.device, device, sizeof(t.device));
	topic_write(&t, name);
	box_subscribe(s, name);
	if (!box_is_self(s, device))
		return;
	t.kind = TOPIC_GIVEN;
	topic_write(&t, name);
	box_subscribe(s, name);
}

void box_saw_stamp(struct sync_box *s, uint64_t stamp)
{
	if (stamp <= s->latest || stamp > STAMP_MOST)
		return;
	s->latest = stamp;
	s->emit(s->context, &(struct sync_effect){ .kind = SYNC_SEEN_STAMP, .stamp = stamp });
}

/* --- inputs --- */

static void subscribe_all(struct sync_box *s)
{
	const struct sync_setup *u = &s->setup;
	char topic[TOPIC_SIZE];
	struct topic own = { .kind = TOPIC_STATE };
	bool everyone = u->reach == REACH_EVENT, small = u->venue_count <= FLEET_ALL_MAX;
	memset(s->own_names, 0, sizeof(s->own_names));
	for (size_t i = 0; i < s->peer_count; i++)
		s->peers[i].subscribed = false;
	s->subscribed_ms = s->now.mono_ms;
	box_subscribe_acks(s, u->self.device);
	for (size_t i = 0; i < s->chain_count; i++)
		if (s->chains[i].own)
			box_subscribe_acks(s, s->chains[i].id.device);
	topic_filter(TOPIC_HAVE, u->event, everyone ? NULL : u->venue, topic);
	box_subscribe(s, topic);
	if (everyone && s->hears_rows) {
		topic_filter(TOPIC_EV, u->event, NULL, topic);
		box_subscribe(s, topic);
	}
	if (small) {
		topic_filter(TOPIC_COUNT, u->event, NULL, topic);
		box_subscribe(s, topic);
		topic_filter(TOPIC_STATE, u->event, NULL, topic);
	} else {
		memcpy(own.event, u->event, sizeof(own.event));
		memcpy(own.device, u->self.device, sizeof(own.device));
		topic_write(&own, topic);
	}
	box_subscribe(s, topic);
	topic_filter(TOPIC_FLEET, u->event, NULL, topic);
	box_subscribe(s, topic);
}

static void go_up(struct sync_box *s, const struct sync_input *in)
{
	s->up = true;
	s->refused = s->denied = false;
	s->local = in->local;
	s->up_ms = s->now.mono_ms;
	s->unacked_ms = 0;
	memset(s->refusal_told, 0, sizeof(s->refusal_told));
	s->denied_now = false;
	s->subscribing = 0;
	s->hears_rows = box_queued(s) <= BACKLOG_ROWS;
	s->collector_here = false;
	box_send_reset(s);
	subscribe_all(s);
	box_tell_state(s);
	box_tell_count(s);
	box_tell_full(s);
	/* Whoever was there before may be answered by another now. */
	for (size_t i = 0; i < s->chain_count; i++) {
		s->chains[i].gap = 0;
		box_look_for_gap(s, &s->chains[i]);
	}
}

/* When a backlog goes out to nobody, or takes too long, others' rows come first. */
static int64_t rows_due(const struct sync_box *s)
{
	if (!s->up || s->hears_rows)
		return INT64_MAX;
	return s->up_ms + (s->collector_here ? BACKLOG_MS : ALONE_MS);
}

static void hear_rows(struct sync_box *s)
{
	char topic[TOPIC_SIZE];
	s->hears_rows = true;
	topic_filter(TOPIC_EV, s->setup.event, NULL, topic);
	if (s->setup.reach == REACH_EVENT)
		box_subscribe(s, topic);
	for (size_t i = 0; i < s->peer_count; i++)
		box_subscribe_rows(s, &s->peers[i]);
	/* What was said meanwhile has to be asked for. */
	for (size_t i = 0; i < s->chain_count; i++) {
		s->chains[i].gap = 0;
		box_look_for_gap(s, &s->chains[i]);
	}
}

/* An access list may be mended while we are connected, and nobody tells us. */
static void take_granted(struct sync_box *s, const struct sync_input *in)
{
	if (!s->up)
		return;
	s->denied |= in->refused;
	s->denied_now |= in->refused;
	s->subscribing -= s->subscribing > 0;
	if (s->subscribing)
		return;
	s->denied = s->denied_now;
	s->denied_now = false;
}

static void go_down(struct sync_box *s, const struct sync_input *in)
{
	s->up = s->local = false;
	s->refused = in->refused;
}

/* This is the chain that is written from now on. */
static void become(struct sync_box *s, struct known_chain *c)
{
	s->wants_epoch = false;
	if (c == &s->chains[s->self])
		return;
	s->self = (size_t)(c - s->chains);
	s->setup.self = c->id;
	s->self_ms = s->now.mono_ms;
	c->own = true;
	if (s->up)
		box_tell_state(s);
}

static void take_chain(struct sync_box *s, const struct sync_input *in)
{
	struct known_chain *c = box_chain_add(s, &in->chain);
	if (!c)
		return;
	ranges_join(&c->held, &in->held);
	ranges_join(&c->safe, &in->safe);
	c->own |= in->own;
	if (in->own && ranges_contiguous(&in->held) > c->logged)
		c->logged = ranges_contiguous(&in->held);
	if (in->own && in->current)
		become(s, c);
	if (s->up && in->own)
		box_subscribe_acks(s, in->chain.device);
	s->may_send = s->fleet_dirty = true;
	box_look_for_gap(s, c);
}

static void take_committed(struct sync_box *s, const struct sync_input *in)
{
	struct known_chain *c = &s->chains[s->self];
	if (in->seq > c->logged) {
		if (s->up && !c->urgent)
			c->urgent = c->logged + 1;
		c->logged = in->seq;
		ranges_add(&c->held, 1, in->seq);
		c->fresh = true;
		s->may_send = true;
		s->count_due = true;
	}
	if (in->latest > s->latest)
		s->latest = in->latest;
	if (in->figures) {
		s->count_lazy = true;
		s->fleet_dirty = true;
		s->figures = *in->figures;
	}
}

static void take(struct sync_box *s, const struct sync_input *in)
{
	switch (in->kind) {
	case SYNC_UP:
		go_up(s, in);
		break;
	case SYNC_DOWN:
		go_down(s, in);
		break;
	case SYNC_GRANTED:
		take_granted(s, in);
		break;
	case SYNC_PUBLISHED:
		box_published(s, in->id);
		break;
	case SYNC_MESSAGE:
		if (s->up)
			box_hear(s, in);
		break;
	case SYNC_CHAIN:
		take_chain(s, in);
		break;
	case SYNC_COMMITTED:
		take_committed(s, in);
		break;
	case SYNC_FETCHED:
		box_fetched(s, &in->chain, in->batch);
		break;
	case SYNC_STORED:
		box_stored(s, in);
		break;
	case SYNC_TICK:
		s->timer_ms = 0;
		box_send_tick(s);
		break;
	}
}

static void set_timer(struct sync_box *s)
{
	int64_t at = box_tell_due(s), sends = box_send_due(s);
	if (sends < at)
		at = sends;
	if (rows_due(s) < at)
		at = rows_due(s);
	if (s->fleet_dirty && s->fleet_at_ms < at)
		at = s->fleet_at_ms;
	if (at > s->now.mono_ms + LOOK_MS)
		at = s->now.mono_ms + LOOK_MS;
	/* One that comes in time anyway is left alone; one for the past never spins. */
	if (at <= s->now.mono_ms)
		at = s->now.mono_ms + 1;
	if (s->timer_ms && s->timer_ms <= at && s->timer_ms > s->now.mono_ms)
		return;
	s->timer_ms = at;
	s->emit(s->context, &(struct sync_effect){ .kind = SYNC_TIMER, .at_ms = at });
}

void sync_box_step(
	struct sync_box *s, const struct sync_input *input, sync_emit *emit, void *context)
{
	s->emit = emit;
	s->context = context;
	s->now = input->now;
	if (!s->opened_ms)
		s->opened_ms = s->self_ms = s->now.mono_ms ? s->now.mono_ms : 1;
	take(s, input);
	if (s->up && s->denied && s->now.mono_ms - s->subscribed_ms >= DENIED_MS)
		subscribe_all(s);
	if (s->up && !s->hears_rows &&
		(rows_due(s) <= s->now.mono_ms || box_queued(s) <= BACKLOG_ROWS / 4))
		hear_rows(s);
	box_tell_tick(s);
	box_pump(s);
	box_fleet_tick(s);
	box_status_tick(s);
	set_timer(s);
	s->emit = NULL;
}

int sync_box_open(struct sync_box **out, const struct sync_setup *setup)
{
	struct sync_box *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->setup = *setup;
	s->dice = setup->seed;
	struct known_chain *self = box_chain_add(s, &setup->self);
	if (!self || box_fleet_open(s)) {
		sync_box_close(s);
		return -ENOMEM;
	}
	self->own = true;
	*out = s;
	return 0;
}

void sync_box_close(struct sync_box *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->peer_count; i++) {
		free(s->peers[i].at);
		free(s->peers[i].moved);
	}
	free(s->peers);
	free(s->chains);
	free(s->fleet);
	free(s->told);
	free(s);
}
