/* Chance, memory, time and rows of a run. */
#include "tests/sim/sim.h"

#include "store/log.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

uint64_t chance(struct sim *s)
{
	uint64_t z = (s->state += UINT64_C(0x9e3779b97f4a7c15));
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t chance_below(struct sim *s, uint64_t n)
{
	return n ? chance(s) % n : 0;
}

int64_t chance_between(struct sim *s, int64_t from, int64_t to)
{
	return from + (int64_t)chance_below(s, (uint64_t)(to - from) + 1);
}

bool chance_of(struct sim *s, unsigned per_mille)
{
	return per_mille && chance_below(s, 1000) < per_mille;
}

/* --- memory: an arena; under the address sanitizer a block for each, so that it sees them --- */

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(16) unsigned char bytes[];
};

#ifdef __SANITIZE_ADDRESS__
#define BLOCK_SIZE 1
#else
#define BLOCK_SIZE ((size_t)1 << 18)
#endif

void *sim_alloc(struct sim *s, size_t size)
{
	size = (size + 15) & ~(size_t)15;
	struct arena_block *b = s->arena;
	if (!b || b->size - b->used < size) {
		size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
		b = malloc(sizeof(*b) + room);
		CHECK(b);
		b->next = s->arena;
		b->used = 0;
		b->size = room;
		s->arena = b;
	}
	void *p = b->bytes + b->used;
	b->used += size;
	return memset(p, 0, size);
}

void *sim_copy(struct sim *s, const void *bytes, size_t size)
{
	char *p = sim_alloc(s, size + 1);
	if (size)
		memcpy(p, bytes, size);
	return p;
}

/* --- what is said --- */

void sim_trace(struct sim *s, const char *format, ...)
{
	char line[512];
	int n = snprintf(line, sizeof(line), "%8.3f  ", (double)s->now_ms / 1000);
	va_list args;
	va_start(args, format);
	vsnprintf(line + n, sizeof(line) - (size_t)n, format, args);
	va_end(args);
	s->trace_line(s->trace_context, line);
}

void sim_violated(struct sim *s, const char *property, const char *format, ...)
{
	if (s->property)
		return;
	s->property = property;
	int n = snprintf(
		s->violation, sizeof(s->violation), "at %.3f s: ", (double)s->now_ms / 1000);
	va_list args;
	va_start(args, format);
	vsnprintf(s->violation + n, sizeof(s->violation) - (size_t)n, format, args);
	va_end(args);
	TRACE(s, "VIOLATED %s: %s", property, s->violation);
}

/* --- rows --- */

struct chain chain_of(const struct row *row)
{
	struct chain c = { .epoch = row->epoch };
	memcpy(c.device, row->device, sizeof(c.device));
	return c;
}

bool chain_same(const struct chain *a, const struct chain *b)
{
	return a->epoch == b->epoch && !memcmp(a->device, b->device, sizeof(a->device));
}

struct fact *fact_of(struct sim *s, const struct row *row)
{
	size_t key = (size_t)row->hash[0] | (size_t)row->hash[1] << 8;
	struct fact **bucket = &s->fact_index[key % ARRAY_LEN(s->fact_index)];
	for (struct fact *f = *bucket; f; f = f->next)
		if (!memcmp(f->row.hash, row->hash, ROW_HASH_SIZE))
			return f;
	uint8_t hash[ROW_HASH_SIZE];
	log_row_hash(row, hash);
	if (memcmp(hash, row->hash, sizeof(hash)))
		sim_violated(
			s, "a row's hash is its own", "seq %llu", (unsigned long long)row->seq);
	struct fact *f = sim_alloc(s, sizeof(*f));
	f->row = *row;
	f->next = *bucket;
	*bucket = f;
	if (s->fact_count == s->fact_room) {
		size_t room = s->fact_room ? 2 * s->fact_room : 256;
		struct fact **facts = sim_alloc(s, room * sizeof(struct fact *));
		if (s->fact_count)
			memcpy(facts, s->facts, s->fact_count * sizeof(struct fact *));
		s->facts = facts;
		s->fact_room = room;
	}
	s->facts[s->fact_count++] = f;
	return f;
}

struct holding *rowset_find(const struct rowset *set, const struct chain *chain)
{
	for (size_t i = 0; i < set->count; i++)
		if (chain_same(&set->at[i].chain, chain))
			return &set->at[i];
	return NULL;
}

struct holding *rowset_of(struct sim *s, struct rowset *set, const struct chain *chain)
{
	struct holding *h = rowset_find(set, chain);
	if (h)
		return h;
	if (set->count == set->room) {
		size_t room = set->room ? 2 * set->room : 8;
		struct holding *at = sim_alloc(s, room * sizeof(*at));
		if (set->count)
			memcpy(at, set->at, set->count * sizeof(*at));
		set->at = at;
		set->room = room;
	}
	h = &set->at[set->count++];
	*h = (struct holding){ .chain = *chain };
	return h;
}

void holding_stretch(const struct holding *h, uint64_t first, uint64_t most, struct batch *out,
	struct row rows[BATCH_ROWS_MAX])
{
	const struct witness *witness = NULL;
	*out = (struct batch){ .rows = rows };
	for (size_t n = 0; h && n < BATCH_ROWS_MAX && (n < most || !witness); n++) {
		size_t i = (size_t)first - 1 + n;
		if (i >= h->room || !h->fact[i])
			break;
		rows[n] = h->fact[i]->row;
		if (!h->witness[i])
			continue;
		out->count = n + 1;
		witness = h->witness[i];
	}
	if (!witness)
		return;
	out->is_signed = true;
	memcpy(out->key, witness->key, sizeof(out->key));
	memcpy(out->signature, witness->signature, sizeof(out->signature));
}

enum row_added rowset_add(
	struct sim *s, struct rowset *set, struct fact *fact, const struct witness *witness)
{
	struct chain chain = chain_of(&fact->row);
	struct holding *h = rowset_of(s, set, &chain);
	size_t i = (size_t)fact->row.seq - 1;
	if (i >= h->room) {
		size_t room = h->room ? h->room : 16;
		while (room <= i)
			room *= 2;
		struct fact **facts = sim_alloc(s, room * sizeof(struct fact *));
		const struct witness **witnesses = sim_alloc(s, room * sizeof(*witnesses));
		if (h->room) {
			memcpy(facts, h->fact, h->room * sizeof(struct fact *));
			memcpy(witnesses, h->witness, h->room * sizeof(*witnesses));
		}
		h->fact = facts;
		h->witness = witnesses;
		h->room = room;
	}
	if (witness && (!h->fact[i] || h->fact[i] == fact))
		h->witness[i] = witness;
	if (h->fact[i])
		return h->fact[i] == fact ? ROW_KNOWN : ROW_TWIN;
	h->fact[i] = fact;
	(void)ranges_add(&h->held, fact->row.seq, fact->row.seq);
	set->rows++;
	return ROW_ADDED;
}

bool rowset_has(const struct rowset *set, const struct fact *fact)
{
	struct chain chain = chain_of(&fact->row);
	const struct holding *h = rowset_find(set, &chain);
	return h && fact->row.seq <= h->room && h->fact[fact->row.seq - 1] == fact;
}

void rowset_clear(struct rowset *set)
{
	*set = (struct rowset){ 0 };
}

/* --- time: a heap by (moment, order) --- */

struct sim_queued {
	int64_t at_ms;
	uint64_t order, tag;
	sim_event *event;
	void *who, *what;
};

static bool earlier(const struct sim_queued *a, const struct sim_queued *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

void sim_at(struct sim *s, int64_t at_ms, sim_event *event, void *who, uint64_t tag, void *what)
{
	if (s->heap_count == s->heap_room) {
		s->heap_room = s->heap_room ? 2 * s->heap_room : 1024;
		s->heap = realloc(s->heap, s->heap_room * sizeof(*s->heap));
		CHECK(s->heap);
	}
	struct sim_queued q = { at_ms < s->now_ms ? s->now_ms : at_ms, s->event_order++, tag, event,
		who, what };
	size_t i = s->heap_count++;
	for (; i && earlier(&q, &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = q;
}

static struct sim_queued heap_take(struct sim *s)
{
	struct sim_queued first = s->heap[0], last = s->heap[--s->heap_count];
	size_t i = 0;
	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= s->heap_count)
			break;
		if (child + 1 < s->heap_count && earlier(&s->heap[child + 1], &s->heap[child]))
			child++;
		if (!earlier(&s->heap[child], &last))
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	if (s->heap_count)
		s->heap[i] = last;
	return first;
}

static void run_until(struct sim *s, int64_t until_ms)
{
	while (s->heap_count && s->heap[0].at_ms <= until_ms && !s->property) {
		struct sim_queued q = heap_take(s);
		s->now_ms = q.at_ms;
		s->events++;
		s->digest =
			(s->digest ^ (uint64_t)q.at_ms ^ q.order << 20) * UINT64_C(0x100000001b3);
		q.event(s, q.who, q.tag, q.what);
	}
	s->now_ms = until_ms;
}

/* --- a run --- */

#define HONEST_EVERY_MS 10000
#define SETTLE_EVERY_MS 5000
#define SETTLE_MAX_MS   (40 * 60 * 1000)
/* Once all is well it stays so. */
#define STAYS_MS 130000
/* Answers to what was asked before may still come. */
#define CALMS_MS 60000

static void settle(struct sim *s)
{
	const char *property = NULL;
	char why[400] = "";
	int64_t end_ms = s->heal_ms + SETTLE_MAX_MS;
	while (!s->property && !check_settled(s, &property, why)) {
		if (s->now_ms >= end_ms) {
			sim_violated(s, property, "%s", why);
			return;
		}
		run_until(s, s->now_ms + SETTLE_EVERY_MS);
	}
	s->quiet_ms = s->now_ms - s->heal_ms;
	TRACE(s, "all is settled");
	run_until(s, s->now_ms + CALMS_MS);
	uint64_t rows = s->row_messages;
	run_until(s, s->now_ms + STAYS_MS - CALMS_MS);
	if (!s->property && !check_settled(s, &property, why))
		sim_violated(s, property, "it did not stay so: %s", why);
	if (!s->property && s->row_messages != rows)
		sim_violated(s, "no message flood", "%llu messages with rows after all had them",
			(unsigned long long)(s->row_messages - rows));
}

static void release(struct sim *s)
{
	for (int i = 0; i < s->box_count; i++)
		sync_box_close(s->boxes[i].machine);
	for (int i = 0; i < s->station_count; i++)
		collector_close(s->stations[i].machine);
	free(s->heap);
	while (s->arena) {
		struct arena_block *next = s->arena->next;
		free(s->arena);
		s->arena = next;
	}
}

void sim_run(uint64_t seed, bool calm, sim_line *line, void *context, struct sim_result *out)
{
	struct sim *s = calloc(1, sizeof(*s));
	CHECK(s);
	s->seed = seed;
	s->calm = calm;
	s->state = seed * UINT64_C(0xd1342543de82ef95) + 1;
	s->trace = line != NULL;
	s->trace_line = line;
	s->trace_context = context;
	s->digest = UINT64_C(0xcbf29ce484222325);
	plan_make(s);
	while (s->now_ms < s->heal_ms && !s->property) {
		run_until(s, s->now_ms + HONEST_EVERY_MS < s->heal_ms ? s->now_ms + HONEST_EVERY_MS
								      : s->heal_ms);
		check_honest(s);
	}
	if (!s->property) {
		TRACE(s, "the faults are over");
		faults_heal(s);
		settle(s);
	}
	*out = (struct sim_result){ .property = s->property,
		.digest = s->digest ^ s->messages,
		.messages = s->messages,
		.rows = s->fact_count,
		.rows_sent = s->rows_sent,
		.events = s->events,
		.settled_ms = s->quiet_ms,
		.row_messages = s->row_messages,
		.boxes = s->box_count };
	for (size_t i = 0; i < s->fact_count; i++) {
		const struct fact *f = s->facts[i];
		if (f->spread_ms - f->committed_ms > out->spread_ms)
			out->spread_ms = f->spread_ms - f->committed_ms;
	}
	memcpy(out->violation, s->violation, sizeof(out->violation));
	release(s);
	free(s);
}
