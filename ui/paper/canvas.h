/* Inside ui/paper/: a sheet that pictures are drawn on, either cairo's or the text of an SVG.
 * Lengths are points, y grows downwards. */
#ifndef PARVIS_UI_PAPER_CANVAS_H
#define PARVIS_UI_PAPER_CANVAS_H

#include "ui/paper/document.h"
#include "ui/paper/parts.h"

#include <stdio.h>

enum shade {
	SHADE_WHITE,
	SHADE_NIGHT, /* text, axes */
	SHADE_SOFT,  /* lesser text */
	SHADE_RULE,  /* grid */
	SHADE_MAIN,  /* what is shown */
	SHADE_PALE,  /* its area; the lesser part of it */
	SHADE_PANEL, /* a ground */
	SHADE_GRAVE, /* the band of a notice */
	SHADES
};

struct colour canvas_colour(enum shade s);

struct canvas {
	struct paper *paper;
	cairo_t *cr; /* or */
	FILE *svg;
	double x, y; /* of its origin, on cr */
	enum language language;
};

/* How a line of text is set. */
struct pen {
	double size;
	int weight;
	enum shade shade;
	enum align align;
	bool halo; /* a white edge, where lines pass behind the letters */
};

void canvas_rect(struct canvas *c, struct box b, double radius, enum shade s);
void canvas_line(
	struct canvas *c, double x0, double y0, double x1, double y1, double width, enum shade s);
void canvas_dashed(
	struct canvas *c, double x0, double y0, double x1, double y1, double width, enum shade s);

/* Points joined by straight lines: filled down to `floor`, and stroked along the top. */
void canvas_area(struct canvas *c, const double *xs, const double *ys, size_t count, double floor,
	enum shade fill, enum shade stroke);

/* A band from the left (y0 … y0 + h) to the right (y1 … y1 + h). */
void canvas_ribbon(struct canvas *c, double x0, double y0, double x1, double y1, double h,
	enum shade s, double opacity);

/* On one line, its baseline at y; cut with an ellipsis at `room` (0: none). */
void canvas_text(
	struct canvas *c, double x, double y, double room, const char *text, const struct pen *pen);
double canvas_width(const struct canvas *c, const char *text, const struct pen *pen);

/* Pictures: how high each is, and drawing it w wide with its top left at 0, 0. */
double chart_height(const struct document_chart *chart);
void chart_draw(struct canvas *c, double w, const struct document_chart *chart);
double bars_height(const struct document_bars *b);
void bars_draw(struct canvas *c, double w, const struct document_bars *b);
double flow_height(const struct document_flow *f);
void flow_draw(struct canvas *c, double w, const struct document_flow *f);

/* & < > " as entities. */
void canvas_escape(FILE *out, const char *text);

/* A layout of the document's type, unwrapped; release with g_object_unref(). */
PangoLayout *canvas_layout(struct paper *p, const char *text, double size, int weight);

#endif
