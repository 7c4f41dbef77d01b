#ifndef PARVIS_CLI_KIOSK_REVOKE_H
#define PARVIS_CLI_KIOSK_REVOKE_H

/* parvis kiosk revoke: argv from its own name on; gives the exit status. */
int kiosk_revoke(int argc, char **argv);

#endif
