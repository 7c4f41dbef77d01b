#include "event/dialect.h"

#include "event/dialect_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

/* The score of a dialect is the sum of the weights of those of its headers that the file has. One
 * that is taken unasked needs at least this much, and more than every other. */
#define CERTAIN 6

static const char *const field_names[] = {
	[FIELD_CODE] = "code",
	[FIELD_NAME] = "name",
	[FIELD_FIRST] = "first",
	[FIELD_LAST] = "last",
	[FIELD_EMAIL] = "email",
	[FIELD_TYPE] = "type",
	[FIELD_VENUE] = "venue",
	[FIELD_SESSION] = "session",
	[FIELD_STATUS] = "status",
	[FIELD_VALID] = "valid",
};
static_assert(ARRAY_LEN(field_names) == FIELD_COUNT, "every field needs its name");

const char *field_name(enum field f)
{
	return f < FIELD_COUNT ? field_names[f] : "";
}

const char *dialect_name(enum dialect d)
{
	return d == DIALECT_AUTO ? "auto" : dialect_tables[d].name;
}

bool dialect_by_name(const char *name, enum dialect *out)
{
	for (enum dialect d = DIALECT_AUTO; d < DIALECT_COUNT; d++) {
		if (strcasecmp(name, dialect_name(d)))
			continue;
		*out = d;
		return true;
	}
	return false;
}

const char *dialect_remedy(enum dialect d)
{
	return dialect_tables[d].remedy;
}

/* Decomposed, without marks and case: the letters that are compared. The result is malloc()ed. */
static utf8proc_uint8_t *fold(const char *header, size_t len)
{
	utf8proc_uint8_t *out = NULL;
	utf8proc_ssize_t n =
		utf8proc_map((const utf8proc_uint8_t *)header, (utf8proc_ssize_t)len, &out,
			UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_STRIPMARK |
				UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);
	return n < 0 ? NULL : out;
}

static bool counts(utf8proc_int32_t c)
{
	if (c < 0x80)
		return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '#';
	utf8proc_category_t category = utf8proc_category(c);
	return category <= UTF8PROC_CATEGORY_LO || category == UTF8PROC_CATEGORY_ND;
}

void dialect_normalise(const char *header, size_t len, char out[DIALECT_HEADER_SIZE])
{
	AUTO_FREE utf8proc_uint8_t *folded = fold(header, len);
	size_t used = 0;
	bool space = false;
	out[0] = '\0';
	for (const utf8proc_uint8_t *p = folded; p && *p;) {
		utf8proc_int32_t c;
		utf8proc_ssize_t n = utf8proc_iterate(p, -1, &c);
		if (n <= 0)
			break;
		bool letter = counts(c);
		if (letter && used + (size_t)n + 1 >= DIALECT_HEADER_SIZE)
			break;
		if (letter) {
			if (space && used > 0)
				out[used++] = ' ';
			memcpy(out + used, p, (size_t)n);
			used += (size_t)n;
		}
		space = !letter;
		p += n;
	}
	out[used] = '\0';
}

/* --- matching --------------------------------------------------------------------------------- */

static const struct dialect_alias *alias_of(enum dialect d, const char *header)
{
	for (const struct dialect_alias *a = dialect_tables[d].aliases; a->header; a++)
		if (!strcmp(a->header, header))
			return a;
	return NULL;
}

/* The headers that count most come first in people's ears, but the file's order will do. */
static void say_why(struct dialect_match *m, const char *header)
{
	size_t used = strlen(m->why);
	size_t left = sizeof(m->why) - used;
	if (strlen(header) + 4 < left)
		snprintf(m->why + used, left, "%s%s", used ? ", " : "", header);
}

static unsigned match_one(enum dialect d, const char (*headers)[DIALECT_HEADER_SIZE], size_t count,
	struct dialect_match *out)
{
	const struct dialect_alias *best[FIELD_COUNT] = { NULL };
	unsigned score = 0;
	*out = (struct dialect_match){ .dialect = d, .twice = DIALECT_NO_COLUMN };
	for (int f = 0; f < FIELD_COUNT; f++)
		out->columns[f] = DIALECT_NO_COLUMN;
	for (size_t i = 0; i < count; i++) {
		const struct dialect_alias *a = alias_of(d, headers[i]);
		if (!a)
			continue;
		out->taken[i] = true;
		out->known++;
		score += a->weight;
		if (a->weight > 1)
			say_why(out, headers[i]);
		if (a->field >= FIELD_COUNT)
			continue;
		if (best[a->field] == a && out->twice == DIALECT_NO_COLUMN)
			out->twice = (uint16_t)i;
		/* Where two could be the field, the table's earlier one is. */
		if (!best[a->field] || a < best[a->field]) {
			best[a->field] = a;
			out->columns[a->field] = (uint16_t)i;
		}
	}
	return score;
}

void dialect_match(enum dialect wanted, const char (*headers)[DIALECT_HEADER_SIZE], size_t count,
	struct dialect_match *out)
{
	unsigned best = 0;
	if (wanted != DIALECT_AUTO) {
		unsigned score = match_one(wanted, headers, count, out);
		out->certain = score > 0;
		return;
	}
	best = match_one(DIALECT_GENERIC, headers, count, out);
	for (enum dialect d = DIALECT_GENERIC + 1; d < DIALECT_COUNT; d++) {
		struct dialect_match m;
		unsigned score = match_one(d, headers, count, &m);
		if (score < CERTAIN || score <= best)
			continue;
		best = score;
		*out = m;
	}
	out->certain = best >= CERTAIN;
}

/* --- cells ------------------------------------------------------------------------------------ */

bool dialect_guards_cells(enum dialect d)
{
	return d == DIALECT_PRETIX;
}

/* The exporter doubles as little as it can: `|` became `\|` in the cells that it guarded, and in
 * these alone. */
size_t dialect_unguard(char *cell, size_t len)
{
	if (len < 2 || cell[0] != '\'' || !strchr("@+-=|%\\", cell[1]) ||
		(cell[1] == '\\' && (len < 3 || cell[2] != '|')))
		return len;
	size_t used = 0;
	for (size_t i = 1; i < len; i++) {
		if (cell[i] == '\\' && i + 1 < len && cell[i + 1] == '|')
			continue;
		cell[used++] = cell[i];
	}
	cell[used] = '\0';
	return used;
}

static bool is_among(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(word, *words))
			return true;
	return false;
}

enum standing dialect_standing(enum field field, const char *text, size_t len)
{
	char word[DIALECT_HEADER_SIZE];
	dialect_normalise(text, len, word);
	if (!*word)
		return STANDING_GOOD;
	if (field == FIELD_VALID)
		return is_among(word, dialect_no)    ? STANDING_REVOKED
		       : is_among(word, dialect_yes) ? STANDING_GOOD
						     : STANDING_UNKNOWN;
	return is_among(word, dialect_bad)    ? STANDING_REVOKED
	       : is_among(word, dialect_good) ? STANDING_GOOD
					      : STANDING_UNKNOWN;
}
