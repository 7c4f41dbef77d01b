#include "cli/roster_pretix.h"

#include "base/flags.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/folder.h"
#include "cli/pretix_fetch.h"
#include "cli/pretix_import.h"
#include "cli/pretix_login.h"
#include "event/pretix_keys.h"
#include "port/clock.h"
#include "store/people.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char roster_pretix_help[] =
	"\n"
	"From pretix itself, over its REST API:\n"
	"       parvis roster import --event DIR --pretix URL --organizer ORG --pretix-event SLUG\n"
	"                            (--token-file FILE | --token -) [--list ID] [--full]\n"
	"                            [--ca-file FILE] [--timeout SECONDS] [--retries N]\n"
	"\n"
	"        takes the tickets of all check-in lists, or of one, the public keys of signed\n"
	"        tickets, and what is revoked, blocked or cancelled; after the first time, what\n"
	"        has changed, unless --full. All is taken or nothing.\n"
	"        --token-file  has the API token of a team that may view the event's orders;\n"
	"                      --token - reads it from standard input\n"
	"        --ca-file     certificates to trust instead of the system's (PEM)\n"
	"        --timeout     seconds for one answer, 60; --retries  after a failure, 5\n";

struct options {
	const char *event_dir, *url, *organizer, *slug, *token_file, *token, *list, *ca_file;
	unsigned timeout_s, retries;
	bool full;
};

bool roster_pretix_wanted(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (!strcmp(argv[i], "--pretix") || !strncmp(argv[i], "--pretix=", 9))
			return true;
	return false;
}

/* --- options ---------------------------------------------------------------------------------- */

static const char *take_slug(void *context, const char *value)
{
	*(const char **)context = value;
	return pretix_is_slug(value) ? NULL : "a short name: letters, digits, - . _";
}

static const char *take_list_number(void *context, const char *value)
{
	*(const char **)context = value;
	return pretix_is_list(value) ? NULL : "the number of a check-in list";
}

/* -1: go on; otherwise the exit status. */
static int read_options(int argc, char **argv, struct options *o)
{
	static const char command[] = "parvis roster import";
	const struct flag flags[] = {
		{ "event", .text = &o->event_dir, .needed = "DIR" },
		{ "pretix", .text = &o->url, .needed = "URL" },
		{ "organizer", .take = take_slug, .context = &o->organizer, .needed = "ORG" },
		{ "pretix-event", .take = take_slug, .context = &o->slug, .needed = "SLUG" },
		{ "token-file", .text = &o->token_file },
		{ "token", .text = &o->token },
		{ "list", .take = take_list_number, .context = &o->list },
		{ "ca-file", .text = &o->ca_file },
		{ "timeout", .take = pretix_take_timeout, .context = &o->timeout_s },
		{ "retries", .take = pretix_take_retries, .context = &o->retries },
		{ "full", .set = &o->full },
		{ 0 },
	};
	*o = (struct options){ .timeout_s = PRETIX_TIMEOUT_S, .retries = PRETIX_RETRIES };
	int status = flags_read(command, flags, argc, argv, NULL);
	if (status < 0 && !o->token == !o->token_file)
		status = flags_wrong(command, "give --token-file or --token, one of them");
	return status;
}

/* --- fetching --------------------------------------------------------------------------------- */

struct run {
	const struct options *o;
	struct event *event;
	struct pretix_fetch fetch;
	struct pretix_import import;
	uint8_t keys[EVENT_KEYS_MAX][32];
	uint32_t key_count;
	int mark; /* of the secrets being read */
	bool staff_sold;
};

static int take_list(void *context, const struct pretix_list *list)
{
	struct run *r = context;
	return pretix_import_list(&r->import, list);
}

static int read_lists(void *context, const struct http_answer *a, struct pretix_page *page,
	char why[PRETIX_WHY_SIZE])
{
	return pretix_read_lists(a->body, a->len, page, take_list, context, why);
}

static int take_item(void *context, int64_t id, const char *name)
{
	struct run *r = context;
	char key[24];
	snprintf(key, sizeof(key), "%" PRId64, id);
	r->staff_sold |= r->event->staff_item && id == r->event->staff_item;
	return json_object_set_new(r->import.items, key, json_string(name)) ? -ENOMEM : 0;
}

static int read_items(void *context, const struct http_answer *a, struct pretix_page *page,
	char why[PRETIX_WHY_SIZE])
{
	const struct run *r = context;
	const char *language = language_codes[r->event->language];
	return pretix_read_items(a->body, a->len, language, page, take_item, context, why);
}

static int take_position(void *context, const struct pretix_position *position)
{
	struct run *r = context;
	return pretix_import_position(&r->import, position);
}

static int read_positions(void *context, const struct http_answer *a, struct pretix_page *page,
	char why[PRETIX_WHY_SIZE])
{
	return pretix_read_positions(a->body, a->len, page, take_position, context, why);
}

static int read_orders(void *context, const struct http_answer *a, struct pretix_page *page,
	char why[PRETIX_WHY_SIZE])
{
	return pretix_read_orders(a->body, a->len, page, take_position, context, why);
}

static int take_secret(void *context, const char *code, size_t len, bool bad)
{
	struct run *r = context;
	(void)len;
	return pretix_import_secret(&r->import, code, r->mark, bad);
}

static int read_secrets(void *context, const struct http_answer *a, struct pretix_page *page,
	char why[PRETIX_WHY_SIZE])
{
	return pretix_read_secrets(a->body, a->len, page, take_secret, context, why);
}

static int fetch_keys(struct run *r)
{
	struct http_answer answer = { 0 };
	char why[PRETIX_WHY_SIZE];
	int error = pretix_fetch(&r->fetch, "", false, &answer);
	if (error)
		return error;
	error = pretix_read_event(answer.body, answer.len, r->keys, &r->key_count, why);
	if (error == -EBADMSG)
		fprintf(stderr, "parvis: pretix: the event: %s\n", why);
	http_answer_drop(&answer);
	return error;
}

/* One list is looked for among all of them: there are few, and its absence can be told. */
static int fetch_lists(struct run *r)
{
	struct pretix_import *i = &r->import;
	size_t kept = 0;
	int error = pretix_fetch_all(&r->fetch, "checkinlists/", "", false, read_lists, r, NULL);
	for (size_t n = 0; !error && r->o->list && n < i->list_count; n++)
		if (i->lists[n].id == strtoll(r->o->list, NULL, 10))
			i->lists[kept++] = i->lists[n];
	if (!error && r->o->list)
		i->list_count = kept;
	if (error || i->list_count)
		return error;
	if (r->o->list)
		fprintf(stderr, "parvis: pretix: the event has no check-in list %s\n", r->o->list);
	else
		fprintf(stderr, "parvis: pretix: the event has no check-in list: make one that has "
				"the tickets of this door\n");
	return -EBADMSG;
}

static int fetch_items(struct run *r)
{
	int error = pretix_fetch_all(&r->fetch, "items/", "", true, read_items, r, NULL);
	if (error && error != -ENOENT)
		return error;
	if (!r->staff_sold)
		return 0;
	fprintf(stderr,
		"parvis: pretix sells product %" PRId64 ", which event.ini has as [staff] item: "
		"guests would be staff; give staff cards another number\n",
		r->event->staff_item);
	return -EBADMSG;
}

/* What has changed comes with the orders. */
static int fetch_changes(struct run *r)
{
	char query[256], since[64];
	memcpy(since, r->import.last.orders_since, sizeof(since));
	snprintf(query, sizeof(query),
		"modified_since=%s&include_canceled_positions=true&ordering=datetime", since);
	return pretix_fetch_all(
		&r->fetch, "orders/", query, false, read_orders, r, r->import.next.orders_since);
}

/* The moment is taken before anything is read, so that what changes meanwhile comes next time. */
static int fetch_moment(struct run *r)
{
	struct http_answer answer = { 0 };
	char *since = r->import.next.orders_since;
	int error = pretix_fetch(&r->fetch, "orders/?page_size=1", true, &answer);
	since[0] = '\0';
	if (error)
		return error == -ENOENT ? 0 : error;
	pretix_moment(since, answer.generated);
	http_answer_drop(&answer);
	return 0;
}

static int fetch_positions(struct run *r)
{
	const struct pretix_import *i = &r->import;
	int error = fetch_moment(r);
	for (size_t n = 0; !error && n < i->list_count; n++) {
		char what[64];
		snprintf(what, sizeof(what), "checkinlists/%" PRId64 "/positions/", i->lists[n].id);
		error = pretix_fetch_all(&r->fetch, what, "ordering=order__code,positionid", false,
			read_positions, r, NULL);
	}
	return error;
}

/* Servers that are older than these lists have none: then there is nothing in them. */
static int fetch_secrets(
	struct run *r, const char *what, const char *parameter, char since[64], int mark)
{
	char query[128] = "";
	if (!r->import.full && *since)
		snprintf(query, sizeof(query), "%s=%s", parameter, since);
	r->mark = mark;
	int error = pretix_fetch_all(&r->fetch, what, query, true, read_secrets, r, since);
	return error == -ENOENT ? 0 : error;
}

static int fetch_all(struct run *r)
{
	struct pretix_state *next = &r->import.next;
	int error = fetch_items(r);
	if (!error)
		error = r->import.full ? fetch_positions(r) : fetch_changes(r);
	if (!error)
		error = fetch_secrets(
			r, "revokedsecrets/", "created_since", next->revoked_since, MARK_REVOKED);
	if (!error)
		error = fetch_secrets(
			r, "blockedsecrets/", "updated_since", next->blocked_since, MARK_BLOCKED);
	return error;
}

/* --- the whole -------------------------------------------------------------------------------- */

static const char *scope(const struct run *r)
{
	return r->o->list ? r->o->list : "all";
}

static bool has_people(const struct run *r)
{
	struct people *people;
	int error = people_open(&people, r->o->event_dir, r->event);
	if (!error)
		people_close(people);
	return !error;
}

/* Goes on from last time where that fits; from the beginning otherwise. */
static int begin(struct run *r)
{
	struct pretix_import *i = &r->import;
	const struct options *o = r->o;
	struct pretix_state last;
	char basis[sizeof(last.basis)];
	bool known = has_people(r);
	int error = pretix_state_load(&last, o->event_dir, o->organizer, o->slug, scope(r));
	if (error && error != -ENOENT)
		fprintf(stderr,
			"note: what the last import left cannot be read (%s): everything is "
			"read anew\n",
			strerror(-error));
	if (!error && known) {
		pretix_state_drop(&i->last);
		i->last = last;
	} else if (!error) {
		pretix_state_drop(&last);
	}
	pretix_import_basis(i, o->url, basis);
	bool same = !strcmp(i->last.basis, basis) && *i->last.orders_since;
	error = pretix_import_begin(i, o->full || !same);
	memcpy(i->next.basis, basis, sizeof(basis));
	return error;
}

static int refuse_strange(const struct run *r)
{
	if (!r->import.strange)
		return 0;
	fprintf(stderr,
		"parvis: pretix: %" PRIu64 " tickets are for date %" PRId64 " or others that no "
		"venue of event.ini has: write subevent = %" PRId64 " under the [venue] where they "
		"are good, or choose a list with --list\n",
		r->import.strange, r->import.strange_subevent, r->import.strange_subevent);
	return -EBADMSG;
}

static void tell(const struct run *r, const struct people_report *report, bool new_keys)
{
	printf("pretix %s/%s, %s: %zu registrations: %" PRIu64 " new, %" PRIu64 " updated, %" PRIu64
	       " unchanged; %" PRIu64 " revoked, %" PRIu64 " restored\n",
		r->o->organizer, r->o->slug, r->import.full ? "everything" : "changes",
		json_object_size(r->import.rows), report->added, report->updated, report->same,
		report->revoked, report->restored);
	printf("%" PRIu32 " keys of signed tickets%s\n", r->key_count,
		new_keys ? ", written to " PRETIX_KEYS_FILE : "");
	if (r->import.timed)
		fprintf(stderr,
			"note: %" PRIu64 " tickets have limits of time: signed ones carry them, "
			"opaque codes are let in at any time\n",
			r->import.timed);
}

/* First the people and the roster, then what is remembered: cut in between, the next import says
 * the same again, which changes nothing. */
static int finish(struct run *r)
{
	const struct options *o = r->o;
	struct people_report report = { 0 };
	char source[2 * PRETIX_SLUG_MAX + 2], from[sizeof(source) + 8];
	bool new_keys = false;
	snprintf(source, sizeof(source), "%s/%s", o->organizer, o->slug);
	snprintf(from, sizeof(from), "pretix %s", source);
	int error = pretix_import_apply(&r->import, o->event_dir, from, &report);
	if (error == -ESTALE)
		folder_say(o->event_dir, "roster.db",
			"was not made with this version: move it away and import everything again");
	else if (error)
		folder_say(o->event_dir, "people.db", strerror(-error));
	if (error)
		return error;
	error = pretix_keys_save(o->event_dir, source, r->keys, r->key_count, &new_keys);
	if (error)
		folder_say(o->event_dir, PRETIX_KEYS_FILE, strerror(-error));
	if (error)
		return error;
	tell(r, &report, new_keys);
	error = pretix_state_save(&r->import.next, o->event_dir, o->organizer, o->slug, scope(r));
	if (error)
		folder_say(o->event_dir, "keys",
			"what was imported cannot be remembered: the next import reads everything");
	return error;
}

static int run(struct run *r)
{
	int error = fetch_keys(r);
	if (!error)
		error = fetch_lists(r);
	if (!error)
		error = begin(r);
	if (!error)
		error = fetch_all(r);
	if (!error)
		error = refuse_strange(r);
	pretix_fetch_quiet(&r->fetch);
	if (error)
		fprintf(stderr, "parvis: nothing was taken%s%s\n", error == -ENOMEM ? ": " : "",
			error == -ENOMEM ? "out of memory" : "");
	if (!error && finish(r))
		error = -EIO;
	return error;
}

static int exit_status(int error)
{
	bool refused = error == -EBADMSG || error == -EPERM || error == -ENOENT ||
		       error == -EACCES || error == -EXDEV;
	return !error ? CLI_OK : refused ? CLI_NO : CLI_FAILED;
}

static int import(const struct options *o, struct event *e, const char *token)
{
	struct run r = { .o = o, .event = e };
	char why[HTTP_ERROR_SIZE];
	struct http_server server = { o->url, token, o->ca_file, o->timeout_s };
	int error = http_open(&r.fetch.http, &server, why);
	if (error) {
		fprintf(stderr, "parvis: pretix: %s\n", why);
		return error == -EINVAL ? CLI_USAGE : CLI_FAILED;
	}
	snprintf(r.fetch.base, sizeof(r.fetch.base), "/api/v1/organizers/%s/events/%s/",
		o->organizer, o->slug);
	r.fetch.retries = o->retries;
	r.fetch.started_ms = clock_now(0).mono_ms;
	r.fetch.shows = isatty(STDERR_FILENO);
	error = pretix_import_new(&r.import, e);
	if (!error)
		error = run(&r);
	pretix_import_drop(&r.import);
	http_close(r.fetch.http);
	return exit_status(error);
}

int roster_pretix(int argc, char **argv)
{
	struct options o;
	struct event *e;
	char token[HTTP_TOKEN_MAX + 2] = "";
	int status = read_options(argc, argv, &o);
	if (status >= 0)
		return fputs(roster_pretix_help + 1, status ? stderr : stdout), status;
	int error = o.token ? pretix_token_of_argument(o.token, token)
			    : pretix_token_of_file(o.token_file, token);
	if (error)
		return CLI_FAILED;
	int result = folder_open(&e, o.event_dir);
	if (result == CLI_OK) {
		result = import(&o, e, token);
		event_free(e);
	}
	explicit_bzero(token, sizeof(token));
	return result;
}
