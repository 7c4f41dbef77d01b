/* A scripted evening at a door, made of dice: guests with signed and roster tickets come, go and
 * come back, others are refused, walk-ins are counted, volunteers correct and undo. The same seed
 * gives the same evening. And what must hold of its log afterwards, whatever has happened to the
 * disk. One thread at a time; the caller owns every value. */
#ifndef PARVIS_TESTS_EVENING_H
#define PARVIS_TESTS_EVENING_H

#include "store/log.h"

#define EVENING_VENUE  "mairie"
#define EVENING_FAULT  200
#define EVENING_GUESTS 60

struct evening {
	uint64_t dice;
	struct when now;
	uint64_t undoable; /* a row that counts and was not undone; 0 = none */
	/* The chain hashes of the rows that log_record() has returned, in their order. */
	uint8_t (*hashes)[ROW_HASH_SIZE];
	size_t count;
};

void evening_init(struct evening *e, uint64_t seed);
void evening_free(struct evening *e);

/* The setup that every log of an evening is opened with. `dir` and `vfs` stay the caller's. */
struct log_setup evening_setup(const char *dir, const char *vfs, const char *synchronous);

/* The power has gone: another boot, and a clock that nobody has set yet. */
void evening_reboot(struct evening *e);

/* Records whatever happens next at the door. On success the row's hash is in e->hashes. An UNDO
 * that the log refuses with -ENOENT is tried as something else. -errno as log_record(). */
NODISCARD int evening_step(struct evening *e, struct log *l);

/* Notes a row that was recorded elsewhere. */
void evening_note(struct evening *e, const uint8_t hash[ROW_HASH_SIZE]);

/* Replaces the rows by those that the log holds. */
NODISCARD int evening_reread(struct evening *e, struct log *l);

struct evening_claim {
	size_t green;   /* the first so many rows must be there, each exactly once and unchanged */
	bool strangers; /* rows after these may be such whose log_record() has failed */
};

/* Opens the log for writing and holds it against the claim: log_verify() finds it good; its rows
 * are the evening's, in order, none missing before `green`; one more guest can be recorded, and
 * all is good after that. False with `what` if not. */
bool evening_holds(const struct evening *e, const struct evening_claim *claim,
	const struct log_setup *setup, char what[EVENING_FAULT]);

#endif
