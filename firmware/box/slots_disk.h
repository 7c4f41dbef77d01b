/* The two copies of the slots' state on the box's disk, before its first partition. Whoever reads
 * takes the first copy if it is whole, else the second. Whoever writes begins with the copy that is
 * not in use, and has it on the disk before the other is touched: a cut leaves the old state or the
 * new one, never neither. No number says which copy is newer, so none can be wrong.
 *
 *   first copy    second copy
 *   old           old
 *   old           torn, new      -> old
 *   torn          new            -> new
 *   new           new
 *
 * From a torn first copy the order is the other way round. One writer at a time: slots_disk_open()
 * takes a lock on the file. Any thread. */
#ifndef PARVIS_BOX_SLOTS_DISK_H
#define PARVIS_BOX_SLOTS_DISK_H

#include "box/slots.h"

/* Where they are, in bytes from the start of the disk: sectors 2048 and 4096. */
#define SLOTS_COPIES 2
extern const long long slots_disk_at[SLOTS_COPIES];

struct slots_disk {
	struct slots state;
	int copy; /* which one was read, 0 or 1; -1: none was whole, state is slots_default() */
	bool whole[SLOTS_COPIES];
};

/* Opens the disk, a block device or an image of one, for reading or for both. Gives a descriptor
 * that the caller closes, or -errno. */
NODISCARD int slots_disk_open(const char *path, bool writing);

/* Reads both copies. 0, or -errno where the disk cannot be read at all; a copy alone that cannot be
 * read counts as torn. */
NODISCARD int slots_disk_read(struct slots_disk *out, int fd);

/* Writes and syncs both copies in the order that `was`, as it was just read, asks for. 0 or -errno;
 * after an error the old state or the new one is in force. state is valid. */
NODISCARD int slots_disk_write(int fd, const struct slots_disk *was, const struct slots *state);

/* The disk that the root file system is on, as /dev/NAME. 0 or -errno: -ENODEV where it is on none,
 * -ENAMETOOLONG. capacity > 0. */
NODISCARD int slots_disk_of_root(char *path, size_t capacity);

#endif
