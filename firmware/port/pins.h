/* The pin map: which GPIO line is what. An INI file (board/pins.ini is the reference):
 *   [lamp green] chip = /dev/gpiochip0  line = 17  active = high
 *   [button volunteer] chip = …  line = 23  active = low  pull = up
 * Lamps: green amber red buzzer door. Buttons: volunteer help plus. Any may be missing. */
#ifndef PARVIS_PORT_PINS_H
#define PARVIS_PORT_PINS_H

#include "base/cc.h"

#include <stdbool.h>

#define PINS_LAMPS   5 /* in the order of the bits of door/cue.h's enum lamp */
#define PINS_BUTTONS 3 /* enum button − 1 */

enum pin_pull { PIN_PULL_NONE, PIN_PULL_UP, PIN_PULL_DOWN };

struct pin {
	bool used;
	char chip[64]; /* path */
	unsigned line; /* offset on the chip */
	bool active_low;
	enum pin_pull pull; /* buttons */
};

struct pins {
	struct pin lamps[PINS_LAMPS];
	struct pin buttons[PINS_BUTTONS];
};

/* Problems are told as `path:line: [section] key: what`. -EINVAL, or -errno of the file. */
NODISCARD int pins_load(struct pins *out, const char *path,
	void (*problem)(void *context, const char *text), void *context);

#endif
