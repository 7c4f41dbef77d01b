#include "store/log.h"

#include "base/log.h"
#include "base/text.h"
#include "store/log_private.h"
#include "store/row_sql.h"
#include "store/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define WAS_UNDONE                                                                                 \
	"EXISTS (SELECT 1 FROM entry u WHERE u.device = e.device AND u.epoch = e.epoch"            \
	" AND u.undoes = e.seq AND u.kind = 4)"
/* As by_ticket is declared, or SQLite does not use it. */
#define COUNTS "ticket IS NOT NULL AND direction <> 0 AND kind <> 4"

static const char *const statements[] = {
	[LOG_BEGIN] = "BEGIN IMMEDIATE",
	[LOG_COMMIT] = "COMMIT",
	[LOG_ENTER_CHAIN] = "INSERT INTO chain (number, device, epoch) VALUES (?, ?, ?)",
	[LOG_INSERT] = ROW_INSERT,
	[LOG_SET_HEAD] = "INSERT OR REPLACE INTO head (id, seq, hash, venue, entries, exits,"
			 " present, refused, registered_in, chain)"
			 " VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[LOG_PRIOR] = "SELECT direction, wall_ms, trust, venue, door, hlc,"
		      " EXISTS (SELECT 1 FROM entry e WHERE ticket = ?1 AND kind = 2"
		      " AND " COUNTS " AND NOT " WAS_UNDONE ") FROM entry e"
		      " WHERE ticket = ?1 AND " COUNTS " AND NOT " WAS_UNDONE
		      " ORDER BY hlc DESC, device DESC, epoch DESC, seq DESC LIMIT 1",
	[LOG_ENTERED] =
		"SELECT EXISTS (SELECT 1 FROM entry e WHERE ticket = ?1 AND venue = ?2"
		" AND direction = 1 AND registered = 1 AND " COUNTS " AND NOT " WAS_UNDONE ")",
	[LOG_TARGET] = "SELECT " ROW_COLUMNS " FROM entry e"
		       " WHERE id = ?1 AND NOT " WAS_UNDONE,
};
static_assert(ARRAY_LEN(statements) == LOG_STATEMENTS, "every statement needs its text");

int log_registered(struct log *l, const char *venue, uint64_t *out)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(l->db, &s,
		"SELECT count(DISTINCT ticket) FROM entry e"
		" WHERE venue = ?1 AND direction = 1 AND registered = 1 AND " COUNTS
		" AND NOT " WAS_UNDONE);
	if (error)
		return error;
	db_bind_text(s, 1, venue);
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*out = (uint64_t)sqlite3_column_int64(s, 0);
	error = db_error(l->db, rc);
	sqlite3_finalize(s);
	return error;
}

/* --- what a new file holds -------------------------------------------------------------------- */

static int put_identity(sqlite3 *db)
{
	uint8_t device[DEVICE_ID_SIZE];
	randombytes_buf(device, sizeof(device));
	sqlite3_stmt *s = NULL;
	int error = db_prepare(db, &s, "INSERT INTO meta (key, value) VALUES ('device', ?1)");
	if (error)
		return error;
	db_bind_blob(s, 1, device, sizeof(device));
	error = db_run(s);
	sqlite3_finalize(s);
	return error;
}

static int create(sqlite3 *db)
{
	int error = db_exec(db, log_schema_file);
	if (!error)
		error = db_exec(db, "PRAGMA journal_mode=WAL");
	if (!error)
		error = db_exec(db, "BEGIN IMMEDIATE");
	if (error)
		return error;
	error = db_exec(db, log_schema_tables);
	if (!error)
		error = put_identity(db);
	if (!error)
		error = db_exec(db, "COMMIT");
	return error;
}

static int upgrade(sqlite3 *db)
{
	int error = db_exec(db, "BEGIN IMMEDIATE");
	if (!error)
		error = db_exec(db, log_schema_from_1);
	if (!error)
		error = db_exec(db, "COMMIT");
	return error;
}

/* Makes the file one of this version, if it is none yet. */
static int make_current(sqlite3 *db)
{
	bool fresh = false;
	int error = db_identify(db, LOG_APPLICATION, LOG_VERSION, &fresh);
	if (!error)
		return fresh ? create(db) : 0;
	bool old = error == -EBADMSG && !db_identify(db, LOG_APPLICATION, 1, &fresh) && !fresh;
	return old ? upgrade(db) : error;
}

/* The device that the newest row names, or, where there is none, meta; and its chain. */
static int read_identity(struct log *l)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(l->db, &s,
		"SELECT device, epoch, number, 1 FROM chain"
		" UNION ALL SELECT value, 0, 0, 0 FROM meta WHERE key = 'device'"
		" ORDER BY 4 DESC, 3 DESC LIMIT 1");
	if (error)
		return error;
	int rc = sqlite3_step(s);
	error = db_error(l->db, rc);
	int64_t epoch = rc == SQLITE_ROW ? sqlite3_column_int64(s, 1) : -1;
	l->chain = rc == SQLITE_ROW ? sqlite3_column_int64(s, 2) : 0;
	if (!error &&
		(l->chain < 0 || l->chain >= LOG_CHAIN_MAX || epoch < 0 || epoch > UINT32_MAX ||
			!db_take_blob(s, 0, l->device, sizeof(l->device))))
		error = -EBADMSG;
	l->epoch = (uint32_t)epoch;
	sqlite3_finalize(s);
	return error;
}

/* The device of a writer: what was given, or whom meta names. */
static int read_device(struct log *l)
{
	static const uint8_t none[DEVICE_ID_SIZE];
	sqlite3_stmt *s = NULL;
	if (memcmp(l->given, none, sizeof(none))) {
		memcpy(l->device, l->given, sizeof(l->device));
		return 0;
	}
	int error = db_prepare(l->db, &s, "SELECT value FROM meta WHERE key = 'device'");
	if (error)
		return error;
	int rc = sqlite3_step(s);
	error = db_error(l->db, rc);
	if (!error && !db_take_blob(s, 0, l->device, sizeof(l->device)))
		error = -EBADMSG;
	sqlite3_finalize(s);
	return error;
}

/* --- the writer's connection ------------------------------------------------------------------ */

/* WAL: readers and the writer never wait for each other. The write-ahead log is copied back after
 * 1,000 pages, some three hundred check-ins: it stays about a megabyte, which is soon read after a
 * power cut, and most pages of the file are written once for many rows. */
static int set_up(struct log *l)
{
	char sql[256];
	snprintf(sql, sizeof(sql),
		"PRAGMA journal_mode=WAL; PRAGMA synchronous=%s;"
		"PRAGMA wal_autocheckpoint=1000; PRAGMA journal_size_limit=1048576;",
		l->synchronous);
	return db_exec(l->db, sql);
}

static int open_database(struct log *l)
{
	int error = db_open(&l->db, l->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		l->vfs[0] ? l->vfs : NULL);
	if (error)
		return error;
	error = make_current(l->db);
	if (!error)
		error = set_up(l);
	if (!error)
		error = db_make_durable(l->db);
	return error ? error : read_device(l);
}

int log_connect(struct log *l)
{
	int error = open_database(l);
	for (int i = 0; !error && i < LOG_STATEMENTS; i++)
		error = db_prepare(l->db, &l->statements[i], statements[i]);
	if (error)
		log_disconnect(l);
	return error;
}

void log_disconnect(struct log *l)
{
	for (int i = 0; i < LOG_STATEMENTS; i++) {
		sqlite3_finalize(l->statements[i]);
		l->statements[i] = NULL;
	}
	int rc = sqlite3_close(l->db);
	CHECK(rc == SQLITE_OK);
	l->db = NULL;
}

/* --- opening ---------------------------------------------------------------------------------- */

/* The lock goes with the descriptor, so it cannot outlive a writer that was killed. */
static int lock_dir(const char *dir)
{
	char path[PATH_MAX];
	if (snprintf(path, sizeof(path), "%s/log.lock", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		int error = errno == EWOULDBLOCK ? -EBUSY : -errno;
		close(fd);
		return error;
	}
	return fd;
}

static struct log *fill(const struct log_setup *setup)
{
	struct log *l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->lock = -1;
	l->start_ms = setup->start_ms;
	memcpy(l->boot, setup->boot, sizeof(l->boot));
	memcpy(l->given, setup->device, sizeof(l->given));
	bool fits = text_copy(l->venue, sizeof(l->venue), setup->venue);
	fits = text_copy(l->vfs, sizeof(l->vfs), setup->vfs ? setup->vfs : "") && fits;
	fits = text_copy(l->synchronous, sizeof(l->synchronous),
		       setup->synchronous ? setup->synchronous : "FULL") &&
	       fits;
	CHECK(fits);
	return l;
}

static int open_writer(struct log *l, const char *dir, bool existing)
{
	if (snprintf(l->path, sizeof(l->path), "%s/log.db", dir) >= (int)sizeof(l->path))
		return -ENAMETOOLONG;
	if (sodium_init() < 0)
		return -EIO;
	int error = existing ? 0 : db_make_dir(dir);
	if (existing && access(l->path, F_OK))
		error = -errno;
	if (error)
		return error;
	l->lock = lock_dir(dir);
	if (l->lock < 0)
		return l->lock;
	error = log_connect(l);
	if (!error)
		error = log_refold(l);
	return error ? error : db_sync_dir(dir);
}

int log_open(struct log **out, const struct log_setup *setup)
{
	struct log *l = fill(setup);
	if (!l)
		return -ENOMEM;
	int error = open_writer(l, setup->dir, setup->existing);
	if (error) {
		log_close(l);
		return error;
	}
	*out = l;
	return 0;
}

int log_open_reader_file(struct log **out, const char *path)
{
	struct log *l = fill(&(struct log_setup){ .venue = "" });
	if (!l)
		return -ENOMEM;
	int error = -ENAMETOOLONG;
	if (text_copy(l->path, sizeof(l->path), path))
		error = sodium_init() < 0 ? -EIO : db_open_reader(&l->db, l->path);
	bool fresh = false;
	if (!error)
		error = db_identify(l->db, LOG_APPLICATION, LOG_VERSION, &fresh);
	if (!error)
		error = fresh ? -ENOENT : read_identity(l);
	if (error) {
		log_close(l);
		return error;
	}
	*out = l;
	return 0;
}

int log_open_reader(struct log **out, const char *dir)
{
	char path[PATH_MAX];
	if (snprintf(path, sizeof(path), "%s/log.db", dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return log_open_reader_file(out, path);
}

void log_close(struct log *l)
{
	if (!l)
		return;
	log_disconnect(l);
	cc_close_fd(&l->lock);
	free(l);
}

int log_prior(struct log *l, const uint8_t ticket[TICKET_HASH_SIZE], const struct log_known *others,
	struct prior *out)
{
	struct prior prior;
	int error = 0;
	if (!l->statements[LOG_PRIOR])
		error = db_prepare(l->db, &l->statements[LOG_PRIOR], statements[LOG_PRIOR]);
	if (!error)
		error = log_read_prior(l, ticket, others, &prior);
	if (!error)
		*out = prior;
	return error;
}

void log_headcount(const struct log *l, struct headcount *out, uint64_t *registered_in)
{
	*out = l->count;
	*registered_in = l->registered_in;
}
