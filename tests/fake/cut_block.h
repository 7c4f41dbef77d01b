/* Cuts the power of a disk that a real file system is on. A log of all its writes and flushes, in
 * the format of the kernel's dm-log-writes (Documentation/admin-guide/device-mapper/log-writes.rst,
 * which QEMU's blklogwrites writes too), is replayed to any point: everything up to the last flush
 * is on the medium; of what came later, each write is kept, lost, or kept in part. The disk that
 * comes of it can be mounted as ext4; that needs root.
 *
 * One thread. What cannot be tried at all (a log that is none, no memory, no space for the disk)
 * ends the program with status 2: this is for tests. */
#ifndef PARVIS_TESTS_FAKE_CUT_BLOCK_H
#define PARVIS_TESTS_FAKE_CUT_BLOCK_H

#include "base/cc.h"
#include "tests/fake/cut_disk.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CUT_BLOCK_UNTRIED 2

/* What becomes of the writes that no flush covers; one that was sent as FUA is never lost. */
enum cut_block_fate { CUT_BLOCK_KEEPS, CUT_BLOCK_LOSES, CUT_BLOCK_TEARS };

struct cut_block_entry {
	uint64_t flags, offset, length; /* bytes */
	const uint8_t *data;
	size_t end; /* bytes of the log, when it was written */
};

struct cut_block {
	struct cut_block_entry *entries;
	size_t count, flushes;
	uint64_t dice;    /* cut_random()'s; the caller may throw them too */
	size_t unflushed; /* how many of the disks had writes that no flush covers */
	/* Its own. */
	struct cut_bytes log, durable, disk;
	size_t settled;
};

/* Reads a log, and the disk as it was when the log began. Release with cut_block_close(). */
void cut_block_open(struct cut_block *b, const char *log, const char *base, uint64_t seed);
void cut_block_close(struct cut_block *b);

/* How long the log was, in bytes, when `point` entries had been written: 0..count. */
size_t cut_block_bytes(const struct cut_block *b, size_t point);

/* Whether a flush covers all of that disk: every fate then leaves the same. */
bool cut_block_is_settled(const struct cut_block *b, size_t point);

/* By dice: a half of them tear, a quarter keeps everything, a quarter loses it. */
enum cut_block_fate cut_block_fate(struct cut_block *b);

/* Sets up the disk that a cut after `point` entries leaves. Points may not go down. */
void cut_block_cut(struct cut_block *b, size_t point, enum cut_block_fate fate);

/* Writes that disk to `path`, always a new file, and mounts it. False: it cannot be mounted. */
NODISCARD bool cut_block_mount(const struct cut_block *b, const char *path, const char *mountpoint);
void cut_block_unmount(const char *mountpoint);

/* Says why, and ends the program with CUT_BLOCK_UNTRIED. */
_Noreturn void cut_block_die(const char *what, const char *why);

/* For qsort(): points, upwards. */
int cut_block_ascending(const void *a, const void *b);

#endif
