/* A camera that tests hold in their hand: it takes the place of port/v4l2_linux.c. One device, one
 * thread. Frames are ready as fast as they are asked for. */
#ifndef PARVIS_FAKE_V4L2_H
#define PARVIS_FAKE_V4L2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define V4L2_FAKE_PATH "/dev/video-of-the-test"

struct v4l2_fake_size {
	uint32_t fourcc, width, height;
};

struct v4l2_fake {
	bool present;
	const struct v4l2_fake_size *sizes; /* in the order of VIDIOC_ENUM_FMT */
	size_t size_count;
	bool stepwise;          /* sizes[0] and [1] are the least and the greatest, step 16 */
	bool no_size_list;      /* VIDIOC_ENUM_FRAMESIZES is not implemented */
	bool no_streaming;      /* read() only */
	uint32_t padding;       /* bytes added to each row */
	uint32_t buffers_given; /* 0: as many as asked for */
	const uint8_t *frame;   /* its bytes; copied into each buffer */
	size_t frame_len;
	uint32_t used_override;  /* bytesused to claim; 0: frame_len */
	uint32_t short_length;   /* length of buffers to claim; 0: as long as needed */
	bool error_flag;         /* frames marked as broken by the driver */
	bool silent;             /* no frame ever */
	int dequeue_error;       /* -errno of VIDIOC_DQBUF */
	uint32_t index_override; /* buffer index to claim, plus 1 */
	int format_error;        /* -errno of VIDIOC_S_FMT */
	/* What the camera did. */
	uint32_t fourcc, width, height;
	unsigned opens, frames, open_now, mapped_now;
};

extern struct v4l2_fake v4l2_fake;

/* An absent camera without sizes. */
void v4l2_fake_reset(void);

#endif
