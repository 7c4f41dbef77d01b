/* The panel beside the kiosk, for a desk without GPIO: five lamps and three buttons, drawn. */
#ifndef PARVIS_UI_PANEL_H
#define PARVIS_UI_PANEL_H

#include "ui/page.h"

#include <stdint.h>

/* Pixels that the panel takes at the right of a kiosk of this height. */
uint32_t panel_width(uint32_t height);

/* Draws at x = left (pixels). lamps: enum lamp bits that are on. */
void panel_draw(cairo_t *cr, PangoContext *pango, uint32_t left, uint32_t height,
	enum language language, uint8_t lamps);

/* The button (enum button of door/desk.h) at a point in the panel, its x from the panel's left; 0:
 * none. */
unsigned panel_button_at(uint32_t height, int x, int y);

#endif
