#include "port/gpio.h"

#if GPIOD_MAJOR == 1

#include "port/wait.h"

#include <errno.h>
#include <stdlib.h>

#include <gpiod.h>

#define CONSUMER "parvis"

struct gpio_line {
	struct gpiod_chip *chip;
	struct gpiod_line *line;
	bool output;
};

static int flags_of(const struct pin *pin, bool output)
{
	static const int pulls[] = {
		[PIN_PULL_NONE] = GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE,
		[PIN_PULL_UP] = GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP,
		[PIN_PULL_DOWN] = GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN,
	};
	int level = pin->active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0;
	return level | (output ? 0 : pulls[pin->pull]);
}

/* errno is set by the library. */
static bool request(struct gpio_line *l, const struct pin *pin, int type)
{
	const struct gpiod_line_request_config config = {
		.consumer = CONSUMER,
		.request_type = type,
		.flags = flags_of(pin, l->output),
	};
	l->chip = gpiod_chip_open(pin->chip);
	if (!l->chip)
		return false;
	l->line = gpiod_chip_get_line(l->chip, pin->line);
	return l->line && !gpiod_line_request(l->line, &config, 0);
}

static int open_line(struct gpio_line **out, const struct pin *pin, int type)
{
	struct gpio_line *l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->output = type == GPIOD_LINE_REQUEST_DIRECTION_OUTPUT;
	if (!request(l, pin, type)) {
		int error = errno ? -errno : -EIO;
		if (l->chip)
			gpiod_chip_close(l->chip);
		free(l);
		return error;
	}
	*out = l;
	return 0;
}

int gpio_output(struct gpio_line **out, const struct pin *pin)
{
	return open_line(out, pin, GPIOD_LINE_REQUEST_DIRECTION_OUTPUT);
}

int gpio_input(struct gpio_line **out, const struct pin *pin, unsigned debounce_ms)
{
	(void)debounce_ms; /* libgpiod 1.6 cannot ask the kernel; buttons_gpiod.c does it anyway */
	return open_line(out, pin, GPIOD_LINE_REQUEST_EVENT_BOTH_EDGES);
}

int gpio_set(struct gpio_line *line, bool on)
{
	return gpiod_line_set_value(line->line, on) ? -errno : 0;
}

int gpio_fd(const struct gpio_line *line)
{
	return gpiod_line_event_get_fd(line->line);
}

int gpio_read_edge(struct gpio_line *line, struct gpio_edge *out)
{
	int ready = wait_readable(gpio_fd(line), 0);
	if (ready <= 0)
		return ready ? ready : -EAGAIN;
	struct gpiod_line_event event;
	if (gpiod_line_event_read(line->line, &event))
		return errno ? -errno : -EIO;
	out->on = event.event_type == GPIOD_LINE_EVENT_RISING_EDGE;
	out->ms = (int64_t)event.ts.tv_sec * 1000 + event.ts.tv_nsec / 1000000;
	return 0;
}

void gpio_close(struct gpio_line *line)
{
	if (!line)
		return;
	if (line->output && gpio_set(line, false))
		errno = 0; /* the line is lost already, and the kernel took it back */
	gpiod_line_release(line->line);
	gpiod_chip_close(line->chip);
	free(line);
}

#endif
