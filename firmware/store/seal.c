#include "store/seal.h"

#include "event/code.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

static_assert(
	SEAL_SIZE == SEAL_NONCE_SIZE + TICKET_NAME_SIZE + crypto_aead_xchacha20poly1305_ietf_ABYTES,
	"a sealed name is nonce, name and tag");

bool seal_is_weak(const char *code, size_t len)
{
	/* log2 of 10, 26, 26, 33 characters and their sums, in hundredths of a bit. */
	static const unsigned centibits[16] = { 0, 332, 470, 517, 470, 517, 570, 595, 504, 543, 588,
		611, 588, 611, 641, 657 };
	unsigned classes = 0;
	for (size_t i = 0; i < len && len * centibits[classes] < SEAL_WEAK_BITS * 100; i++) {
		char c = code[i];
		classes |= c >= '0' && c <= '9'   ? 1
			   : c >= 'a' && c <= 'z' ? 2
			   : c >= 'A' && c <= 'Z' ? 4
						  : 8;
	}
	return len * centibits[classes] < SEAL_WEAK_BITS * 100;
}

int seal_stretch(
	const struct event *e, const char *code, size_t len, uint8_t secret[SEAL_SECRET_SIZE])
{
	static const char use[] = "parvis-stretch-1";
	uint8_t salt[crypto_pwhash_argon2id_SALTBYTES];
	crypto_generichash(salt, sizeof(salt), (const uint8_t *)use, sizeof(use), e->hash_key,
		sizeof(e->hash_key));
	return crypto_pwhash_argon2id(secret, SEAL_SECRET_SIZE, code, len, salt, SEAL_OPERATIONS,
		       SEAL_MEMORY, crypto_pwhash_argon2id_ALG_ARGON2ID13)
		       ? -ENOMEM
		       : 0;
}

void seal_row(const struct event *e, const char *code, size_t len, const uint8_t *secret,
	uint8_t out[TICKET_HASH_SIZE])
{
	static const char use[] = "parvis-row-1";
	if (secret)
		crypto_generichash(out, TICKET_HASH_SIZE, (const uint8_t *)use, sizeof(use), secret,
			SEAL_SECRET_SIZE);
	else
		code_hash(e, code, len, out);
}

static void name_key(
	const struct event *e, const char *code, size_t len, const uint8_t *secret, uint8_t out[32])
{
	static const char use[] = "parvis-name-1";
	crypto_generichash_state state;
	crypto_generichash_init(&state, secret ? secret : e->hash_key, 32, 32);
	crypto_generichash_update(&state, (const uint8_t *)use, sizeof(use));
	crypto_generichash_update(&state, (const uint8_t *)code, len);
	crypto_generichash_final(&state, out, 32);
	sodium_memzero(&state, sizeof(state));
}

void seal_name(const struct event *e, const char *code, size_t len, const uint8_t *secret,
	const char name[TICKET_NAME_SIZE], uint8_t nonce[SEAL_NONCE_SIZE], uint8_t out[SEAL_SIZE])
{
	uint8_t key[32];
	name_key(e, code, len, secret, key);
	sodium_increment(nonce, SEAL_NONCE_SIZE);
	memcpy(out, nonce, SEAL_NONCE_SIZE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + SEAL_NONCE_SIZE, NULL,
		(const uint8_t *)name, TICKET_NAME_SIZE, NULL, 0, NULL, out, key);
	sodium_memzero(key, sizeof(key));
}

bool seal_open(const struct event *e, const char *code, size_t len, const uint8_t *secret,
	const uint8_t sealed[SEAL_SIZE], char out[TICKET_NAME_SIZE])
{
	uint8_t key[32];
	name_key(e, code, len, secret, key);
	int failed = crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *)out, NULL, NULL,
		sealed + SEAL_NONCE_SIZE, SEAL_SIZE - SEAL_NONCE_SIZE, NULL, 0, sealed, key);
	sodium_memzero(key, sizeof(key));
	bool good = !failed && memchr(out, 0, TICKET_NAME_SIZE);
	if (!good)
		memset(out, 0, TICKET_NAME_SIZE);
	return good;
}
