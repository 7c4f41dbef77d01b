/* What both picture readers share, and nobody else needs: rows of grey pixels go in at the size of
 * the file, and a picture shrunk by a whole factor comes out. Each output pixel is the mean of the
 * square that it stands for, or of what is left of the square at the right and lower edges. */
#ifndef PARVIS_PORT_PICTURE_ROWS_H
#define PARVIS_PORT_PICTURE_ROWS_H

#include "port/picture.h"

#define PICTURE_SIDE_MAX 20000 /* pixels, of a file, before shrinking */

struct picture_rows {
	struct picture picture;
	uint32_t width, height; /* of what is put in */
	uint32_t factor;
	uint32_t taken; /* input rows so far */
	uint32_t *sums; /* of the output row in the making */
};

/* The factor that makes a width × height file fit. */
uint32_t picture_factor(uint32_t width, uint32_t height);

/* width and height of what will be put in; -ENOMEM. Release with picture_rows_drop(). */
NODISCARD int picture_rows_open(
	struct picture_rows *r, uint32_t width, uint32_t height, uint32_t factor);

/* The next input row; more than `height` rows are a bug. */
void picture_rows_put(struct picture_rows *r, const uint8_t *row);

/* Hands the finished picture over and forgets it; -EINVAL when rows are missing. */
NODISCARD int picture_rows_take(struct picture_rows *r, struct picture *out);

/* Frees what was not taken. */
void picture_rows_drop(struct picture_rows *r);

/* The readers: whole files in memory that begin with the right magic number. */
NODISCARD int picture_from_jpeg(struct picture *out, const uint8_t *data, size_t len);
NODISCARD int picture_from_png(struct picture *out, const uint8_t *data, size_t len);

#endif
