#include "night/report.h"

#include "base/flags.h"
#include "cli/after.h"
#include "cli/cli.h"
#include "cli/folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"usage: parvis report --event DIR [--store WHERE] [--format pdf|html|csv|json]\n"
	"                     [--language fr|en] [--date DATE] [--assets DIR] [--out FILE]\n"
	"\n"
	"What the night was, from the rows that `parvis collect` has taken: entries, people, peaks,\n"
	"arrivals, moves between venues, refusals, doors, boxes, and what is missing or doubtful.\n"
	"\n"
	"  --event DIR     the event's folder\n"
	"  --store WHERE   a store elsewhere: a folder, a .db file or postgresql://...\n"
	"  --format        without it, what FILE ends in; else html\n"
	"  --language      fr or en; without it the event's first\n"
	"  --date DATE     when it was drawn up; without it SOURCE_DATE_EPOCH, else the event's end.\n"
	"                  The same store and date give the same bytes\n"
	"  --assets DIR    where the fonts are\n"
	"  --out FILE      without it, or with -, standard output\n"
	"\n"
	"Exit status: 0 done, 1 the event is not good, 2 wrong use, 3 failed.\n";

struct options {
	const char *event, *store, *format, *language, *date, *assets, *out;
};

static const char *const formats[REPORT_FORMATS] = {
	[REPORT_PDF] = "pdf", [REPORT_HTML] = "html", [REPORT_CSV] = "csv", [REPORT_JSON] = "json"
};

static int find_format(const struct options *o, enum report_format *out)
{
	const char *dot = o->out ? strrchr(o->out, '.') : NULL;
	const char *name = o->format ? o->format : dot ? dot + 1 : "html";
	for (int i = 0; i < REPORT_FORMATS; i++)
		if (!strcmp(name, formats[i])) {
			*out = (enum report_format)i;
			return CLI_OK;
		}
	fputs("parvis report: --format is pdf, html, csv or json\n", stderr);
	return CLI_USAGE;
}

static int find_language(const struct options *o, enum language *out)
{
	for (int i = 0; o->language && i < LANGUAGE_COUNT; i++)
		if (!strcmp(o->language, language_codes[i])) {
			*out = (enum language)i;
			return CLI_OK;
		}
	if (!o->language)
		return CLI_OK;
	fputs("parvis report: --language is fr or en\n", stderr);
	return CLI_USAGE;
}

static int draw(const struct options *o, const struct report *r, enum report_format format)
{
	char found[PATH_MAX];
	struct paper *paper = NULL;
	struct after_out out;
	bool drawn = format == REPORT_PDF || format == REPORT_HTML;
	const char *assets = drawn ? folder_assets(o->assets, found) : NULL;
	if (drawn && !assets)
		return CLI_FAILED;
	int error = drawn ? paper_open(&paper, assets) : 0;
	if (error)
		return after_failed("report", "cannot draw", error);
	int status = after_begin(&out, "report", o->out);
	if (status == CLI_OK) {
		error = report_write(r, format, paper, after_write, &out);
		status = after_end(&out, "report", o->out, error);
	}
	paper_close(paper);
	return status;
}

static int run(const struct options *o)
{
	struct event *event;
	struct figures *figures;
	enum report_format format;
	enum language language = LANGUAGE_FR;
	int64_t date = 0;
	int status = find_format(o, &format);
	if (status == CLI_OK)
		status = find_language(o, &language);
	if (status == CLI_OK && format == REPORT_PDF && !o->out && isatty(STDOUT_FILENO)) {
		fputs("parvis report: a PDF is nothing for a terminal: give --out FILE\n", stderr);
		status = CLI_USAGE;
	}
	if (status == CLI_OK)
		status = after_figures(&event, &figures, "report", o->event, o->store);
	if (status != CLI_OK)
		return status;
	status = after_date(&date, "report", o->date, event);
	struct report r = { event, figures, o->language ? language : event->language, date };
	if (status == CLI_OK)
		status = draw(o, &r, format);
	figures_free(figures);
	event_free(event);
	return status;
}

int cli_report(int argc, char **argv)
{
	struct options o = { 0 };
	const struct flag flags[] = {
		{ "event", .text = &o.event, .needed = "DIR" },
		{ "store", .text = &o.store },
		{ "format", .text = &o.format },
		{ "language", .text = &o.language },
		{ "date", .text = &o.date },
		{ "assets", .text = &o.assets },
		{ "out", .text = &o.out },
		{ 0 },
	};
	int status = flags_read("parvis report", flags, argc, argv, NULL);
	if (status >= 0)
		return fputs(usage, status ? stderr : stdout), status;
	return run(&o);
}
