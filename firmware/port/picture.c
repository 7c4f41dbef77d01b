#include "port/picture.h"

#include "port/picture_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint32_t divide_up(uint32_t a, uint32_t b)
{
	return (a + b - 1) / b;
}

uint32_t picture_factor(uint32_t width, uint32_t height)
{
	uint32_t across = divide_up(width, PICTURE_WIDTH_MAX);
	uint32_t down = divide_up(height, PICTURE_HEIGHT_MAX);
	return across > down ? across : down;
}

int picture_rows_open(struct picture_rows *r, uint32_t width, uint32_t height, uint32_t factor)
{
	CHECK(width > 0 && height > 0 && factor > 0);
	*r = (struct picture_rows){ .width = width, .height = height, .factor = factor };
	r->picture.width = divide_up(width, factor);
	r->picture.height = divide_up(height, factor);
	r->picture.pixels = malloc((size_t)r->picture.width * r->picture.height);
	r->sums = calloc(r->picture.width, sizeof(*r->sums));
	if (r->picture.pixels && r->sums)
		return 0;
	picture_rows_drop(r);
	return -ENOMEM;
}

static void add_row(uint32_t *sums, const uint8_t *row, uint32_t width, uint32_t factor)
{
	for (uint32_t x = 0, column = 0; x < width; column++) {
		uint32_t end = width - x < factor ? width : x + factor;
		for (; x < end; x++)
			sums[column] += row[x];
	}
}

/* Writes the means of `deep` input rows and starts anew. */
static void finish_row(struct picture_rows *r, uint8_t *out, uint32_t deep)
{
	uint32_t width = r->picture.width;
	for (uint32_t x = 0; x < width; x++) {
		uint32_t wide = x + 1 < width ? r->factor : r->width - x * r->factor;
		uint32_t area = wide * deep;
		out[x] = (uint8_t)((r->sums[x] + area / 2) / area);
		r->sums[x] = 0;
	}
}

void picture_rows_put(struct picture_rows *r, const uint8_t *row)
{
	CHECK(r->taken < r->height);
	uint32_t y = r->taken / r->factor, deep = r->taken % r->factor + 1;
	uint8_t *out = r->picture.pixels + (size_t)y * r->picture.width;
	r->taken++;
	if (r->factor == 1) {
		memcpy(out, row, r->width);
		return;
	}
	add_row(r->sums, row, r->width, r->factor);
	if (deep == r->factor || r->taken == r->height)
		finish_row(r, out, deep);
}

int picture_rows_take(struct picture_rows *r, struct picture *out)
{
	if (!r->picture.pixels || r->taken != r->height)
		return -EINVAL;
	*out = r->picture;
	r->picture.pixels = NULL;
	return 0;
}

void picture_rows_drop(struct picture_rows *r)
{
	picture_free(&r->picture);
	free(r->sums);
	r->sums = NULL;
}

void picture_free(struct picture *p)
{
	free(p->pixels);
	*p = (struct picture){ 0 };
}

int picture_decode(struct picture *out, const uint8_t *data, size_t len)
{
	static const uint8_t jpeg[] = { 0xff, 0xd8, 0xff };
	static const uint8_t png[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	if (len > PICTURE_FILE_MAX)
		return -EFBIG;
	if (len > sizeof(jpeg) && !memcmp(data, jpeg, sizeof(jpeg)))
		return picture_from_jpeg(out, data, len);
	if (len > sizeof(png) && !memcmp(data, png, sizeof(png)))
		return picture_from_png(out, data, len);
	return -EINVAL;
}

/* Reads until `len` bytes are there; a file that shrank meanwhile is broken. */
static int read_whole(int fd, uint8_t *data, size_t len)
{
	for (size_t have = 0; have < len;) {
		ssize_t n = read(fd, data + have, len - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EINVAL;
		have += (size_t)n;
	}
	return 0;
}

int picture_load(struct picture *out, const char *path)
{
	/* O_NONBLOCK: a pipe with a picture's name must not hold the camera up. */
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size <= 0)
		return -EINVAL;
	if (st.st_size > PICTURE_FILE_MAX)
		return -EFBIG;
	size_t len = (size_t)st.st_size;
	AUTO_FREE uint8_t *data = malloc(len);
	if (!data)
		return -ENOMEM;
	int error = read_whole(fd, data, len);
	return error ? error : picture_decode(out, data, len);
}
