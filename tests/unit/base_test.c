#include "base/log.h"
#include "base/mailbox.h"
#include "base/text.h"
#include "base/when.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* --- text ------------------------------------------------------------------------------------- */

static void test_utf8(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t len, taken;
		uint32_t code_point;
	} cases[] = {
		{ "a", 1, 1, 'a' },
		{ "\0", 1, 1, 0 },
		{ "\xc3\xa9", 2, 2, 0xe9 },
		{ "\xe2\x82\xac", 3, 3, 0x20ac },
		{ "\xf0\x9f\x98\x80", 4, 4, 0x1f600 },
		{ "\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff },
		{ "\xed\x9f\xbf", 3, 3, 0xd7ff },
		{ "\xee\x80\x80", 3, 3, 0xe000 },
		{ "\xc3", 1, 0, 0 },             /* cut */
		{ "\xe2\x82", 2, 0, 0 },         /* cut */
		{ "\xf0\x9f\x98", 3, 0, 0 },     /* cut */
		{ "\xc0\x80", 2, 0, 0 },         /* overlong NUL */
		{ "\xc1\xbf", 2, 0, 0 },         /* overlong */
		{ "\xe0\x9f\xbf", 3, 0, 0 },     /* overlong */
		{ "\xf0\x8f\xbf\xbf", 4, 0, 0 }, /* overlong */
		{ "\xed\xa0\x80", 3, 0, 0 },     /* surrogate */
		{ "\xed\xbf\xbf", 3, 0, 0 },     /* surrogate */
		{ "\xf4\x90\x80\x80", 4, 0, 0 }, /* past the last */
		{ "\xf5\x80\x80\x80", 4, 0, 0 },
		{ "\x80", 1, 0, 0 },
		{ "\xbf", 1, 0, 0 },
		{ "\xff", 1, 0, 0 },
		{ "\xc3(", 2, 0, 0 },
		{ "\xe2\x82(", 3, 0, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint32_t c = 0;
		char *exact = malloc(cases[i].len); /* its own block, for the sanitizer */
		assert_non_null(exact);
		memcpy(exact, cases[i].bytes, cases[i].len);
		assert_int_equal(text_decode_utf8(exact, cases[i].len, &c), cases[i].taken);
		assert_int_equal(text_is_utf8(exact, cases[i].len), cases[i].taken == cases[i].len);
		if (cases[i].taken)
			assert_int_equal(c, cases[i].code_point);
		free(exact);
	}
	assert_true(text_is_utf8("", 0));
	assert_true(text_is_utf8("a\0\xc3\xa9", 4));
	assert_false(text_is_utf8("a\xc3", 2));
}

static void test_hazards(void **state)
{
	(void)state;
	static const uint32_t hazards[] = { 0, 7, '\n', 0x1b, 0x1f, 0x7f, 0x80, 0x9b, 0x9f, 0xad,
		0x061c, 0x200b, 0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2060,
		0x2066, 0x2069, 0xe000, 0xf8ff, 0xfdd0, 0xfdef, 0xfeff, 0xfff9, 0xfffe, 0xffff,
		0x1fffe, 0xe0001, 0xe007f, 0xf0000, 0x10ffff };
	static const uint32_t harmless[] = { ' ', '~', 0xa0, 0xe9, 0x0627, 0x0915, 0x2010, 0x2014,
		0x202f, 0x20ac, 0x4e2d, 0xfffd, 0x1f600 };
	for (size_t i = 0; i < ARRAY_LEN(hazards); i++)
		if (!text_is_hazard(hazards[i]))
			fail_msg("U+%04X may do harm", hazards[i]);
	for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
		if (text_is_hazard(harmless[i]))
			fail_msg("U+%04X is harmless", harmless[i]);
}

static void test_printable(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		size_t len, capacity;
		const char *out;
	} cases[] = {
		{ "caf\xc3\xa9 \\ \"x\"", 11, 64, "caf\xc3\xa9 \\ \"x\"" },
		{ "a\nb\tc\r", 6, 64, "a\\nb\\tc\\x0d" },
		{ "\x1b[31m", 5, 64, "\\x1b[31m" },
		{ "a\0b", 3, 64, "a\\x00b" },
		{ "\xe2\x80\xaetxt.exe", 10, 64, "\\u{202e}txt.exe" },
		{ "\xc2\x9b", 2, 64, "\\u{9b}" },
		{ "\xff\xc3(", 3, 64, "\\xff\\xc3(" },
		{ "abcdef", 6, 4, "abc" },
		{ "ab\xc3\xa9", 4, 4, "ab" }, /* not half a character */
		{ "ab\n", 3, 4, "ab" },       /* not half an escape */
		{ "ab\xe2\x80\xae", 5, 6, "ab" },
		{ "abc", 3, 1, "" },
		{ "", 0, 1, "" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char out[64];
		memset(out, '#', sizeof(out));
		size_t n = text_printable(out, cases[i].capacity, cases[i].in, cases[i].len);
		assert_string_equal(out, cases[i].out);
		assert_int_equal(n, strlen(cases[i].out));
		assert_true(n < cases[i].capacity);
	}
	/* Any bytes: what comes out is UTF-8 without a hazard. */
	unsigned seed = 1;
	for (int round = 0; round < 2000; round++) {
		char in[40], out[128];
		for (size_t i = 0; i < sizeof(in); i++) {
			seed = seed * 1103515245U + 12345U;
			in[i] = (char)(seed >> 16);
		}
		size_t n = text_printable(out, 1 + seed % sizeof(out), in, sizeof(in));
		assert_true(text_is_utf8(out, n));
		for (size_t i = 0; i < n;) {
			uint32_t c;
			i += text_decode_utf8(out + i, n - i, &c);
			assert_false(text_is_hazard(c));
		}
	}
}

static void test_copy_and_hex(void **state)
{
	(void)state;
	char out[8];
	assert_true(text_copy(out, 4, "abc"));
	assert_string_equal(out, "abc");
	assert_false(text_copy(out, 4, "abcd"));
	assert_string_equal(out, "abc");
	assert_false(text_copy(out, 4, "ab\xc3\xa9"));
	assert_string_equal(out, "ab");
	assert_false(text_copy(out, 4, "a\xf0\x9f\x98\x80"));
	assert_string_equal(out, "a");
	assert_false(text_copy(out, 1, "a"));
	assert_string_equal(out, "");

	static const uint8_t bytes[] = { 0x00, 0xff, 0x1a };
	uint8_t back[3];
	text_hex(out, bytes, 3);
	assert_string_equal(out, "00ff1a");
	assert_true(text_unhex(back, 3, "00Ff1A", 6));
	assert_memory_equal(back, bytes, 3);
	assert_true(text_unhex(back, 0, "", 0));
	static const char *const wrong[] = { "00ff1", "00ff1a0", "00ff1g", "00 f1a", "0x0ff1", "" };
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_false(text_unhex(back, 3, wrong[i], strlen(wrong[i])));
}

/* --- when ------------------------------------------------------------------------------------- */

static void use_paris(void)
{
	if (when_use_zone("Europe/Paris")) {
		print_message("# skipped: no time zones (tzdata) here\n");
		skip();
	}
}

static void test_zones(void **state)
{
	(void)state;
	static const char *const wrong[] = { "", "Europe/Atlantis", "../../etc/passwd",
		"Europe/../../../../etc/passwd", "Europe", "zone.tab" };
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(when_use_zone(wrong[i]), -ENOENT);
	char endless[400];
	memset(endless, 'a', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	assert_int_equal(when_use_zone(endless), -ENOENT);
	assert_int_equal(when_use_zone("UTC"), 0);
	int64_t ms;
	assert_int_equal(when_parse("1970-01-01T00:00:01", &ms), 0);
	assert_int_equal(ms, 1000);
}

static void test_parse(void **state)
{
	(void)state;
	use_paris();
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2016-12-08T18:04:10Z", 1481220250000 },
		{ "2016-12-08T19:04:10+01:00", 1481220250000 },
		{ "2016-12-08T19:04:10+0100", 1481220250000 },
		{ "2016-12-08 13:04:10-05:00", 1481220250000 },
		{ "2016-12-08T19:04:10.250", 1481220250250 },
		{ "2016-12-08T19:04:10", 1481220250000 }, /* winter in Paris */
		{ "2016-12-08T19:04", 1481220240000 },
		{ "2016-07-14T19:00", 1468515600000 }, /* summer */
		{ "2016-12-08", 1481151600000 },
		{ "2016-02-29T00:00Z", 1456704000000 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t ms = -1;
		print_message("# %s\n", cases[i].text);
		assert_int_equal(when_parse(cases[i].text, &ms), 0);
		assert_int_equal(ms, cases[i].ms);
	}
	static const char *const wrong[] = { "", "2016", "2016-12", "2016-12-8", "16-12-08",
		"2016-02-30", "2015-02-29", "2016-13-01", "2016-00-01", "2016-12-00", "2016-12-08T",
		"2016-12-08T19", "2016-12-08T24:00", "2016-12-08T19:60", "2016-12-08T19:04:60",
		"2016-12-08T19:04:10.2", "2016-12-08T19:04:10.2500", "2016-12-08T19:04+1",
		"2016-12-08T19:04+25:00", "2016-12-08T19:04 Z", "2016-12-08T19:04Zx", "2016-12-08x",
		" 2016-12-08", "2016-12-08 ", "-016-12-08", "1969-12-31", "+1-1-1" };
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		int64_t ms = 42;
		if (when_parse(wrong[i], &ms) != -EINVAL)
			fail_msg("\"%s\" was read", wrong[i]);
		assert_int_equal(ms, 42);
	}
}

static void test_parse_on_day(void **state)
{
	(void)state;
	use_paris();
	int64_t day_ms, ms;
	assert_int_equal(when_parse("2016-12-08T23:59:59.999", &day_ms), 0);
	assert_int_equal(when_parse_on_day("19:04:10", day_ms, &ms), 0);
	assert_int_equal(ms, 1481220250000);
	assert_int_equal(when_parse_on_day("19:04", day_ms, &ms), 0);
	assert_int_equal(ms, 1481220240000);
	assert_int_equal(when_parse_on_day("00:00", day_ms, &ms), 0);
	assert_int_equal(ms, 1481151600000);
	static const char *const wrong[] = { "", "19", "24:00", "19:4", "19:04:10x", "7pm" };
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(when_parse_on_day(wrong[i], day_ms, &ms), -EINVAL);
}

static void test_print(void **state)
{
	(void)state;
	use_paris();
	char text[WHEN_ISO_SIZE], short_text[8];
	when_iso(1481220250999, text);
	assert_string_equal(text, "2016-12-08T19:04:10+01:00");
	when_iso(1468515600000, text);
	assert_string_equal(text, "2016-07-14T19:00:00+02:00");
	when_iso_utc(1481220250007, text);
	assert_string_equal(text, "2016-12-08T18:04:10.007Z");
	when_iso_utc(-1, text); /* a clock may be before its own epoch */
	assert_string_equal(text, "1969-12-31T23:59:59.999Z");
	when_iso_utc(-1000, text);
	assert_string_equal(text, "1969-12-31T23:59:59.000Z");
	when_hm(1481220250000, short_text);
	assert_string_equal(short_text, "19:04");
	/* Nonsense is printed as something, and within bounds. */
	static const int64_t nonsense[] = { INT64_MAX, INT64_MIN, INT64_MAX / 2 };
	for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
		when_iso(nonsense[i], text);
		assert_true(strlen(text) < sizeof(text));
		when_iso_utc(nonsense[i], text);
		assert_true(strlen(text) < sizeof(text));
		when_hm(nonsense[i], short_text);
		assert_true(strlen(short_text) < sizeof(short_text));
	}
	assert_string_equal(trust_names[TRUST_UNSET], "unset");
	assert_string_equal(trust_names[TRUST_FREE], "free");
	assert_string_equal(trust_names[TRUST_SYNCED], "synced");
}

/* --- mailbox ---------------------------------------------------------------------------------- */

static bool is_readable(const struct mailbox *m)
{
	struct pollfd p = { .fd = mailbox_fd(m), .events = POLLIN };
	return poll(&p, 1, 0) == 1;
}

/* Empty, one, full − 1, full, one too many, and around the ring's end. */
static void test_mailbox_levels(void **state)
{
	(void)state;
	for (size_t capacity = 1; capacity <= 5; capacity++) {
		struct mailbox *m;
		uint64_t next_in = 1, next_out = 1, item;
		assert_int_equal(mailbox_open(&m, sizeof(item), capacity), 0);
		for (size_t round = 0; round < 3 * capacity; round++) {
			for (size_t level = 0; level <= capacity; level++) {
				item = 77;
				assert_false(is_readable(m));
				assert_int_equal(mailbox_get(m, &item), -EAGAIN);
				assert_int_equal(mailbox_wait(m, &item, 0), -ETIMEDOUT);
				assert_int_equal(item, 77);
				for (size_t i = 0; i < level; i++, next_in++) {
					assert_int_equal(mailbox_put(m, &next_in), 0);
					assert_true(is_readable(m));
				}
				if (level == capacity) /* refused, and nothing overwritten */
					assert_int_equal(mailbox_put(m, &next_in), -EAGAIN);
				for (size_t i = 0; i < level; i++, next_out++) {
					assert_true(is_readable(m));
					assert_int_equal(mailbox_wait(m, &item, 0), 0);
					assert_int_equal(item, next_out);
				}
			}
			/* The ring's first place moves on by one each round. */
			assert_int_equal(mailbox_put(m, &next_in), 0);
			assert_int_equal(mailbox_get(m, &item), 0);
			assert_int_equal(item, next_out);
			next_in++;
			next_out++;
		}
		mailbox_close(m);
	}
	mailbox_close(NULL);
}

static void test_mailbox_copies(void **state)
{
	(void)state;
	struct mailbox *m;
	char in[3] = "ab", out[3] = "";
	assert_int_equal(mailbox_open(&m, sizeof(in), 2), 0);
	assert_int_equal(mailbox_put(m, in), 0);
	memset(in, 'x', sizeof(in));
	assert_int_equal(mailbox_get(m, out), 0);
	assert_memory_equal(out, "ab", 3);
	mailbox_close(m);
}

#define SENDERS 3
#define TAKERS  3
#define EACH    4000

struct crowd {
	struct mailbox *m;
	pthread_mutex_t lock;
	unsigned taken[SENDERS * EACH];
	unsigned total, out_of_order;
};

struct sender {
	struct crowd *crowd;
	uint32_t number;
};

static void *send_all(void *argument)
{
	struct sender *s = argument;
	for (uint32_t i = 0; i < EACH; i++) {
		uint32_t item = s->number * EACH + i;
		while (mailbox_put(s->crowd->m, &item)) /* full: the sender decides */
			sched_yield();
	}
	return NULL;
}

static void *take_all(void *argument)
{
	struct crowd *c = argument;
	int64_t last[SENDERS] = { -1, -1, -1 };
	uint32_t item;
	while (!mailbox_wait(c->m, &item, 300)) {
		pthread_mutex_lock(&c->lock);
		c->taken[item]++;
		c->total++;
		c->out_of_order += item <= last[item / EACH];
		pthread_mutex_unlock(&c->lock);
		last[item / EACH] = item;
	}
	return NULL;
}

static void test_mailbox_threads(void **state)
{
	(void)state;
	static struct crowd c;
	pthread_t senders[SENDERS], takers[TAKERS];
	struct sender arguments[SENDERS];
	pthread_mutex_init(&c.lock, NULL);
	assert_int_equal(mailbox_open(&c.m, sizeof(uint32_t), 7), 0);
	for (uint32_t i = 0; i < SENDERS; i++) {
		arguments[i] = (struct sender){ &c, i };
		assert_int_equal(pthread_create(&senders[i], NULL, send_all, &arguments[i]), 0);
	}
	for (size_t i = 0; i < TAKERS; i++)
		assert_int_equal(pthread_create(&takers[i], NULL, take_all, &c), 0);
	for (size_t i = 0; i < SENDERS; i++)
		pthread_join(senders[i], NULL);
	for (size_t i = 0; i < TAKERS; i++)
		pthread_join(takers[i], NULL);
	assert_int_equal(c.total, SENDERS * EACH);
	for (size_t i = 0; i < SENDERS * EACH; i++)
		assert_int_equal(c.taken[i], 1); /* each exactly once */
	assert_int_equal(c.out_of_order, 0);     /* and each sender's in order, to each taker */
	mailbox_close(c.m);
	pthread_mutex_destroy(&c.lock);
}

static void *send_later(void *argument)
{
	uint32_t item = 5;
	struct timespec pause = { 0, 30000000 };
	nanosleep(&pause, NULL);
	int error = mailbox_put(argument, &item);
	return error ? argument : NULL;
}

static void test_mailbox_waits(void **state)
{
	(void)state;
	struct mailbox *m;
	pthread_t thread;
	uint32_t item = 0;
	void *failed;
	assert_int_equal(mailbox_open(&m, sizeof(item), 1), 0);
	assert_int_equal(mailbox_wait(m, &item, 20), -ETIMEDOUT);
	assert_int_equal(pthread_create(&thread, NULL, send_later, m), 0);
	assert_int_equal(mailbox_wait(m, &item, -1), 0);
	assert_int_equal(item, 5);
	pthread_join(thread, &failed);
	assert_null(failed);
	mailbox_close(m);
}

/* --- log -------------------------------------------------------------------------------------- */

static int saved_stderr;
static char caught[16384];

static int catch_begin(int sink)
{
	fflush(stderr);
	saved_stderr = dup(STDERR_FILENO);
	return dup2(sink, STDERR_FILENO);
}

static void catch_end(void)
{
	dup2(saved_stderr, STDERR_FILENO);
	close(saved_stderr);
}

static void read_caught(int fd)
{
	ssize_t n = pread(fd, caught, sizeof(caught) - 1, 0);
	assert_true(n >= 0);
	caught[n] = '\0';
}

static int temporary(void)
{
	char path[] = "/tmp/parvis-log.XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	unlink(path);
	return fd;
}

static void test_log_lines(void **state)
{
	(void)state;
	AUTO_FD fd = temporary();
	char endless[3000];
	memset(endless, 'y', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	catch_begin(fd);
	errno = 1234;
	log_error("%d %s", 7, "seven");
	log_warning("two\nlines \x1b[2J %s", "\xe2\x80\xae");
	log_info("plain");
	log_debug("not shown");
	log_limit(LOG_LEVEL_DEBUG);
	log_debug("shown");
	log_limit(LOG_LEVEL_ERROR);
	log_warning("hidden");
	log_limit(LOG_LEVEL_INFO);
	int kept = errno;
	catch_end();
	read_caught(fd);
	assert_int_equal(kept, 1234);
	assert_string_equal(caught, "parvis: error: 7 seven\n"
				    "parvis: warning: two\\nlines \\x1b[2J \\u{202e}\n"
				    "parvis: plain\nparvis: debug: shown\n");
	assert_int_equal(ftruncate(fd, 0), 0);
	lseek(fd, 0, SEEK_SET);
	catch_begin(fd);
	log_info("%s", endless);
	catch_end();
	read_caught(fd);
	assert_in_range(strlen(caught), LOG_LINE_MAX - 32, LOG_LINE_MAX + 32);
	assert_non_null(strchr(caught, '\n'));
}

/* A log that cannot be written must not stop the door. */
static void test_log_full(void **state)
{
	(void)state;
	AUTO_FD full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	if (full < 0) {
		print_message("# skipped: no /dev/full\n");
		skip();
	}
	catch_begin(full);
	log_error("nobody hears this");
	catch_end();
}

static void *log_many(void *argument)
{
	for (int i = 0; i < 100; i++)
		log_info("%s", (const char *)argument);
	return NULL;
}

/* Lines of several threads never mix: one write each. */
static void test_log_threads(void **state)
{
	(void)state;
	AUTO_FD fd = temporary();
	assert_int_equal(fcntl(fd, F_SETFL, O_APPEND), 0);
	char *texts[] = { "aaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbb", "ccccccccccccccc" };
	pthread_t threads[3];
	catch_begin(fd);
	for (size_t i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, log_many, texts[i]);
	for (size_t i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	catch_end();
	read_caught(fd);
	size_t lines = 0;
	for (char *line = strtok(caught, "\n"); line; line = strtok(NULL, "\n"), lines++)
		assert_true(!strcmp(line + 8, texts[0]) || !strcmp(line + 8, texts[1]) ||
			    !strcmp(line + 8, texts[2]));
	assert_int_equal(lines, 300);
}

/* --- cc --------------------------------------------------------------------------------------- */

static void test_check_aborts(void **state)
{
	(void)state;
	pid_t child = fork();
	assert_true(child >= 0);
	if (!child) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		dup2(null, STDERR_FILENO);
		signal(SIGABRT, SIG_DFL); /* cmocka listens to it */
		CHECK(1 + 1 == 2);
		CHECK(1 + 1 == 3);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void test_cleanup(void **state)
{
	(void)state;
	int copy;
	{
		AUTO_FD fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		AUTO_FD none = -1;
		AUTO_FREE char *text = strdup("x");
		AUTO_FREE char *nothing = NULL;
		AUTO_FILE no_file = NULL;
		assert_non_null(text);
		assert_null(nothing);
		assert_null(no_file);
		assert_int_equal(none, -1);
		copy = fd;
		errno = 99;
	}
	assert_int_equal(errno, 99);
	assert_int_equal(fcntl(copy, F_GETFD), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_hazards),
		cmocka_unit_test(test_printable),
		cmocka_unit_test(test_copy_and_hex),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_on_day),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_mailbox_levels),
		cmocka_unit_test(test_mailbox_copies),
		cmocka_unit_test(test_mailbox_threads),
		cmocka_unit_test(test_mailbox_waits),
		cmocka_unit_test(test_log_lines),
		cmocka_unit_test(test_log_full),
		cmocka_unit_test(test_log_threads),
		cmocka_unit_test(test_check_aborts),
		cmocka_unit_test(test_cleanup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
