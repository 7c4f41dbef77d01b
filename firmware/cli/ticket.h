/* Inside cli/: the actions of `parvis ticket`. argv[0] is the action's name. */
#ifndef PARVIS_CLI_TICKET_H
#define PARVIS_CLI_TICKET_H

#include <stdio.h>

int ticket_issue(int argc, char **argv);
int ticket_show(int argc, char **argv);

/* Prints how they are used. */
void ticket_usage(FILE *out);

#endif
