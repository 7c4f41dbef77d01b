/* What the clerk knows of the venue's other doors: peers.db through a reader of its own, folded as
 * it grows. All of it is a help: where the file is missing, damaged or locked, the door goes by its
 * own log. The clerk's thread alone.
 *
 * Rows that the log has, too (a peer has sent our own back to us) count once. */
#ifndef PARVIS_APP_NEIGHBOURS_H
#define PARVIS_APP_NEIGHBOURS_H

#include "base/cc.h"
#include "store/log.h"

#include <stdbool.h>
#include <stddef.h>

struct neighbours;

/* Begins with nothing known; dir and venue as for log_open(). -ENOMEM. */
NODISCARD int neighbours_open(
	struct neighbours **out, const char *dir, const char *venue, int64_t start_ms);

/* NULL is allowed. */
void neighbours_close(struct neighbours *n);

/* Takes in up to `most` rows (0: all) that have come, or begins to, where the file has appeared or
 * was begun anew. `log` is open for writing; after it was opened (again) everything is folded anew:
 * neighbours_reset(). *more: there are more. True: the figures have changed. */
bool neighbours_refresh(struct neighbours *n, struct log *log, size_t most, bool *more);
void neighbours_reset(struct neighbours *n);

/* For log_record(): what is known of a ticket (NULL: of none) and how many are present. */
void neighbours_know(
	struct neighbours *n, const uint8_t ticket[TICKET_HASH_SIZE], struct log_known *out);

/* A row of our own is durable: `r` becomes the venue's figures, all doors together. */
void neighbours_add(struct neighbours *n, struct log_result *r);

/* The same, without a row: the log's own figures become the venue's. */
void neighbours_sum(struct neighbours *n, struct headcount *count, uint64_t *registered_in);

/* The latest stamp that a peer has given; 0 = none. */
uint64_t neighbours_latest(const struct neighbours *n);

#endif
