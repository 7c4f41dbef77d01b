#include "ui/paper/parts.h"

#include <errno.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <qrencode.h>
#include <string.h>

#define SHRINK      0.94
#define WHOLE_WORDS 0.6
#define TEXT_SIZE   512
#define QUIET_ZONE  4

#define QR_WIDTH_MAX 177 /* version 40 */

struct colour paper_ink(enum ink ink)
{
	const struct palette *night = theme_palette(THEME_NIGHT, GROUND_NIGHT);
	switch (ink) {
	case INK_BLACK:
		return (struct colour){ 0, 0, 0 };
	case INK_NIGHT:
		return night->ground;
	case INK_SOFT:
		return night->line;
	case INK_MIST:
		return night->soft;
	case INK_STAFF:
		return theme_palette(THEME_NIGHT, GROUND_ASK)->ground;
	case INK_WHITE:
		break;
	}
	return (struct colour){ 1, 1, 1 };
}

static void use(cairo_t *cr, enum ink ink)
{
	struct colour c = paper_ink(ink);
	cairo_set_source_rgb(cr, c.r, c.g, c.b);
}

/* --- text --- */

static void set_size(PangoLayout *layout, const struct hand *h, double size)
{
	PangoFontDescription *font = pango_font_description_from_string("Inter");
	pango_font_description_set_weight(font, (PangoWeight)h->weight);
	pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
	pango_layout_set_font_description(layout, font);
	pango_font_description_free(font);
}

/* Whether the text, as it is set, keeps to its lines and the box. */
static bool fits(PangoLayout *layout, const struct hand *h, struct box b)
{
	PangoRectangle logical;
	pango_layout_get_extents(layout, NULL, &logical);
	return pango_layout_get_line_count(layout) <= h->lines &&
	       logical.width <= (int)ceil(b.w * PANGO_SCALE) &&
	       logical.height <= (int)ceil(b.h * PANGO_SCALE);
}

/* The lines that the box holds at the least size; the rest is cut with an ellipsis. */
static void cut(PangoLayout *layout, const struct hand *h, struct box b)
{
	PangoRectangle one;
	pango_layout_line_get_extents(pango_layout_get_line_readonly(layout, 0), NULL, &one);
	int room = one.height > 0 ? (int)(b.h * PANGO_SCALE) / one.height : 1;
	int lines = room < h->lines ? room : h->lines;
	pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
	pango_layout_set_height(layout, -(lines > 1 ? lines : 1));
}

static PangoAlignment alignment(const struct hand *h, PangoLayout *layout)
{
	if (h->align == ALIGN_CENTRE)
		return PANGO_ALIGN_CENTER;
	/* pango turns the sides for a text that is read from the right: all keep one edge. */
	bool rtl = pango_layout_get_direction(layout, 0) == PANGO_DIRECTION_RTL;
	return (h->align == ALIGN_START) == !rtl ? PANGO_ALIGN_LEFT : PANGO_ALIGN_RIGHT;
}

/* Looks for a size that fits, from the largest down. */
static bool shrink(PangoLayout *layout, const struct hand *h, struct box b, double least)
{
	double size = h->size;
	set_size(layout, h, size);
	while (!fits(layout, h, b) && size > least) {
		size = fmax(size * SHRINK, least);
		set_size(layout, h, size);
	}
	return fits(layout, h, b);
}

static PangoLayout *set(struct paper *p, struct box b, const char *text, const struct hand *h)
{
	PangoLayout *layout = pango_layout_new(p->context);
	pango_layout_set_text(layout, text, -1);
	pango_layout_set_alignment(layout, alignment(h, layout));
	pango_layout_set_width(layout, (int)(b.w * PANGO_SCALE));
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD);
	double whole = h->whole > 0 ? h->whole : h->size * WHOLE_WORDS;
	if (shrink(layout, h, b, fmax(h->least, whole)))
		return layout;
	/* A broken word that can be read is better than a whole one that cannot. */
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	if (!shrink(layout, h, b, h->least))
		cut(layout, h, b);
	return layout;
}

double paper_text(
	struct paper *p, cairo_t *cr, struct box b, const char *text, const struct hand *h)
{
	char clean[TEXT_SIZE];
	string_clean(clean, sizeof(clean), text ? text : "");
	if (!*clean || b.w <= 0 || b.h <= 0)
		return 0;
	PangoLayout *layout = set(p, b, clean, h);
	PangoRectangle logical;
	pango_layout_get_extents(layout, NULL, &logical);
	if (cr) {
		use(cr, h->ink);
		cairo_move_to(cr, b.x, b.y);
		pango_cairo_show_layout(cr, layout);
		cairo_new_path(cr);
	}
	g_object_unref(layout);
	return fmin((double)logical.height / PANGO_SCALE, b.h);
}

void paper_flow(struct paper *p, cairo_t *cr, struct box *rest, const char *text,
	const struct hand *h, double gap)
{
	double used = paper_text(p, cr, *rest, text, h);
	if (used > 0)
		box_top(rest, used + gap);
}

/* --- shapes --- */

void paper_fill(cairo_t *cr, struct box b, double radius, enum ink ink)
{
	double r = fmin(radius, fmin(b.w, b.h) / 2);
	cairo_new_sub_path(cr);
	cairo_arc(cr, b.x + b.w - r, b.y + r, r, -M_PI / 2, 0);
	cairo_arc(cr, b.x + b.w - r, b.y + b.h - r, r, 0, M_PI / 2);
	cairo_arc(cr, b.x + r, b.y + b.h - r, r, M_PI / 2, M_PI);
	cairo_arc(cr, b.x + r, b.y + r, r, M_PI, 3 * M_PI / 2);
	cairo_close_path(cr);
	use(cr, ink);
	cairo_fill(cr);
}

/* Where there are pixels, whole ones: printers and lenses alike want edges that are sharp. */
static struct box snapped(cairo_t *cr, struct box b, int modules)
{
	double module = b.w / modules;
	if (cairo_surface_get_type(cairo_get_target(cr)) != CAIRO_SURFACE_TYPE_IMAGE)
		return b;
	double px = module, unused = 0, x = b.x, y = b.y;
	cairo_user_to_device_distance(cr, &px, &unused);
	if (px < 1)
		return b;
	double side = floor(px) / px * b.w;
	x += (b.w - side) / 2;
	y += (b.h - side) / 2;
	cairo_user_to_device(cr, &x, &y);
	x = round(x);
	y = round(y);
	cairo_device_to_user(cr, &x, &y);
	return (struct box){ x, y, side, side };
}

/* The outlines of the dark areas. At every corner of the grid a step leads right, down, left or up
 * with dark on its right hand; outlines are walked until all steps are taken, straight ones as one
 * line. Half the numbers of a path of squares, and no seam at any scale. */
enum step { STEP_RIGHT, STEP_DOWN, STEP_LEFT, STEP_UP, STEPS };
static const struct {
	int dx, dy;
	int x, y; /* from the corner to the module on the right hand */
} steps[STEPS] = { { 1, 0, 0, 0 }, { 0, 1, -1, 0 }, { -1, 0, -1, -1 }, { 0, -1, 0, -1 } };

struct outline {
	cairo_t *cr;
	const QRcode *q;
	double x, y, module;                             /* of the first dark module's place */
	bool walked[QR_WIDTH_MAX + 1][QR_WIDTH_MAX + 1]; /* steps right from a corner */
};

static bool is_dark(const QRcode *q, int x, int y)
{
	return x >= 0 && y >= 0 && x < q->width && y < q->width &&
	       q->data[(ptrdiff_t)y * q->width + x] & 1;
}

static bool has_step(const QRcode *q, int x, int y, int s)
{
	int left = (s + 3) % STEPS; /* what lies on the left hand lies on the right of that step */
	return is_dark(q, x + steps[s].x, y + steps[s].y) &&
	       !is_dark(q, x + steps[left].x, y + steps[left].y);
}

/* To the right first: where two dark areas touch at a corner they stay apart. */
static int turn(const QRcode *q, int x, int y, int s)
{
	static const int turns[] = { 1, 0, 3 };
	for (size_t i = 0; i < ARRAY_LEN(turns); i++)
		if (has_step(q, x, y, (s + turns[i]) % STEPS))
			return (s + turns[i]) % STEPS;
	return s;
}

static void walk(struct outline *o, const int x0, const int y0)
{
	int x = x0, y = y0, s = STEP_RIGHT;
	cairo_move_to(o->cr, o->x + x * o->module, o->y + y * o->module);
	do {
		if (s == STEP_RIGHT)
			o->walked[y][x] = true;
		x += steps[s].dx;
		y += steps[s].dy;
		int next = turn(o->q, x, y, s);
		if (next != s && (x != x0 || y != y0 || next != STEP_RIGHT))
			cairo_line_to(o->cr, o->x + x * o->module, o->y + y * o->module);
		s = next;
	} while (x != x0 || y != y0 || s != STEP_RIGHT);
	cairo_close_path(o->cr);
}

static void modules_path(cairo_t *cr, struct box b, const QRcode *q)
{
	double module = b.w / (q->width + 2 * QUIET_ZONE);
	struct outline o = { cr, q, b.x + QUIET_ZONE * module, b.y + QUIET_ZONE * module, module };
	for (int y = 0; y <= q->width; y++)
		for (int x = 0; x < q->width; x++)
			if (has_step(q, x, y, STEP_RIGHT) && !o.walked[y][x])
				walk(&o, x, y);
}

int paper_qr(cairo_t *cr, struct box b, const char *code, size_t len, enum ink ink)
{
	if (!code || len < 1 || len > PAPER_CODE_MAX)
		return -EMSGSIZE;
	QRcode *q = QRcode_encodeData((int)len, (const unsigned char *)code, 0, QR_ECLEVEL_M);
	if (!q)
		return errno == ENOMEM ? -ENOMEM : -EMSGSIZE;
	double side = fmin(b.w, b.h);
	struct box at = snapped(cr, box_centre(b, side, side), q->width + 2 * QUIET_ZONE);
	use(cr, ink);
	modules_path(cr, at, q);
	cairo_fill(cr);
	QRcode_free(q);
	return 0;
}
