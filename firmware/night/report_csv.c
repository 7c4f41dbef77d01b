/* One table of figures: section, venue, what, from, to, value. Identifiers, not words, so that a
 * spreadsheet of last year goes on working; moments in UTC. No cell begins with what a spreadsheet
 * would take for a formula: names and identifiers are [a-z0-9_-], and one that begins with a dash
 * is given an apostrophe. */
#include "night/report_parts.h"

#include "base/text.h"
#include "base/when.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *safe(const char *id, char out[ID_SIZE + 1])
{
	snprintf(out, ID_SIZE + 1, "%s%s", *id == '-' ? "'" : "", id);
	return out;
}

static void line(FILE *out, const char *section, const char *venue, const char *what,
	const char *from, const char *to, int64_t value)
{
	char a[ID_SIZE + 1];
	fprintf(out, "%s,%s,%s,%s,%s,%" PRId64 "\r\n", section, safe(venue, a), what, from, to,
		value);
}

static const char *iso(int64_t ms, char out[WHEN_ISO_SIZE])
{
	if (ms)
		when_iso_utc(ms, out);
	else
		out[0] = '\0';
	return out;
}

static void venue_lines(FILE *out, const struct figures *f, const struct figures_venue *v)
{
	char at[WHEN_ISO_SIZE], end[WHEN_ISO_SIZE];
	const struct {
		const char *what;
		int64_t value;
	} values[] = {
		{ "entries", (int64_t)v->entries },
		{ "people", (int64_t)v->people },
		{ "tickets", (int64_t)v->tickets },
		{ "walk_ins", (int64_t)v->walk_ins },
		{ "badges", (int64_t)v->badges },
		{ "readmitted", (int64_t)v->readmitted },
		{ "moved_in", (int64_t)v->moved_in },
		{ "moved_out", (int64_t)v->moved_out },
		{ "overridden", (int64_t)v->overridden },
		{ "exits", (int64_t)v->exits },
		{ "undone", (int64_t)v->undone },
		{ "refused", (int64_t)v->refused },
		{ "adjustments", v->adjustments },
		{ "tests", (int64_t)v->tests },
		{ "registered", f->registered_known ? (int64_t)v->registered : -1 },
		{ "came", (int64_t)v->came },
		{ "present_at_end", v->present },
		{ "entries_outside", (int64_t)v->outside },
		{ "rows", (int64_t)v->rows },
	};
	const char *section = *v->id ? "venue" : "night";
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (values[i].value >= 0 || strcmp(values[i].what, "registered") != 0)
			line(out, section, v->id, values[i].what, "", "", values[i].value);
	line(out, section, v->id, "peak", iso(v->peak_ms, at), "", v->peak_present);
	if (v->first_entry_ms)
		line(out, section, v->id, "first_and_last_entry", iso(v->first_entry_ms, at),
			iso(v->last_entry_ms, end), (int64_t)v->entries);
	for (int r = 0; r < VERDICT_COUNT; r++)
		if (v->refused_for[r])
			line(out, "refused", v->id, verdict_names[r], "", "",
				(int64_t)v->refused_for[r]);
	for (uint32_t s = 0; s < f->slot_count; s++) {
		int64_t from = f->start_ms + (int64_t)s * FIGURES_SLOT_MS;
		if (!v->slots[s].arrivals && !v->slots[s].present && !v->slots[s].present_most)
			continue;
		line(out, "arrivals", v->id, "entries", iso(from, at),
			iso(from + FIGURES_SLOT_MS, end), v->slots[s].arrivals);
		line(out, "presence", v->id, "present", iso(from, at),
			iso(from + FIGURES_SLOT_MS, end), v->slots[s].present);
		line(out, "presence", v->id, "present_most", iso(from, at),
			iso(from + FIGURES_SLOT_MS, end), v->slots[s].present_most);
	}
}

static void move_lines(FILE *out, const struct figures *f)
{
	char from[ID_SIZE + 1], to[ID_SIZE + 1];
	for (size_t i = 0; i < f->move_count; i++) {
		const struct figures_move *m = &f->moves[i];
		line(out, "moves", "", "moved", safe(f->venues[m->from].id, from),
			safe(f->venues[m->to].id, to), m->count);
	}
}

static void one_box_lines(FILE *out, const struct figures_box *b)
{
	char id[2 * DEVICE_ID_SIZE + 1], at[WHEN_ISO_SIZE];
	const struct {
		const char *what;
		int64_t value;
		bool known;
	} values[] = {
		{ "rows", (int64_t)b->rows, true },
		{ "openings", b->openings, true },
		{ "missing", (int64_t)b->missing, true },
		{ "contradicted", (int64_t)b->contradicted, true },
		{ "broken", (int64_t)b->broken, true },
		{ "unsigned", (int64_t)b->unsigned_rows, true },
		{ "clock_doubtful", figures_clock_doubt(b), true },
		{ "clock_unset_rows", (int64_t)b->trust[TRUST_UNSET], true },
		{ "clock_free_rows", (int64_t)b->trust[TRUST_FREE], true },
		{ "clock_synced_rows", (int64_t)b->trust[TRUST_SYNCED], true },
		{ "clock_outside_event", (int64_t)b->elsewhen, true },
		{ "clock_judged_in_doubt", (int64_t)b->time_doubt, true },
		{ "clock_behind_ms", b->behind_ms, true },
		{ "clock_ahead_ms", b->ahead_ms, true },
		{ "clock_steps", b->steps, true },
		{ "clock_largest_step_ms", b->stepped_ms, true },
		{ "outages", b->outages, b->receipts },
		{ "outage_ms", b->outage_ms, b->receipts },
		{ "longest_outage_ms", b->longest_outage_ms, b->receipts },
	};
	text_hex(id, b->device, DEVICE_ID_SIZE);
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (values[i].known)
			line(out, "box", b->venue, values[i].what, id, "", values[i].value);
	line(out, "box", b->venue, "first_at", id, iso(b->first_ms, at), 1);
	line(out, "box", b->venue, "last_at", id, iso(b->last_ms, at), 1);
}

static void doubt_lines(FILE *out, const struct figures *f)
{
	const struct {
		const char *what;
		uint64_t value;
	} values[] = {
		{ "missing_rows", f->missing_rows },
		{ "broken_rows", f->broken_total },
		{ "contradicted_rows", f->contradicted_total },
		{ "unsigned_rows", f->unsigned_total },
		{ "entered_twice", f->pairs_total },
		{ "outages", f->outages_total },
	};
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		line(out, "doubts", "", values[i].what, "", "", (int64_t)values[i].value);
}

static void box_lines(FILE *out, const struct figures *f)
{
	char id[2 * DEVICE_ID_SIZE + 1], from[WHEN_ISO_SIZE], to[WHEN_ISO_SIZE];
	for (size_t i = 0; i < f->box_count; i++)
		one_box_lines(out, &f->boxes[i]);
	for (size_t i = 0; i < f->door_count; i++) {
		text_hex(id, f->doors[i].device, DEVICE_ID_SIZE);
		line(out, "door", f->doors[i].venue, "entries", id, safe(f->doors[i].door, from),
			(int64_t)f->doors[i].entries);
		line(out, "door", f->doors[i].venue, "busiest_minute", id,
			safe(f->doors[i].door, from), f->doors[i].busiest_minute);
		line(out, "door", f->doors[i].venue, "median_ms", id, safe(f->doors[i].door, from),
			f->doors[i].median_ms);
	}
	for (size_t i = 0; i < f->outage_count; i++)
		line(out, "outage", f->outages[i].venue, "rows_waiting",
			iso(f->outages[i].from_ms, from), iso(f->outages[i].until_ms, to),
			(int64_t)f->outages[i].rows);
	for (size_t i = 0; i < f->gap_count; i++) {
		text_hex(id, f->gaps[i].device, DEVICE_ID_SIZE);
		snprintf(from, sizeof(from), "%" PRIu32 "/%" PRIu64, f->gaps[i].epoch,
			f->gaps[i].first);
		fprintf(out, "missing,,%s,%s,%" PRIu64 ",%" PRIu64 "\r\n", id, from,
			f->gaps[i].last, f->gaps[i].last - f->gaps[i].first + 1);
	}
	for (size_t i = 0; i < f->broken_count; i++) {
		text_hex(id, f->broken[i].device, DEVICE_ID_SIZE);
		fprintf(out, "broken,,%s,%" PRIu32 ",%" PRIu64 ",1\r\n", id, f->broken[i].epoch,
			f->broken[i].seq);
	}
}

static void pair_lines(FILE *out, const struct figures *f)
{
	char at[WHEN_ISO_SIZE], then[WHEN_ISO_SIZE];
	for (size_t i = 0; i < f->pair_count; i++)
		line(out, "pair", f->pairs[i].second.venue, "entered_twice",
			iso(f->pairs[i].first.at.wall_ms, at),
			iso(f->pairs[i].second.at.wall_ms, then), 1);
}

int report_csv(const struct report *r, FILE *out)
{
	const struct figures *f = r->figures;
	fputs("section,venue,what,from,to,value\r\n", out);
	venue_lines(out, f, &f->night);
	for (uint32_t i = 0; i < f->venue_count; i++)
		venue_lines(out, f, &f->venues[i]);
	doubt_lines(out, f);
	move_lines(out, f);
	box_lines(out, f);
	pair_lines(out, f);
	return ferror(out) ? -1 : 0;
}
