/* How the sync does, in a volunteer's words. */
#include "ui/screens/screens.h"

#include "base/text.h"
#include "ui/draw.h"

#include <math.h>
#include <string.h>

#define MINUTE_MS 60000

static void fill(
	const struct page *p, char out[STRING_SIZE], enum string id, const char *a, const char *b)
{
	const char *const args[] = { a, b };
	string_fill(out, STRING_SIZE, string_of(p->screen->language, id), args, 2);
}

/* "4 min", "3 h". */
static void duration(const struct page *p, char out[STRING_SIZE], int64_t ms)
{
	char digits[32];
	int64_t minutes = ms / MINUTE_MS;
	bool long_ago = minutes >= 120;
	string_number(
		digits, sizeof(digits), p->screen->language, long_ago ? minutes / 60 : minutes);
	fill(p, out, long_ago ? STRING_LINK_HOURS : STRING_LINK_MINUTES, digits, "");
}

static void say_state(const struct page *p, char out[STRING_SIZE])
{
	static const enum string names[LINK_STATES] = {
		[LINK_DOWN] = STRING_LINK_OFFLINE,
		[LINK_UP] = STRING_LINK_ONLINE,
		[LINK_NO_ACK] = STRING_LINK_NO_ACK_NAME,
		[LINK_REFUSED] = STRING_LINK_REFUSED_NAME,
	};
	const struct link_status *l = &p->screen->link;
	int64_t since_ms = p->screen->now.wall_ms - l->since_ms;
	char text[STRING_SIZE];
	enum string id = names[l->state];
	if (l->state == LINK_UP && l->local)
		id = STRING_LINK_LOCAL;
	else if (l->state == LINK_UP && !l->collector)
		id = STRING_LINK_NO_COLLECTOR;
	text_copy(out, STRING_SIZE, string_of(p->screen->language, id));
	if (l->state != LINK_DOWN || !l->since_ms || since_ms < MINUTE_MS)
		return;
	duration(p, text, since_ms);
	fill(p, out, STRING_LINK_OFFLINE_FOR, text, "");
}

static void say_queued(const struct page *p, char out[STRING_SIZE])
{
	const struct link_status *l = &p->screen->link;
	char digits[32], text[STRING_SIZE], hm[8];
	const char *const args[] = { digits };
	*out = '\0';
	if (!l->queued)
		return;
	string_number(digits, sizeof(digits), p->screen->language,
		l->queued > INT64_MAX ? INT64_MAX : (int64_t)l->queued);
	string_fill(text, sizeof(text),
		string_plural(p->screen->language, STRING_LINK_QUEUED, l->queued), args, 1);
	text_copy(out, STRING_SIZE, text);
	/* Rows that are a moment old are on their way: nobody need ask since when. */
	if (!l->oldest_ms || p->screen->now.wall_ms - l->oldest_ms < MINUTE_MS)
		return;
	when_hm(l->oldest_ms, hm);
	fill(p, out, STRING_LINK_QUEUED_SINCE, text, hm);
}

void screen_link_text(const struct page *p, char out[STRING_SIZE], struct colour *dot)
{
	const struct link_status *l = &p->screen->link;
	char queued[STRING_SIZE];
	*out = '\0';
	*dot = theme_good;
	if (l->state == LINK_OFF)
		return;
	say_state(p, out);
	say_queued(p, queued);
	screen_join(out, STRING_SIZE, queued);
	if (l->state != LINK_UP || l->twin || l->clock_off_ms)
		*dot = l->state == LINK_REFUSED || l->twin ? theme_bad : theme_warn;
}

/* Lying screens have it in their header, unless a fault is told there. */
void screen_link_line(struct page *p, struct box *rest)
{
	struct type type = { 24, 400, p->palette->soft, ALIGN_START, false };
	struct colour dot;
	char text[STRING_SIZE];
	screen_link_text(p, text, &dot);
	if (!*text || (!page_upright(p) && !p->screen->faults))
		return;
	struct box line = box_top(rest, text_height(p, text, &type, rest->w - 28));
	box_top(rest, 16);
	struct box at = box_start(&line, 16);
	draw_dot(p, at.x + 8, at.y + text_height(p, "X", &type, 400) / 2, 8, dot);
	box_start(&line, 12);
	text_draw(p, line, text, &type);
}

static void add_line(char out[4 * STRING_SIZE], const char *text)
{
	size_t used = strlen(out);
	snprintf(out + used, 4 * STRING_SIZE - used, "%s%s", used ? "\n" : "", text);
}

void screen_link_strip(struct page *p, struct box *rest)
{
	const struct link_status *l = &p->screen->link;
	char text[4 * STRING_SIZE] = "", off[STRING_SIZE], clock[STRING_SIZE];
	enum language language = p->screen->language;
	if (l->state == LINK_OFF)
		return;
	if (l->twin)
		add_line(text, string_of(language, STRING_LINK_TWIN));
	if (l->state == LINK_REFUSED)
		add_line(text, string_of(language, STRING_LINK_REFUSED));
	if (l->state == LINK_NO_ACK)
		add_line(text, string_of(language, STRING_LINK_NO_ACK));
	if (l->clock_off_ms) {
		int64_t ms = l->clock_off_ms;
		duration(p, off, ms == INT64_MIN ? INT64_MAX : ms < 0 ? -ms : ms);
		fill(p, clock, ms > 0 ? STRING_LINK_CLOCK_FAST : STRING_LINK_CLOCK_SLOW, off, "");
		add_line(text, clock);
	}
	screen_strip(p, rest, text);
}
