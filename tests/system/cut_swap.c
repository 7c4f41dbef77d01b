/* Cuts the power below the file system of a box that becomes one bundle after the other
 * (swap_writer): after every write of every swap, with what no flush covers kept, lost and torn,
 * and at points of the rest taken by dice. Each disk is mounted, and what is on it must be a box
 * that works: whole and verified, the one last reported as adopted or the one just being adopted;
 * it can be tidied and takes the next bundle; and the log holds every green row once.
 *
 *     cut_swap BLOCKLOG BASE NOTES WORK MOUNTPOINT CUTS SEED NEXT
 *
 * As cut_ext4; NEXT is a bundle that is newer than all in NOTES. Where no cut was bad, there must
 * have been some that left the box before, and some the next. */
#include "app/adopt.h"
#include "base/log.h"
#include "base/text.h"
#include "tests/fake/cut_block.h"
#include "tests/fake/evening.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SWAPS_MAX 8

struct swap {
	uint64_t serial;
	uint8_t hash[BUNDLE_HASH_SIZE];
	size_t begun, done; /* bytes of the block log */
};

struct bench {
	struct cut_block block;
	struct evening evening;
	size_t *row_bytes; /* by row */
	struct swap swaps[SWAPS_MAX];
	size_t swap_count;
	const char *work, *mountpoint, *next;
	size_t cuts, in_swaps, bad, none, before, after;
};

/* --- notes ----------------------------------------------------------------------------------- */

static bool note(
	struct bench *b, const char *what, uint64_t number, const uint8_t hash[32], size_t bytes)
{
	struct swap *last = b->swap_count ? &b->swaps[b->swap_count - 1] : NULL;
	if (!strcmp(what, "begin") && b->swap_count < SWAPS_MAX && (!last || last->done)) {
		struct swap *s = &b->swaps[b->swap_count++];
		*s = (struct swap){ .serial = number, .begun = bytes };
		memcpy(s->hash, hash, sizeof(s->hash));
		return true;
	}
	if (!strcmp(what, "box") && last && last->serial == number &&
		!memcmp(last->hash, hash, sizeof(last->hash))) {
		last->done = bytes;
		return true;
	}
	if (strcmp(what, "row") != 0 || number != b->evening.count + 1)
		return false;
	b->row_bytes = realloc(b->row_bytes, number * sizeof(*b->row_bytes));
	CHECK(b->row_bytes);
	b->row_bytes[number - 1] = bytes;
	evening_note(&b->evening, hash);
	return true;
}

static void read_notes(struct bench *b, const char *path)
{
	char what[8], hex[65];
	unsigned long long number;
	size_t bytes;
	uint8_t hash[32];
	AUTO_FILE f = fopen(path, "re");
	if (!f)
		cut_block_die(path, strerror(errno));
	while (fscanf(f, "%7s %llu %64s %zu", what, &number, hex, &bytes) == 4)
		if (!text_unhex(hash, sizeof(hash), hex, strlen(hex)) ||
			!note(b, what, number, hash, bytes))
			cut_block_die(path, "a line that is no note");
	if (!feof(f) || b->swap_count < 2 || !b->swaps[b->swap_count - 1].done)
		cut_block_die(path, "the notes are not whole");
}

/* --- what must hold -------------------------------------------------------------------------- */

struct claim {
	size_t begun, done, green; /* so many swaps, and rows */
};

static struct claim claim_at(const struct bench *b, size_t bytes)
{
	struct claim c = { 0 };
	while (c.begun < b->swap_count && b->swaps[c.begun].begun <= bytes)
		c.begun++;
	while (c.done < b->swap_count && b->swaps[c.done].done <= bytes)
		c.done++;
	while (c.green < b->evening.count && b->row_bytes[c.green] <= bytes)
		c.green++;
	return c;
}

/* Which swap this box has come out of: 1 for the first; 0: none. */
static size_t swap_of(const struct bench *b, const struct box *box)
{
	size_t n = b->swap_count;
	while (n && memcmp(b->swaps[n - 1].hash, box->bundle.hash, BUNDLE_HASH_SIZE) != 0)
		n--;
	return n;
}

static bool box_holds(struct bench *b, const struct claim *c, const char *dir, struct box *box,
	bool *has_box, char what[EVENING_FAULT])
{
	int error = box_open(box, dir);
	*has_box = !error;
	if (error && (error != -ENOENT || c->done)) {
		snprintf(what, EVENING_FAULT, "no box: %s; %zu were adopted", strerror(-error),
			c->done);
		return false;
	}
	size_t is = error ? 0 : swap_of(b, box);
	if (is < c->done || is > c->begun || (!error && !is)) {
		snprintf(what, EVENING_FAULT, "it is box %zu; %zu were adopted and %zu begun", is,
			c->done, c->begun);
		return false;
	}
	b->none += error != 0;
	b->before += c->begun > c->done && is == c->done && !error;
	b->after += c->begun > c->done && is == c->begun;
	return true;
}

/* As the kiosk would when it starts: it leaves nothing of the cut, and then an update comes. */
static bool box_goes_on(const struct bench *b, const char *dir, const struct box *box, bool has_box,
	char what[EVENING_FAULT])
{
	static struct adopt_offer offer;
	struct box again = { 0 };
	box_tidy(dir, has_box ? box->number : 0);
	int error = box_open(&again, dir);
	bool same = has_box ? !error && again.number == box->number : error == -ENOENT;
	if (!same) {
		snprintf(what, EVENING_FAULT, "tidied, it is another box");
		return false;
	}
	adopt_read(&offer, b->next, has_box ? box : NULL);
	bool taken = offer.worth == (has_box ? ADOPT_UPDATE : ADOPT_FIRST) &&
		     !adopt_take(&again, dir, &offer) && !box_open(&again, dir) &&
		     !memcmp(again.bundle.hash, offer.bundle.hash, BUNDLE_HASH_SIZE);
	if (!taken)
		snprintf(what, EVENING_FAULT, "it does not take the next bundle");
	return taken;
}

static bool disk_holds(struct bench *b, const struct claim *c, char what[EVENING_FAULT])
{
	static struct box box;
	char dir[512];
	bool has_box;
	struct evening_claim rows = { .green = c->green };
	snprintf(dir, sizeof(dir), "%s/data", b->mountpoint);
	struct log_setup setup = evening_setup(dir, NULL, NULL);
	return box_holds(b, c, dir, &box, &has_box, what) &&
	       box_goes_on(b, dir, &box, has_box, what) &&
	       evening_holds(&b->evening, &rows, &setup, what);
}

/* --- the cuts -------------------------------------------------------------------------------- */

static void cut(struct bench *b, size_t point, enum cut_block_fate fate)
{
	char what[EVENING_FAULT] = "cannot be mounted";
	struct claim claim = claim_at(b, cut_block_bytes(&b->block, point));
	cut_block_cut(&b->block, point, fate);
	bool holds = cut_block_mount(&b->block, b->work, b->mountpoint);
	if (holds) {
		holds = disk_holds(b, &claim, what);
		cut_block_unmount(b->mountpoint);
	}
	b->cuts++;
	if (!holds && b->bad++ < 3)
		printf("# cut after %zu of %zu: %s\n", point, b->block.count, what);
}

/* Whether the power fails in a swap when so many entries are written: from the moment before its
 * first write to the moment after its last. */
static bool in_swap(const struct bench *b, size_t point)
{
	size_t bytes = cut_block_bytes(&b->block, point);
	for (size_t i = 0; i < b->swap_count; i++)
		if (b->swaps[i].begun <= bytes && bytes <= b->swaps[i].done)
			return true;
	return false;
}

static unsigned cuts_for_swap(const struct bench *b, size_t point)
{
	return !in_swap(b, point) ? 0 : cut_block_is_settled(&b->block, point) ? 1 : 3;
}

static void cut_all(struct bench *b, size_t cuts)
{
	static const enum cut_block_fate fates[] = { CUT_BLOCK_LOSES, CUT_BLOCK_KEEPS,
		CUT_BLOCK_TEARS };
	size_t points = b->block.count + 1;
	unsigned *by_dice = calloc(points, sizeof(*by_dice));
	CHECK(by_dice);
	for (size_t i = 0; i < points; i++)
		b->in_swaps += cuts_for_swap(b, i);
	for (size_t n = b->in_swaps; n < cuts; n++)
		by_dice[cut_random(&b->block.dice) % points]++;
	for (size_t i = 0; i < points; i++) {
		for (unsigned n = 0; n < cuts_for_swap(b, i); n++)
			cut(b, i, fates[n]);
		for (; by_dice[i]; by_dice[i]--)
			cut(b, i, cut_block_fate(&b->block));
	}
	free(by_dice);
}

int main(int argc, char **argv)
{
	if (argc != 9) {
		fprintf(stderr, "usage: %s BLOCKLOG BASE NOTES WORK MOUNTPOINT CUTS SEED NEXT\n",
			argv[0]);
		return CUT_BLOCK_UNTRIED;
	}
	static struct bench b;
	b.work = argv[4];
	b.mountpoint = argv[5];
	b.next = argv[8];
	/* Half an adoption is what a cut leaves: only what cannot be mended is worth a line. */
	log_limit(LOG_LEVEL_ERROR);
	evening_init(&b.evening, 1);
	cut_block_open(&b.block, argv[1], argv[2], strtoull(argv[7], NULL, 10));
	read_notes(&b, argv[3]);
	time_t from = time(NULL);
	cut_all(&b, strtoul(argv[6], NULL, 10));
	printf("# %zu cuts, %zu bad, in %ld s; %zu at every write of %zu swaps; amid a swap %zu "
	       "times the box before, %zu times the next; %zu no box yet; %zu with writes that no flush covers; "
	       "%zu entries, %zu flushes, %zu rows\n",
		b.cuts, b.bad, (long)(time(NULL) - from), b.in_swaps, b.swap_count, b.before,
		b.after, b.none, b.block.unflushed, b.block.count, b.block.flushes,
		b.evening.count);
	evening_free(&b.evening);
	free(b.row_bytes);
	cut_block_close(&b.block);
	if (!b.bad && (!b.before || !b.after))
		cut_block_die(argv[1], "no cut has fallen into a swap");
	return b.bad > 0;
}
