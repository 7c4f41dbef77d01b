#include "tests/fake/night_maker.h"

#include "base/text.h"
#include "door/headcount.h"
#include "door/hlc.h"
#include "event/boxes.h"
#include "night/sealed.h"
#include "store/log.h"
#include "store/row_sql.h"
#include "store/schema.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const venues[NIGHT_VENUES] = { "mairie", "numa", "liberte", "ruche", "simplon",
	"superpublic", "halle", "volumes", "bpi", "ecole-42" };

struct guest {
	uint8_t inside;   /* venue + 1; 0 = nowhere */
	uint8_t last_box; /* + 1; 0 = never seen */
	uint64_t stamp;   /* of its last row */
};

struct making {
	struct made_night *night;
	struct guest *guests;
	size_t guest_count, seen;
	uint64_t dice, stamp[NIGHT_BOXES_MAX]; /* the latest that each box has heard of */
	uint64_t latest;
	unsigned epochs[NIGHT_BOXES_MAX];
};

uint64_t night_roll(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint64_t below(struct making *m, uint64_t n)
{
	return night_roll(&m->dice) % n;
}

/* --- rows ------------------------------------------------------------------------------------- */

static struct row *grow(struct made_box *b)
{
	if (b->count == b->room) {
		b->room = b->room ? 2 * b->room : 256;
		b->rows = realloc(b->rows, b->room * sizeof(*b->rows));
		CHECK(b->rows);
	}
	b->rows[b->count] = (struct row){ 0 };
	return &b->rows[b->count];
}

static void start_epoch(struct making *m, unsigned at, struct row *row)
{
	uint64_t dice = (uint64_t)at << 32 | ++m->epochs[at];
	row->epoch = (uint32_t)(night_roll(&dice) & 0x7fffffff) | 1;
	row->seq = 1;
	for (size_t i = 0; i < sizeof(row->boot); i++)
		row->boot[i] = (uint8_t)night_roll(&dice);
}

/* Number, moment, stamp and hashes. */
static void complete(struct making *m, unsigned at, struct row *row, int64_t now_ms, bool restart)
{
	struct made_box *b = &m->night->boxes[at];
	const struct row *last = b->count ? row - 1 : NULL;
	memcpy(row->device, b->device, sizeof(row->device));
	if (last && !restart) {
		row->epoch = last->epoch;
		row->seq = last->seq + 1;
		memcpy(row->boot, last->boot, sizeof(row->boot));
	} else {
		start_epoch(m, at, row);
	}
	row->at.wall_ms = now_ms + b->clock_off_ms;
	row->at.mono_ms = now_ms - NIGHT_OPENS_MS + 60000;
	row->at.trust = !b->clock_off_ms                           ? TRUST_SYNCED
			: row->at.wall_ms < INT64_C(1000000000000) ? TRUST_UNSET
								   : TRUST_FREE;
	row->hlc = hlc_merge(last ? last->hlc : 0, m->stamp[at], row->at.wall_ms);
	strcpy(row->venue, b->venue);
	strcpy(row->door, b->door);
	if (last)
		memcpy(row->before, last->hash, sizeof(row->before));
	log_row_hash(row, row->hash);
	b->count++;
	m->night->rows++;
	m->stamp[at] = row->hlc;
}

static void ticket_of(uint8_t out[TICKET_HASH_SIZE], uint64_t guest)
{
	uint64_t dice = guest * 7919 + 11;
	for (size_t i = 0; i < TICKET_HASH_SIZE; i++)
		out[i] = (uint8_t)night_roll(&dice);
}

static bool is_out(const struct making *m, unsigned at)
{
	const struct made_box *b = &m->night->boxes[at];
	return m->night->rows >= b->out_from && m->night->rows < b->out_to;
}

static unsigned venue_of(unsigned box)
{
	return box % NIGHT_VENUES;
}

static void decide(const struct guest *known, unsigned here, bool leaves, struct row *row)
{
	row->direction = DIRECTION_IN;
	if (known->inside == here + 1 && leaves) {
		row->verdict = VERDICT_EXIT;
		row->direction = DIRECTION_OUT;
	} else if (known->inside == here + 1) {
		row->verdict = VERDICT_ALREADY_IN;
		row->direction = DIRECTION_NONE;
	} else if (known->inside) {
		row->verdict = VERDICT_MOVED;
		strcpy(row->from_venue, venues[known->inside - 1]);
	} else {
		row->verdict = known->last_box ? VERDICT_READMIT : VERDICT_ADMIT;
	}
}

static void scan(struct making *m, unsigned at, struct row *row)
{
	bool fresh = m->seen < m->guest_count && below(m, 100) < 62;
	size_t n = fresh ? m->seen++ : below(m, m->seen ? m->seen : 1);
	struct guest *g = &m->guests[n];
	struct guest known = *g;
	/* What others wrote lately has not come through. */
	if (known.last_box && known.last_box != at + 1 && is_out(m, at))
		known = (struct guest){ 0 };
	row->kind = ROW_SCAN;
	row->source = below(m, 5) ? SOURCE_SCANNER : SOURCE_CAMERA;
	row->registered = n % 8 != 0;
	ticket_of(row->ticket, n);
	decide(&known, venue_of(at), below(m, 3) == 0, row);
	if (row->direction == DIRECTION_IN)
		g->inside = (uint8_t)(venue_of(at) + 1);
	else if (row->direction == DIRECTION_OUT)
		g->inside = 0;
	if (row->direction != DIRECTION_NONE)
		g->last_box = (uint8_t)(at + 1);
}

static void refuse(struct making *m, struct row *row)
{
	static const enum verdict verdicts[] = { VERDICT_UNKNOWN, VERDICT_NOT_A_TICKET,
		VERDICT_WRONG_VENUE, VERDICT_FORGED, VERDICT_REVOKED, VERDICT_FULL, VERDICT_NOT_YET,
		VERDICT_EXPIRED, VERDICT_TEST_OK };
	row->kind = ROW_SCAN;
	row->source = SOURCE_CAMERA;
	row->verdict = verdicts[below(m, ARRAY_LEN(verdicts))];
	ticket_of(row->ticket, (1ULL << 40) + below(m, 5000));
}

static void take_back(struct row *row, const struct row *target)
{
	row->kind = ROW_UNDO;
	row->undoes = target->seq;
	row->amount = headcount_effect(target);
	row->direction = target->direction;
	memcpy(row->ticket, target->ticket, sizeof(row->ticket));
	memcpy(row->from_venue, target->from_venue, sizeof(row->from_venue));
}

static void by_hand(struct making *m, unsigned at, struct row *row)
{
	const struct made_box *b = &m->night->boxes[at];
	const struct row *last = b->count ? row - 1 : NULL;
	row->source = SOURCE_TOUCH;
	strcpy(row->operator, below(m, 2) ? "v1" : "v2");
	if (last && last->direction == DIRECTION_IN && last->kind == ROW_WALK_IN &&
		below(m, 3) == 0) {
		take_back(row, last);
	} else if (below(m, 6) == 0) {
		row->kind = ROW_ADJUST;
		row->amount = below(m, 2) ? 1 : -1;
	} else {
		row->kind = ROW_WALK_IN;
		row->verdict = VERDICT_ADMIT;
		row->direction = DIRECTION_IN;
	}
}

/* Early in the evening the doors are busiest. */
static int64_t moment(const struct making *m, size_t rows)
{
	double x = (double)m->night->rows / (double)rows;
	return NIGHT_OPENS_MS + (int64_t)((x * 0.4 + x * x * 0.6) * (double)NIGHT_SPAN_MS);
}

static void step(struct making *m, size_t rows)
{
	unsigned at = (unsigned)below(m, m->night->box_count);
	struct made_box *b = &m->night->boxes[at];
	struct row *row = grow(b);
	uint64_t face = below(m, 100);
	bool restart = b->count && m->epochs[at] < NIGHT_EPOCHS &&
		       below(m, rows / m->night->box_count + 1) == 0;
	if (!is_out(m, at) && m->latest > m->stamp[at])
		m->stamp[at] = m->latest;
	if (face < 84)
		scan(m, at, row);
	else if (face < 90)
		refuse(m, row);
	else
		by_hand(m, at, row);
	if (restart && row->kind == ROW_UNDO) {
		row->kind = ROW_WALK_IN;
		row->verdict = VERDICT_ADMIT;
		row->direction = DIRECTION_IN;
		row->undoes = 0;
		row->amount = 0;
	}
	complete(m, at, row, moment(m, rows) + (int64_t)below(m, 900), restart);
	if (!is_out(m, at) && row->hlc > m->latest)
		m->latest = row->hlc;
}

/* --- the night -------------------------------------------------------------------------------- */

static void make_box(struct made_night *n, unsigned at, const struct night_plan *plan)
{
	static const int64_t off[] = { 3 * 3600000LL, -40 * 60000LL, 600000 - NIGHT_OPENS_MS };
	struct made_box *b = &n->boxes[at];
	uint64_t dice = plan->seed * 1000 + at;
	for (size_t i = 0; i < sizeof(b->seed); i++)
		b->seed[i] = (uint8_t)night_roll(&dice);
	int error = device_key_from_seed(&b->key, b->seed);
	CHECK(!error);
	device_key_id(b->key, b->device);
	b->venue = venues[venue_of(at)];
	snprintf(b->door, sizeof(b->door), "door-%u", at / NIGHT_VENUES + 1);
	if (at % 4 == 3 && at / 4 < plan->wrong_clocks)
		b->clock_off_ms = off[at / 4 % ARRAY_LEN(off)];
	/* Every third box is cut off for a while, at its own time. */
	if (at % 3 == 1) {
		b->out_from = plan->rows / 10 + night_roll(&dice) % (plan->rows / 2 + 1);
		b->out_to = b->out_from + plan->rows / 5;
	}
}

void night_make(struct made_night *out, const struct night_plan *plan)
{
	CHECK(plan->boxes >= 1 && plan->boxes <= NIGHT_BOXES_MAX);
	*out = (struct made_night){ .box_count = plan->boxes };
	memcpy(out->issuer_seed, &plan->seed, sizeof(plan->seed));
	int error = issuer_from_seed(&out->issuer, out->issuer_seed);
	CHECK(!error);
	for (unsigned i = 0; i < plan->boxes; i++)
		make_box(out, i, plan);
	struct making m = { .night = out, .dice = plan->seed, .guest_count = plan->rows / 2 + 10 };
	m.guests = calloc(m.guest_count, sizeof(*m.guests));
	CHECK(m.guests);
	while (out->rows < plan->rows)
		step(&m, plan->rows);
	free(m.guests);
}

void night_unmake(struct made_night *n)
{
	for (unsigned i = 0; i < n->box_count; i++) {
		free(n->boxes[i].rows);
		device_key_close(n->boxes[i].key);
	}
	issuer_close(n->issuer);
}

/* --- the event's folder ----------------------------------------------------------------------- */

static void write_key(const char *path, const uint8_t seed[32])
{
	char hex[65];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	text_hex(hex, seed, 32);
	hex[64] = '\n';
	ssize_t n = write(fd, hex, sizeof(hex));
	CHECK(n == sizeof(hex));
	close(fd);
}

static void write_event(const struct made_night *n, const char *path)
{
	uint8_t key[ISSUER_PUBLIC_SIZE];
	char hex[2 * ISSUER_PUBLIC_SIZE + 1];
	issuer_public(n->issuer, key);
	text_hex(hex, key, sizeof(key));
	AUTO_FILE out = fopen(path, "we");
	CHECK(out);
	fprintf(out,
		"[event]\nid = " NIGHT_EVENT "\ntitle = Nuit de la CivicTech\n"
		"opens = 2016-12-08T19:00:00+01:00\ncloses = 2016-12-09T01:00:00+01:00\n"
		"timezone = Europe/Paris\nlanguages = fr en\n[keys]\nticket = %s\nhash = %s\n",
		hex, "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
	for (size_t i = 0; i < NIGHT_VENUES; i++)
		fprintf(out, "[venue %s]\nname = Lieu %s\ncapacity = %zu\nlat = %.4f\nlon = %.4f\n",
			venues[i], venues[i], 120 + 60 * i, 48.85 + 0.004 * (double)i,
			2.33 + 0.006 * (double)i);
}

void night_make_event(const struct made_night *n, const char *dir)
{
	char path[4096];
	mkdir(dir, 0700);
	snprintf(path, sizeof(path), "%s/keys", dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/event.ini", dir);
	write_event(n, path);
	snprintf(path, sizeof(path), "%s/" ISSUER_FILE, dir);
	write_key(path, n->issuer_seed);
	for (unsigned i = 0; i < n->box_count; i++) {
		const struct made_box *b = &n->boxes[i];
		struct boxes_entry e = { .serial = i + 1, .made_ms = NIGHT_OPENS_MS - 86400000 };
		memcpy(e.device, b->device, sizeof(e.device));
		strcpy(e.venue, b->venue);
		strcpy(e.door, b->door);
		int error = boxes_add(dir, &e);
		CHECK(!error);
	}
}

/* --- a box's disk ----------------------------------------------------------------------------- */

static void run(sqlite3 *db, const char *sql)
{
	int error = db_exec(db, sql);
	CHECK(!error);
}

static void put_chain(sqlite3 *db, int64_t number, const struct row *row)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(db, &s, "INSERT INTO chain VALUES (?1, ?2, ?3)");
	CHECK(!error);
	db_bind_integer(s, 1, number);
	db_bind_blob(s, 2, row->device, sizeof(row->device));
	db_bind_integer(s, 3, row->epoch);
	error = db_run(s);
	CHECK(!error);
	sqlite3_finalize(s);
}

static int64_t put_rows(
	sqlite3 *db, const struct row *rows, size_t count, struct headcount *figures)
{
	sqlite3_stmt *s = NULL;
	int64_t chain = 0;
	int error = db_prepare(db, &s, ROW_INSERT);
	CHECK(!error);
	for (size_t i = 0; i < count; i++) {
		if (!chain || rows[i].epoch != rows[i - 1].epoch)
			put_chain(db, ++chain, &rows[i]);
		row_bind(s, &rows[i]);
		db_bind_integer(s, ROW_INSERT_ID, chain << 40 | (int64_t)rows[i].seq);
		error = db_run(s);
		CHECK(!error);
		headcount_apply(figures, &rows[i]);
	}
	sqlite3_finalize(s);
	return chain;
}

static void put_head(
	sqlite3 *db, int64_t chain, const struct row *last, const struct headcount *figures)
{
	sqlite3_stmt *s = NULL;
	int error = db_prepare(db, &s,
		"INSERT INTO head (id, seq, hash, venue, entries, exits, present, refused,"
		" registered_in, chain) SELECT 1, ?1, ?2, ?3, ?4, ?5, ?6, ?7,"
		" (SELECT count(DISTINCT ticket) FROM entry e WHERE venue = ?3 AND direction = 1"
		"  AND registered = 1 AND ticket IS NOT NULL AND kind <> 4 AND NOT EXISTS"
		"  (SELECT 1 FROM entry u WHERE u.device = e.device AND u.epoch = e.epoch"
		"   AND u.undoes = e.seq AND u.kind = 4)), ?8");
	CHECK(!error);
	db_bind_integer(s, 1, (int64_t)last->seq);
	db_bind_blob(s, 2, last->hash, sizeof(last->hash));
	db_bind_text(s, 3, figures->venue);
	db_bind_integer(s, 4, (int64_t)figures->in);
	db_bind_integer(s, 5, (int64_t)figures->out);
	db_bind_integer(s, 6, headcount_present(figures));
	db_bind_integer(s, 7, (int64_t)figures->refused);
	db_bind_integer(s, 8, chain);
	error = db_run(s);
	CHECK(!error);
	sqlite3_finalize(s);
}

void night_make_log(const char *path, const uint8_t device[DEVICE_ID_SIZE], const char *venue,
	const struct row *rows, size_t count)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *s = NULL;
	struct headcount figures;
	int error = db_open(&db, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
	CHECK(!error);
	headcount_init(&figures, venue, NIGHT_OPENS_MS);
	run(db, log_schema_file);
	run(db, "PRAGMA synchronous=OFF; PRAGMA journal_mode=WAL; BEGIN");
	run(db, log_schema_tables);
	error = db_prepare(db, &s, "INSERT INTO meta (key, value) VALUES ('device', ?1)");
	CHECK(!error);
	db_bind_blob(s, 1, device, DEVICE_ID_SIZE);
	error = db_run(s);
	CHECK(!error);
	sqlite3_finalize(s);
	int64_t chain = put_rows(db, rows, count, &figures);
	if (count)
		put_head(db, chain, &rows[count - 1], &figures);
	run(db, "COMMIT");
	sqlite3_close(db);
}

void night_make_data(const struct made_box *box, const char *dir, size_t rows)
{
	char path[4096];
	mkdir(dir, 0700);
	snprintf(path, sizeof(path), "%s/" DEVICE_KEY_FILE, dir);
	write_key(path, box->seed);
	snprintf(path, sizeof(path), "%s/log.db", dir);
	night_make_log(path, box->device, box->venue, box->rows, rows);
}

/* --- a stick ---------------------------------------------------------------------------------- */

static void promise_all(struct sealed_writer *w, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i + 1 < count && rows[i + 1].epoch == rows[i].epoch)
			continue;
		struct chain chain = { .epoch = rows[i].epoch };
		memcpy(chain.device, rows[i].device, sizeof(chain.device));
		int error = sealed_promise(w, &chain, rows[i].seq);
		CHECK(!error);
	}
}

void night_make_sealed(const struct made_night *n, const struct made_box *box, const char *path,
	size_t rows, size_t rows_a_part)
{
	struct sealed_setup setup = { NIGHT_EVENT, { 0 }, box->key, NIGHT_OPENS_MS };
	struct sealed_writer *w = NULL;
	issuer_public(n->issuer, setup.organiser);
	AUTO_FD fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	int error = sealed_create(&w, fd, &setup);
	CHECK(!error);
	promise_all(w, box->rows, rows);
	for (size_t i = 0; i < rows; i++) {
		error = sealed_add_row(w, &box->rows[i]);
		CHECK(!error);
		if (rows_a_part && (i + 1) % rows_a_part == 0) {
			error = sealed_flush(w);
			CHECK(!error);
		}
	}
	error = sealed_flush(w);
	CHECK(!error);
	sealed_close(w);
}
