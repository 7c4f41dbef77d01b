#include "base/flags.h"

#include "base/cc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define ARGUMENTS_MAX 16

/* What one command line gives. */
struct reading {
	const char *event, *store, *boxes[2];
	size_t box_count;
	bool json, came;
	int patience_s;
	char **rest;
	enum flags_end end;
	char told[2048]; /* on standard error */
};

static const char *take_patience(void *context, const char *value)
{
	int *out = context;
	if (strspn(value, "0123456789") != 1)
		return "a digit";
	*out = *value - '0';
	return NULL;
}

/* Standard error of what runs between the two goes into a file and from there into out. */
static int divert(FILE *into)
{
	fflush(stderr);
	int was = dup(STDERR_FILENO);
	assert_true(was >= 0 && dup2(fileno(into), STDERR_FILENO) >= 0);
	return was;
}

static void restore(int was, FILE *from, char *out, size_t capacity)
{
	fflush(stderr);
	assert_true(dup2(was, STDERR_FILENO) >= 0);
	close(was);
	rewind(from);
	size_t n = fread(out, 1, capacity - 1, from);
	out[n] = '\0';
	assert_int_equal(strlen(out), n);
}

/* Reads the words of `line`, each ended by a blank; operands may be given or not. */
static void read_line(struct reading *r, const char *line, bool operands)
{
	static char words[512];
	static char *argv[ARGUMENTS_MAX + 2];
	const struct flag flags[] = {
		{ "event", .text = &r->event, .needed = "DIR" },
		{ "store", .text = &r->store },
		{ "box", .text = r->boxes, .count = &r->box_count, .most = ARRAY_LEN(r->boxes) },
		{ "json", .set = &r->json },
		{ "came", .set = &r->came },
		{ "patience", .take = take_patience, .context = &r->patience_s },
		{ 0 },
	};
	int argc = 0;
	assert_true(strlen(line) < sizeof(words));
	strcpy(words, line);
	argv[argc++] = words + strlen(words); /* a name, which is not looked at */
	for (char *at = words, *word; (word = strsep(&at, " "));) {
		assert_true(argc <= ARGUMENTS_MAX);
		if (*word)
			argv[argc++] = word;
	}
	argv[argc] = NULL;
	*r = (struct reading){ 0 };
	AUTO_FILE told = tmpfile();
	assert_non_null(told);
	int was = divert(told);
	r->end = flags_read("parvis test", flags, argc, argv, operands ? &r->rest : NULL);
	restore(was, told, r->told, sizeof(r->told));
}

static void is_text(const char *is, const char *should)
{
	if (!should)
		assert_null(is);
	else
		assert_string_equal(is, should);
}

static void test_taken(void **state)
{
	(void)state;
	static const struct {
		const char *line, *event, *store, *boxes[2];
		bool json, came;
		int patience_s;
		const char *rest[3];
	} cases[] = {
		{ "--event e", "e" },
		{ "--event=e", "e" },
		{ "--event e --event f", "f" },
		{ "--event --json", "--json" }, /* what follows is the value */
		{ "--event= --json", "", .json = true },
		{ "--ev e --st s --j", "e", "s", .json = true }, /* as far as it is one */
		{ "--event e --box a --box b", "e", .boxes = { "a", "b" } },
		{ "--event e --patience 7 --came", "e", .came = true, .patience_s = 7 },
		{ "a --event e b --json c", "e", .json = true, .rest = { "a", "b", "c" } },
		{ "--event e -- --json -h", "e", .rest = { "--json", "-h" } },
		{ "--event e -", "e", .rest = { "-" } },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct reading r;
		print_message("%s\n", cases[i].line);
		read_line(&r, cases[i].line, true);
		assert_string_equal(r.told, "");
		assert_int_equal(r.end, FLAGS_GO_ON);
		is_text(r.event, cases[i].event);
		is_text(r.store, cases[i].store);
		for (size_t b = 0; b < ARRAY_LEN(r.boxes); b++)
			is_text(r.boxes[b], cases[i].boxes[b]);
		assert_int_equal(r.box_count, !!r.boxes[0] + !!r.boxes[1]);
		assert_int_equal(r.json, cases[i].json);
		assert_int_equal(r.came, cases[i].came);
		assert_int_equal(r.patience_s, cases[i].patience_s);
		size_t n = 0;
		for (; n < ARRAY_LEN(cases[i].rest) && cases[i].rest[n]; n++)
			is_text(r.rest[n], cases[i].rest[n]);
		assert_null(r.rest[n]);
	}
}

static void test_help(void **state)
{
	(void)state;
	static const char *const lines[] = { "--help", "-h", "--he", "--json --help", "operand -h",
		"--help --nonsense" };
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct reading r;
		print_message("%s\n", lines[i]);
		read_line(&r, lines[i], false);
		assert_int_equal(r.end, FLAGS_HELP);
		assert_string_equal(r.told, "");
	}
}

#define TELLS(what) "parvis test: " what "\n"

static void test_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *line, *told;
	} cases[] = {
		{ "", TELLS("--event DIR is missing") },
		{ "--json", TELLS("--event DIR is missing") },
		{ "--event", TELLS("--event: its value is missing") },
		{ "--json --ev", TELLS("--event: its value is missing") },
		{ "--event e --json=1", TELLS("--json takes no value") },
		{ "--event e --help=1", TELLS("--help takes no value") },
		{ "--event e --colour red", TELLS("--colour: there is no such option") },
		{ "operand --colour --event e", TELLS("--colour: there is no such option") },
		{ "--event e --colour=s3cret", TELLS("--colour: there is no such option") },
		{ "--event e --Json", TELLS("--Json: there is no such option") },
		{ "--event e --jsonl", TELLS("--jsonl: there is no such option") },
		{ "--event e -j", TELLS("-j: there is no such option") },
		{ "-event e", TELLS("-e: there is no such option") },
		{ "-\xc3\xa9", TELLS("-\\xc3: there is no such option") },
		{ "--box a --box b --box c", TELLS("--box is given 2 times at most") },
		{ "--patience 12", TELLS("--patience takes a digit") },
		{ "--patience=", TELLS("--patience takes a digit") },
		{ "--event e operand", TELLS("it takes options only") },
		{ "--event e -- --json", TELLS("it takes options only") },
		/* Nothing of it acts on a terminal. */
		{ "--\033[31mred\007", TELLS("--\\x1b[31mred\\x07: there is no such option") },
		{ "--a\nb", TELLS("--a\\nb: there is no such option") },
		{ "--\xe2\x80\xae", TELLS("--\\u{202e}: there is no such option") },
		{ "--\xff=\033", TELLS("--\\xff: there is no such option") },
		{ "-\033", TELLS("-\\x1b: there is no such option") },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct reading r;
		read_line(&r, cases[i].line, false);
		assert_string_equal(r.told, cases[i].told);
		assert_int_equal(r.end, FLAGS_WRONG);
	}
}

/* Which beginnings are several, of a table where some are. */
static void test_ambiguous(void **state)
{
	(void)state;
	bool set[4] = { 0 };
	const struct flag flags[] = { { "host", .set = &set[0] }, { "hosts", .set = &set[1] },
		{ "email", .set = &set[2] }, { "email-stdin", .set = &set[3] }, { 0 } };
	static const struct {
		const char *argument, *told;
	} cases[] = {
		{ "--h", TELLS("--h can be --host --hosts --help") },
		{ "--ho=\033", TELLS("--ho can be --host --hosts") },
		{ "--host", "" }, /* in full it is itself */
		{ "--e", TELLS("--e can be --email --email-stdin") },
		{ "--email-", "" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char told[256], copy[32];
		char *argv[] = { copy + sizeof(copy) - 1, copy, NULL };
		memset(copy, 0, sizeof(copy));
		strcpy(copy, cases[i].argument);
		AUTO_FILE into = tmpfile();
		assert_non_null(into);
		int was = divert(into);
		enum flags_end end = flags_read("parvis test", flags, 2, argv, NULL);
		restore(was, into, told, sizeof(told));
		assert_string_equal(told, cases[i].told);
		assert_int_equal(end, *cases[i].told ? FLAGS_WRONG : FLAGS_GO_ON);
	}
	assert_true(set[0] && !set[1] && !set[2] && set[3]);
}

/* A name without end is cut, and the line stays one. */
static void test_long(void **state)
{
	(void)state;
	char line[400];
	struct reading r;
	memset(line, 'x', sizeof(line) - 1);
	line[0] = line[1] = '-';
	line[sizeof(line) - 1] = '\0';
	read_line(&r, line, false);
	assert_int_equal(r.end, FLAGS_WRONG);
	assert_true(strlen(r.told) < 200);
	assert_non_null(strstr(r.told, "x: there is no such option\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_ambiguous),
		cmocka_unit_test(test_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
