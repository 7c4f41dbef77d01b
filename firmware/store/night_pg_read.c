/* Reading goes through a cursor, so that memory stays bounded: the server sorts. */
#include "store/night_pg.h"

#include "base/text.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef int take_result(void *context, const PGresult *r, int at);

#define READ_ONLY "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"

static int fetch_all(struct night_pg *n, take_result *take, void *context)
{
	char sql[64];
	int got = 1, stop = 0;
	snprintf(sql, sizeof(sql), "FETCH 4000 FROM reading%u", n->reading);
	while (!stop && got > 0) {
		PGresult *r = PQexec(n->pg, sql);
		if (PQresultStatus(r) != PGRES_TUPLES_OK)
			stop = night_pg_failed(n, r);
		got = stop ? 0 : PQntuples(r);
		for (int i = 0; !stop && i < got; i++)
			stop = take(context, r, i);
		PQclear(r);
	}
	return stop;
}

/* Runs `take` for each row of a query, whose columns are binary. `take` may ask for something else
 * meanwhile: that is read within the same transaction, through a cursor of its own. */
static int each(struct night_pg *n, const char *query, take_result *take, void *context)
{
	char sql[1400], end[64] = "COMMIT";
	bool outer = ++n->reading == 1;
	snprintf(sql, sizeof(sql), "%sDECLARE reading%u BINARY NO SCROLL CURSOR FOR %s",
		outer ? READ_ONLY : "", n->reading, query);
	int stop = night_pg_run(n, sql, NULL);
	if (!stop)
		stop = fetch_all(n, take, context);
	if (!outer)
		snprintf(end, sizeof(end), "CLOSE reading%u", n->reading);
	n->reading--;
	if (stop && outer)
		(void)!night_pg_run(n, "ROLLBACK", NULL);
	return stop ? stop : night_pg_run(n, end, NULL);
}

static int64_t integer(const PGresult *r, int at, int column)
{
	const char *value = PQgetvalue(r, at, column);
	uint64_t big;
	uint16_t small;
	if (PQgetisnull(r, at, column))
		return 0;
	switch (PQgetlength(r, at, column)) {
	case 8:
		memcpy(&big, value, sizeof(big));
		return (int64_t)be64toh(big);
	case 2:
		memcpy(&small, value, sizeof(small));
		return (int16_t)be16toh(small);
	default:
		return value[0];
	}
}

static bool take_bytes(const PGresult *r, int at, int column, void *out, size_t size)
{
	if (PQgetlength(r, at, column) != (int)size)
		return false;
	memcpy(out, PQgetvalue(r, at, column), size);
	return true;
}

static bool take_text(const PGresult *r, int at, int column, char *out, size_t capacity)
{
	return text_copy(out, capacity, PQgetvalue(r, at, column));
}

static bool in_range(const struct row *row)
{
	return !row_wrong(row);
}

/* In the order of NIGHT_PG_COLUMNS. */
static bool read_row(const PGresult *r, int at, struct row *row)
{
	*row = (struct row){ .epoch = (uint32_t)integer(r, at, 1),
		.seq = (uint64_t)integer(r, at, 2),
		.hlc = (uint64_t)integer(r, at, 3),
		.at = { integer(r, at, 5), integer(r, at, 6), (enum trust)integer(r, at, 7) },
		.kind = (enum row_kind)integer(r, at, 8),
		.source = (enum source)integer(r, at, 9),
		.verdict = (enum verdict)integer(r, at, 10),
		.direction = (enum direction)integer(r, at, 11),
		.time_doubt = integer(r, at, 12) != 0,
		.overridden = integer(r, at, 13) != 0,
		.registered = integer(r, at, 14) != 0,
		.amount = integer(r, at, 20),
		.undoes = (uint64_t)integer(r, at, 21) };
	return take_bytes(r, at, 0, row->device, sizeof(row->device)) &&
	       take_bytes(r, at, 4, row->boot, sizeof(row->boot)) &&
	       (PQgetisnull(r, at, 15) ||
		       take_bytes(r, at, 15, row->ticket, sizeof(row->ticket))) &&
	       take_text(r, at, 16, row->venue, sizeof(row->venue)) &&
	       take_text(r, at, 17, row->door, sizeof(row->door)) &&
	       take_text(r, at, 18, row->from_venue, sizeof(row->from_venue)) &&
	       take_text(r, at, 19, row->operator, sizeof(row->operator)) &&
	       take_bytes(r, at, 22, row->before, sizeof(row->before)) &&
	       take_bytes(r, at, 23, row->hash, sizeof(row->hash)) && in_range(row);
}

struct row_reader {
	int (*take)(void *context, const struct row *row);
	void *context;
	bool brief;
};

static int give_row(void *context, const PGresult *r, int at)
{
	const struct row_reader *reader = context;
	struct row row;
	if (!read_row(r, at, &row))
		return -EBADMSG;
	if (reader->brief) {
		memset(row.boot, 0, sizeof(row.boot));
		memset(row.before, 0, sizeof(row.before));
		memset(row.hash, 0, sizeof(row.hash));
	}
	return reader->take(reader->context, &row);
}

int night_pg_each(struct night *base, enum night_order order,
	int (*take)(void *context, const struct row *row), void *context)
{
	static const char *const queries[] = {
		[NIGHT_BY_CHAIN] =
			"SELECT " NIGHT_PG_COLUMNS " FROM parvis.entry ORDER BY device, epoch, seq",
		[NIGHT_BY_TIME] = "SELECT " NIGHT_PG_COLUMNS
				  " FROM parvis.entry ORDER BY hlc, device, epoch, seq",
		[NIGHT_BY_TICKET] =
			"SELECT " NIGHT_PG_COLUMNS " FROM parvis.entry WHERE ticket IS NOT NULL"
			" ORDER BY ticket, hlc, device, epoch, seq",
	};
	struct row_reader reader = { take, context, order == NIGHT_BY_TICKET };
	return each((struct night_pg *)base, queries[order], give_row, &reader);
}

int night_pg_contradictions(
	struct night *base, int (*take)(void *context, const struct row *row), void *context)
{
	struct row_reader reader = { take, context, false };
	return each((struct night_pg *)base,
		"SELECT " NIGHT_PG_COLUMNS
		" FROM parvis.contradiction ORDER BY device, epoch, seq, hash",
		give_row, &reader);
}

/* --- chains ----------------------------------------------------------------------------------- */

/* A chain as it stands in a query's text: both are numbers or hex. */
static void chain_where(const struct chain *chain, char out[120])
{
	char hex[2 * DEVICE_ID_SIZE + 1];
	text_hex(hex, chain->device, sizeof(chain->device));
	snprintf(out, 120, "device = '\\x%s'::bytea AND epoch = %lu", hex,
		(unsigned long)chain->epoch);
}

static int add_range(void *context, const PGresult *r, int at)
{
	struct ranges *held = context;
	if (held->count < RANGES_MAX)
		held->at[held->count++] =
			(struct range){ (uint64_t)integer(r, at, 0), (uint64_t)integer(r, at, 1) };
	return 0;
}

int night_pg_held(struct night *base, const struct chain *chain, struct ranges *out)
{
	char where[120], query[240];
	struct ranges held = { 0 };
	chain_where(chain, where);
	snprintf(query, sizeof(query),
		"SELECT first, last FROM parvis.held WHERE %s ORDER BY first LIMIT %d", where,
		RANGES_MAX);
	int error = each((struct night_pg *)base, query, add_range, &held);
	if (!error)
		*out = held;
	return error;
}

struct stretch_reader {
	uint64_t first;
	size_t read;
	struct row *rows;
	struct batch *out;
};

/* In order; what comes after a gap is passed over. */
static int add_to_stretch(void *context, const PGresult *r, int at)
{
	struct stretch_reader *s = context;
	struct row row;
	if (!read_row(r, at, &row))
		return -EBADMSG;
	if (s->read == BATCH_ROWS_MAX || row.seq != s->first + s->read)
		return 0;
	s->rows[s->read++] = row;
	if (take_bytes(
		    r, at, NIGHT_PG_COLUMN_COUNT, s->out->signature, sizeof(s->out->signature)) &&
		take_bytes(r, at, NIGHT_PG_COLUMN_COUNT + 1, s->out->key, sizeof(s->out->key))) {
		s->out->count = s->read;
		s->out->is_signed = true;
	}
	return 0;
}

#define SIGNED_IN(table)                                                                           \
	"(SELECT signature FROM parvis." table " s WHERE s.device = e.device"                      \
	" AND s.epoch = e.epoch AND s.seq = e.seq AND s.hash = e.hash)"

int night_pg_stretch(struct night *base, const struct chain *chain, uint64_t first, uint64_t most,
	struct row rows[BATCH_ROWS_MAX], struct batch *out)
{
	char where[120], query[1200];
	struct stretch_reader reader = { .first = first, .rows = rows, .out = out };
	chain_where(chain, where);
	snprintf(query, sizeof(query),
		"SELECT " NIGHT_PG_COLUMNS ", coalesce(" SIGNED_IN("witness") ", " SIGNED_IN(
			"signature") "), (SELECT key FROM parvis.chain c WHERE c.device = e.device"
				     " AND c.epoch = e.epoch)"
				     " FROM parvis.entry e WHERE %s AND seq BETWEEN %llu AND %llu"
				     " ORDER BY seq",
		where, (unsigned long long)first, (unsigned long long)(first + most - 1));
	*out = (struct batch){ .rows = rows };
	int error = each((struct night_pg *)base, query, add_to_stretch, &reader);
	if (error)
		out->count = 0;
	return error;
}

struct chain_reader {
	int (*take)(void *context, const struct night_chain *chain);
	void *context;
	struct night_chain chain;
	bool any;
};

static int give_chain(struct chain_reader *c)
{
	int stop = c->any ? c->take(c->context, &c->chain) : 0;
	c->any = false;
	return stop;
}

/* A chain has one row of the query for each of its ranges, at least one. */
static int add_chain(void *context, const PGresult *r, int at)
{
	struct chain_reader *c = context;
	struct chain chain = { .epoch = (uint32_t)integer(r, at, 1) };
	int stop = 0;
	if (!take_bytes(r, at, 0, chain.device, sizeof(chain.device)))
		return -EBADMSG;
	if (!c->any || c->chain.chain.epoch != chain.epoch ||
		memcmp(c->chain.chain.device, chain.device, sizeof(chain.device))) {
		stop = give_chain(c);
		c->chain = (struct night_chain){ .chain = chain,
			.promised = (uint64_t)integer(r, at, 2),
			.signed_to = (uint64_t)integer(r, at, 5),
			.contradictions = (uint64_t)integer(r, at, 6),
			.first_ms = integer(r, at, 7),
			.last_ms = integer(r, at, 8) };
		c->any = true;
	}
	if (PQgetisnull(r, at, 3))
		return stop;
	struct range range = { (uint64_t)integer(r, at, 3), (uint64_t)integer(r, at, 4) };
	c->chain.rows += range.last - range.first + 1;
	if (c->chain.held.count < RANGES_MAX)
		c->chain.held.at[c->chain.held.count++] = range;
	else
		c->chain.truncated = true;
	return stop;
}

#define OF_CHAIN "WHERE x.device = c.device AND x.epoch = c.epoch"

int night_pg_chains(struct night *base, int (*take)(void *context, const struct night_chain *chain),
	void *context)
{
	struct chain_reader c = { .take = take, .context = context };
	int stop = each((struct night_pg *)base,
		"SELECT c.device, c.epoch, c.promised, h.first, h.last,"
		" (SELECT max(seq) FROM parvis.signature x " OF_CHAIN "),"
		" (SELECT count(*) FROM parvis.contradiction x " OF_CHAIN "),"
		" (SELECT wall_ms FROM parvis.entry x " OF_CHAIN " ORDER BY seq LIMIT 1),"
		" (SELECT wall_ms FROM parvis.entry x " OF_CHAIN " ORDER BY seq DESC LIMIT 1)"
		" FROM parvis.chain c LEFT JOIN parvis.held h USING (device, epoch)"
		" ORDER BY c.device, c.epoch, h.first",
		add_chain, &c);
	return stop ? stop : give_chain(&c);
}

static int take_number(void *context, const PGresult *r, int at)
{
	*(uint64_t *)context = (uint64_t)integer(r, at, 0);
	return 0;
}

int night_pg_promised(struct night *base, const struct chain *chain, uint64_t *promised)
{
	char where[120], query[240];
	chain_where(chain, where);
	snprintf(query, sizeof(query), "SELECT promised FROM parvis.chain WHERE %s", where);
	*promised = 0;
	return each((struct night_pg *)base, query, take_number, promised);
}

struct receipt_reader {
	int (*take)(void *context, uint64_t first, uint64_t last, int64_t received_ms,
		const char *source);
	void *context;
};

static int give_receipt(void *context, const PGresult *r, int at)
{
	const struct receipt_reader *reader = context;
	return reader->take(reader->context, (uint64_t)integer(r, at, 0),
		(uint64_t)integer(r, at, 1), integer(r, at, 2), PQgetvalue(r, at, 3));
}

int night_pg_receipts(struct night *base, const struct chain *chain,
	int (*take)(void *context, uint64_t first, uint64_t last, int64_t received_ms,
		const char *source),
	void *context)
{
	struct receipt_reader reader = { take, context };
	char where[120], query[300];
	chain_where(chain, where);
	snprintf(query, sizeof(query),
		"SELECT first, last, received_ms, source FROM parvis.receipt WHERE %s ORDER BY first",
		where);
	return each((struct night_pg *)base, query, give_receipt, &reader);
}

struct flaw_reader {
	int (*take)(void *context, const struct night_flaw *flaw);
	void *context;
};

static int give_flaw(void *context, const PGresult *r, int at)
{
	const struct flaw_reader *reader = context;
	struct night_flaw f = { .chain.epoch = (uint32_t)integer(r, at, 1),
		.seq = (uint64_t)integer(r, at, 2),
		.flaw = (enum row_flaw)integer(r, at, 3) };
	if (!take_bytes(r, at, 0, f.chain.device, sizeof(f.chain.device)))
		return -EBADMSG;
	return reader->take(reader->context, &f);
}

int night_pg_marks(struct night *base, int (*take)(void *context, const struct night_flaw *flaw),
	void *context)
{
	struct flaw_reader reader = { take, context };
	return each((struct night_pg *)base,
		"SELECT device, epoch, seq, flaw FROM parvis.mark ORDER BY 1, 2, 3, 4", give_flaw,
		&reader);
}
