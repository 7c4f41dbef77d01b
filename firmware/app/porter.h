/* The porter checks PINs, and behind a right one searches names, in a thread of its own: Argon2id
 * is slow on purpose, and no guest waits for it. The names (event/name_index.h) are in its memory
 * from a right PIN until porter_forget(); whether somebody is in, it reads from the log beside the
 * clerk. */
#ifndef PARVIS_APP_PORTER_H
#define PARVIS_APP_PORTER_H

#include "base/cc.h"
#include "door/desk.h"

#include <stdbool.h>

struct porter;

struct porter_setup {
	const char *pin_hash;             /* the event's */
	const char *event_dir, *data_dir; /* where names.idx and the log are */
	bool search;                      /* the organiser chose it */
};

enum porter_answer { PORTER_PIN, PORTER_FOUND };

struct porter_reply {
	enum porter_answer answer;
	bool good;       /* PIN */
	bool can_search; /* PIN: it has opened the names */
	uint32_t total;  /* FOUND */
	uint8_t count;
	struct desk_found found[SCREEN_FOUND_MAX];
};

/* The setup's strings must outlive it. *out only on success. */
NODISCARD int porter_start(struct porter **out, const struct porter_setup *setup);
void porter_stop(struct porter *p);

/* One of each may be under way; -EAGAIN. */
NODISCARD int porter_ask(struct porter *p, const char *pin);
NODISCARD int porter_search(struct porter *p, const char *text);

/* Closes and wipes the names, after what is under way. Has no answer. */
void porter_forget(struct porter *p);

/* -ETIMEDOUT: no answer within timeout_ms. It may have names in it: the caller wipes it. */
NODISCARD int porter_answer(struct porter *p, struct porter_reply *out, int timeout_ms);
int porter_fd(const struct porter *p);

#endif
