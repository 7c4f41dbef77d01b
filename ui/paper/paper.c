#include "ui/paper/paper.h"

#include "base/text.h"
#include "base/when.h"
#include "ui/fonts.h"
#include "ui/paper/parts.h"
#include "ui/strings.h"

#include <errno.h>
#include <glib-object.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const struct paper_size paper_a6 = { 105, 148 };
const struct paper_size paper_a5 = { 148, 210 };
const struct paper_size paper_a4 = { 210, 297 };
const struct paper_size paper_label_62x29 = { 62, 29 };
const struct paper_size paper_label_54x101 = { 54, 101 };

int paper_open(struct paper **out, const char *assets)
{
	struct paper *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->fonts = fonts_open(assets);
	p->context = fonts_context(p->fonts);
	*out = p;
	return 0;
}

void paper_close(struct paper *p)
{
	if (!p)
		return;
	g_object_unref(p->context);
	g_object_unref(p->fonts);
	free(p);
}

/* --- moments in words --- */

struct day {
	char text[PAPER_WHEN_SIZE / 2];
	int year, day_of_year;
};

static struct day day_of(enum language language, int64_t ms)
{
	struct day out = { 0 };
	struct tm tm = { 0 };
	char number[12], year[12];
	time_t seconds = (time_t)(ms / 1000);
	localtime_r(&seconds, &tm);
	snprintf(number, sizeof(number), "%d", tm.tm_mday);
	snprintf(year, sizeof(year), "%d", tm.tm_year + 1900);
	const char *const args[] = {
		string_of(language, (enum string)((int)STRING_WEEKDAY_1 + (tm.tm_wday + 6) % 7)),
		number,
		string_of(language, (enum string)((int)STRING_MONTH_1 + tm.tm_mon)),
		year,
	};
	string_fill(out.text, sizeof(out.text), string_of(language, STRING_PAPER_DATE), args,
		ARRAY_LEN(args));
	out.year = tm.tm_year;
	out.day_of_year = tm.tm_yday;
	return out;
}

/* It stands on a line of its own. */
static void begin_with_a_capital(char out[PAPER_WHEN_SIZE], const char *text)
{
	char first[8] = "";
	gunichar c = g_utf8_get_char(text);
	first[g_unichar_to_utf8(g_unichar_toupper(c), first)] = '\0';
	text_copy(out, PAPER_WHEN_SIZE, first);
	text_copy(out + strlen(out), PAPER_WHEN_SIZE - strlen(out), g_utf8_next_char(text));
}

void paper_when(
	char out[PAPER_WHEN_SIZE], enum language language, int64_t opens_ms, int64_t closes_ms)
{
	struct day from = day_of(language, opens_ms), until = day_of(language, closes_ms);
	bool one_day = from.year == until.year && from.day_of_year == until.day_of_year;
	char opens[8], closes[8], whole[2 * PAPER_WHEN_SIZE], clean[PAPER_WHEN_SIZE];
	when_hm(opens_ms, opens);
	when_hm(closes_ms, closes);
	const char *const within[] = { from.text, opens, closes };
	const char *const across[] = { from.text, opens, until.text, closes };
	if (one_day)
		string_fill(whole, sizeof(whole), string_of(language, STRING_PAPER_ONE_DAY), within,
			ARRAY_LEN(within));
	else
		string_fill(whole, sizeof(whole), string_of(language, STRING_PAPER_TWO_DAYS),
			across, ARRAY_LEN(across));
	string_clean(clean, sizeof(clean), whole);
	begin_with_a_capital(out, clean);
}
