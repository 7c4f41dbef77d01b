#include "base/flags.h"
#include "base/text.h"
#include "cli/after.h"
#include "cli/cli.h"
#include "cli/data.h"
#include "cli/folder.h"
#include "cli/person_parts.h"
#include "cli/receipt.h"
#include "event/code.h"
#include "night/purge.h"
#include "store/people.h"
#include "store/roster.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RECEIPT_DOMAIN "parvis/1 erasure"

static const char usage[] =
	"usage: parvis person --event DIR [--store WHERE] [--box DATA]... [--stick PATH]...\n"
	"                     (--email ADDRESS | --email-stdin | --code CODE | --code-stdin)\n"
	"                     [--json] [--erase]\n"
	"\n"
	"What is held about one person: their registrations, what every row of the night says of\n"
	"their tickets, and the files that have their code, address or name.\n"
	"\n"
	"  --event DIR      the event's folder\n"
	"  --store WHERE    its store, where that is not in DIR: FILE.db or postgresql://...\n"
	"  --box DATA       a box's data directory, or a mirror of one\n"
	"  --stick PATH     a sealed copy of a box's log, or a stick or folder with such copies\n"
	"  --email ADDRESS  all that is registered with this e-mail address\n"
	"  --code CODE      the one ticket with this code\n"
	"  --email-stdin, --code-stdin\n"
	"                   the same, read from standard input: what is typed after a command is\n"
	"                   seen by everybody on this machine who lists its processes\n"
	"  --json           one JSON object\n"
	"  --erase          erase it, as far as it can be done, and write DIR/erased-DATE.json, which\n"
	"                   is signed and does not name the person\n"
	"\n"
	"Rows of the night stay: they hold a keyed hash of the ticket and nothing else of anybody.\n"
	"Exit status: 0 done, 1 nobody was found, or something of it is left, 2 wrong use,\n"
	"3 failed.\n";

static const char rows_note[] =
	"rows hold a keyed hash of the ticket; without the code, which is erased here, nobody can "
	"tell whose it was, but who still has the code and the event's keys can";
static const char sealed_note[] =
	"boxes and bundles hold names sealed under each guest's code or the PIN, and cannot be "
	"rewritten for one person: provision the boxes anew, and remove the old bundles";

/* --- who ---------------------------------------------------------------------------------------
 */

static bool is_theirs(const struct person_search *p, const struct person *who)
{
	if (p->o->email)
		return !strcasecmp(who->email, p->o->email);
	return !strcmp(who->code, p->o->code);
}

static int add_code(struct person_search *p, const struct person *who)
{
	struct person_code *more = reallocarray(p->codes, p->code_count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	p->codes = more;
	struct person_code *c = &p->codes[p->code_count++];
	*c = (struct person_code){ .code = strdup(who->code),
		.name = strdup(who->name),
		.email = strdup(who->email),
		.type = strdup(who->type),
		.venue = strdup(who->venue),
		.source = strdup(who->source),
		.revoked = who->revoked,
		.known = who->code_len > 0 };
	if (!c->code || !c->name || !c->email || !c->type || !c->venue || !c->source)
		return -ENOMEM;
	code_hash(p->event, c->code, strlen(c->code), c->hash);
	return 0;
}

static int take_theirs(void *context, const struct person *who)
{
	struct person_search *p = context;
	return is_theirs(p, who) ? add_code(p, who) : 0;
}

/* What somebody else has as well does not tell that a file is about this person. */
static int take_others(void *context, const struct person *who)
{
	struct person_search *p = context;
	for (size_t i = 0; i < p->code_count && !is_theirs(p, who); i++) {
		struct person_code *c = &p->codes[i];
		c->name_shared = c->name_shared || !strcasecmp(c->name, who->name);
		c->email_shared = c->email_shared || !strcasecmp(c->email, who->email);
	}
	return 0;
}

static int look_into_roster(struct person_search *p)
{
	struct roster *r;
	int error = roster_open(&r, p->o->event_dir, p->event);
	if (error)
		return error == -ENOENT ? 0 : error;
	for (size_t i = 0; !error && i < p->code_count; i++) {
		struct ticket t;
		const char *code = p->codes[i].code;
		code_read(p->event, code, strlen(code), &t);
		error = roster_find(r, code, strlen(code), &t);
		p->codes[i].in_roster = t.registered || t.revoked;
		explicit_bzero(&t, sizeof(t));
	}
	roster_close(r);
	return error;
}

static int add_words(struct person_search *p)
{
	bool taken = true;
	int error = person_words_new(&p->words);
	if (!error && p->o->email)
		error = person_words_add(p->words, p->o->email, &taken);
	for (size_t i = 0; !error && i < p->code_count; i++) {
		const struct person_code *c = &p->codes[i];
		error = person_words_add(p->words, c->code, &taken);
		if (!taken)
			fprintf(stderr, "parvis person: files are not searched for a code as short "
					"as theirs\n");
		if (!error && !c->email_shared)
			error = person_words_add(p->words, c->email, &taken);
		if (!error && !c->name_shared && strchr(c->name, ' '))
			error = person_words_add(p->words, c->name, &taken);
		if (c->known && *c->name && (c->name_shared || !strchr(c->name, ' ')))
			fprintf(stderr, "parvis person: files are not searched for the name: "
					"others have it, or it is a single word\n");
	}
	return error;
}

static int find(struct person_search *p)
{
	struct people *people;
	int error = people_open(&people, p->o->event_dir, p->event);
	if (!error) {
		error = people_each(people, take_theirs, p);
		if (!error)
			error = people_each(people, take_others, p);
		people_close(people);
	} else if (error == -ENOENT) {
		error = 0; /* nobody was imported; a badge may have come in all the same */
	}
	if (!error && !p->code_count && p->o->code)
		error = add_code(p, &(struct person){ p->o->code, 0, "", "", "", "", "", 0, 0, 0 });
	if (!error)
		error = look_into_roster(p);
	if (!error)
		error = add_words(p);
	return error ? after_failed("person", p->o->event_dir, error) : CLI_OK;
}

static size_t known_codes(const struct person_search *p)
{
	size_t n = 0;
	for (size_t i = 0; i < p->code_count; i++)
		n += p->codes[i].known;
	return n;
}

/* --- what is held ------------------------------------------------------------------------------
 */

static json_t *registrations(const struct person_search *p)
{
	json_t *list = json_array();
	for (size_t i = 0; i < p->code_count; i++) {
		const struct person_code *c = &p->codes[i];
		char hash[2 * TICKET_HASH_SIZE + 1];
		text_hex(hash, c->hash, sizeof(c->hash));
		json_array_append_new(list,
			json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:b, s:b, s:b}", "name",
				person_json(c->name), "email", person_json(c->email), "type",
				person_json(c->type), "venue", person_json(c->venue), "source",
				person_json(c->source), "code", person_json(c->code), "ticket",
				hash, "taken_back", c->revoked != 0, "in_people", c->known,
				"in_roster", c->in_roster));
	}
	return list;
}

static const char *of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));
	return text ? text : "";
}

static void print_files(const char *title, const json_t *list)
{
	size_t i;
	const json_t *o;
	if (json_array_size(list))
		printf("%s\n", title);
	json_array_foreach(list, i, o) printf("  %-5s  %s\n", of(o, "in"), of(o, "file"));
}

static void print_text(const struct person_search *p, const json_t *people)
{
	size_t i;
	const json_t *o;
	json_array_foreach(people, i, o)
	{
		printf("%s  %s\n", of(o, "name"), of(o, "email"));
		printf("  type %s, venue %s, from %s%s\n", of(o, "type"), of(o, "venue"),
			of(o, "source"),
			json_is_true(json_object_get(o, "taken_back")) ? ", taken back" : "");
		printf("  code %s\n  ticket %s in rows%s\n", of(o, "code"), of(o, "ticket"),
			json_is_true(json_object_get(o, "in_roster")) ? " and in roster.db" : "");
	}
	if (json_array_size(p->rows))
		printf("rows of the night:\n");
	json_array_foreach(p->rows, i, o) printf("  %s  %-7s %-10s %-4s %s/%s  (%s %s)\n",
		of(o, "at"), of(o, "what"), of(o, "verdict"), of(o, "direction"), of(o, "venue"),
		of(o, "door"), of(o, "in"), of(o, "file"));
	print_files("in the clear in:", p->clear);
	print_files("may be among the sealed names in:", p->sealed);
}

static int show(const struct person_search *p)
{
	json_t *people = registrations(p);
	if (!p->o->json) {
		print_text(p, people);
		json_decref(people);
		return data_flush("person");
	}
	json_t *o = json_pack("{s:s, s:o, s:O, s:O, s:O, s:s, s:s}", "event", p->event->id,
		"registrations", people, "rows", p->rows, "in_the_clear", p->clear,
		"perhaps_sealed_in", p->sealed, "of_rows", rows_note, "of_sealed", sealed_note);
	int failed = !o || json_dumpf(o, stdout, JSON_INDENT(2)) || putchar('\n') == EOF;
	json_decref(o);
	return failed ? after_failed("person", "standard output", -EIO) : data_flush("person");
}

/* --- erasing -----------------------------------------------------------------------------------
 */

static int forget(struct person_search *p, struct people_report *report)
{
	struct people_import *i;
	int error = people_import_open(&i, p->o->event_dir, p->event, "");
	if (error)
		return error;
	for (size_t k = 0; !error && k < p->code_count; k++)
		if (p->codes[k].known)
			error = people_import_forget(i, p->codes[k].code, strlen(p->codes[k].code));
	if (!error)
		error = people_import_commit(i, NULL, NULL, report);
	people_import_close(i);
	return error;
}

/* Both files are written anew without them, and the old people.db is overwritten. */
static int erase_people(struct person_search *p)
{
	char path[PATH_MAX];
	struct people_report report = { 0 };
	if (!known_codes(p))
		return CLI_OK;
	snprintf(path, sizeof(path), "%s/people.db", p->o->event_dir);
	AUTO_FD old = open(path, O_RDWR | O_CLOEXEC);
	int error = old < 0 ? -errno : forget(p, &report);
	if (!error)
		error = purge_open_file(old);
	if (error == -EBUSY)
		fprintf(stderr, "parvis person: an import is running: try again after it\n");
	if (error)
		return after_failed("person", path, error);
	for (size_t i = 0; i < p->code_count; i++)
		if (p->codes[i].revoked)
			fprintf(stderr, "parvis person: a ticket that had been taken back is "
					"forgotten with that: if it is a signed one, it is good "
					"again\n");
	json_array_append_new(p->gone, json_pack("{s:s, s:s, s:s}", "in", "event", "file",
					       "people.db", "what", "written anew"));
	json_array_append_new(p->gone, json_pack("{s:s, s:s, s:s}", "in", "event", "file",
					       "roster.db", "what", "written anew"));
	return report.forgotten == known_codes(p) ? CLI_OK : after_failed("person", path, -ESTALE);
}

/* Of another kind than those in rows: who has the code can look it up here, and nobody else. */
static json_t *hashes(const struct person_search *p)
{
	static const char use[] = "parvis-erased";
	json_t *list = json_array();
	uint8_t hash[16];
	char hex[2 * sizeof(hash) + 1];
	for (size_t i = 0; i < p->code_count + (p->o->email != NULL); i++) {
		const char *text = i < p->code_count ? p->codes[i].code : p->o->email;
		crypto_generichash_state s;
		crypto_generichash_init(
			&s, p->event->hash_key, sizeof(p->event->hash_key), sizeof(hash));
		crypto_generichash_update(&s, (const uint8_t *)use, sizeof(use));
		crypto_generichash_update(&s, (const uint8_t *)text, strlen(text));
		crypto_generichash_final(&s, hash, sizeof(hash));
		text_hex(hex, hash, sizeof(hash));
		json_array_append_new(list, json_string(hex));
	}
	return list;
}

static json_t *receipt(const struct person_search *p, int64_t now_ms)
{
	char at[WHEN_ISO_SIZE];
	when_iso_utc(now_ms, at);
	return json_pack("{s:s, s:s, s:s, s:o, s:I, s:I, s:O, s:O, s:O, s:s, s:s, s:s}",
		"erased_at", at, "program", "parvis " PARVIS_VERSION, "event", p->event->id,
		"person", hashes(p), "registrations", (json_int_t)known_codes(p), "rows_that_stay",
		(json_int_t)json_array_size(p->rows), "erased", p->gone, "left", p->left,
		"perhaps_sealed_in", p->sealed, "of_rows", rows_note, "of_sealed", sealed_note,
		"hash_key", p->event->hash_key_given ? "in event.ini" : "derived");
}

static int tell_erased(const struct person_search *p, json_t *what)
{
	size_t left = json_array_size(p->left);
	if (p->o->json) {
		json_dumpf(what, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		printf("%zu registrations erased, %zu rows stay as numbers\n", known_codes(p),
			json_array_size(p->rows));
		print_files("still in the clear in:", p->left);
		print_files("may be among the sealed names in:", p->sealed);
		printf("%s\n", rows_note);
		if (json_array_size(p->sealed))
			printf("%s\n", sealed_note);
	}
	int status = data_flush("person");
	return status == CLI_OK && left ? CLI_NO : status;
}

static int erase(struct person_search *p)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t now_ms = (int64_t)now.tv_sec * 1000;
	p->erasing = true;
	int status = erase_people(p);
	if (status == CLI_OK)
		status = person_files(p);
	json_t *what = receipt(p, now_ms);
	json_incref(what);
	int told = receipt_put(what, "person", RECEIPT_DOMAIN, p->o->event_dir, "erased", now_ms);
	if (status == CLI_OK)
		status = told;
	if (status == CLI_OK)
		status = tell_erased(p, what);
	json_decref(what);
	return status;
}

/* --- the order of things -----------------------------------------------------------------------
 */

static int search(struct person_search *p)
{
	p->rows = json_array();
	p->clear = json_array();
	p->sealed = json_array();
	p->gone = json_array();
	p->left = json_array();
	int status = find(p);
	if (status == CLI_OK)
		status = person_rows(p);
	if (status == CLI_OK)
		status = person_files(p);
	if (status != CLI_OK)
		return status;
	if (!known_codes(p) && !json_array_size(p->rows) && !json_array_size(p->clear)) {
		fprintf(stderr, "parvis person: nothing is held about anybody like that\n");
		return CLI_NO;
	}
	return p->o->erase ? erase(p) : show(p);
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void release(struct person_search *p)
{
	for (size_t i = 0; i < p->code_count; i++) {
		struct person_code *c = &p->codes[i];
		wipe(c->code);
		wipe(c->name);
		wipe(c->email);
		wipe(c->type);
		wipe(c->venue);
		wipe(c->source);
	}
	free(p->codes);
	person_words_free(p->words);
	json_decref(p->rows);
	json_decref(p->clear);
	json_decref(p->sealed);
	json_decref(p->gone);
	json_decref(p->left);
	event_free(p->event);
}

/* The first line of standard input. */
static char *read_line(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n = getline(&line, &room, stdin);
	while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
		line[--n] = '\0';
	if (n > 0 && strlen(line) == (size_t)n)
		return line;
	free(line);
	return NULL;
}

/* Whom: one of four ways says it. -1: go on. */
static int read_person(struct person_options *o, const char *email, const char *code,
	bool email_stdin, bool code_stdin)
{
	static const char command[] = "parvis person";
	if (!!email + !!code + email_stdin + code_stdin != 1)
		return flags_wrong(command,
			"give --email, --email-stdin, --code or --code-stdin, one of them");
	bool by_email = email || email_stdin;
	const char *typed = email ? email : code;
	char *who = typed ? strdup(typed) : read_line();
	*(by_email ? &o->email : &o->code) = who;
	if (who && *who && strlen(who) <= CODE_MAX)
		return -1;
	return flags_wrong(
		command, "%s has 1 to %d characters", by_email ? "an address" : "a code", CODE_MAX);
}

/* -1: go on; otherwise the exit status. There are places for as many as there are arguments. */
static int read_options(int argc, char **argv, struct person_options *o)
{
	const char *email = NULL, *code = NULL;
	bool email_stdin = false, code_stdin = false;
	const struct flag flags[] = {
		{ "event", .text = &o->event_dir, .needed = "DIR" },
		{ "store", .text = &o->store },
		{ "box", .text = o->boxes, .count = &o->box_count, .most = (size_t)argc },
		{ "stick", .text = o->sticks, .count = &o->stick_count, .most = (size_t)argc },
		{ "email", .text = &email },
		{ "code", .text = &code },
		{ "email-stdin", .set = &email_stdin },
		{ "code-stdin", .set = &code_stdin },
		{ "json", .set = &o->json },
		{ "erase", .set = &o->erase },
		{ 0 },
	};
	int status = flags_read("parvis person", flags, argc, argv, NULL);
	return status < 0 ? read_person(o, email, code, email_stdin, code_stdin) : status;
}

static int run(const struct person_options *o)
{
	struct person_search p = { .o = o };
	int status = folder_open(&p.event, o->event_dir);
	if (status == CLI_OK)
		status = search(&p);
	release(&p);
	return status;
}

int cli_person(int argc, char **argv)
{
	struct person_options o = { .boxes = calloc((size_t)argc + 1, sizeof(char *)),
		.sticks = calloc((size_t)argc + 1, sizeof(char *)) };
	bool room = o.boxes && o.sticks;
	int status = room ? read_options(argc, argv, &o) : CLI_FAILED;
	if (status < 0)
		status = run(&o);
	else if (room)
		fputs(usage, status ? stderr : stdout);
	free(o.boxes);
	free(o.sticks);
	wipe(o.email);
	wipe(o.code);
	return status;
}
