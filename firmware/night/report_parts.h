/* Inside night/: who writes which form of the report. */
#ifndef PARVIS_NIGHT_REPORT_PARTS_H
#define PARVIS_NIGHT_REPORT_PARTS_H

#include "night/report.h"
#include "night/words.h"

#include <stdio.h>

/* While a document is told. */
struct telling {
	const struct report *r;
	const struct event *event;
	const struct figures *f;
	enum language language;
	struct document *d;
	struct scraps scraps;
	uint32_t first_slot, slots; /* those that are worth showing */
};

const char *telling_name(struct telling *t, const char *venue);
const char *telling_number(struct telling *t, int64_t n);
const char *telling_hm(struct telling *t, int64_t ms);
/* "numa, rue (4f2a90c1)" */
const char *telling_box(struct telling *t, const uint8_t device[DEVICE_ID_SIZE], bool with_place);

/* Whole hours, every so many of them; more apart where the night is long. */
void report_ticks(struct telling *t, const char **ticks, uint32_t every);

void report_front(struct telling *t);  /* report_front.c: page one */
void report_venues(struct telling *t); /* report_venues.c */
void report_moves(struct telling *t);
void report_refusals(struct telling *t);
void report_boxes(struct telling *t); /* report_boxes.c: doors, boxes, links, clocks */
void report_pairs(struct telling *t);

NODISCARD int report_csv(const struct report *r, FILE *out);
NODISCARD int report_json(const struct report *r, FILE *out);

#endif
