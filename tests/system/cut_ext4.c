/* Cuts the power below the log's file system (tests/fake/cut_block.h) at points taken by dice. The
 * disk is mounted, and the log on it must hold what was green by then (tests/fake/evening.h).
 *
 *     cut_ext4 BLOCKLOG BASE NOTES WORK MOUNTPOINT CUTS SEED
 *
 * BASE is the disk as it was when the log began; NOTES is what cut_writer has printed; WORK is
 * overwritten for each cut. Ends with 1 where a cut has lost something, 2 where it could not be
 * tried. */
#include "base/text.h"
#include "tests/fake/cut_block.h"
#include "tests/fake/evening.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct notes {
	struct evening evening;
	size_t *bytes; /* by row */
};

static void read_notes(const char *path, struct notes *n)
{
	char hex[2 * ROW_HASH_SIZE + 1];
	uint8_t hash[ROW_HASH_SIZE];
	size_t bytes;
	AUTO_FILE f = fopen(path, "re");
	if (!f)
		cut_block_die(path, strerror(errno));
	while (fscanf(f, "%64s %zu", hex, &bytes) == 2) {
		if (!text_unhex(hash, sizeof(hash), hex, strlen(hex)))
			break;
		n->bytes = realloc(n->bytes, (n->evening.count + 1) * sizeof(*n->bytes));
		CHECK(n->bytes);
		n->bytes[n->evening.count] = bytes;
		evening_note(&n->evening, hash);
	}
	if (!feof(f) || n->evening.count == 0)
		cut_block_die(path, "no notes");
}

/* --- the cuts -------------------------------------------------------------------------------- */

struct bench {
	struct cut_block block;
	struct notes notes;
	const char *work, *mountpoint;
	size_t lost;
};

static size_t green_at(const struct notes *n, size_t log_bytes)
{
	size_t green = 0;
	while (green < n->evening.count && n->bytes[green] <= log_bytes)
		green++;
	return green;
}

static bool hold(const struct bench *b, size_t point, char what[EVENING_FAULT])
{
	char dir[512];
	struct evening_claim claim = { .green = green_at(
					       &b->notes, cut_block_bytes(&b->block, point)) };
	snprintf(dir, sizeof(dir), "%s/data", b->mountpoint);
	struct log_setup setup = evening_setup(dir, NULL, NULL);
	if (!cut_block_mount(&b->block, b->work, b->mountpoint)) {
		snprintf(what, EVENING_FAULT, "cannot be mounted");
		return false;
	}
	bool holds = evening_holds(&b->notes.evening, &claim, &setup, what);
	cut_block_unmount(b->mountpoint);
	return holds;
}

/* In ascending order, so that what is durable is built up once. */
static size_t *choose_points(struct bench *b, size_t cuts)
{
	size_t *points = calloc(cuts, sizeof(*points));
	CHECK(points);
	for (size_t i = 0; i < cuts; i++)
		points[i] = cut_random(&b->block.dice) % (b->block.count + 1);
	qsort(points, cuts, sizeof(*points), cut_block_ascending);
	return points;
}

static void cut_all(struct bench *b, size_t cuts)
{
	size_t *points = choose_points(b, cuts);
	for (size_t i = 0; i < cuts; i++) {
		char what[EVENING_FAULT] = "";
		cut_block_cut(&b->block, points[i], cut_block_fate(&b->block));
		if (!hold(b, points[i], what) && b->lost++ < 3)
			printf("# cut after %zu of %zu: %s\n", points[i], b->block.count, what);
	}
	free(points);
}

int main(int argc, char **argv)
{
	if (argc != 8) {
		fprintf(stderr, "usage: %s BLOCKLOG BASE NOTES WORK MOUNTPOINT CUTS SEED\n",
			argv[0]);
		return CUT_BLOCK_UNTRIED;
	}
	struct bench b = { .work = argv[4], .mountpoint = argv[5] };
	size_t cuts = strtoul(argv[6], NULL, 10);
	evening_init(&b.notes.evening, 1);
	cut_block_open(&b.block, argv[1], argv[2], strtoull(argv[7], NULL, 10));
	read_notes(argv[3], &b.notes);
	time_t from = time(NULL);
	cut_all(&b, cuts);
	printf("# %zu cuts, %zu lost, in %ld s; %zu of them with writes that no flush covers; "
	       "%zu entries, %zu flushes, %zu rows\n",
		cuts, b.lost, (long)(time(NULL) - from), b.block.unflushed, b.block.count,
		b.block.flushes, b.notes.evening.count);
	evening_free(&b.notes.evening);
	free(b.notes.bytes);
	cut_block_close(&b.block);
	return b.lost > 0;
}
