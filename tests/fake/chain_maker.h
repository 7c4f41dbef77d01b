/* Makes chains of rows as a box would write them, without a log: numbered, chained, signed. One
 * thread; what cannot be done ends the program: this is for tests. */
#ifndef PARVIS_TESTS_FAKE_CHAIN_MAKER_H
#define PARVIS_TESTS_FAKE_CHAIN_MAKER_H

#include "store/batch.h"
#include "store/device_key.h"

struct chain_maker {
	struct device_key *key;
	struct row last; /* the newest; seq 0: none yet */
	char venue[ID_SIZE], door[ID_SIZE];
};

/* A device whose key is this byte 32 times. Release with chain_maker_close(). */
void chain_maker_open(
	struct chain_maker *m, uint8_t seed, uint32_t epoch, const char *venue, const char *door);
void chain_maker_close(struct chain_maker *m);

/* The next row of the chain: an ADMIT of the ticket that is this number in each of its bytes (0:
 * a guest without one), one second after the row before. */
struct row chain_maker_entry(struct chain_maker *m, uint32_t ticket);

/* Completes a row whose kind, verdict, direction, ticket, … the caller has set: number, stamp
 * (unless it has a later one), place, moment (unless it has one) and hashes. */
void chain_maker_append(struct chain_maker *m, struct row *row);

void chain_maker_ticket(uint8_t out[TICKET_HASH_SIZE], uint32_t number);

/* The rows as a batch that is signed. */
struct batch chain_maker_batch(const struct chain_maker *m, const struct row *rows, size_t count);

#endif
