/* Other venues, tickets that came in twice, and how the sync does: what volunteers see of them, and
 * that guests see nothing but a place with room. */
#include "door/fleet.h"
#include "tests/fake/desk_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE_MS 60000

static const struct desk_venue near_to_far[] = {
	{ "numa", { "Numa", "", 48.8, 2.3, 0 }, 2 },
	{ "schoollab", { "Schoollab", "", 48.8, 2.3, 5 }, 90 },
	{ "laruche", { "La Ruche", "", 48.8, 2.3, 20 }, 80 },
	{ "voisins", { "Les Grands Voisins", "", 48.8, 2.3, 47 }, 300 },
	{ "forum", { "Forum", "", 0, 0, 0 }, 0 },
};
#define VENUES 5

struct evening {
	struct bench b;
	struct fleet_venue fleet[VENUES];
};

static void open_evening(struct evening *v)
{
	struct desk_setup setup = bench_setup(2);
	memset(v, 0, sizeof(*v));
	setup.venues = near_to_far;
	setup.venue_count = VENUES;
	setup.fleet = v->fleet;
	bench_open(&v->b, &setup);
}

static void hear(struct evening *v, const char *id, int64_t present, int64_t aged_ms)
{
	struct fleet_venue f = { .known = true,
		.present = present,
		.last_ten = 12,
		.ten_before = 5,
		.heard_mono_ms = v->b.now.mono_ms,
		.aged_ms = aged_ms,
		.queued = 3,
		.boxes = 2,
		.boxes_lost = 1 };
	struct desk_event e = { .kind = DESK_FLEET, .fleet = { &f, 1 } };
	snprintf(f.id, sizeof(f.id), "%s", id);
	bench_step(&v->b, &e);
}

static void open_list(struct evening *v, enum control control)
{
	bench_open_session(&v->b);
	bench_tap(&v->b, control);
}

/* --- the fleet --- */

static void ages_never_go_back(void **state)
{
	static const struct {
		int64_t heard, aged, now, age;
	} cases[] = {
		{ 1000, 0, 1000, 0 },
		{ 1000, 500, 3000, 2500 },
		{ 5000, 0, 1000, 0 },       /* heard after now: another clock */
		{ 1000, -700, 3000, 2000 }, /* nothing is younger than when it was heard */
		{ 0, INT64_MAX, 1000, INT64_MAX },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct fleet_venue v = { .heard_mono_ms = cases[i].heard,
			.aged_ms = cases[i].aged };
		assert_int_equal(fleet_age_ms(&v, cases[i].now), cases[i].age);
	}
}

static void figures_carry_their_age(void **state)
{
	struct evening v;
	(void)state;
	open_evening(&v);
	hear(&v, "laruche", 39, 0);
	hear(&v, "schoollab", 88, 0);
	hear(&v, "nowhere", 1000, 0); /* of no event of ours */
	open_list(&v, CONTROL_FLEET);
	struct screen s = bench_screen(&v.b);
	assert_int_equal(s.id, SCREEN_FLEET);
	assert_int_equal(s.fleet_count, VENUES);
	assert_true(s.fleet[0].own && s.fleet[0].known && !s.fleet[0].stale);
	assert_string_equal(s.fleet[2].name, "La Ruche");
	assert_int_equal(s.fleet[2].present, 39);
	assert_int_equal(s.fleet[2].walk_min, 20);
	assert_int_equal(s.fleet[2].capacity_seats, 80);
	assert_int_equal(s.fleet[2].queued, 3);
	assert_false(s.fleet[2].stale);
	assert_false(s.fleet[3].known || s.fleet[4].known);
	assert_int_equal(s.fleet_total.present, 39 + 88);
	assert_int_equal(s.fleet_total.known, 3);
	assert_int_equal(s.fleet_total.venues, VENUES);
	assert_int_equal(s.fleet_total.seats, 0); /* the forum has no limit */
	v.b.now.mono_ms += FLEET_STALE_MS - 1;
	assert_false(bench_screen(&v.b).fleet[2].stale);
	v.b.now.mono_ms += 1;
	s = bench_screen(&v.b);
	assert_true(s.fleet[2].stale);
	assert_int_equal(s.fleet[2].age_min, 2);
	assert_int_equal(s.fleet_total.stale, 2);
	assert_false(s.fleet[0].stale); /* ours is counted here */
}

static void a_figure_may_be_old_when_it_comes(void **state)
{
	struct evening v;
	(void)state;
	open_evening(&v);
	hear(&v, "laruche", 39, FLEET_STALE_MS);
	open_list(&v, CONTROL_FLEET);
	assert_true(bench_screen(&v.b).fleet[2].stale);
}

static void without_a_session_there_is_no_fleet(void **state)
{
	struct evening v;
	(void)state;
	open_evening(&v);
	bench_tap(&v.b, CONTROL_FLEET);
	assert_int_equal(bench_screen(&v.b).id, SCREEN_SCAN);
	open_list(&v, CONTROL_FLEET);
	bench_pass(&v.b, DESK_STAFF_IDLE_MS);
	assert_int_equal(bench_screen(&v.b).id, SCREEN_SCAN);
}

static void back_leads_to_the_figures(void **state)
{
	struct evening v;
	(void)state;
	open_evening(&v);
	open_list(&v, CONTROL_FLEET);
	bench_tap(&v.b, CONTROL_BACK);
	assert_int_equal(bench_screen(&v.b).id, SCREEN_HEADCOUNT);
	assert_true(bench_screen(&v.b).has_fleet);
}

/* --- ten thousand --- */

#define MANY 10000

static struct desk_venue many[MANY];
static struct fleet_venue many_heard[MANY];
static uint32_t many_by_id[MANY];

static void open_many(struct bench *b)
{
	struct desk_setup setup = bench_setup(2);
	for (uint32_t i = 0; i < MANY; i++) {
		/* Listed by distance, which is not by name. */
		uint32_t name = i ? (i * 7919U) % MANY : 0;
		snprintf(many[i].id, sizeof(many[i].id), "%s%05u", i ? "v" : "numa", name);
		many[i].place = (struct screen_place){ "Lieu", "", 0, 0, i / 10 };
		many[i].capacity_seats = 100;
		many_by_id[name] = i;
	}
	strcpy(many[0].id, "numa"); /* sorts before all of them */
	memset(many_heard, 0, sizeof(many_heard));
	setup.venues = many;
	setup.venue_count = MANY;
	setup.venues_by_id = many_by_id;
	setup.fleet = many_heard;
	bench_open(b, &setup);
}

static void ten_thousand_venues_are_turned_through(void **state)
{
	static struct fleet_venue news[MANY];
	struct bench b;
	(void)state;
	open_many(&b);
	for (uint32_t i = 0; i < MANY; i++) {
		memset(&news[i], 0, sizeof(news[i]));
		memcpy(news[i].id, many[i].id, sizeof(news[i].id));
		news[i].known = true;
		news[i].present = i;
		news[i].heard_mono_ms = b.now.mono_ms;
	}
	struct desk_event e = { .kind = DESK_FLEET, .fleet = { news, MANY } };
	bench_step(&b, &e);
	bench_open_session(&b);
	bench_tap(&b, CONTROL_FLEET);
	uint32_t seen = 0;
	for (;;) {
		struct screen s = bench_screen(&b);
		assert_int_equal(s.list_first, seen);
		assert_int_equal(s.list_total, MANY);
		for (unsigned i = 0; i < s.fleet_count; i++)
			assert_int_equal(s.fleet[i].present, seen + i ? seen + i : 0);
		seen += s.fleet_count;
		if (seen == MANY)
			break;
		bench_tap(&b, CONTROL_LATER);
	}
	bench_tap(&b, CONTROL_LATER); /* there is none */
	assert_int_equal(bench_screen(&b).list_first, MANY - SCREEN_FLEET_MAX);
	bench_tap(&b, CONTROL_TEXT_SIZE); /* fewer on a page: the same place in the list */
	struct screen s = bench_screen(&b);
	assert_true(s.fleet_count && s.list_first <= MANY - SCREEN_FLEET_MAX);
	assert_true(s.list_first + s.list_rows > MANY - SCREEN_FLEET_MAX);
	bench_tap(&b, CONTROL_EARLIER);
	assert_int_equal(bench_screen(&b).list_first, s.list_first - s.list_rows);
}

/* --- a place with room --- */

static struct screen refused(struct evening *v, uint8_t code)
{
	bench_scan(&v->b, code);
	return bench_screen(&v->b);
}

static void fill_house(struct evening *v)
{
	bench_scan(&v->b, AMINA);
	bench_scan(&v->b, ZOE);
	bench_pass(&v->b, 20000); /* the answer to her has gone */
}

static void a_full_house_names_the_nearest_with_room(void **state)
{
	struct evening v;
	(void)state;
	open_evening(&v);
	fill_house(&v);
	hear(&v, "voisins", 122, 0);
	hear(&v, "laruche", 39, 0);
	hear(&v, "schoollab", 90, 0); /* nearer, and full */
	hear(&v, "numa", 0, 0);       /* ourselves are no way out */
	bench_tap(&v.b, CONTROL_NO_TICKET);
	bench_write_row(&v.b);
	struct screen s = bench_screen(&v.b);
	assert_int_equal(s.verdict, VERDICT_FULL);
	assert_string_equal(s.place.name, "La Ruche");
	assert_int_equal(s.place.walk_min, 20);
	assert_true(s.place_known);
	assert_int_equal(s.place_free, 41);
	assert_int_equal(s.link.state, LINK_OFF); /* nothing of the sync's for guests */
	assert_int_equal(s.fleet_count, 0);
}

static void nobody_is_sent_by_old_figures(void **state)
{
	struct evening v;
	(void)state;
	open_evening(&v);
	fill_house(&v);
	hear(&v, "laruche", 39, 0);
	v.b.now.mono_ms += FLEET_STALE_MS;
	hear(&v, "voisins", 122, FLEET_STALE_MS);
	bench_tap(&v.b, CONTROL_NO_TICKET);
	bench_write_row(&v.b);
	struct screen s = bench_screen(&v.b);
	assert_int_equal(s.verdict, VERDICT_FULL);
	assert_string_equal(s.place.name, "");
	assert_false(s.place_known);
	hear(&v, "forum", 500, 0); /* without a limit there is room, however far it is */
	bench_pass(&v.b, 20000);
	bench_tap(&v.b, CONTROL_NO_TICKET);
	bench_write_row(&v.b);
	s = bench_screen(&v.b);
	assert_string_equal(s.place.name, "Forum");
	assert_true(s.place_no_limit);
}

static void another_venues_seats_are_told_while_they_are_known(void **state)
{
	static const struct {
		int64_t present, aged_ms;
		bool known;
		uint32_t free;
	} cases[] = {
		{ 39, 0, true, 41 },
		{ 80, 0, true, 0 },
		{ 95, 0, true, 0 },
		{ -3, 0, true, 80 },
		{ 39, FLEET_STALE_MS, false, 0 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct evening v;
		open_evening(&v);
		hear(&v, "laruche", cases[i].present, cases[i].aged_ms);
		struct screen s = refused(&v, JEAN);
		assert_int_equal(s.verdict, VERDICT_WRONG_VENUE);
		assert_string_equal(s.place.name, "La Ruche");
		assert_int_equal(s.place_known, cases[i].known);
		assert_int_equal(s.place_free, cases[i].free);
		s = refused(&v, ADDRESS); /* the next guest's answer has none of it */
		assert_false(s.place_known || s.place_free);
	}
}

/* --- the sync and the pairs --- */

static void tell_pairs(struct evening *v, size_t count, uint32_t total)
{
	static struct pair pairs[SCREEN_PAIRS_MAX + 4];
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		pairs[i].first.at.wall_ms = OPENS_MS + (int64_t)i * MINUTE_MS;
		pairs[i].second.at.wall_ms = OPENS_MS + (int64_t)i * MINUTE_MS + 1000;
		strcpy(pairs[i].first.door, "nord");
		strcpy(pairs[i].second.door, "sud");
	}
	struct desk_event e = { .kind = DESK_PAIRS, .pairs = { pairs, count, total } };
	bench_step(&v->b, &e);
}

static void volunteers_see_how_the_sync_does(void **state)
{
	struct evening v;
	struct desk_event e = { .kind = DESK_LINK,
		.link = { .state = LINK_DOWN, .queued = 23, .since_ms = OPENS_MS, .twin = true } };
	(void)state;
	open_evening(&v);
	bench_step(&v.b, &e);
	tell_pairs(&v, 2, 2);
	struct screen s = bench_screen(&v.b);
	assert_int_equal(s.link.state, LINK_OFF); /* guests: nothing */
	assert_int_equal(s.pair_total, 0);
	bench_open_session(&v.b);
	s = bench_screen(&v.b);
	assert_int_equal(s.link.state, LINK_DOWN);
	assert_int_equal(s.link.queued, 23);
	assert_int_equal(s.pair_total, 2);
}

static void pairs_are_listed_and_corrected_by_hand(void **state)
{
	struct evening v;
	(void)state;
	open_evening(&v);
	fill_house(&v);
	open_list(&v, CONTROL_PAIRS); /* there are none */
	assert_int_equal(bench_screen(&v.b).id, SCREEN_HEADCOUNT);
	tell_pairs(&v, SCREEN_PAIRS_MAX + 4, 1000);
	bench_tap(&v.b, CONTROL_PAIRS);
	struct screen s = bench_screen(&v.b);
	assert_int_equal(s.id, SCREEN_PAIRS);
	assert_int_equal(s.pair_total, 1000);
	assert_int_equal(s.list_total, SCREEN_PAIRS_MAX);
	assert_string_equal(s.pairs[1].first_door, "nord");
	assert_string_equal(s.pairs[1].second_door, "sud");
	assert_int_equal(s.pairs[1].first.wall_ms, OPENS_MS + MINUTE_MS);
	bench_tap(&v.b, CONTROL_MINUS);
	assert_int_equal(v.b.request.kind, ROW_ADJUST);
	assert_int_equal(v.b.request.amount, -1);
	bench_write_row(&v.b);
	s = bench_screen(&v.b);
	assert_int_equal(s.id, SCREEN_PAIRS);
	assert_int_equal(headcount_present(&s.count), 1);
	/* The list may become shorter while its last page is looked at. */
	bench_tap(&v.b, CONTROL_LATER);
	bench_tap(&v.b, CONTROL_LATER);
	tell_pairs(&v, 1, 1);
	s = bench_screen(&v.b);
	assert_int_equal(s.list_first, 0);
	assert_int_equal(s.pair_count, 1);
	tell_pairs(&v, 0, 0);
	assert_int_equal(bench_screen(&v.b).pair_count, 0);
}

/* --- the stick --- */

static void tell_stick(struct evening *v, enum stick_state state)
{
	struct desk_event e = { .kind = DESK_STICK,
		.stick = { .state = state, .rows = 3, .total = 9, .last_seq = 3 } };
	bench_step(&v->b, &e);
}

static void only_volunteers_copy_the_log(void **state)
{
	struct evening v;
	(void)state;
	open_evening(&v);
	tell_stick(&v, STICK_READY);
	assert_int_equal(bench_screen(&v.b).stick.state, STICK_NONE); /* guests: nothing */
	bench_tap(&v.b, CONTROL_STICK);
	bench_tap(&v.b, CONTROL_COPY);
	assert_int_equal(bench_screen(&v.b).id, SCREEN_SCAN);
	assert_false(v.b.fx.set & EFFECT_COPY);
	bench_open_session(&v.b);
	assert_int_equal(bench_screen(&v.b).stick.state, STICK_READY);
	bench_tap(&v.b, CONTROL_STICK);
	assert_int_equal(bench_screen(&v.b).id, SCREEN_STICK);
	bench_tap(&v.b, CONTROL_COPY);
	assert_true(v.b.fx.set & EFFECT_COPY);
}

static void a_copy_is_asked_for_when_it_can_be_made(void **state)
{
	struct evening v;
	(void)state;
	open_evening(&v);
	tell_stick(&v, STICK_READY);
	bench_open_session(&v.b);
	bench_tap(&v.b, CONTROL_STICK);
	for (int s = 0; s < STICK_STATES; s++) {
		bool can = s != STICK_NONE && s != STICK_COPYING && s != STICK_MIRROR;
		tell_stick(&v, (enum stick_state)s);
		assert_int_equal(bench_screen(&v.b).stick.state, s);
		bench_tap(&v.b, CONTROL_COPY);
		assert_int_equal((v.b.fx.set & EFFECT_COPY) != 0, can);
	}
	bench_tap(&v.b, CONTROL_BACK);
	assert_int_equal(bench_screen(&v.b).id, SCREEN_HEADCOUNT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ages_never_go_back),
		cmocka_unit_test(figures_carry_their_age),
		cmocka_unit_test(a_figure_may_be_old_when_it_comes),
		cmocka_unit_test(without_a_session_there_is_no_fleet),
		cmocka_unit_test(back_leads_to_the_figures),
		cmocka_unit_test(ten_thousand_venues_are_turned_through),
		cmocka_unit_test(a_full_house_names_the_nearest_with_room),
		cmocka_unit_test(nobody_is_sent_by_old_figures),
		cmocka_unit_test(another_venues_seats_are_told_while_they_are_known),
		cmocka_unit_test(volunteers_see_how_the_sync_does),
		cmocka_unit_test(pairs_are_listed_and_corrected_by_hand),
		cmocka_unit_test(only_volunteers_copy_the_log),
		cmocka_unit_test(a_copy_is_asked_for_when_it_can_be_made),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
