/* Moments, and how far they can be trusted. A moment on the wall is in milliseconds since
 * 1970-01-01T00:00:00Z; a monotonic one in milliseconds since this boot. Reading a clock is a
 * port's business (port/clock.h): here are values only. The time zone is the process's (TZ): set it
 * once, before any thread starts. */
#ifndef PARVIS_BASE_WHEN_H
#define PARVIS_BASE_WHEN_H

#include "base/cc.h"

#include <stdint.h>

/* How far a wall time can be believed. */
enum trust {
	TRUST_UNSET,  /* earlier than something that is known to have happened: surely wrong */
	TRUST_FREE,   /* plausible, but no time source has confirmed it since boot */
	TRUST_SYNCED, /* the kernel says that it follows a time source */
	TRUST_COUNT
};

/* "unset", "free", "synced". */
extern const char *const trust_names[TRUST_COUNT];

struct when {
	int64_t wall_ms;
	int64_t mono_ms;
	enum trust trust;
};

#define WHEN_ISO_SIZE 40

/* Makes zone ("Europe/Paris") the process's. -ENOENT where the system does not know it. */
NODISCARD int when_use_zone(const char *zone);

/* Reads ISO 8601: YYYY-MM-DD, then optionally Thh:mm[:ss[.fff]] ("T" or a space), then optionally
 * Z, +hh:mm or +hhmm. Without an offset it is local time in the process's zone. The whole text
 * must be read. -EINVAL otherwise, or for a date that does not exist. */
NODISCARD int when_parse(const char *text, int64_t *out_ms);

/* Reads hh:mm[:ss] as a moment on the local day of day_ms. -EINVAL. */
NODISCARD int when_parse_on_day(const char *text, int64_t day_ms, int64_t *out_ms);

/* Local time with offset, to the second: 2016-12-08T19:04:10+01:00. */
void when_iso(int64_t ms, char out[WHEN_ISO_SIZE]);

/* UTC, to the millisecond: 2016-12-08T18:04:10.000Z. */
void when_iso_utc(int64_t ms, char out[WHEN_ISO_SIZE]);

/* Local hours and minutes: 19:04. */
void when_hm(int64_t ms, char out[8]);

#endif
