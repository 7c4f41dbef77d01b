/* The parts of `parvis event`, a file each. Like the subcommands they give the exit status. */
#ifndef PARVIS_CLI_EVENT_PARTS_H
#define PARVIS_CLI_EVENT_PARTS_H

#include "base/cc.h"
#include "event/draft.h"

#include <stddef.h>
#include <stdio.h>

/* What `parvis event new --help` prints. */
void event_new_usage(FILE *out);

/* argv from the part's own name on. */
int event_new(int argc, char **argv);
int event_show(int argc, char **argv);
int event_broker(int argc, char **argv);
void event_broker_usage(FILE *out);

/* Asks on the terminal, prompts on standard error, for what the draft lacks; each answer is judged
 * at once. CLI_NO when the answers end too early. */
NODISCARD int event_ask(struct draft *d);

/* Tells what the reader has to say against the draft, without places in a file that is not there
 * yet. CLI_OK, CLI_NO or CLI_FAILED. */
NODISCARD int event_judge(const struct draft *d);

/* The PIN: asked for twice without echo at a terminal, otherwise a line of standard input.
 * CLI_NO when there is none or the two differ, with the reason told. */
NODISCARD int event_read_pin(const char *prompt, char *pin, size_t capacity);

/* The same, asked for once: for a PIN that is known already. */
NODISCARD int event_ask_pin(const char *prompt, char *pin, size_t capacity);

/* A PIN's Argon2id string; what is no PIN is told, CLI_NO. */
NODISCARD int event_hash_pin(const char *pin, char out[PIN_HASH_SIZE]);

#endif
