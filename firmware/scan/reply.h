/* The two messages between the program and its reading worker, over one socket pair of whole
 * datagrams (SOCK_SEQPACKET). Both ends are the same program, so the layout is the compiler's; but
 * the worker may have been taken over by what it read, so a reply is checked as any stranger's
 * bytes are: reply_check() believes nothing else. Pure functions, any thread. */
#ifndef PARVIS_SCAN_REPLY_H
#define PARVIS_SCAN_REPLY_H

#include "base/cc.h"
#include "scan/decode.h"

#include <stddef.h>
#include <stdint.h>

/* The worker's descriptors after exec. */
#define WORKER_FRAME_FD   3 /* the frame slot, a sealed memfd of FRAME_SLOT_SIZE bytes */
#define WORKER_CHANNEL_FD 4
#define WORKER_LEASH_FD   5 /* only where the worker is no child: scan/hello.h */

#define FRAME_SLOT_SIZE ((size_t)FRAME_WIDTH_MAX * FRAME_HEIGHT_MAX)

#define REQUEST_MAGIC 0x50515251U
#define REPLY_MAGIC   0x50515241U

/* "Look at the slot": width × height pixels, rows without padding. */
struct request {
	uint32_t magic;
	uint32_t sequence;
	uint32_t width, height;
	uint32_t effort;
	uint32_t frame_number;
};

struct reply {
	uint32_t magic;
	uint32_t sequence;
	uint32_t found;        /* 0 or 1 */
	uint32_t corners_seen; /* 0 or 1 */
	uint32_t len;          /* 0 when not found, else 1 … CODE_MAX */
	float corners[4][2];   /* 0 when not seen, else 0 … 1 */
	char text[CODE_MAX + 3];
};

static_assert(sizeof(struct request) == 24, "no padding may carry bytes across");
static_assert(sizeof(struct reply) == 20 + 32 + CODE_MAX + 3, "nor here");

/* 0: *out is filled. -EBADMSG, and *out says that nothing was found: not exactly one reply's size,
 * another magic or sequence, a length, flag or corner out of its range. */
NODISCARD int reply_check(const void *bytes, size_t n, uint32_t sequence, struct decoded *out);

/* What the worker sends for d: unused bytes are zero. */
void reply_fill(struct reply *reply, uint32_t sequence, const struct decoded *d);

/* The worker's check of what it is asked: false where a size or an effort is out of range. */
NODISCARD bool request_valid(const struct request *request, size_t n);

#endif
