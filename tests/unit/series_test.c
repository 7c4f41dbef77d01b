/* A file as a series of codes: whatever the order and however often, the same file, and nothing
 * else. */
#include "night/series.h"

#include "tests/fake/night_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint8_t file[100000];

static void fill(void)
{
	uint64_t dice = 7;
	for (size_t i = 0; i < sizeof(file); i++)
		file[i] = (uint8_t)night_roll(&dice);
}

static void frame_of(size_t len, uint32_t number, struct series_frame *out)
{
	char text[SERIES_TEXT_SIZE];
	uint8_t id[SERIES_ID_SIZE];
	series_id(file, len, id);
	series_write(file, len, id, number, text);
	assert_true(series_read(out, text, strlen(text)));
	assert_int_equal(out->number, number);
	assert_int_equal(out->length, len);
}

static void any_order_gives_the_file(void **state)
{
	static const size_t sizes[] = { 1, 2, 475, 476, 477, 951, 952, 953, 40001, sizeof(file) };
	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(sizes); k++) {
		struct series_set *s;
		struct series_frame f;
		struct series_progress p = { 0 };
		uint64_t dice = k;
		uint32_t n = series_frames(sizes[k]);
		assert_int_equal(series_set_new(&s), 0);
		while (p.have < n) { /* with repetitions, which are many */
			frame_of(sizes[k], (uint32_t)(night_roll(&dice) % n), &f);
			assert_int_equal(series_take(s, &f, &p), 0);
			assert_true(p.frames == n && (!p.file || p.have == n));
		}
		assert_int_equal(p.len, sizes[k]);
		assert_memory_equal(p.file, file, sizes[k]);
		frame_of(sizes[k], 0, &f);
		assert_int_equal(series_take(s, &f, &p), 0);
		assert_true(!p.fresh && !p.file); /* it is given once */
		series_set_free(s);
	}
}

static void what_is_changed_is_no_frame(void **state)
{
	(void)state;
	char text[SERIES_TEXT_SIZE], changed[SERIES_TEXT_SIZE];
	uint8_t id[SERIES_ID_SIZE];
	struct series_frame f;
	uint64_t dice = 3;
	series_id(file, 5000, id);
	series_write(file, 5000, id, 4, text);
	size_t len = strlen(text);
	assert_int_equal(len, 750);
	for (size_t i = 0; i < len; i++) {
		strcpy(changed, text);
		changed[i] = "0123456789ABCDEF$%"[night_roll(&dice) % 18];
		if (changed[i] != text[i])
			assert_false(series_read(&f, changed, len));
		assert_false(series_read(&f, text, i));
	}
	changed[0] = 'a';
	assert_false(series_read(&f, changed, len));
	assert_false(series_read(&f, "", 0));
	assert_false(series_read(&f, ":::", 3));
}

/* Frames are as they were written, and yet the file is not: another's with the same name. */
static void a_forged_series_is_begun_anew(void **state)
{
	(void)state;
	struct series_set *s;
	struct series_frame f, other;
	struct series_progress p;
	assert_int_equal(series_set_new(&s), 0);
	frame_of(900, 0, &f);
	frame_of(900, 1, &other);
	f.bytes[3] ^= 1;
	assert_int_equal(series_take(s, &f, &p), 0);
	assert_int_equal(series_take(s, &other, &p), -EBADMSG);
	f.bytes[3] ^= 1;
	assert_int_equal(series_take(s, &f, &p), 0);
	other.length = 901;
	assert_int_equal(series_take(s, &other, &p), -EINVAL);
	other.length = 900;
	assert_int_equal(series_take(s, &other, &p), 0);
	assert_non_null(p.file);
	for (unsigned i = 1; i < SERIES_AT_ONCE + 2; i++) {
		f.id[0] = (uint8_t)i;
		f.id[1] = 77;
		assert_int_equal(series_take(s, &f, &p), i < SERIES_AT_ONCE ? 0 : -ENOSPC);
	}
	series_set_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_gives_the_file),
		cmocka_unit_test(what_is_changed_is_no_frame),
		cmocka_unit_test(a_forged_series_is_begun_anew),
	};
	fill();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
