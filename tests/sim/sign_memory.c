/* Verifying a signature is most of a run's time, and each one is verified by every box. The same
 * question has the same answer: what libsodium has said once is remembered. Named before the
 * library, this takes its place. */
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#define MESSAGE_MAX 96

struct answer {
	unsigned char signature[crypto_sign_BYTES], key[crypto_sign_PUBLICKEYBYTES];
	unsigned char message[MESSAGE_MAX];
	unsigned long long size;
	bool known;
	int said;
};

int crypto_sign_verify_detached(const unsigned char *signature, const unsigned char *message,
	unsigned long long size, const unsigned char *key)
{
	static struct answer answers[4096];
	if (size > MESSAGE_MAX)
		return crypto_sign_ed25519_verify_detached(signature, message, size, key);
	struct answer *a = &answers[signature[0] | (signature[32] & 15) << 8];
	if (!a->known || a->size != size || memcmp(a->message, message, size) ||
		memcmp(a->signature, signature, sizeof(a->signature)) ||
		memcmp(a->key, key, sizeof(a->key))) {
		a->known = true;
		a->size = size;
		memcpy(a->message, message, size);
		memcpy(a->signature, signature, sizeof(a->signature));
		memcpy(a->key, key, sizeof(a->key));
		a->said = crypto_sign_ed25519_verify_detached(signature, message, size, key);
	}
	return a->said;
}
