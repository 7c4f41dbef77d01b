/* A simulated collector around the real machine: what `parvis collect` is, with a store that is a
 * set of rows, durable when COMMIT has come back. */
#include "tests/sim/sim.h"

#include <string.h>

static struct when now_of(const struct station *c)
{
	const struct sim *s = c->party.sim;
	return (struct when){ .wall_ms = SIM_WALL_MS + s->now_ms + c->clock.offset_ms,
		.mono_ms = s->now_ms - c->booted_ms + 50000,
		.trust = c->clock.trust };
}

static void take_effect(void *context, const struct collector_effect *e);

static void step(struct station *c, struct collector_input *input)
{
	if (!c->machine)
		return;
	input->now = now_of(c);
	collector_step(c->machine, input, take_effect, c);
}

struct kept_batches {
	int id;
	struct batch *batches;
	size_t count;
};

static void keep_row(struct station *c, struct fact *f, const struct witness *w)
{
	struct sim *s = c->party.sim;
	enum row_added added = rowset_add(s, &c->store, f, w);
	if (added == ROW_TWIN)
		sim_violated(s, "no row is kept that nobody wrote", "%s: two rows claim %u/%llu",
			c->party.name, f->row.epoch, (unsigned long long)f->row.seq);
	if (added != ROW_ADDED)
		return;
	if (!f->committed)
		sim_violated(s, "no row is kept that nobody wrote", "%s, row %u/%llu",
			c->party.name, f->row.epoch, (unsigned long long)f->row.seq);
	f->stored = true;
	if (c->stored == c->order_room) {
		size_t room = c->order_room ? 2 * c->order_room : 128;
		struct fact **order = sim_alloc(s, room * sizeof(struct fact *));
		const struct witness **witnesses = sim_alloc(s, room * sizeof(*witnesses));
		if (c->stored) {
			memcpy(order, c->order, c->stored * sizeof(struct fact *));
			memcpy(witnesses, c->order_witness, c->stored * sizeof(*witnesses));
		}
		c->order = order;
		c->order_witness = witnesses;
		c->order_room = room;
	}
	c->order[c->stored] = f;
	c->order_witness[c->stored++] = w;
}

static void commit(struct station *c, const struct kept_batches *k)
{
	struct sim *s = c->party.sim;
	for (size_t i = 0; i < k->count; i++) {
		const struct batch *b = &k->batches[i];
		struct witness *w = sim_alloc(s, sizeof(*w));
		memcpy(w->key, b->key, sizeof(w->key));
		memcpy(w->signature, b->signature, sizeof(w->signature));
		for (size_t r = 0; r < b->count; r++)
			keep_row(c, fact_of(s, &b->rows[r]), r + 1 == b->count ? w : NULL);
	}
}

static void tell_held(struct station *c, const struct kept_batches *k)
{
	for (size_t i = 0; i < k->count; i++) {
		struct chain chain = chain_of(&k->batches[i].rows[0]);
		bool told = false;
		for (size_t j = 0; j < i && !told; j++) {
			struct chain other = chain_of(&k->batches[j].rows[0]);
			told = chain_same(&other, &chain);
		}
		struct collector_input input = { .kind = COLLECT_CHAIN, .chain = chain };
		const struct holding *h = rowset_find(&c->store, &chain);
		if (h)
			input.held = h->held;
		if (!told)
			step(c, &input);
	}
}

static void stored(struct sim *s, void *who, uint64_t disk, void *what)
{
	struct station *c = who;
	const struct kept_batches *k = what;
	if (c->disk != disk)
		return;
	c->storing--;
	if (c->crash_before > 0) {
		c->crash_before--;
		TRACE(s, "%s dies before COMMIT", c->party.name);
		station_crash(c);
		return;
	}
	bool failed = c->full_disk > 0;
	if (!failed)
		commit(c, k);
	if (!failed && c->crash_after > 0) {
		c->crash_after--;
		TRACE(s, "%s dies after COMMIT", c->party.name);
		station_crash(c);
		return;
	}
	TRACE(s, "%s %s %zu batches", c->party.name, failed ? "cannot keep" : "has", k->count);
	if (!failed)
		tell_held(c, k);
	step(c, &(struct collector_input){ .kind = COLLECT_STORED, .id = k->id, .failed = failed });
}

static void store(struct station *c, const struct collector_effect *e)
{
	struct sim *s = c->party.sim;
	struct kept_batches *k = sim_alloc(s, sizeof(*k));
	k->id = e->id;
	k->count = e->batch_count;
	k->batches = sim_copy(s, e->batches, e->batch_count * sizeof(struct batch));
	for (size_t i = 0; i < k->count; i++)
		k->batches[i].rows =
			sim_copy(s, e->batches[i].rows, e->batches[i].count * sizeof(struct row));
	if (++c->storing > 1)
		sim_violated(s, "no unbounded queue", "%s has %d STOREs under way", c->party.name,
			c->storing);
	sim_at(s, s->now_ms + chance_between(s, 2, 40) + c->slow_disk_ms, stored, c, c->disk, k);
}

static void fetched(struct sim *s, void *who, uint64_t disk, void *what)
{
	(void)s;
	struct station *c = who;
	const struct collector_effect *asked = what;
	struct row rows[BATCH_ROWS_MAX];
	struct batch batch;
	if (c->disk != disk)
		return;
	holding_stretch(
		rowset_find(&c->store, &asked->chain), asked->first, asked->count, &batch, rows);
	step(c, &(struct collector_input){
			.kind = COLLECT_FETCHED, .chain = asked->chain, .batch = &batch });
}

static void fetch(struct station *c, const struct collector_effect *e)
{
	struct sim *s = c->party.sim;
	sim_at(s, s->now_ms + chance_between(s, 0, 10) + c->slow_disk_ms, fetched, c, c->disk,
		sim_copy(s, e, sizeof(*e)));
}

static void tick(struct sim *s, void *who, uint64_t timer, void *what)
{
	(void)s;
	(void)what;
	struct station *c = who;
	if (c->timer == timer && c->running)
		step(c, &(struct collector_input){ .kind = COLLECT_TICK });
}

/* An acknowledgement of what is not committed is the one lie that loses rows. */
static void check_ack(struct station *c, const struct collector_effect *e)
{
	struct sim *s = c->party.sim;
	struct topic topic;
	if (!topic_read(&topic, e->topic) || topic.kind != TOPIC_ACK)
		return;
	struct message_chains *m = sim_alloc(s, sizeof(*m));
	struct message_why why;
	if (!message_read_chains(m, e->payload, e->size, &why)) {
		sim_violated(s, "messages are well-formed", "%s: %s", e->topic, why.text);
		return;
	}
	for (uint32_t i = 0; i < m->count; i++) {
		const struct holding *h = rowset_find(&c->store, &m->at[i].chain);
		const struct ranges *have = &m->at[i].have;
		for (uint32_t r = 0; r < have->count; r++)
			if (!h || !ranges_have_all(&h->held, have->at[r].first, have->at[r].last))
				sim_violated(s, "an acknowledgement is of what was committed",
					"%s acknowledges up to %llu", c->party.name,
					(unsigned long long)have->at[r].last);
	}
}

static void publish(struct station *c, const struct collector_effect *e)
{
	struct sim *s = c->party.sim;
	TRACE(s, "%s -> %s %.*s", c->party.name, e->topic, (int)(e->size < 300 ? e->size : 300),
		(const char *)e->payload);
	check_ack(c, e);
	if (e->size > MESSAGE_MAX)
		sim_violated(s, "messages have a limit", "%s: %zu bytes", e->topic, e->size);
	if (!party_publish(&c->party, e->id, e->topic, e->payload, e->size, e->qos, e->retain))
		sim_violated(s, "nothing is published without a connection", "%s: %s",
			c->party.name, e->topic);
}

static void take_effect(void *context, const struct collector_effect *e)
{
	struct station *c = context;
	struct sim *s = c->party.sim;
	switch (e->kind) {
	case COLLECT_PUBLISH:
		publish(c, e);
		break;
	case COLLECT_SUBSCRIBE:
		party_subscribe(&c->party, e->id, e->topic);
		break;
	case COLLECT_TIMER:
		sim_at(s, c->booted_ms + e->at_ms - 50000, tick, c, ++c->timer, NULL);
		break;
	case COLLECT_STORE:
		store(c, e);
		break;
	case COLLECT_FETCH:
		fetch(c, e);
		break;
	case COLLECT_REFUSED:
		c->refused++;
		TRACE(s, "%s refuses a batch: %s", c->party.name, batch_wrong_texts[e->why]);
		break;
	case COLLECT_STATUS:
		break;
	}
}

/* --- the connection --- */

static void up(void *owner, bool local)
{
	(void)local;
	step(owner, &(struct collector_input){ .kind = COLLECT_UP });
}

static void down(void *owner, bool refused)
{
	step(owner, &(struct collector_input){ .kind = COLLECT_DOWN, .refused = refused });
}

static void granted(void *owner, int id, bool refused)
{
	step(owner,
		&(struct collector_input){ .kind = COLLECT_GRANTED, .id = id, .refused = refused });
}

static void published(void *owner, int id)
{
	(void)owner;
	(void)id;
}

static void message(void *owner, const char *topic, const void *payload, size_t size, bool retained)
{
	step(owner, &(struct collector_input){ .kind = COLLECT_MESSAGE,
			    .topic = topic,
			    .payload = payload,
			    .size = size,
			    .retained = retained });
}

static const struct party_hooks hooks = { up, down, granted, published, message, NULL };

/* --- its life --- */

/* Whether a device is one of the event's: the list that `parvis collect` has. */
static bool is_known(void *context, const uint8_t device[DEVICE_ID_SIZE])
{
	const struct sim *s = context;
	for (int i = 0; i < s->box_count; i++)
		if (!memcmp(s->boxes[i].device, device, DEVICE_ID_SIZE))
			return true;
	return false;
}

void station_start(struct station *c)
{
	struct sim *s = c->party.sim;
	if (c->running || c->gone)
		return;
	c->running = true;
	c->disk++;
	c->storing = 0;
	c->booted_ms = s->now_ms;
	struct collector_setup setup = { .event = SIM_EVENT,
		.seed = chance(s),
		.venues = (const char(*)[ID_SIZE])s->venues,
		.capacities = s->capacities,
		.venue_count = (size_t)s->venue_count,
		.fleet_every_ms = s->fleet_every_ms };
	for (size_t i = 0; i < sizeof(setup.id); i++)
		setup.id[i] = (uint8_t)chance(s);
	CHECK(!collector_open(&c->machine, &setup));
	collector_set_known(c->machine, is_known, s);
	TRACE(s, "%s starts with %zu rows", c->party.name, c->stored);
	for (size_t i = 0; i < c->store.count; i++)
		step(c, &(struct collector_input){ .kind = COLLECT_CHAIN,
				.chain = c->store.at[i].chain,
				.held = c->store.at[i].held });
	for (size_t i = 0; i < c->stored; i++)
		step(c, &(struct collector_input){ .kind = COLLECT_ROW, .row = &c->order[i]->row });
	party_start(&c->party);
}

static void again(struct sim *s, void *who, uint64_t disk, void *what)
{
	(void)s;
	(void)what;
	struct station *c = who;
	if (c->disk == disk)
		station_start(c);
}

/* Dies, and is started again by its supervisor. */
void station_crash(struct station *c)
{
	struct sim *s = c->party.sim;
	if (!c->running)
		return;
	c->running = false;
	c->disk++;
	c->timer++;
	collector_close(c->machine);
	c->machine = NULL;
	party_stop(&c->party, false);
	sim_at(s, s->now_ms + chance_between(s, 500, 8000), again, c, c->disk, NULL);
}

void station_roll_back(struct station *c, size_t rows)
{
	struct sim *s = c->party.sim;
	station_crash(c);
	TRACE(s, "%s goes back to a copy with %zu of %zu rows", c->party.name, rows, c->stored);
	rowset_clear(&c->store);
	for (size_t i = 0; i < rows; i++)
		(void)rowset_add(s, &c->store, c->order[i], c->order_witness[i]);
	c->stored = rows;
}

void station_make(struct sim *s, int number)
{
	struct station *c = &s->stations[number];
	struct party *p = &c->party;
	c->number = number;
	p->sim = s;
	p->hooks = &hooks;
	p->owner = c;
	p->number = s->box_count + number;
	snprintf(p->name, sizeof(p->name), "collector%d", number);
	c->clock.trust = TRUST_SYNCED;
}
