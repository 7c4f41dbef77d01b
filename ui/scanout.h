/* A screen without a window system: pixels given to the kernel's mode setting, in two buffers of
 * the processor's own memory that take turns. For boxes, which show one picture and nothing else:
 * no graphics processor is asked, and none has to be emulated. One thread, the one that opened it.
 */
#ifndef PARVIS_UI_SCANOUT_H
#define PARVIS_UI_SCANOUT_H

#include "base/cc.h"

#include <stdint.h>

#define SCANOUT_CARDS "/dev/dri"

struct scanout;

/* The first screen that is plugged into a card (cards/card0, ...), in the mode that it is in, or
 * else in the one that it prefers. -ENODEV: there is none, or it is somebody else's. *out only on
 * success. */
NODISCARD int scanout_open(struct scanout **out, const char *cards);
void scanout_close(struct scanout *s);

/* In pixels. */
uint32_t scanout_width(const struct scanout *s);
uint32_t scanout_height(const struct scanout *s);

/* A picture of 32-bit 0x00RRGGBB pixels, copied during the call: its middle where it is larger than
 * the screen, in the middle of black where it is smaller. */
void scanout_show(
	struct scanout *s, const void *pixels, uint32_t width, uint32_t height, int stride);

/* The pixel of the picture under a place of the screen; each is a part from 0 to 1. */
void scanout_point(const struct scanout *s, uint32_t width, uint32_t height, float x, float y,
	int *out_x, int *out_y);

#endif
