/* The clerk: the one thread that touches the store. It reads a code as far as event and roster go,
 * lets the log decide and write in one transaction, and answers only when that is durable. When
 * the disk fails it says so, and tries again by itself once a second until it can write. What the
 * venue's other doors have let in counts in its decisions and figures, as soon as it is here. */
#ifndef PARVIS_APP_CLERK_H
#define PARVIS_APP_CLERK_H

#include "app/post.h"
#include "base/cc.h"
#include "door/desk.h"
#include "event/event.h"
#include "store/log.h"

struct clerk;

struct clerk_setup {
	const char *data_dir, *event_dir;
	const struct event *event;
	struct admission_rules rules;
	uint8_t device[DEVICE_ID_SIZE]; /* whose rows these are; all zero: whom the log names */
	struct post *post;              /* with the courier; NULL: there is none */
};

struct clerk_request {
	struct desk_request want;
	struct when now;
	size_t len; /* SCAN: the code */
	char text[CODE_MAX];
	struct ticket ticket; /* SCAN of whom was found by name, in place of a code */
};

enum clerk_answer {
	CLERK_OPENED, /* the log is open (again): `count`, `registered`, `registered_in` are its */
	CLERK_RECORDED, /* durable */
	CLERK_FAILED,   /* not; nothing is kept. error and fault say why */
	CLERK_FAULT,    /* the log cannot be opened: `fault`; it goes on trying */
	CLERK_COUNTED,  /* the figures have changed without a row of ours */
};

struct clerk_reply {
	enum clerk_answer answer;
	int error;      /* -errno */
	uint32_t fault; /* of FAULTS_STOP, and FAULT_ROSTER beside any answer */
	struct ticket ticket;
	char badge[BADGE_CODE_SIZE]; /* RECORDED: what the badge says that the row carries; or "" */
	struct log_result result; /* `count` and `registered_in` of the venue, all doors together */
	uint64_t registered;
};

/* Starts the thread. The setup's pointers must outlive it. One request may be under way. */
NODISCARD int clerk_start(struct clerk **out, const struct clerk_setup *setup);

/* Ends it after what is under way. NULL is allowed. */
void clerk_stop(struct clerk *c);

/* -EAGAIN: one is under way already. */
NODISCARD int clerk_ask(struct clerk *c, const struct clerk_request *request);

/* The next answer, waiting up to timeout_ms (0: not at all). -ETIMEDOUT. */
NODISCARD int clerk_answer(struct clerk *c, struct clerk_reply *out, int timeout_ms);

/* Readable while an answer waits. */
int clerk_fd(const struct clerk *c);

#endif
