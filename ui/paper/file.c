#include "ui/paper/parts.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DPI_LEAST     72
#define DPI_MOST      1200
#define SIDE_LEAST_MM 20
#define SIDE_MOST_MM  500

/* --- writing --- */

cairo_status_t paper_sink_write(void *sink, const unsigned char *bytes, unsigned int len)
{
	struct paper_sink *s = sink;
	if (!s->error)
		s->error = s->write(s->context, bytes, len);
	return s->error ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

int paper_status(cairo_status_t status)
{
	if (status == CAIRO_STATUS_SUCCESS)
		return 0;
	return status == CAIRO_STATUS_NO_MEMORY ? -ENOMEM : -EIO;
}

int paper_sink_result(const struct paper_sink *s, cairo_surface_t *surface)
{
	return s->error ? s->error : paper_status(cairo_surface_status(surface));
}

/* --- what is drawn: a ticket or a badge --- */

struct subject {
	struct paper *paper;
	const struct paper_ticket *ticket;
	const struct paper_badge *badge;
};

static int draw(const struct subject *what, cairo_t *cr, struct paper_size size)
{
	struct box all = { 0, 0, size.width_mm * POINTS_PER_MM, size.height_mm * POINTS_PER_MM };
	if (what->ticket)
		return paper_draw_ticket(what->paper, cr, all, what->ticket);
	return paper_draw_badge(what->paper, cr, all, what->badge);
}

static bool drawable(struct paper_size s)
{
	return s.width_mm >= SIDE_LEAST_MM && s.width_mm <= SIDE_MOST_MM &&
	       s.height_mm >= SIDE_LEAST_MM && s.height_mm <= SIDE_MOST_MM;
}

/* --- pixels --- */

/* Draws on a white image; *out only on success, for the caller to destroy. */
static int image(
	const struct subject *what, struct paper_size size, uint32_t dpi, cairo_surface_t **out)
{
	if (!drawable(size) || dpi < DPI_LEAST || dpi > DPI_MOST)
		return -EINVAL;
	cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24,
		(int)lround(size.width_mm / 25.4 * dpi), (int)lround(size.height_mm / 25.4 * dpi));
	cairo_t *cr = cairo_create(surface);
	cairo_set_source_rgb(cr, 1, 1, 1);
	cairo_paint(cr);
	cairo_scale(cr, dpi / 72.0, dpi / 72.0);
	int result = draw(what, cr, size);
	cairo_destroy(cr);
	cairo_surface_flush(surface);
	if (result)
		cairo_surface_destroy(surface);
	else
		*out = surface;
	return result;
}

static int png(const struct subject *what, struct paper_size size, uint32_t dpi, paper_write *write,
	void *context)
{
	struct paper_sink sink = { write, context, 0 };
	cairo_surface_t *surface = NULL;
	int result = image(what, size, dpi, &surface);
	if (result)
		return result;
	cairo_status_t status = cairo_surface_write_to_png_stream(surface, paper_sink_write, &sink);
	cairo_surface_destroy(surface);
	return sink.error ? sink.error : paper_status(status);
}

int paper_ticket_png(struct paper *p, struct paper_size size, uint32_t dpi,
	const struct paper_ticket *t, paper_write *write, void *context)
{
	return png(&(struct subject){ .paper = p, .ticket = t }, size, dpi, write, context);
}

int paper_badge_png(struct paper *p, struct paper_size size, uint32_t dpi,
	const struct paper_badge *b, paper_write *write, void *context)
{
	return png(&(struct subject){ .paper = p, .badge = b }, size, dpi, write, context);
}

/* Rec. 709 luma. */
static void grey_of(uint8_t *out, const uint8_t *rgb24, size_t width)
{
	uint32_t pixel;
	for (size_t i = 0; i < width; i++) {
		memcpy(&pixel, rgb24 + 4 * i, sizeof(pixel));
		out[i] = (uint8_t)((54 * (pixel >> 16 & 255) + 183 * (pixel >> 8 & 255) +
					   19 * (pixel & 255)) >>
				   8);
	}
}

int paper_badge_pixels(struct paper *p, struct paper_size size, uint32_t dpi,
	const struct paper_badge *b, struct paper_pixels *out)
{
	cairo_surface_t *surface = NULL;
	int result = image(&(struct subject){ .paper = p, .badge = b }, size, dpi, &surface);
	if (result)
		return result;
	size_t width = (size_t)cairo_image_surface_get_width(surface);
	size_t height = (size_t)cairo_image_surface_get_height(surface);
	size_t stride = (size_t)cairo_image_surface_get_stride(surface);
	const uint8_t *pixels = cairo_image_surface_get_data(surface);
	uint8_t *grey = malloc(width * height);
	for (size_t y = 0; grey && y < height; y++)
		grey_of(grey + y * width, pixels + y * stride, width);
	cairo_surface_destroy(surface);
	if (!grey)
		return -ENOMEM;
	*out = (struct paper_pixels){ grey, (uint32_t)width, (uint32_t)height };
	return 0;
}

/* --- vectors --- */

static int vectors(const struct subject *what, struct paper_size size, uint32_t copies, bool svg,
	paper_write *write, void *context)
{
	struct paper_sink sink = { write, context, 0 };
	if (!drawable(size))
		return -EINVAL;
	double w = size.width_mm * POINTS_PER_MM, h = size.height_mm * POINTS_PER_MM;
	cairo_surface_t *surface =
		svg ? cairo_svg_surface_create_for_stream(paper_sink_write, &sink, w, h)
		    : cairo_pdf_surface_create_for_stream(paper_sink_write, &sink, w, h);
	cairo_t *cr = cairo_create(surface);
	int result = 0;
	for (uint32_t i = 0; i < copies && !result; i++) {
		result = draw(what, cr, size);
		cairo_show_page(cr);
	}
	cairo_destroy(cr);
	cairo_surface_finish(surface);
	if (!result || sink.error)
		result = paper_sink_result(&sink, surface);
	cairo_surface_destroy(surface);
	return result;
}

int paper_ticket_svg(struct paper *p, struct paper_size size, const struct paper_ticket *t,
	paper_write *write, void *context)
{
	return vectors(&(struct subject){ .paper = p, .ticket = t }, size, 1, true, write, context);
}

int paper_badge_pdf(struct paper *p, struct paper_size size, uint32_t copies,
	const struct paper_badge *b, paper_write *write, void *context)
{
	if (copies < 1)
		return -EINVAL;
	return vectors(
		&(struct subject){ .paper = p, .badge = b }, size, copies, false, write, context);
}
