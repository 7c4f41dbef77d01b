#include "port/gpio.h"

#if GPIOD_MAJOR >= 2

#include "port/wait.h"

#include <errno.h>
#include <stdlib.h>

#include <gpiod.h>

#define CONSUMER "parvis"

struct gpio_line {
	struct gpiod_line_request *request;
	struct gpiod_edge_event_buffer *events;
	unsigned line;
	bool output;
};

static struct gpiod_line_settings *settings_of(
	const struct pin *pin, bool output, unsigned debounce_ms)
{
	static const enum gpiod_line_bias pulls[] = {
		[PIN_PULL_NONE] = GPIOD_LINE_BIAS_DISABLED,
		[PIN_PULL_UP] = GPIOD_LINE_BIAS_PULL_UP,
		[PIN_PULL_DOWN] = GPIOD_LINE_BIAS_PULL_DOWN,
	};
	struct gpiod_line_settings *s = gpiod_line_settings_new();
	if (!s)
		return NULL;
	gpiod_line_settings_set_active_low(s, pin->active_low);
	if (output) {
		gpiod_line_settings_set_direction(s, GPIOD_LINE_DIRECTION_OUTPUT);
		gpiod_line_settings_set_output_value(s, GPIOD_LINE_VALUE_INACTIVE);
	} else {
		gpiod_line_settings_set_direction(s, GPIOD_LINE_DIRECTION_INPUT);
		gpiod_line_settings_set_bias(s, pulls[pin->pull]);
		gpiod_line_settings_set_edge_detection(s, GPIOD_LINE_EDGE_BOTH);
		gpiod_line_settings_set_event_clock(s, GPIOD_LINE_CLOCK_MONOTONIC);
		gpiod_line_settings_set_debounce_period_us(s, debounce_ms * 1000UL);
	}
	return s;
}

/* NULL with errno set by the library. */
static struct gpiod_line_request *request_with(
	struct gpiod_chip *chip, unsigned line, struct gpiod_line_settings *settings)
{
	struct gpiod_line_request *request = NULL;
	struct gpiod_line_config *lines = gpiod_line_config_new();
	struct gpiod_request_config *config = gpiod_request_config_new();
	if (lines && config && !gpiod_line_config_add_line_settings(lines, &line, 1, settings)) {
		gpiod_request_config_set_consumer(config, CONSUMER);
		request = gpiod_chip_request_lines(chip, config, lines);
	}
	int kept = errno;
	gpiod_request_config_free(config);
	gpiod_line_config_free(lines);
	errno = kept;
	return request;
}

static struct gpiod_line_request *request(const struct pin *pin, bool output, unsigned debounce_ms)
{
	struct gpiod_chip *chip = gpiod_chip_open(pin->chip);
	if (!chip)
		return NULL;
	struct gpiod_line_request *request = NULL;
	struct gpiod_line_settings *settings = settings_of(pin, output, debounce_ms);
	if (settings)
		request = request_with(chip, pin->line, settings);
	int kept = errno;
	gpiod_line_settings_free(settings);
	gpiod_chip_close(chip); /* the request lives on without it */
	errno = kept;
	return request;
}

static int open_line(
	struct gpio_line **out, const struct pin *pin, bool output, unsigned debounce_ms)
{
	struct gpio_line *l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	l->line = pin->line;
	l->output = output;
	l->events = gpiod_edge_event_buffer_new(1);
	if (l->events)
		l->request = request(pin, output, debounce_ms);
	if (!l->request) {
		int error = errno ? -errno : -EIO;
		gpiod_edge_event_buffer_free(l->events);
		free(l);
		return error;
	}
	*out = l;
	return 0;
}

int gpio_output(struct gpio_line **out, const struct pin *pin)
{
	return open_line(out, pin, true, 0);
}

int gpio_input(struct gpio_line **out, const struct pin *pin, unsigned debounce_ms)
{
	return open_line(out, pin, false, debounce_ms);
}

int gpio_set(struct gpio_line *line, bool on)
{
	enum gpiod_line_value value = on ? GPIOD_LINE_VALUE_ACTIVE : GPIOD_LINE_VALUE_INACTIVE;
	return gpiod_line_request_set_value(line->request, line->line, value) ? -errno : 0;
}

int gpio_fd(const struct gpio_line *line)
{
	return gpiod_line_request_get_fd(line->request);
}

int gpio_read_edge(struct gpio_line *line, struct gpio_edge *out)
{
	int ready = wait_readable(gpio_fd(line), 0);
	if (ready <= 0)
		return ready ? ready : -EAGAIN;
	if (gpiod_line_request_read_edge_events(line->request, line->events, 1) != 1)
		return errno ? -errno : -EIO;
	struct gpiod_edge_event *event = gpiod_edge_event_buffer_get_event(line->events, 0);
	out->on = gpiod_edge_event_get_event_type(event) == GPIOD_EDGE_EVENT_RISING_EDGE;
	out->ms = (int64_t)(gpiod_edge_event_get_timestamp_ns(event) / 1000000);
	return 0;
}

void gpio_close(struct gpio_line *line)
{
	if (!line)
		return;
	if (line->output && gpio_set(line, false))
		errno = 0; /* the line is lost already, and the kernel took it back */
	gpiod_line_request_release(line->request);
	gpiod_edge_event_buffer_free(line->events);
	free(line);
}

#endif
