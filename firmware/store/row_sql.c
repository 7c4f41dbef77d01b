#include "store/row_sql.h"

#include <string.h>

enum column {
	DEVICE,
	EPOCH,
	SEQ,
	HLC,
	BOOT,
	WALL_MS,
	MONO_MS,
	TRUST,
	KIND,
	SOURCE,
	VERDICT,
	DIRECTION,
	TIME_DOUBT,
	OVERRIDDEN,
	REGISTERED,
	TICKET,
	VENUE,
	DOOR,
	FROM_VENUE,
	OPERATOR,
	AMOUNT,
	UNDOES,
	BEFORE,
	HASH,
};

static bool is_zero(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

static void bind_integers(sqlite3_stmt *s, const struct row *row)
{
	db_bind_integer(s, EPOCH + 1, row->epoch);
	db_bind_integer(s, SEQ + 1, (int64_t)row->seq);
	db_bind_integer(s, HLC + 1, (int64_t)row->hlc);
	db_bind_integer(s, WALL_MS + 1, row->at.wall_ms);
	db_bind_integer(s, MONO_MS + 1, row->at.mono_ms);
	db_bind_integer(s, TRUST + 1, row->at.trust);
	db_bind_integer(s, KIND + 1, row->kind);
	db_bind_integer(s, SOURCE + 1, row->source);
	db_bind_integer(s, VERDICT + 1, row->verdict);
	db_bind_integer(s, DIRECTION + 1, row->direction);
	db_bind_integer(s, TIME_DOUBT + 1, row->time_doubt);
	db_bind_integer(s, OVERRIDDEN + 1, row->overridden);
	db_bind_integer(s, REGISTERED + 1, row->registered);
	db_bind_integer(s, AMOUNT + 1, row->amount);
	if (row->undoes)
		db_bind_integer(s, UNDOES + 1, (int64_t)row->undoes);
	else
		sqlite3_bind_null(s, UNDOES + 1);
}

void row_bind(sqlite3_stmt *s, const struct row *row)
{
	bind_integers(s, row);
	db_bind_blob(s, DEVICE + 1, row->device, sizeof(row->device));
	db_bind_blob(s, BOOT + 1, row->boot, sizeof(row->boot));
	if (is_zero(row->ticket, sizeof(row->ticket)))
		sqlite3_bind_null(s, TICKET + 1);
	else
		db_bind_blob(s, TICKET + 1, row->ticket, sizeof(row->ticket));
	db_bind_text(s, VENUE + 1, row->venue);
	db_bind_text(s, DOOR + 1, row->door);
	db_bind_text(s, FROM_VENUE + 1, row->from_venue);
	db_bind_text(s, OPERATOR + 1, row->operator);
	db_bind_blob(s, BEFORE + 1, row->before, sizeof(row->before));
	db_bind_blob(s, HASH + 1, row->hash, sizeof(row->hash));
}

static bool is_in(sqlite3_stmt *s, enum column c, int64_t lowest, int64_t highest)
{
	int64_t v = sqlite3_column_int64(s, (int)c);
	return sqlite3_column_type(s, (int)c) == SQLITE_INTEGER && v >= lowest && v <= highest;
}

static const struct {
	enum column column;
	int64_t lowest, highest;
	const char *name;
} ranges[] = {
	{ EPOCH, 1, UINT32_MAX, "epoch" },
	{ SEQ, 1, INT64_MAX, "seq" },
	{ HLC, 0, INT64_MAX, "hlc" },
	{ WALL_MS, INT64_MIN, INT64_MAX, "wall_ms" },
	{ MONO_MS, INT64_MIN, INT64_MAX, "mono_ms" },
	{ TRUST, 0, TRUST_COUNT - 1, "trust" },
	{ KIND, ROW_SCAN, ROW_UNDO, "kind" },
	{ SOURCE, SOURCE_CAMERA, SOURCE_COUNT - 1, "source" },
	{ VERDICT, VERDICT_NONE, VERDICT_COUNT - 1, "verdict" },
	{ DIRECTION, DIRECTION_NONE, DIRECTION_OUT, "direction" },
	{ TIME_DOUBT, 0, 1, "time_doubt" },
	{ OVERRIDDEN, 0, 1, "overridden" },
	{ REGISTERED, 0, 1, "registered" },
	{ AMOUNT, INT64_MIN, INT64_MAX, "amount" },
};

static const char *out_of_range(sqlite3_stmt *s)
{
	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (!is_in(s, ranges[i].column, ranges[i].lowest, ranges[i].highest))
			return ranges[i].name;
	if (sqlite3_column_type(s, UNDOES) != SQLITE_NULL && !is_in(s, UNDOES, 1, INT64_MAX))
		return "undoes";
	return NULL;
}

static void read_integers(sqlite3_stmt *s, struct row *row)
{
	row->epoch = (uint32_t)sqlite3_column_int64(s, EPOCH);
	row->seq = (uint64_t)sqlite3_column_int64(s, SEQ);
	row->hlc = (uint64_t)sqlite3_column_int64(s, HLC);
	row->at.wall_ms = sqlite3_column_int64(s, WALL_MS);
	row->at.mono_ms = sqlite3_column_int64(s, MONO_MS);
	row->at.trust = (enum trust)sqlite3_column_int(s, TRUST);
	row->kind = (enum row_kind)sqlite3_column_int(s, KIND);
	row->source = (enum source)sqlite3_column_int(s, SOURCE);
	row->verdict = (enum verdict)sqlite3_column_int(s, VERDICT);
	row->direction = (enum direction)sqlite3_column_int(s, DIRECTION);
	row->time_doubt = sqlite3_column_int(s, TIME_DOUBT) != 0;
	row->overridden = sqlite3_column_int(s, OVERRIDDEN) != 0;
	row->registered = sqlite3_column_int(s, REGISTERED) != 0;
	row->amount = sqlite3_column_int64(s, AMOUNT);
	row->undoes = (uint64_t)sqlite3_column_int64(s, UNDOES);
}

static const char *read_ticket(sqlite3_stmt *s, struct row *row)
{
	if (sqlite3_column_type(s, TICKET) == SQLITE_NULL)
		return NULL;
	if (!db_take_blob(s, TICKET, row->ticket, sizeof(row->ticket)))
		return "ticket";
	return is_zero(row->ticket, sizeof(row->ticket)) ? "ticket" : NULL;
}

const char *row_read(sqlite3_stmt *s, struct row *out)
{
	struct row row = { 0 };
	*out = row;
	if (!db_take_blob(s, DEVICE, row.device, sizeof(row.device)))
		return "device";
	memcpy(out->device, row.device, sizeof(row.device));
	out->epoch = (uint32_t)sqlite3_column_int64(s, EPOCH);
	out->seq = (uint64_t)sqlite3_column_int64(s, SEQ);
	const char *bad = out_of_range(s);
	if (!bad)
		bad = read_ticket(s, &row);
	if (bad)
		return bad;
	read_integers(s, &row);
	if (!db_take_blob(s, BOOT, row.boot, sizeof(row.boot)))
		return "boot";
	if (!db_take_text(s, VENUE, row.venue, sizeof(row.venue)) || !row.venue[0])
		return "venue";
	if (!db_take_text(s, DOOR, row.door, sizeof(row.door)))
		return "door";
	if (!db_take_text(s, FROM_VENUE, row.from_venue, sizeof(row.from_venue)))
		return "from_venue";
	if (!db_take_text(s, OPERATOR, row.operator, sizeof(row.operator)))
		return "operator";
	if (!db_take_blob(s, BEFORE, row.before, sizeof(row.before)))
		return "before";
	if (!db_take_blob(s, HASH, row.hash, sizeof(row.hash)))
		return "hash";
	*out = row;
	return NULL;
}
