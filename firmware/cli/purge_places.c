#include "cli/purge_parts.h"

#include "base/text.h"
#include "cli/after.h"
#include "cli/cli.h"
#include "event/bundle.h"
#include "night/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a bundle: its event's id (event/bundle.h). */
#define EVENT_AT  32
#define HEAD_SIZE (EVENT_AT + ID_SIZE)

static bool begins_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* With what SQLite or an import has left beside them. */
static bool goes_from_event(struct purge *p, int dir_fd, const char *name, const char *path)
{
	(void)p, (void)dir_fd, (void)name;
	return begins_with(path, "people.db") || begins_with(path, "roster.db") ||
	       begins_with(path, "names.idx") || begins_with(path, "bundles/");
}

static bool stays_in_event(const char *path)
{
	return !strcmp(path, "event.ini") || begins_with(path, "keys/") ||
	       begins_with(path, "night.db") || begins_with(path, "night-receipts.db") ||
	       begins_with(path, "purged-") || begins_with(path, "erased-");
}

/* Settings, keys and names go; rows, which are numbers without them, stay. */
static bool goes_from_box(struct purge *p, int dir_fd, const char *name, const char *path)
{
	(void)dir_fd, (void)name;
	bool rows = begins_with(path, "log.db") || begins_with(path, "peers.db");
	bool key = begins_with(path, "box/") || begins_with(path, "device.key");
	return !rows && key == p->in_keys;
}

/* A bundle of this event, whole or not. Another event's is its organiser's. */
static bool goes_from_stick(struct purge *p, int dir_fd, const char *name, const char *path)
{
	char head[HEAD_SIZE];
	size_t n = strlen(path), m = strlen(BUNDLE_SUFFIX);
	if (n < m || strcasecmp(path + n - m, BUNDLE_SUFFIX) != 0)
		return false;
	AUTO_FD fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head))
		return true;
	return memcmp(head, "PARVISB", 7) != 0 || !strncmp(head + EVENT_AT, p->event->id, ID_SIZE);
}

static int has_words(struct purge *p, int dir_fd, const char *name, bool *found)
{
	*found = false;
	if (!p->words)
		return 0;
	AUTO_FD fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	p->files++;
	return fd < 0 ? -errno : purge_words_in(p->words, fd, found);
}

/* Rows stay wherever they are. */
static bool stays(const struct purge *p, const char *path)
{
	size_t n = strlen(path), m = strlen(SEALED_SUFFIX);
	if (!strcmp(p->where, "event"))
		return stays_in_event(path);
	if (!strcmp(p->where, "box"))
		return begins_with(path, "log.db") || begins_with(path, "peers.db");
	return n >= m && !strcmp(path + n - m, SEALED_SUFFIX);
}

static json_t *printable(const char *text)
{
	char safe[1024];
	text_printable(safe, sizeof(safe), text, strlen(text));
	return json_string(safe);
}

static void note(json_t *list, const struct purge *p, const char *path, int64_t bytes)
{
	char safe[1024];
	text_printable(safe, sizeof(safe), path, strlen(path));
	json_t *o = json_pack(
		"{s:s, s:s, s:I}", "in", p->where, "file", safe, "bytes", (json_int_t)bytes);
	if (o && p->place)
		json_object_set_new(o, "of", printable(p->place));
	json_array_append_new(list, o);
}

static int erase(struct purge *p, int dir_fd, const char *name, const char *path)
{
	struct stat st;
	int64_t bytes = 0;
	int error = 0;
	if (!p->dry)
		error = purge_file(dir_fd, name, &bytes);
	else if (!fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW))
		bytes = st.st_size;
	if (error) {
		char safe[1024];
		text_printable(safe, sizeof(safe), path, strlen(path));
		fprintf(stderr, "parvis purge: %s: %s\n", safe, strerror(-error));
		note(p->left, p, path, bytes);
		return 0; /* the others are to go all the same */
	}
	note(p->erased, p, path, bytes);
	return 0;
}

static int take_directory(struct purge *p, int dir_fd, const char *name, const char *path)
{
	char below[PATH_MAX + 1];
	snprintf(below, sizeof(below), "%s/", path);
	if (!p->dry && p->known && p->goes(p, dir_fd, name, below))
		(void)unlinkat(dir_fd, name, AT_REMOVEDIR); /* if it is empty */
	return 0;
}

static int take(void *context, int dir_fd, const char *name, const char *path, bool directory)
{
	struct purge *p = context;
	bool found = false;
	if (directory)
		return take_directory(p, dir_fd, name, path);
	if (p->goes(p, dir_fd, name, path))
		return p->known ? erase(p, dir_fd, name, path) : 0;
	int error = p->searching ? has_words(p, dir_fd, name, &found) : 0;
	if (error)
		fprintf(stderr, "parvis purge: a file cannot be searched: %s\n", strerror(-error));
	if (found && !stays(p, path))
		return erase(p, dir_fd, name, path);
	if (found || error)
		note(p->left, p, path, 0);
	return 0;
}

static int sweep(struct purge *p, const char *dir, const char *where,
	bool (*goes)(struct purge *p, int dir_fd, const char *name, const char *path))
{
	AUTO_FD fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return after_failed("purge", dir, -errno);
	p->where = where;
	p->goes = goes;
	int error = purge_walk(fd, take, p);
	if (!error && fsync(fd))
		error = -errno;
	return error ? after_failed("purge", dir, error) : CLI_OK;
}

/* What was looked through, once it was. */
static int searched(struct purge *p, int status)
{
	json_t *o = json_pack("{s:s, s:I, s:b}", "in", p->where, "files", (json_int_t)p->files,
		"for_people", p->words != NULL);
	if (o && p->place)
		json_object_set_new(o, "of", printable(p->place));
	if (status == CLI_OK)
		json_array_append(p->searched, o);
	json_decref(o);
	return status;
}

static void begin(struct purge *p, const char *place)
{
	p->place = place;
	p->files = 0;
	p->known = p->searching = p->in_keys = false;
}

int purge_box(struct purge *p, const char *dir)
{
	begin(p, dir);
	p->known = p->in_keys = true; /* without them, what follows is worth nothing to a thief */
	int status = sweep(p, dir, "box", goes_from_box);
	p->in_keys = false;
	p->searching = true;
	if (status == CLI_OK)
		status = sweep(p, dir, "box", goes_from_box);
	return searched(p, status);
}

int purge_stick(struct purge *p, const char *dir)
{
	begin(p, dir);
	p->known = p->searching = true;
	return searched(p, sweep(p, dir, "stick", goes_from_stick));
}

/* people.db, which says who is to be looked for, goes last: whatever ends this before, the next
 * time finds the rest. */
int purge_event(struct purge *p)
{
	begin(p, NULL);
	p->searching = true;
	int status = sweep(p, p->event_dir, "event", goes_from_event);
	p->known = true;
	p->searching = false;
	if (status == CLI_OK)
		status = sweep(p, p->event_dir, "event", goes_from_event);
	return searched(p, status);
}
