/* The subcommands of parvis: each in a file of its own name, each with its own --help. They get
 * argv from their own name on and give the exit status:
 *   0 done   1 done, and the answer is no (bad event, nothing read, broken chain)
 *   2 wrong use   3 could not be done (the error is on standard error) */
#ifndef PARVIS_CLI_CLI_H
#define PARVIS_CLI_CLI_H

enum cli_exit { CLI_OK, CLI_NO, CLI_USAGE, CLI_FAILED };

int cli_attendance(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_collect(int argc, char **argv);
int cli_decode(int argc, char **argv);
int cli_event(int argc, char **argv);
int cli_headcount(int argc, char **argv);
int cli_kiosk(int argc, char **argv);
int cli_log(int argc, char **argv);
int cli_open_data(int argc, char **argv);
int cli_person(int argc, char **argv);
int cli_purge(int argc, char **argv);
int cli_report(int argc, char **argv);
int cli_roster(int argc, char **argv);
int cli_ticket(int argc, char **argv);

#endif
