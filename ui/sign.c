/* The signs of the verdicts, on a square of 200 design units: outer shape and inner mark. */
#include "ui/draw.h"

#include <math.h>

static void octagon(cairo_t *cr)
{
	double c = 100 * (1 - 0.4);
	cairo_move_to(cr, c, 0);
	cairo_line_to(cr, 200 - c, 0);
	cairo_line_to(cr, 200, c);
	cairo_line_to(cr, 200, 200 - c);
	cairo_line_to(cr, 200 - c, 200);
	cairo_line_to(cr, c, 200);
	cairo_line_to(cr, 0, 200 - c);
	cairo_line_to(cr, 0, c);
	cairo_close_path(cr);
}

/* A corner is rounded by stroking the outline with a round join. */
static void polygon(cairo_t *cr, const double (*at)[2], int n)
{
	for (int i = 0; i < n; i++)
		cairo_line_to(cr, at[i][0], at[i][1]);
	cairo_close_path(cr);
	cairo_set_line_width(cr, 22);
	cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
	cairo_stroke_preserve(cr);
}

static void shape_path(cairo_t *cr, enum shape shape)
{
	static const double diamond[][2] = { { 100, 12 }, { 188, 100 }, { 100, 188 }, { 12, 100 } };
	switch (shape) {
	case SHAPE_CIRCLE:
		cairo_arc(cr, 100, 100, 100, 0, 2 * M_PI);
		break;
	case SHAPE_TRIANGLE:
		/* The top stays sharp, the foot is round. */
		cairo_move_to(cr, 100, 4);
		cairo_line_to(cr, 198, 175);
		cairo_curve_to(cr, 203, 184, 197, 194, 187, 194);
		cairo_line_to(cr, 13, 194);
		cairo_curve_to(cr, 3, 194, -3, 184, 2, 175);
		cairo_close_path(cr);
		break;
	case SHAPE_OCTAGON:
		octagon(cr);
		break;
	case SHAPE_SQUARE:
		cairo_arc(cr, 164, 36, 36, -M_PI / 2, 0);
		cairo_arc(cr, 164, 164, 36, 0, M_PI / 2);
		cairo_arc(cr, 36, 164, 36, M_PI / 2, M_PI);
		cairo_arc(cr, 36, 36, 36, M_PI, 3 * M_PI / 2);
		cairo_close_path(cr);
		break;
	case SHAPE_DIAMOND:
		polygon(cr, diamond, 4);
		break;
	}
	cairo_fill(cr);
}

static void lines(cairo_t *cr, const double (*at)[2], int n)
{
	cairo_new_sub_path(cr);
	for (int i = 0; i < n; i++)
		cairo_line_to(cr, at[i][0], at[i][1]);
	cairo_stroke(cr);
}

static void disc(cairo_t *cr, double x, double y, double r)
{
	cairo_arc(cr, x, y, r, 0, 2 * M_PI);
	cairo_fill(cr);
}

static void check(cairo_t *cr)
{
	lines(cr, (const double[][2]){ { 55, 104 }, { 87, 136 }, { 147, 68 } }, 3);
}

static void cross(cairo_t *cr)
{
	lines(cr, (const double[][2]){ { 63, 63 }, { 137, 137 } }, 2);
	lines(cr, (const double[][2]){ { 137, 63 }, { 63, 137 } }, 2);
}

static void bang(cairo_t *cr, double lower)
{
	lines(cr, (const double[][2]){ { 100, 62 + lower }, { 100, 118 + lower } }, 2);
	disc(cr, 100, 152 + lower, 12);
}

static void back(cairo_t *cr)
{
	cairo_arc(cr, 100, 104, 48, -0.75 * M_PI, 0.75 * M_PI);
	cairo_stroke(cr);
	lines(cr, (const double[][2]){ { 98, 68 }, { 62, 70 }, { 60, 34 } }, 3);
}

static void arrow(cairo_t *cr, bool out)
{
	lines(cr, (const double[][2]){ { 112, 52 }, { 150, 52 }, { 150, 148 }, { 112, 148 } }, 4);
	if (out) {
		lines(cr, (const double[][2]){ { 116, 100 }, { 40, 100 } }, 2);
		lines(cr, (const double[][2]){ { 70, 70 }, { 40, 100 }, { 70, 130 } }, 3);
	} else {
		lines(cr, (const double[][2]){ { 36, 100 }, { 112, 100 } }, 2);
		lines(cr, (const double[][2]){ { 82, 70 }, { 112, 100 }, { 82, 130 } }, 3);
	}
}

static void question(cairo_t *cr)
{
	cairo_new_sub_path(cr);
	cairo_arc(cr, 100, 76, 30, M_PI, 2.35 * M_PI);
	cairo_line_to(cr, 100, 118);
	cairo_stroke(cr);
	disc(cr, 100, 152, 12);
}

static void clock_face(cairo_t *cr)
{
	cairo_new_sub_path(cr);
	cairo_arc(cr, 100, 100, 56, 0, 2 * M_PI);
	cairo_stroke(cr);
	lines(cr, (const double[][2]){ { 100, 68 }, { 100, 104 }, { 124, 116 } }, 3);
}

static void seats(cairo_t *cr)
{
	for (int i = 0; i < 3; i++) {
		double y = 62 + 38 * i;
		lines(cr, (const double[][2]){ { 56, y }, { 144, y } }, 2);
	}
}

static void person(cairo_t *cr)
{
	disc(cr, 100, 72, 28);
	cairo_arc(cr, 100, 158, 48, M_PI, 2 * M_PI);
	cairo_close_path(cr);
	cairo_fill(cr);
}

static void waves(cairo_t *cr)
{
	disc(cr, 62, 138, 12);
	for (int i = 1; i <= 2; i++) {
		cairo_new_sub_path(cr);
		cairo_arc(cr, 62, 138, 40.0 * i, -M_PI / 2, 0);
		cairo_stroke(cr);
	}
}

static void draw_mark(cairo_t *cr, enum shape shape, enum mark mark)
{
	switch (mark) {
	case MARK_CHECK:
		check(cr);
		break;
	case MARK_BACK:
		back(cr);
		break;
	case MARK_IN:
		arrow(cr, false);
		break;
	case MARK_OUT:
		arrow(cr, true);
		break;
	case MARK_BANG:
		bang(cr, shape == SHAPE_TRIANGLE ? 12 : -4);
		break;
	case MARK_CROSS:
		cross(cr);
		break;
	case MARK_QUESTION:
		question(cr);
		break;
	case MARK_CLOCK:
		clock_face(cr);
		break;
	case MARK_BARRED:
		lines(cr, (const double[][2]){ { 56, 100 }, { 144, 100 } }, 2);
		break;
	case MARK_SEATS:
		seats(cr);
		break;
	case MARK_PERSON:
		person(cr);
		break;
	case MARK_WAVES:
		waves(cr);
		break;
	}
}

void draw_sign(const struct page *p, struct box b, enum shape shape, enum mark mark,
	struct colour fill, struct colour ink)
{
	if (!p->cr)
		return;
	double side = fmin(b.w, b.h);
	struct box at = box_centre(draw_mirror(p, b), side, side);
	cairo_save(p->cr);
	cairo_translate(p->cr, at.x, at.y);
	cairo_scale(p->cr, side / 200, side / 200);
	cairo_new_path(p->cr);
	draw_source(p->cr, fill);
	shape_path(p->cr, shape);
	draw_source(p->cr, ink);
	cairo_set_line_width(p->cr, shape == SHAPE_OCTAGON ? 24 : 20);
	cairo_set_line_cap(p->cr, CAIRO_LINE_CAP_ROUND);
	cairo_set_line_join(p->cr, CAIRO_LINE_JOIN_ROUND);
	draw_mark(p->cr, shape, mark);
	cairo_restore(p->cr);
}
