/* Inside store/: how a code becomes the name of its row in a roster and the key of what is sealed
 * there. Pure, any thread.
 *
 *   a strong code   row  = keyed BLAKE2b-128 of the code (code_hash)
 *                   key  = keyed BLAKE2b-256 of "parvis-name-1" and the code
 *   a weak code     S    = Argon2id(code, salt from the event's hash key), 32 bytes
 *                   row  = BLAKE2b-128 keyed by S, key = BLAKE2b-256 keyed by S
 *
 * Both for a weak code, since a row that is found fast is an oracle for guessing the code, and the
 * key follows. What this cannot do: whoever holds roster and hash key still may try every code at
 * the price of one Argon2id each, which is 9 weeks of one core for nine digits at 5 ms, 8 minutes
 * for five; and the log names a ticket that came in by its fast hash, so the code of a guest who
 * has been in can be found without Argon2id. Only long random codes are safe from this. */
#ifndef PARVIS_STORE_SEAL_H
#define PARVIS_STORE_SEAL_H

#include "base/cc.h"
#include "door/ticket.h"
#include "event/event.h"

#include <stddef.h>

#define SEAL_SECRET_SIZE 32
#define SEAL_NONCE_SIZE  24
#define SEAL_SIZE        (SEAL_NONCE_SIZE + TICKET_NAME_SIZE + 16) /* nonce, name, tag */

/* What a weak code costs, once at import and once for each scan: about 5 ms of a laptop, at most
 * 100 ms of a small ARM board. */
#define SEAL_OPERATIONS 1
#define SEAL_MEMORY     (8U << 20) /* bytes */

/* Below this a code is weak: the bits of its length times its alphabet, which is more than it has
 * where codes are counted up or share a beginning. */
#define SEAL_WEAK_BITS 60

bool seal_is_weak(const char *code, size_t len);

/* -ENOMEM. */
NODISCARD int seal_stretch(
	const struct event *e, const char *code, size_t len, uint8_t secret[SEAL_SECRET_SIZE]);

/* The row's name. secret NULL: the code is not stretched. */
void seal_row(const struct event *e, const char *code, size_t len, const uint8_t *secret,
	uint8_t out[TICKET_HASH_SIZE]);

/* Every name is sealed at the same length, which would tell something, too. The nonce is random at
 * first and counted up by each call: it must not come twice for one code. */
void seal_name(const struct event *e, const char *code, size_t len, const uint8_t *secret,
	const char name[TICKET_NAME_SIZE], uint8_t nonce[SEAL_NONCE_SIZE], uint8_t out[SEAL_SIZE]);

/* False where it was not sealed by this code; out is then empty. */
bool seal_open(const struct event *e, const char *code, size_t len, const uint8_t *secret,
	const uint8_t sealed[SEAL_SIZE], char out[TICKET_NAME_SIZE]);

#endif
