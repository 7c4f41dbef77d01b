#include "tests/fake/doors.h"

#include "door/hlc.h"
#include "store/device_key.h"
#include "store/log.h"

#include <stdlib.h>
#include <string.h>

#define SUBSCRIPTIONS 64
#define RETAINED      64
#define DISK_MS       3

/* Rows as one signed stretch, as peers.db keeps them; of our own log each row is one. */
struct stretch {
	struct batch batch;
	struct row *rows;
};

struct node {
	bool is_collector, up;
	struct sync_box *box;
	struct collector *collector;
	struct device_key *key;
	uint8_t seed[32];
	struct chain self;
	uint32_t opened;
	int64_t clock_off_ms, timer_ms;
	uint64_t hlc;
	/* The log, and what came from others. */
	struct row *log;
	size_t log_count;
	struct stretch *kept;
	size_t kept_count;
	struct {
		struct chain chain;
		struct ranges safe;
	} safe[16];
	size_t safe_count;
	char filters[SUBSCRIPTIONS][TOPIC_SIZE];
	unsigned filter_count, new_epochs;
	struct sync_figures figures;
	int64_t bytes_a_second; /* 0: no limit */
	int64_t up_free_us, down_free_us;
};

/* An input on its way. */
struct mail {
	int64_t at_ms;
	uint64_t order;
	unsigned to, life;
	struct sync_input box;
	struct collector_input collector;
	char topic[TOPIC_SIZE];
	uint8_t *payload;
	struct row *rows;
	struct batch batch, *batches;
	size_t batch_count;
};

struct doors {
	unsigned boxes, count;
	enum sync_reach reach;
	struct node nodes[DOORS_MAX];
	unsigned lives[DOORS_MAX];
	char venues[DOORS_MAX][ID_SIZE];
	uint32_t capacities[DOORS_MAX];
	int64_t now_ms, latency_ms;
	struct mail *mail;
	size_t mail_count, mail_room;
	uint64_t order;
	struct {
		char topic[TOPIC_SIZE];
		uint8_t *payload;
		size_t size;
	} retained[RETAINED];
	size_t retained_count;
	struct {
		char topic[TOPIC_SIZE];
		size_t size;
	} * said;
	size_t said_count;
	size_t written;
	bool (*drop)(void *context, unsigned from, unsigned to, const char *topic);
	void *drop_context;
	uint64_t loss_dice;
	unsigned loss_one_in; /* 0: none */
	void (*listen)(void *context, const char *topic, const void *payload, size_t size);
	void *listen_context;
	unsigned acting; /* whose effects are being taken */
};

static void *must(void *p)
{
	CHECK(p != NULL);
	return p;
}

static void *copy_of(const void *bytes, size_t size)
{
	return memcpy(must(malloc(size ? size : 1)), bytes, size);
}

static struct when when_of(const struct doors *d, unsigned who)
{
	return (struct when){ .wall_ms = DOORS_START + d->now_ms + d->nodes[who].clock_off_ms,
		.mono_ms = d->now_ms,
		.trust = TRUST_FREE };
}

void doors_venue(unsigned who, char out[ID_SIZE])
{
	snprintf(out, ID_SIZE, "venue-%u", who / 2);
}

/* --- time and mail --- */

static struct mail *post(struct doors *d, unsigned to, int64_t in_ms)
{
	if (d->mail_count == d->mail_room) {
		d->mail_room = d->mail_room ? 2 * d->mail_room : 256;
		d->mail = must(realloc(d->mail, d->mail_room * sizeof(*d->mail)));
	}
	struct mail *m = &d->mail[d->mail_count++];
	memset(m, 0, sizeof(*m));
	m->at_ms = d->now_ms + in_ms;
	m->order = d->order++;
	m->to = to;
	m->life = d->lives[to];
	return m;
}

static void free_mail(struct mail *m)
{
	free(m->payload);
	free(m->rows);
	free(m->batches);
}

static void act(struct doors *d, unsigned who, struct mail *m);

static bool next_mail(struct doors *d, int64_t until, struct mail *out)
{
	size_t best = d->mail_count;
	for (size_t i = 0; i < d->mail_count; i++)
		if (d->mail[i].at_ms <= until &&
			(best == d->mail_count || d->mail[i].at_ms < d->mail[best].at_ms ||
				(d->mail[i].at_ms == d->mail[best].at_ms &&
					d->mail[i].order < d->mail[best].order)))
			best = i;
	if (best == d->mail_count)
		return false;
	*out = d->mail[best];
	d->mail[best] = d->mail[--d->mail_count];
	return true;
}

void doors_run(struct doors *d, int64_t ms)
{
	int64_t until = d->now_ms + ms;
	for (;;) {
		struct mail m;
		int64_t next = until;
		unsigned timer = d->count;
		for (unsigned i = 0; i < d->count; i++)
			if (d->nodes[i].timer_ms && d->nodes[i].timer_ms <= next) {
				next = d->nodes[i].timer_ms;
				timer = i;
			}
		if (next_mail(d, next, &m)) {
			if (m.at_ms > d->now_ms)
				d->now_ms = m.at_ms;
			if (m.life == d->lives[m.to])
				act(d, m.to, &m);
			free_mail(&m);
		} else if (timer < d->count) {
			if (next > d->now_ms)
				d->now_ms = next;
			d->nodes[timer].timer_ms = 0;
			m = (struct mail){ .box = { .kind = SYNC_TICK },
				.collector = { .kind = COLLECT_TICK } };
			act(d, timer, &m);
		} else {
			d->now_ms = until;
			return;
		}
	}
}

int64_t doors_now(const struct doors *d)
{
	return d->now_ms;
}

/* --- the broker --- */

static bool matches(const char *filter, const char *topic)
{
	for (;;) {
		size_t f = strcspn(filter, "/"), t = strcspn(topic, "/");
		if (f == 1 && *filter == '#')
			return true;
		if (!(f == 1 && *filter == '+') && (f != t || memcmp(filter, topic, f) != 0))
			return false;
		filter += f;
		topic += t;
		if (!*filter || !*topic)
			return !strcmp(filter, topic) || !strcmp(filter, "/#");
		filter++;
		topic++;
	}
}

void doors_set_link(struct doors *d, unsigned count, int64_t bytes_a_second)
{
	for (unsigned i = 0; i < count; i++)
		d->nodes[i].bytes_a_second = bytes_a_second;
}

/* When `size` bytes that set out at `from_us` are through. */
static int64_t through_us(int64_t *free_us, int64_t from_us, size_t size, int64_t bytes_a_second)
{
	if (!bytes_a_second)
		return from_us;
	if (*free_us < from_us)
		*free_us = from_us;
	*free_us += ((int64_t)size + 60) * 1000000 / bytes_a_second;
	return *free_us;
}

static bool is_lost(struct doors *d)
{
	d->loss_dice = d->loss_dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return d->loss_one_in && (d->loss_dice >> 33) % d->loss_one_in == 0;
}

static void deliver(struct doors *d, unsigned from, unsigned to, const char *topic,
	const void *payload, size_t size, bool retained)
{
	if (is_lost(d) || (d->drop && d->drop(d->drop_context, from, to, topic)))
		return;
	/* A link of its own each way; what waits for the one waits for the other. */
	int64_t at_us = d->now_ms * 1000;
	if (from < d->count)
		at_us = d->nodes[from].up_free_us > at_us ? d->nodes[from].up_free_us : at_us;
	at_us = through_us(&d->nodes[to].down_free_us, at_us, size + strlen(topic),
		d->nodes[to].bytes_a_second);
	struct mail *m = post(d, to, d->latency_ms * 2 + at_us / 1000 - d->now_ms);
	snprintf(m->topic, sizeof(m->topic), "%s", topic);
	m->payload = copy_of(payload, size);
	m->box = (struct sync_input){ .kind = SYNC_MESSAGE, .size = size, .retained = retained };
	m->collector = (struct collector_input){
		.kind = COLLECT_MESSAGE, .size = size, .retained = retained
	};
}

static void retain(struct doors *d, const char *topic, const void *payload, size_t size)
{
	size_t i = 0;
	while (i < d->retained_count && strcmp(d->retained[i].topic, topic) != 0)
		i++;
	CHECK(i < RETAINED);
	if (i == d->retained_count)
		d->retained_count++;
	else
		free(d->retained[i].payload);
	snprintf(d->retained[i].topic, TOPIC_SIZE, "%s", topic);
	d->retained[i].payload = copy_of(payload, size);
	d->retained[i].size = size;
}

static void publish(struct doors *d, unsigned from, const char *topic, const void *payload,
	size_t size, bool retained)
{
	d->said = must(realloc(d->said, (d->said_count + 1) * sizeof(*d->said)));
	snprintf(d->said[d->said_count].topic, TOPIC_SIZE, "%s", topic);
	d->said[d->said_count++].size = size;
	if (from < d->count)
		(void)through_us(&d->nodes[from].up_free_us, d->now_ms * 1000, size + strlen(topic),
			d->nodes[from].bytes_a_second);
	if (d->listen)
		d->listen(d->listen_context, topic, payload, size);
	if (retained)
		retain(d, topic, payload, size);
	for (unsigned i = 0; i < d->count; i++)
		for (unsigned k = 0; d->nodes[i].up && k < d->nodes[i].filter_count; k++)
			if (matches(d->nodes[i].filters[k], topic)) {
				deliver(d, from, i, topic, payload, size, false);
				break;
			}
}

void doors_say(struct doors *d, const char *topic, const void *payload, size_t size)
{
	publish(d, DOORS_MAX, topic, payload, size, false);
}

static void subscribe(struct doors *d, unsigned who, const char *topic)
{
	struct node *n = &d->nodes[who];
	CHECK(n->filter_count < SUBSCRIPTIONS);
	snprintf(n->filters[n->filter_count++], TOPIC_SIZE, "%s", topic);
	for (size_t i = 0; i < d->retained_count; i++)
		if (matches(topic, d->retained[i].topic))
			deliver(d, DOORS_MAX, who, d->retained[i].topic, d->retained[i].payload,
				d->retained[i].size, true);
}

size_t doors_published(const struct doors *d, const char *end, size_t *bytes)
{
	size_t count = 0;
	*bytes = 0;
	for (size_t i = 0; i < d->said_count; i++) {
		size_t n = strlen(d->said[i].topic), e = strlen(end);
		if (n < e || strcmp(d->said[i].topic + n - e, end) != 0)
			continue;
		count++;
		*bytes += d->said[i].size;
	}
	return count;
}

void doors_forget(struct doors *d)
{
	for (size_t i = 0; i < d->retained_count; i++)
		free(d->retained[i].payload);
	d->retained_count = 0;
}

/* --- disks --- */

static bool same_row(const struct row *a, const struct row *b)
{
	return a->seq == b->seq && a->epoch == b->epoch &&
	       !memcmp(a->device, b->device, DEVICE_ID_SIZE);
}

static bool has_row(const struct node *n, const struct row *row)
{
	for (size_t i = 0; i < n->log_count; i++)
		if (same_row(&n->log[i], row))
			return true;
	for (size_t i = 0; i < n->kept_count; i++)
		for (size_t k = 0; k < n->kept[i].batch.count; k++)
			if (same_row(&n->kept[i].rows[k], row))
				return true;
	return false;
}

size_t doors_rows(const struct doors *d, unsigned who)
{
	const struct node *n = &d->nodes[who];
	size_t count = n->log_count;
	for (size_t i = 0; i < n->kept_count; i++)
		for (size_t k = 0; k < n->kept[i].batch.count; k++) {
			bool again = false;
			for (size_t j = 0; j < i && !again; j++)
				for (size_t l = 0; l < n->kept[j].batch.count && !again; l++)
					again = same_row(&n->kept[j].rows[l], &n->kept[i].rows[k]);
			count += !again;
		}
	return count;
}

static void ticket_hash(unsigned ticket, uint8_t out[TICKET_HASH_SIZE])
{
	memset(out, 0, TICKET_HASH_SIZE);
	memcpy(out, &ticket, sizeof(ticket));
}

bool doors_has_ticket(const struct doors *d, unsigned who, unsigned ticket)
{
	const struct node *n = &d->nodes[who];
	uint8_t hash[TICKET_HASH_SIZE];
	ticket_hash(ticket, hash);
	for (size_t i = 0; i < n->log_count; i++)
		if (!memcmp(n->log[i].ticket, hash, sizeof(hash)))
			return true;
	for (size_t i = 0; i < n->kept_count; i++)
		for (size_t k = 0; k < n->kept[i].batch.count; k++)
			if (!memcmp(n->kept[i].rows[k].ticket, hash, sizeof(hash)))
				return true;
	return false;
}

static void keep(struct node *n, const struct batch *b)
{
	bool any = false;
	for (size_t i = 0; i < b->count; i++)
		any |= !has_row(n, &b->rows[i]);
	if (!any)
		return;
	n->kept = must(realloc(n->kept, (n->kept_count + 1) * sizeof(*n->kept)));
	struct stretch *s = &n->kept[n->kept_count++];
	s->batch = *b;
	s->rows = copy_of(b->rows, b->count * sizeof(b->rows[0]));
	s->batch.rows = s->rows;
}

static bool is_of(const struct row *row, const struct chain *chain)
{
	return row->epoch == chain->epoch && !memcmp(row->device, chain->device, DEVICE_ID_SIZE);
}

static struct ranges kept_of(const struct node *n, const struct chain *chain)
{
	struct ranges r = { .count = 0 };
	for (size_t i = 0; i < n->kept_count; i++)
		if (is_of(&n->kept[i].rows[0], chain))
			ranges_add(&r, n->kept[i].rows[0].seq,
				n->kept[i].rows[n->kept[i].batch.count - 1].seq);
	return r;
}

static struct ranges logged_of(const struct node *n, const struct chain *chain)
{
	struct ranges r = { .count = 0 };
	for (size_t i = 0; i < n->log_count; i++)
		if (is_of(&n->log[i], chain))
			ranges_add(&r, n->log[i].seq, n->log[i].seq);
	return r;
}

/* --- effects of boxes --- */

static void fetch(
	struct doors *d, unsigned who, const struct chain *chain, uint64_t first, uint64_t most)
{
	struct node *n = &d->nodes[who];
	struct mail *m = post(d, who, DISK_MS);
	m->box = (struct sync_input){ .kind = SYNC_FETCHED, .chain = *chain };
	m->collector = (struct collector_input){ .kind = COLLECT_FETCHED, .chain = *chain };
	m->rows = must(calloc(BATCH_ROWS_MAX, sizeof(struct row)));
	CHECK(most >= 1 && most <= BATCH_ROWS_MAX);
	for (size_t i = 0; i < n->log_count && m->batch.count < most; i++)
		if (is_of(&n->log[i], chain) && n->log[i].seq == first + m->batch.count)
			m->rows[m->batch.count++] = n->log[i];
	m->batch.rows = m->rows;
	/* Stretch after stretch, each whole. */
	for (size_t i = 0; !m->batch.count || m->batch.is_signed; i++) {
		uint64_t next = first + m->batch.count;
		for (i = 0; i < n->kept_count; i++)
			if (is_of(&n->kept[i].rows[0], chain) && n->kept[i].rows[0].seq <= next &&
				n->kept[i].rows[n->kept[i].batch.count - 1].seq >= next)
				break;
		const struct stretch *s = &n->kept[i];
		if (i == n->kept_count ||
			(m->batch.count && s->rows[s->batch.count - 1].seq >= first + most))
			break;
		size_t from = (size_t)(next - s->rows[0].seq), count = m->batch.count;
		memcpy(m->rows + count, s->rows + from,
			(s->batch.count - from) * sizeof(struct row));
		m->batch = s->batch;
		m->batch.count = count + s->batch.count - from;
		m->batch.rows = m->rows;
	}
}

static void store(struct doors *d, unsigned who, const struct sync_effect *e)
{
	struct mail *m = post(d, who, DISK_MS);
	keep(&d->nodes[who], e->batch);
	m->box = (struct sync_input){ .kind = SYNC_STORED,
		.id = e->id,
		.chain = e->chain,
		.held = kept_of(&d->nodes[who], &e->chain) };
}

static void save_safe(struct node *n, const struct sync_effect *e)
{
	size_t i = 0;
	while (i < n->safe_count && memcmp(&n->safe[i].chain, &e->chain, sizeof(e->chain)) != 0)
		i++;
	CHECK(i < ARRAY_LEN(n->safe));
	if (i == n->safe_count)
		n->safe[n->safe_count++].chain = e->chain;
	n->safe[i].safe = *e->ranges;
}

static struct ranges safe_of(const struct node *n, const struct chain *chain)
{
	for (size_t i = 0; i < n->safe_count; i++)
		if (!memcmp(&n->safe[i].chain, chain, sizeof(*chain)))
			return n->safe[i].safe;
	return (struct ranges){ .count = 0 };
}

static void new_epoch(struct doors *d, unsigned who)
{
	struct node *n = &d->nodes[who];
	n->self.epoch = who * 1000 + ++n->opened;
	struct mail *m = post(d, who, DISK_MS);
	m->box = (struct sync_input){
		.kind = SYNC_CHAIN, .chain = n->self, .own = true, .current = true
	};
}

static void take_effect(void *context, const struct sync_effect *e)
{
	struct doors *d = context;
	unsigned who = d->acting;
	struct node *n = &d->nodes[who];
	switch (e->kind) {
	case SYNC_PUBLISH: {
		CHECK(n->up);
		publish(d, who, e->topic, e->payload, e->size, e->retain);
		int64_t sent_ms = n->up_free_us / 1000 - d->now_ms;
		struct mail *m = post(d, who, 2 * d->latency_ms + (sent_ms > 0 ? sent_ms : 0));
		m->box = (struct sync_input){ .kind = SYNC_PUBLISHED, .id = e->id };
		break;
	}
	case SYNC_SUBSCRIBE: {
		CHECK(n->up);
		subscribe(d, who, e->topic);
		struct mail *m = post(d, who, 2 * d->latency_ms);
		m->box = (struct sync_input){ .kind = SYNC_GRANTED, .id = e->id };
		break;
	}
	case SYNC_TIMER:
		CHECK(e->at_ms > d->now_ms);
		n->timer_ms = e->at_ms;
		break;
	case SYNC_FETCH:
		fetch(d, who, &e->chain, e->first, e->count);
		break;
	case SYNC_STORE:
		store(d, who, e);
		break;
	case SYNC_SAFE:
		save_safe(n, e);
		break;
	case SYNC_NEW_EPOCH:
		n->new_epochs++;
		new_epoch(d, who);
		break;
	case SYNC_SEEN_STAMP:
		if (e->stamp > n->hlc)
			n->hlc = e->stamp;
		break;
	case SYNC_UNSUBSCRIBE:
	case SYNC_FLEET:
	case SYNC_STATUS:
	case SYNC_REFUSED:
		break;
	}
}

static void step_box(struct doors *d, unsigned who, struct sync_input *in)
{
	in->now = when_of(d, who);
	d->acting = who;
	sync_box_step(d->nodes[who].box, in, take_effect, d);
}

/* --- effects of collectors --- */

static void commit(struct doors *d, unsigned who, const struct collector_effect *e)
{
	struct node *n = &d->nodes[who];
	for (size_t i = 0; i < e->batch_count; i++)
		keep(n, &e->batches[i]);
	for (size_t i = 0; i < e->batch_count; i++) {
		struct mail *m = post(d, who, DISK_MS);
		m->collector.kind = COLLECT_CHAIN;
		memcpy(m->collector.chain.device, e->batches[i].rows[0].device, DEVICE_ID_SIZE);
		m->collector.chain.epoch = e->batches[i].rows[0].epoch;
		m->collector.held = kept_of(n, &m->collector.chain);
	}
	struct mail *m = post(d, who, DISK_MS);
	m->collector = (struct collector_input){ .kind = COLLECT_STORED, .id = e->id };
}

static void take_collector_effect(void *context, const struct collector_effect *e)
{
	struct doors *d = context;
	unsigned who = d->acting;
	switch (e->kind) {
	case COLLECT_PUBLISH:
		CHECK(d->nodes[who].up);
		publish(d, who, e->topic, e->payload, e->size, e->retain);
		break;
	case COLLECT_SUBSCRIBE:
		CHECK(d->nodes[who].up);
		subscribe(d, who, e->topic);
		break;
	case COLLECT_TIMER:
		CHECK(e->at_ms > d->now_ms);
		d->nodes[who].timer_ms = e->at_ms;
		break;
	case COLLECT_STORE:
		commit(d, who, e);
		break;
	case COLLECT_FETCH:
		fetch(d, who, &e->chain, e->first, e->count);
		break;
	case COLLECT_REFUSED:
	case COLLECT_STATUS:
		break;
	}
}

static void step_collector(struct doors *d, unsigned who, struct collector_input *in)
{
	in->now = when_of(d, who);
	d->acting = who;
	collector_step(d->nodes[who].collector, in, take_collector_effect, d);
}

static void commit_figures(struct doors *d, unsigned who)
{
	struct node *n = &d->nodes[who];
	struct headcount h;
	char venue[ID_SIZE];
	struct sync_input in = { .kind = SYNC_COMMITTED, .latest = n->hlc, .figures = &n->figures };
	struct ranges r = logged_of(n, &n->self);
	in.seq = ranges_highest(&r);
	doors_venue(who, venue);
	headcount_init(&h, venue, 0);
	for (size_t i = 0; i < n->log_count; i++)
		headcount_apply(&h, &n->log[i]);
	for (size_t i = 0; i < n->kept_count; i++)
		for (size_t k = 0; k < n->kept[i].batch.count; k++)
			headcount_apply(&h, &n->kept[i].rows[k]);
	n->figures.present = headcount_present(&h);
	n->figures.entries = h.in;
	step_box(d, who, &in);
}

static void act(struct doors *d, unsigned who, struct mail *m)
{
	m->box.topic = m->collector.topic = m->topic;
	m->box.payload = m->collector.payload = m->payload;
	m->box.batch = m->collector.batch = &m->batch;
	bool is_message = m->box.kind == SYNC_MESSAGE || m->box.kind == SYNC_PUBLISHED ||
			  m->box.kind == SYNC_GRANTED;
	if (d->nodes[who].is_collector) {
		if (m->collector.kind != COLLECT_MESSAGE || d->nodes[who].up)
			step_collector(d, who, &m->collector);
	} else if (!is_message || d->nodes[who].up) {
		step_box(d, who, &m->box);
		if (m->box.kind == SYNC_STORED)
			commit_figures(d, who);
	}
}

/* --- lives --- */

static void sign(void *context, const uint8_t bytes[HEAD_BYTES], uint8_t out[DEVICE_SIGNATURE_SIZE])
{
	device_key_sign_head_bytes(context, bytes, out);
}

static void tell_chains(struct doors *d, unsigned who)
{
	struct node *n = &d->nodes[who];
	for (size_t i = 0; i < n->log_count; i++) {
		if (n->log[i].seq != 1)
			continue;
		struct sync_input in = { .kind = SYNC_CHAIN, .own = true };
		memcpy(in.chain.device, n->log[i].device, DEVICE_ID_SIZE);
		in.chain.epoch = n->log[i].epoch;
		in.held = logged_of(n, &in.chain);
		in.safe = safe_of(n, &in.chain);
		step_box(d, who, &in);
	}
	for (size_t i = 0; i < n->kept_count; i++) {
		struct sync_input in = { .kind = SYNC_CHAIN };
		memcpy(in.chain.device, n->kept[i].rows[0].device, DEVICE_ID_SIZE);
		in.chain.epoch = n->kept[i].rows[0].epoch;
		in.held = kept_of(n, &in.chain);
		step_box(d, who, &in);
	}
}

static void start_box(struct doors *d, unsigned who)
{
	struct node *n = &d->nodes[who];
	struct sync_setup setup = { .event = DOORS_EVENT,
		.program = "test",
		.reach = d->reach,
		.sign = sign,
		.sign_context = n->key,
		.seed = who + 1,
		.venues = (const char(*)[ID_SIZE])d->venues,
		.venue_count = (d->boxes + 1) / 2 };
	doors_venue(who, setup.venue);
	snprintf(setup.door, sizeof(setup.door), "door-%u", who % 2);
	device_key_public(n->key, setup.key);
	n->self.epoch = who * 1000 + ++n->opened;
	setup.self = n->self;
	CHECK(!sync_box_open(&n->box, &setup));
	tell_chains(d, who);
	commit_figures(d, who);
}

static void start_collector(struct doors *d, unsigned who)
{
	struct node *n = &d->nodes[who];
	struct collector_setup setup = { .event = DOORS_EVENT,
		.id = { (uint8_t)(who + 1), (uint8_t)++n->opened, 0xc0 },
		.seed = who + 1,
		.venues = (const char(*)[ID_SIZE])d->venues,
		.capacities = d->capacities,
		.venue_count = (d->boxes + 1) / 2 };
	CHECK(!collector_open(&n->collector, &setup));
	for (size_t i = 0; i < n->kept_count; i++) {
		struct collector_input in = { .kind = COLLECT_CHAIN };
		memcpy(in.chain.device, n->kept[i].rows[0].device, DEVICE_ID_SIZE);
		in.chain.epoch = n->kept[i].rows[0].epoch;
		in.held = kept_of(n, &in.chain);
		step_collector(d, who, &in);
		for (size_t k = 0; k < n->kept[i].batch.count; k++) {
			struct collector_input row = { .kind = COLLECT_ROW,
				.row = &n->kept[i].rows[k] };
			step_collector(d, who, &row);
		}
	}
}

struct doors *doors_open(unsigned boxes, unsigned collectors, enum sync_reach reach)
{
	struct doors *d = must(calloc(1, sizeof(*d)));
	CHECK(boxes + collectors <= DOORS_MAX);
	d->boxes = boxes;
	d->count = boxes + collectors;
	d->reach = reach;
	d->now_ms = 1000;
	d->latency_ms = 20;
	for (unsigned i = 0; i < DOORS_MAX; i++)
		doors_venue(2 * i, d->venues[i]);
	for (unsigned i = 0; i < d->count; i++) {
		struct node *n = &d->nodes[i];
		n->is_collector = i >= boxes;
		n->seed[0] = (uint8_t)(i + 1);
		CHECK(!device_key_from_seed(&n->key, n->seed));
		device_key_id(n->key, n->self.device);
		if (n->is_collector)
			start_collector(d, i);
		else
			start_box(d, i);
	}
	return d;
}

static void stop(struct node *n)
{
	sync_box_close(n->box);
	collector_close(n->collector);
	n->box = NULL;
	n->collector = NULL;
	n->up = false;
	n->timer_ms = 0;
	n->filter_count = 0;
}

void doors_close(struct doors *d)
{
	for (unsigned i = 0; i < d->count; i++) {
		struct node *n = &d->nodes[i];
		stop(n);
		device_key_close(n->key);
		for (size_t k = 0; k < n->kept_count; k++)
			free(n->kept[k].rows);
		free(n->kept);
		free(n->log);
	}
	for (size_t i = 0; i < d->mail_count; i++)
		free_mail(&d->mail[i]);
	doors_forget(d);
	free(d->mail);
	free(d->said);
	free(d);
}

void doors_restart(struct doors *d, unsigned who)
{
	stop(&d->nodes[who]);
	d->lives[who]++;
	if (d->nodes[who].is_collector)
		start_collector(d, who);
	else
		start_box(d, who);
}

void doors_roll_back(struct doors *d, unsigned who, size_t rows)
{
	struct node *n = &d->nodes[who];
	CHECK(rows <= n->log_count);
	n->log_count -= rows;
	for (size_t k = 0; k < n->kept_count; k++)
		free(n->kept[k].rows);
	n->kept_count = n->safe_count = 0;
}

void doors_up(struct doors *d, unsigned who)
{
	struct mail m = { .box = { .kind = SYNC_UP }, .collector = { .kind = COLLECT_UP } };
	d->nodes[who].up = true;
	d->nodes[who].filter_count = 0;
	act(d, who, &m);
}

void doors_up_first(struct doors *d, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		doors_up(d, i);
}

void doors_down(struct doors *d, unsigned who)
{
	struct mail m = { .box = { .kind = SYNC_DOWN }, .collector = { .kind = COLLECT_DOWN } };
	d->nodes[who].up = false;
	d->nodes[who].filter_count = 0;
	act(d, who, &m);
}

/* --- guests --- */

static void write_row(
	struct doors *d, unsigned who, unsigned ticket, enum direction direction, const char *from)
{
	struct node *n = &d->nodes[who];
	struct ranges mine = logged_of(n, &n->self);
	struct row r;
	memset(&r, 0, sizeof(r));
	memcpy(r.device, n->self.device, DEVICE_ID_SIZE);
	r.epoch = n->self.epoch;
	r.seq = ranges_highest(&mine) + 1;
	r.at = when_of(d, who);
	r.hlc = n->hlc = hlc_next(n->hlc, r.at.wall_ms);
	r.kind = ticket ? ROW_SCAN : ROW_WALK_IN;
	r.source = ticket ? SOURCE_CAMERA : SOURCE_TOUCH;
	r.direction = direction;
	r.verdict = direction == DIRECTION_OUT ? VERDICT_EXIT
		    : *from                    ? VERDICT_MOVED
					       : VERDICT_ADMIT;
	r.registered = ticket != 0;
	ticket_hash(ticket, r.ticket);
	doors_venue(who, r.venue);
	snprintf(r.door, sizeof(r.door), "door-%u", who % 2);
	memcpy(r.from_venue, from, strlen(from));
	if (r.seq > 1)
		memcpy(r.before, n->log[n->log_count - 1].hash, ROW_HASH_SIZE);
	log_row_hash(&r, r.hash);
	n->log = must(realloc(n->log, (n->log_count + 1) * sizeof(r)));
	n->log[n->log_count++] = r;
	d->written++;
	sync_figures_row(&n->figures, &r);
	commit_figures(d, who);
}

void doors_enter(struct doors *d, unsigned who, unsigned ticket)
{
	write_row(d, who, ticket, DIRECTION_IN, "");
}

void doors_leave(struct doors *d, unsigned who, unsigned ticket)
{
	write_row(d, who, ticket, DIRECTION_OUT, "");
}

void doors_move(struct doors *d, unsigned who, unsigned ticket, unsigned from)
{
	write_row(d, who, ticket, DIRECTION_IN, d->venues[from]);
}

void doors_set_latency(struct doors *d, int64_t ms)
{
	d->latency_ms = ms;
}

void doors_set_drop(struct doors *d,
	bool (*drop)(void *context, unsigned from, unsigned to, const char *topic), void *context)
{
	d->drop = drop;
	d->drop_context = context;
}

void doors_set_loss(struct doors *d, unsigned one_in)
{
	d->loss_one_in = one_in;
	d->loss_dice = 5;
}

void doors_set_listener(struct doors *d,
	void (*listen)(void *context, const char *topic, const void *payload, size_t size),
	void *context)
{
	d->listen = listen;
	d->listen_context = context;
}

void doors_set_clock(struct doors *d, unsigned who, int64_t off_ms)
{
	d->nodes[who].clock_off_ms = off_ms;
}

struct sync_box *doors_box(struct doors *d, unsigned who)
{
	return d->nodes[who].box;
}

struct link_status doors_status(struct doors *d, unsigned who)
{
	struct link_status s;
	const struct when now = { .mono_ms = d->now_ms };
	sync_status(d->nodes[who].box, &now, &s);
	return s;
}

struct collector *doors_collector(struct doors *d, unsigned who)
{
	return d->nodes[who].collector;
}

size_t doors_written(const struct doors *d)
{
	return d->written;
}

unsigned doors_new_epochs(const struct doors *d, unsigned who)
{
	return d->nodes[who].new_epochs;
}

uint64_t doors_latest(const struct doors *d, unsigned who)
{
	return d->nodes[who].hlc;
}

void doors_device(const struct doors *d, unsigned who, uint8_t out[DEVICE_ID_SIZE])
{
	memcpy(out, d->nodes[who].self.device, DEVICE_ID_SIZE);
}

struct chain doors_chain(const struct doors *d, unsigned who)
{
	return d->nodes[who].self;
}

char *doors_ev_of(struct doors *d, unsigned who, uint64_t first, size_t count, size_t *len)
{
	struct node *n = &d->nodes[who];
	size_t used = 0, at = 0;
	while (at < n->log_count && !(is_of(&n->log[at], &n->self) && n->log[at].seq == first))
		at++;
	CHECK(at + count <= n->log_count);
	struct batch b = { .rows = &n->log[at], .count = count, .is_signed = true };
	device_key_public(n->key, b.key);
	device_key_sign_head(n->key, &n->log[at + count - 1], b.signature);
	return must(message_write_batch(&b, len, &used));
}
