#include "app/stick.h"

#include "app/stick_copy.h"
#include "base/log.h"
#include "port/clock.h"
#include "port/drive.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* How often a directory in place of a stick, or a stick that nobody has mounted yet, is looked at.
 */
#define LOOK_MS 1000

struct stick {
	struct stick_setup setup;
	struct drive *drive;
	struct device_key *key;
	pthread_t thread;
	int asked_fd, news_fd;

	pthread_mutex_t lock; /* of: */
	bool is_asked, is_ending, has_news;
	struct stick_status told;

	/* The thread's own. */
	struct drive_news at;
	struct stick_copy *copy;
	bool is_copying;
	int64_t renew_ms; /* monotonic */
	struct stick_status status;
};

/* --- telling -----------------------------------------------------------------------------------
 */

static void tell(struct stick *s)
{
	pthread_mutex_lock(&s->lock);
	if (memcmp(&s->told, &s->status, sizeof(s->told))) {
		s->told = s->status;
		s->has_news = true;
		eventfd_write(s->news_fd, 1);
	}
	pthread_mutex_unlock(&s->lock);
}

static void show_progress(struct stick *s)
{
	struct stick_copy_progress p;
	stick_copy_progress(s->copy, &p);
	s->status.rows = p.rows;
	s->status.total = p.total;
	s->status.last_seq = p.last_seq;
}

static enum stick_state state_of_error(int error, bool at_stick)
{
	if (!at_stick)
		return STICK_NO_LOG;
	switch (-error) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return STICK_FULL;
	case EROFS:
	case EACCES:
	case EPERM:
		return STICK_READ_ONLY;
	case ENODEV:
	case ENOENT:
	case ENXIO:
		return STICK_GONE;
	default:
		return STICK_BROKEN;
	}
}

static void fail(struct stick *s, int error, bool at_stick)
{
	log_warning("%s: the log is not copied any further: %s",
		at_stick ? s->at.dir : s->setup.data_dir, strerror(-error));
	stick_copy_close(s->copy);
	s->copy = NULL;
	s->is_copying = false;
	s->status.state = state_of_error(error, at_stick);
}

/* --- copying -----------------------------------------------------------------------------------
 */

/* The key may have been made only when the log was opened. */
static bool has_key(struct stick *s)
{
	if (!s->key && device_key_open(&s->key, s->setup.box_dir, s->setup.data_dir))
		s->key = NULL;
	return s->key && s->setup.has_organiser;
}

static void begin(struct stick *s)
{
	struct stick_copy_setup setup = { .dir = s->at.dir,
		.data_dir = s->setup.data_dir,
		.event_id = s->setup.event_id,
		.now_ms = clock_now(s->setup.clock_floor_ms).wall_ms };
	bool at_stick;
	if (s->at.state != DRIVE_IN || s->copy)
		return;
	s->status = (struct stick_status){ .state = STICK_NO_KEY };
	if (!has_key(s))
		return;
	setup.key = s->key;
	memcpy(setup.organiser, s->setup.organiser, sizeof(setup.organiser));
	int error = stick_copy_open(&s->copy, &setup, &at_stick);
	if (error) {
		fail(s, error, at_stick);
		return;
	}
	s->status.state = STICK_COPYING;
	s->is_copying = true;
	show_progress(s);
}

static void copy_on(struct stick *s)
{
	bool at_stick;
	int error = stick_copy_step(s->copy, &s->is_copying, &at_stick);
	if (error) {
		fail(s, error, at_stick);
		return;
	}
	show_progress(s);
	if (s->is_copying)
		return;
	struct when now = clock_now(s->setup.clock_floor_ms);
	s->status.state = STICK_MIRROR;
	s->status.copied_ms = now.wall_ms;
	s->renew_ms = now.mono_ms + s->setup.mirror_ms;
}

static void renew(struct stick *s)
{
	bool at_stick;
	struct when now = clock_now(s->setup.clock_floor_ms);
	int error = stick_copy_renew(s->copy, &s->is_copying, &at_stick);
	s->renew_ms = now.mono_ms + s->setup.mirror_ms;
	if (error)
		fail(s, error, at_stick);
	else if (!s->is_copying)
		s->status.copied_ms = now.wall_ms;
}

/* --- the thread --------------------------------------------------------------------------------
 */

static void look(struct stick *s)
{
	struct drive_news now;
	drive_look(s->drive, &now);
	bool same = now.state == s->at.state && !strcmp(now.dir, s->at.dir);
	if (same)
		return;
	bool was_copying = s->is_copying;
	s->at = now;
	stick_copy_close(s->copy);
	s->copy = NULL;
	s->is_copying = false;
	s->status = (struct stick_status){ .state = STICK_NONE };
	if (now.state == DRIVE_IN)
		s->status.state = STICK_READY;
	else if (now.state == DRIVE_STRANGE)
		s->status.state = STICK_STRANGE;
	else if (was_copying)
		s->status.state = STICK_GONE;
}

static int wait_ms(const struct stick *s)
{
	int64_t left_ms = -1;
	if (s->is_copying)
		return 0;
	if (s->copy) {
		left_ms = s->renew_ms - clock_now(s->setup.clock_floor_ms).mono_ms;
		left_ms = left_ms < 0 ? 0 : left_ms;
	}
	bool asks = drive_fd(s->drive) < 0 || s->at.state == DRIVE_STRANGE;
	if (asks && (left_ms < 0 || left_ms > LOOK_MS))
		left_ms = LOOK_MS;
	return (int)left_ms;
}

/* False: it is to end. */
static bool take_orders(struct stick *s)
{
	eventfd_t n;
	(void)!eventfd_read(s->asked_fd, &n);
	pthread_mutex_lock(&s->lock);
	bool asked = s->is_asked, ends = s->is_ending;
	s->is_asked = false;
	pthread_mutex_unlock(&s->lock);
	if (asked && !ends)
		begin(s);
	return !ends;
}

static void *stick_main(void *argument)
{
	struct stick *s = argument;
	for (;;) {
		struct pollfd p[] = { { .fd = s->asked_fd, .events = POLLIN },
			{ .fd = drive_fd(s->drive), .events = POLLIN } };
		look(s);
		tell(s);
		(void)poll(p, ARRAY_LEN(p), wait_ms(s));
		if (!take_orders(s))
			break;
		if (s->is_copying)
			copy_on(s);
		else if (s->copy && clock_now(s->setup.clock_floor_ms).mono_ms >= s->renew_ms)
			renew(s);
	}
	stick_copy_close(s->copy);
	return NULL;
}

/* --- from outside ------------------------------------------------------------------------------
 */

static void free_stick(struct stick *s)
{
	drive_close(s->drive);
	device_key_close(s->key);
	if (s->asked_fd >= 0)
		close(s->asked_fd);
	if (s->news_fd >= 0)
		close(s->news_fd);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

int stick_start(struct stick **out, const struct stick_setup *setup)
{
	struct stick *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->setup = *setup;
	if (!s->setup.mirror_ms)
		s->setup.mirror_ms = STICK_MIRROR_MS;
	pthread_mutex_init(&s->lock, NULL);
	s->asked_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->news_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int error = s->asked_fd < 0 || s->news_fd < 0 ? -errno : drive_open(&s->drive, setup->dir);
	if (!error)
		error = -pthread_create(&s->thread, NULL, stick_main, s);
	if (error) {
		free_stick(s);
		return error;
	}
	*out = s;
	return 0;
}

static void order(struct stick *s, bool *what)
{
	pthread_mutex_lock(&s->lock);
	*what = true;
	pthread_mutex_unlock(&s->lock);
	eventfd_write(s->asked_fd, 1);
}

void stick_stop(struct stick *s)
{
	if (!s)
		return;
	order(s, &s->is_ending);
	pthread_join(s->thread, NULL);
	free_stick(s);
}

void stick_ask(struct stick *s)
{
	order(s, &s->is_asked);
}

int stick_fd(const struct stick *s)
{
	return s->news_fd;
}

bool stick_next(struct stick *s, struct stick_status *out)
{
	eventfd_t n;
	pthread_mutex_lock(&s->lock);
	(void)!eventfd_read(s->news_fd, &n);
	bool has_news = s->has_news;
	s->has_news = false;
	*out = s->told;
	pthread_mutex_unlock(&s->lock);
	return has_news;
}
