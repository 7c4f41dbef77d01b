/* What the peers' rows tell, to the writer and to readers, and how far our own are safe. */
#include "store/peers_private.h"
#include "store/row_sql.h"

#include <errno.h>
#include <string.h>

/* --- chains ----------------------------------------------------------------------------------- */

static int read_ranges(struct peers *p, sqlite3_stmt *s, struct ranges *out)
{
	int rc;
	*out = (struct ranges){ 0 };
	while ((rc = sqlite3_step(s)) == SQLITE_ROW)
		(void)ranges_add(out, (uint64_t)sqlite3_column_int64(s, 0),
			(uint64_t)sqlite3_column_int64(s, 1));
	return db_error(p->db, rc);
}

static int held_of(struct peers *p, int64_t number, struct ranges *out)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(
		p->db, &s, "SELECT first, last FROM held WHERE chain = ?1 ORDER BY first");
	if (error)
		return error;
	db_bind_integer(s, 1, number);
	error = read_ranges(p, s, out);
	sqlite3_finalize(s);
	return error;
}

int peers_held(struct peers *p, const struct chain *chain, struct ranges *out)
{
	int64_t number;
	int error = peers_chain_number(p, chain, &number);
	*out = (struct ranges){ 0 };
	if (error)
		return error == -ENOENT ? 0 : error;
	return held_of(p, number, out);
}

/* Calls `take` with each chain's number, by device and epoch. */
static int each_chain(struct peers *p,
	int (*take)(struct peers *p, int64_t number, const struct chain *chain, void *context),
	void *context)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(
		p->db, &s, "SELECT number, device, epoch FROM chain ORDER BY device, epoch");
	int rc = SQLITE_DONE;
	while (!error && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct chain chain = { .epoch = (uint32_t)sqlite3_column_int64(s, 2) };
		if (!db_take_blob(s, 1, chain.device, sizeof(chain.device)))
			error = -EBADMSG;
		else
			error = take(p, sqlite3_column_int64(s, 0), &chain, context);
	}
	if (!error)
		error = db_error(p->db, rc);
	sqlite3_finalize(s);
	return error;
}

struct chain_taker {
	int (*take)(void *context, const struct chain *chain, const struct ranges *held);
	void *context;
};

static int take_chain(struct peers *p, int64_t number, const struct chain *chain, void *context)
{
	const struct chain_taker *t = context;
	struct ranges held;
	int error = held_of(p, number, &held);
	return error ? error : t->take(t->context, chain, &held);
}

int peers_chains(struct peers *p,
	int (*take)(void *context, const struct chain *chain, const struct ranges *held),
	void *context)
{
	return each_chain(p, take_chain, &(struct chain_taker){ take, context });
}

/* --- rows ------------------------------------------------------------------------------------- */

struct row_taker {
	int (*take)(void *context, const struct row *row);
	void *context;
};

static int each_row(struct peers *p, int64_t first, int64_t last, const struct row_taker *t)
{
	sqlite3_stmt *s;
	int error = peers_statement(p, PEERS_ROWS, &s);
	if (error)
		return error;
	db_bind_integer(s, 1, first);
	db_bind_integer(s, 2, last);
	int rc = SQLITE_DONE;
	while (!error && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct row row;
		error = row_read(s, &row) ? -EBADMSG : t->take(t->context, &row);
	}
	if (!error)
		error = db_error(p->db, rc);
	sqlite3_reset(s);
	return error;
}

static int take_rows(struct peers *p, int64_t number, const struct chain *chain, void *context)
{
	(void)chain;
	return each_row(p, peers_row_id(number, 1), peers_row_id(number, ROW_SEQ_MAX), context);
}

int peers_each(struct peers *p, int (*take)(void *context, const struct row *row), void *context)
{
	return each_chain(p, take_rows, &(struct row_taker){ take, context });
}

struct stretch {
	struct row *rows;
	size_t count;
};

static int take_into_stretch(void *context, const struct row *row)
{
	struct stretch *s = context;
	if (s->count == BATCH_ROWS_MAX || (s->count && row->seq != s->rows[s->count - 1].seq + 1))
		return 1; /* that is enough */
	s->rows[s->count++] = *row;
	return 0;
}

/* The last signed row up to `last`, with its signature and the chain's key. -ENOENT. */
static int read_signed(
	struct peers *p, int64_t number, uint64_t first, uint64_t last, struct batch *out)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(p->db, &s,
		"SELECT id, signature, (SELECT key FROM chain WHERE number = ?3) FROM signed"
		" WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1");
	if (error)
		return error;
	db_bind_integer(s, 1, peers_row_id(number, first));
	db_bind_integer(s, 2, peers_row_id(number, last));
	db_bind_integer(s, 3, number);
	int rc = sqlite3_step(s);
	error = rc == SQLITE_DONE ? -ENOENT : db_error(p->db, rc);
	if (!error) {
		out->count = ((uint64_t)sqlite3_column_int64(s, 0) & ROW_SEQ_MAX) - first + 1;
		out->is_signed = true;
		if (!db_take_blob(s, 1, out->signature, sizeof(out->signature)) ||
			!db_take_blob(s, 2, out->key, sizeof(out->key)))
			error = -EBADMSG;
	}
	sqlite3_finalize(s);
	return error;
}

int peers_fetch(struct peers *p, const struct chain *chain, uint64_t first, uint64_t most,
	struct row rows[BATCH_ROWS_MAX], struct batch *out)
{
	struct batch b = { .rows = rows };
	struct stretch stretch = { .rows = rows };
	int64_t number;
	*out = b;
	int error = peers_chain_number(p, chain, &number);
	if (error || !first || first > ROW_SEQ_MAX - BATCH_ROWS_MAX)
		return error == -ENOENT ? 0 : error;
	error = each_row(p, peers_row_id(number, first),
		peers_row_id(number, first + BATCH_ROWS_MAX - 1),
		&(struct row_taker){ take_into_stretch, &stretch });
	if (error < 0 || !stretch.count || rows[0].seq != first)
		return error < 0 ? error : 0;
	error = -ENOENT;
	if (most > 0 && most < stretch.count)
		error = read_signed(p, number, first, first + most - 1, &b);
	if (error == -ENOENT)
		error = read_signed(p, number, first, rows[stretch.count - 1].seq, &b);
	if (!error)
		*out = b;
	return error == -ENOENT ? 0 : error;
}

int peers_news(struct peers *p, uint64_t *cursor, size_t most,
	int (*take)(void *context, const struct row *row), void *context, bool *more)
{
	const struct row_taker t = { take, context };
	size_t taken = 0;
	*more = true;
	while (taken < most) {
		sqlite3_stmt *s;
		int error = peers_statement(p, PEERS_NEWS, &s);
		if (error)
			return error;
		db_bind_integer(s, 1, (int64_t)*cursor);
		int rc = sqlite3_step(s);
		uint64_t number = (uint64_t)sqlite3_column_int64(s, 0);
		int64_t first = sqlite3_column_int64(s, 1), last = sqlite3_column_int64(s, 2);
		sqlite3_reset(s);
		*more = rc == SQLITE_ROW;
		if (rc != SQLITE_ROW)
			return db_error(p->db, rc);
		error = each_row(p, first, last, &t);
		if (error)
			return error;
		*cursor = number;
		taken += (size_t)(last - first) + 1;
	}
	return 0;
}

static int take_latest(struct peers *p, int64_t number, const struct chain *chain, void *context)
{
	uint64_t *latest = context;
	sqlite3_stmt *s = NULL;
	(void)chain;
	int error = db_prepare(p->db, &s,
		"SELECT hlc FROM entry WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT 1");
	if (error)
		return error;
	db_bind_integer(s, 1, peers_row_id(number, 1));
	db_bind_integer(s, 2, peers_row_id(number, ROW_SEQ_MAX));
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW && (uint64_t)sqlite3_column_int64(s, 0) > *latest)
		*latest = (uint64_t)sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return db_error(p->db, rc);
}

/* Stamps grow along a chain: the last row of each tells. */
int peers_latest(struct peers *p, uint64_t *stamp)
{
	uint64_t latest = 0;
	int error = each_chain(p, take_latest, &latest);
	if (!error)
		*stamp = latest;
	return error;
}

/* --- tickets ---------------------------------------------------------------------------------- */

int peers_prior(
	struct peers *p, const uint8_t ticket[TICKET_HASH_SIZE], struct prior *out, uint64_t *stamp)
{
	struct prior prior = { 0 };
	sqlite3_stmt *s;
	int error = peers_statement(p, PEERS_PRIOR, &s);
	if (error)
		return error;
	uint64_t hlc = 0;
	db_bind_blob(s, 1, ticket, TICKET_HASH_SIZE);
	int rc = sqlite3_step(s);
	error = db_error(p->db, rc);
	if (rc == SQLITE_ROW) {
		prior.last = (enum direction)sqlite3_column_int(s, 0);
		prior.wall_ms = sqlite3_column_int64(s, 1);
		prior.trust = (enum trust)sqlite3_column_int(s, 2);
		hlc = (uint64_t)sqlite3_column_int64(s, 5);
		prior.walk_in = sqlite3_column_int(s, 6) != 0;
		if (!db_take_text(s, 3, prior.venue, sizeof(prior.venue)) ||
			!db_take_text(s, 4, prior.door, sizeof(prior.door)))
			error = -EBADMSG;
	}
	sqlite3_reset(s);
	if (error)
		return error;
	*out = prior;
	*stamp = hlc;
	return 0;
}

int peers_ticket(struct peers *p, const uint8_t ticket[TICKET_HASH_SIZE], struct row *rows,
	size_t most, size_t *count)
{
	sqlite3_stmt *s;
	size_t n = 0;
	int error = peers_statement(p, PEERS_OF_TICKET, &s);
	if (error)
		return error;
	db_bind_blob(s, 1, ticket, TICKET_HASH_SIZE);
	db_bind_integer(s, 2, (int64_t)most);
	int rc = SQLITE_DONE;
	while (!error && n < most && (rc = sqlite3_step(s)) == SQLITE_ROW)
		error = row_read(s, &rows[n++]) ? -EBADMSG : 0;
	if (!error)
		error = db_error(p->db, rc);
	sqlite3_reset(s);
	if (!error)
		*count = n;
	return error;
}

static int apply(void *context, const struct row *row)
{
	headcount_apply(context, row);
	return 0;
}

int peers_headcount(struct peers *p, const char *venue, int64_t start_ms, struct headcount *out)
{
	struct headcount count;
	headcount_init(&count, venue, start_ms);
	int error = each_row(p, 0, INT64_MAX, &(struct row_taker){ apply, &count });
	if (error)
		return error;
	count.peak_present = count.peak_ms = 0; /* that depends on the order */
	*out = count;
	return 0;
}

/* --- our own rows ----------------------------------------------------------------------------- */

int peers_safe(struct peers *p, const struct chain *chain, struct ranges *out)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(p->db, &s,
		"SELECT first, last FROM safe WHERE device = ?1 AND epoch = ?2 ORDER BY first");
	if (error)
		return error;
	db_bind_blob(s, 1, chain->device, sizeof(chain->device));
	db_bind_integer(s, 2, chain->epoch);
	error = read_ranges(p, s, out);
	sqlite3_finalize(s);
	return error;
}

static int write_safe(struct peers *p, const struct chain *chain, const struct ranges *safe)
{
	sqlite3_stmt *drop = NULL, *add = NULL;
	int error = db_prepare(p->db, &drop, "DELETE FROM safe WHERE device = ?1 AND epoch = ?2");
	if (!error)
		error = db_prepare(p->db, &add, "INSERT INTO safe VALUES (?, ?, ?, ?)");
	if (!error) {
		db_bind_blob(drop, 1, chain->device, sizeof(chain->device));
		db_bind_integer(drop, 2, chain->epoch);
		error = db_run(drop);
	}
	for (uint32_t i = 0; !error && i < safe->count; i++) {
		db_bind_blob(add, 1, chain->device, sizeof(chain->device));
		db_bind_integer(add, 2, chain->epoch);
		db_bind_integer(add, 3, (int64_t)safe->at[i].first);
		db_bind_integer(add, 4, (int64_t)safe->at[i].last);
		error = db_run(add);
	}
	sqlite3_finalize(drop);
	sqlite3_finalize(add);
	return error;
}

int peers_safe_add(struct peers *p, const struct chain *chain, const struct ranges *safe)
{
	struct ranges known, all;
	CHECK(p->writes);
	int error = peers_safe(p, chain, &known);
	if (error)
		return error;
	all = known;
	(void)ranges_join(&all, safe); /* what has no room is sent once more */
	if (ranges_equal(&all, &known))
		return 0;
	error = db_exec(p->db, "BEGIN IMMEDIATE");
	if (error)
		return error;
	error = write_safe(p, chain, &all);
	if (!error)
		error = db_exec(p->db, "COMMIT");
	if (error && !sqlite3_get_autocommit(p->db))
		(void)!db_exec(p->db, "ROLLBACK");
	return error;
}
