#include "ui/draw.h"

#include "base/cc.h"
#include "base/text.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

/* A word wider than its box makes the text smaller down to this; then the word is broken. */
#define SMALLEST_FOR_A_WORD 0.45

/* Titles are set a little tighter than running text, as they are in print. */
static double tracking(double size)
{
	return size >= 48 ? -0.0135 : 0;
}

static double leading(double size)
{
	return size >= 48 ? 0.90 : size < 32 ? 1.15 : 1.0;
}

/* Larger text is for what is small: titles, which can be read from afar already, grow less. */
static double scaled(const struct page *p, const struct type *type)
{
	double factor = type->fixed ? 1 : p->type;
	if (factor > 1 && type->size > 28)
		factor = 1 + (factor - 1) * 28 / type->size;
	return type->size * factor;
}

static PangoAlignment alignment(const struct page *p, enum align align)
{
	if (align == ALIGN_CENTRE)
		return PANGO_ALIGN_CENTER;
	return (align == ALIGN_START) == !p->rtl ? PANGO_ALIGN_LEFT : PANGO_ALIGN_RIGHT;
}

static void set_size(PangoLayout *layout, const struct type *type, double size)
{
	PangoFontDescription *font = pango_font_description_from_string("Inter");
	PangoAttrList *attributes = pango_attr_list_new();
	pango_font_description_set_weight(font, (PangoWeight)type->weight);
	pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
	pango_layout_set_font_description(layout, font);
	pango_attr_list_insert(attributes,
		pango_attr_letter_spacing_new((int)(tracking(type->size) * size * PANGO_SCALE)));
	pango_layout_set_attributes(layout, attributes);
	pango_attr_list_unref(attributes);
	pango_font_description_free(font);
}

static void layout_size(PangoLayout *layout, double *w, double *h)
{
	int iw, ih;
	pango_layout_get_size(layout, &iw, &ih);
	*w = (double)iw / PANGO_SCALE;
	*h = (double)ih / PANGO_SCALE;
}

static PangoLayout *layout_new(struct page *p, const char *text, const struct type *type)
{
	PangoLayout *layout = pango_layout_new(p->pango);
	char *valid = text_is_utf8(text, strlen(text)) ? NULL : g_utf8_make_valid(text, -1);
	pango_layout_set_auto_dir(layout, FALSE);
	pango_layout_set_text(layout, valid ? valid : text, -1);
	g_free(valid);
	pango_layout_set_alignment(layout, alignment(p, type->align));
	pango_layout_set_line_spacing(layout, (float)leading(type->size));
	set_size(layout, type, scaled(p, type));
	return layout;
}

/* Wraps between words; makes the text smaller for the sake of a long word; breaks a word that
 * would need text too small. */
static PangoLayout *layout_wrapped(
	struct page *p, const char *text, const struct type *type, double width)
{
	PangoLayout *layout = layout_new(p, text, type);
	double w, h, size = scaled(p, type);
	pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
	pango_layout_set_wrap(layout, PANGO_WRAP_WORD);
	layout_size(layout, &w, &h);
	if (w <= width + 0.5)
		return layout;
	double factor = fmax(width / w * 0.995, SMALLEST_FOR_A_WORD);
	set_size(layout, type, size * factor);
	layout_size(layout, &w, &h);
	if (w > width + 0.5)
		pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
	return layout;
}

/* --- layouts are kept --- */

static uint64_t mix(uint64_t hash, const void *bytes, size_t n)
{
	const uint8_t *b = bytes;
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ b[i]) * 0x100000001b3; /* FNV-1a */
	return hash;
}

/* The same text is measured, drawn dry and drawn wet: it is shaped once. width < 0: on one line.
 * The page owns what is returned; it is not to be changed. */
static PangoLayout *layout_kept(
	struct page *p, const char *text, const struct type *type, double width)
{
	const double numbers[] = { type->size, scaled(p, type), width, type->weight,
		(double)alignment(p, type->align), p->rtl };
	uint64_t key = mix(0xcbf29ce484222325, text, strlen(text));
	key = mix(key, numbers, sizeof(numbers));
	struct kept_layout *slot = &p->kept[key % PAGE_KEPT];
	if (slot->layout && slot->key == key)
		return slot->layout;
	g_clear_object(&slot->layout);
	slot->key = key;
	slot->layout = width < 0 ? layout_new(p, text, type) : layout_wrapped(p, text, type, width);
	return slot->layout;
}

void text_forget(struct page *p)
{
	for (size_t i = 0; i < PAGE_KEPT; i++)
		g_clear_object(&p->kept[i].layout);
}

double text_height(struct page *p, const char *text, const struct type *type, double width)
{
	double w, h;
	layout_size(layout_kept(p, text, type, fmax(width, 0)), &w, &h);
	return ceil(h);
}

double text_width(struct page *p, const char *text, const struct type *type)
{
	double w, h;
	layout_size(layout_kept(p, text, type, -1), &w, &h);
	return ceil(w);
}

static void show(struct page *p, struct box b, PangoLayout *layout, const struct type *type)
{
	double ratio = theme_contrast(type->ink, p->on);
	if (ratio < p->least_contrast)
		p->least_contrast = ratio;
	if (!p->cr)
		return;
	struct box at = draw_mirror(p, b);
	draw_source(p->cr, type->ink);
	cairo_move_to(p->cr, at.x, at.y);
	pango_cairo_show_layout(p->cr, layout);
	cairo_new_path(p->cr);
}

static void draw_at(
	struct page *p, struct box b, const char *text, const struct type *type, double middle)
{
	PangoLayout *layout = layout_kept(p, text, type, fmax(b.w, 0));
	double w, h;
	layout_size(layout, &w, &h);
	if (w > b.w + 1 || h > b.h + 1)
		page_overflow(p, text);
	b.y += fmax(b.h - h, 0) * middle;
	show(p, b, layout, type);
}

void text_draw(struct page *p, struct box b, const char *text, const struct type *type)
{
	draw_at(p, b, text, type, 0);
}

void text_draw_middle(struct page *p, struct box b, const char *text, const struct type *type)
{
	draw_at(p, b, text, type, 0.5);
}

void text_flow(
	struct page *p, struct box *rest, const char *text, const struct type *type, double gap)
{
	double h = text_height(p, text, type, rest->w);
	if (h > rest->h + 1)
		page_overflow(p, text);
	text_draw(p, box_top(rest, h), text, type);
	box_top(rest, gap);
}

void text_draw_line(struct page *p, struct box b, const char *text, const struct type *type)
{
	PangoLayout *layout = layout_new(p, text, type);
	double w, h, size = scaled(p, type);
	layout_size(layout, &w, &h);
	double factor = fmin(1, fmin(b.w / w, b.h / h) * 0.99);
	if (factor < 1) {
		set_size(layout, type, size * fmax(factor, 1.0 / 3));
		layout_size(layout, &w, &h);
	}
	if (w > b.w + 1 || h > b.h + 1)
		page_overflow(p, text);
	pango_layout_set_width(layout, (int)(fmax(b.w, w) * PANGO_SCALE));
	b.y += (b.h - h) / 2;
	show(p, b, layout, type);
	g_object_unref(layout);
}
