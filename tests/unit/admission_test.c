#include "door/admission.h"

#include "base/cc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define NOW_S    INT64_C(1481220000) /* 2016-12-08T18:00:00Z */
#define NOW_MS   (NOW_S * 1000)
#define CAPACITY 100

/* One case: what is held up, what is known of it, and what the door says. Left out: a signed
 * ticket for everywhere without limits, never seen, an entry door with reentry, a synced clock,
 * 10 of 100 people present. */
struct scene {
	const char *name;
	struct ticket ticket;
	struct prior prior;
	enum doorway doorway;
	bool no_reentry, override, no_limit;
	int64_t present;
	enum trust trust;
	int64_t now_ms; /* 0 = NOW_MS */
	enum verdict verdict;
	enum direction direction;
	bool doubt, overridden;
	const char *from;
};

#define GOOD .kind = TICKET_SIGNED
#define HERE "numa"
#define IN   .direction = DIRECTION_IN

static struct decision decide(const struct scene *s)
{
	struct admission_rules rules = { .venue = HERE,
		.door = "north",
		.doorway = s->doorway,
		.reentry = !s->no_reentry,
		.capacity_seats = s->no_limit ? 0 : CAPACITY };
	struct when now = { .wall_ms = s->now_ms ? s->now_ms : NOW_MS, .trust = s->trust };
	return admission_decide(&rules, &s->ticket, &s->prior, s->present, &now, s->override);
}

static void play(const struct scene *scenes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct scene *s = &scenes[i];
		struct decision d = decide(s);
		bool good = d.verdict == s->verdict && d.direction == s->direction &&
			    d.time_doubt == s->doubt && d.overridden == s->overridden &&
			    !strcmp(d.from_venue, s->from ? s->from : "");
		if (!good)
			fail_msg("%s: got %s, direction %d, doubt %d, overridden %d, from \"%s\"",
				s->name, verdict_names[d.verdict], (int)d.direction, d.time_doubt,
				d.overridden, d.from_venue);
	}
}
#define PLAY(scenes) play(scenes, ARRAY_LEN(scenes))

static void the_kind_decides_first(void **state)
{
	(void)state;
	static const struct scene scenes[] = {
		{ "a web address", .ticket = { .kind = TICKET_NOT_ONE },
			.verdict = VERDICT_NOT_A_TICKET },
		{ "a forged one", .ticket = { .kind = TICKET_FORGED }, .verdict = VERDICT_FORGED },
		{ "a forged one, volunteer or not", .ticket = { .kind = TICKET_FORGED },
			.override = true, .verdict = VERDICT_FORGED },
		{ "a code of nobody's", .ticket = { .kind = TICKET_UNKNOWN },
			.verdict = VERDICT_UNKNOWN },
		{ "the test code counts nobody", .ticket = { .kind = TICKET_TEST },
			.verdict = VERDICT_TEST_OK },
		{ "the test code in a full house", .ticket = { .kind = TICKET_TEST },
			.present = CAPACITY, .verdict = VERDICT_TEST_OK },
		{ "a staff card", .ticket = { .kind = TICKET_STAFF }, .verdict = VERDICT_STAFF },
		{ "a staff card taken back", .ticket = { .kind = TICKET_STAFF, .revoked = true },
			.verdict = VERDICT_REVOKED },
		{ "a staff card taken back, volunteer or not",
			.ticket = { .kind = TICKET_STAFF, .revoked = true }, .override = true,
			.verdict = VERDICT_REVOKED },
		{ "last year's staff card",
			.ticket = { .kind = TICKET_STAFF, .valid_until_s = NOW_S - 1 },
			.trust = TRUST_SYNCED, .verdict = VERDICT_EXPIRED },
		{ "last year's staff card and a volunteer beside it",
			.ticket = { .kind = TICKET_STAFF, .valid_until_s = NOW_S - 1 },
			.trust = TRUST_SYNCED, .override = true, .verdict = VERDICT_STAFF },
		{ "tomorrow's staff card",
			.ticket = { .kind = TICKET_STAFF, .valid_from_s = NOW_S + 1 },
			.trust = TRUST_SYNCED, .verdict = VERDICT_NOT_YET },
		{ "a staff card on a clock that knows nothing",
			.ticket = { .kind = TICKET_STAFF, .valid_until_s = 1 },
			.trust = TRUST_UNSET, .verdict = VERDICT_STAFF },
		{ "a staff card at the exit of a full house, for another venue",
			.ticket = { .kind = TICKET_STAFF, .foreign_venue = true },
			.doorway = DOOR_EXIT, .present = CAPACITY, .verdict = VERDICT_STAFF },
		{ "a signed ticket", .ticket = { GOOD }, .verdict = VERDICT_ADMIT, IN },
		{ "a roster's", .ticket = { .kind = TICKET_ROSTER }, .verdict = VERDICT_ADMIT, IN },
		{ "one taken back", .ticket = { GOOD, .revoked = true },
			.verdict = VERDICT_REVOKED },
		{ "one taken back, volunteer or not", .ticket = { GOOD, .revoked = true },
			.override = true, .verdict = VERDICT_REVOKED },
		{ "taken back comes before run out",
			.ticket = { GOOD, .revoked = true, .valid_until_s = 1 },
			.trust = TRUST_SYNCED, .verdict = VERDICT_REVOKED },
		{ "a type of another event", .ticket = { GOOD, .foreign_item = true },
			.verdict = VERDICT_UNKNOWN },
	};
	PLAY(scenes);
}

static void time_limits_are_judged_as_far_as_the_clock_goes(void **state)
{
	(void)state;
	static const struct scene scenes[] = {
		{ "the second it begins", .ticket = { GOOD, .valid_from_s = NOW_S },
			.trust = TRUST_SYNCED, .verdict = VERDICT_ADMIT, IN },
		{ "a second early", .ticket = { GOOD, .valid_from_s = NOW_S + 1 },
			.trust = TRUST_SYNCED, .verdict = VERDICT_NOT_YET },
		{ "until is inclusive, to its last millisecond",
			.ticket = { GOOD, .valid_until_s = NOW_S }, .now_ms = NOW_MS + 999,
			.trust = TRUST_SYNCED, .verdict = VERDICT_ADMIT, IN },
		{ "and not beyond", .ticket = { GOOD, .valid_until_s = NOW_S },
			.now_ms = NOW_MS + 1000, .trust = TRUST_SYNCED,
			.verdict = VERDICT_EXPIRED },
		{ "a free clock may lag: early is in doubt",
			.ticket = { GOOD, .valid_from_s = NOW_S + 1 }, .trust = TRUST_FREE,
			.verdict = VERDICT_ADMIT, IN, .doubt = true },
		{ "a free clock does not run ahead: late is sure",
			.ticket = { GOOD, .valid_until_s = NOW_S - 1 }, .trust = TRUST_FREE,
			.verdict = VERDICT_EXPIRED },
		{ "a free clock within the limits leaves no doubt",
			.ticket = { GOOD, .valid_from_s = NOW_S - 9, .valid_until_s = NOW_S + 9 },
			.trust = TRUST_FREE, .verdict = VERDICT_ADMIT, IN },
		{ "an unset clock refuses nobody for being early",
			.ticket = { GOOD, .valid_from_s = NOW_S + 1 }, .trust = TRUST_UNSET,
			.verdict = VERDICT_ADMIT, IN, .doubt = true },
		{ "nor for being late", .ticket = { GOOD, .valid_until_s = 1 },
			.trust = TRUST_UNSET, .verdict = VERDICT_ADMIT, IN, .doubt = true },
		{ "and doubts only what has limits", .ticket = { GOOD }, .trust = TRUST_UNSET,
			.verdict = VERDICT_ADMIT, IN },
		{ "a refusal carries no doubt",
			.ticket = { GOOD, .valid_until_s = 1, .foreign_venue = true },
			.trust = TRUST_UNSET, .verdict = VERDICT_WRONG_VENUE },
		{ "the ends of the range",
			.ticket = { GOOD, .valid_from_s = INT64_MIN, .valid_until_s = INT64_MAX },
			.trust = TRUST_SYNCED, .verdict = VERDICT_ADMIT, IN },
		{ "a ticket from after the end of time",
			.ticket = { GOOD, .valid_from_s = INT64_MAX }, .trust = TRUST_SYNCED,
			.verdict = VERDICT_NOT_YET },
		{ "a clock before 1970 rounds down, not towards it",
			.ticket = { GOOD, .valid_from_s = -1 }, .now_ms = -1001,
			.trust = TRUST_SYNCED, .verdict = VERDICT_NOT_YET },
	};
	PLAY(scenes);
}

static void a_ticket_is_for_its_venue(void **state)
{
	(void)state;
	static const struct scene scenes[] = {
		{ "for here", .ticket = { GOOD, .venue = HERE }, .verdict = VERDICT_ADMIT, IN },
		{ "for La Ruche", .ticket = { GOOD, .venue = "laruche" },
			.verdict = VERDICT_WRONG_VENUE },
		{ "for no place of ours", .ticket = { GOOD, .foreign_venue = true },
			.verdict = VERDICT_WRONG_VENUE },
		{ "the wrong venue is said even when full", .ticket = { GOOD, .venue = "laruche" },
			.present = CAPACITY, .verdict = VERDICT_WRONG_VENUE },
		{ "the type comes before the venue",
			.ticket = { GOOD, .venue = "laruche", .foreign_item = true },
			.verdict = VERDICT_UNKNOWN },
		{ "the time comes before the type",
			.ticket = { GOOD, .foreign_item = true, .valid_until_s = 1 },
			.trust = TRUST_SYNCED, .verdict = VERDICT_EXPIRED },
	};
	PLAY(scenes);
}

#define WAS_IN_HERE                                                                                \
	{                                                                                          \
		.last = DIRECTION_IN, .wall_ms = NOW_MS - 3600000, .trust = TRUST_SYNCED,          \
		.venue = HERE                                                                      \
	}
#define WAS_IN_ELSEWHERE                                                                           \
	{                                                                                          \
		.last = DIRECTION_IN, .trust = TRUST_SYNCED, .venue = "laruche"                    \
	}
#define WENT_OUT_HERE                                                                              \
	{                                                                                          \
		.last = DIRECTION_OUT, .venue = HERE                                               \
	}
#define WENT_OUT_ELSEWHERE                                                                         \
	{                                                                                          \
		.last = DIRECTION_OUT, .venue = "laruche"                                          \
	}

static void what_the_log_knows_decides_the_entry(void **state)
{
	(void)state;
	static const struct scene scenes[] = {
		{ "inside already", .ticket = { GOOD }, .prior = WAS_IN_HERE,
			.verdict = VERDICT_ALREADY_IN },
		{ "inside already, volunteer or not", .ticket = { GOOD }, .prior = WAS_IN_HERE,
			.override = true, .verdict = VERDICT_ALREADY_IN },
		{ "inside already is said even when full", .ticket = { GOOD }, .prior = WAS_IN_HERE,
			.present = CAPACITY, .verdict = VERDICT_ALREADY_IN },
		{ "back again", .ticket = { GOOD }, .prior = WENT_OUT_HERE,
			.verdict = VERDICT_READMIT, IN },
		{ "back again where that is not allowed", .ticket = { GOOD },
			.prior = WENT_OUT_HERE, .no_reentry = true, .verdict = VERDICT_ALREADY_IN },
		{ "on the move", .ticket = { GOOD }, .prior = WAS_IN_ELSEWHERE,
			.verdict = VERDICT_MOVED, IN, .from = "laruche" },
		{ "on the move is no reentry", .ticket = { GOOD }, .prior = WAS_IN_ELSEWHERE,
			.no_reentry = true, .verdict = VERDICT_MOVED, IN, .from = "laruche" },
		{ "counted out there already: not once more", .ticket = { GOOD },
			.prior = WENT_OUT_ELSEWHERE, .verdict = VERDICT_MOVED, IN },
		{ "gone out there, and no reentry", .ticket = { GOOD }, .prior = WENT_OUT_ELSEWHERE,
			.no_reentry = true, .verdict = VERDICT_ALREADY_IN },
	};
	PLAY(scenes);
}

static void a_full_house_is_full(void **state)
{
	(void)state;
	static const struct scene scenes[] = {
		{ "the last seat", .ticket = { GOOD }, .present = CAPACITY - 1,
			.verdict = VERDICT_ADMIT, IN },
		{ "none left", .ticket = { GOOD }, .present = CAPACITY, .verdict = VERDICT_FULL },
		{ "for those who come back too", .ticket = { GOOD }, .prior = WENT_OUT_HERE,
			.present = CAPACITY, .verdict = VERDICT_FULL },
		{ "and for those on the move", .ticket = { GOOD }, .prior = WAS_IN_ELSEWHERE,
			.present = CAPACITY + 1, .verdict = VERDICT_FULL },
		{ "no limit", .ticket = { GOOD }, .no_limit = true, .present = INT64_MAX,
			.verdict = VERDICT_ADMIT, IN },
		{ "a figure below nobody", .ticket = { GOOD }, .present = -5,
			.verdict = VERDICT_ADMIT, IN },
	};
	PLAY(scenes);
}

static void a_volunteer_may_take_it_on_themself(void **state)
{
	(void)state;
	static const struct scene scenes[] = {
		{ "one more than full", .ticket = { GOOD }, .present = CAPACITY, .override = true,
			.verdict = VERDICT_ADMIT, IN, .overridden = true },
		{ "for another venue", .ticket = { GOOD, .venue = "laruche" }, .override = true,
			.verdict = VERDICT_ADMIT, IN, .overridden = true },
		{ "too early", .ticket = { GOOD, .valid_from_s = NOW_S + 60 },
			.trust = TRUST_SYNCED, .override = true, .verdict = VERDICT_ADMIT, IN,
			.overridden = true },
		{ "too late", .ticket = { GOOD, .valid_until_s = 5 }, .trust = TRUST_SYNCED,
			.override = true, .verdict = VERDICT_ADMIT, IN, .overridden = true },
		{ "unknown", .ticket = { .kind = TICKET_UNKNOWN }, .override = true,
			.verdict = VERDICT_ADMIT, IN, .overridden = true },
		{ "unknown and full", .ticket = { .kind = TICKET_UNKNOWN }, .present = CAPACITY,
			.override = true, .verdict = VERDICT_ADMIT, IN, .overridden = true },
		{ "an unknown code that was let in is not let in twice",
			.ticket = { .kind = TICKET_UNKNOWN }, .prior = WAS_IN_HERE,
			.override = true, .verdict = VERDICT_ALREADY_IN },
		{ "full, and coming back", .ticket = { GOOD }, .prior = WENT_OUT_HERE,
			.present = CAPACITY, .override = true, .verdict = VERDICT_READMIT, IN,
			.overridden = true },
		{ "nothing was in the way", .ticket = { GOOD }, .override = true,
			.verdict = VERDICT_ADMIT, IN },
	};
	PLAY(scenes);
}

#define CAME_IN(ago_ms, how)                                                                       \
	{                                                                                          \
		.last = DIRECTION_IN, .wall_ms = NOW_MS - (ago_ms), .trust = (how), .venue = HERE  \
	}
#define OUT .direction = DIRECTION_OUT

static void the_way_out(void **state)
{
	(void)state;
	static const struct scene scenes[] = {
		{ "an exit", .ticket = { GOOD }, .prior = WAS_IN_HERE, .doorway = DOOR_EXIT,
			.verdict = VERDICT_EXIT, OUT },
		{ "out of a full house, after hours", .ticket = { GOOD, .valid_until_s = 1 },
			.prior = WAS_IN_HERE, .doorway = DOOR_EXIT, .present = CAPACITY,
			.trust = TRUST_SYNCED, .verdict = VERDICT_EXIT, OUT },
		{ "never counted in: nobody is taken off", .ticket = { GOOD }, .doorway = DOOR_EXIT,
			.verdict = VERDICT_EXIT },
		{ "out a second time", .ticket = { GOOD }, .prior = WENT_OUT_HERE,
			.doorway = DOOR_EXIT, .verdict = VERDICT_EXIT },
		{ "counted in elsewhere", .ticket = { GOOD }, .prior = WAS_IN_ELSEWHERE,
			.doorway = DOOR_EXIT, .verdict = VERDICT_EXIT },
		{ "an unknown code", .ticket = { .kind = TICKET_UNKNOWN }, .doorway = DOOR_EXIT,
			.verdict = VERDICT_UNKNOWN },
		{ "an unknown code lets nobody in at an exit", .ticket = { .kind = TICKET_UNKNOWN },
			.doorway = DOOR_EXIT, .override = true, .verdict = VERDICT_UNKNOWN },
		{ "an unknown code that a volunteer let in", .ticket = { .kind = TICKET_UNKNOWN },
			.prior = WAS_IN_HERE, .doorway = DOOR_EXIT, .verdict = VERDICT_EXIT, OUT },
		{ "one taken back", .ticket = { GOOD, .revoked = true }, .prior = WAS_IN_HERE,
			.doorway = DOOR_EXIT, .verdict = VERDICT_REVOKED },
	};
	PLAY(scenes);
}

static void a_door_for_both(void **state)
{
	(void)state;
	static const struct scene scenes[] = {
		{ "in", .ticket = { GOOD }, .doorway = DOOR_BOTH, .verdict = VERDICT_ADMIT, IN },
		{ "a phone handed back over the rope", .ticket = { GOOD },
			.prior = CAME_IN(ADMISSION_DWELL_MS - 1, TRUST_SYNCED),
			.doorway = DOOR_BOTH, .trust = TRUST_SYNCED,
			.verdict = VERDICT_ALREADY_IN },
		{ "out", .ticket = { GOOD }, .prior = CAME_IN(ADMISSION_DWELL_MS, TRUST_SYNCED),
			.doorway = DOOR_BOTH, .trust = TRUST_SYNCED, .verdict = VERDICT_EXIT, OUT },
		{ "out when the ticket has run out meanwhile",
			.ticket = { GOOD, .valid_until_s = NOW_S - 60 },
			.prior = CAME_IN(ADMISSION_DWELL_MS, TRUST_SYNCED), .doorway = DOOR_BOTH,
			.trust = TRUST_SYNCED, .verdict = VERDICT_EXIT, OUT },
		{ "free clocks are good enough", .ticket = { GOOD },
			.prior = CAME_IN(ADMISSION_DWELL_MS, TRUST_FREE), .doorway = DOOR_BOTH,
			.trust = TRUST_FREE, .verdict = VERDICT_EXIT, OUT },
		{ "an unset clock proves no dwelling", .ticket = { GOOD },
			.prior = CAME_IN(3600000, TRUST_SYNCED), .doorway = DOOR_BOTH,
			.trust = TRUST_UNSET, .verdict = VERDICT_ALREADY_IN },
		{ "nor does one that was unset then", .ticket = { GOOD },
			.prior = CAME_IN(3600000, TRUST_UNSET), .doorway = DOOR_BOTH,
			.trust = TRUST_SYNCED, .verdict = VERDICT_ALREADY_IN },
		{ "a clock set back proves nothing", .ticket = { GOOD },
			.prior = CAME_IN(-1000, TRUST_SYNCED), .doorway = DOOR_BOTH,
			.trust = TRUST_SYNCED, .verdict = VERDICT_ALREADY_IN },
		{ "nor does a difference beyond any", .ticket = { GOOD },
			.prior = { .last = DIRECTION_IN,
				.wall_ms = INT64_MIN,
				.trust = TRUST_SYNCED,
				.venue = HERE },
			.doorway = DOOR_BOTH, .trust = TRUST_SYNCED,
			.verdict = VERDICT_ALREADY_IN },
		{ "and in again", .ticket = { GOOD }, .prior = WENT_OUT_HERE, .doorway = DOOR_BOTH,
			.verdict = VERDICT_READMIT, IN },
	};
	PLAY(scenes);
}

static void a_guest_without_a_ticket(void **state)
{
	(void)state;
	struct admission_rules rules = { .venue = HERE, .capacity_seats = 2 };
	struct decision d = admission_walk_in(&rules, 1, false);
	assert_int_equal(d.verdict, VERDICT_ADMIT);
	assert_int_equal(d.direction, DIRECTION_IN);
	assert_false(d.overridden);
	d = admission_walk_in(&rules, 2, false);
	assert_int_equal(d.verdict, VERDICT_FULL);
	assert_int_equal(d.direction, DIRECTION_NONE);
	d = admission_walk_in(&rules, 2, true);
	assert_int_equal(d.verdict, VERDICT_ADMIT);
	assert_int_equal(d.direction, DIRECTION_IN);
	assert_true(d.overridden);
	d = admission_walk_in(&rules, 1, true);
	assert_false(d.overridden);
}

/* What must hold of every decision, whatever led to it. */
static void check_promises(const struct scene *s)
{
	struct decision d = decide(s);
	assert_int_equal(d.direction == DIRECTION_IN, verdict_admits(d.verdict));
	assert_true(d.direction != DIRECTION_OUT || d.verdict == VERDICT_EXIT);
	assert_true(!d.overridden || (s->override && verdict_admits(d.verdict)));
	assert_true(!d.time_doubt || verdict_admits(d.verdict));
	assert_true(!d.from_venue[0] || d.verdict == VERDICT_MOVED);
	assert_true(d.direction != DIRECTION_IN || s->doorway != DOOR_EXIT);
	assert_true(d.direction != DIRECTION_IN || s->override || s->present < CAPACITY);
	bool inside = s->prior.last == DIRECTION_IN && !strcmp(s->prior.venue, HERE);
	assert_true(d.direction != DIRECTION_IN || !inside);
	assert_true(d.direction != DIRECTION_OUT || inside);
	if (s->ticket.revoked && s->ticket.kind == TICKET_SIGNED)
		assert_int_equal(d.verdict, VERDICT_REVOKED);
	assert_int_not_equal(d.verdict, VERDICT_NONE);
	assert_int_not_equal(d.verdict, VERDICT_STORE_FAILED);
}

/* Every combination: the digits of a number in mixed base are the choices. */
static struct scene combine(unsigned n)
{
	static const char *const venues[] = { "", HERE, "laruche" };
	struct scene s = { 0 };
#define CHOOSE(of)                                                                                 \
	(n % (of));                                                                                \
	n /= (of)
	s.ticket.kind = (enum ticket_kind)CHOOSE(TICKET_KIND_COUNT);
	unsigned for_venue = CHOOSE(3);
	s.ticket.foreign_venue = CHOOSE(2);
	s.ticket.foreign_item = CHOOSE(2);
	s.ticket.revoked = CHOOSE(2);
	unsigned window = CHOOSE(4);
	s.prior.last = (enum direction)CHOOSE(3);
	unsigned was_at = CHOOSE(2);
	s.prior.wall_ms = NOW_MS - 30000 * (int64_t)CHOOSE(3);
	s.prior.trust = (enum trust)CHOOSE(TRUST_COUNT);
	s.trust = (enum trust)CHOOSE(TRUST_COUNT);
	s.doorway = (enum doorway)CHOOSE(3);
	s.no_reentry = CHOOSE(2);
	s.override = CHOOSE(2);
	s.present = CAPACITY - 1 + (int64_t)CHOOSE(2);
#undef CHOOSE
	strcpy(s.ticket.venue, venues[for_venue]);
	strcpy(s.prior.venue, venues[1 + was_at]);
	s.ticket.valid_from_s = window & 1 ? NOW_S + 60 : 0;
	s.ticket.valid_until_s = window & 2 ? NOW_S - 60 : 0;
	return s;
}

static void promises_hold_of_every_combination(void **state)
{
	(void)state;
	const unsigned all = TICKET_KIND_COUNT * 3 * 2 * 2 * 2 * 4 * 3 * 2 * 3 * TRUST_COUNT *
			     TRUST_COUNT * 3 * 2 * 2 * 2;
	for (unsigned n = 0; n < all; n++) {
		struct scene s = combine(n);
		check_promises(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kind_decides_first),
		cmocka_unit_test(time_limits_are_judged_as_far_as_the_clock_goes),
		cmocka_unit_test(a_ticket_is_for_its_venue),
		cmocka_unit_test(what_the_log_knows_decides_the_entry),
		cmocka_unit_test(a_full_house_is_full),
		cmocka_unit_test(a_volunteer_may_take_it_on_themself),
		cmocka_unit_test(the_way_out),
		cmocka_unit_test(a_door_for_both),
		cmocka_unit_test(a_guest_without_a_ticket),
		cmocka_unit_test(promises_hold_of_every_combination),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
