#include "tests/fake/image_file.h"

#include "base/cc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

#define SCANS_MAX 512

/* A progressive file may send every coefficient by itself, and then every bit of each. */
static int script(jpeg_scan_info *scans, int wanted)
{
	int n = 0, low = 6;
	scans[n++] = (jpeg_scan_info){ .comps_in_scan = 1, .Ss = 0, .Se = 0, .Ah = 0, .Al = 0 };
	for (int k = 1; k < 64; k++)
		scans[n++] = (jpeg_scan_info){ .comps_in_scan = 1, .Ss = k, .Se = k, .Al = low };
	for (; low > 0 && n < wanted; low--)
		for (int k = 1; k < 64 && n < wanted; k++)
			scans[n++] = (jpeg_scan_info){
				.comps_in_scan = 1, .Ss = k, .Se = k, .Ah = low, .Al = low - 1
			};
	return n;
}

struct image_file image_jpeg(const struct image_jpeg *how)
{
	struct jpeg_compress_struct codec;
	struct jpeg_error_mgr errors;
	jpeg_scan_info scans[SCANS_MAX];
	unsigned char *data = NULL;
	unsigned long len = 0;
	codec.err = jpeg_std_error(&errors);
	jpeg_create_compress(&codec);
	jpeg_mem_dest(&codec, &data, &len);
	codec.image_width = how->width;
	codec.image_height = how->height;
	codec.input_components = how->channels;
	codec.in_color_space = how->channels == 1   ? JCS_GRAYSCALE
			       : how->channels == 3 ? JCS_RGB
						    : JCS_CMYK;
	jpeg_set_defaults(&codec);
	jpeg_set_quality(&codec, 95, TRUE);
	if (how->scans == 1)
		jpeg_simple_progression(&codec);
	if (how->scans > 1) {
		codec.scan_info = scans;
		codec.num_scans = script(scans, how->scans < SCANS_MAX ? how->scans : SCANS_MAX);
	}
	jpeg_start_compress(&codec, TRUE);
	size_t row_size = (size_t)how->width * (size_t)how->channels;
	while (codec.next_scanline < how->height) {
		/* libjpeg's prototype is older than const. */
		JSAMPROW row = (JSAMPROW)(uintptr_t)(how->pixels + codec.next_scanline * row_size);
		jpeg_write_scanlines(&codec, &row, 1);
	}
	jpeg_finish_compress(&codec);
	jpeg_destroy_compress(&codec);
	return (struct image_file){ data, len };
}

static void append(png_structp codec, png_bytep bytes, size_t n)
{
	struct image_file *f = png_get_io_ptr(codec);
	uint8_t *data = realloc(f->data, f->len + n);
	CHECK(data);
	memcpy(data + f->len, bytes, n);
	f->data = data;
	f->len += n;
}

static void flush_nothing(png_structp codec)
{
	(void)codec;
}

static void describe(png_structp codec, png_infop info, const struct image_png *how)
{
	png_set_IHDR(codec, info, how->width, how->height, how->depth, how->color,
		how->interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
		PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	png_color colors[256];
	for (int i = 0; i < how->palette_len; i++)
		colors[i] = (png_color){ how->palette[3 * i], how->palette[3 * i + 1],
			how->palette[3 * i + 2] };
	if (how->palette_len)
		png_set_PLTE(codec, info, colors, how->palette_len);
	if (how->opacity_len)
		png_set_tRNS(codec, info, how->opacity, how->opacity_len, NULL);
	png_write_info(codec, info);
}

struct image_file image_png(const struct image_png *how)
{
	struct image_file f = { 0 };
	png_structp codec = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	CHECK(codec);
	png_infop info = png_create_info_struct(codec);
	png_set_write_fn(codec, &f, append, flush_nothing);
	png_set_user_limits(codec, 0x7fffffff, 0x7fffffff);
	describe(codec, info, how);
	int passes = png_set_interlace_handling(codec);
	size_t row_size = png_get_rowbytes(codec, info);
	png_byte no_more[] = { 0, 0, 1, 0, 'I', 'D', 'A', 'T' };
	for (int pass = 0; !how->rowless && pass < passes; pass++)
		for (uint32_t y = 0; y < how->height; y++)
			png_write_row(codec, how->pixels + y * row_size);
	if (how->rowless)
		append(codec, no_more, sizeof(no_more));
	else
		png_write_end(codec, info);
	png_destroy_write_struct(&codec, &info);
	return f;
}

bool image_file_save(const struct image_file *file, const char *path)
{
	FILE *f = fopen(path, "wbe");
	if (!f)
		return false;
	bool written = fwrite(file->data, 1, file->len, f) == file->len;
	return !fclose(f) && written;
}
