/* The other venues of the event, tickets that came in twice, and how the sync does: what the desk
 * remembers of them, and what the volunteers' screens show of it. Guests' screens get nothing of
 * it but a place with room. */
#include "base/cc.h"
#include "base/text.h"
#include "door/desk_parts.h"

#include <string.h>

#define MINUTE_MS 60000

/* --- venues ------------------------------------------------------------------------------------
 */

/* The place of a venue in the setup; venue_count: none. */
static size_t place_of(const struct desk *d, const char *id)
{
	const struct desk_setup *s = &d->setup;
	size_t low = 0, high = s->venue_count;
	if (!s->venues_by_id) {
		while (low < high && strcmp(s->venues[low].id, id))
			low++;
		return low;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2, at = s->venues_by_id[middle];
		int order = strcmp(s->venues[at].id, id);
		if (!order)
			return at;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return s->venue_count;
}

const struct desk_venue *desk_venue(const struct desk *d, const char *id)
{
	size_t at = *id ? place_of(d, id) : d->setup.venue_count;
	return at < d->setup.venue_count ? &d->setup.venues[at] : NULL;
}

const char *desk_venue_name(const struct desk *d, const char *id)
{
	const struct desk_venue *v = desk_venue(d, id);
	return v ? v->place.name : NULL;
}

static bool is_own(const struct desk *d, const struct desk_venue *v)
{
	return !strcmp(v->id, d->setup.rules.venue);
}

/* What was heard of a venue, if it can be relied on; NULL. */
static const struct fleet_venue *fresh(
	const struct desk *d, const struct desk_venue *v, const struct when *now)
{
	const struct fleet_venue *f = d->setup.fleet;
	if (!f || !f[v - d->setup.venues].known)
		return NULL;
	f += v - d->setup.venues;
	return fleet_age_ms(f, now->mono_ms) < FLEET_STALE_MS ? f : NULL;
}

static uint32_t free_seats(const struct desk_venue *v, const struct fleet_venue *f)
{
	int64_t present = f->present > 0 ? f->present : 0;
	return present < v->capacity_seats ? v->capacity_seats - (uint32_t)present : 0;
}

void desk_show_seats(
	const struct desk *d, const struct desk_venue *v, const struct when *now, struct screen *s)
{
	const struct fleet_venue *f = fresh(d, v, now);
	s->place_known = f != NULL;
	s->place_no_limit = f && !v->capacity_seats;
	s->place_free = f ? free_seats(v, f) : 0;
}

/* The venues are in the order of their distance; those that nobody knows how far are last. */
const struct desk_venue *desk_nearest_room(const struct desk *d, const struct when *now)
{
	for (size_t i = 0; d->setup.fleet && i < d->setup.venue_count; i++) {
		const struct desk_venue *v = &d->setup.venues[i];
		const struct fleet_venue *f = is_own(d, v) ? NULL : fresh(d, v, now);
		if (f && (!v->capacity_seats || free_seats(v, f)))
			return v;
	}
	return NULL;
}

void desk_fleet(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	for (size_t i = 0; d->setup.fleet && i < e->fleet.count; i++) {
		const struct fleet_venue *f = &e->fleet.at[i];
		size_t at = place_of(d, f->id);
		if (at < d->setup.venue_count)
			d->setup.fleet[at] = *f;
	}
	if (d->screen.id == SCREEN_FLEET)
		out->set |= EFFECT_SCREEN;
}

/* --- sync and pairs ----------------------------------------------------------------------------
 */

void desk_link(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	d->link = e->link;
	if (desk_is_staff_screen(d))
		out->set |= EFFECT_SCREEN;
}

static void keep_pair(struct screen_pair *out, const struct pair *p)
{
	out->first = p->first.at;
	out->second = p->second.at;
	text_copy(out->first_door, sizeof(out->first_door), p->first.door);
	text_copy(out->second_door, sizeof(out->second_door), p->second.door);
}

void desk_pairs(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	size_t n = e->pairs.count < SCREEN_PAIRS_MAX ? e->pairs.count : SCREEN_PAIRS_MAX;
	memset(d->pairs, 0, sizeof(d->pairs));
	for (size_t i = 0; i < n; i++)
		keep_pair(&d->pairs[i], &e->pairs.at[i]);
	d->pair_count = (uint8_t)n;
	d->pair_total = e->pairs.total;
	if (desk_is_staff_screen(d))
		out->set |= EFFECT_SCREEN;
}

/* --- the stick ---------------------------------------------------------------------------------
 */

void desk_stick(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	d->stick = e->stick;
	if (d->screen.id == SCREEN_HEADCOUNT || d->screen.id == SCREEN_STICK)
		out->set |= EFFECT_SCREEN;
}

void desk_open_stick(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	if (d->screen.staff)
		desk_go(d, SCREEN_STICK, &e->now, out);
}

/* The PIN that has opened the session is enough: the copy is sealed, so that whoever carries it off
 * has nothing. */
void desk_copy(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	(void)e;
	bool under_way = d->stick.state == STICK_COPYING || d->stick.state == STICK_MIRROR;
	if (!d->screen.staff || under_way || d->stick.state == STICK_NONE)
		desk_chime(out, CHIME_FAULT);
	else
		out->set |= EFFECT_COPY;
}

/* --- the log as codes --------------------------------------------------------------------------
 */

void desk_open_series(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	memset(&d->series, 0, sizeof(d->series));
	if (d->screen.staff)
		desk_go(d, SCREEN_SERIES, &e->now, out);
}

/* It is sealed, as on a stick: whoever films it has nothing. */
void desk_show_series(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	(void)e;
	if (d->series.state == SERIES_SEALING || d->series.state == SERIES_SHOWN)
		return;
	d->series.state = SERIES_SEALING;
	out->set |= EFFECT_SERIES | EFFECT_SCREEN;
}

void desk_series(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	if (d->screen.id != SCREEN_SERIES || d->series.state == SERIES_COUNTS)
		return;
	d->series = *e->series;
	out->set |= EFFECT_SCREEN;
}

/* --- lists, a page at a time -------------------------------------------------------------------
 */

static bool has_fleet(const struct desk *d)
{
	return d->setup.fleet && d->setup.venue_count > 1;
}

/* Larger text, fewer lines. */
static uint32_t list_rows(const struct desk *d)
{
	if (d->screen.id == SCREEN_PAIRS)
		return d->screen.text_percent > 150 ? 3 : d->screen.text_percent > 100 ? 4 : 6;
	return d->screen.text_percent > 150   ? 4
	       : d->screen.text_percent > 100 ? 6
					      : SCREEN_FLEET_MAX;
}

static uint32_t list_total(const struct desk *d)
{
	return d->screen.id == SCREEN_PAIRS ? d->pair_count : (uint32_t)d->setup.venue_count;
}

/* The list may have become shorter, and its pages too: where the page begins by now. */
static uint32_t list_first(const struct desk *d)
{
	uint32_t rows = list_rows(d), total = list_total(d);
	uint32_t first = d->list_first < total ? d->list_first : total ? total - 1 : 0;
	return first / rows * rows;
}

static void open_list(
	struct desk *d, enum screen_id id, const struct desk_event *e, struct desk_effects *out)
{
	desk_go(d, id, &e->now, out);
	d->list_first = 0;
}

void desk_open_fleet(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	if (d->screen.staff && has_fleet(d))
		open_list(d, SCREEN_FLEET, e, out);
}

void desk_open_pairs(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	if (d->screen.staff && d->pair_total)
		open_list(d, SCREEN_PAIRS, e, out);
}

void desk_turn_list(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	uint32_t first = list_first(d), rows = list_rows(d);
	if (e->tap == CONTROL_LATER && first + rows < list_total(d))
		d->list_first = first + rows;
	else if (e->tap == CONTROL_EARLIER && first)
		d->list_first = first > rows ? first - rows : 0;
	out->set |= EFFECT_SCREEN;
}

void desk_close_list(struct desk *d, const struct desk_event *e, struct desk_effects *out)
{
	desk_go_home(d, &e->now, out);
}

/* --- what is to be seen ------------------------------------------------------------------------
 */

/* Our own people are counted here, whoever can be reached. */
static void fill_venue(
	const struct desk *d, size_t at, const struct when *now, struct screen_venue *out)
{
	const struct desk_venue *v = &d->setup.venues[at];
	const struct fleet_venue *f = &d->setup.fleet[at];
	int64_t age_ms = f->known ? fleet_age_ms(f, now->mono_ms) : 0;
	int64_t age_min = age_ms / MINUTE_MS;
	*out = (struct screen_venue){ .name = v->place.name,
		.own = is_own(d, v),
		.known = f->known,
		.stale = age_ms >= FLEET_STALE_MS,
		.present = f->present,
		.capacity_seats = v->capacity_seats,
		.walk_min = v->place.walk_min,
		.last_ten = f->last_ten,
		.ten_before = f->ten_before,
		.age_min = age_min > UINT32_MAX ? UINT32_MAX : (uint32_t)age_min,
		.queued = f->queued,
		.boxes = f->boxes,
		.boxes_lost = f->boxes_lost };
	if (!out->own)
		return;
	out->known = true;
	out->stale = false;
	out->age_min = 0;
	out->present = headcount_present(&d->screen.count);
}

static void add_up(struct screen_fleet_total *t, const struct screen_venue *v)
{
	bool unlimited = t->venues && !t->seats;
	t->venues++;
	t->seats = unlimited || !v->capacity_seats ? 0 : t->seats + v->capacity_seats;
	t->known += v->known;
	t->stale += v->stale;
	t->present += v->known ? v->present : 0;
}

static void fill_page(const struct desk *d, const struct when *now, struct screen *out)
{
	uint32_t first = list_first(d), rows = list_rows(d);
	for (uint32_t i = 0; i < d->setup.venue_count; i++) {
		struct screen_venue v;
		fill_venue(d, i, now, &v);
		add_up(&out->fleet_total, &v);
		if (i >= first && i < first + rows)
			out->fleet[out->fleet_count++] = v;
	}
}

static void fill_pairs(const struct desk *d, struct screen *out)
{
	uint32_t first = list_first(d), rows = list_rows(d);
	for (uint32_t i = first; i < first + rows && i < d->pair_count; i++)
		out->pairs[out->pair_count++] = d->pairs[i];
}

void desk_fill_fleet(const struct desk *d, const struct when *now, struct screen *out)
{
	enum screen_id id = d->screen.id;
	if (id == SCREEN_HEADCOUNT || id == SCREEN_STICK)
		out->stick = d->stick;
	if (id == SCREEN_SERIES)
		out->series = d->series;
	if (id != SCREEN_HEADCOUNT && id != SCREEN_FLEET && id != SCREEN_PAIRS)
		return;
	out->link = d->link;
	out->has_fleet = has_fleet(d);
	out->pair_total = d->pair_total;
	if (id == SCREEN_HEADCOUNT)
		return;
	out->list_first = list_first(d);
	out->list_total = list_total(d);
	out->list_rows = list_rows(d);
	if (id == SCREEN_FLEET)
		fill_page(d, now, out);
	else
		fill_pairs(d, out);
}
