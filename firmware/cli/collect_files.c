#include "base/text.h"
#include "cli/cli.h"
#include "cli/collect.h"
#include "cli/collect_camera.h"
#include "cli/folder.h"
#include "event/issuer.h"
#include "night/gather.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Of one file, or of the store, no more than so many findings are printed. */
#define FINDINGS_SHOWN 50

struct collecting {
	const struct collect_options *o;
	struct night *store;
	struct issuer *issuer;
	struct boxes boxes;
	struct gather *gather;
	json_t *sources, *findings, *missing; /* findings: of the file that is being read */
	uint64_t shown;
	uint64_t fresh, known, contradicting, found, absent, unheard;
	bool failed; /* a source could not be reached */
	bool unread; /* a series of codes is not whole */
};

/* --- words ------------------------------------------------------------------------------------ */

#define BOX_SIZE 160

/* "mairie/door-1 (3f2a9c01)", or "an unknown box (3f2a9c01)". */
static void name_box(
	const struct collecting *c, const uint8_t device[DEVICE_ID_SIZE], char out[BOX_SIZE])
{
	char hex[2 * DEVICE_ID_SIZE + 1];
	const struct boxes_entry *e = boxes_newest(&c->boxes, device);
	text_hex(hex, device, DEVICE_ID_SIZE);
	if (e)
		snprintf(out, BOX_SIZE, "%s/%s (%.8s)", e->venue, e->door, hex);
	else
		snprintf(out, BOX_SIZE, "unknown box %.8s", hex);
}

static void name_rows(uint64_t first, uint64_t last, char out[64])
{
	if (first == last)
		snprintf(out, 64, "row %llu", (unsigned long long)first);
	else
		snprintf(out, 64, "rows %llu to %llu", (unsigned long long)first,
			(unsigned long long)last);
}

static json_t *json_of_rows(
	const struct collecting *c, const struct chain *chain, uint64_t first, uint64_t last)
{
	char hex[2 * DEVICE_ID_SIZE + 1];
	const struct boxes_entry *e = boxes_newest(&c->boxes, chain->device);
	text_hex(hex, chain->device, DEVICE_ID_SIZE);
	return json_pack("{s:s, s:b, s:s?, s:s?, s:I, s:I, s:I}", "device", hex, "listed",
		e != NULL, "venue", e ? e->venue : NULL, "door", e ? e->door : NULL, "epoch",
		(json_int_t)chain->epoch, "first", (json_int_t)first, "last", (json_int_t)last);
}

/* --- what is found ---------------------------------------------------------------------------- */

static void print_finding(const struct collecting *c, const struct gather_finding *f)
{
	char box[BOX_SIZE], rows[64], text[10 * GATHER_TEXT_SIZE];
	text_printable(text, sizeof(text), f->text, strlen(f->text));
	if (!f->located) {
		printf("  ! %s\n", text);
		return;
	}
	name_box(c, f->chain.device, box);
	name_rows(f->first, f->last, rows);
	printf("  ! %s, epoch %lu, %s: %s\n", box, (unsigned long)f->chain.epoch, rows, text);
}

static void take_finding(void *context, const char *path, const struct gather_finding *f)
{
	struct collecting *c = context;
	(void)path;
	c->found++;
	if (!c->o->json) {
		if (c->shown++ < FINDINGS_SHOWN)
			print_finding(c, f);
		return;
	}
	json_t *object = f->located ? json_of_rows(c, &f->chain, f->first, f->last) : json_object();
	json_object_set_new(object, "flaw", json_string(row_flaw_names[f->flaw]));
	json_object_set_new(object, "what", json_string(f->text));
	json_array_append_new(c->findings, object);
}

static json_t *json_path(const char *path)
{
	char safe[PATH_MAX];
	json_t *text = json_string(path);
	if (text)
		return text;
	text_printable(safe, sizeof(safe), path, strlen(path));
	return json_string(safe);
}

static void json_source(struct collecting *c, const char *path, const struct gather_source *s)
{
	json_t *object = json_pack("{s:o, s:s, s:I, s:I, s:I, s:I, s:o}", "path", json_path(path),
		"kind", gather_kind_names[s->kind], "rows", (json_int_t)s->rows, "new",
		(json_int_t)s->taken.fresh, "known", (json_int_t)s->taken.known, "contradicting",
		(json_int_t)s->taken.contradicting, "findings", c->findings);
	json_array_append_new(c->sources, object);
	c->findings = json_array();
}

static void take_source(void *context, const char *path, const struct gather_source *s)
{
	struct collecting *c = context;
	char safe[PATH_MAX];
	c->fresh += s->taken.fresh;
	c->known += s->taken.known;
	c->contradicting += s->taken.contradicting;
	if (c->o->json) {
		json_source(c, path, s);
		return;
	}
	if (c->shown > FINDINGS_SHOWN)
		printf("  ! and %llu more\n", (unsigned long long)(c->shown - FINDINGS_SHOWN));
	c->shown = 0;
	text_printable(safe, sizeof(safe), path, strlen(path));
	printf("%s: %llu rows: %llu new, %llu known", safe, (unsigned long long)s->rows,
		(unsigned long long)s->taken.fresh, (unsigned long long)s->taken.known);
	if (s->taken.contradicting)
		printf(", %llu contradict others", (unsigned long long)s->taken.contradicting);
	printf("%s\n", s->findings ? "; NOT as it was written" : "");
}

static int take_missing(void *context, const struct gather_missing *m)
{
	struct collecting *c = context;
	char box[BOX_SIZE], rows[64];
	*(m->chain.epoch ? &c->absent : &c->unheard) += 1;
	if (c->o->json) {
		json_array_append_new(c->missing, json_of_rows(c, &m->chain, m->first, m->last));
		return 0;
	}
	name_box(c, m->chain.device, box);
	name_rows(m->first, m->last, rows);
	if (m->chain.epoch)
		printf("missing: %s, epoch %lu, %s\n", box, (unsigned long)m->chain.epoch, rows);
	else
		printf("missing: %s: nothing was ever heard of it\n", box);
	return 0;
}

/* --- the whole -------------------------------------------------------------------------------- */

static int open_parts(struct collecting *c, const struct event *event)
{
	int status = collect_store(&c->store, c->o, event);
	if (status != CLI_OK)
		return status;
	int error = issuer_open(&c->issuer, c->o->event_dir, folder_problem, NULL);
	if (error && error != -ENOENT)
		return CLI_FAILED;
	error = boxes_load(&c->boxes, c->o->event_dir);
	if (error && error != -ENOENT) {
		folder_say(c->o->event_dir, BOXES_FILE, strerror(-error));
		return CLI_FAILED;
	}
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	struct gather_setup setup = { c->store, c->issuer, event->id,
		(int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000, c, take_finding, take_source };
	error = gather_open(&c->gather, &setup);
	return error ? CLI_FAILED : CLI_OK;
}

static int store_failed(const struct collecting *c, int error)
{
	const char *why = night_why(c->store);
	fprintf(stderr, "parvis collect: %s\n", why[0] ? why : strerror(-error));
	return CLI_FAILED;
}

static int take_path(void *context, const char *path)
{
	struct collecting *c = context;
	int error = gather_take(c->gather, path);
	if (error == -ENOENT || error == -EACCES || error == -ENOTDIR || error == -EPERM) {
		folder_say(path, NULL, strerror(-error));
		c->failed = true;
		return CLI_OK;
	}
	return error ? store_failed(c, error) : CLI_OK;
}

/* What was not whole is told there, and is no failure of the rest. */
static int take_camera(struct collecting *c)
{
	const struct camera_job job = { c->o->camera, c->o->event_dir, c->o->seconds };
	int status = collect_camera(&job, take_path, c);
	c->unread = status == CLI_NO;
	return status == CLI_NO ? CLI_OK : status;
}

static int take_sources(struct collecting *c)
{
	int status = c->o->camera ? take_camera(c) : CLI_OK;
	for (int i = 0; status == CLI_OK && i < c->o->source_count; i++)
		status = take_path(c, c->o->sources[i]);
	return status;
}

static int finish(struct collecting *c)
{
	c->shown = 0;
	int error = gather_verify(c->gather);
	if (!error)
		error = gather_missing(
			c->gather, c->boxes.count ? &c->boxes : NULL, take_missing, c);
	if (error)
		return store_failed(c, error);
	error = night_settle(c->store);
	if (error && error != -EBUSY)
		return store_failed(c, error);
	if (error == -EBUSY && !c->o->json)
		printf("note: another program has the store open: it is complete, and its bytes "
		       "are put in order the next time\n");
	return CLI_OK;
}

struct totals {
	uint64_t rows, contradictions, unlisted;
	const struct collecting *c;
};

static int add_chain(void *context, const struct night_chain *chain)
{
	struct totals *t = context;
	t->rows += chain->rows;
	t->contradictions += chain->contradictions;
	t->unlisted += t->c->boxes.count && !boxes_newest(&t->c->boxes, chain->chain.device);
	return 0;
}

static void print_totals(struct collecting *c, const struct totals *t, bool good)
{
	if (c->o->json) {
		json_t *object = json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:O, s:O, s:O}", "good",
			good, "rows", (json_int_t)t->rows, "new", (json_int_t)c->fresh, "known",
			(json_int_t)c->known, "contradictions", (json_int_t)t->contradictions,
			"chains_of_unknown_boxes", (json_int_t)t->unlisted, "sources", c->sources,
			"missing", c->missing, "findings", c->findings);
		json_dumpf(object, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(object);
		return;
	}
	printf("%llu rows in the store; %llu new, %llu known\n", (unsigned long long)t->rows,
		(unsigned long long)c->fresh, (unsigned long long)c->known);
	if (t->contradictions)
		printf("%llu rows claim a number that another has: both are kept\n",
			(unsigned long long)t->contradictions);
	if (t->unlisted)
		printf("%llu chains are of boxes that are not in " BOXES_FILE "\n",
			(unsigned long long)t->unlisted);
	printf("%s\n", good ? "Complete, and as it was written."
			    : "NOT complete, or not as it was written: see above.");
}

static int run(struct collecting *c)
{
	struct totals t = { .c = c };
	int status = take_sources(c);
	if (status == CLI_OK)
		status = finish(c);
	if (status != CLI_OK)
		return status;
	int error = night_chains(c->store, add_chain, &t);
	if (error)
		return store_failed(c, error);
	bool good = !c->unread && !c->found && !c->absent && !c->unheard && !t.contradictions &&
		    !t.unlisted;
	print_totals(c, &t, good && !c->failed);
	return c->failed ? CLI_FAILED : good ? CLI_OK : CLI_NO;
}

int collect_files(const struct collect_options *o, const struct event *event)
{
	struct collecting c = {
		.o = o, .sources = json_array(), .findings = json_array(), .missing = json_array()
	};
	int status = open_parts(&c, event);
	if (status == CLI_OK)
		status = run(&c);
	gather_close(c.gather);
	boxes_free(&c.boxes);
	issuer_close(c.issuer);
	night_close(c.store);
	json_decref(c.sources);
	json_decref(c.findings);
	json_decref(c.missing);
	return status;
}
