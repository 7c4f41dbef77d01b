/* A slow and lossy wire between two network namespaces, as tc's netem makes it, for kernels that do
 * not have that: a TAP device at each end, and this program in between.
 *   slow_link NS_A DEVICE_A NS_B DEVICE_B DELAY_MS LOSS_PERCENT KBIT_PER_S SEED
 * All of it holds for each direction. Prints "up" when both devices are there; ends with its
 * parent, or by a signal. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX 2048
#define QUEUE_MAX 256 /* frames that wait for the wire or are on it; more are lost */

struct frame {
	int64_t due_us;
	size_t len;
	uint8_t bytes[FRAME_MAX];
};

/* One direction. */
struct wire {
	int from, to;
	int64_t free_us; /* when the last bit of what waits is on the wire */
	size_t first, count;
	struct frame frames[QUEUE_MAX];
};

static int64_t delay_us, kbit;
static int loss_percent;
static uint64_t dice;
static struct wire wires[2];

static int64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static bool is_lost(void)
{
	dice = dice * 6364136223846793005ULL + 1442695040888963407ULL;
	return (int)((dice >> 33) % 100) < loss_percent;
}

static int open_tap(const char *space, const char *device)
{
	char path[256];
	snprintf(path, sizeof(path), "/run/netns/%s", space);
	int ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWNET))
		return -1;
	close(ns);
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%.15s", device);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &r))
		return -1;
	return fd;
}

static void take_in(struct wire *w, int64_t now)
{
	uint8_t bytes[FRAME_MAX];
	ssize_t n;
	while ((n = read(w->from, bytes, sizeof(bytes))) > 0) {
		if (is_lost() || w->count == QUEUE_MAX)
			continue;
		struct frame *f = &w->frames[(w->first + w->count++) % QUEUE_MAX];
		int64_t begin = w->free_us > now ? w->free_us : now;
		w->free_us = begin + (int64_t)n * 8 * 1000 / kbit;
		f->due_us = w->free_us + delay_us;
		f->len = (size_t)n;
		memcpy(f->bytes, bytes, f->len);
	}
}

static void give_out(struct wire *w, int64_t now)
{
	while (w->count && w->frames[w->first].due_us <= now) {
		const struct frame *f = &w->frames[w->first];
		ssize_t n = write(w->to, f->bytes, f->len);
		(void)n; /* an end that is down takes nothing, as a cut wire */
		w->first = (w->first + 1) % QUEUE_MAX;
		w->count--;
	}
}

static int wait_ms(int64_t now)
{
	int64_t least = INT64_MAX;
	for (int i = 0; i < 2; i++)
		if (wires[i].count && wires[i].frames[wires[i].first].due_us < least)
			least = wires[i].frames[wires[i].first].due_us;
	return least == INT64_MAX ? -1 : (int)((least - now + 999) / 1000);
}

int main(int argc, char **argv)
{
	if (argc != 9) {
		fprintf(stderr, "usage: slow_link NS_A DEVICE_A NS_B DEVICE_B DELAY_MS "
				"LOSS_PERCENT KBIT_PER_S SEED\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int a = open_tap(argv[1], argv[2]), b = open_tap(argv[3], argv[4]);
	delay_us = strtol(argv[5], NULL, 10) * 1000;
	loss_percent = (int)strtol(argv[6], NULL, 10);
	kbit = strtol(argv[7], NULL, 10);
	dice = (uint64_t)strtoll(argv[8], NULL, 10);
	if (a < 0 || b < 0 || kbit < 1) {
		perror("slow_link");
		return 3;
	}
	wires[0].from = wires[1].to = a;
	wires[1].from = wires[0].to = b;
	puts("up");
	fflush(stdout);
	for (;;) {
		struct pollfd p[2] = { { .fd = a, .events = POLLIN },
			{ .fd = b, .events = POLLIN } };
		int64_t now = now_us();
		if (poll(p, 2, wait_ms(now)) < 0 && errno != EINTR)
			return 3;
		now = now_us();
		for (int i = 0; i < 2; i++) {
			take_in(&wires[i], now);
			give_out(&wires[i], now);
		}
	}
}
