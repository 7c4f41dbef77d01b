#include "event/roster_csv.h"

#include "base/text.h"
#include "event/code.h"
#include "event/roster_seen.h"

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
 * inside quotes. Pieces are short enough that no cell can grow past its limit unseen. */

#define BLOCK_SIZE       65536
#define PIECE_MAX        4096
#define COLUMNS_MAX      256
#define PROGRESS_MIN     BLOCK_SIZE
#define PROGRESS_UNKNOWN (1 << 20) /* bytes between calls where the size is unknown */

enum column {
	COLUMN_CODE,
	COLUMN_NAME,
	COLUMN_TYPE,
	COLUMN_VENUE,
	COLUMNS,
	COLUMN_IGNORED = COLUMNS
};

static const char *const column_names[] = {
	[COLUMN_CODE] = "code",
	[COLUMN_NAME] = "name",
	[COLUMN_TYPE] = "type",
	[COLUMN_VENUE] = "venue",
};
static_assert(ARRAY_LEN(column_names) == COLUMNS, "every column needs its name");

struct cell {
	char text[ROSTER_CELL_MAX + 1];
	size_t len;
};

struct csv {
	const char *path;
	const struct event *event;
	roster_row *take;
	void *take_context;
	event_problem *problem;
	void *problem_context;
	struct roster_csv_report report;

	struct csv_parser parser;
	uint64_t line;              /* of the piece being fed, from 1 */
	uint64_t row_line;          /* where the row being read begins */
	uint64_t quote_line;        /* where the cell that is open at the piece's end begins */
	size_t open_bytes;          /* fed since the last cell ended */
	bool after_return;          /* the last piece ended with a carriage return */
	bool cell_ended, row_ended; /* within the piece */

	bool headed;
	enum column columns[COLUMNS_MAX];
	size_t column_count;
	struct roster_seen seen;

	size_t cells; /* of this row so far */
	bool blank;   /* all of these are empty */
	bool spoiled; /* one of these was told of */
	struct cell cell[COLUMNS];

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

static enum column column_of(const char *name)
{
	for (int i = 0; i < COLUMNS; i++)
		if (!strcasecmp(name, column_names[i]))
			return (enum column)i;
	return COLUMN_IGNORED;
}

static void take_header_cell(struct csv *c, const char *name, size_t len)
{
	if (c->column_count == COLUMNS_MAX) {
		tell(c, c->line, true, "more than %d columns", COLUMNS_MAX);
		c->stop = -EINVAL;
		return;
	}
	enum column column = memchr(name, '\0', len) ? COLUMN_IGNORED : column_of(name);
	for (size_t i = 0; i < c->column_count && column != COLUMN_IGNORED; i++)
		if (c->columns[i] == column)
			tell(c, c->line, true, "the column %s is there twice: keep one", name);
	if (column == COLUMN_IGNORED)
		tell(c, c->line, false,
			"the column \"%.60s\" is not taken: there are code, name, type, venue",
			name);
	c->columns[c->column_count++] = column;
}

static void take_header_end(struct csv *c)
{
	c->headed = true;
	for (size_t i = 0; i < c->column_count; i++)
		if (c->columns[i] == COLUMN_CODE)
			return;
	tell(c, c->row_line, true,
		"the heading has no column \"code\": the first line must name the columns, "
		"like code,name,type,venue");
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

/* Whether a spreadsheet wrote a long number its own way: 1.23E+15, 1,23E+15. The code's last
 * digits are gone then. */
static bool is_e_notation(const char *text)
{
	const char *digits = "0123456789";
	if (strspn(text, digits) != 1)
		return false;
	const char *p = text + 1;
	if (*p == '.' || *p == ',') {
		size_t n = strspn(++p, digits);
		if (!n)
			return false;
		p += n;
	}
	if ((*p != 'E' && *p != 'e') || p[1] != '+')
		return false;
	p += 2;
	size_t n = strspn(p, digits);
	return n >= 2 && n <= 3 && !p[n];
}

static bool has_hazard(const char *text, size_t len, uint32_t *hazard)
{
	for (size_t i = 0, n; i < len; i += n) {
		n = text_decode_utf8(text + i, len - i, hazard);
		if (!n || text_is_hazard(*hazard))
			return true;
	}
	return false;
}

static void check_code(struct csv *c)
{
	const struct cell *code = &c->cell[COLUMN_CODE];
	uint32_t hazard = 0;
	if (code->len == 0) {
		reject(c, "no code: every registration needs one");
	} else if (code->len > CODE_MAX) {
		reject(c, "the code is longer than any QR code can hold (2953 bytes)");
	} else if (is_e_notation(code->text)) {
		reject(c, "a spreadsheet has shortened the code to E-notation and its digits are "
			  "lost: export again with the column formatted as text");
	} else if (has_hazard(code->text, code->len, &hazard)) {
		tell(c, c->row_line, true,
			"the code holds the invisible or control character U+%04X: remove it",
			(unsigned)hazard);
		c->spoiled = true;
	}
}

static void check_venue(struct csv *c)
{
	const char *id = c->cell[COLUMN_VENUE].text;
	char known[400] = "";
	size_t used = 0;
	if (!*id || event_venue(c->event, id))
		return;
	for (uint32_t i = 0; i < c->event->venue_count && used + ID_SIZE + 8 < sizeof(known); i++)
		used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "",
			c->event->venues[i].id);
	tell(c, c->row_line, true, "\"%.60s\" is no venue of the event: there are %s", id, known);
	c->spoiled = true;
}

static void check_again(struct csv *c)
{
	uint8_t hash[TICKET_HASH_SIZE];
	uint64_t earlier;
	const struct cell *code = &c->cell[COLUMN_CODE];
	code_hash(c->event, code->text, code->len, hash);
	if (roster_seen_add(&c->seen, hash, c->row_line, &earlier)) {
		c->stop = -ENOMEM;
		return;
	}
	if (!earlier)
		return;
	tell(c, c->row_line, true, "the same code as on line %" PRIu64 ": keep one of the two",
		earlier);
	c->spoiled = true;
}

/* Copies what can be shown, cut at a character. The joiners stay: many scripts' names need them. */
static void clean(char *out, size_t capacity, const struct cell *in)
{
	size_t used = 0;
	uint32_t code_point = 0;
	for (size_t i = 0, n; i < in->len; i += n) {
		n = text_decode_utf8(in->text + i, in->len - i, &code_point);
		bool space = code_point == '\n' || code_point == '\t' || code_point == 0x2028;
		bool joiner = code_point == 0x200c || code_point == 0x200d;
		if (!n || used + n >= capacity)
			break;
		if (space)
			out[used++] = ' ';
		else if (joiner || !text_is_hazard(code_point)) {
			memcpy(out + used, in->text + i, n);
			used += n;
		}
	}
	out[used] = '\0';
}

static void give(struct csv *c)
{
	struct roster_entry entry = {
		.code = c->cell[COLUMN_CODE].text,
		.code_len = c->cell[COLUMN_CODE].len,
		.line = c->row_line,
	};
	clean(entry.name, sizeof(entry.name), &c->cell[COLUMN_NAME]);
	clean(entry.type, sizeof(entry.type), &c->cell[COLUMN_TYPE]);
	text_copy(entry.venue, sizeof(entry.venue), c->cell[COLUMN_VENUE].text);
	c->report.rows++;
	c->stop = c->take(c->take_context, &entry);
}

static void take_row(struct csv *c)
{
	if (c->cells > c->column_count) {
		tell(c, c->row_line, true,
			"%zu cells where the heading has %zu: quote a cell that holds the separator",
			c->cells, c->column_count);
		c->spoiled = true;
	}
	/* A row of separators alone is what spreadsheets leave below the last guest. */
	if (c->blank && !c->spoiled)
		return;
	if (!c->spoiled)
		check_code(c);
	if (!c->spoiled)
		check_venue(c);
	if (!c->spoiled)
		check_again(c);
	if (c->spoiled)
		c->report.rejected++;
	else if (!c->stop)
		give(c);
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
	else if (!text_is_utf8(text, len))
		reject(c, "not UTF-8: export the file again as CSV in UTF-8");
	if (c->spoiled || i >= c->column_count || c->columns[i] == COLUMN_IGNORED)
		return;
	struct cell *cell = &c->cell[c->columns[i]];
	memcpy(cell->text, text, len);
	cell->text[len] = '\0';
	cell->len = len;
}

static void on_cell(void *text, size_t len, void *context)
{
	struct csv *c = context;
	c->cell_ended = true;
	if (c->stop)
		return;
	if (c->headed)
		take_cell(c, text, len);
	else
		take_header_cell(c, text, len);
}

static void begin_row(struct csv *c)
{
	c->cells = 0;
	c->blank = true;
	c->spoiled = false;
	for (int i = 0; i < COLUMNS; i++)
		c->cell[i].text[c->cell[i].len = 0] = '\0';
}

static void on_row(int end, void *context)
{
	struct csv *c = context;
	(void)end;
	c->row_ended = true;
	if (c->stop)
		return;
	if (c->headed && c->cells > 0)
		take_row(c);
	else if (!c->headed && c->column_count > 0)
		take_header_end(c);
	begin_row(c);
}

/* --- lines -------------------------------------------------------------------------------------
 */

/* Up to the line's end, PIECE_MAX or the end of what there is. */
static size_t piece_length(const char *text, size_t len)
{
	size_t n = 0;
	if (len > PIECE_MAX)
		len = PIECE_MAX;
	while (n < len && text[n] != '\n' && text[n] != '\r')
		n++;
	return n < len ? n + 1 : n;
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
	if (csv_parse(&c->parser, piece, len, on_cell, on_row, c) != len && !c->stop)
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
	csv_set_delim(&c->parser, (unsigned char)find_separator(text + bom, len - bom));
	return bom;
}

static void finish(struct csv *c)
{
	if (c->open_bytes == 0)
		c->row_line = c->line;
	if (csv_fini(&c->parser, on_cell, on_row, c) && !c->stop) {
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

static int read_all(struct csv *c, FILE *in, void (*progress)(void *context, uint64_t bytes),
	void *progress_context)
{
	AUTO_FREE char *block = malloc(BLOCK_SIZE);
	uint64_t bytes = 0, told = 0, step = progress_step(in);
	size_t n;
	if (!block)
		return -ENOMEM;
	while (!c->stop && (n = fread(block, 1, BLOCK_SIZE, in)) > 0) {
		size_t skip = bytes == 0 ? begin(c, block, n) : 0;
		feed(c, block + skip, n - skip);
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

int roster_csv_read(FILE *in, const char *path, const struct event *e, roster_row *take,
	void *take_context, event_problem *problem, void *problem_context,
	void (*progress)(void *context, uint64_t bytes), void *progress_context,
	struct roster_csv_report *report)
{
	AUTO_FREE struct csv *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->path = path;
	c->event = e;
	c->take = take;
	c->take_context = take_context;
	c->problem = problem;
	c->problem_context = problem_context;
	c->line = c->row_line = 1;
	begin_row(c);
	if (csv_init(&c->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL | CSV_REPALL_NL))
		return -ENOMEM;
	int result = read_all(c, in, progress, progress_context);
	csv_free(&c->parser);
	roster_seen_free(&c->seen);
	*report = c->report;
	return result;
}
