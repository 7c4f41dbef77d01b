/* The slots' state: what its bytes are, what is decided from it, and that no cut of a write leaves
 * a disk without one. The disk is memory here: pread(), pwrite() and fsync() of this program are
 * its own, so that a write can end after any byte. */
#include "box/slots_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* --- a disk of two sectors whose power can go ----------------------------------------------------
 */

static uint8_t copies[SLOTS_COPIES][SLOTS_BYTES];
static int bytes_to_cut = -1; /* so many bytes are still written; -1: the power stays */
static bool from_the_end;     /* a torn sector has its last bytes new, not its first */
static int unreadable = -1;   /* this copy cannot be read */
static int unsynced = -1;     /* written, not yet synced */
static bool synced_in_turn;
static bool dead; /* the power is gone: nothing is written any more */

static int copy_at(off_t at)
{
	for (int i = 0; i < SLOTS_COPIES; i++) {
		if (at >= slots_disk_at[i] && at < slots_disk_at[i] + SLOTS_BYTES)
			return i;
	}
	fail_msg("not a copy: %lld", (long long)at);
	return 0;
}

ssize_t pread(int fd, void *out, size_t n, off_t at)
{
	(void)fd;
	int i = copy_at(at);
	if (i == unreadable) {
		errno = EIO;
		return -1;
	}
	/* In two pieces: a short read is not an error. */
	size_t from = (size_t)(at - slots_disk_at[i]);
	size_t part = from < 100 && n > 100 - from ? 100 - from : n;
	memcpy(out, copies[i] + from, part);
	return (ssize_t)part;
}

ssize_t pwrite(int fd, const void *in, size_t n, off_t at)
{
	(void)fd;
	int i = copy_at(at);
	assert_true(at == slots_disk_at[i] && n == SLOTS_BYTES);
	if (dead)
		fail_msg("written on after an error");
	if (unsynced != -1)
		synced_in_turn = false;
	size_t part = n;
	if (bytes_to_cut >= 0 && (size_t)bytes_to_cut < n)
		part = (size_t)bytes_to_cut;
	size_t from = from_the_end ? n - part : 0;
	memcpy(copies[i] + from, (const uint8_t *)in + from, part);
	if (part < n) {
		dead = true;
		errno = EIO;
		return -1;
	}
	if (bytes_to_cut >= 0)
		bytes_to_cut -= (int)n;
	unsynced = i;
	return (ssize_t)n;
}

int fsync(int fd)
{
	(void)fd;
	unsynced = -1;
	return 0;
}

static bool same(const struct slots *a, const struct slots *b)
{
	return a->first == b->first && a->left[SLOT_A] == b->left[SLOT_A] &&
	       a->left[SLOT_B] == b->left[SLOT_B];
}

/* Calls visit with every state there is. */
static int every_state(void (*visit)(const struct slots *))
{
	int count = 0;
	for (enum slot first = SLOT_A; first < SLOT_COUNT; first++) {
		for (int a = SLOTS_BARRED; a <= SLOTS_TRIES_PROVEN; a++) {
			for (int b = SLOTS_BARRED; b <= SLOTS_TRIES_PROVEN; b++) {
				struct slots s = { first, { a, b } };
				if (!slots_valid(&s))
					continue;
				visit(&s);
				count++;
			}
		}
	}
	return count;
}

/* Of the states, those that what takes long is done with: a third, in the short form a tenth, in
 * the long one all. */
static bool is_sampled(const struct slots *s)
{
	int every = getenv("PARVIS_LONG") ? 1 : getenv("PARVIS_SHORT") ? 10 : 3;
	return (s->left[SLOT_A] + 3 * s->left[SLOT_B] + 4) % every == 0;
}

/* --- the bytes -----------------------------------------------------------------------------------
 */

static void comes_back(const struct slots *s)
{
	uint8_t bytes[SLOTS_BYTES];
	struct slots back;
	slots_encode(bytes, s);
	assert_true(slots_decode(&back, bytes));
	assert_true(same(s, &back));
}

static void every_state_comes_back(void **state)
{
	(void)state;
	assert_int_equal(every_state(comes_back), 2 * (11 * 11 - 1));
}

/* From U-Boot 2025.01: env export -c -s 0x200 ADDRESS slot_a slot_b slot_first. */
static void the_bytes_are_u_boots(void **state)
{
	(void)state;
	static const uint8_t text[] = "slot_a=8\0slot_b=x\0slot_first=A\0";
	struct slots s = { SLOT_A, { 8, SLOTS_BARRED } };
	uint8_t bytes[SLOTS_BYTES];
	slots_encode(bytes, &s);
	assert_memory_equal(bytes + 4, text, sizeof(text));
	for (size_t i = 4 + sizeof(text); i < SLOTS_BYTES; i++)
		assert_int_equal(bytes[i], 0);
	static const uint8_t crc[] = { 0xd6, 0x4b, 0x2e, 0x68 };
	assert_memory_equal(bytes, crc, sizeof(crc));
}

static void a_changed_byte_is_no_state(const struct slots *s)
{
	uint8_t bytes[SLOTS_BYTES];
	if (!is_sampled(s))
		return;
	struct slots out = { SLOT_B, { 1, 1 } }, before = out;
	slots_encode(bytes, s);
	/* Every value where there is text, a few behind it. */
	for (size_t i = 0; i < SLOTS_BYTES; i += i < 40 ? 1 : 59) {
		for (unsigned flip = 1; flip < 256; flip += i < 40 ? 1 : 50) {
			bytes[i] ^= (uint8_t)flip;
			assert_false(slots_decode(&out, bytes));
			bytes[i] ^= (uint8_t)flip;
		}
	}
	assert_true(same(&out, &before));
}

static void every_changed_byte_is_noticed(void **state)
{
	(void)state;
	every_state(a_changed_byte_is_no_state);
	struct slots out;
	uint8_t bytes[SLOTS_BYTES];
	for (int fill = 0; fill < 256; fill++) {
		memset(bytes, fill, sizeof(bytes));
		assert_false(slots_decode(&out, bytes));
	}
}

/* --- what is decided -----------------------------------------------------------------------------
 */

static void the_choice(void **state)
{
	(void)state;
	enum { X = SLOTS_BARRED };
	static const struct {
		const char *why;
		struct slots s;
		enum slot next;
		struct slots after;
	} rows[] = {
		{ "the first", { SLOT_A, { 9, 9 } }, SLOT_A, { SLOT_A, { 8, 9 } } },
		{ "the first, B", { SLOT_B, { 9, 3 } }, SLOT_B, { SLOT_B, { 9, 2 } } },
		{ "its last try", { SLOT_B, { 9, 1 } }, SLOT_B, { SLOT_B, { 9, 0 } } },
		{ "three were enough", { SLOT_B, { 9, 0 } }, SLOT_A, { SLOT_B, { 8, 0 } } },
		{ "half written", { SLOT_A, { 9, X } }, SLOT_A, { SLOT_A, { 8, X } } },
		{ "first but barred", { SLOT_B, { 9, X } }, SLOT_A, { SLOT_B, { 8, X } } },
		{ "none left", { SLOT_B, { 0, 0 } }, SLOT_B, { SLOT_B, { 3, 2 } } },
		{ "none left, one barred", { SLOT_A, { 0, X } }, SLOT_A, { SLOT_A, { 2, X } } },
		{ "never a barred one", { SLOT_B, { 0, X } }, SLOT_A, { SLOT_B, { 2, X } } },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slots after = slots_started(&rows[i].s);
		if (slots_next(&rows[i].s) != rows[i].next || !same(&after, &rows[i].after))
			fail_msg("%s", rows[i].why);
	}
}

static void a_start_is_of_a_slot_that_may(const struct slots *s)
{
	enum slot next = slots_next(s);
	struct slots after = slots_started(s);
	assert_true(s->left[next] != SLOTS_BARRED);
	assert_true(slots_valid(&after));
	assert_true((after.left[SLOT_A] == SLOTS_BARRED) == (s->left[SLOT_A] == SLOTS_BARRED));
	assert_true((after.left[SLOT_B] == SLOTS_BARRED) == (s->left[SLOT_B] == SLOTS_BARRED));
	/* With nobody to prove anything, both get their turn, if both may. */
	bool turn[SLOT_COUNT] = { false };
	struct slots now = *s;
	for (int i = 0; i < 2 * SLOTS_TRIES_PROVEN + 1; i++) {
		turn[slots_next(&now)] = true;
		now = slots_started(&now);
	}
	assert_int_equal(turn[SLOT_A], s->left[SLOT_A] != SLOTS_BARRED);
	assert_int_equal(turn[SLOT_B], s->left[SLOT_B] != SLOTS_BARRED);
}

static void every_start_is_of_a_slot_that_may(void **state)
{
	(void)state;
	every_state(a_start_is_of_a_slot_that_may);
}

static void an_update(void **state)
{
	(void)state;
	struct slots s = { SLOT_A, { 9, 9 } };
	assert_true(slots_bar(&s, SLOT_B)); /* being written */
	assert_false(slots_good(&s, SLOT_B));
	assert_false(slots_bar(&s, SLOT_A)); /* the last one stays */
	assert_true(slots_good(&s, SLOT_A));
	slots_make_first(&s, SLOT_B);
	for (int i = 0; i < SLOTS_TRIES_NEW; i++) {
		assert_int_equal(slots_next(&s), SLOT_B);
		s = slots_started(&s);
	}
	assert_int_equal(slots_next(&s), SLOT_A);
	slots_prove(&s, SLOT_B);
	assert_int_equal(slots_next(&s), SLOT_B);
}

/* --- the disk ------------------------------------------------------------------------------------
 */

static struct slots_disk read_disk(void)
{
	struct slots_disk d;
	assert_int_equal(slots_disk_read(&d, -1), 0);
	return d;
}

/* Cuts one write of `next` at every byte, both ways round, from the disk as it is. */
static int cut_everywhere(const struct slots *old, const struct slots *next)
{
	uint8_t before[SLOTS_COPIES][SLOTS_BYTES];
	memcpy(before, copies, sizeof(before));
	int cuts = 0;
	for (int way = 0; way < 2; way++) {
		from_the_end = way;
		for (int at = 0; at <= 2 * SLOTS_BYTES; at++) {
			/* Behind the text both are zero. */
			int within = at % SLOTS_BYTES, text = way ? SLOTS_BYTES - 40 : 40;
			if (within && (way ? within < text : within > text))
				continue;
			memcpy(copies, before, sizeof(before));
			bytes_to_cut = at;
			struct slots_disk was = read_disk();
			assert_true(same(&was.state, old));
			synced_in_turn = true;
			dead = false;
			int err = slots_disk_write(-1, &was, next);
			assert_int_equal(err, at == 2 * SLOTS_BYTES ? 0 : -EIO);
			assert_true(synced_in_turn);
			bytes_to_cut = -1;
			dead = false;
			unsynced = -1;
			struct slots_disk d = read_disk();
			assert_true(d.copy >= 0);
			assert_true(same(&d.state, old) || same(&d.state, next));
			if (at == 2 * SLOTS_BYTES)
				assert_true(same(&d.state, next) && d.whole[0] && d.whole[1]);
			cuts++;
		}
	}
	memcpy(copies, before, sizeof(before));
	return cuts;
}

static void cut_from_every_disk(const struct slots *old, const struct slots *next)
{
	uint8_t bytes[SLOTS_BYTES];
	slots_encode(bytes, old);
	for (int torn = -1; torn < SLOTS_COPIES; torn++) {
		memcpy(copies[0], bytes, SLOTS_BYTES);
		memcpy(copies[1], bytes, SLOTS_BYTES);
		if (torn >= 0)
			memset(copies[torn], 0xA5, 17);
		cut_everywhere(old, next);
	}
	/* A cut between the two writes of before: the second is already of a later state. */
	memcpy(copies[0], bytes, SLOTS_BYTES);
	slots_encode(copies[1], next);
	cut_everywhere(old, next);
}

static void every_change_is_cut(const struct slots *s)
{
	if (!is_sampled(s))
		return;
	struct slots next = slots_started(s);
	cut_from_every_disk(s, &next);
	next = *s;
	slots_make_first(&next, SLOT_B);
	cut_from_every_disk(s, &next);
	next = *s;
	slots_prove(&next, SLOT_A);
	cut_from_every_disk(s, &next);
	next = *s;
	if (slots_bar(&next, SLOT_B))
		cut_from_every_disk(s, &next);
}

static void a_cut_leaves_the_old_state_or_the_new(void **state)
{
	(void)state;
	every_state(every_change_is_cut);
}

static void no_copy_is_the_default(void **state)
{
	(void)state;
	memset(copies, 0, sizeof(copies));
	struct slots_disk d = read_disk();
	struct slots assumed = slots_default();
	assert_int_equal(d.copy, -1);
	assert_true(slots_valid(&assumed) && same(&d.state, &assumed));
	struct slots s = { SLOT_B, { 4, 5 } };
	assert_int_equal(slots_disk_write(-1, &d, &s), 0);
	d = read_disk();
	assert_true(d.copy == 0 && same(&d.state, &s));
}

static void a_sector_that_cannot_be_read_is_a_torn_one(void **state)
{
	(void)state;
	struct slots s = { SLOT_B, { 4, 5 } };
	slots_encode(copies[0], &s);
	slots_encode(copies[1], &s);
	unreadable = 0;
	struct slots_disk d = read_disk();
	assert_true(d.copy == 1 && same(&d.state, &s));
	unreadable = -1;
}

static void what_is_no_disk_is_refused(void **state)
{
	(void)state;
	assert_int_equal(slots_disk_open("/nowhere", false), -ENOENT);
	assert_int_equal(slots_disk_open("/dev/null", true), -ENOTBLK);
	assert_int_equal(slots_disk_open("/", false), -ENOTBLK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_comes_back),
		cmocka_unit_test(the_bytes_are_u_boots),
		cmocka_unit_test(every_changed_byte_is_noticed),
		cmocka_unit_test(the_choice),
		cmocka_unit_test(every_start_is_of_a_slot_that_may),
		cmocka_unit_test(an_update),
		cmocka_unit_test(a_cut_leaves_the_old_state_or_the_new),
		cmocka_unit_test(no_copy_is_the_default),
		cmocka_unit_test(a_sector_that_cannot_be_read_is_a_torn_one),
		cmocka_unit_test(what_is_no_disk_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
