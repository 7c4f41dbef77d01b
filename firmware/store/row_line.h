/* A line of rows, looked at one by one as somebody gives them: whether each is as its box wrote it,
 * and whether it follows the one before it. Says where, as far as that can be known: a row whose
 * values were changed is found by itself; one that was taken out, put in, moved or written anew by
 * somebody who knew how to hash, by its neighbours. Plain values, any thread. */
#ifndef PARVIS_STORE_ROW_LINE_H
#define PARVIS_STORE_ROW_LINE_H

#include "door/ranges.h"
#include "store/batch.h"

enum row_flaw {
	FLAW_NONE,
	FLAW_VALUES,  /* a value is out of its range, or contradicts another */
	FLAW_CHANGED, /* its hash is not that of its values */
	FLAW_BROKEN,  /* it does not carry the hash of the row before: one of the two was changed */
	FLAW_CLOCK,   /* its hybrid clock is not later than that of the row before */
	FLAW_ORDER,   /* its number does not follow: it was put in, moved, or is there twice */
	FLAW_MISSING, /* first … last are not there */
	FLAW_PLACE,   /* it is stored under the number of another row */
	FLAW_UNREADABLE, /* first … last: the disk or the file gives no row */
	FLAW_FILE, /* what is kept beside the rows, or the file's own structure, is not right */
	FLAW_KINDS
};

/* "its hash is not that of its values: it was changed", … */
extern const char *const row_flaw_texts[FLAW_KINDS];
/* "changed", …: for programs. */
extern const char *const row_flaw_names[FLAW_KINDS];

struct row_line {
	bool begun;
	/* A log is one line across the epochs of its box: the first row of a chain carries the hash
	 * of the last row of the one before. */
	bool one_log;
	struct row last; /* device, epoch, seq, hlc, hash */
};

/* What a row shows by itself: FLAW_NONE, FLAW_VALUES or FLAW_CHANGED. */
NODISCARD enum row_flaw row_line_alone(const struct row *row);

/* `missing` is set, to numbers of the row's chain, where some were passed over before it. */
NODISCARD enum row_flaw row_line_next(
	struct row_line *line, const struct row *row, struct range *missing);

#endif
