/* Lamps, buzzer and door relay as GPIO outputs. One thread. A line that fails is given up and said
 * once; the others go on. Every line is off when opened, when closed, and when the program dies:
 * the kernel gives released lines back, and board/ sets their resting level. */
#ifndef PARVIS_PORT_LAMPS_H
#define PARVIS_PORT_LAMPS_H

#include "base/cc.h"
#include "port/pins.h"

#include <stdint.h>

struct lamps;

/* 0 with every line that could be had; -ENODEV where none could (try again later: a chip may come
 * back). *out only on success. */
NODISCARD int lamps_open(struct lamps **out, const struct pins *pins);

/* Puts the lines in `mask` on and the rest off. -EIO once any line has failed since opening: close
 * and open again. */
NODISCARD int lamps_set(struct lamps *l, uint8_t mask);

/* Off, then released. NULL is allowed. */
void lamps_close(struct lamps *l);

#endif
