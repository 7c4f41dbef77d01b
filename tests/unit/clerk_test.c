/* The clerk between guests, other doors and the courier: what it tells, and that nobody waits. */
#include "app/clerk.h"

#include "store/peers.h"
#include "tests/fake/chain_maker.h"
#include "tests/fake/sign.h"
#include "tests/fake/store_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after setjmp.h, stdarg.h, stddef.h, which it needs */
#include <cmocka.h>

#define WAIT_MS 20000
#define VENUE   "grandsvoisins"

struct fixture {
	char *dir;
	struct event *event;
	struct post *post;
	struct clerk *clerk;
	struct peers *peers;
	struct chain_maker door;
	unsigned second;
};

static void problem(void *context, bool fatal, const char *text)
{
	(void)context;
	if (fatal)
		print_error("%s\n", text);
}

static struct clerk_reply next_answer(struct fixture *f)
{
	struct clerk_reply reply;
	assert_int_equal(clerk_answer(f->clerk, &reply, WAIT_MS), 0);
	return reply;
}

static int setup(void **state)
{
	static struct fixture f;
	f = (struct fixture){ .dir = store_bench_dir() };
	assert_int_equal(event_load(&f.event, "assets/demo", problem, NULL), 0);
	assert_int_equal(post_open(&f.post), 0);
	struct clerk_setup s = { .data_dir = f.dir,
		.event_dir = "assets/demo",
		.event = f.event,
		.rules = { .venue = VENUE, .door = "nord", .reentry = true },
		.post = f.post };
	memset(s.device, 9, sizeof(s.device));
	assert_int_equal(clerk_start(&f.clerk, &s), 0);
	assert_int_equal(next_answer(&f).answer, CLERK_OPENED);
	assert_int_equal(peers_open(&f.peers, f.dir), 0);
	chain_maker_open(&f.door, 1, 5, VENUE, "sud");
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	clerk_stop(f->clerk);
	post_close(f->post);
	peers_close(f->peers);
	chain_maker_close(&f->door);
	event_free(f->event);
	store_bench_remove(f->dir);
	free(f->dir);
	return 0;
}

/* A scan of guest n's signed ticket, and its answer; CLERK_COUNTED ones come between. */
static struct clerk_reply scan(struct fixture *f, unsigned n)
{
	struct clerk_request q = { .want = { .kind = ROW_SCAN, .source = SOURCE_SCANNER } };
	char text[SIGN_TEXT_SIZE];
	struct sig1_payload p = { .item = 1 };
	snprintf(p.seed, sizeof(p.seed), "c%08u", n);
	q.len = sign_ticket(text, SIGN_DEMO_SEED, &p);
	assert_true(q.len < sizeof(q.text));
	memcpy(q.text, text, q.len);
	q.now = (struct when){ f->event->opens_ms + ++f->second * 1000, f->second * 1000,
		TRUST_SYNCED };
	assert_int_equal(clerk_ask(f->clerk, &q), 0);
	struct clerk_reply reply;
	do
		reply = next_answer(f);
	while (reply.answer == CLERK_COUNTED);
	assert_int_equal(reply.answer, CLERK_RECORDED);
	return reply;
}

static struct row peer_entry(struct fixture *f, const uint8_t ticket[TICKET_HASH_SIZE])
{
	struct row row = { .kind = ROW_SCAN, .verdict = VERDICT_ADMIT };
	row.direction = DIRECTION_IN;
	row.at = (struct when){ f->event->opens_ms + 1800000, 1, TRUST_SYNCED };
	memcpy(row.ticket, ticket, sizeof(row.ticket));
	chain_maker_append(&f->door, &row);
	struct batch b = chain_maker_batch(&f->door, &row, 1);
	uint64_t fresh;
	assert_int_equal(peers_store(f->peers, &b, &fresh), 0);
	return row;
}

static void order(struct fixture *f, bool new_epoch, bool peers, uint64_t stamp)
{
	struct post_orders orders = { .new_epoch = new_epoch, .peers = peers, .seen_stamp = stamp };
	post_order(f->post, &orders);
}

static void new_figures_are_told_without_a_guest(void **state)
{
	struct fixture *f = *state;
	uint8_t ticket[TICKET_HASH_SIZE];
	for (unsigned i = 1; i <= 230; i++) {
		chain_maker_ticket(ticket, i);
		peer_entry(f, ticket);
	}
	order(f, false, true, 0);
	struct clerk_reply reply;
	do { /* in slices, so that a guest does not wait */
		reply = next_answer(f);
		assert_int_equal(reply.answer, CLERK_COUNTED);
	} while (headcount_present(&reply.result.count) < 230);
	assert_int_equal(headcount_present(&reply.result.count), 230);
}

static void another_door_s_guest_is_known(void **state)
{
	struct fixture *f = *state;
	struct clerk_reply first = scan(f, 1), other = scan(f, 2);
	assert_int_equal(first.result.row.verdict, VERDICT_ADMIT);
	assert_int_equal(other.result.row.verdict, VERDICT_ADMIT);
	/* Nobody rings; the next guest is reason enough to look. */
	struct clerk_request undo = {
		.want = { .kind = ROW_UNDO, .source = SOURCE_TOUCH, .undoes = other.result.row.seq }
	};
	assert_int_equal(clerk_ask(f->clerk, &undo), 0);
	assert_int_equal(next_answer(f).answer, CLERK_RECORDED);
	peer_entry(f, other.result.row.ticket);
	struct clerk_reply again = scan(f, 2);
	assert_int_equal(again.result.row.verdict, VERDICT_ALREADY_IN);
	assert_string_equal(again.result.prior.door, "sud");
	again = scan(f, 3);
	assert_int_equal(headcount_present(&again.result.count), 3);
}

static void an_order_gives_a_new_epoch(void **state)
{
	struct fixture *f = *state;
	struct post_state before, after;
	struct clerk_reply a = scan(f, 1);
	assert_true(post_look(f->post, &before));
	assert_int_equal(before.self.epoch, a.result.row.epoch);
	assert_int_equal(before.self.device[0], 9);
	order(f, true, false, 0);
	struct clerk_reply opened = next_answer(f);
	assert_int_equal(opened.answer, CLERK_OPENED);
	assert_int_equal(headcount_present(&opened.result.count), 1);
	struct clerk_reply b = scan(f, 2);
	assert_int_not_equal(a.result.row.epoch, b.result.row.epoch);
	assert_int_equal(b.result.row.seq, 1);
	assert_memory_equal(b.result.row.before, a.result.row.hash, ROW_HASH_SIZE);
	assert_true(post_look(f->post, &after));
	assert_int_equal(after.self.epoch, b.result.row.epoch);
	assert_int_not_equal(after.openings, before.openings);
	assert_int_equal(scan(f, 1).result.row.verdict, VERDICT_ALREADY_IN);
}

static void rows_come_after_every_stamp_that_was_seen(void **state)
{
	struct fixture *f = *state;
	uint64_t stamp = scan(f, 1).result.row.hlc + (UINT64_C(1) << 40);
	order(f, false, false, stamp);
	assert_true(scan(f, 2).result.row.hlc > stamp);
	struct row row = { .kind = ROW_ADJUST, .amount = 1, .hlc = stamp + (UINT64_C(1) << 40) };
	chain_maker_append(&f->door, &row);
	struct batch b = chain_maker_batch(&f->door, &row, 1);
	uint64_t fresh;
	assert_int_equal(peers_store(f->peers, &b, &fresh), 0);
	order(f, false, true, 0);
	assert_int_equal(next_answer(f).answer, CLERK_COUNTED);
	struct clerk_reply reply = scan(f, 3);
	assert_true(reply.result.row.hlc > row.hlc);
	assert_int_equal(headcount_present(&reply.result.count), 4);
}

#define WITH_A_CLERK(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_A_CLERK(new_figures_are_told_without_a_guest),
		WITH_A_CLERK(another_door_s_guest_is_known),
		WITH_A_CLERK(an_order_gives_a_new_epoch),
		WITH_A_CLERK(rows_come_after_every_stamp_that_was_seen),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
