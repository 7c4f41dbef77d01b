#include "app/venues.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a venue is sorted by: qsort() takes no context. */
struct ranked {
	const struct event_venue *venue;
	uint32_t walk_min, at;
	bool own;
};

static int by_distance(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	if (x->own != y->own)
		return x->own ? -1 : 1;
	if (!x->walk_min != !y->walk_min)
		return x->walk_min ? -1 : 1;
	if (x->walk_min != y->walk_min)
		return x->walk_min < y->walk_min ? -1 : 1;
	return x->venue < y->venue ? -1 : x->venue > y->venue; /* as the event file has them */
}

static int by_name(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	return strcmp(x->venue->id, y->venue->id);
}

static void rank(struct ranked *r, const struct event *event, const struct event_venue *own)
{
	for (uint32_t i = 0; i < event->venue_count; i++) {
		r[i].venue = &event->venues[i];
		r[i].own = r[i].venue == own;
		r[i].walk_min = event_walk_min(own, r[i].venue);
	}
	qsort(r, event->venue_count, sizeof(*r), by_distance);
	for (uint32_t i = 0; i < event->venue_count; i++)
		r[i].at = i;
}

static void fill(struct venues *v, struct ranked *r, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct event_venue *venue = r[i].venue;
		struct desk_venue *d = &v->list[i];
		text_copy(d->id, sizeof(d->id), venue->id);
		d->place = (struct screen_place){ venue->name, venue->address, venue->lat,
			venue->lon, r[i].walk_min };
		d->capacity_seats = venue->capacity_seats;
	}
	qsort(r, count, sizeof(*r), by_name);
	for (uint32_t i = 0; i < count; i++)
		v->by_id[i] = r[i].at;
}

int venues_list(struct venues *out, const struct event *event, const struct event_venue *own)
{
	uint32_t n = event->venue_count;
	AUTO_FREE struct ranked *ranked = calloc(n, sizeof(*ranked));
	struct venues v = {
		.list = calloc(n, sizeof(*v.list)),
		.by_id = calloc(n, sizeof(*v.by_id)),
		.fleet = calloc(n, sizeof(*v.fleet)),
	};
	if (!ranked || !v.list || !v.by_id || !v.fleet) {
		venues_free(&v);
		return -ENOMEM;
	}
	rank(ranked, event, own);
	fill(&v, ranked, n);
	*out = v;
	return 0;
}

void venues_free(struct venues *v)
{
	free(v->list);
	free(v->by_id);
	free(v->fleet);
	*v = (struct venues){ 0 };
}
