/* The plan of a seed: sizes, guests, tickets, and who is connected to what. */
#include "tests/sim/sim.h"

#include <sodium.h>
#include <string.h>

#define OPENS_MS 8000

/* --- sizes --- */

static int choose_boxes(struct sim *s)
{
	if (s->seed % 1000 == 999)
		return SIM_BOXES_MAX;
	uint64_t r = chance_below(s, 1000);
	if (r < 700)
		return (int)chance_between(s, 2, 4);
	if (r < 980)
		return (int)chance_between(s, 5, 7);
	return (int)chance_between(s, 8, 16);
}

static void make_venues(struct sim *s)
{
	int most = s->box_count <= 8 ? 3 : s->box_count;
	s->venue_count = (int)chance_between(s, 1, most < s->box_count ? most : s->box_count);
	s->venues = sim_alloc(s, (size_t)s->venue_count * sizeof(*s->venues));
	s->capacities = sim_alloc(s, (size_t)s->venue_count * sizeof(*s->capacities));
	for (int v = 0; v < s->venue_count; v++) {
		snprintf(s->venues[v], ID_SIZE, "venue%d", v);
		s->capacities[v] = chance_of(s, 300) ? (uint32_t)chance_between(s, 2, 10) : 0;
	}
	s->reach = s->box_count <= 16 && chance_of(s, 150) ? REACH_VENUE : REACH_EVENT;
	/* A broker that delivers everything to everybody knows no reach. */
	if (faults_have(s, "everything") || faults_have(s, "wrong-event"))
		s->reach = REACH_EVENT;
	s->reentry = chance_of(s, 700);
}

static void make_tickets(struct sim *s, int rows)
{
	s->ticket_count = (int)chance_between(s, rows / 3 + 1, rows + 1);
	s->tickets = sim_alloc(s, (size_t)s->ticket_count * sizeof(*s->tickets));
	for (int i = 0; i < s->ticket_count; i++) {
		struct ticket *t = &s->tickets[i].ticket;
		t->kind = chance_of(s, 900) ? TICKET_ROSTER : TICKET_UNKNOWN;
		t->registered = t->kind == TICKET_ROSTER;
		for (size_t b = 0; b < sizeof(t->hash); b++)
			t->hash[b] = (uint8_t)chance(s);
		if (chance_of(s, 100))
			memcpy(t->venue, s->venues[chance_below(s, (uint64_t)s->venue_count)],
				ID_SIZE);
		t->revoked = chance_of(s, 20);
	}
}

/* --- the network --- */

static void make_brokers(struct sim *s)
{
	s->broker_count =
		1 + (chance_of(s, 450) ? 1 : 0) + (s->venue_count > 1 && chance_of(s, 150) ? 1 : 0);
	bool rabbit = chance_of(s, 250);
	for (int i = 0; i < s->broker_count; i++) {
		struct broker_model *b = &s->brokers[i];
		b->sim = s;
		b->number = i;
		b->up = true;
		b->local = i > 0;
		b->queue_max = 2000;
		b->no_wildcard_retained = rabbit && !i;
		for (int p = 0; p < SIM_PARTIES_MAX; p++)
			b->sessions[p].party = p;
	}
}

static void connect_party(struct sim *s, struct party *p, int venue)
{
	p->broker_count = 0;
	p->brokers[p->broker_count++] = 0;
	/* A venue's own broker is its second choice. */
	for (int i = 1; i < s->broker_count; i++)
		if (venue == (i - 1) % s->venue_count)
			p->brokers[p->broker_count++] = i;
	p->keeps_session = chance_of(s, 300);
}

static void make_links(struct sim *s)
{
	s->links = sim_alloc(s, (size_t)s->party_count * sizeof(*s->links));
	unsigned slow = chance_of(s, 200) && !s->calm ? 300 : 0;
	for (int p = 0; p < s->party_count; p++)
		for (int b = 0; b < s->broker_count; b++)
			s->links[p][b].slow_ms = (int64_t)chance_below(s, slow + 1);
}

/* --- guests --- */

static void guest(struct sim *s, void *who, uint64_t tag, void *what)
{
	(void)what;
	box_wish(who, (enum row_kind)(tag & 15), (int)(tag >> 8) - 1, tag & 16 ? -1 : 1);
	(void)s;
}

static uint64_t choose_wish(struct sim *s)
{
	uint64_t r = chance_below(s, 1000);
	uint64_t ticket = 1 + chance_below(s, (uint64_t)s->ticket_count);
	if (r < 780)
		return ROW_SCAN | ticket << 8;
	if (r < 850)
		return ROW_WALK_IN | (chance_of(s, 500) ? ticket << 8 : 0);
	if (r < 920)
		return ROW_ADJUST | (chance_of(s, 500) ? 16u : 0u);
	return ROW_UNDO;
}

static void make_guests(struct sim *s, int rows, int64_t until_ms)
{
	for (int i = 0; i < rows; i++) {
		struct box_model *b = &s->boxes[chance_below(s, (uint64_t)s->box_count)];
		int64_t at_ms = chance_between(s, OPENS_MS, until_ms);
		uint64_t wish = choose_wish(s);
		sim_at(s, at_ms, guest, b, wish, NULL);
		/* The same ticket at another door, in the same breath. */
		if ((wish & 15) == ROW_SCAN && chance_of(s, 150)) {
			b = &s->boxes[chance_below(s, (uint64_t)s->box_count)];
			sim_at(s, at_ms + chance_between(s, 0, 4000), guest, b, wish, NULL);
		}
	}
}

static void begin(struct sim *s, void *who, uint64_t tag, void *what)
{
	(void)s;
	(void)what;
	if (tag)
		station_start(who);
	else
		box_power_on(who);
}

static void make_parties(struct sim *s)
{
	s->boxes = sim_alloc(s, (size_t)s->box_count * sizeof(*s->boxes));
	s->stations = sim_alloc(s, (size_t)s->station_count * sizeof(*s->stations));
	static const enum doorway doorways[] = { DOOR_ENTRY, DOOR_BOTH, DOOR_BOTH, DOOR_EXIT };
	for (int i = 0; i < s->box_count; i++) {
		box_make(s, i);
		s->boxes[i].dormant = s->twin && i == s->box_count - 1;
		s->boxes[i].doorway = doorways[chance_below(s, i ? 4 : 3)];
		connect_party(s, &s->boxes[i].party, i % s->venue_count);
		sim_at(s, chance_between(s, 0, 3000), begin, &s->boxes[i], 0, NULL);
	}
	for (int i = 0; i < s->station_count; i++) {
		station_make(s, i);
		connect_party(s, &s->stations[i].party, -1);
		sim_at(s, chance_between(s, 0, 5000), begin, &s->stations[i], 1, NULL);
	}
	stranger_make(s);
	connect_party(s, &s->stranger, -1);
}

void plan_make(struct sim *s)
{
	CHECK(sodium_init() >= 0);
	s->box_count = choose_boxes(s);
	s->station_count = 1;
	bool many = s->box_count > 16;
	int rows = (int)chance_between(s, 4, many ? 300 : 40);
	if (chance_of(s, 30) && !many)
		rows *= 5;
	int64_t until_ms = chance_between(s, 25000, many ? 50000 : 170000);
	s->heal_ms = until_ms + chance_between(s, 5000, many ? 10000 : 60000);
	if (!s->calm)
		faults_plan(s, OPENS_MS, s->heal_ms - 5000);
	make_venues(s);
	s->box_count += s->twin;
	make_tickets(s, rows);
	make_brokers(s);
	s->fleet_every_ms = chance_of(s, 500) ? 0 : (int)chance_between(s, 5000, 20000);
	s->client_resends = chance_of(s, 300);
	s->party_count = s->box_count + s->station_count + 1;
	make_links(s);
	make_parties(s);
	make_guests(s, rows, until_ms);
	TRACE(s, "seed %llu: %d boxes, %d venues, %d brokers, %d collectors, %d guests",
		(unsigned long long)s->seed, s->box_count, s->venue_count, s->broker_count,
		s->station_count, rows);
}
