/* What the tests of the store share: a directory of their own, and requests to a log. */
#ifndef PARVIS_TESTS_STORE_BENCH_H
#define PARVIS_TESTS_STORE_BENCH_H

#include "store/log.h"

#define BENCH_START_MS INT64_C(1481220000000) /* 2016-12-08T18:00:00Z */
#define BENCH_VENUE    "hall"

/* A new directory under $TMPDIR or /tmp; free() it. store_bench_remove() takes it away with all in
 * it. */
char *store_bench_dir(void);
void store_bench_remove(const char *dir);

/* The same before and after a cmocka test, whose state it is. */
int store_bench_set_up(void **state);
int store_bench_tear_down(void **state);

/* DIR/NAME in a buffer of its own, overwritten by the eighth call after. */
const char *store_bench_path(const char *dir, const char *name);

/* The whole file; NULL where there is none. free() it. */
char *store_bench_read(const char *path, size_t *len);
void store_bench_write(const char *path, const void *bytes, size_t len);
void store_bench_copy(const char *from, const char *to);

/* log_open() for BENCH_VENUE. */
NODISCARD int store_bench_open(struct log **out, const char *dir, const char *vfs);

struct ticket store_bench_ticket(unsigned n);

/* Requests, at BENCH_START_MS + second. The rules are those given. */
struct log_request store_bench_scan(
	const struct admission_rules *rules, const struct ticket *ticket, int64_t second);
struct log_request store_bench_hand(
	const struct admission_rules *rules, enum row_kind kind, int64_t second);

#endif
