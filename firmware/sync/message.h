/* What boxes and collectors say to each other over MQTT 3.1.1, as topics and JSON. board/man/
 * parvis-sync.7 documents every field for readers who write no C, the schemas in assets/sync/ are
 * what a validator checks; both are the contract. Pure: bytes to values and back. Every message has
 * a limit and an exact form; what is more than it should be is refused, but for members that a
 * later minor version may add ("x-…").
 *
 *   parvis/1/EVENT/d/DEVICE/state    QoS 1, retained, and the last will
 *   parvis/1/EVENT/d/DEVICE/count    QoS 1, retained: on change, at most one in 5 s; else each 60 s
 *   parvis/1/EVENT/d/DEVICE/ev       QoS 1: rows of this device, or of another that it hands on
 *   parvis/1/EVENT/v/VENUE/DEVICE    QoS 1: "this is what I have", to the doors that share rows
 *   parvis/1/EVENT/a/DEVICE          QoS 1: what a collector has COMMITTED of this device's chains
 *   parvis/1/EVENT/a/DEVICE/ev       QoS 1: rows that a collector gives to this device, which asked
 *   parvis/1/EVENT/fleet             QoS 1: every venue, in pages of at most 100; from the second
 * page parvis/1/EVENT/fleet/PAGE        on under its number, from 1
 *
 * DEVICE is 32 hex digits. Binary values are lower-case hex; a stamp of the hybrid clock is
 * [milliseconds, counter], so that no number passes 2^53. */
#ifndef PARVIS_SYNC_MESSAGE_H
#define PARVIS_SYNC_MESSAGE_H

#include "base/cc.h"
#include "door/fleet.h"
#include "door/headcount.h"
#include "door/ranges.h"
#include "store/batch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESSAGE_VERSION    1
#define MESSAGE_EV_MAX     (16 << 10)  /* bytes of payload */
#define MESSAGE_MAX        (256 << 10) /* of any other */
#define MESSAGE_CHAINS_MAX 64          /* in one `have`, `ack` or `count` */
#define MESSAGE_MOVED_MAX  64          /* in one `count` */
#define MESSAGE_FLEET_PAGE 100         /* venues */
#define TOPIC_SIZE         160

enum topic_kind {
	TOPIC_STATE,
	TOPIC_COUNT,
	TOPIC_EV,
	TOPIC_HAVE,
	TOPIC_ACK,
	TOPIC_FLEET,
	TOPIC_GIVEN,
	TOPIC_KINDS
};

struct topic {
	enum topic_kind kind;
	char event[ID_SIZE];
	uint8_t device[DEVICE_ID_SIZE]; /* not FLEET */
	char venue[ID_SIZE];            /* HAVE */
	uint32_t page;                  /* FLEET */
};

void topic_write(const struct topic *t, char out[TOPIC_SIZE]);
NODISCARD bool topic_read(struct topic *out, const char *text);

/* A filter that takes all of a kind: of every device ("+"), and for HAVE of `venue` or of every one
 * where it is NULL. */
void topic_filter(enum topic_kind kind, const char *event, const char *venue, char out[TOPIC_SIZE]);

/* --- state --- */

struct message_state {
	bool online; /* false: the last will, or a good-bye (`leaving`) */
	bool leaving;
	char venue[ID_SIZE], door[ID_SIZE];
	char program[32]; /* version */
	uint32_t epoch;
	uint8_t key[DEVICE_KEY_SIZE];
	int64_t wall_ms; /* of the sender */
	enum trust trust;
};

/* --- count --- */

/* What one chain adds to its venue: counters that only grow, and one pair for ±1. present =
 * in − out + plus − minus − undone_in + undone_out, less the guests whom other venues have seen
 * (message_moved). */
struct message_counter {
	uint32_t epoch;
	char venue[ID_SIZE];
	uint64_t rows; /* highest number */
	uint64_t in, out, walk_ins, refused, plus, minus, undone_in, undone_out, undone_walk_ins;
	int64_t last_ms; /* of the newest entry; 0 = none */
};

/* Guests counted out of venue `from` because this chain saw them enter its own. */
struct message_moved {
	uint32_t epoch;
	char from[ID_SIZE];
	uint64_t guests, undone;
};

struct message_count {
	char venue[ID_SIZE], door[ID_SIZE];
	int64_t wall_ms;
	enum trust trust;
	uint64_t stamp; /* hybrid clock */
	uint64_t queued;
	int64_t present, people; /* the venue's, as this box knows it: for readers who only look */
	uint64_t entries;
	uint32_t capacity_seats;
	uint64_t last_ten, ten_before;
	uint32_t counters;
	struct message_counter at[MESSAGE_CHAINS_MAX];
	uint32_t moved_count;
	struct message_moved moved[MESSAGE_MOVED_MAX];
};

/* --- have, ack --- */

struct message_chain {
	struct chain chain;
	struct ranges have;
};

/* HAVE: what the sender has of each of these chains, its own too; of others it says nothing. With
 * `asks`, who has more of them is asked to send it. ACK: what this collector has committed of one
 * device's chains; whatever is not in `have` there, that device sends again. */
struct message_chains {
	bool from_collector;
	uint8_t sender[16]; /* device; a collector's own random id */
	uint32_t epoch;     /* that the sender writes now; a collector: 0 */
	bool asks;
	int64_t wall_ms;
	uint64_t stamp;
	enum trust trust;
	uint32_t count;
	struct message_chain at[MESSAGE_CHAINS_MAX];
};

/* --- fleet --- */

struct message_fleet {
	uint8_t collector[16];
	int64_t wall_ms;
	uint32_t page, pages;
	/* Of the whole event. */
	int64_t present;
	uint64_t entries, people;
	uint32_t count;
	struct fleet_venue at[MESSAGE_FLEET_PAGE]; /* heard_mono_ms 0; aged_ms as of wall_ms */
};

/* Writers give JSON text for free(), with its length, or NULL without memory. */
char *message_write_state(const struct message_state *m, size_t *len);
char *message_write_count(const struct message_count *m, size_t *len);
char *message_write_chains(const struct message_chains *m, size_t *len);
char *message_write_fleet(const struct message_fleet *m, size_t *len);

/* As many of the batch's rows as one message holds: *used says how many. A text of fewer than
 * b->count is of no use: the signature is of the last. Its own device signs the shorter batch and
 * writes that; another one hands on a shorter stretch. */
char *message_write_batch(const struct batch *b, size_t *len, size_t *used);

/* Readers: false for what is not exactly one. The reason is for logs: no value of the message is in
 * it. */
struct message_why {
	bool version; /* of another version of the protocol than this: refused calmly */
	char text[96];
};
NODISCARD bool message_read_state(
	struct message_state *out, const void *json, size_t len, struct message_why *why);
NODISCARD bool message_read_count(
	struct message_count *out, const void *json, size_t len, struct message_why *why);
NODISCARD bool message_read_chains(
	struct message_chains *out, const void *json, size_t len, struct message_why *why);
NODISCARD bool message_read_fleet(
	struct message_fleet *out, const void *json, size_t len, struct message_why *why);

/* The rows come with their `before` and `hash` worked out anew from the first row's `before`; the
 * caller then looks with batch_check() whether the signature holds. */
NODISCARD bool message_read_batch(struct batch *out, struct row rows[BATCH_ROWS_MAX],
	const void *json, size_t len, struct message_why *why);

#endif
