/* The courier: the one thread that carries rows between this box, its peers and the collector. It
 * runs sync/box.h over port/broker.h, reads the log through a connection of its own, and keeps the
 * rows of others in peers.db. Whatever happens here, the door does not wait for it.
 *
 * With the clerk it shares a post (app/post.h). */
#ifndef PARVIS_APP_COURIER_H
#define PARVIS_APP_COURIER_H

#include "app/post.h"
#include "door/fleet.h"
#include "door/pairs.h"
#include "event/event.h"
#include "port/broker.h"
#include "store/device_key.h"

#define COURIER_PAIRS_MAX 16

struct courier;

struct courier_setup {
	const char *data_dir;
	const struct event *event;
	const char *venue, *door;
	uint32_t capacity_seats;
	const struct device_key *key;
	struct post *post;
	const char *urls[BROKER_URLS_MAX]; /* the best first */
	size_t url_count;
	size_t first_local; /* from here on they are the venue's own; url_count: none is */
	const char *ca, *certificate, *tls_key; /* PEM files; NULL */
	int64_t clock_floor_ms;
};

/* Starts the thread, which begins when the clerk has opened the log. What the setup points to must
 * outlive it. -EINVAL: an address is none. */
NODISCARD int courier_start(struct courier **out, const struct courier_setup *setup);

/* Says good-bye and ends. NULL is allowed. */
void courier_stop(struct courier *c);

/* Readable while there are news. */
int courier_fd(const struct courier *c);

/* What has changed since the last call; what follows a `has` is all of it. Moments are of the
 * system's monotonic clock. Valid until the next call. One thread. */
struct courier_news {
	bool has_fleet, has_link, has_pairs;
	const struct fleet_venue *fleet;
	size_t fleet_count;
	struct link_status link;
	const struct pair *pairs; /* the newest of this venue, the newest first … */
	size_t pair_count;
	uint32_t pair_total; /* … of so many tickets */
};

/* False: nothing has. */
bool courier_next(struct courier *c, struct courier_news *out);

#endif
