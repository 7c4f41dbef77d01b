#include "tests/fake/chain_maker.h"
#include "tests/fake/doors.h"

#include "base/cc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t queued_by_all(struct doors *d, unsigned boxes)
{
	uint64_t queued = 0;
	for (unsigned i = 0; i < boxes; i++)
		queued += doors_status(d, i).queued;
	return queued;
}

static void every_row_reaches_the_collector(void **state)
{
	(void)state;
	struct doors *d = doors_open(2, 1, REACH_EVENT);
	doors_up_first(d, 3);
	for (unsigned i = 0; i < 120; i++)
		doors_enter(d, i % 2, 100 + i);
	assert_int_equal(queued_by_all(d, 2), 120);
	doors_run(d, 20000);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(doors_rows(d, i), 120);
	assert_int_equal(queued_by_all(d, 2), 0);
	assert_true(doors_status(d, 0).collector);
	assert_true(collector_drained(doors_collector(d, 2)));
	doors_close(d);
}

static void a_row_leaves_the_queue_only_when_it_is_committed(void **state)
{
	(void)state;
	struct doors *d = doors_open(1, 1, REACH_EVENT);
	doors_up(d, 0);
	doors_enter(d, 0, 7);
	doors_run(d, 100000);
	/* The broker has it, and a collector does not. */
	assert_int_equal(doors_status(d, 0).queued, 1);
	doors_up(d, 1);
	doors_run(d, 60000);
	assert_int_equal(doors_status(d, 0).queued, 0);
	assert_int_equal(doors_rows(d, 1), 1);
	doors_close(d);
}

static void an_empty_collector_gets_everything(void **state)
{
	(void)state;
	struct doors *d = doors_open(4, 2, REACH_EVENT);
	doors_up_first(d, 5);
	for (unsigned i = 0; i < 400; i++)
		doors_enter(d, i % 4, 100 + i);
	doors_run(d, 60000);
	assert_int_equal(queued_by_all(d, 4), 0);
	doors_forget(d);
	doors_up(d, 5);
	doors_run(d, 90000);
	assert_int_equal(doors_rows(d, 5), 400);
	doors_close(d);
}

static void rows_of_a_lost_box_come_from_its_peers(void **state)
{
	(void)state;
	struct doors *d = doors_open(3, 1, REACH_EVENT);
	doors_up_first(d, 3);
	for (unsigned i = 0; i < 80; i++)
		doors_enter(d, 0, 100 + i);
	doors_run(d, 20000);
	doors_down(d, 0);
	doors_up(d, 3);
	doors_run(d, 120000);
	assert_int_equal(doors_rows(d, 3), 80);
	/* And the box hears of it when it comes back. */
	doors_restart(d, 0);
	doors_up(d, 0);
	doors_run(d, 60000);
	assert_int_equal(doors_status(d, 0).queued, 0);
	doors_close(d);
}

static void a_backlog_drains_over_a_slow_link(void **state)
{
	(void)state;
	struct doors *d = doors_open(4, 1, REACH_EVENT);
	doors_set_latency(d, 150);
	for (unsigned i = 0; i < 4 * 2000; i++)
		doors_enter(d, i % 4, 100 + i);
	doors_up_first(d, 5);
	int64_t from = doors_now(d);
	while (queued_by_all(d, 4) && doors_now(d) - from < 60000)
		doors_run(d, 500);
	size_t bytes, messages = doors_published(d, "/ev", &bytes);
	print_message("4 x 2000 rows in %d ms: %d messages, %d KB\n", (int)(doors_now(d) - from),
		(int)messages, (int)(bytes >> 10));
	assert_int_equal(queued_by_all(d, 4), 0);
	/* Each once, and hardly any again. */
	assert_true(messages <= 4 * 40 + 8);
	doors_close(d);
}

/* Eleven boxes come back at once, over links on which what each has to hear of the others takes far
 * longer than what it has to say. */
static void backlogs_of_all_do_not_hold_up_the_acknowledgements(void **state)
{
	(void)state;
	unsigned each = getenv("PARVIS_SHORT") ? 250 : 500;
	struct doors *d = doors_open(11, 1, REACH_EVENT);
	doors_set_latency(d, 75);
	doors_set_link(d, 11, each * 13);
	for (unsigned i = 0; i < 11 * each; i++)
		doors_enter(d, i % 11, 100 + i);
	doors_up_first(d, 12);
	int64_t from = doors_now(d);
	while (queued_by_all(d, 11) && doors_now(d) - from < 60000)
		doors_run(d, 500);
	print_message("11 x %u rows drain in %d ms\n", each, (int)(doors_now(d) - from));
	assert_int_equal(queued_by_all(d, 11), 0);
	assert_true(doors_now(d) - from < 30000);
	while (doors_rows(d, 3) < 11 * each && doors_now(d) - from < 300000)
		doors_run(d, 5000);
	print_message("and are everywhere after %d ms\n", (int)(doors_now(d) - from));
	for (unsigned i = 0; i < 11; i++)
		assert_int_equal(doors_rows(d, i), 11 * each);
	doors_close(d);
}

static void half_of_all_messages_lost_loses_nothing(void **state)
{
	(void)state;
	struct doors *d = doors_open(4, 2, REACH_EVENT);
	doors_set_loss(d, 2);
	doors_up_first(d, 6);
	for (unsigned i = 0; i < 200; i++) {
		doors_enter(d, i % 4, 100 + i);
		doors_run(d, 300);
	}
	doors_run(d, 600000);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(doors_rows(d, i), 200);
	doors_set_loss(d, 0);
	doors_run(d, 120000);
	assert_int_equal(queued_by_all(d, 4), 0);
	doors_close(d);
}

static void a_restarted_collector_knows_what_it_had(void **state)
{
	(void)state;
	struct collector_figures before, after;
	struct doors *d = doors_open(2, 1, REACH_EVENT);
	doors_up_first(d, 3);
	for (unsigned i = 0; i < 60; i++)
		doors_enter(d, i % 2, 100 + i / 2);
	doors_leave(d, 0, 100);
	doors_run(d, 20000);
	collector_event(doors_collector(d, 2), &before);
	assert_int_equal(before.entries, 60);
	assert_int_equal(before.people, 30);
	assert_int_equal(before.present, 59);
	doors_restart(d, 2);
	collector_event(doors_collector(d, 2), &after);
	assert_int_equal(after.entries, before.entries);
	assert_int_equal(after.people, before.people);
	assert_int_equal(after.present, before.present);
	size_t bytes, sent = doors_published(d, "/ev", &bytes);
	doors_up(d, 2);
	doors_run(d, 120000);
	/* Nothing is asked for again. */
	assert_int_equal(doors_published(d, "/ev", &bytes), sent);
	doors_close(d);
}

static void everyone_sees_the_fleet(void **state)
{
	(void)state;
	const struct fleet_venue *v;
	struct collector_figures f;
	struct doors *d = doors_open(4, 1, REACH_VENUE);
	doors_up_first(d, 5);
	for (unsigned i = 0; i < 10; i++)
		doors_enter(d, i % 2, 100 + i);
	doors_move(d, 2, 100, 0);
	doors_enter(d, 3, 0);
	doors_run(d, 30000);
	assert_true(collector_venue(doors_collector(d, 4), "venue-0", &f));
	assert_int_equal(f.present, 9);
	assert_int_equal(f.people, 10);
	assert_int_equal(f.last_ten, 10);
	assert_true(collector_venue(doors_collector(d, 4), "venue-1", &f));
	assert_int_equal(f.present, 2);
	assert_int_equal(f.people, 2);
	assert_false(collector_venue(doors_collector(d, 4), "elsewhere", &f));
	collector_event(doors_collector(d, 4), &f);
	assert_int_equal(f.people, 11);
	assert_int_equal(f.present, 11);
	assert_int_equal(sync_fleet(doors_box(d, 3), &v), 2);
	assert_int_equal(v[0].present, 9);
	assert_int_equal(v[0].people, 10);
	assert_true(fleet_age_ms(&v[0], doors_now(d)) < 70000);
	doors_close(d);
}

/* Neither its boxes nor an entry: a guest who left is all that the store has of the venue. */
static void a_venue_without_entries_is_known_by_its_rows(void **state)
{
	(void)state;
	const struct fleet_venue *v;
	struct doors *d = doors_open(3, 1, REACH_VENUE);
	doors_up_first(d, 4);
	doors_leave(d, 2, 100);
	doors_run(d, 30000);
	doors_down(d, 2);
	doors_forget(d);
	doors_restart(d, 0);
	doors_restart(d, 3);
	doors_up(d, 0);
	doors_up(d, 3);
	doors_run(d, 90000);
	assert_int_equal(sync_fleet(doors_box(d, 0), &v), 2);
	assert_true(v[1].known);
	assert_int_equal(v[1].present, -1);
	assert_int_equal(v[1].entries, 0);
	doors_close(d);
}

static bool drop_count_of_2(void *context, unsigned from, unsigned to, const char *topic)
{
	(void)context, (void)to;
	return from == 2 && strcmp(topic + strlen(topic) - 6, "/count") == 0;
}

/* The box that saw the guest come is lost before it counted them; its row is with the collector. */
static void who_moved_to_a_lost_box_has_left(void **state)
{
	(void)state;
	const struct fleet_venue *v;
	struct doors *d = doors_open(5, 1, REACH_VENUE);
	doors_up(d, 0);
	doors_up(d, 2);
	doors_up(d, 4);
	doors_up(d, 5);
	doors_enter(d, 0, 100);
	doors_enter(d, 0, 101);
	doors_run(d, 30000);
	doors_set_drop(d, drop_count_of_2, NULL);
	doors_move(d, 2, 100, 0);
	doors_run(d, 3000);
	doors_down(d, 2);
	doors_run(d, 190000);
	for (unsigned i = 0; i < 300; i++) {
		doors_run(d, 1000);
		assert_int_equal(sync_fleet(doors_box(d, 4), &v), 3);
		assert_int_equal(v[0].entries, 2);
		assert_int_equal(v[0].present, 1);
	}
	doors_close(d);
}

static bool drop_ev_of_0(void *context, unsigned from, unsigned to, const char *topic)
{
	(void)context, (void)to;
	return from == 0 && strcmp(topic + strlen(topic) - 3, "/ev") == 0;
}

static void a_silent_denial_is_told(void **state)
{
	(void)state;
	struct doors *d = doors_open(2, 1, REACH_EVENT);
	doors_set_drop(d, drop_ev_of_0, NULL);
	doors_up_first(d, 3);
	doors_enter(d, 0, 7);
	doors_enter(d, 1, 8);
	doors_run(d, 150000);
	assert_int_equal(doors_status(d, 0).state, LINK_NO_ACK);
	assert_int_equal(doors_status(d, 1).state, LINK_UP);
	size_t bytes;
	/* And it does not shout because of it. */
	assert_true(doors_published(d, "/ev", &bytes) < 20);
	doors_set_drop(d, NULL, NULL);
	doors_run(d, 150000);
	assert_int_equal(doors_status(d, 0).state, LINK_UP);
	assert_int_equal(doors_status(d, 0).queued, 0);
	doors_close(d);
}

static bool drop_to_2(void *context, unsigned from, unsigned to, const char *topic)
{
	(void)context, (void)from, (void)topic;
	return to == 2;
}

static void a_collector_knows_whether_it_hears(void **state)
{
	(void)state;
	struct doors *d = doors_open(2, 1, REACH_EVENT);
	struct collector *c = doors_collector(d, 2);
	doors_set_drop(d, drop_to_2, NULL);
	doors_up_first(d, 3);
	doors_run(d, 60000);
	assert_int_equal(collector_hearing(c), COLLECTOR_WAITS);
	doors_set_drop(d, NULL, NULL);
	doors_run(d, 10000);
	assert_int_equal(collector_hearing(c), COLLECTOR_HEARS);
	doors_down(d, 2);
	assert_int_equal(collector_hearing(c), COLLECTOR_WAITS);
	doors_close(d);
}

/* One collector has acknowledged what another one never hears: its box sends it to nobody, and is
 * gone before it is asked. */
static void a_collector_knows_what_is_missing(void **state)
{
	(void)state;
	const struct collector_box *boxes;
	struct doors *d = doors_open(1, 2, REACH_EVENT);
	struct collector *second = doors_collector(d, 2);
	doors_up(d, 0);
	doors_up(d, 1);
	for (unsigned i = 0; i < 60; i++)
		doors_enter(d, 0, 100 + i);
	doors_run(d, 20000);
	doors_up(d, 2);
	doors_set_drop(d, drop_ev_of_0, NULL);
	doors_enter(d, 0, 7);
	doors_run(d, 20000);
	assert_int_equal(collector_boxes(second, &boxes), 1);
	assert_int_equal(collector_missing(second, 0), 61);
	assert_false(collector_drained(second));
	doors_down(d, 0);
	doors_run(d, 5000);
	assert_int_equal(collector_missing(second, 0), 61);
	doors_set_drop(d, NULL, NULL);
	doors_up(d, 0);
	doors_run(d, 200000);
	assert_int_equal(collector_missing(second, 0), 0);
	assert_true(collector_drained(second));
	doors_close(d);
}

/* Its own rows, and those of a box that nobody has heard for long. */
static void what_only_a_collector_has_comes_back(void **state)
{
	(void)state;
	struct doors *d = doors_open(3, 1, REACH_EVENT);
	doors_up(d, 0);
	doors_up(d, 3);
	for (unsigned i = 0; i < 120; i++)
		doors_enter(d, 0, 100 + i);
	doors_run(d, 20000);
	doors_down(d, 0);
	doors_up(d, 1);
	for (unsigned i = 0; i < 70; i++)
		doors_enter(d, 1, 300 + i);
	doors_run(d, 20000);
	doors_roll_back(d, 1, 60);
	doors_restart(d, 1);
	assert_int_equal(doors_rows(d, 1), 10);
	assert_int_equal(doors_rows(d, 3), 190);
	doors_up(d, 1);
	doors_run(d, 300000);
	assert_int_equal(doors_rows(d, 1), 190);
	/* And one that has never heard of either. */
	doors_down(d, 1);
	doors_forget(d);
	doors_up(d, 2);
	doors_run(d, 300000);
	assert_int_equal(doors_rows(d, 2), 190);
	assert_int_equal(queued_by_all(d, 3), 0);
	doors_close(d);
}

/* Where the rows are with boxes too, these give them. */
static void a_collector_gives_only_what_nobody_else_does(void **state)
{
	(void)state;
	size_t bytes;
	struct doors *d = doors_open(3, 1, REACH_EVENT);
	doors_up_first(d, 4);
	for (unsigned i = 0; i < 120; i++)
		doors_enter(d, 0, 100 + i);
	doors_run(d, 20000);
	doors_down(d, 2);
	for (unsigned i = 0; i < 120; i++)
		doors_enter(d, 0, 300 + i);
	doors_run(d, 20000);
	size_t sent = doors_published(d, "/ev", &bytes);
	doors_roll_back(d, 1, 0);
	doors_restart(d, 1);
	doors_up(d, 1);
	doors_up(d, 2);
	doors_run(d, 120000);
	assert_int_equal(doors_rows(d, 1), 240);
	assert_int_equal(doors_rows(d, 2), 240);
	/* Each of the two asks; what is sent to one is heard by both. */
	assert_true(doors_published(d, "/ev", &bytes) - sent <= 12);
	doors_close(d);
}

static uint8_t stranger[DEVICE_ID_SIZE];

static bool knows(void *context, const uint8_t device[DEVICE_ID_SIZE])
{
	(void)context;
	return memcmp(device, stranger, DEVICE_ID_SIZE) != 0;
}

static void a_box_that_is_shut_out_is_not_heard(void **state)
{
	(void)state;
	struct doors *d = doors_open(2, 1, REACH_EVENT);
	doors_device(d, 1, stranger);
	collector_set_known(doors_collector(d, 2), knows, NULL);
	doors_up_first(d, 3);
	doors_enter(d, 0, 7);
	doors_enter(d, 1, 8);
	doors_run(d, 60000);
	assert_int_equal(doors_rows(d, 2), 1);
	assert_int_equal(doors_status(d, 0).queued, 0);
	assert_int_equal(doors_status(d, 1).queued, 1);
	doors_close(d);
}

/* --- figures --- */

static struct row figure_row(uint64_t seq, enum row_kind kind, unsigned ticket, const char *venue)
{
	struct row r;
	memset(&r, 0, sizeof(r));
	r.epoch = 5;
	r.seq = seq;
	r.kind = kind;
	r.verdict = kind == ROW_UNDO || kind == ROW_ADJUST ? VERDICT_NONE : VERDICT_ADMIT;
	r.direction = kind == ROW_ADJUST ? DIRECTION_NONE : DIRECTION_IN;
	memcpy(r.ticket, &ticket, sizeof(ticket));
	memcpy(r.venue, venue, strlen(venue));
	return r;
}

static void drop_effect(void *context, const struct collector_effect *e)
{
	(void)context, (void)e;
}

/* Every order of eight rows, with an undo that may come before what it takes back. */
static void the_order_of_rows_changes_no_figure(void **state)
{
	(void)state;
	static const char venues[2][ID_SIZE] = { "a", "b" };
	static const uint32_t capacities[2];
	struct row rows[8] = {
		figure_row(1, ROW_SCAN, 1, "a"),
		figure_row(2, ROW_SCAN, 2, "a"),
		figure_row(3, ROW_UNDO, 2, "a"),
		figure_row(4, ROW_WALK_IN, 0, "a"),
		figure_row(5, ROW_UNDO, 0, "a"),
		figure_row(6, ROW_SCAN, 1, "b"),
		figure_row(7, ROW_UNDO, 1, "b"),
		figure_row(8, ROW_ADJUST, 0, "b"),
	};
	rows[2].amount = rows[4].amount = rows[6].amount = 1;
	rows[5].verdict = VERDICT_MOVED;
	strcpy(rows[5].from_venue, "a");
	strcpy(rows[6].from_venue, "a");
	rows[7].amount = 3;
	unsigned order[8] = { 0, 1, 2, 3, 4, 5, 6, 7 }, counts[8] = { 0 };
	for (unsigned i = 0, n = 0; i < 8; n++) {
		struct collector *c;
		struct collector_figures f;
		struct collector_setup setup = {
			.event = "e", .venues = venues, .capacities = capacities, .venue_count = 2
		};
		assert_int_equal(collector_open(&c, &setup), 0);
		for (unsigned k = 0; k < 8; k++) {
			struct collector_input in = { .kind = COLLECT_ROW, .row = &rows[order[k]] };
			collector_step(c, &in, drop_effect, NULL);
			/* Each twice: the second changes nothing. */
			collector_step(c, &in, drop_effect, NULL);
		}
		assert_true(collector_venue(c, "a", &f));
		assert_int_equal(f.present, 1);
		assert_int_equal(f.people, 1);
		assert_int_equal(f.entries, 3);
		assert_true(collector_venue(c, "b", &f));
		assert_int_equal(f.present, 3);
		assert_int_equal(f.people, 0);
		collector_event(c, &f);
		assert_int_equal(f.people, 1);
		assert_int_equal(f.present, 4);
		collector_close(c);
		/* Heap's algorithm; a hundredth of the 40,320. */
		for (unsigned skip = 0; skip < 97 && i < 8;) {
			if (counts[i] < i) {
				unsigned a = i % 2 ? counts[i] : 0, swap = order[a];
				order[a] = order[i];
				order[i] = swap;
				counts[i]++;
				i = 0;
				skip++;
			} else {
				counts[i++] = 0;
			}
		}
		if (i < 8)
			i = 0;
	}
}

/* --- a connection that takes only so much --- */

#define NARROW_BOXES 7
#define NARROW_MOST  3

/* A broker that takes nothing before it is told to, and a store that commits at once. */
struct narrow {
	struct collector *c;
	struct chain_maker makers[NARROW_BOXES];
	int64_t now_ms;
	unsigned under_way, acked[NARROW_BOXES], order[NARROW_BOXES], ack_count;
	int store_id; /* 0: none */
	size_t stored;
	struct chain chains[NARROW_BOXES];
	enum batch_wrong refused; /* the last that was, and of whom */
	struct chain refused_of;
};

static void narrow_effect(void *context, const struct collector_effect *e)
{
	struct narrow *n = context;
	struct topic t;
	if (e->kind == COLLECT_STORE) {
		n->store_id = e->id;
		n->stored = e->batch_count;
		for (size_t i = 0; i < e->batch_count; i++) {
			memcpy(n->chains[i].device, e->batches[i].rows->device, DEVICE_ID_SIZE);
			n->chains[i].epoch = e->batches[i].rows->epoch;
		}
	}
	if (e->kind == COLLECT_REFUSED) {
		n->refused = e->why;
		n->refused_of = e->chain;
	}
	if (e->kind != COLLECT_PUBLISH)
		return;
	n->under_way++;
	assert_true(n->under_way <= NARROW_MOST);
	assert_true(topic_read(&t, e->topic));
	for (unsigned i = 0; t.kind == TOPIC_ACK && i < NARROW_BOXES; i++)
		if (!memcmp(t.device, n->makers[i].last.device, DEVICE_ID_SIZE)) {
			n->acked[i]++;
			n->order[n->ack_count++] = i;
		}
}

static void narrow_step(struct narrow *n, struct collector_input in)
{
	in.now = (struct when){ .wall_ms = INT64_C(1481220000000) + n->now_ms,
		.mono_ms = n->now_ms };
	in.under_way = n->under_way;
	collector_step(n->c, &in, narrow_effect, n);
}

static void narrow_commit(struct narrow *n)
{
	while (n->store_id) {
		int id = n->store_id;
		n->store_id = 0;
		for (size_t i = 0; i < n->stored; i++) {
			struct collector_input in = { .kind = COLLECT_CHAIN,
				.chain = n->chains[i] };
			ranges_add(&in.held, 1, 1);
			narrow_step(n, in);
		}
		narrow_step(n, (struct collector_input){ .kind = COLLECT_STORED, .id = id });
	}
}

static void narrow_entry(struct narrow *n, unsigned box)
{
	struct row row = chain_maker_entry(&n->makers[box], 100 + box);
	struct batch b = chain_maker_batch(&n->makers[box], &row, 1);
	struct topic t = { .kind = TOPIC_EV, .event = "e" };
	char name[TOPIC_SIZE];
	size_t len, used;
	memcpy(t.device, row.device, sizeof(t.device));
	topic_write(&t, name);
	char *text = message_write_batch(&b, &len, &used);
	assert_non_null(text);
	narrow_step(
		n, (struct collector_input){
			   .kind = COLLECT_MESSAGE, .topic = name, .payload = text, .size = len });
	free(text);
}

static void acknowledgements_wait_for_room_in_their_order(void **state)
{
	(void)state;
	static const char venues[1][ID_SIZE] = { "hall" };
	static const uint32_t capacities[1];
	struct narrow n = { .now_ms = 1000000 };
	struct collector_setup setup = { .event = "e",
		.venues = venues,
		.capacities = capacities,
		.venue_count = 1,
		.fleet_every_ms = 3600000,
		.under_way_max = NARROW_MOST };
	assert_int_equal(collector_open(&n.c, &setup), 0);
	for (unsigned i = 0; i < NARROW_BOXES; i++)
		chain_maker_open(&n.makers[i], (uint8_t)(i + 1), 5, "hall", "main");
	narrow_step(&n, (struct collector_input){ .kind = COLLECT_UP });
	n.under_way = 0;
	for (unsigned i = 0; i < NARROW_BOXES; i++)
		narrow_entry(&n, i);
	narrow_commit(&n);
	assert_int_equal(n.ack_count, NARROW_MOST);
	/* Full: time alone changes nothing. */
	n.now_ms += 2000;
	narrow_step(&n, (struct collector_input){ .kind = COLLECT_TICK });
	assert_int_equal(n.ack_count, NARROW_MOST);
	for (unsigned i = 0; i < NARROW_BOXES; i++) {
		n.under_way -= n.under_way > 0;
		narrow_step(&n, (struct collector_input){ .kind = COLLECT_TICK });
	}
	assert_int_equal(n.ack_count, NARROW_BOXES);
	for (unsigned i = 0; i < NARROW_BOXES; i++) {
		assert_int_equal(n.acked[i], 1);
		assert_int_equal(n.order[i], i);
		chain_maker_close(&n.makers[i]);
	}
	assert_true(collector_drained(n.c));
	collector_close(n.c);
}

/* Whoever sends what cannot be read is named, and why it is refused. */
static void what_cannot_be_read_is_told_of_its_sender(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum batch_wrong why;
	} cases[] = {
		{ "rubbish", BATCH_MESSAGE },
		{ "[1]", BATCH_MESSAGE },
		{ "{\"v\":1}", BATCH_MESSAGE },
		{ "{\"v\":2,\"rows\":[]}", BATCH_VERSION },
	};
	static const char venues[1][ID_SIZE] = { "hall" };
	static const uint32_t capacities[1];
	struct narrow n = { .now_ms = 1000000 };
	struct collector_setup setup = { .event = "e",
		.venues = venues,
		.capacities = capacities,
		.venue_count = 1,
		.under_way_max = NARROW_MOST };
	struct topic t = { .kind = TOPIC_EV, .event = "e", .device = "sixteen letters" };
	char name[TOPIC_SIZE];
	topic_write(&t, name);
	assert_int_equal(collector_open(&n.c, &setup), 0);
	narrow_step(&n, (struct collector_input){ .kind = COLLECT_UP });
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		n.refused = BATCH_GOOD;
		narrow_step(&n, (struct collector_input){ .kind = COLLECT_MESSAGE,
					.topic = name,
					.payload = cases[i].text,
					.size = strlen(cases[i].text) });
		assert_int_equal(n.refused, cases[i].why);
		assert_memory_equal(n.refused_of.device, t.device, sizeof(t.device));
	}
	collector_close(n.c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_reaches_the_collector),
		cmocka_unit_test(a_row_leaves_the_queue_only_when_it_is_committed),
		cmocka_unit_test(an_empty_collector_gets_everything),
		cmocka_unit_test(rows_of_a_lost_box_come_from_its_peers),
		cmocka_unit_test(a_backlog_drains_over_a_slow_link),
		cmocka_unit_test(backlogs_of_all_do_not_hold_up_the_acknowledgements),
		cmocka_unit_test(half_of_all_messages_lost_loses_nothing),
		cmocka_unit_test(a_restarted_collector_knows_what_it_had),
		cmocka_unit_test(everyone_sees_the_fleet),
		cmocka_unit_test(a_venue_without_entries_is_known_by_its_rows),
		cmocka_unit_test(who_moved_to_a_lost_box_has_left),
		cmocka_unit_test(a_silent_denial_is_told),
		cmocka_unit_test(a_collector_knows_whether_it_hears),
		cmocka_unit_test(a_collector_knows_what_is_missing),
		cmocka_unit_test(what_only_a_collector_has_comes_back),
		cmocka_unit_test(a_collector_gives_only_what_nobody_else_does),
		cmocka_unit_test(a_box_that_is_shut_out_is_not_heard),
		cmocka_unit_test(the_order_of_rows_changes_no_figure),
		cmocka_unit_test(acknowledgements_wait_for_room_in_their_order),
		cmocka_unit_test(what_cannot_be_read_is_told_of_its_sender),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
