/* The keyboard of door/keyboard.h, drawn: rows of keys, and the variants of a letter that is held,
 * in place of the row beside it. Never mirrored: the letters have their places whatever the
 * language of the words around them. */
#ifndef PARVIS_UI_KEYBOARD_H
#define PARVIS_UI_KEYBOARD_H

#include "ui/page.h"

void keyboard_draw(struct page *p, struct box b);

/* What has been typed, in a field of its own, and where the next character goes. */
#define KEYBOARD_FIELD_HIGH 84.0
void keyboard_draw_field(struct page *p, struct box b);

#endif
