#include "store/batch.h"

#include "base/text.h"
#include "store/log.h"
#include "tests/fake/chain_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define ROWS 5

struct fixture {
	struct chain_maker maker;
	struct row rows[BATCH_ROWS_MAX + 1];
	struct batch batch;
};

static int setup(void **state)
{
	static struct fixture f;
	f = (struct fixture){ 0 };
	chain_maker_open(&f.maker, 7, 41, "mairie", "porte");
	for (size_t i = 0; i < ARRAY_LEN(f.rows); i++)
		f.rows[i] = chain_maker_entry(&f.maker, (uint32_t)i);
	f.batch = chain_maker_batch(&f.maker, f.rows, ROWS);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	chain_maker_close(&f->maker);
	return 0;
}

static void what_a_box_signs_is_good(void **state)
{
	struct fixture *f = *state;
	for (size_t n = 1; n <= BATCH_ROWS_MAX; n++) {
		f->batch = chain_maker_batch(&f->maker, f->rows, n);
		assert_int_equal(batch_check(&f->batch), BATCH_GOOD);
	}
	f->batch = chain_maker_batch(&f->maker, f->rows + 1, BATCH_ROWS_MAX);
	assert_int_equal(batch_check(&f->batch), BATCH_GOOD);
	f->batch = chain_maker_batch(&f->maker, f->rows, BATCH_ROWS_MAX + 1);
	assert_int_equal(batch_check(&f->batch), BATCH_SHAPE);
	f->batch.count = 0;
	assert_int_equal(batch_check(&f->batch), BATCH_SHAPE);
}

static void the_first_row_of_a_chain_may_follow_another_chain(void **state)
{
	struct fixture *f = *state;
	struct chain_maker next;
	chain_maker_open(&next, 7, 42, "mairie", "porte");
	memcpy(next.last.hash, f->maker.last.hash, ROW_HASH_SIZE);
	struct row row = chain_maker_entry(&next, 9);
	struct batch b = chain_maker_batch(&next, &row, 1);
	assert_int_equal(batch_check(&b), BATCH_GOOD);
	chain_maker_close(&next);
}

static void hash_again(struct row *row)
{
	log_row_hash(row, row->hash);
}

static void a_gap_a_turn_and_another_chain_are_no_stretch(void **state)
{
	struct fixture *f = *state;
	struct row rows[ROWS];
	memcpy(rows, f->rows, sizeof(rows));
	f->batch.rows = rows;
	rows[2] = f->rows[3];
	assert_int_equal(batch_check(&f->batch), BATCH_SHAPE);
	rows[2] = f->rows[1];
	assert_int_equal(batch_check(&f->batch), BATCH_SHAPE);
	rows[2] = f->rows[2];
	rows[2].epoch++;
	assert_int_equal(batch_check(&f->batch), BATCH_SHAPE);
	rows[2] = f->rows[2];
	rows[2].device[15] ^= 1;
	assert_int_equal(batch_check(&f->batch), BATCH_SHAPE);
}

static void every_change_of_a_row_breaks_the_chain(void **state)
{
	struct fixture *f = *state;
	for (size_t i = 0; i < ROWS; i++) {
		struct row rows[ROWS];
		memcpy(rows, f->rows, sizeof(rows));
		f->batch.rows = rows;
		rows[i].at.wall_ms++;
		assert_int_equal(batch_check(&f->batch), BATCH_CHAIN);
		/* With a hash that fits, it is the next row or the signature that tells. */
		hash_again(&rows[i]);
		assert_int_equal(
			batch_check(&f->batch), i + 1 < ROWS ? BATCH_CHAIN : BATCH_SIGNATURE);
	}
}

static void values_that_cannot_be_are_refused(void **state)
{
	struct fixture *f = *state;
	struct row bad[] = { f->rows[0], f->rows[0], f->rows[0], f->rows[0], f->rows[0], f->rows[0],
		f->rows[0], f->rows[0], f->rows[0], f->rows[0], f->rows[0], f->rows[0], f->rows[0],
		f->rows[0], f->rows[0], f->rows[0], f->rows[0], f->rows[0], f->rows[0], f->rows[0],
		f->rows[0], f->rows[0] };
	size_t n = 0;
	bad[n++].epoch = 0;
	bad[n++].seq = ROW_SEQ_MAX + 1;
	bad[n++].hlc = ROW_HLC_MAX + 1;
	bad[n++].at.trust = TRUST_COUNT;
	bad[n++].kind = (enum row_kind)0;
	bad[n++].source = SOURCE_COUNT;
	bad[n++].verdict = VERDICT_COUNT;
	bad[n++].direction = (enum direction)3;
	bad[n++].venue[0] = 0;
	memset(bad[n++].door, 'x', ID_SIZE);
	strcpy(bad[n++].venue, "=1+1");
	strcpy(bad[n++].door, "a\r\nb,c");
	strcpy(bad[n++].from_venue, "<script>");
	strcpy(bad[n++].operator, "\xff");
	bad[n++].amount = 1;
	bad[n++].undoes = 1;
	bad[n++].at.wall_ms = ROW_MS_MAX + 1;
	bad[n++].at.wall_ms = INT64_MIN;
	bad[n++].at.mono_ms = INT64_MAX;
	bad[n++].at.mono_ms = -ROW_MS_MAX - 1;
	for (int i = 0; i < 2; i++) {
		bad[n].kind = ROW_ADJUST;
		bad[n].verdict = VERDICT_NONE;
		bad[n++].amount = i ? ROW_AMOUNT_MAX + 1 : INT64_MIN;
	}
	assert_int_equal(n, ARRAY_LEN(bad));
	for (size_t i = 0; i < n; i++) {
		hash_again(&bad[i]);
		struct batch b = chain_maker_batch(&f->maker, &bad[i], 1);
		assert_int_equal(batch_check(&b), BATCH_VALUES);
	}
	struct row rows[2] = { f->rows[0], f->rows[1] };
	rows[1].hlc = rows[0].hlc;
	hash_again(&rows[1]);
	struct batch b = chain_maker_batch(&f->maker, rows, 2);
	assert_int_equal(batch_check(&b), BATCH_VALUES);
}

static void only_the_device_itself_can_sign(void **state)
{
	struct fixture *f = *state;
	struct chain_maker other;
	chain_maker_open(&other, 8, 41, "mairie", "porte");
	struct batch b = chain_maker_batch(&other, f->rows, ROWS);
	assert_int_equal(batch_check(&b), BATCH_KEY);
	device_key_public(f->maker.key, b.key);
	assert_int_equal(batch_check(&b), BATCH_SIGNATURE);
	b = f->batch;
	b.is_signed = false;
	assert_int_equal(batch_check(&b), BATCH_SIGNATURE);
	for (size_t i = 0; i < DEVICE_SIGNATURE_SIZE; i++) {
		b = f->batch;
		b.signature[i] ^= 1;
		assert_int_equal(batch_check(&b), BATCH_SIGNATURE);
	}
	/* A signature of a longer stretch is none of a shorter one. */
	b = f->batch;
	b.count--;
	assert_int_equal(batch_check(&b), BATCH_SIGNATURE);
	chain_maker_close(&other);
}

/* Computed apart from this code (Python's hashlib and struct): the format must not drift. */
static void ids_and_heads_are_what_the_header_says(void **state)
{
	struct fixture *f = *state;
	char hex[2 * HEAD_BYTES + 1];
	uint8_t key[DEVICE_KEY_SIZE], id[DEVICE_ID_SIZE], bytes[HEAD_BYTES];
	memset(key, 0xab, sizeof(key));
	device_id_of(key, id);
	text_hex(hex, id, sizeof(id));
	assert_string_equal(hex, "68be32e5647e06d465f102dd31e3d300");
	struct row row = { .epoch = 0x01020304, .seq = 0x05060708090a };
	memset(row.device, 0x11, sizeof(row.device));
	memset(row.hash, 0x22, sizeof(row.hash));
	batch_head_bytes(&row, bytes);
	text_hex(hex, bytes, sizeof(bytes));
	assert_string_equal(hex,
		"7061727669732f3120686561640011111111111111111111111111111111040302010a09"
		"0807060500002222222222222222222222222222222222222222222222222222222222222222");
	assert_int_equal(batch_check(&f->batch), BATCH_GOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_a_box_signs_is_good, setup, teardown),
		cmocka_unit_test_setup_teardown(
			the_first_row_of_a_chain_may_follow_another_chain, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_gap_a_turn_and_another_chain_are_no_stretch, setup, teardown),
		cmocka_unit_test_setup_teardown(
			every_change_of_a_row_breaks_the_chain, setup, teardown),
		cmocka_unit_test_setup_teardown(values_that_cannot_be_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(only_the_device_itself_can_sign, setup, teardown),
		cmocka_unit_test_setup_teardown(
			ids_and_heads_are_what_the_header_says, setup, teardown),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
