/* What the door says of a code. Values are part of the log's format (store/log.h) and of every
 * JSON output: append, never renumber. */
#ifndef PARVIS_DOOR_VERDICT_H
#define PARVIS_DOOR_VERDICT_H

#include <stdbool.h>

enum verdict {
	VERDICT_NONE,         /* a row that is no answer to a code: ±1, undo */
	VERDICT_ADMIT,        /* come in */
	VERDICT_READMIT,      /* welcome back: had gone out */
	VERDICT_MOVED,        /* welcome: came from another venue of the event */
	VERDICT_EXIT,         /* goodbye: counted out */
	VERDICT_ALREADY_IN,   /* this ticket is inside already */
	VERDICT_WRONG_VENUE,  /* good, but for another venue */
	VERDICT_NOT_YET,      /* good later */
	VERDICT_EXPIRED,      /* was good earlier */
	VERDICT_REVOKED,      /* the organiser took it back */
	VERDICT_FORGED,       /* looks like a signed ticket; no key of this event signed it */
	VERDICT_UNKNOWN,      /* no roster and no key knows it, or its type is not of this event */
	VERDICT_NOT_A_TICKET, /* a web address, a contact, Wi-Fi settings, binary data, … */
	VERDICT_FULL,         /* good, but the venue is */
	VERDICT_TEST_OK,      /* the test code: scanner, lights and sound work */
	VERDICT_STAFF,        /* a staff card: opens the volunteer screens together with the PIN */
	VERDICT_STORE_FAILED, /* could not be made durable: nobody was counted */
	VERDICT_COUNT
};

/* "ADMIT", "ALREADY_IN", …; VERDICT_NONE is "NONE". */
extern const char *const verdict_names[VERDICT_COUNT];

/* Gives false for a name that is none. */
bool verdict_from_name(const char *name, enum verdict *out);

/* Whether the guest may walk in: ADMIT, READMIT, MOVED. Only these are ever green. */
bool verdict_admits(enum verdict v);

/* Whether it is a refusal that the headcount's "refused" counts: every answer but those that
 * admit, EXIT, TEST_OK, STAFF, NONE and STORE_FAILED. */
bool verdict_refuses(enum verdict v);

#endif
