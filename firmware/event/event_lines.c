#include "event/event_reading.h"

#include "base/text.h"

#include <ini.h>
#include <stdarg.h>
#include <string.h>

/* inih (Debian builds it without line numbers, and it says nothing of a heading or of the second
 * wrong line) is handed the lines one at a time. It acts on each before it asks for the next, so
 * the line that was handed out last is the one its handler speaks of. Headings are read here, since
 * inih cuts them at 49 bytes and keeps quiet about those without keys. */
struct lines {
	struct reading *reading;
	const char *at, *end;
};

void reading_tell(
	struct reading *r, unsigned line, bool fatal, const char *key, const char *format, ...)
{
	char what[512], whole[1024], safe[1024 * 2];
	va_list args;
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	int n = snprintf(whole, sizeof(whole), "%s:%u: %s%s%s%s%s: %s", r->path, line,
		*r->heading ? "[" : "", r->heading, *r->heading ? "]" : "",
		*r->heading && key ? " " : "", key ? key : "", what);
	if (!*r->heading && !key)
		n = snprintf(whole, sizeof(whole), "%s:%u: %s", r->path, line, what);
	size_t len = n < 0 ? 0 : (size_t)n < sizeof(whole) ? (size_t)n : sizeof(whole) - 1;
	text_printable(safe, sizeof(safe), whole, len);
	r->failed = r->failed || fatal;
	r->problem(r->context, fatal, safe);
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* "[venue numa]": what is between the brackets goes to reading_heading(). */
static void take_heading(struct reading *r, const char *line, size_t len)
{
	char inside[sizeof(r->heading)];
	const char *close = memchr(line, ']', len);
	size_t n = close ? (size_t)(close - line) : len;
	r->met_heading = true;
	r->heading[0] = '\0';
	r->kind = SECTION_NONE;
	r->section = NULL;
	if (!close) {
		reading_tell(r, r->line, true, NULL, "a heading that is not closed: end it with ]");
		return;
	}
	if (n + 1 < len) {
		reading_tell(r, r->line, true, NULL,
			"there is text after the heading's ]: put it on a line of its own");
		return;
	}
	if (n - 1 >= sizeof(inside)) {
		reading_tell(r, r->line, true, NULL,
			"a heading longer than %zu bytes: identifiers have at most %d",
			sizeof(inside) - 1, ID_SIZE - 1);
		return;
	}
	memcpy(inside, line + 1, n - 1);
	inside[n - 1] = '\0';
	reading_heading(r, inside);
}

/* The next line without its end and the spaces around it. */
static bool next_line(struct lines *in, const char **line, size_t *len)
{
	if (in->at == in->end)
		return false;
	const char *newline = memchr(in->at, '\n', (size_t)(in->end - in->at));
	const char *stop = newline ? newline : in->end;
	*line = in->at;
	in->at = newline ? newline + 1 : in->end;
	in->reading->line++;
	while (*line < stop && is_space(**line))
		(*line)++;
	while (*line < stop && is_space(stop[-1]))
		stop--;
	*len = (size_t)(stop - *line);
	return true;
}

static char *read_line(char *out, int capacity, void *context)
{
	struct lines *in = context;
	struct reading *r = in->reading;
	const char *line;
	size_t len;
	if (capacity < 2 || !next_line(in, &line, &len))
		return NULL;
	if (len > EVENT_LINE_MAX || len + 2 > (size_t)capacity) {
		reading_tell(r, r->line, true, NULL, "a line of %zu bytes: %d is the most", len,
			EVENT_LINE_MAX);
		len = 0;
	}
	if (len > 0 && line[0] == '[') {
		take_heading(r, line, len);
		len = 0;
	}
	memcpy(out, line, len);
	out[len] = '\n';
	out[len + 1] = '\0';
	return out;
}

static int take_pair(void *context, const char *section, const char *name, const char *value)
{
	struct reading *r = context;
	(void)section;
	if (value)
		reading_value(r, name, value);
	else
		reading_tell(r, r->line, true, NULL,
			"neither a [heading] nor `key = value`; comments begin with # or ;");
	return 1;
}

void reading_lines(struct reading *r, const char *text, size_t len)
{
	struct lines in = { .reading = r, .at = text, .end = text + len };
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		in.at += 3;
	/* Debian's inih takes its limits at run time. A title may hold " ; ". */
	ini_max_line = EVENT_LINE_MAX + 8;
	ini_use_stack = true;
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	ini_allow_no_value = true;
	ini_stop_on_first_error = false;
	if (ini_parse_stream(read_line, &in, take_pair, r) < 0)
		reading_tell(r, r->line, true, NULL, "not enough memory to read on");
}
