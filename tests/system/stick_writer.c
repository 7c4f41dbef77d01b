/* The kiosk of the power-cut test of a stick: fills a log, copies it to DIR, which is a file system
 * of its own, and adds to the copy what comes later; again and again, as in one session after the
 * other. Every line that it prints ends with how long the block log was by then.
 *
 *     stick_writer DIR DATA BLOCKLOG SESSIONS
 *
 *     rows NUMBER BYTES    so many rows are in the log: no copy can have more
 *     told NUMBER BYTES    so many are on the stick, durably
 *
 * Linked with --wrap=stick_files_sync, or with --wrap=stick_files_rename and stick_files_sync_dir,
 * the copy makes its bytes or its name last only by chance: the controls that have to be caught. */
#include "app/stick_copy.h"
#include "app/stick_files.h"
#include "base/log.h"
#include "tests/fake/store_bench.h"
#include "tests/system/stick_keys.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ROWS_FIRST 700 /* several parts */
#define ROWS_LATER 60
#define ADDITIONS  3

/* The names that the linker's --wrap asks for; nothing calls them without it. */
int __wrap_stick_files_sync(int fd);
int __wrap_stick_files_rename(const char *from, const char *to);
int __wrap_stick_files_sync_dir(const char *path);

int __wrap_stick_files_sync(int fd)
{
	(void)fd;
	return 0;
}

/* To be renamed when nothing syncs it any more: ext4 writes a file's new name when the file is
 * synced. */
static char late_from[PATH_MAX], late_to[PATH_MAX];

int __wrap_stick_files_rename(const char *from, const char *to)
{
	snprintf(late_from, sizeof(late_from), "%s", from);
	snprintf(late_to, sizeof(late_to), "%s", to);
	return 0;
}

int __wrap_stick_files_sync_dir(const char *path)
{
	(void)path;
	int status = *late_to ? rename(late_from, late_to) : 0;
	*late_to = '\0';
	return status;
}

static const char *block_log;
static uint64_t written;

static bool say(const char *what, uint64_t number)
{
	struct stat st;
	if (stat(block_log, &st))
		return false;
	return printf("%s %llu %lld\n", what, (unsigned long long)number, (long long)st.st_size) >
	       0;
}

static bool write_rows(const struct device_key *key, const char *data, int count)
{
	struct admission_rules rules = { .reentry = true, .venue = BENCH_VENUE, .door = "north" };
	struct log_setup setup = {
		.dir = data, .venue = BENCH_VENUE, .start_ms = BENCH_START_MS, .synchronous = "OFF"
	};
	struct log *log;
	struct log_result result;
	device_key_id(key, setup.device);
	int error = log_open(&log, &setup);
	if (error)
		return false;
	for (int i = 0; !error && i < count; i++) {
		struct log_request r = store_bench_hand(&rules, ROW_WALK_IN, i);
		error = log_record(log, &r, &result);
		written += !error;
	}
	log_close(log);
	return !error && say("rows", written);
}

static bool finish(struct stick_copy *c, bool more)
{
	struct stick_copy_progress p;
	bool at_stick;
	while (more)
		if (stick_copy_step(c, &more, &at_stick))
			return false;
	stick_copy_progress(c, &p);
	return say("told", p.rows);
}

static bool session(const struct stick_copy_setup *setup)
{
	struct stick_copy *c;
	bool more, at_stick;
	if (!write_rows(setup->key, setup->data_dir, ROWS_FIRST) ||
		stick_copy_open(&c, setup, &at_stick))
		return false;
	bool good = finish(c, true);
	for (int i = 0; good && i < ADDITIONS; i++)
		good = write_rows(setup->key, setup->data_dir, ROWS_LATER) &&
		       !stick_copy_renew(c, &more, &at_stick) && finish(c, more);
	stick_copy_close(c);
	return good;
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: %s DIR DATA BLOCKLOG SESSIONS\n", argv[0]);
		return 2;
	}
	struct device_key *key;
	struct stick_copy_setup setup = {
		.dir = argv[1], .data_dir = argv[2], .event_id = STICK_EVENT, .now_ms = 1
	};
	block_log = argv[3];
	log_limit(LOG_LEVEL_WARNING);
	stick_organiser(setup.organiser);
	if (device_key_from_seed(&key, stick_device_seed))
		return 2;
	setup.key = key;
	bool good = true;
	for (int i = 0; good && i < atoi(argv[4]); i++)
		good = session(&setup);
	device_key_close(key);
	return good && fflush(stdout) == 0 ? 0 : 1;
}
