/* Inside night/: the bytes of a row in a sealed copy. All that a row holds is written, its hashes
 * too, so that one that was changed on its box arrives changed. Pure. */
#ifndef PARVIS_NIGHT_SEALED_ROWS_H
#define PARVIS_NIGHT_SEALED_ROWS_H

#include "store/batch.h"

#include <stddef.h>

/* The most that a row takes, and a batch of them. */
#define SEALED_ROW_MAX 320
#define SEALED_BATCH_MAX                                                                           \
	(22 + DEVICE_KEY_SIZE + DEVICE_SIGNATURE_SIZE + BATCH_ROWS_MAX * SEALED_ROW_MAX)

/* Bytes that are read: `at` moves on, and `good` is false once there were too few. */
struct sealed_bytes {
	const uint8_t *at, *end;
	bool good;
};

uint64_t sealed_take_integer(struct sealed_bytes *b, size_t size);
void sealed_take(struct sealed_bytes *b, void *out, size_t size);

uint8_t *sealed_put_integer(uint8_t *at, uint64_t value, size_t size);

/* Gives the end of what was written. */
uint8_t *sealed_put_batch(uint8_t *at, const struct batch *b);

/* False for what no writer of ours writes; values are not judged beyond that: batch_check() does.
 * The rows are put into `rows`. */
NODISCARD bool sealed_take_batch(
	struct sealed_bytes *b, struct row rows[BATCH_ROWS_MAX], struct batch *out);

#endif
