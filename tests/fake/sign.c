#include "tests/fake/sign.h"

#include "base/text.h"

#include <sodium.h>
#include <string.h>

static void key_pair(const char *seed_hex, uint8_t public_key[32], uint8_t secret_key[64])
{
	uint8_t seed[32];
	bool good = text_unhex(seed, sizeof(seed), seed_hex, strlen(seed_hex));
	CHECK(good);
	crypto_sign_seed_keypair(public_key, secret_key, seed);
}

void sign_public_key(const char *seed_hex, uint8_t out[32])
{
	uint8_t secret_key[64];
	key_pair(seed_hex, out, secret_key);
}

static size_t put_varint(uint8_t *out, uint64_t value)
{
	size_t n = 0;
	for (; value >= 0x80; value >>= 7)
		out[n++] = (uint8_t)(value | 0x80);
	out[n++] = (uint8_t)value;
	return n;
}

static size_t put_number(uint8_t *out, unsigned field, int64_t value)
{
	if (value == 0)
		return 0;
	out[0] = (uint8_t)(field << 3);
	return 1 + put_varint(out + 1, (uint64_t)value);
}

size_t sign_encode(uint8_t *out, const struct sig1_payload *p)
{
	size_t n = 0, seed_len = strlen(p->seed);
	if (seed_len) {
		out[n++] = 1 << 3 | 2;
		out[n++] = (uint8_t)seed_len;
		memcpy(out + n, p->seed, seed_len);
		n += seed_len;
	}
	n += put_number(out + n, 2, p->item);
	n += put_number(out + n, 3, p->variation);
	n += put_number(out + n, 4, p->subevent);
	n += put_number(out + n, 5, p->valid_from_s);
	n += put_number(out + n, 6, p->valid_until_s);
	return n;
}

size_t sign_text(char out[SIGN_TEXT_SIZE], const uint8_t *bytes, size_t n)
{
	sodium_bin2base64(out, SIGN_TEXT_SIZE, bytes, n, sodium_base64_VARIANT_ORIGINAL);
	size_t len = strlen(out);
	for (size_t i = 0; i < len / 2; i++) {
		char c = out[i];
		out[i] = out[len - 1 - i];
		out[len - 1 - i] = c;
	}
	return len;
}

size_t sign_bytes(uint8_t *out, size_t capacity, const char *text, size_t len)
{
	char forward[SIGN_TEXT_SIZE];
	size_t n = 0;
	CHECK(len < sizeof(forward));
	for (size_t i = 0; i < len; i++)
		forward[i] = text[len - 1 - i];
	return sodium_base642bin(
		       out, capacity, forward, len, NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL)
		       ? 0
		       : n;
}

size_t sign_payload(
	char out[SIGN_TEXT_SIZE], const char *seed_hex, const uint8_t *payload, size_t n)
{
	uint8_t public_key[32], secret_key[64], bytes[5 + 4000 + crypto_sign_BYTES];
	CHECK(n <= 4000);
	key_pair(seed_hex, public_key, secret_key);
	bytes[0] = 1;
	bytes[1] = (uint8_t)(n >> 8);
	bytes[2] = (uint8_t)n;
	bytes[3] = 0;
	bytes[4] = crypto_sign_BYTES;
	memcpy(bytes + 5, payload, n);
	crypto_sign_detached(bytes + 5 + n, NULL, payload, n, secret_key);
	return sign_text(out, bytes, 5 + n + crypto_sign_BYTES);
}

size_t sign_ticket(char out[SIGN_TEXT_SIZE], const char *seed_hex, const struct sig1_payload *p)
{
	uint8_t payload[192];
	return sign_payload(out, seed_hex, payload, sign_encode(payload, p));
}
