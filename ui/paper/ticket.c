/* How a ticket lies on its paper. Upright, from above: a card with the event, who it is for, the
 * symbol with its short code, the place. Broad: the card across, then the words beside the symbol.
 * Both are laid out on A6 or the eighth of A4 and scaled to what there is. */
#include "ui/paper/parts.h"
#include "ui/strings.h"

#include <math.h>

#define UPRIGHT_W 297.64 /* A6, points */
#define UPRIGHT_H 419.53
#define BROAD_W   297.64 /* A4 / 8 */
#define BROAD_H   210.47
#define MARGIN    17.0 /* 6 mm: what no printer reaches */

/* The event and its time, white on night, in the middle of a card of which they are all. */
static void draw_card(struct paper *p, cairo_t *cr, struct box card, const struct paper_ticket *t,
	const struct hand *title, const struct hand *when)
{
	struct box in = box_inset(card, 12, 9);
	double when_h = paper_text(p, NULL, in, t->when, when);
	struct box head = in;
	head.h -= when_h > 0 ? when_h + 4 : 0;
	double title_h = paper_text(p, NULL, head, t->title, title);
	double gap = title_h > 0 && when_h > 0 ? 4 : 0;
	paper_fill(cr, card, 10, INK_NIGHT);
	double y = in.y + fmax(in.h - title_h - gap - when_h, 0) / 2;
	paper_text(p, cr, (struct box){ in.x, y, in.w, head.h }, t->title, title);
	y += title_h + gap;
	paper_text(p, cr, (struct box){ in.x, y, in.w, in.y + in.h - y }, t->when, when);
}

/* A word on a bar of its own: amber, which is pale in grey, with a dark text. */
static void draw_staff(struct paper *p, cairo_t *cr, struct box bar, const struct paper_ticket *t)
{
	const struct hand hand = { bar.h * 0.55, bar.h * 0.3, 700, 1, INK_NIGHT, ALIGN_CENTRE };
	paper_fill(cr, bar, bar.h / 2, INK_STAFF);
	const char *word = string_of(t->language, STRING_PAPER_STAFF);
	double h = paper_text(p, NULL, bar, word, &hand);
	bar.y += (bar.h - h) / 2;
	bar.h = h;
	paper_text(p, cr, bar, word, &hand);
}

static const char *venue_of(const struct paper_ticket *t)
{
	return t->venue && *t->venue ? t->venue : string_of(t->language, STRING_PAPER_EVERY_VENUE);
}

static void draw_rule(cairo_t *cr, struct box *rest, double gap)
{
	struct box rule = box_top(rest, 0.75);
	paper_fill(cr, rule, 0, INK_MIST);
	box_top(rest, gap);
}

/* The symbol with the short code right below its quiet zone. */
static int draw_code(
	struct paper *p, cairo_t *cr, struct box b, double text, const struct paper_ticket *t)
{
	const struct hand hand = { text, text / 2, 600, 1, INK_NIGHT, ALIGN_CENTRE };
	double h = paper_text(p, NULL, b, t->short_code, &hand);
	double side = fmin(b.w, b.h - h);
	struct box symbol = { b.x + (b.w - side) / 2, b.y + (b.h - h - side) / 2, side, side };
	int result = paper_qr(cr, symbol, t->code, t->code_len, INK_NIGHT);
	if (result)
		return result;
	/* The quiet zone stays clear: the text begins where it ends. */
	paper_text(p, cr, (struct box){ b.x, symbol.y + side, b.w, h }, t->short_code, &hand);
	return 0;
}

/* Who it is for: a name and the type of ticket, or the type in the name's place. */
static void draw_holder(struct paper *p, cairo_t *cr, struct box *rest,
	const struct paper_ticket *t, const struct hand *name, const struct hand *type)
{
	bool named = paper_text(p, NULL, *rest, t->name, name) > 0;
	paper_flow(p, cr, rest, named ? t->name : t->type, name, 1);
	if (named)
		paper_flow(p, cr, rest, t->type, type, 0);
}

/* --- upright --- */

static void draw_place(struct paper *p, cairo_t *cr, struct box b, const struct paper_ticket *t)
{
	static const struct hand venue = { 14, 9, 700, 1, INK_NIGHT, ALIGN_START };
	static const struct hand address = { 10, 7, 400, 2, INK_SOFT, ALIGN_START };
	static const struct hand note = { 8, 6, 400, 1, INK_SOFT, ALIGN_START };
	draw_rule(cr, &b, 9);
	struct box foot = box_bottom(&b, 12);
	paper_flow(p, cr, &b, venue_of(t), &venue, 1);
	paper_flow(p, cr, &b, t->address, &address, 0);
	paper_text(p, cr, foot, string_of(t->language, STRING_PAPER_SHOW), &note);
}

static int draw_upright(struct paper *p, cairo_t *cr, struct box b, const struct paper_ticket *t)
{
	static const struct hand title = { 24, 11, 700, 2, INK_WHITE, ALIGN_START };
	static const struct hand when = { 10.5, 8, 500, 2, INK_MIST, ALIGN_START };
	static const struct hand name = { 20, 10, 700, 2, INK_NIGHT, ALIGN_START };
	static const struct hand type = { 11, 7, 500, 1, INK_SOFT, ALIGN_START };
	struct box rest = box_inset(b, MARGIN, MARGIN);
	draw_card(p, cr, box_top(&rest, 80), t, &title, &when);
	box_top(&rest, 9);
	if (t->staff) {
		draw_staff(p, cr, box_top(&rest, 22), t);
		box_top(&rest, 6);
	}
	draw_place(p, cr, box_bottom(&rest, 64), t);
	box_bottom(&rest, 6);
	struct box who = rest;
	who.h = 54;
	draw_holder(p, cr, &who, t, &name, &type);
	box_top(&rest, who.y - rest.y + 2);
	return draw_code(p, cr, rest, 16, t);
}

/* --- broad --- */

static int draw_broad(struct paper *p, cairo_t *cr, struct box b, const struct paper_ticket *t)
{
	static const struct hand title = { 17, 9, 700, 1, INK_WHITE, ALIGN_START };
	static const struct hand when = { 9, 7, 500, 1, INK_MIST, ALIGN_START };
	static const struct hand name = { 15, 8, 700, 3, INK_NIGHT, ALIGN_START };
	static const struct hand type = { 9, 7, 500, 2, INK_SOFT, ALIGN_START };
	static const struct hand venue = { 11, 8, 700, 2, INK_NIGHT, ALIGN_START };
	static const struct hand address = { 8.5, 7, 400, 2, INK_SOFT, ALIGN_START };
	struct box rest = box_inset(b, MARGIN, MARGIN);
	draw_card(p, cr, box_top(&rest, 50), t, &title, &when);
	box_top(&rest, 6);
	int result = draw_code(p, cr, box_end(&rest, 112), 11, t);
	box_end(&rest, 6);
	box_top(&rest, 4);
	if (t->staff) {
		draw_staff(p, cr, box_top(&rest, 16), t);
		box_top(&rest, 4);
	}
	struct box place = box_bottom(&rest, 50);
	struct box who = rest;
	draw_holder(p, cr, &who, t, &name, &type);
	draw_rule(cr, &place, 5);
	paper_flow(p, cr, &place, venue_of(t), &venue, 1);
	paper_flow(p, cr, &place, t->address, &address, 0);
	return result;
}

int paper_draw_ticket(struct paper *p, cairo_t *cr, struct box b, const struct paper_ticket *t)
{
	bool broad = b.w > b.h;
	double k =
		broad ? fmin(b.w / BROAD_W, b.h / BROAD_H) : fmin(b.w / UPRIGHT_W, b.h / UPRIGHT_H);
	cairo_save(cr);
	cairo_rectangle(cr, b.x, b.y, b.w, b.h);
	cairo_clip(cr);
	cairo_translate(cr, b.x, b.y);
	cairo_scale(cr, k, k);
	struct box design = { 0, 0, b.w / k, b.h / k };
	int result = (broad ? draw_broad : draw_upright)(p, cr, design, t);
	cairo_restore(cr);
	return result ? result : paper_status(cairo_status(cr));
}
