#include "event/sig1.h"

#include "base/text.h"

#include <sodium.h>
#include <string.h>

#define VERSION      1
#define HEADER_SIZE  5
#define VARINT_MAX   10
#define NUMBERS      5
#define PAYLOAD_SIZE (2 + SIG1_SEED_SIZE - 1 + NUMBERS * (1 + VARINT_MAX))

/* Protocol buffers: field << 3 | wire type, 0 a varint, 2 bytes after their length. */
#define TAG_SEED (1 << 3 | 2)

#define BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)
static_assert(BASE64_SIZE(HEADER_SIZE + PAYLOAD_SIZE + ISSUER_SIGNATURE_SIZE) <= SIG1_WRITTEN_SIZE,
	"the longest ticket of sig1_write() must fit");
static_assert(
	BASE64_SIZE(HEADER_SIZE + SIG1_PAYLOAD_MAX + ISSUER_SIGNATURE_SIZE) <= SIG1_TEXT_MAX + 1,
	"the longest ticket of sig1_seal() must fit");
static_assert(SIG1_SEED_SIZE - 1 < 0x80, "a seed's length is a varint of one byte");

void sig1_random_seed(char out[SIG1_SEED_SIZE])
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	for (size_t i = 0; i < SIG1_RANDOM_SEED_LEN; i++)
		out[i] = alphabet[randombytes_uniform(sizeof(alphabet) - 1)];
	out[SIG1_RANDOM_SEED_LEN] = '\0';
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

static size_t put_seed(uint8_t *out, const char *seed)
{
	size_t n = strlen(seed);
	if (n == 0)
		return 0;
	out[0] = TAG_SEED;
	out[1] = (uint8_t)n;
	memcpy(out + 2, seed, n);
	return 2 + n;
}

/* In place, since that is how the format writes base64. */
static void reverse(char *text, size_t len)
{
	for (size_t i = 0; i < len / 2; i++) {
		char c = text[i];
		text[i] = text[len - 1 - i];
		text[len - 1 - i] = c;
	}
}

static size_t seal(const struct issuer *i, const uint8_t *payload, size_t n, char *out, size_t size)
{
	uint8_t bytes[HEADER_SIZE + SIG1_PAYLOAD_MAX + ISSUER_SIGNATURE_SIZE] = {
		VERSION,
		(uint8_t)(n >> 8),
		(uint8_t)n,
		ISSUER_SIGNATURE_SIZE >> 8,
		ISSUER_SIGNATURE_SIZE,
	};
	CHECK(n <= SIG1_PAYLOAD_MAX);
	if (n > 0)
		memcpy(bytes + HEADER_SIZE, payload, n);
	issuer_sign_ticket(i, payload, n, bytes + HEADER_SIZE + n);
	n += HEADER_SIZE + ISSUER_SIGNATURE_SIZE;
	sodium_bin2base64(out, size, bytes, n, sodium_base64_VARIANT_ORIGINAL);
	size_t len = strlen(out);
	reverse(out, len);
	return len;
}

size_t sig1_seal(const struct issuer *i, const uint8_t *payload, size_t payload_len,
	char out[SIG1_TEXT_MAX + 1])
{
	return seal(i, payload, payload_len, out, SIG1_TEXT_MAX + 1);
}

size_t sig1_write(const struct issuer *i, const struct sig1_payload *p, char out[SIG1_WRITTEN_SIZE])
{
	const int64_t numbers[NUMBERS] = { p->item, p->variation, p->subevent, p->valid_from_s,
		p->valid_until_s };
	uint8_t payload[PAYLOAD_SIZE];
	CHECK(memchr(p->seed, '\0', sizeof(p->seed)));
	if (!text_is_utf8(p->seed, strlen(p->seed)))
		return 0;
	size_t n = put_seed(payload, p->seed);
	for (unsigned f = 0; f < NUMBERS; f++)
		n += put_number(payload + n, f + 2, numbers[f]);
	return seal(i, payload, n, out, SIG1_WRITTEN_SIZE);
}
