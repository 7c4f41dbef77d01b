#include "base/cc.h"
#include "base/text.h"
#include "base/when.h"
#include "cli/cli.h"
#include "cli/folder.h"
#include "door/admission.h"
#include "event/code.h"
#include "port/clock.h"
#include "store/roster.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void usage(FILE *out)
{
	fputs("usage: parvis check --event DIR --venue ID [--at ISO-TIME] [--json] CODE...\n"
	      "\n"
	      "Says what the door of a venue would answer to each code if nobody had come yet, and\n"
	      "records nothing. CODE - reads codes from standard input, one a line; a code that\n"
	      "begins with - goes after --.\n"
	      "\n"
	      "  --at ISO-TIME  as if it were then, by a clock that can be trusted\n"
	      "  --json         one object a line; \"code_hex\" is added for codes that are not UTF-8\n"
	      "\n"
	      "exit status: 0 every code was judged, whatever the verdict, 1 the event is bad,\n"
	      "2 wrong use, 3 failed\n",
		out);
}

struct check {
	const char *event_dir, *venue, *at;
	bool json;
	char **codes; /* NULL-terminated */

	struct event *event;
	struct roster *roster; /* NULL: the event has none */
	struct admission_rules rules;
	struct when now;
};

static const char *const kind_names[] = {
	[TICKET_NOT_ONE] = "none",
	[TICKET_UNKNOWN] = "unknown",
	[TICKET_FORGED] = "forged",
	[TICKET_SIGNED] = "signed",
	[TICKET_ROSTER] = "roster",
	[TICKET_TEST] = "test",
	[TICKET_STAFF] = "staff",
};
static_assert(ARRAY_LEN(kind_names) == TICKET_KIND_COUNT, "every kind needs its name");

/* --- output ------------------------------------------------------------------------------------
 */

/* A copy in which what is not UTF-8 is U+FFFD. *whole tells whether there was none of it. */
static char *as_utf8(const char *text, size_t len, size_t *out_len, bool *whole)
{
	char *out = malloc(3 * len + 1);
	uint32_t c;
	*out_len = 0;
	*whole = true;
	if (!out)
		return NULL;
	for (size_t i = 0, n; i < len; i += n ? n : 1) {
		n = text_decode_utf8(text + i, len - i, &c);
		memcpy(out + *out_len, n ? text + i : "\xef\xbf\xbd", n ? n : 3);
		*out_len += n ? n : 3;
		*whole = *whole && n;
	}
	return out;
}

static json_t *hex_of(const char *bytes, size_t len)
{
	AUTO_FREE char *hex = malloc(2 * len + 1);
	if (!hex)
		return NULL;
	text_hex(hex, (const uint8_t *)bytes, len);
	return json_string(hex);
}

static json_t *moment(int64_t seconds)
{
	char iso[WHEN_ISO_SIZE];
	if (seconds == 0)
		return json_null();
	when_iso(seconds * 1000, iso);
	return json_string(iso);
}

static json_t *text_or_null(const char *text)
{
	return *text ? json_string(text) : json_null();
}

static json_t *answer(
	const char *code, size_t len, const struct ticket *t, const struct decision *d)
{
	size_t utf8_len;
	bool whole;
	AUTO_FREE char *utf8 = as_utf8(code, len, &utf8_len, &whole);
	json_t *o = json_object();
	if (!utf8 || json_object_set_new(o, "code", json_stringn_nocheck(utf8, utf8_len)) ||
		(!whole && json_object_set_new(o, "code_hex", hex_of(code, len))) ||
		json_object_set_new(o, "verdict", json_string(verdict_names[d->verdict])) ||
		json_object_set_new(o, "kind", json_string(kind_names[t->kind])) ||
		json_object_set_new(o, "venue", text_or_null(t->venue)) ||
		json_object_set_new(o, "name", text_or_null(t->name)) ||
		json_object_set_new(o, "valid_from", moment(t->valid_from_s)) ||
		json_object_set_new(o, "valid_until", moment(t->valid_until_s)) ||
		json_object_set_new(o, "time_doubt", json_boolean(d->time_doubt))) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* JSON escapes what lies below U+0020 alone; a terminal obeys more than that. */
static void print_safe_json(const char *json)
{
	uint32_t c;
	const char *end = json + strlen(json);
	for (size_t n; json < end; json += n) {
		n = text_decode_utf8(json, (size_t)(end - json), &c);
		CHECK(n > 0);
		if (!text_is_hazard(c))
			fwrite(json, 1, n, stdout);
		else if (c < 0x10000)
			printf("\\u%04x", (unsigned)c);
		else
			printf("\\u%04x\\u%04x", (unsigned)(0xd800 + ((c - 0x10000) >> 10)),
				(unsigned)(0xdc00 + ((c - 0x10000) & 0x3ff)));
	}
	putchar('\n');
}

static int print_json(
	const char *code, size_t len, const struct ticket *t, const struct decision *d)
{
	json_t *o = answer(code, len, t, d);
	AUTO_FREE char *json = o ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	if (!json) {
		fputs("parvis: not enough memory\n", stderr);
		return CLI_FAILED;
	}
	print_safe_json(json);
	return CLI_OK;
}

static int print_plain(
	const char *code, size_t len, const struct ticket *t, const struct decision *d)
{
	char safe[1024];
	text_printable(safe, sizeof(safe), code, len);
	printf("%-12s %s%s%s%s\n", verdict_names[d->verdict], safe, *t->venue ? "  for " : "",
		t->venue, d->time_doubt ? "  (time in doubt)" : "");
	return CLI_OK;
}

/* --- judging -----------------------------------------------------------------------------------
 */

static int check_code(void *context, const char *code, size_t len)
{
	const struct check *c = context;
	const struct prior nobody = { .last = DIRECTION_NONE };
	struct ticket ticket;
	code_read(c->event, code, len, &ticket);
	int found = c->roster && len ? roster_find(c->roster, code, len, &ticket) : 0;
	if (found) {
		fprintf(stderr, "parvis: cannot read the roster: %s\n", strerror(-found));
		return CLI_FAILED;
	}
	struct decision d = admission_decide(&c->rules, &ticket, &nobody, 0, &c->now, false);
	return (c->json ? print_json : print_plain)(code, len, &ticket, &d);
}

static int set_rules(struct check *c)
{
	const struct event_venue *venue = event_venue(c->event, c->venue);
	if (venue) {
		memcpy(c->rules.venue, venue->id, sizeof(c->rules.venue));
		c->rules.doorway = DOOR_ENTRY;
		c->rules.reentry = c->event->reentry;
		c->rules.capacity_seats = venue->capacity_seats;
		return CLI_OK;
	}
	fputs("parvis: the event has no such venue; it has:", stderr);
	for (uint32_t i = 0; i < c->event->venue_count; i++)
		fprintf(stderr, " %s", c->event->venues[i].id);
	fputc('\n', stderr);
	return CLI_USAGE;
}

static int set_time(struct check *c)
{
	c->now = clock_now(0);
	if (!c->at)
		return CLI_OK;
	c->now.trust = TRUST_SYNCED;
	if (!when_parse(c->at, &c->now.wall_ms))
		return CLI_OK;
	fputs("parvis: --at takes a moment like 2016-12-08T19:04:10+01:00\n", stderr);
	return CLI_USAGE;
}

static int open_roster(struct check *c)
{
	int result = roster_open(&c->roster, c->event_dir, c->event);
	if (!result || result == -ENOENT)
		return CLI_OK;
	return folder_roster_failed(c->event_dir, result);
}

static int run(struct check *c)
{
	int result = folder_open(&c->event, c->event_dir);
	if (result == CLI_OK)
		result = set_rules(c);
	if (result == CLI_OK)
		result = set_time(c);
	if (result == CLI_OK)
		result = open_roster(c);
	if (result == CLI_OK)
		result = folder_codes(c->codes, check_code, c);
	if (result <= CLI_NO && (fflush(stdout) || ferror(stdout))) {
		fputs("parvis: cannot write standard output\n", stderr);
		result = CLI_FAILED;
	}
	roster_close(c->roster);
	event_free(c->event);
	return result;
}

static bool parse(int argc, char **argv, struct check *c)
{
	static const struct option known[] = {
		{ "event", required_argument, NULL, 'e' },
		{ "venue", required_argument, NULL, 'v' },
		{ "at", required_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'j' },
		{ 0 },
	};
	int o;
	optind = 0;
	opterr = 0; /* it would print what was typed, raw */
	while ((o = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (o == 'e')
			c->event_dir = optarg;
		else if (o == 'v')
			c->venue = optarg;
		else if (o == 'a')
			c->at = optarg;
		else if (o == 'j')
			c->json = true;
		else
			return false;
	}
	c->codes = argv + optind;
	return c->event_dir && c->venue && *c->codes;
}

int cli_check(int argc, char **argv)
{
	struct check c = { 0 };
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		usage(stdout);
		return CLI_OK;
	}
	if (parse(argc, argv, &c))
		return run(&c);
	usage(stderr);
	return CLI_USAGE;
}
