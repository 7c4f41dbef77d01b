/* What the files of collector.h share. */
#ifndef PARVIS_SYNC_COLLECTOR_PARTS_H
#define PARVIS_SYNC_COLLECTOR_PARTS_H

#include "sync/collector.h"

#define QUEUE_MAX     1024 /* batches that wait for a STORE: 20 MB; more are asked for again */
#define STORE_MAX     256  /* batches in one STORE, whatever the setup says */
#define ACK_MS        500  /* between two acknowledgements to one device */
#define LACK_MS       4000 /* so long a box may take to send by itself what it has */
#define PEERS_AFTER   2    /* asked its owner so often: others are asked */
#define FLEET_REST_MS 60000
#define LOST_AFTER_MS 180000
#define MINUTES       32
#define ASKED_MAX     256
/* Venues up to which every box may have every row: all are told of what is held of each. */
#define COLLECTOR_ALL_MAX 64

/* Which rows of a chain are there: mostly one range, so that a million chains are not a gigabyte.
 */
struct span {
	uint32_t count;
	struct range few[2];
	struct ranges *many; /* where two are not enough */
};

struct col_chain {
	struct chain id;
	uint32_t box;
	struct span held;   /* committed */
	struct span folded; /* in the figures */
	uint64_t exists_to; /* somebody has told of rows up to here */
	bool dirty;         /* to be acknowledged */
	bool lacking;       /* in the list of those to ask for */
	unsigned asked;
	int64_t ask_ms;
	uint32_t next; /* of the same box */
};

struct col_state {
	uint32_t first_chain; /* NONE: no chain */
	int64_t acked_ms;
	bool dirty, known, live, gone, greeted;
	uint32_t epoch; /* that it named last; 0 = none */
	int32_t venue;  /* -1: not of this event, or never said */
};

struct col_venue {
	int64_t present;
	uint64_t entries, people;
	int64_t heard_ms;     /* live; 0 = never */
	int64_t last_wall_ms; /* of its rows; 0 = there is none */
	struct {
		int64_t minute;
		uint32_t entries;
	} minutes[MINUTES];
	uint64_t queued;
	uint32_t boxes, boxes_lost;
	int64_t told_ms, tell_ms, tell_wait_ms; /* what is held of boxes that are gone */
};

/* Somebody lacks rows of a chain. */
struct asked {
	uint8_t who[16];
	uint32_t chain;
	int64_t asked_ms, due_ms; /* last; 0 = free */
	struct ranges wanted;
	bool gave; /* the last that came was ours */
};

struct giving {
	uint8_t who[16];
	uint32_t chain;
	uint64_t first, most; /* most 0: nothing is under way */
	int64_t since_ms;
};

/* Open addressing: 64-bit keys, never 0. */
struct net_map {
	uint64_t *keys;
	int32_t *net;
	size_t room, used;
};

struct queued_batch {
	struct batch batch;
	struct row *rows;
};

struct page {
	bool dirty;
	int64_t sent_ms;
};

#define NONE UINT32_MAX

struct collector {
	struct collector_setup setup;
	uint64_t dice;
	struct when now;
	collector_emit *emit;
	void *context;
	int last_id;
	bool up, denied; /* a subscription */
	bool echoed;     /* what was said to ourselves since COLLECT_UP has come */
	unsigned under_way;
	int64_t up_ms, subscribed_ms, echo_ms;
	uint64_t latest; /* stamp */
	bool (*known)(void *context, const uint8_t device[DEVICE_ID_SIZE]);
	void *known_context;

	struct collector_box *boxes;
	struct col_state *states;
	size_t box_count, box_room;
	uint32_t *box_index; /* hash table of box numbers + 1 */
	size_t box_index_room;
	struct col_chain *chains;
	size_t chain_count, chain_room;
	uint32_t *lacking;
	size_t lacking_count, lacking_room;
	int64_t lacking_due_ms; /* not before, so that not every step looks at all of them */
	int64_t dirty_due_ms;
	uint32_t *dirty;
	size_t dirty_count, dirty_room;

	struct queued_batch *queue;
	size_t queue_count;
	size_t storing; /* of the queue's first: under way */
	int store_id;
	int64_t retry_ms;
	unsigned retries;
	struct batch *batches;
	struct {
		uint32_t chain;
		struct ranges held;
	} * told; /* by COLLECT_CHAIN while a STORE is under way */
	size_t told_count;

	struct col_venue *venues; /* the last: of rows whose venue is none of the event's */
	uint32_t *venue_index;
	size_t venue_index_room;
	struct net_map people;
	uint64_t event_people;
	struct page *pages;
	size_t page_count;
	int64_t summed_ms;
	bool boxes_changed;
	int64_t timer_ms;

	struct asked asked[ASKED_MAX];
	struct giving giving;
	int budget;
	int64_t budget_ms, tell_due_ms;

	struct message_chains chains_in, chains_out;
	struct message_count count_in;
	struct message_fleet fleet_out;
	struct row rows[BATCH_ROWS_MAX];
};

/* --- collector_tables.c --- */

uint64_t collector_mix(uint64_t z);
void span_get(const struct span *s, struct ranges *out);
void span_set(struct span *s, const struct ranges *r);
void span_free(struct span *s);
bool span_has_all(const struct span *s, uint64_t first, uint64_t last);
/* How many of 1 … last are not there. */
uint64_t span_missing(const struct span *s, uint64_t last);
uint64_t span_total(const struct span *s);

/* NONE: no room. Pointers into the tables are good until the next of these. */
uint32_t collector_box_of(struct collector *c, const uint8_t device[DEVICE_ID_SIZE], bool add);
uint32_t collector_chain_of(struct collector *c, const struct chain *id, bool add);
/* The number of a venue; venue_count for one that is none of the event's. */
size_t collector_venue_of(const struct collector *c, const char *id);
NODISCARD int collector_index_venues(struct collector *c);
/* Appends to a list that grows; without memory nothing happens. */
bool collector_push(uint32_t **list, size_t *count, size_t *room, uint32_t item);

/* --- collector_store.c --- */

void collector_hear_ev(
	struct collector *c, const struct topic *t, const struct collector_input *in);
void collector_next_store(struct collector *c);
void collector_stored(struct collector *c, const struct collector_input *in);
void collector_chain_told(struct collector *c, const struct collector_input *in);

/* --- collector_ack.c --- */

void collector_dirty(struct collector *c, uint32_t chain);
void collector_dirty_box(struct collector *c, uint32_t box);
/* Rows up to `to` of a chain are somewhere. */
void collector_exists(struct collector *c, uint32_t chain, uint64_t to);
void collector_ack_tick(struct collector *c);
int64_t collector_ack_due(const struct collector *c);
/* A message about chains: begun, chains added (MESSAGE_CHAINS_MAX), published. */
void collector_begin_chains(struct collector *c, bool asks);
void collector_add_chain(struct collector *c, const struct col_chain *k);
void collector_publish_chains(struct collector *c, struct topic *t);
/* Says nothing to itself, to learn whether it hears. */
void collector_echo(struct collector *c);

/* --- collector_give.c --- */

void collector_newcomer(struct collector *c, uint32_t box);
/* The sender of `m` has `have` of a chain and asks for more. */
void collector_asked(struct collector *c, const struct message_chains *m, uint32_t chain,
	const struct ranges *have);
/* Rows of a chain were heard from somebody. */
void collector_was_sent(struct collector *c, uint32_t chain, uint64_t first, uint64_t last);
void collector_fetched(struct collector *c, const struct batch *b);
void collector_give_reset(struct collector *c); /* a new connection */
void collector_give_tick(struct collector *c);
int64_t collector_give_due(const struct collector *c);

/* --- collector_figures.c --- */

void collector_fold(struct collector *c, const struct row *row);
void collector_figures_of(const struct collector *c, size_t venue, struct collector_figures *out);

/* --- collector_fleet.c --- */

void collector_venue_changed(struct collector *c, size_t venue);
void collector_fleet_tick(struct collector *c);
int64_t collector_fleet_due(const struct collector *c);

/* --- collector.c --- */

/* Whether the connection takes another message now. Where not, nothing is due before a step that
 * tells of room. */
bool collector_may_publish(const struct collector *c);

uint64_t collector_dice(struct collector *c, uint64_t below);
/* Takes over `text`. */
void collector_publish(struct collector *c, const char *topic, char *text, size_t len);

#endif
