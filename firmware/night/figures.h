/* The figures of a night: plain values that night/tally.h has folded from the rows, and that
 * reports, the open data and whoever else asks only put into words. The venues of the event come
 * first, in its order, then those that only rows know. Moments are wall milliseconds; a row whose
 * clock could not be believed is placed by its hybrid clock (figures_moment()).
 *
 * Entries, people and people present are three figures and are never mixed: an entry is a row that
 * let somebody in and was not undone; people are distinct tickets with an entry, and walk-ins
 * without a ticket of any kind; present is what the headcount was. */
#ifndef PARVIS_NIGHT_FIGURES_H
#define PARVIS_NIGHT_FIGURES_H

#include "base/cc.h"
#include "door/pairs.h"
#include "door/row.h"
#include "event/event.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FIGURES_SLOT_MS    (10 * 60 * 1000)
#define FIGURES_SLOTS_MAX  1008  /* a week */
#define FIGURES_VENUES_MAX 10000 /* those past it are counted together, as "other" */
#define FIGURES_LIST_MAX   512   /* of each list below; how many there are is counted on */

/* A link that is silent for longer than this was out. */
#define FIGURES_OUTAGE_MS 120000

struct figures_slot {
	uint32_t arrivals;             /* entries within these ten minutes */
	int32_t present_most, present; /* most at once; at the end */
};

struct figures_venue {
	char id[ID_SIZE];
	bool of_event;
	uint64_t rows;
	uint64_t entries;  /* readmitted, moved_in, overridden and walk_ins are among them */
	uint64_t people;   /* = tickets + walk-ins without a badge */
	uint64_t tickets;  /* distinct ones with an entry */
	uint64_t walk_ins; /* entries of guests who came without a ticket */
	uint64_t badges;   /* … of whom a badge was made */
	uint64_t readmitted, moved_in, moved_out, overridden, exits;
	uint64_t undone; /* entries that were taken back: in none of the figures above */
	uint64_t refused, refused_for[VERDICT_COUNT];
	uint64_t tests;
	int64_t adjustments; /* sum of the volunteers' corrections */
	uint64_t registered; /* of this venue, not revoked; the night's has those of every venue too
			      */
	uint64_t came;       /* distinct registered tickets with an entry */
	int64_t peak_present, peak_ms;         /* 0: never anybody */
	int64_t present;                       /* at the end of the rows */
	int64_t first_entry_ms, last_entry_ms; /* 0: none */
	uint64_t outside;                      /* entries before the first slot or after the last */
	struct figures_slot *slots;            /* figures.slot_count of them */
};

/* Guests who went from one venue to another, by their places among `venues`. */
struct figures_move {
	uint32_t from, to, count;
};

/* One box at one door. */
struct figures_door {
	uint8_t device[DEVICE_ID_SIZE];
	char venue[ID_SIZE], door[ID_SIZE];
	uint64_t entries;
	uint32_t busiest_minute; /* entries within its busiest minute of the wall */
	int64_t busiest_ms;
	uint32_t median_ms; /* between two entries less than ten minutes apart; 0: too few */
};

struct figures_box {
	uint8_t device[DEVICE_ID_SIZE];
	char venue[ID_SIZE], door[ID_SIZE]; /* of its newest row */
	uint64_t rows, missing, contradicted, broken, unsigned_rows;
	uint32_t openings; /* chains: how often its program began anew */
	int64_t first_ms, last_ms;
	/* Its clock: rows by how far it could be trusted, rows whose judgement a doubtful clock
	 * has changed, and how far it was off, where something tells. */
	uint64_t trust[TRUST_COUNT], time_doubt, elsewhen; /* elsewhen: outside of the slots */
	int64_t behind_ms;  /* most that others' stamps were ahead of its wall clock */
	int64_t ahead_ms;   /* most that its wall clock was ahead of the collector's */
	int64_t stepped_ms; /* the largest step of its wall clock while it ran, either way */
	uint32_t steps;
	/* Its link. */
	uint32_t outages;
	int64_t outage_ms, longest_outage_ms;
	bool receipts; /* rows came over the network at all */
};

/* Numbers that no source had. */
struct figures_gap {
	uint8_t device[DEVICE_ID_SIZE];
	uint32_t epoch;
	uint64_t first, last;
};

struct figures_outage {
	uint8_t device[DEVICE_ID_SIZE];
	char venue[ID_SIZE];
	int64_t from_ms, until_ms;
	uint64_t rows; /* that waited */
};

/* A row whose hash is not its own, or that does not follow the one before it. */
struct figures_broken {
	uint8_t device[DEVICE_ID_SIZE];
	uint32_t epoch;
	uint64_t seq;
};

struct figures {
	int64_t start_ms; /* of the first slot */
	uint32_t slot_count, venue_count;
	struct figures_venue night; /* of all venues; its id is "" */
	struct figures_venue *venues;
	struct figures_move *moves; /* by from and to; of at most a million pairs */
	size_t move_count;
	bool registered_known;

	struct figures_door *doors; /* by venue and door */
	size_t door_count;
	struct figures_box *boxes; /* by device */
	size_t box_count;

	/* Each list has at most FIGURES_LIST_MAX; the totals go on. */
	struct figures_gap *gaps;
	size_t gap_count;
	uint64_t gaps_total, missing_rows;
	struct figures_outage *outages;
	size_t outage_count;
	uint64_t outages_total;
	struct figures_broken *broken;
	size_t broken_count;
	uint64_t broken_total, contradicted_total, unsigned_total;
	struct pair *pairs;
	size_t pair_count;
	uint64_t pairs_total;
};

/* NULL is allowed. */
void figures_free(struct figures *f);

/* NULL where there is none. */
const struct figures_venue *figures_venue(const struct figures *f, const char *id);

/* The venue's name by the event, else its id. */
const char *figures_name(const struct event *e, const char *id);

/* Whether anything about this box's clock wants a word: more than a minute off, stepped, unset or
 * elsewhen. */
bool figures_clock_doubt(const struct figures_box *b);

/* The sum of rows that are doubtful for any reason that is not a clock's. */
uint64_t figures_doubtful_rows(const struct figures *f);

#endif
