#include "base/flags.h"
#include "base/text.h"
#include "base/when.h"
#include "cli/cli.h"
#include "cli/data.h"
#include "cli/event_parts.h"
#include "cli/folder.h"
#include "store/roster.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_ROSTER UINT64_MAX

struct show {
	struct event *event;
	struct roster *roster; /* NULL: there is none */
	uint64_t registered[EVENT_VENUES_MAX];
};

static void usage(FILE *out)
{
	fputs("usage: parvis event show DIR [--json]\n"
	      "\n"
	      "Prints the event and a table of its venues: identifier, name, how many people fit\n"
	      "(- is no limit), the number in signed tickets, how many are registered where there\n"
	      "is a roster (those for every venue included), and the address.\n"
	      "\n"
	      "exit status: 0 good, 1 the event is not, 2 wrong use, 3 cannot be read\n",
		out);
}

static int read_roster(struct show *s, const char *dir)
{
	const struct event *e = s->event;
	int error = 0;
	if (folder_roster(&s->roster, dir, e) != CLI_OK)
		return CLI_FAILED;
	for (uint32_t i = 0; i < e->venue_count && !error; i++) {
		s->registered[i] = NO_ROSTER;
		if (s->roster)
			error = roster_count(s->roster, e->venues[i].id, &s->registered[i]);
	}
	if (!error)
		return CLI_OK;
	folder_say(dir, "roster.db", strerror(-error));
	return CLI_FAILED;
}

/* --- the table ---------------------------------------------------------------------------------
 */

/* Characters, which is what a terminal counts for most scripts. The event's texts are UTF-8. */
static size_t width(const char *text)
{
	size_t n = 0;
	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static void print_padded(const char *text, size_t columns)
{
	size_t n = width(text);
	printf("%s%*s", text, (int)(n < columns ? columns - n : 0) + 2, "");
}

static void print_number(uint64_t number, bool none, int columns)
{
	if (none)
		printf("%*s  ", columns, "-");
	else
		printf("%*" PRIu64 "  ", columns, number);
}

static void print_table(const struct show *s)
{
	const struct event *e = s->event;
	size_t ids = strlen("venue"), names = strlen("name");
	for (uint32_t i = 0; i < e->venue_count; i++) {
		ids = width(e->venues[i].id) > ids ? width(e->venues[i].id) : ids;
		names = width(e->venues[i].name) > names ? width(e->venues[i].name) : names;
	}
	print_padded("venue", ids);
	print_padded("name", names);
	printf("%8s  %8s  %10s  %s\n", "capacity", "subevent", "registered", "address");
	for (uint32_t i = 0; i < e->venue_count; i++) {
		const struct event_venue *v = &e->venues[i];
		print_padded(v->id, ids);
		print_padded(v->name, names);
		print_number(v->capacity_seats, v->capacity_seats == 0, 8);
		print_number((uint64_t)v->subevent, v->subevent == 0, 8);
		print_number(s->registered[i], s->registered[i] == NO_ROSTER, 10);
		printf("%s\n", v->address);
	}
}

static void print_brokers(const struct event *e)
{
	for (uint32_t i = 0; i < e->broker_count; i++)
		printf("%s%s", i ? " " : "brokers: ", e->brokers[i]);
	if (e->broker_count)
		printf("; %s\n", e->reach_event ? "every box has the rows of every venue"
						: "each box has the rows of its venue");
}

static int print_plain(const struct show *s)
{
	char opens[WHEN_ISO_SIZE], closes[WHEN_ISO_SIZE];
	when_iso(s->event->opens_ms, opens);
	when_iso(s->event->closes_ms, closes);
	printf("%s: %s\n%s to %s, %s\n", s->event->id, s->event->title, opens, closes,
		s->event->timezone);
	print_brokers(s->event);
	putchar('\n');
	print_table(s);
	return CLI_OK;
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static json_t *text_or_null(const char *text)
{
	return *text ? json_string(text) : json_null();
}

static json_t *moment(int64_t ms)
{
	char iso[WHEN_ISO_SIZE];
	when_iso(ms, iso);
	return json_string(iso);
}

static json_t *number_or_null(int64_t number)
{
	return number ? json_integer(number) : json_null();
}

static json_t *venue_object(const struct event_venue *v, uint64_t registered)
{
	bool placed = v->lat != 0 || v->lon != 0;
	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", v->id,
		"name", v->name, "address", text_or_null(v->address), "host", text_or_null(v->host),
		"debate", text_or_null(v->debate), "capacity", number_or_null(v->capacity_seats),
		"lat", placed ? json_real(v->lat) : json_null(), "lon",
		placed ? json_real(v->lon) : json_null(), "subevent", number_or_null(v->subevent),
		"broker", text_or_null(v->broker), "registered",
		registered == NO_ROSTER ? json_null() : json_integer((json_int_t)registered));
}

/* Arrays of which a part is missing are given up: json_pack() refuses NULL. */
static json_t *venue_array(const struct show *s)
{
	json_t *all = json_array();
	for (uint32_t i = 0; i < s->event->venue_count; i++)
		if (json_array_append_new(
			    all, venue_object(&s->event->venues[i], s->registered[i]))) {
			json_decref(all);
			return NULL;
		}
	return all;
}

static json_t *item_array(const struct event *e)
{
	json_t *all = json_array();
	for (uint32_t i = 0; i < e->item_count; i++)
		if (json_array_append_new(
			    all, json_pack("{s:I, s:o}", "id", (json_int_t)e->items[i].id, "name",
					 text_or_null(e->items[i].name)))) {
			json_decref(all);
			return NULL;
		}
	return all;
}

static json_t *language_array(const struct event *e)
{
	json_t *all = json_array();
	json_array_append_new(all, json_string(language_codes[e->language]));
	for (int l = 0; l < LANGUAGE_COUNT; l++)
		if (e->languages & 1U << l && l != (int)e->language)
			json_array_append_new(all, json_string(language_codes[l]));
	return all;
}

static json_t *sync_object(const struct event *e)
{
	json_t *brokers = json_array();
	for (uint32_t i = 0; i < e->broker_count; i++)
		json_array_append_new(brokers, json_string(e->brokers[i]));
	return json_pack("{s:o, s:s, s:b}", "brokers", brokers, "reach",
		e->reach_event ? "event" : "venue", "discovery", (int)e->discovery);
}

static int print_json(const struct show *s)
{
	const struct event *e = s->event;
	json_t *o = json_pack("{s:s, s:s, s:o, s:o, s:s, s:o, s:b, s:o, s:o, s:o, s:o}", "id",
		e->id, "title", e->title, "opens", moment(e->opens_ms), "closes",
		moment(e->closes_ms), "timezone", e->timezone, "languages", language_array(e),
		"reentry", (int)e->reentry, "staff_item", number_or_null(e->staff_item), "items",
		item_array(e), "venues", venue_array(s), "sync", sync_object(e));
	AUTO_FREE char *json = o ? json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(12)) : NULL;
	json_decref(o);
	if (!json) {
		fputs("parvis: not enough memory\n", stderr);
		return CLI_FAILED;
	}
	puts(json);
	return CLI_OK;
}

int event_show(int argc, char **argv)
{
	struct show s = { 0 };
	bool json = false;
	const struct flag flags[] = { { "json", .set = &json }, { 0 } };
	char **dirs;
	int status = flags_read("parvis event show", flags, argc, argv, &dirs);
	if (status < 0 && (!dirs[0] || dirs[1]))
		status = flags_wrong("parvis event show", "it takes one DIR");
	if (status >= 0)
		return usage(status ? stderr : stdout), status;
	int result = folder_open(&s.event, dirs[0]);
	if (result != CLI_OK)
		return result;
	result = read_roster(&s, dirs[0]);
	if (result == CLI_OK)
		result = (json ? print_json : print_plain)(&s);
	if (result == CLI_OK)
		result = data_flush("event show");
	roster_close(s.roster);
	event_free(s.event);
	return result;
}
