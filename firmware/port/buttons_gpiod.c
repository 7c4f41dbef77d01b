#include "port/buttons.h"

#include "base/log.h"
#include "port/gpio.h"
#include "port/wait.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

struct buttons {
	struct gpio_line *lines[PINS_BUTTONS]; /* NULL: not wired, or not to be had */
	struct debounce debounce[PINS_BUTTONS];
};

/* Words for the log, in the order of struct pins. */
static const char *const names[PINS_BUTTONS] = { "volunteer", "help", "plus" };

/* A contact bounces for some milliseconds after it closes and after it opens. The first edge after
 * a quiet time is the movement of the hand; every edge until the next quiet time is bounce. So a
 * push is told at once, and a tap shorter than the bounce is still one push. */
bool debounce_edge(struct debounce *d, bool pressed, int64_t ms)
{
	int64_t quiet_ms = ms - d->since_ms;
	/* Time cannot run back between edges; if it seems to, believe the edge. */
	bool settled = !d->any || quiet_ms >= BUTTONS_DEBOUNCE_MS || quiet_ms < 0;
	d->any = true;
	d->down = pressed;
	d->since_ms = ms;
	return pressed && settled;
}

int buttons_open(struct buttons **out, const struct pins *pins)
{
	struct buttons *b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	int errors[PINS_BUTTONS] = { 0 };
	unsigned had = 0;
	for (size_t i = 0; i < PINS_BUTTONS; i++) {
		if (pins->buttons[i].used)
			errors[i] =
				gpio_input(&b->lines[i], &pins->buttons[i], BUTTONS_DEBOUNCE_MS);
		had += b->lines[i] != NULL;
	}
	if (!had) {
		free(b);
		return -ENODEV; /* for the caller to tell: it tries again and again */
	}
	for (size_t i = 0; i < PINS_BUTTONS; i++)
		if (errors[i])
			log_warning("buttons: no %s button: %s line %u: %s", names[i],
				pins->buttons[i].chip, pins->buttons[i].line, strerror(-errors[i]));
	*out = b;
	return 0;
}

void buttons_close(struct buttons *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < PINS_BUTTONS; i++)
		gpio_close(b->lines[i]);
	free(b);
}

/* Reads edges until one is a push. 1 and *out; 0: no push waits; -ENODEV. */
static int find_push(struct buttons *b, unsigned *out)
{
	for (unsigned i = 0; i < PINS_BUTTONS; i++) {
		struct gpio_edge edge;
		int error = b->lines[i] ? 0 : -EAGAIN;
		while (!error) {
			error = gpio_read_edge(b->lines[i], &edge);
			if (!error && debounce_edge(&b->debounce[i], edge.on, edge.ms)) {
				*out = i;
				return 1;
			}
		}
		if (error == -EAGAIN)
			continue;
		log_warning("buttons: the %s button is lost: %s", names[i], strerror(-error));
		gpio_close(b->lines[i]);
		b->lines[i] = NULL;
		return -ENODEV;
	}
	return 0;
}

static int wait_edge(const struct buttons *b, int64_t until_ms)
{
	struct pollfd p[PINS_BUTTONS];
	for (size_t i = 0; i < PINS_BUTTONS; i++)
		p[i] = (struct pollfd){ .fd = b->lines[i] ? gpio_fd(b->lines[i]) : -1,
			.events = POLLIN };
	int64_t left = until_ms - wait_now_ms();
	int ms = left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
	return poll(p, PINS_BUTTONS, ms) < 0 && errno != EINTR ? -errno : 0;
}

int buttons_wait(struct buttons *b, unsigned *out, int timeout_ms)
{
	int64_t until_ms = wait_until(timeout_ms);
	for (;;) {
		int found = find_push(b, out);
		if (found)
			return found > 0 ? 0 : found;
		if (wait_now_ms() >= until_ms)
			return -ETIMEDOUT;
		int error = wait_edge(b, until_ms);
		if (error)
			return error;
	}
}
