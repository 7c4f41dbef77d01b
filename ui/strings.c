#define UI_STRINGS_TABLES
#include "ui/strings.h"

#include "base/cc.h"
#include "base/text.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MARKS_ON_A_LETTER 2

const char *string_of(enum language language, enum string id)
{
	return tables[language].text[id][0];
}

const char *string_plural(enum language language, enum string id, uint64_t n)
{
	return tables[language].text[id][tables[language].plural(n) ? 1 : 0];
}

/* A piece is put in whole, or cut at a character: false then. */
static bool append(char *out, size_t capacity, const char *piece)
{
	size_t used = strlen(out);
	return text_copy(out + used, capacity - used, piece);
}

static bool append_apart(char *out, size_t capacity, const char *piece)
{
	if (strspn(piece, "0123456789") == strlen(piece))
		return append(out, capacity, piece);
	return append(out, capacity, "\u2068") && append(out, capacity, piece) &&
	       append(out, capacity, "\u2069");
}

void string_fill(
	char *out, size_t capacity, const char *text, const char *const args[], size_t count)
{
	bool room = true;
	*out = '\0';
	for (const char *p = text; *p && room;) {
		char literal[STRING_SIZE] = "";
		size_t n = strcspn(p, "%");
		snprintf(literal, sizeof(literal), "%.*s", (int)n, p);
		room = append(out, capacity, literal);
		p += n;
		if (p[0] == '%' && p[1] >= '1' && p[1] <= '4' && p[2] == '$' && p[3] == 's') {
			size_t i = (size_t)(p[1] - '1');
			room = room && (i >= count || append_apart(out, capacity, args[i]));
			p += 4;
		} else if (*p == '%') {
			room = room && append(out, capacity, "%");
			p += p[1] == '%' ? 2 : 1;
		}
	}
}

void string_number(char *out, size_t capacity, enum language language, int64_t n)
{
	char digits[24];
	uint64_t size = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)size);
	text_copy(out, capacity, n < 0 ? "−" : "");
	for (int i = 0; i < len; i++) {
		char digit[2] = { digits[i], '\0' };
		if (i && (len - i) % 3 == 0)
			append(out, capacity, string_of(language, STRING_NUMBER_GROUP));
		append(out, capacity, digit);
	}
}

void string_day_time(char *out, size_t capacity, enum language language, int64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm = { 0 };
	char day[8], hm[8];
	localtime_r(&seconds, &tm);
	snprintf(day, sizeof(day), "%d", tm.tm_mday % 100);
	when_hm(wall_ms, hm);
	enum string month = (enum string)((int)STRING_MONTH_1 + tm.tm_mon);
	const char *const args[] = { day, string_of(language, month), hm };
	string_fill(out, capacity, string_of(language, STRING_DATE_TIME), args, ARRAY_LEN(args));
}

/* French contracts "de Le" and "de Les", and elides before a vowel. */
static const char *french_from(const char **name)
{
	static const char *const vowels[] = { "a", "e", "i", "o", "u", "é", "è", "ê", "à", "î", "A",
		"E", "I", "O", "U", "É", "È", "Ê", "À", "Î" };
	if (!strncmp(*name, "Les ", 4)) {
		*name += 4;
		return "des ";
	}
	if (!strncmp(*name, "Le ", 3)) {
		*name += 3;
		return "du ";
	}
	for (size_t i = 0; i < ARRAY_LEN(vowels); i++)
		if (!strncmp(*name, vowels[i], strlen(vowels[i])))
			return "d’";
	return "de ";
}

void string_from_place(char *out, size_t capacity, enum language language, const char *name)
{
	const char *rest = name;
	text_copy(out, capacity, language == LANGUAGE_FR ? french_from(&rest) : "");
	append(out, capacity, rest);
}

static bool is_mark(uint32_t c)
{
	GUnicodeType type = g_unichar_type(c);
	return type == G_UNICODE_NON_SPACING_MARK || type == G_UNICODE_ENCLOSING_MARK ||
	       type == G_UNICODE_SPACING_MARK;
}

static bool is_picture(uint32_t c)
{
	GUnicodeType type = g_unichar_type(c);
	return type == G_UNICODE_OTHER_SYMBOL || type == G_UNICODE_UNASSIGNED ||
	       type == G_UNICODE_PRIVATE_USE || (c >= 0x1f000 && c <= 0x1faff) ||
	       (c >= 0xfe00 && c <= 0xfe0f);
}

void string_clean(char *out, size_t capacity, const char *name)
{
	size_t left = strlen(name), used = 0, marks = 0;
	bool space = true; /* none at the start */
	for (size_t n; left > 0; name += n, left -= n) {
		uint32_t c = 0;
		n = text_decode_utf8(name, left, &c);
		bool good = n > 0;
		n = good ? n : 1;
		bool blank = good && g_unichar_isspace(c);
		if (!good || (!blank && (text_is_hazard(c) || is_picture(c))) || (blank && space))
			continue;
		marks = is_mark(c) ? marks + 1 : 0;
		if (marks > MARKS_ON_A_LETTER || (marks && space))
			continue;
		size_t size = blank ? 1 : n;
		if (used + size >= capacity)
			break;
		memcpy(out + used, blank ? " " : name, size);
		used += size;
		space = blank;
	}
	if (used && space)
		used--;
	out[used] = '\0';
}
