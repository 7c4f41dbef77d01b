/* Inside store/: a registration on its way from the file that is imported to people.db and to
 * roster.db, and how it lies as bytes in between. Pure, any thread. */
#ifndef PARVIS_STORE_PEOPLE_ROW_H
#define PARVIS_STORE_PEOPLE_ROW_H

#include "store/people.h"
#include "store/seal.h"
#include "store/sorter.h"

#define ROW_TEXTS_MAX (CODE_MAX + 1 + 4096) /* bytes of a row's texts, terminators included */
#define ROW_BATCH     (64 << 10)

enum row_text { ROW_CODE, ROW_NAME, ROW_EMAIL, ROW_TYPE, ROW_VENUE, ROW_SOURCE, ROW_TEXTS };
enum people_change { CHANGE_PUT, CHANGE_REVOKE, CHANGE_RESTORE, CHANGE_FORGET };

struct people_row {
	uint8_t hash[TICKET_HASH_SIZE]; /* of the code */
	const char *text[ROW_TEXTS];    /* terminated; somebody else's */
	uint16_t length[ROW_TEXTS];
	uint64_t line;
	enum people_change kind;
	uint8_t revoked; /* PEOPLE_BY_… */
	bool known;
	bool has_secret;
	uint8_t secret[SEAL_SECRET_SIZE]; /* what seal_stretch() made of the code */
};

/* The texts of *who, with their lengths; what came before them in *out stays. False where there are
 * more than ROW_TEXTS_MAX bytes of them. */
NODISCARD bool row_take(struct people_row *out, const struct person *who);

/* The row as the public header knows it. */
struct person row_person(const struct people_row *row);

/* All but the hash as bytes: how many, 0 where they do not fit. */
size_t row_encode(uint8_t *out, size_t capacity, const struct people_row *row);

/* The texts are those in `bytes`. Gives how many bytes there were. */
size_t row_decode(const uint8_t *bytes, struct people_row *out);

/* Rows with their hashes, one after the other. */
struct row_batch {
	size_t used;
	uint8_t bytes[ROW_BATCH];
};

/* False where the batch is full. A row of at most ROW_TEXTS_MAX fits into an empty one. */
NODISCARD bool batch_put(struct row_batch *b, const struct people_row *row);

/* The row at *at, and *at past it; false at the batch's end. */
NODISCARD bool batch_take(const struct row_batch *b, size_t *at, struct people_row *out);

#endif
