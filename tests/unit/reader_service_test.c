/* The reading process that somebody else starts, of every kind: honest, hanging, dying, lying, and
 * not there. A process beside the test is the service manager; the test is the kiosk, which can
 * kill nothing that is not its own. */
#include "scan/reader.h"

#include "scan/hello.h"
#include "scan/reply.h"
#include "scan/sandbox.h"
#include "tests/fake/listener.h"
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
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define TICKET           "TKT1.hSzMeeRurHdnki3MjPMmNMFP3fqb8ngRdAksGHyjTiTSx25r2GQCih3"
#define SERVICE_ARGUMENT "--service"
#define PATIENCE_MS      20000

static struct decoded decoded;
static struct luma ticket_frame;
static char self[PATH_MAX];
static char directory[] = "/tmp/parvis-service-XXXXXX";
static char socket_path[sizeof directory + 16];

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- false workers --------------------------------------------------------------------------- */

static void answer_short(const struct request *q)
{
	struct decoded d = { .found = true, .len = 3, .text = "lie" };
	struct reply r;

	reply_fill(&r, q->sequence, &d);
	(void)!write(WORKER_CHANNEL_FD, &r, sizeof r - 1);
}

static void answer_nothing(const struct request *q)
{
	(void)q;
	for (;;)
		pause();
}

static void answer_by_dying(const struct request *q)
{
	(void)q;
	_exit(0);
}

/* A descriptor of its own along with a right answer. */
static void answer_with_a_gift(const struct request *q)
{
	struct decoded d = { .found = true, .len = 4, .text = "gift" };
	struct reply r;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };

	reply_fill(&r, q->sequence, &d);

	struct iovec bytes = { .iov_base = &r, .iov_len = sizeof r };
	struct msghdr m = { .msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int gift = WORKER_FRAME_FD;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof gift);
	memcpy(CMSG_DATA(c), &gift, sizeof gift);
	(void)!sendmsg(WORKER_CHANNEL_FD, &m, 0);
}

static const struct lie {
	const char *name;
	void (*answer)(const struct request *q);
	int expected;
} lies[] = {
	{ "short", answer_short, -EBADMSG },
	{ "dies", answer_by_dying, -EPIPE },
	{ "gives", answer_with_a_gift, 0 },
	{ "hangs", answer_nothing, -ETIMEDOUT },
};

static int service_main(const char *name)
{
	struct request q;

	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		if (strcmp(name, lies[i].name))
			continue;
		if (hello_take(READER_CONNECTION_FD))
			return 3;
		while (read(WORKER_CHANNEL_FD, &q, sizeof q) == (ssize_t)sizeof q)
			lies[i].answer(&q);
		return 0;
	}
	return strcmp(name, "stillborn") ? reader_service_main() : 1;
}

/* --- the service manager --------------------------------------------------------------------- */

/* Shared with the process that plays it. */
struct manager {
	atomic_int started, ended, newest, last_status;
};

static struct manager *manager;
static pid_t manager_pid = -1;

static void bury(void)
{
	int status;

	while (waitpid(-1, &status, WNOHANG) > 0) {
		atomic_store(&manager->last_status, status);
		atomic_fetch_add(&manager->ended, 1);
	}
}

static _Noreturn void manage(int listening, const char *name)
{
	char link[PATH_MAX];
	struct pollfd p = { .fd = listening, .events = POLLIN };

	snprintf(link, sizeof link, "%s/%s", directory, name);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		bury();
		if (poll(&p, 1, 5) <= 0)
			continue;

		int pid = listener_start_one(listening, link, SERVICE_ARGUMENT);

		if (pid < 0)
			_exit(1);
		atomic_store(&manager->newest, pid);
		atomic_fetch_add(&manager->started, 1);
	}
}

static void manager_start(const char *name)
{
	int listening = listener_bind(socket_path);

	assert_true(listening >= 0);
	memset(manager, 0, sizeof *manager);
	manager_pid = fork();
	assert_true(manager_pid >= 0);
	if (manager_pid == 0)
		manage(listening, name);
	close(listening);
}

static void wait_for(const atomic_int *what, int value)
{
	int64_t end_ms = now_ms() + PATIENCE_MS;

	while (atomic_load(what) < value && now_ms() < end_ms)
		poll(NULL, 0, 2);
	assert_true(atomic_load(what) >= value);
}

/* The worker that was started as the n-th; it can have answered before this is known. */
static pid_t worker(int n)
{
	wait_for(&manager->started, n);

	pid_t pid = atomic_load(&manager->newest);

	assert_true(pid > 1);
	return pid;
}

static void manager_stop(void)
{
	unlink(socket_path);
	if (manager_pid <= 0)
		return;
	wait_for(&manager->ended, atomic_load(&manager->started));
	kill(manager_pid, SIGKILL);
	assert_int_equal(waitpid(manager_pid, NULL, 0), manager_pid);
	manager_pid = -1;
}

static const char *const names[] = { "honest", "stillborn", "short", "dies", "gives", "hangs" };

static int group_setup(void **state)
{
	struct qr_picture how = { .width = 320, .height = 240, .module_px = 4 };
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char link[PATH_MAX];
	(void)state;

	if (n < 0 || !mkdtemp(directory))
		return -1;
	snprintf(socket_path, sizeof socket_path, "%s/socket", directory);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(link, sizeof link, "%s/%s", directory, names[i]);
		if (symlink(self, link))
			return -1;
	}
	manager = mmap(
		NULL, sizeof *manager, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	qr_picture_draw(&how, TICKET, strlen(TICKET), &ticket_frame);
	return manager == MAP_FAILED ? -1 : 0;
}

static int group_teardown(void **state)
{
	char link[PATH_MAX];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(link, sizeof link, "%s/%s", directory, names[i]);
		unlink(link);
	}
	free((void *)(uintptr_t)ticket_frame.pixels);
	return rmdir(directory);
}

static int teardown(void **state)
{
	(void)state;
	unlink(socket_path);
	if (manager_pid > 0) {
		kill(manager_pid, SIGKILL);
		waitpid(manager_pid, NULL, 0);
		manager_pid = -1;
	}
	return 0;
}

static struct reader *connect_reader(void)
{
	struct reader *r = NULL;

	assert_int_equal(reader_connect(&r, socket_path), 0);
	assert_non_null(r);
	return r;
}

static void assert_nothing_found(void)
{
	assert_false(decoded.found);
	assert_false(decoded.corners_seen);
	assert_int_equal(decoded.len, 0);
}

static void assert_reads_ticket(struct reader *r)
{
	assert_int_equal(reader_look(r, &ticket_frame, EFFORT_LIVE, &decoded), 0);
	assert_true(decoded.found);
	assert_int_equal(decoded.len, strlen(TICKET));
	assert_memory_equal(decoded.text, TICKET, strlen(TICKET));
}

/* Until it reads again; what it says meanwhile is one of what reader_look() may say. */
static void assert_reads_soon(struct reader *r)
{
	int64_t end_ms = now_ms() + PATIENCE_MS;
	int e;

	while ((e = reader_look(r, &ticket_frame, EFFORT_LIVE, &decoded)) && now_ms() < end_ms) {
		assert_true(e == -EPIPE || e == -EAGAIN || e == -ETIMEDOUT);
		assert_nothing_found();
		poll(NULL, 0, 5);
	}
	assert_int_equal(e, 0);
	assert_memory_equal(decoded.text, TICKET, strlen(TICKET));
}

/* --- the tests ------------------------------------------------------------------------------- */

static void test_reads(void **state)
{
	(void)state;
	manager_start("honest");

	struct reader *r = connect_reader();

	for (int i = 0; i < 20; i++)
		assert_reads_ticket(r);
	assert_int_equal(reader_replacements(r), 0);
	assert_int_equal(reader_pid(r), -1);
	wait_for(&manager->started, 1);
	assert_int_equal(atomic_load(&manager->started), 1);
	reader_close(r);
	manager_stop();
}

static void test_killed(void **state)
{
	(void)state;
	manager_start("honest");

	struct reader *r = connect_reader();

	for (int i = 1; i <= 5; i++) {
		assert_reads_soon(r);
		kill(worker(i), SIGKILL);
		wait_for(&manager->ended, i);
		assert_reads_soon(r);
		assert_int_equal(reader_replacements(r), i);
	}
	reader_close(r);
	manager_stop();
}

/* A stopped process hears of nothing but SIGKILL, and this program may not send it one. */
static void test_stopped_is_killed_by_its_leash(void **state)
{
	(void)state;
	manager_start("honest");

	struct reader *r = connect_reader();

	assert_reads_ticket(r);
	kill(worker(1), SIGSTOP);

	int64_t start_ms = now_ms();

	assert_int_equal(reader_look(r, &ticket_frame, EFFORT_LIVE, &decoded), -ETIMEDOUT);
	assert_in_range(
		(uint64_t)(now_ms() - start_ms), READER_HANG_LIVE_MS, READER_HANG_LIVE_MS + 1500);
	assert_nothing_found();
	wait_for(&manager->ended, 1);
	assert_true(WIFSIGNALED(atomic_load(&manager->last_status)));
	assert_int_equal(WTERMSIG(atomic_load(&manager->last_status)), SIGKILL);
	assert_reads_soon(r);
	reader_close(r);
	manager_stop();
}

static void test_lies(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		manager_start(lies[i].name);

		struct reader *r = connect_reader();

		assert_int_equal(
			reader_look(r, &ticket_frame, EFFORT_LIVE, &decoded), lies[i].expected);
		if (lies[i].expected)
			assert_nothing_found();
		reader_close(r);
		manager_stop();
	}
}

/* How many descriptors this process has; what a worker sends along is not among them. */
static unsigned descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void test_no_descriptor_is_kept(void **state)
{
	(void)state;
	manager_start("gives");

	unsigned before = descriptors();
	struct reader *r = connect_reader();

	assert_int_equal(reader_look(r, &ticket_frame, EFFORT_LIVE, &decoded), 0);

	unsigned with = descriptors();

	for (int i = 0; i < 10; i++)
		assert_int_equal(reader_look(r, &ticket_frame, EFFORT_LIVE, &decoded), 0);
	assert_int_equal(descriptors(), with);
	reader_close(r);
	assert_int_equal(descriptors(), before);
	manager_stop();
}

static void test_nobody_there_and_then_somebody(void **state)
{
	(void)state;

	struct reader *r = connect_reader();

	assert_int_equal(reader_look(r, &ticket_frame, EFFORT_LIVE, &decoded), -EAGAIN);
	assert_nothing_found();
	manager_start("honest");
	assert_reads_soon(r);
	assert_int_equal(reader_replacements(r), 0);
	reader_close(r);
	manager_stop();
}

static void test_stillborn(void **state)
{
	(void)state;
	manager_start("stillborn");

	struct reader *r = connect_reader();
	int64_t start_ms = now_ms();

	while (now_ms() - start_ms < 1000) {
		int e = reader_look(r, &ticket_frame, EFFORT_LIVE, &decoded);

		assert_true(e == -EPIPE || e == -EAGAIN);
		assert_nothing_found();
		poll(NULL, 0, 2);
	}
	assert_in_range(reader_replacements(r), 1, 6);
	reader_close(r);
	manager_stop();
}

static void test_dies_with_the_program(void **state)
{
	(void)state;
	manager_start("honest");

	pid_t program = fork();

	assert_true(program >= 0);
	if (program == 0) {
		struct reader *r = NULL;

		if (reader_connect(&r, socket_path) ||
			reader_look(r, &ticket_frame, EFFORT_LIVE, &decoded))
			_exit(1);
		kill(worker(1), SIGSTOP);
		for (;;)
			pause();
	}
	int64_t end_ms = now_ms() + PATIENCE_MS;
	char path[64], state_line[256] = "";

	snprintf(path, sizeof path, "/proc/%d/stat", worker(1));
	while (!strstr(state_line, ") T ") && now_ms() < end_ms) {
		FILE *f = fopen(path, "re");

		if (f) {
			(void)!fgets(state_line, sizeof state_line, f);
			fclose(f);
		}
		poll(NULL, 0, 2);
	}
	assert_non_null(strstr(state_line, ") T "));
	kill(program, SIGKILL);
	assert_int_equal(waitpid(program, NULL, 0), program);
	wait_for(&manager->ended, 1);
	manager_stop();
}

static void test_is_confined(void **state)
{
	(void)state;
	manager_start("honest");

	struct reader *r = connect_reader();

	assert_reads_ticket(r);
	assert_int_equal(process_status(worker(1), "Seccomp:"), 2);
	assert_int_equal(process_status(worker(1), "NoNewPrivs:"), 1);
	reader_close(r);
	manager_stop();
}

/* What is no hello ends the process before it maps anything. */
static void test_a_wrong_hello_is_refused(void **state)
{
	static const uint32_t wrong_magic = HELLO_MAGIC + 1;
	static const uint32_t no_descriptors = HELLO_MAGIC;
	static const char too_long[64];
	static const struct {
		const void *bytes;
		size_t n;
	} hellos[] = { { &wrong_magic, 4 }, { &no_descriptors, 4 }, { too_long, sizeof too_long },
		{ "x", 1 } };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(hellos); i++) {
		int ends[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
		assert_int_equal(
			send(ends[0], hellos[i].bytes, hellos[i].n, 0), (ssize_t)hellos[i].n);
		assert_int_equal(hello_take(ends[1]), -EBADMSG);
		close(ends[0]);
		close(ends[1]);
	}
}

/* A slot that could be cut would kill its reader at any moment. */
static void test_a_slot_that_can_be_cut_is_refused(void **state)
{
	(void)state;
	for (int whole = 0; whole < 2; whole++) {
		int slot = memfd_create("slot", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		int listening = listener_bind(socket_path);
		int channel = -1, leash = -1;

		assert_true(slot >= 0 && listening >= 0);
		assert_int_equal(ftruncate(slot, whole ? (off_t)FRAME_SLOT_SIZE : 4096), 0);
		if (!whole)
			assert_int_equal(fcntl(slot, F_ADD_SEALS, F_SEAL_SHRINK), 0);
		assert_int_equal(hello_call(socket_path, slot, &channel, &leash), 0);

		int far = accept(listening, NULL, NULL);

		assert_true(far >= 0);
		assert_int_equal(hello_take(far), -EBADMSG);
		close(far);
		close(leash);
		close(channel);
		close(listening);
		close(slot);
		unlink(socket_path);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_reads, teardown),
		cmocka_unit_test_teardown(test_killed, teardown),
		cmocka_unit_test_teardown(test_stopped_is_killed_by_its_leash, teardown),
		cmocka_unit_test_teardown(test_lies, teardown),
		cmocka_unit_test_teardown(test_no_descriptor_is_kept, teardown),
		cmocka_unit_test_teardown(test_nobody_there_and_then_somebody, teardown),
		cmocka_unit_test_teardown(test_stillborn, teardown),
		cmocka_unit_test_teardown(test_dies_with_the_program, teardown),
		cmocka_unit_test_teardown(test_is_confined, teardown),
		cmocka_unit_test_teardown(test_a_wrong_hello_is_refused, teardown),
		cmocka_unit_test_teardown(test_a_slot_that_can_be_cut_is_refused, teardown),
	};
	const char *slash = strrchr(argv[0], '/');

	if (argc > 1 && !strcmp(argv[1], SERVICE_ARGUMENT))
		return service_main(slash ? slash + 1 : argv[0]);
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
