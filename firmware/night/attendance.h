/* Who came: the organiser's registrations, joined on their machine with the rows of the night by
 * the keyed hash of each code. Nothing of it comes from a box. Memory is bounded: registrations go
 * through a sorter, rows come by ticket. One thread. */
#ifndef PARVIS_NIGHT_ATTENDANCE_H
#define PARVIS_NIGHT_ATTENDANCE_H

#include "base/cc.h"
#include "event/event.h"
#include "night/figures.h"
#include "store/night.h"

#include <stdbool.h>
#include <stdint.h>

#define ATTENDANCE_VENUES_MAX 8    /* named of one person */
#define ATTENDANCE_VISITS_MAX 4096 /* kept of one person; beyond, the first and the latest */

/* A row that let somebody in, or counted them out, and stands. */
struct attendance_visit {
	uint8_t device[DEVICE_ID_SIZE];
	uint32_t epoch;
	uint64_t seq;
	int64_t ms; /* tally_moment() */
	char venue[ID_SIZE];
	bool out;
};

struct attendance {
	const char *code, *name, *email, *type, *venue, *source; /* as registered */
	bool revoked;
	uint64_t entries;                      /* not undone; 0: did not come */
	const struct attendance_visit *first;  /* the first entry; NULL: did not come */
	const struct attendance_visit *visits; /* in the order of the night */
	size_t visit_count;
	char venues[ATTENDANCE_VENUES_MAX][ID_SIZE]; /* entered, in the order of the visits */
	size_t venue_count;
};

/* Gives everybody who is registered, in the order of the codes' hashes; non-zero from `take` stops
 * and is returned. What is given is valid during the call. f: the same night's, for the moments.
 * *others: tickets that came in, that nobody here is registered for and that are no walk-in's
 * badge: signed tickets without a name, for one. -ENOENT where nobody was imported; otherwise as
 * people_open() and night_each(). */
NODISCARD int attendance_each(struct night *n, const struct event *e, const char *event_dir,
	const struct figures *f, int (*take)(void *context, const struct attendance *who),
	void *context, uint64_t *others);

#endif
