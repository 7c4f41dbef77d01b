/* How a badge lies on its label. Broad: the name beside the symbol; tall: above it. The name takes
 * all the room that the rest leaves, for it is what people read across a table. */
#include "ui/paper/parts.h"

#include <math.h>

#define EDGE_MM 1.5 /* what label printers do not reach */

static const char *name_of(const struct paper_badge *b)
{
	return b->name && *b->name ? b->name : b->event;
}

/* The name as large as it fits, its middle in the middle of the box. */
static void draw_name(struct paper *p, cairo_t *cr, struct box b, const struct paper_badge *badge,
	enum align align)
{
	const struct hand hand = { fmin(b.h, b.w), 7, 700, 2, INK_BLACK, align, 11 };
	double h = paper_text(p, NULL, b, name_of(badge), &hand);
	b.y += (b.h - h) / 2;
	b.h = h;
	paper_text(p, cr, b, name_of(badge), &hand);
}

static int draw_symbol(
	struct paper *p, cairo_t *cr, struct box b, const struct paper_badge *badge, double size)
{
	const struct hand hand = { size, size / 2, 600, 1, INK_BLACK, ALIGN_CENTRE };
	double h = paper_text(p, NULL, b, badge->short_code, &hand);
	double side = fmin(b.w, b.h - h);
	struct box symbol = { b.x + (b.w - side) / 2, b.y + (b.h - h - side) / 2, side, side };
	if (badge->code) {
		int result = paper_qr(cr, symbol, badge->code, badge->code_len, INK_BLACK);
		if (result)
			return result;
	}
	paper_text(p, cr, (struct box){ b.x, symbol.y + side, b.w, h }, badge->short_code, &hand);
	return 0;
}

static int draw_broad(struct paper *p, cairo_t *cr, struct box b, const struct paper_badge *badge)
{
	double text = b.h / 10;
	const struct hand event = { text, text * 0.7, 600, 1, INK_BLACK, ALIGN_START };
	const struct hand venue = { text, text * 0.7, 400, 1, INK_BLACK, ALIGN_START };
	if (badge->code) {
		double side = fmin(b.h, b.w * 0.45);
		int result = draw_symbol(p, cr, box_end(&b, side), badge, text);
		if (result)
			return result;
		box_end(&b, text / 2);
	}
	if (badge->name && *badge->name)
		paper_flow(p, cr, &b, badge->event, &event, text / 4);
	double venue_h = paper_text(p, NULL, b, badge->venue, &venue);
	paper_text(p, cr, box_bottom(&b, venue_h), badge->venue, &venue);
	draw_name(p, cr, b, badge, ALIGN_START);
	return 0;
}

static int draw_tall(struct paper *p, cairo_t *cr, struct box b, const struct paper_badge *badge)
{
	double text = b.w / 14;
	const struct hand event = { text, text * 0.7, 600, 2, INK_BLACK, ALIGN_CENTRE };
	const struct hand venue = { text, text * 0.7, 400, 2, INK_BLACK, ALIGN_CENTRE };
	box_top(&b, text / 2);
	if (badge->code) {
		double side = fmin(b.w, b.h * 0.5);
		int result = draw_symbol(p, cr, box_bottom(&b, side), badge, text);
		if (result)
			return result;
		box_bottom(&b, text / 2);
	}
	if (badge->name && *badge->name)
		paper_flow(p, cr, &b, badge->event, &event, text / 4);
	double venue_h = paper_text(p, NULL, b, badge->venue, &venue);
	paper_text(p, cr, box_bottom(&b, venue_h), badge->venue, &venue);
	draw_name(p, cr, b, badge, ALIGN_CENTRE);
	return 0;
}

int paper_draw_badge(struct paper *p, cairo_t *cr, struct box b, const struct paper_badge *badge)
{
	cairo_save(cr);
	cairo_rectangle(cr, b.x, b.y, b.w, b.h);
	cairo_clip(cr);
	b = box_inset(b, EDGE_MM * POINTS_PER_MM, EDGE_MM * POINTS_PER_MM);
	int result = (b.w > b.h ? draw_broad : draw_tall)(p, cr, b, badge);
	cairo_restore(cr);
	return result ? result : paper_status(cairo_status(cr));
}
