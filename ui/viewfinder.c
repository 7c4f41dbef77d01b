#include "ui/viewfinder.h"

#include "ui/draw.h"

#include <math.h>

void viewfinder_free(struct viewfinder *v)
{
	if (v->surface)
		cairo_surface_destroy(v->surface);
	*v = (struct viewfinder){ 0 };
}

static void fit_surface(struct viewfinder *v, uint32_t width, uint32_t height)
{
	if (v->surface && v->width == width && v->height == height)
		return;
	viewfinder_free(v);
	v->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)width, (int)height);
	v->width = width;
	v->height = height;
}

void viewfinder_keep(struct viewfinder *v, const struct ui_frame *frame)
{
	if (!frame || !frame->pixels || !frame->width || !frame->height) {
		viewfinder_free(v);
		return;
	}
	fit_surface(v, frame->width, frame->height);
	if (cairo_surface_status(v->surface) != CAIRO_STATUS_SUCCESS) {
		viewfinder_free(v);
		return;
	}
	cairo_surface_flush(v->surface);
	uint8_t *to = cairo_image_surface_get_data(v->surface);
	size_t stride = (size_t)cairo_image_surface_get_stride(v->surface);
	for (uint32_t y = 0; y < frame->height; y++) {
		const uint8_t *grey = frame->pixels + (size_t)y * frame->stride;
		uint32_t *row = (uint32_t *)(void *)(to + y * stride);
		for (uint32_t x = 0; x < frame->width; x++)
			row[x] = grey[x] * 0x010101U;
	}
	cairo_surface_mark_dirty(v->surface);
}

/* Frame coordinates (0…1) to the page: covering, centred, mirrored left to right. */
static void to_page(
	const struct viewfinder *v, struct box b, double fx, double fy, double *x, double *y)
{
	double k = fmax(b.w / v->width, b.h / v->height);
	*x = b.x + b.w / 2 + (0.5 - fx) * v->width * k;
	*y = b.y + b.h / 2 + (fy - 0.5) * v->height * k;
}

static void draw_picture(const struct viewfinder *v, const struct page *p, struct box b)
{
	double k = fmax(b.w / v->width, b.h / v->height);
	cairo_save(p->cr);
	cairo_translate(p->cr, b.x + b.w / 2, b.y + b.h / 2);
	cairo_scale(p->cr, -k, k);
	cairo_translate(p->cr, -(double)v->width / 2, -(double)v->height / 2);
	cairo_set_source_surface(p->cr, v->surface, 0, 0);
	cairo_pattern_set_filter(cairo_get_source(p->cr), CAIRO_FILTER_BILINEAR);
	cairo_paint(p->cr);
	cairo_restore(p->cr);
}

/* White over dark, so that it shows on any picture. */
static void draw_found(const struct viewfinder *v, const struct page *p, struct box b)
{
	cairo_new_path(p->cr);
	for (int i = 0; i < 4; i++) {
		double x, y;
		to_page(v, b, p->screen->corners[i][0], p->screen->corners[i][1], &x, &y);
		cairo_line_to(p->cr, x, y);
	}
	cairo_close_path(p->cr);
	cairo_set_line_join(p->cr, CAIRO_LINE_JOIN_ROUND);
	cairo_set_line_width(p->cr, 14);
	cairo_set_source_rgba(p->cr, 0.063, 0.125, 0.227, 0.8);
	cairo_stroke_preserve(p->cr);
	cairo_set_line_width(p->cr, 8);
	draw_source(p->cr, (struct colour){ 1, 1, 1 });
	cairo_stroke(p->cr);
}

void viewfinder_draw(const struct viewfinder *v, const struct page *p)
{
	static const struct colour white = { 1, 1, 1 };
	struct box b = draw_mirror(p, p->moving.lens);
	double side = fmin(b.w, b.h);
	cairo_save(p->cr);
	draw_clip(p, p->moving.lens, 32);
	if (v->surface)
		draw_picture(v, p, b);
	if (v->surface && p->screen->corners_seen)
		draw_found(v, p, b);
	else
		draw_brackets(p, box_centre(p->moving.lens, side * 0.645, side * 0.663), white);
	cairo_restore(p->cr);
}
