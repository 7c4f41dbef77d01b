#include "scan/luma_ops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define SIDE 64

static uint8_t pixels[SIDE * SIDE];
static uint8_t out[16 * SIDE * SIDE];
static uint8_t spares[2][SIDE * SIDE];

static struct luma picture_of(uint8_t (*grey)(uint32_t x, uint32_t y))
{
	for (uint32_t i = 0; i < SIDE * SIDE; i++)
		pixels[i] = grey(i % SIDE, i / SIDE);
	return (struct luma){ pixels, SIDE, SIDE, SIDE };
}

static uint8_t flat(uint32_t x, uint32_t y)
{
	(void)x, (void)y;
	return 77;
}

static uint8_t ramp(uint32_t x, uint32_t y)
{
	(void)y;
	return (uint8_t)(x * 4);
}

static uint8_t checks(uint32_t x, uint32_t y)
{
	return (x / 4 + y / 4) % 2 ? 220 : 30;
}

static void assert_flat(const struct luma *l, uint8_t grey)
{
	for (uint32_t y = 0; y < l->height; y++)
		for (uint32_t x = 0; x < l->width; x++)
			assert_int_equal(l->pixels[(size_t)y * l->stride + x], grey);
}

/* What has no structure gets none: no edge, no rounding that drifts. */
static void test_flat_stays_flat(void **state)
{
	struct luma in = picture_of(flat);
	static const uint32_t sizes[] = { 16, 33, 63, 64, 65, 128, 255 };
	(void)state;

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct luma l = luma_resize(&in, out, sizes[i], sizes[i]);

		assert_int_equal(l.width, sizes[i]);
		assert_flat(&l, 77);
	}
	for (uint32_t radius = 1; radius <= LUMA_RADIUS_MAX; radius++) {
		struct luma l = luma_box(&in, out, radius);

		assert_flat(&l, 77);
	}

	struct luma half = luma_halve(&in, out);

	assert_int_equal(half.width, SIDE / 2);
	assert_flat(&half, 77);

	struct luma level = luma_level(&in, out, (uint8_t *[2]){ spares[0], spares[1] }, 8);

	assert_flat(&level, 128);
}

static void test_resize_keeps_a_picture(void **state)
{
	struct luma in = picture_of(checks);
	struct luma same = luma_resize(&in, out, SIDE, SIDE);
	(void)state;

	assert_memory_equal(same.pixels, in.pixels, sizeof pixels);

	/* Twice as large: the middle of each field keeps its grey. */
	struct luma twice = luma_resize(&in, out, 2 * SIDE, 2 * SIDE);

	for (uint32_t y = 4; y < 2 * SIDE; y += 8)
		for (uint32_t x = 4; x < 2 * SIDE; x += 8)
			assert_in_range(twice.pixels[y * twice.stride + x] + 12,
				checks(x / 2, y / 2), checks(x / 2, y / 2) + 24);
}

static void test_box_is_the_mean(void **state)
{
	struct luma in = picture_of(checks);
	struct luma soft = luma_box(&in, out, 3);
	(void)state;

	for (int y = 0; y < SIDE; y++)
		for (int x = 0; x < SIDE; x++) {
			int sum = 0;

			for (int i = 0; i < 49; i++) {
				int xx = x + i % 7 - 3, yy = y + i / 7 - 3;

				xx = xx < 0 ? 0 : xx >= SIDE ? SIDE - 1 : xx;
				yy = yy < 0 ? 0 : yy >= SIDE ? SIDE - 1 : yy;
				sum += pixels[yy * SIDE + xx];
			}
			assert_int_equal(soft.pixels[y * SIDE + x], (sum + 24) / 49);
		}
}

static void test_invert_twice(void **state)
{
	struct luma in = picture_of(ramp);
	struct luma once = luma_invert(&in, out);
	(void)state;

	assert_int_equal(once.pixels[5], 255 - 20);
	(void)luma_invert(&once, out);
	assert_memory_equal(out, pixels, sizeof pixels);
}

static void test_stretch_spans_all_greys(void **state)
{
	struct luma in = picture_of(checks);
	struct luma l = luma_stretch(&in, out, 5, 16);
	(void)state;

	assert_int_equal(l.pixels[0], 0);
	assert_int_equal(l.pixels[4], 255);
	in = picture_of(flat);
	l = luma_stretch(&in, out, 5, 32);
	assert_flat(&l, l.pixels[0]);
}

/* Sharpening undoes some of a blur: the fields are farther apart again. */
static void test_unsharp_raises_contrast(void **state)
{
	struct luma in = picture_of(checks);
	struct luma blurred = luma_box(&in, out, 1);
	struct luma softer = luma_box(&blurred, spares[0], 1);
	uint32_t at = 33 * SIDE + 36; /* one off a corner of a pale field */
	uint8_t before = blurred.pixels[at];
	struct luma sharp = luma_unsharp(&blurred, &softer, spares[0], 32);
	(void)state;

	assert_true(sharp.pixels[at] > before);
}

static void test_part_is_clipped(void **state)
{
	struct luma in = picture_of(ramp);
	static const struct {
		int64_t x, y, width, height;
		uint32_t want_width, want_height;
	} cases[] = {
		{ 0, 0, SIDE, SIDE, SIDE, SIDE },
		{ -10, -10, 20, 30, 10, 20 },
		{ 60, 60, 100, 100, 4, 4 },
		{ 1000, 1000, 5, 5, 1, 1 },
		{ 3, 3, -5, 0, 1, 1 },
	};
	(void)state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct luma l =
			luma_part(&in, cases[i].x, cases[i].y, cases[i].width, cases[i].height);

		assert_int_equal(l.width, cases[i].want_width);
		assert_int_equal(l.height, cases[i].want_height);
		assert_true(l.pixels >= pixels);
		assert_true(
			l.pixels + (l.height - 1) * l.stride + l.width <= pixels + sizeof pixels);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flat_stays_flat),
		cmocka_unit_test(test_resize_keeps_a_picture),
		cmocka_unit_test(test_box_is_the_mean),
		cmocka_unit_test(test_invert_twice),
		cmocka_unit_test(test_stretch_spans_all_greys),
		cmocka_unit_test(test_unsharp_raises_contrast),
		cmocka_unit_test(test_part_is_clipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
