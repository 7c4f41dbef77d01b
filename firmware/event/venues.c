/* The venues of an event: met one by one while it is read, and found by what tickets, options and
 * messages call them. There may be ten thousand, so neither is a walk through all of them. */
#include "event/event_reading.h"

#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- while reading: a table of hashes, open addressing -----------------------------------------
 */

static uint32_t hash_of(const char *id)
{
	uint32_t hash = 2166136261U; /* FNV-1a */
	for (; *id; id++)
		hash = (hash ^ (uint8_t)*id) * 16777619U;
	return hash ^ hash >> 15;
}

/* The slot of an identifier, or the free one where it belongs. */
static uint16_t *slot_of(struct reading *r, const char *id)
{
	static_assert(EVENT_VENUES_MAX < READING_SLOTS / 2, "a free slot is found soon");
	static_assert(EVENT_VENUES_MAX < UINT16_MAX, "a place fits");
	uint32_t at = hash_of(id) % READING_SLOTS;
	while (r->venue_at[at] && strcmp(r->event->venues[r->venue_at[at] - 1].id, id))
		at = (at + 1) % READING_SLOTS;
	return &r->venue_at[at];
}

/* What was allocated is not more than twice what is used: most events are small. */
static bool make_room(struct reading *r)
{
	struct event *e = r->event;
	if (e->venue_count < r->venue_room)
		return true;
	uint32_t room = r->venue_room ? 2 * r->venue_room : 16;
	struct event_venue *more = reallocarray(e->venues, room, sizeof(*more));
	if (!more)
		return false;
	e->venues = more;
	r->venue_room = room;
	return true;
}

int venues_add(struct reading *r, const char *id)
{
	struct event *e = r->event;
	uint16_t *slot = slot_of(r, id);
	if (*slot) {
		reading_tell(r, r->line, true, NULL,
			"stands on line %u already: give each venue its own identifier",
			r->venues[*slot - 1].line);
		return -1;
	}
	if (e->venue_count == EVENT_VENUES_MAX) {
		reading_tell(r, r->line, true, NULL, "more than %d venues", EVENT_VENUES_MAX);
		return -1;
	}
	if (!make_room(r)) {
		reading_tell(r, r->line, true, NULL, "no memory for this venue");
		return -1;
	}
	struct event_venue *v = &e->venues[e->venue_count++];
	memset(v, 0, sizeof(*v));
	text_copy(v->id, sizeof(v->id), id);
	*slot = (uint16_t)e->venue_count;
	return (int)e->venue_count - 1;
}

/* --- afterwards: sorted ------------------------------------------------------------------------
 */

static int by_id(const void *a, const void *b)
{
	const struct event_venue *x = *(const struct event_venue *const *)a;
	const struct event_venue *y = *(const struct event_venue *const *)b;
	return strcmp(x->id, y->id);
}

static int by_subevent(const void *a, const void *b)
{
	const struct event_venue *x = *(const struct event_venue *const *)a;
	const struct event_venue *y = *(const struct event_venue *const *)b;
	return x->subevent < y->subevent ? -1 : x->subevent > y->subevent;
}

int venues_index(struct event *e)
{
	e->by_id = calloc(e->venue_count, sizeof(*e->by_id));
	e->by_subevent = calloc(e->venue_count, sizeof(*e->by_subevent));
	if (!e->by_id || !e->by_subevent)
		return -ENOMEM;
	for (uint32_t i = 0; i < e->venue_count; i++)
		e->by_id[i] = e->by_subevent[i] = &e->venues[i];
	qsort(e->by_id, e->venue_count, sizeof(*e->by_id), by_id);
	qsort(e->by_subevent, e->venue_count, sizeof(*e->by_subevent), by_subevent);
	return 0;
}

const struct event_venue *event_venue(const struct event *e, const char *id)
{
	uint32_t low = 0, high = e->venue_count;
	while (e->by_id && low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(e->by_id[middle]->id, id);
		if (!order)
			return e->by_id[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (uint32_t i = 0; !e->by_id && i < e->venue_count; i++)
		if (!strcmp(e->venues[i].id, id))
			return &e->venues[i];
	return NULL;
}

const struct event_venue *event_venue_of_subevent(const struct event *e, int64_t subevent)
{
	uint32_t low = 0, high = e->venue_count;
	if (!subevent)
		return NULL;
	while (e->by_subevent && low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (e->by_subevent[middle]->subevent < subevent)
			low = middle + 1;
		else
			high = middle;
	}
	if (e->by_subevent && low < e->venue_count && e->by_subevent[low]->subevent == subevent)
		return e->by_subevent[low];
	for (uint32_t i = 0; !e->by_subevent && i < e->venue_count; i++)
		if (e->venues[i].subevent == subevent)
			return &e->venues[i];
	return NULL;
}

static bool is_placed(const struct event_venue *v)
{
	return v->lat != 0 || v->lon != 0;
}

uint32_t event_walk_min(const struct event_venue *from, const struct event_venue *to)
{
	static const double earth_m = 6371008.8, radian = 0.017453292519943295;
	static const double streets = 1.3, m_a_minute = 80;
	if (!is_placed(from) || !is_placed(to))
		return 0;
	double a = from->lat * radian, b = to->lat * radian;
	double up = sin((b - a) / 2), along = sin((to->lon - from->lon) * radian / 2);
	double h = up * up + cos(a) * cos(b) * along * along;
	double m = 2 * earth_m * asin(sqrt(h < 1 ? h : 1));
	return (uint32_t)ceil(m * streets / m_a_minute);
}
