#include "cli/collect_show.h"

#include "base/log.h"
#include "base/text.h"
#include "port/clock.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TABLE_EVERY_MS 1000
#define LINES_EVERY_MS 10000
#define JSON_EVERY_MS  5000
#define CLOCK_OFF_MS   60000 /* more than this is doubted aloud */

/* All of it at one moment. */
struct summary {
	size_t boxes, online, shut_out;
	uint64_t rows, queued;
	int64_t lag_ms; /* the slowest of those online */
	double rate;    /* rows a second */
};

void show_open(struct show *s, bool json)
{
	*s = (struct show){ .kind = json                    ? SHOW_JSON
				    : isatty(STDOUT_FILENO) ? SHOW_TABLE
							    : SHOW_LINES };
}

void show_close(struct show *s)
{
	free(s->before);
	free(s->doubted);
	*s = (struct show){ 0 };
}

int show_wait(const struct show *s)
{
	int64_t wait = s->next_ms - clock_now(0).mono_ms;
	return wait < 0 ? 0 : wait > 1000 ? 1000 : (int)wait;
}

static int64_t magnitude(int64_t n)
{
	return n < 0 ? -n : n;
}

static struct summary sum_up(
	const struct show *s, const struct collector_box *boxes, size_t count, int64_t now_ms)
{
	struct summary m = { .boxes = count };
	for (size_t i = 0; i < count; i++) {
		m.online += boxes[i].online;
		m.shut_out += boxes[i].rejected;
		m.rows += boxes[i].rows;
		m.queued += boxes[i].queued;
		if (boxes[i].online && boxes[i].lag_ms > m.lag_ms)
			m.lag_ms = boxes[i].lag_ms;
	}
	if (s->last_ms && now_ms > s->last_ms && m.rows >= s->last_rows)
		m.rate = (double)(m.rows - s->last_rows) * 1000 / (double)(now_ms - s->last_ms);
	return m;
}

static double box_rate(
	const struct show *s, const struct collector_box *boxes, size_t i, int64_t now_ms)
{
	if (i >= s->before_count || now_ms <= s->last_ms || boxes[i].rows < s->before[i])
		return 0;
	return (double)(boxes[i].rows - s->before[i]) * 1000 / (double)(now_ms - s->last_ms);
}

static void remember(
	struct show *s, const struct collector_box *boxes, size_t count, uint64_t rows, int64_t now)
{
	if (count > s->before_count) {
		uint64_t *more = realloc(s->before, count * sizeof(*more));
		if (!more)
			return;
		s->before = more;
		s->before_count = count;
	}
	for (size_t i = 0; i < count; i++)
		s->before[i] = boxes[i].rows;
	s->last_rows = rows;
	s->last_ms = now;
}

/* --- doubts about clocks -----------------------------------------------------------------------
 */

/* Told once for each box, in whatever form the rest comes. */
static void tell_doubts(struct show *s, const struct collector_box *boxes, size_t count)
{
	if (count > s->doubted_count) {
		uint8_t *more = realloc(s->doubted, count);
		if (!more)
			return;
		memset(more + s->doubted_count, 0, count - s->doubted_count);
		s->doubted = more;
		s->doubted_count = count;
	}
	for (size_t i = 0; i < count; i++) {
		bool off = magnitude(boxes[i].clock_off_ms) > CLOCK_OFF_MS;
		if (off && !s->doubted[i])
			log_warning("the clock of %s/%s is %" PRId64 " s %s ours: look at both",
				boxes[i].venue, boxes[i].door,
				magnitude(boxes[i].clock_off_ms) / 1000,
				boxes[i].clock_off_ms > 0 ? "ahead of" : "behind");
		s->doubted[i] = off;
	}
}

/* --- a line ------------------------------------------------------------------------------------
 */

static void print_line(const struct summary *m, const struct collecting *c)
{
	printf("%zu boxes, %zu online, %" PRIu64 " rows (%.0f/s), %" PRIu64
	       " waiting, lag %.1f s, %" PRIu64 " messages refused%s\n",
		m->boxes, m->online, m->rows, m->rate, m->queued, (double)m->lag_ms / 1000,
		c->totals.refused, c->up ? "" : ", not connected");
}

/* --- a table -----------------------------------------------------------------------------------
 */

static const char *standing(const struct collecting *c, const struct collector_box *b)
{
	switch (collecting_standing(c, b->device)) {
	case BOXES_REVOKED:
		return "shut out";
	case BOXES_UNKNOWN:
		return "not of this event";
	case BOXES_GOOD:
		break;
	}
	return b->online ? "online" : "away";
}

static size_t table_rows(void)
{
	struct winsize w = { 0 };
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || w.ws_row < 6)
		return 20;
	return (size_t)w.ws_row - 3;
}

static void print_table(struct show *s, const struct collecting *c, const struct summary *m,
	const struct collector_box *boxes, int64_t now_ms)
{
	char device[2 * DEVICE_ID_SIZE + 1];
	size_t most = table_rows(), shown = 0;
	if (s->drawn)
		printf("\x1b[%zuA\x1b[J", s->drawn);
	printf("%-32s %-8s %-9s %10s %8s %8s %8s %8s\n", "door", "device", "", "rows", "rows/s",
		"waiting", "lag s", "clock s");
	for (size_t i = 0; i < m->boxes && shown < most; i++, shown++) {
		const struct collector_box *b = &boxes[i];
		char door[2 * ID_SIZE + 2];
		snprintf(door, sizeof(door), "%s/%s", b->venue, b->door);
		text_hex(device, b->device, sizeof(b->device));
		printf("%-32.32s %.8s %-9.9s %10" PRIu64 " %8.1f %8" PRIu64 " %8.1f %+8.0f\n", door,
			device, standing(c, b), b->rows, box_rate(s, boxes, i, now_ms), b->queued,
			(double)b->lag_ms / 1000, (double)b->clock_off_ms / 1000);
	}
	print_line(m, c);
	s->drawn = shown + 2;
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static json_t *box_object(const struct show *s, const struct collecting *c,
	const struct collector_box *boxes, size_t i, int64_t now_ms)
{
	static const char *const standings[] = {
		[BOXES_UNKNOWN] = "unknown", [BOXES_GOOD] = "good", [BOXES_REVOKED] = "shut_out"
	};
	const struct collector_box *b = &boxes[i];
	char device[2 * DEVICE_ID_SIZE + 1];
	text_hex(device, b->device, sizeof(b->device));
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:I, s:I, s:f, s:I, s:I}", "device", device,
		"venue", b->venue, "door", b->door, "standing",
		standings[collecting_standing(c, b->device)], "online", (int)b->online, "rows",
		(json_int_t)b->rows, "waiting", (json_int_t)b->queued, "rows_s",
		box_rate(s, boxes, i, now_ms), "lag_ms", (json_int_t)b->lag_ms, "clock_off_ms",
		(json_int_t)b->clock_off_ms);
}

static void print_json(const struct show *s, const struct collecting *c, const struct summary *m,
	const struct collector_box *boxes, int64_t now_ms)
{
	json_t *list = json_array();
	for (size_t i = 0; i < m->boxes; i++)
		json_array_append_new(list, box_object(s, c, boxes, i, now_ms));
	json_t *o = json_pack("{s:I, s:b, s:I, s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:o}", "wall_ms",
		(json_int_t)clock_now(0).wall_ms, "connected", (int)c->up, "online",
		(json_int_t)m->online, "rows", (json_int_t)m->rows, "waiting",
		(json_int_t)m->queued, "rows_s", m->rate, "lag_ms", (json_int_t)m->lag_ms,
		"refused", (json_int_t)c->totals.refused, "contradicting",
		(json_int_t)c->totals.contradicting, "commits", (json_int_t)c->totals.commits,
		"boxes", list);
	AUTO_FREE char *text = o ? json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
	json_decref(o);
	if (text)
		puts(text);
}

void show_progress(struct show *s, const struct collecting *c, bool end)
{
	static const int every[] = {
		[SHOW_LINES] = LINES_EVERY_MS,
		[SHOW_TABLE] = TABLE_EVERY_MS,
		[SHOW_JSON] = JSON_EVERY_MS,
	};
	const struct collector_box *boxes = NULL;
	int64_t now_ms = clock_now(0).mono_ms;
	if (!end && now_ms < s->next_ms)
		return;
	s->next_ms = now_ms + every[s->kind];
	size_t count = collector_boxes(c->collector, &boxes);
	struct summary m = sum_up(s, boxes, count, now_ms);
	tell_doubts(s, boxes, count);
	if (s->kind == SHOW_JSON)
		print_json(s, c, &m, boxes, now_ms);
	else if (s->kind == SHOW_TABLE)
		print_table(s, c, &m, boxes, now_ms);
	else
		print_line(&m, c);
	fflush(stdout);
	remember(s, boxes, count, m.rows, now_ms);
}
