#include "store/people.h"

#include "event/code.h"
#include "store/people_parts.h"
#include "store/people_seal.h"
#include "store/people_write.h"
#include "store/roster.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One thread reads, merges and writes people.db; a second seals names and writes roster.db. Rows
 * that are merged are collected in batches, which both of them read. */

#define PROGRESS_ROWS      8192
#define PROGRESS_STRETCHED 64 /* rows, where some take milliseconds */
#define TWICE_TOLD         100

struct people_import {
	const struct event *event;
	struct roster *lock; /* the new roster, whose lock is the whole import's */
	struct people *old;  /* NULL: none yet */
	struct sorter *sorter;
	uint64_t weak;
	char source[256];
	char dir[PATH_MAX], path[PATH_MAX + 16], aside[PATH_MAX + 32];
	bool made; /* the file aside */

	struct people_write *file;
	struct people_seal *seal;
	struct row_batch *filling;
	uint64_t rows;
	struct people_report report;
};

/* --- opening ---------------------------------------------------------------------------------- */

static int prepare_paths(struct people_import *i, const char *dir, const char *source)
{
	int n = snprintf(i->dir, sizeof(i->dir), "%s", dir);
	if (n < 0 || (size_t)n >= sizeof(i->dir))
		return -ENAMETOOLONG;
	snprintf(i->path, sizeof(i->path), "%s/people.db", i->dir);
	snprintf(i->aside, sizeof(i->aside), "%s.import", i->path);
	snprintf(i->source, sizeof(i->source), "%s", source);
	return sodium_init() < 0 ? -EIO : 0;
}

static int open_old(struct people_import *i)
{
	char roster[PATH_MAX + 16];
	int error = people_open(&i->old, i->dir, i->event);
	if (error != -ENOENT)
		return error;
	snprintf(roster, sizeof(roster), "%s/roster.db", i->dir);
	return access(roster, F_OK) ? 0 : -ESTALE;
}

int people_import_open(struct people_import **out, const char *event_dir, const struct event *e,
	const char *source)
{
	struct people_import *i = calloc(1, sizeof(*i));
	if (!i)
		return -ENOMEM;
	i->event = e;
	int error = prepare_paths(i, event_dir, source);
	if (!error)
		error = roster_lock(&i->lock, event_dir, e);
	if (!error)
		error = open_old(i);
	if (!error)
		error = sorter_open(&i->sorter, event_dir, 0);
	if (error) {
		people_import_close(i);
		return error;
	}
	*out = i;
	return 0;
}

void people_import_close(struct people_import *i)
{
	if (!i)
		return;
	sorter_close(i->sorter);
	people_write_close(i->file);
	if (i->made)
		unlink(i->aside);
	people_close(i->old);
	roster_close(i->lock);
	free(i);
}

/* --- taking ----------------------------------------------------------------------------------- */

static int add(struct people_import *i, const struct person *who, struct people_row *row)
{
	uint8_t bytes[SORTER_RECORD_MAX];
	if (who->code_len > CODE_MAX)
		return -ENAMETOOLONG;
	if (who->code_len < 1 || memchr(who->code, 0, who->code_len))
		return -EINVAL;
	if (!row_take(row, who))
		return -EMSGSIZE;
	code_hash(i->event, who->code, who->code_len, row->hash);
	i->weak += seal_is_weak(who->code, who->code_len);
	return sorter_add(i->sorter, row->hash, bytes, row_encode(bytes, sizeof(bytes), row));
}

int people_import_put(struct people_import *i, const struct person *who)
{
	struct person mine = *who;
	struct people_row row = { .line = who->line,
		.kind = CHANGE_PUT,
		.known = true,
		.revoked = who->revoked & PEOPLE_BY_SELLER };
	mine.source = i->source;
	return add(i, &mine, &row);
}

static int change(struct people_import *i, const char *code, size_t len, enum people_change kind)
{
	const struct person who = { .code = code,
		.code_len = len,
		.name = "",
		.email = "",
		.type = "",
		.venue = "",
		.source = "" };
	struct people_row row = { .kind = kind };
	return add(i, &who, &row);
}

int people_import_revoke(struct people_import *i, const char *code, size_t len, bool revoked)
{
	return change(i, code, len, revoked ? CHANGE_REVOKE : CHANGE_RESTORE);
}

int people_import_forget(struct people_import *i, const char *code, size_t len)
{
	return change(i, code, len, CHANGE_FORGET);
}

/* --- codes put twice -------------------------------------------------------------------------- */

struct twice {
	uint64_t line, earlier;
};

static int compare_lines(const void *a, const void *b)
{
	const struct twice *x = a, *y = b;
	return (x->line > y->line) - (x->line < y->line);
}

/* Keeps the pairs with the lowest lines. */
static void keep(struct twice *kept, size_t *count, struct twice pair)
{
	if (*count < TWICE_TOLD) {
		kept[(*count)++] = pair;
		return;
	}
	size_t last = 0;
	for (size_t i = 1; i < *count; i++)
		if (kept[i].line > kept[last].line)
			last = i;
	if (pair.line < kept[last].line)
		kept[last] = pair;
}

int people_import_twice(struct people_import *i,
	void (*tell)(void *context, uint64_t line, uint64_t earlier), void *context,
	uint64_t *count)
{
	struct twice kept[TWICE_TOLD];
	size_t kept_count = 0;
	struct sorter_record record;
	uint8_t before[TICKET_HASH_SIZE] = { 0 };
	uint64_t first_line = 0;
	bool any = false;
	int result;
	*count = 0;
	sorter_rewind(i->sorter);
	while ((result = sorter_next(i->sorter, &record)) > 0) {
		struct people_row row;
		row_decode(record.bytes, &row);
		if (row.kind != CHANGE_PUT)
			continue;
		if (any && !memcmp(before, record.key, sizeof(before))) {
			keep(kept, &kept_count, (struct twice){ row.line, first_line });
			++*count;
			continue;
		}
		any = true;
		memcpy(before, record.key, sizeof(before));
		first_line = row.line;
	}
	sorter_rewind(i->sorter);
	qsort(kept, kept_count, sizeof(*kept), compare_lines);
	for (size_t k = 0; tell && k < kept_count; k++)
		tell(context, kept[k].line, kept[k].earlier);
	return result;
}

/* --- writing ---------------------------------------------------------------------------------- */

/* To the other thread, and meanwhile to people.db. */
static int write_batch(struct people_import *i)
{
	struct row_batch *b = i->filling;
	if (!b)
		return 0;
	i->filling = NULL;
	people_seal_hand_over(i->seal, b);
	return people_write_batch(i->file, b);
}

static int pass_on(struct people_import *i, const struct people_row *row)
{
	int error = 0;
	i->rows++;
	if (i->filling && batch_put(i->filling, row))
		return 0;
	error = write_batch(i);
	if (!error)
		error = people_seal_batch(i->seal, &i->filling);
	if (!error && !batch_put(i->filling, row))
		error = -EBADMSG;
	return error;
}

/* A row of the new files. Of a weak code it has the secret if the old file did. */
static int write_row(struct people_import *i, struct people_row *row)
{
	const char *code = row->text[ROW_CODE];
	bool weak = seal_is_weak(code, row->length[ROW_CODE]);
	int error = 0;
	i->report.weak += weak;
	row->has_secret = row->has_secret && weak;
	if (weak && !row->has_secret && i->report.stretched) {
		error = seal_stretch(i->event, code, row->length[ROW_CODE], row->secret);
		row->has_secret = true;
	}
	return error ? error : pass_on(i, row);
}

/* --- merging ---------------------------------------------------------------------------------- */

static bool is_same(const struct people_row *a, const struct people_row *b)
{
	if (!a->known)
		return false;
	for (int t = ROW_NAME; t <= ROW_VENUE; t++)
		if (a->length[t] != b->length[t] || memcmp(a->text[t], b->text[t], a->length[t]))
			return false;
	return true;
}

static void take_texts(struct people_row *to, const struct people_row *from)
{
	memcpy(to->text, from->text, sizeof(to->text));
	memcpy(to->length, from->length, sizeof(to->length));
}

/* What stands for a code of which nothing was known. */
static void begin_row(struct people_row *now, const struct people_row *row)
{
	*now = (struct people_row){ 0 };
	memcpy(now->hash, row->hash, sizeof(now->hash));
	for (int t = 0; t < ROW_TEXTS; t++)
		now->text[t] = "";
	now->text[ROW_CODE] = row->text[ROW_CODE];
	now->length[ROW_CODE] = row->length[ROW_CODE];
}

/* What a row of the import makes of a code: *now is what stood there, if anything did. */
static void apply(
	struct people_import *i, struct people_row *now, const struct people_row *row, bool there)
{
	unsigned before = now->revoked;
	if (row->kind == CHANGE_PUT) {
		bool added = !there || !now->known, same = !added && is_same(now, row);
		i->report.added += added;
		i->report.same += same && row->revoked == (before & PEOPLE_BY_SELLER);
		i->report.updated += !added && !same;
		take_texts(now, row);
		now->known = true;
		now->revoked = (uint8_t)(row->revoked | (before & PEOPLE_BY_HAND));
	} else {
		now->revoked = row->kind == CHANGE_RESTORE ? 0 : (uint8_t)(before | PEOPLE_BY_HAND);
	}
	i->report.revoked += !before && now->revoked;
	i->report.restored += before && !now->revoked;
}

struct merge {
	struct people_row old;
	struct sorter_record record;
	int has_old, has_record; /* 1, 0 at the end, -errno */
};

static void step_old(struct people_import *i, struct merge *m)
{
	m->has_old = i->old ? people_next(i->old, &m->old) : 0;
}

/* All rows of the import for one code, and what the old file has of it. */
static int merge_code(struct people_import *i, struct merge *m, bool there)
{
	uint8_t bytes[2][SORTER_RECORD_MAX]; /* of the row that *now has its texts from, and the
						other */
	struct people_row now, row;
	size_t turn = 0;
	bool put = false, forget = false, known = there;
	memcpy(row.hash, m->record.key, sizeof(row.hash));
	if (there)
		now = m->old;
	while (m->has_record > 0 && !memcmp(row.hash, m->record.key, sizeof(row.hash))) {
		memcpy(bytes[turn], m->record.bytes, m->record.size);
		row_decode(bytes[turn], &row);
		if (put && row.kind == CHANGE_PUT)
			return -EEXIST;
		put = put || row.kind == CHANGE_PUT;
		forget = forget || row.kind == CHANGE_FORGET;
		bool first = !there;
		if (first)
			begin_row(&now, &row);
		if (row.kind != CHANGE_FORGET)
			apply(i, &now, &row, !first);
		if (first || row.kind == CHANGE_PUT)
			turn = !turn;
		there = true;
		m->has_record = sorter_next(i->sorter, &m->record);
	}
	i->report.forgotten += forget && known;
	return m->has_record < 0 ? m->has_record : forget ? 0 : write_row(i, &now);
}

static int merge_next(struct people_import *i, struct merge *m)
{
	int order = !m->has_old      ? 1
		    : !m->has_record ? -1
				     : memcmp(m->old.hash, m->record.key, TICKET_HASH_SIZE);
	int error = order < 0 ? write_row(i, &m->old) : merge_code(i, m, order == 0);
	if (order <= 0)
		step_old(i, m);
	return error;
}

static int merge(
	struct people_import *i, void (*progress)(void *context, uint64_t rows), void *context)
{
	struct merge m;
	int error = 0;
	step_old(i, &m);
	m.has_record = sorter_next(i->sorter, &m.record);
	while (!error && (m.has_old > 0 || m.has_record > 0) && m.has_old >= 0 &&
		m.has_record >= 0) {
		bool slow = i->report.stretched && i->report.weak > 0;
		error = merge_next(i, &m);
		if (progress && i->rows % (slow ? PROGRESS_STRETCHED : PROGRESS_ROWS) == 0)
			progress(context, i->rows);
	}
	if (!error)
		error = m.has_old < 0 ? m.has_old : m.has_record;
	return error ? error : write_batch(i);
}

/* --- committing ------------------------------------------------------------------------------- */

/* Both files, whole and durable, aside. */
static int write_files(
	struct people_import *i, void (*progress)(void *context, uint64_t rows), void *context)
{
	i->made = true;
	int error = people_write_open(&i->file, i->aside, i->event);
	if (!error)
		error = roster_begin_new(i->lock, i->report.stretched);
	if (!error)
		error = people_seal_begin(&i->seal, i->lock);
	if (!error)
		error = merge(i, progress, context);
	if (i->seal)
		people_seal_finish(i->seal, !error);
	if (!error)
		error = people_write_finish(i->file, i->report.weak);
	int sealed = people_seal_end(i->seal);
	people_write_close(i->file);
	i->seal = NULL;
	i->file = NULL;
	i->filling = NULL;
	return error ? error : sealed;
}

static int put_in_place(struct people_import *i)
{
	int error = roster_commit(i->lock);
	if (error)
		return error;
	if (rename(i->aside, i->path))
		return -errno;
	i->made = false;
	return db_sync_dir(i->dir);
}

int people_import_commit(struct people_import *i, void (*progress)(void *context, uint64_t rows),
	void *context, struct people_report *out)
{
	i->report = (struct people_report){ 0 };
	i->report.stretched = i->weak <= PEOPLE_STRETCHED_MAX &&
			      (!i->old || i->old->weak <= 2 * PEOPLE_STRETCHED_MAX);
	i->rows = 0;
	int error = write_files(i, progress, context);
	if (!error)
		error = put_in_place(i);
	if (!error)
		*out = i->report;
	return error;
}
