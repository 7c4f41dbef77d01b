/* The event: a folder with event.ini, read once and never changed. Plain values; the caller owns
 * the struct event and frees it with event_free(). No thread of its own.
 *
 * event.ini (INI as inih reads it, UTF-8):
 *   [event]    id title opens closes timezone languages reentry capacity
 *   [venue ID] name address host debate capacity lat lon subevent
 *              broker = the address of the venue's own broker, tried after the event's
 *   [item ID]  name
 *   [keys]     ticket = raw Ed25519 public keys in hex, space-separated
 *              hash   = 32 bytes in hex: the key of ticket hashes, the same on every box
 *   [staff]    pin    = Argon2id string, as `parvis event pin` prints it
 *              item   = the ticket type of staff cards: a signed ticket whose item is this number
 *                       opens the volunteers' screens together with the PIN and counts nobody. It
 *                       must be no [item] of guests, and of no product that a ticket seller with
 *                       a key above sells. Whatever the card's subevent is, it is for every venue;
 *                       its limits of time hold, and it can be revoked like a ticket
 *              search = yes: behind the PIN, volunteers may search for guests by name. The boxes
 *                       then carry their guests' names, sealed under the PIN alone: whoever steals
 *                       one can guess a short PIN at home (event/name_index.h)
 *   [badges]   walk_in = yes: whoever has no ticket may write a first name and gets a badge, a
 *              code to photograph and, where there is a printer, on a label
 *   [privacy]  names_days = how many days after the event names are kept, at most 366; 14
 *   [sync]     brokers   = addresses of the event's brokers (event/broker_url.h), the best first
 *              reach     = event: boxes have the rows of all venues; venue: those of their own.
 *                          By default event for at most 64 venues
 *              discovery = yes: collectors tell Home Assistant of the venues
 * id, title, opens, closes, timezone and one venue are needed; by default languages is fr, reentry
 * yes, search, walk_in and discovery no, capacity without limit. Languages that this version does
 * not speak are told, not fatal. */
#ifndef PARVIS_EVENT_EVENT_H
#define PARVIS_EVENT_EVENT_H

#include "base/cc.h"
#include "door/screen.h"
#include "door/ticket.h"

#include <stdbool.h>
#include <stdint.h>

#define EVENT_VENUES_MAX     10000
#define EVENT_ITEMS_MAX      256
#define EVENT_KEYS_MAX       16
#define EVENT_TEXT_SIZE      160
#define EVENT_NAMES_DAYS     14
#define EVENT_NAMES_DAYS_MAX 366
#define EVENT_FILE_MAX       (8 << 20) /* bytes */
#define EVENT_BROKERS_MAX    7
#define EVENT_BROKER_SIZE    256
#define EVENT_REACH_MAX      64 /* venues of an event whose boxes all share by default */

struct event_venue {
	char id[ID_SIZE];
	char name[EVENT_TEXT_SIZE], address[EVENT_TEXT_SIZE], host[EVENT_TEXT_SIZE];
	char debate[EVENT_TEXT_SIZE];
	uint32_t capacity_seats; /* 0 = no limit; the event's default where the venue has none */
	double lat, lon;         /* degrees; both 0 = unknown */
	int64_t subevent;        /* what signed tickets carry; 0 = none */
	char broker[EVENT_BROKER_SIZE]; /* its own; "" = none */
};

struct event_item {
	int64_t id;
	char name[EVENT_TEXT_SIZE];
};

struct event {
	char id[ID_SIZE];
	char title[EVENT_TEXT_SIZE];
	int64_t opens_ms, closes_ms;
	char timezone[64];
	uint32_t languages;     /* bit per enum language; never 0 */
	enum language language; /* the first listed: the house's */
	bool reentry;
	bool walk_in_badges;
	uint32_t names_days; /* after its end, until `parvis purge` may be asked for */
	bool staff_search;   /* guests can be found by name; only with a staff_pin */
	uint8_t keys[EVENT_KEYS_MAX][32];
	uint32_t key_count;
	uint8_t hash_key[32]; /* given, or derived from id and keys: then as secret as these */
	bool hash_key_given;
	char staff_pin[128]; /* Argon2id string; "" = no PIN set */
	struct event_venue *venues;
	uint32_t venue_count;
	/* The same by id, and by subevent: event_venue() and event_venue_of_subevent() are for all.
	 * NULL for an event that was put together by hand. */
	const struct event_venue **by_id, **by_subevent;
	struct event_item *items;
	uint32_t item_count;     /* 0: every ticket type is taken, but for staff_item */
	int64_t staff_item;      /* of staff cards; 0 = the event has none */
	uint32_t capacity_seats; /* what venues without their own have; 0 = no limit */
	char brokers[EVENT_BROKERS_MAX][EVENT_BROKER_SIZE]; /* the best first */
	uint32_t broker_count;
	bool reach_event; /* boxes have the rows of all venues, not of their own alone */
	bool discovery;   /* collectors tell Home Assistant of the venues */
};

/* Where problems go: one call each, `text` complete as `path:line: [section] key: what is wrong
 * and what would be right`, escaped for a terminal. */
typedef void event_problem(void *context, bool fatal, const char *text);

/* Reads DIR/event.ini, and DIR/pretix.keys where it is (event/pretix_keys.h). Every problem is
 * told, not only the first; -EINVAL when one was fatal, -errno where the file cannot be read. *out
 * is set only on success. Sets the process's time zone (when_use_zone), so it comes before threads.
 */
NODISCARD int event_load(
	struct event **out, const char *dir, event_problem *problem, void *context);

/* As event_load(), from memory; `path` is what problems name. For fuzzing and tests. */
NODISCARD int event_parse(struct event **out, const char *path, const char *text, size_t len,
	event_problem *problem, void *context);

void event_free(struct event *e);

/* NULL where there is none. */
const struct event_venue *event_venue(const struct event *e, const char *id);
const struct event_venue *event_venue_of_subevent(const struct event *e, int64_t subevent);

/* Minutes on foot: great circle × 1.3 for streets, at 80 m a minute, rounded up; 0 where either
 * place is unknown. */
uint32_t event_walk_min(const struct event_venue *from, const struct event_venue *to);

#endif
