/* Every screen, in every language, size, text size, theme and direction: nothing clipped, nothing
 * over anything else, everything large enough to touch, told in words and readable. */
#include "ui/chime.h"
#include "ui/draw.h"
#include "ui/render.h"
#include "ui/touch.h"
#include "ui/ui.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* 8 December 2016, 19:42 in Paris. */
#define NOW_MS 1481222520000

#define HOSTILE_NAMES 9

static const char *const hostile_names[HOSTILE_NAMES] = {
	"\u202eanimA\u202c\u2066\u2067",
	"😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀",
	"A\nB\r\nC\tD\x1b[31mE",
	"Z\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309\u030a\u030b\u030c\u030d\u030ea",
	"Wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww",
	"شهرزاد بنت عبد الرحمن",
	"\xff\xfe\xc3(",
	"%s%n%1$s%99$s",
	"ᠮᠣᠩᠭᠣᠯ தமிழ் 王秀英 ភាសាខ្មែរ",
};

static struct screen a_screen(void)
{
	static const uint32_t arrivals[] = { 3, 9, 25, 42, 52, 45, 31, 18 };
	struct screen s;
	memset(&s, 0, sizeof(s));
	s.text_percent = 100;
	s.event_title = "Nuit de la CivicTech";
	s.venue_name = "Les Grands Voisins";
	s.venue_address = "82 avenue Denfert-Rochereau, 75014 Paris";
	s.debate = "Les espaces de co-working, des lieux d’expérimentation de la citoyenneté ?";
	s.door = "nord";
	s.system_version = "0.1.0+20261122142022";
	s.now = (struct when){ NOW_MS, 1000, TRUST_SYNCED };
	s.languages = (1U << LANGUAGE_COUNT) - 1;
	s.capacity_seats = 1300;
	s.registered = 1230;
	s.registered_in = 1151;
	s.count.in = 1191;
	s.count.out = 17;
	s.count.walk_ins = 140;
	s.count.refused = 1066;
	s.count.peak_present = 1181;
	s.count.peak_ms = NOW_MS - 60000;
	s.count.arrivals_start_ms = NOW_MS - 42 * 60000;
	memcpy(s.count.arrivals, arrivals, sizeof(arrivals));
	return s;
}

static struct screen a_result(enum verdict verdict)
{
	struct screen s = a_screen();
	s.id = SCREEN_RESULT;
	s.verdict = verdict;
	s.staff = s.time_doubt = true;
	s.overridden = verdict == VERDICT_ADMIT;
	strcpy(s.name, "Marie-Antoinette");
	s.entry_number = 1129;
	s.prior = (struct when){ NOW_MS - 3600 * 1000, 0, TRUST_SYNCED };
	strcpy(s.prior_door, "nord");
	s.prior_venue = verdict == VERDICT_MOVED ? "OtherSpace" : NULL;
	s.limit = (struct when){ NOW_MS + 86400 * 1000, 0, TRUST_SYNCED };
	s.place = (struct screen_place){ "Les Grands Voisins",
		"82 avenue Denfert-Rochereau, 75014 Paris", 48.83772, 2.33212, 47 };
	s.can_override = verdict == VERDICT_WRONG_VENUE || verdict == VERDICT_FULL;
	s.left_permille = 550;
	return s;
}

/* --- what must hold of any page --- */

static bool overlap(struct box a, struct box b)
{
	return a.x < b.x + b.w - 0.01 && b.x < a.x + a.w - 0.01 && a.y < b.y + b.h - 0.01 &&
	       b.y < a.y + a.h - 0.01;
}

static void check_widget(const struct page *p, const struct widget *w, double width, double height)
{
	double least =
		75 * p->unit; /* the tightest key of the PIN pad at its design size: 88 − 12 */
	assert_true(w->control > CONTROL_NONE && w->control < CONTROL_COUNT);
	assert_true(w->target.x >= -0.01 && w->target.y >= -0.01);
	assert_true(w->target.x + w->target.w <= width + 0.51);
	assert_true(w->target.y + w->target.h <= height + 0.51);
	bool letter = w->control >= CONTROL_KEY_0 && w->control <= CONTROL_VARIANT_LAST;
	assert_true(w->target.w >= (letter ? KEY_LEAST_WIDTH * p->unit - 0.01 : least) &&
		    w->target.h >= least);
	assert_true(w->label[0] && w->spoken[0]);
}

static void check_page(const struct page *p, double width, double height)
{
	const struct screen *s = p->screen;
	if (p->overflow)
		fail_msg("screen %d, verdict %s, language %d, %.0f×%.0f, %u %%: clipped: %s",
			(int)s->id, verdict_names[s->verdict], (int)s->language, width, height,
			s->text_percent, p->overflowed);
	for (size_t i = 0; i < p->widget_count; i++) {
		check_widget(p, &p->widgets[i], width, height);
		for (size_t j = i + 1; j < p->widget_count; j++) {
			assert_int_not_equal(p->widgets[i].control, p->widgets[j].control);
			if (overlap(p->widgets[i].target, p->widgets[j].target))
				fail_msg("screen %d: “%s” lies over “%s”", (int)s->id,
					p->widgets[i].label, p->widgets[j].label);
		}
	}
	if (p->least_contrast < (s->theme == THEME_CONTRAST ? 20 : 4.5))
		fail_msg("screen %d, verdict %s: text at a contrast of %.2f", (int)s->id,
			verdict_names[s->verdict], p->least_contrast);
	assert_true(p->type >= 0.3);
}

/* --- every combination --- */

static const struct size {
	uint32_t width, height;
} sizes[] = { { 1280, 800 }, { 800, 480 }, { 720, 1280 } };

/* One kiosk of each size for the whole run: fonts are loaded once. */
struct bench {
	struct render *render[3];
	cairo_surface_t *surface[3];
	cairo_t *cr[3];
};

static int open_all(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	setenv("TZ", "Europe/Paris", 1);
	for (size_t i = 0; i < 3; i++) {
		b->surface[i] = cairo_image_surface_create(
			CAIRO_FORMAT_RGB24, (int)sizes[i].width, (int)sizes[i].height);
		b->cr[i] = cairo_create(b->surface[i]);
		if (render_open(&b->render[i], sizes[i].width, sizes[i].height, "assets"))
			return -1;
	}
	*state = b;
	return 0;
}

static int close_all(void **state)
{
	struct bench *b = *state;
	for (size_t i = 0; i < 3; i++) {
		render_close(b->render[i]);
		cairo_destroy(b->cr[i]);
		cairo_surface_destroy(b->surface[i]);
	}
	free(b);
	return 0;
}

/* Drawn once in each size, and otherwise laid out, which goes through the same calls. The theme is
 * the innermost loop: the fit does not depend on it. */
static void try_all(struct bench *b, struct screen s)
{
	for (size_t i = 0; i < 3; i++)
		for (unsigned n = 0; n < LANGUAGE_COUNT * 3 * 2; n++) {
			s.language = (enum language)(n % LANGUAGE_COUNT);
			s.text_percent = (uint16_t)(100 + 50 * (n / LANGUAGE_COUNT % 3));
			bool rtl = n / LANGUAGE_COUNT / 3;
			for (int theme = 0; theme < THEME_COUNT; theme++) {
				s.theme = (enum theme)theme;
				if (n == 0)
					render_screen(b->render[i], &s, rtl, b->cr[i]);
				else
					render_layout(b->render[i], &s, rtl);
				check_page(
					render_page(b->render[i]), sizes[i].width, sizes[i].height);
			}
		}
}

static void every_verdict_fits(void **state)
{
	for (int v = 0; v < VERDICT_COUNT; v++)
		try_all(*state, a_result((enum verdict)v));
}

static void results_with_little_known_fit(void **state)
{
	for (int v = 0; v < VERDICT_COUNT; v++) {
		struct screen s = a_result((enum verdict)v);
		s.name[0] = s.prior_door[0] = '\0';
		s.prior = s.limit = (struct when){ 0 };
		s.prior_venue = NULL;
		s.place = (struct screen_place){ "", "", 0, 0, 0 };
		s.capacity_seats = 0;
		s.debate = "";
		s.walk_in = true;
		s.can_override = true;
		s.left_permille = 0;
		try_all(*state, s);
	}
}

static void the_scan_screen_fits(void **state)
{
	static const uint32_t faults[] = { 0, FAULT_LAMPS, FAULT_CAMERA,
		FAULT_DECODER | FAULT_CLOCK, FAULT_SCANNER,
		((1U << FAULT_BITS) - 1) & ~(uint32_t)FAULTS_STOP };
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		struct screen s = a_screen();
		s.faults = faults[i];
		s.camera = i % 2;
		s.scanner = true;
		s.capacity_seats = i % 3 ? 1300 : 0;
		s.now.trust = faults[i] & FAULT_CLOCK ? TRUST_UNSET : TRUST_SYNCED;
		try_all(*state, s);
	}
}

static void the_other_screens_fit(void **state)
{
	struct screen s = a_screen();
	s.id = SCREEN_HELP;
	try_all(*state, s);
	s.faults = FAULT_ROSTER;
	try_all(*state, s);
	s = a_screen();
	s.id = SCREEN_HEADCOUNT;
	try_all(*state, s);
	s.can_undo = true;
	s.faults = FAULT_LAMPS | FAULT_SOUND | FAULT_BUTTONS;
	s.count.arrivals[40] = 1;
	try_all(*state, s);
	memset(&s.count, 0, sizeof(s.count));
	s.capacity_seats = 0;
	s.registered = 0;
	try_all(*state, s);
}

static void the_pin_screen_fits(void **state)
{
	for (int pin = PIN_TYPING; pin <= PIN_NOT_SET; pin++) {
		struct screen s = a_screen();
		s.id = SCREEN_PIN;
		s.pin = (enum pin_state)pin;
		s.pin_digits = (uint8_t)(pin * 3);
		s.pin_wait_s = 65535;
		s.pin_for_override = pin == PIN_TYPING;
		try_all(*state, s);
	}
}

static void the_fault_screen_fits(void **state)
{
	static const uint32_t faults[] = { FAULT_STORE_FULL, FAULT_STORE_READ_ONLY,
		FAULT_STORE_BROKEN, (1U << FAULT_BITS) - 1, FAULT_CAMERA, 0 };
	for (size_t i = 0; i < ARRAY_LEN(faults); i++) {
		struct screen s = a_screen();
		s.id = SCREEN_FAULT;
		s.faults = faults[i];
		try_all(*state, s);
	}
}

static const struct screen_box a_door = { "Nuit de la #CivicTech", "Les Grands Voisins",
	"cour-des-expositions-temporaires", 1230, 123456789, "MZXW-6YTB" };

static void the_adopt_screen_fits(void **state)
{
	for (int adopt = 0; adopt < SCREEN_ADOPT_STATES; adopt++) {
		struct screen s = a_screen();
		s.id = SCREEN_ADOPT;
		s.adopt = (enum screen_adopt_state)adopt;
		s.offer = a_door;
		s.offer_file = "les-grands-voisins-cour-des-expositions.parvis";
		s.offer_at = 3;
		s.offer_of = 15;
		s.adopt_s = 60;
		s.box = a_door;
		try_all(*state, s);
		s.box = s.offer = (struct screen_box){ 0 };
		s.offer_file = NULL;
		s.adopt_s = s.offer_of = 0;
		try_all(*state, s);
	}
}

/* So that boxes can be compared: a volunteer finds the bundle and the system under the figures. */
static void the_headcount_tells_the_bundle(void **state)
{
	struct screen s = a_screen();
	s.id = SCREEN_HEADCOUNT;
	s.can_undo = true;
	s.box = a_door;
	try_all(*state, s);
}

/* What a touch can do follows from what is shown. */
static void only_a_good_bundle_can_be_adopted(void **state)
{
	struct bench *b = *state;
	for (int adopt = 0; adopt < SCREEN_ADOPT_STATES; adopt++) {
		struct screen s = a_screen();
		s.id = SCREEN_ADOPT;
		s.adopt = (enum screen_adopt_state)adopt;
		s.offer = a_door;
		render_layout(b->render[0], &s, false);
		const struct page *p = render_page(b->render[0]);
		bool can_adopt = false, can_keep = false;
		for (size_t i = 0; i < p->widget_count; i++) {
			can_adopt = can_adopt || p->widgets[i].control == CONTROL_ADOPT;
			can_keep = can_keep || p->widgets[i].control == CONTROL_KEEP;
		}
		assert_int_equal(can_adopt, adopt == SCREEN_ADOPT_ASK);
		assert_false(can_keep); /* there is nothing to keep */
	}
}

static struct screen_found a_found(unsigned i)
{
	struct screen_found f = { .state = (enum screen_found_state)(i % FOUND_STATES),
		.at = { NOW_MS - 3600 * 1000, 0, i % 3 ? TRUST_SYNCED : TRUST_UNSET },
		.venue = i % 2 ? "Les Grands Voisins" : NULL };
	strcpy(f.name, "Marie-Antoinette de Saint-Just d’Haberville");
	strcpy(f.type, i ? "Délégation de l’Open Government Partnership" : "");
	strcpy(f.door, i ? "cour-des-expositions" : "");
	return f;
}

static void the_search_screen_fits(void **state)
{
	for (unsigned count = 0; count <= SCREEN_FOUND_MAX; count += 4) {
		struct screen s = a_screen();
		s.id = SCREEN_SEARCH;
		keyboard_reset(&s.keyboard, LANGUAGE_FR);
		if (count)
			strcpy(s.keyboard.text, "Marie-Antoinette de Saint-Just d’Haberville");
		s.found_count = (uint8_t)count;
		s.found_total = count * 1000;
		for (unsigned i = 0; i < count; i++)
			s.found[i] = a_found(i);
		try_all(*state, s);
		s.found_list = count;
		try_all(*state, s);
	}
	struct screen s = a_screen();
	s.id = SCREEN_SEARCH;
	keyboard_reset(&s.keyboard, LANGUAGE_FR);
	s.keyboard.layout = KEYBOARD_ARABIC;
	(void)keyboard_hold(&s.keyboard, 0, 0);
	try_all(*state, s);
	s.found_list = true;
	s.found_count = HOSTILE_NAMES < SCREEN_FOUND_MAX ? HOSTILE_NAMES : SCREEN_FOUND_MAX;
	s.found_total = s.found_count;
	for (size_t i = 0; i < s.found_count; i++)
		strncpy(s.found[i].name, hostile_names[i], TICKET_NAME_SIZE - 1);
	try_all(*state, s);
}

/* What is listed can be touched, one target each; what is not searched yet cannot. */
static void those_found_can_be_touched(void **state)
{
	struct bench *b = *state;
	struct screen s = a_screen();
	s.id = SCREEN_SEARCH;
	s.found_count = 5;
	s.found_total = 5;
	s.found_pending = true;
	for (unsigned i = 0; i < 5; i++)
		s.found[i] = a_found(i);
	for (int shown = 0; shown < 3; shown++) {
		unsigned targets = 0, find = 0;
		render_layout(b->render[0], &s, false);
		const struct page *p = render_page(b->render[0]);
		for (size_t i = 0; i < p->widget_count; i++) {
			enum control c = p->widgets[i].control;
			targets += c >= CONTROL_FOUND_0 && c <= CONTROL_FOUND_LAST;
			find += c == CONTROL_FIND;
		}
		assert_int_equal(targets, shown == 2 ? 5 : 0);
		assert_int_equal(find, shown == 1);
		s.found_pending = false;
		s.found_list = shown == 1;
	}
}

static void the_headcount_offers_the_search(void **state)
{
	struct screen s = a_screen();
	s.id = SCREEN_HEADCOUNT;
	s.can_search = s.can_undo = true;
	s.box = a_door;
	try_all(*state, s);
}

static void hostile_names_fit(void **state)
{
	for (size_t i = 0; i < HOSTILE_NAMES; i++) {
		struct screen s = a_result(i % 2 ? VERDICT_ADMIT : VERDICT_MOVED);
		strncpy(s.name, hostile_names[i], sizeof(s.name) - 1);
		s.prior_venue = s.venue_name = hostile_names[i];
		try_all(*state, s);
		s = a_result(VERDICT_WRONG_VENUE);
		s.place.name = hostile_names[i];
		try_all(*state, s);
	}
}

static void odd_sizes_fit(void **state)
{
	static const struct size odd[] = { { 640, 400 }, { 400, 640 }, { 3840, 2160 },
		{ 1024, 1024 }, { 3840, 640 }, { 1080, 1920 } };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		struct ui *u;
		struct ui_setup setup = { .width = odd[i].width,
			.height = odd[i].height,
			.offscreen = true,
			.assets = "assets" };
		assert_int_equal(ui_open(&u, &setup), 0);
		for (int id = 0; id < SCREEN_ID_COUNT; id++) {
			struct screen s = a_result(VERDICT_WRONG_VENUE);
			s.id = (enum screen_id)id;
			ui_draw(u, &s, 0);
			if (ui_clipped(u))
				fail_msg("%u×%u, screen %d: %s", odd[i].width, odd[i].height, id,
					ui_clipped(u));
		}
		ui_close(u);
	}
}

/* --- what is said --- */

static void names_are_cleaned(void **state)
{
	static const struct {
		const char *in, *out;
	} names[] = {
		{ "Amina", "Amina" },
		{ "  Jean \n Paul ", "Jean Paul" },
		{ "\u202eanimA\u2066", "animA" },
		{ "😀 Zoé 🎉", "Zoé" },
		{ "😀", "" },
		{ "\xff\xfe", "" },
		{ "e\u0301\u0302\u0303\u0304", "e\u0301\u0302" },
		{ "\u0301abc", "abc" },
		{ "王秀英", "王秀英" },
	};
	char out[TICKET_NAME_SIZE];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		string_clean(out, sizeof(out), names[i].in);
		assert_string_equal(out, names[i].out);
	}
	string_clean(out, 4, "éééé");
	assert_string_equal(out, "é");
}

static void strings_are_filled(void **state)
{
	const char *const args[] = { "12", "b" };
	char out[STRING_SIZE];
	(void)state;
	string_fill(out, sizeof(out), "%2$s: %1$s %% %3$s", args, 2);
	assert_string_equal(out, "\u2068b\u2069: 12 % ");
	string_fill(out, 4, "éé%1$s", args, 2);
	assert_string_equal(out, "é");
	string_number(out, sizeof(out), LANGUAGE_FR, 1234567);
	assert_string_equal(out, "1\u202f234\u202f567");
	string_number(out, sizeof(out), LANGUAGE_EN, -1130);
	assert_string_equal(out, "−1,130");
	string_number(out, sizeof(out), LANGUAGE_EN, INT64_MIN);
	assert_string_equal(out, "−9,223,372,036,854,775,808");
	assert_string_equal(string_plural(LANGUAGE_FR, STRING_SCAN_PEOPLE, 0), "personne ici");
	assert_string_equal(string_plural(LANGUAGE_FR, STRING_SCAN_PEOPLE, 2), "personnes ici");
	assert_string_equal(string_plural(LANGUAGE_EN, STRING_SCAN_PEOPLE, 0), "people here");
	string_day_time(out, sizeof(out), LANGUAGE_FR, NOW_MS);
	assert_non_null(strstr(out, "19:42"));
	assert_non_null(strstr(out, "décembre"));
}

static void french_contracts(void **state)
{
	static const char *const from[][2] = { { "La Ruche", "de La Ruche" },
		{ "OtherSpace", "d’OtherSpace" }, { "Les Grands Voisins", "des Grands Voisins" },
		{ "Le Square", "du Square" }, { "", "de " } };
	char out[STRING_SIZE];
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(from); i++) {
		string_from_place(out, sizeof(out), LANGUAGE_FR, from[i][0]);
		assert_string_equal(out, from[i][1]);
	}
	string_from_place(out, sizeof(out), LANGUAGE_EN, "Les Halles");
	assert_string_equal(out, "Les Halles");
}

/* No space that a line may break at before the high punctuation, nor typewriter apostrophes. */
static void french_is_set_well(void **state)
{
	static const char *const wrong[] = { " :", " ;", " !", " ?", " %%", "« ", " »", "'" };
	(void)state;
	for (int id = 0; id < STRING_COUNT; id++)
		for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
			if (strstr(string_of(LANGUAGE_FR, (enum string)id), wrong[i]))
				fail_msg("“%s” has “%s”", string_of(LANGUAGE_FR, (enum string)id),
					wrong[i]);
}

/* --- what is touched --- */

static struct ui *an_offscreen(bool panel)
{
	struct ui *u;
	struct ui_setup setup = {
		.width = 1280, .height = 800, .offscreen = true, .panel = panel, .assets = "assets"
	};
	assert_int_equal(ui_open(&u, &setup), 0);
	return u;
}

static void controls_are_found_by_name(void **state)
{
	struct ui *u = an_offscreen(false);
	struct screen s = a_screen();
	(void)state;
	ui_draw(u, &s, 0);
	assert_int_equal(ui_control_named(u, "Je n’ai pas de billet"), CONTROL_NO_TICKET);
	assert_int_equal(ui_control_named(u, "JE N'AI PAS\u00a0DE BILLET"), CONTROL_NO_TICKET);
	assert_int_equal(ui_control_named(u, "je n'ai"), CONTROL_NO_TICKET);
	assert_int_equal(ui_control_named(u, "aide"), CONTROL_HELP);
	assert_int_equal(ui_control_named(u, "BÉNÉVOLE"), CONTROL_STAFF);
	assert_int_equal(ui_control_named(u, "English"), CONTROL_LANGUAGE_0 + (int)LANGUAGE_EN);
	assert_int_equal(ui_control_named(u, "Taille du texte, maintenant 100 pour cent"),
		CONTROL_TEXT_SIZE);
	assert_int_equal(ui_control_named(u, "a bas"), CONTROL_NONE);
	assert_int_equal(ui_control_named(u, ""), CONTROL_NONE);
	assert_int_equal(ui_control_named(u, "\xff"), CONTROL_NONE);
	assert_non_null(ui_spoken(u, CONTROL_HELP));
	assert_null(ui_spoken(u, CONTROL_UNDO));
	s.id = SCREEN_HEADCOUNT;
	s.can_undo = true;
	ui_draw(u, &s, 0);
	assert_int_equal(ui_control_named(u, "- 1"), CONTROL_MINUS);
	assert_int_equal(ui_control_named(u, "Annuler le dernier"), CONTROL_UNDO);
	ui_close(u);
}

/* Two labels that begin alike are not guessed between. */
static void a_prefix_of_two_names_neither(void **state)
{
	struct ui *u = an_offscreen(false);
	struct screen s = a_screen();
	(void)state;
	s.language = LANGUAGE_EN;
	s.id = SCREEN_PIN;
	ui_draw(u, &s, 0);
	assert_int_equal(ui_control_named(u, "E"), CONTROL_ERASE); /* Erase; Confirm is the other */
	assert_int_equal(ui_control_named(u, "1"), CONTROL_DIGIT_0 + 1);
	s.language = LANGUAGE_FR;
	s.id = SCREEN_RESULT;
	s.verdict = VERDICT_FULL;
	s.can_override = true;
	ui_draw(u, &s, 0);
	assert_int_equal(ui_control_named(u, "Entrer ici quand même"), CONTROL_OVERRIDE);
	s.id = SCREEN_SCAN;
	ui_draw(u, &s, 0);
	assert_int_equal(ui_control_named(u, "Contraste"), CONTROL_CONTRAST);
	s.id = SCREEN_HELP;
	ui_draw(u, &s, 0);
	assert_int_equal(ui_control_named(u, "T"), CONTROL_TEXT_SIZE);
	s.id = SCREEN_HEADCOUNT;
	s.can_undo = true;
	ui_draw(u, &s, 0);
	assert_int_equal(ui_control_named(u, "A"), CONTROL_NONE); /* Ajouter …, Annuler … */
	ui_close(u);
}

static void points_find_controls(void **state)
{
	struct ui *u = an_offscreen(false);
	struct screen s = a_screen();
	enum control order[PAGE_WIDGETS];
	(void)state;
	ui_draw(u, &s, 0);
	assert_int_equal(ui_control_at(u, 60, 700), CONTROL_NO_TICKET);
	assert_int_equal(ui_control_at(u, 5, 5), CONTROL_NONE);
	assert_int_equal(ui_control_at(u, -1, 700), CONTROL_NONE);
	assert_int_equal(ui_control_at(u, 100000, 700), CONTROL_NONE);
	assert_int_equal(ui_controls(u, order, PAGE_WIDGETS), 7);
	assert_int_equal(order[0], CONTROL_NO_TICKET);
	assert_int_equal(order[1], CONTROL_HELP);
	assert_int_equal(order[6], CONTROL_STAFF);
	assert_int_equal(ui_controls(u, order, 0), 7);
	assert_int_equal(ui_fd(u), -1);
	assert_int_equal(ui_poll(u).kind, UI_NOTHING);
	ui_close(u);
}

static void right_to_left_mirrors(void **state)
{
	struct bench *b = *state;
	struct screen s = a_screen();
	struct widget ltr[PAGE_WIDGETS];
	render_screen(b->render[0], &s, false, b->cr[0]);
	const struct page *p = render_page(b->render[0]);
	size_t n = p->widget_count;
	memcpy(ltr, p->widgets, sizeof(ltr));
	render_screen(b->render[0], &s, true, b->cr[0]);
	assert_int_equal(p->widget_count, n);
	for (size_t i = 0; i < n; i++) {
		struct box l = ltr[i].target, r = p->widgets[i].target;
		assert_int_equal(ltr[i].control, p->widgets[i].control);
		assert_true(l.x + l.w + r.x > 1279.5 && l.x + l.w + r.x < 1280.5);
		assert_true(l.y <= r.y && r.y <= l.y);
	}
}

static void a_touch_acts_where_it_began(void **state)
{
	struct touch t = { CONTROL_NONE, 0 };
	(void)state;
	assert_false(
		touch_release(&t, CONTROL_OK, 0)); /* pressed elsewhere, or before this screen */
	touch_press(&t, CONTROL_OK, 0, 0);
	assert_true(touch_release(&t, CONTROL_OK, 0));
	assert_false(touch_release(&t, CONTROL_OK, 0)); /* once */
	touch_press(&t, CONTROL_OK, 0, 0);
	assert_false(touch_release(&t, CONTROL_HELP, 0)); /* slid onto another */
	touch_press(&t, CONTROL_OK, 0, 0);
	assert_false(touch_release(&t, CONTROL_NONE, 0)); /* slid off */
	touch_press(&t, CONTROL_NONE, 0, 0);
	assert_false(touch_release(&t, CONTROL_NONE, 0)); /* nothing was there */
	touch_press(&t, CONTROL_NONE, 2, 0);
	assert_true(touch_release(&t, CONTROL_NONE, 2));
	touch_press(&t, CONTROL_NONE, 2, 0);
	assert_false(touch_release(&t, CONTROL_NONE, 3));
}

static void sizes_out_of_range_are_refused(void **state)
{
	static const struct size bad[] = { { 0, 0 }, { 639, 400 }, { 640, 399 }, { 3841, 2160 },
		{ 3840, 2161 }, { 400, 400 }, { 100000, 100000 } };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct ui *u = NULL;
		struct ui_setup setup = { .width = bad[i].width,
			.height = bad[i].height,
			.offscreen = true,
			.assets = "assets" };
		assert_int_equal(ui_open(&u, &setup), -EINVAL);
		assert_null(u);
	}
	ui_close(NULL);
}

/* --- pictures --- */

static uint32_t pixel(const char *path, int x, int y)
{
	cairo_surface_t *s = cairo_image_surface_create_from_png(path);
	assert_int_equal(cairo_surface_status(s), CAIRO_STATUS_SUCCESS);
	uint32_t out;
	memcpy(&out,
		cairo_image_surface_get_data(s) + y * cairo_image_surface_get_stride(s) + 4 * x, 4);
	cairo_surface_destroy(s);
	return out & 0xffffff;
}

/* The left half of the frame is bright: a mirror shows it on the left of who looks into it, which
 * is the right of the picture. */
static void the_viewfinder_is_a_mirror(void **state)
{
	char dir[] = "/tmp/parvis-screens-XXXXXX", path[64];
	struct ui *u = an_offscreen(false);
	struct screen s = a_screen();
	static uint8_t grey[480 * 700];
	struct ui_frame frame = { grey, 640, 480, 700 };
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/shot.png", dir);
	for (size_t i = 0; i < sizeof(grey); i++)
		grey[i] = i % 700 < 320 ? 0xee : 0x11;
	s.camera = true;
	ui_frame(u, &frame);
	memset(grey, 0x77, sizeof(grey)); /* the frame was copied */
	ui_draw(u, &s, 0);
	assert_int_equal(ui_shot(u, path), 0);
	assert_int_equal(pixel(path, 120, 374), 0x111111);
	assert_int_equal(pixel(path, 680, 374), 0xeeeeee);
	/* A code on the right of the frame is framed on the left. */
	s.corners_seen = true;
	static const float corners[4][2] = { { 0.7f, 0.4f }, { 0.9f, 0.4f }, { 0.9f, 0.6f },
		{ 0.7f, 0.6f } };
	memcpy(s.corners, corners, sizeof(corners));
	ui_draw(u, &s, 0);
	assert_int_equal(ui_shot(u, path), 0);
	assert_int_equal(pixel(path, 400 - (int)(0.3 * 720), 374 - 54), 0xffffff);
	ui_frame(u, NULL);
	s.corners_seen = false;
	ui_draw(u, &s, 0);
	assert_int_equal(ui_shot(u, path), 0);
	assert_int_not_equal(pixel(path, 680, 374), 0xeeeeee);
	unlink(path);
	rmdir(dir);
	ui_close(u);
}

/* A picture that stays must not stay when what it shows has changed, even behind the same pointer.
 */
static void a_change_is_drawn(void **state)
{
	char dir[] = "/tmp/parvis-screens-XXXXXX", path[64], name[16] = "Numa";
	struct ui *u = an_offscreen(true);
	struct screen s = a_result(VERDICT_ADMIT);
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/shot.png", dir);
	ui_draw(u, &s, 0);
	assert_int_equal(ui_shot(u, path), 0);
	assert_int_equal(pixel(path, 100, 795), 0xffffff);
	assert_int_equal(pixel(path, 1000, 795), 0x0a6b38);
	assert_int_not_equal(pixel(path, 1300, 100), 0x0a6b38); /* the panel */
	uint32_t dark = pixel(path, 1330, 102);
	s.left_permille = 900;
	ui_draw(u, &s, LAMP_GREEN);
	assert_int_equal(ui_shot(u, path), 0);
	assert_int_equal(pixel(path, 1000, 795), 0xffffff);
	assert_int_not_equal(pixel(path, 1330, 102), dark);
	s.verdict = VERDICT_UNKNOWN;
	ui_draw(u, &s, 0);
	assert_int_equal(ui_shot(u, path), 0);
	assert_int_equal(pixel(path, 10, 10), 0xb3141a);
	s = a_screen();
	s.venue_name = name;
	ui_draw(u, &s, 0);
	strcpy(name, "Wwwwwwwwww");
	ui_draw(u, &s, 0);
	assert_int_equal(ui_shot(u, path), 0);
	assert_null(ui_clipped(u));
	unlink(path);
	rmdir(dir);
	ui_close(u);
}

static void a_shot_is_whole_or_not_there(void **state)
{
	struct ui *u = an_offscreen(false);
	struct screen s = a_screen();
	(void)state;
	ui_draw(u, &s, 0);
	assert_int_equal(ui_shot(u, "/nonexistent/shot.png"), -ENOENT);
	assert_true(ui_shot(u, "/proc/shot.png") < 0);
	assert_false(ui_mute(u));
	ui_chime(u, CHIME_WELCOME); /* silent: there is no sound offscreen */
	ui_close(u);
}

/* --- sounds --- */

static void every_chime_sounds_and_is_its_own(void **state)
{
	static int16_t samples[2][80000];
	(void)state;
	assert_int_equal(chime_samples(CHIME_NONE, samples[0], ARRAY_LEN(samples[0])), 0);
	for (int a = CHIME_NONE + 1; a < CHIME_COUNT; a++) {
		size_t n = chime_samples((enum chime)a, samples[0], ARRAY_LEN(samples[0]));
		int loudest = 0;
		assert_true(n >= CHIME_RATE / 100 && n <= ARRAY_LEN(samples[0]));
		for (size_t i = 0; i < n; i++)
			loudest = abs(samples[0][i]) > loudest ? abs(samples[0][i]) : loudest;
		assert_true(loudest > 3000 && loudest < 20000);
		assert_true(
			abs(samples[0][0]) < 600 && abs(samples[0][n - 1]) < 600); /* no click */
		for (int b = a + 1; b < CHIME_COUNT; b++) {
			size_t m = chime_samples((enum chime)b, samples[1], ARRAY_LEN(samples[1]));
			assert_true(m != n || memcmp(samples[0], samples[1], n * 2));
		}
	}
	assert_true(chime_samples(CHIME_TEST, samples[0], 10) > 10);
}

/* As tests/screens/lsan.supp, for a run by hand: fontconfig and Pango keep what they know of fonts
 * for the life of the process. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig\nleak:libpango\n";
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_verdict_fits),
		cmocka_unit_test(results_with_little_known_fit),
		cmocka_unit_test(the_scan_screen_fits),
		cmocka_unit_test(the_other_screens_fit),
		cmocka_unit_test(the_pin_screen_fits),
		cmocka_unit_test(the_fault_screen_fits),
		cmocka_unit_test(the_adopt_screen_fits),
		cmocka_unit_test(the_headcount_tells_the_bundle),
		cmocka_unit_test(only_a_good_bundle_can_be_adopted),
		cmocka_unit_test(the_search_screen_fits),
		cmocka_unit_test(those_found_can_be_touched),
		cmocka_unit_test(the_headcount_offers_the_search),
		cmocka_unit_test(hostile_names_fit),
		cmocka_unit_test(odd_sizes_fit),
		cmocka_unit_test(names_are_cleaned),
		cmocka_unit_test(strings_are_filled),
		cmocka_unit_test(french_contracts),
		cmocka_unit_test(french_is_set_well),
		cmocka_unit_test(controls_are_found_by_name),
		cmocka_unit_test(a_prefix_of_two_names_neither),
		cmocka_unit_test(points_find_controls),
		cmocka_unit_test(right_to_left_mirrors),
		cmocka_unit_test(a_touch_acts_where_it_began),
		cmocka_unit_test(sizes_out_of_range_are_refused),
		cmocka_unit_test(the_viewfinder_is_a_mirror),
		cmocka_unit_test(a_change_is_drawn),
		cmocka_unit_test(a_shot_is_whole_or_not_there),
		cmocka_unit_test(every_chime_sounds_and_is_its_own),
	};
	return cmocka_run_group_tests(tests, open_all, close_all);
}
