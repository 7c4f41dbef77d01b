/* PNG through libpng, row by row, so that only an interlaced file is ever held whole. */
#include "port/picture_rows.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

/* Interlaced rows arrive in seven passes: all must be kept. Pixels. */
#define PNG_INTERLACED_MAX (64u << 20)
#define PNG_CHUNK_MAX      (8u << 20) /* bytes, of a text or profile chunk unpacked */

struct png_job {
	png_structp codec;
	png_infop info;
	const uint8_t *data;
	size_t left;
	struct picture_rows rows;
	uint8_t *pixels; /* a row as libpng gives it, or the whole of an interlaced file */
	uint8_t *grey;   /* a row made opaque */
	size_t row_size;
	bool alpha;
};

static void on_error(png_structp codec, png_const_charp message)
{
	(void)message;
	png_longjmp(codec, 1);
}

static void on_warning(png_structp codec, png_const_charp message)
{
	(void)codec;
	(void)message;
}

static void on_read(png_structp codec, png_bytep out, size_t n)
{
	struct png_job *job = png_get_io_ptr(codec);
	if (n > job->left)
		png_error(codec, "short");
	memcpy(out, job->data, n);
	job->data += n;
	job->left -= n;
}

/* Whatever the file holds, grey or grey with alpha, 8 bits each, comes out. */
static void ask_for_grey(png_structp codec)
{
	png_set_expand(codec);
	png_set_scale_16(codec);
	png_set_rgb_to_gray_fixed(codec, PNG_ERROR_ACTION_NONE, -1, -1);
}

static int start(struct png_job *job)
{
	png_uint_32 width = png_get_image_width(job->codec, job->info);
	png_uint_32 height = png_get_image_height(job->codec, job->info);
	ask_for_grey(job->codec);
	int passes = png_set_interlace_handling(job->codec);
	png_read_update_info(job->codec, job->info);
	int channels = png_get_channels(job->codec, job->info);
	job->alpha = channels == 2;
	job->row_size = png_get_rowbytes(job->codec, job->info);
	if ((channels != 1 && channels != 2) || job->row_size != (size_t)width * (size_t)channels)
		return -EINVAL;
	if (passes > 1 && (uint64_t)width * height > PNG_INTERLACED_MAX)
		return -EFBIG;
	job->pixels = calloc(passes > 1 ? height : 1, job->row_size);
	job->grey = malloc(width);
	if (!job->pixels || !job->grey)
		return -ENOMEM;
	return picture_rows_open(&job->rows, width, height, picture_factor(width, height));
}

/* On white: what is printed on a transparent ground is meant to be seen on paper. */
static void put_row(struct png_job *job, const uint8_t *row)
{
	if (!job->alpha) {
		picture_rows_put(&job->rows, row);
		return;
	}
	for (uint32_t x = 0; x < job->rows.width; x++) {
		uint32_t grey = row[2 * x], alpha = row[2 * x + 1];
		job->grey[x] = (uint8_t)((grey * alpha + 255 * (255 - alpha) + 127) / 255);
	}
	picture_rows_put(&job->rows, job->grey);
}

static void read_rows(struct png_job *job)
{
	int passes = png_set_interlace_handling(job->codec);
	uint32_t height = job->rows.height;
	for (int pass = 0; pass < passes; pass++) {
		for (uint32_t y = 0; y < height; y++) {
			uint8_t *row = job->pixels + (passes > 1 ? y * job->row_size : 0);
			png_read_row(job->codec, row, NULL);
			if (pass == passes - 1)
				put_row(job, row);
		}
	}
}

static int run(struct png_job *job)
{
	if (setjmp(png_jmpbuf(job->codec)))
		return -EINVAL;
	png_set_user_limits(job->codec, PICTURE_SIDE_MAX, PICTURE_SIDE_MAX);
	png_set_chunk_malloc_max(job->codec, PNG_CHUNK_MAX);
	png_set_read_fn(job->codec, job, on_read);
	png_read_info(job->codec, job->info);
	int error = start(job);
	if (error)
		return error;
	read_rows(job);
	png_read_end(job->codec, NULL);
	return 0;
}

static uint32_t big_endian(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Width and height follow the signature and the first chunk's length and name. libpng holds the
 * limit too, but gives no reason that could be told from damage. */
static bool is_too_large(const uint8_t *data, size_t len)
{
	return len >= 24 && (big_endian(data + 16) > PICTURE_SIDE_MAX ||
				    big_endian(data + 20) > PICTURE_SIDE_MAX);
}

int picture_from_png(struct picture *out, const uint8_t *data, size_t len)
{
	if (is_too_large(data, len))
		return -EFBIG;
	/* On the heap: what changes between setjmp and longjmp must not sit in a register. */
	struct png_job *job = calloc(1, sizeof(*job));
	if (!job)
		return -ENOMEM;
	job->data = data;
	job->left = len;
	int error = -ENOMEM;
	job->codec = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
	if (job->codec)
		job->info = png_create_info_struct(job->codec);
	if (job->info)
		error = run(job);
	if (!error)
		error = picture_rows_take(&job->rows, out);
	png_destroy_read_struct(&job->codec, &job->info, NULL);
	picture_rows_drop(&job->rows);
	free(job->pixels);
	free(job->grey);
	free(job);
	return error;
}
