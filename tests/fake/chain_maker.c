#include "tests/fake/chain_maker.h"

#include "base/text.h"
#include "store/log.h"

#include <string.h>

#define START_MS INT64_C(1481220000000) /* 2016-12-08T18:00:00Z */

void chain_maker_open(
	struct chain_maker *m, uint8_t seed, uint32_t epoch, const char *venue, const char *door)
{
	uint8_t bytes[32];
	*m = (struct chain_maker){ 0 };
	memset(bytes, seed, sizeof(bytes));
	int error = device_key_from_seed(&m->key, bytes);
	CHECK(!error);
	device_key_id(m->key, m->last.device);
	m->last.epoch = epoch;
	m->last.at = (struct when){ .wall_ms = START_MS, .trust = TRUST_SYNCED };
	bool fits = text_copy(m->venue, sizeof(m->venue), venue) &&
		    text_copy(m->door, sizeof(m->door), door);
	CHECK(fits);
}

void chain_maker_close(struct chain_maker *m)
{
	device_key_close(m->key);
	m->key = NULL;
}

void chain_maker_ticket(uint8_t out[TICKET_HASH_SIZE], uint32_t number)
{
	for (size_t i = 0; i < TICKET_HASH_SIZE; i++)
		out[i] = (uint8_t)(number >> (8 * (i % 4)));
}

void chain_maker_append(struct chain_maker *m, struct row *row)
{
	memcpy(row->device, m->last.device, sizeof(row->device));
	row->epoch = m->last.epoch;
	row->seq = m->last.seq + 1;
	if (!row->at.wall_ms) {
		row->at = m->last.at;
		row->at.wall_ms += 1000;
		row->at.mono_ms += 1000;
	}
	if (row->hlc <= m->last.hlc)
		row->hlc = (uint64_t)row->at.wall_ms << 16;
	if (row->hlc <= m->last.hlc)
		row->hlc = m->last.hlc + 1;
	if (!row->source)
		row->source = SOURCE_CAMERA;
	if (!row->venue[0])
		memcpy(row->venue, m->venue, sizeof(row->venue));
	if (!row->door[0])
		memcpy(row->door, m->door, sizeof(row->door));
	memcpy(row->before, m->last.hash, sizeof(row->before));
	log_row_hash(row, row->hash);
	m->last = *row;
}

struct row chain_maker_entry(struct chain_maker *m, uint32_t ticket)
{
	struct row row = { .kind = ticket ? ROW_SCAN : ROW_WALK_IN,
		.verdict = VERDICT_ADMIT,
		.direction = DIRECTION_IN,
		.registered = ticket != 0 };
	chain_maker_ticket(row.ticket, ticket);
	chain_maker_append(m, &row);
	return row;
}

struct batch chain_maker_batch(const struct chain_maker *m, const struct row *rows, size_t count)
{
	struct batch b = { .rows = rows, .count = count, .is_signed = true };
	device_key_public(m->key, b.key);
	device_key_sign_head(m->key, &rows[count - 1], b.signature);
	return b;
}
