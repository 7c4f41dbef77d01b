/* Lists of people to make tickets for: what is taken, what is refused and where. */
#include "event/names_csv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct heard {
	char rows[1024], problems[4096];
	unsigned row_count, problem_count;
	int give; /* what take gives */
};

static int take(void *context, const struct names_row *row)
{
	struct heard *h = context;
	size_t used = strlen(h->rows);
	snprintf(h->rows + used, sizeof(h->rows) - used, "%u:%s/%s/%s|", (unsigned)row->line,
		row->name, row->type, row->venue);
	h->row_count++;
	return h->give;
}

static void problem(void *context, bool fatal, const char *text)
{
	struct heard *h = context;
	size_t used = strlen(h->problems);
	assert_true(fatal);
	snprintf(h->problems + used, sizeof(h->problems) - used, "%s\n", text);
	h->problem_count++;
}

static int read_bytes(struct heard *h, const char *text, size_t len)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, len ? len : 1, "r");
	assert_non_null(in);
	if (!len)
		(void)getc(in);
	int result = names_csv_read(in, "people.csv", take, h, problem, h);
	fclose(in);
	return result;
}

static int read_text(struct heard *h, const char *text)
{
	return read_bytes(h, text, strlen(text));
}

static void takes_what_programs_write(void **state)
{
	(void)state;
	static const struct {
		const char *why, *text, *rows;
	} cases[] = {
		{ "the name alone", "name\nZoë\nAmina\n", "2:Zoë//|3:Amina//|" },
		{ "any order", "venue,name,type\nnuma,Zoë,Orga\n", "2:Zoë/Orga/numa|" },
		{ "semicolons, CRLF, a byte order mark",
			"\xef\xbb\xbf"
			"name;type\r\nZoë;1\r\n",
			"2:Zoë/1/|" },
		{ "tabs", "name\tvenue\nZoë\tnuma\n", "2:Zoë//numa|" },
		{ "capitals in the heading", "Name,VENUE\nZoë,numa\n", "2:Zoë//numa|" },
		{ "columns that are nobody's business", "mail,name\nz@example.org,Zoë\n",
			"2:Zoë//|" },
		{ "quotes", "name,type\n\"Diallo, \"\"Ami\"\"\",\n", "2:Diallo, \"Ami\"//|" },
		{ "lines within a cell", "name,type\n\"Zoë\nMüller\",1\nAmina,2\n",
			"2:Zoë\nMüller/1/|4:Amina/2/|" },
		{ "empty rows, and rows of separators", "name,type\n\n,\nZoë,1\n,,\n",
			"4:Zoë/1/|" },
		{ "a short row", "name,type,venue\nZoë\n", "2:Zoë//|" },
		{ "no line feed at the end", "name\nZoë", "2:Zoë//|" },
		{ "a heading alone", "name\n", "" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct heard h = { 0 };
		int result = read_text(&h, cases[i].text);
		if (result || strcmp(h.rows, cases[i].rows))
			fail_msg("%s: %d, %s%s", cases[i].why, result, h.rows, h.problems);
	}
}

static void says_what_is_wrong_and_where(void **state)
{
	(void)state;
	static const struct {
		const char *text, *problem;
	} cases[] = {
		{ "", "people.csv:1: the file is empty" },
		{ "who\nZoë\n", "people.csv:1: the heading has no column \"name\"" },
		{ "name,name\nZoë,Zoë\n", "people.csv:1: the column name is there twice" },
		{ "name,type\nZoë,1\n,2\n", "people.csv:3: no name" },
		{ "name\nZo\xeb"
		  "\n",
			"people.csv:2: not UTF-8" },
		{ "name\nZoë,1\n", "people.csv:2: more cells than the heading has" },
		{ "name\n\"Zoë\nAmina\n", "people.csv:2: a quote that opens here is never closed" },
		{ "name\nZo\"ë\n", "people.csv:2: a quote where none can stand" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct heard h = { 0 };
		int result = read_text(&h, cases[i].text);
		if (result != -EINVAL || !strstr(h.problems, cases[i].problem))
			fail_msg("%s: %d, %s", cases[i].text, result, h.problems);
		assert_null(strstr(h.problems, "Amina"));
	}
}

static void a_nul_is_no_name(void **state)
{
	(void)state;
	static const char text[] = "name\nZo\0e\n";
	struct heard h = { 0 };
	assert_int_equal(read_bytes(&h, text, sizeof(text) - 1), -EINVAL);
	assert_non_null(strstr(h.problems, "people.csv:2: not UTF-8"));
}

static void nothing_is_given_after_a_bad_row(void **state)
{
	(void)state;
	struct heard h = { 0 };
	assert_int_equal(read_text(&h, "name,type\nA,1\n,2\nB,1\n,3\nC,1\n"), -EINVAL);
	assert_string_equal(h.rows, "2:A/1/|");
	assert_int_equal(h.problem_count, 2);
}

static void a_cell_without_end_is_found_early(void **state)
{
	(void)state;
	size_t len = 1 << 20;
	char *text = malloc(len);
	assert_non_null(text);
	memset(text, 'x', len);
	memcpy(text, "name\n\"", 6);
	struct heard h = { 0 };
	assert_int_equal(read_bytes(&h, text, len), -EINVAL);
	assert_non_null(strstr(h.problems, "people.csv:2: a cell longer than 1024 bytes"));
	assert_int_equal(h.problem_count, 1);
	free(text);
}

static void a_long_name_is_refused(void **state)
{
	(void)state;
	char text[2000] = "name\n";
	memset(text + 5, 'x', NAMES_CELL_MAX + 1);
	strcpy(text + 5 + NAMES_CELL_MAX + 1, "\nZoë\n");
	struct heard h = { 0 };
	assert_int_equal(read_text(&h, text), -EINVAL);
	assert_non_null(strstr(h.problems, "people.csv:2: a cell longer than 1024 bytes"));
	text[5 + NAMES_CELL_MAX] = '\n';
	h = (struct heard){ 0 };
	assert_int_equal(read_text(&h, text), 0);
	assert_int_equal(h.row_count, 2);
}

static void what_take_gives_is_given(void **state)
{
	(void)state;
	struct heard h = { .give = -ECANCELED };
	assert_int_equal(read_text(&h, "name\nA\nB\n"), -ECANCELED);
	assert_int_equal(h.row_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_programs_write),
		cmocka_unit_test(says_what_is_wrong_and_where),
		cmocka_unit_test(a_nul_is_no_name),
		cmocka_unit_test(nothing_is_given_after_a_bad_row),
		cmocka_unit_test(a_cell_without_end_is_found_early),
		cmocka_unit_test(a_long_name_is_refused),
		cmocka_unit_test(what_take_gives_is_given),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
