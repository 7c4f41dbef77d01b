/* Rows are read in the order of their numbers. Where a page is damaged SQLite gives up the walk;
 * from there on rows are asked for one by one, so that damage costs the rows of that page alone. */
#include "store/salvage.h"

#include "base/text.h"
#include "store/db.h"
#include "store/log.h"
#include "store/row_sql.h"
#include "store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEQ_BITS     40
#define DAMAGED_MOST 100000 /* numbers in a row that cannot be read, before a chain is given up */
#define ID_COLUMN    24

struct salvaging {
	sqlite3 *db;
	const struct salvage *to;
	struct row_line line;
	struct chain *chains; /* by number, from 1; epoch 0: unknown */
	int64_t chain_count;
	struct chain head_chain;
	struct row head;               /* seq, hash: what was written last; seq 0: unknown */
	int64_t head_number, at, done; /* chain numbers; `done`: the last row's id that was read */
	bool found;                    /* something is not as it was written */
};

static struct chain of(const struct row *row)
{
	struct chain c = { .epoch = row->epoch };
	memcpy(c.device, row->device, sizeof(c.device));
	return c;
}

static int tell(struct salvaging *g, const struct chain *chain, uint64_t first, uint64_t last,
	enum row_flaw fault, const char *what)
{
	g->found = true;
	return g->to->fault(g->to->context, chain, first, last, fault, what);
}

/* --- what is kept beside the rows ------------------------------------------------------------- */

static int read_chains(struct salvaging *g)
{
	sqlite3_stmt *s = NULL;
	int64_t most = 0;
	if (db_integer(g->db, "SELECT max(number) FROM chain", &most) || most < 1 || most > 1 << 20)
		return 0;
	g->chains = calloc((size_t)most + 1, sizeof(*g->chains));
	if (!g->chains)
		return -ENOMEM;
	g->chain_count = most;
	if (db_prepare(g->db, &s, "SELECT number, device, epoch FROM chain WHERE number > 0"))
		return 0;
	while (sqlite3_step(s) == SQLITE_ROW) {
		struct chain *c = &g->chains[sqlite3_column_int64(s, 0)];
		int64_t epoch = sqlite3_column_int64(s, 2);
		if (epoch > 0 && epoch <= UINT32_MAX &&
			db_take_blob(s, 1, c->device, sizeof(c->device)))
			c->epoch = (uint32_t)epoch;
	}
	sqlite3_finalize(s);
	return 0;
}

static void read_head(struct salvaging *g)
{
	sqlite3_stmt *s = NULL;
	if (db_prepare(g->db, &s, "SELECT seq, hash, chain FROM head"))
		return;
	if (sqlite3_step(s) == SQLITE_ROW) {
		int64_t seq = sqlite3_column_int64(s, 0), number = sqlite3_column_int64(s, 2);
		if (seq > 0 && db_take_blob(s, 1, g->head.hash, sizeof(g->head.hash)))
			g->head.seq = (uint64_t)seq;
		g->head_number = number;
		if (number > 0 && number <= g->chain_count)
			g->head_chain = g->chains[number];
	}
	sqlite3_finalize(s);
}

static int check_pages(struct salvaging *g)
{
	sqlite3_stmt *s = NULL;
	char what[160] = "";
	int rc = SQLITE_CORRUPT;
	if (!db_prepare(g->db, &s, "PRAGMA integrity_check(1)") &&
		(rc = sqlite3_step(s)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(s, 0);
		if (text && strcmp(text, "ok"))
			text_printable(what, sizeof(what), text, strlen(text));
	}
	sqlite3_finalize(s);
	if (rc != SQLITE_ROW)
		strcpy(what, "the database is damaged");
	return what[0] ? tell(g, NULL, 0, 0, FLAW_FILE, what) : 0;
}

/* --- rows ------------------------------------------------------------------------------------- */

/* The chain that has a number, and the number that a row must be found by. */
static bool is_in_place(const struct salvaging *g, const struct row *row, int64_t id)
{
	int64_t number = id >> SEQ_BITS;
	if ((uint64_t)id != ((uint64_t)number << SEQ_BITS | row->seq) || number < 1)
		return false;
	if (!g->chain_count)
		return true; /* of version 1, or its list is gone */
	if (number > g->chain_count)
		return false;
	const struct chain *c = &g->chains[number];
	return c->epoch == row->epoch && !memcmp(c->device, row->device, sizeof(c->device));
}

static int take_row(struct salvaging *g, sqlite3_stmt *s)
{
	struct row row;
	struct range missing = { 0 };
	int64_t id = sqlite3_column_int64(s, ID_COLUMN);
	enum row_flaw fault = FLAW_VALUES;
	g->done = id;
	/* One whose values are out of range is counted in the line by the number it is under. */
	if (row_read(s, &row)) {
		row.seq = (uint64_t)id & ROW_SEQ_MAX;
		if ((id >> SEQ_BITS) <= g->chain_count && id >> SEQ_BITS > 0) {
			row.epoch = g->chains[id >> SEQ_BITS].epoch;
			memcpy(row.device, g->chains[id >> SEQ_BITS].device, sizeof(row.device));
		}
		(void)!db_take_blob(s, 23, row.hash, sizeof(row.hash));
		enum row_flaw passed = row_line_next(&g->line, &row, &missing);
		(void)passed;
	} else {
		fault = row_line_next(&g->line, &row, &missing);
		if (!fault && !is_in_place(g, &row, id))
			fault = FLAW_PLACE;
	}
	struct chain chain = of(&row);
	int stop = 0;
	if (missing.first)
		stop = tell(g, &chain, missing.first, missing.last, FLAW_MISSING,
			row_flaw_texts[FLAW_MISSING]);
	g->found = g->found || fault;
	return stop ? stop : g->to->row(g->to->context, &row, fault);
}

#define SELECT_ROW "SELECT " ROW_COLUMNS ", id FROM entry"

/* From `done` on, as far as the pages allow. *rc: SQLITE_DONE at the end. */
static int walk(struct salvaging *g, int *rc)
{
	sqlite3_stmt *s = NULL;
	int stop = 0;
	*rc = SQLITE_CORRUPT;
	if (db_prepare(g->db, &s, SELECT_ROW " WHERE id > ?1 ORDER BY id"))
		return 0;
	db_bind_integer(s, 1, g->done);
	while (!stop && (*rc = sqlite3_step(s)) == SQLITE_ROW)
		stop = take_row(g, s);
	sqlite3_finalize(s);
	return stop;
}

/* One number: SQLITE_ROW (taken), SQLITE_DONE (there is none), or that it cannot be read. */
static int probe(struct salvaging *g, sqlite3_stmt *s, int64_t id, int *rc)
{
	db_bind_integer(s, 1, id);
	*rc = sqlite3_step(s);
	int stop = *rc == SQLITE_ROW ? take_row(g, s) : 0;
	sqlite3_reset(s);
	return stop;
}

/* The rest of one chain, number by number. */
static int probe_chain(struct salvaging *g, sqlite3_stmt *s, int64_t number, uint64_t from)
{
	uint64_t bad = 0, seq = from;
	int rc = SQLITE_ROW, stop = 0;
	for (; !stop && rc != SQLITE_DONE && bad < DAMAGED_MOST; seq++) {
		stop = probe(g, s, number << SEQ_BITS | (int64_t)seq, &rc);
		bad = rc == SQLITE_ROW ? 0 : bad + (rc != SQLITE_DONE);
	}
	if (stop || !bad || number > g->chain_count)
		return stop;
	return tell(g, &g->chains[number], seq - bad - (rc == SQLITE_DONE), seq - 1,
		FLAW_UNREADABLE, row_flaw_texts[FLAW_UNREADABLE]);
}

static int probe_all(struct salvaging *g)
{
	sqlite3_stmt *s = NULL;
	int stop = 0;
	if (db_prepare(g->db, &s, SELECT_ROW " WHERE id = ?1"))
		return 0;
	int64_t first = g->done >> SEQ_BITS, last = g->chain_count;
	uint64_t from = ((uint64_t)g->done & ROW_SEQ_MAX) + 1;
	for (int64_t n = first ? first : 1; !stop && n <= last; n++, from = 1)
		stop = probe_chain(g, s, n, n == first ? from : 1);
	sqlite3_finalize(s);
	return stop;
}

/* --- the end ---------------------------------------------------------------------------------- */

static int check_end(struct salvaging *g)
{
	const struct row *last = &g->line.last;
	struct chain chain = g->head_chain;
	if (!g->head.seq || !chain.epoch)
		return g->line.begun && !g->found
			       ? tell(g, NULL, 0, 0, FLAW_FILE, "which row is the newest is lost")
			       : 0;
	bool same_chain = last->epoch == chain.epoch &&
			  !memcmp(last->device, chain.device, sizeof(chain.device));
	uint64_t have = same_chain ? last->seq : 0;
	int stop = g->to->promise(g->to->context, &chain, g->head.seq);
	if (stop || g->found)
		return stop;
	if (have < g->head.seq)
		return tell(g, &chain, have + 1, g->head.seq, FLAW_MISSING,
			"missing at the end: the log says that it was written");
	if (have > g->head.seq || memcmp(g->head.hash, last->hash, sizeof(last->hash)))
		return tell(g, &chain, have, have, FLAW_ORDER,
			"the log says that another row is its newest");
	return 0;
}

/* Figures, indexes and all else: the log's own judgement. */
static int check_rest(struct salvaging *g, const char *path)
{
	char dir[4096];
	struct log *l = NULL;
	struct log_verdict v = { .good = true };
	size_t n = strlen(path);
	if (g->found || n < 7 || n >= sizeof(dir) || strcmp(path + n - 7, "/log.db"))
		return 0;
	memcpy(dir, path, n - 7);
	dir[n - 7] = 0;
	if (log_open_reader(&l, dir))
		return 0;
	int error = log_verify(l, &v);
	log_close(l);
	return !error && !v.good ? tell(g, NULL, 0, 0, FLAW_FILE, v.what) : 0;
}

static int identify(sqlite3 *db)
{
	int64_t application = 0, version = 0;
	int error = db_integer(db, "PRAGMA application_id", &application);
	if (!error)
		error = db_integer(db, "PRAGMA user_version", &version);
	if (!error && (application != LOG_APPLICATION || version < 1 || version > LOG_VERSION))
		error = -EBADMSG;
	return error;
}

static int read_all(struct salvaging *g, const char *path)
{
	int rc = SQLITE_DONE;
	int stop = read_chains(g);
	if (stop)
		return stop;
	read_head(g);
	stop = check_pages(g);
	if (!stop)
		stop = walk(g, &rc);
	if (!stop && rc != SQLITE_DONE) {
		g->found = true;
		stop = probe_all(g);
	}
	if (!stop)
		stop = check_end(g);
	return stop ? stop : check_rest(g, path);
}

int salvage_log(const char *path, const struct salvage *to)
{
	struct salvaging g = { .to = to, .line.one_log = true };
	int stop = db_open_reader(&g.db, path);
	if (stop)
		return stop;
	stop = identify(g.db);
	if (!stop)
		stop = read_all(&g, path);
	sqlite3_close(g.db);
	free(g.chains);
	return stop;
}

const char *salvage_kind(const char *path)
{
	static const struct {
		uint8_t application[4];
		const char *name;
	} kinds[] = { { "PrvL", "log" }, { "PrvN", "night" }, { "PrvP", "people" },
		{ "PrvR", "roster" }, { "Prvf", "peers" } };
	uint8_t header[100] = { 0 };
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, header, sizeof(header), 0) != sizeof(header) ||
		memcmp(header, "SQLite format 3", 16))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (!memcmp(header + 68, kinds[i].application, 4))
			return kinds[i].name;
	return "other";
}
