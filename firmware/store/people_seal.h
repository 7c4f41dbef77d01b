/* Inside store/: the thread that seals names and writes roster.db, which is half of an import's
 * work. Batches of rows go round: the importing thread fills one, hands it over and may go on
 * reading it; it fills one again only when the thread is done with it. Everything here is called
 * by the importing thread. */
#ifndef PARVIS_STORE_PEOPLE_SEAL_H
#define PARVIS_STORE_PEOPLE_SEAL_H

#include "store/people_row.h"

struct roster;
struct people_seal;

/* The roster, which was begun, is the thread's until people_seal_end(). */
NODISCARD int people_seal_begin(struct people_seal **out, struct roster *roster);

/* An empty batch; waits for one. */
NODISCARD int people_seal_batch(struct people_seal *s, struct row_batch **out);

void people_seal_hand_over(struct people_seal *s, const struct row_batch *b);

/* Tells the thread that nothing follows. It makes the roster durable where all rows are `whole`. */
void people_seal_finish(struct people_seal *s, bool whole);

/* Waits for the thread, frees it and gives its error. NULL is allowed and gives 0. */
NODISCARD int people_seal_end(struct people_seal *s);

#endif
