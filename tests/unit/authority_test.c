/* The event's certificate authority: made once, its key kept, and nothing but names in
 * certificates.
 */
#include "event/authority.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW 1481140800123

static char dir[64], told[4096];

static void note(void *context, bool fatal, const char *text)
{
	(void)context, (void)fatal;
	snprintf(told, sizeof(told), "%s", text);
}

static char *path_of(const char *name)
{
	static char path[160];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/parvis-authority-XXXXXX");
	return mkdtemp(dir) && !mkdir(path_of("keys"), 0700) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(path_of(AUTHORITY_KEY_FILE));
	unlink(path_of(AUTHORITY_CERTIFICATE_FILE));
	return rmdir(path_of("keys")) || rmdir(dir);
}

static int open_it(struct authority **a, bool make)
{
	*told = '\0';
	return authority_open(a, dir, "nuit", make, NOW, note, NULL);
}

static void it_is_made_once(void **state)
{
	struct authority *a = NULL, *b = NULL;
	struct stat st;
	(void)state;
	assert_int_equal(open_it(&a, false), -ENOENT);
	assert_int_equal(open_it(&a, true), 0);
	assert_int_equal(stat(path_of(AUTHORITY_KEY_FILE), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(open_it(&b, true), 0);
	char *one = authority_certificate(a), *two = authority_certificate(b);
	assert_string_equal(one, two);
	free(one);
	free(two);
	authority_close(a);
	authority_close(b);
	authority_close(NULL);
}

static void put(const char *name, const char *text, mode_t mode)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* It never makes another in the place of one that is damaged: boxes depend on it. */
static void what_is_no_authority_is_refused(void **state)
{
	struct authority *a = NULL;
	char *certificate, *key;
	(void)state;
	assert_int_equal(open_it(&a, true), 0);
	const struct authority_subject who = {
		.common = "c", .organisation = "o", .serial = 1, .from_ms = NOW, .until_ms = NOW * 2
	};
	assert_int_equal(authority_issue(a, &who, &certificate, &key), 0);
	authority_close(a);
	assert_int_equal(chmod(path_of(AUTHORITY_KEY_FILE), 0640), 0);
	assert_int_equal(open_it(&a, true), -EACCES);
	assert_non_null(strstr(told, "chmod 600"));
	put(AUTHORITY_KEY_FILE, key, 0600);
	assert_int_equal(open_it(&a, true), -EINVAL); /* another's key */
	assert_null(strstr(told, key));
	put(AUTHORITY_KEY_FILE, "nonsense\n", 0600);
	assert_int_equal(open_it(&a, true), -EINVAL);
	put(AUTHORITY_KEY_FILE, key, 0600);
	assert_int_equal(unlink(path_of(AUTHORITY_CERTIFICATE_FILE)), 0);
	assert_int_equal(open_it(&a, true), -EINVAL);
	free(certificate);
	free(key);
}

/* Cut off after the certificate and before the key: nothing depends on it yet. */
static void a_certificate_alone_is_begun_anew(void **state)
{
	struct authority *a = NULL;
	(void)state;
	put(AUTHORITY_CERTIFICATE_FILE, "half", 0600);
	assert_int_equal(open_it(&a, true), 0);
	authority_close(a);
}

static void names_and_hosts_are_held_to_their_form(void **state)
{
	char long_name[66];
	memset(long_name, 'x', 65);
	long_name[65] = '\0';
	static const char *const bad_hosts[] = { "", "a b", "a,DNS:b", "-a", ".a", "a\nb", "*.a" };
	struct authority *a = NULL;
	char *certificate, *key;
	(void)state;
	assert_int_equal(open_it(&a, true), 0);
	struct authority_subject who = { .common = long_name,
		.organisation = "o",
		.serial = 1,
		.from_ms = NOW,
		.until_ms = NOW * 2 };
	assert_int_equal(authority_issue(a, &who, &certificate, &key), -EINVAL);
	who.common = "";
	assert_int_equal(authority_issue(a, &who, &certificate, &key), -EINVAL);
	who.common = "c";
	who.serial = 0;
	assert_int_equal(authority_issue(a, &who, &certificate, &key), -EINVAL);
	who.serial = 2;
	for (size_t i = 0; i < ARRAY_LEN(bad_hosts); i++) {
		who.hosts = &bad_hosts[i];
		who.host_count = 1;
		if (authority_issue(a, &who, &certificate, &key) != -EINVAL)
			fail_msg("%s", bad_hosts[i]);
	}
	static const char *const good[] = { "a.example", "192.0.2.1", "2001:db8::1" };
	who.hosts = good;
	who.host_count = ARRAY_LEN(good);
	assert_int_equal(authority_issue(a, &who, &certificate, &key), 0);
	explicit_bzero(key, strlen(key));
	free(key);
	free(certificate);
	authority_close(a);
}

static void the_list_of_those_shut_out_may_be_empty_or_long(void **state)
{
	static struct authority_revoked many[3000];
	struct authority *a = NULL;
	char *text, name[AUTHORITY_HASH_SIZE];
	(void)state;
	assert_int_equal(open_it(&a, true), 0);
	assert_int_equal(authority_revocations(a, NULL, 0, NOW, &text), 0);
	assert_non_null(strstr(text, "BEGIN X509 CRL"));
	free(text);
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = (struct authority_revoked){ i + 1, NOW };
	assert_int_equal(authority_revocations(a, many, ARRAY_LEN(many), NOW, &text), 0);
	free(text);
	authority_hash_name(a, name);
	assert_int_equal(strlen(name), 11);
	authority_close(a);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
	const struct CMUnitTest tests[] = {
		TEST(it_is_made_once),
		TEST(what_is_no_authority_is_refused),
		TEST(a_certificate_alone_is_begun_anew),
		TEST(names_and_hosts_are_held_to_their_form),
		TEST(the_list_of_those_shut_out_may_be_empty_or_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
