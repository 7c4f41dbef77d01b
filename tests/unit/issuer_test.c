#include "event/issuer.h"

#include "base/text.h"
#include "event/sig1.h"
#include "tests/fake/sign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[256];
static char dir[300];   /* a fresh event folder for each test */
static char told[2048]; /* the last problem */
static unsigned tellings;

static void problem(void *context, bool fatal, const char *text)
{
	assert_ptr_equal(context, &tellings);
	assert_true(fatal);
	tellings++;
	text_copy(told, sizeof(told), text);
}

static const char *path_of(const char *name)
{
	static char path[600];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void write_file(const char *name, const char *text, size_t len, mode_t mode)
{
	FILE *f = fopen(path_of(name), "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path_of(name), mode), 0);
}

static void make_keys_directory(mode_t mode)
{
	assert_int_equal(mkdir(path_of("keys"), 0700), 0);
	assert_int_equal(chmod(path_of("keys"), mode), 0);
}

static mode_t mode_of(const char *name)
{
	struct stat st;
	assert_int_equal(lstat(path_of(name), &st), 0);
	return st.st_mode & 07777;
}

static unsigned files_in(const char *name)
{
	unsigned count = 0;
	DIR *d = opendir(path_of(name));
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));)
		count += e->d_name[0] != '.';
	closedir(d);
	return count;
}

static void assert_told(const char *what)
{
	if (!strstr(told, what))
		print_message("# told: %s\n", told);
	assert_non_null(strstr(told, what));
	assert_non_null(strstr(told, dir));
	assert_int_equal(tellings, 1);
}

static void assert_refused(int error, const char *what)
{
	struct issuer *i = (struct issuer *)told;
	tellings = 0;
	assert_int_equal(issuer_open(&i, dir, problem, &tellings), error);
	assert_ptr_equal(i, told); /* *out is left alone */
	assert_told(what);
}

/* --- files -------------------------------------------------------------------------------------
 */

static void what_is_derived_depends_on_key_use_and_bytes(void **state)
{
	static const uint8_t one[32] = "one", two[32] = "two";
	struct issuer *a, *b;
	uint8_t made[5][32];
	(void)state;
	assert_int_equal(issuer_from_seed(&a, one), 0);
	assert_int_equal(issuer_from_seed(&b, two), 0);
	issuer_derive(a, "use", "abc", 3, made[0]);
	issuer_derive(b, "use", "abc", 3, made[1]);
	issuer_derive(a, "other use", "abc", 3, made[2]);
	issuer_derive(a, "use", "abd", 3, made[3]);
	issuer_derive(a, "use", "abc", 3, made[4]);
	assert_memory_equal(made[0], made[4], 32);
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(made[i], made[j], 32);
	issuer_close(a);
	issuer_close(b);
}

static void a_new_key_is_its_owners_alone(void **state)
{
	struct issuer *made, *opened;
	uint8_t a[32], b[32], seed[32];
	char text[80];
	(void)state;
	mode_t before = umask(0);
	assert_int_equal(issuer_create(&made, dir, problem, &tellings), 0);
	umask(before);
	assert_int_equal(mode_of("keys"), 0700);
	assert_int_equal(mode_of("keys/issuing.key"), 0600);
	assert_int_equal(files_in("keys"), 1);
	FILE *f = fopen(path_of("keys/issuing.key"), "r");
	assert_non_null(f);
	assert_int_equal(fread(text, 1, sizeof(text), f), 65);
	fclose(f);
	assert_int_equal(text[64], '\n');
	assert_true(text_unhex(seed, sizeof(seed), text, 64));

	assert_int_equal(issuer_open(&opened, dir, problem, &tellings), 0);
	issuer_public(made, a);
	issuer_public(opened, b);
	assert_memory_equal(a, b, sizeof(a));
	text[64] = '\0';
	sign_public_key(text, b); /* what the file says is what signs */
	assert_memory_equal(a, b, sizeof(a));
	assert_int_equal(tellings, 0);
	issuer_close(made);
	issuer_close(opened);
	issuer_close(NULL);
}

static void whatever_the_umask(void **state)
{
	struct issuer *i;
	(void)state;
	make_keys_directory(0700);
	mode_t before = umask(0777);
	int result = issuer_create(&i, dir, problem, &tellings);
	umask(before);
	assert_int_equal(result, 0);
	assert_int_equal(mode_of("keys/issuing.key"), 0600);
	issuer_close(i);
}

static void two_keys_differ(void **state)
{
	struct issuer *a, *b;
	uint8_t one[32], other[32];
	(void)state;
	assert_int_equal(issuer_create(&a, dir, problem, &tellings), 0);
	assert_int_equal(unlink(path_of("keys/issuing.key")), 0);
	assert_int_equal(issuer_create(&b, dir, problem, &tellings), 0);
	issuer_public(a, one);
	issuer_public(b, other);
	assert_memory_not_equal(one, other, 32);
	issuer_close(a);
	issuer_close(b);
}

/* Tickets may be out already that only the first key has signed. */
static void a_key_is_never_overwritten(void **state)
{
	static const char kept[] = "not even what is no key";
	struct issuer *i = (struct issuer *)told;
	char after[64] = "";
	(void)state;
	make_keys_directory(0700);
	write_file("keys/issuing.key", kept, strlen(kept), 0600);
	assert_int_equal(issuer_create(&i, dir, problem, &tellings), -EEXIST);
	assert_ptr_equal(i, told);
	assert_told("keys/issuing.key: there is an issuing key already");
	FILE *f = fopen(path_of("keys/issuing.key"), "r");
	assert_non_null(f);
	assert_non_null(fgets(after, sizeof(after), f));
	fclose(f);
	assert_string_equal(after, kept);
	assert_int_equal(files_in("keys"), 1);
}

/* Not through a link to nowhere, either. */
static void a_dangling_link_is_not_followed(void **state)
{
	struct issuer *i;
	(void)state;
	make_keys_directory(0700);
	assert_int_equal(symlink("elsewhere", path_of("keys/issuing.key")), 0);
	assert_int_equal(issuer_create(&i, dir, problem, &tellings), -EEXIST);
	assert_int_not_equal(access(path_of("keys/elsewhere"), F_OK), 0);
	assert_int_equal(files_in("keys"), 1);
}

static void tell_nobody(void *context, bool fatal, const char *text)
{
	(void)context;
	(void)fatal;
	(void)text;
}

static void *create_one(void *result)
{
	struct issuer *i = NULL;
	*(int *)result = issuer_create(&i, dir, tell_nobody, NULL);
	issuer_close(i);
	return NULL;
}

static void of_two_at_once_one_wins(void **state)
{
	(void)state;
	for (int round = 0; round < 20; round++) {
		pthread_t threads[2];
		int results[2];
		for (size_t t = 0; t < 2; t++)
			assert_int_equal(
				pthread_create(&threads[t], NULL, create_one, &results[t]), 0);
		for (size_t t = 0; t < 2; t++)
			assert_int_equal(pthread_join(threads[t], NULL), 0);
		assert_true((results[0] == 0) != (results[1] == 0));
		assert_int_equal(results[0] + results[1], -EEXIST);
		assert_int_equal(files_in("keys"), 1);
		assert_int_equal(unlink(path_of("keys/issuing.key")), 0);
	}
}

#define HEX "b7059bcdfeb007de3e2c6c7dfe4796b02d24b6217903af7e3af6f8699fc84e9e"

static void only_a_key_is_a_key(void **state)
{
	static const struct {
		const char *what, *text;
		size_t len;
		int result;
	} cases[] = {
		{ "with its line feed", HEX "\n", 65, 0 },
		{ "without", HEX, 64, 0 },
		{ "nothing", "", 0, -EINVAL },
		{ "a line feed", "\n", 1, -EINVAL },
		{ "a digit short", HEX, 63, -EINVAL },
		{ "a digit short, and a line feed", HEX, 62, -EINVAL },
		{ "a digit long", HEX "0\n", 66, -EINVAL },
		{ "a second line", HEX "\n\n", 66, -EINVAL },
		{ "two keys", HEX HEX, 128, -EINVAL },
		{ "a space", HEX " \n", 66, -EINVAL },
		{ "a carriage return", HEX "\r\n", 66, -EINVAL },
		{ "no hex", "g7059bcdfeb007de3e2c6c7dfe4796b02d24b6217903af7e3af6f8699fc84e9e\n",
			65, -EINVAL },
		{ "a NUL",
			"b7059bcdfeb007de3e2c6c7dfe4796b0\0"
			"2d24b6217903af7e3af6f8699fc84e9",
			64, -EINVAL },
	};
	(void)state;
	make_keys_directory(0700);
	for (size_t c = 0; c < ARRAY_LEN(cases); c++) {
		struct issuer *i;
		print_message("# %s\n", cases[c].what);
		write_file("keys/issuing.key", cases[c].text, cases[c].len, 0600);
		if (cases[c].result) {
			assert_refused(cases[c].result, "keys/issuing.key: no issuing key");
			assert_null(strstr(told, "b7059bcd")); /* a secret is not repeated */
			continue;
		}
		assert_int_equal(issuer_open(&i, dir, problem, &tellings), 0);
		issuer_close(i);
	}
}

static void a_key_that_others_could_read_is_refused(void **state)
{
	static const mode_t open_to[] = { 0640, 0604, 0660, 0606, 0610, 0601, 0644, 0666, 0777 };
	struct issuer *i;
	(void)state;
	make_keys_directory(0700);
	for (size_t m = 0; m < ARRAY_LEN(open_to); m++) {
		write_file("keys/issuing.key", HEX "\n", 65, open_to[m]);
		assert_refused(-EACCES, "chmod 600");
	}
	write_file("keys/issuing.key", HEX "\n", 65, 0400);
	assert_int_equal(issuer_open(&i, dir, problem, &tellings), 0);
	issuer_close(i);
}

static void a_directory_that_others_could_enter_is_refused(void **state)
{
	static const mode_t open_to[] = { 0755, 0750, 0701, 0710, 0702, 0777 };
	struct issuer *i;
	(void)state;
	make_keys_directory(0700);
	write_file("keys/issuing.key", HEX "\n", 65, 0600);
	for (size_t m = 0; m < ARRAY_LEN(open_to); m++) {
		assert_int_equal(chmod(path_of("keys"), open_to[m]), 0);
		assert_refused(-EACCES, "keys: others than its owner may enter");
		assert_int_equal(unlink(path_of("keys/issuing.key")), 0);
		tellings = 0;
		assert_int_equal(issuer_create(&i, dir, problem, &tellings), -EACCES);
		assert_told("chmod 700");
		assert_int_equal(files_in("keys"), 0);
		write_file("keys/issuing.key", HEX "\n", 65, 0600);
	}
}

static void what_is_no_file_is_refused(void **state)
{
	(void)state;
	assert_refused(-ENOENT, "keys/issuing.key: there is no issuing key");
	make_keys_directory(0700);
	assert_refused(-ENOENT, "keys/issuing.key: there is no issuing key");
	assert_int_equal(mkdir(path_of("keys/issuing.key"), 0700), 0);
	assert_refused(-EINVAL, "no regular file");
	assert_int_equal(rmdir(path_of("keys/issuing.key")), 0);
	assert_int_equal(mkfifo(path_of("keys/issuing.key"), 0600), 0);
	assert_refused(-EINVAL, "no regular file"); /* and nobody waits for its other end */
	assert_int_equal(unlink(path_of("keys/issuing.key")), 0);
	write_file("real.key", HEX "\n", 65, 0600);
	assert_int_equal(symlink("../real.key", path_of("keys/issuing.key")), 0);
	assert_refused(-EINVAL, "a symbolic link");
	assert_int_equal(unlink(path_of("keys/issuing.key")), 0);
	assert_int_equal(rmdir(path_of("keys")), 0);
	write_file("keys", "", 0, 0600);
	assert_refused(-ENOTDIR, "Not a directory");
}

static void a_hostile_folder_name_is_escaped(void **state)
{
	struct issuer *i;
	(void)state;
	assert_int_equal(issuer_open(&i, "/nowhere/\x1b]0;x\x07", problem, &tellings), -ENOENT);
	assert_null(strchr(told, '\x1b'));
	assert_non_null(strstr(told, "\\x1b"));
	static char longest[5000];
	memset(longest, 'x', sizeof(longest) - 1);
	assert_int_equal(issuer_open(&i, longest, problem, &tellings), -ENAMETOOLONG);
	assert_int_equal(issuer_create(&i, longest, problem, &tellings), -ENAMETOOLONG);
}

/* --- signatures --------------------------------------------------------------------------------
 */

static struct issuer *demo_issuer(void)
{
	uint8_t seed[32];
	struct issuer *i;
	assert_true(text_unhex(seed, sizeof(seed), SIGN_DEMO_SEED, 64));
	assert_int_equal(issuer_from_seed(&i, seed), 0);
	return i;
}

static void a_signature_holds_for_its_bytes_and_use_alone(void **state)
{
	static const char bytes[] = "a bundle's bytes";
	uint8_t key[32], signature[64], other_key[32];
	struct issuer *i = demo_issuer();
	char copy[sizeof(bytes)];
	(void)state;
	issuer_public(i, key);
	issuer_sign(i, "parvis/1 bundle", bytes, sizeof(bytes), signature);
	assert_true(issuer_verify(key, "parvis/1 bundle", bytes, sizeof(bytes), signature));
	assert_false(issuer_verify(key, "parvis/1 bundlf", bytes, sizeof(bytes), signature));
	assert_false(issuer_verify(key, "parvis/1 bundl", bytes, sizeof(bytes), signature));
	assert_false(issuer_verify(key, "parvis/1 bundle", bytes, sizeof(bytes) - 1, signature));
	memcpy(copy, bytes, sizeof(bytes));
	for (size_t bit = 0; bit < 8 * sizeof(copy); bit++) {
		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
		assert_false(issuer_verify(key, "parvis/1 bundle", copy, sizeof(copy), signature));
		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * sizeof(signature); bit++) {
		signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(
			issuer_verify(key, "parvis/1 bundle", bytes, sizeof(bytes), signature));
		signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	sign_public_key(
		"0000000000000000000000000000000000000000000000000000000000000001", other_key);
	assert_false(issuer_verify(other_key, "parvis/1 bundle", bytes, sizeof(bytes), signature));
	issuer_sign(i, "x", NULL, 0, signature);
	assert_true(issuer_verify(key, "x", "", 0, signature));
	issuer_close(i);
}

/* As the header writes it down, so that others can make and check such signatures. */
static void the_signed_message_is_as_documented(void **state)
{
	static const char domain[] = "parvis/1 test";
	uint8_t key[32], a[64], b[64], message[1 + sizeof(domain) + 64] = { 0 };
	struct issuer *i = demo_issuer();
	(void)state;
	issuer_public(i, key);
	memcpy(message + 1, domain, sizeof(domain));
	crypto_generichash(message + 1 + sizeof(domain), 64, (const uint8_t *)"abc", 3, NULL, 0);
	issuer_sign(i, domain, "abc", 3, a);
	assert_int_equal(crypto_sign_verify_detached(a, message, sizeof(message), key), 0);
	issuer_sign_digest(i, domain, message + 1 + sizeof(domain), b);
	assert_memory_equal(a, b, sizeof(a));
	assert_true(issuer_verify_digest(key, domain, message + 1 + sizeof(domain), a));
	message[sizeof(message) - 1] ^= 1;
	assert_false(issuer_verify_digest(key, domain, message + 1 + sizeof(domain), a));
	issuer_close(i);
}

/* Whoever gets a file of their choice signed must not come away with a ticket. */
static void no_other_signature_makes_a_ticket(void **state)
{
	static const char domain[] = "x";
	uint8_t keys[1][32], message[1 + sizeof(domain) + 64] = { 0 }, bytes[512] = { 1 };
	char text[SIGN_TEXT_SIZE];
	struct sig1_payload out;
	struct issuer *i = demo_issuer();
	(void)state;
	issuer_public(i, keys[0]);
	memcpy(message + 1, domain, sizeof(domain));
	crypto_generichash(message + 1 + sizeof(domain), 64, (const uint8_t *)"abc", 3, NULL, 0);
	bytes[2] = sizeof(message);
	bytes[4] = 64;
	memcpy(bytes + 5, message, sizeof(message));
	issuer_sign(i, domain, "abc", 3, bytes + 5 + sizeof(message));
	size_t len = sign_text(text, bytes, 5 + sizeof(message) + 64);
	assert_int_equal(sig1_read((const uint8_t(*)[32])keys, 1, text, len, &out), SIG1_MALFORMED);
	issuer_close(i);
}

static int set_up(void **state)
{
	static unsigned count;
	(void)state;
	tellings = 0;
	told[0] = '\0';
	snprintf(dir, sizeof(dir), "%s/%u", root, count++);
	return mkdir(dir, 0755);
}

static int make_root(void **state)
{
	const char *tmp = getenv("TMPDIR");
	(void)state;
	snprintf(root, sizeof(root), "%s/parvis-issuer-XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(root) && sodium_init() >= 0 ? 0 : -1;
}

static int remove_root(void **state)
{
	char command[300];
	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_derived_depends_on_key_use_and_bytes),
		cmocka_unit_test_setup(a_new_key_is_its_owners_alone, set_up),
		cmocka_unit_test_setup(whatever_the_umask, set_up),
		cmocka_unit_test_setup(two_keys_differ, set_up),
		cmocka_unit_test_setup(a_key_is_never_overwritten, set_up),
		cmocka_unit_test_setup(a_dangling_link_is_not_followed, set_up),
		cmocka_unit_test_setup(of_two_at_once_one_wins, set_up),
		cmocka_unit_test_setup(only_a_key_is_a_key, set_up),
		cmocka_unit_test_setup(a_key_that_others_could_read_is_refused, set_up),
		cmocka_unit_test_setup(a_directory_that_others_could_enter_is_refused, set_up),
		cmocka_unit_test_setup(what_is_no_file_is_refused, set_up),
		cmocka_unit_test_setup(a_hostile_folder_name_is_escaped, set_up),
		cmocka_unit_test(a_signature_holds_for_its_bytes_and_use_alone),
		cmocka_unit_test(the_signed_message_is_as_documented),
		cmocka_unit_test(no_other_signature_makes_a_ticket),
	};
	return cmocka_run_group_tests(tests, make_root, remove_root);
}
