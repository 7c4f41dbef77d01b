#include "ui/screens/screens.h"

#include "base/cc.h"
#include "base/text.h"
#include "ui/draw.h"

#include <math.h>
#include <string.h>

#define HEADER_Y   35.0
#define HEADER_H   34.0
#define FRAME_TOP  104.0
#define FRAME_FOOT 36.0

static double margin(const struct page *p)
{
	return page_upright(p) ? 32 : 40;
}

static enum string state_of(const struct page *p, struct colour *dot)
{
	uint32_t faults = p->screen->faults;
	*dot = !faults ? theme_good : faults & FAULTS_STOP ? theme_bad : theme_warn;
	return !faults                ? STRING_HEADER_READY
	       : faults & FAULTS_STOP ? STRING_HEADER_STOPPED
				      : STRING_HEADER_PARTLY;
}

/* A clock that is known to be wrong is not shown as one that is right. */
static void clock_text(const struct page *p, char out[8])
{
	if (p->screen->now.trust == TRUST_UNSET)
		text_copy(out, 8, "–:–");
	else
		when_hm(p->screen->now.wall_ms, out);
}

/* From the end: the time, the state in words where there is room for it, the dot. */
static void header_end(struct page *p, struct box *line)
{
	struct type type = { 24, 400, p->palette->soft, ALIGN_END, true };
	struct colour dot, link_dot;
	char hm[8], link[STRING_SIZE];
	const char *state = string_of(p->screen->language, state_of(p, &dot));
	screen_link_text(p, link, &link_dot);
	if (*link && !p->screen->faults) {
		state = link;
		dot = link_dot;
	}
	clock_text(p, hm);
	text_draw_line(p, box_end(line, text_width(p, hm, &type) + 2), hm, &type);
	if (!page_upright(p)) {
		box_end(line, 20);
		text_draw_line(p, box_end(line, text_width(p, state, &type) + 2), state, &type);
	}
	box_end(line, 12);
	struct box at = box_end(line, 16);
	draw_dot(p, at.x + 8, at.y + at.h / 2, 8, dot);
	box_end(line, 24);
}

struct box screen_frame(struct page *p, const char *bold, const char *soft)
{
	double m = margin(p);
	struct box line = { m, HEADER_Y, p->width - 2 * m, HEADER_H };
	struct type type = { 24, 700, p->palette->text, ALIGN_START, true };
	header_end(p, &line);
	double w = fmin(text_width(p, bold, &type) + 2, line.w);
	text_draw_line(p, box_start(&line, w), bold, &type);
	type.weight = 400;
	type.ink = p->palette->soft;
	double least = text_width(p, soft, &type) / 2.9;
	box_start(&line, 4);
	if (*soft && line.w > least)
		text_draw_line(p, line, soft, &type);
	return (struct box){ m, FRAME_TOP, p->width - 2 * m, p->height - FRAME_TOP - FRAME_FOOT };
}

struct fault_words screen_fault_words(const struct page *p, unsigned bit)
{
	static const enum string names[] = { STRING_FAULT_STORE_FULL_NAME,
		STRING_FAULT_STORE_READ_ONLY_NAME, STRING_FAULT_STORE_BROKEN_NAME,
		STRING_FAULT_CAMERA_NAME, STRING_FAULT_DECODER_NAME, STRING_FAULT_SCANNER_NAME,
		STRING_FAULT_LAMPS_NAME, STRING_FAULT_BUTTONS_NAME, STRING_FAULT_CLOCK_NAME,
		STRING_FAULT_ROSTER_NAME, STRING_FAULT_SOUND_NAME, STRING_FAULT_PRINTER_NAME };
	static const enum string printers[] = {
		[PRINTER_FINE] = STRING_FAULT_PRINTER_NAME,
		[PRINTER_GONE] = STRING_FAULT_PRINTER_NAME,
		[PRINTER_PAPER] = STRING_FAULT_PRINTER_PAPER_NAME,
		[PRINTER_COVER] = STRING_FAULT_PRINTER_COVER_NAME,
		[PRINTER_STOPPED] = STRING_FAULT_PRINTER_STOPPED_NAME,
	};
	static_assert(ARRAY_LEN(printers) == PRINTER_TROUBLES, "every trouble needs its words");
	static_assert(ARRAY_LEN(names) == FAULT_BITS, "every fault needs its words");
	static_assert(STRING_FAULT_CAMERA_WHAT == STRING_FAULT_CAMERA_NAME + 1 &&
			      STRING_FAULT_CAMERA_DO == STRING_FAULT_CAMERA_NAME + 2,
		"name, what and do follow each other in the PO file");
	bool printer = FAULT_PRINTER == 1 << bit;
	int name = (int)(printer ? printers[p->screen->printer] : names[bit]);
	enum language l = p->screen->language;
	return (struct fault_words){ string_of(l, (enum string)name),
		string_of(l, (enum string)(name + 1)), string_of(l, (enum string)(name + 2)) };
}

void screen_join(char *out, size_t capacity, const char *name)
{
	size_t used = strlen(out);
	if (!*name)
		return;
	if (used) {
		text_copy(out + used, capacity - used, " · ");
		used = strlen(out);
	}
	text_copy(out + used, capacity - used, name);
}

/* One fault is told in full; several by name, for then a volunteer is needed anyway. */
static void notice_text(const struct page *p, uint32_t faults, char out[3 * STRING_SIZE])
{
	char list[2 * STRING_SIZE] = "";
	const char *const args[] = { list };
	struct fault_words words = { 0 };
	unsigned count = 0;
	for (unsigned bit = 0; bit < FAULT_BITS; bit++) {
		if (!(faults & 1U << bit))
			continue;
		words = screen_fault_words(p, bit);
		screen_join(list, sizeof(list), words.name);
		count++;
	}
	if (count == 1)
		snprintf(out, 3 * STRING_SIZE, "%s. %s", words.what, words.remedy);
	else
		string_fill(out, 3 * STRING_SIZE,
			string_of(p->screen->language, STRING_NOTICE_SEVERAL), args, 1);
}

void screen_strip(struct page *p, struct box *rest, const char *text)
{
	const struct palette *c = p->palette;
	struct type type = { 24, 500, c->text, ALIGN_START, false };
	struct colour under = p->on;
	if (!*text)
		return;
	double h = fmax(text_height(p, text, &type, rest->w - 48 - 52) + 28, 64);
	struct box strip = box_bottom(rest, h);
	box_bottom(rest, 24);
	p->on = c->panel;
	draw_round(p, strip, 16, c->panel);
	draw_outline(p, strip, 16, 2, theme_warn);
	struct box inside = box_inset(strip, 24, 0);
	struct box sign = box_start(&inside, 36);
	box_start(&inside, 16);
	draw_sign(p, sign, SHAPE_TRIANGLE, MARK_BANG, theme_warn, c->panel);
	text_draw_middle(p, inside, text, &type);
	p->on = under;
}

void screen_notice(struct page *p, struct box *rest, uint32_t faults)
{
	char text[3 * STRING_SIZE];
	if (!faults)
		return;
	notice_text(p, faults, text);
	screen_strip(p, rest, text);
}

struct colour screen_fill_colour(const struct page *p, double part)
{
	return part >= 0.95 ? theme_bad : part >= 0.80 ? theme_warn : p->palette->accent;
}

size_t screen_languages(const struct page *p, struct key keys[LANGUAGE_COUNT])
{
	size_t n = 0;
	for (unsigned l = 0; l < LANGUAGE_COUNT; l++) {
		bool on = p->screen->language == l;
		if (p->screen->languages & 1U << l)
			keys[n++] = key_of(p, (enum control)(CONTROL_LANGUAGE_0 + l),
				on ? BUTTON_PILL_ON : BUTTON_PILL);
	}
	return n;
}

void screen_foot(struct page *p, struct box *rest, const struct key *main, size_t main_count,
	const struct key *aids, size_t aid_count)
{
	double main_w = keys_width(p, main, main_count), aids_w = keys_width(p, aids, aid_count);
	if (!page_upright(p) && main_w + 32 + aids_w <= rest->w) {
		struct box row = box_bottom(rest, fmax(keys_height(p, main, main_count, main_w),
							  keys_height(p, aids, aid_count, aids_w)));
		keys_draw(p, box_start(&row, main_w), main, main_count, false);
		keys_draw(p, box_end(&row, aids_w), aids, aid_count, false);
	} else {
		struct box low = box_bottom(rest, keys_height(p, aids, aid_count, rest->w));
		box_bottom(rest, GAP);
		struct box high = box_bottom(rest, keys_height(p, main, main_count, rest->w));
		keys_draw(p, high, main, main_count, page_upright(p));
		keys_draw(p, low, aids, aid_count, false);
	}
	box_bottom(rest, page_upright(p) ? 24 : 32);
}

void screen_list_foot(
	struct page *p, struct box *rest, uint32_t shown, const char *text, const struct key *more)
{
	const struct screen *s = p->screen;
	struct type type = { 24, 400, p->palette->text, ALIGN_END, true };
	struct key keys[4];
	size_t n = 0;
	keys[n++] = key_of(p, CONTROL_BACK, BUTTON_PLAIN);
	if (s->list_first)
		keys[n++] = key_of(p, CONTROL_EARLIER, BUTTON_PLAIN);
	if (s->list_first + shown < s->list_total)
		keys[n++] = key_of(p, CONTROL_LATER, BUTTON_PLAIN);
	if (more)
		keys[n++] = *more;
	double w = keys_width(p, keys, n);
	double h = keys_height(p, keys, n, fmin(w, rest->w)), left = rest->w - w - 32;
	bool beside = !page_upright(p) && left >= 320 && text_height(p, text, &type, left) <= h;
	struct box row = box_bottom(rest, h);
	keys_draw(p, beside ? box_start(&row, w) : row, keys, n, false);
	box_bottom(rest, 24);
	box_start(&row, 32);
	type.align = beside ? ALIGN_END : ALIGN_START;
	if (beside) {
		text_draw_middle(p, row, text, &type);
		return;
	}
	text_draw(p, box_bottom(rest, text_height(p, text, &type, rest->w)), text, &type);
	box_bottom(rest, 16);
}
