/* What the last import from a pretix server has left to remember, so that the next one asks for
 * changes alone: DIR/keys/pretix+ORG+EVENT+LIST.json, 0600. It holds tickets' codes in the clear,
 * so it stays where the issuing key stays, on the organiser's computer. Losing it costs one full
 * import. One thread. */
#ifndef PARVIS_CLI_PRETIX_STATE_H
#define PARVIS_CLI_PRETIX_STATE_H

#include "base/cc.h"

#include <jansson.h>
#include <stdbool.h>

/* Why a code is not good: bits of a mark. */
#define MARK_POSITION 1 /* cancelled, blocked, gone from the list, or given another code */
#define MARK_REVOKED  2
#define MARK_BLOCKED  4

struct pretix_state {
	json_t *positions; /* id of the position -> its code */
	json_t *marks;     /* code -> bits; a code that is good has none */
	/* The servers' moments, as queries want them; "" = not known */
	char orders_since[64], revoked_since[64], blocked_since[64];
	char basis[80]; /* of what the lists, venues and address were: another one asks for all */
};

/* All empty. -ENOMEM. Release with pretix_state_drop(). */
NODISCARD int pretix_state_new(struct pretix_state *out);

/* -ENOENT: there is none; -EBADMSG: the file is none of ours, or broken. */
NODISCARD int pretix_state_load(struct pretix_state *out, const char *dir, const char *organizer,
	const char *event, const char *list);

/* Durable when this gives 0; on failure the old one stays. */
NODISCARD int pretix_state_save(const struct pretix_state *s, const char *dir,
	const char *organizer, const char *event, const char *list);

void pretix_state_drop(struct pretix_state *s);

/* The bits of a code; 0 where it has no mark. */
int pretix_mark(json_t *marks, const char *code);

/* Sets and clears bits. -ENOMEM. */
NODISCARD int pretix_mark_change(json_t *marks, const char *code, int set, int clear);

#endif
