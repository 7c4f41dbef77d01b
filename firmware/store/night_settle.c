/* One order of bytes for one set of rows: a new file, written from its beginning to its end in the
 * order of the keys, with chains and places numbered in their own order. What depends on how the
 * old one came to be (numbers, free pages, counters of changes) is not carried over. */
#include "store/night_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACES_MAX (1 << 28)

struct settling {
	sqlite3 *from, *to;
	struct chain_list chains;
	uint32_t *places; /* new number by old */
	int64_t places_size;
};

/* --- places ----------------------------------------------------------------------------------- */

static int number_places(struct settling *g)
{
	int64_t highest = 0, next = 1;
	sqlite3_stmt *s = NULL;
	int rc = SQLITE_DONE;
	int error = db_integer(g->from, "SELECT ifnull(max(id), 0) FROM place", &highest);
	if (!error && (highest < 0 || highest >= PLACES_MAX))
		error = -EBADMSG;
	if (error)
		return error;
	g->places_size = highest + 1;
	g->places = calloc((size_t)g->places_size, sizeof(*g->places));
	if (!g->places)
		return -ENOMEM;
	error = db_prepare(g->from, &s,
		"SELECT id FROM place ORDER BY venue, door, from_venue, operator, boot");
	while (!error && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		int64_t id = sqlite3_column_int64(s, 0);
		if (id < 1 || id > highest)
			error = -EBADMSG;
		else
			g->places[id] = (uint32_t)next++;
	}
	sqlite3_finalize(s);
	return error ? error : db_error(g->from, rc);
}

/* --- copying ---------------------------------------------------------------------------------- */

/* Copies what `select` gives. The first column is a chain's number (or, where `shift`, a row's) of
 * chain `at`, which is replaced by its new one; column `place` (-1: none) likewise. */
struct copy {
	const char *select, *insert;
	int columns, place;
	bool shift, of_chain;
};

static const struct copy copies[] = {
	{ "SELECT id, device, epoch, key, promised FROM chain WHERE id = ?1",
		"INSERT INTO chain (id, device, epoch, key, promised) VALUES (?,?,?,?,?)", 5, -1,
		false, true },
	{ "SELECT chain, first, last FROM held WHERE chain = ?1 ORDER BY first",
		"INSERT INTO held VALUES (?,?,?)", 3, -1, false, true },
	/* One that the next row vouches for says nothing of its own: whichever of the rows that
	 * claim the next number. */
	{ "SELECT id, hash, signature FROM signature s WHERE id BETWEEN ?1 AND ?2"
	  " AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.id = s.id + 1"
	  "  AND e.before = s.hash AND e.what & 1048576)"
	  " AND NOT EXISTS (SELECT 1 FROM contradiction c WHERE c.id = s.id + 1"
	  "  AND c.before = s.hash AND c.what & 1048576) ORDER BY id, hash",
		"INSERT INTO signature VALUES (?,?,?)", 3, -1, true, true },
	{ "SELECT id, flaw FROM mark WHERE id BETWEEN ?1 AND ?2 ORDER BY id, flaw",
		"INSERT INTO mark VALUES (?,?)", 2, -1, true, true },
	{ "SELECT " NIGHT_COLUMNS " FROM contradiction WHERE id BETWEEN ?1 AND ?2"
	  " ORDER BY id, hash",
		"INSERT INTO contradiction (" NIGHT_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?)",
		NIGHT_COLUMN_COUNT, 5, true, true },
	{ "SELECT " NIGHT_COLUMNS " FROM entry WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
		"INSERT INTO entry (" NIGHT_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?)",
		NIGHT_COLUMN_COUNT, 5, true, true },
};

static int copy_row(struct settling *g, const struct copy *c, int64_t old_chain, int64_t new_chain,
	sqlite3_stmt *from, sqlite3_stmt *to)
{
	int64_t first = sqlite3_column_int64(from, 0);
	db_bind_integer(to, 1,
		c->shift ? first - night_id(old_chain, 0) + night_id(new_chain, 0) : new_chain);
	for (int i = 1; i < c->columns; i++) {
		if (i == c->place) {
			int64_t place = sqlite3_column_int64(from, i);
			if (place < 1 || place >= g->places_size || !g->places[place])
				return -EBADMSG;
			db_bind_integer(to, i + 1, g->places[place]);
		} else if (sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i))) {
			return -ENOMEM;
		}
	}
	return db_run(to);
}

static int copy_chain(
	struct settling *g, const struct copy *c, size_t at, sqlite3_stmt *from, sqlite3_stmt *to)
{
	int64_t old = g->chains.at[at].id, new = (int64_t)at + 1;
	int rc = SQLITE_DONE, error = 0;
	db_bind_integer(from, 1, c->shift ? night_id(old, 0) : old);
	if (c->shift)
		db_bind_integer(from, 2, night_id(old, NIGHT_SEQ_MAX));
	while (!error && (rc = sqlite3_step(from)) == SQLITE_ROW)
		error = copy_row(g, c, old, new, from, to);
	sqlite3_reset(from);
	return error ? error : db_error(g->from, rc);
}

static int copy_table(struct settling *g, const struct copy *c)
{
	sqlite3_stmt *from = NULL, *to = NULL;
	int error = db_prepare(g->from, &from, c->select);
	if (!error)
		error = db_prepare(g->to, &to, c->insert);
	for (size_t i = 0; !error && i < g->chains.count; i++)
		error = copy_chain(g, c, i, from, to);
	sqlite3_finalize(from);
	sqlite3_finalize(to);
	return error;
}

static int copy_places(struct settling *g)
{
	sqlite3_stmt *from = NULL, *to = NULL;
	int rc = SQLITE_DONE;
	int error = db_prepare(g->from, &from,
		"SELECT id, venue, door, from_venue, operator, boot FROM place"
		" ORDER BY venue, door, from_venue, operator, boot");
	if (!error)
		error = db_prepare(g->to, &to,
			"INSERT INTO place (id, venue, door, from_venue, operator, boot)"
			" VALUES (?,?,?,?,?,?)");
	while (!error && (rc = sqlite3_step(from)) == SQLITE_ROW) {
		db_bind_integer(to, 1, g->places[sqlite3_column_int64(from, 0)]);
		for (int i = 1; i < 6; i++)
			(void)!sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
		error = db_run(to);
	}
	sqlite3_finalize(from);
	sqlite3_finalize(to);
	return error ? error : db_error(g->from, rc);
}

static int copy_all(struct settling *g, const char *event)
{
	int error = db_exec(g->to, night_schema_file);
	if (!error)
		error = db_exec(g->to,
			"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA secure_delete=ON;"
			"PRAGMA cache_size=-16384; BEGIN");
	if (!error)
		error = db_exec(g->to, night_schema_tables);
	if (!error)
		error = night_put_meta(g->to, event, true);
	if (!error)
		error = number_places(g);
	if (!error)
		error = copy_places(g);
	for (size_t i = 0; !error && i < ARRAY_LEN(copies); i++)
		error = copy_table(g, &copies[i]);
	return error ? error : db_exec(g->to, "COMMIT");
}

/* --- the file --------------------------------------------------------------------------------- */

/* What SQLite's header says of the file's history, made the same for all: WAL (18, 19), how often
 * it was changed (24, 92) and by which version (96). See "Database File Format", 1.3. */
static int even_out(int fd)
{
	static const uint8_t wal[2] = { 2, 2 }, once[4] = { 0, 0, 0, 1 };
	static const uint8_t version[4] = { 0, 0x2e, 0x63, 0 }; /* 3.40.0 */
	if (pwrite(fd, wal, 2, 18) != 2 || pwrite(fd, once, 4, 24) != 4 ||
		pwrite(fd, once, 4, 92) != 4 || pwrite(fd, version, 4, 96) != 4)
		return -EIO;
	return fsync(fd) ? -errno : 0;
}

static int write_aside(struct night_sqlite *n, const char *aside)
{
	struct settling g = { .from = n->db };
	unlink(aside);
	AUTO_FD fd = open(aside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int error = night_list_chains(n, &g.chains);
	if (!error)
		error = db_open(&g.to, aside, SQLITE_OPEN_READWRITE, NULL);
	if (!error)
		error = copy_all(&g, n->event);
	sqlite3_close(g.to);
	free(g.chains.at);
	free(g.places);
	return error ? error : even_out(fd);
}

/* Nobody else has it open: the lock says so of our own programs, leaving WAL says so of any. */
static int settle_alone(struct night_sqlite *n)
{
	char aside[PATH_MAX + 8];
	int64_t mode = 0;
	snprintf(aside, sizeof(aside), "%s.new", n->path);
	int error = db_exec(n->db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=DELETE;"
				   "BEGIN EXCLUSIVE");
	if (error)
		return error;
	/* journal_mode says nothing where it could not be changed. */
	error = db_integer(n->db,
		"SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'delete'", &mode);
	if (!error && !mode)
		error = -EBUSY;
	if (!error)
		error = write_aside(n, aside);
	if (!error && rename(aside, n->path))
		error = -errno;
	if (error)
		unlink(aside);
	return error ? error : db_sync_dir(n->dir);
}

static int is_settled(struct night_sqlite *n, bool *out)
{
	int64_t settled = 0;
	int error = db_integer(
		n->db, "SELECT count(*) FROM meta WHERE key = 'settled' AND value = 1", &settled);
	*out = settled != 0;
	return error;
}

int night_sqlite_settle(struct night *base)
{
	struct night_sqlite *n = (struct night_sqlite *)base;
	char why[NIGHT_WHY_SIZE] = "";
	bool settled = false;
	int error = n->writes ? is_settled(n, &settled) : -EROFS;
	if (error || settled)
		return night_failed(n, error, "settling");
	sqlite3_busy_timeout(n->db, 0);
	if (flock(n->lock, LOCK_EX | LOCK_NB))
		error = errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (!error)
		error = settle_alone(n);
	/* In any case anew: another may have settled while the lock changed hands. */
	night_disconnect(n);
	night_forget(n);
	while (flock(n->lock, LOCK_SH) && errno == EINTR)
		continue;
	int again = night_connect(n, why);
	if (again)
		snprintf(n->base.why, sizeof(n->base.why), "%s", why);
	if (error == -EBUSY)
		snprintf(n->base.why, sizeof(n->base.why), "another program has it open");
	else if (error)
		(void)night_failed(n, error, "settling");
	return error ? error : again;
}
