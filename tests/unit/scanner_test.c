#include "port/scanner.h"

#include "port/scanner_frame.h"
#include "port/wedge.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/input-event-codes.h>
#include <linux/uinput.h>
#include <termios.h>

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- framing ---------------------------------------------------------------------------------- */

static void assert_code(const struct scanner_code *code, const char *text, size_t len)
{
	assert_int_equal(code->len, len);
	assert_memory_equal(code->text, text, len);
	assert_false(code->overlong);
}

static void test_strip(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "]Q1abc", "abc" }, { "]Q3abc", "abc" }, { "]d2abc", "abc" }, { "]E0978", "978" },
		{ "\\000026abc", "abc" }, { "]Q2\\000026h\xc3\xa9", "h\xc3\xa9" },
		{ "]Q1]Q1abc", "]Q1abc" }, { "\\000026\\000026a", "\\000026a" }, { "]Q1", "" },
		{ "]Q", "]Q" }, { "]", "]" }, { "", "" }, { "]1Qabc", "]1Qabc" },
		{ "]Q abc", "]Q abc" }, { "abc]Q1", "abc]Q1" }, { "\\00002", "\\00002" },
		{ "\\00002xabc", "\\00002xabc" }, { "\\n", "\\n" },
		{ "@MENU_OPTO@ZZ", "@MENU_OPTO@ZZ" }, /* programming codes are only text here */
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct scanner_code code = { .len = strlen(cases[i].in) };
		memcpy(code.text, cases[i].in, code.len);
		scanner_strip(&code);
		assert_code(&code, cases[i].out, strlen(cases[i].out));
	}
}

static bool feed(struct scanner_frame *f, const char *bytes, size_t n, int64_t ms)
{
	for (size_t i = 0; i < n; i++)
		if (scanner_frame_put(f, bytes[i], ms))
			return i == n - 1;
	return false;
}

static void test_frame_limits(void **state)
{
	(void)state;
	static const struct {
		const char *why, *prefix;
		size_t len;
		bool overlong;
	} cases[] = {
		{ "one less than the most", "", SCANNER_TEXT_MAX - 1, false },
		{ "the most", "", SCANNER_TEXT_MAX, false },
		{ "the most, after both prefixes", "]Q2\\000026", SCANNER_TEXT_MAX, false },
		{ "one more than the most", "", SCANNER_TEXT_MAX + 1, true },
		{ "one more, after a prefix", "]Q1", SCANNER_TEXT_MAX + 1, true },
		{ "far more", "", 1000000, true },
	};
	static struct scanner_frame f;
	static struct scanner_code code;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		print_message("# %s\n", cases[i].why);
		feed(&f, cases[i].prefix, strlen(cases[i].prefix), 0);
		for (size_t n = 0; n < cases[i].len; n++)
			assert_false(scanner_frame_put(&f, 'x', 0));
		assert_true(scanner_frame_put(&f, '\n', 0));
		scanner_frame_take(&f, &code);
		assert_int_equal(code.overlong, cases[i].overlong);
		assert_int_equal(code.len,
			cases[i].len < SCANNER_TEXT_MAX ? cases[i].len : SCANNER_TEXT_MAX);
		assert_int_equal(code.text[0], 'x');
		assert_int_equal(code.text[code.len - 1], 'x');
		assert_false(scanner_frame_put(&f, '\n', 0)); /* nothing is left over */
	}
}

static void test_frame_ends(void **state)
{
	(void)state;
	struct scanner_frame f = { 0 };
	struct scanner_code code;
	assert_int_equal(scanner_frame_ends_ms(&f), INT64_MAX);
	assert_false(feed(&f, "\r\n\n\r", 4, 5)); /* nothing is no code */
	assert_int_equal(scanner_frame_ends_ms(&f), INT64_MAX);
	assert_false(feed(&f, "a", 1, 1000));
	assert_false(feed(&f, "b", 1, 1050));
	assert_int_equal(scanner_frame_ends_ms(&f), 1050 + SCANNER_SILENCE_MS);
	scanner_frame_spoil(&f, 1060);
	assert_int_equal(scanner_frame_ends_ms(&f), 1060 + SCANNER_SILENCE_MS);
	assert_true(feed(&f, "c\r", 2, 1070));
	scanner_frame_take(&f, &code);
	assert_true(code.overlong); /* part of it is missing */
	assert_true(feed(&f, "d\r", 2, 2000));
	scanner_frame_take(&f, &code);
	assert_code(&code, "d", 1);
	assert_false(feed(&f, "half", 4, 3000));
	scanner_frame_reset(&f);
	assert_true(feed(&f, "e\n", 2, 3001));
	scanner_frame_take(&f, &code);
	assert_code(&code, "e", 1);
}

/* --- a serial line ---------------------------------------------------------------------------- */

/* A scanner on a pseudo-terminal, found through a link in a folder of its own. */
struct line {
	char folder[64], link[96];
	int master;
	struct scanner *scanner;
	struct scanner_code code;
};

static void plug_in(struct line *l)
{
	int slave;
	char name[64];
	assert_int_equal(openpty(&l->master, &slave, name, NULL, NULL), 0);
	unlink(l->link);
	assert_int_equal(symlink(name, l->link), 0);
	close(slave);
}

static void open_line(struct line *l, const char *option)
{
	char spec[128];
	*l = (struct line){ .master = -1 };
	snprintf(l->folder, sizeof(l->folder), "/tmp/parvis-scanner.XXXXXX");
	assert_non_null(mkdtemp(l->folder));
	snprintf(l->link, sizeof(l->link), "%s/tty", l->folder);
	snprintf(spec, sizeof(spec), "serial:%s%s", l->link, option);
	assert_int_equal(scanner_open(&l->scanner, spec), 0);
}

static void close_line(struct line *l)
{
	scanner_close(l->scanner);
	if (l->master >= 0)
		close(l->master);
	unlink(l->link);
	assert_int_equal(rmdir(l->folder), 0);
}

static void send(struct line *l, const char *bytes, size_t n)
{
	assert_int_equal(write(l->master, bytes, n), (ssize_t)n);
}

static void assert_next(struct line *l, const char *text)
{
	assert_int_equal(scanner_read(l->scanner, &l->code, 2000), 0);
	assert_code(&l->code, text, strlen(text));
}

static void test_spec(void **state)
{
	(void)state;
	static const char *const wrong[] = { "", "serial:", "serial:ttyS0", "serial:/dev/ttyS0,42",
		"serial:/dev/ttyS0,9600,8N1", "serial:/dev/ttyS0,fr",
		"evdev:", "evdev:/dev/input/event0,klingon", "evdev:/dev/input/event0,../us",
		"evdev:/dev/input/event0,US", "usb:/dev/ttyS0", "/dev/ttyS0" };
	struct scanner *s = NULL;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		print_message("# %s\n", wrong[i]);
		assert_int_equal(scanner_open(&s, wrong[i]), -EINVAL);
	}
	char endless[600];
	snprintf(endless, sizeof(endless), "serial:/%0580d", 0);
	assert_int_equal(scanner_open(&s, endless), -EINVAL);
	assert_null(s);
	scanner_close(NULL);
	assert_non_null(strstr(scanner_usage, "serial:"));
	assert_non_null(strstr(scanner_usage, "evdev:"));
}

static void test_serial_ends(void **state)
{
	(void)state;
	struct line l;
	open_line(&l, "");
	plug_in(&l);
	assert_int_equal(scanner_read(l.scanner, &l.code, 0), -ETIMEDOUT);
	send(&l, "one\rtwo\nthree\r\nfour\r\n", 21);
	assert_next(&l, "one");
	assert_next(&l, "two");
	assert_next(&l, "three");
	assert_next(&l, "four");
	send(&l, "]Q1five", 7);
	int64_t began_ms = now_ms();
	assert_next(&l, "five"); /* by silence */
	assert_true(now_ms() - began_ms >= SCANNER_SILENCE_MS - 5);
	assert_int_equal(scanner_read(l.scanner, &l.code, 120), -ETIMEDOUT);
	close_line(&l);
}

/* On a busy machine the silence that ends a code can pass in the middle of a test. Then it is made
 * again from the start. */
#define TRIES 20

static void drain(struct line *l)
{
	for (int i = 0; i < 1000 && !scanner_read(l->scanner, &l->code, 200); i++)
		continue;
}

/* A code may come in pieces, over several calls. */
static void test_serial_pieces(void **state)
{
	(void)state;
	struct line l;
	bool whole = false;
	open_line(&l, "");
	plug_in(&l);
	assert_int_equal(scanner_read(l.scanner, &l.code, 0), -ETIMEDOUT);
	for (int i = 0; !whole && i < TRIES; i++) {
		send(&l, "si", 2);
		bool waiting = scanner_read(l.scanner, &l.code, 5) == -ETIMEDOUT;
		send(&l, "x\r", 2);
		assert_int_equal(scanner_read(l.scanner, &l.code, 2000), 0);
		whole = waiting && l.code.len == 3 && !memcmp(l.code.text, "six", 3);
		drain(&l);
	}
	assert_true(whole);
	close_line(&l);
}

static void test_serial_is_raw(void **state)
{
	(void)state;
	struct line l;
	open_line(&l, ",9600");
	plug_in(&l);
	assert_int_equal(scanner_read(l.scanner, &l.code, 0), -ETIMEDOUT);
	struct termios t;
	assert_int_equal(tcgetattr(l.master, &t), 0);
	assert_int_equal(cfgetispeed(&t), B9600);
	assert_int_equal(t.c_lflag & (ICANON | ECHO | ISIG), 0);
	/* Every byte but CR and LF; what a terminal would act on (^C, ^D, ^Z, XOFF) among them. */
	char all[256], expected[256];
	size_t n = 0;
	for (int c = 0; c < 256; c++)
		if (c != '\r' && c != '\n')
			expected[n++] = (char)c;
	memcpy(all, expected, n);
	all[n] = '\r';
	send(&l, all, n + 1);
	assert_int_equal(scanner_read(l.scanner, &l.code, 2000), 0);
	assert_code(&l.code, expected, n);
	/* Nothing was echoed to the scanner. */
	int waiting = 0;
	assert_int_equal(ioctl(l.master, FIONREAD, &waiting), 0);
	assert_int_equal(waiting, 0);
	close_line(&l);
}

static void test_serial_overlong(void **state)
{
	(void)state;
	struct line l;
	open_line(&l, ",115200");
	plug_in(&l);
	assert_int_equal(scanner_read(l.scanner, &l.code, 0), -ETIMEDOUT);
	char x[1000];
	memset(x, 'x', sizeof(x));
	bool seen = false;
	for (int i = 0; !seen && i < TRIES; i++) {
		bool whole = true;
		for (int k = 0; k < 5; k++) { /* a pseudo-terminal holds 4 kB: read along */
			send(&l, x, sizeof(x));
			whole &= scanner_read(l.scanner, &l.code, 1) == -ETIMEDOUT;
		}
		send(&l, "\r", 1);
		int error = scanner_read(l.scanner, &l.code, 2000);
		seen = whole && !error && l.code.overlong && l.code.len == SCANNER_TEXT_MAX;
		drain(&l);
	}
	assert_true(seen);
	send(&l, "next\r", 5);
	assert_next(&l, "next");
	close_line(&l);
}

static void test_serial_hangs_up(void **state)
{
	(void)state;
	struct line l;
	open_line(&l, "");
	assert_int_equal(scanner_read(l.scanner, &l.code, 0), -ENODEV); /* not there yet */
	int64_t began_ms = now_ms();
	assert_int_equal(scanner_read(l.scanner, &l.code, 60), -ENODEV);
	assert_true(now_ms() - began_ms >= 55); /* a loop around it does not spin */
	plug_in(&l);
	assert_int_equal(scanner_read(l.scanner, &l.code, 600), -ETIMEDOUT);
	send(&l, "half", 4);
	int begun = scanner_read(l.scanner, &l.code, 1);
	assert_true(begun == -ETIMEDOUT || !begun);
	close(l.master);
	l.master = -1;
	assert_int_equal(scanner_read(l.scanner, &l.code, 1000), -ENODEV);
	plug_in(&l); /* another one, at the same path */
	int result = -ENODEV;
	for (int i = 0; result == -ENODEV && i < 20; i++)
		result = scanner_read(l.scanner, &l.code, 100);
	assert_int_equal(result, -ETIMEDOUT);
	send(&l, "whole\r", 6);
	assert_next(&l, "whole"); /* not "halfwhole" */
	close_line(&l);
}

static void test_not_a_scanner(void **state)
{
	(void)state;
	static const char *const specs[] = { "serial:/dev/null", "serial:/", "evdev:/dev/null",
		"evdev:/dev/input/none" };
	static struct scanner_code code;
	for (size_t i = 0; i < ARRAY_LEN(specs); i++) {
		struct scanner *s;
		assert_int_equal(scanner_open(&s, specs[i]), 0);
		assert_int_equal(scanner_read(s, &code, 10), -ENODEV);
		scanner_close(s);
	}
}

/* --- a keyboard ------------------------------------------------------------------------------- */

#define WITH_SHIFT(k) -(k)           /* held with Shift */
#define WITH_ALTGR(k) ((k) + 0x1000) /* held with AltGr */
#define WITH_CTRL(k)  ((k) + 0x2000)
#define KEYS_MAX      24

static size_t hold(struct wedge *w, unsigned modifier, unsigned key, char *out)
{
	char nothing[WEDGE_KEY_BYTES];
	assert_int_equal(wedge_key(w, modifier, 1, nothing), 0);
	size_t n = wedge_key(w, key, 1, out);
	assert_int_equal(wedge_key(w, key, 0, nothing), 0);
	assert_int_equal(wedge_key(w, modifier, 0, nothing), 0);
	return n;
}

static size_t type(struct wedge *w, int key, char *out)
{
	char nothing[WEDGE_KEY_BYTES];
	if (key < 0)
		return hold(w, KEY_LEFTSHIFT, (unsigned)-key, out);
	if (key >= 0x2000)
		return hold(w, KEY_LEFTCTRL, (unsigned)key - 0x2000, out);
	if (key >= 0x1000)
		return hold(w, KEY_RIGHTALT, (unsigned)key - 0x1000, out);
	size_t n = wedge_key(w, (unsigned)key, 1, out);
	assert_int_equal(wedge_key(w, (unsigned)key, 2, nothing), 0); /* repeats are not typed */
	assert_int_equal(wedge_key(w, (unsigned)key, 0, nothing), 0);
	return n;
}

static void test_wedge_layouts(void **state)
{
	(void)state;
	static const struct {
		const char *layout, *text;
		int keys[KEYS_MAX];
	} cases[] = {
		{ "us", "aZ1!-_/:?\r",
			{ KEY_A, WITH_SHIFT(KEY_Z), KEY_1, WITH_SHIFT(KEY_1), KEY_MINUS,
				WITH_SHIFT(KEY_MINUS), KEY_SLASH, WITH_SHIFT(KEY_SEMICOLON),
				WITH_SHIFT(KEY_SLASH), KEY_ENTER } },
		{ "us", "+/=~^`'\"",
			{ WITH_SHIFT(KEY_EQUAL), KEY_SLASH, KEY_EQUAL, WITH_SHIFT(KEY_GRAVE),
				WITH_SHIFT(KEY_6), KEY_GRAVE, KEY_APOSTROPHE,
				WITH_SHIFT(KEY_APOSTROPHE) } },
		/* AZERTY: letters elsewhere, digits with Shift, @ # with AltGr. */
		{ "fr", "aqzwmM19@#/:=+",
			{ KEY_Q, KEY_A, KEY_W, KEY_Z, KEY_SEMICOLON, WITH_SHIFT(KEY_SEMICOLON),
				WITH_SHIFT(KEY_1), WITH_SHIFT(KEY_9), WITH_ALTGR(KEY_0),
				WITH_ALTGR(KEY_3), WITH_SHIFT(KEY_DOT), KEY_DOT, KEY_EQUAL,
				WITH_SHIFT(KEY_EQUAL) } },
		{ "fr", "éàçùêïÂ^",
			{ KEY_2, KEY_0, KEY_9, KEY_APOSTROPHE, KEY_LEFTBRACE, KEY_E,
				WITH_SHIFT(KEY_LEFTBRACE), KEY_I, KEY_LEFTBRACE, WITH_SHIFT(KEY_Q),
				KEY_LEFTBRACE, KEY_SPACE } },
		/* QWERTZ: y and z change places, umlauts have keys, accents are dead. */
		{ "de", "yzYZäöüß/?=@é´^",
			{ KEY_Z, KEY_Y, WITH_SHIFT(KEY_Z), WITH_SHIFT(KEY_Y), KEY_APOSTROPHE,
				KEY_SEMICOLON, KEY_LEFTBRACE, KEY_MINUS, WITH_SHIFT(KEY_7),
				WITH_SHIFT(KEY_MINUS), WITH_SHIFT(KEY_0), WITH_ALTGR(KEY_Q),
				KEY_EQUAL, KEY_E, KEY_EQUAL, KEY_SPACE, KEY_GRAVE, KEY_SPACE } },
		/* An accent that takes no such letter leaves the letter. */
		{ "de", "x", { KEY_EQUAL, KEY_X } },
		{ "us", "12\r", { KEY_KP1, KEY_KP2, KEY_KPENTER } },
		{ "us", "\x1d", { WITH_CTRL(KEY_RIGHTBRACE) } }, /* GS, inside GS1 codes */
		{ "us", "", { KEY_F1, KEY_LEFT, KEY_VOLUMEUP, KEY_LEFTMETA, 0x0fff } },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct wedge *w;
		char text[KEYS_MAX * WEDGE_KEY_BYTES];
		size_t n = 0;
		if (wedge_open(&w, cases[i].layout)) {
			print_message("# skipped: no keyboard layouts (xkb-data) here\n");
			skip();
		}
		for (size_t k = 0; k < KEYS_MAX && cases[i].keys[k]; k++)
			n += type(w, cases[i].keys[k], text + n);
		text[n] = '\0';
		assert_string_equal(text, cases[i].text);
		wedge_close(w);
	}
}

static void test_wedge_caps_lock(void **state)
{
	(void)state;
	struct wedge *w;
	char out[WEDGE_KEY_BYTES];
	assert_int_equal(wedge_open(&w, "us"), 0);
	wedge_reset(w, true); /* its lamp was lit when we came */
	assert_int_equal(type(w, KEY_A, out), 1);
	assert_int_equal(out[0], 'A');
	assert_int_equal(type(w, WITH_SHIFT(KEY_A), out), 1);
	assert_int_equal(out[0], 'a');
	assert_int_equal(type(w, KEY_1, out), 1);
	assert_int_equal(out[0], '1');
	type(w, KEY_CAPSLOCK, out);
	type(w, KEY_A, out);
	assert_int_equal(out[0], 'a');
	/* A Shift whose release was lost does not outlive a reset. */
	assert_int_equal(wedge_key(w, KEY_LEFTSHIFT, 1, out), 0);
	wedge_reset(w, false);
	type(w, KEY_A, out);
	assert_int_equal(out[0], 'a');
	wedge_close(w);
	wedge_close(NULL);
}

static void test_wedge_any_keys(void **state)
{
	(void)state;
	struct wedge *w;
	char out[WEDGE_KEY_BYTES];
	unsigned seed = 1;
	assert_int_equal(wedge_open(&w, "fr"), 0);
	for (int i = 0; i < 50000; i++) {
		seed = seed * 1103515245U + 12345U;
		unsigned code = seed >> 8 & 0x3ff;
		assert_true(wedge_key(w, code, (int)(seed >> 20 & 3), out) < WEDGE_KEY_BYTES);
	}
	assert_int_equal(wedge_key(w, UINT32_MAX, 1, out), 0);
	assert_int_equal(wedge_key(w, KEY_MAX + 1, 1, out), 0);
	wedge_close(w);
}

/* --- a keyboard of the kernel's --------------------------------------------------------------- */

static void emit(int fd, uint16_t kind, uint16_t code, int value)
{
	struct input_event e = { .type = kind, .code = code, .value = value };
	assert_int_equal(write(fd, &e, sizeof(e)), (ssize_t)sizeof(e));
}

static void press(int fd, uint16_t key)
{
	emit(fd, EV_KEY, key, 1);
	emit(fd, EV_SYN, SYN_REPORT, 0);
	emit(fd, EV_KEY, key, 0);
	emit(fd, EV_SYN, SYN_REPORT, 0);
}

static int make_keyboard(void)
{
	int fd = open("/dev/uinput", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;
	struct uinput_setup setup = { .id = { .bustype = BUS_USB }, .name = "parvis test scanner" };
	assert_int_equal(ioctl(fd, UI_SET_EVBIT, EV_KEY), 0);
	for (int key = KEY_ESC; key <= KEY_KPDOT; key++)
		assert_int_equal(ioctl(fd, UI_SET_KEYBIT, key), 0);
	assert_int_equal(ioctl(fd, UI_DEV_SETUP, &setup), 0);
	assert_int_equal(ioctl(fd, UI_DEV_CREATE), 0);
	return fd;
}

/* The event node of a uinput device, where the kernel and udev have made it. */
static bool find_node(int fd, char *out, size_t capacity)
{
	char name[64], pattern[160];
	if (ioctl(fd, UI_GET_SYSNAME(sizeof(name)), name) < 0)
		return false;
	for (int i = 0; i < 64; i++) {
		snprintf(
			pattern, sizeof(pattern), "/sys/devices/virtual/input/%s/event%d", name, i);
		snprintf(out, capacity, "/dev/input/event%d", i);
		if (!access(pattern, F_OK) && !access(out, R_OK))
			return true;
	}
	return false;
}

static void test_evdev(void **state)
{
	(void)state;
	static struct scanner_code code;
	char node[64], spec[96];
	int fd = make_keyboard();
	if (fd < 0 || !find_node(fd, node, sizeof(node))) {
		print_message("# skipped: no /dev/uinput to make a keyboard with\n");
		if (fd >= 0)
			close(fd);
		skip();
	}
	snprintf(spec, sizeof(spec), "evdev:%s,fr", node);
	struct scanner *s;
	assert_int_equal(scanner_open(&s, spec), 0);
	assert_int_equal(scanner_read(s, &code, 100), -ETIMEDOUT);
	int second = open(node, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	for (int i = 0; i < 12; i++) /* nearly what the kernel keeps for a slow reader */
		press(fd, KEY_Q);
	press(fd, KEY_ENTER);
	assert_int_equal(scanner_read(s, &code, 2000), 0);
	assert_code(&code, "aaaaaaaaaaaa", 12);
	struct input_event heard; /* grabbed: nobody else hears it */
	assert_int_equal(read(second, &heard, sizeof(heard)), -1);
	assert_int_equal(errno, EAGAIN);
	press(fd, KEY_A);
	assert_int_equal(scanner_read(s, &code, 2000), 0); /* by silence */
	assert_code(&code, "q", 1);
	for (int i = 0; i < 100; i++) /* more than it keeps: some are lost */
		press(fd, KEY_Q);
	press(fd, KEY_ENTER);
	assert_int_equal(scanner_read(s, &code, 2000), 0);
	assert_true(code.overlong); /* and so the rest is no code */
	press(fd, KEY_Z);
	press(fd, KEY_ENTER);
	assert_int_equal(scanner_read(s, &code, 2000), 0);
	assert_code(&code, "w", 1);
	close(second);
	close(fd); /* unplugged */
	assert_int_equal(scanner_read(s, &code, 1000), -ENODEV);
	scanner_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strip),
		cmocka_unit_test(test_frame_limits),
		cmocka_unit_test(test_frame_ends),
		cmocka_unit_test(test_spec),
		cmocka_unit_test(test_serial_ends),
		cmocka_unit_test(test_serial_pieces),
		cmocka_unit_test(test_serial_is_raw),
		cmocka_unit_test(test_serial_overlong),
		cmocka_unit_test(test_serial_hangs_up),
		cmocka_unit_test(test_not_a_scanner),
		cmocka_unit_test(test_wedge_layouts),
		cmocka_unit_test(test_wedge_caps_lock),
		cmocka_unit_test(test_wedge_any_keys),
		cmocka_unit_test(test_evdev),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
