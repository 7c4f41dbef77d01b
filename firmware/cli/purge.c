#include "night/purge.h"

#include "base/text.h"
#include "base/when.h"
#include "cli/after.h"
#include "cli/cli.h"
#include "cli/folder.h"
#include "cli/receipt.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DAY_MS         (24 * 3600 * INT64_C(1000))
#define RECEIPT_DOMAIN "parvis/1 purge"

static const char usage[] =
	"usage: parvis purge --event DIR [--box DATA] [--now] [--dry-run]\n"
	"       parvis purge --box DATA [--now] [--dry-run]\n"
	"\n"
	"Erases what names people. Of an event's folder: people.db, roster.db, bundles/, and every\n"
	"other file in which a registered person's code, e-mail address or full name is found, but\n"
	"for event.ini, keys/ and the store. Of a box's data directory: everything but the rows of\n"
	"the log and of its peers, keys first. What was erased is listed in DIR/purged-DATE.json,\n"
	"signed by the event's key; of a box alone, on standard output.\n"
	"\n"
	"  --event DIR   the event's folder\n"
	"  --box DATA    a box's data directory; its program must not be running\n"
	"  --now         before [privacy] names_days after the event have passed\n"
	"  --dry-run     say what would be erased, and erase nothing\n"
	"\n"
	"Exit status: 0 done, 1 too early, no box's data or in use, or something of it is left,\n"
	"2 wrong use, 3 failed.\n";

struct purge {
	const char *event_dir, *box_dir;
	bool now, dry;
	struct event *event;
	struct purge_words *words;
	uint64_t people;
	json_t *erased, *left;
	const char *where;    /* "event" or "box" */
	bool in_keys;         /* a box's keys, before the rest */
	bool known, searched; /* what goes by its name; by what is found in it */
	bool unsearched;      /* people.db is there and cannot be read */
	bool (*goes)(struct purge *p, const char *path);
};

/* --- which files -------------------------------------------------------------------------------
 */

static bool begins_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* With what SQLite or an import has left beside them. */
static bool goes_from_event(struct purge *p, const char *path)
{
	(void)p;
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
static bool goes_from_box(struct purge *p, const char *path)
{
	bool rows = begins_with(path, "log.db") || begins_with(path, "peers.db");
	bool key = begins_with(path, "box/") || begins_with(path, "device.key");
	return !rows && key == p->in_keys;
}

static int has_words(struct purge *p, int dir_fd, const char *name, bool *found)
{
	*found = false;
	if (!p->words)
		return 0;
	AUTO_FD fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : purge_words_in(p->words, fd, found);
}

static void note(json_t *list, const struct purge *p, const char *path, int64_t bytes)
{
	char safe[1024];
	text_printable(safe, sizeof(safe), path, strlen(path));
	json_array_append_new(list, json_pack("{s:s, s:s, s:I}", "in", p->where, "file", safe,
					    "bytes", (json_int_t)bytes));
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
	if (!p->dry && p->known && p->goes(p, below))
		(void)unlinkat(dir_fd, name, AT_REMOVEDIR); /* if it is empty */
	return 0;
}

static int take(void *context, int dir_fd, const char *name, const char *path, bool directory)
{
	struct purge *p = context;
	bool found = false, goes = p->goes(p, path);
	if (directory)
		return take_directory(p, dir_fd, name, path);
	if (goes)
		return p->known ? erase(p, dir_fd, name, path) : 0;
	int error = p->searched ? has_words(p, dir_fd, name, &found) : 0;
	if (error)
		fprintf(stderr, "parvis purge: a file cannot be searched: %s\n", strerror(-error));
	if (found && !stays_in_event(path))
		return erase(p, dir_fd, name, path);
	if (found || error)
		note(p->left, p, path, 0);
	return 0;
}

static int sweep(struct purge *p, const char *dir, const char *where,
	bool (*goes)(struct purge *p, const char *path))
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

/* --- the receipt -------------------------------------------------------------------------------
 */

static json_t *receipt(const struct purge *p, int64_t now_ms)
{
	char at[WHEN_ISO_SIZE];
	when_iso_utc(now_ms, at);
	json_t *o = json_pack("{s:s, s:s, s:O, s:O}", "purged_at", at, "program",
		"parvis " PARVIS_VERSION, "erased", p->erased, "left", p->left);
	if (o && p->event) {
		json_object_set_new(o, "event", json_string(p->event->id));
		json_object_set_new(o, "people", json_integer((json_int_t)p->people));
		json_object_set_new(o, "hash_key",
			json_string(p->event->hash_key_given ? "in event.ini" : "derived"));
	}
	return o;
}

static int put_receipt(const struct purge *p, int64_t now_ms)
{
	return receipt_put(receipt(p, now_ms), "purge", RECEIPT_DOMAIN, p->event_dir,
		p->dry ? NULL : "purged", now_ms);
}

/* --- the order of things -----------------------------------------------------------------------
 */

static int too_early(const struct purge *p, int64_t now_ms)
{
	char until[WHEN_ISO_SIZE];
	int64_t end = p->event->closes_ms + (int64_t)p->event->names_days * DAY_MS;
	if (p->now || p->dry || now_ms >= end)
		return CLI_OK;
	when_iso(end, until);
	fprintf(stderr,
		"parvis purge: names are kept until %s ([privacy] names_days = %u); "
		"--now erases them today\n",
		until, p->event->names_days);
	return CLI_NO;
}

static int open_event(struct purge *p, int64_t now_ms)
{
	int status = folder_open(&p->event, p->event_dir);
	if (status == CLI_OK)
		status = too_early(p, now_ms);
	if (status != CLI_OK)
		return status;
	int error = purge_words_read(&p->words, p->event_dir, p->event, &p->people);
	p->unsearched = error && error != -ENOENT;
	if (error)
		fprintf(stderr,
			"parvis purge: people.db %s: other files are not searched for names\n",
			p->unsearched ? strerror(-error) : "is not there (any more)");
	return CLI_OK;
}

/* Everything goes from it but the rows, so it has to be what it is said to be. *lock: nobody opens
 * the log until it is closed. */
static int check_box(const struct purge *p, int *lock)
{
	const char *why = NULL;
	AUTO_FD dir = open(p->box_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return after_failed("purge", p->box_dir, -errno);
	if (!faccessat(dir, "event.ini", F_OK, 0))
		why = "it is an event's folder: give it as --event";
	else if (faccessat(dir, "log.db", F_OK, 0))
		why = "it is no box's data directory: there is no log.db in it";
	*lock = why ? -1 : openat(dir, "log.lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (*lock >= 0 && flock(*lock, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		why = "its program is running: stop it first";
	if (!why)
		return CLI_OK;
	fprintf(stderr, "parvis purge: --box: %s\n", why);
	return CLI_NO;
}

static int sweep_box(struct purge *p)
{
	p->known = p->in_keys = true; /* without them, what follows is worth nothing to a thief */
	int status = sweep(p, p->box_dir, "box", goes_from_box);
	p->in_keys = false;
	p->searched = true;
	return status == CLI_OK ? sweep(p, p->box_dir, "box", goes_from_box) : status;
}

/* people.db, which says who is to be looked for, goes last: whatever ends this before, the next
 * time finds the rest. */
static int sweep_event(struct purge *p)
{
	p->known = false;
	p->searched = true;
	int status = sweep(p, p->event_dir, "event", goes_from_event);
	p->known = true;
	p->searched = false;
	return status == CLI_OK ? sweep(p, p->event_dir, "event", goes_from_event) : status;
}

static int sweep_all(struct purge *p)
{
	int status = p->box_dir ? sweep_box(p) : CLI_OK;
	return status == CLI_OK && p->event_dir ? sweep_event(p) : status;
}

static int run(struct purge *p)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t now_ms = (int64_t)now.tv_sec * 1000;
	AUTO_FD lock = -1;
	int status = p->box_dir ? check_box(p, &lock) : CLI_OK;
	if (status == CLI_OK && p->event_dir)
		status = open_event(p, now_ms);
	if (status != CLI_OK)
		return status;
	p->erased = json_array();
	p->left = json_array();
	status = sweep_all(p);
	size_t left = json_array_size(p->left);
	int told = put_receipt(p, now_ms);
	if (p->event_dir && !p->dry)
		printf("%zu files erased, %zu left\n", json_array_size(p->erased), left);
	json_decref(p->erased);
	json_decref(p->left);
	if (status == CLI_OK)
		status = told;
	return status == CLI_OK && (left || p->unsearched) ? CLI_NO : status;
}

int cli_purge(int argc, char **argv)
{
	static const struct option known[] = {
		{ "event", required_argument, NULL, 'e' },
		{ "box", required_argument, NULL, 'b' },
		{ "now", no_argument, NULL, 'n' },
		{ "dry-run", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct purge p = { 0 };
	int c;
	optind = 0;
	opterr = 0; /* it would print what was typed, raw */
	while ((c = getopt_long(argc, argv, "h", known, NULL)) != -1) {
		if (c == 'e')
			p.event_dir = optarg;
		else if (c == 'b')
			p.box_dir = optarg;
		else if (c == 'n')
			p.now = true;
		else if (c == 'd')
			p.dry = true;
		else
			return fputs(usage, c == 'h' ? stdout : stderr),
			       c == 'h' ? CLI_OK : CLI_USAGE;
	}
	if ((!p.event_dir && !p.box_dir) || optind != argc) {
		fputs(usage, stderr);
		return CLI_USAGE;
	}
	int status = run(&p);
	purge_words_free(p.words);
	event_free(p.event);
	return status;
}
