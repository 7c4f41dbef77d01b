/* What a press and its release mean: a control acts on release, and only where the finger is then
 * still inside the control that it pressed. Pure. */
#ifndef PARVIS_UI_TOUCH_H
#define PARVIS_UI_TOUCH_H

#include "ui/page.h"

/* Zeroed: nothing is pressed. */
struct touch {
	enum control control;
	unsigned button;
};

/* The control at a point, in pixels; CONTROL_NONE. */
enum control touch_control_at(const struct page *p, int x, int y);

/* What is under the finger as it comes down. */
void touch_press(struct touch *t, enum control control, unsigned button);

/* Whether what was pressed is what the finger is released on; the press is over either way. */
bool touch_release(struct touch *t, enum control control, unsigned button);

#endif
