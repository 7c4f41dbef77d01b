/* The parts of a bundle that are text: the event as a door needs it, and the box's settings. */
#include "event/bundle.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* --- settings ----------------------------------------------------------------------------------
 */

static const char *const doorways[] = {
	[DOOR_ENTRY] = "entry",
	[DOOR_EXIT] = "exit",
	[DOOR_BOTH] = "both",
};

static bool take_id(char out[ID_SIZE], const char *value)
{
	size_t n = strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	if (!n || value[n] || n >= ID_SIZE)
		return false;
	memcpy(out, value, n + 1);
	return true;
}

static bool take_venue(struct bundle_settings *s, const char *value)
{
	return take_id(s->venue, value);
}

static bool take_door(struct bundle_settings *s, const char *value)
{
	return take_id(s->door, value);
}

static bool take_doorway(struct bundle_settings *s, const char *value)
{
	for (size_t i = 0; i < ARRAY_LEN(doorways); i++) {
		if (strcmp(doorways[i], value))
			continue;
		s->doorway = (enum doorway)i;
		return true;
	}
	return false;
}

static bool take_registrations(struct bundle_settings *s, const char *value)
{
	size_t n = strspn(value, "0123456789");
	if (!n || value[n] || n > 18 || (n > 1 && *value == '0'))
		return false;
	s->registrations = strtoull(value, NULL, 10);
	return true;
}

/* What a URI may be made of (RFC 3986), and nothing else: it goes to libraries that read it. */
static bool take_printer(struct bundle_settings *s, const char *value)
{
	size_t n = strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				 "-._~:/?#[]@!$&'()*+,;=%");
	if (value[n] || n >= sizeof(s->printer))
		return false;
	memcpy(s->printer, value, n + 1);
	return true;
}

static const struct {
	const char *name;
	bool (*take)(struct bundle_settings *s, const char *value);
} settings_fields[] = {
	{ "venue", take_venue },
	{ "door", take_door },
	{ "doorway", take_doorway },
	{ "registrations", take_registrations },
	{ "printer", take_printer },
};

bool bundle_settings_read(struct bundle_settings *out, const char *text, size_t len)
{
	struct bundle_settings s = { 0 };
	const char *at = text, *end = text + len;
	for (size_t i = 0; i < ARRAY_LEN(settings_fields); i++) {
		char value[BUNDLE_PRINTER_MAX];
		size_t name = strlen(settings_fields[i].name);
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		if (!stop || (size_t)(stop - at) < name + 1 || at[name] != '=' ||
			memcmp(at, settings_fields[i].name, name))
			return false;
		at += name + 1;
		size_t n = (size_t)(stop - at);
		if (n >= sizeof(value) || memchr(at, 0, n))
			return false;
		memcpy(value, at, n);
		value[n] = '\0';
		if (!settings_fields[i].take(&s, value))
			return false;
		at = stop + 1;
	}
	if (at != end)
		return false;
	*out = s;
	return true;
}

size_t bundle_settings_write(const struct bundle_settings *s, char out[BUNDLE_SETTINGS_MAX])
{
	struct bundle_settings back;
	if ((size_t)s->doorway >= ARRAY_LEN(doorways))
		return 0;
	int n = snprintf(out, BUNDLE_SETTINGS_MAX,
		"venue=%s\ndoor=%s\ndoorway=%s\nregistrations=%" PRIu64 "\nprinter=%s\n", s->venue,
		s->door, doorways[s->doorway], s->registrations, s->printer);
	if (n < 0 || n >= BUNDLE_SETTINGS_MAX || !bundle_settings_read(&back, out, (size_t)n))
		return 0;
	return (size_t)n;
}

/* --- the event ---------------------------------------------------------------------------------
 */

static void say(FILE *out, const char *key, const char *value)
{
	if (*value)
		fprintf(out, "%s = %s\n", key, value);
}

static void say_degrees(FILE *out, const char *key, double degrees)
{
	/* The point is a point whatever the locale: whole and part are written as numbers. */
	double size = degrees < 0 ? -degrees : degrees;
	int64_t parts = (int64_t)(size * 1e12 + 0.5);
	fprintf(out, "%s = %s%" PRId64 ".%012" PRId64 "\n", key, degrees < 0 ? "-" : "",
		parts / 1000000000000, parts % 1000000000000);
}

static void say_number(FILE *out, const char *key, int64_t value)
{
	if (value)
		fprintf(out, "%s = %" PRId64 "\n", key, value);
}

static void say_head(FILE *out, const struct event *e)
{
	char opens[WHEN_ISO_SIZE], closes[WHEN_ISO_SIZE];
	when_iso_utc(e->opens_ms, opens);
	when_iso_utc(e->closes_ms, closes);
	fprintf(out, "[event]\n");
	say(out, "id", e->id);
	say(out, "title", e->title);
	say(out, "opens", opens);
	say(out, "closes", closes);
	say(out, "timezone", e->timezone);
	fprintf(out, "languages = %s", language_codes[e->language]);
	for (unsigned l = 0; l < LANGUAGE_COUNT; l++)
		if (l != (unsigned)e->language && e->languages & 1U << l)
			fprintf(out, " %s", language_codes[l]);
	fprintf(out, "\nreentry = %s\n", e->reentry ? "yes" : "no");
	say_number(out, "capacity", e->capacity_seats);
}

static void say_venue(FILE *out, const struct event_venue *v)
{
	fprintf(out, "[venue %s]\n", v->id);
	say(out, "name", v->name);
	say(out, "address", v->address);
	say(out, "host", v->host);
	say(out, "debate", v->debate);
	fprintf(out, "capacity = %" PRIu32 "\n", v->capacity_seats);
	say_degrees(out, "lat", v->lat);
	say_degrees(out, "lon", v->lon);
	say_number(out, "subevent", v->subevent);
	say(out, "broker", v->broker);
}

static void say_keys(FILE *out, const struct event *e)
{
	char hex[65];
	fprintf(out, "[keys]\n");
	for (uint32_t i = 0; i < e->key_count; i++) {
		text_hex(hex, e->keys[i], sizeof(e->keys[i]));
		fprintf(out, "%s%s%s", i ? " " : "ticket = ", hex,
			i + 1 < e->key_count ? "" : "\n");
	}
	if (e->hash_key_given) {
		text_hex(hex, e->hash_key, sizeof(e->hash_key));
		say(out, "hash", hex);
	}
	fprintf(out, "[staff]\n");
	say(out, "pin", e->staff_pin);
	say_number(out, "item", e->staff_item);
	if (e->staff_search)
		fprintf(out, "search = yes\n");
	if (e->walk_in_badges)
		fprintf(out, "[badges]\nwalk_in = yes\n");
	explicit_bzero(hex, sizeof(hex));
}

static void say_sync(FILE *out, const struct event *e)
{
	fprintf(out, "[sync]\n");
	for (uint32_t i = 0; i < e->broker_count; i++)
		fprintf(out, "%s%s%s", i ? " " : "brokers = ", e->brokers[i],
			i + 1 < e->broker_count ? "" : "\n");
	fprintf(out, "reach = %s\n", e->reach_event ? "event" : "venue");
	if (e->discovery)
		fprintf(out, "discovery = yes\n");
}

static void ignore_problem(void *context, bool fatal, const char *text)
{
	(void)context, (void)fatal, (void)text;
}

/* Byte for byte: a field that a later version adds and that is not written here is noticed. */
static bool same_event(const struct event *a, const struct event *b)
{
	struct event left = *a, right = *b;
	left.venues = right.venues = NULL;
	left.by_id = right.by_id = left.by_subevent = right.by_subevent = NULL;
	left.items = right.items = NULL;
	return !memcmp(&left, &right, sizeof(left)) &&
	       !memcmp(a->venues, b->venues, a->venue_count * sizeof(*a->venues)) &&
	       (!a->item_count || !memcmp(a->items, b->items, a->item_count * sizeof(*a->items)));
}

static bool reads_back(const struct event *e, const char *text, size_t len)
{
	struct event *back = NULL;
	if (len > EVENT_FILE_MAX ||
		event_parse(&back, "event.ini", text, len, ignore_problem, NULL))
		return false;
	bool same = same_event(e, back);
	event_free(back);
	return same;
}

char *bundle_event_text(const struct event *e)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	say_head(out, e);
	for (uint32_t i = 0; i < e->venue_count; i++)
		say_venue(out, &e->venues[i]);
	for (uint32_t i = 0; i < e->item_count; i++) {
		fprintf(out, "[item %" PRId64 "]\n", e->items[i].id);
		say(out, "name", e->items[i].name);
	}
	say_sync(out, e);
	say_keys(out, e);
	bool failed = ferror(out);
	if (!fclose(out) && !failed && reads_back(e, text, len))
		return text;
	free(text);
	return NULL;
}
