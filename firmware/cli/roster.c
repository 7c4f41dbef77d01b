#include "cli/roster.h"

#include "base/cc.h"
#include "base/flags.h"
#include "cli/cli.h"
#include "cli/folder.h"
#include "cli/roster_pretix.h"
#include "store/people.h"
#include "store/roster.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void usage(FILE *out)
{
	fputs("usage: parvis roster import --event DIR [--dialect NAME] [--map FIELD=HEADER,...]\n"
	      "                            [--venue ID] FILE...\n"
	      "       parvis roster list   --event DIR [--venue ID] [--json|--csv]\n"
	      "       parvis roster find   --event DIR [--json|--csv] TEXT\n"
	      "       parvis roster stats  --event DIR [--json]\n"
	      "       parvis roster revoke --event DIR [--restore] CODE...\n"
	      "\n"
	      "import  takes a seller's export into DIR/people.db and derives DIR/roster.db, which\n"
	      "        alone is for the boxes. Of each file all is taken or nothing; a file may be\n"
	      "        imported again when it has changed. FILE - is standard input.\n"
	      "        --dialect  auto (by the headers), pretix, eventbrite, luma, helloasso,\n"
	      "                   weezevent, billetweb, hievents or generic\n"
	      "        --map      which header is which: code, name, first, last, email, type,\n"
	      "                   venue, session, status, valid\n"
	      "        --venue    what every row of the files is for\n"
	      "list    who is registered; find: whose name holds TEXT or whose code begins so\n"
	      "stats   how many there are by venue, type and source\n"
	      "revoke  marks codes, known or not, as taken back; --restore makes them good again.\n"
	      "        CODE - reads codes from standard input, one a line.\n"
	      "\n"
	      "exit status: 0 done, 1 a file or the event was refused or nobody was found,\n"
	      "             2 wrong use, 3 failed\n",
		out);
	fputs(roster_pretix_help, out);
}

int roster_tell_closed(const char *event_dir, int error)
{
	const char *remedy =
		error == -ENOENT         ? "nobody was imported yet"
		: error == -EBADMSG      ? "people.db is none of this version's: move it away and "
					   "import every file again"
		: error == -EKEYREJECTED ? "the event's hash key was changed since: move people.db "
					   "away and import every file again"
		: error == -ESTALE ? "there is a roster.db without people.db, and what it holds "
				     "would be lost: move it away and import every file again"
		: error == -EBUSY  ? "another import is under way"
				   : strerror(-error);
	fprintf(stderr, "parvis: cannot open the registrations of %s: %s\n", event_dir, remedy);
	return error == -ENOENT ? CLI_NO : CLI_FAILED;
}

/* --- revoke ------------------------------------------------------------------------------------
 */

/* A box has a roster and no people: there it is changed in its place. */
struct revocation {
	struct people_import *people;
	struct roster *roster;
	bool revoked;
	uint64_t count;
};

static int revoke_one(void *context, const char *code, size_t len)
{
	struct revocation *r = context;
	if (len < 1 || len > CODE_MAX || memchr(code, 0, len)) {
		fprintf(stderr, "parvis: code %" PRIu64 ": a code has 1 to %d bytes, not %zu\n",
			r->count + 1, CODE_MAX, len);
		return CLI_USAGE;
	}
	int result = r->people ? people_import_revoke(r->people, code, len, r->revoked)
			       : roster_revoke(r->roster, code, len, r->revoked);
	if (result) {
		fprintf(stderr, "parvis: cannot revoke: %s\n", strerror(-result));
		return CLI_FAILED;
	}
	r->count++;
	return CLI_OK;
}

static int commit(struct revocation *r)
{
	struct people_report report;
	return r->people ? people_import_commit(r->people, NULL, NULL, &report)
			 : roster_commit(r->roster);
}

static int take_back(const struct event *e, const struct roster_options *o)
{
	struct revocation r = { .revoked = !o->restore };
	int opened = people_import_open(&r.people, o->event_dir, e, "");
	if (opened == -ESTALE)
		opened = roster_open_import(&r.roster, o->event_dir, e);
	if (opened)
		return roster_tell_closed(o->event_dir, opened);
	int result = folder_codes(o->rest, revoke_one, &r);
	int committed = result == CLI_OK ? commit(&r) : 0;
	people_import_close(r.people);
	roster_close(r.roster);
	if (committed) {
		fprintf(stderr, "parvis: nothing was changed: %s\n", strerror(-committed));
		return CLI_FAILED;
	}
	if (result == CLI_OK)
		printf("%" PRIu64 " codes %s\n", r.count, o->restore ? "restored" : "revoked");
	return result;
}

/* --- options -----------------------------------------------------------------------------------
 */

static const struct action {
	const char *name;
	int (*run)(const struct event *e, const struct roster_options *o);
	const char *options;  /* the first letters of those that have a meaning */
	const char *operands; /* what is named after them; NULL: nothing */
	bool one;             /* of it, and no more */
} actions[] = {
	{ "import", roster_import, "edmv", "FILE" },
	{ "list", roster_list, "evjc" },
	{ "find", roster_find_people, "ejc", "TEXT", true },
	{ "stats", roster_stats, "ej" },
	{ "revoke", take_back, "er", "CODE" },
};

static const char *take_dialect(void *context, const char *value)
{
	return dialect_by_name(value, context) ? NULL
					       : "auto, pretix, eventbrite, luma, helloasso, "
						 "weezevent, billetweb, hievents or generic";
}

/* -1: go on; otherwise the exit status. argv begins with the action, of `parvis ticket`, too. */
static int read_options(const char *command, int argc, char **argv, const struct action *a,
	struct roster_options *out)
{
	char name[64];
	const struct flag all[] = {
		{ "event", .text = &out->event_dir, .needed = "DIR" },
		{ "dialect", .take = take_dialect, .context = &out->reading.dialect },
		{ "map", .text = &out->reading.map },
		{ "venue", .text = &out->reading.venue },
		{ "json", .set = &out->json },
		{ "csv", .set = &out->csv },
		{ "restore", .set = &out->restore },
	};
	struct flag flags[ARRAY_LEN(all) + 1] = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (strchr(a->options, *all[i].name))
			flags[n++] = all[i];
	*out = (struct roster_options){ 0 };
	snprintf(name, sizeof(name), "parvis %s %s", command, a->name);
	int status = flags_read(name, flags, argc, argv, a->operands ? &out->rest : NULL);
	if (status < 0 && a->operands && !*out->rest)
		status = flags_wrong(name, "%s is missing", a->operands);
	if (status < 0 && a->one && out->rest[1])
		status = flags_wrong(name, "it takes one %s", a->operands);
	if (status < 0 && out->json && out->csv)
		status = flags_wrong(name, "--json and --csv exclude each other");
	return status;
}

static int run(const struct action *a, const struct roster_options *o)
{
	struct event *e;
	int result = folder_open(&e, o->event_dir);
	if (result != CLI_OK)
		return result;
	if (o->reading.venue && !event_venue(e, o->reading.venue)) {
		fprintf(stderr, "parvis: the event has no such venue; `parvis event check` lists "
				"them\n");
		result = CLI_USAGE;
	} else {
		result = a->run(e, o);
	}
	event_free(e);
	return result;
}

int cli_roster(int argc, char **argv)
{
	struct roster_options o;
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		usage(stdout);
		return CLI_OK;
	}
	if (argc > 2 && !strcmp(argv[1], "import") && roster_pretix_wanted(argc - 1, argv + 1))
		return roster_pretix(argc - 1, argv + 1);
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(actions); i++) {
		if (strcmp(argv[1], actions[i].name) != 0)
			continue;
		int status = read_options(argv[0], argc - 1, argv + 1, &actions[i], &o);
		if (status >= 0)
			return usage(status ? stderr : stdout), status;
		return run(&actions[i], &o);
	}
	usage(stderr);
	return CLI_USAGE;
}
