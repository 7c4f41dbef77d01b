/* What lamps and sound do for each verdict. A verdict is never colour alone: every one has its own
 * light pattern and its own sound. Pure tables; times in ms since the verdict. */
#ifndef PARVIS_DOOR_CUE_H
#define PARVIS_DOOR_CUE_H

#include "door/verdict.h"

#include <stdint.h>

/* Output lines, as bits of a mask. */
enum lamp {
	LAMP_GREEN = 1 << 0,
	LAMP_AMBER = 1 << 1,
	LAMP_RED = 1 << 2,
	LAMP_BUZZER = 1 << 3,
	LAMP_DOOR = 1 << 4, /* the door's relay */
};
#define LAMP_LINES 5

/* "green", "amber", "red", "buzzer", "door"; bit i is lamp_names[i]. */
extern const char *const lamp_names[LAMP_LINES];

/* The verdicts' sounds in three families that are told apart at once: welcomes rise, high; what
 * asks for a person repeats one middle note; refusals are low. Each verdict has its own. */
enum chime {
	CHIME_NONE,
	CHIME_WELCOME,      /* two rising notes */
	CHIME_WELCOME_BACK, /* three rising notes */
	CHIME_MOVED,        /* three rising notes, the first one twice */
	CHIME_GOODBYE,      /* two falling notes */
	CHIME_ALREADY_IN,   /* two equal notes */
	CHIME_NOT_YET,      /* two equal notes and a higher one */
	CHIME_FULL,         /* three equal notes */
	CHIME_WRONG_VENUE,  /* low, then higher: somewhere else */
	CHIME_EXPIRED,      /* low, falling */
	CHIME_REVOKED,      /* two low notes */
	CHIME_FORGED,       /* three low notes */
	CHIME_UNKNOWN,      /* one long low note */
	CHIME_NOT_A_TICKET, /* one short low note */
	CHIME_TEST,         /* a scale */
	CHIME_STAFF,        /* two high ticks */
	CHIME_FAULT,        /* a low tremor */
	CHIME_HELP,         /* a slow call: a volunteer is wanted */
	CHIME_TAP,          /* a tick */
	CHIME_COUNT
};

/* One step of a pattern: these lines on, for so long. A step of 0 ms ends the pattern. */
struct cue_step {
	uint8_t lamps;
	uint16_t ms;
};
#define CUE_STEPS 10

struct cue {
	enum chime chime;
	uint16_t hold_ms; /* how long the result screen stays without a touch or a new code */
	struct cue_step steps[CUE_STEPS];
};

const struct cue *cue_of(enum verdict v);

/* A guest has called for a volunteer: no verdict. */
extern const struct cue cue_help;

/* The lines that are on, elapsed_ms after the verdict; 0 once the pattern is over. */
uint8_t cue_lamps(const struct cue *cue, int64_t elapsed_ms);

/* Milliseconds left of the step that is running; 0 once the pattern is over. */
int64_t cue_left_ms(const struct cue *cue, int64_t elapsed_ms);

#endif
