/* The staff PIN: kept as an Argon2id string (libsodium's crypto_pwhash_str form), so that whoever
 * reads event.ini must still guess. Slow on purpose: about a fifth of a second and PIN_MEMORY_MAX
 * of memory at most, so not for the thread that draws. No state; any thread. */
#ifndef PARVIS_EVENT_PIN_H
#define PARVIS_EVENT_PIN_H

#include "base/cc.h"

#include <stdbool.h>

#define PIN_DIGITS_MIN 4
#define PIN_DIGITS_MAX 12
#define PIN_HASH_SIZE  128

/* What pin_hash() spends, and what a hash from elsewhere may ask for at most: a device of 1 GiB
 * must be able to check it. */
#define PIN_OPERATIONS     2
#define PIN_MEMORY         (32U << 20) /* bytes */
#define PIN_OPERATIONS_MAX 16
#define PIN_MEMORY_MAX     (64U << 20)

/* Whether it is PIN_DIGITS_MIN to PIN_DIGITS_MAX ASCII digits and nothing else. */
bool pin_is_one(const char *pin);

/* -EINVAL where it is no PIN, -ENOMEM, -EIO where libsodium does not start. *out only on success.
 */
NODISCARD int pin_hash(const char *pin, char out[PIN_HASH_SIZE]);

/* Whether the text is an Argon2id string whose cost is within the limits above. */
bool pin_is_hash(const char *text);

/* Whether the PIN is the one. False, too, for whatever pin_is_one() or pin_is_hash() refuses. */
bool pin_matches(const char *hash, const char *pin);

#endif
