#include "ui/touch.h"

static bool holds(struct box b, int x, int y)
{
	return x >= b.x && x < b.x + b.w && y >= b.y && y < b.y + b.h;
}

enum control touch_control_at(const struct page *p, int x, int y)
{
	for (size_t i = 0; i < p->widget_count; i++)
		if (holds(p->widgets[i].target, x, y))
			return p->widgets[i].control;
	return CONTROL_NONE;
}

void touch_press(struct touch *t, enum control control, unsigned button, uint32_t now_ms)
{
	*t = (struct touch){ control, button, now_ms, false };
}

enum control touch_hold(struct touch *t, uint32_t now_ms)
{
	if (t->control == CONTROL_NONE || t->held || now_ms - t->since_ms < TOUCH_HOLD_MS)
		return CONTROL_NONE;
	t->held = true;
	return t->control;
}

bool touch_release(struct touch *t, enum control control, unsigned button)
{
	bool pressed = t->control != CONTROL_NONE || t->button;
	bool same = pressed && !t->held && t->control == control && t->button == button;
	*t = (struct touch){ 0 };
	return same;
}
