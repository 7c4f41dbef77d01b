/* A sealed copy of a box's log, for a stick: what a box had on its disk, in a file that only the
 * organiser can read and that only this box can have written. It grows by whole parts, so that a
 * mirror adds little; cut off anywhere it is a copy of an earlier moment; damaged in the midst, the
 * parts around the damage can be read, and what is missing is known by number.
 *
 * The file, integers little-endian:
 *
 *   offset  bytes
 *        0      8  "PARVISL" and 0x01, the version of the format
 *        8     32  event id, padded with 0x00
 *       40     32  the device's public key (store/batch.h)
 *       72     32  the organiser's issuing key's public half, to which it is sealed
 *      104      8  created, ms since 1970
 *      112     80  the file's key (32 random bytes), sealed to the X25519 form of that key
 *                  (libsodium's crypto_box_seal)
 *      192     64  the device's signature (SEALED_DOMAIN) of all before it
 *
 * then parts, numbered from 0, each:
 *
 *        0      8  "PRVPART\n"
 *        8      4  number
 *       12      4  how many sealed bytes follow the nonce: at most SEALED_PART_MAX
 *       16     24  nonce
 *       40      n  XChaCha20-Poly1305 of its contents under the file's key; additional data are the
 *                  BLAKE2b-256 of the file's first 256 bytes and bytes 0 … 15 of the part
 *     40+n     64  the device's signature (SEALED_PART_DOMAIN) of that hash and of all of the part
 *                  before the signature
 *
 * The contents of a part: u16 promises, each: device 16, epoch u32, the highest number u64 that the
 * log had when the part was written; u16 batches, each: device 16, epoch u32, count u8, signed u8,
 * then, where signed is 1, key 32 and signature 64 (of the last row), then the rows, as
 * night/sealed_rows.c has them. Nothing may follow.
 *
 * No thread of its own; one thread a handle. */
#ifndef PARVIS_NIGHT_SEALED_H
#define PARVIS_NIGHT_SEALED_H

#include "base/cc.h"
#include "event/issuer.h"
#include "store/batch.h"
#include "store/device_key.h"

#include <stdbool.h>
#include <stdint.h>

#define SEALED_DOMAIN      "parvis/1 sealed log"
#define SEALED_PART_DOMAIN "parvis/1 sealed part"
#define SEALED_SUFFIX      ".parvis-log"
#define SEALED_HEADER_SIZE 256
#define SEALED_PART_MAX    (256 << 10) /* bytes */
#define SEALED_NAME_SIZE   80

/* What such a file is called on a stick: EVENT-DEVICE.parvis-log, the device's first 8 digits. */
void sealed_name(
	const char *event_id, const uint8_t device[DEVICE_ID_SIZE], char out[SEALED_NAME_SIZE]);

/* --- a box writes ----------------------------------------------------------------------------- */

struct sealed_writer;

struct sealed_setup {
	const char *event_id;
	uint8_t organiser[ISSUER_PUBLIC_SIZE]; /* the key that signed the box's bundle */
	const struct device_key *device;       /* outlives the writer */
	int64_t created_ms;
};

/* Begins a copy in an empty file that is open for writing: its header is written. The descriptor
 * stays the caller's, who also syncs it and, for a new file, gives it its name once it is whole.
 * -EINVAL for a key that nothing can be sealed to; -errno. *out only on success. */
NODISCARD int sealed_create(struct sealed_writer **out, int fd, const struct sealed_setup *setup);

/* Wipes; what was not flushed is lost. NULL is allowed. */
void sealed_close(struct sealed_writer *w);

/* Says how far a chain goes that is about to be copied: kept in every part from the next on, so
 * that a copy that ends early says what it lacks. Call it for every chain of the log before the
 * first row, and before rows that have come since. */
NODISCARD int sealed_promise(struct sealed_writer *w, const struct chain *chain, uint64_t last);

/* Adds a row of a log, in the order of log_each(). Rows of this device are signed, BATCH_ROWS_MAX
 * at a time; a row that does not bear its own hash, or does not follow the one before it, is copied
 * as it is and not signed. A part that is full is written. */
NODISCARD int sealed_add_row(struct sealed_writer *w, const struct row *row);

/* Adds a batch as it is: of another box, out of peers.db. */
NODISCARD int sealed_add(struct sealed_writer *w, const struct batch *b);

/* Writes what has been added. Nothing is synced. After a failure (-ENOSPC, -EIO, …) of this or of
 * one of the calls above the file ends as before, and the same rows are still to be written: the
 * next flush tries again. */
NODISCARD int sealed_flush(struct sealed_writer *w);

/* Bytes that the file has now: all of them are whole parts. */
uint64_t sealed_size(const struct sealed_writer *w);

/* --- the organiser reads ---------------------------------------------------------------------- */

enum sealed_wrong {
	SEALED_GOOD,
	SEALED_UNREADABLE,  /* the disk */
	SEALED_NOT_ONE,     /* another kind of file */
	SEALED_VERSION,     /* of a version that this program does not read */
	SEALED_HEADER,      /* its header is cut short or was changed */
	SEALED_OTHER_EVENT, /* a copy of another event's box */
	SEALED_OTHER_KEY,   /* sealed to another organiser's key */
	/* Of parts: */
	SEALED_PART_DAMAGED, /* bytes that are no part, or a part that was changed */
	SEALED_PART_MISSING, /* a number was passed over */
	SEALED_PART_TWICE,   /* a part that was there before, or out of its order */
	SEALED_CUT_SHORT,    /* the file ends within a part */
	SEALED_WRONGS
};

/* For people: "it is sealed to another organiser's key: …". */
extern const char *const sealed_wrong_texts[SEALED_WRONGS];

struct sealed_header {
	char event_id[ID_SIZE];
	uint8_t key[DEVICE_KEY_SIZE], device[DEVICE_ID_SIZE];
	int64_t created_ms;
};

/* Non-zero from any of them ends the reading and is returned. */
struct sealed_reader {
	void *context;
	int (*header)(void *context, const struct sealed_header *header);
	int (*promise)(void *context, const struct chain *chain, uint64_t last);
	/* The rows are as they were copied: the caller looks with batch_check(). */
	int (*batch)(void *context, const struct batch *b);
	/* Of a part: `number` (that was expected, for MISSING; -1: unknown) and where in the file.
	 */
	int (*fault)(void *context, enum sealed_wrong wrong, int64_t number, uint64_t offset);
};

/* Reads a copy to its end. SEALED_GOOD where the header was good: faults of parts are told one by
 * one. *stopped, unless NULL, takes what a call gave that ended the reading. */
NODISCARD enum sealed_wrong sealed_read(int fd, const struct issuer *issuer, const char *event_id,
	const struct sealed_reader *reader, int *stopped);

#endif
