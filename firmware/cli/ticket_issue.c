#include "base/flags.h"
#include "base/text.h"
#include "base/when.h"
#include "cli/aside.h"
#include "cli/cli.h"
#include "cli/folder.h"
#include "cli/ticket.h"
#include "event/code.h"
#include "event/names_csv.h"
#include "event/short_code.h"
#include "event/sig1.h"
#include "port/clock.h"
#include "ui/paper/paper.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT_MAX    1000000
#define PICTURE_DPI  300
#define PATIENCE_MS  2000 /* before progress is shown */
#define PROGRESS_MS  250  /* between two figures */
#define DEFAULT_ITEM 1    /* where the event names no types, each is as good */

enum format { FORMAT_PDF, FORMAT_PNG, FORMAT_SVG, FORMAT_COUNT };

static const char *const format_names[] = { "pdf", "png", "svg" };
static_assert(ARRAY_LEN(format_names) == FORMAT_COUNT, "every format has its name");
static const char *const layout_names[] = { "page", "sheet" };
static_assert(ARRAY_LEN(layout_names) == PAPER_LAYOUT_COUNT, "every layout has its name");

struct issue {
	/* Given. */
	const char *event_dir, *names, *venue, *item, *from, *until, *out, *codes, *assets;
	bool staff, laid_out;
	enum format format;
	enum paper_layout layout;
	uint64_t count;

	/* Open. */
	struct event *event;
	struct issuer *issuer;
	struct paper *paper;
	struct paper_pdf *pdf;
	struct aside drawn, listed;

	/* The same on every ticket. */
	const struct event_venue *at; /* NULL: every venue */
	int64_t item_id, from_s, until_s;
	char when[PAPER_WHEN_SIZE];

	/* Under way. */
	uint64_t done, pages;
	int64_t started_ms, told_ms;
	bool refused, shown;
};

static volatile sig_atomic_t stopped;

static void on_stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static int say(const char *what)
{
	fprintf(stderr, "parvis: %s\n", what);
	return CLI_USAGE;
}

static int say_failed(const char *what, const char *path, int error)
{
	char safe[PATH_MAX];
	text_printable(safe, sizeof(safe), path, strlen(path));
	fprintf(stderr, "parvis: %s %s: %s\n", what, safe, strerror(-error));
	return CLI_FAILED;
}

/* --- one ticket --- */

/* Who it is for, and what differs from the others. */
struct holder {
	const char *name; /* "" = nobody's */
	const struct event_venue *venue;
	int64_t item_id;
	const char *type; /* its name */
};

static const struct event_item *find_item(const struct event *e, int64_t id)
{
	for (uint32_t i = 0; i < e->item_count; i++)
		if (e->items[i].id == id)
			return &e->items[i];
	return NULL;
}

static int put_cell(struct aside *a, const char *text, char end)
{
	bool quoted = strpbrk(text, ",;\t\"\r\n") != NULL;
	int result = quoted ? aside_write(a, "\"", 1) : 0;
	for (const char *p = text; *p && !result; p++) {
		result = aside_write(a, p, 1);
		if (*p == '"' && !result)
			result = aside_write(a, p, 1);
	}
	if (quoted && !result)
		result = aside_write(a, "\"", 1);
	return result ? result : aside_write(a, &end, 1);
}

static int put_row(struct issue *i, const char *code, const struct holder *h)
{
	if (!i->codes)
		return 0;
	const char *const cells[] = { code, h->name, h->type, h->venue ? h->venue->id : "" };
	int result = 0;
	for (size_t c = 0; c < ARRAY_LEN(cells) && !result; c++)
		result = put_cell(&i->listed, cells[c], c + 1 < ARRAY_LEN(cells) ? ',' : '\n');
	return result;
}

static int draw_picture(struct issue *i, const struct paper_ticket *t)
{
	char name[48];
	snprintf(name, sizeof(name), "ticket-%06" PRIu64 ".%s", i->done + 1,
		format_names[i->format]);
	int result = aside_begin(&i->drawn, name);
	if (result)
		return result;
	if (i->format == FORMAT_PNG)
		result = paper_ticket_png(
			i->paper, paper_a6, PICTURE_DPI, t, aside_write, &i->drawn);
	else
		result = paper_ticket_svg(i->paper, paper_a6, t, aside_write, &i->drawn);
	int ended = aside_end(&i->drawn);
	i->pages += !result && !ended;
	return result ? result : ended;
}

static void show_progress(struct issue *i)
{
	int64_t now = clock_now(0).mono_ms, spent = now - i->started_ms;
	if (spent < PATIENCE_MS || now - i->told_ms < PROGRESS_MS || !isatty(STDERR_FILENO))
		return;
	i->told_ms = now;
	i->shown = true;
	fprintf(stderr, "\r%" PRIu64 " tickets", i->done);
	if (i->count)
		fprintf(stderr, " of %" PRIu64, i->count);
	fprintf(stderr, ", %.0f a second ", (double)i->done * 1000 / (double)spent);
}

/* Signs, lists and draws one. -ECANCELED when somebody wants it stopped. */
static int make(struct issue *i, const struct holder *h)
{
	struct sig1_payload payload = { .item = h->item_id,
		.subevent = h->venue ? h->venue->subevent : 0,
		.valid_from_s = i->from_s,
		.valid_until_s = i->until_s };
	char code[SIG1_WRITTEN_SIZE], short_text[SHORT_CODE_SIZE];
	uint8_t hash[TICKET_HASH_SIZE];
	if (stopped)
		return -ECANCELED;
	sig1_random_seed(payload.seed);
	size_t len = sig1_write(i->issuer, &payload, code);
	CHECK(len > 0);
	code_hash(i->event, code, len, hash);
	short_code(hash, short_text);
	struct paper_ticket t = { .language = i->event->language,
		.title = i->event->title,
		.venue = h->venue ? h->venue->name : "",
		.address = h->venue ? h->venue->address : "",
		.when = i->when,
		.name = h->name,
		.type = h->type,
		.code = code,
		.code_len = len,
		.short_code = short_text,
		.staff = i->staff };
	int result = put_row(i, code, h);
	if (!result)
		result = i->pdf ? paper_pdf_ticket(i->pdf, &t) : draw_picture(i, &t);
	if (!result)
		i->done++;
	show_progress(i);
	return result;
}

static const char *type_name(const struct issue *i, int64_t id)
{
	const struct event_item *item = find_item(i->event, id);
	return item ? item->name : "";
}

/* --- from a list --- */

static void refuse(struct issue *i, uint64_t line, const char *what, const char *word)
{
	char whole[PATH_MAX + 512], safe[PATH_MAX + 1024];
	snprintf(whole, sizeof(whole), "%.400s:%" PRIu64 ": \"%.60s\" %s",
		strcmp(i->names, "-") ? i->names : "standard input", line, word, what);
	text_printable(safe, sizeof(safe), whole, strlen(whole));
	fprintf(stderr, "%s\n", safe);
	i->refused = true;
}

/* A type is given by the name of an item or by its number. */
static bool type_of(const struct issue *i, const char *word, struct holder *h)
{
	const struct event *e = i->event;
	for (uint32_t k = 0; k < e->item_count; k++) {
		char number[24];
		snprintf(number, sizeof(number), "%" PRId64, e->items[k].id);
		if (strcmp(word, e->items[k].name) && strcmp(word, number))
			continue;
		h->item_id = e->items[k].id;
		h->type = e->items[k].name;
		return true;
	}
	return false;
}

static int take_row(void *context, const struct names_row *row)
{
	struct issue *i = context;
	struct holder h = { row->name, i->at, i->item_id, type_name(i, i->item_id) };
	if (*row->type && i->staff)
		h.type = row->type; /* a role: of words alone */
	else if (*row->type && !type_of(i, row->type, &h))
		refuse(i, row->line,
			"is no type of ticket: give the name or the number of an [item]",
			row->type);
	if (*row->venue) {
		h.venue = event_venue(i->event, row->venue);
		if (i->staff)
			refuse(i, row->line, "stands for a venue: staff cards are for every one",
				row->venue);
		else if (!h.venue)
			refuse(i, row->line,
				"is no venue of the event: `parvis event show` lists them",
				row->venue);
		else if (!h.venue->subevent)
			refuse(i, row->line,
				"has no subevent in event.ini, so no signed ticket can name it",
				row->venue);
	}
	return i->refused ? 0 : make(i, &h);
}

static int make_named(struct issue *i)
{
	bool from_stdin = !strcmp(i->names, "-");
	FILE *in = from_stdin ? stdin : fopen(i->names, "re");
	if (!in)
		return say_failed("cannot open", i->names, -errno);
	int result = names_csv_read(
		in, from_stdin ? "standard input" : i->names, take_row, i, folder_problem, NULL);
	if (!from_stdin)
		fclose(in);
	if (!result && i->refused)
		result = -EINVAL;
	if (result == -EINVAL) {
		fputs("parvis: no ticket was issued\n", stderr);
		return CLI_NO;
	}
	return result ? say_failed("cannot issue to", i->out, result) : CLI_OK;
}

static int make_nameless(struct issue *i)
{
	const struct holder h = { "", i->at, i->item_id, type_name(i, i->item_id) };
	for (uint64_t n = 0; n < i->count; n++) {
		int result = make(i, &h);
		if (result)
			return say_failed("cannot issue to", i->out, result);
	}
	return CLI_OK;
}

/* --- what is given --- */

static int choose_venue(struct issue *i)
{
	if (!i->venue)
		return CLI_OK;
	if (i->staff)
		return say("staff cards are for every venue: leave --venue out");
	i->at = event_venue(i->event, i->venue);
	if (!i->at)
		return say("the event has no such venue: `parvis event show` lists them");
	if (!i->at->subevent)
		return say("the venue has no subevent in event.ini, so no signed ticket can name "
			   "it: give it a number of its own");
	return CLI_OK;
}

static int choose_item(struct issue *i)
{
	const struct event *e = i->event;
	char *end = NULL;
	if (i->staff) {
		i->item_id = e->staff_item;
		if (i->item)
			return say("staff cards have their own type: leave --item out");
		if (!e->staff_item)
			return say(
				"the event has no staff cards: give [staff] an item in event.ini");
		return CLI_OK;
	}
	i->item_id = e->item_count ? e->items[0].id : DEFAULT_ITEM;
	if (!i->item)
		return CLI_OK;
	errno = 0;
	i->item_id = strtoll(i->item, &end, 10);
	if (errno || end == i->item || *end || i->item_id < 1)
		return say("--item takes a number");
	if (e->staff_item && i->item_id == e->staff_item)
		return say("that is the type of staff cards: use --staff");
	if (e->item_count && !find_item(e, i->item_id))
		return say("the event has no [item] of that number");
	return CLI_OK;
}

static int choose_moment(const char *text, int64_t *out_s)
{
	int64_t ms;
	if (!text)
		return CLI_OK;
	if (when_parse(text, &ms) || ms < 1000)
		return say("--from and --until take a moment like 2016-12-08T19:04:10+01:00");
	*out_s = ms / 1000;
	return CLI_OK;
}

static int choose_window(struct issue *i)
{
	int result = choose_moment(i->from, &i->from_s);
	if (result == CLI_OK)
		result = choose_moment(i->until, &i->until_s);
	if (result != CLI_OK)
		return result;
	if (i->from_s && i->until_s && i->until_s <= i->from_s)
		return say("--until must be later than --from");
	paper_when(i->when, i->event->language, i->from_s ? i->from_s * 1000 : i->event->opens_ms,
		i->until_s ? i->until_s * 1000 : i->event->closes_ms);
	return CLI_OK;
}

/* A ticket that no door would believe is worse than none. */
static int check_key(const struct issue *i)
{
	uint8_t key[ISSUER_PUBLIC_SIZE];
	issuer_public(i->issuer, key);
	for (uint32_t k = 0; k < i->event->key_count; k++)
		if (!memcmp(key, i->event->keys[k], sizeof(key)))
			return CLI_OK;
	folder_say(i->event_dir, "event.ini",
		"[keys] ticket does not have the public half of keys/issuing.key, so every door "
		"would refuse these tickets: add it");
	return CLI_NO;
}

static int open_issuer(struct issue *i)
{
	int result = issuer_open(&i->issuer, i->event_dir, folder_problem, NULL);
	if (!result)
		return check_key(i);
	return result == -EINVAL || result == -EACCES || result == -ENOENT ? CLI_NO : CLI_FAILED;
}

static int open_paper(struct issue *i)
{
	char found[PATH_MAX];
	const char *assets = folder_assets(i->assets, found);
	if (!assets)
		return CLI_FAILED;
	int result = paper_open(&i->paper, assets);
	return result ? say_failed("cannot draw with the fonts of", assets, result) : CLI_OK;
}

static int open_out(struct issue *i)
{
	static const char heading[] = "code,name,type,venue\n";
	int result = i->format == FORMAT_PDF ? aside_open_file(&i->drawn, i->out)
					     : aside_open_directory(&i->drawn, i->out);
	if (!result && i->format == FORMAT_PDF)
		result = paper_pdf_open(
			&i->pdf, i->paper, i->layout, i->event->title, aside_write, &i->drawn);
	if (result)
		return say_failed("cannot make", i->out, result);
	if (!i->codes)
		return CLI_OK;
	result = aside_open_file(&i->listed, i->codes);
	if (!result)
		result = aside_write(&i->listed, heading, strlen(heading));
	return result ? say_failed("cannot make", i->codes, result) : CLI_OK;
}

/* --- the command --- */

static int open_all(struct issue *i)
{
	int (*const steps[])(struct issue *) = { choose_venue, choose_item, choose_window,
		open_issuer, open_paper, open_out };
	int result = folder_open(&i->event, i->event_dir);
	for (size_t s = 0; s < ARRAY_LEN(steps) && result == CLI_OK; s++)
		result = steps[s](i);
	return result;
}

static int finish_drawing(struct issue *i)
{
	if (!i->pdf)
		return 0;
	struct paper_pdf *pdf = i->pdf;
	i->pdf = NULL;
	return paper_pdf_close(pdf, &i->pages);
}

/* The list first: tickets that nobody can take back are the worse half to be left with. */
static int commit(struct issue *i)
{
	int result = finish_drawing(i);
	if (result)
		return say_failed("cannot write", i->out, result);
	if (i->codes && (result = aside_commit(&i->listed)))
		return say_failed("cannot write", i->codes, result);
	result = aside_commit(&i->drawn);
	return result ? say_failed("cannot write", i->out, result) : CLI_OK;
}

static void tell_done(const struct issue *i)
{
	int64_t spent = clock_now(0).mono_ms - i->started_ms;
	printf("%" PRIu64 " %s, %" PRIu64 " %s, %.0f a second\n", i->done,
		i->staff ? "staff cards" : "tickets", i->pages,
		i->format == FORMAT_PDF ? "pages" : "files",
		(double)i->done * 1000 / (double)(spent > 0 ? spent : 1));
}

static int run(struct issue *i)
{
	const struct sigaction stop = { .sa_handler = on_stop };
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGHUP, &stop, NULL);
	i->started_ms = clock_now(0).mono_ms;
	int result = open_all(i);
	if (result == CLI_OK)
		result = i->names ? make_named(i) : make_nameless(i);
	if (result == CLI_OK && i->done == 0) {
		fputs("parvis: the list names nobody: no ticket was issued\n", stderr);
		result = CLI_NO;
	}
	if (i->shown)
		fputc('\n', stderr);
	if (result == CLI_OK)
		result = commit(i);
	if (result == CLI_OK)
		tell_done(i);
	return result;
}

static void close_all(struct issue *i)
{
	int ignored = paper_pdf_close(i->pdf, NULL); /* of a file that is thrown away */
	(void)ignored;
	aside_close(&i->drawn);
	aside_close(&i->listed);
	paper_close(i->paper);
	issuer_close(i->issuer);
	event_free(i->event);
}

static bool find_word(const char *word, const char *const *words, size_t count, int *out)
{
	for (size_t k = 0; k < count; k++)
		if (!strcmp(word, words[k])) {
			*out = (int)k;
			return true;
		}
	return false;
}

static const char *take_format(void *context, const char *value)
{
	struct issue *i = context;
	int format;
	if (!find_word(value, format_names, FORMAT_COUNT, &format))
		return "pdf, png or svg";
	i->format = (enum format)format;
	return NULL;
}

static const char *take_layout(void *context, const char *value)
{
	struct issue *i = context;
	int layout;
	if (!find_word(value, layout_names, PAPER_LAYOUT_COUNT, &layout))
		return "page or sheet";
	i->layout = (enum paper_layout)layout;
	i->laid_out = true;
	return NULL;
}

static const char *take_count(void *context, const char *value)
{
	static_assert(COUNT_MAX == 1000000, "as it is said");
	struct issue *i = context;
	char *end = NULL;
	errno = 0;
	i->count = strtoull(value, &end, 10);
	bool good = !errno && *value >= '0' && *value <= '9' && !*end && i->count >= 1 &&
		    i->count <= COUNT_MAX;
	return good ? NULL : "a number, 1 to 1000000";
}

/* -1: go on; otherwise the exit status. */
static int read_options(int argc, char **argv, struct issue *i)
{
	static const char command[] = "parvis ticket issue";
	const struct flag flags[] = {
		{ "event", .text = &i->event_dir, .needed = "DIR" },
		{ "names", .text = &i->names },
		{ "count", .take = take_count, .context = i },
		{ "venue", .text = &i->venue },
		{ "item", .text = &i->item },
		{ "from", .text = &i->from },
		{ "until", .text = &i->until },
		{ "out", .text = &i->out, .needed = "FILE|DIR" },
		{ "format", .take = take_format, .context = i },
		{ "layout", .take = take_layout, .context = i },
		{ "codes", .text = &i->codes },
		{ "assets", .text = &i->assets },
		{ "staff", .set = &i->staff },
		{ 0 },
	};
	int status = flags_read(command, flags, argc, argv, NULL);
	if (status < 0 && !i->names == !i->count)
		status = flags_wrong(command, "give --names or --count, one of them");
	if (status < 0 && i->laid_out && i->format != FORMAT_PDF)
		status = flags_wrong(command, "--layout is of a PDF");
	return status;
}

int ticket_issue(int argc, char **argv)
{
	AUTO_FREE struct issue *i = calloc(1, sizeof(*i));
	if (!i)
		return say_failed("cannot issue tickets:", "memory", -ENOMEM);
	int status = read_options(argc, argv, i);
	if (status >= 0)
		return ticket_usage(status ? stderr : stdout), status;
	int result = run(i);
	close_all(i);
	return result;
}
