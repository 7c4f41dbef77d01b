/* Reading QR codes in a grey picture: zxing-cpp in the chain that was measured best, behind one
 * small C face (decode_zxing.cpp for Debian 12's C++ library and Debian 13's). It runs in the
 * sandboxed worker only; see scan/reader.h for the way in. One thread. */
#ifndef PARVIS_SCAN_DECODE_H
#define PARVIS_SCAN_DECODE_H

#include "door/ticket.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Frames are at most this; larger pictures are scaled down before they come here. */
#define FRAME_WIDTH_MAX  1920
#define FRAME_HEIGHT_MAX 1440
#define FRAME_SIDE_MIN   16

/* 8-bit grey, rows of `stride` bytes. A view: whoever made it owns the pixels. */
struct luma {
	const uint8_t *pixels;
	uint32_t width, height, stride;
};

/* How long the decoder may try. */
enum effort {
	EFFORT_LIVE,  /* a frame of a stream: the chain, one rotating extra a frame */
	EFFORT_STILL, /* a single picture: every extra, one after the other */
};

struct decoded {
	bool found;
	size_t len;
	char text[CODE_MAX]; /* the bytes of the symbol, UTF-8 where it said so; not terminated */
	bool corners_seen;   /* set also for a code that was seen but not read */
	float corners[4][2]; /* 0…1 of the frame, clockwise from the symbol's upper left */
};

/* frame_number turns the rotating extras. Always fills *out. */
void decode_luma(
	const struct luma *frame, uint32_t frame_number, enum effort effort, struct decoded *out);

#endif
