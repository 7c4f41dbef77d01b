#include "event/roster_csv.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct event *event;

/* What came of one file: good rows as `line:code|name|type|venue`, problems as told. */
struct outcome {
	char rows[65536], problems[65536];
	size_t rows_used, problems_used, fatal, notes;
	int stop_at; /* 1 = at the first row; 0 = never */
	int row_count;
	uint64_t progress_calls, progress_last;
	struct roster_csv_report report;
};

static struct outcome o;

static void note_problem(void *context, bool fatal, const char *text)
{
	(void)context;
	*(fatal ? &o.fatal : &o.notes) += 1;
	if (o.problems_used + strlen(text) + 2 < sizeof(o.problems))
		o.problems_used += (size_t)snprintf(o.problems + o.problems_used,
			sizeof(o.problems) - o.problems_used, "%s\n", text);
}

static int note_row(void *context, const struct roster_entry *entry)
{
	(void)context;
	assert_true(entry->code_len >= 1 && entry->code_len <= CODE_MAX);
	assert_int_equal(strlen(entry->code), entry->code_len);
	assert_true(text_is_utf8(entry->name, strlen(entry->name)));
	if (o.rows_used + 1024 < sizeof(o.rows))
		o.rows_used += (size_t)snprintf(o.rows + o.rows_used, sizeof(o.rows) - o.rows_used,
			"%d:%.300s|%s|%s|%s\n", (int)entry->line, entry->code, entry->name,
			entry->type, entry->revoked ? "-" : entry->venue);
	return ++o.row_count == o.stop_at ? -ENOSPC : 0;
}

static void note_progress(void *context, uint64_t bytes)
{
	(void)context;
	assert_true(bytes > o.progress_last);
	o.progress_calls++;
	o.progress_last = bytes;
}

static int read_stream(FILE *in)
{
	return roster_csv_read(in, "r.csv", event, NULL, note_row, NULL, note_problem, NULL,
		note_progress, NULL, &o.report);
}

static int read_bytes(const char *text, size_t len)
{
	FILE *in = tmpfile();
	assert_non_null(in);
	assert_int_equal(fwrite(text, 1, len, in), len);
	rewind(in);
	memset(&o, 0, sizeof(o));
	int result = read_stream(in);
	fclose(in);
	return result;
}

static void assert_rows(const char *text, size_t len, const char *rows)
{
	int result = read_bytes(text, len);
	if (result)
		print_message("# %s", o.problems);
	assert_int_equal(result, 0);
	assert_string_equal(o.rows, rows);
	assert_int_equal(o.report.rows, o.row_count);
	assert_int_equal(o.report.rejected, 0);
}

static void assert_refused(const char *text, size_t len, const char *problem)
{
	assert_int_equal(read_bytes(text, len), -EINVAL);
	if (!strstr(o.problems, problem))
		fail_msg("not told: %s\ntold:\n%s", problem, o.problems);
	assert_true(o.fatal > 0);
}

#define BYTES(s) s, sizeof(s) - 1

static void good_files_are_read(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *rows;
	} cases[] = {
		{ BYTES("code\n"), "" },
		{ BYTES("code"), "" },
		{ BYTES("code\nA1\n"), "2:A1|||\n" },
		{ BYTES("code\nA1"), "2:A1|||\n" },
		{ BYTES("code\r\nA1\r\nA2"), "2:A1|||\n3:A2|||\n" },
		{ BYTES("code\rA1\rA2\r"), "2:A1|||\n3:A2|||\n" },
		{ BYTES("\xef\xbb\xbf"
			"code,name\nA,Zo\xc3\xab\n"),
			"2:A|Zo\xc3\xab||\n" },
		{ BYTES("\xef\xbb\xbf\"code\",name\nA,b\n"), "2:A|b||\n" },
		{ BYTES("CODE;Name;TYPE;vEnUe\nA;b;c;left\n"), "2:A|b|c|left\n" },
		{ BYTES("venue\ttype\tname\tcode\nright\tc\tb\tA\n"), "2:A|b|c|right\n" },
		{ BYTES("code;name\nA;\"x; y, z\"\n"), "2:A|x; y, z||\n" },
		{ BYTES("\"a;b;c\",code\nx,A\n"),
			"2:A|||\n" }, /* separators in quotes do not count */
		{ BYTES("code,name\nA,\"say \"\"hi\"\"\"\n"), "2:A|say \"hi\"||\n" },
		{ BYTES("code,name\nA\nB,\n"), "2:A|||\n3:B|||\n" },
		{ BYTES("code,venue\nA,LEFT\n"), "2:A|||left\n" },
		{ BYTES("code,name\nA,caf\xe9 \x80\n"), "2:A|caf\xc3\xa9 \xe2\x82\xac||\n" },
		{ BYTES("code,nom,pr\xe9nom\nA,b,c\n"), "2:A|b c||\n" },
		{ BYTES("code,name\nA,Zoe\xcc\x88\n"), "2:A|Zo\xc3\xab||\n" },
		{ BYTES("code,name\nA,\xc2\xa0x\xc2\xa0\xc2\xa0y\xc2\xa0\n"), "2:A|x y||\n" },
		{ BYTES("code,status\nA,Annul\xc3\xa9\nB,Valid\xc3\xa9\nC,?\n,pending\n"),
			"2:A|||-\n3:B|||\n4:C|||\n" },
		{ BYTES("code , name\n A , b c \n"), "2:A|b c||\n" },
		{ BYTES("\n\ncode\n\n\nA\n\n"), "6:A|||\n" },
		{ BYTES("\r\n\r\ncode\r\n\r\nA\r\n"), "5:A|||\n" },
		{ BYTES("code,name,type\n,,\n,,\nA,,\n ,,\n"), "4:A|||\n" },
		{ BYTES("code,name\nA,\"x\ny\nz\"\nB,b\n"), "2:A|x y z||\n5:B|b||\n" },
		{ BYTES("code,name\r\nA,\"x\r\ny\"\r\nB,b\r\n"), "2:A|x y||\n4:B|b||\n" },
		{ BYTES("name,code\n\"x\ny\",A\nb,B\n"), "2:A|x y||\n4:B|b||\n" },
		{ BYTES("code\n0001\n1E5\n12E+15\n1.5E+7\n007\n"),
			"2:0001|||\n3:1E5|||\n4:12E+15|||\n5:1.5E+7|||\n6:007|||\n" },
		{ BYTES("code\n'; DROP TABLE roster; --\n"), "2:'; DROP TABLE roster; --|||\n" },
		{ BYTES("code\nhttps://lu.ma/check-in/evt-1?pk=g-2\n"),
			"2:https://lu.ma/check-in/evt-1?pk=g-2|||\n" },
		/* Hidden characters leave a name; the joiners that scripts need stay. */
		{ BYTES("code,name\nA,\xe2\x80\xae"
			"evil\x1b[2J\n"),
			"2:A|evil[2J||\n" },
		{ BYTES("code,name\nA,\xd9\x86\xe2\x80\x8c\xd8\xa2\n"),
			"2:A|\xd9\x86\xe2\x80\x8c\xd8\xa2||\n" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("# case %zu\n", i);
		assert_rows(cases[i].text, cases[i].len, cases[i].rows);
		assert_int_equal(o.notes, strstr(cases[i].text, "a;b;c") != NULL);
	}
}

static void bad_files_are_refused_with_the_line(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *told;
	} cases[] = {
		{ BYTES(""), "r.csv:1: the file is empty" },
		{ BYTES("\xef\xbb\xbf"), "r.csv:1: the file is empty" },
		{ BYTES("\n\n"), "r.csv:1: the file is empty" },
		{ BYTES("name,venue\nx,left\n"), "r.csv:1: the heading has no column \"code\"" },
		{ BYTES("\n\nA1\n"), "r.csv:3: the heading has no column \"code\"" },
		{ BYTES("code,name,Code\nA,b,C\n"), "r.csv:1: the column Code is there twice" },
		{ BYTES("code,name\n,Ada\n"), "r.csv:2: no code: every registration needs one" },
		{ BYTES("code,name\nA,b\nB"),
			"r.csv:3: the file ends within this row, after 1 of 2" },
		{ BYTES("Public ID,First Name,Product Name\nA,b\n"), "r.csv:2: 2 cells where the" },
		{ BYTES("Public,First Name,Product Name,Status,Event ID\nA,b,c,,\n"),
			"r.csv:1: an export of hievents, but there is no column Public ID" },
		{ BYTES("code,venue\nA,elsewhere\n"),
			"r.csv:2: \"elsewhere\" is no venue of the event: there are left, right" },
		{ BYTES("code\n1.23E+15\n"), "r.csv:2: a spreadsheet has shortened the code" },
		{ BYTES("code;name\n1,23E+15;x\n"), "r.csv:2: a spreadsheet has shortened" },
		{ BYTES("code\n1e+08\n"), "r.csv:2: a spreadsheet has shortened" },
		{ BYTES("code,name\nA,b\nB,c,d\n"), "r.csv:3: 3 cells where the heading has 2" },
		{ BYTES("code,name\nB,c,\n"), "r.csv:2: 3 cells where the heading has 2" },
		{ BYTES("code,name\nA,b\xc3\xa9\nB,caf\xe9\n"),
			"r.csv:3: not UTF-8: export the file again" },
		{ BYTES("\xef\xbb\xbf"
			"code\n\xed\xa0\x80\n"),
			"r.csv:2: not UTF-8" },
		{ BYTES("code,name\nA,\"x\ny\xc3\xa9\"\nB,\xff\n"), "r.csv:4: not UTF-8" },
		{ BYTES("code,name\nA,b\nB,\x81\n"), "r.csv:3: neither UTF-8 nor CP1252" },
		{ BYTES("code\nA\0B\n"), "r.csv:2: a NUL byte in a cell" },
		{ BYTES("code,name\nA,\0\n"), "r.csv:2: a NUL byte in a cell" },
		{ BYTES("\xff\xfe"
			"c\0o\0d\0e\0"),
			"r.csv:1: UTF-16: export the file again" },
		{ BYTES("\xfe\xff\0c\0o\0d\0e"), "r.csv:1: UTF-16" },
		{ BYTES("PK\x03\x04\x14\0"), "r.csv:1: a spreadsheet, not CSV" },
		{ BYTES("code\nA\xe2\x80\x8b\n"),
			"r.csv:2: the code holds the invisible or control "
			"character U+200B: remove it" },
		{ BYTES("code\n\"A\nB\"\n"), "character U+000A: remove it" },
		{ BYTES("code,name\nA,b\nB,\"open\nC,d\n"),
			"r.csv:3: a quote that opens here is never" },
		{ BYTES("code,name\nA,\"x\ny\",\"open\nmore"), "r.csv:3: a quote that opens here" },
		{ BYTES("code,name\n\"open\n\n\n"),
			"r.csv:2: a quote that opens here is never closed" },
		{ BYTES("\"code,name\nA,b\n"), "r.csv:1: a quote that opens here is never closed" },
		{ BYTES("code,name\nA,b\"c\nB,d\n"), "r.csv:2: a quote where none can stand" },
		{ BYTES("code,name\nA,\"b\"c\nB,d\n"), "r.csv:2: a quote where none can stand" },
		{ BYTES("code,name\nA,\"x\ny\nz\"w\n"), "r.csv:4: a quote where none can stand" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("# case %zu\n", i);
		assert_refused(cases[i].text, cases[i].len, cases[i].told);
	}
}

static void all_bad_rows_are_told(void **state)
{
	(void)state;
	assert_refused(
		BYTES("code,venue\nA,nowhere\n,left\nB,left\nB\xc3\xa9,,\nC,\xff\n"), "r.csv:2: ");
	assert_non_null(strstr(o.problems, "r.csv:3: no code"));
	assert_non_null(strstr(o.problems, "r.csv:5: 3 cells"));
	assert_non_null(strstr(o.problems, "r.csv:6: not UTF-8"));
	assert_int_equal(o.report.rejected, 4);
	assert_int_equal(o.report.rows, 1);
}

static void an_unknown_column_is_noted(void **state)
{
	(void)state;
	assert_rows(BYTES("code,shoe-size\nA,a@example.org\n"), "2:A|||\n");
	assert_int_equal(o.notes, 1);
	assert_non_null(strstr(o.problems, "r.csv:1: the column \"shoe-size\" is not taken"));
	assert_null(strstr(o.problems, "example.org"));
}

static void problems_are_safe_on_a_terminal(void **state)
{
	(void)state;
	assert_refused(BYTES("code,venue,\x1b]0;x\x07\nA,\x1b[2J\xe2\x80\xae\n"), "is no venue");
	for (const char *p = o.problems; *p; p++)
		assert_true(*p == '\n' || (unsigned char)*p >= 0x20);
	assert_null(strstr(o.problems, "\xe2\x80\xae"));
}

/* No code and no name in problems: they end up in terminals' histories and in mails for help. */
static void problems_do_not_repeat_guests(void **state)
{
	(void)state;
	assert_refused(BYTES("code,name,venue\nSECRET1,Ada Lovelace,nowhere\nSECRET2,x\n"
			     "SECRET2,y\nSECRET3,z,,\n4.56E+12,w\n"),
		"r.csv:2");
	assert_null(strstr(o.problems, "SECRET"));
	assert_null(strstr(o.problems, "Ada"));
	assert_null(strstr(o.problems, "4.56"));
}

static char *big;
#define BIG (1 << 20)

static size_t build(const char *head, char fill, size_t n, const char *tail)
{
	size_t len = strlen(head);
	memcpy(big, head, len);
	memset(big + len, fill, n);
	memcpy(big + len + n, tail, strlen(tail));
	return len + n + strlen(tail);
}

static void cells_and_codes_have_limits(void **state)
{
	(void)state;
	assert_int_equal(read_bytes(big, build("code\n", 'x', CODE_MAX, "\n")), 0);
	assert_int_equal(o.row_count, 1);
	assert_refused(
		big, build("code\n", 'x', CODE_MAX + 1, "\n"), "r.csv:2: the code is longer");
	assert_int_equal(read_bytes(big, build("code,name\nA,", 'x', ROSTER_CELL_MAX, "\n")), 0);
	assert_refused(big, build("code,name\nA,", 'x', ROSTER_CELL_MAX + 1, "\nB,c\n"),
		"r.csv:2: a cell longer than 4096 bytes");
	assert_int_equal(o.report.rows, 1);
	assert_refused(big, build("code,name\nA,\"", '\n', ROSTER_CELL_MAX + 1, "\"\nA,c\n"),
		"r.csv:2: a cell longer than 4096 bytes");
}

static void an_endless_cell_is_not_collected(void **state)
{
	(void)state;
	assert_refused(big, build("code,name\nA,", 'x', BIG, ""),
		"r.csv:2: a cell longer than 4096 bytes begins here");
	assert_refused(big, build("code,name\nA,b\nB,\"", 'x', BIG, ""),
		"r.csv:3: a cell longer than 4096 bytes begins here: is its quote closed?");
	assert_refused(big, build("code,name\nA,\"", '\n', BIG, ""),
		"r.csv:2: a cell longer than 4096 bytes begins here");
}

static void many_cells_on_a_line_are_fine_or_refused(void **state)
{
	(void)state;
	assert_refused(big, build("code", ',', BIG, "\n"), "r.csv:1: more than 256 columns");
	assert_refused(big, build("code\nA", ',', BIG, "\nB\n"), "r.csv:2: 1048577 cells");
	assert_int_equal(o.report.rows, 1);
	/* Separators alone are no registration, however wide the line. */
	assert_rows(big, build("code,name", '\n', 10000, "A,b"), "10001:A|b||\n");
}

static void a_long_line_of_small_cells_keeps_its_number(void **state)
{
	size_t n = (size_t)sprintf(big, "code");
	(void)state;
	for (int i = 0; i < 250; i++)
		n += (size_t)sprintf(big + n, ",x%d", i);
	n += (size_t)sprintf(big + n, "\nA");
	for (int i = 0; i < 250; i++)
		n += (size_t)sprintf(big + n, ",%0100d", i);
	n += (size_t)sprintf(big + n, "\nB\n");
	assert_rows(big, n, "2:A|||\n3:B|||\n");
	assert_int_equal(o.notes, 250);
}

static void names_are_cut_at_a_character(void **state)
{
	(void)state;
	size_t n = (size_t)sprintf(big, "code,name,type\nA,");
	for (int i = 0; i < 40; i++)
		n += (size_t)sprintf(big + n, "\xe5\xbc\xa0"); /* three bytes each: 21 fit in 63 */
	n += (size_t)sprintf(big + n, ",");
	for (int i = 0; i < 40; i++)
		n += (size_t)sprintf(big + n, "\xc3\xa9");
	assert_int_equal(read_bytes(big, n), 0);
	const char *name = strchr(o.rows, '|') + 1, *type = strchr(name, '|') + 1;
	assert_int_equal(strchr(name, '|') - name, 63);
	assert_int_equal(strchr(type, '|') - type, 62);
}

static void the_caller_can_stop(void **state)
{
	FILE *in = tmpfile();
	(void)state;
	assert_non_null(in);
	assert_true(fputs("code\nA\nB\nC\n", in) >= 0);
	rewind(in);
	memset(&o, 0, sizeof(o));
	o.stop_at = 2;
	assert_int_equal(read_stream(in), -ENOSPC);
	assert_int_equal(o.row_count, 2);
	assert_int_equal(o.fatal, 0);
	fclose(in);
}

static void a_read_error_is_no_end_of_file(void **state)
{
	FILE *in = fopen("/proc/self/mem", "r"); /* reading address 0 fails with EIO */
	(void)state;
	if (!in) {
		print_message("# skipped: no /proc\n");
		skip();
	}
	memset(&o, 0, sizeof(o));
	assert_int_equal(read_stream(in), -EIO);
	fclose(in);
}

/* Whatever the block size cuts apart is put together again, and the figures add up. */
static void a_large_file_is_read_with_progress(void **state)
{
	FILE *in = tmpfile();
	(void)state;
	assert_non_null(in);
	fputs("code;name;venue\r\n", in);
	for (int i = 0; i < 200000; i++)
		fprintf(in, "K%07d;\"Na\r\nme \"\"%d\"\"\";%s\r\n", i, i, i % 3 ? "left" : "");
	fputs("K0000123;again;;\r\n", in);
	rewind(in);
	memset(&o, 0, sizeof(o));
	assert_int_equal(read_stream(in), -EINVAL);
	assert_int_equal(o.row_count, 200000);
	assert_int_equal(o.report.rows, 200000);
	assert_int_equal(o.report.rejected, 1);
	assert_int_equal(o.fatal, 1);
	assert_string_equal(o.problems,
		"r.csv:400002: 4 cells where the heading has 3: quote a cell "
		"that holds the separator\n");
	assert_in_range(o.progress_calls, 50, 100);
	fclose(in);
}

static int set_up(void **state)
{
	static const char text[] = "[event]\nid=e\ntitle=E\nopens=2016-12-08\ncloses=2016-12-09\n"
				   "timezone=UTC\n[venue left]\n[venue right]\n";
	(void)state;
	big = malloc(BIG + 256);
	return !big || event_parse(&event, "e.ini", text, strlen(text), note_problem, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	event_free(event);
	free(big);
	return 0;
}

/* Lines of a few cells with blanks about them; the same in quotes, without the blanks. */
static void write_alike(FILE *plain, FILE *quoted, unsigned *seed, char separator)
{
	static const char *const cells[] = { "", "A1", "B\xc3\xa9 C", "x  y", "left", ".\t." };
	static const char *const blanks[] = { "", "", " ", "  ", " \t" };
	static const char *const ends[] = { "\n", "\r\n", "\r", "\n\n" };
	const char *end = ends[(unsigned)rand_r(seed) % ARRAY_LEN(ends)];
	int count = rand_r(seed) % 5;
	for (int i = 0; i < count; i++) {
		const char *cell = cells[(unsigned)rand_r(seed) % ARRAY_LEN(cells)];
		for (int side = 0; side < 2; side++) {
			const char *blank = blanks[(unsigned)rand_r(seed) % ARRAY_LEN(blanks)];
			if (side == 0 && i > 0)
				fputc(separator, plain);
			fputs(separator == '\t' && *blank ? " " : blank, plain);
			if (side == 0)
				fputs(separator == '\t' && *cell == '.' ? "." : cell, plain);
		}
		fprintf(quoted, "%s\"%s\"", i ? (char[]){ separator, '\0' } : "",
			separator == '\t' && *cell == '.' ? "." : cell);
	}
	fputs(end, plain);
	fputs(end, quoted);
}

/* Lines without a quote are taken apart by ourselves, the others by libcsv. */
static void lines_without_quotes_are_read_as_libcsv_reads_them(void **state)
{
	static struct outcome plainly;
	(void)state;
	for (unsigned round = 0; round < 300; round++) {
		const char separator = ",;\t"[round % 3];
		unsigned seed = round;
		char *text[2] = { NULL };
		size_t size[2];
		FILE *out[2];
		for (int i = 0; i < 2; i++) {
			out[i] = open_memstream(&text[i], &size[i]);
			assert_non_null(out[i]);
			fprintf(out[i], "code%cname%ctype\n", separator, separator);
		}
		for (unsigned line = 0; line < 1 + round % 8; line++)
			write_alike(out[0], out[1], &seed, separator);
		fclose(out[0]);
		fclose(out[1]);
		int result = read_bytes(text[0], size[0]);
		plainly = o;
		assert_int_equal(read_bytes(text[1], size[1]), result);
		assert_string_equal(o.rows, plainly.rows);
		assert_string_equal(o.problems, plainly.problems);
		assert_int_equal(o.report.rejected, plainly.report.rejected);
		free(text[0]);
		free(text[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_files_are_read),
		cmocka_unit_test(bad_files_are_refused_with_the_line),
		cmocka_unit_test(all_bad_rows_are_told),
		cmocka_unit_test(an_unknown_column_is_noted),
		cmocka_unit_test(problems_are_safe_on_a_terminal),
		cmocka_unit_test(problems_do_not_repeat_guests),
		cmocka_unit_test(cells_and_codes_have_limits),
		cmocka_unit_test(an_endless_cell_is_not_collected),
		cmocka_unit_test(many_cells_on_a_line_are_fine_or_refused),
		cmocka_unit_test(a_long_line_of_small_cells_keeps_its_number),
		cmocka_unit_test(names_are_cut_at_a_character),
		cmocka_unit_test(the_caller_can_stop),
		cmocka_unit_test(a_read_error_is_no_end_of_file),
		cmocka_unit_test(a_large_file_is_read_with_progress),
		cmocka_unit_test(lines_without_quotes_are_read_as_libcsv_reads_them),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
