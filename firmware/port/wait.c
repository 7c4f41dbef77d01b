#include "port/wait.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

int64_t wait_now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t wait_until(int timeout_ms)
{
	return timeout_ms < 0 ? INT64_MAX : wait_now_ms() + timeout_ms;
}

int wait_readable(int fd, int64_t until_ms)
{
	for (;;) {
		int64_t left = until_ms - wait_now_ms();
		int ms = left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int n = poll(&p, 1, ms);
		if (n > 0)
			return 1;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0 && wait_now_ms() >= until_ms)
			return 0;
	}
}

void wait_pause(int64_t until_ms)
{
	int none = wait_readable(-1, until_ms);
	(void)none; /* without a descriptor there is only the end of the wait */
}
