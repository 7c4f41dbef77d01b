#include "door/desk.h"

#include "base/cc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#define OPENS_MS (INT64_C(1481220000) * 1000)
#define CODES    8
#define STEPS    250000

/* --- a desk, and a store behind it that remembers just enough ------------------------------- */

struct bench {
	struct desk d;
	struct when now;
	struct desk_effects fx;
	struct headcount count;
	struct prior priors[CODES];
	struct row rows[64]; /* the newest, by seq */
	uint64_t seq, undone;
	bool asked; /* a RECORD is outstanding */
	struct desk_request request;
	bool pin_asked;
	char typed[PIN_DIGITS_MAX + 1];
	bool text_held; /* as the app would keep it */
	uint8_t text[TICKET_HASH_SIZE];
	enum verdict last; /* of the newest durable answer */
	unsigned chimed, failed;
};

static const struct desk_venue venues[] = {
	{ .id = "numa", .place = { .name = "Numa", .address = "39 rue du Caire" } },
	{ .id = "laruche",
		.place = { .name = "La Ruche", .address = "84 quai de Jemmapes", .walk_min = 20 } },
};

/* The code of each hash: hash[0] is its number. */
static const struct ticket tickets[CODES] = {
	{ .kind = TICKET_SIGNED, .name = "Amina" },
	{ .kind = TICKET_ROSTER, .name = "Zoé" },
	{ .kind = TICKET_SIGNED, .name = "Jean", .venue = "laruche" },
	{ .kind = TICKET_UNKNOWN },
	{ .kind = TICKET_NOT_ONE },
	{ .kind = TICKET_STAFF },
	{ .kind = TICKET_TEST },
	{ .kind = TICKET_SIGNED, .name = "Lou", .valid_until_s = 1000 },
};
enum { AMINA, ZOE, JEAN, NOBODY, ADDRESS, CARD, TEST, LATE };

static struct desk_setup setup_of(uint32_t seats)
{
	return (struct desk_setup){ .event_title = "Nuit",
		.venue_name = "Numa",
		.venue_address = "39 rue du Caire",
		.debate = "",
		.rules = { .venue = "numa",
			.door = "north",
			.reentry = true,
			.capacity_seats = seats },
		.venues = venues,
		.venue_count = ARRAY_LEN(venues),
		.languages = 1U << LANGUAGE_FR | 1U << LANGUAGE_EN,
		.language = LANGUAGE_FR,
		.has_camera = true,
		.has_scanner = true,
		.has_pin = true,
		.start_ms = OPENS_MS };
}

static void open_bench(struct bench *b, const struct desk_setup *setup)
{
	memset(b, 0, sizeof(*b));
	b->now = (struct when){
		.wall_ms = OPENS_MS + 1000, .mono_ms = 50000, .trust = TRUST_SYNCED
	};
	headcount_init(&b->count, "numa", OPENS_MS);
	desk_init(&b->d, setup, &b->count, 0, &b->now);
}

static void open_door(struct bench *b)
{
	struct desk_setup setup = setup_of(100);
	open_bench(b, &setup);
}

static struct screen screen_of(const struct bench *b)
{
	struct screen s;
	desk_screen(&b->d, &b->now, &s);
	return s;
}

static uint8_t lamps(const struct bench *b)
{
	return desk_lamps(&b->d, &b->now);
}

/* What the app does with the effects of a step, checked as they come. */
static void carry_out(struct bench *b, const struct desk_event *e)
{
	const struct desk_effects *fx = &b->fx;
	b->chimed += (fx->set & EFFECT_CHIME) != 0;
	if (fx->set & EFFECT_FORGET)
		b->text_held = false;
	if (fx->set & EFFECT_RECORD) {
		assert_false(b->asked); /* one at a time */
		b->asked = true;
		b->request = fx->request;
	}
	bool code = e->kind == DESK_CODE && (fx->set & EFFECT_RECORD);
	if (code) {
		b->text_held = true;
		memcpy(b->text, e->code.hash, sizeof(b->text));
	}
	if ((fx->set & EFFECT_RECORD) && fx->request.kind == ROW_SCAN) {
		assert_true(b->text_held);
		assert_memory_equal(fx->request.hash, b->text, sizeof(b->text));
	}
	if (fx->set & EFFECT_CHECK_PIN) {
		assert_false(b->pin_asked);
		b->pin_asked = true;
		assert_in_range(strlen(fx->pin), PIN_DIGITS_MIN, PIN_DIGITS_MAX);
		assert_int_equal(strlen(b->d.pin), 0);
	}
	if (fx->set & EFFECT_VERDICT)
		assert_true(e->kind == DESK_RECORDED || e->kind == DESK_FAILED);
}

static void step(struct bench *b, struct desk_event *e)
{
	e->now = b->now;
	desk_step(&b->d, e, &b->fx);
	carry_out(b, e);
}

static void pass(struct bench *b, int64_t ms)
{
	b->now.mono_ms += ms;
	b->now.wall_ms += ms;
	struct desk_event e = { .kind = DESK_TICK };
	step(b, &e);
}

static void scan_from(struct bench *b, uint8_t code, enum source source)
{
	struct desk_event e = { .kind = DESK_CODE, .code = { .hash = { code }, .source = source } };
	step(b, &e);
}

static void tap(struct bench *b, enum control control)
{
	struct desk_event e = { .kind = DESK_TAP, .tap = control };
	step(b, &e);
}

static void press(struct bench *b, enum button button)
{
	struct desk_event e = { .kind = DESK_BUTTON, .button = button };
	step(b, &e);
}

static void answer_pin(struct bench *b, bool good)
{
	struct desk_event e = { .kind = DESK_PIN_RESULT, .pin_good = good };
	b->pin_asked = false;
	step(b, &e);
}

static void set_faults(struct bench *b, uint32_t mask, uint32_t on)
{
	struct desk_event e = { .kind = DESK_FAULTS, .faults = { .mask = mask, .on = on } };
	step(b, &e);
}

static void fail_row(struct bench *b, uint32_t fault)
{
	struct desk_event e = { .kind = DESK_FAILED, .failed = { .fault = fault } };
	b->asked = false;
	b->failed++;
	step(b, &e);
}

static void decide(struct bench *b, struct row *row, struct desk_event *e)
{
	const struct desk_request *r = &b->request;
	struct decision d = { 0 };
	int64_t present = headcount_present(&b->count);
	if (r->kind == ROW_SCAN) {
		uint8_t code = r->hash[0];
		e->recorded.ticket = tickets[code];
		e->recorded.prior = b->priors[code];
		d = admission_decide(&b->d.setup.rules, &tickets[code], &b->priors[code], present,
			&b->now, r->override);
		memcpy(row->ticket, r->hash, sizeof(row->ticket));
		row->ticket[1] = 1;
		if (d.direction != DIRECTION_NONE) {
			b->priors[code] = (struct prior){ .last = d.direction,
				.wall_ms = b->now.wall_ms,
				.trust = b->now.trust,
				.venue = "numa",
				.door = "north" };
		}
	} else if (r->kind == ROW_WALK_IN) {
		d = admission_walk_in(&b->d.setup.rules, present, r->override);
	}
	row->verdict = d.verdict;
	row->direction = d.direction;
	row->overridden = d.overridden;
	row->time_doubt = d.time_doubt;
}

/* The store writes the row that was asked for. */
static void write_row(struct bench *b)
{
	assert_true(b->asked);
	struct desk_event e = { .kind = DESK_RECORDED };
	struct row *row = &e.recorded.row;
	row->kind = b->request.kind;
	row->source = b->request.source;
	row->at = b->now;
	row->seq = ++b->seq;
	strcpy(row->venue, "numa");
	decide(b, row, &e);
	if (row->kind == ROW_ADJUST)
		row->amount = b->request.amount;
	if (row->kind == ROW_UNDO) {
		const struct row *undone = &b->rows[b->request.undoes % ARRAY_LEN(b->rows)];
		assert_int_equal(undone->seq, b->request.undoes);
		assert_int_not_equal(headcount_effect(undone), 0);
		assert_true(b->request.undoes > b->undone); /* never the same twice */
		b->undone = b->request.undoes;
		row->undoes = undone->seq;
		row->amount = headcount_effect(undone);
		if (undone->kind == ROW_SCAN)
			b->priors[undone->ticket[0]] = (struct prior){ 0 };
	}
	b->rows[b->seq % ARRAY_LEN(b->rows)] = *row;
	headcount_apply(&b->count, row);
	e.recorded.count = b->count;
	b->asked = false;
	if (row->kind == ROW_SCAN || row->kind == ROW_WALK_IN)
		b->last = row->verdict;
	step(b, &e);
}

static void scan(struct bench *b, uint8_t code)
{
	scan_from(b, code, SOURCE_SCANNER);
	write_row(b);
}

static void type(struct bench *b, const char *digits)
{
	for (; *digits; digits++)
		tap(b, (enum control)(CONTROL_DIGIT_0 + (*digits - '0')));
}

static void open_session(struct bench *b)
{
	press(b, BUTTON_VOLUNTEER);
	type(b, "2468");
	tap(b, CONTROL_ENTER);
	answer_pin(b, true);
	assert_int_equal(screen_of(b).id, SCREEN_HEADCOUNT);
}

/* --- codes and results ---------------------------------------------------------------------- */

static void green_follows_the_row(void **state)
{
	(void)state;
	struct bench b;
	open_door(&b);
	scan_from(&b, AMINA, SOURCE_CAMERA);
	assert_int_equal(b.fx.set & (EFFECT_RECORD | EFFECT_CUE | EFFECT_VERDICT), EFFECT_RECORD);
	assert_int_equal(b.fx.request.kind, ROW_SCAN);
	assert_int_equal(b.fx.request.source, SOURCE_CAMERA);
	assert_int_equal(lamps(&b), 0);
	assert_false(desk_ready(&b.d));
	assert_int_equal(screen_of(&b).id, SCREEN_SCAN);
	pass(&b, 5000);
	assert_int_equal(lamps(&b), 0);
	write_row(&b);
	uint32_t all = EFFECT_VERDICT | EFFECT_CUE | EFFECT_SCREEN | EFFECT_FORGET;
	assert_int_equal(b.fx.set & all, all);
	assert_int_equal(b.fx.verdict, VERDICT_ADMIT);
	assert_int_equal(b.fx.source, SOURCE_CAMERA);
	assert_ptr_equal(b.fx.cue, cue_of(VERDICT_ADMIT));
	assert_true(lamps(&b) & LAMP_GREEN);
	assert_true(desk_ready(&b.d));
	struct screen s = screen_of(&b);
	assert_int_equal(s.id, SCREEN_RESULT);
	assert_string_equal(s.name, "Amina");
	assert_int_equal(s.entry_number, 1);
	assert_int_equal(s.left_permille, 1000);
}

static void a_failed_row_is_never_green(void **state)
{
	(void)state;
	struct bench b;
	open_door(&b);
	scan_from(&b, AMINA, SOURCE_CAMERA);
	fail_row(&b, FAULT_STORE_FULL);
	assert_int_equal(b.fx.verdict, VERDICT_STORE_FAILED);
	assert_true(lamps(&b) & LAMP_RED);
	assert_int_equal(screen_of(&b).id, SCREEN_FAULT);
	assert_int_equal(screen_of(&b).faults, FAULT_STORE_FULL);
	assert_false(b.text_held);
	for (int i = 0; i < 1200; i++) {
		pass(&b, 100);
		assert_false(lamps(&b) & (LAMP_GREEN | LAMP_DOOR));
		assert_int_equal(screen_of(&b).id, SCREEN_FAULT);
	}
	assert_int_equal(lamps(&b), LAMP_RED);
	scan_from(&b, ZOE, SOURCE_CAMERA); /* still tried */
	assert_true(b.fx.set & EFFECT_RECORD);
	fail_row(&b, FAULT_STORE_FULL);
	set_faults(&b, FAULTS_STOP, 0);
	assert_int_equal(screen_of(&b).id, SCREEN_SCAN);
	assert_int_equal(screen_of(&b).faults, 0);
	scan_from(&b, ZOE, SOURCE_CAMERA); /* whoever still holds up their code is answered */
	write_row(&b);
	assert_int_equal(b.fx.verdict, VERDICT_ADMIT);
}

static void a_row_that_is_written_ends_the_fault(void **state)
{
	(void)state;
	struct bench b;
	open_door(&b);
	set_faults(&b, FAULTS_STOP, FAULT_STORE_READ_ONLY);
	assert_int_equal(screen_of(&b).id, SCREEN_FAULT);
	scan(&b, AMINA);
	assert_int_equal(screen_of(&b).id, SCREEN_RESULT);
	pass(&b, 3000);
	assert_int_equal(screen_of(&b).id, SCREEN_SCAN);
}

static void a_failure_without_a_cause_is_a_result_that_ends(void **state)
{
	(void)state;
	struct bench b;
	open_door(&b);
	scan_from(&b, AMINA, SOURCE_SCANNER);
	fail_row(&b, 0);
	assert_int_equal(screen_of(&b).id, SCREEN_RESULT);
	assert_int_equal(screen_of(&b).verdict, VERDICT_STORE_FAILED);
	assert_string_equal(screen_of(&b).name, "");
	pass(&b, cue_of(VERDICT_STORE_FAILED)->hold_ms);
	assert_int_equal(screen_of(&b).id, SCREEN_SCAN);
}

static void the_cameras_code_counts_once_and_a_hand_scanners_each_time(void **state)
{
	(void)state;
	struct bench b;
	open_door(&b);
	scan_from(&b, AMINA, SOURCE_CAMERA);
	pass(&b, 4000); /* a slow disk */
	write_row(&b);
	for (int i = 0; i < 200; i++) {
		pass(&b, 50);
		scan_from(&b, AMINA, SOURCE_CAMERA);
		assert_false(b.fx.set & EFFECT_RECORD);
	}
	pass(&b, REPEAT_GAP_MS);
	scan_from(&b, AMINA, SOURCE_CAMERA);
	write_row(&b);
	assert_int_equal(b.fx.verdict, VERDICT_ALREADY_IN);
	struct desk_event clear = { .kind = DESK_LENS_CLEAR };
	step(&b, &clear);
	scan_from(&b, AMINA, SOURCE_CAMERA);
	assert_true(b.fx.set & EFFECT_RECORD);
	write_row(&b);
	for (int i = 0; i < 3; i++)
		scan(&b, AMINA);
	assert_int_equal(b.count.refused, 5);
}

static void a_new_code_interrupts_at_once_and_takes_no_green_over(void **state)
{
	(void)state;
	struct bench b;
	open_door(&b);
	scan(&b, AMINA);
	pass(&b, 200);
	assert_true(lamps(&b) & LAMP_GREEN);
	scan_from(&b, JEAN, SOURCE_CAMERA);
	assert_true(b.fx.set & EFFECT_SCREEN);
	assert_int_equal(screen_of(&b).id, SCREEN_SCAN);
	assert_int_equal(lamps(&b), LAMP_DOOR); /* the guest before is still walking in */
	write_row(&b);
	assert_int_equal(b.fx.verdict, VERDICT_WRONG_VENUE);
	assert_false(lamps(&b) & (LAMP_GREEN | LAMP_DOOR));
	struct screen s = screen_of(&b);
	assert_string_equal(s.place.name, "La Ruche");
	assert_int_equal(s.place.walk_min, 20);
	assert_string_equal(s.name, "");
}

static void results_end_by_their_time_or_a_tap(void **state)
{
	(void)state;
	struct bench b;
	open_door(&b);
	scan(&b, AMINA);
	uint16_t before = 1001;
	for (int i = 0; i < 30; i++) {
		struct screen s = screen_of(&b);
		assert_int_equal(s.id, SCREEN_RESULT);
		assert_in_range(s.left_permille, 1, before - 1);
		before = s.left_permille;
		pass(&b, 100);
	}
	assert_int_equal(screen_of(&b).id, SCREEN_SCAN);
	scan(&b, AMINA);
	struct screen s = screen_of(&b);
	assert_int_equal(s.verdict, VERDICT_ALREADY_IN);
	assert_int_equal(s.prior.wall_ms, OPENS_MS + 1000);
	assert_string_equal(s.prior_door, "north");
	assert_null(s.prior_venue);
	assert_string_equal(s.name, ""); /* it may be a copy that is held up */
	tap(&b, CONTROL_OK);
	assert_int_equal(screen_of(&b).id, SCREEN_SCAN);
}

static void moved_and_expired_say_whence_and_when(void **state)
{
	(void)state;
	struct bench b;
	open_door(&b);
	strcpy(b.priors[AMINA].venue, "laruche");
	b.priors[AMINA].last = DIRECTION_IN;
	scan(&b, AMINA);
	assert_int_equal(b.fx.verdict, VERDICT_MOVED);
	assert_string_equal(screen_of(&b).prior_venue, "La Ruche");
	scan(&b, LATE);
	assert_int_equal(b.fx.verdict, VERDICT_EXPIRED);
	assert_int_equal(screen_of(&b).limit.wall_ms, 1000000);
	assert_null(screen_of(&b).prior_venue);
}

/* --- without a ticket, and the buttons ------------------------------------------------------ */

static void one_tap_is_one_guest(void **state)
{
	(void)state;
	struct bench b;
	open_door(&b);
	tap(&b, CONTROL_NO_TICKET);
	assert_int_equal(b.fx.request.kind, ROW_WALK_IN);
	assert_int_equal(b.fx.request.source, SOURCE_TOUCH);
	write_row(&b);
	assert_true(screen_of(&b).walk_in);
	tap(&b, CONTROL_OK);
	pass(&b, DESK_DOUBLE_TAP_MS - 1);
	tap(&b, CONTROL_NO_TICKET);
	assert_int_equal(b.fx.set & (EFFECT_RECORD | EFFECT_CHIME), 0);
	pass(&b, 1);
	tap(&b, CONTROL_NO_TICKET);
	assert_true(b.fx.set & EFFECT_RECORD);
	write_row(&b);
	assert_int_equal(b.count.walk_ins, 2);
}

static void nobody_comes_in_by_the_exit(void **state)
{
	(void)state;
	struct bench b;
	struct desk_setup setup = setup_of(100);
	setup.rules.doorway = DOOR_EXIT;
	open_bench(&b, &setup);
	tap(&b, CONTROL_NO_TICKET);
	assert_false(b.fx.set & EFFECT_RECORD);
	assert_int_equal(screen_of(&b).id, SCREEN_HELP);
	scan(&b, NOBODY);
	assert_int_equal(screen_of(&b).verdict, VERDICT_UNKNOWN);
	assert_false(screen_of(&b).can_override);
	assert_false(b.text_held);
}

/* The queue at empty, one, full − 1 and full: a clicker is faster than a disk. */
static void presses_wait_for_the_disk_and_none_is_lost_in_silence(void **state)
{
	(void)state;
	for (unsigned presses = 1; presses <= DESK_WAITING_MAX + 3; presses++) {
		struct bench b;
		struct desk_setup setup = setup_of(2); /* full does not unsay a click */
		open_bench(&b, &setup);
		for (unsigned i = 0; i < presses; i++)
			press(&b, BUTTON_PLUS);
		unsigned room = DESK_WAITING_MAX + 1; /* and the one being written */
		unsigned taken = presses < room ? presses : room;
		assert_int_equal(b.chimed, presses - taken);
		while (b.asked) {
			assert_int_equal(b.request.source, SOURCE_BUTTON);
			assert_string_equal(b.request.operator, "volunteer");
			write_row(&b);
			assert_int_equal(b.fx.verdict, VERDICT_ADMIT);
		}
		assert_int_equal(b.count.walk_ins, taken);
	}
}

static void help_is_called_and_ends(void **state)
{
	(void)state;
	struct bench b;
	open_door(&b);
	press(&b, BUTTON_HELP);
	assert_int_equal(screen_of(&b).id, SCREEN_HELP);
	assert_ptr_equal(b.fx.cue, &cue_help);
	assert_true(lamps(&b) & LAMP_AMBER);
	scan(&b, AMINA); /* the door goes on */
	assert_int_equal(screen_of(&b).verdict, VERDICT_ADMIT);
	tap(&b, CONTROL_OK);
	press(&b, BUTTON_HELP);
	pass(&b, DESK_HELP_MS - 1);
	assert_int_equal(screen_of(&b).id, SCREEN_HELP);
	pass(&b, 1);
	assert_int_equal(screen_of(&b).id, SCREEN_SCAN);
}

/* --- volunteers ------------------------------------------------------------------------------ */

static void a_pin_opens_the_figures_for_a_minute(void **state)
{
	(void)state;
	struct bench b;
	open_door(&b);
	tap(&b, CONTROL_STAFF);
	assert_int_equal(screen_of(&b).id, SCREEN_PIN);
	type(&b, "123");
	tap(&b, CONTROL_ENTER); /* too short */
	assert_false(b.fx.set & EFFECT_CHECK_PIN);
	type(&b, "99");
	tap(&b, CONTROL_ERASE);
	assert_int_equal(screen_of(&b).pin_digits, 4);
	tap(&b, CONTROL_ENTER);
	assert_string_equal(b.fx.pin, "1239");
	assert_int_equal(screen_of(&b).pin, PIN_CHECKING);
	answer_pin(&b, true);
	assert_int_equal(screen_of(&b).id, SCREEN_HEADCOUNT);
	assert_true(screen_of(&b).staff);
	scan(&b, AMINA); /* the door goes on */
	assert_int_equal(screen_of(&b).id, SCREEN_RESULT);
	tap(&b, CONTROL_OK);
	assert_int_equal(screen_of(&b).id, SCREEN_HEADCOUNT);
	tap(&b, CONTROL_BACK);
	assert_int_equal(screen_of(&b).id, SCREEN_SCAN);
	assert_true(screen_of(&b).staff);
	tap(&b, CONTROL_LANGUAGE_0); /* a guest's touch keeps nothing open */
	pass(&b, DESK_STAFF_IDLE_MS);
	assert_false(screen_of(&b).staff);
	press(&b, BUTTON_VOLUNTEER);
	assert_int_equal(screen_of(&b).id, SCREEN_PIN);
	pass(&b, DESK_STAFF_IDLE_MS);
	assert_int_equal(screen_of(&b).id, SCREEN_SCAN);
	open_session(&b);
	tap(&b, CONTROL_LEAVE);
	assert_int_equal(screen_of(&b).id, SCREEN_SCAN);
	assert_false(screen_of(&b).staff);
}

static void wrong_pins_wait_longer_and_longer(void **state)
{
	(void)state;
	struct bench b;
	open_door(&b);
	int64_t wait_ms = PIN_WAIT_MS;
	for (int wrong = 1; wrong < PIN_TRIES + 3; wrong++) {
		press(&b, BUTTON_VOLUNTEER);
		type(&b, "0000");
		tap(&b, CONTROL_ENTER);
		assert_true(b.fx.set & EFFECT_CHECK_PIN);
		answer_pin(&b, false);
		if (wrong < PIN_TRIES) {
			assert_int_equal(screen_of(&b).pin, PIN_WRONG);
			continue;
		}
		assert_int_equal(screen_of(&b).pin, PIN_WAIT);
		assert_int_equal(screen_of(&b).pin_wait_s, wait_ms / 1000);
		type(&b, "2468");
		tap(&b, CONTROL_ENTER);
		assert_false(b.fx.set & EFFECT_CHECK_PIN);
		tap(&b, CONTROL_BACK); /* leaving does not help */
		press(&b, BUTTON_VOLUNTEER);
		assert_int_equal(screen_of(&b).pin, PIN_WAIT);
		pass(&b, wait_ms);
		wait_ms *= 2;
	}
	open_session(&b);
	tap(&b, CONTROL_LEAVE);
	press(&b, BUTTON_VOLUNTEER);
	assert_int_equal(screen_of(&b).pin, PIN_TYPING);
}

static void without_a_pin_nobody_comes_in(void **state)
{
	(void)state;
	struct bench b;
	struct desk_setup setup = setup_of(100);
	setup.has_pin = false;
	open_bench(&b, &setup);
	press(&b, BUTTON_VOLUNTEER);
	assert_int_equal(screen_of(&b).pin, PIN_NOT_SET);
	type(&b, "2468");
	tap(&b, CONTROL_ENTER);
	assert_false(b.fx.set & EFFECT_CHECK_PIN);
}

static void a_staff_card_asks_for_the_pin(void **state)
{
	(void)state;
	struct bench b;
	open_door(&b);
	scan(&b, CARD);
	assert_int_equal(screen_of(&b).verdict, VERDICT_STAFF);
	pass(&b, cue_of(VERDICT_STAFF)->hold_ms);
	assert_int_equal(screen_of(&b).id, SCREEN_PIN);
	tap(&b, CONTROL_BACK);
	open_session(&b);
	scan(&b, CARD);
	tap(&b, CONTROL_OK);
	assert_int_equal(screen_of(&b).id, SCREEN_HEADCOUNT);
}

static void an_override_takes_a_pin_and_leaves_no_session(void **state)
{
	(void)state;
	struct bench b;
	open_door(&b);
	scan(&b, JEAN);
	assert_true(screen_of(&b).can_override);
	assert_true(b.text_held);
	tap(&b, CONTROL_OVERRIDE);
	assert_true(screen_of(&b).pin_for_override);
	assert_true(b.text_held);
	type(&b, "2468");
	tap(&b, CONTROL_ENTER);
	answer_pin(&b, true);
	assert_true(b.fx.set & EFFECT_RECORD);
	assert_true(b.request.override);
	assert_int_equal(b.request.hash[0], JEAN);
	assert_string_equal(b.request.operator, "volunteer");
	assert_false(lamps(&b) & LAMP_GREEN);
	write_row(&b);
	assert_int_equal(b.fx.verdict, VERDICT_ADMIT);
	assert_true(screen_of(&b).overridden);
	assert_false(screen_of(&b).staff);
	assert_false(screen_of(&b).can_override);
	assert_false(b.text_held);
	tap(&b, CONTROL_OK);
	assert_int_equal(screen_of(&b).id, SCREEN_SCAN);
}

static void an_override_in_a_session_is_immediate(void **state)
{
	(void)state;
	struct bench b;
	struct desk_setup setup = setup_of(1);
	open_bench(&b, &setup);
	open_session(&b);
	tap(&b, CONTROL_BACK);
	scan(&b, AMINA);
	tap(&b, CONTROL_OK);
	tap(&b, CONTROL_NO_TICKET);
	write_row(&b);
	assert_int_equal(b.fx.verdict, VERDICT_FULL);
	tap(&b, CONTROL_OVERRIDE);
	assert_int_equal(b.request.kind, ROW_WALK_IN);
	assert_true(b.request.override);
	write_row(&b);
	assert_int_equal(b.fx.verdict, VERDICT_ADMIT);
	assert_int_equal(headcount_present(&b.count), 2);
}

/* The PIN was given for one guest; it must not open anything for whoever came next. */
static void the_next_code_voids_an_override_and_its_pin(void **state)
{
	(void)state;
	struct bench b;
	open_door(&b);
	scan(&b, JEAN);
	tap(&b, CONTROL_OVERRIDE);
	type(&b, "2468");
	tap(&b, CONTROL_ENTER);
	scan_from(&b, AMINA, SOURCE_CAMERA);
	assert_int_equal(screen_of(&b).id, SCREEN_SCAN);
	answer_pin(&b, true);
	assert_false(screen_of(&b).staff);
	write_row(&b);
	assert_int_equal(b.fx.verdict, VERDICT_ADMIT);
	assert_false(b.asked);
	assert_int_equal(headcount_present(&b.count), 1);
}

static void only_what_a_volunteer_may_take_on_is_offered(void **state)
{
	(void)state;
	static const struct {
		uint8_t code;
		bool offered;
	} cases[] = { { AMINA, false }, { JEAN, true }, { NOBODY, true }, { ADDRESS, false },
		{ CARD, false }, { TEST, false }, { LATE, true }, { AMINA, false } };
	struct bench b;
	open_door(&b);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		scan(&b, cases[i].code);
		assert_int_equal(screen_of(&b).can_override, cases[i].offered);
		assert_int_equal(b.text_held, cases[i].offered);
	}
	scan(&b, JEAN);
	pass(&b, cue_of(VERDICT_WRONG_VENUE)->hold_ms);
	assert_false(b.text_held);
}

static void corrections_are_rows_and_undone_once(void **state)
{
	(void)state;
	struct bench b;
	open_door(&b);
	open_session(&b);
	tap(&b, CONTROL_MINUS); /* nobody is here */
	assert_false(b.asked);
	tap(&b, CONTROL_UNDO); /* nothing to undo */
	assert_false(b.asked);
	tap(&b, CONTROL_PLUS);
	tap(&b, CONTROL_MINUS);
	tap(&b, CONTROL_MINUS);
	write_row(&b);
	assert_false(b.fx.set & (EFFECT_VERDICT | EFFECT_CUE));
	assert_true(b.fx.set & EFFECT_SCREEN);
	write_row(&b);
	assert_false(b.asked); /* the second −1 would have been below nobody */
	assert_int_equal(headcount_present(&b.count), 0);
	tap(&b, CONTROL_PLUS);
	write_row(&b);
	assert_true(screen_of(&b).can_undo);
	tap(&b, CONTROL_UNDO);
	tap(&b, CONTROL_UNDO);
	assert_int_equal(b.request.undoes, b.seq);
	write_row(&b);
	assert_false(b.asked);
	assert_false(screen_of(&b).can_undo);
	assert_int_equal(headcount_present(&b.count), 0);
	assert_int_equal(screen_of(&b).id, SCREEN_HEADCOUNT);
}

/* --- sessions and faults --------------------------------------------------------------------- */

static void language_size_and_theme_go_back_to_the_houses(void **state)
{
	(void)state;
	struct bench b;
	open_door(&b);
	for (int way = 0; way < 4; way++) {
		tap(&b, (enum control)(CONTROL_LANGUAGE_0 + LANGUAGE_EN));
		tap(&b, CONTROL_TEXT_SIZE);
		tap(&b, CONTROL_CONTRAST);
		assert_int_equal(screen_of(&b).language, LANGUAGE_EN);
		assert_int_equal(screen_of(&b).text_percent, 150);
		assert_int_equal(screen_of(&b).theme, THEME_CONTRAST);
		if (way == 0)
			pass(&b, DESK_GUEST_IDLE_MS);
		else
			scan(&b, AMINA);
		assert_int_equal(screen_of(&b).language, way ? LANGUAGE_EN : LANGUAGE_FR);
		if (way == 1)
			tap(&b, CONTROL_OK);
		if (way == 2)
			pass(&b, 60000);
		if (way == 3)
			scan(&b, ZOE);
		assert_int_equal(screen_of(&b).language, LANGUAGE_FR);
		assert_int_equal(screen_of(&b).text_percent, 100);
		assert_int_equal(screen_of(&b).theme, THEME_NIGHT);
		tap(&b, CONTROL_OK);
	}
}

static void a_language_that_is_not_offered_is_not_taken(void **state)
{
	(void)state;
	struct bench b;
	struct desk_setup setup = setup_of(100);
	setup.languages = 1U << LANGUAGE_FR;
	open_bench(&b, &setup);
	tap(&b, (enum control)(CONTROL_LANGUAGE_0 + LANGUAGE_EN));
	assert_int_equal(screen_of(&b).language, LANGUAGE_FR);
}

static void what_is_only_missing_is_said_and_stops_nothing(void **state)
{
	(void)state;
	struct bench b;
	open_door(&b);
	struct desk_event seen = { .kind = DESK_CORNERS,
		.corners = { true, { { 0.5F, 0.5F }, { 2, -1 }, { __builtin_nanf(""), 1 } } } };
	step(&b, &seen);
	struct screen s = screen_of(&b);
	assert_true(s.corners_seen && s.camera);
	for (int i = 0; i < 8; i++)
		assert_true(s.corners[i / 2][i % 2] >= 0 && s.corners[i / 2][i % 2] <= 1);
	set_faults(&b, FAULT_CAMERA | FAULT_LAMPS, FAULT_CAMERA);
	s = screen_of(&b);
	assert_int_equal(s.id, SCREEN_SCAN);
	assert_int_equal(s.faults, FAULT_CAMERA);
	assert_false(s.camera || s.corners_seen);
	scan(&b, AMINA);
	assert_int_equal(b.fx.verdict, VERDICT_ADMIT);
}

static void names_are_in_the_order_of_their_values(void **state)
{
	(void)state;
	assert_string_equal(button_names[BUTTON_PLUS], "plus");
	assert_string_equal(source_names[SOURCE_BUTTON], "button");
	assert_string_equal(language_codes[LANGUAGE_EN], "en");
	assert_string_equal(fault_names[0], "store_full");
	assert_string_equal(fault_names[FAULT_BITS - 1], "sound");
	assert_int_equal(FAULT_SOUND, 1 << (FAULT_BITS - 1));
}

/* --- any evening whatever -------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed >> 11;
}

static void do_something(struct bench *b, uint64_t *seed)
{
	static const uint32_t causes[] = { 0, FAULT_STORE_FULL, FAULT_STORE_BROKEN };
	uint64_t n = next_random(seed);
	switch (next_random(seed) % 16) {
	case 0:
	case 1:
		scan_from(b, (uint8_t)(n % CODES), n & 64 ? SOURCE_CAMERA : SOURCE_SCANNER);
		break;
	case 2:
	case 3:
		if (b->asked)
			write_row(b);
		break;
	case 4:
		if (b->asked && n % 4 == 0)
			fail_row(b, causes[n / 4 % 3]);
		break;
	case 5:
		press(b, (enum button)(n % (BUTTON_COUNT + 1)));
		break;
	case 6:
		if (b->pin_asked)
			answer_pin(b, n & 1);
		break;
	case 7:
		set_faults(b, (uint32_t)n, n & 1024 ? (uint32_t)(n >> 12) : 0);
		break;
	case 8:
		pass(b, (int64_t)(n % 4000));
		break;
	case 9:
		pass(b, n % 16 ? (int64_t)(n % 100) : (int64_t)(n % 90000));
		break;
	case 10:
		tap(b, (enum control)(CONTROL_DIGIT_0 + n % 10));
		break;
	case 11:
		type(b, n & 1 ? "97531" : "86420");
		tap(b, CONTROL_ENTER);
		break;
	case 12: /* answers that nobody asked for */
		if (!b->asked) {
			struct desk_event e = { .kind = n & 1 ? DESK_RECORDED : DESK_FAILED };
			if (n & 1)
				e.recorded.row.verdict = VERDICT_ADMIT;
			step(b, &e);
			assert_false(b->fx.set & (EFFECT_VERDICT | EFFECT_CUE));
		}
		break;
	default:
		tap(b, (enum control)(n % (CONTROL_COUNT + 1)));
		break;
	}
}

static bool is_answering(const struct bench *b)
{
	return b->asked && (b->request.kind == ROW_SCAN || b->request.kind == ROW_WALK_IN);
}

static bool contains(const void *haystack, size_t size, const char *needle)
{
	return memmem(haystack, size, needle, strlen(needle)) != NULL;
}

static void check_screen(const struct bench *b)
{
	struct screen s;
	memset(&s, 0, sizeof(s));
	desk_screen(&b->d, &b->now, &s);
	assert_in_range(s.id, 0, SCREEN_ID_COUNT - 1);
	assert_in_range(s.language, 0, LANGUAGE_COUNT - 1);
	assert_in_range(s.theme, 0, THEME_COUNT - 1);
	assert_in_range(s.verdict, 0, VERDICT_COUNT - 1);
	assert_in_range(s.pin, 0, PIN_NOT_SET);
	assert_in_range(s.text_percent, 100, 200);
	assert_in_range(s.left_permille, 0, 1000);
	assert_in_range(s.pin_digits, 0, PIN_DIGITS_MAX);
	assert_true(s.place.name && s.place.address);
	assert_true(!s.can_override || s.id == SCREEN_RESULT);
	assert_true(s.id != SCREEN_HEADCOUNT || s.staff);
	assert_true(s.id != SCREEN_SCAN || !(s.faults & FAULTS_STOP));
	assert_true(s.id != SCREEN_FAULT || (s.faults & FAULTS_STOP));
	assert_true(!s.name[0] || s.verdict == VERDICT_EXIT || verdict_admits(s.verdict));
	assert_memory_equal(&s.count, &b->count, sizeof(s.count));
	assert_true(headcount_present(&s.count) >= 0);
	assert_false(contains(&s, sizeof(s), "97531") || contains(&s, sizeof(s), "86420"));
}

static void check_promises(const struct bench *b)
{
	uint8_t on = lamps(b);
	if (on & LAMP_GREEN) {
		assert_true(verdict_admits(b->last));
		assert_false(is_answering(b));
	}
	if (b->d.screen.id == SCREEN_RESULT && verdict_admits(b->d.screen.verdict))
		assert_true(verdict_admits(b->last));
	assert_in_range(desk_next_ms(&b->d, &b->now), 1, 1000);
	assert_int_equal(desk_ready(&b->d), !b->asked);
	bool wanted = b->d.screen.id == SCREEN_RESULT || b->d.screen.id == SCREEN_PIN || b->asked;
	assert_true(!b->text_held || wanted);
	check_screen(b);
}

/* From wherever it is, once what it waits for is answered: dark, closed, in the house's language,
 * ready for the next guest, by the passing of time alone. */
static void check_that_it_comes_home(const struct bench *now)
{
	struct bench b = *now;
	while (b.asked)
		fail_row(&b, 0);
	if (b.pin_asked)
		answer_pin(&b, false);
	set_faults(&b, FAULTS_STOP, 0);
	for (int i = 0; i < 200; i++)
		pass(&b, desk_next_ms(&b.d, &b.now) * (i % 2 ? 1 : 3));
	pass(&b, DESK_STAFF_IDLE_MS);
	struct screen s = screen_of(&b);
	assert_int_equal(s.id, SCREEN_SCAN);
	assert_int_equal(s.language, LANGUAGE_FR);
	assert_int_equal(s.text_percent, 100);
	assert_int_equal(s.theme, THEME_NIGHT);
	assert_false(s.staff || s.can_override || s.pin_for_override || b.text_held);
	assert_int_equal(lamps(&b), 0);
	assert_int_equal(strlen(b.d.pin), 0);
	scan_from(&b, AMINA, SOURCE_SCANNER);
	assert_true(b.fx.set & EFFECT_RECORD);
}

static void promises_hold_of_any_evening(void **state)
{
	(void)state;
	static const enum doorway doorways[] = { DOOR_ENTRY, DOOR_EXIT, DOOR_BOTH };
	unsigned overridden = 0;
	unsigned admitted = 0;
	unsigned verdicts = 0;
	for (uint64_t evening = 0; evening < 50; evening++) {
		struct bench b;
		struct desk_setup setup = setup_of((uint32_t)(evening % 4 * 5));
		setup.rules.doorway = doorways[evening % 3];
		setup.has_pin = evening % 10 != 9;
		open_bench(&b, &setup);
		uint64_t seed = 20161208 + evening;
		for (int i = 0; i < STEPS / 50; i++) {
			do_something(&b, &seed);
			verdicts |= 1U << b.last;
			check_promises(&b);
			if (i % 50 == 0)
				check_that_it_comes_home(&b);
		}
		admitted += (unsigned)b.count.in;
		overridden += (unsigned)b.count.overridden;
	}
	/* The evenings went everywhere worth going. */
	assert_true(admitted > 1000 && overridden > 100);
	assert_true(verdicts & 1U << VERDICT_EXIT && verdicts & 1U << VERDICT_FULL &&
		    verdicts & 1U << VERDICT_READMIT && verdicts & 1U << VERDICT_EXPIRED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(green_follows_the_row),
		cmocka_unit_test(a_failed_row_is_never_green),
		cmocka_unit_test(a_row_that_is_written_ends_the_fault),
		cmocka_unit_test(a_failure_without_a_cause_is_a_result_that_ends),
		cmocka_unit_test(the_cameras_code_counts_once_and_a_hand_scanners_each_time),
		cmocka_unit_test(a_new_code_interrupts_at_once_and_takes_no_green_over),
		cmocka_unit_test(results_end_by_their_time_or_a_tap),
		cmocka_unit_test(moved_and_expired_say_whence_and_when),
		cmocka_unit_test(one_tap_is_one_guest),
		cmocka_unit_test(nobody_comes_in_by_the_exit),
		cmocka_unit_test(presses_wait_for_the_disk_and_none_is_lost_in_silence),
		cmocka_unit_test(help_is_called_and_ends),
		cmocka_unit_test(a_pin_opens_the_figures_for_a_minute),
		cmocka_unit_test(wrong_pins_wait_longer_and_longer),
		cmocka_unit_test(without_a_pin_nobody_comes_in),
		cmocka_unit_test(a_staff_card_asks_for_the_pin),
		cmocka_unit_test(an_override_takes_a_pin_and_leaves_no_session),
		cmocka_unit_test(an_override_in_a_session_is_immediate),
		cmocka_unit_test(the_next_code_voids_an_override_and_its_pin),
		cmocka_unit_test(only_what_a_volunteer_may_take_on_is_offered),
		cmocka_unit_test(corrections_are_rows_and_undone_once),
		cmocka_unit_test(language_size_and_theme_go_back_to_the_houses),
		cmocka_unit_test(a_language_that_is_not_offered_is_not_taken),
		cmocka_unit_test(what_is_only_missing_is_said_and_stops_nothing),
		cmocka_unit_test(names_are_in_the_order_of_their_values),
		cmocka_unit_test(promises_hold_of_any_evening),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
