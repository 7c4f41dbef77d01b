/* The bytes under a row's hash, in this order; integers little-endian, a string preceded by its
 * length in one byte:
 *
 *   "parvis-row-1"  device 16  epoch u32  seq u64  hlc u64  boot 16
 *   wall_ms i64  mono_ms i64  trust u8
 *   kind u8  source u8  verdict u8  direction u8  time_doubt u8  overridden u8
 *   registered u8
 *   ticket 16  venue  door  from_venue  operator  amount i64  undoes u64  before 32
 *
 * Hashed with BLAKE2b-256, without a key: it finds damage and rows that somebody took out, not
 * whoever can write a whole new log. */
#include "store/log.h"

#include <sodium.h>
#include <string.h>

#define FORMAT "parvis-row-1"

struct writer {
	uint8_t bytes[512];
	size_t used;
};
static_assert(sizeof(struct row) + sizeof(FORMAT) <= 512, "a row's bytes fit the writer");

static void put(struct writer *w, const void *bytes, size_t n)
{
	CHECK(n <= sizeof(w->bytes) - w->used);
	memcpy(w->bytes + w->used, bytes, n);
	w->used += n;
}

static void put_integer(struct writer *w, uint64_t value, size_t size)
{
	uint8_t bytes[8];
	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	put(w, bytes, size);
}

static void put_text(struct writer *w, const char *text, size_t capacity)
{
	size_t n = strnlen(text, capacity);
	put_integer(w, n, 1);
	put(w, text, n);
}

void log_row_hash(const struct row *row, uint8_t out[ROW_HASH_SIZE])
{
	struct writer w = { .used = 0 };
	put(&w, FORMAT, sizeof(FORMAT) - 1);
	put(&w, row->device, sizeof(row->device));
	put_integer(&w, row->epoch, 4);
	put_integer(&w, row->seq, 8);
	put_integer(&w, row->hlc, 8);
	put(&w, row->boot, sizeof(row->boot));
	put_integer(&w, (uint64_t)row->at.wall_ms, 8);
	put_integer(&w, (uint64_t)row->at.mono_ms, 8);
	put_integer(&w, (uint64_t)row->at.trust, 1);
	put_integer(&w, (uint64_t)row->kind, 1);
	put_integer(&w, (uint64_t)row->source, 1);
	put_integer(&w, (uint64_t)row->verdict, 1);
	put_integer(&w, (uint64_t)row->direction, 1);
	put_integer(&w, row->time_doubt, 1);
	put_integer(&w, row->overridden, 1);
	put_integer(&w, row->registered, 1);
	put(&w, row->ticket, sizeof(row->ticket));
	put_text(&w, row->venue, sizeof(row->venue));
	put_text(&w, row->door, sizeof(row->door));
	put_text(&w, row->from_venue, sizeof(row->from_venue));
	put_text(&w, row->operator, sizeof(row->operator));
	put_integer(&w, (uint64_t)row->amount, 8);
	put_integer(&w, row->undoes, 8);
	put(&w, row->before, sizeof(row->before));
	crypto_generichash(out, ROW_HASH_SIZE, w.bytes, w.used, NULL, 0);
}
