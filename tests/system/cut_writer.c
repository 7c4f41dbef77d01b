/* The kiosk of the power-cut test below the file system: records a scripted evening in DIR and,
 * the moment that a row is green, says which it is and how long the block log was by then. What the
 * block log holds up to there has happened before the light; what follows may not have.
 *
 *     cut_writer DIR SEED ROWS FULL|NORMAL|OFF BLOCKLOG      prints lines: HASH BYTES */
#include "base/text.h"
#include "tests/fake/evening.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool say_green(const struct evening *e, const char *block_log)
{
	struct stat st;
	char hex[2 * ROW_HASH_SIZE + 1];
	if (stat(block_log, &st)) {
		perror(block_log);
		return false;
	}
	text_hex(hex, e->hashes[e->count - 1], ROW_HASH_SIZE);
	return printf("%s %lld\n", hex, (long long)st.st_size) > 0;
}

static bool write_rows(struct log *l, uint64_t seed, size_t rows, const char *block_log)
{
	struct evening e;
	bool said = true;
	evening_init(&e, seed);
	while (said && e.count < rows) {
		int error = evening_step(&e, l);
		if (error)
			fprintf(stderr, "row %zu: %s\n", e.count + 1, strerror(-error));
		said = !error && say_green(&e, block_log);
	}
	evening_free(&e);
	return said;
}

int main(int argc, char **argv)
{
	if (argc != 6) {
		fprintf(stderr, "usage: %s DIR SEED ROWS SYNCHRONOUS BLOCKLOG\n", argv[0]);
		return 2;
	}
	struct log *l = NULL;
	struct log_setup setup = evening_setup(argv[1], NULL, argv[4]);
	int error = log_open(&l, &setup);
	if (error) {
		fprintf(stderr, "%s: %s\n", argv[1], strerror(-error));
		return 1;
	}
	uint64_t seed = strtoull(argv[2], NULL, 10);
	bool done = write_rows(l, seed, strtoul(argv[3], NULL, 10), argv[5]);
	log_close(l);
	return done && fflush(stdout) == 0 ? 0 : 1;
}
