#include "sync/collector_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DENIED_MS  60000 /* after so long a subscription that was refused is tried again */
#define ECHO_MS    5000  /* so long what was said to ourselves may take */
#define STAMP_MOST ((uint64_t)7258118400000 << 16) /* the year 2200 */

bool collector_may_publish(const struct collector *c)
{
	return c->up && (!c->setup.under_way_max || c->under_way < c->setup.under_way_max);
}

uint64_t collector_dice(struct collector *c, uint64_t below)
{
	c->dice += UINT64_C(0x9e3779b97f4a7c15);
	return collector_mix(c->dice) % below;
}

void collector_publish(struct collector *c, const char *topic, char *text, size_t len)
{
	c->under_way++;
	if (text)
		c->emit(c->context, &(struct collector_effect){ .kind = COLLECT_PUBLISH,
					    .id = ++c->last_id,
					    .topic = topic,
					    .payload = text,
					    .size = len,
					    .qos = 1 });
	free(text);
}

/* --- hearing --- */

/* A box has spoken, by itself and now. `fresh`: what we show of its venue is all that it knows, or
 * how much is queued is known. */
static void hear_box(
	struct collector *c, uint32_t n, const char *venue, const char *door, bool fresh)
{
	struct collector_box *box = &c->boxes[n];
	struct col_state *s = &c->states[n];
	if (venue) {
		size_t v = collector_venue_of(c, venue);
		memcpy(box->venue, venue, sizeof(box->venue));
		s->venue = v < c->setup.venue_count ? (int32_t)v : -1;
	}
	if (door)
		memcpy(box->door, door, sizeof(box->door));
	box->heard_mono_ms = c->now.mono_ms;
	s->live = true;
	c->boxes_changed = true;
	if (s->venue >= 0) {
		if (fresh)
			c->venues[s->venue].heard_ms = c->now.mono_ms;
		collector_venue_changed(c, (size_t)s->venue);
	}
	collector_newcomer(c, n);
}

static void see_clock(struct collector *c, uint32_t n, int64_t wall_ms)
{
	int64_t off;
	if (!__builtin_sub_overflow(wall_ms, c->now.wall_ms, &off))
		c->boxes[n].clock_off_ms = off;
}

static void see_stamp(struct collector *c, uint64_t stamp)
{
	if (stamp > c->latest && stamp < STAMP_MOST)
		c->latest = stamp;
}

static void hear_state(struct collector *c, const struct topic *t, const struct collector_input *in)
{
	struct message_state m;
	struct message_why why;
	uint8_t id[DEVICE_ID_SIZE];
	if (!message_read_state(&m, in->payload, in->size, &why))
		return;
	device_id_of(m.key, id);
	uint32_t n =
		memcmp(id, t->device, sizeof(id)) ? NONE : collector_box_of(c, t->device, true);
	if (n == NONE || !c->states[n].known)
		return;
	c->boxes[n].online = m.online;
	c->states[n].gone = !m.online;
	if (m.online && !in->retained) {
		/* A new start: its disk may have less than before. */
		c->states[n].greeted &= m.epoch == c->states[n].epoch;
		c->states[n].epoch = m.epoch;
		hear_box(c, n, m.venue, m.door, false);
		see_clock(c, n, m.wall_ms);
	} else if (!*c->boxes[n].door) {
		size_t v = collector_venue_of(c, m.venue);
		memcpy(c->boxes[n].venue, m.venue, sizeof(m.venue));
		memcpy(c->boxes[n].door, m.door, sizeof(m.door));
		c->states[n].venue = v < c->setup.venue_count ? (int32_t)v : -1;
	}
	c->boxes_changed = true;
}

static void hear_count(struct collector *c, const struct topic *t, const struct collector_input *in)
{
	struct message_why why;
	struct message_count *m = &c->count_in;
	if (!message_read_count(m, in->payload, in->size, &why))
		return;
	uint32_t n = collector_box_of(c, t->device, true);
	if (n == NONE || !c->states[n].known)
		return;
	see_stamp(c, m->stamp);
	for (uint32_t i = 0; i < m->counters; i++) {
		struct chain id = { .epoch = m->at[i].epoch };
		memcpy(id.device, t->device, sizeof(id.device));
		uint32_t k = m->at[i].rows ? collector_chain_of(c, &id, true) : NONE;
		if (k != NONE)
			collector_exists(c, k, m->at[i].rows);
	}
	if (in->retained)
		return;
	c->boxes[n].queued = m->queued;
	c->boxes[n].online = true;
	c->states[n].gone = false;
	hear_box(c, n, m->venue, m->door, true);
	see_clock(c, n, m->wall_ms);
	/* It waits for what may be here already: our word was lost. */
	if (m->queued && c->now.mono_ms - c->states[n].acked_ms > LACK_MS)
		collector_dirty_box(c, n);
}

static void hear_have(struct collector *c, const struct topic *t, const struct collector_input *in)
{
	struct message_why why;
	struct message_chains *m = &c->chains_in;
	if (!message_read_chains(m, in->payload, in->size, &why) ||
		memcmp(m->sender, t->device, sizeof(m->sender)) != 0 ||
		!memcmp(m->sender, c->setup.id, sizeof(m->sender)))
		return;
	uint32_t n = m->from_collector ? NONE : collector_box_of(c, m->sender, true);
	if (!m->from_collector && (n == NONE || !c->states[n].known))
		return;
	see_stamp(c, m->stamp);
	bool lacks = false;
	for (uint32_t i = 0; i < m->count; i++) {
		uint32_t k = collector_chain_of(c, &m->at[i].chain, m->at[i].have.count > 0);
		if (k == NONE)
			continue;
		lacks |= !span_has_all(&c->chains[k].folded, 1, ranges_highest(&m->at[i].have));
		if (m->asks && !in->retained)
			collector_asked(c, m, k, &m->at[i].have);
		collector_exists(c, k, ranges_highest(&m->at[i].have));
		/* Where its rows can be asked for, if it is not there to say so itself. */
		if (!*c->boxes[c->chains[k].box].venue)
			memcpy(c->boxes[c->chains[k].box].venue, t->venue, sizeof(t->venue));
	}
	if (in->retained || n == NONE)
		return;
	c->states[n].epoch = m->epoch;
	hear_box(c, n, t->venue, NULL, !lacks);
	see_clock(c, n, m->wall_ms);
}

/* Ours: nobody else's are subscribed to. */
static void hear_ack(struct collector *c, const struct topic *t, const struct collector_input *in)
{
	c->echoed |= !in->retained && !memcmp(t->device, c->setup.id, sizeof(t->device));
}

static void hear(struct collector *c, const struct collector_input *in)
{
	static void (*const hears[TOPIC_KINDS])(
		struct collector *, const struct topic *, const struct collector_input *) = {
		[TOPIC_STATE] = hear_state,
		[TOPIC_COUNT] = hear_count,
		[TOPIC_EV] = collector_hear_ev,
		[TOPIC_HAVE] = hear_have,
		[TOPIC_ACK] = hear_ack,
		[TOPIC_GIVEN] = collector_hear_ev,
	};
	struct topic t;
	if (in->size && topic_read(&t, in->topic) && !strcmp(t.event, c->setup.event) &&
		hears[t.kind])
		hears[t.kind](c, &t, in);
}

/* --- inputs --- */

static void subscribe_to(struct collector *c, const char *topic)
{
	c->emit(c->context,
		&(struct collector_effect){
			.kind = COLLECT_SUBSCRIBE, .id = ++c->last_id, .topic = topic, .qos = 1 });
}

static void subscribe(struct collector *c)
{
	static const enum topic_kind kinds[] = { TOPIC_STATE, TOPIC_COUNT, TOPIC_EV, TOPIC_HAVE };
	char topic[TOPIC_SIZE];
	struct topic own = { .kind = TOPIC_ACK };
	c->denied = false;
	c->subscribed_ms = c->now.mono_ms;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		topic_filter(kinds[i], c->setup.event, NULL, topic);
		subscribe_to(c, topic);
	}
	memcpy(own.event, c->setup.event, sizeof(own.event));
	memcpy(own.device, c->setup.id, sizeof(own.device));
	topic_write(&own, topic);
	subscribe_to(c, topic);
	own.kind = TOPIC_GIVEN;
	topic_write(&own, topic);
	subscribe_to(c, topic);
}

static void go_up(struct collector *c)
{
	c->up = true;
	c->up_ms = c->now.mono_ms;
	c->echoed = false;
	collector_give_reset(c);
	c->echo_ms = c->now.mono_ms - ECHO_MS; /* behind the subscriptions, at once */
	subscribe(c);
	for (size_t i = 0; i < c->page_count; i++)
		c->pages[i].sent_ms = 0;
}

static void take_row(struct collector *c, const struct row *row)
{
	struct chain id = { .epoch = row->epoch };
	struct ranges folded;
	memcpy(id.device, row->device, DEVICE_ID_SIZE);
	uint32_t n = collector_chain_of(c, &id, true);
	if (n == NONE || span_has_all(&c->chains[n].folded, row->seq, row->seq))
		return;
	span_get(&c->chains[n].folded, &folded);
	ranges_add(&folded, row->seq, row->seq);
	span_set(&c->chains[n].folded, &folded);
	if (!*c->boxes[c->chains[n].box].venue)
		memcpy(c->boxes[c->chains[n].box].venue, row->venue, sizeof(row->venue));
	collector_fold(c, row);
}

static void take(struct collector *c, const struct collector_input *in)
{
	switch (in->kind) {
	case COLLECT_UP:
		go_up(c);
		break;
	case COLLECT_DOWN:
		c->up = false;
		break;
	case COLLECT_GRANTED:
		c->denied |= in->refused;
		break;
	case COLLECT_MESSAGE:
		if (c->up)
			hear(c, in);
		break;
	case COLLECT_CHAIN:
		collector_chain_told(c, in);
		break;
	case COLLECT_ROW:
		take_row(c, in->row);
		break;
	case COLLECT_STORED:
		collector_stored(c, in);
		break;
	case COLLECT_FETCHED:
		collector_fetched(c, in->batch);
		break;
	case COLLECT_TICK:
		c->timer_ms = 0;
		break;
	}
}

static void set_timer(struct collector *c)
{
	int64_t at = collector_ack_due(c), fleet = collector_fleet_due(c);
	if (fleet < at)
		at = fleet;
	if (collector_give_due(c) < at)
		at = collector_give_due(c);
	if (!c->storing && c->queue_count && c->retry_ms < at)
		at = c->retry_ms;
	if (collector_may_publish(c) && !c->echoed && c->echo_ms + ECHO_MS < at)
		at = c->echo_ms + ECHO_MS;
	if (at == INT64_MAX)
		return;
	if (at <= c->now.mono_ms)
		at = c->now.mono_ms + 1;
	if (c->timer_ms && c->timer_ms <= at && c->timer_ms > c->now.mono_ms)
		return;
	c->timer_ms = at;
	c->emit(c->context, &(struct collector_effect){ .kind = COLLECT_TIMER, .at_ms = at });
}

void collector_step(struct collector *c, const struct collector_input *input, collector_emit *emit,
	void *context)
{
	c->emit = emit;
	c->context = context;
	c->now = input->now;
	c->under_way = input->under_way;
	take(c, input);
	/* Many of these come at the start, one after the other. */
	if (input->kind == COLLECT_ROW || input->kind == COLLECT_CHAIN)
		return;
	/* An access list may be mended while we are connected, and nobody tells us. */
	if (c->up && c->denied && c->now.mono_ms - c->subscribed_ms >= DENIED_MS)
		subscribe(c);
	if (collector_may_publish(c) && !c->echoed && c->now.mono_ms - c->echo_ms >= ECHO_MS)
		collector_echo(c);
	collector_next_store(c);
	collector_give_tick(c);
	collector_ack_tick(c);
	collector_fleet_tick(c);
	set_timer(c);
	if (c->boxes_changed) {
		c->boxes_changed = false;
		emit(context, &(struct collector_effect){ .kind = COLLECT_STATUS });
	}
}

int collector_open(struct collector **out, const struct collector_setup *setup)
{
	struct collector *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->setup = *setup;
	c->dice = setup->seed;
	c->dirty_due_ms = c->lacking_due_ms = c->tell_due_ms = INT64_MAX;
	if (c->setup.fleet_every_ms < 1)
		c->setup.fleet_every_ms = 5000;
	if (c->setup.batches_max < 1)
		c->setup.batches_max = 64;
	if (c->setup.batches_max > STORE_MAX)
		c->setup.batches_max = STORE_MAX;
	c->page_count = (setup->venue_count + MESSAGE_FLEET_PAGE - 1) / MESSAGE_FLEET_PAGE;
	if (!c->page_count)
		c->page_count = 1;
	c->venues = calloc(setup->venue_count + 1, sizeof(c->venues[0]));
	c->pages = calloc(c->page_count, sizeof(c->pages[0]));
	c->queue = calloc(QUEUE_MAX, sizeof(c->queue[0]));
	c->batches = calloc(STORE_MAX, sizeof(c->batches[0]));
	c->told = calloc(STORE_MAX, sizeof(c->told[0]));
	if (!c->venues || !c->pages || !c->queue || !c->batches || !c->told ||
		collector_index_venues(c)) {
		collector_close(c);
		return -ENOMEM;
	}
	*out = c;
	return 0;
}

void collector_close(struct collector *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->chain_count; i++) {
		span_free(&c->chains[i].held);
		span_free(&c->chains[i].folded);
	}
	for (size_t i = 0; i < c->queue_count; i++)
		free(c->queue[i].rows);
	free(c->boxes);
	free(c->states);
	free(c->box_index);
	free(c->chains);
	free(c->lacking);
	free(c->dirty);
	free(c->queue);
	free(c->batches);
	free(c->told);
	free(c->venues);
	free(c->venue_index);
	free(c->people.keys);
	free(c->people.net);
	free(c->pages);
	free(c);
}

/* --- what others see --- */

size_t collector_boxes(const struct collector *c, const struct collector_box **out)
{
	*out = c->boxes;
	return c->box_count;
}

uint64_t collector_missing(const struct collector *c, size_t i)
{
	const struct collector_box *box = &c->boxes[i];
	uint64_t missing = 0;
	if (!c->states[i].known)
		return 0;
	for (uint32_t k = c->states[i].first_chain; k != NONE; k = c->chains[k].next)
		missing += span_missing(&c->chains[k].held, c->chains[k].exists_to);
	return !missing && box->online ? box->queued : missing;
}

bool collector_drained(const struct collector *c)
{
	if (c->storing || c->queue_count || c->dirty_count)
		return false;
	for (size_t i = 0; i < c->box_count; i++)
		if (collector_missing(c, i))
			return false;
	return true;
}

enum collector_hearing collector_hearing(const struct collector *c)
{
	if (c->up && c->denied)
		return COLLECTOR_REFUSED;
	return c->up && c->echoed ? COLLECTOR_HEARS : COLLECTOR_WAITS;
}

void collector_set_known(struct collector *c,
	bool (*known)(void *context, const uint8_t device[DEVICE_ID_SIZE]), void *context)
{
	c->known = known;
	c->known_context = context;
	for (size_t i = 0; i < c->box_count; i++) {
		c->states[i].known = !known || known(context, c->boxes[i].device);
		c->boxes[i].rejected = !c->states[i].known;
	}
}
