/* The rows of a sealed copy, as if its box had signed anything at all: what is read can be written
 * again to the same bytes, and judged. */
#include "night/sealed_rows.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct row rows[BATCH_ROWS_MAX];
	static uint8_t again[SEALED_BATCH_MAX];
	struct sealed_bytes b = { data, data + size, true };
	struct batch batch;
	if (!sealed_take_batch(&b, rows, &batch))
		return 0;
	enum batch_wrong wrong = batch_check(&batch);
	CHECK(wrong < BATCH_WRONGS);
	size_t n = (size_t)(sealed_put_batch(again, &batch) - again);
	CHECK(n == (size_t)(b.at - data) && !memcmp(again, data, n));
	return 0;
}
