#include "ui/draw.h"

#include <math.h>
#include <qrencode.h>

void draw_source(cairo_t *cr, struct colour c)
{
	cairo_set_source_rgb(cr, c.r, c.g, c.b);
}

struct box draw_mirror(const struct page *p, struct box b)
{
	if (p->rtl)
		b.x = p->width - b.x - b.w;
	return b;
}

static void round_path(cairo_t *cr, struct box b, double r)
{
	r = fmin(r, fmin(b.w, b.h) / 2);
	cairo_new_sub_path(cr);
	cairo_arc(cr, b.x + b.w - r, b.y + r, r, -M_PI / 2, 0);
	cairo_arc(cr, b.x + b.w - r, b.y + b.h - r, r, 0, M_PI / 2);
	cairo_arc(cr, b.x + r, b.y + b.h - r, r, M_PI / 2, M_PI);
	cairo_arc(cr, b.x + r, b.y + r, r, M_PI, 3 * M_PI / 2);
	cairo_close_path(cr);
}

void draw_round(const struct page *p, struct box b, double radius, struct colour fill)
{
	if (!p->cr || b.w <= 0 || b.h <= 0)
		return;
	draw_source(p->cr, fill);
	round_path(p->cr, draw_mirror(p, b), radius);
	cairo_fill(p->cr);
}

void draw_outline(const struct page *p, struct box b, double radius, double line, struct colour c)
{
	if (!p->cr || b.w <= 0 || b.h <= 0)
		return;
	draw_source(p->cr, c);
	cairo_set_line_width(p->cr, line);
	round_path(p->cr, box_inset(draw_mirror(p, b), line / 2, line / 2),
		fmax(radius - line / 2, 0));
	cairo_stroke(p->cr);
}

void draw_clip(const struct page *p, struct box b, double radius)
{
	round_path(p->cr, draw_mirror(p, b), radius);
	cairo_clip(p->cr);
}

static bool same(struct colour a, struct colour b)
{
	return theme_contrast(a, b) < 1.001;
}

void draw_card(struct page *p, struct box b)
{
	p->on = p->palette->panel;
	draw_round(p, b, 24, p->palette->panel);
	if (same(p->palette->panel, p->palette->ground))
		draw_outline(p, b, 24, 2, p->palette->edge);
}

void draw_bar(const struct page *p, struct box b, double part, struct colour fill)
{
	part = fmin(fmax(part, 0), 1);
	if (same(p->palette->line, fill))
		draw_outline(p, b, b.h / 2, 2, p->palette->line);
	else
		draw_round(p, b, b.h / 2, p->palette->line);
	if (part > 0)
		b.w = fmax(b.w * part, b.h);
	else
		b.w = 0;
	draw_round(p, b, b.h / 2, fill);
}

void draw_dot(const struct page *p, double x, double y, double radius, struct colour c)
{
	draw_round(p, (struct box){ x - radius, y - radius, 2 * radius, 2 * radius }, radius, c);
}

/* --- the camera's place --- */

/* A symbol that anyone takes for a QR code, on a 14 × 14 grid, as the telephone shows it. */
static void draw_symbol(const struct page *p, struct box b, struct colour ink)
{
	static const struct box squares[] = { { 0.11, 0.11, 0.255, 0.255 },
		{ 0.635, 0.11, 0.255, 0.255 }, { 0.11, 0.635, 0.255, 0.255 },
		{ 0.43, 0.145, 0.07, 0.07 }, { 0.43, 0.285, 0.14, 0.07 },
		{ 0.395, 0.43, 0.21, 0.07 }, { 0.64, 0.50, 0.21, 0.07 },
		{ 0.50, 0.645, 0.14, 0.14 }, { 0.715, 0.715, 0.14, 0.14 } };
	draw_outline(p, b, 0, b.w / 14, ink);
	for (size_t i = 0; i < sizeof(squares) / sizeof(squares[0]); i++) {
		struct box s = squares[i];
		draw_round(p,
			(struct box){ b.x + s.x * b.w, b.y + s.y * b.h, s.w * b.w, s.h * b.h }, 0,
			ink);
	}
}

void draw_telephone(const struct page *p, struct box b)
{
	static const struct colour body = { 0.043, 0.078, 0.145 }, white = { 1, 1, 1 };
	static const struct colour ink = { 0.063, 0.125, 0.227 };
	double k = b.h / 380;
	struct box phone = box_centre(b, 220 * k, 380 * k);
	struct box glass = box_inset(phone, 14 * k, 30 * k);
	draw_round(p, phone, 28 * k, body);
	draw_round(p, glass, 0, white);
	struct box symbol = box_centre(glass, 140 * k, 140 * k);
	symbol.y -= 20 * k;
	draw_symbol(p, symbol, ink);
}

static void bracket(cairo_t *cr, double x, double y, double dx, double dy)
{
	double r = 0.36;
	cairo_move_to(cr, x, y + dy);
	cairo_line_to(cr, x, y + r * dy);
	cairo_curve_to(cr, x, y + r * dy * 0.45, x + r * dx * 0.45, y, x + r * dx, y);
	cairo_line_to(cr, x + dx, y);
}

void draw_brackets(const struct page *p, struct box b, struct colour c)
{
	if (!p->cr)
		return;
	double arm = fmin(60, fmin(b.w, b.h) / 4);
	draw_source(p->cr, c);
	cairo_set_line_width(p->cr, 8);
	cairo_set_line_cap(p->cr, CAIRO_LINE_CAP_ROUND);
	b = box_inset(draw_mirror(p, b), 4, 4);
	bracket(p->cr, b.x, b.y, arm, arm);
	bracket(p->cr, b.x + b.w, b.y, -arm, arm);
	bracket(p->cr, b.x, b.y + b.h, arm, -arm);
	bracket(p->cr, b.x + b.w, b.y + b.h, -arm, -arm);
	cairo_stroke(p->cr);
}

static bool draw_code(const struct page *p, struct box b, QRcode *code)
{
	static const struct colour white = { 1, 1, 1 }, ink = { 0.063, 0.125, 0.227 };
	if (!code)
		return false;
	draw_round(p, b, 24, white);
	if (p->cr) {
		/* Whole pixels a module: a code on glass is read by telephones of every age. */
		struct box at = draw_mirror(p, b);
		double module = floor(fmin(at.w, at.h) * p->unit / (code->width + 8)) / p->unit;
		double side = module * code->width;
		double x = round((at.x + (at.w - side) / 2) * p->unit) / p->unit;
		double y = round((at.y + (at.h - side) / 2) * p->unit) / p->unit;
		draw_source(p->cr, ink);
		cairo_set_antialias(p->cr, CAIRO_ANTIALIAS_NONE);
		for (int i = 0; i < code->width * code->width; i++)
			if (code->data[i] & 1)
				cairo_rectangle(p->cr, x + i % code->width * module,
					y + i / code->width * module, module, module);
		cairo_fill(p->cr);
		cairo_set_antialias(p->cr, CAIRO_ANTIALIAS_DEFAULT);
	}
	QRcode_free(code);
	return true;
}

bool draw_qr(const struct page *p, struct box b, const char *text)
{
	return draw_code(p, b, QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L));
}

bool draw_qr_dense(const struct page *p, struct box b, const char *text)
{
	return draw_code(p, b, QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1));
}
