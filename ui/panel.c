#include "ui/panel.h"

#include "base/cc.h"
#include "door/cue.h"
#include "ui/draw.h"

#include <math.h>

/* On a panel of 200 × 800. */
#define WIDE  200.0
#define HIGH  800.0
#define LAMPS 5
#define KEYS  3

static const struct lamp_look {
	enum string name;
	struct colour on;
} looks[LAMPS] = {
	{ STRING_PANEL_GREEN, { 0.21, 0.77, 0.45 } },
	{ STRING_PANEL_AMBER, { 1.0, 0.77, 0.24 } },
	{ STRING_PANEL_RED, { 1.0, 0.33, 0.31 } },
	{ STRING_PANEL_BUZZER, { 0.95, 0.96, 1.0 } },
	{ STRING_PANEL_DOOR, { 0.50, 0.72, 1.0 } },
};
static_assert(LAMPS == LAMP_LINES, "every line has its lamp");

static const enum string key_names[KEYS] = { STRING_PANEL_VOLUNTEER, STRING_PANEL_HELP,
	STRING_PANEL_PLUS };

uint32_t panel_width(uint32_t height)
{
	return (uint32_t)lround(WIDE * height / HIGH);
}

static struct box key_box(int i)
{
	return (struct box){ 20, 490 + 100.0 * i, WIDE - 40, 84 };
}

unsigned panel_button_at(uint32_t height, int x, int y)
{
	double unit = height / HIGH, dx = x / unit, dy = y / unit;
	for (int i = 0; i < KEYS; i++) {
		struct box b = key_box(i);
		if (dx >= b.x && dx < b.x + b.w && dy >= b.y && dy < b.y + b.h)
			return (unsigned)i + 1;
	}
	return 0;
}

static void draw_lamp(struct page *p, int i, bool on)
{
	static const struct colour off = { 0.17, 0.19, 0.23 }, rim = { 0.42, 0.45, 0.5 };
	struct type type = { 22, on ? 700 : 400, p->palette->text, ALIGN_START, true };
	struct box lens = { 24, 76 + 76.0 * i, 52, 52 };
	draw_round(p, lens, 26, on ? looks[i].on : off);
	draw_outline(p, lens, 26, 3, on ? p->palette->text : rim);
	text_draw_line(p, (struct box){ 88, lens.y, WIDE - 96, lens.h },
		string_of(p->screen->language, looks[i].name), &type);
}

static void draw_key(struct page *p, int i)
{
	static const struct colour face = { 0.25, 0.28, 0.33 }, rim = { 0.55, 0.58, 0.63 };
	struct type type = { 24, 600, p->palette->text, ALIGN_CENTRE, true };
	p->on = face;
	draw_round(p, key_box(i), 42, face);
	draw_outline(p, key_box(i), 42, 3, rim);
	text_draw_line(p, box_inset(key_box(i), 16, 8),
		string_of(p->screen->language, key_names[i]), &type);
}

void panel_draw(cairo_t *cr, PangoContext *pango, uint32_t left, uint32_t height,
	enum language language, uint8_t lamps)
{
	static const struct colour metal = { 0.10, 0.11, 0.14 };
	struct screen words = { .language = language };
	struct page p = { .cr = cr,
		.pango = pango,
		.screen = &words,
		.width = WIDE,
		.height = HIGH,
		.unit = height / HIGH,
		.type = 1,
		.least_contrast = 21 };
	struct type title = { 22, 400, { 0.75, 0.78, 0.84 }, ALIGN_CENTRE, true };
	p.palette = theme_palette(THEME_NIGHT, GROUND_NIGHT);
	p.on = metal;
	cairo_save(cr);
	cairo_translate(cr, left, 0);
	cairo_scale(cr, p.unit, p.unit);
	draw_round(&p, (struct box){ 0, 0, WIDE + 1, HIGH }, 0, metal);
	text_draw_line(&p, (struct box){ 12, 24, WIDE - 24, 32 },
		string_of(language, STRING_PANEL_TITLE), &title);
	for (int i = 0; i < LAMPS; i++)
		draw_lamp(&p, i, lamps & 1U << i);
	for (int i = 0; i < KEYS; i++)
		draw_key(&p, i);
	cairo_restore(cr);
	text_forget(&p);
}
