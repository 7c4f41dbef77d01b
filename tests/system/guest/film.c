/* Shows one picture to a Video4Linux2 output device, again and again, until it is killed: what a
 * camera would see that is pointed at it. A driver with a loop (vivid's HDMI, v4l2loopback) then
 * has a capture device with our picture. A line of standard input names the next picture, of the
 * same size.
 *
 *   film DEVICE FOURCC PICTURE      FOURCC: GREY, NV12, YUYV or MJPG; the picture gives the size */
#include "base/cc.h"
#include "port/picture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <jpeglib.h>
#include <linux/videodev2.h>

#define BUFFERS     3
#define FRAME_MS    100
#define STILL_MS    500 /* the same for a picture that stays: each frame costs whoever looks at it */
#define TRIES       50  /* of a device that its reader still holds */
#define TYPE        V4L2_BUF_TYPE_VIDEO_OUTPUT
#define NO_COLOUR   128
#define JPEG_FACTOR 90

struct frame {
	uint8_t *bytes;
	size_t used;
};

static void pause_ms(long ms)
{
	struct timespec t = { .tv_nsec = ms * 1000000 };
	nanosleep(&t, NULL);
}

/* --- the picture in the device's format --------------------------------------------------------
 */

static void write_luma(uint8_t *out, const struct picture *p, size_t stride, size_t step)
{
	for (size_t y = 0; y < p->height; y++)
		for (size_t x = 0; x < p->width; x++)
			out[y * stride + x * step] = p->pixels[y * p->width + x];
}

static struct frame write_raw(const struct picture *p, const struct v4l2_pix_format *pix)
{
	struct frame f = { .used = pix->sizeimage, .bytes = malloc(pix->sizeimage) };
	size_t step = pix->pixelformat == V4L2_PIX_FMT_YUYV ? 2 : 1;
	size_t stride = pix->bytesperline ? pix->bytesperline : p->width * step;
	CHECK(f.bytes && f.used >= stride * p->height);
	memset(f.bytes, NO_COLOUR, f.used);
	write_luma(f.bytes, p, stride, step);
	return f;
}

static struct frame write_jpeg(const struct picture *p)
{
	struct jpeg_compress_struct c;
	struct jpeg_error_mgr errors;
	unsigned char *bytes = NULL;
	unsigned long used = 0;
	c.err = jpeg_std_error(&errors);
	jpeg_create_compress(&c);
	jpeg_mem_dest(&c, &bytes, &used);
	c.image_width = p->width;
	c.image_height = p->height;
	c.input_components = 1;
	c.in_color_space = JCS_GRAYSCALE;
	jpeg_set_defaults(&c);
	jpeg_set_quality(&c, JPEG_FACTOR, TRUE);
	jpeg_start_compress(&c, TRUE);
	while (c.next_scanline < c.image_height) {
		JSAMPROW row = p->pixels + (size_t)c.next_scanline * p->width;
		jpeg_write_scanlines(&c, &row, 1);
	}
	jpeg_finish_compress(&c);
	jpeg_destroy_compress(&c);
	return (struct frame){ bytes, used };
}

/* --- the device --------------------------------------------------------------------------------
 */

static int control(int fd, const char *name, unsigned long request, void *argument)
{
	int result;
	do
		result = ioctl(fd, request, argument);
	while (result < 0 && errno == EINTR);
	if (result < 0)
		fprintf(stderr, "film: %s: %s\n", name, strerror(errno));
	return result;
}
#define CONTROL(fd, request, argument) control(fd, #request, request, argument)

static int set_format(int fd, uint32_t fourcc, const struct picture *p, struct v4l2_pix_format *out)
{
	struct v4l2_format f = { .type = TYPE };
	f.fmt.pix = (struct v4l2_pix_format){ .pixelformat = fourcc,
		.width = p->width,
		.height = p->height,
		.field = V4L2_FIELD_NONE,
		.sizeimage = p->width * p->height * 2,
		.colorspace = V4L2_COLORSPACE_SRGB };
	int error = -1;
	for (int i = 0; error && i < TRIES; i++) {
		error = ioctl(fd, VIDIOC_S_FMT, &f);
		if (error && errno != EBUSY)
			break;
		if (error)
			pause_ms(FRAME_MS);
	}
	*out = f.fmt.pix;
	if (!error && out->pixelformat == fourcc && out->width == p->width &&
		out->height == p->height)
		return 0;
	fprintf(stderr, "film: the device offers %.4s %ux%u: %s\n", (const char *)&out->pixelformat,
		out->width, out->height, error ? strerror(errno) : "not what was asked for");
	return -1;
}

/* Where the driver's buffers lie in our memory. */
static unsigned char *buffers[BUFFERS];

static int queue_frame(int fd, uint32_t index, const struct frame *frame)
{
	struct v4l2_buffer b = { .index = index,
		.type = TYPE,
		.memory = V4L2_MEMORY_MMAP,
		.field = V4L2_FIELD_NONE,
		.bytesused = (uint32_t)frame->used };
	return CONTROL(fd, VIDIOC_QBUF, &b);
}

static int fill(int fd, uint32_t index, const struct frame *frame)
{
	struct v4l2_buffer b = { .index = index, .type = TYPE, .memory = V4L2_MEMORY_MMAP };
	if (CONTROL(fd, VIDIOC_QUERYBUF, &b))
		return -1;
	void *memory =
		mmap(NULL, b.length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)b.m.offset);
	if (memory == MAP_FAILED || b.length < frame->used) {
		fprintf(stderr, "film: a buffer of %u bytes cannot be used\n", b.length);
		return -1;
	}
	memcpy(memory, frame->bytes, frame->used);
	buffers[index] = memory;
	return queue_frame(fd, index, frame);
}

static int start(int fd, const struct frame *frame)
{
	struct v4l2_requestbuffers r = {
		.count = BUFFERS, .type = TYPE, .memory = V4L2_MEMORY_MMAP
	};
	if (CONTROL(fd, VIDIOC_REQBUFS, &r))
		return -1;
	for (uint32_t i = 0; i < r.count; i++)
		if (fill(fd, i, frame))
			return -1;
	int type = TYPE;
	return CONTROL(fd, VIDIOC_STREAMON, &type);
}

static struct frame write_frame(const struct picture *p, const struct v4l2_pix_format *pix)
{
	return pix->pixelformat == V4L2_PIX_FMT_MJPEG ? write_jpeg(p) : write_raw(p, pix);
}

/* The picture that standard input names within so long, in place of *frame. A line is read whole:
 * whoever writes it does so at once. False where there is none. */
static bool change_picture(struct frame *frame, const struct v4l2_pix_format *pix, int wait_ms)
{
	static bool ended;
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	char name[4096];
	struct picture picture;
	if (poll(&p, !ended, wait_ms) != 1)
		return false;
	ssize_t n = read(STDIN_FILENO, name, sizeof(name) - 1);
	ended = n <= 0;
	if (ended)
		return false;
	name[n] = '\0';
	name[strcspn(name, "\n")] = '\0';
	if (picture_load(&picture, name)) {
		fprintf(stderr, "film: %s cannot be opened\n", name);
		return false;
	}
	bool fits = picture.width == pix->width && picture.height == pix->height;
	if (fits) {
		free(frame->bytes);
		*frame = write_frame(&picture, pix);
	}
	picture_free(&picture);
	return fits;
}

/* Until the device is gone. */
static void roll(int fd, struct frame *frame, const struct v4l2_pix_format *pix)
{
	for (int stale = 0;;) {
		struct v4l2_buffer b = { .type = TYPE, .memory = V4L2_MEMORY_MMAP };
		if (CONTROL(fd, VIDIOC_DQBUF, &b))
			return;
		if (stale > 0) {
			memcpy(buffers[b.index], frame->bytes, frame->used);
			stale--;
		}
		if (queue_frame(fd, b.index, frame))
			return;
		if (change_picture(frame, pix, stale > 0 ? FRAME_MS : STILL_MS))
			stale = BUFFERS;
	}
}

int main(int argc, char **argv)
{
	if (argc != 4 || strlen(argv[2]) != 4) {
		fprintf(stderr, "usage: film DEVICE FOURCC PICTURE\n");
		return 2;
	}
	const char *c = argv[2];
	uint32_t fourcc = v4l2_fourcc(c[0], c[1], c[2], c[3]);
	struct picture picture;
	struct v4l2_pix_format pix;
	AUTO_FD fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0 || picture_load(&picture, argv[3])) {
		fprintf(stderr, "film: %s or %s cannot be opened\n", argv[1], argv[3]);
		return 1;
	}
	if (set_format(fd, fourcc, &picture, &pix))
		return 1;
	struct frame frame = write_frame(&picture, &pix);
	if (!start(fd, &frame))
		roll(fd, &frame, &pix);
	free(frame.bytes);
	picture_free(&picture);
	return 1;
}
