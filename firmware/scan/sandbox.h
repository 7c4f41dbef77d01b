/* What the reading worker gives up, for good, before it looks at the first pixel: new privileges,
 * new memory beyond a bound, new descriptors, files, processes, core dumps, being traced, and every
 * system call but the few that decoding needs. A call that is not on the list ends the process.
 * Called once, by the worker, while it has one thread. */
#ifndef PARVIS_SCAN_SANDBOX_H
#define PARVIS_SCAN_SANDBOX_H

#include "base/cc.h"

/* The address sanitizer and the thread sanitizer live in the process and need room and calls of
 * their own: the sandbox of such a build is looser, and says so here. Never set in a release. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0
#endif

/* Private memory that may be written, and address space: several times what the largest picture
 * takes. */
#define SANDBOX_DATA_MAX    (512UL << 20)
#define SANDBOX_ADDRESS_MAX (1UL << 30)

/* Reading and writing stay allowed on channel_fd only. 0, or -errno: then nothing may be read. */
NODISCARD int sandbox_enter(int channel_fd);

#endif
