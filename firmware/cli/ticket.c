#include "cli/ticket.h"

#include "base/cc.h"
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

void ticket_usage(FILE *out)
{
	fputs("usage: parvis ticket issue --event DIR (--names FILE.csv | --count N) --out FILE|DIR\n"
	      "              [--venue ID] [--item ID] [--staff] [--from ISO] [--until ISO]\n"
	      "              [--format pdf|png|svg] [--layout page|sheet] [--codes FILE.csv]\n"
	      "              [--assets DIR]\n"
	      "       parvis ticket show --event DIR [--at ISO-TIME] [--json] CODE...\n"
	      "       parvis ticket revoke --event DIR [--restore] CODE...\n"
	      "\n"
	      "issue   signs tickets with the key of DIR and draws them\n"
	      "  --names FILE.csv  one for each row: UTF-8, with the columns name and, if there are\n"
	      "                    any, type (the name or number of an [item]) and venue; - is\n"
	      "                    standard input\n"
	      "  --count N         or that many without a name\n"
	      "  --venue ID        good there alone (default: at every venue)\n"
	      "  --item ID         the ticket type, by its number (default: the first)\n"
	      "  --staff           staff cards, which open the volunteers' screens\n"
	      "  --from ISO        good from then on; --until ISO: until then\n"
	      "  --out FILE|DIR    a PDF, or a new directory of pictures; it holds codes: it is\n"
	      "                    readable by its owner alone\n"
	      "  --format          pdf (default), png or svg: pictures are one a ticket\n"
	      "  --layout          of a PDF: page (A6, default) or sheet (A4, eight to cut out)\n"
	      "  --codes FILE.csv  code,name,type,venue as `parvis roster import` takes it\n"
	      "  --assets DIR      fonts (default: found by itself)\n"
	      "show    everything that a code says, and whether it is good now (--at: then)\n"
	      "revoke  takes tickets back; --restore makes them good again\n"
	      "\n"
	      "CODE - reads codes from standard input, one a line; a code that begins with - goes\n"
	      "after --.\n"
	      "\n"
	      "exit status: 0 done, 1 the event or a row was refused, or a code is not good,\n"
	      "2 wrong use, 3 failed\n",
		out);
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} actions[] = {
	{ "issue", ticket_issue },
	{ "show", ticket_show },
};

int cli_ticket(int argc, char **argv)
{
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		ticket_usage(stdout);
		return CLI_OK;
	}
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(actions); i++)
		if (!strcmp(argv[1], actions[i].name))
			return actions[i].run(argc - 1, argv + 1);
	/* A signed ticket is taken back as any other code is. */
	if (argc > 1 && !strcmp(argv[1], "revoke"))
		return cli_roster(argc, argv);
	ticket_usage(stderr);
	return CLI_USAGE;
}
