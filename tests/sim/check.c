/* What has to hold when everything is whole again and has come to rest. */
#include "tests/sim/box.h"

#include "door/pairs.h"

#include <string.h>

struct check {
	struct sim *s;
	const char **property;
	char *why;
};

static bool fails(const struct check *c, const char *property, const char *format, ...)
	PRINTF_LIKE(3, 4);

#include <stdarg.h>

static bool fails(const struct check *c, const char *property, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(c->why, 400, format, args);
	va_end(args);
	*c->property = property;
	return false;
}

/* --- the truth: every row that somebody who is still there has --- */

static void mark_set(const struct rowset *set)
{
	for (size_t h = 0; h < set->count; h++)
		for (size_t i = 0; i < set->at[h].room; i++)
			if (set->at[h].fact[i])
				set->at[h].fact[i]->held = true;
}

static void mark_held(struct sim *s)
{
	for (size_t i = 0; i < s->fact_count; i++)
		s->facts[i]->held = false;
	for (int i = 0; i < s->box_count; i++)
		if (!s->boxes[i].gone) {
			mark_set(&s->boxes[i].in_log);
			mark_set(&s->boxes[i].peers);
		}
	for (int i = 0; i < s->station_count; i++)
		mark_set(&s->stations[i].store);
}

static bool shares(const struct sim *s, const struct box_model *b, const struct row *row)
{
	return s->reach == REACH_EVENT || !strcmp(b->venue, row->venue);
}

static bool rows_are_everywhere(const struct check *c)
{
	struct sim *s = c->s;
	for (size_t i = 0; i < s->fact_count; i++) {
		const struct fact *f = s->facts[i];
		if (!f->held)
			continue;
		for (int k = 0; k < s->station_count; k++)
			if (!rowset_has(&s->stations[k].store, f))
				return fails(c, "every green row is in every collector",
					"%s lacks row %u/%llu of %s", s->stations[k].party.name,
					f->row.epoch, (unsigned long long)f->row.seq, f->row.door);
		for (int k = 0; k < s->box_count; k++) {
			const struct box_model *b = &s->boxes[k];
			if (!b->gone && shares(s, b, &f->row) && !rowset_has(&b->in_log, f) &&
				!rowset_has(&b->peers, f))
				return fails(c, "boxes that share have every row",
					"%s lacks row %u/%llu of %s", b->party.name, f->row.epoch,
					(unsigned long long)f->row.seq, f->row.door);
		}
	}
	return true;
}

/* --- figures --- */

struct truth {
	struct headcount counts[SIM_BOXES_MAX];
	struct collector_figures venue[SIM_BOXES_MAX], event;
};

static bool has_ticket(const struct row *row)
{
	static const uint8_t none[TICKET_HASH_SIZE];
	return memcmp(row->ticket, none, sizeof(none)) != 0;
}

static bool is_undone(const struct sim *s, const struct row *row)
{
	struct chain chain = chain_of(row);
	for (size_t i = 0; i < s->fact_count; i++) {
		const struct row *u = &s->facts[i]->row;
		struct chain its = chain_of(u);
		if (s->facts[i]->held && u->kind == ROW_UNDO && u->undoes == row->seq &&
			chain_same(&its, &chain))
			return true;
	}
	return false;
}

/* Whether this ticket has an entry among the facts before `until`: at a venue, or at any. */
static bool came_before(const struct sim *s, const struct row *row, size_t until, bool venue)
{
	for (size_t i = 0; i < until; i++) {
		const struct row *r = &s->facts[i]->row;
		if (s->facts[i]->held && r->direction == DIRECTION_IN && r->kind != ROW_UNDO &&
			!memcmp(r->ticket, row->ticket, sizeof(r->ticket)) &&
			(!venue || !strcmp(r->venue, row->venue)) && !is_undone(s, r))
			return true;
	}
	return false;
}

static void count_people(const struct sim *s, struct truth *t)
{
	for (size_t i = 0; i < s->fact_count; i++) {
		const struct row *r = &s->facts[i]->row;
		if (!s->facts[i]->held || r->direction != DIRECTION_IN || r->kind == ROW_UNDO ||
			is_undone(s, r))
			continue;
		bool ticket = has_ticket(r);
		if (!ticket || !came_before(s, r, i, false))
			t->event.people++;
		for (int v = 0; v < s->venue_count; v++)
			if (!strcmp(s->venues[v], r->venue))
				t->venue[v].people += !ticket || !came_before(s, r, i, true);
	}
}

static void find_truth(const struct sim *s, struct truth *t)
{
	*t = (struct truth){ 0 };
	for (int v = 0; v < s->venue_count; v++) {
		struct headcount *h = &t->counts[v];
		headcount_init(h, s->venues[v], SIM_WALL_MS);
		for (size_t i = 0; i < s->fact_count; i++)
			if (s->facts[i]->held)
				headcount_apply(h, &s->facts[i]->row);
		t->venue[v].present = headcount_present(h);
		t->venue[v].entries = h->in;
		t->event.present += t->venue[v].present;
		t->event.entries += h->in;
	}
	count_people(s, t);
}

static bool boxes_count_right(const struct check *c, const struct truth *t)
{
	struct sim *s = c->s;
	for (int k = 0; k < s->box_count; k++) {
		const struct box_model *b = &s->boxes[k];
		for (int v = 0; v < s->venue_count && !b->gone; v++) {
			const struct headcount *a = &t->counts[v], *h = &b->counts[v];
			if (s->reach == REACH_VENUE && strcmp(b->venue, s->venues[v]))
				continue;
			if (a->in != h->in || a->out != h->out ||
				headcount_present(a) != headcount_present(h))
				return fails(c, "headcounts are equal on all boxes",
					"%s has %lld present in %s, it is %lld", b->party.name,
					(long long)headcount_present(h), s->venues[v],
					(long long)headcount_present(a));
		}
	}
	return true;
}

static bool same_figures(const struct collector_figures *a, const struct collector_figures *b)
{
	return a->present == b->present && a->entries == b->entries && a->people == b->people;
}

static bool collectors_count_right(const struct check *c, const struct truth *t)
{
	static const char property[] = "a collector's figures are those of its rows";
	struct sim *s = c->s;
	for (int k = 0; k < s->station_count; k++) {
		const struct station *at = &s->stations[k];
		struct collector_figures f = { 0 };
		for (int v = 0; v < s->venue_count; v++)
			if (!collector_venue(at->machine, s->venues[v], &f) ||
				!same_figures(&f, &t->venue[v]))
				return fails(c, property,
					"%s has %lld present, %llu entries, %llu people in %s; "
					"it is %lld, %llu, %llu",
					at->party.name, (long long)f.present,
					(unsigned long long)f.entries, (unsigned long long)f.people,
					s->venues[v], (long long)t->venue[v].present,
					(unsigned long long)t->venue[v].entries,
					(unsigned long long)t->venue[v].people);
		collector_event(at->machine, &f);
		if (!same_figures(&f, &t->event))
			return fails(c, property,
				"%s has %lld present, %llu people in all; it is %lld, %llu",
				at->party.name, (long long)f.present, (unsigned long long)f.people,
				(long long)t->event.present, (unsigned long long)t->event.people);
	}
	return true;
}

/* --- pairs --- */

#define PAIR_ROWS_MAX 512

static uint64_t pairs_of(struct row *rows, size_t count)
{
	struct pair pairs[PAIRS_PER_TICKET];
	size_t n = pairs_find(rows, count, pairs);
	uint64_t sum = n * 1000003;
	for (size_t i = 0; i < n && i < PAIRS_PER_TICKET; i++) {
		const struct pair_side *sides[] = { &pairs[i].first, &pairs[i].second };
		for (size_t k = 0; k < 2; k++)
			sum = sum * 31 + sides[k]->seq * 7919 + sides[k]->epoch + sides[k]->hlc +
			      sides[k]->device[0];
	}
	return sum;
}

static bool concerns(const struct row *row, const uint8_t ticket[TICKET_HASH_SIZE])
{
	return !memcmp(row->ticket, ticket, TICKET_HASH_SIZE);
}

static size_t rows_of_ticket(const struct rowset *set, const struct rowset *but,
	const uint8_t ticket[TICKET_HASH_SIZE], struct row *out, size_t n)
{
	for (size_t h = 0; h < set->count; h++)
		for (size_t i = 0; i < set->at[h].room && n < PAIR_ROWS_MAX; i++) {
			const struct fact *f = set->at[h].fact[i];
			if (f && concerns(&f->row, ticket) && (!but || !rowset_has(but, f)))
				out[n++] = f->row;
		}
	return n;
}

static bool pairs_are_equal(const struct check *c)
{
	struct sim *s = c->s;
	static struct row rows[PAIR_ROWS_MAX];
	for (int t = 0; t < s->ticket_count; t++) {
		const uint8_t *hash = s->tickets[t].ticket.hash;
		size_t n = rows_of_ticket(&s->stations[0].store, NULL, hash, rows, 0);
		if (n < 2)
			continue;
		uint64_t truth = pairs_of(rows, n);
		for (int k = 0; k < s->box_count && s->reach == REACH_EVENT; k++) {
			const struct box_model *b = &s->boxes[k];
			if (b->gone)
				continue;
			n = rows_of_ticket(&b->in_log, NULL, hash, rows, 0);
			n = rows_of_ticket(&b->peers, &b->in_log, hash, rows, n);
			if (pairs_of(rows, n) != truth)
				return fails(c, "duplicate entries are found alike everywhere",
					"%s, ticket %d", b->party.name, t);
		}
	}
	return true;
}

/* --- the machines' own words --- */

static bool outboxes_are_empty(const struct check *c)
{
	struct sim *s = c->s;
	for (int k = 0; k < s->box_count; k++) {
		const struct box_model *b = &s->boxes[k];
		if (b->gone)
			continue;
		struct when now = box_now(b);
		struct link_status status;
		sync_status(b->machine, &now, &status);
		if (status.queued)
			return fails(c, "nothing is left in an outbox", "%s says that it has %llu",
				b->party.name, (unsigned long long)status.queued);
		if (status.state != LINK_UP || !status.collector)
			return fails(c, "every box says that all is well",
				"%s: link %d, collector %d", b->party.name, (int)status.state,
				status.collector);
		if (status.twin && !s->twin)
			return fails(c, "nobody is taken for a twin", "%s", b->party.name);
	}
	return true;
}

static bool has_lost_box(const struct sim *s, int venue)
{
	for (int k = 0; k < s->box_count; k++)
		if (s->boxes[k].gone && !strcmp(s->boxes[k].venue, s->venues[venue]))
			return true;
	return s->twin && !strcmp(s->boxes[0].venue, s->venues[venue]);
}

static bool has_row_of(const struct sim *s, int venue)
{
	for (size_t i = 0; i < s->fact_count; i++)
		if (s->facts[i]->held && !strcmp(s->facts[i]->row.venue, s->venues[venue]))
			return true;
	return false;
}

static bool a_collector_heard(const struct sim *s, int venue)
{
	for (int k = 0; k < s->station_count; k++) {
		const struct collector_box *at;
		size_t n = collector_boxes(s->stations[k].machine, &at);
		for (size_t i = 0; i < n; i++)
			if (at[i].heard_mono_ms && !strcmp(at[i].venue, s->venues[venue]))
				return true;
	}
	return false;
}

/* Boxes that are lost for ever, before they had a row that anybody has: who was there at the time
 * knows of their venue. Everybody knows of any other. */
static bool must_know(const struct sim *s, struct box_model *b, int venue)
{
	for (int k = 0; k < s->box_count; k++)
		if (!s->boxes[k].gone && s->boxes[k].place == venue)
			return true;
	return has_row_of(s, venue) || box_was_told_venue(b, venue) || a_collector_heard(s, venue);
}

/* A row may be lost with an old copy of a disk after a count has told of it. Entries never fall:
 * who has heard that count counts that row. */
static bool is_as_told(
	const struct sim *s, struct box_model *b, int venue, const struct fleet_venue *f)
{
	struct headcount h;
	headcount_init(&h, s->venues[venue], SIM_WALL_MS);
	for (size_t i = 0; i < s->fact_count; i++)
		if (s->facts[i]->held || box_was_told(b, s->facts[i]))
			headcount_apply(&h, &s->facts[i]->row);
	return venue != b->place && f->present == headcount_present(&h) && f->entries == h.in;
}

static bool fleet_is_right(const struct check *c, const struct truth *t)
{
	static const char property[] = "every box sees every venue as it is";
	struct sim *s = c->s;
	for (int k = 0; k < s->box_count; k++) {
		struct box_model *b = &s->boxes[k];
		const struct fleet_venue *fleet;
		if (b->gone)
			continue;
		if (sync_fleet(b->machine, &fleet) != (size_t)s->venue_count)
			return fails(c, property, "%s sees another number", b->party.name);
		for (int v = 0; v < s->venue_count; v++) {
			const struct fleet_venue *f = &fleet[v];
			struct when now = box_now(b);
			if (!f->known && must_know(s, b, v))
				return fails(c, property, "%s knows nothing of %s", b->party.name,
					s->venues[v]);
			/* What a lost box had not sent stays queued, and its figure gets old. */
			if (has_lost_box(s, v))
				continue;
			if ((f->present != t->venue[v].present ||
				    f->entries != t->venue[v].entries) &&
				!is_as_told(s, b, v, f))
				return fails(c, property,
					"%s sees %lld present and %llu entries in %s; it is %lld, "
					"%llu",
					b->party.name, (long long)f->present,
					(unsigned long long)f->entries, s->venues[v],
					(long long)t->venue[v].present,
					(unsigned long long)t->venue[v].entries);
			if (f->boxes_lost)
				return fails(c, property, "%s takes %u boxes of %s for lost",
					b->party.name, f->boxes_lost, s->venues[v]);
			if (fleet_age_ms(f, now.mono_ms) > FLEET_STALE_MS || f->queued)
				return fails(c, property, "%s: %s is %lld ms old, %u queued",
					b->party.name, s->venues[v],
					(long long)fleet_age_ms(f, now.mono_ms), f->queued);
		}
	}
	return true;
}

/* --- at all times --- */

/* What a figure may lack at most, beyond its age: a heartbeat and its way. */
#define HEARTBEAT_MS 75000

static int only_box_of(const struct sim *s, int venue)
{
	int found = -1;
	for (int k = 0; k < s->box_count; k++)
		if (!strcmp(s->boxes[k].venue, s->venues[venue])) {
			if (found >= 0)
				return -1;
			found = k;
		}
	return found;
}

static uint64_t entries_until(const struct box_model *b, int64_t until_ms)
{
	uint64_t n = 0;
	for (size_t i = 0; i < b->log_rows; i++)
		n += b->log[i]->row.direction == DIRECTION_IN && b->log[i]->row.kind != ROW_UNDO &&
		     b->log[i]->committed_ms <= until_ms;
	return n;
}

/* Entries only grow: whoever shows fewer than before has believed an old message. */
static void check_growing(struct sim *s, struct box_model *b)
{
	const struct fleet_venue *fleet;
	/* A clock that is set makes counts old whose age it cannot tell. */
	if (faults_have(s, "clock-unset") || faults_have(s, "clock-jump") ||
		faults_have(s, "clock-drift") || faults_have(s, "collector-clock"))
		return;
	(void)sync_fleet(b->machine, &fleet);
	for (int v = 0; v < s->venue_count; v++) {
		/* What is getting old may give way to what is new and not complete yet. */
		if (fleet_age_ms(&fleet[v], box_now(b).mono_ms) >= FLEET_STALE_MS / 2) {
			b->shown[v] = 0;
		} else if (fleet[v].entries >= b->shown[v]) {
			b->shown[v] = fleet[v].entries;
		} else {
			sim_violated(s, "entries never fall", "%s showed %llu in %s, and now %llu",
				b->party.name, (unsigned long long)b->shown[v], s->venues[v],
				(unsigned long long)fleet[v].entries);
		}
	}
}

void check_honest(struct sim *s)
{
	for (int k = 0; k < s->box_count; k++)
		if (s->boxes[k].powered)
			check_growing(s, &s->boxes[k]);
	for (int v = 0; v < s->venue_count; v++) {
		int owner = only_box_of(s, v);
		for (int k = 0; k < s->box_count && owner >= 0 && !s->twin; k++) {
			const struct box_model *b = &s->boxes[k];
			const struct fleet_venue *fleet;
			if (!b->powered || k == owner)
				continue;
			(void)sync_fleet(b->machine, &fleet);
			int64_t age_ms = fleet_age_ms(&fleet[v], box_now(b).mono_ms);
			if (!fleet[v].known || age_ms > FLEET_STALE_MS)
				continue;
			uint64_t least =
				entries_until(&s->boxes[owner], s->now_ms - age_ms - HEARTBEAT_MS);
			/* Who has just come back says so before it says how many; and rows that
			 * are queued are not silent. */
			bool old = fleet[v].entries < least && !fleet[v].queued;
			s->boxes[k].doubted[v] = old ? s->boxes[k].doubted[v] + 1 : 0;
			if (s->boxes[k].doubted[v] > 1)
				sim_violated(s, "no figure is silently old",
					"%s shows %llu entries in %s, %lld ms old; there were %llu",
					b->party.name, (unsigned long long)fleet[v].entries,
					s->venues[v], (long long)age_ms, (unsigned long long)least);
		}
	}
}

/* --- bounds --- */

#define SENDINGS_PER_ROW 20

static bool is_no_flood(const struct check *c)
{
	struct sim *s = c->s;
	uint64_t minutes = (uint64_t)(s->now_ms / 60000) + 1;
	uint64_t parties = (uint64_t)(s->box_count + s->station_count);
	if (s->row_messages > SENDINGS_PER_ROW * (s->fact_count + 10))
		return fails(c, "no message flood", "%llu messages with rows for %zu rows",
			(unsigned long long)s->row_messages, s->fact_count);
	if (s->messages - s->row_messages >
		60 * minutes * parties + 40 * s->fact_count + 40 * parties * parties)
		return fails(c, "no message flood", "%llu other messages in %llu minutes",
			(unsigned long long)(s->messages - s->row_messages),
			(unsigned long long)minutes);
	return true;
}

bool check_settled(struct sim *s, const char **property, char why[400])
{
	const struct check c = { s, property, why };
	for (int i = 0; i < s->station_count; i++)
		if (!s->stations[i].running)
			return fails(&c, "everybody is back", "%s", s->stations[i].party.name);
	mark_held(s);
	if (!rows_are_everywhere(&c) || !outboxes_are_empty(&c))
		return false;
	static struct truth truth;
	find_truth(s, &truth);
	return boxes_count_right(&c, &truth) && collectors_count_right(&c, &truth) &&
	       fleet_is_right(&c, &truth) && pairs_are_equal(&c) && is_no_flood(&c);
}
