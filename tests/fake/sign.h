/* Makes signed tickets for tests: pretix_sig1 as event/sig1.h reads it, good or spoiled on purpose.
 * The demo event's key is public knowledge: SIGN_DEMO_SEED. */
#ifndef PARVIS_TESTS_FAKE_SIGN_H
#define PARVIS_TESTS_FAKE_SIGN_H

#include "event/sig1.h"

/* Of assets/demo's own key: SHA-256 of "parvis demo key", hex. */
#define SIGN_DEMO_SEED "b7059bcdfeb007de3e2c6c7dfe4796b02d24b6217903af7e3af6f8699fc84e9e"

#define SIGN_TEXT_SIZE 8192

/* The public half of a seed (64 hex digits). */
void sign_public_key(const char *seed_hex, uint8_t out[32]);

/* Writes the text of a ticket with these contents; seeds of up to 63 bytes. Gives its length. */
size_t sign_ticket(char out[SIGN_TEXT_SIZE], const char *seed_hex, const struct sig1_payload *p);

/* As sign_ticket(), with any payload of at most 4000 bytes. */
size_t sign_payload(
	char out[SIGN_TEXT_SIZE], const char *seed_hex, const uint8_t *payload, size_t n);

/* The protobuf bytes alone; out holds at least 192. Gives their length. */
size_t sign_encode(uint8_t *out, const struct sig1_payload *p);

/* The text of any bytes: base64 with its characters reversed. */
size_t sign_text(char out[SIGN_TEXT_SIZE], const uint8_t *bytes, size_t n);

/* The bytes of a text; 0 where it is not reversed base64. */
size_t sign_bytes(uint8_t *out, size_t capacity, const char *text, size_t len);

#endif
