#include "ui/page.h"

#include <math.h>

struct box box_top(struct box *rest, double h)
{
	struct box cut = *rest;
	cut.h = fmin(fmax(h, 0), rest->h);
	rest->y += cut.h;
	rest->h -= cut.h;
	return cut;
}

struct box box_bottom(struct box *rest, double h)
{
	struct box cut = *rest;
	cut.h = fmin(fmax(h, 0), rest->h);
	cut.y = rest->y + rest->h - cut.h;
	rest->h -= cut.h;
	return cut;
}

struct box box_start(struct box *rest, double w)
{
	struct box cut = *rest;
	cut.w = fmin(fmax(w, 0), rest->w);
	rest->x += cut.w;
	rest->w -= cut.w;
	return cut;
}

struct box box_end(struct box *rest, double w)
{
	struct box cut = *rest;
	cut.w = fmin(fmax(w, 0), rest->w);
	cut.x = rest->x + rest->w - cut.w;
	rest->w -= cut.w;
	return cut;
}

struct box box_inset(struct box b, double dx, double dy)
{
	dx = fmin(dx, b.w / 2);
	dy = fmin(dy, b.h / 2);
	return (struct box){ b.x + dx, b.y + dy, b.w - 2 * dx, b.h - 2 * dy };
}

struct box box_centre(struct box b, double w, double h)
{
	return (struct box){ b.x + (b.w - w) / 2, b.y + (b.h - h) / 2, w, h };
}
