/* What kiosk.c, kiosk_open.c and kiosk_live.c share: the kiosk's inside. */
#ifndef PARVIS_APP_KIOSK_PARTS_H
#define PARVIS_APP_KIOSK_PARTS_H

#include "app/clerk.h"
#include "app/courier.h"
#include "app/kiosk.h"
#include "app/lens.h"
#include "app/porter.h"
#include "app/printing.h"
#include "app/sealing.h"
#include "app/stick.h"
#include "app/venues.h"
#include "app/wand.h"
#include "night/series.h"
#include "port/broker_host.h"
#include "port/lamps.h"

/* A code's text, kept only as long as it may be needed: while it is being recorded, and while a
 * volunteer may still let its owner in. */
struct code_text {
	uint8_t hash[TICKET_HASH_SIZE];
	size_t len;
	char text[CODE_MAX];
	bool found; /* no code: the ticket of a guest who was found by name */
	struct ticket ticket;
};

/* What is shown as codes: being sealed, or sealed. */
struct kiosk_series {
	struct sealing *sealing; /* NULL: it is done, or was not asked for */
	uint8_t *file;           /* NULL: not yet */
	size_t len;
	uint8_t id[SERIES_ID_SIZE];
	uint32_t count, shown; /* frames; how many were shown, in all rounds */
	int64_t due_ms;        /* of the next, monotonic */
};

struct kiosk {
	const struct options *options;
	char *own_data_dir; /* a rehearsal's, removed at the end; NULL */
	struct event *event;
	const struct event_venue *venue;
	struct venues venues;
	struct admission_rules rules;
	struct pins pins;
	bool has_pins;
	int64_t clock_floor_ms;
	bool time_set;
	struct when time;

	struct desk desk;
	bool log_open;
	struct clerk *clerk;
	struct lens *lens;
	struct wand *wand;
	struct porter *porter;
	struct printing *printing; /* NULL: no badge printer */
	struct stick *stick;       /* NULL: sticks are not looked for */
	struct kiosk_series series;
	struct device_key *key;   /* NULL: its disk has none to give */
	struct broker_host *host; /* NULL: this box is nobody's broker */
	struct post *post;        /* NULL: no broker is known; then there is no courier */
	struct courier *courier;
	struct courier_setup courier_setup;
	char ca_path[PATH_MAX], client_path[PATH_MAX];
	struct fleet_venue *moved; /* what the courier says, by a rehearsal's clock */
	struct lamps *lamps;
	struct ui *ui;

	struct code_text incoming, held;
	struct wand_message waiting; /* a scan that the desk could not take yet */
	bool has_waiting;
	bool pin_asked, search_asked;
	struct ticket found[SCREEN_FOUND_MAX]; /* as the desk lists them */
	size_t found_count;
	struct porter_reply porter_reply;
	uint8_t lamps_on;
	int64_t lamps_retry_ms;
	uint32_t told_faults;
	enum control focus;
	bool dirty;
	uint32_t view_number;
	uint8_t view[VIEW_WIDTH_MAX * VIEW_HEIGHT_MAX];
	struct lens_message lens_message;
	struct clerk_request request;
	struct clerk_reply reply;

	bool (*news)(void *context);
	void *news_context;

	kiosk_verdict *on_verdict;
	void *verdict_context;
};

/* Steps the desk with one event and carries its effects out. */
void kiosk_give(struct kiosk *k, struct desk_event *event);

/* Tells the desk that these faults are now so. */
void kiosk_faults(struct kiosk *k, uint32_t mask, uint32_t on);

/* Sticks: looks for them, and takes what they have to say. */
void kiosk_open_stick(struct kiosk *k);
void kiosk_take_stick(struct kiosk *k);
/* Whose log a copy is of, and to whom it is sealed. */
void kiosk_stick_setup(struct kiosk *k, struct stick_setup *out);

/* The log as codes: begins, goes on, ends. */
void kiosk_show_series(struct kiosk *k);
void kiosk_take_series(struct kiosk *k);
void kiosk_end_series(struct kiosk *k);

/* The sync, around the clerk's life: before it starts, after, before it ends, after. */
void kiosk_open_sync(struct kiosk *k);
void kiosk_start_sync(struct kiosk *k);
void kiosk_stop_sync(struct kiosk *k);
void kiosk_close_sync(struct kiosk *k);

/* Takes what the courier has to say. */
void kiosk_take_sync(struct kiosk *k);

/* Takes one clerk's answer in. */
void kiosk_take_reply(struct kiosk *k, const struct clerk_reply *reply);

#endif
