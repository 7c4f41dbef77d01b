/* What a collector tells of itself while it runs: a table on a terminal, a line now and then
 * elsewhere, or JSON. One thread. */
#ifndef PARVIS_CLI_COLLECT_SHOW_H
#define PARVIS_CLI_COLLECT_SHOW_H

#include "cli/collecting.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum show_kind { SHOW_LINES, SHOW_TABLE, SHOW_JSON };

struct show {
	enum show_kind kind;
	int64_t next_ms, last_ms; /* monotonic */
	uint64_t last_rows;
	uint64_t *before; /* rows of each box at last_ms */
	size_t before_count;
	size_t drawn;     /* lines of the table on the terminal */
	uint8_t *doubted; /* a bit for each box whose clock was told of */
	size_t doubted_count;
};

void show_open(struct show *s, bool json);
void show_close(struct show *s);

/* How long until it wants to speak, in ms. */
int show_wait(const struct show *s);

/* Speaks where it is time to, or at the end. */
void show_progress(struct show *s, const struct collecting *c, bool end);

#endif
