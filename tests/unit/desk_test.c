#include "door/desk.h"

#include "base/cc.h"
#include "tests/fake/desk_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

/* --- codes and results ---------------------------------------------------------------------- */

static void green_follows_the_row(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	bench_scan_from(&b, AMINA, SOURCE_CAMERA);
	assert_int_equal(b.fx.set & (EFFECT_RECORD | EFFECT_CUE | EFFECT_VERDICT), EFFECT_RECORD);
	assert_int_equal(b.fx.request.kind, ROW_SCAN);
	assert_int_equal(b.fx.request.source, SOURCE_CAMERA);
	assert_int_equal(bench_lamps(&b), 0);
	assert_false(desk_ready(&b.d));
	assert_int_equal(bench_screen(&b).id, SCREEN_SCAN);
	bench_pass(&b, 5000);
	assert_int_equal(bench_lamps(&b), 0);
	bench_write_row(&b);
	uint32_t all = EFFECT_VERDICT | EFFECT_CUE | EFFECT_SCREEN | EFFECT_FORGET;
	assert_int_equal(b.fx.set & all, all);
	assert_int_equal(b.fx.verdict, VERDICT_ADMIT);
	assert_int_equal(b.fx.source, SOURCE_CAMERA);
	assert_ptr_equal(b.fx.cue, cue_of(VERDICT_ADMIT));
	assert_true(bench_lamps(&b) & LAMP_GREEN);
	assert_true(desk_ready(&b.d));
	struct screen s = bench_screen(&b);
	assert_int_equal(s.id, SCREEN_RESULT);
	assert_string_equal(s.name, "Amina");
	assert_int_equal(s.entry_number, 1);
	assert_int_equal(s.left_permille, 1000);
}

static void a_failed_row_is_never_green(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	bench_scan_from(&b, AMINA, SOURCE_CAMERA);
	bench_fail_row(&b, FAULT_STORE_FULL);
	assert_int_equal(b.fx.verdict, VERDICT_STORE_FAILED);
	assert_true(bench_lamps(&b) & LAMP_RED);
	assert_int_equal(bench_screen(&b).id, SCREEN_FAULT);
	assert_int_equal(bench_screen(&b).faults, FAULT_STORE_FULL);
	assert_false(b.text_held);
	for (int i = 0; i < 1200; i++) {
		bench_pass(&b, 100);
		assert_false(bench_lamps(&b) & (LAMP_GREEN | LAMP_DOOR));
		assert_int_equal(bench_screen(&b).id, SCREEN_FAULT);
	}
	assert_int_equal(bench_lamps(&b), LAMP_RED);
	bench_scan_from(&b, ZOE, SOURCE_CAMERA); /* still tried */
	assert_true(b.fx.set & EFFECT_RECORD);
	bench_fail_row(&b, FAULT_STORE_FULL);
	bench_set_faults(&b, FAULTS_STOP, 0);
	assert_int_equal(bench_screen(&b).id, SCREEN_SCAN);
	assert_int_equal(bench_screen(&b).faults, 0);
	bench_scan_from(&b, ZOE, SOURCE_CAMERA); /* whoever still holds up their code is answered */
	bench_write_row(&b);
	assert_int_equal(b.fx.verdict, VERDICT_ADMIT);
}

static void a_row_that_is_written_ends_the_fault(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	bench_set_faults(&b, FAULTS_STOP, FAULT_STORE_READ_ONLY);
	assert_int_equal(bench_screen(&b).id, SCREEN_FAULT);
	bench_scan(&b, AMINA);
	assert_int_equal(bench_screen(&b).id, SCREEN_RESULT);
	bench_pass(&b, 3000);
	assert_int_equal(bench_screen(&b).id, SCREEN_SCAN);
}

static void a_failure_without_a_cause_is_a_result_that_ends(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	bench_scan_from(&b, AMINA, SOURCE_SCANNER);
	bench_fail_row(&b, 0);
	assert_int_equal(bench_screen(&b).id, SCREEN_RESULT);
	assert_int_equal(bench_screen(&b).verdict, VERDICT_STORE_FAILED);
	assert_string_equal(bench_screen(&b).name, "");
	bench_pass(&b, cue_of(VERDICT_STORE_FAILED)->hold_ms);
	assert_int_equal(bench_screen(&b).id, SCREEN_SCAN);
}

static void the_cameras_code_counts_once_and_a_hand_scanners_each_time(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	bench_scan_from(&b, AMINA, SOURCE_CAMERA);
	bench_pass(&b, 4000); /* a slow disk */
	bench_write_row(&b);
	for (int i = 0; i < 200; i++) {
		bench_pass(&b, 50);
		bench_scan_from(&b, AMINA, SOURCE_CAMERA);
		assert_false(b.fx.set & EFFECT_RECORD);
	}
	bench_pass(&b, REPEAT_GAP_MS);
	bench_scan_from(&b, AMINA, SOURCE_CAMERA);
	bench_write_row(&b);
	assert_int_equal(b.fx.verdict, VERDICT_ALREADY_IN);
	struct desk_event clear = { .kind = DESK_LENS_CLEAR };
	bench_step(&b, &clear);
	bench_scan_from(&b, AMINA, SOURCE_CAMERA);
	assert_true(b.fx.set & EFFECT_RECORD);
	bench_write_row(&b);
	for (int i = 0; i < 3; i++)
		bench_scan(&b, AMINA);
	assert_int_equal(b.count.refused, 5);
}

static void a_new_code_interrupts_at_once_and_takes_no_green_over(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	bench_scan(&b, AMINA);
	bench_pass(&b, 200);
	assert_true(bench_lamps(&b) & LAMP_GREEN);
	bench_scan_from(&b, JEAN, SOURCE_CAMERA);
	assert_true(b.fx.set & EFFECT_SCREEN);
	assert_int_equal(bench_screen(&b).id, SCREEN_SCAN);
	assert_int_equal(bench_lamps(&b), LAMP_DOOR); /* the guest before is still walking in */
	bench_write_row(&b);
	assert_int_equal(b.fx.verdict, VERDICT_WRONG_VENUE);
	assert_false(bench_lamps(&b) & (LAMP_GREEN | LAMP_DOOR));
	struct screen s = bench_screen(&b);
	assert_string_equal(s.place.name, "La Ruche");
	assert_int_equal(s.place.walk_min, 20);
	assert_string_equal(s.name, "");
}

static void results_end_by_their_time_or_a_tap(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	bench_scan(&b, AMINA);
	uint16_t before = 1001;
	for (int i = 0; i < 30; i++) {
		struct screen s = bench_screen(&b);
		assert_int_equal(s.id, SCREEN_RESULT);
		assert_in_range(s.left_permille, 1, before - 1);
		before = s.left_permille;
		bench_pass(&b, 100);
	}
	assert_int_equal(bench_screen(&b).id, SCREEN_SCAN);
	bench_scan(&b, AMINA);
	struct screen s = bench_screen(&b);
	assert_int_equal(s.verdict, VERDICT_ALREADY_IN);
	assert_int_equal(s.prior.wall_ms, OPENS_MS + 1000);
	assert_string_equal(s.prior_door, "north");
	assert_null(s.prior_venue);
	assert_string_equal(s.name, ""); /* it may be a copy that is held up */
	bench_tap(&b, CONTROL_OK);
	assert_int_equal(bench_screen(&b).id, SCREEN_SCAN);
}

static void moved_and_expired_say_whence_and_when(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	strcpy(b.priors[AMINA].venue, "laruche");
	b.priors[AMINA].last = DIRECTION_IN;
	bench_scan(&b, AMINA);
	assert_int_equal(b.fx.verdict, VERDICT_MOVED);
	assert_string_equal(bench_screen(&b).prior_venue, "La Ruche");
	bench_scan(&b, LATE);
	assert_int_equal(b.fx.verdict, VERDICT_EXPIRED);
	assert_int_equal(bench_screen(&b).limit.wall_ms, 1000000);
	assert_null(bench_screen(&b).prior_venue);
}

/* --- without a ticket, and the buttons ------------------------------------------------------ */

static void one_tap_is_one_guest(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	bench_tap(&b, CONTROL_NO_TICKET);
	assert_int_equal(b.fx.request.kind, ROW_WALK_IN);
	assert_int_equal(b.fx.request.source, SOURCE_TOUCH);
	bench_write_row(&b);
	assert_true(bench_screen(&b).walk_in);
	bench_tap(&b, CONTROL_OK);
	bench_pass(&b, DESK_DOUBLE_TAP_MS - 1);
	bench_tap(&b, CONTROL_NO_TICKET);
	assert_int_equal(b.fx.set & (EFFECT_RECORD | EFFECT_CHIME), 0);
	bench_pass(&b, 1);
	bench_tap(&b, CONTROL_NO_TICKET);
	assert_true(b.fx.set & EFFECT_RECORD);
	bench_write_row(&b);
	assert_int_equal(b.count.walk_ins, 2);
}

static void nobody_comes_in_by_the_exit(void **state)
{
	(void)state;
	struct bench b;
	struct desk_setup setup = bench_setup(100);
	setup.rules.doorway = DOOR_EXIT;
	bench_open(&b, &setup);
	bench_tap(&b, CONTROL_NO_TICKET);
	assert_false(b.fx.set & EFFECT_RECORD);
	assert_int_equal(bench_screen(&b).id, SCREEN_HELP);
	bench_scan(&b, NOBODY);
	assert_int_equal(bench_screen(&b).verdict, VERDICT_UNKNOWN);
	assert_false(bench_screen(&b).can_override);
	assert_false(b.text_held);
}

/* The queue at empty, one, full − 1 and full: a clicker is faster than a disk. */
static void presses_wait_for_the_disk_and_none_is_lost_in_silence(void **state)
{
	(void)state;
	for (unsigned presses = 1; presses <= DESK_WAITING_MAX + 3; presses++) {
		struct bench b;
		struct desk_setup setup = bench_setup(2); /* full does not unsay a click */
		bench_open(&b, &setup);
		for (unsigned i = 0; i < presses; i++)
			bench_press(&b, BUTTON_PLUS);
		unsigned room = DESK_WAITING_MAX + 1; /* and the one being written */
		unsigned taken = presses < room ? presses : room;
		assert_int_equal(b.chimed, presses - taken);
		while (b.asked) {
			assert_int_equal(b.request.source, SOURCE_BUTTON);
			assert_string_equal(b.request.operator, "volunteer");
			bench_write_row(&b);
			assert_int_equal(b.fx.verdict, VERDICT_ADMIT);
		}
		assert_int_equal(b.count.walk_ins, taken);
	}
}

static void help_is_called_and_ends(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	bench_press(&b, BUTTON_HELP);
	assert_int_equal(bench_screen(&b).id, SCREEN_HELP);
	assert_ptr_equal(b.fx.cue, &cue_help);
	assert_true(bench_lamps(&b) & LAMP_AMBER);
	bench_scan(&b, AMINA); /* the door goes on */
	assert_int_equal(bench_screen(&b).verdict, VERDICT_ADMIT);
	bench_tap(&b, CONTROL_OK);
	bench_press(&b, BUTTON_HELP);
	bench_pass(&b, DESK_HELP_MS - 1);
	assert_int_equal(bench_screen(&b).id, SCREEN_HELP);
	bench_pass(&b, 1);
	assert_int_equal(bench_screen(&b).id, SCREEN_SCAN);
}

/* --- sessions and faults --------------------------------------------------------------------- */

static void language_size_and_theme_go_back_to_the_houses(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	for (int way = 0; way < 4; way++) {
		bench_tap(&b, (enum control)(CONTROL_LANGUAGE_0 + (int)LANGUAGE_EN));
		bench_tap(&b, CONTROL_TEXT_SIZE);
		bench_tap(&b, CONTROL_CONTRAST);
		assert_int_equal(bench_screen(&b).language, LANGUAGE_EN);
		assert_int_equal(bench_screen(&b).text_percent, 150);
		assert_int_equal(bench_screen(&b).theme, THEME_CONTRAST);
		if (way == 0)
			bench_pass(&b, DESK_GUEST_IDLE_MS);
		else
			bench_scan(&b, AMINA);
		assert_int_equal(bench_screen(&b).language, way ? LANGUAGE_EN : LANGUAGE_FR);
		if (way == 1)
			bench_tap(&b, CONTROL_OK);
		if (way == 2)
			bench_pass(&b, 60000);
		if (way == 3)
			bench_scan(&b, ZOE);
		assert_int_equal(bench_screen(&b).language, LANGUAGE_FR);
		assert_int_equal(bench_screen(&b).text_percent, 100);
		assert_int_equal(bench_screen(&b).theme, THEME_NIGHT);
		bench_tap(&b, CONTROL_OK);
	}
}

static void a_language_that_is_not_offered_is_not_taken(void **state)
{
	(void)state;
	struct bench b;
	struct desk_setup setup = bench_setup(100);
	setup.languages = 1U << LANGUAGE_FR;
	bench_open(&b, &setup);
	bench_tap(&b, (enum control)(CONTROL_LANGUAGE_0 + (int)LANGUAGE_EN));
	assert_int_equal(bench_screen(&b).language, LANGUAGE_FR);
}

static void what_is_only_missing_is_said_and_stops_nothing(void **state)
{
	(void)state;
	struct bench b;
	bench_open_door(&b);
	struct desk_event seen = { .kind = DESK_CORNERS,
		.corners = { true, { { 0.5F, 0.5F }, { 2, -1 }, { __builtin_nanf(""), 1 } } } };
	bench_step(&b, &seen);
	struct screen s = bench_screen(&b);
	assert_true(s.corners_seen && s.camera);
	for (int i = 0; i < 8; i++)
		assert_true(s.corners[i / 2][i % 2] >= 0 && s.corners[i / 2][i % 2] <= 1);
	bench_set_faults(&b, FAULT_CAMERA | FAULT_LAMPS, FAULT_CAMERA);
	s = bench_screen(&b);
	assert_int_equal(s.id, SCREEN_SCAN);
	assert_int_equal(s.faults, FAULT_CAMERA);
	assert_false(s.camera || s.corners_seen);
	bench_scan(&b, AMINA);
	assert_int_equal(b.fx.verdict, VERDICT_ADMIT);
}

static void names_are_in_the_order_of_their_values(void **state)
{
	(void)state;
	assert_string_equal(button_names[BUTTON_PLUS], "plus");
	assert_string_equal(source_names[SOURCE_BUTTON], "button");
	assert_string_equal(language_codes[LANGUAGE_EN], "en");
	assert_string_equal(fault_names[0], "store_full");
	assert_string_equal(fault_names[FAULT_BITS - 1], "printer");
	assert_int_equal(FAULT_PRINTER, 1 << (FAULT_BITS - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(green_follows_the_row),
		cmocka_unit_test(a_failed_row_is_never_green),
		cmocka_unit_test(a_row_that_is_written_ends_the_fault),
		cmocka_unit_test(a_failure_without_a_cause_is_a_result_that_ends),
		cmocka_unit_test(the_cameras_code_counts_once_and_a_hand_scanners_each_time),
		cmocka_unit_test(a_new_code_interrupts_at_once_and_takes_no_green_over),
		cmocka_unit_test(results_end_by_their_time_or_a_tap),
		cmocka_unit_test(moved_and_expired_say_whence_and_when),
		cmocka_unit_test(one_tap_is_one_guest),
		cmocka_unit_test(nobody_comes_in_by_the_exit),
		cmocka_unit_test(presses_wait_for_the_disk_and_none_is_lost_in_silence),
		cmocka_unit_test(help_is_called_and_ends),
		cmocka_unit_test(language_size_and_theme_go_back_to_the_houses),
		cmocka_unit_test(a_language_that_is_not_offered_is_not_taken),
		cmocka_unit_test(what_is_only_missing_is_said_and_stops_nothing),
		cmocka_unit_test(names_are_in_the_order_of_their_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
