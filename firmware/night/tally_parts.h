/* Inside night/: a tally's parts. */
#ifndef PARVIS_NIGHT_TALLY_PARTS_H
#define PARVIS_NIGHT_TALLY_PARTS_H

#include "night/tally.h"
#include "store/sorter.h"

/* Entries that an UNDO may still take back: the last ones of the chain. An older one is taken out
 * of the figures at the moment of the UNDO. */
#define RECENT 65536

#define VENUE_SLOTS 32768 /* of the table of names; a power of two above FIGURES_VENUES_MAX */

/* Gaps of a door by tenths of a second, the last one for all above. */
#define PACE_STEP_MS 100
#define PACE_STEPS   6000

struct recent {
	uint64_t seq;
	uint32_t slot;
	uint16_t venue;
	uint8_t kind, verdict;
	bool entry, badge, overridden;
};

#define MOVES_ROOM_MAX (1U << 21) /* half of it pairs of venues, at most */

struct tally_move {
	uint16_t from, to;
	bool used;
	uint32_t count;
};

struct tally_moves {
	struct tally_move *at;
	uint32_t room, count; /* room: 0 or a power of two */
};

struct pace { /* of a door */
	int64_t minute;
	uint32_t in_minute;
	uint32_t *gaps;
	uint64_t gap_total;
};

struct receipt {
	uint64_t first, last;
	int64_t received_ms;
};

/* What the current chain is up to. */
struct chain_state {
	bool begun;
	uint8_t device[DEVICE_ID_SIZE];
	uint32_t epoch;
	uint64_t seq, signed_to;
	uint32_t rank; /* chains in order */
	uint8_t hash[ROW_HASH_SIZE];
	uint16_t venue;
	size_t door, box;
	bool seen; /* a row of it */
	uint8_t boot[BOOT_ID_SIZE];
	int64_t mono_ms, wall_ms;
	bool entry_seen;
	uint8_t entry_boot[BOOT_ID_SIZE];
	int64_t entry_mono_ms;
	struct receipt *receipts;
	size_t receipt_count, receipt_room, receipt_at;
	bool out; /* the row before waited for its link */
};

struct tally {
	const struct event *event;
	struct figures *f;
	int64_t until_ms;
	struct figures_venue venues[FIGURES_VENUES_MAX + 1];
	struct figures_slot *slots;
	struct tally_moves moves;
	uint32_t venue_count;
	uint16_t names[VENUE_SLOTS]; /* 1 + place */
	struct recent *recent;
	struct pace *paces;
	size_t door_room, box_room, gap_room, outage_room, broken_room, pair_room;
	struct chain_state chain;
	struct sorter *by_time, *by_ticket;
	char (*door_names)[ID_SIZE]; /* of places at doors, for pairs */
	uint32_t door_name_count, door_name_room;
	uint8_t (*devices)[DEVICE_ID_SIZE]; /* by rank of chain */
	uint32_t *epochs;
	uint32_t chain_count, chain_room;
	bool other; /* a venue had no room */
};

#define NO_SLOT UINT32_MAX

/* Room for one more of an array: *at grows. -ENOMEM. */
NODISCARD int tally_room(void **at, size_t *room, size_t count, size_t size);

/* The venue of that name, made where there is none. */
uint16_t tally_venue(struct tally *t, const char *id);

uint32_t tally_slot(const struct tally *t, int64_t ms);
int64_t tally_ms(const struct tally *t, const struct row *row);

/* tally_box.c: what a row says of its box, its clock, link and door. */
NODISCARD int tally_box_begin(struct tally *t, const struct night_chain *chain, uint64_t promised);
NODISCARD int tally_box_row(struct tally *t, const struct row *row);
void tally_box_finish(struct tally *t);

/* tally_moves.c: one more from a venue to another, or one less. -ENOMEM. */
NODISCARD int tally_move(struct tally *t, uint16_t from, uint16_t to, bool back);
NODISCARD int tally_hand_over_moves(struct tally *t, struct figures *f);

/* tally_order.c: what has to be put in another order. */
NODISCARD int tally_order_row(struct tally *t, const struct row *row);
NODISCARD int tally_by_time(struct tally *t);
NODISCARD int tally_by_ticket(struct tally *t);

#endif
