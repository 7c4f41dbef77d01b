/* Page one: what the night was, and, calmly, what is missing from it and what is doubtful. */
#include "night/report_parts.h"

#include "base/when.h"

#include <stdlib.h>
#include <string.h>

#define LINES_MAX 12
#define NAMED_MAX 4

struct lines {
	const char *at[LINES_MAX];
	size_t count;
};

static void add_line(struct lines *l, const char *text)
{
	if (l->count < LINES_MAX)
		l->at[l->count++] = text;
}

/* Up to NAMED_MAX names with commas, and how many more there are. */
struct names {
	struct telling *t;
	const char *text;
	size_t count;
};

static void add_name(struct names *n, const char *name)
{
	struct scraps *s = &n->t->scraps;
	if (n->count++ < NAMED_MAX)
		n->text = n->count > 1 ? FILL(s, word(n->t->language, W_AND), n->text, name) : name;
}

static const char *all_names(struct names *n)
{
	struct telling *t = n->t;
	if (n->count <= NAMED_MAX)
		return n->text;
	const char *more = FILL(&t->scraps, word(t->language, W_TOO_MANY),
		telling_number(t, (int64_t)(n->count - NAMED_MAX)));
	return FILL(&t->scraps, "%1 %2", n->text, more);
}

static const char *counted(struct telling *t, enum word w, uint64_t n, const char *second)
{
	return FILL(&t->scraps, scrap_for(&t->scraps, t->language, w, n),
		telling_number(t, (int64_t)n), second);
}

/* --- missing and doubtful ----------------------------------------------------------------------
 */

static void tell_missing(struct telling *t, struct lines *l)
{
	struct names boxes = { t, "", 0 };
	for (size_t i = 0; i < t->f->box_count; i++) {
		const struct figures_box *b = &t->f->boxes[i];
		if (b->missing && b->missing == t->f->missing_rows)
			add_name(&boxes, telling_box(t, b->device, true));
		else if (b->missing)
			add_name(&boxes, FILL(&t->scraps, word(t->language, W_MISSING_WHERE),
						 telling_box(t, b->device, true),
						 telling_number(t, (int64_t)b->missing)));
	}
	if (t->f->missing_rows)
		add_line(l, counted(t, W_MISSING, t->f->missing_rows, all_names(&boxes)));
}

static void tell_silent(struct telling *t, struct lines *l)
{
	struct names venues = { t, "", 0 };
	for (uint32_t i = 0; i < t->f->venue_count; i++)
		if (t->f->venues[i].of_event && !t->f->venues[i].rows)
			add_name(&venues, telling_name(t, t->f->venues[i].id));
	if (venues.count)
		add_line(l, FILL(&t->scraps, word(t->language, W_SILENT), all_names(&venues)));
}

static void tell_clocks(struct telling *t, struct lines *l)
{
	struct names boxes = { t, "", 0 };
	for (size_t i = 0; i < t->f->box_count; i++)
		if (figures_clock_doubt(&t->f->boxes[i]))
			add_name(&boxes, telling_box(t, t->f->boxes[i].device, true));
	if (boxes.count)
		add_line(l,
			FILL(&t->scraps, scrap_for(&t->scraps, t->language, W_CLOCKS, boxes.count),
				all_names(&boxes)));
}

static void tell_outages(struct telling *t, struct lines *l)
{
	int64_t longest = 0;
	for (size_t i = 0; i < t->f->box_count; i++)
		if (t->f->boxes[i].longest_outage_ms > longest)
			longest = t->f->boxes[i].longest_outage_ms;
	if (t->f->outages_total)
		add_line(l, counted(t, W_OUTAGES_FOUND, t->f->outages_total,
				    scrap_span(&t->scraps, t->language, longest)));
}

static void tell_notice(struct telling *t)
{
	struct lines l = { .count = 0 };
	const struct {
		enum word w;
		uint64_t n;
	} counts[] = {
		{ W_BROKEN, t->f->broken_total },
		{ W_CONTRADICTED, t->f->contradicted_total },
		{ W_UNSIGNED, t->f->unsigned_total },
		{ W_PAIRS_FOUND, t->f->pairs_total },
		{ W_OUTSIDE, t->f->night.outside },
	};
	tell_missing(t, &l);
	tell_silent(t, &l);
	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		if (counts[i].n)
			add_line(&l, counted(t, counts[i].w, counts[i].n, ""));
	tell_clocks(t, &l);
	tell_outages(t, &l);
	if (l.count) {
		document_notice(t->d, true, word(t->language, W_MARKED), l.at, l.count);
		return;
	}
	add_line(&l, word(t->language, W_ALL_WELL_LINE));
	document_notice(t->d, false, word(t->language, W_ALL_WELL), l.at, l.count);
}

/* --- the figures -------------------------------------------------------------------------------
 */

static const char *came_note(struct telling *t)
{
	const struct figures_venue *n = &t->f->night;
	if (!t->f->registered_known || n->came > n->registered)
		return word(t->language, t->f->registered_known ? W_CAME_OTHERS : W_CAME_UNKNOWN);
	return FILL(&t->scraps, word(t->language, W_CAME_NOTE),
		scrap_share(&t->scraps, t->language, n->came, n->registered),
		telling_number(t, (int64_t)n->registered));
}

/* "people" of "1 234 people": the number stands above it. */
static const char *noun(struct telling *t, enum word w, uint64_t n)
{
	const char *text = scrap_for(&t->scraps, t->language, w, n);
	return text + strlen("%1\u00a0");
}

static void tell_tiles(struct telling *t)
{
	const struct figures_venue *n = &t->f->night;
	enum language l = t->language;
	const char *peak_at =
		n->peak_ms ? FILL(&t->scraps, word(l, W_PEAK_NOTE), telling_hm(t, n->peak_ms)) : "";
	const struct document_tile tiles[] = {
		{ telling_number(t, (int64_t)n->people), noun(t, W_PEOPLE, n->people),
			word(l, W_PEOPLE_NOTE) },
		{ telling_number(t, (int64_t)n->entries), noun(t, W_ENTRIES, n->entries),
			word(l, W_ENTRIES_NOTE) },
		{ telling_number(t, n->peak_present), word(l, W_PEAK), peak_at },
		{ telling_number(t, (int64_t)n->came), word(l, W_CAME), came_note(t) },
		{ telling_number(t, (int64_t)n->walk_ins), word(l, W_WALK_INS),
			FILL(&t->scraps, word(l, W_WALK_INS_NOTE),
				scrap_share(&t->scraps, l, n->walk_ins, n->people)) },
		{ telling_number(t, (int64_t)n->moved_in), word(l, W_MOVES),
			word(l, W_MOVES_NOTE) },
	};
	document_tiles(t->d, tiles, ARRAY_LEN(tiles));
}

static void tell_summary(struct telling *t)
{
	const struct figures_venue *n = &t->f->night;
	if (!n->entries) {
		document_text(t->d, word(t->language, W_SUMMARY_NOBODY));
		return;
	}
	document_text(t->d,
		FILL(&t->scraps, word(t->language, W_SUMMARY), counted(t, W_PEOPLE, n->people, ""),
			telling_hm(t, n->first_entry_ms), telling_hm(t, n->last_entry_ms),
			counted(t, W_ENTRIES, n->entries, "")));
}

/* --- the evening's curves ----------------------------------------------------------------------
 */

void report_ticks(struct telling *t, const char **ticks, uint32_t every)
{
	uint32_t hours = 0;
	every *= 1 + t->slots / 72;
	for (uint32_t i = 0; i <= t->slots; i++) {
		char hm[8];
		when_hm(t->f->start_ms + (int64_t)(t->first_slot + i) * FIGURES_SLOT_MS, hm);
		if (strcmp(hm + 3, "00") != 0 || hours++ % every)
			continue;
		hm[2] = '\0';
		const char *hour = *hm == '0' ? hm + 1 : hm;
		ticks[i] = t->language == LANGUAGE_FR ? FILL(&t->scraps, "%1\u00a0h", hour)
						      : FILL(&t->scraps, "%1:00", hour);
	}
}

static uint32_t slot_of(const struct telling *t, int64_t ms)
{
	int64_t slot = (ms - t->f->start_ms) / FIGURES_SLOT_MS - t->first_slot;
	return slot < 0 ? 0 : slot >= t->slots ? t->slots - 1 : (uint32_t)slot;
}

static void tell_presence(struct telling *t, double *values, const char *const *ticks)
{
	const struct figures_venue *n = &t->f->night;
	enum language l = t->language;
	for (uint32_t i = 0; i < t->slots; i++)
		values[i] = n->slots[t->first_slot + i].present_most;
	const char *peak = telling_number(t, n->peak_present), *at = telling_hm(t, n->peak_ms);
	struct document_chart c = { .kind = CHART_AREA,
		.caption = word(l, W_PRESENCE),
		.alt = n->peak_ms ? FILL(&t->scraps, word(l, W_PRESENCE_ALT), peak, at,
					    telling_number(t, n->present))
				  : word(l, W_NO_PEAK),
		.values = values,
		.count = t->slots,
		.ticks = ticks,
		.mark = slot_of(t, n->peak_ms),
		.mark_text = n->peak_ms ? FILL(&t->scraps, "%1, %2", peak, at) : NULL,
		.height_mm = 33 };
	document_charts(t->d, &c, 1, 1);
}

static void tell_arrivals(struct telling *t, double *values, const char *const *ticks)
{
	uint32_t most = 0;
	for (uint32_t i = 0; i < t->slots; i++) {
		values[i] = t->f->night.slots[t->first_slot + i].arrivals;
		most = values[i] > values[most] ? i : most;
	}
	int64_t at = t->f->start_ms + (int64_t)(t->first_slot + most) * FIGURES_SLOT_MS;
	struct document_chart c = { .kind = CHART_COLUMNS,
		.caption = word(t->language, W_ARRIVALS),
		.alt = FILL(&t->scraps, word(t->language, W_ARRIVALS_ALT),
			telling_number(t, (int64_t)values[most]), telling_hm(t, at)),
		.values = values,
		.count = t->slots,
		.ticks = ticks,
		.height_mm = 23 };
	document_charts(t->d, &c, 1, 1);
}

static void tell_evening(struct telling *t)
{
	const char **ticks = calloc(t->slots + 1, sizeof(*ticks));
	double *values = calloc(t->slots, sizeof(*values));
	document_heading(t->d, 2, word(t->language, W_EVENING));
	if (ticks && values) {
		report_ticks(t, ticks, 1);
		tell_presence(t, values, ticks);
		tell_arrivals(t, values, ticks);
	} else {
		t->scraps.failed = true;
	}
	free(values);
	free(ticks);
}

void report_front(struct telling *t)
{
	char title[EVENT_TEXT_SIZE], day[PAPER_WHEN_SIZE];
	const struct event *e = t->event;
	document_clean(title, sizeof(title), e->title);
	document_day(day, t->language, e->opens_ms);
	document_title(t->d, scrap(&t->scraps, title),
		FILL(&t->scraps, word(t->language, W_BELOW), word(t->language, W_REPORT), day,
			telling_hm(t, e->opens_ms), telling_hm(t, e->closes_ms),
			counted(t, W_PLACES, e->venue_count, "")));
	tell_summary(t);
	tell_tiles(t);
	tell_notice(t);
	tell_evening(t);
}
