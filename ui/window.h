/* The window: the only place that knows SDL's video. Shows a picture of pixels, and turns what SDL
 * reports into plain touches and keys. One thread, the one that opened it. */
#ifndef PARVIS_UI_WINDOW_H
#define PARVIS_UI_WINDOW_H

#include "base/cc.h"

#include <stdbool.h>
#include <stdint.h>

struct window;

enum window_event_kind {
	WINDOW_NOTHING,
	WINDOW_PRESS,
	WINDOW_RELEASE,
	WINDOW_CANCEL,
	WINDOW_NEXT,
	WINDOW_BACK,
	WINDOW_ACTIVATE,
	WINDOW_TYPED,
	WINDOW_EXPOSED,
	WINDOW_QUIT
};

struct window_event {
	enum window_event_kind kind;
	int x, y;      /* pixels of the picture */
	char typed[5]; /* TYPED: one character, or "\b"; ACTIVATE: " " or "\r" */
};

/* The first screen's size in pixels. False, and nothing changed, where it is not known. */
NODISCARD bool window_screen_size(uint32_t *width, uint32_t *height);

/* -ENODEV where there is no display. *out only on success. */
NODISCARD int window_open(struct window **out, uint32_t width, uint32_t height, bool fullscreen);
void window_close(struct window *w);

/* 32-bit 0x00RRGGBB pixels, copied during the call. */
void window_show(struct window *w, const void *pixels, int stride);

/* Milliseconds on a clock of its own, which wraps. */
uint32_t window_ms(void);

/* The next event, without blocking. */
struct window_event window_poll(struct window *w);

#endif
