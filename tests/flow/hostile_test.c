/* Two hundred codes of a hostile guest at the whole kiosk: each gets a typed refusal, and no byte
 * of theirs is found where it could do anything: not in the log's files, not on a terminal. */
#include "app/kiosk.h"
#include "scan/reader.h"
#include "store/log.h"
#include "tests/fake/hostile.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[PATH_MAX];
static struct options options;
static enum verdict last;
static bool have_last;

static void note(void *context, const struct when *now, enum verdict verdict, enum source source,
	const struct row *row)
{
	(void)context, (void)now, (void)source;
	assert_non_null(row);
	last = verdict;
	have_last = true;
}

static bool has_raw(const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)data[i];
		if ((c < 0x20 && c != '\n') || c == 0x7f || c == 0x9b)
			return true;
	}
	return false;
}

static char *slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	char *data = malloc(64U << 20);
	assert_non_null(data);
	*len = fread(data, 1, 64U << 20, f);
	fclose(f);
	return data;
}

/* No file of the data directory holds a code, or 12 bytes from its middle. */
static void search_files(void)
{
	static char code[CODE_MAX];
	char data_dir[PATH_MAX + 8], path[PATH_MAX * 2];
	snprintf(data_dir, sizeof(data_dir), "%s/data", dir);
	DIR *d = opendir(data_dir);
	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		size_t len;
		snprintf(path, sizeof(path), "%s/%s", data_dir, e->d_name);
		char *data = slurp(path, &len);
		for (size_t i = 0; i < HOSTILE_CODES; i++) {
			size_t n = hostile_code(i, code);
			if (n < 12 || !memcmp(code, "PARVIS-TEST", 11))
				continue;
			const char *middle = code + (n - 12) / 2;
			bool flat = true; /* a run of one byte is found in any file */
			for (size_t b = 1; b < 12; b++)
				flat = flat && middle[b] == middle[0];
			if (!flat && memmem(data, len, middle, 12))
				fail_msg("code %zu is found in %s", i, e->d_name);
		}
		free(data);
	}
	closedir(d);
}

static void every_hostile_code_is_refused(void **state)
{
	(void)state;
	static char code[CODE_MAX];
	char words[PATH_MAX + 8];
	struct kiosk *k = NULL;
	snprintf(words, sizeof(words), "%s/words", dir);
	int kept = dup(STDERR_FILENO);
	int to = open(words, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	dup2(to, STDERR_FILENO);
	assert_int_equal(kiosk_open(&k, &options), 0);
	kiosk_on_verdict(k, note, NULL);
	for (size_t i = 0; i < HOSTILE_CODES; i++) {
		size_t n = hostile_code(i, code);
		have_last = false;
		kiosk_scan(k, code, n);
		assert_true(kiosk_settle(k));
		kiosk_draw(k);
		if (!have_last || !verdict_refuses(last)) {
			dup2(kept, STDERR_FILENO);
			fail_msg("code %zu: %s", i, have_last ? verdict_names[last] : "no verdict");
		}
	}
	struct headcount count = kiosk_desk(k)->screen.count;
	kiosk_close(k);
	dup2(kept, STDERR_FILENO);
	close(kept);
	close(to);
	assert_int_equal(headcount_present(&count), 0);
	assert_int_equal(count.refused, HOSTILE_CODES);
	size_t len;
	char *said = slurp(words, &len);
	assert_false(has_raw(said, len));
	free(said);
	search_files();
}

static void the_log_is_whole_after_them(void **state)
{
	(void)state;
	char data_dir[PATH_MAX + 8];
	struct log *l = NULL;
	struct log_verdict v;
	snprintf(data_dir, sizeof(data_dir), "%s/data", dir);
	assert_int_equal(log_open_reader(&l, data_dir), 0);
	assert_int_equal(log_verify(l, &v), 0);
	log_close(l);
	assert_true(v.good);
	assert_int_equal(v.rows, HOSTILE_CODES);
}

static int set_up(void **state)
{
	(void)state;
	const char *tmp = getenv("TMPDIR");
	snprintf(dir, sizeof(dir), "%.3000s/parvis-hostile-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return -1;
	options = (struct options){ .door = "main",
		.width = 800,
		.height = 480,
		.offscreen = true,
		.venue = "numa",
		.script = "-",
		.mute = true };
	snprintf(options.assets, sizeof(options.assets), "assets");
	snprintf(options.event, sizeof(options.event), "assets/demo");
	snprintf(options.data, sizeof(options.data), "%.4000s/data", dir);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	char command[PATH_MAX + 16];
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

int main(int argc, char **argv)
{
	/* The kiosk starts this same program again as its reading process. */
	if (argc > 1 && !strcmp(argv[1], READER_WORKER_ARGUMENT))
		return reader_worker_main(argc, argv);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_hostile_code_is_refused),
		cmocka_unit_test(the_log_is_whole_after_them),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
