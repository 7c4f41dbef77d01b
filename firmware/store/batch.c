#include "store/batch.h"

#include "store/log.h"

#include <sodium.h>
#include <string.h>

#define ID_DOMAIN   "parvis-device"
#define HEAD_DOMAIN "parvis/1 head"

static_assert(DEVICE_KEY_SIZE == crypto_sign_PUBLICKEYBYTES, "Ed25519");
static_assert(DEVICE_SIGNATURE_SIZE == crypto_sign_BYTES, "Ed25519");
static_assert(sizeof(HEAD_DOMAIN) == HEAD_BYTES - DEVICE_ID_SIZE - 4 - 8 - ROW_HASH_SIZE,
	"the domain with its NUL");

const char *const batch_wrong_texts[] = {
	[BATCH_GOOD] = "nothing is wrong",
	[BATCH_SHAPE] = "the rows are no stretch of one chain",
	[BATCH_VALUES] = "a row's values cannot be",
	[BATCH_CHAIN] = "the chain of hashes is broken",
	[BATCH_KEY] = "the key is another device's",
	[BATCH_SIGNATURE] = "the signature is missing or wrong",
	[BATCH_MESSAGE] = "the message cannot be read",
	[BATCH_VERSION] = "the message is of another version",
};
static_assert(ARRAY_LEN(batch_wrong_texts) == BATCH_WRONGS, "every fault needs its text");

void device_id_of(const uint8_t key[DEVICE_KEY_SIZE], uint8_t out[DEVICE_ID_SIZE])
{
	uint8_t bytes[sizeof(ID_DOMAIN) - 1 + DEVICE_KEY_SIZE], hash[32];
	memcpy(bytes, ID_DOMAIN, sizeof(ID_DOMAIN) - 1);
	memcpy(bytes + sizeof(ID_DOMAIN) - 1, key, DEVICE_KEY_SIZE);
	crypto_generichash(hash, sizeof(hash), bytes, sizeof(bytes), NULL, 0);
	memcpy(out, hash, DEVICE_ID_SIZE);
}

static uint8_t *put_integer(uint8_t *at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		*at++ = (uint8_t)(value >> (8 * i));
	return at;
}

void batch_head_bytes(const struct row *last, uint8_t out[HEAD_BYTES])
{
	uint8_t *at = out;
	memcpy(at, HEAD_DOMAIN, sizeof(HEAD_DOMAIN)); /* with its NUL */
	at += sizeof(HEAD_DOMAIN);
	memcpy(at, last->device, DEVICE_ID_SIZE);
	at = put_integer(at + DEVICE_ID_SIZE, last->epoch, 4);
	at = put_integer(at, last->seq, 8);
	memcpy(at, last->hash, ROW_HASH_SIZE);
}

static bool is_next(const struct row *a, const struct row *b)
{
	return a->epoch == b->epoch && !memcmp(a->device, b->device, sizeof(a->device)) &&
	       b->seq == a->seq + 1;
}

static enum batch_wrong check_rows(const struct batch *b)
{
	for (size_t i = 1; i < b->count; i++)
		if (!is_next(&b->rows[i - 1], &b->rows[i]))
			return BATCH_SHAPE;
	for (size_t i = 0; i < b->count; i++)
		if (row_wrong(&b->rows[i]) || (i && b->rows[i].hlc <= b->rows[i - 1].hlc))
			return BATCH_VALUES;
	for (size_t i = 0; i < b->count; i++) {
		const struct row *row = &b->rows[i];
		uint8_t hash[ROW_HASH_SIZE];
		if (i && memcmp(row->before, row[-1].hash, sizeof(hash)))
			return BATCH_CHAIN;
		log_row_hash(row, hash);
		if (memcmp(row->hash, hash, sizeof(hash)))
			return BATCH_CHAIN;
	}
	return BATCH_GOOD;
}

enum batch_wrong batch_check(const struct batch *b)
{
	if (!b->rows || b->count < 1 || b->count > BATCH_ROWS_MAX)
		return BATCH_SHAPE;
	enum batch_wrong wrong = check_rows(b);
	if (wrong != BATCH_GOOD)
		return wrong;
	if (!b->is_signed)
		return BATCH_SIGNATURE;
	const struct row *last = &b->rows[b->count - 1];
	uint8_t id[DEVICE_ID_SIZE], bytes[HEAD_BYTES];
	device_id_of(b->key, id);
	if (memcmp(id, last->device, sizeof(id)))
		return BATCH_KEY;
	batch_head_bytes(last, bytes);
	return crypto_sign_verify_detached(b->signature, bytes, sizeof(bytes), b->key)
		       ? BATCH_SIGNATURE
		       : BATCH_GOOD;
}
