/* Numbers in files of ours: most significant byte first. */
#ifndef PARVIS_BASE_BYTES_H
#define PARVIS_BASE_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* bytes: 1 to 8. What does not fit is cut off at the top. */
static inline void bytes_put(uint8_t *at, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

static inline uint64_t bytes_take(const uint8_t *at, size_t bytes)
{
	uint64_t value = 0;
	for (size_t i = 0; i < bytes; i++)
		value = value << 8 | at[i];
	return value;
}

#endif
