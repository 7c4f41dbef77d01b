/* The decision at the door: a pure function of the ticket, of what the log says of it, of the
 * headcount and of the time. The order of checks follows pretix's for scans without a server:
 * form and signature, revoked, time window (entry only), ticket type, venue, entry allowed; then
 * capacity. */
#ifndef PARVIS_DOOR_ADMISSION_H
#define PARVIS_DOOR_ADMISSION_H

#include "base/when.h"
#include "door/ticket.h"
#include "door/verdict.h"

enum direction { DIRECTION_NONE, DIRECTION_IN, DIRECTION_OUT };

/* What the door is used for. At a DOOR_BOTH a ticket that is inside goes out, once it has been
 * inside for ADMISSION_DWELL_MS; before that it is ALREADY_IN (a phone handed back over the
 * rope). */
enum doorway { DOOR_ENTRY, DOOR_EXIT, DOOR_BOTH };

#define ADMISSION_DWELL_MS 60000

struct admission_rules {
	char venue[ID_SIZE];
	char door[ID_SIZE];
	enum doorway doorway;
	bool reentry;            /* may come back after going out */
	uint32_t capacity_seats; /* 0 = no limit */
};

/* What the log knows of this ticket: its last counted row that has not been undone. */
struct prior {
	enum direction last; /* DIRECTION_NONE: never seen */
	int64_t wall_ms;     /* of that row, or of the first ALREADY_IN-relevant entry */
	enum trust trust;
	char venue[ID_SIZE];
	char door[ID_SIZE];
	/* A walk-in's row that was not undone carries this ticket: it is the badge that was made
	 * for them at a door. No roster knows it, and no key has signed it; the log is what it is
	 * good by, and an UNKNOWN code with it goes out and comes in again as a ticket does. */
	bool walk_in;
};

struct decision {
	enum verdict verdict;
	enum direction direction; /* what the row counts: IN, OUT or nothing */
	bool time_doubt;          /* admitted although a time limit could not be judged */
	bool overridden;          /* a volunteer let in what the rules alone would refuse */
	/* For MOVED: the venue where the guest is still counted as present, which this row counts
	 * out there; "" when they had gone out of it, and for every other verdict. */
	char from_venue[ID_SIZE];
};

/* At an exit, and at a DOOR_BOTH to a guest who is going out, neither the time, nor the venue, nor
 * the capacity matters. A guest who leaves by a DOOR_EXIT without having been counted in here gets
 * EXIT too, with DIRECTION_NONE: the figure of people present is never lowered for them.
 *
 * A staff card is STAFF whatever the doorway, the venue and the figures, unless it was revoked or
 * its time limits stand against it (a volunteer may set these aside).
 *
 * present: people here now. override: a volunteer stands beside the guest and takes FULL,
 * WRONG_VENUE, NOT_YET, EXPIRED and UNKNOWN on themself; nothing else can be overridden.
 *
 * Time limits are judged only by a clock that is TRUST_SYNCED, or that is TRUST_FREE for tickets
 * that have run out (a clock without a source stands still or lags; it does not run ahead); in
 * doubt the guest is admitted and the row is marked. A limit is in doubt when it says "not yet" on
 * a TRUST_FREE clock, and always on a TRUST_UNSET one. */
struct decision admission_decide(const struct admission_rules *rules, const struct ticket *ticket,
	const struct prior *prior, int64_t present, const struct when *now, bool override);

/* A guest without a ticket: ADMIT, or FULL unless overridden. */
struct decision admission_walk_in(
	const struct admission_rules *rules, int64_t present, bool override);

#endif
