/* What the kernel says of a process. */
#ifndef PARVIS_TESTS_PROCESS_H
#define PARVIS_TESTS_PROCESS_H

#include <sys/types.h>

/* The number after "Name:" in /proc/PID/status, such as "VmHWM:"; -1 without one. */
long process_status(pid_t pid, const char *name);

#endif
