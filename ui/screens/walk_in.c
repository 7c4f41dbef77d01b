#include "ui/screens/screens.h"

#include "ui/draw.h"
#include "ui/keyboard.h"

#include <math.h>
#include <string.h>

static void draw_name(struct page *p, struct box *rest)
{
	const struct screen *s = p->screen;
	struct type label = { 26, 400, p->palette->soft, ALIGN_START, false };
	struct type note = { 24, 400, p->palette->soft, ALIGN_START, false };
	struct key come_in = key_of(p, CONTROL_COME_IN, BUTTON_PRIMARY);
	text_flow(p, rest, string_of(s->language, STRING_WALK_IN_NAME), &label, 8);
	bool upright = page_upright(p);
	struct box row = box_top(rest, KEYBOARD_FIELD_HIGH);
	if (!upright) {
		key_draw(p, box_end(&row, fmax(row.w * 0.3, 240)), &come_in);
		box_end(&row, 24);
	}
	keyboard_draw_field(p, row);
	box_top(rest, 12);
	enum string words = s->has_printer ? STRING_WALK_IN_NOTE : STRING_WALK_IN_NOTE_SCREEN;
	text_flow(p, rest, string_of(s->language, words), &note, 16);
	if (upright) {
		key_draw(p, box_top(rest, 96), &come_in);
		box_top(rest, 24);
	}
}

void screen_walk_in(struct page *p)
{
	page_begin(p, GROUND_NIGHT);
	struct box rest = screen_frame(p, string_of(p->screen->language, STRING_WALK_IN_TITLE), "");
	struct key back = key_of(p, CONTROL_BACK, BUTTON_PLAIN), aids[LANGUAGE_COUNT];
	size_t n = screen_languages(p, aids);
	draw_name(p, &rest);
	screen_foot(p, &rest, &back, 1, aids, n);
	keyboard_draw(p, rest);
}
