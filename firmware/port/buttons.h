/* Push buttons as GPIO inputs: edges from the kernel, debounced there where libgpiod can ask for it
 * (2.x) and here as well, so that one push is one event with any library. One thread. */
#ifndef PARVIS_PORT_BUTTONS_H
#define PARVIS_PORT_BUTTONS_H

#include "base/cc.h"
#include "port/pins.h"

#include <stdbool.h>
#include <stdint.h>

#define BUTTONS_DEBOUNCE_MS 30

struct buttons;

/* -ENODEV where no line could be had. *out only on success. */
NODISCARD int buttons_open(struct buttons **out, const struct pins *pins);
void buttons_close(struct buttons *b);

/* Waits up to timeout_ms for a push. *out is the button's index in struct pins. -ETIMEDOUT;
 * -ENODEV when the chip is gone: close and open again. */
NODISCARD int buttons_wait(struct buttons *b, unsigned *out, int timeout_ms);

/* The debouncing, apart from any device. Pure: an edge at time ms, pressed or not; true when it is
 * a push to report. */
struct debounce {
	bool down;
	int64_t since_ms;
	bool any;
};
bool debounce_edge(struct debounce *d, bool pressed, int64_t ms);

#endif
