#include "scan/decode.h"

#include "scan/luma_ops.h"
#include "scan/symbol.h"
#include "tests/fake/qr_picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TICKET "TKT1.3bcvK8ceWa4BGRs4JHizhoykQ-5LB9bqhF2YtddfKAgX8kCVZiZFSnu"

static struct decoded decoded;

static void draw_and_decode(
	const struct qr_picture *how, const void *text, size_t len, enum effort effort)
{
	struct luma l;

	qr_picture_draw(how, text, len, &l);
	decode_luma(&l, 0, effort, &decoded);
	free((void *)(uintptr_t)l.pixels);
}

static void assert_text(const char *name, const void *text, size_t len)
{
	if (!decoded.found)
		fail_msg("%s: nothing was read", name);
	assert_int_equal(decoded.len, len);
	assert_memory_equal(decoded.text, text, len);
}

/* What the door meets in an evening. live: a single frame of the stream must do. */
static void test_conditions(void **state)
{
	static const struct {
		const char *name;
		bool live;
		struct qr_picture how;
	} cases[] = {
		{ "plain", true, { 0 } },
		{ "small, 2.5 pixels a module", true, { .module_px = 2.5 } },
		{ "large, 11 pixels a module", true, { .module_px = 11 } },
		{ "turned by 30 degrees", true, { .turn_deg = 30 } },
		{ "upside down", true, { .turn_deg = 181 } },
		{ "in a corner", true, { .centre = { 0.2, 0.25 } } },
		{ "pale print", true, { .dark = 120, .pale = 160 } },
		{ "dark room", true, { .dark = 4, .pale = 24 } },
		{ "out of focus", true, { .soft = 2 } },
		{ "noisy", false, { .noise = 90 } },
		{ "noisy and dim", false, { .dark = 6, .pale = 40, .noise = 12 } },
		{ "white on black", false, { .dark = 235, .pale = 15 } },
		{ "small and soft", false, { .module_px = 2.5, .soft = 1 } },
		{ "tiny, 1.8 pixels a module", false, { .module_px = 1.8 } },
		{ "frame of odd size", true, { .width = 641, .height = 481 } },
	};
	(void)state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		draw_and_decode(&cases[i].how, TICKET, strlen(TICKET), EFFORT_STILL);
		assert_text(cases[i].name, TICKET, strlen(TICKET));
		if (!cases[i].live)
			continue;
		draw_and_decode(&cases[i].how, TICKET, strlen(TICKET), EFFORT_LIVE);
		assert_text(cases[i].name, TICKET, strlen(TICKET));
	}
}

/* The extras take turns, so a code held still meets the one that suits it. */
static void test_inverted_within_a_second(void **state)
{
	struct qr_picture how = { .dark = 235, .pale = 15 };
	struct luma l;
	bool found = false;
	(void)state;

	qr_picture_draw(&how, TICKET, strlen(TICKET), &l);
	for (uint32_t frame = 0; frame < 15 && !found; frame++) {
		decode_luma(&l, frame, EFFORT_LIVE, &decoded);
		found = decoded.found;
	}
	free((void *)(uintptr_t)l.pixels);
	assert_text("white on black", TICKET, strlen(TICKET));
}

static void test_nothing_to_read(void **state)
{
	static uint8_t pixels[200 * 150];
	static const struct {
		uint32_t width, height;
	} sizes[] = { { 200, 150 }, { 16, 16 }, { 17, 150 }, { 200, 16 }, { 31, 31 }, { 33, 63 } };
	uint32_t noise = 1;
	(void)state;

	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof pixels; i++) {
			noise = noise * 1664525U + 1013904223U;
			pixels[i] = (uint8_t)(round == 0 ? 0 : round == 1 ? 255 : noise >> 24);
		}
		for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
			struct luma l = { pixels, sizes[i].width, sizes[i].height, 200 };

			decode_luma(&l, (uint32_t)i, EFFORT_LIVE, &decoded);
			assert_false(decoded.found);
			decode_luma(&l, (uint32_t)i, EFFORT_STILL, &decoded);
			assert_false(decoded.found);
			assert_int_equal(decoded.len, 0);
		}
	}
}

/* Halves, thirds and quarters of odd sizes: none may break a promise between the operations. */
static void test_every_shape(void **state)
{
	static uint8_t pixels[131 * 131];
	(void)state;

	for (size_t i = 0; i < sizeof pixels; i++)
		pixels[i] = (uint8_t)(i * 37 % 251);
	for (uint32_t width = FRAME_SIDE_MIN; width <= 131; width += 5)
		for (uint32_t height = FRAME_SIDE_MIN; height <= 131; height += 3) {
			struct luma l = { pixels, width, height, 131 };

			decode_luma(&l, width, EFFORT_STILL, &decoded);
			assert_false(decoded.found);
		}
}

static void test_largest_frame(void **state)
{
	struct qr_picture how = {
		.width = FRAME_WIDTH_MAX, .height = FRAME_HEIGHT_MAX, .dark = 235, .pale = 15
	};
	(void)state;

	draw_and_decode(&how, TICKET, strlen(TICKET), EFFORT_STILL);
	assert_text("the largest frame", TICKET, strlen(TICKET));
}

/* Rows may be padded: a camera's usually are. */
static void test_stride(void **state)
{
	struct qr_picture how = { 0 };
	struct luma l;
	(void)state;

	qr_picture_draw(&how, TICKET, strlen(TICKET), &l);

	size_t stride = l.width + 37;
	uint8_t *padded = malloc(stride * l.height);

	assert_non_null(padded);
	memset(padded, 0x55, stride * l.height);
	for (uint32_t y = 0; y < l.height; y++)
		memcpy(padded + y * stride, l.pixels + (size_t)y * l.stride, l.width);

	struct luma view = { padded, l.width, l.height, (uint32_t)stride };

	decode_luma(&view, 0, EFFORT_STILL, &decoded);
	assert_text("padded rows", TICKET, strlen(TICKET));
	free(padded);
	free((void *)(uintptr_t)l.pixels);
}

/* Corners are of the frame, also when a part or another size of it was read. */
static void test_corners(void **state)
{
	static const struct {
		const char *name;
		struct qr_picture how;
	} cases[] = {
		{ "plain", { .version = 3, .centre = { 0.4, 0.45 } } },
		{ "white on black",
			{ .version = 3, .centre = { 0.4, 0.45 }, .dark = 235, .pale = 15 } },
		{ "small", { .version = 3, .module_px = 1.8, .centre = { 0.4, 0.45 } } },
	};
	(void)state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct qr_picture *how = &cases[i].how;
		float half[2] = { (float)(29 * how->module_px / 2 / how->width),
			(float)(29 * how->module_px / 2 / how->height) };
		static const float signs[4][2] = { { -1, -1 }, { 1, -1 }, { 1, 1 }, { -1, 1 } };

		draw_and_decode(how, "parvis", 6, EFFORT_STILL);
		assert_text(cases[i].name, "parvis", 6);
		assert_true(decoded.corners_seen);
		for (size_t c = 0; c < 4; c++)
			for (size_t axis = 0; axis < 2; axis++) {
				float want = (float)how->centre[axis] + signs[c][axis] * half[axis];

				assert_float_equal(decoded.corners[c][axis], want, 0.012);
			}
	}
}

static void test_every_byte_and_the_longest(void **state)
{
	struct qr_picture how = { .width = 1200, .height = 1200, .module_px = 6 };
	char bytes[CODE_MAX];
	(void)state;

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 7 + i / 256);
	draw_and_decode(&how, bytes, sizeof bytes, EFFORT_STILL);
	assert_text("2,953 bytes of anything", bytes, sizeof bytes);
	memset(bytes, 'x', sizeof bytes);
	draw_and_decode(&how, bytes, sizeof bytes, EFFORT_STILL);
	assert_text("2,953 letters", bytes, sizeof bytes);
	draw_and_decode(&how, "a\0b\x01\x1b[2J", 8, EFFORT_STILL);
	assert_text("NUL and escape", "a\0b\x01\x1b[2J", 8);
}

/* The symbol's bytes where they are UTF-8 or binary; an older charset comes out as UTF-8. */
static void test_charsets(void **state)
{
	static const struct {
		const char *name;
		unsigned eci;
		const char *bytes, *text;
	} cases[] = {
		{ "UTF-8, undeclared", 0, "Gr\xc3\xbc\xc3\x9f Gott \xe2\x82\xac",
			"Gr\xc3\xbc\xc3\x9f Gott \xe2\x82\xac" },
		{ "UTF-8, declared", 26, "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "Latin-1, declared", 3, "caf\xe9", "caf\xc3\xa9" },
		{ "Latin-1 that looks like UTF-8, declared", 3, "\xc3\xa9", "\xc3\x83\xc2\xa9" },
		{ "Latin-1, undeclared", 0, "caf\xe9 noir", "caf\xc3\xa9 noir" },
		{ "Shift JIS, declared", 20, "\x83\x82\x83\x6f\x83\x43\x83\x8b",
			"\xe3\x83\xa2\xe3\x83\x90\xe3\x82\xa4\xe3\x83\xab" },
		{ "Shift JIS, undeclared", 0, "Google\x83\x82\x83\x6f\x83\x43\x83\x8b",
			"Google\xe3\x83\xa2\xe3\x83\x90\xe3\x82\xa4\xe3\x83\xab" },
		{ "overlong UTF-8 stays bytes or is re-coded, never passed as UTF-8", 899,
			"\xc0\xaf\x01\x02", "\xc0\xaf\x01\x02" },
	};
	struct qr_picture how = { 0 };
	(void)state;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		how.eci = cases[i].eci;
		draw_and_decode(&how, cases[i].bytes, strlen(cases[i].bytes), EFFORT_STILL);
		assert_text(cases[i].name, cases[i].text, strlen(cases[i].text));
	}
}

/* A part of a text is not a text: it is seen, and that is all. */
static void test_structured_append(void **state)
{
	struct qr_picture how = { .version = 2, .structured = true };
	(void)state;

	draw_and_decode(&how, TICKET, strlen(TICKET), EFFORT_STILL);
	assert_false(decoded.found);
	assert_true(decoded.corners_seen);
}

static void test_micro_is_nothing(void **state)
{
	struct qr_picture how = { .version = 4, .micro = true, .module_px = 10 };
	(void)state;

	draw_and_decode(&how, "12345", 5, EFFORT_STILL);
	assert_false(decoded.found);
}

/* The code held to the lens is nearer than the poster behind it. */
static void test_the_larger_of_two(void **state)
{
	struct qr_picture near_lens = { .module_px = 6, .centre = { 0.3, 0.5 } };
	struct qr_picture poster = { .module_px = 4, .centre = { 0.8, 0.4 } };
	struct luma a, b;
	(void)state;

	qr_picture_draw(&near_lens, "near", 4, &a);
	qr_picture_draw(&poster, "poster", 6, &b);

	uint8_t *both = (uint8_t *)(uintptr_t)a.pixels;

	for (size_t i = 0; i < (size_t)a.width * a.height; i++)
		both[i] = both[i] < b.pixels[i] ? both[i] : b.pixels[i];
	decode_luma(&a, 0, EFFORT_STILL, &decoded);
	free((void *)(uintptr_t)b.pixels);
	free(both);
	assert_text("two codes", "near", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_inverted_within_a_second),
		cmocka_unit_test(test_nothing_to_read),
		cmocka_unit_test(test_every_shape),
		cmocka_unit_test(test_largest_frame),
		cmocka_unit_test(test_stride),
		cmocka_unit_test(test_corners),
		cmocka_unit_test(test_every_byte_and_the_longest),
		cmocka_unit_test(test_charsets),
		cmocka_unit_test(test_structured_append),
		cmocka_unit_test(test_micro_is_nothing),
		cmocka_unit_test(test_the_larger_of_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
