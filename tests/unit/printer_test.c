/* What the printer's port promises without a printer; with one: tests/flow/printing_test.c. */
#include "port/printer.h"

#include <cups/raster.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct source {
	const uint8_t *bytes;
	size_t left;
};

static ssize_t give(void *context, unsigned char *out, size_t len)
{
	struct source *s = context;
	size_t n = len < s->left ? len : s->left;
	memcpy(out, s->bytes, n);
	s->bytes += n;
	s->left -= n;
	return (ssize_t)n;
}

static void raster_is_read_back_as_it_was(void **state)
{
	(void)state;
	enum { WIDTH = 732, HEIGHT = 343 }; /* 62 × 29 mm at 300 dpi */
	static uint8_t grey[WIDTH * HEIGHT], line[WIDTH];
	for (size_t i = 0; i < sizeof(grey); i++)
		grey[i] = (uint8_t)(i / WIDTH % 9 ? (i % WIDTH / 40 % 2 ? 255 : 0) : i * 31);
	struct printer_raster raster = { grey, WIDTH, HEIGHT, 300 };
	uint8_t *bytes = NULL;
	size_t len = 0;
	assert_int_equal(printer_pwg(&raster, &bytes, &len), 0);
	assert_true(len > 1796 + 4 && !memcmp(bytes, "RaS2", 4));
	struct source source = { bytes, len };
	cups_raster_t *r = cupsRasterOpenIO(give, &source, CUPS_RASTER_READ);
	cups_page_header2_t h;
	assert_non_null(r);
	assert_true(cupsRasterReadHeader2(r, &h));
	assert_int_equal(h.cupsWidth, WIDTH);
	assert_int_equal(h.cupsHeight, HEIGHT);
	assert_int_equal(h.HWResolution[0], 300);
	assert_int_equal(h.cupsColorSpace, CUPS_CSPACE_SW);
	assert_int_equal(h.cupsBitsPerPixel, 8);
	assert_int_equal(h.NumCopies, 1);
	for (unsigned y = 0; y < HEIGHT; y++) {
		assert_int_equal(cupsRasterReadPixels(r, line, WIDTH), WIDTH);
		assert_memory_equal(line, grey + (size_t)y * WIDTH, WIDTH);
	}
	assert_false(cupsRasterReadHeader2(r, &h)); /* one page */
	cupsRasterClose(r);
	free(bytes);
}

static void odd_rasters_are_refused(void **state)
{
	(void)state;
	static const uint8_t grey[4];
	static const struct printer_raster odd[] = { { grey, 0, 1, 300 }, { grey, 1, 0, 300 },
		{ grey, 24001, 1, 300 }, { grey, 2, 2, 71 }, { grey, 2, 2, 1201 } };
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		uint8_t *bytes = NULL;
		size_t len;
		assert_int_equal(printer_pwg(&odd[i], &bytes, &len), -EINVAL);
		assert_null(bytes);
	}
}

static void only_ipp_addresses_are_printers(void **state)
{
	(void)state;
	static const struct {
		const char *uri;
		int result;
	} cases[] = {
		{ "ipp://localhost/ipp/print", 0 },
		{ "ipps://printer.local:8631/ipp/print", 0 },
		{ "ipp://[::1]:631/", 0 },
		{ "http://localhost/ipp/print", -EINVAL },
		{ "localhost", -EINVAL },
		{ "ipp://", -EINVAL },
		{ "", -EINVAL },
		{ "usb://Brother/QL-820", -EINVAL },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct printer *p = NULL;
		if (printer_open(&p, cases[i].uri) != cases[i].result)
			fail_msg("%s", cases[i].uri);
		assert_true((p != NULL) == (cases[i].result == 0));
		printer_close(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raster_is_read_back_as_it_was),
		cmocka_unit_test(odd_rasters_are_refused),
		cmocka_unit_test(only_ipp_addresses_are_printers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
