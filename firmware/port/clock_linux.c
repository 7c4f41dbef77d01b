#include "port/clock.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"

static int64_t read_ms(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* NTP daemons clear STA_UNSYNC once they steer the clock, and the kernel sets it again when they
 * have been silent until the estimated error passes 16 s. A kernel that will not say (a sandbox)
 * is one that has not confirmed anything. */
static bool is_steered(void)
{
	struct timex t = { .modes = 0 };
	int state = adjtimex(&t);
	return state >= 0 && state != TIME_ERROR && !(t.status & STA_UNSYNC);
}

struct when clock_now(int64_t floor_ms)
{
	struct when now = { .wall_ms = read_ms(CLOCK_REALTIME),
		.mono_ms = read_ms(CLOCK_MONOTONIC),
		.trust = TRUST_FREE };
	if (now.wall_ms < floor_ms)
		now.trust = TRUST_UNSET; /* even if steered: then the time source is wrong */
	else if (is_steered())
		now.trust = TRUST_SYNCED;
	return now;
}

/* The kernel writes a UUID: 32 hex digits with hyphens between. */
static bool parse_uuid(uint8_t out[16], const char *text, size_t len)
{
	char digits[32];
	size_t used = 0;
	for (size_t i = 0; i < len && text[i] != '\n'; i++) {
		if (text[i] == '-')
			continue;
		if (used == sizeof(digits))
			return false;
		digits[used++] = text[i];
	}
	return text_unhex(out, 16, digits, used);
}

void clock_boot_id(uint8_t out[16])
{
	char text[64];
	AUTO_FD fd = open(BOOT_ID_PATH, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));
	if (n <= 0 || !parse_uuid(out, text, (size_t)n))
		memset(out, 0, 16);
}
