#include "port/picture.h"

#include "tests/fake/image_file.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <png.h>

static char folder[64];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/parvis-picture.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

static void path_of(char out[128], const char *name)
{
	snprintf(out, 128, "%s/%s", folder, name);
}

/* A ramp from left to right: damage and mirrored rows show. */
static uint8_t *ramp(uint32_t width, uint32_t height)
{
	uint8_t *p = malloc((size_t)width * height);
	assert_non_null(p);
	for (uint32_t y = 0; y < height; y++)
		for (uint32_t x = 0; x < width; x++)
			p[(size_t)y * width + x] = (uint8_t)(x * 255 / (width > 1 ? width - 1 : 1));
	return p;
}

static struct image_file grey_jpeg(uint32_t width, uint32_t height, int scans)
{
	uint8_t *pixels = ramp(width, height);
	struct image_file f = image_jpeg(&(struct image_jpeg){ .width = width,
		.height = height,
		.pixels = pixels,
		.channels = 1,
		.scans = scans });
	free(pixels);
	return f;
}

static void assert_ramp(const struct picture *p)
{
	for (uint32_t y = 0; y < p->height; y += 7)
		for (uint32_t x = 0; x < p->width; x++)
			assert_in_range(p->pixels[(size_t)y * p->width + x] + 8,
				x * 255 / (p->width - 1), x * 255 / (p->width - 1) + 16);
}

static void test_jpeg_sizes(void **state)
{
	(void)state;
	static const struct {
		const char *why;
		uint32_t width, height, out_width, out_height;
		int scans;
	} cases[] = {
		{ "as it is", 64, 48, 64, 48, 0 },
		{ "progressive", 64, 48, 64, 48, 1 },
		{ "the largest that fits", 1920, 1440, 1920, 1440, 0 },
		{ "a pixel too wide: halved by the codec", 1921, 1440, 961, 720, 0 },
		{ "a third: not the codec's business", 4000, 3000, 1334, 1000, 0 },
		{ "a portrait, by its height", 1000, 2000, 500, 1000, 0 },
		{ "a sixth: halved by the codec, then thirds", 11000, 64, 1834, 11, 0 },
		{ "a strip thinner than the factor", 15000, 3, 1875, 1, 0 },
		{ "the least", 8, 1, 8, 1, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("# %s\n", cases[i].why);
		struct image_file f = grey_jpeg(cases[i].width, cases[i].height, cases[i].scans);
		struct picture p;
		assert_int_equal(picture_decode(&p, f.data, f.len), 0);
		assert_int_equal(p.width, cases[i].out_width);
		assert_int_equal(p.height, cases[i].out_height);
		if (p.width > 60)
			assert_ramp(&p);
		picture_free(&p);
		picture_free(&p); /* twice does no harm */
		free(f.data);
	}
}

static void test_jpeg_colour(void **state)
{
	(void)state;
	uint8_t red[16 * 16 * 3] = { 0 };
	for (size_t i = 0; i < sizeof(red); i += 3)
		red[i] = 255;
	struct image_file f = image_jpeg(
		&(struct image_jpeg){ .width = 16, .height = 16, .pixels = red, .channels = 3 });
	struct picture p;
	assert_int_equal(picture_decode(&p, f.data, f.len), 0);
	assert_in_range(p.pixels[100], 74, 78); /* 0.299 of 255 */
	picture_free(&p);
	free(f.data);
}

/* Cut anywhere, a file is refused; only the end marker may be missing. */
static void test_jpeg_truncated(void **state)
{
	(void)state;
	for (int scans = 0; scans < 2; scans++) {
		struct image_file f = grey_jpeg(160, 96, scans);
		for (size_t len = 0; len < f.len; len++) {
			uint8_t *cut = malloc(len ? len : 1); /* its own block, for the sanitizer */
			assert_non_null(cut);
			memcpy(cut, f.data, len);
			struct picture p = { .width = 77 };
			int error = picture_decode(&p, cut, len);
			free(cut);
			if (!error) {
				assert_true(len >= f.len - 2 || scans);
				assert_int_equal(p.width, 160);
				picture_free(&p);
			} else {
				assert_int_equal(error, -EINVAL);
				assert_int_equal(p.width, 77); /* nothing was handed over */
			}
		}
		struct picture p;
		assert_int_equal(picture_decode(&p, f.data, f.len - 2), 0);
		assert_ramp(&p);
		picture_free(&p);
		free(f.data);
	}
}

/* Every byte wrong in its turn: an answer, whichever, and no end of the program. */
static void test_damaged(void **state)
{
	(void)state;
	uint8_t *pixels = ramp(48, 32);
	struct image_file files[] = { grey_jpeg(48, 32, 0), grey_jpeg(48, 32, 1),
		image_png(&(struct image_png){ .width = 48,
			.height = 32,
			.depth = 8,
			.color = PNG_COLOR_TYPE_GRAY,
			.pixels = pixels }) };
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		for (size_t at = 0; at < files[i].len; at++) {
			uint8_t kept = files[i].data[at];
			for (unsigned flip = 1; flip < 256; flip = flip * 3 + 1) {
				files[i].data[at] = (uint8_t)(kept ^ flip);
				struct picture p;
				int error = picture_decode(&p, files[i].data, files[i].len);
				if (!error) {
					assert_in_range(p.width, 1, PICTURE_WIDTH_MAX);
					assert_in_range(p.height, 1, PICTURE_HEIGHT_MAX);
					picture_free(&p);
				} else {
					assert_true(error == -EINVAL || error == -EFBIG ||
						    error == -ENOMEM);
				}
			}
			files[i].data[at] = kept;
		}
		free(files[i].data);
	}
	free(pixels);
}

/* The offset of a marker's segment. */
static size_t find_marker(const struct image_file *f, uint8_t marker)
{
	for (size_t i = 2; i + 4 < f->len && f->data[i] == 0xff;
		i += 2 + ((size_t)f->data[i + 2] << 8 | f->data[i + 3]))
		if (f->data[i + 1] == marker)
			return i;
	return 0;
}

static void test_jpeg_size_limit(void **state)
{
	(void)state;
	struct image_file f = grey_jpeg(64, 48, 0);
	size_t frame = find_marker(&f, 0xc0);
	assert_int_not_equal(frame, 0);
	f.data[frame + 5] = 20001 >> 8; /* height */
	f.data[frame + 6] = 20001 & 0xff;
	struct picture p;
	assert_int_equal(picture_decode(&p, f.data, f.len), -EFBIG);
	f.data[frame + 5] = 20000 >> 8; /* allowed, but the rows are not there */
	f.data[frame + 6] = 20000 & 0xff;
	assert_int_equal(picture_decode(&p, f.data, f.len), -EINVAL);
	free(f.data);
}

static void test_jpeg_too_many_scans(void **state)
{
	(void)state;
	struct picture p;
	struct image_file f = grey_jpeg(64, 48, 64);
	assert_int_equal(picture_decode(&p, f.data, f.len), 0);
	picture_free(&p);
	free(f.data);
	f = grey_jpeg(64, 48, 300);
	assert_int_equal(picture_decode(&p, f.data, f.len), -EINVAL);
	free(f.data);
}

/* Motion JPEG of many cameras: no Huffman tables, rubbish between segments and after the end. */
static void test_jpeg_of_cameras(void **state)
{
	(void)state;
	struct image_file f = grey_jpeg(64, 48, 0);
	for (size_t at; (at = find_marker(&f, 0xc4));) {
		size_t n = 2 + ((size_t)f.data[at + 2] << 8 | f.data[at + 3]);
		memmove(f.data + at, f.data + at + n, f.len - at - n);
		f.len -= n;
	}
	struct picture p;
	assert_int_equal(picture_decode(&p, f.data, f.len), 0);
	assert_ramp(&p);
	picture_free(&p);

	uint8_t *padded = calloc(1, f.len + 500);
	assert_non_null(padded);
	memcpy(padded, f.data, f.len);
	assert_int_equal(picture_decode(&p, padded, f.len + 500), 0);
	picture_free(&p);
	memmove(padded + 3, padded, f.len);
	memcpy(padded, "\xff\xd8\0\0\0", 5);
	padded[2] = 0xff; /* SOI, fill, rubbish, then the next segment */
	int error = picture_decode(&p, padded, f.len + 3);
	if (!error)
		picture_free(&p);
	else
		assert_int_equal(error, -EINVAL);
	free(padded);
	free(f.data);
}

static void decode_png(struct picture *p, const struct image_png *how)
{
	struct image_file f = image_png(how);
	assert_int_equal(picture_decode(p, f.data, f.len), 0);
	assert_int_equal(p->width, how->width);
	assert_int_equal(p->height, how->height);
	free(f.data);
}

static void test_png_kinds(void **state)
{
	(void)state;
	static const uint8_t colours[] = { 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 255 };
	static const uint8_t opacity[] = { 0 };
	static const struct {
		const char *why;
		struct image_png how;
		uint8_t pixels[32];
		uint8_t expected[4];
	} cases[] = {
		{ "grey", { .depth = 8, .color = PNG_COLOR_TYPE_GRAY }, { 0, 9, 128, 255 },
			{ 0, 9, 128, 255 } },
		{ "1 bit", { .depth = 1, .color = PNG_COLOR_TYPE_GRAY }, { 0x50 },
			{ 0, 255, 0, 255 } },
		{ "2 bits", { .depth = 2, .color = PNG_COLOR_TYPE_GRAY }, { 0x1b },
			{ 0, 85, 170, 255 } },
		{ "4 bits", { .depth = 4, .color = PNG_COLOR_TYPE_GRAY }, { 0x01, 0x8f },
			{ 0, 17, 136, 255 } },
		{ "16 bits", { .depth = 16, .color = PNG_COLOR_TYPE_GRAY },
			{ 0, 0, 0x40, 0x40, 0x80, 0x80, 0xff, 0xff }, { 0, 64, 128, 255 } },
		{ "grey on white: transparent, solid, half, thin",
			{ .depth = 8, .color = PNG_COLOR_TYPE_GRAY_ALPHA },
			{ 0, 0, 0, 255, 0, 128, 200, 1 }, { 255, 0, 127, 255 } },
		{ "colour", { .depth = 8, .color = PNG_COLOR_TYPE_RGB },
			{ 255, 255, 255, 0, 0, 0, 90, 90, 90, 7, 7, 7 }, { 255, 0, 90, 7 } },
		{ "colour with alpha", { .depth = 8, .color = PNG_COLOR_TYPE_RGBA },
			{ 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 9, 0, 0, 0, 51 },
			{ 255, 0, 255, 204 } },
		{ "palette", { .depth = 8, .color = PNG_COLOR_TYPE_PALETTE, .palette_len = 4 },
			{ 0, 1, 0, 1 }, { 0, 255, 0, 255 } },
		{ "palette of 2 bits, its black transparent",
			{ .depth = 2,
				.color = PNG_COLOR_TYPE_PALETTE,
				.palette_len = 4,
				.opacity_len = 1 },
			{ 0x10 }, { 255, 255, 255, 255 } },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		for (int interlaced = 0; interlaced < 2; interlaced++) {
			print_message("# %s%s\n", cases[i].why, interlaced ? ", interlaced" : "");
			struct image_png how = cases[i].how;
			how.width = 4;
			how.height = 1;
			how.interlaced = interlaced;
			how.pixels = cases[i].pixels;
			how.palette = colours;
			how.opacity = opacity;
			struct picture p;
			decode_png(&p, &how);
			for (int x = 0; x < 4; x++)
				assert_in_range(p.pixels[x] + 1, cases[i].expected[x],
					cases[i].expected[x] + 2);
			picture_free(&p);
		}
	}
}

static void test_png_shrinks(void **state)
{
	(void)state;
	for (int interlaced = 0; interlaced < 2; interlaced++) {
		uint8_t *pixels = ramp(3841, 100);
		struct image_file f = image_png(&(struct image_png){ .width = 3841,
			.height = 100,
			.depth = 8,
			.color = PNG_COLOR_TYPE_GRAY,
			.pixels = pixels,
			.interlaced = interlaced });
		struct picture p;
		assert_int_equal(picture_decode(&p, f.data, f.len), 0);
		assert_int_equal(p.width, 1281); /* thirds, and what is left over */
		assert_int_equal(p.height, 34);
		assert_ramp(&p);
		picture_free(&p);
		free(f.data);
		free(pixels);
	}
}

static void test_png_truncated(void **state)
{
	(void)state;
	uint8_t *pixels = ramp(64, 48);
	struct image_file f = image_png(&(struct image_png){ .width = 64,
		.height = 48,
		.depth = 8,
		.color = PNG_COLOR_TYPE_GRAY,
		.pixels = pixels });
	for (size_t len = 0; len < f.len; len++) {
		uint8_t *cut = malloc(len ? len : 1);
		assert_non_null(cut);
		memcpy(cut, f.data, len);
		struct picture p;
		assert_int_equal(picture_decode(&p, cut, len), -EINVAL);
		free(cut);
	}
	free(f.data);
	free(pixels);
}

static void test_png_size_limits(void **state)
{
	(void)state;
	uint8_t *row = calloc(1, 20001);
	assert_non_null(row);
	static const struct {
		const char *why;
		struct image_png how;
		int error;
	} cases[] = {
		{ "too wide", { .width = 20001, .height = 1, .depth = 1 }, -EFBIG },
		{ "as wide as may be", { .width = 20000, .height = 1, .depth = 1 }, 0 },
		{ "too high", { .width = 8, .height = 20001, .depth = 1, .rowless = true },
			-EFBIG },
		{ "interlaced, and too large to hold",
			{ .width = 9000,
				.height = 9000,
				.depth = 1,
				.interlaced = true,
				.rowless = true },
			-EFBIG },
		{ "rows missing", { .width = 8, .height = 20000, .depth = 1, .rowless = true },
			-EINVAL },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("# %s\n", cases[i].why);
		struct image_png how = cases[i].how;
		how.color = PNG_COLOR_TYPE_GRAY;
		how.pixels = row;
		struct image_file f = image_png(&how);
		struct picture p;
		int error = picture_decode(&p, f.data, f.len);
		assert_int_equal(error, cases[i].error);
		if (!error)
			picture_free(&p);
		free(f.data);
	}
	free(row);
}

static void test_load(void **state)
{
	(void)state;
	char path[128];
	struct picture p;
	path_of(path, "none.jpg");
	assert_int_equal(picture_load(&p, path), -ENOENT);
	assert_int_equal(picture_load(&p, folder), -EINVAL);

	path_of(path, "pipe.png"); /* with nobody to write to it */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(picture_load(&p, path), -EINVAL);
	unlink(path);

	path_of(path, "p.jpg");
	struct image_file f = grey_jpeg(64, 48, 0);
	assert_true(image_file_save(&f, path));
	assert_int_equal(picture_load(&p, path), 0);
	assert_ramp(&p);
	picture_free(&p);
	assert_int_equal(truncate(path, PICTURE_FILE_MAX + 1L), 0); /* a hole, no disk used */
	assert_int_equal(picture_load(&p, path), -EFBIG);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(picture_load(&p, path), -EINVAL);
	struct image_file gif = { (uint8_t[]){ "GIF89a, which is neither" }, 24 };
	assert_true(image_file_save(&gif, path));
	assert_int_equal(picture_load(&p, path), -EINVAL);
	unlink(path);
	free(f.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jpeg_sizes),
		cmocka_unit_test(test_jpeg_colour),
		cmocka_unit_test(test_jpeg_truncated),
		cmocka_unit_test(test_jpeg_size_limit),
		cmocka_unit_test(test_jpeg_too_many_scans),
		cmocka_unit_test(test_jpeg_of_cameras),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_png_kinds),
		cmocka_unit_test(test_png_shrinks),
		cmocka_unit_test(test_png_truncated),
		cmocka_unit_test(test_png_size_limits),
		cmocka_unit_test(test_load),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
