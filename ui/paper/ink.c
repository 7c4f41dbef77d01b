#include "ui/paper/parts.h"

#include <errno.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <qrencode.h>
#include <string.h>

#define SHRINK     0.94
#define TEXT_SIZE  512
#define QUIET_ZONE 4

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

/* Whether the text, set without breaking a word, keeps to its lines and the box. */
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
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
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

static PangoLayout *set(struct paper *p, struct box b, const char *text, const struct hand *h)
{
	PangoLayout *layout = pango_layout_new(p->context);
	pango_layout_set_text(layout, text, -1);
	pango_layout_set_alignment(layout, alignment(h, layout));
	pango_layout_set_width(layout, (int)(b.w * PANGO_SCALE));
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD);
	double size = h->size;
	set_size(layout, h, size);
	while (!fits(layout, h, b) && size > h->least) {
		size = fmax(size * SHRINK, h->least);
		set_size(layout, h, size);
	}
	if (!fits(layout, h, b))
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

/* One path of all dark modules, those side by side in one piece: no seam shows at any scale. */
static void modules_path(cairo_t *cr, struct box b, const QRcode *q)
{
	double module = b.w / (q->width + 2 * QUIET_ZONE);
	for (int row = 0; row < q->width; row++) {
		const unsigned char *dark = q->data + (ptrdiff_t)row * q->width;
		for (int from = 0, to; from < q->width; from = to + 1) {
			while (from < q->width && !(dark[from] & 1))
				from++;
			for (to = from; to < q->width && dark[to] & 1;)
				to++;
			if (to > from)
				cairo_rectangle(cr, b.x + (QUIET_ZONE + from) * module,
					b.y + (QUIET_ZONE + row) * module, (to - from) * module,
					module);
		}
	}
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
