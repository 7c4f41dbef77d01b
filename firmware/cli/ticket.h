/* Inside cli/: the actions of `parvis ticket`. argv[0] is the action's name. */
#ifndef PARVIS_CLI_TICKET_H
#define PARVIS_CLI_TICKET_H

int ticket_issue(int argc, char **argv);
int ticket_show(int argc, char **argv);

/* Prints how `parvis ticket` is used on standard error; CLI_USAGE. */
int ticket_usage(void);

#endif
