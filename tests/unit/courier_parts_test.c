/* What the courier folds and leaves for others: the tally, the book of pairs, the post. */
#include "app/pair_book.h"
#include "app/post.h"
#include "app/reckoning.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct row entry(uint8_t device, uint64_t seq, uint8_t ticket, int64_t minute)
{
	struct row r = { .device = { device },
		.epoch = 7,
		.seq = seq,
		.hlc = (uint64_t)minute * 60000 << 16,
		.at = { .wall_ms = minute * 60000 },
		.kind = ROW_SCAN,
		.verdict = VERDICT_ADMIT,
		.direction = DIRECTION_IN,
		.ticket = { ticket, 1 } };
	strcpy(r.venue, "numa");
	strcpy(r.door, "main");
	return r;
}

static bool tell(struct reckoning *t, const struct row *row)
{
	bool again = false;
	assert_int_equal(reckoning_row(t, row, &again), 0);
	return again;
}

static struct row undo_of(const struct row *row, uint64_t seq)
{
	struct row undo = *row;
	undo.kind = ROW_UNDO;
	undo.seq = seq;
	undo.amount = 1;
	undo.undoes = row->seq;
	return undo;
}

static void people_are_distinct_tickets(void **state)
{
	(void)state;
	struct reckoning *t = NULL;
	struct reckoning_figures f;
	assert_int_equal(reckoning_open(&t, "numa"), 0);
	struct row a = entry(1, 1, 1, 100), b = entry(2, 1, 1, 101), other = entry(1, 2, 2, 105);
	struct row elsewhere = entry(1, 3, 3, 105), walk_in = entry(1, 4, 0, 111);
	strcpy(elsewhere.venue, "liberte");
	walk_in.kind = ROW_WALK_IN;
	memset(walk_in.ticket, 0, sizeof(walk_in.ticket));
	assert_false(tell(t, &a));
	assert_true(tell(t, &b)); /* by another chain */
	assert_false(tell(t, &other));
	assert_false(tell(t, &elsewhere));
	assert_false(tell(t, &walk_in));
	reckoning_figures(t, 112 * 60000, &f);
	assert_int_equal(f.present, 4);
	assert_int_equal(f.entries, 4);
	assert_int_equal(f.people, 3);
	assert_int_equal(f.last_ten, 2);
	assert_int_equal(f.ten_before, 2);
	struct row undo = undo_of(&other, 5);
	assert_false(tell(t, &undo));
	undo = undo_of(&b, 2);
	assert_true(tell(t, &undo)); /* what may end a pair is looked at, too */
	reckoning_figures(t, 200 * 60000, &f);
	assert_int_equal(f.present, 2);
	assert_int_equal(f.people, 2);
	assert_int_equal(f.last_ten + f.ten_before, 0);
	reckoning_close(t);
}

static void many_people(void **state)
{
	(void)state;
	struct reckoning *t = NULL;
	struct reckoning_figures f;
	assert_int_equal(reckoning_open(&t, "numa"), 0);
	for (uint32_t i = 0; i < 20000; i++) {
		struct row r = entry(1, i + 1, 0, 100);
		uint32_t n = i % 10000 + 1;
		memcpy(r.ticket, &n, sizeof(n));
		tell(t, &r);
	}
	reckoning_figures(t, 0, &f);
	assert_int_equal(f.people, 10000);
	assert_int_equal(f.entries, 20000);
	reckoning_close(t);
}

static void pairs_come_and_go(void **state)
{
	(void)state;
	struct pair_book *b = NULL;
	struct pair out[4];
	uint8_t ticket[TICKET_HASH_SIZE];
	assert_int_equal(pair_book_open(&b, "numa"), 0);
	assert_false(pair_book_next(b, ticket));
	for (uint8_t i = 1; i <= 3; i++) {
		struct row rows[2] = { entry(1, i, i, 100 + i), entry(2, i, i, 110 + i) };
		assert_int_equal(pair_book_suspect(b, rows[0].ticket), 0);
		assert_int_equal(pair_book_suspect(b, rows[0].ticket), 0);
		assert_true(pair_book_next(b, ticket));
		assert_false(pair_book_next(b, ticket));
		assert_true(pair_book_judge(b, ticket, rows, 2));
		assert_false(pair_book_judge(b, ticket, rows, 2));
	}
	assert_int_equal(pair_book_list(b, out, 2), 3);
	assert_int_equal(out[0].ticket[0], 3);
	assert_int_equal(out[1].ticket[0], 2);
	struct row one[1] = { entry(1, 3, 3, 103) };
	assert_true(pair_book_judge(b, one[0].ticket, one, 1)); /* the other was undone */
	assert_int_equal(pair_book_list(b, out, 4), 2);
	assert_int_equal(out[0].ticket[0], 2);
	assert_int_equal(out[1].ticket[0], 1);
	struct row far[2] = { entry(1, 9, 9, 100), entry(2, 9, 9, 101) };
	strcpy(far[0].venue, "liberte");
	strcpy(far[1].venue, "liberte");
	assert_false(pair_book_judge(b, far[0].ticket, far, 2)); /* another venue's to judge */
	pair_book_close(b);
}

static int wakes;

static void wake(void *context)
{
	(void)context;
	wakes++;
}

static void the_post_keeps_the_newest(void **state)
{
	(void)state;
	struct post *p = NULL;
	struct post_state s;
	struct post_orders o;
	assert_int_equal(post_open(&p), 0);
	struct pollfd fd = { .fd = post_fd(p), .events = POLLIN };
	assert_false(post_look(p, &s));
	for (uint64_t i = 1; i <= 100000; i++) /* nobody looks, and nobody waits */
		post_committed(p, &(struct post_state){ .seq = i, .latest = i << 16 });
	assert_int_equal(poll(&fd, 1, 0), 1);
	assert_true(post_look(p, &s));
	assert_int_equal(s.seq, 100000);
	assert_int_equal(poll(&fd, 1, 0), 0);
	assert_true(post_look(p, &s));

	post_on_order(p, wake, NULL);
	assert_false(post_take_orders(p, &o));
	post_order(p, &(struct post_orders){ .seen_stamp = 9 });
	post_order(p, &(struct post_orders){ .new_epoch = true });
	post_order(p, &(struct post_orders){ .seen_stamp = 5, .peers = true });
	assert_int_equal(wakes, 1);
	assert_true(post_take_orders(p, &o));
	assert_true(o.new_epoch && o.peers);
	assert_int_equal(o.seen_stamp, 9);
	assert_false(post_take_orders(p, &o));
	post_order(p, &(struct post_orders){ .peers = true });
	assert_int_equal(wakes, 2);
	post_close(p);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_are_distinct_tickets),
		cmocka_unit_test(many_people),
		cmocka_unit_test(pairs_come_and_go),
		cmocka_unit_test(the_post_keeps_the_newest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
