/* Guests by name: who may search, what is asked and shown, the row that a touch asks for, and that
 * nothing of a name stays. */
#include "base/cc.h"
#include "tests/fake/desk_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define HAS(b, effect) (((b)->fx.set & (effect)) != 0)

static struct desk_found somebody(uint8_t code, const char *name)
{
	struct desk_found f = { .ticket = { .kind = TICKET_SIGNED, .hash = { code } },
		.type = "Pass jeune" };
	strcpy(f.ticket.name, name);
	return f;
}

static void type_name(struct bench *b, const char *letters)
{
	for (; *letters; letters++) {
		struct desk_event e = { .kind = DESK_TYPED };
		e.typed[0] = *letters;
		bench_step(b, &e);
	}
}

static void answer(struct bench *b, const struct desk_found *found, uint8_t count, uint32_t total)
{
	struct desk_event e = { .kind = DESK_FOUND };
	e.found.at = found;
	e.found.count = count;
	e.found.total = total;
	bench_step(b, &e);
}

static void open_search(struct bench *b)
{
	b->has_names = true;
	bench_open_session(b);
	bench_tap(b, CONTROL_SEARCH);
	assert_int_equal(bench_screen(b).id, SCREEN_SEARCH);
}

/* Nothing that was typed or found is anywhere in the desk. */
static void assert_wiped(const struct bench *b)
{
	static const struct screen none;
	assert_memory_equal(b->d.screen.found, none.found, sizeof(none.found));
	assert_string_equal(b->d.screen.keyboard.text, "");
	assert_null(memmem(&b->d, sizeof(b->d), "Amina", 5));
	assert_null(memmem(&b->d, sizeof(b->d), "Pass jeune", 10));
}

static void without_names_there_is_no_search(void **state)
{
	struct bench b;
	(void)state;
	bench_open_door(&b);
	bench_open_session(&b);
	assert_false(bench_screen(&b).can_search);
	bench_tap(&b, CONTROL_SEARCH);
	assert_int_equal(bench_screen(&b).id, SCREEN_HEADCOUNT);
}

static void guests_cannot_search(void **state)
{
	struct bench b;
	(void)state;
	bench_open_door(&b);
	b.has_names = true;
	bench_tap(&b, CONTROL_SEARCH);
	assert_int_equal(bench_screen(&b).id, SCREEN_SCAN);
	bench_press(&b, BUTTON_VOLUNTEER);
	bench_tap(&b, CONTROL_SEARCH);
	assert_int_equal(bench_screen(&b).id, SCREEN_PIN);
	bench_type(&b, "2468");
	bench_tap(&b, CONTROL_ENTER);
	bench_answer_pin(&b, false);
	assert_false(HAS(&b, EFFECT_STAFF_OVER)); /* nothing was opened */
	assert_false(bench_screen(&b).can_search);
}

static void what_is_typed_is_searched_one_at_a_time(void **state)
{
	struct bench b;
	struct desk_found one = somebody(AMINA, "Amina");
	(void)state;
	bench_open_door(&b);
	open_search(&b);
	type_name(&b, "a");
	assert_true(HAS(&b, EFFECT_SEARCH));
	assert_string_equal(b.fx.search, "a");
	type_name(&b, "m");
	assert_false(HAS(&b, EFFECT_SEARCH));
	type_name(&b, "i");
	assert_false(HAS(&b, EFFECT_SEARCH));
	answer(&b, &one, 1, 30); /* of "a": too late */
	assert_true(HAS(&b, EFFECT_SEARCH));
	assert_string_equal(b.fx.search, "ami");
	assert_int_equal(bench_screen(&b).found_count, 0);
	assert_true(bench_screen(&b).found_pending);
	answer(&b, &one, 1, 1);
	struct screen s = bench_screen(&b);
	assert_int_equal(s.found_count, 1);
	assert_int_equal(s.found_total, 1);
	assert_false(s.found_pending);
	assert_string_equal(s.found[0].name, "Amina");
	assert_string_equal(s.found[0].type, "Pass jeune");
	assert_int_equal(s.found[0].state, FOUND_NOT_YET);
	answer(&b, &one, 1, 7); /* nobody has asked */
	assert_int_equal(bench_screen(&b).found_total, 1);
}

static void the_list_says_who_is_in(void **state)
{
	struct bench b;
	struct desk_found four[4];
	(void)state;
	for (uint8_t i = 0; i < 4; i++)
		four[i] = somebody(i, "Amina");
	four[1].prior = (struct prior){ .last = DIRECTION_IN,
		.wall_ms = OPENS_MS,
		.trust = TRUST_SYNCED,
		.venue = "numa",
		.door = "north" };
	four[2].prior = four[1].prior;
	four[2].prior.last = DIRECTION_OUT;
	strcpy(four[2].prior.venue, "laruche");
	four[3].prior = four[1].prior;
	four[3].ticket.revoked = true;
	bench_open_door(&b);
	open_search(&b);
	bench_tap(&b, CONTROL_FIND); /* nobody yet */
	assert_false(bench_screen(&b).found_list);
	type_name(&b, "am");
	answer(&b, four, 4, 4);
	answer(&b, four, 4, 4);
	bench_tap(&b, CONTROL_FIND);
	struct screen s = bench_screen(&b);
	assert_true(s.found_list);
	assert_int_equal(s.found[1].state, FOUND_IN);
	assert_int_equal(s.found[1].at.wall_ms, OPENS_MS);
	assert_string_equal(s.found[1].door, "north");
	assert_null(s.found[1].venue);
	assert_int_equal(s.found[2].state, FOUND_OUT);
	assert_string_equal(s.found[2].venue, "La Ruche");
	assert_int_equal(s.found[3].state, FOUND_REVOKED);
	type_name(&b, "x"); /* there is no keyboard now */
	assert_false(HAS(&b, EFFECT_SEARCH));
	bench_tap(&b, CONTROL_BACK);
	assert_false(bench_screen(&b).found_list);
	assert_int_equal(bench_screen(&b).id, SCREEN_SEARCH);
	bench_tap(&b, CONTROL_BACK);
	assert_int_equal(bench_screen(&b).id, SCREEN_HEADCOUNT);
	assert_wiped(&b);
}

static void list(struct bench *b, const struct desk_found *found)
{
	type_name(b, "am");
	answer(b, found, 1, 1);
	answer(b, found, 1, 1);
	bench_tap(b, CONTROL_FIND);
	assert_true(bench_screen(b).found_list);
}

/* By the rules of every ticket, and green only once it is durable. */
static void a_touch_asks_for_the_row(void **state)
{
	struct bench b;
	struct desk_found one = somebody(AMINA, "Amina");
	(void)state;
	bench_open_door(&b);
	open_search(&b);
	list(&b, &one);
	bench_tap(&b, CONTROL_FOUND_0 + 1); /* there is one */
	assert_false(HAS(&b, EFFECT_RECORD));
	bench_tap(&b, CONTROL_FOUND_0);
	assert_true(HAS(&b, EFFECT_RECORD));
	assert_int_equal(b.request.kind, ROW_SCAN);
	assert_int_equal(b.request.source, SOURCE_TOUCH);
	assert_string_equal(b.request.operator, "volunteer");
	assert_true(b.request.found);
	assert_false(b.request.override);
	assert_int_equal(bench_lamps(&b) & LAMP_GREEN, 0);
	bench_tap(&b, CONTROL_FOUND_0); /* a second finger */
	assert_false(HAS(&b, EFFECT_RECORD));
	bench_write_row(&b);
	assert_int_equal(b.last, VERDICT_ADMIT);
	assert_true(bench_lamps(&b) & LAMP_GREEN);
	assert_int_equal(bench_screen(&b).id, SCREEN_RESULT);
	assert_true(HAS(&b, EFFECT_FORGET));
	static const struct screen none;
	assert_memory_equal(b.d.screen.found, none.found, sizeof(none.found));
	bench_tap(&b, CONTROL_OK);
	assert_int_equal(bench_screen(&b).id, SCREEN_HEADCOUNT);
	bench_tap(&b, CONTROL_SEARCH);
	list(&b, &one);
	bench_tap(&b, CONTROL_FOUND_0);
	bench_write_row(&b);
	assert_int_equal(b.last, VERDICT_ALREADY_IN);
	assert_int_equal(bench_lamps(&b) & LAMP_GREEN, 0);
}

static void a_row_that_fails_is_no_green(void **state)
{
	struct bench b;
	struct desk_found one = somebody(AMINA, "Amina");
	(void)state;
	bench_open_door(&b);
	open_search(&b);
	list(&b, &one);
	bench_tap(&b, CONTROL_FOUND_0);
	bench_fail_row(&b, FAULT_STORE_FULL);
	assert_int_equal(bench_screen(&b).id, SCREEN_FAULT);
	assert_int_equal(bench_lamps(&b) & LAMP_GREEN, 0);
	assert_wiped(&b);
}

/* The refused guest is let in as one whose code was read: by the same ticket. */
static void a_refused_guest_can_be_let_in(void **state)
{
	struct bench b;
	struct desk_found jean = somebody(JEAN, "Jean");
	(void)state;
	bench_open_door(&b);
	open_search(&b);
	list(&b, &jean);
	bench_tap(&b, CONTROL_FOUND_0);
	bench_write_row(&b);
	assert_int_equal(b.last, VERDICT_WRONG_VENUE);
	assert_true(bench_screen(&b).can_override);
	bench_tap(&b, CONTROL_OVERRIDE);
	assert_true(b.asked);
	assert_true(b.request.found);
	assert_true(b.request.override);
	assert_int_equal(b.request.hash[0], JEAN);
	bench_write_row(&b);
	assert_int_equal(b.last, VERDICT_ADMIT);
	bench_tap(&b, CONTROL_OK);
	bench_scan(&b, JEAN); /* a code that is read is not one that was found */
	assert_false(b.request.found);
}

/* Ended by hand, by time, and for a PIN that opened nothing to search in. */
static void the_names_go_with_the_session(void **state)
{
	struct bench b;
	struct desk_found one = somebody(AMINA, "Amina");
	(void)state;
	bench_open_door(&b);
	open_search(&b);
	list(&b, &one);
	bench_pass(&b, DESK_STAFF_IDLE_MS - 1);
	assert_false(HAS(&b, EFFECT_STAFF_OVER));
	type_name(&b, "x");
	bench_pass(&b, DESK_STAFF_IDLE_MS);
	assert_true(HAS(&b, EFFECT_STAFF_OVER));
	assert_int_equal(bench_screen(&b).id, SCREEN_SCAN);
	assert_wiped(&b);
	open_search(&b);
	type_name(&b, "am");
	bench_tap(&b, CONTROL_BACK);
	answer(&b, &one, 1, 1); /* for a screen that has gone */
	assert_wiped(&b);
	bench_tap(&b, CONTROL_LEAVE);
	assert_true(HAS(&b, EFFECT_STAFF_OVER));
	assert_false(bench_screen(&b).can_search);
	bench_press(&b, BUTTON_VOLUNTEER);
	bench_type(&b, "2468");
	bench_tap(&b, CONTROL_ENTER);
	bench_tap(&b, CONTROL_BACK); /* gone before the answer */
	bench_answer_pin(&b, true);
	assert_true(HAS(&b, EFFECT_STAFF_OVER));
	assert_false(bench_screen(&b).can_search);
}

static void a_pin_for_one_guest_opens_no_search(void **state)
{
	struct bench b;
	(void)state;
	bench_open_door(&b);
	b.has_names = true;
	bench_scan(&b, JEAN);
	bench_tap(&b, CONTROL_OVERRIDE);
	bench_type(&b, "2468");
	bench_tap(&b, CONTROL_ENTER);
	bench_answer_pin(&b, true);
	assert_true(HAS(&b, EFFECT_STAFF_OVER));
	assert_false(bench_screen(&b).can_search);
}

/* A guest's code goes before a search, and wipes it. */
static void a_code_interrupts_a_search(void **state)
{
	struct bench b;
	struct desk_found one = somebody(AMINA, "Amina");
	(void)state;
	bench_open_door(&b);
	open_search(&b);
	list(&b, &one);
	bench_scan_from(&b, ZOE, SOURCE_CAMERA);
	assert_int_equal(bench_screen(&b).id, SCREEN_HEADCOUNT);
	assert_wiped(&b);
	bench_write_row(&b);
	assert_int_equal(b.last, VERDICT_ADMIT);
	assert_false(b.request.found);
}

/* An answer to an earlier search is none to one that has begun anew. */
static void an_old_answer_is_not_shown_in_a_new_search(void **state)
{
	struct bench b;
	struct desk_found one = somebody(AMINA, "Amina");
	(void)state;
	bench_open_door(&b);
	open_search(&b);
	type_name(&b, "am");
	bench_tap(&b, CONTROL_BACK);
	bench_tap(&b, CONTROL_SEARCH);
	answer(&b, &one, 1, 1);
	assert_int_equal(bench_screen(&b).found_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_names_there_is_no_search),
		cmocka_unit_test(guests_cannot_search),
		cmocka_unit_test(what_is_typed_is_searched_one_at_a_time),
		cmocka_unit_test(the_list_says_who_is_in),
		cmocka_unit_test(a_touch_asks_for_the_row),
		cmocka_unit_test(a_row_that_fails_is_no_green),
		cmocka_unit_test(a_refused_guest_can_be_let_in),
		cmocka_unit_test(the_names_go_with_the_session),
		cmocka_unit_test(a_pin_for_one_guest_opens_no_search),
		cmocka_unit_test(a_code_interrupts_a_search),
		cmocka_unit_test(an_old_answer_is_not_shown_in_a_new_search),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
