#include "door/keyboard.h"

#include "base/text.h"

#include <string.h>

/* Keys of the last row. */
enum low {
	LOW_NUMBERS,
	LOW_DIRECT, /* five of them */
	LOW_SPACE = LOW_DIRECT + 5,
	LOW_AFTER,
	LOW_LAYOUT,
	LOW_CLEAR,
	LOW_COUNT
};

#define LOW_ROW (KEYBOARD_ROWS - 1)

/* A row is its characters. The third also has shift before it, where letters have capitals, and the
 * key that deletes after it. */
static const struct layout {
	const char *name;    /* on the key that leads here */
	const char *rows[3]; /* as many keys each, with those two */
	const char *direct;  /* five */
	const char *after;   /* one */
	bool capitals, rtl;
} layouts[] = {
	[KEYBOARD_AZERTY] = { "AZERTY", { "azertyuiop", "qsdfghjklm", "wxcvbn’-" }, "éèàç’", "-",
		true, false },
	[KEYBOARD_QWERTY] = { "QWERTY", { "qwertyuiop", "asdfghjkl’", "zxcvbnm-" }, "éñöüß", "-",
		true, false },
	[KEYBOARD_CYRILLIC] = { "АБВ", { "йцукенгшщзх", "фывапролджэ", "ячсмитьбю" }, "ъёієї", "-",
		true, false },
	[KEYBOARD_GREEK] = { "ΑΒΓ", { "ςερτυθιοπ’", "ασδφγηξκλ-", "ζχψωβνμώ" }, "άέήίό", "ύ", true,
		false },
	[KEYBOARD_ARABIC] = { "عربي", { "ضصثقفغعهخحج", "شسيبلاتنمكط", "ذئءؤرىةوزظ" }, "دأإآ’", "-",
		false, true },
};
static_assert(ARRAY_LEN(layouts) == KEYBOARD_LAYOUTS, "every layout needs its keys");

static const char *const number_rows[3] = { "1234567890", "-.,’&/+()@", "!?:;\"*=%#" };

static const enum keyboard_layout of_language[] = {
	[LANGUAGE_FR] = KEYBOARD_AZERTY,
	[LANGUAGE_EN] = KEYBOARD_QWERTY,
};
static_assert(ARRAY_LEN(of_language) == LANGUAGE_COUNT, "every language needs a layout");

/* What a long press offers, after the letter itself. */
static const struct {
	const char *letter, *variants;
} more[] = {
	{ "a", "àâäáãåæā" },
	{ "c", "çćčċ" },
	{ "d", "đďð" },
	{ "e", "éèêëēėęě" },
	{ "g", "ğģ" },
	{ "h", "ħ" },
	{ "i", "îïíìīį" },
	{ "k", "ķ" },
	{ "l", "łľļ" },
	{ "n", "ñńňņ" },
	{ "o", "ôöóòõøœō" },
	{ "r", "řŕ" },
	{ "s", "ßśšşș" },
	{ "t", "țťţþ" },
	{ "u", "ùûüúūůű" },
	{ "w", "ŵ" },
	{ "y", "ÿý" },
	{ "z", "žźż" },
	{ "г", "ґ" },
	{ "е", "ёє" },
	{ "и", "іїй" },
	{ "у", "ў" },
	{ "ь", "ъ" },
	{ "α", "ά" },
	{ "ε", "έ" },
	{ "η", "ή" },
	{ "ι", "ίϊΐ" },
	{ "ο", "ό" },
	{ "σ", "ς" },
	{ "υ", "ύϋΰ" },
	{ "ω", "ώ" },
	{ "ا", "أإآٱ" },
	{ "ب", "پ" },
	{ "ج", "چ" },
	{ "ز", "ژ" },
	{ "ف", "ڤ" },
	{ "ك", "گک" },
	{ "ه", "ة" },
	{ "و", "ؤ" },
	{ "ي", "ئى" },
	{ "’", "'·" },
	{ "-", "–" },
};

/* --- characters --- */

static size_t char_size(const char *p)
{
	uint32_t c;
	return *p ? text_decode_utf8(p, strlen(p), &c) : 0;
}

static unsigned char_count(const char *p)
{
	unsigned n = 0;
	for (size_t size; (size = char_size(p)); p += size)
		n++;
	return n;
}

static bool char_at(const char *p, unsigned i, char out[KEYBOARD_CHAR])
{
	size_t size;
	while ((size = char_size(p)) && i--)
		p += size;
	memcpy(out, p, size);
	out[size] = '\0';
	return size > 0;
}

/* The capital of a letter of these layouts and their variants; what has none stays. */
static uint32_t capital(uint32_t c)
{
	static const uint32_t odd[][2] = { { 0xff, 0x178 }, { 0x3ac, 0x386 }, { 0x3cc, 0x38c },
		{ 0x3cd, 0x38e }, { 0x3ce, 0x38f }, { 0x3c2, 0x3a3 }, { 0x3ca, 0x3aa },
		{ 0x3cb, 0x3ab }, { 0x491, 0x490 } };
	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		if (c == odd[i][0])
			return odd[i][1];
	if ((c >= 'a' && c <= 'z') || (c >= 0xe0 && c <= 0xfe && c != 0xf7) ||
		(c >= 0x3b1 && c <= 0x3c9) || (c >= 0x430 && c <= 0x44f))
		return c - 0x20;
	if (c >= 0x3ad && c <= 0x3af)
		return c - 0x25;
	if (c >= 0x450 && c <= 0x45f)
		return c - 0x50;
	/* Latin Extended-A and what follows it lie in pairs; from 139 to 148 and from 179 to 17e
	 * the capital is the odd one. */
	bool odd_first = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);
	if (c == 0x131 || c == 0x138 || c == 0x149 || c == 0x17f)
		return c;
	if ((c >= 0x100 && c <= 0x17e) || (c >= 0x218 && c <= 0x21b))
		return (c & 1) != odd_first ? c - 1 : c;
	return c;
}

/* Below U+0800, which is where all capitals lie. */
static void encode(uint32_t c, char out[KEYBOARD_CHAR])
{
	memset(out, 0, KEYBOARD_CHAR);
	if (c < 0x80) {
		out[0] = (char)c;
	} else {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
	}
}

static void capitalise(char text[KEYBOARD_CHAR])
{
	uint32_t c;
	size_t size = char_size(text);
	if (size != text_decode_utf8(text, size ? size : 1, &c) || size == 0 || size > 2)
		return;
	encode(capital(c), text);
}

/* --- the text --- */

/* The last character's place; the text is not empty. */
static size_t last_char(const char *text)
{
	size_t at = strlen(text) - 1;
	while (at && ((unsigned char)text[at] & 0xc0) == 0x80)
		at--;
	return at;
}

/* Names begin with capitals, and so does what follows a space or a hyphen in them. */
static void shift_by_itself(struct keyboard *k)
{
	size_t n = strlen(k->text);
	k->shift = n == 0 || k->text[n - 1] == ' ' || k->text[n - 1] == '-';
}

static bool append(struct keyboard *k, const char *character)
{
	size_t used = strlen(k->text), n = strlen(character);
	bool space = !strcmp(character, " ");
	k->held = 0;
	if (used + n >= sizeof(k->text))
		return false;
	if (space && (!used || k->text[used - 1] == ' '))
		return false;
	memcpy(k->text + used, character, n);
	shift_by_itself(k);
	return true;
}

static bool delete_last(struct keyboard *k)
{
	k->held = 0;
	if (!*k->text)
		return false;
	size_t at = last_char(k->text);
	memset(k->text + at, 0, sizeof(k->text) - at);
	shift_by_itself(k);
	return true;
}

void keyboard_reset(struct keyboard *k, enum language language)
{
	memset(k, 0, sizeof(*k));
	k->shift = true;
	k->layout = of_language[language];
}

void keyboard_use_language(struct keyboard *k, enum language language)
{
	k->layout = of_language[language];
	k->held = 0;
	k->numbers = false;
}

/* --- keys --- */

static const char *row_of(const struct keyboard *k, unsigned row)
{
	return k->numbers ? number_rows[row] : layouts[k->layout].rows[row];
}

/* Shift stands before the third row, if it stands anywhere. */
static bool has_shift(const struct keyboard *k, unsigned row)
{
	return row == 2 && !k->numbers && layouts[k->layout].capitals;
}

unsigned keyboard_columns(const struct keyboard *k, unsigned row)
{
	if (row == LOW_ROW)
		return LOW_COUNT;
	if (row > LOW_ROW)
		return 0;
	return char_count(row_of(k, row)) + has_shift(k, row) + (row == 2);
}

static enum keyboard_layout next_layout(const struct keyboard *k)
{
	return (enum keyboard_layout)((k->layout + 1) % KEYBOARD_LAYOUTS);
}

static enum keyboard_kind letter(
	const struct keyboard *k, const char *from, unsigned i, char text[16])
{
	if (!char_at(from, i, text))
		return KEYBOARD_NOTHING;
	if (k->shift && !k->numbers)
		capitalise(text);
	return KEYBOARD_TEXT;
}

static enum keyboard_kind low_key(const struct keyboard *k, unsigned column, char text[16])
{
	const struct layout *l = &layouts[k->layout];
	switch (column) {
	case LOW_NUMBERS:
		text_copy(text, 16, k->numbers ? l->name : "123");
		return KEYBOARD_NUMBERS;
	case LOW_SPACE:
		return KEYBOARD_SPACE;
	case LOW_AFTER:
		return letter(k, l->after, 0, text);
	case LOW_LAYOUT:
		text_copy(text, 16, layouts[next_layout(k)].name);
		return KEYBOARD_LAYOUT;
	case LOW_CLEAR:
		return KEYBOARD_CLEAR;
	default:
		return letter(k, l->direct, column - LOW_DIRECT, text);
	}
}

enum keyboard_kind keyboard_key(
	const struct keyboard *k, unsigned row, unsigned column, char text[16])
{
	text[0] = '\0';
	if (column >= keyboard_columns(k, row))
		return KEYBOARD_NOTHING;
	if (row == LOW_ROW)
		return low_key(k, column, text);
	if (has_shift(k, row) && column == 0)
		return KEYBOARD_SHIFT;
	if (row == 2 && column == keyboard_columns(k, row) - 1)
		return KEYBOARD_DELETE;
	return letter(k, row_of(k, row), column - has_shift(k, row), text);
}

bool keyboard_press(struct keyboard *k, unsigned row, unsigned column)
{
	char text[16];
	switch (keyboard_key(k, row, column, text)) {
	case KEYBOARD_NOTHING:
		return false;
	case KEYBOARD_TEXT:
		return append(k, text);
	case KEYBOARD_SPACE:
		return append(k, " ");
	case KEYBOARD_DELETE:
		return delete_last(k);
	case KEYBOARD_SHIFT:
		k->shift = !k->shift;
		break;
	case KEYBOARD_NUMBERS:
		k->numbers = !k->numbers;
		break;
	case KEYBOARD_LAYOUT:
		k->layout = next_layout(k);
		k->numbers = false;
		break;
	case KEYBOARD_CLEAR:
		memset(k->text, 0, sizeof(k->text));
		shift_by_itself(k);
		break;
	}
	k->held = 0;
	return true;
}

/* --- variants --- */

static const char *variants_of(const char *letter)
{
	for (size_t i = 0; i < ARRAY_LEN(more); i++)
		if (!strcmp(more[i].letter, letter))
			return more[i].variants;
	return NULL;
}

/* The letter of the key being held, without the shift. */
static const char *held_letter(const struct keyboard *k, char text[16])
{
	struct keyboard plain = *k;
	unsigned at = k->held - 1U;
	plain.shift = false;
	(void)keyboard_key(&plain, at / KEYBOARD_COLUMNS, at % KEYBOARD_COLUMNS, text);
	return text;
}

bool keyboard_hold(struct keyboard *k, unsigned row, unsigned column)
{
	char text[16];
	uint8_t before = k->held;
	if (keyboard_key(k, row, column, text) != KEYBOARD_TEXT)
		return false;
	k->held = (uint8_t)(row * KEYBOARD_COLUMNS + column + 1);
	if (variants_of(held_letter(k, text)))
		return true;
	k->held = before;
	return false;
}

bool keyboard_variant(const struct keyboard *k, unsigned i, char text[KEYBOARD_CHAR])
{
	char own[16];
	if (!k->held)
		return false;
	const char *variants = variants_of(held_letter(k, own));
	CHECK(variants);
	if (i == 0)
		text_copy(text, KEYBOARD_CHAR, own);
	else if (!char_at(variants, i - 1, text))
		return false;
	if (k->shift)
		capitalise(text);
	return true;
}

bool keyboard_pick(struct keyboard *k, unsigned i)
{
	char text[KEYBOARD_CHAR];
	return keyboard_variant(k, i, text) && append(k, text);
}

bool keyboard_let_go(struct keyboard *k)
{
	bool shown = k->held;
	k->held = 0;
	return shown;
}

bool keyboard_type(struct keyboard *k, const char *character)
{
	uint32_t c;
	size_t n = strlen(character);
	if (!strcmp(character, "\b"))
		return delete_last(k);
	if (n == 0 || text_decode_utf8(character, n, &c) != n || text_is_hazard(c))
		return false;
	return append(k, character);
}

bool keyboard_is_rtl(const struct keyboard *k)
{
	uint32_t c;
	size_t size;
	/* The first letter decides; Hebrew and Arabic lie together. */
	for (const char *p = k->text; (size = char_size(p)); p += size) {
		(void)!text_decode_utf8(p, size, &c);
		if (c >= 0x590 && c <= 0x8ff)
			return true;
		if (c >= 'A')
			return false;
	}
	return layouts[k->layout].rtl;
}
