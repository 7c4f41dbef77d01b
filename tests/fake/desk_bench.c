#include "tests/fake/desk_bench.h"

#include "base/cc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static const struct desk_venue venues[] = {
	{ .id = "numa", .place = { .name = "Numa", .address = "39 rue du Caire" } },
	{ .id = "laruche",
		.place = { .name = "La Ruche", .address = "84 quai de Jemmapes", .walk_min = 20 } },
};

/* The code of each hash: hash[0] is its number. */
static const struct ticket tickets[] = {
	{ .kind = TICKET_SIGNED, .name = "Amina" },
	{ .kind = TICKET_ROSTER, .name = "Zoé" },
	{ .kind = TICKET_SIGNED, .name = "Jean", .venue = "laruche" },
	{ .kind = TICKET_UNKNOWN },
	{ .kind = TICKET_NOT_ONE },
	{ .kind = TICKET_STAFF },
	{ .kind = TICKET_TEST },
	{ .kind = TICKET_SIGNED, .name = "Lou", .valid_until_s = 1000 },
};

struct desk_setup bench_setup(uint32_t seats)
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

void bench_open(struct bench *b, const struct desk_setup *setup)
{
	memset(b, 0, sizeof(*b));
	b->now = (struct when){
		.wall_ms = OPENS_MS + 1000, .mono_ms = 50000, .trust = TRUST_SYNCED
	};
	headcount_init(&b->count, "numa", OPENS_MS);
	desk_init(&b->d, setup, &b->count, 0, &b->now);
}

void bench_open_door(struct bench *b)
{
	struct desk_setup setup = bench_setup(100);
	bench_open(b, &setup);
}

struct screen bench_screen(const struct bench *b)
{
	struct screen s;
	desk_screen(&b->d, &b->now, &s);
	return s;
}

uint8_t bench_lamps(const struct bench *b)
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
		assert_false(fx->set & EFFECT_FORGET); /* or which text would it speak of? */
		b->text_held = true;
		memcpy(b->text, e->code.hash, sizeof(b->text));
	}
	if ((fx->set & EFFECT_RECORD) && fx->request.found && !fx->request.override) {
		assert_int_equal(b->d.screen.id, SCREEN_SEARCH); /* the app still has the ticket */
		b->text_held = true;
		memcpy(b->text, fx->request.hash, sizeof(b->text));
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
	if (fx->set & EFFECT_PRINT)
		assert_int_equal(e->kind, DESK_RECORDED); /* durable first */
	if (fx->set & EFFECT_VERDICT)
		assert_true(e->kind == DESK_RECORDED || e->kind == DESK_FAILED);
}

void bench_step(struct bench *b, struct desk_event *e)
{
	e->now = b->now;
	desk_step(&b->d, e, &b->fx);
	carry_out(b, e);
}

void bench_pass(struct bench *b, int64_t ms)
{
	b->now.mono_ms += ms;
	b->now.wall_ms += ms;
	struct desk_event e = { .kind = DESK_TICK };
	bench_step(b, &e);
}

void bench_scan_from(struct bench *b, uint8_t code, enum source source)
{
	struct desk_event e = { .kind = DESK_CODE, .code = { .hash = { code }, .source = source } };
	bench_step(b, &e);
}

void bench_tap(struct bench *b, enum control control)
{
	struct desk_event e = { .kind = DESK_TAP, .tap = control };
	bench_step(b, &e);
}

void bench_press(struct bench *b, enum button button)
{
	struct desk_event e = { .kind = DESK_BUTTON, .button = button };
	bench_step(b, &e);
}

void bench_answer_pin(struct bench *b, bool good)
{
	struct desk_event e = {
		.kind = DESK_PIN_RESULT, .pin_good = good, .can_search = good && b->has_names
	};
	b->pin_asked = false;
	bench_step(b, &e);
}

void bench_set_faults(struct bench *b, uint32_t mask, uint32_t on)
{
	struct desk_event e = { .kind = DESK_FAULTS, .faults = { .mask = mask, .on = on } };
	bench_step(b, &e);
}

void bench_fail_row(struct bench *b, uint32_t fault)
{
	struct desk_event e = { .kind = DESK_FAILED, .failed = { .fault = fault } };
	b->asked = false;
	bench_step(b, &e);
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
		if (r->badge && d.direction == DIRECTION_IN)
			strcpy(e->recorded.badge, BENCH_BADGE);
	}
	row->verdict = d.verdict;
	row->direction = d.direction;
	row->overridden = d.overridden;
	row->time_doubt = d.time_doubt;
}

/* The store writes the row that was asked for. */
void bench_write_row(struct bench *b)
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
	bench_step(b, &e);
}

void bench_scan(struct bench *b, uint8_t code)
{
	bench_scan_from(b, code, SOURCE_SCANNER);
	bench_write_row(b);
}

void bench_type(struct bench *b, const char *digits)
{
	for (; *digits; digits++)
		bench_tap(b, (enum control)(CONTROL_DIGIT_0 + (*digits - '0')));
}

void bench_open_session(struct bench *b)
{
	bench_press(b, BUTTON_VOLUNTEER);
	bench_type(b, "2468");
	bench_tap(b, CONTROL_ENTER);
	bench_answer_pin(b, true);
	assert_int_equal(bench_screen(b).id, SCREEN_HEADCOUNT);
}
