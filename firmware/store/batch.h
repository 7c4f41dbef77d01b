/* Rows on their way from one machine to another: a stretch of one chain without a gap, and the
 * device's signature of where it ends. Since each row carries the hash of the one before, a good
 * signature of the last vouches for every row of the stretch, whoever hands it on.
 *
 * The first row of a chain (number 1) carries the hash of the row that its log was at before that,
 * in the chain before; all zero where there was none. So `before` of a row 1 may be anything.
 *
 * Who a device is follows from its key: its id is the first 16 bytes of BLAKE2b-256 over
 * "parvis-device" and its Ed25519 public key. The signature is of
 *   "parvis/1 head" 0x00  device 16  epoch u32  seq u64  hash 32      (integers little-endian)
 *
 * Plain values; the rows belong to the caller. Any thread. */
#ifndef PARVIS_STORE_BATCH_H
#define PARVIS_STORE_BATCH_H

#include "base/cc.h"
#include "door/row.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEVICE_KEY_SIZE       32
#define DEVICE_SIGNATURE_SIZE 64
#define BATCH_ROWS_MAX        50

/* A chain of rows: what one opening of one device's log has written. */
struct chain {
	uint8_t device[DEVICE_ID_SIZE];
	uint32_t epoch; /* 1 or more; drawn at random at each opening, so that no roll-back repeats
			   it */
};

struct batch {
	const struct row *rows; /* in order, without a gap, all of one chain */
	size_t count;           /* 1 … BATCH_ROWS_MAX */
	bool is_signed;
	uint8_t key[DEVICE_KEY_SIZE];             /* is_signed: the device's public key */
	uint8_t signature[DEVICE_SIGNATURE_SIZE]; /* … of the last row */
};

enum batch_wrong {
	BATCH_GOOD,
	BATCH_SHAPE,     /* not one chain, a gap, no row or too many */
	BATCH_VALUES,    /* a row's values are out of range or contradict each other */
	BATCH_CHAIN,     /* a row's hash is not its own, or it does not follow the one before it */
	BATCH_KEY,       /* the key is not that of this device */
	BATCH_SIGNATURE, /* not signed, or wrongly */
	BATCH_MESSAGE,   /* what it came in says no rows that we can read */
	BATCH_VERSION,   /* ... it is of another version of the protocol */
	BATCH_WRONGS
};

/* For logs: "the signature is wrong". */
extern const char *const batch_wrong_texts[BATCH_WRONGS];

/* Looks at everything that can be judged without knowing the rows around it. An unsigned batch is
 * at best BATCH_SIGNATURE. */
NODISCARD enum batch_wrong batch_check(const struct batch *b);

void device_id_of(const uint8_t key[DEVICE_KEY_SIZE], uint8_t out[DEVICE_ID_SIZE]);

/* The bytes that are signed. */
#define HEAD_BYTES (14 + DEVICE_ID_SIZE + 4 + 8 + ROW_HASH_SIZE)
void batch_head_bytes(const struct row *last, uint8_t out[HEAD_BYTES]);

#endif
