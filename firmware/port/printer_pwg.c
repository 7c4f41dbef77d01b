#include "port/printer.h"

#include <cups/raster.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SIDE_MAX 24000 /* pixels: half a metre at 1200 dpi */

struct sink {
	uint8_t *bytes;
	size_t len, room;
};

static ssize_t take(void *context, unsigned char *bytes, size_t len)
{
	struct sink *s = context;
	if (len > s->room - s->len) {
		size_t room = (s->len + len) * 2;
		uint8_t *more = realloc(s->bytes, room);
		if (!more)
			return -1;
		s->bytes = more;
		s->room = room;
	}
	memcpy(s->bytes + s->len, bytes, len);
	s->len += len;
	return (ssize_t)len;
}

static void fill_header(cups_page_header2_t *h, const struct printer_raster *r)
{
	memset(h, 0, sizeof(*h));
	snprintf(h->MediaClass, sizeof(h->MediaClass), "PwgRaster");
	h->HWResolution[0] = h->HWResolution[1] = r->dpi;
	h->NumCopies = 1;
	h->cupsWidth = r->width;
	h->cupsHeight = r->height;
	h->cupsBitsPerColor = h->cupsBitsPerPixel = 8;
	h->cupsBytesPerLine = r->width;
	h->cupsColorOrder = CUPS_ORDER_CHUNKED;
	h->cupsColorSpace = CUPS_CSPACE_SW;
	h->cupsNumColors = 1;
	h->PageSize[0] = (r->width * 72 + r->dpi / 2) / r->dpi;
	h->PageSize[1] = (r->height * 72 + r->dpi / 2) / r->dpi;
	h->cupsPageSize[0] = (float)r->width * 72 / (float)r->dpi;
	h->cupsPageSize[1] = (float)r->height * 72 / (float)r->dpi;
	h->cupsInteger[0] = 1;                     /* TotalPageCount */
	h->cupsInteger[1] = h->cupsInteger[2] = 1; /* not mirrored */
}

static bool write_page(cups_raster_t *raster, const struct printer_raster *r, uint8_t *line)
{
	cups_page_header2_t h;
	fill_header(&h, r);
	if (!cupsRasterWriteHeader2(raster, &h))
		return false;
	for (uint32_t y = 0; y < r->height; y++) {
		memcpy(line, r->grey + (size_t)y * r->width, r->width);
		if (cupsRasterWritePixels(raster, line, r->width) != r->width)
			return false;
	}
	return true;
}

int printer_pwg(const struct printer_raster *r, uint8_t **out, size_t *len)
{
	struct sink sink = { 0 };
	if (!r->width || !r->height || r->width > SIDE_MAX || r->height > SIDE_MAX || r->dpi < 72 ||
		r->dpi > 1200)
		return -EINVAL;
	uint8_t *line = malloc(r->width);
	cups_raster_t *raster = line ? cupsRasterOpenIO(take, &sink, CUPS_RASTER_WRITE_PWG) : NULL;
	bool good = raster && write_page(raster, r, line);
	if (raster)
		cupsRasterClose(raster);
	free(line);
	if (!good) {
		free(sink.bytes);
		return -ENOMEM;
	}
	*out = sink.bytes;
	*len = sink.len;
	return 0;
}
