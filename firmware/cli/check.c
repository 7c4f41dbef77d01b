#include "base/cc.h"
#include "base/flags.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/data.h"
#include "cli/folder.h"
#include "cli/reply.h"
#include "door/admission.h"
#include "event/code.h"
#include "store/roster.h"

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

/* --- output ------------------------------------------------------------------------------------
 */

static json_t *answer(
	const char *code, size_t len, const struct ticket *t, const struct decision *d)
{
	json_t *o = json_object();
	if (reply_code(o, code, len) ||
		json_object_set_new(o, "verdict", json_string(verdict_names[d->verdict])) ||
		json_object_set_new(o, "kind", json_string(reply_kind(t->kind))) ||
		json_object_set_new(o, "venue", reply_text(t->venue)) ||
		json_object_set_new(o, "name", reply_text(t->name)) ||
		json_object_set_new(o, "valid_from", reply_moment(t->valid_from_s)) ||
		json_object_set_new(o, "valid_until", reply_moment(t->valid_until_s)) ||
		json_object_set_new(o, "time_doubt", json_boolean(d->time_doubt))) {
		json_decref(o);
		return NULL;
	}
	return o;
}

static int print_json(
	const char *code, size_t len, const struct ticket *t, const struct decision *d)
{
	return reply_print(answer(code, len, t, d));
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

static int run(struct check *c)
{
	int result = folder_open(&c->event, c->event_dir);
	if (result == CLI_OK)
		result = set_rules(c);
	if (result == CLI_OK)
		result = folder_moment(&c->now, c->at);
	if (result == CLI_OK)
		result = folder_roster(&c->roster, c->event_dir, c->event);
	if (result == CLI_OK)
		result = folder_codes(c->codes, check_code, c);
	if (result <= CLI_NO && data_flush("check") != CLI_OK)
		result = CLI_FAILED;
	roster_close(c->roster);
	event_free(c->event);
	return result;
}

int cli_check(int argc, char **argv)
{
	struct check c = { 0 };
	const struct flag flags[] = {
		{ "event", .text = &c.event_dir, .needed = "DIR" },
		{ "venue", .text = &c.venue, .needed = "ID" },
		{ "at", .text = &c.at },
		{ "json", .set = &c.json },
		{ 0 },
	};
	int status = flags_read("parvis check", flags, argc, argv, &c.codes);
	if (status < 0 && !*c.codes)
		status = flags_wrong("parvis check", "CODE is missing");
	if (status >= 0)
		return usage(status ? stderr : stdout), status;
	return run(&c);
}
