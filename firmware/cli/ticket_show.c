#include "base/flags.h"
#include "base/text.h"
#include "base/when.h"
#include "cli/cli.h"
#include "cli/data.h"
#include "cli/folder.h"
#include "cli/reply.h"
#include "cli/ticket.h"
#include "door/admission.h"
#include "event/code.h"
#include "event/short_code.h"
#include "event/sig1.h"
#include "store/roster.h"

#include <inttypes.h>
#include <string.h>

struct show {
	const char *event_dir, *at;
	bool json;
	char **codes; /* NULL-terminated */

	struct event *event;
	struct roster *roster; /* NULL: the event has none */
	struct when now;
};

/* Everything that is known of a code. */
struct facts {
	struct ticket ticket;
	enum sig1_result form;
	struct sig1_payload payload; /* where form is SIG1_GOOD */
	uint32_t key;                /* which of the event's signed it, from 1; 0: none */
	bool on_roster;
	struct decision decision;
	char short_code[SHORT_CODE_SIZE];
};

/* --- finding out --- */

static void read_signature(const struct event *e, const char *code, size_t len, struct facts *f)
{
	f->form = SIG1_NOT_ONE;
	for (uint32_t k = 0; k < e->key_count; k++) {
		enum sig1_result form =
			sig1_read((const uint8_t(*)[32])e->keys + k, 1, code, len, &f->payload);
		if (form > f->form)
			f->form = form;
		if (form < SIG1_MALFORMED)
			continue;
		f->key = k + 1;
		return;
	}
}

/* A signed ticket stays one when the roster knows it, too; asked as an opaque code it tells. */
static int ask_roster(struct roster *r, const char *code, size_t len, struct facts *f)
{
	struct ticket opaque = { .kind = TICKET_UNKNOWN };
	memcpy(opaque.hash, f->ticket.hash, sizeof(opaque.hash));
	int result = roster_find(r, code, len, &opaque);
	f->on_roster = opaque.kind == TICKET_ROSTER;
	return result ? result : roster_find(r, code, len, &f->ticket);
}

/* At the ticket's own venue, with nobody inside. */
static void decide(const struct show *s, struct facts *f)
{
	struct admission_rules rules = { .doorway = DOOR_ENTRY, .reentry = s->event->reentry };
	const struct prior nobody = { .last = DIRECTION_NONE };
	text_copy(rules.venue, sizeof(rules.venue),
		*f->ticket.venue ? f->ticket.venue : s->event->venues[0].id);
	f->decision = admission_decide(&rules, &f->ticket, &nobody, 0, &s->now, false);
}

static int find_out(const struct show *s, const char *code, size_t len, struct facts *f)
{
	*f = (struct facts){ 0 };
	code_read(s->event, code, len, &f->ticket);
	short_code(f->ticket.hash, f->short_code);
	read_signature(s->event, code, len, f);
	int result = s->roster && len ? ask_roster(s->roster, code, len, f) : 0;
	if (result) {
		fprintf(stderr, "parvis: cannot read the roster: %s\n", strerror(-result));
		return CLI_FAILED;
	}
	decide(s, f);
	return CLI_OK;
}

/* --- telling --- */

static const char *item_name(const struct event *e, int64_t id)
{
	for (uint32_t i = 0; i < e->item_count; i++)
		if (e->items[i].id == id)
			return e->items[i].name;
	return e->staff_item && id == e->staff_item ? "staff" : "";
}

static const char *venue_name(const struct event *e, const char *id)
{
	const struct event_venue *venue = event_venue(e, id);
	return venue ? venue->name : "";
}

static void key_hex(const struct event *e, const struct facts *f, char out[2 * 32 + 1])
{
	out[0] = '\0';
	if (f->key)
		text_hex(out, e->keys[f->key - 1], 32);
}

static json_t *number_or_null(bool known, int64_t n)
{
	return known ? json_integer(n) : json_null();
}

static int add_payload(json_t *o, const struct event *e, const struct facts *f)
{
	bool known = f->form == SIG1_GOOD;
	char key[2 * 32 + 1];
	key_hex(e, f, key);
	return json_object_set_new(o, "seed", reply_text(known ? f->payload.seed : "")) ||
	       json_object_set_new(o, "item", number_or_null(known, f->payload.item)) ||
	       json_object_set_new(
		       o, "item_name", reply_text(known ? item_name(e, f->payload.item) : "")) ||
	       json_object_set_new(o, "variation", number_or_null(known, f->payload.variation)) ||
	       json_object_set_new(o, "subevent", number_or_null(known, f->payload.subevent)) ||
	       json_object_set_new(o, "key", reply_text(key));
}

static int print_json(const struct show *s, const char *code, size_t len, const struct facts *f)
{
	const struct ticket *t = &f->ticket;
	json_t *o = json_object();
	if (reply_code(o, code, len) ||
		json_object_set_new(o, "kind", json_string(reply_kind(t->kind))) ||
		json_object_set_new(o, "short_code", json_string(f->short_code)) ||
		add_payload(o, s->event, f) ||
		json_object_set_new(o, "venue", reply_text(t->venue)) ||
		json_object_set_new(o, "foreign_venue", json_boolean(t->foreign_venue)) ||
		json_object_set_new(o, "foreign_item", json_boolean(t->foreign_item)) ||
		json_object_set_new(o, "valid_from", reply_moment(t->valid_from_s)) ||
		json_object_set_new(o, "valid_until", reply_moment(t->valid_until_s)) ||
		json_object_set_new(o, "on_roster", json_boolean(f->on_roster)) ||
		json_object_set_new(o, "name", reply_text(t->name)) ||
		json_object_set_new(o, "revoked", json_boolean(t->revoked)) ||
		json_object_set_new(
			o, "verdict", json_string(verdict_names[f->decision.verdict])) ||
		json_object_set_new(o, "time_doubt", json_boolean(f->decision.time_doubt))) {
		json_decref(o);
		o = NULL;
	}
	return reply_print(o);
}

static void line(const char *what, const char *format, ...) PRINTF_LIKE(2, 3);

/* One line of the table, escaped for a terminal. */
static void line(const char *what, const char *format, ...)
{
	char text[1024], safe[2048];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_printable(safe, sizeof(safe), text, strlen(text));
	printf("  %-11s %s\n", what, safe);
}

static const char *const kind_words[] = {
	[TICKET_NOT_ONE] = "no ticket of any kind",
	[TICKET_UNKNOWN] = "a code that neither key nor roster knows",
	[TICKET_FORGED] = "FORGED: the form of pretix_sig1, but no key of the event stands for it",
	[TICKET_SIGNED] = "signed, pretix_sig1",
	[TICKET_ROSTER] = "a code of the roster",
	[TICKET_TEST] = "the test code: proves the kiosk, counts nobody",
	[TICKET_STAFF] = "a staff card, pretix_sig1",
};
static_assert(ARRAY_LEN(kind_words) == TICKET_KIND_COUNT, "every kind needs its words");

static void print_signed(const struct event *e, const struct facts *f)
{
	char key[2 * 32 + 1];
	key_hex(e, f, key);
	line("seed", "%s", f->payload.seed);
	line("type", "%" PRId64 " %s%s", f->payload.item, item_name(e, f->payload.item),
		f->ticket.foreign_item ? "(not of this event)" : "");
	line("signed by", "%s (key %u of %u)", key, f->key, e->key_count);
}

static void print_venue(const struct event *e, const struct facts *f)
{
	if (f->ticket.foreign_venue)
		line("venue", "subevent %" PRId64 ", which this event does not have",
			f->payload.subevent);
	else if (*f->ticket.venue)
		line("venue", "%s, %s", f->ticket.venue, venue_name(e, f->ticket.venue));
	else
		line("venue", "every venue");
}

static void print_window(const struct ticket *t)
{
	char from[WHEN_ISO_SIZE], until[WHEN_ISO_SIZE];
	when_iso(t->valid_from_s * 1000, from);
	when_iso(t->valid_until_s * 1000, until);
	if (t->valid_from_s)
		line("from", "%s", from);
	if (t->valid_until_s)
		line("until", "%s", until);
}

static bool is_known(enum ticket_kind kind)
{
	return kind == TICKET_SIGNED || kind == TICKET_STAFF || kind == TICKET_ROSTER;
}

static int print_table(const struct show *s, const char *code, size_t len, const struct facts *f)
{
	char safe[1024];
	text_printable(safe, sizeof(safe), code, len);
	puts(safe);
	line("ticket", "%s", kind_words[f->ticket.kind]);
	line("short code", "%s", f->short_code);
	if (f->form == SIG1_GOOD)
		print_signed(s->event, f);
	if (is_known(f->ticket.kind))
		print_venue(s->event, f);
	print_window(&f->ticket);
	line("roster", "%s",
		!s->roster     ? "the event has none"
		: f->on_roster ? "on it"
			       : "not on it");
	if (*f->ticket.name)
		line("name", "%s", f->ticket.name);
	line("revoked", "%s", f->ticket.revoked ? "YES" : "no");
	line("now", "%s%s", verdict_names[f->decision.verdict],
		f->decision.time_doubt ? " (time in doubt)" : "");
	return CLI_OK;
}

static int show_code(void *context, const char *code, size_t len)
{
	const struct show *s = context;
	struct facts f;
	int result = find_out(s, code, len, &f);
	if (result == CLI_OK)
		result = (s->json ? print_json : print_table)(s, code, len, &f);
	if (result != CLI_OK)
		return result;
	return verdict_refuses(f.decision.verdict) ? CLI_NO : CLI_OK;
}

/* --- the command --- */

static int prepare(struct show *s)
{
	int result = folder_open(&s->event, s->event_dir);
	if (result != CLI_OK)
		return result;
	result = folder_moment(&s->now, s->at);
	return result == CLI_OK ? folder_roster(&s->roster, s->event_dir, s->event) : result;
}

int ticket_show(int argc, char **argv)
{
	struct show s = { 0 };
	const struct flag flags[] = {
		{ "event", .text = &s.event_dir, .needed = "DIR" },
		{ "at", .text = &s.at },
		{ "json", .set = &s.json },
		{ 0 },
	};
	int status = flags_read("parvis ticket show", flags, argc, argv, &s.codes);
	if (status < 0 && !*s.codes)
		status = flags_wrong("parvis ticket show", "CODE is missing");
	if (status >= 0)
		return ticket_usage(status ? stderr : stdout), status;
	int result = prepare(&s);
	if (result == CLI_OK)
		result = folder_codes(s.codes, show_code, &s);
	if (result <= CLI_NO && data_flush("ticket show") != CLI_OK)
		result = CLI_FAILED;
	roster_close(s.roster);
	event_free(s.event);
	return result;
}
