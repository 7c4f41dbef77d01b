/* USB sticks that come and go: the first that holds a FAT32 or exFAT file system, once it is
 * mounted.
 *
 * Who mounts: on the appliance nobody of ours. A udev rule has systemd-mount(1) mount each stick
 * with noexec, nosuid, nodev (board/debian/parvis-kiosk.udev): that line is all that needs
 * privileges. Where this program runs as root, and nobody mounts, it does so itself, at
 * DRIVE_OWN_DIR and with the same flags. A stick that is mounted somewhere below /media, /run/media
 * or /mnt is taken as it is; what is mounted elsewhere is a disk of the system's. Nothing on a
 * stick is ever run.
 *
 * For tests and desks a directory takes the stick's place: it is in while it is there.
 *
 * One thread a handle. */
#ifndef PARVIS_PORT_DRIVE_H
#define PARVIS_PORT_DRIVE_H

#include "base/cc.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define DRIVE_OWN_DIR "/run/parvis-stick"

struct drive;

enum drive_state {
	DRIVE_NONE,
	DRIVE_IN,      /* mounted at `dir` */
	DRIVE_STRANGE, /* in, but not of a file system that is taken, or nobody mounts it */
};

struct drive_news {
	enum drive_state state;
	char dir[PATH_MAX];
};

/* dir: in place of a stick; NULL: sticks. -errno. *out only on success. */
NODISCARD int drive_open(struct drive **out, const char *dir);

/* Readable when a stick has come or gone; -1: nothing tells, and drive_look() is to be called now
 * and then. */
int drive_fd(const struct drive *d);

/* How things are now. May mount. */
void drive_look(struct drive *d, struct drive_news *out);

/* Unmounts what it has mounted. NULL is allowed. */
void drive_close(struct drive *d);

enum drive_mount { DRIVE_NOWHERE, DRIVE_AS_STICK, DRIVE_AS_DISK };

/* Where /proc/self/mountinfo, given as text, says that the device major:minor is mounted: AS_STICK
 * where sticks are, with the place in out. For drive_look(), and tests. */
enum drive_mount drive_mounted_at(
	const char *mountinfo, unsigned major, unsigned minor, char out[PATH_MAX]);

#endif
