/* A keyboard-like scanner in the test's hand: it takes the place of libevdev, whose devices need a
 * kernel with /dev/uinput. The device is any file that can be opened and polled: a pipe. One
 * thread. */
#ifndef PARVIS_FAKE_EVDEV_H
#define PARVIS_FAKE_EVDEV_H

#include <stdbool.h>
#include <stdint.h>

#define EVDEV_FAKE_EVENTS 4096

struct evdev_fake {
	bool no_enter;    /* not a keyboard */
	bool caps_lock;   /* its lamp */
	int grab_error;   /* -errno: another program has it */
	int read_error;   /* -errno, once nothing is left to read */
	unsigned grabbed; /* now */
	unsigned devices; /* now */
};

extern struct evdev_fake evdev_fake;

void evdev_fake_reset(void);

/* A key goes down (1), up (0) or repeats (2). */
void evdev_fake_key(uint16_t code, int value);

/* The kernel's queue ran over here. */
void evdev_fake_drop(void);

#endif
