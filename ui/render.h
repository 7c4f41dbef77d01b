/* Turns a struct screen into pixels: fits it (see ui/page.h), keeps the part that stays as a
 * picture, and draws what moves over it. No window, no SDL. One thread. */
#ifndef PARVIS_UI_RENDER_H
#define PARVIS_UI_RENDER_H

#include "base/cc.h"
#include "ui/page.h"
#include "ui/ui.h"

struct render;

/* Fonts from assets/fonts/fonts.conf, the system's where that is missing. -ENOMEM. */
NODISCARD int render_open(struct render **out, uint32_t width, uint32_t height, const char *assets);
void render_close(struct render *r);

/* Copies the frame; NULL: none. */
void render_frame(struct render *r, const struct ui_frame *frame);

/* Fits and draws into onto, whose upper left width × height pixels are the screen's. rtl: as in a
 * language that is read from the right. */
void render_screen(struct render *r, const struct screen *screen, bool rtl, cairo_t *onto);

/* Fits without drawing: the page alone is made. For tests. */
void render_layout(struct render *r, const struct screen *screen, bool rtl);

/* The page of the last screen: its widgets, and what did not fit. */
const struct page *render_page(const struct render *r);

#endif
