/* What the other doors have let in counts at this one: in decisions, in the figures, once. */
#include "app/neighbours.h"

#include "store/peers.h"
#include "tests/fake/chain_maker.h"
#include "tests/fake/store_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
/* after setjmp.h, stdarg.h, stddef.h, which it needs */
#include <cmocka.h>

#include <fcntl.h>
#include <sqlite3.h>

/* This door, and another box's chain. */
struct fixture {
	char *dir;
	struct log *log;
	struct neighbours *neighbours;
	struct peers *peers; /* as the courier has it */
	struct chain_maker door, ruche;
	struct admission_rules rules;
	int64_t second;
};

static int setup(void **state)
{
	static struct fixture f;
	f = (struct fixture){ .dir = store_bench_dir(), .second = 1000 };
	f.rules = (struct admission_rules){
		.venue = BENCH_VENUE, .door = "main", .doorway = DOOR_ENTRY, .reentry = true
	};
	assert_int_equal(store_bench_open(&f.log, f.dir, NULL), 0);
	assert_int_equal(neighbours_open(&f.neighbours, f.dir, BENCH_VENUE, BENCH_START_MS), 0);
	chain_maker_open(&f.door, 1, 5, BENCH_VENUE, "south");
	chain_maker_open(&f.ruche, 2, 6, "ruche", "porte");
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	neighbours_close(f->neighbours);
	log_close(f->log);
	peers_close(f->peers);
	chain_maker_close(&f->door);
	chain_maker_close(&f->ruche);
	store_bench_remove(f->dir);
	free(f->dir);
	return 0;
}

static struct peers *peers(struct fixture *f)
{
	if (!f->peers)
		assert_int_equal(peers_open(&f->peers, f->dir), 0);
	return f->peers;
}

static void give(struct fixture *f, const struct chain_maker *m, const struct row *row)
{
	uint64_t fresh;
	struct batch b = chain_maker_batch(m, row, 1);
	assert_int_equal(batch_check(&b), BATCH_GOOD);
	assert_int_equal(peers_store(peers(f), &b, &fresh), 0);
}

static void number(uint8_t out[TICKET_HASH_SIZE], unsigned n)
{
	struct ticket t = store_bench_ticket(n);
	memcpy(out, t.hash, TICKET_HASH_SIZE);
}

static struct row peer_row(
	struct fixture *f, struct chain_maker *m, unsigned ticket, enum verdict verdict)
{
	struct row row = { .kind = ROW_SCAN,
		.verdict = verdict,
		.direction = verdict == VERDICT_EXIT ? DIRECTION_OUT : DIRECTION_IN,
		.registered = true };
	f->second += 100;
	row.at = (struct when){ BENCH_START_MS + f->second * 1000, 1, TRUST_SYNCED };
	number(row.ticket, ticket);
	if (verdict == VERDICT_MOVED)
		strcpy(row.from_venue, BENCH_VENUE);
	chain_maker_append(m, &row);
	give(f, m, &row);
	return row;
}

static struct row peer_undo(struct fixture *f, struct chain_maker *m, const struct row *target)
{
	struct row row = { .kind = ROW_UNDO, .undoes = target->seq };
	row.amount = headcount_effect(target);
	row.direction = target->direction;
	memcpy(row.ticket, target->ticket, sizeof(row.ticket));
	memcpy(row.from_venue, target->from_venue, sizeof(row.from_venue));
	chain_maker_append(m, &row);
	give(f, m, &row);
	return row;
}

static bool refresh(struct fixture *f)
{
	bool more = true, changed = false;
	while (more)
		changed |= neighbours_refresh(f->neighbours, f->log, 3, &more);
	log_seen_stamp(f->log, neighbours_latest(f->neighbours));
	return changed;
}

static struct log_result record(struct fixture *f, struct log_request *r)
{
	struct log_known others;
	struct log_result out;
	f->second += 100;
	r->now = (struct when){ BENCH_START_MS + f->second * 1000, 1, TRUST_SYNCED };
	neighbours_know(f->neighbours, r->ticket ? r->ticket->hash : NULL, &others);
	r->others = &others;
	assert_int_equal(log_record(f->log, r, &out), 0);
	neighbours_add(f->neighbours, &out);
	return out;
}

static struct log_result scan(struct fixture *f, unsigned ticket)
{
	struct ticket t = store_bench_ticket(ticket);
	struct log_request r = store_bench_scan(&f->rules, &t, 0);
	refresh(f);
	return record(f, &r);
}

static int64_t present_after(struct fixture *f, unsigned ticket)
{
	struct log_result r = scan(f, ticket);
	return headcount_present(&r.count);
}

/* --- decisions --- */

static void a_ticket_used_at_another_door_is_refused_here(void **state)
{
	struct fixture *f = *state;
	struct row row = peer_row(f, &f->door, 1, VERDICT_ADMIT);
	struct log_result r = scan(f, 1);
	assert_int_equal(r.row.verdict, VERDICT_ALREADY_IN);
	assert_string_equal(r.prior.door, "south");
	assert_int_equal(r.prior.wall_ms, row.at.wall_ms);
	assert_int_equal(headcount_present(&r.count), 1);
	assert_int_equal(r.registered_in, 1);
	peer_row(f, &f->door, 1, VERDICT_EXIT);
	r = scan(f, 1);
	assert_int_equal(r.row.verdict, VERDICT_READMIT);
	assert_int_equal(headcount_present(&r.count), 1);
	assert_int_equal(r.registered_in, 1);
	/* What this door knows by itself is later now. */
	assert_int_equal(scan(f, 1).row.verdict, VERDICT_ALREADY_IN);
}

static void an_entry_that_the_other_door_took_back_is_none(void **state)
{
	struct fixture *f = *state;
	struct row row = peer_row(f, &f->door, 1, VERDICT_ADMIT);
	peer_undo(f, &f->door, &row);
	struct log_result r = scan(f, 1);
	assert_int_equal(r.row.verdict, VERDICT_ADMIT);
	assert_int_equal(headcount_present(&r.count), 1);
	assert_int_equal(r.registered_in, 1);
}

static void guests_move_between_venues(void **state)
{
	struct fixture *f = *state;
	peer_row(f, &f->ruche, 1, VERDICT_ADMIT);
	struct log_result r = scan(f, 1);
	assert_int_equal(r.row.verdict, VERDICT_MOVED);
	assert_string_equal(r.row.from_venue, "ruche");
	assert_int_equal(headcount_present(&r.count), 1);
	struct row moved = peer_row(f, &f->ruche, 1, VERDICT_MOVED);
	assert_true(refresh(f));
	r = scan(f, 2);
	assert_int_equal(headcount_present(&r.count), 1); /* the second guest alone */
	assert_int_equal(r.registered_in, 2);
	peer_undo(f, &f->ruche, &moved);
	r = scan(f, 3);
	assert_int_equal(headcount_present(&r.count), 3);
}

static void a_badge_made_at_one_door_is_known_at_the_other(void **state)
{
	struct fixture *f = *state;
	struct row row = {
		.kind = ROW_WALK_IN, .verdict = VERDICT_ADMIT, .direction = DIRECTION_IN
	};
	struct ticket badge = store_bench_ticket(9);
	badge.kind = TICKET_UNKNOWN;
	badge.registered = false;
	memcpy(row.ticket, badge.hash, sizeof(row.ticket));
	row.at = (struct when){ BENCH_START_MS, 1, TRUST_SYNCED };
	chain_maker_append(&f->door, &row);
	f->rules.doorway = DOOR_BOTH;
	struct log_request r = store_bench_scan(&f->rules, &badge, 0);
	assert_int_equal(record(f, &r).row.verdict, VERDICT_UNKNOWN);
	give(f, &f->door, &row);
	refresh(f);
	struct log_result out = record(f, &r);
	assert_int_equal(out.row.verdict, VERDICT_EXIT);
	assert_int_equal(headcount_present(&out.count), 0);
	assert_int_equal(out.registered_in, 0);
	assert_int_equal(record(f, &r).row.verdict, VERDICT_READMIT);
}

static void the_venue_is_full_of_everybody_s_guests(void **state)
{
	struct fixture *f = *state;
	f->rules.capacity_seats = 3;
	struct row row = peer_row(f, &f->door, 1, VERDICT_ADMIT);
	peer_row(f, &f->door, 2, VERDICT_ADMIT);
	assert_int_equal(scan(f, 3).row.verdict, VERDICT_ADMIT);
	assert_int_equal(scan(f, 4).row.verdict, VERDICT_FULL);
	struct log_request walk_in = store_bench_hand(&f->rules, ROW_WALK_IN, 0);
	assert_int_equal(record(f, &walk_in).row.verdict, VERDICT_FULL);
	peer_undo(f, &f->door, &row);
	struct log_result r = scan(f, 4);
	assert_int_equal(r.row.verdict, VERDICT_ADMIT);
	assert_int_equal(r.count.peak_present, 3);
}

/* --- figures --- */

/* The truth, by another way: every ticket by itself. */
struct truth {
	int entries[40]; /* standing, of both */
	struct headcount count;
};

static void add_to(struct truth *t, const struct row *row, int ticket)
{
	headcount_apply(&t->count, row);
	if (!strcmp(row->venue, BENCH_VENUE) && row->direction == DIRECTION_IN)
		t->entries[ticket] += row->kind == ROW_UNDO ? -1 : 1;
}

static void assert_truth(struct fixture *f, const struct truth *t)
{
	struct headcount count;
	uint64_t registered, expected = 0;
	log_headcount(f->log, &count, &registered);
	neighbours_sum(f->neighbours, &count, &registered);
	for (size_t i = 0; i < ARRAY_LEN(t->entries); i++)
		expected += t->entries[i] > 0;
	assert_int_equal(registered, expected);
	struct headcount folded = t->count;
	folded.peak_present = count.peak_present;
	folded.peak_ms = count.peak_ms;
	assert_memory_equal(&folded, &count, sizeof(count));
}

static void random_step(struct fixture *f, struct truth *t)
{
	int ticket = rand() % (int)ARRAY_LEN(t->entries);
	static struct row last_peer, last_own;
	static int last_peer_ticket, last_own_ticket;
	struct row row;
	switch (rand() % 6) {
	case 0:
	case 1:
		row = peer_row(f, &f->door, (unsigned)ticket, VERDICT_ADMIT);
		last_peer = row;
		last_peer_ticket = ticket;
		add_to(t, &row, ticket);
		break;
	case 2:
		if (!last_peer.seq || last_peer.epoch != f->door.last.epoch)
			break;
		row = peer_undo(f, &f->door, &last_peer);
		add_to(t, &row, last_peer_ticket);
		last_peer.seq = 0;
		break;
	case 3:
	case 4:
		row = scan(f, (unsigned)ticket).row;
		last_own = row;
		last_own_ticket = ticket;
		add_to(t, &row, ticket);
		break;
	default:
		if (!last_own.seq || last_own.direction != DIRECTION_IN)
			break;
		struct log_request undo = store_bench_hand(&f->rules, ROW_UNDO, 0);
		undo.undoes = last_own.seq;
		row = record(f, &undo).row;
		add_to(t, &row, last_own_ticket);
		last_own.seq = 0;
	}
}

static void figures_are_those_of_all_rows(void **state)
{
	struct fixture *f = *state;
	static struct truth t;
	memset(&t, 0, sizeof(t));
	headcount_init(&t.count, BENCH_VENUE, BENCH_START_MS);
	srand(11);
	for (int i = 0; i < 600; i++) {
		random_step(f, &t);
		refresh(f);
		assert_truth(f, &t);
		if (i % 97 == 96) { /* opened again: the same */
			neighbours_reset(f->neighbours);
			refresh(f);
			assert_truth(f, &t);
		}
	}
	assert_false(refresh(f));
}

static void our_own_rows_that_come_back_count_once(void **state)
{
	struct fixture *f = *state;
	struct log_setup own = { .dir = f->dir,
		.venue = BENCH_VENUE,
		.start_ms = BENCH_START_MS,
		.boot = "boot-boot-boot-" };
	memcpy(own.device, f->door.last.device, sizeof(own.device));
	log_close(f->log);
	assert_int_equal(log_open(&f->log, &own), 0);
	struct row rows[3];
	for (unsigned i = 0; i < 3; i++)
		rows[i] = scan(f, i).row;
	for (unsigned i = 0; i < 3; i++)
		give(f, &f->door, &rows[i]);
	struct log_result r = scan(f, 3);
	assert_int_equal(headcount_present(&r.count), 4);
	assert_int_equal(r.registered_in, 4);
	/* The same with another epoch: the log knows those rows, and not the one after. */
	struct chain self;
	log_self(f->log, &self);
	log_close(f->log);
	assert_int_equal(log_open(&f->log, &own), 0);
	neighbours_reset(f->neighbours);
	f->door.last = r.row;
	struct row lost = peer_row(f, &f->door, 7, VERDICT_ADMIT);
	assert_int_equal(lost.epoch, self.epoch);
	r = scan(f, 8);
	assert_int_equal(headcount_present(&r.count), 6);
	assert_int_equal(r.registered_in, 6);
}

/* What the command line of the same build says. */
static long long present_by_command(const char *dir, const char *option)
{
	char self[512], command[1600], line[256] = "";
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	assert_true(n > 0);
	self[n] = '\0';
	char *build = strstr(self, "/tests/unit/");
	assert_non_null(build);
	*build = '\0';
	snprintf(command, sizeof(command), "%s/parvis", self);
	if (access(command, X_OK)) {
		print_message("# skipped: the command line is not built in this variant\n");
		skip();
	}
	snprintf(command, sizeof(command), "%s/parvis headcount --data %s %s", self, dir, option);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof(line), f));
	while (fgetc(f) != EOF)
		;
	assert_int_equal(pclose(f), 0);
	long long present = -1;
	assert_int_equal(sscanf(line, BENCH_VENUE ": %lld present", &present), 1);
	return present;
}

static void the_command_line_counts_the_same(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(present_after(f, 1), 1);
	assert_int_equal(present_by_command(f->dir, "--all"), 1);
	for (unsigned i = 2; i < 7; i++)
		peer_row(f, &f->door, i, VERDICT_ADMIT);
	assert_int_equal(present_after(f, 7), 7);
	assert_int_equal(present_by_command(f->dir, "--all"), 7);
	assert_int_equal(present_by_command(f->dir, ""), 2);
}

/* --- without --- */

static void without_the_file_the_door_goes_by_its_log(void **state)
{
	struct fixture *f = *state;
	assert_false(refresh(f));
	assert_int_equal(scan(f, 1).row.verdict, VERDICT_ADMIT);
	assert_int_equal(neighbours_latest(f->neighbours), 0);
	peer_row(f, &f->door, 2, VERDICT_ADMIT); /* now it is there */
	assert_true(refresh(f));
	assert_int_equal(scan(f, 2).row.verdict, VERDICT_ALREADY_IN);
}

static void with_a_damaged_file_too(void **state)
{
	struct fixture *f = *state;
	char path[300];
	snprintf(path, sizeof(path), "%s/peers.db", f->dir);
	store_bench_write(path, "this is no database, but it is long enough to be looked at", 58);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(scan(f, i).row.verdict, VERDICT_ADMIT);
	peer_row(f, &f->door, 9, VERDICT_ADMIT); /* the courier has set it aside */
	for (unsigned i = 10; i < 80; i++)
		assert_int_equal(scan(f, i).row.verdict, VERDICT_ADMIT);
	assert_int_equal(scan(f, 9).row.verdict, VERDICT_ALREADY_IN);
}

static void a_file_that_is_begun_anew_is_followed(void **state)
{
	struct fixture *f = *state;
	peer_row(f, &f->door, 1, VERDICT_ADMIT);
	assert_int_equal(present_after(f, 5), 2);
	peers_close(f->peers);
	f->peers = NULL;
	char path[300], aside[320];
	snprintf(path, sizeof(path), "%s/peers.db", f->dir);
	snprintf(aside, sizeof(aside), "%s.old", path);
	assert_int_equal(rename(path, aside), 0);
	snprintf(path, sizeof(path), "%s/peers.db-wal", f->dir);
	unlink(path);
	assert_int_equal(present_after(f, 6), 2);
	peer_row(f, &f->door, 2, VERDICT_ADMIT);
	assert_int_equal(present_after(f, 7), 4);
	assert_int_equal(scan(f, 2).row.verdict, VERDICT_ALREADY_IN);
}

static void a_locked_file_stops_nobody(void **state)
{
	struct fixture *f = *state;
	peer_row(f, &f->door, 1, VERDICT_ADMIT);
	refresh(f);
	sqlite3 *db;
	char path[300];
	snprintf(path, sizeof(path), "%s/peers.db", f->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", 0, 0, 0), SQLITE_OK);
	assert_int_equal(scan(f, 2).row.verdict, VERDICT_ADMIT);
	assert_int_equal(scan(f, 1).row.verdict, VERDICT_ALREADY_IN);
	assert_int_equal(sqlite3_exec(db, "ROLLBACK", 0, 0, 0), SQLITE_OK);
	sqlite3_close(db);
}

#define WITH_A_DOOR(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_A_DOOR(a_ticket_used_at_another_door_is_refused_here),
		WITH_A_DOOR(an_entry_that_the_other_door_took_back_is_none),
		WITH_A_DOOR(guests_move_between_venues),
		WITH_A_DOOR(a_badge_made_at_one_door_is_known_at_the_other),
		WITH_A_DOOR(the_venue_is_full_of_everybody_s_guests),
		WITH_A_DOOR(figures_are_those_of_all_rows),
		WITH_A_DOOR(our_own_rows_that_come_back_count_once),
		WITH_A_DOOR(the_command_line_counts_the_same),
		WITH_A_DOOR(without_the_file_the_door_goes_by_its_log),
		WITH_A_DOOR(with_a_damaged_file_too),
		WITH_A_DOOR(a_file_that_is_begun_anew_is_followed),
		WITH_A_DOOR(a_locked_file_stops_nobody),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
