#include "door/hlc.h"

#define COUNTER_BITS 16
#define WALL_MAX     ((INT64_C(1) << 48) - 1)

static uint64_t wall_part(int64_t wall_ms)
{
	if (wall_ms < 0)
		return 0;
	return (uint64_t)(wall_ms > WALL_MAX ? WALL_MAX : wall_ms);
}

/* A counter that overflows carries into the milliseconds: the stamp then runs a little ahead of the
 * wall, but never back. At the very end of its range it stands still. */
uint64_t hlc_next(uint64_t last, int64_t wall_ms)
{
	uint64_t wall = wall_part(wall_ms);
	if (wall > last >> COUNTER_BITS)
		return wall << COUNTER_BITS;
	return last == UINT64_MAX ? last : last + 1;
}

uint64_t hlc_merge(uint64_t last, uint64_t seen, int64_t wall_ms)
{
	return hlc_next(last > seen ? last : seen, wall_ms);
}
