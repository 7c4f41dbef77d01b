#include "event/event.h"

#include "base/when.h"
#include "event/broker_url.h"
#include "event/pin.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Lines 1 to 6, 7 and 8: what every good file needs. */
#define EVENT                                                                                      \
	"[event]\nid = e\ntitle = E\nopens = 2016-12-08T19:00:00+01:00\n"                          \
	"closes = 2016-12-08T23:30:00+01:00\ntimezone = Europe/Paris\n"
#define VENUE    "[venue numa]\nname = Numa\n"
#define DEMO_KEY "fc4240477c307df6df42fb03cbf46f7f208943c8ce8887412bf816ead28f72ff"

struct told {
	size_t fatal, notes;
	char text[65536]; /* all problems, a line each */
	size_t used;
};

static void note_problem(void *context, bool fatal, const char *text)
{
	struct told *t = context;
	*(fatal ? &t->fatal : &t->notes) += 1;
	if (t->used + strlen(text) + 2 > sizeof(t->text))
		return;
	t->used += (size_t)snprintf(t->text + t->used, sizeof(t->text) - t->used, "%s\n", text);
}

static struct told told;

static struct event *parse(const char *text, size_t len, int expected)
{
	struct event *e = NULL;
	char *copy = malloc(len ? len : 1); /* exact, for the sanitizer */
	assert_non_null(copy);
	memcpy(copy, text, len);
	memset(&told, 0, sizeof(told));
	int result = event_parse(&e, "e.ini", copy, len, note_problem, &told);
	free(copy);
	if (result != expected)
		print_message("%s", told.text);
	assert_int_equal(result, expected);
	assert_int_equal(e == NULL, expected != 0);
	assert_int_equal(told.fatal > 0, expected != 0);
	return e;
}

static struct event *good(const char *text)
{
	return parse(text, strlen(text), 0);
}

static void assert_told(const char *what)
{
	if (!strstr(told.text, what))
		fail_msg("not told: %s\ntold:\n%s", what, told.text);
}

static void a_small_file_gets_the_defaults(void **state)
{
	(void)state;
	struct event *e = good(EVENT VENUE);
	assert_string_equal(e->id, "e");
	assert_string_equal(e->title, "E");
	assert_string_equal(e->timezone, "Europe/Paris");
	assert_int_equal(e->opens_ms, 1481220000000);
	assert_int_equal(e->closes_ms, 1481236200000);
	assert_int_equal(e->languages, 1U << LANGUAGE_FR);
	assert_int_equal(e->language, LANGUAGE_FR);
	assert_true(e->reentry);
	assert_int_equal(e->key_count, 0);
	assert_int_equal(e->item_count, 0);
	assert_false(e->hash_key_given);
	assert_string_equal(e->staff_pin, "");
	assert_int_equal(e->venue_count, 1);
	assert_int_equal(e->venues[0].capacity_seats, 0);
	assert_int_equal(e->venues[0].subevent, 0);
	assert_int_equal(told.notes, 0);
	event_free(e);
}

static void every_key_is_read(void **state)
{
	(void)state;
	struct event *e =
		good("\xef\xbb\xbf# a comment\r\n; another\r\n" EVENT
		     "languages = en, fr\nreentry = no\ncapacity = 70\r\n"
		     "[venue a-1_b]\nname = Café ; \"A\" # 1\naddress=1 rue X: bis\nhost = H\n"
		     "debate = Pourquoi = ?\ncapacity = 1000000\nlat = -48.8683\n"
		     "lon = +2.5\nsubevent = 9223372036854775807\n"
		     "[venue b]\n[venue c]\ncapacity = 0\n"
		     "[item 5]\nname = Gratuit\n[item 9223372036854775807]\n"
		     "[keys]\nticket = " DEMO_KEY "\nhash = "
		     "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F\n"
		     "[staff]\npin = $argon2id$v=19$m=32768,t=2,p=1$SJebiFKFechhMce86FHWMA$"
		     "OrFPVR8FZ3MYZ4Iu/Zz3JRS8RJrEV7dUijkoh9+8+Sg\nitem = 999\n");
	assert_int_equal(e->language, LANGUAGE_EN);
	assert_int_equal(e->languages, 1U << LANGUAGE_EN | 1U << LANGUAGE_FR);
	assert_false(e->reentry);
	const struct event_venue *v = event_venue(e, "a-1_b");
	assert_non_null(v);
	assert_string_equal(v->name, "Café ; \"A\" # 1");
	assert_string_equal(v->address, "1 rue X: bis");
	assert_string_equal(v->host, "H");
	assert_string_equal(v->debate, "Pourquoi = ?");
	assert_int_equal(v->capacity_seats, 1000000);
	assert_true(v->lat == -48.8683);
	assert_true(v->lon == 2.5);
	assert_ptr_equal(event_venue_of_subevent(e, INT64_MAX), v);
	assert_int_equal(event_venue(e, "b")->capacity_seats, 70);
	assert_string_equal(event_venue(e, "b")->name, "b");
	assert_int_equal(event_venue(e, "c")->capacity_seats, 0);
	assert_int_equal(e->capacity_seats, 70);
	assert_int_equal(e->staff_item, 999);
	assert_int_equal(e->item_count, 2);
	assert_int_equal(e->items[0].id, 5);
	assert_string_equal(e->items[0].name, "Gratuit");
	assert_int_equal(e->items[1].id, INT64_MAX);
	assert_int_equal(e->key_count, 1);
	assert_int_equal(e->keys[0][0], 0xfc);
	assert_true(e->hash_key_given);
	assert_int_equal(e->hash_key[31], 0x1f);
	assert_true(pin_matches(e->staff_pin, "2016"));
	assert_int_equal(told.notes, 0);
	event_free(e);
}

/* Each after EVENT and VENUE, so that its first line is 9. */
static const struct {
	const char *text, *told;
} wrong[] = {
	{ "[evnt]", "e.ini:9: [evnt]: there is no such section: did you mean event?" },
	{ "[zzzzzzzzz]", "e.ini:9: [zzzzzzzzz]: there is no such section: there are event, " },
	{ "[]", "e.ini:9: there is no such section" },
	{ "[event]", "e.ini:9: [event]: stands on line 1 already" },
	{ "[event x]", "e.ini:9: [event x]: takes no name: write [event]" },
	{ "[keys]\n[keys]", "e.ini:10: [keys]: stands on line 9 already" },
	{ "[venue numa]", "e.ini:9: [venue numa]: stands on line 7 already" },
	{ "[venue]", "e.ini:9: [venue]: a venue needs an identifier" },
	{ "[venue Numa]", "e.ini:9: [venue Numa]: a venue needs an identifier" },
	{ "[venue a b]", "e.ini:9: [venue a b]: a venue needs an identifier" },
	{ "[venue é]", "e.ini:9: [venue é]: a venue needs an identifier" },
	{ "[venue aaaaaaaaaabbbbbbbbbbccccccccccdd]", ": a venue needs an identifier of 1 to 31" },
	{ "[venue a", "e.ini:9: a heading that is not closed: end it with ]" },
	{ "[venue a] # x", "e.ini:9: there is text after the heading's ]" },
	{ "[item]", "e.ini:9: [item]: an item needs the number" },
	{ "[item 0]", "e.ini:9: [item 0]: an item needs the number" },
	{ "[item -1]", "e.ini:9: [item -1]: an item needs the number" },
	{ "[item 1x]", "e.ini:9: [item 1x]: an item needs the number" },
	{ "[item 9223372036854775808]", "]: an item needs the number" },
	{ "[item 1]\n[item 1]", "e.ini:10: [item 1]: stands on line 9 already" },
	{ "nonsense", "e.ini:9: [venue numa]: neither a [heading] nor `key = value`" },
	{ "capcity = 3",
		"e.ini:9: [venue numa] capcity: there is no such key: did you mean capacity?" },
	{ "zzzzzzzzz = 3",
		"zzzzzzzzz: there is no such key: there are name, address, host, debate, " },
	{ "= 3", "e.ini:9: [venue numa] : there is no such key" },
	{ "name = again", "e.ini:9: [venue numa] name: given on line 8 already: keep one" },
	{ "capacity = many", "e.ini:9: [venue numa] capacity: \"many\" is no number of people" },
	{ "capacity = -1",
		"capacity: \"-1\" is no number of people: write 0 (no limit) to 1000000" },
	{ "capacity = 1000001", "capacity: \"1000001\" is no number" },
	{ "capacity = 99999999999999999999999", "is no number of people" },
	{ "capacity = 1e3", "is no number of people" },
	{ "capacity = 0x10", "is no number of people" },
	{ "lat = 48,8\nlon = 2", "e.ini:9: [venue numa] lat: \"48,8\" is no latitude" },
	{ "lat = 90.1\nlon = 2", "lat: \"90.1\" is no latitude: write degrees from -90 to 90" },
	{ "lat = nan\nlon = 2", "lat: \"nan\" is no latitude" },
	{ "lat = inf\nlon = 2", "lat: \"inf\" is no latitude" },
	{ "lat = 1.\nlon = 2", "is no latitude" },
	{ "lat = .5\nlon = 2", "is no latitude" },
	{ "lat = --5\nlon = 2", "is no latitude" },
	{ "lat = 5 N\nlon = 2", "is no latitude" },
	{ "lat = 1\nlon = 180.5", "e.ini:10: [venue numa] lon: \"180.5\" is no longitude" },
	{ "lat = 1", "e.ini:9: [venue numa] lat: stands alone: give both" },
	{ "lon = 1", "e.ini:9: [venue numa] lon: stands alone: give both" },
	{ "subevent = 0", "subevent: \"0\" is no subevent: write its number, 1 or more" },
	{ "subevent = -3", "subevent: \"-3\" is no subevent" },
	{ "subevent = 9223372036854775808", "is no subevent" },
	{ "subevent = 5\n[venue b]\nsubevent = 5",
		"e.ini:11: [venue b] subevent: 5 is [venue numa]'s already" },
	{ "[keys]\nticket = abc",
		"e.ini:10: [keys] ticket: \"abc\" is no key: write the 64 hex digits" },
	{ "[keys]\nticket = " DEMO_KEY "0", "is no key: write the 64 hex digits" },
	{ "[keys]\nticket = " DEMO_KEY " xyz", "\"xyz\" is no key" },
	{ "[keys]\nticket = 0000000000000000000000000000000000000000000000000000000000000000",
		"is no Ed25519 public key: was a digit mistyped?" },
	/* y = 1, the identity: with it as a key anyone could sign. */
	{ "[keys]\nticket = 0100000000000000000000000000000000000000000000000000000000000000",
		"is no Ed25519 public key" },
	{ "[keys]\nticket = fc4240477c307df6df42fb03cbf46f7f208943c8ce8887412bf816ead28f72fe",
		"is no Ed25519 public key" },
	{ "[keys]\nhash = 00", "e.ini:10: [keys] hash: not 64 hex digits" },
	{ "[staff]\npin = 2016", "e.ini:10: [staff] pin: no Argon2id string" },
	{ "[staff]\nsearch = 2016", "e.ini:10: [staff] search: \"2016\" is neither yes nor no" },
	{ "[staff]\nitem = 0", "e.ini:10: [staff] item: \"0\" is no ticket type" },
	{ "[staff]\nitem = -9", "\"-9\" is no ticket type: write the number of staff cards" },
	{ "[staff]\nitem = 9223372036854775808", "is no ticket type" },
	{ "[staff]\nitem = staff", "\"staff\" is no ticket type" },
	{ "[item 9]\n[staff]\nitem = 9",
		"e.ini:11: [staff] item: 9 is a guest's ticket type, [item 9]: give staff cards" },
	{ "[staff]\nitem = 9\n[item 8]\n[item 9]",
		"e.ini:10: [staff] item: 9 is a guest's ticket type, [item 9]: give" },
	{ "host = caf\xe9", "e.ini:9: [venue numa] host: the value is not UTF-8" },
	{ "host = \xc0\xaf", "host: the value is not UTF-8" },
	{ "host = a\xe2\x80\xae"
	  "b",
		"host: the invisible or control character U+202E" },
	{ "host = a\x1b[31m", "host: the invisible or control character U+001B" },
	{ "host = a\xe2\x80\x8b", "host: the invisible or control character U+200B" },
};

static void what_is_wrong_is_told_with_its_line(void **state)
{
	char text[1024];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		int n = snprintf(text, sizeof(text), "%s%s%s\n", EVENT, VENUE, wrong[i].text);
		assert_null(parse(text, (size_t)n, -EINVAL));
		assert_told(wrong[i].told);
	}
}

/* [event]'s own keys: each in place of the good one on the same line. */
static const struct {
	unsigned line;
	const char *text, *told;
} wrong_event[] = {
	{ 2, "", "e.ini:1: [event] id: missing: add a line `id = " },
	{ 2, "id =", "e.ini:2: [event] id: is empty" },
	{ 2, "id = A", "e.ini:2: [event] id: \"A\" is no identifier: use 1 to 31 of a-z" },
	{ 2, "id = a/../b", "is no identifier" },
	{ 2, "id = aaaaaaaaaabbbbbbbbbbccccccccccdd", "is no identifier" },
	{ 3, "", "e.ini:1: [event] title: missing" },
	{ 4, "", "e.ini:1: [event] opens: missing" },
	{ 4, "opens = tomorrow",
		"e.ini:4: [event] opens: \"tomorrow\" is no moment: write it as 20" },
	{ 4, "opens = 2016-02-30", "\"2016-02-30\" is no moment" },
	{ 4, "opens = 2016-12-08T19:00:00+01:00 or so, as far as is known",
		"e.ini:4: [event] opens: \"2016-12-08T19:00:00+01:00 or so" },
	{ 5, "", "e.ini:1: [event] closes: missing" },
	{ 5, "closes = 2016-12-08T18:00:00+01:00",
		"e.ini:5: [event] closes: 2016-12-08T18:00:00+01:00 is not after opens" },
	{ 5, "closes = 2016-12-08T19:00:00+01:00", "is not after opens" },
	{ 6, "", "e.ini:1: [event] timezone: missing" },
	{ 6, "timezone = Paris", "e.ini:6: [event] timezone: \"Paris\" is no time zone" },
	{ 6, "timezone = ../../etc/passwd", "is no time zone" },
	{ 6, "timezone = /etc/localtime", "is no time zone" },
};

static void each_mandatory_key_is_looked_at(void **state)
{
	static const char *const lines[] = { "[event]", "id = e", "title = E",
		"opens = 2016-12-08T19:00:00+01:00", "closes = 2016-12-08T23:30:00+01:00",
		"timezone = Europe/Paris", "[venue numa]" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(wrong_event); i++) {
		char text[1024] = "";
		for (unsigned n = 1; n <= ARRAY_LEN(lines); n++) {
			const char *line =
				n == wrong_event[i].line ? wrong_event[i].text : lines[n - 1];
			strcat(strcat(text, line), "\n");
		}
		assert_null(parse(text, strlen(text), -EINVAL));
		assert_told(wrong_event[i].told);
		assert_int_equal(told.fatal, 1);
	}
}

static void more_of_event_s_keys_are_looked_at(void **state)
{
	static const struct {
		const char *line, *told;
	} cases[] = {
		{ "reentry = maybe", "e.ini:7: [event] reentry: \"maybe\" is neither yes nor no" },
		{ "languages = fr x!", "e.ini:7: [event] languages: \"x!\" is no language" },
		{ "capacity = lots", "e.ini:7: [event] capacity: \"lots\" is no number" },
		{ "lagnuages = fr", "did you mean languages?" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[1024];
		int n = snprintf(text, sizeof(text), "%s%s\n%s", EVENT, cases[i].line, VENUE);
		assert_null(parse(text, (size_t)n, -EINVAL));
		assert_told(cases[i].told);
	}
}

static void every_problem_is_told_not_only_the_first(void **state)
{
	static const char text[] = "x = 1\n[evnt]\ny = 1\n[event]\nid = E\nreentry = ?\n"
				   "[venue A]\nname = z\n[keys]\nhash = 1\nticket = 2\n";
	(void)state;
	assert_null(parse(text, strlen(text), -EINVAL));
	static const char *const all[] = { "e.ini:1: x: stands under no heading", "e.ini:2: [evnt]",
		"e.ini:5: [event] id", "e.ini:6: [event] reentry", "e.ini:7: [venue A]",
		"e.ini:10: [keys] hash", "e.ini:11: [keys] ticket", "[event] title: missing",
		"[event] opens: missing", "[event] closes: missing", "[event] timezone: missing",
		"no venue: add a section like [venue numa]" };
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		assert_told(all[i]);
	assert_int_equal(told.fatal, ARRAY_LEN(all));
}

static void words_for_yes_and_no(void **state)
{
	static const struct {
		const char *word;
		bool value;
	} cases[] = { { "yes", true }, { "true", true }, { "on", true }, { "1", true },
		{ "no", false }, { "false", false }, { "off", false }, { "0", false },
		{ "", true } };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[512];
		snprintf(text, sizeof(text), "%sreentry = %s\n%s", EVENT, cases[i].word, VENUE);
		struct event *e = good(text);
		assert_int_equal(e->reentry, cases[i].value);
		event_free(e);
	}
}

static void languages_to_come_are_noted_and_left_out(void **state)
{
	(void)state;
	struct event *e = good(EVENT "languages = ar en pt-BR\n" VENUE);
	assert_int_equal(e->languages, 1U << LANGUAGE_EN);
	assert_int_equal(e->language, LANGUAGE_EN);
	assert_int_equal(told.notes, 2);
	assert_told("e.ini:7: [event] languages: \"ar\" is not spoken by this version");
	event_free(e);
	e = good(EVENT "languages = es\n" VENUE);
	assert_int_equal(e->languages, 1U << LANGUAGE_FR);
	assert_told("none of these is spoken by this version: fr is used");
	event_free(e);
}

static void searching_by_name_is_chosen_and_needs_a_pin(void **state)
{
	static const char on[] = EVENT VENUE "[staff]\nsearch = yes";
	static const char off[] = EVENT VENUE "[staff]\nsearch = no";
	(void)state;
	struct event *e = parse(on, strlen(on), 0);
	assert_true(e->staff_search);
	assert_int_equal(told.notes, 1);
	assert_told("e.ini:10: [staff] search: nobody can search by name without a PIN");
	event_free(e);
	e = parse(off, strlen(off), 0);
	assert_false(e->staff_search);
	assert_int_equal(told.notes, 0);
	event_free(e);
}

static void times_without_an_offset_are_the_zone_s(void **state)
{
	static const char text[] = "[event]\nid=e\ntitle=E\nopens=2016-07-01T19:00\n"
				   "closes=2016-12-01T19:00\ntimezone=Europe/Paris\n" VENUE;
	(void)state;
	struct event *e = good(text);
	assert_int_equal(e->opens_ms, 1467392400000);  /* summer: 17:00 UTC */
	assert_int_equal(e->closes_ms, 1480615200000); /* winter: 18:00 UTC */
	event_free(e);
}

static void a_key_given_twice_is_noted(void **state)
{
	(void)state;
	struct event *e = good(EVENT VENUE "[keys]\nticket = " DEMO_KEY " " DEMO_KEY "\n");
	assert_int_equal(e->key_count, 1);
	assert_int_equal(told.notes, 1);
	event_free(e);
}

static void the_derived_hash_key_depends_on_event_and_keys(void **state)
{
	(void)state;
	struct event *a = good(EVENT VENUE), *b = good(EVENT VENUE "[venue x]\n");
	struct event *c = good(EVENT VENUE "[keys]\nticket = " DEMO_KEY "\n");
	static const uint8_t zero[32];
	assert_memory_equal(a->hash_key, b->hash_key, 32);
	assert_memory_not_equal(a->hash_key, c->hash_key, 32);
	assert_memory_not_equal(a->hash_key, zero, 32);
	event_free(a);
	event_free(b);
	event_free(c);
}

static void brokers_are_read_in_their_order(void **state)
{
	(void)state;
	struct event *e =
		good(EVENT VENUE "[sync]\nbrokers = mqtts://a.example:8884  mqtt://[::1]\n"
				 "discovery = yes\n[venue b]\nbroker = mqtt://10.0.0.1\n");
	assert_int_equal(e->broker_count, 2);
	assert_string_equal(e->brokers[0], "mqtts://a.example:8884");
	assert_string_equal(e->brokers[1], "mqtt://[::1]");
	assert_string_equal(event_venue(e, "b")->broker, "mqtt://10.0.0.1");
	assert_string_equal(event_venue(e, "numa")->broker, "");
	assert_true(e->discovery);
	assert_true(e->reach_event);
	event_free(e);
	e = good(EVENT VENUE "[sync]\nreach = venue\n");
	assert_false(e->reach_event);
	assert_false(e->discovery);
	assert_int_equal(e->broker_count, 0);
	event_free(e);
	static const char far[] = EVENT VENUE "[sync]\nreach = far\n";
	assert_null(parse(far, strlen(far), -EINVAL));
	assert_told("[sync] reach: \"far\" is neither event nor venue");
}

/* A password that was typed where none belongs is not told to anybody. */
static void a_broker_s_password_is_not_repeated(void **state)
{
	static const char text[] = EVENT VENUE "[sync]\nbrokers = mqtts://me:hunter2@b.example\n";
	(void)state;
	assert_null(parse(text, strlen(text), -EINVAL));
	assert_told("[sync] brokers: no name and no password belong there");
	assert_null(strstr(told.text, "hunter2"));
}

static void by_default_large_events_share_within_a_venue(void **state)
{
	char text[4096];
	(void)state;
	size_t n = (size_t)sprintf(text, "%s", EVENT);
	for (int i = 0; i < EVENT_REACH_MAX; i++)
		n += (size_t)sprintf(text + n, "[venue v%d]\n", i);
	struct event *e = good(text);
	assert_true(e->reach_event);
	event_free(e);
	size_t more = n + (size_t)sprintf(text + n, "[venue w]\n");
	e = good(text);
	assert_false(e->reach_event);
	event_free(e);
	sprintf(text + more, "[sync]\nreach = event\n");
	e = good(text);
	assert_true(e->reach_event);
	event_free(e);
}

static void a_broker_s_address_has_one_form(void **state)
{
	static const struct {
		const char *url;
		enum broker_url_wrong wrong;
	} cases[] = {
		{ "mqtt://a", BROKER_URL_GOOD },
		{ "mqtts://A-b_c.example:65535", BROKER_URL_GOOD },
		{ "mqtts://192.0.2.1:1", BROKER_URL_GOOD },
		{ "mqtt://[fe80::1]:1883", BROKER_URL_GOOD },
		{ "", BROKER_URL_SCHEME },
		{ "a.example", BROKER_URL_SCHEME },
		{ "tcp://a", BROKER_URL_SCHEME },
		{ "MQTT://a", BROKER_URL_SCHEME },
		{ "mqtt://", BROKER_URL_HOST },
		{ "mqtt://:1883", BROKER_URL_HOST },
		{ "mqtt://-a", BROKER_URL_HOST },
		{ "mqtt://a/", BROKER_URL_HOST },
		{ "mqtt://a b", BROKER_URL_HOST },
		{ "mqtt://[]", BROKER_URL_HOST },
		{ "mqtt://[::1", BROKER_URL_HOST },
		{ "mqtt://[::1]x", BROKER_URL_HOST },
		{ "mqtt://a:", BROKER_URL_PORT },
		{ "mqtt://a:0", BROKER_URL_PORT },
		{ "mqtt://a:65536", BROKER_URL_PORT },
		{ "mqtt://a:18830000", BROKER_URL_PORT },
		{ "mqtt://a:1883/x", BROKER_URL_PORT },
		{ "mqtt://u@a", BROKER_URL_PASSWORD },
	};
	char longest[EVENT_BROKER_SIZE + 1] = "mqtt://";
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (broker_url_check(cases[i].url, strlen(cases[i].url)) != cases[i].wrong)
			fail_msg("%s", cases[i].url);
	memset(longest + 7, 'a', sizeof(longest) - 8);
	assert_int_equal(broker_url_check(longest, EVENT_BROKER_SIZE - 1), BROKER_URL_GOOD);
	assert_int_equal(broker_url_check(longest, EVENT_BROKER_SIZE), BROKER_URL_LONG);
	assert_true(broker_url_is_secret("mqtts://a"));
	assert_false(broker_url_is_secret("mqtt://a"));
}

static void venues_are_found_by_their_number(void **state)
{
	(void)state;
	struct event *e = good(EVENT "[venue d]\nsubevent = 9\n[venue a]\nsubevent = 3\n"
				     "[venue c]\n");
	assert_string_equal(event_venue_of_subevent(e, 3)->id, "a");
	assert_string_equal(event_venue_of_subevent(e, 9)->id, "d");
	assert_null(event_venue_of_subevent(e, 0));
	assert_null(event_venue_of_subevent(e, 4));
	assert_null(event_venue_of_subevent(e, INT64_MAX));
	event_free(e);
}

static void limits_hold_at_their_edge(void **state)
{
	char *text = malloc(EVENT_FILE_MAX + 2);
	assert_non_null(text);
	(void)state;
	size_t n = (size_t)sprintf(text, "%s", EVENT);
	for (int i = 0; i < EVENT_VENUES_MAX; i++)
		n += (size_t)sprintf(text + n, "[venue v%d]\n", i);
	for (int i = 1; i <= EVENT_ITEMS_MAX; i++)
		n += (size_t)sprintf(text + n, "[item %d]\n", i);
	struct event *e = parse(text, n, 0);
	assert_int_equal(e->venue_count, EVENT_VENUES_MAX);
	assert_int_equal(e->item_count, EVENT_ITEMS_MAX);
	for (uint32_t i = 0; i < EVENT_VENUES_MAX; i++)
		assert_ptr_equal(event_venue(e, e->venues[i].id), &e->venues[i]);
	assert_null(event_venue(e, "v"));
	assert_null(event_venue(e, "v10000"));
	event_free(e);
	size_t more = n + (size_t)sprintf(text + n, "[venue w]\nname = x\n[item 9999]\nname = x\n");
	assert_null(parse(text, more, -EINVAL));
	assert_told("more than 10000 venues");
	assert_told("more than 256 items");
	assert_int_equal(told.fatal, 2);
	/* To the byte the largest file, and one more. */
	while (n < EVENT_FILE_MAX + 1)
		text[n++] = '\n';
	event_free(parse(text, EVENT_FILE_MAX, 0));
	assert_null(parse(text, EVENT_FILE_MAX + 1, -EINVAL));
	assert_told("e.ini:1: larger than 8388608 bytes");
	free(text);
}

static void long_texts_and_lines_are_refused(void **state)
{
	char text[8192], value[5000];
	(void)state;
	memset(value, 'x', sizeof(value));
	snprintf(text, sizeof(text), "%s%shost = %.159s\n", EVENT, VENUE, value);
	struct event *e = good(text);
	assert_int_equal(strlen(e->venues[0].host), EVENT_TEXT_SIZE - 1);
	event_free(e);
	snprintf(text, sizeof(text), "%s%shost = %.160s\n", EVENT, VENUE, value);
	assert_null(parse(text, strlen(text), -EINVAL));
	assert_told("e.ini:9: [venue numa] host: 160 bytes are too many: 159 is the most");
	snprintf(text, sizeof(text), "%s%s# %.3998s\n", EVENT, VENUE, value);
	event_free(good(text));
	snprintf(text, sizeof(text), "%s%s# %.3999s\nnonsense\n", EVENT, VENUE, value);
	assert_null(parse(text, strlen(text), -EINVAL));
	assert_told("e.ini:9: [venue numa]: a line of 4001 bytes: 4000 is the most");
	assert_told("e.ini:10: [venue numa]: neither");
	snprintf(text, sizeof(text), "%s%s[venue %.100s]\n", EVENT, VENUE, value);
	assert_null(parse(text, strlen(text), -EINVAL));
	assert_told("e.ini:9: a heading longer than");
}

static void sixteen_keys_fit_one_line(void **state)
{
	char text[2048] = EVENT VENUE "[keys]\nticket =";
	(void)state;
	for (int i = 0; i < EVENT_KEYS_MAX; i++)
		strcat(text, " " DEMO_KEY);
	event_free(good(text));
	assert_int_equal(told.notes, EVENT_KEYS_MAX - 1);
}

static void what_is_no_text_is_told_once(void **state)
{
	static const char nul[] = EVENT "\0\0\0" VENUE;
	static const char utf16[] = "\xff\xfe[\0e\0v\0";
	(void)state;
	assert_null(parse(nul, sizeof(nul) - 1, -EINVAL));
	assert_told("e.ini:7: a NUL byte");
	assert_int_equal(told.fatal, 1);
	assert_null(parse(utf16, sizeof(utf16) - 1, -EINVAL));
	assert_int_equal(told.fatal, 1);
	assert_null(parse("", 0, -EINVAL));
	assert_told("e.ini:1: no venue");
}

static void problems_are_safe_on_a_terminal(void **state)
{
	static const char text[] =
		EVENT VENUE "a\x1b[2Jb = 1\n[\x1b]0;x\x07]\n[venue \xe2\x80\xae]\n"
			    "capacity\x9b = \x1b\n";
	(void)state;
	assert_null(parse(text, strlen(text), -EINVAL));
	for (const char *p = told.text; *p; p++)
		assert_true(*p == '\n' || (unsigned char)*p >= 0x20);
	assert_null(strstr(told.text, "\xe2\x80\xae"));
	assert_told("\\x1b");
}

static void places_are_minutes_apart(void **state)
{
	const struct event_venue numa = { .lat = 48.8683, .lon = 2.3479 };
	const struct event_venue ruche = { .lat = 48.8722, .lon = 2.3648 };
	const struct event_venue nowhere = { .lat = 0 };
	const struct event_venue south = { .lat = -90, .lon = 0 }, north = { .lat = 90, .lon = 0 };
	(void)state;
	assert_int_equal(event_walk_min(&numa, &ruche), 22); /* 1310 m as the crow flies */
	assert_int_equal(event_walk_min(&ruche, &numa), 22);
	assert_int_equal(event_walk_min(&numa, &numa), 0);
	assert_int_equal(event_walk_min(&numa, &nowhere), 0);
	assert_int_equal(event_walk_min(&nowhere, &numa), 0);
	assert_in_range(event_walk_min(&south, &north), 325000, 326000);
}

static void looking_up_what_is_not_there(void **state)
{
	(void)state;
	struct event *e = good(EVENT VENUE);
	assert_null(event_venue(e, "nowhere"));
	assert_null(event_venue(e, ""));
	assert_null(event_venue_of_subevent(e, 0)); /* numa has none */
	assert_null(event_venue_of_subevent(e, 1));
	event_free(e);
	event_free(NULL);
}

/* --- files -------------------------------------------------------------------------------------
 */

static char dir[] = "/tmp/parvis-event-XXXXXX";

static void write_file(const char *text, size_t len)
{
	char path[sizeof(dir) + 16];
	snprintf(path, sizeof(path), "%s/event.ini", dir);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

static int load(struct event **out)
{
	*out = NULL;
	memset(&told, 0, sizeof(told));
	return event_load(out, dir, note_problem, &told);
}

static void a_folder_is_loaded(void **state)
{
	struct event *e;
	char path[sizeof(dir) + 16];
	(void)state;
	snprintf(path, sizeof(path), "%s/event.ini", dir);
	assert_int_equal(load(&e), -ENOENT);
	write_file(EVENT VENUE, strlen(EVENT VENUE));
	assert_int_equal(load(&e), 0);
	event_free(e);
	write_file("x", 1);
	assert_int_equal(load(&e), -EINVAL);
	assert_told("/event.ini:1: neither a [heading]");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(load(&e), -EISDIR);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(load(&e), -EINVAL); /* and does not hang */
	assert_int_equal(unlink(path), 0);
}

static void too_large_a_file_is_refused(void **state)
{
	struct event *e;
	char path[sizeof(dir) + 16];
	(void)state;
	write_file(EVENT VENUE, strlen(EVENT VENUE));
	snprintf(path, sizeof(path), "%s/event.ini", dir);
	assert_int_equal(
		truncate(path, (off_t)EVENT_FILE_MAX * 1000), 0); /* a hole: no real bytes */
	assert_int_equal(load(&e), -EINVAL);
	assert_told(":1: larger than 8388608 bytes");
	assert_int_equal(unlink(path), 0);
}

static void a_path_too_long_is_told(void **state)
{
	char path[PATH_MAX + 8];
	struct event *e = NULL;
	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(event_load(&e, path, note_problem, &told), -ENAMETOOLONG);
	assert_null(e);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_small_file_gets_the_defaults),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(what_is_wrong_is_told_with_its_line),
		cmocka_unit_test(each_mandatory_key_is_looked_at),
		cmocka_unit_test(more_of_event_s_keys_are_looked_at),
		cmocka_unit_test(every_problem_is_told_not_only_the_first),
		cmocka_unit_test(words_for_yes_and_no),
		cmocka_unit_test(languages_to_come_are_noted_and_left_out),
		cmocka_unit_test(searching_by_name_is_chosen_and_needs_a_pin),
		cmocka_unit_test(times_without_an_offset_are_the_zone_s),
		cmocka_unit_test(a_key_given_twice_is_noted),
		cmocka_unit_test(the_derived_hash_key_depends_on_event_and_keys),
		cmocka_unit_test(brokers_are_read_in_their_order),
		cmocka_unit_test(a_broker_s_password_is_not_repeated),
		cmocka_unit_test(by_default_large_events_share_within_a_venue),
		cmocka_unit_test(a_broker_s_address_has_one_form),
		cmocka_unit_test(venues_are_found_by_their_number),
		cmocka_unit_test(limits_hold_at_their_edge),
		cmocka_unit_test(long_texts_and_lines_are_refused),
		cmocka_unit_test(sixteen_keys_fit_one_line),
		cmocka_unit_test(what_is_no_text_is_told_once),
		cmocka_unit_test(problems_are_safe_on_a_terminal),
		cmocka_unit_test(places_are_minutes_apart),
		cmocka_unit_test(looking_up_what_is_not_there),
		cmocka_unit_test(a_folder_is_loaded),
		cmocka_unit_test(too_large_a_file_is_refused),
		cmocka_unit_test(a_path_too_long_is_told),
	};
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
