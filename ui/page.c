#include "ui/draw.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

bool page_upright(const struct page *p)
{
	return p->height > p->width;
}

void page_overflow(struct page *p, const char *what)
{
	if (!p->overflow)
		text_copy(p->overflowed, sizeof(p->overflowed), *what ? what : "(nothing)");
	p->overflow = true;
}

void page_begin(struct page *p, enum ground ground)
{
	p->palette = theme_palette(p->screen->theme, ground);
	p->on = p->palette->ground;
	memset(p->widgets, 0, sizeof(p->widgets)); /* a label may have been somebody's name */
	p->widget_count = 0;
	p->moving = (struct moving){ 0 };
	p->overflow = false;
	memset(p->overflowed, 0, sizeof(p->overflowed));
	p->least_contrast = 21;
	struct box all = { 0, 0, p->width, p->height };
	draw_round(p, all, 0, p->palette->frame);
	if (theme_contrast(p->palette->frame, p->palette->ground) > 1.001)
		all = box_inset(all, 16, 16);
	draw_round(p, all, 0, p->palette->ground);
}
