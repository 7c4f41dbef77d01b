/* A batch: device 16, epoch u32, count u8, signed u8, [key 32, signature 64], rows. A row, integers
 * little-endian, a string preceded by its length in one byte:
 *
 *   seq u64  hlc u64  boot 16  wall_ms i64  mono_ms i64
 *   trust u8  kind u8  source u8  verdict u8  direction u8
 *   time_doubt u8  overridden u8  registered u8
 *   ticket 16  venue  door  from_venue  operator  amount i64  undoes u64  before 32  hash 32 */
#include "night/sealed_rows.h"

#include <string.h>

static_assert(8 + 8 + BOOT_ID_SIZE + 8 + 8 + 8 + TICKET_HASH_SIZE + 3 * ID_SIZE + OPERATOR_SIZE +
			      8 + 8 + 2 * ROW_HASH_SIZE <=
		      SEALED_ROW_MAX,
	"a row has room");

/* --- writing ---------------------------------------------------------------------------------- */

uint8_t *sealed_put_integer(uint8_t *at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		*at++ = (uint8_t)(value >> (8 * i));
	return at;
}

static uint8_t *put(uint8_t *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

static uint8_t *put_text(uint8_t *at, const char *text, size_t capacity)
{
	size_t n = strnlen(text, capacity - 1);
	at = sealed_put_integer(at, n, 1);
	return put(at, text, n);
}

static uint8_t *put_row(uint8_t *at, const struct row *row)
{
	at = sealed_put_integer(at, row->seq, 8);
	at = sealed_put_integer(at, row->hlc, 8);
	at = put(at, row->boot, sizeof(row->boot));
	at = sealed_put_integer(at, (uint64_t)row->at.wall_ms, 8);
	at = sealed_put_integer(at, (uint64_t)row->at.mono_ms, 8);
	at = sealed_put_integer(at, (uint64_t)row->at.trust, 1);
	at = sealed_put_integer(at, (uint64_t)row->kind, 1);
	at = sealed_put_integer(at, (uint64_t)row->source, 1);
	at = sealed_put_integer(at, (uint64_t)row->verdict, 1);
	at = sealed_put_integer(at, (uint64_t)row->direction, 1);
	at = sealed_put_integer(at, row->time_doubt, 1);
	at = sealed_put_integer(at, row->overridden, 1);
	at = sealed_put_integer(at, row->registered, 1);
	at = put(at, row->ticket, sizeof(row->ticket));
	at = put_text(at, row->venue, sizeof(row->venue));
	at = put_text(at, row->door, sizeof(row->door));
	at = put_text(at, row->from_venue, sizeof(row->from_venue));
	at = put_text(at, row->operator, sizeof(row->operator));
	at = sealed_put_integer(at, (uint64_t)row->amount, 8);
	at = sealed_put_integer(at, row->undoes, 8);
	at = put(at, row->before, sizeof(row->before));
	return put(at, row->hash, sizeof(row->hash));
}

uint8_t *sealed_put_batch(uint8_t *at, const struct batch *b)
{
	at = put(at, b->rows[0].device, DEVICE_ID_SIZE);
	at = sealed_put_integer(at, b->rows[0].epoch, 4);
	at = sealed_put_integer(at, b->count, 1);
	at = sealed_put_integer(at, b->is_signed, 1);
	if (b->is_signed) {
		at = put(at, b->key, sizeof(b->key));
		at = put(at, b->signature, sizeof(b->signature));
	}
	for (size_t i = 0; i < b->count; i++)
		at = put_row(at, &b->rows[i]);
	return at;
}

/* --- reading ---------------------------------------------------------------------------------- */

void sealed_take(struct sealed_bytes *b, void *out, size_t size)
{
	if ((size_t)(b->end - b->at) < size) {
		b->good = false;
		memset(out, 0, size);
		return;
	}
	memcpy(out, b->at, size);
	b->at += size;
}

uint64_t sealed_take_integer(struct sealed_bytes *b, size_t size)
{
	uint8_t bytes[8] = { 0 };
	uint64_t value = 0;
	sealed_take(b, bytes, size);
	for (size_t i = size; i-- > 0;)
		value = value << 8 | bytes[i];
	return value;
}

static bool take_mark(struct sealed_bytes *b)
{
	uint64_t value = sealed_take_integer(b, 1);
	b->good = b->good && value <= 1;
	return value == 1;
}

static void take_text(struct sealed_bytes *b, char *out, size_t capacity)
{
	size_t n = sealed_take_integer(b, 1);
	if (n >= capacity) {
		b->good = false;
		return;
	}
	sealed_take(b, out, n);
	if (memchr(out, 0, n))
		b->good = false;
}

static void take_row(struct sealed_bytes *b, struct row *row)
{
	row->seq = sealed_take_integer(b, 8);
	row->hlc = sealed_take_integer(b, 8);
	sealed_take(b, row->boot, sizeof(row->boot));
	row->at.wall_ms = (int64_t)sealed_take_integer(b, 8);
	row->at.mono_ms = (int64_t)sealed_take_integer(b, 8);
	row->at.trust = (enum trust)sealed_take_integer(b, 1);
	row->kind = (enum row_kind)sealed_take_integer(b, 1);
	row->source = (enum source)sealed_take_integer(b, 1);
	row->verdict = (enum verdict)sealed_take_integer(b, 1);
	row->direction = (enum direction)sealed_take_integer(b, 1);
	row->time_doubt = take_mark(b);
	row->overridden = take_mark(b);
	row->registered = take_mark(b);
	sealed_take(b, row->ticket, sizeof(row->ticket));
	take_text(b, row->venue, sizeof(row->venue));
	take_text(b, row->door, sizeof(row->door));
	take_text(b, row->from_venue, sizeof(row->from_venue));
	take_text(b, row->operator, sizeof(row->operator));
	row->amount = (int64_t)sealed_take_integer(b, 8);
	row->undoes = sealed_take_integer(b, 8);
	sealed_take(b, row->before, sizeof(row->before));
	sealed_take(b, row->hash, sizeof(row->hash));
}

bool sealed_take_batch(struct sealed_bytes *b, struct row rows[BATCH_ROWS_MAX], struct batch *out)
{
	struct chain chain;
	*out = (struct batch){ .rows = rows };
	sealed_take(b, chain.device, sizeof(chain.device));
	chain.epoch = (uint32_t)sealed_take_integer(b, 4);
	out->count = sealed_take_integer(b, 1);
	out->is_signed = take_mark(b);
	if (out->is_signed) {
		sealed_take(b, out->key, sizeof(out->key));
		sealed_take(b, out->signature, sizeof(out->signature));
	}
	if (out->count < 1 || out->count > BATCH_ROWS_MAX)
		return false;
	for (size_t i = 0; b->good && i < out->count; i++) {
		rows[i] = (struct row){ .epoch = chain.epoch };
		memcpy(rows[i].device, chain.device, sizeof(chain.device));
		take_row(b, &rows[i]);
	}
	return b->good;
}
