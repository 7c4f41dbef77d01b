/* Shapes: what is drawn without words. All coordinates are a page's (ui/page.h), mirrored here for
 * right-to-left; nothing happens on a dry page. */
#ifndef PARVIS_UI_DRAW_H
#define PARVIS_UI_DRAW_H

#include "ui/page.h"

void draw_source(cairo_t *cr, struct colour c);

/* The box as it lies on the page once mirrored. */
struct box draw_mirror(const struct page *p, struct box b);

void draw_round(const struct page *p, struct box b, double radius, struct colour fill);
void draw_outline(
	const struct page *p, struct box b, double radius, double line, struct colour colour);

/* Nothing is drawn outside the box until cairo_restore(). The page is not dry. */
void draw_clip(const struct page *p, struct box b, double radius);

/* A card: panel colour, outlined where the theme's panel is its ground. Text goes on it next. */
void draw_card(struct page *p, struct box b);

/* A bar filled to part (0…1) from the start. */
void draw_bar(const struct page *p, struct box b, double part, struct colour fill);

void draw_dot(const struct page *p, double x, double y, double radius, struct colour c);

enum shape { SHAPE_CIRCLE, SHAPE_TRIANGLE, SHAPE_OCTAGON, SHAPE_SQUARE, SHAPE_DIAMOND };
enum mark {
	MARK_CHECK,
	MARK_BACK, /* a check within an arrow that returns */
	MARK_IN,   /* an arrow into a door */
	MARK_OUT,
	MARK_BANG,
	MARK_CROSS,
	MARK_QUESTION,
	MARK_CLOCK,
	MARK_BARRED,
	MARK_SEATS,
	MARK_PERSON,
	MARK_WAVES,
};

/* A sign: a mark in a shape, as large as the box's shorter side. */
void draw_sign(const struct page *p, struct box b, enum shape shape, enum mark mark,
	struct colour fill, struct colour ink);

/* A telephone with a code on it, held up: the viewfinder of a kiosk without a camera. */
void draw_telephone(const struct page *p, struct box b);

/* The four corners to aim at. */
void draw_brackets(const struct page *p, struct box b, struct colour c);

/* A QR code of text on a white card; false where there is none that would hold it. */
bool draw_qr(const struct page *p, struct box b, const char *text);

/* The same, as small as it can be: letters and digits in fewer bits. */
bool draw_qr_dense(const struct page *p, struct box b, const char *text);

#endif
