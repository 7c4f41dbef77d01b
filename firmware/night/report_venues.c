#include "night/report_parts.h"

#include "base/when.h"

#include <stdlib.h>
#include <string.h>

#define CURVES_MAX  64 /* venues with a curve of their own */
#define FLOW_VENUES 16
#define MOVES_SHOWN 40

/* --- venue by venue ----------------------------------------------------------------------------
 */

static void tell_bars(struct telling *t)
{
	const struct figures *f = t->f;
	struct document_bar *bars = calloc(f->venue_count, sizeof(*bars));
	uint32_t most = 0;
	for (uint32_t i = 0; bars && i < f->venue_count; i++) {
		const struct figures_venue *v = &f->venues[i];
		bars[i] = (struct document_bar){ telling_name(t, v->id),
			telling_number(t, (int64_t)v->people), (double)v->people, (double)v->came };
		most = v->people > f->venues[most].people ? i : most;
	}
	if (!bars) {
		t->scraps.failed = true;
		return;
	}
	struct document_bars b = { .caption = word(t->language, W_VENUE_BARS),
		.alt = FILL(&t->scraps, word(t->language, W_VENUE_BARS_ALT), bars[most].label,
			bars[most].text),
		.whole_text = word(t->language, W_ALL_PEOPLE),
		.part_text = word(t->language, W_REGISTERED_AMONG),
		.bars = bars,
		.count = f->venue_count };
	document_bars(t->d, &b);
	free(bars);
}

#define VENUE_COLUMNS 8

static void venue_row(struct telling *t, const char *cells[VENUE_COLUMNS], const char *name,
	const struct figures_venue *v)
{
	bool known = t->f->registered_known;
	const char *none = word(t->language, W_NONE);
	cells[0] = name;
	cells[1] = telling_number(t, (int64_t)v->people);
	cells[2] = telling_number(t, (int64_t)v->entries);
	cells[3] = known ? telling_number(t, (int64_t)v->registered) : none;
	cells[4] = telling_number(t, (int64_t)v->came);
	cells[5] = telling_number(t, (int64_t)v->walk_ins);
	cells[6] = telling_number(t, v->peak_present);
	cells[7] = telling_hm(t, v->peak_ms);
}

static void tell_venue_table(struct telling *t)
{
	enum language l = t->language;
	const bool fr = l == LANGUAGE_FR;
	const struct figures *f = t->f;
	const struct document_column columns[VENUE_COLUMNS] = {
		{ word(l, W_VENUE), 3.0, false },
		{ fr ? "Personnes" : "People", 1.25, true },
		{ fr ? "Entrées" : "Entries", 1.1, true },
		{ word(l, W_REGISTERED), 1.15, true },
		{ fr ? "dont venus" : "came", 1.0, true },
		{ fr ? "Sans billet" : "Walk-ins", 1.0, true },
		{ fr ? "Pic" : "Peak", 0.9, true },
		{ word(l, W_PEAK_AT), 1.2, true },
	};
	const char **cells = calloc((size_t)(f->venue_count + 1) * VENUE_COLUMNS, sizeof(*cells));
	if (!cells) {
		t->scraps.failed = true;
		return;
	}
	for (uint32_t i = 0; i < f->venue_count; i++)
		venue_row(t, cells + (size_t)i * VENUE_COLUMNS, telling_name(t, f->venues[i].id),
			&f->venues[i]);
	venue_row(t, cells + (size_t)f->venue_count * VENUE_COLUMNS, word(l, W_TOTAL), &f->night);
	struct document_table table = { word(l, W_BY_VENUE), columns, VENUE_COLUMNS,
		f->venue_count + 1, cells, true };
	document_table(t->d, &table);
	document_note(t->d, word(l, W_TOTAL_PEOPLE_NOTE));
	free(cells);
}

struct curves {
	struct document_chart charts[CURVES_MAX];
	const char **ticks;
	double *values;
	size_t count;
};

static void add_curve(struct telling *t, struct curves *c, const struct figures_venue *v)
{
	const struct event_venue *place = event_venue(t->event, v->id);
	double *values = c->values + c->count * t->slots;
	for (uint32_t i = 0; i < t->slots; i++)
		values[i] = v->slots[t->first_slot + i].present_most;
	int64_t slot = (v->peak_ms - t->f->start_ms) / FIGURES_SLOT_MS - t->first_slot;
	const char *name = telling_name(t, v->id), *peak = telling_number(t, v->peak_present);
	const char *at = telling_hm(t, v->peak_ms);
	uint32_t seats = place ? place->capacity_seats : 0;
	c->charts[c->count++] = (struct document_chart){ .kind = CHART_AREA,
		.caption = name,
		.alt = FILL(&t->scraps, word(t->language, W_CURVE_ALT), name, peak, at),
		.values = values,
		.count = t->slots,
		.ticks = c->ticks,
		.limit = seats,
		.limit_text =
			FILL(&t->scraps, scrap_for(&t->scraps, t->language, W_CAPACITY, seats),
				telling_number(t, seats)),
		.mark = slot < 0 ? 0 : (size_t)slot,
		.mark_text =
			slot >= 0 && slot < t->slots ? FILL(&t->scraps, "%1, %2", peak, at) : NULL,
		.height_mm = 24 };
}

static void tell_curves(struct telling *t)
{
	struct curves *c = calloc(1, sizeof(*c));
	if (c) {
		c->ticks = calloc(t->slots + 1, sizeof(*c->ticks));
		c->values = calloc((size_t)CURVES_MAX * t->slots, sizeof(*c->values));
	}
	if (!c || !c->ticks || !c->values) {
		t->scraps.failed = true;
	} else {
		report_ticks(t, c->ticks, 2);
		for (uint32_t i = 0; i < t->f->venue_count && c->count < CURVES_MAX; i++)
			if (t->f->venues[i].peak_present > 0)
				add_curve(t, c, &t->f->venues[i]);
		document_heading(t->d, 2, word(t->language, W_CURVES));
		document_note(t->d, word(t->language, W_CURVES_NOTE));
		document_charts(t->d, c->charts, c->count, 2);
	}
	if (c) {
		free(c->ticks);
		free(c->values);
	}
	free(c);
}

static void tell_slots(struct telling *t)
{
	enum language l = t->language;
	const struct document_column columns[] = {
		{ word(l, W_SLOT), 1.4, false },
		{ l == LANGUAGE_FR ? "Entrées" : "Entries", 1, true },
		{ word(l, W_PRESENT), 1, true },
	};
	size_t n = ARRAY_LEN(columns);
	const char **cells = calloc(t->slots * n, sizeof(*cells));
	if (!cells) {
		t->scraps.failed = true;
		return;
	}
	for (uint32_t i = 0; i < t->slots; i++) {
		const struct figures_slot *s = &t->f->night.slots[t->first_slot + i];
		cells[i * 3] = telling_hm(
			t, t->f->start_ms + (int64_t)(t->first_slot + i) * FIGURES_SLOT_MS);
		cells[i * 3 + 1] = telling_number(t, s->arrivals);
		cells[i * 3 + 2] = telling_number(t, s->present);
	}
	struct document_table table = { word(l, W_SLOTS_CAPTION), columns, 3, t->slots, cells,
		false };
	document_heading(t->d, 2, word(l, W_SLOTS));
	document_table(t->d, &table);
	free(cells);
}

void report_venues(struct telling *t)
{
	document_heading(t->d, 2, word(t->language, W_BY_VENUE));
	tell_bars(t);
	tell_venue_table(t);
	tell_curves(t);
	tell_slots(t);
}

/* --- moves -------------------------------------------------------------------------------------
 */

static int most_first(const void *a, const void *b)
{
	const struct figures_move *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->from != y->from ? (x->from < y->from ? -1 : 1) : x->to < y->to ? -1 : 1;
}

/* Of many venues those with the most moves. */
static void tell_flow(struct telling *t, const struct figures_move *moves, size_t count)
{
	uint32_t chosen[FLOW_VENUES], place[FIGURES_VENUES_MAX + 1], n = 0;
	uint32_t matrix[FLOW_VENUES * FLOW_VENUES] = { 0 };
	const char *names[FLOW_VENUES];
	memset(place, 0xff, sizeof(place));
	for (size_t i = 0; i < count; i++)
		for (int side = 0; side < 2; side++) {
			uint32_t v = side ? moves[i].to : moves[i].from;
			if (place[v] == UINT32_MAX && n < FLOW_VENUES) {
				place[v] = 0;
				chosen[n++] = v;
			}
		}
	memset(place, 0xff, sizeof(place));
	uint32_t kept = 0;
	for (uint32_t v = 0; v < t->f->venue_count; v++) /* in the event's order */
		for (uint32_t i = 0; i < n; i++)
			if (chosen[i] == v) {
				names[kept] = telling_name(t, t->f->venues[v].id);
				place[v] = kept++;
			}
	for (size_t i = 0; i < count; i++)
		if (place[moves[i].from] != UINT32_MAX && place[moves[i].to] != UINT32_MAX)
			matrix[place[moves[i].from] * n + place[moves[i].to]] = moves[i].count;
	enum language l = t->language;
	struct document_flow flow = { word(l, W_FLOW_CAPTION),
		FILL(&t->scraps, word(l, W_FLOW_ALT),
			telling_number(t, (int64_t)t->f->night.moved_in),
			telling_name(t, t->f->venues[moves[0].from].id),
			telling_name(t, t->f->venues[moves[0].to].id),
			telling_number(t, moves[0].count)),
		word(l, W_FROM), word(l, W_TO), names, n, matrix };
	document_flow(t->d, &flow);
}

static void tell_move_table(struct telling *t, const struct figures_move *moves, size_t count)
{
	enum language l = t->language;
	const struct document_column columns[] = { { word(l, W_FROM), 3, false },
		{ word(l, W_TO), 3, false }, { word(l, W_PEOPLE_MOVED), 1, true } };
	const char *cells[MOVES_SHOWN * 3];
	size_t shown = count < MOVES_SHOWN ? count : MOVES_SHOWN;
	uint64_t rest = t->f->night.moved_in;
	for (size_t i = 0; i < shown; i++) {
		cells[i * 3] = telling_name(t, t->f->venues[moves[i].from].id);
		cells[i * 3 + 1] = telling_name(t, t->f->venues[moves[i].to].id);
		cells[i * 3 + 2] = telling_number(t, moves[i].count);
		rest -= moves[i].count < rest ? moves[i].count : rest;
	}
	struct document_table table = { word(l, W_FLOW_TABLE), columns, 3, shown, cells, false };
	document_table(t->d, &table);
	if (count > shown)
		document_note(t->d,
			FILL(&t->scraps, word(l, W_FLOW_REST), telling_number(t, (int64_t)rest)));
}

void report_moves(struct telling *t)
{
	size_t count = t->f->move_count;
	struct figures_move *moves = calloc(count + 1, sizeof(*moves));
	document_heading(t->d, 2, word(t->language, W_FLOW));
	if (moves && count) {
		memcpy(moves, t->f->moves, count * sizeof(*moves));
		qsort(moves, count, sizeof(*moves), most_first);
	}
	if (!moves || !count) {
		document_text(t->d, word(t->language, W_NO_MOVES));
	} else {
		tell_flow(t, moves, count);
		tell_move_table(t, moves, count);
	}
	t->scraps.failed = t->scraps.failed || !moves;
	free(moves);
}

/* --- refusals ----------------------------------------------------------------------------------
 */

void report_refusals(struct telling *t)
{
	struct document_bar bars[VERDICT_COUNT];
	const char *cells[VERDICT_COUNT * 2 + 2];
	size_t count = 0, most = 0;
	enum language l = t->language;
	document_heading(t->d, 2, word(l, W_REFUSALS));
	for (int v = 0; v < VERDICT_COUNT; v++) {
		uint64_t n = t->f->night.refused_for[v];
		if (!n)
			continue;
		bars[count] = (struct document_bar){ word_refusal(l, (enum verdict)v),
			telling_number(t, (int64_t)n), (double)n, 0 };
		cells[count * 2] = bars[count].label;
		cells[count * 2 + 1] = bars[count].text;
		most = bars[count].value > bars[most].value ? count : most;
		count++;
	}
	if (!count) {
		document_text(t->d, word(l, W_NO_REFUSALS));
		return;
	}
	const char *all = telling_number(t, (int64_t)t->f->night.refused);
	struct document_bars b = { .caption = word(l, W_REFUSALS_CAPTION),
		.alt = FILL(&t->scraps, word(l, W_REFUSALS_ALT), all, bars[most].label,
			bars[most].text),
		.bars = bars,
		.count = count };
	document_bars(t->d, &b);
	cells[count * 2] = l == LANGUAGE_FR ? "En tout" : "In all";
	cells[count * 2 + 1] = all;
	const struct document_column columns[] = { { word(l, W_REASON), 4, false },
		{ word(l, W_COUNT), 1, true } };
	struct document_table table = { word(l, W_REFUSALS_CAPTION), columns, 2, count + 1, cells,
		true };
	document_table(t->d, &table);
	document_note(t->d, word(l, W_REFUSALS_NOTE));
}
