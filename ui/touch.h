/* What a press and its release mean: a control acts on release, and only where the finger is then
 * still inside the control that it pressed. Pure. */
#ifndef PARVIS_UI_TOUCH_H
#define PARVIS_UI_TOUCH_H

#include "ui/page.h"

#include <stdint.h>

/* Zeroed: nothing is pressed. */
struct touch {
	enum control control;
	unsigned button;
	uint32_t since_ms; /* of the press, on the caller's clock, which may wrap */
	bool held;         /* the long press has been told: the release says nothing more */
};

/* A press that lasts this long is a long one, even before it ends. */
#define TOUCH_HOLD_MS 450

/* The control at a point, in pixels; CONTROL_NONE. */
enum control touch_control_at(const struct page *p, int x, int y);

/* What is under the finger as it comes down. */
void touch_press(struct touch *t, enum control control, unsigned button, uint32_t now_ms);

/* The control that has now been pressed long, once a press; CONTROL_NONE: none. */
enum control touch_hold(struct touch *t, uint32_t now_ms);

/* Whether what was pressed is what the finger is released on; the press is over either way. */
bool touch_release(struct touch *t, enum control control, unsigned button);

#endif
