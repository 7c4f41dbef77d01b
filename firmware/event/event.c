#include "event/event.h"

#include "base/text.h"
#include "base/when.h"
#include "event/event_reading.h"
#include "event/pretix_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_KEY_DOMAIN "parvis/1 ticket hash key"

static const char *const section_names[] = {
	[SECTION_EVENT] = "event",
	[SECTION_VENUE] = "venue",
	[SECTION_ITEM] = "item",
	[SECTION_KEYS] = "keys",
	[SECTION_STAFF] = "staff",
	[SECTION_BADGES] = "badges",
	[SECTION_PRIVACY] = "privacy",
	[SECTION_SYNC] = "sync",
};
static_assert(ARRAY_LEN(section_names) == SECTION_KINDS, "every section needs its name");

/* --- headings ----------------------------------------------------------------------------------
 */

static bool only(struct reading *r, const char *id, enum section_kind kind)
{
	if (*id) {
		reading_tell(
			r, r->line, true, NULL, "takes no name: write [%s]", section_names[kind]);
		return false;
	}
	if (r->once[kind].line) {
		reading_tell(r, r->line, true, NULL,
			"stands on line %u already: put the keys of both under one",
			r->once[kind].line);
		return false;
	}
	r->section = &r->once[kind];
	return true;
}

static bool add_venue(struct reading *r, const char *id)
{
	if (strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(id) || !*id ||
		strlen(id) >= ID_SIZE) {
		reading_tell(r, r->line, true, NULL,
			"a venue needs an identifier of 1 to %d of a-z, 0-9, - and _: [venue numa]",
			ID_SIZE - 1);
		return false;
	}
	int at = venues_add(r, id);
	if (at < 0)
		return false;
	r->section = &r->venues[at];
	return true;
}

static bool parse_item(const char *id, int64_t *out)
{
	size_t n = strspn(id, "0123456789");
	if (id[n] || n < 1 || id[0] == '0')
		return false;
	errno = 0;
	*out = strtoll(id, NULL, 10);
	return errno == 0;
}

static bool add_item(struct reading *r, const char *id)
{
	struct event *e = r->event;
	int64_t number;
	if (!parse_item(id, &number)) {
		reading_tell(r, r->line, true, NULL,
			"an item needs the number that tickets carry, 1 or more: [item 1]");
		return false;
	}
	for (uint32_t i = 0; i < e->item_count; i++) {
		if (e->items[i].id != number)
			continue;
		reading_tell(r, r->line, true, NULL, "stands on line %u already: keep one",
			r->items[i].line);
		return false;
	}
	if (e->item_count == EVENT_ITEMS_MAX) {
		reading_tell(r, r->line, true, NULL, "more than %d items", EVENT_ITEMS_MAX);
		return false;
	}
	r->section = &r->items[e->item_count];
	e->items[e->item_count++].id = number;
	return true;
}

static enum section_kind kind_of(struct reading *r, const char *word)
{
	for (int i = 0; i < SECTION_KINDS; i++)
		if (!strcmp(word, section_names[i]))
			return (enum section_kind)i;
	const char *meant = reading_nearest(word, section_names, SECTION_KINDS);
	if (meant)
		reading_tell(r, r->line, true, NULL, "there is no such section: did you mean %s?",
			meant);
	else
		reading_tell(r, r->line, true, NULL,
			"there is no such section: there are event, venue ID, item ID, keys, staff, "
			"badges, sync");
	return SECTION_NONE;
}

void reading_heading(struct reading *r, const char *heading)
{
	char word[sizeof(r->heading)];
	text_copy(r->heading, sizeof(r->heading), heading);
	size_t n = strcspn(heading, " \t");
	memcpy(word, heading, n);
	word[n] = '\0';
	const char *id = heading + n + strspn(heading + n, " \t");
	enum section_kind kind = kind_of(r, word);
	bool good = kind == SECTION_VENUE  ? add_venue(r, id)
		    : kind == SECTION_ITEM ? add_item(r, id)
					   : kind != SECTION_NONE && only(r, id, kind);
	if (!good)
		return;
	r->kind = kind;
	r->section->line = r->line;
}

/* --- the whole ---------------------------------------------------------------------------------
 */

/* Edit distance (Levenshtein), for words of at most 31 bytes. */
static size_t distance(const char *a, const char *b)
{
	size_t row[32], m = strlen(b);
	for (size_t j = 0; j <= m; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];
		row[0] = i + 1;
		for (size_t j = 0; j < m; j++) {
			size_t changed = diagonal + (a[i] != b[j]);
			diagonal = row[j + 1];
			size_t least = row[j] < diagonal ? row[j] + 1 : diagonal + 1;
			row[j + 1] = changed < least ? changed : least;
		}
	}
	return row[m];
}

const char *reading_nearest(const char *word, const char *const *names, size_t count)
{
	const char *best = NULL;
	size_t least = 3;
	if (strlen(word) > 31)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t d = distance(word, names[i]);
		if (d >= least || 2 * d > strlen(names[i]))
			continue;
		least = d;
		best = names[i];
	}
	return best;
}

static bool judge_moment(struct reading *r, const char *key, const char *text, int64_t *out_ms)
{
	if (!*text)
		return false; /* told already */
	if (!when_parse(text, out_ms))
		return true;
	reading_tell(r, reading_line_of(SECTION_EVENT, &r->once[SECTION_EVENT], key), true, key,
		"\"%s\" is no moment: write it as 2016-12-08T19:00:00+01:00", text);
	return false;
}

static void judge_times(struct reading *r)
{
	struct event *e = r->event;
	bool opens = judge_moment(r, "opens", r->opens, &e->opens_ms);
	bool closes = judge_moment(r, "closes", r->closes, &e->closes_ms);
	if (opens && closes && e->closes_ms <= e->opens_ms)
		reading_tell(r, reading_line_of(SECTION_EVENT, &r->once[SECTION_EVENT], "closes"),
			true, "closes",
			"%s is not after opens, %s: was the day after midnight meant?", r->closes,
			r->opens);
}

static void judge_event(struct reading *r)
{
	struct event *e = r->event;
	const struct section *s = &r->once[SECTION_EVENT];
	reading_missing(r, SECTION_EVENT, s, "event");
	judge_times(r);
	if (e->languages)
		return;
	e->languages = 1U << LANGUAGE_FR;
	e->language = LANGUAGE_FR;
	unsigned line = reading_line_of(SECTION_EVENT, s, "languages");
	if (line)
		reading_tell(r, line, false, "languages",
			"none of these is spoken by this version: fr is used");
}

static void judge_venue(struct reading *r, uint32_t i)
{
	struct event_venue *v = &r->event->venues[i];
	const struct section *s = &r->venues[i];
	unsigned lat = reading_line_of(SECTION_VENUE, s, "lat");
	unsigned lon = reading_line_of(SECTION_VENUE, s, "lon");
	if (!reading_line_of(SECTION_VENUE, s, "capacity"))
		v->capacity_seats = r->event->capacity_seats;
	if (!*v->name)
		memcpy(v->name, v->id, sizeof(v->id));
	if (!lat == !lon)
		return;
	snprintf(r->heading, sizeof(r->heading), "venue %s", v->id);
	reading_tell(r, lat ? lat : lon, true, lat ? "lat" : "lon",
		"stands alone: give both lat and lon, or neither");
}

/* A guest's ticket must never open the volunteers' screens, nor a staff card count as a guest. */
static void judge_staff(struct reading *r)
{
	const struct event *e = r->event;
	text_copy(r->heading, sizeof(r->heading), "staff");
	for (uint32_t i = 0; i < e->item_count; i++)
		if (e->staff_item && e->items[i].id == e->staff_item)
			reading_tell(r,
				reading_line_of(SECTION_STAFF, &r->once[SECTION_STAFF], "item"),
				true, "item",
				"%" PRId64 " is a guest's ticket type, [item %" PRId64
				"]: give staff cards a number of their own",
				e->staff_item, e->staff_item);
	if (e->staff_search && !*e->staff_pin)
		reading_tell(r, reading_line_of(SECTION_STAFF, &r->once[SECTION_STAFF], "search"),
			false, "search",
			"nobody can search by name without a PIN: `parvis event pin` makes one");
}

static void judge(struct reading *r)
{
	judge_event(r);
	for (uint32_t i = 0; i < r->event->venue_count; i++)
		judge_venue(r, i);
	judge_staff(r);
	if (!reading_line_of(SECTION_SYNC, &r->once[SECTION_SYNC], "reach"))
		r->event->reach_event = r->event->venue_count <= EVENT_REACH_MAX;
	r->heading[0] = '\0';
	if (r->event->venue_count == 0)
		reading_tell(r, r->line ? r->line : 1, true, NULL,
			"no venue: add a section like [venue numa]");
}

/* Where the organiser gave none: the same on every box that has the same event, and no secret. */
static void derive_hash_key(struct event *e)
{
	crypto_generichash_state state;
	const uint8_t count = (uint8_t)e->key_count;
	crypto_generichash_init(&state, NULL, 0, sizeof(e->hash_key));
	crypto_generichash_update(
		&state, (const uint8_t *)HASH_KEY_DOMAIN, sizeof(HASH_KEY_DOMAIN));
	crypto_generichash_update(&state, (const uint8_t *)e->id, sizeof(e->id));
	crypto_generichash_update(&state, &count, 1);
	crypto_generichash_update(&state, &e->keys[0][0], e->key_count * sizeof(e->keys[0]));
	crypto_generichash_final(&state, e->hash_key, sizeof(e->hash_key));
}

static struct event *new_event(void)
{
	struct event *e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->reentry = true;
	e->names_days = EVENT_NAMES_DAYS;
	e->items = calloc(EVENT_ITEMS_MAX, sizeof(*e->items));
	if (e->items)
		return e;
	event_free(e);
	return NULL;
}

/* What is no text at all is told once, not line by line. */
static bool is_text(struct reading *r, const char *text, size_t len)
{
	const char *nul = memchr(text, '\0', len);
	if (len > EVENT_FILE_MAX) {
		reading_tell(r, 1, true, NULL, "larger than %d bytes: this is no event file",
			EVENT_FILE_MAX);
		return false;
	}
	if (!nul)
		return true;
	unsigned line = 1;
	for (const char *p = text; p < nul; p++)
		line += *p == '\n';
	reading_tell(r, line, true, NULL,
		"a NUL byte: this is no text, or not in UTF-8: save the file in that encoding");
	return false;
}

int event_parse(struct event **out, const char *path, const char *text, size_t len,
	event_problem *problem, void *context)
{
	AUTO_FREE struct reading *r = calloc(1, sizeof(*r));
	if (!r || sodium_init() < 0)
		return r ? -EIO : -ENOMEM;
	r->path = path;
	r->problem = problem;
	r->context = context;
	r->kind = SECTION_NONE;
	r->event = new_event();
	if (!r->event)
		return -ENOMEM;
	if (is_text(r, text, len)) {
		reading_lines(r, text, len);
		judge(r);
	}
	int error = r->failed ? -EINVAL : venues_index(r->event);
	if (error) {
		event_free(r->event);
		return error;
	}
	if (!r->event->hash_key_given)
		derive_hash_key(r->event);
	*out = r->event;
	return 0;
}

/* Reads up to one byte more than is allowed, so that event_parse() can tell of it. */
static int read_file(const char *path, char *out, size_t *len)
{
	struct stat st;
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	while (*len <= EVENT_FILE_MAX) {
		ssize_t n = read(fd, out + *len, EVENT_FILE_MAX + 1 - *len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		*len += (size_t)n;
	}
	return 0;
}

int event_load(struct event **out, const char *dir, event_problem *problem, void *context)
{
	char path[4096];
	size_t len = 0;
	AUTO_FREE char *text = malloc(EVENT_FILE_MAX + 1);
	int n = snprintf(path, sizeof(path), "%s/event.ini", dir);
	if (!text)
		return -ENOMEM;
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	struct event *e;
	int result = read_file(path, text, &len);
	if (!result)
		result = event_parse(&e, path, text, len, problem, context);
	if (result)
		return result;
	result = pretix_keys_load(e, dir, problem, context);
	if (result)
		event_free(e);
	else
		*out = e;
	return result;
}

void event_free(struct event *e)
{
	if (!e)
		return;
	free(e->by_id);
	free(e->by_subevent);
	free(e->venues);
	free(e->items);
	free(e);
}
