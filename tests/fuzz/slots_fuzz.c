/* A sector that is a state is the one way of writing it, and what starts from it may start. */
#include "box/slots.h"

#include <stddef.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Short inputs stand for sectors that end in zeroes, as all states do. */
	uint8_t sector[SLOTS_BYTES] = { 0 }, again[SLOTS_BYTES];
	memcpy(sector, data, size < sizeof(sector) ? size : sizeof(sector));
	struct slots s;
	if (!slots_decode(&s, sector))
		return 0;
	CHECK(slots_valid(&s));
	slots_encode(again, &s);
	CHECK(memcmp(again, sector, sizeof(again)) == 0);
	struct slots after = slots_started(&s);
	CHECK(slots_valid(&after));
	CHECK(s.left[slots_next(&s)] != SLOTS_BARRED);
	return 0;
}
