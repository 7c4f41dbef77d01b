/* Inside ui/paper/: the tools with which tickets and badges are drawn. Lengths are in the units of
 * the layout, whatever the context's scale makes of them; boxes are ui/page.h's. */
#ifndef PARVIS_UI_PAPER_PARTS_H
#define PARVIS_UI_PAPER_PARTS_H

#include "ui/page.h"
#include "ui/paper/paper.h"

#include <cairo.h>
#include <pango/pango.h>

#define POINTS_PER_MM (72 / 25.4)

struct paper {
	PangoFontMap *fonts;
	PangoContext *context;
};

/* The kiosk's colours, by what they are for here. */
enum ink {
	INK_WHITE,
	INK_BLACK,
	INK_NIGHT, /* text on white; the card */
	INK_SOFT,  /* lesser text on white: 9.6:1, so that it survives a tired toner */
	INK_MIST,  /* lesser text on night; rules on white */
	INK_STAFF, /* a ground for dark text, pale in grey */
};
struct colour paper_ink(enum ink ink);

/* How a block of text may be set: from `size` down to `least`, on at most `lines` lines. */
struct hand {
	double size, least;
	int weight, lines;
	enum ink ink;
	enum align align;
	double whole; /* words are broken rather than set smaller than this; 0: 0.6 of size */
};

/* Draws a text from strangers at the top of the box and gives the height that it took; 0 for none.
 * cr NULL: measures only. */
double paper_text(
	struct paper *p, cairo_t *cr, struct box b, const char *text, const struct hand *h);

/* The same, cut off the box along with the gap below it. */
void paper_flow(struct paper *p, cairo_t *cr, struct box *rest, const char *text,
	const struct hand *h, double gap);

/* Draws the symbol with its quiet zone as a square in the middle of the box: -EMSGSIZE, -ENOMEM. */
NODISCARD int paper_qr(cairo_t *cr, struct box b, const char *code, size_t len, enum ink ink);

void paper_fill(cairo_t *cr, struct box b, double radius, enum ink ink);

/* Draw within the box, in points; nothing outside it. */
NODISCARD int paper_draw_ticket(
	struct paper *p, cairo_t *cr, struct box b, const struct paper_ticket *t);
NODISCARD int paper_draw_badge(
	struct paper *p, cairo_t *cr, struct box b, const struct paper_badge *badge);

/* A writer, as cairo wants it: remembers the first failure. */
struct paper_sink {
	paper_write *write;
	void *context;
	int error;
};
cairo_status_t paper_sink_write(void *sink, const unsigned char *bytes, unsigned int len);

/* What came of a surface once it is finished: what the writer gave, or cairo's word. */
NODISCARD int paper_sink_result(const struct paper_sink *s, cairo_surface_t *surface);

/* What came of drawing on it. */
NODISCARD int paper_status(cairo_status_t status);

#endif
