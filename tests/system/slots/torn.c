/* The real U-Boot with the real start script, over every way in which the state of the slots can be
 * torn: does it start what firmware/box/slots.c says, and leave both copies whole? The systems are
 * kernels that print their name and reset the machine, so one QEMU goes through all cases: at each
 * reset U-Boot is held at its prompt, what it left is looked at, and the next case is written under
 * it.
 *
 *   torn DISK QEMU...     QEMU: the whole command, its serial port on standard input and output */
#include "box/slots_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CASES_MAX     4096
#define PATIENCE_MS   60000
#define PARTITION_LEN (1024 * 1024)
#define NOTHING       SLOT_COUNT

static const long long partition_at[SLOT_COUNT] = { PARTITION_AT_A, PARTITION_AT_B };

/* What is on the disk before U-Boot begins. */
struct trial {
	const char *what;
	uint8_t copies[SLOTS_COPIES][SLOTS_BYTES];
	bool holds[SLOT_COUNT]; /* this slot's partition has a system */
};
static struct trial trials[CASES_MAX];
static int trial_count;

static int disk;
static uint8_t systems[SLOT_COUNT][PARTITION_LEN];
static const uint8_t no_system[PARTITION_LEN];

static void die(const char *what)
{
	printf("# %s: %s\n", what, strerror(errno));
	exit(2);
}

/* --- the cases -----------------------------------------------------------------------------------
 */

/* Whether such a disk has not been thought of yet; FNV-1a tells them apart. */
static bool is_new(const struct trial *t)
{
	static uint64_t seen[65536];
	static int count;
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	for (size_t i = 0; i < sizeof(t->copies); i++)
		hash = (hash ^ t->copies[i / SLOTS_BYTES][i % SLOTS_BYTES]) *
		       UINT64_C(0x100000001b3);
	for (int i = 0; i < SLOT_COUNT; i++)
		hash = (hash ^ t->holds[i]) * UINT64_C(0x100000001b3);
	for (int i = 0; i < count; i++) {
		if (seen[i] == hash)
			return false;
	}
	CHECK(count < (int)ARRAY_LEN(seen) && trial_count < CASES_MAX);
	seen[count++] = hash;
	return true;
}

static void add(const struct trial *t)
{
	if (is_new(t))
		trials[trial_count++] = *t;
}

/* A barred slot holds half of something: U-Boot would start it if it looked. */
static struct trial both_hold(const char *what)
{
	return (struct trial){ .what = what, .holds = { true, true } };
}

/* One of so many cuts is a case. */
static int cut_step = 1, cut_number;

/* One change of the state, cut at every byte of both writes; the bytes of a torn sector are new
 * from its start, or from its end. */
static void add_cuts(
	const char *what, const struct trial *from, int in_force, const struct slots *next)
{
	uint8_t bytes[SLOTS_BYTES];
	slots_encode(bytes, next);
	const int order[SLOTS_COPIES] = { in_force == 1 ? 0 : 1, in_force == 1 ? 1 : 0 };
	for (int way = 0; way < 2; way++) {
		struct trial t = *from;
		t.what = what;
		for (int step = 0; step < SLOTS_COPIES; step++) {
			uint8_t *copy = t.copies[order[step]];
			for (int k = 0; k <= SLOTS_BYTES; k++) {
				memcpy(copy, from->copies[order[step]], SLOTS_BYTES);
				memcpy(way ? copy + SLOTS_BYTES - k : copy,
					way ? bytes + SLOTS_BYTES - k : bytes, (size_t)k);
				if (is_new(&t) && cut_number++ % cut_step == 0)
					trials[trial_count++] = t;
			}
		}
	}
}

/* A change from a whole disk, and from disks that an earlier cut has left. */
static void add_change(const char *what, const struct slots *old, const struct slots *next)
{
	struct trial t = both_hold(what);
	slots_encode(t.copies[0], old);
	slots_encode(t.copies[1], old);
	add_cuts(what, &t, 0, next);
	memset(t.copies[1] + 4, 0xA5, 30);
	add_cuts(what, &t, 0, next);
	slots_encode(t.copies[1], old);
	memset(t.copies[0] + 4, 0xA5, 30);
	add_cuts(what, &t, 1, next);
}

static void add_changes(void)
{
	struct slots old = { SLOT_A, { 9, 9 } }, next = slots_started(&old);
	add_change("a start of A", &old, &next);
	old = next;
	slots_prove(&next, SLOT_A);
	add_change("A proves itself", &old, &next);
	old = next;
	if (!slots_bar(&next, SLOT_B))
		exit(2);
	add_change("B is about to be written", &old, &next);
	old = next;
	slots_make_first(&next, SLOT_B);
	add_change("B is first", &old, &next);
	old = next = (struct slots){ SLOT_B, { 9, 1 } };
	next = slots_started(&next);
	add_change("B's last try", &old, &next);
	old = next = (struct slots){ SLOT_A, { 0, SLOTS_BARRED } };
	next = slots_started(&next);
	add_change("a new round", &old, &next);
}

/* Every state, whole in both copies. */
static void add_states(int every)
{
	int n = 0;
	for (int first = SLOT_A; first < SLOT_COUNT; first++) {
		for (int a = SLOTS_BARRED; a <= SLOTS_TRIES_PROVEN; a++) {
			for (int b = SLOTS_BARRED; b <= SLOTS_TRIES_PROVEN; b++) {
				struct slots s = { (enum slot)first, { a, b } };
				struct trial t = both_hold("a state");
				if (!slots_valid(&s) || (a > 1 && b > 1 && n++ % every))
					continue;
				slots_encode(t.copies[0], &s);
				slots_encode(t.copies[1], &s);
				add(&t);
			}
		}
	}
}

/* One copy or both replaced by what is no state, or by one with a flipped bit. */
static void add_damage(void)
{
	struct slots s[SLOTS_COPIES] = { { SLOT_B, { 5, 4 } }, { SLOT_A, { 2, SLOTS_BARRED } } };
	for (unsigned which = 1; which < 4; which++) {
		for (int kind = 0; kind < 8; kind++) {
			struct trial t = both_hold("damage");
			for (int i = 0; i < SLOTS_COPIES; i++) {
				uint8_t *copy = t.copies[i];
				slots_encode(copy, &s[i]);
				if (!(which & 1U << i))
					continue;
				if (kind < 4)
					copy[kind] ^= 0x80; /* the sum */
				else if (kind < 6)
					memset(copy, kind == 4 ? 0 : 0xff, SLOTS_BYTES);
				else if (kind == 6)
					copy[SLOTS_BYTES - 1] = 1;
				else
					memcpy(copy, copy + 4, 40);
			}
			add(&t);
		}
	}
}

/* A right sum over what is no state: a slot C, and both slots barred. */
static void add_foreign(const char *path)
{
	struct trial t = both_hold("a right sum over no state");
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, t.copies[0], SLOTS_BYTES) < 32)
		die(path);
	add(&t);
	struct slots second = { SLOT_B, { 5, 4 } };
	slots_encode(t.copies[1], &second);
	add(&t);
}

/* Slots with nothing in them: the other one is taken. Both empty is left out, nothing can be seen
 * of it but a reset; that has a case of its own in the script. */
static void add_empty(void)
{
	for (int first = SLOT_A; first < SLOT_COUNT; first++) {
		for (int empty = SLOT_A; empty < SLOT_COUNT; empty++) {
			for (int left = 0; left < 3; left++) {
				static const int tries[3][2] = { { 9, 9 }, { 3, 1 }, { 0, 0 } };
				struct slots s = { (enum slot)first,
					{ tries[left][0], tries[left][1] } };
				struct trial t = both_hold("an empty slot");
				t.holds[empty] = false;
				slots_encode(t.copies[0], &s);
				slots_encode(t.copies[1], &s);
				add(&t);
			}
		}
	}
}

/* --- what has to come of a case ------------------------------------------------------------------
 */

/* The same reading as slots_disk_read(), of two sectors in memory. */
static struct slots state_of(uint8_t copies[SLOTS_COPIES][SLOTS_BYTES])
{
	struct slots s = slots_default();
	if (!slots_decode(&s, copies[0]) && !slots_decode(&s, copies[1]))
		s = slots_default();
	return s;
}

/* In turn, each slot that is started costs a try, whether something is in it or not; then, if
 * nothing could be started, all that are not barred once more. */
static enum slot expected(struct trial *t, struct slots *after)
{
	*after = state_of(t->copies);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < SLOT_COUNT; i++) {
			enum slot turn = i ? (enum slot)(1 - (int)after->first) : after->first;
			if (!slots_good(after, turn))
				continue;
			after->left[turn]--;
			if (t->holds[turn])
				return turn;
		}
		for (int i = 0; i < SLOT_COUNT; i++) {
			if (after->left[i] != SLOTS_BARRED)
				after->left[i] = SLOTS_TRIES_NEW;
		}
	}
	return NOTHING;
}

/* --- U-Boot --------------------------------------------------------------------------------------
 */

static int to_uboot, from_uboot;
static char heard[65536];
static size_t heard_len;

static long long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Waits until one of the words is heard; gives its number and forgets what was before its end. */
static int await(const char *const words[], int count)
{
	long long until = now_ms() + PATIENCE_MS;
	for (;;) {
		for (int i = 0; i < count; i++) {
			char *at = memmem(heard, heard_len, words[i], strlen(words[i]));
			if (!at)
				continue;
			size_t end = (size_t)(at - heard) + strlen(words[i]);
			memmove(heard, heard + end, heard_len - end);
			heard_len -= end;
			return i;
		}
		struct pollfd p = { .fd = from_uboot, .events = POLLIN };
		long long left = until - now_ms();
		if (left <= 0 || poll(&p, 1, (int)left) <= 0)
			return -1;
		if (heard_len == sizeof(heard)) {
			memmove(heard, heard + sizeof(heard) / 2, sizeof(heard) / 2);
			heard_len = sizeof(heard) / 2;
		}
		ssize_t n = read(from_uboot, heard + heard_len, sizeof(heard) - heard_len);
		if (n <= 0)
			return -1;
		heard_len += (size_t)n;
	}
}

static void type(const char *text)
{
	if (write(to_uboot, text, strlen(text)) != (ssize_t)strlen(text))
		die("serial port");
}

static bool at_the_prompt(void)
{
	if (await((const char *[]){ "Hit any key" }, 1) < 0)
		return false;
	type(" ");
	return await((const char *[]){ "=> " }, 1) == 0;
}

static pid_t power_on(char **command)
{
	int in[2], out[2];
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		die("pipe");
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0)
			_exit(127);
		execvp(command[0], command);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	to_uboot = in[1];
	from_uboot = out[0];
	return pid;
}

static void put(const void *bytes, size_t n, long long at)
{
	if (pwrite(disk, bytes, n, at) != (ssize_t)n)
		die("disk");
}

static void set_up(const struct trial *t)
{
	static bool holds[SLOT_COUNT] = { true, true };
	for (int i = 0; i < SLOTS_COPIES; i++)
		put(t->copies[i], SLOTS_BYTES, slots_disk_at[i]);
	for (int i = 0; i < SLOT_COUNT; i++) {
		if (holds[i] != t->holds[i])
			put(t->holds[i] ? systems[i] : no_system, PARTITION_LEN, partition_at[i]);
		holds[i] = t->holds[i];
	}
}

static bool left_whole(const struct slots *state)
{
	uint8_t wanted[SLOTS_BYTES], found[SLOTS_BYTES];
	slots_encode(wanted, state);
	for (int i = 0; i < SLOTS_COPIES; i++) {
		if (pread(disk, found, SLOTS_BYTES, slots_disk_at[i]) != SLOTS_BYTES ||
			memcmp(found, wanted, SLOTS_BYTES))
			return false;
	}
	return true;
}

/* Runs one case; at U-Boot's prompt before and after it. */
static bool run(struct trial *t, bool *lost)
{
	static const char *const ends[] = { "@@system A", "@@system B", "nothing can be started" };
	struct slots after;
	enum slot wanted = expected(t, &after);
	set_up(t);
	type("boot\r");
	int end = await(ends, (int)ARRAY_LEN(ends));
	*lost = end < 0 || !at_the_prompt();
	bool right = end == (int)wanted && left_whole(&after);
	if (!right)
		printf("# %s: %s instead of %s%s\n", t->what, end < 0 ? "silence" : ends[end],
			ends[wanted],
			left_whole(&after) ? "" : "; the copies are not as they should be");
	return right;
}

int main(int argc, char **argv)
{
	CHECK(argc > 2);
	disk = open(argv[1], O_RDWR | O_CLOEXEC);
	if (disk < 0)
		die(argv[1]);
	for (int i = 0; i < SLOT_COUNT; i++) {
		if (pread(disk, systems[i], PARTITION_LEN, partition_at[i]) != PARTITION_LEN)
			die(argv[1]);
	}
	/* A case takes a second: a part of them, in the long form all. */
	bool all = getenv("PARVIS_LONG") != NULL;
	cut_step = all ? 1 : 4;
	add_changes();
	add_damage();
	add_foreign("tests/fuzz/corpus/slots/foreign");
	add_foreign("tests/fuzz/corpus/slots/barred");
	add_empty();
	add_states(all ? 1 : 8);
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("# %d cases\n", trial_count);
	long long began = now_ms();
	pid_t pid = power_on(argv + 2);
	int wrong = 0, done = 0;
	bool lost = !at_the_prompt();
	for (; done < trial_count && !lost && wrong < 5; done++) {
		wrong += !run(&trials[done], &lost);
		if (done % 100 == 99)
			printf("# %d cases, %lld s\n", done + 1, (now_ms() - began) / 1000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	printf("# %d of %d cases, %d wrong, %lld s\n", done, trial_count, wrong,
		(now_ms() - began) / 1000);
	if (lost)
		printf("# U-Boot was not heard of again: %.*s\n", (int)heard_len, heard);
	return wrong || lost || done < trial_count;
}
