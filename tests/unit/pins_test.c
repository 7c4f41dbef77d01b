#include "port/pins.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <ini.h>

#define SAID_MAX 8192

static void note(void *context, const char *text)
{
	char *said = context;
	size_t used = strlen(said);
	snprintf(said + used, SAID_MAX - used, "%s\n", text);
}

/* Loads the text as a file called …/pins.ini; in what is said that is "F". */
static int load(struct pins *out, const char *text, size_t len, char said[SAID_MAX])
{
	char folder[] = "/tmp/parvis-pins.XXXXXX", path[64], raw[SAID_MAX] = "";
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/pins.ini", folder);
	FILE *f = fopen(path, "wbe");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	int error = pins_load(out, path, note, raw);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
	said[0] = '\0';
	size_t n = strlen(path);
	for (char *line = strtok(raw, "\n"); line; line = strtok(NULL, "\n")) {
		assert_memory_equal(line, path, n); /* every problem names the file */
		size_t used = strlen(said);
		snprintf(said + used, SAID_MAX - used, "F%s\n", line + n);
	}
	return error;
}

#define GOOD "[lamp green]\nchip = /dev/gpiochip0\nline = 17\n"

static void test_good(void **state)
{
	(void)state;
	static const char text[] = "\xef\xbb\xbf[lamp green] ; with a mark of some editors\r\n"
				   "chip = /dev/gpiochip0\r\n line = 17 ; indented\n"
				   "active = low\n\n# comment\n; comment\n"
				   "[button plus]\nchip=/dev/gpiochip1\nline=0\npull=up\n"
				   "[button help]\nchip=/dev/gpiochip1\nline=1023\npull=down\n"
				   "active=high";
	struct pins pins;
	char said[SAID_MAX];
	assert_int_equal(load(&pins, text, sizeof(text) - 1, said), 0);
	assert_string_equal(said, "");
	assert_true(pins.lamps[0].used);
	assert_string_equal(pins.lamps[0].chip, "/dev/gpiochip0");
	assert_int_equal(pins.lamps[0].line, 17);
	assert_true(pins.lamps[0].active_low);
	for (int i = 1; i < PINS_LAMPS; i++)
		assert_false(pins.lamps[i].used);
	assert_false(pins.buttons[0].used);
	assert_int_equal(pins.buttons[2].line, 0);
	assert_int_equal(pins.buttons[2].pull, PIN_PULL_UP);
	assert_false(pins.buttons[2].active_low);
	assert_int_equal(pins.buttons[1].line, 1023);
	assert_int_equal(pins.buttons[1].pull, PIN_PULL_DOWN);

	assert_int_equal(load(&pins, "", 0, said), 0); /* nothing wired is a map too */
	assert_false(pins.lamps[0].used);
}

/* inih keeps its settings for the whole program, and event files are read with others. */
static void test_after_another_reader(void **state)
{
	(void)state;
	static const char text[] = GOOD "active = low ; a comment\n",
			  bare[] = GOOD "[lamp red]\nchip\n";
	struct pins pins;
	char said[SAID_MAX];
	ini_allow_inline_comments = false;
	ini_allow_no_value = true;
	ini_max_line = 20;
	assert_int_equal(load(&pins, text, sizeof(text) - 1, said), 0);
	assert_string_equal(said, "");
	assert_true(pins.lamps[0].active_low);
	ini_allow_no_value = true;
	assert_int_equal(load(&pins, bare, sizeof(bare) - 1, said), -EINVAL);
	assert_non_null(strstr(said, "F:5: neither [section], key = value nor ; comment\n"));
}

static void test_problems(void **state)
{
	(void)state;
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ GOOD "[lamp grean]\nline = 3\n",
			"F:4: [lamp grean]: no such section; there are lamp green, amber, red, "
			"buzzer, door and button volunteer, help, plus\n" },
		{ "[lamp blue]\n",
			"F:1: [lamp blue]: no such section; there are lamp green, amber, "
			"red, buzzer, door and button volunteer, help, plus\n" },
		{ "line = 3\n" GOOD, "F:1: a key before any section; begin with [lamp green]\n" },
		{ GOOD "activ = high\n",
			"F:4: [lamp green] activ: no such key here; it takes chip, line, active\n" },
		{ GOOD "pull = up\n",
			"F:4: [lamp green] pull: no such key here; it takes chip, line, active\n" },
		{ "[button help]\nchip = /dev/c\nline = 1\npush = up\n",
			"F:4: [button help] push: no such key here; it takes chip, line, active, "
			"pull\n" },
		{ GOOD "line = 18\n", "F:4: [lamp green] line: given twice; keep one\n" },
		{ GOOD GOOD, "F:5: [lamp green] chip: given twice; keep one\n"
			     "F:6: [lamp green] line: given twice; keep one\n" },
		{ GOOD "active = hi\n",
			"F:4: [lamp green] active: \"hi\" is not right; give high or low\n" },
		{ "[lamp red]\nchip = gpiochip0\nline = 1\n",
			"F:2: [lamp red] chip: \"gpiochip0\" is not right; give the path of a GPIO "
			"chip, as /dev/gpiochip0\n" },
		{ "[lamp red]\nchip = /d\nline = -1\n",
			"F:3: [lamp red] line: \"-1\" is not right; give a line number of the chip, "
			"0 to 1023\n" },
		{ "[lamp red]\nchip = /d\nline = 1024\n",
			"F:3: [lamp red] line: \"1024\" is not right; give a line number of the "
			"chip, 0 to 1023\n" },
		{ "[lamp red]\nchip = /d\nline = 99999999999999999999\n",
			"F:3: [lamp red] line: \"99999999999999999999\" is not right; give a line "
			"number of the chip, 0 to 1023\n" },
		{ "[lamp red]\nchip = /d\nline = 0x11\n",
			"F:3: [lamp red] line: \"0x11\" is not right; give a line number of the "
			"chip, 0 to 1023\n" },
		{ "[lamp red]\nchip = /d\nline =\n",
			"F:3: [lamp red] line: \"\" is not right; give a line number of the chip, 0 "
			"to 1023\n" },
		{ "[button plus]\nchip = /d\nline = 1\npull = \x1b[31mup\n",
			"F:4: [button plus] pull: \"\\x1b[31mup\" is not right; give up, down or "
			"none\n" },
		{ "\n\n[lamp red]\n",
			"F:3: [lamp red]: chip is missing; give the path of a GPIO chip, as "
			"/dev/gpiochip0\n"
			"F:3: [lamp red]: line is missing; give a line number of the chip\n" },
		{ GOOD "[button help]\nline = 17\nchip = /dev/gpiochip0\n",
			"F:4: [button help]: line 17 is [lamp green]'s too; give each its own\n" },
		{ GOOD "what is this\n", "F:4: neither [section], key = value nor ; comment\n" },
		{ GOOD "[lamp red\nline = 2\n",
			"F:4: neither [section], key = value nor ; comment\n" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct pins pins = { .lamps[3].line = 77 };
		char said[SAID_MAX];
		assert_int_equal(load(&pins, cases[i].text, strlen(cases[i].text), said), -EINVAL);
		assert_string_equal(said, cases[i].said);
		assert_int_equal(pins.lamps[3].line, 77); /* a failed call changes nothing */
	}
}

static void test_limits(void **state)
{
	(void)state;
	struct pins pins;
	char said[SAID_MAX], *text = malloc(200000);
	assert_non_null(text);
	snprintf(text, 200000, "%s; %0200d\n[lamp red]\nchip=/d\nline=1\n", GOOD, 0);
	assert_int_equal(load(&pins, text, strlen(text), said), -EINVAL);
	assert_string_equal(said, "F:4: the line is longer than 180 bytes\n");
	snprintf(text, 200000, "%s; %0176d\n", GOOD, 0);
	assert_int_equal(load(&pins, text, strlen(text), said), 0);
	snprintf(text, 200000, "[lamp green]\nchip = /dev/%063d\nline = 1\n", 0);
	assert_int_equal(load(&pins, text, strlen(text), said), -EINVAL);
	memset(text, '\n', 200000);
	assert_int_equal(load(&pins, text, 200000, said), -EINVAL);
	assert_string_equal(said, "F:1001: more than 1000 lines are no pin map\n");
	free(text);
}

static void test_absent(void **state)
{
	(void)state;
	struct pins pins;
	char said[SAID_MAX] = "";
	assert_int_equal(pins_load(&pins, "/nonexistent/pins.ini", note, said), -ENOENT);
	assert_int_equal(pins_load(&pins, "/tmp", note, said), -EISDIR);
	assert_string_equal(said, "");
}

/* Bytes of any kind: an answer, and no end of the program. */
static void test_noise(void **state)
{
	(void)state;
	static const char alphabet[] = "[]lampgren bto=\n\n;#\r\t\"\xff\x00:17/";
	unsigned seed = 1;
	for (int round = 0; round < 300; round++) {
		char text[400], said[SAID_MAX];
		for (size_t i = 0; i < sizeof(text); i++) {
			seed = seed * 1103515245U + 12345U;
			text[i] = alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
		}
		struct pins pins;
		int error = load(&pins, text, sizeof(text), said);
		assert_true(!error == !*said);
	}
}

/* The reference map: everything wired, each to a line of its own. */
static void test_reference(void **state)
{
	(void)state;
	if (access("board/pins.ini", R_OK)) {
		print_message("# skipped: not run from the top of the tree\n");
		skip();
	}
	struct pins pins;
	char said[SAID_MAX] = "";
	int error = pins_load(&pins, "board/pins.ini", note, said);
	assert_string_equal(said, "");
	assert_int_equal(error, 0);
	for (int i = 0; i < PINS_LAMPS; i++) {
		assert_true(pins.lamps[i].used);
		assert_false(pins.lamps[i].active_low);      /* off while nobody drives it */
		assert_in_range(pins.lamps[i].line, 16, 27); /* pulled down at power-on */
	}
	for (int i = 0; i < PINS_BUTTONS; i++) {
		assert_true(pins.buttons[i].used && pins.buttons[i].active_low);
		assert_int_equal(pins.buttons[i].pull, PIN_PULL_UP);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_after_another_reader),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_reference),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
