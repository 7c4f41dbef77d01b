#include "event/sig1.h"

#include "base/text.h"
#include "tests/fake/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* The public vectors: pretix's test keys and the tickets of libpretixsync's
 * AsyncCheckProviderTest.kt and of pretix's own tests of secrets.py. */
#define K0 "ec00fbfef140df712c638cf63c7afb8993ec67c9f9761d1a8cff20cb3366988b"
#define K1 "60c26c3a72e9e40586a49f9d149136afd0ce5de40866056b0adf772c097904df"
#define V1                                                                                         \
	"E4BibyTSylQOgeKjuMPiTDxi5HXPuTVsx1qCli3IL0143gj0EZXOB9iQInANxRFJTt4Pf9nXnHdB91Qk/"        \
	"RN0L5AIBABSxw2TKFnSUNUCKAEAPAQA"

static const struct vector {
	const char *name, *text;
	enum sig1_result result;
	struct sig1_payload payload;
} vectors[] = {
	{ "V1: valid under the first key", V1, SIG1_GOOD, { "CTJqJOl1H", 1, 0, 14, 0, 0 } },
	{ "V2: valid under the second key",
		"==QCiFO1apLFypH1BXorPlbn4efNA0aCAsO1Z2hsmY/hKTI3/UVSlON/Vw8WSYof/"
		"1tz5tepBltUAg4GnzpOBSSlqARYhFWYhFWYhFWCKAEANAQA",
		SIG1_GOOD, { "aaaaaaaaa", 42, 0, 0, 0, 0 } },
	{ "V3: not before a moment, no end",
		"Ok4EsqDRCr2cL6yDRtqeP7j5Usr1Vj1Db7J0izOuRGx6Qn0BS1ISW2nxlW8PXkYRk7PJhIBmsK1V1ucq5o"
		"bBoBAMG4p9jCPKBAheRdFV0REVDZUCKAEAVAQA",
		SIG1_GOOD, { "FCTDtTWQz", 1, 0, 0, 1675465200, 0 } },
	{ "V4: not after a moment, no beginning",
		"EU9dJn3k5jzwfY4JQAKrTOVFmo+BvZKwH6UAIFOz3XTxABa7tmjU5UoLD8hJr3440uY7IFEHzau1DVk0sP"
		"994bgnzLNswAAKBARdUdGMmNVSHVUCKAEAVAQA",
		SIG1_GOOD, { "EGISf0gTu", 1, 0, 0, 0, 1675422000 } },
	{ "V5: an item that its event does not have",
		"OUmw2Ro3YOMQ4ktAlAIsDVe4Xsr1KXla/0SZVN34qIZWtUX0hx1DXDHxaCatGTNzOeCMjHQABR5E6ESCOO"
		"x1g7AIkBhVkdDdJJTVSZWCKAEAPAQA",
		SIG1_GOOD, { "fRU2It7dV", 100, 0, 14, 0, 0 } },
	{ "V6: the first one's payload, another signature",
		"EFAKEyTSylQOgeKjuMPiTDxi5HXPuTVsx1qCli3IL0143gj0EZXOB9iQInANxRFJTt4Pf9nXnHdB91Qk/"
		"RN0L5AIBABSxw2TKFnSUNUCKAEAPAQA",
		SIG1_FORGED, { "", 0, 0, 0, 0, 0 } },
};

static uint8_t keys[3][32]; /* K0, K1, the demo's */

static enum sig1_result read_text(const char *text, size_t len, struct sig1_payload *out)
{
	/* An exact copy, so that a sanitizer sees a byte read past the end. */
	char *copy = malloc(len ? len : 1);
	assert_non_null(copy);
	memcpy(copy, text, len);
	enum sig1_result result =
		sig1_read((const uint8_t(*)[32])keys, ARRAY_LEN(keys), copy, len, out);
	free(copy);
	return result;
}

/* Refused, with *out left alone. */
static void assert_refused(const char *text, size_t len, enum sig1_result expected)
{
	struct sig1_payload out, before;
	memset(&out, 0x5a, sizeof(out));
	before = out;
	assert_int_equal(read_text(text, len, &out), expected);
	assert_memory_equal(&out, &before, sizeof(out));
}

static void assert_not_good(const char *text, size_t len)
{
	struct sig1_payload out;
	assert_int_not_equal(read_text(text, len, &out), SIG1_GOOD);
}

static void assert_same(const struct sig1_payload *a, const struct sig1_payload *b)
{
	assert_string_equal(a->seed, b->seed);
	assert_int_equal(a->item, b->item);
	assert_int_equal(a->variation, b->variation);
	assert_int_equal(a->subevent, b->subevent);
	assert_int_equal(a->valid_from_s, b->valid_from_s);
	assert_int_equal(a->valid_until_s, b->valid_until_s);
}

static void the_public_vectors_read_as_published(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		const struct vector *v = &vectors[i];
		struct sig1_payload out = { .seed = "" };
		print_message("# %s\n", v->name);
		assert_int_equal(read_text(v->text, strlen(v->text), &out), v->result);
		assert_same(&out, &v->payload);
	}
}

static void without_its_key_a_ticket_is_forged(void **state)
{
	struct sig1_payload out;
	(void)state;
	assert_int_equal(
		sig1_read((const uint8_t(*)[32])keys, 0, V1, strlen(V1), &out), SIG1_FORGED);
	assert_int_equal(
		sig1_read((const uint8_t(*)[32]) & keys[1], 2, V1, strlen(V1), &out), SIG1_FORGED);
	assert_int_equal(
		sig1_read((const uint8_t(*)[32]) & keys[0], 1, V1, strlen(V1), &out), SIG1_GOOD);
}

static void no_flipped_bit_of_the_bytes_passes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		uint8_t bytes[512];
		char text[SIGN_TEXT_SIZE];
		size_t n =
			sign_bytes(bytes, sizeof(bytes), vectors[i].text, strlen(vectors[i].text));
		assert_true(n > 5 + 64);
		for (size_t bit = 0; bit < 8 * n; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
			size_t len = sign_text(text, bytes, n);
			/* The payload's and the signature's: still the form, no longer the seal. */
			assert_refused(text, len, bit < 8 * 5 ? SIG1_NOT_ONE : SIG1_FORGED);
			bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
	}
}

static void no_flipped_bit_of_the_text_passes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		char text[256];
		size_t len = strlen(vectors[i].text);
		memcpy(text, vectors[i].text, len + 1);
		for (size_t bit = 0; bit < 8 * len; bit++) {
			text[bit / 8] = (char)((unsigned char)text[bit / 8] ^ (1U << bit % 8));
			assert_not_good(text, len);
			text[bit / 8] = (char)((unsigned char)text[bit / 8] ^ (1U << bit % 8));
		}
	}
}

static void no_truncation_passes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		const char *text = vectors[i].text;
		size_t len = strlen(text);
		uint8_t bytes[512];
		char again[SIGN_TEXT_SIZE];
		size_t n = sign_bytes(bytes, sizeof(bytes), text, len);
		for (size_t cut = 0; cut < len; cut++) {
			assert_refused(text, cut, SIG1_NOT_ONE);
			assert_refused(text + len - cut, cut, SIG1_NOT_ONE);
		}
		for (size_t cut = 0; cut < n; cut++)
			assert_refused(again, sign_text(again, bytes, cut), SIG1_NOT_ONE);
	}
}

static void no_added_byte_passes(void **state)
{
	(void)state;
	size_t len = strlen(V1), n;
	char text[SIGN_TEXT_SIZE];
	uint8_t bytes[512];
	for (int c = 0; c < 256; c++) {
		memcpy(text, V1, len);
		text[len] = (char)c;
		assert_not_good(text, len + 1);
		memcpy(text + 1, V1, len);
		text[0] = (char)c;
		assert_not_good(text, len + 1);
		n = sign_bytes(bytes, sizeof(bytes), V1, len);
		bytes[n] = (uint8_t)c;
		assert_refused(text, sign_text(text, bytes, n + 1), SIG1_NOT_ONE);
	}
}

/* The last digit before the padding has bits that do not count: only zeros there are canonical. */
static void a_second_text_of_the_same_bytes_is_refused(void **state)
{
	(void)state;
	const char *v2 = vectors[1].text; /* "==Q…": Q is 16, of whose six bits four do not count */
	char text[256];
	size_t len = strlen(v2);
	memcpy(text, v2, len + 1);
	for (const char *c = "RSTUVWXYZabcdef"; *c; c++) {
		text[2] = *c;
		assert_refused(text, len, SIG1_NOT_ONE);
	}
	text[2] = 'Q';
	assert_refused(text + 1, len - 1, SIG1_NOT_ONE); /* half the padding */
	assert_refused(text + 2, len - 2, SIG1_NOT_ONE); /* none */
	for (char *c = text; *c; c++)
		*c = *c == '/' ? '_' : *c == '+' ? '-' : *c;
	assert_refused(text, len, SIG1_NOT_ONE); /* the alphabet of addresses */
}

static void forward_base64_is_not_one(void **state)
{
	(void)state;
	char text[256];
	size_t len = strlen(V1);
	for (size_t i = 0; i < len; i++)
		text[i] = V1[len - 1 - i];
	assert_refused(text, len, SIG1_NOT_ONE);
}

/* Ed25519: S and S + L satisfy the equation alike; RFC 8032 demands S < L. */
static void a_malleable_signature_is_refused(void **state)
{
	static const uint8_t order[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6,
		0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
	uint8_t bytes[512];
	char text[SIGN_TEXT_SIZE];
	(void)state;
	size_t n = sign_bytes(bytes, sizeof(bytes), V1, strlen(V1));
	unsigned carry = 0;
	for (size_t i = 0; i < 32; i++) {
		carry += bytes[n - 32 + i] + order[i];
		bytes[n - 32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(carry, 0);
	assert_refused(text, sign_text(text, bytes, n), SIG1_FORGED);
}

#define BYTES(s) (const uint8_t *)(s), sizeof(s) - 1

static const struct payload_case {
	const char *name;
	const uint8_t *bytes;
	size_t len;
	enum sig1_result result;
	struct sig1_payload payload;
} payloads[] = {
	{ "empty: everything is at its default", BYTES(""), SIG1_GOOD, { "", 0, 0, 0, 0, 0 } },
	{ "numbers in any order", BYTES("\x20\x03\x10\x02\x0a\x01x"), SIG1_GOOD,
		{ "x", 2, 0, 3, 0, 0 } },
	{ "of a field given twice the last counts", BYTES("\x10\x02\x0a\x02xy\x10\x05\x0a\x01z"),
		SIG1_GOOD, { "z", 5, 0, 0, 0, 0 } },
	{ "a limit present as 0 is no limit", BYTES("\x28\x00\x30\x00"), SIG1_GOOD,
		{ "", 0, 0, 0, 0, 0 } },
	{ "-1 takes ten bytes", BYTES("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), SIG1_GOOD,
		{ "", -1, 0, 0, 0, 0 } },
	{ "a number written longer than need be", BYTES("\x10\x81\x80\x00"), SIG1_GOOD,
		{ "", 1, 0, 0, 0, 0 } },
	{ "unknown varint", BYTES("\x38\x01\x10\x02"), SIG1_GOOD, { "", 2, 0, 0, 0, 0 } },
	{ "unknown 64 bits",
		BYTES("\x39"
		      "12345678"
		      "\x10\x02"),
		SIG1_GOOD, { "", 2, 0, 0, 0, 0 } },
	{ "unknown bytes",
		BYTES("\x3a\x03"
		      "abc"
		      "\x10\x02"),
		SIG1_GOOD, { "", 2, 0, 0, 0, 0 } },
	{ "unknown 32 bits",
		BYTES("\x3d"
		      "1234"
		      "\x10\x02"),
		SIG1_GOOD, { "", 2, 0, 0, 0, 0 } },
	{ "a seed in Greek", BYTES("\x0a\x04\xce\xb1\xce\xb2"), SIG1_GOOD,
		{ "\xce\xb1\xce\xb2", 0, 0, 0, 0, 0 } },

	{ "a field without its value", BYTES("\x10"), SIG1_MALFORMED, { "", 0, 0, 0, 0, 0 } },
	{ "a number without its end", BYTES("\x10\x80"), SIG1_MALFORMED, { "", 0, 0, 0, 0, 0 } },
	{ "eleven bytes of a number", BYTES("\x10\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"),
		SIG1_MALFORMED, { "", 0, 0, 0, 0, 0 } },
	{ "a number past 64 bits", BYTES("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
		SIG1_MALFORMED, { "", 0, 0, 0, 0, 0 } },
	{ "a seed longer than the payload", BYTES("\x0a\x02x"), SIG1_MALFORMED,
		{ "", 0, 0, 0, 0, 0 } },
	{ "a seed of nearly 2^64 bytes", BYTES("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x"),
		SIG1_MALFORMED, { "", 0, 0, 0, 0, 0 } },
	{ "a seed that is not UTF-8", BYTES("\x0a\x01\xff"), SIG1_MALFORMED,
		{ "", 0, 0, 0, 0, 0 } },
	{ "a seed with a NUL",
		BYTES("\x0a\x03"
		      "a\0b"),
		SIG1_MALFORMED, { "", 0, 0, 0, 0, 0 } },
	{ "a seed that is a number", BYTES("\x08\x01"), SIG1_MALFORMED, { "", 0, 0, 0, 0, 0 } },
	{ "an item that is a text", BYTES("\x12\x01x"), SIG1_MALFORMED, { "", 0, 0, 0, 0, 0 } },
	{ "an item of 32 bits",
		BYTES("\x15"
		      "1234"),
		SIG1_MALFORMED, { "", 0, 0, 0, 0, 0 } },
	{ "field number 0", BYTES("\x00\x01"), SIG1_MALFORMED, { "", 0, 0, 0, 0, 0 } },
	{ "field number 2^29", BYTES("\x80\x80\x80\x80\x10\x01"), SIG1_MALFORMED,
		{ "", 0, 0, 0, 0, 0 } },
	{ "a group", BYTES("\x3b\x3c"), SIG1_MALFORMED, { "", 0, 0, 0, 0, 0 } },
	{ "a group's end", BYTES("\x3c"), SIG1_MALFORMED, { "", 0, 0, 0, 0, 0 } },
	{ "wire type 6", BYTES("\x3e\x01"), SIG1_MALFORMED, { "", 0, 0, 0, 0, 0 } },
	{ "unknown 64 bits cut short",
		BYTES("\x39"
		      "1234567"),
		SIG1_MALFORMED, { "", 0, 0, 0, 0, 0 } },
};

static void payloads_are_read_by_the_book(void **state)
{
	char text[SIGN_TEXT_SIZE];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(payloads); i++) {
		const struct payload_case *c = &payloads[i];
		struct sig1_payload out = { .seed = "" };
		size_t len = sign_payload(text, SIGN_DEMO_SEED, c->bytes, c->len);
		print_message("# %s\n", c->name);
		assert_int_equal(read_text(text, len, &out), c->result);
		assert_same(&out, &c->payload);
	}
}

static void contents_are_not_looked_at_before_the_signature(void **state)
{
	static const char other_seed[] =
		"0000000000000000000000000000000000000000000000000000000000000001";
	char text[SIGN_TEXT_SIZE];
	(void)state;
	size_t len = sign_payload(text, other_seed, BYTES("\x10"));
	assert_refused(text, len, SIG1_FORGED);
	len = sign_payload(text, SIGN_DEMO_SEED, BYTES("\x10"));
	assert_refused(text, len, SIG1_MALFORMED);
}

static void a_seed_of_63_bytes_fits_and_64_do_not(void **state)
{
	uint8_t payload[2 + 64] = { 0x0a, 63 };
	char text[SIGN_TEXT_SIZE];
	struct sig1_payload out;
	(void)state;
	memset(payload + 2, 'x', 64);
	size_t len = sign_payload(text, SIGN_DEMO_SEED, payload, 2 + 63);
	assert_int_equal(read_text(text, len, &out), SIG1_GOOD);
	assert_int_equal(strlen(out.seed), 63);
	payload[1] = 64;
	assert_refused(text, sign_payload(text, SIGN_DEMO_SEED, payload, 2 + 64), SIG1_MALFORMED);
}

/* A client is known to build the lengths with a shift of 2 where 8 is meant: right up to 255. */
static void lengths_past_255_are_read_as_specified(void **state)
{
	uint8_t payload[303] = { 0x3a, 0xac, 0x02 }, bytes[512];
	char text[SIGN_TEXT_SIZE];
	struct sig1_payload out;
	(void)state;
	size_t len = sign_payload(text, SIGN_DEMO_SEED, payload, sizeof(payload));
	assert_int_equal(read_text(text, len, &out), SIG1_GOOD);
	size_t n = sign_bytes(bytes, sizeof(bytes), text, len);
	bytes[1] = sizeof(payload) >> 2 & 0xff;
	assert_refused(text, sign_text(text, bytes, n), SIG1_NOT_ONE);
}

static void the_longest_code_is_taken_and_a_longer_one_is_not(void **state)
{
	/* 2952 characters are 2214 bytes; 3 more no longer fit a symbol. */
	static uint8_t payload[2214 - 5 - 64 + 3] = { 0x3a, 0xde, 0x10 };
	char text[SIGN_TEXT_SIZE];
	struct sig1_payload out;
	(void)state;
	size_t len = sign_payload(text, SIGN_DEMO_SEED, payload, sizeof(payload) - 3);
	assert_int_equal(len, 2952);
	assert_int_equal(read_text(text, len, &out), SIG1_GOOD);
	payload[1] = 0xe1;
	len = sign_payload(text, SIGN_DEMO_SEED, payload, sizeof(payload));
	assert_true(len > SIG1_TEXT_MAX);
	assert_refused(text, len, SIG1_NOT_ONE);
}

static void signing_and_reading_agree(void **state)
{
	static const struct sig1_payload tickets[] = {
		{ "abcdefghi", 1, 0, 11, 0, 0 },
		{ "x", INT64_MAX, 7, INT64_MAX, 1, INT64_MAX },
		{ "", -1, INT64_MIN, 0, -5, 0 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(tickets); i++) {
		char text[SIGN_TEXT_SIZE];
		struct sig1_payload out;
		size_t len = sign_ticket(text, SIGN_DEMO_SEED, &tickets[i]);
		assert_int_equal(read_text(text, len, &out), SIG1_GOOD);
		assert_same(&out, &tickets[i]);
	}
}

static int set_up(void **state)
{
	(void)state;
	if (sodium_init() < 0 || !text_unhex(keys[0], 32, K0, 64) ||
		!text_unhex(keys[1], 32, K1, 64))
		return -1;
	sign_public_key(SIGN_DEMO_SEED, keys[2]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_public_vectors_read_as_published),
		cmocka_unit_test(without_its_key_a_ticket_is_forged),
		cmocka_unit_test(no_flipped_bit_of_the_bytes_passes),
		cmocka_unit_test(no_flipped_bit_of_the_text_passes),
		cmocka_unit_test(no_truncation_passes),
		cmocka_unit_test(no_added_byte_passes),
		cmocka_unit_test(a_second_text_of_the_same_bytes_is_refused),
		cmocka_unit_test(forward_base64_is_not_one),
		cmocka_unit_test(a_malleable_signature_is_refused),
		cmocka_unit_test(payloads_are_read_by_the_book),
		cmocka_unit_test(contents_are_not_looked_at_before_the_signature),
		cmocka_unit_test(a_seed_of_63_bytes_fits_and_64_do_not),
		cmocka_unit_test(lengths_past_255_are_read_as_specified),
		cmocka_unit_test(the_longest_code_is_taken_and_a_longer_one_is_not),
		cmocka_unit_test(signing_and_reading_agree),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
