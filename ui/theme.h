/* Colours, by what they are for. Each ground (the night of the kiosk, the green of a welcome, …)
 * has its palette in each theme. Pure tables. */
#ifndef PARVIS_UI_THEME_H
#define PARVIS_UI_THEME_H

#include "door/screen.h"

struct colour {
	double r, g, b; /* sRGB, 0…1 */
};

enum ground {
	GROUND_NIGHT,   /* scan, help, volunteer screens */
	GROUND_WELCOME, /* come in */
	GROUND_GOODBYE,
	GROUND_ASK,  /* a person is needed */
	GROUND_STOP, /* not here, not so */
	GROUND_TEST, /* proves the kiosk, counts nobody */
	GROUND_COUNT
};

struct palette {
	struct colour ground, text, soft; /* soft: text of less weight */
	struct colour panel, line, edge;  /* a card, its track, its outline */
	struct colour action, action_text;
	struct colour accent;    /* bars, focus */
	struct colour icon;      /* the shape of a verdict */
	struct colour icon_mark; /* the mark inside it */
	struct colour frame;     /* a band around the screen; the ground's own colour: none */
};

const struct palette *theme_palette(enum theme theme, enum ground ground);

/* States of what is counted or watched; meant for shapes, never for text. */
extern const struct colour theme_good, theme_warn, theme_bad;

/* WCAG 2 contrast ratio, 1 to 21. */
double theme_contrast(struct colour a, struct colour b);

#endif
