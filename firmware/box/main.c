/* parvis-slot: which of the two systems of a box starts next, for RAUC's custom bootloader backend
 * (its words are commands here), for the health check and for people. */
#include "base/flags.h"
#include "box/slots_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CMDLINE_MAX 4096

static const char usage[] =
	"Usage: parvis-slot [--disk DISK] COMMAND\n"
	"Which of the two systems of a box, A and B, starts next.\n"
	"\n"
	"Commands:\n"
	"  status               what both slots are, and which starts next\n"
	"  init A|B|AB          begin anew: which slots hold a system, the first named first\n"
	"  get-primary          the slot that starts next\n"
	"  set-primary A|B      start this slot next, three times at most until it has proven itself\n"
	"  get-state A|B        good: it could be started; bad\n"
	"  set-state A|B good   it has proven itself\n"
	"  set-state A|B bad    never start it: it is empty or being written\n"
	"  get-current          the slot that this system was started from\n"
	"\n"
	"Options:\n"
	"  --disk DISK          a block device or an image; else the disk with the root file system\n"
	"  --help, --version\n";

struct call {
	char disk[PATH_MAX];
	char **words; /* after the command, NULL at the end */
	int word_count;
};

static int complain(const char *what, const char *why)
{
	fprintf(stderr, "parvis-slot: %s: %s\n", what, why);
	return 1;
}

static int say(const char *word)
{
	return puts(word) < 0 || fflush(stdout) ? complain("standard output", strerror(errno)) : 0;
}

static int read_state(const struct call *c, struct slots_disk *d)
{
	AUTO_FD fd = slots_disk_open(c->disk, false);
	int err = fd < 0 ? fd : slots_disk_read(d, fd);
	return err ? complain(c->disk, strerror(-err)) : 0;
}

/* Applies a change; false from it: refused, with the reason. */
static int change(const struct call *c, bool (*apply)(struct slots *s, enum slot which),
	enum slot which, const char *refusal)
{
	AUTO_FD fd = slots_disk_open(c->disk, true);
	struct slots_disk was;
	int err = fd < 0 ? fd : slots_disk_read(&was, fd);
	if (err)
		return complain(c->disk, strerror(-err));
	struct slots state = was.state;
	if (!apply(&state, which))
		return complain(slot_name(which), refusal);
	err = slots_disk_write(fd, &was, &state);
	return err ? complain(c->disk, strerror(-err)) : 0;
}

static bool apply_first(struct slots *s, enum slot which)
{
	slots_make_first(s, which);
	return true;
}

static bool apply_good(struct slots *s, enum slot which)
{
	slots_prove(s, which);
	return true;
}

static int run_get_primary(const struct call *c)
{
	struct slots_disk d;
	return read_state(c, &d) ? 1 : say(slot_name(slots_next(&d.state)));
}

static int run_set_primary(const struct call *c)
{
	enum slot which;
	if (!slot_named(&which, c->words[0]))
		return complain(c->words[0], "no such slot");
	return change(c, apply_first, which, "");
}

static int run_get_state(const struct call *c)
{
	enum slot which;
	struct slots_disk d;
	if (!slot_named(&which, c->words[0]))
		return complain(c->words[0], "no such slot");
	return read_state(c, &d) ? 1 : say(slots_good(&d.state, which) ? "good" : "bad");
}

static int run_set_state(const struct call *c)
{
	enum slot which;
	if (!slot_named(&which, c->words[0]))
		return complain(c->words[0], "no such slot");
	if (strcmp(c->words[1], "good") == 0)
		return change(c, apply_good, which, "");
	if (strcmp(c->words[1], "bad") == 0)
		return change(c, slots_bar, which, "the other slot has no system either");
	return complain(c->words[1], "a state is good or bad");
}

/* The start script has told the kernel, with the word rauc.slot=A. */
static int run_get_current(const struct call *c)
{
	(void)c;
	char line[CMDLINE_MAX + 1];
	AUTO_FD fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, line, CMDLINE_MAX);
	if (n < 0)
		return complain("/proc/cmdline", strerror(errno));
	line[n] = '\0';
	char *rest = line;
	for (char *word; (word = strsep(&rest, " \n"));) {
		enum slot which;
		if (strncmp(word, "rauc.slot=", 10) == 0 && slot_named(&which, word + 10))
			return say(slot_name(which));
	}
	return complain("/proc/cmdline", "this system was not started from a slot");
}

static int run_init(const struct call *c)
{
	static const struct {
		const char *word;
		struct slots state;
	} begins[] = {
		{ "A", { SLOT_A, { SLOTS_TRIES_PROVEN, SLOTS_BARRED } } },
		{ "B", { SLOT_B, { SLOTS_BARRED, SLOTS_TRIES_PROVEN } } },
		{ "AB", { SLOT_A, { SLOTS_TRIES_PROVEN, SLOTS_TRIES_PROVEN } } },
	};
	for (size_t i = 0; i < ARRAY_LEN(begins); i++) {
		if (strcmp(begins[i].word, c->words[0]) != 0)
			continue;
		AUTO_FD fd = slots_disk_open(c->disk, true);
		struct slots_disk was;
		int err = fd < 0 ? fd : slots_disk_read(&was, fd);
		if (!err)
			err = slots_disk_write(fd, &was, &begins[i].state);
		return err ? complain(c->disk, strerror(-err)) : 0;
	}
	return complain(c->words[0], "A, B or AB");
}

static void describe(const struct slots *s, enum slot which)
{
	if (s->left[which] == SLOTS_BARRED)
		printf("%s: barred: empty or half written\n", slot_name(which));
	else
		printf("%s: %d tr%s left%s\n", slot_name(which), s->left[which],
			s->left[which] == 1 ? "y" : "ies", s->first == which ? ", first" : "");
}

static int run_status(const struct call *c)
{
	struct slots_disk d;
	if (read_state(c, &d))
		return 1;
	for (int i = 0; i < SLOTS_COPIES; i++)
		printf("copy %d: %s\n", i + 1,
			d.copy == i  ? "whole, in force"
			: d.whole[i] ? "whole"
				     : "torn");
	if (d.copy < 0)
		puts("no copy is whole: what follows is assumed");
	describe(&d.state, SLOT_A);
	describe(&d.state, SLOT_B);
	printf("next: %s\n", slot_name(slots_next(&d.state)));
	return fflush(stdout) ? complain("standard output", strerror(errno)) : 0;
}

static const struct command {
	const char *name;
	int words;
	bool disk;
	int (*run)(const struct call *c);
} commands[] = {
	{ "status", 0, true, run_status },
	{ "init", 1, true, run_init },
	{ "get-primary", 0, true, run_get_primary },
	{ "set-primary", 1, true, run_set_primary },
	{ "get-state", 1, true, run_get_state },
	{ "set-state", 2, true, run_set_state },
	{ "get-current", 0, false, run_get_current },
};

static int run(struct call *c, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, name) != 0)
			continue;
		if (c->word_count != commands[i].words)
			break;
		int err = commands[i].disk && !c->disk[0]
				  ? slots_disk_of_root(c->disk, sizeof(c->disk))
				  : 0;
		return err ? complain("the disk of the root file system", strerror(-err))
			   : commands[i].run(c);
	}
	fputs(usage, stderr);
	return 2;
}

static const char *take_disk(void *context, const char *value)
{
	struct call *c = context;
	if (!value[0] || strlen(value) >= sizeof(c->disk))
		return "a path";
	memcpy(c->disk, value, strlen(value) + 1);
	return NULL;
}

int main(int argc, char **argv)
{
	struct call c = { 0 };
	bool version = false;
	const struct flag flags[] = { { "disk", .take = take_disk, .context = &c },
		{ "version", .set = &version }, { 0 } };
	char **words;
	enum flags_end end = flags_read("parvis-slot", flags, argc, argv, &words);
	if (end == FLAGS_HELP)
		return fputs(usage, stdout) < 0;
	if (end == FLAGS_GO_ON && version)
		return puts("parvis-slot " PARVIS_VERSION) < 0;
	if (end != FLAGS_GO_ON || !words[0]) {
		fputs(usage, stderr);
		return 2;
	}
	c.words = words + 1;
	c.word_count = (int)(argv + argc - c.words);
	return run(&c, words[0]);
}
