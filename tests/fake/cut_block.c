#include "tests/fake/cut_block.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_MAGIC   0x6a736677736872u
#define LOG_FLUSH   1u
#define LOG_FUA     2u
#define LOG_DISCARD 4u
#define LOG_MARK    8u
#define BLOCK       4096u

/* As on the medium; the numbers are little-endian, as is every machine that this runs on. */
struct log_super {
	uint64_t magic, version, entries;
	uint32_t sector_size;
};

struct log_entry {
	uint64_t sector, sectors, flags, mark_size;
};

_Noreturn void cut_block_die(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(CUT_BLOCK_UNTRIED);
}

int cut_block_ascending(const void *a, const void *b)
{
	const size_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/* --- the log --------------------------------------------------------------------------------- */

static void read_all(const char *path, struct cut_bytes *out)
{
	uint8_t part[1 << 16];
	ssize_t n;
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		cut_block_die(path, strerror(errno));
	while ((n = read(fd, part, sizeof(part))) > 0)
		cut_bytes_put(out, part, (size_t)n, out->size);
	if (n < 0)
		cut_block_die(path, strerror(errno));
}

static void add_entry(
	struct cut_block *b, const struct log_entry *e, size_t at, uint32_t sector_size)
{
	bool has_data = !(e->flags & (LOG_DISCARD | LOG_MARK));
	struct cut_block_entry *grown = realloc(b->entries, (b->count + 1) * sizeof(*grown));
	CHECK(grown);
	b->entries = grown;
	b->entries[b->count++] = (struct cut_block_entry){ .flags = e->flags,
		.offset = e->sector * sector_size,
		.length = e->sectors * sector_size,
		.data = has_data ? b->log.at + at + sector_size : NULL,
		.end = at + sector_size + (has_data ? e->sectors * sector_size : 0) };
	b->flushes += (e->flags & LOG_FLUSH) != 0;
}

void cut_block_open(struct cut_block *b, const char *log, const char *base, uint64_t seed)
{
	struct log_super super = { 0 };
	*b = (struct cut_block){ .dice = seed };
	read_all(base, &b->durable);
	read_all(log, &b->log);
	if (b->log.size >= sizeof(super))
		memcpy(&super, b->log.at, sizeof(super));
	if (super.magic != LOG_MAGIC || super.version != 1 || super.sector_size != 512)
		cut_block_die(log, "not a log of writes");
	for (size_t at = super.sector_size; at + super.sector_size <= b->log.size;) {
		struct log_entry e;
		memcpy(&e, b->log.at + at, sizeof(e));
		if (e.sectors > b->log.size / super.sector_size || (!e.sectors && !e.flags))
			break;
		add_entry(b, &e, at, super.sector_size);
		at = b->entries[b->count - 1].end;
	}
	if (b->count == 0 || b->entries[b->count - 1].end > b->log.size)
		cut_block_die(log, "ends within an entry");
}

void cut_block_close(struct cut_block *b)
{
	free(b->entries);
	free(b->log.at);
	free(b->durable.at);
	free(b->disk.at);
	*b = (struct cut_block){ 0 };
}

size_t cut_block_bytes(const struct cut_block *b, size_t point)
{
	return point ? b->entries[point - 1].end : 0;
}

bool cut_block_is_settled(const struct cut_block *b, size_t point)
{
	return !point || (b->entries[point - 1].flags & LOG_FLUSH);
}

/* --- the disk after a cut -------------------------------------------------------------------- */

static void apply(struct cut_bytes *disk, const struct cut_block_entry *e)
{
	CHECK(e->offset + e->length <= disk->size);
	if (e->data)
		memcpy(disk->at + e->offset, e->data, e->length);
}

/* Each block by itself. Finer tears break ext4 before they reach a file: its superblock is two
 * sectors under one checksum. tests/flow/cut_test.c tears the log's own files at any byte. */
static void apply_parts(struct cut_bytes *disk, const struct cut_block_entry *e, uint64_t *dice)
{
	for (size_t from = 0; e->data && from < e->length;) {
		size_t n = BLOCK - (e->offset + from) % BLOCK;
		if (n > e->length - from)
			n = e->length - from;
		if (cut_random(dice) % 2)
			memcpy(disk->at + e->offset + from, e->data + from, n);
		from += n;
	}
}

static void apply_unsure(struct cut_bytes *disk, const struct cut_block_entry *e, uint64_t *dice)
{
	uint64_t face = cut_random(dice) % 3;
	if (face == 1 || (e->flags & LOG_FUA))
		apply(disk, e);
	else if (face == 2)
		apply_parts(disk, e, dice);
}

enum cut_block_fate cut_block_fate(struct cut_block *b)
{
	static const enum cut_block_fate faces[] = { CUT_BLOCK_KEEPS, CUT_BLOCK_LOSES,
		CUT_BLOCK_TEARS, CUT_BLOCK_TEARS };
	return faces[cut_random(&b->dice) % ARRAY_LEN(faces)];
}

void cut_block_cut(struct cut_block *b, size_t point, enum cut_block_fate fate)
{
	size_t flushed = point;
	CHECK(point <= b->count);
	while (flushed > b->settled && !cut_block_is_settled(b, flushed))
		flushed--;
	CHECK(flushed >= b->settled);
	for (; b->settled < flushed; b->settled++)
		apply(&b->durable, &b->entries[b->settled]);
	cut_bytes_copy(&b->disk, &b->durable);
	b->unflushed += point > flushed;
	for (size_t i = flushed; i < point; i++) {
		const struct cut_block_entry *e = &b->entries[i];
		if (fate == CUT_BLOCK_TEARS)
			apply_unsure(&b->disk, e, &b->dice);
		else if (fate == CUT_BLOCK_KEEPS || (e->flags & LOG_FUA))
			apply(&b->disk, e);
	}
}

/* Holes stay holes: most of the disk is zeros. Always a new file: the loop device of the last one
 * may not be gone yet, and mount would take it up again with all that it has cached. */
static void put_disk(const struct cut_bytes *disk, const char *path)
{
	static const uint8_t zeros[BLOCK];
	if (unlink(path) && errno != ENOENT)
		cut_block_die(path, strerror(errno));
	AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)disk->size))
		cut_block_die(path, strerror(errno));
	for (size_t at = 0; at + BLOCK <= disk->size; at += BLOCK)
		if (memcmp(disk->at + at, zeros, BLOCK) &&
			pwrite(fd, disk->at + at, BLOCK, (off_t)at) != BLOCK)
			cut_block_die(path, strerror(errno));
}

bool cut_block_mount(const struct cut_block *b, const char *path, const char *mountpoint)
{
	int status;
	put_disk(&b->disk, path);
	pid_t child = fork();
	if (child == 0) {
		execlp("mount", "mount", "-t", "ext4", "-o", "loop", path, mountpoint,
			(char *)NULL);
		_exit(127);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

void cut_block_unmount(const char *mountpoint)
{
	if (umount(mountpoint))
		cut_block_die(mountpoint, strerror(errno));
}
