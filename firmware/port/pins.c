#include "port/pins.h"

#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#define PINS_LINES_MAX      1000
#define PINS_LINE_BYTES_MAX 180
#define PINS_INIH_LINE      200 /* more, or inih would cut the rest off silently */
#define PINS_OFFSET_MAX     1023
#define PINS_SLOTS          (PINS_LAMPS + PINS_BUTTONS)

/* In the order of struct pins. */
static const char *const sections[] = {
	"lamp green",
	"lamp amber",
	"lamp red",
	"lamp buzzer",
	"lamp door",
	"button volunteer",
	"button help",
	"button plus",
};
static_assert(ARRAY_LEN(sections) == PINS_SLOTS, "every pin has a section");

enum key { KEY_CHIP, KEY_LINE, KEY_ACTIVE, KEY_PULL, KEY_COUNT };

/* A section as far as it has been read. */
struct slot {
	struct pin pin;
	unsigned at; /* line of the section, 0: none */
	bool given[KEY_COUNT];
};

struct loader {
	const char *path;
	void (*problem)(void *context, const char *text);
	void *context;
	FILE *file;
	unsigned line;
	int error; /* of reading */
	bool bad;
	char section[64];
	struct slot *slot; /* of the section being read; NULL: unknown */
	struct slot slots[PINS_SLOTS];
};

static bool is_button(const struct loader *l, const struct slot *slot)
{
	return slot - l->slots >= PINS_LAMPS;
}

PRINTF_LIKE(4, 5)
static void complain(struct loader *l, unsigned line, const char *place, const char *format, ...)
{
	char what[256], text[768];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	snprintf(text, sizeof(text), "%s:%u: %s%s%s", l->path, line, place, *place ? ": " : "",
		what);
	l->bad = true;
	l->problem(l->context, text);
}

/* --- keys ------------------------------------------------------------------------------------ */

/* Each gives what would be right, or NULL when the value is. */

static const char *set_chip(struct pin *pin, const char *value)
{
	if (value[0] != '/' || !text_copy(pin->chip, sizeof(pin->chip), value))
		return "the path of a GPIO chip, as /dev/gpiochip0";
	return NULL;
}

static const char *set_line(struct pin *pin, const char *value)
{
	size_t digits = strspn(value, "0123456789");
	unsigned long line = digits > 0 && digits <= 4 && !value[digits] ? strtoul(value, NULL, 10)
									 : PINS_OFFSET_MAX + 1;
	if (line > PINS_OFFSET_MAX)
		return "a line number of the chip, 0 to 1023";
	pin->line = (unsigned)line;
	return NULL;
}

static const char *set_active(struct pin *pin, const char *value)
{
	pin->active_low = !strcmp(value, "low");
	return pin->active_low || !strcmp(value, "high") ? NULL : "high or low";
}

static const char *set_pull(struct pin *pin, const char *value)
{
	static const char *const pulls[] = {
		[PIN_PULL_NONE] = "none", [PIN_PULL_UP] = "up", [PIN_PULL_DOWN] = "down"
	};
	for (size_t i = 0; i < ARRAY_LEN(pulls); i++) {
		if (!strcmp(value, pulls[i])) {
			pin->pull = (enum pin_pull)i;
			return NULL;
		}
	}
	return "up, down or none";
}

static const struct {
	const char *name;
	const char *(*set)(struct pin *pin, const char *value);
} keys[] = {
	[KEY_CHIP] = { "chip", set_chip },
	[KEY_LINE] = { "line", set_line },
	[KEY_ACTIVE] = { "active", set_active },
	[KEY_PULL] = { "pull", set_pull },
};
static_assert(ARRAY_LEN(keys) == KEY_COUNT, "every key has a reader");

static enum key find_key(const char *name)
{
	size_t i = 0;
	while (i < KEY_COUNT && strcmp(name, keys[i].name))
		i++;
	return (enum key)i;
}

static int on_key(void *user, const char *section, const char *name, const char *value)
{
	(void)section; /* on_section() has it, with its line */
	struct loader *l = user;
	char place[160], shown[64];
	snprintf(place, sizeof(place), "[%s] ", l->section);
	size_t used = strlen(place);
	text_printable(place + used, 64, name, strlen(name));
	text_printable(shown, sizeof(shown), value, strlen(value));
	enum key key = find_key(name);
	if (!l->slot) {
		if (!*l->section)
			complain(l, l->line, "",
				"a key before any section; begin with [lamp green]");
		return 1; /* an unknown section has been told already */
	}
	bool pull_of_lamp = key == KEY_PULL && !is_button(l, l->slot);
	if (key == KEY_COUNT || pull_of_lamp)
		complain(l, l->line, place, "no such key here; it takes chip, line, active%s",
			is_button(l, l->slot) ? ", pull" : "");
	else if (l->slot->given[key])
		complain(l, l->line, place, "given twice; keep one");
	else {
		const char *right = keys[key].set(&l->slot->pin, value);
		if (right)
			complain(l, l->line, place, "\"%s\" is not right; give %s", shown, right);
	}
	if (key != KEY_COUNT)
		l->slot->given[key] = true;
	return 1;
}

/* --- lines ----------------------------------------------------------------------------------- */

static void on_section(struct loader *l, const char *line)
{
	const char *end = strchr(line, ']');
	l->slot = NULL;
	if (!end)
		return; /* inih tells */
	text_printable(l->section, sizeof(l->section), line + 1, (size_t)(end - line - 1));
	for (size_t i = 0; i < PINS_SLOTS; i++)
		if (!strcmp(l->section, sections[i]))
			l->slot = &l->slots[i];
	char place[80];
	snprintf(place, sizeof(place), "[%s]", l->section);
	if (!l->slot)
		complain(l, l->line, place,
			"no such section; there are lamp green, amber, red, buzzer, door and "
			"button volunteer, help, plus");
	else if (!l->slot->at)
		l->slot->at = l->line;
}

/* The rest of a line that does not fit; false at the end of the file. */
static void skip_line(struct loader *l)
{
	int c;
	do
		c = getc_unlocked(l->file);
	while (c != '\n' && c != EOF);
}

/* inih's handler learns of keys alone, and without their lines; so the lines are counted and the
 * sections seen here, where they pass. Indentation goes: to inih it would continue a value. */
static char *next_line(char *out, int capacity, void *user)
{
	struct loader *l = user;
	char line[PINS_LINE_BYTES_MAX + 2];
	if (!fgets(line, sizeof(line), l->file)) {
		l->error = ferror(l->file) ? -errno : 0;
		return NULL;
	}
	if (++l->line > PINS_LINES_MAX) {
		complain(l, l->line, "", "more than %d lines are no pin map", PINS_LINES_MAX);
		return NULL;
	}
	if (!strchr(line, '\n') && strlen(line) == sizeof(line) - 1) {
		skip_line(l);
		complain(l, l->line, "", "the line is longer than %d bytes", PINS_LINE_BYTES_MAX);
		line[0] = '\0';
	}
	bool marked = l->line == 1 && !strncmp(line, "\xef\xbb\xbf", 3);
	const char *start = line + (marked ? 3 : 0); /* some editors write a byte order mark */
	start += strspn(start, " \t");
	if (*start == '[')
		on_section(l, start);
	CHECK(strlen(start) < (size_t)capacity);
	return strcpy(out, start);
}

/* --- the whole ------------------------------------------------------------------------------- */

static void check_complete(struct loader *l, size_t i)
{
	struct slot *slot = &l->slots[i];
	char place[80];
	snprintf(place, sizeof(place), "[%s]", sections[i]);
	if (!slot->given[KEY_CHIP])
		complain(l, slot->at, place,
			"chip is missing; give the path of a GPIO chip, as "
			"/dev/gpiochip0");
	if (!slot->given[KEY_LINE])
		complain(l, slot->at, place, "line is missing; give a line number of the chip");
}

static bool same_line(const struct slot *a, const struct slot *b)
{
	return a->at && b->at && a->given[KEY_LINE] && b->given[KEY_LINE] &&
	       a->pin.line == b->pin.line && !strcmp(a->pin.chip, b->pin.chip);
}

static void check_distinct(struct loader *l, size_t i)
{
	char place[80];
	snprintf(place, sizeof(place), "[%s]", sections[i]);
	for (size_t j = 0; j < i; j++)
		if (same_line(&l->slots[i], &l->slots[j]))
			complain(l, l->slots[i].at, place,
				"line %u is [%s]'s too; give each its own", l->slots[i].pin.line,
				sections[j]);
}

static void hand_over(const struct loader *l, struct pins *out)
{
	*out = (struct pins){ 0 };
	for (size_t i = 0; i < PINS_SLOTS; i++) {
		struct pin *pin = i < PINS_LAMPS ? &out->lamps[i] : &out->buttons[i - PINS_LAMPS];
		*pin = l->slots[i].pin;
		pin->used = l->slots[i].at > 0;
	}
}

int pins_load(struct pins *out, const char *path, void (*problem)(void *context, const char *text),
	void *context)
{
	AUTO_FILE file = fopen(path, "re");
	if (!file)
		return -errno;
	struct loader l = { .path = path, .problem = problem, .context = context, .file = file };
	/* Debian's inih takes these at run time, so whoever has read a file before may have set
	 * them. */
	ini_max_line = PINS_INIH_LINE;
	ini_use_stack = true;
	ini_allow_multiline = false;
	ini_allow_inline_comments = true;
	ini_allow_no_value = false;
	ini_stop_on_first_error = false;
	int syntax = ini_parse_stream(next_line, &l, on_key, &l);
	if (l.error)
		return l.error;
	if (syntax > 0)
		complain(&l, (unsigned)syntax, "", "neither [section], key = value nor ; comment");
	if (syntax < 0)
		return -ENOMEM;
	for (size_t i = 0; i < PINS_SLOTS; i++) {
		if (l.slots[i].at) {
			check_complete(&l, i);
			check_distinct(&l, i);
		}
	}
	if (l.bad)
		return -EINVAL;
	hand_over(&l, out);
	return 0;
}
