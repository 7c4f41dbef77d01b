/* What somebody at the door sees of its lamps: whenever a line of a gpio-sim chip changes, a line
 * with the seconds since the start of the machine and the numbers of the lines that are on.
 *
 *   lamps LINES LINE...      LINES: the chip's folder below /sys/devices/platform */
#include "base/cc.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LAMPS_MAX 16
#define PAUSE_MS  15 /* shorter than any lamp is on or off */

struct bench {
	int count;
	int values[LAMPS_MAX]; /* open files */
	const char *names[LAMPS_MAX];
};

static bool open_lines(struct bench *b, const char *folder, char **names)
{
	char path[512];
	for (; *names && b->count < LAMPS_MAX; names++, b->count++) {
		snprintf(path, sizeof(path), "%s/sim_gpio%s/value", folder, *names);
		b->names[b->count] = *names;
		b->values[b->count] = open(path, O_RDONLY | O_CLOEXEC);
		if (b->values[b->count] < 0) {
			perror(path);
			return false;
		}
	}
	return b->count > 0;
}

static uint32_t look(const struct bench *b)
{
	uint32_t on = 0;
	char level;
	for (int i = 0; i < b->count; i++)
		if (pread(b->values[i], &level, 1, 0) == 1 && level == '1')
			on |= 1U << i;
	return on;
}

static bool tell(const struct bench *b, uint32_t on)
{
	struct timespec now;
	clock_gettime(CLOCK_BOOTTIME, &now);
	printf("%lld.%03ld", (long long)now.tv_sec, now.tv_nsec / 1000000);
	for (int i = 0; i < b->count; i++)
		if (on & 1U << i)
			printf(" %s", b->names[i]);
	putchar('\n');
	return fflush(stdout) == 0;
}

int main(int argc, char **argv)
{
	struct bench b = { .count = 0 };
	if (argc < 3 || !open_lines(&b, argv[1], argv + 2)) {
		fprintf(stderr, "usage: lamps LINES LINE...\n");
		return 2;
	}
	uint32_t last = look(&b);
	for (bool told = tell(&b, last); told;) {
		const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000L };
		nanosleep(&pause, NULL);
		uint32_t on = look(&b);
		if (on != last)
			told = tell(&b, on);
		last = on;
	}
	return 1;
}
