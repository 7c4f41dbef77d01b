/* Badges to be printed: DIR/print.db, beside the log and apart from it, since names are never to be
 * in the log. A badge that print_queue_put() has taken survives a power cut; when it is printed its
 * name and code are overwritten with zeroes in the file (secure_delete) and only its number is
 * left. There is no write-ahead log, in which a name could outlive it: the rollback journal is
 * zeroed in place before it goes. (What a flash disk keeps of overwritten blocks is beyond this.)
 * One thread at a time; sqlite3 inside. */
#ifndef PARVIS_STORE_PRINT_QUEUE_H
#define PARVIS_STORE_PRINT_QUEUE_H

#include "base/cc.h"
#include "door/ticket.h"

#include <stdbool.h>
#include <stdint.h>

struct print_queue;

enum print_state {
	PRINT_WAITING, /* certainly not with the printer */
	PRINT_SENDING, /* on its way when last seen: the printer may have it */
	PRINT_SENT,    /* the printer has it as `job` */
};

struct print_badge {
	uint64_t number; /* 1, 2, 3, … in this queue */
	enum print_state state;
	int32_t job; /* SENT */
	char name[TICKET_NAME_SIZE];
	char code[BADGE_CODE_SIZE];
};

/* Opens or creates. -EBUSY: another program has it; -EBADMSG: it is no such file; else -errno. A
 * file that is damaged is the caller's to tell of; it is left as it is. */
NODISCARD int print_queue_open(struct print_queue **out, const char *dir);
void print_queue_close(struct print_queue *q);

/* Eight hex digits that no other queue has: badges of two boxes on one printer differ by it. */
const char *print_queue_id(const struct print_queue *q);

/* Durable when it returns 0. */
NODISCARD int print_queue_put(struct print_queue *q, const char *name, const char *code);

/* The oldest that is not printed. -ENOENT: none. */
NODISCARD int print_queue_first(struct print_queue *q, struct print_badge *out);

NODISCARD int print_queue_mark(
	struct print_queue *q, uint64_t number, enum print_state state, int32_t job);

/* It is printed: forgets name and code, and counts a label. */
NODISCARD int print_queue_done(struct print_queue *q, uint64_t number);

/* Forgets badges that are not printed, of these names or codes (either may be NULL): overwritten as
 * those that are. *count: how many there were. */
NODISCARD int print_queue_forget(
	struct print_queue *q, const char *name, const char *code, uint64_t *count);

NODISCARD int print_queue_waiting(struct print_queue *q, uint64_t *out);

/* Labels left on the roll, as far as anybody has counted: -1 where nobody has said how many a roll
 * has; never below 0. */
NODISCARD int print_queue_labels(struct print_queue *q, int64_t *out);
NODISCARD int print_queue_set_labels(struct print_queue *q, int64_t labels);

#endif
