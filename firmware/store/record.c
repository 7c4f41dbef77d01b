/* The one transaction. Memory follows the database and never runs ahead of it: chain head, number
 * and figures are changed only once COMMIT has answered that the row is durable. After any failure
 * they are read anew before the next row, because a COMMIT that failed does not say whether the
 * row is there. */
#include "base/text.h"
#include "door/hlc.h"
#include "store/log_private.h"
#include "store/row_sql.h"

#include <errno.h>
#include <string.h>

/* Stamps stay below 2^63, SQLite's largest integer, with room to count on from the latest that a
 * clock, ours (the year 4199) or a peer's, can give. */
#define WALL_MAX ((INT64_C(1) << 46) - 1)
#define SEEN_MAX (UINT64_C(3) << 61)

static bool has_ticket(const uint8_t ticket[TICKET_HASH_SIZE])
{
	static const uint8_t none[TICKET_HASH_SIZE];
	return memcmp(ticket, none, sizeof(none)) != 0;
}

/* The later of two says where the guest is; a badge is one whoever made it. Two stamps are never
 * equal but by chance: then it is this log's that counts. */
static void merge_prior(struct prior *own, uint64_t stamp, const struct log_known *others)
{
	bool walk_in = own->walk_in || (others->stamp && others->prior.walk_in);
	if (others->stamp > stamp)
		*own = others->prior;
	own->walk_in = walk_in;
}

int log_read_prior(struct log *l, const uint8_t ticket[TICKET_HASH_SIZE],
	const struct log_known *others, struct prior *out)
{
	uint64_t stamp = 0;
	*out = (struct prior){ 0 };
	if (!has_ticket(ticket))
		return 0;
	sqlite3_stmt *s = l->statements[LOG_PRIOR];
	db_bind_blob(s, 1, ticket, TICKET_HASH_SIZE);
	int rc = sqlite3_step(s);
	int error = db_error(l->db, rc);
	if (rc == SQLITE_ROW) {
		out->last = (enum direction)sqlite3_column_int(s, 0);
		out->wall_ms = sqlite3_column_int64(s, 1);
		out->trust = (enum trust)sqlite3_column_int(s, 2);
		stamp = (uint64_t)sqlite3_column_int64(s, 5);
		out->walk_in = sqlite3_column_int(s, 6) != 0;
		if (!db_take_text(s, 3, out->venue, sizeof(out->venue)) ||
			!db_take_text(s, 4, out->door, sizeof(out->door)))
			error = -EBADMSG;
	}
	sqlite3_reset(s);
	if (!error && others)
		merge_prior(out, stamp, others);
	return error;
}

int log_entered(struct log *l, const uint8_t ticket[TICKET_HASH_SIZE], bool *out)
{
	*out = false;
	if (!has_ticket(ticket))
		return 0;
	if (!l->db)
		return -EIO; /* it could not be opened anew after a failure */
	sqlite3_stmt *s = l->statements[LOG_ENTERED];
	db_bind_blob(s, 1, ticket, TICKET_HASH_SIZE);
	db_bind_text(s, 2, l->venue);
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int(s, 0) != 0;
	sqlite3_reset(s);
	return db_error(l->db, rc);
}

/* The same, of a row's ticket; false for a row of another venue. */
static int read_entered(struct log *l, const struct row *row, bool *out)
{
	*out = false;
	return strcmp(row->venue, l->venue) ? 0 : log_entered(l, row->ticket, out);
}

/* The row that an undo takes back: one that counts, is ours and was not undone before. */
static int read_target(struct log *l, uint64_t seq, struct row *out)
{
	if (seq == 0 || seq > l->seq)
		return -ENOENT;
	sqlite3_stmt *s = l->statements[LOG_TARGET];
	db_bind_integer(s, 1, log_row_id(l->chain, seq));
	int rc = sqlite3_step(s);
	int error = rc == SQLITE_DONE ? -ENOENT : db_error(l->db, rc);
	if (rc == SQLITE_ROW && row_read(s, out))
		error = -EBADMSG;
	sqlite3_reset(s);
	if (!error && (out->kind == ROW_UNDO || headcount_effect(out) == 0))
		error = -ENOENT;
	return error;
}

static int decide(struct log *l, const struct log_request *r, struct decision *out, struct prior *p)
{
	*p = (struct prior){ 0 };
	*out = (struct decision){ .verdict = VERDICT_NONE };
	int64_t present = headcount_present(&l->count);
	if (r->others && __builtin_add_overflow(present, r->others->present, &present))
		present = r->others->present;
	if (r->kind == ROW_WALK_IN)
		*out = admission_walk_in(r->rules, present, r->override);
	if (r->kind != ROW_SCAN)
		return 0;
	int error = log_read_prior(l, r->ticket->hash, r->others, p);
	if (!error)
		*out = admission_decide(r->rules, r->ticket, p, present, &r->now, r->override);
	return error;
}

static void fill_undo(struct row *row, const struct row *target)
{
	row->undoes = target->seq;
	row->amount = headcount_effect(target);
	row->direction = target->direction;
	memcpy(row->ticket, target->ticket, sizeof(row->ticket));
	memcpy(row->venue, target->venue, sizeof(row->venue));
	memcpy(row->from_venue, target->from_venue, sizeof(row->from_venue));
}

/* A clock may say anything; a row that others refuse would wait for ever. */
static int64_t in_range(int64_t ms)
{
	return ms < -ROW_MS_MAX ? -ROW_MS_MAX : ms > ROW_MS_MAX ? ROW_MS_MAX : ms;
}

/* All but the hash. */
static int fill(struct log *l, const struct log_request *r, struct row *row, struct prior *prior)
{
	struct decision decision;
	int error = decide(l, r, &decision, prior);
	if (error)
		return error;
	int64_t wall_ms = r->now.wall_ms < WALL_MAX ? r->now.wall_ms : WALL_MAX;
	*row = (struct row){ .epoch = l->epoch,
		.seq = l->seq + 1,
		.hlc = hlc_next(l->hlc, wall_ms),
		.at = { in_range(r->now.wall_ms), in_range(r->now.mono_ms), r->now.trust },
		.kind = r->kind,
		.source = r->source,
		.verdict = decision.verdict,
		.direction = decision.direction,
		.time_doubt = decision.time_doubt,
		.overridden = decision.overridden,
		.amount = r->kind == ROW_ADJUST ? r->amount : 0 };
	memcpy(row->device, l->device, sizeof(row->device));
	memcpy(row->boot, l->boot, sizeof(row->boot));
	memcpy(row->before, l->hash, sizeof(row->before));
	memcpy(row->venue, r->rules->venue, sizeof(row->venue));
	memcpy(row->door, r->rules->door, sizeof(row->door));
	memcpy(row->from_venue, decision.from_venue, sizeof(row->from_venue));
	bool badge = r->kind == ROW_WALK_IN && r->ticket && row->direction == DIRECTION_IN;
	if (r->kind == ROW_SCAN || badge) {
		memcpy(row->ticket, r->ticket->hash, sizeof(row->ticket));
		row->registered = r->ticket->registered;
	}
	if (r->operator)
		(void)!text_copy(row->operator, sizeof(row->operator), r->operator);
	struct row target;
	if (r->kind != ROW_UNDO)
		return 0;
	error = read_target(l, r->undoes, &target);
	if (!error)
		fill_undo(row, &target);
	return error;
}

/* With its first row a chain becomes known. */
static int enter_chain(struct log *l)
{
	if (l->entered)
		return 0;
	sqlite3_stmt *s = l->statements[LOG_ENTER_CHAIN];
	db_bind_integer(s, 1, l->chain);
	db_bind_blob(s, 2, l->device, sizeof(l->device));
	db_bind_integer(s, 3, l->epoch);
	return db_run(s);
}

static int insert(struct log *l, const struct row *row)
{
	int error = enter_chain(l);
	if (error)
		return error;
	sqlite3_stmt *s = l->statements[LOG_INSERT];
	row_bind(s, row);
	db_bind_integer(s, ROW_INSERT_ID, log_row_id(l->chain, row->seq));
	return db_run(s);
}

static int set_head(struct log *l, const struct log_result *result)
{
	sqlite3_stmt *s = l->statements[LOG_SET_HEAD];
	const struct headcount *count = &result->count;
	db_bind_integer(s, 1, (int64_t)result->row.seq);
	db_bind_blob(s, 2, result->row.hash, sizeof(result->row.hash));
	db_bind_text(s, 3, count->venue);
	db_bind_integer(s, 4, (int64_t)count->in);
	db_bind_integer(s, 5, (int64_t)count->out);
	db_bind_integer(s, 6, headcount_present(count));
	db_bind_integer(s, 7, (int64_t)count->refused);
	db_bind_integer(s, 8, (int64_t)result->registered_in);
	db_bind_integer(s, 9, l->chain);
	return db_run(s);
}

/* What lies between BEGIN and COMMIT. */
static int write_row(struct log *l, const struct log_request *r, struct log_result *result)
{
	bool entered_before, entered_after;
	int error = fill(l, r, &result->row, &result->prior);
	if (error)
		return error;
	log_row_hash(&result->row, result->row.hash);
	error = read_entered(l, &result->row, &entered_before);
	if (!error)
		error = insert(l, &result->row);
	if (!error)
		error = read_entered(l, &result->row, &entered_after);
	if (error)
		return error;
	result->count = l->count;
	headcount_apply(&result->count, &result->row);
	result->registered_in = l->registered_in + entered_after - entered_before;
	return set_head(l, result);
}

static void adopt(struct log *l, const struct log_result *result)
{
	l->entered = true;
	l->seq = result->row.seq;
	l->hlc = result->row.hlc;
	memcpy(l->hash, result->row.hash, sizeof(l->hash));
	l->count = result->count;
	l->registered_in = result->registered_in;
}

/* Reads anew what a failure left in doubt; opens anew where even that fails. */
static int settle(struct log *l)
{
	if (!l->stale)
		return 0;
	if (l->db && !log_refold(l))
		return 0;
	log_disconnect(l);
	int error = log_connect(l);
	return error ? error : log_refold(l);
}

static void roll_back(struct log *l)
{
	if (!sqlite3_get_autocommit(l->db))
		(void)!db_exec(l->db, "ROLLBACK");
	l->stale = true;
}

static int check_request(const struct log *l, const struct log_request *r)
{
	CHECK(r->rules);
	CHECK(r->kind != ROW_SCAN || r->ticket);
	CHECK(l->lock >= 0);
	if (strcmp(r->rules->venue, l->venue) ||
		(r->kind == ROW_ADJUST &&
			(!r->amount || r->amount > ROW_AMOUNT_MAX || r->amount < -ROW_AMOUNT_MAX)))
		return -EINVAL;
	return 0;
}

/* A file that was moved away or removed still takes rows, and syncs them, and nobody will ever find
 * them. */
static int check_place(struct log *l)
{
	int moved = 0;
	int rc = sqlite3_file_control(l->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
	(void)rc; /* a VFS that cannot tell has said nothing */
	return moved ? -ESTALE : 0;
}

void log_seen_stamp(struct log *l, uint64_t stamp)
{
	if (stamp > l->hlc && stamp < SEEN_MAX)
		l->hlc = stamp;
}

int log_record(struct log *l, const struct log_request *request, struct log_result *out)
{
	struct log_result result;
	int error = check_request(l, request);
	if (!error)
		error = settle(l);
	if (!error)
		error = check_place(l);
	if (!error)
		error = db_run(l->statements[LOG_BEGIN]);
	if (error)
		return error;
	error = write_row(l, request, &result);
	if (!error)
		error = db_run(l->statements[LOG_COMMIT]);
	if (error) {
		roll_back(l);
		return error;
	}
	adopt(l, &result);
	*out = result;
	return 0;
}

int log_would(
	struct log *l, const struct log_request *request, struct decision *out, struct prior *prior)
{
	struct decision decision;
	struct prior known;
	int error = check_request(l, request);
	if (!error)
		error = settle(l);
	if (!error)
		error = decide(l, request, &decision, &known);
	if (error)
		return error;
	*out = decision;
	*prior = known;
	return 0;
}
