#include "app/script_line.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* A word of the line: up to the next blank. */
struct word {
	const char *p;
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct word take_word(const char **p, const char *end)
{
	while (*p < end && is_blank(**p))
		(*p)++;
	struct word w = { .p = *p };
	while (*p < end && !is_blank(**p))
		(*p)++;
	w.len = (size_t)(*p - w.p);
	return w;
}

static bool word_is(struct word w, const char *text)
{
	return w.len == strlen(text) && !memcmp(w.p, text, w.len);
}

static bool copy_word(char *out, size_t capacity, struct word w)
{
	if (!w.len || w.len >= capacity || memchr(w.p, 0, w.len))
		return false;
	memcpy(out, w.p, w.len);
	out[w.len] = '\0';
	return true;
}

/* The whole of [p, end) as a decimal number of at most 7 digits. */
static bool read_number(const char *p, const char *end, int *out)
{
	if (p == end || end - p > 7)
		return false;
	int value = 0;
	for (; p < end; p++) {
		if (*p < '0' || *p > '9')
			return false;
		value = value * 10 + (*p - '0');
	}
	*out = value;
	return true;
}

static const char *read_tap(struct script_line *l)
{
	const char *end = l->text + l->len;
	const char *comma = memchr(l->text, ',', l->len);
	if (comma && read_number(l->text, comma, &l->x) && read_number(comma + 1, end, &l->y))
		l->command = SCRIPT_TAP_AT;
	return l->len ? NULL : "tap needs the text of a control, or X,Y";
}

static const char *read_press(struct script_line *l)
{
	struct word w = { l->text, l->len };
	static const struct {
		const char *name;
		enum button button;
	} others[] = { { "+1", BUTTON_PLUS }, { "plus1", BUTTON_PLUS },
		{ "plus_one", BUTTON_PLUS } };
	for (int b = BUTTON_VOLUNTEER; b < BUTTON_COUNT; b++) {
		if (!word_is(w, button_names[b]))
			continue;
		l->button = (enum button)b;
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (!word_is(w, others[i].name))
			continue;
		l->button = others[i].button;
		return NULL;
	}
	return "press needs volunteer, help or plus";
}

static bool read_duration(struct word w, int *out_ms)
{
	const char *end = w.p + w.len;
	if (w.len > 2 && !memcmp(end - 2, "ms", 2))
		return read_number(w.p, end - 2, out_ms) && *out_ms <= SCRIPT_WAIT_MAX_MS;
	if (w.len > 1 && end[-1] == 's')
		end--;
	if (!read_number(w.p, end, out_ms) || *out_ms > SCRIPT_WAIT_MAX_MS / 1000)
		return false;
	*out_ms *= 1000;
	return true;
}

static const char *read_wait_for(
	struct script_line *l, struct word what, struct word value, struct word time)
{
	l->command = SCRIPT_WAIT_FOR;
	l->wait_ms = SCRIPT_WAIT_FOR_MS;
	if (!copy_word(l->what, sizeof(l->what), what) ||
		!copy_word(l->value, sizeof(l->value), value))
		return "wait needs a verdict, such as ADMIT or ALREADY_IN, or a thing and its "
		       "value, such as: link up, present 12";
	const char *p = time.len ? time.p + time.len : value.p + value.len;
	if ((time.len && !read_duration(time, &l->wait_ms)) || take_word(&p, l->text + l->len).len)
		return "after the value comes nothing, or a time such as 10s";
	return NULL;
}

static const char *read_wait(struct script_line *l)
{
	const char *p = l->text, *end = l->text + l->len;
	char name[32];
	struct word verdict = take_word(&p, end), time = take_word(&p, end);
	struct word rest = take_word(&p, end);
	if (!copy_word(name, sizeof(name), verdict))
		return "wait needs a verdict, such as ADMIT, or a thing and its value";
	if (!verdict_from_name(name, &l->verdict))
		return read_wait_for(l, verdict, time, rest);
	l->wait_ms = SCRIPT_WAIT_MS;
	if ((time.len && !read_duration(time, &l->wait_ms)) || rest.len)
		return "after the verdict comes nothing, or a time such as 2s or 500ms";
	return NULL;
}

static const char *read_expect(struct script_line *l)
{
	const char *p = l->text, *end = l->text + l->len;
	struct word what = take_word(&p, end), value = take_word(&p, end);
	if (!copy_word(l->what, sizeof(l->what), what) ||
		!copy_word(l->value, sizeof(l->value), value) || take_word(&p, end).len)
		return "expect needs a thing and its value, such as: present 12, lamp green";
	return NULL;
}

static const char *read_shot(struct script_line *l)
{
	if (l->len < 5 || memcmp(l->text + l->len - 4, ".png", 4) || l->len > 200)
		return "shot needs a file name that ends in .png";
	if (memchr(l->text, '/', l->len) || l->text[0] == '.')
		return "shot needs a plain file name: pictures go to the --shots folder";
	return NULL;
}

static const char *read_text(struct script_line *l)
{
	return l->len ? NULL : "this command needs something after it";
}

static const char *read_none(struct script_line *l)
{
	return l->len ? "cut takes nothing after it" : NULL;
}

static const struct {
	const char *name;
	enum script_command command;
	const char *(*read)(struct script_line *l);
} commands[] = {
	{ "at", SCRIPT_AT, read_text },
	{ "show", SCRIPT_SHOW, read_text },
	{ "code", SCRIPT_CODE, read_text },
	{ "tap", SCRIPT_TAP, read_tap },
	{ "press", SCRIPT_PRESS, read_press },
	{ "wait", SCRIPT_WAIT, read_wait },
	{ "expect", SCRIPT_EXPECT, read_expect },
	{ "shot", SCRIPT_SHOT, read_shot },
	{ "cut", SCRIPT_CUT, read_none },
	{ "say", SCRIPT_SAY, read_text },
};

/* Where a comment begins that follows a command; `end` where none does. A code may hold anything.
 */
static const char *find_comment(enum script_command command, const char *p, const char *end)
{
	if (command == SCRIPT_CODE)
		return end;
	for (; end - p >= 2; p++)
		if (is_blank(p[0]) && p[1] == '#')
			return p;
	return end;
}

/* Blanks around an argument are not part of it, but for a code: there only those before it. */
static void trim(struct script_line *l)
{
	while (l->len && is_blank(l->text[0])) {
		l->text++;
		l->len--;
	}
	while (l->command != SCRIPT_CODE && l->len && is_blank(l->text[l->len - 1]))
		l->len--;
}

const char *script_line_read(const char *line, size_t len, struct script_line *out)
{
	*out = (struct script_line){ .command = SCRIPT_NOTHING };
	if (len > SCRIPT_LINE_MAX)
		return "the line is too long";
	if (len && line[len - 1] == '\r')
		len--;
	const char *p = line, *end = line + len;
	struct word name = take_word(&p, end);
	if (!name.len || name.p[0] == '#')
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (!word_is(name, commands[i].name))
			continue;
		out->command = commands[i].command;
		out->text = p;
		out->len = (size_t)(find_comment(out->command, p, end) - p);
		trim(out);
		return commands[i].read(out);
	}
	return "there is no such command; there are at, show, code, tap, press, wait, expect, "
	       "shot, say and cut";
}
