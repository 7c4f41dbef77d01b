#include "cli/cli.h"
#include "cli/event_parts.h"
#include "cli/folder.h"

#include "base/flags.h"
#include "base/text.h"
#include "event/issuer.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of staff cards, where nothing else is said. */
#define USUAL_STAFF_ITEM "999"

void event_new_usage(FILE *out)
{
	fputs("usage: parvis event new DIR [OPTION...]\n"
	      "\n"
	      "Makes an event: DIR/event.ini, each key explained, and DIR/keys/issuing.key, the key\n"
	      "that signs its tickets. Nothing is ever overwritten. What is needed and not given is\n"
	      "asked for at a terminal.\n"
	      "\n"
	      "  --from FOLDER        take everything but keys and PIN from another event\n"
	      "  --id ID              identifier: a-z, 0-9, - and _\n"
	      "  --title TEXT         what guests read\n"
	      "  --opens TIME         when doors open, like 2016-12-08T19:00\n"
	      "  --closes TIME        when they close\n"
	      "  --timezone NAME      like Europe/Paris\n"
	      "  --languages LIST     like \"fr en\", the house's first (fr)\n"
	      "  --capacity N         of venues that do not say; 0 is no limit\n"
	      "  --reentry yes|no     whether guests may come in again (yes)\n"
	      "  --venue \"ID;Name;Address;capacity[;lat;lon]\"   once for each venue; parts may be\n"
	      "                       empty; numbers for signed tickets are given from 1\n"
	      "  --item \"N;Name\"      once for each ticket type; without any, every type is let in\n"
	      "  --staff-item N       the ticket type of staff cards (" USUAL_STAFF_ITEM ")\n"
	      "  --badges yes|no      whether walk-ins may have a badge with a first name (no)\n"
	      "  --pin-stdin          the volunteers' PIN is a line of standard input\n"
	      "\n"
	      "exit status: 0 made, 1 a value is wrong or something is in the way, 2 wrong use,\n"
	      "3 could not be done. After anything but 0, DIR is as it was.\n",
		out);
}

/* As it was typed. */
struct given {
	const char *values[DRAFT_KEY_COUNT];
	const char *from, *staff_item, *badges;
	const char **venues, **items;
	size_t venue_count, item_count;
};

struct making {
	const char *dir;
	struct draft *draft;
	bool pin_stdin;
	bool made_dir, made_keys;
};

/* --- flags -------------------------------------------------------------------------------------
 */

static int refuse(const char *flag)
{
	fprintf(stderr, "parvis: --%s: too long, or with characters that are not text\n", flag);
	return CLI_NO;
}

/* Copies the part up to the next ; and moves behind it. False for one that cannot be taken. */
static bool next_part(const char **p, char out[DRAFT_VALUE_SIZE])
{
	char part[DRAFT_VALUE_SIZE];
	size_t n = strcspn(*p, ";");
	if (n >= sizeof(part))
		return false;
	memcpy(part, *p, n);
	part[n] = '\0';
	*p += n + ((*p)[n] == ';');
	return draft_put(out, part);
}

static int too_many(void)
{
	fprintf(stderr, "parvis: more than %d venues: write the others into event.ini\n",
		DRAFT_VENUES_MAX);
	return CLI_NO;
}

static int add_venue(struct draft *d, const char *value)
{
	static const enum draft_venue_key parts[] = { DRAFT_VENUE_ID, DRAFT_VENUE_NAME,
		DRAFT_VENUE_ADDRESS, DRAFT_VENUE_CAPACITY, DRAFT_VENUE_LAT, DRAFT_VENUE_LON };
	if (d->venue_count == DRAFT_VENUES_MAX)
		return too_many();
	struct draft_venue *v = &d->venues[d->venue_count++];
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (!next_part(&value, v->values[parts[i]]))
			return refuse("venue");
	if (!*value)
		return CLI_OK;
	fputs("parvis: --venue: more than six parts: ID;Name;Address;capacity;lat;lon\n", stderr);
	return CLI_NO;
}

static int add_item(struct draft *d, const char *value)
{
	if (d->item_count == ARRAY_LEN(d->items))
		return CLI_OK;
	struct draft_item *item = &d->items[d->item_count++];
	return next_part(&value, item->id) && draft_put(item->name, value) ? CLI_OK
									   : refuse("item");
}

static int take_model(struct draft *d, const char *dir)
{
	struct event *model;
	int result = folder_open(&model, dir);
	if (result != CLI_OK)
		return result;
	bool taken = draft_take_model(d, model);
	event_free(model);
	return taken ? CLI_OK : too_many();
}

static const char *const key_names[] = {
	[DRAFT_ID] = "id",
	[DRAFT_TITLE] = "title",
	[DRAFT_OPENS] = "opens",
	[DRAFT_CLOSES] = "closes",
	[DRAFT_TIMEZONE] = "timezone",
	[DRAFT_LANGUAGES] = "languages",
	[DRAFT_REENTRY] = "reentry",
	[DRAFT_CAPACITY] = "capacity",
};
static_assert(ARRAY_LEN(key_names) == DRAFT_KEY_COUNT, "every key is an option");

/* -1: go on; otherwise the exit status. There are places for as many as there are arguments. */
static int read_options(int argc, char **argv, struct making *m, struct given *g)
{
	static const char command[] = "parvis event new";
	struct flag flags[] = {
		[DRAFT_KEY_COUNT] = { "from", .text = &g->from },
		{ "venue", .text = g->venues, .count = &g->venue_count, .most = (size_t)argc },
		{ "item", .text = g->items, .count = &g->item_count, .most = (size_t)argc },
		{ "staff-item", .text = &g->staff_item },
		{ "badges", .text = &g->badges },
		{ "pin-stdin", .set = &m->pin_stdin },
		{ 0 },
	};
	for (size_t k = 0; k < DRAFT_KEY_COUNT; k++)
		flags[k] = (struct flag){ key_names[k], .text = &g->values[k] };
	char **rest;
	int status = flags_read(command, flags, argc, argv, &rest);
	if (status < 0 && (!rest[0] || rest[1]))
		status = flags_wrong(command, rest[0] ? "it makes one DIR" : "DIR is missing");
	if (status < 0)
		m->dir = rest[0];
	return status;
}

static int put(char out[DRAFT_VALUE_SIZE], const char *flag, const char *value)
{
	return !value || draft_put(out, value) ? CLI_OK : refuse(flag);
}

/* The model, and what was given laid over it. */
static int fill(struct draft *d, const struct given *g)
{
	int result = g->from ? take_model(d, g->from) : CLI_OK;
	for (size_t k = 0; result == CLI_OK && k < DRAFT_KEY_COUNT; k++)
		result = put(d->values[k], key_names[k], g->values[k]);
	if (result == CLI_OK)
		result = put(d->staff_item, "staff-item", g->staff_item);
	if (result == CLI_OK)
		result = put(d->walk_in, "badges", g->badges);
	for (size_t i = 0; result == CLI_OK && i < g->venue_count; i++)
		result = add_venue(d, g->venues[i]);
	for (size_t i = 0; result == CLI_OK && i < g->item_count; i++)
		result = add_item(d, g->items[i]);
	return result;
}

/* --- making ------------------------------------------------------------------------------------
 */

static bool is_in_the_way(const char *dir, const char *name)
{
	char path[4096];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof(path) || lstat(path, &st))
		return false;
	folder_say(dir, name, "is there already and is not overwritten");
	return true;
}

static int complete(struct making *m)
{
	static const enum draft_key needed[] = { DRAFT_ID, DRAFT_TITLE, DRAFT_OPENS, DRAFT_CLOSES,
		DRAFT_TIMEZONE };
	struct draft *d = m->draft;
	bool lacks = d->venue_count == 0;
	for (size_t k = 0; k < ARRAY_LEN(needed); k++)
		lacks = lacks || !*d->values[needed[k]];
	if (!lacks)
		return CLI_OK;
	if (isatty(STDIN_FILENO))
		return event_ask(d);
	fputs("parvis: missing, and no terminal to ask at:", stderr);
	for (size_t k = 0; k < ARRAY_LEN(needed); k++)
		if (!*d->values[needed[k]])
			fprintf(stderr, " --%s", key_names[needed[k]]);
	fputs(d->venue_count ? "\n" : " --venue\n", stderr);
	return CLI_USAGE;
}

static int take_pin(struct making *m)
{
	char pin[64];
	if (!m->pin_stdin && !isatty(STDIN_FILENO)) {
		fputs("note: no PIN is set: `parvis event pin` makes the line for [staff]\n",
			stderr);
		return CLI_OK;
	}
	int result = event_read_pin("The volunteers' PIN (4 to 12 digits): ", pin, sizeof(pin));
	if (result == CLI_OK)
		result = event_hash_pin(pin, m->draft->pin);
	explicit_bzero(pin, sizeof(pin));
	return result;
}

static int make_folder(struct making *m)
{
	if (!mkdir(m->dir, 0700)) {
		m->made_dir = true;
		return CLI_OK;
	}
	if (errno == EEXIST)
		return CLI_OK;
	folder_say(m->dir, NULL, strerror(errno));
	return CLI_FAILED;
}

static int make_keys(struct making *m)
{
	char path[4096];
	uint8_t bytes[32];
	struct issuer *issuer;
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/" ISSUER_DIRECTORY, m->dir);
	m->made_keys = n > 0 && (size_t)n < sizeof(path) && lstat(path, &st) != 0;
	int result = issuer_create(&issuer, m->dir, folder_problem, NULL);
	if (result)
		return result == -EEXIST || result == -EACCES ? CLI_NO : CLI_FAILED;
	issuer_public(issuer, bytes);
	issuer_close(issuer);
	text_hex(m->draft->ticket_key, bytes, sizeof(bytes));
	randombytes_buf(bytes, sizeof(bytes));
	text_hex(m->draft->hash_key, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	return CLI_OK;
}

/* Back to how it was: the key has signed nothing yet. */
static void undo(struct making *m, bool with_key)
{
	char path[4096];
	if (with_key && snprintf(path, sizeof(path), "%s/" ISSUER_FILE, m->dir) > 0)
		unlink(path);
	if (m->made_keys && snprintf(path, sizeof(path), "%s/" ISSUER_DIRECTORY, m->dir) > 0)
		rmdir(path);
	if (m->made_dir)
		rmdir(m->dir);
}

static int write_event(struct making *m)
{
	char *text;
	size_t len;
	int error = draft_compose(m->draft, &text, &len);
	if (error) {
		folder_say(m->dir, "event.ini", strerror(-error));
		return CLI_FAILED;
	}
	error = draft_write(text, len, m->dir);
	explicit_bzero(text, len);
	free(text);
	if (!error)
		return CLI_OK;
	folder_say(m->dir, "event.ini", strerror(-error));
	return error == -EEXIST ? CLI_NO : CLI_FAILED;
}

static int make(struct making *m)
{
	int result = make_folder(m);
	if (result != CLI_OK)
		return result;
	result = make_keys(m);
	bool with_key = result == CLI_OK;
	if (result == CLI_OK)
		result = write_event(m);
	if (result != CLI_OK) {
		undo(m, with_key);
		return result;
	}
	printf("event.ini: %u venues; look it over and change what you like\n"
	       "keys/issuing.key: signs this event's tickets. Keep a copy in a safe place, give it "
	       "to nobody,\nput it on no box\n",
		m->draft->venue_count);
	return CLI_OK;
}

static int run(struct making *m, const struct given *g)
{
	int result = fill(m->draft, g);
	if (result != CLI_OK)
		return result;
	if (is_in_the_way(m->dir, "event.ini") || is_in_the_way(m->dir, ISSUER_FILE))
		return CLI_NO;
	if (!*m->draft->staff_item)
		text_copy(m->draft->staff_item, DRAFT_VALUE_SIZE, USUAL_STAFF_ITEM);
	result = complete(m);
	if (result == CLI_OK) {
		draft_number_venues(m->draft);
		result = event_judge(m->draft);
	}
	if (result == CLI_OK)
		result = take_pin(m);
	return result == CLI_OK ? make(m) : result;
}

int event_new(int argc, char **argv)
{
	size_t most = (size_t)argc + 1;
	struct making m = { .draft = draft_new() };
	struct given g = { .venues = calloc(most, sizeof(*g.venues)),
		.items = calloc(most, sizeof(*g.items)) };
	bool room = m.draft && g.venues && g.items;
	int status = room ? read_options(argc, argv, &m, &g) : CLI_FAILED;
	if (status < 0)
		status = run(&m, &g);
	else if (room)
		event_new_usage(status ? stderr : stdout);
	else
		fputs("parvis: not enough memory\n", stderr);
	free(g.venues);
	free(g.items);
	draft_free(m.draft);
	return status;
}
