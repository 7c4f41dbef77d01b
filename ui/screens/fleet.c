/* Every venue, as last heard of. At 100 % on a lying screen a table with a line a venue; upright,
 * or in larger type, a few lines each. A figure never stands without how old it is. */
#include "ui/screens/screens.h"

#include "base/text.h"
#include "ui/draw.h"

#include <math.h>
#include <string.h>

#define HEAD_HIGH 34.0
#define ROW_MOST  64.0 /* of the table */

static void number(const struct page *p, char out[32], int64_t n)
{
	string_number(out, 32, p->screen->language, n);
}

static void fill_number(const struct page *p, char out[STRING_SIZE], enum string id, int64_t n)
{
	char digits[32];
	const char *const args[] = { digits };
	number(p, digits, n);
	string_fill(out, STRING_SIZE,
		string_plural(p->screen->language, id, n > 0 ? (uint64_t)n : 0), args, 1);
}

/* --- what is known of a venue, in words --- */

static void say_age(const struct page *p, const struct screen_venue *v, char out[STRING_SIZE])
{
	char age[STRING_SIZE];
	const char *const args[] = { age };
	enum language l = p->screen->language;
	enum string plain = v->own     ? STRING_FLEET_COUNTED
			    : v->known ? STRING_FLEET_NOW
				       : STRING_FLEET_NEVER;
	text_copy(age, sizeof(age), string_of(l, plain));
	if (v->known && v->age_min >= 120)
		fill_number(p, age, STRING_FLEET_HOURS, v->age_min / 60);
	else if (v->known && v->age_min)
		fill_number(p, age, STRING_FLEET_MINUTES, v->age_min);
	string_fill(
		out, STRING_SIZE, v->stale ? string_of(l, STRING_FLEET_STALE) : "%1$s", args, 1);
}

static void say_lost(const struct page *p, const struct screen_venue *v, char out[STRING_SIZE])
{
	char lost[32], all[32];
	const char *const args[] = { lost, all };
	*out = '\0';
	if (!v->boxes_lost)
		return;
	number(p, lost, v->boxes_lost);
	number(p, all, v->boxes);
	string_fill(
		out, STRING_SIZE, string_of(p->screen->language, STRING_FLEET_BOXES_LOST), args, 2);
}

/* Of a venue that was not heard of lately, nobody knows how many came in the last ten minutes. */
static bool has_trend(const struct screen_venue *v)
{
	return v->known && !v->stale && (!v->own || v->last_ten || v->ten_before);
}

/* "↗ 12, rising": more or fewer than in the ten minutes before by a fifth, and by two at least. */
static void say_trend(const struct page *p, const struct screen_venue *v, char out[STRING_SIZE])
{
	static const char *const arrows[2][3] = { { "↘", "→", "↗" }, { "↙", "←", "↖" } };
	static const enum string words[] = { STRING_FLEET_FALLING, STRING_FLEET_STEADY,
		STRING_FLEET_RISING };
	char said[STRING_SIZE];
	text_copy(out, STRING_SIZE, "–");
	if (!has_trend(v))
		return;
	uint64_t margin = v->ten_before / 5 > 2 ? v->ten_before / 5 : 2;
	int way = v->last_ten >= v->ten_before + margin   ? 2
		  : v->ten_before >= v->last_ten + margin ? 0
							  : 1;
	fill_number(
		p, said, words[way], v->last_ten > INT64_MAX ? INT64_MAX : (int64_t)v->last_ten);
	text_copy(out, STRING_SIZE, arrows[p->rtl][way]);
	text_copy(out + strlen(out), STRING_SIZE - strlen(out), " ");
	text_copy(out + strlen(out), STRING_SIZE - strlen(out), said);
}

static double part_of(const struct screen_venue *v)
{
	return v->known && v->capacity_seats ? (double)v->present / v->capacity_seats : 0;
}

static void say_percent(const struct page *p, const struct screen_venue *v, char out[STRING_SIZE])
{
	text_copy(out, STRING_SIZE, "");
	if (!v->capacity_seats)
		text_copy(out, STRING_SIZE, string_of(p->screen->language, STRING_FLEET_NO_LIMIT));
	else if (v->known)
		fill_number(p, out,
			v->present >= v->capacity_seats ? STRING_FLEET_FULL : STRING_FLEET_PERCENT,
			(int64_t)floor(part_of(v) * 100 + 0.5));
}

static void say_where(
	const struct page *p, const struct screen_venue *v, enum string walk, char out[STRING_SIZE])
{
	*out = '\0';
	if (v->own)
		text_copy(out, STRING_SIZE, string_of(p->screen->language, STRING_FLEET_HERE));
	else if (v->walk_min)
		fill_number(p, out, walk, v->walk_min);
}

static struct colour dot_of(const struct screen_venue *v)
{
	return !v->known ? theme_bad : v->stale || v->boxes_lost ? theme_warn : theme_good;
}

/* --- parts of a row --- */

/* An old figure is not written like a new one. */
static struct type figure_type(const struct page *p, const struct screen_venue *v, double size)
{
	bool old = v->stale || !v->known;
	return (struct type){ size, old ? 400 : 700, old ? p->palette->soft : p->palette->text,
		ALIGN_END, false };
}

/* The name, and behind it, where there is room, how far it is. */
static void draw_name(
	struct page *p, struct box b, const struct screen_venue *v, double size, enum string walk)
{
	struct type type = { size, 600, p->palette->text, ALIGN_START, false };
	char where[STRING_SIZE];
	double w = fmin(text_width(p, v->name, &type) + 2, b.w);
	text_draw_line(p, box_start(&b, w), v->name, &type);
	say_where(p, v, walk, where);
	type = (struct type){ size * 0.84, 400, p->palette->soft, ALIGN_START, false };
	box_start(&b, 10);
	if (text_width(p, where, &type) + 2 <= b.w)
		text_draw_line(p, b, where, &type);
}

/* "174 / 200", the bar between them at the same place in every row. */
static void draw_count(struct page *p, struct box b, const struct screen_venue *v, double size)
{
	struct type type = figure_type(p, v, size);
	char present[32] = "–", seats[40] = "", digits[32];
	if (v->known)
		number(p, present, v->present);
	if (v->capacity_seats) {
		number(p, digits, v->capacity_seats);
		snprintf(seats, sizeof(seats), " / %s", digits);
	}
	text_draw_line(p, box_start(&b, b.w * 0.46), present, &type);
	type = (struct type){ size, 400, p->palette->soft, ALIGN_START, false };
	if (*seats)
		text_draw_line(p, b, seats, &type);
}

static void draw_age(struct page *p, struct box b, const struct screen_venue *v, double size)
{
	struct type type = { size, 400, p->palette->text, ALIGN_START, false };
	char age[STRING_SIZE];
	say_age(p, v, age);
	struct box dot = box_start(&b, 16);
	box_start(&b, 12);
	draw_dot(p, dot.x + 8, b.y + b.h / 2, 8, dot_of(v));
	text_draw_line(p, b, age, &type);
}

static double age_width(struct page *p, const struct screen_venue *v, double size)
{
	struct type type = { size, 400, p->palette->text, ALIGN_START, false };
	char age[STRING_SIZE];
	say_age(p, v, age);
	return text_width(p, age, &type) + 2 + 28;
}

/* --- the table --- */

struct columns {
	struct box name, count, bar, percent, trend, queued, age;
};

static struct columns columns_of(struct box b)
{
	struct columns c;
	double w = b.w;
	c.name = box_start(&b, w * 0.245);
	c.count = box_start(&b, w * 0.112);
	box_start(&b, 12);
	c.bar = box_start(&b, w * 0.054);
	box_start(&b, 12);
	c.percent = box_start(&b, w * 0.131);
	box_start(&b, 12);
	c.trend = box_start(&b, w * 0.137);
	c.queued = box_start(&b, w * 0.073);
	box_start(&b, 22);
	c.age = b;
	return c;
}

static void draw_head(struct page *p, struct box b)
{
	struct columns c = columns_of(b);
	enum language l = p->screen->language;
	struct type type = { 18, 400, p->palette->soft, ALIGN_START, false };
	box_start(&c.age, 28);
	text_draw_line(p, c.name, string_of(l, STRING_FLEET_HEAD_VENUE), &type);
	text_draw_line(p, c.trend, string_of(l, STRING_FLEET_HEAD_ARRIVALS), &type);
	text_draw_line(p, c.age, string_of(l, STRING_FLEET_HEAD_HEARD), &type);
	type.align = ALIGN_END;
	text_draw_line(p, c.queued, string_of(l, STRING_FLEET_HEAD_QUEUED), &type);
	type.align = ALIGN_CENTRE;
	text_draw_line(p, c.count, string_of(l, STRING_FLEET_HEAD_PRESENT), &type);
}

static void draw_table_row(struct page *p, struct box b, const struct screen_venue *v)
{
	struct columns c = columns_of(b);
	struct type plain = { 21, 400, p->palette->text, ALIGN_START, false };
	struct type queued = { 21, 400, p->palette->text, ALIGN_END, false };
	char text[STRING_SIZE], lost[STRING_SIZE];
	draw_name(p, c.name, v, 23, STRING_FLEET_WALK_SHORT);
	draw_count(p, c.count, v, 23);
	if (v->known && v->capacity_seats) {
		struct box bar = { c.bar.x, b.y + b.h / 2 - 6, c.bar.w, 12 };
		struct colour fill = screen_fill_colour(p, part_of(v));
		draw_bar(p, bar, part_of(v), v->stale ? p->palette->edge : fill);
	}
	say_percent(p, v, text);
	text_draw_line(p, c.percent, text, &plain);
	say_trend(p, v, text);
	text_draw_line(p, c.trend, text, &plain);
	number(p, text, v->queued);
	text_draw_line(p, c.queued, v->known ? text : "–", &queued);
	say_lost(p, v, lost);
	struct box low = box_bottom(&c.age, *lost ? c.age.h * 0.46 : 0);
	draw_age(p, c.age, v, 21);
	plain.size = 16;
	box_start(&low, 28);
	if (*lost)
		text_draw_line(p, low, lost, &plain);
}

static void draw_table(struct page *p, struct box b, uint32_t rows)
{
	const struct screen *s = p->screen;
	struct type type = { 23, 700, p->palette->text, ALIGN_START, false };
	draw_head(p, box_top(&b, HEAD_HIGH));
	double h = fmin(b.h / fmax(rows, 1), ROW_MOST);
	if (h < text_height(p, "X", &type, 400) + 6)
		page_overflow(p, "venues");
	for (uint32_t i = 0; i < s->fleet_count; i++) {
		struct box row = box_top(&b, h);
		draw_round(p, (struct box){ row.x, row.y, row.w, 2 }, 0, p->palette->line);
		draw_table_row(p, row, &s->fleet[i]);
	}
}

/* --- rows of several lines --- */

static void say_details(const struct page *p, const struct screen_venue *v, char out[STRING_SIZE])
{
	char text[STRING_SIZE], digits[32];
	const char *const args[] = { digits };
	*out = '\0';
	if (page_upright(p)) {
		say_percent(p, v, text);
		screen_join(out, STRING_SIZE, text);
	}
	if (has_trend(v)) {
		say_trend(p, v, text);
		screen_join(out, STRING_SIZE, text);
	}
	if (v->known && v->queued) {
		number(p, digits, v->queued);
		string_fill(text, sizeof(text),
			string_plural(p->screen->language, STRING_FLEET_QUEUED, v->queued), args,
			1);
		screen_join(out, STRING_SIZE, text);
	}
	say_lost(p, v, text);
	screen_join(out, STRING_SIZE, text);
}

#define LINE_NAME 28.0
#define LINE_REST 21.0

/* Upright, the percentage goes below, with what else is known. */
static void draw_first_line(struct page *p, struct box b, const struct screen_venue *v)
{
	struct type percent = { LINE_REST, 400, p->palette->text, ALIGN_END, false };
	char text[STRING_SIZE];
	if (!page_upright(p)) {
		say_percent(p, v, text);
		double w = fmin(text_width(p, text, &percent) + 2, b.w * 0.2);
		text_draw_line(p, box_end(&b, w), text, &percent);
		draw_count(p, box_end(&b, b.w * 0.34), v, LINE_NAME);
	} else {
		draw_count(p, box_end(&b, b.w * 0.36), v, LINE_NAME);
	}
	box_end(&b, 12);
	draw_name(p, b, v, LINE_NAME, STRING_FLEET_WALK);
}

/* Name and figures; below them the age and what else is known, upright on two lines where one does
 * not hold both. */
static void draw_lines_row(struct page *p, struct box b, const struct screen_venue *v)
{
	struct type soft = { LINE_REST, 400, p->palette->soft, ALIGN_START, false };
	struct type name = { LINE_NAME, 600, p->palette->text, ALIGN_START, false };
	char text[STRING_SIZE];
	double high = text_height(p, "X", &name, 400), low = text_height(p, "X", &soft, 400);
	double age = age_width(p, v, LINE_REST);
	say_details(p, v, text);
	bool three = page_upright(p) && text_width(p, text, &soft) + 24 + age > b.w;
	double spare = b.h - high - low * (three ? 2 : 1);
	if (spare < 6)
		page_overflow(p, v->name);
	box_top(&b, spare / 2);
	draw_first_line(p, box_top(&b, high), v);
	struct box line = box_top(&b, low);
	struct box end = three ? box_top(&b, low) : box_end(&line, fmin(age, line.w * 0.5));
	if (!three)
		box_end(&line, 16);
	text_draw_line(p, line, text, &soft);
	draw_age(p, end, v, LINE_REST);
}

/* The line between two rows is the bar of the one above. */
static void draw_lines(struct page *p, struct box b, uint32_t rows)
{
	const struct screen *s = p->screen;
	double h = fmin(b.h / fmax(rows, 1), 260 * p->type);
	for (uint32_t i = 0; i < s->fleet_count; i++) {
		const struct screen_venue *v = &s->fleet[i];
		struct box row = box_top(&b, h), bar = box_bottom(&row, 6);
		struct colour fill = screen_fill_colour(p, part_of(v));
		draw_bar(p, bar, part_of(v), v->stale ? p->palette->edge : fill);
		draw_lines_row(p, row, v);
	}
}

/* --- the foot --- */

static void say_total(const struct page *p, char out[3 * STRING_SIZE])
{
	const struct screen_fleet_total *t = &p->screen->fleet_total;
	char people[32], venues[32], text[STRING_SIZE], doubt[STRING_SIZE] = "";
	const char *const args[] = { people, venues };
	number(p, people, t->present);
	number(p, venues, t->venues);
	string_fill(out, 3 * STRING_SIZE,
		string_plural(p->screen->language, STRING_FLEET_TOTAL,
			t->present > 0 ? (uint64_t)t->present : 0),
		args, 2);
	if (t->seats) {
		fill_number(p, text, STRING_FLEET_TOTAL_SEATS, (int64_t)t->seats);
		screen_join(out, 3 * STRING_SIZE, text);
	}
	if (t->stale) {
		fill_number(p, text, STRING_FLEET_TOTAL_STALE, t->stale);
		screen_join(doubt, sizeof(doubt), text);
	}
	if (t->known < t->venues) {
		fill_number(p, text, STRING_FLEET_TOTAL_SILENT, t->venues - t->known);
		screen_join(doubt, sizeof(doubt), text);
	}
	size_t used = strlen(out);
	snprintf(out + used, 3 * STRING_SIZE - used, "%s%s", *doubt ? "\n" : "", doubt);
}

void screen_fleet(struct page *p)
{
	const struct screen *s = p->screen;
	char soft[STRING_SIZE], total[3 * STRING_SIZE];
	page_begin(p, GROUND_NIGHT);
	snprintf(soft, sizeof(soft), "· %s", s->event_title);
	struct box rest = screen_frame(p, string_of(s->language, STRING_FLEET_TITLE), soft);
	screen_link_line(p, &rest);
	say_total(p, total);
	screen_list_foot(p, &rest, s->fleet_count, total, NULL);
	draw_card(p, rest);
	rest = box_inset(rest, 36, 12);
	/* The last page has fewer, as high as the others'. */
	uint32_t rows = s->list_total > s->list_rows ? s->list_rows : s->fleet_count;
	if (!page_upright(p) && s->text_percent <= 100)
		draw_table(p, rest, rows);
	else
		draw_lines(p, rest, rows);
	p->on = p->palette->ground;
}
