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

static struct issuer *issuer;
static uint8_t keys[1][32];

static enum sig1_result read_back(const char *text, size_t len, struct sig1_payload *out)
{
	return sig1_read((const uint8_t(*)[32])keys, 1, text, len, out);
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

#define SEED_63 "123456789012345678901234567890123456789012345678901234567890123"

static const struct sig1_payload tickets[] = {
	{ "abcdefghi", 1, 0, 11, 0, 0 },
	{ "", 0, 0, 0, 0, 0 },
	{ "x", 127, 128, 16383, 16384, 1 },
	{ SEED_63, INT64_MIN, -1, INT64_MIN, -5, INT64_MIN }, /* the longest */
	{ SEED_63, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX },
	{ "\xce\xb1\xce\xb2", 2, 0, 0, 1481220000, 1481230000 },
};

static void what_is_written_reads_the_same(void **state)
{
	(void)state;
	for (size_t t = 0; t < ARRAY_LEN(tickets); t++) {
		char text[SIG1_WRITTEN_SIZE];
		struct sig1_payload out;
		memset(text, 0x5a, sizeof(text));
		size_t len = sig1_write(issuer, &tickets[t], text);
		assert_true(len > 0 && len < sizeof(text));
		assert_int_equal(strlen(text), len);
		assert_int_equal(read_back(text, len, &out), SIG1_GOOD);
		assert_same(&out, &tickets[t]);
	}
}

/* Byte for byte what a second writer makes, and the first public vector's payload. */
static void the_text_is_canonical(void **state)
{
	static const struct sig1_payload first = { "CTJqJOl1H", 1, 0, 14, 0, 0 };
	static const uint8_t expected[] = "\x0a\x09"
					  "CTJqJOl1H\x10\x01\x20\x0e";
	char text[SIG1_WRITTEN_SIZE], other[SIGN_TEXT_SIZE];
	uint8_t bytes[256];
	(void)state;
	for (size_t t = 0; t < ARRAY_LEN(tickets); t++) {
		size_t len = sig1_write(issuer, &tickets[t], text);
		assert_int_equal(sign_ticket(other, SIGN_DEMO_SEED, &tickets[t]), len);
		assert_memory_equal(text, other, len);
	}
	size_t len = sig1_write(issuer, &first, text);
	size_t n = sign_bytes(bytes, sizeof(bytes), text, len);
	assert_int_equal(n, 5 + sizeof(expected) - 1 + 64);
	assert_memory_equal(bytes, "\x01\x00\x0f\x00\x40", 5);
	assert_memory_equal(bytes + 5, expected, sizeof(expected) - 1);
}

static void a_seed_that_no_reader_takes_is_not_written(void **state)
{
	struct sig1_payload p = { "\xff", 1, 0, 0, 0, 0 };
	char text[SIG1_WRITTEN_SIZE];
	(void)state;
	assert_int_equal(sig1_write(issuer, &p, text), 0);
	memcpy(p.seed, "\xc3", 2);
	assert_int_equal(sig1_write(issuer, &p, text), 0);
}

/* A client is known to build the lengths with a shift of 2 where 8 is meant: right up to 255. */
static void lengths_past_255_are_written_as_specified(void **state)
{
	static const size_t sizes[] = { 3, 255, 256, 257, 511, 512, 1024, SIG1_PAYLOAD_MAX };
	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
		uint8_t payload[SIG1_PAYLOAD_MAX] = { 0 }, bytes[SIG1_TEXT_MAX];
		char text[SIG1_TEXT_MAX + 1];
		struct sig1_payload out;
		size_t n = sizes[s], inside = n > 130 ? n - 3 : n - 2;
		payload[0] = 15 << 3 | 2; /* a field of a later version, to be stepped over */
		payload[1] = (uint8_t)(n > 130 ? inside | 0x80 : inside);
		payload[2] = (uint8_t)(n > 130 ? inside >> 7 : 0);
		size_t len = sig1_seal(issuer, payload, n, text);
		assert_true(len <= SIG1_TEXT_MAX);
		assert_int_equal(strlen(text), len);
		assert_int_equal(sign_bytes(bytes, sizeof(bytes), text, len), 5 + n + 64);
		assert_int_equal(bytes[1], n / 256);
		assert_int_equal(bytes[2], n % 256);
		assert_int_equal(bytes[3], 0);
		assert_int_equal(bytes[4], 64);
		assert_int_equal(read_back(text, len, &out), SIG1_GOOD);
	}
}

static void an_empty_payload_is_sealed(void **state)
{
	char text[SIG1_TEXT_MAX + 1];
	struct sig1_payload out;
	(void)state;
	size_t len = sig1_seal(issuer, NULL, 0, text);
	assert_int_equal(read_back(text, len, &out), SIG1_GOOD);
	assert_string_equal(out.seed, "");
}

static int compare_seeds(const void *a, const void *b)
{
	return memcmp(a, b, SIG1_SEED_SIZE);
}

/* 10,000 of 53 bits: two alike would come once in 10^8 runs. Every character comes up, each about
 * as often: 90,000 / 62 = 1452, give or take seven times the standard deviation of 38. */
static void random_seeds_are_nine_characters_and_differ(void **state)
{
	static char seeds[10000][SIG1_SEED_SIZE];
	unsigned seen[256] = { 0 }, kinds = 0;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
		sig1_random_seed(seeds[i]);
		assert_int_equal(strlen(seeds[i]), SIG1_RANDOM_SEED_LEN);
		for (const char *c = seeds[i]; *c; c++)
			seen[(unsigned char)*c]++;
	}
	for (unsigned c = 0; c < 256; c++) {
		bool letter =
			(c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		assert_true(letter == (seen[c] > 0));
		kinds += letter;
		assert_true(!letter || (seen[c] > 1452 - 266 && seen[c] < 1452 + 266));
	}
	assert_int_equal(kinds, 62);
	qsort(seeds, ARRAY_LEN(seeds), sizeof(seeds[0]), compare_seeds);
	for (size_t i = 1; i < ARRAY_LEN(seeds); i++)
		assert_string_not_equal(seeds[i - 1], seeds[i]);
}

static int set_up(void **state)
{
	uint8_t seed[32];
	(void)state;
	if (!text_unhex(seed, sizeof(seed), SIGN_DEMO_SEED, 64) || issuer_from_seed(&issuer, seed))
		return -1;
	issuer_public(issuer, keys[0]);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	issuer_close(issuer);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_reads_the_same),
		cmocka_unit_test(the_text_is_canonical),
		cmocka_unit_test(a_seed_that_no_reader_takes_is_not_written),
		cmocka_unit_test(lengths_past_255_are_written_as_specified),
		cmocka_unit_test(an_empty_payload_is_sealed),
		cmocka_unit_test(random_seeds_are_nine_characters_and_differ),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
