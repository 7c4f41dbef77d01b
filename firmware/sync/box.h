/* A box's side of the sync, as a pure state machine: inputs in (connected, a message, a row became
 * durable, time), effects out (publish, subscribe, store, tell). No thread, no clock, no network,
 * no disk; a thousand of them run inside one test. app/courier.c is the thin port around it.
 *
 * What it holds to:
 *  - A row leaves the queue only when a collector says that it has COMMITTED it. A broker's own
 *    acknowledgement only makes room for the next message.
 *  - Nothing is published while there is no connection, and nothing is lost by that: the log is the
 *    queue.
 *  - Whatever is missing of a chain is asked for, and sent by whoever has it.
 *  - Nothing depends on a retained message, on the order of messages or on each coming once.
 * One thread at a time for each. */
#ifndef PARVIS_SYNC_BOX_H
#define PARVIS_SYNC_BOX_H

#include "base/when.h"
#include "sync/message.h"

enum sync_reach {
	REACH_VENUE, /* rows go to the doors of the same venue */
	REACH_EVENT, /* to every box of the event: for at most 64 venues, and the default there */
};

struct sync_setup {
	char event[ID_SIZE], venue[ID_SIZE], door[ID_SIZE];
	char program[32];
	enum sync_reach reach;
	struct chain self; /* the chain that is written now */
	uint8_t key[DEVICE_KEY_SIZE];
	/* Signs the bytes of batch_head_bytes(). */
	void (*sign)(
		void *context, const uint8_t bytes[HEAD_BYTES], uint8_t out[DEVICE_SIGNATURE_SIZE]);
	void *sign_context;
	uint32_t capacity_seats;
	uint64_t seed;                 /* of jitter: any value, another for each box */
	const char (*venues)[ID_SIZE]; /* of the event: what the fleet lists, in this order */
	size_t venue_count;
};

enum sync_input_kind {
	SYNC_UP,        /* connected; `local`: not the event's own broker. A new session: the broker
			   may have forgotten everything */
	SYNC_DOWN,      /* `refused`: it does not want us */
	SYNC_GRANTED,   /* the answer to a SUBSCRIBE: `id`, `refused` */
	SYNC_PUBLISHED, /* the broker has taken `id` */
	SYNC_MESSAGE,   /* topic, payload */
	SYNC_CHAIN,     /* at the start, once for each chain that is here: `chain`, `held`, `safe`;
			   `own`: these rows are in the log, not among the peers' (a chain with rows
			   in both comes twice); `current`: it is the one that is written from now
			   on, after every opening of the log */
	SYNC_COMMITTED, /* rows of `self` up to number `seq` are durable; `latest` stamp, `figures`
			 */
	SYNC_FETCHED,   /* the answer to FETCH: `batch` (count 0: nothing there), for `chain` */
	SYNC_STORED, /* the answer to STORE `id`: `held` of `chain` now; `failed`: nothing was kept;
			`twin`: it contradicts what is held */
	SYNC_TICK,   /* the time that TIMER asked for has come */
};

/* What the box itself counts, for its `count` message. */
struct sync_figures {
	/* Of its venue, as it knows it: all rows that are here. */
	int64_t present, people;
	uint64_t entries, last_ten, ten_before;
	/* Of its own chains, kept by sync_figures_row(). */
	uint32_t counters;
	struct message_counter at[MESSAGE_CHAINS_MAX];
	uint32_t moved_count;
	struct message_moved moved[MESSAGE_MOVED_MAX];
	int64_t oldest_queued_ms;
	uint32_t pairs;
};

/* Folds one row of a chain of our own into counters and moved; in the order of its chain. Where
 * there is no room for another chain or venue, the oldest gives way. */
void sync_figures_row(struct sync_figures *f, const struct row *row);

struct sync_input {
	enum sync_input_kind kind;
	struct when now;
	bool local, refused, failed, twin, own, retained, current;
	int id;
	const char *topic;
	const void *payload;
	size_t size;
	struct chain chain;
	struct ranges held, safe;
	uint64_t seq, latest;
	const struct sync_figures *figures;
	const struct batch *batch;
};

enum sync_effect_kind {
	SYNC_PUBLISH, /* answer SYNC_PUBLISHED `id` when the broker has taken it */
	SYNC_SUBSCRIBE,
	SYNC_UNSUBSCRIBE,
	SYNC_TIMER,  /* at monotonic `at_ms`, a SYNC_TICK; replaces the one before */
	SYNC_FETCH,  /* rows of `chain` from `first` on, at most `count`; answer SYNC_FETCHED. Rows
			of  this device come unsigned out of the log; others, and what only peers.db
			has  of our own, as they were signed, and so perhaps more: peers_fetch() */
	SYNC_STORE,  /* keep `batch`, which is good; answer SYNC_STORED with `id` */
	SYNC_SAFE,   /* remember: a collector has committed `ranges` of our `chain` */
	SYNC_FLEET,  /* the view of the venues has changed: sync_fleet() */
	SYNC_STATUS, /* so has sync_status() */
	SYNC_NEW_EPOCH,  /* somebody has rows of ours that this box does not: it was rolled back.
			    Close the log and open it anew; then a SYNC_CHAIN with `own` and
			    `current` says the new self */
	SYNC_SEEN_STAMP, /* a peer's hybrid clock `stamp`: the log's next rows come after it */
	SYNC_REFUSED,    /* for the service log: something was refused, `why`; once for each reason
			    until the next SYNC_UP */
};

/* Why something that was heard, or was to be sent, was refused. */
enum sync_refusal {
	SYNC_REFUSED_VERSION,  /* of another version of the protocol */
	SYNC_REFUSED_FORM,     /* no message, or not of its topic */
	SYNC_REFUSED_EVENT,    /* of another event */
	SYNC_REFUSED_BATCH,    /* batch_check() */
	SYNC_REFUSED_TWIN,     /* contradicts rows that are held */
	SYNC_REFUSED_FULL,     /* no room for another box, chain or venue */
	SYNC_REFUSED_BUSY,     /* too much at once: it will be asked for again */
	SYNC_REFUSED_UNSIGNED, /* rows of an earlier identity of ours, which nobody has signed */
	SYNC_REFUSALS
};

/* For logs. */
extern const char *const sync_refusal_texts[SYNC_REFUSALS];

/* How much a box keeps in mind at most; beyond it refuses (SYNC_REFUSED_FULL). */
#define SYNC_PEERS_MAX  1024
#define SYNC_CHAINS_MAX 4096

/* How many rows of others it keeps: of one device, more than a door has in a week, and of all. Who
 * makes devices up fills no disk with them. */
#define SYNC_DEVICE_ROWS_MAX 200000
#define SYNC_ROWS_MAX        2000000

struct sync_effect {
	enum sync_effect_kind kind;
	int id;
	const char *topic;
	const void *payload;
	size_t size;
	int qos;
	bool retain;
	int64_t at_ms;
	struct chain chain;
	uint64_t first, count, stamp;
	const struct batch *batch;
	const struct ranges *ranges;
	const char *why;
};

/* Takes one effect; everything that it points to is valid during the call only. It may not step. */
typedef void sync_emit(void *context, const struct sync_effect *effect);

struct sync_box;

/* -ENOMEM. Strings of the setup are copied; venues must outlive it. */
NODISCARD int sync_box_open(struct sync_box **out, const struct sync_setup *setup);
void sync_box_close(struct sync_box *s);

void sync_box_step(
	struct sync_box *s, const struct sync_input *input, sync_emit *emit, void *context);

/* The last will, to be given to the broker when connecting: topic and payload (free()). */
char *sync_box_will(struct sync_box *s, char topic[TOPIC_SIZE], size_t *len);
/* What is to be published before a polite good-bye. */
char *sync_box_goodbye(struct sync_box *s, char topic[TOPIC_SIZE], size_t *len);

/* Venues in the order of the setup. */
size_t sync_fleet(const struct sync_box *s, const struct fleet_venue **out);
uint64_t sync_refused(const struct sync_box *s, enum sync_refusal reason);
void sync_status(const struct sync_box *s, const struct when *now, struct link_status *out);

#endif
