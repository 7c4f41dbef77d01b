/* Ends the kiosk with SIGKILL at random moments of a rehearsal, again and again on the same data,
 * and looks whether everything that it had said was green is in the log, once. PARVIS_KILLS says
 * how often (500). */
#include "store/log.h"
#include "tests/fake/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define GREENS_MAX  40000
#define CODES       24 /* in one rehearsal */
#define CHECK_EVERY 25
#define START_MS    60000

struct green {
	uint32_t epoch;
	uint64_t seq;
	uint32_t found;
};

static char dir[PATH_MAX], kiosk[PATH_MAX], event_dir[PATH_MAX];
static struct green greens[GREENS_MAX];
static size_t green_count;
static unsigned ticket_number;

static int64_t now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Guests, each new; with a few refusals and walk-ins between them. */
static void write_script(const char *path)
{
	static char text[SIGN_TEXT_SIZE];
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	for (int i = 0; i < CODES; i++) {
		struct sig1_payload p = { .item = 1 };
		snprintf(p.seed, sizeof(p.seed), "k%08u", ticket_number++);
		size_t n = sign_ticket(text, SIGN_DEMO_SEED, &p);
		fprintf(f, "code %.*s\n", (int)n, text);
		if (i % 5 == 4)
			fprintf(f, "code %.*s\n", (int)n, text);
		if (i % 7 == 6)
			fprintf(f, "press plus\n");
	}
	assert_int_equal(fclose(f), 0);
}

static pid_t start(const char *script, const char *data, int *out)
{
	int ends[2];
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t parent = getpid(), pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(126);
		dup2(ends[1], STDOUT_FILENO);
		execl(kiosk, kiosk, "--event", event_dir, "--venue", "grandsvoisins", "--data",
			data, "--script", script, "--offscreen", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	*out = ends[0];
	return pid;
}

/* Notes a green that the kiosk has told of. */
static void note(const char *line)
{
	json_t *o = json_loads(line, 0, NULL);
	assert_non_null(o);
	const char *verdict = json_string_value(json_object_get(o, "verdict"));
	if (verdict && !strcmp(verdict, "ADMIT")) {
		assert_true(green_count < GREENS_MAX);
		greens[green_count].epoch =
			(uint32_t)json_integer_value(json_object_get(o, "epoch"));
		greens[green_count].seq = (uint64_t)json_integer_value(json_object_get(o, "seq"));
		assert_true(greens[green_count++].seq > 0);
	}
	json_decref(o);
}

/* Reads what comes until end_us or the end of the stream; whole lines only count. */
static bool read_until(int fd, int64_t end_us, char *rest, size_t *rest_len)
{
	char chunk[4096];
	int64_t left = end_us - now_us();
	struct pollfd p = { .fd = fd, .events = POLLIN };
	if (left <= 0 || poll(&p, 1, (int)(left / 1000)) <= 0)
		return left > 0;
	ssize_t n = read(fd, chunk, sizeof(chunk));
	if (n <= 0)
		return false;
	for (ssize_t i = 0; i < n; i++) {
		assert_true(*rest_len < 4095);
		rest[(*rest_len)++] = chunk[i];
		if (chunk[i] != '\n')
			continue;
		rest[*rest_len] = '\0';
		note(rest);
		*rest_len = 0;
	}
	return true;
}

static void kill_once(unsigned *seed, const char *data)
{
	char script[PATH_MAX + 16], rest[4096];
	size_t rest_len = 0, before = green_count;
	int out;
	snprintf(script, sizeof(script), "%s/evening", dir);
	write_script(script);
	pid_t pid = start(script, data, &out);
	int64_t end_us = now_us() + START_MS * 1000;
	bool on = true;
	/* One in eight is ended while it starts; the rest some time after the first green. */
	if (rand_r(seed) % 8 == 0)
		end_us = now_us() + rand_r(seed) % 80000;
	else
		while (on && green_count == before && now_us() < end_us)
			on = read_until(out, end_us, rest, &rest_len);
	if (on && green_count > before)
		end_us = now_us() + rand_r(seed) % 60000;
	while (on && now_us() < end_us)
		on = read_until(out, end_us, rest, &rest_len);
	kill(pid, SIGKILL);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_false(WIFEXITED(status) && WEXITSTATUS(status) != 0);
	/* What was said before the end counts, too. */
	while (read_until(out, now_us() + 1000000, rest, &rest_len))
		;
	close(out);
}

static int find_green(void *context, const struct row *row)
{
	(void)context;
	if (!verdict_admits(row->verdict))
		return 0;
	for (size_t i = green_count; i-- > 0;)
		if (greens[i].epoch == row->epoch && greens[i].seq == row->seq)
			greens[i].found++;
	return 0;
}

static void check_greens(const char *data)
{
	struct log *l = NULL;
	struct log_verdict v;
	assert_int_equal(log_open_reader(&l, data), 0);
	assert_int_equal(log_verify(l, &v), 0);
	if (!v.good)
		fail_msg("row %llu: %s", (unsigned long long)v.seq, v.what);
	for (size_t i = 0; i < green_count; i++)
		greens[i].found = 0;
	assert_int_equal(log_each(l, find_green, NULL), 0);
	log_close(l);
	for (size_t i = 0; i < green_count; i++)
		if (greens[i].found != 1)
			fail_msg("green row %llu is there %u times",
				(unsigned long long)greens[i].seq, greens[i].found);
}

static void nothing_green_is_lost_by_kills(void **state)
{
	(void)state;
	const char *wanted = getenv("PARVIS_KILLS");
	int kills = wanted ? atoi(wanted) : getenv("PARVIS_SHORT") ? 20 : 500;
	unsigned seed = 20161208;
	char data[PATH_MAX + 8];
	snprintf(data, sizeof(data), "%s/data", dir);
	for (int i = 1; i <= kills; i++) {
		kill_once(&seed, data);
		if (green_count && (i % CHECK_EVERY == 0 || i == kills))
			check_greens(data);
	}
	print_message("# %d kills, %zu greens, 0 lost\n", kills, green_count);
	assert_true(green_count > (size_t)kills);
}

static int set_up(void **state)
{
	(void)state;
	char self[PATH_MAX], copy[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		return -1;
	self[n] = '\0';
	strcpy(copy, self);
	const char *build = dirname(dirname(dirname(copy)));
	snprintf(kiosk, sizeof(kiosk), "%.2000s/parvis-kiosk", build);
	snprintf(event_dir, sizeof(event_dir), "assets/demo");
	snprintf(dir, sizeof(dir), "%.2000s/parvis-kill-XXXXXX",
		getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	return mkdtemp(dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	char command[PATH_MAX + 16];
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_green_is_lost_by_kills) };
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
