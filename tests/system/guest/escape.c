/* What a program tries that has been taken over. Each argument is an attempt, WHAT or WHAT=WHERE; a
 * line tells of each: "WHAT=WHERE yes", or "no" and why. Nothing that may be done does harm. Linked
 * statically, since the reading process has no libraries but its own. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/vt.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096

static int closed(int fd)
{
	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

static int try_read(const char *path)
{
	char byte;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t got = read(fd, &byte, 1);
	int error = errno;
	close(fd);
	errno = error;
	return got < 0 && error != EAGAIN ? -1 : 0;
}

static int try_write(const char *path)
{
	return closed(open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

/* A file that was not there, and is not afterwards. */
static int try_make(const char *path)
{
	if (closed(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)))
		return -1;
	return unlink(path);
}

static int try_list(const char *path)
{
	DIR *dir = opendir(path);
	return dir ? closedir(dir) : -1;
}

static int try_unix(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	int answer = connect(fd, (struct sockaddr *)&at, sizeof(at)), error = errno;
	close(fd);
	errno = error;
	return answer;
}

static int try_inet(const char *where)
{
	(void)where;
	return closed(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int try_packet(const char *where)
{
	(void)where;
	return closed(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
}

static int try_raw(const char *where)
{
	(void)where;
	return closed(socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 1));
}

static int try_kill(const char *pid)
{
	return kill((pid_t)atoi(pid), 0);
}

static int try_ptrace(const char *where)
{
	pid_t pid = (pid_t)atoi(where);
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL))
		return -1;
	return 0; /* let go of with our end */
}

static int try_mount(const char *where)
{
	return mount("none", where, "tmpfs", 0, NULL) || umount(where);
}

static int try_node(const char *path)
{
	return mknod(path, S_IFBLK | 0600, makedev(1, 0)) || unlink(path);
}

/* In a child, as what becomes of it is its own. */
static int in_child(int (*act)(void))
{
	int status;
	pid_t pid = fork();
	if (pid < 0)
		return -1;
	if (!pid)
		_exit(act() ? errno : 0);
	if (waitpid(pid, &status, 0) < 0)
		return -1;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	return errno ? -1 : 0;
}

static int new_users(void)
{
	return unshare(CLONE_NEWUSER);
}

static int new_mounts(void)
{
	return unshare(CLONE_NEWNS);
}

static int become_root(void)
{
	return setresuid(0, 0, 0);
}

static int new_root(void)
{
	return chroot("/proc");
}

static int try_users(const char *where)
{
	(void)where;
	return in_child(new_users);
}

static int try_mounts(const char *where)
{
	(void)where;
	return in_child(new_mounts);
}

static int try_root(const char *where)
{
	(void)where;
	return in_child(become_root);
}

static int try_chroot(const char *where)
{
	(void)where;
	return in_child(new_root);
}

static int try_bpf(const char *where)
{
	union bpf_attr map = {
		.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1
	};
	(void)where;
	return closed((int)syscall(SYS_bpf, BPF_MAP_CREATE, &map, sizeof(map)));
}

static int try_perf(const char *where)
{
	struct perf_event_attr event = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(event), .config = PERF_COUNT_SW_CPU_CLOCK
	};
	(void)where;
	return closed((int)syscall(SYS_perf_event_open, &event, 0, -1, -1, 0));
}

static int try_kexec(const char *where)
{
	(void)where;
	return (int)syscall(SYS_kexec_load, 0, 0, NULL, 0);
}

static int try_userfaultfd(const char *where)
{
	(void)where;
	return closed((int)syscall(SYS_userfaultfd, O_CLOEXEC));
}

static int try_io_uring(const char *where)
{
	uint8_t params[120] = { 0 };
	(void)where;
	return closed((int)syscall(SYS_io_uring_setup, 1, params));
}

/* Whoever may load one is told that this is none. */
static int try_module(const char *where)
{
	(void)where;
	int answer = (int)syscall(SYS_finit_module, -1, "", 0);
	return answer && errno == EBADF ? 0 : answer;
}

static int try_keys(const char *where)
{
	(void)where;
	return syscall(SYS_add_key, "user", "parvis-escape", "x", 1, KEY_SPEC_SESSION_KEYRING) < 0
		       ? -1
		       : 0;
}

static int try_reboot(const char *where)
{
	(void)where;
	return reboot(RB_DISABLE_CAD);
}

static int try_clock(const char *where)
{
	struct timespec now;
	(void)where;
	return clock_gettime(CLOCK_REALTIME, &now) || clock_settime(CLOCK_REALTIME, &now);
}

static int try_name(const char *where)
{
	char name[65] = "";
	(void)where;
	return gethostname(name, sizeof(name) - 1) || sethostname(name, strlen(name));
}

/* Memory that was written and is then code. */
static int try_code(const char *where)
{
	(void)where;
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return -1;
	int answer = mprotect(page, PAGE, PROT_READ | PROT_EXEC), error = errno;
	munmap(page, PAGE);
	errno = error;
	return answer;
}

static int try_console(const char *where)
{
	int fd = open(where, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int answer = ioctl(fd, VT_UNLOCKSWITCH, 1), error = errno;
	if (!answer)
		answer = ioctl(fd, VT_LOCKSWITCH, 1);
	close(fd);
	errno = error;
	return answer;
}

static int try_type(const char *where)
{
	int fd = open(where, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int answer = ioctl(fd, TIOCSTI, "\n"), error = errno;
	close(fd);
	errno = error;
	return answer;
}

/* A program of one's own; it says nothing and does nothing. */
static const char *program;

static int start_program(void)
{
	char *const argv[] = { (char *)program, NULL };
	return execv(program, argv);
}

static int try_start(const char *path)
{
	program = path;
	return in_child(start_program);
}

/* A file that gives whoever starts it our rights; in a place from which it could be started. */
static int try_setuid(const char *path)
{
	if (closed(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700)))
		return -1;
	int answer = chmod(path, S_ISUID | 0755), error = errno;
	unlink(path);
	errno = error;
	return answer;
}

static const struct attempt {
	const char *name;
	int (*act)(const char *where);
} attempts[] = {
	{ "read", try_read },
	{ "write", try_write },
	{ "make", try_make },
	{ "list", try_list },
	{ "unix", try_unix },
	{ "inet", try_inet },
	{ "packet", try_packet },
	{ "raw", try_raw },
	{ "kill", try_kill },
	{ "ptrace", try_ptrace },
	{ "mount", try_mount },
	{ "node", try_node },
	{ "users", try_users },
	{ "mounts", try_mounts },
	{ "root", try_root },
	{ "chroot", try_chroot },
	{ "bpf", try_bpf },
	{ "perf", try_perf },
	{ "kexec", try_kexec },
	{ "io_uring", try_io_uring },
	{ "userfaultfd", try_userfaultfd },
	{ "module", try_module },
	{ "keys", try_keys },
	{ "reboot", try_reboot },
	{ "clock", try_clock },
	{ "name", try_name },
	{ "code", try_code },
	{ "console", try_console },
	{ "type", try_type },
	{ "start", try_start },
	{ "setuid", try_setuid },
};

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *where = strchr(argv[i], '=');
		size_t length = where ? (size_t)(where - argv[i]) : strlen(argv[i]);
		const struct attempt *a = NULL;
		for (size_t n = 0; n < sizeof(attempts) / sizeof(attempts[0]); n++)
			if (strlen(attempts[n].name) == length &&
				!strncmp(attempts[n].name, argv[i], length))
				a = &attempts[n];
		if (!a) {
			fprintf(stderr, "escape: %s: no such attempt\n", argv[i]);
			return 2;
		}
		errno = 0;
		if (a->act(where ? where + 1 : ""))
			printf("%s no: %s\n", argv[i], strerror(errno));
		else
			printf("%s yes\n", argv[i]);
	}
	return 0;
}
