#include "ui/paper/parts.h"
#include "ui/strings.h"

#include <cairo-pdf.h>
#include <errno.h>
#include <stdlib.h>

#define CUT_MARK 8.5 /* points: 3 mm, within the margin that stays empty */

struct paper_pdf {
	struct paper *paper;
	struct paper_sink sink;
	cairo_surface_t *surface;
	cairo_t *cr;
	unsigned columns, rows;
	unsigned on_page; /* tickets on the page that is open */
	uint64_t pages;   /* that are closed */
	struct box page;
	int error;
};

static const struct {
	const struct paper_size *size;
	unsigned columns, rows;
} layouts[] = {
	[PAPER_PAGE] = { &paper_a6, 1, 1 },
	[PAPER_SHEET] = { &paper_a4, 2, 4 },
};
static_assert(ARRAY_LEN(layouts) == PAPER_LAYOUT_COUNT, "every layout has its grid");

int paper_pdf_open(struct paper_pdf **out, struct paper *p, enum paper_layout layout,
	const char *title, paper_write *write, void *context)
{
	char clean[STRING_SIZE];
	struct paper_pdf *pdf = calloc(1, sizeof(*pdf));
	if (!pdf)
		return -ENOMEM;
	pdf->paper = p;
	pdf->sink = (struct paper_sink){ write, context, 0 };
	pdf->columns = layouts[layout].columns;
	pdf->rows = layouts[layout].rows;
	pdf->page.w = layouts[layout].size->width_mm * POINTS_PER_MM;
	pdf->page.h = layouts[layout].size->height_mm * POINTS_PER_MM;
	pdf->surface = cairo_pdf_surface_create_for_stream(
		paper_sink_write, &pdf->sink, pdf->page.w, pdf->page.h);
	string_clean(clean, sizeof(clean), title ? title : "");
	cairo_pdf_surface_set_metadata(pdf->surface, CAIRO_PDF_METADATA_TITLE, clean);
	cairo_pdf_surface_set_metadata(
		pdf->surface, CAIRO_PDF_METADATA_CREATOR, "Parvis " PARVIS_VERSION);
	pdf->cr = cairo_create(pdf->surface);
	*out = pdf;
	return 0;
}

/* Short lines at the edges of the page, where the cuts of a guillotine begin and end, and a small
 * cross wherever two cuts meet. */
static void draw_marks(const struct paper_pdf *pdf)
{
	cairo_t *cr = pdf->cr;
	double w = pdf->page.w / pdf->columns, h = pdf->page.h / pdf->rows;
	cairo_set_source_rgb(cr, 0, 0, 0);
	cairo_set_line_width(cr, 0.4);
	for (unsigned i = 0; i <= pdf->columns; i++)
		for (unsigned j = 0; j <= pdf->rows; j++) {
			cairo_move_to(cr, i * w - CUT_MARK, j * h);
			cairo_line_to(cr, i * w + CUT_MARK, j * h);
			cairo_move_to(cr, i * w, j * h - CUT_MARK);
			cairo_line_to(cr, i * w, j * h + CUT_MARK);
		}
	cairo_stroke(cr);
}

static void end_page(struct paper_pdf *pdf)
{
	if (pdf->columns * pdf->rows > 1)
		draw_marks(pdf);
	cairo_show_page(pdf->cr);
	pdf->on_page = 0;
	pdf->pages++;
}

int paper_pdf_ticket(struct paper_pdf *pdf, const struct paper_ticket *t)
{
	if (pdf->error)
		return pdf->error;
	double w = pdf->page.w / pdf->columns, h = pdf->page.h / pdf->rows;
	struct box cell = { pdf->on_page % pdf->columns * w, pdf->on_page / pdf->columns * h, w,
		h };
	pdf->error = paper_draw_ticket(pdf->paper, pdf->cr, cell, t);
	if (!pdf->error && ++pdf->on_page == pdf->columns * pdf->rows)
		end_page(pdf);
	if (pdf->sink.error)
		pdf->error = pdf->sink.error;
	return pdf->error;
}

int paper_pdf_close(struct paper_pdf *pdf, uint64_t *pages)
{
	if (!pdf)
		return 0;
	if (pdf->on_page && !pdf->error)
		end_page(pdf);
	cairo_destroy(pdf->cr);
	cairo_surface_finish(pdf->surface);
	int result = pdf->error ? pdf->error : paper_sink_result(&pdf->sink, pdf->surface);
	cairo_surface_destroy(pdf->surface);
	if (pages)
		*pages = pdf->pages;
	free(pdf);
	return result;
}
