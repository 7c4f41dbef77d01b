#include "night/report_parts.h"

#include "base/text.h"
#include "base/when.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

static json_t *moment(int64_t ms)
{
	char iso[WHEN_ISO_SIZE];
	if (!ms)
		return json_null();
	when_iso_utc(ms, iso);
	return json_string(iso);
}

static json_t *hex(const uint8_t *bytes, size_t n)
{
	char text[2 * ROW_HASH_SIZE + 1];
	text_hex(text, bytes, n);
	return json_string(text);
}

static void put(json_t *o, const char *name, int64_t value)
{
	json_object_set_new(o, name, json_integer((json_int_t)value));
}

static json_t *refusals(const struct figures_venue *v)
{
	json_t *o = json_object();
	for (int i = 0; i < VERDICT_COUNT; i++)
		if (v->refused_for[i])
			put(o, verdict_names[i], (int64_t)v->refused_for[i]);
	return o;
}

static json_t *slots(const struct figures *f, const struct figures_venue *v)
{
	json_t *list = json_array();
	for (uint32_t i = 0; i < f->slot_count; i++) {
		const struct figures_slot *s = &v->slots[i];
		if (!s->arrivals && !s->present && !s->present_most)
			continue;
		json_t *o = json_object();
		json_object_set_new(o, "from", moment(f->start_ms + (int64_t)i * FIGURES_SLOT_MS));
		put(o, "arrivals", s->arrivals);
		put(o, "present", s->present);
		put(o, "present_most", s->present_most);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *venue(const struct report *r, const struct figures_venue *v)
{
	const struct figures *f = r->figures;
	json_t *o = json_object();
	if (*v->id) {
		json_object_set_new(o, "id", json_string(v->id));
		json_object_set_new(o, "name", json_string(figures_name(r->event, v->id)));
		json_object_set_new(o, "of_event", json_boolean(v->of_event));
	}
	put(o, "entries", (int64_t)v->entries);
	put(o, "people", (int64_t)v->people);
	put(o, "tickets", (int64_t)v->tickets);
	put(o, "walk_ins", (int64_t)v->walk_ins);
	put(o, "badges", (int64_t)v->badges);
	put(o, "readmitted", (int64_t)v->readmitted);
	put(o, "moved_in", (int64_t)v->moved_in);
	put(o, "moved_out", (int64_t)v->moved_out);
	put(o, "overridden", (int64_t)v->overridden);
	put(o, "exits", (int64_t)v->exits);
	put(o, "undone", (int64_t)v->undone);
	put(o, "adjustments", v->adjustments);
	put(o, "tests", (int64_t)v->tests);
	put(o, "rows", (int64_t)v->rows);
	json_object_set_new(o, "registered",
		f->registered_known ? json_integer((json_int_t)v->registered) : json_null());
	put(o, "registered_came", (int64_t)v->came);
	put(o, "peak_present", v->peak_present);
	json_object_set_new(o, "peak_at", moment(v->peak_ms));
	put(o, "present", v->present);
	json_object_set_new(o, "first_entry_at", moment(v->first_entry_ms));
	json_object_set_new(o, "last_entry_at", moment(v->last_entry_ms));
	put(o, "entries_outside", (int64_t)v->outside);
	put(o, "refused", (int64_t)v->refused);
	json_object_set_new(o, "refused_for", refusals(v));
	json_object_set_new(o, "ten_minutes", slots(f, v));
	return o;
}

static json_t *moves(const struct figures *f)
{
	json_t *list = json_array();
	for (size_t i = 0; i < f->move_count; i++) {
		const struct figures_move *m = &f->moves[i];
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:I}", "from", f->venues[m->from].id, "to",
				      f->venues[m->to].id, "count", (json_int_t)m->count));
	}
	return list;
}

static json_t *doors(const struct figures *f)
{
	json_t *list = json_array();
	for (size_t i = 0; i < f->door_count; i++) {
		const struct figures_door *d = &f->doors[i];
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:o, s:I, s:I, s:o, s:I}", "venue", d->venue, "door",
				d->door, "box", hex(d->device, DEVICE_ID_SIZE), "entries",
				(json_int_t)d->entries, "busiest_minute",
				(json_int_t)d->busiest_minute, "busiest_at", moment(d->busiest_ms),
				"median_between_ms", (json_int_t)d->median_ms));
	}
	return list;
}

static json_t *box(const struct figures_box *b)
{
	json_t *o = json_object();
	json_object_set_new(o, "box", hex(b->device, DEVICE_ID_SIZE));
	json_object_set_new(o, "venue", json_string(b->venue));
	json_object_set_new(o, "door", json_string(b->door));
	put(o, "rows", (int64_t)b->rows);
	put(o, "openings", b->openings);
	put(o, "missing", (int64_t)b->missing);
	put(o, "contradicted", (int64_t)b->contradicted);
	put(o, "broken", (int64_t)b->broken);
	put(o, "unsigned", (int64_t)b->unsigned_rows);
	json_object_set_new(o, "first_at", moment(b->first_ms));
	json_object_set_new(o, "last_at", moment(b->last_ms));
	json_t *clock = json_object();
	json_object_set_new(clock, "doubtful", json_boolean(figures_clock_doubt(b)));
	for (int i = 0; i < TRUST_COUNT; i++)
		put(clock, trust_names[i], (int64_t)b->trust[i]);
	put(clock, "outside_event", (int64_t)b->elsewhen);
	put(clock, "judged_in_doubt", (int64_t)b->time_doubt);
	put(clock, "behind_ms", b->behind_ms);
	put(clock, "ahead_ms", b->ahead_ms);
	put(clock, "steps", b->steps);
	put(clock, "largest_step_ms", b->stepped_ms);
	json_object_set_new(o, "clock", clock);
	json_object_set_new(o, "outages", b->receipts ? json_integer(b->outages) : json_null());
	put(o, "outage_ms", b->outage_ms);
	put(o, "longest_outage_ms", b->longest_outage_ms);
	return o;
}

static json_t *boxes(const struct figures *f)
{
	json_t *list = json_array();
	for (size_t i = 0; i < f->box_count; i++)
		json_array_append_new(list, box(&f->boxes[i]));
	return list;
}

static json_t *side(const struct pair_side *s)
{
	return json_pack("{s:o, s:I, s:I, s:s, s:s, s:o}", "box", hex(s->device, DEVICE_ID_SIZE),
		"epoch", (json_int_t)s->epoch, "seq", (json_int_t)s->seq, "venue", s->venue, "door",
		s->door, "at", moment(s->at.wall_ms));
}

static json_t *pairs(const struct figures *f)
{
	json_t *list = json_array();
	for (size_t i = 0; i < f->pair_count; i++)
		json_array_append_new(list,
			json_pack("{s:o, s:o, s:o}", "ticket",
				hex(f->pairs[i].ticket, TICKET_HASH_SIZE), "first",
				side(&f->pairs[i].first), "second", side(&f->pairs[i].second)));
	return list;
}

static json_t *gaps(const struct figures *f)
{
	json_t *list = json_array();
	for (size_t i = 0; i < f->gap_count; i++)
		json_array_append_new(list,
			json_pack("{s:o, s:I, s:I, s:I}", "box",
				hex(f->gaps[i].device, DEVICE_ID_SIZE), "epoch",
				(json_int_t)f->gaps[i].epoch, "first", (json_int_t)f->gaps[i].first,
				"last", (json_int_t)f->gaps[i].last));
	return list;
}

static json_t *broken(const struct figures *f)
{
	json_t *list = json_array();
	for (size_t i = 0; i < f->broken_count; i++)
		json_array_append_new(list, json_pack("{s:o, s:I, s:I}", "box",
						    hex(f->broken[i].device, DEVICE_ID_SIZE),
						    "epoch", (json_int_t)f->broken[i].epoch, "seq",
						    (json_int_t)f->broken[i].seq));
	return list;
}

static json_t *outages(const struct figures *f)
{
	json_t *list = json_array();
	for (size_t i = 0; i < f->outage_count; i++)
		json_array_append_new(
			list, json_pack("{s:o, s:s, s:o, s:o, s:I}", "box",
				      hex(f->outages[i].device, DEVICE_ID_SIZE), "venue",
				      f->outages[i].venue, "from", moment(f->outages[i].from_ms),
				      "until", moment(f->outages[i].until_ms), "rows",
				      (json_int_t)f->outages[i].rows));
	return list;
}

/* The lists are cut at FIGURES_LIST_MAX; the counts beside them are not. */
static json_t *doubts(const struct figures *f)
{
	json_t *o = json_object(), *silent = json_array();
	put(o, "missing_rows", (int64_t)f->missing_rows);
	put(o, "broken_rows", (int64_t)f->broken_total);
	put(o, "contradicted_rows", (int64_t)f->contradicted_total);
	put(o, "unsigned_rows", (int64_t)f->unsigned_total);
	put(o, "entered_twice", (int64_t)f->pairs_total);
	put(o, "outages", (int64_t)f->outages_total);
	for (uint32_t i = 0; i < f->venue_count; i++)
		if (f->venues[i].of_event && !f->venues[i].rows)
			json_array_append_new(silent, json_string(f->venues[i].id));
	json_object_set_new(o, "venues_without_rows", silent);
	return o;
}

int report_json(const struct report *r, FILE *out)
{
	const struct figures *f = r->figures;
	json_t *list = json_array(), *o = json_object();
	for (uint32_t i = 0; i < f->venue_count; i++)
		json_array_append_new(list, venue(r, &f->venues[i]));
	json_object_set_new(o, "event", json_string(r->event->id));
	json_object_set_new(o, "title", json_string(r->event->title));
	json_object_set_new(o, "opens_at", moment(r->event->opens_ms));
	json_object_set_new(o, "closes_at", moment(r->event->closes_ms));
	json_object_set_new(o, "made_at", moment(r->made_ms));
	json_object_set_new(o, "doubts", doubts(f));
	json_object_set_new(o, "night", venue(r, &f->night));
	json_object_set_new(o, "venues", list);
	json_object_set_new(o, "moves", moves(f));
	json_object_set_new(o, "doors", doors(f));
	json_object_set_new(o, "boxes", boxes(f));
	json_object_set_new(o, "missing", gaps(f));
	json_object_set_new(o, "broken", broken(f));
	json_object_set_new(o, "outages", outages(f));
	json_object_set_new(o, "pairs", pairs(f));
	int error = json_dumpf(o, out, JSON_INDENT(2)) ? -ENOMEM : 0;
	fputc('\n', out);
	json_decref(o);
	return error;
}
