/* Pictures from files: JPEG (libjpeg) and PNG (libpng) become 8-bit grey, transparent pixels on
 * white, scaled down by whole factors to fit FRAME_WIDTH_MAX × FRAME_HEIGHT_MAX as scan/decode.h
 * has them. Errors in a file never end the program. Any thread. */
#ifndef PARVIS_PORT_PICTURE_H
#define PARVIS_PORT_PICTURE_H

#include "base/cc.h"

#include <stddef.h>
#include <stdint.h>

#define PICTURE_WIDTH_MAX  1920
#define PICTURE_HEIGHT_MAX 1440
#define PICTURE_FILE_MAX   (64 << 20) /* bytes */

struct picture {
	uint8_t *pixels; /* width × height, no padding; owned, picture_free() */
	uint32_t width, height;
};

/* -EINVAL: neither JPEG nor PNG, or broken; -EFBIG; -errno of the file system. */
NODISCARD int picture_load(struct picture *out, const char *path);

/* The same from memory: camera frames in MJPEG come this way. */
NODISCARD int picture_decode(struct picture *out, const uint8_t *data, size_t len);

void picture_free(struct picture *p);

#endif
