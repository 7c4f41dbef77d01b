#include "ui/screens/screens.h"

#include "base/cc.h"
#include "ui/draw.h"

#include <math.h>

static const enum string tips[] = { STRING_HELP_BRIGHT, STRING_HELP_FLAT, STRING_HELP_NO_TICKET };

static struct type tip_type(const struct page *p)
{
	return (struct type){ 30, 400, p->palette->text, ALIGN_START, false };
}

/* A bullet and the tip beside it. */
static void draw_tip(struct page *p, struct box *rest, const char *text)
{
	struct type type = tip_type(p);
	double h = text_height(p, text, &type, rest->w - 40);
	if (h > rest->h + 1)
		page_overflow(p, text);
	struct box line = box_top(rest, h);
	struct box bullet = box_start(&line, 40);
	draw_dot(p, bullet.x + 8, bullet.y + 20 * p->type, 8, p->palette->accent);
	text_draw(p, line, text, &type);
	box_top(rest, 16);
}

static void draw_card_of_tips(struct page *p, struct box rest)
{
	struct type head = { 26, 400, p->palette->soft, ALIGN_START, false };
	struct type type = tip_type(p);
	enum language l = p->screen->language;
	double w = rest.w - 2 * 36;
	double h = text_height(p, string_of(l, STRING_HELP_MEANWHILE), &head, w) + 16;
	for (size_t i = 0; i < ARRAY_LEN(tips); i++)
		h += text_height(p, string_of(l, tips[i]), &type, w - 40) + 16;
	struct box card = box_top(&rest, h + 2 * 28 - 16);
	draw_card(p, card);
	card = box_inset(card, 36, 28);
	text_flow(p, &card, string_of(l, STRING_HELP_MEANWHILE), &head, 16);
	for (size_t i = 0; i < ARRAY_LEN(tips); i++)
		draw_tip(p, &card, string_of(l, tips[i]));
	p->on = p->palette->ground;
}

static void draw_title(struct page *p, struct box *rest)
{
	struct type title = { 64, 700, p->palette->text, ALIGN_START, false };
	const char *text = string_of(p->screen->language, STRING_HELP_TITLE);
	double side = fmin(120, rest->w * 0.2);
	double h = fmax(text_height(p, text, &title, rest->w - side - 32), side);
	struct box line = box_top(rest, h);
	struct box sign = box_start(&line, side);
	box_start(&line, 32);
	draw_sign(p, sign, SHAPE_CIRCLE, MARK_PERSON, p->palette->icon, p->palette->icon_mark);
	text_draw_middle(p, line, text, &title);
	box_top(rest, 32);
}

void screen_help(struct page *p)
{
	const struct screen *s = p->screen;
	page_begin(p, GROUND_NIGHT);
	struct box rest = screen_frame(p, s->venue_name, "");
	struct key main[] = { key_of(p, CONTROL_BACK, BUTTON_PRIMARY),
		key_of(p, CONTROL_NO_TICKET, BUTTON_PLAIN) };
	struct key pills[LANGUAGE_COUNT + 2];
	size_t n = screen_languages(p, pills);
	pills[n++] = key_of(p, CONTROL_TEXT_SIZE, BUTTON_PILL_SIZE);
	pills[n++] = key_of(p, CONTROL_CONTRAST, BUTTON_PILL_CONTRAST);
	screen_foot(p, &rest, main, ARRAY_LEN(main), pills, n);
	screen_notice(p, &rest, s->faults);
	box_top(&rest, page_upright(p) ? 40 : 24);
	draw_title(p, &rest);
	draw_card_of_tips(p, rest);
}
