/* The command line of parvis-kiosk. Strings point into argv or live in the struct. */
#ifndef PARVIS_APP_OPTIONS_H
#define PARVIS_APP_OPTIONS_H

#include "app/adopt.h"
#include "base/cc.h"
#include "door/admission.h"
#include "port/broker.h"
#include "port/os_release.h"
#include "port/supervisor.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct options {
	char assets[PATH_MAX];
	char event[PATH_MAX];
	char data[PATH_MAX]; /* "" only with a script: a directory of its own, removed at the end */
	const char *venue;   /* NULL: the event's first */
	const char *door;
	enum doorway doorway;
	const char *camera, *scanner, *pins; /* NULL: none */
	const char *default_pins;            /* where neither --pins nor the box says; NULL */
	const char *reader;                  /* socket of the reading process; NULL: a child */
	const char *script, *shots;          /* NULL: live; pictures go to the working directory */
	const char *printer;                 /* ipp or ipps URI; NULL: none */
	uint32_t label_width_um, label_height_um;
	const char *stick_dir;                    /* in place of USB sticks; NULL */
	int64_t labels;                           /* on the roll now; -1: as counted so far */
	const char *brokers[BROKER_URLS_MAX - 1]; /* none: the event's */
	size_t broker_count;
	const char *tls_ca, *tls_cert, *tls_key; /* PEM files; NULL: the box's */
	int host_broker;                         /* port; 0: this box is nobody's broker */
	const char *language;                    /* NULL: the event's first */
	uint32_t width, height;
	struct adopt_places places; /* --bundle and --bundle-dir */
	bool from_box;              /* event, venue, door, doorway and pins are the box's */
	const struct box *box;      /* what it is; NULL: not from a box */
	char box_pins[PATH_MAX];
	unsigned script_skip; /* lines of the script that have been played before the door */
	bool offscreen, fullscreen, panel, mute;
	bool is_closed;                           /* --is-closed: only say so */
	char system_version[SYSTEM_VERSION_SIZE]; /* "": this is no system of ours */
	struct supervisor *supervisor;            /* NULL: nobody watches */
};

enum options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG };

/* Reads the command line. OPTIONS_DONE: --help or --version was answered on standard output.
 * OPTIONS_WRONG: what is wrong has been said on standard error. */
NODISCARD enum options_result options_read(struct options *out, int argc, char **argv);

/* Makes the options say what the box is, which outlives them. */
void options_use_box(struct options *o, const struct box *box);

#endif
