/* Inside `parvis purge`: the places it goes through, and what was done there. One thread. */
#ifndef PARVIS_CLI_PURGE_PARTS_H
#define PARVIS_CLI_PURGE_PARTS_H

#include "event/event.h"
#include "night/purge.h"

#include <jansson.h>

struct purge {
	const char *event_dir;
	const char *store; /* NULL: in the event's folder */
	const char **boxes, **sticks;
	int *locks; /* of the boxes: nobody opens their logs until these are closed; -1: none */
	size_t box_count, stick_count;
	bool now, dry;
	struct event *event;
	struct purge_words *words;
	uint64_t people;
	json_t *erased, *left, *searched; /* the receipt's lists */
	bool unsearched;                  /* people.db is there and cannot be read */

	/* Of the sweep that is under way. */
	const char *where, *place; /* "event", "box" or "stick"; its path, NULL: the event's */
	uint64_t files;            /* that were searched */
	bool in_keys;              /* a box's keys, before the rest */
	bool known, searching;     /* what goes by its name; by what is found in it */
	bool (*goes)(struct purge *p, int dir_fd, const char *name, const char *path);
};

/* Each takes its place's files in an order in which what ends it before lets the next call find the
 * rest. CLI_OK or CLI_FAILED, told; single files that stay are in `left`. */
NODISCARD int purge_box(struct purge *p, const char *dir);
NODISCARD int purge_stick(struct purge *p, const char *dir);
NODISCARD int purge_event(struct purge *p);

/* The store has nobody's name in it by its design; this looks. */
NODISCARD int purge_store(struct purge *p);

#endif
