/* Photographs of codes that lie beside the project and never in it: how many are read, and that
 * nothing is read wrong or where there is nothing. Skips where they are not there. */
#include "port/picture.h"
#include "scan/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define FOLDER "../shared/testdata/qr"
#define WANTED 126 /* of the photographs in photos/ */

struct score {
	unsigned pictures, good, wrong, unwanted;
};

/* \n, \r and \\ in place. */
static void unescape(char *text)
{
	char *to = text;
	for (const char *from = text; *from; from++) {
		if (*from != '\\' || !from[1]) {
			*to++ = *from;
			continue;
		}
		from++;
		*to++ = *from == 'n' ? '\n' : *from == 'r' ? '\r' : *from;
	}
	*to = '\0';
}

static void look(struct reader *r, const char *file, const char *wanted, struct score *s)
{
	static struct decoded found;
	char path[sizeof(FOLDER) + 8192];
	struct picture p;
	snprintf(path, sizeof(path), FOLDER "/%s", file);
	assert_int_equal(picture_load(&p, path), 0);
	struct luma frame = { p.pixels, p.width, p.height, p.width };
	assert_int_equal(reader_look(r, &frame, EFFORT_STILL, &found), 0);
	picture_free(&p);
	s->pictures++;
	if (!found.found)
		return;
	bool same = found.len == strlen(wanted) && !memcmp(found.text, wanted, found.len);
	if (!*wanted)
		s->unwanted++;
	else if (same)
		s->good++;
	else
		s->wrong++;
	if (!same)
		print_message("# %s: another text than expected\n", file);
}

static struct score look_at_all(const char *folder)
{
	struct score s = { 0 };
	struct reader *r = NULL;
	char line[8192];
	AUTO_FILE list = fopen(FOLDER "/manifest.tsv", "re");
	assert_non_null(list);
	assert_int_equal(reader_open(&r, NULL), 0);
	while (fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		char *wanted = strchr(line, '\t');
		if (strncmp(line, folder, strlen(folder)) || !wanted)
			continue;
		*wanted++ = '\0';
		wanted[strcspn(wanted, "\t")] = '\0';
		unescape(wanted);
		look(r, line, wanted, &s);
	}
	assert_int_equal(reader_replacements(r), 0);
	reader_close(r);
	print_message("# %s: %u pictures, %u read, %u wrong, %u where there is nothing\n", folder,
		s.pictures, s.good, s.wrong, s.unwanted);
	return s;
}

static bool is_there(void)
{
	const char *why = access(FOLDER "/manifest.tsv", R_OK) ? FOLDER " is not there"
			  : getenv("PARVIS_SHORT")             ? "too slow under a sanitizer"
							       : NULL;
	if (why)
		print_message("# skipped: %s\n", why);
	return !why;
}

static void photographs_are_read(void **state)
{
	(void)state;
	if (!is_there())
		skip();
	struct score s = look_at_all("photos/");
	assert_int_equal(s.wrong, 0);
	assert_true(s.good >= WANTED);
}

static void nothing_is_read_where_nothing_is(void **state)
{
	(void)state;
	if (!is_there())
		skip();
	assert_int_equal(look_at_all("empty/").unwanted, 0);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], READER_WORKER_ARGUMENT))
		return reader_worker_main(argc, argv);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(photographs_are_read),
		cmocka_unit_test(nothing_is_read_where_nothing_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
