#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS  2000
#define DURABLE_TRIES    200
#define DURABLE_PAUSE_MS 10

/* What SQLite keeps of errno may be older than the failure: it looks for files that need not be
 * there. A file that is missing is believed only where one was to be opened. */
static int error_of_system(sqlite3 *db, int rc)
{
	int e = db ? sqlite3_system_errno(db) : 0;
	if (e == ENOENT && (rc & 0xff) != SQLITE_CANTOPEN)
		return -EIO;
	switch (e) {
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
		return -ENOSPC;
	case EROFS:
	case EACCES:
	case ENOENT:
		return -e;
	case EPERM:
		return -EACCES;
	default:
		return -EIO;
	}
}

int db_error(sqlite3 *db, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
	case SQLITE_ERROR: /* our statements are sound: it is the tables that are not ours */
		return -EBADMSG;
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		return error_of_system(db, rc);
	default:
		return -EIO;
	}
}

int db_exec(sqlite3 *db, const char *sql)
{
	return db_error(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

int db_prepare(sqlite3 *db, sqlite3_stmt **out, const char *sql)
{
	return db_error(db, sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL));
}

int db_run(sqlite3_stmt *s)
{
	int rc = sqlite3_step(s);
	int error = rc == SQLITE_ROW ? -EIO : db_error(sqlite3_db_handle(s), rc);
	sqlite3_reset(s);
	return error;
}

int db_integer(sqlite3 *db, const char *sql, int64_t *out)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(db, &s, sql);
	if (error)
		return error;
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(s, 0);
	else
		error = rc == SQLITE_DONE ? -ENOENT : db_error(db, rc);
	sqlite3_finalize(s);
	return error;
}

int db_identify(sqlite3 *db, int64_t application, int64_t version, bool *fresh)
{
	int64_t things, is_application, is_version;
	int error = db_integer(db, "SELECT count(*) FROM sqlite_master", &things);
	if (!error)
		error = db_integer(db, "PRAGMA application_id", &is_application);
	if (!error)
		error = db_integer(db, "PRAGMA user_version", &is_version);
	if (error)
		return error;
	*fresh = !things && !is_application && !is_version;
	return *fresh || (is_application == application && is_version == version) ? 0 : -EBADMSG;
}

/* SQLite would count every allocation under a lock that all connections share. Where something has
 * used SQLite before, it goes on counting. */
static void configure(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int db_open(sqlite3 **out, const char *path, int flags, const char *vfs)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	sqlite3 *db = NULL;
	pthread_once(&once, configure);
	int rc = sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, vfs);
	int error = db_error(db, rc);
	if (!error) {
		sqlite3_extended_result_codes(db, 1);
		sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
		error = db_exec(db, "PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF");
	}
	if (error) {
		sqlite3_close(db);
		return error;
	}
	*out = db;
	return 0;
}

/* Opens and reads something: SQLite looks at a file only then. */
static int open_and_look(sqlite3 **out, const char *path, int flags, const char *vfs, bool alone)
{
	sqlite3 *db = NULL;
	int64_t things;
	int error = db_open(&db, path, flags, vfs);
	if (!error && alone)
		error = db_exec(db, "PRAGMA locking_mode=EXCLUSIVE");
	if (!error)
		error = db_integer(db, "SELECT count(*) FROM sqlite_master", &things);
	if (error) {
		sqlite3_close(db);
		return error;
	}
	*out = db;
	return 0;
}

/* A path as a URI that promises SQLite a file that nobody changes. */
static char *immutable_uri(const char *path)
{
	static const char hex[] = "0123456789ABCDEF";
	char *uri = malloc(3 * strlen(path) + sizeof("file:?immutable=1"));
	if (!uri)
		return NULL;
	char *p = stpcpy(uri, "file:");
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;
		if (c > ' ' && c < 0x7f && !strchr("%?#", c)) {
			*p++ = (char)c;
			continue;
		}
		*p++ = '%';
		*p++ = hex[c >> 4];
		*p++ = hex[c & 15];
	}
	strcpy(p, "?immutable=1");
	return uri;
}

int db_open_unchanging(sqlite3 **out, const char *path)
{
	AUTO_FREE char *uri = immutable_uri(path);
	if (!uri)
		return -ENOMEM;
	return open_and_look(out, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL, false);
}

/* SQLite reads a database in WAL mode only through a shared-memory file, which a read-only place
 * does not let it make. Where a crash left rows in the -wal file they must be read: an index on
 * the heap serves then, and no locks are needed where nobody can write. Without such a file the
 * database is read as one that never changes. */
static int open_where_nothing_can_be_written(sqlite3 **out, const char *path)
{
	AUTO_FREE char *wal = NULL;
	if (asprintf(&wal, "%s-wal", path) < 0) {
		wal = NULL;
		return -ENOMEM;
	}
	struct stat st;
	if (!stat(wal, &st) && st.st_size > 0)
		return open_and_look(out, path, SQLITE_OPEN_READONLY, "unix-none", true);
	return db_open_unchanging(out, path);
}

/* What we read are tables. A view in their place would be a program of whoever brought the file,
 * that runs here: rows without end, for instance. Where the list of tables is damaged, other
 * checks say so. */
static int refuse_programs(sqlite3 **db)
{
	int64_t programs = 0;
	if (db_integer(*db,
		    "SELECT count(*) FROM sqlite_master WHERE type = 'view' AND name <> 'night'"
		    " OR type = 'table' AND rootpage = 0",
		    &programs) ||
		!programs)
		return 0;
	sqlite3_close(*db);
	*db = NULL;
	return -EBADMSG;
}

int db_open_reader(sqlite3 **out, const char *path)
{
	if (access(path, F_OK))
		return -errno;
	int error = open_and_look(out, path, SQLITE_OPEN_READONLY, NULL, false);
	if (error != -EROFS && error != -EACCES && error != -ENOENT && error != -EIO)
		return error ? error : refuse_programs(out);
	if (!open_where_nothing_can_be_written(out, path))
		return refuse_programs(out);
	return error;
}

static int open_and_bear(sqlite3 **out, const char *path, int flags)
{
	sqlite3 *db = NULL;
	int64_t things;
	int error = db_open(&db, path, flags, NULL);
	if (!error)
		error = db_exec(db, "PRAGMA writable_schema=ON");
	if (!error)
		error = db_integer(db, "SELECT count(*) FROM sqlite_master", &things);
	if (error) {
		sqlite3_close(db);
		return error;
	}
	*out = db;
	return refuse_programs(out);
}

int db_open_broken_off(sqlite3 **out, const char *path)
{
	int error = open_and_bear(out, path, SQLITE_OPEN_READONLY);
	if (!error)
		return 0;
	AUTO_FREE char *uri = immutable_uri(path);
	if (!uri)
		return -ENOMEM;
	return open_and_bear(out, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

void db_bind_text(sqlite3_stmt *s, int at, const char *text)
{
	int rc = sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
	CHECK(rc == SQLITE_OK);
}

void db_bind_text_of(sqlite3_stmt *s, int at, const char *text, size_t len)
{
	int rc = sqlite3_bind_text(s, at, text, (int)len, SQLITE_STATIC);
	CHECK(rc == SQLITE_OK);
}

void db_bind_blob(sqlite3_stmt *s, int at, const void *bytes, size_t size)
{
	int rc = sqlite3_bind_blob(s, at, bytes, (int)size, SQLITE_STATIC);
	CHECK(rc == SQLITE_OK);
}

void db_bind_integer(sqlite3_stmt *s, int at, int64_t value)
{
	int rc = sqlite3_bind_int64(s, at, value);
	CHECK(rc == SQLITE_OK);
}

bool db_take_blob(sqlite3_stmt *s, int at, void *out, size_t size)
{
	if (sqlite3_column_type(s, at) != SQLITE_BLOB || sqlite3_column_bytes(s, at) != (int)size)
		return false;
	memcpy(out, sqlite3_column_blob(s, at), size);
	return true;
}

bool db_take_text(sqlite3_stmt *s, int at, char *out, size_t capacity)
{
	const char *text = (const char *)sqlite3_column_text(s, at);
	size_t size = (size_t)sqlite3_column_bytes(s, at);
	if (sqlite3_column_type(s, at) != SQLITE_TEXT || !text || size >= capacity ||
		memchr(text, 0, size))
		return false;
	memset(out, 0, capacity);
	memcpy(out, text, size);
	return true;
}

int db_sync_dir(const char *dir)
{
	AUTO_FD fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd))
		return -errno;
	return 0;
}

int db_make_dir(const char *dir)
{
	if (mkdir(dir, 0700))
		return errno == EEXIST ? 0 : -errno;
	char parent[PATH_MAX + 4];
	snprintf(parent, sizeof(parent), "%s/..", dir);
	return db_sync_dir(parent);
}

int db_make_durable(sqlite3 *db)
{
	int rc = SQLITE_BUSY;
	/* A reader that goes away at this moment may be copying, too; this kind of checkpoint does
	 * not wait by itself. */
	for (int i = 0; i < DURABLE_TRIES && (rc & 0xff) == SQLITE_BUSY; i++) {
		if (i)
			sqlite3_sleep(DURABLE_PAUSE_MS);
		rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	}
	return (rc & 0xff) == SQLITE_FULL ? 0 : db_error(db, rc);
}
