/* parvis roster import --pretix: pretix itself as a source. cli/roster.c hands over to it. */
#ifndef PARVIS_CLI_ROSTER_PRETIX_H
#define PARVIS_CLI_ROSTER_PRETIX_H

#include <stdbool.h>

/* Whether the arguments of `import` ask for it. */
bool roster_pretix_wanted(int argc, char **argv);

/* argv begins with "import". Exit status as cli/cli.h. */
int roster_pretix(int argc, char **argv);

/* What roster's --help says of it. */
extern const char roster_pretix_help[];

#endif
