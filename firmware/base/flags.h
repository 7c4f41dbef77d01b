/* The options of a command line, as getopt_long() reads them: abbreviated as far as they stay one,
 * mixed with operands, ended by --. What is wrong with them is told on standard error in one line,
 * with what was typed escaped and values left out; the usage is the caller's to print. getopt has
 * one state for all: one thread at a time. */
#ifndef PARVIS_BASE_FLAGS_H
#define PARVIS_BASE_FLAGS_H

#include "base/cc.h"

#include <stdbool.h>

#define FLAGS_MAX 40

/* One option. A table of them ends with { 0 }; --help and -h are in every table unsaid. */
struct flag {
	const char *name;

	/* Where its value goes, one of these. The text is argv's own. */
	const char **text; /* a place, or with `count` an array with room for `most` */
	size_t *count;     /* an option that may be repeated: how often it was */
	size_t most;       /* … and may be */
	bool *set;         /* takes no value; becomes true */
	const char *(*take)(void *context, const char *value); /* NULL, or what it takes */
	void *context;

	const char *needed; /* "DIR": it has to be given, and this is what its value is called */
};

/* FLAGS_HELP and FLAGS_WRONG are exit statuses of every program here. */
enum flags_end { FLAGS_GO_ON = -1, FLAGS_HELP = 0, FLAGS_WRONG = 2 };

/* Reads argv, from a name on that is not looked at. `command` begins what is told. The operands are
 * moved to the end, *rest points at the first and NULL follows the last; rest NULL: there may be
 * none. What stands before a wrong option was taken already. */
NODISCARD enum flags_end flags_read(
	const char *command, const struct flag *flags, int argc, char **argv, char ***rest);

/* Tells what else is wrong, in the same shape. FLAGS_WRONG. */
enum flags_end flags_wrong(const char *command, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
