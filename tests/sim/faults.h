/* How each kind of fault begins and ends: what the files of faults.c share. */
#ifndef PARVIS_TESTS_SIM_FAULTS_H
#define PARVIS_TESTS_SIM_FAULTS_H

#include "tests/sim/sim.h"

typedef void fault_change(struct sim *s, struct fault_run *f);

/* --- faults_net.c --- */

fault_change fault_amnesia_start, fault_crash_start, fault_crash_stop, fault_deaf_start,
	fault_deaf_stop, fault_delay_start, fault_delay_stop, fault_deny_start, fault_deny_stop,
	fault_duplicate_start, fault_duplicate_stop, fault_flap_start, fault_forgets_start,
	fault_forgets_stop, fault_half_start, fault_half_stop, fault_internet_start,
	fault_internet_stop, fault_lose_start, fault_lose_stop, fault_no_sub_start,
	fault_no_sub_stop, fault_overflow_start, fault_overflow_stop, fault_pair_start,
	fault_pair_stop, fault_redeliver_start, fault_redeliver_stop, fault_reorder_start,
	fault_reorder_stop, fault_reset_start, fault_reset_stop, fault_shut_start, fault_shut_stop,
	fault_stale_start, fault_stale_stop, fault_stall_start, fault_stall_stop;

/* --- faults_parties.c --- */

fault_change fault_after_start, fault_away_start, fault_away_stop, fault_before_start,
	fault_blackout_start, fault_blackout_stop, fault_clock_stop, fault_collector_clock_start,
	fault_collector_clock_stop, fault_collector_stop, fault_drift_start, fault_forger_start,
	fault_full_disk_start, fault_full_disk_stop, fault_full_store_start, fault_full_store_stop,
	fault_garbage_start, fault_jump_start, fault_lost_start, fault_newer_start,
	fault_no_peers_start, fault_old_copy_start, fault_old_store_start, fault_other_event_start,
	fault_other_event_stop, fault_power_start, fault_power_stop, fault_second_start,
	fault_slow_disk_start, fault_slow_disk_stop, fault_slow_store_start, fault_slow_store_stop,
	fault_stranger_stop, fault_twin_start, fault_twin_stop, fault_unset_start,
	fault_version_start;

#endif
