/* Names that are searched: what is the same name to a person, and the sealed index of them. */
#include "event/name_index.h"

#include "event/name_fold.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* --- folding -----------------------------------------------------------------------------------
 */

static void names_are_told_apart_by_letters_alone(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "  Zoë   Müller ", "zoe muller" },
		{ "JEAN-PIERRE d’Ormesson", "jean pierre d ormesson" },
		{ "Łukasz Żółć", "lukasz zolc" },
		{ "Zoe\xcc\x88", "zoe" },
		{ "Straße STRAẞE", "strasse strasse" },
		{ "Nguyễn Thị Ánh", "nguyen thi anh" },
		{ "Æsa Þór", "aesa thor" },
		{ "Ξένια ΆΝΝΑ Παύλος", "ξενια αννα παυλοσ" },
		{ "Алёна Йовић ЂУРО", "алена иовић ђуро" },
		{ "أَحْمَد", "احمد" },
		{ "فاطمة", "فاطمه" },
		{ "אַבְרָהָם", "אברהם" },
		{ "王小明", "王小明" },
		{ "a\xff"
		  "b",
			"a b" },
		{ "O'Brien, Seán (VIP)", "o brien sean vip" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char folded[TICKET_NAME_SIZE], again[TICKET_NAME_SIZE];
		name_fold(folded, cases[i][0]);
		assert_string_equal(folded, cases[i][1]);
		name_fold(again, folded);
		assert_string_equal(again, folded);
	}
}

/* Whatever the bytes: terminated, not longer than the text, and padded. */
static void a_fold_stays_within_its_room(void **state)
{
	char text[200], folded[TICKET_NAME_SIZE];
	uint32_t seed = 7;
	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t n = (seed >> 8) % (sizeof(text) - 1);
		for (size_t i = 0; i < n; i++) {
			seed = seed * 1664525U + 1013904223U;
			text[i] = (char)(seed >> 24 ? seed >> 24 : 1);
		}
		text[n] = '\0';
		memset(folded, 'x', sizeof(folded));
		name_fold(folded, text);
		size_t used = strlen(folded);
		assert_true(used < sizeof(folded) && used <= strlen(text));
		for (size_t i = used; i < sizeof(folded); i++)
			assert_int_equal(folded[i], 0);
		seed = seed * 1664525U + 1013904223U;
	}
	memset(text, 'a', 100);
	text[100] = '\0';
	memcpy(text + 62, "\xc3\xa9", 2);
	name_fold(folded, text);
	assert_int_equal(strlen(folded), TICKET_NAME_SIZE - 1);
}

static void beginnings_of_words_are_found(void **state)
{
	static const struct {
		const char *name, *wanted;
		bool has;
	} cases[] = {
		{ "marie curie", "mar", true },
		{ "marie curie", "cur mar", true },
		{ "marie curie", "urie", false },
		{ "marie curie", "marie x", false },
		{ "marie curie", "mariec", false },
		{ "marie", "", true },
		{ "", "a", false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(name_fold_has(cases[i].name, cases[i].wanted), cases[i].has);
	assert_int_equal(name_fold_letters("ab é"), 3);
}

/* --- the index ---------------------------------------------------------------------------------
 */

#define PIN "482913"

struct bench {
	char dir[64], path[96];
	struct name_row rows[12];
};

static struct name_row a_row(uint8_t number, const char *name)
{
	struct name_row r = { .ticket = { .kind = TICKET_SIGNED,
				      .venue = "numa",
				      .revoked = number == 3,
				      .valid_from_s = -5,
				      .valid_until_s = INT64_MAX },
		.type = "Pass jeune" };
	r.ticket.hash[0] = number;
	strcpy(r.ticket.name, name);
	return r;
}

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	if (!b)
		return -1;
	strcpy(b->dir, "/tmp/parvis-names-XXXXXX");
	if (!mkdtemp(b->dir))
		return -1;
	snprintf(b->path, sizeof(b->path), "%s/%s", b->dir, NAME_INDEX_FILE);
	b->rows[0] = a_row(0, "Zoë Müller");
	b->rows[1] = a_row(1, "Amina Diallo");
	b->rows[2] = a_row(2, "Παύλος Μάνος");
	b->rows[3] = a_row(3, "amélie Diaz");
	for (uint8_t i = 4; i < 12; i++)
		b->rows[i] = a_row(i, "Jean Dubois");
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	unlink(b->path);
	rmdir(b->dir);
	free(b);
	return 0;
}

static void write_index(const struct bench *b, size_t count)
{
	int fd = open(b->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(name_index_write(fd, PIN, b->rows, count), 0);
	close(fd);
}

static void the_pin_opens_it_and_names_are_found(void **state)
{
	struct bench *b = *state;
	struct name_row found[8];
	struct name_index *index = NULL;
	write_index(b, ARRAY_LEN(b->rows));
	assert_int_equal(name_index_open(&index, b->dir, PIN), 0);
	assert_int_equal(name_index_find(index, "  AME", found, 8), 1);
	assert_string_equal(found[0].ticket.name, "amélie Diaz");
	assert_memory_equal(&found[0], &b->rows[3], sizeof(found[0]));
	assert_int_equal(name_index_find(index, "dia", found, 8), 2);
	assert_string_equal(found[0].ticket.name, "amélie Diaz");
	assert_string_equal(found[1].ticket.name, "Amina Diallo");
	assert_int_equal(name_index_find(index, "παυ", found, 8), 1);
	memset(found, 'x', sizeof(found));
	assert_int_equal(name_index_find(index, "jean du", found, 3), 8);
	assert_int_equal(found[3].type[0], 'x');
	assert_int_equal(name_index_find(index, "nobody", found, 8), 0);
	name_index_close(index);
	name_index_close(NULL);
}

static void nobody_leafs_through_everybody(void **state)
{
	struct bench *b = *state;
	struct name_row found[8];
	struct name_index *index = NULL;
	write_index(b, ARRAY_LEN(b->rows));
	assert_int_equal(name_index_open(&index, b->dir, PIN), 0);
	static const char *const few[] = { "", " ", "j", " j ", "-", "é", "\xcc\x81" };
	for (size_t i = 0; i < ARRAY_LEN(few); i++)
		assert_int_equal(name_index_find(index, few[i], found, 8), 0);
	assert_int_equal(name_index_find(index, "d j", found, 8), 8);
	name_index_close(index);
}

static void another_pin_does_not_open_it(void **state)
{
	struct bench *b = *state;
	struct name_index *index = NULL;
	assert_int_equal(name_index_open(&index, b->dir, PIN), -ENOENT);
	write_index(b, 2);
	assert_int_equal(name_index_open(&index, b->dir, "482914"), -EKEYREJECTED);
	assert_int_equal(name_index_open(&index, b->dir, ""), -EKEYREJECTED);
	assert_null(index);
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	assert_int_equal(name_index_write(fd, "12", b->rows, 2), -EINVAL);
	assert_int_equal(name_index_write(fd, PIN, b->rows, NAME_INDEX_MAX + 1), -EFBIG);
	close(fd);
	fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_int_equal(name_index_write(fd, PIN, b->rows, 2), -ENOSPC);
	close(fd);
}

static void nobody_at_all_can_be_indexed(void **state)
{
	struct bench *b = *state;
	struct name_row found[1];
	struct name_index *index = NULL;
	write_index(b, 0);
	assert_int_equal(name_index_open(&index, b->dir, PIN), 0);
	assert_int_equal(name_index_find(index, "jean", found, 1), 0);
	name_index_close(index);
}

/* One index after another of the same people shares nothing. */
static void no_name_and_no_key_can_be_seen(void **state)
{
	struct bench *b = *state;
	uint8_t first[8192], second[8192];
	write_index(b, ARRAY_LEN(b->rows));
	int fd = open(b->path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, first, sizeof(first));
	close(fd);
	assert_int_equal(n, 128 + 12 * 258 + 16);
	for (size_t i = 0; i < ARRAY_LEN(b->rows); i++)
		assert_null(memmem(first, (size_t)n, b->rows[i].ticket.name, 5));
	assert_null(memmem(first, (size_t)n, "Pass", 4));
	assert_null(memmem(first, (size_t)n, "muller", 6));
	write_index(b, ARRAY_LEN(b->rows));
	fd = open(b->path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, second, sizeof(second)), n);
	close(fd);
	size_t same = 0;
	for (size_t i = 16; i < (size_t)n; i++)
		same += first[i] == second[i];
	assert_true(same < 60); /* a 256th of them */
}

static void put_bytes(const struct bench *b, const uint8_t *bytes, size_t n)
{
	int fd = open(b->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	close(fd);
}

/* The head byte by byte, and some of the rows; every length. Those that ask for another Argon2id
 * are refused by their cost or give another key. */
static void what_was_altered_or_cut_is_refused(void **state)
{
	struct bench *b = *state;
	struct name_index *index = NULL;
	uint8_t whole[1024];
	write_index(b, 2);
	int fd = open(b->path, O_RDONLY | O_CLOEXEC);
	ssize_t got = read(fd, whole, sizeof(whole));
	close(fd);
	assert_true(got > 0);
	size_t n = (size_t)got;
	for (size_t i = 0; i < n; i += i < 16 ? 1 : i < 128 ? 8 : 97) {
		whole[i] ^= 1;
		put_bytes(b, whole, n);
		int error = name_index_open(&index, b->dir, PIN);
		assert_true(error == -EBADMSG || error == -EKEYREJECTED);
		whole[i] ^= 1;
	}
	memset(whole + 8, 0xff, 8); /* all the memory there is */
	put_bytes(b, whole, n);
	assert_int_equal(name_index_open(&index, b->dir, PIN), -EBADMSG);
	for (size_t cut = 0; cut < n; cut += 7) {
		put_bytes(b, whole, cut);
		assert_int_equal(name_index_open(&index, b->dir, PIN), -EBADMSG);
	}
	unlink(b->path);
	assert_int_equal(mkfifo(b->path, 0600), 0);
	assert_int_equal(name_index_open(&index, b->dir, PIN), -EBADMSG);
	assert_null(index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_told_apart_by_letters_alone),
		cmocka_unit_test(a_fold_stays_within_its_room),
		cmocka_unit_test(beginnings_of_words_are_found),
		cmocka_unit_test_setup_teardown(
			the_pin_opens_it_and_names_are_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_leafs_through_everybody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_pin_does_not_open_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_at_all_can_be_indexed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_name_and_no_key_can_be_seen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_was_altered_or_cut_is_refused, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
