/* What the parts of `parvis collect` share. */
#ifndef PARVIS_CLI_COLLECT_H
#define PARVIS_CLI_COLLECT_H

#include "base/cc.h"
#include "event/boxes.h"
#include "event/event.h"
#include "store/night.h"

#include <stdio.h>

struct collect_options {
	const char *event_dir;
	const char *store; /* a file that ends in .db, postgresql://…; NULL: the event's folder */
	bool json;
	const char *camera; /* NULL: none */
	unsigned seconds;
	char **sources;
	int source_count;
};

/* From brokers: argv from `collect` on. An exit status. */
int collect_broker(int argc, char **argv);
void collect_broker_usage(FILE *out);

/* Takes in files and folders. An exit status; what is wrong was told. */
int collect_files(const struct collect_options *o, const struct event *event);

/* Opens the store for writing; CLI_OK, or an exit status, the error having been told. */
NODISCARD int collect_store(
	struct night **out, const struct collect_options *o, const struct event *event);

#endif
