/* The organiser's issuing key: the Ed25519 key that signs this event's tickets, staff cards and
 * bundles. It lives on the organiser's computer alone, in DIR/keys/issuing.key of the event's
 * folder (the 32-byte seed of RFC 8032 as 64 hex digits and a line feed; the file 0600, its
 * directory 0700); boxes get the public half, under [keys] ticket of event.ini. While open it is
 * kept in memory that is locked, left out of core dumps and wiped. Any thread, one at a time.
 *
 * Two kinds of signatures come out of one key, and neither can be passed off as the other:
 *   a ticket     signs the payload alone, since that format says so
 *   all else     signs 0x00, the domain, 0x00, BLAKE2b-512 of the bytes
 * No payload of a ticket can begin with 0x00, which in protocol buffers would be field 0: every
 * reader refuses it. */
#ifndef PARVIS_EVENT_ISSUER_H
#define PARVIS_EVENT_ISSUER_H

#include "base/cc.h"
#include "event/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ISSUER_PUBLIC_SIZE    32
#define ISSUER_SIGNATURE_SIZE 64
#define ISSUER_DIGEST_SIZE    64 /* BLAKE2b-512, without a key */
#define ISSUER_DOMAIN_MAX     64 /* bytes, such as "parvis/1 bundle" */

#define ISSUER_DIRECTORY "keys"
#define ISSUER_FILE      "keys/issuing.key"

struct issuer;

/* Makes a new key and its file, durably, and opens it; `keys` is made where there is none. Never
 * overwrites: -EEXIST. -EACCES where `keys` is open to others, otherwise what the system says. A
 * failed call leaves no key file. Problems are told once, as `path: what and the remedy`, escaped
 * for a terminal. *out is set only on success; release with issuer_close(). */
NODISCARD int issuer_create(
	struct issuer **out, const char *event_dir, event_problem *problem, void *context);

/* -ENOENT where there is none, -EACCES for a file or directory that others could read or write,
 * -EINVAL for what is no key (not a file, another length, no hex), otherwise what the system says;
 * -EIO where libsodium does not start. Told as above. */
NODISCARD int issuer_open(
	struct issuer **out, const char *event_dir, event_problem *problem, void *context);

/* From a seed in memory: for tests and fuzzing. The caller wipes its copy. -ENOMEM, -EIO. */
NODISCARD int issuer_from_seed(struct issuer **out, const uint8_t seed[32]);

/* Wipes. NULL is allowed. */
void issuer_close(struct issuer *i);

/* The raw public key. */
void issuer_public(const struct issuer *i, uint8_t out[ISSUER_PUBLIC_SIZE]);

/* Signs bytes of any length for one use, named by the domain: a constant of 1 … ISSUER_DOMAIN_MAX
 * bytes that no other use has. */
void issuer_sign(const struct issuer *i, const char *domain, const void *bytes, size_t len,
	uint8_t out[ISSUER_SIGNATURE_SIZE]);

/* The same signature, from BLAKE2b-512 of the bytes: for what is read piece by piece. */
void issuer_sign_digest(const struct issuer *i, const char *domain,
	const uint8_t digest[ISSUER_DIGEST_SIZE], uint8_t out[ISSUER_SIGNATURE_SIZE]);

/* Whether the key's owner signed these bytes for this use. Needs no issuer: boxes call it. */
NODISCARD bool issuer_verify(const uint8_t key[ISSUER_PUBLIC_SIZE], const char *domain,
	const void *bytes, size_t len, const uint8_t signature[ISSUER_SIGNATURE_SIZE]);
NODISCARD bool issuer_verify_digest(const uint8_t key[ISSUER_PUBLIC_SIZE], const char *domain,
	const uint8_t digest[ISSUER_DIGEST_SIZE], const uint8_t signature[ISSUER_SIGNATURE_SIZE]);

/* Seals bytes so that only the owner of the issuing key can read them (libsodium's crypto_box_seal,
 * to the key's X25519 form): out holds len + ISSUER_SEAL_SIZE. Boxes call it. -EINVAL for a key
 * that is none. */
#define ISSUER_SEAL_SIZE 48
NODISCARD int issuer_seal(
	const uint8_t key[ISSUER_PUBLIC_SIZE], const void *bytes, size_t len, uint8_t *out);

/* out holds len - ISSUER_SEAL_SIZE. False where it was sealed to another, or changed. */
NODISCARD bool issuer_unseal(const struct issuer *i, const uint8_t *sealed, size_t len, void *out);

/* A secret that follows from the issuing key, for one use, named as above: the same bytes give the
 * same secret, which tells nothing of the key. The caller wipes it. */
void issuer_derive(
	const struct issuer *i, const char *domain, const void *bytes, size_t len, uint8_t out[32]);

/* Signs the payload of a ticket as it stands: for sig1_seal() alone. The payload must not begin
 * with 0x00. */
void issuer_sign_ticket(const struct issuer *i, const uint8_t *payload, size_t len,
	uint8_t out[ISSUER_SIGNATURE_SIZE]);

#endif
