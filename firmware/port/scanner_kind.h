/* What a kind of scanner offers to scanner.c, which owns the table of them, the framing and the
 * search for a device that is gone. */
#ifndef PARVIS_PORT_SCANNER_KIND_H
#define PARVIS_PORT_SCANNER_KIND_H

#include "port/scanner.h"

#include <sys/types.h>

#define SCANNER_RETRY_MS 500

struct scanner_kind {
	const char *prefix; /* of the spec, with its colon */
	/* `path` and what followed its comma ("" if nothing did). -EINVAL for an option that is
	 * none. *out only on success. */
	int (*open)(void **out, const char *path, const char *option);
	/* A descriptor to poll, owned by the device until disconnect(); -errno. */
	int (*connect)(void *device);
	/* What there is to read now, as bytes of text with CR or LF between codes. 0: nothing,
	 * come again. -EILSEQ: something was lost. Other -errno: the device is gone. */
	ssize_t (*read)(void *device, char *out, size_t capacity);
	void (*disconnect)(void *device);
	void (*close)(void *device); /* disconnected before */
};

extern const struct scanner_kind scanner_serial;
extern const struct scanner_kind scanner_wedge;

#endif
