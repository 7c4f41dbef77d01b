/* Cuts the power of a disk that a real file system is on. A log of all its writes and flushes, in
 * the format of the kernel's dm-log-writes (Documentation/admin-guide/device-mapper/log-writes.rst,
 * which QEMU's blklogwrites writes too), is replayed to points taken by dice: everything up to the
 * last flush is on the medium; of what came later, each write is kept, lost, or kept in part. The
 * disk is mounted, and the log on it must hold what was green by then (tests/fake/evening.h).
 *
 *     cut_ext4 BLOCKLOG BASE NOTES WORK MOUNTPOINT CUTS SEED
 *
 * BASE is the disk as it was when the log began; NOTES is what cut_writer has printed; WORK is
 * overwritten for each cut. Ends with 1 where a cut has lost something, 2 where it could not be
 * tried. */
#include "base/text.h"
#include "tests/fake/cut_disk.h"
#include "tests/fake/evening.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
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

struct entry {
	uint64_t flags, offset, length;
	const uint8_t *data;
	size_t end; /* of the log, when it was written */
};

struct trace {
	struct cut_bytes log;
	struct entry *entries;
	size_t count, flushes;
};

struct notes {
	struct evening evening;
	size_t *bytes; /* by row */
};

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(2);
}

static void read_all(const char *path, struct cut_bytes *out)
{
	uint8_t part[1 << 16];
	ssize_t n;
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die(path);
	while ((n = read(fd, part, sizeof(part))) > 0)
		cut_bytes_put(out, part, (size_t)n, out->size);
	if (n < 0)
		die(path);
}

static void add_entry(struct trace *t, const struct log_entry *e, size_t at, uint32_t sector_size)
{
	bool has_data = !(e->flags & (LOG_DISCARD | LOG_MARK));
	struct entry *grown = realloc(t->entries, (t->count + 1) * sizeof(*grown));
	CHECK(grown);
	t->entries = grown;
	t->entries[t->count++] = (struct entry){ .flags = e->flags,
		.offset = e->sector * sector_size,
		.length = e->sectors * sector_size,
		.data = has_data ? t->log.at + at + sector_size : NULL,
		.end = at + sector_size + (has_data ? e->sectors * sector_size : 0) };
	t->flushes += (e->flags & LOG_FLUSH) != 0;
}

static void read_trace(const char *path, struct trace *t)
{
	struct log_super super = { 0 };
	read_all(path, &t->log);
	if (t->log.size >= sizeof(super))
		memcpy(&super, t->log.at, sizeof(super));
	if (super.magic != LOG_MAGIC || super.version != 1 || super.sector_size != 512) {
		fprintf(stderr, "%s: not a log of writes\n", path);
		exit(2);
	}
	for (size_t at = super.sector_size; at + super.sector_size <= t->log.size;) {
		struct log_entry e;
		memcpy(&e, t->log.at + at, sizeof(e));
		if (e.sectors > t->log.size / super.sector_size || (!e.sectors && !e.flags))
			break;
		add_entry(t, &e, at, super.sector_size);
		at = t->entries[t->count - 1].end;
	}
	if (t->count == 0 || t->entries[t->count - 1].end > t->log.size) {
		fprintf(stderr, "%s: ends within an entry\n", path);
		exit(2);
	}
}

static void read_notes(const char *path, struct notes *n)
{
	char hex[2 * ROW_HASH_SIZE + 1];
	uint8_t hash[ROW_HASH_SIZE];
	size_t bytes;
	AUTO_FILE f = fopen(path, "re");
	if (!f)
		die(path);
	while (fscanf(f, "%64s %zu", hex, &bytes) == 2) {
		if (!text_unhex(hash, sizeof(hash), hex, strlen(hex)))
			break;
		n->bytes = realloc(n->bytes, (n->evening.count + 1) * sizeof(*n->bytes));
		CHECK(n->bytes);
		n->bytes[n->evening.count] = bytes;
		evening_note(&n->evening, hash);
	}
	if (!feof(f) || n->evening.count == 0) {
		fprintf(stderr, "%s: no notes\n", path);
		exit(2);
	}
}

/* --- the disk after a cut -------------------------------------------------------------------- */

static void apply(struct cut_bytes *disk, const struct entry *e)
{
	CHECK(e->offset + e->length <= disk->size);
	if (e->data)
		memcpy(disk->at + e->offset, e->data, e->length);
}

/* Each block by itself. Finer tears break ext4 before they reach the log: its superblock is two
 * sectors under one checksum. tests/flow/cut_test.c tears the log's own files at any byte. */
static void apply_parts(struct cut_bytes *disk, const struct entry *e, uint64_t *dice)
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

static void apply_unsure(struct cut_bytes *disk, const struct entry *e, uint64_t *dice)
{
	uint64_t face = cut_random(dice) % 3;
	if (face == 1 || (e->flags & LOG_FUA))
		apply(disk, e);
	else if (face == 2)
		apply_parts(disk, e, dice);
}

/* Holes stay holes: most of the disk is zeros. Always a new file: the loop device of the last one
 * may not be gone yet, and mount would take it up again with all that it has cached. */
static void put_disk(const struct cut_bytes *disk, const char *path)
{
	static const uint8_t zeros[BLOCK];
	if (unlink(path) && errno != ENOENT)
		die(path);
	AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, (off_t)disk->size))
		die(path);
	for (size_t at = 0; at + BLOCK <= disk->size; at += BLOCK)
		if (memcmp(disk->at + at, zeros, BLOCK) &&
			pwrite(fd, disk->at + at, BLOCK, (off_t)at) != BLOCK)
			die(path);
}

static bool mount_disk(const char *disk, const char *mountpoint)
{
	int status;
	pid_t child = fork();
	if (child == 0) {
		execlp("mount", "mount", "-t", "ext4", "-o", "loop", disk, mountpoint,
			(char *)NULL);
		_exit(127);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

/* --- the cuts -------------------------------------------------------------------------------- */

struct bench {
	const struct trace *trace;
	const struct notes *notes;
	struct cut_bytes durable, disk;
	size_t settled; /* so many entries are in `durable` */
	const char *work, *mountpoint;
	uint64_t dice;
	size_t unflushed, lost;
};

static size_t green_at(const struct notes *n, size_t log_bytes)
{
	size_t green = 0;
	while (green < n->evening.count && n->bytes[green] <= log_bytes)
		green++;
	return green;
}

/* The disk when `point` entries had been sent to it. */
static void build(struct bench *b, size_t point)
{
	size_t flushed = point;
	while (flushed > b->settled && !(b->trace->entries[flushed - 1].flags & LOG_FLUSH))
		flushed--;
	for (; b->settled < flushed; b->settled++)
		apply(&b->durable, &b->trace->entries[b->settled]);
	cut_bytes_copy(&b->disk, &b->durable);
	b->unflushed += point > flushed;
	uint64_t fate = cut_random(&b->dice) % 4; /* all kept, all lost, or each by itself */
	for (size_t i = flushed; i < point; i++) {
		const struct entry *e = &b->trace->entries[i];
		if (fate == 0 || (fate == 1 && (e->flags & LOG_FUA)))
			apply(&b->disk, e);
		else if (fate > 1)
			apply_unsure(&b->disk, e, &b->dice);
	}
}

static bool hold(struct bench *b, size_t point, char what[EVENING_FAULT])
{
	char dir[512];
	size_t bytes = point ? b->trace->entries[point - 1].end : 0;
	struct evening_claim claim = { .green = green_at(b->notes, bytes) };
	snprintf(dir, sizeof(dir), "%s/data", b->mountpoint);
	struct log_setup setup = evening_setup(dir, NULL, NULL);
	put_disk(&b->disk, b->work);
	if (!mount_disk(b->work, b->mountpoint)) {
		snprintf(what, EVENING_FAULT, "cannot be mounted");
		return false;
	}
	bool holds = evening_holds(&b->notes->evening, &claim, &setup, what);
	if (umount(b->mountpoint))
		die(b->mountpoint);
	return holds;
}

static int ascending(const void *a, const void *b)
{
	const size_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/* In ascending order, so that what is durable is built up once. */
static size_t *choose_points(struct bench *b, size_t cuts)
{
	size_t *points = calloc(cuts, sizeof(*points));
	CHECK(points);
	for (size_t i = 0; i < cuts; i++)
		points[i] = cut_random(&b->dice) % (b->trace->count + 1);
	qsort(points, cuts, sizeof(*points), ascending);
	return points;
}

static void cut_all(struct bench *b, size_t cuts)
{
	size_t *points = choose_points(b, cuts);
	for (size_t i = 0; i < cuts; i++) {
		char what[EVENING_FAULT] = "";
		build(b, points[i]);
		if (!hold(b, points[i], what) && b->lost++ < 3)
			printf("# cut after %zu of %zu: %s\n", points[i], b->trace->count, what);
	}
	free(points);
}

int main(int argc, char **argv)
{
	if (argc != 8) {
		fprintf(stderr, "usage: %s BLOCKLOG BASE NOTES WORK MOUNTPOINT CUTS SEED\n",
			argv[0]);
		return 2;
	}
	struct trace trace = { 0 };
	struct notes notes = { 0 };
	struct bench b = { .trace = &trace, .notes = &notes, .work = argv[4] };
	size_t cuts = strtoul(argv[6], NULL, 10);
	b.mountpoint = argv[5];
	b.dice = strtoull(argv[7], NULL, 10);
	evening_init(&notes.evening, 1);
	read_trace(argv[1], &trace);
	read_all(argv[2], &b.durable);
	read_notes(argv[3], &notes);
	time_t from = time(NULL);
	cut_all(&b, cuts);
	printf("# %zu cuts, %zu lost, in %ld s; %zu of them with writes that no flush covers; "
	       "%zu entries, %zu flushes, %zu rows\n",
		cuts, b.lost, (long)(time(NULL) - from), b.unflushed, trace.count, trace.flushes,
		notes.evening.count);
	evening_free(&notes.evening);
	free(notes.bytes);
	free(trace.entries);
	free(trace.log.at);
	free(b.durable.at);
	free(b.disk.at);
	return b.lost > 0;
}
