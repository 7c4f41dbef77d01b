#include "night/report_parts.h"

#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *telling_name(struct telling *t, const char *venue)
{
	char clean[EVENT_TEXT_SIZE];
	document_clean(clean, sizeof(clean), figures_name(t->event, venue));
	return scrap(&t->scraps, *clean ? clean : venue);
}

const char *telling_number(struct telling *t, int64_t n)
{
	return scrap_number(&t->scraps, t->language, n);
}

const char *telling_hm(struct telling *t, int64_t ms)
{
	return scrap_hm(&t->scraps, t->language, ms);
}

static const struct figures_box *box_of(const struct figures *f, const uint8_t *device)
{
	for (size_t i = 0; i < f->box_count; i++)
		if (!memcmp(f->boxes[i].device, device, DEVICE_ID_SIZE))
			return &f->boxes[i];
	return NULL;
}

const char *telling_box(struct telling *t, const uint8_t device[DEVICE_ID_SIZE], bool with_place)
{
	char id[9];
	const struct figures_box *b = box_of(t->f, device);
	text_hex(id, device, 4);
	if (!with_place || !b || !*b->venue)
		return scrap(&t->scraps, id);
	return FILL(&t->scraps, "%1, %2 (%3)", telling_name(t, b->venue), b->door, id);
}

/* From a slot before the first that has anything to one after the last. */
static void choose_slots(struct telling *t)
{
	const struct figures *f = t->f;
	uint32_t first = f->slot_count, last = 0;
	for (uint32_t i = 0; i < f->slot_count; i++)
		if (f->night.slots[i].arrivals) {
			first = i < first ? i : first;
			last = i;
		}
	if (first == f->slot_count) {
		first = 0;
		last = f->slot_count - 1;
	}
	t->first_slot = first ? first - 1 : 0;
	last = last + 1 < f->slot_count ? last + 1 : last;
	t->slots = last - t->first_slot + 1;
}

static void tell(struct telling *t)
{
	choose_slots(t);
	report_front(t);
	report_venues(t);
	report_moves(t);
	report_refusals(t);
	report_boxes(t);
	report_pairs(t);
	const char *day;
	char made[PAPER_WHEN_SIZE];
	document_day(made, t->language, t->r->made_ms);
	day = scrap(&t->scraps, made);
	document_heading(t->d, 2, word(t->language, W_READING));
	for (int w = W_READING_ENTRIES; w < W_READING_MADE; w++)
		document_text(t->d, word(t->language, (enum word)w));
	document_note(t->d, FILL(&t->scraps, word(t->language, W_READING_MADE), day,
				    telling_number(t, (int64_t)t->f->night.rows)));
}

static int write_document(const struct report *r, enum document_format format, struct paper *paper,
	paper_write *write, void *context)
{
	char name[EVENT_TEXT_SIZE], title[EVENT_TEXT_SIZE * 2];
	struct telling t = { .r = r, .event = r->event, .f = r->figures, .language = r->language };
	document_clean(name, sizeof(name), r->event->title);
	snprintf(title, sizeof(title), "%s — %s", name, word(r->language, W_REPORT));
	struct document_setup setup = { format, r->language, title, word(r->language, W_CONTENTS),
		r->made_ms };
	int error = document_open(&t.d, paper, &setup, write, context);
	if (error)
		return error;
	tell(&t);
	error = document_close(t.d);
	error = error ? error : t.scraps.failed ? -ENOMEM : 0;
	scraps_free(&t.scraps);
	return error;
}

static int write_text(const struct report *r, int (*fill)(const struct report *r, FILE *out),
	paper_write *write, void *context)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	if (!out)
		return -ENOMEM;
	int error = fill(r, out);
	if (fclose(out) && !error)
		error = -ENOMEM;
	if (!error)
		error = write(context, text, size);
	free(text);
	return error;
}

int report_write(const struct report *r, enum report_format format, struct paper *paper,
	paper_write *write, void *context)
{
	switch (format) {
	case REPORT_PDF:
		return write_document(r, DOCUMENT_PDF, paper, write, context);
	case REPORT_HTML:
		return write_document(r, DOCUMENT_HTML, paper, write, context);
	case REPORT_CSV:
		return write_text(r, report_csv, write, context);
	case REPORT_JSON:
		return write_text(r, report_json, write, context);
	case REPORT_FORMATS:
		break;
	}
	return -EINVAL;
}
