/* A night of fifteen boxes put together from what is left of it, in many orders: the same bytes
 * each time, and the same gaps. And single rows, tampered with in every way: all are found, where
 * they are, and nothing is found where nobody was. */
#include "night/gather.h"

#include "base/text.h"
#include "store/db.h"
#include "store/log.h"
#include "store/peers.h"
#include "store/salvage.h"
#include "tests/fake/night_maker.h"
#include "tests/fake/store_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOURCES_MAX 64

/* How much work: as a rule, under a sanitizer, in test-long. */
static size_t amount(size_t usual, size_t brief, size_t many)
{
	return getenv("PARVIS_LONG") ? many : getenv("PARVIS_SHORT") ? brief : usual;
}

struct fixture {
	char *dir;
	struct made_night night;
	char sources[SOURCES_MAX][512];
	size_t count;
	uint64_t missing; /* rows */
};

static void add_source(struct fixture *f, const char *path)
{
	snprintf(f->sources[f->count++], sizeof(f->sources[0]), "%s", path);
}

static const char *at(const struct fixture *f, const char *kind, unsigned box)
{
	char name[64];
	snprintf(name, sizeof(name), "%s-%u%s", kind, box,
		strcmp(kind, "stick") ? "" : SEALED_SUFFIX);
	return store_bench_path(f->dir, name);
}

static void damage(const char *path)
{
	struct stat st;
	AUTO_FD fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(pwrite(fd, "damage", 6, st.st_size / 2), 6);
}

/* Box 1 has only a stick, which is damaged; the last one is lost. Others left a stick, a copied
 * disk, an earlier stick, or several of these. */
static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	f->dir = store_bench_dir();
	struct night_plan plan = { 3, 15, 3, amount(6000, 1500, 100000) };
	night_make(&f->night, &plan);
	night_make_event(&f->night, store_bench_path(f->dir, "event"));
	for (unsigned i = 0; i + 1 < f->night.box_count; i++) {
		const struct made_box *b = &f->night.boxes[i];
		if (i == 1 || i % 3 != 0) {
			night_make_sealed(&f->night, b, at(f, "stick", i), b->count, b->count / 5);
			add_source(f, at(f, "stick", i));
		}
		if (i != 1 && i % 3 != 1) {
			night_make_data(b, at(f, "data", i), b->count);
			add_source(f, at(f, "data", i));
		}
		if (i != 1 && i % 4 == 0) {
			night_make_sealed(&f->night, b, at(f, "stick", 100 + i), b->count / 2, 30);
			add_source(f, at(f, "stick", 100 + i));
		}
	}
	damage(at(f, "stick", 1));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	night_unmake(&f->night);
	store_bench_remove(f->dir);
	free(f->dir);
	free(f);
	return 0;
}

/* --- one set of rows, one row of bytes -------------------------------------------------------- */

struct gaps {
	struct fixture *f;
	size_t gaps, unheard;
	uint64_t rows;
};

static int note_gap(void *context, const struct gather_missing *m)
{
	struct gaps *g = context;
	const struct made_box *lost = &g->f->night.boxes[g->f->night.box_count - 1];
	const struct made_box *damaged = &g->f->night.boxes[1];
	if (!m->chain.epoch) {
		g->unheard++;
		assert_memory_equal(m->chain.device, lost->device, DEVICE_ID_SIZE);
		return 0;
	}
	g->gaps++;
	g->rows += m->last - m->first + 1;
	assert_memory_equal(m->chain.device, damaged->device, DEVICE_ID_SIZE);
	return 0;
}

static int note_row(void *context, const struct row *row)
{
	struct fixture *f = ((struct gaps *)context)->f;
	for (unsigned i = 0; i < f->night.box_count; i++) {
		const struct made_box *b = &f->night.boxes[i];
		if (memcmp(b->device, row->device, sizeof(row->device)))
			continue;
		for (size_t n = row->seq - 1; n < b->count; n++)
			if (b->rows[n].epoch == row->epoch && b->rows[n].seq == row->seq) {
				assert_memory_equal(b->rows[n].hash, row->hash, sizeof(row->hash));
				++((struct gaps *)context)->rows;
				return 0;
			}
	}
	fail_msg("a row that nobody wrote");
	return 1;
}

static void gather_in_some_order(struct fixture *f, uint64_t seed, const char *path)
{
	struct night *store;
	struct gather *g;
	struct boxes boxes;
	char why[NIGHT_WHY_SIZE];
	uint64_t dice = seed;
	size_t order[2 * SOURCES_MAX], count = 0;
	assert_int_equal(night_open(&store, path, NIGHT_EVENT, NIGHT_WRITE, why), 0);
	struct gather_setup setup = { store, f->night.issuer, NIGHT_EVENT, 5, NULL, NULL, NULL };
	assert_int_equal(gather_open(&g, &setup), 0);
	for (size_t i = 0; i < f->count; i++)
		for (uint64_t n = 1 + (night_roll(&dice) % 4 == 0); n > 0; n--)
			order[count++] = i;
	for (size_t i = count; i-- > 1;) {
		size_t j = night_roll(&dice) % (i + 1), other = order[i];
		order[i] = order[j];
		order[j] = other;
	}
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(gather_take(g, f->sources[order[i]]), 0);
		if (night_roll(&dice) % 20 == 0)
			assert_int_equal(night_settle(store), 0);
	}
	assert_int_equal(night_settle(store), 0);
	assert_int_equal(boxes_load(&boxes, store_bench_path(f->dir, "event")), 0);
	struct gaps gaps = { .f = f };
	assert_int_equal(gather_missing(g, &boxes, note_gap, &gaps), 0);
	/* Two where the damage lies across a restart. */
	assert_in_range(gaps.gaps, 1, 2);
	assert_true(seed == 1 || gaps.rows == f->missing);
	f->missing = gaps.rows;
	assert_int_equal(gaps.unheard, 1);
	if (seed == 1) {
		assert_int_equal(night_each(store, NIGHT_BY_CHAIN, note_row, &gaps), 0);
		assert_int_equal(
			gaps.rows + f->night.boxes[f->night.box_count - 1].count, f->night.rows);
		assert_int_equal(gather_verify(g), 0);
	}
	boxes_free(&boxes);
	gather_close(g);
	night_close(store);
}

/* All of them take a while: GATHER_ORDERS=2-250 is a stretch of them, after the first. */
static void which_orders(uint64_t *from, uint64_t *to)
{
	const char *given = getenv("GATHER_ORDERS");
	char *dash = NULL;
	*from = 2;
	*to = amount(24, 4, 1000);
	if (!given)
		return;
	*from = strtoull(given, &dash, 10);
	*to = *dash == '-' ? strtoull(dash + 1, NULL, 10) : *from;
	assert_true(*from >= 2 && *to >= *from);
}

/* So that stretches can be compared. */
static void tell_hash(
	const struct fixture *f, const char *bytes, size_t len, uint64_t from, uint64_t to)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	char hex[2 * sizeof(hash) + 1];
	crypto_hash_sha256(hash, (const uint8_t *)bytes, len);
	text_hex(hex, hash, sizeof(hash));
	print_message("# %zu rows, orders 1 and %llu to %llu: sha256 %s\n", f->night.rows,
		(unsigned long long)from, (unsigned long long)to, hex);
}

static void any_order_and_repetition_gives_the_same_bytes(void **state)
{
	struct fixture *f = *state;
	size_t len, first_len;
	uint64_t from, to;
	which_orders(&from, &to);
	gather_in_some_order(f, 1, store_bench_path(f->dir, "first.db"));
	AUTO_FREE char *first = store_bench_read(store_bench_path(f->dir, "first.db"), &first_len);
	assert_non_null(first);
	for (uint64_t seed = from; seed <= to; seed++) {
		const char *path = store_bench_path(f->dir, "again.db");
		gather_in_some_order(f, seed, path);
		AUTO_FREE char *again = store_bench_read(path, &len);
		assert_non_null(again);
		assert_int_equal(len, first_len);
		if (memcmp(first, again, len))
			fail_msg("order %llu gives other bytes", (unsigned long long)seed);
		unlink(path);
		unlink(store_bench_path(f->dir, "again-receipts.db"));
	}
	tell_hash(f, first, first_len, from, to);
}

/* --- tampering -------------------------------------------------------------------------------- */

#define LOG_ROWS 260

struct looking {
	size_t found, near, far; /* far: about rows that nobody has touched */
	size_t own;              /* of the epoch of `row` */
	bool expect;             /* something near `row` */
	struct row row, second;  /* second: of two that change places; seq 0: there is none */
	uint64_t reach;          /* how far off a finding may be */
};

static bool is_near(const struct looking *l, const struct row *row, const uint8_t *device,
	uint32_t epoch, uint64_t first, uint64_t last)
{
	/* Across the end of an epoch the neighbour is the first row of the next. */
	bool other = epoch != row->epoch || memcmp(device, row->device, DEVICE_ID_SIZE);
	return other ? first <= l->reach + 1 && last <= l->reach + 1
		     : first + l->reach >= row->seq && last <= row->seq + l->reach;
}

static void look_at(
	struct looking *l, const uint8_t *device, uint32_t epoch, uint64_t first, uint64_t last)
{
	bool near = is_near(l, &l->row, device, epoch, first, last);
	l->found++;
	l->near += near;
	l->own += epoch == l->row.epoch;
	l->far += !near && (!l->second.seq || !is_near(l, &l->second, device, epoch, first, last));
}

static int see_row(void *context, const struct row *row, enum row_flaw flaw)
{
	if (flaw)
		look_at(context, row->device, row->epoch, row->seq, row->seq);
	return 0;
}

static int see_fault(void *context, const struct chain *chain, uint64_t first, uint64_t last,
	enum row_flaw flaw, const char *what)
{
	(void)flaw;
	(void)what;
	if (chain)
		look_at(context, chain->device, chain->epoch, first, last);
	else
		((struct looking *)context)->found++;
	return 0;
}

static int see_promise(void *context, const struct chain *chain, uint64_t last)
{
	(void)context;
	(void)chain;
	(void)last;
	return 0;
}

static void run(sqlite3 *db, const char *format, ...)
{
	char *sql;
	va_list arguments;
	va_start(arguments, format);
	int n = vasprintf(&sql, format, arguments);
	va_end(arguments);
	assert_true(n > 0);
	if (db_exec(db, sql))
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	free(sql);
}

/* Changes one value of a row so that it is another one, as SQL. */
static void change_sql(char out[160], uint64_t *dice)
{
	static const char *const integers[] = { "hlc", "wall_ms", "mono_ms", "amount" };
	static const char *const small[] = { "trust", "kind", "source", "verdict", "direction",
		"time_doubt", "overridden", "registered", "epoch" };
	static const char *const texts[] = { "venue", "door", "from_venue", "operator" };
	static const char *const blobs[] = { "device", "boot", "before", "hash" };
	unsigned long roll = (unsigned long)(night_roll(dice) % 1000 + 1);
	switch (night_roll(dice) % 6) {
	case 0:
		snprintf(out, 160, "%1$s = %1$s + %2$lu", integers[roll % 4], roll);
		break;
	case 5: /* what a row says of its own place */
		snprintf(out, 160, "%1$s = %1$s + (%2$lu << %3$lu)", roll % 2 ? "seq" : "epoch",
			roll, roll % 3 * 20);
		break;
	case 1:
		snprintf(out, 160, "%1$s = CASE %1$s WHEN 1 THEN %2$d ELSE 1 END",
			small[roll % ARRAY_LEN(small)], roll % 2 ? 0 : 2);
		break;
	case 2:
		snprintf(out, 160, "%1$s = %1$s || 'x'", texts[roll % 4]);
		break;
	case 3:
		snprintf(out, 160, "%1$s = CAST(substr(%1$s, 2) || x'%2$02lx' AS BLOB)",
			blobs[roll % 4], roll % 255 + 1);
		break;
	default:
		snprintf(out, 160,
			"ticket = CASE WHEN ticket IS NULL THEN randomblob(16)"
			" ELSE NULL END");
	}
}

#define VALUES                                                                                     \
	"hlc, boot, wall_ms, mono_ms, trust, kind, source, verdict, direction, time_doubt,"        \
	" overridden, registered, ticket, venue, door, from_venue, operator, amount, undoes,"      \
	" before, hash"

/* A row that is changed by somebody who knows how it is hashed. */
static void rewrite(sqlite3 *db, const struct row *row, int64_t id)
{
	struct row changed = *row;
	char hex[2 * ROW_HASH_SIZE + 1] = "";
	changed.at.wall_ms += 1;
	log_row_hash(&changed, changed.hash);
	for (size_t i = 0; i < ROW_HASH_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", changed.hash[i]);
	run(db, "UPDATE entry SET wall_ms = wall_ms + 1, hash = x'%s' WHERE id = %lld", hex,
		(long long)id);
}

/* Puts a copy of a row under a number where none can be. */
static void double_row(sqlite3 *db, int64_t id, uint64_t dice)
{
	const int64_t ids[] = { 0, -1, -id, id + (INT64_C(1) << 39), id + (INT64_C(1) << 44) };
	run(db,
		"INSERT INTO entry (id, device, epoch, seq, " VALUES ") SELECT %lld, device, epoch,"
		" seq, hlc, boot, wall_ms, mono_ms, trust, kind, source, verdict, direction,"
		" time_doubt, overridden, registered, ticket, venue, door, from_venue, operator,"
		" amount, CASE WHEN undoes IS NULL THEN NULL ELSE undoes + 1000 END, before, hash"
		" FROM entry WHERE id = %lld",
		(long long)ids[dice % ARRAY_LEN(ids)], (long long)id);
}

/* Tampers with row n. The reach is how far from it the finding may be. */
static void tamper(sqlite3 *db, const struct row *rows, size_t n, const int64_t *ids,
	struct looking *l, uint64_t *dice)
{
	char change[160];
	size_t other = (n + 1 + night_roll(dice) % (LOG_ROWS - 1)) % LOG_ROWS;
	l->row = rows[n];
	l->reach = 1;
	switch (night_roll(dice) % 9) {
	case 0:
	case 1:
		change_sql(change, dice);
		run(db, "UPDATE entry SET %s WHERE id = %lld", change, (long long)ids[n]);
		break;
	case 2:
		rewrite(db, &rows[n], ids[n]);
		break;
	case 3:
		run(db, "DELETE FROM entry WHERE id = %lld", (long long)ids[n]);
		break;
	case 4: /* put in: a copy under a number of its own, behind the last */
		l->row = rows[LOG_ROWS - 1];
		run(db,
			"INSERT INTO entry (id, device, epoch, seq, " VALUES
			") SELECT %lld, device, (SELECT epoch FROM entry WHERE id = %lld),"
			" (SELECT seq + 1 FROM entry WHERE id = %lld), " VALUES
			" FROM entry WHERE id = %lld AND undoes IS NULL UNION ALL"
			" SELECT %lld, device, epoch, seq + 1, " VALUES
			" FROM entry WHERE id = %lld AND EXISTS"
			" (SELECT 1 FROM entry WHERE id = %lld AND undoes IS NOT NULL)",
			(long long)ids[LOG_ROWS - 1] + 1, (long long)ids[LOG_ROWS - 1],
			(long long)ids[LOG_ROWS - 1], (long long)ids[n],
			(long long)ids[LOG_ROWS - 1] + 1, (long long)ids[LOG_ROWS - 1],
			(long long)ids[n]);
		break;
	case 5:
		double_row(db, ids[n], night_roll(dice));
		break;
	case 6: /* moved behind all others, or before them */
		run(db, "UPDATE entry SET id = %lld WHERE id = %lld",
			(long long)(n % 2 ? -ids[n] : ids[n] + (INT64_C(1) << 45)),
			(long long)ids[n]);
		break;
	case 7: /* two change their numbers */
		l->second = rows[other];
		run(db,
			"UPDATE entry SET id = -1 WHERE id = %1$lld;"
			"UPDATE entry SET id = %1$lld WHERE id = %2$lld;"
			"UPDATE entry SET id = %2$lld WHERE id = -1",
			(long long)ids[n], (long long)ids[other]);
		break;
	default: /* two change places, their numbers stay */
		l->second = rows[other];
		run(db,
			"CREATE TEMP TABLE two AS SELECT * FROM entry WHERE id IN (%lld, %lld);"
			"DELETE FROM entry WHERE id IN (%lld, %lld);"
			"INSERT INTO entry (id, device, epoch, seq, " VALUES
			") SELECT a.id, a.device, a.epoch, a.seq, b.hlc, b.boot, b.wall_ms,"
			" b.mono_ms, b.trust, b.kind, b.source, b.verdict, b.direction,"
			" b.time_doubt, b.overridden, b.registered, b.ticket, b.venue, b.door,"
			" b.from_venue, b.operator, b.amount, b.undoes, b.before, b.hash"
			" FROM two a, two b WHERE a.id <> b.id; DROP TABLE two",
			(long long)ids[n], (long long)ids[other], (long long)ids[n],
			(long long)ids[other]);
	}
}

static void every_tampering_with_a_log_is_found(void **state)
{
	struct fixture *f = *state;
	struct made_night small;
	struct night_plan plan = { 11, 1, 0, LOG_ROWS };
	int64_t ids[LOG_ROWS], chain = 0;
	uint64_t dice = 5;
	const char *path = store_bench_path(f->dir, "small");
	size_t missed = 0, far = 0, alarms = 0, tries = amount(1000, 120, 10000);
	night_make(&small, &plan);
	const struct row *rows = small.boxes[0].rows;
	night_make_data(&small.boxes[0], path, LOG_ROWS);
	mkdir(store_bench_path(f->dir, "tampered"), 0700);
	for (size_t i = 0; i < LOG_ROWS; i++) {
		chain += i == 0 || rows[i].epoch != rows[i - 1].epoch;
		ids[i] = chain << 40 | (int64_t)rows[i].seq;
	}
	for (size_t i = 0; i < tries; i++) {
		const char *copy = store_bench_path(f->dir, "tampered/log.db");
		struct looking l = { .expect = i % 10 != 0 };
		sqlite3 *db = NULL;
		store_bench_copy(store_bench_path(f->dir, "small/log.db"), copy);
		assert_int_equal(db_open(&db, copy, SQLITE_OPEN_READWRITE, NULL), 0);
		run(db, "PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY; BEGIN;"
			"DROP TRIGGER entry_is_not_changed; DROP TRIGGER entry_is_not_removed");
		if (l.expect)
			tamper(db, rows, night_roll(&dice) % LOG_ROWS, ids, &l, &dice);
		run(db, "COMMIT");
		sqlite3_close(db);
		const struct salvage to = { &l, see_row, see_fault, see_promise };
		assert_int_equal(salvage_log(copy, &to), 0);
		missed += l.expect && !l.found;
		far += l.expect && l.found && !l.near;
		alarms += l.expect ? l.far : l.found;
	}
	night_unmake(&small);
	print_message("%zu tamperings: %zu missed, %zu not located, %zu false alarms\n", tries,
		missed, far, alarms);
	assert_int_equal(missed + far + alarms, 0);
}

/* An epoch of which nothing is left is told by the list of epochs, the first and the last, too. */
static void an_epoch_that_is_gone_is_told(void **state)
{
	struct fixture *f = *state;
	struct made_night small;
	struct night_plan plan = { 11, 1, 0, LOG_ROWS };
	const char *path = store_bench_path(f->dir, "epochs");
	night_make(&small, &plan);
	const struct row *rows = small.boxes[0].rows;
	night_make_data(&small.boxes[0], path, LOG_ROWS);
	mkdir(store_bench_path(f->dir, "gone"), 0700);
	size_t epochs = 0;
	for (size_t i = 0; i < LOG_ROWS; i++) {
		const char *copy = store_bench_path(f->dir, "gone/a copy with another name");
		struct looking l = { .row = rows[i], .reach = LOG_ROWS };
		sqlite3 *db = NULL;
		if (i && rows[i].epoch == rows[i - 1].epoch)
			continue;
		epochs++;
		store_bench_copy(store_bench_path(f->dir, "epochs/log.db"), copy);
		assert_int_equal(db_open(&db, copy, SQLITE_OPEN_READWRITE, NULL), 0);
		run(db, "DROP TRIGGER entry_is_not_removed; DELETE FROM entry WHERE epoch = %lld",
			(long long)rows[i].epoch);
		sqlite3_close(db);
		const struct salvage to = { &l, see_row, see_fault, see_promise };
		assert_int_equal(salvage_log(copy, &to), 0);
		if (!l.own)
			fail_msg("epoch %zu is not told", epochs);
	}
	assert_true(epochs > 2);
	night_unmake(&small);
}

/* --- a sealed copy ---------------------------------------------------------------------------- */

static void see_finding(void *context, const char *path, const struct gather_finding *f)
{
	struct looking *l = context;
	(void)path;
	if (f->located)
		look_at(l, f->chain.device, f->chain.epoch, f->first, f->last);
	else
		l->found++;
}

static int see_missing(void *context, const struct gather_missing *m)
{
	look_at(context, m->chain.device, m->chain.epoch, m->first, m->last);
	return 0;
}

static void gather_one(
	const struct issuer *issuer, const char *path, const char *store_path, struct looking *l)
{
	struct night *store;
	struct gather *g;
	char why[NIGHT_WHY_SIZE];
	assert_int_equal(night_open(&store, store_path, NIGHT_EVENT, NIGHT_WRITE, why), 0);
	struct gather_setup setup = { store, issuer, NIGHT_EVENT, 5, l, see_finding, NULL };
	assert_int_equal(gather_open(&g, &setup), 0);
	assert_int_equal(gather_take(g, path), 0);
	assert_int_equal(gather_missing(g, NULL, see_missing, l), 0);
	gather_close(g);
	night_close(store);
	unlink(store_path);
}

/* Where the parts of a file begin; the last is its end. */
static size_t find_parts(const char *bytes, size_t len, size_t out[64])
{
	size_t n = 0;
	for (size_t at = SEALED_HEADER_SIZE; at + 16 <= len && n < 63;) {
		uint32_t size;
		assert_memory_equal(bytes + at, "PRVPART\n", 8);
		memcpy(&size, bytes + at + 12, sizeof(size));
		out[n++] = at;
		at += 40 + size + DEVICE_SIGNATURE_SIZE;
	}
	out[n] = len;
	return n;
}

/* Bytes that are changed, or parts that are taken out, doubled or moved. */
static void tamper_with_file(const char *from, size_t len, const char *to, uint64_t *dice)
{
	size_t parts[64], n = find_parts(from, len, parts);
	size_t a = night_roll(dice) % n, b = (a + 1 + night_roll(dice) % (n - 1)) % n;
	unsigned kind = (unsigned)(night_roll(dice) % 4);
	AUTO_FILE out = fopen(to, "we");
	assert_non_null(out);
	fwrite(from, 1, SEALED_HEADER_SIZE, out);
	for (size_t i = 0; i < n; i++) {
		size_t take = kind == 3 && i == a ? b : kind == 3 && i == b ? a : i;
		if (kind == 1 && i == a)
			continue;
		for (int times = kind == 2 && i == a ? 2 : 1; times > 0; times--)
			fwrite(from + parts[take], 1, parts[take + 1] - parts[take], out);
	}
	if (kind == 0) {
		size_t where = night_roll(dice) % len;
		char changed = (char)(from[where] ^ (1 << night_roll(dice) % 8));
		fseek(out, (long)where, SEEK_SET);
		fwrite(&changed, 1, 1, out);
	}
}

/* What somebody did on the box before it was copied. */
static void tamper_with_rows(struct row *rows, size_t *count, struct looking *l, uint64_t *dice)
{
	size_t n = night_roll(dice) % (LOG_ROWS - 2), other = n + 1;
	struct row moved;
	l->row = rows[n];
	l->reach = 1;
	switch (night_roll(dice) % 5) {
	case 0:
		rows[n].at.mono_ms += 1 + (int64_t)(night_roll(dice) % 9000);
		break;
	case 1:
		rows[n].at.wall_ms -= 7;
		log_row_hash(&rows[n], rows[n].hash);
		break;
	case 2:
		memmove(&rows[n], &rows[n + 1], (*count - n - 1) * sizeof(*rows));
		--*count;
		break;
	case 3:
		memmove(&rows[n + 1], &rows[n], (*count - n) * sizeof(*rows));
		++*count;
		break;
	default:
		moved = rows[n];
		rows[n] = rows[other];
		rows[other] = moved;
	}
}

static void every_tampering_with_a_sealed_copy_is_found(void **state)
{
	struct fixture *f = *state;
	struct made_night small;
	struct night_plan plan = { 12, 1, 0, LOG_ROWS };
	uint64_t dice = 6;
	size_t len, missed = 0, far = 0, alarms = 0, tries = amount(300, 40, 10000);
	night_make(&small, &plan);
	struct made_box box = small.boxes[0];
	box.rows = calloc(LOG_ROWS + 1, sizeof(*box.rows));
	assert_non_null(box.rows);
	const char *good = store_bench_path(f->dir, "good" SEALED_SUFFIX);
	const char *bad = store_bench_path(f->dir, "bad" SEALED_SUFFIX);
	const char *store = store_bench_path(f->dir, "throwaway.db");
	night_make_sealed(&small, &small.boxes[0], good, LOG_ROWS, 25);
	AUTO_FREE char *bytes = store_bench_read(good, &len);
	for (size_t i = 0; i < tries; i++) {
		struct looking l = { .expect = i % 10 != 0 };
		bool on_box = i % 2;
		memcpy(box.rows, small.boxes[0].rows, LOG_ROWS * sizeof(*box.rows));
		box.count = LOG_ROWS;
		if (l.expect && on_box)
			tamper_with_rows(box.rows, &box.count, &l, &dice);
		if (l.expect && !on_box)
			tamper_with_file(bytes, len, bad, &dice);
		else
			night_make_sealed(&small, &box, bad, box.count, 25);
		gather_one(small.issuer, bad, store, &l);
		missed += l.expect && !l.found;
		far += l.expect && on_box && l.found && !l.near;
		alarms += !l.expect && l.found;
	}
	free(box.rows);
	night_unmake(&small);
	print_message("%zu tamperings: %zu missed, %zu not located, %zu false alarms\n", tries,
		missed, far, alarms);
	assert_int_equal(missed + far + alarms, 0);
}

/* --- what other boxes and other stores have --------------------------------------------------- */

static void put_peers(const char *dir, const struct made_box *box)
{
	struct peers *p;
	assert_int_equal(peers_open(&p, dir), 0);
	for (size_t at = 0, to; at < box->count; at = to) {
		for (to = at + 1; to < box->count && to - at < BATCH_ROWS_MAX &&
				  box->rows[to].epoch == box->rows[at].epoch;
			to++)
			continue;
		struct batch b = { .rows = &box->rows[at], .count = to - at, .is_signed = true };
		uint64_t fresh;
		device_key_public(box->key, b.key);
		device_key_sign_head(box->key, &box->rows[to - 1], b.signature);
		assert_int_equal(peers_store(p, &b, &fresh), 0);
		assert_int_equal(fresh, b.count);
	}
	peers_close(p);
}

static int add_one(void *context, const struct row *row)
{
	*(uint64_t *)context += row->seq > 0;
	return 0;
}

static void rows_that_only_others_have_are_taken(void **state)
{
	struct fixture *f = *state;
	struct looking l = { 0 };
	const struct made_box *lost = &f->night.boxes[f->night.box_count - 1];
	put_peers(at(f, "data", 0), lost);
	gather_one(f->night.issuer, at(f, "data", 0), store_bench_path(f->dir, "with.db"), &l);
	assert_int_equal(l.found, 0);
	struct night *store;
	struct gather *g;
	char why[NIGHT_WHY_SIZE];
	uint64_t rows[2] = { 0 };
	for (int i = 0; i < 2; i++) {
		const char *path = store_bench_path(f->dir, i ? "copy.db" : "origin.db");
		assert_int_equal(night_open(&store, path, NIGHT_EVENT, NIGHT_WRITE, why), 0);
		struct gather_setup setup = { store, f->night.issuer, NIGHT_EVENT, 5, &l,
			see_finding, NULL };
		assert_int_equal(gather_open(&g, &setup), 0);
		assert_int_equal(gather_take(g, i ? store_bench_path(f->dir, "origin.db")
						  : at(f, "data", 0)),
			0);
		assert_int_equal(night_each(store, NIGHT_BY_CHAIN, add_one, &rows[i]), 0);
		gather_close(g);
		night_close(store);
	}
	assert_int_equal(l.found, 0);
	assert_int_equal(rows[0], f->night.boxes[0].count + lost->count);
	assert_int_equal(rows[1], rows[0]);
}

/* --- a file that is a program ----------------------------------------------------------------- */

static int refuse_row(void *context, const struct row *row, enum row_flaw flaw)
{
	(void)context, (void)row, (void)flaw;
	return 0;
}

static int refuse_fault(void *context, const struct chain *chain, uint64_t first, uint64_t last,
	enum row_flaw flaw, const char *what)
{
	(void)context, (void)chain, (void)first, (void)last, (void)flaw, (void)what;
	return 0;
}

static int refuse_promise(void *context, const struct chain *chain, uint64_t last)
{
	(void)context, (void)chain, (void)last;
	return 0;
}

/* Rows without end, from nine lines of SQL. */
static void a_log_that_is_a_view_is_none(void **state)
{
	struct fixture *f = *state;
	const struct salvage to = { NULL, refuse_row, refuse_fault, refuse_promise };
	const char *path = store_bench_path(f->dir, "evil.db");
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run(db, "PRAGMA application_id = %d", 0x5072764c);
	run(db, "PRAGMA user_version = 2");
	run(db, "CREATE VIEW entry AS WITH RECURSIVE n (id) AS"
		" (SELECT 1 UNION ALL SELECT id + 1 FROM n)"
		" SELECT id, 0 AS device, 0 AS epoch, 0 AS seq, 0 AS hlc, 0 AS boot, 0 AS wall_ms,"
		" 0 AS mono_ms, 0 AS trust, 0 AS kind, 0 AS source, 0 AS verdict, 0 AS direction,"
		" 0 AS time_doubt, 0 AS overridden, 0 AS registered, 0 AS ticket, '' AS venue,"
		" '' AS door, '' AS from_venue, '' AS operator, 0 AS amount, 0 AS undoes,"
		" 0 AS before, 0 AS hash FROM n");
	sqlite3_close(db);
	alarm(60);
	assert_int_equal(salvage_log(path, &to), -EBADMSG);
	alarm(0);
}

int main(void)
{
	if (!getenv("TMPDIR") && !access("/dev/shm", W_OK))
		setenv("TMPDIR", "/dev/shm", 1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_and_repetition_gives_the_same_bytes),
		cmocka_unit_test(every_tampering_with_a_log_is_found),
		cmocka_unit_test(an_epoch_that_is_gone_is_told),
		cmocka_unit_test(every_tampering_with_a_sealed_copy_is_found),
		cmocka_unit_test(rows_that_only_others_have_are_taken),
		cmocka_unit_test(a_log_that_is_a_view_is_none),
	};
	if (getenv("GATHER_ORDERS"))
		cmocka_set_test_filter("any_order_*");
	return cmocka_run_group_tests(tests, setup, teardown);
}
