/* How long a frame takes: the median of every screen in three sizes, in milliseconds. "still" is a
 * frame in which nothing but the camera's picture, a code's corners or the progress bar moved;
 * "new" is the first frame of a screen, laid out from nothing. */
#include "ui/ui.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FRAMES 31

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static double median(double *times)
{
	qsort(times, FRAMES, sizeof(times[0]), by_value);
	return times[FRAMES / 2];
}

static struct screen screen_of(enum screen_id id)
{
	struct screen s;
	memset(&s, 0, sizeof(s));
	s.id = id;
	s.text_percent = 100;
	s.event_title = "Bench";
	s.venue_name = "Numa";
	s.venue_address = "39 rue du Caire";
	s.debate = "OGP MeetUp";
	s.door = "nord";
	s.now = (struct when){ 1481222520000, 0, TRUST_SYNCED };
	s.languages = (1U << LANGUAGE_COUNT) - 1;
	s.capacity_seats = 200;
	s.camera = true;
	s.verdict = VERDICT_ADMIT;
	strcpy(s.name, "Amina");
	s.entry_number = 129;
	s.left_permille = 1000;
	s.can_undo = true;
	s.faults = id == SCREEN_FAULT ? FAULT_STORE_FULL : 0;
	for (unsigned i = 0; i < 12; i++)
		s.count.arrivals[i] = i * (12 - i);
	return s;
}

/* A different count each time makes a screen new. */
static double frame_ms(struct ui *u, struct screen s, const struct ui_frame *camera, bool fresh)
{
	double times[FRAMES];
	ui_draw(u, &s, 0);
	for (unsigned i = 0; i < FRAMES; i++) {
		s.count.in = s.entry_number = fresh ? i + 1 : 1;
		s.left_permille = (uint16_t)(1000 - 30 * i);
		double start = now_ms();
		ui_frame(u, camera);
		ui_draw(u, &s, 0);
		times[i] = now_ms() - start;
	}
	return median(times);
}

static int bench_size(uint32_t width, uint32_t height)
{
	static const char *const names[SCREEN_ID_COUNT] = { "scan", "result", "help", "pin",
		"headcount", "fault", "walk_in", "adopt", "search", "fleet", "pairs", "stick" };
	static uint8_t grey[1280 * 720];
	const struct ui_frame camera = { grey, 1280, 720, 1280 };
	struct ui_setup setup = {
		.width = width, .height = height, .offscreen = true, .assets = "assets"
	};
	struct ui *u;
	if (ui_open(&u, &setup))
		return 1;
	for (size_t i = 0; i < sizeof(grey); i++)
		grey[i] = (uint8_t)(i * 7 >> 3);
	for (int id = 0; id < SCREEN_ID_COUNT; id++) {
		struct screen s = screen_of((enum screen_id)id);
		const struct ui_frame *frame = id == SCREEN_SCAN ? &camera : NULL;
		printf("ui %4ux%-4u %-9s still %6.2f ms  new %6.2f ms\n", width, height, names[id],
			frame_ms(u, s, frame, false), frame_ms(u, s, frame, true));
	}
	ui_close(u);
	return 0;
}

int main(void)
{
	return bench_size(1280, 800) | bench_size(800, 480) | bench_size(720, 1280);
}
