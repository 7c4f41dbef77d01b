#include "tests/fake/listener.h"

#include <errno.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTION_FD 3

int listener_bind(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	AUTO_FD fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof a.sun_path)
		return -ENAMETOOLONG;
	strcpy(a.sun_path, path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 16))
		return -errno;

	int out = fd;

	fd = -1;
	return out;
}

static int start(int connection, const char *program, const char *argument)
{
	char *argv[] = { (char *)(uintptr_t)program, (char *)(uintptr_t)argument, NULL };
	char *environment[] = { NULL };
	posix_spawn_file_actions_t plan;
	pid_t pid = -1;
	int e = posix_spawn_file_actions_init(&plan);

	if (e)
		return -e;
	e = posix_spawn_file_actions_adddup2(&plan, connection, CONNECTION_FD);
	if (!e)
		e = posix_spawn_file_actions_addclosefrom_np(&plan, CONNECTION_FD + 1);
	if (!e)
		e = posix_spawn(&pid, program, &plan, NULL, argv, environment);
	(void)posix_spawn_file_actions_destroy(&plan);
	return e ? -e : (int)pid;
}

int listener_start_one(int listening, const char *program, const char *argument)
{
	AUTO_FD connection = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

	return connection < 0 ? -errno : start(connection, program, argument);
}
