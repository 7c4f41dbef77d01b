/* A Video4Linux2 capture device, streaming through buffers mapped from the driver. Whatever goes
 * wrong with it, it is closed, and looked for again every CAMERA_RETRY_MS: that is one road for a
 * cable pulled, a driver reloaded and a camera that hangs. Each frame is copied to grey, and its
 * buffer given back to the driver at once, so that a slow reader never starves it. */
#include "port/camera_kind.h"

#include "base/log.h"
#include "port/v4l2_format.h"
#include "port/v4l2_io.h"
#include "port/wait.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/videodev2.h>

#define BUFFERS_WANTED 4
#define BUFFERS_MIN    2
#define FORMATS_MAX    64 /* asked of a driver */
#define SIZES_MAX      64
#define BAD_FRAMES_MAX 100  /* in a row, before the camera is opened anew */
#define SILENT_MS      2000 /* without a frame, before the camera is opened anew */
#define BUFFER_TYPE    V4L2_BUF_TYPE_VIDEO_CAPTURE

struct mapped {
	void *memory;
	size_t length;
};

struct v4l2 {
	char *path;
	int fd; /* -1: gone */
	struct v4l2_shape shape;
	struct mapped buffers[BUFFERS_WANTED];
	uint32_t count;
	struct picture picture; /* lent out until the next call */
	unsigned bad_frames;
	int64_t retry_ms, heard_ms;
	bool announced, told;
};

/* --- choosing a format ----------------------------------------------------------------------- */

struct choice {
	uint32_t fourcc, width, height, rank;
};

static void consider(struct choice *best, uint32_t fourcc, uint32_t width, uint32_t height)
{
	uint32_t rank = v4l2_rank(fourcc, width, height);
	if (rank < best->rank)
		*best = (struct choice){ fourcc, width, height, rank };
}

/* The allowed value nearest to what is wanted. */
static uint32_t nearest(uint32_t wanted, uint32_t min, uint32_t max, uint32_t step)
{
	if (wanted <= min || min >= max)
		return min;
	if (wanted >= max)
		return max;
	return min + (step ? (wanted - min) / step * step : 0);
}

/* A driver that lists no sizes takes the one it is asked for, or says which instead. */
static void consider_sizes(int fd, struct choice *best, uint32_t fourcc)
{
	for (uint32_t i = 0; i < SIZES_MAX; i++) {
		struct v4l2_frmsizeenum size = { .index = i, .pixel_format = fourcc };
		if (v4l2_io_control(fd, VIDIOC_ENUM_FRAMESIZES, &size)) {
			if (i == 0)
				consider(best, fourcc, V4L2_WIDTH_WANTED, V4L2_HEIGHT_WANTED);
			return;
		}
		if (size.type == V4L2_FRMSIZE_TYPE_DISCRETE) {
			consider(best, fourcc, size.discrete.width, size.discrete.height);
			continue;
		}
		const struct v4l2_frmsize_stepwise *s = &size.stepwise;
		consider(best, fourcc,
			nearest(V4L2_WIDTH_WANTED, s->min_width, s->max_width, s->step_width),
			nearest(V4L2_HEIGHT_WANTED, s->min_height, s->max_height, s->step_height));
		return;
	}
}

static int choose(int fd, struct choice *best)
{
	*best = (struct choice){ .rank = UINT32_MAX };
	for (uint32_t i = 0; i < FORMATS_MAX; i++) {
		struct v4l2_fmtdesc format = { .index = i, .type = BUFFER_TYPE };
		if (v4l2_io_control(fd, VIDIOC_ENUM_FMT, &format))
			break;
		if (v4l2_rank(format.pixelformat, 0, 0) != UINT32_MAX)
			consider_sizes(fd, best, format.pixelformat);
	}
	return best->rank == UINT32_MAX ? -EPROTONOSUPPORT : 0;
}

static int check_device(int fd)
{
	struct v4l2_capability c = { 0 };
	int error = v4l2_io_control(fd, VIDIOC_QUERYCAP, &c);
	if (error)
		return error;
	uint32_t can = c.capabilities & V4L2_CAP_DEVICE_CAPS ? c.device_caps : c.capabilities;
	uint32_t needed = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
	return (can & needed) == needed ? 0 : -EPROTONOSUPPORT;
}

static int negotiate(struct v4l2 *v)
{
	struct choice best;
	int error = check_device(v->fd);
	if (!error)
		error = choose(v->fd, &best);
	if (error)
		return error;
	struct v4l2_format format = { .type = BUFFER_TYPE };
	struct v4l2_pix_format *pix = &format.fmt.pix;
	pix->pixelformat = best.fourcc;
	pix->width = best.width;
	pix->height = best.height;
	pix->field = V4L2_FIELD_NONE;
	error = v4l2_io_control(v->fd, VIDIOC_S_FMT, &format);
	if (error)
		return error;
	v->shape =
		(struct v4l2_shape){ pix->pixelformat, pix->width, pix->height, pix->bytesperline };
	return v4l2_shape_check(&v->shape) ? -EPROTO : 0;
}

/* --- streaming ------------------------------------------------------------------------------- */

static int queue(struct v4l2 *v, uint32_t index)
{
	struct v4l2_buffer b = { .index = index, .type = BUFFER_TYPE, .memory = V4L2_MEMORY_MMAP };
	return v4l2_io_control(v->fd, VIDIOC_QBUF, &b);
}

static int map_buffer(struct v4l2 *v, uint32_t index)
{
	struct v4l2_buffer b = { .index = index, .type = BUFFER_TYPE, .memory = V4L2_MEMORY_MMAP };
	int error = v4l2_io_control(v->fd, VIDIOC_QUERYBUF, &b);
	if (error)
		return error;
	if (!b.length || b.length < v4l2_frame_bytes(&v->shape))
		return -EPROTO;
	struct mapped *m = &v->buffers[index];
	error = v4l2_io_map(v->fd, &m->memory, b.length, b.m.offset);
	if (error)
		return error;
	m->length = b.length;
	v->count = index + 1;
	return queue(v, index);
}

static int start_stream(struct v4l2 *v)
{
	struct v4l2_requestbuffers r = {
		.count = BUFFERS_WANTED, .type = BUFFER_TYPE, .memory = V4L2_MEMORY_MMAP
	};
	int error = v4l2_io_control(v->fd, VIDIOC_REQBUFS, &r);
	if (!error && r.count < BUFFERS_MIN)
		error = -ENOMEM;
	/* A driver may give more than were asked for; those stay unused. */
	for (uint32_t i = 0; !error && i < r.count && i < BUFFERS_WANTED; i++)
		error = map_buffer(v, i);
	int type = BUFFER_TYPE;
	return error ? error : v4l2_io_control(v->fd, VIDIOC_STREAMON, &type);
}

static void shut(struct v4l2 *v)
{
	if (v->fd < 0)
		return;
	int type = BUFFER_TYPE;
	int ignored = v4l2_io_control(v->fd, VIDIOC_STREAMOFF, &type);
	(void)ignored; /* a device that is gone says so; closing stops it in any case */
	for (uint32_t i = 0; i < v->count; i++)
		v4l2_io_unmap(v->buffers[i].memory, v->buffers[i].length);
	v->count = 0;
	v4l2_io_close(v->fd);
	v->fd = -1;
}

static int lose(struct v4l2 *v, int error)
{
	shut(v);
	v->announced = false;
	v->retry_ms = wait_now_ms() + CAMERA_RETRY_MS;
	if (!v->told)
		log_warning("camera: %s: %s", v->path,
			error == -EPROTONOSUPPORT ? "no GREY, NV12, YUYV or MJPEG capture"
						  : strerror(-error));
	v->told = true;
	return -ENODEV;
}

static int find_again(struct v4l2 *v, int64_t until_ms)
{
	wait_pause(v->retry_ms < until_ms ? v->retry_ms : until_ms);
	if (wait_now_ms() < v->retry_ms)
		return -ENODEV;
	int fd = v4l2_io_open(v->path);
	if (fd < 0)
		return lose(v, fd);
	v->fd = fd;
	int error = negotiate(v);
	if (!error)
		error = start_stream(v);
	if (error)
		return lose(v, error);
	v->heard_ms = wait_now_ms();
	v->bad_frames = 0;
	return 0;
}

/* --- frames ---------------------------------------------------------------------------------- */

/* The picture in a buffer that the driver has filled; -EINVAL when it is not whole. */
static int convert(struct v4l2 *v, const struct v4l2_buffer *b)
{
	const struct mapped *m = &v->buffers[b->index];
	if (b->flags & V4L2_BUF_FLAG_ERROR || b->bytesused > m->length)
		return -EINVAL;
	struct picture picture;
	int error = v4l2_convert(&picture, &v->shape, m->memory, b->bytesused);
	if (error)
		return error;
	picture_free(&v->picture);
	v->picture = picture;
	return 0;
}

/* 1: a frame; 0: none that is whole, wait on; -errno: the camera is of no use any more. */
static int take_frame(struct v4l2 *v)
{
	struct v4l2_buffer b = { .type = BUFFER_TYPE, .memory = V4L2_MEMORY_MMAP };
	int error = v4l2_io_control(v->fd, VIDIOC_DQBUF, &b);
	if (error)
		return error == -EAGAIN ? 0 : error;
	if (b.index >= v->count)
		return -EPROTO;
	int bad = convert(v, &b);
	error = queue(v, b.index);
	if (error || bad == -ENOMEM)
		return error ? error : bad;
	v->heard_ms = wait_now_ms();
	v->bad_frames = bad ? v->bad_frames + 1 : 0;
	return v->bad_frames > BAD_FRAMES_MAX ? -EPROTO : !bad;
}

static int wait_frame(struct v4l2 *v, int64_t until_ms)
{
	for (;;) {
		int64_t silent_ms = v->heard_ms + SILENT_MS;
		int ready = wait_readable(v->fd, silent_ms < until_ms ? silent_ms : until_ms);
		int taken = ready > 0 ? take_frame(v) : ready;
		if (taken > 0)
			return 0;
		if (taken < 0)
			return lose(v, taken);
		if (wait_now_ms() >= silent_ms)
			return lose(v, -ETIMEDOUT);
		if (wait_now_ms() >= until_ms)
			return -ETIMEDOUT;
	}
}

static int v4l2_frame(void *device, struct camera_frame *out, int timeout_ms)
{
	struct v4l2 *v = device;
	int64_t until_ms = wait_until(timeout_ms);
	int error = v->fd < 0 ? find_again(v, until_ms) : 0;
	if (!error)
		error = wait_frame(v, until_ms);
	if (error)
		return error;
	if (!v->announced)
		log_info("camera: %s, %.4s %ux%u", v->path, (const char *)&v->shape.fourcc,
			v->shape.width, v->shape.height);
	v->announced = true;
	v->told = false;
	const struct picture *p = &v->picture;
	*out = (struct camera_frame){ p->pixels, p->width, p->height, p->width, false };
	return 0;
}

static int v4l2_open(void **out, const char *where)
{
	struct v4l2 *v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	v->fd = -1;
	v->path = strdup(where);
	if (!v->path) {
		free(v);
		return -ENOMEM;
	}
	*out = v;
	return 0;
}

static void v4l2_close(void *device)
{
	struct v4l2 *v = device;
	shut(v);
	picture_free(&v->picture);
	free(v->path);
	free(v);
}

const struct camera_kind camera_v4l2 = { "v4l2:", v4l2_open, v4l2_frame, v4l2_close };
