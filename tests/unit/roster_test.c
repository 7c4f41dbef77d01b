/* The roster: what it finds, what it hides, and that an import is all or nothing. */
#include "store/roster.h"

#include "event/code.h"
#include "store/seal.h"
#include "tests/fake/store_bench.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
/* after setjmp.h, stdarg.h, stddef.h, which it needs */
#include <cmocka.h>

static const struct event ours = { .id = "night", .hash_key = { 1, 2, 3 } };
static const struct event theirs = { .id = "night", .hash_key = { 3, 2, 1 } };

static enum roster_change put(
	struct roster *r, const char *code, const char *name, const char *type, const char *venue)
{
	enum roster_change change;
	assert_int_equal(roster_put(r, code, strlen(code), name, type, venue, &change), 0);
	return change;
}

static struct roster *start(const char *dir)
{
	struct roster *r = NULL;
	assert_int_equal(roster_open_import(&r, dir, &ours), 0);
	return r;
}

static void finish(struct roster *r)
{
	assert_int_equal(roster_commit(r), 0);
	roster_close(r);
}

static struct roster *reader(const char *dir)
{
	struct roster *r = NULL;
	assert_int_equal(roster_open(&r, dir, &ours), 0);
	return r;
}

static struct ticket find_as(struct roster *r, const char *code, enum ticket_kind kind)
{
	struct ticket t = { .kind = kind };
	assert_int_equal(roster_find(r, code, strlen(code), &t), 0);
	return t;
}

static struct ticket find(struct roster *r, const char *code)
{
	return find_as(r, code, TICKET_UNKNOWN);
}

static void import_two(const char *dir)
{
	struct roster *r = start(dir);
	assert_int_equal(put(r, "CODE-ANNE", "Anne Martin", "visitor", "hall"), ROSTER_NEW);
	assert_int_equal(put(r, "CODE-BAO", "Bảo", "", ""), ROSTER_NEW);
	finish(r);
}

static void no_roster_is_told(void **state)
{
	struct roster *r = NULL;
	assert_int_equal(roster_open(&r, *state, &ours), -ENOENT);
	assert_null(r);
	roster_close(NULL);
	assert_int_equal(
		roster_open_import(&r, store_bench_path(*state, "absent"), &ours), -ENOENT);
	store_bench_write(store_bench_path(*state, "roster.db"),
		"no database, but long enough to be one", 38);
	assert_int_equal(roster_open(&r, *state, &ours), -EBADMSG);
	assert_int_equal(roster_open_import(&r, *state, &ours), -EBADMSG);
	store_bench_write(store_bench_path(*state, "roster.db"), "", 0);
	assert_int_equal(roster_open(&r, *state, &ours), -EBADMSG);
	assert_null(r);
}

static void a_code_is_found_with_name_and_venue(void **state)
{
	import_two(*state);
	struct roster *r = reader(*state);
	struct ticket t = find(r, "CODE-ANNE");
	assert_int_equal(t.kind, TICKET_ROSTER);
	assert_true(t.registered);
	assert_string_equal(t.name, "Anne Martin");
	assert_string_equal(t.venue, "hall");
	assert_false(t.revoked);
	t = find(r, "CODE-BAO");
	assert_string_equal(t.name, "Bảo");
	assert_string_equal(t.venue, "");
	/* What looks like an address may be some seller's code. */
	assert_int_equal(find_as(r, "CODE-BAO", TICKET_NOT_ONE).kind, TICKET_ROSTER);
	roster_close(r);
}

static void only_the_exact_code_is_found(void **state)
{
	static const char *const others[] = { "CODE-ANN", "CODE-ANNE ", "code-anne", "" };
	import_two(*state);
	struct roster *r = reader(*state);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct ticket t = find(r, others[i]);
		assert_int_equal(t.kind, TICKET_UNKNOWN);
		assert_string_equal(t.name, "");
	}
	struct ticket t = { .kind = TICKET_UNKNOWN };
	assert_int_equal(roster_find(r, "CODE-ANNE\0x", 11, &t), 0);
	assert_int_equal(t.kind, TICKET_UNKNOWN);
	roster_close(r);
}

static void a_signature_stands_above_the_roster(void **state)
{
	import_two(*state);
	struct roster *r = reader(*state);
	struct ticket t = { .kind = TICKET_SIGNED, .venue = "attic", .valid_until_s = 9 };
	assert_int_equal(roster_find(r, "CODE-ANNE", 9, &t), 0);
	assert_int_equal(t.kind, TICKET_SIGNED);
	assert_true(t.registered);
	assert_string_equal(t.venue, "attic");
	assert_string_equal(t.name, "Anne Martin");
	assert_int_equal(t.valid_until_s, 9);
	assert_int_equal(find_as(r, "CODE-ANNE", TICKET_TEST).kind, TICKET_TEST);
	assert_int_equal(find_as(r, "CODE-ANNE", TICKET_STAFF).kind, TICKET_STAFF);
	roster_close(r);
}

static void revocations(void **state)
{
	import_two(*state);
	struct roster *r = start(*state);
	assert_int_equal(roster_revoke(r, "CODE-ANNE", 9, true), 0);
	assert_int_equal(roster_revoke(r, "SIGNED", 6, true), 0);
	finish(r);
	r = reader(*state);
	struct ticket t = find(r, "CODE-ANNE");
	assert_true(t.revoked);
	assert_int_equal(t.kind, TICKET_ROSTER);
	t = find_as(r, "SIGNED", TICKET_SIGNED);
	assert_true(t.revoked);
	assert_int_equal(t.kind, TICKET_SIGNED);
	assert_int_equal(find(r, "SIGNED").kind, TICKET_UNKNOWN);
	assert_false(find(r, "CODE-BAO").revoked);
	uint64_t count;
	assert_int_equal(roster_count(r, "hall", &count), 0);
	assert_int_equal(count, 1);
	roster_close(r);
	/* Coming again in a list does not make a revoked code good; taking it back does. */
	r = start(*state);
	assert_int_equal(put(r, "CODE-ANNE", "Anne Martin", "visitor", "hall"), ROSTER_SAME);
	assert_int_equal(put(r, "SIGNED", "Sina", "", ""), ROSTER_NEW);
	assert_int_equal(put(r, "CODE-ANNE", "Anne M.", "visitor", "hall"), ROSTER_UPDATED);
	finish(r);
	r = reader(*state);
	assert_true(find(r, "CODE-ANNE").revoked);
	assert_true(find(r, "SIGNED").revoked);
	roster_close(r);
	r = start(*state);
	assert_int_equal(roster_revoke(r, "CODE-ANNE", 9, false), 0);
	finish(r);
	r = reader(*state);
	assert_false(find(r, "CODE-ANNE").revoked);
	roster_close(r);
}

static void changes_are_told(void **state)
{
	import_two(*state);
	struct roster *r = start(*state);
	assert_int_equal(put(r, "CODE-ANNE", "Anne Martin", "visitor", "hall"), ROSTER_SAME);
	assert_int_equal(put(r, "CODE-ANNE", "Anne Martin", "visitor", ""), ROSTER_UPDATED);
	assert_int_equal(put(r, "CODE-ANNE", "Anne Martin", "speaker", ""), ROSTER_UPDATED);
	assert_int_equal(put(r, "CODE-ANNE", "", "speaker", ""), ROSTER_UPDATED);
	assert_int_equal(put(r, "CODE-ANNE", "", "speaker", ""), ROSTER_SAME);
	finish(r);
	r = reader(*state);
	assert_string_equal(find(r, "CODE-ANNE").name, "");
	assert_string_equal(find(r, "CODE-BAO").name, "Bảo");
	roster_close(r);
}

static void limits(void **state)
{
	char code[CODE_MAX + 1];
	enum roster_change change;
	memset(code, 'x', sizeof(code));
	struct roster *r = start(*state);
	assert_int_equal(roster_put(r, code, CODE_MAX, "n", "", "", &change), 0);
	assert_int_equal(roster_put(r, code, CODE_MAX + 1, "n", "", "", &change), -ENAMETOOLONG);
	assert_int_equal(roster_put(r, code, 0, "n", "", "", &change), -EINVAL);
	assert_int_equal(roster_revoke(r, code, CODE_MAX + 1, true), -ENAMETOOLONG);
	/* 40 characters of two bytes: the 32nd does not fit with the terminator. */
	char name[81] = "";
	for (int i = 0; i < 40; i++)
		strcat(name, "é");
	assert_int_equal(put(r, "LONG", name, "", ""), ROSTER_NEW);
	assert_int_equal(put(r, "LONG", name, "", ""), ROSTER_SAME);
	finish(r);
	r = reader(*state);
	assert_int_equal(strlen(find(r, "LONG").name), 62);
	assert_int_equal(roster_put(r, "A", 1, "n", "", "", &change), -EROFS);
	assert_int_equal(roster_revoke(r, "A", 1, true), -EROFS);
	assert_int_equal(roster_commit(r), -EROFS);
	roster_close(r);
}

static void counting(void **state)
{
	struct roster *r = start(*state);
	for (int i = 0; i < 1000; i++) {
		char code[16];
		snprintf(code, sizeof(code), "C%d", i);
		put(r, code, "Guest", "", i % 4 == 0 ? "hall" : i % 4 == 1 ? "attic" : "");
	}
	uint64_t count;
	assert_int_equal(roster_count(r, "hall", &count), 0);
	assert_int_equal(count, 750);
	finish(r);
	r = reader(*state);
	assert_int_equal(roster_count(r, "attic", &count), 0);
	assert_int_equal(count, 750);
	assert_int_equal(roster_count(r, "cellar", &count), 0);
	assert_int_equal(count, 500);
	roster_close(r);
}

static void nothing_is_kept_without_a_commit(void **state)
{
	import_two(*state);
	struct roster *r = start(*state);
	put(r, "CODE-NEW", "New", "", "");
	assert_int_equal(roster_revoke(r, "CODE-ANNE", 9, true), 0);
	roster_close(r);
	r = reader(*state);
	assert_int_equal(find(r, "CODE-NEW").kind, TICKET_UNKNOWN);
	assert_false(find(r, "CODE-ANNE").revoked);
	roster_close(r);
	assert_int_not_equal(access(store_bench_path(*state, "roster.db.import"), F_OK), 0);
}

static void a_killed_import_leaves_the_old_roster(void **state)
{
	import_two(*state);
	pid_t child = fork();
	if (child == 0) {
		struct roster *r = NULL;
		enum roster_change change;
		if (roster_open_import(&r, *state, &ours))
			_exit(1);
		for (int i = 0; i < 5000; i++)
			if (roster_put(r, (char *)&i, sizeof(i), "n", "", "", &change))
				_exit(2);
		_exit(0); /* neither committed nor closed */
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	struct roster *r = reader(*state);
	assert_int_equal(find(r, "CODE-ANNE").kind, TICKET_ROSTER);
	uint64_t count;
	assert_int_equal(roster_count(r, "hall", &count), 0);
	assert_int_equal(count, 2);
	roster_close(r);
	/* And what it left behind is no obstacle. */
	r = start(*state);
	assert_int_equal(put(r, "CODE-NEW", "New", "", ""), ROSTER_NEW);
	finish(r);
}

static void a_second_import_is_refused(void **state)
{
	struct roster *r = start(*state), *second = NULL;
	assert_int_equal(roster_open_import(&second, *state, &ours), -EBUSY);
	assert_null(second);
	put(r, "CODE", "n", "", "");
	finish(r);
	r = reader(*state);
	assert_int_equal(find(r, "CODE").kind, TICKET_ROSTER);
	roster_close(r);
}

static void another_key_is_told(void **state)
{
	import_two(*state);
	struct roster *r = NULL;
	assert_int_equal(roster_open(&r, *state, &theirs), -EKEYREJECTED);
	assert_int_equal(roster_open_import(&r, *state, &theirs), -EKEYREJECTED);
	assert_null(r);
}

static void a_running_door_follows_an_import(void **state)
{
	import_two(*state);
	struct roster *door = reader(*state);
	assert_false(find(door, "CODE-ANNE").revoked);
	struct roster *r = start(*state);
	assert_int_equal(roster_revoke(r, "CODE-ANNE", 9, true), 0);
	put(r, "CODE-LATE", "Late", "", "");
	assert_false(find(door, "CODE-ANNE").revoked);
	finish(r);
	assert_true(find(door, "CODE-ANNE").revoked);
	assert_string_equal(find(door, "CODE-LATE").name, "Late");
	/* A file that cannot be read, or none, leaves the door with what it has. */
	store_bench_write(
		store_bench_path(*state, "aside"), "broken, and long enough for a header", 36);
	assert_int_equal(
		rename(store_bench_path(*state, "aside"), store_bench_path(*state, "roster.db")),
		0);
	assert_string_equal(find(door, "CODE-LATE").name, "Late");
	assert_int_equal(unlink(store_bench_path(*state, "roster.db")), 0);
	assert_string_equal(find(door, "CODE-LATE").name, "Late");
	roster_close(door);
}

static bool holds(const char *bytes, size_t len, const char *text)
{
	return memmem(bytes, len, text, strlen(text)) != NULL;
}

static void the_files_hold_no_code_and_no_name(void **state)
{
	static const char *const secrets[] = { "CODE-ANNE", "CODE-BAO", "Anne", "Martin", "Bảo",
		"ENNA-EDOC" };
	static const char *const files[] = { "roster.db", "roster.db.import", "roster.db-wal",
		"roster.db-journal", "roster.db.import-journal", "roster.lock" };
	import_two(*state);
	struct roster *r = start(*state);
	put(r, "CODE-ANNE", "Anne Martin-Bảo", "", "");
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < ARRAY_LEN(files); i++) {
			size_t len;
			AUTO_FREE char *bytes =
				store_bench_read(store_bench_path(*state, files[i]), &len);
			for (size_t k = 0; bytes && k < ARRAY_LEN(secrets); k++)
				assert_false(holds(bytes, len, secrets[k]));
			for (size_t k = 0; bytes && i == 0 && k < 2; k++)
				assert_false(holds(bytes, len, (const char *)ours.hash_key));
		}
		if (pass == 0)
			finish(r);
	}
	/* The test would see them: the venue is not a secret. */
	size_t len;
	r = start(*state);
	put(r, "CODE-ANNE", "Anne", "", "hall");
	finish(r);
	AUTO_FREE char *bytes = store_bench_read(store_bench_path(*state, "roster.db"), &len);
	assert_true(holds(bytes, len, "hall"));
}

static void a_tampered_name_is_left_empty(void **state)
{
	import_two(*state);
	uint8_t hash[TICKET_HASH_SIZE];
	size_t len;
	const char *path = store_bench_path(*state, "roster.db");
	char *bytes = store_bench_read(path, &len);
	uint8_t secret[SEAL_SECRET_SIZE];
	code_hash(&ours, "CODE-ANNE", 9, hash);
	assert_null(memmem(bytes, len, hash, sizeof(hash))); /* a weak code: no fast hash of it */
	assert_int_equal(seal_stretch(&ours, "CODE-ANNE", 9, secret), 0);
	seal_row(&ours, "CODE-ANNE", 9, secret, hash);
	char *at = memmem(bytes, len, hash, sizeof(hash));
	assert_non_null(at);
	at[sizeof(hash) + 60] ^= 1; /* in the sealed name, which follows venue and type */
	store_bench_write(path, bytes, len);
	free(bytes);
	struct roster *r = reader(*state);
	struct ticket t = find(r, "CODE-ANNE");
	assert_int_equal(t.kind, TICKET_ROSTER);
	assert_string_equal(t.name, "");
	roster_close(r);
}

#define IN_A_DIRECTORY(test)                                                                       \
	cmocka_unit_test_setup_teardown(test, store_bench_set_up, store_bench_tear_down)

/* --- many rows at once ------------------------------------------------------------------------ */

#define MANY 50

struct many {
	char codes[MANY][32], names[MANY][32];
	uint8_t hashes[MANY][TICKET_HASH_SIZE];
	struct roster_person rows[MANY];
};

static int compare_rows(const void *a, const void *b)
{
	const struct roster_person *x = a, *y = b;
	return memcmp(x->hash, y->hash, TICKET_HASH_SIZE);
}

/* Strong codes in the order of their hashes. One of them, not a code's, has all but the end of
 * another's hash, so that both belong in one place. */
static void make_many(struct many *m)
{
	for (int i = 0; i < MANY; i++) {
		snprintf(m->codes[i], sizeof(m->codes[i]), "strong-Code-%d-abcdefgh", i);
		if (i % 7)
			snprintf(m->names[i], sizeof(m->names[i]), "Guest %d", i);
		else
			m->names[i][0] = 0;
		code_hash(&ours, m->codes[i], strlen(m->codes[i]), m->hashes[i]);
		m->rows[i] = (struct roster_person){ .code = m->codes[i],
			.code_len = strlen(m->codes[i]),
			.name = m->names[i],
			.type = "",
			.venue = "here",
			.known = true,
			.hash = m->hashes[i] };
	}
	memcpy(m->hashes[MANY - 1], m->hashes[3], TICKET_HASH_SIZE);
	m->hashes[MANY - 1][TICKET_HASH_SIZE - 1] ^= 1;
	qsort(m->rows, MANY, sizeof(*m->rows), compare_rows);
}

static void assert_many(const char *dir, const struct many *m)
{
	uint64_t count = 0;
	struct roster *r = reader(dir);
	for (int i = 0; i < MANY - 1; i++) {
		struct ticket t = find(r, m->codes[i]);
		assert_int_equal(t.kind, TICKET_ROSTER);
		assert_string_equal(t.name, m->names[i]);
	}
	assert_int_equal(roster_count(r, "here", &count), 0);
	assert_int_equal(count, MANY);
	roster_close(r);
}

static void many_rows_are_added_in_any_order(void **state)
{
	static struct many m;
	make_many(&m);
	struct roster *r = start(*state);
	assert_int_equal(roster_add_many(r, m.rows, MANY), 0);
	finish(r);
	assert_many(*state, &m);
	for (int i = 0; i < MANY / 2; i++) {
		struct roster_person row = m.rows[i];
		m.rows[i] = m.rows[MANY - 1 - i];
		m.rows[MANY - 1 - i] = row;
	}
	assert_int_equal(roster_lock(&r, *state, &ours), 0);
	assert_int_equal(roster_begin_new(r, true), 0);
	assert_int_equal(roster_add_many(r, m.rows, MANY), 0);
	finish(r);
	assert_many(*state, &m);
}

static void a_row_among_many_is_not_added_twice(void **state)
{
	static struct many m;
	struct roster *r = start(*state);
	make_many(&m);
	assert_int_equal(roster_add_many(r, m.rows, 20), 0);
	assert_int_equal(roster_add_many(r, m.rows + 4, 30), -EEXIST);
	roster_close(r);
	make_many(&m);
	m.rows[9] = m.rows[8];
	r = start(*state);
	assert_int_equal(roster_add_many(r, m.rows, MANY), -EEXIST);
	roster_close(r);
	m.rows[9].code_len = CODE_MAX + 1;
	r = start(*state);
	assert_int_equal(roster_add_many(r, m.rows, MANY), -ENAMETOOLONG);
	assert_int_equal(roster_add_many(r, m.rows, 0), 0);
	roster_close(r);
	assert_int_equal(roster_open(&r, *state, &ours), -ENOENT);
}

/* An old roster that is imported into may have any row already. */
static void many_rows_are_added_to_what_is_there(void **state)
{
	static struct many m;
	make_many(&m);
	struct roster *r = start(*state);
	assert_int_equal(roster_add_many(r, m.rows, MANY / 2), 0);
	finish(r);
	r = start(*state);
	assert_int_equal(roster_add_many(r, m.rows + MANY / 2, MANY - MANY / 2), 0);
	finish(r);
	assert_many(*state, &m);
	r = start(*state);
	assert_int_equal(roster_add_many(r, m.rows + 1, 20), -EEXIST);
	roster_close(r);
	assert_many(*state, &m);
}

static void nothing_is_put_once_it_was_flushed(void **state)
{
	static struct many m;
	enum roster_change change;
	make_many(&m);
	struct roster *r = start(*state);
	assert_int_equal(roster_add_many(r, m.rows, MANY), 0);
	assert_int_equal(roster_flush(r), 0);
	assert_int_equal(roster_flush(r), -EROFS);
	assert_int_equal(roster_add(r, m.rows), -EROFS);
	assert_int_equal(roster_put(r, "x", 1, "", "", "", &change), -EROFS);
	assert_int_equal(roster_revoke(r, "x", 1, true), -EROFS);
	struct roster *none = NULL;
	assert_int_equal(roster_open(&none, *state, &ours), -ENOENT);
	finish(r);
	assert_many(*state, &m);
	r = start(*state);
	assert_int_equal(roster_flush(r), 0);
	roster_close(r);
	assert_many(*state, &m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A_DIRECTORY(no_roster_is_told),
		IN_A_DIRECTORY(a_code_is_found_with_name_and_venue),
		IN_A_DIRECTORY(only_the_exact_code_is_found),
		IN_A_DIRECTORY(a_signature_stands_above_the_roster),
		IN_A_DIRECTORY(revocations),
		IN_A_DIRECTORY(changes_are_told),
		IN_A_DIRECTORY(limits),
		IN_A_DIRECTORY(counting),
		IN_A_DIRECTORY(nothing_is_kept_without_a_commit),
		IN_A_DIRECTORY(a_killed_import_leaves_the_old_roster),
		IN_A_DIRECTORY(a_second_import_is_refused),
		IN_A_DIRECTORY(another_key_is_told),
		IN_A_DIRECTORY(a_running_door_follows_an_import),
		IN_A_DIRECTORY(the_files_hold_no_code_and_no_name),
		IN_A_DIRECTORY(a_tampered_name_is_left_empty),
		IN_A_DIRECTORY(many_rows_are_added_in_any_order),
		IN_A_DIRECTORY(a_row_among_many_is_not_added_twice),
		IN_A_DIRECTORY(many_rows_are_added_to_what_is_there),
		IN_A_DIRECTORY(nothing_is_put_once_it_was_flushed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
