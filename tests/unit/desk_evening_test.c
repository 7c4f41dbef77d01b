/* Any evening whatever: a desk is poked at random, and its promises are checked after every poke.
 */
#include "base/cc.h"
#include "tests/fake/desk_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define STEPS    250000
#define EVENINGS 50

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> 11;
}

/* The things that can happen; n says how. */

static void show_code(struct bench *b, uint64_t n)
{
	bench_scan_from(b, (uint8_t)(n % CODES), n & 64 ? SOURCE_CAMERA : SOURCE_SCANNER);
}

static void answer_row(struct bench *b, uint64_t n)
{
	static const uint32_t causes[] = { 0, FAULT_STORE_FULL, FAULT_STORE_BROKEN };
	if (b->asked && n % 8)
		bench_write_row(b);
	else if (b->asked)
		bench_fail_row(b, causes[n / 8 % 3]);
}

/* Answers that nobody asked for. */
static void answer_nothing(struct bench *b, uint64_t n)
{
	if (b->asked)
		return;
	struct desk_event e = { .kind = n & 1 ? DESK_RECORDED : DESK_FAILED };
	if (n & 1)
		e.recorded.row.verdict = VERDICT_ADMIT;
	bench_step(b, &e);
	assert_false(b->fx.set & (EFFECT_VERDICT | EFFECT_CUE));
}

static void press_button(struct bench *b, uint64_t n)
{
	bench_press(b, (enum button)(n % (BUTTON_COUNT + 1)));
}

static void answer_check(struct bench *b, uint64_t n)
{
	if (b->pin_asked)
		bench_answer_pin(b, n % 3);
}

static void turn_faults(struct bench *b, uint64_t n)
{
	bench_set_faults(b, (uint32_t)n, n & 1024 ? (uint32_t)(n >> 12) : 0);
}

static void wait_a_little(struct bench *b, uint64_t n)
{
	bench_pass(b, (int64_t)(n % 4000));
}

static void wait_long(struct bench *b, uint64_t n)
{
	bench_pass(b, n % 8 ? (int64_t)(n % 100) : (int64_t)(n % 90000));
}

static void tap_anything(struct bench *b, uint64_t n)
{
	bench_tap(b, (enum control)(n % (CONTROL_COUNT + 1)));
}

static void type_pin(struct bench *b, uint64_t n)
{
	bench_type(b, n & 1 ? "97531" : "86420");
	bench_tap(b, CONTROL_ENTER);
}

static void use_figures(struct bench *b, uint64_t n)
{
	static const enum control controls[] = { CONTROL_PLUS, CONTROL_MINUS, CONTROL_UNDO,
		CONTROL_BACK };
	bench_tap(b, controls[n % ARRAY_LEN(controls)]);
}

static void override_it(struct bench *b, uint64_t n)
{
	(void)n;
	bench_tap(b, CONTROL_OVERRIDE);
}

static void (*const happenings[])(struct bench *b, uint64_t n) = { show_code, show_code, answer_row,
	answer_row, answer_row, answer_nothing, press_button, answer_check, turn_faults,
	wait_a_little, wait_long, tap_anything, tap_anything, type_pin, use_figures, override_it };

static void do_something(struct bench *b, uint64_t *seed)
{
	uint64_t which = next_random(seed) % ARRAY_LEN(happenings);
	happenings[which](b, next_random(seed));
}

static bool is_answering(const struct bench *b)
{
	return b->asked && (b->request.kind == ROW_SCAN || b->request.kind == ROW_WALK_IN);
}

static bool contains(const void *haystack, size_t size, const char *needle)
{
	return memmem(haystack, size, needle, strlen(needle)) != NULL;
}

static void check_screen(const struct bench *b)
{
	struct screen s;
	memset(&s, 0, sizeof(s));
	desk_screen(&b->d, &b->now, &s);
	assert_in_range(s.id, 0, SCREEN_ID_COUNT - 1);
	assert_in_range(s.language, 0, LANGUAGE_COUNT - 1);
	assert_in_range(s.theme, 0, THEME_COUNT - 1);
	assert_in_range(s.verdict, 0, VERDICT_COUNT - 1);
	assert_in_range(s.pin, 0, PIN_NOT_SET);
	assert_in_range(s.text_percent, 100, 200);
	assert_in_range(s.left_permille, 0, 1000);
	assert_in_range(s.pin_digits, 0, PIN_DIGITS_MAX);
	assert_true(s.place.name && s.place.address);
	assert_true(!s.can_override || s.id == SCREEN_RESULT);
	assert_true(s.id != SCREEN_HEADCOUNT || s.staff);
	assert_true(s.id != SCREEN_SCAN || !(s.faults & FAULTS_STOP));
	assert_true(s.id != SCREEN_FAULT || (s.faults & FAULTS_STOP));
	assert_true(!s.name[0] || s.verdict == VERDICT_EXIT || verdict_admits(s.verdict));
	assert_memory_equal(&s.count, &b->count, sizeof(s.count));
	assert_true(headcount_present(&s.count) >= 0);
	assert_false(contains(&s, sizeof(s), "97531") || contains(&s, sizeof(s), "86420"));
}

static void check_promises(const struct bench *b)
{
	uint8_t on = bench_lamps(b);
	if ((on & (LAMP_GREEN | LAMP_AMBER | LAMP_RED)) == LAMP_GREEN) {
		assert_true(verdict_admits(b->last));
		assert_false(is_answering(b));
	}
	if (b->d.screen.id == SCREEN_RESULT && verdict_admits(b->d.screen.verdict))
		assert_true(verdict_admits(b->last));
	assert_in_range(desk_next_ms(&b->d, &b->now), 1, 1000);
	assert_int_equal(desk_ready(&b->d), !b->asked);
	bool wanted = b->d.screen.id == SCREEN_RESULT || b->d.screen.id == SCREEN_PIN || b->asked;
	assert_true(!b->text_held || wanted);
	check_screen(b);
}

/* From wherever it is, once what it waits for is answered: dark, closed, in the house's language,
 * ready for the next guest, by the passing of time alone. */
static void check_that_it_comes_home(const struct bench *now)
{
	struct bench b = *now;
	while (b.asked)
		bench_fail_row(&b, 0);
	if (b.pin_asked)
		bench_answer_pin(&b, false);
	bench_set_faults(&b, FAULTS_STOP, 0);
	for (int i = 0; i < 200; i++)
		bench_pass(&b, desk_next_ms(&b.d, &b.now) * (i % 2 ? 1 : 3));
	bench_pass(&b, DESK_STAFF_IDLE_MS);
	struct screen s = bench_screen(&b);
	assert_int_equal(s.id, SCREEN_SCAN);
	assert_int_equal(s.language, LANGUAGE_FR);
	assert_int_equal(s.text_percent, 100);
	assert_int_equal(s.theme, THEME_NIGHT);
	assert_false(s.staff || s.can_override || s.pin_for_override || b.text_held);
	assert_int_equal(bench_lamps(&b), 0);
	assert_int_equal(strlen(b.d.pin), 0);
	bench_scan_from(&b, AMINA, SOURCE_SCANNER);
	assert_true(b.fx.set & EFFECT_RECORD);
}

static void promises_hold_of_any_evening(void **state)
{
	(void)state;
	static const enum doorway doorways[] = { DOOR_ENTRY, DOOR_EXIT, DOOR_BOTH };
	unsigned overridden = 0;
	unsigned admitted = 0;
	unsigned verdicts = 0;
	unsigned in_session = 0;
	unsigned undone = 0;
	for (uint64_t evening = 0; evening < EVENINGS; evening++) {
		struct bench b;
		struct desk_setup setup = bench_setup((uint32_t)(evening % 4 * 5));
		setup.rules.doorway = doorways[evening % 3];
		setup.has_pin = evening % 10 != 9;
		bench_open(&b, &setup);
		uint64_t seed = 20161208 + evening;
		for (int i = 0; i < STEPS / EVENINGS; i++) {
			do_something(&b, &seed);
			verdicts |= 1U << b.last;
			check_promises(&b);
			in_session += b.d.screen.id == SCREEN_HEADCOUNT;
			if (i % 50 == 0)
				check_that_it_comes_home(&b);
		}
		admitted += (unsigned)b.count.in;
		overridden += (unsigned)b.count.overridden;
		undone += b.undone != 0;
	}
	/* The evenings went everywhere worth going. */
	assert_true(admitted > 1000 && overridden > 100);
	assert_true(in_session > 1000 && undone > EVENINGS / 2);
	assert_true(verdicts & 1U << VERDICT_EXIT && verdicts & 1U << VERDICT_FULL &&
		    verdicts & 1U << VERDICT_READMIT && verdicts & 1U << VERDICT_EXPIRED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(promises_hold_of_any_evening),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
