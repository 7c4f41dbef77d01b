/* Which faults a seed has, and when. Every pair of kinds has its turn. */
#include "tests/sim/sim.h"

#include <string.h>

int fault_pairs(void)
{
	return fault_kind_count * (fault_kind_count - 1) / 2;
}

void fault_pair_of(uint64_t seed, int *a, int *b)
{
	int left = (int)(seed % (uint64_t)fault_pairs());
	for (*a = 0; left >= fault_kind_count - 1 - *a; ++*a)
		left -= fault_kind_count - 1 - *a;
	*b = *a + 1 + left;
}

static void start(struct sim *s, void *who, uint64_t tag, void *what)
{
	(void)tag;
	(void)what;
	struct fault_run *f = who;
	TRACE(s, "FAULT %s begins: %s", fault_kinds[f->kind].name, fault_kinds[f->kind].what);
	fault_kinds[f->kind].start(s, f);
}

static void stop(struct sim *s, void *who, uint64_t tag, void *what)
{
	(void)tag;
	(void)what;
	struct fault_run *f = who;
	if (!fault_kinds[f->kind].at_once)
		TRACE(s, "FAULT %s ends", fault_kinds[f->kind].name);
	fault_kinds[f->kind].stop(s, f);
}

static void plan_one(struct sim *s, int kind, int64_t from_ms, int64_t until_ms)
{
	if (s->fault_count == SIM_FAULTS_MAX)
		return;
	struct fault_run *f = &s->faults[s->fault_count++];
	f->kind = kind;
	f->from_ms = chance_between(s, from_ms, until_ms - 2000);
	int64_t most_ms = until_ms - f->from_ms;
	f->until_ms = f->from_ms + (chance_of(s, 300) ? most_ms : chance_between(s, 1000, most_ms));
	f->dice = chance(s);
	s->twin |= !strcmp(fault_kinds[kind].name, "twin");
	if (!strcmp(fault_kinds[kind].name, "two-collectors"))
		s->station_count = SIM_COLLECTORS_MAX;
	sim_at(s, f->from_ms, start, f, 0, NULL);
	sim_at(s, f->until_ms, stop, f, 0, NULL);
}

void faults_plan(struct sim *s, int64_t from_ms, int64_t until_ms)
{
	int pair[2];
	fault_pair_of(s->seed, &pair[0], &pair[1]);
	for (int i = 0; i < 2; i++)
		for (int64_t n = chance_between(s, 1, 3); n > 0; n--)
			plan_one(s, pair[i], from_ms, until_ms);
	/* And now and then a third, of any kind. */
	if (chance_of(s, 250))
		plan_one(s, (int)chance_below(s, (uint64_t)fault_kind_count), from_ms, until_ms);
}

bool faults_have(const struct sim *s, const char *name)
{
	for (int i = 0; i < s->fault_count; i++)
		if (!strcmp(fault_kinds[s->faults[i].kind].name, name))
			return true;
	return false;
}

/* All ends have come by now: what is counted is at zero. Whoever is off is turned on. */
void faults_heal(struct sim *s)
{
	for (int p = 0; p < s->party_count; p++)
		for (int b = 0; b < s->broker_count; b++)
			CHECK(!s->links[p][b].cut_up && !s->links[p][b].cut_down);
	for (int i = 0; i < s->box_count; i++) {
		struct box_model *b = &s->boxes[i];
		b->gone |= b->dormant;
		b->full_disk = 0;
		b->slow_disk_ms = 0;
		box_power_on(b);
	}
	for (int i = 0; i < s->station_count; i++) {
		CHECK(!s->stations[i].full_disk);
		station_start(&s->stations[i]);
	}
	for (int i = 0; i < s->broker_count; i++)
		if (!s->brokers[i].up)
			broker_restart(&s->brokers[i]);
}
