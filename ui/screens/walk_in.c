#include "ui/screens/screens.h"

#include "base/text.h"
#include "ui/draw.h"
#include "ui/keyboard.h"

#include <math.h>
#include <string.h>

#define FIELD_H 84.0

/* The end of a text that is too long for its field: where the next character goes. */
static const char *last_part(struct page *p, const char *text, const struct type *type, double w)
{
	uint32_t c;
	while (*text && text_width(p, text, type) > w)
		text += text_decode_utf8(text, strlen(text), &c);
	return text;
}

static void draw_field(struct page *p, struct box b)
{
	const struct keyboard *k = &p->screen->keyboard;
	struct type type = { 42, 500, p->palette->ground, ALIGN_START, true };
	struct colour under = p->on;
	draw_round(p, b, 20, p->palette->text);
	p->on = p->palette->text;
	struct box in = box_inset(b, 28, 0);
	in.w -= 8;
	const char *shown = last_part(p, k->text, &type, in.w);
	double w = *shown ? text_width(p, shown, &type) : 0;
	bool from_end = keyboard_is_rtl(k) != p->rtl;
	if (from_end)
		in.x += 8;
	type.align = from_end ? ALIGN_END : ALIGN_START;
	text_draw_line(p, in, shown, &type);
	double x = from_end ? in.x + in.w - w - 6 : in.x + w + 4;
	draw_round(p, (struct box){ x, b.y + 18, 4, b.h - 36 }, 0, p->palette->ground);
	p->on = under;
}

static void draw_name(struct page *p, struct box *rest)
{
	const struct screen *s = p->screen;
	struct type label = { 26, 400, p->palette->soft, ALIGN_START, false };
	struct type note = { 24, 400, p->palette->soft, ALIGN_START, false };
	struct key come_in = key_of(p, CONTROL_COME_IN, BUTTON_PRIMARY);
	text_flow(p, rest, string_of(s->language, STRING_WALK_IN_NAME), &label, 8);
	bool upright = page_upright(p);
	struct box row = box_top(rest, FIELD_H);
	if (!upright) {
		key_draw(p, box_end(&row, fmax(row.w * 0.3, 240)), &come_in);
		box_end(&row, 24);
	}
	draw_field(p, row);
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
