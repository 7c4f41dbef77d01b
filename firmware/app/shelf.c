#include "app/shelf.h"

#include "app/pair_book.h"
#include "app/reckoning.h"
#include "base/log.h"
#include "base/text.h"
#include "store/log.h"
#include "store/peers.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* A chain of the log. */
struct own_chain {
	struct chain chain;
	uint64_t folded; /* rows 1 … folded are in tally and figures */
	struct ranges safe;
};

struct shelf {
	char dir[PATH_MAX];
	uint8_t device[DEVICE_ID_SIZE];
	struct log *log;
	struct peers *peers;
	struct reckoning *tally;
	struct pair_book *pairs;
	struct sync_figures figures;
	struct own_chain *own;
	size_t own_count, own_capacity;
	struct row rows[BATCH_ROWS_MAX];
	/* The oldest row that nobody else has for certain. */
	struct chain oldest_chain;
	uint64_t oldest_seq;
	int64_t oldest_ms;
};

static bool same_chain(const struct chain *a, const struct chain *b)
{
	return a->epoch == b->epoch && !memcmp(a->device, b->device, sizeof(a->device));
}

static struct own_chain *find_own(struct shelf *s, const struct chain *chain)
{
	for (size_t i = s->own_count; i-- > 0;)
		if (same_chain(&s->own[i].chain, chain))
			return &s->own[i];
	return NULL;
}

static int add_own(struct shelf *s, const struct chain *chain, struct own_chain **out)
{
	if (s->own_count == s->own_capacity) {
		size_t capacity = s->own_capacity ? 2 * s->own_capacity : 16;
		struct own_chain *more = reallocarray(s->own, capacity, sizeof(*more));
		if (!more)
			return -ENOMEM;
		s->own = more;
		s->own_capacity = capacity;
	}
	struct own_chain fresh = { .chain = *chain };
	int error = peers_safe(s->peers, chain, &fresh.safe);
	if (error)
		return error;
	s->own[s->own_count] = fresh;
	*out = &s->own[s->own_count++];
	return 0;
}

/* --- folding ----------------------------------------------------------------------------------
 */

static void fold(struct shelf *s, const struct row *row)
{
	bool again;
	if (reckoning_row(s->tally, row, &again))
		log_warning("sync: no memory to count people; the figure is too low");
	if (again && pair_book_suspect(s->pairs, row->ticket))
		log_warning("sync: no memory for tickets that came in twice");
}

static int fold_own(struct shelf *s, struct own_chain *c, uint64_t until)
{
	while (c->folded < until) {
		size_t count = 0;
		int error = log_fetch(
			s->log, &c->chain, c->folded + 1, s->rows, ARRAY_LEN(s->rows), &count);
		if (error)
			return error;
		if (!count)
			return -EAGAIN; /* not visible from here; with the next commit it will be */
		for (size_t i = 0; i < count; i++) {
			sync_figures_row(&s->figures, &s->rows[i]);
			fold(s, &s->rows[i]);
		}
		c->folded = s->rows[count - 1].seq;
	}
	return 0;
}

static int fold_log_chain(void *context, const struct log_chain *chain)
{
	struct shelf *s = context;
	struct own_chain *c = find_own(s, &chain->chain);
	int error = c ? 0 : add_own(s, &chain->chain, &c);
	return error ? error : fold_own(s, c, chain->rows);
}

/* Rows of ours that a log put back has lost come back as a peer's; those that it has count once. */
static bool is_in_log(struct shelf *s, const struct row *row)
{
	struct chain chain = { .epoch = row->epoch };
	memcpy(chain.device, row->device, sizeof(chain.device));
	const struct own_chain *own = find_own(s, &chain);
	return own && row->seq <= own->folded;
}

static int fold_peer_row(void *context, const struct row *row)
{
	struct shelf *s = context;
	if (!is_in_log(s, row))
		fold(s, row);
	return 0;
}

/* --- opening ----------------------------------------------------------------------------------
 */

int shelf_reopened(struct shelf *s)
{
	log_close(s->log);
	s->log = NULL;
	int error = log_open_reader(&s->log, s->dir);
	return error ? error : log_chains(s->log, fold_log_chain, s);
}

int shelf_open(struct shelf **out, const char *dir, const char *venue,
	const uint8_t device[DEVICE_ID_SIZE])
{
	struct shelf *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	memcpy(s->device, device, sizeof(s->device));
	int error = text_copy(s->dir, sizeof(s->dir), dir) ? 0 : -ENAMETOOLONG;
	if (!error)
		error = reckoning_open(&s->tally, venue);
	if (!error)
		error = pair_book_open(&s->pairs, venue);
	if (!error)
		error = peers_open(&s->peers, dir);
	if (!error)
		error = shelf_reopened(s);
	if (!error)
		error = peers_each(s->peers, fold_peer_row, s);
	if (error) {
		shelf_close(s);
		return error;
	}
	*out = s;
	return 0;
}

void shelf_close(struct shelf *s)
{
	if (!s)
		return;
	log_close(s->log);
	peers_close(s->peers);
	reckoning_close(s->tally);
	pair_book_close(s->pairs);
	free(s->own);
	free(s);
}

int shelf_committed(struct shelf *s, const struct post_state *state)
{
	struct own_chain *c = find_own(s, &state->self);
	int error = c ? 0 : add_own(s, &state->self, &c);
	return error ? error : fold_own(s, c, state->seq);
}

/* --- chains and rows --------------------------------------------------------------------------
 */

struct chain_taker {
	struct shelf *s;
	int (*take)(void *context, const struct shelf_chain *chain);
	void *context;
};

static int take_peer_chain(void *context, const struct chain *chain, const struct ranges *held)
{
	const struct chain_taker *t = context;
	struct shelf_chain c = { .chain = *chain, .held = *held };
	if (!memcmp(chain->device, t->s->device, sizeof(chain->device))) {
		int error = peers_safe(t->s->peers, chain, &c.safe);
		if (error)
			return error;
	}
	return t->take(t->context, &c);
}

int shelf_chains(
	struct shelf *s, int (*take)(void *context, const struct shelf_chain *chain), void *context)
{
	struct chain_taker t = { s, take, context };
	for (size_t i = 0; i < s->own_count; i++) {
		const struct own_chain *o = &s->own[i];
		struct shelf_chain c = { .chain = o->chain, .own = true, .safe = o->safe };
		if (o->folded)
			ranges_add(&c.held, 1, o->folded);
		int error = take(context, &c);
		if (error)
			return error;
	}
	return peers_chains(s->peers, take_peer_chain, &t);
}

int shelf_fetch(struct shelf *s, const struct chain *chain, uint64_t first, uint64_t count,
	struct row rows[BATCH_ROWS_MAX], struct batch *out)
{
	*out = (struct batch){ .rows = rows };
	if (find_own(s, chain)) {
		size_t most = count < BATCH_ROWS_MAX ? (size_t)count : BATCH_ROWS_MAX;
		int error = log_fetch(s->log, chain, first, rows, most, &out->count);
		if (error || out->count)
			return error;
	}
	return peers_fetch(s->peers, chain, first, count, rows, out);
}

int shelf_store(struct shelf *s, const struct batch *batch, struct ranges *held, uint64_t *fresh)
{
	struct chain chain = { .epoch = batch->rows[0].epoch };
	struct ranges before;
	memcpy(chain.device, batch->rows[0].device, sizeof(chain.device));
	int error = peers_held(s->peers, &chain, &before);
	if (!error)
		error = peers_store(s->peers, batch, fresh);
	if (!error)
		error = peers_held(s->peers, &chain, held);
	if (error)
		return error;
	for (size_t i = 0; i < batch->count && *fresh; i++)
		if (!ranges_have(&before, batch->rows[i].seq) && !is_in_log(s, &batch->rows[i]))
			fold(s, &batch->rows[i]);
	return 0;
}

int shelf_safe(struct shelf *s, const struct chain *chain, const struct ranges *safe)
{
	struct own_chain *c = find_own(s, chain);
	if (c)
		ranges_join(&c->safe, safe);
	return peers_safe_add(s->peers, chain, safe);
}

/* --- pairs ------------------------------------------------------------------------------------
 */

/* All rows of a ticket: the log's, and of the peers' those that the log does not have, too. */
static size_t rows_of_ticket(struct shelf *s, const uint8_t ticket[TICKET_HASH_SIZE])
{
	size_t own = 0, others = 0, kept;
	if (log_ticket(s->log, ticket, s->rows, ARRAY_LEN(s->rows) / 2, &own))
		own = 0; /* a disk that fails says so elsewhere */
	if (peers_ticket(s->peers, ticket, s->rows + own, ARRAY_LEN(s->rows) - own, &others))
		others = 0;
	kept = own;
	for (size_t i = own; i < own + others; i++)
		if (!is_in_log(s, &s->rows[i]))
			s->rows[kept++] = s->rows[i];
	return kept;
}

bool shelf_find_pairs(struct shelf *s)
{
	uint8_t ticket[TICKET_HASH_SIZE];
	bool changed = false;
	while (pair_book_next(s->pairs, ticket)) {
		size_t count = rows_of_ticket(s, ticket);
		changed |= pair_book_judge(s->pairs, ticket, s->rows, count);
	}
	return changed;
}

size_t shelf_pairs(const struct shelf *s, struct pair *out, size_t most)
{
	return pair_book_list(s->pairs, out, most);
}

/* --- figures ----------------------------------------------------------------------------------
 */

/* The first row of ours that no collector has, oldest chain first. */
static bool find_queued(const struct shelf *s, struct chain *chain, uint64_t *seq)
{
	for (size_t i = 0; i < s->own_count; i++) {
		struct range gap;
		if (!s->own[i].folded || !ranges_gap(&s->own[i].safe, 1, s->own[i].folded, &gap))
			continue;
		*chain = s->own[i].chain;
		*seq = gap.first;
		return true;
	}
	return false;
}

static int64_t oldest_queued(struct shelf *s)
{
	struct chain chain;
	uint64_t seq;
	size_t count = 0;
	if (!find_queued(s, &chain, &seq))
		return 0;
	if (s->oldest_seq == seq && same_chain(&s->oldest_chain, &chain))
		return s->oldest_ms;
	if (log_fetch(s->log, &chain, seq, s->rows, 1, &count) || !count)
		return 0;
	s->oldest_chain = chain;
	s->oldest_seq = seq;
	s->oldest_ms = s->rows[0].at.wall_ms;
	return s->oldest_ms;
}

const struct sync_figures *shelf_figures(struct shelf *s, int64_t now_ms)
{
	struct reckoning_figures t;
	reckoning_figures(s->tally, now_ms, &t);
	s->figures.present = t.present;
	s->figures.people = t.people;
	s->figures.entries = t.entries;
	s->figures.last_ten = t.last_ten;
	s->figures.ten_before = t.ten_before;
	s->figures.oldest_queued_ms = oldest_queued(s);
	s->figures.pairs = (uint32_t)pair_book_list(s->pairs, NULL, 0);
	return &s->figures;
}
