#include "port/camera.h"

#include "port/camera_kind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct camera {
	const struct camera_kind *kind;
	void *device;
};

static const struct camera_kind *const kinds[] = { &camera_files, &camera_v4l2 };

const char camera_usage[] = "files:DIR         play the JPEG and PNG files of a folder\n"
			    "v4l2:/dev/videoN  a Video4Linux2 camera\n";

static const struct camera_kind *find(const char *spec, const char **where)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		size_t n = strlen(kinds[i]->prefix);
		if (!strncmp(spec, kinds[i]->prefix, n) && spec[n]) {
			*where = spec + n;
			return kinds[i];
		}
	}
	return NULL;
}

int camera_open(struct camera **out, const char *spec)
{
	const char *where;
	const struct camera_kind *kind = find(spec, &where);
	if (!kind)
		return -EINVAL;
	struct camera *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->kind = kind;
	int error = kind->open(&c->device, where);
	if (error) {
		free(c);
		return error;
	}
	*out = c;
	return 0;
}

void camera_close(struct camera *c)
{
	if (!c)
		return;
	c->kind->close(c->device);
	free(c);
}

int camera_frame(struct camera *c, struct camera_frame *out, int timeout_ms)
{
	return c->kind->frame(c->device, out, timeout_ms);
}
