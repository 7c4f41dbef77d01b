/* Inside cli/: `parvis kiosk serve`. */
#ifndef PARVIS_CLI_KIOSK_SERVE_H
#define PARVIS_CLI_KIOSK_SERVE_H

/* argv[0] is "serve". Gives the exit status; runs until SIGTERM or SIGINT. */
int kiosk_serve(int argc, char **argv);

#endif
