#include "scan/reader.h"

#include "base/log.h"
#include "scan/hello.h"
#include "scan/reply.h"
#include "scan/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SELF           "/proc/self/exe"
#define RESPAWN_MIN_MS 200

/* Descriptors are moved up to here, so that putting them in the worker's places in any order
 * overwrites none that is still needed. */
#define DESCRIPTOR_LOW 10

struct reader {
	char *program; /* a child of this program; NULL: */
	char *socket;  /* somebody else's process, by way of this */
	uint8_t *slot;
	int slot_fd;
	int channel; /* -1 while there is no worker */
	int leash;   /* of one that is no child */
	pid_t pid;   /* of a child; else -1 */
	uint32_t sequence;
	uint32_t frame_number;
	uint32_t starts;
	int64_t started_ms; /* of the last start */
	bool proven;        /* this worker has answered at least once */
	bool told;          /* that none can be started */
	uint8_t answer[sizeof(struct reply)];
};

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- the slot -------------------------------------------------------------------------------- */

/* Once mapped here the file can be written through no other descriptor and mapping, nor change
 * its size: the worker cannot make this process trip over its own frame. */
static int slot_make(struct reader *r)
{
	AUTO_FD fd = memfd_create("frame", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, (off_t)FRAME_SLOT_SIZE))
		return -errno;
	r->slot_fd = fcntl(fd, F_DUPFD_CLOEXEC, DESCRIPTOR_LOW);
	if (r->slot_fd < 0)
		return -errno;

	void *slot = mmap(NULL, FRAME_SLOT_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (slot == MAP_FAILED)
		return -errno;
	r->slot = slot;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL))
		return -errno;
	return 0;
}

static void slot_fill(struct reader *r, const struct luma *frame)
{
	for (uint32_t y = 0; y < frame->height; y++)
		memcpy(r->slot + (size_t)y * frame->width,
			frame->pixels + (size_t)y * frame->stride, frame->width);
}

/* --- the worker's birth and death ------------------------------------------------------------ */

static int plan_descriptors(posix_spawn_file_actions_t *plan, int slot_fd, int channel)
{
	int e = posix_spawn_file_actions_adddup2(plan, slot_fd, WORKER_FRAME_FD);

	if (!e)
		e = posix_spawn_file_actions_adddup2(plan, channel, WORKER_CHANNEL_FD);
	if (!e)
		e = posix_spawn_file_actions_addclose(plan, STDIN_FILENO);
	if (!e)
		e = posix_spawn_file_actions_addclose(plan, STDOUT_FILENO);
	if (!e && !SANDBOX_SANITIZED)
		e = posix_spawn_file_actions_addclose(plan, STDERR_FILENO);
	if (!e)
		e = posix_spawn_file_actions_addclosefrom_np(plan, WORKER_CHANNEL_FD + 1);
	return e;
}

/* Signals as a new program expects them, whatever this thread has blocked or ignored. */
static int plan_signals(posix_spawnattr_t *attr)
{
	sigset_t none, all;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);

	int e = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

	if (!e)
		e = posix_spawnattr_setsigmask(attr, &none);
	return e ? e : posix_spawnattr_setsigdefault(attr, &all);
}

/* posix_spawn() and not fork(): other threads may hold any lock at this moment. */
static int spawn(struct reader *r, int channel)
{
	static char argument[] = READER_WORKER_ARGUMENT;
	char *argv[] = { r->program, argument, NULL };
	char *environment[] = { NULL };
	posix_spawn_file_actions_t plan;
	posix_spawnattr_t attr;
	int e = posix_spawn_file_actions_init(&plan);

	if (e)
		return -e;
	e = posix_spawnattr_init(&attr);
	if (e) {
		(void)posix_spawn_file_actions_destroy(&plan);
		return -e;
	}
	e = plan_descriptors(&plan, r->slot_fd, channel);
	if (!e)
		e = plan_signals(&attr);
	if (!e)
		e = posix_spawn(&r->pid, r->program, &plan, &attr, argv, environment);
	if (e)
		r->pid = -1;
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&plan);
	return -e;
}

static int child_start(struct reader *r)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;

	AUTO_FD near = ends[0];
	AUTO_FD far = ends[1];
	AUTO_FD far_up = fcntl(far, F_DUPFD_CLOEXEC, DESCRIPTOR_LOW);

	if (far_up < 0)
		return -errno;

	int e = spawn(r, far_up);

	if (e)
		return e;
	r->channel = near;
	near = -1;
	return 0;
}

static int worker_start(struct reader *r)
{
	r->started_ms = now_ms();

	int e = r->socket ? hello_call(r->socket, r->slot_fd, &r->channel, &r->leash)
			  : child_start(r);

	if (e)
		return e;
	r->proven = false;
	r->starts++;
	return 0;
}

static void worker_end(struct reader *r)
{
	if (r->pid > 0) {
		(void)kill(r->pid, SIGKILL);
		while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	r->pid = -1;
	cc_close_fd(&r->leash);
	cc_close_fd(&r->channel);
	r->leash = r->channel = -1;
}

/* A worker that dies before it has answered anything would die again: such starts are kept
 * RESPAWN_MIN_MS apart. */
static int worker_ensure(struct reader *r)
{
	if (r->channel >= 0)
		return 0;
	if (!r->proven && now_ms() - r->started_ms < RESPAWN_MIN_MS)
		return -EAGAIN;

	int e = worker_start(r);

	if (e && !r->told)
		log_warning("scan: the reading process cannot be started: %s", strerror(-e));
	r->told = e != 0;
	return e ? -EAGAIN : 0;
}

static void worker_replace(struct reader *r, const char *why)
{
	log_warning("scan: the reading process %s and is replaced", why);
	worker_end(r);
	/* When it is too early the next call tries again. */
	(void)!worker_ensure(r);
}

static bool worker_is_dead(struct reader *r)
{
	struct pollfd p = { .fd = r->channel };

	if (r->socket)
		return r->channel >= 0 && poll(&p, 1, 0) > 0;
	if (r->pid <= 0 || waitpid(r->pid, NULL, WNOHANG) == 0)
		return false;
	r->pid = -1;
	return true;
}

/* One that died while nothing was asked of it costs no frame. */
static void worker_bury_dead(struct reader *r)
{
	if (worker_is_dead(r))
		worker_replace(r, "has died");
}

/* --- one look -------------------------------------------------------------------------------- */

static int ask(struct reader *r, const struct luma *frame, enum effort effort)
{
	struct request q = {
		.magic = REQUEST_MAGIC,
		.sequence = ++r->sequence,
		.width = frame->width,
		.height = frame->height,
		.effort = effort,
		.frame_number = r->frame_number++,
	};

	return send(r->channel, &q, sizeof q, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof q
		       ? 0
		       : -EPIPE;
}

/* 0 when something can be read from the worker. */
static int await(const struct reader *r, int64_t most_ms)
{
	int64_t end_ms = now_ms() + most_ms;
	struct pollfd p = { .fd = r->channel, .events = POLLIN };

	for (;;) {
		int64_t left_ms = end_ms - now_ms();
		int n = poll(&p, 1, left_ms > 0 ? (int)left_ms : 0);

		if (n > 0)
			return 0;
		if (n == 0 && left_ms <= 0)
			return -ETIMEDOUT;
		if (n < 0 && errno != EINTR)
			return -EPIPE;
	}
}

static int64_t patience_ms(const struct reader *r, enum effort effort)
{
	int64_t most_ms = effort == EFFORT_STILL ? READER_HANG_STILL_MS : READER_HANG_LIVE_MS;

	return r->socket && !r->proven && most_ms < READER_START_MS ? READER_START_MS : most_ms;
}

static int listen_to(struct reader *r, struct decoded *out)
{
	/* MSG_TRUNC: the length that was sent, also when it is more than fits. */
	ssize_t n = recv(r->channel, r->answer, sizeof r->answer, MSG_DONTWAIT | MSG_TRUNC);

	if (n <= 0)
		return -EPIPE;
	return reply_check(r->answer, (size_t)n, r->sequence, out);
}

static const char *told(int e)
{
	switch (e) {
	case -ETIMEDOUT:
		return "hangs";
	case -EBADMSG:
		return "answers nonsense";
	default:
		return "has died";
	}
}

int reader_look(struct reader *r, const struct luma *frame, enum effort effort, struct decoded *out)
{
	memset(out, 0, sizeof *out);
	if (frame->width < FRAME_SIDE_MIN || frame->width > FRAME_WIDTH_MAX ||
		frame->height < FRAME_SIDE_MIN || frame->height > FRAME_HEIGHT_MAX ||
		frame->stride < frame->width)
		return -EINVAL;
	worker_bury_dead(r);

	int e = worker_ensure(r);

	if (e)
		return e;
	slot_fill(r, frame);
	e = ask(r, frame, effort);
	if (!e)
		e = await(r, patience_ms(r, effort));
	if (!e)
		e = listen_to(r, out);
	if (e)
		worker_replace(r, told(e));
	else
		r->proven = true;
	return e;
}

/* --- the reader ------------------------------------------------------------------------------ */

/* program or path, the other being NULL. */
static int reader_make(struct reader **out, const char *program, const char *path)
{
	struct reader *r = calloc(1, sizeof *r);

	if (!r)
		return -ENOMEM;
	r->slot_fd = r->channel = r->leash = r->pid = -1;
	r->program = program ? strdup(program) : NULL;
	r->socket = path ? strdup(path) : NULL;

	int e = r->program || r->socket ? slot_make(r) : -ENOMEM;

	if (e) {
		reader_close(r);
		return e;
	}
	*out = r;
	return 0;
}

int reader_open(struct reader **out, const char *program)
{
	struct reader *r = NULL;
	int e = reader_make(&r, program ? program : SELF, NULL);

	if (!e)
		e = worker_start(r);
	if (e) {
		reader_close(r);
		return e;
	}
	*out = r;
	return 0;
}

int reader_connect(struct reader **out, const char *socket_path)
{
	struct reader *r = NULL;
	int e = reader_make(&r, NULL, socket_path);

	if (e)
		return e;
	(void)!worker_ensure(r);
	*out = r;
	return 0;
}

void reader_close(struct reader *r)
{
	if (!r)
		return;
	worker_end(r);
	if (r->slot)
		(void)munmap(r->slot, FRAME_SLOT_SIZE);
	cc_close_fd(&r->slot_fd);
	free(r->program);
	free(r->socket);
	free(r);
}

uint32_t reader_replacements(const struct reader *r)
{
	return r->starts ? r->starts - 1 : 0;
}

int reader_pid(const struct reader *r)
{
	return r->pid;
}
