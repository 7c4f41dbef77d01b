/* A simulated box around the real machine: what app/courier.c is on a kiosk. */
#include "tests/sim/box.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct when box_now(const struct box_model *b)
{
	const struct sim *s = b->party.sim;
	int64_t up_ms = s->now_ms - b->booted_ms;
	return (struct when){ .wall_ms = SIM_WALL_MS + s->now_ms + b->clock.offset_ms +
					 s->now_ms * b->clock.drift_ppm / 1000000,
		.mono_ms = up_ms + 20000,
		.trust = b->clock.trust };
}

static void sign(void *context, const uint8_t bytes[HEAD_BYTES], uint8_t out[DEVICE_SIGNATURE_SIZE])
{
	const struct box_model *b = context;
	crypto_sign_detached(out, NULL, bytes, HEAD_BYTES, b->secret);
}

/* --- figures --- */

void box_figures(const struct box_model *b, struct sync_figures *out)
{
	const struct headcount *h = &b->counts[b->place];
	memset(out, 0, sizeof(*out));
	out->present = headcount_present(h);
	out->entries = h->in;
	for (size_t i = 0; i < b->log_rows; i++)
		sync_figures_row(out, &b->log[i]->row);
	/* Of an earlier life, and lost from the log. */
	for (size_t k = 0; k < b->peers.count; k++) {
		const struct holding *at = &b->peers.at[k];
		if (memcmp(at->chain.device, b->device, sizeof(b->device)))
			continue;
		for (size_t i = 0; i < at->room; i++)
			if (at->fact[i] && !rowset_has(&b->in_log, at->fact[i]))
				sync_figures_row(out, &at->fact[i]->row);
	}
}

/* --- effects --- */

static void fetched(struct sim *s, void *who, uint64_t disk, void *what)
{
	(void)s;
	struct box_model *b = who;
	if (b->disk != disk)
		return;
	b->fetching--;
	const struct sync_effect *asked = what;
	struct row rows[BATCH_ROWS_MAX];
	struct batch batch = { .rows = rows };
	const struct holding *own = rowset_find(&b->in_log, &asked->chain);
	size_t most = asked->count < BATCH_ROWS_MAX ? (size_t)asked->count : BATCH_ROWS_MAX;
	if (own && ranges_have(&own->held, asked->first))
		for (size_t i = (size_t)asked->first - 1; batch.count < most; i++) {
			if (i >= own->room || !own->fact[i])
				break;
			rows[batch.count++] = own->fact[i]->row;
		}
	else
		holding_stretch(
			rowset_find(&b->peers, &asked->chain), asked->first, most, &batch, rows);
	struct sync_input input = { .kind = SYNC_FETCHED, .chain = asked->chain, .batch = &batch };
	box_step(b, &input);
}

struct kept_batch {
	int id;
	struct batch batch;
};

static void stored(struct sim *s, void *who, uint64_t disk, void *what)
{
	struct box_model *b = who;
	if (b->disk != disk)
		return;
	b->storing--;
	const struct kept_batch *k = what;
	struct chain chain = chain_of(&k->batch.rows[0]);
	struct sync_input input = { .kind = SYNC_STORED, .id = k->id, .chain = chain };
	if (b->full_disk)
		input.failed = true;
	else if (peers_take(b, &k->batch) == ROW_TWIN) {
		input.twin = input.failed = true;
		TRACE(s, "%s is told what it knows better", b->party.name);
	}
	const struct holding *h = rowset_find(&b->peers, &chain);
	if (h)
		input.held = h->held;
	box_step(b, &input);
	/* What the peers' rows add to our own figures. */
	box_tell_committed(b);
}

static void tick(struct sim *s, void *who, uint64_t timer, void *what)
{
	(void)s;
	(void)what;
	struct box_model *b = who;
	if (b->timer != timer || !b->powered)
		return;
	struct sync_input input = { .kind = SYNC_TICK };
	box_step(b, &input);
}

static void publish(struct box_model *b, const struct sync_effect *e)
{
	struct sim *s = b->party.sim;
	const char *payload = e->payload;
	size_t size = e->size;
	bool rows = strlen(e->topic) > 3 && !strcmp(e->topic + strlen(e->topic) - 3, "/ev");
	if (size > (rows ? MESSAGE_EV_MAX : MESSAGE_MAX))
		sim_violated(s, "messages have a limit", "%s: %zu bytes to %s", b->party.name, size,
			e->topic);
	static const char more[] = "{\"x-later\":[1,{\"a\":null}],";
	if (b->newer && size && payload[0] == '{' && payload[1] == '"') {
		char *longer = sim_alloc(s, size + sizeof(more));
		memcpy(longer, more, sizeof(more) - 1);
		memcpy(longer + sizeof(more) - 1, payload + 1, size - 1);
		payload = longer;
		size += sizeof(more) - 2;
	}
	TRACE(s, "%s -> %s %.*s", b->party.name, e->topic, (int)(size < 300 ? size : 300), payload);
	if (!party_publish(&b->party, e->id, e->topic, payload, size, e->qos, e->retain)) {
		sim_violated(s, "nothing is published without a connection", "%s: %s",
			b->party.name, e->topic);
		return;
	}
	size_t flying = 0;
	for (size_t i = 0; i < b->party.unacked_count; i++)
		flying += b->party.unacked[i].rows;
	if (flying > 16 && !s->client_resends)
		sim_violated(s, "no unbounded queue", "%s: %zu messages with rows under way",
			b->party.name, flying);
}

static void check_safe(struct box_model *b, const struct sync_effect *e)
{
	struct sim *s = b->party.sim;
	const struct holding *log = rowset_find(&b->in_log, &e->chain);
	const struct holding *peers = rowset_find(&b->peers, &e->chain);
	for (uint32_t r = 0; r < e->ranges->count; r++)
		for (uint64_t seq = e->ranges->at[r].first; seq <= e->ranges->at[r].last; seq++) {
			size_t i = (size_t)seq - 1;
			const struct fact *f = log && i < log->room ? log->fact[i] : NULL;
			if (!f)
				f = peers && i < peers->room ? peers->fact[i] : NULL;
			if (f && !f->stored) {
				sim_violated(s, "safe is only what a collector committed",
					"%s takes row %u/%llu for safe", b->party.name,
					e->chain.epoch, (unsigned long long)seq);
				return;
			}
			if (seq - e->ranges->at[r].first > 100000)
				return;
		}
}

static void store(struct box_model *b, const struct sync_effect *e)
{
	struct sim *s = b->party.sim;
	struct kept_batch *k = sim_alloc(s, sizeof(*k));
	k->id = e->id;
	k->batch = *e->batch;
	k->batch.rows = sim_copy(s, e->batch->rows, e->batch->count * sizeof(struct row));
	if (++b->storing > SIM_PATIENCE)
		sim_violated(s, "no unbounded queue", "%s stores %d", b->party.name, b->storing);
	int64_t takes_ms = chance_between(s, 1, 20) + b->slow_disk_ms;
	sim_at(s, s->now_ms + takes_ms, stored, b, b->disk, k);
}

static void fetch(struct box_model *b, const struct sync_effect *e)
{
	struct sim *s = b->party.sim;
	struct sync_effect *asked = sim_copy(s, e, sizeof(*e));
	if (++b->fetching > SIM_PATIENCE)
		sim_violated(s, "no unbounded queue", "%s fetches %d", b->party.name, b->fetching);
	int64_t takes_ms = chance_between(s, 0, 10) + b->slow_disk_ms;
	sim_at(s, s->now_ms + takes_ms, fetched, b, b->disk, asked);
}

static void take_effect(void *context, const struct sync_effect *e)
{
	struct box_model *b = context;
	struct sim *s = b->party.sim;
	switch (e->kind) {
	case SYNC_PUBLISH:
		publish(b, e);
		break;
	case SYNC_SUBSCRIBE:
		party_subscribe(&b->party, e->id, e->topic);
		break;
	case SYNC_UNSUBSCRIBE:
		party_unsubscribe(&b->party, e->topic);
		break;
	case SYNC_TIMER:
		sim_at(s, b->booted_ms + e->at_ms - 20000, tick, b, ++b->timer, NULL);
		break;
	case SYNC_FETCH:
		fetch(b, e);
		break;
	case SYNC_STORE:
		store(b, e);
		break;
	case SYNC_SAFE:
		check_safe(b, e);
		if (!b->full_disk)
			peers_note_safe(b, &e->chain, e->ranges);
		break;
	case SYNC_NEW_EPOCH:
		TRACE(s, "%s: somebody has rows of ours that we do not", b->party.name);
		box_reopen(b);
		break;
	case SYNC_SEEN_STAMP:
		if (e->stamp > b->seen)
			b->seen = e->stamp;
		break;
	case SYNC_REFUSED:
		TRACE(s, "%s refuses %s", b->party.name, e->why);
		break;
	case SYNC_FLEET:
	case SYNC_STATUS:
		break;
	}
}

void box_step(struct box_model *b, struct sync_input *input)
{
	if (!b->machine)
		return;
	input->now = box_now(b);
	sync_box_step(b->machine, input, take_effect, b);
}

/* --- the connection --- */

static void up(void *owner, bool local)
{
	box_step(owner, &(struct sync_input){ .kind = SYNC_UP, .local = local });
}

static void down(void *owner, bool refused)
{
	box_step(owner, &(struct sync_input){ .kind = SYNC_DOWN, .refused = refused });
}

static void granted(void *owner, int id, bool refused)
{
	box_step(owner, &(struct sync_input){ .kind = SYNC_GRANTED, .id = id, .refused = refused });
}

static void published(void *owner, int id)
{
	box_step(owner, &(struct sync_input){ .kind = SYNC_PUBLISHED, .id = id });
}

static void message(void *owner, const char *topic, const void *payload, size_t size, bool retained)
{
	box_note_told(owner, topic, payload, size);
	box_step(owner, &(struct sync_input){ .kind = SYNC_MESSAGE,
				.topic = topic,
				.payload = payload,
				.size = size,
				.retained = retained });
}

static const void *will(void *owner, char topic[TOPIC_SIZE], size_t *size)
{
	struct box_model *b = owner;
	AUTO_FREE char *text = sync_box_will(b->machine, topic, size);
	return text ? sim_copy(b->party.sim, text, *size) : NULL;
}

static const struct party_hooks hooks = { up, down, granted, published, message, will };

/* --- power --- */

static void tell_chain(struct box_model *b, const struct holding *h, bool own)
{
	struct sync_input input = {
		.kind = SYNC_CHAIN, .own = own, .chain = h->chain, .held = h->held
	};
	peers_safe_of(b, &h->chain, &input.safe);
	box_step(b, &input);
}

void box_tell_committed(struct box_model *b)
{
	struct sync_figures figures;
	box_figures(b, &figures);
	struct sync_input input = { .kind = SYNC_COMMITTED,
		.chain.epoch = b->epoch,
		.seq = b->seq,
		.latest = b->hlc,
		.figures = &figures };
	memcpy(input.chain.device, b->device, sizeof(input.chain.device));
	box_step(b, &input);
}

void box_power_on(struct box_model *b)
{
	struct sim *s = b->party.sim;
	if (b->powered || b->gone || b->dormant)
		return;
	b->powered = true;
	b->disk++;
	b->booted_ms = s->now_ms;
	b->fetching = b->storing = 0;
	memset(b->shown, 0, (size_t)s->venue_count * sizeof(*b->shown));
	memset(b->doubted, 0, (size_t)s->venue_count);
	box_forget_told(b);
	b->seen = 0;
	for (size_t i = 0; i < sizeof(b->boot); i++)
		b->boot[i] = (uint8_t)chance(s);
	box_log_open(b);
	for (size_t h = 0; h < b->peers.count; h++)
		for (size_t i = 0; i < b->peers.at[h].room; i++)
			if (b->peers.at[h].fact[i] && b->peers.at[h].fact[i]->row.hlc > b->hlc)
				b->hlc = b->peers.at[h].fact[i]->row.hlc;
	struct sync_setup setup = { .event = SIM_EVENT,
		.program = "0.1.0",
		.reach = s->reach,
		.self.epoch = b->epoch,
		.sign = sign,
		.sign_context = b,
		.capacity_seats = s->capacities[b->place],
		.seed = chance(s),
		.venues = (const char(*)[ID_SIZE])s->venues,
		.venue_count = (size_t)s->venue_count };
	memcpy(setup.self.device, b->device, sizeof(setup.self.device));
	memcpy(setup.key, b->key, sizeof(setup.key));
	memcpy(setup.venue, b->venue, sizeof(setup.venue));
	memcpy(setup.door, b->door, sizeof(setup.door));
	CHECK(!sync_box_open(&b->machine, &setup));
	TRACE(s, "%s is on, epoch %u, %zu rows of its own, %zu of others", b->party.name, b->epoch,
		b->log_rows, b->peers.rows);
	for (size_t h = 0; h < b->in_log.count; h++)
		tell_chain(b, &b->in_log.at[h], true);
	for (size_t h = 0; h < b->peers.count; h++)
		tell_chain(b, &b->peers.at[h], false);
	box_tell_committed(b);
	party_start(&b->party);
}

void box_power_cut(struct box_model *b)
{
	struct sim *s = b->party.sim;
	if (!b->powered)
		return;
	/* The row that was being written may be there or not; nobody saw green. */
	if (b->writing && !b->full_disk && chance_of(s, 400))
		box_commit(b, b->writing);
	b->writing = NULL;
	b->powered = b->reopen = false;
	b->disk++;
	b->timer++;
	b->first_wish = NULL;
	b->wishes = 0;
	sync_box_close(b->machine);
	b->machine = NULL;
	party_stop(&b->party, false);
	size_t lost = chance_below(s, b->entries - b->synced + 1);
	TRACE(s, "%s loses power and %zu of %zu writes of peers' rows", b->party.name, lost,
		b->entries);
	if (lost)
		peers_truncate(b, b->entries - lost);
}

void box_make(struct sim *s, int number)
{
	struct box_model *b = &s->boxes[number];
	uint8_t seed[crypto_sign_SEEDBYTES];
	for (size_t i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)chance(s);
	crypto_sign_seed_keypair(b->key, b->secret, seed);
	device_id_of(b->key, b->device);
	struct party *p = &b->party;
	p->sim = s;
	p->hooks = &hooks;
	p->owner = b;
	p->number = number;
	snprintf(p->name, sizeof(p->name), "box%d", number);
	b->place = number % s->venue_count;
	memcpy(b->venue, s->venues[b->place], sizeof(b->venue));
	snprintf(b->door, sizeof(b->door), "door%d", number);
	b->counts = sim_alloc(s, (size_t)s->venue_count * sizeof(*b->counts));
	b->shown = sim_alloc(s, (size_t)s->venue_count * sizeof(*b->shown));
	b->doubted = sim_alloc(s, (size_t)s->venue_count);
	for (int i = 0; i < s->venue_count; i++)
		headcount_init(&b->counts[i], s->venues[i], SIM_WALL_MS);
	b->clock.trust = TRUST_SYNCED;
}
