#include "cli/purge_parts.h"

#include "base/flags.h"
#include "base/when.h"
#include "cli/after.h"
#include "cli/cli.h"
#include "cli/folder.h"
#include "cli/receipt.h"

#include <errno.h>
#include <fcntl.h>
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
	"usage: parvis purge --event DIR [--store WHERE] [--box DATA]... [--stick DIR]...\n"
	"                    [--now] [--dry-run]\n"
	"       parvis purge --box DATA... [--now] [--dry-run]\n"
	"\n"
	"Erases what names people. Of an event's folder: people.db, roster.db, bundles/, and every\n"
	"other file in which a registered person's code, e-mail address or full name is found, but\n"
	"for event.ini, keys/ and the store. Of a box's data directory: everything but the rows of\n"
	"the log and of its peers, keys first. Of a stick: the event's bundles, and every other file in\n"
	"which one of them is found. The store, which has rows without names, is searched. What was\n"
	"erased and searched is listed in DIR/purged-DATE.json, signed by the event's key; of boxes\n"
	"alone, on standard output.\n"
	"\n"
	"  --event DIR   the event's folder\n"
	"  --store WHERE its store, where that is not in DIR: FILE.db or postgresql://...\n"
	"  --box DATA    a box's data directory or a copy of one; its program must not be running\n"
	"  --stick DIR   a stick or a folder with sealed copies, mirrors or bundles\n"
	"  --now         before [privacy] names_days after the event have passed\n"
	"  --dry-run     say what would be erased, and erase nothing\n"
	"\n"
	"Exit status: 0 done, 1 too early, no box's data or in use, or something of it is left,\n"
	"2 wrong use, 3 failed.\n";

/* --- the receipt -------------------------------------------------------------------------------
 */

static json_t *receipt(const struct purge *p, int64_t now_ms)
{
	char at[WHEN_ISO_SIZE];
	when_iso_utc(now_ms, at);
	json_t *o = json_pack("{s:s, s:s, s:O, s:O, s:O}", "purged_at", at, "program",
		"parvis " PARVIS_VERSION, "erased", p->erased, "left", p->left, "searched",
		p->searched);
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
static int check_box(const char *path, int *lock)
{
	const char *why = NULL;
	AUTO_FD dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return after_failed("purge", path, -errno);
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

static int purge_all(struct purge *p)
{
	int status = p->event_dir ? purge_store(p) : CLI_OK;
	for (size_t i = 0; status == CLI_OK && i < p->box_count; i++)
		status = purge_box(p, p->boxes[i]);
	for (size_t i = 0; status == CLI_OK && i < p->stick_count; i++)
		status = purge_stick(p, p->sticks[i]);
	return status == CLI_OK && p->event_dir ? purge_event(p) : status;
}

static int check_boxes(struct purge *p)
{
	int status = CLI_OK;
	for (size_t i = 0; status == CLI_OK && i < p->box_count; i++)
		status = check_box(p->boxes[i], &p->locks[i]);
	return status;
}

static int run(struct purge *p)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t now_ms = (int64_t)now.tv_sec * 1000;
	int status = check_boxes(p);
	if (status == CLI_OK && p->event_dir)
		status = open_event(p, now_ms);
	if (status != CLI_OK)
		return status;
	p->erased = json_array();
	p->left = json_array();
	p->searched = json_array();
	status = purge_all(p);
	size_t left = json_array_size(p->left);
	int told = put_receipt(p, now_ms);
	if (p->event_dir && !p->dry)
		printf("%zu files erased, %zu left\n", json_array_size(p->erased), left);
	json_decref(p->erased);
	json_decref(p->left);
	json_decref(p->searched);
	if (status == CLI_OK)
		status = told;
	return status == CLI_OK && (left || p->unsearched) ? CLI_NO : status;
}

/* -1: go on; otherwise the exit status. There are places for as many as there are arguments. */
static int read_options(int argc, char **argv, struct purge *p)
{
	const struct flag flags[] = {
		{ "event", .text = &p->event_dir },
		{ "store", .text = &p->store },
		{ "box", .text = p->boxes, .count = &p->box_count, .most = (size_t)argc },
		{ "stick", .text = p->sticks, .count = &p->stick_count, .most = (size_t)argc },
		{ "now", .set = &p->now },
		{ "dry-run", .set = &p->dry },
		{ 0 },
	};
	int status = flags_read("parvis purge", flags, argc, argv, NULL);
	for (size_t i = 0; i < p->box_count; i++)
		p->locks[i] = -1;
	/* What to look for, and whose a bundle is, the event's folder says. */
	bool alone = p->box_count && !p->store && !p->stick_count;
	if (status < 0 && !p->event_dir && !alone)
		status = flags_wrong("parvis purge", "--event DIR is missing");
	return status;
}

int cli_purge(int argc, char **argv)
{
	size_t most = (size_t)argc + 1;
	struct purge p = { .boxes = calloc(most, sizeof(*p.boxes)),
		.sticks = calloc(most, sizeof(*p.sticks)),
		.locks = calloc(most, sizeof(*p.locks)) };
	bool room = p.boxes && p.sticks && p.locks;
	int status = room ? read_options(argc, argv, &p) : CLI_FAILED;
	if (status < 0)
		status = run(&p);
	else if (room)
		fputs(usage, status ? stderr : stdout);
	for (size_t i = 0; i < p.box_count; i++)
		cc_close_fd(&p.locks[i]);
	purge_words_free(p.words);
	event_free(p.event);
	free(p.boxes);
	free(p.sticks);
	free(p.locks);
	return status;
}
