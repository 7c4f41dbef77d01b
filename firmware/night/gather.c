/* Rows that are as they were written go into the store in stretches; a stretch ends where something
 * is wrong, so that the wrong row alone is left out. */
#include "night/gather.h"

#include "base/text.h"
#include "store/peers.h"
#include "store/salvage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define BATCHES_MAX 400 /* in one transaction */
#define FLAWS_MAX   256
#define DEPTH_MAX   16 /* of folders */

const char *const gather_kind_names[] = {
	[GATHER_FOLDER] = "folder",
	[GATHER_LOG] = "log",
	[GATHER_PEERS] = "peers",
	[GATHER_SEALED] = "sealed",
	[GATHER_STORE] = "store",
	[GATHER_UNKNOWN] = "unknown",
};
static_assert(ARRAY_LEN(gather_kind_names) == GATHER_KINDS, "every kind needs its name");

struct gather {
	struct gather_setup to;
	const char *path; /* of the file that is being read */
	char path_name[NIGHT_SOURCE_SIZE];
	struct gather_source source;
	struct row_line line;
	bool own_begun;
	struct row pending[BATCH_ROWS_MAX];
	size_t pending_count;
	struct batch batches[BATCHES_MAX];
	struct row (*rows)[BATCH_ROWS_MAX];
	size_t batch_count;
	struct night_flaw flaws[FLAWS_MAX];
	size_t flaw_count;
};

int gather_open(struct gather **out, const struct gather_setup *setup)
{
	struct gather *g = calloc(1, sizeof(*g));
	if (g)
		g->rows = calloc(BATCHES_MAX, sizeof(*g->rows));
	if (!g || !g->rows) {
		free(g);
		return -ENOMEM;
	}
	g->to = *setup;
	*out = g;
	return 0;
}

void gather_close(struct gather *g)
{
	if (!g)
		return;
	free(g->rows);
	free(g);
}

/* --- into the store --------------------------------------------------------------------------- */

static int commit(struct gather *g)
{
	struct night_taken taken = { 0 };
	if (!g->batch_count)
		return 0;
	int error = night_take(
		g->to.store, g->batches, g->batch_count, g->path_name, g->to.now_ms, &taken);
	g->batch_count = 0;
	g->source.taken.fresh += taken.fresh;
	g->source.taken.known += taken.known;
	g->source.taken.contradicting += taken.contradicting;
	return error;
}

static int put(struct gather *g, const struct batch *b)
{
	struct batch *to = &g->batches[g->batch_count];
	*to = *b;
	memcpy(g->rows[g->batch_count], b->rows, b->count * sizeof(*b->rows));
	to->rows = g->rows[g->batch_count++];
	g->source.rows += b->count;
	return g->batch_count == BATCHES_MAX ? commit(g) : 0;
}

static int put_pending(struct gather *g)
{
	struct batch b = { .rows = g->pending, .count = g->pending_count };
	if (!b.count)
		return 0;
	g->pending_count = 0;
	return put(g, &b);
}

/* A row that is good by itself and has no signature. */
static int put_row(struct gather *g, const struct row *row)
{
	const struct row *last = &g->pending[g->pending_count - (g->pending_count > 0)];
	bool follows = g->pending_count && row->epoch == last->epoch && row->seq == last->seq + 1 &&
		       !memcmp(row->device, last->device, sizeof(row->device));
	int error = g->pending_count && (!follows || g->pending_count == BATCH_ROWS_MAX)
			    ? put_pending(g)
			    : 0;
	if (!error)
		g->pending[g->pending_count++] = *row;
	return error;
}

/* --- findings --------------------------------------------------------------------------------- */

static int find(struct gather *g, const struct chain *chain, uint64_t first, uint64_t last,
	enum row_flaw flaw, const char *text)
{
	struct gather_finding f = { .first = first, .last = last, .flaw = flaw };
	if (chain && chain->epoch && first) {
		f.located = true;
		f.chain = *chain;
	}
	snprintf(f.text, sizeof(f.text), "%s", text);
	g->source.findings++;
	if (g->to.finding)
		g->to.finding(g->to.context, g->path, &f);
	return 0;
}

static struct chain chain_of(const struct row *row)
{
	struct chain c = { .epoch = row->epoch };
	memcpy(c.device, row->device, sizeof(c.device));
	return c;
}

static int commit_flaws(struct gather *g)
{
	size_t count = g->flaw_count;
	g->flaw_count = 0;
	return count ? night_mark(g->to.store, g->flaws, count) : 0;
}

/* A row that is not as it was written stays marked, whatever good copies come. */
static int find_row(struct gather *g, const struct row *row, enum row_flaw flaw)
{
	struct chain chain = chain_of(row);
	(void)find(g, &chain, row->seq, row->seq, flaw, row_flaw_texts[flaw]);
	if (!chain.epoch || row->seq < 1 || row->seq > NIGHT_SEQ_MAX)
		return 0;
	g->flaws[g->flaw_count++] = (struct night_flaw){ chain, row->seq, flaw };
	return g->flaw_count == FLAWS_MAX ? commit_flaws(g) : 0;
}

static bool is_whole(enum row_flaw flaw)
{
	return flaw != FLAW_VALUES && flaw != FLAW_CHANGED;
}

/* --- a log ------------------------------------------------------------------------------------ */

static int log_row(void *context, const struct row *row, enum row_flaw flaw)
{
	struct gather *g = context;
	int error = flaw ? put_pending(g) : 0;
	if (!error && flaw)
		error = find_row(g, row, flaw);
	if (!error && is_whole(flaw) && row->seq <= NIGHT_SEQ_MAX)
		error = put_row(g, row);
	return error;
}

static int log_fault(void *context, const struct chain *chain, uint64_t first, uint64_t last,
	enum row_flaw flaw, const char *what)
{
	return find(context, chain, first, last, flaw, what);
}

/* Nothing may be kept of a chain before its promise: the store has a transaction of its own. */
static int log_promise(void *context, const struct chain *chain, uint64_t last)
{
	struct gather *g = context;
	int error = put_pending(g);
	if (!error)
		error = commit(g);
	return error || last > NIGHT_SEQ_MAX ? error : night_promise(g->to.store, chain, last);
}

static int take_log(struct gather *g)
{
	const struct salvage to = { g, log_row, log_fault, log_promise };
	int error = salvage_log(g->path, &to);
	if (error == -EBADMSG || error == -EIO) {
		snprintf(
			g->source.why, sizeof(g->source.why), "nothing in it can be read as a log");
		return find(g, NULL, 0, 0, FLAW_FILE, g->source.why);
	}
	return error;
}

/* --- a sealed copy ---------------------------------------------------------------------------- */

static int sealed_header(void *context, const struct sealed_header *header)
{
	struct gather *g = context;
	g->source.of_box = true;
	memcpy(g->source.box, header->device, sizeof(g->source.box));
	return 0;
}

/* Rows of the box that wrote the copy are one line; others' come in stretches. */
static int look_at(
	struct gather *g, const struct row *row, struct row_line *theirs, enum row_flaw *flaw)
{
	struct range missing = { 0 };
	bool own = !memcmp(row->device, g->source.box, sizeof(row->device));
	*flaw = row_line_next(own ? &g->line : theirs, row, &missing);
	if (!own || !missing.first)
		return 0;
	struct chain chain = chain_of(row);
	return find(
		g, &chain, missing.first, missing.last, FLAW_MISSING, row_flaw_texts[FLAW_MISSING]);
}

static int take_batch(void *context, const struct batch *b)
{
	struct gather *g = context;
	enum row_flaw flaws[BATCH_ROWS_MAX];
	struct row_line theirs = { 0 };
	bool whole = true;
	int error = 0;
	for (size_t i = 0; !error && i < b->count; i++) {
		error = look_at(g, &b->rows[i], &theirs, &flaws[i]);
		whole = whole && is_whole(flaws[i]);
		if (!error && flaws[i])
			error = find_row(g, &b->rows[i], flaws[i]);
	}
	enum batch_wrong wrong = batch_check(b);
	if (!error && wrong == BATCH_GOOD)
		return put(g, b);
	/* One that says that it is signed and is not: its rows are kept as rows without. */
	if (!error && b->is_signed && whole)
		error = find_row(g, &b->rows[b->count - 1], FLAW_CHANGED);
	for (size_t i = 0; !error && i < b->count; i++)
		if (is_whole(flaws[i]) && b->rows[i].seq <= NIGHT_SEQ_MAX)
			error = put_row(g, &b->rows[i]);
	return error ? error : put_pending(g);
}

static int sealed_fault(void *context, enum sealed_wrong wrong, int64_t number, uint64_t offset)
{
	char text[GATHER_TEXT_SIZE];
	snprintf(text, sizeof(text), "%s (part %lld, at byte %llu)", sealed_wrong_texts[wrong],
		(long long)number, (unsigned long long)offset);
	return find(context, NULL, 0, 0, FLAW_FILE, text);
}

static int take_sealed(struct gather *g)
{
	const struct sealed_reader reader = { g, sealed_header, log_promise, take_batch,
		sealed_fault };
	int stopped = 0;
	if (!g->to.issuer) {
		snprintf(g->source.why, sizeof(g->source.why),
			"it is sealed, and keys/issuing.key is not in the event's folder");
		return find(g, NULL, 0, 0, FLAW_FILE, g->source.why);
	}
	AUTO_FD fd = open(g->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	g->line.one_log = true;
	enum sealed_wrong wrong = sealed_read(fd, g->to.issuer, g->to.event_id, &reader, &stopped);
	if (wrong != SEALED_GOOD) {
		snprintf(g->source.why, sizeof(g->source.why), "%s", sealed_wrong_texts[wrong]);
		return find(g, NULL, 0, 0, FLAW_FILE, g->source.why);
	}
	return stopped;
}

/* --- what has come from others -----------------------------------------------------------------
 */

struct chain_ranges {
	struct chain chain;
	struct ranges held;
};

struct chain_list {
	struct chain_ranges *at;
	size_t count, room;
};

static int list_one(void *context, const struct chain *chain, const struct ranges *held)
{
	struct chain_list *l = context;
	if (l->count == l->room) {
		l->room = l->room ? 2 * l->room : 32;
		struct chain_ranges *more = realloc(l->at, l->room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		l->at = more;
	}
	l->at[l->count++] = (struct chain_ranges){ *chain, *held };
	return 0;
}

static int take_range(
	struct gather *g, struct peers *p, const struct chain *chain, const struct range *range)
{
	struct row rows[BATCH_ROWS_MAX];
	struct batch b = { 0 };
	int error = 0;
	for (uint64_t at = range->first; !error && at <= range->last; at += b.count) {
		error = peers_fetch(p, chain, at, BATCH_ROWS_MAX, rows, &b);
		if (error || !b.count)
			return error;
		error = take_batch(g, &b);
	}
	return error;
}

static int take_peer_rows(struct gather *g, struct peers *p)
{
	struct chain_list l = { 0 };
	int error = peers_chains(p, list_one, &l);
	for (size_t i = 0; !error && i < l.count; i++)
		for (uint32_t k = 0; !error && k < l.at[i].held.count; k++)
			error = take_range(g, p, &l.at[i].chain, &l.at[i].held.at[k]);
	free(l.at);
	return error;
}

static int unreadable(struct gather *g, const char *what)
{
	(void)text_copy(g->source.why, sizeof(g->source.why), what);
	return find(g, NULL, 0, 0, FLAW_FILE, what);
}

/* A box's peers.db: the rows of others, with their signatures. */
static int take_peers(struct gather *g)
{
	char dir[PATH_MAX];
	struct peers *p = NULL;
	snprintf(dir, sizeof(dir), "%s", g->path);
	char *slash = strrchr(dir, '/');
	if (slash)
		*slash = 0;
	int error = peers_open_reader(&p, slash ? dir : ".");
	if (!error)
		error = take_peer_rows(g, p);
	peers_close(p);
	if (error == -EBADMSG || error == -EIO)
		return unreadable(g, "what it has of other boxes cannot be read");
	return error;
}

static int store_row(void *context, const struct row *row)
{
	struct gather *g = context;
	struct range missing;
	enum row_flaw flaw = row_line_next(&g->line, row, &missing);
	int error = flaw ? put_pending(g) : 0;
	if (!error && flaw)
		error = find_row(g, row, flaw);
	return error || !is_whole(flaw) ? error : put_row(g, row);
}

static int store_promise(void *context, const struct night_chain *chain)
{
	struct gather *g = context;
	return night_promise(g->to.store, &chain->chain, chain->promised);
}

/* Another store: its rows come without the signatures that vouch for them there. */
static int take_store(struct gather *g)
{
	char why[NIGHT_WHY_SIZE];
	struct night *other = NULL;
	int error = night_open(&other, g->path, g->to.event_id, NIGHT_READ, why);
	if (error)
		return unreadable(g, why[0] ? why : strerror(-error));
	error = night_each(other, NIGHT_BY_CHAIN, store_row, g);
	if (!error)
		error = put_pending(g);
	if (!error)
		error = commit(g);
	if (!error)
		error = night_chains(other, store_promise, g);
	night_close(other);
	return error == -EBADMSG ? unreadable(g, "the store is damaged") : error;
}

/* --- files and folders ------------------------------------------------------------------------ */

/* Some systems write the names on a stick in capitals. */
static bool ends(const char *text, const char *with)
{
	size_t n = strlen(text), m = strlen(with);
	return n >= m && !strcasecmp(text + n - m, with);
}

static enum gather_kind kind_of(const char *path, const struct stat *st)
{
	static const char *const names[GATHER_KINDS] = {
		[GATHER_LOG] = "log", [GATHER_PEERS] = "peers", [GATHER_STORE] = "night"
	};
	const char *base = strrchr(path, '/');
	base = base ? base + 1 : path;
	if (!S_ISREG(st->st_mode)) /* a pipe would be waited for */
		return GATHER_UNKNOWN;
	if (ends(base, SEALED_SUFFIX))
		return GATHER_SEALED;
	const char *what = salvage_kind(path);
	for (int i = 0; what && i < GATHER_KINDS; i++)
		if (names[i] && !strcmp(what, names[i]))
			return (enum gather_kind)i;
	/* Damaged at its very beginning. */
	return strcmp(base, "log.db") ? GATHER_UNKNOWN : GATHER_LOG;
}

static int take_kind(struct gather *g)
{
	switch (g->source.kind) {
	case GATHER_LOG:
		return take_log(g);
	case GATHER_SEALED:
		return take_sealed(g);
	case GATHER_PEERS:
		return take_peers(g);
	case GATHER_STORE:
		return take_store(g);
	case GATHER_FOLDER:
	case GATHER_UNKNOWN:
	case GATHER_KINDS:
		break;
	}
	snprintf(g->source.why, sizeof(g->source.why),
		"it is no log, no sealed copy and no store of a night");
	return find(g, NULL, 0, 0, FLAW_FILE, g->source.why);
}

static int take_file(struct gather *g, const char *path, enum gather_kind kind)
{
	g->path = path;
	text_copy(g->path_name, sizeof(g->path_name), path);
	g->source = (struct gather_source){ .kind = kind };
	g->line = (struct row_line){ 0 };
	g->pending_count = g->batch_count = g->flaw_count = 0;
	int error = take_kind(g);
	if (!error)
		error = put_pending(g);
	if (!error)
		error = commit(g);
	if (!error)
		error = commit_flaws(g);
	if (!error && g->to.source)
		g->to.source(g->to.context, path, &g->source);
	return error;
}

static int not_hidden(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

/* A path without anything to read. error: it cannot be looked at; the rest of its folder can. */
static int miss(struct gather *g, const char *path, int error)
{
	g->path = path;
	g->source = (struct gather_source){ .kind = error ? GATHER_UNKNOWN : GATHER_FOLDER };
	snprintf(g->source.why, sizeof(g->source.why), "%s%s",
		error ? "it cannot be looked at: " : "there is no log and no sealed copy in it",
		error ? strerror(error) : "");
	(void)find(g, NULL, 0, 0, FLAW_FILE, g->source.why);
	if (g->to.source)
		g->to.source(g->to.context, path, &g->source);
	return 0;
}

/* A folder and those that it is in. */
struct folder {
	const struct folder *in;
	dev_t device;
	ino_t number;
	int depth;
};

static int take_folder(
	struct gather *g, const char *dir, const struct folder *folder, uint64_t *files);

/* One that a link leads back to is being read already. */
static int take_inner(struct gather *g, const char *path, const struct stat *st,
	const struct folder *in, uint64_t *files)
{
	const struct folder inner = { in, st->st_dev, st->st_ino, in->depth + 1 };
	for (const struct folder *f = in; f; f = f->in)
		if (f->device == inner.device && f->number == inner.number)
			return 0;
	if (inner.depth > DEPTH_MAX)
		return miss(g, path, ELOOP);
	return take_folder(g, path, &inner, files);
}

static int take_entry(struct gather *g, const char *path, const struct stat *st,
	const struct folder *in, uint64_t *files)
{
	if (S_ISDIR(st->st_mode))
		return take_inner(g, path, st, in, files);
	enum gather_kind kind = kind_of(path, st);
	*files += kind != GATHER_UNKNOWN;
	return kind == GATHER_UNKNOWN ? 0 : take_file(g, path, kind);
}

static int take_folder(
	struct gather *g, const char *dir, const struct folder *folder, uint64_t *files)
{
	struct dirent **names = NULL;
	int n = scandir(dir, &names, not_hidden, alphasort), error = n < 0 ? -errno : 0;
	if (n < 0 && folder->in && error != -ENOMEM && error != -EMFILE)
		return miss(g, dir, -error);
	for (int i = 0; i < n; i++) {
		char path[PATH_MAX];
		struct stat st;
		int len = snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		bool fits = len < (int)sizeof(path);
		free(names[i]);
		if (!error && (!fits || stat(path, &st)))
			error = miss(g, fits ? path : dir, fits ? errno : ENAMETOOLONG);
		else if (!error)
			error = take_entry(g, path, &st, folder, files);
	}
	free(names);
	return error;
}

int gather_take(struct gather *g, const char *path)
{
	struct stat st;
	uint64_t files = 0;
	if (stat(path, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return take_file(g, path, kind_of(path, &st));
	const struct folder folder = { NULL, st.st_dev, st.st_ino, 0 };
	int error = take_folder(g, path, &folder, &files);
	return error || files ? error : miss(g, path, 0);
}

/* --- the whole -------------------------------------------------------------------------------- */

static int verify_row(void *context, const struct row *row)
{
	struct gather *g = context;
	struct range missing;
	enum row_flaw flaw = row_line_next(&g->line, row, &missing);
	struct chain chain = chain_of(row);
	return flaw ? find(g, &chain, row->seq, row->seq, flaw, row_flaw_texts[flaw]) : 0;
}

int gather_verify(struct gather *g)
{
	g->path = "";
	g->source = (struct gather_source){ .kind = GATHER_STORE };
	g->line = (struct row_line){ 0 };
	return night_each(g->to.store, NIGHT_BY_CHAIN, verify_row, g);
}

struct listing {
	const struct boxes *boxes;
	bool *heard; /* by entry of boxes */
	int (*take)(void *context, const struct gather_missing *m);
	void *context;
};

static int list_chain(void *context, const struct night_chain *c)
{
	struct listing *l = context;
	uint64_t from = 1, until = c->promised;
	int stop = 0;
	for (size_t i = 0; l->boxes && i < l->boxes->count; i++)
		if (!memcmp(l->boxes->at[i].device, c->chain.device, DEVICE_ID_SIZE))
			l->heard[i] = true;
	for (uint32_t i = 0; !stop && i < c->held.count; i++) {
		const struct range *r = &c->held.at[i];
		if (r->first > from)
			stop = l->take(l->context,
				&(struct gather_missing){ c->chain, from, r->first - 1 });
		from = r->last + 1;
	}
	if (!stop && until >= from && !c->truncated)
		stop = l->take(l->context, &(struct gather_missing){ c->chain, from, until });
	return stop;
}

static int list_unheard(struct listing *l)
{
	int stop = 0;
	for (size_t i = 0; !stop && l->boxes && i < l->boxes->count; i++) {
		const struct boxes_entry *e = &l->boxes->at[i];
		bool again = i && !memcmp(e->device, e[-1].device, sizeof(e->device));
		struct gather_missing m = { 0 };
		memcpy(m.chain.device, e->device, sizeof(m.chain.device));
		if (!l->heard[i] && !again)
			stop = l->take(l->context, &m);
	}
	return stop;
}

int gather_missing(struct gather *g, const struct boxes *boxes,
	int (*take)(void *context, const struct gather_missing *m), void *context)
{
	struct listing l = { .boxes = boxes, .take = take, .context = context };
	l.heard = calloc(boxes ? boxes->count + 1 : 1, sizeof(*l.heard));
	if (!l.heard)
		return -ENOMEM;
	int stop = night_chains(g->to.store, list_chain, &l);
	if (!stop)
		stop = list_unheard(&l);
	free(l.heard);
	return stop;
}
