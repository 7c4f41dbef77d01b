/* Pictures made by a test, in memory, as a camera or a phone would write them. The caller frees
 * the data. */
#ifndef PARVIS_FAKE_IMAGE_FILE_H
#define PARVIS_FAKE_IMAGE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image_file {
	uint8_t *data;
	size_t len;
};

struct image_jpeg {
	uint32_t width, height;
	const uint8_t *pixels; /* channels bytes each */
	int channels;          /* 1 grey, 3 RGB, 4 CMYK */
	int scans;             /* 0: baseline; 1: progressive; more: that many, at least 64 */
};

struct image_file image_jpeg(const struct image_jpeg *how);

struct image_png {
	uint32_t width, height;
	int depth, color; /* PNG_COLOR_TYPE_… */
	bool interlaced;
	const uint8_t *pixels;  /* rows packed as PNG has them, without filter bytes */
	const uint8_t *palette; /* palette_len × RGB */
	const uint8_t *opacity; /* of the palette's first opacity_len colours */
	int palette_len, opacity_len;
	bool rowless; /* the head alone, cut where the rows begin */
};

struct image_file image_png(const struct image_png *how);

/* Writes the file; false when that failed. */
bool image_file_save(const struct image_file *file, const char *path);

#endif
