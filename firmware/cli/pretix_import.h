/* From pretix's answers to what store/people.h is told. Collects positions and secrets in memory,
 * compares them with what the last import left (cli/pretix_state.h), and applies the difference in
 * one transaction. One thread. */
#ifndef PARVIS_CLI_PRETIX_IMPORT_H
#define PARVIS_CLI_PRETIX_IMPORT_H

#include "base/cc.h"
#include "cli/pretix_state.h"
#include "event/pretix.h"
#include "store/people.h"

#include <stdbool.h>
#include <stdint.h>

#define PRETIX_LISTS_MAX 256

struct pretix_import {
	const struct event *event;
	struct pretix_list *lists;
	size_t list_count;
	bool full; /* all positions are read; else those that have changed */
	struct pretix_state last, next;
	json_t *rows;  /* code -> [name, email, type, venue] */
	json_t *items; /* id -> name */
	uint64_t timed, strange;
	int64_t strange_subevent; /* one that no venue of the event has */
};

/* All empty; a state that was loaded may take the place of `last`. -ENOMEM. Release with
 * pretix_import_drop(). */
NODISCARD int pretix_import_new(struct pretix_import *out, const struct event *e);
void pretix_import_drop(struct pretix_import *i);

/* Adds a list. -ENOSPC past PRETIX_LISTS_MAX. */
NODISCARD int pretix_import_list(struct pretix_import *i, const struct pretix_list *list);

/* What decides which tickets are whose: where it has changed, everything is read anew. */
void pretix_import_basis(const struct pretix_import *i, const char *url, char out[80]);

/* Goes on from what the last import left: all the lists are known. -ENOMEM. */
NODISCARD int pretix_import_begin(struct pretix_import *i, bool full);

/* One position, revoked or blocked secret; -ENOMEM. */
NODISCARD int pretix_import_position(struct pretix_import *i, const struct pretix_position *p);
NODISCARD int pretix_import_secret(struct pretix_import *i, const char *code, int mark, bool bad);

/* Writes the difference into the organiser's people and the roster: both are durable when this
 * gives 0, otherwise nothing is changed. -errno as store/people.h. */
NODISCARD int pretix_import_apply(
	struct pretix_import *i, const char *dir, const char *source, struct people_report *report);

#endif
