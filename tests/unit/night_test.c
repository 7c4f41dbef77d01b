#include "store/night.h"

#include "base/text.h"
#include "store/log.h"
#include "tests/fake/chain_maker.h"
#include "tests/fake/store_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define EVENT  "nuit"
#define CHAINS 6
#define ROWS   130 /* of each chain */

/* What every test starts with: six chains of rows, and a directory. */
struct fixture {
	char *dir;
	struct chain_maker makers[CHAINS];
	struct row rows[CHAINS][ROWS];
	struct night *night;
};

static uint64_t roll(uint64_t *dice)
{
	*dice ^= *dice << 13;
	*dice ^= *dice >> 7;
	*dice ^= *dice << 17;
	return *dice;
}

static void make_rows(struct fixture *f)
{
	static const char *const venues[] = { "mairie", "numa", "liberte" };
	for (int c = 0; c < CHAINS; c++) {
		struct chain_maker *m = &f->makers[c];
		/* Two epochs of the last device. */
		chain_maker_open(m, (uint8_t)(c < 5 ? c + 1 : 5), (uint32_t)(40 + c), venues[c % 3],
			c % 2 ? "north" : "south");
		m->last.at.wall_ms += c * 137;
		for (int i = 0; i < ROWS; i++)
			f->rows[c][i] = chain_maker_entry(m, (uint32_t)(i * 7 + c) % 200);
	}
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	f->dir = store_bench_dir();
	make_rows(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	night_close(f->night);
	for (int c = 0; c < CHAINS; c++)
		chain_maker_close(&f->makers[c]);
	store_bench_remove(f->dir);
	free(f->dir);
	free(f);
	return 0;
}

static void open_at(struct fixture *f, const char *name)
{
	char why[NIGHT_WHY_SIZE];
	night_close(f->night);
	f->night = NULL;
	int error = night_open(&f->night, store_bench_path(f->dir, name), EVENT, NIGHT_WRITE, why);
	if (error)
		fail_msg("%s: %s", strerror(-error), why);
}

static struct batch stretch(struct fixture *f, int c, int first, int count, bool is_signed)
{
	struct batch b = chain_maker_batch(&f->makers[c], &f->rows[c][first], (size_t)count);
	b.is_signed = is_signed;
	return b;
}

static struct night_taken take(struct fixture *f, const struct batch *b)
{
	struct night_taken taken;
	assert_int_equal(night_take(f->night, b, 1, "test", 1000, &taken), 0);
	return taken;
}

static void assert_same_bytes(const char *a, const char *b)
{
	size_t m, n;
	char *x = store_bench_read(a, &m), *y = store_bench_read(b, &n);
	assert_non_null(x);
	assert_non_null(y);
	assert_int_equal(m, n);
	assert_memory_equal(x, y, n);
	free(x);
	free(y);
}

/* --- taking ----------------------------------------------------------------------------------- */

static void what_is_taken_is_held(void **state)
{
	struct fixture *f = *state;
	open_at(f, "night.db");
	struct batch b = stretch(f, 0, 10, 50, true);
	struct night_taken taken = take(f, &b);
	assert_int_equal(taken.fresh, 50);
	assert_int_equal(taken.known, 0);
	struct chain chain = { .epoch = 40 };
	memcpy(chain.device, f->rows[0][0].device, sizeof(chain.device));
	struct ranges held;
	assert_int_equal(night_held(f->night, &chain, &held), 0);
	assert_int_equal(held.count, 1);
	assert_int_equal(held.at[0].first, 11);
	assert_int_equal(held.at[0].last, 60);
	b = stretch(f, 0, 100, 30, true);
	take(f, &b);
	assert_int_equal(night_held(f->night, &chain, &held), 0);
	assert_int_equal(held.count, 2);
	/* Overlaps both and joins them. */
	for (int i = 50; i < 110; i += 30) {
		b = stretch(f, 0, i, 30, true);
		taken = take(f, &b);
		assert_int_equal(taken.fresh, 20);
		assert_int_equal(taken.known, 10);
	}
	assert_int_equal(night_held(f->night, &chain, &held), 0);
	assert_int_equal(held.count, 1);
	assert_int_equal(held.at[0].first, 11);
	assert_int_equal(held.at[0].last, 130);
	chain.epoch = 99;
	assert_int_equal(night_held(f->night, &chain, &held), 0);
	assert_int_equal(held.count, 0);
}

static void nothing_of_a_bad_call_is_kept(void **state)
{
	struct fixture *f = *state;
	open_at(f, "night.db");
	struct batch b[2] = { stretch(f, 0, 0, 5, true), stretch(f, 1, 0, 5, true) };
	struct row gap[2] = { f->rows[1][0], f->rows[1][2] };
	b[1].rows = gap;
	b[1].count = 2;
	assert_int_equal(night_take(f->night, b, 2, "test", 0, NULL), -EINVAL);
	struct ranges held;
	struct chain chain = { .epoch = 40 };
	memcpy(chain.device, f->rows[0][0].device, sizeof(chain.device));
	assert_int_equal(night_held(f->night, &chain, &held), 0);
	assert_int_equal(held.count, 0);
	b[1].count = 0;
	assert_int_equal(night_take(f->night, b, 2, "test", 0, NULL), -EINVAL);
	b[1].count = 1;
	gap[0].seq = NIGHT_SEQ_MAX + 1;
	assert_int_equal(night_take(f->night, b, 2, "test", 0, NULL), -EINVAL);
}

/* --- the same set, the same bytes ------------------------------------------------------------- */

struct piece {
	int chain, first, count;
	bool is_signed;
};

/* Stretches that overlap and repeat, some without a signature, in the order of the dice. */
static void take_in_some_order(struct fixture *f, uint64_t seed)
{
	struct piece pieces[400];
	size_t count = 0;
	uint64_t dice = seed * 0x9e3779b97f4a7c15 + 1, shape = 77;
	for (int c = 0; c < CHAINS; c++)
		for (int first = 0; first < ROWS; first += 13) {
			int n = 1 + (int)(roll(&shape) % 40);
			n = n > ROWS - first ? ROWS - first : n;
			/* A gap in two chains. */
			if (c % 3 == 1 && first == 52)
				continue;
			pieces[count++] = (struct piece){ c, first, n, roll(&shape) % 4 != 0 };
		}
	for (size_t again = roll(&dice) % count; again > 0; again--) {
		pieces[count] = pieces[roll(&dice) % count];
		count++;
	}
	for (size_t i = count; i-- > 1;) {
		size_t j = roll(&dice) % (i + 1);
		struct piece p = pieces[i];
		pieces[i] = pieces[j];
		pieces[j] = p;
	}
	struct batch some[8];
	size_t waiting = 0;
	for (size_t i = 0; i < count; i++) {
		struct piece p = pieces[i];
		some[waiting++] = stretch(f, p.chain, p.first, p.count, p.is_signed);
		if (waiting == 8 || roll(&dice) % 3 == 0 || i + 1 == count) {
			assert_int_equal(
				night_take(f->night, some, waiting, "test", (int64_t)i, NULL), 0);
			waiting = 0;
		}
		if (roll(&dice) % 40 == 0)
			assert_int_equal(night_settle(f->night), 0);
	}
	struct chain lost = { .epoch = 5, .device = { 9 } };
	assert_int_equal(night_promise(f->night, &lost, 10 + roll(&dice) % 5), 0);
	assert_int_equal(night_promise(f->night, &lost, 20), 0);
	assert_int_equal(night_promise(f->night, &lost, 15), 0);
}

static void any_order_gives_the_same_bytes(void **state)
{
	struct fixture *f = *state;
	const char *last = NULL;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		char name[32];
		snprintf(name, sizeof(name), "n%llu.db", (unsigned long long)seed);
		open_at(f, name);
		take_in_some_order(f, seed);
		assert_int_equal(night_settle(f->night), 0);
		const char *path = store_bench_path(f->dir, name);
		if (last)
			assert_same_bytes(last, path);
		last = store_bench_path(f->dir, name);
	}
	/* Settled is settled: taking what is known changes nothing. */
	struct batch b = stretch(f, 0, 0, 50, false);
	struct night_taken taken = take(f, &b);
	assert_int_equal(taken.known, 50);
	assert_int_equal(night_settle(f->night), 0);
	assert_same_bytes(last, store_bench_path(f->dir, "n1.db"));
	assert_null(store_bench_read(store_bench_path(f->dir, "n1.db-wal"), &(size_t){ 0 }));
}

static void nobody_settles_under_another(void **state)
{
	struct fixture *f = *state;
	char why[NIGHT_WHY_SIZE];
	struct night *other;
	open_at(f, "night.db");
	struct batch b = stretch(f, 0, 0, 50, true);
	take(f, &b);
	const char *path = store_bench_path(f->dir, "night.db");
	assert_int_equal(night_open(&other, path, EVENT, NIGHT_WRITE, why), 0);
	assert_int_equal(night_settle(f->night), -EBUSY);
	assert_string_equal(night_why(f->night), "another program has it open");
	b = stretch(f, 1, 0, 50, true);
	take(f, &b);
	assert_int_equal(night_take(other, &b, 1, "other", 0, NULL), 0);
	night_close(other);
	assert_int_equal(night_settle(f->night), 0);
	b = stretch(f, 0, 50, 50, true);
	assert_int_equal(take(f, &b).fresh, 50);
}

/* --- contradictions --------------------------------------------------------------------------- */

static int count_row(void *context, const struct row *row)
{
	(void)row;
	++*(int *)context;
	return 0;
}

/* The same numbers, told in another way by somebody who could not sign. */
static void forge(struct fixture *f, struct row out[10])
{
	memcpy(out, f->rows[0], 10 * sizeof(*out));
	for (int i = 4; i < 10; i++) {
		out[i].at.wall_ms += 1;
		if (i > 4)
			memcpy(out[i].before, out[i - 1].hash, ROW_HASH_SIZE);
		log_row_hash(&out[i], out[i].hash);
	}
}

static int keep_first(void *context, const struct row *row)
{
	struct row *rows = context;
	if (row->epoch == 40 && row->seq <= 10)
		rows[row->seq - 1] = *row;
	return 0;
}

static void the_better_witnessed_row_has_the_number(void **state)
{
	struct fixture *f = *state;
	struct row forged[10], kept[10];
	forge(f, forged);
	struct batch bad = { .rows = forged, .count = 10 };
	for (int order = 0; order < 4; order++) {
		char name[16];
		snprintf(name, sizeof(name), "c%d.db", order);
		open_at(f, name);
		struct batch good = stretch(f, 0, 0, 10, true);
		struct batch plain = stretch(f, 0, 0, 10, false);
		const struct batch *orders[4][4] = { { &good, &bad, &plain, &bad },
			{ &bad, &good, &plain, &good }, { &bad, &plain, &good, &plain },
			{ &plain, &bad, &good, &bad } };
		uint64_t contradicting = 0;
		for (int i = 0; i < 4; i++)
			contradicting += take(f, orders[order][i]).contradicting;
		assert_int_equal(contradicting, 6);
		memset(kept, 0, sizeof(kept));
		assert_int_equal(night_each(f->night, NIGHT_BY_CHAIN, keep_first, kept), 0);
		for (int i = 0; i < 10; i++)
			assert_memory_equal(kept[i].hash, f->rows[0][i].hash, ROW_HASH_SIZE);
		int others = 0;
		assert_int_equal(night_contradictions(f->night, count_row, &others), 0);
		assert_int_equal(others, 6);
		assert_int_equal(night_settle(f->night), 0);
		if (order)
			assert_same_bytes(
				store_bench_path(f->dir, name), store_bench_path(f->dir, "c0.db"));
	}
}

/* --- reading ---------------------------------------------------------------------------------- */

/* (hlc, device, epoch, seq) */
static int order_of(const struct row *a, const struct row *b)
{
	if (a->hlc != b->hlc)
		return a->hlc < b->hlc ? -1 : 1;
	int order = memcmp(a->device, b->device, sizeof(a->device));
	if (order)
		return order;
	if (a->epoch != b->epoch)
		return a->epoch < b->epoch ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

struct reading {
	struct fixture *f;
	enum night_order order;
	struct row last;
	int rows;
};

static int check(void *context, const struct row *row)
{
	struct reading *r = context;
	uint32_t c = row->epoch - 40;
	assert_in_range(c, 0, CHAINS - 1);
	struct row expected = r->f->rows[c][row->seq - 1];
	if (r->order == NIGHT_BY_TICKET) {
		memset(expected.boot, 0, sizeof(expected.boot));
		memset(expected.before, 0, sizeof(expected.before));
		memset(expected.hash, 0, sizeof(expected.hash));
	}
	assert_memory_equal(row->device, expected.device, sizeof(expected.device));
	assert_memory_equal(row->ticket, expected.ticket, sizeof(expected.ticket));
	assert_memory_equal(row->hash, expected.hash, sizeof(expected.hash));
	assert_memory_equal(row->before, expected.before, sizeof(expected.before));
	assert_string_equal(row->venue, expected.venue);
	assert_string_equal(row->door, expected.door);
	assert_int_equal(row->at.wall_ms, expected.at.wall_ms);
	assert_int_equal(row->at.mono_ms, expected.at.mono_ms);
	assert_int_equal(row->hlc, expected.hlc);
	assert_int_equal(row->kind, expected.kind);
	assert_int_equal(row->verdict, expected.verdict);
	if (r->rows && r->order == NIGHT_BY_TIME)
		assert_true(order_of(&r->last, row) < 0);
	if (r->rows && r->order == NIGHT_BY_TICKET) {
		int order = memcmp(r->last.ticket, row->ticket, sizeof(row->ticket));
		assert_true(order < 0 || (order == 0 && order_of(&r->last, row) < 0));
	}
	r->last = *row;
	r->rows++;
	return 0;
}

static void rows_come_back_as_they_were_in_each_order(void **state)
{
	struct fixture *f = *state;
	int tickets = 0;
	open_at(f, "night.db");
	for (int c = CHAINS; c-- > 0;)
		for (int i = 0; i < ROWS; i += 26) {
			struct batch b = stretch(f, c, i, 26, c % 2);
			take(f, &b);
		}
	for (int c = 0; c < CHAINS; c++)
		for (int i = 0; i < ROWS; i++)
			tickets += f->rows[c][i].kind == ROW_SCAN;
	for (int settled = 0; settled < 2; settled++) {
		for (int order = NIGHT_BY_CHAIN; order <= NIGHT_BY_TICKET; order++) {
			struct reading r = { .f = f, .order = (enum night_order)order };
			assert_int_equal(night_each(f->night, r.order, check, &r), 0);
			assert_int_equal(
				r.rows, order == NIGHT_BY_TICKET ? tickets : CHAINS * ROWS);
		}
		assert_int_equal(night_settle(f->night), 0);
	}
}

struct sequence {
	struct row last;
	int rows;
};

static int in_time(void *context, const struct row *row)
{
	struct sequence *s = context;
	assert_true(!s->rows || order_of(&s->last, row) < 0);
	uint8_t hash[ROW_HASH_SIZE];
	log_row_hash(row, hash);
	assert_memory_equal(hash, row->hash, sizeof(hash));
	s->last = *row;
	s->rows++;
	return 0;
}

/* More chains than there are cursors. */
static void many_chains_come_in_order(void **state)
{
	struct fixture *f = *state;
	struct chain_maker m;
	open_at(f, "night.db");
	chain_maker_open(&m, 77, 1, "mairie", "north");
	struct row all[300][2];
	struct batch batches[300];
	for (uint32_t i = 0; i < 300; i++) {
		m.last.epoch = 300 - i;
		m.last.seq = 0;
		all[i][0] = chain_maker_entry(&m, i + 1);
		all[i][1] = chain_maker_entry(&m, i + 1);
		batches[i] = (struct batch){ .rows = all[i], .count = 2 };
	}
	assert_int_equal(night_take(f->night, batches, 300, "test", 0, NULL), 0);
	chain_maker_close(&m);
	struct sequence s = { 0 };
	assert_int_equal(night_each(f->night, NIGHT_BY_TIME, in_time, &s), 0);
	assert_int_equal(s.rows, 600);
}

static int note_chain(void *context, const struct night_chain *chain)
{
	struct night_chain *out = context;
	if (chain->chain.epoch == 41)
		*out = *chain;
	return 0;
}

static int note_receipt(
	void *context, uint64_t first, uint64_t last, int64_t received_ms, const char *source)
{
	char *out = context;
	size_t n = strlen(out);
	snprintf(out + n, 200 - n, "%d-%d %d %s;", (int)first, (int)last, (int)received_ms, source);
	return 0;
}

static void a_chain_says_what_is_known_of_it(void **state)
{
	struct fixture *f = *state;
	open_at(f, "night.db");
	struct batch b[2] = { stretch(f, 1, 0, 30, true), stretch(f, 1, 30, 10, false) };
	assert_int_equal(night_take(f->night, b, 2, "stick", 7, NULL), 0);
	b[0] = stretch(f, 1, 20, 40, false);
	assert_int_equal(night_take(f->night, b, 1, "box", 9, NULL), 0);
	struct night_chain c = { 0 };
	assert_int_equal(night_promise(f->night, &(struct chain){ .epoch = 1 }, 0), 0);
	assert_int_equal(night_chains(f->night, note_chain, &c), 0);
	assert_int_equal(c.rows, 60);
	assert_int_equal(c.signed_to, 30);
	assert_int_equal(c.first_ms, f->rows[1][0].at.wall_ms);
	assert_int_equal(c.last_ms, f->rows[1][59].at.wall_ms);
	uint64_t promised = 1;
	assert_int_equal(night_promised(f->night, &c.chain, &promised), 0);
	assert_int_equal(promised, 0);
	assert_int_equal(night_promise(f->night, &c.chain, 130), 0);
	assert_int_equal(night_chains(f->night, note_chain, &c), 0);
	assert_int_equal(c.promised, 130);
	char said[200] = "";
	assert_int_equal(night_receipts(f->night, &c.chain, note_receipt, said), 0);
	assert_string_equal(said, "1-40 7 stick;41-60 9 box;");
}

static void rows_can_be_handed_on_as_they_were_signed(void **state)
{
	struct fixture *f = *state;
	struct row rows[BATCH_ROWS_MAX];
	struct batch out;
	struct chain chain = { .epoch = 40 };
	memcpy(chain.device, f->rows[0][0].device, sizeof(chain.device));
	open_at(f, "night.db");
	/* One by one, a few at once, and some that nobody has signed. */
	for (int i = 0; i < 20; i++) {
		struct batch b = stretch(f, 0, i, 1, true);
		take(f, &b);
	}
	struct batch b[] = { stretch(f, 0, 20, 40, true), stretch(f, 0, 60, 50, false),
		stretch(f, 0, 112, 10, true) };
	assert_int_equal(night_take(f->night, b, ARRAY_LEN(b), "test", 7, NULL), 0);
	assert_int_equal(night_settle(f->night), 0);
	static const struct {
		uint64_t first, most;
		size_t count;
	} cases[] = {
		{ 1, 1, 1 },    /* signed by itself, though the last signature would vouch for it */
		{ 1, 20, 20 },  /* up to one of them */
		{ 1, 50, 20 },  /* the next would be 60 */
		{ 11, 50, 50 }, /* as many as there may be */
		{ 30, 50, 31 }, /* from the middle of a message */
		{ 30, 20, 31 }, /* none so far: as far as need be */
		{ 61, 50, 0 },  /* unsigned */
		{ 111, 50, 0 }, /* not there */
		{ 113, 9, 10 },
		{ 113, 10, 10 },
		{ 122, 50, 1 },
		{ 123, 50, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
			night_stretch(f->night, &chain, cases[i].first, cases[i].most, rows, &out),
			0);
		if (out.count != cases[i].count)
			fail_msg("case %zu: %zu rows", i, out.count);
		if (out.count) {
			assert_int_equal(batch_check(&out), BATCH_GOOD);
			assert_int_equal(out.rows[0].seq, cases[i].first);
		}
	}
	chain.epoch = 39;
	assert_int_equal(night_stretch(f->night, &chain, 1, 50, rows, &out), 0);
	assert_int_equal(out.count, 0);
	assert_int_equal(night_stretch(f->night, &chain, 0, 50, rows, &out), -EINVAL);
}

static void another_events_store_is_refused(void **state)
{
	struct fixture *f = *state;
	char why[NIGHT_WHY_SIZE];
	struct night *other;
	const char *path = store_bench_path(f->dir, "night.db");
	assert_int_equal(night_open(&other, path, EVENT, NIGHT_READ, why), -ENOENT);
	assert_string_equal(why, "nothing has been collected yet");
	open_at(f, "night.db");
	assert_int_equal(night_open(&other, path, "noel", NIGHT_WRITE, why), -EKEYREJECTED);
	assert_string_equal(why, "it is the store of another event");
	assert_int_equal(night_open(&other, path, EVENT, NIGHT_READ, why), 0);
	night_close(other);
	path = store_bench_path(f->dir, "other.db");
	store_bench_write(path, "SQLite format 3, or so it says", 30);
	assert_int_equal(night_open(&other, path, EVENT, NIGHT_WRITE, why), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_taken_is_held, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_of_a_bad_call_is_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(any_order_gives_the_same_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_settles_under_another, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_better_witnessed_row_has_the_number, setup, teardown),
		cmocka_unit_test_setup_teardown(
			rows_come_back_as_they_were_in_each_order, setup, teardown),
		cmocka_unit_test_setup_teardown(many_chains_come_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(a_chain_says_what_is_known_of_it, setup, teardown),
		cmocka_unit_test_setup_teardown(
			rows_can_be_handed_on_as_they_were_signed, setup, teardown),
		cmocka_unit_test_setup_teardown(another_events_store_is_refused, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
