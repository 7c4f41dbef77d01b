/* The keyboard on the glass: layouts as tables, and what a press, a long press and a typed
 * character do to the text. Pure values in place, any thread. A layout has three rows of letters,
 * as on the keyboards that people know, and a row of the most wanted accents, space and the keys
 * that change the keyboard. */
#ifndef PARVIS_DOOR_KEYBOARD_H
#define PARVIS_DOOR_KEYBOARD_H

#include "base/cc.h"
#include "door/language.h"
#include "door/ticket.h"

#include <stdbool.h>
#include <stdint.h>

enum keyboard_layout {
	KEYBOARD_AZERTY,
	KEYBOARD_QWERTY,
	KEYBOARD_CYRILLIC,
	KEYBOARD_GREEK,
	KEYBOARD_ARABIC,
	KEYBOARD_LAYOUTS
};

enum keyboard_kind {
	KEYBOARD_NOTHING, /* no key here */
	KEYBOARD_TEXT,
	KEYBOARD_SHIFT,
	KEYBOARD_DELETE,  /* the last character */
	KEYBOARD_NUMBERS, /* digits and signs, and back */
	KEYBOARD_SPACE,
	KEYBOARD_LAYOUT, /* the next layout */
	KEYBOARD_CLEAR,  /* the whole text */
};

#define KEYBOARD_ROWS     4
#define KEYBOARD_COLUMNS  11 /* at most */
#define KEYBOARD_KEYS     (KEYBOARD_ROWS * KEYBOARD_COLUMNS)
#define KEYBOARD_VARIANTS 10 /* at most, the key's own character included */
#define KEYBOARD_CHAR     5  /* bytes of one character, terminated */

struct keyboard {
	char text[TICKET_NAME_SIZE]; /* UTF-8; zeroes to its end */
	enum keyboard_layout layout;
	bool shift;   /* the next letter is a capital: the first of each part of a name is */
	bool numbers; /* digits and signs in place of letters */
	uint8_t held; /* 1 + the key (row * KEYBOARD_COLUMNS + column) whose variants are shown */
};

/* Empty, in the layout of that language. */
void keyboard_reset(struct keyboard *k, enum language language);

/* The layout that people who chose this language look for first; the text stays. */
void keyboard_use_language(struct keyboard *k, enum language language);

/* How many keys the rows have; the last row has its own number. */
unsigned keyboard_columns(const struct keyboard *k, unsigned row);

/* What a key is; `text` is what it types now, or the name of what it leads to ("123", "عربي"); ""
 * where a sign or a word of the user's language has to say it. */
enum keyboard_kind keyboard_key(
	const struct keyboard *k, unsigned row, unsigned column, char text[16]);

/* False: nothing has changed (no such key, or no room for one more character). */
bool keyboard_press(struct keyboard *k, unsigned row, unsigned column);

/* A long press: shows the variants of the key's letter. False where it has none. */
bool keyboard_hold(struct keyboard *k, unsigned row, unsigned column);

/* The i-th variant being shown; false where there is none. */
bool keyboard_variant(const struct keyboard *k, unsigned i, char text[KEYBOARD_CHAR]);
/* Types it, and shows the keys again. */
bool keyboard_pick(struct keyboard *k, unsigned i);

/* Shows the keys again. False where no variants were shown. */
bool keyboard_let_go(struct keyboard *k);

/* One character of a keyboard with keys, or "\b". What is no character that a name can have, and
 * what there is no room for, is left out: false. */
bool keyboard_type(struct keyboard *k, const char *character);

/* Whether the text is read from the right; while there is none, whether the layout's would be. */
bool keyboard_is_rtl(const struct keyboard *k);

#endif
