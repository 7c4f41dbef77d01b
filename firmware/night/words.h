/* The words of reports, in French and English, with each language's way of writing numbers, moments
 * and shares: 1 234, 19 h 30 and 62 % with no-break spaces; 1,234, 19:30 and 62%. Local time. Texts
 * that are made on the way live in a struct scraps until it is freed. One thread. */
#ifndef PARVIS_NIGHT_WORDS_H
#define PARVIS_NIGHT_WORDS_H

#include "base/cc.h"
#include "door/language.h"
#include "door/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off */
enum word {
	W_REPORT, W_CONTENTS, W_BELOW, W_PLACES, W_SUMMARY, W_SUMMARY_NOBODY,
	W_ENTRIES, W_ENTRIES_NOTE, W_PEOPLE, W_PEOPLE_NOTE, W_PEAK, W_PEAK_NOTE, W_CAME, W_CAME_NOTE,
	W_CAME_UNKNOWN, W_CAME_OTHERS, W_WALK_INS, W_WALK_INS_NOTE, W_MOVES, W_MOVES_NOTE, W_NONE,
	W_MARKED, W_ALL_WELL, W_ALL_WELL_LINE, W_MISSING, W_MISSING_WHERE, W_SILENT, W_BROKEN,
	W_CONTRADICTED, W_UNSIGNED, W_CLOCKS, W_PAIRS_FOUND, W_OUTSIDE, W_OUTAGES_FOUND, W_AND, W_TOO_MANY,
	W_EVENING, W_PRESENCE, W_PRESENCE_ALT, W_ARRIVALS, W_ARRIVALS_ALT, W_NO_PEAK,
	W_BY_VENUE, W_VENUE_BARS, W_VENUE_BARS_ALT, W_ALL_PEOPLE, W_REGISTERED_AMONG,
	W_VENUE, W_REGISTERED, W_PEAK_AT, W_TOTAL, W_TOTAL_PEOPLE_NOTE, W_CURVES, W_CURVES_NOTE,
	W_CURVE_ALT, W_CAPACITY, W_SLOTS, W_SLOTS_CAPTION, W_SLOT, W_PRESENT,
	W_FLOW, W_FLOW_CAPTION, W_FLOW_ALT, W_FROM, W_TO, W_PEOPLE_MOVED, W_NO_MOVES, W_FLOW_TABLE,
	W_FLOW_REST, W_REFUSALS, W_REFUSALS_CAPTION, W_REFUSALS_ALT, W_REASON, W_COUNT, W_NO_REFUSALS,
	W_REFUSALS_NOTE, W_DOORS, W_DOORS_NOTE, W_DOOR, W_BUSIEST, W_BUSIEST_AT, W_MEDIAN,
	W_BOXES, W_BOXES_NOTE, W_BOX, W_ROWS, W_MISSING_SHORT, W_OUTAGES, W_LONGEST, W_CLOCK,
	W_CLOCK_GOOD, W_CLOCK_UNSET, W_CLOCK_ELSEWHEN, W_CLOCK_BEHIND, W_CLOCK_AHEAD, W_CLOCK_STEPPED,
	W_GAPS_CAPTION, W_OPENING, W_NUMBERS, W_OUTAGES_CAPTION, W_OUTAGES_NOTE, W_SINCE, W_UNTIL, W_WAITED,
	W_BROKEN_CAPTION, W_NUMBER, W_PAIRS, W_PAIRS_NOTE, W_FIRST_ENTRY, W_SECOND_ENTRY, W_TICKET,
	W_NO_PAIRS, W_READING, W_READING_ENTRIES, W_READING_PEOPLE, W_READING_PRESENT, W_READING_CAME,
	W_READING_CLOCK, W_READING_MADE, W_NO_RECEIPTS,
	WORDS
};
/* clang-format on */

const char *word(enum language language, enum word w);

/* "an unknown code", … for refusals. */
const char *word_refusal(enum language language, enum verdict v);

struct scraps {
	char **at;
	size_t count, room;
	bool failed; /* not enough memory: what was given then is "" */
};

const char *scrap(struct scraps *s, const char *text);
/* The form of "one|many" that n need. */
const char *scrap_for(struct scraps *s, enum language language, enum word w, uint64_t n);
/* %1 … %9 of the text filled in. */
const char *scrap_fill(struct scraps *s, const char *text, const char *const *args, size_t count);
#define FILL(s, text, ...)                                                                         \
	scrap_fill(s, text, (const char *const[]){ __VA_ARGS__ },                                  \
		sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))
const char *scrap_number(struct scraps *s, enum language language, int64_t n);
const char *scrap_hm(struct scraps *s, enum language language, int64_t ms); /* 0: a dash */
const char *scrap_share(struct scraps *s, enum language language, uint64_t part, uint64_t whole);
const char *scrap_span(struct scraps *s, enum language language, int64_t ms); /* 12 min, 1 h 05 */
const char *scrap_seconds(struct scraps *s, enum language language, uint32_t ms);
void scraps_free(struct scraps *s);

#endif
