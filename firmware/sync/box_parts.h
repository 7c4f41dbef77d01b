/* What the files of box.h share. */
#ifndef PARVIS_SYNC_BOX_PARTS_H
#define PARVIS_SYNC_BOX_PARTS_H

#include "sync/box.h"

#define FLIGHT_MAX    4   /* batches between FETCH and the broker's acknowledgement */
#define STORES_MAX    16  /* batches being stored */
#define SENT_MAX      256 /* batches whose sending is remembered */
#define FLEET_ALL_MAX 64  /* venues up to which every box hears every count */
#define OWN_NAMES_MAX 16  /* identities that this box has had */
#define CLOCKS_MAX    16
#define TELLERS_MAX   4

#define HEAR_MS       180000 /* silent for longer: not there */
#define HAVE_MS       30000
#define COUNT_MS      60000
#define COUNT_SOON_MS 5000
#define LOST_MS       15000 /* without progress for so long: what was sent is taken for lost */
#define FLIGHT_MS     20000 /* the broker's acknowledgement is not waited for longer */
#define NO_ACK_MS     60000
#define CLOCK_OFF_MS  60000
#define BUDGET_MAX    20 /* batches sent because they were asked for, in BUDGET_MS */
#define BUDGET_MS     10000

/* One chain of which rows are here or somewhere. */
struct known_chain {
	struct chain id;
	bool own;   /* its rows are in our log, 1 … `logged` */
	bool stuck; /* own, and nobody can sign it */
	bool fresh; /* has changed since our last `have` */
	uint64_t logged;
	struct ranges held;   /* durable here, in the log or among the peers' */
	struct ranges safe;   /* own: committed by a collector */
	struct ranges exists; /* somebody says to have it */
	/* Own rows that went out since SYNC_UP and are not taken for lost. */
	struct ranges sent;
	uint64_t urgent;     /* own: rows from here on were committed while connected; 0 = none */
	int64_t progress_ms; /* last sent, or acknowledged */
	unsigned lost_times;
	/* What others lack, and when it is sent. */
	struct ranges wanted;
	int64_t wanted_at_ms;
	/* The lowest number that is missing here, and when it is asked for. */
	uint64_t gap;
	int64_t ask_at_ms;
	unsigned asked;
};

struct flight {
	enum { FLIGHT_FREE, FLIGHT_FETCHING, FLIGHT_OUT } at;
	struct chain chain;
	uint64_t first, most; /* asked for */
	int id;
	int64_t since_ms;
};

struct store_under_way {
	int id; /* 0: free */
	struct chain chain;
	uint64_t first, last;
};

struct sent_batch {
	struct chain chain;
	uint64_t first, last, serial;
	int64_t at_ms;
};

/* Of one sender's messages, to tell a wrong clock from an old message. */
struct pace {
	int64_t mono_ms, wall_ms; /* when one came, and when it was written; 0 = none */
	bool steady;              /* it came in time */
};

/* One other box; also this one's own device where somebody speaks as it. */
struct peer {
	uint8_t device[DEVICE_ID_SIZE];
	char venue[ID_SIZE];
	uint32_t epoch;
	bool online, gone; /* gone: its last will or a good-bye was the last word */
	bool subscribed;
	bool is_live; /* heard_ms is of a message that was not retained */
	int64_t heard_ms;
	int64_t asked_ms; /* when it last asked for rows */
	/* Of its counts. */
	bool has_count;
	uint64_t stamp;
	int64_t count_mono_ms, count_aged_ms; /* when, and how old it was then */
	int64_t count_wall_ms;                /* as it says itself */
	struct pace pace;
	uint64_t queued, last_ten, ten_before;
	int64_t people;
	uint32_t counters, moved_count;
	struct message_counter *at;
	struct message_moved *moved;
};

/* A venue as a collector tells it. */
struct told_venue {
	struct fleet_venue figure;
};

/* A collector whose summaries are heard. */
struct teller {
	uint8_t collector[16];
	struct pace pace;
};

struct clock_seen {
	uint8_t sender[16];
	int64_t off_ms, mono_ms;
	enum trust trust;
};

struct sync_box {
	struct sync_setup setup;
	uint64_t dice;
	struct when now;
	sync_emit *emit;
	void *context;
	int last_id;

	bool up, was_up, refused, local;
	bool denied, denied_now; /* a subscription; of those under way */
	unsigned subscribing;
	int64_t subscribed_ms;
	/* Whether others' rows are subscribed to: not while a backlog of our own goes out, or the
	 * acknowledgements for it would queue behind the backlogs of everybody else. */
	bool hears_rows;
	int64_t flow_ms;     /* when the latest batch of a backlog came */
	bool collector_here; /* heard since SYNC_UP */
	int64_t up_ms, opened_ms, self_ms;
	bool wants_epoch;
	int64_t epoch_ms; /* when a new epoch was last asked for; 0 = never */

	struct known_chain *chains;
	size_t chain_count, chain_room;
	size_t self;   /* index of the chain that is written */
	size_t rumour; /* where the next chain that gives way is looked for */
	struct peer *peers;
	size_t peer_count, peer_room;

	struct flight flights[FLIGHT_MAX];
	struct store_under_way stores[STORES_MAX];
	struct sent_batch sent[SENT_MAX];
	uint64_t serial;
	bool may_send; /* something may have become sendable */
	int budget;
	int64_t budget_ms;
	char own_names[OWN_NAMES_MAX][2 * DEVICE_ID_SIZE + 1];

	struct sync_figures figures;
	uint64_t latest; /* stamp */
	bool count_due, count_lazy;
	int64_t counted_ms, have_at_ms, full_at_ms, full_ms, asked_ms;
	unsigned haves;

	int64_t collector_ms; /* last heard; 0 = never */
	int64_t acked_ms;     /* last acknowledgement of anything of ours */
	int64_t unacked_ms;   /* since when something that went out waits for one; 0 = nothing */
	struct clock_seen clocks[CLOCKS_MAX];
	size_t clock_next;
	int64_t clock_base_ms;
	int64_t twin_ms, twin_wall_ms, twin_seen_ms; /* sure since; the latest evidence */

	struct fleet_venue *fleet; /* what sync_fleet() gives */
	struct told_venue *told;
	struct teller tellers[TELLERS_MAX];
	bool fleet_dirty;
	int64_t fleet_at_ms;

	struct link_status status;
	enum link_state state;
	int64_t since_ms;
	int64_t timer_ms; /* as given to the port; 0 = none */

	uint64_t refusals[SYNC_REFUSALS];
	bool refusal_told[SYNC_REFUSALS];

	/* Room for one message at a time, so that no step needs a large stack. */
	struct message_chains chains_in, chains_out;
	struct message_count count_in, count_out;
	struct message_fleet fleet_in;
	struct row rows[BATCH_ROWS_MAX];
};

/* --- box.c --- */

uint64_t box_dice(struct sync_box *s, uint64_t below);
void box_refuse(struct sync_box *s, enum sync_refusal reason, const char *detail);
bool box_is_self(const struct sync_box *s, const uint8_t device[DEVICE_ID_SIZE]);
/* Takes over `text`; gives the id. */
int box_publish(struct sync_box *s, const char *topic, char *text, size_t len, bool retain);
void box_subscribe(struct sync_box *s, const char *topic);
void box_subscribe_rows(struct sync_box *s, struct peer *p);
void box_subscribe_acks(struct sync_box *s, const uint8_t device[DEVICE_ID_SIZE]);
void box_saw_stamp(struct sync_box *s, uint64_t stamp);

/* --- box_chains.c --- */

/* NULL: not known, or no room (refused) or memory. Pointers are good until the next _add. */
struct known_chain *box_chain(struct sync_box *s, const struct chain *id);
struct known_chain *box_chain_add(struct sync_box *s, const struct chain *id);
struct peer *box_peer(struct sync_box *s, const uint8_t device[DEVICE_ID_SIZE]);
struct peer *box_peer_add(struct sync_box *s, const uint8_t device[DEVICE_ID_SIZE]);
/* Somebody has these; what of them is missing here will be asked for. */
void box_exists(struct sync_box *s, struct known_chain *c, const struct ranges *have);
/* Looks anew for what is missing of a chain. */
void box_look_for_gap(struct sync_box *s, struct known_chain *c);
void box_unsafe(const struct known_chain *c, struct ranges *out);
uint64_t box_queued(const struct sync_box *s);

/* --- box_send.c --- */

void box_send_reset(struct sync_box *s); /* a new session */
void box_pump(struct sync_box *s);
void box_fetched(struct sync_box *s, const struct chain *id, const struct batch *b);
void box_published(struct sync_box *s, int id);
/* A collector has `have` of our chain c: what it lacks is sent, but for what is on its way. */
void box_acked(struct sync_box *s, struct known_chain *c, const struct ranges *have);
/* A peer or collector has `have` of chain c and asks for more; `again`: its device has not
 * answered.
 */
void box_asked(struct sync_box *s, struct known_chain *c, const struct ranges *have, bool again);
/* These rows were heard from somebody: whoever asked for them has heard them too. */
void box_was_sent(struct sync_box *s, struct known_chain *c, uint64_t first, uint64_t last);
void box_send_tick(struct sync_box *s);
int64_t box_send_due(const struct sync_box *s);

/* --- box_tell.c: state, count, have --- */

void box_tell_state(struct sync_box *s);
void box_tell_count(struct sync_box *s);
void box_tell_full(struct sync_box *s);
void box_tell_soon(struct sync_box *s); /* everything, before long: a new peer has been heard */
void box_tell_tick(struct sync_box *s);
int64_t box_tell_due(const struct sync_box *s);

/* --- box_hear.c --- */

void box_hear(struct sync_box *s, const struct sync_input *input);
void box_stored(struct sync_box *s, const struct sync_input *input);

/* --- box_fleet.c --- */

NODISCARD int box_fleet_open(struct sync_box *s);
void box_heard_count(
	struct sync_box *s, struct peer *p, const struct message_count *m, bool retained);
void box_heard_fleet(struct sync_box *s, const struct message_fleet *m);
void box_fleet_tick(struct sync_box *s);

/* --- box_status.c --- */

void box_saw_clock(struct sync_box *s, const uint8_t sender[16], int64_t wall_ms, enum trust trust);
/* Somebody speaks as this device, in another epoch. */
void box_saw_twin(struct sync_box *s, int64_t wall_ms);
void box_status_tick(struct sync_box *s);

#endif
