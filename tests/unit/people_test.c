/* Registrations in the clear and what an import makes of them; and the sorter beneath. */
#include "store/people.h"

#include "store/roster.h"
#include "store/seal.h"
#include "store/sorter.h"
#include "tests/fake/store_bench.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
/* after setjmp.h, stdarg.h, stddef.h, which it needs */
#include <cmocka.h>

static const struct event ours = { .id = "night", .hash_key = { 1, 2, 3 } };
static const struct event theirs = { .id = "night", .hash_key = { 3, 2, 1 } };

/* --- the sorter --------------------------------------------------------------------------------
 */

static void key_of(unsigned n, uint8_t key[SORTER_KEY_SIZE])
{
	uint64_t h = (n + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);
	memset(key, 0, SORTER_KEY_SIZE);
	memcpy(key, &h, sizeof(h));
}

static void check_sorted(struct sorter *s, unsigned count)
{
	struct sorter_record r;
	uint8_t before[SORTER_KEY_SIZE] = { 0 };
	unsigned seen = 0, last = 0;
	int result;
	while ((result = sorter_next(s, &r)) > 0) {
		unsigned n;
		uint8_t key[SORTER_KEY_SIZE];
		assert_true(r.size >= sizeof(n));
		memcpy(&n, r.bytes, sizeof(n));
		key_of(n / 2, key);
		assert_memory_equal(key, r.key, sizeof(key));
		int order = memcmp(before, r.key, sizeof(before));
		assert_true(order < 0 || (order == 0 && n > last));
		assert_int_equal(r.size, sizeof(n) + n % 300);
		memcpy(before, r.key, sizeof(before));
		last = n;
		seen++;
	}
	assert_int_equal(result, 0);
	assert_int_equal(seen, count);
}

/* Every key comes twice, far apart: the order among them must last through the merge. */
static void records_come_in_order_from_memory_and_from_disk(void **state)
{
	static const unsigned counts[] = { 0, 2, 100, 20000 };
	for (size_t c = 0; c < ARRAY_LEN(counts); c++) {
		struct sorter *s = NULL;
		uint8_t bytes[4 + 300] = { 0 }, key[SORTER_KEY_SIZE];
		assert_int_equal(sorter_open(&s, *state, 4 * SORTER_RECORD_MAX), 0);
		for (unsigned half = 0; half < 2; half++)
			for (unsigned i = half; i < counts[c]; i += 2) {
				key_of(i / 2, key);
				memcpy(bytes, &i, sizeof(i));
				assert_int_equal(sorter_add(s, key, bytes, 4 + i % 300), 0);
			}
		check_sorted(s, counts[c]);
		sorter_rewind(s);
		check_sorted(s, counts[c]);
		assert_int_equal(sorter_add(s, key, bytes, 4), -EINVAL);
		sorter_close(s);
		assert_int_equal(rmdir(*state), 0); /* nothing is left there */
		assert_int_equal(mkdir(*state, 0700), 0);
	}
}

static void a_record_has_a_limit(void **state)
{
	static uint8_t bytes[SORTER_RECORD_MAX + 1];
	struct sorter *s = NULL;
	struct sorter_record r;
	assert_int_equal(sorter_open(&s, *state, 0), 0);
	assert_int_equal(sorter_add(s, bytes, bytes, sizeof(bytes)), -EMSGSIZE);
	assert_int_equal(sorter_add(s, bytes, bytes, sizeof(bytes) - 1), 0);
	assert_int_equal(sorter_next(s, &r), 1);
	assert_int_equal(r.size, SORTER_RECORD_MAX);
	sorter_close(s);
	sorter_close(NULL);
}

/* --- weak codes --------------------------------------------------------------------------------
 */

static void weak_codes_are_told_from_strong_ones(void **state)
{
	static const struct {
		const char *code;
		bool weak;
	} cases[] = {
		{ "1", true },
		{ "123456789", true },
		{ "0123456789012345678", false }, /* 19 digits: 63 bits */
		{ "012345678901234567", true },
		{ "ABCDEFGHIJKL", true },
		{ "ABCDEFGHIJKLM", false },
		{ "Ab3dEf6hIj", true },
		{ "Ab3dEf6hIj9", false },
		{ "https://lu.ma/check-in/evt-1?pk=g-2", false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(seal_is_weak(cases[i].code, strlen(cases[i].code)), cases[i].weak);
}

/* --- imports -----------------------------------------------------------------------------------
 */

static struct people_import *start(const char *dir)
{
	struct people_import *i = NULL;
	assert_int_equal(people_import_open(&i, dir, &ours, "a.csv"), 0);
	return i;
}

static void put(struct people_import *i, const char *code, const char *name, unsigned revoked)
{
	static uint64_t line;
	struct person who = { .code = code,
		.code_len = strlen(code),
		.name = name,
		.email = "x@example.org",
		.type = "visitor",
		.venue = "hall",
		.line = ++line,
		.revoked = revoked };
	assert_int_equal(people_import_put(i, &who), 0);
}

static struct people_report commit(struct people_import *i)
{
	struct people_report r = { 0 };
	assert_int_equal(people_import_commit(i, NULL, NULL, &r), 0);
	people_import_close(i);
	return r;
}

static struct ticket find(const char *dir, const char *code)
{
	struct roster *r = NULL;
	struct ticket t = { .kind = TICKET_UNKNOWN };
	assert_int_equal(roster_open(&r, dir, &ours), 0);
	assert_int_equal(roster_find(r, code, strlen(code), &t), 0);
	roster_close(r);
	return t;
}

#define STRONG "Ab3dEf6hIj9-strong-enough"

static void what_changed_is_counted_and_the_door_knows_it(void **state)
{
	struct people_import *i = start(*state);
	put(i, STRONG, "Anne", 0);
	put(i, "weak", "Bảo", 0);
	struct people_report r = commit(i);
	assert_int_equal(r.added, 2);
	assert_int_equal(r.weak, 1);
	assert_true(r.stretched);
	assert_string_equal(find(*state, STRONG).name, "Anne");
	assert_string_equal(find(*state, "weak").name, "Bảo");
	assert_string_equal(find(*state, "weak").venue, "hall");

	i = start(*state);
	put(i, STRONG, "Anne", PEOPLE_BY_SELLER);
	put(i, "weak", "Bao", 0);
	put(i, "third", "", 0);
	r = commit(i);
	assert_int_equal(r.added, 1);
	assert_int_equal(r.updated, 1);
	assert_int_equal(r.same, 0);
	assert_int_equal(r.revoked, 1);
	assert_true(find(*state, STRONG).revoked);
	assert_string_equal(find(*state, "weak").name, "Bao");

	i = start(*state);
	put(i, STRONG, "Anne", 0);
	r = commit(i);
	assert_int_equal(r.restored, 1);
	assert_false(find(*state, STRONG).revoked);
	assert_int_equal(find(*state, "third").kind, TICKET_ROSTER);
	assert_int_equal(find(*state, "fourth").kind, TICKET_UNKNOWN);
}

static void a_hand_is_stronger_than_a_file(void **state)
{
	struct people_import *i = start(*state);
	assert_int_equal(people_import_revoke(i, STRONG, strlen(STRONG), true), 0);
	assert_int_equal(commit(i).revoked, 1);
	assert_true(find(*state, STRONG).revoked);
	assert_int_equal(find(*state, STRONG).kind, TICKET_UNKNOWN);
	i = start(*state);
	put(i, STRONG, "Anne", 0);
	assert_int_equal(commit(i).added, 1);
	assert_true(find(*state, STRONG).revoked);
	i = start(*state);
	assert_int_equal(people_import_revoke(i, STRONG, strlen(STRONG), true), 0);
	assert_int_equal(people_import_revoke(i, STRONG, strlen(STRONG), false), 0);
	assert_int_equal(commit(i).restored, 1);
	assert_false(find(*state, STRONG).revoked);
	i = start(*state);
	assert_int_equal(people_import_revoke(i, "", 0, true), -EINVAL);
	assert_int_equal(people_import_revoke(i, STRONG, CODE_MAX + 1, true), -ENAMETOOLONG);
	people_import_close(i);
}

static uint64_t twice_line, twice_earlier;

static void note_twice(void *context, uint64_t line, uint64_t earlier)
{
	(void)context;
	twice_line = line;
	twice_earlier = earlier;
}

static void a_code_put_twice_is_refused(void **state)
{
	struct people_import *i = start(*state);
	struct people_report r;
	uint64_t count = 0;
	put(i, STRONG, "Anne", 0);
	put(i, "other", "Bao", 0);
	put(i, STRONG, "Anne", 0);
	assert_int_equal(people_import_commit(i, NULL, NULL, &r), -EEXIST);
	assert_int_equal(people_import_twice(i, note_twice, NULL, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(twice_line, twice_earlier + 2);
	people_import_close(i);
	struct people *p = NULL;
	assert_int_equal(people_open(&p, *state, &ours), -ENOENT);
	assert_int_equal(access(store_bench_path(*state, "roster.db"), F_OK), -1);
}

static int note_person(void *context, const struct person *who)
{
	char *all = context;
	sprintf(all + strlen(all), "%s|%s|%s|%s|%d%d\n", who->code, who->name, who->venue,
		who->source, who->known, who->revoked != 0);
	return 0;
}

static void people_are_listed_and_counted(void **state)
{
	char all[1024] = "";
	struct people_import *i = start(*state);
	put(i, "b", "Bao", PEOPLE_BY_SELLER);
	put(i, "a", "Anne", 0);
	assert_int_equal(people_import_revoke(i, "c", 1, true), 0);
	commit(i);
	struct people *p = NULL;
	assert_int_equal(people_open(&p, *state, &ours), 0);
	assert_int_equal(people_each(p, note_person, all), 0);
	assert_string_equal(all, "c||||01\na|Anne|hall|a.csv|10\nb|Bao|hall|a.csv|11\n");
	people_close(p);
	assert_int_equal(people_open(&p, *state, &theirs), -EKEYREJECTED);
	struct stat st;
	assert_int_equal(stat(store_bench_path(*state, "people.db"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void what_would_be_lost_is_not_overwritten(void **state)
{
	struct people_import *i = start(*state), *second = NULL;
	assert_int_equal(people_import_open(&second, *state, &ours, ""), -EBUSY);
	put(i, "a", "Anne", 0);
	commit(i);
	assert_int_equal(unlink(store_bench_path(*state, "people.db")), 0);
	assert_int_equal(people_import_open(&second, *state, &ours, ""), -ESTALE);
	store_bench_write(
		store_bench_path(*state, "people.db"), "no database, but long enough for it", 35);
	assert_int_equal(people_import_open(&second, *state, &ours, ""), -EBADMSG);
	assert_null(second);
}

#define IN_A_DIRECTORY(test)                                                                       \
	cmocka_unit_test_setup_teardown(test, store_bench_set_up, store_bench_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_DIRECTORY(records_come_in_order_from_memory_and_from_disk),
		IN_A_DIRECTORY(a_record_has_a_limit),
		cmocka_unit_test(weak_codes_are_told_from_strong_ones),
		IN_A_DIRECTORY(what_changed_is_counted_and_the_door_knows_it),
		IN_A_DIRECTORY(a_hand_is_stronger_than_a_file),
		IN_A_DIRECTORY(a_code_put_twice_is_refused),
		IN_A_DIRECTORY(people_are_listed_and_counted),
		IN_A_DIRECTORY(what_would_be_lost_is_not_overwritten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
