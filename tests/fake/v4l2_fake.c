#include "tests/fake/v4l2_fake.h"

#include "port/v4l2_io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <linux/videodev2.h>

#define BUFFERS_MAX 8

struct v4l2_fake v4l2_fake;

static struct {
	uint8_t *memory;
	bool queued;
} buffers[BUFFERS_MAX];
static uint32_t buffer_count, buffer_length, next;

void v4l2_fake_reset(void)
{
	v4l2_fake = (struct v4l2_fake){ 0 };
}

/* The descriptor is readable as long as there is a frame or an error to fetch. */
int v4l2_io_open(const char *path)
{
	v4l2_fake.opens++;
	if (!v4l2_fake.present || strcmp(path, V4L2_FAKE_PATH))
		return -ENODEV;
	v4l2_fake.open_now++;
	next = 0;
	return eventfd(v4l2_fake.silent ? 0 : 1, EFD_CLOEXEC | EFD_NONBLOCK);
}

void v4l2_io_close(int fd)
{
	v4l2_fake.open_now--;
	for (uint32_t i = 0; i < BUFFERS_MAX; i++) {
		free(buffers[i].memory);
		buffers[i].memory = NULL;
		buffers[i].queued = false;
	}
	close(fd);
}

static int query(struct v4l2_capability *c)
{
	c->capabilities = V4L2_CAP_DEVICE_CAPS | V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
	c->device_caps = V4L2_CAP_VIDEO_CAPTURE;
	c->device_caps |= v4l2_fake.no_streaming ? V4L2_CAP_READWRITE : V4L2_CAP_STREAMING;
	return 0;
}

/* The formats are the distinct codes among the sizes. */
static int enumerate_format(struct v4l2_fmtdesc *f)
{
	uint32_t seen = 0;
	for (size_t i = 0; i < v4l2_fake.size_count; i++) {
		bool first = i == 0 || v4l2_fake.sizes[i].fourcc != v4l2_fake.sizes[i - 1].fourcc;
		if (first && seen++ == f->index) {
			f->pixelformat = v4l2_fake.sizes[i].fourcc;
			return 0;
		}
	}
	return -EINVAL;
}

static int enumerate_size(struct v4l2_frmsizeenum *s)
{
	if (v4l2_fake.no_size_list)
		return -ENOTTY;
	const struct v4l2_fake_size *sizes = v4l2_fake.sizes;
	if (v4l2_fake.stepwise) {
		s->type = V4L2_FRMSIZE_TYPE_STEPWISE;
		s->stepwise = (struct v4l2_frmsize_stepwise){ sizes[0].width, sizes[1].width, 16,
			sizes[0].height, sizes[1].height, 16 };
		return s->index ? -EINVAL : 0;
	}
	uint32_t seen = 0;
	for (size_t i = 0; i < v4l2_fake.size_count; i++) {
		if (sizes[i].fourcc == s->pixel_format && seen++ == s->index) {
			s->type = V4L2_FRMSIZE_TYPE_DISCRETE;
			s->discrete.width = sizes[i].width;
			s->discrete.height = sizes[i].height;
			return 0;
		}
	}
	return -EINVAL;
}

static uint32_t row_bytes(uint32_t fourcc, uint32_t width)
{
	return fourcc == V4L2_PIX_FMT_YUYV ? 2 * width : fourcc == V4L2_PIX_FMT_MJPEG ? 0 : width;
}

static int set_format(struct v4l2_format *f)
{
	struct v4l2_pix_format *pix = &f->fmt.pix;
	if (v4l2_fake.format_error)
		return v4l2_fake.format_error;
	if (v4l2_fake.no_size_list) { /* the driver knows better */
		pix->width = v4l2_fake.sizes[0].width;
		pix->height = v4l2_fake.sizes[0].height;
	}
	uint32_t row = row_bytes(pix->pixelformat, pix->width);
	pix->bytesperline = row ? row + v4l2_fake.padding : 0;
	v4l2_fake.fourcc = pix->pixelformat;
	v4l2_fake.width = pix->width;
	v4l2_fake.height = pix->height;
	buffer_length = v4l2_fake.short_length;
	if (!buffer_length)
		buffer_length = row ? pix->bytesperline * pix->height * 3 / 2 : 1U << 20;
	return 0;
}

static int request(struct v4l2_requestbuffers *r)
{
	if (v4l2_fake.buffers_given)
		r->count = v4l2_fake.buffers_given;
	buffer_count = r->count < BUFFERS_MAX ? r->count : BUFFERS_MAX;
	return 0;
}

static int dequeue(struct v4l2_buffer *b)
{
	if (v4l2_fake.dequeue_error)
		return v4l2_fake.dequeue_error;
	if (!buffers[next].queued || !v4l2_fake.frame)
		return -EAGAIN;
	size_t n = v4l2_fake.frame_len < buffer_length ? v4l2_fake.frame_len : buffer_length;
	memcpy(buffers[next].memory, v4l2_fake.frame, n);
	buffers[next].queued = false;
	b->index = v4l2_fake.index_override ? v4l2_fake.index_override - 1 : next;
	b->bytesused = v4l2_fake.used_override ? v4l2_fake.used_override : (uint32_t)n;
	b->flags = v4l2_fake.error_flag ? V4L2_BUF_FLAG_ERROR : 0;
	next = (next + 1) % buffer_count;
	v4l2_fake.frames++;
	return 0;
}

static int with_buffer(unsigned long request_code, struct v4l2_buffer *b)
{
	if (request_code == VIDIOC_DQBUF)
		return dequeue(b);
	if (b->index >= buffer_count)
		return -EINVAL;
	if (request_code == VIDIOC_QBUF) {
		buffers[b->index].queued = true;
		return 0;
	}
	b->length = buffer_length;
	b->m.offset = b->index * 4096;
	return 0;
}

int v4l2_io_control(int fd, unsigned long request_code, void *argument)
{
	(void)fd;
	if (!v4l2_fake.present)
		return -ENODEV;
	switch (request_code) {
	case VIDIOC_QUERYCAP:
		return query(argument);
	case VIDIOC_ENUM_FMT:
		return enumerate_format(argument);
	case VIDIOC_ENUM_FRAMESIZES:
		return enumerate_size(argument);
	case VIDIOC_S_FMT:
		return set_format(argument);
	case VIDIOC_REQBUFS:
		return request(argument);
	case VIDIOC_QUERYBUF:
	case VIDIOC_QBUF:
	case VIDIOC_DQBUF:
		return with_buffer(request_code, argument);
	case VIDIOC_STREAMON:
	case VIDIOC_STREAMOFF:
		return 0;
	default:
		return -ENOTTY;
	}
}

int v4l2_io_map(int fd, void **out, size_t length, uint32_t offset)
{
	(void)fd;
	uint8_t *memory = calloc(1, length);
	if (!memory)
		return -ENOMEM;
	buffers[offset / 4096].memory = memory;
	v4l2_fake.mapped_now++;
	*out = memory;
	return 0;
}

/* The memory is the device's; it goes when that is closed. */
void v4l2_io_unmap(void *memory, size_t length)
{
	(void)memory;
	(void)length;
	v4l2_fake.mapped_now--;
}
