/* Buttons and lamps: both ends of the GPIO chip. */
#include "port/buttons.h"
#include "port/lamps.h"

#include "tests/fake/gpio_fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Lamps on lines 0 to 4, buttons on 10 to 12. */
static struct pins all_wired(void)
{
	struct pins pins = { 0 };
	for (unsigned i = 0; i < PINS_LAMPS; i++)
		pins.lamps[i] = (struct pin){ .used = true, .chip = GPIO_FAKE_CHIP, .line = i };
	for (unsigned i = 0; i < PINS_BUTTONS; i++)
		pins.buttons[i] =
			(struct pin){ .used = true, .chip = GPIO_FAKE_CHIP, .line = 10 + i };
	return pins;
}

static int reset(void **state)
{
	(void)state;
	gpio_fake_reset();
	return 0;
}

static void test_debounce(void **state)
{
	(void)state;
	struct edge {
		bool pressed;
		int64_t ms;
		bool push;
	};
	static const struct {
		const char *why;
		struct edge edges[8];
	} cases[] = {
		{ "a clean push and another",
			{ { 1, 1, 1 }, { 0, 200, 0 }, { 1, 400, 1 }, { 0, 600, 0 } } },
		{ "bounce on the way down and up",
			{ { 1, 1000, 1 }, { 0, 1001, 0 }, { 1, 1003, 0 }, { 0, 1150, 0 },
				{ 1, 1151, 0 }, { 0, 1160, 0 }, { 1, 1300, 1 } } },
		{ "a tap shorter than the bounce",
			{ { 1, 1000, 1 }, { 0, 1010, 0 }, { 1, 2000, 1 } } },
		{ "bounce that goes on and on", { { 1, 1000, 1 }, { 0, 1025, 0 }, { 1, 1050, 0 },
							{ 0, 1075, 0 }, { 1, 1100, 0 } } },
		{ "a noise while held", { { 1, 1000, 1 }, { 0, 2000, 0 }, { 1, 2001, 0 } } },
		{ "a release that was lost", { { 1, 1000, 1 }, { 1, 5000, 1 } } },
		{ "quiet just long enough", { { 1, 1000, 1 }, { 0, 1030, 0 }, { 1, 1060, 1 } } },
		{ "quiet just too short", { { 1, 1000, 1 }, { 0, 1029, 0 }, { 1, 1058, 0 } } },
		{ "a release first, as after a start with the button held",
			{ { 0, 10, 0 }, { 1, 100, 1 } } },
		{ "a clock that ran back", { { 1, 100000, 1 }, { 0, 50, 0 }, { 1, 90, 1 } } },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct debounce d = { 0 };
		for (size_t k = 0; k < 8 && cases[i].edges[k].ms; k++) {
			const struct edge *e = &cases[i].edges[k];
			bool push = debounce_edge(&d, e->pressed, e->ms);
			if (push != e->push)
				fail_msg("%s: edge %zu", cases[i].why, k);
			assert_int_equal(d.down, e->pressed);
		}
	}
}

static void test_pushes(void **state)
{
	(void)state;
	struct pins pins = all_wired();
	struct buttons *b;
	unsigned button = 99;
	assert_int_equal(buttons_open(&b, &pins), 0);
	int64_t began_ms = now_ms();
	assert_int_equal(buttons_wait(b, &button, 40), -ETIMEDOUT);
	assert_true(now_ms() - began_ms >= 38);
	gpio_fake_edge(11, true, 1000);
	for (int i = 1; i <= 20; i++)
		gpio_fake_edge(11, i % 2 == 0, 1000 + i); /* as bare contacts do */
	gpio_fake_edge(11, false, 1200);
	gpio_fake_edge(12, true, 1100);
	gpio_fake_edge(12, false, 1300);
	assert_int_equal(buttons_wait(b, &button, 1000), 0);
	assert_int_equal(button, 1);
	assert_int_equal(buttons_wait(b, &button, 1000), 0);
	assert_int_equal(button, 2);
	assert_int_equal(buttons_wait(b, &button, 0), -ETIMEDOUT); /* one push, one event */
	buttons_close(b);
	for (unsigned line = 0; line < GPIO_FAKE_LINES; line++)
		assert_false(gpio_fake_is_open(line));
	buttons_close(NULL);
}

static void test_buttons_vanish(void **state)
{
	(void)state;
	struct pins pins = all_wired();
	struct buttons *b = NULL;
	unsigned button;
	gpio_fake_present(false);
	assert_int_equal(buttons_open(&b, &pins), -ENODEV);
	assert_null(b);
	gpio_fake_present(true);
	assert_int_equal(buttons_open(&b, &pins), 0);
	gpio_fake_present(false);
	assert_int_equal(buttons_wait(b, &button, 1000), -ENODEV);
	buttons_close(b);
	gpio_fake_present(true);
	gpio_fake_break(11, true); /* one line of three: the others serve */
	assert_int_equal(buttons_open(&b, &pins), 0);
	gpio_fake_edge(10, true, 1);
	assert_int_equal(buttons_wait(b, &button, 1000), 0);
	assert_int_equal(button, 0);
	buttons_close(b);
	struct pins none = { 0 };
	assert_int_equal(buttons_open(&b, &none), -ENODEV);
}

static uint8_t lit(void)
{
	uint8_t mask = 0;
	for (unsigned i = 0; i < PINS_LAMPS; i++)
		mask |= (uint8_t)((gpio_fake_level(i) == 1) << i);
	return mask;
}

static void test_lamps(void **state)
{
	(void)state;
	struct pins pins = all_wired();
	pins.lamps[3].used = false;
	struct lamps *l;
	assert_int_equal(lamps_open(&l, &pins), 0);
	assert_int_equal(lit(), 0);
	assert_int_equal(gpio_fake_level(3), -1); /* not wired, not touched */
	for (unsigned mask = 0; mask < 256; mask++) {
		assert_int_equal(lamps_set(l, (uint8_t)mask), 0);
		assert_int_equal(lit(), mask & 0x17);
	}
	lamps_close(l);
	for (unsigned i = 0; i < PINS_LAMPS; i++)
		assert_false(gpio_fake_is_open(i));
	lamps_close(NULL);
}

static void test_a_lamp_fails(void **state)
{
	(void)state;
	struct pins pins = all_wired();
	struct lamps *l;
	assert_int_equal(lamps_open(&l, &pins), 0);
	gpio_fake_break(2, true);
	assert_int_equal(lamps_set(l, 0x1f), -EIO);
	assert_int_equal(lit(), 0x1b); /* the others obey */
	assert_false(gpio_fake_is_open(2));
	assert_int_equal(lamps_set(l, 0x03), -EIO); /* until opened anew */
	assert_int_equal(lit(), 0x03);
	lamps_close(l);
	assert_int_equal(lamps_open(&l, &pins), 0); /* four of five */
	assert_int_equal(lamps_set(l, 0x1f), 0);
	assert_int_equal(lit(), 0x1b);
	lamps_close(l);
	gpio_fake_break(2, false);
	assert_int_equal(lamps_open(&l, &pins), 0);
	assert_int_equal(lamps_set(l, 0x1f), 0);
	assert_int_equal(lit(), 0x1f);
	lamps_close(l);
}

static void test_lamps_vanish(void **state)
{
	(void)state;
	struct pins pins = all_wired();
	struct lamps *l = NULL, *second = NULL;
	assert_int_equal(lamps_open(&l, &pins), 0);
	assert_int_equal(lamps_open(&second, &pins), -ENODEV); /* every line is taken */
	assert_null(second);
	gpio_fake_present(false);
	assert_int_equal(lamps_set(l, 0), -EIO);
	assert_int_equal(lamps_set(l, 0x1f), -EIO);
	lamps_close(l);
	assert_int_equal(lamps_open(&l, &pins), -ENODEV);
	gpio_fake_present(true);
	assert_int_equal(lamps_open(&l, &pins), 0);
	assert_int_equal(lamps_set(l, 1), 0);
	lamps_close(l);
	struct pins none = { 0 };
	assert_int_equal(lamps_open(&l, &none), -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_debounce),
		cmocka_unit_test_setup(test_pushes, reset),
		cmocka_unit_test_setup(test_buttons_vanish, reset),
		cmocka_unit_test_setup(test_lamps, reset),
		cmocka_unit_test_setup(test_a_lamp_fails, reset),
		cmocka_unit_test_setup(test_lamps_vanish, reset),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
