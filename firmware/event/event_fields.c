#include "event/event_reading.h"

#include "base/text.h"
#include "event/broker_url.h"
#include "event/pin.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_MAX 1000000

/* One key: takes the value into the reading, and tells what is wrong with it. */
struct field {
	const char *name;
	bool mandatory;
	void (*take)(struct reading *r, const char *key, const char *value);
};

static struct event_venue *venue(struct reading *r)
{
	return &r->event->venues[r->event->venue_count - 1];
}

static void wrong(struct reading *r, const char *key, const char *value, const char *right)
{
	reading_tell(r, r->line, true, key, "\"%.60s\" %s", value, right);
}

/* --- values of each kind -----------------------------------------------------------------------
 */

static void take_text(struct reading *r, const char *key, const char *value, char *out)
{
	if (strlen(value) >= EVENT_TEXT_SIZE)
		reading_tell(r, r->line, true, key, "%zu bytes are too many: %d is the most",
			strlen(value), EVENT_TEXT_SIZE - 1);
	else
		memcpy(out, value, strlen(value) + 1);
}

static bool id_is_good(const char *id)
{
	size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_-");
	return n > 0 && n < ID_SIZE && !id[n];
}

/* Decimal digits alone; false when there are none, others, or more than `max` in value. */
static bool parse_number(const char *text, int64_t max, int64_t *out)
{
	int64_t value = 0;
	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9' || __builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, *p - '0', &value))
			return false;
	}
	*out = value;
	return *text && value <= max;
}

static void take_capacity(struct reading *r, const char *key, const char *value, uint32_t *out)
{
	int64_t seats;
	if (parse_number(value, CAPACITY_MAX, &seats))
		*out = (uint32_t)seats;
	else
		wrong(r, key, value, "is no number of people: write 0 (no limit) to 1000000");
}

/* Degrees with a decimal point, whatever the locale. */
static bool parse_degrees(const char *text, double limit, double *out)
{
	const char *p = text + (*text == '-' || *text == '+');
	double value = 0, unit = 1;
	size_t whole = strspn(p, "0123456789");
	size_t part = p[whole] == '.' ? strspn(p + whole + 1, "0123456789") : 0;
	if (whole < 1 || whole > 3 || part > 12 || (p[whole] == '.' && part == 0) ||
		p[whole + (part ? part + 1 : 0)])
		return false;
	for (; *p; p++) {
		if (*p == '.')
			continue;
		value = value * 10 + (*p - '0');
	}
	for (size_t i = 0; i < part; i++)
		unit *= 10;
	value /= unit;
	*out = *text == '-' ? -value : value;
	return value <= limit;
}

static const struct word {
	const char *word;
	bool value;
} words[] = {
	{ "yes", true },
	{ "true", true },
	{ "on", true },
	{ "1", true },
	{ "no", false },
	{ "false", false },
	{ "off", false },
	{ "0", false },
};

/* The next of the words between spaces and commas, its length in *n; NULL at the end. */
static const char *next_word(const char **p, size_t *n)
{
	*p += strspn(*p, " ,\t");
	const char *word = *p;
	*n = strcspn(word, " ,\t");
	*p += *n;
	return *n ? word : NULL;
}

/* --- [event] -----------------------------------------------------------------------------------
 */

static void take_event_id(struct reading *r, const char *key, const char *value)
{
	if (id_is_good(value))
		memcpy(r->event->id, value, strlen(value) + 1);
	else
		wrong(r, key, value, "is no identifier: use 1 to 31 of a-z, 0-9, - and _");
}

static void take_title(struct reading *r, const char *key, const char *value)
{
	take_text(r, key, value, r->event->title);
}

static void take_moment(struct reading *r, const char *key, const char *value, char *out)
{
	if (!text_copy(out, WHEN_ISO_SIZE, value)) {
		wrong(r, key, value, "is no moment: write it as 2016-12-08T19:00:00+01:00");
		out[0] = '\0';
	}
}

static void take_opens(struct reading *r, const char *key, const char *value)
{
	take_moment(r, key, value, r->opens);
}

static void take_closes(struct reading *r, const char *key, const char *value)
{
	take_moment(r, key, value, r->closes);
}

static void take_timezone(struct reading *r, const char *key, const char *value)
{
	if (!text_copy(r->event->timezone, sizeof(r->event->timezone), value) ||
		value[strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789+-_/")] ||
		when_use_zone(value)) {
		r->event->timezone[0] = '\0';
		wrong(r, key, value, "is no time zone of this system: write one like Europe/Paris");
	}
}

static bool is_language_tag(const char *word, size_t n)
{
	size_t letters = 0;
	while (letters < n && word[letters] >= 'a' && word[letters] <= 'z')
		letters++;
	return (letters == 2 || letters == 3) && n < 16 &&
	       (letters == n || word[letters] == '-' || word[letters] == '_');
}

static void take_language(struct reading *r, const char *key, const char *word, size_t n)
{
	struct event *e = r->event;
	for (int i = 0; i < LANGUAGE_COUNT; i++) {
		if (strlen(language_codes[i]) != n || memcmp(word, language_codes[i], n))
			continue;
		if (!e->languages)
			e->language = (enum language)i;
		e->languages |= 1U << i;
		return;
	}
	if (is_language_tag(word, n))
		reading_tell(r, r->line, false, key,
			"\"%.*s\" is not spoken by this version and is left out", (int)n, word);
	else
		reading_tell(r, r->line, true, key,
			"\"%.*s\" is no language: write codes like fr en, the house's own first",
			n < 60 ? (int)n : 60, word);
}

static void take_languages(struct reading *r, const char *key, const char *value)
{
	const char *p = value, *word;
	size_t n;
	while ((word = next_word(&p, &n)))
		take_language(r, key, word, n);
}

static void take_word(struct reading *r, const char *key, const char *value, bool *out)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i].word, value))
			continue;
		*out = words[i].value;
		return;
	}
	wrong(r, key, value, "is neither yes nor no");
}

static void take_reentry(struct reading *r, const char *key, const char *value)
{
	take_word(r, key, value, &r->event->reentry);
}

static void take_walk_in(struct reading *r, const char *key, const char *value)
{
	take_word(r, key, value, &r->event->walk_in_badges);
}

static void take_names_days(struct reading *r, const char *key, const char *value)
{
	int64_t days;
	if (parse_number(value, EVENT_NAMES_DAYS_MAX, &days))
		r->event->names_days = (uint32_t)days;
	else
		wrong(r, key, value, "is no number of days: write 0 to 366");
}

static void take_event_capacity(struct reading *r, const char *key, const char *value)
{
	take_capacity(r, key, value, &r->event->capacity_seats);
}

/* --- [venue ID] and [item ID] ------------------------------------------------------------------
 */

static void take_venue_name(struct reading *r, const char *key, const char *value)
{
	take_text(r, key, value, venue(r)->name);
}

static void take_address(struct reading *r, const char *key, const char *value)
{
	take_text(r, key, value, venue(r)->address);
}

static void take_host(struct reading *r, const char *key, const char *value)
{
	take_text(r, key, value, venue(r)->host);
}

static void take_debate(struct reading *r, const char *key, const char *value)
{
	take_text(r, key, value, venue(r)->debate);
}

static void take_venue_capacity(struct reading *r, const char *key, const char *value)
{
	take_capacity(r, key, value, &venue(r)->capacity_seats);
}

static void take_lat(struct reading *r, const char *key, const char *value)
{
	if (!parse_degrees(value, 90, &venue(r)->lat))
		wrong(r, key, value, "is no latitude: write degrees from -90 to 90, like 48.8683");
}

static void take_lon(struct reading *r, const char *key, const char *value)
{
	if (!parse_degrees(value, 180, &venue(r)->lon))
		wrong(r, key, value,
			"is no longitude: write degrees from -180 to 180, like 2.3479");
}

static void take_subevent(struct reading *r, const char *key, const char *value)
{
	int64_t number;
	if (!parse_number(value, INT64_MAX, &number) || number < 1) {
		wrong(r, key, value, "is no subevent: write its number, 1 or more");
		return;
	}
	const struct event_venue *other = event_venue_of_subevent(r->event, number);
	if (other)
		reading_tell(r, r->line, true, key,
			"%" PRId64 " is [venue %s]'s already: each venue needs its own", number,
			other->id);
	else
		venue(r)->subevent = number;
}

static void take_item_name(struct reading *r, const char *key, const char *value)
{
	take_text(r, key, value, r->event->items[r->event->item_count - 1].name);
}

/* --- [keys] and [staff] ------------------------------------------------------------------------
 */

static void take_key(struct reading *r, const char *key, const char *word, size_t n)
{
	struct event *e = r->event;
	uint8_t bytes[32];
	if (!text_unhex(bytes, sizeof(bytes), word, n)) {
		reading_tell(r, r->line, true, key,
			"\"%.*s\" is no key: write the 64 hex digits of the raw Ed25519 key",
			n < 72 ? (int)n : 72, word);
		return;
	}
	if (!crypto_core_ed25519_is_valid_point(bytes)) {
		reading_tell(r, r->line, true, key,
			"%.64s is no Ed25519 public key: was a digit mistyped?", word);
		return;
	}
	for (uint32_t i = 0; i < e->key_count; i++) {
		if (memcmp(e->keys[i], bytes, sizeof(bytes)))
			continue;
		reading_tell(r, r->line, false, key, "%.64s is given twice", word);
		return;
	}
	if (e->key_count == EVENT_KEYS_MAX) {
		reading_tell(r, r->line, true, key, "more than %d keys", EVENT_KEYS_MAX);
		return;
	}
	memcpy(e->keys[e->key_count++], bytes, sizeof(bytes));
}

static void take_ticket_keys(struct reading *r, const char *key, const char *value)
{
	const char *p = value, *word;
	size_t n;
	while ((word = next_word(&p, &n)))
		take_key(r, key, word, n);
}

/* Secrets are not repeated in problems. */
static void take_hash_key(struct reading *r, const char *key, const char *value)
{
	struct event *e = r->event;
	e->hash_key_given = text_unhex(e->hash_key, sizeof(e->hash_key), value, strlen(value));
	if (!e->hash_key_given)
		reading_tell(r, r->line, true, key,
			"not 64 hex digits: `openssl rand -hex 32` makes them");
}

static void take_pin(struct reading *r, const char *key, const char *value)
{
	if (pin_is_hash(value))
		memcpy(r->event->staff_pin, value, strlen(value) + 1);
	else
		reading_tell(r, r->line, true, key,
			"no Argon2id string that this version can check: `parvis event pin` makes one");
}

static void take_staff_item(struct reading *r, const char *key, const char *value)
{
	int64_t number;
	if (parse_number(value, INT64_MAX, &number) && number >= 1)
		r->event->staff_item = number;
	else
		wrong(r, key, value,
			"is no ticket type: write the number of staff cards, 1 or more");
}

static void take_search(struct reading *r, const char *key, const char *value)
{
	take_word(r, key, value, &r->event->staff_search);
}

/* --- [sync], and a venue's broker --------------------------------------------------------------
 */

static bool is_broker(struct reading *r, const char *key, const char *word, size_t n)
{
	enum broker_url_wrong bad = broker_url_check(word, n);
	if (bad == BROKER_URL_PASSWORD)
		reading_tell(r, r->line, true, key, "%s", broker_url_wrong_texts[bad]);
	else if (bad)
		reading_tell(r, r->line, true, key, "\"%.*s\" %s", n < 80 ? (int)n : 80, word,
			broker_url_wrong_texts[bad]);
	return !bad;
}

static void take_venue_broker(struct reading *r, const char *key, const char *value)
{
	if (is_broker(r, key, value, strlen(value)))
		memcpy(venue(r)->broker, value, strlen(value) + 1);
}

static void take_brokers(struct reading *r, const char *key, const char *value)
{
	struct event *e = r->event;
	const char *p = value, *word;
	size_t n;
	while ((word = next_word(&p, &n))) {
		if (!is_broker(r, key, word, n))
			return;
		if (e->broker_count == EVENT_BROKERS_MAX) {
			reading_tell(
				r, r->line, true, key, "more than %d brokers", EVENT_BROKERS_MAX);
			return;
		}
		memcpy(e->brokers[e->broker_count++], word, n);
	}
}

static void take_reach(struct reading *r, const char *key, const char *value)
{
	r->event->reach_event = !strcmp(value, "event");
	if (!r->event->reach_event && strcmp(value, "venue"))
		wrong(r, key, value, "is neither event nor venue");
}

static void take_discovery(struct reading *r, const char *key, const char *value)
{
	take_word(r, key, value, &r->event->discovery);
}

/* --- the tables --------------------------------------------------------------------------------
 */

static const struct field event_keys[] = {
	{ "id", true, take_event_id },
	{ "title", true, take_title },
	{ "opens", true, take_opens },
	{ "closes", true, take_closes },
	{ "timezone", true, take_timezone },
	{ "languages", false, take_languages },
	{ "reentry", false, take_reentry },
	{ "capacity", false, take_event_capacity },
};
static const struct field venue_keys[] = {
	{ "name", false, take_venue_name },
	{ "address", false, take_address },
	{ "host", false, take_host },
	{ "debate", false, take_debate },
	{ "capacity", false, take_venue_capacity },
	{ "lat", false, take_lat },
	{ "lon", false, take_lon },
	{ "subevent", false, take_subevent },
	{ "broker", false, take_venue_broker },
};
static const struct field item_keys[] = { { "name", false, take_item_name } };
static const struct field keys_keys[] = {
	{ "ticket", false, take_ticket_keys },
	{ "hash", false, take_hash_key },
};
static const struct field staff_keys[] = {
	{ "pin", false, take_pin },
	{ "item", false, take_staff_item },
	{ "search", false, take_search },
};

static const struct field badges_keys[] = { { "walk_in", false, take_walk_in } };

static const struct field privacy_keys[] = { { "names_days", false, take_names_days } };

static const struct field sync_keys[] = {
	{ "brokers", false, take_brokers },
	{ "reach", false, take_reach },
	{ "discovery", false, take_discovery },
};

static const struct table {
	const struct field *fields;
	size_t count;
} tables[] = {
	[SECTION_EVENT] = { event_keys, ARRAY_LEN(event_keys) },
	[SECTION_VENUE] = { venue_keys, ARRAY_LEN(venue_keys) },
	[SECTION_ITEM] = { item_keys, ARRAY_LEN(item_keys) },
	[SECTION_KEYS] = { keys_keys, ARRAY_LEN(keys_keys) },
	[SECTION_STAFF] = { staff_keys, ARRAY_LEN(staff_keys) },
	[SECTION_BADGES] = { badges_keys, ARRAY_LEN(badges_keys) },
	[SECTION_PRIVACY] = { privacy_keys, ARRAY_LEN(privacy_keys) },
	[SECTION_SYNC] = { sync_keys, ARRAY_LEN(sync_keys) },
};
static_assert(ARRAY_LEN(tables) == SECTION_KINDS, "every section needs its keys");
static_assert(ARRAY_LEN(event_keys) <= EVENT_FIELDS_MAX, "room for every key's line");
static_assert(ARRAY_LEN(venue_keys) <= EVENT_FIELDS_MAX, "room for every key's line");

/* The place of a key in its section's table; the table's length where it has none. */
static size_t find(const struct table *t, const char *key)
{
	size_t i = 0;
	while (i < t->count && strcmp(t->fields[i].name, key))
		i++;
	return i;
}

unsigned reading_line_of(enum section_kind kind, const struct section *s, const char *key)
{
	size_t i = find(&tables[kind], key);
	CHECK(i < tables[kind].count);
	return s->field_lines[i];
}

void reading_missing(
	struct reading *r, enum section_kind kind, const struct section *s, const char *heading)
{
	const struct table *t = &tables[kind];
	text_copy(r->heading, sizeof(r->heading), heading);
	for (size_t i = 0; i < t->count; i++)
		if (t->fields[i].mandatory && !s->field_lines[i])
			reading_tell(r, s->line ? s->line : 1, true, t->fields[i].name,
				"missing: add a line `%s = …`", t->fields[i].name);
}

static void tell_unknown(struct reading *r, const struct table *t, const char *key)
{
	const char *names[EVENT_FIELDS_MAX];
	char list[160] = "";
	for (size_t i = 0; i < t->count; i++) {
		names[i] = t->fields[i].name;
		size_t used = strlen(list);
		snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "", names[i]);
	}
	const char *meant = reading_nearest(key, names, t->count);
	if (meant)
		reading_tell(
			r, r->line, true, key, "there is no such key: did you mean %s?", meant);
	else
		reading_tell(r, r->line, true, key, "there is no such key: there are %s", list);
}

/* Whether a value is text that can be shown. */
static bool is_clean(struct reading *r, const char *key, const char *value)
{
	size_t len = strlen(value);
	uint32_t c;
	for (size_t i = 0, n; i < len; i += n) {
		n = text_decode_utf8(value + i, len - i, &c);
		if (!n) {
			reading_tell(r, r->line, true, key,
				"the value is not UTF-8: save the file in that encoding");
			return false;
		}
		if (text_is_hazard(c)) {
			reading_tell(r, r->line, true, key,
				"the invisible or control character U+%04X is in the value: remove it",
				(unsigned)c);
			return false;
		}
	}
	return true;
}

void reading_value(struct reading *r, const char *key, const char *value)
{
	if (r->kind == SECTION_NONE) {
		if (!r->met_heading)
			reading_tell(r, r->line, true, key,
				"stands under no heading: put [event] above");
		return;
	}
	const struct table *t = &tables[r->kind];
	size_t i = find(t, key);
	if (i == t->count) {
		tell_unknown(r, t, key);
		return;
	}
	unsigned *line = &r->section->field_lines[i];
	if (*line) {
		reading_tell(r, r->line, true, key, "given on line %u already: keep one", *line);
		return;
	}
	*line = r->line;
	if (!is_clean(r, key, value))
		return;
	if (!*value && t->fields[i].mandatory)
		reading_tell(r, r->line, true, key, "is empty: write a value or remove the line");
	else if (*value)
		t->fields[i].take(r, key, value);
}
