#include "base/flags.h"

#include "base/text.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What getopt gives for the first flag of a table: more than any character. */
#define FIRST 256

enum flags_end flags_wrong(const char *command, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fprintf(stderr, "%s: ", command);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	return FLAGS_WRONG;
}

/* The table as getopt has it, with --help behind its last. Gives the flags' number. */
static size_t list(struct option known[FLAGS_MAX + 2], const struct flag *flags)
{
	size_t n = 0;
	for (; flags[n].name; n++) {
		CHECK(n < FLAGS_MAX);
		known[n] = (struct option){ flags[n].name,
			flags[n].set ? no_argument : required_argument, NULL, FIRST + (int)n };
	}
	known[n] = (struct option){ "help", no_argument, NULL, FIRST + (int)n };
	return n;
}

/* A name that is none, or the beginning of several. A value that was written behind it is left out:
 * under a misspelt name it may be a password. */
static enum flags_end tell_unknown(
	const char *command, const struct option *known, const char *argument)
{
	char shown[128];
	size_t len = strcspn(argument, "="), meant = 0;
	text_printable(shown, sizeof(shown), argument, len);
	for (; known->name; known++) {
		if (strncmp(known->name, argument + 2, len - 2) != 0)
			continue;
		if (!meant++)
			fprintf(stderr, "%s: %s can be", command, shown);
		fprintf(stderr, " --%s", known->name);
	}
	if (!meant)
		return flags_wrong(command, "%s: there is no such option", shown);
	fputc('\n', stderr);
	return FLAGS_WRONG;
}

/* After getopt gave `c`. */
static enum flags_end tell_refused(
	const char *command, const struct option *known, char *const *argv, int c)
{
	if (optopt >= FIRST)
		return flags_wrong(command,
			c == ':' ? "--%s: its value is missing" : "--%s takes no value",
			known[optopt - FIRST].name);
	if (!optopt)
		return tell_unknown(command, known, argv[optind - 1]);
	char shown[16], letter = (char)optopt;
	text_printable(shown, sizeof(shown), &letter, 1);
	return flags_wrong(command, "-%s: there is no such option", shown);
}

static enum flags_end take(const char *command, const struct flag *f, const char *value)
{
	if (f->set) {
		*f->set = true;
	} else if (f->take) {
		const char *wanted = f->take(f->context, value);
		if (wanted)
			return flags_wrong(command, "--%s takes %s", f->name, wanted);
	} else if (!f->count) {
		*f->text = value;
	} else if (*f->count < f->most) {
		f->text[(*f->count)++] = value;
	} else {
		return flags_wrong(command, "--%s is given %zu times at most", f->name, f->most);
	}
	return FLAGS_GO_ON;
}

enum flags_end flags_read(
	const char *command, const struct flag *flags, int argc, char **argv, char ***rest)
{
	struct option known[FLAGS_MAX + 2] = { 0 };
	bool given[FLAGS_MAX] = { 0 };
	size_t count = list(known, flags);
	optind = 0; /* from the start, and with nothing kept of another command line */
	opterr = 0; /* it would print what was typed, raw */
	for (int c; (c = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
		if (c == 'h' || c == FIRST + (int)count)
			return FLAGS_HELP;
		if (c < FIRST)
			return tell_refused(command, known, argv, c);
		enum flags_end end = take(command, &flags[c - FIRST], optarg);
		if (end != FLAGS_GO_ON)
			return end;
		given[c - FIRST] = true;
	}
	for (size_t i = 0; i < count; i++)
		if (flags[i].needed && !given[i])
			return flags_wrong(
				command, "--%s %s is missing", flags[i].name, flags[i].needed);
	if (!rest && optind < argc)
		return flags_wrong(command, "it takes options only");
	if (rest)
		*rest = argv + optind;
	return FLAGS_GO_ON;
}
