/* The collector's side of the sync, as a pure state machine like sync/box.h: rows in, COMMIT, then
 * the acknowledgement of exactly what was committed; the fleet's summary out; rows given back to
 * boxes that lack them and find them nowhere else. Several may run at once: each acknowledges what
 * is in its own store, and asks for what is not. */
#ifndef PARVIS_SYNC_COLLECTOR_H
#define PARVIS_SYNC_COLLECTOR_H

#include "sync/box.h"

struct collector_setup {
	char event[ID_SIZE];
	uint8_t id[16]; /* random, of this run */
	uint64_t seed;
	const char (*venues)[ID_SIZE];
	const uint32_t *capacities;
	size_t venue_count;
	int fleet_every_ms;     /* 0 = 5000 */
	size_t batches_max;     /* handed over in one STORE; 0 = 64 */
	unsigned under_way_max; /* messages that the broker has not taken yet: what is more waits
				   until a step tells of fewer; 0 = any number */
};

enum collector_input_kind {
	COLLECT_UP,
	COLLECT_DOWN,
	COLLECT_GRANTED,
	COLLECT_MESSAGE,
	COLLECT_CHAIN,   /* at the start, once for each chain in the store: `chain`, `held` */
	COLLECT_ROW,     /* at the start, once for each row in the store: for the figures */
	COLLECT_STORED,  /* the answer to STORE `id`: `held` of each chain that it touched, in
			    COLLECT_CHAIN inputs before this one; `failed`: nothing was committed */
	COLLECT_FETCHED, /* the answer to FETCH: `batch`, as it was signed; count 0: nothing there
			  */
	COLLECT_TICK,
};

struct collector_input {
	enum collector_input_kind kind;
	struct when now;
	unsigned under_way; /* of every input: messages that the broker has not taken yet */
	bool refused, failed, retained;
	int id;
	const char *topic;
	const void *payload;
	size_t size;
	struct chain chain;
	struct ranges held;
	const struct row *row;
	const struct batch *batch;
};

enum collector_effect_kind {
	COLLECT_PUBLISH,
	COLLECT_SUBSCRIBE,
	COLLECT_TIMER,
	COLLECT_STORE,   /* COMMIT these batches; one STORE is under way at a time, and they are
			    valid until its COLLECT_STORED */
	COLLECT_FETCH,   /* rows of `chain` from number `first` on, at most `count` or, where its
			    device has signed none of these, more: night_stretch(). One is under way
			    at a time; answer COLLECT_FETCHED */
	COLLECT_REFUSED, /* a batch that cannot be kept: `why` for logs, `chain`; the port tells a
			    person */
	COLLECT_STATUS,  /* collector_boxes() has changed */
};

struct collector_effect {
	enum collector_effect_kind kind;
	int id;
	const char *topic;
	const void *payload;
	size_t size;
	int qos;
	bool retain;
	int64_t at_ms;
	const struct batch *batches;
	size_t batch_count;
	struct chain chain;
	uint64_t first, count;
	enum batch_wrong why;
};

typedef void collector_emit(void *context, const struct collector_effect *effect);

struct collector;

NODISCARD int collector_open(struct collector **out, const struct collector_setup *setup);
void collector_close(struct collector *c);
void collector_step(struct collector *c, const struct collector_input *input, collector_emit *emit,
	void *context);

/* One box as the collector knows it: for the progress that a person sees. */
struct collector_box {
	uint8_t device[DEVICE_ID_SIZE];
	char venue[ID_SIZE], door[ID_SIZE];
	bool online;
	uint64_t rows, queued; /* committed here; what it says it still has */
	int64_t lag_ms; /* of the newest committed row: its receipt minus its writing, both by
			   clocks that may differ: clock_off_ms */
	int64_t clock_off_ms, heard_mono_ms;
	bool rejected; /* not one of this event's boxes, or shut out */
};

size_t collector_boxes(const struct collector *c, const struct collector_box **out);

/* Rows that box `i` of collector_boxes() has written, as far as anybody has told, and that are not
 * committed here: some that others hold or acknowledged, or what a box that is online says to wait.
 * 0 for boxes that may not speak. */
uint64_t collector_missing(const struct collector *c, size_t i);

/* Nothing is under way, and nothing is missing of any box. */
bool collector_drained(const struct collector *c);

/* What this connection's broker lets through. A refusal may be silent in MQTT 3.1.1, so a collector
 * also speaks to itself. */
enum collector_hearing { COLLECTOR_WAITS, COLLECTOR_HEARS, COLLECTOR_REFUSED };
enum collector_hearing collector_hearing(const struct collector *c);

/* Figures of a venue and of the event, folded from the rows (see door/headcount.h). people:
 * distinct tickets and walk-ins. */
struct collector_figures {
	int64_t present;
	uint64_t entries, people, last_ten, ten_before;
};
NODISCARD bool collector_venue(
	const struct collector *c, const char *venue, struct collector_figures *out);
void collector_event(const struct collector *c, struct collector_figures *out);

/* Tells whether a device may speak: the port's list of boxes and of those shut out. NULL: every
 * one. */
void collector_set_known(struct collector *c,
	bool (*known)(void *context, const uint8_t device[DEVICE_ID_SIZE]), void *context);

#endif
