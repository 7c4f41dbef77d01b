/* A box's two databases as far as the sync can tell: log.db, whose rows are there once committed,
 * and peers.db, which loses its newest transactions when the power goes. */
#include "tests/sim/box.h"

#include "door/hlc.h"
#include "store/log.h"

#include <string.h>

/* --- the log --- */

void box_log_open(struct box_model *b)
{
	struct sim *s = b->party.sim;
	b->epoch = (uint32_t)(1 + chance_below(s, 0x7fffffff));
	b->seq = 0;
	memset(b->head, 0, sizeof(b->head));
	b->hlc = 0;
	for (size_t i = 0; i < b->log_rows; i++)
		if (b->log[i]->row.hlc > b->hlc)
			b->hlc = b->log[i]->row.hlc;
}

void box_count_row(struct box_model *b, const struct row *row)
{
	for (int v = 0; v < b->party.sim->venue_count; v++)
		headcount_apply(&b->counts[v], row);
}

static void count_anew(struct box_model *b)
{
	struct sim *s = b->party.sim;
	for (int v = 0; v < s->venue_count; v++)
		headcount_init(&b->counts[v], s->venues[v], SIM_WALL_MS);
	for (size_t i = 0; i < b->log_rows; i++)
		box_count_row(b, &b->log[i]->row);
	for (size_t h = 0; h < b->peers.count; h++) {
		const struct holding *at = &b->peers.at[h];
		for (size_t i = 0; i < at->room; i++)
			if (at->fact[i] && !rowset_has(&b->in_log, at->fact[i]))
				box_count_row(b, &at->fact[i]->row);
	}
}

void box_commit(struct box_model *b, struct fact *fact)
{
	struct sim *s = b->party.sim;
	if (b->log_rows == b->log_room) {
		size_t room = b->log_room ? 2 * b->log_room : 64;
		struct fact **log = sim_alloc(s, room * sizeof(struct fact *));
		if (b->log_rows)
			memcpy(log, b->log, b->log_rows * sizeof(struct fact *));
		b->log = log;
		b->log_room = room;
	}
	b->log[b->log_rows++] = fact;
	(void)rowset_add(s, &b->in_log, fact, NULL);
	fact->committed = true;
	fact->committed_ms = s->now_ms;
	if (!rowset_has(&b->peers, fact))
		box_count_row(b, &fact->row);
}

/* --- the peers --- */

static struct peers_entry *append(struct box_model *b)
{
	struct sim *s = b->party.sim;
	if (b->entries == b->entries_room) {
		size_t room = b->entries_room ? 2 * b->entries_room : 64;
		struct peers_entry *journal = sim_alloc(s, room * sizeof(*journal));
		if (b->entries)
			memcpy(journal, b->journal, b->entries * sizeof(*journal));
		b->journal = journal;
		b->entries_room = room;
	}
	/* A checkpoint comes when it comes. */
	if (chance_of(s, 200))
		b->synced = b->entries;
	struct peers_entry *e = &b->journal[b->entries++];
	*e = (struct peers_entry){ 0 };
	return e;
}

static struct safe_chain *safe_of(struct box_model *b, const struct chain *chain)
{
	for (size_t i = 0; i < b->safe_count; i++)
		if (chain_same(&b->safe[i].chain, chain))
			return &b->safe[i];
	if (b->safe_count == b->safe_room) {
		size_t room = b->safe_room ? 2 * b->safe_room : 8;
		struct safe_chain *safe = sim_alloc(b->party.sim, room * sizeof(*safe));
		if (b->safe_count)
			memcpy(safe, b->safe, b->safe_count * sizeof(*safe));
		b->safe = safe;
		b->safe_room = room;
	}
	struct safe_chain *c = &b->safe[b->safe_count++];
	*c = (struct safe_chain){ .chain = *chain };
	return c;
}

void peers_safe_of(const struct box_model *b, const struct chain *chain, struct ranges *out)
{
	*out = (struct ranges){ 0 };
	for (size_t i = 0; i < b->safe_count; i++)
		if (chain_same(&b->safe[i].chain, chain))
			*out = b->safe[i].safe;
}

void peers_note_safe(struct box_model *b, const struct chain *chain, const struct ranges *safe)
{
	struct peers_entry *e = append(b);
	e->chain = *chain;
	e->safe = *safe;
	(void)ranges_join(&safe_of(b, chain)->safe, safe);
}

static bool contradicts(const struct rowset *set, const struct row *row)
{
	struct chain chain = chain_of(row);
	const struct holding *h = rowset_find(set, &chain);
	if (!h)
		return false;
	size_t i = (size_t)row->seq - 1;
	const struct fact *same = i < h->room ? h->fact[i] : NULL;
	const struct fact *before = i && i - 1 < h->room ? h->fact[i - 1] : NULL;
	const struct fact *after = i + 1 < h->room ? h->fact[i + 1] : NULL;
	return (same && memcmp(same->row.hash, row->hash, ROW_HASH_SIZE)) ||
	       (before && memcmp(before->row.hash, row->before, ROW_HASH_SIZE)) ||
	       (after && memcmp(after->row.before, row->hash, ROW_HASH_SIZE));
}

static void keep(struct box_model *b, const struct peers_entry *e)
{
	for (size_t i = 0; i < e->count; i++)
		if (rowset_add(b->party.sim, &b->peers, e->facts[i],
			    i + 1 == e->count ? e->witness : NULL) == ROW_ADDED &&
			!rowset_has(&b->in_log, e->facts[i]))
			box_count_row(b, &e->facts[i]->row);
	if (!e->count)
		(void)ranges_join(&safe_of(b, &e->chain)->safe, &e->safe);
}

enum row_added peers_take(struct box_model *b, const struct batch *batch)
{
	struct sim *s = b->party.sim;
	for (size_t i = 0; i < batch->count; i++)
		if (contradicts(&b->peers, &batch->rows[i]))
			return ROW_TWIN;
	struct witness *w = sim_alloc(s, sizeof(*w));
	memcpy(w->key, batch->key, sizeof(w->key));
	memcpy(w->signature, batch->signature, sizeof(w->signature));
	struct peers_entry *e = append(b);
	e->witness = w;
	e->count = batch->count;
	e->facts = sim_alloc(s, batch->count * sizeof(struct fact *));
	for (size_t i = 0; i < batch->count; i++) {
		e->facts[i] = fact_of(s, &batch->rows[i]);
		if (!e->facts[i]->committed)
			sim_violated(s, "no row is kept that nobody wrote", "%s, seq %llu",
				b->party.name, (unsigned long long)batch->rows[i].seq);
	}
	size_t before = b->peers.rows;
	for (size_t i = 0; i < e->count; i++)
		if (!rowset_has(&b->peers, e->facts[i]))
			e->facts[i]->spread_ms = s->now_ms;
	keep(b, e);
	return b->peers.rows == before ? ROW_KNOWN : ROW_ADDED;
}

void peers_truncate(struct box_model *b, size_t entries)
{
	b->entries = entries;
	if (b->synced > entries)
		b->synced = entries;
	rowset_clear(&b->peers);
	b->safe_count = 0;
	for (size_t i = 0; i < entries; i++)
		keep(b, &b->journal[i]);
	count_anew(b);
}

void box_lose_peers(struct box_model *b)
{
	peers_truncate(b, 0);
}

void box_roll_back(struct box_model *b, size_t log_rows, size_t entries)
{
	b->log_rows = log_rows;
	rowset_clear(&b->in_log);
	for (size_t i = 0; i < log_rows; i++)
		(void)rowset_add(b->party.sim, &b->in_log, b->log[i], NULL);
	peers_truncate(b, entries);
}

/* --- what both say together --- */

/* Rows of a set, those of `but` left out. */
size_t box_rows(const struct box_model *b, const struct fact **out, size_t room)
{
	size_t n = 0;
	for (size_t i = 0; i < b->log_rows && n < room; i++)
		out[n++] = b->log[i];
	for (size_t h = 0; h < b->peers.count; h++) {
		const struct holding *at = &b->peers.at[h];
		for (size_t i = 0; i < at->room && n < room; i++)
			if (at->fact[i] && !rowset_has(&b->in_log, at->fact[i]))
				out[n++] = at->fact[i];
	}
	return n;
}

bool rows_undone(const struct rowset *set, const struct row *row)
{
	struct chain chain = chain_of(row);
	const struct holding *h = rowset_find(set, &chain);
	if (!h)
		return false;
	for (size_t i = 0; i < h->room; i++)
		if (h->fact[i] && h->fact[i]->row.kind == ROW_UNDO &&
			h->fact[i]->row.undoes == row->seq)
			return true;
	return false;
}

static bool is_newer(const struct row *a, const struct row *b)
{
	if (a->hlc != b->hlc)
		return a->hlc > b->hlc;
	int by_device = memcmp(a->device, b->device, sizeof(a->device));
	if (by_device)
		return by_device > 0;
	return a->epoch != b->epoch ? a->epoch > b->epoch : a->seq > b->seq;
}

static void consider(const struct box_model *b, const struct row *row,
	const uint8_t ticket[TICKET_HASH_SIZE], const struct row **best, bool *walk_in)
{
	if (memcmp(row->ticket, ticket, TICKET_HASH_SIZE) || row->kind == ROW_UNDO ||
		!headcount_effect(row) || rows_undone(&b->in_log, row) ||
		rows_undone(&b->peers, row))
		return;
	*walk_in |= row->kind == ROW_WALK_IN;
	if (!*best || is_newer(row, *best))
		*best = row;
}

void box_prior(const struct box_model *b, const uint8_t ticket[TICKET_HASH_SIZE], struct prior *out)
{
	const struct row *best = NULL;
	bool walk_in = false;
	for (size_t i = 0; i < b->log_rows; i++)
		consider(b, &b->log[i]->row, ticket, &best, &walk_in);
	for (size_t h = 0; h < b->peers.count; h++)
		for (size_t i = 0; i < b->peers.at[h].room; i++)
			if (b->peers.at[h].fact[i])
				consider(b, &b->peers.at[h].fact[i]->row, ticket, &best, &walk_in);
	*out = (struct prior){ .walk_in = walk_in };
	if (!best)
		return;
	out->last = best->direction;
	out->wall_ms = best->at.wall_ms;
	out->trust = best->at.trust;
	memcpy(out->venue, best->venue, sizeof(out->venue));
	memcpy(out->door, best->door, sizeof(out->door));
}

int64_t box_present(const struct box_model *b, const char *venue)
{
	for (int v = 0; v < b->party.sim->venue_count; v++)
		if (!strcmp(b->party.sim->venues[v], venue))
			return headcount_present(&b->counts[v]);
	return 0;
}
