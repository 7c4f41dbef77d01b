/* The key that says who this box is: an Ed25519 seed, DATA/device.key or the bundle's part of that
 * name (32 bytes as 64 hex digits and a line feed, 0600). It signs rows and sealed logs; who can
 * read it can speak as this box until it is shut out. Locked and wiped memory. Any thread, one at a
 * time. */
#ifndef PARVIS_STORE_DEVICE_KEY_H
#define PARVIS_STORE_DEVICE_KEY_H

#include "base/cc.h"
#include "store/batch.h"

#include <stdint.h>

#define DEVICE_KEY_FILE "device.key"

struct device_key;

/* Opens box_dir's key where there is one (NULL: no box), else data_dir's, which is made, durably,
 * where there is none, and so is data_dir itself. -EINVAL for a file that is no key, -EACCES where
 * others can read it, -errno. *out only on success. */
NODISCARD int device_key_open(struct device_key **out, const char *box_dir, const char *data_dir);

/* From a seed in memory; the caller wipes its copy. */
NODISCARD int device_key_from_seed(struct device_key **out, const uint8_t seed[32]);

/* Wipes. NULL is allowed. */
void device_key_close(struct device_key *k);

void device_key_public(const struct device_key *k, uint8_t out[DEVICE_KEY_SIZE]);
void device_key_id(const struct device_key *k, uint8_t out[DEVICE_ID_SIZE]);

/* Signs the head of a chain: makes the rows that end here a signed batch. */
void device_key_sign_head(
	const struct device_key *k, const struct row *last, uint8_t out[DEVICE_SIGNATURE_SIZE]);

/* The same, of what batch_head_bytes() gave. */
void device_key_sign_head_bytes(const struct device_key *k, const uint8_t bytes[HEAD_BYTES],
	uint8_t out[DEVICE_SIGNATURE_SIZE]);

/* Signs bytes for another use, as issuer_sign() does (event/issuer.h). */
void device_key_sign(const struct device_key *k, const char *domain, const void *bytes, size_t len,
	uint8_t out[DEVICE_SIGNATURE_SIZE]);

#endif
