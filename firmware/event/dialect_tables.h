/* Inside event/: what dialect.c looks up. */
#ifndef PARVIS_EVENT_DIALECT_TABLES_H
#define PARVIS_EVENT_DIALECT_TABLES_H

#include "event/dialect.h"

struct dialect_alias {
	const char *header; /* normalised; NULL ends a table */
	enum field field;
	unsigned weight; /* of evidence: 0 says nothing, 4 nobody else has it */
};

struct dialect_table {
	const char *name, *remedy;
	const struct dialect_alias *aliases; /* of two for the same field the earlier wins */
};

extern const struct dialect_table dialect_tables[DIALECT_COUNT];

/* Normalised words, NULL-terminated. */
extern const char *const dialect_good[], *const dialect_bad[];
extern const char *const dialect_yes[], *const dialect_no[];

#endif
