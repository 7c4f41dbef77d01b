#include "port/broker_host.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM   "/usr/sbin/mosquitto"
#define SELF      "/proc/self/exe"
#define FIRST_MS  500
#define MAX_MS    30000
#define STEADY_MS 30000

struct broker_host {
	char configuration[PATH_MAX], url[64];
	char self[PATH_MAX];
	pthread_t thread;
	atomic_bool stopping;
	int stop_fd;
};

/* --- the child --------------------------------------------------------------------------------
 */

/* argv: the program, BROKER_HOST_ARGUMENT, the parent's pid, the configuration. The signal at a
 * parent's death cannot be asked for from outside; it lasts over the exec. */
int broker_host_main(int argc, char **argv)
{
	if (argc != 4 || prctl(PR_SET_PDEATHSIG, SIGKILL))
		return 2;
	if (strtol(argv[2], NULL, 10) != (long)getppid())
		return 0; /* it has died meanwhile */
	execl(PROGRAM, PROGRAM, "-c", argv[3], (char *)NULL);
	return 3;
}

/* --- its configuration ------------------------------------------------------------------------
 */

/* Who says what: a box in its own name alone; all hear all. board/broker/ has the same for a broker
 * of the event's own. The places are for %c, whom a client says it is, or %u, whom its certificate
 * says. */
#define ACCESS_LIST                                                                                \
	"pattern readwrite parvis/1/+/d/%s/#\n"                                                    \
	"pattern readwrite parvis/1/+/v/+/%s\n"                                                    \
	"pattern read parvis/1/#\n"

static int write_file(const char *path, const char *text)
{
	AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	size_t len = strlen(text);
	ssize_t n = write(fd, text, len);
	return n == (ssize_t)len ? 0 : n < 0 ? -errno : -ENOSPC;
}

static int write_access_list(const char *dir, const char *name, const char *who)
{
	char path[PATH_MAX], text[sizeof(ACCESS_LIST) + 16];
	int n = snprintf(path, sizeof(path), "%s/broker/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	snprintf(text, sizeof(text), ACCESS_LIST, who, who);
	return write_file(path, text);
}

/* A port of the loopback that is free now. Should somebody take it before the broker does, the
 * broker ends, and the next start has the same port again. */
static int free_port(int *out)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(a);
	AUTO_FD fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
		getsockname(fd, (struct sockaddr *)&a, &size))
		return -errno;
	*out = ntohs(a.sin_port);
	return 0;
}

static int write_configuration(struct broker_host *h, const struct broker_host_setup *s)
{
	char text[6 * PATH_MAX], tls[3 * PATH_MAX + 256] = "allow_anonymous true\n";
	int port = 0, error = free_port(&port);
	if (!error)
		error = write_access_list(s->dir, "local.acl", "%c");
	if (!error)
		error = write_access_list(s->dir, "venue.acl", s->ca ? "%u" : "%c");
	if (error)
		return error;
	if (s->ca)
		snprintf(tls, sizeof(tls),
			"allow_anonymous false\nrequire_certificate true\n"
			"use_identity_as_username true\ncafile %s\ncertfile %s\nkeyfile %s\n",
			s->ca, s->certificate, s->key);
	snprintf(h->url, sizeof(h->url), "mqtt://127.0.0.1:%d", port);
	int n = snprintf(text, sizeof(text),
		"# Written by parvis-kiosk at each start.\n%s"
		"per_listener_settings true\npersistence false\nlog_dest stderr\n"
		"log_type error\nlog_type warning\n"
		"listener %d 127.0.0.1\nallow_anonymous true\nacl_file %s/broker/local.acl\n"
		"listener %d\nacl_file %s/broker/venue.acl\n%s",
		geteuid() ? "" : "user root\n", port, s->dir, s->port, s->dir, tls);
	if (n < 0 || (size_t)n >= sizeof(text))
		return -ENAMETOOLONG;
	return write_file(h->configuration, text);
}

/* --- the parent -------------------------------------------------------------------------------
 */

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int plan(posix_spawn_file_actions_t *files, posix_spawnattr_t *attr)
{
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	int e = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!e) /* what a rehearsal says there is not the broker's to say */
		e = posix_spawn_file_actions_addopen(
			files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (!e)
		e = posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
	if (!e)
		e = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (!e)
		e = posix_spawnattr_setsigmask(attr, &none);
	return e ? e : posix_spawnattr_setsigdefault(attr, &all);
}

/* posix_spawn() and not fork(): other threads may hold any lock at this moment. */
static int spawn(struct broker_host *h, pid_t *pid)
{
	static char argument[] = BROKER_HOST_ARGUMENT;
	char parent[16];
	snprintf(parent, sizeof(parent), "%d", (int)getpid());
	char *argv[] = { h->self, argument, parent, h->configuration, NULL };
	char *environment[] = { NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	int e = posix_spawn_file_actions_init(&files);
	if (e)
		return -e;
	e = posix_spawnattr_init(&attr);
	if (!e) {
		e = plan(&files, &attr);
		if (!e)
			e = posix_spawn(pid, h->self, &files, &attr, argv, environment);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&files);
	return -e;
}

/* Waits for the end of the child, or of everything; then the child is ended. */
static void watch(struct broker_host *h, pid_t pid)
{
	AUTO_FD pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p[2] = { { .fd = pid_fd, .events = POLLIN },
		{ .fd = h->stop_fd, .events = POLLIN } };
	while (poll(p, ARRAY_LEN(p), -1) < 0 && errno == EINTR)
		;
	int status = 0;
	if (!p[0].revents)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!atomic_load(&h->stopping))
		log_warning("the venue's broker has ended (%s %d); it is begun anew",
			WIFSIGNALED(status) ? "signal" : "status",
			WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void *host_main(void *argument)
{
	struct broker_host *h = argument;
	int wait_ms = FIRST_MS;
	while (!atomic_load(&h->stopping)) {
		int64_t begun = now_ms();
		pid_t pid;
		int error = spawn(h, &pid);
		if (error)
			log_error("the venue's broker cannot be started: %s", strerror(-error));
		else
			watch(h, pid);
		wait_ms = now_ms() - begun >= STEADY_MS ? FIRST_MS : wait_ms * 2;
		wait_ms = wait_ms > MAX_MS ? MAX_MS : wait_ms;
		struct pollfd p = { .fd = h->stop_fd, .events = POLLIN };
		if (!atomic_load(&h->stopping))
			poll(&p, 1, wait_ms / 2);
	}
	return NULL;
}

static int find_self(struct broker_host *h)
{
	ssize_t n = readlink(SELF, h->self, sizeof(h->self) - 1);
	return n < 0 ? -errno : 0;
}

static int prepare(struct broker_host *h, const struct broker_host_setup *s)
{
	char dir[PATH_MAX];
	int n = snprintf(dir, sizeof(dir), "%s/broker", s->dir);
	if (n < 0 || (size_t)n >= sizeof(dir) - 32)
		return -ENAMETOOLONG;
	if (access(PROGRAM, X_OK))
		return -ENOENT;
	if (mkdir(s->dir, 0700) && errno != EEXIST)
		return -errno;
	if (mkdir(dir, 0700) && errno != EEXIST)
		return -errno;
	snprintf(h->configuration, sizeof(h->configuration), "%.*s/mosquitto.conf",
		(int)sizeof(h->configuration) - 32, dir);
	int error = find_self(h);
	return error ? error : write_configuration(h, s);
}

int broker_host_open(struct broker_host **out, const struct broker_host_setup *setup)
{
	struct broker_host *h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int error = h->stop_fd < 0 ? -errno : prepare(h, setup);
	if (!error)
		error = -pthread_create(&h->thread, NULL, host_main, h);
	if (error) {
		cc_close_fd(&h->stop_fd);
		free(h);
		return error;
	}
	*out = h;
	return 0;
}

void broker_host_close(struct broker_host *h)
{
	if (!h)
		return;
	uint64_t one = 1;
	atomic_store(&h->stopping, true);
	ssize_t n = write(h->stop_fd, &one, sizeof(one));
	(void)n;
	pthread_join(h->thread, NULL);
	close(h->stop_fd);
	free(h);
}

const char *broker_host_url(const struct broker_host *h)
{
	return h->url;
}
