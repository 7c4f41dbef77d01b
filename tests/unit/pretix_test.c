#include "event/pretix.h"

#include "base/text.h"
#include "event/bundle.h"
#include "event/pretix_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The public test key of pretix's own vectors, and another. */
#define K1 "60c26c3a72e9e40586a49f9d149136afd0ce5de40866056b0adf772c097904df"
#define K0 "ec00fbfef140df712c638cf63c7afb8993ec67c9f9761d1a8cff20cb3366988b"

#define PAGE(records)                                                                              \
	"{\"count\": 1, \"next\": null, \"previous\": null, \"results\": [" records "]}"
#define POSITION(more)                                                                             \
	"{\"id\": 23442, \"order\": \"ABC12\", \"positionid\": 1, \"item\": 1345, \"secret\": "    \
	"\"z3fsn8jyufm5kpk7\"" more "}"

static char why[PRETIX_WHY_SIZE];
static struct pretix_page page;

/* --- positions and orders --------------------------------------------------------------------- */

static struct pretix_position seen[8];
static char codes[8][64];
static size_t seen_count;

static int take_position(void *context, const struct pretix_position *p)
{
	(void)context;
	assert_true(seen_count < 8);
	assert_true(p->code_len < sizeof(codes[0]));
	assert_int_equal(strlen(p->code), p->code_len);
	memcpy(codes[seen_count], p->code, p->code_len + 1);
	seen[seen_count++] = *p;
	return 0;
}

static int positions(const char *json)
{
	seen_count = 0;
	strcpy(why, "?");
	return pretix_read_positions(json, strlen(json), &page, take_position, NULL, why);
}

static int orders(const char *json)
{
	seen_count = 0;
	strcpy(why, "?");
	return pretix_read_orders(json, strlen(json), &page, take_position, NULL, why);
}

static void a_position_is_read(void **state)
{
	(void)state;
	assert_int_equal(positions(PAGE(POSITION(
				 ", \"attendee_name\": \" Zo\\u00e9\\u202e \\t\", \"subevent\": 14"
				 ", \"attendee_email\": \"zoe@example.org\", \"unheard\": [{}]"))),
		0);
	assert_int_equal(seen_count, 1);
	assert_int_equal(seen[0].id, 23442);
	assert_int_equal(seen[0].item, 1345);
	assert_int_equal(seen[0].subevent, 14);
	assert_string_equal(codes[0], "z3fsn8jyufm5kpk7");
	assert_string_equal(seen[0].name, "Zoé");
	assert_string_equal(seen[0].email, "zoe@example.org");
	assert_int_equal(seen[0].standing, PRETIX_GOOD);
	assert_false(seen[0].timed);
	assert_false(page.more);
	assert_int_equal(page.count, 1);
}

static void a_long_name_is_cut_at_a_character(void **state)
{
	(void)state;
	assert_int_equal(positions(PAGE(POSITION(
				 ", \"attendee_name\": \"123456789012345678901234567890123456789"
				 "01234567890123456789012é\""))),
		0);
	assert_int_equal(strlen(seen[0].name), TICKET_NAME_SIZE - 2);
}

static void standing_of_a_position(void **state)
{
	static const struct {
		const char *json;
		enum pretix_standing standing;
		bool timed;
	} cases[] = {
		{ PAGE(POSITION(", \"blocked\": null, \"canceled\": false")), PRETIX_GOOD, false },
		{ PAGE(POSITION(", \"blocked\": []")), PRETIX_GOOD, false },
		{ PAGE(POSITION(", \"blocked\": [\"admin\"]")), PRETIX_BLOCKED, false },
		{ PAGE(POSITION(", \"canceled\": true, \"blocked\": [\"admin\"]")), PRETIX_GONE,
			false },
		{ PAGE(POSITION(", \"valid_from\": \"2016-12-08T18:00:00Z\"")), PRETIX_GOOD, true },
		{ PAGE(POSITION(", \"valid_until\": \"2016-12-08T18:00:00Z\"")), PRETIX_GOOD,
			true },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(positions(cases[i].json), 0);
		assert_int_equal(seen[0].standing, cases[i].standing);
		assert_int_equal(seen[0].timed, cases[i].timed);
	}
}

static void standing_by_order(void **state)
{
	static const struct {
		const char *order;
		enum pretix_standing standing;
	} cases[] = {
		{ "\"status\": \"p\"", PRETIX_GOOD },
		{ "\"status\": \"n\"", PRETIX_PENDING },
		{ "\"status\": \"n\", \"valid_if_pending\": true", PRETIX_GOOD },
		{ "\"status\": \"n\", \"valid_if_pending\": true, \"require_approval\": true",
			PRETIX_GONE },
		{ "\"status\": \"c\"", PRETIX_GONE },
		{ "\"status\": \"e\"", PRETIX_GONE },
		{ "\"status\": \"from another century\"", PRETIX_GONE },
	};
	char json[1024];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		snprintf(json, sizeof(json), PAGE("{%s, \"positions\": [" POSITION("") "]}"),
			cases[i].order);
		assert_int_equal(orders(json), 0);
		assert_int_equal(seen_count, 1);
		assert_int_equal(seen[0].standing, cases[i].standing);
	}
}

static void names_fall_back(void **state)
{
	(void)state;
	assert_int_equal(
		orders(PAGE("{\"status\": \"p\", \"invoice_address\": {\"name\": \"Paula\"}, "
			    "\"positions\": [{\"id\": 1, \"item\": 1, \"secret\": \"a\", "
			    "\"attendee_name\": \"Boris\"}, {\"id\": 2, \"item\": 1, \"secret\": "
			    "\"b\", \"addon_to\": 1}, {\"id\": 3, \"item\": 1, \"secret\": \"c\", "
			    "\"attendee_name\": null}]}")),
		0);
	assert_int_equal(seen_count, 3);
	assert_string_equal(seen[0].name, "Boris");
	assert_string_equal(seen[1].name, "Boris");
	assert_string_equal(seen[2].name, "Paula");
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *json, *says;
	} cases[] = {
		{ "", "no JSON" },
		{ "{\"count\": 1", "no JSON" },
		{ "{} trailing", "no JSON" },
		{ "{\"count\": 1, \"count\": 2}", "no JSON" },
		{ "[1]", "not an object" },
		{ "{\"next\": null, \"results\": []}", "count: missing" },
		{ "{\"count\": -1, \"next\": null, \"results\": []}", "count: missing" },
		{ "{\"count\": 1, \"next\": null}", "results: missing" },
		{ "{\"count\": 1, \"next\": null, \"results\": {}}", "results: missing" },
		{ "{\"count\": 1, \"next\": 2, \"results\": []}", "next: no text" },
		{ "{\"count\": 1, \"next\": \"https://x/\", \"results\": []}", "next: no address" },
		{ "{\"count\": 1, \"next\": \"?a b\", \"results\": []}", "next: no address" },
		{ "{\"count\": 1, \"next\": \"?a\\r\\nb\", \"results\": []}", "next: no address" },
		{ PAGE("1"), "record 1 of the page: no object" },
		{ PAGE(POSITION("") ", {}"), "record 2 of the page: id: missing" },
		{ PAGE("{\"id\": 0, \"item\": 1, \"secret\": \"a\"}"), "id: no number from 1" },
		{ PAGE("{\"id\": 1.5, \"item\": 1, \"secret\": \"a\"}"), "id: no number" },
		{ PAGE("{\"id\": 1, \"item\": 1}"), "secret: missing" },
		{ PAGE("{\"id\": 1, \"item\": 1, \"secret\": \"\"}"), "secret: 0 bytes" },
		{ PAGE("{\"id\": 1, \"item\": 1, \"secret\": 5}"), "secret: no text" },
		{ PAGE("{\"id\": 1, \"secret\": \"a\"}"), "item: missing" },
		{ PAGE(POSITION(", \"subevent\": \"1\"")), "subevent: no number" },
		{ PAGE(POSITION(", \"attendee_name\": {}")), "attendee_name: no text" },
		{ PAGE(POSITION(", \"canceled\": \"no\"")), "canceled: neither" },
		{ PAGE(POSITION(", \"blocked\": \"admin\"")), "blocked: no list" },
		{ PAGE(POSITION(", \"valid_from\": 1")), "valid_from: no text" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(positions(cases[i].json), -EBADMSG);
		if (!strstr(why, cases[i].says))
			fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].json, why,
				cases[i].says);
	}
	assert_int_equal(orders(PAGE("{\"positions\": []}")), -EBADMSG);
	assert_non_null(strstr(why, "status: missing"));
	assert_int_equal(orders(PAGE("{\"status\": \"p\"}")), -EBADMSG);
	assert_non_null(strstr(why, "positions: missing"));
	assert_int_equal(orders(PAGE("{\"status\": \"p\", \"positions\": [1]}")), -EBADMSG);
}

static void limits_hold(void **state)
{
	(void)state;
	size_t size = 64 + 4 * (PRETIX_PAGE_MAX + 1);
	char *json = calloc(1, size);
	assert_non_null(json);
	strcpy(json, "{\"count\": 1, \"next\": null, \"results\": [{}");
	for (int i = 0; i < PRETIX_PAGE_MAX; i++)
		memcpy(json + strlen(json), ",{}", 4);
	memcpy(json + strlen(json), "]}", 3);
	assert_int_equal(positions(json), -EBADMSG);
	assert_non_null(strstr(why, "more than"));
	free(json);

	char code[CODE_MAX + 2], long_one[CODE_MAX + 256];
	memset(code, 'a', CODE_MAX + 1);
	code[CODE_MAX + 1] = '\0';
	snprintf(long_one, sizeof(long_one), PAGE("{\"id\": 1, \"item\": 1, \"secret\": \"%s\"}"),
		code);
	assert_int_equal(positions(long_one), -EBADMSG);
	assert_non_null(strstr(why, "secret: 2954 bytes"));
}

static int stop(void *context, const struct pretix_position *p)
{
	(void)p;
	++*(int *)context;
	return -ENOSPC;
}

static void taking_can_stop(void **state)
{
	static const char two[] = PAGE(POSITION("") "," POSITION(""));
	int calls = 0;
	(void)state;
	assert_int_equal(
		pretix_read_positions(two, strlen(two), &page, stop, &calls, why), -ENOSPC);
	assert_int_equal(calls, 1);
}

static void the_next_page_is_asked_by_its_query(void **state)
{
	(void)state;
	assert_int_equal(positions("{\"count\": 117, \"next\": "
				   "\"https://evil.example/api/?page=2&ordering=a,b\", "
				   "\"results\": []}"),
		0);
	assert_true(page.more);
	assert_string_equal(page.query, "page=2&ordering=a,b");
	assert_int_equal(page.count, 117);
}

static void an_address_too_long_is_no_next_page(void **state)
{
	char json[PRETIX_QUERY_SIZE + 64], query[PRETIX_QUERY_SIZE + 1];
	(void)state;
	for (size_t len = PRETIX_QUERY_SIZE - 1; len <= PRETIX_QUERY_SIZE; len++) {
		memset(query, 'a', len);
		query[len] = '\0';
		snprintf(json, sizeof(json), "{\"count\": 1, \"next\": \"?%s\", \"results\": []}",
			query);
		bool fits = len < PRETIX_QUERY_SIZE;
		assert_int_equal(positions(json), fits ? 0 : -EBADMSG);
		assert_int_equal(page.more, fits);
		assert_int_equal(strlen(page.query), fits ? len : 0);
	}
}

/* --- lists, items, secrets -------------------------------------------------------------------- */

static struct pretix_list list;

static int take_list(void *context, const struct pretix_list *l)
{
	(void)context;
	list = *l;
	return 0;
}

static int lists(const char *json)
{
	return pretix_read_lists(json, strlen(json), &page, take_list, NULL, why);
}

static void lists_are_read(void **state)
{
	(void)state;
	assert_int_equal(lists(PAGE("{\"id\": 7, \"name\": \"Door\", \"all_products\": false, "
				    "\"limit_products\": [1, 2], \"subevent\": 9, "
				    "\"include_pending\": true}")),
		0);
	assert_int_equal(list.id, 7);
	assert_string_equal(list.name, "Door");
	assert_false(list.all_products);
	assert_int_equal(list.product_count, 2);
	assert_int_equal(list.products[1], 2);
	assert_int_equal(list.subevent, 9);
	assert_true(list.include_pending);
	assert_int_equal(lists(PAGE("{\"id\": 7, \"all_products\": true}")), 0);
	assert_int_equal(lists(PAGE("{\"id\": 7, \"all_products\": false}")), -EBADMSG);
	assert_int_equal(lists(PAGE("{\"id\": 7, \"limit_products\": [\"1\"]}")), -EBADMSG);
	assert_int_equal(lists(PAGE("{\"all_products\": true}")), -EBADMSG);
}

static char item_name[64];

static int take_item(void *context, int64_t id, const char *name)
{
	(void)context;
	assert_int_equal(id, 3);
	text_copy(item_name, sizeof(item_name), name);
	return 0;
}

static const char *item(const char *name, const char *language)
{
	char json[512];
	snprintf(json, sizeof(json), PAGE("{\"id\": 3, \"name\": %s}"), name);
	assert_int_equal(
		pretix_read_items(json, strlen(json), language, &page, take_item, NULL, why), 0);
	return item_name;
}

static void items_have_a_name_in_some_language(void **state)
{
	(void)state;
	assert_string_equal(
		item("{\"en\": \"Visitor\", \"fr\": \"Visiteuse\"}", "fr"), "Visiteuse");
	assert_string_equal(item("{\"de\": \"Gast\", \"en\": \"Visitor\"}", "fr"), "Visitor");
	assert_string_equal(item("{\"de\": \"Gast\"}", "fr"), "Gast");
	assert_string_equal(item("{\"fr\": \"\", \"de\": \"Gast\"}", "fr"), "Gast");
	assert_string_equal(item("\"Plain\"", "fr"), "Plain");
	assert_string_equal(item("{}", "fr"), "");
	assert_string_equal(item("null", "fr"), "");
	assert_string_equal(item("{\"fr\": 4}", "fr"), "");
}

static int take_secret(void *context, const char *code, size_t len, bool bad)
{
	assert_int_equal(strlen(code), len);
	snprintf(context, 64, "%s %d", code, bad);
	return 0;
}

static void secrets_are_bad_unless_told(void **state)
{
	static const char revoked[] = PAGE("{\"id\": 1, \"secret\": \"abcd\", \"created\": \"x\"}");
	static const char good[] = PAGE("{\"id\": 1, \"secret\": \"abcd\", \"blocked\": false}");
	char text[64];
	(void)state;
	assert_int_equal(
		pretix_read_secrets(revoked, strlen(revoked), &page, take_secret, text, why), 0);
	assert_string_equal(text, "abcd 1");
	assert_int_equal(pretix_read_secrets(good, strlen(good), &page, take_secret, text, why), 0);
	assert_string_equal(text, "abcd 0");
}

static void redeem(const char *json, int error, enum pretix_redeemed result, const char *reason,
	const char *explanation)
{
	struct pretix_redeem r;
	why[0] = '\0';
	assert_int_equal(pretix_read_redeem(json, strlen(json), &r, why), error);
	if (error) {
		assert_string_not_equal(why, "");
		return;
	}
	assert_int_equal(r.result, result);
	assert_string_equal(r.reason, reason);
	assert_string_equal(r.explanation, explanation);
}

static void what_became_of_an_entry_is_read(void **state)
{
	(void)state;
	redeem("{\"status\": \"ok\", \"position\": {}}", 0, PRETIX_REDEEMED, "", "");
	redeem("{\"status\": \"incomplete\", \"questions\": [{}]}", 0, PRETIX_INCOMPLETE,
		"incomplete", "");
	redeem("{\"status\": \"exchange\"}", 0, PRETIX_INCOMPLETE, "exchange", "");
	redeem("{\"detail\": \"Not found.\", \"status\": \"error\", \"reason\": \"invalid\","
	       "\"reason_explanation\": null}",
		0, PRETIX_NOT_TAKEN, "invalid", "");
	redeem("{\"status\": \"error\", \"reason\": \"rules\", \"reason_explanation\": \"\\u001b[1mLate\"}",
		0, PRETIX_NOT_TAKEN, "rules", "\\x1b[1mLate");
	redeem("{\"status\": \"error\"}", 0, PRETIX_NOT_TAKEN, "error", "");
	redeem("{\"detail\": \"Not found.\"}", -EBADMSG, 0, NULL, NULL);
	redeem("{\"status\": \"fine\"}", -EBADMSG, 0, NULL, NULL);
	redeem("{\"status\": 1}", -EBADMSG, 0, NULL, NULL);
	redeem("[]", -EBADMSG, 0, NULL, NULL);
	redeem("<html>", -EBADMSG, 0, NULL, NULL);
}

static void details_are_printable(void **state)
{
	static const char json[] = "{\"detail\": \"Invalid \\u001b[31m token.\"}";
	char text[PRETIX_WHY_SIZE];
	(void)state;
	pretix_read_detail(json, strlen(json), text);
	assert_string_equal(text, "Invalid \\x1b[31m token.");
	pretix_read_detail("<html>", 6, text);
	assert_string_equal(text, "");
	pretix_read_detail("[\"detail\"]", 10, text);
	assert_string_equal(text, "");
}

/* --- keys ------------------------------------------------------------------------------------- */

/* base64 of PEM of the DER in hex. */
static void wrap(char out[1024], const char *der_hex, const char *begin, const char *end)
{
	uint8_t der[128];
	char inner[256], pem[512];
	size_t len = strlen(der_hex) / 2;
	assert_true(text_unhex(der, len, der_hex, 2 * len));
	sodium_bin2base64(inner, sizeof(inner), der, len, sodium_base64_VARIANT_ORIGINAL);
	snprintf(pem, sizeof(pem), "%s\n%s\n%s\n", begin, inner, end);
	sodium_bin2base64(
		out, 1024, (const uint8_t *)pem, strlen(pem), sodium_base64_VARIANT_ORIGINAL);
}

static bool key_of(const char *der_hex, uint8_t key[32])
{
	char text[1024];
	wrap(text, der_hex, "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----");
	return pretix_read_key(text, strlen(text), key);
}

static void keys_are_unwrapped(void **state)
{
	uint8_t key[32], expected[32];
	char text[1024];
	(void)state;
	assert_true(text_unhex(expected, 32, K1, 64));
	assert_true(key_of("302a300506032b6570032100" K1, key));
	assert_memory_equal(key, expected, 32);
	/* One byte more or less, X25519's number, an unused bit, an order of eight, all zeros. */
	assert_false(key_of("302a300506032b6570032100" K1 "00", key));
	assert_false(key_of("302a300506032b65700321" K1, key));
	assert_false(key_of("302a300506032b656e032100" K1, key));
	assert_false(key_of("302a300506032b6570032101" K1, key));
	assert_false(key_of("302a300506032b6570032100"
			    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		key));
	assert_false(key_of("302a300506032b6570032100"
			    "0000000000000000000000000000000000000000000000000000000000000000",
		key));
	wrap(text, "302a300506032b6570032100" K1, "-----BEGIN PRIVATE KEY-----",
		"-----END PUBLIC KEY-----");
	assert_false(pretix_read_key(text, strlen(text), key));
	wrap(text, "302a300506032b6570032100" K1, "-----BEGIN PUBLIC KEY-----",
		"-----END PUBLIC KEY-----\nmore");
	assert_false(pretix_read_key(text, strlen(text), key));
	assert_false(pretix_read_key("", 0, key));
	assert_false(pretix_read_key("!!!!", 4, key));
}

static void an_event_gives_its_keys(void **state)
{
	uint8_t keys[EVENT_KEYS_MAX][32], expected[32];
	uint32_t count = 9;
	char wrapped[1024], json[2048];
	(void)state;
	wrap(wrapped, "302a300506032b6570032100" K0, "-----BEGIN PUBLIC KEY-----",
		"-----END PUBLIC KEY-----");
	snprintf(json, sizeof(json),
		"{\"slug\": \"nuit\", \"valid_keys\": {\"pretix_sig1\": [\"%s\"]}}", wrapped);
	assert_int_equal(pretix_read_event(json, strlen(json), keys, &count, why), 0);
	assert_int_equal(count, 1);
	assert_true(text_unhex(expected, 32, K0, 64));
	assert_memory_equal(keys[0], expected, 32);

	static const char *const none[] = { "{\"slug\": \"nuit\"}",
		"{\"slug\": \"nuit\", \"valid_keys\": null}",
		"{\"slug\": \"nuit\", \"valid_keys\": {}}",
		"{\"slug\": \"nuit\", \"valid_keys\": {\"pretix_sig1\": []}}" };
	for (size_t i = 0; i < ARRAY_LEN(none); i++) {
		count = 9;
		assert_int_equal(pretix_read_event(none[i], strlen(none[i]), keys, &count, why), 0);
		assert_int_equal(count, 0);
	}
	static const char seventeen[] = "{\"slug\": \"nuit\", \"valid_keys\": {\"pretix_sig1\": "
					"[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}}";
	static const char *const bad[] = { "[]", "{}", "{\"slug\": 3}",
		"{\"slug\": \"nuit\", \"valid_keys\": 3}",
		"{\"slug\": \"nuit\", \"valid_keys\": {\"pretix_sig1\": \"x\"}}",
		"{\"slug\": \"nuit\", \"valid_keys\": {\"pretix_sig1\": [\"x\"]}}", seventeen };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(
			pretix_read_event(bad[i], strlen(bad[i]), keys, &count, why), -EBADMSG);
}

/* --- pretix.keys ------------------------------------------------------------------------------ */

static char dir[300];
static char told[512];

static void problem(void *context, bool fatal, const char *text)
{
	(void)context;
	assert_true(fatal);
	text_copy(told, sizeof(told), text);
}

static void put(const char *name, const char *text)
{
	char path[400];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "%s/parvis-pretix-XXXXXX",
		getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(dir))
		return -1;
	told[0] = '\0';
	put("event.ini",
		"[event]\nid = nuit\ntitle = Nuit\nopens = 2016-12-08T19:00:00+01:00\n"
		"closes = 2016-12-08T23:30:00+01:00\ntimezone = Europe/Paris\n[venue numa]\n"
		"[keys]\nticket = " K0 "\n");
	return 0;
}

static int remove_dir(void **state)
{
	static const char *const names[] = { "event.ini", PRETIX_KEYS_FILE,
		PRETIX_KEYS_FILE ".new" };
	char path[400];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (unlink(path))
			rmdir(path);
	}
	return rmdir(dir);
}

static void saved_keys_are_the_events(void **state)
{
	struct event *before, *after;
	uint8_t keys[2][32];
	bool changed = false;
	(void)state;
	assert_true(text_unhex(keys[0], 32, K1, 64));
	assert_true(text_unhex(keys[1], 32, K0, 64));
	assert_int_equal(event_load(&before, dir, problem, NULL), 0);
	assert_int_equal(pretix_keys_save(dir, "org/nuit", keys, 2, &changed), 0);
	assert_true(changed);
	assert_int_equal(event_load(&after, dir, problem, NULL), 0);
	assert_int_equal(after->key_count, 2);
	assert_memory_equal(after->keys[0], keys[1], 32);
	assert_memory_equal(after->keys[1], keys[0], 32);
	/* Rosters are found by this key: it must not depend on what pretix says. */
	assert_memory_equal(before->hash_key, after->hash_key, 32);
	assert_false(before->hash_key_given);
	assert_true(after->hash_key_given);
	assert_int_equal(pretix_keys_save(dir, "org/nuit", keys, 2, &changed), 0);
	assert_false(changed);
	event_free(before);
	event_free(after);
}

/* A bundle carries the event as one text: the keys of both files, and the hash key of the first. */
static void a_bundle_has_the_same_keys(void **state)
{
	struct event *e, *box;
	uint8_t keys[1][32];
	bool changed;
	(void)state;
	assert_true(text_unhex(keys[0], 32, K1, 64));
	assert_int_equal(pretix_keys_save(dir, "org/nuit", keys, 1, &changed), 0);
	assert_int_equal(event_load(&e, dir, problem, NULL), 0);
	char *text = bundle_event_text(e);
	assert_non_null(text);
	assert_int_equal(event_parse(&box, "box", text, strlen(text), problem, NULL), 0);
	assert_int_equal(box->key_count, 2);
	assert_memory_equal(box->hash_key, e->hash_key, 32);
	free(text);
	event_free(box);
	event_free(e);
}

static void each_source_has_its_own(void **state)
{
	struct event *e;
	uint8_t key[1][32];
	bool changed;
	(void)state;
	assert_true(text_unhex(key[0], 32, K1, 64));
	assert_int_equal(pretix_keys_save(dir, "org/a", key, 1, &changed), 0);
	assert_int_equal(pretix_keys_save(dir, "org/b", NULL, 0, &changed), 0);
	assert_int_equal(event_load(&e, dir, problem, NULL), 0);
	assert_int_equal(e->key_count, 2);
	event_free(e);
	assert_int_equal(pretix_keys_save(dir, "org/a", NULL, 0, &changed), 0);
	assert_true(changed);
	assert_int_equal(event_load(&e, dir, problem, NULL), 0);
	assert_int_equal(e->key_count, 1);
	event_free(e);
	assert_int_equal(pretix_keys_save(dir, "two words", key, 1, &changed), -EINVAL);
	assert_int_equal(pretix_keys_save(dir, "", key, 1, &changed), -EINVAL);
}

static void no_file_is_made_for_no_keys(void **state)
{
	char path[400];
	bool changed = true;
	(void)state;
	snprintf(path, sizeof(path), "%s/%s", dir, PRETIX_KEYS_FILE);
	assert_int_equal(pretix_keys_save(dir, "org/a", NULL, 0, &changed), 0);
	assert_false(changed);
	assert_int_equal(access(path, F_OK), -1);
}

static void a_bad_file_is_told_by_line(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "# for people\n\nabc\n", "pretix.keys:3: no key and source" },
		{ K1 "\n", "pretix.keys:1: no key and source" },
		{ K1 " \n", "pretix.keys:1: no key and source" },
		{ K1 " a b\n", "pretix.keys:1: no key and source" },
		{ "0000000000000000000000000000000000000000000000000000000000000000 org/a\n",
			"pretix.keys:1: no key and source" },
	};
	struct event *e = NULL;
	bool changed;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		put(PRETIX_KEYS_FILE, cases[i].text);
		assert_int_equal(event_load(&e, dir, problem, NULL), -EINVAL);
		assert_non_null(strstr(told, cases[i].says));
		assert_int_equal(pretix_keys_save(dir, "org/a", NULL, 0, &changed), -EINVAL);
	}
	put(PRETIX_KEYS_FILE, K1 " org/a");
	assert_int_equal(event_load(&e, dir, problem, NULL), 0);
	event_free(e);
}

static void too_many_keys_are_told(void **state)
{
	char text[4096] = "", hex[65];
	struct event *e;
	(void)state;
	for (int i = 0; i < EVENT_KEYS_MAX; i++) {
		uint8_t public[32], secret[64], seed[32] = { (uint8_t)i };
		crypto_sign_seed_keypair(public, secret, seed);
		text_hex(hex, public, 32);
		size_t used = strlen(text);
		snprintf(text + used, sizeof(text) - used, "%s org/a\n", hex);
	}
	put(PRETIX_KEYS_FILE, text);
	assert_int_equal(event_load(&e, dir, problem, NULL), -EINVAL);
	assert_non_null(strstr(told, "pretix.keys:16: more than 16 keys"));
}

static void a_directory_in_its_place_is_told(void **state)
{
	char path[400];
	struct event *e;
	bool changed;
	uint8_t key[1][32];
	(void)state;
	assert_true(text_unhex(key[0], 32, K1, 64));
	snprintf(path, sizeof(path), "%s/%s", dir, PRETIX_KEYS_FILE);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(event_load(&e, dir, problem, NULL), -EINVAL);
	assert_true(pretix_keys_save(dir, "org/a", key, 1, &changed) < 0);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_position_is_read),
		cmocka_unit_test(a_long_name_is_cut_at_a_character),
		cmocka_unit_test(standing_of_a_position),
		cmocka_unit_test(standing_by_order),
		cmocka_unit_test(names_fall_back),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(taking_can_stop),
		cmocka_unit_test(the_next_page_is_asked_by_its_query),
		cmocka_unit_test(an_address_too_long_is_no_next_page),
		cmocka_unit_test(lists_are_read),
		cmocka_unit_test(items_have_a_name_in_some_language),
		cmocka_unit_test(secrets_are_bad_unless_told),
		cmocka_unit_test(what_became_of_an_entry_is_read),
		cmocka_unit_test(details_are_printable),
		cmocka_unit_test(keys_are_unwrapped),
		cmocka_unit_test(an_event_gives_its_keys),
		WITH_DIR(saved_keys_are_the_events),
		WITH_DIR(a_bundle_has_the_same_keys),
		WITH_DIR(each_source_has_its_own),
		WITH_DIR(no_file_is_made_for_no_keys),
		WITH_DIR(a_bad_file_is_told_by_line),
		WITH_DIR(too_many_keys_are_told),
		WITH_DIR(a_directory_in_its_place_is_told),
	};
	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
