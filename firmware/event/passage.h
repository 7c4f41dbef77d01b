/* A file on its way through a network that others may listen on and change: sealed with a key that
 * travels another way (in a pairing code). Any thread.
 *
 *   8 bytes   "PARVISP\x01"
 *   24 bytes  header of libsodium's crypto_secretstream_xchacha20poly1305
 *   chunks    of 65,536 bytes, the last one shorter or empty, each with 17 bytes of its own; the
 * last one carries the tag FINAL, all others MESSAGE
 *
 * What was cut off, lengthened, reordered or changed does not open. */
#ifndef PARVIS_EVENT_PASSAGE_H
#define PARVIS_EVENT_PASSAGE_H

#include "base/cc.h"

#include <stdint.h>

#define PASSAGE_KEY_SIZE 32

/* Fills a key by chance; sodium_init() has been called. */
void passage_make_key(uint8_t key[PASSAGE_KEY_SIZE]);

/* How much `size` bytes are when they are sealed. */
uint64_t passage_sealed_size(uint64_t size);

/* Writes the first `size` bytes of the regular file `in` to `out`, which may be a socket, sealed.
 * Another sealing of the same file has other bytes. -EIO where the file is shorter; -errno of
 * reading and writing. SIGPIPE is the caller's. */
NODISCARD int passage_seal(int out, int in, uint64_t size, const uint8_t key[PASSAGE_KEY_SIZE]);

/* Writes what `in`, read from its beginning, holds to `out`, opened. -EBADMSG: it was not sealed
 * with this key, or not whole; `out` then holds a beginning that was. -errno. */
NODISCARD int passage_open(int out, int in, const uint8_t key[PASSAGE_KEY_SIZE]);

#endif
