/* state, count and fleet; the others are in message_chains.c and message_batch.c. */
#include "sync/message.h"

#include "sync/message_parts.h"

#include <string.h>

#define I(n) ((json_int_t)(n))

/* --- state --- */

static const char *const state_members[] = { "v", "online", "leaving", "venue", "door", "program",
	"epoch", "key", "wall_ms", "trust", NULL };

char *message_write_state(const struct message_state *m, size_t *len)
{
	return message_dump(
		json_pack("{s:i, s:b, s:b, s:s, s:s, s:s, s:I, s:o, s:I, s:s}", "v",
			MESSAGE_VERSION, "online", m->online, "leaving", m->leaving, "venue",
			m->venue, "door", m->door, "program", m->program, "epoch", I(m->epoch),
			"key", message_json_hex(m->key, sizeof(m->key)), "wall_ms", I(m->wall_ms),
			"trust", trust_names[m->trust]),
		len);
}

bool message_read_state(
	struct message_state *out, const void *json, size_t len, struct message_why *why)
{
	struct taking t;
	memset(out, 0, sizeof(*out));
	json_t *root = message_load(&t, json, len, MESSAGE_MAX, "state", state_members, why);
	out->online = message_bool(&t, "online");
	out->leaving = message_bool(&t, "leaving");
	message_id(&t, "venue", false, out->venue);
	message_id(&t, "door", true, out->door);
	message_text(&t, "program", out->program, sizeof(out->program));
	out->epoch = (uint32_t)message_integer(&t, "epoch", 1, UINT32_MAX);
	message_hex(&t, "key", out->key, sizeof(out->key));
	out->wall_ms = message_integer(&t, "wall_ms", INT64_MIN, INT64_MAX);
	out->trust = message_trust(&t);
	json_decref(root);
	return t.ok;
}

/* --- count --- */

static const char *const count_members[] = { "v", "venue", "door", "wall_ms", "trust", "stamp",
	"queued", "present", "people", "entries", "capacity", "last_ten", "ten_before", "chains",
	"moved", NULL };
static const char *const counter_members[] = { "epoch", "venue", "rows", "in", "out", "walk_ins",
	"refused", "plus", "minus", "undone_in", "undone_out", "undone_walk_ins", "last_ms", NULL };
static const char *const moved_members[] = { "epoch", "from", "guests", "undone", NULL };

static json_t *write_counter(const struct message_counter *c)
{
	return json_pack("{s:I, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
		"epoch", I(c->epoch), "venue", c->venue, "rows", I(c->rows), "in", I(c->in), "out",
		I(c->out), "walk_ins", I(c->walk_ins), "refused", I(c->refused), "plus", I(c->plus),
		"minus", I(c->minus), "undone_in", I(c->undone_in), "undone_out", I(c->undone_out),
		"undone_walk_ins", I(c->undone_walk_ins), "last_ms", I(c->last_ms));
}

/* Appends to an array and takes the item over. False without memory. */
static bool append(json_t *array, json_t *item)
{
	return !json_array_append_new(array, item);
}

static json_t *write_counters(const struct message_count *m)
{
	json_t *array = json_array();
	for (uint32_t i = 0; i < m->counters; i++)
		if (!append(array, write_counter(&m->at[i]))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *write_moved(const struct message_count *m)
{
	json_t *array = json_array();
	for (uint32_t i = 0; i < m->moved_count; i++)
		if (!append(array,
			    json_pack("{s:I, s:s, s:I, s:I}", "epoch", I(m->moved[i].epoch), "from",
				    m->moved[i].from, "guests", I(m->moved[i].guests), "undone",
				    I(m->moved[i].undone)))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

char *message_write_count(const struct message_count *m, size_t *len)
{
	CHECK(m->counters <= MESSAGE_CHAINS_MAX && m->moved_count <= MESSAGE_MOVED_MAX);
	return message_dump(
		json_pack("{s:i, s:s, s:s, s:I, s:s, s:o, s:I, s:I, s:I, s:I, s:I,"
			  " s:I, s:I, s:o, s:o}",
			"v", MESSAGE_VERSION, "venue", m->venue, "door", m->door, "wall_ms",
			I(m->wall_ms), "trust", trust_names[m->trust], "stamp",
			message_json_stamp(m->stamp), "queued", I(m->queued), "present",
			I(m->present), "people", I(m->people), "entries", I(m->entries), "capacity",
			I(m->capacity_seats), "last_ten", I(m->last_ten), "ten_before",
			I(m->ten_before), "chains", write_counters(m), "moved", write_moved(m)),
		len);
}

static void read_counter(struct message_counter *c, const json_t *object, struct taking *whole)
{
	struct taking t;
	if (!whole->ok)
		return;
	message_begin(&t, object, "count: chain", counter_members, whole->why);
	c->epoch = (uint32_t)message_integer(&t, "epoch", 1, UINT32_MAX);
	message_id(&t, "venue", false, c->venue);
	c->rows = message_natural(&t, "rows");
	c->in = message_natural(&t, "in");
	c->out = message_natural(&t, "out");
	c->walk_ins = message_natural(&t, "walk_ins");
	c->refused = message_natural(&t, "refused");
	c->plus = message_natural(&t, "plus");
	c->minus = message_natural(&t, "minus");
	c->undone_in = message_natural(&t, "undone_in");
	c->undone_out = message_natural(&t, "undone_out");
	c->undone_walk_ins = message_natural(&t, "undone_walk_ins");
	c->last_ms = message_integer(&t, "last_ms", INT64_MIN, INT64_MAX);
	whole->ok = t.ok;
}

static void read_moved(struct message_moved *m, const json_t *object, struct taking *whole)
{
	struct taking t;
	if (!whole->ok)
		return;
	message_begin(&t, object, "count: moved", moved_members, whole->why);
	m->epoch = (uint32_t)message_integer(&t, "epoch", 1, UINT32_MAX);
	message_id(&t, "from", false, m->from);
	m->guests = message_natural(&t, "guests");
	m->undone = message_natural(&t, "undone");
	whole->ok = t.ok;
}

static void read_count_lists(struct message_count *out, struct taking *t)
{
	const json_t *chains = message_array(t, "chains", MESSAGE_CHAINS_MAX);
	const json_t *moved = message_array(t, "moved", MESSAGE_MOVED_MAX);
	for (size_t i = 0; i < json_array_size(chains); i++)
		read_counter(&out->at[i], json_array_get(chains, i), t);
	for (size_t i = 0; i < json_array_size(moved); i++)
		read_moved(&out->moved[i], json_array_get(moved, i), t);
	out->counters = (uint32_t)json_array_size(chains);
	out->moved_count = (uint32_t)json_array_size(moved);
}

bool message_read_count(
	struct message_count *out, const void *json, size_t len, struct message_why *why)
{
	struct taking t;
	memset(out, 0, sizeof(*out));
	json_t *root = message_load(&t, json, len, MESSAGE_MAX, "count", count_members, why);
	message_id(&t, "venue", false, out->venue);
	message_id(&t, "door", true, out->door);
	out->wall_ms = message_integer(&t, "wall_ms", INT64_MIN, INT64_MAX);
	out->trust = message_trust(&t);
	out->stamp = message_stamp(&t, "stamp");
	out->queued = message_natural(&t, "queued");
	out->present = message_integer(&t, "present", -EXACT_MAX, EXACT_MAX);
	out->people = message_integer(&t, "people", -EXACT_MAX, EXACT_MAX);
	out->entries = message_natural(&t, "entries");
	out->capacity_seats = (uint32_t)message_integer(&t, "capacity", 0, UINT32_MAX);
	out->last_ten = message_natural(&t, "last_ten");
	out->ten_before = message_natural(&t, "ten_before");
	read_count_lists(out, &t);
	json_decref(root);
	return t.ok;
}

/* --- fleet --- */

static const char *const fleet_members[] = { "v", "collector", "wall_ms", "page", "pages",
	"present", "entries", "people", "venues", NULL };
static const char *const venue_members[] = { "venue", "known", "present", "entries", "people",
	"last_ten", "ten_before", "age_ms", "queued", "boxes", "boxes_lost", NULL };

static json_t *write_venue(const struct fleet_venue *v)
{
	return json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:i}", "venue", v->id,
		"known", v->known, "present", I(v->present), "entries", I(v->entries), "people",
		I(v->people), "last_ten", I(v->last_ten), "ten_before", I(v->ten_before), "age_ms",
		I(v->aged_ms), "queued", I(v->queued), "boxes", v->boxes, "boxes_lost",
		v->boxes_lost);
}

static json_t *write_venues(const struct message_fleet *m)
{
	json_t *array = json_array();
	for (uint32_t i = 0; i < m->count; i++)
		if (!append(array, write_venue(&m->at[i]))) {
			json_decref(array);
			return NULL;
		}
	return array;
}

char *message_write_fleet(const struct message_fleet *m, size_t *len)
{
	CHECK(m->count <= MESSAGE_FLEET_PAGE);
	return message_dump(
		json_pack("{s:i, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "v", MESSAGE_VERSION,
			"collector", message_json_hex(m->collector, sizeof(m->collector)),
			"wall_ms", I(m->wall_ms), "page", I(m->page), "pages", I(m->pages),
			"present", I(m->present), "entries", I(m->entries), "people", I(m->people),
			"venues", write_venues(m)),
		len);
}

static void read_venue(struct fleet_venue *v, const json_t *object, struct taking *whole)
{
	struct taking t;
	if (!whole->ok)
		return;
	message_begin(&t, object, "fleet: venue", venue_members, whole->why);
	message_id(&t, "venue", false, v->id);
	v->known = message_bool(&t, "known");
	v->present = message_integer(&t, "present", -EXACT_MAX, EXACT_MAX);
	v->entries = message_natural(&t, "entries");
	v->people = message_natural(&t, "people");
	v->last_ten = message_natural(&t, "last_ten");
	v->ten_before = message_natural(&t, "ten_before");
	v->aged_ms = message_integer(&t, "age_ms", 0, EXACT_MAX);
	v->queued = (uint32_t)message_integer(&t, "queued", 0, UINT32_MAX);
	v->boxes = (uint8_t)message_integer(&t, "boxes", 0, UINT8_MAX);
	v->boxes_lost = (uint8_t)message_integer(&t, "boxes_lost", 0, UINT8_MAX);
	whole->ok = t.ok;
}

bool message_read_fleet(
	struct message_fleet *out, const void *json, size_t len, struct message_why *why)
{
	struct taking t;
	memset(out, 0, sizeof(*out));
	json_t *root = message_load(&t, json, len, MESSAGE_MAX, "fleet", fleet_members, why);
	message_hex(&t, "collector", out->collector, sizeof(out->collector));
	out->wall_ms = message_integer(&t, "wall_ms", INT64_MIN, INT64_MAX);
	out->page = (uint32_t)message_integer(&t, "page", 0, 999999);
	out->pages = (uint32_t)message_integer(&t, "pages", 1, 1000000);
	if (t.ok && out->page >= out->pages)
		message_wrong(&t, "page", "is beyond the last");
	out->present = message_integer(&t, "present", -EXACT_MAX, EXACT_MAX);
	out->entries = message_natural(&t, "entries");
	out->people = message_natural(&t, "people");
	const json_t *venues = message_array(&t, "venues", MESSAGE_FLEET_PAGE);
	for (size_t i = 0; i < json_array_size(venues); i++)
		read_venue(&out->at[i], json_array_get(venues, i), &t);
	out->count = (uint32_t)json_array_size(venues);
	json_decref(root);
	return t.ok;
}
