/* The desk in volunteers' hands: PINs, sessions, overrides, corrections. */
#include "door/desk.h"

#include "base/cc.h"
#include "tests/fake/desk_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void a_pin_opens_the_figures_for_a_minute(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	bench_tap(&b, CONTROL_STAFF);
	assert_int_equal(bench_screen(&b).id, SCREEN_PIN);
	bench_type(&b, "123");
	bench_tap(&b, CONTROL_ENTER); /* too short */
	assert_false(b.fx.set & EFFECT_CHECK_PIN);
	bench_type(&b, "99");
	bench_tap(&b, CONTROL_ERASE);
	assert_int_equal(bench_screen(&b).pin_digits, 4);
	bench_tap(&b, CONTROL_ENTER);
	assert_string_equal(b.fx.pin, "1239");
	assert_int_equal(bench_screen(&b).pin, PIN_CHECKING);
	bench_answer_pin(&b, true);
	assert_int_equal(bench_screen(&b).id, SCREEN_HEADCOUNT);
	assert_true(bench_screen(&b).staff);
	bench_scan(&b, AMINA); /* the door goes on */
	assert_int_equal(bench_screen(&b).id, SCREEN_RESULT);
	bench_tap(&b, CONTROL_OK);
	assert_int_equal(bench_screen(&b).id, SCREEN_HEADCOUNT);
	bench_tap(&b, CONTROL_BACK);
	assert_int_equal(bench_screen(&b).id, SCREEN_SCAN);
	assert_true(bench_screen(&b).staff);
	bench_pass(&b, DESK_STAFF_IDLE_MS - 1);
	assert_true(bench_screen(&b).staff);
	bench_tap(&b, CONTROL_LANGUAGE_0); /* a guest's touch keeps nothing open */
	bench_pass(&b, 1);
	assert_false(bench_screen(&b).staff);
	bench_press(&b, BUTTON_VOLUNTEER);
	assert_int_equal(bench_screen(&b).id, SCREEN_PIN);
	bench_pass(&b, DESK_STAFF_IDLE_MS);
	assert_int_equal(bench_screen(&b).id, SCREEN_SCAN);
	bench_open_session(&b);
	bench_tap(&b, CONTROL_LEAVE);
	assert_int_equal(bench_screen(&b).id, SCREEN_SCAN);
	assert_false(bench_screen(&b).staff);
}

static void wrong_pins_wait_longer_and_longer(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	int64_t wait_ms = PIN_WAIT_MS;
	for (int wrong = 1; wrong < PIN_TRIES + 3; wrong++) {
		bench_press(&b, BUTTON_VOLUNTEER);
		bench_type(&b, "0000");
		bench_tap(&b, CONTROL_ENTER);
		assert_true(b.fx.set & EFFECT_CHECK_PIN);
		bench_answer_pin(&b, false);
		if (wrong < PIN_TRIES) {
			assert_int_equal(bench_screen(&b).pin, PIN_WRONG);
			continue;
		}
		assert_int_equal(bench_screen(&b).pin, PIN_WAIT);
		assert_int_equal(bench_screen(&b).pin_wait_s, wait_ms / 1000);
		bench_type(&b, "2468");
		bench_tap(&b, CONTROL_ENTER);
		assert_false(b.fx.set & EFFECT_CHECK_PIN);
		bench_tap(&b, CONTROL_BACK); /* leaving does not help */
		bench_press(&b, BUTTON_VOLUNTEER);
		assert_int_equal(bench_screen(&b).pin, PIN_WAIT);
		bench_pass(&b, wait_ms);
		wait_ms *= 2;
	}
	bench_open_session(&b);
	bench_tap(&b, CONTROL_LEAVE);
	bench_press(&b, BUTTON_VOLUNTEER);
	assert_int_equal(bench_screen(&b).pin, PIN_TYPING);
}

static void without_a_pin_nobody_comes_in(void **state)
{
	(void)state;
	struct bench b;
	struct desk_setup setup = bench_setup(100);
	setup.has_pin = false;
	bench_open(&b, &setup);
	bench_press(&b, BUTTON_VOLUNTEER);
	assert_int_equal(bench_screen(&b).pin, PIN_NOT_SET);
	bench_type(&b, "2468");
	bench_tap(&b, CONTROL_ENTER);
	assert_false(b.fx.set & EFFECT_CHECK_PIN);
}

static void a_staff_card_asks_for_the_pin(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	bench_scan(&b, CARD);
	assert_int_equal(bench_screen(&b).verdict, VERDICT_STAFF);
	bench_pass(&b, cue_of(VERDICT_STAFF)->hold_ms);
	assert_int_equal(bench_screen(&b).id, SCREEN_PIN);
	bench_tap(&b, CONTROL_BACK);
	bench_open_session(&b);
	bench_scan(&b, CARD);
	bench_tap(&b, CONTROL_OK);
	assert_int_equal(bench_screen(&b).id, SCREEN_HEADCOUNT);
}

static void an_override_takes_a_pin_and_leaves_no_session(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	bench_scan(&b, JEAN);
	assert_true(bench_screen(&b).can_override);
	assert_true(b.text_held);
	bench_tap(&b, CONTROL_OVERRIDE);
	assert_true(bench_screen(&b).pin_for_override);
	assert_true(b.text_held);
	bench_type(&b, "2468");
	bench_tap(&b, CONTROL_ENTER);
	bench_answer_pin(&b, true);
	assert_true(b.fx.set & EFFECT_RECORD);
	assert_true(b.request.override);
	assert_int_equal(b.request.hash[0], JEAN);
	assert_string_equal(b.request.operator, "volunteer");
	assert_false(bench_lamps(&b) & LAMP_GREEN);
	bench_write_row(&b);
	assert_int_equal(b.fx.verdict, VERDICT_ADMIT);
	assert_true(bench_screen(&b).overridden);
	assert_false(bench_screen(&b).staff);
	assert_false(bench_screen(&b).can_override);
	assert_false(b.text_held);
	bench_tap(&b, CONTROL_OK);
	assert_int_equal(bench_screen(&b).id, SCREEN_SCAN);
}

static void an_override_in_a_session_is_immediate(void **state)
{
	(void)state;
	struct bench b;
	struct desk_setup setup = bench_setup(1);
	bench_open(&b, &setup);
	bench_open_session(&b);
	bench_tap(&b, CONTROL_BACK);
	bench_scan(&b, AMINA);
	bench_tap(&b, CONTROL_OK);
	bench_tap(&b, CONTROL_NO_TICKET);
	bench_write_row(&b);
	assert_int_equal(b.fx.verdict, VERDICT_FULL);
	bench_tap(&b, CONTROL_OVERRIDE);
	assert_int_equal(b.request.kind, ROW_WALK_IN);
	assert_true(b.request.override);
	bench_write_row(&b);
	assert_int_equal(b.fx.verdict, VERDICT_ADMIT);
	assert_int_equal(headcount_present(&b.count), 2);
}

/* The PIN was given for one guest; it must not open anything for whoever came next. */
static void the_next_code_voids_an_override_and_its_pin(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	bench_scan(&b, JEAN);
	bench_tap(&b, CONTROL_OVERRIDE);
	bench_type(&b, "2468");
	bench_tap(&b, CONTROL_ENTER);
	bench_scan_from(&b, AMINA, SOURCE_CAMERA);
	assert_int_equal(bench_screen(&b).id, SCREEN_SCAN);
	bench_answer_pin(&b, true);
	assert_false(bench_screen(&b).staff);
	bench_write_row(&b);
	assert_int_equal(b.fx.verdict, VERDICT_ADMIT);
	assert_false(b.asked);
	assert_int_equal(headcount_present(&b.count), 1);
}

static void only_what_a_volunteer_may_take_on_is_offered(void **state)
{
	(void)state;
	static const struct {
		uint8_t code;
		bool offered;
	} cases[] = { { AMINA, false }, { JEAN, true }, { NOBODY, true }, { ADDRESS, false },
		{ CARD, false }, { TEST, false }, { LATE, true }, { AMINA, false } };
	struct bench b;
	bench_open_door(&b);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bench_scan(&b, cases[i].code);
		assert_int_equal(bench_screen(&b).can_override, cases[i].offered);
		assert_int_equal(b.text_held, cases[i].offered);
	}
	bench_scan(&b, JEAN);
	bench_pass(&b, cue_of(VERDICT_WRONG_VENUE)->hold_ms);
	assert_false(b.text_held);
}

static void corrections_are_rows_and_undone_once(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	bench_open_session(&b);
	bench_tap(&b, CONTROL_MINUS); /* nobody is here */
	assert_false(b.asked);
	bench_tap(&b, CONTROL_UNDO); /* nothing to undo */
	assert_false(b.asked);
	bench_tap(&b, CONTROL_PLUS);
	bench_tap(&b, CONTROL_MINUS);
	bench_tap(&b, CONTROL_MINUS);
	bench_write_row(&b);
	assert_false(b.fx.set & (EFFECT_VERDICT | EFFECT_CUE));
	assert_true(b.fx.set & EFFECT_SCREEN);
	bench_write_row(&b);
	assert_false(b.asked); /* the second −1 would have been below nobody */
	assert_int_equal(headcount_present(&b.count), 0);
	bench_tap(&b, CONTROL_PLUS);
	bench_write_row(&b);
	assert_true(bench_screen(&b).can_undo);
	bench_tap(&b, CONTROL_UNDO);
	bench_tap(&b, CONTROL_UNDO);
	assert_int_equal(b.request.undoes, b.seq);
	bench_write_row(&b);
	assert_false(b.asked);
	assert_false(bench_screen(&b).can_undo);
	assert_int_equal(headcount_present(&b.count), 0);
	assert_int_equal(bench_screen(&b).id, SCREEN_HEADCOUNT);
}

static void a_reopened_log_brings_its_own_figures(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	bench_open_session(&b);
	bench_tap(&b, CONTROL_PLUS);
	bench_write_row(&b);
	assert_true(bench_screen(&b).can_undo);
	/* Figures of other doors leave what can be undone. */
	b.count.in = 30;
	desk_counted(&b.d, &b.count, 29);
	struct screen counted = bench_screen(&b);
	assert_int_equal(headcount_present(&counted.count), 31);
	assert_int_equal(counted.registered_in, 29);
	assert_true(counted.can_undo);
	b.count.in = 41;
	desk_recount(&b.d, &b.count, 230, 40);
	struct screen s = bench_screen(&b);
	assert_int_equal(headcount_present(&s.count), 42);
	assert_int_equal(s.registered, 230);
	assert_int_equal(s.registered_in, 40);
	assert_false(s.can_undo); /* it may be another log */
	bench_tap(&b, CONTROL_UNDO);
	assert_false(b.asked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pin_opens_the_figures_for_a_minute),
		cmocka_unit_test(wrong_pins_wait_longer_and_longer),
		cmocka_unit_test(without_a_pin_nobody_comes_in),
		cmocka_unit_test(a_staff_card_asks_for_the_pin),
		cmocka_unit_test(an_override_takes_a_pin_and_leaves_no_session),
		cmocka_unit_test(an_override_in_a_session_is_immediate),
		cmocka_unit_test(the_next_code_voids_an_override_and_its_pin),
		cmocka_unit_test(only_what_a_volunteer_may_take_on_is_offered),
		cmocka_unit_test(corrections_are_rows_and_undone_once),
		cmocka_unit_test(a_reopened_log_brings_its_own_figures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
