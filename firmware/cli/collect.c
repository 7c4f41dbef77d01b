#include "cli/collect.h"

#include "base/flags.h"
#include "base/text.h"
#include "cli/after.h"
#include "cli/cli.h"
#include "cli/data.h"
#include "cli/folder.h"

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

static const char *take_seconds(void *context, const char *value)
{
	unsigned *out = context;
	size_t len = strlen(value);
	if (len < 1 || len > 5 || strspn(value, "0123456789") != len)
		return "a number of seconds, 0 to 99999";
	*out = (unsigned)strtoul(value, NULL, 10);
	return NULL;
}

/* -1: go on; otherwise the exit status. */
static int read_options(int argc, char **argv, struct collect_options *o)
{
	const struct flag flags[] = {
		{ "event", .text = &o->event_dir, .needed = "DIR" },
		{ "store", .text = &o->store },
		{ "json", .set = &o->json },
		{ "camera", .text = &o->camera },
		{ "seconds", .take = take_seconds, .context = &o->seconds },
		{ 0 },
	};
	int status = flags_read("parvis collect", flags, argc, argv, &o->sources);
	if (status < 0 && !*o->sources && !o->camera)
		status = flags_wrong("parvis collect", "name at least one source");
	if (status < 0)
		o->source_count = (int)(argv + argc - o->sources);
	return status;
}

int cli_collect(int argc, char **argv)
{
	struct collect_options o = { 0 };
	struct event *event;
	if (names_a_broker(argc, argv))
		return collect_broker(argc, argv);
	int status = read_options(argc, argv, &o);
	if (status >= 0)
		return tell_usage(status ? stderr : stdout), status;
	status = folder_open(&event, o.event_dir);
	if (status != CLI_OK)
		return status;
	status = collect_files(&o, event);
	event_free(event);
	int flushed = data_flush("collect");
	return flushed != CLI_OK ? flushed : status;
}
