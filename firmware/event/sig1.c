#include "event/sig1.h"

#include "base/text.h"
#include "door/ticket.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#define VERSION       1
#define HEADER_SIZE   5
#define DECODED_MAX   (SIG1_TEXT_MAX / 4 * 3)
#define VARINT_MAX    10
#define FIELD_MAX     ((1U << 29) - 1)
#define SIGNATURE_LEN crypto_sign_BYTES

struct bytes {
	const uint8_t *at;
	size_t left;
};

/* --- the envelope ------------------------------------------------------------------------------
 */

static void reverse(char *out, const char *in, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = in[len - 1 - i];
}

/* The decoded bytes of a canonical text; 0 where it is none. Encoding anew and comparing leaves no
 * second text for the same bytes, whatever the decoder tolerates. */
static size_t decode(uint8_t out[DECODED_MAX], const char *text, size_t len)
{
	char forward[SIG1_TEXT_MAX], again[SIG1_TEXT_MAX + 4];
	size_t n = 0;
	if (len > SIG1_TEXT_MAX)
		return 0;
	reverse(forward, text, len);
	if (sodium_base642bin(
		    out, DECODED_MAX, forward, len, NULL, &n, NULL, sodium_base64_VARIANT_ORIGINAL))
		return 0;
	if (sodium_base64_encoded_len(n, sodium_base64_VARIANT_ORIGINAL) != len + 1)
		return 0;
	sodium_bin2base64(again, sizeof(again), out, n, sodium_base64_VARIANT_ORIGINAL);
	return memcmp(again, forward, len) ? 0 : n;
}

static bool open_envelope(
	const uint8_t *b, size_t n, struct bytes *payload, const uint8_t **signature)
{
	if (n < HEADER_SIZE || b[0] != VERSION)
		return false;
	size_t payload_len = (size_t)b[1] << 8 | b[2];
	size_t signature_len = (size_t)b[3] << 8 | b[4];
	if (signature_len != SIGNATURE_LEN || n != HEADER_SIZE + payload_len + signature_len)
		return false;
	*payload = (struct bytes){ b + HEADER_SIZE, payload_len };
	*signature = b + HEADER_SIZE + payload_len;
	return true;
}

static bool verify(const uint8_t (*keys)[32], size_t count, const uint8_t *signature,
	const struct bytes *payload)
{
	for (size_t i = 0; i < count; i++)
		if (!crypto_sign_verify_detached(signature, payload->at, payload->left, keys[i]))
			return true;
	return false;
}

/* --- the payload -------------------------------------------------------------------------------
 */
/* Protocol buffers (the encoding's public description): a field is a varint of number << 3 | wire
 * type, then the value. Of a field given twice the last counts; fields of later versions are
 * stepped over when they are well formed. */

enum wire { WIRE_VARINT, WIRE_64_BIT, WIRE_LENGTH, WIRE_GROUP, WIRE_GROUP_END, WIRE_32_BIT };

static bool take_varint(struct bytes *in, uint64_t *out)
{
	uint64_t value = 0;
	for (unsigned i = 0; i < VARINT_MAX && in->left > 0; i++) {
		uint8_t b = *in->at++;
		in->left--;
		if (i == VARINT_MAX - 1 && b > 1)
			return false; /* past 64 bits */
		value |= (uint64_t)(b & 0x7f) << (7 * i);
		if (b < 0x80) {
			*out = value;
			return true;
		}
	}
	return false;
}

static bool take_bytes(struct bytes *in, uint64_t len, struct bytes *out)
{
	if (len > in->left)
		return false;
	*out = (struct bytes){ in->at, (size_t)len };
	in->at += len;
	in->left -= (size_t)len;
	return true;
}

static bool take_length(struct bytes *in, struct bytes *out)
{
	uint64_t len;
	return take_varint(in, &len) && take_bytes(in, len, out);
}

static bool take_number(struct bytes *in, uint64_t wire, int64_t *out)
{
	uint64_t value;
	if (wire != WIRE_VARINT || !take_varint(in, &value))
		return false;
	*out = (int64_t)value;
	return true;
}

static bool take_seed(struct bytes *in, uint64_t wire, char out[SIG1_SEED_SIZE])
{
	struct bytes seed;
	if (wire != WIRE_LENGTH || !take_length(in, &seed) || seed.left >= SIG1_SEED_SIZE)
		return false;
	if (memchr(seed.at, '\0', seed.left) || !text_is_utf8((const char *)seed.at, seed.left))
		return false;
	memcpy(out, seed.at, seed.left);
	out[seed.left] = '\0';
	return true;
}

static bool skip(struct bytes *in, uint64_t wire)
{
	uint64_t number;
	struct bytes ignored;
	if (wire == WIRE_VARINT)
		return take_varint(in, &number);
	if (wire == WIRE_64_BIT)
		return take_bytes(in, 8, &ignored);
	if (wire == WIRE_32_BIT)
		return take_bytes(in, 4, &ignored);
	return wire == WIRE_LENGTH && take_length(in, &ignored);
}

static bool take_field(struct bytes *in, struct sig1_payload *p)
{
	int64_t *const numbers[] = { NULL, NULL, &p->item, &p->variation, &p->subevent,
		&p->valid_from_s, &p->valid_until_s };
	uint64_t tag;
	if (!take_varint(in, &tag))
		return false;
	uint64_t field = tag >> 3, wire = tag & 7;
	if (field < 1 || field > FIELD_MAX)
		return false;
	if (field == 1)
		return take_seed(in, wire, p->seed);
	if (field < ARRAY_LEN(numbers))
		return take_number(in, wire, numbers[field]);
	return skip(in, wire);
}

enum sig1_result sig1_read(const uint8_t (*keys)[32], size_t key_count, const char *text,
	size_t len, struct sig1_payload *out)
{
	uint8_t decoded[DECODED_MAX];
	struct bytes payload;
	const uint8_t *signature;
	size_t n = decode(decoded, text, len);
	if (!open_envelope(decoded, n, &payload, &signature))
		return SIG1_NOT_ONE;
	if (!verify(keys, key_count, signature, &payload))
		return SIG1_FORGED;
	struct sig1_payload read = { .seed = "" };
	while (payload.left > 0)
		if (!take_field(&payload, &read))
			return SIG1_MALFORMED;
	*out = read;
	return SIG1_GOOD;
}
