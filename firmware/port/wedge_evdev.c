/* Hand scanners that present themselves as a keyboard, read from their event device. Grabbed:
 * otherwise whatever a guest holds to the scanner would be typed into this machine's console. */
#include "port/scanner_kind.h"
#include "port/wedge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libevdev/libevdev.h>

#define DEFAULT_LAYOUT "us"

struct evdev {
	char *path;
	int fd;
	struct libevdev *device;
	struct wedge *wedge;
};

static void evdev_close(void *device)
{
	struct evdev *e = device;
	wedge_close(e->wedge);
	free(e->path);
	free(e);
}

static int evdev_open(void **out, const char *path, const char *option)
{
	struct evdev *e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->fd = -1;
	e->path = strdup(path);
	int error = e->path ? wedge_open(&e->wedge, *option ? option : DEFAULT_LAYOUT) : -ENOMEM;
	if (error) {
		evdev_close(e);
		return error;
	}
	*out = e;
	return 0;
}

static int evdev_connect(void *device)
{
	struct evdev *e = device;
	AUTO_FD fd = open(e->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	struct libevdev *evdev;
	int error = libevdev_new_from_fd(fd, &evdev);
	if (error)
		return error;
	error = libevdev_has_event_code(evdev, EV_KEY, KEY_ENTER)
			? libevdev_grab(evdev, LIBEVDEV_GRAB)
			: -ENOTTY; /* a mouse, or no event device at all */
	if (error) {
		libevdev_free(evdev);
		return error;
	}
	wedge_reset(e->wedge, libevdev_get_event_value(evdev, EV_LED, LED_CAPSL) != 0);
	e->device = evdev;
	e->fd = fd;
	fd = -1;
	return e->fd;
}

/* After the kernel dropped events the state of the keys is set right, and nothing is typed. */
static ssize_t resynchronise(struct evdev *e)
{
	struct input_event event;
	while (libevdev_next_event(e->device, LIBEVDEV_READ_FLAG_SYNC, &event) ==
		LIBEVDEV_READ_STATUS_SYNC)
		continue;
	wedge_reset(e->wedge, libevdev_get_event_value(e->device, EV_LED, LED_CAPSL) != 0);
	return -EILSEQ;
}

static ssize_t evdev_read(void *device, char *out, size_t capacity)
{
	struct evdev *e = device;
	size_t used = 0;
	while (capacity - used >= WEDGE_KEY_BYTES) {
		struct input_event event;
		int status = libevdev_next_event(e->device, LIBEVDEV_READ_FLAG_NORMAL, &event);
		if (status == LIBEVDEV_READ_STATUS_SYNC)
			return resynchronise(e);
		if (status == -EAGAIN)
			break;
		if (status < 0)
			return used ? (ssize_t)used : status; /* an error comes again */
		if (event.type == EV_KEY)
			used += wedge_key(e->wedge, event.code, event.value, out + used);
	}
	return (ssize_t)used;
}

static void evdev_disconnect(void *device)
{
	struct evdev *e = device;
	libevdev_free(e->device);
	close(e->fd);
	e->device = NULL;
	e->fd = -1;
}

const struct scanner_kind scanner_wedge = { "evdev:", evdev_open, evdev_connect, evdev_read,
	evdev_disconnect, evdev_close };
