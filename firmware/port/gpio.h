/* The little that lamps and buttons need of a GPIO chip, the same over libgpiod 1.6 (gpio_v1.c)
 * and 2.x (gpio_v2.c). A line on is a line at its active level. One thread. */
#ifndef PARVIS_PORT_GPIO_H
#define PARVIS_PORT_GPIO_H

#include "base/cc.h"
#include "port/pins.h"

#include <stdbool.h>
#include <stdint.h>

struct gpio_line;

struct gpio_edge {
	bool on;    /* it went to its active level */
	int64_t ms; /* monotonic, when the kernel saw it */
};

/* Requests the line as an output, off. *out only on success; release with gpio_close(). -errno:
 * -ENOENT no such chip, -EINVAL no such line, -EBUSY another program has it. */
NODISCARD int gpio_output(struct gpio_line **out, const struct pin *pin);

/* As an input that tells of both edges, debounced by the kernel where the library can ask. */
NODISCARD int gpio_input(struct gpio_line **out, const struct pin *pin, unsigned debounce_ms);

/* -errno: the line is lost. */
NODISCARD int gpio_set(struct gpio_line *line, bool on);

/* Readable while an edge waits. Owned by the line, which must be an input. */
int gpio_fd(const struct gpio_line *line);

/* The oldest edge. -EAGAIN: none; other -errno: the line is lost. */
NODISCARD int gpio_read_edge(struct gpio_line *line, struct gpio_edge *out);

/* An output goes off before it is released. NULL is allowed. */
void gpio_close(struct gpio_line *line);

#endif
