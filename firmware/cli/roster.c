#include "store/roster.h"

#include "base/cc.h"
#include "cli/cli.h"
#include "cli/folder.h"
#include "event/roster_csv.h"
#include "port/clock.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 2000 /* before progress is shown */

static void usage(FILE *out)
{
	fputs("usage: parvis roster import --event DIR FILE.csv...\n"
	      "       parvis roster revoke --event DIR [--restore] CODE...\n"
	      "\n"
	      "import  takes registrations into DIR/roster.db: CSV in UTF-8 whose first line names\n"
	      "        the columns: code, and if there are any name, type and venue; separated by\n"
	      "        commas, semicolons or tabs. Of each file all is taken or nothing.\n"
	      "        FILE - is standard input.\n"
	      "revoke  marks codes, known or not, as taken back; --restore makes them good again.\n"
	      "        CODE - reads codes from standard input, one a line.\n"
	      "\n"
	      "exit status: 0 done, 1 a file or the event was refused, 2 wrong use, 3 failed\n",
		out);
}

struct options {
	const char *event_dir;
	bool restore;
	char **rest; /* NULL-terminated */
};

static bool parse(int argc, char **argv, struct options *out)
{
	static const struct option known[] = {
		{ "event", required_argument, NULL, 'e' },
		{ "restore", no_argument, NULL, 'r' },
		{ 0 },
	};
	int c;
	*out = (struct options){ 0 };
	optind = 0;
	opterr = 0; /* it would print what was typed, raw */
	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (c == 'e')
			out->event_dir = optarg;
		else if (c == 'r')
			out->restore = true;
		else
			return false;
	}
	out->rest = argv + optind;
	return out->event_dir && *out->rest;
}

/* --- import ------------------------------------------------------------------------------------
 */

struct import {
	struct roster *roster;
	uint64_t changes[ROSTER_SAME + 1];
	const char *path;
	uint64_t size; /* bytes of the file; 0 = unknown */
	int64_t started_ms;
	bool shown;
};

static int put(void *context, const struct roster_entry *entry)
{
	struct import *i = context;
	enum roster_change change;
	int result = roster_put(i->roster, entry->code, entry->code_len, entry->name, entry->type,
		entry->venue, &change);
	if (!result)
		i->changes[change]++;
	return result;
}

static void show_progress(void *context, uint64_t bytes)
{
	struct import *i = context;
	if (clock_now(0).mono_ms - i->started_ms < PATIENCE_MS)
		return;
	i->shown = true;
	if (i->size)
		fprintf(stderr, "\r%s: %3.0f %%", i->path, 100.0 * (double)bytes / (double)i->size);
	else
		fprintf(stderr, "\r%s: %" PRIu64 " KiB", i->path, bytes / 1024);
}

static int tell_import(const struct import *i, const struct roster_csv_report *report, int result)
{
	if (!result) {
		printf("%s: %" PRIu64 " registrations: %" PRIu64 " new, %" PRIu64
		       " updated, %" PRIu64 " unchanged\n",
			i->path, report->rows, i->changes[ROSTER_NEW], i->changes[ROSTER_UPDATED],
			i->changes[ROSTER_SAME]);
		return CLI_OK;
	}
	if (result == -EINVAL)
		fprintf(stderr, "%s: nothing was taken\n", i->path);
	else
		fprintf(stderr, "parvis: %s: nothing was taken: %s\n", i->path, strerror(-result));
	return result == -EINVAL ? CLI_NO : CLI_FAILED;
}

static int import_stream(const struct event *e, const char *dir, FILE *in, const char *path)
{
	struct import i = { .path = path, .started_ms = clock_now(0).mono_ms };
	struct roster_csv_report report = { 0 };
	struct stat st;
	if (!fstat(fileno(in), &st) && S_ISREG(st.st_mode))
		i.size = (uint64_t)st.st_size;
	int result = roster_open_import(&i.roster, dir, e);
	if (result)
		return folder_roster_failed(dir, result);
	result = roster_csv_read(in, path, e, put, &i, folder_problem, NULL,
		isatty(STDERR_FILENO) ? show_progress : NULL, &i, &report);
	if (!result)
		result = roster_commit(i.roster);
	roster_close(i.roster);
	if (i.shown)
		fputc('\n', stderr);
	return tell_import(&i, &report, result);
}

static int import_file(const struct event *e, const char *dir, const char *path)
{
	if (!strcmp(path, "-"))
		return import_stream(e, dir, stdin, "standard input");
	AUTO_FILE in = fopen(path, "re");
	if (in)
		return import_stream(e, dir, in, path);
	fprintf(stderr, "parvis: cannot open %s: %s\n", path, strerror(errno));
	return CLI_FAILED;
}

static int import(const struct event *e, const struct options *o)
{
	int worst = CLI_OK;
	for (char **path = o->rest; *path; path++) {
		int result = import_file(e, o->event_dir, *path);
		worst = result > worst ? result : worst;
	}
	return worst;
}

/* --- revoke ------------------------------------------------------------------------------------
 */

struct revocation {
	struct roster *roster;
	bool revoked;
	uint64_t count;
};

static int revoke_one(void *context, const char *code, size_t len)
{
	struct revocation *r = context;
	if (len < 1 || len > CODE_MAX) {
		fprintf(stderr, "parvis: code %" PRIu64 ": a code has 1 to %d bytes, not %zu\n",
			r->count + 1, CODE_MAX, len);
		return CLI_USAGE;
	}
	int result = roster_revoke(r->roster, code, len, r->revoked);
	if (result) {
		fprintf(stderr, "parvis: cannot revoke: %s\n", strerror(-result));
		return CLI_FAILED;
	}
	r->count++;
	return CLI_OK;
}

static int take_back(const struct event *e, const struct options *o)
{
	struct revocation r = { .revoked = !o->restore };
	int opened = roster_open_import(&r.roster, o->event_dir, e);
	if (opened)
		return folder_roster_failed(o->event_dir, opened);
	int result = folder_codes(o->rest, revoke_one, &r);
	int committed = result == CLI_OK ? roster_commit(r.roster) : 0;
	roster_close(r.roster);
	if (committed) {
		fprintf(stderr, "parvis: nothing was changed: %s\n", strerror(-committed));
		return CLI_FAILED;
	}
	if (result == CLI_OK)
		printf("%" PRIu64 " codes %s\n", r.count, o->restore ? "restored" : "revoked");
	return result;
}

static const struct {
	const char *name;
	int (*run)(const struct event *e, const struct options *o);
	bool restore; /* whether the option has a meaning */
} actions[] = {
	{ "import", import, false },
	{ "revoke", take_back, true },
};

int cli_roster(int argc, char **argv)
{
	struct options o;
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		usage(stdout);
		return CLI_OK;
	}
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(actions); i++) {
		if (strcmp(argv[1], actions[i].name))
			continue;
		if (!parse(argc - 1, argv + 1, &o) || (o.restore && !actions[i].restore))
			break;
		struct event *e;
		int result = folder_open(&e, o.event_dir);
		if (result != CLI_OK)
			return result;
		result = actions[i].run(e, &o);
		event_free(e);
		return result;
	}
	usage(stderr);
	return CLI_USAGE;
}
