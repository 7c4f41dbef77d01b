#include "port/v4l2_format.h"

#include "port/picture_rows.h"

#include <errno.h>
#include <stdlib.h>

#include <linux/videodev2.h>

/* In the order of what a frame costs: GREY is read as it is, MJPEG must be decoded. */
static const struct format {
	uint32_t fourcc;
	uint32_t luma_step;     /* bytes from one luma sample to the next; 0: compressed */
	uint32_t rows_per_half; /* rows of the whole frame, in halves of the luma rows */
} formats[] = {
	{ V4L2_PIX_FMT_GREY, 1, 2 },
	{ V4L2_PIX_FMT_NV12, 1, 3 }, /* half as many rows of colour follow */
	{ V4L2_PIX_FMT_YUYV, 2, 2 },
	{ V4L2_PIX_FMT_MJPEG, 0, 0 },
};

static const struct format *find(uint32_t fourcc)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (formats[i].fourcc == fourcc)
			return &formats[i];
	return NULL;
}

static uint32_t distance(uint32_t a, uint32_t b)
{
	return a > b ? a - b : b - a;
}

uint32_t v4l2_rank(uint32_t fourcc, uint32_t width, uint32_t height)
{
	const struct format *f = find(fourcc);
	if (!f || width > V4L2_SIDE_MAX || height > V4L2_SIDE_MAX)
		return UINT32_MAX;
	uint32_t off = distance(width, V4L2_WIDTH_WANTED) + distance(height, V4L2_HEIGHT_WANTED);
	return off * (uint32_t)ARRAY_LEN(formats) + (uint32_t)(f - formats);
}

int v4l2_shape_check(struct v4l2_shape *shape)
{
	const struct format *f = find(shape->fourcc);
	if (!f || !shape->width || !shape->height || shape->width > V4L2_SIDE_MAX ||
		shape->height > V4L2_SIDE_MAX)
		return -EINVAL;
	uint32_t least = shape->width * f->luma_step;
	if (!shape->stride || !f->luma_step)
		shape->stride = least;
	return shape->stride < least || shape->stride > 4 * V4L2_SIDE_MAX ? -EINVAL : 0;
}

size_t v4l2_frame_bytes(const struct v4l2_shape *shape)
{
	const struct format *f = find(shape->fourcc);
	CHECK(f);
	return (size_t)shape->stride * shape->height * f->rows_per_half / 2;
}

static void put_rows(struct picture_rows *rows, const struct v4l2_shape *shape,
	const uint8_t *frame, uint32_t step, uint8_t *row)
{
	for (uint32_t y = 0; y < shape->height; y++, frame += shape->stride) {
		for (uint32_t x = 0; x < shape->width; x++)
			row[x] = frame[(size_t)x * step];
		picture_rows_put(rows, row);
	}
}

int v4l2_convert(
	struct picture *out, const struct v4l2_shape *shape, const uint8_t *frame, size_t used)
{
	const struct format *f = find(shape->fourcc);
	CHECK(f);
	if (!f->luma_step)
		return picture_decode(out, frame, used);
	if (used < v4l2_frame_bytes(shape))
		return -EINVAL;
	struct picture_rows rows;
	AUTO_FREE uint8_t *row = malloc(shape->width);
	if (!row)
		return -ENOMEM;
	int error = picture_rows_open(
		&rows, shape->width, shape->height, picture_factor(shape->width, shape->height));
	if (error)
		return error;
	put_rows(&rows, shape, frame, f->luma_step, row);
	error = picture_rows_take(&rows, out);
	picture_rows_drop(&rows);
	return error;
}
