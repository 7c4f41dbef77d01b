#include "port/lamps.h"

#include "base/log.h"
#include "port/gpio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct lamps {
	struct gpio_line *lines[PINS_LAMPS]; /* NULL: not wired, or given up */
	bool failed;
};

/* Words for the log, in the order of struct pins. */
static const char *const names[PINS_LAMPS] = { "green lamp", "amber lamp", "red lamp", "buzzer",
	"door relay" };

int lamps_open(struct lamps **out, const struct pins *pins)
{
	struct lamps *l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	int errors[PINS_LAMPS] = { 0 };
	unsigned had = 0;
	for (size_t i = 0; i < PINS_LAMPS; i++) {
		if (pins->lamps[i].used)
			errors[i] = gpio_output(&l->lines[i], &pins->lamps[i]);
		had += l->lines[i] != NULL;
	}
	if (!had) {
		free(l);
		return -ENODEV; /* for the caller to tell: it tries again and again */
	}
	for (size_t i = 0; i < PINS_LAMPS; i++)
		if (errors[i])
			log_warning("lamps: no %s: %s line %u: %s", names[i], pins->lamps[i].chip,
				pins->lamps[i].line, strerror(-errors[i]));
	*out = l;
	return 0;
}

static void set_line(struct lamps *l, size_t i, bool on)
{
	int error = gpio_set(l->lines[i], on);
	if (!error)
		return;
	log_warning("lamps: the %s is given up: %s", names[i], strerror(-error));
	gpio_close(l->lines[i]);
	l->lines[i] = NULL;
	l->failed = true;
}

int lamps_set(struct lamps *l, uint8_t mask)
{
	for (size_t i = 0; i < PINS_LAMPS; i++)
		if (l->lines[i])
			set_line(l, i, mask >> i & 1);
	return l->failed ? -EIO : 0;
}

void lamps_close(struct lamps *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < PINS_LAMPS; i++)
		gpio_close(l->lines[i]);
	free(l);
}
