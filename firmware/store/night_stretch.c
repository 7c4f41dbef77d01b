/* Rows that can be handed on: as their device has signed them. The table of signatures keeps only
 * the last of rows that follow each other, which vouches for all before it; so that a few rows from
 * the middle can be given back, each message's own signature is kept beside the receipts, since it
 * depends on how rows came. */
#include "store/night_sqlite.h"

#include <errno.h>
#include <string.h>

int night_put_witnesses(sqlite3 *db, const struct batch *batches, size_t count)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(db, &s, "INSERT OR IGNORE INTO witness VALUES (?1, ?2, ?3, ?4, ?5)");
	for (size_t i = 0; !error && i < count; i++) {
		const struct row *last = &batches[i].rows[batches[i].count - 1];
		if (!batches[i].is_signed)
			continue;
		db_bind_blob(s, 1, last->device, sizeof(last->device));
		db_bind_integer(s, 2, last->epoch);
		db_bind_integer(s, 3, (int64_t)last->seq);
		db_bind_blob(s, 4, last->hash, sizeof(last->hash));
		db_bind_blob(s, 5, batches[i].signature, sizeof(batches[i].signature));
		error = db_run(s);
	}
	sqlite3_finalize(s);
	return error;
}

/* --- reading ---------------------------------------------------------------------------------- */

struct span_of_chain {
	const struct chain *chain;
	int64_t id;
	uint64_t first, last;
};

/* Rows without a gap from the first on. */
static int read_rows(
	struct night_sqlite *n, const struct span_of_chain *of, struct row *rows, size_t *count)
{
	sqlite3_stmt *s = NULL;
	int rc = SQLITE_DONE;
	*count = 0;
	int error = db_prepare(n->db, &s,
		"SELECT " NIGHT_COLUMNS " FROM entry WHERE id BETWEEN ?1 AND ?2 ORDER BY id");
	if (error)
		return error;
	db_bind_integer(s, 1, night_id(of->id, of->first));
	db_bind_integer(s, 2, night_id(of->id, of->last));
	while (!error && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct row *row = &rows[*count];
		*row = (struct row){ .epoch = of->chain->epoch };
		memcpy(row->device, of->chain->device, sizeof(row->device));
		error = night_row_read(n, s, row);
		if (!error && row->seq != of->first + *count)
			break;
		*count += !error;
	}
	error = error || rc == SQLITE_ROW ? error : db_error(n->db, rc);
	sqlite3_finalize(s);
	return error;
}

/* The last of these rows of which the statement has a signature ends the batch. */
static int read_signature(
	sqlite3 *db, sqlite3_stmt *s, const struct row *rows, size_t count, struct batch *out)
{
	int rc, error = 0;
	while (!error && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		uint8_t hash[ROW_HASH_SIZE], signature[DEVICE_SIGNATURE_SIZE];
		uint64_t at = ((uint64_t)sqlite3_column_int64(s, 0) & NIGHT_SEQ_MAX) - rows[0].seq;
		if (!db_take_blob(s, 1, hash, sizeof(hash)) ||
			!db_take_blob(s, 2, signature, sizeof(signature)))
			return -EBADMSG;
		if (at < count && at + 1 > out->count &&
			!memcmp(hash, rows[at].hash, sizeof(hash))) {
			out->count = (size_t)at + 1;
			out->is_signed = true;
			memcpy(out->signature, signature, sizeof(signature));
		}
	}
	return error ? error : db_error(db, rc);
}

static int find_witness(struct night_sqlite *n, const struct span_of_chain *of,
	const struct row *rows, size_t count, struct batch *out)
{
	sqlite3_stmt *s = NULL;
	if (!n->receipts)
		return 0;
	int error = db_prepare(n->receipts, &s,
		"SELECT seq, hash, signature FROM witness"
		" WHERE device = ?1 AND epoch = ?2 AND seq BETWEEN ?3 AND ?4");
	if (error)
		return error;
	db_bind_blob(s, 1, of->chain->device, sizeof(of->chain->device));
	db_bind_integer(s, 2, of->chain->epoch);
	db_bind_integer(s, 3, (int64_t)of->first);
	db_bind_integer(s, 4, (int64_t)of->last);
	error = read_signature(n->receipts, s, rows, count, out);
	sqlite3_finalize(s);
	return error;
}

static int find_signature(struct night_sqlite *n, const struct span_of_chain *of,
	const struct row *rows, size_t count, struct batch *out)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(
		n->db, &s, "SELECT id, hash, signature FROM signature WHERE id BETWEEN ?1 AND ?2");
	if (error)
		return error;
	db_bind_integer(s, 1, night_id(of->id, of->first));
	db_bind_integer(s, 2, night_id(of->id, of->last));
	error = read_signature(n->db, s, rows, count, out);
	sqlite3_finalize(s);
	return error;
}

static int read_key(struct night_sqlite *n, int64_t chain, struct batch *out)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(n->db, &s, "SELECT key FROM chain WHERE id = ?1");
	if (error)
		return error;
	db_bind_integer(s, 1, chain);
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW && !db_take_blob(s, 0, out->key, sizeof(out->key)))
		out->count = 0; /* nobody has signed anything of it */
	error = db_error(n->db, rc);
	sqlite3_finalize(s);
	return error;
}

int night_sqlite_stretch(struct night *base, const struct chain *chain, uint64_t first,
	uint64_t most, struct row rows[BATCH_ROWS_MAX], struct batch *out)
{
	struct night_sqlite *n = (struct night_sqlite *)base;
	struct span_of_chain of = { .chain = chain, .first = first, .last = first + most - 1 };
	size_t count = 0;
	*out = (struct batch){ .rows = rows };
	int error = night_chain_id(n, chain, false, &of.id);
	if (!error && of.id)
		error = read_rows(n, &of, rows, &count);
	if (!error && count)
		error = find_witness(n, &of, rows, count, out);
	if (!error && count)
		error = find_signature(n, &of, rows, count, out);
	if (!error && out->count)
		error = read_key(n, of.id, out);
	if (error)
		out->count = 0;
	return night_failed(n, error, "reading");
}
