/* The picture of the camera in its rounded frame, as a mirror shows it, with the corners of a code
 * that was seen. */
#ifndef PARVIS_UI_VIEWFINDER_H
#define PARVIS_UI_VIEWFINDER_H

#include "ui/page.h"
#include "ui/ui.h"

/* Zeroed: no frame. Owns the surface. */
struct viewfinder {
	cairo_surface_t *surface;
	uint32_t width, height;
};

/* Copies the frame, or forgets the last with NULL. */
void viewfinder_keep(struct viewfinder *v, const struct ui_frame *frame);
void viewfinder_free(struct viewfinder *v);

/* Draws into page->moving.lens with the corners of page->screen. */
void viewfinder_draw(const struct viewfinder *v, const struct page *p);

#endif
