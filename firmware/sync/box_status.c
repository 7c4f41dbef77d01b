/* What a volunteer has to know: the connection, whether anybody acknowledges, the clock, a twin. */
#include "sync/box_parts.h"

#include <string.h>

#define CLOCK_KEEP_MS  180000
#define OFF_MOST_MS    (INT64_C(1) << 45) /* a thousand years: no clock at all */
#define CLOCK_APART_MS 5000
#define TWIN_START_MS  30000 /* what comes sooner after a start may be of the life before */
#define TWIN_APART_MS  5000
#define TWIN_KEEP_MS   300000

/* --- clock --- */

/* Whoever sets our clock makes all that was compared with it worthless. */
static void forget_clocks(struct sync_box *s)
{
	int64_t base, off;
	if (__builtin_sub_overflow(s->now.wall_ms, s->now.mono_ms, &base))
		base = 0;
	if (__builtin_sub_overflow(base, s->clock_base_ms, &off) || off > 2000 || off < -2000)
		memset(s->clocks, 0, sizeof(s->clocks));
	s->clock_base_ms = base;
}

void box_saw_clock(struct sync_box *s, const uint8_t sender[16], int64_t wall_ms, enum trust trust)
{
	struct clock_seen c = { .mono_ms = s->now.mono_ms, .trust = trust };
	forget_clocks(s);
	if (trust == TRUST_UNSET || __builtin_sub_overflow(s->now.wall_ms, wall_ms, &c.off_ms) ||
		c.off_ms > OFF_MOST_MS || c.off_ms < -OFF_MOST_MS)
		return;
	memcpy(c.sender, sender, sizeof(c.sender));
	s->clocks[s->clock_next++ % CLOCKS_MAX] = c;
}

static int64_t magnitude(int64_t n)
{
	return n < 0 ? -n : n;
}

/* The least that all agree on: messages may have waited somewhere, which makes us look ahead, but
 * nothing makes a clock look right. Only clocks that are to be trusted at least as far as ours
 * count, and it takes two messages that did not come at once. */
static int64_t clock_off(const struct sync_box *s)
{
	int64_t least = 0, earliest = INT64_MAX, latest = 0;
	enum trust best = s->now.trust;
	bool any = false;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < CLOCKS_MAX; i++) {
			const struct clock_seen *c = &s->clocks[i];
			if (!c->mono_ms || s->now.mono_ms - c->mono_ms > CLOCK_KEEP_MS ||
				c->trust < best)
				continue;
			if (!pass) {
				best = c->trust;
				continue;
			}
			if (!any || magnitude(c->off_ms) < magnitude(least))
				least = c->off_ms;
			any = true;
			earliest = c->mono_ms < earliest ? c->mono_ms : earliest;
			latest = c->mono_ms > latest ? c->mono_ms : latest;
		}
	if (!any || latest - earliest < CLOCK_APART_MS || magnitude(least) <= CLOCK_OFF_MS)
		return 0;
	return least;
}

/* --- twin --- */

void box_saw_twin(struct sync_box *s, int64_t wall_ms)
{
	int64_t now = s->now.mono_ms;
	if (now - s->self_ms < TWIN_START_MS)
		return;
	if (s->twin_seen_ms && wall_ms > s->twin_wall_ms &&
		now - s->twin_seen_ms >= TWIN_APART_MS && now - s->twin_seen_ms < TWIN_KEEP_MS)
		s->twin_ms = now;
	if (!s->twin_seen_ms || now - s->twin_seen_ms >= TWIN_APART_MS) {
		s->twin_seen_ms = now;
		s->twin_wall_ms = wall_ms;
	}
}

/* --- all together --- */

static enum link_state state_of(const struct sync_box *s)
{
	if (!s->up)
		return s->refused ? LINK_REFUSED : LINK_DOWN;
	bool hears = s->collector_ms && s->now.mono_ms - s->collector_ms < HEAR_MS;
	bool waits = s->unacked_ms && s->now.mono_ms - s->unacked_ms >= NO_ACK_MS &&
		     s->now.mono_ms - s->up_ms >= NO_ACK_MS;
	return s->denied || (hears && waits) ? LINK_NO_ACK : LINK_UP;
}

static uint32_t doors_of(const struct sync_box *s)
{
	uint32_t doors = 0;
	for (size_t i = 0; i < s->peer_count; i++) {
		const struct peer *p = &s->peers[i];
		doors += p->is_live && !p->gone && s->now.mono_ms - p->heard_ms < HEAR_MS &&
			 !strcmp(p->venue, s->setup.venue);
	}
	return doors;
}

static void status_of(const struct sync_box *s, struct link_status *out)
{
	memset(out, 0, sizeof(*out));
	out->state = state_of(s);
	out->local = s->up && s->local;
	out->collector = s->collector_ms && s->now.mono_ms - s->collector_ms < HEAR_MS;
	out->queued = box_queued(s);
	out->oldest_ms = out->queued ? s->figures.oldest_queued_ms : 0;
	out->clock_off_ms = clock_off(s);
	out->doors = doors_of(s);
	out->pairs = s->figures.pairs;
	out->twin = s->twin_ms && s->now.mono_ms - s->twin_ms < TWIN_KEEP_MS;
	out->since_ms = s->since_ms;
}

void box_status_tick(struct sync_box *s)
{
	struct link_status status;
	enum link_state state = state_of(s);
	if (state != s->state || !s->since_ms) {
		s->state = state;
		s->since_ms = s->now.wall_ms;
	}
	status_of(s, &status);
	/* Its own exact value would change with each message. */
	if (magnitude(status.clock_off_ms - s->status.clock_off_ms) < 5000 && status.clock_off_ms &&
		s->status.clock_off_ms)
		status.clock_off_ms = s->status.clock_off_ms;
	if (!memcmp(&status, &s->status, sizeof(status)))
		return;
	s->status = status;
	s->emit(s->context, &(struct sync_effect){ .kind = SYNC_STATUS });
}

void sync_status(const struct sync_box *s, const struct when *now, struct link_status *out)
{
	(void)now;
	*out = s->status;
}
