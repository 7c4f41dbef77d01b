/* Inside store/: the statements of the organiser's SQLite store, prepared when first used. */
#ifndef PARVIS_STORE_NIGHT_STATEMENTS_H
#define PARVIS_STORE_NIGHT_STATEMENTS_H

#include "store/night_sqlite.h"

NODISCARD int night_statement(
	struct night_sqlite *n, enum night_statement which, sqlite3_stmt **out);

#endif
