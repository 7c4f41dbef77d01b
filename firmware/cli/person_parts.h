/* Inside `parvis person`: who is asked for, and what was found of them. One thread. */
#ifndef PARVIS_CLI_PERSON_PARTS_H
#define PARVIS_CLI_PERSON_PARTS_H

#include "event/event.h"
#include "night/person.h"

#include <jansson.h>

struct person_options {
	const char *event_dir, *store;
	const char **boxes, **sticks;
	size_t box_count, stick_count;
	char *email, *code; /* one of them; ours */
	bool json, erase;
};

/* A code of theirs. */
struct person_code {
	char *code, *name, *email, *type, *venue, *source;
	uint8_t hash[TICKET_HASH_SIZE];
	unsigned revoked;
	bool known;                     /* in people.db; else only asked for by this code */
	bool name_shared, email_shared; /* with somebody else */
	bool in_roster;
};

struct person_search {
	const struct person_options *o;
	struct event *event;
	struct person_code *codes;
	size_t code_count;
	struct person_words *words;
	json_t *rows, *clear, *sealed; /* what was found, and where */
	json_t *gone, *left;           /* of an erasure */
	const char *where, *file;      /* that is being read */
	bool erasing;
};

/* The rows of the store, the boxes and the sticks that have their tickets' hashes, into rows.
 * CLI_OK or CLI_FAILED, told. */
NODISCARD int person_rows(struct person_search *p);

/* Whether a stick was given, and not one file of it. */
bool person_is_folder(const char *path);

/* Looks through the event's folder, the boxes and the sticks: into clear and sealed; where
 * `erasing`, does what can be done and fills gone and left. CLI_OK or CLI_FAILED, told. */
NODISCARD int person_files(struct person_search *p);

/* A string of somebody else's as JSON, harmless on a terminal. */
json_t *person_json(const char *text);

#endif
