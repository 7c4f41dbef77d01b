/* A hand scanner that types like a keyboard, as the kernel's uinput makes one. It exists while this
 * runs, and types every line of its input, Enter after each, with the keys that LAYOUT has for the
 * characters. Says `node /dev/input/eventN` first, and then, for each line, how many events a
 * second reader of the device has got of it: `overheard N`.
 *
 *   wedge LAYOUT */
#include "base/cc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/uinput.h>
#include <xkbcommon/xkbcommon.h>

#define XKB_OFFSET 8 /* XKB key codes are the kernel's plus this */
#define KEY_MS     5 /* between two keys, as scanners have it */
#define NODES_MAX  64

struct stroke {
	uint16_t key, modifier; /* 0: none */
};

static void pause_ms(long ms)
{
	struct timespec t = { .tv_nsec = ms * 1000000 };
	nanosleep(&t, NULL);
}

/* --- which keys --------------------------------------------------------------------------------
 */

static uint32_t symbol_at(struct xkb_keymap *map, xkb_keycode_t key, xkb_level_index_t level)
{
	const xkb_keysym_t *symbols;
	int n = xkb_keymap_key_get_syms_by_level(map, key, 0, level, &symbols);
	return n == 1 ? xkb_keysym_to_utf32(symbols[0]) : 0;
}

/* The first three levels of a layout are: alone, with Shift, with AltGr. */
static struct stroke find_stroke(struct xkb_keymap *map, char c)
{
	static const uint16_t modifiers[] = { 0, KEY_LEFTSHIFT, KEY_RIGHTALT };
	for (xkb_level_index_t level = 0; level < ARRAY_LEN(modifiers); level++)
		for (uint16_t key = KEY_1; key <= KEY_SLASH; key++)
			if (symbol_at(map, key + XKB_OFFSET, level) == (uint32_t)c)
				return (struct stroke){ key, modifiers[level] };
	return (struct stroke){ 0, 0 };
}

static struct xkb_keymap *load_layout(const char *layout)
{
	struct xkb_context *context = xkb_context_new(XKB_CONTEXT_NO_FLAGS);
	struct xkb_rule_names names = { .layout = layout };
	struct xkb_keymap *map = xkb_keymap_new_from_names(context, &names, 0);
	xkb_context_unref(context);
	return map;
}

/* --- the device --------------------------------------------------------------------------------
 */

static int plug_in(void)
{
	int fd = open("/dev/uinput", O_WRONLY | O_CLOEXEC);
	struct uinput_setup setup = { .id = { .bustype = BUS_USB }, .name = "parvis test scanner" };
	if (fd < 0 || ioctl(fd, UI_SET_EVBIT, EV_KEY))
		return -1;
	for (int key = KEY_ESC; key <= KEY_COMPOSE; key++)
		if (ioctl(fd, UI_SET_KEYBIT, key))
			return -1;
	return ioctl(fd, UI_DEV_SETUP, &setup) || ioctl(fd, UI_DEV_CREATE) ? -1 : fd;
}

static bool find_node(int fd, char *out, size_t capacity)
{
	char name[64], path[160];
	if (ioctl(fd, UI_GET_SYSNAME(sizeof(name)), name) < 0)
		return false;
	for (int i = 0; i < NODES_MAX; i++) {
		snprintf(path, sizeof(path), "/sys/devices/virtual/input/%s/event%d", name, i);
		snprintf(out, capacity, "/dev/input/event%d", i);
		if (!access(path, F_OK) && !access(out, R_OK))
			return true;
	}
	return false;
}

static void emit(int fd, uint16_t key, int value)
{
	const struct input_event events[] = {
		{ .type = EV_KEY, .code = key, .value = value },
		{ .type = EV_SYN, .code = SYN_REPORT },
	};
	ssize_t n = write(fd, events, sizeof(events));
	CHECK(n == (ssize_t)sizeof(events));
}

static void strike(int fd, struct stroke s)
{
	if (s.modifier)
		emit(fd, s.modifier, 1);
	emit(fd, s.key, 1);
	emit(fd, s.key, 0);
	if (s.modifier)
		emit(fd, s.modifier, 0);
}

/* Takes away what another reader got, and counts it. */
static size_t count_heard(int fd)
{
	struct input_event events[64];
	size_t heard = 0;
	for (;;) {
		ssize_t n = read(fd, events, sizeof(events));
		if (n <= 0)
			return heard;
		heard += (size_t)n / sizeof(events[0]);
	}
}

static size_t type(int fd, int second, struct xkb_keymap *map, const char *line)
{
	size_t heard = 0;
	for (const char *c = line; *c; c++) {
		struct stroke s = find_stroke(map, *c);
		CHECK(s.key);
		strike(fd, s);
		heard += count_heard(second);
		pause_ms(KEY_MS);
	}
	strike(fd, (struct stroke){ KEY_ENTER, 0 });
	return heard + count_heard(second);
}

int main(int argc, char **argv)
{
	struct xkb_keymap *map = argc == 2 ? load_layout(argv[1]) : NULL;
	AUTO_FD fd = plug_in();
	char node[64], line[4096];
	if (!map || fd < 0 || !find_node(fd, node, sizeof(node))) {
		fprintf(stderr, "wedge: no layout, or no keyboard: %s\n", strerror(errno));
		return 1;
	}
	AUTO_FD second = open(node, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	CHECK(second >= 0);
	printf("node %s\n", node);
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		printf("overheard %zu\n", type(fd, second, map, line));
		fflush(stdout);
	}
	xkb_keymap_unref(map);
	return 0;
}
