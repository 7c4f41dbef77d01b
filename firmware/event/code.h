/* From the text that a stranger holds up to a struct ticket: as far as that goes without a roster.
 * Pure, any thread. The text may hold any bytes, NUL included. */
#ifndef PARVIS_EVENT_CODE_H
#define PARVIS_EVENT_CODE_H

#include "event/event.h"

#include <stddef.h>

/* The code that proves scanner, lights and sound. */
#define CODE_TEST "PARVIS-TEST"

/* Keyed BLAKE2b-128 of the exact code: the name of a ticket in logs, rosters and on the wire. */
void code_hash(const struct event *e, const char *text, size_t len, uint8_t out[TICKET_HASH_SIZE]);

/* Fills *out for every input. Signed tickets are verified before their payload is looked at; those
 * of the event's staff_item are TICKET_STAFF, for every venue.
 * What could be an opaque code is TICKET_UNKNOWN: the roster has the next word (and it may know
 * what is TICKET_NOT_ONE here, too: some sellers' codes are web addresses). What a key signed but
 * that breaks the format's rules is TICKET_FORGED: no volunteer can override that. Limits before
 * 1970 and after 9999 become the nearest second within, never 0. */
void code_read(const struct event *e, const char *text, size_t len, struct ticket *out);

#endif
