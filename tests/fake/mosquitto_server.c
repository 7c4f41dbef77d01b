#include "tests/fake/mosquitto_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PROGRAM   "/usr/sbin/mosquitto"
#define START_MS  10000
#define LOOK_MS   20
#define TRIES_MAX 5

bool mosquitto_server_exists(void)
{
	return !access(PROGRAM, X_OK);
}

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

int mosquitto_server_free_port(void)
{
	struct sockaddr_in a = loopback(0);
	socklen_t size = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static bool answers(int port)
{
	struct sockaddr_in a = loopback(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes = fd >= 0 && !connect(fd, (struct sockaddr *)&a, sizeof(a));
	if (fd >= 0)
		close(fd);
	return yes;
}

static void write_configuration(const struct mosquitto_server *s, const char *more)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/mosquitto.conf", s->dir);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	/* As root it would become a user who cannot look into our directory. */
	fprintf(f,
		"%slistener %d 127.0.0.1\npersistence false\nlog_dest file %s/mosquitto.log\n%s\n",
		geteuid() ? "" : "user root\n", s->port, s->dir,
		more ? more : "allow_anonymous true");
	assert_int_equal(fclose(f), 0);
}

/* False: it has ended by itself. */
static bool launch(struct mosquitto_server *s)
{
	char path[256];
	snprintf(path, sizeof(path), "%s/mosquitto.conf", s->dir);
	pid_t parent = getpid();
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (!s->pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (getppid() != parent || null < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
			_exit(127);
		execl(PROGRAM, PROGRAM, "-c", path, (char *)NULL);
		_exit(127);
	}
	for (int ms = 0; ms < START_MS; ms += LOOK_MS) {
		if (answers(s->port))
			return true;
		if (waitpid(s->pid, NULL, WNOHANG) == s->pid)
			break;
		poll(NULL, 0, LOOK_MS);
	}
	mosquitto_server_end(s, SIGKILL);
	return false;
}

void mosquitto_server_start(struct mosquitto_server *s, const char *dir, const char *more)
{
	snprintf(s->dir, sizeof(s->dir), "%s", dir);
	for (int i = 0; i < TRIES_MAX; i++) {
		s->port = mosquitto_server_free_port();
		snprintf(s->url, sizeof(s->url), "mqtt://127.0.0.1:%d", s->port);
		write_configuration(s, more);
		if (launch(s))
			return;
	}
	fail_msg("mosquitto does not start in %s", dir);
}

void mosquitto_server_again(struct mosquitto_server *s)
{
	assert_int_equal(s->pid, 0);
	if (!launch(s))
		fail_msg("mosquitto does not start again on port %d", s->port);
}

void mosquitto_server_end(struct mosquitto_server *s, int signal_number)
{
	if (!s->pid)
		return;
	kill(s->pid, signal_number);
	while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		;
	s->pid = 0;
}
