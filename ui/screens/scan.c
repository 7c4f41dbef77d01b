#include "ui/screens/screens.h"

#include "base/cc.h"
#include "ui/draw.h"

#include <math.h>

#define LENS_FAULTS (FAULT_CAMERA | FAULT_DECODER)
#define LENS_LEAST  150.0
/* With text larger than this the count gives its place to the words that guide. */
#define LARGE 1.2

/* Colours of the drawing in the viewfinder's place. */
static const struct colour wall = { 0.235, 0.294, 0.388 }, guest = { 0.333, 0.396, 0.502 };

/* --- the keys at the foot --- */

static void foot(struct page *p, struct box *rest)
{
	struct key main[] = { key_of(p, CONTROL_NO_TICKET, BUTTON_PRIMARY),
		key_of(p, CONTROL_HELP, BUTTON_PLAIN) };
	struct key pills[LANGUAGE_COUNT + 3];
	size_t n = screen_languages(p, pills);
	pills[n++] = key_of(p, CONTROL_TEXT_SIZE, BUTTON_PILL_SIZE);
	pills[n++] = key_of(p, CONTROL_CONTRAST, BUTTON_PILL_CONTRAST);
	pills[n++] = key_of(p, CONTROL_STAFF, BUTTON_PILL);
	screen_foot(p, rest, main, ARRAY_LEN(main), pills, n);
}

/* --- the lens --- */

static void lens_words(struct page *p, struct box b, const char *what, const char *remedy)
{
	struct type title = { 40, 700, p->palette->text, ALIGN_CENTRE, false };
	struct type body = { 28, 400, p->palette->text, ALIGN_CENTRE, false };
	struct box in = box_inset(b, 40, 24);
	draw_card(p, b);
	double text = text_height(p, what, &title, in.w) + 12 + text_height(p, remedy, &body, in.w);
	double sign = fmin(120, in.h - text - 24);
	if (sign >= 40) {
		box_top(&in, (in.h - text - sign - 24) / 2);
		draw_sign(p, box_top(&in, sign), SHAPE_TRIANGLE, MARK_BANG, theme_warn,
			p->palette->panel);
		box_top(&in, 24);
	}
	text_flow(p, &in, what, &title, 12);
	text_flow(p, &in, remedy, &body, 0);
	p->on = p->palette->ground;
}

/* Somebody holds up a telephone. */
static void lens_drawing(struct page *p, struct box b)
{
	bool contrast = p->screen->theme == THEME_CONTRAST;
	draw_round(p, b, 32, contrast ? p->palette->ground : wall);
	if (contrast)
		draw_outline(p, b, 32, 2, p->palette->edge);
	double side = fmin(b.w, b.h), r = side * 0.4875;
	if (p->cr && !contrast) {
		cairo_save(p->cr);
		draw_clip(p, b, 32);
		draw_dot(p, b.x + b.w / 2, b.y + b.h * 0.685 + r, r, guest);
		cairo_restore(p->cr);
	}
	struct box low = { b.x, b.y + side * 0.074, b.w, b.h };
	draw_telephone(p, box_centre(low, b.w, side * 0.704));
	struct box aim = box_centre(b, side * 0.645, side * 0.663);
	aim.y += side * 0.009;
	draw_brackets(p, aim, p->palette->text);
}

static void lens(struct page *p, struct box b)
{
	const struct screen *s = p->screen;
	uint32_t broken = s->faults & LENS_FAULTS;
	if (b.h < LENS_LEAST || b.w < LENS_LEAST)
		page_overflow(p, "viewfinder");
	if (broken) {
		struct fault_words w = screen_fault_words(p, (unsigned)__builtin_ctz(broken));
		lens_words(p, b, w.what, w.remedy);
	} else if (s->camera) {
		p->moving.viewfinder = true;
		p->moving.lens = b;
		draw_round(p, b, 32, wall);
	} else if (s->faults & FAULT_SCANNER) {
		struct fault_words w = screen_fault_words(p, 5);
		lens_words(p, b, w.what, w.remedy);
	} else {
		lens_drawing(p, b);
	}
}

/* --- the words --- */

static void count_texts(const struct page *p, char number[32], char seats[STRING_SIZE])
{
	const struct screen *s = p->screen;
	char capacity[32];
	const char *const args[] = { capacity };
	string_number(number, 32, s->language, headcount_present(&s->count));
	string_number(capacity, sizeof(capacity), s->language, s->capacity_seats);
	*seats = '\0';
	if (s->capacity_seats)
		string_fill(seats, STRING_SIZE,
			string_plural(s->language, STRING_SCAN_SEATS, s->capacity_seats), args, 1);
}

static const char *people(const struct page *p)
{
	int64_t present = headcount_present(&p->screen->count);
	return string_plural(
		p->screen->language, STRING_SCAN_PEOPLE, present < 0 ? 0 : (uint64_t)present);
}

/* The number and beside it what it counts, a little lower; gives the height. */
static double count_line(struct page *p, struct box *b, bool draw)
{
	bool upright = page_upright(p);
	struct type big = { upright ? 72 : 88, 700, p->palette->text, ALIGN_START, false };
	struct type small = { 28, 400, p->palette->soft, ALIGN_START, false };
	char number[32], seats[STRING_SIZE], text[2 * STRING_SIZE];
	count_texts(p, number, seats);
	snprintf(text, sizeof(text), "%s%s%s", people(p), upright ? " " : "\n", seats);
	double w = fmin(text_width(p, number, &big) + 4, b->w * 0.6);
	double text_h = text_height(p, text, &small, b->w - w - 16);
	double lift = upright ? 0 : 16 * p->type;
	double h = fmax(text_height(p, number, &big, w) + lift, text_h);
	if (!draw)
		return h;
	struct box line = box_bottom(b, h), figures = box_start(&line, w);
	box_bottom(&figures, lift);
	text_draw_line(p, figures, number, &big);
	box_start(&line, 16);
	if (upright)
		box_bottom(&line, fmin(0.13 * big.size * p->type, h - text_h));
	text_draw(p, box_bottom(&line, text_h), text, &small);
	return h;
}

static void bar(struct page *p, struct box *b)
{
	const struct screen *s = p->screen;
	if (!s->capacity_seats || page_upright(p))
		return;
	double part = (double)headcount_present(&s->count) / s->capacity_seats;
	draw_bar(p, box_bottom(b, 12), part, screen_fill_colour(p, part));
	box_bottom(b, 20);
}

static void words(struct page *p, struct box b)
{
	const struct screen *s = p->screen;
	struct type title = { 64, 700, p->palette->text, ALIGN_START, false };
	struct type body = { 28, 400, p->palette->soft, ALIGN_START, false };
	enum string how = s->camera || !s->scanner ? STRING_SCAN_BODY : STRING_SCAN_BODY_SCANNER;
	if (page_upright(p) || p->type <= LARGE) {
		bar(p, &b);
		count_line(p, &b, true);
		box_bottom(&b, 12);
	}
	text_flow(p, &b, string_of(s->language, STRING_SCAN_TITLE), &title, 16);
	text_flow(p, &b, string_of(s->language, how), &body, 0);
}

static double words_height(struct page *p, double width)
{
	struct type title = { 64, 700, p->palette->text, ALIGN_START, false };
	struct type body = { 28, 400, p->palette->soft, ALIGN_START, false };
	struct box line = { 0, 0, width, p->height };
	enum language l = p->screen->language;
	return text_height(p, string_of(l, STRING_SCAN_TITLE), &title, width) + 16 +
	       text_height(p, string_of(l, STRING_SCAN_BODY), &body, width) + 32 +
	       count_line(p, &line, false);
}

void screen_scan(struct page *p)
{
	const struct screen *s = p->screen;
	char where[2 * STRING_SIZE] = "", soft[2 * STRING_SIZE + 8] = "";
	page_begin(p, GROUND_NIGHT);
	if (!page_upright(p))
		screen_join(where, sizeof(where), s->venue_address);
	screen_join(where, sizeof(where), s->debate);
	if (*where)
		snprintf(soft, sizeof(soft), "· %s", where);
	struct box rest = screen_frame(p, s->venue_name, soft);
	foot(p, &rest);
	screen_notice(p, &rest, s->faults & ~(uint32_t)LENS_FAULTS & ~(uint32_t)FAULTS_STOP);
	if (page_upright(p)) {
		struct box low = box_bottom(&rest, words_height(p, rest.w));
		box_bottom(&rest, 24);
		lens(p, rest);
		words(p, low);
		return;
	}
	struct box column = box_end(&rest, rest.w * fmin(0.36 * fmax(p->type, 1), 0.6));
	box_end(&rest, 48);
	lens(p, rest);
	column = (struct box){ column.x, column.y + 12, column.w, column.h - 12 - 30 };
	words(p, column);
}
