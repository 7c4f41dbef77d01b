#include "cli/collect.h"

#include "base/text.h"
#include "cli/after.h"
#include "cli/cli.h"
#include "cli/data.h"
#include "cli/folder.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: parvis collect --event DIR [--store STORE] [--json] SOURCE...\n"
	"       parvis collect --event DIR [--store STORE] [--json] --camera CAMERA\n"
	"                      [--seconds N] [SOURCE...]\n"
	"\n"
	"Puts together what the boxes have of a night: sealed copies from USB sticks, data\n"
	"directories as they were copied, folders of either. Any number of them, in any order,\n"
	"again and again: the store is the same in the end. Every chain of rows and every\n"
	"signature is looked at; what was changed is told and marked, what is missing is told by\n"
	"box and number.\n"
	"\n"
	"  --event DIR    the event's folder; sealed copies need its keys/issuing.key\n"
	"  --store STORE  where the rows go instead of DIR/night.db: a file that ends in .db, or a\n"
	"                 PostgreSQL database, postgresql://USER@HOST/NAME\n"
	"  --json         one JSON object\n"
	"  --camera CAMERA\n"
	"                 read logs off boxes' screens, which show them as series of QR codes:\n"
	"                 v4l2:/dev/video0, or a folder of pictures. It goes on until every series\n"
	"                 that was seen is whole, for --seconds N at most, or until Ctrl-C\n"
	"\n"
	"Exit status: 0 done, and nothing is missing or changed, 1 something is, 2 wrong use,\n"
	"3 it could not be done.\n";

int collect_store(struct night **out, const struct collect_options *o, const struct event *event)
{
	char why[NIGHT_WHY_SIZE];
	int error = o->store ? after_night(out, o->store, event->id, NIGHT_WRITE, why)
			     : night_open(out, o->event_dir, event->id, NIGHT_WRITE, why);
	if (!error)
		return CLI_OK;
	fprintf(stderr, "parvis collect: the store cannot be opened: %s\n",
		why[0] ? why : strerror(-error));
	return CLI_FAILED;
}

static void tell_usage(FILE *out)
{
	fputs(usage, out);
	fputc('\n', out);
	collect_broker_usage(out);
}

static bool names_a_broker(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--broker") || !strncmp(argv[i], "--broker=", 9))
			return true;
	return false;
}

/* -1: go on; otherwise the exit status. */
static int read_options(int argc, char **argv, struct collect_options *o)
{
	static const struct option known[] = {
		{ "event", required_argument, NULL, 'e' },
		{ "store", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "camera", required_argument, NULL, 'c' },
		{ "seconds", required_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;
	optind = 0;
	opterr = 0; /* it would print what was typed, raw */
	while ((c = getopt_long(argc, argv, "h", known, NULL)) != -1) {
		if (c == 'e')
			o->event_dir = optarg;
		else if (c == 's')
			o->store = optarg;
		else if (c == 'j')
			o->json = true;
		else if (c == 'c')
			o->camera = optarg;
		else if (c == 'n' && strspn(optarg, "0123456789") == strlen(optarg) &&
			 strlen(optarg) < 6 && *optarg)
			o->seconds = (unsigned)strtoul(optarg, NULL, 10);
		else
			return tell_usage(c == 'h' ? stdout : stderr),
			       c == 'h' ? CLI_OK : CLI_USAGE;
	}
	o->sources = argv + optind;
	o->source_count = argc - optind;
	if (o->event_dir && (o->source_count || o->camera))
		return -1;
	fputs(o->event_dir ? "parvis collect: name at least one source\n"
			   : "parvis collect: --event DIR is missing\n",
		stderr);
	tell_usage(stderr);
	return CLI_USAGE;
}

int cli_collect(int argc, char **argv)
{
	struct collect_options o = { 0 };
	struct event *event;
	if (names_a_broker(argc, argv))
		return collect_broker(argc, argv);
	int status = read_options(argc, argv, &o);
	if (status >= 0)
		return status;
	status = folder_open(&event, o.event_dir);
	if (status != CLI_OK)
		return status;
	status = collect_files(&o, event);
	event_free(event);
	int flushed = data_flush("collect");
	return flushed != CLI_OK ? flushed : status;
}
