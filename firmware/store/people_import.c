#include "store/people.h"

#include "base/mailbox.h"
#include "event/code.h"
#include "store/people_parts.h"
#include "store/roster.h"
#include "store/schema.h"
#include "store/sorter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One thread reads, merges and writes people.db; a second seals names and writes roster.db, which
 * is half of the work. Rows go from the one to the other in batches, a few of which go round. */

#define BATCHES       4
#define BATCH_SIZE    (64 << 10)
#define TEXTS_MAX     4096
#define PROGRESS_ROWS 8192
#define TWICE_TOLD    100

enum kind { KIND_PUT, KIND_REVOKE, KIND_RESTORE };

/* How a row lies in the sorter and in batches: this, then six terminated texts. */
struct head {
	uint64_t line;
	uint8_t kind, known, revoked, has_secret;
	uint8_t hash[TICKET_HASH_SIZE]; /* in batches */
	uint8_t secret[SEAL_SECRET_SIZE];
	uint32_t size; /* of all */
	uint32_t code_len;
};

struct batch {
	size_t used;
	uint8_t bytes[BATCH_SIZE];
};

/* The second thread. */
struct sealing {
	struct roster *roster;
	struct mailbox *full, *empty;
	struct batch *batches;
	struct batch *filling;
	pthread_t thread;
	bool running;
	int error; /* the thread's, until it was joined */
};

struct people_import {
	const struct event *event;
	struct roster *lock; /* the new roster, whose lock is the whole import's */
	struct people *old;  /* NULL: none yet */
	struct sorter *sorter;
	uint64_t weak;
	char source[256];
	char dir[PATH_MAX], path[PATH_MAX + 16], aside[PATH_MAX + 32];
	bool made; /* the file aside */

	sqlite3 *db;
	sqlite3_stmt *insert;
	int64_t rows;
	struct sealing sealing;
	struct people_report report;
};

/* --- rows as bytes ---------------------------------------------------------------------------- */

static size_t encode(uint8_t *out, size_t capacity, const struct person *who, struct head head)
{
	const char *const texts[] = { who->code, who->name, who->email, who->type, who->venue,
		who->source };
	size_t used = sizeof(head);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		size_t n = strlen(texts[i]) + 1;
		if (used + n > capacity)
			return 0;
		memcpy(out + used, texts[i], n);
		used += n;
	}
	head.size = (uint32_t)used;
	head.code_len = (uint32_t)strlen(who->code);
	memcpy(out, &head, sizeof(head));
	return used;
}

static void decode(const uint8_t *bytes, struct person *who, struct head *head)
{
	const char **const texts[] = { &who->code, &who->name, &who->email, &who->type, &who->venue,
		&who->source };
	const char *at = (const char *)bytes + sizeof(*head);
	memcpy(head, bytes, sizeof(*head));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		*texts[i] = at;
		at += strlen(at) + 1;
	}
	who->code_len = head->code_len;
	who->line = head->line;
	who->known = head->known;
	who->revoked = head->revoked;
}

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

static void disconnect(struct people_import *i)
{
	sqlite3_finalize(i->insert);
	sqlite3_close(i->db);
	i->insert = NULL;
	i->db = NULL;
}

void people_import_close(struct people_import *i)
{
	if (!i)
		return;
	sorter_close(i->sorter);
	disconnect(i);
	if (i->made)
		unlink(i->aside);
	people_close(i->old);
	roster_close(i->lock);
	free(i);
}

/* --- taking ----------------------------------------------------------------------------------- */

static int add(struct people_import *i, const struct person *who, const struct head *head)
{
	uint8_t bytes[SORTER_RECORD_MAX], hash[TICKET_HASH_SIZE];
	if (who->code_len < 1 || memchr(who->code, 0, who->code_len))
		return -EINVAL;
	if (who->code_len > CODE_MAX)
		return -ENAMETOOLONG;
	size_t size = encode(bytes, sizeof(*head) + CODE_MAX + 1 + TEXTS_MAX, who, *head);
	if (!size)
		return -EMSGSIZE;
	static_assert(sizeof(*head) + CODE_MAX + 1 + TEXTS_MAX <= sizeof(bytes), "a row fits");
	code_hash(i->event, who->code, who->code_len, hash);
	i->weak += seal_is_weak(who->code, who->code_len);
	return sorter_add(i->sorter, hash, bytes, size);
}

int people_import_put(struct people_import *i, const struct person *who)
{
	struct person mine = *who;
	struct head head = { .line = who->line,
		.kind = KIND_PUT,
		.known = true,
		.revoked = who->revoked & PEOPLE_BY_SELLER };
	mine.source = i->source;
	return add(i, &mine, &head);
}

int people_import_revoke(struct people_import *i, const char *code, size_t len, bool revoked)
{
	char text[CODE_MAX + 1];
	if (len < 1 || len > CODE_MAX)
		return len < 1 ? -EINVAL : -ENAMETOOLONG;
	memcpy(text, code, len);
	text[len] = '\0';
	struct person who = { .code = text,
		.code_len = len,
		.name = "",
		.email = "",
		.type = "",
		.venue = "",
		.source = "" };
	struct head head = { .kind = revoked ? KIND_REVOKE : KIND_RESTORE,
		.revoked = revoked ? PEOPLE_BY_HAND : 0 };
	return add(i, &who, &head);
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
		struct head head;
		memcpy(&head, record.bytes, sizeof(head));
		if (head.kind != KIND_PUT)
			continue;
		if (any && !memcmp(before, record.key, sizeof(before))) {
			keep(kept, &kept_count, (struct twice){ head.line, first_line });
			++*count;
			continue;
		}
		any = true;
		memcpy(before, record.key, sizeof(before));
		first_line = head.line;
	}
	sorter_rewind(i->sorter);
	qsort(kept, kept_count, sizeof(*kept), compare_lines);
	for (size_t k = 0; tell && k < kept_count; k++)
		tell(context, kept[k].line, kept[k].earlier);
	return result;
}

/* --- the second thread ------------------------------------------------------------------------ */

static int seal_batch(struct roster *roster, const struct batch *b)
{
	int error = 0;
	for (size_t at = 0; !error && at < b->used;) {
		struct person who;
		struct head head;
		decode(b->bytes + at, &who, &head);
		struct roster_person row = { .code = who.code,
			.code_len = who.code_len,
			.name = who.name,
			.type = who.type,
			.venue = who.venue,
			.known = who.known,
			.revoked = who.revoked != 0,
			.hash = head.hash,
			.secret = head.has_secret ? head.secret : NULL };
		error = roster_add(roster, &row);
		at += head.size;
	}
	return error;
}

static void *seal_all(void *context)
{
	struct sealing *s = context;
	struct batch *b = NULL;
	while (mailbox_wait(s->full, &b, -1) == 0 && b) {
		if (!s->error)
			s->error = seal_batch(s->roster, b);
		b->used = 0;
		int error = mailbox_put(s->empty, &b);
		CHECK(!error); /* there is room for every batch */
	}
	return NULL;
}

static int start_sealing(struct sealing *s)
{
	int error = mailbox_open(&s->full, sizeof(struct batch *), BATCHES + 1);
	if (!error)
		error = mailbox_open(&s->empty, sizeof(struct batch *), BATCHES);
	if (!error && !(s->batches = calloc(BATCHES, sizeof(*s->batches))))
		error = -ENOMEM;
	for (size_t i = 0; !error && i < BATCHES; i++) {
		struct batch *b = &s->batches[i];
		error = mailbox_put(s->empty, &b);
	}
	if (!error)
		error = -pthread_create(&s->thread, NULL, seal_all, s);
	s->running = !error;
	return error;
}

static void hand_over(struct sealing *s, struct batch *b)
{
	int error = mailbox_put(s->full, &b);
	CHECK(!error); /* there is room for every batch and the end */
}

static int stop_sealing(struct sealing *s)
{
	if (s->running) {
		if (s->filling)
			hand_over(s, s->filling);
		hand_over(s, NULL);
		pthread_join(s->thread, NULL);
	}
	s->running = false;
	s->filling = NULL;
	mailbox_close(s->full);
	mailbox_close(s->empty);
	free(s->batches);
	s->full = s->empty = NULL;
	s->batches = NULL;
	return s->error;
}

static int pass_on(struct sealing *s, const struct person *who, const struct head *head)
{
	if (s->filling && s->filling->used + SORTER_RECORD_MAX > BATCH_SIZE) {
		hand_over(s, s->filling);
		s->filling = NULL;
	}
	if (!s->filling) {
		int error = mailbox_wait(s->empty, &s->filling, -1);
		if (error)
			return error;
	}
	struct batch *b = s->filling;
	b->used += encode(b->bytes + b->used, BATCH_SIZE - b->used, who, *head);
	return 0;
}

/* --- people.db, aside ------------------------------------------------------------------------- */

static int put_key(struct people_import *i)
{
	uint8_t key[16];
	sqlite3_stmt *s = NULL;
	int error = db_prepare(i->db, &s, "INSERT INTO meta (key, value) VALUES ('key', ?1)");
	if (error)
		return error;
	people_key_name(i->event, key);
	db_bind_blob(s, 1, key, sizeof(key));
	error = db_run(s);
	sqlite3_finalize(s);
	return error;
}

static int connect(struct people_import *i)
{
	if (unlink(i->aside) && errno != ENOENT)
		return -errno;
	AUTO_FD fd = open(i->aside, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	i->made = true;
	int error = db_open(&i->db, i->aside, SQLITE_OPEN_READWRITE, NULL);
	if (!error)
		error = db_exec(i->db, people_schema_file);
	if (!error)
		error = db_exec(i->db,
			"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
			"PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_size=-4096; BEGIN");
	if (!error)
		error = db_exec(i->db, people_schema_tables);
	if (!error)
		error = put_key(i);
	if (!error)
		error = db_prepare(i->db, &i->insert,
			"INSERT INTO person (id, hash, code, name, email, type, venue, source,"
			" known, revoked, secret) VALUES (?,?,?,?,?,?,?,?,?,?,?)");
	return error;
}

static int write_person(struct people_import *i, const uint8_t *hash, const struct person *who,
	const struct head *head)
{
	sqlite3_stmt *s = i->insert;
	const char *const texts[] = { who->code, who->name, who->email, who->type, who->venue,
		who->source };
	db_bind_integer(s, 1, ++i->rows);
	db_bind_blob(s, 2, hash, TICKET_HASH_SIZE);
	for (int t = 0; t < (int)ARRAY_LEN(texts); t++)
		db_bind_text(s, t + 3, texts[t]);
	db_bind_integer(s, 9, who->known);
	db_bind_integer(s, 10, who->revoked);
	sqlite3_bind_null(s, 11);
	if (head->has_secret)
		db_bind_blob(s, 11, head->secret, sizeof(head->secret));
	return db_run(s);
}

/* A row of the new files. secret: what the old file knows of a weak code, or NULL. */
static int write_row(struct people_import *i, const uint8_t *hash, const struct person *who,
	const uint8_t *secret)
{
	struct head head = { .known = who->known, .revoked = (uint8_t)who->revoked };
	bool weak = seal_is_weak(who->code, who->code_len);
	memcpy(head.hash, hash, sizeof(head.hash));
	i->report.weak += weak;
	if (weak && secret) {
		memcpy(head.secret, secret, sizeof(head.secret));
		head.has_secret = true;
	} else if (weak && i->report.stretched) {
		int error = seal_stretch(i->event, who->code, who->code_len, head.secret);
		if (error)
			return error;
		head.has_secret = true;
	}
	int error = write_person(i, hash, who, &head);
	return error ? error : pass_on(&i->sealing, who, &head);
}

/* --- merging ---------------------------------------------------------------------------------- */

static bool is_same(const struct person *a, const struct person *b)
{
	return a->known && !strcmp(a->name, b->name) && !strcmp(a->email, b->email) &&
	       !strcmp(a->type, b->type) && !strcmp(a->venue, b->venue);
}

/* What a row of the import makes of a code: *now is what stood there (known is false and the texts
 * are those of the row where nothing did). */
static void apply(struct people_import *i, struct person *now, const struct person *row,
	enum kind kind, bool there)
{
	unsigned before = now->revoked;
	if (kind == KIND_PUT) {
		unsigned by_hand = now->revoked & PEOPLE_BY_HAND;
		bool added = !there || !now->known, same = !added && is_same(now, row);
		i->report.added += added;
		i->report.same += same && row->revoked == (before & PEOPLE_BY_SELLER);
		i->report.updated += !added && !same;
		*now = *row;
		now->revoked = row->revoked | by_hand;
	} else {
		now->revoked = kind == KIND_RESTORE ? 0 : now->revoked | PEOPLE_BY_HAND;
	}
	i->report.revoked += !before && now->revoked;
	i->report.restored += before && !now->revoked;
}

struct merge {
	struct people_row old;
	struct sorter_record record;
	int has_old, has_record; /* 1, 0 at the end, -errno */
	uint64_t told;
};

static void step_old(struct people_import *i, struct merge *m)
{
	m->has_old = i->old ? people_next(i->old, &m->old) : 0;
}

/* All rows of the import for one code, and what the old file has of it. */
static int merge_code(struct people_import *i, struct merge *m, bool there)
{
	uint8_t hash[TICKET_HASH_SIZE], bytes[SORTER_RECORD_MAX];
	struct person now = { 0 }, row;
	struct head head;
	bool put = false;
	memcpy(hash, m->record.key, sizeof(hash));
	if (there)
		now = m->old.who;
	for (bool first = true; m->has_record > 0 && !memcmp(hash, m->record.key, sizeof(hash));
		first = false) {
		uint8_t aside[SORTER_RECORD_MAX];
		memcpy(aside, m->record.bytes, m->record.size);
		decode(aside, &row, &head);
		if (put && head.kind == KIND_PUT)
			return -EEXIST;
		put = put || head.kind == KIND_PUT;
		if (head.kind == KIND_PUT || (first && !there)) {
			memcpy(bytes, aside, m->record.size);
			decode(bytes, &row, &head);
			if (first && !there)
				now = (struct person){ .code = row.code,
					.code_len = row.code_len,
					.name = "",
					.email = "",
					.type = "",
					.venue = "",
					.source = "" };
		}
		apply(i, &now, &row, (enum kind)head.kind, there || !first);
		m->has_record = sorter_next(i->sorter, &m->record);
	}
	int error = m->has_record < 0 ? m->has_record
				      : write_row(i, hash, &now,
						there && m->old.has_secret ? m->old.secret : NULL);
	if (there)
		step_old(i, m);
	return error;
}

static int merge_next(struct people_import *i, struct merge *m)
{
	int order = !m->has_old      ? 1
		    : !m->has_record ? -1
				     : memcmp(m->old.hash, m->record.key, TICKET_HASH_SIZE);
	if (order >= 0)
		return merge_code(i, m, order == 0);
	int error =
		write_row(i, m->old.hash, &m->old.who, m->old.has_secret ? m->old.secret : NULL);
	step_old(i, m);
	return error;
}

static int merge(
	struct people_import *i, void (*progress)(void *context, uint64_t rows), void *context)
{
	struct merge m = { 0 };
	int error = 0;
	step_old(i, &m);
	m.has_record = sorter_next(i->sorter, &m.record);
	while (!error && (m.has_old > 0 || m.has_record > 0) && m.has_old >= 0 &&
		m.has_record >= 0) {
		error = merge_next(i, &m);
		uint64_t rows = (uint64_t)i->rows;
		if (progress &&
			(rows % PROGRESS_ROWS == 0 || (i->report.stretched && !(rows % 64))))
			progress(context, rows);
	}
	return error ? error : m.has_old < 0 ? m.has_old : m.has_record < 0 ? m.has_record : 0;
}

/* --- committing ------------------------------------------------------------------------------- */

static int finish_people(struct people_import *i)
{
	char sql[96];
	snprintf(sql, sizeof(sql), "INSERT INTO meta (key, value) VALUES ('weak', %llu); COMMIT",
		(unsigned long long)i->report.weak);
	int error = db_exec(i->db, sql);
	disconnect(i);
	AUTO_FD fd = error ? -1 : open(i->aside, O_RDONLY | O_CLOEXEC);
	if (!error && (fd < 0 || fsync(fd)))
		error = -errno;
	return error;
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
	int error = connect(i);
	if (!error)
		error = roster_begin_new(i->lock, i->report.stretched);
	i->sealing = (struct sealing){ .roster = i->lock };
	if (!error)
		error = start_sealing(&i->sealing);
	if (!error)
		error = merge(i, progress, context);
	int sealed = stop_sealing(&i->sealing);
	error = error ? error : sealed;
	if (!error)
		error = finish_people(i);
	if (!error)
		error = put_in_place(i);
	if (!error)
		*out = i->report;
	return error;
}
