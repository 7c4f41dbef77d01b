/* pretix_sig1, the signed ticket (source: pretix, src/pretix/base/secrets.py; libpretixsync,
 * pretix_sig1.proto): the text is standard base64 with its characters reversed; version 1, two
 * big-endian lengths, a protobuf payload, an Ed25519 signature over the payload alone. Pure, but
 * for sig1_random_seed(). Any thread. */
#ifndef PARVIS_EVENT_SIG1_H
#define PARVIS_EVENT_SIG1_H

#include "base/cc.h"
#include "door/ticket.h"
#include "event/issuer.h"

#include <stddef.h>
#include <stdint.h>

#define SIG1_SEED_SIZE 64
#define SIG1_TEXT_MAX  CODE_MAX

/* The longest payload whose text still fits: base64's whole groups, less the five bytes before the
 * payload and the signature behind it. */
#define SIG1_PAYLOAD_MAX (SIG1_TEXT_MAX / 4 * 3 - 5 - ISSUER_SIGNATURE_SIZE)

/* The longest text of sig1_write(), terminated: a seed of 63 bytes and five numbers of ten. */
#define SIG1_WRITTEN_SIZE 256

/* The characters of a seed made by sig1_random_seed(), as in pretix's own tickets. */
#define SIG1_RANDOM_SEED_LEN 9

enum sig1_result {
	SIG1_NOT_ONE, /* not this format: not base64, another version, lengths that do not add up */
	SIG1_FORGED,  /* this format, but no key verifies it */
	SIG1_MALFORMED, /* a key verifies it, but the payload breaks the format's rules */
	SIG1_GOOD,
};

struct sig1_payload {
	char seed[SIG1_SEED_SIZE];
	int64_t item, variation, subevent;
	int64_t valid_from_s, valid_until_s; /* Unix seconds; 0 = no limit */
};

/* Tries every key (raw Ed25519). *out is set only for SIG1_GOOD. Only the canonical text of a
 * ticket is accepted: two texts never give the same ticket. */
NODISCARD enum sig1_result sig1_read(const uint8_t (*keys)[32], size_t key_count, const char *text,
	size_t len, struct sig1_payload *out);

/* Writes the canonical text of a ticket, terminated, and gives its length; 0 where the seed is not
 * UTF-8 (what sig1_read() would refuse is not written). Numbers that are 0 are left out, which
 * means the same. The same payload by the same issuer gives the same text: tickets differ by their
 * seeds. */
NODISCARD size_t sig1_write(
	const struct issuer *i, const struct sig1_payload *p, char out[SIG1_WRITTEN_SIZE]);

/* SIG1_RANDOM_SEED_LEN characters of A-Z, a-z and 0-9 from the system's generator: 53 bits. */
void sig1_random_seed(char out[SIG1_SEED_SIZE]);

/* The text of any payload of at most SIG1_PAYLOAD_MAX bytes, for fields that struct sig1_payload
 * does not have. The payload must not begin with 0x00. Terminated; gives its length. */
NODISCARD size_t sig1_seal(const struct issuer *i, const uint8_t *payload, size_t payload_len,
	char out[SIG1_TEXT_MAX + 1]);

#endif
