/* A file sealed for a passage: every size comes back, and whatever is done to it on the way is
 * found. */
#include "event/passage.h"

#include "base/text.h"

#include <errno.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define CHUNK           65536U
#define SIZE_MAX_TESTED (3 * CHUNK)

static uint8_t key[PASSAGE_KEY_SIZE];
static uint8_t bytes[SIZE_MAX_TESTED];

static int a_file(const void *what, size_t size)
{
	int fd = memfd_create("passage", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, what, size, 0), size);
	return fd;
}

static int sealed(size_t size)
{
	AUTO_FD in = a_file(bytes, size);
	int out = memfd_create("sealed", MFD_CLOEXEC);
	assert_true(out >= 0);
	assert_int_equal(passage_seal(out, in, size, key), 0);
	return out;
}

static int opened(int in, const uint8_t *with, size_t *size)
{
	AUTO_FD out = memfd_create("opened", MFD_CLOEXEC);
	assert_true(out >= 0);
	int error = passage_open(out, in, with);
	*size = (size_t)lseek(out, 0, SEEK_END);
	uint8_t *back = malloc(*size + 1);
	assert_non_null(back);
	assert_int_equal(pread(out, back, *size, 0), *size);
	assert_memory_equal(back, bytes, *size); /* a beginning of it, whatever happens */
	free(back);
	return error;
}

static void test_every_size_comes_back(void **state)
{
	static const size_t sizes[] = { 0, 1, 17, CHUNK - 18, CHUNK - 1, CHUNK, CHUNK + 1,
		2 * CHUNK - 17, 2 * CHUNK, SIZE_MAX_TESTED };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		size_t back;
		AUTO_FD fd = sealed(sizes[i]);
		assert_int_equal(lseek(fd, 0, SEEK_END), passage_sealed_size(sizes[i]));
		assert_int_equal(opened(fd, key, &back), 0);
		assert_int_equal(back, sizes[i]);
	}
}

static void test_every_cut_is_found(void **state)
{
	AUTO_FD fd = sealed(2 * CHUNK + 100);
	off_t size = lseek(fd, 0, SEEK_END);
	(void)state;
	for (off_t cut = size; cut-- > 0;) {
		size_t back;
		if (cut > 300 && cut < size - 300 && cut % 997)
			continue;
		assert_int_equal(ftruncate(fd, cut), 0);
		assert_int_equal(opened(fd, key, &back), -EBADMSG);
	}
}

static void test_every_change_is_found(void **state)
{
	AUTO_FD fd = sealed(2 * CHUNK + 100);
	off_t size = lseek(fd, 0, SEEK_END);
	(void)state;
	for (off_t at = 0; at < size; at += at < 300 || at > size - 300 ? 1 : 499) {
		size_t back;
		uint8_t was, is;
		assert_int_equal(pread(fd, &was, 1, at), 1);
		is = was ^ (uint8_t)(1U << (at % 8));
		assert_int_equal(pwrite(fd, &is, 1, at), 1);
		assert_int_equal(opened(fd, key, &back), -EBADMSG);
		assert_int_equal(pwrite(fd, &was, 1, at), 1);
	}
}

/* Whole chunks left out, told twice or put after the end. */
static void test_moved_chunks_are_found(void **state)
{
	static uint8_t all[4 * (CHUNK + 17)];
	AUTO_FD fd = sealed(2 * CHUNK + 100);
	size_t size = (size_t)pread(fd, all, sizeof(all), 0), chunk = CHUNK + 17, back;
	(void)state;
	const struct {
		size_t from, to;
	} moves[] = { { 32 + chunk, 32 }, { 32, 32 + chunk }, { 32 + 2 * chunk, 32 + chunk },
		{ 32 + 2 * chunk, size } };
	for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
		static uint8_t other[sizeof(all) * 2];
		memcpy(other, all, size);
		size_t len = size - moves[i].from;
		memmove(other + moves[i].to, all + moves[i].from, len);
		AUTO_FD moved = a_file(other, moves[i].to + len);
		assert_int_equal(opened(moved, key, &back), -EBADMSG);
	}
}

static void test_only_with_its_key(void **state)
{
	uint8_t other[PASSAGE_KEY_SIZE];
	size_t back;
	AUTO_FD fd = sealed(1000);
	(void)state;
	passage_make_key(other);
	assert_memory_not_equal(other, key, sizeof(key));
	assert_int_equal(opened(fd, other, &back), -EBADMSG);
	assert_int_equal(back, 0);
}

static void test_nothing_of_it_is_seen_on_the_way(void **state)
{
	static const char text[] = "device.key=0123456789abcdef";
	uint8_t on_the_way[1000];
	AUTO_FD in = a_file(text, sizeof(text));
	AUTO_FD out = memfd_create("sealed", MFD_CLOEXEC);
	(void)state;
	assert_int_equal(passage_seal(out, in, sizeof(text), key), 0);
	ssize_t n = pread(out, on_the_way, sizeof(on_the_way), 0);
	assert_true(n > (ssize_t)sizeof(text));
	assert_null(memmem(on_the_way, (size_t)n, text, 8));
}

static void test_a_file_that_shrank(void **state)
{
	AUTO_FD in = a_file(bytes, 100);
	AUTO_FD out = memfd_create("sealed", MFD_CLOEXEC);
	(void)state;
	assert_int_equal(passage_seal(out, in, 101, key), -EIO);
}

static int set_up(void **state)
{
	(void)state;
	if (sodium_init() < 0)
		return -1;
	passage_make_key(key);
	randombytes_buf(bytes, sizeof(bytes));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_size_comes_back),
		cmocka_unit_test(test_every_cut_is_found),
		cmocka_unit_test(test_every_change_is_found),
		cmocka_unit_test(test_moved_chunks_are_found),
		cmocka_unit_test(test_only_with_its_key),
		cmocka_unit_test(test_nothing_of_it_is_seen_on_the_way),
		cmocka_unit_test(test_a_file_that_shrank),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
