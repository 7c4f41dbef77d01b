/* From a scanner's bytes to whole codes, apart from any device. Pure: the time is a parameter. One
 * thread. */
#ifndef PARVIS_PORT_SCANNER_FRAME_H
#define PARVIS_PORT_SCANNER_FRAME_H

#include "port/scanner.h"

/* Room for an AIM identifier and an ECI prefix before the longest code. */
#define SCANNER_PREFIX_MAX 16

/* Zeroed at the start. */
struct scanner_frame {
	size_t len;
	bool overlong, begun;
	int64_t last_ms; /* of the last byte */
	char raw[SCANNER_TEXT_MAX + SCANNER_PREFIX_MAX];
};

/* One byte more. True when it ended a code (CR or LF after something): take it. */
bool scanner_frame_put(struct scanner_frame *f, char byte, int64_t now_ms);

/* When silence ends the code that has begun; INT64_MAX where none has. */
int64_t scanner_frame_ends_ms(const struct scanner_frame *f);

/* Part of the code was lost on the way: what is left is marked overlong, and so is no ticket. */
void scanner_frame_spoil(struct scanner_frame *f, int64_t now_ms);

/* The code, its prefixes stripped, and a new start. */
void scanner_frame_take(struct scanner_frame *f, struct scanner_code *out);

/* Forgets a code that has begun. */
void scanner_frame_reset(struct scanner_frame *f);

#endif
