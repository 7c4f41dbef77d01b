/* Inside store/: a new people.db, written aside from its beginning to its end. One thread. */
#ifndef PARVIS_STORE_PEOPLE_WRITE_H
#define PARVIS_STORE_PEOPLE_WRITE_H

#include "store/people_row.h"

struct people_write;

/* Makes the file `path` anew. On failure it may be there all the same. */
NODISCARD int people_write_open(struct people_write **out, const char *path, const struct event *e);

/* Behind the rows that were written before. */
NODISCARD int people_write_batch(struct people_write *w, const struct row_batch *b);

/* Makes the file whole and durable. weak: how many codes are, of the people known. */
NODISCARD int people_write_finish(struct people_write *w, uint64_t weak);

/* The file stays where it is. NULL is allowed. */
void people_write_close(struct people_write *w);

#endif
