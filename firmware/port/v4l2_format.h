/* Which of a camera's formats to take, and how its bytes become grey pixels. Pure, any thread. */
#ifndef PARVIS_PORT_V4L2_FORMAT_H
#define PARVIS_PORT_V4L2_FORMAT_H

#include "port/picture.h"

#include <stdint.h>

#define V4L2_WIDTH_WANTED  1280
#define V4L2_HEIGHT_WANTED 720
#define V4L2_SIDE_MAX      8192 /* pixels */

/* What the driver said that its buffers hold. */
struct v4l2_shape {
	uint32_t fourcc; /* V4L2_PIX_FMT_… */
	uint32_t width, height;
	uint32_t stride; /* bytes a row; 0: the least there can be */
};

/* How good a format is for a door: smaller is better. Formats that cost less to read come first
 * where sizes are equal; UINT32_MAX: not one that we read. */
uint32_t v4l2_rank(uint32_t fourcc, uint32_t width, uint32_t height);

/* -EINVAL for what cannot be: an unknown format, no pixels, a stride shorter than a row. Fills in
 * a stride of 0. */
NODISCARD int v4l2_shape_check(struct v4l2_shape *shape);

/* The bytes of a whole frame of a checked shape; 0 where frames differ in length (MJPEG). */
size_t v4l2_frame_bytes(const struct v4l2_shape *shape);

/* The luma of a frame as a picture, owned by the caller, shrunk by a whole factor where it is
 * larger than a picture may be. `used` bytes are in the frame. -EINVAL for a short or broken one,
 * -ENOMEM. */
NODISCARD int v4l2_convert(
	struct picture *out, const struct v4l2_shape *shape, const uint8_t *frame, size_t used);

#endif
