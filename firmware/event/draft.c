#include "event/draft.h"

#include "base/text.h"
#include "base/when.h"
#include "event/issuer.h"
#include "event/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEGREE_PARTS 10000000 /* about a centimetre */

/* A key, and what its reader should know. */
struct line {
	const char *name, *comment;
};

static const struct line event_lines[] = {
	[DRAFT_ID] = { "id", "Short, for files and messages: 1 to 31 of a-z, 0-9, - and _. Tickets "
			     "do not\n# carry it; the boxes do: leave it once they are set up." },
	[DRAFT_TITLE] = { "title", "What guests read." },
	[DRAFT_OPENS] = { "opens", "When the doors open and close, with the offset from UTC." },
	[DRAFT_CLOSES] = { "closes", NULL },
	[DRAFT_TIMEZONE] = { "timezone", "In which times are shown, by its name in the time zone "
					 "database." },
	[DRAFT_LANGUAGES] = { "languages", "What the screens speak; the first is the house's." },
	[DRAFT_REENTRY] = { "reentry", "Whether a guest who went out may come in again: yes, no." },
	[DRAFT_CAPACITY] = { "capacity", "How many people fit into a venue that does not say so "
					 "itself; 0 is no limit." },
};
static_assert(ARRAY_LEN(event_lines) == DRAFT_KEY_COUNT, "every key needs its comment");

static const struct line venue_lines[] = {
	[DRAFT_VENUE_ID] = { NULL, NULL }, /* in the heading */
	[DRAFT_VENUE_NAME] = { "name", "What guests read; the identifier where there is none." },
	[DRAFT_VENUE_ADDRESS] = { "address", "Shown to guests who came to the wrong door." },
	[DRAFT_VENUE_HOST] = { "host", "Who receives." },
	[DRAFT_VENUE_DEBATE] = { "debate", "What the evening is about there." },
	[DRAFT_VENUE_CAPACITY] = { "capacity",
		"How many people fit; 0 is no limit, none is [event]'s." },
	[DRAFT_VENUE_LAT] = { "lat",
		"Degrees, for minutes on foot between venues: both or neither." },
	[DRAFT_VENUE_LON] = { "lon", NULL },
	[DRAFT_VENUE_SUBEVENT] = { "subevent",
		"The venue's number in signed tickets: leave it once "
		"tickets are out." },
	[DRAFT_VENUE_BROKER] = { "broker",
		"A broker in the house, tried when none of [sync] can be reached." },
};
static_assert(ARRAY_LEN(venue_lines) == DRAFT_VENUE_KEY_COUNT, "every key needs its comment");

struct draft *draft_new(void)
{
	return calloc(1, sizeof(struct draft));
}

void draft_free(struct draft *d)
{
	if (d)
		explicit_bzero(d, sizeof(*d));
	free(d);
}

/* --- values ------------------------------------------------------------------------------------
 */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool draft_put(char out[DRAFT_VALUE_SIZE], const char *value)
{
	while (is_blank(*value))
		value++;
	size_t len = strlen(value);
	while (len > 0 && is_blank(value[len - 1]))
		len--;
	if (len >= DRAFT_VALUE_SIZE || !text_is_utf8(value, len))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)value[i] < ' ' || value[i] == 0x7f)
			return false;
	memcpy(out, value, len);
	out[len] = '\0';
	return true;
}

void draft_id_of(char out[ID_SIZE], const char *name)
{
	size_t n = 0;
	for (; *name && n < ID_SIZE - 1; name++) {
		char c = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			out[n++] = c;
		else if (n > 0 && out[n - 1] != '-' && (unsigned char)c < 0x80)
			out[n++] = '-';
	}
	while (n > 0 && out[n - 1] == '-')
		n--;
	out[n] = '\0';
}

static void put_number(char out[DRAFT_VALUE_SIZE], int64_t number)
{
	snprintf(out, DRAFT_VALUE_SIZE, "%" PRId64, number);
}

/* With a point in every locale, and without the zeros at the end. */
static void put_degrees(char out[DRAFT_VALUE_SIZE], double degrees)
{
	long long parts = llround(fabs(degrees) * DEGREE_PARTS);
	int n = snprintf(out, DRAFT_VALUE_SIZE, "%s%lld.%07lld", degrees < 0 ? "-" : "",
		parts / DEGREE_PARTS, parts % DEGREE_PARTS);
	while (out[n - 1] == '0' && out[n - 2] != '.')
		out[--n] = '\0';
}

static void take_venue(struct draft_venue *to, const struct event_venue *v, uint32_t usual_seats)
{
	text_copy(to->values[DRAFT_VENUE_ID], DRAFT_VALUE_SIZE, v->id);
	text_copy(to->values[DRAFT_VENUE_NAME], DRAFT_VALUE_SIZE, v->name);
	text_copy(to->values[DRAFT_VENUE_ADDRESS], DRAFT_VALUE_SIZE, v->address);
	text_copy(to->values[DRAFT_VENUE_HOST], DRAFT_VALUE_SIZE, v->host);
	text_copy(to->values[DRAFT_VENUE_DEBATE], DRAFT_VALUE_SIZE, v->debate);
	if (v->capacity_seats != usual_seats)
		put_number(to->values[DRAFT_VENUE_CAPACITY], v->capacity_seats);
	if (v->lat != 0 || v->lon != 0) {
		put_degrees(to->values[DRAFT_VENUE_LAT], v->lat);
		put_degrees(to->values[DRAFT_VENUE_LON], v->lon);
	}
	if (v->subevent)
		put_number(to->values[DRAFT_VENUE_SUBEVENT], v->subevent);
	text_copy(to->values[DRAFT_VENUE_BROKER], DRAFT_VALUE_SIZE, v->broker);
}

/* The house's own first. */
static void take_languages(char out[DRAFT_VALUE_SIZE], const struct event *e)
{
	text_copy(out, DRAFT_VALUE_SIZE, language_codes[e->language]);
	for (int l = 0; l < LANGUAGE_COUNT; l++) {
		size_t used = strlen(out);
		if (e->languages & 1U << l && l != (int)e->language)
			snprintf(out + used, DRAFT_VALUE_SIZE - used, " %s", language_codes[l]);
	}
}

static void take_sync(struct draft *d, const struct event *e)
{
	for (uint32_t i = 0; i < e->broker_count; i++) {
		size_t used = strlen(d->brokers);
		snprintf(d->brokers + used, sizeof(d->brokers) - used, "%s%s", i ? " " : "",
			e->brokers[i]);
	}
	if (e->reach_event != (e->venue_count <= EVENT_REACH_MAX))
		text_copy(d->reach, DRAFT_VALUE_SIZE, e->reach_event ? "event" : "venue");
	text_copy(d->discovery, DRAFT_VALUE_SIZE, e->discovery ? "yes" : "");
}

bool draft_take_model(struct draft *d, const struct event *model)
{
	static_assert(DRAFT_VALUE_SIZE >= WHEN_ISO_SIZE, "a moment must fit");
	if (model->venue_count > DRAFT_VENUES_MAX)
		return false;
	text_copy(d->values[DRAFT_ID], DRAFT_VALUE_SIZE, model->id);
	text_copy(d->values[DRAFT_TITLE], DRAFT_VALUE_SIZE, model->title);
	when_iso(model->opens_ms, d->values[DRAFT_OPENS]);
	when_iso(model->closes_ms, d->values[DRAFT_CLOSES]);
	text_copy(d->values[DRAFT_TIMEZONE], DRAFT_VALUE_SIZE, model->timezone);
	take_languages(d->values[DRAFT_LANGUAGES], model);
	text_copy(d->values[DRAFT_REENTRY], DRAFT_VALUE_SIZE, model->reentry ? "yes" : "no");
	if (model->capacity_seats)
		put_number(d->values[DRAFT_CAPACITY], model->capacity_seats);
	d->venue_count = model->venue_count;
	for (uint32_t i = 0; i < model->venue_count; i++)
		take_venue(&d->venues[i], &model->venues[i], model->capacity_seats);
	d->item_count = model->item_count;
	for (uint32_t i = 0; i < model->item_count; i++) {
		put_number(d->items[i].id, model->items[i].id);
		text_copy(d->items[i].name, DRAFT_VALUE_SIZE, model->items[i].name);
	}
	if (model->staff_item)
		put_number(d->staff_item, model->staff_item);
	text_copy(d->search, DRAFT_VALUE_SIZE, model->staff_search ? "yes" : "no");
	text_copy(d->walk_in, DRAFT_VALUE_SIZE, model->walk_in_badges ? "yes" : "no");
	take_sync(d, model);
	return true;
}

static bool is_taken(const struct draft *d, const char *number)
{
	for (uint32_t i = 0; i < d->venue_count; i++)
		if (!strcmp(d->venues[i].values[DRAFT_VENUE_SUBEVENT], number))
			return true;
	return false;
}

void draft_number_venues(struct draft *d)
{
	char number[DRAFT_VALUE_SIZE];
	int64_t next = 1;
	for (uint32_t i = 0; i < d->venue_count; i++) {
		if (*d->venues[i].values[DRAFT_VENUE_SUBEVENT])
			continue;
		do
			put_number(number, next++);
		while (is_taken(d, number));
		memcpy(d->venues[i].values[DRAFT_VENUE_SUBEVENT], number, sizeof(number));
	}
}

/* --- the file ----------------------------------------------------------------------------------
 */

/* A key without a value is shown where it is explained, commented out. */
static void print_line(FILE *out, const struct line *line, const char *value, bool explain)
{
	if (explain && line->comment)
		fprintf(out, "# %s\n", line->comment);
	if (*value)
		fprintf(out, "%s = %s\n", line->name, value);
	else if (explain)
		fprintf(out, "#%s =\n", line->name);
}

static void print_event(FILE *out, const struct draft *d)
{
	fputs("# An event, as Parvis reads it: UTF-8, a line a key. Lines that begin with # are "
	      "comments.\n# `parvis event check` tells what is wrong with it.\n\n[event]\n",
		out);
	for (size_t k = 0; k < DRAFT_KEY_COUNT; k++)
		print_line(out, &event_lines[k], d->values[k], true);
}

static void print_venues(FILE *out, const struct draft *d)
{
	fputs("\n# A section for each venue. The identifier, of a-z, 0-9, - and _, is what its boxes "
	      "and\n# registrations name it by.\n",
		out);
	for (uint32_t i = 0; i < d->venue_count; i++) {
		const struct draft_venue *v = &d->venues[i];
		fprintf(out, "%s[venue %s]\n", i ? "\n" : "", v->values[DRAFT_VENUE_ID]);
		for (size_t k = DRAFT_VENUE_ID + 1; k < DRAFT_VENUE_KEY_COUNT; k++)
			print_line(out, &venue_lines[k], v->values[k], i == 0);
	}
}

static void print_items(FILE *out, const struct draft *d)
{
	static const struct line name = { "name", NULL };
	fputs("\n# A section for each ticket type that is let in, by the number that tickets "
	      "carry. Without\n# any, every type is. For example:\n# [item 1]\n# name = Entry\n",
		out);
	for (uint32_t i = 0; i < d->item_count; i++) {
		fprintf(out, "%s[item %s]\n", i ? "\n" : "", d->items[i].id);
		print_line(out, &name, d->items[i].name, false);
	}
}

static void print_secrets(FILE *out, const struct draft *d)
{
	static const struct line lines[] = {
		{ "ticket", "Whose signed tickets are good: raw Ed25519 public keys in hex, with "
			    "blanks between\n# them. The first is the public half of " ISSUER_FILE
			    "; a ticket\n# seller's is added behind it." },
		{ "hash",
			"Under which codes are hashed in rosters and logs. A secret, and the same "
			"on every box:\n# a roster has to be imported anew when it changes." },
		{ "pin", "The volunteers' PIN, hashed: `parvis event pin` makes this line." },
		{ "item", "The ticket type of staff cards, which open the volunteers' screens "
			  "together with the\n# PIN. No guest's ticket may have it." },
		{ "search",
			"Whether volunteers may search for guests by name, behind the PIN: yes, no. "
			"Every box\n# then carries its guests' names, sealed with the PIN. Whoever "
			"steals a box can try PINs\n# on it at home: four digits hold for minutes, six "
			"for a day or two, ten for years." },
	};
	fputs("\n[keys]\n", out);
	print_line(out, &lines[0], d->ticket_key, true);
	print_line(out, &lines[1], d->hash_key, true);
	fputs("\n[staff]\n", out);
	print_line(out, &lines[2], d->pin, true);
	print_line(out, &lines[3], d->staff_item, true);
	print_line(out, &lines[4], d->search, true);
}

static void print_badges(FILE *out, const struct draft *d)
{
	static const struct line walk_in = {
		"walk_in",
		"Whether guests without a ticket may write a first name and get a badge: yes, no."
	};
	fputs("\n[badges]\n", out);
	print_line(out, &walk_in, d->walk_in, true);
}

static void print_sync(FILE *out, const struct draft *d)
{
	static const struct line lines[] = {
		{ "brokers", "Where the boxes meet, with blanks between them, the best first: "
			     "mqtts://HOST[:PORT], or\n# mqtt:// without TLS. Without any, each "
			     "door is on its own." },
		{ "reach", "Who has whose rows: event, every box all of them; venue, those of its "
			   "own venue. Where\n# nothing is said it is event for at most 64 "
			   "venues." },
		{ "discovery", "Whether collectors tell Home Assistant of the venues: yes, no." },
	};
	fputs("\n[sync]\n", out);
	print_line(out, &lines[0], d->brokers, true);
	print_line(out, &lines[1], d->reach, true);
	print_line(out, &lines[2], d->discovery, true);
}

int draft_compose(const struct draft *d, char **text, size_t *len)
{
	char *made = NULL;
	size_t made_len = 0;
	FILE *out = open_memstream(&made, &made_len);
	if (!out)
		return -errno;
	print_event(out, d);
	print_venues(out, d);
	print_items(out, d);
	print_secrets(out, d);
	print_badges(out, d);
	print_sync(out, d);
	bool failed = ferror(out);
	if (fclose(out) || failed) {
		free(made);
		return -ENOMEM;
	}
	*text = made;
	*len = made_len;
	return 0;
}

int draft_write(const char *text, size_t len, const char *event_dir)
{
	AUTO_FD dir = open(event_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	return newfile_write(dir, "event.ini", text, len);
}
