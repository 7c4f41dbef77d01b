/* The rows of other boxes: a set, whatever the order; what contradicts is not kept; a damaged file
 * costs nothing but asking again. */
#include "store/peers.h"

#include "store/log.h"
#include "tests/fake/chain_maker.h"
#include "tests/fake/store_bench.h"

#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
/* after setjmp.h, stdarg.h, stddef.h, which it needs */
#include <cmocka.h>

#define ROWS 120

static struct peers *must_open(const char *dir)
{
	struct peers *p = NULL;
	assert_int_equal(peers_open(&p, dir), 0);
	return p;
}

/* Two doors of one venue and one of another, each with rows of every kind. */
#define CHAINS 3
static struct chain_maker makers[CHAINS];
static struct row rows[CHAINS][ROWS];

static void append(size_t c, size_t i, struct row row)
{
	chain_maker_append(&makers[c], &row);
	rows[c][i] = row;
}

static void make_row(size_t c, size_t i)
{
	struct row row = { .kind = ROW_SCAN, .verdict = VERDICT_ADMIT, .direction = DIRECTION_IN };
	row.registered = true;
	chain_maker_ticket(row.ticket, (uint32_t)(i % 37 + 1 + c * 20));
	if (i % 10 == 3) {
		row = (struct row){ .kind = ROW_WALK_IN };
		row.verdict = VERDICT_ADMIT;
		row.direction = DIRECTION_IN;
	} else if (i % 10 == 5) {
		row.verdict = VERDICT_EXIT;
		row.direction = DIRECTION_OUT;
	} else if (i % 10 == 6) {
		row.verdict = VERDICT_ALREADY_IN;
		row.direction = DIRECTION_NONE;
	} else if (i % 10 == 7) {
		row.verdict = VERDICT_MOVED;
		strcpy(row.from_venue, c < 2 ? "ruche" : "mairie");
	} else if (i % 10 == 8) {
		row = (struct row){ .kind = ROW_ADJUST, .amount = i % 3 ? 1 : -1 };
	} else if (i % 10 == 9) {
		const struct row *target = &rows[c][i - 7];
		row = (struct row){ .kind = ROW_UNDO, .undoes = target->seq };
		row.amount = headcount_effect(target);
		row.direction = target->direction;
		memcpy(row.ticket, target->ticket, sizeof(row.ticket));
	}
	append(c, i, row);
}

static int make_rows(void **state)
{
	(void)state;
	chain_maker_open(&makers[0], 1, 101, "mairie", "nord");
	chain_maker_open(&makers[1], 2, 102, "mairie", "sud");
	chain_maker_open(&makers[2], 3, 103, "ruche", "porte");
	for (size_t i = 0; i < ROWS; i++)
		for (size_t c = 0; c < CHAINS; c++)
			make_row(c, i);
	return 0;
}

static int drop_rows(void **state)
{
	(void)state;
	for (size_t c = 0; c < CHAINS; c++)
		chain_maker_close(&makers[c]);
	return 0;
}

static struct chain chain_of(size_t c)
{
	struct chain chain = { .epoch = rows[c][0].epoch };
	memcpy(chain.device, rows[c][0].device, sizeof(chain.device));
	return chain;
}

static uint64_t put(struct peers *p, size_t c, size_t first, size_t count)
{
	uint64_t fresh = 999;
	struct batch b = chain_maker_batch(&makers[c], &rows[c][first], count);
	assert_int_equal(batch_check(&b), BATCH_GOOD);
	assert_int_equal(peers_store(p, &b, &fresh), 0);
	return fresh;
}

static struct headcount count_of(struct peers *p, const char *venue)
{
	struct headcount h;
	assert_int_equal(peers_headcount(p, venue, 0, &h), 0);
	return h;
}

struct digest {
	size_t rows;
	uint8_t hashes[CHAINS * ROWS][ROW_HASH_SIZE];
};

static int digest_row(void *context, const struct row *row)
{
	struct digest *d = context;
	assert_true(d->rows < CHAINS * ROWS);
	memcpy(d->hashes[d->rows++], row->hash, ROW_HASH_SIZE);
	return 0;
}

/* --- */

static void rows_are_kept_once(void **state)
{
	struct peers *p = must_open(*state);
	assert_int_equal(put(p, 0, 0, 50), 50);
	assert_int_equal(put(p, 0, 0, 50), 0);
	assert_int_equal(put(p, 0, 40, 20), 10);
	assert_int_equal(put(p, 0, 100, 20), 20);
	assert_int_equal(put(p, 0, 59, 42), 40); /* closes the gap, known at both ends */
	struct ranges held;
	struct chain chain = chain_of(0);
	assert_int_equal(peers_held(p, &chain, &held), 0);
	assert_int_equal(held.count, 1);
	assert_int_equal(held.at[0].first, 1);
	assert_int_equal(held.at[0].last, 120);
	chain.epoch++;
	assert_int_equal(peers_held(p, &chain, &held), 0);
	assert_int_equal(held.count, 0);
	uint64_t latest = 0;
	assert_int_equal(peers_latest(p, &latest), 0);
	assert_int_equal(latest, rows[0][119].hlc);
	peers_close(p);
	peers_close(NULL);
}

static void gaps_are_told(void **state)
{
	struct peers *p = must_open(*state);
	struct chain chain = chain_of(1);
	struct ranges held;
	for (size_t i = 0; i < ROWS; i += 10)
		put(p, 1, i, 5);
	assert_int_equal(peers_held(p, &chain, &held), 0);
	assert_int_equal(held.count, 12);
	for (uint32_t i = 0; i < held.count; i++) {
		assert_int_equal(held.at[i].first, i * 10 + 1);
		assert_int_equal(held.at[i].last, i * 10 + 5);
	}
	put(p, 1, 5, 5);
	assert_int_equal(peers_held(p, &chain, &held), 0);
	assert_int_equal(held.count, 11);
	assert_int_equal(held.at[0].last, 15);
	/* More gaps than a set has room for: less is told, never more. */
	struct chain_maker m;
	struct row many[300];
	chain_maker_open(&m, 9, 7, "mairie", "x");
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = chain_maker_entry(&m, (uint32_t)i + 1);
	for (size_t i = 0; i < ARRAY_LEN(many); i += 2) {
		uint64_t fresh;
		struct batch b = chain_maker_batch(&m, &many[i], 1);
		assert_int_equal(peers_store(p, &b, &fresh), 0);
	}
	chain.epoch = 7;
	memcpy(chain.device, many[0].device, sizeof(chain.device));
	assert_int_equal(peers_held(p, &chain, &held), 0);
	assert_int_equal(held.count, RANGES_MAX);
	for (uint32_t i = 0; i < held.count; i++)
		assert_true(held.at[i].first == held.at[i].last && held.at[i].first % 2);
	chain_maker_close(&m);
	peers_close(p);
}

/* Batches of ten in an order made of dice, some twice; the last word is always the same. */
static void fill_in_some_order(struct peers *p, unsigned seed)
{
	size_t order[CHAINS * ROWS / 10];
	srand(seed);
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		order[i] = i;
	for (size_t i = ARRAY_LEN(order); i-- > 1;) {
		size_t other = (size_t)rand() % (i + 1), aside = order[i];
		order[i] = order[other];
		order[other] = aside;
	}
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		put(p, order[i] % CHAINS, order[i] / CHAINS * 10, 10);
		if (rand() % 3 == 0)
			put(p, order[i] % CHAINS, order[i] / CHAINS * 10, 1 + (size_t)rand() % 10);
	}
}

static void the_order_of_arrival_changes_nothing(void **state)
{
	static struct digest expected, d;
	struct headcount mairie, ruche;
	struct prior priors[60];
	for (unsigned seed = 1; seed <= 12; seed++) {
		struct peers *p = must_open(*state);
		fill_in_some_order(p, seed);
		d.rows = 0;
		assert_int_equal(peers_each(p, digest_row, &d), 0);
		assert_int_equal(d.rows, CHAINS * ROWS);
		struct headcount m = count_of(p, "mairie"), r = count_of(p, "ruche");
		if (seed == 1) {
			expected = d;
			mairie = m;
			ruche = r;
		}
		assert_memory_equal(&expected, &d, sizeof(d));
		assert_memory_equal(&mairie, &m, sizeof(m));
		assert_memory_equal(&ruche, &r, sizeof(r));
		for (uint32_t t = 1; t < ARRAY_LEN(priors); t++) {
			uint8_t ticket[TICKET_HASH_SIZE];
			struct prior prior;
			uint64_t stamp;
			memset(&prior, 0, sizeof(prior));
			chain_maker_ticket(ticket, t);
			assert_int_equal(peers_prior(p, ticket, &prior, &stamp), 0);
			if (seed == 1)
				priors[t] = prior;
			assert_memory_equal(&priors[t], &prior, sizeof(prior));
		}
		peers_close(p);
		unlink(store_bench_path(*state, "peers.db"));
	}
	struct headcount folded;
	headcount_init(&folded, "mairie", 0);
	for (size_t c = 0; c < CHAINS; c++)
		for (size_t i = 0; i < ROWS; i++)
			headcount_apply(&folded, &rows[c][i]);
	folded.peak_present = folded.peak_ms = 0;
	assert_memory_equal(&folded, &mairie, sizeof(folded));
}

/* --- contradictions --- */

static void what_contradicts_is_not_kept(void **state)
{
	struct peers *p = must_open(*state);
	struct chain_maker twin;
	struct row other[30];
	uint64_t fresh = 7;
	/* The same key and epoch, as on a stolen card: other rows with the same numbers. */
	chain_maker_open(&twin, 1, 101, "mairie", "nord");
	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		other[i] = chain_maker_entry(&twin, (uint32_t)(900 + i));
	put(p, 0, 0, 10);
	struct batch b = chain_maker_batch(&twin, other, 10); /* same numbers */
	assert_int_equal(batch_check(&b), BATCH_GOOD);
	assert_int_equal(peers_store(p, &b, &fresh), -EBADMSG);
	b = chain_maker_batch(&twin, other, 30); /* known numbers among new ones */
	assert_int_equal(peers_store(p, &b, &fresh), -EBADMSG);
	b = chain_maker_batch(&twin, other + 10, 10); /* does not follow what is here */
	assert_int_equal(peers_store(p, &b, &fresh), -EBADMSG);
	put(p, 0, 25, 10);
	b = chain_maker_batch(&twin, other + 20, 5); /* is not followed by what is here */
	assert_int_equal(peers_store(p, &b, &fresh), -EBADMSG);
	b.is_signed = false;
	assert_int_equal(peers_store(p, &b, &fresh), -EINVAL);
	assert_int_equal(fresh, 7);
	struct ranges held;
	struct chain chain = chain_of(0);
	assert_int_equal(peers_held(p, &chain, &held), 0);
	assert_int_equal(ranges_total(&held), 20);
	put(p, 0, 10, 15); /* the true ones still fit */
	assert_int_equal(peers_held(p, &chain, &held), 0);
	assert_int_equal(held.count, 1);
	chain_maker_close(&twin);
	peers_close(p);
}

/* --- handing on --- */

static void stretches_are_handed_on_as_they_were_signed(void **state)
{
	struct peers *p = must_open(*state);
	struct row read[BATCH_ROWS_MAX];
	struct chain chain = chain_of(0);
	struct batch b;
	put(p, 0, 0, 30);
	put(p, 0, 30, 30);
	put(p, 0, 80, 40);
	for (uint64_t first = 1; first <= 120; first++) {
		memset(read, 0, sizeof(read));
		assert_int_equal(peers_fetch(p, &chain, first, BATCH_ROWS_MAX, read, &b), 0);
		bool here = first <= 60 || first > 80;
		assert_int_equal(b.count != 0, here);
		if (!here)
			continue;
		assert_ptr_equal(b.rows, read);
		assert_int_equal(b.rows[0].seq, first);
		assert_int_equal(batch_check(&b), BATCH_GOOD);
		assert_memory_equal(read, &rows[0][first - 1], b.count * sizeof(*read));
	}
	assert_int_equal(peers_fetch(p, &chain, 1, BATCH_ROWS_MAX, read, &b), 0);
	assert_int_equal(b.count, 30);
	assert_int_equal(peers_fetch(p, &chain, 20, BATCH_ROWS_MAX, read, &b), 0);
	assert_int_equal(b.count, 41); /* to the second signature */
	assert_int_equal(peers_fetch(p, &chain, 20, 40, read, &b), 0);
	assert_int_equal(b.count, 11); /* to the first: no more are wanted */
	assert_int_equal(peers_fetch(p, &chain, 20, 1, read, &b), 0);
	assert_int_equal(b.count, 41); /* one is, and it was not signed alone */
	assert_int_equal(peers_fetch(p, &chain, 0, BATCH_ROWS_MAX, read, &b), 0);
	assert_int_equal(b.count, 0);
	chain.epoch++;
	assert_int_equal(peers_fetch(p, &chain, 1, BATCH_ROWS_MAX, read, &b), 0);
	assert_int_equal(b.count, 0);
	peers_close(p);
}

static int take_chain(void *context, const struct chain *chain, const struct ranges *held)
{
	uint64_t *sum = context;
	assert_true(chain->epoch > 100);
	*sum += ranges_total(held);
	return *sum == 60 ? 5 : 0;
}

static void chains_are_listed(void **state)
{
	struct peers *p = must_open(*state);
	uint64_t sum = 0;
	assert_int_equal(peers_chains(p, take_chain, &sum), 0);
	for (size_t c = 0; c < CHAINS; c++)
		put(p, c, 0, 10);
	assert_int_equal(peers_chains(p, take_chain, &sum), 0);
	assert_int_equal(sum, 30);
	assert_int_equal(peers_chains(p, take_chain, &sum), 5); /* as told */
	peers_close(p);
}

static void what_is_safe_is_a_union(void **state)
{
	struct peers *p = must_open(*state);
	struct chain chain = chain_of(0), other = chain_of(1);
	struct ranges safe = { 0 }, more = { 0 }, out;
	ranges_add(&safe, 1, 10);
	ranges_add(&safe, 21, 30);
	ranges_add(&more, 5, 20);
	assert_int_equal(peers_safe_add(p, &chain, &safe), 0);
	assert_int_equal(peers_safe_add(p, &chain, &safe), 0);
	assert_int_equal(peers_safe(p, &chain, &out), 0);
	assert_int_equal(out.count, 2);
	assert_int_equal(peers_safe_add(p, &chain, &more), 0);
	assert_int_equal(peers_safe(p, &chain, &out), 0);
	assert_int_equal(out.count, 1);
	assert_int_equal(out.at[0].last, 30);
	assert_int_equal(peers_safe(p, &other, &out), 0);
	assert_int_equal(out.count, 0);
	peers_close(p);
	p = must_open(*state);
	assert_int_equal(peers_safe(p, &chain, &out), 0);
	assert_int_equal(ranges_total(&out), 30);
	peers_close(p);
}

/* --- tickets --- */

static void an_undone_entry_is_no_prior(void **state)
{
	struct peers *p = must_open(*state);
	struct chain_maker m;
	struct row r[4];
	uint8_t ticket[TICKET_HASH_SIZE];
	struct prior prior;
	uint64_t stamp = 0, fresh;
	chain_maker_open(&m, 9, 7, "mairie", "nord");
	memset(r, 0, sizeof(r));
	r[0] = chain_maker_entry(&m, 5);
	r[1] = chain_maker_entry(&m, 6);
	r[2] = (struct row){ .kind = ROW_UNDO, .undoes = 2, .amount = 1 };
	r[2].direction = DIRECTION_IN;
	chain_maker_ticket(r[2].ticket, 6);
	chain_maker_append(&m, &r[2]);
	r[3] = (struct row){
		.kind = ROW_WALK_IN, .verdict = VERDICT_ADMIT, .direction = DIRECTION_IN
	};
	chain_maker_ticket(r[3].ticket, 7);
	chain_maker_append(&m, &r[3]);
	struct batch b = chain_maker_batch(&m, r, 4);
	assert_int_equal(batch_check(&b), BATCH_GOOD);
	assert_int_equal(peers_store(p, &b, &fresh), 0);
	chain_maker_ticket(ticket, 5);
	assert_int_equal(peers_prior(p, ticket, &prior, &stamp), 0);
	assert_int_equal(prior.last, DIRECTION_IN);
	assert_int_equal(stamp, r[0].hlc);
	assert_string_equal(prior.venue, "mairie");
	assert_string_equal(prior.door, "nord");
	assert_false(prior.walk_in);
	chain_maker_ticket(ticket, 6);
	assert_int_equal(peers_prior(p, ticket, &prior, &stamp), 0);
	assert_int_equal(prior.last, DIRECTION_NONE);
	assert_int_equal(stamp, 0);
	struct row found[3];
	size_t n = 9;
	assert_int_equal(peers_ticket(p, ticket, found, 3, &n), 0);
	assert_int_equal(n, 0);
	chain_maker_ticket(ticket, 7);
	assert_int_equal(peers_prior(p, ticket, &prior, &stamp), 0);
	assert_true(prior.walk_in);
	assert_int_equal(peers_ticket(p, ticket, found, 3, &n), 0);
	assert_int_equal(n, 1);
	assert_memory_equal(&found[0], &r[3], sizeof(r[3]));
	chain_maker_close(&m);
	peers_close(p);
}

/* --- following --- */

struct follower {
	uint64_t cursor;
	size_t rows;
	struct headcount count;
};

static int follow(void *context, const struct row *row)
{
	struct follower *f = context;
	f->rows++;
	headcount_apply(&f->count, row);
	return 0;
}

static void a_reader_follows(void **state)
{
	struct peers *p = must_open(*state), *reader = NULL;
	struct follower f = { 0 };
	bool more = true;
	headcount_init(&f.count, "mairie", 0);
	assert_int_equal(peers_open_reader(&reader, *state), 0);
	assert_int_equal(peers_news(reader, &f.cursor, 100, follow, &f, &more), 0);
	assert_false(more);
	assert_int_equal(f.rows, 0);
	put(p, 0, 0, 50);
	put(p, 0, 40, 20);
	put(p, 0, 0, 50);
	assert_int_equal(peers_news(reader, &f.cursor, 1, follow, &f, &more), 0);
	assert_true(more);
	assert_int_equal(f.rows, 50);
	assert_int_equal(peers_news(reader, &f.cursor, 100, follow, &f, &more), 0);
	assert_false(more);
	assert_int_equal(f.rows, 60);
	put(p, 1, 0, 50);
	put(p, 0, 70, 10);
	put(p, 0, 55, 30); /* fills a gap of ten and adds five */
	assert_int_equal(peers_news(reader, &f.cursor, 1000, follow, &f, &more), 0);
	assert_int_equal(f.rows, 60 + 50 + 10 + 15);
	struct headcount all = count_of(reader, "mairie");
	f.count.peak_present = f.count.peak_ms = 0;
	assert_memory_equal(&f.count, &all, sizeof(all));
	assert_false(peers_has_moved(reader));
	peers_close(p);
	assert_int_equal(
		rename(store_bench_path(*state, "peers.db"), store_bench_path(*state, "elsewhere")),
		0);
	assert_true(peers_has_moved(reader));
	peers_close(reader);
}

static void a_reader_finds_none(void **state)
{
	struct peers *p = NULL;
	assert_int_equal(peers_open_reader(&p, *state), -ENOENT);
	store_bench_write(store_bench_path(*state, "peers.db"), "", 0);
	assert_int_equal(peers_open_reader(&p, *state), -ENOENT);
	store_bench_write(store_bench_path(*state, "peers.db"), "no database at all, but text", 28);
	assert_int_equal(peers_open_reader(&p, *state), -EBADMSG);
	assert_null(p);
}

/* --- damage --- */

static void a_damaged_file_is_set_aside(void **state)
{
	char path[300];
	snprintf(path, sizeof(path), "%s", store_bench_path(*state, "peers.db"));
	struct peers *p = must_open(*state);
	for (size_t i = 0; i < ROWS; i += 40)
		put(p, 0, i, 40);
	peers_close(p);
	size_t len, aside = 0;
	AUTO_FREE char *bytes = store_bench_read(path, &len);
	assert_true(len > 40000);
	srand(6);
	for (size_t at = 0; at < len; at += 2048) {
		unlink(store_bench_path(*state, "peers.db.damaged"));
		unlink(store_bench_path(*state, "peers.db-wal"));
		AUTO_FREE char *bad = malloc(len);
		memcpy(bad, bytes, len);
		for (size_t k = at; k < at + 64 && k < len; k++)
			bad[k] = (char)rand();
		store_bench_write(path, bad, len);
		p = must_open(*state);
		bool was_aside = !access(store_bench_path(*state, "peers.db.damaged"), F_OK);
		aside += was_aside;
		struct ranges held;
		struct chain chain = chain_of(0);
		int error = peers_held(p, &chain, &held);
		if (was_aside) {
			assert_int_equal(error, 0);
			assert_int_equal(held.count, 0);
			assert_int_equal(put(p, 0, 0, 50), 50);
		}
		peers_close(p);
	}
	assert_true(aside > len / 2048 / 4);
	store_bench_write(path, "text", 4);
	p = must_open(*state);
	assert_int_equal(put(p, 0, 0, 50), 50);
	peers_close(p);
}

/* --- how much and how fast --- */

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double fill_many(struct peers *p, struct chain_maker *m, size_t count)
{
	static struct row many[BATCH_ROWS_MAX];
	double start = seconds();
	for (size_t done = 0; done < count; done += BATCH_ROWS_MAX) {
		uint64_t fresh;
		for (size_t i = 0; i < BATCH_ROWS_MAX; i++)
			many[i] = chain_maker_entry(m, (uint32_t)m->last.seq + 1);
		struct batch b = chain_maker_batch(m, many, BATCH_ROWS_MAX);
		assert_int_equal(peers_store(p, &b, &fresh), 0);
		assert_int_equal(fresh, BATCH_ROWS_MAX);
	}
	return seconds() - start;
}

static void a_whole_evening_is_soon_here(void **state)
{
	size_t count = getenv("PARVIS_SHORT") ? 2000 : 24000;
	struct peers *p = must_open(*state);
	struct chain_maker m;
	struct stat st[2];
	double took[2];
	chain_maker_open(&m, 9, 7, "mairie", "nord");
	for (int half = 0; half < 2; half++) {
		took[half] = fill_many(p, &m, count / 2);
		peers_close(p); /* with a checkpoint */
		assert_int_equal(stat(store_bench_path(*state, "peers.db"), &st[half]), 0);
		p = must_open(*state);
	}
	double rate = (double)count / (took[0] + took[1]);
	print_message("# %zu rows: %.0f a second of CPU, %.0f bytes a row; second half %.2f of "
		      "the first\n",
		count, rate, (double)st[1].st_size / (double)count, took[1] / took[0]);
	assert_true((double)st[1].st_size < 2.2 * (double)st[0].st_size);
	assert_int_equal(count_of(p, "mairie").in, count);
	if (!getenv("PARVIS_SHORT")) {
		assert_true(rate > 2000); /* far below what any machine of ours does */
		assert_true(took[1] < 3 * took[0]);
	}
	chain_maker_close(&m);
	peers_close(p);
}

#define IN_A_DIRECTORY(test)                                                                       \
	cmocka_unit_test_setup_teardown(test, store_bench_set_up, store_bench_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_DIRECTORY(rows_are_kept_once),
		IN_A_DIRECTORY(gaps_are_told),
		IN_A_DIRECTORY(the_order_of_arrival_changes_nothing),
		IN_A_DIRECTORY(what_contradicts_is_not_kept),
		IN_A_DIRECTORY(stretches_are_handed_on_as_they_were_signed),
		IN_A_DIRECTORY(chains_are_listed),
		IN_A_DIRECTORY(what_is_safe_is_a_union),
		IN_A_DIRECTORY(an_undone_entry_is_no_prior),
		IN_A_DIRECTORY(a_reader_follows),
		IN_A_DIRECTORY(a_reader_finds_none),
		IN_A_DIRECTORY(a_damaged_file_is_set_aside),
		IN_A_DIRECTORY(a_whole_evening_is_soon_here),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_rows, drop_rows);
}
