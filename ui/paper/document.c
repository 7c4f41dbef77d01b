#include "ui/paper/document_parts.h"

#include "base/text.h"
#include "ui/strings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct document_kind *const kinds[] = {
	[DOCUMENT_PDF] = &document_pdf,
	[DOCUMENT_HTML] = &document_html,
};
static_assert(ARRAY_LEN(kinds) == DOCUMENT_FORMATS, "every format is drawn by somebody");

int document_open(struct document **out, struct paper *p, const struct document_setup *setup,
	paper_write *write, void *context)
{
	struct document *d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->paper = p;
	d->setup = *setup;
	text_copy(d->title, sizeof(d->title), setup->title);
	d->setup.title = d->title;
	d->kind = kinds[setup->format];
	d->sink = (struct paper_sink){ write, context, 0 };
	int error = d->kind->open(d);
	if (error) {
		free(d);
		return error;
	}
	*out = d;
	return 0;
}

int document_close(struct document *d)
{
	if (!d)
		return 0;
	int error = d->kind->close(d);
	error = d->error ? d->error : error;
	free(d);
	return error;
}

void document_title(struct document *d, const char *title, const char *below)
{
	if (!d->error)
		d->kind->title(d, title, below);
}

void document_heading(struct document *d, int level, const char *text)
{
	if (!d->error)
		d->kind->heading(d, level, text);
}

void document_page(struct document *d)
{
	if (!d->error)
		d->kind->page(d);
}

void document_text(struct document *d, const char *text)
{
	if (!d->error)
		d->kind->text(d, text, false);
}

void document_note(struct document *d, const char *text)
{
	if (!d->error)
		d->kind->text(d, text, true);
}

void document_notice(
	struct document *d, bool grave, const char *title, const char *const *lines, size_t count)
{
	if (!d->error)
		d->kind->notice(d, grave, title, lines, count);
}

void document_tiles(struct document *d, const struct document_tile *tiles, size_t count)
{
	if (!d->error)
		d->kind->tiles(d, tiles, count);
}

void document_table(struct document *d, const struct document_table *t)
{
	if (!d->error)
		d->kind->table(d, t);
}

void document_charts(
	struct document *d, const struct document_chart *charts, size_t count, size_t across)
{
	if (!d->error && count)
		d->kind->charts(d, charts, count, across);
}

void document_bars(struct document *d, const struct document_bars *b)
{
	if (!d->error && b->count)
		d->kind->bars(d, b);
}

void document_flow(struct document *d, const struct document_flow *f)
{
	if (!d->error && f->count)
		d->kind->flow(d, f);
}

/* --- words -------------------------------------------------------------------------------------
 */

void document_clean(char *out, size_t capacity, const char *text)
{
	string_clean(out, capacity, text);
}

void document_day(char out[PAPER_WHEN_SIZE], enum language language, int64_t ms)
{
	struct tm tm = { 0 };
	char number[12], year[12];
	time_t seconds = (time_t)(ms / 1000);
	localtime_r(&seconds, &tm);
	snprintf(number, sizeof(number), "%d%s", tm.tm_mday,
		language == LANGUAGE_FR && tm.tm_mday == 1 ? "er" : "");
	snprintf(year, sizeof(year), "%d", tm.tm_year + 1900);
	const char *weekday =
		string_of(language, (enum string)((int)STRING_WEEKDAY_1 + (tm.tm_wday + 6) % 7));
	const char *month = string_of(language, (enum string)((int)STRING_MONTH_1 + tm.tm_mon));
	snprintf(out, PAPER_WHEN_SIZE, "%s%s%s\u00a0%s %s", weekday,
		language == LANGUAGE_FR ? " " : ", ", number, month, year);
}
