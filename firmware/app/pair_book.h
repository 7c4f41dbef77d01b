/* The tickets of one venue that came in twice, by doors that could not talk: who is to be looked at
 * again, and what was found. One thread. */
#ifndef PARVIS_APP_PAIR_BOOK_H
#define PARVIS_APP_PAIR_BOOK_H

#include "base/cc.h"
#include "door/pairs.h"

#include <stdbool.h>
#include <stddef.h>

struct pair_book;

NODISCARD int pair_book_open(struct pair_book **out, const char *venue);
void pair_book_close(struct pair_book *b);

/* A ticket that may be one: to be judged. -ENOMEM. */
NODISCARD int pair_book_suspect(struct pair_book *b, const uint8_t ticket[TICKET_HASH_SIZE]);

/* The next ticket to be judged; false: none. */
bool pair_book_next(struct pair_book *b, uint8_t ticket[TICKET_HASH_SIZE]);

/* All rows of a ticket, which are put in order: whether it is a pair of this venue, or no longer.
 * False: nothing has changed. */
bool pair_book_judge(struct pair_book *b, const uint8_t ticket[TICKET_HASH_SIZE], struct row *rows,
	size_t count);

/* The last pair of each ticket, the newest first: up to `most`. Gives how many there are. */
size_t pair_book_list(const struct pair_book *b, struct pair *out, size_t most);

#endif
