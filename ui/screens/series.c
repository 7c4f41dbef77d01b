/* The figures as a code for any telephone, and the log as a series of codes for the organiser's
 * camera: the code is as large as the screen lets it be, what is said stands beside or below it. */
#include "ui/screens/screens.h"

#include "base/cc.h"
#include "base/text.h"
#include "base/when.h"
#include "ui/draw.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define COLUMN 400.0 /* of what is said, at least */

static const enum string titles[SERIES_STATES] = {
	[SERIES_COUNTS] = STRING_SERIES_COUNTS,
	[SERIES_SEALING] = STRING_SERIES_SEALING,
	[SERIES_SHOWN] = STRING_SERIES_SHOWN,
	[SERIES_FAILED] = STRING_SERIES_FAILED,
};

/* For people and programs alike; parvis-sync(7) has no part in it. */
static void write_counts(const struct screen *s, char out[1024])
{
	const struct headcount *h = &s->count;
	char at[WHEN_ISO_SIZE];
	when_iso(s->now.wall_ms, at);
	snprintf(out, 1024,
		"parvis-counts 1\nvenue=%s\ndoor=%s\nat=%s\npresent=%" PRId64 "\nin=%" PRIu64
		"\nout=%" PRIu64 "\nwalk_ins=%" PRIu64 "\nmoved_in=%" PRIu64 "\nreadmitted=%" PRIu64
		"\nrefused=%" PRIu64 "\nadjustments=%" PRId64 "\n",
		s->venue_name ? s->venue_name : "", s->door ? s->door : "", at,
		headcount_present(h), (uint64_t)h->in, (uint64_t)h->out, (uint64_t)h->walk_ins,
		(uint64_t)h->moved_in, (uint64_t)h->readmitted, (uint64_t)h->refused,
		(int64_t)h->adjustments);
}

static void number(const struct page *p, char out[32], uint64_t n)
{
	string_number(out, 32, p->screen->language, (int64_t)n);
}

static void say(
	const struct page *p, char title[STRING_SIZE], char round[STRING_SIZE], const char **body)
{
	const struct screen_series *s = &p->screen->series;
	enum language l = p->screen->language;
	char a[32], b[32], c[32], d[32], hm[8];
	uint64_t seconds = ((uint64_t)s->count * s->frame_ms + 999) / 1000;
	bool short_one = seconds < 120;
	number(p, a, s->number);
	number(p, b, s->count);
	number(p, c, s->round);
	number(p, d, short_one ? seconds : (seconds + 59) / 60);
	when_hm(p->screen->now.wall_ms, hm);
	bool shown = s->state == SERIES_SHOWN;
	const char *const first[] = { shown ? a : hm, b }, *const then[] = { c, d };
	string_fill(title, STRING_SIZE, string_of(l, titles[s->state]), first, 2);
	*round = '\0';
	if (shown)
		string_fill(round, STRING_SIZE,
			string_of(l, short_one ? STRING_SERIES_ROUND_SECONDS : STRING_SERIES_ROUND),
			then, 2);
	*body = string_of(l, shown                       ? STRING_SERIES_SHOWN_DO
			     : s->state == SERIES_FAILED ? STRING_SERIES_FAILED_DO
							 : STRING_SERIES_COUNTS_DO);
}

static void draw_keys(struct page *p, struct box *rest)
{
	struct key keys[2];
	size_t n = 0;
	enum screen_series_state s = p->screen->series.state;
	if (s == SERIES_COUNTS || s == SERIES_FAILED)
		keys[n++] = key_of(p, CONTROL_SHOW, BUTTON_PRIMARY);
	keys[n++] = key_of(p, CONTROL_BACK, BUTTON_PLAIN);
	keys_draw(p, box_bottom(rest, keys_height(p, keys, n, rest->w)), keys, n, false);
	box_bottom(rest, 24);
}

/* What is least needed goes first where there is no room. */
static void draw_words(struct page *p, struct box rest)
{
	struct type bold = { 40, 700, p->palette->text, ALIGN_START, false };
	struct type plain = { 24, 400, p->palette->soft, ALIGN_START, false };
	const struct screen_series *s = &p->screen->series;
	char title[STRING_SIZE], round[STRING_SIZE];
	const char *body;
	say(p, title, round, &body);
	double h = text_height(p, title, &bold, rest.w);
	if (h > rest.h)
		page_overflow(p, title);
	text_draw(p, box_top(&rest, h), title, &bold);
	box_top(&rest, 16);
	if (s->state == SERIES_SHOWN && rest.h > 16) {
		draw_bar(p, box_top(&rest, 16),
			(double)s->number / (double)(s->count ? s->count : 1), p->palette->accent);
		box_top(&rest, 16);
	}
	h = text_height(p, round, &plain, rest.w);
	if (*round && h <= rest.h) {
		text_draw(p, box_top(&rest, h), round, &plain);
		box_top(&rest, 16);
	}
	if (text_height(p, body, &plain, rest.w) <= rest.h)
		text_draw(p, rest, body, &plain);
}

static void draw_code(struct page *p, struct box b)
{
	char counts[1024];
	const char *text = p->screen->series.text;
	if (p->screen->series.state != SERIES_SHOWN) {
		write_counts(p->screen, counts);
		text = counts;
	}
	double side = fmin(b.w, b.h);
	if (!draw_qr_dense(p, box_centre(b, side, side), text))
		page_overflow(p, "code");
}

void screen_series(struct page *p)
{
	const struct screen *s = p->screen;
	char soft[STRING_SIZE];
	page_begin(p, GROUND_NIGHT);
	snprintf(soft, sizeof(soft), "· %s", s->venue_name);
	struct box rest = screen_frame(p, string_of(s->language, STRING_SERIES_TITLE), soft);
	if (page_upright(p)) {
		draw_code(p, box_top(&rest, fmin(rest.w, rest.h * 0.62)));
		box_top(&rest, 32);
	} else {
		draw_code(p, box_start(&rest, fmin(rest.h, rest.w - COLUMN - 40)));
		box_start(&rest, 40);
	}
	draw_keys(p, &rest);
	draw_words(p, rest);
	p->on = p->palette->ground;
}
