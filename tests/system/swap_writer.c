/* The kiosk of the power-cut test of the swap: DIR becomes the box of one bundle after the other,
 * through app/adopt.h, and records some of an evening as each, as the kiosk would: the log is
 * opened, what is left of the box before is tidied away, guests come, and the door closes for the
 * next. Every line that it prints ends with how long the block log was by then.
 *
 *     swap_writer DIR SEED ROWS BLOCKLOG BUNDLE...
 *
 *     begin SERIAL HASH BYTES     a bundle is about to be taken: nothing of it is on the disk yet
 *     box SERIAL HASH BYTES       it has been reported as adopted
 *     row NUMBER HASH BYTES       a row is green
 *
 * Linked with --wrap=box_files_sync or --wrap=box_files_sync_dir it is a box whose swap makes its
 * files or its names last only by chance: the controls that have to be caught. The log's own syncs
 * stay what they are. */
#include "app/adopt.h"
#include "app/box_files.h"
#include "base/log.h"
#include "base/text.h"
#include "tests/fake/evening.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct kiosk {
	const char *dir, *block_log;
	bool has_box;
	struct box box;
	struct evening evening;
};

/* The names that the linker's --wrap asks for; nothing calls them without it. */
int __wrap_box_files_sync(int fd, const char *path);
int __wrap_box_files_sync_dir(const char *path);

int __wrap_box_files_sync(int fd, const char *path)
{
	(void)fd, (void)path;
	return 0;
}

int __wrap_box_files_sync_dir(const char *path)
{
	(void)path;
	return 0;
}

static bool say(const struct kiosk *k, const char *what, uint64_t number, const uint8_t hash[32])
{
	struct stat st;
	char hex[65];
	if (stat(k->block_log, &st)) {
		perror(k->block_log);
		return false;
	}
	text_hex(hex, hash, 32);
	return printf("%s %llu %s %lld\n", what, (unsigned long long)number, hex,
		       (long long)st.st_size) > 0;
}

static bool become(struct kiosk *k, const char *path)
{
	static struct adopt_offer offer;
	adopt_read(&offer, path, k->has_box ? &k->box : NULL);
	if (offer.worth != (k->has_box ? ADOPT_UPDATE : ADOPT_FIRST)) {
		fprintf(stderr, "%s: not what this box takes next\n", path);
		return false;
	}
	if (!say(k, "begin", offer.bundle.serial, offer.bundle.hash) ||
		adopt_take(&k->box, k->dir, &offer))
		return false;
	k->has_box = true;
	return say(k, "box", k->box.bundle.serial, k->box.bundle.hash);
}

static bool let_in(struct kiosk *k, size_t rows)
{
	struct log *l = NULL;
	struct log_setup setup = evening_setup(k->dir, NULL, NULL);
	int error = log_open(&l, &setup);
	if (!error)
		box_tidy(k->dir, k->box.number);
	bool said = true;
	for (size_t i = 0; !error && said && i < rows; i++) {
		error = evening_step(&k->evening, l);
		size_t n = k->evening.count;
		said = !error && say(k, "row", n, k->evening.hashes[n - 1]);
	}
	if (error)
		fprintf(stderr, "after row %zu: %s\n", k->evening.count, strerror(-error));
	log_close(l);
	return !error && said;
}

int main(int argc, char **argv)
{
	if (argc < 6) {
		fprintf(stderr, "usage: %s DIR SEED ROWS BLOCKLOG BUNDLE...\n", argv[0]);
		return 2;
	}
	static struct kiosk k;
	k.dir = argv[1];
	k.block_log = argv[4];
	log_limit(LOG_LEVEL_WARNING);
	evening_init(&k.evening, strtoull(argv[2], NULL, 10));
	size_t rows = strtoul(argv[3], NULL, 10);
	bool good = true;
	for (int i = 5; good && i < argc; i++)
		good = become(&k, argv[i]) && let_in(&k, rows);
	evening_free(&k.evening);
	return good && fflush(stdout) == 0 ? 0 : 1;
}
