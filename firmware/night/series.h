/* A file as a series of QR codes, for the worst case: no network and no stick. What is shown is the
 * sealed copy of a box's log (night/sealed.h), so that whoever films it has nothing, and who reads
 * it has a source like any other.
 *
 * A code's text is base45 (RFC 9285), which QR's alphanumeric mode holds without loss, of
 *
 *   offset  bytes
 *        0      4  "PVS" and 0x01
 *        4      8  the series: BLAKE2b of the whole file
 *       12      4  number of this frame, from 0; big-endian, as the others
 *       16      4  length of the file
 *       20         its bytes from number × SERIES_PAYLOAD on: SERIES_PAYLOAD, or what is left
 *      end      4  BLAKE2b of all before it
 *
 * Frames come in any order, as often as need be, until all are there; then the file's own hash has
 * to be the series'. Pure; any thread. */
#ifndef PARVIS_NIGHT_SERIES_H
#define PARVIS_NIGHT_SERIES_H

#include "base/cc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIES_PAYLOAD   476
#define SERIES_ID_SIZE   8
#define SERIES_FILE_MAX  (8 << 20) /* bytes: hours of showing */
#define SERIES_TEXT_SIZE 760       /* with the terminating zero; QR version 15 at level L */

void series_id(const uint8_t *file, size_t len, uint8_t id[SERIES_ID_SIZE]);

/* How many frames a file of 1 … SERIES_FILE_MAX bytes has. */
uint32_t series_frames(size_t len);

/* number: 0 … series_frames(len) − 1. */
void series_write(const uint8_t *file, size_t len, const uint8_t id[SERIES_ID_SIZE],
	uint32_t number, char out[SERIES_TEXT_SIZE]);

struct series_frame {
	uint8_t id[SERIES_ID_SIZE];
	uint32_t number, length; /* of the file */
	size_t size;             /* of bytes */
	uint8_t bytes[SERIES_PAYLOAD];
};

/* False for a text that is no frame of a series, or not as it was written. */
NODISCARD bool series_read(struct series_frame *out, const char *text, size_t len);

/* --- putting together --- */

/* Series that are being read: of several boxes, or of one box at several times. */
struct series_set;

#define SERIES_AT_ONCE 64 /* more are refused */

NODISCARD int series_set_new(struct series_set **out);
void series_set_free(struct series_set *s); /* NULL is allowed */

struct series_progress {
	uint8_t id[SERIES_ID_SIZE];
	uint32_t have, frames;
	bool fresh;          /* this frame was new */
	const uint8_t *file; /* the whole of it, at the moment when it is complete; else NULL */
	size_t len;
};

/* -EBADMSG: the whole is not what its name says: it is begun anew; -ENOSPC: too many series;
 * -ENOMEM; -EINVAL: a frame that contradicts the others. */
NODISCARD int series_take(
	struct series_set *s, const struct series_frame *frame, struct series_progress *out);

/* Each series that has begun; non-zero from `take` stops and is returned. */
NODISCARD int series_each(const struct series_set *s,
	int (*take)(void *context, const struct series_progress *p), void *context);

#endif
