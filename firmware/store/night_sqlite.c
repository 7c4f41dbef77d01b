/* One row of a box is one row of `entry`: numbers packed into one, what many rows share (boot,
 * venue, door, operator) kept once in `place`, and the chain in the upper bits of the row's number,
 * so that the rows of a chain lie together and no second index says that a number comes once. */
#include "store/night_sqlite.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CACHE_KB "32768"
#define BUSY_MS  30000

const char night_schema_file[] = "PRAGMA page_size=8192;";

/* `held`: the ranges of numbers that `entry` has. `signature`: of the last row of a stretch; one
 * whose next row is there, follows it and is signed, too, adds nothing and is left out.
 * `contradiction`: what lost its number to another row. `mark`: what was
 * found in some copy (enum row_flaw). */
const char night_schema_tables[] =
	"PRAGMA application_id=0x5072764e;"
	"PRAGMA user_version=1;"
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE word (field TEXT NOT NULL, number INTEGER NOT NULL, word TEXT NOT NULL,"
	" PRIMARY KEY (field, number)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE chain (id INTEGER PRIMARY KEY, device BLOB NOT NULL, epoch INTEGER NOT NULL,"
	" key BLOB, promised INTEGER NOT NULL, UNIQUE (device, epoch)) STRICT;"
	"CREATE TABLE place (id INTEGER PRIMARY KEY, venue TEXT NOT NULL, door TEXT NOT NULL,"
	" from_venue TEXT NOT NULL, operator TEXT NOT NULL, boot BLOB NOT NULL,"
	" UNIQUE (venue, door, from_venue, operator, boot)) STRICT;"
	"CREATE TABLE held (chain INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
	" PRIMARY KEY (chain, first)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE signature (id INTEGER NOT NULL, hash BLOB NOT NULL, signature BLOB NOT NULL,"
	" PRIMARY KEY (id, hash)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE mark (id INTEGER NOT NULL, flaw INTEGER NOT NULL, PRIMARY KEY (id, flaw))"
	" STRICT, WITHOUT ROWID;"
	"CREATE TABLE contradiction (id INTEGER NOT NULL, hlc INTEGER NOT NULL,"
	" wall_ms INTEGER NOT NULL, mono_ms INTEGER NOT NULL, what INTEGER NOT NULL,"
	" place INTEGER NOT NULL, ticket BLOB, amount INTEGER NOT NULL, undoes INTEGER,"
	" before BLOB NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (id, hash)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE entry (id INTEGER PRIMARY KEY, hlc INTEGER NOT NULL,"
	" wall_ms INTEGER NOT NULL, mono_ms INTEGER NOT NULL, what INTEGER NOT NULL,"
	" place INTEGER NOT NULL, ticket BLOB, amount INTEGER NOT NULL, undoes INTEGER,"
	" before BLOB NOT NULL, hash BLOB NOT NULL) STRICT;"
	"CREATE VIEW night AS SELECT lower(hex(c.device)) AS device, c.epoch,"
	" e.id & 1099511627775 AS seq, e.hlc,"
	" strftime('%Y-%m-%dT%H:%M:%fZ', e.wall_ms / 1000.0, 'unixepoch') AS at, e.wall_ms,"
	" (SELECT word FROM word WHERE field = 'trust' AND number = e.what >> 15 & 3) AS trust,"
	" (SELECT word FROM word WHERE field = 'kind' AND number = e.what & 7) AS kind,"
	" (SELECT word FROM word WHERE field = 'source' AND number = e.what >> 3 & 7) AS source,"
	" (SELECT word FROM word WHERE field = 'verdict' AND number = e.what >> 6 & 127)"
	" AS verdict,"
	" (SELECT word FROM word WHERE field = 'direction' AND number = e.what >> 13 & 3)"
	" AS direction,"
	" e.what >> 17 & 1 AS time_doubt, e.what >> 18 & 1 AS overridden,"
	" e.what >> 19 & 1 AS registered, e.what >> 20 & 1 AS signed,"
	" lower(hex(e.ticket)) AS ticket, p.venue, p.door, p.from_venue, p.operator,"
	" e.amount, e.undoes, lower(hex(e.hash)) AS hash"
	" FROM entry e JOIN chain c ON c.id = e.id >> 40 JOIN place p ON p.id = e.place;";

static const char receipts_tables[] =
	"PRAGMA application_id=0x50727672;"
	"PRAGMA user_version=1;"
	"CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;"
	"CREATE TABLE receipt (device BLOB NOT NULL, epoch INTEGER NOT NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL, received_ms INTEGER NOT NULL,"
	" source INTEGER NOT NULL, PRIMARY KEY (device, epoch, first)) STRICT, WITHOUT ROWID;";

/* Came later than the others. */
static const char witness_table[] =
	"CREATE TABLE IF NOT EXISTS witness (device BLOB NOT NULL, epoch INTEGER NOT NULL,"
	" seq INTEGER NOT NULL, hash BLOB NOT NULL, signature BLOB NOT NULL,"
	" PRIMARY KEY (device, epoch, seq, hash)) STRICT, WITHOUT ROWID;";

int night_failed(struct night_sqlite *n, int error, const char *doing)
{
	const char *what = n->db && error == -EBADMSG
				   ? "the store is damaged or not of this version"
				   : strerror(-error);
	char safe[128];
	text_printable(safe, sizeof(safe), n->path, strlen(n->path));
	if (error < 0)
		snprintf(n->base.why, sizeof(n->base.why), "%s: %s: %s", safe, doing, what);
	return error;
}

/* --- a new file ------------------------------------------------------------------------------- */

static const char *const kinds[] = {
	[ROW_SCAN] = "scan", [ROW_WALK_IN] = "walk_in", [ROW_ADJUST] = "adjust", [ROW_UNDO] = "undo"
};
static const char *const directions[] = { "none", "in", "out" };

static int put_words(sqlite3_stmt *s, const char *field, const char *const *words, size_t count)
{
	int error = 0;
	for (size_t i = 0; !error && i < count; i++) {
		if (!words[i])
			continue;
		db_bind_text(s, 1, field);
		db_bind_integer(s, 2, (int64_t)i);
		db_bind_text(s, 3, words[i]);
		error = db_run(s);
	}
	return error;
}

int night_put_meta(sqlite3 *db, const char *event, bool settled)
{
	sqlite3_stmt *meta = NULL, *word = NULL;
	int error = db_prepare(
		db, &meta, "INSERT INTO meta (key, value) VALUES ('event', ?1), ('settled', ?2)");
	if (!error)
		error = db_prepare(db, &word, "INSERT INTO word VALUES (?1, ?2, ?3)");
	if (!error) {
		db_bind_text(meta, 1, event);
		db_bind_integer(meta, 2, settled);
		error = db_run(meta);
	}
	if (!error)
		error = put_words(word, "direction", directions, ARRAY_LEN(directions));
	if (!error)
		error = put_words(word, "kind", kinds, ARRAY_LEN(kinds));
	if (!error)
		error = put_words(word, "source", source_names, SOURCE_COUNT);
	if (!error)
		error = put_words(word, "trust", trust_names, TRUST_COUNT);
	if (!error)
		error = put_words(word, "verdict", verdict_names, VERDICT_COUNT);
	sqlite3_finalize(meta);
	sqlite3_finalize(word);
	return error;
}

/* Several may come to an empty file at once: who gets the lock first makes it. */
static int create(sqlite3 *db, const char *event)
{
	bool fresh = false;
	int error = db_exec(db, night_schema_file);
	if (!error)
		error = db_exec(db, "PRAGMA journal_mode=WAL");
	if (!error)
		error = db_exec(db, "BEGIN IMMEDIATE");
	if (error)
		return error;
	error = db_identify(db, NIGHT_APPLICATION, NIGHT_VERSION, &fresh);
	if (!error && fresh)
		error = db_exec(db, night_schema_tables);
	if (!error && fresh)
		error = night_put_meta(db, event, false);
	return error ? error : db_exec(db, "COMMIT");
}

static int check_event(sqlite3 *db, const char *event)
{
	sqlite3_stmt *s = NULL;
	char kept[ID_SIZE];
	int error = db_prepare(db, &s, "SELECT value FROM meta WHERE key = 'event'");
	if (error)
		return error;
	int rc = sqlite3_step(s);
	error = db_error(db, rc);
	if (!error && (rc != SQLITE_ROW || !db_take_text(s, 0, kept, sizeof(kept))))
		error = -EBADMSG;
	sqlite3_finalize(s);
	if (!error && strcmp(kept, event))
		error = -EKEYREJECTED;
	return error;
}

/* The organiser's alone, from its first byte on. */
static int touch(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int open_to_write(struct night_sqlite *n)
{
	bool fresh = false;
	int error = touch(n->path);
	if (!error)
		error = db_open(&n->db, n->path, SQLITE_OPEN_READWRITE, NULL);
	if (error)
		return error;
	sqlite3_busy_timeout(n->db, BUSY_MS);
	error = db_identify(n->db, NIGHT_APPLICATION, NIGHT_VERSION, &fresh);
	if (!error && fresh)
		error = create(n->db, n->event);
	if (!error)
		error = check_event(n->db, n->event);
	if (!error)
		error = db_exec(n->db,
			"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
			"PRAGMA wal_autocheckpoint=2000; PRAGMA cache_size=-" CACHE_KB);
	if (!error)
		error = db_make_durable(n->db);
	return error == -EBUSY ? 0 : error; /* another collector is at work, and sees to it */
}

static int open_to_read(struct night_sqlite *n)
{
	bool fresh = false;
	int error = db_open_reader(&n->db, n->path);
	if (error)
		return error;
	error = db_identify(n->db, NIGHT_APPLICATION, NIGHT_VERSION, &fresh);
	if (!error)
		error = fresh ? -ENOENT : check_event(n->db, n->event);
	return error ? error : db_exec(n->db, "PRAGMA cache_size=-" CACHE_KB);
}

static int open_receipts(struct night_sqlite *n)
{
	bool fresh = false;
	int error = n->writes ? touch(n->receipts_path) : 0;
	if (error)
		return error;
	if (!n->writes)
		return db_open_reader(&n->receipts, n->receipts_path);
	error = db_open(&n->receipts, n->receipts_path, SQLITE_OPEN_READWRITE, NULL);
	if (error)
		return error;
	sqlite3_busy_timeout(n->receipts, BUSY_MS);
	error = db_exec(n->receipts, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
				     "BEGIN IMMEDIATE");
	if (!error)
		error = db_identify(n->receipts, RECEIPTS_APPLICATION, RECEIPTS_VERSION, &fresh);
	if (!error && fresh)
		error = db_exec(n->receipts, receipts_tables);
	if (!error)
		error = db_exec(n->receipts, witness_table);
	return error ? error : db_exec(n->receipts, "COMMIT");
}

/* --- opening ---------------------------------------------------------------------------------- */

/* Whoever settles renames the file, which must not happen under one who has it open. Where nothing
 * can be written nobody settles. */
static int lock_file(struct night_sqlite *n)
{
	int fd = open(n->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return n->writes ? -errno : 0;
	while (flock(fd, LOCK_SH)) {
		if (errno == EINTR)
			continue;
		int error = -errno;
		close(fd);
		return error;
	}
	n->lock = fd;
	return 0;
}

int night_connect(struct night_sqlite *n, char why[NIGHT_WHY_SIZE])
{
	int error = n->writes ? open_to_write(n) : open_to_read(n);
	if (error == -EKEYREJECTED)
		snprintf(why, NIGHT_WHY_SIZE, "it is the store of another event");
	else if (error == -EBADMSG)
		snprintf(why, NIGHT_WHY_SIZE,
			"it is no store of this version, or damaged: move it away and collect "
			"again");
	else if (error)
		snprintf(why, NIGHT_WHY_SIZE, "%s", strerror(-error));
	/* Without receipts a reader says that there are none. */
	if (!error && (error = open_receipts(n)) && n->writes)
		snprintf(why, NIGHT_WHY_SIZE, "the receipts beside it: %s", strerror(-error));
	return n->writes || !n->db || error == -EKEYREJECTED || error == -EBADMSG ? error : 0;
}

void night_disconnect(struct night_sqlite *n)
{
	for (int i = 0; i < NIGHT_STATEMENTS; i++) {
		sqlite3_finalize(n->statements[i]);
		n->statements[i] = NULL;
	}
	sqlite3_close(n->db);
	sqlite3_close(n->receipts);
	n->db = n->receipts = NULL;
}

static void night_sqlite_close(struct night *base)
{
	struct night_sqlite *n = (struct night_sqlite *)base;
	night_disconnect(n);
	cc_close_fd(&n->lock);
	free(n->by_place);
	free(n->by_id);
	free(n->chains);
	free(n);
}

static const struct night_kind sqlite_kind = {
	.close = night_sqlite_close,
	.take = night_sqlite_take,
	.held = night_sqlite_held,
	.stretch = night_sqlite_stretch,
	.chains = night_sqlite_chains,
	.each = night_sqlite_each,
	.contradictions = night_sqlite_contradictions,
	.receipts = night_sqlite_receipts,
	.promise = night_sqlite_promise,
	.promised = night_sqlite_promised,
	.mark = night_sqlite_mark,
	.marks = night_sqlite_marks,
	.settle = night_sqlite_settle,
};

static struct night_sqlite *make(const char *path, const char *event_id, enum night_open how)
{
	struct night_sqlite *n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	int stem = (int)(strlen(path) - strlen(".db"));
	const char *slash = strrchr(path, '/');
	n->base.kind = &sqlite_kind;
	n->writes = how == NIGHT_WRITE;
	n->lock = -1;
	snprintf(n->path, sizeof(n->path), "%s", path);
	snprintf(n->receipts_path, sizeof(n->receipts_path), "%.*s-receipts.db", stem, path);
	snprintf(n->lock_path, sizeof(n->lock_path), "%.*s.lock", stem, path);
	snprintf(n->dir, sizeof(n->dir), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		slash ? path : ".");
	n->by_place = calloc(PLACES_KEPT, sizeof(*n->by_place));
	n->by_id = calloc(PLACES_KEPT, sizeof(*n->by_id));
	n->chains = calloc(CHAINS_KEPT, sizeof(*n->chains));
	if (!n->by_place || !n->by_id || !n->chains ||
		!text_copy(n->event, sizeof(n->event), event_id)) {
		night_sqlite_close(&n->base);
		return NULL;
	}
	return n;
}

int night_sqlite_open(struct night **out, const char *path, const char *event_id,
	enum night_open how, char why[NIGHT_WHY_SIZE])
{
	if (how == NIGHT_READ && access(path, F_OK)) {
		int error = -errno;
		snprintf(why, NIGHT_WHY_SIZE, "%s",
			error == -ENOENT ? "nothing has been collected yet" : strerror(-error));
		return error;
	}
	struct night_sqlite *n = make(path, event_id, how);
	if (!n)
		return -ENOMEM;
	int error = lock_file(n);
	if (error)
		snprintf(why, NIGHT_WHY_SIZE, "%s", strerror(-error));
	else
		error = night_connect(n, why);
	if (error) {
		night_sqlite_close(&n->base);
		return error;
	}
	why[0] = 0;
	*out = &n->base;
	return 0;
}
