/* The desk of a door that makes badges for those without a ticket. */
#include "door/desk.h"

#include "base/cc.h"
#include "tests/fake/desk_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void open_seats(struct bench *b, uint32_t seats)
{
	struct desk_setup setup = bench_setup(seats);
	setup.badges = true;
	bench_open(b, &setup);
	bench_pass(b, DESK_DOUBLE_TAP_MS);
}

static void type(struct bench *b, const char *text)
{
	for (; *text; text++) {
		struct desk_event e = { .kind = DESK_TYPED, .typed = { *text } };
		bench_step(b, &e);
	}
}

static void hold(struct bench *b, enum control control)
{
	struct desk_event e = { .kind = DESK_HOLD, .tap = control };
	bench_step(b, &e);
}

/* No byte of the desk still has the name. */
static bool is_forgotten(const struct bench *b, const char *name)
{
	return !memmem(&b->d, sizeof(b->d), name, strlen(name));
}

static void a_name_is_written_recorded_greeted_printed_and_forgotten(void **state)
{
	(void)state;
	struct bench b;
	open_seats(&b, 100);
	bench_tap(&b, CONTROL_NO_TICKET);
	assert_int_equal(bench_screen(&b).id, SCREEN_WALK_IN);
	assert_false(b.fx.set & EFFECT_RECORD);
	type(&b, "Zoe ");
	assert_string_equal(bench_screen(&b).keyboard.text, "Zoe ");
	bench_tap(&b, CONTROL_COME_IN);
	assert_true(b.fx.set & EFFECT_RECORD);
	assert_false(b.fx.set & EFFECT_PRINT);
	assert_int_equal(b.request.kind, ROW_WALK_IN);
	assert_true(b.request.badge);
	assert_int_equal(bench_lamps(&b), 0);
	bench_write_row(&b);
	assert_true(b.fx.set & EFFECT_PRINT);
	assert_string_equal(b.fx.badge.name, "Zoe");
	assert_string_equal(b.fx.badge.code, BENCH_BADGE);
	assert_true(bench_lamps(&b) & LAMP_GREEN);
	struct screen s = bench_screen(&b);
	assert_int_equal(s.verdict, VERDICT_ADMIT);
	assert_string_equal(s.name, "Zoe");
	assert_string_equal(s.badge, BENCH_BADGE);
	assert_false(s.badge_prints);
	bench_pass(&b, DESK_BADGE_MS - 1);
	assert_int_equal(bench_screen(&b).id, SCREEN_RESULT);
	bench_pass(&b, 1);
	assert_int_equal(bench_screen(&b).id, SCREEN_SCAN);
	assert_true(is_forgotten(&b, BENCH_BADGE));
	assert_true(is_forgotten(&b, "Zoe"));
}

static void nobody_has_to_give_a_name(void **state)
{
	(void)state;
	struct bench b;
	open_seats(&b, 100);
	struct desk_event ready = { .kind = DESK_PRINTER, .printer = { PRINTER_FINE, 12, 0 } };
	bench_step(&b, &ready);
	bench_tap(&b, CONTROL_NO_TICKET);
	bench_tap(&b, CONTROL_COME_IN);
	bench_write_row(&b);
	assert_true(b.fx.set & EFFECT_PRINT);
	assert_string_equal(b.fx.badge.name, "");
	assert_string_equal(bench_screen(&b).name, "");
	assert_true(bench_screen(&b).badge_prints);
	bench_tap(&b, CONTROL_OK);
	assert_int_equal(bench_screen(&b).id, SCREEN_SCAN);
}

static void one_tap_counts_where_no_badges_are_made(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	bench_pass(&b, DESK_DOUBLE_TAP_MS);
	bench_tap(&b, CONTROL_NO_TICKET);
	assert_true(b.fx.set & EFFECT_RECORD);
	assert_false(b.request.badge);
	bench_write_row(&b);
	assert_false(b.fx.set & EFFECT_PRINT);
	assert_string_equal(bench_screen(&b).badge, "");
}

static void whatever_comes_between_erases_the_text(void **state)
{
	(void)state;
	struct bench b;
	open_seats(&b, 100);
	for (int i = 0; i < 5; i++) {
		bench_pass(&b, DESK_DOUBLE_TAP_MS);
		bench_tap(&b, CONTROL_NO_TICKET);
		type(&b, "Basile");
		assert_false(is_forgotten(&b, "Basile"));
		switch (i) {
		case 0:
			bench_tap(&b, CONTROL_BACK);
			assert_int_equal(bench_screen(&b).id, SCREEN_SCAN);
			break;
		case 1:
			bench_scan(&b, AMINA);
			assert_int_equal(bench_screen(&b).id, SCREEN_RESULT);
			bench_tap(&b, CONTROL_BACK);
			break;
		case 2:
			bench_pass(&b, DESK_WALK_IN_MS - 1);
			assert_int_equal(bench_screen(&b).id, SCREEN_WALK_IN);
			bench_pass(&b, 1);
			assert_int_equal(bench_screen(&b).id, SCREEN_SCAN);
			break;
		case 3:
			bench_press(&b, BUTTON_HELP);
			bench_tap(&b, CONTROL_BACK);
			break;
		default:
			bench_set_faults(&b, FAULTS_STOP, FAULT_STORE_FULL);
			assert_int_equal(bench_screen(&b).id, SCREEN_FAULT);
			break;
		}
		assert_true(is_forgotten(&b, "Basile"));
	}
}

static void a_full_house_keeps_the_name_for_a_volunteer_alone(void **state)
{
	(void)state;
	struct bench b;
	open_seats(&b, 1);
	bench_tap(&b, CONTROL_NO_TICKET);
	bench_tap(&b, CONTROL_COME_IN);
	bench_write_row(&b);
	bench_pass(&b, DESK_BADGE_MS);
	for (int let_in = 0; let_in < 2; let_in++) {
		bench_pass(&b, DESK_DOUBLE_TAP_MS);
		bench_tap(&b, CONTROL_NO_TICKET);
		type(&b, "Ada");
		bench_tap(&b, CONTROL_COME_IN);
		bench_write_row(&b);
		assert_int_equal(bench_screen(&b).verdict, VERDICT_FULL);
		assert_false(b.fx.set & EFFECT_PRINT);
		assert_string_equal(bench_screen(&b).badge, "");
		assert_string_equal(bench_screen(&b).name, "");
		if (!let_in) {
			bench_tap(&b, CONTROL_OK);
			assert_true(is_forgotten(&b, "Ada"));
			continue;
		}
		bench_tap(&b, CONTROL_OVERRIDE);
		bench_type(&b, "1234");
		bench_tap(&b, CONTROL_ENTER);
		bench_answer_pin(&b, true);
		assert_true(b.request.override && b.request.badge);
		bench_write_row(&b);
		assert_int_equal(bench_screen(&b).verdict, VERDICT_ADMIT);
		assert_true(b.fx.set & EFFECT_PRINT);
		assert_string_equal(b.fx.badge.name, "Ada");
	}
}

static void a_row_that_failed_prints_nothing(void **state)
{
	(void)state;
	struct bench b;
	open_seats(&b, 100);
	bench_tap(&b, CONTROL_NO_TICKET);
	type(&b, "Ines");
	bench_tap(&b, CONTROL_COME_IN);
	bench_fail_row(&b, FAULT_STORE_FULL);
	assert_false(b.fx.set & EFFECT_PRINT);
	assert_true(is_forgotten(&b, "Ines"));
	/* With the disk gone there is nothing to put a name on: the tap is tried as ever. */
	bench_pass(&b, DESK_DOUBLE_TAP_MS);
	bench_tap(&b, CONTROL_NO_TICKET);
	assert_true(b.fx.set & EFFECT_RECORD);
	assert_false(b.request.badge);
}

static void letters_are_held_for_their_variants(void **state)
{
	(void)state;
	struct bench b;
	open_seats(&b, 100);
	enum control e = (enum control)(CONTROL_KEY_0 + 2);
	hold(&b, e); /* not on this screen */
	bench_tap(&b, CONTROL_NO_TICKET);
	hold(&b, e);
	assert_true(bench_screen(&b).keyboard.held != 0);
	bench_tap(&b, (enum control)(CONTROL_VARIANT_0 + 1));
	assert_string_equal(bench_screen(&b).keyboard.text, "É");
	hold(&b, e);
	bench_tap(&b, CONTROL_BACK); /* out of the variants, not out of the screen */
	assert_int_equal(bench_screen(&b).id, SCREEN_WALK_IN);
	hold(&b, (enum control)(CONTROL_KEY_0 + 9)); /* p has none: a slow finger */
	assert_string_equal(bench_screen(&b).keyboard.text, "Ép");
	bench_tap(&b, (enum control)(CONTROL_LANGUAGE_0 + (int)LANGUAGE_EN));
	assert_int_equal(bench_screen(&b).keyboard.layout, KEYBOARD_QWERTY);
	hold(&b, CONTROL_BACK);
	hold(&b, CONTROL_COUNT);
	assert_string_equal(bench_screen(&b).keyboard.text, "Ép");
}

static void a_second_touch_admits_nobody_else(void **state)
{
	(void)state;
	struct bench b;
	open_seats(&b, 100);
	bench_tap(&b, CONTROL_NO_TICKET);
	bench_tap(&b, CONTROL_COME_IN);
	bench_tap(&b, CONTROL_COME_IN);
	bench_tap(&b, CONTROL_NO_TICKET);
	bench_write_row(&b);
	assert_false(b.asked);
	assert_int_equal(b.count.walk_ins, 1);
}

static void a_printer_in_trouble_stops_nothing(void **state)
{
	(void)state;
	struct bench b;
	open_seats(&b, 100);
	struct desk_event e = { .kind = DESK_PRINTER, .printer = { PRINTER_PAPER, 0, 3 } };
	bench_step(&b, &e);
	struct screen s = bench_screen(&b);
	assert_int_equal(s.faults, FAULT_PRINTER);
	assert_int_equal(s.printer, PRINTER_PAPER);
	assert_int_equal(s.badges_waiting, 3);
	assert_int_equal(s.id, SCREEN_SCAN);
	bench_scan(&b, AMINA);
	assert_int_equal(b.last, VERDICT_ADMIT);
	e.printer.trouble = PRINTER_FINE;
	bench_step(&b, &e);
	assert_int_equal(bench_screen(&b).faults, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_written_recorded_greeted_printed_and_forgotten),
		cmocka_unit_test(nobody_has_to_give_a_name),
		cmocka_unit_test(one_tap_counts_where_no_badges_are_made),
		cmocka_unit_test(whatever_comes_between_erases_the_text),
		cmocka_unit_test(a_full_house_keeps_the_name_for_a_volunteer_alone),
		cmocka_unit_test(a_row_that_failed_prints_nothing),
		cmocka_unit_test(letters_are_held_for_their_variants),
		cmocka_unit_test(a_second_touch_admits_nobody_else),
		cmocka_unit_test(a_printer_in_trouble_stops_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
