/* Rows are sent with COPY in its binary form, in one transaction. Stretches of which nothing is
 * held go straight to their places; any others to a table of the connection's own, from which a few
 * statements take what is new and mark what contradicts. Nothing of it stays on failure. */
#include "store/night_pg.h"

#include "base/text.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MIGRATION_LOCK "7021949331"
#define SEND_SIZE      (256 << 10)

int night_pg_failed(struct night_pg *n, const PGresult *result)
{
	const char *said = result ? PQresultErrorMessage(result) : PQerrorMessage(n->pg);
	const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	char line[NIGHT_WHY_SIZE];
	snprintf(line, sizeof(line), "%.200s", said);
	line[strcspn(line, "\n")] = 0;
	text_printable(n->base.why, sizeof(n->base.why), line, strlen(line));
	if (PQstatus(n->pg) != CONNECTION_OK || !state)
		return -EHOSTUNREACH;
	if (!strncmp(state, "53", 2)) /* insufficient resources */
		return -ENOSPC;
	if (!strncmp(state, "28", 2) || !strcmp(state, "42501"))
		return -EACCES;
	if (!strcmp(state, "25006")) /* read-only transaction */
		return -EROFS;
	if (!strcmp(state, "23505")) /* unique_violation */
		return -EEXIST;
	return !strncmp(state, "40", 2) ? -EBUSY : -EBADMSG;
}

int night_pg_run(struct night_pg *n, const char *sql, uint64_t *rows)
{
	PGresult *r = PQexec(n->pg, sql);
	ExecStatusType status = PQresultStatus(r);
	int error =
		status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? 0 : night_pg_failed(n, r);
	if (!error && rows)
		*rows = strtoull(PQcmdTuples(r), NULL, 10);
	PQclear(r);
	return error;
}

static int run_with(struct night_pg *n, const char *sql, const char *const *values, int count,
	char *first, size_t capacity)
{
	PGresult *r = PQexecParams(n->pg, sql, count, NULL, values, NULL, NULL, 0);
	ExecStatusType status = PQresultStatus(r);
	int error =
		status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? 0 : night_pg_failed(n, r);
	if (!error && first)
		snprintf(first, capacity, "%s", PQntuples(r) ? PQgetvalue(r, 0, 0) : "");
	PQclear(r);
	return error;
}

/* --- opening ---------------------------------------------------------------------------------- */

static int put_verdicts(struct night_pg *n)
{
	int error = 0;
	for (int v = 0; !error && v < VERDICT_COUNT; v++) {
		char number[12];
		snprintf(number, sizeof(number), "%d", v);
		const char *values[] = { number, verdict_names[v],
			verdict_refuses((enum verdict)v) ? "t" : "f" };
		error = run_with(n,
			"INSERT INTO parvis.verdict VALUES ($1::int, $2, $3::boolean)"
			" ON CONFLICT DO NOTHING",
			values, 3, NULL, 0);
	}
	return error;
}

static int read_number(struct night_pg *n, const char *sql, long *out)
{
	char text[24];
	int error = run_with(n, sql, NULL, 0, text, sizeof(text));
	*out = error ? 0 : strtol(text, NULL, 10);
	return error;
}

/* Several collectors may start at once: one migrates, the others find it done. */
static int migrate(struct night_pg *n)
{
	long done = 0;
	int error = night_pg_run(n,
		"SET client_min_messages = warning; BEGIN;"
		"SELECT pg_advisory_xact_lock(" MIGRATION_LOCK ");"
		"CREATE SCHEMA IF NOT EXISTS parvis;"
		"CREATE TABLE IF NOT EXISTS parvis.migration (number integer PRIMARY KEY,"
		" at timestamptz NOT NULL DEFAULT now())",
		NULL);
	if (!error)
		error = read_number(
			n, "SELECT coalesce(max(number), 0) FROM parvis.migration", &done);
	if (!error && done > night_pg_migration_count) {
		snprintf(n->base.why, sizeof(n->base.why),
			"the store was made by a newer version of parvis");
		error = -EBADMSG;
	}
	for (int i = (int)done; !error && i < night_pg_migration_count; i++) {
		char number[80];
		error = night_pg_run(n, night_pg_migrations[i], NULL);
		snprintf(number, sizeof(number), "INSERT INTO parvis.migration VALUES (%d)", i + 1);
		if (!error)
			error = night_pg_run(n, number, NULL);
	}
	if (!error)
		error = put_verdicts(n);
	return error ? error : night_pg_run(n, "COMMIT", NULL);
}

static int check_event(struct night_pg *n, const char *event_id)
{
	char kept[64];
	const char *values[] = { event_id };
	int error = n->writes ? run_with(n,
					"INSERT INTO parvis.event VALUES (true, $1)"
					" ON CONFLICT DO NOTHING",
					values, 1, NULL, 0)
			      : 0;
	if (!error)
		error = run_with(n, "SELECT id FROM parvis.event", NULL, 0, kept, sizeof(kept));
	if (!error && strcmp(kept, event_id)) {
		snprintf(n->base.why, sizeof(n->base.why), "it is the store of another event");
		error = -EKEYREJECTED;
	}
	return error;
}

static int prepare(struct night_pg *n, const char *event_id)
{
	char there[24];
	int error = n->writes ? migrate(n)
			      : run_with(n, "SELECT to_regclass('parvis.entry')::text", NULL, 0,
					there, sizeof(there));
	if (!error && !n->writes && !there[0]) {
		snprintf(n->base.why, sizeof(n->base.why), "nothing has been collected yet");
		error = -ENOENT;
	}
	if (!error)
		error = check_event(n, event_id);
	return error || !n->writes ? error : night_pg_run(n, night_pg_session, NULL);
}

static void night_pg_close(struct night *base)
{
	struct night_pg *n = (struct night_pg *)base;
	PQfinish(n->pg);
	free(n->buffer);
	free(n);
}

/* The address may hold a password: it is never repeated. */
static int connect_to(struct night_pg *n, const char *url)
{
	char *said = NULL;
	PQconninfoOption *options = PQconninfoParse(url, &said);
	PQfreemem(said);
	if (!options) {
		snprintf(n->base.why, sizeof(n->base.why),
			"the address is not understood: postgresql://USER@HOST/DATABASE");
		return -EINVAL;
	}
	PQconninfoFree(options);
	const char *const keys[] = { "dbname", "connect_timeout", "application_name",
		"client_encoding", NULL };
	const char *const values[] = { url, "20", "parvis", "UTF8", NULL };
	n->pg = PQconnectdbParams(keys, values, 1);
	return PQstatus(n->pg) == CONNECTION_OK ? 0 : night_pg_failed(n, NULL);
}

/* --- sending rows ----------------------------------------------------------------------------- */

static int send_buffer(struct night_pg *n)
{
	int error = n->used && PQputCopyData(n->pg, n->buffer, (int)n->used) != 1
			    ? night_pg_failed(n, NULL)
			    : 0;
	n->used = 0;
	return error;
}

static void put(struct night_pg *n, const void *bytes, size_t size)
{
	memcpy(n->buffer + n->used, bytes, size);
	n->used += size;
}

static void put_bytes(struct night_pg *n, const void *bytes, size_t size)
{
	uint32_t length = htobe32((uint32_t)size);
	put(n, &length, sizeof(length));
	put(n, bytes, size);
}

static void put_null(struct night_pg *n)
{
	put(n, "\xff\xff\xff\xff", 4);
}

static void put_long(struct night_pg *n, int64_t value)
{
	uint64_t big = htobe64((uint64_t)value);
	put_bytes(n, &big, sizeof(big));
}

static void put_short(struct night_pg *n, unsigned value)
{
	uint16_t big = htobe16((uint16_t)value);
	put_bytes(n, &big, sizeof(big));
}

static void put_mark(struct night_pg *n, bool value)
{
	put_bytes(n, value ? "\1" : "\0", 1);
}

static void put_text(struct night_pg *n, const char *text, size_t capacity)
{
	put_bytes(n, text, strnlen(text, capacity));
}

static void put_ticket(struct night_pg *n, const struct row *row)
{
	static const uint8_t none[TICKET_HASH_SIZE];
	if (memcmp(row->ticket, none, sizeof(none)))
		put_bytes(n, row->ticket, sizeof(row->ticket));
	else
		put_null(n);
}

/* Key and signature, where a batch ends and is signed. */
static void put_proof(struct night_pg *n, const struct batch *b, bool last)
{
	if (b->is_signed && last) {
		put_bytes(n, b->key, sizeof(b->key));
		put_bytes(n, b->signature, sizeof(b->signature));
	} else {
		put_null(n);
		put_null(n);
	}
}

/* Rows that are all new go where they belong; any others to a table in which they are compared with
 * what is there. */
enum placing { ALL_NEW, ANY };

/* In the order of NIGHT_PG_COLUMNS. */
static void put_row(struct night_pg *n, const struct row *row, bool is_signed, enum placing placing)
{
	uint16_t columns = htobe16(NIGHT_PG_COLUMN_COUNT + (placing == ANY ? 2 : 0));
	put(n, &columns, sizeof(columns));
	put_bytes(n, row->device, sizeof(row->device));
	put_long(n, row->epoch);
	put_long(n, (int64_t)row->seq);
	put_long(n, (int64_t)row->hlc);
	put_bytes(n, row->boot, sizeof(row->boot));
	put_long(n, row->at.wall_ms);
	put_long(n, row->at.mono_ms);
	put_short(n, row->at.trust);
	put_short(n, row->kind);
	put_short(n, row->source);
	put_short(n, row->verdict);
	put_short(n, row->direction);
	put_mark(n, row->time_doubt);
	put_mark(n, row->overridden);
	put_mark(n, row->registered);
	put_ticket(n, row);
	put_text(n, row->venue, sizeof(row->venue));
	put_text(n, row->door, sizeof(row->door));
	put_text(n, row->from_venue, sizeof(row->from_venue));
	put_text(n, row->operator, sizeof(row->operator));
	put_long(n, row->amount);
	if (row->undoes)
		put_long(n, (int64_t)row->undoes);
	else
		put_null(n);
	put_bytes(n, row->before, sizeof(row->before));
	put_bytes(n, row->hash, sizeof(row->hash));
	put_mark(n, is_signed);
}

/* A stretch of rows: first, last, and what vouches for it. */
static void put_stretch(struct night_pg *n, const struct batch *b)
{
	const struct row *first = b->rows, *last = &b->rows[b->count - 1];
	uint16_t columns = htobe16(8);
	put(n, &columns, sizeof(columns));
	put_bytes(n, first->device, sizeof(first->device));
	put_long(n, first->epoch);
	put_long(n, (int64_t)first->seq);
	put_long(n, (int64_t)last->seq);
	put_bytes(n, first->before, sizeof(first->before));
	put_bytes(n, last->hash, sizeof(last->hash));
	put_proof(n, b, true);
}

static int begin_copy(struct night_pg *n, const char *sql)
{
	static const char header[] =
		"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"; /* 19 bytes, see COPY(7) */
	PGresult *r = PQexec(n->pg, sql);
	int error = PQresultStatus(r) == PGRES_COPY_IN ? 0 : night_pg_failed(n, r);
	PQclear(r);
	n->used = 0;
	put(n, header, 19);
	return error;
}

static int end_copy(struct night_pg *n, int error)
{
	put(n, "\xff\xff", 2);
	if (!error)
		error = send_buffer(n);
	if (PQputCopyEnd(n->pg, error ? "given up" : NULL) != 1 && !error)
		error = night_pg_failed(n, NULL);
	for (PGresult *r; (r = PQgetResult(n->pg)); PQclear(r))
		if (PQresultStatus(r) != PGRES_COMMAND_OK && !error)
			error = night_pg_failed(n, r);
	return error;
}

static int make_room(struct night_pg *n)
{
	return n->used + sizeof(struct row) + 512 > n->size ? send_buffer(n) : 0;
}

static int send_stretches(struct night_pg *n, const struct batch *batches, size_t count)
{
	int error = begin_copy(n, "COPY stretch FROM STDIN (FORMAT binary)");
	if (error)
		return error;
	for (size_t i = 0; !error && i < count; i++) {
		error = make_room(n);
		if (!error)
			put_stretch(n, &batches[i]);
	}
	return end_copy(n, error);
}

static int send_rows(
	struct night_pg *n, const struct batch *batches, size_t count, enum placing placing)
{
	int error = begin_copy(n, placing == ALL_NEW ? "COPY parvis.entry (" NIGHT_PG_COLUMNS
						       ") FROM STDIN (FORMAT binary)"
						     : "COPY incoming FROM STDIN (FORMAT binary)");
	if (error)
		return error;
	for (size_t i = 0; !error && i < count; i++)
		for (size_t k = 0; !error && k < batches[i].count; k++) {
			error = make_room(n);
			if (error)
				break;
			put_row(n, &batches[i].rows[k], batches[i].is_signed, placing);
			if (placing == ANY)
				put_proof(n, &batches[i], k + 1 == batches[i].count);
		}
	return end_copy(n, error);
}

static int run_steps(struct night_pg *n, enum night_pg_step first, enum night_pg_step last,
	uint64_t touched[NIGHT_PG_STEPS])
{
	int error = 0;
	for (unsigned i = first; !error && i <= last; i++)
		error = night_pg_run(n, night_pg_take[i], &touched[i]);
	return error;
}

static int put_receipts(struct night_pg *n, const char *source, int64_t received_ms)
{
	char when[24];
	snprintf(when, sizeof(when), "%lld", (long long)received_ms);
	const char *values[] = { when, source };
	return run_with(n,
		"INSERT INTO parvis.receipt SELECT device, epoch, first, last, $1::bigint, $2"
		" FROM island ON CONFLICT DO NOTHING",
		values, 2, NULL, 0);
}

static int finish(struct night_pg *n, int error)
{
	if (!error)
		error = night_pg_run(n, "COMMIT", NULL);
	if (error) {
		char why[NIGHT_WHY_SIZE];
		memcpy(why, n->base.why, sizeof(why));
		(void)!night_pg_run(n, "ROLLBACK", NULL);
		memcpy(n->base.why, why, sizeof(why));
	}
	return error;
}

/* One transaction. What `held` says of a chain is so while the chain is locked, so new rows need
 * not be compared with any. */
static int take_once(struct night_pg *n, const struct batch *batches, size_t count,
	enum placing *placing, uint64_t touched[NIGHT_PG_STEPS])
{
	char all_new[8] = "";
	int error = night_pg_run(n, "BEGIN", NULL);
	if (!error)
		error = send_stretches(n, batches, count);
	if (!error)
		error = run_steps(n, NIGHT_PG_CHAINS, NIGHT_PG_WITNESSES, touched);
	if (!error && *placing == ALL_NEW)
		error = run_with(n, night_pg_all_new, NULL, 0, all_new, sizeof(all_new));
	*placing = *all_new == 't' ? ALL_NEW : ANY;
	if (!error)
		error = send_rows(n, batches, count, *placing);
	if (!error && *placing == ALL_NEW)
		error = run_steps(n, NIGHT_PG_NEW_PRUNE, NIGHT_PG_NEW_ISLANDS, touched);
	else if (!error)
		error = run_steps(n, NIGHT_PG_ROWS, NIGHT_PG_ISLANDS, touched);
	return error ? error : run_steps(n, NIGHT_PG_HELD, NIGHT_PG_HELD, touched);
}

static int night_pg_take_rows(struct night *base, const struct batch *batches, size_t count,
	const char *source, int64_t received_ms, struct night_taken *out)
{
	struct night_pg *n = (struct night_pg *)base;
	uint64_t touched[NIGHT_PG_STEPS] = { 0 }, rows = 0;
	enum placing placing = ALL_NEW;
	for (size_t i = 0; i < count; i++)
		rows += batches[i].count;
	int error = take_once(n, batches, count, &placing, touched);
	if (error == -EEXIST && placing == ALL_NEW) {
		/* `held` has been tampered with: the long way does not rely on it. */
		placing = ANY;
		error = finish(n, error);
		error = error == -EEXIST ? take_once(n, batches, count, &placing, touched) : error;
	}
	if (!error)
		error = put_receipts(n, source, received_ms);
	error = finish(n, error);
	if (error)
		return error;
	uint64_t fresh = placing == ALL_NEW ? rows : touched[NIGHT_PG_ROWS];
	*out = (struct night_taken){ .fresh = fresh,
		.contradicting = touched[NIGHT_PG_OTHERS],
		.known = rows - fresh - touched[NIGHT_PG_OTHERS] };
	return 0;
}

/* --- notes ------------------------------------------------------------------------------------ */

/* The parameters that name a chain. */
struct chain_text {
	char device[2 * DEVICE_ID_SIZE + 3], epoch[12];
};

static struct chain_text text_of(const struct chain *chain)
{
	struct chain_text t = { "\\x", "" };
	text_hex(t.device + 2, chain->device, sizeof(chain->device));
	snprintf(t.epoch, sizeof(t.epoch), "%lu", (unsigned long)chain->epoch);
	return t;
}

static int night_pg_promise(struct night *base, const struct chain *chain, uint64_t promised)
{
	struct chain_text t = text_of(chain);
	char number[24];
	snprintf(number, sizeof(number), "%llu", (unsigned long long)promised);
	const char *values[] = { t.device, t.epoch, number };
	return run_with((struct night_pg *)base,
		"INSERT INTO parvis.chain (device, epoch, promised)"
		" VALUES ($1::bytea, $2::bigint, $3::bigint) ON CONFLICT (device, epoch)"
		" DO UPDATE SET promised = greatest(chain.promised, excluded.promised)",
		values, 3, NULL, 0);
}

static int night_pg_mark(struct night *base, const struct night_flaw *flaws, size_t count)
{
	struct night_pg *n = (struct night_pg *)base;
	int error = night_pg_run(n, "BEGIN", NULL);
	for (size_t i = 0; !error && i < count; i++) {
		struct chain_text t = text_of(&flaws[i].chain);
		char seq[24], flaw[12];
		snprintf(seq, sizeof(seq), "%llu", (unsigned long long)flaws[i].seq);
		snprintf(flaw, sizeof(flaw), "%d", (int)flaws[i].flaw);
		const char *values[] = { t.device, t.epoch, seq, flaw };
		error = run_with(n,
			"INSERT INTO parvis.mark VALUES ($1::bytea, $2::bigint, $3::bigint, $4::int)"
			" ON CONFLICT DO NOTHING",
			values, 4, NULL, 0);
		if (!error)
			error = run_with(n,
				"INSERT INTO parvis.chain (device, epoch) VALUES ($1::bytea, $2::bigint)"
				" ON CONFLICT DO NOTHING",
				values, 2, NULL, 0);
	}
	return finish(n, error);
}

static int night_pg_settle(struct night *base)
{
	(void)base;
	return 0;
}

static const struct night_kind pg_kind = {
	.close = night_pg_close,
	.take = night_pg_take_rows,
	.held = night_pg_held,
	.stretch = night_pg_stretch,
	.chains = night_pg_chains,
	.each = night_pg_each,
	.contradictions = night_pg_contradictions,
	.receipts = night_pg_receipts,
	.promise = night_pg_promise,
	.promised = night_pg_promised,
	.mark = night_pg_mark,
	.marks = night_pg_marks,
	.settle = night_pg_settle,
};

int night_pg_open(struct night **out, const char *url, const char *event_id, enum night_open how,
	char why[NIGHT_WHY_SIZE])
{
	struct night_pg *n = calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	n->base.kind = &pg_kind;
	n->writes = how == NIGHT_WRITE;
	n->size = SEND_SIZE;
	n->buffer = malloc(n->size);
	int error = n->buffer ? connect_to(n, url) : -ENOMEM;
	if (!error)
		error = prepare(n, event_id);
	if (error) {
		memcpy(why, n->base.why, NIGHT_WHY_SIZE);
		night_pg_close(&n->base);
		return error;
	}
	why[0] = 0;
	*out = &n->base;
	return 0;
}
