#include "tests/fake/evdev_fake.h"

#include "base/cc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libevdev/libevdev.h>

struct libevdev {
	int fd;
	bool grabbed;
};

struct evdev_fake evdev_fake;

static struct input_event events[EVDEV_FAKE_EVENTS];
static unsigned first, end;

void evdev_fake_reset(void)
{
	evdev_fake = (struct evdev_fake){ 0 };
	first = end = 0;
}

static void add(uint16_t kind, uint16_t code, int value)
{
	CHECK(end < EVDEV_FAKE_EVENTS);
	events[end++] = (struct input_event){ .type = kind, .code = code, .value = value };
}

void evdev_fake_key(uint16_t code, int value)
{
	add(EV_KEY, code, value);
	add(EV_SYN, SYN_REPORT, 0);
}

void evdev_fake_drop(void)
{
	add(EV_SYN, SYN_DROPPED, 0);
}

int libevdev_new_from_fd(int fd, struct libevdev **out)
{
	struct libevdev *dev = calloc(1, sizeof(*dev));
	if (!dev)
		return -ENOMEM;
	dev->fd = fd;
	evdev_fake.devices++;
	*out = dev;
	return 0;
}

void libevdev_free(struct libevdev *dev)
{
	evdev_fake.grabbed -= dev->grabbed;
	evdev_fake.devices--;
	free(dev);
}

int libevdev_grab(struct libevdev *dev, enum libevdev_grab_mode mode)
{
	CHECK(mode == LIBEVDEV_GRAB);
	if (evdev_fake.grab_error)
		return evdev_fake.grab_error;
	dev->grabbed = true;
	evdev_fake.grabbed++;
	return 0;
}

int libevdev_has_event_code(const struct libevdev *dev, unsigned type, unsigned code)
{
	(void)dev;
	return type == EV_KEY && code == KEY_ENTER && !evdev_fake.no_enter;
}

int libevdev_get_event_value(const struct libevdev *dev, unsigned type, unsigned code)
{
	(void)dev;
	return type == EV_LED && code == LED_CAPSL && evdev_fake.caps_lock;
}

/* As libevdev does, the pipe is emptied at once, and what was in it waits here: a reader that goes
 * by poll() alone would leave it. After a drop, one event of the resynchronisation. */
int libevdev_next_event(struct libevdev *dev, unsigned flags, struct input_event *out)
{
	char bytes[64];
	while (read(dev->fd, bytes, sizeof(bytes)) > 0)
		continue;
	if (flags & LIBEVDEV_READ_FLAG_SYNC)
		return -EAGAIN;
	if (first == end)
		return evdev_fake.read_error ? evdev_fake.read_error : -EAGAIN;
	*out = events[first++];
	return out->type == EV_SYN && out->code == SYN_DROPPED ? LIBEVDEV_READ_STATUS_SYNC
							       : LIBEVDEV_READ_STATUS_SUCCESS;
}
