#include "scan/hello.h"

#include "scan/reply.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Descriptors are moved up to here first, so that none is overwritten that is still needed. */
#define DESCRIPTOR_LOW 10

struct hello {
	uint32_t magic;
};

enum hello_fd { HELLO_SLOT, HELLO_LEASH, HELLO_FDS };

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(HELLO_FDS * sizeof(int))];
};

/* --- the program's side ---------------------------------------------------------------------- */

static int call(const char *path, int *out)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if (len >= sizeof a.sun_path)
		return -ENAMETOOLONG;
	memcpy(a.sun_path, path, len);

	AUTO_FD fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a))
		return -errno;
	*out = fd;
	fd = -1;
	return 0;
}

static int send_hello(int channel, const int fds[HELLO_FDS])
{
	struct hello hello = { .magic = HELLO_MAGIC };
	struct iovec bytes = { .iov_base = &hello, .iov_len = sizeof hello };
	union control control = { 0 };
	struct msghdr m = { .msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(HELLO_FDS * sizeof(int));
	memcpy(CMSG_DATA(c), fds, HELLO_FDS * sizeof(int));
	return sendmsg(channel, &m, MSG_NOSIGNAL) == (ssize_t)sizeof hello ? 0 : -EPIPE;
}

int hello_call(const char *path, int slot_fd, int *channel, int *leash)
{
	int ends[2];
	AUTO_FD near = -1;
	int e = call(path, &near);

	if (e)
		return e;
	if (pipe2(ends, O_CLOEXEC))
		return -errno;

	AUTO_FD far = ends[0];
	AUTO_FD hold = ends[1];

	e = send_hello(near, (const int[HELLO_FDS]){ [HELLO_SLOT] = slot_fd, [HELLO_LEASH] = far });
	if (e)
		return e;
	*channel = near;
	*leash = hold;
	near = hold = -1;
	return 0;
}

/* --- the reading process's side -------------------------------------------------------------- */

static int receive(int connection, int fds[HELLO_FDS])
{
	struct hello hello = { 0 };
	struct iovec bytes = { .iov_base = &hello, .iov_len = sizeof hello };
	union control control = { 0 };
	struct msghdr m = { .msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes };
	ssize_t n;

	do
		n = recvmsg(connection, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;

	const struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	if (n != (ssize_t)sizeof hello || hello.magic != HELLO_MAGIC ||
		(m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || !c || c->cmsg_level != SOL_SOCKET ||
		c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(HELLO_FDS * sizeof(int)))
		return -EBADMSG;
	memcpy(fds, CMSG_DATA(c), HELLO_FDS * sizeof(int));
	return 0;
}

/* A slot that could shrink would be this process's death by SIGBUS at any moment. */
static int check_slot(int fd)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(fd, &st) ||
		st.st_size != (off_t)FRAME_SLOT_SIZE)
		return -EBADMSG;
	return 0;
}

static int put_on(int leash)
{
	struct pollfd p = { .fd = leash };

	if (fcntl(leash, F_SETSIG, SIGKILL) || fcntl(leash, F_SETOWN, getpid()) ||
		fcntl(leash, F_SETFL, O_ASYNC | O_NONBLOCK))
		return -errno;
	/* Let go before it was on: nobody would tell. */
	return poll(&p, 1, 0) == 0 ? 0 : -EPIPE;
}

int hello_take(int connection)
{
	int fds[HELLO_FDS] = { -1, -1 };
	int e = receive(connection, fds);

	if (e)
		return e;

	AUTO_FD slot = fcntl(fds[HELLO_SLOT], F_DUPFD, DESCRIPTOR_LOW);
	AUTO_FD leash = fcntl(fds[HELLO_LEASH], F_DUPFD, DESCRIPTOR_LOW);
	AUTO_FD channel = fcntl(connection, F_DUPFD, DESCRIPTOR_LOW);

	if (slot < 0 || leash < 0 || channel < 0)
		return -errno;
	e = check_slot(slot);
	if (!e)
		e = put_on(leash);
	if (e)
		return e;
	if (dup2(slot, WORKER_FRAME_FD) < 0 || dup2(channel, WORKER_CHANNEL_FD) < 0 ||
		dup2(leash, WORKER_LEASH_FD) < 0)
		return -errno;
	slot = leash = channel = -1; /* with all others */
	return close_range(WORKER_LEASH_FD + 1, ~0U, 0) ? -errno : 0;
}
