/* The rehearsal's script: any bytes, line by line. What was understood points into the line. */
#include "app/script_line.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size;
	while (p < end) {
		const char *line_end = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((line_end ? line_end : end) - p);
		struct script_line l;
		const char *wrong = script_line_read(p, len, &l);
		if (!wrong && l.command != SCRIPT_NOTHING) {
			CHECK(l.text >= p && l.text + l.len <= p + len);
			CHECK(strnlen(l.what, sizeof(l.what)) < sizeof(l.what));
			CHECK(strnlen(l.value, sizeof(l.value)) < sizeof(l.value));
			CHECK(l.wait_ms >= 0 && l.wait_ms <= SCRIPT_WAIT_MAX_MS);
			CHECK((unsigned)l.verdict < VERDICT_COUNT &&
				(unsigned)l.button < BUTTON_COUNT);
			CHECK(l.command != SCRIPT_SHOT || !memchr(l.text, '/', l.len));
		}
		p += len + 1;
	}
	return 0;
}
