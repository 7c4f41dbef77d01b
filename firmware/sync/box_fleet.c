/* The venues, from two sources: the pages of a collector, and the counts of the boxes themselves,
 * which need no collector. Entries only ever grow and a merge is a union, so of two figures for a
 * venue that are both of today the one with more entries is the more complete. */
#include "sync/box_parts.h"

#include <stdlib.h>
#include <string.h>

#define AGE_MOST_MS    (INT64_C(1) << 45) /* a thousand years */
#define FLEET_SOON_MS  1000
#define STEADY_MS      10000
#define STEADY_FROM_MS 20000

int box_fleet_open(struct sync_box *s)
{
	size_t n = s->setup.venue_count ? s->setup.venue_count : 1;
	s->fleet = calloc(n, sizeof(s->fleet[0]));
	s->told = calloc(n, sizeof(s->told[0]));
	if (!s->fleet || !s->told)
		return -1;
	for (size_t i = 0; i < s->setup.venue_count; i++)
		memcpy(s->fleet[i].id, s->setup.venues[i], sizeof(s->fleet[i].id));
	s->fleet_dirty = true;
	return 0;
}

/* A sender's messages follow each other at the pace of its clock, right or wrong; what waited
 * somewhere comes all at once. */
static bool is_steady(const struct sync_box *s, const struct pace *p, int64_t wall_ms)
{
	int64_t passed = s->now.mono_ms - p->mono_ms, theirs;
	if (!p->mono_ms || (passed < STEADY_FROM_MS && !p->steady) ||
		__builtin_sub_overflow(wall_ms, p->wall_ms, &theirs))
		return false;
	return theirs > passed - STEADY_MS && theirs < passed + STEADY_MS;
}

/* How old a message is as it is heard. */
static int64_t age_of(
	struct sync_box *s, struct pace *p, int64_t wall_ms, enum trust trust, bool retained)
{
	int64_t off;
	if (__builtin_sub_overflow(s->now.wall_ms, wall_ms, &off) || off > AGE_MOST_MS)
		off = AGE_MOST_MS;
	bool steady = !retained && is_steady(s, p, wall_ms);
	if (!retained && (!p->mono_ms || s->now.mono_ms - p->mono_ms >= STEADY_FROM_MS))
		*p = (struct pace){
			.mono_ms = s->now.mono_ms, .wall_ms = wall_ms, .steady = steady
		};
	if (steady)
		return 0;
	/* Clocks that nearly agree: it may as well have waited. */
	if (!retained && off < 2 * COUNT_MS && off > -2 * COUNT_MS)
		return off > 0 ? off : 0;
	/* Without a clock on both sides nobody knows: old. */
	if (s->now.trust == TRUST_UNSET || trust == TRUST_UNSET || off < 0)
		return FLEET_STALE_MS + 1;
	return off;
}

/* The larger of each: they only grow. */
static void merge_counter(struct message_counter *a, const struct message_counter *b)
{
#define LARGER(x) a->x = b->x > a->x ? b->x : a->x
	LARGER(rows);
	LARGER(in);
	LARGER(out);
	LARGER(walk_ins);
	LARGER(refused);
	LARGER(plus);
	LARGER(minus);
	LARGER(undone_in);
	LARGER(undone_out);
	LARGER(undone_walk_ins);
	LARGER(last_ms);
#undef LARGER
}

static void merge_counters(struct peer *p, const struct message_count *m)
{
	for (uint32_t i = 0; i < m->counters; i++) {
		uint32_t k = 0;
		while (k < p->counters && p->at[k].epoch != m->at[i].epoch)
			k++;
		if (k < p->counters) {
			merge_counter(&p->at[k], &m->at[i]);
			continue;
		}
		struct message_counter *more =
			k < 4 * MESSAGE_CHAINS_MAX ? realloc(p->at, (k + 1) * sizeof(*more)) : NULL;
		if (!more)
			return;
		p->at = more;
		p->at[p->counters++] = m->at[i];
	}
}

static void merge_moved(struct peer *p, const struct message_count *m)
{
	for (uint32_t i = 0; i < m->moved_count; i++) {
		const struct message_moved *n = &m->moved[i];
		uint32_t k = 0;
		while (k < p->moved_count &&
			(p->moved[k].epoch != n->epoch || strcmp(p->moved[k].from, n->from) != 0))
			k++;
		if (k == p->moved_count) {
			struct message_moved *more =
				k < 4 * MESSAGE_MOVED_MAX
					? realloc(p->moved, (k + 1) * sizeof(*more))
					: NULL;
			if (!more)
				return;
			p->moved = more;
			p->moved[p->moved_count++] = *n;
		}
		if (n->guests > p->moved[k].guests)
			p->moved[k].guests = n->guests;
		if (n->undone > p->moved[k].undone)
			p->moved[k].undone = n->undone;
	}
}

void box_heard_count(
	struct sync_box *s, struct peer *p, const struct message_count *m, bool retained)
{
	merge_counters(p, m);
	merge_moved(p, m);
	s->fleet_dirty = true;
	int64_t age = age_of(s, &p->pace, m->wall_ms, m->trust, retained);
	/* Whatever came late tells nothing of now. The stamp alone falls where rows were lost. */
	if (p->has_count && m->stamp < p->stamp && m->wall_ms <= p->count_wall_ms)
		return;
	if (p->has_count && s->now.mono_ms - p->count_mono_ms + p->count_aged_ms < age)
		age = s->now.mono_ms - p->count_mono_ms + p->count_aged_ms;
	p->has_count = true;
	p->stamp = m->stamp;
	p->count_wall_ms = m->wall_ms;
	p->count_mono_ms = s->now.mono_ms;
	p->count_aged_ms = age;
	p->queued = m->queued;
	p->people = m->people;
	p->last_ten = m->last_ten;
	p->ten_before = m->ten_before;
}

/* --- from collectors --- */

static size_t venue_at(const struct sync_box *s, const char *id, size_t from)
{
	for (size_t i = 0; i < s->setup.venue_count; i++) {
		size_t k = (from + i) % s->setup.venue_count;
		if (!strcmp(s->setup.venues[k], id))
			return k;
	}
	return s->setup.venue_count;
}

static int64_t age_now(const struct sync_box *s, const struct fleet_venue *v)
{
	return s->now.mono_ms - v->heard_mono_ms + v->aged_ms;
}

/* Whether a is to be shown rather than b. */
static bool is_better(
	const struct sync_box *s, const struct fleet_venue *a, const struct fleet_venue *b)
{
	if (!a->known || !b->known)
		return a->known;
	bool a_stale = age_now(s, a) > FLEET_STALE_MS, b_stale = age_now(s, b) > FLEET_STALE_MS;
	if (a_stale != b_stale)
		return b_stale;
	if (a->entries != b->entries)
		return a->entries > b->entries;
	return age_now(s, a) <= age_now(s, b);
}

/* Who was heard least lately gives way. */
static struct pace *pace_of(struct sync_box *s, const uint8_t collector[16])
{
	struct teller *t = s->tellers;
	for (size_t i = 0; i < TELLERS_MAX; i++) {
		if (!memcmp(s->tellers[i].collector, collector, sizeof(t->collector)))
			return &s->tellers[i].pace;
		if (s->tellers[i].pace.mono_ms < t->pace.mono_ms)
			t = &s->tellers[i];
	}
	memset(t, 0, sizeof(*t));
	memcpy(t->collector, collector, sizeof(t->collector));
	return &t->pace;
}

void box_heard_fleet(struct sync_box *s, const struct message_fleet *m)
{
	/* A page that waited at the broker is as old as its figures were, and the wait. */
	int64_t waited = age_of(s, pace_of(s, m->collector), m->wall_ms, TRUST_SYNCED, false);
	/* Pages follow the order of the event: the next venue is mostly the next. */
	size_t next = (size_t)m->page * MESSAGE_FLEET_PAGE;
	for (uint32_t i = 0; i < m->count; i++) {
		size_t k = s->setup.venue_count ? venue_at(s, m->at[i].id, next) : 0;
		if (k >= s->setup.venue_count)
			continue;
		next = k + 1;
		struct fleet_venue v = m->at[i];
		v.heard_mono_ms = s->now.mono_ms;
		v.aged_ms += waited;
		if (v.known && is_better(s, &v, &s->told[k].figure)) {
			s->told[k].figure = v;
			s->fleet_dirty = true;
		}
	}
}

/* --- from the boxes themselves --- */

static void saturate(struct fleet_venue *v, uint64_t queued, bool lost)
{
	uint64_t sum = v->queued + queued;
	v->queued = sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
	if (v->boxes < UINT8_MAX)
		v->boxes++;
	if (lost && v->boxes_lost < UINT8_MAX)
		v->boxes_lost++;
}

static bool is_lost(const struct sync_box *s, const struct peer *p)
{
	return p->gone || !p->is_live || s->now.mono_ms - p->heard_ms >= HEAR_MS;
}

/* The venue's age is that of its oldest box that is there; if none is, of the youngest. */
static void take_age(
	const struct sync_box *s, struct fleet_venue *v, const struct peer *p, bool *alive)
{
	int64_t age = s->now.mono_ms - p->count_mono_ms + p->count_aged_ms;
	int64_t now_age = age_now(s, v);
	bool lost = is_lost(s, p);
	if (!v->known || (!lost && !*alive) ||
		(lost == !*alive && (lost ? age < now_age : age > now_age))) {
		v->heard_mono_ms = p->count_mono_ms;
		v->aged_ms = p->count_aged_ms;
	}
	*alive |= !lost;
	v->known = true;
}

static void add_counters(struct fleet_venue *v, const struct message_counter *at, uint32_t counters,
	const struct message_moved *moved, uint32_t moved_count)
{
	/* Whatever strangers say: sums of this type wrap, and are still right for honest ones. */
	uint64_t present = (uint64_t)v->present;
	for (uint32_t i = 0; i < counters; i++) {
		const struct message_counter *c = &at[i];
		if (strcmp(c->venue, v->id) != 0)
			continue;
		v->entries += c->in;
		present += c->in + c->plus + c->undone_out - c->out - c->minus - c->undone_in;
	}
	for (uint32_t i = 0; i < moved_count; i++)
		if (!strcmp(moved[i].from, v->id))
			present += moved[i].undone - moved[i].guests;
	v->present = (int64_t)present;
}

static void sum_boxes(const struct sync_box *s, struct fleet_venue *v)
{
	bool alive = false;
	for (size_t i = 0; i < s->peer_count; i++) {
		const struct peer *p = &s->peers[i];
		add_counters(v, p->at, p->counters, p->moved, p->moved_count);
		if (!p->has_count || strcmp(p->venue, v->id) != 0)
			continue;
		take_age(s, v, p, &alive);
		saturate(v, p->queued, is_lost(s, p));
		if (p->people > 0 && (uint64_t)p->people > v->people)
			v->people = (uint64_t)p->people;
		if (p->last_ten > v->last_ten)
			v->last_ten = p->last_ten;
		if (p->ten_before > v->ten_before)
			v->ten_before = p->ten_before;
	}
	add_counters(
		v, s->figures.at, s->figures.counters, s->figures.moved, s->figures.moved_count);
}

/* Our own venue: all that this box knows. */
static void take_own(const struct sync_box *s, struct fleet_venue *v)
{
	const struct sync_figures *f = &s->figures;
	v->known = true;
	v->present = f->present;
	v->entries = f->entries;
	v->people = f->people > 0 ? (uint64_t)f->people : 0;
	v->last_ten = f->last_ten;
	v->ten_before = f->ten_before;
	v->heard_mono_ms = s->now.mono_ms;
	v->aged_ms = 0;
	saturate(v, box_queued(s), false);
}

/* A lost box may have seen guests come from here after its last count: with as many entries, a
 * collector's figure has them, and what the boxes say has not. */
static bool is_told_better(const struct sync_box *s, const struct fleet_venue *told,
	const struct fleet_venue *v, bool any_lost)
{
	if (any_lost && told->known && v->known && told->entries == v->entries &&
		age_now(s, told) <= FLEET_STALE_MS)
		return true;
	return is_better(s, told, v);
}

static bool is_any_lost(const struct sync_box *s)
{
	for (size_t i = 0; i < s->peer_count; i++)
		if (is_lost(s, &s->peers[i]))
			return true;
	return false;
}

static void fill_venue(const struct sync_box *s, size_t i, bool any_lost)
{
	struct fleet_venue v = { .known = false };
	memcpy(v.id, s->setup.venues[i], sizeof(v.id));
	if (!strcmp(v.id, s->setup.venue)) {
		sum_boxes(s, &v);
		take_own(s, &v);
	} else {
		if (s->setup.venue_count <= FLEET_ALL_MAX)
			sum_boxes(s, &v);
		if (is_told_better(s, &s->told[i].figure, &v, any_lost))
			v = s->told[i].figure;
	}
	s->fleet[i] = v;
}

void box_fleet_tick(struct sync_box *s)
{
	if (!s->fleet_dirty || s->fleet_at_ms > s->now.mono_ms)
		return;
	bool any_lost = is_any_lost(s);
	for (size_t i = 0; i < s->setup.venue_count; i++)
		fill_venue(s, i, any_lost);
	s->fleet_dirty = false;
	s->fleet_at_ms = s->now.mono_ms + FLEET_SOON_MS;
	s->emit(s->context, &(struct sync_effect){ .kind = SYNC_FLEET });
}

size_t sync_fleet(const struct sync_box *s, const struct fleet_venue **out)
{
	*out = s->fleet;
	return s->setup.venue_count;
}
