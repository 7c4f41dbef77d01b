/* What is to be seen: every screen as plain values, from which ui/ draws without knowing the door.
 * The desk (door/desk.h) fills it; strings point into the event, which outlives it. */
#ifndef PARVIS_DOOR_SCREEN_H
#define PARVIS_DOOR_SCREEN_H

#include "door/headcount.h"
#include "door/verdict.h"

enum screen_id {
	SCREEN_SCAN,      /* hold up your code */
	SCREEN_RESULT,    /* the answer to one */
	SCREEN_HELP,      /* a volunteer is called; what to do meanwhile */
	SCREEN_PIN,       /* volunteer: who are you */
	SCREEN_HEADCOUNT, /* volunteer: the figures */
	SCREEN_FAULT,     /* the door cannot work: what is wrong and what to do */
	SCREEN_ID_COUNT
};

enum language { LANGUAGE_FR, LANGUAGE_EN, LANGUAGE_COUNT };

/* "fr", "en". */
extern const char *const language_codes[LANGUAGE_COUNT];

/* Things that a finger, a key or a script can act on. The order within a screen, as ui/ lays them
 * out, is the focus order. */
enum control {
	CONTROL_NONE,
	CONTROL_NO_TICKET, /* I have no ticket: one counted walk-in */
	CONTROL_HELP,
	CONTROL_LANGUAGE_0, /* + enum language */
	CONTROL_LANGUAGE_LAST = CONTROL_LANGUAGE_0 + LANGUAGE_COUNT - 1,
	CONTROL_OK,       /* close a result */
	CONTROL_OVERRIDE, /* a volunteer lets the guest in all the same */
	CONTROL_BACK,
	CONTROL_STAFF,   /* open the volunteer screens */
	CONTROL_DIGIT_0, /* + 0 … 9 */
	CONTROL_DIGIT_9 = CONTROL_DIGIT_0 + 9,
	CONTROL_ERASE, /* one digit of the PIN */
	CONTROL_ENTER, /* the PIN is complete */
	CONTROL_PLUS,
	CONTROL_MINUS,
	CONTROL_UNDO,
	CONTROL_LEAVE,     /* end the staff session */
	CONTROL_TEXT_SIZE, /* 100 → 150 → 200 % → 100 */
	CONTROL_CONTRAST,  /* night and high-contrast themes in turn */
	CONTROL_COUNT
};

/* What is missing or broken, as bits. The store's stop the door; the rest leave it working. */
enum fault {
	FAULT_STORE_FULL = 1 << 0,      /* no space left for the log */
	FAULT_STORE_READ_ONLY = 1 << 1, /* the disk refuses writes */
	FAULT_STORE_BROKEN = 1 << 2,    /* input/output errors, or a database that is not one */
	FAULT_CAMERA = 1 << 3,          /* camera gone; it is looked for again and again */
	FAULT_DECODER = 1 << 4,         /* the reading process keeps dying; it is being replaced */
	FAULT_SCANNER = 1 << 5,         /* hand scanner gone */
	FAULT_LAMPS = 1 << 6,           /* no lights and no buzzer */
	FAULT_BUTTONS = 1 << 7,
	FAULT_CLOCK = 1 << 8,  /* the clock is unset */
	FAULT_ROSTER = 1 << 9, /* the roster cannot be read: opaque codes are unknown */
	FAULT_SOUND = 1 << 10,
};
#define FAULT_BITS  11
#define FAULTS_STOP (FAULT_STORE_FULL | FAULT_STORE_READ_ONLY | FAULT_STORE_BROKEN)

/* "store_full", …; bit i is fault_names[i]. For scripts and JSON. */
extern const char *const fault_names[FAULT_BITS];

enum theme { THEME_NIGHT, THEME_CONTRAST, THEME_COUNT };

/* A place that a guest is sent to. */
struct screen_place {
	const char *name, *address; /* "" = unknown */
	double lat, lon;            /* degrees; both 0 = unknown */
	uint32_t walk_min;          /* on foot from here; 0 = unknown */
};

enum pin_state { PIN_TYPING, PIN_CHECKING, PIN_WRONG, PIN_WAIT, PIN_NOT_SET };

struct screen {
	enum screen_id id;
	enum language language;
	enum theme theme;
	uint16_t text_percent; /* 100 to 200 */
	enum control focus;    /* CONTROL_NONE: none shown */
	bool staff;            /* a volunteer's session is open */
	bool plain;            /* no moving pictures: reduced motion */

	/* Where and when; the same on every screen. */
	const char *event_title, *venue_name, *venue_address, *debate, *door;
	struct when now;
	uint32_t faults;    /* enum fault bits */
	uint32_t languages; /* bit per enum language that the event offers */

	/* Figures. */
	struct headcount count;
	uint32_t capacity_seats; /* 0 = no limit */
	uint64_t registered;     /* people on this venue's roster; 0 = no roster */
	uint64_t registered_in;  /* of these, entered */

	/* SCREEN_SCAN: where in the frame a code was seen (0…1 of width and height, four corners
	 * clockwise from the upper left of the symbol). */
	bool camera;  /* a camera is configured and alive: draw the viewfinder */
	bool scanner; /* a hand scanner is configured */
	bool corners_seen;
	float corners[4][2];

	/* SCREEN_RESULT. */
	enum verdict verdict;
	bool walk_in, time_doubt, overridden;
	char name[TICKET_NAME_SIZE]; /* "" = greet without */
	uint64_t entry_number;       /* for those admitted */
	struct when prior;           /* ALREADY_IN: when */
	char prior_door[ID_SIZE];    /* and at which door; "" = unknown */
	const char *prior_venue;   /* and where, when not here; MOVED: from where; NULL = unknown */
	struct when limit;         /* NOT_YET: from; EXPIRED: until */
	struct screen_place place; /* WRONG_VENUE: where to; name "" = not known here */
	bool can_override;         /* the volunteer's way in is offered */
	uint16_t left_permille;    /* of the result's time: 1000 → 0; 0 = stays until touched */

	/* SCREEN_PIN. */
	enum pin_state pin;
	uint8_t pin_digits; /* typed so far */
	uint16_t pin_wait_s;
	bool pin_for_override; /* PIN asked to let this guest in, not to look at figures */

	/* SCREEN_HEADCOUNT. */
	bool can_undo;
};

#endif
