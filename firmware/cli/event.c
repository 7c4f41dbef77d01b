#include "base/cc.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/event_parts.h"
#include "cli/folder.h"
#include "event/issuer.h"
#include "event/pin.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static void usage(FILE *out)
{
	fputs("usage: parvis event new DIR [OPTION...]\n"
	      "       parvis event check DIR\n"
	      "       parvis event show DIR [--json]\n"
	      "       parvis event pin\n"
	      "       parvis event broker --event DIR --host NAME... [--port N] --out DIR\n"
	      "\n"
	      "new     makes an event and its keys\n"
	      "check   reads DIR/event.ini and tells everything that is wrong with it, as\n"
	      "        path:line: [section] key: what is wrong and what would be right\n"
	      "show    prints the venues, how many people fit and how many are registered\n"
	      "pin     asks for the volunteers' PIN (4 to 12 digits; from standard input when that\n"
	      "        is no terminal) and prints the line to put under [staff]\n"
	      "\n"
	      "exit status: 0 good, 1 the event or the PIN is not, 2 wrong use, 3 cannot be read\n"
	      "\n",
		out);
	event_new_usage(out);
	event_broker_usage(out);
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
	printf(", hash key %s, PIN %s%s\n", e->hash_key_given ? "given" : "derived",
		*e->staff_pin ? "set" : "not set",
		e->staff_search && *e->staff_pin ? ", search by name" : "");
}

/* Tickets that this folder's key signs must be good at its doors. A folder without one (a box's, or
 * of an event whose tickets others sign) is as good as one with it. */
static int check_issuer(const struct event *e, const char *dir)
{
	char path[4096];
	struct stat st;
	uint8_t key[ISSUER_PUBLIC_SIZE];
	struct issuer *issuer;
	int n = snprintf(path, sizeof(path), "%s/" ISSUER_FILE, dir);
	if (n < 0 || (size_t)n >= sizeof(path) || (lstat(path, &st) && errno == ENOENT))
		return CLI_OK;
	if (issuer_open(&issuer, dir, folder_problem, NULL))
		return CLI_NO;
	issuer_public(issuer, key);
	issuer_close(issuer);
	for (uint32_t i = 0; i < e->key_count; i++)
		if (!memcmp(e->keys[i], key, sizeof(key)))
			return CLI_OK;
	char hex[2 * sizeof(key) + 1];
	text_hex(hex, key, sizeof(key));
	folder_say(dir, "event.ini", "[keys] ticket: the issuing key's public half is missing:");
	fprintf(stderr, "%s\n", hex);
	return CLI_NO;
}

static int check(const char *dir)
{
	struct event *e;
	int result = folder_open(&e, dir);
	if (result != CLI_OK)
		return result;
	result = check_issuer(e, dir);
	if (result == CLI_OK)
		print_summary(e);
	event_free(e);
	return result;
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

int event_ask_pin(const char *prompt, char *pin, size_t capacity)
{
	if (isatty(STDIN_FILENO)) {
		if (ask(prompt, pin, capacity))
			return CLI_OK;
		fputs("parvis: cannot read the terminal\n", stderr);
		return CLI_FAILED;
	}
	if (read_line(pin, capacity))
		return CLI_OK;
	fputs("parvis: no PIN on standard input\n", stderr);
	return CLI_NO;
}

int event_read_pin(const char *prompt, char *pin, size_t capacity)
{
	char again[64];
	int result = event_ask_pin(prompt, pin, capacity);
	if (result != CLI_OK || !isatty(STDIN_FILENO))
		return result;
	result = event_ask_pin("Once more: ", again, sizeof(again));
	if (result != CLI_OK)
		return result;
	bool same = !strcmp(pin, again);
	explicit_bzero(again, sizeof(again));
	if (same)
		return CLI_OK;
	fputs("parvis: the two differ\n", stderr);
	return CLI_NO;
}

int event_hash_pin(const char *pin, char out[PIN_HASH_SIZE])
{
	int hashed = pin_hash(pin, out);
	if (hashed == -EINVAL) {
		fprintf(stderr, "parvis: a PIN is %d to %d digits and nothing else\n",
			PIN_DIGITS_MIN, PIN_DIGITS_MAX);
		return CLI_NO;
	}
	if (hashed) {
		fprintf(stderr, "parvis: cannot hash the PIN: %s\n", strerror(-hashed));
		return CLI_FAILED;
	}
	return CLI_OK;
}

static int make_pin(void)
{
	char pin[64], hash[PIN_HASH_SIZE];
	int result = event_read_pin("PIN (4 to 12 digits): ", pin, sizeof(pin));
	if (result != CLI_OK)
		return result;
	result = event_hash_pin(pin, hash);
	explicit_bzero(pin, sizeof(pin));
	if (result == CLI_OK)
		printf("pin = %s\n", hash);
	return result;
}

int cli_event(int argc, char **argv)
{
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		usage(stdout);
		return CLI_OK;
	}
	if (argc > 1 && !strcmp(argv[1], "new"))
		return event_new(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "show"))
		return event_show(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "broker"))
		return event_broker(argc - 1, argv + 1);
	if (argc == 3 && !strcmp(argv[1], "check"))
		return check(argv[2]);
	if (argc == 2 && !strcmp(argv[1], "pin"))
		return make_pin();
	usage(stderr);
	return CLI_USAGE;
}
