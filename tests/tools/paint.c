/* Paints a doorway as a camera would see it: a code on a phone, on paper or inverted on a dark
 * screen, held up at an angle, more or less in focus, in more or less light. For the demo's
 * pictures and for tests that want new ones.
 *
 *   paint OUT.png TEXT [key=value]...
 *     on=phone|paper|dark  size=SHARE of the height (0.3 to 0.9)  turn=DEGREES  slant=SHARE
 *     blur=PIXELS  motion=PIXELS  noise=SIGMA  light=0.1..1.5  seed=N  x=SHARE y=SHARE
 *     width=1280 height=720
 * TEXT may be @FILE: the code is the file's bytes; or screen:FILE.png: a box's screen that shows
 * this picture, photographed. */
#include "base/cc.h"

#include <cairo.h>
#include <math.h>
#include <qrencode.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SCREEN "screen:"

struct scene {
	const char *on;
	double size, turn, slant, blur, motion, noise, light, x, y;
	int width, height;
	uint32_t seed;
};

struct grey {
	int width, height;
	double *at; /* 0 … 255 */
};

static double uniform(uint32_t *seed)
{
	*seed = *seed * 1664525U + 1013904223U;
	return (*seed >> 8) / 16777216.0;
}

static double normal(uint32_t *seed)
{
	double sum = 0;
	for (int i = 0; i < 12; i++)
		sum += uniform(seed);
	return sum - 6;
}

static bool read_setting(struct scene *s, const char *text)
{
	const struct {
		const char *name;
		double *real;
		int *whole;
	} settings[] = {
		{ "size=", &s->size, NULL },
		{ "turn=", &s->turn, NULL },
		{ "slant=", &s->slant, NULL },
		{ "blur=", &s->blur, NULL },
		{ "motion=", &s->motion, NULL },
		{ "noise=", &s->noise, NULL },
		{ "light=", &s->light, NULL },
		{ "x=", &s->x, NULL },
		{ "y=", &s->y, NULL },
		{ "width=", NULL, &s->width },
		{ "height=", NULL, &s->height },
		{ "seed=", NULL, (int *)&s->seed },
	};
	if (!strncmp(text, "on=", 3)) {
		s->on = text + 3;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		size_t n = strlen(settings[i].name);
		if (strncmp(text, settings[i].name, n))
			continue;
		if (settings[i].real)
			*settings[i].real = atof(text + n);
		else
			*settings[i].whole = atoi(text + n);
		return true;
	}
	return false;
}

static void fill_round(cairo_t *c, double x, double y, double w, double h, double r, double grey)
{
	cairo_new_sub_path(c);
	cairo_arc(c, x + w - r, y + r, r, -M_PI / 2, 0);
	cairo_arc(c, x + w - r, y + h - r, r, 0, M_PI / 2);
	cairo_arc(c, x + r, y + h - r, r, M_PI / 2, M_PI);
	cairo_arc(c, x + r, y + r, r, M_PI, 3 * M_PI / 2);
	cairo_close_path(c);
	cairo_set_source_rgb(c, grey, grey, grey);
	cairo_fill(c);
}

/* A room: a wall, a floor, two people standing behind, a lamp. */
static void paint_room(cairo_t *c, const struct scene *s, uint32_t *seed)
{
	double w = s->width, h = s->height;
	cairo_pattern_t *wall = cairo_pattern_create_linear(0, 0, w, h);
	cairo_pattern_add_color_stop_rgb(wall, 0, 0.55, 0.55, 0.55);
	cairo_pattern_add_color_stop_rgb(wall, 1, 0.25, 0.25, 0.25);
	cairo_set_source(c, wall);
	cairo_paint(c);
	cairo_pattern_destroy(wall);
	for (int i = 0; i < 14; i++) {
		double grey = 0.2 + 0.5 * uniform(seed), bw = w * (0.03 + 0.12 * uniform(seed));
		double bh = h * (0.1 + 0.3 * uniform(seed));
		fill_round(c, uniform(seed) * w - bw / 2, uniform(seed) * h * 0.6, bw, bh, 6, grey);
	}
	for (int i = 0; i < 2; i++) {
		double x = w * (0.15 + 0.65 * i + 0.05 * uniform(seed)), grey = 0.3 + 0.2 * i;
		fill_round(c, x - h * 0.16, h * 0.45, h * 0.32, h, h * 0.14, grey);
		fill_round(c, x - h * 0.09, h * 0.2, h * 0.18, h * 0.23, h * 0.08, grey + 0.15);
	}
}

static void paint_code(cairo_t *c, const QRcode *q, double side, double dark, double bright)
{
	double module = side / (q->width + 8);
	cairo_set_antialias(c, CAIRO_ANTIALIAS_BEST);
	cairo_set_source_rgb(c, bright, bright, bright);
	cairo_rectangle(c, -side / 2, -side / 2, side, side);
	cairo_fill(c);
	cairo_set_source_rgb(c, dark, dark, dark);
	for (int y = 0; y < q->width; y++)
		for (int x = 0; x < q->width; x++)
			if (q->data[y * q->width + x] & 1)
				cairo_rectangle(c, -side / 2 + (x + 4) * module,
					-side / 2 + (y + 4) * module, module, module);
	cairo_fill(c);
}

static void paint_lines(cairo_t *c, double side, double grey, uint32_t *seed)
{
	for (int i = 0; i < 3; i++)
		fill_round(c, -side * 0.4, side * (0.58 + 0.1 * i),
			side * (0.4 + 0.4 * uniform(seed)), side * 0.045, side * 0.02, grey);
}

static void paint_held(cairo_t *c, const struct scene *s, const QRcode *q, uint32_t *seed)
{
	double side = s->size * s->height;
	bool paper = !strcmp(s->on, "paper"), dark = !strcmp(s->on, "dark");
	cairo_translate(c, s->x * s->width, s->y * s->height);
	cairo_rotate(c, s->turn * M_PI / 180);
	cairo_matrix_t slant = { 1, s->slant * 0.4, s->slant, 1, 0, 0 };
	cairo_transform(c, &slant);
	fill_round(c, -side * 0.2, side * 0.7, side * 1.1, side * 1.4, side * 0.3, 0.62); /* hand */
	if (paper) {
		fill_round(c, -side * 0.8, -side * 0.72, side * 1.6, side * 1.75, 2, 0.93);
	} else {
		fill_round(
			c, -side * 0.62, -side * 0.95, side * 1.24, side * 2.05, side * 0.12, 0.05);
		fill_round(c, -side * 0.57, -side * 0.85, side * 1.14, side * 1.85, side * 0.05,
			dark ? 0.08 : 0.97);
	}
	paint_lines(c, side, dark ? 0.7 : 0.25, seed);
	paint_code(c, q, side, dark ? 0.95 : 0.06, dark ? 0.08 : paper ? 0.93 : 0.97);
}

/* A screen on its stand, as tall as `size` says. */
static void paint_screen(cairo_t *c, const struct scene *s, cairo_surface_t *picture)
{
	double w = cairo_image_surface_get_width(picture),
	       h = cairo_image_surface_get_height(picture);
	double scale = s->size * s->height / h;
	cairo_translate(c, s->x * s->width, s->y * s->height);
	cairo_rotate(c, s->turn * M_PI / 180);
	cairo_matrix_t slant = { 1, s->slant * 0.4, s->slant, 1, 0, 0 };
	cairo_transform(c, &slant);
	cairo_scale(c, scale, scale);
	fill_round(c, -w / 2 - 30, -h / 2 - 30, w + 60, h + 60, 24, 0.08);
	cairo_set_source_surface(c, picture, -w / 2, -h / 2);
	cairo_pattern_set_filter(cairo_get_source(c), CAIRO_FILTER_BEST);
	cairo_paint(c);
}

static struct grey from_surface(cairo_surface_t *surface)
{
	struct grey g = { .width = cairo_image_surface_get_width(surface),
		.height = cairo_image_surface_get_height(surface) };
	g.at = calloc((size_t)g.width * (size_t)g.height, sizeof(double));
	CHECK(g.at);
	const unsigned char *data = cairo_image_surface_get_data(surface);
	int stride = cairo_image_surface_get_stride(surface);
	for (int y = 0; y < g.height; y++)
		for (int x = 0; x < g.width; x++)
			g.at[y * g.width + x] = data[y * stride + x * 4];
	return g;
}

/* One pass of a kernel along x or y. */
static void convolve(struct grey *g, const double *kernel, int radius, bool along_x)
{
	double *out = calloc((size_t)g->width * (size_t)g->height, sizeof(double));
	CHECK(out);
	for (int y = 0; y < g->height; y++) {
		for (int x = 0; x < g->width; x++) {
			double sum = 0;
			for (int k = -radius; k <= radius; k++) {
				int u = along_x ? x + k : x, v = along_x ? y : y + k;
				u = u < 0 ? 0 : u >= g->width ? g->width - 1 : u;
				v = v < 0 ? 0 : v >= g->height ? g->height - 1 : v;
				sum += kernel[k + radius] * g->at[v * g->width + u];
			}
			out[y * g->width + x] = sum;
		}
	}
	free(g->at);
	g->at = out;
}

static void blur(struct grey *g, const struct scene *s)
{
	double kernel[129];
	if (s->blur > 0) {
		int radius = (int)ceil(s->blur * 3);
		double sum = 0;
		radius = radius > 64 ? 64 : radius;
		for (int k = -radius; k <= radius; k++)
			sum += kernel[k + radius] = exp(-k * k / (2 * s->blur * s->blur));
		for (int k = 0; k <= 2 * radius; k++)
			kernel[k] /= sum;
		convolve(g, kernel, radius, true);
		convolve(g, kernel, radius, false);
	}
	if (s->motion >= 1) {
		int radius = (int)(s->motion / 2);
		radius = radius > 64 ? 64 : radius;
		for (int k = 0; k <= 2 * radius; k++)
			kernel[k] = 1.0 / (2 * radius + 1);
		convolve(g, kernel, radius, true);
	}
}

static void expose(struct grey *g, const struct scene *s, uint32_t *seed)
{
	for (int i = 0; i < g->width * g->height; i++) {
		double v = g->at[i] * s->light + s->noise * normal(seed);
		g->at[i] = v < 0 ? 0 : v > 255 ? 255 : v;
	}
}

static void to_surface(const struct grey *g, cairo_surface_t *surface)
{
	unsigned char *data = cairo_image_surface_get_data(surface);
	int stride = cairo_image_surface_get_stride(surface);
	for (int y = 0; y < g->height; y++)
		for (int x = 0; x < g->width; x++)
			memset(data + y * stride + x * 4, (int)(g->at[y * g->width + x] + 0.5), 4);
	cairo_surface_mark_dirty(surface);
}

static QRcode *make_code(const char *text)
{
	static unsigned char bytes[4096];
	size_t n = strlen(text);
	if (text[0] == '@') {
		AUTO_FILE f = fopen(text + 1, "rb");
		if (!f)
			return NULL;
		n = fread(bytes, 1, sizeof(bytes), f);
	} else if (n <= sizeof(bytes)) {
		memcpy(bytes, text, n);
	}
	return n <= sizeof(bytes) ? QRcode_encodeData((int)n, bytes, 0, QR_ECLEVEL_M) : NULL;
}

int main(int argc, char **argv)
{
	struct scene s = { .on = "phone",
		.size = 0.42,
		.light = 1,
		.x = 0.5,
		.y = 0.46,
		.width = 1280,
		.height = 720,
		.seed = 1,
		.blur = 0.8,
		.noise = 3 };
	bool good = argc >= 3;
	for (int i = 3; i < argc && good; i++)
		good = read_setting(&s, argv[i]);
	if (!good || s.width < 64 || s.height < 64 || s.width > 4096 || s.height > 4096) {
		fprintf(stderr, "usage: paint OUT.png TEXT|@FILE [key=value]...\n");
		return 2;
	}
	bool screen = !strncmp(argv[2], SCREEN, strlen(SCREEN));
	QRcode *q = screen ? NULL : make_code(argv[2]);
	cairo_surface_t *shown =
		screen ? cairo_image_surface_create_from_png(argv[2] + strlen(SCREEN)) : NULL;
	if (screen ? cairo_surface_status(shown) != CAIRO_STATUS_SUCCESS : !q) {
		fprintf(stderr, "paint: %s\n",
			screen ? "this is no picture" : "this does not fit into a QR code");
		return 1;
	}
	uint32_t seed = s.seed;
	cairo_surface_t *surface =
		cairo_image_surface_create(CAIRO_FORMAT_RGB24, s.width, s.height);
	cairo_t *c = cairo_create(surface);
	paint_room(c, &s, &seed);
	if (screen)
		paint_screen(c, &s, shown);
	else
		paint_held(c, &s, q, &seed);
	cairo_destroy(c);
	cairo_surface_flush(surface);
	struct grey g = from_surface(surface);
	blur(&g, &s);
	expose(&g, &s, &seed);
	to_surface(&g, surface);
	cairo_status_t status = cairo_surface_write_to_png(surface, argv[1]);
	cairo_surface_destroy(surface);
	cairo_surface_destroy(shown);
	free(g.at);
	QRcode_free(q);
	return status == CAIRO_STATUS_SUCCESS ? 0 : 1;
}
