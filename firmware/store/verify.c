/* Looks for the first row that cannot be as it was written. What the chain proves: every row is the
 * one whose hash the next row carries, and the last one is the one that `head` names. It finds
 * damage and clumsy hands. Whoever rewrites every row and the head finds nobody here to stop them:
 * for that, the collector holds copies. */
#include "base/text.h"
#include "store/log_private.h"
#include "store/row_sql.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The first fault wins. */
PRINTF_LIKE(3, 4)
static void find(struct log_verdict *v, const struct row *row, const char *format, ...)
{
	if (!v->good)
		return;
	v->good = false;
	memcpy(v->device, row->device, sizeof(v->device));
	v->epoch = row->epoch;
	v->seq = row->seq;
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(v->what, sizeof(v->what), format, arguments);
	va_end(arguments);
}

static int check_pages(struct log *l, struct log_verdict *v)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(l->db, &s, "PRAGMA integrity_check(1)");
	if (error)
		return error;
	int rc = sqlite3_step(s);
	error = db_error(l->db, rc);
	const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
	if (text && strcmp(text, "ok")) {
		char safe[120];
		text_printable(safe, sizeof(safe), text, strlen(text));
		find(v, &(struct row){ 0 }, "the database is damaged: %s", safe);
	}
	sqlite3_finalize(s);
	return error;
}

/* --- the chains ------------------------------------------------------------------------------- */

/* How far the walk along the rows has come. */
struct walk {
	int64_t chain;
	struct row before;
};

/* bad: which of its values is out of range, or NULL. */
static void check_row(
	struct log_verdict *v, const struct row *before, const struct row *row, const char *bad)
{
	if (row->seq != before->seq + 1) {
		find(v, row, "row %llu is missing", (unsigned long long)before->seq + 1);
		return;
	}
	if (bad) {
		find(v, row, "%s is out of its range", bad);
		return;
	}
	if (memcmp(row->before, before->hash, sizeof(row->before)))
		find(v, row, "the chain is broken: it does not carry the hash of the row before");
	uint8_t hash[ROW_HASH_SIZE];
	log_row_hash(row, hash);
	if (memcmp(hash, row->hash, sizeof(hash)))
		find(v, row, "its hash is not that of its values: it was changed");
	if (row->hlc <= before->hlc)
		find(v, row, "its hybrid clock is not later than that of the row before");
	const char *what = row_wrong(row);
	if (what)
		find(v, row, "%s", what);
}

/* The number that the row is found by must be its own and that of its chain. Of two numbers that
 * disagree the lower is told. */
static void check_id(struct log_verdict *v, struct walk *w, const struct row *row, sqlite3_stmt *s)
{
	int64_t id = sqlite3_column_int64(s, ROW_INSERT_ID - 1);
	int64_t chain = id >> LOG_SEQ_BITS;
	uint64_t seq = (uint64_t)id & ROW_SEQ_MAX;
	uint8_t device[DEVICE_ID_SIZE];
	struct row place = *row;
	if (!row->seq || (seq && seq < row->seq))
		place.seq = seq;
	bool known = db_take_blob(s, ROW_INSERT_ID, device, sizeof(device)) &&
		     !memcmp(device, row->device, sizeof(device)) &&
		     sqlite3_column_int64(s, ROW_INSERT_ID + 1) == row->epoch;
	if (seq != row->seq || !known)
		find(v, &place, "it is stored under the number of another row");
	if (chain == w->chain)
		return;
	if (chain != w->chain + 1)
		find(v, row, "the chain before it is missing");
	w->chain = chain;
	w->before.seq = 0;
}

static int check_rows(struct log *l, struct log_verdict *v, struct walk *w)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(l->db, &s,
		"SELECT " ROW_COLUMNS ", id,"
		" (SELECT c.device FROM chain c WHERE c.number = entry.id >> 40),"
		" (SELECT c.epoch FROM chain c WHERE c.number = entry.id >> 40)"
		" FROM entry ORDER BY id");
	if (error)
		return error;
	int rc = SQLITE_DONE;
	while (v->good && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct row row;
		const char *bad = row_read(s, &row);
		check_id(v, w, &row, s);
		check_row(v, &w->before, &row, bad);
		v->rows++;
		w->before = row;
	}
	error = v->good ? db_error(l->db, rc) : 0;
	sqlite3_finalize(s);
	return error;
}

/* --- what is kept beside the rows ------------------------------------------------------------- */

struct head {
	int64_t chain, chains; /* chains: the number of the newest that is entered */
	uint64_t seq;
	uint8_t hash[ROW_HASH_SIZE];
	char venue[ID_SIZE];
	int64_t entries, exits, present, refused, registered_in;
};

static int read_head(struct log *l, struct head *out)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(l->db, &s,
		"SELECT seq, hash, venue, entries, exits, present, refused, registered_in, chain,"
		" (SELECT max(number) FROM chain) FROM head");
	if (error)
		return error;
	*out = (struct head){ 0 };
	int rc = sqlite3_step(s);
	error = db_error(l->db, rc);
	if (rc == SQLITE_ROW) {
		out->seq = (uint64_t)sqlite3_column_int64(s, 0);
		if (!db_take_blob(s, 1, out->hash, sizeof(out->hash)) ||
			!db_take_text(s, 2, out->venue, sizeof(out->venue)))
			out->seq = 0;
		out->entries = sqlite3_column_int64(s, 3);
		out->exits = sqlite3_column_int64(s, 4);
		out->present = sqlite3_column_int64(s, 5);
		out->refused = sqlite3_column_int64(s, 6);
		out->registered_in = sqlite3_column_int64(s, 7);
		out->chain = sqlite3_column_int64(s, 8);
		out->chains = sqlite3_column_int64(s, 9);
	}
	sqlite3_finalize(s);
	return error;
}

static void check_end(struct log_verdict *v, const struct head *head, const struct walk *w)
{
	const struct row *last = &w->before;
	bool same = head->chain == w->chain && head->seq == last->seq &&
		    !memcmp(head->hash, last->hash, sizeof(head->hash));
	if (same && head->chains == w->chain)
		return;
	struct row bad = *last;
	if (same) {
		find(v, &bad, "a chain is entered after it that has no rows");
	} else if (head->chain > w->chain || head->seq > last->seq) {
		bad.seq = last->seq + 1;
		find(v, &bad, "the end is missing: row %llu was written last",
			(unsigned long long)head->seq);
	} else {
		find(v, &bad, "the stored head is not this row, the newest");
	}
}

/* A writer's figures in memory must be those of its rows in full. */
static bool memory_differs(const struct log *l, const char *venue, const struct headcount *count)
{
	return l->lock >= 0 && !l->stale && !strcmp(l->venue, venue) &&
	       memcmp(count, &l->count, sizeof(*count));
}

static int check_figures(
	struct log *l, struct log_verdict *v, const struct head *head, const struct row *last)
{
	struct headcount count;
	uint64_t registered_in = 0;
	int error = log_recount(l, head->venue, l->start_ms, &count);
	if (!error)
		error = log_registered(l, head->venue, &registered_in);
	if (error)
		return error;
	const struct {
		const char *name;
		int64_t kept, counted;
	} figures[] = {
		{ "present", head->present, headcount_present(&count) },
		{ "entries", head->entries, (int64_t)count.in },
		{ "exits", head->exits, (int64_t)count.out },
		{ "refused", head->refused, (int64_t)count.refused },
		{ "registered_in", head->registered_in, (int64_t)registered_in },
	};
	for (size_t i = 0; i < ARRAY_LEN(figures); i++)
		if (figures[i].kept != figures[i].counted)
			find(v, last, "the kept headcount says %s %lld, the rows say %lld",
				figures[i].name, (long long)figures[i].kept,
				(long long)figures[i].counted);
	if (memory_differs(l, head->venue, &count))
		find(v, last, "the headcount in memory is not that of the rows");
	return 0;
}

static int judge(struct log *l, struct log_verdict *v)
{
	struct walk w = { .before = { .epoch = l->epoch } };
	struct head head;
	memcpy(w.before.device, l->device, sizeof(w.before.device));
	int error = check_pages(l, v);
	if (!error && v->good)
		error = check_rows(l, v, &w);
	if (!error && v->good)
		error = read_head(l, &head);
	if (error || !v->good)
		return error;
	check_end(v, &head, &w);
	return v->good && head.seq ? check_figures(l, v, &head, &w.before) : 0;
}

int log_verify(struct log *l, struct log_verdict *out)
{
	struct log_verdict verdict = { .good = true };
	int error = db_exec(l->db, "BEGIN");
	if (error)
		return error;
	error = judge(l, &verdict);
	if (!sqlite3_get_autocommit(l->db) && db_exec(l->db, "COMMIT"))
		l->stale = true;
	/* Pages so damaged that SQLite cannot walk them are an answer, too. */
	if (error == -EBADMSG) {
		find(&verdict, &(struct row){ 0 }, "the database is damaged");
		error = 0;
	}
	if (!error)
		*out = verdict;
	return error;
}
