#include "store/device_key.h"

#include "event/issuer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[256], data[300], box[300];

static int drop(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static int setup(void **state)
{
	(void)state;
	const char *tmp = getenv("TMPDIR");
	snprintf(root, sizeof(root), "%s/parvis-key.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(root));
	snprintf(data, sizeof(data), "%s/data", root);
	snprintf(box, sizeof(box), "%s/box", root);
	assert_int_equal(mkdir(box, 0700), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return nftw(root, drop, 16, FTW_DEPTH | FTW_PHYS);
}

static void put(const char *dir, const char *text, mode_t mode)
{
	char path[400];
	snprintf(path, sizeof(path), "%s/" DEVICE_KEY_FILE, dir);
	unlink(path);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void public_of(const char *box_dir, uint8_t out[DEVICE_KEY_SIZE])
{
	struct device_key *k = NULL;
	assert_int_equal(device_key_open(&k, box_dir, data), 0);
	device_key_public(k, out);
	device_key_close(k);
}

static void a_box_makes_its_key_once(void **state)
{
	(void)state;
	uint8_t first[DEVICE_KEY_SIZE], again[DEVICE_KEY_SIZE];
	public_of(NULL, first);
	public_of(box, again);
	assert_memory_equal(first, again, sizeof(first));
	char path[400];
	struct stat st;
	snprintf(path, sizeof(path), "%s/" DEVICE_KEY_FILE, data);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 65);
}

static void the_bundle_s_key_comes_first(void **state)
{
	(void)state;
	uint8_t own[DEVICE_KEY_SIZE], given[DEVICE_KEY_SIZE], expected[DEVICE_KEY_SIZE];
	uint8_t seed[32], secret[64];
	public_of(NULL, own);
	put(box, "0707070707070707070707070707070707070707070707070707070707070707\n", 0600);
	public_of(box, given);
	memset(seed, 7, sizeof(seed));
	crypto_sign_seed_keypair(expected, secret, seed);
	assert_memory_equal(given, expected, sizeof(given));
	assert_memory_not_equal(given, own, sizeof(given));
}

static void what_is_no_key_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		mode_t mode;
		int error;
	} cases[] = {
		{ "", 0600, -EINVAL },
		{ "07", 0600, -EINVAL },
		{ "070707070707070707070707070707070707070707070707070707070707070z\n", 0600,
			-EINVAL },
		{ "0707070707070707070707070707070707070707070707070707070707070707\n\n", 0600,
			-EINVAL },
		{ "0707070707070707070707070707070707070707070707070707070707070707\n", 0640,
			-EACCES },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct device_key *k = NULL;
		put(box, cases[i].text, cases[i].mode);
		assert_int_equal(device_key_open(&k, box, data), cases[i].error);
		assert_null(k);
	}
}

static void a_link_and_a_directory_are_no_key(void **state)
{
	(void)state;
	struct device_key *k = NULL;
	char path[400];
	snprintf(path, sizeof(path), "%s/" DEVICE_KEY_FILE, box);
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_int_equal(device_key_open(&k, box, data), -EINVAL);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(device_key_open(&k, box, data), -EINVAL);
	assert_int_equal(rmdir(path), 0);
	device_key_close(NULL);
}

static void signatures_are_of_one_use(void **state)
{
	(void)state;
	static const uint8_t seed[32] = { 1 };
	struct device_key *k = NULL;
	uint8_t key[DEVICE_KEY_SIZE], id[DEVICE_ID_SIZE], expected[DEVICE_ID_SIZE];
	uint8_t signature[DEVICE_SIGNATURE_SIZE];
	assert_int_equal(device_key_from_seed(&k, seed), 0);
	device_key_public(k, key);
	device_key_id(k, id);
	device_id_of(key, expected);
	assert_memory_equal(id, expected, sizeof(id));
	device_key_sign(k, "parvis/1 sealed", "log", 3, signature);
	assert_true(issuer_verify(key, "parvis/1 sealed", "log", 3, signature));
	assert_false(issuer_verify(key, "parvis/1 bundle", "log", 3, signature));
	struct row row = { .epoch = 1, .seq = 1 };
	uint8_t bytes[HEAD_BYTES];
	batch_head_bytes(&row, bytes);
	device_key_sign_head(k, &row, signature);
	assert_int_equal(crypto_sign_verify_detached(signature, bytes, sizeof(bytes), key), 0);
	device_key_close(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_box_makes_its_key_once, setup, teardown),
		cmocka_unit_test_setup_teardown(the_bundle_s_key_comes_first, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_key_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_link_and_a_directory_are_no_key, setup, teardown),
		cmocka_unit_test_setup_teardown(signatures_are_of_one_use, setup, teardown),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
