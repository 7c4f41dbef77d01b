/* Records put in the order of their keys in bounded memory: what does not fit is sorted, written
 * to a nameless file in the given directory and merged when read. Records of the same key keep the
 * order in which they came. One thread at a time. */
#ifndef PARVIS_STORE_SORTER_H
#define PARVIS_STORE_SORTER_H

#include "base/cc.h"

#include <stdint.h>

#define SORTER_KEY_SIZE   16
#define SORTER_RECORD_MAX 8192       /* bytes of one record, the key apart */
#define SORTER_MEMORY     (16 << 20) /* bytes kept before a run is written, by default */

struct sorter;

struct sorter_record {
	uint8_t key[SORTER_KEY_SIZE];
	const uint8_t *bytes; /* valid until the next call */
	uint32_t size;
};

/* memory: bytes, at least 4 × SORTER_RECORD_MAX; 0 = SORTER_MEMORY. -ENOMEM. Release with
 * sorter_close(). */
NODISCARD int sorter_open(struct sorter **out, const char *dir, size_t memory);

/* Nothing of the records is left on the disk. NULL is allowed. */
void sorter_close(struct sorter *s);

/* Takes a copy. -EMSGSIZE past SORTER_RECORD_MAX, -EINVAL once reading has begun, -ENOMEM, or what
 * the disk says. */
NODISCARD int sorter_add(
	struct sorter *s, const uint8_t key[SORTER_KEY_SIZE], const void *bytes, size_t size);

/* The records in order, from the first call on: 1 and *out, 0 at the end, -errno. */
NODISCARD int sorter_next(struct sorter *s, struct sorter_record *out);

/* The next sorter_next() begins anew. */
void sorter_rewind(struct sorter *s);

#endif
