#include "base/cc.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/folder.h"
#include "event/pin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static void usage(FILE *out)
{
	fputs("usage: parvis event check DIR\n"
	      "       parvis event pin\n"
	      "\n"
	      "check   reads DIR/event.ini and tells everything that is wrong with it, as\n"
	      "        path:line: [section] key: what is wrong and what would be right\n"
	      "pin     asks for the volunteers' PIN (4 to 12 digits; from standard input when that\n"
	      "        is no terminal) and prints the line to put under [staff]\n"
	      "\n"
	      "exit status: 0 good, 1 the event or the PIN is not, 2 wrong use, 3 cannot be read\n",
		out);
}

static void print_summary(const struct event *e)
{
	char title[4 * EVENT_TEXT_SIZE];
	text_printable(title, sizeof(title), e->title, strlen(e->title));
	printf("%s: %s: %u venues, %u ticket types, %u keys, languages", e->id, title,
		e->venue_count, e->item_count, e->key_count);
	for (int i = 0; i < LANGUAGE_COUNT; i++)
		if (e->languages & 1U << i)
			printf(" %s", language_codes[i]);
	printf(", hash key %s, PIN %s\n", e->hash_key_given ? "given" : "derived",
		*e->staff_pin ? "set" : "not set");
}

static int check(const char *dir)
{
	struct event *e;
	int result = folder_open(&e, dir);
	if (result != CLI_OK)
		return result;
	print_summary(e);
	event_free(e);
	return CLI_OK;
}

/* One line without its end; what is too long for a PIN is cut and so no longer one. */
static bool read_line(char *out, size_t capacity)
{
	if (!fgets(out, (int)capacity, stdin))
		return false;
	out[strcspn(out, "\r\n")] = '\0';
	return true;
}

/* Without echo. Signals from the keyboard wait as well, since one that came now would leave the
 * terminal mute. */
static bool ask(const char *prompt, char *out, size_t capacity)
{
	struct termios before, mute;
	if (tcgetattr(STDIN_FILENO, &before))
		return false;
	mute = before;
	mute.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &mute))
		return false;
	fputs(prompt, stderr);
	fflush(stderr);
	bool good = read_line(out, capacity);
	fputc('\n', stderr);
	return !tcsetattr(STDIN_FILENO, TCSAFLUSH, &before) && good;
}

/* Typed twice at a terminal; one line otherwise. */
static int read_pin(char *pin, size_t capacity)
{
	char again[64];
	if (!isatty(STDIN_FILENO)) {
		if (read_line(pin, capacity))
			return CLI_OK;
		fputs("parvis: no PIN on standard input\n", stderr);
		return CLI_NO;
	}
	if (!ask("PIN (4 to 12 digits): ", pin, capacity) ||
		!ask("Once more: ", again, sizeof(again))) {
		fputs("parvis: cannot read the terminal\n", stderr);
		return CLI_FAILED;
	}
	if (!strcmp(pin, again))
		return CLI_OK;
	fputs("parvis: the two differ\n", stderr);
	return CLI_NO;
}

static int make_pin(void)
{
	char pin[64], hash[PIN_HASH_SIZE];
	int result = read_pin(pin, sizeof(pin));
	if (result != CLI_OK)
		return result;
	int hashed = pin_hash(pin, hash);
	explicit_bzero(pin, sizeof(pin));
	if (hashed == -EINVAL) {
		fprintf(stderr, "parvis: a PIN is %d to %d digits and nothing else\n",
			PIN_DIGITS_MIN, PIN_DIGITS_MAX);
		return CLI_NO;
	}
	if (hashed) {
		fprintf(stderr, "parvis: cannot hash the PIN: %s\n", strerror(-hashed));
		return CLI_FAILED;
	}
	printf("pin = %s\n", hash);
	return CLI_OK;
}

int cli_event(int argc, char **argv)
{
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		usage(stdout);
		return CLI_OK;
	}
	if (argc == 3 && !strcmp(argv[1], "check"))
		return check(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "pin"))
		return make_pin();
	usage(stderr);
	return CLI_USAGE;
}
