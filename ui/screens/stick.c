/* The sealed copy of the log on a stick: how far it is, or what is wrong and what to do. */
#include "ui/screens/screens.h"

#include "base/cc.h"
#include "base/text.h"
#include "ui/draw.h"

#include <math.h>
#include <string.h>

/* What is so, and what to do, as their strings stand in the PO file. */
static const enum string states[] = {
	[STICK_NONE] = STRING_STICK_NONE,
	[STICK_READY] = STRING_STICK_READY,
	[STICK_COPYING] = STRING_STICK_COPYING,
	[STICK_MIRROR] = STRING_STICK_MIRROR,
	[STICK_GONE] = STRING_STICK_GONE,
	[STICK_FULL] = STRING_STICK_FULL,
	[STICK_READ_ONLY] = STRING_STICK_READ_ONLY,
	[STICK_BROKEN] = STRING_STICK_BROKEN,
	[STICK_STRANGE] = STRING_STICK_STRANGE,
	[STICK_NO_KEY] = STRING_STICK_NO_KEY,
	[STICK_NO_LOG] = STRING_STICK_NO_LOG,
};
static_assert(ARRAY_LEN(states) == STICK_STATES, "every state needs its words");
static_assert(STRING_STICK_NONE_DO == STRING_STICK_NONE + 1, "what to do follows what is so");

static void number(const struct page *p, char out[32], uint64_t n)
{
	string_number(out, 32, p->screen->language, n > INT64_MAX ? INT64_MAX : (int64_t)n);
}

static void say(const struct page *p, char title[STRING_SIZE], char body[2 * STRING_SIZE])
{
	const struct stick_status *s = &p->screen->stick;
	enum language l = p->screen->language;
	char rows[32], total[32], seq[32], hm[8];
	number(p, rows, s->rows);
	number(p, total, s->total);
	number(p, seq, s->last_seq);
	when_hm(s->copied_ms, hm);
	bool copying = s->state == STICK_COPYING;
	const char *const above[] = { copying ? rows : seq, total }, *const below[] = { rows, hm };
	string_fill(title, STRING_SIZE, string_of(l, states[s->state]), above, 2);
	string_fill(
		body, 2 * STRING_SIZE, string_of(l, (enum string)(states[s->state] + 1)), below, 2);
}

static struct colour colour_of(const struct page *p)
{
	enum stick_state s = p->screen->stick.state;
	return s == STICK_MIRROR                        ? theme_good
	       : s <= STICK_COPYING                     ? p->palette->accent
	       : s == STICK_BROKEN || s == STICK_NO_LOG ? theme_bad
							: theme_warn;
}

static void draw_keys(struct page *p, struct box *rest)
{
	enum stick_state s = p->screen->stick.state;
	struct key keys[2];
	size_t n = 0;
	if (s != STICK_NONE && s != STICK_COPYING && s != STICK_MIRROR && s != STICK_STRANGE)
		keys[n++] = key_of(p, CONTROL_COPY, BUTTON_PRIMARY);
	keys[n++] = key_of(p, CONTROL_BACK, BUTTON_PLAIN);
	keys_draw(p, box_bottom(rest, keys_height(p, keys, n, rest->w)), keys, n, false);
	box_bottom(rest, 24);
}

void screen_stick(struct page *p)
{
	const struct screen *s = p->screen;
	char title[STRING_SIZE], body[2 * STRING_SIZE], soft[STRING_SIZE];
	page_begin(p, GROUND_NIGHT);
	struct type bold = { 56, 700, p->palette->text, ALIGN_START, false };
	struct type plain = { 32, 400, p->palette->soft, ALIGN_START, false };
	snprintf(soft, sizeof(soft), "· %s", s->venue_name);
	struct box rest = screen_frame(p, string_of(s->language, STRING_STICK_TITLE), soft);
	draw_keys(p, &rest);
	draw_card(p, rest);
	rest = box_inset(rest, 48, 40);
	say(p, title, body);
	bool bar = s->stick.state == STICK_COPYING || s->stick.state == STICK_MIRROR;
	double h = text_height(p, title, &bold, rest.w - 56) + 28 + (bar ? 24 + 28 : 0) +
		   text_height(p, body, &plain, rest.w);
	if (h > rest.h)
		page_overflow(p, title);
	box_top(&rest, fmax((rest.h - h) * 0.4, 0));
	struct box line = box_top(&rest, text_height(p, title, &bold, rest.w - 56));
	struct box dot = box_start(&line, 32);
	box_start(&line, 24);
	draw_dot(p, dot.x + 16, dot.y + text_height(p, "X", &bold, 400) / 2, 16, colour_of(p));
	text_draw(p, line, title, &bold);
	box_top(&rest, 28);
	if (bar) {
		double part = s->stick.total ? (double)s->stick.rows / (double)s->stick.total : 1;
		draw_bar(p, box_top(&rest, 24), part, colour_of(p));
		box_top(&rest, 28);
	}
	text_draw(p, rest, body, &plain);
	p->on = p->palette->ground;
}
