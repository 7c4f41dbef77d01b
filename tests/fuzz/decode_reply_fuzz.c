/* What a worker that was taken over may send: after four bytes for the sequence that is awaited,
 * anything. Whatever passes must be safe to use. */
#include "scan/reply.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_usable(const struct decoded *d)
{
	CHECK(d->len <= CODE_MAX);
	CHECK(d->found == (d->len > 0));
	for (size_t i = 0; i < 4; i++)
		for (size_t axis = 0; axis < 2; axis++)
			CHECK(d->corners[i][axis] >= 0.0F && d->corners[i][axis] <= 1.0F);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decoded d;
	struct reply again;
	uint32_t sequence;

	if (size < sizeof sequence)
		return 0;
	memcpy(&sequence, data, sizeof sequence);
	memset(&d, 0xa5, sizeof d);

	int e = reply_check(data + sizeof sequence, size - sizeof sequence, sequence, &d);

	check_usable(&d);
	if (e) {
		CHECK(!d.found && !d.corners_seen);
		return 0;
	}

	/* What was accepted is accepted again, unchanged. */
	struct decoded twice;

	reply_fill(&again, sequence, &d);
	CHECK(reply_check(&again, sizeof again, sequence, &twice) == 0);
	CHECK(twice.found == d.found && twice.len == d.len);
	CHECK(memcmp(twice.text, d.text, d.len) == 0);
	return 0;
}
