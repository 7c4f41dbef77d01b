/* Rows that a collector gives back. A box whose disk was put back to an older copy while its peers
 * were away, or that never heard a box which is lost now, finds the rows with the collector alone.
 *
 *   newcomer        whoever is heard for the first time on this connection is told what is held of
 *                   its own chains, by an acknowledgement, and a little later its venue of the
 *                   chains of boxes that are not there and of epochs that have ended: nobody else
 *                   may tell of them
 *   asked           devices answer for themselves and peers for each other; who has to ask a second
 *                   time is given the rows here, unless they are heard from somebody meanwhile
 *
 * Rows go to who has asked alone, on a topic of its own, as their device has signed them, so many
 * in ten seconds and one FETCH at a time. */
#include "sync/collector_parts.h"

#include <stdlib.h>
#include <string.h>

#define GREET_MS     5000
#define TELL_MS      60000 /* between two tellings of one venue; twice as long each time */
#define TELL_MOST_MS 600000
#define THERE_MS     75000  /* heard so lately a box tells of its chains itself */
#define AGAIN_MS     600000 /* an ask after so long is a first one */
#define OTHERS_MS    7000   /* for peers to answer */
#define OTHERS_MORE  3000
#define NEXT_MS      500 /* where they did not, the last time */
#define FETCH_MS     20000
#define BUDGET_MAX   20
#define BUDGET_MS    10000

/* --- telling of what is held --- */

static void tell_at(struct collector *c, struct col_venue *v, int64_t at_ms)
{
	v->tell_ms = at_ms;
	if (at_ms < c->tell_due_ms)
		c->tell_due_ms = at_ms;
}

static void tell_soon(struct collector *c, size_t venue)
{
	struct col_venue *v = &c->venues[venue];
	int64_t at = c->now.mono_ms + GREET_MS;
	if (v->told_ms && at < v->told_ms + TELL_MS / 2)
		at = v->told_ms + TELL_MS / 2;
	v->tell_wait_ms = TELL_MS;
	if (!v->tell_ms || v->tell_ms > at)
		tell_at(c, v, at);
}

void collector_newcomer(struct collector *c, uint32_t box)
{
	struct col_state *s = &c->states[box];
	if (s->greeted)
		return;
	s->greeted = true;
	collector_dirty_box(c, box);
	if (c->setup.venue_count <= COLLECTOR_ALL_MAX)
		for (size_t i = 0; i < c->setup.venue_count; i++)
			tell_soon(c, i);
	else if (s->venue >= 0)
		tell_soon(c, (size_t)s->venue);
}

static bool is_there(const struct collector *c, uint32_t box)
{
	const struct col_state *s = &c->states[box];
	return s->live && !s->gone && c->now.mono_ms - c->boxes[box].heard_mono_ms < THERE_MS;
}

/* The chains of boxes of this venue that are not there to tell of them; and of those that are there
 * what they may have lost of earlier epochs, since the word that greeted them may have been lost,
 * too. */
static void tell_venue(struct collector *c, size_t venue)
{
	struct topic t = { .kind = TOPIC_HAVE };
	const char *name = c->setup.venues[venue];
	memcpy(t.venue, name, sizeof(t.venue));
	memcpy(t.device, c->setup.id, sizeof(t.device));
	collector_begin_chains(c, false);
	for (uint32_t i = 0; i < c->box_count; i++) {
		if (strcmp(c->boxes[i].venue, name) != 0)
			continue;
		bool there = is_there(c, i);
		uint32_t now = c->states[i].epoch;
		for (uint32_t k = c->states[i].first_chain; k != NONE; k = c->chains[k].next) {
			if (!c->chains[k].held.count ||
				(there && (!now || c->chains[k].id.epoch == now)))
				continue;
			collector_add_chain(c, &c->chains[k]);
			if (c->chains_out.count == MESSAGE_CHAINS_MAX)
				collector_publish_chains(c, &t);
		}
	}
	if (c->chains_out.count)
		collector_publish_chains(c, &t);
}

static void tick_telling(struct collector *c)
{
	if (c->tell_due_ms > c->now.mono_ms)
		return;
	c->tell_due_ms = INT64_MAX;
	for (size_t i = 0; i < c->setup.venue_count; i++) {
		struct col_venue *v = &c->venues[i];
		if (v->tell_ms && v->tell_ms <= c->now.mono_ms) {
			tell_venue(c, i);
			v->told_ms = c->now.mono_ms;
			v->tell_ms = c->now.mono_ms + v->tell_wait_ms;
			if (v->tell_wait_ms < TELL_MOST_MS)
				v->tell_wait_ms *= 2;
		}
		if (v->tell_ms)
			tell_at(c, v, v->tell_ms);
	}
}

/* --- being asked --- */

static struct asked *asked_of(struct collector *c, const uint8_t who[16], uint32_t chain, bool add)
{
	struct asked *oldest = &c->asked[0];
	for (size_t i = 0; i < ASKED_MAX; i++) {
		struct asked *a = &c->asked[i];
		if (a->asked_ms && a->chain == chain && !memcmp(a->who, who, sizeof(a->who)))
			return a;
		if (a->asked_ms < oldest->asked_ms)
			oldest = a;
	}
	if (!add)
		return NULL;
	*oldest = (struct asked){ .chain = chain };
	memcpy(oldest->who, who, sizeof(oldest->who));
	return oldest;
}

void collector_asked(struct collector *c, const struct message_chains *m, uint32_t chain,
	const struct ranges *have)
{
	struct ranges held, lacks;
	span_get(&c->chains[chain].held, &held);
	lacks.count = 0;
	ranges_missing(have, &held, &lacks);
	if (!lacks.count)
		return;
	struct asked *a = asked_of(c, m->sender, chain, true);
	/* A collector asks here only after others have been asked. */
	bool again = m->from_collector || (a->asked_ms && c->now.mono_ms - a->asked_ms < AGAIN_MS);
	a->asked_ms = c->now.mono_ms;
	if (!again)
		return;
	int64_t wait_ms = a->gave ? NEXT_MS : OTHERS_MS + (int64_t)collector_dice(c, OTHERS_MORE);
	if (!a->wanted.count || a->due_ms > c->now.mono_ms + wait_ms)
		a->due_ms = c->now.mono_ms + wait_ms;
	a->wanted = lacks;
}

void collector_was_sent(struct collector *c, uint32_t chain, uint64_t first, uint64_t last)
{
	for (size_t i = 0; i < ASKED_MAX; i++) {
		struct asked *a = &c->asked[i];
		if (!a->wanted.count || a->chain != chain)
			continue;
		ranges_cut(&a->wanted, first, last);
		/* Somebody is at it: let them go on. */
		a->gave = false;
		a->due_ms = c->now.mono_ms + OTHERS_MS;
	}
}

/* --- giving --- */

static bool has_budget(struct collector *c)
{
	if (c->now.mono_ms - c->budget_ms >= BUDGET_MS) {
		c->budget_ms = c->now.mono_ms;
		c->budget = BUDGET_MAX;
	}
	return c->budget > 0;
}

static void fetch(struct collector *c)
{
	struct giving *g = &c->giving;
	g->since_ms = c->now.mono_ms;
	c->emit(c->context, &(struct collector_effect){ .kind = COLLECT_FETCH,
				    .chain = c->chains[g->chain].id,
				    .first = g->first,
				    .count = g->most });
}

static void tick_giving(struct collector *c)
{
	struct asked *next = NULL;
	if (c->giving.most && c->now.mono_ms - c->giving.since_ms < FETCH_MS)
		return;
	c->giving.most = 0;
	for (size_t i = 0; i < ASKED_MAX; i++) {
		struct asked *a = &c->asked[i];
		if (a->wanted.count && a->due_ms <= c->now.mono_ms &&
			(!next || a->due_ms < next->due_ms))
			next = a;
	}
	if (!next || !has_budget(c))
		return;
	c->budget--;
	const struct range *r = &next->wanted.at[0];
	uint64_t most = r->last - r->first + 1;
	c->giving = (struct giving){ .chain = next->chain,
		.first = r->first,
		.most = most < BATCH_ROWS_MAX ? most : BATCH_ROWS_MAX };
	memcpy(c->giving.who, next->who, sizeof(next->who));
	fetch(c);
}

/* What was given, or cannot be: rows that came unsigned. */
static void done_with(struct collector *c, uint64_t first, uint64_t last, bool gave)
{
	struct asked *a = asked_of(c, c->giving.who, c->giving.chain, false);
	c->giving.most = 0;
	if (!a)
		return;
	ranges_cut(&a->wanted, first, last);
	a->gave = gave;
}

static bool is_asked_for(const struct collector *c, const struct batch *b)
{
	const struct chain *id = &c->chains[c->giving.chain].id;
	return b && b->count && b->count <= BATCH_ROWS_MAX && b->rows[0].seq == c->giving.first &&
	       b->rows[0].epoch == id->epoch &&
	       !memcmp(b->rows[0].device, id->device, DEVICE_ID_SIZE) &&
	       batch_check(b) == BATCH_GOOD;
}

void collector_fetched(struct collector *c, const struct batch *b)
{
	struct giving *g = &c->giving;
	struct topic t = { .kind = TOPIC_GIVEN };
	char name[TOPIC_SIZE];
	size_t len = 0, used = 0;
	if (!c->up || !g->most)
		return;
	if (!is_asked_for(c, b)) {
		done_with(c, g->first, g->first + g->most - 1, false);
		return;
	}
	char *text = message_write_batch(b, &len, &used);
	if (!text || used < b->count) {
		free(text);
		/* More than a message holds: a shorter stretch, as it was signed, if there is one.
		 */
		if (used < 1 || used >= g->most) {
			done_with(c, g->first, g->first + g->most - 1, false);
			return;
		}
		g->most = used;
		fetch(c);
		return;
	}
	memcpy(t.event, c->setup.event, sizeof(t.event));
	memcpy(t.device, g->who, sizeof(t.device));
	topic_write(&t, name);
	collector_publish(c, name, text, len);
	done_with(c, g->first, b->rows[b->count - 1].seq, true);
}

/* --- time --- */

void collector_give_reset(struct collector *c)
{
	memset(c->asked, 0, sizeof(c->asked));
	c->giving.most = 0;
	for (size_t i = 0; i < c->box_count; i++)
		c->states[i].greeted = false;
	for (size_t i = 0; i < c->setup.venue_count; i++)
		c->venues[i].tell_ms = c->venues[i].told_ms = 0;
	c->tell_due_ms = INT64_MAX;
}

void collector_give_tick(struct collector *c)
{
	if (collector_may_publish(c))
		tick_telling(c);
	if (collector_may_publish(c))
		tick_giving(c);
}

int64_t collector_give_due(const struct collector *c)
{
	int64_t at = c->tell_due_ms;
	if (!collector_may_publish(c))
		return INT64_MAX;
	if (c->giving.most)
		return at < c->giving.since_ms + FETCH_MS ? at : c->giving.since_ms + FETCH_MS;
	for (size_t i = 0; i < ASKED_MAX; i++) {
		const struct asked *a = &c->asked[i];
		if (!a->wanted.count)
			continue;
		int64_t due = a->due_ms;
		if (!c->budget && due < c->budget_ms + BUDGET_MS)
			due = c->budget_ms + BUDGET_MS;
		if (due < at)
			at = due;
	}
	return at;
}
