/* The desk: all that the kiosk decides, as one pure state machine. Values in (struct desk_event),
 * values out (struct desk_effects, struct screen); no clock, no I/O, no malloc, no thread. The app
 * (app/kiosk.c) carries the effects out and brings their results back as events.
 *
 * One thing can be waited for at a time: while `busy`, the app holds further codes back in their
 * mailboxes. Green never comes from here before DESK_RECORDED did. While an answer is being written
 * the lights of the one before are dark, so that no guest takes another's green for their own. */
#ifndef PARVIS_DOOR_DESK_H
#define PARVIS_DOOR_DESK_H

#include "door/cue.h"
#include "door/pairs.h"
#include "door/repeat.h"
#include "door/screen.h"

/* A venue as the desk needs it to send guests there. */
struct desk_venue {
	char id[ID_SIZE];
	struct screen_place place; /* walk_min from our own venue */
	uint32_t capacity_seats;   /* 0 = no limit */
};

/* Everything that does not change while the program runs. The strings outlive the desk. */
struct desk_setup {
	const char *event_title, *venue_name, *venue_address, *debate;
	struct admission_rules rules;
	/* Of the event, as they are listed: our own first, then by distance. */
	const struct desk_venue *venues;
	size_t venue_count;
	const uint32_t *venues_by_id; /* places in `venues`, by id; NULL: these are few */
	/* The desk's memory of the other venues: venue_count of them, zeroed; NULL: no fleet. */
	struct fleet_venue *fleet;
	uint32_t languages;     /* bits */
	enum language language; /* the house's, to which every session returns */
	bool has_camera, has_scanner, has_pin;
	bool badges; /* whoever has no ticket gets a badge, and may put a first name on it */
	uint64_t registered;
	int64_t start_ms; /* of the arrivals chart */
};

enum desk_event_kind {
	DESK_TICK,       /* time passed; at least every 100 ms while something moves */
	DESK_CODE,       /* a code was read */
	DESK_CORNERS,    /* where a code was seen in the frame, or that none is (count = 0) */
	DESK_LENS_CLEAR, /* the lens is known to be free: forget what is being held */
	DESK_RECORDED,   /* the row is durable */
	DESK_FAILED,     /* it is not, and nothing of it is kept */
	DESK_TAP,        /* a control was acted on */
	DESK_BUTTON,     /* a hardware button */
	DESK_PIN_RESULT,
	DESK_FAULTS,  /* the faults of one part: `fault_mask` says which bits `faults` speaks of */
	DESK_HOLD,    /* a control was pressed long */
	DESK_TYPED,   /* a character came from a keyboard with keys */
	DESK_PRINTER, /* how the badge printer does */
	DESK_FOUND,   /* whom EFFECT_SEARCH has found */
	DESK_FLEET,   /* news of venues: of some, or of all; those of no event are let go */
	DESK_LINK,    /* how the sync does; it is told when it changes */
	DESK_STICK,   /* how a stick does */
	DESK_SERIES,  /* the next code of the series, or why there is none */
	DESK_PAIRS,   /* all tickets of this venue that came in twice, the newest first */
};

enum button { BUTTON_VOLUNTEER = 1, BUTTON_HELP, BUTTON_PLUS, BUTTON_COUNT };

/* "volunteer", "help", "plus". [0] is "none". */
extern const char *const button_names[BUTTON_COUNT];

/* A guest that was found by name, and what the log knows of them. */
struct desk_found {
	struct ticket ticket;
	char type[TICKET_NAME_SIZE];
	struct prior prior;
};

struct desk_event {
	enum desk_event_kind kind;
	struct when now;
	union {
		struct {
			uint8_t hash[TICKET_HASH_SIZE];
			enum source source;
		} code;
		struct {
			bool seen;
			float at[4][2];
		} corners;
		struct {
			struct row row;
			struct headcount count;
			uint64_t registered_in;
			struct prior prior;
			struct ticket ticket;        /* for SCAN rows */
			char badge[BADGE_CODE_SIZE]; /* for WALK_IN rows that carry one; else "" */
		} recorded;
		struct {
			uint32_t fault; /* which of FAULTS_STOP */
		} failed;
		enum control tap; /* TAP and HOLD */
		char typed[KEYBOARD_CHAR];
		struct {
			enum printer_trouble trouble;
			int64_t labels_left;
			uint32_t waiting;
		} printer;
		enum button button;
		struct {
			bool pin_good;
			bool can_search; /* … and it has opened the names */
		};
		struct {
			uint32_t total;
			uint8_t count;               /* 0 … SCREEN_FOUND_MAX */
			const struct desk_found *at; /* valid during the step */
		} found;
		struct {
			uint32_t mask, on;
		} faults;
		struct {
			const struct fleet_venue *at; /* valid during the step */
			size_t count;
		} fleet;
		struct link_status link;
		struct stick_status stick;
		const struct screen_series *series; /* valid during the step */
		struct {
			const struct pair *at; /* valid during the step */
			size_t count;          /* the first SCREEN_PAIRS_MAX are listed */
			uint32_t total;
		} pairs;
	};
};

/* What is to be written. The text of a scanned code stays with the app, which finds it by hash: it
 * keeps the text of the last code whose RECORD was asked for (or the ticket, where `found`), until
 * EFFECT_FORGET or until the RECORD of another code takes its place (which gives no EFFECT_FORGET
 * of its own). The text of a code that asked for no RECORD is forgotten at once. */
struct desk_request {
	enum row_kind kind;
	enum source source;
	bool override;
	int64_t amount;                 /* ADJUST */
	uint64_t undoes;                /* UNDO */
	uint8_t hash[TICKET_HASH_SIZE]; /* SCAN */
	bool found; /* SCAN: no code was read, the guest was found by name: the ticket is that one
		     */
	char operator[OPERATOR_SIZE];
	bool badge; /* WALK_IN: make a badge, whose hash the row carries */
	/* … and what is to be printed on it: for the desk alone, the store never sees it. */
	char name[TICKET_NAME_SIZE];
};

#define PIN_DIGITS_MAX 12
#define PIN_DIGITS_MIN 4

/* After this many wrong PINs the next must wait, and twice as long after each that follows, up to
 * sixty-four times. */
#define PIN_TRIES   5
#define PIN_WAIT_MS 30000

/* A volunteer's session ends after this long without a touch on the volunteers' screens: what
 * guests touch meanwhile does not keep it open. */
#define DESK_STAFF_IDLE_MS 60000
/* A series is looked at by a camera: it goes on without a touch for so long. */
#define DESK_SERIES_MS 3600000
/* Language, text size and theme go back to the house's when a result is over, when the next code
 * interrupts it, and after this long without a touch. */
#define DESK_GUEST_IDLE_MS 20000
#define DESK_HELP_MS       60000 /* the help screen, without a touch */
#define DESK_WALK_IN_MS    45000 /* the keyboard, without a touch: then the text is erased */
#define DESK_BADGE_MS      20000 /* a badge to photograph, unless the next code comes first */
#define DESK_DOUBLE_TAP_MS 1000  /* a second "I have no ticket" within this is the same tap */

/* Presses of +1 and -1 that came while a row was being written. One more is not taken, audibly. */
#define DESK_WAITING_MAX 8

enum desk_effect {
	EFFECT_RECORD = 1 << 0,    /* make `request` durable, answer DESK_RECORDED or DESK_FAILED */
	EFFECT_CUE = 1 << 1,       /* `cue` begins now: play its chime */
	EFFECT_SCREEN = 1 << 2,    /* what desk_screen() gives has changed */
	EFFECT_CHECK_PIN = 1 << 3, /* `pin` is complete: answer DESK_PIN_RESULT, then forget it */
	EFFECT_VERDICT = 1 << 4,   /* `verdict` and `source` were given: durable, or STORE_FAILED */
	EFFECT_FORGET = 1 << 5,    /* the text of the last code is no longer wanted */
	EFFECT_CHIME = 1 << 6,     /* play `chime` alone (a tap) */
	EFFECT_PRINT = 1 << 7,     /* print `badge`, then forget it: its row is durable */
	EFFECT_SEARCH = 1 << 8,    /* answer DESK_FOUND for `search`, then forget it */
	EFFECT_STAFF_OVER = 1 << 9, /* nobody may search any more: wipe the names */
	EFFECT_COPY = 1 << 10,      /* copy the log to the stick that is in */
	EFFECT_SERIES =
		1 << 11, /* answer DESK_SERIES, again and again while SCREEN_SERIES is shown */
};

struct desk_badge {
	char name[TICKET_NAME_SIZE]; /* "" = without */
	char code[BADGE_CODE_SIZE];
};

struct desk_effects {
	uint32_t set; /* enum desk_effect bits */
	struct desk_request request;
	const struct cue *cue;
	enum chime chime;
	enum verdict verdict;
	enum source source;
	char pin[PIN_DIGITS_MAX + 1];
	struct desk_badge badge;
	char search[TICKET_NAME_SIZE];
};

/* One desk, embedded or on the stack: no pointer into itself. */
struct desk {
	struct desk_setup setup;
	struct screen screen; /* the parts that last */
	struct repeat held;
	bool busy; /* a RECORD has not been answered */
	struct desk_request pending;
	const struct cue *cue;  /* running light pattern; NULL = dark */
	int64_t cue_started_ms; /* monotonic */
	int64_t shown_ms;       /* when this screen came, monotonic */
	int64_t touched_ms;     /* last sign of a person, monotonic */
	uint8_t last_hash[TICKET_HASH_SIZE];
	bool last_held;    /* last_hash's text is still with the app */
	bool may_override; /* the result on the screen, or the PIN asked for it, can let in */
	uint64_t last_seq; /* last row of ours that can be undone; 0 = none */
	bool after_pin_override;
	char pin[PIN_DIGITS_MAX + 1];
	bool pin_asked; /* CHECK_PIN has not been answered */
	bool pin_void;  /* … and whoever typed it has gone meanwhile */
	uint8_t pin_failures;
	int64_t pin_blocked_until_ms;
	uint32_t faults;
	enum screen_id home;      /* what results and help return to: SCAN, PIN or HEADCOUNT */
	int64_t staff_touched_ms; /* monotonic, as all of these */
	int64_t no_ticket_ms;     /* the last "I have no ticket" that was taken */
	int64_t minute;           /* the wall's, as the screen last showed it */
	bool badge_refused; /* the walk-in on the screen wanted a badge: an override gives it */
	char refused_name[TICKET_NAME_SIZE]; /* … with this name */
	struct desk_request waiting[DESK_WAITING_MAX];
	size_t waiting_count;
	bool last_found;   /* last_hash's guest was found by name */
	bool search_asked; /* SEARCH has not been answered */
	bool search_again; /* … and is of another text than the one that is typed now */
	uint8_t found_hash[SCREEN_FOUND_MAX][TICKET_HASH_SIZE];
	struct link_status link;
	struct stick_status stick;
	struct screen_series series;
	struct screen_pair pairs[SCREEN_PAIRS_MAX];
	uint8_t pair_count;
	uint32_t pair_total;
	uint32_t list_first; /* of SCREEN_FLEET or SCREEN_PAIRS */
};

void desk_init(struct desk *d, const struct desk_setup *setup, const struct headcount *count,
	uint64_t registered_in, const struct when *now);

/* The log has been opened (again): these are its figures, and nothing of it can be undone yet. */
void desk_recount(
	struct desk *d, const struct headcount *count, uint64_t registered, uint64_t registered_in);

/* Other doors of this venue have rows that this one did not know: these are the figures now. */
void desk_counted(struct desk *d, const struct headcount *count, uint64_t registered_in);

void desk_step(struct desk *d, const struct desk_event *event, struct desk_effects *out);

/* Whether a code that the camera or scanner read may be handed in now. */
bool desk_ready(const struct desk *d);

/* The screen as it is at `now`. */
void desk_screen(const struct desk *d, const struct when *now, struct screen *out);

/* The lines that are on at `now`. */
uint8_t desk_lamps(const struct desk *d, const struct when *now);

/* Milliseconds until something changes by itself (a pattern's next step, a screen's end, the
 * clock's next minute); 1 to 1000. */
int desk_next_ms(const struct desk *d, const struct when *now);

#endif
