/* What breaks between parties and brokers, and in brokers. */
#include "tests/sim/faults.h"

#include <string.h>

/* The main broker mostly: it is where it hurts. */
static struct broker_model *some_broker(struct sim *s, struct fault_run *f)
{
	f->target = f->dice % 10 < 7 ? 0 : (int)(f->dice / 10 % (uint64_t)s->broker_count);
	return &s->brokers[f->target];
}

/* Calls `change` for links: of all, or of one party. */
static void each_link(struct sim *s, const struct fault_run *f,
	void (*change)(struct link *l, const struct fault_run *f, int sign), int sign)
{
	bool all = f->dice & 1;
	int one = (int)(f->dice / 2 % (uint64_t)(s->box_count + s->station_count));
	for (int p = 0; p < s->party_count; p++)
		for (int b = 0; b < s->broker_count; b++)
			if (all || p == one)
				change(&s->links[p][b], f, sign);
}

static void late(struct link *l, const struct fault_run *f, int sign)
{
	l->slow_ms += sign * (int64_t)(300 + f->dice % 4700);
	l->jitter_ms += sign * (int64_t)(f->dice % 3000);
}

static void stalls(struct link *l, const struct fault_run *f, int sign)
{
	l->stall_per_mille = sign > 0 ? 20 + (unsigned)(f->dice % 130) : 0;
}

static void resets(struct link *l, const struct fault_run *f, int sign)
{
	l->reset_per_mille = sign > 0 ? 10 + (unsigned)(f->dice % 90) : 0;
}

static void twice(struct link *l, const struct fault_run *f, int sign)
{
	l->twice_per_mille = sign > 0 ? 100 + (unsigned)(f->dice % 500) : 0;
}

static void jumbles(struct link *l, const struct fault_run *f, int sign)
{
	l->reorder_per_mille = sign > 0 ? 100 + (unsigned)(f->dice % 500) : 0;
}

#define LINK_FAULT(name, change)                                                                   \
	void fault_##name##_start(struct sim *s, struct fault_run *f)                              \
	{                                                                                          \
		each_link(s, f, change, 1);                                                        \
	}                                                                                          \
	void fault_##name##_stop(struct sim *s, struct fault_run *f)                               \
	{                                                                                          \
		each_link(s, f, change, -1);                                                       \
	}
LINK_FAULT(delay, late)
LINK_FAULT(stall, stalls)
LINK_FAULT(reset, resets)
LINK_FAULT(duplicate, twice)
LINK_FAULT(reorder, jumbles)

void fault_lose_start(struct sim *s, struct fault_run *f)
{
	some_broker(s, f)->lose_per_mille = (unsigned)(50 + f->dice / 100 % 450);
}

void fault_lose_stop(struct sim *s, struct fault_run *f)
{
	s->brokers[f->target].lose_per_mille = 0;
}

void fault_overflow_start(struct sim *s, struct fault_run *f)
{
	some_broker(s, f)->queue_max = 2 + f->dice / 100 % 8;
}

void fault_overflow_stop(struct sim *s, struct fault_run *f)
{
	s->brokers[f->target].queue_max = 2000;
}

void fault_redeliver_start(struct sim *s, struct fault_run *f)
{
	some_broker(s, f)->twice_per_mille = (unsigned)(100 + f->dice / 100 % 900);
}

void fault_redeliver_stop(struct sim *s, struct fault_run *f)
{
	s->brokers[f->target].twice_per_mille = 0;
}

/* --- partitions --- */

static void cut(struct sim *s, int party, int broker, int up, int down)
{
	s->links[party][broker].cut_up += up;
	s->links[party][broker].cut_down += down;
}

/* Some parties from one broker; each bit of the dice is a party. */
static void pairs_cut(struct sim *s, struct fault_run *f, int sign)
{
	int broker = (int)(f->dice >> 60) % s->broker_count;
	for (int p = 0; p < s->party_count - 1; p++)
		if (f->dice >> (p % 50) & 1)
			cut(s, p, broker, sign, sign);
}

void fault_pair_start(struct sim *s, struct fault_run *f)
{
	pairs_cut(s, f, 1);
}

void fault_pair_stop(struct sim *s, struct fault_run *f)
{
	pairs_cut(s, f, -1);
}

static void all_cut(struct sim *s, int sign)
{
	for (int p = 0; p < s->party_count - 1; p++)
		cut(s, p, 0, sign, sign);
}

void fault_internet_start(struct sim *s, struct fault_run *f)
{
	(void)f;
	all_cut(s, 1);
}

void fault_internet_stop(struct sim *s, struct fault_run *f)
{
	(void)f;
	all_cut(s, -1);
}

static void half(struct sim *s, struct fault_run *f, int sign)
{
	int p = (int)(f->dice % (uint64_t)(s->party_count - 1));
	bool up = f->dice >> 20 & 1;
	for (int b = 0; b < s->broker_count; b++)
		cut(s, p, b, up ? sign : 0, up ? 0 : sign);
}

void fault_half_start(struct sim *s, struct fault_run *f)
{
	half(s, f, 1);
}

void fault_half_stop(struct sim *s, struct fault_run *f)
{
	half(s, f, -1);
}

/* A link that comes and goes. */
static void flap(struct sim *s, void *who, uint64_t cuts, void *what)
{
	(void)what;
	struct fault_run *f = who;
	int p = (int)(f->dice % (uint64_t)(s->party_count - 1));
	for (int b = 0; b < s->broker_count; b++)
		cut(s, p, b, cuts ? 1 : -1, cuts ? 1 : -1);
}

void fault_flap_start(struct sim *s, struct fault_run *f)
{
	int64_t length_ms = f->until_ms - f->from_ms;
	int64_t times = 1 + length_ms / 30000, each_ms = length_ms / times;
	for (int64_t i = 0; i < times; i++) {
		sim_at(s, f->from_ms + i * each_ms, flap, f, 1, NULL);
		sim_at(s, f->from_ms + i * each_ms + each_ms * 8 / 10, flap, f, 0, NULL);
	}
}

/* --- brokers --- */

void fault_crash_start(struct sim *s, struct fault_run *f)
{
	broker_crash(some_broker(s, f), true);
}

void fault_amnesia_start(struct sim *s, struct fault_run *f)
{
	broker_crash(some_broker(s, f), false);
}

void fault_crash_stop(struct sim *s, struct fault_run *f)
{
	broker_restart(&s->brokers[f->target]);
}

void fault_deny_start(struct sim *s, struct fault_run *f)
{
	f->target = (int)(f->dice % (uint64_t)(s->party_count - 1));
	s->brokers[0].denies[f->target]++;
}

void fault_deny_stop(struct sim *s, struct fault_run *f)
{
	s->brokers[0].denies[f->target]--;
}

void fault_no_sub_start(struct sim *s, struct fault_run *f)
{
	f->target = (int)(f->dice % (uint64_t)(s->party_count - 1));
	s->brokers[0].denies_sub[f->target]++;
	struct conn *c = s->brokers[0].sessions[f->target].conn;
	if (c)
		conn_close_broker(c, true);
}

void fault_no_sub_stop(struct sim *s, struct fault_run *f)
{
	s->brokers[0].denies_sub[f->target]--;
}

void fault_shut_start(struct sim *s, struct fault_run *f)
{
	f->target = (int)(f->dice % (uint64_t)(s->party_count - 1));
	s->brokers[0].refuses[f->target]++;
	struct conn *c = s->brokers[0].sessions[f->target].conn;
	if (c)
		conn_close_broker(c, true);
}

void fault_shut_stop(struct sim *s, struct fault_run *f)
{
	s->brokers[0].refuses[f->target]--;
}

void fault_deaf_start(struct sim *s, struct fault_run *f)
{
	some_broker(s, f)->deaf++;
}

void fault_deaf_stop(struct sim *s, struct fault_run *f)
{
	s->brokers[f->target].deaf--;
}

static void bounce(struct sim *s)
{
	for (int p = 0; p < s->party_count; p++)
		if (s->brokers[0].sessions[p].conn)
			conn_close_broker(s->brokers[0].sessions[p].conn, true);
}

void fault_stale_start(struct sim *s, struct fault_run *f)
{
	(void)f;
	s->brokers[0].stale++;
	bounce(s);
}

void fault_stale_stop(struct sim *s, struct fault_run *f)
{
	(void)f;
	s->brokers[0].stale--;
}

void fault_forgets_start(struct sim *s, struct fault_run *f)
{
	(void)f;
	s->brokers[0].no_retained++;
	bounce(s);
}

void fault_forgets_stop(struct sim *s, struct fault_run *f)
{
	(void)f;
	s->brokers[0].no_retained--;
}
