#include "event/code.h"

#include "tests/fake/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static struct event *event, *event_without_items;

static void no_problem(void *context, bool fatal, const char *text)
{
	(void)context;
	(void)fatal;
	fail_msg("%s", text);
}

static struct ticket read_bytes(const struct event *e, const char *text, size_t len)
{
	struct ticket t;
	/* An exact copy, so that a sanitizer sees a byte read past the end. */
	char *copy = malloc(len ? len : 1);
	assert_non_null(copy);
	memcpy(copy, text, len);
	memset(&t, 0x5a, sizeof(t));
	code_read(e, copy, len, &t);
	free(copy);
	return t;
}

static struct ticket read_ticket(const struct event *e, const struct sig1_payload *p)
{
	char text[SIGN_TEXT_SIZE];
	size_t len = sign_ticket(text, SIGN_DEMO_SEED, p);
	return read_bytes(e, text, len);
}

static void texts_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		enum ticket_kind kind;
	} cases[] = {
		{ "PARVIS-TEST", TICKET_TEST },
		{ "parvis-test", TICKET_UNKNOWN },
		{ "PARVIS-TEST2", TICKET_UNKNOWN },
		{ "PARVIS-TES", TICKET_UNKNOWN },
		{ "a", TICKET_UNKNOWN },
		{ "k2m4xyzabcdefghjkmnpqrstuvwxyz23", TICKET_UNKNOWN },
		{ "1234567890128", TICKET_UNKNOWN },
		{ "A-12/34:56", TICKET_UNKNOWN },
		{ "'; DROP TABLE log;--", TICKET_NOT_ONE }, /* the spaces */
		{ "';DROP/**/TABLE/**/log;--", TICKET_UNKNOWN },
		{ "$(reboot)", TICKET_UNKNOWN },
		{ "telegram", TICKET_UNKNOWN },
		{ "database-7", TICKET_UNKNOWN },
		{ "wwwx", TICKET_UNKNOWN },
		{ "1://x", TICKET_UNKNOWN },
		{ "NLS123456", TICKET_UNKNOWN },
		{ "", TICKET_NOT_ONE },
		{ "a b", TICKET_NOT_ONE },
		{ " a", TICKET_NOT_ONE },
		{ "a\n", TICKET_NOT_ONE },
		{ "a\x1b[2J", TICKET_NOT_ONE },
		{ "a\x7f", TICKET_NOT_ONE },
		{ "caf\xc3\xa9", TICKET_NOT_ONE },
		{ "\xe2\x80\xae"
		  "abc",
			TICKET_NOT_ONE },
		{ "\xff\xfe", TICKET_NOT_ONE },
		{ "\xc0\xaf", TICKET_NOT_ONE },
		{ "http://example.org", TICKET_NOT_ONE },
		{ "HTTPS://EXAMPLE.ORG/T?x=1", TICKET_NOT_ONE },
		{ "www.example.org", TICKET_NOT_ONE },
		{ "svn+ssh://host/x", TICKET_NOT_ONE },
		{ "WIFI:T:WPA;S:x;P:y;;", TICKET_NOT_ONE },
		{ "wifi:S:x;;", TICKET_NOT_ONE },
		{ "BEGIN:VCARD", TICKET_NOT_ONE },
		{ "MECARD:N:Doe;;", TICKET_NOT_ONE },
		{ "MEBKM:URL:x;;", TICKET_NOT_ONE },
		{ "mailto:a@example.org", TICKET_NOT_ONE },
		{ "tel:+33123456789", TICKET_NOT_ONE },
		{ "SMSTO:+33:x", TICKET_NOT_ONE },
		{ "geo:48.8,2.3", TICKET_NOT_ONE },
		{ "otpauth:totp", TICKET_NOT_ONE },
		{ "bitcoin:1A1z", TICKET_NOT_ONE },
		{ "market:x", TICKET_NOT_ONE },
		{ "upi:pay", TICKET_NOT_ONE },
		{ "javascript:alert(1)", TICKET_NOT_ONE },
		{ "data:text/html,x", TICKET_NOT_ONE },
		{ "{\"handshake_version\":1}", TICKET_NOT_ONE },
		{ "<svg/onload=x>", TICKET_NOT_ONE },
		{ "NLS0006010;", TICKET_NOT_ONE },
		{ "%%SpecCode9B", TICKET_NOT_ONE },
		{ "@SETUPE1", TICKET_NOT_ONE },
		{ "AT+RESET", TICKET_NOT_ONE },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ticket t = read_bytes(event, cases[i].text, strlen(cases[i].text));
		if (t.kind != cases[i].kind)
			print_message("# case %zu: %s\n", i, cases[i].text);
		assert_int_equal(t.kind, cases[i].kind);
		assert_string_equal(t.venue, "");
		assert_string_equal(t.name, "");
		assert_false(t.foreign_item || t.foreign_venue || t.revoked);
		assert_int_equal(t.valid_from_s, 0);
		assert_int_equal(t.valid_until_s, 0);
	}
}

static void bytes_after_a_nul_count(void **state)
{
	(void)state;
	assert_int_equal(read_bytes(event, CODE_TEST "\0x", 13).kind, TICKET_NOT_ONE);
	assert_int_equal(read_bytes(event, "abc\0", 4).kind, TICKET_NOT_ONE);
	assert_int_equal(read_bytes(event, "\0", 1).kind, TICKET_NOT_ONE);
}

static void length_has_a_limit(void **state)
{
	static char text[CODE_MAX + 2];
	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(read_bytes(event, text, 512).kind, TICKET_UNKNOWN);
	assert_int_equal(read_bytes(event, text, 513).kind, TICKET_NOT_ONE);
	assert_int_equal(read_bytes(event, text, CODE_MAX).kind, TICKET_NOT_ONE);
	assert_int_equal(read_bytes(event, text, CODE_MAX + 2).kind, TICKET_NOT_ONE);
}

static void every_single_byte_has_an_answer(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		char byte = (char)c;
		bool opaque = c > ' ' && c < 0x7f && c != '{' && c != '<';
		assert_int_equal(
			read_bytes(event, &byte, 1).kind, opaque ? TICKET_UNKNOWN : TICKET_NOT_ONE);
	}
}

static void a_signed_ticket_is_filled_in(void **state)
{
	const struct sig1_payload p = { "abcdefghi", 2, 9, 12, 1481220000, 1481230000 };
	(void)state;
	struct ticket t = read_ticket(event, &p);
	assert_int_equal(t.kind, TICKET_SIGNED);
	assert_string_equal(t.venue, "right");
	assert_false(t.foreign_venue || t.foreign_item || t.revoked);
	assert_int_equal(t.valid_from_s, 1481220000);
	assert_int_equal(t.valid_until_s, 1481230000);
}

static void subevents_lead_to_venues(void **state)
{
	struct sig1_payload p = { "x", 1, 0, 0, 0, 0 };
	(void)state;
	struct ticket t = read_ticket(event, &p);
	assert_string_equal(t.venue, ""); /* 0: every venue */
	assert_false(t.foreign_venue);
	p.subevent = 11;
	assert_string_equal(read_ticket(event, &p).venue, "left");
	static const int64_t strangers[] = { 13, -11, INT64_MAX, INT64_MIN };
	for (size_t i = 0; i < ARRAY_LEN(strangers); i++) {
		p.subevent = strangers[i];
		t = read_ticket(event, &p);
		assert_int_equal(t.kind, TICKET_SIGNED);
		assert_string_equal(t.venue, "");
		assert_true(t.foreign_venue);
	}
}

static void items_are_those_of_the_event(void **state)
{
	struct sig1_payload p = { "x", 3, 0, 0, 0, 0 };
	(void)state;
	assert_true(read_ticket(event, &p).foreign_item);
	assert_false(read_ticket(event_without_items, &p).foreign_item);
	p.item = 0;
	assert_true(read_ticket(event, &p).foreign_item);
	p.item = 2;
	assert_false(read_ticket(event, &p).foreign_item);
}

static void staff_cards_are_of_their_own_type(void **state)
{
	struct sig1_payload p = { "x", 9, 0, 12, 1481220000, 1481230000 };
	(void)state;
	struct ticket t = read_ticket(event, &p);
	assert_int_equal(t.kind, TICKET_STAFF);
	assert_string_equal(t.venue, ""); /* for every venue, whatever it says */
	assert_false(t.foreign_venue || t.foreign_item || t.revoked);
	assert_int_equal(t.valid_from_s, 1481220000);
	assert_int_equal(t.valid_until_s, 1481230000);
	p.subevent = 99;
	assert_false(read_ticket(event, &p).foreign_venue);
	p.item = 1;
	assert_int_equal(read_ticket(event, &p).kind, TICKET_SIGNED);
	/* Where the event names no type of staff cards there are none. */
	p.item = 9;
	assert_int_equal(read_ticket(event_without_items, &p).kind, TICKET_SIGNED);
	p.item = 0;
	assert_int_equal(read_ticket(event_without_items, &p).kind, TICKET_SIGNED);
}

static void a_stranger_s_staff_card_is_forged(void **state)
{
	static const char seed[] =
		"0101010101010101010101010101010101010101010101010101010101010101";
	const struct sig1_payload p = { "abcdefghi", 9, 0, 0, 0, 0 };
	char text[SIGN_TEXT_SIZE];
	(void)state;
	size_t len = sign_ticket(text, seed, &p);
	assert_int_equal(read_bytes(event, text, len).kind, TICKET_FORGED);
}

/* What is written for "for ever" or before 1970 must neither overflow nor become "no limit". */
static void extreme_limits_stay_limits(void **state)
{
	const struct sig1_payload p = { "x", 1, 0, 0, INT64_MAX, INT64_MIN };
	(void)state;
	struct ticket t = read_ticket(event, &p);
	assert_int_equal(t.kind, TICKET_SIGNED);
	assert_int_equal(t.valid_from_s, 253402300799);
	assert_int_equal(t.valid_until_s, 1);
}

static void a_stranger_s_signature_is_forged(void **state)
{
	static const char seed[] =
		"0101010101010101010101010101010101010101010101010101010101010101";
	const struct sig1_payload p = { "abcdefghi", 1, 0, 11, 0, 0 };
	char text[SIGN_TEXT_SIZE];
	(void)state;
	size_t len = sign_ticket(text, seed, &p);
	struct ticket t = read_bytes(event, text, len);
	assert_int_equal(t.kind, TICKET_FORGED);
	assert_string_equal(t.venue, "");
}

static void signed_nonsense_is_forged(void **state)
{
	char text[SIGN_TEXT_SIZE];
	(void)state;
	size_t len = sign_payload(text, SIGN_DEMO_SEED, (const uint8_t *)"\x10", 1);
	assert_int_equal(read_bytes(event, text, len).kind, TICKET_FORGED);
}

static void the_hash_names_the_exact_code(void **state)
{
	uint8_t a[TICKET_HASH_SIZE], b[TICKET_HASH_SIZE], c[TICKET_HASH_SIZE];
	(void)state;
	code_hash(event, "abc", 3, a);
	code_hash(event, "abc", 3, b);
	assert_memory_equal(a, b, sizeof(a));
	code_hash(event, "abd", 3, b);
	assert_memory_not_equal(a, b, sizeof(a));
	code_hash(event, "abc\0", 4, b);
	assert_memory_not_equal(a, b, sizeof(a));
	code_hash(event_without_items, "abc", 3, c); /* another key */
	assert_memory_not_equal(a, c, sizeof(a));
	assert_memory_equal(read_bytes(event, "abc", 3).hash, a, sizeof(a));
	code_hash(event, "a b", 3, b); /* even of what is no ticket: a roster may know it */
	assert_memory_equal(read_bytes(event, "a b", 3).hash, b, sizeof(b));
}

#define HEAD                                                                                       \
	"[event]\nid=e\ntitle=E\nopens=2016-12-08\ncloses=2016-12-09\ntimezone=UTC\n"              \
	"[venue left]\nsubevent=11\n[venue right]\nsubevent=12\n"
#define KEYS  "[keys]\nticket=fc4240477c307df6df42fb03cbf46f7f208943c8ce8887412bf816ead28f72ff\n"
#define ITEMS "[item 1]\n[item 2]\n[staff]\nitem=9\n"

static int set_up(void **state)
{
	static const char with[] = HEAD KEYS ITEMS;
	static const char without[] =
		HEAD KEYS "hash=0101010101010101010101010101010101010101010101010101010101010101\n";
	(void)state;
	return event_parse(&event, "with", with, strlen(with), no_problem, NULL) ||
	       event_parse(
		       &event_without_items, "without", without, strlen(without), no_problem, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	event_free(event);
	event_free(event_without_items);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_told_apart),
		cmocka_unit_test(bytes_after_a_nul_count),
		cmocka_unit_test(length_has_a_limit),
		cmocka_unit_test(every_single_byte_has_an_answer),
		cmocka_unit_test(a_signed_ticket_is_filled_in),
		cmocka_unit_test(subevents_lead_to_venues),
		cmocka_unit_test(items_are_those_of_the_event),
		cmocka_unit_test(staff_cards_are_of_their_own_type),
		cmocka_unit_test(a_stranger_s_staff_card_is_forged),
		cmocka_unit_test(extreme_limits_stay_limits),
		cmocka_unit_test(a_stranger_s_signature_is_forged),
		cmocka_unit_test(signed_nonsense_is_forged),
		cmocka_unit_test(the_hash_names_the_exact_code),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
