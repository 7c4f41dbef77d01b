/* Any text as a code of a series: what is taken for a frame is within its bounds and is written as
 * the same text again; and any frames, put together, give no more than a file of the length they
 * say. */
#include "night/series.h"

#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void put_together(const struct series_frame *f)
{
	struct series_set *set;
	struct series_progress p;
	CHECK(!series_set_new(&set));
	for (int i = 0; i < 2; i++) {
		int error = series_take(set, f, &p);
		CHECK(!error || error == -EBADMSG);
		if (error)
			continue;
		CHECK(p.have >= 1 && p.have <= p.frames && p.frames == series_frames(f->length));
		CHECK(!p.file || (p.len == f->length && p.have == p.frames));
	}
	series_set_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct series_frame f;
	char text[SERIES_TEXT_SIZE];
	if (!series_read(&f, (const char *)data, size))
		return 0;
	CHECK(f.length >= 1 && f.length <= SERIES_FILE_MAX);
	CHECK(f.number < series_frames(f.length) && f.size >= 1 && f.size <= SERIES_PAYLOAD);
	if (f.length <= SERIES_PAYLOAD) {
		series_write(f.bytes, f.size, f.id, 0, text);
		CHECK(strlen(text) == size && !memcmp(text, data, size));
	}
	put_together(&f);
	return 0;
}
