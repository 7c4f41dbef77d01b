/* Tickets that came in by two doors that could not talk: which, when, and that nobody was wrong.
 * Whoever stands at the door decides; −1 is an ordinary correction. */
#include "ui/screens/screens.h"

#include "base/text.h"
#include "ui/draw.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* "20:04, door Nord". */
static void say_side(
	const struct page *p, const struct when *at, const char *id, char out[STRING_SIZE])
{
	char hm[8] = "–:–", door[ID_SIZE];
	const char *const args[] = { hm, door };
	text_copy(door, sizeof(door), id);
	door[0] = (char)toupper((unsigned char)door[0]);
	if (at->wall_ms && at->trust != TRUST_UNSET)
		when_hm(at->wall_ms, hm);
	string_fill(out, STRING_SIZE,
		*door ? string_of(p->screen->language, STRING_PAIRS_AT_DOOR) : "%1$s", args, 2);
}

static void draw_pair(struct page *p, struct box b, const struct screen_pair *pair, bool is_first)
{
	struct type type = { 28, 500, p->palette->text, ALIGN_START, false };
	char text[STRING_SIZE];
	bool upright = page_upright(p);
	double h = text_height(p, "X", &type, 400);
	if (b.h < h * (upright ? 2 : 1) + 12)
		page_overflow(p, "pairs");
	if (!is_first)
		draw_round(p, (struct box){ b.x, b.y, b.w, 2 }, 0, p->palette->line);
	b = box_inset(b, 0, 6);
	struct box first = upright ? box_top(&b, b.h / 2) : box_start(&b, b.w / 2);
	say_side(p, &pair->first, pair->first_door, text);
	text_draw_line(p, first, text, &type);
	say_side(p, &pair->second, pair->second_door, text);
	text_draw_line(p, b, text, &type);
}

/* … and how many are here, which − 1 changes. */
static void say_foot(const struct page *p, char out[2 * STRING_SIZE])
{
	const struct screen *s = p->screen;
	int64_t present = headcount_present(&s->count);
	char text[STRING_SIZE];
	char shown[32], all[32];
	const char *const args[] = { shown, all };
	string_number(shown, sizeof(shown), s->language, s->list_total);
	string_number(all, sizeof(all), s->language, s->pair_total);
	if (s->pair_total > s->list_total)
		string_fill(out, STRING_SIZE, string_of(s->language, STRING_PAIRS_NEWEST), args, 2);
	else
		string_fill(out, STRING_SIZE,
			string_plural(s->language, STRING_PAIRS_NOTE, s->pair_total),
			(const char *const[]){ all }, 1);
	string_number(all, sizeof(all), s->language, present);
	string_fill(text, sizeof(text),
		string_plural(
			s->language, STRING_PAIRS_PRESENT, present > 0 ? (uint64_t)present : 0),
		(const char *const[]){ all }, 1);
	size_t used = strlen(out);
	snprintf(out + used, 2 * STRING_SIZE - used, "\n%s", text);
}

void screen_pairs(struct page *p)
{
	const struct screen *s = p->screen;
	struct type body = { 26, 400, p->palette->text, ALIGN_START, false };
	char soft[STRING_SIZE], foot[2 * STRING_SIZE];
	page_begin(p, GROUND_NIGHT);
	body.ink = p->palette->text;
	snprintf(soft, sizeof(soft), "· %s", s->venue_name);
	struct box rest = screen_frame(p, string_of(s->language, STRING_PAIRS_TITLE), soft);
	struct key minus = key_of(p, CONTROL_MINUS, BUTTON_PLAIN);
	minus.wide = 174;
	say_foot(p, foot);
	screen_list_foot(p, &rest, s->pair_count, foot, &minus);
	text_flow(p, &rest, string_of(s->language, STRING_PAIRS_BODY), &body, 24);
	draw_card(p, rest);
	rest = box_inset(rest, 36, 12);
	uint32_t rows = s->list_total > s->list_rows ? s->list_rows : s->pair_count;
	double h = fmin(rest.h / fmax(rows, 1), (page_upright(p) ? 120 : 64) * p->type);
	for (uint32_t i = 0; i < s->pair_count; i++)
		draw_pair(p, box_top(&rest, h), &s->pairs[i], i == 0);
	p->on = p->palette->ground;
}
