/* The hand scanner and the push buttons, each with a thread of its own that waits for the device
 * and puts what came into a mailbox. */
#ifndef PARVIS_APP_WAND_H
#define PARVIS_APP_WAND_H

#include "base/cc.h"
#include "door/desk.h"
#include "port/pins.h"
#include "port/scanner.h"

enum wand_kind { WAND_CODE, WAND_BUTTON, WAND_FAULTS };

struct wand_message {
	enum wand_kind kind;
	uint32_t mask, faults; /* WAND_FAULTS: which bits it speaks of, and which are on */
	enum button button;
	struct scanner_code code;
};

struct wand;

/* scanner and pins may each be NULL. -EINVAL: no such scanner. *out only on success. */
NODISCARD int wand_open(struct wand **out, const char *scanner, const struct pins *pins);
void wand_close(struct wand *w);

/* Codes wait here, in order and none lost, until the desk can take them. -EAGAIN: none. */
NODISCARD int wand_next(struct wand *w, struct wand_message *out);
int wand_fd(const struct wand *w);

#endif
