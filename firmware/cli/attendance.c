#include "night/attendance.h"

#include "base/flags.h"
#include "base/text.h"
#include "base/when.h"
#include "cli/after.h"
#include "cli/attendance_upload.h"
#include "cli/cli.h"
#include "cli/pretix_fetch.h"
#include "cli/pretix_login.h"
#include "night/tally.h"
#include "store/people.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"usage: parvis attendance --event DIR [--store WHERE] [--format csv|json|pretix]\n"
	"                         [--as SELLER] [--source NAME] [--came] [--list ID] [--out FILE]\n"
	"       parvis attendance --event DIR --upload-pretix URL --organizer ORG --list ID\n"
	"                         --token-file FILE [--ca-file FILE] [--timeout SECONDS]\n"
	"                         [--retries N] [--store WHERE] [--source NAME] [--out FILE]\n"
	"\n"
	"Who came, of those who are registered: the rows that were collected, joined with people.db\n"
	"on this machine. Never on a box, never on the wire.\n"
	"\n"
	"  --event DIR    the event's folder, with its people.db\n"
	"  --store WHERE  a store elsewhere: a folder, a .db file or postgresql://...\n"
	"  --format       csv; json: one object; pretix: for each entry and exit of each person one\n"
	"                 JSON object a line, the body of a request to pretix's checkinrpc/redeem,\n"
	"                 with the same nonce every time (nothing is sent)\n"
	"  --as SELLER    CSV with the column names of pretix, eventbrite, helloasso, weezevent or\n"
	"                 billetweb in place of ours\n"
	"  --source NAME  only those whom this file or server brought, as `parvis roster list` names it\n"
	"  --came         only those who came\n"
	"  --list ID      with --format pretix: the number of the check-in list\n"
	"  --upload-pretix URL\n"
	"                 send these to the server, each that it has not taken yet. What it refuses is\n"
	"                 told as CSV with the reason, and asked again the next time; what it has\n"
	"                 taken is noted in DIR/pretix-ID-….sent\n"
	"  --organizer ORG, --token-file FILE\n"
	"                 as for `parvis roster import`; the token's team may check people in. With -\n"
	"                 the token is read from standard input\n"
	"  --ca-file FILE certificates to trust instead of the system's (PEM)\n"
	"  --timeout      seconds for one answer, 60; --retries  after a failure, 5\n"
	"  --out FILE     without it, or with -, standard output; a file is for its owner's eyes (0600)\n"
	"\n"
	"Exit status: 0 done, 1 the event is not good, nobody was imported, or the server refuses rows,\n"
	"2 wrong use, 3 failed.\n";

/* How a seller calls things. */
static const struct seller {
	const char *name, *code, *who, *email, *type, *venue, *status, *came, *absent;
	char comma;
} sellers[] = {
	{ "parvis", "code", "name", "email", "type", "venue", "came", "yes", "no", ',' },
	{ "pretix", "Secret", "Attendee name", "E-mail", "Product", "venue", "Checked in", "Yes",
		"No", ',' },
	{ "eventbrite", "Barcode #", "Name", "Email", "Ticket Type", "venue", "Attendee Status",
		"Checked In", "Attending", ',' },
	{ "helloasso", "Numéro de billet", "Nom participant", "Email", "Tarif", "venue", "Présent",
		"Oui", "Non", ';' },
	{ "weezevent", "code-barres", "Nom participant", "Email", "Tarif", "venue", "Présent",
		"Oui", "Non", ';' },
	{ "billetweb", "Billet", "Nom", "Email", "Tarif", "Séance", "Entré", "Oui", "Non", ';' },
};

#define NOT_GIVEN UINT_MAX

enum format { FORMAT_CSV, FORMAT_JSON, FORMAT_PRETIX, FORMATS };
static const char *const format_names[FORMATS] = { "csv", "json", "pretix" };

struct options {
	const char *event, *store, *format, *as, *source, *list, *out;
	const char *url, *organizer, *token_file, *ca_file;
	unsigned timeout_s, retries; /* or NOT_GIVEN */
	bool came;
};

struct telling {
	const struct options *options;
	const struct seller *seller;
	const struct figures *figures;
	enum format format;
	int64_t list; /* 0: none */
	FILE *out;
	uint64_t people, came, told;
};

/* --- CSV ---------------------------------------------------------------------------------------
 */

/* Whether a spreadsheet might calculate it: also where spaces stand before. */
static bool is_formula(const char *text)
{
	if (*text && strchr("\t\r\n|%", *text))
		return true;
	text += strspn(text, " ");
	return *text && strchr("=+-@", *text);
}

/* Quoted, and never a formula: such a text is given an apostrophe, as pretix does it. */
static void cell(struct telling *t, const char *text, bool last)
{
	fputc('"', t->out);
	if (is_formula(text))
		fputc('\'', t->out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', t->out);
		fputc(*text, t->out);
	}
	fputc('"', t->out);
	fputs(last ? "\r\n" : (char[]){ t->seller->comma, '\0' }, t->out);
}

static void head(struct telling *t)
{
	const struct seller *s = t->seller;
	const char *const heads[] = { s->code, s->who, s->email, s->type, s->venue, "source",
		s->status, "first_entry", "venues", "entries", "revoked" };
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		cell(t, heads[i], i + 1 == ARRAY_LEN(heads));
}

static void line(struct telling *t, const struct attendance *a)
{
	char first[WHEN_ISO_SIZE] = "", entries[24], venues[ATTENDANCE_VENUES_MAX * ID_SIZE] = "";
	size_t used = 0;
	if (a->entries)
		when_iso(a->first->ms, first);
	for (size_t i = 0; i < a->venue_count; i++)
		used += (size_t)snprintf(
			venues + used, sizeof(venues) - used, "%s%s", i ? " " : "", a->venues[i]);
	snprintf(entries, sizeof(entries), "%" PRIu64, a->entries);
	const char *const cells[] = { a->code, a->name, a->email, a->type, a->venue, a->source,
		a->entries ? t->seller->came : t->seller->absent, first, venues, entries,
		a->revoked ? "yes" : "" };
	for (size_t i = 0; i < ARRAY_LEN(cells); i++)
		cell(t, cells[i], i + 1 == ARRAY_LEN(cells));
}

/* --- JSON --------------------------------------------------------------------------------------
 */

static int object(struct telling *t, const struct attendance *a)
{
	char first[WHEN_ISO_SIZE] = "";
	json_t *venues = json_array();
	for (size_t i = 0; i < a->venue_count; i++)
		json_array_append_new(venues, json_string(a->venues[i]));
	if (a->entries)
		when_iso_utc(a->first->ms, first);
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:o, s:o, s:I}", "code",
		a->code, "name", a->name, "email", a->email, "type", a->type, "venue", a->venue,
		"source", a->source, "revoked", (int)a->revoked, "came", (int)(a->entries > 0),
		"first_entry", a->entries ? json_string(first) : json_null(), "venues", venues,
		"entries", (json_int_t)a->entries);
	if (!o)
		return -EINVAL; /* a text that is no UTF-8 */
	fputs(t->told > 1 ? ",\n" : "\n", t->out);
	int error = json_dumpf(o, t->out, JSON_COMPACT) ? -EIO : 0;
	json_decref(o);
	return error;
}

/* --- pretix ------------------------------------------------------------------------------------
 */

/* The nonce is the row: the same whenever, and whoever, sends it. It happened: hence "force". */
static int redeem(struct telling *t, const struct attendance *a, const struct attendance_visit *v)
{
	char at[WHEN_ISO_SIZE], device[2 * DEVICE_ID_SIZE + 1], nonce[96];
	when_iso_utc(v->ms, at);
	text_hex(device, v->device, DEVICE_ID_SIZE);
	snprintf(nonce, sizeof(nonce), "%s-%" PRIu32 "-%" PRIu64, device, v->epoch, v->seq);
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b}", "secret", a->code,
		"source_type", "barcode", "type", v->out ? "exit" : "entry", "datetime", at,
		"nonce", nonce, "force", 1, "ignore_unpaid", 0, "questions_supported", 0);
	if (!o)
		return -EINVAL;
	if (t->list)
		json_object_set_new(o, "lists", json_pack("[I]", (json_int_t)t->list));
	int error = json_dumpf(o, t->out, JSON_COMPACT) ? -EIO : 0;
	fputc('\n', t->out);
	json_decref(o);
	return error;
}

static int redeem_all(struct telling *t, const struct attendance *a)
{
	int error = 0;
	for (size_t i = 0; !error && i < a->visit_count; i++)
		error = redeem(t, a, &a->visits[i]);
	return error;
}

static int tell(void *context, const struct attendance *a)
{
	struct telling *t = context;
	const struct options *o = t->options;
	int error = 0;
	if (o->source && strcmp(o->source, a->source))
		return 0;
	t->people++;
	t->came += a->entries > 0;
	if (o->came && !a->entries)
		return 0;
	t->told++;
	if (t->format == FORMAT_JSON)
		error = object(t, a);
	else if (t->format == FORMAT_PRETIX)
		error = redeem_all(t, a);
	else
		line(t, a);
	return !error && ferror(t->out) ? -EIO : error;
}

/* --- the command -------------------------------------------------------------------------------
 */

static int find_words(const struct options *o, struct telling *t)
{
	char *end = NULL;
	t->seller = &sellers[0];
	for (size_t i = 0; i < ARRAY_LEN(sellers); i++)
		if (o->as && !strcmp(o->as, sellers[i].name))
			t->seller = &sellers[i];
	for (int i = 0; i < FORMATS; i++)
		if (o->format && !strcmp(o->format, format_names[i]))
			t->format = (enum format)i;
	errno = 0;
	t->list = o->list ? strtoll(o->list, &end, 10) : 0;
	const char *wrong = NULL;
	if (o->as && t->seller == &sellers[0])
		wrong = "--as is pretix, eventbrite, helloasso, weezevent or billetweb";
	else if (o->format && strcmp(o->format, format_names[t->format]) != 0)
		wrong = "--format is csv, json or pretix";
	else if (o->as && t->format != FORMAT_CSV)
		wrong = "--as is for --format csv";
	else if (o->url && (o->format || o->as || o->came))
		wrong = "--upload-pretix sends rows as --format pretix has them";
	else if (o->url &&
		 (!o->organizer || !pretix_is_slug(o->organizer) || !o->list || !o->token_file))
		wrong = "--upload-pretix needs --organizer, --list and --token-file";
	else if (!o->url && (o->organizer || o->token_file || o->ca_file ||
				    o->timeout_s != NOT_GIVEN || o->retries != NOT_GIVEN))
		wrong = "--organizer, --token-file, --ca-file, --timeout and --retries are for "
			"--upload-pretix";
	if (o->url)
		t->format = FORMAT_PRETIX;
	if (!wrong && o->list && (t->format != FORMAT_PRETIX || errno || *end || t->list < 1))
		wrong = "--list is a number, for --format pretix";
	if (!wrong)
		return CLI_OK;
	fprintf(stderr, "parvis attendance: %s\n", wrong);
	return CLI_USAGE;
}

static int fill(struct telling *t, struct night *n, const struct event *e, uint64_t *others)
{
	if (t->format == FORMAT_CSV)
		head(t);
	if (t->format == FORMAT_JSON)
		fprintf(t->out, "{\"event\":\"%s\",\"people\":[", e->id);
	int error = attendance_each(n, e, t->options->event, t->figures, tell, t, others);
	if (t->format == FORMAT_JSON)
		fprintf(t->out,
			"\n],\"registered\":%" PRIu64 ",\"came\":%" PRIu64 ",\"walk_ins\":%" PRIu64
			",\"unregistered\":%" PRIu64 "}\n",
			t->people, t->came, t->figures->night.walk_ins, *others);
	return error;
}

static ssize_t pass(void *context, const char *bytes, size_t size)
{
	int error = after_write(context, bytes, size);
	if (!error)
		return (ssize_t)size;
	errno = -error;
	return 0;
}

static void tell_counts(const struct telling *t, uint64_t others)
{
	fprintf(stderr,
		"%" PRIu64 " of %" PRIu64 " registered came; %" PRIu64
		" entries of walk-ins; %" PRIu64 " tickets came in that are not registered here\n",
		t->came, t->people, t->figures->night.walk_ins, others);
}

static int write_out(struct telling *t, struct night *n, const struct event *e)
{
	const struct options *o = t->options;
	struct after_out out;
	uint64_t others = 0;
	int status = after_begin(&out, "attendance", o->out);
	if (status != CLI_OK)
		return status;
	t->out = fopencookie(&out, "w", (cookie_io_functions_t){ .write = pass });
	int error = t->out ? fill(t, n, e, &others) : -ENOMEM;
	if (t->out && fclose(t->out) && !error)
		error = errno ? -errno : -EIO;
	status = after_end(&out, "attendance", o->out, error);
	if (status == CLI_OK)
		tell_counts(t, others);
	return status;
}

/* --- to the server -----------------------------------------------------------------------------
 */

/* A file without a name: codes are in it. Where people.db is, no further. */
static FILE *open_spool(const char *event_dir)
{
	int fd = open(event_dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w+");
	if (fd >= 0 && !f)
		close(fd);
	return f;
}

static int upload(const struct telling *t, FILE *bodies)
{
	const struct options *o = t->options;
	const struct upload_options u = { o->url, o->organizer, o->list, o->token_file, o->ca_file,
		o->timeout_s == NOT_GIVEN ? PRETIX_TIMEOUT_S : o->timeout_s,
		o->retries == NOT_GIVEN ? PRETIX_RETRIES : o->retries };
	struct after_out out;
	int begun = after_begin(&out, "attendance", o->out);
	if (begun != CLI_OK)
		return begun;
	FILE *refused = fopencookie(&out, "w", (cookie_io_functions_t){ .write = pass });
	int status = refused ? attendance_upload(&u, o->event, bodies, refused) : CLI_FAILED;
	int error = refused && fclose(refused) ? -EIO : refused ? 0 : -ENOMEM;
	int ended = after_end(&out, "attendance", o->out, error);
	return ended == CLI_OK ? status : ended;
}

/* The rows are written down first: a store is not kept open for as long as a server takes. */
static int spool(struct telling *t, struct night *n, const struct event *e)
{
	uint64_t others = 0;
	t->out = open_spool(t->options->event);
	int error = t->out ? fill(t, n, e, &others) : -errno;
	if (!error && (fflush(t->out) || fseek(t->out, 0, SEEK_SET)))
		error = -errno;
	if (error)
		return after_failed("attendance", t->options->event, error);
	tell_counts(t, others);
	return CLI_OK;
}

/* So that nothing is written where there is nobody. */
static int look_for_people(const struct options *o, const struct event *e)
{
	struct people *p = NULL;
	int error = people_open(&p, o->event, e);
	people_close(p);
	if (error == -ENOENT) {
		fputs("parvis attendance: nobody was imported: see `parvis roster import`\n",
			stderr);
		return CLI_NO;
	}
	return error ? after_failed("attendance", "people.db", error) : CLI_OK;
}

static int run(struct telling *t)
{
	const struct options *o = t->options;
	struct event *e;
	struct night *n;
	struct figures *f = NULL;
	int status = after_open(&e, &n, "attendance", o->event, o->store);
	if (status != CLI_OK)
		return status;
	status = look_for_people(o, e);
	int error = status == CLI_OK ? tally_night(&f, n, e, o->event) : 0;
	if (error)
		status = after_failed("attendance", "cannot count the rows", error);
	t->figures = f;
	if (status == CLI_OK)
		status = o->url ? spool(t, n, e) : write_out(t, n, e);
	if (f)
		figures_free(f);
	night_close(n);
	event_free(e);
	if (o->url && t->out) {
		if (status == CLI_OK)
			status = upload(t, t->out);
		fclose(t->out);
	}
	return status;
}

int cli_attendance(int argc, char **argv)
{
	struct options o = { .timeout_s = NOT_GIVEN, .retries = NOT_GIVEN };
	struct telling t = { .options = &o };
	const struct flag flags[] = {
		{ "event", .text = &o.event, .needed = "DIR" },
		{ "store", .text = &o.store },
		{ "format", .text = &o.format },
		{ "as", .text = &o.as },
		{ "source", .text = &o.source },
		{ "list", .text = &o.list },
		{ "out", .text = &o.out },
		{ "upload-pretix", .text = &o.url },
		{ "organizer", .text = &o.organizer },
		{ "token-file", .text = &o.token_file },
		{ "ca-file", .text = &o.ca_file },
		{ "timeout", .take = pretix_take_timeout, .context = &o.timeout_s },
		{ "retries", .take = pretix_take_retries, .context = &o.retries },
		{ "came", .set = &o.came },
		{ 0 },
	};
	int status = flags_read("parvis attendance", flags, argc, argv, NULL);
	if (status >= 0)
		return fputs(usage, status ? stderr : stdout), status;
	status = find_words(&o, &t);
	return status == CLI_OK ? run(&t) : status;
}
