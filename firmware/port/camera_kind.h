/* What a kind of camera offers to camera.c, which owns the table of them. */
#ifndef PARVIS_PORT_CAMERA_KIND_H
#define PARVIS_PORT_CAMERA_KIND_H

#include "port/camera.h"

struct camera_kind {
	const char *prefix; /* of the spec, with its colon */
	/* `where` is what follows the prefix, never empty. *out only on success. */
	int (*open)(void **out, const char *where);
	int (*frame)(void *device, struct camera_frame *out, int timeout_ms);
	void (*close)(void *device);
};

extern const struct camera_kind camera_files;
extern const struct camera_kind camera_v4l2;

/* How long a camera or scanner that is gone is left alone before it is looked for again. */
#define CAMERA_RETRY_MS 500

#endif
