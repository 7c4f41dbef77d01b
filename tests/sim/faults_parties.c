/* What breaks in boxes and collectors; and strangers. */
#include "tests/sim/faults.h"

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

/* --- collectors --- */

void fault_before_start(struct sim *s, struct fault_run *f)
{
	some_station(s, f)->crash_before += 1 + (int)(f->dice / 10 % 3);
}

void fault_after_start(struct sim *s, struct fault_run *f)
{
	some_station(s, f)->crash_after += 1 + (int)(f->dice / 10 % 3);
}

void fault_collector_stop(struct sim *s, struct fault_run *f)
{
	s->stations[f->target].crash_before = s->stations[f->target].crash_after = 0;
}

void fault_away_start(struct sim *s, struct fault_run *f)
{
	struct station *c = some_station(s, f);
	station_crash(c);
	c->disk++; /* nobody starts it again */
}

void fault_away_stop(struct sim *s, struct fault_run *f)
{
	station_start(&s->stations[f->target]);
}

void fault_full_store_start(struct sim *s, struct fault_run *f)
{
	some_station(s, f)->full_disk++;
}

void fault_full_store_stop(struct sim *s, struct fault_run *f)
{
	s->stations[f->target].full_disk--;
}

void fault_slow_store_start(struct sim *s, struct fault_run *f)
{
	some_station(s, f)->slow_disk_ms += 2000 + (int64_t)(f->dice / 10 % 28000);
}

void fault_slow_store_stop(struct sim *s, struct fault_run *f)
{
	s->stations[f->target].slow_disk_ms = 0;
}

void fault_old_store_start(struct sim *s, struct fault_run *f)
{
	struct station *c = some_station(s, f);
	station_roll_back(c, f->dice / 10 % (c->stored + 1));
}

void fault_second_start(struct sim *s, struct fault_run *f)
{
	(void)s;
	(void)f;
}

/* --- boxes --- */

void fault_power_start(struct sim *s, struct fault_run *f)
{
	box_power_cut(some_box(s, f));
}

void fault_power_stop(struct sim *s, struct fault_run *f)
{
	box_power_on(&s->boxes[f->target]);
}

void fault_blackout_start(struct sim *s, struct fault_run *f)
{
	(void)f;
	for (int i = 0; i < s->box_count; i++)
		box_power_cut(&s->boxes[i]);
}

void fault_blackout_stop(struct sim *s, struct fault_run *f)
{
	(void)f;
	for (int i = 0; i < s->box_count; i++)
		box_power_on(&s->boxes[i]);
}

void fault_old_copy_start(struct sim *s, struct fault_run *f)
{
	struct box_model *b = some_box(s, f);
	box_power_cut(b);
	size_t rows = f->dice / 100 % (b->log_rows + 1);
	size_t entries = f->dice / 7 & 1 ? f->dice / 13 % (b->entries + 1) : b->entries;
	TRACE(s, "%s goes back to a copy: %zu of %zu rows, %zu of %zu writes of peers' rows",
		b->party.name, rows, b->log_rows, entries, b->entries);
	box_roll_back(b, rows, entries);
}

void fault_no_peers_start(struct sim *s, struct fault_run *f)
{
	struct box_model *b = some_box(s, f);
	box_power_cut(b);
	box_lose_peers(b);
}

void fault_slow_disk_start(struct sim *s, struct fault_run *f)
{
	some_box(s, f)->slow_disk_ms += 500 + (int64_t)(f->dice / 100 % 9500);
}

void fault_slow_disk_stop(struct sim *s, struct fault_run *f)
{
	s->boxes[f->target].slow_disk_ms = 0;
}

void fault_full_disk_start(struct sim *s, struct fault_run *f)
{
	some_box(s, f)->full_disk++;
}

void fault_full_disk_stop(struct sim *s, struct fault_run *f)
{
	s->boxes[f->target].full_disk--;
}

/* Stolen, drowned: its rows are what others have of them. */
void fault_lost_start(struct sim *s, struct fault_run *f)
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
void fault_twin_start(struct sim *s, struct fault_run *f)
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

void fault_twin_stop(struct sim *s, struct fault_run *f)
{
	(void)f;
	struct box_model *b = &s->boxes[s->box_count - 1];
	box_power_cut(b);
	b->gone = true;
}

void fault_newer_start(struct sim *s, struct fault_run *f)
{
	some_box(s, f)->newer = true;
}

/* --- clocks --- */

void fault_jump_start(struct sim *s, struct fault_run *f)
{
	int64_t years = (int64_t)(f->dice / 100 % 9) - 4;
	some_box(s, f)->clock.offset_ms += years * YEAR_MS + (int64_t)(f->dice % 90000000);
}

void fault_clock_stop(struct sim *s, struct fault_run *f)
{
	s->boxes[f->target].clock = (struct clock_model){ .trust = TRUST_SYNCED };
}

void fault_unset_start(struct sim *s, struct fault_run *f)
{
	struct box_model *b = some_box(s, f);
	box_power_cut(b);
	b->clock = (struct clock_model){ .offset_ms = -SIM_WALL_MS, .trust = TRUST_UNSET };
	box_power_on(b);
}

void fault_drift_start(struct sim *s, struct fault_run *f)
{
	struct box_model *b = some_box(s, f);
	b->clock.drift_ppm = (int64_t)(f->dice / 100 % 400000) - 200000;
	b->clock.trust = TRUST_FREE;
}

void fault_collector_clock_start(struct sim *s, struct fault_run *f)
{
	struct station *c = some_station(s, f);
	c->clock.offset_ms = ((int64_t)(f->dice / 100 % 9) - 4) * YEAR_MS / 3;
}

void fault_collector_clock_stop(struct sim *s, struct fault_run *f)
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

void fault_stranger_stop(struct sim *s, struct fault_run *f)
{
	(void)f;
	s->stranger_tampers = 0;
	party_stop(&s->stranger, true);
}

void fault_forger_start(struct sim *s, struct fault_run *f)
{
	(void)f;
	stranger_start(s, 0);
}

void fault_other_event_start(struct sim *s, struct fault_run *f)
{
	(void)f;
	stranger_start(s, 1);
	s->brokers[0].deaf++;
}

void fault_other_event_stop(struct sim *s, struct fault_run *f)
{
	s->brokers[0].deaf--;
	fault_stranger_stop(s, f);
}

void fault_version_start(struct sim *s, struct fault_run *f)
{
	(void)f;
	stranger_start(s, 2);
}

void fault_garbage_start(struct sim *s, struct fault_run *f)
{
	(void)f;
	stranger_start(s, 3);
}
