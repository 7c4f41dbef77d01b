#include "ui/paper/canvas.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

#define BYTE(v) ((int)lround((v)*255))
#define HALO    2.2 /* points across, half of it under the letters */

struct colour canvas_colour(enum shade s)
{
	static const struct colour colours[SHADES] = {
		[SHADE_WHITE] = { 1, 1, 1 },
		[SHADE_NIGHT] = { 0x10 / 255.0, 0x20 / 255.0, 0x3a / 255.0 },
		[SHADE_SOFT] = { 0x47 / 255.0, 0x56 / 255.0, 0x70 / 255.0 },
		[SHADE_RULE] = { 0xc9 / 255.0, 0xd4 / 255.0, 0xe6 / 255.0 },
		[SHADE_MAIN] = { 0x1f / 255.0, 0x5f / 255.0, 0xd0 / 255.0 },
		[SHADE_PALE] = { 0xb4 / 255.0, 0xd0 / 255.0, 0xf5 / 255.0 },
		[SHADE_PANEL] = { 0xf2 / 255.0, 0xf5 / 255.0, 0xfa / 255.0 },
		[SHADE_GRAVE] = { 0xff / 255.0, 0xc5 / 255.0, 0x3d / 255.0 },
	};
	return colours[s];
}

static void use(cairo_t *cr, enum shade s, double opacity)
{
	struct colour c = canvas_colour(s);
	cairo_set_source_rgba(cr, c.r, c.g, c.b, opacity);
}

static void svg_colour(FILE *out, const char *what, enum shade s)
{
	struct colour c = canvas_colour(s);
	fprintf(out, " %s=\"#%02x%02x%02x\"", what, BYTE(c.r), BYTE(c.g), BYTE(c.b));
}

void canvas_escape(FILE *out, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc(*text, out);
		}
}

void canvas_rect(struct canvas *c, struct box b, double radius, enum shade s)
{
	if (b.w <= 0 || b.h <= 0)
		return;
	if (c->svg) {
		fprintf(c->svg, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"", b.x,
			b.y, b.w, b.h);
		if (radius > 0)
			fprintf(c->svg, " rx=\"%.1f\"", radius);
		svg_colour(c->svg, "fill", s);
		fputs("/>\n", c->svg);
		return;
	}
	cairo_t *cr = c->cr;
	double r = fmin(radius, fmin(b.w, b.h) / 2), x = c->x + b.x, y = c->y + b.y;
	cairo_new_path(cr);
	cairo_arc(cr, x + b.w - r, y + r, r, -M_PI / 2, 0);
	cairo_arc(cr, x + b.w - r, y + b.h - r, r, 0, M_PI / 2);
	cairo_arc(cr, x + r, y + b.h - r, r, M_PI / 2, M_PI);
	cairo_arc(cr, x + r, y + r, r, M_PI, 3 * M_PI / 2);
	cairo_close_path(cr);
	use(cr, s, 1);
	cairo_fill(cr);
}

static void line(struct canvas *c, struct box b, double width, enum shade s, bool dashed)
{
	static const double dashes[] = { 3, 2.5 };
	if (c->svg) {
		fprintf(c->svg,
			"<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" "
			"stroke-width=\"%.2f\"",
			b.x, b.y, b.w, b.h, width);
		svg_colour(c->svg, "stroke", s);
		fputs(dashed ? " stroke-dasharray=\"3 2.5\"/>\n" : "/>\n", c->svg);
		return;
	}
	cairo_set_dash(c->cr, dashes, dashed ? 2 : 0, 0);
	cairo_set_line_width(c->cr, width);
	cairo_move_to(c->cr, c->x + b.x, c->y + b.y);
	cairo_line_to(c->cr, c->x + b.w, c->y + b.h);
	use(c->cr, s, 1);
	cairo_stroke(c->cr);
	cairo_set_dash(c->cr, dashes, 0, 0);
}

void canvas_line(
	struct canvas *c, double x0, double y0, double x1, double y1, double width, enum shade s)
{
	line(c, (struct box){ x0, y0, x1, y1 }, width, s, false);
}

void canvas_dashed(
	struct canvas *c, double x0, double y0, double x1, double y1, double width, enum shade s)
{
	line(c, (struct box){ x0, y0, x1, y1 }, width, s, true);
}

static void svg_points(FILE *out, const double *xs, const double *ys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%c%.1f %.1f", i ? 'L' : 'M', xs[i], ys[i]);
}

static void svg_area(struct canvas *c, const double *xs, const double *ys, size_t count,
	double floor, enum shade fill, enum shade stroke)
{
	fputs("<path d=\"", c->svg);
	svg_points(c->svg, xs, ys, count);
	fprintf(c->svg, "L%.1f %.1fL%.1f %.1fZ\"", xs[count - 1], floor, xs[0], floor);
	svg_colour(c->svg, "fill", fill);
	fputs("/>\n<path fill=\"none\" stroke-width=\"1.4\" stroke-linejoin=\"round\" d=\"",
		c->svg);
	svg_points(c->svg, xs, ys, count);
	fputc('"', c->svg);
	svg_colour(c->svg, "stroke", stroke);
	fputs("/>\n", c->svg);
}

static void points(struct canvas *c, const double *xs, const double *ys, size_t count)
{
	cairo_new_path(c->cr);
	for (size_t i = 0; i < count; i++)
		cairo_line_to(c->cr, c->x + xs[i], c->y + ys[i]);
}

void canvas_area(struct canvas *c, const double *xs, const double *ys, size_t count, double floor,
	enum shade fill, enum shade stroke)
{
	if (count < 2)
		return;
	if (c->svg) {
		svg_area(c, xs, ys, count, floor, fill, stroke);
		return;
	}
	points(c, xs, ys, count);
	cairo_line_to(c->cr, c->x + xs[count - 1], c->y + floor);
	cairo_line_to(c->cr, c->x + xs[0], c->y + floor);
	cairo_close_path(c->cr);
	use(c->cr, fill, 1);
	cairo_fill(c->cr);
	points(c, xs, ys, count);
	use(c->cr, stroke, 1);
	cairo_set_line_width(c->cr, 1.4);
	cairo_set_line_join(c->cr, CAIRO_LINE_JOIN_ROUND);
	cairo_stroke(c->cr);
}

void canvas_ribbon(struct canvas *c, double x0, double y0, double x1, double y1, double h,
	enum shade s, double opacity)
{
	double mid = (x0 + x1) / 2;
	if (c->svg) {
		fprintf(c->svg,
			"<path d=\"M%.1f %.2fC%.1f %.2f %.1f %.2f %.1f %.2fL%.1f %.2fC%.1f %.2f "
			"%.1f %.2f %.1f %.2fZ\" fill-opacity=\"%.2f\"",
			x0, y0, mid, y0, mid, y1, x1, y1, x1, y1 + h, mid, y1 + h, mid, y0 + h, x0,
			y0 + h, opacity);
		svg_colour(c->svg, "fill", s);
		fputs("/>\n", c->svg);
		return;
	}
	x0 += c->x, x1 += c->x, mid += c->x, y0 += c->y, y1 += c->y;
	cairo_new_path(c->cr);
	cairo_move_to(c->cr, x0, y0);
	cairo_curve_to(c->cr, mid, y0, mid, y1, x1, y1);
	cairo_line_to(c->cr, x1, y1 + h);
	cairo_curve_to(c->cr, mid, y1 + h, mid, y0 + h, x0, y0 + h);
	cairo_close_path(c->cr);
	use(c->cr, s, opacity);
	cairo_fill(c->cr);
}

/* --- text --- */

PangoLayout *canvas_layout(struct paper *p, const char *text, double size, int weight)
{
	PangoLayout *layout = pango_layout_new(p->context);
	PangoFontDescription *font = pango_font_description_from_string("Inter");
	PangoAttrList *all = pango_attr_list_new();
	pango_attr_list_insert(all, pango_attr_font_features_new("tnum"));
	pango_layout_set_attributes(layout, all);
	pango_attr_list_unref(all);
	pango_font_description_set_weight(font, (PangoWeight)weight);
	pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
	pango_layout_set_font_description(layout, font);
	pango_font_description_free(font);
	pango_layout_set_text(layout, text, -1);
	return layout;
}

double canvas_width(const struct canvas *c, const char *text, const struct pen *pen)
{
	PangoLayout *layout = canvas_layout(c->paper, text, pen->size, pen->weight);
	PangoRectangle logical;
	pango_layout_get_extents(layout, NULL, &logical);
	g_object_unref(layout);
	return (double)logical.width / PANGO_SCALE;
}

static void svg_text(
	struct canvas *c, double x, double y, double room, const char *text, const struct pen *pen)
{
	static const char *const anchors[] = {
		[ALIGN_START] = "start", [ALIGN_CENTRE] = "middle", [ALIGN_END] = "end"
	};
	fprintf(c->svg, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.1f\" text-anchor=\"%s\"", x, y,
		pen->size, anchors[pen->align]);
	if (pen->weight != 400)
		fprintf(c->svg, " font-weight=\"%d\"", pen->weight);
	double width = canvas_width(c, text, pen);
	if (room > 0 && width > room) /* rather tight than cut: who zooms can read it */
		fprintf(c->svg, " textLength=\"%.1f\" lengthAdjust=\"spacingAndGlyphs\"", room);
	svg_colour(c->svg, "fill", pen->shade);
	if (pen->halo) {
		svg_colour(c->svg, "stroke", SHADE_WHITE);
		fprintf(c->svg,
			" stroke-width=\"%.1f\" stroke-linejoin=\"round\""
			" paint-order=\"stroke\"",
			HALO);
	}
	fputc('>', c->svg);
	canvas_escape(c->svg, text);
	fputs("</text>\n", c->svg);
}

static void halo(cairo_t *cr, PangoLayout *layout)
{
	double x, y;
	cairo_get_current_point(cr, &x, &y);
	pango_cairo_layout_path(cr, layout);
	use(cr, SHADE_WHITE, 1);
	cairo_set_line_width(cr, HALO);
	cairo_set_line_join(cr, CAIRO_LINE_JOIN_ROUND);
	cairo_stroke(cr);
	cairo_move_to(cr, x, y);
}

void canvas_text(
	struct canvas *c, double x, double y, double room, const char *text, const struct pen *pen)
{
	if (!*text)
		return;
	if (c->svg) {
		svg_text(c, x, y, room, text, pen);
		return;
	}
	PangoLayout *layout = canvas_layout(c->paper, text, pen->size, pen->weight);
	PangoRectangle logical;
	pango_layout_get_extents(layout, NULL, &logical);
	if (room > 0 && logical.width > room * PANGO_SCALE) {
		pango_layout_set_width(layout, (int)(room * PANGO_SCALE));
		pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
		pango_layout_set_height(layout, -1);
		pango_layout_get_extents(layout, NULL, &logical);
	}
	double width = (double)(logical.x + logical.width) / PANGO_SCALE;
	double left = pen->align == ALIGN_END      ? x - width
		      : pen->align == ALIGN_CENTRE ? x - width / 2
						   : x;
	cairo_move_to(c->cr, c->x + left,
		c->y + y - (double)pango_layout_get_baseline(layout) / PANGO_SCALE);
	if (pen->halo)
		halo(c->cr, layout);
	use(c->cr, pen->shade, 1);
	pango_cairo_show_layout(c->cr, layout);
	cairo_new_path(c->cr);
	g_object_unref(layout);
}
