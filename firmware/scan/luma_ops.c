#include "scan/luma_ops.h"

#include "base/cc.h"

#include <math.h>
#include <string.h>

/* Weights are in 1/WEIGHT_ONE. */
#define WEIGHT_BITS 12
#define WEIGHT_ONE  (1 << WEIGHT_BITS)
#define TAPS_MAX    (4 * LUMA_SHRINK_MAX + 1)

static uint8_t clamp_u8(int32_t v)
{
	return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static const uint8_t *row_of(const struct luma *l, uint32_t y)
{
	return l->pixels + (size_t)y * l->stride;
}

static struct luma whole(const uint8_t *pixels, uint32_t width, uint32_t height)
{
	return (struct luma){ .pixels = pixels, .width = width, .height = height, .stride = width };
}

static int64_t clip(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

struct luma luma_part(const struct luma *in, int64_t x, int64_t y, int64_t width, int64_t height)
{
	int64_t left = clip(x, 0, (int64_t)in->width - 1);
	int64_t top = clip(y, 0, (int64_t)in->height - 1);
	int64_t right = clip(x + width, left + 1, in->width);
	int64_t bottom = clip(y + height, top + 1, in->height);

	return (struct luma){
		.pixels = row_of(in, (uint32_t)top) + left,
		.width = (uint32_t)(right - left),
		.height = (uint32_t)(bottom - top),
		.stride = in->stride,
	};
}

struct luma luma_halve(const struct luma *in, uint8_t *out)
{
	struct luma half = whole(out, in->width / 2, in->height / 2);

	for (uint32_t y = 0; y < half.height; y++) {
		const uint8_t *a = row_of(in, 2 * y);
		const uint8_t *b = row_of(in, 2 * y + 1);

		for (uint32_t x = 0; x < half.width; x++, a += 2, b += 2)
			*out++ = (uint8_t)((a[0] + a[1] + b[0] + b[1] + 2) / 4);
	}
	return half;
}

/* --- resampling ------------------------------------------------------------------------------ */

/* Which pixels of the input make one pixel of the output, on one axis. */
struct taps {
	uint32_t count;
	uint32_t from[TAPS_MAX];
	int32_t weight[TAPS_MAX];
};

static float catmull_rom(float x)
{
	x = fabsf(x);
	if (x < 1.0F)
		return (1.5F * x - 2.5F) * x * x + 1.0F;
	if (x < 2.0F)
		return ((-0.5F * x + 2.5F) * x - 4.0F) * x + 2.0F;
	return 0.0F;
}

static struct taps taps_at(uint32_t at, uint32_t in_size, uint32_t out_size)
{
	float ratio = (float)in_size / (float)out_size;
	float wide = ratio > 1.0F ? ratio : 1.0F;
	float centre = ((float)at + 0.5F) * ratio - 0.5F;
	int32_t first = (int32_t)ceilf(centre - 2.0F * wide);
	float weights[TAPS_MAX];
	float sum = 0.0F;
	struct taps t = { .count = 0 };

	for (int32_t i = first; (float)i <= centre + 2.0F * wide && t.count < TAPS_MAX; i++) {
		weights[t.count] = catmull_rom(((float)i - centre) / wide);
		sum += weights[t.count];
		t.from[t.count++] = (uint32_t)clip(i, 0, (int64_t)in_size - 1);
	}
	for (uint32_t i = 0; i < t.count; i++)
		t.weight[i] = (int32_t)lrintf(weights[i] / sum * WEIGHT_ONE);
	return t;
}

/* One line of the output's height and the input's width, in 1/16 grey. */
static void blend_rows(const struct luma *in, const struct taps *t, int32_t *line)
{
	memset(line, 0, in->width * sizeof *line);
	for (uint32_t i = 0; i < t->count; i++) {
		const uint8_t *row = row_of(in, t->from[i]);
		int32_t weight = t->weight[i];

		for (uint32_t x = 0; x < in->width; x++)
			line[x] += row[x] * weight;
	}
	for (uint32_t x = 0; x < in->width; x++)
		line[x] >>= WEIGHT_BITS - 4;
}

struct luma luma_resize(const struct luma *in, uint8_t *out, uint32_t width, uint32_t height)
{
	static struct taps columns[LUMA_SIDE_MAX];
	int32_t line[LUMA_SIDE_MAX];

	CHECK(in->width <= LUMA_SIDE_MAX && width <= LUMA_SIDE_MAX && height <= LUMA_SIDE_MAX);
	CHECK(width > 0 && in->width <= width * LUMA_SHRINK_MAX);
	CHECK(height > 0 && in->height <= height * LUMA_SHRINK_MAX);
	for (uint32_t x = 0; x < width; x++)
		columns[x] = taps_at(x, in->width, width);
	for (uint32_t y = 0; y < height; y++) {
		struct taps rows = taps_at(y, in->height, height);
		uint8_t *to = out + (size_t)y * width;

		blend_rows(in, &rows, line);
		for (uint32_t x = 0; x < width; x++) {
			const struct taps *t = &columns[x];
			int32_t sum = 1 << (WEIGHT_BITS + 3);

			for (uint32_t i = 0; i < t->count; i++)
				sum += line[t->from[i]] * t->weight[i];
			to[x] = clamp_u8(sum >> (WEIGHT_BITS + 4));
		}
	}
	return whole(out, width, height);
}

/* --- pixel by pixel -------------------------------------------------------------------------- */

struct luma luma_invert(const struct luma *in, uint8_t *out)
{
	for (uint32_t y = 0; y < in->height; y++) {
		const uint8_t *row = row_of(in, y);
		uint8_t *to = out + (size_t)y * in->width;

		for (uint32_t x = 0; x < in->width; x++)
			to[x] = (uint8_t)(255 - row[x]);
	}
	return whole(out, in->width, in->height);
}

struct luma luma_unsharp(
	const struct luma *in, const struct luma *soft, uint8_t *out, int32_t amount)
{
	CHECK(in->width == soft->width && in->height == soft->height);
	for (uint32_t y = 0; y < in->height; y++) {
		const uint8_t *sharp_row = row_of(in, y);
		const uint8_t *soft_row = row_of(soft, y);
		uint8_t *to = out + (size_t)y * in->width;

		for (uint32_t x = 0; x < in->width; x++)
			to[x] = clamp_u8(sharp_row[x] + (sharp_row[x] - soft_row[x]) * amount / 16);
	}
	return whole(out, in->width, in->height);
}

void luma_deblur_step(
	const struct luma *seen, const struct luma *soft, uint8_t *estimate, int32_t gain)
{
	CHECK(seen->width == soft->width && seen->height == soft->height);
	for (uint32_t y = 0; y < seen->height; y++) {
		const uint8_t *seen_row = row_of(seen, y);
		const uint8_t *soft_row = row_of(soft, y);
		uint8_t *to = estimate + (size_t)y * seen->width;

		for (uint32_t x = 0; x < seen->width; x++)
			to[x] = clamp_u8(to[x] + (seen_row[x] - soft_row[x]) * gain / 16);
	}
}

/* The grey below which `permille` of the pixels lie. */
static uint32_t percentile(const uint32_t histogram[256], uint64_t pixels, uint32_t permille)
{
	uint64_t seen = 0;

	for (uint32_t grey = 0; grey < 256; grey++) {
		seen += histogram[grey];
		if (seen * 1000 > pixels * permille)
			return grey;
	}
	return 255;
}

struct luma luma_stretch(const struct luma *in, uint8_t *out, uint32_t permille, uint32_t gamma16)
{
	uint32_t histogram[256] = { 0 };
	uint64_t pixels = (uint64_t)in->width * in->height;
	uint8_t table[256];

	for (uint32_t y = 0; y < in->height; y++)
		for (uint32_t x = 0; x < in->width; x++)
			histogram[row_of(in, y)[x]]++;

	float low = (float)percentile(histogram, pixels, permille);
	float high = (float)percentile(histogram, pixels, 1000 - permille);
	float range = high - low < 4.0F ? 4.0F : high - low;

	for (uint32_t grey = 0; grey < 256; grey++) {
		float part = ((float)grey - low) / range;

		part = part < 0.0F ? 0.0F : part > 1.0F ? 1.0F : part;
		table[grey] = (uint8_t)lrintf(255.0F * powf(part, 16.0F / (float)gamma16));
	}
	for (uint32_t y = 0; y < in->height; y++)
		for (uint32_t x = 0; x < in->width; x++)
			out[(size_t)y * in->width + x] = table[row_of(in, y)[x]];
	return whole(out, in->width, in->height);
}

/* --- neighbourhoods -------------------------------------------------------------------------- */

static void add_row(uint32_t *columns, const struct luma *in, int64_t y, bool remove)
{
	const uint8_t *row = row_of(in, (uint32_t)clip(y, 0, (int64_t)in->height - 1));

	for (uint32_t x = 0; x < in->width; x++)
		columns[x] = remove ? columns[x] - row[x] : columns[x] + row[x];
}

/* The sums of the columns become the means of one row. columns has `radius` places more on either
 * side, which are filled here. */
static void box_row(uint32_t *columns, uint32_t width, uint32_t radius, uint8_t *out)
{
	uint32_t area = (2 * radius + 1) * (2 * radius + 1);
	uint64_t reciprocal = ((uint64_t)1 << 32) / area + 1;
	uint32_t *middle = columns + radius;
	uint32_t sum = area / 2;

	for (uint32_t i = 0; i < radius; i++) {
		columns[i] = middle[0];
		middle[width + i] = middle[width - 1];
	}
	for (uint32_t i = 0; i < 2 * radius; i++)
		sum += columns[i];
	for (uint32_t x = 0; x < width; x++) {
		sum += columns[x + 2 * radius];
		out[x] = (uint8_t)((sum * reciprocal) >> 32);
		sum -= columns[x];
	}
}

struct luma luma_box(const struct luma *in, uint8_t *out, uint32_t radius)
{
	uint32_t columns[LUMA_SIDE_MAX + 2 * LUMA_RADIUS_MAX] = { 0 };
	uint32_t *middle = columns + radius;

	CHECK(in->width <= LUMA_SIDE_MAX && radius >= 1 && radius <= LUMA_RADIUS_MAX);
	for (int64_t y = -(int64_t)radius; y <= (int64_t)radius; y++)
		add_row(middle, in, y, false);
	for (int64_t y = 0; y < (int64_t)in->height; y++) {
		box_row(columns, in->width, radius, out + (size_t)y * in->width);
		add_row(middle, in, y + (int64_t)radius + 1, false);
		add_row(middle, in, y - (int64_t)radius, true);
	}
	return whole(out, in->width, in->height);
}

/* Differences in 0 … 255 around 128, halved so that their sign survives. */
static void differences(const struct luma *in, const struct luma *mean, uint8_t *out)
{
	for (uint32_t y = 0; y < in->height; y++) {
		const uint8_t *row = row_of(in, y);
		const uint8_t *mean_row = row_of(mean, y);
		uint8_t *to = out + (size_t)y * in->width;

		for (uint32_t x = 0; x < in->width; x++)
			to[x] = (uint8_t)(128 + (row[x] - mean_row[x]) / 2);
	}
}

struct luma luma_level(const struct luma *in, uint8_t *out, uint8_t *spare[2], uint32_t radius)
{
	struct luma mean = luma_box(in, spare[0], radius);
	size_t pixels = (size_t)in->width * in->height;

	differences(in, &mean, out);
	for (size_t i = 0; i < pixels; i++)
		spare[0][i] = (uint8_t)(out[i] < 128 ? 128 - out[i] : out[i] - 128);

	struct luma distance = whole(spare[0], in->width, in->height);
	struct luma spread = luma_box(&distance, spare[1], radius);

	for (size_t i = 0; i < pixels; i++)
		out[i] = clamp_u8(128 + (out[i] - 128) * 64 / (spread.pixels[i] + 2));
	return whole(out, in->width, in->height);
}
