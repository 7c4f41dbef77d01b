/* What the subcommands that speak with pretix take from the command line. */
#ifndef PARVIS_CLI_PRETIX_LOGIN_H
#define PARVIS_CLI_PRETIX_LOGIN_H

#include "base/cc.h"
#include "port/http.h"

#include <stdbool.h>

#define PRETIX_SLUG_MAX  64 /* bytes */
#define PRETIX_TIMEOUT_S 60 /* without --timeout */
#define PRETIX_RETRIES   5  /* without --retries */

/* Of --timeout and --retries, into an unsigned: NULL, or what the option takes. */
const char *pretix_take_timeout(void *timeout_s, const char *value);
const char *pretix_take_retries(void *retries, const char *value);

/* Slugs go into addresses and the name of a file. */
NODISCARD bool pretix_is_slug(const char *text);

/* The number of a check-in list. */
NODISCARD bool pretix_is_list(const char *text);

/* The first line of the file; "-" is a file's name here. A failure is told; -errno. */
NODISCARD int pretix_token_of_file(const char *path, char out[HTTP_TOKEN_MAX + 2]);

/* "-": from standard input. A token on the command line is in the list of processes until this has
 * run. -errno. */
NODISCARD int pretix_token_of_argument(const char *argument, char out[HTTP_TOKEN_MAX + 2]);

#endif
