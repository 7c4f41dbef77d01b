/* What is to be seen: every screen as plain values, from which ui/ draws without knowing the door.
 * The desk (door/desk.h) fills it; strings point into the event, which outlives it. */
#ifndef PARVIS_DOOR_SCREEN_H
#define PARVIS_DOOR_SCREEN_H

#include "door/fleet.h"
#include "door/headcount.h"
#include "door/keyboard.h"
#include "door/language.h"
#include "door/stick.h"
#include "door/verdict.h"

enum screen_id {
	SCREEN_SCAN,      /* hold up your code */
	SCREEN_RESULT,    /* the answer to one */
	SCREEN_HELP,      /* a volunteer is called; what to do meanwhile */
	SCREEN_PIN,       /* volunteer: who are you */
	SCREEN_HEADCOUNT, /* volunteer: the figures */
	SCREEN_FAULT,     /* the door cannot work: what is wrong and what to do */
	SCREEN_WALK_IN,   /* without a ticket: a first name for the badge, for whoever likes */
	SCREEN_ADOPT,     /* what the box is about to become, or why it is not */
	SCREEN_SEARCH,    /* volunteer: guests by name */
	SCREEN_FLEET,     /* volunteer: every venue of the event, as last heard of */
	SCREEN_PAIRS,     /* volunteer: tickets that came in by two doors */
	SCREEN_STICK,     /* volunteer: the sealed copy of the log on a stick */
	SCREEN_SERIES,    /* volunteer: the figures, and the sealed copy, as QR codes */
	SCREEN_ID_COUNT
};

/* So many guests are listed at a time; a name that finds more is not typed yet. */
#define SCREEN_FOUND_MAX 8

/* So many venues are on a page of the fleet, and so many pairs are held at all. */
#define SCREEN_FLEET_MAX 10
#define SCREEN_PAIRS_MAX 16

/* Things that a finger, a key or a script can act on. The order within a screen, as ui/ lays them
 * out, is the focus order. */
enum control {
	CONTROL_NONE,
	CONTROL_NO_TICKET, /* I have no ticket: one counted walk-in, or SCREEN_WALK_IN */
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
	CONTROL_COME_IN,   /* the name is complete, or there is to be none */
	CONTROL_KEY_0,     /* of the keyboard: + row * KEYBOARD_COLUMNS + column */
	CONTROL_KEY_LAST = CONTROL_KEY_0 + KEYBOARD_KEYS - 1,
	CONTROL_VARIANT_0, /* of the letter that is being held */
	CONTROL_VARIANT_LAST = CONTROL_VARIANT_0 + KEYBOARD_VARIANTS - 1,
	CONTROL_ADOPT,   /* become what the bundle says */
	CONTROL_KEEP,    /* stay what the box is */
	CONTROL_ANOTHER, /* the next bundle of several */
	CONTROL_SEARCH,  /* guests by name */
	CONTROL_FIND,    /* whom the typed name finds, as a list */
	CONTROL_FOUND_0, /* + place in it: as if this guest's code had been read */
	CONTROL_FOUND_LAST = CONTROL_FOUND_0 + SCREEN_FOUND_MAX - 1,
	CONTROL_FLEET,   /* every venue */
	CONTROL_PAIRS,   /* tickets that came in twice */
	CONTROL_EARLIER, /* the page before, of a list */
	CONTROL_LATER,   /* … and after */
	CONTROL_STICK,   /* the copy of the log on a stick */
	CONTROL_COPY,    /* … make it */
	CONTROL_SERIES,  /* figures and log as QR codes */
	CONTROL_SHOW,    /* … the log */
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
	FAULT_PRINTER = 1 << 11, /* badges wait: struct screen's printer says for what */
};
#define FAULT_BITS  12
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

/* Why badges are not printed. */
enum printer_trouble {
	PRINTER_FINE,
	PRINTER_GONE,  /* switched off, unplugged, or of another kind than can be used */
	PRINTER_PAPER, /* no labels left, or not the right ones */
	PRINTER_COVER, /* open */
	PRINTER_STOPPED,
	PRINTER_TROUBLES
};

enum pin_state { PIN_TYPING, PIN_CHECKING, PIN_WRONG, PIN_WAIT, PIN_NOT_SET };

enum screen_adopt_state {
	SCREEN_ADOPT_ASK,   /* `offer` is what a touch makes of the box */
	SCREEN_ADOPT_EMPTY, /* no event, and no bundle to be seen */
	/* Refused: */
	SCREEN_ADOPT_OLDER,
	SCREEN_ADOPT_OTHER_EVENT,
	SCREEN_ADOPT_OTHER_KEY,
	SCREEN_ADOPT_UNREADABLE,
	SCREEN_ADOPT_NOT_ONE,
	SCREEN_ADOPT_VERSION,
	SCREEN_ADOPT_CUT_SHORT,
	SCREEN_ADOPT_ALTERED,
	SCREEN_ADOPT_PAIRING, /* what a pairing code points to did not come, or is another */
	SCREEN_ADOPT_FAILED,  /* the box's own disk did not take it */
	SCREEN_ADOPT_STORAGE, /* there is no disk to keep a box on: not yet, or not any more */
	SCREEN_ADOPT_STATES
};

/* "ask", "empty", "older", …: for scripts. */
extern const char *const screen_adopt_names[SCREEN_ADOPT_STATES];

enum screen_found_state { FOUND_NOT_YET, FOUND_IN, FOUND_OUT, FOUND_REVOKED, FOUND_STATES };

/* A guest that was found by name. */
struct screen_found {
	char name[TICKET_NAME_SIZE], type[TICKET_NAME_SIZE]; /* type "" = unknown */
	enum screen_found_state state;
	struct when at;     /* IN, OUT: since when */
	char door[ID_SIZE]; /* … and by which door; "" = unknown */
	const char *venue;  /* … and where, when not here; NULL */
};

/* What a box is or would become; strings may be NULL: not known. */
struct screen_box {
	const char *event_title, *venue_name, *door;
	uint64_t registrations, serial;
	const char *short_hash; /* "ABCD-EFGH" */
};

/* A venue as this box last heard of it: never a figure without its age. */
struct screen_venue {
	const char *name;
	bool own;   /* ours: counted here */
	bool known; /* somebody has spoken for it: else there are no figures */
	bool stale; /* … but too long ago to be relied on */
	int64_t present;
	uint32_t capacity_seats;       /* 0 = no limit */
	uint32_t walk_min;             /* 0 = unknown */
	uint64_t last_ten, ten_before; /* entries, by ten minutes */
	uint32_t age_min;              /* 0: less than a minute */
	uint32_t queued;               /* rows not with the collector yet */
	uint8_t boxes, boxes_lost;
};

/* Of all venues, those out of date included. */
struct screen_fleet_total {
	uint32_t venues, known, stale;
	int64_t present;
	uint64_t seats; /* 0: some venue has no limit */
};

/* One ticket, two entries; both stand. */
struct screen_pair {
	struct when first, second;
	char first_door[ID_SIZE], second_door[ID_SIZE]; /* "" = unknown */
};

/* The log as a series of codes (night/series.h), one at a time, again and again. */
#define SCREEN_CODE_SIZE 768
enum screen_series_state {
	SERIES_COUNTS,  /* not asked for: the figures alone are shown */
	SERIES_SEALING, /* it is being made */
	SERIES_SHOWN,   /* `number` of `count` is `text` */
	SERIES_FAILED,  /* the log could not be read, or there is no organiser's key */
	SERIES_STATES
};
struct screen_series {
	enum screen_series_state state;
	uint32_t number, count, round; /* from 1 */
	uint32_t frame_ms;             /* how long each stays */
	char text[SCREEN_CODE_SIZE];
};

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
	struct screen_place place; /* WRONG_VENUE: where to; name "" = not known here. FULL: the
				    * nearest venue that is known to have room; "" = none is */
	bool place_known;          /* … of which is known, lately enough: */
	uint32_t place_free;       /* seats that are free there; 0: full */
	bool place_no_limit;       /* … or that there is no limit */
	bool can_override;         /* the volunteer's way in is offered */
	uint16_t left_permille;    /* of the result's time: 1000 → 0; 0 = stays until touched */
	char badge[BADGE_CODE_SIZE]; /* of a walk-in: shown as a QR to photograph; "" = none */
	bool badge_prints;           /* … and it comes out of the printer */

	/* SCREEN_WALK_IN, SCREEN_SEARCH. */
	struct keyboard keyboard;

	/* SCREEN_SEARCH. */
	bool can_search;      /* the staff PIN has opened the names */
	bool found_list;      /* the list is shown; else the keyboard */
	bool found_pending;   /* what is found is of an earlier text */
	uint32_t found_total; /* people whom the text finds */
	uint8_t found_count;  /* of these, in `found` */
	struct screen_found found[SCREEN_FOUND_MAX];

	/* SCREEN_PIN. */
	enum pin_state pin;
	uint8_t pin_digits; /* typed so far */
	uint16_t pin_wait_s;
	bool pin_for_override; /* PIN asked to let this guest in, not to look at figures */

	/* SCREEN_HEADCOUNT. */
	bool can_undo;
	bool has_printer;
	enum printer_trouble printer;
	int64_t labels_left;     /* −1 = not counted */
	uint32_t badges_waiting; /* to be printed */

	/* SCREEN_HEADCOUNT, SCREEN_STICK; nothing on any other. */
	struct stick_status stick;

	/* SCREEN_SERIES. */
	struct screen_series series;

	/* SCREEN_HEADCOUNT, SCREEN_FLEET, SCREEN_PAIRS; nothing on any other. */
	struct link_status link;
	bool has_fleet;      /* there are other venues: SCREEN_FLEET is offered */
	uint32_t pair_total; /* tickets of this venue that came in twice */
	uint32_t list_first, list_total, list_rows; /* list_rows: as many as a page holds */
	/* … of which this page shows: */
	uint8_t fleet_count, pair_count;
	struct screen_venue fleet[SCREEN_FLEET_MAX];
	struct screen_fleet_total fleet_total;
	struct screen_pair pairs[SCREEN_PAIRS_MAX];

	/* SCREEN_ADOPT; `box`, what this one is now, and the version of the system that it runs
	 * ("" = not one of ours) in small type for volunteers elsewhere, too. */
	enum screen_adopt_state adopt;
	struct screen_box offer, box;
	const char *system_version;
	const char *offer_file;      /* the file's name; NULL = none */
	uint16_t offer_at, offer_of; /* 1 of 3 */
	uint16_t adopt_s;            /* until it is done, or left, without a touch; 0 = never */
};

#endif
