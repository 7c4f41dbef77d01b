#include "sync/box.h"

#include "base/text.h"

#include <string.h>

/* What a message can say (sync/message.h). */
#define FIGURE_MAX ((UINT64_C(1) << 53) - 1)

static void add(uint64_t *sum, uint64_t n)
{
	*sum = n > FIGURE_MAX - *sum ? FIGURE_MAX : *sum + n;
}

/* The sign decides which of two counters grows. */
static void add_either(uint64_t *up, uint64_t *down, int64_t amount)
{
	if (amount < 0)
		add(down, 0 - (uint64_t)amount);
	else
		add(up, (uint64_t)amount);
}

static struct message_counter *counter_of(struct sync_figures *f, const struct row *row)
{
	for (uint32_t i = f->counters; i--;)
		if (f->at[i].epoch == row->epoch)
			return &f->at[i];
	if (f->counters == MESSAGE_CHAINS_MAX)
		memmove(f->at, f->at + 1, --f->counters * sizeof(f->at[0]));
	struct message_counter *c = &f->at[f->counters++];
	memset(c, 0, sizeof(*c));
	c->epoch = row->epoch;
	(void)!text_copy(c->venue, sizeof(c->venue), row->venue);
	return c;
}

static struct message_moved *moved_of(struct sync_figures *f, const struct row *row)
{
	for (uint32_t i = f->moved_count; i--;)
		if (f->moved[i].epoch == row->epoch && !strcmp(f->moved[i].from, row->from_venue))
			return &f->moved[i];
	if (f->moved_count == MESSAGE_MOVED_MAX)
		memmove(f->moved, f->moved + 1, --f->moved_count * sizeof(f->moved[0]));
	struct message_moved *m = &f->moved[f->moved_count++];
	memset(m, 0, sizeof(*m));
	m->epoch = row->epoch;
	(void)!text_copy(m->from, sizeof(m->from), row->from_venue);
	return m;
}

static void add_answer(struct message_counter *c, const struct row *row)
{
	if (row->direction == DIRECTION_IN) {
		c->in++;
		c->walk_ins += row->kind == ROW_WALK_IN;
		if (row->at.wall_ms > c->last_ms)
			c->last_ms = row->at.wall_ms;
	}
	c->out += row->direction == DIRECTION_OUT;
	c->refused += verdict_refuses(row->verdict);
}

static void add_undo(struct message_counter *c, const struct row *row)
{
	static const uint8_t none[TICKET_HASH_SIZE];
	add_either(&c->undone_in, &c->undone_out, row->amount);
	c->undone_walk_ins +=
		row->direction == DIRECTION_IN && !memcmp(row->ticket, none, sizeof(none));
}

/* As headcount_apply() at another venue: a guest whom we saw come from there. */
static void add_moved(struct sync_figures *f, const struct row *row)
{
	if (!*row->from_venue || !strcmp(row->from_venue, row->venue))
		return;
	if (row->verdict == VERDICT_MOVED)
		moved_of(f, row)->guests++;
	else if (row->kind == ROW_UNDO)
		moved_of(f, row)->undone++;
}

void sync_figures_row(struct sync_figures *f, const struct row *row)
{
	struct message_counter *c = counter_of(f, row);
	if (row->seq > c->rows)
		c->rows = row->seq;
	if (row->kind == ROW_SCAN || row->kind == ROW_WALK_IN)
		add_answer(c, row);
	else if (row->kind == ROW_ADJUST)
		add_either(&c->plus, &c->minus, row->amount);
	else if (row->kind == ROW_UNDO)
		add_undo(c, row);
	add_moved(f, row);
}
