/* The actions of `parvis roster`, a file each but for `revoke`. */
#ifndef PARVIS_CLI_ROSTER_H
#define PARVIS_CLI_ROSTER_H

#include "event/roster_csv.h"

#include <stdbool.h>

struct roster_options {
	const char *event_dir;
	bool restore, json, csv;
	struct roster_csv_options reading; /* venue is for list, too */
	char **rest;                       /* NULL-terminated */
};

int roster_import(const struct event *e, const struct roster_options *o);
int roster_list(const struct event *e, const struct roster_options *o);
int roster_find_people(const struct event *e, const struct roster_options *o);
int roster_stats(const struct event *e, const struct roster_options *o);

/* Says why people.db or an import of it cannot be opened; gives the exit status. */
int roster_tell_closed(const char *event_dir, int error);

#endif
