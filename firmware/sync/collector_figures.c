/* Figures as sums, so that the order in which rows come does not matter: `present` of a venue is
 * the sum of what rows add there (door/headcount.h); people are the tickets whose entries outnumber
 * the entries that were taken back, and an undo that comes before its entry makes up for it later.
 *
 * A ticket is known here by 64 bits of its hash, mixed with the venue: among ten million the odds
 * that any two are taken for one are below one in three hundred thousand. */
#include "sync/collector_parts.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000

static size_t slot_of(const struct net_map *m, uint64_t key)
{
	size_t i = (size_t)key & (m->room - 1);
	while (m->keys[i] && m->keys[i] != key)
		i = (i + 1) & (m->room - 1);
	return i;
}

static bool grow(struct net_map *m)
{
	struct net_map more = { .room = m->room ? 2 * m->room : 1024 };
	more.keys = calloc(more.room, sizeof(more.keys[0]));
	more.net = calloc(more.room, sizeof(more.net[0]));
	if (!more.keys || !more.net) {
		free(more.keys);
		free(more.net);
		return false;
	}
	for (size_t i = 0; i < m->room; i++)
		if (m->keys[i]) {
			size_t slot = slot_of(&more, m->keys[i]);
			more.keys[slot] = m->keys[i];
			more.net[slot] = m->net[i];
		}
	more.used = m->used;
	free(m->keys);
	free(m->net);
	*m = more;
	return true;
}

/* Adds `by` to the net of a key; gives how many people that makes more: −1, 0 or 1. */
static int net_add(struct net_map *m, uint64_t key, int by)
{
	if (10 * m->used >= 7 * m->room && !grow(m) && m->used + 1 >= m->room)
		return 0;
	size_t slot = slot_of(m, key);
	if (!m->keys[slot]) {
		m->keys[slot] = key;
		m->used++;
	}
	bool was = m->net[slot] > 0;
	m->net[slot] += by;
	return (m->net[slot] > 0) - was;
}

static uint64_t key_of(const uint8_t ticket[TICKET_HASH_SIZE], size_t venue)
{
	uint64_t half;
	memcpy(&half, ticket, sizeof(half));
	uint64_t key = collector_mix(half ^ collector_mix((uint64_t)venue + 1));
	return key ? key : 1;
}

static bool has_ticket(const struct row *row)
{
	static const uint8_t none[TICKET_HASH_SIZE];
	return memcmp(row->ticket, none, sizeof(none)) != 0;
}

static void fold_people(struct collector *c, const struct row *row, size_t venue)
{
	int by = row->kind == ROW_UNDO ? -1 : 1;
	if (row->direction != DIRECTION_IN || row->kind == ROW_ADJUST)
		return;
	if (!has_ticket(row)) {
		c->venues[venue].people += (uint64_t)(int64_t)by;
		c->event_people += (uint64_t)(int64_t)by;
		return;
	}
	c->venues[venue].people +=
		(uint64_t)(int64_t)net_add(&c->people, key_of(row->ticket, venue), by);
	c->event_people +=
		(uint64_t)(int64_t)net_add(&c->people, key_of(row->ticket, SIZE_MAX - 1), by);
}

static void fold_entry(struct col_venue *v, const struct row *row)
{
	int64_t minute = row->at.wall_ms / MINUTE_MS;
	size_t i = (size_t)((uint64_t)minute % MINUTES);
	v->entries++;
	if (v->minutes[i].minute < minute || !v->minutes[i].entries) {
		v->minutes[i].minute = minute;
		v->minutes[i].entries = 0;
	}
	v->minutes[i].entries += v->minutes[i].minute == minute;
}

static void fold_departure(struct collector *c, const struct row *row)
{
	int64_t by = row->kind == ROW_UNDO ? 1 : row->verdict == VERDICT_MOVED ? -1 : 0;
	if (!by || !*row->from_venue || !strcmp(row->from_venue, row->venue))
		return;
	size_t from = collector_venue_of(c, row->from_venue);
	c->venues[from].present += by;
	collector_venue_changed(c, from);
}

static int64_t plus(int64_t a, int64_t b)
{
	int64_t sum;
	if (__builtin_add_overflow(a, b, &sum))
		return b < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

void collector_fold(struct collector *c, const struct row *row)
{
	size_t venue = collector_venue_of(c, row->venue);
	struct col_venue *v = &c->venues[venue];
	if (row->at.wall_ms > v->last_wall_ms)
		v->last_wall_ms = row->at.wall_ms;
	v->present = plus(v->present, headcount_effect(row));
	if (row->direction == DIRECTION_IN && row->kind != ROW_UNDO && row->kind != ROW_ADJUST)
		fold_entry(v, row);
	fold_people(c, row, venue);
	fold_departure(c, row);
	collector_venue_changed(c, venue);
}

static uint64_t entries_of_minutes(const struct col_venue *v, int64_t after, int64_t until)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < MINUTES; i++)
		if (v->minutes[i].minute > after && v->minutes[i].minute <= until)
			sum += v->minutes[i].entries;
	return sum;
}

void collector_figures_of(const struct collector *c, size_t venue, struct collector_figures *out)
{
	const struct col_venue *v = &c->venues[venue];
	int64_t minute = c->now.wall_ms / MINUTE_MS;
	*out = (struct collector_figures){ .present = v->present,
		.entries = v->entries,
		.people = v->people,
		.last_ten = entries_of_minutes(v, minute - 10, minute),
		.ten_before = entries_of_minutes(v, minute - 20, minute - 10) };
}

bool collector_venue(const struct collector *c, const char *venue, struct collector_figures *out)
{
	size_t n = collector_venue_of(c, venue);
	if (n == c->setup.venue_count)
		return false;
	collector_figures_of(c, n, out);
	return true;
}

void collector_event(const struct collector *c, struct collector_figures *out)
{
	struct collector_figures sum = { .people = c->event_people }, one;
	for (size_t i = 0; i <= c->setup.venue_count; i++) {
		collector_figures_of(c, i, &one);
		sum.present = plus(sum.present, one.present);
		sum.entries += one.entries;
		sum.last_ten += one.last_ten;
		sum.ten_before += one.ten_before;
	}
	*out = sum;
}
