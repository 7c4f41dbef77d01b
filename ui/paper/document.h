/* A document told once and drawn twice: as an A4 PDF (structure tags, outline, page numbers) or as
 * one HTML page that needs nothing else (inline SVG, real tables, no script). Ink on white, to be
 * read in greyscale and, since every picture says in words what it shows and comes with its table,
 * by ear.
 *
 * Texts are UTF-8 without anything that acts or hides (base/text.h); those of strangers go through
 * document_clean() first. They are used during the call only. Values come in, paper goes out: the
 * same calls give the same bytes.
 *
 * After a failure every further call does nothing, and document_close() gives the error. One thread
 * a document. */
#ifndef PARVIS_UI_PAPER_DOCUMENT_H
#define PARVIS_UI_PAPER_DOCUMENT_H

#include "ui/paper/paper.h"

struct document;

enum document_format { DOCUMENT_PDF, DOCUMENT_HTML, DOCUMENT_FORMATS };

struct document_setup {
	enum document_format format;
	enum language language;
	const char *title;    /* of the file, and at the foot of each page */
	const char *contents; /* what the table of contents is called (HTML) */
	int64_t made_ms;      /* what the file says of when it was made */
};

/* The paper and the context outlive it. *out only on success. */
NODISCARD int document_open(struct document **out, struct paper *p,
	const struct document_setup *setup, paper_write *write, void *context);

/* Writes what is left and frees; the file is whole only when this gives 0. NULL is allowed. */
NODISCARD int document_close(struct document *d);

/* The document's own title, once, with a line below it. */
void document_title(struct document *d, const char *title, const char *below);

/* What follows belongs to it. level 2 or 3. */
void document_heading(struct document *d, int level, const char *text);

/* The next part begins a page of its own (PDF). */
void document_page(struct document *d);

void document_text(struct document *d, const char *text);

/* A paragraph of lesser weight: how to read what stands above. */
void document_note(struct document *d, const char *text);

/* A box of lines with a title; `grave` marks it by a band, a sign and a word, never by colour
 * alone. */
void document_notice(
	struct document *d, bool grave, const char *title, const char *const *lines, size_t count);

/* Figures to be seen from afar, three in a row. */
struct document_tile {
	const char *value, *label, *note;
};
void document_tiles(struct document *d, const struct document_tile *tiles, size_t count);

struct document_column {
	const char *head;
	double weight; /* of its width */
	bool number;   /* set right, in figures of one width */
};
struct document_table {
	const char *caption;
	const struct document_column *columns;
	size_t column_count, row_count;
	const char *const *cells; /* row after row; the first of a row is its head */
	bool total;               /* the last row adds up those above */
};
void document_table(struct document *d, const struct document_table *t);

enum chart_kind { CHART_AREA, CHART_COLUMNS };

/* Values over time. */
struct document_chart {
	enum chart_kind kind;
	const char *caption, *alt; /* alt: what it shows, in a sentence */
	const double *values;
	size_t count;
	const char *const *ticks; /* count + 1 of them, at the edges between values; NULL: none */
	double most;              /* of the axis; 0: of the values */
	double limit;             /* a line across, such as how many fit; 0: none */
	const char *limit_text;
	size_t mark;           /* a value to point out, with its text; */
	const char *mark_text; /* NULL: none */
	double height_mm;
};

/* Charts of equal width side by side, `across` in a row. */
void document_charts(
	struct document *d, const struct document_chart *charts, size_t count, size_t across);

/* Bars side by side with what they are worth: `part` is the darker share of `value`. */
struct document_bar {
	const char *label, *text;
	double value, part;
};
struct document_bars {
	const char *caption, *alt;
	const char *whole_text, *part_text; /* the legend; NULL: no parts */
	const struct document_bar *bars;
	size_t count;
};
void document_bars(struct document *d, const struct document_bars *b);

/* Who went from where to where: ribbons as wide as they were many. */
struct document_flow {
	const char *caption, *alt, *from_text, *to_text;
	const char *const *names;
	size_t count;
	const uint32_t *moves; /* [from × count + to] */
};
void document_flow(struct document *d, const struct document_flow *f);

/* A text of strangers made fit for a document: no controls, no hazards. capacity > 0. */
void document_clean(char *out, size_t capacity, const char *text);

/* "jeudi 8 décembre 2016": local time. */
void document_day(char out[PAPER_WHEN_SIZE], enum language language, int64_t ms);

#endif
