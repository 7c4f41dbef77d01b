/* The whole door: from a frame with a code in it, through the reading process, the signature, the
 * COMMIT and the lamp; the time from exec to the first green; the memory that the kiosk holds.
 * On the disk of the working directory's build/. */
#include "app/kiosk.h"
#include "scan/reader.h"
#include "tests/fake/process.h"
#include "tests/fake/sign.h"

#include <limits.h>
#include <poll.h>
#include <qrencode.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WIDTH  1280
#define HEIGHT 720
#define GUESTS 400
#define STARTS 9
#define MODULE 5 /* pixels */

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static const char *guest(unsigned number)
{
	static char text[SIGN_TEXT_SIZE + 1];
	struct sig1_payload p = { .item = 1 };
	snprintf(p.seed, sizeof(p.seed), "b%08u", number);
	text[sign_ticket(text, SIGN_DEMO_SEED, &p)] = '\0';
	return text;
}

/* A grey room with a white card that carries the code. */
static void draw(uint8_t *frame, const char *text)
{
	QRcode *q =
		QRcode_encodeData((int)strlen(text), (const unsigned char *)text, 0, QR_ECLEVEL_M);
	CHECK(q);
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++)
			frame[y * WIDTH + x] = (uint8_t)(70 + (x + y) * 60 / (WIDTH + HEIGHT));
	int side = (q->width + 8) * MODULE, left = (WIDTH - side) / 2, top = (HEIGHT - side) / 2;
	for (int y = 0; y < side; y++) {
		for (int x = 0; x < side; x++) {
			int u = x / MODULE - 4, v = y / MODULE - 4;
			bool inside = u >= 0 && v >= 0 && u < q->width && v < q->width;
			bool dark = inside && (q->data[v * q->width + u] & 1);
			frame[(top + y) * WIDTH + left + x] = dark ? 25 : 230;
		}
	}
	QRcode_free(q);
}

static void set_options(struct options *o, const char *data)
{
	*o = (struct options){ .door = "main",
		.width = 1280,
		.height = 800,
		.offscreen = true,
		.venue = "grandsvoisins",
		.script = "-",
		.mute = true };
	snprintf(o->assets, sizeof(o->assets), "assets");
	snprintf(o->event, sizeof(o->event), "assets/demo");
	snprintf(o->data, sizeof(o->data), "%s", data);
}

static int bench_guests(const char *data)
{
	static struct options options;
	static uint8_t frame[WIDTH * HEIGHT];
	static double took[GUESTS];
	struct kiosk *k = NULL;
	set_options(&options, data);
	if (kiosk_open(&k, &options))
		return 1;
	for (unsigned i = 0; i < GUESTS; i++) {
		draw(frame, guest(i));
		struct when now = kiosk_now(k);
		now.mono_ms += 10000;
		now.wall_ms += 10000;
		kiosk_set_time(k, &now);
		kiosk_clear_lens(k);
		kiosk_settle(k);
		double start = now_ms();
		kiosk_look(k, frame, WIDTH, HEIGHT, false);
		if (!kiosk_settle(k))
			return 1;
		took[i] = now_ms() - start;
		now = kiosk_now(k);
		/* The venue has 300 seats: what is refused as FULL has taken the same road. */
		if (i < 100 && !(desk_lamps(kiosk_desk(k), &now) & LAMP_GREEN))
			return 1;
	}
	kiosk_close(k);
	qsort(took, GUESTS, sizeof(took[0]), by_size);
	printf("code in frame -> COMMIT -> lamp   p50 %.2f ms   p99 %.2f ms   (%d guests, 1280x720)\n",
		took[GUESTS / 2], took[GUESTS * 99 / 100], GUESTS);
	return 0;
}

/* One start of the real program: the time to its first green, and what it holds in memory then. */
static int start_once(const char *kiosk, const char *dir, double *took, long *rss, long *peak)
{
	char data[PATH_MAX];
	int in[2], out[2];
	snprintf(data, sizeof(data), "%s/start", dir);
	if (pipe(in) || pipe(out))
		return 1;
	double start = now_ms();
	pid_t pid = fork();
	if (!pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		execl(kiosk, kiosk, "--event", "assets/demo", "--venue", "numa", "--data", data,
			"--script", "/proc/self/fd/0", "--offscreen", (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	static unsigned number = 5000;
	dprintf(in[1], "code %s\n", guest(number++));
	char c;
	bool said = read(out[0], &c, 1) == 1;
	*took = now_ms() - start;
	*rss = process_status(pid, "VmRSS:");
	*peak = process_status(pid, "VmHWM:");
	close(in[1]);
	kill(pid, SIGTERM);
	close(out[0]);
	waitpid(pid, NULL, 0);
	return said ? 0 : 1;
}

static int bench_start(const char *dir)
{
	const char *build = getenv("B");
	char kiosk[PATH_MAX];
	double took[STARTS];
	long rss = 0, peak = 0;
	snprintf(kiosk, sizeof(kiosk), "%s/parvis-kiosk", build ? build : "build/release");
	for (int i = 0; i < STARTS; i++)
		if (start_once(kiosk, dir, &took[i], &rss, &peak))
			return 1;
	qsort(took, STARTS, sizeof(took[0]), by_size);
	printf("start to first scan               median %.0f ms, worst %.0f ms of %d\n",
		took[STARTS / 2], took[STARTS - 1], STARTS);
	printf("resident memory of the kiosk      %.1f MiB (peak %.1f MiB), offscreen 1280x800\n",
		(double)rss / 1024, (double)peak / 1024);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], READER_WORKER_ARGUMENT))
		return reader_worker_main(argc, argv);
	char dir[] = "build/bench-XXXXXX", data[64], command[96];
	if (!mkdtemp(dir))
		return 1;
	snprintf(data, sizeof(data), "%s/data", dir);
	int status = bench_guests(data);
	if (!status)
		status = bench_start(dir);
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command) || status;
}
