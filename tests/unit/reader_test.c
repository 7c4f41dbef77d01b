/* The parent against workers of every kind. This program is its own worker: by its real name an
 * honest one, and through a link of another name one that hangs, dies or lies. */
#include "scan/reader.h"

#include "scan/reply.h"
#include "scan/sandbox.h"
#include "tests/fake/process.h"
#include "tests/fake/qr_picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define TICKET "TKT1.hSzMeeRurHdnki3MjPMmNMFP3fqb8ngRdAksGHyjTiTSx25r2GQCih3"

/* --- false workers --------------------------------------------------------------------------- */

static struct reply honest_reply(uint32_t sequence)
{
	struct decoded d = { .found = true, .len = 3, .text = "lie" };
	struct reply r;

	reply_fill(&r, sequence, &d);
	return r;
}

static void send_bytes(const void *bytes, size_t n)
{
	if (write(WORKER_CHANNEL_FD, bytes, n) != (ssize_t)n)
		_exit(1);
}

static void lie_honestly(struct reply *r)
{
	send_bytes(r, sizeof *r);
}

static void lie_short(struct reply *r)
{
	send_bytes(r, sizeof *r - 1);
}

static void lie_long(struct reply *r)
{
	uint8_t bytes[sizeof *r + 1] = { 0 };

	memcpy(bytes, r, sizeof *r);
	send_bytes(bytes, sizeof bytes);
}

static void lie_sequence(struct reply *r)
{
	r->sequence++;
	send_bytes(r, sizeof *r);
}

static void lie_length(struct reply *r)
{
	r->len = 0xffffffff;
	send_bytes(r, sizeof *r);
}

static void lie_corner(struct reply *r)
{
	r->corners[2][1] = NAN;
	send_bytes(r, sizeof *r);
}

/* The second answer is there before the second question. */
static void lie_twice(struct reply *r)
{
	send_bytes(r, sizeof *r);
	r->sequence = 1;
	send_bytes(r, sizeof *r);
}

static void lie_die(struct reply *r)
{
	(void)r;
	_exit(0);
}

static void lie_hang(struct reply *r)
{
	(void)r;
	for (;;)
		pause();
}

static const struct lie {
	const char *name;
	void (*tell)(struct reply *r);
	int expected;
} lies[] = {
	{ "short", lie_short, -EBADMSG },
	{ "long", lie_long, -EBADMSG },
	{ "sequence", lie_sequence, -EBADMSG },
	{ "length", lie_length, -EBADMSG },
	{ "corner", lie_corner, -EBADMSG },
	{ "die", lie_die, -EPIPE },
	{ "hang", lie_hang, -ETIMEDOUT },
	/* Those that the table of test_lies() leaves out. */
	{ "honest", lie_honestly, 0 },
	{ "twice", lie_twice, 0 },
};

static int false_worker(const struct lie *lie)
{
	struct request q;

	while (read(WORKER_CHANNEL_FD, &q, sizeof q) == (ssize_t)sizeof q) {
		struct reply r = honest_reply(q.sequence);

		lie->tell(&r);
	}
	return 0;
}

static int worker_main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];

	if (!strcmp(name, "stillborn"))
		return 1;
	for (size_t i = 0; i < ARRAY_LEN(lies); i++)
		if (!strcmp(name, lies[i].name))
			return false_worker(&lies[i]);
	return reader_worker_main(argc, argv);
}

/* --- what the tests share -------------------------------------------------------------------- */

static struct decoded decoded;
static struct luma ticket_frame;
static char directory[] = "/tmp/parvis-reader-XXXXXX";

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const char *link_path(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

static int group_setup(void **state)
{
	struct qr_picture how = { .width = 320, .height = 240, .module_px = 4 };
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	(void)state;

	if (n < 0 || !mkdtemp(directory))
		return -1;
	self[n] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(lies); i++)
		if (symlink(self, link_path(lies[i].name)))
			return -1;
	if (symlink(self, link_path("stillborn")))
		return -1;
	qr_picture_draw(&how, TICKET, strlen(TICKET), &ticket_frame);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lies); i++)
		unlink(link_path(lies[i].name));
	unlink(link_path("stillborn"));
	free((void *)(uintptr_t)ticket_frame.pixels);
	return rmdir(directory);
}

static struct reader *open_reader(const char *program)
{
	struct reader *r = NULL;

	assert_int_equal(reader_open(&r, program), 0);
	assert_non_null(r);
	return r;
}

static void assert_reads_ticket(struct reader *r)
{
	assert_int_equal(reader_look(r, &ticket_frame, EFFORT_LIVE, &decoded), 0);
	assert_true(decoded.found);
	assert_int_equal(decoded.len, strlen(TICKET));
	assert_memory_equal(decoded.text, TICKET, strlen(TICKET));
}

static void assert_nothing_found(void)
{
	assert_false(decoded.found);
	assert_false(decoded.corners_seen);
	assert_int_equal(decoded.len, 0);
}

static void assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* --- an honest worker ------------------------------------------------------------------------ */

static void test_reads(void **state)
{
	static uint8_t pale[400 * 300];
	struct luma empty = { pale, 400, 300, 400 };
	struct reader *r = open_reader(NULL);
	(void)state;

	memset(pale, 200, sizeof pale);
	for (int i = 0; i < 5; i++) {
		assert_reads_ticket(r);
		assert_int_equal(reader_look(r, &empty, EFFORT_STILL, &decoded), 0);
		assert_nothing_found();
	}
	assert_int_equal(reader_replacements(r), 0);
	reader_close(r);
	assert_no_children();
}

static void test_sizes(void **state)
{
	static uint8_t pixels[FRAME_WIDTH_MAX * FRAME_HEIGHT_MAX];
	static const struct {
		uint32_t width, height, stride;
		int expected;
	} cases[] = {
		{ FRAME_WIDTH_MAX, FRAME_HEIGHT_MAX, FRAME_WIDTH_MAX, 0 },
		{ FRAME_SIDE_MIN, FRAME_SIDE_MIN, FRAME_SIDE_MIN, 0 },
		{ FRAME_WIDTH_MAX + 1, 16, FRAME_WIDTH_MAX + 1, -EINVAL },
		{ 16, FRAME_HEIGHT_MAX + 1, 16, -EINVAL },
		{ FRAME_SIDE_MIN - 1, 16, 16, -EINVAL },
		{ 16, FRAME_SIDE_MIN - 1, 16, -EINVAL },
		{ 0, 0, 0, -EINVAL },
		{ 100, 100, 99, -EINVAL },
		{ UINT32_MAX, UINT32_MAX, UINT32_MAX, -EINVAL },
	};
	struct reader *r = open_reader(NULL);
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct luma l = { pixels, cases[i].width, cases[i].height, cases[i].stride };

		assert_int_equal(reader_look(r, &l, EFFORT_LIVE, &decoded), cases[i].expected);
		assert_nothing_found();
	}
	assert_int_equal(reader_replacements(r), 0);
	reader_close(r);
}

static void test_no_such_program(void **state)
{
	struct reader *r = NULL;
	(void)state;

	assert_int_equal(reader_open(&r, "/nonexistent/parvis"), -ENOENT);
	assert_null(r);
	reader_close(NULL);
	assert_no_children();
}

/* --- death and replacement ------------------------------------------------------------------- */

static void wait_until_dead(int pid)
{
	siginfo_t info;

	/* WNOWAIT: the reader is to find and bury it itself. */
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
}

static void test_killed_between_looks(void **state)
{
	struct reader *r = open_reader(NULL);
	(void)state;

	for (uint32_t i = 1; i <= 5; i++) {
		int pid = reader_pid(r);

		assert_reads_ticket(r);
		kill(pid, SIGKILL);
		wait_until_dead(pid);

		int64_t start_ms = now_ms();

		assert_reads_ticket(r);
		assert_true(SANDBOX_SANITIZED || now_ms() - start_ms < 1000);
		assert_int_not_equal(reader_pid(r), pid);
		assert_int_equal(reader_replacements(r), i);
	}
	reader_close(r);
	assert_no_children();
}

static void *kill_later(void *argument)
{
	const int *pid = argument;

	poll(NULL, 0, 30);
	kill(*pid, SIGKILL);
	return NULL;
}

static void test_killed_during_a_look(void **state)
{
	struct reader *r = open_reader(NULL);
	pthread_t thread;
	(void)state;

	assert_reads_ticket(r);

	int pid = reader_pid(r);

	/* Stopped, so that the answer cannot come before the kill. */
	kill(pid, SIGSTOP);
	assert_int_equal(pthread_create(&thread, NULL, kill_later, &pid), 0);
	assert_int_equal(reader_look(r, &ticket_frame, EFFORT_LIVE, &decoded), -EPIPE);
	pthread_join(thread, NULL);
	assert_nothing_found();
	assert_int_equal(reader_replacements(r), 1);
	assert_int_not_equal(reader_pid(r), pid);
	assert_int_not_equal(reader_pid(r), -1);
	assert_reads_ticket(r);
	reader_close(r);
	assert_no_children();
}

static void test_stopped_worker_hangs(void **state)
{
	struct reader *r = open_reader(NULL);
	(void)state;

	assert_reads_ticket(r);
	kill(reader_pid(r), SIGSTOP);

	int64_t start_ms = now_ms();

	assert_int_equal(reader_look(r, &ticket_frame, EFFORT_LIVE, &decoded), -ETIMEDOUT);

	int64_t took_ms = now_ms() - start_ms;

	assert_nothing_found();
	assert_in_range((uint64_t)took_ms, READER_HANG_LIVE_MS, READER_HANG_LIVE_MS + 1500);
	assert_int_equal(reader_replacements(r), 1);
	assert_reads_ticket(r);
	reader_close(r);
	assert_no_children();
}

static void test_lies(void **state)
{
	(void)state;
	for (size_t i = 0; lies[i].expected; i++) {
		struct reader *r = open_reader(link_path(lies[i].name));

		assert_int_equal(
			reader_look(r, &ticket_frame, EFFORT_LIVE, &decoded), lies[i].expected);
		assert_nothing_found();
		reader_close(r);
		assert_no_children();
	}
}

static void test_an_answer_before_its_question(void **state)
{
	struct reader *r = open_reader(link_path("twice"));
	(void)state;

	assert_int_equal(reader_look(r, &ticket_frame, EFFORT_LIVE, &decoded), 0);
	assert_int_equal(reader_look(r, &ticket_frame, EFFORT_LIVE, &decoded), -EBADMSG);
	assert_nothing_found();
	reader_close(r);
}

/* A program that cannot live is started five times a second at most, and a look never blocks. */
static void test_replacements_keep_dying(void **state)
{
	struct reader *r = open_reader(link_path("stillborn"));
	int64_t start_ms = now_ms();
	uint32_t again = 0;
	(void)state;

	while (now_ms() - start_ms < 1000) {
		int e = reader_look(r, &ticket_frame, EFFORT_LIVE, &decoded);

		assert_true(e == -EPIPE || e == -EAGAIN);
		assert_nothing_found();
		again += e == -EAGAIN;
		poll(NULL, 0, 2);
	}
	assert_in_range(reader_replacements(r), 1, 6);
	assert_in_range(again, 1, UINT32_MAX);
	reader_close(r);
	assert_no_children();
}

/* --- the sandbox ----------------------------------------------------------------------------- */

static void try_open(void)
{
	(void)!open("/etc/passwd", O_RDONLY);
}

static void try_socket(void)
{
	(void)!socket(AF_INET, SOCK_STREAM, 0);
}

static void try_fork(void)
{
	if (fork() == 0)
		_exit(0);
}

static void try_exec(void)
{
	execl("/bin/true", "true", (char *)NULL);
}

static void try_kill(void)
{
	kill(getppid(), 0);
}

static void try_other_descriptor(void)
{
	(void)!write(1, "", 0);
}

static void try_read_other_descriptor(void)
{
	char byte;

	(void)!read(0, &byte, 1);
}

static void try_code_pages(void)
{
	(void)!mmap(
		NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void try_map_a_file(void)
{
	(void)!mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, 0, 0);
}

static void try_truncate(void)
{
	(void)!ftruncate(WORKER_FRAME_FD, 0);
}

static void try_ptrace_me(void)
{
	prctl(PR_SET_DUMPABLE, 1);
}

/* In a child: enters the sandbox, then does what is forbidden. Gives how it ended. */
static int end_of(void (*attempt)(void))
{
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0) {
		if (sandbox_enter(WORKER_CHANNEL_FD))
			_exit(10);
		attempt();
		_exit(11);
	}

	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void do_nothing(void)
{
}

static void test_sandbox_kills(void **state)
{
	static const struct {
		const char *name;
		void (*attempt)(void);
	} attempts[] = {
		{ "open a file", try_open },
		{ "open a socket", try_socket },
		{ "fork", try_fork },
		{ "exec", try_exec },
		{ "signal another", try_kill },
		{ "write elsewhere", try_other_descriptor },
		{ "read elsewhere", try_read_other_descriptor },
		{ "map code", try_code_pages },
		{ "map a file", try_map_a_file },
		{ "cut the frame slot", try_truncate },
		{ "become traceable", try_ptrace_me },
	};
	(void)state;

	int status = end_of(do_nothing);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 11);
	for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
		status = end_of(attempts[i].attempt);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("%s: status %#x", attempts[i].name, (unsigned)status);
	}
}

static void take_memory(void)
{
	for (size_t i = 0; i < 64; i++) {
		char *volatile block = malloc(32UL << 20);

		if (!block)
			_exit(12);
		block[0] = 1;
	}
}

static void test_memory_is_bounded(void **state)
{
	(void)state;
	if (SANDBOX_SANITIZED) {
		print_message("# skipped: a sanitizer needs the memory itself\n");
		skip();
	}

	int status = end_of(take_memory);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 12);
}

/* Which descriptors a process has, as bits, the last for all from 63 on; 0 when that may not be
 * seen. */
static uint64_t descriptors_of(int pid)
{
	char path[64];
	uint64_t bits = 0;

	snprintf(path, sizeof path, "/proc/%d/fd", pid);

	DIR *d = opendir(path);

	if (!d)
		return 0;
	for (struct dirent *e = readdir(d); e; e = readdir(d))
		if (e->d_name[0] != '.')
			bits |= UINT64_C(1) << (atoi(e->d_name) < 63 ? atoi(e->d_name) : 63);
	closedir(d);
	return bits;
}

static void test_worker_has_two_descriptors(void **state)
{
	int leaks[3];
	(void)state;

	/* Without CLOEXEC, as a careless library would. */
	for (size_t i = 0; i < ARRAY_LEN(leaks); i++)
		assert_true((leaks[i] = open("/dev/null", O_RDONLY)) >= 0);

	struct reader *r = open_reader(NULL);

	assert_reads_ticket(r);

	uint64_t expected = UINT64_C(1) << WORKER_FRAME_FD | UINT64_C(1) << WORKER_CHANNEL_FD |
			    (SANDBOX_SANITIZED ? UINT64_C(1) << 2 : 0);
	uint64_t seen = descriptors_of(reader_pid(r));

	reader_close(r);
	for (size_t i = 0; i < ARRAY_LEN(leaks); i++)
		close(leaks[i]);
	if (!seen) {
		print_message("# skipped: another process's descriptors may not be seen\n");
		skip();
	}
	assert_int_equal(seen, expected);
}

static void test_no_descriptor_is_leaked_here(void **state)
{
	(void)state;

	uint64_t before = descriptors_of(getpid());
	struct reader *r = open_reader(NULL);

	for (int i = 0; i < 10; i++) {
		kill(reader_pid(r), SIGKILL);
		wait_until_dead(reader_pid(r));
		/* The first answers of a killed worker may be refused for a while. */
		while (reader_look(r, &ticket_frame, EFFORT_LIVE, &decoded))
			poll(NULL, 0, 5);
	}
	reader_close(r);
	assert_int_equal(descriptors_of(getpid()), before);
}

static void test_worker_is_confined(void **state)
{
	struct reader *r = open_reader(NULL);
	char path[64];
	(void)state;

	assert_reads_ticket(r);
	assert_int_equal(process_status(reader_pid(r), "Seccomp:"), 2);
	assert_int_equal(process_status(reader_pid(r), "NoNewPrivs:"), 1);

	struct rlimit l;

	assert_int_equal(prlimit(reader_pid(r), RLIMIT_NOFILE, NULL, &l), 0);
	assert_int_equal(l.rlim_max, 0);

	/* Nothing of this process's surroundings goes along. */
	snprintf(path, sizeof path, "/proc/%d/environ", reader_pid(r));

	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char byte;

	if (fd >= 0) {
		assert_int_equal(read(fd, &byte, 1), 0);
		close(fd);
	}
	reader_close(r);
}

/* A parent that is killed leaves no worker behind, also not one that is busy or stopped. */
static void test_worker_dies_with_its_parent(void **state)
{
	int ends[2];
	(void)state;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);

	pid_t parent = fork();

	if (parent == 0) {
		struct reader *r = NULL;
		int pid = -1;

		if (reader_open(&r, NULL) == 0 &&
			reader_look(r, &ticket_frame, EFFORT_LIVE, &decoded) == 0)
			pid = reader_pid(r);
		kill(pid, SIGSTOP);
		(void)!write(ends[1], &pid, sizeof pid);
		for (;;)
			pause();
	}

	int worker = -1;

	/* Orphans come to this process, so that their end can be waited for. */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(read(ends[0], &worker, sizeof worker), sizeof worker);
	assert_in_range(worker, 2, INT_MAX);
	kill(parent, SIGKILL);
	assert_int_equal(waitpid(parent, NULL, 0), parent);

	int status = 0;

	assert_int_equal(waitpid(worker, &status, 0), worker);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
	close(ends[0]);
	close(ends[1]);
}

static void test_worker_refuses_other_arguments(void **state)
{
	char program[] = "parvis", argument[] = READER_WORKER_ARGUMENT, more[] = "more";
	char other[] = "--decode-worker=";
	char *three[] = { program, argument, more, NULL };
	char *wrong[] = { program, other, NULL };
	(void)state;

	assert_int_not_equal(reader_worker_main(3, three), 0);
	assert_int_not_equal(reader_worker_main(2, wrong), 0);
	assert_int_not_equal(reader_worker_main(1, wrong), 0);
}

/* --- replies --------------------------------------------------------------------------------- */

static void test_reply_check(void **state)
{
	struct reply good, bad;
	struct decoded d = { .found = true, .len = 5, .text = "hello", .corners_seen = true };
	(void)state;

	d.corners[1][0] = 1.0F;
	reply_fill(&good, 7, &d);
	assert_int_equal(reply_check(&good, sizeof good, 7, &decoded), 0);
	assert_true(decoded.found && decoded.corners_seen);
	assert_int_equal(decoded.len, 5);
	assert_memory_equal(decoded.text, "hello", 5);
	assert_int_equal(reply_check(&good, sizeof good, 8, &decoded), -EBADMSG);
	assert_nothing_found();
	for (size_t n = 0; n < sizeof good; n += 131)
		assert_int_equal(reply_check(&good, n, 7, &decoded), -EBADMSG);

#define REFUSED(change)                                                                            \
	do {                                                                                       \
		bad = good;                                                                        \
		bad.change;                                                                        \
		assert_int_equal(reply_check(&bad, sizeof bad, 7, &decoded), -EBADMSG);            \
		assert_nothing_found();                                                            \
	} while (0)
	REFUSED(magic = REQUEST_MAGIC);
	REFUSED(found = 2);
	REFUSED(found = 0);
	REFUSED(corners_seen = 0x100);
	REFUSED(len = 0);
	REFUSED(len = CODE_MAX + 1);
	REFUSED(corners[0][0] = NAN);
	REFUSED(corners[0][0] = INFINITY);
	REFUSED(corners[3][1] = -0.01F);
	REFUSED(corners[3][1] = 1.01F);
#undef REFUSED
}

static void test_request_valid(void **state)
{
	struct request good = { .magic = REQUEST_MAGIC, .width = 640, .height = 480 };
	struct request bad;
	(void)state;

	assert_true(request_valid(&good, sizeof good));
	assert_false(request_valid(&good, sizeof good - 1));
	bad = good, bad.width = FRAME_WIDTH_MAX + 1;
	assert_false(request_valid(&bad, sizeof bad));
	bad = good, bad.height = 0;
	assert_false(request_valid(&bad, sizeof bad));
	bad = good, bad.effort = 2;
	assert_false(request_valid(&bad, sizeof bad));
	bad = good, bad.magic = 0;
	assert_false(request_valid(&bad, sizeof bad));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_no_such_program),
		cmocka_unit_test(test_killed_between_looks),
		cmocka_unit_test(test_killed_during_a_look),
		cmocka_unit_test(test_stopped_worker_hangs),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_an_answer_before_its_question),
		cmocka_unit_test(test_replacements_keep_dying),
		cmocka_unit_test(test_sandbox_kills),
		cmocka_unit_test(test_memory_is_bounded),
		cmocka_unit_test(test_worker_has_two_descriptors),
		cmocka_unit_test(test_no_descriptor_is_leaked_here),
		cmocka_unit_test(test_worker_is_confined),
		cmocka_unit_test(test_worker_dies_with_its_parent),
		cmocka_unit_test(test_worker_refuses_other_arguments),
		cmocka_unit_test(test_reply_check),
		cmocka_unit_test(test_request_valid),
	};

	if (argc > 1 && !strcmp(argv[1], READER_WORKER_ARGUMENT))
		return worker_main(argc, argv);
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
