/* Reading series of codes (night/series.h) off a box's screen, by a camera or from a folder of
 * pictures, through the same sandboxed process that reads tickets. One thread. */
#ifndef PARVIS_CLI_COLLECT_CAMERA_H
#define PARVIS_CLI_COLLECT_CAMERA_H

#include "base/cc.h"

#include <stddef.h>

struct camera_job {
	const char *camera; /* v4l2:DEVICE, a device, or a folder */
	const char *dir;    /* where whole copies are put: an event's folder */
	unsigned seconds;   /* of a camera: at most; 0 = until all that has begun is whole */
};

/* Calls `take` with the path of each copy that is whole (DIR/series/ID.parvis-log), when it is.
 * Tells progress, figures that it sees, and what is not whole at the end. CLI_OK; CLI_NO where a
 * series is not whole, or none was seen; CLI_FAILED, or what `take` gives. */
NODISCARD int collect_camera(
	const struct camera_job *job, int (*take)(void *context, const char *path), void *context);

#endif
