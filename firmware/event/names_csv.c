#include "event/names_csv.h"

#include "base/text.h"

#include <csv.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* libcsv is fed in pieces that end at each line's end, which is how lines are counted, and a cell
 * that stays open for longer than any cell may be ends the reading. */
#define PIECE_MAX   4096
#define COLUMNS_MAX 256

enum column { COLUMN_NAME, COLUMN_TYPE, COLUMN_VENUE, COLUMNS, COLUMN_IGNORED = COLUMNS };

static const char *const column_names[] = { "name", "type", "venue" };
static_assert(ARRAY_LEN(column_names) == COLUMNS, "every column needs its name");

struct names {
	const char *path;
	names_take *take;
	void *take_context;
	event_problem *problem;
	void *problem_context;

	struct csv_parser parser;
	uint64_t line, row_line;
	size_t open_bytes; /* fed since the last row or cell ended */
	bool ended;        /* a cell or a row, within the piece */

	bool headed;
	enum column columns[COLUMNS_MAX];
	size_t column_count;
	size_t cells;
	bool blank, spoiled; /* of this row: nothing in it; told of */
	char cell[COLUMNS][NAMES_CELL_MAX + 1];

	bool refused;
	int stop;
};

static void tell(struct names *n, uint64_t line, const char *format, ...) PRINTF_LIKE(3, 4);

static void tell(struct names *n, uint64_t line, const char *format, ...)
{
	char what[400], whole[1024], safe[2048];
	va_list args;
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(whole, sizeof(whole), "%.500s:%" PRIu64 ": %s", n->path, line, what);
	text_printable(safe, sizeof(safe), whole, strlen(whole));
	n->refused = true;
	n->problem(n->problem_context, true, safe);
}

/* --- the heading --- */

static void take_heading(struct names *n, const char *text, size_t len)
{
	enum column column = COLUMN_IGNORED;
	if (n->column_count == COLUMNS_MAX) {
		tell(n, n->line, "more than %d columns", COLUMNS_MAX);
		n->stop = -EINVAL;
		return;
	}
	for (int i = 0; i < COLUMNS; i++)
		if (len == strlen(column_names[i]) && !strcasecmp(text, column_names[i]))
			column = (enum column)i;
	for (size_t i = 0; i < n->column_count && column != COLUMN_IGNORED; i++)
		if (n->columns[i] == column)
			tell(n, n->line, "the column %s is there twice: keep one",
				column_names[column]);
	n->columns[n->column_count++] = column;
}

static void end_heading(struct names *n)
{
	n->headed = true;
	for (size_t i = 0; i < n->column_count; i++)
		if (n->columns[i] == COLUMN_NAME)
			return;
	tell(n, n->row_line,
		"the heading has no column \"name\": the first line must name the columns, like "
		"name,type,venue");
	n->stop = -EINVAL;
}

/* --- rows --- */

static void spoil(struct names *n, const char *what)
{
	if (!n->spoiled)
		tell(n, n->row_line, "%s", what);
	n->spoiled = true;
}

static void take_cell(struct names *n, const char *text, size_t len)
{
	size_t i = n->cells++;
	n->blank = n->blank && len == 0;
	if (i >= n->column_count) {
		if (len > 0)
			spoil(n, "more cells than the heading has: quote a cell that holds the "
				 "separator");
		return;
	}
	if (n->columns[i] == COLUMN_IGNORED)
		return;
	if (len > NAMES_CELL_MAX)
		spoil(n, "a cell longer than 1024 bytes");
	else if (memchr(text, '\0', len) || !text_is_utf8(text, len))
		spoil(n, "not UTF-8: export the file again as CSV in UTF-8");
	else
		memcpy(n->cell[n->columns[i]], text, len);
}

static void take_row(struct names *n)
{
	if (n->blank && !n->spoiled)
		return;
	if (!n->spoiled && !*n->cell[COLUMN_NAME])
		spoil(n, "no name: fill it in, or take the row out");
	if (n->refused)
		return;
	struct names_row row = { n->cell[COLUMN_NAME], n->cell[COLUMN_TYPE], n->cell[COLUMN_VENUE],
		n->row_line };
	n->stop = n->take(n->take_context, &row);
}

static void on_cell(void *text, size_t len, void *context)
{
	struct names *n = context;
	n->ended = true;
	if (n->stop)
		return;
	if (n->headed)
		take_cell(n, text, len);
	else
		take_heading(n, text, len);
}

static void on_row(int end, void *context)
{
	struct names *n = context;
	(void)end;
	n->ended = true;
	if (n->stop)
		return;
	if (n->headed && n->cells > 0)
		take_row(n);
	else if (!n->headed && n->column_count > 0)
		end_heading(n);
	n->cells = 0;
	n->blank = true;
	n->spoiled = false;
	memset(n->cell, 0, sizeof(n->cell));
}

/* --- lines --- */

/* Up to a line feed, PIECE_MAX or the end. */
static size_t next_piece(FILE *in, char piece[PIECE_MAX])
{
	size_t len = 0;
	int c;
	while (len < PIECE_MAX && (c = getc(in)) != EOF) {
		piece[len++] = (char)c;
		if (c == '\n')
			break;
	}
	return len;
}

static void feed(struct names *n, const char *piece, size_t len)
{
	if (n->open_bytes == 0)
		n->row_line = n->line;
	n->ended = false;
	if (csv_parse(&n->parser, piece, len, on_cell, on_row, n) != len && !n->stop) {
		tell(n, n->line,
			"a quote where none can stand: put the whole cell in quotes and double "
			"those inside");
		n->stop = -EINVAL;
	}
	n->open_bytes = n->ended ? 0 : n->open_bytes + len;
	if (n->open_bytes > NAMES_CELL_MAX + PIECE_MAX && !n->stop) {
		tell(n, n->row_line,
			"a cell longer than %d bytes begins here: is its quote closed?",
			NAMES_CELL_MAX);
		n->stop = -EINVAL;
	}
	if (piece[len - 1] == '\n')
		n->line++;
}

/* The separator that the heading uses most, and how much to leave out before it. */
static size_t begin(struct names *n, const char *piece, size_t len)
{
	static const char separators[] = { ',', ';', '\t' };
	size_t best = 0, most = 0;
	for (size_t s = 0; s < ARRAY_LEN(separators); s++) {
		size_t count = 0;
		for (size_t i = 0; i < len; i++)
			count += piece[i] == separators[s];
		if (count > most) {
			most = count;
			best = s;
		}
	}
	csv_set_delim(&n->parser, (unsigned char)separators[best]);
	return len >= 3 && !memcmp(piece, "\xef\xbb\xbf", 3) ? 3 : 0;
}

static int read_all(struct names *n, FILE *in)
{
	char piece[PIECE_MAX];
	size_t len;
	bool first = true;
	while (!n->stop && (len = next_piece(in, piece)) > 0) {
		size_t skip = first ? begin(n, piece, len) : 0;
		first = false;
		if (len > skip)
			feed(n, piece + skip, len - skip);
	}
	if (ferror(in))
		return -EIO;
	if (!n->stop && csv_fini(&n->parser, on_cell, on_row, n)) {
		tell(n, n->row_line, "a quote that opens here is never closed");
		n->stop = -EINVAL;
	}
	if (!n->headed && !n->stop)
		tell(n, 1,
			"the file is empty: the first line must name the columns, like "
			"name,type,venue");
	return n->stop ? n->stop : n->refused ? -EINVAL : 0;
}

int names_csv_read(FILE *in, const char *path, names_take *take, void *take_context,
	event_problem *problem, void *problem_context)
{
	AUTO_FREE struct names *n = calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	n->path = path;
	n->take = take;
	n->take_context = take_context;
	n->problem = problem;
	n->problem_context = problem_context;
	n->line = n->row_line = 1;
	n->blank = true;
	if (csv_init(&n->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL | CSV_REPALL_NL))
		return -ENOMEM;
	int result = read_all(n, in);
	csv_free(&n->parser);
	return result;
}
