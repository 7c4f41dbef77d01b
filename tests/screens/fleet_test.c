/* What volunteers see of other venues, of the sync and of tickets that came in twice, and where a
 * full house sends its guests: in every size, language, direction and size of text. With
 * PARVIS_SHOTS=DIR each page is also saved there as a picture, to be looked at. */
#include "night/series.h"
#include "ui/render.h"
#include "ui/touch.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* 8 December 2016, 20:17 in Paris. */
#define NOW_MS    1481224620000
#define MINUTE_MS 60000

static const struct size {
	uint32_t width, height;
} sizes[] = { { 1280, 800 }, { 800, 480 }, { 720, 1280 } };
#define SIZES 3

static struct render *renders[SIZES];
static cairo_surface_t *surfaces[SIZES];
static cairo_t *crs[SIZES];

static int open_all(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Paris", 1);
	for (size_t i = 0; i < SIZES; i++) {
		surfaces[i] = cairo_image_surface_create(
			CAIRO_FORMAT_RGB24, (int)sizes[i].width, (int)sizes[i].height);
		crs[i] = cairo_create(surfaces[i]);
		if (render_open(&renders[i], sizes[i].width, sizes[i].height, "assets"))
			return -1;
	}
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < SIZES; i++) {
		render_close(renders[i]);
		cairo_destroy(crs[i]);
		cairo_surface_destroy(surfaces[i]);
	}
	return 0;
}

static struct screen a_screen(enum screen_id id)
{
	static const uint32_t arrivals[] = { 3, 9, 25, 42, 52, 45, 31, 18 };
	struct screen s;
	memset(&s, 0, sizeof(s));
	s.id = id;
	s.text_percent = 100;
	s.event_title = "Nuit de la CivicTech";
	s.venue_name = "Numa";
	s.venue_address = "39 rue du Caire, 75002 Paris";
	s.debate = "OGP MeetUp";
	s.door = "nord";
	s.now = (struct when){ NOW_MS, 1000, TRUST_SYNCED };
	s.languages = (1U << LANGUAGE_COUNT) - 1;
	s.labels_left = -1;
	s.place = (struct screen_place){ .name = "", .address = "" };
	s.staff = s.can_undo = s.can_search = s.has_fleet = true;
	s.capacity_seats = 200;
	s.count.in = 191;
	s.count.out = 17;
	s.count.walk_ins = 40;
	s.count.peak_present = 181;
	s.count.peak_ms = NOW_MS - 13 * MINUTE_MS;
	s.count.last_entry_ms = NOW_MS - MINUTE_MS;
	s.count.arrivals_start_ms = NOW_MS - 77 * MINUTE_MS;
	s.registered = 230;
	s.registered_in = 151;
	memcpy(s.count.arrivals, arrivals, sizeof(arrivals));
	s.link = (struct link_status){ .state = LINK_UP, .collector = true, .doors = 1 };
	return s;
}

/* --- what must hold of any page --- */

static bool overlap(struct box a, struct box b)
{
	return a.x < b.x + b.w - 0.01 && b.x < a.x + a.w - 0.01 && a.y < b.y + b.h - 0.01 &&
	       b.y < a.y + a.h - 0.01;
}

static void check_page(const struct page *p, const struct size *size, const char *name)
{
	const struct screen *s = p->screen;
	if (p->overflow)
		fail_msg("%s, %u×%u, language %d, %u %%: clipped: %s", name, size->width,
			size->height, (int)s->language, s->text_percent, p->overflowed);
	for (size_t i = 0; i < p->widget_count; i++) {
		const struct widget *w = &p->widgets[i];
		assert_true(w->target.x >= -0.01 && w->target.y >= -0.01);
		assert_true(w->target.x + w->target.w <= size->width + 0.51);
		assert_true(w->target.y + w->target.h <= size->height + 0.51);
		assert_true(w->target.w >= (TARGET - 1) * p->unit - 0.01);
		assert_true(w->target.h >= (TARGET - 1) * p->unit - 0.01);
		assert_true(w->label[0] && w->spoken[0]);
		for (size_t j = i + 1; j < p->widget_count; j++) {
			assert_int_not_equal(w->control, p->widgets[j].control);
			if (overlap(w->target, p->widgets[j].target))
				fail_msg("%s: “%s” lies over “%s”", name, w->label,
					p->widgets[j].label);
		}
	}
	if (p->least_contrast < (s->theme == THEME_CONTRAST ? 20 : 4.5))
		fail_msg("%s: text at a contrast of %.2f", name, p->least_contrast);
}

static void save(size_t i, const char *name, const struct screen *s, bool rtl)
{
	char path[PATH_MAX];
	const char *dir = getenv("PARVIS_SHOTS");
	if (!dir)
		return;
	snprintf(path, sizeof(path), "%s/%s-%ux%u-%s%u%s.png", dir, name, sizes[i].width,
		sizes[i].height, language_codes[s->language], s->text_percent, rtl ? "-rtl" : "");
	assert_int_equal(cairo_surface_write_to_png(surfaces[i], path), CAIRO_STATUS_SUCCESS);
	printf("# %s: type %.2f\n", path, render_page(renders[i])->type);
}

/* Every language, direction and size of text, in both themes. */
static void try_all(const char *name, struct screen s)
{
	for (size_t i = 0; i < SIZES; i++)
		for (unsigned n = 0; n < 12; n++) {
			bool rtl = n & 1;
			s.language = n & 2 ? LANGUAGE_EN : LANGUAGE_FR;
			s.text_percent = (uint16_t)(100 + 50 * (n / 4));
			s.theme = rtl ? THEME_CONTRAST : THEME_NIGHT;
			if (n == 0 || getenv("PARVIS_SHOTS"))
				render_screen(renders[i], &s, rtl, crs[i]);
			else
				render_layout(renders[i], &s, rtl);
			check_page(render_page(renders[i]), &sizes[i], name);
			save(i, name, &s, rtl);
		}
}

static const struct widget *widget_of(const struct page *p, enum control control)
{
	for (size_t i = 0; i < p->widget_count; i++)
		if (p->widgets[i].control == control)
			return &p->widgets[i];
	return NULL;
}

/* --- the fleet --- */

static const struct screen_venue evening[SCREEN_FLEET_MAX] = {
	{ "Numa", true, true, false, 174, 200, 0, 21, 34, 0, 0, 2, 0 },
	{ "Liberté Living Lab", false, true, false, 61, 120, 6, 14, 13, 0, 0, 1, 0 },
	{ "Schoollab", false, true, false, 90, 90, 9, 0, 3, 0, 0, 1, 0 },
	{ "La Ruche", false, true, false, 39, 80, 20, 12, 5, 0, 1, 1, 0 },
	{ "Superpublic", false, true, true, 42, 60, 22, 9, 9, 4, 23, 1, 0 },
	{ "OtherSpace", false, true, false, 18, 50, 31, 7, 2, 0, 2, 2, 1 },
	{ "Make.org", false, true, false, 73, 0, 35, 8, 9, 1, 0, 1, 0 },
	{ "SenseSpace", false, true, false, 31, 60, 41, 4, 5, 0, 0, 1, 0 },
	{ "Les Grands Voisins", false, true, true, 1122, 1300, 47, 31, 12, 135, 4120, 3, 3 },
	{ "LAI18", false, false, false, 0, 70, 58, 0, 0, 0, 0, 0, 0 },
};

/* A page of them, as the desk gives it: larger text, fewer rows. */
static struct screen a_page(const struct screen_venue *from, uint32_t total, uint16_t percent)
{
	struct screen s = a_screen(SCREEN_FLEET);
	s.text_percent = percent;
	s.list_total = total;
	s.list_rows = percent > 150 ? 4 : percent > 100 ? 6 : SCREEN_FLEET_MAX;
	s.fleet_count = (uint8_t)(total < s.list_rows ? total : s.list_rows);
	memcpy(s.fleet, from, s.fleet_count * sizeof(*from));
	s.fleet_total = (struct screen_fleet_total){ total, total - 1, 2, 1650, 2030 };
	return s;
}

/* As try_all(), with as many rows as each size of text has. */
static void try_pages(const char *name, const struct screen_venue *from, uint32_t total, bool later)
{
	for (uint16_t percent = 100; percent <= 200; percent = (uint16_t)(percent + 50))
		for (size_t i = 0; i < SIZES; i++)
			for (unsigned n = 0; n < 4; n++) {
				struct screen s = a_page(from, total, percent);
				bool rtl = n & 1;
				s.list_first = later ? s.list_rows * 3 : 0;
				s.language = n & 2 ? LANGUAGE_EN : LANGUAGE_FR;
				s.theme = rtl ? THEME_CONTRAST : THEME_NIGHT;
				render_screen(renders[i], &s, rtl, crs[i]);
				check_page(render_page(renders[i]), &sizes[i], name);
				save(i, name, &s, rtl);
			}
}

static void every_venue_fits(void **state)
{
	(void)state;
	try_pages("fleet", evening, SCREEN_FLEET_MAX, false);
	try_pages("fleet-three", evening, 3, false);
	try_pages("fleet-many", evening, 10000, true);
}

static void hostile_venues_fit(void **state)
{
	static struct screen_venue v[SCREEN_FLEET_MAX];
	(void)state;
	for (size_t i = 0; i < SCREEN_FLEET_MAX; i++)
		v[i] = (struct screen_venue){
			.name = i % 2 ? "Wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
				      : "دار الثقافة والفنون المعاصرة بباريس وضواحيها",
			.known = true,
			.stale = i % 3,
			.present = i % 2 ? INT64_MAX : INT64_MIN,
			.capacity_seats = i % 4 ? UINT32_MAX : 1,
			.walk_min = UINT32_MAX,
			.last_ten = UINT64_MAX,
			.ten_before = i % 2 ? UINT64_MAX : 0,
			.age_min = UINT32_MAX,
			.queued = UINT32_MAX,
			.boxes = UINT8_MAX,
			.boxes_lost = UINT8_MAX,
		};
	try_pages("fleet-hostile", v, 10000, true);
}

/* The pages before and after are offered where there are any. */
static void pages_are_turned_where_there_are_more(void **state)
{
	static const struct {
		uint32_t first, total;
		bool earlier, later;
	} cases[] = { { 0, 10, false, false }, { 0, 11, false, true }, { 10, 20, true, false },
		{ 10, 21, true, true } };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct screen s = a_page(evening, cases[i].total, 100);
		s.list_first = cases[i].first;
		render_layout(renders[0], &s, false);
		const struct page *p = render_page(renders[0]);
		assert_non_null(widget_of(p, CONTROL_BACK));
		assert_int_equal(widget_of(p, CONTROL_EARLIER) != NULL, cases[i].earlier);
		assert_int_equal(widget_of(p, CONTROL_LATER) != NULL, cases[i].later);
	}
}

/* --- the sync --- */

static const struct {
	const char *name;
	struct link_status link;
} links[] = {
	{ "up", { .state = LINK_UP, .collector = true } },
	{ "local", { .state = LINK_UP, .local = true, .queued = 3, .oldest_ms = NOW_MS - 5000 } },
	{ "alone", { .state = LINK_UP, .queued = 12, .oldest_ms = NOW_MS - 9 * MINUTE_MS } },
	{ "down", { .state = LINK_DOWN,
			  .queued = 23,
			  .oldest_ms = NOW_MS - 4 * MINUTE_MS,
			  .since_ms = NOW_MS - 4 * MINUTE_MS } },
	{ "no_ack", { .state = LINK_NO_ACK,
			    .queued = 1123,
			    .oldest_ms = NOW_MS - 500 * MINUTE_MS,
			    .since_ms = NOW_MS - 500 * MINUTE_MS } },
	{ "refused", { .state = LINK_REFUSED, .queued = 1, .since_ms = NOW_MS } },
	{ "clock", { .state = LINK_UP, .collector = true, .clock_off_ms = 3 * MINUTE_MS } },
	{ "all", { .state = LINK_REFUSED,
			 .queued = UINT64_MAX,
			 .oldest_ms = 1,
			 .clock_off_ms = INT64_MIN,
			 .twin = true } },
};

static void the_sync_is_told_to_volunteers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		char name[64];
		struct screen s = a_screen(SCREEN_HEADCOUNT);
		s.link = links[i].link;
		s.pair_total = i % 2 ? 1234 : 0;
		s.faults = i == 3 ? FAULT_LAMPS : 0;
		snprintf(name, sizeof(name), "headcount-%s", links[i].name);
		try_all(name, s);
	}
}

/* --- pairs --- */

static void pairs_fit(void **state)
{
	(void)state;
	for (uint32_t total = 1; total <= 1000; total = total * 10 + 2) {
		struct screen s = a_screen(SCREEN_PAIRS);
		s.pair_total = total;
		s.list_total = total < SCREEN_PAIRS_MAX ? total : SCREEN_PAIRS_MAX;
		s.list_rows = 3;
		s.pair_count = (uint8_t)(s.list_total < 3 ? s.list_total : 3);
		for (unsigned i = 0; i < s.pair_count; i++) {
			struct screen_pair *pair = &s.pairs[i];
			pair->first = (struct when){ NOW_MS - 9 * MINUTE_MS, 0, TRUST_SYNCED };
			pair->second = (struct when){ NOW_MS, 0, i ? TRUST_SYNCED : TRUST_UNSET };
			strcpy(pair->first_door, "nord");
			strcpy(pair->second_door, i == 1 ? "cour-des-expositions-tempo" : "sud");
		}
		char name[64];
		snprintf(name, sizeof(name), "pairs-%u", total);
		try_all(name, s);
		render_layout(renders[0], &s, false);
		assert_non_null(widget_of(render_page(renders[0]), CONTROL_MINUS));
	}
}

/* --- the stick --- */

static void the_stick_is_told_in_words(void **state)
{
	(void)state;
	for (int i = 0; i < STICK_STATES; i++) {
		char name[64];
		struct screen s = a_screen(SCREEN_STICK);
		s.stick = (struct stick_status){ (enum stick_state)i, 12345, 98765, 12345, NOW_MS };
		snprintf(name, sizeof(name), "stick-%s", stick_names[i]);
		try_all(name, s);
		render_layout(renders[0], &s, false);
		bool offers = widget_of(render_page(renders[0]), CONTROL_COPY) != NULL;
		bool can = i != STICK_NONE && i != STICK_COPYING && i != STICK_MIRROR &&
			   i != STICK_STRANGE;
		assert_int_equal(offers, can);
		s.id = SCREEN_HEADCOUNT;
		s.pair_total = i == STICK_MIRROR ? 3 : 0;
		snprintf(name, sizeof(name), "headcount-stick-%s", stick_names[i]);
		try_all(name, s);
		render_layout(renders[0], &s, false);
		assert_int_equal(
			widget_of(render_page(renders[0]), CONTROL_STICK) != NULL, i != STICK_NONE);
	}
}

/* --- the log as codes --- */

static void figures_and_log_are_shown_as_codes(void **state)
{
	static const char *const names[] = { "counts", "sealing", "shown", "failed" };
	uint8_t file[2 * SERIES_PAYLOAD], id[SERIES_ID_SIZE];
	(void)state;
	for (size_t i = 0; i < sizeof(file); i++)
		file[i] = (uint8_t)(i * 7919 >> 3);
	series_id(file, sizeof(file), id);
	for (int i = 0; i < SERIES_STATES; i++) {
		char name[64];
		struct screen s = a_screen(SCREEN_SERIES);
		s.series = (struct screen_series){ (enum screen_series_state)i, 840, 1234, 12, 350,
			"" };
		series_write(file, sizeof(file), id, 0, s.series.text);
		snprintf(name, sizeof(name), "series-%s", names[i]);
		try_all(name, s);
		render_layout(renders[0], &s, false);
		bool offers = widget_of(render_page(renders[0]), CONTROL_SHOW) != NULL;
		assert_int_equal(offers, i == SERIES_COUNTS || i == SERIES_FAILED);
	}
}

/* --- where there is room --- */

static void a_full_house_says_where_there_is_room(void **state)
{
	struct screen s = a_screen(SCREEN_RESULT);
	(void)state;
	s.verdict = VERDICT_FULL;
	s.can_override = true;
	s.left_permille = 550;
	try_all("full", s);
	s.place = (struct screen_place){ "La Ruche", "84 quai de Jemmapes, 75010 Paris", 48.87155,
		2.36470, 20 };
	s.place_known = true;
	s.place_free = 41;
	try_all("full-room", s);
	s.place_no_limit = true;
	s.place.lat = s.place.lon = 0;
	s.place.walk_min = 0;
	try_all("full-nolimit", s);
	s.verdict = VERDICT_WRONG_VENUE;
	s.place_no_limit = false;
	s.place.lat = 48.87155;
	s.place.lon = 2.36470;
	s.place.walk_min = 20;
	try_all("wrong-free", s);
	s.place_free = 0;
	try_all("wrong-full", s);
}

/* As tests/screens/lsan.supp, for a run by hand. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\nleak:libpango\n";
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_venue_fits),
		cmocka_unit_test(hostile_venues_fit),
		cmocka_unit_test(pages_are_turned_where_there_are_more),
		cmocka_unit_test(the_sync_is_told_to_volunteers),
		cmocka_unit_test(pairs_fit),
		cmocka_unit_test(the_stick_is_told_in_words),
		cmocka_unit_test(figures_and_log_are_shown_as_codes),
		cmocka_unit_test(a_full_house_says_where_there_is_room),
	};
	return cmocka_run_group_tests(tests, open_all, close_all);
}
