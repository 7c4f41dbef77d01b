#include "night/tally_parts.h"

#include "base/text.h"
#include "door/hlc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The slots begin before the doors and go on after them. */
#define BEFORE_MS (2 * 3600 * INT64_C(1000))
#define AFTER_MS  (4 * 3600 * INT64_C(1000))

int tally_room(void **at, size_t *room, size_t count, size_t size)
{
	if (count < *room)
		return 0;
	size_t more = *room ? *room * 2 : 16;
	void *grown = realloc(*at, more * size);
	if (!grown)
		return -ENOMEM;
	*at = grown;
	*room = more;
	return 0;
}

/* --- venues ------------------------------------------------------------------------------------
 */

static uint32_t name_hash(const char *id)
{
	uint32_t h = 2166136261U;
	for (; *id; id++)
		h = (h ^ (uint8_t)*id) * 16777619U;
	return h & (VENUE_SLOTS - 1);
}

static uint16_t add_venue(struct tally *t, const char *id, uint32_t at)
{
	uint16_t v = (uint16_t)t->venue_count;
	if (v >= FIGURES_VENUES_MAX) {
		t->other = true;
		text_copy(t->venues[FIGURES_VENUES_MAX].id, ID_SIZE, "other");
		return FIGURES_VENUES_MAX;
	}
	text_copy(t->venues[v].id, ID_SIZE, id);
	t->names[at] = (uint16_t)(v + 1);
	t->venue_count++;
	return v;
}

uint16_t tally_venue(struct tally *t, const char *id)
{
	if (t->chain.venue < t->venue_count && !strcmp(t->venues[t->chain.venue].id, id))
		return t->chain.venue;
	uint32_t at = name_hash(id);
	for (; t->names[at]; at = (at + 1) & (VENUE_SLOTS - 1))
		if (!strcmp(t->venues[t->names[at] - 1].id, id))
			return (uint16_t)(t->names[at] - 1);
	return add_venue(t, id, at);
}

/* --- moments -----------------------------------------------------------------------------------
 */

int64_t tally_moment(const struct row *row, int64_t from_ms, int64_t until_ms)
{
	int64_t wall = row->at.wall_ms, stamp = hlc_wall_ms(row->hlc);
	bool wall_in = wall >= from_ms && wall < until_ms;
	bool stamp_in = stamp >= from_ms && stamp < until_ms;
	if (stamp_in && (!wall_in || row->at.trust == TRUST_UNSET))
		return stamp;
	return wall;
}

int64_t tally_ms(const struct tally *t, const struct row *row)
{
	return tally_moment(row, t->f->start_ms, t->until_ms);
}

uint32_t tally_slot(const struct tally *t, int64_t ms)
{
	if (ms < t->f->start_ms || ms >= t->until_ms)
		return NO_SLOT;
	return (uint32_t)((ms - t->f->start_ms) / FIGURES_SLOT_MS);
}

/* --- opening -----------------------------------------------------------------------------------
 */

static void choose_slots(struct tally *t)
{
	const struct event *e = t->event;
	struct figures *f = t->f;
	int64_t start = e->opens_ms - BEFORE_MS;
	int64_t past = start % FIGURES_SLOT_MS;
	f->start_ms = start - (past < 0 ? past + FIGURES_SLOT_MS : past);
	int64_t slots = (e->closes_ms + AFTER_MS - f->start_ms) / FIGURES_SLOT_MS + 1;
	f->slot_count = (uint32_t)(slots < 36                  ? 36
				   : slots > FIGURES_SLOTS_MAX ? FIGURES_SLOTS_MAX
							       : slots);
	t->until_ms = f->start_ms + (int64_t)f->slot_count * FIGURES_SLOT_MS;
}

static int make_room(struct tally *t, const char *spool_dir)
{
	t->f = calloc(1, sizeof(*t->f));
	if (!t->f)
		return -ENOMEM;
	choose_slots(t);
	t->slots = calloc((size_t)(FIGURES_VENUES_MAX + 1) * t->f->slot_count, sizeof(*t->slots));
	t->recent = calloc(RECENT, sizeof(*t->recent));
	if (!t->slots || !t->recent)
		return -ENOMEM;
	for (uint32_t i = 0; i <= FIGURES_VENUES_MAX; i++)
		t->venues[i].slots = t->slots + (size_t)i * t->f->slot_count;
	int error = sorter_open(&t->by_time, spool_dir, 0);
	return error ? error : sorter_open(&t->by_ticket, spool_dir, 0);
}

int tally_open(struct tally **out, const struct event *e, const char *spool_dir)
{
	const char *tmp = getenv("TMPDIR");
	struct tally *t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->event = e;
	t->chain.venue = UINT16_MAX;
	int error = make_room(t, spool_dir ? spool_dir : tmp && *tmp ? tmp : "/tmp");
	if (error) {
		tally_close(t);
		return error;
	}
	for (uint32_t i = 0; i < e->venue_count; i++)
		t->venues[tally_venue(t, e->venues[i].id)].of_event = true;
	*out = t;
	return 0;
}

void tally_close(struct tally *t)
{
	if (!t)
		return;
	sorter_close(t->by_time);
	sorter_close(t->by_ticket);
	for (size_t i = 0; t->paces && t->f && i < t->f->door_count; i++)
		free(t->paces[i].gaps);
	free(t->paces);
	free(t->chain.receipts);
	free(t->door_names);
	free(t->devices);
	free(t->epochs);
	free(t->recent);
	free(t->moves.at);
	free(t->slots);
	figures_free(t->f);
	free(t);
}

void tally_registered(struct tally *t, const char *venue, uint64_t people)
{
	t->f->registered_known = true;
	t->f->night.registered += people;
	if (*venue)
		t->venues[tally_venue(t, venue)].registered += people;
}

/* --- a row -------------------------------------------------------------------------------------
 */

static bool has_ticket(const struct row *row)
{
	static const uint8_t none[TICKET_HASH_SIZE];
	return memcmp(row->ticket, none, sizeof(none)) != 0;
}

/* One entry more, or one less that was taken back. */
static void count_entry(struct figures_venue *v, const struct recent *r, bool back)
{
	uint64_t one = back ? UINT64_MAX : 1; /* unsigned: −1 */
	bool walk_in = r->kind == ROW_WALK_IN;
	v->entries += one;
	v->undone += back;
	v->walk_ins += walk_in ? one : 0;
	v->badges += walk_in && r->badge ? one : 0;
	v->people += walk_in && !r->badge ? one : 0; /* those with a ticket: tally_by_ticket() */
	v->readmitted += r->verdict == VERDICT_READMIT ? one : 0;
	v->moved_in += r->verdict == VERDICT_MOVED ? one : 0;
	v->overridden += r->overridden ? one : 0;
	if (r->slot == NO_SLOT)
		v->outside += one;
	else
		v->slots[r->slot].arrivals += back ? UINT32_MAX : 1;
}

static int note_move(struct tally *t, const struct row *row, uint16_t venue, bool back)
{
	if (!*row->from_venue || !strcmp(row->from_venue, row->venue))
		return 0;
	uint16_t from = tally_venue(t, row->from_venue);
	t->venues[from].moved_out += back ? UINT64_MAX : 1;
	return tally_move(t, from, venue, back);
}

static int entry(struct tally *t, const struct row *row, uint16_t venue)
{
	struct figures_venue *v = &t->venues[venue];
	int64_t ms = tally_ms(t, row);
	struct recent r = { row->seq, tally_slot(t, ms), venue, (uint8_t)row->kind,
		(uint8_t)row->verdict, true, has_ticket(row), row->overridden };
	count_entry(v, &r, false);
	t->recent[row->seq % RECENT] = r;
	int error = row->verdict == VERDICT_MOVED ? note_move(t, row, venue, false) : 0;
	if (r.slot == NO_SLOT)
		return error;
	if (!v->first_entry_ms || ms < v->first_entry_ms)
		v->first_entry_ms = ms;
	if (ms > v->last_entry_ms)
		v->last_entry_ms = ms;
	return error;
}

static int undo(struct tally *t, const struct row *row, uint16_t venue)
{
	if (row->direction == DIRECTION_OUT) {
		t->venues[venue].exits -= t->venues[venue].exits > 0;
		return 0;
	}
	if (row->direction != DIRECTION_IN) {
		t->venues[venue].adjustments -= row->amount;
		return 0;
	}
	struct recent *r = &t->recent[row->undoes % RECENT];
	struct recent guessed = { row->undoes, tally_slot(t, tally_ms(t, row)), venue,
		has_ticket(row) ? ROW_SCAN : ROW_WALK_IN,
		*row->from_venue ? VERDICT_MOVED : VERDICT_ADMIT, true, has_ticket(row), false };
	bool known = r->entry && r->seq == row->undoes && r->venue == venue;
	count_entry(&t->venues[venue], known ? r : &guessed, true);
	bool moved = (known ? r : &guessed)->verdict == VERDICT_MOVED;
	r->entry = known ? false : r->entry;
	return moved ? note_move(t, row, venue, true) : 0;
}

static int count_row(struct tally *t, const struct row *row, uint16_t venue)
{
	struct figures_venue *v = &t->venues[venue];
	int error = 0;
	v->rows++;
	if (row->kind == ROW_ADJUST) {
		v->adjustments += row->amount;
	} else if (row->kind == ROW_UNDO) {
		error = undo(t, row, venue);
	} else {
		if (row->direction == DIRECTION_IN)
			error = entry(t, row, venue);
		v->exits += row->direction == DIRECTION_OUT;
		v->tests += row->verdict == VERDICT_TEST_OK;
		if ((unsigned)row->verdict < VERDICT_COUNT && verdict_refuses(row->verdict)) {
			v->refused++;
			v->refused_for[row->verdict]++;
		}
	}
	return error;
}

static int begin_unannounced(struct tally *t, const struct row *row)
{
	struct night_chain chain = { .signed_to = UINT64_MAX };
	memcpy(chain.chain.device, row->device, DEVICE_ID_SIZE);
	chain.chain.epoch = row->epoch;
	return tally_box_begin(t, &chain, 0);
}

int tally_row(struct tally *t, const struct row *row)
{
	struct chain_state *c = &t->chain;
	int error = 0;
	bool same = c->begun && c->epoch == row->epoch &&
		    !memcmp(c->device, row->device, DEVICE_ID_SIZE);
	if (!same)
		error = begin_unannounced(t, row);
	else if (c->seen && row->seq <= c->seq)
		return -EINVAL;
	if (!error)
		error = tally_box_row(t, row);
	if (error)
		return error;
	c->venue = tally_venue(t, row->venue);
	error = count_row(t, row, c->venue);
	if (!error)
		error = tally_order_row(t, row);
	c->seq = row->seq;
	c->seen = true;
	memcpy(c->hash, row->hash, ROW_HASH_SIZE);
	return error;
}

/* --- the end -----------------------------------------------------------------------------------
 */

static void add_up(struct figures_venue *sum, const struct figures_venue *v, uint32_t slots)
{
	sum->rows += v->rows;
	sum->entries += v->entries;
	sum->walk_ins += v->walk_ins;
	sum->badges += v->badges;
	sum->readmitted += v->readmitted;
	sum->moved_in += v->moved_in;
	sum->moved_out += v->moved_out;
	sum->overridden += v->overridden;
	sum->exits += v->exits;
	sum->undone += v->undone;
	sum->refused += v->refused;
	for (int i = 0; i < VERDICT_COUNT; i++)
		sum->refused_for[i] += v->refused_for[i];
	sum->tests += v->tests;
	sum->adjustments += v->adjustments;
	sum->outside += v->outside;
	if (v->first_entry_ms && (!sum->first_entry_ms || v->first_entry_ms < sum->first_entry_ms))
		sum->first_entry_ms = v->first_entry_ms;
	if (v->last_entry_ms > sum->last_entry_ms)
		sum->last_entry_ms = v->last_entry_ms;
	for (uint32_t i = 0; i < slots; i++)
		sum->slots[i].arrivals += v->slots[i].arrivals;
}

/* The slots are handed over as they are: of many venues they are most of the memory. */
static int hand_over_venues(struct tally *t, struct figures *f)
{
	size_t n = f->venue_count;
	f->venues = calloc(n ? n : 1, sizeof(*f->venues));
	if (!f->venues)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		f->venues[i] = t->venues[i == t->venue_count ? FIGURES_VENUES_MAX : i];
	f->venues[0].slots = t->slots;
	t->slots = NULL;
	return tally_hand_over_moves(t, f);
}

int tally_finish(struct tally *t, struct figures **out)
{
	struct figures *f = t->f;
	tally_box_finish(t);
	f->venue_count = t->venue_count + t->other;
	f->night.slots = calloc(f->slot_count, sizeof(*f->night.slots));
	if (!f->night.slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < f->venue_count; i++)
		f->night.people += t->venues[i == t->venue_count ? FIGURES_VENUES_MAX : i].people;
	int error = tally_by_time(t);
	if (!error)
		error = tally_by_ticket(t);
	if (!error)
		error = hand_over_venues(t, f);
	if (error)
		return error;
	for (uint32_t i = 0; i < f->venue_count; i++)
		add_up(&f->night, &f->venues[i], f->slot_count);
	t->f = NULL;
	*out = f;
	return 0;
}
