/* listen SOCKET PROGRAM: a service manager for shell scripts. Starts PROGRAM for each connection to
 * SOCKET, prints its pid, and ends with whoever has started it. */
#include "tests/fake/listener.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

int main(int argc, char **argv)
{
	if (argc != 3) {
		fputs("usage: listen SOCKET PROGRAM\n", stderr);
		return 2;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)signal(SIGCHLD, SIG_IGN);

	int listening = listener_bind(argv[1]);

	if (listening < 0) {
		fprintf(stderr, "listen: %s: %s\n", argv[1], strerror(-listening));
		return 1;
	}
	for (;;) {
		int pid = listener_start_one(listening, argv[2], NULL);

		if (pid < 0)
			fprintf(stderr, "listen: %s: %s\n", argv[2], strerror(-pid));
		else
			printf("%d\n", pid);
		(void)fflush(stdout);
	}
}
