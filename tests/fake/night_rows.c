#include "tests/fake/night_rows.h"

#include "base/text.h"
#include "door/hlc.h"
#include "store/log.h"

#include <stdlib.h>
#include <string.h>

/* What happens, in true time; rows are made of it box by box. */
struct happening {
	int64_t ms;
	uint32_t box, order;
	struct row row;
	size_t undoes; /* 1 + the happening that this one takes back */
	uint64_t seq;
};

struct maker {
	const struct event *event;
	struct night_rows *out;
	uint64_t dice;
	struct happening *all;
	size_t count, room;
	uint32_t boxes_of[EVENT_VENUES_MAX][2];
	uint32_t weight[EVENT_VENUES_MAX], weights;
};

static uint64_t throw_dice(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15)); /* splitmix64 */
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint64_t below(struct maker *m, uint64_t n)
{
	return throw_dice(&m->dice) % n;
}

static void add_box(struct maker *m, uint32_t venue, int second)
{
	struct night_box *b = &m->out->boxes[m->out->box_count];
	uint8_t seed[32] = { (uint8_t)m->out->box_count, 7, (uint8_t)m->dice };
	CHECK(m->out->box_count < NIGHT_ROWS_BOXES);
	CHECK(!device_key_from_seed(&b->key, seed));
	device_key_id(b->key, b->device);
	text_copy(b->venue, ID_SIZE, m->event->venues[venue].id);
	text_copy(b->door, ID_SIZE, second ? "cour" : "rue");
	b->trust = TRUST_SYNCED;
	m->boxes_of[venue][second] = (uint32_t)m->out->box_count++;
}

static void add_boxes(struct maker *m)
{
	for (uint32_t v = 0; v < m->event->venue_count; v++) {
		m->weight[v] = m->event->venues[v].capacity_seats;
		m->weight[v] += m->weight[v] ? 0 : 100;
		m->weights += m->weight[v];
		add_box(m, v, 0);
		m->boxes_of[v][1] = m->boxes_of[v][0];
		if (m->weight[v] >= 120)
			add_box(m, v, 1);
	}
}

static uint32_t any_venue(struct maker *m)
{
	uint64_t at = below(m, m->weights);
	uint32_t v = 0;
	while (at >= m->weight[v])
		at -= m->weight[v++];
	return v;
}

static struct happening *happen(struct maker *m, uint32_t venue, int64_t ms, enum row_kind kind,
	enum verdict verdict, enum direction way)
{
	if (m->count == m->room) {
		m->room = m->room ? m->room * 2 : 1024;
		m->all = realloc(m->all, m->room * sizeof(*m->all));
		CHECK(m->all != NULL);
	}
	struct happening *h = &m->all[m->count];
	*h = (struct happening){ .ms = ms, .order = (uint32_t)m->count };
	h->box = m->boxes_of[venue][below(m, 2)];
	h->row.kind = kind;
	h->row.verdict = verdict;
	h->row.direction = way;
	h->row.source = kind == ROW_SCAN ? SOURCE_CAMERA : SOURCE_TOUCH;
	text_copy(h->row.venue, ID_SIZE, m->event->venues[venue].id);
	m->count++;
	return h;
}

/* Most come soon after the doors, in waves of what begins on the hour. */
static int64_t arrival(struct maker *m)
{
	int64_t long_ms = m->event->closes_ms - m->event->opens_ms;
	int64_t a = (int64_t)below(m, (uint64_t)long_ms), b = (int64_t)below(m, (uint64_t)long_ms);
	int64_t c = (int64_t)below(m, (uint64_t)long_ms);
	int64_t least = a < b ? a : b;
	return m->event->opens_ms + (least < c ? least : c) * 9 / 10;
}

static void refuse(struct maker *m, uint32_t venue, int64_t ms, const uint8_t *ticket)
{
	static const enum verdict reasons[] = { VERDICT_UNKNOWN, VERDICT_WRONG_VENUE,
		VERDICT_NOT_A_TICKET, VERDICT_ALREADY_IN, VERDICT_REVOKED, VERDICT_WRONG_VENUE,
		VERDICT_UNKNOWN, VERDICT_FULL };
	struct happening *h = happen(
		m, venue, ms, ROW_SCAN, reasons[below(m, ARRAY_LEN(reasons))], DIRECTION_NONE);
	memcpy(h->row.ticket, ticket, TICKET_HASH_SIZE);
}

static void walk_in(struct maker *m)
{
	uint32_t venue = any_venue(m);
	int64_t ms = arrival(m);
	struct happening *h = happen(m, venue, ms, ROW_WALK_IN, VERDICT_ADMIT, DIRECTION_IN);
	size_t at = m->count;
	if (below(m, 2))
		for (int i = 0; i < TICKET_HASH_SIZE; i++)
			h->row.ticket[i] = (uint8_t)below(m, 256);
	if (below(m, 40))
		return;
	struct row taken = h->row;
	struct happening *u = happen(m, venue, ms + 4000, ROW_UNDO, VERDICT_NONE, taken.direction);
	u->undoes = at;
	u->box = m->all[at - 1].box;
	u->row.amount = 1;
	memcpy(u->row.ticket, taken.ticket, TICKET_HASH_SIZE);
}

static void stay(struct maker *m, uint32_t venue, int64_t ms, const struct row *like)
{
	int moves = 0;
	while (below(m, 3) == 0 && moves++ < 4) {
		ms += (int64_t)below(m, 3600000) + 1200000;
		if (ms > m->event->closes_ms)
			return;
		uint32_t next = below(m, 5) ? any_venue(m) : venue;
		if (next == venue) {
			memcpy(happen(m, venue, ms, ROW_SCAN, VERDICT_EXIT, DIRECTION_OUT)
					->row.ticket,
				like->ticket, TICKET_HASH_SIZE);
			ms += 600000;
		}
		struct happening *h = happen(m, next, ms, ROW_SCAN,
			next == venue ? VERDICT_READMIT : VERDICT_MOVED, DIRECTION_IN);
		memcpy(h->row.ticket, like->ticket, TICKET_HASH_SIZE);
		h->row.registered = like->registered;
		if (next != venue)
			text_copy(h->row.from_venue, ID_SIZE, m->event->venues[venue].id);
		venue = next;
	}
	ms += (int64_t)below(m, 7200000) + 2400000;
	if (below(m, 5) && ms < m->event->closes_ms + 1800000)
		memcpy(happen(m, venue, ms, ROW_SCAN, VERDICT_EXIT, DIRECTION_OUT)->row.ticket,
			like->ticket, TICKET_HASH_SIZE);
}

static void guest(struct maker *m)
{
	struct row like = { 0 };
	uint32_t venue = any_venue(m);
	int64_t ms = arrival(m);
	for (int i = 0; i < TICKET_HASH_SIZE; i++)
		like.ticket[i] = (uint8_t)below(m, 256);
	like.registered = below(m, 5) != 0;
	if (below(m, 12) == 0)
		refuse(m, any_venue(m), ms - 60000, like.ticket);
	struct happening *h = happen(m, venue, ms, ROW_SCAN, VERDICT_ADMIT, DIRECTION_IN);
	memcpy(h->row.ticket, like.ticket, TICKET_HASH_SIZE);
	h->row.registered = like.registered;
	h->row.overridden = below(m, 300) == 0;
	if (below(m, 90) == 0) { /* the same ticket at a door that could not know */
		struct row same = h->row;
		h = happen(m, venue, ms + 30000, ROW_SCAN, VERDICT_ADMIT, DIRECTION_IN);
		h->row = same;
	}
	stay(m, venue, ms, &like);
}

static int by_box(const void *a, const void *b)
{
	const struct happening *x = a, *y = b;
	if (x->box != y->box)
		return x->box < y->box ? -1 : 1;
	if (x->ms != y->ms)
		return x->ms < y->ms ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

static const struct night_box *box_of(const struct maker *m, size_t i)
{
	return &m->out->boxes[m->all[i].box];
}

static void chain(struct row *rows, size_t count, const struct night_box *b)
{
	uint8_t before[ROW_HASH_SIZE] = { 0 };
	uint64_t last = 0;
	for (size_t i = 0; i < count; i++) {
		last = hlc_next(last, rows[i].at.wall_ms);
		rows[i].hlc = last;
		rows[i].at.trust = b->trust;
		memcpy(rows[i].before, before, ROW_HASH_SIZE);
		log_row_hash(&rows[i], rows[i].hash);
		memcpy(before, rows[i].hash, ROW_HASH_SIZE);
	}
}

static int by_device(const void *a, const void *b)
{
	return memcmp(((const struct night_box *)a)->device, ((const struct night_box *)b)->device,
		DEVICE_ID_SIZE);
}

static void fill(struct maker *m, struct happening *h, const struct night_box *b, uint64_t seq)
{
	memcpy(h->row.device, b->device, DEVICE_ID_SIZE);
	memset(h->row.boot, b->device[0], BOOT_ID_SIZE);
	text_copy(h->row.door, ID_SIZE, b->door);
	text_copy(h->row.venue, ID_SIZE, b->venue);
	h->row.epoch = 1 + b->device[1];
	h->row.seq = h->seq = seq;
	h->row.at.wall_ms = h->ms;
	h->row.at.mono_ms = h->ms - m->event->opens_ms + 7200000;
}

/* The rows in the order of their devices' ids; the boxes too. */
static void make_rows(struct maker *m)
{
	struct night_rows *out = m->out;
	size_t *place = calloc(m->count, sizeof(*place));
	out->rows = calloc(m->count, sizeof(*out->rows));
	CHECK(out->rows && place);
	qsort(m->all, m->count, sizeof(*m->all), by_box);
	for (size_t i = 0; i < m->count; i++) {
		struct night_box *b = &out->boxes[m->all[i].box];
		b->first = b->count ? b->first : i;
		fill(m, &m->all[i], box_of(m, i), ++b->count);
		place[m->all[i].order] = i;
	}
	for (size_t i = 0; i < m->count; i++)
		if (m->all[i].undoes)
			m->all[i].row.undoes = m->all[place[m->all[i].undoes - 1]].seq;
	qsort(out->boxes, out->box_count, sizeof(*out->boxes), by_device);
	for (size_t b = 0; b < out->box_count; b++) {
		size_t from = out->boxes[b].first;
		out->boxes[b].first = out->count;
		for (size_t i = 0; i < out->boxes[b].count; i++)
			out->rows[out->count++] = m->all[from + i].row;
		chain(out->rows + out->boxes[b].first, out->boxes[b].count, &out->boxes[b]);
	}
	free(place);
}

void night_rows_make(struct night_rows *out, const struct event *e, uint64_t seed, size_t guests)
{
	struct maker m = { .event = e, .out = out, .dice = seed };
	*out = (struct night_rows){ 0 };
	add_boxes(&m);
	for (size_t i = 0; i < guests; i++)
		if (below(&m, 4))
			guest(&m);
		else
			walk_in(&m);
	for (uint32_t v = 0; v < e->venue_count; v++)
		happen(&m, v, e->opens_ms - 1800000, ROW_SCAN, VERDICT_TEST_OK, DIRECTION_NONE);
	happen(&m, 0, e->opens_ms + 3600000, ROW_ADJUST, VERDICT_NONE, DIRECTION_NONE)->row.amount =
		3;
	make_rows(&m);
	free(m.all);
}

void night_rows_clock(struct night_rows *n, size_t box, int64_t off_ms, enum trust trust)
{
	struct night_box *b = &n->boxes[box];
	for (size_t i = 0; i < b->count; i++)
		n->rows[b->first + i].at.wall_ms += off_ms - b->clock_off_ms;
	b->clock_off_ms = off_ms;
	b->trust = trust;
	chain(n->rows + b->first, b->count, b);
}

void night_rows_free(struct night_rows *n)
{
	for (size_t i = 0; i < n->box_count; i++)
		device_key_close(n->boxes[i].key);
	free(n->rows);
	*n = (struct night_rows){ 0 };
}
