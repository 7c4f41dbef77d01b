#include "store/peers.h"

#include "base/log.h"
#include "store/peers_private.h"
#include "store/row_sql.h"
#include "store/schema.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A reader has a guest waiting. */
#define READER_WAIT_MS 20

#define NOT_UNDONE                                                                                 \
	"NOT EXISTS (SELECT 1 FROM entry u WHERE u.device = e.device AND u.epoch = e.epoch"        \
	" AND u.undoes = e.seq AND u.kind = 4)"
/* As by_ticket is declared, or SQLite does not use it. */
#define COUNTS "ticket IS NOT NULL AND direction <> 0 AND kind <> 4"

static const char *const texts[] = {
	[PEERS_BEGIN] = "BEGIN IMMEDIATE",
	[PEERS_COMMIT] = "COMMIT",
	[PEERS_CHAIN] = "SELECT number FROM chain WHERE device = ?1 AND epoch = ?2",
	[PEERS_ADD_CHAIN] = "INSERT INTO chain (device, epoch, key) VALUES (?, ?, ?)",
	[PEERS_HASHES] = "SELECT id, hash FROM entry WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
	[PEERS_NEIGHBOUR] = "SELECT before, hash FROM entry WHERE id = ?1",
	[PEERS_INSERT] = ROW_INSERT,
	[PEERS_SIGN] = "INSERT OR IGNORE INTO signed (id, signature) VALUES (?, ?)",
	[PEERS_HELD_AROUND] = "SELECT min(first), max(last) FROM held"
			      " WHERE chain = ?1 AND first <= ?3 + 1 AND last >= ?2 - 1",
	[PEERS_HELD_DROP] =
		"DELETE FROM held WHERE chain = ?1 AND first <= ?3 + 1 AND last >= ?2 - 1",
	[PEERS_HELD_ADD] = "INSERT INTO held (chain, first, last) VALUES (?, ?, ?)",
	[PEERS_ARRIVED] = "INSERT INTO arrived (first, last) VALUES (?, ?)",
	[PEERS_PRIOR] = "SELECT direction, wall_ms, trust, venue, door, hlc,"
			" EXISTS (SELECT 1 FROM entry e WHERE ticket = ?1 AND kind = 2"
			" AND " COUNTS " AND " NOT_UNDONE ") FROM entry e"
			" WHERE ticket = ?1 AND " COUNTS " AND " NOT_UNDONE
			" ORDER BY hlc DESC, device DESC, epoch DESC, seq DESC LIMIT 1",
	[PEERS_OF_TICKET] = "SELECT " ROW_COLUMNS " FROM entry e"
			    " WHERE ticket = ?1 AND " COUNTS " AND " NOT_UNDONE
			    " ORDER BY hlc DESC, device DESC, epoch DESC, seq DESC LIMIT ?2",
	[PEERS_NEWS] = "SELECT number, first, last FROM arrived WHERE number > ?1"
		       " ORDER BY number LIMIT 1",
	[PEERS_ROWS] = "SELECT " ROW_COLUMNS " FROM entry WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
};
static_assert(ARRAY_LEN(texts) == PEERS_STATEMENTS, "every statement needs its text");

int peers_statement(struct peers *p, enum peers_statement which, sqlite3_stmt **out)
{
	int error = 0;
	if (!p->statements[which])
		error = db_prepare(p->db, &p->statements[which], texts[which]);
	*out = p->statements[which];
	return error;
}

/* --- opening ---------------------------------------------------------------------------------- */

static int create(sqlite3 *db)
{
	int error = db_exec(db, peers_schema_file);
	if (!error)
		error = db_exec(db, "PRAGMA journal_mode=WAL");
	if (!error)
		error = db_exec(db, "BEGIN IMMEDIATE");
	if (!error)
		error = db_exec(db, peers_schema_tables);
	if (!error)
		error = db_exec(db, "COMMIT");
	return error;
}

static int check_pages(sqlite3 *db)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(db, &s, "PRAGMA quick_check(1)");
	if (error)
		return error;
	int rc = sqlite3_step(s);
	error = db_error(db, rc);
	const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
	if (!error && (!text || strcmp(text, "ok")))
		error = -EBADMSG;
	sqlite3_finalize(s);
	return error;
}

/* -EBADMSG: damaged, or none of ours. */
static int open_file(struct peers *p)
{
	bool fresh = false;
	int error = db_open(&p->db, p->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	if (!error)
		error = db_identify(p->db, PEERS_APPLICATION, PEERS_VERSION, &fresh);
	if (!error && fresh)
		error = create(p->db);
	if (!error)
		error = db_exec(p->db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
				       "PRAGMA wal_autocheckpoint=1000;"
				       "PRAGMA journal_size_limit=4194304;");
	return error ? error : check_pages(p->db);
}

static void shut(struct peers *p)
{
	for (int i = 0; i < PEERS_STATEMENTS; i++) {
		sqlite3_finalize(p->statements[i]);
		p->statements[i] = NULL;
	}
	int rc = sqlite3_close(p->db);
	CHECK(rc == SQLITE_OK);
	p->db = NULL;
}

static int set_aside(struct peers *p)
{
	static const char *const suffixes[] = { "-wal", "-shm", "" };
	shut(p);
	log_warning("%s is damaged or of another version: set aside as peers.db.damaged; the "
		    "rows of the other boxes will be asked for again",
		p->path);
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		char from[PATH_MAX + 8], to[PATH_MAX + 16];
		snprintf(from, sizeof(from), "%s%s", p->path, suffixes[i]);
		snprintf(to, sizeof(to), "%s.damaged%s", p->path, suffixes[i]);
		if (rename(from, to) && errno != ENOENT)
			return -errno;
	}
	return 0;
}

static int open_writer(struct peers *p, const char *dir)
{
	int error = db_make_dir(dir);
	if (!error)
		error = open_file(p);
	if (error != -EBADMSG)
		return error;
	error = set_aside(p);
	return error ? error : open_file(p);
}

static int open_reader(struct peers *p)
{
	bool fresh = false;
	int error = db_open_reader(&p->db, p->path);
	if (error)
		return error;
	sqlite3_busy_timeout(p->db, READER_WAIT_MS);
	error = db_identify(p->db, PEERS_APPLICATION, PEERS_VERSION, &fresh);
	return !error && fresh ? -ENOENT : error;
}

static int open_either(struct peers **out, const char *dir, bool writes)
{
	if (sodium_init() < 0)
		return -EIO;
	struct peers *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->writes = writes;
	int error = -ENAMETOOLONG;
	if (snprintf(p->path, sizeof(p->path), "%s/peers.db", dir) < (int)sizeof(p->path))
		error = writes ? open_writer(p, dir) : open_reader(p);
	if (error) {
		peers_close(p);
		return error;
	}
	*out = p;
	return 0;
}

int peers_open(struct peers **out, const char *dir)
{
	return open_either(out, dir, true);
}

int peers_open_reader(struct peers **out, const char *dir)
{
	return open_either(out, dir, false);
}

void peers_close(struct peers *p)
{
	if (!p)
		return;
	shut(p);
	free(p);
}

bool peers_has_moved(struct peers *p)
{
	int moved = 0;
	int rc = sqlite3_file_control(p->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	return rc == SQLITE_OK && moved;
}

/* --- keeping rows ----------------------------------------------------------------------------- */

int peers_chain_number(struct peers *p, const struct chain *chain, int64_t *out)
{
	sqlite3_stmt *s;
	int error = peers_statement(p, PEERS_CHAIN, &s);
	if (error)
		return error;
	db_bind_blob(s, 1, chain->device, sizeof(chain->device));
	db_bind_integer(s, 2, chain->epoch);
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(s, 0);
	else
		error = rc == SQLITE_DONE ? -ENOENT : db_error(p->db, rc);
	sqlite3_reset(s);
	return error;
}

/* The chain of a batch, entered if it is new. */
static int enter_chain(struct peers *p, const struct batch *b, int64_t *number)
{
	sqlite3_stmt *s;
	struct chain chain = { .epoch = b->rows[0].epoch };
	memcpy(chain.device, b->rows[0].device, sizeof(chain.device));
	int error = peers_chain_number(p, &chain, number);
	if (error != -ENOENT)
		return error;
	error = peers_statement(p, PEERS_ADD_CHAIN, &s);
	if (error)
		return error;
	db_bind_blob(s, 1, chain.device, sizeof(chain.device));
	db_bind_integer(s, 2, chain.epoch);
	db_bind_blob(s, 3, b->key, sizeof(b->key));
	error = db_run(s);
	*number = sqlite3_last_insert_rowid(p->db);
	return !error && *number >= PEERS_CHAIN_MAX - 1 ? -EBADMSG : error;
}

/* What somebody else's row at this place is called in here; -EBADMSG is a damaged file. */
#define CONTRADICTS (-EEXIST)

/* Which rows of the batch are here already. */
static int find_known(
	struct peers *p, const struct batch *b, int64_t number, bool known[BATCH_ROWS_MAX])
{
	sqlite3_stmt *s;
	uint64_t first = b->rows[0].seq;
	int error = peers_statement(p, PEERS_HASHES, &s);
	if (error)
		return error;
	db_bind_integer(s, 1, peers_row_id(number, first));
	db_bind_integer(s, 2, peers_row_id(number, b->rows[b->count - 1].seq));
	int rc = SQLITE_DONE;
	while (!error && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		size_t i = ((uint64_t)sqlite3_column_int64(s, 0) & ROW_SEQ_MAX) - first;
		uint8_t hash[ROW_HASH_SIZE];
		if (!db_take_blob(s, 1, hash, sizeof(hash)) ||
			memcmp(hash, b->rows[i].hash, sizeof(hash)))
			error = CONTRADICTS;
		known[i] = true;
	}
	if (!error)
		error = db_error(p->db, rc);
	sqlite3_reset(s);
	return error;
}

/* Column 0 (before) or 1 (hash) of a row that may be here must be `expected`. */
static int check_neighbour(
	struct peers *p, int64_t id, int column, const uint8_t expected[ROW_HASH_SIZE])
{
	sqlite3_stmt *s;
	uint8_t there[ROW_HASH_SIZE];
	int error = peers_statement(p, PEERS_NEIGHBOUR, &s);
	if (error)
		return error;
	db_bind_integer(s, 1, id);
	int rc = sqlite3_step(s);
	error = db_error(p->db, rc);
	if (rc == SQLITE_ROW && (!db_take_blob(s, column, there, sizeof(there)) ||
					memcmp(there, expected, sizeof(there))))
		error = CONTRADICTS;
	sqlite3_reset(s);
	return error;
}

static int check_neighbours(struct peers *p, const struct batch *b, int64_t number)
{
	const struct row *first = &b->rows[0], *last = &b->rows[b->count - 1];
	int error = 0;
	if (first->seq > 1)
		error = check_neighbour(p, peers_row_id(number, first->seq - 1), 1, first->before);
	if (!error && last->seq < ROW_SEQ_MAX)
		error = check_neighbour(p, peers_row_id(number, last->seq + 1), 0, last->hash);
	return error;
}

static int insert(struct peers *p, const struct row *row, int64_t number)
{
	sqlite3_stmt *s;
	int error = peers_statement(p, PEERS_INSERT, &s);
	if (error)
		return error;
	row_bind(s, row);
	db_bind_integer(s, ROW_INSERT_ID, peers_row_id(number, row->seq));
	return db_run(s);
}

static int sign(struct peers *p, const struct batch *b, int64_t number)
{
	sqlite3_stmt *s;
	int error = peers_statement(p, PEERS_SIGN, &s);
	if (error)
		return error;
	db_bind_integer(s, 1, peers_row_id(number, b->rows[b->count - 1].seq));
	db_bind_blob(s, 2, b->signature, sizeof(b->signature));
	return db_run(s);
}

static void bind_stretch(sqlite3_stmt *s, int64_t number, int64_t first, int64_t last)
{
	db_bind_integer(s, 1, number);
	db_bind_integer(s, 2, first);
	db_bind_integer(s, 3, last);
}

/* Joins a stretch with the ranges that it touches. */
static int add_held(struct peers *p, int64_t number, int64_t first, int64_t last)
{
	sqlite3_stmt *around, *drop, *add;
	int error = peers_statement(p, PEERS_HELD_AROUND, &around);
	if (!error)
		error = peers_statement(p, PEERS_HELD_DROP, &drop);
	if (!error)
		error = peers_statement(p, PEERS_HELD_ADD, &add);
	if (error)
		return error;
	int64_t from = first, to = last;
	bind_stretch(around, number, first, last);
	int rc = sqlite3_step(around);
	if (rc == SQLITE_ROW && sqlite3_column_type(around, 0) == SQLITE_INTEGER) {
		int64_t low = sqlite3_column_int64(around, 0);
		int64_t high = sqlite3_column_int64(around, 1);
		from = low < from ? low : from;
		to = high > to ? high : to;
	}
	sqlite3_reset(around);
	error = db_error(p->db, rc);
	if (error)
		return error;
	bind_stretch(drop, number, first, last);
	error = db_run(drop);
	if (error)
		return error;
	bind_stretch(add, number, from, to);
	return db_run(add);
}

/* Notes rows first … last, all of them new, as come now. */
static int note_arrival(struct peers *p, int64_t number, uint64_t first, uint64_t last)
{
	sqlite3_stmt *s;
	int error = peers_statement(p, PEERS_ARRIVED, &s);
	if (error)
		return error;
	db_bind_integer(s, 1, peers_row_id(number, first));
	db_bind_integer(s, 2, peers_row_id(number, last));
	error = db_run(s);
	return error ? error : add_held(p, number, (int64_t)first, (int64_t)last);
}

static int keep_fresh(struct peers *p, const struct batch *b, int64_t number,
	const bool known[BATCH_ROWS_MAX], uint64_t *fresh)
{
	int error = 0;
	for (size_t i = 0, start = 0; !error && i < b->count; i++) {
		if (known[i]) {
			start = i + 1;
			continue;
		}
		(*fresh)++;
		error = insert(p, &b->rows[i], number);
		if (!error && (i + 1 == b->count || known[i + 1]))
			error = note_arrival(p, number, b->rows[start].seq, b->rows[i].seq);
	}
	return error;
}

/* What lies between BEGIN and COMMIT. */
static int take_in(struct peers *p, const struct batch *b, uint64_t *fresh)
{
	bool known[BATCH_ROWS_MAX] = { false };
	int64_t number = 0;
	int error = enter_chain(p, b, &number);
	if (!error)
		error = find_known(p, b, number, known);
	if (!error)
		error = check_neighbours(p, b, number);
	if (!error)
		error = keep_fresh(p, b, number, known, fresh);
	return error ? error : sign(p, b, number);
}

static int run(struct peers *p, enum peers_statement which)
{
	sqlite3_stmt *s;
	int error = peers_statement(p, which, &s);
	return error ? error : db_run(s);
}

int peers_store(struct peers *p, const struct batch *b, uint64_t *fresh)
{
	uint64_t n = 0;
	CHECK(p->writes && b->count >= 1 && b->count <= BATCH_ROWS_MAX);
	if (!b->is_signed)
		return -EINVAL;
	int error = run(p, PEERS_BEGIN);
	if (error)
		return error;
	error = take_in(p, b, &n);
	if (!error)
		error = run(p, PEERS_COMMIT);
	if (error && !sqlite3_get_autocommit(p->db))
		(void)!db_exec(p->db, "ROLLBACK");
	if (!error)
		*fresh = n;
	/* A damaged file is told from a row that contradicts: the next opening sets it aside. */
	if (error == -EBADMSG)
		return -EIO;
	return error == CONTRADICTS ? -EBADMSG : error;
}
