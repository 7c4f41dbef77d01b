#include "store/roster_part.h"

#include "store/db.h"
#include "store/roster.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* Runs a statement with one text. */
static int run_with(sqlite3 *db, const char *sql, const char *text)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(db, &s, sql);
	if (error)
		return error;
	db_bind_text(s, 1, text);
	error = db_run(s);
	sqlite3_finalize(s);
	return error;
}

static int copy_whole(const char *event_dir, const char *to)
{
	char from[PATH_MAX + 16];
	sqlite3 *db = NULL;
	snprintf(from, sizeof(from), "%s/roster.db", event_dir);
	int error = db_open_unchanging(&db, from);
	if (!error)
		error = run_with(db, "VACUUM INTO ?1", to);
	sqlite3_close(db);
	return error;
}

/* What is deleted stays in the file's free pages: the second copy has none. */
static int cut_down(const char *whole, const char *venue, const char *to)
{
	sqlite3 *db = NULL;
	int error = db_open(&db, whole, SQLITE_OPEN_READWRITE, NULL);
	if (!error)
		error = db_exec(db, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF");
	if (!error)
		error = run_with(db,
			"UPDATE ticket SET type = '', sealed = NULL WHERE venue NOT IN (?1, '')",
			venue);
	if (!error)
		error = run_with(db, "VACUUM INTO ?1", to);
	sqlite3_close(db);
	return error;
}

static int count_people(
	const char *event_dir, const struct event *e, const char *venue, uint64_t *count)
{
	struct roster *r = NULL;
	int error = roster_open(&r, event_dir, e);
	if (!error)
		error = roster_count(r, venue, count);
	roster_close(r);
	return error;
}

int roster_part(const char *event_dir, const struct event *e, const char *venue, const char *path,
	uint64_t *count)
{
	char whole[PATH_MAX + 16];
	uint64_t people = 0;
	struct stat st;
	int n = snprintf(whole, sizeof(whole), "%s.part", path);
	if (n < 0 || (size_t)n >= sizeof(whole))
		return -ENAMETOOLONG;
	if (!lstat(path, &st) || !lstat(whole, &st))
		return -EEXIST;
	int error = count_people(event_dir, e, venue, &people);
	if (error)
		return error;
	error = copy_whole(event_dir, whole);
	if (!error)
		error = cut_down(whole, venue, path);
	unlink(whole);
	if (error)
		unlink(path);
	else
		*count = people;
	return error;
}
