#include "tests/fake/doors.h"

#include "base/cc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_ticket_is_known_at_the_other_door_at_once(void **state)
{
	(void)state;
	struct doors *d = doors_open(2, 0, REACH_EVENT);
	doors_up_first(d, 2);
	doors_run(d, 5000);
	doors_enter(d, 0, 7);
	assert_false(doors_has_ticket(d, 1, 7));
	doors_run(d, 200);
	assert_true(doors_has_ticket(d, 1, 7));
	doors_close(d);
}

static void also_while_a_backlog_drains(void **state)
{
	(void)state;
	struct doors *d = doors_open(2, 0, REACH_VENUE);
	doors_set_latency(d, 150);
	for (unsigned i = 0; i < 1000; i++)
		doors_enter(d, 0, 1000 + i);
	doors_up_first(d, 2);
	doors_run(d, 1500);
	assert_true(doors_rows(d, 1) < 1000);
	doors_enter(d, 0, 7);
	doors_run(d, 1500);
	assert_true(doors_has_ticket(d, 1, 7));
	doors_run(d, 60000);
	assert_int_equal(doors_rows(d, 1), 1001);
	doors_close(d);
}

static void what_was_written_while_apart_is_exchanged(void **state)
{
	(void)state;
	struct doors *d = doors_open(3, 0, REACH_EVENT);
	for (unsigned i = 0; i < 70; i++) {
		doors_enter(d, 0, 100 + i);
		doors_enter(d, 1, 200 + i);
	}
	doors_up(d, 0);
	doors_run(d, 5000);
	/* This one hears nothing of what has been said. */
	doors_up(d, 1);
	doors_up(d, 2);
	doors_run(d, 60000);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(doors_rows(d, i), 140);
	doors_close(d);
}

static void what_a_lost_box_had_is_handed_on(void **state)
{
	(void)state;
	struct doors *d = doors_open(4, 0, REACH_EVENT);
	doors_up(d, 0);
	doors_up(d, 1);
	for (unsigned i = 0; i < 120; i++)
		doors_enter(d, 0, 100 + i);
	doors_run(d, 30000);
	assert_int_equal(doors_rows(d, 1), 120);
	doors_down(d, 0);
	doors_up(d, 2);
	doors_up(d, 3);
	size_t bytes;
	size_t before = doors_published(d, "/ev", &bytes);
	doors_run(d, 60000);
	assert_int_equal(doors_rows(d, 2), 120);
	assert_int_equal(doors_rows(d, 3), 120);
	/* Once, for both. */
	assert_true(doors_published(d, "/ev", &bytes) - before <= 6);
	doors_close(d);
}

static void a_third_of_all_messages_lost_loses_nothing(void **state)
{
	(void)state;
	struct doors *d = doors_open(4, 0, REACH_EVENT);
	doors_set_loss(d, 3);
	doors_up_first(d, 4);
	for (unsigned i = 0; i < 200; i++) {
		doors_enter(d, i % 4, 100 + i);
		doors_run(d, 300);
	}
	doors_run(d, 600000);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(doors_rows(d, i), 200);
	doors_close(d);
}

static void a_quiet_night_is_quiet(void **state)
{
	(void)state;
	size_t bytes, before;
	struct doors *d = doors_open(4, 0, REACH_EVENT);
	doors_up_first(d, 4);
	for (unsigned i = 0; i < 100; i++)
		doors_enter(d, i % 4, 100 + i);
	doors_run(d, 120000);
	before = doors_published(d, "", &bytes);
	doors_run(d, 600000);
	size_t said = doors_published(d, "", &bytes) - before;
	print_message("%d messages in ten quiet minutes of four boxes\n", (int)said);
	assert_true(said <= 4 * (10 + 27));
	before = doors_published(d, "/ev", &bytes);
	doors_run(d, 600000);
	assert_int_equal(doors_published(d, "/ev", &bytes), before);
	doors_close(d);
}

static void a_venue_hears_only_its_own(void **state)
{
	(void)state;
	struct doors *d = doors_open(4, 0, REACH_VENUE);
	doors_up_first(d, 4);
	doors_run(d, 10000);
	doors_enter(d, 0, 7);
	doors_enter(d, 2, 8);
	doors_run(d, 60000);
	assert_true(doors_has_ticket(d, 1, 7) && doors_has_ticket(d, 3, 8));
	assert_false(doors_has_ticket(d, 2, 7) || doors_has_ticket(d, 3, 7));
	assert_false(doors_has_ticket(d, 0, 8) || doors_has_ticket(d, 1, 8));
	assert_int_equal(doors_status(d, 0).doors, 1);
	doors_close(d);
}

static void the_fleet_is_seen_without_a_collector(void **state)
{
	(void)state;
	const struct fleet_venue *v;
	struct doors *d = doors_open(4, 0, REACH_VENUE);
	doors_up_first(d, 4);
	for (unsigned i = 0; i < 10; i++)
		doors_enter(d, i % 2, 100 + i);
	doors_run(d, 20000);
	/* Three of venue 0 walk over to venue 1. */
	for (unsigned i = 0; i < 3; i++)
		doors_move(d, 2, 100 + i, 0);
	doors_leave(d, 3, 100);
	doors_run(d, 20000);
	assert_int_equal(sync_fleet(doors_box(d, 2), &v), 2);
	assert_string_equal(v[0].id, "venue-0");
	assert_true(v[0].known && v[1].known);
	assert_int_equal(v[0].present, 7);
	assert_int_equal(v[0].entries, 10);
	assert_int_equal(v[0].boxes, 2);
	assert_int_equal(v[1].present, 2);
	assert_true(fleet_age_ms(&v[0], doors_now(d)) < 70000);
	doors_close(d);
}

static void old_news_is_old(void **state)
{
	(void)state;
	const struct fleet_venue *v;
	struct doors *d = doors_open(4, 0, REACH_VENUE);
	doors_up(d, 0);
	doors_enter(d, 0, 7);
	doors_run(d, 10000);
	doors_down(d, 0);
	doors_run(d, 3600000);
	/* All that this one ever hears is what the broker has kept. */
	doors_up(d, 2);
	doors_run(d, 10000);
	(void)sync_fleet(doors_box(d, 2), &v);
	assert_true(v[0].known);
	assert_int_equal(v[0].entries, 1);
	assert_true(fleet_age_ms(&v[0], doors_now(d)) >= 3590000);
	assert_int_equal(v[0].boxes_lost, 1);
	doors_close(d);
}

/* A collector's page, as it was when the collector's clock had `ago_ms` less than ours. */
static void say_fleet(struct doors *d, int64_t ago_ms, uint64_t entries, int64_t aged_ms)
{
	static struct message_fleet m;
	struct topic t = { .kind = TOPIC_FLEET, .event = DOORS_EVENT };
	char topic[TOPIC_SIZE];
	size_t len;
	memset(&m, 0, sizeof(m));
	memset(m.collector, 0xcc, sizeof(m.collector));
	m.wall_ms = DOORS_START + doors_now(d) - ago_ms;
	m.pages = m.count = 1;
	m.at[0] = (struct fleet_venue){ .known = true, .entries = entries, .aged_ms = aged_ms };
	doors_venue(2, m.at[0].id);
	topic_write(&t, topic);
	char *text = message_write_fleet(&m, &len);
	doors_say(d, topic, text, len);
	free(text);
	doors_run(d, 2000);
}

static int64_t age_seen(struct doors *d, uint64_t entries)
{
	const struct fleet_venue *v;
	(void)sync_fleet(doors_box(d, 0), &v);
	assert_true(v[1].known);
	assert_int_equal(v[1].entries, entries);
	return fleet_age_ms(&v[1], doors_now(d));
}

static void a_summary_that_waited_is_as_old_as_it_is(void **state)
{
	(void)state;
	struct doors *d = doors_open(4, 0, REACH_VENUE);
	doors_up(d, 0);
	/* A session's queue at the broker: what is older comes last, and was young then. */
	say_fleet(d, 20000, 5, 100000);
	say_fleet(d, 140000, 5, 4000);
	assert_in_range(age_seen(d, 5), 120000, 130000);
	say_fleet(d, 0, 6, 1000);
	assert_in_range(age_seen(d, 6), 1000, 10000);
	/* Also where it waited for less than clocks may be apart. */
	doors_run(d, 200000);
	say_fleet(d, 100000, 7, 1000);
	assert_in_range(age_seen(d, 7), 101000, 110000);
	doors_close(d);
}

static void a_collector_with_a_wrong_clock_is_believed_once_it_is_known(void **state)
{
	(void)state;
	struct doors *d = doors_open(4, 0, REACH_VENUE);
	doors_up(d, 0);
	say_fleet(d, 3600000, 5, 0);
	assert_true(age_seen(d, 5) >= 3600000);
	for (int i = 0; i < 12; i++)
		say_fleet(d, 3600000, 5, 0);
	assert_true(age_seen(d, 5) < 10000);
	/* From then on each page, but not one that waited. */
	say_fleet(d, 3600000, 6, 0);
	assert_true(age_seen(d, 6) < 10000);
	doors_run(d, 200000);
	say_fleet(d, 3600000 + 190000, 6, 0);
	assert_true(age_seen(d, 6) > FLEET_STALE_MS);
	doors_close(d);
}

/* What a box of another venue said `ago_ms` ago, when it knew of `stamp`. */
static void say_count(struct doors *d, int64_t ago_ms, uint64_t stamp, uint64_t queued)
{
	static struct message_count m;
	struct topic t = { .kind = TOPIC_COUNT, .event = DOORS_EVENT };
	char topic[TOPIC_SIZE];
	size_t len;
	memset(&m, 0, sizeof(m));
	doors_venue(2, m.venue);
	doors_venue(2, m.door);
	m.wall_ms = DOORS_START + doors_now(d) - ago_ms;
	m.trust = TRUST_FREE;
	m.stamp = stamp;
	m.queued = queued;
	memset(t.device, 0xbb, sizeof(t.device));
	topic_write(&t, topic);
	char *text = message_write_count(&m, &len);
	doors_say(d, topic, text, len);
	free(text);
	doors_run(d, 2000);
}

static void who_lost_its_rows_is_heard_again(void **state)
{
	(void)state;
	const struct fleet_venue *v;
	struct doors *d = doors_open(4, 0, REACH_VENUE);
	doors_up(d, 0);
	say_count(d, 0, UINT64_C(1481220000000) << 16, 3);
	doors_run(d, 200000);
	/* A restart without the rows, and with them went the stamp. */
	say_count(d, 0, 0, 4);
	assert_in_range(age_seen(d, 0), 1000, 10000);
	(void)sync_fleet(doors_box(d, 0), &v);
	assert_int_equal(v[1].queued, 4);
	/* What both say is of before, is. */
	say_count(d, 0, UINT64_C(1481220000001) << 16, 5);
	say_count(d, 50000, UINT64_C(1481220000000) << 16, 6);
	(void)sync_fleet(doors_box(d, 0), &v);
	assert_int_equal(v[1].queued, 5);
	doors_close(d);
}

static void a_wrong_clock_is_told(void **state)
{
	(void)state;
	struct doors *d = doors_open(3, 0, REACH_EVENT);
	doors_set_clock(d, 2, -3600000);
	doors_up_first(d, 3);
	doors_run(d, 120000);
	int64_t off = doors_status(d, 2).clock_off_ms;
	assert_true(off < -3590000 && off > -3610000);
	assert_int_equal(doors_status(d, 0).clock_off_ms, 0);
	assert_int_equal(doors_status(d, 1).clock_off_ms, 0);
	/* Its figures are not taken for old because of it. */
	const struct fleet_venue *v;
	(void)sync_fleet(doors_box(d, 0), &v);
	assert_true(fleet_age_ms(&v[1], doors_now(d)) < 70000);
	doors_set_clock(d, 2, 0);
	doors_run(d, 120000);
	assert_int_equal(doors_status(d, 2).clock_off_ms, 0);
	doors_close(d);
}

static void stamps_of_others_are_passed_on(void **state)
{
	(void)state;
	struct doors *d = doors_open(2, 0, REACH_EVENT);
	doors_set_clock(d, 0, 7200000);
	doors_up_first(d, 2);
	doors_enter(d, 0, 7);
	doors_run(d, 5000);
	assert_true(doors_latest(d, 1) == doors_latest(d, 0));
	doors_close(d);
}

static void a_box_that_was_rolled_back_begins_a_new_epoch(void **state)
{
	(void)state;
	struct doors *d = doors_open(3, 0, REACH_EVENT);
	doors_up_first(d, 3);
	for (unsigned i = 0; i < 10; i++)
		doors_enter(d, 0, 100 + i);
	doors_run(d, 30000);
	/* The disk is yesterday's; what was lost comes back from the others, under its old epoch.
	 */
	doors_down(d, 0);
	doors_roll_back(d, 0, 4);
	doors_restart(d, 0);
	doors_enter(d, 0, 200);
	doors_up(d, 0);
	doors_run(d, 120000);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(doors_rows(d, i), 11);
	assert_true(doors_has_ticket(d, 0, 109));
	doors_close(d);
}

static void what_is_not_ours_is_refused_calmly(void **state)
{
	(void)state;
	struct doors *d = doors_open(2, 0, REACH_EVENT);
	struct sync_box *s = doors_box(d, 0);
	doors_up_first(d, 2);
	doors_enter(d, 1, 7);
	doors_run(d, 5000);
	uint8_t device[DEVICE_ID_SIZE];
	struct topic t = { .kind = TOPIC_EV, .event = DOORS_EVENT };
	char topic[TOPIC_SIZE];
	doors_device(d, 1, device);
	memcpy(t.device, device, sizeof(device));
	topic_write(&t, topic);
	doors_say(d, topic, "{\"v\":2}", 7);
	doors_say(d, topic, "hello", 5);
	size_t len;
	char *ev = doors_ev_of(d, 1, 1, 1, &len);
	char *signature = strstr(ev, "\"signature\":\"") + 13;
	*signature = *signature == '0' ? '1' : '0';
	doors_say(d, topic, ev, len);
	free(ev);
	doors_run(d, 1000);
	assert_int_equal(sync_refused(s, SYNC_REFUSED_VERSION), 1);
	assert_int_equal(sync_refused(s, SYNC_REFUSED_FORM), 1);
	assert_int_equal(sync_refused(s, SYNC_REFUSED_BATCH), 1);
	assert_int_equal(doors_rows(d, 0), 1);
	doors_close(d);
}

static void drop_effect(void *context, const struct sync_effect *e)
{
	(void)context, (void)e;
}

static void nobody_fills_the_disk_with_rows(void **state)
{
	(void)state;
	struct doors *d = doors_open(3, 0, REACH_EVENT);
	struct sync_box *s = doors_box(d, 0);
	struct sync_input in = { .kind = SYNC_CHAIN, .chain.epoch = 900 };
	ranges_add(&in.held, 1, SYNC_DEVICE_ROWS_MAX - 1);
	doors_device(d, 1, in.chain.device);
	sync_box_step(s, &in, drop_effect, NULL);
	doors_up_first(d, 3);
	doors_run(d, 10000);
	/* The last that it may have, one too many, and another box's. */
	doors_enter(d, 1, 7);
	doors_run(d, 1000);
	doors_enter(d, 1, 8);
	doors_enter(d, 2, 9);
	doors_run(d, 1000);
	assert_true(doors_has_ticket(d, 0, 7));
	assert_false(doors_has_ticket(d, 0, 8));
	assert_true(doors_has_ticket(d, 0, 9));
	assert_true(sync_refused(s, SYNC_REFUSED_FULL) > 0);
	assert_true(doors_has_ticket(d, 2, 8));
	/* Ten others who claim as much: then nobody's are taken. */
	for (uint8_t i = 0; i < SYNC_ROWS_MAX / SYNC_DEVICE_ROWS_MAX; i++) {
		memset(in.chain.device, 0xa0 + i, sizeof(in.chain.device));
		sync_box_step(s, &in, drop_effect, NULL);
	}
	doors_enter(d, 2, 10);
	doors_run(d, 1000);
	assert_false(doors_has_ticket(d, 0, 10));
	doors_close(d);
}

static void a_twin_is_noticed(void **state)
{
	(void)state;
	struct doors *d = doors_open(2, 0, REACH_EVENT);
	doors_up_first(d, 2);
	doors_run(d, 60000);
	static struct message_chains have;
	struct topic t = { .kind = TOPIC_HAVE, .event = DOORS_EVENT };
	char topic[TOPIC_SIZE];
	doors_venue(0, t.venue);
	doors_device(d, 0, t.device);
	topic_write(&t, topic);
	memcpy(have.sender, t.device, sizeof(have.sender));
	have.epoch = 77;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(doors_status(d, 0).twin, i == 2);
		size_t len;
		have.wall_ms = DOORS_START + doors_now(d);
		char *text = message_write_chains(&have, &len);
		doors_say(d, topic, text, len);
		free(text);
		doors_run(d, 30000);
	}
	assert_true(doors_status(d, 0).twin);
	assert_false(doors_status(d, 1).twin);
	doors_close(d);
}

/* A box that is one of us, and lies. */
static void say_have(struct doors *d, const struct message_chains *have)
{
	struct topic t = { .kind = TOPIC_HAVE, .event = DOORS_EVENT };
	char topic[TOPIC_SIZE];
	size_t len;
	doors_venue(0, t.venue);
	memcpy(t.device, have->sender, sizeof(t.device));
	topic_write(&t, topic);
	char *text = message_write_chains(have, &len);
	doors_say(d, topic, text, len);
	free(text);
}

static void chains_that_nobody_has_shown_give_way(void **state)
{
	(void)state;
	struct doors *d = doors_open(3, 0, REACH_EVENT);
	static struct message_chains have;
	memset(&have, 0, sizeof(have));
	memset(have.sender, 0xbb, sizeof(have.sender));
	have.epoch = 77;
	doors_up(d, 0);
	doors_up(d, 1);
	doors_enter(d, 0, 1);
	doors_run(d, 1000);
	for (uint32_t epoch = 1; epoch <= SYNC_CHAINS_MAX; epoch++) {
		struct message_chain *c = &have.at[have.count++];
		memset(c->chain.device, 0xcc, sizeof(c->chain.device));
		c->chain.epoch = epoch;
		c->have.count = 0;
		ranges_add(&c->have, 1, 5);
		if (have.count < MESSAGE_CHAINS_MAX)
			continue;
		say_have(d, &have);
		have.count = 0;
		doors_run(d, 20);
	}
	doors_enter(d, 2, 9);
	doors_up(d, 2);
	doors_run(d, 30000);
	assert_true(doors_has_ticket(d, 0, 9));
	assert_true(doors_has_ticket(d, 1, 9));
	assert_true(doors_has_ticket(d, 2, 1));
	doors_close(d);
}

static void a_liar_does_not_have_us_begin_again_and_again(void **state)
{
	(void)state;
	struct doors *d = doors_open(2, 0, REACH_EVENT);
	static struct message_chains have;
	doors_up_first(d, 2);
	doors_run(d, 5000);
	for (unsigned i = 0; i < 100; i++) {
		memset(&have, 0, sizeof(have));
		memset(have.sender, 0xbb, sizeof(have.sender));
		have.epoch = 77;
		have.count = 1;
		have.at[0].chain = doors_chain(d, 0);
		ranges_add(&have.at[0].have, 1, 1000);
		say_have(d, &have);
		doors_run(d, 1000);
	}
	assert_in_range(doors_new_epochs(d, 0), 1, 2);
	doors_enter(d, 0, 7);
	doors_run(d, 1000);
	assert_true(doors_has_ticket(d, 1, 7));
	doors_close(d);
}

static void a_restart_sends_what_no_collector_has(void **state)
{
	(void)state;
	struct doors *d = doors_open(2, 0, REACH_EVENT);
	doors_up(d, 0);
	for (unsigned i = 0; i < 60; i++)
		doors_enter(d, 0, 100 + i);
	doors_run(d, 5000);
	doors_restart(d, 0);
	doors_restart(d, 1);
	doors_up_first(d, 2);
	doors_run(d, 5000);
	assert_int_equal(doors_rows(d, 1), 60);
	assert_int_equal(doors_status(d, 0).queued, 60);
	doors_close(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ticket_is_known_at_the_other_door_at_once),
		cmocka_unit_test(also_while_a_backlog_drains),
		cmocka_unit_test(what_was_written_while_apart_is_exchanged),
		cmocka_unit_test(what_a_lost_box_had_is_handed_on),
		cmocka_unit_test(a_third_of_all_messages_lost_loses_nothing),
		cmocka_unit_test(a_quiet_night_is_quiet),
		cmocka_unit_test(a_venue_hears_only_its_own),
		cmocka_unit_test(the_fleet_is_seen_without_a_collector),
		cmocka_unit_test(old_news_is_old),
		cmocka_unit_test(a_summary_that_waited_is_as_old_as_it_is),
		cmocka_unit_test(a_collector_with_a_wrong_clock_is_believed_once_it_is_known),
		cmocka_unit_test(who_lost_its_rows_is_heard_again),
		cmocka_unit_test(a_wrong_clock_is_told),
		cmocka_unit_test(stamps_of_others_are_passed_on),
		cmocka_unit_test(a_box_that_was_rolled_back_begins_a_new_epoch),
		cmocka_unit_test(what_is_not_ours_is_refused_calmly),
		cmocka_unit_test(nobody_fills_the_disk_with_rows),
		cmocka_unit_test(a_twin_is_noticed),
		cmocka_unit_test(chains_that_nobody_has_shown_give_way),
		cmocka_unit_test(a_liar_does_not_have_us_begin_again_and_again),
		cmocka_unit_test(a_restart_sends_what_no_collector_has),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
