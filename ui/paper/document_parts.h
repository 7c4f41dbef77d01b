/* Inside ui/paper/: the two ways of drawing a document. */
#ifndef PARVIS_UI_PAPER_DOCUMENT_PARTS_H
#define PARVIS_UI_PAPER_DOCUMENT_PARTS_H

#include "ui/paper/canvas.h"

struct document_kind {
	int (*open)(struct document *d);
	int (*close)(struct document *d); /* frees what open() made, whatever the error */
	void (*title)(struct document *d, const char *title, const char *below);
	void (*heading)(struct document *d, int level, const char *text);
	void (*page)(struct document *d);
	void (*text)(struct document *d, const char *text, bool note);
	void (*notice)(struct document *d, bool grave, const char *title, const char *const *lines,
		size_t count);
	void (*tiles)(struct document *d, const struct document_tile *tiles, size_t count);
	void (*table)(struct document *d, const struct document_table *t);
	void (*charts)(struct document *d, const struct document_chart *charts, size_t count,
		size_t across);
	void (*bars)(struct document *d, const struct document_bars *b);
	void (*flow)(struct document *d, const struct document_flow *f);
};

extern const struct document_kind document_pdf, document_html;

struct document {
	struct paper *paper;
	struct document_setup setup;
	char title[PAPER_WHEN_SIZE * 2];
	const struct document_kind *kind;
	struct paper_sink sink;
	int error;

	/* PDF */
	struct paper_sink bytes; /* into `body` */
	cairo_surface_t *surface;
	cairo_t *cr;
	double y;
	bool fresh; /* nothing is on the page yet */
	unsigned pages;

	/* What is written so far; of HTML the table of contents apart. */
	FILE *body, *contents;
	char *body_text, *contents_text;
	size_t body_size, contents_size;
	unsigned headings, pictures;
	bool open_section;
};

/* Writes a PDF of cairo's once more, marked as tagged and with its language. -EIO. */
NODISCARD int pdf_marks(const char *bytes, size_t size, enum language language, FILE *out);

#endif
