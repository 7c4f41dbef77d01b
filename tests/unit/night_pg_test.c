#include "store/night.h"

#include "base/text.h"
#include "door/headcount.h"
#include "door/pairs.h"
#include "store/log.h"
#include "tests/fake/night_maker.h"
#include "tests/fake/pg_server.h"
#include "tests/fake/store_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bool there;
static struct made_night night;
static char *dir;

static int start(void **state)
{
	(void)state;
	struct night_plan plan = { 21, 14, 1, 1500 };
	there = pg_server_start();
	dir = store_bench_dir();
	night_make(&night, &plan);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	pg_server_stop();
	night_unmake(&night);
	store_bench_remove(dir);
	free(dir);
	return 0;
}

static void need_server(void)
{
	if (there)
		return;
	print_message("# skipped: PostgreSQL is not installed\n");
	skip();
}

static struct night *open_store(const char *where)
{
	char why[NIGHT_WHY_SIZE];
	struct night *n = NULL;
	int error = night_open(&n, where, NIGHT_EVENT, NIGHT_WRITE, why);
	if (error)
		fail_msg("%s: %s", strerror(-error), why);
	return n;
}

/* A stretch of one of the boxes, cut where an epoch ends. */
static struct batch stretch(uint64_t *dice)
{
	const struct made_box *box = &night.boxes[night_roll(dice) % night.box_count];
	size_t first = night_roll(dice) % box->count;
	size_t most = 1 + night_roll(dice) % BATCH_ROWS_MAX, count = 1;
	while (count < most && first + count < box->count &&
		box->rows[first + count].epoch == box->rows[first].epoch)
		count++;
	struct batch b = { .rows = &box->rows[first], .count = count };
	b.is_signed = night_roll(dice) % 3 != 0;
	device_key_public(box->key, b.key);
	device_key_sign_head(box->key, &b.rows[count - 1], b.signature);
	return b;
}

static void take_some(struct night *n, uint64_t seed, int transactions)
{
	for (int i = 0; i < transactions; i++) {
		struct batch batches[12];
		for (size_t k = 0; k < ARRAY_LEN(batches); k++)
			batches[k] = stretch(&seed);
		int error = night_take(n, batches, ARRAY_LEN(batches), "test", 77, NULL);
		if (error)
			fail_msg("%s: %s", strerror(-error), night_why(n));
	}
}

static void take_all(struct night *n)
{
	for (unsigned i = 0; i < night.box_count; i++)
		for (size_t at = 0, to; at < night.boxes[i].count; at = to) {
			const struct row *rows = night.boxes[i].rows;
			for (to = at + 1; to < night.boxes[i].count && to - at < 50 &&
					  rows[to].epoch == rows[at].epoch;
				to++)
				continue;
			struct batch b = { .rows = &rows[at], .count = to - at };
			assert_int_equal(night_take(n, &b, 1, "all", 78, NULL), 0);
		}
}

/* --- the same as in SQLite -------------------------------------------------------------------- */

struct dump {
	struct night *night;
	char *text;
	size_t len;
	FILE *out;
};

static int dump_row(void *context, const struct row *row)
{
	struct dump *d = context;
	char hex[2 * ROW_HASH_SIZE + 1];
	text_hex(hex, row->hash, sizeof(row->hash));
	fprintf(d->out, "%s ", hex);
	text_hex(hex, row->ticket, sizeof(row->ticket));
	fprintf(d->out, "%s %lu %llu %llu %s %s %s %s %lld %llu %d%d%d%d%d%d%d%d\n", hex,
		(unsigned long)row->epoch, (unsigned long long)row->seq,
		(unsigned long long)row->hlc, row->venue, row->door, row->from_venue,
		row->operator,(long long) row->amount, (unsigned long long)row->undoes, row->kind,
		row->source, row->verdict, row->direction, row->at.trust, row->time_doubt,
		row->overridden, row->registered);
	return 0;
}

static int dump_chain(void *context, const struct night_chain *c)
{
	struct dump *d = context;
	fprintf(d->out, "chain %lu rows %llu promised %llu others %llu %lld %lld:",
		(unsigned long)c->chain.epoch, (unsigned long long)c->rows,
		(unsigned long long)c->promised, (unsigned long long)c->contradictions,
		(long long)c->first_ms, (long long)c->last_ms);
	for (uint32_t i = 0; i < c->held.count; i++)
		fprintf(d->out, " %llu-%llu", (unsigned long long)c->held.at[i].first,
			(unsigned long long)c->held.at[i].last);
	fprintf(d->out, "\n");
	return 0;
}

static int dump_flaw(void *context, const struct night_flaw *f)
{
	fprintf(((struct dump *)context)->out, "flaw %lu %llu %d\n", (unsigned long)f->chain.epoch,
		(unsigned long long)f->seq, (int)f->flaw);
	return 0;
}

/* Something else is asked for while rows are read, as a report does. */
static int dump_promise(void *context, const struct row *row)
{
	struct dump *d = context;
	struct chain chain = { .epoch = row->epoch };
	uint64_t promised = 1;
	if (row->seq % 100 != 1)
		return 0;
	memcpy(chain.device, row->device, sizeof(chain.device));
	assert_int_equal(night_promised(d->night, &chain, &promised), 0);
	fprintf(d->out, "promised %lu %llu\n", (unsigned long)row->epoch,
		(unsigned long long)promised);
	return 0;
}

static char *dump(struct night *n)
{
	struct dump d = { .night = n };
	d.out = open_memstream(&d.text, &d.len);
	assert_non_null(d.out);
	for (int order = NIGHT_BY_CHAIN; order <= NIGHT_BY_TICKET; order++)
		assert_int_equal(night_each(n, (enum night_order)order, dump_row, &d), 0);
	assert_int_equal(night_each(n, NIGHT_BY_CHAIN, dump_promise, &d), 0);
	assert_int_equal(night_contradictions(n, dump_row, &d), 0);
	assert_int_equal(night_chains(n, dump_chain, &d), 0);
	assert_int_equal(night_marks(n, dump_flaw, &d), 0);
	fclose(d.out);
	return d.text;
}

static void forge(struct night *n, bool is_signed)
{
	struct row row = night.boxes[0].rows[3];
	row.at.wall_ms += 5;
	log_row_hash(&row, row.hash);
	struct batch b = { .rows = &row, .count = 1, .is_signed = is_signed };
	device_key_public(night.boxes[0].key, b.key);
	device_key_sign_head(night.boxes[0].key, &row, b.signature);
	assert_int_equal(night_take(n, &b, 1, "forged", 80, NULL), 0);
}

static void it_holds_what_sqlite_holds(void **state)
{
	(void)state;
	need_server();
	struct night *stores[2] = { open_store(store_bench_path(dir, "night.db")),
		open_store(pg_server_database("same")) };
	char *dumps[2];
	for (int i = 0; i < 2; i++) {
		struct night_flaw flaw = { .seq = 9, .flaw = FLAW_CHANGED };
		memcpy(flaw.chain.device, night.boxes[2].device, DEVICE_ID_SIZE);
		flaw.chain.epoch = night.boxes[2].rows[0].epoch;
		if (i)
			forge(stores[i], false);
		take_some(stores[i], 5, 12);
		if (!i)
			forge(stores[i], false);
		assert_int_equal(night_mark(stores[i], &flaw, 1), 0);
		assert_int_equal(night_mark(stores[i], &flaw, 1), 0);
		assert_int_equal(night_promise(stores[i], &flaw.chain, 4000), 0);
		assert_int_equal(night_promise(stores[i], &flaw.chain, 30), 0);
		assert_int_equal(night_settle(stores[i]), 0);
		dumps[i] = dump(stores[i]);
		night_close(stores[i]);
	}
	assert_string_equal(dumps[0], dumps[1]);
	assert_true(strlen(dumps[0]) > 10000);
	free(dumps[0]);
	free(dumps[1]);
}

static void rows_can_be_handed_on(void **state)
{
	(void)state;
	need_server();
	const struct made_box *box = &night.boxes[0];
	struct night *n = open_store(pg_server_database("hand"));
	struct chain chain = { .epoch = box->rows[0].epoch };
	struct row rows[BATCH_ROWS_MAX];
	struct batch out;
	memcpy(chain.device, box->device, sizeof(chain.device));
	for (size_t i = 0; i < 12; i += i < 10 ? 1 : 2) {
		struct batch b = {
			.rows = &box->rows[i], .count = i < 10 ? 1 : 2, .is_signed = i != 4
		};
		device_key_public(box->key, b.key);
		device_key_sign_head(box->key, &b.rows[b.count - 1], b.signature);
		assert_int_equal(night_take(n, &b, 1, "test", 77, NULL), 0);
	}
	static const size_t cases[][3] = { { 1, 1, 1 }, { 1, 50, 12 }, { 5, 1, 8 }, { 5, 3, 3 },
		{ 11, 1, 2 }, { 11, 2, 2 }, { 12, 9, 1 }, { 13, 9, 0 } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(night_stretch(n, &chain, cases[i][0], cases[i][1], rows, &out), 0);
		if (out.count != cases[i][2])
			fail_msg("case %zu: %zu rows", i, out.count);
		if (out.count)
			assert_int_equal(batch_check(&out), BATCH_GOOD);
	}
	night_close(n);
}

static void several_collectors_at_once_lose_and_double_nothing(void **state)
{
	(void)state;
	need_server();
	char url[400];
	snprintf(url, sizeof(url), "%s", pg_server_database("crowd"));
	pid_t children[4];
	fflush(stdout);
	for (int i = 0; i < 4; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			char why[NIGHT_WHY_SIZE];
			struct night *n = NULL;
			if (night_open(&n, url, NIGHT_EVENT, NIGHT_WRITE, why))
				_exit(1);
			take_some(n, (uint64_t)i + 100, 8);
			take_all(n);
			night_close(n);
			_exit(0);
		}
	}
	for (int i = 0; i < 4; i++) {
		int status = -1;
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	struct night *all = open_store(url);
	struct night *alone = open_store(store_bench_path(dir, "alone.db"));
	take_all(alone);
	char *a = dump(all), *b = dump(alone);
	assert_string_equal(a, b);
	free(a);
	free(b);
	night_close(all);
	night_close(alone);
}

/* --- the views -------------------------------------------------------------------------------- */

static long ask(PGconn *pg, const char *sql)
{
	PGresult *r = PQexec(pg, sql);
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(pg));
	long value = PQntuples(r) ? strtol(PQgetvalue(r, 0, 0), NULL, 10) : -1;
	PQclear(r);
	return value;
}

static int fold(void *context, const struct row *row)
{
	headcount_apply(context, row);
	return 0;
}

struct pairing {
	struct row rows[200];
	size_t count;
	long pairs;
};

static void count_pairs(struct pairing *p)
{
	struct pair found[PAIRS_PER_TICKET];
	p->pairs += p->count ? (long)pairs_find(p->rows, p->count, found) : 0;
	p->count = 0;
}

static int add_to_ticket(void *context, const struct row *row)
{
	struct pairing *p = context;
	if (p->count && memcmp(p->rows[0].ticket, row->ticket, sizeof(row->ticket)))
		count_pairs(p);
	assert_true(p->count < ARRAY_LEN(p->rows));
	p->rows[p->count++] = *row;
	return 0;
}

static void the_views_say_what_the_fold_says(void **state)
{
	(void)state;
	need_server();
	char url[400], sql[200];
	snprintf(url, sizeof(url), "%s", pg_server_database("views"));
	struct night *n = open_store(url);
	take_all(n);
	PGconn *pg = PQconnectdb(url);
	assert_int_equal(PQstatus(pg), CONNECTION_OK);
	long entries = 0;
	for (unsigned i = 0; i < NIGHT_VENUES; i++) {
		struct headcount h;
		headcount_init(&h, night.boxes[i].venue, NIGHT_OPENS_MS);
		assert_int_equal(night_each(n, NIGHT_BY_TIME, fold, &h), 0);
		snprintf(sql, sizeof(sql),
			"SELECT entries FROM parvis.entries_by_venue WHERE venue = '%s'", h.venue);
		assert_int_equal(ask(pg, sql), h.in);
		snprintf(sql, sizeof(sql),
			"SELECT present FROM parvis.present_by_venue WHERE venue = '%s'", h.venue);
		assert_int_equal(ask(pg, sql), headcount_present(&h));
		snprintf(sql, sizeof(sql),
			"SELECT sum(refusals) FROM parvis.refusals_by_reason WHERE venue = '%s'",
			h.venue);
		assert_int_equal(ask(pg, sql), h.refused);
		entries += (long)h.in;
	}
	assert_int_equal(
		ask(pg, "SELECT sum(entries) FROM parvis.arrivals_by_ten_minutes"), entries);
	assert_in_range(ask(pg, "SELECT people FROM parvis.people"), 100, entries);
	assert_true(ask(pg, "SELECT sum(people) FROM parvis.people_by_venue") >=
		    ask(pg, "SELECT people FROM parvis.people"));
	assert_int_equal(ask(pg, "SELECT count(*) FROM parvis.boxes"), night.box_count);
	assert_int_equal(ask(pg, "SELECT sum(rows) FROM parvis.boxes"), night.rows);
	assert_int_equal(ask(pg, "SELECT count(*) FROM parvis.gaps"), 0);
	assert_true(ask(pg, "SELECT sum(guests) FROM parvis.moves") > 0);
	struct pairing p = { 0 };
	assert_int_equal(night_each(n, NIGHT_BY_TICKET, add_to_ticket, &p), 0);
	count_pairs(&p);
	assert_true(p.pairs > 0);
	assert_int_equal(ask(pg, "SELECT count(*) FROM parvis.pairs"), p.pairs);
	assert_int_equal(ask(pg, "SELECT count(*) FROM parvis.clock_doubts"
				 " WHERE rows_with_clock_unconfirmed > 0"),
		1);
	struct chain chain = { .epoch = night.boxes[0].rows[0].epoch };
	memcpy(chain.device, night.boxes[0].device, sizeof(chain.device));
	assert_int_equal(night_promise(n, &chain, 100000), 0);
	assert_int_equal(ask(pg, "SELECT last_missing FROM parvis.gaps"), 100000);
	PQfinish(pg);
	night_close(n);
}

/* Rows whose numbers `held` does not name although they are there: taken for known, not refused for
 * ever. */
static void a_list_of_what_is_held_that_lies_stops_nobody(void **state)
{
	(void)state;
	need_server();
	const char *url = pg_server_database("lies");
	struct night *n = open_store(url);
	PGconn *pg = PQconnectdb(url);
	const struct row *rows = night.boxes[0].rows;
	struct batch b = { .rows = rows, .count = 3 };
	struct night_taken taken;
	assert_int_equal(night_take(n, &b, 1, "test", 77, &taken), 0);
	assert_int_equal(taken.fresh, 3);
	PQclear(PQexec(pg, "DELETE FROM parvis.held"));
	b.count = 4;
	assert_int_equal(night_take(n, &b, 1, "test", 77, &taken), 0);
	assert_int_equal(taken.fresh, 1);
	assert_int_equal(taken.known, 3);
	assert_int_equal(ask(pg, "SELECT count(*) FROM parvis.entry"), 4);
	PQfinish(pg);
	night_close(n);
}

static void what_cannot_be_opened_says_why(void **state)
{
	(void)state;
	char why[NIGHT_WHY_SIZE], url[400];
	struct night *n = NULL;
	const char *secret = "postgresql://a:geheim%zz@localhost/x";
	assert_int_equal(night_open(&n, secret, NIGHT_EVENT, NIGHT_READ, why), -EINVAL);
	assert_null(strstr(why, "geheim"));
	const char *nowhere = "postgresql://a:geheim@/x?host=/nonexistent";
	assert_int_equal(night_open(&n, nowhere, NIGHT_EVENT, NIGHT_READ, why), -EHOSTUNREACH);
	assert_null(strstr(why, "geheim"));
	need_server();
	snprintf(url, sizeof(url), "%s", pg_server_database("empty"));
	assert_int_equal(night_open(&n, url, NIGHT_EVENT, NIGHT_READ, why), -ENOENT);
	assert_string_equal(why, "nothing has been collected yet");
	night_close(open_store(url));
	assert_int_equal(night_open(&n, url, "noel", NIGHT_WRITE, why), -EKEYREJECTED);
	assert_int_equal(night_open(&n, url, NIGHT_EVENT, NIGHT_READ, why), 0);
	night_close(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_holds_what_sqlite_holds),
		cmocka_unit_test(rows_can_be_handed_on),
		cmocka_unit_test(several_collectors_at_once_lose_and_double_nothing),
		cmocka_unit_test(the_views_say_what_the_fold_says),
		cmocka_unit_test(a_list_of_what_is_held_that_lies_stops_nobody),
		cmocka_unit_test(what_cannot_be_opened_says_why),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
