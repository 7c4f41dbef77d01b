/* What the box is about to become, or why it is not. Whoever sets up fifteen boxes reads the check
 * off each: it is the largest thing after the venue. */
#include "ui/screens/screens.h"

#include "base/cc.h"
#include "base/text.h"
#include "ui/draw.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char *or_dash(const char *text)
{
	return text && *text ? text : "–";
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

static void box_text(const struct page *p, const struct screen_box *b, char out[STRING_SIZE])
{
	char serial[24];
	snprintf(serial, sizeof(serial), "%" PRIu64, b->serial);
	const char *const args[] = { or_dash(b->venue_name), or_dash(b->door), serial,
		or_dash(b->short_hash) };
	string_fill(out, STRING_SIZE, string_of(p->screen->language, STRING_ADOPT_BOX_LINE), args,
		ARRAY_LEN(args));
}

/* The version stands behind, or where that is too much for a line, below. */
void screen_box_line(struct page *p, struct box *rest)
{
	struct type type = { 20, 400, p->palette->soft, ALIGN_START, true };
	const char *version = or_empty(p->screen->system_version);
	char text[STRING_SIZE], all[STRING_SIZE];
	if (!p->screen->box.short_hash)
		return;
	box_text(p, &p->screen->box, text);
	text_copy(all, sizeof(all), text);
	screen_join(all, sizeof(all), version);
	bool one = !*version || text_width(p, all, &type) <= rest->w;
	double h = text_height(p, "X", &type, rest->w);
	if (!one)
		text_draw_line(p, box_bottom(rest, h), version, &type);
	text_draw_line(p, box_bottom(rest, h), one ? all : text, &type);
	box_bottom(rest, 12);
}

static enum string reason_of(enum screen_adopt_state state)
{
	static const enum string reasons[] = {
		[SCREEN_ADOPT_ASK] = STRING_ADOPT_COMPARE,
		[SCREEN_ADOPT_EMPTY] = STRING_ADOPT_EMPTY_DO,
		[SCREEN_ADOPT_OLDER] = STRING_ADOPT_OLDER,
		[SCREEN_ADOPT_OTHER_EVENT] = STRING_ADOPT_OTHER_EVENT,
		[SCREEN_ADOPT_OTHER_KEY] = STRING_ADOPT_OTHER_KEY,
		[SCREEN_ADOPT_UNREADABLE] = STRING_ADOPT_UNREADABLE,
		[SCREEN_ADOPT_NOT_ONE] = STRING_ADOPT_NOT_ONE,
		[SCREEN_ADOPT_VERSION] = STRING_ADOPT_VERSION,
		[SCREEN_ADOPT_CUT_SHORT] = STRING_ADOPT_CUT_SHORT,
		[SCREEN_ADOPT_ALTERED] = STRING_ADOPT_ALTERED,
		[SCREEN_ADOPT_PAIRING] = STRING_ADOPT_PAIRING,
		[SCREEN_ADOPT_FAILED] = STRING_ADOPT_FAILED,
		[SCREEN_ADOPT_STORAGE] = STRING_ADOPT_STORAGE,
	};
	static_assert(ARRAY_LEN(reasons) == SCREEN_ADOPT_STATES, "every state needs its words");
	return reasons[state];
}

static enum string title_of(enum screen_adopt_state state)
{
	return state == SCREEN_ADOPT_ASK       ? STRING_ADOPT_TITLE_ASK
	       : state == SCREEN_ADOPT_EMPTY   ? STRING_ADOPT_TITLE_EMPTY
	       : state == SCREEN_ADOPT_STORAGE ? STRING_ADOPT_TITLE_STORAGE
					       : STRING_ADOPT_TITLE_REFUSED;
}

static void draw_title(struct page *p, struct box *rest)
{
	const struct screen *s = p->screen;
	bool refused = s->adopt > SCREEN_ADOPT_EMPTY;
	struct type title = { 48, 700, p->palette->text, ALIGN_START, false };
	const char *text = string_of(s->language, title_of(s->adopt));
	double side = refused ? fmin(88, rest->w * 0.2) : 0;
	struct box line =
		box_top(rest, fmax(text_height(p, text, &title, rest->w - side - 24), side));
	if (refused) {
		draw_sign(p, box_start(&line, side), SHAPE_OCTAGON, MARK_BANG, theme_bad,
			p->palette->ground);
		box_start(&line, 24);
	}
	text_draw_middle(p, line, text, &title);
	box_top(rest, 20);
}

#define FACTS 5

struct fact {
	enum string label;
	const char *value;
	double size;
};

static size_t facts_of(const struct screen *s, const char *registered, struct fact f[FACTS])
{
	f[0] = (struct fact){ STRING_ADOPT_EVENT, or_dash(s->offer.event_title), 30 };
	f[1] = (struct fact){ STRING_ADOPT_VENUE, or_dash(s->offer.venue_name), 48 };
	f[2] = (struct fact){ STRING_ADOPT_DOOR, or_dash(s->offer.door), 30 };
	f[3] = (struct fact){ STRING_ADOPT_REGISTERED, registered, 30 };
	f[4] = (struct fact){ STRING_ADOPT_HASH, or_dash(s->offer.short_hash), 48 };
	return FACTS;
}

static double label_width(struct page *p, const struct fact *f, size_t n)
{
	struct type label = { 24, 400, p->palette->soft, ALIGN_START, false };
	double w = 0;
	for (size_t i = 0; i < n; i++)
		w = fmax(w, text_width(p, string_of(p->screen->language, f[i].label), &label));
	return w + 26;
}

/* Gives the height of the facts; draws them when asked. */
static double facts(struct page *p, struct box b, bool draw)
{
	char registered[32];
	struct fact f[FACTS];
	struct type label = { 24, 400, p->palette->soft, ALIGN_START, false };
	string_number(registered, sizeof(registered), p->screen->language,
		(int64_t)p->screen->offer.registrations);
	size_t n = facts_of(p->screen, registered, f);
	double names = label_width(p, f, n), h = 0;
	for (size_t i = 0; i < n; i++) {
		struct type value = { f[i].size, 700, p->palette->text, ALIGN_START, false };
		double row = text_height(p, f[i].value, &value, b.w - names);
		if (draw) {
			struct box line = { b.x, b.y + h, b.w, row };
			struct box name = box_start(&line, names);
			text_draw_middle(
				p, name, string_of(p->screen->language, f[i].label), &label);
			text_draw_middle(p, line, f[i].value, &value);
		}
		h += row + 8;
	}
	return h - 8;
}

static void draw_offer(struct page *p, struct box *rest)
{
	double h = facts(p, box_inset(*rest, 36, 24), false) + 2 * 24;
	if (h > rest->h)
		page_overflow(p, "offer");
	struct box card = box_top(rest, h);
	draw_card(p, card);
	facts(p, box_inset(card, 36, 24), true);
	p->on = p->palette->ground;
	box_top(rest, 20);
}

/* The file that was refused, and what the box stays. */
static void draw_refusal(struct page *p, struct box *rest)
{
	const struct screen *s = p->screen;
	struct type soft = { 24, 400, p->palette->soft, ALIGN_START, false };
	char now[STRING_SIZE], text[STRING_SIZE];
	if (s->offer_file)
		text_flow(p, rest, s->offer_file, &soft, 12);
	if (!s->box.short_hash)
		return;
	box_text(p, &s->box, now);
	const char *const args[] = { now };
	string_fill(text, sizeof(text), string_of(s->language, STRING_ADOPT_NOW), args, 1);
	if (s->box.event_title)
		text_flow(p, rest, s->box.event_title, &soft, 4);
	text_flow(p, rest, text, &soft, 12);
}

static void draw_countdown(struct page *p, struct box *rest)
{
	const struct screen *s = p->screen;
	struct type soft = { 24, 400, p->palette->soft, ALIGN_START, false };
	char seconds[8], text[STRING_SIZE];
	const char *const args[] = { seconds };
	if (!s->adopt_s)
		return;
	snprintf(seconds, sizeof(seconds), "%u", s->adopt_s);
	string_fill(text, sizeof(text),
		string_of(s->language,
			s->adopt == SCREEN_ADOPT_ASK ? STRING_ADOPT_IN_S : STRING_ADOPT_ON_S),
		args, 1);
	text_flow(p, rest, text, &soft, 8);
}

static void draw_foot(struct page *p, struct box *rest)
{
	const struct screen *s = p->screen;
	struct key keys[3], pills[LANGUAGE_COUNT];
	size_t n = 0;
	if (s->adopt == SCREEN_ADOPT_ASK)
		keys[n++] = key_of(p, CONTROL_ADOPT, BUTTON_PRIMARY);
	if (s->box.short_hash)
		keys[n++] = key_of(p, CONTROL_KEEP, BUTTON_PLAIN);
	if (s->offer_of > 1)
		keys[n++] = key_of(p, CONTROL_ANOTHER, BUTTON_PLAIN);
	screen_foot(p, rest, keys, n, pills, screen_languages(p, pills));
}

void screen_adopt(struct page *p)
{
	const struct screen *s = p->screen;
	struct type body = { 26, 400, theme_good, ALIGN_START, false };
	char soft[STRING_SIZE] = "";
	page_begin(p, GROUND_NIGHT);
	body.ink = p->palette->text;
	if (s->offer_of > 1)
		snprintf(soft, sizeof(soft), "· %u / %u", s->offer_at, s->offer_of);
	else if (*or_empty(s->system_version))
		snprintf(soft, sizeof(soft), "· %s", s->system_version);
	struct box rest = screen_frame(p, "Parvis", soft);
	draw_foot(p, &rest);
	draw_title(p, &rest);
	if (s->adopt == SCREEN_ADOPT_ASK)
		draw_offer(p, &rest);
	text_flow(p, &rest, string_of(s->language, reason_of(s->adopt)), &body, 16);
	if (s->adopt > SCREEN_ADOPT_EMPTY)
		draw_refusal(p, &rest);
	draw_countdown(p, &rest);
}
