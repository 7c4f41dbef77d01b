/* Inside event/: how event.ini is read. event_lines.c finds sections, keys and values (inih does
 * the work within a line), event_fields.c knows every key, event.c looks at the whole. */
#ifndef PARVIS_EVENT_EVENT_READING_H
#define PARVIS_EVENT_EVENT_READING_H

#include "event/event.h"

#define EVENT_LINE_MAX   4000 /* bytes: sixteen keys in hex and room to spare */
#define EVENT_FIELDS_MAX 16   /* keys of one section */

#define READING_SLOTS 32768 /* a power of two, well above EVENT_VENUES_MAX */

enum section_kind {
	SECTION_EVENT,
	SECTION_VENUE,
	SECTION_ITEM,
	SECTION_KEYS,
	SECTION_STAFF,
	SECTION_BADGES,
	SECTION_PRIVACY,
	SECTION_SYNC,
	SECTION_KINDS,
	SECTION_NONE = SECTION_KINDS, /* before the first heading, or under one that was refused */
};

/* A section that was met: where, and where each of its keys was given (0: not). */
struct section {
	unsigned line;
	unsigned field_lines[EVENT_FIELDS_MAX];
};

struct reading {
	const char *path;
	event_problem *problem;
	void *context;
	bool failed; /* a fatal problem was told */

	unsigned line; /* the one being read, from 1 */
	bool met_heading;
	char heading[80];        /* of the section being read, for problems; "" where unreadable */
	enum section_kind kind;  /* of the section being read */
	struct section *section; /* NULL where kind is SECTION_NONE */
	struct section once[SECTION_KINDS];
	struct section venues[EVENT_VENUES_MAX], items[EVENT_ITEMS_MAX];
	uint16_t venue_at[READING_SLOTS]; /* of venues_find(): place + 1, 0 = free */
	uint32_t venue_room;              /* of event->venues */

	struct event *event;
	char opens[WHEN_ISO_SIZE], closes[WHEN_ISO_SIZE]; /* judged when the time zone is known */
};

/* Tells a problem of a key (NULL: of the section) at a line. */
void reading_tell(struct reading *r, unsigned line, bool fatal, const char *key, const char *format,
	...) PRINTF_LIKE(5, 6);

/* Reads all lines, calling the two below. */
void reading_lines(struct reading *r, const char *text, size_t len);

/* Between [ and ] of a heading. */
void reading_heading(struct reading *r, const char *heading);

/* key = value under the heading before it. */
void reading_value(struct reading *r, const char *key, const char *value);

/* Adds a venue of this identifier, which is a valid one. Its place; -1: told, and not added. */
int venues_add(struct reading *r, const char *id);

/* Makes by_id and by_subevent. -ENOMEM. */
NODISCARD int venues_index(struct event *e);

/* Where a key was given, 0: it was not. The key must be one that the section can have. */
unsigned reading_line_of(enum section_kind kind, const struct section *s, const char *key);

/* Tells of the mandatory keys that a section lacks. */
void reading_missing(
	struct reading *r, enum section_kind kind, const struct section *s, const char *heading);

/* The one of `names` that a misspelt word probably means; NULL where none is near. */
const char *reading_nearest(const char *word, const char *const *names, size_t count);

#endif
