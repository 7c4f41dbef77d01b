/* The stick's thread: waits for sticks (port/drive.h), copies the log when a volunteer asks for it
 * (app/stick_copy.h) and then, while the stick stays in, adds what is new every STICK_MIRROR_MS.
 * Whatever a stick does, the door does not wait for it. */
#ifndef PARVIS_APP_STICK_H
#define PARVIS_APP_STICK_H

#include "base/cc.h"
#include "door/stick.h"
#include "event/issuer.h"

#include <stdbool.h>
#include <stdint.h>

#define STICK_MIRROR_MS 60000

struct stick;

struct stick_setup {
	const char *dir;                /* in place of sticks; NULL */
	const char *data_dir, *box_dir; /* box_dir: where the bundle's device key is; NULL */
	const char *event_id;
	bool has_organiser; /* there is a key to seal to: */
	uint8_t organiser[ISSUER_PUBLIC_SIZE];
	int64_t clock_floor_ms;
	int64_t mirror_ms; /* 0 = STICK_MIRROR_MS */
};

/* What the setup points to must outlive it. */
NODISCARD int stick_start(struct stick **out, const struct stick_setup *setup);

/* NULL is allowed. */
void stick_stop(struct stick *s);

/* A copy is wanted, of the stick that is in. */
void stick_ask(struct stick *s);

/* Readable when there are news; false: none since the last call. One thread. */
int stick_fd(const struct stick *s);
bool stick_next(struct stick *s, struct stick_status *out);

#endif
