#include "ui/screens/screens.h"

#include "base/cc.h"
#include "ui/draw.h"

#include <math.h>

static enum string state_of(const struct screen *s)
{
	static const enum string states[] = {
		[PIN_TYPING] = STRING_PIN_BODY,
		[PIN_CHECKING] = STRING_PIN_CHECKING,
		[PIN_WRONG] = STRING_PIN_WRONG,
		[PIN_WAIT] = STRING_PIN_WAIT,
		[PIN_NOT_SET] = STRING_PIN_NOT_SET,
	};
	if (s->pin == PIN_TYPING && s->pin_for_override)
		return STRING_PIN_OVERRIDE;
	return states[s->pin];
}

/* As many dots as digits were typed, at least four places. */
static void draw_dots(struct page *p, struct box b)
{
	unsigned places = p->screen->pin_digits > 4 ? p->screen->pin_digits : 4;
	double step = fmin(48, b.w / (places + 1));
	double r = fmin(12, step / 3);
	for (unsigned i = 0; i < places; i++) {
		struct box dot = { b.x + step * i, b.y + b.h / 2 - r, 2 * r, 2 * r };
		if (i < p->screen->pin_digits)
			draw_round(p, dot, r, p->palette->text);
		else
			draw_outline(p, dot, r, 3, p->palette->edge);
	}
}

static void draw_words(struct page *p, struct box b)
{
	const struct screen *s = p->screen;
	bool alarm = s->pin == PIN_WRONG || s->pin == PIN_WAIT || s->pin == PIN_NOT_SET;
	struct type title = { 56, 700, p->palette->text, ALIGN_START, false };
	struct type body = { 28, alarm ? 600 : 400, alarm ? p->palette->text : p->palette->soft,
		ALIGN_START, false };
	char wait[32], text[STRING_SIZE];
	const char *const args[] = { wait };
	string_number(wait, sizeof(wait), s->language, s->pin_wait_s);
	string_fill(text, sizeof(text), string_of(s->language, state_of(s)), args, 1);
	text_flow(p, &b, string_of(s->language, STRING_PIN_TITLE), &title, 16);
	/* Room for two lines, so that nothing jumps when the words change. */
	double h = text_height(p, text, &body, b.w);
	if (h > b.h)
		page_overflow(p, text);
	struct box words = box_top(&b, h);
	if (alarm) {
		struct box sign = box_start(&words, 36);
		box_start(&words, 14);
		h = text_height(p, text, &body, words.w);
		words.h = fmin(h, words.h + b.h);
		box_top(&b, h - sign.h);
		sign.h = fmin(36, words.h);
		draw_sign(p, sign, SHAPE_TRIANGLE, MARK_BANG, theme_warn, p->palette->ground);
	}
	text_draw(p, words, text, &body);
	box_top(&b, 24);
	if (b.h < 24)
		page_overflow(p, "digits");
	draw_dots(p, box_top(&b, 40));
}

static void draw_pad(struct page *p, struct box b)
{
	static const enum control pad[] = { CONTROL_DIGIT_0 + 1, CONTROL_DIGIT_0 + 2,
		CONTROL_DIGIT_0 + 3, CONTROL_DIGIT_0 + 4, CONTROL_DIGIT_0 + 5, CONTROL_DIGIT_0 + 6,
		CONTROL_DIGIT_0 + 7, CONTROL_DIGIT_0 + 8, CONTROL_DIGIT_0 + 9, CONTROL_ERASE,
		CONTROL_DIGIT_0, CONTROL_ENTER };
	double w = (b.w - 2 * 12) / 3, h = fmin((b.h - 3 * 12) / 4, 152);
	for (size_t i = 0; i < ARRAY_LEN(pad); i++) {
		bool enter = pad[i] == CONTROL_ENTER, word = enter || pad[i] == CONTROL_ERASE;
		struct key key = key_of(p, pad[i], enter ? BUTTON_PRIMARY : BUTTON_PLAIN);
		key.size = word ? 28 : 40;
		struct box at = { b.x + (w + 12) * (double)(i % 3),
			b.y + (h + 12) * (double)(i / 3), w, h };
		key_draw(p, at, &key);
	}
}

void screen_pin(struct page *p)
{
	char soft[STRING_SIZE];
	page_begin(p, GROUND_NIGHT);
	snprintf(soft, sizeof(soft), "· %s",
		string_of(p->screen->language, STRING_HEADER_VOLUNTEER));
	struct box rest = screen_frame(p, p->screen->venue_name, soft);
	struct key back[] = { key_of(p, CONTROL_BACK, BUTTON_PLAIN) };
	bool upright = page_upright(p);
	struct box pad = upright ? box_bottom(&rest, 660) : box_end(&rest, fmin(rest.w * 0.5, 600));
	if (upright)
		pad.h -= TARGET + 24;
	struct box low = upright ? (struct box){ rest.x, pad.y + pad.h + 24, rest.w, TARGET }
				 : box_bottom(&rest, keys_height(p, back, 1, rest.w));
	draw_pad(p, pad);
	keys_draw(p, low, back, 1, false);
	if (upright)
		box_bottom(&rest, 32);
	else
		box_end(&rest, 48);
	box_bottom(&rest, 24);
	box_top(&rest, 16);
	draw_words(p, rest);
}
