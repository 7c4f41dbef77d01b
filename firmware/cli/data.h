/* What the subcommands that read a kiosk's data directory share. */
#ifndef PARVIS_CLI_DATA_H
#define PARVIS_CLI_DATA_H

#include "store/log.h"

/* Opens DIR/log.db for reading. CLI_OK, or what the program is to exit with: the error, with what
 * to do about it, was then told on standard error. *out only on CLI_OK. */
NODISCARD int data_open(struct log **out, const char *command, const char *dir);

/* Tells that a log which is open cannot be read; gives the exit status. */
int data_failed(const char *command, const char *dir, int error);

/* Whether all that was printed has arrived: CLI_OK, or CLI_FAILED with the error told. */
int data_flush(const char *command);

#endif
