/* For whoever runs the night the next time: doors, boxes, links and clocks; and what a person has
 * to judge. */
#include "night/report_parts.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_SHOWN 60
#define MINUTE_MS  60000

/* A table that grows; `columns` is its own array. */
struct growing {
	const char **cells;
	size_t columns, rows;
};

static const char **more(struct telling *t, struct growing *g)
{
	const char **grown = realloc(g->cells, (g->rows + 1) * g->columns * sizeof(*grown));
	if (!grown) {
		t->scraps.failed = true;
		return NULL;
	}
	g->cells = grown;
	return g->cells + g->rows++ * g->columns;
}

/* Draws what there is, says how much more there would be, and frees. */
static void show(struct telling *t, struct growing *g, const char *caption,
	const struct document_column *columns, uint64_t all)
{
	struct document_table table = { caption, columns, g->columns, g->rows, g->cells, false };
	if (g->rows)
		document_table(t->d, &table);
	if (g->rows && all > g->rows)
		document_note(t->d, FILL(&t->scraps, word(t->language, W_TOO_MANY),
					    telling_number(t, (int64_t)(all - g->rows))));
	free(g->cells);
}

/* --- doors -------------------------------------------------------------------------------------
 */

static void tell_doors(struct telling *t)
{
	enum language l = t->language;
	const struct document_column columns[] = {
		{ word(l, W_VENUE), 2.6, false },
		{ word(l, W_DOOR), 1.4, false },
		{ word(l, W_BOX), 1.3, false },
		{ l == LANGUAGE_FR ? "Entrées" : "Entries", 1, true },
		{ word(l, W_BUSIEST), 1.2, true },
		{ word(l, W_BUSIEST_AT), 1.1, true },
		{ word(l, W_MEDIAN), 1.1, true },
	};
	struct growing g = { .columns = ARRAY_LEN(columns) };
	size_t all = 0;
	for (size_t i = 0; i < t->f->door_count; i++) {
		const struct figures_door *d = &t->f->doors[i];
		if (!d->entries || ++all > 4 * ROWS_SHOWN)
			continue;
		const char **row = more(t, &g);
		if (!row)
			break;
		row[0] = telling_name(t, d->venue);
		row[1] = scrap(&t->scraps, d->door);
		row[2] = telling_box(t, d->device, false);
		row[3] = telling_number(t, (int64_t)d->entries);
		row[4] = telling_number(t, d->busiest_minute);
		row[5] = telling_hm(t, d->busiest_ms);
		row[6] = scrap_seconds(&t->scraps, l, d->median_ms);
	}
	document_heading(t->d, 2, word(l, W_DOORS));
	document_note(t->d, word(l, W_DOORS_NOTE));
	show(t, &g, word(l, W_DOORS), columns, all);
}

/* --- boxes -------------------------------------------------------------------------------------
 */

static const char *join(struct telling *t, const char *text, const char *next)
{
	return *text ? FILL(&t->scraps, word(t->language, W_AND), text, next) : next;
}

static const char *clock_of(struct telling *t, const struct figures_box *b)
{
	enum language l = t->language;
	const char *text = "";
	const struct {
		enum word w;
		int64_t off_ms;
	} spans[] = {
		{ W_CLOCK_BEHIND, b->behind_ms },
		{ W_CLOCK_AHEAD, b->ahead_ms },
		{ W_CLOCK_STEPPED, llabs(b->stepped_ms) },
	};
	if (b->trust[TRUST_UNSET])
		text = join(t, text,
			FILL(&t->scraps, word(l, W_CLOCK_UNSET),
				telling_number(t, (int64_t)b->trust[TRUST_UNSET])));
	else if (b->elsewhen)
		text = join(t, text,
			FILL(&t->scraps, word(l, W_CLOCK_ELSEWHEN),
				telling_number(t, (int64_t)b->elsewhen)));
	for (size_t i = 0; i < ARRAY_LEN(spans); i++)
		if (spans[i].off_ms > MINUTE_MS)
			text = join(t, text,
				FILL(&t->scraps, word(l, spans[i].w),
					scrap_span(&t->scraps, l, spans[i].off_ms)));
	return *text ? text : word(l, W_CLOCK_GOOD);
}

static void tell_boxes(struct telling *t)
{
	enum language l = t->language;
	const struct document_column columns[] = {
		{ word(l, W_BOX), 3.2, false },
		{ word(l, W_ROWS), 0.9, true },
		{ word(l, W_MISSING_SHORT), 1, true },
		{ word(l, W_OUTAGES), 1, true },
		{ word(l, W_LONGEST), 1.1, true },
		{ word(l, W_CLOCK), 2.2, false },
	};
	struct growing g = { .columns = ARRAY_LEN(columns) };
	for (size_t i = 0; i < t->f->box_count && i < 4 * ROWS_SHOWN; i++) {
		const struct figures_box *b = &t->f->boxes[i];
		const char **row = more(t, &g);
		if (!row)
			break;
		row[0] = telling_box(t, b->device, true);
		row[1] = telling_number(t, (int64_t)b->rows);
		row[2] = telling_number(t, (int64_t)b->missing);
		row[3] = b->receipts ? telling_number(t, b->outages) : word(l, W_NO_RECEIPTS);
		row[4] = b->outages ? scrap_span(&t->scraps, l, b->longest_outage_ms)
				    : word(l, W_NONE);
		row[5] = clock_of(t, b);
	}
	document_heading(t->d, 2, word(l, W_BOXES));
	document_note(t->d, word(l, W_BOXES_NOTE));
	show(t, &g, word(l, W_BOXES), columns, t->f->box_count);
}

static const char *plain_number(struct telling *t, uint64_t n)
{
	char text[24];
	snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	return scrap(&t->scraps, text);
}

static void tell_gaps(struct telling *t)
{
	enum language l = t->language;
	const struct document_column columns[] = { { word(l, W_BOX), 3, false },
		{ word(l, W_OPENING), 1.4, true }, { word(l, W_NUMBERS), 2, true },
		{ word(l, W_ROWS), 1, true } };
	struct growing g = { .columns = ARRAY_LEN(columns) };
	for (size_t i = 0; i < t->f->gap_count && i < ROWS_SHOWN; i++) {
		const struct figures_gap *gap = &t->f->gaps[i];
		const char **row = more(t, &g);
		if (!row)
			break;
		row[0] = telling_box(t, gap->device, true);
		row[1] = plain_number(t, gap->epoch);
		row[2] = gap->first == gap->last
				 ? plain_number(t, gap->first)
				 : FILL(&t->scraps, "%1–%2", plain_number(t, gap->first),
					   plain_number(t, gap->last));
		row[3] = telling_number(t, (int64_t)(gap->last - gap->first + 1));
	}
	show(t, &g, word(l, W_GAPS_CAPTION), columns, t->f->gaps_total);
}

static void tell_broken(struct telling *t)
{
	enum language l = t->language;
	const struct document_column columns[] = { { word(l, W_BOX), 3, false },
		{ word(l, W_OPENING), 1.4, true }, { word(l, W_NUMBER), 1.4, true } };
	struct growing g = { .columns = ARRAY_LEN(columns) };
	for (size_t i = 0; i < t->f->broken_count && i < ROWS_SHOWN; i++) {
		const char **row = more(t, &g);
		if (!row)
			break;
		row[0] = telling_box(t, t->f->broken[i].device, true);
		row[1] = plain_number(t, t->f->broken[i].epoch);
		row[2] = plain_number(t, t->f->broken[i].seq);
	}
	show(t, &g, word(l, W_BROKEN_CAPTION), columns, t->f->broken_total);
}

static void tell_outages(struct telling *t)
{
	enum language l = t->language;
	const struct document_column columns[] = { { word(l, W_BOX), 3, false },
		{ word(l, W_SINCE), 1, true }, { word(l, W_UNTIL), 1, true },
		{ word(l, W_WAITED), 1.4, true } };
	struct growing g = { .columns = ARRAY_LEN(columns) };
	for (size_t i = 0; i < t->f->outage_count && i < ROWS_SHOWN; i++) {
		const struct figures_outage *o = &t->f->outages[i];
		const char **row = more(t, &g);
		if (!row)
			break;
		row[0] = telling_box(t, o->device, true);
		row[1] = telling_hm(t, o->from_ms);
		row[2] = telling_hm(t, o->until_ms);
		row[3] = telling_number(t, (int64_t)o->rows);
	}
	bool any = g.rows > 0;
	show(t, &g, word(l, W_OUTAGES_CAPTION), columns, t->f->outages_total);
	if (any)
		document_note(t->d, word(l, W_OUTAGES_NOTE));
}

void report_boxes(struct telling *t)
{
	tell_doors(t);
	tell_boxes(t);
	tell_gaps(t);
	tell_broken(t);
	tell_outages(t);
}

/* --- pairs -------------------------------------------------------------------------------------
 */

static const char *side(struct telling *t, const struct pair_side *s)
{
	return FILL(&t->scraps, "%1, %2", telling_hm(t, s->at.wall_ms), s->door);
}

void report_pairs(struct telling *t)
{
	enum language l = t->language;
	const struct document_column columns[] = { { word(l, W_VENUE), 2.4, false },
		{ word(l, W_FIRST_ENTRY), 2, false }, { word(l, W_SECOND_ENTRY), 2, false },
		{ word(l, W_TICKET), 1.6, false } };
	struct growing g = { .columns = ARRAY_LEN(columns) };
	char hash[2 * TICKET_HASH_SIZE + 1];
	document_heading(t->d, 2, word(l, W_PAIRS));
	document_text(t->d, word(l, t->f->pairs_total ? W_PAIRS_NOTE : W_NO_PAIRS));
	for (size_t i = 0; i < t->f->pair_count && i < ROWS_SHOWN; i++) {
		const struct pair *p = &t->f->pairs[i];
		const char **row = more(t, &g);
		if (!row)
			break;
		text_hex(hash, p->ticket, TICKET_HASH_SIZE);
		hash[12] = '\0';
		row[0] = telling_name(t, p->second.venue);
		row[1] = side(t, &p->first);
		row[2] = side(t, &p->second);
		row[3] = scrap(&t->scraps, hash);
	}
	show(t, &g, word(l, W_PAIRS), columns, t->f->pairs_total);
}
