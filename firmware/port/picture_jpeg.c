/* JPEG through libjpeg. Its errors end the program unless error_exit leaves by longjmp; its
 * warnings are only counted, and a damaged file comes out as rows of grey. A door that reads codes
 * has no use for half a picture, so every warning about lost image data is an error here. */
#include "port/picture_rows.h"

#include <errno.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>

#include <jerror.h>
#include <jpeglib.h>

/* A progressive file is held in memory whole, as coefficients. */
#define JPEG_MEMORY_MAX (256L << 20)
/* Each scan of a progressive file costs a pass over the picture; encoders write about ten. */
#define JPEG_SCANS_MAX 100

struct jpeg_job {
	struct jpeg_decompress_struct codec;
	struct jpeg_error_mgr errors;
	struct jpeg_progress_mgr progress;
	jmp_buf out;
	struct picture_rows rows;
	uint8_t *row;
};

static struct jpeg_job *job_of(j_common_ptr codec)
{
	return codec->client_data;
}

static void leave(j_common_ptr codec)
{
	longjmp(job_of(codec)->out, 1);
}

static void print_nothing(j_common_ptr codec)
{
	(void)codec;
}

/* Cameras pad their files and leave out the end marker: no pixel is lost by that. With arithmetic
 * coding the end of the data cannot be told from lost data, so there it counts. */
static bool is_harmless(j_common_ptr codec)
{
	switch (codec->err->msg_code) {
	case JWRN_EXTRANEOUS_DATA:
	case JWRN_ADOBE_XFORM:
		return true;
	case JWRN_JPEG_EOF:
		return !job_of(codec)->codec.arith_code;
	default:
		return false;
	}
}

static void on_message(j_common_ptr codec, int level)
{
	if (level < 0 && !is_harmless(codec))
		leave(codec);
}

static void on_progress(j_common_ptr codec)
{
	if (job_of(codec)->codec.input_scan_number > JPEG_SCANS_MAX)
		leave(codec);
}

static void prepare(struct jpeg_job *job)
{
	job->codec.err = jpeg_std_error(&job->errors);
	job->errors.error_exit = leave;
	job->errors.emit_message = on_message;
	job->errors.output_message = print_nothing;
	job->codec.client_data = job;
	job->progress.progress_monitor = on_progress;
}

/* The decoder itself shrinks by 2, 4 or 8 for next to nothing; the rest of the factor is ours. */
static uint32_t codec_share(uint32_t factor)
{
	return factor % 8 == 0 ? 8 : factor % 4 == 0 ? 4 : factor % 2 == 0 ? 2 : 1;
}

static int start(struct jpeg_job *job)
{
	struct jpeg_decompress_struct *codec = &job->codec;
	if (codec->image_width > PICTURE_SIDE_MAX || codec->image_height > PICTURE_SIDE_MAX)
		return -EFBIG;
	uint32_t factor = picture_factor(codec->image_width, codec->image_height);
	uint32_t share = codec_share(factor);
	codec->out_color_space = JCS_GRAYSCALE;
	codec->scale_num = 1;
	codec->scale_denom = share;
	jpeg_start_decompress(codec);
	job->row = malloc(codec->output_width);
	if (!job->row)
		return -ENOMEM;
	return picture_rows_open(
		&job->rows, codec->output_width, codec->output_height, factor / share);
}

static int run(struct jpeg_job *job, const uint8_t *data, size_t len)
{
	struct jpeg_decompress_struct *codec = &job->codec;
	prepare(job);
	if (setjmp(job->out))
		return job->errors.msg_code == JERR_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
	jpeg_create_decompress(codec);
	codec->mem->max_memory_to_use = JPEG_MEMORY_MAX;
	codec->progress = &job->progress;
	jpeg_mem_src(codec, data, len);
	if (jpeg_read_header(codec, TRUE) != JPEG_HEADER_OK)
		return -EINVAL;
	int error = start(job);
	while (!error && codec->output_scanline < codec->output_height) {
		if (jpeg_read_scanlines(codec, &job->row, 1) != 1)
			return -EINVAL;
		picture_rows_put(&job->rows, job->row);
	}
	return error;
}

int picture_from_jpeg(struct picture *out, const uint8_t *data, size_t len)
{
	/* On the heap: what changes between setjmp and longjmp must not sit in a register. */
	struct jpeg_job *job = calloc(1, sizeof(*job));
	if (!job)
		return -ENOMEM;
	int error = run(job, data, len);
	if (!error)
		error = picture_rows_take(&job->rows, out);
	jpeg_destroy_decompress(&job->codec);
	picture_rows_drop(&job->rows);
	free(job->row);
	free(job);
	return error;
}
