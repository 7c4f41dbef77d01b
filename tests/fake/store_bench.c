#include "tests/fake/store_bench.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *store_bench_dir(void)
{
	const char *tmp = getenv("TMPDIR");
	char *dir;
	if (asprintf(&dir, "%s/parvis-store-XXXXXX", tmp ? tmp : "/tmp") < 0)
		abort();
	CHECK(mkdtemp(dir) == dir);
	return dir;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void store_bench_remove(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

int store_bench_set_up(void **state)
{
	*state = store_bench_dir();
	return 0;
}

int store_bench_tear_down(void **state)
{
	store_bench_remove(*state);
	free(*state);
	return 0;
}

const char *store_bench_path(const char *dir, const char *name)
{
	static char paths[8][PATH_MAX];
	static unsigned next;
	char *path = paths[next++ % 8];
	snprintf(path, PATH_MAX, "%s/%s", dir, name);
	return path;
}

char *store_bench_read(const char *path, size_t *len)
{
	AUTO_FILE in = fopen(path, "re");
	if (!in)
		return NULL;
	fseek(in, 0, SEEK_END);
	*len = (size_t)ftell(in);
	rewind(in);
	char *bytes = malloc(*len + 1);
	CHECK(bytes);
	size_t got = fread(bytes, 1, *len, in);
	CHECK(got == *len);
	return bytes;
}

void store_bench_write(const char *path, const void *bytes, size_t len)
{
	AUTO_FILE out = fopen(path, "we");
	CHECK(out);
	size_t put = fwrite(bytes, 1, len, out);
	CHECK(put == len);
}

void store_bench_copy(const char *from, const char *to)
{
	size_t len;
	AUTO_FREE char *bytes = store_bench_read(from, &len);
	CHECK(bytes);
	store_bench_write(to, bytes, len);
}

int store_bench_open(struct log **out, const char *dir, const char *vfs)
{
	return log_open(out, &(struct log_setup){ .dir = dir,
				     .venue = BENCH_VENUE,
				     .start_ms = BENCH_START_MS,
				     .boot = "boot-boot-boot-",
				     .vfs = vfs });
}

struct ticket store_bench_ticket(unsigned n)
{
	struct ticket t = { .kind = TICKET_ROSTER, .registered = true };
	t.hash[0] = 1;
	memcpy(t.hash + 1, &n, sizeof(n));
	return t;
}

struct log_request store_bench_scan(
	const struct admission_rules *rules, const struct ticket *ticket, int64_t second)
{
	struct log_request r = store_bench_hand(rules, ROW_SCAN, second);
	r.source = SOURCE_CAMERA;
	r.ticket = ticket;
	return r;
}

struct log_request store_bench_hand(
	const struct admission_rules *rules, enum row_kind kind, int64_t second)
{
	return (struct log_request){ .kind = kind,
		.source = SOURCE_TOUCH,
		.now = { BENCH_START_MS + second * 1000, second * 1000, TRUST_SYNCED },
		.rules = rules,
		.amount = kind == ROW_ADJUST ? 1 : 0 };
}
