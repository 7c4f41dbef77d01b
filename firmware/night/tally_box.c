/* What rows say of the box that wrote them: its door's pace, its clock, its link, and what is
 * missing or does not hold together.
 *
 * A link was out from the first row that waited longer than FIGURES_OUTAGE_MS for its receipt until
 * that receipt; rows that follow and waited too are the same outage while they came with it. */
#include "night/tally_parts.h"

#include "door/hlc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Stretches received within this of each other are one. */
#define RECEIPT_JOIN_MS 30000

/* Longer pauses are no queue's. */
#define PAUSE_MS (10 * 60 * 1000)

/* --- a chain begins ----------------------------------------------------------------------------
 */

/* Chains come by device, so the box is the newest or new. */
static int find_box(struct tally *t, const uint8_t device[DEVICE_ID_SIZE])
{
	struct figures *f = t->f;
	if (f->box_count && !memcmp(f->boxes[f->box_count - 1].device, device, DEVICE_ID_SIZE)) {
		t->chain.box = f->box_count - 1;
		return 0;
	}
	int error = tally_room((void **)&f->boxes, &t->box_room, f->box_count, sizeof(*f->boxes));
	if (error)
		return error;
	t->chain.box = f->box_count++;
	f->boxes[t->chain.box] = (struct figures_box){ 0 };
	memcpy(f->boxes[t->chain.box].device, device, DEVICE_ID_SIZE);
	return 0;
}

static int add_gap(struct tally *t, const struct chain *chain, const struct range *r)
{
	struct figures *f = t->f;
	f->gaps_total++;
	f->missing_rows += r->last - r->first + 1;
	f->boxes[t->chain.box].missing += r->last - r->first + 1;
	if (f->gap_count == FIGURES_LIST_MAX)
		return 0;
	int error = tally_room((void **)&f->gaps, &t->gap_room, f->gap_count, sizeof(*f->gaps));
	if (error)
		return error;
	struct figures_gap *g = &f->gaps[f->gap_count++];
	*g = (struct figures_gap){ .epoch = chain->epoch, .first = r->first, .last = r->last };
	memcpy(g->device, chain->device, DEVICE_ID_SIZE);
	return 0;
}

static int add_tail_gap(struct tally *t, const struct night_chain *chain, uint64_t promised)
{
	uint64_t highest = ranges_highest(&chain->held);
	if (promised <= highest)
		return 0;
	return add_gap(t, &chain->chain, &(struct range){ highest + 1, promised });
}

static int note_rank(struct tally *t, const struct chain *chain)
{
	size_t room = t->chain_room, both = room;
	int error = tally_room((void **)&t->devices, &room, t->chain_count, DEVICE_ID_SIZE);
	if (!error)
		error = tally_room((void **)&t->epochs, &both, t->chain_count, sizeof(*t->epochs));
	if (error)
		return error;
	t->chain_room = (uint32_t)room;
	memcpy(t->devices[t->chain_count], chain->device, DEVICE_ID_SIZE);
	t->epochs[t->chain_count] = chain->epoch;
	t->chain.rank = t->chain_count++;
	return 0;
}

static int begin_box(struct tally *t, const struct night_chain *chain)
{
	int error = find_box(t, chain->chain.device);
	if (error)
		return error;
	struct figures_box *b = &t->f->boxes[t->chain.box];
	b->openings++;
	b->contradicted += chain->contradictions;
	t->f->contradicted_total += chain->contradictions;
	return note_rank(t, &chain->chain);
}

int tally_box_begin(struct tally *t, const struct night_chain *chain, uint64_t promised)
{
	struct chain_state *c = &t->chain;
	struct receipt *kept = c->receipts;
	size_t room = c->receipt_room, count = c->receipt_count;
	if (c->begun && c->seen) /* receipts told so far were the last chain's */
		count = 0;
	*c = (struct chain_state){ .begun = true,
		.epoch = chain->chain.epoch,
		.signed_to = chain->signed_to,
		.venue = UINT16_MAX,
		.door = SIZE_MAX,
		.receipts = kept,
		.receipt_room = room,
		.receipt_count = count };
	memcpy(c->device, chain->chain.device, DEVICE_ID_SIZE);
	int error = begin_box(t, chain);
	return error ? error : add_tail_gap(t, chain, promised);
}

int tally_chain(struct tally *t, const struct night_chain *chain, uint64_t promised)
{
	t->chain.receipt_count = 0;
	t->chain.seen = false;
	return tally_box_begin(t, chain, promised);
}

int tally_receipt(
	struct tally *t, uint64_t first, uint64_t last, int64_t received_ms, const char *source)
{
	struct chain_state *c = &t->chain;
	if (strncmp(source, "broker", strlen("broker")) != 0)
		return 0;
	t->f->boxes[c->box].receipts = true;
	struct receipt *before = c->receipt_count ? &c->receipts[c->receipt_count - 1] : NULL;
	if (before && before->last + 1 == first && received_ms >= before->received_ms &&
		received_ms - before->received_ms < RECEIPT_JOIN_MS) {
		before->last = last;
		return 0;
	}
	int error = tally_room(
		(void **)&c->receipts, &c->receipt_room, c->receipt_count, sizeof(*c->receipts));
	if (error)
		return error;
	c->receipts[c->receipt_count++] = (struct receipt){ first, last, received_ms };
	return 0;
}

/* --- doors -------------------------------------------------------------------------------------
 */

static bool is_door(const struct figures_door *d, const struct row *row)
{
	return !strcmp(d->door, row->door) && !strcmp(d->venue, row->venue) &&
	       !memcmp(d->device, row->device, DEVICE_ID_SIZE);
}

/* A box has few doors in its life, and they lie together at the end of the list. */
static int find_door(struct tally *t, const struct row *row)
{
	struct figures *f = t->f;
	if (t->chain.door < f->door_count && is_door(&f->doors[t->chain.door], row))
		return 0;
	for (size_t i = f->door_count;
		i-- && !memcmp(f->doors[i].device, row->device, DEVICE_ID_SIZE);)
		if (is_door(&f->doors[i], row)) {
			t->chain.door = i;
			return 0;
		}
	size_t room = t->door_room, both = room;
	int error = tally_room((void **)&f->doors, &room, f->door_count, sizeof(*f->doors));
	if (!error)
		error = tally_room((void **)&t->paces, &both, f->door_count, sizeof(*t->paces));
	if (error)
		return error;
	t->door_room = room;
	struct pace *p = &t->paces[f->door_count];
	*p = (struct pace){ .gaps = calloc(PACE_STEPS, sizeof(*p->gaps)) };
	if (!p->gaps)
		return -ENOMEM;
	t->chain.door = f->door_count++;
	struct figures_door *d = &f->doors[t->chain.door];
	*d = (struct figures_door){ 0 };
	memcpy(d->device, row->device, DEVICE_ID_SIZE);
	memcpy(d->venue, row->venue, ID_SIZE);
	memcpy(d->door, row->door, ID_SIZE);
	return 0;
}

/* The time between two entries is the monotonic clock's: the wall's may jump. */
static void note_pace(struct tally *t, const struct row *row)
{
	struct chain_state *c = &t->chain;
	struct figures_door *d = &t->f->doors[c->door];
	struct pace *p = &t->paces[c->door];
	int64_t minute = tally_ms(t, row) / 60000;
	d->entries++;
	p->in_minute = minute == p->minute ? p->in_minute + 1 : 1;
	p->minute = minute;
	if (p->in_minute > d->busiest_minute) {
		d->busiest_minute = p->in_minute;
		d->busiest_ms = minute * 60000;
	}
	int64_t gap = row->at.mono_ms - c->entry_mono_ms;
	if (c->entry_seen && !memcmp(c->entry_boot, row->boot, BOOT_ID_SIZE) && gap >= 0 &&
		gap < PAUSE_MS) {
		p->gaps[gap / PACE_STEP_MS]++;
		p->gap_total++;
	}
	c->entry_seen = true;
	c->entry_mono_ms = row->at.mono_ms;
	memcpy(c->entry_boot, row->boot, BOOT_ID_SIZE);
}

static uint32_t median(const struct pace *p)
{
	uint64_t below = 0;
	if (p->gap_total < 3)
		return 0;
	for (uint32_t i = 0; i < PACE_STEPS; i++) {
		below += p->gaps[i];
		if (below * 2 >= p->gap_total)
			return i * PACE_STEP_MS + PACE_STEP_MS / 2;
	}
	return 0;
}

/* --- clock -------------------------------------------------------------------------------------
 */

static void note_clock(struct tally *t, const struct row *row, struct figures_box *b)
{
	struct chain_state *c = &t->chain;
	if ((unsigned)row->at.trust < TRUST_COUNT)
		b->trust[row->at.trust]++;
	b->time_doubt += row->time_doubt;
	b->elsewhen += tally_slot(t, row->at.wall_ms) == NO_SLOT;
	int64_t behind = hlc_wall_ms(row->hlc) - row->at.wall_ms;
	if (row->at.trust != TRUST_UNSET && behind > b->behind_ms)
		b->behind_ms = behind;
	if (c->seen && !memcmp(c->boot, row->boot, BOOT_ID_SIZE)) {
		int64_t step = (row->at.wall_ms - c->wall_ms) - (row->at.mono_ms - c->mono_ms);
		if (llabs(step) > 2000)
			b->steps++;
		if (llabs(step) > llabs(b->stepped_ms))
			b->stepped_ms = step;
	}
	c->wall_ms = row->at.wall_ms;
	c->mono_ms = row->at.mono_ms;
	memcpy(c->boot, row->boot, BOOT_ID_SIZE);
}

/* --- link --------------------------------------------------------------------------------------
 */

static int begin_outage(struct tally *t, const struct row *row, struct figures_box *b)
{
	struct figures *f = t->f;
	b->outages++;
	f->outages_total++;
	t->chain.out = true;
	if (f->outage_count == FIGURES_LIST_MAX)
		return 0;
	int error = tally_room(
		(void **)&f->outages, &t->outage_room, f->outage_count, sizeof(*f->outages));
	if (error)
		return error;
	struct figures_outage *o = &f->outages[f->outage_count++];
	*o = (struct figures_outage){ .from_ms = row->at.wall_ms };
	memcpy(o->device, row->device, DEVICE_ID_SIZE);
	memcpy(o->venue, row->venue, ID_SIZE);
	return 0;
}

static int note_link(struct tally *t, const struct row *row, struct figures_box *b)
{
	struct chain_state *c = &t->chain;
	while (c->receipt_at < c->receipt_count && c->receipts[c->receipt_at].last < row->seq) {
		c->receipt_at++;
		c->out = false;
	}
	if (c->receipt_at == c->receipt_count || c->receipts[c->receipt_at].first > row->seq)
		return 0;
	int64_t waited = c->receipts[c->receipt_at].received_ms - row->at.wall_ms;
	if (-waited > b->ahead_ms)
		b->ahead_ms = -waited;
	if (row->at.trust == TRUST_UNSET || (waited <= FIGURES_OUTAGE_MS && !c->out))
		return 0;
	int error = c->out ? 0 : begin_outage(t, row, b);
	struct figures_outage *o =
		t->f->outage_count ? &t->f->outages[t->f->outage_count - 1] : NULL;
	if (error || !o || memcmp(o->device, row->device, DEVICE_ID_SIZE) != 0)
		return error;
	if (!o->rows++) {
		o->until_ms = c->receipts[c->receipt_at].received_ms;
		b->outage_ms += waited;
		b->longest_outage_ms =
			waited > b->longest_outage_ms ? waited : b->longest_outage_ms;
	}
	return 0;
}

/* --- what holds together -----------------------------------------------------------------------
 */

static int note_broken(struct tally *t, const struct row *row, struct figures_box *b)
{
	struct figures *f = t->f;
	b->broken++;
	f->broken_total++;
	if (f->broken_count == FIGURES_LIST_MAX)
		return 0;
	int error = tally_room(
		(void **)&f->broken, &t->broken_room, f->broken_count, sizeof(*f->broken));
	if (error)
		return error;
	struct figures_broken *at = &f->broken[f->broken_count++];
	*at = (struct figures_broken){ .epoch = row->epoch, .seq = row->seq };
	memcpy(at->device, row->device, DEVICE_ID_SIZE);
	return 0;
}

static int note_order(struct tally *t, const struct row *row, struct figures_box *b)
{
	const struct chain_state *c = &t->chain;
	uint64_t due = c->seen ? c->seq + 1 : 1;
	if (row->seq > c->signed_to) {
		b->unsigned_rows++;
		t->f->unsigned_total++;
	}
	if (row->seq > due) {
		struct chain chain = { .epoch = row->epoch };
		memcpy(chain.device, row->device, DEVICE_ID_SIZE);
		return add_gap(t, &chain, &(struct range){ due, row->seq - 1 });
	}
	if (c->seen && memcmp(row->before, c->hash, ROW_HASH_SIZE) != 0)
		return note_broken(t, row, b);
	return 0;
}

int tally_box_row(struct tally *t, const struct row *row)
{
	struct figures_box *b = &t->f->boxes[t->chain.box];
	int64_t ms = tally_ms(t, row);
	b->rows++;
	memcpy(b->venue, row->venue, ID_SIZE);
	memcpy(b->door, row->door, ID_SIZE);
	if (!b->first_ms || ms < b->first_ms)
		b->first_ms = ms;
	if (ms > b->last_ms)
		b->last_ms = ms;
	int error = note_order(t, row, b);
	if (!error)
		error = find_door(t, row);
	if (!error)
		error = note_link(t, row, b);
	if (error)
		return error;
	note_clock(t, row, b);
	if (row->direction == DIRECTION_IN && row->kind != ROW_UNDO)
		note_pace(t, row);
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct figures_door *x = a, *y = b;
	int order = strcmp(x->venue, y->venue);
	if (!order)
		order = strcmp(x->door, y->door);
	return order ? order : memcmp(x->device, y->device, DEVICE_ID_SIZE);
}

void tally_box_finish(struct tally *t)
{
	struct figures *f = t->f;
	for (size_t i = 0; i < f->door_count; i++) {
		f->doors[i].median_ms = median(&t->paces[i]);
		free(t->paces[i].gaps);
	}
	free(t->paces);
	t->paces = NULL;
	if (f->door_count)
		qsort(f->doors, f->door_count, sizeof(*f->doors), by_place);
}
