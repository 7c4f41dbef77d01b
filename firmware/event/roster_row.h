/* Inside event/: one row's cells, understood: code, name, venue, standing. Pure, any thread. */
#ifndef PARVIS_EVENT_ROSTER_ROW_H
#define PARVIS_EVENT_ROSTER_ROW_H

#include "event/roster_csv.h"

#define ROSTER_PROBLEM_SIZE 640

struct roster_cell {
	char text[ROSTER_CELL_MAX + 1];
	size_t len;
};

/* The session that was met last, since most rows say the same. */
struct roster_place {
	char text[128];
	char venue[ID_SIZE];
	bool known, placed;
};

struct roster_rules {
	const struct event *event;
	const struct dialect_match *match;
	const char *venue; /* every row's; NULL: the file says */
	struct roster_place place;
};

enum roster_row_result { ROSTER_ROW_TAKEN, ROSTER_ROW_LEFT_OUT, ROSTER_ROW_REFUSED };

/* Cells may be changed. For a refused row *problem is what is wrong and the remedy. Counts into
 * the report's unknown_status and unplaced. */
NODISCARD enum roster_row_result roster_row_read(struct roster_rules *rules,
	struct roster_cell cells[FIELD_COUNT], struct roster_entry *out,
	struct roster_csv_report *report, char problem[ROSTER_PROBLEM_SIZE]);

#endif
