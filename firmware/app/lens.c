#include "app/lens.h"

#include "base/log.h"
#include "base/mailbox.h"
#include "door/screen.h"
#include "port/camera.h"
#include "scan/reader.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FRAME_WAIT_MS 250

/* The view is shared with the main loop under its lock; the rest belongs to the lens's thread, or,
 * without one, to the caller. */
struct lens {
	struct camera *camera;
	struct reader *reader;
	struct mailbox *out;
	pthread_t thread;
	bool threaded;
	atomic_bool stopping;
	uint32_t faults, frame_number;
	bool told_faults, was_seen;
	struct decoded decoded;
	struct lens_message message;

	pthread_mutex_t view_lock;
	uint32_t view_number, view_width, view_height;
	uint8_t view[VIEW_WIDTH_MAX * VIEW_HEIGHT_MAX];
};

/* A full mailbox drops what was seen: the code is still being held, the next frame has it too. */
static void tell(struct lens *l)
{
	int full = mailbox_put(l->out, &l->message);
	(void)full;
}

static void set_faults(struct lens *l, uint32_t mask, uint32_t on)
{
	uint32_t now = (l->faults & ~mask) | on;
	if (now == l->faults && l->told_faults)
		return;
	l->message = (struct lens_message){ .kind = LENS_FAULTS, .faults = now };
	if (mailbox_put(l->out, &l->message))
		return; /* told with the next frame */
	l->faults = now;
	l->told_faults = true;
}

static void keep_view(struct lens *l, const struct luma *f)
{
	uint32_t step = 1;
	while (f->width / step > VIEW_WIDTH_MAX || f->height / step > VIEW_HEIGHT_MAX)
		step++;
	pthread_mutex_lock(&l->view_lock);
	l->view_width = f->width / step;
	l->view_height = f->height / step;
	for (uint32_t y = 0; y < l->view_height; y++) {
		const uint8_t *in = f->pixels + (size_t)y * step * f->stride;
		uint8_t *out = l->view + (size_t)y * l->view_width;
		for (uint32_t x = 0; x < l->view_width; x++)
			out[x] = in[x * step];
	}
	l->view_number++;
	pthread_mutex_unlock(&l->view_lock);
}

static void tell_seen(struct lens *l)
{
	const struct decoded *d = &l->decoded;
	if (!d->found && !d->corners_seen && !l->was_seen)
		return;
	l->was_seen = d->corners_seen;
	l->message = (struct lens_message){ .kind = d->found ? LENS_CODE : LENS_SEEN,
		.corners_seen = d->corners_seen };
	memcpy(l->message.corners, d->corners, sizeof(d->corners));
	if (d->found) {
		l->message.len = d->len;
		memcpy(l->message.text, d->text, d->len);
	}
	tell(l);
}

void lens_look(struct lens *l, const struct luma *frame, enum effort effort)
{
	keep_view(l, frame);
	int error = reader_look(l->reader, frame, effort, &l->decoded);
	bool reader_fault = error && error != -EINVAL;
	set_faults(l, FAULT_DECODER, reader_fault ? (uint32_t)FAULT_DECODER : 0);
	if (!error)
		tell_seen(l);
}

static void forget_view(struct lens *l)
{
	pthread_mutex_lock(&l->view_lock);
	l->view_width = 0;
	l->view_height = 0;
	l->view_number++;
	pthread_mutex_unlock(&l->view_lock);
}

void lens_clear(struct lens *l)
{
	forget_view(l);
	l->was_seen = false;
	l->message = (struct lens_message){ .kind = LENS_CLEAR };
	tell(l);
}

static void pause_ms(long ms)
{
	struct timespec t = { .tv_nsec = ms * 1000000 };
	nanosleep(&t, NULL);
}

static void one_frame(struct lens *l)
{
	struct camera_frame f;
	int error = camera_frame(l->camera, &f, FRAME_WAIT_MS);
	if (error == -ETIMEDOUT)
		return;
	set_faults(l, FAULT_CAMERA, error ? (uint32_t)FAULT_CAMERA : 0);
	if (error) {
		pause_ms(50); /* whatever the camera says, this is no busy loop */
		return;
	}
	struct luma luma = {
		.pixels = f.pixels, .width = f.width, .height = f.height, .stride = f.stride
	};
	if (f.clear)
		lens_clear(l);
	lens_look(l, &luma, EFFORT_LIVE);
}

static void *lens_main(void *argument)
{
	struct lens *l = argument;
	while (!atomic_load(&l->stopping))
		one_frame(l);
	return NULL;
}

int lens_open(struct lens **out, const char *spec, const char *reader)
{
	struct lens *l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	pthread_mutex_init(&l->view_lock, NULL);
	int error = mailbox_open(&l->out, sizeof(struct lens_message), 8);
	if (!error)
		error = reader ? reader_connect(&l->reader, reader) : reader_open(&l->reader, NULL);
	if (!error && spec)
		error = camera_open(&l->camera, spec);
	if (!error && spec) {
		error = -pthread_create(&l->thread, NULL, lens_main, l);
		l->threaded = !error;
	}
	if (error) {
		lens_close(l);
		return error;
	}
	*out = l;
	return 0;
}

void lens_close(struct lens *l)
{
	if (!l)
		return;
	atomic_store(&l->stopping, true);
	if (l->threaded)
		pthread_join(l->thread, NULL);
	if (l->camera)
		camera_close(l->camera);
	if (l->reader)
		reader_close(l->reader);
	mailbox_close(l->out);
	pthread_mutex_destroy(&l->view_lock);
	free(l);
}

int lens_next(struct lens *l, struct lens_message *out)
{
	return mailbox_get(l->out, out);
}

int lens_fd(const struct lens *l)
{
	return mailbox_fd(l->out);
}

bool lens_view(struct lens *l, uint32_t *number, uint8_t *pixels, uint32_t *width, uint32_t *height)
{
	pthread_mutex_lock(&l->view_lock);
	bool fresh = l->view_number != *number;
	if (fresh) {
		*number = l->view_number;
		*width = l->view_width;
		*height = l->view_height;
		memcpy(pixels, l->view, (size_t)l->view_width * l->view_height);
	}
	pthread_mutex_unlock(&l->view_lock);
	return fresh;
}

bool lens_newer(struct lens *l, uint32_t number)
{
	pthread_mutex_lock(&l->view_lock);
	bool newer = l->view_number != number;
	pthread_mutex_unlock(&l->view_lock);
	return newer;
}

int lens_reader_pid(const struct lens *l)
{
	return reader_pid(l->reader);
}
