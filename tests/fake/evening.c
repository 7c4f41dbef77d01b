#include "tests/fake/evening.h"

#include "tests/fake/cut_disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* 8 December 2016, 19:00 in Paris. */
#define EVENING_OPENS_MS 1481220000000

static const struct admission_rules doors[] = {
	{ .venue = EVENING_VENUE,
		.door = "north",
		.doorway = DOOR_ENTRY,
		.reentry = true,
		.capacity_seats = 45 },
	{ .venue = EVENING_VENUE,
		.door = "south",
		.doorway = DOOR_BOTH,
		.reentry = true,
		.capacity_seats = 45 },
	{ .venue = EVENING_VENUE, .door = "garden", .doorway = DOOR_EXIT, .reentry = true },
};

void evening_init(struct evening *e, uint64_t seed)
{
	*e = (struct evening){ .dice = seed };
	e->now = (struct when){
		.wall_ms = EVENING_OPENS_MS, .mono_ms = 40000, .trust = TRUST_SYNCED
	};
}

void evening_free(struct evening *e)
{
	free(e->hashes);
	e->hashes = NULL;
	e->count = 0;
}

struct log_setup evening_setup(const char *dir, const char *vfs, const char *synchronous)
{
	return (struct log_setup){ .dir = dir,
		.venue = EVENING_VENUE,
		.start_ms = EVENING_OPENS_MS,
		.boot = { 1, 2, 3 },
		.vfs = vfs,
		.synchronous = synchronous };
}

void evening_note(struct evening *e, const uint8_t hash[ROW_HASH_SIZE])
{
	e->hashes = realloc(e->hashes, (e->count + 1) * sizeof(*e->hashes));
	CHECK(e->hashes);
	memcpy(e->hashes[e->count++], hash, ROW_HASH_SIZE);
}

void evening_reboot(struct evening *e)
{
	e->now.mono_ms = 30000;
	e->now.wall_ms -= (int64_t)(cut_random(&e->dice) % 600000);
	e->now.trust = TRUST_FREE;
	e->undoable = 0;
}

static void pass_time(struct evening *e)
{
	int64_t ms = 400 + (int64_t)(cut_random(&e->dice) % 90000);
	e->now.wall_ms += ms;
	e->now.mono_ms += ms;
	if (cut_random(&e->dice) % 16 == 0)
		e->now.trust = (enum trust)(cut_random(&e->dice) % TRUST_COUNT);
}

/* One guest, one ticket, always the same: of ten, one holds something that is none. */
static struct ticket ticket_of(uint64_t guest)
{
	static const enum ticket_kind odd[] = { TICKET_NOT_ONE, TICKET_UNKNOWN, TICKET_FORGED,
		TICKET_TEST, TICKET_STAFF };
	struct ticket t = { .kind = guest % 2 ? TICKET_SIGNED : TICKET_ROSTER };
	uint64_t dice = guest + 1;
	for (size_t i = 0; i < sizeof(t.hash); i++)
		t.hash[i] = (uint8_t)cut_random(&dice);
	t.registered = t.kind == TICKET_ROSTER;
	if (guest % 10 == 9)
		t.kind = odd[guest / 10 % ARRAY_LEN(odd)];
	t.revoked = guest % 10 == 8;
	if (guest % 10 == 7)
		t.valid_until_s = EVENING_OPENS_MS / 1000 - 3600;
	if (guest % 20 == 6)
		strcpy(t.venue, "numa");
	return t;
}

static void take(struct evening *e, const struct row *row)
{
	evening_note(e, row->hash);
	if (row->kind == ROW_UNDO)
		e->undoable = 0;
	else if (row->direction == DIRECTION_IN)
		e->undoable = row->seq;
}

static void something_else(struct log_request *r, struct evening *e)
{
	uint64_t face = cut_random(&e->dice) % 8;
	r->operator= "v1";
	if (face < 4) {
		r->kind = ROW_WALK_IN;
		r->override = face == 0;
	} else if (face < 6 || !e->undoable) {
		r->kind = ROW_ADJUST;
		r->amount = face % 2 ? 1 : -1;
	} else {
		r->kind = ROW_UNDO;
		r->undoes = e->undoable;
	}
}

int evening_step(struct evening *e, struct log *l)
{
	pass_time(e);
	struct ticket ticket = ticket_of(cut_random(&e->dice) % EVENING_GUESTS);
	struct log_request request = { .kind = ROW_SCAN,
		.source = (enum source)(1 + cut_random(&e->dice) % (SOURCE_COUNT - 1)),
		.now = e->now,
		.rules = &doors[cut_random(&e->dice) % ARRAY_LEN(doors)],
		.operator= "" };
	if (cut_random(&e->dice) % 4 == 0) {
		something_else(&request, e);
	} else {
		request.ticket = &ticket;
		request.override = cut_random(&e->dice) % 8 == 0;
	}
	struct log_result result;
	int error = log_record(l, &request, &result);
	if (error == -ENOENT && request.kind == ROW_UNDO) {
		request.kind = ROW_ADJUST;
		request.undoes = 0;
		request.amount = 1;
		error = log_record(l, &request, &result);
	}
	if (!error)
		take(e, &result.row);
	return error;
}

/* --- what must hold -------------------------------------------------------------------------- */

struct reading {
	const struct evening *evening;
	const struct evening_claim *claim;
	size_t rows;
};

static int note_row(void *context, const struct row *row)
{
	evening_note(context, row->hash);
	return 0;
}

int evening_reread(struct evening *e, struct log *l)
{
	evening_free(e);
	return log_each(l, note_row, e);
}

static int compare_row(void *context, const struct row *row)
{
	struct reading *r = context;
	size_t at = r->rows++;
	bool known = at < r->evening->count &&
		     memcmp(r->evening->hashes[at], row->hash, ROW_HASH_SIZE) == 0;
	return known || (at >= r->claim->green && r->claim->strangers) ? 0 : 1;
}

static bool is_good(struct log *l, const char *when, char what[EVENING_FAULT])
{
	struct log_verdict verdict;
	int error = log_verify(l, &verdict);
	if (!error && verdict.good)
		return true;
	snprintf(what, EVENING_FAULT, "%s: %s", when, error ? strerror(-error) : verdict.what);
	return false;
}

static bool rows_hold(struct log *l, struct reading *r, char what[EVENING_FAULT])
{
	int stopped = log_each(l, compare_row, r);
	size_t green = r->claim->green;
	if (stopped < 0)
		snprintf(what, EVENING_FAULT, "rows cannot be read: %s", strerror(-stopped));
	else if (stopped)
		snprintf(what, EVENING_FAULT, "row %zu is not what was recorded; %zu were green",
			r->rows, green);
	else if (r->rows < green)
		snprintf(what, EVENING_FAULT, "%zu rows are there, %zu were green", r->rows, green);
	else
		return true;
	return false;
}

static bool goes_on(struct log *l, const struct evening *e, char what[EVENING_FAULT])
{
	struct log_request request = { .kind = ROW_WALK_IN,
		.source = SOURCE_TOUCH,
		.now = e->now,
		.rules = &doors[0],
		.override = true,
		.operator= "v2" };
	struct log_result result;
	int error = log_record(l, &request, &result);
	if (!error && result.row.verdict == VERDICT_ADMIT)
		return is_good(l, "after one more guest", what);
	snprintf(what, EVENING_FAULT, "the next guest cannot be recorded: %s",
		error ? strerror(-error) : verdict_names[result.row.verdict]);
	return false;
}

bool evening_holds(const struct evening *e, const struct evening_claim *claim,
	const struct log_setup *setup, char what[EVENING_FAULT])
{
	struct reading reading = { .evening = e, .claim = claim };
	struct log *l = NULL;
	int error = log_open(&l, setup);
	if (error) {
		snprintf(what, EVENING_FAULT, "the log cannot be opened: %s", strerror(-error));
		return false;
	}
	bool holds =
		is_good(l, "as found", what) && rows_hold(l, &reading, what) && goes_on(l, e, what);
	log_close(l);
	return holds;
}
