/* Reading rows in three orders with bounded memory. Within a chain the stamps only grow, so the
 * order of time is a merge of the chains, one cursor each; where there are too many for that, and
 * for the order of tickets, rows go through a sorter in a compact form. */
#include "store/night_sqlite.h"
#include "store/night_statements.h"
#include "store/sorter.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CURSORS_MAX  256
#define SORTER_BYTES (48 << 20)
#define SELECT_RANGE "SELECT " NIGHT_COLUMNS " FROM entry WHERE id BETWEEN ?1 AND ?2 ORDER BY id"
#define SELECT_OTHERS                                                                              \
	"SELECT " NIGHT_COLUMNS " FROM contradiction WHERE id BETWEEN ?1 AND ?2 ORDER BY id, hash"

typedef int take_row(void *context, const struct row *row);

int night_row_read(struct night_sqlite *n, sqlite3_stmt *s, struct row *row)
{
	int64_t id = sqlite3_column_int64(s, 0), hlc = sqlite3_column_int64(s, 1);
	int64_t what = sqlite3_column_int64(s, 4);
	row->seq = (uint64_t)id & NIGHT_SEQ_MAX;
	row->hlc = (uint64_t)hlc;
	row->at.wall_ms = sqlite3_column_int64(s, 2);
	row->at.mono_ms = sqlite3_column_int64(s, 3);
	row->amount = sqlite3_column_int64(s, 7);
	row->undoes = (uint64_t)sqlite3_column_int64(s, 8);
	memset(row->ticket, 0, sizeof(row->ticket));
	if (hlc < 0 || what < 0 || what > UINT32_MAX || !night_unpack((uint32_t)what, row) ||
		(sqlite3_column_type(s, 6) != SQLITE_NULL &&
			!db_take_blob(s, 6, row->ticket, sizeof(row->ticket))) ||
		!db_take_blob(s, 9, row->before, sizeof(row->before)) ||
		!db_take_blob(s, 10, row->hash, sizeof(row->hash)))
		return -EBADMSG;
	return night_place_read(n, sqlite3_column_int64(s, 5), row);
}

static void of_chain(struct row *row, const struct chain *chain)
{
	memcpy(row->device, chain->device, sizeof(row->device));
	row->epoch = chain->epoch;
}

static void bind_chain(sqlite3_stmt *s, int64_t chain)
{
	db_bind_integer(s, 1, night_id(chain, 0));
	db_bind_integer(s, 2, night_id(chain, NIGHT_SEQ_MAX));
}

/* All rows that the statement gives of a chain. */
static int each_of(struct night_sqlite *n, sqlite3_stmt *s, const struct chain_slot *chain,
	take_row *take, void *context)
{
	struct row row = { 0 };
	int rc, stop = 0;
	bind_chain(s, chain->id);
	of_chain(&row, &chain->chain);
	while (!stop && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		stop = night_row_read(n, s, &row);
		if (!stop)
			stop = take(context, &row);
	}
	sqlite3_reset(s);
	return stop ? stop : db_error(n->db, rc);
}

static int by_chain(struct night_sqlite *n, const char *sql, const struct chain_list *chains,
	take_row *take, void *context)
{
	sqlite3_stmt *s = NULL;
	int stop = db_prepare(n->db, &s, sql);
	for (size_t i = 0; !stop && i < chains->count; i++)
		stop = each_of(n, s, &chains->at[i], take, context);
	sqlite3_finalize(s);
	return stop;
}

/* --- by time, a cursor for each chain --------------------------------------------------------- */

struct cursor {
	sqlite3_stmt *s;
	struct row row;
};

/* A heap: the least row is on top. Cursors stand in the order of their chains. */
struct merge {
	struct cursor *cursors;
	size_t *heap, count;
};

static bool is_before(const struct merge *m, size_t a, size_t b)
{
	uint64_t x = m->cursors[a].row.hlc, y = m->cursors[b].row.hlc;
	return x != y ? x < y : a < b;
}

static void sift(struct merge *m, size_t at)
{
	for (;;) {
		size_t least = at;
		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < m->count; child++)
			if (is_before(m, m->heap[child], m->heap[least]))
				least = child;
		if (least == at)
			return;
		size_t moved = m->heap[at];
		m->heap[at] = m->heap[least];
		m->heap[least] = moved;
		at = least;
	}
}

/* 1: there is a row; 0: the end. */
static int advance(struct night_sqlite *n, struct cursor *c)
{
	int rc = sqlite3_step(c->s);
	if (rc != SQLITE_ROW)
		return db_error(n->db, rc);
	int error = night_row_read(n, c->s, &c->row);
	return error ? error : 1;
}

static int run_merge(struct night_sqlite *n, struct merge *m, take_row *take, void *context)
{
	for (size_t i = m->count; i-- > 0;)
		sift(m, i);
	while (m->count) {
		struct cursor *c = &m->cursors[m->heap[0]];
		int stop = take(context, &c->row);
		if (stop)
			return stop;
		int there = advance(n, c);
		if (there < 0)
			return there;
		if (!there)
			m->heap[0] = m->heap[--m->count];
		sift(m, 0);
	}
	return 0;
}

static int by_merge(
	struct night_sqlite *n, const struct chain_list *chains, take_row *take, void *context)
{
	struct merge m = { .cursors = calloc(chains->count, sizeof(*m.cursors)),
		.heap = calloc(chains->count, sizeof(*m.heap)) };
	int stop = m.cursors && m.heap ? 0 : -ENOMEM;
	for (size_t i = 0; !stop && i < chains->count; i++) {
		struct cursor *c = &m.cursors[i];
		stop = db_prepare(n->db, &c->s, SELECT_RANGE);
		if (stop)
			break;
		bind_chain(c->s, chains->at[i].id);
		of_chain(&c->row, &chains->at[i].chain);
		int there = advance(n, c);
		stop = there < 0 ? there : 0;
		if (there > 0)
			m.heap[m.count++] = i;
	}
	if (!stop)
		stop = run_merge(n, &m, take, context);
	for (size_t i = 0; m.cursors && i < chains->count; i++)
		sqlite3_finalize(m.cursors[i].s);
	free(m.cursors);
	free(m.heap);
	return stop;
}

/* --- through a sorter ------------------------------------------------------------------------- */

/* A row in brief. The ticket is where it is no part of the key. */
struct brief {
	uint64_t seq, hlc;
	int64_t wall_ms, mono_ms, amount;
	uint64_t undoes;
	uint32_t chain, what; /* place in the list of chains */
	int64_t place;
	uint8_t rest[TICKET_HASH_SIZE];
	uint8_t before[ROW_HASH_SIZE], hash[ROW_HASH_SIZE];
};
#define BRIEF_BY_TICKET offsetof(struct brief, rest)

struct sorting {
	struct night_sqlite *n;
	struct sorter *sorter;
	const struct chain_list *chains;
	uint32_t chain;
	take_row *take;
	void *context;
};

static int fill_brief(struct sorting *g, const struct row *row, struct brief *out)
{
	*out = (struct brief){ .seq = row->seq,
		.hlc = row->hlc,
		.wall_ms = row->at.wall_ms,
		.mono_ms = row->at.mono_ms,
		.amount = row->amount,
		.undoes = row->undoes,
		.chain = g->chain,
		.what = night_pack(row, false) };
	return night_place_id(g->n, row, &out->place);
}

static int read_brief(const struct sorting *g, const struct brief *b, struct row *row)
{
	*row = (struct row){ .seq = b->seq,
		.hlc = b->hlc,
		.at = { b->wall_ms, b->mono_ms, TRUST_UNSET },
		.amount = b->amount,
		.undoes = b->undoes };
	of_chain(row, &g->chains->at[b->chain].chain);
	if (!night_unpack(b->what, row))
		return -EBADMSG;
	return night_place_read(g->n, b->place, row);
}

static int add_by_time(void *context, const struct row *row)
{
	struct sorting *g = context;
	struct brief b;
	int error = fill_brief(g, row, &b);
	if (error)
		return error;
	uint64_t key[2] = { htobe64(row->hlc), htobe64((uint64_t)g->chain << 40 | row->seq) };
	memcpy(b.rest, row->ticket, sizeof(b.rest));
	memcpy(b.before, row->before, sizeof(b.before));
	memcpy(b.hash, row->hash, sizeof(b.hash));
	return sorter_add(g->sorter, (const uint8_t *)key, &b, sizeof(b));
}

static int drain_by_time(struct sorting *g)
{
	struct sorter_record record;
	int there;
	while ((there = sorter_next(g->sorter, &record)) > 0) {
		struct brief b;
		struct row row;
		memcpy(&b, record.bytes, sizeof(b));
		int stop = read_brief(g, &b, &row);
		if (stop)
			return stop;
		memcpy(row.ticket, b.rest, sizeof(row.ticket));
		memcpy(row.before, b.before, sizeof(row.before));
		memcpy(row.hash, b.hash, sizeof(row.hash));
		stop = g->take(g->context, &row);
		if (stop)
			return stop;
	}
	return there;
}

static int by_sorting(struct sorting *g)
{
	sqlite3_stmt *s = NULL;
	int stop = db_prepare(g->n->db, &s, SELECT_RANGE);
	for (g->chain = 0; !stop && g->chain < g->chains->count; g->chain++)
		stop = each_of(g->n, s, &g->chains->at[g->chain], add_by_time, g);
	sqlite3_finalize(s);
	return stop ? stop : drain_by_time(g);
}

static int by_time(
	struct night_sqlite *n, const struct chain_list *chains, take_row *take, void *context)
{
	if (chains->count <= CURSORS_MAX)
		return by_merge(n, chains, take, context);
	struct sorting g = { .n = n, .chains = chains, .take = take, .context = context };
	int stop = sorter_open(&g.sorter, n->dir, SORTER_BYTES);
	if (!stop)
		stop = by_sorting(&g);
	sorter_close(g.sorter);
	return stop;
}

static uint32_t chain_at(const struct chain_list *chains, const struct row *row)
{
	size_t low = 0, high = chains->count;
	while (high - low > 1) {
		size_t middle = (low + high) / 2;
		const struct chain *c = &chains->at[middle].chain;
		int order = memcmp(c->device, row->device, sizeof(row->device));
		if (order < 0 || (order == 0 && c->epoch <= row->epoch))
			low = middle;
		else
			high = middle;
	}
	return (uint32_t)low;
}

static int add_by_ticket(void *context, const struct row *row)
{
	static const uint8_t none[TICKET_HASH_SIZE];
	struct sorting *g = context;
	struct brief b;
	if (!memcmp(row->ticket, none, sizeof(none)))
		return 0;
	g->chain = chain_at(g->chains, row);
	int error = fill_brief(g, row, &b);
	return error ? error : sorter_add(g->sorter, row->ticket, &b, BRIEF_BY_TICKET);
}

static int drain_by_ticket(struct sorting *g)
{
	struct sorter_record record;
	int there;
	while ((there = sorter_next(g->sorter, &record)) > 0) {
		struct brief b;
		struct row row;
		memcpy(&b, record.bytes, BRIEF_BY_TICKET);
		int stop = read_brief(g, &b, &row);
		if (stop)
			return stop;
		memset(row.boot, 0, sizeof(row.boot));
		memcpy(row.ticket, record.key, sizeof(row.ticket));
		stop = g->take(g->context, &row);
		if (stop)
			return stop;
	}
	return there;
}

/* They go in by time, and the sorter keeps that order among the rows of a ticket. */
static int by_ticket(
	struct night_sqlite *n, const struct chain_list *chains, take_row *take, void *context)
{
	struct sorting g = { .n = n, .chains = chains, .take = take, .context = context };
	int stop = sorter_open(&g.sorter, n->dir, SORTER_BYTES);
	if (!stop)
		stop = by_time(n, chains, add_by_ticket, &g);
	if (!stop)
		stop = drain_by_ticket(&g);
	sorter_close(g.sorter);
	return stop;
}

/* --- the calls -------------------------------------------------------------------------------- */

/* What is read is one state of the store, whoever writes meanwhile. */
static int begin_reading(struct night_sqlite *n, struct chain_list *chains)
{
	int error = db_exec(n->db, "BEGIN");
	if (!error)
		error = night_list_chains(n, chains);
	return error;
}

static int end_reading(struct night_sqlite *n, struct chain_list *chains, int result)
{
	free(chains->at);
	if (!sqlite3_get_autocommit(n->db) && db_exec(n->db, "COMMIT"))
		(void)!db_exec(n->db, "ROLLBACK");
	return result == -EBADMSG ? night_failed(n, result, "reading") : result;
}

int night_sqlite_each(struct night *base, enum night_order order,
	int (*take)(void *context, const struct row *row), void *context)
{
	struct night_sqlite *n = (struct night_sqlite *)base;
	struct chain_list chains = { 0 };
	int stop = begin_reading(n, &chains);
	if (!stop && order == NIGHT_BY_CHAIN)
		stop = by_chain(n, SELECT_RANGE, &chains, take, context);
	else if (!stop && order == NIGHT_BY_TIME)
		stop = by_time(n, &chains, take, context);
	else if (!stop)
		stop = by_ticket(n, &chains, take, context);
	return end_reading(n, &chains, stop);
}

int night_sqlite_contradictions(
	struct night *base, int (*take)(void *context, const struct row *row), void *context)
{
	struct night_sqlite *n = (struct night_sqlite *)base;
	struct chain_list chains = { 0 };
	int stop = begin_reading(n, &chains);
	if (!stop)
		stop = by_chain(n, SELECT_OTHERS, &chains, take, context);
	return end_reading(n, &chains, stop);
}

static int read_held(struct night_sqlite *n, int64_t chain, struct night_chain *out)
{
	sqlite3_stmt *s;
	int rc;
	int error = night_statement(n, NIGHT_HELD_ALL, &s);
	if (error)
		return error;
	db_bind_integer(s, 1, chain);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct range r = { (uint64_t)sqlite3_column_int64(s, 0),
			(uint64_t)sqlite3_column_int64(s, 1) };
		out->rows += r.last - r.first + 1;
		if (out->held.count < RANGES_MAX)
			out->held.at[out->held.count++] = r;
		else
			out->truncated = true;
	}
	error = db_error(n->db, rc);
	sqlite3_reset(s);
	return error;
}

int night_sqlite_held(struct night *base, const struct chain *chain, struct ranges *out)
{
	struct night_sqlite *n = (struct night_sqlite *)base;
	struct night_chain found = { 0 };
	int64_t id = 0;
	int error = night_chain_id(n, chain, false, &id);
	if (!error && id)
		error = read_held(n, id, &found);
	if (!error)
		*out = found.held;
	return night_failed(n, error, "reading");
}

static int read_figures(struct night_sqlite *n, sqlite3_stmt *s, int64_t id, struct night_chain *c)
{
	bind_chain(s, id);
	db_bind_integer(s, 3, id);
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		c->signed_to = (uint64_t)sqlite3_column_int64(s, 0) & NIGHT_SEQ_MAX;
		c->contradictions = (uint64_t)sqlite3_column_int64(s, 1);
		c->first_ms = sqlite3_column_int64(s, 2);
		c->last_ms = sqlite3_column_int64(s, 3);
		c->promised = (uint64_t)sqlite3_column_int64(s, 4);
	}
	sqlite3_reset(s);
	return db_error(n->db, rc);
}

static int each_chain(struct night_sqlite *n, const struct chain_list *chains,
	int (*take)(void *context, const struct night_chain *chain), void *context)
{
	sqlite3_stmt *s = NULL;
	int stop = db_prepare(n->db, &s,
		"SELECT (SELECT max(id) FROM signature WHERE id BETWEEN ?1 AND ?2),"
		" (SELECT count(*) FROM contradiction WHERE id BETWEEN ?1 AND ?2),"
		" (SELECT wall_ms FROM entry WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT 1),"
		" (SELECT wall_ms FROM entry WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1),"
		" (SELECT promised FROM chain WHERE id = ?3)");
	for (size_t i = 0; !stop && i < chains->count; i++) {
		struct night_chain c = { .chain = chains->at[i].chain };
		stop = read_held(n, chains->at[i].id, &c);
		if (!stop)
			stop = read_figures(n, s, chains->at[i].id, &c);
		if (!stop)
			stop = take(context, &c);
	}
	sqlite3_finalize(s);
	return stop;
}

int night_sqlite_chains(struct night *base,
	int (*take)(void *context, const struct night_chain *chain), void *context)
{
	struct night_sqlite *n = (struct night_sqlite *)base;
	struct chain_list chains = { 0 };
	int stop = begin_reading(n, &chains);
	if (!stop)
		stop = each_chain(n, &chains, take, context);
	return end_reading(n, &chains, stop);
}

int night_sqlite_promised(struct night *base, const struct chain *chain, uint64_t *promised)
{
	struct night_sqlite *n = (struct night_sqlite *)base;
	sqlite3_stmt *s = NULL;
	int error = db_prepare(
		n->db, &s, "SELECT promised FROM chain WHERE device = ?1 AND epoch = ?2");
	if (error)
		return night_failed(n, error, "reading");
	db_bind_blob(s, 1, chain->device, sizeof(chain->device));
	db_bind_integer(s, 2, chain->epoch);
	int rc = sqlite3_step(s);
	*promised = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(s, 0) : 0;
	error = db_error(n->db, rc);
	sqlite3_finalize(s);
	return night_failed(n, error, "reading");
}

int night_sqlite_receipts(struct night *base, const struct chain *chain,
	int (*take)(void *context, uint64_t first, uint64_t last, int64_t received_ms,
		const char *source),
	void *context)
{
	struct night_sqlite *n = (struct night_sqlite *)base;
	sqlite3_stmt *s = NULL;
	int rc, stop = 0;
	if (!n->receipts)
		return 0;
	int error = db_prepare(n->receipts, &s,
		"SELECT first, last, received_ms, name FROM receipt JOIN source ON id = source"
		" WHERE device = ?1 AND epoch = ?2 ORDER BY first");
	if (error)
		return night_failed(n, error, "reading receipts");
	db_bind_blob(s, 1, chain->device, sizeof(chain->device));
	db_bind_integer(s, 2, chain->epoch);
	while (!stop && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		char source[NIGHT_SOURCE_SIZE] = "";
		if (db_take_text(s, 3, source, sizeof(source)))
			stop = take(context, (uint64_t)sqlite3_column_int64(s, 0),
				(uint64_t)sqlite3_column_int64(s, 1), sqlite3_column_int64(s, 2),
				source);
	}
	error = stop ? 0 : db_error(n->receipts, rc);
	sqlite3_finalize(s);
	return stop ? stop : night_failed(n, error, "reading receipts");
}

static int each_mark(struct night_sqlite *n, const struct chain_list *chains,
	int (*take)(void *context, const struct night_flaw *flaw), void *context)
{
	sqlite3_stmt *s = NULL;
	int rc = SQLITE_DONE;
	int stop = db_prepare(n->db, &s,
		"SELECT id, flaw FROM mark WHERE id BETWEEN ?1 AND ?2 ORDER BY id, flaw");
	for (size_t i = 0; !stop && i < chains->count; i++) {
		bind_chain(s, chains->at[i].id);
		while (!stop && (rc = sqlite3_step(s)) == SQLITE_ROW) {
			int64_t id = sqlite3_column_int64(s, 0), flaw = sqlite3_column_int64(s, 1);
			struct night_flaw f = { chains->at[i].chain, (uint64_t)id & NIGHT_SEQ_MAX,
				(enum row_flaw)flaw };
			if (flaw > FLAW_NONE && flaw < FLAW_KINDS)
				stop = take(context, &f);
		}
		if (!stop)
			stop = db_error(n->db, rc);
		sqlite3_reset(s);
	}
	sqlite3_finalize(s);
	return stop;
}

int night_sqlite_marks(struct night *base,
	int (*take)(void *context, const struct night_flaw *flaw), void *context)
{
	struct night_sqlite *n = (struct night_sqlite *)base;
	struct chain_list chains = { 0 };
	int stop = begin_reading(n, &chains);
	if (!stop)
		stop = each_mark(n, &chains, take, context);
	return end_reading(n, &chains, stop);
}
