#include "scan/reply.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static bool corners_valid(const struct reply *r)
{
	for (size_t i = 0; i < 4; i++)
		for (size_t axis = 0; axis < 2; axis++) {
			float c = r->corners[i][axis];

			/* Written so that a NaN fails. */
			if (!(c >= 0.0F && c <= 1.0F))
				return false;
		}
	return true;
}

static bool reply_valid(const struct reply *r, uint32_t sequence)
{
	if (r->magic != REPLY_MAGIC || r->sequence != sequence)
		return false;
	if (r->found > 1 || r->corners_seen > 1)
		return false;
	if (r->found ? r->len < 1 || r->len > CODE_MAX : r->len != 0)
		return false;
	return corners_valid(r);
}

int reply_check(const void *bytes, size_t n, uint32_t sequence, struct decoded *out)
{
	struct reply r;

	memset(out, 0, sizeof *out);
	if (n != sizeof r)
		return -EBADMSG;
	memcpy(&r, bytes, sizeof r);
	if (!reply_valid(&r, sequence))
		return -EBADMSG;
	out->found = r.found;
	out->len = r.len;
	memcpy(out->text, r.text, r.len);
	out->corners_seen = r.corners_seen;
	memcpy(out->corners, r.corners, sizeof out->corners);
	return 0;
}

void reply_fill(struct reply *reply, uint32_t sequence, const struct decoded *d)
{
	memset(reply, 0, sizeof *reply);
	reply->magic = REPLY_MAGIC;
	reply->sequence = sequence;
	reply->found = d->found;
	reply->corners_seen = d->corners_seen;
	if (d->found) {
		reply->len = (uint32_t)d->len;
		memcpy(reply->text, d->text, d->len);
	}
	if (d->corners_seen)
		memcpy(reply->corners, d->corners, sizeof reply->corners);
}

bool request_valid(const struct request *q, size_t n)
{
	return n == sizeof *q && q->magic == REQUEST_MAGIC && q->width >= FRAME_SIDE_MIN &&
	       q->width <= FRAME_WIDTH_MAX && q->height >= FRAME_SIDE_MIN &&
	       q->height <= FRAME_HEIGHT_MAX && q->effort <= EFFORT_STILL;
}
