#include "sync/collector_parts.h"

#include <string.h>

#define AGE_MOST_MS   (INT64_C(1) << 45)
#define FIGURE_MOST   (INT64_C(1) << 52)
#define SUM_MS        1000
#define PAGE_APART_MS 500 /* of a large event: so many pages a second, and no more */

void collector_venue_changed(struct collector *c, size_t venue)
{
	if (venue < c->setup.venue_count)
		c->pages[venue / MESSAGE_FLEET_PAGE].dirty = true;
}

/* What the venues' boxes say of themselves. */
static void sum_boxes(struct collector *c)
{
	if (c->summed_ms && c->now.mono_ms - c->summed_ms < SUM_MS)
		return;
	c->summed_ms = c->now.mono_ms;
	for (size_t i = 0; i < c->setup.venue_count; i++)
		c->venues[i].queued = c->venues[i].boxes = c->venues[i].boxes_lost = 0;
	for (size_t i = 0; i < c->box_count; i++) {
		const struct col_state *s = &c->states[i];
		if (s->venue < 0 || !s->known)
			continue;
		struct col_venue *v = &c->venues[s->venue];
		v->boxes++;
		v->queued += c->boxes[i].queued;
		v->boxes_lost += s->gone || !s->live ||
				 c->now.mono_ms - c->boxes[i].heard_mono_ms >= LOST_AFTER_MS;
	}
}

static int64_t age_of(const struct collector *c, const struct col_venue *v)
{
	int64_t age;
	if (v->heard_ms)
		return c->now.mono_ms - v->heard_ms;
	/* Only the store knows of it. */
	if (!v->last_wall_ms || __builtin_sub_overflow(c->now.wall_ms, v->last_wall_ms, &age))
		return FLEET_STALE_MS + 1;
	return age < 0 || age > AGE_MOST_MS ? AGE_MOST_MS : age;
}

/* What a message can say: the sum of a liar's rows may be anything. */
static int64_t in_range(int64_t n)
{
	return n > FIGURE_MOST ? FIGURE_MOST : n < -FIGURE_MOST ? -FIGURE_MOST : n;
}

static void fill(const struct collector *c, size_t i, struct fleet_venue *out)
{
	const struct col_venue *v = &c->venues[i];
	struct collector_figures f;
	memset(out, 0, sizeof(*out));
	memcpy(out->id, c->setup.venues[i], sizeof(out->id));
	collector_figures_of(c, i, &f);
	out->known = v->heard_ms || v->last_wall_ms;
	out->present = in_range(f.present);
	out->entries = f.entries;
	out->people = f.people;
	out->last_ten = f.last_ten;
	out->ten_before = f.ten_before;
	out->aged_ms = age_of(c, v);
	out->queued = v->queued < UINT32_MAX ? (uint32_t)v->queued : UINT32_MAX;
	out->boxes = v->boxes < UINT8_MAX ? (uint8_t)v->boxes : UINT8_MAX;
	out->boxes_lost = v->boxes_lost < UINT8_MAX ? (uint8_t)v->boxes_lost : UINT8_MAX;
}

static void publish_page(struct collector *c, size_t page)
{
	struct message_fleet *m = &c->fleet_out;
	struct collector_figures event;
	struct topic t = { .kind = TOPIC_FLEET, .page = (uint32_t)page };
	char name[TOPIC_SIZE];
	size_t len = 0, from = page * MESSAGE_FLEET_PAGE;
	sum_boxes(c);
	collector_event(c, &event);
	memset(m, 0, sizeof(*m));
	memcpy(m->collector, c->setup.id, sizeof(m->collector));
	m->wall_ms = c->now.wall_ms;
	m->page = (uint32_t)page;
	m->pages = (uint32_t)c->page_count;
	m->present = in_range(event.present);
	m->entries = event.entries;
	m->people = event.people;
	for (size_t i = from; i < c->setup.venue_count && i < from + MESSAGE_FLEET_PAGE; i++)
		fill(c, i, &m->at[m->count++]);
	memcpy(t.event, c->setup.event, sizeof(t.event));
	topic_write(&t, name);
	char *text = message_write_fleet(m, &len);
	collector_publish(c, name, text, len);
	c->pages[page].dirty = false;
	c->pages[page].sent_ms = c->now.mono_ms;
}

static int64_t page_due(const struct collector *c, size_t page)
{
	const struct page *p = &c->pages[page];
	int64_t apart = (int64_t)c->page_count * PAGE_APART_MS;
	if (apart < c->setup.fleet_every_ms)
		apart = c->setup.fleet_every_ms;
	if (!p->sent_ms)
		return c->up_ms + (int64_t)page * PAGE_APART_MS / 4;
	return p->sent_ms + (p->dirty || apart > FLEET_REST_MS ? apart : FLEET_REST_MS);
}

void collector_fleet_tick(struct collector *c)
{
	for (size_t i = 0; collector_may_publish(c) && i < c->page_count; i++)
		if (page_due(c, i) <= c->now.mono_ms)
			publish_page(c, i);
}

int64_t collector_fleet_due(const struct collector *c)
{
	int64_t at = INT64_MAX;
	for (size_t i = 0; collector_may_publish(c) && i < c->page_count; i++)
		if (page_due(c, i) < at)
			at = page_due(c, i);
	return at;
}
