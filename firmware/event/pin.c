#include "event/pin.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#define ARGON2_PREFIX "$argon2id$v=19$"
#define SALT_BYTES    16
#define HASH_BYTES    32

bool pin_is_one(const char *pin)
{
	size_t n = strspn(pin, "0123456789");
	return !pin[n] && n >= PIN_DIGITS_MIN && n <= PIN_DIGITS_MAX;
}

int pin_hash(const char *pin, char out[PIN_HASH_SIZE])
{
	static_assert(PIN_HASH_SIZE >= crypto_pwhash_STRBYTES, "the string must fit");
	char made[crypto_pwhash_STRBYTES];
	if (!pin_is_one(pin))
		return -EINVAL;
	if (sodium_init() < 0)
		return -EIO;
	if (crypto_pwhash_str(made, pin, strlen(pin), PIN_OPERATIONS, PIN_MEMORY))
		return -ENOMEM;
	memcpy(out, made, strlen(made) + 1);
	return 0;
}

/* Reads `name` and a decimal number of 1 … max without leading zeros, and moves on. */
static bool take_number(const char **p, const char *name, unsigned long max, unsigned long *out)
{
	size_t n = strlen(name);
	if (strncmp(*p, name, n) || (*p)[n] < '1' || (*p)[n] > '9')
		return false;
	unsigned long value = 0;
	for (*p += n; **p >= '0' && **p <= '9' && value <= max; (*p)++)
		value = value * 10 + (unsigned long)(**p - '0');
	*out = value;
	return value <= max;
}

/* Reads base64 without padding of exactly n bytes, up to `end` or the end of the text. */
static bool take_base64(const char **p, size_t n, char end)
{
	uint8_t bytes[HASH_BYTES];
	size_t len = strcspn(*p, "$"), got = 0;
	if ((*p)[len] != end || n > sizeof(bytes) ||
		sodium_base642bin(bytes, n, *p, len, NULL, &got, NULL,
			sodium_base64_VARIANT_ORIGINAL_NO_PADDING) ||
		got != n)
		return false;
	*p += len + (end != '\0');
	return true;
}

bool pin_is_hash(const char *text)
{
	const char *p = text;
	unsigned long kib, operations, lanes;
	if (strlen(text) >= PIN_HASH_SIZE || strncmp(p, ARGON2_PREFIX, strlen(ARGON2_PREFIX)))
		return false;
	p += strlen(ARGON2_PREFIX);
	return take_number(&p, "m=", PIN_MEMORY_MAX / 1024, &kib) && kib >= 8 &&
	       take_number(&p, ",t=", PIN_OPERATIONS_MAX, &operations) &&
	       take_number(&p, ",p=", 1, &lanes) && *p++ == '$' &&
	       take_base64(&p, SALT_BYTES, '$') && take_base64(&p, HASH_BYTES, '\0');
}

bool pin_matches(const char *hash, const char *pin)
{
	if (!pin_is_one(pin) || !pin_is_hash(hash) || sodium_init() < 0)
		return false;
	/* libsodium reads the whole of its buffer's size. */
	char padded[crypto_pwhash_STRBYTES] = "";
	size_t n = strlen(hash);
	if (n >= sizeof(padded))
		return false;
	memcpy(padded, hash, n);
	return crypto_pwhash_str_verify(padded, pin, strlen(pin)) == 0;
}
