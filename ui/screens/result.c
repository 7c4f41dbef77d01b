#include "ui/screens/screens.h"

#include "base/cc.h"
#include "base/text.h"
#include "ui/draw.h"

#include <ctype.h>
#include <glib.h>
#include <math.h>
#include <string.h>
#include <time.h>

/* What is said, from top to bottom. Empty lines are left out. */
struct answer {
	char title[STRING_SIZE], line[2 * STRING_SIZE], note[STRING_SIZE];
};

typedef void say_fn(const struct page *p, struct answer *a);

static void say(char *out, size_t capacity, const struct page *p, enum string id, const char *arg)
{
	const char *const args[] = { arg };
	string_fill(out, capacity, string_of(p->screen->language, id), args, 1);
}

static void title_named(
	const struct page *p, struct answer *a, enum string named, enum string plain)
{
	char name[TICKET_NAME_SIZE];
	string_clean(name, sizeof(name), p->screen->name);
	say(a->title, sizeof(a->title), p, *name ? named : plain, name);
}

/* Numa · OGP MeetUp · entrée n° 129 */
static void line_entry(const struct page *p, struct answer *a)
{
	const struct screen *s = p->screen;
	char number[32], entry[STRING_SIZE];
	screen_join(a->line, sizeof(a->line), s->venue_name);
	screen_join(a->line, sizeof(a->line), s->debate);
	if (s->entry_number) {
		string_number(number, sizeof(number), s->language, (int64_t)s->entry_number);
		say(entry, sizeof(entry), p, STRING_RESULT_ENTRY, number);
		screen_join(a->line, sizeof(a->line), entry);
	}
	if (s->overridden)
		say(a->note, sizeof(a->note), p, STRING_RESULT_OVERRIDDEN, "");
}

static void say_admit(const struct page *p, struct answer *a)
{
	title_named(p, a, STRING_WELCOME_NAMED, STRING_WELCOME_PLAIN);
	line_entry(p, a);
}

static void say_readmit(const struct page *p, struct answer *a)
{
	title_named(p, a, STRING_READMIT_NAMED, STRING_READMIT_PLAIN);
	line_entry(p, a);
}

static void say_moved(const struct page *p, struct answer *a)
{
	char from[STRING_SIZE], place[STRING_SIZE];
	say_admit(p, a);
	if (!p->screen->prior_venue || !*p->screen->prior_venue)
		return;
	string_from_place(place, sizeof(place), p->screen->language, p->screen->prior_venue);
	say(from, sizeof(from), p, STRING_MOVED_FROM, place);
	text_copy(a->note, sizeof(a->note), from);
}

static void say_exit(const struct page *p, struct answer *a)
{
	title_named(p, a, STRING_EXIT_NAMED, STRING_EXIT_PLAIN);
	say(a->line, sizeof(a->line), p, STRING_EXIT_BODY, "");
}

/* An identifier as people say it: nord → Nord. */
static void door_name(char out[ID_SIZE], const char *id)
{
	text_copy(out, ID_SIZE, id);
	out[0] = (char)toupper((unsigned char)out[0]);
}

static void say_already(const struct page *p, struct answer *a)
{
	const struct screen *s = p->screen;
	char hm[8], door[ID_SIZE];
	const char *where = "";
	enum string form = STRING_ALREADY_AT;
	when_hm(s->prior.wall_ms, hm);
	door_name(door, s->prior_door);
	if (s->prior_venue && *s->prior_venue) {
		form = STRING_ALREADY_AT_VENUE;
		where = s->prior_venue;
	} else if (*door) {
		form = STRING_ALREADY_AT_DOOR;
		where = door;
	}
	/* Without a moment, or one from a clock that was wrong, there is nothing to tell. */
	if (!s->prior.wall_ms || s->prior.trust == TRUST_UNSET)
		form = STRING_ALREADY_UNKNOWN;
	const char *const args[] = { hm, where };
	say(a->title, sizeof(a->title), p, STRING_ALREADY_TITLE, "");
	string_fill(a->line, sizeof(a->line), string_of(s->language, form), args, 2);
	say(a->note, sizeof(a->note), p, STRING_RESULT_VOLUNTEER, "");
}

/* A short name is not torn apart at the end of a line. */
static void keep_together(char *out, size_t capacity, const char *name)
{
	bool brief = g_utf8_strlen(name, -1) <= 16;
	size_t used = 0;
	for (; *name && used + 3 < capacity; name++) {
		if (brief && *name == ' ') {
			memcpy(out + used, "\u00a0", 2);
			used += 2;
		} else {
			out[used++] = *name;
		}
	}
	out[used] = '\0';
}

/* "20 min walk"; "" where nobody knows. */
static void say_walk(const struct page *p, char out[STRING_SIZE])
{
	const struct screen_place *place = &p->screen->place;
	enum language l = p->screen->language;
	char minutes[32];
	const char *const args[] = { minutes };
	*out = '\0';
	string_number(minutes, sizeof(minutes), l, place->walk_min);
	if (place->walk_min)
		string_fill(out, STRING_SIZE, string_plural(l, STRING_WRONG_WALK, place->walk_min),
			args, 1);
}

/* "41 free seats"; "" where nobody knows, or there is no limit. */
static void say_seats(const struct page *p, char out[STRING_SIZE])
{
	const struct screen *s = p->screen;
	char seats[32];
	const char *const args[] = { seats };
	*out = '\0';
	string_number(seats, sizeof(seats), s->language, s->place_free);
	if (s->place_known && !s->place_no_limit)
		string_fill(out, STRING_SIZE,
			s->place_free
				? string_plural(s->language, STRING_RESULT_FREE, s->place_free)
				: string_of(s->language, STRING_RESULT_FULL_NOW),
			args, 1);
}

static void say_wrong_venue(const struct page *p, struct answer *a)
{
	const struct screen_place *place = &p->screen->place;
	bool known = place->name && *place->name;
	char walk[STRING_SIZE], name[STRING_SIZE] = "";
	if (known)
		keep_together(name, sizeof(name), place->name);
	say(a->title, sizeof(a->title), p, known ? STRING_WRONG_TITLE : STRING_WRONG_TITLE_UNKNOWN,
		name);
	if (!known)
		say(a->line, sizeof(a->line), p, STRING_RESULT_VOLUNTEER, "");
	else if (place->address)
		text_copy(a->line, sizeof(a->line), place->address);
	if (!known)
		return;
	char seats[STRING_SIZE];
	say_walk(p, walk);
	say_seats(p, seats);
	screen_join(walk, sizeof(walk), seats);
	size_t used = strlen(a->line);
	snprintf(a->line + used, sizeof(a->line) - used, "%s%s", used && *walk ? "\n" : "", walk);
}

static bool same_day(int64_t a_ms, int64_t b_ms)
{
	time_t a = (time_t)(a_ms / 1000), b = (time_t)(b_ms / 1000);
	struct tm x = { 0 }, y = { 0 };
	localtime_r(&a, &x);
	localtime_r(&b, &y);
	return x.tm_year == y.tm_year && x.tm_yday == y.tm_yday;
}

static void line_limit(
	const struct page *p, struct answer *a, enum string at, enum string on, enum string unknown)
{
	const struct screen *s = p->screen;
	char moment[STRING_SIZE];
	bool today = same_day(s->limit.wall_ms, s->now.wall_ms);
	if (today)
		when_hm(s->limit.wall_ms, moment);
	else
		string_day_time(moment, sizeof(moment), s->language, s->limit.wall_ms);
	say(a->line, sizeof(a->line), p, !s->limit.wall_ms ? unknown : today ? at : on, moment);
	say(a->note, sizeof(a->note), p, STRING_RESULT_VOLUNTEER, "");
}

static void say_not_yet(const struct page *p, struct answer *a)
{
	say(a->title, sizeof(a->title), p, STRING_NOT_YET_TITLE, "");
	line_limit(p, a, STRING_NOT_YET_AT, STRING_NOT_YET_ON, STRING_NOT_YET_UNKNOWN);
}

static void say_expired(const struct page *p, struct answer *a)
{
	say(a->title, sizeof(a->title), p, STRING_EXPIRED_TITLE, "");
	line_limit(p, a, STRING_EXPIRED_AT, STRING_EXPIRED_ON, STRING_EXPIRED_UNKNOWN);
}

static void say_plain(
	const struct page *p, struct answer *a, enum string title, enum string line, bool volunteer)
{
	say(a->title, sizeof(a->title), p, title, "");
	say(a->line, sizeof(a->line), p, line, "");
	if (volunteer)
		say(a->note, sizeof(a->note), p, STRING_RESULT_VOLUNTEER, "");
}

static void say_revoked(const struct page *p, struct answer *a)
{
	say_plain(p, a, STRING_REVOKED_TITLE, STRING_REVOKED_BODY, true);
}

static void say_forged(const struct page *p, struct answer *a)
{
	say_plain(p, a, STRING_FORGED_TITLE, STRING_FORGED_BODY, true);
}

static void say_unknown(const struct page *p, struct answer *a)
{
	say_plain(p, a, STRING_UNKNOWN_TITLE, STRING_UNKNOWN_BODY, true);
}

static void say_not_a_ticket(const struct page *p, struct answer *a)
{
	say_plain(p, a, STRING_NOT_TICKET_TITLE, STRING_NOT_TICKET_BODY, false);
}

/* "La Ruche has 41 free seats, 20 minutes on foot". */
static void say_elsewhere(const struct page *p, char out[2 * STRING_SIZE])
{
	const struct screen *s = p->screen;
	enum language l = s->language;
	char name[STRING_SIZE], seats[32], minutes[32], room[STRING_SIZE], walk[STRING_SIZE];
	const char *const room_args[] = { name, seats }, *const walk_args[] = { minutes };
	const char *form = s->place_no_limit
				   ? string_of(l, STRING_FULL_ELSEWHERE_ROOM)
				   : string_plural(l, STRING_FULL_ELSEWHERE, s->place_free);
	keep_together(name, sizeof(name), s->place.name ? s->place.name : "");
	string_number(seats, sizeof(seats), l, s->place_free);
	string_number(minutes, sizeof(minutes), l, s->place.walk_min);
	string_fill(room, sizeof(room), form, room_args, 2);
	string_fill(walk, sizeof(walk), string_plural(l, STRING_FULL_WALK, s->place.walk_min),
		walk_args, 1);
	text_copy(out, 2 * STRING_SIZE, room);
	if (!s->place.walk_min)
		return;
	text_copy(out + strlen(out), 2 * STRING_SIZE - strlen(out), ", ");
	text_copy(out + strlen(out), 2 * STRING_SIZE - strlen(out), walk);
}

static void say_full(const struct page *p, struct answer *a)
{
	const struct screen *s = p->screen;
	char seats[32];
	const char *const args[] = { seats };
	say_plain(p, a, STRING_FULL_TITLE, STRING_FULL_PLAIN, true);
	string_number(seats, sizeof(seats), s->language, s->capacity_seats);
	if (s->capacity_seats)
		string_fill(a->line, sizeof(a->line),
			string_plural(s->language, STRING_FULL_BODY, s->capacity_seats), args, 1);
	if (s->place_known)
		say_elsewhere(p, a->line);
}

static void say_test(const struct page *p, struct answer *a)
{
	say_plain(p, a, STRING_TEST_TITLE, STRING_TEST_BODY, false);
}

static void say_staff(const struct page *p, struct answer *a)
{
	say_plain(p, a, STRING_STAFF_TITLE, STRING_STAFF_BODY, false);
}

static void say_store_failed(const struct page *p, struct answer *a)
{
	say_plain(p, a, STRING_STORE_TITLE, STRING_STORE_BODY, true);
}

static void say_none(const struct page *p, struct answer *a)
{
	say(a->title, sizeof(a->title), p, STRING_RESULT_MOMENT, "");
}

static const struct look {
	enum ground ground;
	enum shape shape;
	enum mark mark;
	double title; /* size */
	say_fn *say;
} looks[] = {
	[VERDICT_NONE] = { GROUND_NIGHT, SHAPE_CIRCLE, MARK_CLOCK, 80, say_none },
	[VERDICT_ADMIT] = { GROUND_WELCOME, SHAPE_CIRCLE, MARK_CHECK, 96, say_admit },
	[VERDICT_READMIT] = { GROUND_WELCOME, SHAPE_CIRCLE, MARK_BACK, 96, say_readmit },
	[VERDICT_MOVED] = { GROUND_WELCOME, SHAPE_CIRCLE, MARK_IN, 96, say_moved },
	[VERDICT_EXIT] = { GROUND_GOODBYE, SHAPE_CIRCLE, MARK_OUT, 96, say_exit },
	[VERDICT_ALREADY_IN] = { GROUND_ASK, SHAPE_TRIANGLE, MARK_BANG, 80, say_already },
	[VERDICT_WRONG_VENUE] = { GROUND_STOP, SHAPE_OCTAGON, MARK_CROSS, 72, say_wrong_venue },
	[VERDICT_NOT_YET] = { GROUND_ASK, SHAPE_DIAMOND, MARK_CLOCK, 80, say_not_yet },
	[VERDICT_EXPIRED] = { GROUND_STOP, SHAPE_OCTAGON, MARK_CLOCK, 80, say_expired },
	[VERDICT_REVOKED] = { GROUND_STOP, SHAPE_OCTAGON, MARK_BARRED, 80, say_revoked },
	[VERDICT_FORGED] = { GROUND_STOP, SHAPE_OCTAGON, MARK_BANG, 80, say_forged },
	[VERDICT_UNKNOWN] = { GROUND_STOP, SHAPE_OCTAGON, MARK_QUESTION, 80, say_unknown },
	[VERDICT_NOT_A_TICKET] = { GROUND_ASK, SHAPE_DIAMOND, MARK_QUESTION, 80, say_not_a_ticket },
	[VERDICT_FULL] = { GROUND_ASK, SHAPE_SQUARE, MARK_SEATS, 80, say_full },
	[VERDICT_TEST_OK] = { GROUND_TEST, SHAPE_SQUARE, MARK_WAVES, 80, say_test },
	[VERDICT_STAFF] = { GROUND_NIGHT, SHAPE_CIRCLE, MARK_PERSON, 80, say_staff },
	[VERDICT_STORE_FAILED] = { GROUND_STOP, SHAPE_DIAMOND, MARK_BANG, 80, say_store_failed },
};
static_assert(ARRAY_LEN(looks) == VERDICT_COUNT, "every verdict needs its look");

/* --- laying it out --- */

static bool has_map(const struct screen *s)
{
	const struct screen_place *at = &s->place;
	bool away = s->verdict == VERDICT_WRONG_VENUE || s->verdict == VERDICT_FULL;
	return away && at->name && *at->name &&
	       (at->lat < 0 || at->lat > 0 || at->lon < 0 || at->lon > 0);
}

/* A symbol to photograph stands beside the words. */
static bool has_side(const struct screen *s)
{
	return *s->badge || has_map(s);
}

static bool goes_by_itself(const struct screen *s)
{
	return verdict_admits(s->verdict) || s->verdict == VERDICT_EXIT;
}

/* Keys, or the call to the next guest; and what only volunteers need to know. */
static void foot(struct page *p, struct box *rest, enum align align)
{
	const struct screen *s = p->screen;
	struct key keys[2];
	size_t n = 0;
	if (s->can_override)
		keys[n++] = key_of(p, CONTROL_OVERRIDE, BUTTON_PRIMARY);
	if (!goes_by_itself(s) || *s->badge)
		keys[n++] = key_of(p, CONTROL_OK, s->can_override ? BUTTON_PLAIN : BUTTON_PRIMARY);
	struct type small = { 26, 400, p->palette->soft, align, false };
	if (s->time_doubt && s->staff) {
		const char *doubt = string_of(s->language, STRING_RESULT_TIME_DOUBT);
		text_draw(
			p, box_bottom(rest, text_height(p, doubt, &small, rest->w)), doubt, &small);
		box_bottom(rest, 12);
	}
	if (n) {
		double w = fmin(fmax(keys_width(p, keys, n), 300), rest->w);
		struct box row = box_bottom(rest, keys_height(p, keys, n, w));
		struct box at = { align == ALIGN_START ? row.x : row.x + (row.w - w) / 2, row.y, w,
			row.h };
		keys_draw(p, at, keys, n, n == 1);
	} else {
		struct type next = { 28, 400, p->palette->soft, ALIGN_CENTRE, false };
		const char *text = string_of(s->language, STRING_RESULT_NEXT);
		text_draw(p, box_bottom(rest, text_height(p, text, &next, rest->w)), text, &next);
	}
	box_bottom(rest, 24);
}

/* Sign and words, in the middle of what is left; the sign gives way to the words. */
static void block(struct page *p, struct box b, const struct look *look, const struct answer *a,
	enum align align)
{
	struct type title = { look->title, 700, p->palette->text, align, false };
	struct type line = { align == ALIGN_START ? 36 : 40, 500, p->palette->text, align, false };
	struct type note = { 32, 400, p->palette->soft, align, false };
	double words = text_height(p, a->title, &title, b.w);
	words += *a->line ? 20 + text_height(p, a->line, &line, b.w) : 0;
	words += *a->note ? 20 + text_height(p, a->note, &note, b.w) : 0;
	double wanted = align == ALIGN_START ? 152 : 212;
	double sign = fmin(wanted, b.h - words - 34);
	if (sign < 72) {
		page_overflow(p, a->title);
		sign = fmax(sign, 0);
	}
	double spare = b.h - words - sign - 34;
	box_top(&b, spare > 0 ? spare * (goes_by_itself(p->screen) ? 0.36 : 0.6) : 0);
	struct box at = box_top(&b, sign);
	draw_sign(p, align == ALIGN_START ? box_start(&at, sign) : at, look->shape, look->mark,
		p->palette->icon, p->palette->icon_mark);
	box_top(&b, 34);
	text_flow(p, &b, a->title, &title, *a->line ? 20 : 0);
	if (*a->line)
		text_flow(p, &b, a->line, &line, *a->note ? 20 : 0);
	if (*a->note)
		text_flow(p, &b, a->note, &note, 0);
}

static void symbol(struct page *p, struct box b, const char *code, const char *text)
{
	struct type type = { 26, 400, p->palette->soft, ALIGN_CENTRE, false };
	double h = text_height(p, text, &type, b.w);
	double side = fmin(fmin(b.w, b.h - h - 24), 360);
	if (side < 160)
		page_overflow(p, text);
	box_top(&b, (b.h - h - 24 - side) / 2);
	if (draw_qr(p, box_centre(box_top(&b, side), side, side), code)) {
		box_top(&b, 24);
		text_draw(p, box_top(&b, h), text, &type);
	}
}

/* The way to another venue, or the badge. */
static void side_symbol(struct page *p, struct box b)
{
	const struct screen *s = p->screen;
	char url[160];
	if (*s->badge) {
		symbol(p, b, s->badge,
			string_of(s->language,
				s->badge_prints ? STRING_WALK_IN_PRINTS : STRING_WALK_IN_PHOTO));
		return;
	}
	snprintf(url, sizeof(url),
		"https://www.openstreetmap.org/directions?engine=fossgis_osrm_foot&to=%.5f,%.5f",
		s->place.lat, s->place.lon);
	symbol(p, b, url, string_of(s->language, STRING_WRONG_DIRECTIONS));
}

static void progress(struct page *p)
{
	double part = fmin(p->screen->left_permille, 1000) / 1000.0;
	p->moving.progress = (struct box){ 0, p->height - 12, p->width * part, 12 };
	p->moving.progress_colour = p->palette->text;
}

void screen_result(struct page *p)
{
	const struct look *look = &looks[p->screen->verdict];
	struct answer a = { 0 };
	page_begin(p, look->ground);
	look->say(p, &a);
	progress(p);
	double side = page_upright(p) ? 40 : 72;
	struct box rest = { side, 56, p->width - 2 * side, p->height - 2 * 56 };
	if (!has_side(p->screen)) {
		foot(p, &rest, ALIGN_CENTRE);
		block(p, rest, look, &a, ALIGN_CENTRE);
		return;
	}
	if (page_upright(p)) {
		foot(p, &rest, ALIGN_START);
		side_symbol(p, box_bottom(&rest, fmin(rest.h * 0.42, 480)));
		box_bottom(&rest, 24);
	} else {
		struct box column = box_end(&rest, fmax(rest.w * 0.317, 360));
		box_end(&rest, 40);
		side_symbol(p, column);
		foot(p, &rest, ALIGN_START);
	}
	block(p, rest, look, &a, ALIGN_START);
}
