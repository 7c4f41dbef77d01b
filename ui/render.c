#include "ui/render.h"

#include "ui/draw.h"
#include "ui/fonts.h"
#include "ui/screens/screens.h"
#include "ui/viewfinder.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Text is made smaller by this factor until it fits, down to the least. */
#define SHRINK     0.94
#define LEAST_TYPE 0.30

struct render {
	uint32_t width, height;
	PangoFontMap *fonts;
	struct page page;
	struct screen shown; /* page.screen: the copy that page was made of */
	struct viewfinder viewfinder;
	cairo_surface_t *still; /* the part that stays */
	uint64_t still_key, fit_key;
	double fit; /* type size found for fit_key */
};

typedef void screen_fn(struct page *p);

static screen_fn *const screens[] = {
	[SCREEN_SCAN] = screen_scan,
	[SCREEN_RESULT] = screen_result,
	[SCREEN_HELP] = screen_help,
	[SCREEN_PIN] = screen_pin,
	[SCREEN_HEADCOUNT] = screen_headcount,
	[SCREEN_FAULT] = screen_fault,
	[SCREEN_ADOPT] = screen_adopt,
	[SCREEN_WALK_IN] = screen_walk_in,
	[SCREEN_SEARCH] = screen_search,
	[SCREEN_FLEET] = screen_fleet,
	[SCREEN_PAIRS] = screen_pairs,
	[SCREEN_STICK] = screen_stick,
	[SCREEN_SERIES] = screen_series,
};
static_assert(ARRAY_LEN(screens) == SCREEN_ID_COUNT, "every screen is drawn by somebody");

/* --- opening --- */

int render_open(struct render **out, uint32_t width, uint32_t height, const char *assets)
{
	struct render *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->width = width;
	r->height = height;
	r->still = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)width, (int)height);
	if (cairo_surface_status(r->still) != CAIRO_STATUS_SUCCESS) {
		render_close(r);
		return -ENOMEM;
	}
	bool upright = height > width;
	r->page.unit =
		fmin(width / (upright ? 720.0 : 1280.0), height / (upright ? 1280.0 : 800.0));
	r->page.width = width / r->page.unit;
	r->page.height = height / r->page.unit;
	r->fonts = fonts_open(assets);
	r->page.pango = fonts_context(r->fonts);
	*out = r;
	return 0;
}

void render_close(struct render *r)
{
	if (!r)
		return;
	viewfinder_free(&r->viewfinder);
	cairo_surface_destroy(r->still);
	text_forget(&r->page);
	g_clear_object(&r->page.pango);
	g_clear_object(&r->fonts);
	free(r);
}

void render_frame(struct render *r, const struct ui_frame *frame)
{
	viewfinder_keep(&r->viewfinder, frame);
}

/* --- what has changed --- */

static uint64_t mix(uint64_t hash, const void *bytes, size_t n)
{
	const uint8_t *b = bytes;
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ b[i]) * 0x100000001b3; /* FNV-1a */
	return hash;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	return text ? mix(hash, text, strlen(text) + 1) : mix(hash, "\xff", 1);
}

/* A number that differs, in all likelihood, where the part that stays differs. Strings count by
 * what they say, for their owner may have changed them. */
static uint64_t key_of_screen(const struct screen *s, bool rtl)
{
	struct screen k;
	memcpy(&k, s, sizeof(k));
	const char **strings[] = { &k.event_title, &k.venue_name, &k.venue_address, &k.debate,
		&k.door, &k.prior_venue, &k.place.name, &k.place.address, &k.offer_file,
		&k.offer.event_title, &k.offer.venue_name, &k.offer.door, &k.offer.short_hash,
		&k.box.event_title, &k.box.venue_name, &k.box.door, &k.box.short_hash };
	uint64_t hash = 0xcbf29ce484222325;
	for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
		hash = mix_text(hash, *strings[i]);
		*strings[i] = NULL;
	}
	for (size_t i = 0; i < k.fleet_count && i < SCREEN_FLEET_MAX; i++) {
		hash = mix_text(hash, k.fleet[i].name);
		k.fleet[i].name = NULL;
	}
	k.now.mono_ms = 0;
	k.now.wall_ms /= 60 * 1000;
	k.corners_seen = false;
	memset(k.corners, 0, sizeof(k.corners));
	k.left_permille = 0;
	return mix(mix(hash, &k, sizeof(k)), &rtl, sizeof(rtl));
}

/* As above, without what changes colours alone or by the minute. */
static uint64_t key_of_fit(const struct screen *s, bool rtl)
{
	struct screen k;
	memcpy(&k, s, sizeof(k));
	k.theme = THEME_NIGHT;
	k.focus = CONTROL_NONE;
	k.now.wall_ms = 0;
	return key_of_screen(&k, rtl);
}

/* --- drawing --- */

static void run(struct render *r, cairo_t *cr)
{
	r->page.cr = cr;
	screens[r->shown.id](&r->page);
	r->page.cr = NULL;
}

/* How many times text can be made smaller before it is too small for anybody. */
static int shrinks_to_least(double wish)
{
	return (int)floor(log(LEAST_TYPE / wish) / log(SHRINK));
}

/* The largest type, from what is wished downwards, at which the screen holds everything: found by
 * halving, as what fits at one size fits at smaller ones. */
static void fit(struct render *r)
{
	struct page *p = &r->page;
	uint64_t key = key_of_fit(&r->shown, p->rtl);
	double wish = fmin(fmax(r->shown.text_percent, 100), 200) / 100;
	if (key == r->fit_key) {
		p->type = r->fit;
		return;
	}
	int fails = -1, fits = shrinks_to_least(wish);
	/* The first guess is the wish itself, for most often it fits. */
	for (int guess = 0; fits - fails > 1; guess = (fails + fits) / 2) {
		p->type = wish * pow(SHRINK, guess);
		run(r, NULL);
		if (p->overflow)
			fails = guess;
		else
			fits = guess;
	}
	p->type = wish * pow(SHRINK, fits);
	r->fit_key = key;
	r->fit = p->type;
}

static void draw_still(struct render *r)
{
	cairo_t *cr = cairo_create(r->still);
	cairo_scale(cr, r->page.unit, r->page.unit);
	run(r, cr);
	cairo_destroy(cr);
	cairo_surface_flush(r->still);
}

static void draw_moving(struct render *r, cairo_t *onto)
{
	struct page *p = &r->page;
	cairo_scale(onto, p->unit, p->unit);
	p->cr = onto;
	if (p->moving.viewfinder)
		viewfinder_draw(&r->viewfinder, p);
	if (r->shown.left_permille > 0)
		draw_round(p, p->moving.progress, 0, p->moving.progress_colour);
	p->cr = NULL;
}

/* The parts of the page that a still picture does not fix. */
static void refresh_moving(struct render *r)
{
	if (r->shown.id == SCREEN_RESULT)
		r->page.moving.progress.w =
			r->page.width * fmin(r->shown.left_permille, 1000) / 1000;
}

static void take(struct render *r, const struct screen *screen, bool rtl)
{
	memcpy(&r->shown, screen, sizeof(r->shown));
	r->page.screen = &r->shown;
	r->page.rtl = rtl;
	pango_context_set_base_dir(r->page.pango, rtl ? PANGO_DIRECTION_RTL : PANGO_DIRECTION_LTR);
}

void render_layout(struct render *r, const struct screen *screen, bool rtl)
{
	take(r, screen, rtl);
	fit(r);
	run(r, NULL);
	r->still_key = 0; /* the page is no longer the one in the picture */
}

void render_screen(struct render *r, const struct screen *screen, bool rtl, cairo_t *onto)
{
	take(r, screen, rtl);
	uint64_t key = key_of_screen(screen, rtl);
	if (key != r->still_key) {
		fit(r);
		draw_still(r);
		r->still_key = key;
	}
	refresh_moving(r);
	cairo_save(onto);
	cairo_set_operator(onto, CAIRO_OPERATOR_SOURCE);
	cairo_set_source_surface(onto, r->still, 0, 0);
	cairo_rectangle(onto, 0, 0, r->width, r->height);
	cairo_fill(onto);
	cairo_set_operator(onto, CAIRO_OPERATOR_OVER);
	draw_moving(r, onto);
	cairo_restore(onto);
}

const struct page *render_page(const struct render *r)
{
	return &r->page;
}
