/* An event.ini in the making: the value of every key as text, written out with a comment on each.
 * What is right is the reader's word alone (event_parse() of what draft_compose() gives), so that
 * a rule is told once. Plain values; the caller owns the draft. */
#ifndef PARVIS_EVENT_DRAFT_H
#define PARVIS_EVENT_DRAFT_H

#include "event/event.h"
#include "event/pin.h"

#include <stddef.h>

/* Twice what the reader takes: it is the one to say that a text is too long. */
#define DRAFT_VALUE_SIZE (2 * EVENT_TEXT_SIZE)

enum draft_key {
	DRAFT_ID,
	DRAFT_TITLE,
	DRAFT_OPENS,
	DRAFT_CLOSES,
	DRAFT_TIMEZONE,
	DRAFT_LANGUAGES,
	DRAFT_REENTRY,
	DRAFT_CAPACITY,
	DRAFT_KEY_COUNT
};

enum draft_venue_key {
	DRAFT_VENUE_ID,
	DRAFT_VENUE_NAME,
	DRAFT_VENUE_ADDRESS,
	DRAFT_VENUE_HOST,
	DRAFT_VENUE_DEBATE,
	DRAFT_VENUE_CAPACITY,
	DRAFT_VENUE_LAT,
	DRAFT_VENUE_LON,
	DRAFT_VENUE_SUBEVENT,
	DRAFT_VENUE_BROKER,
	DRAFT_VENUE_KEY_COUNT
};

struct draft_venue {
	char values[DRAFT_VENUE_KEY_COUNT][DRAFT_VALUE_SIZE];
};

struct draft_item {
	char id[DRAFT_VALUE_SIZE], name[DRAFT_VALUE_SIZE];
};

/* Of an event that is put together by hand; more are written into event.ini. */
#define DRAFT_VENUES_MAX 256

/* "" is a key that is not given. One item more than the reader takes, for the same reason as above.
 */
struct draft {
	char values[DRAFT_KEY_COUNT][DRAFT_VALUE_SIZE];
	struct draft_venue venues[DRAFT_VENUES_MAX];
	uint32_t venue_count;
	struct draft_item items[EVENT_ITEMS_MAX + 1];
	uint32_t item_count;
	char staff_item[DRAFT_VALUE_SIZE];
	char search[DRAFT_VALUE_SIZE];  /* of [staff] */
	char walk_in[DRAFT_VALUE_SIZE]; /* of [badges] */
	char brokers[EVENT_BROKERS_MAX * EVENT_BROKER_SIZE], reach[DRAFT_VALUE_SIZE];
	char discovery[DRAFT_VALUE_SIZE]; /* these three of [sync] */
	char pin[PIN_HASH_SIZE];          /* Argon2id string */
	char ticket_key[2 * 32 + 1];      /* hex */
	char hash_key[2 * 32 + 1];        /* hex; secret */
};

/* An empty one; NULL without memory. Release with draft_free(), which wipes. */
struct draft *draft_new(void);
void draft_free(struct draft *d);

/* Takes a value, without the blanks around it. False, with `out` as it was, for one that could not
 * stand on a line of its own (control characters, no UTF-8) or is longer than the buffer. */
NODISCARD bool draft_put(char out[DRAFT_VALUE_SIZE], const char *value);

/* Takes over everything of an event but its keys and its PIN. False, with nothing taken, for one of
 * too many venues. */
NODISCARD bool draft_take_model(struct draft *d, const struct event *model);

/* An identifier made of a name: "La Ruche" gives "la-ruche"; "" where no letter of it is usable. */
void draft_id_of(char out[ID_SIZE], const char *name);

/* Gives a number to each venue that has no subevent: the least ones from 1 that are free. */
void draft_number_venues(struct draft *d);

/* The whole file: *text is the caller's to free (and to wipe: it holds hash_key). -ENOMEM. */
NODISCARD int draft_compose(const struct draft *d, char **text, size_t *len);

/* Writes DIR/event.ini, readable by its owner alone; never over another: -EEXIST. Otherwise what
 * the system says. */
NODISCARD int draft_write(const char *text, size_t len, const char *event_dir);

#endif
