/* Inside store/: what reading and importing people.db share. */
#ifndef PARVIS_STORE_PEOPLE_PARTS_H
#define PARVIS_STORE_PEOPLE_PARTS_H

#include "store/db.h"
#include "store/people_row.h"

struct people {
	const struct event *event;
	sqlite3 *db;
	sqlite3_stmt *rows;
	uint64_t weak; /* codes, as the last import counted them */
};

/* 1 and *out, 0 at the end, -errno. The texts are SQLite's until the next call. */
NODISCARD int people_next(struct people *p, struct people_row *out);

/* A name for the hash key that does not give it away. */
void people_key_name(const struct event *e, uint8_t out[16]);

#endif
