#include "tests/fake/qr_picture.h"

#include "base/cc.h"
#include "scan/luma_ops.h"

#include <math.h>
#include <qrencode.h>
#include <stdlib.h>

#define SAMPLES 3 /* along each side of a pixel, which is their mean */

static QRcode *encode_first_piece(const struct qr_picture *how, const void *text, size_t len)
{
	QRcode_List *list = QRcode_encodeDataStructured((int)len, text, how->version, QR_ECLEVEL_L);

	CHECK(list != NULL && list->next != NULL);

	QRcode *first = list->code;

	list->code = NULL;
	QRcode_List_free(list);
	return first;
}

static QRcode *encode_whole(const struct qr_picture *how, const void *text, size_t len)
{
	QRinput *input = QRinput_new2(how->version, QR_ECLEVEL_L);

	CHECK(input != NULL);

	int bad = how->eci ? QRinput_appendECIheader(input, how->eci) : 0;

	bad |= QRinput_append(input, QR_MODE_8, (int)len, text);
	CHECK(bad == 0);

	QRcode *code = QRcode_encodeInput(input);

	QRinput_free(input);
	return code;
}

static QRcode *encode(const struct qr_picture *how, const void *text, size_t len)
{
	QRcode *code;

	if (how->micro)
		code = QRcode_encodeDataMQR((int)len, text, how->version, QR_ECLEVEL_L);
	else if (how->structured)
		code = encode_first_piece(how, text, len);
	else
		code = encode_whole(how, text, len);
	CHECK(code != NULL);
	return code;
}

static bool dark_at(const QRcode *code, double column, double row)
{
	if (column < 0 || row < 0 || column >= code->width || row >= code->width)
		return false;
	return code->data[(int)row * code->width + (int)column] & 1;
}

/* How much of one pixel is dark, 0 … 1. */
static double darkness(const struct qr_picture *how, const QRcode *code, uint32_t x, uint32_t y)
{
	double angle = how->turn_deg * M_PI / 180.0;
	int dark = 0;

	for (int i = 0; i < SAMPLES * SAMPLES; i++) {
		double dx = x + (i % SAMPLES + 0.5) / SAMPLES - how->centre[0] * how->width;
		double dy = y + (i / SAMPLES + 0.5) / SAMPLES - how->centre[1] * how->height;
		double column = (dx * cos(angle) + dy * sin(angle)) / how->module_px;
		double row = (dy * cos(angle) - dx * sin(angle)) / how->module_px;

		dark += dark_at(code, column + code->width / 2.0, row + code->width / 2.0);
	}
	return (double)dark / (SAMPLES * SAMPLES);
}

static uint32_t noise_next(uint32_t *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 8;
}

static void add_noise(uint8_t *pixels, size_t n, uint32_t most)
{
	uint32_t state = 8122016;

	for (size_t i = 0; i < n; i++) {
		int32_t v = (int32_t)pixels[i] + (int32_t)(noise_next(&state) % (2 * most + 1)) -
			    (int32_t)most;

		pixels[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
	}
}

static void soften(uint8_t *pixels, const struct luma *l, uint32_t radius)
{
	uint8_t *spare = malloc((size_t)l->width * l->height);

	CHECK(spare != NULL);

	struct luma once = luma_box(l, spare, radius);

	(void)luma_box(&once, pixels, radius);
	free(spare);
}

static struct qr_picture with_defaults(const struct qr_picture *how)
{
	struct qr_picture h = *how;

	h.width = h.width ? h.width : 640;
	h.height = h.height ? h.height : 480;
	h.module_px = h.module_px > 0 ? h.module_px : 5;
	for (size_t axis = 0; axis < 2; axis++)
		h.centre[axis] = h.centre[axis] > 0 ? h.centre[axis] : 0.5;
	h.dark = h.dark ? h.dark : 20;
	h.pale = h.pale ? h.pale : 230;
	return h;
}

void qr_picture_draw(const struct qr_picture *what, const void *text, size_t len, struct luma *out)
{
	struct qr_picture full = with_defaults(what);
	const struct qr_picture *how = &full;
	QRcode *code = encode(how, text, len);
	size_t n = (size_t)how->width * how->height;
	uint8_t *pixels = malloc(n);

	CHECK(pixels != NULL);
	for (size_t i = 0; i < n; i++) {
		double d =
			darkness(how, code, (uint32_t)(i % how->width), (uint32_t)(i / how->width));

		pixels[i] = (uint8_t)lrint(how->pale + d * (how->dark - how->pale));
	}
	*out = (struct luma){
		.pixels = pixels, .width = how->width, .height = how->height, .stride = how->width
	};
	if (how->soft)
		soften(pixels, out, how->soft);
	if (how->noise)
		add_noise(pixels, n, how->noise);
	QRcode_free(code);
}
