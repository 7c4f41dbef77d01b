#include "door/cue.h"

#include "base/cc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define PATTERN_MS 20000 /* longer than any */
#define LIGHTS     (LAMP_GREEN | LAMP_AMBER | LAMP_RED)

static void only_those_who_may_pass_see_green_or_an_open_door(void **state)
{
	(void)state;
	for (int i = 0; i < VERDICT_COUNT; i++) {
		enum verdict v = (enum verdict)i;
		uint8_t ever = 0;
		bool green = false;
		for (int64_t ms = 0; ms < PATTERN_MS; ms++) {
			ever |= cue_lamps(cue_of(v), ms);
			green |= (cue_lamps(cue_of(v), ms) & LIGHTS) == LAMP_GREEN;
		}
		assert_int_equal(green, verdict_admits(v));
		assert_int_equal((ever & LAMP_GREEN) != 0, green || v == VERDICT_TEST_OK);
		assert_int_equal((ever & LAMP_DOOR) != 0, verdict_admits(v) || v == VERDICT_EXIT);
		assert_false(verdict_admits(v) && (ever & (LAMP_RED | LAMP_AMBER)));
		assert_false(verdict_refuses(v) && !(ever & LAMP_BUZZER));
	}
	for (int64_t ms = 0; ms < PATTERN_MS; ms++)
		assert_false(cue_lamps(&cue_help, ms) & (LAMP_GREEN | LAMP_DOOR));
}

static void the_test_card_lights_every_lamp(void **state)
{
	(void)state;
	uint8_t ever = 0;
	for (int64_t ms = 0; ms < PATTERN_MS; ms++)
		ever |= cue_lamps(cue_of(VERDICT_TEST_OK), ms);
	assert_int_equal(ever, LIGHTS | LAMP_BUZZER);
}

/* Whether two cues are the same to someone who only notices these lines. */
static bool is_same(const struct cue *a, const struct cue *b, uint8_t lines)
{
	for (int64_t ms = 0; ms < PATTERN_MS; ms += 10)
		if ((cue_lamps(a, ms) ^ cue_lamps(b, ms)) & lines)
			return false;
	return true;
}

static void no_two_look_or_sound_the_same(void **state)
{
	(void)state;
	const struct cue *all[VERDICT_COUNT];
	for (int v = VERDICT_ADMIT; v < VERDICT_COUNT; v++)
		all[v] = cue_of((enum verdict)v);
	all[VERDICT_NONE] = &cue_help;
	for (int v = 0; v < VERDICT_COUNT; v++)
		for (int w = v + 1; w < VERDICT_COUNT; w++) {
			assert_false(is_same(all[v], all[w], LIGHTS));
			assert_int_not_equal(all[v]->chime, all[w]->chime);
		}
}

/* A flash is a light that comes on: at most three in any second, each light by itself and all of
 * them as one. */
static int flashes(const struct cue *cue, int64_t from_ms, uint8_t lines)
{
	int count = 0;
	for (int64_t ms = from_ms; ms < from_ms + 1000; ms++) {
		bool before = ms > 0 && (cue_lamps(cue, ms - 1) & lines);
		count += !before && (cue_lamps(cue, ms) & lines);
	}
	return count;
}

static void nothing_flashes_fast_enough_to_harm(void **state)
{
	(void)state;
	static const uint8_t lines[] = { LAMP_GREEN, LAMP_AMBER, LAMP_RED, LIGHTS };
	for (int v = 0; v <= VERDICT_COUNT; v++) {
		const struct cue *cue = v < VERDICT_COUNT ? cue_of((enum verdict)v) : &cue_help;
		for (int64_t from_ms = 0; from_ms < PATTERN_MS; from_ms += 50)
			for (size_t i = 0; i < ARRAY_LEN(lines); i++)
				assert_in_range(flashes(cue, from_ms, lines[i]), 0, 3);
	}
}

static void the_time_left_is_that_of_the_step(void **state)
{
	(void)state;
	for (int v = VERDICT_ADMIT; v < VERDICT_COUNT; v++) {
		const struct cue *cue = cue_of((enum verdict)v);
		int64_t ms = 0;
		for (size_t i = 0; i < CUE_STEPS && cue->steps[i].ms; i++) {
			assert_int_equal(cue_lamps(cue, ms), cue->steps[i].lamps);
			assert_int_equal(cue_left_ms(cue, ms), cue->steps[i].ms);
			ms += cue->steps[i].ms;
			assert_int_equal(cue_lamps(cue, ms - 1), cue->steps[i].lamps);
			assert_int_equal(cue_left_ms(cue, ms - 1), 1);
		}
		assert_int_equal(cue_lamps(cue, ms), 0);
		assert_int_equal(cue_left_ms(cue, ms), 0);
		assert_int_equal(cue_lamps(cue, -1), 0);
		assert_int_equal(cue_lamps(cue, INT64_MAX), 0);
	}
}

static void who_needs_a_person_is_given_more_time(void **state)
{
	(void)state;
	assert_in_range(cue_of(VERDICT_ADMIT)->hold_ms, 2000, 4000);
	assert_in_range(cue_of(VERDICT_ALREADY_IN)->hold_ms, 8000, 12000);
	assert_in_range(cue_of(VERDICT_FULL)->hold_ms, 8000, 12000);
	assert_in_range(cue_of(VERDICT_WRONG_VENUE)->hold_ms, 8000, 12000);
	for (int v = VERDICT_ADMIT; v < VERDICT_COUNT; v++) {
		assert_in_range(cue_of((enum verdict)v)->hold_ms, 1000, 12000);
		assert_int_not_equal(cue_of((enum verdict)v)->chime, CHIME_NONE);
	}
}

static void every_line_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(lamp_names[0], "green");
	assert_string_equal(lamp_names[LAMP_LINES - 1], "door");
	assert_int_equal(LAMP_DOOR, 1 << (LAMP_LINES - 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_those_who_may_pass_see_green_or_an_open_door),
		cmocka_unit_test(the_test_card_lights_every_lamp),
		cmocka_unit_test(no_two_look_or_sound_the_same),
		cmocka_unit_test(nothing_flashes_fast_enough_to_harm),
		cmocka_unit_test(the_time_left_is_that_of_the_step),
		cmocka_unit_test(who_needs_a_person_is_given_more_time),
		cmocka_unit_test(every_line_has_a_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
