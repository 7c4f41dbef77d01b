#include "sync/collector_parts.h"

#include <stdlib.h>
#include <string.h>

#define RETRY_MS 1000

static void refuse(struct collector *c, const struct chain *chain, enum batch_wrong why)
{
	c->emit(c->context,
		&(struct collector_effect){ .kind = COLLECT_REFUSED, .chain = *chain, .why = why });
}

static bool same_stretch(const struct batch *a, const struct batch *b)
{
	return a->count == b->count && a->rows[0].seq == b->rows[0].seq &&
	       a->rows[0].epoch == b->rows[0].epoch &&
	       !memcmp(a->rows[a->count - 1].hash, b->rows[b->count - 1].hash, ROW_HASH_SIZE) &&
	       !memcmp(a->rows[0].device, b->rows[0].device, DEVICE_ID_SIZE);
}

static void enqueue(struct collector *c, const struct batch *b)
{
	for (size_t i = 0; i < c->queue_count; i++)
		if (same_stretch(&c->queue[i].batch, b))
			return;
	struct row *rows = c->queue_count < QUEUE_MAX ? malloc(b->count * sizeof(*rows)) : NULL;
	/* Not acknowledged: its box sends it again. */
	if (!rows)
		return;
	memcpy(rows, b->rows, b->count * sizeof(*rows));
	struct queued_batch *q = &c->queue[c->queue_count++];
	q->batch = *b;
	q->batch.rows = q->rows = rows;
}

void collector_hear_ev(struct collector *c, const struct topic *t, const struct collector_input *in)
{
	struct batch b;
	struct message_why why;
	struct chain id = { 0 };
	if (!message_read_batch(&b, c->rows, in->payload, in->size, &why)) {
		memcpy(id.device, t->device, sizeof(id.device)); /* whoever has sent it */
		refuse(c, &id, why.version ? BATCH_VERSION : BATCH_MESSAGE);
		return;
	}
	enum batch_wrong wrong = batch_check(&b);
	memcpy(id.device, b.rows[0].device, DEVICE_ID_SIZE);
	id.epoch = b.rows[0].epoch;
	uint32_t n = wrong ? NONE : collector_chain_of(c, &id, true);
	if (n == NONE || !c->states[c->chains[n].box].known) {
		refuse(c, &id, wrong ? wrong : n == NONE ? BATCH_SHAPE : BATCH_KEY);
		return;
	}
	uint64_t last = b.rows[b.count - 1].seq;
	if (t->kind == TOPIC_EV)
		collector_was_sent(c, n, b.rows[0].seq, last);
	if (b.rows[b.count - 1].hlc > c->latest)
		c->latest = b.rows[b.count - 1].hlc;
	if (span_has_all(&c->chains[n].folded, b.rows[0].seq, last)) {
		/* It does not know that we have it. */
		collector_dirty(c, n);
		return;
	}
	enqueue(c, &b);
	collector_exists(c, n, last);
}

void collector_next_store(struct collector *c)
{
	size_t most = c->setup.batches_max;
	if (c->storing || !c->queue_count || c->retry_ms > c->now.mono_ms)
		return;
	c->storing = c->queue_count < most ? c->queue_count : most;
	c->store_id = ++c->last_id;
	c->told_count = 0;
	for (size_t i = 0; i < c->storing; i++)
		c->batches[i] = c->queue[i].batch;
	c->emit(c->context, &(struct collector_effect){ .kind = COLLECT_STORE,
				    .id = c->store_id,
				    .batches = c->batches,
				    .batch_count = c->storing });
}

/* Rows that are committed now, into the figures, each once. */
static void fold_batch(struct collector *c, uint32_t chain, const struct batch *b)
{
	struct ranges folded;
	struct col_chain *k = &c->chains[chain];
	uint64_t first = b->rows[0].seq, last = b->rows[b->count - 1].seq;
	span_get(&k->folded, &folded);
	for (size_t i = 0; i < b->count; i++)
		if (!ranges_have(&folded, b->rows[i].seq))
			collector_fold(c, &b->rows[i]);
	ranges_add(&folded, first, last);
	span_set(&k->folded, &folded);
	struct collector_box *box = &c->boxes[k->box];
	if (!*box->venue)
		memcpy(box->venue, b->rows[0].venue, sizeof(box->venue));
	if (__builtin_sub_overflow(c->now.wall_ms, b->rows[b->count - 1].at.wall_ms, &box->lag_ms))
		box->lag_ms = 0;
}

static void drop_stored(struct collector *c)
{
	for (size_t i = 0; i < c->storing; i++)
		free(c->queue[i].rows);
	c->queue_count -= c->storing;
	memmove(c->queue, c->queue + c->storing, c->queue_count * sizeof(c->queue[0]));
	c->storing = 0;
}

static void set_held(struct collector *c, uint32_t chain, const struct ranges *held)
{
	struct col_chain *k = &c->chains[chain];
	uint64_t before = span_total(&k->held);
	span_set(&k->held, held);
	c->boxes[k->box].rows += span_total(&k->held) - before;
	c->boxes_changed = true;
}

void collector_stored(struct collector *c, const struct collector_input *in)
{
	if (!c->storing || in->id != c->store_id)
		return;
	if (in->failed) {
		c->storing = c->told_count = 0;
		c->retry_ms =
			c->now.mono_ms + ((int64_t)RETRY_MS << (c->retries < 5 ? c->retries : 5));
		c->retries++;
		return;
	}
	c->retries = 0;
	for (size_t i = 0; i < c->told_count; i++)
		set_held(c, c->told[i].chain, &c->told[i].held);
	for (size_t i = 0; i < c->storing; i++) {
		const struct batch *b = &c->queue[i].batch;
		struct chain id = { .epoch = b->rows[0].epoch };
		memcpy(id.device, b->rows[0].device, DEVICE_ID_SIZE);
		uint32_t n = collector_chain_of(c, &id, false);
		/* What the store does not name as held is not acknowledged, and comes again. */
		if (n == NONE)
			continue;
		if (span_has_all(&c->chains[n].held, b->rows[0].seq, b->rows[b->count - 1].seq))
			fold_batch(c, n, b);
		c->chains[n].asked = 0;
		c->chains[n].ask_ms = c->now.mono_ms + LACK_MS;
		collector_dirty(c, n);
	}
	drop_stored(c);
}

void collector_chain_told(struct collector *c, const struct collector_input *in)
{
	uint32_t n = collector_chain_of(c, &in->chain, true);
	if (n == NONE)
		return;
	if (!c->storing) {
		set_held(c, n, &in->held);
		collector_exists(c, n, ranges_highest(&in->held));
		return;
	}
	size_t i = 0;
	while (i < c->told_count && c->told[i].chain != n)
		i++;
	if (i == STORE_MAX)
		return;
	if (i == c->told_count)
		c->told_count++;
	c->told[i].chain = n;
	c->told[i].held = in->held;
}
