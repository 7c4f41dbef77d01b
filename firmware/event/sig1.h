/* pretix_sig1, the signed ticket (source: pretix, src/pretix/base/secrets.py; libpretixsync,
 * pretix_sig1.proto): the text is standard base64 with its characters reversed; version 1, two
 * big-endian lengths, a protobuf payload, an Ed25519 signature over the payload alone. Pure. */
#ifndef PARVIS_EVENT_SIG1_H
#define PARVIS_EVENT_SIG1_H

#include "base/cc.h"
#include "door/ticket.h"

#include <stddef.h>
#include <stdint.h>

#define SIG1_SEED_SIZE 64
#define SIG1_TEXT_MAX  CODE_MAX

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

#endif
