/* Every row that is on this box, as the courier needs them: its own in the log, read through a
 * connection of its own; the others' in peers.db, which it writes; and what is folded from both.
 * One thread. */
#ifndef PARVIS_APP_SHELF_H
#define PARVIS_APP_SHELF_H

#include "app/post.h"
#include "door/pairs.h"
#include "sync/box.h"

struct shelf;

struct shelf_chain {
	struct chain chain;
	bool own; /* in the log */
	struct ranges held, safe;
};

/* Folds what is there. -ENOENT: there is no log yet; -errno. */
NODISCARD int shelf_open(struct shelf **out, const char *dir, const char *venue,
	const uint8_t device[DEVICE_ID_SIZE]);
void shelf_close(struct shelf *s);

/* The log was opened anew: reads its chains again. */
NODISCARD int shelf_reopened(struct shelf *s);

/* Folds the rows of the log's newest chain up to state->seq. */
NODISCARD int shelf_committed(struct shelf *s, const struct post_state *state);

/* Each chain that is here, the log's oldest first. */
NODISCARD int shelf_chains(struct shelf *s,
	int (*take)(void *context, const struct shelf_chain *chain), void *context);

/* As SYNC_FETCH asks; *out points into rows. out->count 0: nothing there. */
NODISCARD int shelf_fetch(struct shelf *s, const struct chain *chain, uint64_t first,
	uint64_t count, struct row rows[BATCH_ROWS_MAX], struct batch *out);

/* As SYNC_STORE asks. *held: what is there now; *fresh: how many were new. -EBADMSG: a twin. */
NODISCARD int shelf_store(
	struct shelf *s, const struct batch *batch, struct ranges *held, uint64_t *fresh);

/* As SYNC_SAFE asks. */
NODISCARD int shelf_safe(struct shelf *s, const struct chain *chain, const struct ranges *safe);

/* Looks again at the tickets that may have come in twice. False: no pair has come or gone. */
bool shelf_find_pairs(struct shelf *s);
/* The newest pairs of this venue, the newest first; gives how many tickets there are in all. */
size_t shelf_pairs(const struct shelf *s, struct pair *out, size_t most);

/* Valid until the next call. */
const struct sync_figures *shelf_figures(struct shelf *s, int64_t now_ms);

#endif
