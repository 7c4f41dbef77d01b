#include "app/printing.h"

#include "base/log.h"
#include "base/mailbox.h"
#include "base/text.h"
#include "event/badge.h"
#include "port/clock.h"
#include "port/printer.h"
#include "store/print_queue.h"
#include "ui/paper/paper.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_MS    5000 /* how often an idle printer is asked how it does */
#define ASK_MS     100  /* … and a busy one what became of a label */
#define LEAST_MS   250  /* waits after a failure: the first, … */
#define MOST_MS    5000 /* … and what they grow to */
#define UNKNOWN_MS 700
/* A printer whose answer was lost may be slow to say that it has the job: so often it is asked
 * before the label is sent again. */
#define UNKNOWN_TIMES 3
#define BADGES_MAX    128
#define NEWS_MAX      16

struct printing {
	struct printing_setup setup;
	struct mailbox *in, *out;
	pthread_t thread;
	atomic_bool stopping;
	struct printer *printer;
	/* The thread's own: */
	struct print_queue *queue;
	struct paper *paper;
	struct printing_news told;
	bool has_told, labels_set, has_held;
	enum printer_trouble trouble;
	struct desk_badge held; /* one that the queue could not take yet */
	int wait_ms, backoff_ms;
	unsigned unknown;
	int64_t looked_ms;
};

/* --- telling --- */

static void tell(struct printing *p)
{
	struct printing_news news = { .trouble = p->trouble, .labels_left = -1 };
	uint64_t waiting = 0;
	if (p->queue && print_queue_waiting(p->queue, &waiting))
		waiting = 0;
	if (p->queue && print_queue_labels(p->queue, &news.labels_left))
		news.labels_left = -1;
	news.waiting = (uint32_t)waiting + p->has_held;
	if (p->has_told && news.trouble == p->told.trouble &&
		news.labels_left == p->told.labels_left && news.waiting == p->told.waiting)
		return;
	/* A full mailbox is tried again at the next round. */
	p->has_told = !mailbox_put(p->out, &news);
	p->told = news;
}

static void set_trouble(struct printing *p, enum printer_trouble trouble)
{
	static const char *const words[] = {
		[PRINTER_FINE] = "is ready",
		[PRINTER_GONE] = "does not answer",
		[PRINTER_PAPER] = "has no labels",
		[PRINTER_COVER] = "is open",
		[PRINTER_STOPPED] = "has stopped",
	};
	static_assert(ARRAY_LEN(words) == PRINTER_TROUBLES, "every trouble needs its words");
	if (trouble != p->trouble && trouble == PRINTER_FINE)
		log_info("the badge printer %s", words[trouble]);
	else if (trouble != p->trouble)
		log_warning("the badge printer %s", words[trouble]);
	p->trouble = trouble;
}

static void back_off(struct printing *p)
{
	p->wait_ms = p->backoff_ms;
	p->backoff_ms = p->backoff_ms * 2 < MOST_MS ? p->backoff_ms * 2 : MOST_MS;
}

static void go_on(struct printing *p)
{
	p->wait_ms = 0;
	p->backoff_ms = LEAST_MS;
}

/* --- the printer --- */

static enum printer_trouble trouble_of(uint32_t reasons)
{
	if (reasons & PRINTER_COVER_OPEN)
		return PRINTER_COVER;
	if (reasons & PRINTER_MEDIA_EMPTY)
		return PRINTER_PAPER;
	if (reasons & PRINTER_OFFLINE)
		return PRINTER_GONE;
	return reasons ? PRINTER_STOPPED : PRINTER_FINE;
}

/* Whether it can take a label now. */
static bool look(struct printing *p, struct printer_status *status)
{
	p->looked_ms = clock_now(0).mono_ms;
	int error = printer_status(p->printer, status);
	bool usable = !error && status->format != PRINTER_NO_FORMAT;
	set_trouble(p, usable ? trouble_of(status->reasons) : PRINTER_GONE);
	return p->trouble == PRINTER_FINE;
}

static void job_name(const struct printing *p, uint64_t number, char out[PRINTER_JOB_NAME_SIZE])
{
	snprintf(out, PRINTER_JOB_NAME_SIZE, "parvis-badge-%s-%llu", print_queue_id(p->queue),
		(unsigned long long)number);
}

/* --- drawing --- */

struct document {
	uint8_t *bytes;
	size_t len, room;
};

static int keep(void *context, const void *bytes, size_t len)
{
	struct document *d = context;
	if (len > d->room - d->len) {
		size_t room = (d->len + len) * 2;
		uint8_t *more = malloc(room);
		if (!more)
			return -ENOMEM;
		if (d->len)
			memcpy(more, d->bytes, d->len);
		/* Not realloc(), which would leave a copy of a name behind. */
		if (d->bytes)
			explicit_bzero(d->bytes, d->room);
		free(d->bytes);
		d->bytes = more;
		d->room = room;
	}
	memcpy(d->bytes + d->len, bytes, len);
	d->len += len;
	return 0;
}

static int draw_raster(struct printing *p, struct paper_size size, const struct paper_badge *badge,
	uint32_t dpi, struct document *out)
{
	struct paper_pixels pixels;
	int error = paper_badge_pixels(p->paper, size, dpi, badge, &pixels);
	if (error)
		return error;
	struct printer_raster raster = { pixels.grey, pixels.width, pixels.height, dpi };
	error = printer_pwg(&raster, &out->bytes, &out->len);
	out->room = out->len;
	explicit_bzero(pixels.grey, (size_t)pixels.width * pixels.height);
	free(pixels.grey);
	return error;
}

static int draw(struct printing *p, const struct print_badge *b, const struct printer_status *s,
	struct document *out)
{
	char brief[16];
	badge_short(brief, b->code);
	struct paper_badge badge = { .name = b->name,
		.event = p->setup.event_title,
		.venue = p->setup.venue_name,
		.code = b->code,
		.code_len = strlen(b->code),
		.short_code = brief };
	struct paper_size size = { p->setup.width_um / 1000.0, p->setup.height_um / 1000.0 };
	if (!p->paper) {
		int error = paper_open(&p->paper, p->setup.assets);
		if (error)
			return error;
	}
	if (s->format == PRINTER_PWG)
		return draw_raster(p, size, &badge, s->dpi, out);
	return paper_badge_pdf(p->paper, size, 1, &badge, keep, out);
}

static void wipe(struct document *d)
{
	if (d->bytes)
		explicit_bzero(d->bytes, d->room);
	free(d->bytes);
}

/* --- one badge --- */

/* "On its way" is durable before the first byte is sent, so that a program that is killed here asks
 * the printer before it sends again. */
static int hand_over(struct printing *p, const struct print_badge *b, const struct document *d,
	enum printer_format format)
{
	char name[PRINTER_JOB_NAME_SIZE];
	int32_t job = 0;
	job_name(p, b->number, name);
	struct printer_label label = { name, p->setup.width_um, p->setup.height_um, format,
		d->bytes, d->len };
	int error = print_queue_mark(p->queue, b->number, PRINT_SENDING, 0);
	if (error)
		return error;
	p->unknown = 0;
	error = printer_send(p->printer, &label, &job);
	if (error == -EINPROGRESS)
		return error; /* SENDING it stays */
	int marked = print_queue_mark(
		p->queue, b->number, error ? PRINT_WAITING : PRINT_SENT, error ? 0 : job);
	return error ? error : marked;
}

static void send(struct printing *p, const struct print_badge *b)
{
	struct printer_status status;
	struct document d = { 0 };
	if (!look(p, &status)) {
		back_off(p);
		return;
	}
	int error = draw(p, b, &status, &d);
	if (!error)
		error = hand_over(p, b, &d, status.format);
	wipe(&d);
	if (!error) {
		go_on(p);
		return;
	}
	if (error == -EHOSTUNREACH || error == -EINPROGRESS)
		set_trouble(p, PRINTER_GONE);
	else if (error != -EAGAIN && error != -ECANCELED) {
		log_warning("a badge could not be printed yet: %s", strerror(-error));
		set_trouble(p, PRINTER_STOPPED);
	}
	back_off(p);
}

static void settle(struct printing *p, const struct print_badge *b, enum printer_job_state state)
{
	int error = 0;
	if (state == PRINTER_JOB_DONE) {
		error = print_queue_done(p->queue, b->number);
		set_trouble(p, PRINTER_FINE);
	} else if (state == PRINTER_JOB_FAILED) {
		log_warning("the printer has given a badge up; it is printed again");
		error = print_queue_mark(p->queue, b->number, PRINT_WAITING, 0);
		back_off(p);
		return;
	}
	if (error) {
		log_error("the queue of badges cannot be written: %s", strerror(-error));
		back_off(p);
	} else if (state == PRINTER_JOB_WAITING) {
		p->wait_ms = ASK_MS;
	} else {
		go_on(p);
	}
}

/* The answer to a label was lost, or the printer no longer knows its number. */
static void search(struct printing *p, const struct print_badge *b)
{
	char name[PRINTER_JOB_NAME_SIZE];
	enum printer_job_state state;
	int32_t job;
	job_name(p, b->number, name);
	int error = printer_find(p->printer, name, &job, &state);
	if (!error) {
		set_trouble(p, PRINTER_FINE);
		error = print_queue_mark(p->queue, b->number, PRINT_SENT, job);
		p->wait_ms = error ? LEAST_MS : 0;
		return;
	}
	if (error != -ENOENT) {
		set_trouble(p, PRINTER_GONE);
		back_off(p);
		return;
	}
	p->wait_ms = UNKNOWN_MS;
	if (++p->unknown < UNKNOWN_TIMES)
		return;
	p->unknown = 0;
	p->wait_ms = print_queue_mark(p->queue, b->number, PRINT_WAITING, 0) ? LEAST_MS : 0;
}

static void follow(struct printing *p, const struct print_badge *b)
{
	char name[PRINTER_JOB_NAME_SIZE];
	struct printer_status status;
	enum printer_job_state state;
	job_name(p, b->number, name);
	int error = printer_job(p->printer, b->job, name, &state);
	if (error == -ENOENT) {
		search(p, b);
		return;
	}
	if (error) {
		set_trouble(p, PRINTER_GONE);
		back_off(p);
		return;
	}
	p->unknown = 0;
	settle(p, b, state);
	/* A label that takes long may be waiting for a person. */
	if (state == PRINTER_JOB_WAITING && clock_now(0).mono_ms - p->looked_ms > 1000)
		(void)look(p, &status);
}

static void (*const steps[])(struct printing *p, const struct print_badge *b) = {
	[PRINT_WAITING] = send,
	[PRINT_SENDING] = search,
	[PRINT_SENT] = follow,
};

/* --- the thread --- */

static bool open_queue(struct printing *p)
{
	if (p->queue)
		return true;
	int error = print_queue_open(&p->queue, p->setup.data_dir);
	if (!error && p->setup.labels >= 0 && !p->labels_set)
		error = print_queue_set_labels(p->queue, p->setup.labels);
	if (!error) {
		p->labels_set = true;
		return true;
	}
	print_queue_close(p->queue);
	p->queue = NULL;
	if (p->trouble != PRINTER_STOPPED)
		log_error("%s/print.db: %s; badges are not printed", p->setup.data_dir,
			strerror(-error));
	p->trouble = PRINTER_STOPPED;
	back_off(p);
	return false;
}

static void put_held(struct printing *p)
{
	if (!p->has_held)
		return;
	int error = print_queue_put(p->queue, p->held.name, p->held.code);
	if (error) {
		log_error("the queue of badges cannot be written: %s", strerror(-error));
		back_off(p);
		return;
	}
	p->held = (struct desk_badge){ 0 };
	p->has_held = false;
}

static void step(struct printing *p)
{
	struct print_badge badge;
	struct printer_status status;
	p->wait_ms = LOOK_MS;
	if (!open_queue(p))
		return;
	put_held(p);
	int error = print_queue_first(p->queue, &badge);
	if (error == -ENOENT) {
		(void)look(p, &status);
	} else if (error) {
		log_error("the queue of badges cannot be read: %s", strerror(-error));
		back_off(p);
	} else {
		steps[badge.state](p, &badge);
	}
	explicit_bzero(&badge, sizeof(badge));
}

/* One that the queue has refused is tried again before another is taken. On the way out, the badges
 * that still come in are kept: they are durable before the thread ends. */
static void wait_for_badge(struct printing *p)
{
	if (!p->has_held) {
		p->has_held = !mailbox_wait(p->in, &p->held, p->wait_ms);
		return;
	}
	for (int slice = 0; slice < p->wait_ms && !atomic_load(&p->stopping); slice += 50) {
		struct timespec pause = { 0, 50 * 1000000L };
		nanosleep(&pause, NULL);
	}
}

/* What has come in and is not in the queue yet; the empty one has only woken the thread. */
static void keep_the_rest(struct printing *p)
{
	while (p->queue && (p->has_held || !mailbox_get(p->in, &p->held))) {
		p->has_held = *p->held.code;
		put_held(p);
		if (p->has_held)
			return;
	}
}

static void *printing_main(void *argument)
{
	struct printing *p = argument;
	while (!atomic_load(&p->stopping)) {
		wait_for_badge(p);
		if (atomic_load(&p->stopping))
			break;
		step(p);
		tell(p);
	}
	keep_the_rest(p);
	print_queue_close(p->queue);
	paper_close(p->paper);
	return NULL;
}

static void release(struct printing *p)
{
	mailbox_close(p->in);
	mailbox_close(p->out);
	printer_close(p->printer);
	explicit_bzero(p, sizeof(*p));
	free(p);
}

int printing_start(struct printing **out, const struct printing_setup *setup)
{
	struct printing *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->setup = *setup;
	p->backoff_ms = LEAST_MS;
	int error = printer_open(&p->printer, setup->uri);
	if (!error)
		error = mailbox_open(&p->in, sizeof(struct desk_badge), BADGES_MAX);
	if (!error)
		error = mailbox_open(&p->out, sizeof(struct printing_news), NEWS_MAX);
	if (!error)
		error = -pthread_create(&p->thread, NULL, printing_main, p);
	if (error) {
		release(p);
		return error;
	}
	*out = p;
	return 0;
}

void printing_stop(struct printing *p)
{
	if (!p)
		return;
	static const struct desk_badge wake;
	atomic_store(&p->stopping, true);
	printer_cancel(p->printer);
	int full = mailbox_put(p->in, &wake);
	(void)full; /* then it wakes up anyway */
	pthread_join(p->thread, NULL);
	release(p);
}

void printing_put(struct printing *p, const struct desk_badge *badge)
{
	if (mailbox_put(p->in, badge))
		log_error("a badge is not printed: the queue's disk is too slow");
}

int printing_next(struct printing *p, struct printing_news *out)
{
	return mailbox_get(p->out, out);
}

int printing_fd(const struct printing *p)
{
	return mailbox_fd(p->out);
}
