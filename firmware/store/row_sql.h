/* A row of the log as SQLite holds it: bound to the insert, and read back. */
#ifndef PARVIS_STORE_ROW_SQL_H
#define PARVIS_STORE_ROW_SQL_H

#include "door/row.h"
#include "store/db.h"

/* The columns of `entry`, in the order that these functions use. */
#define ROW_COLUMNS                                                                                          \
	"device, epoch, seq, hlc, boot, wall_ms, mono_ms, trust, kind, source, verdict, "                    \
	"direction, time_doubt, overridden, registered, ticket, venue, door, from_venue, operator, amount, " \
	"undoes, before, hash"
#define ROW_INSERT                                                                                 \
	"INSERT INTO entry (" ROW_COLUMNS ", id) VALUES "                                          \
	"(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
#define ROW_INSERT_ID 25 /* the parameter that row_bind() leaves to the caller */

/* The row must outlive the statement's next step. */
void row_bind(sqlite3_stmt *s, const struct row *row);

/* Reads the row that the statement stands on. NULL when every value is in its range; otherwise
 * which is not, and *out then holds what could be read, the rest zero. */
const char *row_read(sqlite3_stmt *s, struct row *out);

#endif
