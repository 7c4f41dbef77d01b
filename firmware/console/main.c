/* parvis-console: takes the virtual consoles of an appliance out of everybody's reach. The kernel
 * is told to switch to no other console any more (VT_LOCKSWITCH), and keyboards to be heard by none
 * of those that there are (K_OFF), so that neither a key combination of the kernel's own nor a
 * program that waits for input gets one. The kiosk reads its devices by itself.
 *
 * Needs CAP_SYS_TTY_CONFIG. It is started once, before the kiosk (board/debian/). `--release`
 * undoes it for whoever works on a box. */
#include "base/cc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <linux/vt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CONSOLE     "/dev/tty0"
#define CONSOLE_MAX 63

/* Those that are in use already; with switching locked no other comes. */
static int set_keyboards(int mode)
{
	int set = 0;

	for (int n = 1; n <= CONSOLE_MAX; n++) {
		char path[16];

		snprintf(path, sizeof path, "/dev/tty%d", n);

		AUTO_FD fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);

		if (fd >= 0 && ioctl(fd, KDSKBMODE, mode) == 0)
			set++;
	}
	return set;
}

int main(int argc, char **argv)
{
	bool release = argc == 2 && !strcmp(argv[1], "--release");

	if (argc != 1 && !release) {
		fputs("usage: parvis-console [--release]\n", stderr);
		return 2;
	}

	AUTO_FD console = open(CONSOLE, O_WRONLY | O_NOCTTY | O_CLOEXEC);

	if (console < 0 && (errno == ENOENT || errno == ENXIO)) {
		fputs("parvis-console: this machine has no virtual console\n", stderr);
		return 0;
	}
	if (console < 0 || ioctl(console, release ? VT_UNLOCKSWITCH : VT_LOCKSWITCH, 1)) {
		fprintf(stderr, "parvis-console: %s: %s\n", CONSOLE, strerror(errno));
		return 3;
	}

	int set = set_keyboards(release ? K_UNICODE : K_OFF);

	fprintf(stderr, "parvis-console: switching is %s; %d keyboards are %s\n",
		release ? "possible" : "locked", set, release ? "heard" : "off");
	return set > 0 ? 0 : 3;
}
