#include "store/night.h"

#include "store/night_private.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Where each value is in the number, from the lowest bit on. */
enum {
	KIND_AT = 0,
	SOURCE_AT = 3,
	VERDICT_AT = 6,
	DIRECTION_AT = 13,
	TRUST_AT = 15,
	DOUBT_AT = 17
};
enum { OVERRIDDEN_AT = 18, REGISTERED_AT = 19 };

static_assert(ROW_UNDO < 8 && SOURCE_COUNT <= 8 && VERDICT_COUNT <= 128 && TRUST_COUNT <= 4,
	"each value has room in its bits");

uint32_t night_pack(const struct row *row, bool is_signed)
{
	return (uint32_t)row->kind << KIND_AT | (uint32_t)row->source << SOURCE_AT |
	       (uint32_t)row->verdict << VERDICT_AT | (uint32_t)row->direction << DIRECTION_AT |
	       (uint32_t)row->at.trust << TRUST_AT | (uint32_t)row->time_doubt << DOUBT_AT |
	       (uint32_t)row->overridden << OVERRIDDEN_AT |
	       (uint32_t)row->registered << REGISTERED_AT | (is_signed ? NIGHT_SIGNED : 0);
}

bool night_unpack(uint32_t what, struct row *row)
{
	uint32_t kind = what >> KIND_AT & 7, source = what >> SOURCE_AT & 7;
	uint32_t verdict = what >> VERDICT_AT & 127, direction = what >> DIRECTION_AT & 3;
	uint32_t trust = what >> TRUST_AT & 3;
	row->kind = (enum row_kind)kind;
	row->source = (enum source)source;
	row->verdict = (enum verdict)verdict;
	row->direction = (enum direction)direction;
	row->at.trust = (enum trust)trust;
	row->time_doubt = what >> DOUBT_AT & 1;
	row->overridden = what >> OVERRIDDEN_AT & 1;
	row->registered = what >> REGISTERED_AT & 1;
	return kind >= ROW_SCAN && kind <= ROW_UNDO && source >= SOURCE_CAMERA &&
	       source < SOURCE_COUNT && verdict < VERDICT_COUNT && direction <= DIRECTION_OUT &&
	       trust < TRUST_COUNT && what >> 21 == 0;
}

/* --- opening ---------------------------------------------------------------------------------- */

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, const char *with)
{
	size_t n = strlen(text), m = strlen(with);
	return n > m && strcmp(text + n - m, with) == 0;
}

int night_open(struct night **out, const char *where, const char *event_id, enum night_open how,
	char why[NIGHT_WHY_SIZE])
{
	char path[PATH_MAX];
	why[0] = 0;
	if (begins(where, "postgresql://") || begins(where, "postgres://"))
		return night_pg_open(out, where, event_id, how, why);
	int n = snprintf(path, sizeof(path), "%s%s", where, ends(where, ".db") ? "" : "/night.db");
	if (n >= (int)sizeof(path) - 16) {
		snprintf(why, NIGHT_WHY_SIZE, "the path is too long");
		return -ENAMETOOLONG;
	}
	return night_sqlite_open(out, path, event_id, how, why);
}

void night_close(struct night *n)
{
	if (n)
		n->kind->close(n);
}

const char *night_why(const struct night *n)
{
	return n->why;
}

/* --- the calls -------------------------------------------------------------------------------- */

static bool is_stretch(const struct batch *b)
{
	if (b->count < 1 || b->count > BATCH_ROWS_MAX)
		return false;
	for (size_t i = 0; i < b->count; i++) {
		const struct row *r = &b->rows[i];
		if (r->epoch < 1 || r->seq < 1 || r->seq > NIGHT_SEQ_MAX ||
			r->seq != b->rows[0].seq + i || r->epoch != b->rows[0].epoch ||
			memcmp(r->device, b->rows[0].device, sizeof(r->device)))
			return false;
	}
	return true;
}

int night_take(struct night *n, const struct batch *batches, size_t count, const char *source,
	int64_t received_ms, struct night_taken *out)
{
	struct night_taken taken = { 0 };
	for (size_t i = 0; i < count; i++)
		if (!is_stretch(&batches[i]))
			return -EINVAL;
	int error = n->kind->take(n, batches, count, source, received_ms, &taken);
	if (!error && out)
		*out = taken;
	return error;
}

int night_held(struct night *n, const struct chain *chain, struct ranges *out)
{
	return n->kind->held(n, chain, out);
}

int night_stretch(struct night *n, const struct chain *chain, uint64_t first, uint64_t most,
	struct row rows[BATCH_ROWS_MAX], struct batch *out)
{
	if (first < 1 || first > NIGHT_SEQ_MAX - BATCH_ROWS_MAX || most < 1)
		return -EINVAL;
	int error = n->kind->stretch(
		n, chain, first, most < BATCH_ROWS_MAX ? most : BATCH_ROWS_MAX, rows, out);
	if (error || out->count || most >= BATCH_ROWS_MAX)
		return error;
	return n->kind->stretch(n, chain, first, BATCH_ROWS_MAX, rows, out);
}

int night_chains(
	struct night *n, int (*take)(void *context, const struct night_chain *chain), void *context)
{
	return n->kind->chains(n, take, context);
}

int night_each(struct night *n, enum night_order order,
	int (*take)(void *context, const struct row *row), void *context)
{
	return n->kind->each(n, order, take, context);
}

int night_contradictions(
	struct night *n, int (*take)(void *context, const struct row *row), void *context)
{
	return n->kind->contradictions(n, take, context);
}

int night_receipts(struct night *n, const struct chain *chain,
	int (*take)(void *context, uint64_t first, uint64_t last, int64_t received_ms,
		const char *source),
	void *context)
{
	return n->kind->receipts(n, chain, take, context);
}

int night_promise(struct night *n, const struct chain *chain, uint64_t promised)
{
	if (chain->epoch < 1 || promised > NIGHT_SEQ_MAX)
		return -EINVAL;
	return promised ? n->kind->promise(n, chain, promised) : 0;
}

int night_promised(struct night *n, const struct chain *chain, uint64_t *promised)
{
	return n->kind->promised(n, chain, promised);
}

int night_mark(struct night *n, const struct night_flaw *flaws, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (flaws[i].chain.epoch < 1 || flaws[i].seq < 1 || flaws[i].seq > NIGHT_SEQ_MAX ||
			flaws[i].flaw <= FLAW_NONE || flaws[i].flaw >= FLAW_KINDS)
			return -EINVAL;
	return n->kind->mark(n, flaws, count);
}

int night_marks(
	struct night *n, int (*take)(void *context, const struct night_flaw *flaw), void *context)
{
	return n->kind->marks(n, take, context);
}

int night_settle(struct night *n)
{
	return n->kind->settle(n);
}
