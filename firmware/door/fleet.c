#include "door/fleet.h"

int64_t fleet_age_ms(const struct fleet_venue *v, int64_t mono_ms)
{
	int64_t since_ms = mono_ms - v->heard_mono_ms, age_ms;
	if (since_ms < 0)
		since_ms = 0;
	if (__builtin_add_overflow(since_ms, v->aged_ms > 0 ? v->aged_ms : 0, &age_ms))
		age_ms = INT64_MAX;
	return age_ms;
}
