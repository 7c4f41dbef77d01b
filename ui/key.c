/* Controls: what they say, how wide they are, how they look. */
#include "ui/draw.h"

#include "base/cc.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

#define PILL_HEIGHT 56.0

static const struct {
	enum string label, spoken;
} words[] = {
	[CONTROL_NO_TICKET] = { STRING_CONTROL_NO_TICKET, STRING_CONTROL_NO_TICKET_SPOKEN },
	[CONTROL_HELP] = { STRING_CONTROL_HELP, STRING_CONTROL_HELP_SPOKEN },
	[CONTROL_OK] = { STRING_CONTROL_OK, STRING_CONTROL_OK_SPOKEN },
	[CONTROL_OVERRIDE] = { STRING_CONTROL_OVERRIDE, STRING_CONTROL_OVERRIDE_SPOKEN },
	[CONTROL_BACK] = { STRING_CONTROL_BACK, STRING_CONTROL_BACK_SPOKEN },
	[CONTROL_STAFF] = { STRING_CONTROL_STAFF, STRING_CONTROL_STAFF_SPOKEN },
	[CONTROL_ERASE] = { STRING_CONTROL_ERASE, STRING_CONTROL_ERASE_SPOKEN },
	[CONTROL_ENTER] = { STRING_CONTROL_ENTER, STRING_CONTROL_ENTER_SPOKEN },
	[CONTROL_PLUS] = { STRING_CONTROL_PLUS, STRING_CONTROL_PLUS_SPOKEN },
	[CONTROL_MINUS] = { STRING_CONTROL_MINUS, STRING_CONTROL_MINUS_SPOKEN },
	[CONTROL_UNDO] = { STRING_CONTROL_UNDO, STRING_CONTROL_UNDO_SPOKEN },
	[CONTROL_LEAVE] = { STRING_CONTROL_LEAVE, STRING_CONTROL_LEAVE_SPOKEN },
	[CONTROL_TEXT_SIZE] = { STRING_CONTROL_TEXT_SIZE, STRING_CONTROL_TEXT_SIZE_SPOKEN },
	[CONTROL_CONTRAST] = { STRING_CONTROL_CONTRAST, STRING_CONTROL_CONTRAST_SPOKEN },
	[CONTROL_ADOPT] = { STRING_CONTROL_ADOPT, STRING_CONTROL_ADOPT_SPOKEN },
	[CONTROL_KEEP] = { STRING_CONTROL_KEEP, STRING_CONTROL_KEEP_SPOKEN },
	[CONTROL_ANOTHER] = { STRING_CONTROL_ANOTHER, STRING_CONTROL_ANOTHER_SPOKEN },
	[CONTROL_COME_IN] = { STRING_CONTROL_COME_IN, STRING_CONTROL_COME_IN_SPOKEN },
	[CONTROL_SEARCH] = { STRING_CONTROL_SEARCH, STRING_CONTROL_SEARCH_SPOKEN },
	[CONTROL_FIND] = { STRING_CONTROL_FIND, STRING_CONTROL_FIND_SPOKEN },
	[CONTROL_FLEET] = { STRING_CONTROL_FLEET, STRING_CONTROL_FLEET_SPOKEN },
	[CONTROL_PAIRS] = { STRING_CONTROL_PAIRS, STRING_CONTROL_PAIRS_SPOKEN },
	[CONTROL_EARLIER] = { STRING_CONTROL_EARLIER, STRING_CONTROL_EARLIER_SPOKEN },
	[CONTROL_LATER] = { STRING_CONTROL_LATER, STRING_CONTROL_LATER_SPOKEN },
	[CONTROL_STICK] = { STRING_CONTROL_STICK, STRING_CONTROL_STICK_SPOKEN },
	[CONTROL_COPY] = { STRING_CONTROL_COPY, STRING_CONTROL_COPY_SPOKEN },
	[CONTROL_SERIES] = { STRING_CONTROL_SERIES, STRING_CONTROL_SERIES_SPOKEN },
	[CONTROL_SHOW] = { STRING_CONTROL_SHOW, STRING_CONTROL_SHOW_SPOKEN },
	[CONTROL_FOUND_LAST] = { 0 },   /* those found say who they are: ui/screens/search.c */
	[CONTROL_VARIANT_LAST] = { 0 }, /* the keyboard's say what they type: ui/keyboard.c */
};
static_assert(ARRAY_LEN(words) == CONTROL_COUNT, "every control needs its words");

struct key key_of(const struct page *p, enum control control, enum button_kind kind)
{
	struct key k = { .control = control, .kind = kind };
	enum language language = p->screen->language;
	if (control >= CONTROL_LANGUAGE_0 && control <= CONTROL_LANGUAGE_LAST) {
		language = (enum language)(control - CONTROL_LANGUAGE_0);
		text_copy(k.label, sizeof(k.label), string_of(language, STRING_LANGUAGE_NAME));
		text_copy(k.spoken, sizeof(k.spoken), k.label);
	} else if (control >= CONTROL_DIGIT_0 && control <= CONTROL_DIGIT_9) {
		snprintf(k.label, sizeof(k.label), "%d", (int)(control - CONTROL_DIGIT_0));
		text_copy(k.spoken, sizeof(k.spoken), k.label);
	} else {
		char percent[8];
		snprintf(percent, sizeof(percent), "%u", p->screen->text_percent);
		const char *const args[] = { percent };
		text_copy(k.label, sizeof(k.label), string_of(language, words[control].label));
		string_fill(k.spoken, sizeof(k.spoken), string_of(language, words[control].spoken),
			args, 1);
	}
	return k;
}

static bool is_pill(enum button_kind kind)
{
	return kind >= BUTTON_PILL && kind <= BUTTON_PILL_CONTRAST;
}

static bool is_key(enum button_kind kind)
{
	return kind >= BUTTON_KEY;
}

static bool is_sign(enum button_kind kind)
{
	return kind == BUTTON_PILL_SIZE || kind == BUTTON_PILL_CONTRAST;
}

static struct type label_type(const struct key *k, struct colour ink)
{
	double size = k->size > 0 ? k->size : is_pill(k->kind) ? 22 : 28;
	return (struct type){ .size = size,
		.weight = 600,
		.ink = ink,
		.align = ALIGN_CENTRE,
		.fixed = is_key(k->kind) };
}

static double padding(const struct key *k)
{
	return is_key(k->kind) ? 8 : is_pill(k->kind) ? 24 : 30;
}

static double key_width(struct page *p, const struct key *k)
{
	struct type type = label_type(k, p->palette->text);
	if (is_sign(k->kind))
		return TARGET;
	return fmax(text_width(p, k->label, &type) + 2 * padding(k), fmax(k->wide, TARGET));
}

static double key_height(struct page *p, const struct key *k, double width)
{
	struct type type = label_type(k, p->palette->text);
	if (is_sign(k->kind))
		return TARGET;
	double h = text_height(p, k->label, &type, width - 2 * padding(k));
	return fmax(h + (is_pill(k->kind) ? 44 : 24), fmax(k->high, TARGET));
}

static void register_widget(struct page *p, struct box b, const struct key *k)
{
	if (p->widget_count == PAGE_WIDGETS) {
		page_overflow(p, k->label);
		return;
	}
	struct widget *w = &p->widgets[p->widget_count++];
	struct box at = draw_mirror(p, b);
	w->control = k->control;
	w->target = (struct box){ at.x * p->unit, at.y * p->unit, at.w * p->unit, at.h * p->unit };
	text_copy(w->label, sizeof(w->label), k->label);
	text_copy(w->spoken, sizeof(w->spoken), k->spoken);
	if (b.w < (is_key(k->kind) ? KEY_LEAST_WIDTH : TARGET - 1) || b.h < TARGET - 13)
		page_overflow(p, k->label);
	if (b.x < 0 || b.y < 0 || b.x + b.w > p->width + 0.5 || b.y + b.h > p->height + 0.5)
		page_overflow(p, k->label);
}

static void draw_size_sign(struct page *p, struct box b, struct colour ink)
{
	struct type small = {
		.size = 20, .weight = 700, .ink = ink, .align = ALIGN_END, .fixed = true
	};
	struct type large = small;
	large.size = 34;
	large.align = ALIGN_START;
	struct box half = box_start(&b, b.w / 2 - 5);
	half.y += 5;
	text_draw_middle(p, half, "A", &small);
	text_draw_middle(p, b, "A", &large);
}

static void draw_contrast_sign(struct page *p, struct box b, struct colour ink)
{
	if (!p->cr)
		return;
	struct box at = box_centre(draw_mirror(p, b), 28, 28);
	draw_source(p->cr, ink);
	cairo_set_line_width(p->cr, 3);
	cairo_new_sub_path(p->cr);
	cairo_arc(p->cr, at.x + 14, at.y + 14, 14, 0, 2 * M_PI);
	cairo_stroke(p->cr);
	cairo_arc(p->cr, at.x + 14, at.y + 14, 14, -M_PI / 2, M_PI / 2);
	cairo_fill(p->cr);
}

/* On a square of 40: an arrow upwards. */
static void shift_path(cairo_t *cr)
{
	static const double at[][2] = { { 20, 4 }, { 36, 21 }, { 27, 21 }, { 27, 34 }, { 13, 34 },
		{ 13, 21 }, { 4, 21 } };
	for (size_t i = 0; i < ARRAY_LEN(at); i++)
		cairo_line_to(cr, at[i][0], at[i][1]);
	cairo_close_path(cr);
}

/* A tag that points back, with a cross in it. */
static void delete_path(cairo_t *cr)
{
	static const double at[][2] = { { 2, 20 }, { 13, 8 }, { 38, 8 }, { 38, 32 }, { 13, 32 } };
	for (size_t i = 0; i < ARRAY_LEN(at); i++)
		cairo_line_to(cr, at[i][0], at[i][1]);
	cairo_close_path(cr);
	cairo_move_to(cr, 19, 14);
	cairo_line_to(cr, 31, 26);
	cairo_move_to(cr, 31, 14);
	cairo_line_to(cr, 19, 26);
}

static void draw_key_sign(
	struct page *p, struct box b, struct colour ink, void (*path)(cairo_t *cr))
{
	if (!p->cr)
		return;
	struct box at = box_centre(draw_mirror(p, b), 40, 40);
	cairo_save(p->cr);
	cairo_translate(p->cr, at.x, at.y);
	cairo_new_path(p->cr);
	path(p->cr);
	draw_source(p->cr, ink);
	cairo_set_line_width(p->cr, 3.5);
	cairo_set_line_join(p->cr, CAIRO_LINE_JOIN_ROUND);
	cairo_stroke(p->cr);
	cairo_restore(p->cr);
}

static void draw_focus(const struct page *p, struct box b, double radius)
{
	draw_outline(p, box_inset(b, -8, -8), radius + 8, 4, p->palette->accent);
}

void key_draw(struct page *p, struct box b, const struct key *k)
{
	const struct palette *c = p->palette;
	struct colour under = p->on;
	bool solid = k->kind == BUTTON_PRIMARY || k->kind == BUTTON_PILL_ON;
	bool pill = is_pill(k->kind);
	/* What is drawn may be flatter than what is touched. */
	struct box face = pill ? box_inset(b, 0, (TARGET - PILL_HEIGHT) / 2) : b;
	double radius = pill ? face.h / 2 : 20;
	struct colour fill = k->kind == BUTTON_PRIMARY ? c->action : pill ? c->ground : c->panel;
	struct colour ink = k->kind == BUTTON_PRIMARY ? c->action_text : c->text;
	if (k->kind == BUTTON_PILL_ON || k->kind == BUTTON_KEY_SHIFT_ON) {
		fill = c->text;
		ink = c->ground;
	}
	register_widget(p, b, k);
	draw_round(p, face, radius, fill);
	if (!solid)
		draw_outline(p, face, radius, 2, c->edge);
	if (p->screen->focus == k->control)
		draw_focus(p, face, radius);
	p->on = fill;
	struct type type = label_type(k, ink);
	if (k->kind == BUTTON_PILL_SIZE)
		draw_size_sign(p, face, ink);
	else if (k->kind == BUTTON_PILL_CONTRAST)
		draw_contrast_sign(p, face, ink);
	else if (k->kind == BUTTON_ROW)
		; /* written on by its owner */
	else if (k->kind == BUTTON_KEY_SHIFT || k->kind == BUTTON_KEY_SHIFT_ON)
		draw_key_sign(p, face, ink, shift_path);
	else if (k->kind == BUTTON_KEY_DELETE)
		draw_key_sign(p, face, ink, delete_path);
	else if (k->kind == BUTTON_KEY)
		text_draw_line(p, box_inset(face, padding(k), 0), k->label, &type);
	else
		text_draw_middle(p, box_inset(face, padding(k) - 2, 0), k->label, &type);
	p->on = under;
}

double keys_width(struct page *p, const struct key *keys, size_t count)
{
	double w = 0;
	for (size_t i = 0; i < count; i++)
		w += key_width(p, &keys[i]) + (i ? GAP : 0);
	return w;
}

/* How many of the keys go on the next row, and how wide and high they are. */
static size_t row_of(
	struct page *p, const struct key *keys, size_t count, double width, double *w, double *h)
{
	size_t n = 0;
	*w = *h = 0;
	for (; n < count; n++) {
		double key = fmin(key_width(p, &keys[n]), width);
		double gap = n ? GAP : 0;
		if (n && *w + gap + key > width)
			break;
		*w += gap + key;
		*h = fmax(*h, key_height(p, &keys[n], key));
	}
	return n;
}

double keys_height(struct page *p, const struct key *keys, size_t count, double width)
{
	double total = 0, w, h;
	for (size_t i = 0, n; i < count; i += n) {
		n = row_of(p, keys + i, count - i, width, &w, &h);
		total += (i ? GAP : 0) + h;
	}
	return total;
}

void keys_draw(struct page *p, struct box b, const struct key *keys, size_t count, bool stretch)
{
	double w, h;
	for (size_t i = 0, n; i < count; i += n) {
		n = row_of(p, keys + i, count - i, b.w, &w, &h);
		if (h > b.h + 1)
			page_overflow(p, keys[i].label);
		struct box row = box_top(&b, h);
		double extra = stretch ? row.w - w : 0;
		for (size_t j = 0; j < n; j++) {
			double key = fmin(key_width(p, &keys[i + j]), row.w);
			/* The first takes what is left over: it is the one to aim at. */
			key_draw(p, box_start(&row, key + (j ? 0 : extra)), &keys[i + j]);
			box_start(&row, GAP);
		}
		box_top(&b, GAP);
	}
}
