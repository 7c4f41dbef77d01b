/* Hybrid logical clock: 48 bits of wall milliseconds and 16 bits of counter in one integer that
 * never goes back, however the wall clock jumps. After Kulkarni, Demirbas, Madappa, Avva and
 * Leone, "Logical Physical Clocks" (OPODIS 2014), figure 5. Pure. */
#ifndef PARVIS_DOOR_HLC_H
#define PARVIS_DOOR_HLC_H

#include <stdint.h>

/* The next stamp for an event of our own. last: our latest stamp, 0 at first. A wall time before
 * 1970 or beyond 48 bits counts as the nearest that fits. */
uint64_t hlc_next(uint64_t last, int64_t wall_ms);

/* Our stamp after having seen a peer's. */
uint64_t hlc_merge(uint64_t last, uint64_t seen, int64_t wall_ms);

static inline int64_t hlc_wall_ms(uint64_t stamp)
{
	return (int64_t)(stamp >> 16);
}

#endif
