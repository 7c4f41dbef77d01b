#include "cli/roster.h"

#include "base/text.h"
#include "cli/cli.h"
#include "store/people.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* --- list and find -----------------------------------------------------------------------------
 */

struct listing {
	const struct roster_options *options;
	const char *venue;                /* NULL: every one */
	const char *prefix;               /* of a code; NULL: everybody */
	char wanted[DIALECT_HEADER_SIZE]; /* in a name, normalised */
	uint64_t count;
};

static const char *standing(const struct person *who)
{
	return !who->revoked                   ? "registered"
	       : who->revoked & PEOPLE_BY_HAND ? "revoked by hand"
					       : "revoked by the seller";
}

static void print_json(const struct listing *l, const struct person *who)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:s}", "code", who->code, "name",
		who->name, "email", who->email, "type", who->type, "venue", who->venue, "known",
		who->known, "revoked", who->revoked != 0, "source", who->source);
	if (!o)
		return;
	fputs(l->count ? ",\n" : "\n", stdout);
	json_dumpf(o, stdout, JSON_COMPACT);
	json_decref(o);
}

static void print_cell(const char *text, char after)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	putchar('"');
	putchar(after);
}

static void print_csv(const struct person *who)
{
	print_cell(who->code, ',');
	print_cell(who->name, ',');
	print_cell(who->type, ',');
	print_cell(who->venue, ',');
	print_cell(who->email, ',');
	print_cell(who->revoked ? "cancelled" : "registered", ',');
	print_cell(who->source, '\n');
}

static void print_text(const struct person *who)
{
	const char *const cells[] = { who->venue, who->name, who->type, standing(who), who->code,
		who->source };
	for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
		char safe[4 * CODE_MAX];
		text_printable(safe, sizeof(safe), cells[i], strlen(cells[i]));
		printf("%s%c", *safe ? safe : "-", i + 1 < ARRAY_LEN(cells) ? '\t' : '\n');
	}
}

static bool is_wanted(const struct listing *l, const struct person *who)
{
	char name[DIALECT_HEADER_SIZE];
	if (l->venue && *who->venue && strcmp(who->venue, l->venue))
		return false;
	if (!l->prefix)
		return who->known;
	if (!strncmp(who->code, l->prefix, strlen(l->prefix)))
		return true;
	dialect_normalise(who->name, strlen(who->name), name);
	return *l->wanted && strstr(name, l->wanted);
}

static int print_one(void *context, const struct person *who)
{
	struct listing *l = context;
	if (!is_wanted(l, who))
		return 0;
	if (l->options->json)
		print_json(l, who);
	else if (l->options->csv)
		print_csv(who);
	else
		print_text(who);
	l->count++;
	return ferror(stdout) ? -EIO : 0;
}

static int print_all(const struct event *e, struct listing *l)
{
	struct people *p = NULL;
	int result = people_open(&p, l->options->event_dir, e);
	if (result)
		return roster_tell_closed(l->options->event_dir, result);
	if (l->options->csv)
		puts("code,name,type,venue,email,status,source");
	if (l->options->json)
		putchar('[');
	result = people_each(p, print_one, l);
	if (l->options->json)
		puts("\n]");
	people_close(p);
	if (!result && fflush(stdout))
		result = -errno;
	if (result) {
		fprintf(stderr, "parvis: cannot list the registrations: %s\n", strerror(-result));
		return CLI_FAILED;
	}
	return CLI_OK;
}

int roster_list(const struct event *e, const struct roster_options *o)
{
	struct listing l = { .options = o, .venue = o->reading.venue };
	return print_all(e, &l);
}

int roster_find_people(const struct event *e, const struct roster_options *o)
{
	struct listing l = { .options = o, .prefix = o->rest[0] };
	dialect_normalise(o->rest[0], strlen(o->rest[0]), l.wanted);
	if (!*o->rest[0]) {
		fprintf(stderr, "parvis: find needs a part of a name, or how a code begins\n");
		return CLI_USAGE;
	}
	int result = print_all(e, &l);
	return result == CLI_OK && !l.count ? CLI_NO : result;
}

/* --- stats --------------------------------------------------------------------------------------
 */

/* Of one venue, or of all: totals, and the same by type and by source. */
struct figures {
	char *venue;
	uint64_t registered, revoked;
	json_t *types, *sources; /* name: how many are registered and not revoked */
};

struct stats {
	struct figures *venues;
	size_t count;
};

static int add_to(json_t *counts, const char *name, uint64_t n)
{
	json_t *is = json_object_get(counts, name);
	json_int_t sum = (is ? json_integer_value(is) : 0) + (json_int_t)n;
	return json_object_set_new(counts, name, json_integer(sum)) ? -ENOMEM : 0;
}

static struct figures *figures_of(struct stats *s, const char *venue)
{
	if (s->count && !strcmp(s->venues[s->count - 1].venue, venue))
		return &s->venues[s->count - 1];
	struct figures *more = realloc(s->venues, (s->count + 1) * sizeof(*more));
	if (!more)
		return NULL;
	s->venues = more;
	struct figures f = {
		.venue = strdup(venue), .types = json_object(), .sources = json_object()
	};
	if (!f.venue || !f.types || !f.sources) {
		free(f.venue);
		json_decref(f.types);
		json_decref(f.sources);
		return NULL;
	}
	s->venues[s->count] = f;
	return &s->venues[s->count++];
}

static int add_group(void *context, const struct people_group *g)
{
	struct figures *f = figures_of(context, g->venue);
	if (!f)
		return -ENOMEM;
	uint64_t good = g->registered - g->revoked;
	f->registered += good;
	f->revoked += g->revoked;
	int error = add_to(f->types, g->type, good);
	return error ? error : add_to(f->sources, g->source, good);
}

static void print_counts(const char *what, json_t *counts)
{
	const char *name;
	json_t *value;
	json_object_foreach(counts, name, value)
	{
		char safe[1024];
		text_printable(safe, sizeof(safe), name, strlen(name));
		printf("  %s %s: %" JSON_INTEGER_FORMAT "\n", what, *safe ? safe : "-",
			json_integer_value(value));
	}
}

static void print_figures(const struct stats *s)
{
	uint64_t registered = 0, revoked = 0;
	for (size_t i = 0; i < s->count; i++) {
		const struct figures *f = &s->venues[i];
		printf("%s: %" PRIu64 " registered, %" PRIu64 " revoked\n",
			*f->venue ? f->venue : "every venue", f->registered, f->revoked);
		print_counts("type", f->types);
		print_counts("from", f->sources);
		registered += f->registered;
		revoked += f->revoked;
	}
	printf("all: %" PRIu64 " registered, %" PRIu64 " revoked\n", registered, revoked);
}

static int print_figures_json(const struct stats *s)
{
	json_t *venues = json_array(), *whole;
	uint64_t registered = 0, revoked = 0;
	for (size_t i = 0; i < s->count; i++) {
		const struct figures *f = &s->venues[i];
		json_array_append_new(venues,
			json_pack("{s:s, s:I, s:I, s:O, s:O}", "venue", f->venue, "registered",
				(json_int_t)f->registered, "revoked", (json_int_t)f->revoked,
				"types", f->types, "sources", f->sources));
		registered += f->registered;
		revoked += f->revoked;
	}
	whole = json_pack("{s:I, s:I, s:o}", "registered", (json_int_t)registered, "revoked",
		(json_int_t)revoked, "venues", venues);
	int failed = !whole || json_dumpf(whole, stdout, JSON_COMPACT);
	json_decref(whole);
	putchar('\n');
	return failed ? -ENOMEM : 0;
}

int roster_stats(const struct event *e, const struct roster_options *o)
{
	struct people *p = NULL;
	struct stats s = { 0 };
	int result = people_open(&p, o->event_dir, e);
	if (result)
		return roster_tell_closed(o->event_dir, result);
	result = people_groups(p, add_group, &s);
	people_close(p);
	if (!result && o->json)
		result = print_figures_json(&s);
	else if (!result)
		print_figures(&s);
	for (size_t i = 0; i < s.count; i++) {
		free(s.venues[i].venue);
		json_decref(s.venues[i].types);
		json_decref(s.venues[i].sources);
	}
	free(s.venues);
	if (!result)
		return CLI_OK;
	fprintf(stderr, "parvis: cannot count the registrations: %s\n", strerror(-result));
	return CLI_FAILED;
}
