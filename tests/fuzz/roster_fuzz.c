/* Any bytes as a registration file: rows and problems are safe, and the figures add up. */
#include "event/roster_csv.h"

#include "base/cc.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct event_venue venues[] = { { .id = "left" }, { .id = "right" } };
static const struct event event = { .venues = venues, .venue_count = ARRAY_LEN(venues) };

struct seen {
	uint64_t rows, last_line;
	unsigned fatal;
};

static void look_at_text(const char *text, bool joiners)
{
	uint32_t c;
	for (size_t i = 0, n, len = strlen(text); i < len; i += n) {
		n = text_decode_utf8(text + i, len - i, &c);
		CHECK(n > 0);
		CHECK(!text_is_hazard(c) || (joiners && (c == 0x200c || c == 0x200d)));
	}
}

static void look_at_problem(void *context, bool fatal, const char *text)
{
	struct seen *s = context;
	s->fatal += fatal;
	CHECK(!strncmp(text, "fuzz.csv:", 9));
	look_at_text(text, false);
}

static int look_at_row(void *context, const struct roster_entry *entry)
{
	struct seen *s = context;
	CHECK(entry->code_len >= 1 && entry->code_len <= CODE_MAX);
	CHECK(strlen(entry->code) == entry->code_len);
	CHECK(!*entry->venue || event_venue(&event, entry->venue));
	CHECK(entry->line > s->last_line);
	look_at_text(entry->code, false);
	look_at_text(entry->name, true);
	look_at_text(entry->type, true);
	s->last_line = entry->line;
	s->rows++;
	return 0;
}

static void read_as(const uint8_t *data, size_t size, const struct roster_csv_options *options)
{
	struct seen s = { .rows = 0 };
	struct roster_csv_report report = { 0 };
	AUTO_FILE in = fmemopen((void *)(uintptr_t)data, size, "r");
	if (!in)
		return;
	int result = roster_csv_read(in, "fuzz.csv", &event, options, look_at_row, &s,
		look_at_problem, &s, NULL, NULL, &report);
	CHECK(result == 0 || result == -EINVAL);
	CHECK((result == 0) == (s.fatal == 0));
	CHECK(report.rows == s.rows);
	CHECK(report.rejected <= s.fatal);
	CHECK(report.revoked <= report.rows);
	CHECK(!options || !options->dialect || !report.rows ||
		report.match.dialect == options->dialect);
}

/* In the dialect that it seems to have, in each by order, and with columns mapped. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct roster_csv_options options = { .dialect = DIALECT_AUTO };
	read_as(data, size, NULL);
	for (enum dialect d = DIALECT_GENERIC; d < DIALECT_COUNT; d++) {
		options.dialect = d;
		read_as(data, size, &options);
	}
	options = (struct roster_csv_options){ .map = "code=a,name=b,status=c", .venue = "left" };
	read_as(data, size, &options);
	return 0;
}
