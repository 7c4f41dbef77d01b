/* Cuts the power below a disk on which RAUC replaces a system (tests/fake/cut_block.h), at points
 * spread over all its writes and at each that touches the state of the slots. Of what no flush
 * covers each write is kept, lost or torn. What is left has to have a slot that starts next, and in
 * every slot that may be started, now or after failed starts, one of the systems byte for byte.
 *
 *     cut_update BLOCKLOG BASE CUTS SEED AT_A AT_B SYSTEM...
 *
 * AT_A and AT_B are the slots' places in bytes. Ends with 1 where a cut leaves anything else, 2
 * where it could not be tried. */
#include "box/slots_disk.h"
#include "tests/fake/cut_block.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SYSTEMS_MAX 4

struct image {
	uint8_t *bytes;
	size_t len;
};

static struct image systems[SYSTEMS_MAX];
static int system_count;
static size_t slot_at[SLOT_COUNT];
static size_t starts[SLOT_COUNT], barred;

static void load(const char *path)
{
	struct stat st;
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || system_count == SYSTEMS_MAX)
		cut_block_die(path, strerror(errno));
	struct image *i = &systems[system_count++];
	i->len = (size_t)st.st_size;
	i->bytes = malloc(i->len);
	if (!i->bytes || read(fd, i->bytes, i->len) != (ssize_t)i->len)
		cut_block_die(path, "cannot be read");
}

static bool holds_a_system(const uint8_t *disk, size_t len, enum slot which)
{
	for (int i = 0; i < system_count; i++) {
		if (slot_at[which] + systems[i].len <= len &&
			!memcmp(disk + slot_at[which], systems[i].bytes, systems[i].len))
			return true;
	}
	return false;
}

/* As slots_disk_read() does it. */
static bool hold(const struct cut_bytes *disk, char *what, size_t capacity)
{
	struct slots s;
	if (!slots_decode(&s, disk->at + slots_disk_at[0]) &&
		!slots_decode(&s, disk->at + slots_disk_at[1])) {
		snprintf(what, capacity, "no copy of the state is whole");
		return false;
	}
	starts[slots_next(&s)]++;
	for (int i = SLOT_A; i < SLOT_COUNT; i++) {
		barred += s.left[i] == SLOTS_BARRED;
		if (s.left[i] == SLOTS_BARRED || holds_a_system(disk->at, disk->size, (enum slot)i))
			continue;
		snprintf(what, capacity, "slot %s could be started and holds no system",
			slot_name((enum slot)i));
		return false;
	}
	return true;
}

static bool touches_state(const struct cut_block_entry *e)
{
	for (int i = 0; i < SLOTS_COPIES; i++) {
		if (e->length && e->offset <= (uint64_t)slots_disk_at[i] &&
			e->offset + e->length > (uint64_t)slots_disk_at[i])
			return true;
	}
	return false;
}

/* Upwards: so many spread by dice, and before and after each write to the state, several times,
 * since dice decide what becomes of it. */
static size_t *choose_points(struct cut_block *b, size_t cuts, size_t *count)
{
	size_t *points = calloc(cuts + 16 * b->count + 2, sizeof(*points));
	CHECK(points);
	size_t n = 0;
	for (; n < cuts; n++)
		points[n] = cut_random(&b->dice) % (b->count + 1);
	for (size_t i = 0; i < b->count; i++) {
		for (int again = 0; again < 8 && touches_state(&b->entries[i]); again++) {
			points[n++] = i;
			points[n++] = i + 1;
		}
	}
	qsort(points, n, sizeof(*points), cut_block_ascending);
	*count = n;
	return points;
}

int main(int argc, char **argv)
{
	if (argc < 8) {
		fprintf(stderr, "usage: %s BLOCKLOG BASE CUTS SEED AT_A AT_B SYSTEM...\n", argv[0]);
		return CUT_BLOCK_UNTRIED;
	}
	struct cut_block b = { 0 };
	cut_block_open(&b, argv[1], argv[2], strtoull(argv[4], NULL, 10));
	slot_at[SLOT_A] = strtoull(argv[5], NULL, 10);
	slot_at[SLOT_B] = strtoull(argv[6], NULL, 10);
	for (int i = 7; i < argc; i++)
		load(argv[i]);
	time_t from = time(NULL);
	size_t count, bad = 0;
	size_t *points = choose_points(&b, strtoul(argv[3], NULL, 10), &count);
	for (size_t i = 0; i < count; i++) {
		char what[128];
		cut_block_cut(&b, points[i], cut_block_fate(&b));
		if (!hold(&b.disk, what, sizeof(what)) && bad++ < 5)
			printf("# cut after %zu of %zu: %s\n", points[i], b.count, what);
	}
	printf("# %zu cuts, %zu bad, in %ld s; %zu entries, %zu flushes; %zu would start A, %zu B; "
	       "%zu with a barred slot; %zu with writes that no flush covers\n",
		count, bad, (long)(time(NULL) - from), b.count, b.flushes, starts[SLOT_A],
		starts[SLOT_B], barred, b.unflushed);
	free(points);
	for (int i = 0; i < system_count; i++)
		free(systems[i].bytes);
	cut_block_close(&b);
	return bad > 0;
}
