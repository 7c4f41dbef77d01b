/* A PostgreSQL server of the test's own: a directory, a Unix socket in it, no port. As root it runs
 * as nobody. One at a time. */
#ifndef PARVIS_TESTS_FAKE_PG_SERVER_H
#define PARVIS_TESTS_FAKE_PG_SERVER_H

#include <stdbool.h>

/* False where PostgreSQL is not installed. What fails otherwise ends the program. */
bool pg_server_start(void);
void pg_server_stop(void);

/* The address of a database, which is made anew. In a buffer of its own, until the next call. */
const char *pg_server_database(const char *name);

#endif
