/* Puts rows into an organiser's store as a collector does, without a broker, and says how fast:
 *
 *   take_rows STORE EVENT BOXES ROWS [BATCH]
 *
 * ROWS of all BOXES together, BATCH (50) a batch; each transaction has the next batch of 256 boxes
 * in
 * turn. Making and signing the rows is not counted; judging them is. Prints one JSON object. */
#include "port/clock.h"
#include "store/night.h"
#include "tests/fake/chain_maker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCHES 256 /* a transaction: as cli/collecting.h */

struct taking {
	struct night *night;
	struct chain_maker *boxes;
	size_t count, next, batch;
	uint64_t wanted, made, taken;
	double seconds;
};

static struct row rows[BATCHES][BATCH_ROWS_MAX];
static struct batch batches[BATCHES];

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* As a guest's ticket is: a keyed hash. */
static void mix_ticket(struct row *row, uint64_t number)
{
	for (size_t i = 0; i < TICKET_HASH_SIZE; i += sizeof(number)) {
		number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9) + 1;
		number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
		memcpy(row->ticket + i, &number, sizeof(number));
	}
}

static size_t make_batches(struct taking *t)
{
	size_t count = 0;
	for (; count < BATCHES && t->made < t->wanted; count++) {
		struct chain_maker *m = &t->boxes[t->next];
		size_t n = 0;
		for (; n < t->batch && t->made < t->wanted; n++) {
			struct row row = { .kind = ROW_SCAN,
				.verdict = VERDICT_ADMIT,
				.direction = DIRECTION_IN,
				.registered = true };
			mix_ticket(&row, ++t->made);
			chain_maker_append(m, &row);
			rows[count][n] = row;
		}
		batches[count] = chain_maker_batch(m, rows[count], n);
		t->next = (t->next + 1) % t->count;
	}
	return count;
}

static bool take(struct taking *t, size_t count)
{
	struct night_taken taken;
	double from = now_s();
	for (size_t i = 0; i < count; i++)
		if (batch_check(&batches[i]) != BATCH_GOOD)
			return false;
	int error = night_take(t->night, batches, count, "bench", clock_now(0).wall_ms, &taken);
	t->seconds += now_s() - from;
	t->taken += taken.fresh;
	if (error)
		fprintf(stderr, "take_rows: %s\n", night_why(t->night));
	return !error;
}

int main(int argc, char **argv)
{
	struct taking t = { .batch = argc > 5 ? strtoul(argv[5], NULL, 10) : BATCH_ROWS_MAX };
	char why[NIGHT_WHY_SIZE] = "", venue[ID_SIZE];
	if (argc < 5)
		return 2;
	t.count = strtoul(argv[3], NULL, 10);
	t.wanted = strtoull(argv[4], NULL, 10);
	/* A key is one byte. */
	CHECK(t.count && t.count <= UINT8_MAX && t.batch && t.batch <= BATCH_ROWS_MAX);
	if (night_open(&t.night, argv[1], argv[2], NIGHT_WRITE, why)) {
		fprintf(stderr, "take_rows: %s\n", why);
		return 1;
	}
	t.boxes = calloc(t.count, sizeof(*t.boxes));
	CHECK(t.boxes);
	for (size_t i = 0; i < t.count; i++) {
		snprintf(venue, sizeof(venue), "venue-%zu", i);
		chain_maker_open(&t.boxes[i], (uint8_t)(i + 1), 1, venue, "main");
	}
	bool good = true;
	for (size_t count; good && (count = make_batches(&t)) > 0;)
		good = take(&t, count);
	printf("{\"rows\":%" PRIu64 ",\"seconds\":%.2f,\"rows_s\":%.0f}\n", t.taken, t.seconds,
		(double)t.taken / t.seconds);
	for (size_t i = 0; i < t.count; i++)
		chain_maker_close(&t.boxes[i]);
	free(t.boxes);
	night_close(t.night);
	return !good || t.taken != t.wanted;
}
