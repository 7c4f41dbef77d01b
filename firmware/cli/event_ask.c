#include "cli/event_parts.h"

#include "base/text.h"
#include "cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_SIZE 1024

/* In the order of asking: what a later question's default or judgement depends on comes first. */
static const struct question {
	enum draft_key key;
	const char *text;
	const char *usual; /* what an empty answer means; NULL: it is asked again */
} questions[] = {
	{ DRAFT_TITLE, "Title, as guests read it", NULL },
	{ DRAFT_ID, "Identifier (a-z, 0-9, - and _)", NULL },
	{ DRAFT_TIMEZONE, "Time zone", "Europe/Paris" },
	{ DRAFT_OPENS, "Doors open (like 2016-12-08T19:00)", NULL },
	{ DRAFT_CLOSES, "Doors close (like 2016-12-08T23:30)", NULL },
	{ DRAFT_LANGUAGES, "Languages of the screens, the house's first", "fr en" },
};

/* --- judging -----------------------------------------------------------------------------------
 */

/* The reader says ":line: [section] key: what"; of a draft the line means nothing. Notes are for
 * the whole, not for each answer. */
static void tell(void *context, bool fatal, const char *text)
{
	const bool *whole = context;
	const char *what = *text == ':' ? strchr(text, ' ') : NULL;
	if (!fatal && !*whole)
		return;
	fprintf(stderr, "%s%s\n", fatal ? "" : "note: ", what ? what + 1 : text);
}

static int judge(const struct draft *d, bool whole)
{
	struct event *e;
	char *text;
	size_t len;
	int result = draft_compose(d, &text, &len);
	if (!result) {
		result = event_parse(&e, "", text, len, tell, &whole);
		explicit_bzero(text, len);
		free(text);
	}
	if (!result)
		event_free(e);
	if (!result || result == -EINVAL)
		return result ? CLI_NO : CLI_OK;
	fprintf(stderr, "parvis: %s\n", strerror(-result));
	return CLI_FAILED;
}

int event_judge(const struct draft *d)
{
	return judge(d, true);
}

/* Judges what was given so far, with something harmless for what was not. */
static int judge_so_far(const struct draft *d)
{
	static const char *const harmless[] = {
		[DRAFT_ID] = "e",
		[DRAFT_TITLE] = "E",
		[DRAFT_OPENS] = "1970-01-02",
		[DRAFT_CLOSES] = "9999-12-30",
		[DRAFT_TIMEZONE] = "UTC",
		[DRAFT_KEY_COUNT - 1] = NULL,
	};
	struct draft *trial = draft_new();
	if (!trial) {
		fputs("parvis: not enough memory\n", stderr);
		return CLI_FAILED;
	}
	memcpy(trial, d, sizeof(*trial));
	for (size_t k = 0; k < DRAFT_KEY_COUNT; k++)
		if (!*trial->values[k] && harmless[k])
			text_copy(trial->values[k], DRAFT_VALUE_SIZE, harmless[k]);
	if (trial->venue_count == 0)
		text_copy(trial->venues[trial->venue_count++].values[DRAFT_VENUE_ID],
			DRAFT_VALUE_SIZE, "v");
	int result = judge(trial, false);
	draft_free(trial);
	return result;
}

/* --- asking ------------------------------------------------------------------------------------
 */

/* One line of the terminal into `out`; an empty one is `usual` where that is not NULL. False at the
 * end of the answers. */
static bool read_answer(const char *text, const char *usual, char out[DRAFT_VALUE_SIZE])
{
	char line[ANSWER_SIZE];
	for (;;) {
		fprintf(stderr, usual && *usual ? "%s [%s]: " : "%s: ", text, usual);
		fflush(stderr);
		if (!fgets(line, sizeof(line), stdin))
			return false;
		size_t len = strcspn(line, "\r\n");
		bool whole = line[len] || feof(stdin);
		for (int c = 0; !whole && c != '\n' && c != EOF;)
			c = getchar();
		line[len] = '\0';
		if (!whole || !draft_put(out, line)) {
			fputs("That cannot be taken: too long, or with characters that are not "
			      "text.\n",
				stderr);
			continue;
		}
		if (!*out && usual)
			text_copy(out, DRAFT_VALUE_SIZE, usual);
		return true;
	}
}

static int ended(void)
{
	fputs("\nparvis: the answers end here; nothing was written\n", stderr);
	return CLI_NO;
}

/* Asks until the reader has nothing against the value, which is a part of the draft. */
static int ask(struct draft *d, char value[DRAFT_VALUE_SIZE], const char *text, const char *usual,
	bool needed)
{
	int result = CLI_NO;
	while (result == CLI_NO) {
		value[0] = '\0';
		if (!read_answer(text, usual, value))
			return ended();
		if (needed && !*value)
			continue;
		result = judge_so_far(d);
	}
	return result;
}

static int ask_event(struct draft *d)
{
	char id[ID_SIZE];
	for (size_t q = 0; q < ARRAY_LEN(questions); q++) {
		char *value = d->values[questions[q].key];
		const char *usual = questions[q].usual;
		if (*value)
			continue;
		if (questions[q].key == DRAFT_ID) {
			draft_id_of(id, d->values[DRAFT_TITLE]);
			usual = *id ? id : NULL;
		}
		int result = ask(d, value, questions[q].text, usual, true);
		if (result != CLI_OK)
			return result;
	}
	return CLI_OK;
}

/* "48.8683 2.3479", or nothing. */
static int ask_place(struct draft *d, struct draft_venue *v)
{
	char both[DRAFT_VALUE_SIZE];
	int result = CLI_NO;
	while (result == CLI_NO) {
		if (!read_answer("  Latitude and longitude (like 48.8683 2.3479; may be empty)",
			    NULL, both))
			return ended();
		char *lon = both + strcspn(both, " ,\t");
		if (*lon)
			*lon++ = '\0';
		lon += strspn(lon, " ,\t");
		if (!draft_put(v->values[DRAFT_VENUE_LAT], both) ||
			!draft_put(v->values[DRAFT_VENUE_LON], lon))
			continue;
		result = judge_so_far(d);
	}
	return result;
}

static int ask_details(struct draft *d, struct draft_venue *v)
{
	char id[ID_SIZE];
	draft_id_of(id, v->values[DRAFT_VENUE_NAME]);
	int result = ask(d, v->values[DRAFT_VENUE_ID], "  Identifier (a-z, 0-9, - and _)",
		*id ? id : NULL, true);
	if (result == CLI_OK)
		result = ask(d, v->values[DRAFT_VENUE_ADDRESS], "  Address", NULL, false);
	if (result == CLI_OK)
		result = ask(d, v->values[DRAFT_VENUE_CAPACITY],
			"  How many people fit (0: no limit)",
			*d->values[DRAFT_CAPACITY] ? "" : "0", false);
	return result == CLI_OK ? ask_place(d, v) : result;
}

/* A venue counts as soon as it has a name, so that the questions after it are judged with it. */
static int ask_venues(struct draft *d)
{
	char text[64], name[DRAFT_VALUE_SIZE];
	for (int result; d->venue_count < DRAFT_VENUES_MAX;) {
		snprintf(text, sizeof(text), "Venue %u: name%s", d->venue_count + 1,
			d->venue_count ? " (empty: that was all)" : "");
		if (!read_answer(text, NULL, name))
			return ended();
		if (!*name && d->venue_count)
			return CLI_OK;
		if (!*name)
			continue;
		struct draft_venue *v = &d->venues[d->venue_count];
		memset(v, 0, sizeof(*v));
		memcpy(v->values[DRAFT_VENUE_NAME], name, sizeof(name));
		text_copy(v->values[DRAFT_VENUE_ID], DRAFT_VALUE_SIZE, "no-other-has-this-id");
		d->venue_count++;
		result = judge_so_far(d);
		if (result == CLI_NO)
			d->venue_count--; /* a name that cannot be: the question comes again */
		else if (result != CLI_OK || (result = ask_details(d, v)) != CLI_OK)
			return result;
	}
	return CLI_OK;
}

int event_ask(struct draft *d)
{
	int result = ask_event(d);
	return result == CLI_OK && d->venue_count == 0 ? ask_venues(d) : result;
}
