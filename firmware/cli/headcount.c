#include "base/flags.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/data.h"
#include "store/peers.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: parvis headcount --data DIR [--venue ID] [--all] [--json]\n"
	"\n"
	"The figures of a venue, counted from the rows of a kiosk's log. The kiosk may be running.\n"
	"\n"
	"  --data DIR   the kiosk's data directory\n"
	"  --venue ID   whose figures; without it those of the newest row's venue\n"
	"  --all        with the rows of other boxes that have reached this one, as its screen has it\n"
	"  --json       one JSON object\n"
	"\n"
	"present = in - out + adjustments - undone. Entries that were undone stay in `in`.\n"
	"Exit status: 0 done, 2 wrong use, 3 the log cannot be read.\n";

struct options {
	const char *data, *venue;
	bool json, all;
};

/* Where the arrivals chart begins: with the first entry whose time can be believed. */
struct first_entry {
	const char *venue;
	int64_t ms;
	bool found;
};

static int look_for_first(void *context, const struct row *row)
{
	struct first_entry *first = context;
	if (row->kind == ROW_UNDO || row->direction != DIRECTION_IN ||
		row->at.trust == TRUST_UNSET || strcmp(row->venue, first->venue))
		return 0;
	if (!first->found || row->at.wall_ms < first->ms)
		first->ms = row->at.wall_ms;
	first->found = true;
	return 0;
}

static json_t *moment(int64_t ms, bool known)
{
	char iso[WHEN_ISO_SIZE];
	if (!known)
		return json_null();
	when_iso_utc(ms, iso);
	return json_string(iso);
}

static json_t *arrivals(const struct headcount *count)
{
	json_t *list = json_array();
	int last = ARRIVALS_BUCKETS - 1;
	while (last >= 0 && !count->arrivals[last])
		last--;
	for (int i = 0; i <= last; i++) {
		int64_t at_ms = count->arrivals_start_ms + (int64_t)i * ARRIVALS_BUCKET_MS;
		json_array_append_new(list, json_pack("{s:o, s:I}", "from", moment(at_ms, true),
						    "in", (json_int_t)count->arrivals[i]));
	}
	return list;
}

static json_t *refusals(const struct headcount *count)
{
	json_t *object = json_object();
	for (int v = 0; v < VERDICT_COUNT; v++)
		if (count->refused_for[v])
			json_object_set_new(object, verdict_names[v],
				json_integer((json_int_t)count->refused_for[v]));
	return object;
}

static void print_json(const struct headcount *count)
{
	const struct {
		const char *name;
		int64_t value;
	} figures[] = {
		{ "present", headcount_present(count) },
		{ "in", (int64_t)count->in },
		{ "out", (int64_t)count->out },
		{ "walk_ins", (int64_t)count->walk_ins },
		{ "refused", (int64_t)count->refused },
		{ "adjustments", count->adjustments },
		{ "undone", count->undone },
		{ "undone_walk_ins", count->undone_walk_ins },
		{ "moved_in", (int64_t)count->moved_in },
		{ "readmitted", (int64_t)count->readmitted },
		{ "overridden", (int64_t)count->overridden },
		{ "tests", (int64_t)count->tests },
		{ "rows", (int64_t)count->rows },
		{ "peak_present", count->peak_present },
	};
	json_t *object = json_object();
	json_object_set_new(
		object, "venue", *count->venue ? json_string(count->venue) : json_null());
	for (size_t i = 0; i < ARRAY_LEN(figures); i++)
		json_object_set_new(object, figures[i].name, json_integer(figures[i].value));
	json_object_set_new(object, "peak_at", moment(count->peak_ms, count->peak_present > 0));
	json_object_set_new(object, "last_entry_at", moment(count->last_entry_ms, count->in > 0));
	json_object_set_new(object, "refused_for", refusals(count));
	json_object_set_new(object, "arrivals", arrivals(count));
	json_dumpf(object, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void print_text(const struct headcount *count)
{
	char iso[WHEN_ISO_SIZE];
	printf("%s: %lld present\n", *count->venue ? count->venue : "no rows yet",
		(long long)headcount_present(count));
	printf("  in           %8llu  (walk-ins %llu, moved in %llu, came back %llu, "
	       "let in by a volunteer %llu)\n",
		(unsigned long long)count->in, (unsigned long long)count->walk_ins,
		(unsigned long long)count->moved_in, (unsigned long long)count->readmitted,
		(unsigned long long)count->overridden);
	printf("  out          %8llu\n", (unsigned long long)count->out);
	printf("  adjustments  %+8lld\n", (long long)count->adjustments);
	printf("  undone       %8lld\n", (long long)count->undone);
	printf("  refused      %8llu\n", (unsigned long long)count->refused);
	for (int v = 0; v < VERDICT_COUNT; v++)
		if (count->refused_for[v])
			printf("    %-12s %6llu\n", verdict_names[v],
				(unsigned long long)count->refused_for[v]);
	if (count->peak_present > 0) {
		when_iso(count->peak_ms, iso);
		printf("  most at once %8lld  at %s\n", (long long)count->peak_present, iso);
	}
	printf("  tests        %8llu\n", (unsigned long long)count->tests);
	printf("  rows         %8llu\n", (unsigned long long)count->rows);
}

/* --- the rows of other boxes ------------------------------------------------------------------ */

struct others {
	struct log_chain *own; /* the log's chains */
	size_t own_count;
	struct headcount count;
};

static int note_chain(void *context, const struct log_chain *chain)
{
	struct others *o = context;
	struct log_chain *more = reallocarray(o->own, o->own_count + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	o->own = more;
	o->own[o->own_count++] = *chain;
	return 0;
}

/* Rows of this box that came back to it count once. */
static bool is_in_log(const struct others *o, const struct row *row)
{
	for (size_t i = 0; i < o->own_count; i++)
		if (o->own[i].chain.epoch == row->epoch && row->seq <= o->own[i].rows &&
			!memcmp(o->own[i].chain.device, row->device, sizeof(row->device)))
			return true;
	return false;
}

static int apply_other(void *context, const struct row *row)
{
	struct others *o = context;
	if (!is_in_log(o, row))
		headcount_apply(&o->count, row);
	return 0;
}

static int add_others(struct log *l, const char *dir, struct headcount *count)
{
	struct peers *p = NULL;
	struct others o = { .own = NULL };
	int error = peers_open_reader(&p, dir);
	if (error)
		return error == -ENOENT ? 0 : error;
	headcount_init(&o.count, count->venue, count->arrivals_start_ms);
	error = log_chains(l, note_chain, &o);
	if (!error)
		error = peers_each(p, apply_other, &o);
	o.count.peak_present = o.count.peak_ms = 0; /* of a part it means nothing */
	if (!error)
		headcount_sum(count, &o.count);
	free(o.own);
	peers_close(p);
	return error;
}

static int count_and_print(struct log *l, const struct options *o)
{
	char venue[ID_SIZE];
	int error = 0;
	if (o->venue && !text_copy(venue, sizeof(venue), o->venue)) {
		fprintf(stderr, "parvis headcount: --venue: no venue has so long an identifier\n");
		return CLI_USAGE;
	}
	if (!o->venue)
		error = log_last_venue(l, venue);
	if (error == -ENOENT) { /* no rows yet, so no venue either: nobody is anywhere */
		venue[0] = '\0';
		error = 0;
	}
	struct first_entry first = { .venue = venue };
	struct headcount count;
	if (!error)
		error = log_each(l, look_for_first, &first);
	if (!error)
		error = log_recount(l, venue, first.ms, &count);
	if (!error && o->all)
		error = add_others(l, o->data, &count);
	if (error)
		return data_failed("headcount", o->data, error);
	text_printable(count.venue, sizeof(count.venue), venue, strlen(venue));
	(o->json ? print_json : print_text)(&count);
	return data_flush("headcount");
}

int cli_headcount(int argc, char **argv)
{
	struct options o = { 0 };
	const struct flag flags[] = {
		{ "data", .text = &o.data, .needed = "DIR" },
		{ "venue", .text = &o.venue },
		{ "all", .set = &o.all },
		{ "json", .set = &o.json },
		{ 0 },
	};
	int status = flags_read("parvis headcount", flags, argc, argv, NULL);
	if (status >= 0)
		return fputs(usage, status ? stderr : stdout), status;
	struct log *l;
	status = data_open(&l, "headcount", o.data);
	if (status != CLI_OK)
		return status;
	status = count_and_print(l, &o);
	log_close(l);
	return status;
}
