/* Where a call that works on the keys of an event's folder tells its problems. Only event/ includes
 * this. Plain values; any thread. */
#ifndef PARVIS_EVENT_FOLDER_PLACE_H
#define PARVIS_EVENT_FOLDER_PLACE_H

#include "base/cc.h"
#include "event/event.h"

struct folder_place {
	const char *event_dir;
	event_problem *problem;
	void *context;
};

/* Tells a problem of `file`, a path within the folder, and gives `error` back. What it prints of
 * the path is safe for a terminal. */
PRINTF_LIKE(4, 5)
int folder_tell(const struct folder_place *p, const char *file, int error, const char *format, ...);

#endif
