#include "store/row_line.h"

#include "store/log.h"

#include <string.h>

const char *const row_flaw_texts[] = {
	[FLAW_NONE] = "it is as it was written",
	[FLAW_VALUES] = "its values cannot be: it was changed",
	[FLAW_CHANGED] = "its hash is not that of its values: it was changed",
	[FLAW_BROKEN] = "it does not carry the hash of the row before: it or that one was changed",
	[FLAW_CLOCK] = "its hybrid clock is not later than that of the row before",
	[FLAW_ORDER] = "its number does not follow: it was put in, moved or doubled",
	[FLAW_MISSING] = "missing",
	[FLAW_PLACE] = "it is stored under the number of another row",
	[FLAW_UNREADABLE] = "cannot be read",
	[FLAW_FILE] = "what is kept beside the rows is not as it was written",
};
static_assert(ARRAY_LEN(row_flaw_texts) == FLAW_KINDS, "every fault needs its text");

const char *const row_flaw_names[] = {
	[FLAW_NONE] = "none",
	[FLAW_VALUES] = "values",
	[FLAW_CHANGED] = "changed",
	[FLAW_BROKEN] = "broken",
	[FLAW_CLOCK] = "clock",
	[FLAW_ORDER] = "order",
	[FLAW_MISSING] = "missing",
	[FLAW_PLACE] = "place",
	[FLAW_UNREADABLE] = "unreadable",
	[FLAW_FILE] = "file",
};
static_assert(ARRAY_LEN(row_flaw_names) == FLAW_KINDS, "every fault needs its name");

static bool same_chain(const struct row *a, const struct row *b)
{
	return a->epoch == b->epoch && !memcmp(a->device, b->device, sizeof(a->device));
}

enum row_flaw row_line_alone(const struct row *row)
{
	uint8_t hash[ROW_HASH_SIZE];
	if (row_wrong(row))
		return FLAW_VALUES;
	log_row_hash(row, hash);
	return memcmp(hash, row->hash, sizeof(hash)) ? FLAW_CHANGED : FLAW_NONE;
}

static enum row_flaw begins(const struct row_line *line, const struct row *row)
{
	static const uint8_t none[ROW_HASH_SIZE];
	const uint8_t *before = line->begun ? line->last.hash : none;
	if (line->one_log && row->seq == 1 && memcmp(row->before, before, sizeof(none)))
		return FLAW_BROKEN;
	return FLAW_NONE;
}

static enum row_flaw follows(const struct row *last, const struct row *row)
{
	if (row->seq <= last->seq)
		return FLAW_ORDER;
	if (row->seq > last->seq + 1)
		return FLAW_NONE;
	if (memcmp(row->before, last->hash, sizeof(row->before)))
		return FLAW_BROKEN;
	return row->hlc <= last->hlc ? FLAW_CLOCK : FLAW_NONE;
}

enum row_flaw row_line_next(struct row_line *line, const struct row *row, struct range *missing)
{
	bool goes_on = line->begun && same_chain(&line->last, row);
	uint64_t expected = goes_on ? line->last.seq + 1 : 1;
	*missing = (struct range){ 0 };
	if (row->seq > expected)
		*missing = (struct range){ expected, row->seq - 1 };
	enum row_flaw fault = row_line_alone(row);
	if (!fault)
		fault = goes_on ? follows(&line->last, row) : begins(line, row);
	/* One that is out of its order does not move the line: the next is held against the row
	 * that it should follow. */
	if (fault != FLAW_ORDER) {
		line->begun = true;
		line->last = *row;
	}
	return fault;
}
