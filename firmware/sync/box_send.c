/* What goes out, and when it goes out again.
 *
 *   held − safe − sent         rows of ours that no collector has, and that have not gone out in
 *                              this session: at once, the newest before the backlog, since another
 *                              door may be waiting for just these
 *   wanted                     rows that somebody said to lack: ours soon, others' only if nobody
 *                              else sends them first; so many in ten seconds and no more
 *
 * Between FETCH and the broker's acknowledgement there are at most FLIGHT_MAX batches. Whether a
 * batch has arrived says a collector's acknowledgement alone. One that lacks a batch while it has
 * one sent later has lost it; one that lacks the latest may just not have got to it, and is given
 * time, more each time. */
#include "sync/box_parts.h"

#include <stdlib.h>
#include <string.h>

#define TWICE_MS      3000  /* no batch is sent again sooner */
#define HEARD_MS      10000 /* what went out so long ago may still be on its way to a peer */
#define SURELY_MS     60000 /* however slow: lost */
#define OWNER_MS      300
#define OWNER_GONE_MS 75000
#define OTHERS_MS     2000
#define OTHERS_MORE   4000

static int64_t patience_ms(const struct known_chain *c)
{
	return (int64_t)LOST_MS << (c->lost_times < 3 ? c->lost_times : 3);
}

static bool same_chain(const struct chain *a, const struct chain *b)
{
	return a->epoch == b->epoch && !memcmp(a->device, b->device, sizeof(a->device));
}

/* Own rows that no collector has and that have not gone out. */
static void unsent(const struct known_chain *c, struct ranges *out)
{
	struct ranges unsafe;
	out->count = 0;
	if (!c->own || c->stuck)
		return;
	box_unsafe(c, &unsafe);
	ranges_missing(&c->sent, &unsafe, out);
}

void box_send_reset(struct sync_box *s)
{
	for (size_t i = 0; i < FLIGHT_MAX; i++)
		if (s->flights[i].at == FLIGHT_OUT)
			s->flights[i].at = FLIGHT_FREE;
	for (size_t i = 0; i < s->chain_count; i++) {
		s->chains[i].sent.count = 0;
		s->chains[i].wanted.count = 0;
		s->chains[i].urgent = 0;
		s->chains[i].lost_times = 0;
	}
	memset(s->sent, 0, sizeof(s->sent));
	s->may_send = true;
}

/* --- what next --- */

static struct flight *free_flight(struct sync_box *s)
{
	for (size_t i = 0; i < FLIGHT_MAX; i++)
		if (s->flights[i].at == FLIGHT_FREE)
			return &s->flights[i];
	return NULL;
}

static bool pick_urgent(struct sync_box *s, struct known_chain **c, struct range *r)
{
	struct ranges rows;
	struct known_chain *self = &s->chains[s->self];
	if (!self->urgent)
		return false;
	unsent(self, &rows);
	for (uint32_t i = 0; i < rows.count; i++)
		if (rows.at[i].last >= self->urgent) {
			*c = self;
			*r = rows.at[i];
			if (r->first < self->urgent)
				r->first = self->urgent;
			return true;
		}
	self->urgent = 0;
	return false;
}

static bool pick_unsent(struct sync_box *s, struct known_chain **c, struct range *r)
{
	struct ranges rows;
	for (size_t i = 0; i < s->chain_count; i++) {
		unsent(&s->chains[i], &rows);
		if (!rows.count)
			continue;
		*c = &s->chains[i];
		*r = rows.at[0];
		return true;
	}
	return false;
}

static bool has_budget(struct sync_box *s)
{
	if (s->now.mono_ms - s->budget_ms >= BUDGET_MS) {
		s->budget_ms = s->now.mono_ms;
		s->budget = BUDGET_MAX;
	}
	return s->budget > 0;
}

static bool pick_wanted(struct sync_box *s, struct known_chain **c, struct range *r)
{
	for (size_t i = 0; i < s->chain_count; i++) {
		struct known_chain *k = &s->chains[i];
		if (!k->wanted.count || k->stuck || k->wanted_at_ms > s->now.mono_ms)
			continue;
		if (!has_budget(s))
			return false;
		s->budget--;
		*c = k;
		*r = k->wanted.at[0];
		return true;
	}
	return false;
}

static void fetch(struct sync_box *s, struct flight *f)
{
	f->at = FLIGHT_FETCHING;
	f->since_ms = s->now.mono_ms;
	s->emit(s->context, &(struct sync_effect){ .kind = SYNC_FETCH,
				    .chain = f->chain,
				    .first = f->first,
				    .count = f->most });
}

void box_pump(struct sync_box *s)
{
	struct flight *f;
	while (s->up && s->may_send && (f = free_flight(s))) {
		struct known_chain *c = NULL;
		struct range r;
		if (!pick_urgent(s, &c, &r) && !pick_unsent(s, &c, &r) && !pick_wanted(s, &c, &r)) {
			s->may_send = false;
			return;
		}
		if (r.last - r.first >= BATCH_ROWS_MAX)
			r.last = r.first + BATCH_ROWS_MAX - 1;
		if (c->own)
			ranges_add(&c->sent, r.first, r.last);
		ranges_cut(&c->wanted, r.first, r.last);
		f->chain = c->id;
		f->first = r.first;
		f->most = r.last - r.first + 1;
		fetch(s, f);
	}
}

/* --- sending --- */

static void note_sent(struct sync_box *s, struct known_chain *c, const struct batch *b)
{
	struct sent_batch *n = &s->sent[s->serial % SENT_MAX];
	*n = (struct sent_batch){ .chain = c->id,
		.first = b->rows[0].seq,
		.last = b->rows[b->count - 1].seq,
		.serial = ++s->serial,
		.at_ms = s->now.mono_ms };
	c->progress_ms = s->now.mono_ms;
	ranges_cut(&c->wanted, n->first, n->last);
	if (!c->own)
		return;
	ranges_add(&c->sent, n->first, n->last);
	/* What a collector has is sent again only because a peer lacks it. */
	if (!s->unacked_ms && !ranges_have_all(&c->safe, n->first, n->last))
		s->unacked_ms = s->now.mono_ms;
}

static void sign(struct sync_box *s, struct batch *b)
{
	uint8_t head[HEAD_BYTES];
	batch_head_bytes(&b->rows[b->count - 1], head);
	s->setup.sign(s->setup.sign_context, head, b->signature);
	memcpy(b->key, s->setup.key, sizeof(b->key));
	b->is_signed = true;
}

/* The message, cut where it must be. NULL: it cannot be sent, or not so. */
static char *write_batch(struct sync_box *s, struct batch *b, bool ours, size_t *len, size_t *used)
{
	if (ours)
		sign(s, b);
	char *text = message_write_batch(b, len, used);
	if (!text || *used == b->count)
		return text;
	free(text);
	if (!ours)
		return NULL;
	b->count = *used;
	sign(s, b);
	return message_write_batch(b, len, used);
}

static void send_batch(
	struct sync_box *s, struct flight *f, struct known_chain *c, const struct batch *fetched)
{
	struct batch b = *fetched;
	struct topic topic = { .kind = TOPIC_EV };
	char name[TOPIC_SIZE];
	size_t len = 0, used = 0;
	bool ours = !b.is_signed && box_is_self(s, c->id.device);
	f->at = FLIGHT_FREE;
	if (!b.is_signed && !ours) {
		c->stuck = true;
		box_refuse(s, SYNC_REFUSED_UNSIGNED, "");
		return;
	}
	char *text = write_batch(s, &b, ours, &len, &used);
	if (!text) {
		/* A shorter stretch, once for each length. */
		if (!ours && used >= 1 && used < f->most) {
			f->most = used;
			fetch(s, f);
		} else {
			box_refuse(s, SYNC_REFUSED_FORM, "a row that no message can say");
		}
		return;
	}
	memcpy(topic.device, s->setup.self.device, DEVICE_ID_SIZE);
	memcpy(topic.event, s->setup.event, sizeof(topic.event));
	topic_write(&topic, name);
	note_sent(s, c, &b);
	f->id = box_publish(s, name, text, len, false);
	f->at = FLIGHT_OUT;
	f->since_ms = s->now.mono_ms;
	/* What was cut off goes out next. */
	if (used < fetched->count && c->own)
		ranges_cut(
			&c->sent, b.rows[used - 1].seq + 1, fetched->rows[fetched->count - 1].seq);
}

void box_fetched(struct sync_box *s, const struct chain *id, const struct batch *b)
{
	struct flight *oldest = NULL;
	struct known_chain *c = box_chain(s, id);
	for (size_t i = 0; i < FLIGHT_MAX; i++) {
		struct flight *f = &s->flights[i];
		if (f->at == FLIGHT_FETCHING && same_chain(&f->chain, id) &&
			(!oldest || f->since_ms < oldest->since_ms))
			oldest = f;
	}
	if (!oldest)
		return;
	s->may_send = true;
	if (!c || !s->up || !b || b->count < 1 || b->count > BATCH_ROWS_MAX)
		oldest->at = FLIGHT_FREE;
	else
		send_batch(s, oldest, c, b);
}

void box_published(struct sync_box *s, int id)
{
	for (size_t i = 0; i < FLIGHT_MAX; i++)
		if (s->flights[i].at == FLIGHT_OUT && s->flights[i].id == id) {
			s->flights[i].at = FLIGHT_FREE;
			s->may_send = true;
		}
}

/* --- what others lack --- */

/* Takes out of `rows` what went out lately enough still to arrive. */
static void cut_recent(const struct sync_box *s, const struct known_chain *c, int64_t recent_ms,
	uint64_t top_serial, struct ranges *rows)
{
	int64_t now = s->now.mono_ms;
	for (size_t i = 0; i < SENT_MAX && rows->count; i++) {
		const struct sent_batch *n = &s->sent[i];
		if (!n->serial || !same_chain(&n->chain, &c->id))
			continue;
		int64_t since = n->at_ms;
		if (n->serial > top_serial && c->progress_ms > since && now - since < SURELY_MS)
			since = c->progress_ms;
		if (now - n->at_ms < TWICE_MS ||
			(n->serial > top_serial && now - since < recent_ms))
			ranges_cut(rows, n->first, n->last);
	}
}

static void want(
	struct sync_box *s, struct known_chain *c, const struct ranges *rows, int64_t in_ms)
{
	struct ranges mine;
	if (!rows->count)
		return;
	unsent(c, &mine);
	int64_t at = s->now.mono_ms + in_ms;
	if (!c->wanted.count || c->wanted_at_ms > at)
		c->wanted_at_ms = at;
	ranges_join(&c->wanted, rows);
	/* What has not gone out at all is going to anyway. */
	for (uint32_t i = 0; i < mine.count; i++)
		ranges_cut(&c->wanted, mine.at[i].first, mine.at[i].last);
	s->may_send = true;
}

static uint64_t top_serial_in(
	const struct sync_box *s, const struct known_chain *c, const struct ranges *have)
{
	uint64_t top = 0;
	for (size_t i = 0; i < SENT_MAX; i++) {
		const struct sent_batch *n = &s->sent[i];
		if (n->serial > top && same_chain(&n->chain, &c->id) &&
			ranges_have_all(have, n->first, n->last))
			top = n->serial;
	}
	return top;
}

static void note_safe(struct sync_box *s, struct known_chain *c, const struct ranges *have)
{
	struct ranges before = c->safe, unsafe;
	ranges_join(&c->safe, have);
	if (ranges_equal(&before, &c->safe))
		return;
	c->progress_ms = s->acked_ms = s->now.mono_ms;
	c->lost_times = 0;
	s->count_lazy = true;
	box_unsafe(c, &unsafe);
	s->unacked_ms = unsafe.count ? s->now.mono_ms : 0;
	s->emit(s->context,
		&(struct sync_effect){ .kind = SYNC_SAFE, .chain = c->id, .ranges = &c->safe });
}

void box_acked(struct sync_box *s, struct known_chain *c, const struct ranges *have)
{
	struct ranges lost;
	if (c->own)
		note_safe(s, c, have);
	ranges_missing(have, &c->held, &lost);
	cut_recent(s, c, patience_ms(c), top_serial_in(s, c, have), &lost);
	want(s, c, &lost, (int64_t)box_dice(s, OWNER_MS));
}

/* Whether the device whose rows these are can be left to answer. */
static bool owner_is_there(struct sync_box *s, const struct known_chain *c)
{
	const struct peer *p = box_peer(s, c->id.device);
	return p && p->is_live && !p->gone && s->now.mono_ms - p->heard_ms < OWNER_GONE_MS;
}

void box_asked(struct sync_box *s, struct known_chain *c, const struct ranges *have, bool again)
{
	struct ranges lacks;
	bool owner = c->own || box_is_self(s, c->id.device);
	if (!owner && !again && owner_is_there(s, c))
		return;
	ranges_missing(have, &c->held, &lacks);
	cut_recent(s, c, HEARD_MS, UINT64_MAX, &lacks);
	for (size_t i = 0; i < SENT_MAX && lacks.count; i++)
		if (s->sent[i].serial && same_chain(&s->sent[i].chain, &c->id) &&
			s->now.mono_ms - s->sent[i].at_ms < HEARD_MS)
			ranges_cut(&lacks, s->sent[i].first, s->sent[i].last);
	int64_t in_ms = owner ? (int64_t)box_dice(s, OWNER_MS)
			      : OTHERS_MS + (int64_t)box_dice(s, OTHERS_MORE);
	want(s, c, &lacks, in_ms);
}

void box_was_sent(struct sync_box *s, struct known_chain *c, uint64_t first, uint64_t last)
{
	if (!c->wanted.count)
		return;
	ranges_cut(&c->wanted, first, last);
	/* Somebody is at it: let them go on. */
	if (c->wanted.count && !c->own && c->wanted_at_ms > s->now.mono_ms)
		c->wanted_at_ms = s->now.mono_ms + OTHERS_MS + (int64_t)box_dice(s, OTHERS_MORE);
}

/* --- time --- */

static bool hears_collector(const struct sync_box *s)
{
	return s->collector_ms && s->now.mono_ms - s->collector_ms < HEAR_MS;
}

/* Own rows that went out and that nobody has acknowledged for too long go out again. */
static void tick_chain(struct sync_box *s, struct known_chain *c)
{
	struct ranges unsafe, rest;
	if (!c->own || !c->sent.count || s->now.mono_ms - c->progress_ms < patience_ms(c))
		return;
	box_unsafe(c, &unsafe);
	ranges_missing(&c->sent, &unsafe, &rest);
	if (ranges_total(&unsafe) == ranges_total(&rest))
		return;
	c->sent.count = 0;
	c->lost_times++;
	c->progress_ms = s->now.mono_ms + (int64_t)box_dice(s, LOST_MS / 4);
	s->may_send = true;
}

void box_send_tick(struct sync_box *s)
{
	for (size_t i = 0; i < FLIGHT_MAX; i++)
		if (s->flights[i].at != FLIGHT_FREE &&
			s->now.mono_ms - s->flights[i].since_ms >= FLIGHT_MS)
			s->flights[i].at = FLIGHT_FREE;
	if (!s->up)
		return;
	for (size_t i = 0; i < s->chain_count && hears_collector(s); i++)
		tick_chain(s, &s->chains[i]);
	s->may_send = true;
}

static void sooner(int64_t *at, int64_t than)
{
	if (than < *at)
		*at = than;
}

int64_t box_send_due(const struct sync_box *s)
{
	int64_t at = INT64_MAX;
	if (!s->up)
		return at;
	for (size_t i = 0; i < FLIGHT_MAX; i++)
		if (s->flights[i].at != FLIGHT_FREE)
			sooner(&at, s->flights[i].since_ms + FLIGHT_MS);
	for (size_t i = 0; i < s->chain_count; i++) {
		const struct known_chain *c = &s->chains[i];
		if (c->wanted.count && !c->stuck) {
			sooner(&at, c->wanted_at_ms > s->now.mono_ms ? c->wanted_at_ms
								     : s->budget_ms + BUDGET_MS);
		}
		if (c->own && c->sent.count && hears_collector(s) &&
			!(ranges_contiguous(&c->safe) == ranges_highest(&c->held) && c->held.count))
			sooner(&at, c->progress_ms + patience_ms(c));
	}
	return at;
}
