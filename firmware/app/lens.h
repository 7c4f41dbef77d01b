/* The lens: a camera, the reading process and a thread that brings them together. What it saw
 * comes as messages; the newest frame can be fetched for the viewfinder. A rehearsal uses the same
 * reading process without the thread, one picture at a time. */
#ifndef PARVIS_APP_LENS_H
#define PARVIS_APP_LENS_H

#include "base/cc.h"
#include "scan/decode.h"

#include <stdbool.h>
#include <stdint.h>

/* The viewfinder's frame is scaled down by whole factors to at most this. */
#define VIEW_WIDTH_MAX  960
#define VIEW_HEIGHT_MAX 720

enum lens_kind {
	LENS_CODE,   /* a code was read */
	LENS_SEEN,   /* corners alone, or nothing (corners_seen false) */
	LENS_CLEAR,  /* surely nothing before the lens */
	LENS_FAULTS, /* `faults`: FAULT_CAMERA and FAULT_DECODER as they are now */
};

struct lens_message {
	enum lens_kind kind;
	uint32_t faults;
	bool corners_seen;
	float corners[4][2];
	size_t len;
	char text[CODE_MAX];
};

struct lens;

/* Opens the reading process, a child or, where reader is not NULL, one behind that socket, and,
 * where spec is not NULL, the camera and its thread. -EINVAL: no such camera. *out only on success.
 */
NODISCARD int lens_open(struct lens **out, const char *spec, const char *reader);

/* Ends thread, camera and reading process. NULL is allowed. */
void lens_close(struct lens *l);

/* The next message. -EAGAIN: none. */
NODISCARD int lens_next(struct lens *l, struct lens_message *out);

/* Readable while a message waits. */
int lens_fd(const struct lens *l);

/* Copies the newest frame if it is newer than *number, which it updates; pixels holds
 * VIEW_WIDTH_MAX × VIEW_HEIGHT_MAX. A width of 0: there is no frame. False: nothing new. */
bool lens_view(
	struct lens *l, uint32_t *number, uint8_t *pixels, uint32_t *width, uint32_t *height);

/* Whether the newest frame is newer than `number`. */
bool lens_newer(struct lens *l, uint32_t number);

/* Without a thread: looks at one picture now and queues what the thread would have queued. */
void lens_look(struct lens *l, const struct luma *frame, enum effort effort);

/* Without a thread: the picture is taken away. */
void lens_clear(struct lens *l);

/* The reading process's pid, for tests that end it; -1. */
int lens_reader_pid(const struct lens *l);

#endif
