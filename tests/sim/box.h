/* What the files of the simulated box say to each other. */
#ifndef PARVIS_TESTS_SIM_BOX_H
#define PARVIS_TESTS_SIM_BOX_H

#include "tests/sim/sim.h"

void box_count_row(struct box_model *b, const struct row *row);
size_t box_rows(const struct box_model *b, const struct fact **out, size_t room);
bool rows_undone(const struct rowset *set, const struct row *row);
void box_prior(
	const struct box_model *b, const uint8_t ticket[TICKET_HASH_SIZE], struct prior *out);

/* A message has come, which may be a count. Its text stays. */
void box_note_told(struct box_model *b, const char *topic, const void *payload, size_t size);
void box_forget_told(struct box_model *b);
/* Whether a count has come from that venue; whether one told of this row, whoever has it now. */
bool box_was_told_venue(struct box_model *b, int venue);
bool box_was_told(struct box_model *b, const struct fact *fact);

/* Begins a new epoch as soon as no row is being written. */
void box_reopen(struct box_model *b);

/* The machine's side. */
void box_step(struct box_model *b, struct sync_input *input);

#endif
