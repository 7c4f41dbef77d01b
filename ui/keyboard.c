#include "ui/keyboard.h"

#include "base/text.h"
#include "ui/draw.h"

#include <math.h>
#include <string.h>

/* A row as it is seen: some keys of one row of the keyboard. Upright, the last one is two. */
struct strip {
	unsigned row, count;
	unsigned columns[KEYBOARD_COLUMNS];
};

#define STRIPS_MAX (KEYBOARD_ROWS + 1)

static double gap(const struct page *p)
{
	return page_upright(p) ? 8 : 12;
}

/* How wide a key is beside one letter's. */
static double weight(enum keyboard_kind kind)
{
	switch (kind) {
	case KEYBOARD_SPACE:
		return 2.4;
	case KEYBOARD_CLEAR:
		return 1.5;
	case KEYBOARD_LAYOUT:
		return 1.2;
	case KEYBOARD_NOTHING:
	case KEYBOARD_TEXT:
	case KEYBOARD_SHIFT:
	case KEYBOARD_DELETE:
	case KEYBOARD_NUMBERS:
		break;
	}
	return 1;
}

static size_t strips_of(const struct page *p, struct strip strips[STRIPS_MAX])
{
	const struct keyboard *k = &p->screen->keyboard;
	size_t n = 0;
	char text[16];
	for (unsigned row = 0; row < KEYBOARD_ROWS; row++) {
		struct strip all = { .row = row }, letters = { .row = row }, rest = { .row = row };
		for (unsigned c = 0; c < keyboard_columns(k, row); c++) {
			bool letter = keyboard_key(k, row, c, text) == KEYBOARD_TEXT;
			struct strip *half = letter ? &letters : &rest;
			all.columns[all.count++] = c;
			half->columns[half->count++] = c;
		}
		bool split = page_upright(p) && row == KEYBOARD_ROWS - 1;
		strips[n++] = split ? letters : all;
		if (split)
			strips[n++] = rest;
	}
	return n;
}

static void say(struct key *key, const struct page *p, enum string label, enum string spoken)
{
	text_copy(key->label, sizeof(key->label), string_of(p->screen->language, label));
	text_copy(key->spoken, sizeof(key->spoken), string_of(p->screen->language, spoken));
}

static struct key key_at(const struct page *p, unsigned row, unsigned column)
{
	const struct keyboard *k = &p->screen->keyboard;
	struct key key = { .control = (enum control)(
				   CONTROL_KEY_0 + (int)(row * KEYBOARD_COLUMNS + column)),
		.kind = BUTTON_KEY,
		.size = 36 };
	char text[16];
	const char *const args[] = { text };
	enum keyboard_kind kind = keyboard_key(k, row, column, text);
	text_copy(key.label, sizeof(key.label), text);
	text_copy(key.spoken, sizeof(key.spoken), text);
	if (kind != KEYBOARD_TEXT)
		key.size = 26;
	if (kind == KEYBOARD_SHIFT) {
		key.kind = k->shift ? BUTTON_KEY_SHIFT_ON : BUTTON_KEY_SHIFT;
		say(&key, p, STRING_KEY_SHIFT_SPOKEN, STRING_KEY_SHIFT_SPOKEN);
	} else if (kind == KEYBOARD_DELETE) {
		key.kind = BUTTON_KEY_DELETE;
		say(&key, p, STRING_KEY_DELETE_SPOKEN, STRING_KEY_DELETE_SPOKEN);
	} else if (kind == KEYBOARD_SPACE) {
		say(&key, p, STRING_KEY_SPACE, STRING_KEY_SPACE);
	} else if (kind == KEYBOARD_CLEAR) {
		say(&key, p, STRING_KEY_CLEAR, STRING_KEY_CLEAR_SPOKEN);
	} else if (kind == KEYBOARD_NUMBERS) {
		text_copy(key.spoken, sizeof(key.spoken),
			string_of(p->screen->language, k->numbers ? STRING_KEY_LETTERS_SPOKEN
								  : STRING_KEY_NUMBERS_SPOKEN));
	} else if (kind == KEYBOARD_LAYOUT) {
		string_fill(key.spoken, sizeof(key.spoken),
			string_of(p->screen->language, STRING_KEY_LAYOUT_SPOKEN), args, 1);
	}
	return key;
}

static void draw_strip(struct page *p, struct box b, const struct strip *s)
{
	const struct keyboard *k = &p->screen->keyboard;
	double whole = 0, g = gap(p);
	char text[16];
	for (unsigned i = 0; i < s->count; i++)
		whole += weight(keyboard_key(k, s->row, s->columns[i], text));
	double one = (b.w - g * (s->count - 1)) / whole;
	for (unsigned i = 0; i < s->count; i++) {
		struct key key = key_at(p, s->row, s->columns[i]);
		double w = one * weight(keyboard_key(k, s->row, s->columns[i], text));
		key_draw(p, draw_mirror(p, (struct box){ b.x, b.y, w, b.h }), &key);
		b.x += w + g;
	}
}

/* Around the place of the key, as far as the edges allow. */
static void draw_variants(struct page *p, struct box b, double centre)
{
	struct key key = { .kind = BUTTON_KEY, .size = 36 };
	char text[KEYBOARD_CHAR];
	unsigned n = 0;
	double g = gap(p);
	while (n < KEYBOARD_VARIANTS && keyboard_variant(&p->screen->keyboard, n, text))
		n++;
	double w = fmin(TARGET + 12, (b.w - g * (n + 1)) / n), whole = n * w + g * (n + 1);
	double x = fmin(fmax(centre - whole / 2, b.x), b.x + b.w - whole);
	struct box band = draw_mirror(p, (struct box){ x, b.y - g / 2, whole, b.h + g });
	draw_round(p, band, 20, p->palette->line);
	struct colour under = p->on;
	p->on = p->palette->line;
	for (unsigned i = 0; i < n; i++) {
		(void)keyboard_variant(&p->screen->keyboard, i, text);
		key.control = (enum control)(CONTROL_VARIANT_0 + (int)i);
		text_copy(key.label, sizeof(key.label), text);
		text_copy(key.spoken, sizeof(key.spoken), text);
		struct box at = { x + g + (w + g) * i, b.y, w, b.h };
		key_draw(p, draw_mirror(p, at), &key);
	}
	p->on = under;
}

void keyboard_draw(struct page *p, struct box b)
{
	const struct keyboard *k = &p->screen->keyboard;
	struct strip strips[STRIPS_MAX];
	size_t n = strips_of(p, strips);
	double g = gap(p), h = fmin((b.h - g * (double)(n - 1)) / (double)n, 104);
	unsigned held = k->held ? (k->held - 1U) / KEYBOARD_COLUMNS : KEYBOARD_ROWS;
	/* The row above, so that the finger hides nothing; the first has none above it. */
	unsigned covered = held == KEYBOARD_ROWS ? held : held ? held - 1 : 1;
	for (size_t i = 0; i < n; i++) {
		struct box row = { b.x, b.y + (h + g) * (double)i, b.w, h };
		if (strips[i].row != covered) {
			draw_strip(p, row, &strips[i]);
			continue;
		}
		unsigned column = (k->held - 1U) % KEYBOARD_COLUMNS;
		double part = (column + 0.5) / keyboard_columns(k, held);
		draw_variants(p, row, b.x + b.w * part);
	}
}

/* The end of a text that is too long for its field: where the next character goes. */
static const char *last_part(struct page *p, const char *text, const struct type *type, double w)
{
	uint32_t c;
	while (*text && text_width(p, text, type) > w)
		text += text_decode_utf8(text, strlen(text), &c);
	return text;
}

void keyboard_draw_field(struct page *p, struct box b)
{
	const struct keyboard *k = &p->screen->keyboard;
	struct type type = { 42, 500, p->palette->ground, ALIGN_START, true };
	struct colour under = p->on;
	draw_round(p, b, 20, p->palette->text);
	p->on = p->palette->text;
	struct box in = box_inset(b, 28, 0);
	in.w -= 8;
	const char *shown = last_part(p, k->text, &type, in.w);
	double w = *shown ? text_width(p, shown, &type) : 0;
	bool from_end = keyboard_is_rtl(k) != p->rtl;
	if (from_end)
		in.x += 8;
	type.align = from_end ? ALIGN_END : ALIGN_START;
	text_draw_line(p, in, shown, &type);
	double x = from_end ? in.x + in.w - w - 6 : in.x + w + 4;
	draw_round(p, (struct box){ x, b.y + 18, 4, b.h - 36 }, 0, p->palette->ground);
	p->on = under;
}
