#include "ui/screens/screens.h"

#include "base/cc.h"
#include "base/text.h"
#include "ui/draw.h"

#include <math.h>
#include <string.h>

static void fill(
	const struct page *p, char out[STRING_SIZE], enum string id, const char *a, const char *b)
{
	const char *const args[] = { a, b };
	string_fill(out, STRING_SIZE, string_of(p->screen->language, id), args, 2);
}

static void number(const struct page *p, char out[32], int64_t n)
{
	string_number(out, 32, p->screen->language, n);
}

/* "191 entrées", joined to what is there. */
static void join_counted(const struct page *p, char out[STRING_SIZE], enum string id, uint64_t n)
{
	char digits[32], text[STRING_SIZE];
	const char *const args[] = { digits };
	number(p, digits, (int64_t)n);
	string_fill(text, sizeof(text), string_plural(p->screen->language, id, n), args, 1);
	screen_join(out, STRING_SIZE, text);
}

/* --- people here --- */

static void present_texts(const struct page *p, char seats[STRING_SIZE], char flow[STRING_SIZE])
{
	const struct screen *s = p->screen;
	char percent[32], capacity[32];
	int64_t present = headcount_present(&s->count);
	text_copy(seats, STRING_SIZE, string_of(s->language, STRING_HEADCOUNT_NO_LIMIT));
	if (s->capacity_seats) {
		double part = 100.0 * (double)present / s->capacity_seats;
		number(p, percent, (int64_t)floor(part + 0.5));
		number(p, capacity, s->capacity_seats);
		fill(p, seats, STRING_HEADCOUNT_PERCENT, percent, capacity);
	}
	*flow = '\0';
	join_counted(p, flow, STRING_HEADCOUNT_IN, s->count.in);
	join_counted(p, flow, STRING_HEADCOUNT_OUT, s->count.out);
}

#define PRESENT_DIGITS 60 /* high at least */

/* What its card needs, if it is so wide. */
static double present_height(struct page *p, double width)
{
	struct type line = { 26, 400, p->palette->soft, ALIGN_START, false };
	char seats[STRING_SIZE], flow[STRING_SIZE];
	double w = width - 2 * 36;
	present_texts(p, seats, flow);
	return 2 * 32 + PRESENT_DIGITS + (p->screen->capacity_seats ? 16 + 14 : 0) +
	       text_height(p, string_of(p->screen->language, STRING_HEADCOUNT_PRESENT), &line, w) +
	       text_height(p, seats, &line, w) + text_height(p, flow, &line, w);
}

static void draw_present(struct page *p, struct box b)
{
	const struct screen *s = p->screen;
	struct type label = { 26, 400, p->palette->soft, ALIGN_START, false };
	struct type big = { 152, 700, p->palette->text, ALIGN_START, false };
	struct type line = { 26, 400, p->palette->text, ALIGN_START, false };
	char digits[32], seats[STRING_SIZE], flow[STRING_SIZE];
	present_texts(p, seats, flow);
	number(p, digits, headcount_present(&s->count));
	draw_card(p, b);
	b = box_inset(b, 36, 32);
	text_flow(p, &b, string_of(s->language, STRING_HEADCOUNT_PRESENT), &label, 0);
	double low = text_height(p, flow, &label, b.w);
	text_draw(p, box_bottom(&b, low), flow, &label);
	double mid = text_height(p, seats, &line, b.w);
	text_draw(p, box_bottom(&b, mid), seats, &line);
	if (s->capacity_seats) {
		double part = (double)headcount_present(&s->count) / s->capacity_seats;
		box_bottom(&b, 16);
		draw_bar(p, box_bottom(&b, 14), part, screen_fill_colour(p, part));
	}
	if (b.h < PRESENT_DIGITS)
		page_overflow(p, digits);
	text_draw_line(p, b, digits, &big);
	p->on = p->palette->ground;
}

/* --- arrivals --- */

/* The stretch of time that the chart shows: from the event's opening, or the first arrival if it
 * was earlier, to a little past the last; at least eleven bars, so that they keep their width. */
static void window_of(const struct headcount *h, size_t *first, size_t *count)
{
	size_t last = 0;
	bool any = false;
	*first = 0;
	for (size_t i = 0; i < ARRIVALS_BUCKETS; i++) {
		if (!h->arrivals[i])
			continue;
		if (!any)
			*first = i;
		any = true;
		last = i;
	}
	if (any && *first < 6)
		*first = 0;
	*count = any ? last - *first + 2 : 11;
	if (*count < 11)
		*count = 11;
	if (*first + *count > ARRIVALS_BUCKETS) {
		*count = *count > ARRIVALS_BUCKETS ? ARRIVALS_BUCKETS : *count;
		*first = ARRIVALS_BUCKETS - *count;
	}
}

/* Times stand under every third bar, or further apart where they would touch. */
static void draw_times(struct page *p, struct box axis, size_t first, size_t count, double step)
{
	const struct headcount *h = &p->screen->count;
	struct type type = { 20, 400, p->palette->soft, ALIGN_START, true };
	double w = text_width(p, "00:00", &type) + 2;
	size_t every = 3;
	while ((double)every * step < w + 12)
		every += 3;
	for (size_t i = 0; i < count; i += every) {
		char hm[8];
		struct box at = { axis.x + step * (double)i, axis.y, w, axis.h };
		when_hm(h->arrivals_start_ms + (int64_t)(first + i) * ARRIVALS_BUCKET_MS, hm);
		if (at.x + w <= axis.x + axis.w + 1)
			text_draw_line(p, at, hm, &type);
	}
}

static void draw_bars(struct page *p, struct box b, size_t first, size_t count, double step)
{
	const struct headcount *h = &p->screen->count;
	struct type type = { 20, 700, p->palette->text, ALIGN_CENTRE, true };
	uint32_t most = 0;
	for (size_t i = 0; i < count; i++)
		most = h->arrivals[first + i] > most ? h->arrivals[first + i] : most;
	bool told = false;
	for (size_t i = 0; i < count && most; i++) {
		uint32_t n = h->arrivals[first + i];
		double high = n ? fmax((b.h - 28) * n / most, 4) : 0;
		struct box bar = { b.x + step * (double)i, b.y + b.h - high, step * 0.8, high };
		draw_round(p, bar, 4, p->palette->accent);
		if (n == most && !told) {
			char digits[32];
			number(p, digits, n);
			double w = fmax(text_width(p, digits, &type) + 2, bar.w);
			double x = fmin(fmax(bar.x + (bar.w - w) / 2, b.x), b.x + b.w - w);
			text_draw_line(p, (struct box){ x, bar.y - 28, w, 26 }, digits, &type);
			told = true;
		}
	}
}

/* Where there is much to say, or it is said in large type, the chart gives way to it. */
static bool has_room_for_arrivals(struct page *p, struct box b)
{
	struct type label = { 26, 400, p->palette->soft, ALIGN_START, false };
	double h = page_upright(p) ? (b.h - 24) * 0.5 : b.h;
	return h >= text_height(p, "X", &label, 400) + 8 + 40 + 70 + 2 * 32;
}

static void draw_arrivals(struct page *p, struct box b)
{
	struct type label = { 26, 400, p->palette->soft, ALIGN_START, false };
	size_t first, count;
	window_of(&p->screen->count, &first, &count);
	draw_card(p, b);
	b = box_inset(b, 36, 32);
	text_flow(p, &b, string_of(p->screen->language, STRING_HEADCOUNT_ARRIVALS), &label, 8);
	struct box axis = box_bottom(&b, 40);
	double step = b.w / (double)count;
	draw_bars(p, b, first, count, step);
	draw_round(p, (struct box){ axis.x, axis.y, axis.w, 2 }, 0, p->palette->edge);
	draw_times(p, axis, first, count, step);
	p->on = p->palette->ground;
}

/* --- the row of figures --- */

struct figure {
	enum string label;
	char value[STRING_SIZE];
};

static void figure_registered(const struct page *p, char out[STRING_SIZE])
{
	char in[32], all[32];
	number(p, in, (int64_t)p->screen->registered_in);
	number(p, all, (int64_t)p->screen->registered);
	if (p->screen->registered)
		snprintf(out, STRING_SIZE, "%s / %s", in, all);
	else
		text_copy(out, STRING_SIZE, in);
}

static void figure_peak(const struct page *p, char out[STRING_SIZE])
{
	const struct headcount *h = &p->screen->count;
	char most[32], hm[8];
	number(p, most, h->peak_present);
	when_hm(h->peak_ms, hm);
	if (h->peak_ms)
		fill(p, out, STRING_HEADCOUNT_PEAK_AT, most, hm);
	else
		text_copy(out, STRING_SIZE, "–");
}

static void figure_last(const struct page *p, char out[STRING_SIZE])
{
	char hm[8];
	when_hm(p->screen->count.last_entry_ms, hm);
	text_copy(out, STRING_SIZE, p->screen->count.last_entry_ms ? hm : "–");
}

/* At a door with a printer, what it needs: badges that wait, or else the labels that are left. */
static void figure_last_or_labels(const struct page *p, struct figure *f)
{
	const struct screen *s = p->screen;
	f->label = STRING_HEADCOUNT_LAST_ENTRY;
	figure_last(p, f->value);
	if (!s->has_printer)
		return;
	f->label = s->badges_waiting ? STRING_HEADCOUNT_BADGES : STRING_HEADCOUNT_LABELS;
	if (s->badges_waiting)
		number(p, f->value, s->badges_waiting);
	else if (s->labels_left >= 0)
		number(p, f->value, s->labels_left);
	else
		text_copy(f->value, sizeof(f->value), "–");
}

#define FIGURES 5

static void figures_of(const struct page *p, struct figure f[FIGURES])
{
	const struct headcount *h = &p->screen->count;
	f[0].label = STRING_HEADCOUNT_REGISTERED;
	figure_registered(p, f[0].value);
	f[1].label = STRING_HEADCOUNT_WALK_INS;
	number(p, f[1].value, (int64_t)h->walk_ins - h->undone_walk_ins);
	f[2].label = STRING_HEADCOUNT_REFUSED;
	number(p, f[2].value, (int64_t)h->refused);
	f[3].label = STRING_HEADCOUNT_PEAK;
	figure_peak(p, f[3].value);
	figure_last_or_labels(p, &f[4]);
}

static double figure_width(struct page *p, const struct figure *f)
{
	struct type label = { 26, 400, p->palette->soft, ALIGN_START, false };
	struct type value = { 44, 700, p->palette->text, ALIGN_START, false };
	return fmax(text_width(p, string_of(p->screen->language, f->label), &label),
		       text_width(p, f->value, &value)) +
	       2;
}

/* How many figures go on the next row. */
static size_t figures_in_row(
	struct page *p, const struct figure *f, size_t left, double width, double *used)
{
	size_t n = 0;
	*used = 0;
	for (; n < left; n++) {
		double w = fmin(figure_width(p, &f[n]), width) + (n ? 36 : 0);
		if (n && *used + w > width)
			break;
		*used += w;
	}
	return n;
}

static double figure_height(struct page *p)
{
	struct type label = { 26, 400, p->palette->soft, ALIGN_START, false };
	struct type value = { 44, 700, p->palette->text, ALIGN_START, false };
	return text_height(p, "X", &label, 400) + text_height(p, "0", &value, 400);
}

/* Gives the height that the card needs; draws when asked. */
static double figures(struct page *p, struct box b, bool draw)
{
	struct type label = { 26, 400, p->palette->soft, ALIGN_START, false };
	struct type value = { 44, 700, p->palette->text, ALIGN_START, false };
	struct figure f[FIGURES];
	double row_h = figure_height(p), used, h = 0;
	figures_of(p, f);
	struct box in = box_inset(b, 36, 28);
	for (size_t i = 0, n; i < FIGURES; i += n) {
		n = figures_in_row(p, f + i, FIGURES - i, in.w, &used);
		double gap = n > 1 ? 36 + fmin((in.w - used) / (double)(n - 1), 200) : 0;
		double x = in.x;
		for (size_t j = 0; draw && j < n; j++) {
			double w = fmin(figure_width(p, &f[i + j]), in.w);
			struct box at = { x, in.y + h, w, row_h };
			double label_h = text_height(p, "X", &label, 400);
			text_draw_line(p, box_top(&at, label_h),
				string_of(p->screen->language, f[i + j].label), &label);
			text_draw_line(p, at, f[i + j].value, &value);
			x += w + gap;
		}
		h += row_h + 16;
	}
	return h - 16 + 2 * 28;
}

static void draw_figures(struct page *p, struct box b)
{
	draw_card(p, b);
	figures(p, b, true);
	p->on = p->palette->ground;
}

static void draw_keys(struct page *p, struct box *rest)
{
	struct key keys[7];
	size_t n = 0;
	keys[n++] = key_of(p, CONTROL_PLUS, BUTTON_PRIMARY);
	keys[n++] = key_of(p, CONTROL_MINUS, BUTTON_PLAIN);
	keys[0].size = keys[1].size = 40;
	keys[0].wide = keys[1].wide = 158;
	keys[0].high = 96;
	if (p->screen->can_undo)
		keys[n++] = key_of(p, CONTROL_UNDO, BUTTON_PLAIN);
	if (p->screen->can_search)
		keys[n++] = key_of(p, CONTROL_SEARCH, BUTTON_PLAIN);
	if (p->screen->has_fleet)
		keys[n++] = key_of(p, CONTROL_FLEET, BUTTON_PLAIN);
	keys[n++] = key_of(p, CONTROL_SERIES, BUTTON_PLAIN);
	struct key leave = key_of(p, CONTROL_LEAVE, BUTTON_PLAIN);
	if (page_upright(p)) {
		keys[n++] = leave;
		keys_draw(p, box_bottom(rest, keys_height(p, keys, n, rest->w)), keys, n, false);
		box_bottom(rest, 24);
		return;
	}
	leave.high = 96;
	screen_foot(p, rest, keys, n, &leave, 1);
}

/* A line that leads somewhere: what there is, and the word that opens it. */
static void draw_way(struct page *p, struct box *rest, enum control control, const char *note,
	const char *open, bool takes_all)
{
	struct key key = key_of(p, control, BUTTON_ROW);
	struct type text = { 24, 500, p->palette->text, ALIGN_START, false };
	struct type see = { 24, 600, p->palette->accent, ALIGN_END, false };
	double w = text_width(p, open, &see) + 2;
	double h = text_height(p, note, &text, rest->w - 48 - 24 - w);
	double high = fmax(TARGET, h + 24);
	struct box left = *rest;
	box_top(&left, high + 24);
	/* Where the chart would not fit below, all of its place is taken. */
	if (takes_all && !page_upright(p) && !has_room_for_arrivals(p, left))
		high = rest->h;
	struct box strip = box_top(rest, high);
	box_top(rest, 24);
	key_draw(p, strip, &key);
	struct colour under = p->on;
	p->on = p->palette->panel;
	struct box in = box_inset(strip, 24, 0);
	text_draw_middle(p, box_end(&in, w), open, &see);
	box_end(&in, 24);
	text_draw_middle(p, in, note, &text);
	p->on = under;
}

/* Tickets that came in twice: calmly, and one touch away. */
static void draw_pairs(struct page *p, struct box *rest)
{
	char digits[32], note[STRING_SIZE];
	const char *const args[] = { digits };
	uint32_t n = p->screen->pair_total;
	if (!n)
		return;
	number(p, digits, n);
	string_fill(note, sizeof(note), string_plural(p->screen->language, STRING_PAIRS_NOTE, n),
		args, 1);
	draw_way(p, rest, CONTROL_PAIRS, note, string_of(p->screen->language, STRING_CONTROL_PAIRS),
		true);
}

static void draw_stick(struct page *p, struct box *rest)
{
	const struct stick_status *stick = &p->screen->stick;
	enum language l = p->screen->language;
	char digits[32], note[STRING_SIZE];
	const char *const args[] = { digits };
	enum string id = stick->state == STICK_READY     ? STRING_STICK_NOTE_READY
			 : stick->state == STICK_COPYING ? STRING_STICK_NOTE_COPYING
			 : stick->state == STICK_MIRROR  ? STRING_STICK_NOTE_MIRROR
							 : STRING_STICK_NOTE_TROUBLE;
	if (stick->state == STICK_NONE)
		return;
	number(p, digits, (int64_t)(stick->last_seq & INT64_MAX));
	string_fill(note, sizeof(note), string_of(l, id), args, 1);
	draw_way(p, rest, CONTROL_STICK, note, string_of(l, STRING_STICK_SEE),
		!p->screen->pair_total);
}

#define SMALL_TYPE 0.6

/* Where so much is wrong that it could be told in small type alone, the figures give way to it. */
static bool has_room_for_figures(struct page *p, struct box rest, double high)
{
	double wide = page_upright(p) ? rest.w : rest.w / 3;
	return p->type > SMALL_TYPE || rest.h - high - 24 >= present_height(p, wide);
}

void screen_headcount(struct page *p)
{
	const struct screen *s = p->screen;
	char soft[STRING_SIZE];
	page_begin(p, GROUND_NIGHT);
	snprintf(soft, sizeof(soft), "· %s", string_of(s->language, STRING_HEADER_VOLUNTEER));
	struct box rest = screen_frame(p, s->venue_name, soft);
	draw_keys(p, &rest);
	screen_box_line(p, &rest);
	screen_notice(p, &rest, s->faults);
	screen_link_strip(p, &rest);
	screen_link_line(p, &rest);
	double high = figures(p, rest, false);
	bool all = has_room_for_figures(p, rest, high);
	struct box low = box_bottom(&rest, all ? high : 0);
	box_bottom(&rest, all ? 24 : 0);
	if (page_upright(p)) {
		draw_stick(p, &rest);
		draw_pairs(p, &rest);
	}
	struct box present = rest;
	bool upright = page_upright(p);
	if (!upright) {
		present = box_start(&rest, rest.w / 3);
		box_start(&rest, 24);
		draw_stick(p, &rest);
		draw_pairs(p, &rest);
	}
	bool chart = has_room_for_arrivals(p, rest);
	if (upright && chart) {
		present = box_top(&rest, (rest.h - 24) * 0.5);
		box_top(&rest, 24);
	}
	draw_present(p, present);
	if (chart)
		draw_arrivals(p, rest);
	if (all)
		draw_figures(p, low);
}
