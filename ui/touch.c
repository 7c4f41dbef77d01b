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

void touch_press(struct touch *t, enum control control, unsigned button)
{
	*t = (struct touch){ control, button };
}

bool touch_release(struct touch *t, enum control control, unsigned button)
{
	bool pressed = t->control != CONTROL_NONE || t->button;
	bool same = pressed && t->control == control && t->button == button;
	*t = (struct touch){ CONTROL_NONE, 0 };
	return same;
}
