#include "port/scanner.h"

#include "base/log.h"
#include "base/text.h"
#include "port/scanner_frame.h"
#include "port/scanner_kind.h"
#include "port/wait.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct scanner {
	const struct scanner_kind *kind;
	void *device;
	char path[256];
	int fd;           /* -1: gone */
	int64_t retry_ms; /* when to look for it again */
	bool told;        /* that it is gone */
	struct scanner_frame frame;
	char bytes[256]; /* read and not yet in the frame */
	size_t first, end;
	bool more; /* may wait inside the device, where poll() does not see it */
};

static const struct scanner_kind *const kinds[] = { &scanner_serial, &scanner_wedge };

const char scanner_usage[] = "serial:/dev/ttyX[,SPEED]          a serial hand scanner\n"
			     "evdev:/dev/input/eventN[,LAYOUT]  a keyboard-like hand scanner\n";

static const struct scanner_kind *find(const char *spec, const char **where)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		size_t n = strlen(kinds[i]->prefix);
		if (!strncmp(spec, kinds[i]->prefix, n)) {
			*where = spec + n;
			return kinds[i];
		}
	}
	return NULL;
}

int scanner_open(struct scanner **out, const char *spec)
{
	const char *where;
	const struct scanner_kind *kind = find(spec, &where);
	if (!kind)
		return -EINVAL;
	AUTO_FREE struct scanner *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	if (where[0] != '/' || !text_copy(s->path, sizeof(s->path), where))
		return -EINVAL;
	char *option = strchr(s->path, ',');
	if (option)
		*option++ = '\0';
	int error = kind->open(&s->device, s->path, option ? option : "");
	if (error)
		return error;
	s->kind = kind;
	s->fd = -1;
	*out = s;
	s = NULL;
	return 0;
}

static void disconnect(struct scanner *s)
{
	if (s->fd >= 0)
		s->kind->disconnect(s->device);
	s->fd = -1;
}

void scanner_close(struct scanner *s)
{
	if (!s)
		return;
	disconnect(s);
	s->kind->close(s->device);
	free(s);
}

/* Half a code is no code: what had begun is forgotten with the device. */
static int lose(struct scanner *s, int error)
{
	disconnect(s);
	scanner_frame_reset(&s->frame);
	s->first = s->end = 0;
	s->more = false;
	s->retry_ms = wait_now_ms() + SCANNER_RETRY_MS;
	if (!s->told)
		log_warning("scanner: %s: %s", s->path, strerror(-error));
	s->told = true;
	return -ENODEV;
}

/* 1 when it is there again. */
static int find_again(struct scanner *s, int64_t until_ms)
{
	wait_pause(s->retry_ms < until_ms ? s->retry_ms : until_ms);
	if (wait_now_ms() < s->retry_ms)
		return -ENODEV;
	int fd = s->kind->connect(s->device);
	if (fd < 0)
		return lose(s, fd);
	s->fd = fd;
	s->told = false;
	log_info("scanner: reading from %s", s->path);
	return 1;
}

/* Moves bytes into the frame until a code is whole. */
static bool drain(struct scanner *s, int64_t now_ms)
{
	while (s->first < s->end)
		if (scanner_frame_put(&s->frame, s->bytes[s->first++], now_ms))
			return true;
	return false;
}

static int fill(struct scanner *s)
{
	ssize_t n = s->kind->read(s->device, s->bytes, sizeof(s->bytes));
	if (n == -EILSEQ)
		scanner_frame_spoil(&s->frame, wait_now_ms());
	else if (n < 0)
		return lose(s, (int)n);
	s->first = 0;
	s->end = n > 0 ? (size_t)n : 0;
	s->more = n != 0;
	return 0;
}

/* Waits for bytes or for the end of a code by silence. 1: read on, 0: a code is whole. */
static int wait_more(struct scanner *s, int64_t until_ms)
{
	int64_t silent_ms = scanner_frame_ends_ms(&s->frame);
	int ready = s->more ? 1 : wait_readable(s->fd, silent_ms < until_ms ? silent_ms : until_ms);
	if (ready < 0)
		return lose(s, ready);
	if (ready > 0) {
		int error = fill(s);
		return error ? error : 1;
	}
	return wait_now_ms() >= silent_ms ? 0 : -ETIMEDOUT;
}

int scanner_read(struct scanner *s, struct scanner_code *out, int timeout_ms)
{
	int64_t until_ms = wait_until(timeout_ms);
	int state = s->fd < 0 ? find_again(s, until_ms) : 1;
	for (bool looked = false; state > 0; looked = true) {
		if (drain(s, wait_now_ms()))
			state = 0;
		else if (looked && s->more && wait_now_ms() >= until_ms)
			state = -ETIMEDOUT; /* a device that never stops sending */
		else
			state = wait_more(s, until_ms);
	}
	if (!state)
		scanner_frame_take(&s->frame, out);
	return state;
}
