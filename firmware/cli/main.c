#include "cli/cli.h"

#include "base/cc.h"
#include "base/text.h"
#include "scan/reader.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} commands[] = {
	{ "event", cli_event, "make, check or show an event" },
	{ "roster", cli_roster, "import, list, find and revoke registrations" },
	{ "kiosk", cli_kiosk, "make boxes the doors of the venues" },
	{ "ticket", cli_ticket, "issue tickets on paper, show what a code says, take it back" },
	{ "check", cli_check, "what the door would say of a code; records nothing" },
	{ "decode", cli_decode, "what the appliance reads in a picture" },
	{ "headcount", cli_headcount, "the figures of a kiosk's data directory" },
	{ "collect", cli_collect,
		"put a night together: from brokers, sticks and data directories" },
	{ "report", cli_report, "what the night was, for people and for programs" },
	{ "open-data", cli_open_data, "a data set of the night that may be published" },
	{ "attendance", cli_attendance, "who came, of those who are registered" },
	{ "person", cli_person, "what is held about one person, and its erasure" },
	{ "purge", cli_purge, "erase what names people, with a receipt" },
	{ "log", cli_log, "list or verify the log of a kiosk's data directory" },
};

static void usage(FILE *out)
{
	fprintf(out, "usage: parvis COMMAND [ARGUMENT...]\n\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(out, "  %-11s %s\n", commands[i].name, commands[i].what);
	fprintf(out, "\nparvis COMMAND --help tells more; so does `man parvis`.\n");
}

/* Wherever it stands, but for what comes after --, which is a code or a file of that name. */
static bool asks_for_help(int argc, char **argv)
{
	for (int i = 2; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	return false;
}

static int run(const struct command *c, int argc, char **argv)
{
	char help[] = "--help", *only_help[] = { argv[0], help, NULL };
	return asks_for_help(argc, argv) ? c->run(2, only_help) : c->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], READER_WORKER_ARGUMENT))
		return reader_worker_main(argc, argv);
	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		usage(stdout);
		return CLI_OK;
	}
	if (argc > 1 && !strcmp(argv[1], "--version")) {
		puts("parvis " PARVIS_VERSION);
		return CLI_OK;
	}
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return run(&commands[i], argc, argv);
	if (argc > 1) {
		char shown[128];
		text_printable(shown, sizeof(shown), argv[1], strlen(argv[1]));
		fprintf(stderr, "parvis: %s: there is no such command\n", shown);
	}
	usage(stderr);
	return CLI_USAGE;
}
