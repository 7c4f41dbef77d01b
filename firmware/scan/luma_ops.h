/* Operations on grey pictures, for decode.c: each makes a new picture in a buffer of the caller's,
 * rows without padding. Nothing is allocated and no size is refused that fits LUMA_SIDE_MAX; an
 * output never shares memory with its input unless the comment says so. One thread: the resampler
 * keeps its table of weights. */
#ifndef PARVIS_SCAN_LUMA_OPS_H
#define PARVIS_SCAN_LUMA_OPS_H

#include "scan/decode.h"

/* Widest or tallest picture that any of these reads or makes. */
#define LUMA_SIDE_MAX 3840

/* A part of a picture: a view, nothing is copied. Clipped to the picture, at least 1 × 1. */
struct luma luma_part(const struct luma *in, int64_t x, int64_t y, int64_t width, int64_t height);

/* 2 × 2 pixels averaged to one; an odd last row or column is dropped. in is at least 2 × 2. */
struct luma luma_halve(const struct luma *in, uint8_t *out);

/* Catmull-Rom, its kernel widened when shrinking, so that nothing aliases. The size changes by a
 * factor of 1/LUMA_SHRINK_MAX … LUMA_GROW_MAX. */
#define LUMA_SHRINK_MAX 4
#define LUMA_GROW_MAX   4
struct luma luma_resize(const struct luma *in, uint8_t *out, uint32_t width, uint32_t height);

/* 255 - pixel. out may be in's own memory when in has no padding. */
struct luma luma_invert(const struct luma *in, uint8_t *out);

/* Mean of the (2 radius + 1)² neighbours, the edge pixels repeated. radius is 1 …
 * LUMA_RADIUS_MAX. */
#define LUMA_RADIUS_MAX 64
struct luma luma_box(const struct luma *in, uint8_t *out, uint32_t radius);

/* in + (in - soft) × amount / 16, clamped: an unsharp mask with a blur that was made before. The
 * two are of one size; out may be soft's memory. */
struct luma luma_unsharp(
	const struct luma *in, const struct luma *soft, uint8_t *out, int32_t amount);

/* One step of Van Cittert's deconvolution, x + (y - blurred x) × gain / 16: estimate comes as x and
 * is overwritten with the next one. soft is x blurred as the lens is thought to have blurred. */
void luma_deblur_step(
	const struct luma *seen, const struct luma *soft, uint8_t *estimate, int32_t gain);

/* The darkest and brightest `permille` of the pixels are cut off and the rest stretched to
 * 0 … 255, bent by 1/gamma16 × 16 (16: straight; 32: shadows opened). */
struct luma luma_stretch(const struct luma *in, uint8_t *out, uint32_t permille, uint32_t gamma16);

/* Every pixel as its distance from the mean of its surroundings, in units of the mean distance
 * there: shadows, glare and veils of light disappear. Each spare holds as many bytes as out. */
struct luma luma_level(const struct luma *in, uint8_t *out, uint8_t *spare[2], uint32_t radius);

#endif
