#include "ui/scanout.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#define CARDS_MAX      8
#define DEPTH          24
#define BITS_PER_PIXEL 32
#define PIXEL_BYTES    4

struct buffer {
	uint32_t handle, id, stride;
	size_t size;
	uint8_t *pixels;
};

struct scanout {
	int fd;
	uint32_t connector, crtc;
	drmModeModeInfo mode;
	struct buffer buffers[2];
	unsigned next; /* the one that is not on the screen */
	bool lit;      /* the mode is set */
	bool failed;   /* and it was said */
};

/* --- which screen --- */

/* The part of the card that already drives this connector, or the first that can; 0: none. */
static uint32_t find_crtc(int fd, const drmModeRes *res, const drmModeConnector *c)
{
	uint32_t crtc = 0;
	for (int i = 0; i < c->count_encoders; i++) {
		drmModeEncoder *e = drmModeGetEncoder(fd, c->encoders[i]);
		if (!e)
			continue;
		if (c->encoder_id == e->encoder_id && e->crtc_id)
			crtc = e->crtc_id;
		for (int j = 0; !crtc && j < res->count_crtcs; j++)
			if (e->possible_crtcs & 1U << j)
				crtc = res->crtcs[j];
		drmModeFreeEncoder(e);
	}
	return crtc;
}

static drmModeModeInfo find_mode(int fd, uint32_t crtc, const drmModeConnector *c)
{
	drmModeModeInfo mode = c->modes[0];
	for (int i = c->count_modes - 1; i >= 0; i--)
		if (c->modes[i].type & DRM_MODE_TYPE_PREFERRED)
			mode = c->modes[i];
	drmModeCrtc *now = c->encoder_id ? drmModeGetCrtc(fd, crtc) : NULL;
	if (now && now->mode_valid)
		mode = now->mode;
	drmModeFreeCrtc(now);
	return mode;
}

static bool find_screen(struct scanout *s, const drmModeRes *res)
{
	for (int i = 0; i < res->count_connectors && !s->crtc; i++) {
		drmModeConnector *c = drmModeGetConnector(s->fd, res->connectors[i]);
		if (c && c->connection == DRM_MODE_CONNECTED && c->count_modes > 0) {
			s->connector = c->connector_id;
			s->crtc = find_crtc(s->fd, res, c);
			s->mode = find_mode(s->fd, s->crtc, c);
		}
		drmModeFreeConnector(c);
	}
	return s->crtc != 0;
}

static bool open_card(struct scanout *s, const char *path)
{
	s->fd = open(path, O_RDWR | O_CLOEXEC);
	drmModeRes *res = s->fd < 0 ? NULL : drmModeGetResources(s->fd);
	bool found = res && drmIsMaster(s->fd) && find_screen(s, res);
	drmModeFreeResources(res);
	if (!found && s->fd >= 0) {
		close(s->fd);
		s->fd = -1;
	}
	return found;
}

/* --- buffers --- */

static int make_buffer(const struct scanout *s, struct buffer *b)
{
	uint64_t size, offset;
	int error = drmModeCreateDumbBuffer(s->fd, s->mode.hdisplay, s->mode.vdisplay,
		BITS_PER_PIXEL, 0, &b->handle, &b->stride, &size);
	if (!error)
		error = drmModeAddFB(s->fd, s->mode.hdisplay, s->mode.vdisplay, DEPTH,
			BITS_PER_PIXEL, b->stride, b->handle, &b->id);
	if (!error)
		error = drmModeMapDumbBuffer(s->fd, b->handle, &offset);
	if (error)
		return error;
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, (off_t)offset);
	if (at == MAP_FAILED)
		return -errno;
	b->pixels = at;
	b->size = size;
	memset(b->pixels, 0, b->size);
	return 0;
}

static void free_buffer(const struct scanout *s, struct buffer *b)
{
	if (b->pixels)
		munmap(b->pixels, b->size);
	if (b->id)
		drmModeRmFB(s->fd, b->id);
	if (b->handle)
		drmModeDestroyDumbBuffer(s->fd, b->handle);
}

int scanout_open(struct scanout **out, const char *cards)
{
	struct scanout *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->fd = -1;
	for (int i = 0; i < CARDS_MAX && s->fd < 0; i++) {
		char path[PATH_MAX];
		snprintf(path, sizeof(path), "%s/card%d", cards, i);
		open_card(s, path);
	}
	int error = s->fd < 0 ? -ENODEV : 0;
	for (int i = 0; i < 2 && !error; i++)
		error = make_buffer(s, &s->buffers[i]);
	if (error) {
		scanout_close(s);
		return error;
	}
	*out = s;
	return 0;
}

void scanout_close(struct scanout *s)
{
	if (!s)
		return;
	for (int i = 0; i < 2; i++)
		free_buffer(s, &s->buffers[i]);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

/* --- showing --- */

uint32_t scanout_width(const struct scanout *s)
{
	return s->mode.hdisplay;
}

uint32_t scanout_height(const struct scanout *s)
{
	return s->mode.vdisplay;
}

/* Where a picture begins on the screen, and the screen within a picture that is larger. */
static void middle(uint32_t screen, uint32_t picture, uint32_t *on_screen, uint32_t *in_picture)
{
	*on_screen = screen > picture ? (screen - picture) / 2 : 0;
	*in_picture = picture > screen ? (picture - screen) / 2 : 0;
}

static void copy(const struct scanout *s, const struct buffer *b, const uint8_t *pixels,
	uint32_t width, uint32_t height, size_t stride)
{
	uint32_t left, top, from_x, from_y;
	middle(s->mode.hdisplay, width, &left, &from_x);
	middle(s->mode.vdisplay, height, &top, &from_y);
	size_t row = (size_t)(width - 2 * from_x) * PIXEL_BYTES;
	for (uint32_t y = 0; y < height - 2 * from_y; y++)
		memcpy(b->pixels + (size_t)(top + y) * b->stride + (size_t)left * PIXEL_BYTES,
			pixels + (from_y + y) * stride + (size_t)from_x * PIXEL_BYTES, row);
}

/* A flip ends with the screen's own beat, sooner than anybody draws again; where the one before has
 * not ended, setting the mode does not wait for it. */
void scanout_show(
	struct scanout *s, const void *pixels, uint32_t width, uint32_t height, int stride)
{
	struct buffer *b = &s->buffers[s->next];
	copy(s, b, pixels, width, height, (size_t)stride);
	int error = s->lit ? drmModePageFlip(s->fd, s->crtc, b->id, 0, NULL) : -EAGAIN;
	if (error)
		error = drmModeSetCrtc(s->fd, s->crtc, b->id, 0, 0, &s->connector, 1, &s->mode);
	if (error && !s->failed)
		log_warning("the screen takes no picture: %s", strerror(-error));
	s->failed = error != 0;
	s->lit = !error;
	s->next ^= 1;
}

void scanout_point(const struct scanout *s, uint32_t width, uint32_t height, float x, float y,
	int *out_x, int *out_y)
{
	uint32_t left, top, from_x, from_y;
	middle(s->mode.hdisplay, width, &left, &from_x);
	middle(s->mode.vdisplay, height, &top, &from_y);
	*out_x = (int)(x * s->mode.hdisplay) - (int)left + (int)from_x;
	*out_y = (int)(y * s->mode.vdisplay) - (int)top + (int)from_y;
}
