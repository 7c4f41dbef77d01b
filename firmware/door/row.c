#include "door/row.h"

#include "base/cc.h"
#include "base/text.h"

#include <string.h>

const char *const row_kind_names[] = {
	[ROW_SCAN] = "scan",
	[ROW_WALK_IN] = "walk_in",
	[ROW_ADJUST] = "adjust",
	[ROW_UNDO] = "undo",
};

const char *const row_direction_names[] = {
	[DIRECTION_NONE] = "none",
	[DIRECTION_IN] = "in",
	[DIRECTION_OUT] = "out",
};

const char *const source_names[] = {
	[0] = "none",
	[SOURCE_CAMERA] = "camera",
	[SOURCE_SCANNER] = "scanner",
	[SOURCE_TOUCH] = "touch",
	[SOURCE_BUTTON] = "button",
};
static_assert(ARRAY_LEN(source_names) == SOURCE_COUNT, "every source needs a name");

static bool is_answer(const struct row *row)
{
	return row->kind == ROW_SCAN || row->kind == ROW_WALK_IN;
}

static bool within(int64_t value, int64_t most)
{
	return value >= -most && value <= most;
}

/* Enums that were read from outside may hold anything. */
static const char *out_of_range(const struct row *row)
{
	if (!row->epoch)
		return "epoch";
	if (!row->seq || row->seq > ROW_SEQ_MAX)
		return "seq";
	if (row->hlc > ROW_HLC_MAX)
		return "hlc";
	if (!within(row->at.wall_ms, ROW_MS_MAX))
		return "wall_ms";
	if (!within(row->at.mono_ms, ROW_MS_MAX))
		return "mono_ms";
	if (!within(row->amount, ROW_AMOUNT_MAX))
		return "amount";
	if ((unsigned)row->at.trust >= TRUST_COUNT)
		return "trust";
	if (row->kind < ROW_SCAN || row->kind > ROW_UNDO)
		return "kind";
	if (row->source < SOURCE_CAMERA || row->source >= SOURCE_COUNT)
		return "source";
	if ((unsigned)row->verdict >= VERDICT_COUNT)
		return "verdict";
	if ((unsigned)row->direction > DIRECTION_OUT)
		return "direction";
	return NULL;
}

/* Venues and doors are identifiers wherever a box may write rows. What comes out of a file that
 * somebody brought goes into tables, pages and databases, where another text could do harm. */
static bool is_id(const char *text, size_t capacity)
{
	size_t n = strnlen(text, capacity);
	return n < capacity && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == n;
}

static bool is_calm(const char *text, size_t capacity)
{
	size_t len = strnlen(text, capacity);
	uint32_t c;
	for (size_t i = 0, n; i < len; i += n) {
		n = text_decode_utf8(text + i, len - i, &c);
		if (!n || text_is_hazard(c))
			return false;
	}
	return len < capacity;
}

static const char *bad_text(const struct row *row)
{
	if (!is_id(row->venue, sizeof(row->venue)) || !row->venue[0])
		return "venue";
	if (!is_id(row->door, sizeof(row->door)))
		return "door";
	if (!is_id(row->from_venue, sizeof(row->from_venue)))
		return "from_venue";
	return is_calm(row->operator, sizeof(row->operator)) ? NULL : "operator";
}

/* What no value shows alone. */
static const char *contradiction(const struct row *row)
{
	if ((row->kind == ROW_UNDO) != (row->undoes != 0))
		return "only an undo names another row";
	if (row->undoes >= row->seq)
		return "an undo names a later row";
	if (is_answer(row) ? row->amount != 0 : row->verdict != VERDICT_NONE)
		return "it is an answer and a correction at once";
	if (row->kind == ROW_SCAN &&
		(row->direction == DIRECTION_IN) != verdict_admits(row->verdict))
		return "its verdict and its direction disagree";
	return NULL;
}

const char *row_wrong(const struct row *row)
{
	const char *wrong = out_of_range(row);
	if (!wrong)
		wrong = bad_text(row);
	return wrong ? wrong : contradiction(row);
}
