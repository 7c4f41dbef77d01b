#include "port/supervisor.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define OFTENER 3 /* times in the supervisor's limit */

struct supervisor {
	int fd;
	int64_t interval_ms, due_ms; /* 0: it does not ask for more than readiness */
	bool told;                   /* that we are ready */
};

/* 0 where it is not for us, or no number. */
static int64_t interval_of(const char *usec, const char *pid)
{
	if (!usec || (pid && strtoll(pid, NULL, 10) != getpid()))
		return 0;
	int64_t limit_ms = strtoll(usec, NULL, 10) / 1000;
	return limit_ms > OFTENER ? limit_ms / OFTENER : limit_ms > 0;
}

/* A path, or after an @ a name that is in no file system. */
static int connect_to(const char *address)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = strlen(address);
	if (n < 2 || n >= sizeof(to.sun_path) || (*address != '/' && *address != '@'))
		return -EINVAL;
	memcpy(to.sun_path, address, n);
	if (*address == '@')
		to.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	if (connect(fd, (const struct sockaddr *)&to, length)) {
		int error = -errno;
		close(fd);
		return error;
	}
	return fd;
}

static int open_at(struct supervisor **out, const char *address)
{
	struct supervisor *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->interval_ms = interval_of(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"));
	s->fd = connect_to(address);
	if (s->fd < 0) {
		int error = s->fd;
		free(s);
		return error;
	}
	*out = s;
	return 0;
}

int supervisor_open(struct supervisor **out)
{
	const char *address = getenv("NOTIFY_SOCKET");
	int error = 0;
	if (address && *address)
		error = open_at(out, address);
	else
		*out = NULL;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return error;
}

void supervisor_close(struct supervisor *s)
{
	if (!s)
		return;
	close(s->fd);
	free(s);
}

void supervisor_alive(struct supervisor *s, int64_t now_ms)
{
	if (!s || (s->told && (!s->interval_ms || now_ms < s->due_ms)))
		return;
	const char *text = s->told ? "WATCHDOG=1" : "READY=1\nWATCHDOG=1";
	if (send(s->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
	s->told = true;
	s->due_ms = now_ms + s->interval_ms;
}
