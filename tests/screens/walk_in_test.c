/* The keyboard of those without a ticket, in every layout, layer, size, language and direction, and
 * the badges and the printer's troubles on the other screens. */
#include "ui/render.h"
#include "ui/touch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS 1481222520000

static const struct size {
	uint32_t width, height;
} sizes[] = { { 1280, 800 }, { 800, 480 }, { 720, 1280 } };
#define SIZES 3

static struct render *renders[SIZES];
static cairo_surface_t *surface;
static cairo_t *cr;

static int open_all(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Paris", 1);
	surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1280, 1280);
	cr = cairo_create(surface);
	for (size_t i = 0; i < SIZES; i++)
		if (render_open(&renders[i], sizes[i].width, sizes[i].height, "assets"))
			return -1;
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < SIZES; i++)
		render_close(renders[i]);
	cairo_destroy(cr);
	cairo_surface_destroy(surface);
	return 0;
}

static struct screen a_screen(enum screen_id id)
{
	struct screen s;
	memset(&s, 0, sizeof(s));
	s.id = id;
	s.text_percent = 100;
	s.event_title = "Nuit de la CivicTech";
	s.venue_name = "Les Grands Voisins";
	s.venue_address = "82 avenue Denfert-Rochereau, 75014 Paris";
	s.debate = "Les espaces de co-working, des lieux d’expérimentation de la citoyenneté ?";
	s.door = "nord";
	s.now = (struct when){ NOW_MS, 1000, TRUST_SYNCED };
	s.languages = (1U << LANGUAGE_COUNT) - 1;
	s.labels_left = -1;
	s.place = (struct screen_place){ .name = "", .address = "" };
	keyboard_reset(&s.keyboard, LANGUAGE_FR);
	return s;
}

static bool is_of_the_keyboard(enum control c)
{
	return c >= CONTROL_KEY_0 && c <= CONTROL_VARIANT_LAST;
}

static bool overlap(struct box a, struct box b)
{
	return a.x < b.x + b.w - 0.01 && b.x < a.x + a.w - 0.01 && a.y < b.y + b.h - 0.01 &&
	       b.y < a.y + a.h - 0.01;
}

static void check_page(const struct page *p, const struct size *size)
{
	const struct screen *s = p->screen;
	if (p->overflow)
		fail_msg("screen %d, %u×%u, layout %d, language %d, %u %%: clipped: %s", (int)s->id,
			size->width, size->height, (int)s->keyboard.layout, (int)s->language,
			s->text_percent, p->overflowed);
	for (size_t i = 0; i < p->widget_count; i++) {
		const struct widget *w = &p->widgets[i];
		double wide = is_of_the_keyboard(w->control) ? KEY_LEAST_WIDTH : 75;
		assert_true(w->target.x >= -0.01 && w->target.y >= -0.01);
		assert_true(w->target.x + w->target.w <= size->width + 0.51);
		assert_true(w->target.y + w->target.h <= size->height + 0.51);
		assert_true(w->target.w >= wide * p->unit && w->target.h >= 75 * p->unit);
		assert_true(w->label[0] && w->spoken[0]);
		for (size_t j = i + 1; j < p->widget_count; j++) {
			assert_int_not_equal(w->control, p->widgets[j].control);
			if (overlap(w->target, p->widgets[j].target))
				fail_msg("“%s” lies over “%s”", w->label, p->widgets[j].label);
		}
	}
	if (p->least_contrast < (s->theme == THEME_CONTRAST ? 20 : 4.5))
		fail_msg("text at a contrast of %.2f", p->least_contrast);
}

/* Every language, direction and size of text; one picture of each is drawn in full. */
static void try_all(struct screen s)
{
	for (size_t i = 0; i < SIZES; i++)
		for (unsigned n = 0; n < 8; n++) {
			bool rtl = n & 4;
			s.language = n & 1 ? LANGUAGE_EN : LANGUAGE_FR;
			s.text_percent = n & 2 ? 200 : 100;
			s.theme = n & 1 ? THEME_CONTRAST : THEME_NIGHT;
			if (n == 0)
				render_screen(renders[i], &s, rtl, cr);
			else
				render_layout(renders[i], &s, rtl);
			check_page(render_page(renders[i]), &sizes[i]);
		}
}

static const struct widget *widget_of(const struct page *p, enum control control)
{
	for (size_t i = 0; i < p->widget_count; i++)
		if (p->widgets[i].control == control)
			return &p->widgets[i];
	return NULL;
}

static void every_layout_fits(void **state)
{
	(void)state;
	struct screen s = a_screen(SCREEN_WALK_IN);
	for (unsigned layout = 0; layout < KEYBOARD_LAYOUTS; layout++)
		for (unsigned layer = 0; layer < 3; layer++) {
			s.keyboard.layout = (enum keyboard_layout)layout;
			s.keyboard.shift = layer == 0;
			s.keyboard.numbers = layer == 2;
			s.has_printer = layer == 1;
			try_all(s);
		}
}

/* What is touched is what is read on it, wherever the words around it are read from. */
static void every_key_is_where_the_keyboard_has_it(void **state)
{
	(void)state;
	struct screen s = a_screen(SCREEN_WALK_IN);
	char text[16];
	for (unsigned layout = 0; layout < KEYBOARD_LAYOUTS; layout++)
		for (unsigned n = 0; n < SIZES * 2; n++) {
			s.keyboard.layout = (enum keyboard_layout)layout;
			render_layout(renders[n / 2], &s, n % 2);
			const struct page *p = render_page(renders[n / 2]);
			for (unsigned row = 0; row < KEYBOARD_ROWS; row++) {
				double x = -1;
				for (unsigned c = 0; c < keyboard_columns(&s.keyboard, row); c++) {
					enum control control = (enum control)(
						CONTROL_KEY_0 + (int)(row * KEYBOARD_COLUMNS + c));
					const struct widget *w = widget_of(p, control);
					assert_non_null(w);
					if (keyboard_key(&s.keyboard, row, c, text) ==
						KEYBOARD_TEXT)
						assert_string_equal(w->label, text);
					if (row < 3)
						assert_true(w->target.x > x);
					x = w->target.x;
					assert_int_equal(
						touch_control_at(p,
							(int)(w->target.x + w->target.w / 2),
							(int)(w->target.y + w->target.h / 2)),
						control);
				}
			}
		}
}

static void variants_fit_beside_the_key_that_is_held(void **state)
{
	(void)state;
	for (unsigned layout = 0; layout < KEYBOARD_LAYOUTS; layout++)
		for (unsigned key = 0; key < KEYBOARD_KEYS; key++) {
			struct screen s = a_screen(SCREEN_WALK_IN);
			unsigned row = key / KEYBOARD_COLUMNS, column = key % KEYBOARD_COLUMNS;
			s.keyboard.layout = (enum keyboard_layout)layout;
			if (!keyboard_hold(&s.keyboard, row, column))
				continue;
			for (size_t i = 0; i < SIZES; i++) {
				char text[KEYBOARD_CHAR];
				render_layout(renders[i], &s, key % 2);
				const struct page *p = render_page(renders[i]);
				check_page(p, &sizes[i]);
				/* The finger is still on its key. */
				assert_non_null(
					widget_of(p, (enum control)(CONTROL_KEY_0 + (int)key)));
				for (unsigned v = 0; keyboard_variant(&s.keyboard, v, text); v++)
					assert_string_equal(
						widget_of(p,
							(enum control)(CONTROL_VARIANT_0 + (int)v))
							->label,
						text);
			}
		}
}

static void every_text_fits_its_field(void **state)
{
	(void)state;
	static const char *const texts[] = { "Zoé",
		"WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW",
		"شهرزاد بنت عبد الرحمن الثانية", "Шаҳризода", "Ζωή", "😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀",
		"e\u0301\u0302\u0303\u0304\u0305\u0306\u0307" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct screen s = a_screen(SCREEN_WALK_IN);
		strncpy(s.keyboard.text, texts[i], sizeof(s.keyboard.text) - 1);
		try_all(s);
	}
}

static void badges_fit_beside_the_welcome(void **state)
{
	(void)state;
	static const char *const names[] = { "", "Zoé", "Maximiliana-Anastasia Wolkenstein" };
	for (size_t i = 0; i < 3; i++) {
		struct screen s = a_screen(SCREEN_RESULT);
		s.verdict = VERDICT_ADMIT;
		s.walk_in = true;
		s.overridden = i == 2;
		s.entry_number = 1129;
		s.left_permille = 900;
		s.badge_prints = i == 1;
		strcpy(s.name, names[i]);
		strcpy(s.badge, "PB0123456789ABCDEFGHJKMNPQ");
		try_all(s);
		assert_non_null(widget_of(render_page(renders[0]), CONTROL_OK));
	}
}

static void volunteers_see_how_the_printer_does(void **state)
{
	(void)state;
	static const enum screen_id ids[] = { SCREEN_HEADCOUNT, SCREEN_SCAN };
	for (int trouble = 0; trouble < PRINTER_TROUBLES; trouble++)
		for (size_t i = 0; i < 2; i++) {
			struct screen s = a_screen(ids[i]);
			s.staff = s.has_printer = s.scanner = true;
			s.printer = (enum printer_trouble)trouble;
			s.faults = trouble ? (uint32_t)FAULT_PRINTER : 0;
			s.labels_left = trouble == PRINTER_PAPER ? 0 : 187;
			s.badges_waiting = trouble ? 12 : 0;
			try_all(s);
		}
}

static void a_long_press_is_told_once_and_is_no_tap(void **state)
{
	(void)state;
	struct touch t = { 0 };
	enum control key = CONTROL_KEY_0;
	assert_int_equal(touch_hold(&t, 5000), CONTROL_NONE);
	touch_press(&t, key, 0, 1000);
	assert_int_equal(touch_hold(&t, 1000 + TOUCH_HOLD_MS - 1), CONTROL_NONE);
	assert_int_equal(touch_hold(&t, 1000 + TOUCH_HOLD_MS), key);
	assert_int_equal(touch_hold(&t, 9000), CONTROL_NONE);
	assert_false(touch_release(&t, key, 0));
	touch_press(&t, key, 0, UINT32_MAX - 10); /* the clock wraps */
	assert_int_equal(touch_hold(&t, 100), CONTROL_NONE);
	assert_int_equal(touch_hold(&t, TOUCH_HOLD_MS), key);
	touch_press(&t, key, 0, 0);
	assert_true(touch_release(&t, key, 0));
	assert_int_equal(touch_hold(&t, 9000), CONTROL_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layout_fits),
		cmocka_unit_test(every_key_is_where_the_keyboard_has_it),
		cmocka_unit_test(variants_fit_beside_the_key_that_is_held),
		cmocka_unit_test(every_text_fits_its_field),
		cmocka_unit_test(badges_fit_beside_the_welcome),
		cmocka_unit_test(volunteers_see_how_the_printer_does),
		cmocka_unit_test(a_long_press_is_told_once_and_is_no_tap),
	};
	return cmocka_run_group_tests(tests, open_all, close_all);
}
