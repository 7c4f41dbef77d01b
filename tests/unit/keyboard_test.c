#include "door/keyboard.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Presses the key of that text, or of that kind where text is NULL. */
static bool press(struct keyboard *k, enum keyboard_kind kind, const char *text)
{
	char label[16];
	for (unsigned row = 0; row < KEYBOARD_ROWS; row++)
		for (unsigned c = 0; c < keyboard_columns(k, row); c++)
			if (keyboard_key(k, row, c, label) == kind &&
				(!text || !strcmp(label, text)))
				return keyboard_press(k, row, c);
	fail_msg("no key of kind %d “%s”", (int)kind, text ? text : "");
	return false;
}

static bool hold(struct keyboard *k, const char *text)
{
	char label[16];
	for (unsigned row = 0; row < KEYBOARD_ROWS; row++)
		for (unsigned c = 0; c < keyboard_columns(k, row); c++)
			if (keyboard_key(k, row, c, label) == KEYBOARD_TEXT && !strcmp(label, text))
				return keyboard_hold(k, row, c);
	fail_msg("no key “%s”", text);
	return false;
}

static void every_layout_is_whole(void **state)
{
	(void)state;
	struct keyboard k;
	keyboard_reset(&k, LANGUAGE_FR);
	for (unsigned layout = 0; layout < KEYBOARD_LAYOUTS; layout++) {
		k.layout = (enum keyboard_layout)layout;
		for (int numbers = 0; numbers < 2; numbers++) {
			k.numbers = numbers;
			for (int shift = 0; shift < 2; shift++) {
				unsigned kinds = 0;
				k.shift = shift;
				char text[16];
				unsigned width = keyboard_columns(&k, 0);
				assert_in_range(width, 10, KEYBOARD_COLUMNS);
				for (unsigned row = 0; row < KEYBOARD_ROWS; row++) {
					unsigned n = keyboard_columns(&k, row);
					assert_int_equal(n, row < 3 ? width : 10);
					for (unsigned c = 0; c < n; c++) {
						enum keyboard_kind kind =
							keyboard_key(&k, row, c, text);
						uint32_t code;
						kinds |= 1U << kind;
						assert_int_not_equal(kind, KEYBOARD_NOTHING);
						if (kind != KEYBOARD_TEXT)
							continue;
						assert_int_equal(
							text_decode_utf8(text, strlen(text), &code),
							strlen(text));
						assert_false(text_is_hazard(code));
					}
					assert_int_equal(
						keyboard_key(&k, row, n, text), KEYBOARD_NOTHING);
					assert_false(keyboard_press(&k, row, n));
				}
				bool capitals = layout != KEYBOARD_ARABIC && !numbers;
				unsigned want = 0xff & ~(1U << KEYBOARD_NOTHING);
				assert_int_equal(
					kinds, capitals ? want : want & ~(1U << KEYBOARD_SHIFT));
			}
		}
	}
	assert_int_equal(keyboard_columns(&k, KEYBOARD_ROWS), 0);
}

static void names_are_written_as_names_are(void **state)
{
	(void)state;
	struct keyboard k;
	keyboard_reset(&k, LANGUAGE_FR);
	assert_int_equal(k.layout, KEYBOARD_AZERTY);
	press(&k, KEYBOARD_TEXT, "Z");
	press(&k, KEYBOARD_TEXT, "o");
	press(&k, KEYBOARD_TEXT, "é");
	assert_string_equal(k.text, "Zoé");
	press(&k, KEYBOARD_TEXT, "-");
	press(&k, KEYBOARD_TEXT, "A");
	press(&k, KEYBOARD_SHIFT, NULL);
	press(&k, KEYBOARD_TEXT, "B");
	press(&k, KEYBOARD_TEXT, "c");
	assert_string_equal(k.text, "Zoé-ABc");
	assert_false(press(&k, KEYBOARD_SPACE, NULL) && press(&k, KEYBOARD_SPACE, NULL));
	assert_string_equal(k.text, "Zoé-ABc ");
	for (int i = 0; i < 6; i++)
		assert_true(press(&k, KEYBOARD_DELETE, NULL));
	assert_string_equal(k.text, "Zo");
	press(&k, KEYBOARD_CLEAR, NULL);
	assert_string_equal(k.text, "");
	assert_true(k.shift);
	assert_false(press(&k, KEYBOARD_DELETE, NULL));
	assert_false(press(&k, KEYBOARD_SPACE, NULL)); /* no name begins with one */
	press(&k, KEYBOARD_NUMBERS, "123");
	press(&k, KEYBOARD_TEXT, "7");
	press(&k, KEYBOARD_NUMBERS, "AZERTY");
	press(&k, KEYBOARD_TEXT, "é");
	assert_string_equal(k.text, "7é");
}

static void accents_come_by_a_long_press(void **state)
{
	(void)state;
	static const struct {
		enum keyboard_layout layout;
		const char *key, *variant;
	} cases[] = {
		{ KEYBOARD_AZERTY, "e", "ê" },
		{ KEYBOARD_AZERTY, "O", "Œ" },
		{ KEYBOARD_AZERTY, "Z", "Ž" },
		{ KEYBOARD_AZERTY, "Y", "Ÿ" },
		{ KEYBOARD_QWERTY, "s", "ß" },
		{ KEYBOARD_QWERTY, "L", "Ł" },
		{ KEYBOARD_QWERTY, "I", "Į" },
		{ KEYBOARD_QWERTY, "S", "Ș" },
		{ KEYBOARD_CYRILLIC, "Е", "Ё" },
		{ KEYBOARD_CYRILLIC, "г", "ґ" },
		{ KEYBOARD_CYRILLIC, "Г", "Ґ" },
		{ KEYBOARD_GREEK, "Ω", "Ώ" },
		{ KEYBOARD_GREEK, "Ε", "Έ" },
		{ KEYBOARD_GREEK, "ι", "ΐ" },
		{ KEYBOARD_ARABIC, "ا", "آ" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct keyboard k;
		char text[KEYBOARD_CHAR], small[16];
		bool found = false;
		keyboard_reset(&k, LANGUAGE_EN);
		assert_int_equal(k.layout, KEYBOARD_QWERTY);
		k.layout = cases[i].layout;
		/* A key that is not there in capitals is there in small letters. */
		k.shift = false;
		for (unsigned row = 0; row < 3; row++)
			for (unsigned c = 0; c < keyboard_columns(&k, row); c++)
				if (keyboard_key(&k, row, c, small) == KEYBOARD_TEXT)
					found |= !strcmp(small, cases[i].key);
		k.shift = !found;
		assert_true(hold(&k, cases[i].key));
		assert_true(keyboard_variant(&k, 0, text));
		assert_string_equal(text, cases[i].key);
		unsigned n = 0;
		while (keyboard_variant(&k, n, text) && strcmp(text, cases[i].variant))
			n++;
		if (strcmp(text, cases[i].variant))
			fail_msg("%s has no %s", cases[i].key, cases[i].variant);
		assert_true(keyboard_pick(&k, n));
		assert_string_equal(k.text, cases[i].variant);
		assert_false(keyboard_variant(&k, 0, text)); /* the keys again */
		assert_false(keyboard_let_go(&k));
	}
}

static void what_is_held_can_be_let_go(void **state)
{
	(void)state;
	struct keyboard k;
	char text[KEYBOARD_CHAR];
	keyboard_reset(&k, LANGUAGE_FR);
	assert_false(keyboard_pick(&k, 0));
	assert_true(hold(&k, "A"));
	assert_false(keyboard_variant(&k, KEYBOARD_VARIANTS, text));
	assert_false(keyboard_pick(&k, KEYBOARD_VARIANTS));
	assert_false(hold(&k, "X")); /* nothing more to offer: A's stay */
	assert_true(keyboard_let_go(&k));
	assert_true(hold(&k, "A"));
	press(&k, KEYBOARD_TEXT, "X"); /* another key was meant */
	assert_string_equal(k.text, "X");
	assert_int_equal(k.held, 0);
	/* No letter has more variants than can be shown. */
	for (unsigned layout = 0; layout < KEYBOARD_LAYOUTS; layout++)
		for (unsigned key = 0; key < KEYBOARD_KEYS; key++) {
			keyboard_reset(&k, LANGUAGE_FR);
			k.layout = (enum keyboard_layout)layout;
			if (keyboard_hold(&k, key / KEYBOARD_COLUMNS, key % KEYBOARD_COLUMNS))
				assert_false(keyboard_variant(&k, KEYBOARD_VARIANTS, text));
		}
}

static void text_ends_at_a_whole_character(void **state)
{
	(void)state;
	struct keyboard k;
	keyboard_reset(&k, LANGUAGE_FR);
	for (int i = 0; i < 100; i++)
		(void)keyboard_type(&k, "ع");
	assert_int_equal(strlen(k.text), 62); /* 63 bytes are room for 31 */
	assert_true(text_is_utf8(k.text, strlen(k.text)));
	assert_true(keyboard_type(&k, "x"));
	assert_false(keyboard_type(&k, "x"));
	assert_true(keyboard_type(&k, "\b"));
	assert_true(keyboard_type(&k, "\b"));
	assert_int_equal(strlen(k.text), 60);
	for (size_t i = strlen(k.text); i < sizeof(k.text); i++)
		assert_int_equal(k.text[i], 0);
}

static void what_is_no_character_is_left_out(void **state)
{
	(void)state;
	static const char *const bad[] = { "", "ab", "\n", "\x1b", "\xff", "\xc3", "\u202e",
		"\u200b", "é\x80" };
	struct keyboard k;
	keyboard_reset(&k, LANGUAGE_FR);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(keyboard_type(&k, bad[i]));
	assert_string_equal(k.text, "");
	assert_true(keyboard_type(&k, "😀"));
	assert_true(keyboard_type(&k, "\b"));
	assert_string_equal(k.text, "");
}

static void layouts_follow_each_other_and_the_language(void **state)
{
	(void)state;
	static const char *const next[] = { "QWERTY", "АБВ", "ΑΒΓ", "عربي", "AZERTY" };
	struct keyboard k;
	keyboard_reset(&k, LANGUAGE_FR);
	for (size_t i = 0; i < ARRAY_LEN(next); i++) {
		assert_int_equal(keyboard_is_rtl(&k), k.layout == KEYBOARD_ARABIC);
		press(&k, KEYBOARD_LAYOUT, next[i]);
	}
	assert_int_equal(k.layout, KEYBOARD_AZERTY);
	(void)keyboard_type(&k, "Z");
	keyboard_use_language(&k, LANGUAGE_EN);
	assert_int_equal(k.layout, KEYBOARD_QWERTY);
	assert_string_equal(k.text, "Z");
	k.layout = KEYBOARD_ARABIC;
	assert_false(keyboard_is_rtl(&k)); /* the first letter says how it is read */
	(void)keyboard_type(&k, "\b");
	(void)keyboard_type(&k, "ش");
	k.layout = KEYBOARD_AZERTY;
	assert_true(keyboard_is_rtl(&k));
}

/* Anything in any order: the text stays what a name can be. */
static void nothing_breaks_it(void **state)
{
	(void)state;
	struct keyboard k;
	unsigned seed = 7;
	keyboard_reset(&k, LANGUAGE_EN);
	for (int i = 0; i < 200000; i++) {
		unsigned key = (unsigned)rand_r(&seed) % (KEYBOARD_KEYS + 4);
		unsigned row = key / KEYBOARD_COLUMNS, column = key % KEYBOARD_COLUMNS;
		switch (rand_r(&seed) % 8) {
		case 0:
			(void)keyboard_hold(&k, row, column);
			break;
		case 1:
			(void)keyboard_pick(&k, key % 12);
			break;
		default:
			(void)keyboard_press(&k, row, column);
			break;
		}
		assert_true(memchr(k.text, 0, sizeof(k.text)) != NULL);
		assert_true(text_is_utf8(k.text, strlen(k.text)));
		assert_true(k.text[0] != ' ' && !strstr(k.text, "  "));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layout_is_whole),
		cmocka_unit_test(names_are_written_as_names_are),
		cmocka_unit_test(accents_come_by_a_long_press),
		cmocka_unit_test(what_is_held_can_be_let_go),
		cmocka_unit_test(text_ends_at_a_whole_character),
		cmocka_unit_test(what_is_no_character_is_left_out),
		cmocka_unit_test(layouts_follow_each_other_and_the_language),
		cmocka_unit_test(nothing_breaks_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
