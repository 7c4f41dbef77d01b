/* A label printer that speaks IPP (RFC 8011; IPP Everywhere, PWG 5100.14), reached at its own URI:
 * ipp://host[:port]/path or ipps://…; no print server in between. One thread at a time; every call
 * blocks for at most a few seconds. Nothing is kept open between calls, so a printer that was
 * switched off and on needs no attention. */
#ifndef PARVIS_PORT_PRINTER_H
#define PARVIS_PORT_PRINTER_H

#include "base/cc.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRINTER_JOB_NAME_SIZE 64

struct printer;

/* What stands in the way, as bits: from printer-state and printer-state-reasons. */
enum printer_reason {
	PRINTER_MEDIA_EMPTY = 1 << 0, /* media-empty, media-needed */
	PRINTER_COVER_OPEN = 1 << 1,  /* cover-open, door-open, interlock-open */
	PRINTER_OFFLINE = 1 << 2,     /* offline, shutdown, connecting-to-device */
	PRINTER_IS_STOPPED = 1 << 3,  /* printer-state stopped, paused, or another error */
	PRINTER_NOT_TAKING = 1 << 4,  /* printer-is-accepting-jobs false */
};

enum printer_format { PRINTER_PDF, PRINTER_PWG, PRINTER_NO_FORMAT };

struct printer_status {
	uint32_t reasons;
	enum printer_format format; /* PDF where the printer takes it, else PWG raster */
	uint32_t dpi;               /* for raster: what the printer prefers */
};

/* What becomes of a job. */
enum printer_job_state {
	PRINTER_JOB_WAITING, /* pending, held, processing, stopped */
	PRINTER_JOB_DONE,
	PRINTER_JOB_FAILED, /* canceled or aborted */
};

/* One label. media is spelled out (media-col, hundredths of a millimetre), since printers know no
 * label by name alone. */
struct printer_label {
	const char *
		job_name; /* under PRINTER_JOB_NAME_SIZE bytes; no guest's name: printers show it */
	uint32_t width_um, height_um;
	enum printer_format format;
	const void *bytes; /* the document, of that format */
	size_t len;
};

/* Grey pixels to one page of PWG raster (PWG 5102.4), 8 bits black. */
struct printer_raster {
	const uint8_t *grey; /* 0 black … 255 white, no padding */
	uint32_t width, height, dpi;
};

/* Copies the URI; nothing is sent yet. -EINVAL: it is no ipp or ipps URI. *out only on success. */
NODISCARD int printer_open(struct printer **out, const char *uri);

/* NULL is allowed. */
void printer_close(struct printer *p);

/* Makes a blocking call of another thread return soon, and all later ones at once, with
 * -ECANCELED. Any thread. */
void printer_cancel(struct printer *p);

/* -EHOSTUNREACH: nobody answers; -EPROTO: whoever does is no printer. */
NODISCARD int printer_status(struct printer *p, struct printer_status *out);

/* Hands a document over: 0 and the job's number. -EAGAIN: busy, try again later (for certain not
 * taken); -EHOSTUNREACH: not reached (for certain not taken); -EINPROGRESS: the answer did not
 * come, so it may have been taken: ask printer_find(); -EPROTO: refused. */
NODISCARD int printer_send(struct printer *p, const struct printer_label *label, int32_t *job);

/* -ENOENT: the printer does not know the job of that number and name (it has been switched off
 * since and counts anew, or has forgotten it); -EHOSTUNREACH. */
NODISCARD int printer_job(
	struct printer *p, int32_t job, const char *job_name, enum printer_job_state *state);

/* The newest job of that name. As printer_job(). */
NODISCARD int printer_find(
	struct printer *p, const char *job_name, int32_t *job, enum printer_job_state *state);

/* *out is the document, to be freed; only on success. -ENOMEM, -EINVAL. */
NODISCARD int printer_pwg(const struct printer_raster *pixels, uint8_t **out, size_t *len);

#endif
