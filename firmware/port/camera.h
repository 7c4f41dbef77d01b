/* Where frames come from. One thread owns a camera: it opens, asks for frames and closes.
 *   files:DIR        the JPEG and PNG files of a folder in name order, over and over: each is
 *                    "held up" for CAMERA_FILE_HOLD_MS, then the lens is clear for as long
 *   v4l2:/dev/videoN a Video4Linux2 capture device: GREY, YUYV, NV12 or MJPEG, whichever it has,
 *                    near 1280×720. It may vanish and come back. */
#ifndef PARVIS_PORT_CAMERA_H
#define PARVIS_PORT_CAMERA_H

#include "base/cc.h"

#include <stdbool.h>
#include <stdint.h>

#define CAMERA_FILE_HOLD_MS 1500

struct camera;

/* A frame borrowed from the camera until the next call on it. Grey. */
struct camera_frame {
	const uint8_t *pixels;
	uint32_t width, height, stride;
	bool clear; /* surely nothing before the lens */
};

/* -EINVAL: no such kind of camera; the device's absence is not an error here but of
 * camera_frame(). *out only on success. */
NODISCARD int camera_open(struct camera **out, const char *spec);
void camera_close(struct camera *c);

/* Waits up to timeout_ms for the next frame. -ETIMEDOUT: none yet. -ENODEV: the camera is gone;
 * keep calling, it is looked for at most every 500 ms. Other -errno: said once in the log, then as
 * -ENODEV. */
NODISCARD int camera_frame(struct camera *c, struct camera_frame *out, int timeout_ms);

/* Usage text of every kind, a line each, for --help. */
extern const char camera_usage[];

#endif
