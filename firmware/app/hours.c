#include "app/hours.h"

#include "app/box.h"
#include "event/event.h"
#include "port/clock.h"

#include <errno.h>
#include <stdio.h>

bool hours_closed(int64_t opens_ms, int64_t closes_ms, struct when now)
{
	return now.trust == TRUST_SYNCED && (now.wall_ms < opens_ms - HOURS_MARGIN_MS ||
						    now.wall_ms > closes_ms + HOURS_MARGIN_MS);
}

static void tell_problem(void *context, bool fatal, const char *text)
{
	(void)context;
	if (fatal)
		fprintf(stderr, "%s\n", text);
}

int hours_tell(const struct options *o)
{
	static struct box box;
	const char *dir = o->event;
	if (o->from_box) {
		int err = box_open(&box, o->data);
		if (err == -ENOENT) {
			puts("closed: no event");
			return 0;
		}
		dir = err ? "" : box.dir;
	}
	struct event *event = NULL;
	if (!*dir || event_load(&event, dir, tell_problem, NULL)) {
		puts("open, as far as can be told: the event cannot be read");
		return 1;
	}
	struct when now = clock_now(0);
	bool closed = hours_closed(event->opens_ms, event->closes_ms, now);
	event_free(event);
	puts(closed ? "closed"
		: now.trust == TRUST_SYNCED
			? "open"
			: "open, as far as can be told: nobody vouches for the clock");
	return closed ? 0 : 1;
}
