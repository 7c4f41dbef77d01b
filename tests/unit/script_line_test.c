#include "app/script_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct script_line good(const char *line)
{
	struct script_line l;
	const char *wrong = script_line_read(line, strlen(line), &l);
	if (wrong)
		fail_msg("%s: %s", line, wrong);
	return l;
}

static void lines_that_say_nothing(void **state)
{
	(void)state;
	static const char *const lines[] = { "", "   ", "\t", "# at 19:00:00", "  # x", "\r" };
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		assert_int_equal(good(lines[i]).command, SCRIPT_NOTHING);
}

static void every_command(void **state)
{
	(void)state;
	struct script_line l = good("at 19:04:10\r");
	assert_int_equal(l.command, SCRIPT_AT);
	assert_int_equal(l.len, 8);
	l = good("  show   a picture.png  ");
	assert_int_equal(l.command, SCRIPT_SHOW);
	assert_memory_equal(l.text, "a picture.png", l.len);
	assert_int_equal(l.len, 13);
	l = good("tap 12,345");
	assert_int_equal(l.command, SCRIPT_TAP_AT);
	assert_int_equal(l.x, 12);
	assert_int_equal(l.y, 345);
	l = good("tap Oui, merci");
	assert_int_equal(l.command, SCRIPT_TAP);
	assert_int_equal(good("press +1").button, BUTTON_PLUS);
	assert_int_equal(good("press help").button, BUTTON_HELP);
	l = good("expect lamp green");
	assert_string_equal(l.what, "lamp");
	assert_string_equal(l.value, "green");
	assert_int_equal(good("shot a.png").command, SCRIPT_SHOT);
	assert_int_equal(good("cut").command, SCRIPT_CUT);
}

/* A code is taken as it stands: blanks at its end are part of it. */
static void codes_keep_their_bytes(void **state)
{
	(void)state;
	static const char line[] = "code a\0b \xff  ";
	struct script_line l;
	assert_null(script_line_read(line, sizeof(line) - 1, &l));
	assert_int_equal(l.len, sizeof(line) - 1 - 5);
	assert_memory_equal(l.text, "a\0b \xff  ", l.len);
}

/* A comment may follow every command but code, whose text may well hold the sign. */
static void comments_after_commands(void **state)
{
	(void)state;
	assert_int_equal(good("at 19:04:10 # doors\r").len, 8);
	assert_int_equal(good("show a#1.png\t#phone").len, 7);
	assert_int_equal(good("tap D'accord #x # y").len, 8);
	assert_int_equal(good("press help # x").button, BUTTON_HELP);
	assert_int_equal(good("wait ADMIT 3s # x").wait_ms, 3000);
	assert_string_equal(good("expect present 1 # x").value, "1");
	assert_int_equal(good("shot a.png # x").len, 5);
	assert_int_equal(good("cut # x").command, SCRIPT_CUT);
	assert_int_equal(good("code a # x").len, 5);
}

static void waits(void **state)
{
	(void)state;
	assert_int_equal(good("wait ADMIT").wait_ms, SCRIPT_WAIT_MS);
	assert_int_equal(good("wait ADMIT 3s").wait_ms, 3000);
	assert_int_equal(good("wait ADMIT 3").wait_ms, 3000);
	assert_int_equal(good("wait ADMIT 250ms").wait_ms, 250);
	assert_int_equal(good("wait NOT_A_TICKET 1s").verdict, VERDICT_NOT_A_TICKET);
}

static void waits_for_a_value(void **state)
{
	(void)state;
	struct script_line l = good("wait link up");
	assert_int_equal(l.command, SCRIPT_WAIT_FOR);
	assert_string_equal(l.what, "link");
	assert_string_equal(l.value, "up");
	assert_int_equal(l.wait_ms, SCRIPT_WAIT_FOR_MS);
	l = good("wait fleet:la-ruche 12 30s # by then");
	assert_string_equal(l.what, "fleet:la-ruche");
	assert_string_equal(l.value, "12");
	assert_int_equal(l.wait_ms, 30000);
	l = good("say so far # so good");
	assert_int_equal(l.command, SCRIPT_SAY);
	assert_int_equal(l.len, 6);
}

static void what_is_wrong_is_said(void **state)
{
	(void)state;
	static const struct {
		const char *line, *says;
	} cases[] = {
		{ "dance", "no such command" },
		{ "AT 19:00", "no such command" },
		{ "at", "something after" },
		{ "show ", "something after" },
		{ "code", "something after" },
		{ "tap", "tap needs" },
		{ "press", "press needs" },
		{ "press any", "press needs" },
		{ "wait", "needs a verdict" },
		{ "wait admit", "needs a verdict" },
		{ "wait link up soon", "comes nothing, or a time" },
		{ "wait link up 2s now", "comes nothing, or a time" },
		{ "wait link up now then", "comes nothing, or a time" },
		{ "say", "something after" },
		{ "wait ADMIT soon", "comes nothing, or a time" },
		{ "wait ADMIT 2s now", "comes nothing, or a time" },
		{ "wait ADMIT 99999999s", "comes nothing, or a time" },
		{ "wait ADMIT -1s", "comes nothing, or a time" },
		{ "expect", "expect needs" },
		{ "expect present", "expect needs" },
		{ "expect present 1 2", "expect needs" },
		{ "shot", "ends in .png" },
		{ "shot a.jpg", "ends in .png" },
		{ "shot a/b.png", "plain file name" },
		{ "shot ..png.png", "plain file name" },
		{ "cut now", "takes nothing" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct script_line l;
		const char *wrong = script_line_read(cases[i].line, strlen(cases[i].line), &l);
		if (!wrong || !strstr(wrong, cases[i].says))
			fail_msg("%s: %s", cases[i].line, wrong ? wrong : "was understood");
	}
	char long_line[SCRIPT_LINE_MAX + 2];
	struct script_line l;
	memset(long_line, 'a', sizeof(long_line));
	assert_non_null(script_line_read(long_line, SCRIPT_LINE_MAX + 1, &l));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_that_say_nothing),
		cmocka_unit_test(every_command),
		cmocka_unit_test(codes_keep_their_bytes),
		cmocka_unit_test(comments_after_commands),
		cmocka_unit_test(waits),
		cmocka_unit_test(waits_for_a_value),
		cmocka_unit_test(what_is_wrong_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
