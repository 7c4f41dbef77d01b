/* What can break. A seed takes a pair of these, at least one occurrence of each, with targets,
 * lengths and strengths of its own. All of them end; a fault that is for ever says so. */
#include "tests/sim/sim.h"

#include <string.h>

#define YEAR_MS (INT64_C(365) * 24 * 3600 * 1000)

static struct box_model *some_box(struct sim *s, struct fault_run *f)
{
	f->target = (int)(f->dice % (uint64_t)s->box_count);
	return &s->boxes[f->target];
}

static struct station *some_station(struct sim *s, struct fault_run *f)
{
	f->target = (int)(f->dice % (uint64_t)s->station_count);
	return &s->stations[f->target];
}

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
	static void name##_start(struct sim *s, struct fault_run *f)                               \
	{                                                                                          \
		each_link(s, f, change, 1);                                                        \
	}                                                                                          \
	static void name##_stop(struct sim *s, struct fault_run *f)                                \
	{                                                                                          \
		each_link(s, f, change, -1);                                                       \
	}
LINK_FAULT(delay, late)
LINK_FAULT(stall, stalls)
LINK_FAULT(reset, resets)
LINK_FAULT(duplicate, twice)
LINK_FAULT(reorder, jumbles)

static void lose_start(struct sim *s, struct fault_run *f)
{
	some_broker(s, f)->lose_per_mille = (unsigned)(50 + f->dice / 100 % 450);
}

static void lose_stop(struct sim *s, struct fault_run *f)
{
	s->brokers[f->target].lose_per_mille = 0;
}

static void overflow_start(struct sim *s, struct fault_run *f)
{
	some_broker(s, f)->queue_max = 2 + f->dice / 100 % 8;
}

static void overflow_stop(struct sim *s, struct fault_run *f)
{
	s->brokers[f->target].queue_max = 2000;
}

static void redeliver_start(struct sim *s, struct fault_run *f)
{
	some_broker(s, f)->twice_per_mille = (unsigned)(100 + f->dice / 100 % 900);
}

static void redeliver_stop(struct sim *s, struct fault_run *f)
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

static void pair_start(struct sim *s, struct fault_run *f)
{
	pairs_cut(s, f, 1);
}

static void pair_stop(struct sim *s, struct fault_run *f)
{
	pairs_cut(s, f, -1);
}

static void all_cut(struct sim *s, int sign)
{
	for (int p = 0; p < s->party_count - 1; p++)
		cut(s, p, 0, sign, sign);
}

static void internet_start(struct sim *s, struct fault_run *f)
{
	(void)f;
	all_cut(s, 1);
}

static void internet_stop(struct sim *s, struct fault_run *f)
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

static void half_start(struct sim *s, struct fault_run *f)
{
	half(s, f, 1);
}

static void half_stop(struct sim *s, struct fault_run *f)
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

static void flap_start(struct sim *s, struct fault_run *f)
{
	int64_t length_ms = f->until_ms - f->from_ms;
	int64_t times = 1 + length_ms / 30000, each_ms = length_ms / times;
	for (int64_t i = 0; i < times; i++) {
		sim_at(s, f->from_ms + i * each_ms, flap, f, 1, NULL);
		sim_at(s, f->from_ms + i * each_ms + each_ms * 8 / 10, flap, f, 0, NULL);
	}
}

/* --- brokers --- */

static void crash_start(struct sim *s, struct fault_run *f)
{
	broker_crash(some_broker(s, f), true);
}

static void amnesia_start(struct sim *s, struct fault_run *f)
{
	broker_crash(some_broker(s, f), false);
}

static void crash_stop(struct sim *s, struct fault_run *f)
{
	broker_restart(&s->brokers[f->target]);
}

static void deny_start(struct sim *s, struct fault_run *f)
{
	f->target = (int)(f->dice % (uint64_t)(s->party_count - 1));
	s->brokers[0].denies[f->target]++;
}

static void deny_stop(struct sim *s, struct fault_run *f)
{
	s->brokers[0].denies[f->target]--;
}

static void no_sub_start(struct sim *s, struct fault_run *f)
{
	f->target = (int)(f->dice % (uint64_t)(s->party_count - 1));
	s->brokers[0].denies_sub[f->target]++;
	struct conn *c = s->brokers[0].sessions[f->target].conn;
	if (c)
		conn_close_broker(c, true);
}

static void no_sub_stop(struct sim *s, struct fault_run *f)
{
	s->brokers[0].denies_sub[f->target]--;
}

static void shut_start(struct sim *s, struct fault_run *f)
{
	f->target = (int)(f->dice % (uint64_t)(s->party_count - 1));
	s->brokers[0].refuses[f->target]++;
	struct conn *c = s->brokers[0].sessions[f->target].conn;
	if (c)
		conn_close_broker(c, true);
}

static void shut_stop(struct sim *s, struct fault_run *f)
{
	s->brokers[0].refuses[f->target]--;
}

static void deaf_start(struct sim *s, struct fault_run *f)
{
	some_broker(s, f)->deaf++;
}

static void deaf_stop(struct sim *s, struct fault_run *f)
{
	s->brokers[f->target].deaf--;
}

static void bounce(struct sim *s)
{
	for (int p = 0; p < s->party_count; p++)
		if (s->brokers[0].sessions[p].conn)
			conn_close_broker(s->brokers[0].sessions[p].conn, true);
}

static void stale_start(struct sim *s, struct fault_run *f)
{
	(void)f;
	s->brokers[0].stale++;
	bounce(s);
}

static void stale_stop(struct sim *s, struct fault_run *f)
{
	(void)f;
	s->brokers[0].stale--;
}

static void forgets_start(struct sim *s, struct fault_run *f)
{
	(void)f;
	s->brokers[0].no_retained++;
	bounce(s);
}

static void forgets_stop(struct sim *s, struct fault_run *f)
{
	(void)f;
	s->brokers[0].no_retained--;
}

/* --- collectors --- */

static void before_start(struct sim *s, struct fault_run *f)
{
	some_station(s, f)->crash_before += 1 + (int)(f->dice / 10 % 3);
}

static void after_start(struct sim *s, struct fault_run *f)
{
	some_station(s, f)->crash_after += 1 + (int)(f->dice / 10 % 3);
}

static void collector_stop(struct sim *s, struct fault_run *f)
{
	s->stations[f->target].crash_before = s->stations[f->target].crash_after = 0;
}

static void away_start(struct sim *s, struct fault_run *f)
{
	struct station *c = some_station(s, f);
	station_crash(c);
	c->disk++; /* nobody starts it again */
}

static void away_stop(struct sim *s, struct fault_run *f)
{
	station_start(&s->stations[f->target]);
}

static void full_store_start(struct sim *s, struct fault_run *f)
{
	some_station(s, f)->full_disk++;
}

static void full_store_stop(struct sim *s, struct fault_run *f)
{
	s->stations[f->target].full_disk--;
}

static void slow_store_start(struct sim *s, struct fault_run *f)
{
	some_station(s, f)->slow_disk_ms += 2000 + (int64_t)(f->dice / 10 % 28000);
}

static void slow_store_stop(struct sim *s, struct fault_run *f)
{
	s->stations[f->target].slow_disk_ms = 0;
}

static void old_store_start(struct sim *s, struct fault_run *f)
{
	struct station *c = some_station(s, f);
	station_roll_back(c, f->dice / 10 % (c->stored + 1));
}

static void second_start(struct sim *s, struct fault_run *f)
{
	(void)s;
	(void)f;
}

/* --- boxes --- */

static void power_start(struct sim *s, struct fault_run *f)
{
	box_power_cut(some_box(s, f));
}

static void power_stop(struct sim *s, struct fault_run *f)
{
	box_power_on(&s->boxes[f->target]);
}

static void blackout_start(struct sim *s, struct fault_run *f)
{
	(void)f;
	for (int i = 0; i < s->box_count; i++)
		box_power_cut(&s->boxes[i]);
}

static void blackout_stop(struct sim *s, struct fault_run *f)
{
	(void)f;
	for (int i = 0; i < s->box_count; i++)
		box_power_on(&s->boxes[i]);
}

static void old_copy_start(struct sim *s, struct fault_run *f)
{
	struct box_model *b = some_box(s, f);
	box_power_cut(b);
	size_t rows = f->dice / 100 % (b->log_rows + 1);
	size_t entries = f->dice / 7 & 1 ? f->dice / 13 % (b->entries + 1) : b->entries;
	TRACE(s, "%s goes back to a copy: %zu of %zu rows, %zu of %zu writes of peers' rows",
		b->party.name, rows, b->log_rows, entries, b->entries);
	box_roll_back(b, rows, entries);
}

static void no_peers_start(struct sim *s, struct fault_run *f)
{
	struct box_model *b = some_box(s, f);
	box_power_cut(b);
	box_lose_peers(b);
}

static void slow_disk_start(struct sim *s, struct fault_run *f)
{
	some_box(s, f)->slow_disk_ms += 500 + (int64_t)(f->dice / 100 % 9500);
}

static void slow_disk_stop(struct sim *s, struct fault_run *f)
{
	s->boxes[f->target].slow_disk_ms = 0;
}

static void full_disk_start(struct sim *s, struct fault_run *f)
{
	some_box(s, f)->full_disk++;
}

static void full_disk_stop(struct sim *s, struct fault_run *f)
{
	s->boxes[f->target].full_disk--;
}

/* Stolen, drowned: its rows are what others have of them. */
static void lost_start(struct sim *s, struct fault_run *f)
{
	struct box_model *b = some_box(s, f);
	int left = 0;
	for (int i = 0; i < s->box_count; i++)
		left += !s->boxes[i].gone && !s->boxes[i].dormant;
	if (left < 2 || b->dormant)
		return;
	TRACE(s, "%s is lost for good", b->party.name);
	box_power_cut(b);
	b->gone = true;
}

/* Somebody has copied a box's card and uses both: two boxes with one key. They find out, and take
 * the copy away. */
static void twin_start(struct sim *s, struct fault_run *f)
{
	(void)f;
	struct box_model *b = &s->boxes[s->box_count - 1];
	const struct box_model *of = &s->boxes[0];
	if (!b->dormant || b->gone)
		return;
	memcpy(b->key, of->key, sizeof(b->key));
	memcpy(b->secret, of->secret, sizeof(b->secret));
	memcpy(b->device, of->device, sizeof(b->device));
	memcpy(b->venue, of->venue, sizeof(b->venue));
	b->place = of->place;
	b->log = sim_copy(s, of->log, of->log_rows * sizeof(struct fact *));
	b->log_rows = b->log_room = of->log_rows;
	b->journal = sim_copy(s, of->journal, of->entries * sizeof(struct peers_entry));
	b->entries = b->entries_room = b->synced = of->entries;
	b->dormant = false;
	box_roll_back(b, b->log_rows, b->entries);
	box_power_on(b);
}

static void twin_stop(struct sim *s, struct fault_run *f)
{
	(void)f;
	struct box_model *b = &s->boxes[s->box_count - 1];
	box_power_cut(b);
	b->gone = true;
}

static void newer_start(struct sim *s, struct fault_run *f)
{
	some_box(s, f)->newer = true;
}

/* --- clocks --- */

static void jump_start(struct sim *s, struct fault_run *f)
{
	int64_t years = (int64_t)(f->dice / 100 % 9) - 4;
	some_box(s, f)->clock.offset_ms += years * YEAR_MS + (int64_t)(f->dice % 90000000);
}

static void clock_stop(struct sim *s, struct fault_run *f)
{
	s->boxes[f->target].clock = (struct clock_model){ .trust = TRUST_SYNCED };
}

static void unset_start(struct sim *s, struct fault_run *f)
{
	struct box_model *b = some_box(s, f);
	box_power_cut(b);
	b->clock = (struct clock_model){ .offset_ms = -SIM_WALL_MS, .trust = TRUST_UNSET };
	box_power_on(b);
}

static void drift_start(struct sim *s, struct fault_run *f)
{
	struct box_model *b = some_box(s, f);
	b->clock.drift_ppm = (int64_t)(f->dice / 100 % 400000) - 200000;
	b->clock.trust = TRUST_FREE;
}

static void collector_clock_start(struct sim *s, struct fault_run *f)
{
	struct station *c = some_station(s, f);
	c->clock.offset_ms = ((int64_t)(f->dice / 100 % 9) - 4) * YEAR_MS / 3;
}

static void collector_clock_stop(struct sim *s, struct fault_run *f)
{
	s->stations[f->target].clock.offset_ms = 0;
}

/* --- strangers --- */

static void stranger_start(struct sim *s, int mode)
{
	s->stranger_mode = mode;
	s->stranger_tampers = 30;
	if (!s->stranger.running)
		party_start(&s->stranger);
}

static void stranger_stop(struct sim *s, struct fault_run *f)
{
	(void)f;
	s->stranger_tampers = 0;
	party_stop(&s->stranger, true);
}

static void forger_start(struct sim *s, struct fault_run *f)
{
	(void)f;
	stranger_start(s, 0);
}

static void other_event_start(struct sim *s, struct fault_run *f)
{
	(void)f;
	stranger_start(s, 1);
	s->brokers[0].deaf++;
}

static void other_event_stop(struct sim *s, struct fault_run *f)
{
	s->brokers[0].deaf--;
	stranger_stop(s, f);
}

static void version_start(struct sim *s, struct fault_run *f)
{
	(void)f;
	stranger_start(s, 2);
}

static void garbage_start(struct sim *s, struct fault_run *f)
{
	(void)f;
	stranger_start(s, 3);
}

static void nothing(struct sim *s, struct fault_run *f)
{
	(void)s;
	(void)f;
}

const struct fault_kind fault_kinds[] = {
	{ "delay", "links are slow and uneven", delay_start, delay_stop },
	{ "stall", "packets are lost and sent again by TCP", stall_start, stall_stop },
	{ "reset", "connections break at random", reset_start, reset_stop },
	{ "loss", "the broker loses what it acknowledged", lose_start, lose_stop },
	{ "overflow", "the broker's queues are tiny", overflow_start, overflow_stop },
	{ "duplication", "the broker delivers twice", redeliver_start, redeliver_stop },
	{ "echo", "packets come again much later", duplicate_start, duplicate_stop },
	{ "reordering", "messages overtake each other", reorder_start, reorder_stop },
	{ "partition", "pairs of party and broker are cut", pair_start, pair_stop },
	{ "no-internet", "nobody reaches the event's broker", internet_start, internet_stop },
	{ "half-open", "a link carries in one direction", half_start, half_stop },
	{ "flapping", "a link comes and goes", flap_start, nothing },
	{ "broker-crash", "a broker dies and keeps its memory", crash_start, crash_stop },
	{ "broker-amnesia", "a broker dies and forgets", amnesia_start, crash_stop },
	{ "acl-denial", "a party's messages are silently dropped", deny_start, deny_stop },
	{ "no-subscription", "a party may not subscribe", no_sub_start, no_sub_stop },
	{ "shut-out", "the broker refuses a party", shut_start, shut_stop },
	{ "everything", "the broker delivers what nobody asked for", deaf_start, deaf_stop },
	{ "stale-retained", "retained messages are old ones", stale_start, stale_stop },
	{ "no-retained", "retained messages are gone", forgets_start, forgets_stop },
	{ "crash-before-commit", "the collector dies before COMMIT", before_start, collector_stop },
	{ "crash-after-commit", "the collector dies after COMMIT", after_start, collector_stop },
	{ "collector-away", "there is no collector", away_start, away_stop },
	{ "store-full", "the collector cannot store", full_store_start, full_store_stop },
	{ "store-slow", "the collector's disk is slow", slow_store_start, slow_store_stop },
	{ "store-old-copy", "the collector's store goes back", old_store_start, nothing, true },
	{ "two-collectors", "there are two collectors", second_start, nothing },
	{ "power-cut", "a box loses power", power_start, power_stop },
	{ "blackout", "every box loses power", blackout_start, blackout_stop },
	{ "old-copy", "a box's database goes back to a copy", old_copy_start, power_stop },
	{ "peers-lost", "a box loses its peers' rows", no_peers_start, power_stop },
	{ "slow-disk", "a box's disk takes seconds", slow_disk_start, slow_disk_stop },
	{ "full-disk", "a box cannot write", full_disk_start, full_disk_stop },
	{ "lost-box", "a box is gone for ever", lost_start, nothing, true },
	{ "twin", "a copy of a box's card is used as well", twin_start, twin_stop },
	{ "clock-jump", "a box's clock jumps by years", jump_start, clock_stop },
	{ "clock-unset", "a box starts in 1970", unset_start, clock_stop },
	{ "clock-drift", "a box's clock drifts", drift_start, clock_stop },
	{ "collector-clock", "the collector's clock is off", collector_clock_start,
		collector_clock_stop },
	{ "forger", "somebody sends rows that they changed", forger_start, stranger_stop },
	{ "wrong-event", "another event's messages come here", other_event_start,
		other_event_stop },
	{ "version-skew", "a box is of a later version", newer_start, nothing, true },
	{ "next-format", "messages of the format after this", version_start, stranger_stop },
	{ "garbage", "messages that are cut short", garbage_start, stranger_stop },
};
const int fault_kind_count = ARRAY_LEN(fault_kinds);
