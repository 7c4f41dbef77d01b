/* Pulls a stick out below its file system, while a copy is made and added to (stick_writer): after
 * every write, with what no flush covers kept, lost and torn. Each disk is mounted, and what bears
 * the copy's name must read, be sealed and signed, and have every row that was told to be on it.
 *
 *     cut_stick BLOCKLOG BASE NOTES WORK MOUNTPOINT CUTS SEED
 *
 * As cut_swap. Where no cut was bad, there must have been some amid a copy. */
#include "base/log.h"
#include "night/sealed.h"
#include "tests/fake/cut_block.h"
#include "tests/system/stick_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct told {
	uint64_t rows;
	bool durable; /* they are on the stick; else in the log */
	size_t bytes; /* of the block log */
};

struct bench {
	struct cut_block block;
	struct told *told;
	size_t told_count;
	struct issuer *issuer;
	char name[SEALED_NAME_SIZE];
	const char *work, *mountpoint;
	size_t cuts, bad, amid, older, newer;
};

static void read_notes(struct bench *b, const char *path)
{
	char what[8];
	unsigned long long rows;
	size_t bytes;
	AUTO_FILE f = fopen(path, "re");
	if (!f)
		cut_block_die(path, strerror(errno));
	while (fscanf(f, "%7s %llu %zu", what, &rows, &bytes) == 3) {
		b->told = reallocarray(b->told, b->told_count + 1, sizeof(*b->told));
		CHECK(b->told);
		b->told[b->told_count++] = (struct told){ rows, !strcmp(what, "told"), bytes };
	}
	if (!feof(f) || b->told_count < 4)
		cut_block_die(path, "the notes are not whole");
}

/* --- what must hold -------------------------------------------------------------------------- */

struct seen {
	uint64_t rows;
	bool is_bad;
	uint8_t last[ROW_HASH_SIZE];
};

static int take_header(void *context, const struct sealed_header *header)
{
	(void)context, (void)header;
	return 0;
}

static int take_promise(void *context, const struct chain *chain, uint64_t last)
{
	(void)context, (void)chain, (void)last;
	return 0;
}

static int take_batch(void *context, const struct batch *batch)
{
	struct seen *s = context;
	s->is_bad |= batch_check(batch) != BATCH_GOOD;
	for (size_t i = 0; i < batch->count; i++) {
		s->is_bad |= s->rows && memcmp(batch->rows[i].before, s->last, ROW_HASH_SIZE);
		memcpy(s->last, batch->rows[i].hash, ROW_HASH_SIZE);
		s->rows++;
	}
	return 0;
}

/* An addition that was under way is passed over: what counts is which rows are there. */
static int take_fault(void *context, enum sealed_wrong wrong, int64_t number, uint64_t offset)
{
	(void)context, (void)wrong, (void)number, (void)offset;
	return 0;
}

/* -1: there is no copy. */
static int64_t rows_on_stick(const struct bench *b, char what[160])
{
	struct seen seen = { 0 };
	struct sealed_reader reader = { &seen, take_header, take_promise, take_batch, take_fault };
	char path[512];
	snprintf(path, sizeof(path), "%s/%s", b->mountpoint, b->name);
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	enum sealed_wrong wrong = sealed_read(fd, b->issuer, STICK_EVENT, &reader, NULL);
	if (wrong != SEALED_GOOD || seen.is_bad) {
		snprintf(what, 160, "it does not read: %s", sealed_wrong_texts[wrong]);
		return -2;
	}
	return (int64_t)seen.rows;
}

static bool stick_holds(struct bench *b, size_t bytes, char what[160])
{
	int64_t least = -1, most = 0;
	for (size_t i = 0; i < b->told_count && b->told[i].bytes <= bytes; i++) {
		most = (int64_t)b->told[i].rows;
		least = b->told[i].durable ? most : least;
	}
	int64_t rows = rows_on_stick(b, what);
	b->amid += least != most;
	b->older += least != most && rows == least;
	b->newer += least != most && rows > least;
	if (rows < least || rows > most) {
		if (rows >= -1)
			snprintf(what, 160, "%lld rows; %lld were told, %lld are in the log",
				(long long)rows, (long long)least, (long long)most);
		return false;
	}
	return true;
}

/* --- the cuts -------------------------------------------------------------------------------- */

static void cut(struct bench *b, size_t point, enum cut_block_fate fate)
{
	char what[160] = "cannot be mounted";
	cut_block_cut(&b->block, point, fate);
	bool holds = cut_block_mount(&b->block, b->work, b->mountpoint);
	if (holds) {
		holds = stick_holds(b, cut_block_bytes(&b->block, point), what);
		cut_block_unmount(b->mountpoint);
	}
	b->cuts++;
	if (!holds && b->bad++ < 3)
		printf("# cut after %zu of %zu: %s\n", point, b->block.count, what);
}

/* At most so many: every nth point, where there are more. */
static void cut_all(struct bench *b, size_t cuts)
{
	static const enum cut_block_fate fates[] = { CUT_BLOCK_LOSES, CUT_BLOCK_KEEPS,
		CUT_BLOCK_TEARS };
	size_t points = b->block.count + 1, step = points * ARRAY_LEN(fates) / cuts + 1;
	for (size_t i = 0; i < points; i += step) {
		bool settled = cut_block_is_settled(&b->block, i);
		for (size_t n = 0; n < (settled ? 1 : ARRAY_LEN(fates)); n++)
			cut(b, i, fates[n]);
	}
}

int main(int argc, char **argv)
{
	if (argc != 8) {
		fprintf(stderr, "usage: %s BLOCKLOG BASE NOTES WORK MOUNTPOINT CUTS SEED\n",
			argv[0]);
		return CUT_BLOCK_UNTRIED;
	}
	static struct bench b;
	struct device_key *key;
	uint8_t device[DEVICE_ID_SIZE];
	b.work = argv[4];
	b.mountpoint = argv[5];
	b.issuer = stick_issuer();
	if (device_key_from_seed(&key, stick_device_seed))
		return CUT_BLOCK_UNTRIED;
	device_key_id(key, device);
	device_key_close(key);
	sealed_name(STICK_EVENT, device, b.name);
	log_limit(LOG_LEVEL_ERROR);
	cut_block_open(&b.block, argv[1], argv[2], strtoull(argv[7], NULL, 10));
	read_notes(&b, argv[3]);
	time_t from = time(NULL);
	cut_all(&b, strtoul(argv[6], NULL, 10));
	printf("# %zu cuts, %zu bad, in %ld s; %zu amid a copy, of which %zu left the older and %zu a "
	       "newer one; %zu with writes that no flush covers; %zu entries, %zu flushes\n",
		b.cuts, b.bad, (long)(time(NULL) - from), b.amid, b.older, b.newer,
		b.block.unflushed, b.block.count, b.block.flushes);
	issuer_close(b.issuer);
	free(b.told);
	cut_block_close(&b.block);
	if (!b.bad && (!b.older || !b.newer))
		cut_block_die(argv[1], "no cut has fallen into a copy");
	return b.bad > 0;
}
