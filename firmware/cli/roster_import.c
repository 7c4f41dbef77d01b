#include "cli/roster.h"

#include "base/text.h"
#include "cli/cli.h"
#include "cli/folder.h"
#include "port/clock.h"
#include "store/people.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 2000 /* before progress is shown */
#define EVERY_MS    200  /* between two looks at it, on a terminal */
#define LINE_MS     5000 /* between two lines of it, elsewhere */

struct import {
	struct people_import *people;
	const char *path;
	uint64_t size; /* bytes of the file; 0 = unknown */
	uint64_t rows, twice;
	int64_t started_ms, shown_ms;
	bool terminal, shown;
};

static int put(void *context, const struct roster_entry *entry)
{
	struct import *i = context;
	struct person who = { .code = entry->code,
		.code_len = entry->code_len,
		.name = entry->name,
		.email = entry->email,
		.type = entry->type,
		.venue = entry->venue,
		.line = entry->line,
		.revoked = entry->revoked ? PEOPLE_BY_SELLER : 0 };
	i->rows++;
	return people_import_put(i->people, &who);
}

static bool is_time_to_show(struct import *i, int64_t *spent_ms)
{
	int64_t now = clock_now(0).mono_ms;
	*spent_ms = now - i->started_ms;
	if (*spent_ms < PATIENCE_MS || now - i->shown_ms < (i->terminal ? EVERY_MS : LINE_MS))
		return false;
	i->shown_ms = now;
	i->shown = true;
	return true;
}

static void show(struct import *i, const char *what, uint64_t rows, double percent)
{
	int64_t spent_ms;
	if (!is_time_to_show(i, &spent_ms))
		return;
	fprintf(stderr, "%s%s: %s", i->terminal ? "\r\033[K" : "", i->path, what);
	if (percent >= 0)
		fprintf(stderr, " %3.0f %%,", percent);
	fprintf(stderr, " %" PRIu64 " rows, %.0f rows/s%s", rows,
		1000.0 * (double)rows / (double)spent_ms, i->terminal ? "" : "\n");
}

static void show_reading(void *context, uint64_t bytes)
{
	struct import *i = context;
	show(i, "reading", i->rows, i->size ? 100.0 * (double)bytes / (double)i->size : -1);
}

static void show_writing(void *context, uint64_t rows)
{
	show(context, "writing", rows, -1);
}

static void tell_twice(void *context, uint64_t line, uint64_t earlier)
{
	const struct import *i = context;
	char safe[2 * PATH_MAX];
	text_printable(safe, sizeof(safe), i->path, strlen(i->path));
	fprintf(stderr,
		"%s:%" PRIu64 ": the same code as on line %" PRIu64 ": keep one of the two\n", safe,
		line, earlier);
}

static void tell_reading(const struct import *i, const struct roster_csv_report *r, bool forced)
{
	printf("%s: read as %s (%s%s%s), %s\n", i->path, dialect_name(r->match.dialect),
		forced ? "as told" : "by its headers", *r->match.why ? ": " : "", r->match.why,
		r->cp1252 ? "in CP1252, since it is not UTF-8" : "in UTF-8");
	if (r->without_code)
		printf("%s: %" PRIu64 " without a code were left out: cancelled, declined or "
		       "pending\n",
			i->path, r->without_code);
	if (r->unknown_status)
		printf("%s: %" PRIu64 " have a status that is not known: taken as good\n", i->path,
			r->unknown_status);
	if (r->unplaced)
		printf("%s: %" PRIu64 " have a date that names no venue: good for every venue; "
		       "--venue ID says which\n",
			i->path, r->unplaced);
}

static void tell_done(
	const struct import *i, const struct roster_csv_report *r, const struct people_report *p)
{
	printf("%s: %" PRIu64 " registrations: %" PRIu64 " new, %" PRIu64 " updated, %" PRIu64
	       " unchanged, %" PRIu64 " revoked, %" PRIu64 " restored\n",
		i->path, r->rows, p->added, p->updated, p->same, p->revoked, p->restored);
	if (p->weak && !p->stretched)
		printf("note: %" PRIu64 " codes are short enough to be guessed and too many to be "
		       "stretched: whoever takes a box can try them all\n",
			p->weak);
}

static int tell_refused(const struct import *i, const struct roster_csv_report *report, int result)
{
	if (result == -EINVAL || result == -EEXIST) {
		fprintf(stderr, "%s: nothing was taken: %" PRIu64 " rows rejected\n", i->path,
			report->rejected + i->twice);
		return CLI_NO;
	}
	fprintf(stderr, "parvis: %s: nothing was taken: %s\n", i->path, strerror(-result));
	return CLI_FAILED;
}

/* After the file was read: its codes are compared among each other, also where it is refused
 * already, so that all is told at once. */
static int take_all(struct import *i, int result, struct people_report *report)
{
	if (result && result != -EINVAL)
		return result;
	int compared = 0;
	if (result ||
		(compared = people_import_commit(i->people, show_writing, i, report)) == -EEXIST)
		compared = people_import_twice(i->people, tell_twice, i, &i->twice);
	else
		return compared;
	return compared < 0 ? compared : -EINVAL;
}

static int import_stream(
	const struct event *e, const struct roster_options *o, FILE *in, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct import i = { .path = path,
		.started_ms = clock_now(0).mono_ms,
		.terminal = isatty(STDERR_FILENO) != 0 };
	struct roster_csv_report report = { 0 };
	struct people_report people;
	struct stat st;
	if (!fstat(fileno(in), &st) && S_ISREG(st.st_mode))
		i.size = (uint64_t)st.st_size;
	int result = people_import_open(&i.people, o->event_dir, e, slash ? slash + 1 : path);
	if (result)
		return roster_tell_closed(o->event_dir, result);
	result = roster_csv_read(
		in, path, e, &o->reading, put, &i, folder_problem, NULL, show_reading, &i, &report);
	result = take_all(&i, result, &people);
	people_import_close(i.people);
	if (i.shown && i.terminal)
		fputc('\n', stderr);
	if (result)
		return tell_refused(&i, &report, result);
	tell_reading(&i, &report, o->reading.dialect != DIALECT_AUTO);
	tell_done(&i, &report, &people);
	return CLI_OK;
}

static int import_file(const struct event *e, const struct roster_options *o, const char *path)
{
	if (!strcmp(path, "-"))
		return import_stream(e, o, stdin, "standard input");
	AUTO_FILE in = fopen(path, "re");
	if (in)
		return import_stream(e, o, in, path);
	fprintf(stderr, "parvis: cannot open %s: %s\n", path, strerror(errno));
	return CLI_FAILED;
}

int roster_import(const struct event *e, const struct roster_options *o)
{
	int worst = CLI_OK;
	for (char **path = o->rest; *path; path++) {
		int result = import_file(e, o, *path);
		worst = result > worst ? result : worst;
	}
	return worst;
}
