/* Runs the simulator over many seeds, in as many processes as there are cores.
 *
 *   SIM_SEED=n            that seed alone; with SIM_TRACE=1 everything that happens in it
 *   SIM_SEEDS=n           the seeds below n; with SIM_FROM=m those from m on, with SIM_FAULT=name
 *                         those in which that fault happens
 *   SIM_HUNT=n            up to n seeds until one fails: for a planted bug; prints which */
#include "tests/sim/sim.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define WORKERS_MAX    8
#define SEED_SECONDS   120
#define LINES_MAX      60
#define LINE_SIZE      512
#define FAILURES_SHOWN 3

struct worker {
	uint64_t seed; /* that it is at */
	uint64_t done, failed, failed_seeds[FAILURES_SHOWN];
	uint64_t rows, messages, boxes, longest_ms, settled_ms;
	uint8_t pairs[4096];
};

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	return text ? strtoull(text, NULL, 10) : otherwise;
}

/* --- showing a seed --- */

static void print_line(void *context, const char *line)
{
	(void)context;
	printf("# %s\n", line);
}

struct lines {
	char at[LINES_MAX][LINE_SIZE];
	uint64_t count;
};

/* The end of the trace and, whatever comes after, its faults. */
static void keep_line(void *context, const char *line)
{
	struct lines *l = context;
	if (strstr(line, "FAULT") || strstr(line, "seed "))
		printf("# %s\n", line);
	snprintf(l->at[l->count++ % LINES_MAX], LINE_SIZE, "%s", line);
}

static void show_seed(uint64_t seed)
{
	struct sim_result result;
	struct lines *l = calloc(1, sizeof(*l));
	CHECK(l);
	int a, b;
	fault_pair_of(seed, &a, &b);
	printf("# seed %llu: %s and %s (replay: SIM_SEED=%llu SIM_TRACE=1)\n",
		(unsigned long long)seed, fault_kinds[a].name, fault_kinds[b].name,
		(unsigned long long)seed);
	sim_run(seed, false, keep_line, l, &result);
	if (result.property)
		printf("# seed %llu: \"%s\" does not hold %s\n", (unsigned long long)seed,
			result.property, result.violation);
	for (uint64_t i = l->count > LINES_MAX ? l->count - LINES_MAX : 0; i < l->count; i++)
		printf("#   %.160s\n", l->at[i % LINES_MAX]);
	free(l);
}

/* In a child, since a seed that crashes is to be shown too. */
static void show_in_child(uint64_t seed)
{
	fflush(stdout);
	pid_t child = fork();
	if (!child) {
		alarm(SEED_SECONDS);
		show_seed(seed);
		fflush(stdout);
		_exit(0);
	}
	int status = 0;
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (child > 0 && status)
		printf("# seed %llu ends the program: signal %d, status %d\n",
			(unsigned long long)seed, WIFSIGNALED(status) ? WTERMSIG(status) : 0,
			WIFEXITED(status) ? WEXITSTATUS(status) : 0);
}

/* --- many seeds --- */

static void run_one(struct worker *w, uint64_t seed)
{
	struct sim_result result;
	int a, b;
	w->seed = seed;
	alarm(SEED_SECONDS);
	sim_run(seed, false, NULL, NULL, &result);
	fault_pair_of(seed, &a, &b);
	uint64_t pair = seed % (uint64_t)fault_pairs();
	w->pairs[pair / 8] |= (uint8_t)(1 << pair % 8);
	w->done++;
	w->rows += result.rows;
	w->messages += result.messages;
	w->boxes += (uint64_t)result.boxes;
	w->settled_ms += (uint64_t)result.settled_ms;
	if ((uint64_t)result.settled_ms > w->longest_ms)
		w->longest_ms = (uint64_t)result.settled_ms;
	if (!result.property)
		return;
	if (w->failed < FAILURES_SHOWN)
		w->failed_seeds[w->failed] = seed;
	w->failed++;
}

static int workers_wanted(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	return cores < 1 ? 1 : cores > WORKERS_MAX ? WORKERS_MAX : (int)cores;
}

static bool has_fault(uint64_t seed, const char *name)
{
	int a, b;
	fault_pair_of(seed, &a, &b);
	return !name || !strcmp(fault_kinds[a].name, name) || !strcmp(fault_kinds[b].name, name);
}

static int run_all(struct worker *workers, int count, uint64_t seeds)
{
	pid_t pids[WORKERS_MAX];
	int bad = 0;
	uint64_t from = number_from("SIM_FROM", 0);
	const char *fault = getenv("SIM_FAULT");
	fflush(stdout);
	for (int i = 0; i < count; i++) {
		pids[i] = fork();
		CHECK(pids[i] >= 0);
		if (pids[i])
			continue;
		for (uint64_t seed = from + (uint64_t)i; seed < seeds; seed += (uint64_t)count)
			if (has_fault(seed, fault))
				run_one(&workers[i], seed);
		_exit(0);
	}
	for (int i = 0; i < count; i++) {
		int status = 0;
		while (waitpid(pids[i], &status, 0) < 0 && errno == EINTR)
			;
		if (status) {
			bad++;
			printf("# seed %llu ended its process\n",
				(unsigned long long)workers[i].seed);
			show_in_child(workers[i].seed);
		}
	}
	return bad;
}

static int count_pairs(const struct worker *workers, int count)
{
	int covered = 0;
	for (int p = 0; p < fault_pairs(); p++) {
		bool seen = false;
		for (int i = 0; i < count; i++)
			seen |= workers[i].pairs[p / 8] >> p % 8 & 1;
		covered += seen;
	}
	return covered;
}

static uint64_t seeds_wanted(void)
{
	uint64_t seeds = getenv("PARVIS_SHORT") ? 250 : getenv("PARVIS_LONG") ? 100000 : 2000;
	return number_from("SIM_SEEDS", seeds);
}

static void every_pair_of_faults_heals(void **state)
{
	(void)state;
	static_assert(sizeof(((struct worker *)0)->pairs) * 8 > 64 * 63 / 2, "pairs have room");
	size_t size = WORKERS_MAX * sizeof(struct worker);
	struct worker *w =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(w, MAP_FAILED);
	int count = workers_wanted();
	uint64_t seeds = seeds_wanted();
	int bad = run_all(w, count, seeds);
	struct worker sum = { 0 };
	for (int i = 0; i < count; i++) {
		sum.done += w[i].done;
		sum.failed += w[i].failed;
		sum.rows += w[i].rows;
		sum.messages += w[i].messages;
		sum.boxes += w[i].boxes;
		sum.settled_ms += w[i].settled_ms;
		if (w[i].longest_ms > sum.longest_ms)
			sum.longest_ms = w[i].longest_ms;
		for (uint64_t f = 0; f < w[i].failed && f < FAILURES_SHOWN; f++)
			show_in_child(w[i].failed_seeds[f]);
	}
	int covered = count_pairs(w, count);
	printf("# %llu seeds, %llu failed; %d kinds of fault, %d of %d pairs\n",
		(unsigned long long)sum.done, (unsigned long long)sum.failed, fault_kind_count,
		covered, fault_pairs());
	if (sum.done)
		printf("# on average %.1f boxes, %.1f rows, %.0f messages, settled %.0f s after "
		       "the faults; the slowest %.0f s\n",
			(double)sum.boxes / (double)sum.done, (double)sum.rows / (double)sum.done,
			(double)sum.messages / (double)sum.done,
			(double)sum.settled_ms / (double)sum.done / 1000,
			(double)sum.longest_ms / 1000);
	munmap(w, size);
	assert_int_equal(bad, 0);
	assert_int_equal(sum.failed, 0);
	assert_true(sum.done > 0);
	if (getenv("SIM_FROM") || getenv("SIM_FAULT"))
		return;
	assert_int_equal(sum.done, seeds);
	if (seeds >= (uint64_t)fault_pairs())
		assert_int_equal(covered, fault_pairs());
}

static void a_seed_is_the_same_each_time(void **state)
{
	(void)state;
	for (uint64_t seed = 5; seed < 65; seed += 6) {
		struct sim_result a, b;
		sim_run(seed, false, NULL, NULL, &a);
		sim_run(seed, false, NULL, NULL, &b);
		assert_true(a.digest == b.digest);
		assert_true(a.messages == b.messages && a.events == b.events);
	}
}

/* A ticket that came in at one door is known at the others: two seconds are promised. */
static void a_row_is_at_every_other_door_within_two_seconds(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 40; seed += 3) {
		struct sim_result result;
		sim_run(seed, true, NULL, NULL, &result);
		if (result.property)
			print_message(
				"seed %d: %s %s\n", (int)seed, result.property, result.violation);
		assert_null(result.property);
		assert_in_range(result.spread_ms, 0, 2000);
	}
}

static void there_are_enough_kinds_of_fault(void **state)
{
	(void)state;
	assert_true(fault_kind_count >= 24);
	int last = 0;
	for (int i = 0; i < fault_pairs(); i++) {
		int a, b;
		fault_pair_of((uint64_t)i, &a, &b);
		assert_true(a >= 0 && a < b && b < fault_kind_count);
		assert_true(!i || a * 1000 + b > last);
		last = a * 1000 + b;
	}
}

/* --- by hand --- */

static int replay(uint64_t seed)
{
	struct sim_result result;
	if (!getenv("SIM_TRACE")) {
		show_seed(seed);
		return 0;
	}
	sim_run(seed, false, print_line, NULL, &result);
	printf("# %s %s\n", result.property ? result.property : "all holds", result.violation);
	return result.property != NULL;
}

/* A crash and a loop without end are finds too. */
static int hunt(uint64_t most)
{
	for (uint64_t seed = 0; seed < most; seed++) {
		fflush(stdout);
		pid_t child = fork();
		CHECK(child >= 0);
		if (!child) {
			struct sim_result result;
			alarm(SEED_SECONDS);
			sim_run(seed, false, NULL, NULL, &result);
			if (result.property)
				printf("caught after %llu seeds: %s\n",
					(unsigned long long)seed + 1, result.property);
			fflush(stdout);
			_exit(result.property != NULL);
		}
		int status = 0;
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		if (status && WIFSIGNALED(status))
			printf("caught after %llu seeds: signal %d\n", (unsigned long long)seed + 1,
				WTERMSIG(status));
		if (status)
			return 1;
	}
	printf("not caught in %llu seeds\n", (unsigned long long)most);
	return 0;
}

int main(void)
{
	if (getenv("SIM_HUNT"))
		return hunt(number_from("SIM_HUNT", 1000));
	if (getenv("SIM_SEED"))
		return replay(number_from("SIM_SEED", 0));
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_are_enough_kinds_of_fault),
		cmocka_unit_test(a_row_is_at_every_other_door_within_two_seconds),
		cmocka_unit_test(a_seed_is_the_same_each_time),
		cmocka_unit_test(every_pair_of_faults_heals),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
