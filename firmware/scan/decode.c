/* What is tried on a frame, in which order.
 *
 * The library reads a code when a row across a finder pattern, made black and white, shows runs of
 * 1:1:3:1:1, and when each module's centre then falls on the right side of a threshold. Frames
 * fail at the one or the other: modules are too small for their runs to be whole pixels (grow the
 * picture), noise breaks the runs (shrink or blur it), the lens or the hand has smeared them
 * (sharpen), light lies unevenly (level). No single preparation serves all, and each that does
 * not serve costs time; so they are recipes in a table, cheapest and most telling first.
 *
 *	live frame:   live[0] … live[n-1], then the region of a code that was seen but not read,
 *	              then ONE of extras[], a different one with each frame: a code held up for a
 *	              second meets them all
 *	still frame:  live[], region, all of extras[], all of stills[]
 *
 * The first text ends it. */
#include "scan/decode.h"

#include "base/cc.h"
#include "scan/luma_ops.h"
#include "scan/symbol.h"

#include <math.h>
#include <string.h>

/* Twice FRAME_*_MAX on both sides; larger enlargements are left out. */
#define BUFFER_PIXELS (4 * FRAME_WIDTH_MAX * FRAME_HEIGHT_MAX)
#define OPS_MAX       4

enum op_kind {
	OP_NONE,
	OP_HALVE,
	OP_SCALE,  /* a: per cent */
	OP_CENTRE, /* a: per cent of either side that is kept */
	OP_INVERT,
	OP_BLUR,    /* a: radius */
	OP_SHARPEN, /* a: radius of the blur taken away, b: amount in 1/16 */
	OP_DEBLUR,  /* a: radius of the smear, b: steps */
	OP_STRETCH, /* a: per mille cut off, b: gamma in 1/16 */
	OP_LEVEL,   /* a: radius */
};

struct op {
	enum op_kind kind;
	uint16_t a, b;
};

struct recipe {
	struct op ops[OPS_MAX]; /* up to the first OP_NONE */
	unsigned search;        /* enum symbol_search */
};

static const struct recipe live[] = {
	{ { { OP_NONE } }, SYMBOL_GLOBAL },
	{ { { OP_HALVE } }, SYMBOL_HARDER },
	{ { { OP_NONE } }, SYMBOL_UNREADABLE },
};

/* None may cost much more than live[] does. */
static const struct recipe extras[] = {
	{ { { OP_HALVE }, { OP_INVERT } }, SYMBOL_HARDER },
	{ { { OP_BLUR, 1 } }, SYMBOL_HARDER },
	{ { { OP_CENTRE, 60 }, { OP_BLUR, 1 }, { OP_SCALE, 200 }, { OP_SHARPEN, 2, 32 } },
		SYMBOL_HARDER },
	{ { { OP_HALVE }, { OP_BLUR, 1 } }, SYMBOL_HARDER },
	{ { { OP_CENTRE, 60 }, { OP_SCALE, 200 } }, SYMBOL_HARDER },
	{ { { OP_NONE } }, SYMBOL_HARDER },
	{ { { OP_CENTRE, 60 }, { OP_INVERT }, { OP_SCALE, 150 } }, SYMBOL_HARDER },
	{ { { OP_BLUR, 1 }, { OP_SHARPEN, 3, 64 } }, SYMBOL_HARDER },
};

/* Cheapest first; all of them on a picture without a code take about a second. */
static const struct recipe stills[] = {
	/* Large codes, coarse print, screens seen from too near. */
	{ { { OP_SCALE, 75 } }, SYMBOL_HARDER },
	{ { { OP_BLUR, 2 }, { OP_HALVE } }, SYMBOL_HARDER },
	{ { { OP_SCALE, 33 } }, SYMBOL_HARDER },
	{ { { OP_SCALE, 25 } }, SYMBOL_HARDER },
	{ { { OP_BLUR, 1 }, { OP_SCALE, 33 } }, SYMBOL_HARDER },
	{ { { OP_HALVE }, { OP_SHARPEN, 1, 32 } }, SYMBOL_HARDER },
	{ { { OP_NONE } }, SYMBOL_GLOBAL | SYMBOL_HARDER },
	/* Uneven or little light. */
	{ { { OP_STRETCH, 5, 32 }, { OP_BLUR, 1 } }, SYMBOL_HARDER },
	{ { { OP_LEVEL, 8 } }, SYMBOL_HARDER },
	{ { { OP_HALVE }, { OP_LEVEL, 8 } }, SYMBOL_HARDER },
	/* Soft. */
	{ { { OP_SHARPEN, 1, 32 } }, SYMBOL_LOCAL },
	{ { { OP_SHARPEN, 2, 32 } }, SYMBOL_HARDER },
	{ { { OP_BLUR, 2 }, { OP_SHARPEN, 4, 96 } }, SYMBOL_HARDER },
	/* Small. */
	{ { { OP_SCALE, 150 } }, SYMBOL_LOCAL },
	{ { { OP_SCALE, 200 } }, SYMBOL_HARDER },
	{ { { OP_BLUR, 1 }, { OP_SCALE, 200 } }, SYMBOL_HARDER },
	{ { { OP_BLUR, 1 }, { OP_SCALE, 200 }, { OP_SHARPEN, 2, 32 } }, SYMBOL_HARDER },
	{ { { OP_BLUR, 1 }, { OP_SCALE, 200 }, { OP_SHARPEN, 4, 64 } }, SYMBOL_HARDER },
	{ { { OP_LEVEL, 24 }, { OP_SCALE, 200 } }, SYMBOL_HARDER },
	/* White on black. */
	{ { { OP_INVERT } }, SYMBOL_HARDER },
	{ { { OP_BLUR, 1 }, { OP_INVERT } }, SYMBOL_HARDER },
	{ { { OP_INVERT }, { OP_SCALE, 200 } }, SYMBOL_HARDER },
	/* Small, soft and noisy at once. */
	{ { { OP_BLUR, 1 }, { OP_SHARPEN, 3, 96 }, { OP_BLUR, 1 }, { OP_SCALE, 200 } },
		SYMBOL_HARDER },
	{ { { OP_BLUR, 2 }, { OP_DEBLUR, 3, 8 } }, SYMBOL_HARDER },
	{ { { OP_BLUR, 1 }, { OP_STRETCH, 2, 16 }, { OP_SCALE, 200 }, { OP_SHARPEN, 3, 48 } },
		SYMBOL_HARDER },
};

/* What is done to the region of a code that was seen but not read. */
static const struct recipe regions[] = {
	{ { { OP_SCALE, 200 } }, SYMBOL_LOCAL },
	{ { { OP_SCALE, 200 }, { OP_SHARPEN, 2, 32 } }, SYMBOL_LOCAL },
	{ { { OP_BLUR, 1 }, { OP_SCALE, 200 } }, SYMBOL_HARDER },
};

/* Pictures in the making, made once: decode_luma() is one thread's, and pages that no frame needs
 * are never touched. */
static struct bench {
	uint8_t turn[2][BUFFER_PIXELS];
	uint8_t soft[2][BUFFER_PIXELS];
	struct symbol symbol;
} bench;

/* A picture, and where it lies in the frame: frame = offset + picture × scale. */
struct view {
	struct luma luma;
	float left, top, scale_x, scale_y;
};

static struct view view_of(const struct luma *frame)
{
	return (struct view){ .luma = *frame, .scale_x = 1.0F, .scale_y = 1.0F };
}

static uint8_t *free_turn(const struct luma *l)
{
	return l->pixels == bench.turn[0] ? bench.turn[1] : bench.turn[0];
}

static void take_size(struct view *v, struct luma now)
{
	v->scale_x *= (float)v->luma.width / (float)now.width;
	v->scale_y *= (float)v->luma.height / (float)now.height;
	v->luma = now;
}

static void take_part(struct view *v, int64_t x, int64_t y, int64_t width, int64_t height)
{
	struct luma part = luma_part(&v->luma, x, y, width, height);
	size_t at = (size_t)(part.pixels - v->luma.pixels);

	v->left += (float)(at % v->luma.stride) * v->scale_x;
	v->top += (float)(at / v->luma.stride) * v->scale_y;
	v->luma = part;
}

static bool op_scale(struct view *v, uint32_t percent)
{
	/* Rounded up: a quarter of 150 rows must not be less than LUMA_SHRINK_MAX allows. */
	uint64_t width = ((uint64_t)v->luma.width * percent + 99) / 100;
	uint64_t height = ((uint64_t)v->luma.height * percent + 99) / 100;

	if (width < FRAME_SIDE_MIN || height < FRAME_SIDE_MIN || width > LUMA_SIDE_MAX ||
		height > LUMA_SIDE_MAX || width * height > BUFFER_PIXELS)
		return false;
	take_size(v, luma_resize(&v->luma, free_turn(&v->luma), (uint32_t)width, (uint32_t)height));
	return true;
}

/* Two boxes in a row are near enough to the disc of a lens out of focus. */
static struct luma soften(const struct luma *in, uint32_t radius)
{
	struct luma once = luma_box(in, bench.soft[0], radius);

	return luma_box(&once, bench.soft[1], radius);
}

static struct luma sharpen(const struct luma *in, uint32_t radius, int32_t amount)
{
	struct luma soft = soften(in, radius);

	return luma_unsharp(in, &soft, free_turn(in), amount);
}

static struct luma deblur(const struct luma *in, uint32_t radius, uint32_t steps)
{
	uint8_t *to = free_turn(in);
	struct luma estimate = luma_part(in, 0, 0, in->width, in->height);

	for (uint32_t y = 0; y < in->height; y++)
		memcpy(to + (size_t)y * in->width, in->pixels + (size_t)y * in->stride, in->width);
	estimate.pixels = to;
	estimate.stride = in->width;
	for (uint32_t i = 0; i < steps; i++) {
		struct luma soft = soften(&estimate, radius);

		luma_deblur_step(in, &soft, to, 16);
	}
	return estimate;
}

/* False where the recipe does not suit a picture of this size. */
static bool apply(struct view *v, const struct op *op)
{
	const struct luma *in = &v->luma;
	uint8_t *out = free_turn(in);

	switch (op->kind) {
	case OP_NONE:
		break;
	case OP_HALVE:
		if (in->width < 2 * FRAME_SIDE_MIN || in->height < 2 * FRAME_SIDE_MIN)
			return false;
		take_size(v, luma_halve(in, out));
		break;
	case OP_SCALE:
		return op_scale(v, op->a);
	case OP_CENTRE:
		take_part(v, (int64_t)in->width * (100 - op->a) / 200,
			(int64_t)in->height * (100 - op->a) / 200, (int64_t)in->width * op->a / 100,
			(int64_t)in->height * op->a / 100);
		break;
	case OP_INVERT:
		v->luma = luma_invert(in, out);
		break;
	case OP_BLUR:
		v->luma = luma_box(in, out, op->a);
		break;
	case OP_SHARPEN:
		v->luma = sharpen(in, op->a, op->b);
		break;
	case OP_DEBLUR:
		v->luma = deblur(in, op->a, op->b);
		break;
	case OP_STRETCH:
		v->luma = luma_stretch(in, out, op->a, op->b);
		break;
	case OP_LEVEL:
		v->luma =
			luma_level(in, out, (uint8_t *[2]){ bench.soft[0], bench.soft[1] }, op->a);
		break;
	}
	return true;
}

static void take_corners(const struct view *v, const struct luma *frame, struct decoded *out)
{
	out->corners_seen = true;
	for (size_t i = 0; i < 4; i++) {
		float x = v->left + bench.symbol.corners[i][0] * v->scale_x;
		float y = v->top + bench.symbol.corners[i][1] * v->scale_y;

		out->corners[i][0] = fminf(fmaxf(x / (float)frame->width, 0.0F), 1.0F);
		out->corners[i][1] = fminf(fmaxf(y / (float)frame->height, 0.0F), 1.0F);
	}
}

/* One recipe on one view of the frame. True when a text was read; a code that was only seen gives
 * its corners, where none are known yet. */
static bool cook(
	struct view v, const struct recipe *r, const struct luma *frame, struct decoded *out)
{
	for (size_t i = 0; i < OPS_MAX && r->ops[i].kind != OP_NONE; i++)
		if (!apply(&v, &r->ops[i]))
			return false;
	if (v.luma.width < FRAME_SIDE_MIN || v.luma.height < FRAME_SIDE_MIN)
		return false;
	symbol_find(&v.luma, r->search, &bench.symbol);
	if (bench.symbol.seen && (bench.symbol.read || !out->corners_seen))
		take_corners(&v, frame, out);
	if (!bench.symbol.read)
		return false;
	out->found = true;
	out->len = bench.symbol.len;
	memcpy(out->text, bench.symbol.text, bench.symbol.len);
	return true;
}

static bool cook_all(
	const struct recipe *r, size_t n, const struct luma *frame, struct decoded *out)
{
	for (size_t i = 0; i < n; i++)
		if (cook(view_of(frame), &r[i], frame, out))
			return true;
	return false;
}

/* The surroundings of a code that was seen, with a margin for what its corners left out. */
static bool cook_region(const struct luma *frame, struct decoded *out)
{
	float low[2] = { 1.0F, 1.0F };
	float high[2] = { 0.0F, 0.0F };
	float size[2] = { (float)frame->width, (float)frame->height };

	for (size_t i = 0; i < 4; i++)
		for (size_t axis = 0; axis < 2; axis++) {
			low[axis] = fminf(low[axis], out->corners[i][axis]);
			high[axis] = fmaxf(high[axis], out->corners[i][axis]);
		}

	float margin = 0.18F * fmaxf((high[0] - low[0]) * size[0], (high[1] - low[1]) * size[1]);
	struct view v = view_of(frame);

	take_part(&v, (int64_t)(low[0] * size[0] - margin), (int64_t)(low[1] * size[1] - margin),
		(int64_t)((high[0] - low[0]) * size[0] + 2.0F * margin),
		(int64_t)((high[1] - low[1]) * size[1] + 2.0F * margin));
	for (size_t i = 0; i < ARRAY_LEN(regions); i++)
		if (cook(v, &regions[i], frame, out))
			return true;
	return false;
}

void decode_luma(
	const struct luma *frame, uint32_t frame_number, enum effort effort, struct decoded *out)
{
	CHECK(frame->width >= FRAME_SIDE_MIN && frame->width <= FRAME_WIDTH_MAX);
	CHECK(frame->height >= FRAME_SIDE_MIN && frame->height <= FRAME_HEIGHT_MAX);
	memset(out, 0, sizeof *out);
	if (cook_all(live, ARRAY_LEN(live), frame, out))
		return;
	if (out->corners_seen && cook_region(frame, out))
		return;
	if (effort == EFFORT_LIVE) {
		(void)cook(view_of(frame), &extras[frame_number % ARRAY_LEN(extras)], frame, out);
		return;
	}
	if (!cook_all(extras, ARRAY_LEN(extras), frame, out))
		(void)cook_all(stills, ARRAY_LEN(stills), frame, out);
}
