/* The simulator: boxes, brokers and collectors of one event in one process, on a network, disks and
 * clocks that are made up, and that fail as a seed says. The boxes' and collectors' side of the
 * sync (sync/box.h, sync/collector.h), the decision at the door, rows, hashes and signatures are
 * the real ones. A run is a function of its seed alone: no clock, no thread, no file.
 *
 * Memory is an arena that ends with the run. One run at a time in a process. */
#ifndef PARVIS_TESTS_SIM_SIM_H
#define PARVIS_TESTS_SIM_SIM_H

#include "base/cc.h"
#include "door/ranges.h"
#include "store/batch.h"
#include "sync/collector.h"

#include <stdbool.h>
#include <stdint.h>

#define SIM_BOXES_MAX      64
#define SIM_COLLECTORS_MAX 2
#define SIM_BROKERS_MAX    3
#define SIM_PARTIES_MAX    (SIM_BOXES_MAX + 1 + SIM_COLLECTORS_MAX + 1)
#define SIM_EVENT          "nuit"
#define SIM_WALL_MS        INT64_C(1481220000000) /* 2016-12-08T18:00:00Z: time 0 of a run */

struct sim;

/* --- chance: splitmix64 --- */

uint64_t chance(struct sim *s);
uint64_t chance_below(struct sim *s, uint64_t n);
int64_t chance_between(struct sim *s, int64_t from, int64_t to);
bool chance_of(struct sim *s, unsigned per_mille);

/* --- memory --- */

void *sim_alloc(struct sim *s, size_t size); /* zeroed */
void *sim_copy(struct sim *s, const void *bytes, size_t size);

/* --- time --- */

typedef void sim_event(struct sim *s, void *who, uint64_t tag, void *what);
void sim_at(struct sim *s, int64_t at_ms, sim_event *event, void *who, uint64_t tag, void *what);

/* --- what is said --- */

#define TRACE(s, ...)                                                                              \
	do {                                                                                       \
		if ((s)->trace)                                                                    \
			sim_trace((s), __VA_ARGS__);                                               \
	} while (0)
void sim_trace(struct sim *s, const char *format, ...) PRINTF_LIKE(2, 3);

/* The first one stays. */
void sim_violated(struct sim *s, const char *property, const char *format, ...) PRINTF_LIKE(3, 4);

/* --- rows --- */

/* A row as such, once for every content. `committed`: some log has had it durably; `stored`: some
 * collector too; `held`: somebody who is still there has it (set by the check). */
struct fact {
	struct row row;
	bool committed, stored, held;
	int64_t committed_ms, spread_ms; /* by when the last of the other boxes had it */
	struct fact *next;
};

struct witness {
	uint8_t key[DEVICE_KEY_SIZE], signature[DEVICE_SIGNATURE_SIZE];
};

struct holding {
	struct chain chain;
	struct fact **fact; /* by seq − 1 */
	const struct witness **witness;
	size_t room;
	struct ranges held;
};

struct rowset {
	struct holding *at;
	size_t count, room, rows;
};

enum row_added { ROW_ADDED, ROW_KNOWN, ROW_TWIN };

struct fact *fact_of(struct sim *s, const struct row *row);
struct holding *rowset_find(const struct rowset *set, const struct chain *chain);
struct holding *rowset_of(struct sim *s, struct rowset *set, const struct chain *chain);
enum row_added rowset_add(
	struct sim *s, struct rowset *set, struct fact *fact, const struct witness *witness);
bool rowset_has(const struct rowset *set, const struct fact *fact);
/* As night_stretch() and peers_fetch() hand on. h may be NULL. */
void holding_stretch(const struct holding *h, uint64_t first, uint64_t most, struct batch *out,
	struct row rows[BATCH_ROWS_MAX]);
void rowset_clear(struct rowset *set);
struct chain chain_of(const struct row *row);
bool chain_same(const struct chain *a, const struct chain *b);

/* --- the network: MQTT 3.1.1 between a party and a broker --- */

struct conn;

struct party_hooks {
	void (*up)(void *owner, bool local);
	void (*down)(void *owner, bool refused);
	void (*granted)(void *owner, int id, bool refused);
	void (*published)(void *owner, int id);
	void (*message)(
		void *owner, const char *topic, const void *payload, size_t size, bool retained);
	/* The last will, into the arena; NULL: none. */
	const void *(*will)(void *owner, char topic[TOPIC_SIZE], size_t *size);
};

struct unacked {
	int id;
	bool rows; /* an `ev` message */
	const char *topic;
	const void *payload;
	size_t size;
	bool retain;
};

/* A client of a broker, as port/broker.h has it. */
struct party {
	struct sim *sim;
	const struct party_hooks *hooks;
	void *owner;
	char name[16];
	int number;
	int brokers[SIM_BROKERS_MAX], broker_count; /* the best first */
	bool keeps_session, running, up;
	uint32_t life;
	struct conn *conn;
	int64_t backoff_ms;
	int attempt;
	struct unacked *unacked;
	size_t unacked_count, unacked_room;
	uint64_t published_rows, published;
};

void party_start(struct party *p);
void party_stop(struct party *p, bool polite);
/* Refused where there is no connection. */
bool party_publish(struct party *p, int id, const char *topic, const void *payload, size_t size,
	int qos, bool retain);
void party_subscribe(struct party *p, int id, const char *filter);
void party_unsubscribe(struct party *p, const char *filter);

/* How it is between a party and a broker. Counters, since faults overlap. */
struct link {
	int cut_up, cut_down; /* to the broker, from the broker */
	int64_t slow_ms, jitter_ms;
	unsigned stall_per_mille, reset_per_mille, reorder_per_mille, twice_per_mille;
};

struct packet {
	enum packet_kind {
		PACKET_CONNECT,
		PACKET_CONNACK,
		PACKET_PUBLISH,
		PACKET_PUBACK,
		PACKET_SUBSCRIBE,
		PACKET_SUBACK,
		PACKET_UNSUBSCRIBE,
		PACKET_PING,
		PACKET_DISCONNECT,
	} kind;
	int id, qos;
	bool retain, refused, clean;
	const char *topic;
	const void *payload;
	size_t size;
	const char *will_topic;
	const void *will;
	size_t will_size;
};

struct lane {
	int64_t last_ms;
	struct held_packet {
		const struct packet *packet;
		struct held_packet *next;
	} * held, **held_end;
	bool waiting;
};

struct conn {
	struct party *party;
	uint32_t life;
	int broker;
	bool client_open, broker_open, established;
	struct lane up, down;
	struct session *session;
	const struct packet *connect;
	int64_t client_heard_ms, broker_heard_ms;
};

void conn_send(struct conn *c, bool to_broker, const struct packet *packet);
/* A side goes away; the other hears of it where it can. */
void conn_close_client(struct conn *c, bool tell);
void conn_close_broker(struct conn *c, bool tell);
void client_packet(struct conn *c, const struct packet *packet);
void client_lost(struct conn *c, bool refused);

/* --- brokers --- */

struct session {
	int party;
	bool clean;
	struct conn *conn;
	struct subscription {
		const char *filter;
		struct subscription *next;
	} * subscriptions;
	struct queued {
		int id;
		const struct packet *packet;
		struct queued *next;
	} * queue;
	size_t queued;
};

struct retained {
	const char *topic;
	const struct packet *packet, *first;
	struct retained *next;
};

struct broker_model {
	struct sim *sim;
	int number;
	bool up, local;
	bool no_wildcard_retained; /* RabbitMQ */
	struct session sessions[SIM_PARTIES_MAX];
	struct retained *retained;
	int next_id;
	size_t queue_max;
	unsigned lose_per_mille, twice_per_mille;
	int deaf;        /* delivers whatever is published to everybody, whatever they asked for */
	int stale;       /* gives the first retained message of a topic, not the last */
	int no_retained; /* loses retained messages */
	int denies[SIM_PARTIES_MAX], refuses[SIM_PARTIES_MAX], denies_sub[SIM_PARTIES_MAX];
};

void broker_packet(struct conn *c, const struct packet *packet);
void broker_lost(struct conn *c);
void broker_crash(struct broker_model *b, bool with_memory);
void broker_restart(struct broker_model *b);
void broker_route(struct broker_model *b, const struct packet *packet);
bool topic_matches(const char *filter, const char *topic);

/* --- boxes --- */

struct clock_model {
	int64_t offset_ms, drift_ppm;
	enum trust trust;
};

struct peers_entry {
	struct fact **facts;
	const struct witness *witness;
	size_t count;
	struct chain chain; /* SAFE */
	struct ranges safe;
};

struct safe_chain {
	struct chain chain;
	struct ranges safe;
};

#define SIM_PATIENCE 256 /* guests in a queue, fetches and stores under way */

struct box_model {
	struct party party;
	struct sync_box *machine;
	uint8_t secret[64], key[DEVICE_KEY_SIZE], device[DEVICE_ID_SIZE];
	char venue[ID_SIZE], door[ID_SIZE];
	int place;          /* which of the venues */
	bool powered, gone; /* for ever */
	bool dormant;       /* not yet there: the copy of another's card */
	int64_t booted_ms;
	uint8_t boot[BOOT_ID_SIZE];
	struct clock_model clock;
	enum doorway doorway;
	/* log.db */
	struct fact **log;
	size_t log_rows, log_room;
	struct rowset in_log;
	uint32_t epoch;
	uint64_t seq, hlc, seen;
	uint8_t head[ROW_HASH_SIZE];
	/* peers.db */
	struct peers_entry *journal;
	size_t entries, entries_room, synced;
	struct rowset peers;
	struct safe_chain *safe;
	size_t safe_count, safe_room;
	/* under way */
	struct fact *writing;
	struct wish *first_wish, **last_wish;
	size_t wishes;
	uint64_t timer;
	int fetching, storing;
	uint32_t disk; /* counts openings of the disk: what an earlier one answers is nobody's */
	int64_t slow_disk_ms;
	int full_disk;
	bool newer;   /* a later version: its messages have members that nobody here knows */
	bool reopen;  /* the log is to be opened anew once the row that is being written is done */
	int reopened; /* how often somebody knew of rows of ours that we had lost */
	struct headcount *counts; /* by venue: log and peers */
	uint64_t *shown;          /* entries that it showed last, by venue */
	uint8_t *doubted;         /* for how many looks they have been too few */
	/* heard in counts since it was turned on */
	struct heard_count *unread;
	struct told_chain *told;
	size_t told_count, told_room;
	bool told_venue[SIM_BOXES_MAX];
};

/* What a guest or a volunteer does. */
struct wish {
	enum row_kind kind;
	int ticket; /* −1: none */
	int64_t amount;
	struct wish *next;
};

void box_make(struct sim *s, int number);
void box_power_on(struct box_model *b);
void box_power_cut(struct box_model *b);
void box_wish(struct box_model *b, enum row_kind kind, int ticket, int64_t amount);
void box_roll_back(struct box_model *b, size_t log_rows, size_t entries);
void box_lose_peers(struct box_model *b);
void box_tell_committed(struct box_model *b);
struct when box_now(const struct box_model *b);
void box_log_open(struct box_model *b);
int64_t box_present(const struct box_model *b, const char *venue);
void box_figures(const struct box_model *b, struct sync_figures *out);
void box_commit(struct box_model *b, struct fact *fact);
/* peers.db */
enum row_added peers_take(struct box_model *b, const struct batch *batch);
void peers_safe_of(const struct box_model *b, const struct chain *chain, struct ranges *out);
void peers_note_safe(struct box_model *b, const struct chain *chain, const struct ranges *safe);
void peers_truncate(struct box_model *b, size_t entries);

/* --- collectors --- */

struct station {
	struct party party;
	struct collector *machine;
	bool running, gone;
	int number;
	int64_t booted_ms;
	struct rowset store;
	size_t stored; /* batches' rows in order of commit, for a copy to go back to */
	struct fact **order;
	size_t order_room;
	const struct witness **order_witness;
	uint64_t timer;
	uint32_t disk;
	int storing;
	int64_t slow_disk_ms;
	int full_disk, crash_before, crash_after;
	struct clock_model clock;
	uint64_t refused;
};

void station_make(struct sim *s, int number);
void station_start(struct station *c);
void station_crash(struct station *c);
void station_roll_back(struct station *c, size_t rows);

/* --- a run --- */

struct ticket_model {
	struct ticket ticket;
};

struct fault_run {
	int kind;
	int64_t from_ms, until_ms;
	uint64_t dice;
	int target, other; /* what it hit, for its end */
};

#define SIM_FAULTS_MAX 16

struct sim {
	uint64_t seed, state;
	bool calm; /* nothing breaks */
	int64_t now_ms, heal_ms;
	bool trace;
	void (*trace_line)(void *context, const char *line);
	void *trace_context;
	/* events */
	struct sim_queued *heap;
	size_t heap_count, heap_room;
	uint64_t event_order, events;
	uint64_t digest; /* of all that happened: two runs of a seed have the same */
	struct arena_block *arena;
	/* facts */
	struct fact **facts;
	size_t fact_count, fact_room;
	struct fact *fact_index[1024];
	/* what there is */
	struct box_model *boxes;
	int box_count;
	struct station *stations;
	int station_count;
	struct broker_model brokers[SIM_BROKERS_MAX];
	int broker_count;
	struct link (*links)[SIM_BROKERS_MAX]; /* by party */
	int party_count;
	char (*venues)[ID_SIZE];
	uint32_t *capacities;
	int venue_count;
	enum sync_reach reach;
	struct ticket_model *tickets;
	int ticket_count;
	bool reentry;
	int fleet_every_ms;
	bool client_resends;
	struct party stranger;
	bool twin; /* the last box is a copy of the first */
	unsigned stranger_tampers;
	int stranger_mode;
	struct fault_run faults[SIM_FAULTS_MAX];
	int fault_count;
	/* how it went */
	const char *property;
	char violation[400];
	uint64_t messages, row_messages, rows_sent, deliveries;
	int64_t quiet_ms;
};

void stranger_make(struct sim *s);

/* The plan of a seed: how many of what, who does what when, and what breaks. */
void plan_make(struct sim *s);

/* Every kind of fault that there is. */
struct fault_kind {
	const char *name, *what;
	void (*start)(struct sim *s, struct fault_run *f);
	void (*stop)(struct sim *s, struct fault_run *f);
	bool at_once; /* has no length */
};
extern const struct fault_kind fault_kinds[];
extern const int fault_kind_count;
/* How many pairs there are, and the pair of a seed. */
int fault_pairs(void);
void fault_pair_of(uint64_t seed, int *a, int *b);
void faults_plan(struct sim *s, int64_t from_ms, int64_t until_ms);
bool faults_have(const struct sim *s, const char *name);
void faults_heal(struct sim *s);

/* Whether all has come to rest as it should; says what is not, in `why`. `property` is set to the
 * name of the property that does not hold (yet). */
bool check_settled(struct sim *s, const char **property, char why[400]);

/* What has to hold at any time: called now and then. */
void check_honest(struct sim *s);

struct sim_result {
	const char *property; /* NULL: all held */
	char violation[400];
	uint64_t digest, messages, rows, rows_sent, events;
	int64_t settled_ms; /* from the end of the faults */
	int64_t spread_ms;  /* the longest that a row took to every other box */
	uint64_t row_messages;
	int boxes;
};

typedef void sim_line(void *context, const char *line);
/* Runs a seed from beginning to end; calm: without any fault. `line` takes the trace; NULL: none.
 */
void sim_run(uint64_t seed, bool calm, sim_line *line, void *context, struct sim_result *out);

#endif
