#include "event/roster_row.h"

#include "base/text.h"
#include "event/roster_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static bool refuse(char problem[ROSTER_PROBLEM_SIZE], const char *format, ...) PRINTF_LIKE(2, 3);

static bool refuse(char problem[ROSTER_PROBLEM_SIZE], const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(problem, ROSTER_PROBLEM_SIZE, format, args);
	va_end(args);
	return false;
}

/* --- the code --------------------------------------------------------------------------------- */

/* Whether a spreadsheet wrote a long number its own way: 1.23E+15, 1,23E+15. The code's last
 * digits are gone then. */
static bool is_e_notation(const char *text)
{
	const char *digits = "0123456789";
	if (text[0] < '0' || text[0] > '9' || strspn(text, digits) != 1)
		return false;
	const char *p = text + 1;
	if (*p == '.' || *p == ',') {
		size_t n = strspn(++p, digits);
		if (!n)
			return false;
		p += n;
	}
	if ((*p != 'E' && *p != 'e') || p[1] != '+')
		return false;
	p += 2;
	size_t n = strspn(p, digits);
	return n >= 2 && n <= 3 && !p[n];
}

static bool has_hazard(const char *text, size_t len, uint32_t *hazard)
{
	for (size_t i = 0, n; i < len; i += n) {
		n = 1;
		if (text[i] >= ' ' && text[i] <= '~')
			continue;
		n = text_decode_utf8(text + i, len - i, hazard);
		if (!n || text_is_hazard(*hazard))
			return true;
	}
	return false;
}

static bool check_code(const struct roster_rules *rules, const struct roster_cell *code,
	char problem[ROSTER_PROBLEM_SIZE])
{
	uint32_t hazard = 0;
	if (code->len == 0)
		return refuse(problem, "no code: every registration needs one");
	if (code->len > CODE_MAX)
		return refuse(problem, "the code is longer than any QR code can hold (%d bytes)",
			CODE_MAX);
	if (is_e_notation(code->text))
		return refuse(problem,
			"a spreadsheet has shortened the code to E-notation and its digits are "
			"lost: export again with the column formatted as text");
	if (has_hazard(code->text, code->len, &hazard))
		return refuse(problem,
			"the code holds the invisible or control character U+%04X: remove it",
			(unsigned)hazard);
	if (rules->match->dialect == DIALECT_LUMA && strstr(code->text, "://") &&
		!strstr(code->text, "pk="))
		return refuse(problem,
			"the address in qr_code_url has no pk=, which is the ticket: download "
			"the guest list again");
	return true;
}

/* --- the venue -------------------------------------------------------------------------------- */

static const struct event_venue *venue_by_number(const struct event *e, const char *text)
{
	char *end;
	errno = 0;
	long long number = strtoll(text, &end, 10);
	return *text && !*end && !errno && number > 0 ? event_venue_of_subevent(e, number) : NULL;
}

/* By id, number or name; in a session's text also the one venue whose name it holds. */
static const struct event_venue *venue_by_text(const struct event *e, const char *text, bool within)
{
	char wanted[DIALECT_HEADER_SIZE], name[DIALECT_HEADER_SIZE];
	const struct event_venue *found = event_venue(e, text);
	if (!found)
		found = venue_by_number(e, text);
	if (found)
		return found;
	dialect_normalise(text, strlen(text), wanted);
	unsigned hits = 0;
	for (uint32_t i = 0; i < e->venue_count; i++) {
		const struct event_venue *v = &e->venues[i];
		dialect_normalise(v->name, strlen(v->name), name);
		if (!strcasecmp(v->id, text) || (*name && !strcmp(name, wanted)))
			return v;
		if (within && strlen(name) >= 3 && strstr(wanted, name)) {
			found = v;
			hits++;
		}
	}
	return hits == 1 ? found : NULL;
}

static bool refuse_venue(const struct event *e, const char *text, char problem[ROSTER_PROBLEM_SIZE])
{
	char known[400] = "";
	size_t used = 0;
	for (uint32_t i = 0; i < e->venue_count && used + ID_SIZE + 8 < sizeof(known); i++)
		used += (size_t)snprintf(
			known + used, sizeof(known) - used, "%s%s", i ? ", " : "", e->venues[i].id);
	return refuse(problem, "\"%.60s\" is no venue of the event: there are %s", text, known);
}

/* Whether it is a moment and nothing else, which says nothing of a place. */
static bool is_moment(const char *text)
{
	return strspn(text, "0123456789-/:.hHTZ+ ") == strlen(text) && strpbrk(text, "-/:.hH");
}

static bool find_session(struct roster_rules *rules, const char *text, struct roster_entry *out,
	struct roster_csv_report *report, char problem[ROSTER_PROBLEM_SIZE])
{
	struct roster_place *p = &rules->place;
	if (!p->known || strcmp(p->text, text)) {
		const struct event_venue *v = venue_by_text(rules->event, text, true);
		p->known = text_copy(p->text, sizeof(p->text), text);
		p->placed = v != NULL;
		text_copy(p->venue, sizeof(p->venue), v ? v->id : "");
		if (!v && !is_moment(text) && rules->event->venue_count > 1) {
			p->known = false;
			return refuse_venue(rules->event, text, problem);
		}
	}
	report->unplaced += !p->placed;
	memcpy(out->venue, p->venue, sizeof(out->venue));
	return true;
}

static bool find_venue(struct roster_rules *rules, const struct roster_cell *cells,
	struct roster_entry *out, struct roster_csv_report *report,
	char problem[ROSTER_PROBLEM_SIZE])
{
	const char *text = cells[FIELD_VENUE].text, *session = cells[FIELD_SESSION].text;
	out->venue[0] = '\0';
	if (rules->venue)
		return text_copy(out->venue, sizeof(out->venue), rules->venue);
	if (!*text)
		return !*session || find_session(rules, session, out, report, problem);
	const struct event_venue *v = event_venue(rules->event, text);
	if (!v)
		v = venue_by_text(rules->event, text, false);
	if (!v)
		return refuse_venue(rules->event, text, problem);
	memcpy(out->venue, v->id, sizeof(out->venue));
	return true;
}

/* --- who and what ----------------------------------------------------------------------------- */

static void find_name(const struct roster_rules *rules, const struct roster_cell *cells, char *out)
{
	const struct roster_cell *first = &cells[FIELD_FIRST], *second = &cells[FIELD_LAST];
	char joined[2 * ROSTER_CELL_MAX + 2];
	if (rules->match->columns[FIELD_LAST] < rules->match->columns[FIELD_FIRST]) {
		first = &cells[FIELD_LAST];
		second = &cells[FIELD_FIRST];
	}
	if (cells[FIELD_NAME].len) {
		roster_clean(out, TICKET_NAME_SIZE, cells[FIELD_NAME].text, cells[FIELD_NAME].len);
		return;
	}
	memcpy(joined, first->text, first->len);
	joined[first->len] = ' ';
	memcpy(joined + first->len + 1, second->text, second->len);
	roster_clean(out, TICKET_NAME_SIZE, joined, first->len + 1 + second->len);
}

static void find_type(const struct event *e, const struct roster_cell *cell, char out[64])
{
	roster_clean(out, 64, cell->text, cell->len);
	if (!*out)
		return;
	char *end;
	long long number = strtoll(out, &end, 10);
	for (uint32_t i = 0; i < e->item_count; i++)
		if (!strcasecmp(e->items[i].name, out) || (!*end && e->items[i].id == number)) {
			text_copy(out, 64, e->items[i].name);
			return;
		}
}

static bool is_revoked(const struct roster_cell *cells, struct roster_csv_report *report)
{
	const struct roster_cell *status = &cells[FIELD_STATUS], *valid = &cells[FIELD_VALID];
	if (!status->len && !valid->len)
		return false;
	enum standing a = dialect_standing(FIELD_STATUS, status->text, status->len);
	enum standing b = dialect_standing(FIELD_VALID, valid->text, valid->len);
	report->unknown_status += a == STANDING_UNKNOWN || b == STANDING_UNKNOWN;
	return a == STANDING_REVOKED || b == STANDING_REVOKED;
}

enum roster_row_result roster_row_read(struct roster_rules *rules,
	struct roster_cell cells[FIELD_COUNT], struct roster_entry *out,
	struct roster_csv_report *report, char problem[ROSTER_PROBLEM_SIZE])
{
	if (dialect_guards_cells(rules->match->dialect))
		for (int f = 0; f < FIELD_COUNT; f++)
			cells[f].len = dialect_unguard(cells[f].text, cells[f].len);
	out->revoked = is_revoked(cells, report);
	if (out->revoked && !cells[FIELD_CODE].len)
		return ROSTER_ROW_LEFT_OUT;
	if (!check_code(rules, &cells[FIELD_CODE], problem) ||
		!find_venue(rules, cells, out, report, problem))
		return ROSTER_ROW_REFUSED;
	out->code = cells[FIELD_CODE].text;
	out->code_len = cells[FIELD_CODE].len;
	find_name(rules, cells, out->name);
	find_type(rules->event, &cells[FIELD_TYPE], out->type);
	roster_clean(
		out->email, sizeof(out->email), cells[FIELD_EMAIL].text, cells[FIELD_EMAIL].len);
	return ROSTER_ROW_TAKEN;
}
