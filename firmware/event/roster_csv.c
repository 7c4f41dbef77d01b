#include "event/roster_csv.h"

#include "base/text.h"
#include "event/roster_row.h"
#include "event/roster_text.h"

#include <csv.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* libcsv says nothing of lines, so it is fed in pieces that end at each line's end, and told to
 * report every line end that stands outside quotes: a piece after which it reported none ended
 * inside quotes. Pieces are short enough that no cell can grow past its limit unseen. A line that
 * has no quote and begins outside of any needs no parser, and is not given to it. */

#define BLOCK_SIZE       65536
#define PIECE_MAX        4096
#define COLUMNS_MAX      DIALECT_COLUMNS_MAX
#define PROGRESS_MIN     BLOCK_SIZE
#define PROGRESS_UNKNOWN (1 << 20) /* bytes between calls where the size is unknown */

struct csv {
	const char *path;
	roster_row *take;
	void *take_context;
	event_problem *problem;
	void *problem_context;
	struct roster_csv_report report;

	struct csv_parser parser;
	char separator;
	uint64_t line;              /* of the piece being fed, from 1 */
	uint64_t row_line;          /* where the row being read begins */
	uint64_t quote_line;        /* where the cell that is open at the piece's end begins */
	size_t open_bytes;          /* fed since the last cell ended */
	bool after_return;          /* the last piece ended with a carriage return */
	bool cell_ended, row_ended; /* within the piece */

	const struct roster_csv_options *options;
	struct roster_encoding encoding;
	bool headed;
	char headers[COLUMNS_MAX][DIALECT_HEADER_SIZE]; /* normalised */
	char shown[COLUMNS_MAX][64];                    /* as they stand, cut */
	enum field fields[COLUMNS_MAX];                 /* FIELD_UNKNOWN: not taken */
	size_t column_count;
	struct roster_rules rules;

	size_t cells; /* of this row so far */
	bool blank;   /* all of these are empty */
	bool spoiled; /* one of these was told of */
	struct roster_cell cell[FIELD_COUNT];

	bool refused; /* something was told that refuses the file */
	int stop;     /* non-zero: read no further, and return it */
};

static void tell(struct csv *c, uint64_t line, bool fatal, const char *format, ...)
	PRINTF_LIKE(4, 5);

static void tell(struct csv *c, uint64_t line, bool fatal, const char *format, ...)
{
	char what[640], whole[1024], safe[2048];
	va_list args;
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	int n = snprintf(whole, sizeof(whole), "%s:%" PRIu64 ": %s", c->path, line, what);
	size_t len = n < 0 ? 0 : (size_t)n < sizeof(whole) ? (size_t)n : sizeof(whole) - 1;
	text_printable(safe, sizeof(safe), whole, len);
	c->refused = c->refused || fatal;
	c->problem(c->problem_context, fatal, safe);
}

/* --- the heading -------------------------------------------------------------------------------
 */

static void take_header_cell(struct csv *c, const char *name, size_t len)
{
	if (c->column_count == COLUMNS_MAX) {
		tell(c, c->line, true, "more than %d columns", COLUMNS_MAX);
		c->stop = -EINVAL;
		return;
	}
	if (memchr(name, '\0', len))
		len = 0;
	size_t i = c->column_count++;
	size_t shown = len < sizeof(c->shown[i]) ? len : sizeof(c->shown[i]) - 1;
	memcpy(c->shown[i], name, shown);
	c->shown[i][shown] = '\0';
	dialect_normalise(name, len, c->headers[i]);
}

/* FIELD=HEADER of --map: the column, or a problem told. */
static void map_one(struct csv *c, const char *pair, size_t len)
{
	char header[DIALECT_HEADER_SIZE];
	const char *equals = memchr(pair, '=', len);
	struct dialect_match *m = &c->report.match;
	for (int f = 0; equals && f < FIELD_COUNT; f++) {
		const char *name = field_name((enum field)f);
		if (strlen(name) != (size_t)(equals - pair) ||
			strncasecmp(name, pair, strlen(name)))
			continue;
		dialect_normalise(equals + 1, len - (size_t)(equals - pair) - 1, header);
		for (size_t i = 0; i < c->column_count; i++)
			if (!strcmp(c->headers[i], header)) {
				m->columns[f] = (uint16_t)i;
				m->taken[i] = true;
				return;
			}
		tell(c, c->row_line, true, "--map: the heading has no column \"%.*s\"",
			(int)(len - (size_t)(equals - pair) - 1), equals + 1);
		return;
	}
	tell(c, c->row_line, true,
		"--map: \"%.*s\" is not FIELD=HEADER with one of code, name, first, last, email, "
		"type, venue, session, status, valid",
		(int)(len > 80 ? 80 : len), pair);
}

static void map_columns(struct csv *c, const char *map)
{
	while (*map) {
		size_t n = strcspn(map, ",");
		map_one(c, map, n);
		map += n;
		map += *map == ',';
	}
}

static void note_columns(struct csv *c)
{
	const struct dialect_match *m = &c->report.match;
	if (m->dialect != DIALECT_GENERIC)
		return;
	if (m->twice != DIALECT_NO_COLUMN)
		tell(c, c->row_line, true, "the column %s is there twice: keep one",
			c->shown[m->twice]);
	for (size_t i = 0; i < c->column_count; i++)
		if (!m->taken[i])
			tell(c, c->row_line, false,
				"the column \"%.60s\" is not taken: say what it is with --map, if "
				"it matters",
				c->shown[i]);
}

static void take_header_end(struct csv *c)
{
	struct dialect_match *m = &c->report.match;
	c->headed = true;
	dialect_match(c->options->dialect, (const char(*)[DIALECT_HEADER_SIZE])c->headers,
		c->column_count, m);
	if (c->options->map)
		map_columns(c, c->options->map);
	note_columns(c);
	for (size_t i = 0; i < COLUMNS_MAX; i++)
		c->fields[i] = FIELD_UNKNOWN;
	for (int f = FIELD_COUNT - 1; f >= 0; f--)
		if (m->columns[f] != DIALECT_NO_COLUMN)
			c->fields[m->columns[f]] = (enum field)f;
	if (m->columns[FIELD_CODE] == DIALECT_NO_COLUMN) {
		if (m->dialect == DIALECT_GENERIC)
			tell(c, c->row_line, true, "the heading has no column \"code\": %s",
				dialect_remedy(m->dialect));
		else
			tell(c, c->row_line, true, "an export of %s, but %s",
				dialect_name(m->dialect), dialect_remedy(m->dialect));
	}
	if (c->refused)
		c->stop = -EINVAL;
}

/* The separator that the heading uses most. */
static char find_separator(const char *text, size_t len)
{
	static const char separators[] = { ',', ';', '\t' };
	size_t counts[ARRAY_LEN(separators)] = { 0 }, best = 0;
	bool quoted = false;
	size_t i = 0;
	while (i < len && (text[i] == '\n' || text[i] == '\r'))
		i++;
	for (; i < len && (quoted || (text[i] != '\n' && text[i] != '\r')); i++) {
		quoted = quoted != (text[i] == '"');
		for (size_t s = 0; s < ARRAY_LEN(separators) && !quoted; s++)
			counts[s] += text[i] == separators[s];
	}
	for (size_t s = 1; s < ARRAY_LEN(separators); s++)
		if (counts[s] > counts[best])
			best = s;
	return separators[best];
}

/* --- one row -----------------------------------------------------------------------------------
 */

static void reject(struct csv *c, const char *what)
{
	tell(c, c->row_line, true, "%s", what);
	c->spoiled = true;
}

/* A row that the file's end or its line's end cut short. Lists written by hand may leave out what
 * is empty at a line's end; an exporter never does. */
static void check_width(struct csv *c, bool at_end)
{
	if (c->cells > c->column_count)
		tell(c, c->row_line, true,
			"%zu cells where the heading has %zu: quote a cell that holds the separator",
			c->cells, c->column_count);
	else if (c->cells < c->column_count && at_end)
		tell(c, c->row_line, true,
			"the file ends within this row, after %zu of %zu cells: it is not whole, "
			"export or copy it again",
			c->cells, c->column_count);
	else if (c->cells < c->column_count && c->report.match.dialect != DIALECT_GENERIC)
		tell(c, c->row_line, true,
			"%zu cells where the heading has %zu: the row was cut short, export again",
			c->cells, c->column_count);
	else
		return;
	c->spoiled = true;
}

static void take_row(struct csv *c, bool at_end)
{
	char problem[ROSTER_PROBLEM_SIZE];
	struct roster_entry entry = { .line = c->row_line };
	/* A row of separators alone is what spreadsheets leave below the last guest. */
	if (c->blank && !c->spoiled && c->cells <= c->column_count)
		return;
	if (!c->spoiled)
		check_width(c, at_end);
	if (c->spoiled) {
		c->report.rejected++;
		return;
	}
	switch (roster_row_read(&c->rules, c->cell, &entry, &c->report, problem)) {
	case ROSTER_ROW_LEFT_OUT:
		c->report.without_code++;
		break;
	case ROSTER_ROW_REFUSED:
		c->report.rejected++;
		reject(c, problem);
		break;
	case ROSTER_ROW_TAKEN:
		c->report.rows++;
		c->report.revoked += entry.revoked;
		c->stop = c->take(c->take_context, &entry);
		break;
	}
}

/* --- what libcsv finds -------------------------------------------------------------------------
 */

static void take_cell(struct csv *c, const char *text, size_t len)
{
	size_t i = c->cells++;
	c->blank = c->blank && len == 0;
	if (c->spoiled)
		return;
	if (len > ROSTER_CELL_MAX)
		reject(c, "a cell longer than 4096 bytes");
	else if (memchr(text, '\0', len))
		reject(c, "a NUL byte in a cell: export the file again as CSV in UTF-8");
	else if (c->encoding.bad_line && !text_is_utf8(text, len))
		reject(c, "not UTF-8: export the file again as CSV in UTF-8");
	if (c->spoiled || i >= c->column_count || c->fields[i] >= FIELD_COUNT)
		return;
	struct roster_cell *cell = &c->cell[c->fields[i]];
	memcpy(cell->text, text, len);
	cell->text[len] = '\0';
	cell->len = len;
}

static void on_cell(const void *text, size_t len, struct csv *c)
{
	c->cell_ended = true;
	if (c->stop)
		return;
	if (c->headed)
		take_cell(c, text, len);
	else
		take_header_cell(c, text, len);
}

static void on_parsed_cell(void *text, size_t len, void *context)
{
	on_cell(text, len, context);
}

static void begin_row(struct csv *c)
{
	c->cells = 0;
	c->blank = true;
	c->spoiled = false;
	for (int i = 0; i < FIELD_COUNT; i++)
		c->cell[i].text[c->cell[i].len = 0] = '\0';
}

static void on_row(int end, void *context)
{
	struct csv *c = context;
	c->row_ended = true;
	if (c->stop)
		return;
	if (c->headed && c->cells > 0)
		take_row(c, end == -1);
	else if (!c->headed && c->column_count > 0)
		take_header_end(c);
	begin_row(c);
}

/* --- lines -------------------------------------------------------------------------------------
 */

/* Up to the line's end, PIECE_MAX or the end of what there is. */
static size_t piece_length(const char *text, size_t len)
{
	if (len > PIECE_MAX)
		len = PIECE_MAX;
	const char *end = memchr(text, '\n', len);
	if (end)
		len = (size_t)(end - text) + 1;
	end = memchr(text, '\r', len);
	return end ? (size_t)(end - text) + 1 : len;
}

static bool is_blank(const struct csv *c, char byte)
{
	return (byte == ' ' || byte == '\t') && byte != c->separator;
}

/* A whole line without a quote: what libcsv would make of it, its callbacks called by hand. It
 * looks at every byte through a state machine, and such lines are nearly all there are. */
static void feed_plain(struct csv *c, const char *text, size_t len)
{
	const char *end = text + len, *stop;
	while (text < end && is_blank(c, *text))
		text++;
	for (bool more = text < end; more && !c->stop; text = stop + 1) {
		stop = memchr(text, c->separator, (size_t)(end - text));
		more = stop != NULL;
		stop = stop ? stop : end;
		const char *first = text, *last = stop;
		while (first < last && is_blank(c, *first))
			first++;
		while (first < last && is_blank(c, last[-1]))
			last--;
		on_cell(first, (size_t)(last - first), c);
	}
	on_row('\n', c);
}

static void tell_broken(struct csv *c)
{
	if (csv_error(&c->parser) == CSV_EPARSE)
		tell(c, c->line, true,
			"a quote where none can stand: put the whole cell in quotes and double those "
			"inside; what follows was not read");
	c->stop = csv_error(&c->parser) == CSV_EPARSE ? -EINVAL : -ENOMEM;
}

/* After a piece: is a cell open, since where, and how much of it is there already? */
static void watch_open_cell(struct csv *c, size_t piece)
{
	bool was_open = c->open_bytes > 0;
	if (c->row_ended) {
		c->open_bytes = 0;
		return;
	}
	if (c->cell_ended || !was_open) {
		c->quote_line = c->line;
		c->open_bytes = 0;
	}
	c->open_bytes += piece;
	if (c->open_bytes > ROSTER_CELL_MAX + PIECE_MAX && !c->stop) {
		tell(c, c->quote_line, true,
			"a cell longer than %d bytes begins here: is its quote closed?",
			ROSTER_CELL_MAX);
		c->stop = -EINVAL;
	}
}

static void feed_piece(struct csv *c, const char *piece, size_t len)
{
	char last = piece[len - 1];
	bool line_ended = last == '\n' || last == '\r';
	bool second_half = c->after_return && last == '\n' && len == 1;
	if (c->open_bytes == 0)
		c->row_line = c->line;
	c->cell_ended = c->row_ended = false;
	if (c->open_bytes == 0 && line_ended && !memchr(piece, '"', len))
		feed_plain(c, piece, len - 1);
	else if (csv_parse(&c->parser, piece, len, on_parsed_cell, on_row, c) != len && !c->stop)
		tell_broken(c);
	if (c->stop)
		return;
	if (!second_half || c->open_bytes > 0)
		watch_open_cell(c, len);
	c->after_return = last == '\r';
	if (line_ended && !second_half)
		c->line++;
}

static void feed(struct csv *c, const char *text, size_t len)
{
	while (len > 0 && !c->stop) {
		size_t n = piece_length(text, len);
		feed_piece(c, text, n);
		text += n;
		len -= n;
	}
}

/* --- the file ----------------------------------------------------------------------------------
 */

static const struct {
	const char *start;
	size_t len;
	const char *what;
} not_csv[] = {
	{ "\xff\xfe", 2, "UTF-16: export the file again as CSV in UTF-8" },
	{ "\xfe\xff", 2, "UTF-16: export the file again as CSV in UTF-8" },
	{ "PK\x03\x04", 4, "a spreadsheet, not CSV: export it as CSV in UTF-8" },
};

/* The first block: sets the separator and gives what to leave out at its start. */
static size_t begin(struct csv *c, const char *text, size_t len)
{
	size_t bom = len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;
	for (size_t i = 0; i < ARRAY_LEN(not_csv); i++) {
		if (len < not_csv[i].len || memcmp(text, not_csv[i].start, not_csv[i].len))
			continue;
		tell(c, 1, true, "%s", not_csv[i].what);
		c->stop = -EINVAL;
	}
	c->separator = find_separator(text + bom, len - bom);
	csv_set_delim(&c->parser, (unsigned char)c->separator);
	return bom;
}

static void finish(struct csv *c)
{
	if (c->open_bytes == 0)
		c->row_line = c->line;
	if (csv_fini(&c->parser, on_parsed_cell, on_row, c) && !c->stop) {
		tell(c, c->quote_line, true, "a quote that opens here is never closed");
		c->stop = -EINVAL;
	}
	if (!c->headed && !c->stop)
		tell(c, 1, true,
			"the file is empty: the first line must name the columns, like "
			"code,name,type,venue");
}

static uint64_t progress_step(FILE *in)
{
	struct stat st;
	if (fstat(fileno(in), &st) || !S_ISREG(st.st_mode))
		return PROGRESS_UNKNOWN;
	uint64_t step = (uint64_t)st.st_size / 100;
	return step > PROGRESS_MIN ? step : PROGRESS_MIN;
}

/* A block as UTF-8. */
static void feed_block(struct csv *c, const char *block, size_t n, char *wide)
{
	bool undefined = false;
	if (!c->report.cp1252) {
		feed(c, block, n);
		return;
	}
	size_t length = roster_from_cp1252(wide, block, n, &undefined);
	if (undefined && !c->refused)
		tell(c, c->encoding.bad_line, true,
			"neither UTF-8 nor CP1252: export the file again as CSV in UTF-8");
	feed(c, wide, length);
}

static int read_all(struct csv *c, FILE *in, void (*progress)(void *context, uint64_t bytes),
	void *progress_context)
{
	AUTO_FREE char *block = malloc(BLOCK_SIZE);
	AUTO_FREE char *wide = c->report.cp1252 ? malloc((size_t)3 * BLOCK_SIZE) : NULL;
	uint64_t bytes = 0, told = 0, step = progress_step(in);
	size_t n;
	if (!block || (c->report.cp1252 && !wide))
		return -ENOMEM;
	while (!c->stop && (n = fread(block, 1, BLOCK_SIZE, in)) > 0) {
		size_t skip = bytes == 0 ? begin(c, block, n) : 0;
		feed_block(c, block + skip, n - skip, wide);
		bytes += n;
		if (progress && bytes - told >= step)
			progress(progress_context, told = bytes);
	}
	if (ferror(in))
		return -EIO;
	if (!c->stop)
		finish(c);
	return c->stop ? c->stop : c->refused ? -EINVAL : 0;
}

/* The encoding is the whole file's: one that has both UTF-8 and what is none was spoilt on its way
 * and is refused row by row. */
static int read_twice(struct csv *c, FILE *in, void (*progress)(void *context, uint64_t bytes),
	void *progress_context)
{
	int error = roster_encoding_find(in, &c->encoding);
	if (error)
		return error;
	rewind(in);
	c->report.cp1252 =
		c->encoding.bad_line && !c->encoding.has_utf8 && !c->encoding.begins_with_bom;
	return read_all(c, in, progress, progress_context);
}

/* What cannot be rewound. The file has no name and goes with its stream. */
static int copy_stream(FILE *in, FILE **out)
{
	AUTO_FREE char *block = malloc(BLOCK_SIZE);
	AUTO_FILE copy = tmpfile();
	size_t n;
	if (!block || !copy)
		return block ? -errno : -ENOMEM;
	while ((n = fread(block, 1, BLOCK_SIZE, in)) > 0)
		if (fwrite(block, 1, n, copy) != n)
			return -EIO;
	if (ferror(in) || fflush(copy))
		return -EIO;
	rewind(copy);
	*out = copy;
	copy = NULL;
	return 0;
}

static int read_stream(struct csv *c, FILE *in, void (*progress)(void *context, uint64_t bytes),
	void *progress_context)
{
	if (!fseeko(in, 0, SEEK_CUR))
		return read_twice(c, in, progress, progress_context);
	AUTO_FILE copy = NULL;
	int error = copy_stream(in, &copy);
	return error ? error : read_twice(c, copy, progress, progress_context);
}

int roster_csv_read(FILE *in, const char *path, const struct event *e,
	const struct roster_csv_options *options, roster_row *take, void *take_context,
	event_problem *problem, void *problem_context,
	void (*progress)(void *context, uint64_t bytes), void *progress_context,
	struct roster_csv_report *report)
{
	static const struct roster_csv_options find_out = { .dialect = DIALECT_AUTO };
	AUTO_FREE struct csv *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->path = path;
	c->options = options ? options : &find_out;
	c->rules = (struct roster_rules){
		.event = e, .match = &c->report.match, .venue = c->options->venue
	};
	c->take = take;
	c->take_context = take_context;
	c->problem = problem;
	c->problem_context = problem_context;
	c->line = c->row_line = 1;
	begin_row(c);
	if (csv_init(&c->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL | CSV_REPALL_NL))
		return -ENOMEM;
	int result = read_stream(c, in, progress, progress_context);
	csv_free(&c->parser);
	*report = c->report;
	return result;
}
