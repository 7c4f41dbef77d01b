/* What has to be put in another order than that of the chains: presence by (hlc, device, epoch,
 * seq), people by ticket. Both go through a sorter, so memory stays what it is. Within a chain
 * stamps only grow, so (stamp, rank of the chain) is that order. */
#include "night/tally_parts.h"

#include "base/text.h"
#include "door/headcount.h"
#include "door/hlc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- by time -----------------------------------------------------------------------------------
 */

struct change {
	int64_t amount, ms;
	uint16_t venue;
};

static void time_key(uint8_t key[SORTER_KEY_SIZE], uint64_t hlc, uint32_t rank)
{
	uint64_t stamp = __builtin_bswap64(hlc);
	uint32_t chain = __builtin_bswap32(rank);
	memset(key, 0, SORTER_KEY_SIZE);
	memcpy(key, &stamp, sizeof(stamp));
	memcpy(key + sizeof(stamp), &chain, sizeof(chain));
}

static int put_change(struct tally *t, const uint8_t key[SORTER_KEY_SIZE], uint16_t venue,
	int64_t amount, int64_t ms)
{
	struct change c = { amount, ms, venue };
	return amount ? sorter_add(t->by_time, key, &c, sizeof(c)) : 0;
}

/* A guest whom another venue has seen has left; one whose move was taken back never did. */
static int64_t effect_on_from(const struct row *row)
{
	if (!*row->from_venue || !strcmp(row->from_venue, row->venue))
		return 0;
	return row->verdict == VERDICT_MOVED ? -1 : row->kind == ROW_UNDO ? 1 : 0;
}

static int64_t plus(int64_t a, int64_t b)
{
	int64_t sum;
	if (__builtin_add_overflow(a, b, &sum))
		return b < 0 ? INT64_MIN : INT64_MAX;
	return sum;
}

static void present_at(struct figures_venue *v, uint32_t *slot, uint32_t upto)
{
	for (; *slot <= upto; ++*slot) { /* carried on through the quiet ones */
		v->slots[*slot].present = v->slots[*slot].present_most = (int32_t)v->present;
	}
}

static int32_t narrow(int64_t n)
{
	return (int32_t)(n > INT32_MAX ? INT32_MAX : n < INT32_MIN ? INT32_MIN : n);
}

static void apply(struct figures_venue *v, uint32_t *slot, uint32_t upto, const struct change *c)
{
	present_at(v, slot, upto);
	v->present = plus(v->present, c->amount);
	if (v->present > v->peak_present) {
		v->peak_present = v->present;
		v->peak_ms = c->ms;
	}
	if (!*slot)
		return;
	struct figures_slot *s = &v->slots[*slot - 1];
	s->present = narrow(v->present);
	if (s->present > s->present_most)
		s->present_most = s->present;
}

int tally_by_time(struct tally *t)
{
	struct sorter_record r;
	struct change c;
	uint32_t *slots = calloc(FIGURES_VENUES_MAX + 1, sizeof(*slots)), night = 0, now = 0;
	int got = slots ? 1 : -ENOMEM;
	while (got == 1 && (got = sorter_next(t->by_time, &r)) == 1) {
		memcpy(&c, r.bytes, sizeof(c));
		uint32_t slot = tally_slot(t, c.ms);
		if (slot != NO_SLOT && slot > now)
			now = slot; /* stamps lead: a wall clock that lags does not take us back */
		apply(&t->venues[c.venue], &slots[c.venue], now, &c);
		apply(&t->f->night, &night, now, &c);
	}
	for (uint32_t v = 0; got == 0 && v <= FIGURES_VENUES_MAX; v++)
		if (v < t->venue_count || v == FIGURES_VENUES_MAX)
			present_at(&t->venues[v], &slots[v], t->f->slot_count - 1);
	if (got == 0)
		present_at(&t->f->night, &night, t->f->slot_count - 1);
	free(slots);
	return got;
}

/* --- by ticket ---------------------------------------------------------------------------------
 */

/* An entry, an exit or an undo, as far as people and pairs need it. */
struct mark {
	uint64_t hlc, seq, undoes;
	int64_t wall_ms;
	uint32_t rank, door;
	uint16_t venue;
	uint8_t kind, verdict, direction, flags;
};
#define MARK_OVERRIDDEN 1U
#define MARK_REGISTERED 2U
#define MARK_TRUST      2 /* shift; two bits */

#define MARK_UNDONE 128U

/* One ticket's marks are looked at together; of a ticket that has more, a piece at a time. */
#define MARKS_MAX 256

static int door_name(struct tally *t, const char *door, uint32_t *out)
{
	for (uint32_t i = t->door_name_count; i--;)
		if (!strcmp(t->door_names[i], door)) {
			*out = i;
			return 0;
		}
	size_t room = t->door_name_room;
	int error = tally_room(
		(void **)&t->door_names, &room, t->door_name_count, sizeof(*t->door_names));
	if (error)
		return error;
	t->door_name_room = (uint32_t)room;
	text_copy(t->door_names[t->door_name_count], ID_SIZE, door);
	*out = t->door_name_count++;
	return 0;
}

static int put_mark(struct tally *t, const struct row *row)
{
	static const uint8_t none[TICKET_HASH_SIZE];
	if (!memcmp(row->ticket, none, sizeof(none)))
		return 0;
	if (row->direction != DIRECTION_IN && row->direction != DIRECTION_OUT &&
		row->kind != ROW_UNDO)
		return 0;
	struct mark m = { row->hlc, row->seq, row->undoes, row->at.wall_ms, t->chain.rank, 0,
		t->chain.venue, (uint8_t)row->kind, (uint8_t)row->verdict, (uint8_t)row->direction,
		(uint8_t)((row->overridden ? MARK_OVERRIDDEN : 0) |
			  (row->registered ? MARK_REGISTERED : 0) |
			  (unsigned)row->at.trust << MARK_TRUST) };
	int error = door_name(t, row->door, &m.door);
	return error ? error : sorter_add(t->by_ticket, row->ticket, &m, sizeof(m));
}

int tally_order_row(struct tally *t, const struct row *row)
{
	uint8_t key[SORTER_KEY_SIZE];
	int64_t ms = tally_ms(t, row), from = effect_on_from(row);
	int error = 0;
	time_key(key, row->hlc, t->chain.rank);
	if (from)
		error = put_change(t, key, tally_venue(t, row->from_venue), from, ms);
	if (!error)
		error = put_change(t, key, t->chain.venue, headcount_effect(row), ms);
	return error ? error : put_mark(t, row);
}

struct group {
	uint8_t ticket[TICKET_HASH_SIZE];
	struct mark *marks;
	struct row *rows; /* of it, for pairs */
	size_t count;
	uint64_t number; /* of the ticket, from 1 */
	/* The last ticket that was counted here, and as a registered one; for the night at the end.
	 */
	uint64_t here[FIGURES_VENUES_MAX + 2], came[FIGURES_VENUES_MAX + 2];
};
#define NIGHT (FIGURES_VENUES_MAX + 1)

static bool is_entry(const struct mark *m)
{
	return m->direction == DIRECTION_IN && m->kind != ROW_UNDO;
}

/* Marks come by chain, so an undo comes after what it takes back, and mostly soon. */
static void mark_undone(struct group *g)
{
	for (size_t i = 0; i < g->count; i++) {
		const struct mark *undo = &g->marks[i];
		if (undo->kind != ROW_UNDO)
			continue;
		for (size_t j = i; j-- && g->marks[j].rank == undo->rank;)
			if (g->marks[j].seq == undo->undoes) {
				g->marks[j].flags |= MARK_UNDONE;
				break;
			}
	}
}

static bool first_of(uint64_t *last, uint64_t number)
{
	bool first = *last != number;
	*last = number;
	return first;
}

static void count_at(struct figures_venue *v, struct group *g, size_t place, bool registered)
{
	bool fresh = first_of(&g->here[place], g->number);
	v->tickets += fresh;
	v->people += fresh;
	v->came += registered && first_of(&g->came[place], g->number);
}

/* How many entries stand. */
static size_t count_people(struct tally *t, struct group *g)
{
	size_t entries = 0;
	mark_undone(g);
	for (size_t i = 0; i < g->count; i++) {
		const struct mark *m = &g->marks[i];
		if (!is_entry(m) || m->flags & MARK_UNDONE)
			continue;
		count_at(&t->venues[m->venue], g, m->venue, m->flags & MARK_REGISTERED);
		count_at(&t->f->night, g, NIGHT, m->flags & MARK_REGISTERED);
		entries++;
	}
	return entries;
}

static struct row row_of(const struct tally *t, const struct group *g, const struct mark *m)
{
	struct row r = { .epoch = t->epochs[m->rank],
		.seq = m->seq,
		.hlc = m->hlc,
		.at = { m->wall_ms, 0, (enum trust)(m->flags >> MARK_TRUST & 3U) },
		.kind = (enum row_kind)m->kind,
		.verdict = (enum verdict)m->verdict,
		.direction = (enum direction)m->direction,
		.overridden = m->flags & MARK_OVERRIDDEN,
		.registered = m->flags & MARK_REGISTERED,
		.undoes = m->undoes };
	memcpy(r.device, t->devices[m->rank], DEVICE_ID_SIZE);
	memcpy(r.ticket, g->ticket, TICKET_HASH_SIZE);
	text_copy(r.venue, sizeof(r.venue), t->venues[m->venue].id);
	text_copy(r.door, sizeof(r.door), t->door_names[m->door]);
	return r;
}

static int find_pairs(struct tally *t, struct group *g)
{
	struct figures *f = t->f;
	struct pair found[PAIRS_PER_TICKET];
	for (size_t i = 0; i < g->count; i++)
		g->rows[i] = row_of(t, g, &g->marks[i]);
	size_t n = pairs_find(g->rows, g->count, found);
	f->pairs_total += n;
	for (size_t i = 0; i < n && i < PAIRS_PER_TICKET && f->pair_count < FIGURES_LIST_MAX; i++) {
		int error = tally_room(
			(void **)&f->pairs, &t->pair_room, f->pair_count, sizeof(*f->pairs));
		if (error)
			return error;
		f->pairs[f->pair_count++] = found[i];
	}
	return 0;
}

static int end_piece(struct tally *t, struct group *g)
{
	int error = 0;
	if (g->count && count_people(t, g) > 1)
		error = find_pairs(t, g);
	g->count = 0;
	return error;
}

static int take_marks(struct tally *t, struct group *g)
{
	struct sorter_record r;
	int got, error = 0;
	while ((got = sorter_next(t->by_ticket, &r)) == 1) {
		bool other = memcmp(g->ticket, r.key, TICKET_HASH_SIZE) != 0;
		if (other || g->count == MARKS_MAX)
			error = end_piece(t, g);
		if (error)
			return error;
		g->number += other;
		memcpy(g->ticket, r.key, TICKET_HASH_SIZE);
		memcpy(&g->marks[g->count++], r.bytes, sizeof(*g->marks));
	}
	return got ? got : end_piece(t, g);
}

/* As a person goes through the night. */
static int by_second(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	if (x->second.hlc != y->second.hlc)
		return x->second.hlc < y->second.hlc ? -1 : 1;
	return memcmp(x->ticket, y->ticket, TICKET_HASH_SIZE);
}

int tally_by_ticket(struct tally *t)
{
	struct group *g = calloc(1, sizeof(*g));
	int error = -ENOMEM;
	if (g) {
		g->marks = calloc(MARKS_MAX, sizeof(*g->marks));
		g->rows = calloc(MARKS_MAX, sizeof(*g->rows));
	}
	if (g && g->marks && g->rows)
		error = take_marks(t, g);
	if (g) {
		free(g->marks);
		free(g->rows);
	}
	free(g);
	if (!error && t->f->pair_count)
		qsort(t->f->pairs, t->f->pair_count, sizeof(*t->f->pairs), by_second);
	return error;
}
