/* A code from the lens, understood: plain values, filled by event/code.h (signed tickets) and
 * store/roster.h (opaque codes). The code's text is not kept: its keyed hash is. */
#ifndef PARVIS_DOOR_TICKET_H
#define PARVIS_DOOR_TICKET_H

#include <stdbool.h>
#include <stdint.h>

/* The longest code that is looked at: a version 40-L symbol in byte mode (ISO/IEC 18004). */
#define CODE_MAX 2953

/* Identifiers of venues and doors: [a-z0-9_-], terminated. */
#define ID_SIZE 32

#define TICKET_HASH_SIZE 16
#define TICKET_NAME_SIZE 64

/* A walk-in's badge: what its symbol says (event/badge.h), terminated. */
#define BADGE_CODE_SIZE 32

enum ticket_kind {
	TICKET_NOT_ONE, /* no ticket of any kind: an address, a contact, binary, too long, … */
	TICKET_UNKNOWN, /* could be an opaque code, but no roster knows it */
	TICKET_FORGED,  /* a signed ticket's form; no key of the event signed it */
	TICKET_SIGNED,  /* signature verified */
	TICKET_ROSTER,  /* an opaque code that the roster knows */
	TICKET_TEST,    /* the test code */
	TICKET_STAFF,   /* a staff card, signature verified */
	TICKET_KIND_COUNT
};

struct ticket {
	enum ticket_kind kind;
	uint8_t hash[TICKET_HASH_SIZE]; /* keyed BLAKE2b of the exact code */
	char venue[ID_SIZE];            /* the only venue it is for; "" = every venue */
	bool foreign_venue;             /* for a place (subevent) that this event does not have */
	bool foreign_item;              /* of a type that this event does not have */
	bool revoked;
	bool registered;                     /* the roster knows it */
	int64_t valid_from_s, valid_until_s; /* Unix seconds; 0 = no limit. Until is inclusive */
	char name[TICKET_NAME_SIZE];         /* UTF-8, what to greet with; "" = unknown */
};

#endif
