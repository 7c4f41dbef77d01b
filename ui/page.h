/* A page being laid out: the tools with which the files of screens/ measure, place and draw. Every
 * length is in design pixels (the kiosk is at least 1280×800 of them, or 720×1280 upright; `unit`
 * says how large one is on the glass), from the start side: left in French, right in Arabic.
 *
 * A screen is one function that cuts boxes off a box and puts things in them. It is run dry, with
 * text ever smaller, until nothing overflows, and then once to draw. Text is thus never clipped,
 * and the wish for larger text is met as far as the glass allows.
 *
 * One thread. The page owns its widgets; strings given to it are copied or only used in the call.
 */
#ifndef PARVIS_UI_PAGE_H
#define PARVIS_UI_PAGE_H

#include "ui/strings.h"
#include "ui/theme.h"

#include <cairo.h>
#include <pango/pango.h>
#include <stdbool.h>
#include <stddef.h>

#define PAGE_WIDGETS 72
#define TARGET       88.0 /* the least side of what a finger aims at */
#define GAP          16.0

struct box {
	double x, y, w, h;
};

/* Cut a strip off a box and give it; what is asked for beyond the box's size leaves it empty. */
struct box box_top(struct box *rest, double h);
struct box box_bottom(struct box *rest, double h);
struct box box_start(struct box *rest, double w);
struct box box_end(struct box *rest, double w);
struct box box_inset(struct box b, double dx, double dy);
/* A w × h box in the middle of b. */
struct box box_centre(struct box b, double w, double h);

struct widget {
	enum control control;
	struct box target; /* on the glass, pixels, mirrored already */
	char label[STRING_SIZE], spoken[STRING_SIZE];
};

/* What moves within a page that otherwise stays: drawn anew each frame. */
struct moving {
	bool viewfinder, code_seen;
	struct box lens;     /* design pixels, not mirrored */
	struct box progress; /* w = 0: none */
	struct colour progress_colour;
};

/* Shaped text, kept between runs. */
#define PAGE_KEPT 256
struct kept_layout {
	uint64_t key;
	PangoLayout *layout;
};

struct page {
	/* Given. */
	cairo_t *cr; /* NULL: dry */
	PangoContext *pango;
	const struct screen *screen;
	double width, height, unit;
	double type; /* factor of text sizes */
	bool rtl;

	struct kept_layout kept[PAGE_KEPT]; /* of ui/text.c */

	/* Found. */
	const struct palette *palette;
	struct colour on; /* what text is drawn on */
	struct widget widgets[PAGE_WIDGETS];
	size_t widget_count;
	struct moving moving;
	bool overflow;
	char overflowed[STRING_SIZE]; /* the first text that did not fit */
	double least_contrast;        /* of all text so far */
};

bool page_upright(const struct page *p);

/* Clears the page in a ground of the screen's theme. */
void page_begin(struct page *p, enum ground ground);

/* Something does not fit; `what` is kept for the tests. */
void page_overflow(struct page *p, const char *what);

/* --- text --- */

enum align { ALIGN_START, ALIGN_CENTRE, ALIGN_END };

struct type {
	double size; /* design pixels at 100 % */
	int weight;  /* 400 to 700 */
	struct colour ink;
	enum align align;
	bool fixed; /* does not follow the wish for larger text: figures in a chart */
};

/* The height that text takes when wrapped to width. A word that is too wide makes it smaller. */
double text_height(struct page *p, const char *text, const struct type *type, double width);
/* The width on one line. */
double text_width(struct page *p, const char *text, const struct type *type);
/* Draws into the box, from its top, or in its middle. */
void text_draw(struct page *p, struct box box, const char *text, const struct type *type);
void text_draw_middle(struct page *p, struct box box, const char *text, const struct type *type);
/* Cuts the text's height off the box, draws there, and then cuts the gap. */
void text_flow(
	struct page *p, struct box *rest, const char *text, const struct type *type, double gap);
/* Lets go of all text that was kept. */
void text_forget(struct page *p);
/* The largest of the type's size and smaller ones, down to a third, at which text is one line of
 * at most this width and the height. */
void text_draw_line(struct page *p, struct box box, const char *text, const struct type *type);

/* --- controls --- */

enum button_kind {
	BUTTON_PRIMARY,
	BUTTON_PLAIN,
	BUTTON_PILL,
	BUTTON_PILL_ON,
	BUTTON_PILL_SIZE,     /* a pill with the sign of larger text */
	BUTTON_PILL_CONTRAST, /* … of contrast */
	BUTTON_ROW,           /* of a list: who draws it writes what is in it */
	BUTTON_KEY,           /* of the keyboard: see KEY_LEAST_WIDTH */
	BUTTON_KEY_SHIFT,     /* … with the sign of capitals */
	BUTTON_KEY_SHIFT_ON,
	BUTTON_KEY_DELETE, /* … of taking back */
};

/* Eleven letters side by side on an upright screen are narrower than TARGET, as on every keyboard
 * on glass; what a finger is off by is one letter, seen at once and taken back with one touch. */
#define KEY_LEAST_WIDTH 50.0

struct key {
	enum control control;
	enum button_kind kind;
	char label[STRING_SIZE], spoken[STRING_SIZE];
	double size;       /* of the label; 0: the kind's own */
	double wide, high; /* at least; 0: what the label needs */
};

/* A control with its strings: label and spoken label. */
struct key key_of(const struct page *p, enum control control, enum button_kind kind);

/* Draws a control into the box, which is its target too, and adds it to the focus order. */
void key_draw(struct page *p, struct box box, const struct key *key);

/* The width of a row of controls at their natural size. */
double keys_width(struct page *p, const struct key *keys, size_t count);

/* Rows of controls, side by side as wide as they need, on as many rows as that takes. */
double keys_height(struct page *p, const struct key *keys, size_t count, double width);
void keys_draw(struct page *p, struct box box, const struct key *keys, size_t count, bool stretch);

#endif
