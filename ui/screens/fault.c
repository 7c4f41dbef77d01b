#include "ui/screens/screens.h"

#include "base/cc.h"
#include "ui/draw.h"

#include <math.h>

/* What is wrong, then what to do. */
static void draw_fault(struct page *p, struct box *card, unsigned bit)
{
	struct type what = { 28, 700, p->palette->text, ALIGN_START, false };
	struct type remedy = { 26, 400, p->palette->soft, ALIGN_START, false };
	struct fault_words words = screen_fault_words(p, bit);
	text_flow(p, card, words.what, &what, 4);
	text_flow(p, card, words.remedy, &remedy, 18);
}

/* When the door has stopped, what stopped it is told in full, and the rest by name. */
static uint32_t told_in_full(const struct screen *s)
{
	uint32_t stops = s->faults & FAULTS_STOP;
	return stops ? stops : s->faults;
}

static double faults_height(struct page *p, double width)
{
	struct type what = { 28, 700, p->palette->text, ALIGN_START, false };
	struct type remedy = { 26, 400, p->palette->soft, ALIGN_START, false };
	double h = 0;
	for (unsigned bit = 0; bit < FAULT_BITS; bit++) {
		if (!(told_in_full(p->screen) & 1U << bit))
			continue;
		struct fault_words words = screen_fault_words(p, bit);
		h += text_height(p, words.what, &what, width) + 4 +
		     text_height(p, words.remedy, &remedy, width) + 18;
	}
	return fmax(h - 18, 0);
}

static void draw_title(struct page *p, struct box *rest)
{
	bool stopped = p->screen->faults & FAULTS_STOP;
	struct type title = { 60, 700, p->palette->text, ALIGN_START, false };
	enum string id = stopped ? STRING_FAULT_TITLE : STRING_FAULT_TITLE_PARTLY;
	const char *text = string_of(p->screen->language, id);
	double side = fmin(120, rest->w * 0.2);
	struct box line =
		box_top(rest, fmax(text_height(p, text, &title, rest->w - side - 32), side));
	struct box sign = box_start(&line, side);
	box_start(&line, 32);
	draw_sign(p, sign, stopped ? SHAPE_OCTAGON : SHAPE_TRIANGLE, MARK_BANG,
		stopped ? theme_bad : theme_warn, p->palette->ground);
	text_draw_middle(p, line, text, &title);
	box_top(rest, 24);
}

void screen_fault(struct page *p)
{
	const struct screen *s = p->screen;
	page_begin(p, GROUND_NIGHT);
	struct type guest = { 28, 400, p->palette->soft, ALIGN_START, false };
	struct box rest = screen_frame(p, s->venue_name, "");
	struct key keys[] = { key_of(p, CONTROL_HELP, BUTTON_PRIMARY),
		key_of(p, CONTROL_STAFF, BUTTON_PLAIN) };
	keys_draw(p, box_bottom(&rest, keys_height(p, keys, 2, rest.w)), keys, 2, false);
	box_bottom(&rest, 24);
	screen_notice(p, &rest, s->faults & ~told_in_full(s));
	draw_title(p, &rest);
	text_flow(p, &rest, string_of(s->language, STRING_FAULT_GUEST), &guest, 24);
	double inner = rest.w - 2 * 36, h = faults_height(p, inner);
	if (h <= 0)
		return;
	struct box card = box_top(&rest, h + 2 * 28);
	draw_card(p, card);
	card = box_inset(card, 36, 28);
	for (unsigned bit = 0; bit < FAULT_BITS; bit++)
		if (told_in_full(s) & 1U << bit)
			draw_fault(p, &card, bit);
	p->on = p->palette->ground;
}
