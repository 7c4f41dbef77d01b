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
	struct row head;           /* seq, hash: what was written last; seq 0: unknown */
	int64_t head_number, done; /* a chain's number; the id of the last row that was read */
	int64_t number;            /* of the chain that the walk has come to */
	int64_t renamed; /* of the last one of which it was told that its entry is wrong */
	bool found;      /* something is not as it was written */
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
	if (((uint64_t)id & ROW_SEQ_MAX) != row->seq || number < 1)
		return false;
	if (!g->chain_count)
		return true; /* of version 1, or its list is gone */
	if (number > g->chain_count)
		return false;
	const struct chain *c = &g->chains[number];
	return c->epoch == row->epoch && !memcmp(c->device, row->device, sizeof(c->device));
}

/* Says of a row the chain and the number that it is found by. False: there is no such chain. */
static bool rename_by_place(const struct salvaging *g, struct row *row, int64_t id)
{
	int64_t number = id >> SEQ_BITS;
	uint64_t seq = (uint64_t)id & ROW_SEQ_MAX;
	if (number < 1 || number > g->chain_count || !g->chains[number].epoch || !seq)
		return false;
	row->seq = seq;
	row->epoch = g->chains[number].epoch;
	memcpy(row->device, g->chains[number].device, sizeof(row->device));
	return true;
}

/* One that is out of its place. What was changed may be what it says of its own place: by the place
 * it is then right. One that is right by itself was moved or doubled, and the rows around its place
 * are held against each other as if it were not there. Where it goes on from the one before, not
 * the row is wrong but the entry of its chain, which is told once. */
static enum row_flaw judge_stray(
	struct salvaging *g, struct row *row, int64_t id, struct range *missing)
{
	struct row_line before = g->line;
	if (row_line_alone(row) && rename_by_place(g, row, id)) {
		enum row_flaw fault = row_line_next(&g->line, row, missing);
		return fault ? fault : FLAW_PLACE;
	}
	enum row_flaw fault = row_line_next(&g->line, row, missing);
	if (!fault && !missing->first) {
		fault = g->renamed == id >> SEQ_BITS ? FLAW_NONE : FLAW_PLACE;
		g->renamed = id >> SEQ_BITS;
		return fault;
	}
	g->line = before;
	*missing = (struct range){ 0 };
	return fault == FLAW_NONE || fault == FLAW_BROKEN || fault == FLAW_CLOCK ? FLAW_PLACE
										 : fault;
}

/* One whose values are out of range is counted in the line by the number it is under. */
static enum row_flaw judge_unread(
	struct salvaging *g, sqlite3_stmt *s, struct row *row, int64_t id, struct range *missing)
{
	row->seq = (uint64_t)id & ROW_SEQ_MAX;
	(void)rename_by_place(g, row, id);
	(void)!db_take_blob(s, ID_COLUMN - 1, row->hash, sizeof(row->hash));
	enum row_flaw passed = row_line_next(&g->line, row, missing);
	(void)passed;
	return FLAW_VALUES;
}

/* A chain is entered with its first row: one without any has lost that, and whatever followed. */
static int pass_chains(struct salvaging *g, int64_t until)
{
	int stop = 0;
	for (int64_t n = g->number + 1; !stop && n < until && n <= g->chain_count; n++) {
		const struct chain *c = &g->chains[n];
		if (!c->epoch)
			continue;
		stop = tell(
			g, c, 1, 1, FLAW_MISSING, "missing, and whatever followed in its epoch");
		if (!stop)
			stop = g->to->promise(g->to->context, c, 1);
	}
	g->number = until > g->number ? until : g->number;
	return stop;
}

static int take_row(struct salvaging *g, sqlite3_stmt *s)
{
	struct row row;
	struct range missing = { 0 };
	enum row_flaw fault;
	int64_t id = sqlite3_column_int64(s, ID_COLUMN);
	/* A damaged page may give any number. */
	if (id > g->done && id >> SEQ_BITS <= g->chain_count)
		g->done = id;
	int stop = pass_chains(g, id >> SEQ_BITS);
	if (row_read(s, &row))
		fault = judge_unread(g, s, &row, id, &missing);
	else if (!is_in_place(g, &row, id))
		fault = judge_stray(g, &row, id, &missing);
	else
		fault = row_line_next(&g->line, &row, &missing);
	struct chain chain = of(&row);
	if (!stop && missing.first)
		stop = tell(g, &chain, missing.first, missing.last, FLAW_MISSING,
			row_flaw_texts[FLAW_MISSING]);
	g->found = g->found || fault;
	return stop ? stop : g->to->row(g->to->context, &row, fault);
}

#define SELECT_ROW "SELECT " ROW_COLUMNS ", id FROM entry"

/* As far as the pages allow; also what is under a number that no row can have. *rc: SQLITE_DONE at
 * the end. */
static int walk(struct salvaging *g, int *rc)
{
	sqlite3_stmt *s = NULL;
	int stop = 0;
	*rc = SQLITE_CORRUPT;
	if (db_prepare(g->db, &s, SELECT_ROW " ORDER BY id"))
		return 0;
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
	uint64_t bad = 0, seq = from, end = number == g->head_number ? g->head.seq : 0;
	int rc = SQLITE_ROW, stop = 0;
	g->number = number; /* whether it has rows cannot be told by the next one's */
	for (; !stop && rc != SQLITE_DONE && bad < DAMAGED_MOST && (!end || seq <= end); seq++) {
		stop = probe(g, s, number << SEQ_BITS | (int64_t)seq, &rc);
		bad = rc == SQLITE_ROW ? 0 : bad + (rc != SQLITE_DONE);
	}
	if (stop || !bad || number > g->chain_count)
		return stop;
	seq -= rc == SQLITE_DONE;
	return tell(g, &g->chains[number], seq - bad, seq - 1, FLAW_UNREADABLE,
		row_flaw_texts[FLAW_UNREADABLE]);
}

static int probe_all(struct salvaging *g)
{
	sqlite3_stmt *s = NULL;
	int stop = 0;
	if (db_prepare(g->db, &s, SELECT_ROW " WHERE id = ?1"))
		return 0;
	int64_t first = g->done > 0 ? g->done >> SEQ_BITS : 0, last = g->chain_count;
	uint64_t from = ((uint64_t)g->done & ROW_SEQ_MAX) + 1;
	for (int64_t n = first ? first : 1; !stop && n <= last; n++)
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
	struct log *l = NULL;
	struct log_verdict v = { .good = true };
	if (g->found || log_open_reader_file(&l, path))
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
	struct salvaging g = { .to = to, .line.one_log = true, .renamed = INT64_MIN };
	int stop = db_open_reader(&g.db, path);
	if (stop == -EBADMSG)
		stop = db_open_broken_off(&g.db, path);
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
	AUTO_FD fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || pread(fd, header, sizeof(header), 0) != sizeof(header) ||
		memcmp(header, "SQLite format 3", 16))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (!memcmp(header + 68, kinds[i].application, 4))
			return kinds[i].name;
	return "other";
}
