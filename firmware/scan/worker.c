/* The reading worker, from exec to exit. It is started with its descriptors in their places, or is
 * told them over a connection (scan/hello.h). */
#include "scan/reader.h"

#include "scan/decode.h"
#include "scan/hello.h"
#include "scan/reply.h"
#include "scan/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum worker_exit { WORKER_DONE, WORKER_MISUSED = 2, WORKER_FAILED = 3 };

/* The library's tables and malloc's first pages are made while all calls are still allowed. */
static void warm_up(void)
{
	static uint8_t grey[64 * 64];
	static struct decoded nothing;
	struct luma frame = { .pixels = grey, .width = 64, .height = 64, .stride = 64 };

	decode_luma(&frame, 0, EFFORT_LIVE, &nothing);
}

/* True while the parent wants more. */
static bool serve_one(const uint8_t *slot)
{
	static struct decoded decoded;
	static struct reply reply;
	struct request request;
	ssize_t n = read(WORKER_CHANNEL_FD, &request, sizeof request);

	if (n < 0 && errno == EINTR)
		return true;
	if (n <= 0 || !request_valid(&request, (size_t)n))
		return false;

	struct luma frame = { .pixels = slot,
		.width = request.width,
		.height = request.height,
		.stride = request.width };

	decode_luma(&frame, request.frame_number,
		request.effort == EFFORT_STILL ? EFFORT_STILL : EFFORT_LIVE, &decoded);
	reply_fill(&reply, request.sequence, &decoded);
	return write(WORKER_CHANNEL_FD, &reply, sizeof reply) == (ssize_t)sizeof reply;
}

/* Whoever started it may have left more descriptors open than were meant. */
static void close_others(int last)
{
	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	if (!SANDBOX_SANITIZED)
		(void)close(STDERR_FILENO);
	(void)close_range((unsigned)last + 1, ~0U, 0);
}

static int serve(void)
{
	/* A terminal's Ctrl-C and a service manager's SIGTERM go to all processes alike; this one
	 * ends when its parent closes the channel, so that the last guest is still answered. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);

	const uint8_t *slot =
		mmap(NULL, FRAME_SLOT_SIZE, PROT_READ, MAP_SHARED, WORKER_FRAME_FD, 0);

	if (slot == MAP_FAILED)
		return WORKER_FAILED;
	warm_up();
	if (sandbox_enter(WORKER_CHANNEL_FD))
		return WORKER_FAILED;
	while (serve_one(slot))
		;
	/* Not by way of main(): what a program does at exit is not on the list of calls. */
	_exit(WORKER_DONE);
}

int reader_worker_main(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], READER_WORKER_ARGUMENT) != 0)
		return WORKER_MISUSED;
	close_others(WORKER_CHANNEL_FD);
	/* A child goes with its parent; another's process is on a leash. */
	return prctl(PR_SET_PDEATHSIG, SIGKILL) ? WORKER_FAILED : serve();
}

int reader_service_main(void)
{
	int type = 0;
	socklen_t size = sizeof type;

	if (getsockopt(READER_CONNECTION_FD, SOL_SOCKET, SO_TYPE, &type, &size) ||
		type != SOCK_SEQPACKET)
		return WORKER_MISUSED;
	if (hello_take(READER_CONNECTION_FD))
		return WORKER_FAILED;
	close_others(WORKER_LEASH_FD);
	return serve();
}
