/* Taking rows. What is new is added; what is there with the same hash is known; what is there with
 * another hash is a contradiction: both stay, and which of them has the number follows from what is
 * known of both alone (BETTER in night_statements.c), never from who came first. */
#include "base/log.h"
#include "store/night_sqlite.h"
#include "store/night_statements.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct taking {
	struct night_sqlite *n;
	struct night_taken taken;
	struct stretch *fresh; /* what came first in this call */
	size_t fresh_count, fresh_room;
};

/* --- one statement ---------------------------------------------------------------------------- */

/* Runs a statement on a row's number and, where there is one, a hash. */
static int run(struct night_sqlite *n, enum night_statement which, int64_t id, const uint8_t *hash)
{
	sqlite3_stmt *s;
	int error = night_statement(n, which, &s);
	if (error)
		return error;
	db_bind_integer(s, 1, id);
	if (hash)
		db_bind_blob(s, 2, hash, ROW_HASH_SIZE);
	return db_run(s);
}

static bool is_zero(const uint8_t *bytes, size_t n)
{
	uint8_t any = 0;
	for (size_t i = 0; i < n; i++)
		any |= bytes[i];
	return !any;
}

void night_row_bind(
	sqlite3_stmt *s, const struct row *row, int64_t id, int64_t place, bool is_signed)
{
	db_bind_integer(s, 1, id);
	db_bind_integer(s, 2, (int64_t)row->hlc);
	db_bind_integer(s, 3, row->at.wall_ms);
	db_bind_integer(s, 4, row->at.mono_ms);
	db_bind_integer(s, 5, night_pack(row, is_signed));
	db_bind_integer(s, 6, place);
	if (is_zero(row->ticket, sizeof(row->ticket)))
		sqlite3_bind_null(s, 7);
	else
		db_bind_blob(s, 7, row->ticket, sizeof(row->ticket));
	db_bind_integer(s, 8, row->amount);
	if (row->undoes)
		db_bind_integer(s, 9, (int64_t)row->undoes);
	else
		sqlite3_bind_null(s, 9);
	db_bind_blob(s, 10, row->before, sizeof(row->before));
	db_bind_blob(s, 11, row->hash, sizeof(row->hash));
}

static int put(struct night_sqlite *n, enum night_statement which, const struct row *row,
	int64_t id, bool is_signed)
{
	sqlite3_stmt *s;
	int64_t place = 0;
	int error = night_place_id(n, row, &place);
	if (!error)
		error = night_statement(n, which, &s);
	if (error)
		return error;
	night_row_bind(s, row, id, place, is_signed);
	return db_run(s);
}

/* --- which numbers are held ------------------------------------------------------------------- */

static int held_left(struct night_sqlite *n, int64_t chain, uint64_t first, uint64_t *begin)
{
	sqlite3_stmt *s;
	int error = night_statement(n, NIGHT_HELD_LEFT, &s);
	if (error)
		return error;
	db_bind_integer(s, 1, chain);
	db_bind_integer(s, 2, (int64_t)first);
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW && (uint64_t)sqlite3_column_int64(s, 1) == first - 1)
		*begin = (uint64_t)sqlite3_column_int64(s, 0);
	error = db_error(n->db, rc);
	sqlite3_reset(s);
	return error;
}

static int held_right(struct night_sqlite *n, int64_t chain, uint64_t last, uint64_t *end)
{
	sqlite3_stmt *s;
	int error = night_statement(n, NIGHT_HELD_RIGHT, &s);
	if (error)
		return error;
	db_bind_integer(s, 1, chain);
	db_bind_integer(s, 2, (int64_t)last + 1);
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*end = (uint64_t)sqlite3_column_int64(s, 0);
	error = db_error(n->db, rc);
	sqlite3_reset(s);
	if (error || *end == last)
		return error;
	error = night_statement(n, NIGHT_HELD_DROP, &s);
	if (error)
		return error;
	db_bind_integer(s, 1, chain);
	db_bind_integer(s, 2, (int64_t)last + 1);
	return db_run(s);
}

/* None of first … last was held before. */
static int held_add(struct night_sqlite *n, int64_t chain, uint64_t first, uint64_t last)
{
	uint64_t begin = first, end = last;
	sqlite3_stmt *s;
	int error = held_left(n, chain, first, &begin);
	if (!error)
		error = held_right(n, chain, last, &end);
	if (!error)
		error = night_statement(n, NIGHT_HELD_PUT, &s);
	if (error)
		return error;
	db_bind_integer(s, 1, chain);
	db_bind_integer(s, 2, (int64_t)begin);
	db_bind_integer(s, 3, (int64_t)end);
	return db_run(s);
}

static int note_fresh(struct taking *t, const struct row *first, uint64_t last)
{
	struct stretch *newest = t->fresh_count ? &t->fresh[t->fresh_count - 1] : NULL;
	if (newest && newest->last + 1 == first->seq && newest->chain.epoch == first->epoch &&
		!memcmp(newest->chain.device, first->device, sizeof(first->device))) {
		newest->last = last;
		return 0;
	}
	if (t->fresh_count == t->fresh_room) {
		size_t room = t->fresh_room ? 2 * t->fresh_room : 16;
		struct stretch *more = realloc(t->fresh, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		t->fresh = more;
		t->fresh_room = room;
	}
	newest = &t->fresh[t->fresh_count++];
	*newest = (struct stretch){ .chain.epoch = first->epoch, first->seq, last };
	memcpy(newest->chain.device, first->device, sizeof(first->device));
	return 0;
}

/* --- one batch -------------------------------------------------------------------------------- */

struct known {
	bool there, is_signed;
	uint8_t hash[ROW_HASH_SIZE];
};

static int look(struct night_sqlite *n, int64_t chain, const struct batch *b,
	struct known known[BATCH_ROWS_MAX])
{
	int64_t first = night_id(chain, b->rows[0].seq);
	sqlite3_stmt *s;
	int rc;
	int error = night_statement(n, NIGHT_LOOK_ROWS, &s);
	if (error)
		return error;
	db_bind_integer(s, 1, first);
	db_bind_integer(s, 2, first + (int64_t)b->count - 1);
	while (!error && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct known *k = &known[sqlite3_column_int64(s, 0) - first];
		k->there = true;
		k->is_signed = sqlite3_column_int64(s, 1) & NIGHT_SIGNED;
		if (!db_take_blob(s, 2, k->hash, sizeof(k->hash)))
			error = -EBADMSG;
	}
	sqlite3_reset(s);
	return error ? error : db_error(n->db, rc);
}

/* The row that ought to have a number, if it is not the one that has. */
static int judge(struct night_sqlite *n, int64_t id)
{
	uint8_t hash[ROW_HASH_SIZE];
	sqlite3_stmt *s;
	int error = night_statement(n, NIGHT_OTHER_BEST, &s);
	if (error)
		return error;
	db_bind_integer(s, 1, id);
	int rc = sqlite3_step(s);
	error = db_error(n->db, rc);
	if (rc == SQLITE_ROW && !db_take_blob(s, 0, hash, sizeof(hash)))
		error = -EBADMSG;
	sqlite3_reset(s);
	if (error || rc != SQLITE_ROW)
		return error;
	error = run(n, NIGHT_OTHER_SINK, id, NULL);
	if (!error)
		error = run(n, NIGHT_DROP_ROW, id, NULL);
	if (!error)
		error = run(n, NIGHT_OTHER_RISE, id, hash);
	return error ? error : run(n, NIGHT_OTHER_DROP, id, hash);
}

static int contradict(struct taking *t, const struct row *row, int64_t id, bool is_signed)
{
	struct night_sqlite *n = t->n;
	int error = put(n, NIGHT_OTHER_PUT, row, id, is_signed);
	if (error)
		return error;
	if (sqlite3_changes(n->db))
		t->taken.contradicting++;
	else
		t->taken.known++;
	if (is_signed)
		error = run(n, NIGHT_OTHER_SIGN, id, row->hash);
	return error ? error : judge(n, id);
}

static int take_row(struct taking *t, const struct row *row, int64_t id, bool is_signed,
	const struct known *known)
{
	if (!known->there) {
		t->taken.fresh++;
		return put(t->n, NIGHT_ADD_ROW, row, id, is_signed);
	}
	if (memcmp(known->hash, row->hash, sizeof(row->hash)))
		return contradict(t, row, id, is_signed);
	t->taken.known++;
	if (known->is_signed || !is_signed)
		return 0;
	int error = run(t->n, NIGHT_SIGN_ROW, id, NULL);
	return error ? error : judge(t->n, id);
}

/* The signature before is vouched for by this one where the rows follow each other. */
static int put_signature(struct night_sqlite *n, int64_t chain, const struct batch *b)
{
	const struct row *first = b->rows, *last = &b->rows[b->count - 1];
	sqlite3_stmt *s;
	int error = night_statement(n, NIGHT_SET_KEY, &s);
	if (error)
		return error;
	db_bind_integer(s, 1, chain);
	db_bind_blob(s, 2, b->key, sizeof(b->key));
	error = db_run(s);
	if (!error && first->seq > 1)
		error = run(
			n, NIGHT_SIGNATURE_PRUNE, night_id(chain, first->seq - 1), first->before);
	if (!error)
		error = night_statement(n, NIGHT_SIGNATURE_PUT, &s);
	if (error)
		return error;
	db_bind_integer(s, 1, night_id(chain, last->seq));
	db_bind_blob(s, 2, last->hash, sizeof(last->hash));
	db_bind_blob(s, 3, b->signature, sizeof(b->signature));
	return db_run(s);
}

static int add_stretches(struct taking *t, int64_t chain, const struct batch *b,
	const struct known known[BATCH_ROWS_MAX])
{
	int error = 0;
	for (size_t i = 0, to; !error && i < b->count; i = to) {
		for (to = i; to < b->count && known[to].there == known[i].there; to++)
			continue;
		if (known[i].there)
			continue;
		error = held_add(t->n, chain, b->rows[i].seq, b->rows[to - 1].seq);
		if (!error)
			error = note_fresh(t, &b->rows[i], b->rows[to - 1].seq);
	}
	return error;
}

static int take_batch(struct taking *t, const struct batch *b)
{
	struct known known[BATCH_ROWS_MAX] = { 0 };
	struct chain of = { .epoch = b->rows[0].epoch };
	int64_t chain = 0;
	memcpy(of.device, b->rows[0].device, sizeof(of.device));
	int error = night_chain_id(t->n, &of, true, &chain);
	if (!error)
		error = look(t->n, chain, b, known);
	int before = sqlite3_total_changes(t->n->db);
	for (size_t i = 0; !error && i < b->count; i++)
		error = take_row(
			t, &b->rows[i], night_id(chain, b->rows[i].seq), b->is_signed, &known[i]);
	/* All known, and signed before: its signature says nothing new. */
	if (!error && b->is_signed && sqlite3_total_changes(t->n->db) != before)
		error = put_signature(t->n, chain, b);
	return error ? error : add_stretches(t, chain, b, known);
}

/* --- the transaction -------------------------------------------------------------------------- */

static int begin(struct night_sqlite *n)
{
	sqlite3_stmt *s;
	int error = night_statement(n, NIGHT_BEGIN, &s);
	return error ? error : db_run(s);
}

/* Commits, or takes everything back where there was an error before. */
static int finish(struct night_sqlite *n, int error, int changes_before)
{
	sqlite3_stmt *s;
	if (!error && sqlite3_total_changes(n->db) != changes_before) {
		error = night_statement(n, NIGHT_UNSETTLE, &s);
		if (!error)
			error = db_run(s);
	}
	if (!error)
		error = night_statement(n, NIGHT_COMMIT, &s);
	if (!error)
		error = db_run(s);
	if (!error)
		return 0;
	if (!sqlite3_get_autocommit(n->db))
		(void)!db_exec(n->db, "ROLLBACK");
	night_forget(n);
	return error;
}

int night_sqlite_take(struct night *base, const struct batch *batches, size_t count,
	const char *source, int64_t received_ms, struct night_taken *out)
{
	struct night_sqlite *n = (struct night_sqlite *)base;
	struct taking t = { .n = n };
	int error = begin(n);
	if (error)
		return night_failed(n, error, "beginning to write");
	int before = sqlite3_total_changes(n->db);
	for (size_t i = 0; !error && i < count; i++)
		error = take_batch(&t, &batches[i]);
	error = finish(n, error, before);
	/* The rows are what must not be lost; when they came is worth a warning. */
	if (!error && t.fresh_count &&
		night_note_receipts(n, t.fresh, t.fresh_count, batches, count, source, received_ms))
		log_warning("%s: when rows came could not be noted", n->receipts_path);
	free(t.fresh);
	if (error)
		return night_failed(n, error, "writing");
	*out = t.taken;
	return 0;
}

/* A statement on a chain's number, or on that of one of its rows, and a value. */
static int note(struct night_sqlite *n, enum night_statement which, const struct chain *chain,
	uint64_t seq, int64_t value)
{
	int64_t id = 0;
	sqlite3_stmt *s;
	int error = night_chain_id(n, chain, true, &id);
	if (!error)
		error = night_statement(n, which, &s);
	if (error)
		return error;
	db_bind_integer(s, 1, seq ? night_id(id, seq) : id);
	db_bind_integer(s, 2, value);
	return db_run(s);
}

int night_sqlite_promise(struct night *base, const struct chain *chain, uint64_t promised)
{
	struct night_sqlite *n = (struct night_sqlite *)base;
	int error = begin(n);
	if (error)
		return night_failed(n, error, "beginning to write");
	int before = sqlite3_total_changes(n->db);
	error = note(n, NIGHT_PROMISE, chain, 0, (int64_t)promised);
	return night_failed(n, finish(n, error, before), "writing");
}

int night_sqlite_mark(struct night *base, const struct night_flaw *flaws, size_t count)
{
	struct night_sqlite *n = (struct night_sqlite *)base;
	int error = begin(n);
	if (error)
		return night_failed(n, error, "beginning to write");
	int before = sqlite3_total_changes(n->db);
	for (size_t i = 0; !error && i < count; i++)
		error = note(n, NIGHT_MARK, &flaws[i].chain, flaws[i].seq, (int64_t)flaws[i].flaw);
	return night_failed(n, finish(n, error, before), "writing");
}

/* --- receipts --------------------------------------------------------------------------------- */

static int source_id(sqlite3 *db, const char *source, int64_t *out)
{
	sqlite3_stmt *s = NULL;
	char name[NIGHT_SOURCE_SIZE];
	snprintf(name, sizeof(name), "%s", source);
	int error = db_prepare(db, &s,
		"INSERT INTO source (name) VALUES (?1)"
		" ON CONFLICT DO UPDATE SET name = name RETURNING id");
	if (error)
		return error;
	db_bind_text(s, 1, name);
	int rc = sqlite3_step(s);
	*out = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	error = db_error(db, rc);
	sqlite3_finalize(s);
	return error;
}

static int put_receipts(sqlite3 *db, const struct stretch *stretches, size_t count, int64_t source,
	int64_t received_ms)
{
	sqlite3_stmt *s = NULL;
	int error =
		db_prepare(db, &s, "INSERT OR IGNORE INTO receipt VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
	for (size_t i = 0; !error && i < count; i++) {
		const struct stretch *r = &stretches[i];
		db_bind_blob(s, 1, r->chain.device, sizeof(r->chain.device));
		db_bind_integer(s, 2, r->chain.epoch);
		db_bind_integer(s, 3, (int64_t)r->first);
		db_bind_integer(s, 4, (int64_t)r->last);
		db_bind_integer(s, 5, received_ms);
		db_bind_integer(s, 6, source);
		error = db_run(s);
	}
	sqlite3_finalize(s);
	return error;
}

int night_note_receipts(struct night_sqlite *n, const struct stretch *stretches, size_t count,
	const struct batch *batches, size_t batch_count, const char *source, int64_t received_ms)
{
	int64_t id = 0;
	int error = db_exec(n->receipts, "BEGIN IMMEDIATE");
	if (error)
		return error;
	error = source_id(n->receipts, source, &id);
	if (!error)
		error = put_receipts(n->receipts, stretches, count, id, received_ms);
	if (!error)
		error = night_put_witnesses(n->receipts, batches, batch_count);
	if (!error)
		error = db_exec(n->receipts, "COMMIT");
	if (error && !sqlite3_get_autocommit(n->receipts))
		(void)!db_exec(n->receipts, "ROLLBACK");
	return error;
}
