#include "scan/sandbox.h"

#include <errno.h>
#include <malloc.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* malloc's calls, locks of the C++ runtime, the way out. Those that do not exist on this processor
 * are left out by the library. */
static const int allowed[] = {
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_gettime64),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
#if SANDBOX_SANITIZED
	SCMP_SYS(mprotect),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(gettid),
	SCMP_SYS(getpid),
	SCMP_SYS(sched_yield),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
#endif
};

static const struct limit {
	__rlimit_resource_t what;
	rlim_t most;
} limits[] = {
#if !SANDBOX_SANITIZED
	{ RLIMIT_AS, SANDBOX_ADDRESS_MAX },
	{ RLIMIT_DATA, SANDBOX_DATA_MAX },
#endif
	{ RLIMIT_NOFILE, 0 },
	{ RLIMIT_FSIZE, 0 },
	{ RLIMIT_NPROC, 0 },
	{ RLIMIT_CORE, 0 },
};

/* No limit on processor time: the worker lives all night, and its watchdog is the parent. */
static int set_limits(void)
{
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct rlimit l = { .rlim_cur = limits[i].most, .rlim_max = limits[i].most };

		if (setrlimit(limits[i].what, &l))
			return -errno;
	}
	return 0;
}

static int set_process(void)
{
	if (prctl(PR_SET_DUMPABLE, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return 0;
}

/* Memory may be had, never memory that can be run, and never a file's. */
static int allow_mmap(scmp_filter_ctx filter, int call)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 2,
		SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
		SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
}

static int allow_channel(scmp_filter_ctx filter, int call, int fd)
{
	return seccomp_rule_add(
		filter, SCMP_ACT_ALLOW, call, 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)fd));
}

static int add_rules(scmp_filter_ctx filter, int channel_fd)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(allowed); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	if (r == 0)
		r = allow_mmap(filter, SCMP_SYS(mmap));
	if (r == 0)
		r = allow_mmap(filter, SCMP_SYS(mmap2));
	if (r == 0)
		r = allow_channel(filter, SCMP_SYS(read), channel_fd);
	if (r == 0)
		r = allow_channel(filter, SCMP_SYS(write), channel_fd);
#if SANDBOX_SANITIZED
	/* The sanitizer's report. */
	if (r == 0)
		r = allow_channel(filter, SCMP_SYS(write), 2);
#endif
	return r;
}

static int set_filter(int channel_fd)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);

	if (!filter)
		return -ENOMEM;

	int r = add_rules(filter, channel_fd);

	if (r == 0)
		r = seccomp_load(filter);
	/* The list's memory stays: freeing it could need a call that has just been given up. */
	return r;
}

int sandbox_enter(int channel_fd)
{
	/* At the bound malloc would look for a second arena, with calls that are not on the list:
	 * so that a lack of memory is an error and not the end. */
	(void)mallopt(M_ARENA_MAX, 1);

	int r = set_limits();

	if (r == 0)
		r = set_process();
	return r ? r : set_filter(channel_fd);
}
