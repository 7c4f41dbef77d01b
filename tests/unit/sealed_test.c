#include "night/sealed.h"

#include "store/log.h"
#include "tests/fake/chain_maker.h"
#include "tests/fake/store_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define EVENT "nuit"
#define ROWS  420

struct fixture {
	char *dir;
	int fd;
	struct issuer *issuer;
	struct chain_maker box, peer;
	struct row rows[ROWS];
	struct sealed_writer *writer;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	uint8_t seed[32] = { 9 };
	assert_non_null(f);
	f->dir = store_bench_dir();
	f->fd = open(store_bench_path(f->dir, "copy"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(f->fd >= 0);
	assert_int_equal(issuer_from_seed(&f->issuer, seed), 0);
	chain_maker_open(&f->box, 1, 40, "mairie", "north");
	chain_maker_open(&f->peer, 2, 41, "numa", "south");
	for (int i = 0; i < ROWS; i++)
		f->rows[i] = chain_maker_entry(&f->box, (uint32_t)i);
	struct sealed_setup s = { EVENT, { 0 }, f->box.key, 1234 };
	issuer_public(f->issuer, s.organiser);
	assert_int_equal(sealed_create(&f->writer, f->fd, &s), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	sealed_close(f->writer);
	chain_maker_close(&f->box);
	chain_maker_close(&f->peer);
	issuer_close(f->issuer);
	close(f->fd);
	store_bench_remove(f->dir);
	free(f->dir);
	free(f);
	return 0;
}

static struct chain chain_of(const struct row *row)
{
	struct chain c = { .epoch = row->epoch };
	memcpy(c.device, row->device, sizeof(c.device));
	return c;
}

static void add_rows(struct fixture *f, int first, int count)
{
	struct chain c = chain_of(f->rows);
	assert_int_equal(sealed_promise(f->writer, &c, (uint64_t)(first + count)), 0);
	for (int i = first; i < first + count; i++)
		assert_int_equal(sealed_add_row(f->writer, &f->rows[i]), 0);
	assert_int_equal(sealed_flush(f->writer), 0);
}

/* What was read. */
struct seen {
	struct fixture *f;
	struct sealed_header header;
	uint64_t promised;
	size_t rows, good, unsigned_rows, bad, faults[SEALED_WRONGS];
	bool has[ROWS];
	int64_t number;
	uint64_t offset;
};

static int see_header(void *context, const struct sealed_header *header)
{
	((struct seen *)context)->header = *header;
	return 0;
}

static int see_promise(void *context, const struct chain *chain, uint64_t last)
{
	struct seen *s = context;
	if (chain->epoch == 40 && last > s->promised)
		s->promised = last;
	return 0;
}

static int see_batch(void *context, const struct batch *b)
{
	struct seen *s = context;
	enum batch_wrong wrong = batch_check(b);
	s->rows += b->count;
	*(wrong == BATCH_GOOD              ? &s->good
		: wrong == BATCH_SIGNATURE ? &s->unsigned_rows
					   : &s->bad) += b->count;
	for (size_t i = 0; i < b->count && b->rows[i].epoch == 40; i++) {
		uint64_t seq = b->rows[i].seq;
		assert_in_range(seq, 1, ROWS);
		if (wrong != BATCH_GOOD)
			continue;
		assert_memory_equal(
			b->rows[i].hash, s->f->rows[seq - 1].hash, sizeof(b->rows[i].hash));
		s->has[seq - 1] = true;
	}
	return 0;
}

static int see_fault(void *context, enum sealed_wrong wrong, int64_t number, uint64_t offset)
{
	struct seen *s = context;
	s->faults[wrong]++;
	s->number = number;
	s->offset = offset;
	return 0;
}

static struct seen look(struct fixture *f)
{
	struct seen s = { .f = f };
	struct sealed_reader reader = { &s, see_header, see_promise, see_batch, see_fault };
	int stopped = -1;
	assert_int_equal(sealed_read(f->fd, f->issuer, EVENT, &reader, &stopped), SEALED_GOOD);
	assert_int_equal(stopped, 0);
	return s;
}

static size_t faults(const struct seen *s)
{
	size_t n = 0;
	for (size_t i = 0; i < SEALED_WRONGS; i++)
		n += s->faults[i];
	return n;
}

/* --- */

static void what_was_copied_is_read_and_signed(void **state)
{
	struct fixture *f = *state;
	add_rows(f, 0, 130);
	struct row theirs[3];
	for (int i = 0; i < 3; i++)
		theirs[i] = chain_maker_entry(&f->peer, (uint32_t)i + 1);
	struct batch b = chain_maker_batch(&f->peer, theirs, 3);
	assert_int_equal(sealed_add(f->writer, &b), 0);
	add_rows(f, 130, ROWS - 130);
	struct seen s = look(f);
	assert_int_equal(s.good, ROWS + 3);
	assert_int_equal(s.rows, ROWS + 3);
	assert_int_equal(s.promised, ROWS);
	assert_int_equal(faults(&s), 0);
	assert_string_equal(s.header.event_id, EVENT);
	assert_int_equal(s.header.created_ms, 1234);
	assert_memory_equal(s.header.device, f->rows[0].device, DEVICE_ID_SIZE);
	assert_int_equal(sealed_size(f->writer), (uint64_t)lseek(f->fd, 0, SEEK_END));
	/* Nothing was added: nothing is written. */
	uint64_t size = sealed_size(f->writer);
	assert_int_equal(sealed_flush(f->writer), 0);
	assert_int_equal(sealed_size(f->writer), size);
}

static void a_row_that_was_changed_on_its_box_is_not_signed(void **state)
{
	struct fixture *f = *state;
	f->rows[60].amount = 3;
	f->rows[200].before[0] ^= 1;
	log_row_hash(&f->rows[200], f->rows[200].hash);
	add_rows(f, 0, ROWS);
	struct seen s = look(f);
	assert_int_equal(s.bad, 1);
	assert_int_equal(s.good, ROWS - 1);
	assert_false(s.has[60]);
	assert_int_equal(faults(&s), 0);
}

static void cut_anywhere_it_is_an_earlier_copy(void **state)
{
	struct fixture *f = *state;
	uint64_t ends[8];
	size_t parts = 0;
	for (int i = 0; i < ROWS; i += 60) {
		add_rows(f, i, 60);
		ends[parts++] = sealed_size(f->writer);
	}
	for (uint64_t size = ends[parts - 1] - 1; size > SEALED_HEADER_SIZE; size -= 173) {
		assert_int_equal(ftruncate(f->fd, (off_t)size), 0);
		size_t whole = 0;
		while (whole < parts && ends[whole] <= size)
			whole++;
		struct seen s = look(f);
		assert_int_equal(s.good, whole * 60);
		assert_int_equal(s.promised, whole * 60);
		bool at_end = whole ? ends[whole - 1] == size : size == SEALED_HEADER_SIZE;
		assert_int_equal(s.faults[SEALED_CUT_SHORT], !at_end);
		if (size < 200)
			break;
	}
}

static void damage_costs_the_part_that_it_touches(void **state)
{
	struct fixture *f = *state;
	uint64_t ends[8], begin = SEALED_HEADER_SIZE;
	size_t parts = 0;
	for (int i = 0; i < ROWS; i += 60) {
		add_rows(f, i, 60);
		ends[parts++] = sealed_size(f->writer);
	}
	for (size_t p = 0; p < parts; begin = ends[p++])
		for (uint64_t at = begin; at < ends[p]; at += at < begin + 48 ? 1 : 611) {
			uint8_t byte, changed;
			assert_int_equal(pread(f->fd, &byte, 1, (off_t)at), 1);
			changed = byte ^ 0x41;
			assert_int_equal(pwrite(f->fd, &changed, 1, (off_t)at), 1);
			struct seen s = look(f);
			assert_int_equal(s.good, ROWS - 60);
			assert_int_equal(faults(&s), 1);
			assert_int_equal(s.offset, begin);
			assert_int_equal(s.number, p);
			assert_int_equal(pwrite(f->fd, &byte, 1, (off_t)at), 1);
		}
	struct seen s = look(f);
	assert_int_equal(faults(&s), 0);
}

static void parts_that_were_moved_are_noticed(void **state)
{
	struct fixture *f = *state;
	uint64_t ends[8];
	size_t parts = 0, len;
	for (int i = 0; i < ROWS; i += 60) {
		add_rows(f, i, 60);
		ends[parts++] = sealed_size(f->writer);
	}
	AUTO_FREE char *whole = store_bench_read(store_bench_path(f->dir, "copy"), &len);
	/* The third part is left out. */
	assert_int_equal(ftruncate(f->fd, (off_t)ends[1]), 0);
	assert_true(pwrite(f->fd, whole + ends[2], len - ends[2], (off_t)ends[1]) > 0);
	struct seen s = look(f);
	assert_int_equal(faults(&s), 1);
	assert_int_equal(s.faults[SEALED_PART_MISSING], 1);
	assert_int_equal(s.number, 2);
	assert_int_equal(s.good, ROWS - 60);
	/* … and comes at the end. */
	off_t end = lseek(f->fd, 0, SEEK_END);
	assert_true(pwrite(f->fd, whole + ends[1], ends[2] - ends[1], end) > 0);
	s = look(f);
	assert_int_equal(s.faults[SEALED_PART_MISSING], 1);
	assert_int_equal(s.faults[SEALED_PART_TWICE], 1);
	assert_int_equal(s.good, ROWS);
	/* Something is put between two. */
	assert_int_equal(pwrite(f->fd, whole, len, 0), (ssize_t)len);
	assert_int_equal(ftruncate(f->fd, (off_t)len), 0);
	assert_true(pwrite(f->fd, "nonsense", 8, (off_t)ends[3]) > 0);
	assert_true(pwrite(f->fd, whole + ends[3], len - ends[3], (off_t)ends[3] + 8) > 0);
	s = look(f);
	assert_int_equal(faults(&s), 1);
	assert_int_equal(s.faults[SEALED_PART_DAMAGED], 1);
	assert_int_equal(s.offset, ends[3]);
	assert_int_equal(s.good, ROWS);
}

static void another_file_is_told_apart(void **state)
{
	struct fixture *f = *state;
	struct seen s = { .f = f };
	struct sealed_reader reader = { &s, see_header, see_promise, see_batch, see_fault };
	add_rows(f, 0, 10);
	assert_int_equal(sealed_read(f->fd, f->issuer, "noel", &reader, NULL), SEALED_OTHER_EVENT);
	struct issuer *other;
	uint8_t seed[32] = { 8 };
	assert_int_equal(issuer_from_seed(&other, seed), 0);
	assert_int_equal(sealed_read(f->fd, other, EVENT, &reader, NULL), SEALED_OTHER_KEY);
	issuer_close(other);
	for (int at = 0; at < SEALED_HEADER_SIZE; at += 5) {
		uint8_t byte, changed;
		assert_int_equal(pread(f->fd, &byte, 1, at), 1);
		changed = byte ^ 1;
		assert_int_equal(pwrite(f->fd, &changed, 1, at), 1);
		enum sealed_wrong wrong = sealed_read(f->fd, f->issuer, EVENT, &reader, NULL);
		assert_int_equal(wrong, at < 7 ? SEALED_NOT_ONE : SEALED_HEADER);
		assert_int_equal(pwrite(f->fd, &byte, 1, at), 1);
	}
	uint8_t two = 2;
	assert_int_equal(pwrite(f->fd, &two, 1, 7), 1);
	assert_int_equal(sealed_read(f->fd, f->issuer, EVENT, &reader, NULL), SEALED_VERSION);
	assert_int_equal(ftruncate(f->fd, 5), 0);
	assert_int_equal(sealed_read(f->fd, f->issuer, EVENT, &reader, NULL), SEALED_NOT_ONE);
	assert_int_equal(s.rows, 0);
}

/* Every sixteen bytes begin a part that is as long as can be. */
static void a_file_full_of_beginnings_is_given_up(void **state)
{
	struct fixture *f = *state;
	static uint8_t bytes[1 << 20];
	struct timespec begin, end;
	for (int i = 0; i < ROWS; i += 60)
		add_rows(f, i, 60);
	assert_int_equal(pread(f->fd, bytes, 16, SEALED_HEADER_SIZE), 16);
	memcpy(bytes + 12, (uint8_t[]){ 0, 0, 4, 0 }, 4);
	for (size_t i = 16; i < sizeof(bytes); i += 16)
		memcpy(bytes + i, bytes, 16);
	assert_int_equal(
		pwrite(f->fd, bytes, sizeof(bytes), (off_t)sealed_size(f->writer)), sizeof(bytes));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
	struct seen s = look(f);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	assert_int_equal(s.good, ROWS);
	assert_int_equal(faults(&s), 1);
	assert_in_range(end.tv_sec - begin.tv_sec, 0, 10);
}

static void a_full_stick_keeps_its_copy_and_is_tried_again(void **state)
{
	struct fixture *f = *state;
	add_rows(f, 0, 100);
	struct rlimit before, small;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = (rlim_t)sealed_size(f->writer) + 1000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 100; i < 200; i++)
		assert_int_equal(sealed_add_row(f->writer, &f->rows[i]), 0);
	assert_int_equal(sealed_flush(f->writer), -EFBIG);
	struct seen s = look(f);
	assert_int_equal(s.good, 100);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(sealed_flush(f->writer), 0);
	s = look(f);
	assert_int_equal(s.good, 200);
	assert_int_equal(faults(&s), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_was_copied_is_read_and_signed, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_row_that_was_changed_on_its_box_is_not_signed, setup, teardown),
		cmocka_unit_test_setup_teardown(
			cut_anywhere_it_is_an_earlier_copy, setup, teardown),
		cmocka_unit_test_setup_teardown(
			damage_costs_the_part_that_it_touches, setup, teardown),
		cmocka_unit_test_setup_teardown(parts_that_were_moved_are_noticed, setup, teardown),
		cmocka_unit_test_setup_teardown(another_file_is_told_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_file_full_of_beginnings_is_given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_full_stick_keeps_its_copy_and_is_tried_again, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
