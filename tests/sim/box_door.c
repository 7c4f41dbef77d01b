/* The clerk of a simulated box: one wish after the other, decided by the real rules over what the
 * log and the peers' rows say, durable after COMMIT and not before. */
#include "tests/sim/box.h"

#include "door/hlc.h"
#include "store/log.h"

#include <string.h>

static void next_wish(struct box_model *b);

static bool undo_target(struct box_model *b, struct row *row)
{
	for (size_t i = b->log_rows; i-- > 0;) {
		const struct row *old = &b->log[i]->row;
		if (old->epoch != b->epoch)
			return false;
		if (old->kind == ROW_UNDO || !headcount_effect(old) || rows_undone(&b->in_log, old))
			continue;
		row->undoes = old->seq;
		row->amount = headcount_effect(old);
		row->direction = old->direction;
		memcpy(row->ticket, old->ticket, sizeof(row->ticket));
		memcpy(row->from_venue, old->from_venue, sizeof(row->from_venue));
		return true;
	}
	return false;
}

static struct decision decide(struct box_model *b, const struct wish *w, const struct when *now)
{
	struct sim *s = b->party.sim;
	int v = b->place;
	struct admission_rules rules = {
		.doorway = b->doorway, .reentry = s->reentry, .capacity_seats = s->capacities[v]
	};
	memcpy(rules.venue, b->venue, sizeof(rules.venue));
	memcpy(rules.door, b->door, sizeof(rules.door));
	int64_t present = headcount_present(&b->counts[v]);
	if (w->kind == ROW_WALK_IN)
		return admission_walk_in(&rules, present, false);
	const struct ticket *t = &s->tickets[w->ticket].ticket;
	struct prior prior;
	box_prior(b, t->hash, &prior);
	return admission_decide(&rules, t, &prior, present, now, false);
}

static bool make_row(struct box_model *b, const struct wish *w, struct row *row)
{
	struct sim *s = b->party.sim;
	struct when now = box_now(b);
	uint64_t last = b->hlc > b->seen ? b->hlc : b->seen;
	*row = (struct row){ .epoch = b->epoch,
		.seq = b->seq + 1,
		.hlc = hlc_next(last, now.wall_ms),
		.at = now,
		.kind = w->kind,
		.source = w->ticket < 0 ? SOURCE_TOUCH : SOURCE_CAMERA };
	memcpy(row->device, b->device, sizeof(row->device));
	memcpy(row->boot, b->boot, sizeof(row->boot));
	memcpy(row->before, b->head, sizeof(row->before));
	memcpy(row->venue, b->venue, sizeof(row->venue));
	memcpy(row->door, b->door, sizeof(row->door));
	if (w->kind == ROW_ADJUST)
		row->amount = w->amount;
	else if (w->kind == ROW_UNDO) {
		if (!undo_target(b, row))
			return false;
	} else {
		struct decision d = decide(b, w, &now);
		row->verdict = d.verdict;
		row->direction = d.direction;
		row->time_doubt = d.time_doubt;
		memcpy(row->from_venue, d.from_venue, sizeof(row->from_venue));
		if (w->ticket >= 0 && (w->kind == ROW_SCAN || d.direction == DIRECTION_IN))
			memcpy(row->ticket, s->tickets[w->ticket].ticket.hash, sizeof(row->ticket));
		row->registered = w->kind == ROW_SCAN && s->tickets[w->ticket].ticket.registered;
	}
	log_row_hash(row, row->hash);
	return true;
}

static void log_reopen(struct box_model *b)
{
	b->reopen = false;
	b->reopened++;
	uint64_t hlc = b->hlc;
	box_log_open(b);
	if (hlc > b->hlc)
		b->hlc = hlc;
	struct sync_input input = {
		.kind = SYNC_CHAIN, .own = true, .current = true, .chain.epoch = b->epoch
	};
	memcpy(input.chain.device, b->device, sizeof(input.chain.device));
	TRACE(b->party.sim, "%s begins epoch %u", b->party.name, b->epoch);
	box_step(b, &input);
}

static void reopen(struct sim *s, void *who, uint64_t disk, void *what)
{
	(void)s;
	(void)what;
	struct box_model *b = who;
	if (b->disk == disk && b->reopen && !b->writing)
		log_reopen(b);
}

void box_reopen(struct box_model *b)
{
	b->reopen = true;
	sim_at(b->party.sim, b->party.sim->now_ms + 5, reopen, b, b->disk, NULL);
}

static void commit(struct sim *s, void *who, uint64_t disk, void *what)
{
	(void)what;
	struct box_model *b = who;
	if (b->disk != disk || !b->writing)
		return;
	struct fact *fact = b->writing;
	b->writing = NULL;
	if (b->full_disk) {
		TRACE(s, "%s cannot write", b->party.name);
	} else {
		box_commit(b, fact);
		b->seq = fact->row.seq;
		b->hlc = fact->row.hlc;
		memcpy(b->head, fact->row.hash, sizeof(b->head));
		TRACE(s, "%s has row %u/%llu: %s", b->party.name, fact->row.epoch,
			(unsigned long long)fact->row.seq, verdict_names[fact->row.verdict]);
		box_tell_committed(b);
	}
	if (b->reopen)
		log_reopen(b);
	next_wish(b);
}

static void next_wish(struct box_model *b)
{
	struct sim *s = b->party.sim;
	while (b->first_wish && !b->writing && b->powered) {
		struct wish *w = b->first_wish;
		b->first_wish = w->next;
		b->wishes--;
		struct row row;
		if (!make_row(b, w, &row))
			continue;
		b->writing = fact_of(s, &row);
		int64_t takes_ms = chance_between(s, 1, 12) + b->slow_disk_ms;
		sim_at(s, s->now_ms + takes_ms, commit, b, b->disk, NULL);
	}
}

void box_wish(struct box_model *b, enum row_kind kind, int ticket, int64_t amount)
{
	struct sim *s = b->party.sim;
	if (!b->powered || b->wishes >= SIM_PATIENCE)
		return;
	struct wish *w = sim_alloc(s, sizeof(*w));
	w->kind = kind;
	w->ticket = ticket;
	w->amount = amount;
	if (!b->first_wish)
		b->last_wish = &b->first_wish;
	*b->last_wish = w;
	b->last_wish = &w->next;
	b->wishes++;
	next_wish(b);
}
