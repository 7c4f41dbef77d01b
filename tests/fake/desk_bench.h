/* A desk with hands, a lens and a store: what tests of it play with. The store remembers just
 * enough to decide as the real one does, and every effect is checked as the app relies on it (one
 * row at a time, a text still held when its row is asked for). Fails the running test. */
#ifndef PARVIS_TESTS_DESK_BENCH_H
#define PARVIS_TESTS_DESK_BENCH_H

#include "door/desk.h"

#define OPENS_MS (INT64_C(1481220000) * 1000)

/* The codes that can be held up: a good signed ticket, a roster's, one for La Ruche, a code of
 * nobody's, a web address, a staff card, the test code, a ticket that has run out. */
enum { AMINA, ZOE, JEAN, NOBODY, ADDRESS, CARD, TEST, LATE, CODES };

/* What every badge of the store says. */
#define BENCH_BADGE "PB0123456789ABCDEFGHJKMNPQ"

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
	bool text_held; /* the last code's, as the app would keep it */
	uint8_t text[TICKET_HASH_SIZE];
	enum verdict last; /* of the newest durable answer */
	unsigned chimed;   /* how often */
	bool has_names;    /* a good PIN opens them */
};

/* An entry door of Numa's with a PIN, in French and English. 0 seats: no limit. */
struct desk_setup bench_setup(uint32_t seats);
void bench_open(struct bench *b, const struct desk_setup *setup);
void bench_open_door(struct bench *b);

struct screen bench_screen(const struct bench *b);
uint8_t bench_lamps(const struct bench *b);

void bench_step(struct bench *b, struct desk_event *e);
void bench_pass(struct bench *b, int64_t ms);
void bench_scan_from(struct bench *b, uint8_t code, enum source source);
void bench_tap(struct bench *b, enum control control);
void bench_press(struct bench *b, enum button button);
void bench_type(struct bench *b, const char *digits);
void bench_answer_pin(struct bench *b, bool good);
void bench_set_faults(struct bench *b, uint32_t mask, uint32_t on);

/* The store answers the row that was asked for. */
void bench_write_row(struct bench *b);
void bench_fail_row(struct bench *b, uint32_t fault);

/* A hand scanner's code, and its row. */
void bench_scan(struct bench *b, uint8_t code);
/* Up to the figures, by PIN. */
void bench_open_session(struct bench *b);

#endif
