/* The chains of a log: which there are, where ours stands, and their rows for those who ask. */
#include "store/log_private.h"
#include "store/row_sql.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#define EPOCH_BITS 31

struct end {
	int64_t chain; /* 0: there is no row */
	uint64_t seq, hlc;
	uint8_t hash[ROW_HASH_SIZE];
};

static int read_end(struct log *l, struct end *out)
{
	sqlite3_stmt *s = NULL;
	int error =
		db_prepare(l->db, &s, "SELECT id, hlc, hash FROM entry ORDER BY id DESC LIMIT 1");
	if (error)
		return error;
	*out = (struct end){ 0 };
	int rc = sqlite3_step(s);
	error = db_error(l->db, rc);
	if (rc == SQLITE_ROW) {
		out->chain = sqlite3_column_int64(s, 0) >> LOG_SEQ_BITS;
		out->seq = (uint64_t)sqlite3_column_int64(s, 0) & ROW_SEQ_MAX;
		out->hlc = (uint64_t)sqlite3_column_int64(s, 1);
		if (!db_take_blob(s, 2, out->hash, sizeof(out->hash)))
			error = -EBADMSG;
	}
	sqlite3_finalize(s);
	return error;
}

/* Whether the newest row is the one that was written last. A log that lost its end must not be
 * continued: what was green is gone, and somebody has to know. */
static int check_head(struct log *l, const struct end *end)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(
		l->db, &s, "SELECT chain, seq, hash, (SELECT max(number) FROM chain) FROM head");
	if (error)
		return error;
	struct end head = { 0 };
	int64_t chains = 0;
	int rc = sqlite3_step(s);
	error = db_error(l->db, rc);
	if (rc == SQLITE_ROW) {
		head.chain = sqlite3_column_int64(s, 0);
		head.seq = (uint64_t)sqlite3_column_int64(s, 1);
		chains = sqlite3_column_int64(s, 3);
		if (!db_take_blob(s, 2, head.hash, sizeof(head.hash)))
			error = -EBADMSG;
	}
	bool same = head.chain == end->chain && head.seq == end->seq && chains == end->chain &&
		    !memcmp(head.hash, end->hash, sizeof(head.hash));
	if (!error && !same)
		error = -EBADMSG;
	sqlite3_finalize(s);
	return error;
}

int log_chain_number(struct log *l, const struct chain *chain, int64_t *out)
{
	sqlite3_stmt *s = NULL;
	int error =
		db_prepare(l->db, &s, "SELECT number FROM chain WHERE device = ?1 AND epoch = ?2");
	if (error)
		return error;
	db_bind_blob(s, 1, chain->device, sizeof(chain->device));
	db_bind_integer(s, 2, chain->epoch);
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(s, 0);
	else
		error = rc == SQLITE_DONE ? -ENOENT : db_error(l->db, rc);
	sqlite3_finalize(s);
	return error;
}

/* An epoch that the file does not know of this device. */
static int draw_epoch(struct log *l)
{
	struct chain chain = { .epoch = 0 };
	int64_t number;
	memcpy(chain.device, l->device, sizeof(chain.device));
	int error;
	do {
		chain.epoch = 1 + randombytes_uniform((UINT32_C(1) << EPOCH_BITS) - 1);
		error = log_chain_number(l, &chain, &number);
	} while (!error);
	if (error != -ENOENT)
		return error;
	l->epoch = chain.epoch;
	return 0;
}

/* Whether the file still ends as we know it to have ended, or goes on in our chain. */
static bool has_our_rows(const struct log *l, const struct end *end, int64_t own)
{
	if (!l->epoch || (own && own != end->chain))
		return false;
	uint64_t seq = own ? end->seq : 0;
	return seq > l->seq ||
	       (seq == l->seq && (!seq || !memcmp(end->hash, l->hash, sizeof(l->hash))));
}

int log_find_chain(struct log *l)
{
	struct chain self = { .epoch = l->epoch };
	struct end end = { 0 };
	int64_t own = 0;
	int error = read_end(l, &end);
	if (!error)
		error = check_head(l, &end);
	if (!error && end.chain >= LOG_CHAIN_MAX - 2)
		error = -EBADMSG;
	memcpy(self.device, l->device, sizeof(self.device));
	if (!error && l->epoch)
		error = log_chain_number(l, &self, &own);
	if (error == -ENOENT)
		error = 0;
	if (!error && !has_our_rows(l, &end, own)) {
		own = 0;
		error = draw_epoch(l);
	}
	if (error)
		return error;
	l->entered = own != 0;
	l->chain = own ? own : end.chain + 1;
	l->seq = own ? end.seq : 0;
	memcpy(l->hash, end.hash, sizeof(l->hash));
	if (end.hlc > l->hlc)
		l->hlc = end.hlc;
	return 0;
}

/* --- for those who ask ------------------------------------------------------------------------ */

void log_self(const struct log *l, struct chain *out)
{
	*out = (struct chain){ .epoch = l->epoch };
	memcpy(out->device, l->device, sizeof(out->device));
}

int log_chains(
	struct log *l, int (*take)(void *context, const struct log_chain *chain), void *context)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(l->db, &s,
		"SELECT device, epoch, (SELECT max(id) FROM entry"
		" WHERE id BETWEEN number << 40 AND ((number + 1) << 40) - 1) FROM chain"
		" ORDER BY number");
	int rc = SQLITE_DONE;
	while (!error && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct log_chain c = { .rows = (uint64_t)sqlite3_column_int64(s, 2) & ROW_SEQ_MAX };
		c.chain.epoch = (uint32_t)sqlite3_column_int64(s, 1);
		if (!db_take_blob(s, 0, c.chain.device, sizeof(c.chain.device)))
			error = -EBADMSG;
		else
			error = take(context, &c);
	}
	if (!error)
		error = db_error(l->db, rc);
	sqlite3_finalize(s);
	return error;
}

static int read_rows(struct log *l, sqlite3_stmt *s, struct row *rows, size_t most, size_t *count)
{
	int rc = SQLITE_DONE;
	size_t n = 0;
	while (n < most && (rc = sqlite3_step(s)) == SQLITE_ROW)
		if (row_read(s, &rows[n++]))
			return -EBADMSG;
	int error = db_error(l->db, rc);
	if (!error)
		*count = n;
	return error;
}

int log_fetch(struct log *l, const struct chain *chain, uint64_t first, struct row *rows,
	size_t most, size_t *count)
{
	sqlite3_stmt *s = NULL;
	int64_t number;
	*count = 0;
	int error = log_chain_number(l, chain, &number);
	if (error || !first || first > ROW_SEQ_MAX)
		return error == -ENOENT ? 0 : error;
	error = db_prepare(l->db, &s,
		"SELECT " ROW_COLUMNS
		" FROM entry WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3");
	if (error)
		return error;
	db_bind_integer(s, 1, log_row_id(number, first));
	db_bind_integer(s, 2, log_row_id(number, ROW_SEQ_MAX));
	db_bind_integer(s, 3, (int64_t)most);
	error = read_rows(l, s, rows, most, count);
	sqlite3_finalize(s);
	return error;
}

int log_ticket(struct log *l, const uint8_t ticket[TICKET_HASH_SIZE], struct row *rows, size_t most,
	size_t *count)
{
	sqlite3_stmt *s = NULL;
	*count = 0;
	int error = db_prepare(l->db, &s,
		/* As by_ticket is declared, or SQLite does not use it. */
		"SELECT " ROW_COLUMNS " FROM entry e WHERE ticket = ?1 AND ticket IS NOT NULL"
		" AND direction <> 0 AND kind <> 4 AND NOT EXISTS (SELECT 1 FROM entry u"
		" WHERE u.device = e.device AND u.epoch = e.epoch AND u.undoes = e.seq"
		" AND u.kind = 4) ORDER BY hlc DESC LIMIT ?2");
	if (error)
		return error;
	db_bind_blob(s, 1, ticket, TICKET_HASH_SIZE);
	db_bind_integer(s, 2, (int64_t)most);
	error = read_rows(l, s, rows, most, count);
	sqlite3_finalize(s);
	return error;
}
