/* Who is registered, by name, for volunteers who search: names.idx beside an event.ini that has
 * `search = yes`. The rows are sealed under a random key, and that key under one that Argon2id
 * derives from the staff PIN and a salt of the file's own.
 *
 * What this cannot do: the PIN is short. Whoever steals a box with this file can guess it at home,
 * at some 50 ms a guess on one core of a laptop, and on as many cores as they like: every PIN of
 * four digits within ten minutes of one core, of six within a day, of ten within sixteen years;
 * then they have the names. That is why searching is off unless the organiser chose it. There are
 * no e-mail addresses and no codes in it.
 *
 * The file, numbers big-endian:
 *
 *   offset  bytes
 *        0      8  "PARVISN" and 0x01, the version of the format
 *        8      8  Argon2id: operations, memory in KiB (4 each)
 *       16     16  … its salt
 *       32     24  nonce of the sealed key
 *       56     48  the key of the rows, sealed; 0 to 32 are authenticated with it
 *      104     24  nonce of the rows
 *      128    ...  the rows, sealed together; 0 to 128 are authenticated with them
 *
 * sealed: XChaCha20-Poly1305, the tag after the text. Every row has the same length
 * (name_index.c), so that the file's tells the number of people and nothing else. */
#ifndef PARVIS_EVENT_NAME_INDEX_H
#define PARVIS_EVENT_NAME_INDEX_H

#include "base/cc.h"
#include "door/ticket.h"

#include <stddef.h>

#define NAME_INDEX_FILE "names.idx"
#define NAME_INDEX_MAX  100000 /* people: 26 MB of memory while it is open */

/* A search needs as many letters, so that nobody leafs through everybody. */
#define NAME_INDEX_LETTERS 2

/* Plain values. */
struct name_row {
	struct ticket ticket; /* as reading its code would fill it; the name is what is searched */
	char type[TICKET_NAME_SIZE]; /* of ticket, UTF-8, terminated; may be "" */
};

/* Writes the index of these rows, in any order, to an empty file. -EINVAL: the PIN is none; -EFBIG;
 * -ENOMEM; -errno. About a fifth of a second. The caller keeps the rows, and wipes them. */
NODISCARD int name_index_write(int fd, const char *pin, const struct name_row *rows, size_t count);

struct name_index;

/* Opens DIR/names.idx into memory that is kept out of core dumps, of swap as far as the system's
 * limit goes, and is wiped when it is freed. -ENOENT: there is none; -EKEYREJECTED: sealed with
 * another PIN, or altered; -EBADMSG: no index, or of another version; -ENOMEM, -errno. Slow, as
 * pin_matches(). *out only on success. One thread at a time. */
NODISCARD int name_index_open(struct name_index **out, const char *dir, const char *pin);

/* Wipes it. NULL is allowed. */
void name_index_close(struct name_index *i);

/* How many people's names have each word of `text` at the beginning of one of theirs; the first of
 * them by name are copied to `out`, at most `capacity`. 0 for a text with too few letters. */
size_t name_index_find(
	const struct name_index *i, const char *text, struct name_row *out, size_t capacity);

#endif
